/* attach: our EAP peer against a real RADIUS/EAP server; our PaCs against a PANA agent and our UEs
 * against a BSF are in attach_pana.c and attach_gba.c. */
#include "sim/cli/attach.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/entity.h"
#include "models/host/live_udp.h"
#include "models/node/live.h"
#include "sim/base/hist.h"
#include "sim/base/json.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

static const struct cli_option options[] = {
    {"device", 0, "NAME", "of the scenario: a device, or a population, whose devices take turns"},
    {"set", 0, "KEY=VALUE", "change a setting of the scenario (may be repeated)"},
    {"method", 0, "NAME", "the EAP method: aka, aka-prime, sim, tls, gpsk or psk"},
    {"radius", 0, "HOST:PORT", "eap: the server (PORT alone: of 127.0.0.1)"},
    {"secret", 0, "TEXT", "eap: RADIUS's shared secret"},
    {"pana", 0, "HOST:PORT", "pana: the agent (HOST alone: port 716; PORT: of 127.0.0.1)"},
    {"bsf", 0, "HOST:PORT", "gba: the BSF (PORT alone: of 127.0.0.1)"},
    {"nscl", 0, "HOST:PORT",
     "devices: the NSCL, by binding and security of the scenario (PORT alone: of 127.0.0.1)"},
    {"for", 0, "TIME", "devices: how long they work (default 10 s)"},
    {"speed", 0, "N",
     "devices: report N times as often as in the scenario (default: back to back)"},
    {"over", 0, "TIME", "devices: begin one after the other over this time (default: all at once)"},
    {"keep", 0, NULL, "devices: stay registered at the end"},
    {"fqdn", 0, "NAME", "gba: the BSF's name (default: by the identity, TS 23.003)"},
    {"gba-u", 0, NULL, "gba: the card knows GBA_U and keeps Ks"},
    {"usage", 0, "USAGE", "pana: bootstrap (the default) or connection, as the agent's"},
    {"linger", 0, "TIME",
     "pana: after success the agent's last word is answered so long (default 1500 ms)"},
    {"identity", 0, "TEXT",
     "who the peer says it is; SIM, AKA: default by the IMSI; gba: an ISIM's IMPI"},
    {"psk", 0, "HEX", "GPSK (64 digits), PSK (32 digits): the key"},
    {"gpsk-suite", 0, "N", "GPSK: 1 (AES) or 2 (SHA-256); default: the best that is offered"},
    {"imsi", 0, "DIGITS", "SIM, AKA, gba: the card's"},
    {"mnc-digits", 0, "N", "SIM, AKA, gba: 2 or 3 digits of it are the network's (default 2)"},
    {"k", 0, "HEX", "SIM, AKA, gba: K of the card, 32 digits"},
    {"opc", 0, "HEX", "SIM, AKA, gba: OPc of the card, 32 digits"},
    {"sqn", 0, "HEX",
     "AKA, gba: the highest SQN that the card has accepted, 12 digits (default 0)"},
    {"network-name", 0, "NAME", "AKA': the access network's; another is refused (default: any)"},
    {"reauth", 0, NULL,
     "eap; SIM, AKA: pseudonyms and fast re-authentication from the second time on"},
    {"cert", 0, "FILE", "TLS: our certificate (PEM)"},
    {"key", 0, "FILE", "TLS: its private key (PEM, RSA)"},
    {"ca", 0, "FILE", "TLS: the authority of the server's certificate (PEM)"},
    {"server-name", 0, "NAME", "TLS: must stand in the server's certificate (default: any)"},
    {"mtu", 0, "N", "longest EAP packet either way, in octets (default 1020)"},
    {"count", 0, "N", "so many times (default 1)"},
    {"parallel", 0, "N", "so many at a time (default 1)"},
    {"patience", 0, "TIME",
     "how long an answer is waited for, repetitions included (default 30 s)"},
    {"seed", 0, "N", "what the peer draws is a function of this (default: of the system)"},
    {"secrets", 0, NULL, "print MSK and EMSK too; pana, gba: each success with its Kmr, Kmc or Ks"},
    {"json", 0, NULL, "a JSON object a line"},
    {NULL, 0, NULL, NULL}};

struct attach {
    struct attach_given given;
    struct live *live;
    unsigned long long begun, accepted, refused;
    size_t running;
    struct hist *times;
    struct attempt *attempts; /* running, or ended and not freed yet */
};

/* One attempt. */
struct attempt {
    struct attach *attach;
    unsigned long long number;
    struct live_device device; /* of a scenario */
    struct eap_access *access;
    struct rng stream;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
    sim_ns began;
    bool ended;
    struct attempt *next;
};

/* ---- a line an attempt ---- */

static void print_json(const struct attempt *a, sim_ns now)
{
    const struct eap_peer *peer = eap_access_peer(a->access);
    const struct proto *p = eap_access_proto(a->access);

    printf("{\"attempt\": %llu, \"identity\": ", a->number);
    json_text(stdout, eap_peer_identity(peer));
    printf(", \"method\": \"%s\", \"outcome\": \"%s\", \"reason\": \"%s\", \"ms\": %.3f, "
           "\"round_trips\": %u, \"octets_out\": %llu, \"octets_in\": %llu, \"server_msk\": %s",
           a->attach->given.method->name, live_outcome(p->status), reason_text(p->reason),
           (double)(now - a->began) / SIM_MS, eap_access_round_trips(a->access),
           (unsigned long long)eap_access_octets_out(a->access),
           (unsigned long long)eap_access_octets_in(a->access),
           eap_access_has_server_msk(a->access) ? "\"same\"" : "null");
    if (a->attach->given.secrets && eap_peer_keys(peer)->present)
        live_print_keys(eap_peer_keys(peer), true);
    puts("}");
}

static void print_text(const struct attempt *a, sim_ns now)
{
    const struct eap_peer *peer = eap_access_peer(a->access);
    const struct proto *p = eap_access_proto(a->access);

    json_text(stdout, eap_peer_identity(peer));
    printf(" %s %s %s %.3f ms %u round trips %llu B out %llu B in", a->attach->given.method->name,
           live_outcome(p->status), p->reason ? reason_text(p->reason) : "-",
           (double)(now - a->began) / SIM_MS, eap_access_round_trips(a->access),
           (unsigned long long)eap_access_octets_out(a->access),
           (unsigned long long)eap_access_octets_in(a->access));
    if (a->attach->given.secrets && eap_peer_keys(peer)->present)
        live_print_keys(eap_peer_keys(peer), false);
    putchar('\n');
}

static void print_sum(const struct attach *t)
{
    double p50 = (double)hist_quantile(t->times, 0.5) / SIM_MS;
    double p99 = (double)hist_quantile(t->times, 0.99) / SIM_MS;
    double most = (double)hist_max(t->times) / SIM_MS;

    if (t->given.json || t->begun < 2)
        return;
    printf("%llu accepted, %llu refused; ms: mean %.3f, median %.3f, 99 %% %.3f, most %.3f\n",
           t->accepted, t->refused, hist_mean(t->times) / SIM_MS, p50, p99, most);
}

/* ---- attempts ---- */

static void on_step(void *user, struct proto *p, sim_ns now)
{
    struct attempt *a = user;
    struct attach *t = a->attach;

    if (p->status == PROTO_RUNNING || a->ended)
        return;
    a->ended = true;
    t->running--;
    if (p->status == PROTO_DONE)
        t->accepted++;
    else
        t->refused++;
    hist_add(t->times, now - a->began);
    if (t->given.json)
        print_json(a, now);
    else
        print_text(a, now);
    fflush(stdout);
    /* The loop is the place to begin another: here its core is being called. */
    live_stop(t->live);
}

static struct eap_access *make_access(struct attach *t, struct attempt *a)
{
    struct eap_access_settings s = t->given.settings;

    if (!attach_peer(&t->given, a->number, &a->device, &s.peer))
        return NULL;
    if (t->given.device) {
        s.radius.framed_mtu = s.peer.mtu;
        a->env.se = a->device.se;
    }
    return eap_access_new(&a->env, &s);
}

static struct attempt *attempt_new(struct attach *t)
{
    struct attempt *a = xcalloc(1, sizeof *a);
    char name[40];

    a->number = ++t->begun;
    a->attach = t;
    str_append_number(name, sizeof name, str_append(name, sizeof name, 0, "attempt "), a->number);
    a->stream = rng_stream(t->given.seed, name, "attach");
    a->env = (struct proto_env){.stream = &a->stream,
                                .se = &t->given.se,
                                .meter = &a->meter,
                                .trace = &a->trace,
                                .epoch_unix_ns = live_epoch_unix_ns(t->live)};
    a->access = make_access(t, a);
    a->next = t->attempts;
    t->attempts = a;
    return a;
}

static void attempt_free(struct attempt *a)
{
    if (a->access)
        proto_free(eap_access_proto(a->access));
    live_device_release(&a->device, false);
    explicit_bzero(&a->stream, sizeof a->stream);
    free(a);
}

static void free_attempts(struct attach *t, bool running_too)
{
    struct attempt **at = &t->attempts, *a;

    while ((a = *at)) {
        if (a->ended || running_too) {
            *at = a->next;
            attempt_free(a);
        } else {
            at = &a->next;
        }
    }
}

static int begin_one(const struct cli *c, struct attach *t)
{
    struct attempt *a = attempt_new(t);
    const char *why = "no such host";

    if (!a->access)
        return cli_error(c, EXIT_INTERNAL, "the certificate cannot be used");
    t->running++;
    a->began = live_now(t->live);
    if (!live_udp_connect(t->live, t->given.place.host, t->given.place.port,
                          eap_access_proto(a->access), on_step, a, &why))
        return EXIT_DONE;
    return cli_error(c, EXIT_USAGE, "cannot reach %s:%d: %s", t->given.place.host,
                     t->given.place.port, why);
}

static int attach(const struct cli *c, struct attach *t)
{
    int exit = EXIT_DONE;

    while (exit == EXIT_DONE && !live_signal(t->live) &&
           (t->begun < t->given.count || t->running > 0)) {
        while (exit == EXIT_DONE && t->begun < t->given.count && t->running < t->given.parallel)
            exit = begin_one(c, t);
        if (exit == EXIT_DONE && t->running > 0)
            live_run(t->live, -1);
        free_attempts(t, false);
    }
    if (exit == EXIT_DONE && live_signal(t->live))
        exit = EXIT_STOPPED;
    else if (exit == EXIT_DONE && t->refused > 0)
        exit = EXIT_GOAL_MISSED;
    if (exit != EXIT_USAGE)
        print_sum(t);
    return exit;
}

static int run(struct cli *c)
{
    struct attach t = {.live = NULL};
    int exit;

    if (crypto_init())
        return cli_error(c, EXIT_INTERNAL, "OpenSSL does not start");
    if (strcmp(cli_argument(c, 0), "devices") == 0)
        return attach_devices(c);
    exit = attach_read(c, &t.given);
    if (exit == EXIT_DONE && t.given.kind == ATTACH_PANA) {
        exit = attach_pana(c, &t.given);
    } else if (exit == EXIT_DONE && t.given.kind == ATTACH_GBA) {
        exit = attach_gba(c, &t.given);
    } else if (exit == EXIT_DONE) {
        t.live = live_new();
        t.times = hist_new();
        exit = live_watch_signals(t.live) ? cli_error(c, EXIT_INTERNAL, "cannot watch for signals")
                                          : attach(c, &t);
        live_free(t.live);
        hist_free(t.times);
    }
    free_attempts(&t, true);
    attach_release(&t.given);
    return exit;
}

extern const struct cli_command cli_attach;
const struct cli_command cli_attach = {
    .name = "attach",
    .arguments = "eap|pana|gba|devices [SCENARIO]",
    .summary = "our EAP peer, PaCs, UEs or whole devices against a real server, in real time",
    .details =
        "eap: the peer's core of the simulation, behind a RADIUS client, against hostapd, "
        "FreeRADIUS or `m2msim\nserve mas`. On stdout a line for each attempt: identity, method, "
        "outcome, reason, time, round trips, octets\nof EAP; with --count also their sum. "
        "'accepted': the server accepts, the peer has verified it, and the MSK\nthat came with it "
        "(MS-MPPE keys) is ours.\n"
        "pana: --count PaCs, --parallel at a time, against `m2msim serve mas --pana`. On stdout a "
        "line for each\nfailure, then the report: successes, failures by reason; of the successes "
        "latency, and as means round\ntrips (datagrams of the agent) and octets of PANA.\n"
        "gba: --count UEs, with one card, against a BSF (`m2msim serve bsf`), each in a TCP "
        "connection of its own;\nthe same report, of HTTP.\n"
        "devices: --count devices of SCENARIO, all at a time, against an NSCL that knows their "
        "keys "
        "(`m2msim serve\nnscl`): each connects by TLS (of CoAP: DTLS) with its Kmc, or bare, as "
        "its "
        "mid.security says, seals its\nobjects, registers with its signed "
        "integrity, creates a container, reports\nfor --for, and deregisters. A line for each "
        "failure, then a report for each primitive.\n"
        "With a scenario: as a device of it, by its method of bootstrap (gba: or of connection) "
        "and "
        "with its\ncredentials, which `m2msim serve mas SCENARIO` or `serve bsf SCENARIO` knows.\n"
        "Exit code 0: all accepted, 4: one or more refused, 7: stopped by a signal.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 2,
    .run = run};
