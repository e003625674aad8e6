/* attach pana: PaCs of ours against a PANA agent, so many at a time. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "models/host/live_udp.h"
#include "models/proc/client.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"
#include "sim/cli/attach.h"
#include "sim/cli/load.h"

/* PaCs with an open socket, those that linger too: a system has 28,000 ports for it, and a process
 * its limit of open files, from which the others here are kept aside. */
#define MOST_OPEN   16000
#define OTHER_FILES 64

struct pacs {
    struct attach_given *given;
    struct live *live;
    unsigned long long begun;
    size_t running; /* not judged yet: those that linger leave their place to the next */
    size_t open, most_open;
    struct load load;
    struct pac *pacs; /* not freed yet */
};

/* One PaC, a device of its own: nothing of it is shared but the credential. */
struct pac {
    struct pacs *all;
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

/* ---- PaCs ---- */

static void print_key(const struct pac *a)
{
    const struct attach_given *g = a->all->given;
    uint8_t key[M2M_KEY_LEN];
    bool has = se_backend_copy(&a->se, g->usage == PANA_USAGE_CONNECTION ? SE_KMC : SE_KMR, key);

    live_print_granted(pana_client_params(a->client), has ? key : NULL, g->json);
    explicit_bzero(key, sizeof key);
}

static void judge(struct pac *a, const struct proto *p, sim_ns now)
{
    struct pacs *l = a->all;
    const struct attach_given *g = l->given;
    const struct pana_client_counts *n = pana_client_counts(a->client);
    bool open = pana_client_is_open(a->client);
    struct load_line line = {.number = a->number,
                             .name = a->name,
                             .method = g->method->name,
                             .reason = open ? REASON_NONE : p->reason,
                             .began = a->began,
                             .ended = now,
                             .json = g->json};

    a->judged = true;
    l->running--;
    if (open)
        load_success(&l->load, a->began, now, n->received, n->octets_out, n->octets_in);
    else
        load_failure(&l->load, now, p->reason);
    if (open && !g->secrets)
        return;
    load_line_begin(&line);
    if (open)
        print_key(a);
    load_line_end(&line);
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
    live_stop(a->all->live);
}

/* How it calls itself in the PCI: its identity, or its card's; a device of a scenario by its name.
 */
static void name_it(struct pac *a, const struct eap_peer_settings *peer)
{
    const struct attach_given *g = a->all->given;

    str_append(a->name, sizeof a->name, 0,
               g->device        ? a->device.name
               : peer->identity ? peer->identity
                                : g->imsi);
}

static struct pana_client *make_client(struct pacs *l, struct pac *a)
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

static struct pac *pac_new(struct pacs *l)
{
    struct pac *a = xcalloc(1, sizeof *a);
    char name[40];

    a->number = ++l->begun;
    a->all = l;
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
    l->open++;
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

static void free_pacs(struct pacs *l, bool running_too)
{
    struct pac **at = &l->pacs, *a;

    while ((a = *at)) {
        if (a->ended || running_too) {
            *at = a->next;
            l->open--;
            pac_free(a);
        } else {
            at = &a->next;
        }
    }
}

static int begin_one(const struct cli *c, struct pacs *l)
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

/* As many files as the system lets us ask for; what is then too few only takes longer. */
static size_t most_open(void)
{
    struct rlimit files = {.rlim_cur = 0};

    if (getrlimit(RLIMIT_NOFILE, &files))
        return MOST_OPEN;
    if (files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
        (void)getrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur >= MOST_OPEN + OTHER_FILES)
        return MOST_OPEN;
    return files.rlim_cur > OTHER_FILES ? (size_t)files.rlim_cur - OTHER_FILES : 1;
}

static bool may_begin(const struct pacs *l)
{
    return l->begun < l->given->count && l->running < l->given->parallel && l->open < l->most_open;
}

static int attach(const struct cli *c, struct pacs *l)
{
    int exit = EXIT_DONE;

    load_init(&l->load, live_now(l->live));
    l->most_open = most_open();
    while (exit == EXIT_DONE && !live_signal(l->live) && (l->begun < l->given->count || l->pacs)) {
        while (exit == EXIT_DONE && may_begin(l))
            exit = begin_one(c, l);
        if (exit == EXIT_DONE)
            live_run(l->live, -1);
        free_pacs(l, false);
    }
    if (exit != EXIT_DONE)
        return exit;
    load_report(&l->load,
                &(struct load_title){l->given->method->name, live_usage_name(l->given->usage),
                                     l->given->parallel},
                l->given->json);
    if (live_signal(l->live))
        return EXIT_STOPPED;
    return l->load.failed > 0 ? EXIT_GOAL_MISSED : EXIT_DONE;
}

int attach_pana(const struct cli *c, struct attach_given *g)
{
    struct pacs l = {.given = g, .live = live_new()};
    int exit = live_watch_signals(l.live) ? cli_error(c, EXIT_INTERNAL, "cannot watch for signals")
                                          : attach(c, &l);

    live_free(l.live);
    free_pacs(&l, true);
    load_release(&l.load);
    return exit;
}
