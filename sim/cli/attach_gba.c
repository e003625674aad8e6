/* attach gba: UEs of ours against a BSF, so many at a time. */
#include <stdlib.h>
#include <string.h>

#include "models/host/live.h"
#include "models/host/tally.h"
#include "models/proc/ub.h"
#include "models/proto/m2mxml.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"
#include "sim/cli/attach.h"
#include "sim/cli/load.h"

struct ues {
    struct attach_given *given;
    struct live *live;
    unsigned long long begun;
    size_t running;
    struct load load;
    struct ue *ues; /* not freed yet */
};

/* One UE. They share the card: its sequence numbers are one series, as at the home network. Of a
 * scenario each device has its own. */
struct ue {
    struct tally tally;
    struct ues *all;
    unsigned long long number;
    struct live_ue device; /* its name, IMPI and settings, whoever gave them */
    struct gba_sa sa;
    struct rng stream;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
    sim_ns began;
    bool ended;
    struct ue *next;
};

static const char *method_of(const struct attach_given *g)
{
    return g->gba_u ? "gba-u" : "gba-me";
}

static void judge(struct ue *u, sim_ns now)
{
    struct ues *l = u->all;
    const struct attach_given *g = l->given;
    const struct proto *p = &u->tally.proto;
    struct load_line line = {.number = u->number,
                             .name = l->given->device ? u->device.name : u->device.impi,
                             .method = method_of(g),
                             .reason = p->reason,
                             .began = u->began,
                             .ended = now,
                             .json = g->json};

    if (p->status == PROTO_DONE)
        load_success(&l->load, u->began, now, u->tally.turns, u->tally.octets_out,
                     u->tally.octets_in);
    else
        load_failure(&l->load, now, p->reason);
    if (p->status == PROTO_DONE && !g->secrets)
        return;
    load_line_begin(&line);
    if (p->status == PROTO_DONE)
        live_print_association(&u->sa, true, g->json);
    load_line_end(&line);
}

static void on_step(void *arg, struct proto *p, sim_ns now)
{
    struct ue *u = arg;

    if (p->status == PROTO_RUNNING || u->ended)
        return;
    u->ended = true;
    u->all->running--;
    judge(u, now);
    /* The loop is the place to begin another: here its core is being called. */
    live_stop(u->all->live);
}

static void ue_free(struct proto *p)
{
    struct ue *u = (struct ue *)p;

    tally_release(&u->tally);
    gba_sa_wipe(&u->sa);
    explicit_bzero(&u->stream, sizeof u->stream);
    free(u);
}

static const struct proto_ops ue_ops = {.name = "attach gba",
                                        .start = tally_start,
                                        .input = tally_input,
                                        .output = tally_output,
                                        .expire = tally_expire,
                                        .free = ue_free};

/* The UE that was given, or the next device of the scenario. */
static bool find_device(struct attach_given *g, unsigned long long number, struct live_ue *out)
{
    if (g->device)
        return !deployment_live_ue(g->scenario.deployment, g->device,
                                   (uint32_t)((number - 1) % g->devices), out);
    out->ub = (struct ub_settings){.bsf = g->fqdn,
                                   .application = g->isim_impi ? GBA_ISIM : GBA_USIM,
                                   .isim_impi = g->isim_impi,
                                   .uicc = &g->uicc,
                                   .gba_u = g->gba_u};
    return gba_impi(out->ub.application, out->ub.uicc, out->ub.isim_impi, out->impi);
}

static struct ue *ue_new(struct ues *l)
{
    struct attach_given *g = l->given;
    struct ue *u = xcalloc(1, sizeof *u);
    struct proto *core = NULL;
    char name[40];

    u->number = ++l->begun;
    u->all = l;
    str_append_number(name, sizeof name, str_append(name, sizeof name, 0, "UE "), u->number);
    u->stream = rng_stream(g->seed, name, "attach");
    u->env = (struct proto_env){.stream = &u->stream,
                                .meter = &u->meter,
                                .trace = &u->trace,
                                .epoch_unix_ns = live_epoch_unix_ns(l->live)};
    if (find_device(g, u->number, &u->device))
        core = ub_client_new(&u->env, &u->device.ub, &u->sa);
    if (!core) {
        free(u);
        return NULL;
    }
    u->began = live_now(l->live);
    tally_init(&u->tally, &ue_ops, core, u->began, g->patience);
    u->next = l->ues;
    l->ues = u;
    return u;
}

static void free_ues(struct ues *l, bool running_too)
{
    struct ue **at = &l->ues, *u;

    while ((u = *at)) {
        if (u->ended || running_too) {
            *at = u->next;
            proto_free(&u->tally.proto);
        } else {
            at = &u->next;
        }
    }
}

static int begin_one(const struct cli *c, struct ues *l)
{
    const struct live_place *place = &l->given->place;
    struct ue *u = ue_new(l);

    if (!u)
        return cli_error(c, EXIT_USAGE, "the identity or the BSF's name is too long");
    l->running++;
    if (!live_connect(l->live, place->host, place->port, &u->tally.proto, on_step, u))
        return EXIT_DONE;
    return cli_error(c, EXIT_USAGE, "cannot reach %s:%d", place->host, place->port);
}

static int attach(const struct cli *c, struct ues *l)
{
    const struct attach_given *g = l->given;
    int exit = EXIT_DONE;

    load_init(&l->load, live_now(l->live));
    while (exit == EXIT_DONE && !live_signal(l->live) && (l->begun < g->count || l->running > 0)) {
        while (exit == EXIT_DONE && l->begun < g->count && l->running < g->parallel)
            exit = begin_one(c, l);
        if (exit == EXIT_DONE && l->running > 0)
            live_run(l->live, -1);
        free_ues(l, false);
    }
    if (exit != EXIT_DONE)
        return exit;
    load_report(&l->load, &(struct load_title){method_of(g), NULL, g->parallel}, g->json);
    if (live_signal(l->live))
        return EXIT_STOPPED;
    return l->load.failed > 0 ? EXIT_GOAL_MISSED : EXIT_DONE;
}

int attach_gba(const struct cli *c, struct attach_given *g)
{
    struct ues l = {.given = g, .live = live_new()};
    int exit;

    m2mxml_init();
    exit = live_watch_signals(l.live) ? cli_error(c, EXIT_INTERNAL, "cannot watch for signals")
                                      : attach(c, &l);
    live_free(l.live);
    free_ues(&l, true);
    load_release(&l.load);
    return exit;
}
