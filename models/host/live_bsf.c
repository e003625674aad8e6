#include "models/host/live_bsf.h"

#include "models/host/tally.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct talk;

/* One bootstrapping. It belongs to the connection that works on it; while its challenge awaits the
 * answer it stands in the BSF's list as well, and outlives that connection. */
struct boot {
    struct talk *talk;         /* NULL: its connection is gone */
    struct boot *next, **back; /* of the list; back NULL: it is not there */
    struct ub_challenge challenge;
    struct gba_sa sa;
    gba_name impi;
    sim_ns began, deadline;
    uint64_t octets_in, octets_out;
    unsigned requests;
    enum reason reason;
    bool gba_u, resynchronised, over, stored;
};

struct live_bsf {
    struct live *live;
    struct live_bsf_settings settings;
    struct live_bsf_counts counts;
    struct boot *waiting, **end; /* by deadline: each waits equally long */
    size_t waiting_count;
    sim_ns last; /* when something came */
};

/* One connection. */
struct talk {
    struct tally tally;
    struct live_bsf *bsf;
    struct ub_server *server;
    struct boot *boot; /* NULL: none */
    unsigned refusals; /* that were noted */
    uint64_t octets_in, octets_out;
    struct rng stream;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
};

/* ---- bootstrappings that await their answer ---- */

static void stop_waiting(struct boot *o, struct live_bsf *b)
{
    if (!o->back)
        return;
    *o->back = o->next;
    if (o->next)
        o->next->back = o->back;
    else
        b->end = o->back;
    o->back = NULL;
    o->next = NULL;
    b->waiting_count--;
}

static void boot_free(struct boot *o, struct live_bsf *b)
{
    stop_waiting(o, b);
    if (o->talk)
        o->talk->boot = NULL;
    gba_sa_wipe(&o->sa);
    explicit_bzero(&o->challenge, sizeof(o->challenge));
    free(o);
}

static void tell(struct live_bsf *b, struct boot *o)
{
    struct live_bsf_end end = {.impi = o->impi,
                               .reason = o->reason,
                               .gba_u = o->gba_u,
                               .resynchronised = o->resynchronised,
                               .began = o->began,
                               .ended = live_now(b->live),
                               .requests = o->requests,
                               .octets_in = o->octets_in,
                               .octets_out = o->octets_out,
                               .sa = o->stored ? &o->sa : NULL};

    if (b->settings.ended)
        b->settings.ended(b->settings.arg, &end);
    boot_free(o, b);
}

static void give_up_oldest(struct live_bsf *b, enum reason reason)
{
    b->waiting->reason = reason;
    tell(b, b->waiting);
}

static void start_waiting(struct boot *o, struct live_bsf *b, sim_ns now)
{
    if (o->back)
        return;
    if (b->waiting_count == b->settings.conversations)
        give_up_oldest(b, REASON_TIMEOUT);
    if (!b->waiting)
        live_stop(b->live); /* live_bsf_run is to know of the deadline */
    o->deadline = sim_ns_add(now, b->settings.patience);
    o->back = b->end;
    *b->end = o;
    b->end = &o->next;
    b->waiting_count++;
}

/* Only a UE that answers on another connection is looked for, and among those that wait at the
 * moment. */
static struct boot *find(const struct live_bsf *b, const uint8_t rand[16])
{
    struct boot *o = b->waiting;

    while (o && memcmp(o->challenge.vector.rand, rand, 16) != 0)
        o = o->next;
    return o;
}

/* ---- a connection and its bootstrapping ---- */

/* What came and went since the last time is the present bootstrapping's. */
static void settle(struct talk *t)
{
    struct boot *o = t->boot;

    if (!o)
        return;
    o->octets_in += t->tally.octets_in - t->octets_in;
    o->octets_out += t->tally.octets_out - t->octets_out;
    t->octets_in = t->tally.octets_in;
    t->octets_out = t->tally.octets_out;
    if (o->over)
        tell(t->bsf, o);
}

/* What awaits its answer may go on elsewhere. */
static void leave(struct talk *t)
{
    settle(t);
    if (!t->boot)
        return;
    if (!t->boot->back) {
        t->boot->reason = REASON_CLOSED_EARLY;
        tell(t->bsf, t->boot);
        return;
    }
    t->boot->talk = NULL;
    t->boot = NULL;
}

static void adopt(struct talk *t, struct boot *o)
{
    leave(t);
    if (o->talk)
        o->talk->boot = NULL;
    o->talk = t;
    t->boot = o;
}

/* The one that this request is about: the present one, unless that is over or another user's. */
static struct boot *boot_for(struct talk *t, sim_ns now, const char *impi)
{
    struct boot *o;

    if (t->boot && (t->boot->over || (*impi && strcmp(t->boot->impi, impi) != 0)))
        leave(t);
    if (!t->boot) {
        o = xcalloc(1, sizeof(*o));
        o->began = now;
        str_append(o->impi, sizeof(o->impi), 0, impi);
        o->talk = t;
        t->boot = o;
    }
    return t->boot;
}

static void finish(struct talk *t, enum reason reason)
{
    struct boot *o = t->boot;

    stop_waiting(o, t->bsf);
    o->reason = reason;
    o->over = true;
}

static void note_refusals(struct talk *t, sim_ns now)
{
    while (t->refusals != ub_server_refusals(t->server)) {
        t->refusals++;
        boot_for(t, now, "")->requests++;
        finish(t, ub_server_refusal(t->server));
    }
}

/* ---- the node of the core ---- */

static void answer_zh(struct talk *t, sim_ns now, const struct ub_query *q, struct zh_answer *out)
{
    const struct live_bsf_settings *s = &t->bsf->settings;
    struct boot *o = boot_for(t, now, q->zh.impi);

    stop_waiting(o, t->bsf); /* the challenge of before is worth nothing now */
    o->requests++;
    o->resynchronised |= q->zh.resync;
    s->zh(s->arg, &t->env, &q->zh, out);
    o->gba_u = out->gba_u;
    if (!out->reason)
        return;
    t->refusals++;
    finish(t, out->reason);
}

static void answer_challenge(struct talk *t, const struct ub_query *q, struct ub_answer *out)
{
    struct boot *o = find(t->bsf, q->rand);

    if (!o) {
        out->reason = REASON_GBA_CHALLENGE;
        return;
    }
    stop_waiting(o, t->bsf);
    out->challenge = o->challenge;
    adopt(t, o);
}

static void answer_store(struct talk *t, sim_ns now, const struct ub_query *q,
                         struct ub_answer *out)
{
    struct boot *o = boot_for(t, now, q->sa.impi);
    sim_ns lifetime =
        q->key_lifetime_s ? (sim_ns)q->key_lifetime_s * SIM_S : t->bsf->settings.key_lifetime;

    out->expires_unix_ns = sim_ns_add(proto_unix_ns(&t->tally.proto, now), lifetime);
    o->requests++;
    o->sa = q->sa;
    o->sa.expires_unix_ns = out->expires_unix_ns;
    o->stored = true;
    finish(t, REASON_NONE);
}

static void answer(struct talk *t, sim_ns now)
{
    struct ub_query q = *ub_server_query(t->server);
    struct ub_answer a;

    memset(&a, 0, sizeof(a));
    switch (q.kind) {
    case UB_QUERY_ZH:
        answer_zh(t, now, &q, &a.zh);
        break;
    case UB_QUERY_CHALLENGE:
        answer_challenge(t, &q, &a);
        break;
    case UB_QUERY_STORE:
        answer_store(t, now, &q, &a);
        break;
    }
    ub_server_answer(t->server, now, &a);
    if (ub_server_challenge(t->server) && t->boot && !t->boot->over) {
        t->boot->challenge = *ub_server_challenge(t->server);
        start_waiting(t->boot, t->bsf, now);
    }
    explicit_bzero(&q, sizeof(q));
    explicit_bzero(&a, sizeof(a));
}

static void on_acted(struct tally *tally, sim_ns now)
{
    struct talk *t = (struct talk *)tally;

    t->bsf->last = now;
    note_refusals(t, now);
    while (ub_server_query(t->server)) {
        answer(t, now);
        note_refusals(t, now);
    }
}

/* ---- connections ---- */

static void talk_free(struct proto *p)
{
    struct talk *t = (struct talk *)p;

    tally_release(&t->tally);
    explicit_bzero(&t->stream, sizeof(t->stream));
    free(t);
}

static const struct proto_ops talk_ops = {.name = "live-bsf",
                                          .start = tally_start,
                                          .input = tally_input,
                                          .output = tally_output,
                                          .expire = tally_expire,
                                          .free = talk_free};

static struct proto *make(void *arg)
{
    struct live_bsf *b = arg;
    struct talk *t;
    char name[40];

    if (b->counts.open == b->settings.conversations) {
        b->counts.refused++;
        return NULL;
    }
    b->counts.open++;
    t = xcalloc(1, sizeof(*t));
    str_append_number(name, sizeof(name), str_append(name, sizeof(name), 0, "connection "),
                      ++b->counts.connections);
    t->bsf = b;
    t->stream = rng_stream(b->settings.seed, name, "live-bsf");
    t->env = (struct proto_env){.stream = &t->stream,
                                .meter = &t->meter,
                                .trace = &t->trace,
                                .epoch_unix_ns = live_epoch_unix_ns(b->live)};
    t->server = ub_server_new(&t->env, b->settings.fqdn);
    tally_init(&t->tally, &talk_ops, ub_server_proto(t->server), live_now(b->live),
               b->settings.patience);
    t->tally.acted = on_acted;
    return &t->tally.proto;
}

static void step(void *arg, struct proto *p, sim_ns now)
{
    (void)arg, (void)now;
    settle((struct talk *)p);
}

static void gone(void *arg, struct proto *p)
{
    struct live_bsf *b = arg;
    struct talk *t = (struct talk *)p;

    leave(t);
    b->counts.open--;
}

/* ---- the server ---- */

enum err live_bsf_new(struct live *l, const char *host, int *port,
                      const struct live_bsf_settings *settings, struct live_bsf **out,
                      const char **why)
{
    static const uint8_t any[16];
    struct live_bsf *b;
    gba_name btid;
    enum err err;

    if (!gba_btid(any, settings->fqdn, btid))
        return ERR_RANGE;
    b = xcalloc(1, sizeof(*b));
    b->live = l;
    b->settings = *settings;
    b->end = &b->waiting;
    err = live_listen(l, host, port, make, step, gone, b, why);
    if (err)
        free(b);
    else
        *out = b;
    return err;
}

void live_bsf_free(struct live_bsf *b)
{
    while (b && b->waiting)
        boot_free(b->waiting, b);
    free(b);
}

/* When live_bsf_run has something to do by itself. A challenge that is answered wakes nobody:
 * whether one still waits is looked at anew. */
static sim_ns next_of(const struct live_bsf *b, sim_ns now)
{
    return b->waiting ? sim_ns_min(b->waiting->deadline, sim_ns_add(now, b->settings.quiet))
                      : sim_ns_add(b->last, b->settings.quiet);
}

static int ms_until(sim_ns next, sim_ns now)
{
    sim_ns ms = (next - now) / SIM_MS + 1;

    return next == SIM_NEVER ? -1 : (int)sim_ns_min(ms, INT_MAX);
}

void live_bsf_run(struct live_bsf *b)
{
    sim_ns now, next;

    b->last = live_now(b->live);
    while (!live_signal(b->live)) {
        now = live_now(b->live);
        while (b->waiting && b->waiting->deadline <= now)
            give_up_oldest(b, REASON_TIMEOUT);
        next = next_of(b, now);
        if (next <= now)
            break;
        live_run(b->live, ms_until(next, now));
    }
    while (b->waiting)
        give_up_oldest(b, REASON_RUN_END);
}

const struct live_bsf_counts *live_bsf_counts(const struct live_bsf *b)
{
    return &b->counts;
}
