/* Two TCP ends against each other over a wire with a fixed delay and infinite rate, without the
 * engine. Which segments are lost, doubled or delayed is said by masks: bit i of lose[d] is the
 * i-th segment that end d sends. Octet k of each stream is a function of k, checked on arrival. */
#ifndef TESTS_UNIT_NET_TCP_PAIR_H
#define TESTS_UNIT_NET_TCP_PAIR_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "models/net/tcp.h"
#include "sim/base/rng.h"
#include "sim/base/xalloc.h"

enum { CLIENT, SERVER };

struct pair_record {
    sim_ns at;
    struct tcp_segment seg;
    bool lost;
};

struct pair_packet {
    struct pair_packet *next;
    sim_ns at;
    int to;
    struct tcp_segment seg;
    uint8_t payload[];
};

struct pair {
    struct tcp_params params[2];
    struct tcp *t[2];
    sim_ns now, delay, late_by;
    uint64_t lose[2], twice[2], late[2];
    struct rng *chance; /* when set: loss, duplication and lateness by chance instead */
    double p_loss, p_twice, p_late;
    bool cut;     /* nothing arrives any more */
    bool hold[2]; /* this end does not read */
    struct pair_packet *wire;
    struct pair_record *log[2];
    uint32_t sent[2], room[2];
    uint32_t received[2], written[2];
};

static inline uint8_t pair_octet(int dir, uint32_t k)
{
    return (uint8_t)(k * 31u + (k >> 8) * 17u + (k >> 16) + (uint32_t)dir * 101u);
}

static inline void pair_init(struct pair *p, const struct tcp_params *params)
{
    memset(p, 0, sizeof *p);
    for (int d = 0; d < 2; d++)
        p->params[d] = *params;
    for (int d = 0; d < 2; d++)
        p->t[d] = tcp_new(&p->params[d]);
    p->delay = 50 * SIM_MS;
    p->late_by = 20 * SIM_MS;
}

static inline void pair_release(struct pair *p)
{
    while (p->wire) {
        struct pair_packet *next = p->wire->next;

        free(p->wire);
        p->wire = next;
    }
    for (int d = 0; d < 2; d++) {
        tcp_free(p->t[d]);
        free(p->log[d]);
    }
}

static inline void pair_post(struct pair *p, int to, sim_ns at, const struct tcp_segment *seg,
                             const uint8_t *payload)
{
    struct pair_packet **link = &p->wire, *w = xcalloc(1, sizeof *w + seg->length);

    w->at = at;
    w->to = to;
    w->seg = *seg;
    if (seg->length > 0)
        memcpy(w->payload, payload, seg->length);
    while (*link && (*link)->at <= at)
        link = &(*link)->next;
    w->next = *link;
    *link = w;
}

static inline bool pair_bit(const struct pair *p, uint64_t mask, double chance, uint32_t i)
{
    if (p->chance)
        return rng_unit(p->chance) < chance;
    return i < 64 && (mask >> i & 1);
}

static inline void pair_flush(struct pair *p, int d)
{
    struct tcp_segment seg;
    struct span payload;

    while (tcp_output(p->t[d], p->now, &seg, &payload) && p->sent[d] < 200000) {
        uint32_t i = p->sent[d]++;
        bool lost = pair_bit(p, p->lose[d], p->p_loss, i) || p->cut;
        sim_ns at = p->now + p->delay;

        if (i >= p->room[d]) {
            p->room[d] = p->room[d] ? 2 * p->room[d] : 64;
            p->log[d] = xrealloc(p->log[d], p->room[d] * sizeof(struct pair_record));
        }
        p->log[d][i] = (struct pair_record){p->now, seg, lost};
        if (pair_bit(p, p->late[d], p->p_late, i))
            at += p->late_by;
        if (!lost)
            pair_post(p, !d, at, &seg, payload.p);
        if (pair_bit(p, p->twice[d], p->p_twice, i))
            pair_post(p, !d, at + SIM_MS, &seg, payload.p);
    }
    ck_assert_uint_lt(p->sent[d], 200000); /* no storm */
}

static inline void pair_read(struct pair *p, int d)
{
    struct span in = tcp_received(p->t[d]);
    uint32_t wrong = 0;

    if (p->hold[d] || in.n == 0)
        return;
    for (size_t k = 0; k < in.n; k++)
        wrong += in.p[k] != pair_octet(!d, p->received[d] + (uint32_t)k);
    ck_assert_uint_eq(wrong, 0);
    p->received[d] += (uint32_t)in.n;
    tcp_consume(p->t[d], in.n);
}

static inline void pair_connect(struct pair *p)
{
    tcp_connect(p->t[CLIENT], p->now);
    pair_flush(p, CLIENT);
}

static inline bool pair_write(struct pair *p, int d, uint32_t n)
{
    uint8_t *octets = xcalloc(n, 1);
    bool taken;

    for (uint32_t k = 0; k < n; k++)
        octets[k] = pair_octet(d, p->written[d] + k);
    taken = tcp_write(p->t[d], p->now, span_of(octets, n));
    free(octets);
    if (!taken)
        return false;
    p->written[d] += n;
    pair_flush(p, d);
    return true;
}

static inline void pair_shutdown(struct pair *p, int d)
{
    tcp_shutdown(p->t[d], p->now);
    pair_flush(p, d);
}

static inline void pair_arrive(struct pair *p)
{
    struct pair_packet *w = p->wire;
    int d = w->to;

    p->wire = w->next;
    if (d == SERVER && tcp_status(p->t[d]) == TCP_CLOSED && (w->seg.flags & TCP_SYN))
        tcp_accept(p->t[d], p->now, &w->seg);
    else
        tcp_input(p->t[d], p->now, &w->seg, span_of(w->payload, w->seg.length));
    pair_read(p, d);
    pair_flush(p, d);
    free(w);
}

static inline sim_ns pair_next(const struct pair *p)
{
    sim_ns at = sim_ns_min(tcp_expiry(p->t[CLIENT]), tcp_expiry(p->t[SERVER]));

    return p->wire ? sim_ns_min(at, p->wire->at) : at;
}

/* One happening; false: none is to come up to `until`. */
static inline bool pair_step(struct pair *p, sim_ns until)
{
    sim_ns at = pair_next(p);

    if (at > until || at == SIM_NEVER)
        return false;
    p->now = at;
    if (p->wire && p->wire->at == at) {
        pair_arrive(p);
        return true;
    }
    for (int d = 0; d < 2; d++) {
        if (tcp_expiry(p->t[d]) > at)
            continue;
        tcp_expire(p->t[d], at);
        pair_flush(p, d);
    }
    return true;
}

/* Up to and with `until`; SIM_NEVER: until nothing is left to happen. */
static inline void pair_run(struct pair *p, sim_ns until)
{
    while (pair_step(p, until))
        ;
    if (until != SIM_NEVER)
        p->now = until;
}

/* Open, with the window wide and the delayed ACK out of the way unless the test wants it. */
static inline void pair_open(struct pair *p)
{
    pair_connect(p);
    pair_run(p, p->now + 2 * p->delay + p->delay);
    ck_assert_int_eq(tcp_status(p->t[CLIENT]), TCP_OPEN);
    ck_assert_int_eq(tcp_status(p->t[SERVER]), TCP_OPEN);
}

static inline void pair_assert_intact(const struct pair *p)
{
    ck_assert_uint_eq(p->received[SERVER], p->written[CLIENT]);
    ck_assert_uint_eq(p->received[CLIENT], p->written[SERVER]);
}

/* The i-th segment with payload that end d sent (from 0), retransmissions counted. */
static inline const struct pair_record *pair_text(const struct pair *p, int d, uint32_t i)
{
    for (uint32_t k = 0; k < p->sent[d]; k++) {
        if (p->log[d][k].seg.length > 0 && i-- == 0)
            return &p->log[d][k];
    }
    return NULL;
}

static inline struct tcp_info pair_info(const struct pair *p, int d)
{
    struct tcp_info info;

    tcp_get_info(p->t[d], &info);
    return info;
}

static inline int pair_main(Suite *suite)
{
    SRunner *r = srunner_create(suite);
    int failed;

    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}

#endif
