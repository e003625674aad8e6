/* serve: the MAS as a real AAA server, RADIUS with EAP on a UDP socket; BSF and NSCL are in
 * serve_bsf.c and serve_nscl.c. */
#include "sim/cli/cli.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/entity.h"
#include "models/host/live_mas.h"
#include "models/node/live.h"
#include "sim/base/json.h"
#include "sim/cli/live_args.h"
#include "sim/cli/live_scenario.h"
#include "sim/cli/serve_bsf.h"
#include "sim/cli/serve_nscl.h"
#include "sim/cli/serve_pana.h"

static const struct cli_option options[] = {
    {"radius", 0, "HOST:PORT",
     "mas: listen there (default 127.0.0.1:1812; PORT alone: of 127.0.0.1)"},
    {"pana", 0, "HOST:PORT",
     "mas: a PANA agent too, there (HOST alone: port 716; PORT: of 127.0.0.1)"},
    {"via-radius", 0, "HOST:PORT",
     "mas: no MAS here, the PANA agent asks that RADIUS server (usage: connection)"},
    {"usage", 0, "USAGE", "PANA: for bootstrap (Kmr, the default) or connection (Kmc)"},
    {"secret", 0, "TEXT", "RADIUS's shared secret"},
    {"ub", 0, "HOST:PORT", "bsf: listen there (default 127.0.0.1:8080; PORT alone: of 127.0.0.1)"},
    {"fqdn", 0, "NAME",
     "bsf: its name, the realm (default: the scenario's, or by the first user's IMSI)"},
    {"lifetime", 0, "TIME", "bsf: of a Ks (default: the scenario's, or 24 h)"},
    {"gba-u", 0, NULL, "bsf: the UICCs of the file know GBA_U, AUTN* is sent"},
    {"https", 0, "HOST:PORT", "nscl: listen there for HTTP over TLS (PORT alone: of 127.0.0.1)"},
    {"coaps", 0, "HOST:PORT", "nscl: listen there for CoAP over DTLS (PORT alone: of 127.0.0.1)"},
    {"http", 0, "HOST:PORT",
     "nscl: listen there for HTTP without TLS: sealed objects, and scenarios that trust the access "
     "network"},
    {"coap", 0, "HOST:PORT", "nscl: listen there for CoAP without DTLS, likewise"},
    {"mia", 0, "HOST:PORT",
     "nscl: listen there for applications, HTTP as all of mIa (PORT alone: of 127.0.0.1)"},
    {"contact", 0, "HOST",
     "nscl: notifications may go there too (may be repeated; default: to this machine alone)"},
    {"tls", 0, "WHAT", "nscl: psk (Kmc, the default) or cert"},
    {"ca-out", 0, "FILE", "nscl, --tls cert: write the authority's certificate (PEM)"},
    {"client-out", 0, "FILE", "nscl, --tls cert: write certificate and key of --device (PEM)"},
    {"force", 0, NULL, "nscl: replace those files"},
    {"device", 0, "NAME", "nscl: whose keys or certificate are told (default: all)"},
    {"set", 0, "KEY=VALUE", "change a setting of the scenario (may be repeated)"},
    {"users", 0, "FILE", "who may come in (too): a line a user, IDENTITY METHODS CREDENTIAL"},
    {"cert", 0, "FILE", "EAP-TLS: the server's certificate (PEM)"},
    {"key", 0, "FILE", "EAP-TLS: its private key (PEM, RSA)"},
    {"ca", 0, "FILE", "EAP-TLS: the authority of the users' certificates (PEM)"},
    {"server-id", 0, "NAME", "GPSK, PSK: what the server calls itself (default: the MAS's name)"},
    {"network-name", 0, "NAME",
     "AKA': the access network's name (default: the scenario's, or WLAN)"},
    {"realm", 0, "NAME", "SIM, AKA: of the temporary identities that are handed out"},
    {"no-reauth", 0, NULL, "SIM, AKA: hand out neither pseudonyms nor fast re-authentication"},
    {"mtu", 0, "N", "longest EAP packet to send, in octets (default 1020)"},
    {"patience", 0, "TIME", "a conversation without a request for so long ends (default 30 s)"},
    {"conversations", 0, "N", "at a time (default 4096)"},
    {"until-idle", 0, "TIME", "end when nothing came and nothing ran for so long"},
    {"seed", 0, "N", "what the server draws is a function of this (default: of the system)"},
    {"secrets", 0, NULL,
     "print MSK and EMSK too; of PANA's sessions Kmr or Kmc; of the BSF's Ks; nscl: each Kmc"},
    {"json", 0, NULL, "a JSON object a line"},
    {NULL, 0, NULL, NULL}};

struct serve {
    bool json, secrets;
    struct live_scenario scenario;
    uint64_t devices;    /* of the scenario, that come by EAP */
    struct users *users; /* of the file; NULL: none */
    struct live_place place;
    struct live_tls tls;
    struct live_mas_settings settings;
    struct serve_pana *pana; /* NULL: not wanted */
    unsigned long long accepted, refused;
};

/* ---- a line a conversation ---- */

static void print_json(const struct serve *s, const struct live_mas_end *e,
                       const struct live_pana_end *pana)
{
    printf("{\"by\": \"%s\", \"identity\": ", pana ? "pana" : "radius");
    json_text(stdout, e->identity);
    fputs(", \"method\": ", stdout);
    json_text(stdout, e->method ? e->method->name : "");
    printf(", \"outcome\": \"%s\", \"reason\": \"%s\", \"ms\": %.3f, \"requests\": %u, "
           "\"octets_in\": %llu, \"octets_out\": %llu",
           live_outcome(e->status), reason_text(e->reason), (double)(e->ended - e->began) / SIM_MS,
           e->requests, (unsigned long long)e->octets_in, (unsigned long long)e->octets_out);
    if (s->secrets && e->keys)
        live_print_keys(e->keys, true);
    if (pana)
        serve_pana_print(pana, true, s->secrets);
    puts("}");
}

/* Who it was, in quotes, and without what a terminal would obey. */
static void print_text(const struct serve *s, const struct live_mas_end *e,
                       const struct live_pana_end *pana)
{
    if (pana)
        fputs("pana ", stdout);
    json_text(stdout, e->identity);
    printf(" %s %s %s %.3f ms %u requests %llu B in %llu B out", e->method ? e->method->name : "-",
           live_outcome(e->status), e->reason ? reason_text(e->reason) : "-",
           (double)(e->ended - e->began) / SIM_MS, e->requests, (unsigned long long)e->octets_in,
           (unsigned long long)e->octets_out);
    if (s->secrets && e->keys)
        live_print_keys(e->keys, false);
    if (pana)
        serve_pana_print(pana, false, s->secrets);
    putchar('\n');
}

/* pana: NULL: a conversation of RADIUS. */
static void note_end(struct serve *s, const struct live_mas_end *end,
                     const struct live_pana_end *pana)
{
    if (end->status == PROTO_DONE)
        s->accepted++;
    else
        s->refused++;
    if (end->reauth && s->users)
        users_keep(s->users, end->permanent, end->reauth);
    if (s->json)
        print_json(s, end, pana);
    else
        print_text(s, end, pana);
    fflush(stdout); /* who watches it through a pipe waits for this line */
}

static void on_end(void *arg, const struct live_mas_end *end)
{
    note_end(arg, end, NULL);
}

static void on_pana_end(void *arg, const struct live_pana_end *end)
{
    note_end(arg, &end->mas, end);
}

/* The file first: it may change what the scenario says of somebody. */
static void on_query(void *arg, struct proto_env *env, const struct eap_query *query,
                     struct eap_answer *out)
{
    struct serve *s = arg;
    bool known = false;

    if (s->users) {
        users_answer(s->users, env, query, out);
        known = out->reason != REASON_EAP_IDENTITY && out->reason != REASON_EAP_NOT_SUBSCRIBED;
    }
    if (!known && s->scenario.deployment)
        deployment_live_answer(s->scenario.deployment, env, query, out);
}

/* ---- reading the command line ---- */

static bool read_bounds(const struct cli *c, struct serve *s)
{
    unsigned long long mtu = EAP_MTU;
    struct live_bounds bounds;

    if (!live_bounds_read(c, &bounds) || !cli_number(c, "mtu", &mtu))
        return false;
    if (mtu < EAP_MTU_MIN || mtu > RADIUS_PACKET_MAX) {
        cli_error(c, EXIT_USAGE, "--mtu: from %d to %d", EAP_MTU_MIN, RADIUS_PACKET_MAX);
        return false;
    }
    s->settings.conversations = bounds.conversations;
    s->settings.radius.eap.mtu = (uint32_t)mtu;
    s->settings.radius.idle = bounds.patience;
    s->settings.quiet = bounds.quiet;
    s->settings.seed = bounds.seed;
    return true;
}

/* What the scenario says, then what the command line says. */
static int read_eap(const struct cli *c, struct serve *s)
{
    struct eap_server_settings *e = &s->settings.radius.eap;
    struct live_server server;
    uint32_t mtu = e->mtu;

    *e = (struct eap_server_settings){.server_id = "m2msim", .network_name = "WLAN"};
    if (s->scenario.deployment) {
        if (!deployment_live_server(s->scenario.deployment, &server))
            return cli_error(c, EXIT_SCENARIO, "%s has no MAS", s->scenario.scenario->path);
        *e = server.eap;
        s->devices = server.devices;
    }
    if (cli_value(c, "server-id"))
        e->server_id = cli_value(c, "server-id");
    if (cli_value(c, "network-name"))
        e->network_name = cli_value(c, "network-name");
    if (cli_value(c, "mtu") || !s->scenario.deployment)
        e->mtu = mtu;
    e->realm = cli_value(c, "realm");
    /* Only the users of the file have a memory. */
    e->pseudonyms = e->fast_reauth = cli_value(c, "users") && !cli_flag(c, "no-reauth");
    if (s->tls.credential) {
        e->tls = s->tls.context;
        e->credential = s->tls.credential;
    }
    return EXIT_DONE;
}

static int read_users(const struct cli *c, struct serve *s)
{
    int exit = live_users_read(c, &s->users);

    if (exit || !s->users)
        return exit;
    for (size_t i = 0; i < users_count(s->users); i++)
        if (users_at(s->users, i)->kind == USER_CERTIFICATE && !s->settings.radius.eap.credential)
            return cli_error(c, EXIT_USAGE, "'%s' comes with a certificate: --cert, --key and --ca",
                             users_at(s->users, i)->identity);
    return EXIT_DONE;
}

/* An agent alone: who may come in says the server that it asks. */
static int read_agent(const struct cli *c, struct serve *s)
{
    static const char *const others[] = {"radius",    "users",        "cert",  "key",  "ca",
                                         "server-id", "network-name", "realm", "fqdn", "lifetime",
                                         "gba-u",     "no-reauth",    "set",   "ub",   NULL};
    const char *secret = cli_value(c, "secret");

    for (const char *const *name = others; *name; name++)
        if (cli_flag(c, *name))
            return cli_error(c, EXIT_USAGE, "--%s does not go with --via-radius", *name);
    if (cli_argument(c, 1))
        return cli_error(c, EXIT_USAGE, "--via-radius asks a server, and goes without a scenario");
    if (!secret || !*secret)
        return cli_error(c, EXIT_USAGE, "--secret is needed: what server and clients share");
    if (!read_bounds(c, s) || !serve_pana_read(c, &s->pana))
        return EXIT_USAGE;
    s->settings.radius.secret = span_str(secret);
    s->json = cli_flag(c, "json");
    s->secrets = cli_flag(c, "secrets");
    return EXIT_DONE;
}

static int read_line(const struct cli *c, struct serve *s)
{
    static const char *const others[] = {
        "ub",  "fqdn",    "lifetime", "gba-u",  "https",      "coaps", "http",   "coap",
        "mia", "contact", "tls",      "ca-out", "client-out", "force", "device", NULL};
    const char *secret = cli_value(c, "secret");
    const char *place = cli_value(c, "radius") ? cli_value(c, "radius") : "1812";
    int exit;

    if (cli_value(c, "via-radius"))
        return read_agent(c, s);
    exit = live_refuse(c, others);
    if (exit)
        return exit;
    exit = EXIT_USAGE;
    if (!secret || !*secret)
        return cli_error(c, EXIT_USAGE, "--secret is needed: what server and clients share");
    if (!cli_value(c, "users") && !cli_argument(c, 1))
        return cli_error(c, EXIT_USAGE, "a scenario or --users is needed: who may come in");
    if (!live_place_read(c, "radius", place, &s->place) || !read_bounds(c, s) ||
        !serve_pana_read(c, &s->pana) || !live_tls_read(c, true, &s->tls, &exit))
        return exit;
    s->settings.radius.secret = span_str(secret);
    s->json = cli_flag(c, "json");
    s->secrets = cli_flag(c, "secrets");
    exit = live_scenario_read(c, 1, &s->scenario);
    if (exit == EXIT_DONE)
        exit = read_eap(c, s);
    if (exit == EXIT_DONE)
        exit = read_users(c, s);
    return exit;
}

/* ---- serving ---- */

static void say_sum(const struct serve *s, const struct live_mas *mas)
{
    const struct live_udp_counts *n = live_mas_counts(mas);

    fprintf(stderr,
            "%llu accepted, %llu refused; %llu datagrams in, %llu out, %llu of no conversation, "
            "%llu beyond the limit\n",
            s->accepted, s->refused, (unsigned long long)n->datagrams_in,
            (unsigned long long)n->datagrams_out, (unsigned long long)n->foreign,
            (unsigned long long)n->refused + n->dropped);
}

static int serve(const struct cli *c, struct serve *s)
{
    struct live *live = live_new();
    struct live_mas *mas = NULL;
    const char *why = "no such host";
    int exit = EXIT_DONE;

    s->settings.answer = on_query;
    s->settings.ended = on_end;
    s->settings.arg = s;
    if (live_mas_new(live, s->place.host, &s->place.port, &s->settings, &mas, &why)) {
        exit = cli_error(c, EXIT_USAGE, "cannot listen at %s:%d: %s", s->place.host, s->place.port,
                         why);
    } else if (live_watch_signals(live)) {
        exit = cli_error(c, EXIT_INTERNAL, "cannot watch for signals");
    } else if (!s->pana ||
               (exit = serve_pana_open(c, s->pana, live, &s->settings, on_pana_end)) == EXIT_DONE) {
        live_say_ready(&s->place, NULL, &s->scenario, s->devices, s->users);
        live_run(live, -1);
        say_sum(s, mas);
        if (s->pana)
            serve_pana_sum(s->pana);
    }
    live_free(live);
    live_mas_free(mas);
    return exit;
}

static int serve_agent(const struct cli *c, struct serve *s)
{
    struct live *live = live_new();
    int exit;

    s->settings.arg = s;
    if (live_watch_signals(live))
        exit = cli_error(c, EXIT_INTERNAL, "cannot watch for signals");
    else
        exit = serve_pana_open(c, s->pana, live, &s->settings, on_pana_end);
    if (exit == EXIT_DONE) {
        live_run(live, -1);
        fprintf(stderr, "%llu accepted, %llu refused\n", s->accepted, s->refused);
        serve_pana_sum(s->pana);
    }
    live_free(live);
    return exit;
}

static int run(struct cli *c)
{
    struct serve s = {.json = false};
    int exit;

    if (crypto_init())
        return cli_error(c, EXIT_INTERNAL, "OpenSSL does not start");
    if (strcmp(cli_argument(c, 0), "bsf") == 0)
        return serve_bsf(c);
    if (strcmp(cli_argument(c, 0), "nscl") == 0)
        return serve_nscl(c);
    if (strcmp(cli_argument(c, 0), "mas") != 0)
        return cli_error(c, EXIT_USAGE, "can serve 'mas', 'bsf' or 'nscl', not '%s'",
                         cli_argument(c, 0));
    exit = read_line(c, &s);
    if (exit == EXIT_DONE)
        exit = cli_value(c, "via-radius") ? serve_agent(c, &s) : serve(c, &s);
    serve_pana_free(s.pana);
    users_free(s.users);
    live_scenario_release(&s.scenario);
    live_tls_release(&s.tls);
    return exit;
}

extern const struct cli_command cli_serve;
const struct cli_command cli_serve = {
    .name = "serve",
    .arguments = "mas|bsf|nscl [SCENARIO]",
    .summary = "the MAS, the BSF or the NSCL as a real server, in real time",
    .details =
        "The protocol cores of the simulation on real sockets, for real clients. On stdout a line "
        "for each\nconversation that has ended: identity, method, outcome, reason, time, requests "
        "and octets. Ends by\nCtrl-C, SIGTERM or --until-idle (exit code 0).\n"
        "mas: RADIUS and EAP on a UDP socket, for `m2msim attach eap`, eapol_test, an access "
        "point. "
        "With --pana also\nPANA (RFC 5191), for `m2msim attach pana`: the agent asks the MAS by "
        "RADIUS within the process. Its lines\nbegin with 'pana'; requests and octets are PANA's, "
        "and Node-ID and key index follow.\nWith --via-radius the agent asks a RADIUS server "
        "instead, any with EAP: Kmc is of the MSK that it tells, and what\ngoes with it the agent "
        "grants itself.\n"
        "bsf: Ub (HTTP Digest AKA, TS 24.109) on a TCP socket, for `m2msim attach gba` or any UE "
        "of "
        "GBA. A line is\na bootstrapping, over whichever connections; at the end stands its "
        "B-TID.\n"
        "nscl: mId, HTTP over TLS on a TCP socket and CoAP over DTLS on a UDP socket, or bare. A "
        "line is a "
        "connection: identity, reason, "
        "time, requests and\noctets; at the end a report of requests by primitive and status. "
        "Each device of SCENARIO has a service connection,\na function of seed and name; "
        "secured as its mid.security says: sealed objects inside a channel or without one. A "
        "device whose mid.security is\nnone is believed who it says it is at --http and --coap: "
        "open them to its access network alone.\n"
        "--secrets prints its SCL-ID, PSK identity, Kmc and, of sealed objects, the keys. With "
        "--tls cert a client proves\nits "
        "SCL-ID by a certificate of the scenario's authority.\n"
        "Who may come in: the scenario's devices, by their method of bootstrap, and the "
        "users of a file, with lines\nlike\n"
        "  \"gpsk user\" gpsk 64-HEX-DIGITS\n"
        "  psk-user psk 32-HEX-DIGITS\n"
        "  * aka,aka-prime,sim IMSI K OPC AMF SQN\n"
        "  device-1 tls NAME-IN-CERTIFICATE\n"
        "  NODE-ID kmc CONNECTION-ID:KMC-INDEX 64-HEX-DIGITS (nscl)\n"
        "To the BSF all subscribers of the file are known, by IMSI or, under an IMPI of their own, "
        "by IDENTITY.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 2,
    .run = run};
