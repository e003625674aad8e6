#include "tests/support/pair.h"

#include "crypto/entity.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>

#define EPOCH_NS   (INT64_C(1577836800) * SIM_S)
#define MAX_RECORD (4u << 20)
#define MAX_ROUNDS 10000000

struct pair_packet {
    struct pair_packet *next;
    sim_ns at;
    size_t n; /* 0: the stream's end */
    uint8_t octets[];
};

struct pair_script pair_clean(void)
{
    struct pair_script s = {.delay = SIM_MS, .limit = 3600 * SIM_S};

    for (int i = 0; i < 2; i++)
        s.way[i] = (struct pair_way){
            .cut_at = PAIR_NEVER, .silent_from = PAIR_NEVER, .corrupt_at = PAIR_NEVER};
    return s;
}

static void on_state(void *arg, const char *machine, const char *from, const char *to,
                     const char *why)
{
    struct pair_side *s = arg;

    (void)why;
    buf_printf(&s->states, "%s: %s -> %s\n", machine, from, to);
}

static void on_secret(void *arg, const char *line)
{
    struct pair_side *s = arg;

    buf_puts(&s->secrets, line);
    buf_puts(&s->secrets, "\n");
}

void pair_init(struct pair *p, uint64_t seed)
{
    memset(p, 0, sizeof(*p));
    for (int i = 0; i < 2; i++) {
        struct pair_side *s = &p->side[i];

        s->stream = rng_stream(seed, i == 0 ? "side 0" : "side 1", "pair");
        s->env = (struct proto_env){.stream = &s->stream,
                                    .se = &s->se,
                                    .meter = &s->meter,
                                    .trace = &s->trace,
                                    .epoch_unix_ns = EPOCH_NS};
        s->trace.state = on_state;
        s->trace.state_arg = s;
        s->trace.secret = on_secret;
        s->trace.secret_arg = s;
        buf_init(&s->sent, MAX_RECORD);
        buf_init(&s->labels, MAX_RECORD);
        buf_init(&s->states, MAX_RECORD);
        buf_init(&s->secrets, MAX_RECORD);
    }
}

void pair_release(struct pair *p)
{
    for (int i = 0; i < 2; i++) {
        struct pair_side *s = &p->side[i];

        for (struct pair_packet *next, *q = s->first; q; q = next) {
            next = q->next;
            free(q);
        }
        buf_clear(&s->sent);
        buf_clear(&s->labels);
        buf_clear(&s->states);
        buf_clear(&s->secrets);
        se_release(&s->se);
    }
}

void pair_enter(struct pair *p, int side)
{
    entity_enter(&p->side[side].stream, EPOCH_NS + p->now);
}

void pair_leave(void)
{
    entity_leave();
}

static void queue(struct pair *p, int to, const uint8_t *octets, size_t n, sim_ns late_by)
{
    struct pair_side *s = &p->side[to];
    struct pair_packet *q = xcalloc(1, sizeof(*q) + n), **at = &s->first;

    q->at = sim_ns_add(p->now, p->script.delay + late_by);
    q->n = n;
    if (n > 0)
        memcpy(q->octets, octets, n);
    while (*at && (*at)->at <= q->at)
        at = &(*at)->next;
    q->next = *at;
    *at = q;
}

/* A datagram: lost, duplicated, or as it is. */
static void send_datagram(struct pair *p, int from, uint8_t *octets, size_t n, unsigned index)
{
    const struct pair_way *w = &p->script.way[from];
    uint64_t bit = UINT64_C(1) << (index & 63);
    sim_ns late_by = w->late & bit ? w->late_by : 0;

    if (w->lose & bit)
        return;
    queue(p, 1 - from, octets, n, late_by);
    if (w->duplicate & bit)
        queue(p, 1 - from, octets, n, late_by);
}

static void send_stream(struct pair *p, int from, uint8_t *octets, size_t n, size_t offset)
{
    const struct pair_way *w = &p->script.way[from];
    struct pair_side *s = &p->side[from];
    size_t live = n;

    if (s->fin_sent)
        return;
    if (offset + live > w->cut_at)
        live = w->cut_at > offset ? w->cut_at - offset : 0;
    for (size_t i = 0; i < live;) {
        size_t piece = w->chunk && live - i > w->chunk ? w->chunk : live - i;

        queue(p, 1 - from, octets + i, piece, 0);
        i += piece;
    }
    if (live < n) {
        queue(p, 1 - from, NULL, 0, 0);
        s->fin_sent = true;
    }
}

/* Sends one output() on its way. */
static void dispatch(struct pair *p, int from, struct span out)
{
    const struct pair_way *w = &p->script.way[from];
    struct pair_side *s = &p->side[from];
    size_t offset = buf_len(&s->sent), n = out.n;
    uint8_t *octets = xcalloc(1, out.n);
    bool kept = buf_put_span(&s->sent, out);

    assert(kept);
    memcpy(octets, out.p, out.n);
    if (w->corrupt_at >= offset && w->corrupt_at - offset < n)
        octets[w->corrupt_at - offset] ^= w->corrupt_with;
    if (!p->script.datagrams && w->silent_from < offset + n)
        n = w->silent_from > offset ? w->silent_from - offset : 0;
    if (p->script.datagrams && w->silent_from <= offset)
        n = 0;
    if (n > 0 && p->script.datagrams && p->script.tamper)
        p->script.tamper(p->script.tamper_arg, from, s->outputs, octets, &n);
    if (n > 0 && p->script.datagrams)
        send_datagram(p, from, octets, n, s->outputs);
    else if (n > 0)
        send_stream(p, from, octets, n, offset);
    s->outputs++;
    free(octets);
}

static void drain(struct pair *p, int side)
{
    struct pair_side *s = &p->side[side];
    struct buf out;
    bool more = true;

    buf_init(&out, MAX_RECORD);
    while (more) {
        more = s->proto->ops->output(s->proto, p->now, &out);
        s->repeated += s->trace.repeated;
        s->trace.repeated = false;
        if (s->trace.label[0]) {
            buf_printf(&s->labels, "%s\n", s->trace.label);
            s->trace.label[0] = '\0';
        }
        if (buf_len(&out) > 0)
            dispatch(p, side, buf_span(&out));
        buf_consume(&out, buf_len(&out));
    }
    buf_clear(&out);
}

/* After each call into a core: its parent, its octets, its end. */
static void after(struct pair *p, int side)
{
    struct pair_side *s = &p->side[side];

    if (p->script.step)
        p->script.step(p->script.arg, p, side);
    drain(p, side);
    if (s->proto->status != PROTO_RUNNING && !s->fin_sent && !p->script.datagrams) {
        s->fin_sent = true;
        if (p->script.way[side].silent_from == PAIR_NEVER)
            queue(p, 1 - side, NULL, 0, 0);
    }
}

static void start(struct pair *p, int side)
{
    struct pair_side *s = &p->side[side];

    if (s->started)
        return;
    s->started = true;
    pair_enter(p, side);
    s->proto->ops->start(s->proto, p->now);
    after(p, side);
    pair_leave();
}

static void deliver(struct pair *p, int side)
{
    struct pair_side *s = &p->side[side];
    struct pair_packet *q = s->first;

    s->first = q->next;
    pair_enter(p, side);
    s->proto->ops->input(s->proto, p->now, span_of(q->octets, q->n));
    after(p, side);
    pair_leave();
    free(q);
}

static void expire(struct pair *p, int side)
{
    struct pair_side *s = &p->side[side];

    pair_enter(p, side);
    s->proto->ops->expire(s->proto, p->now);
    after(p, side);
    pair_leave();
}

static bool running(const struct pair *p, int side)
{
    return p->side[side].proto->status == PROTO_RUNNING;
}

/* The next thing on a side's calendar. */
static sim_ns next_of(const struct pair *p, int side)
{
    const struct pair_side *s = &p->side[side];
    sim_ns at = s->first ? s->first->at : SIM_NEVER;

    return running(p, side) ? sim_ns_min(at, s->proto->expiry) : at;
}

enum pair_end pair_run(struct pair *p, const struct pair_script *script)
{
    p->script = *script;
    for (int i = 0; i < 2; i++) {
        start(p, i);
        pair_enter(p, i);
        after(p, i);
        pair_leave();
    }
    for (int round = 0; round < MAX_ROUNDS; round++) {
        sim_ns next[2] = {next_of(p, 0), next_of(p, 1)};
        int side = next[1] < next[0];

        if (next[side] == SIM_NEVER)
            return running(p, 0) || running(p, 1) ? PAIR_QUIET : PAIR_ENDED;
        if (next[side] > p->script.limit)
            return PAIR_LIMIT;
        if (next[side] > p->now)
            p->now = next[side];
        if (p->side[side].first && p->side[side].first->at <= p->now)
            deliver(p, side);
        else
            expire(p, side);
    }
    return PAIR_LIMIT;
}

bool pair_same(const struct pair *a, const struct pair *b)
{
    for (int i = 0; i < 2; i++) {
        struct span x = buf_span(&a->side[i].sent), y = buf_span(&b->side[i].sent);

        if (x.n != y.n || (x.n > 0 && memcmp(x.p, y.p, x.n) != 0))
            return false;
    }
    return true;
}
