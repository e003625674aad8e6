/* Two CoAP endpoints on a pair: side 0 asks, side 1 serves a few resources. What both nodes are
 * told is kept. */
#ifndef TESTS_COAP_KIT_H
#define TESTS_COAP_KIT_H

#include "models/proto/coap.h"
#include "tests/support/pair.h"

#include <check.h>
#include <stdlib.h>

#define KIT_MAX  64
#define KIT_BODY 20000

struct kit_event {
    enum coap_event_kind kind;
    enum reason reason;
    uint32_t exchange;
    uint8_t code;
    size_t n;    /* of the payload */
    uint8_t sum; /* of its octets */
    sim_ns at;
};

struct kit {
    struct pair pair;
    struct coap_endpoint *e[2];
    struct kit_event events[2][KIT_MAX];
    size_t count[2];
    /* Side 1, the server. */
    size_t served;    /* requests that reached its node */
    uint8_t last_sum; /* of the last request's payload */
    size_t last_n;
    size_t body;           /* how long GET's body is */
    uint8_t salt;          /* of what the body is made */
    uint8_t code;          /* of the answer to GET; 0: 2.05 */
    bool is_text;          /* that answer has no Content-Format */
    uint32_t slow;         /* an exchange that is answered at slow_at */
    sim_ns delay, slow_at; /* 0: at once */
    uint32_t observer;     /* the last one */
};

static inline uint8_t kit_octet(size_t i, uint8_t salt)
{
    return (uint8_t)(i * 7 + i / 256 + salt);
}

static inline void kit_fill(uint8_t *out, size_t n, uint8_t salt)
{
    for (size_t i = 0; i < n; i++)
        out[i] = kit_octet(i, salt);
}

static inline uint8_t kit_sum(const uint8_t *p, size_t n)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum = (uint8_t)(sum * 3 + p[i]);
    return sum;
}

static inline uint8_t kit_sum_of(size_t n, uint8_t salt)
{
    static uint8_t octets[KIT_BODY * 4];

    kit_fill(octets, n, salt);
    return kit_sum(octets, n);
}

/* The answer to GET, and a notification. */
static inline void kit_content(struct kit *k, struct coap_msg *m, enum coap_type type)
{
    static uint8_t octets[KIT_BODY * 4];

    kit_fill(octets, k->body, k->salt);
    coap_msg_init(m, type, k->code ? k->code : COAP_CONTENT);
    if (!k->is_text)
        coap_msg_add_uint(m, COAP_CONTENT_FORMAT, COAP_XML);
    m->payload = span_of(octets, k->body);
}

static inline void kit_serve(struct kit *k, const struct coap_event *e)
{
    struct coap_msg m;
    uint32_t observe;

    k->served++;
    k->last_n = e->message.payload.n;
    k->last_sum = kit_sum(e->message.payload.p, k->last_n);
    if (k->delay > 0) {
        k->slow = e->exchange;
        k->slow_at = k->pair.now + k->delay;
        return;
    }
    coap_msg_init(&m, COAP_ACK, COAP_CHANGED);
    if (e->message.code == COAP_GET || e->message.code == COAP_POST)
        kit_content(k, &m, COAP_ACK);
    if (coap_msg_get_uint(&e->message, COAP_OBSERVE, &observe) && observe == 0) {
        coap_msg_add_uint(&m, COAP_OBSERVE, 0);
        k->observer = e->exchange;
    }
    ck_assert(coap_respond(k->e[1], k->pair.now, e->exchange, &m));
}

static inline void kit_step(void *arg, struct pair *p, int side)
{
    struct kit *k = arg;
    const struct coap_event *e;

    while ((e = coap_event(k->e[side]))) {
        if (k->count[side] < KIT_MAX)
            k->events[side][k->count[side]++] =
                (struct kit_event){.kind = e->kind,
                                   .reason = e->reason,
                                   .exchange = e->exchange,
                                   .code = e->kind <= COAP_NOTIFIED ? e->message.code : 0,
                                   .n = e->kind <= COAP_NOTIFIED ? e->message.payload.n : 0,
                                   .sum = e->kind <= COAP_NOTIFIED
                                              ? kit_sum(e->message.payload.p, e->message.payload.n)
                                              : 0,
                                   .at = p->now};
        if (side == 1 && e->kind == COAP_REQUESTED)
            kit_serve(k, e);
        coap_taken(k->e[side]);
    }
    if (side == 1 && k->slow && p->now >= k->slow_at) {
        struct coap_msg m;

        kit_content(k, &m, COAP_ACK);
        coap_respond(k->e[1], p->now, k->slow, &m);
        k->slow = 0;
    }
}

static inline struct kit *kit_new(const struct coap_settings *client,
                                  const struct coap_settings *server, uint64_t seed)
{
    struct kit *k = calloc(1, sizeof(*k));
    static const struct coap_settings plain;

    pair_init(&k->pair, seed);
    k->e[0] = coap_new(&k->pair.side[0].env, client ? client : &plain);
    k->e[1] = coap_new(&k->pair.side[1].env, server ? server : &plain);
    for (int i = 0; i < 2; i++) {
        k->pair.side[i].proto = coap_proto(k->e[i]);
        pair_enter(&k->pair, i);
        coap_proto(k->e[i])->ops->start(coap_proto(k->e[i]), 0);
        pair_leave();
    }
    k->body = 20;
    return k;
}

static inline void kit_free(struct kit *k)
{
    for (int i = 0; i < 2; i++)
        proto_free(coap_proto(k->e[i]));
    pair_release(&k->pair);
    free(k);
}

static inline struct pair_script kit_script(struct kit *k)
{
    struct pair_script s = pair_clean();

    s.datagrams = true;
    s.step = kit_step;
    s.arg = k;
    s.delay = 50 * SIM_MS;
    return s;
}

/* A request with a body of n octets. */
static inline uint32_t kit_ask(struct kit *k, enum coap_type type, enum coap_code code, size_t n,
                               int observe)
{
    static uint8_t octets[KIT_BODY * 4];
    struct coap_msg m;
    struct buf store;
    uint32_t exchange;

    buf_init(&store, 256);
    coap_msg_init(&m, type, (uint8_t)code);
    ck_assert(coap_msg_add_uri(&m, "/m2m/scls?x=1", &store));
    if (observe >= 0)
        coap_msg_add_uint(&m, COAP_OBSERVE, (uint32_t)observe);
    kit_fill(octets, n, 9);
    m.payload = span_of(octets, n);
    pair_enter(&k->pair, 0);
    exchange = coap_request(k->e[0], k->pair.now, &m);
    pair_leave();
    buf_clear(&store);
    return exchange;
}

static inline void kit_run(struct kit *k, struct pair_script s)
{
    enum pair_end end = pair_run(&k->pair, &s);

    ck_assert_int_ne(end, PAIR_LIMIT);
}

#endif
