/* attach pana: PaCs of ours against a PANA agent, so many at a time. */
#include <stdlib.h>
#include <string.h>

#include "models/host/live_udp.h"
#include "models/proc/client.h"
#include "sim/base/hist.h"
#include "sim/base/json.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"
#include "sim/cli/attach.h"

struct load {
    struct attach_given *given;
    struct live *live;
    unsigned long long begun, success, failed, failed_by[REASON_COUNT];
    size_t running;     /* not judged yet: those that linger leave their place to the next */
    struct hist *times; /* of successes, as the next three */
    unsigned long long round_trips, octets_up, octets_down;
    sim_ns began, ended;
    struct pac *pacs; /* not freed yet */
};

/* One PaC, a device of its own: nothing of it is shared but the credential. */
struct pac {
    struct load *load;
    unsigned long long number;
    struct live_device device; /* of a scenario */
    struct pana_client *client;
    char name[EAP_IDENTITY_MAX + 1];
    struct rng stream;
    struct se se;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
    sim_ns began;
    bool judged, ended;
    struct pac *next;
};

/* ---- lines ---- */

static void print_failure(const struct pac *a, enum reason reason, double ms)
{
    const struct attach_given *g = a->load->given;

    if (g->json) {
        printf("{\"attempt\": %llu, \"identity\": ", a->number);
        json_text(stdout, a->name);
        printf(
            ", \"method\": \"%s\", \"outcome\": \"refused\", \"reason\": \"%s\", \"ms\": %.3f}\n",
            g->method->name, reason_text(reason), ms);
        return;
    }
    printf("%llu ", a->number);
    json_text(stdout, a->name);
    printf(" %s refused %s %.3f ms\n", g->method->name, reason_text(reason), ms);
}

static void print_success(const struct pac *a, double ms)
{
    const struct attach_given *g = a->load->given;
    bool connection = g->usage == PANA_USAGE_CONNECTION;
    uint8_t key[M2M_KEY_LEN];
    bool has = se_backend_copy(&a->se, connection ? SE_KMC : SE_KMR, key);

    if (g->json) {
        printf("{\"attempt\": %llu, \"identity\": ", a->number);
        json_text(stdout, a->name);
        printf(", \"method\": \"%s\", \"outcome\": \"accepted\", \"ms\": %.3f", g->method->name,
               ms);
    } else {
        printf("%llu ", a->number);
        json_text(stdout, a->name);
        printf(" %s accepted %.3f ms", g->method->name, ms);
    }
    live_print_granted(pana_client_params(a->client), has ? key : NULL, g->json);
    puts(g->json ? "}" : "");
    explicit_bzero(key, sizeof key);
}

/* ---- the report ---- */

static double mean(const struct load *l, unsigned long long sum)
{
    return l->success ? (double)sum / (double)l->success : 0;
}

static double quantile_ms(const struct load *l, double q)
{
    return (double)hist_quantile(l->times, q) / SIM_MS;
}

static double per_second(const struct load *l)
{
    double s = (double)(l->ended - l->began) / SIM_S;

    return s > 0 ? (double)l->success / s : 0;
}

static void report_json(const struct load *l)
{
    const char *between = "";

    printf("{\"method\": \"%s\", \"usage\": \"%s\", \"n\": %llu, \"success\": %llu, \"failed\": "
           "%llu, \"reasons\": {",
           l->given->method->name, live_usage_name(l->given->usage), l->success + l->failed,
           l->success, l->failed);
    for (unsigned i = 0; i < REASON_COUNT; i++)
        if (l->failed_by[i] > 0) {
            printf("%s\"%s\": %llu", between, reason_text((enum reason)i), l->failed_by[i]);
            between = ", ";
        }
    printf("}, \"ms\": {\"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f}, \"round_trips\": %.2f, "
           "\"octets_up\": %.1f, \"octets_down\": %.1f, \"per_second\": %.1f}\n",
           quantile_ms(l, 0.5), quantile_ms(l, 0.9), quantile_ms(l, 0.99), mean(l, l->round_trips),
           mean(l, l->octets_up), mean(l, l->octets_down), per_second(l));
}

static void report_text(const struct load *l)
{
    printf("%s, %s, %llu at a time\n", l->given->method->name, live_usage_name(l->given->usage),
           l->given->parallel);
    printf("%-24s %12llu\n", "n", l->success + l->failed);
    printf("%-24s %12llu\n", "success", l->success);
    printf("%-24s %12llu\n", "failed", l->failed);
    for (unsigned i = 0; i < REASON_COUNT; i++)
        if (l->failed_by[i] > 0)
            printf("  %-22s %12llu\n", reason_text((enum reason)i), l->failed_by[i]);
    if (l->success == 0)
        return;
    printf("%-24s %12.3f\n", "latency p50, ms", quantile_ms(l, 0.5));
    printf("%-24s %12.3f\n", "latency p90, ms", quantile_ms(l, 0.9));
    printf("%-24s %12.3f\n", "latency p99, ms", quantile_ms(l, 0.99));
    printf("%-24s %12.2f\n", "round trips, mean", mean(l, l->round_trips));
    printf("%-24s %12.1f\n", "octets up, mean", mean(l, l->octets_up));
    printf("%-24s %12.1f\n", "octets down, mean", mean(l, l->octets_down));
    printf("%-24s %12.1f\n", "success a second", per_second(l));
}

/* ---- PaCs ---- */

static void judge(struct pac *a, const struct proto *p, sim_ns now)
{
    struct load *l = a->load;
    const struct pana_client_counts *n = pana_client_counts(a->client);
    double ms = (double)(now - a->began) / SIM_MS;

    a->judged = true;
    l->running--;
    l->ended = now;
    if (pana_client_is_open(a->client)) {
        l->success++;
        hist_add(l->times, now - a->began);
        l->round_trips += n->received;
        l->octets_up += n->octets_out;
        l->octets_down += n->octets_in;
        if (l->given->secrets)
            print_success(a, ms);
    } else {
        l->failed++;
        l->failed_by[p->reason]++;
        print_failure(a, p->reason, ms);
    }
    fflush(stdout);
}

static void on_step(void *user, struct proto *p, sim_ns now)
{
    struct pac *a = user;
    bool over = p->status != PROTO_RUNNING;

    if (!a->judged && (over || pana_client_is_open(a->client)))
        judge(a, p, now);
    else if (!over || a->ended)
        return;
    a->ended = over;
    /* The loop is the place to begin another: here its core is being called. */
    live_stop(a->load->live);
}

/* How it calls itself in the PCI: its identity, or its card's; a device of a scenario by its name.
 */
static void name_it(struct pac *a, const struct eap_peer_settings *peer)
{
    const struct attach_given *g = a->load->given;

    str_append(a->name, sizeof a->name, 0,
               g->device        ? a->device.name
               : peer->identity ? peer->identity
                                : g->imsi);
}

static struct pana_client *make_client(struct load *l, struct pac *a)
{
    const struct attach_given *g = l->given;
    struct pana_client_settings settings = {
        .pac = {.linger = g->linger, .params = {.usage = g->usage}}};
    struct pana_pac_settings *pac = &settings.pac;

    if (!attach_peer(g, a->number, &a->device, &pac->eap))
        return NULL;
    name_it(a, &pac->eap);
    a->se = g->device ? *a->device.se : g->se;
    pana_timers_default(&pac->timers);
    pac->timers.pci_mrd = pac->timers.stalled = g->patience;
    pac->params.has = 1u << PANA_ETSI_USAGE_TYPE;
    if (g->usage == PANA_USAGE_BOOTSTRAP) {
        pac->params.has |= 1u << PANA_ETSI_TARGET_DEVICE_ID;
        str_append(pac->params.target_device_id, sizeof pac->params.target_device_id, 0, a->name);
    }
    return pana_client_new(&a->env, &settings);
}

static struct pac *pac_new(struct load *l)
{
    struct pac *a = xcalloc(1, sizeof *a);
    char name[40];

    a->number = ++l->begun;
    a->load = l;
    str_append_number(name, sizeof name, str_append(name, sizeof name, 0, "PaC "), a->number);
    a->stream = rng_stream(l->given->seed, name, "attach");
    a->env = (struct proto_env){.stream = &a->stream,
                                .se = &a->se,
                                .meter = &a->meter,
                                .trace = &a->trace,
                                .epoch_unix_ns = live_epoch_unix_ns(l->live)};
    a->client = make_client(l, a);
    a->next = l->pacs;
    l->pacs = a;
    return a;
}

static void pac_free(struct pac *a)
{
    if (a->client)
        proto_free(pana_client_proto(a->client));
    live_device_release(&a->device, false);
    se_release(&a->se);
    explicit_bzero(&a->stream, sizeof a->stream);
    free(a);
}

static void free_pacs(struct load *l, bool running_too)
{
    struct pac **at = &l->pacs, *a;

    while ((a = *at)) {
        if (a->ended || running_too) {
            *at = a->next;
            pac_free(a);
        } else {
            at = &a->next;
        }
    }
}

static int begin_one(const struct cli *c, struct load *l)
{
    const struct live_place *place = &l->given->place;
    struct pac *a = pac_new(l);
    const char *why = "no such host";

    if (!a->client)
        return cli_error(c, EXIT_INTERNAL, "the certificate cannot be used");
    l->running++;
    a->began = live_now(l->live);
    if (!live_udp_connect(l->live, place->host, place->port, pana_client_proto(a->client), on_step,
                          a, &why))
        return EXIT_DONE;
    return cli_error(c, EXIT_USAGE, "cannot reach %s:%d: %s", place->host, place->port, why);
}

static int attach(const struct cli *c, struct load *l)
{
    int exit = EXIT_DONE;

    l->began = l->ended = live_now(l->live);
    while (exit == EXIT_DONE && !live_signal(l->live) && (l->begun < l->given->count || l->pacs)) {
        while (exit == EXIT_DONE && l->begun < l->given->count && l->running < l->given->parallel)
            exit = begin_one(c, l);
        if (exit == EXIT_DONE)
            live_run(l->live, -1);
        free_pacs(l, false);
    }
    if (exit != EXIT_DONE)
        return exit;
    if (l->given->json)
        report_json(l);
    else
        report_text(l);
    if (live_signal(l->live))
        return EXIT_STOPPED;
    return l->failed > 0 ? EXIT_GOAL_MISSED : EXIT_DONE;
}

int attach_pana(const struct cli *c, struct attach_given *g)
{
    struct load l = {.given = g, .live = live_new(), .times = hist_new()};
    int exit = live_watch_signals(l.live) ? cli_error(c, EXIT_INTERNAL, "cannot watch for signals")
                                          : attach(c, &l);

    live_free(l.live);
    free_pacs(&l, true);
    hist_free(l.times);
    return exit;
}
