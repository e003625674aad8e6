/* coap: a script (steps.h) for two endpoints and the way between: each asks, answers, notifies and
 * cancels; datagrams are lost, twice, changed, made up; time goes by. What must hold: every request
 * of ours ends once, bodies are whole, what an endpoint says can be read, and when all is over
 * nothing is left open. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/steps.h"

#include "models/proto/coap.h"

#include <stdlib.h>

#define ON_THE_WAY 8
#define MAX_OPEN   64

static struct world {
    struct coap_endpoint *e[2];
    struct proto_env env[2];
    struct rng stream[2];
    struct meter meter;
    sim_ns now;
    struct buf way[2][ON_THE_WAY];    /* to this side */
    uint32_t open[2][MAX_OPEN];       /* requests that are not over */
    uint32_t asked[2][4], asked_n[2]; /* requests of the peer, the last ones */
} w;

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void collect(int side)
{
    struct proto *p = coap_proto(w.e[side]);
    struct coap_msg m;

    for (int i = 0; i < ON_THE_WAY; i++) {
        struct buf *b = &w.way[1 - side][i];

        if (buf_len(b) > 0)
            continue;
        if (!p->ops->output(p, w.now, b))
            return;
        must(coap_msg_parse(buf_span(b), &m) == REASON_NONE);
    }
}

static void told(int side)
{
    const struct coap_event *e;

    while ((e = coap_event(w.e[side]))) {
        int found = -1;

        for (int i = 0; i < MAX_OPEN; i++)
            if (w.open[side][i] == e->exchange && e->exchange != 0)
                found = i;
        switch (e->kind) {
        case COAP_REQUESTED:
            must(found < 0);
            w.asked[side][w.asked_n[side]++ % 4] = e->exchange;
            break;
        case COAP_ANSWERED:
        case COAP_FAILED:
            must(found >= 0);
            must((e->reason != REASON_NONE) == (e->kind == COAP_FAILED));
            w.open[side][found] = 0;
            break;
        case COAP_NOTIFIED:
            must(found >= 0);
            break;
        case COAP_FORGOTTEN:
            break;
        }
        coap_taken(w.e[side]);
    }
}

static void ask(int side, struct span s)
{
    static uint8_t body[4096];
    struct coap_msg m;
    uint32_t exchange;
    uint8_t how = s.n > 0 ? s.p[0] : 0;

    coap_msg_init(&m, how & 1 ? COAP_NON : COAP_CON, (uint8_t)(1 + (how >> 1) % 4));
    coap_msg_add(&m, COAP_URI_PATH, span_str("m2m"));
    if (how & 8)
        coap_msg_add_uint(&m, COAP_OBSERVE, how >> 7);
    if (s.n > 1)
        m.payload = span_of(body, (size_t)s.p[1] * 16);
    exchange = coap_request(w.e[side], w.now, &m);
    for (int i = 0; exchange != 0; i++) {
        must(i < MAX_OPEN); /* max_calls */
        if (w.open[side][i] == 0) {
            w.open[side][i] = exchange;
            break;
        }
    }
}

static void answer(int side, struct span s)
{
    static uint8_t body[4096];
    uint8_t how = s.n > 0 ? s.p[0] : 0;
    uint32_t exchange = w.asked[side][how % 4];
    struct coap_msg m;

    coap_msg_init(&m, how & 4 ? COAP_NON : COAP_CON, how & 8 ? COAP_NOT_FOUND : COAP_CONTENT);
    if (how & 16)
        coap_msg_add_uint(&m, COAP_OBSERVE, 0);
    if (s.n > 1)
        m.payload = span_of(body, (size_t)s.p[1] * 16);
    if (how & 32)
        must(!coap_notify(w.e[side], w.now, exchange, &m) || coap_observes(w.e[side], exchange) ||
             (how & 8));
    else if (how & 64)
        coap_forget(w.e[side], exchange);
    else
        coap_respond(w.e[side], w.now, exchange, &m);
}

static void deliver(int side, struct span s, bool keep)
{
    struct buf *b = &w.way[side][s.n > 0 ? s.p[0] % ON_THE_WAY : 0];
    struct proto *p = coap_proto(w.e[side]);
    uint8_t octets[2048];
    size_t n = buf_len(b);

    if (n == 0 || n > sizeof(octets))
        return;
    memcpy(octets, buf_span(b).p, n);
    if (s.n > 1)
        step_change(span_of(s.p + 1, s.n - 1), octets, n);
    p->ops->input(p, w.now, span_of(octets, n));
    if (!keep)
        buf_clear(b);
}

static void go_on(int side, struct span s)
{
    struct proto *p = coap_proto(w.e[side]);

    w.now += s.n > 0 ? s.p[0] * 10 * SIM_MS : 0;
    if (s.n == 0 && p->expiry != SIM_NEVER && p->expiry > w.now)
        w.now = p->expiry;
    for (int i = 0; i < 2; i++) {
        struct proto *q = coap_proto(w.e[i]);

        if (w.now >= q->expiry)
            q->ops->expire(q, w.now);
        must(q->expiry > w.now || q->expiry == SIM_NEVER || !coap_is_idle(w.e[i]));
    }
}

static void cancel(int side, struct span s)
{
    coap_cancel(w.e[side], w.now, w.open[side][s.n > 0 ? s.p[0] % MAX_OPEN : 0]);
}

static void step(uint8_t what, struct span s)
{
    int side = what & 1;

    switch (what >> 1 & 7) {
    case 0:
        ask(side, s);
        break;
    case 1:
        answer(side, s);
        break;
    case 2:
        deliver(side, s, false);
        break;
    case 3:
        deliver(side, s, true);
        break;
    case 4:
        buf_clear(&w.way[side][s.n > 0 ? s.p[0] % ON_THE_WAY : 0]);
        break;
    case 5:
        go_on(side, s);
        break;
    case 6:
        coap_proto(w.e[side])->ops->input(coap_proto(w.e[side]), w.now, s);
        break;
    default:
        cancel(side, s);
        break;
    }
    for (int i = 0; i < 2; i++) {
        told(i);
        collect(i);
    }
}

static void begin(void)
{
    const struct coap_settings small = {.szx = 2, .szx_given = true, .max_body = 2048};

    memset(&w, 0, sizeof(w));
    for (int i = 0; i < 2; i++) {
        w.stream[i] = rng_stream(1, i ? "server" : "client", "fuzz");
        w.env[i] = (struct proto_env){.stream = &w.stream[i], .meter = &w.meter};
        w.e[i] = coap_new(&w.env[i], &small);
        coap_proto(w.e[i])->ops->start(coap_proto(w.e[i]), 0);
        for (int k = 0; k < ON_THE_WAY; k++)
            buf_init(&w.way[i][k], COAP_MESSAGE_MAX);
    }
}

/* Nothing arrives any more: every request ends by itself. */
static void finish(void)
{
    for (int side = 0; side < 2; side++) {
        struct proto *p = coap_proto(w.e[side]);
        struct buf out;

        buf_init(&out, COAP_MESSAGE_MAX);
        while (p->ops->output(p, w.now, &out)) /* what the way had no room for */
            buf_clear(&out);
        for (int i = 0; i < 2000 && p->expiry != SIM_NEVER; i++) {
            if (p->expiry > w.now)
                w.now = p->expiry;
            p->ops->expire(p, w.now);
            told(side);
            while (p->ops->output(p, w.now, &out))
                buf_clear(&out);
        }
        must(p->expiry == SIM_NEVER && p->status == PROTO_RUNNING && coap_is_idle(w.e[side]));
        buf_clear(&out);
        proto_free(p);
        for (int k = 0; k < ON_THE_WAY; k++)
            buf_clear(&w.way[side][k]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span in = span_of(data, n), octets;
    uint8_t what;

    begin();
    for (int i = 0; i < STEPS_MAX && step_next(&in, &what, &octets); i++)
        step(what, octets);
    finish();
    return 0;
}
