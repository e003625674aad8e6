/* Requests of ours, and observations (RFC 7252 5.2, 5.3; RFC 7641 3). */
#include "models/proto/coap_impl.h"

#include "sim/base/xalloc.h"

#include <stdlib.h>

#define OBSERVE_RANGE (1u << 24)
#define OBSERVE_HALF  (1u << 23)
#define OBSERVE_OLD   (128 * SIM_S) /* RFC 7641 3.4 */

static struct span token_of(const struct coap_msg *m)
{
    return span_of(m->token, m->token_n);
}

struct coap_call *coap_call_by_token(struct coap_endpoint *e, const struct coap_msg *m)
{
    for (struct coap_call *c = e->calls; c; c = c->next)
        if (coap_same(token_of(m), span_of(c->token, COAP_OUR_TOKEN)) ||
            (c->observing && coap_same(token_of(m), span_of(c->observe_token, COAP_OUR_TOKEN))))
            return c;
    return NULL;
}

struct coap_call *coap_call_of(struct coap_endpoint *e, uint32_t exchange)
{
    for (struct coap_call *c = e->calls; c && exchange != COAP_NOBODY; c = c->next)
        if (c->exchange == exchange)
            return c;
    return NULL;
}

void coap_call_free(struct coap_call *c)
{
    buf_clear(&c->head);
    buf_clear(&c->up);
    buf_clear(&c->down.octets);
    buf_clear(&c->answer);
    free(c);
}

/* Takes it out of the list, and frees it. */
static void coap_call_end(struct coap_endpoint *e, struct coap_call *c)
{
    struct coap_call **at = &e->calls;

    coap_drop_all(e, c->exchange);
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    coap_call_free(c);
}

void coap_call_fail(struct coap_endpoint *e, struct coap_call *c, enum reason reason)
{
    coap_trace(e, "OPEN", "FAILED", reason_text(reason));
    coap_tell(e, COAP_FAILED, c->exchange, reason, NULL, false);
    coap_call_end(e, c);
}

void coap_call_new_token(struct coap_endpoint *e, struct coap_call *c)
{
    struct coap_msg m = {.token_n = COAP_OUR_TOKEN};

    do {
        rng_bytes(e->proto.env->stream, m.token, COAP_OUR_TOKEN);
        meter_add(e->proto.env->meter, OP_RANDOM, 1, COAP_OUR_TOKEN);
    } while (coap_call_by_token(e, &m));
    memcpy(c->token, m.token, COAP_OUR_TOKEN);
}

bool coap_call_send(struct coap_endpoint *e, sim_ns now, struct coap_call *c, struct coap_msg *m)
{
    struct coap_sending *s;

    m->type = c->type;
    m->token_n = COAP_OUR_TOKEN;
    memcpy(m->token, c->token, COAP_OUR_TOKEN);
    s = coap_send(e, m, c->exchange);
    if (!s) {
        coap_call_fail(e, c, REASON_COAP_TOO_LARGE);
        return false;
    }
    c->id = m->id;
    c->waiting = true;
    c->deadline = sim_ns_add(now, e->settings.exchange_lifetime);
    return true;
}

static unsigned count_calls(const struct coap_endpoint *e)
{
    unsigned n = 0;

    for (const struct coap_call *c = e->calls; c; c = c->next)
        n++;
    return n;
}

/* What stays of a request without its body and the node's own ideas of blocks. */
static bool keep_head(struct coap_endpoint *e, struct coap_call *c, const struct coap_msg *m)
{
    struct coap_msg head = *m;
    const struct coap_block first = {.szx = e->settings.szx};

    coap_msg_remove(&head, COAP_BLOCK1);
    coap_msg_remove(&head, COAP_BLOCK2);
    coap_msg_remove(&head, COAP_SIZE1);
    coap_msg_remove(&head, COAP_SIZE2);
    head.payload = span_of(NULL, 0);
    head.token_n = 0;
    /* RFC 7959 2.4: early negotiation, by who wants smaller blocks than the largest. */
    if (e->settings.szx < COAP_SZX_MAX)
        coap_msg_add_block(&head, COAP_BLOCK2, &first);
    return coap_msg_write(&head, &c->head);
}

static bool goes_in_blocks(const struct coap_endpoint *e, const struct coap_call *c)
{
    return buf_len(&c->up) > coap_block_size(e->settings.szx);
}

/* RFC 7959 2.3: a server tells the blocks of two bodies for one resource apart by nothing, so they
 * go one after the other. */
static bool is_held(const struct coap_endpoint *e, const struct coap_call *c)
{
    for (const struct coap_call *o = e->calls; o != c && goes_in_blocks(e, c); o = o->next)
        if (goes_in_blocks(e, o) && coap_same(buf_span(&o->head), buf_span(&c->head)))
            return true;
    return false;
}

void coap_calls_release(struct coap_endpoint *e, sim_ns now)
{
    for (struct coap_call *next, *c = e->calls; c; c = next) {
        next = c->next;
        if (c->held && !is_held(e, c)) {
            c->held = false;
            coap_call_block(e, now, c);
        }
    }
}

uint32_t coap_request(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m)
{
    struct coap_call *c, **at = &e->calls;
    uint32_t observe, exchange;

    if (e->proto.status != PROTO_RUNNING || !coap_is_request(m->code) ||
        m->payload.n > e->settings.max_body || count_calls(e) >= e->settings.max_calls)
        return COAP_NOBODY;
    c = xcalloc(1, sizeof(*c));
    buf_init(&c->head, COAP_MESSAGE_MAX);
    buf_init(&c->up, e->settings.max_body);
    buf_init(&c->down.octets, e->settings.max_body);
    buf_init(&c->answer, COAP_MESSAGE_MAX);
    c->type = m->type == COAP_NON ? COAP_NON : COAP_CON;
    c->up_szx = c->down_szx = e->settings.szx;
    if (!keep_head(e, c, m) || !coap_put(&c->up, m->payload)) {
        coap_call_free(c);
        return COAP_NOBODY;
    }
    exchange = c->exchange = coap_new_exchange(e);
    coap_call_new_token(e, c);
    c->observing = coap_msg_get_uint(m, COAP_OBSERVE, &observe) && observe == 0;
    memcpy(c->observe_token, c->token, COAP_OUR_TOKEN);
    while (*at)
        at = &(*at)->next;
    *at = c;
    c->held = is_held(e, c);
    c->deadline = SIM_NEVER;
    if (!c->held)
        coap_call_block(e, now, c);
    coap_schedule(e);
    return exchange;
}

void coap_cancel(struct coap_endpoint *e, sim_ns now, uint32_t exchange)
{
    struct coap_call *c = coap_call_of(e, exchange);
    struct coap_msg m;

    if (!c || !c->observing || coap_msg_parse(buf_span(&c->head), &m) != REASON_NONE)
        return;
    coap_drop_all(e, exchange);
    coap_msg_remove(&m, COAP_OBSERVE);
    coap_msg_add_uint(&m, COAP_OBSERVE, 1);
    c->observing = c->fetching = false;
    buf_clear(&c->answer);
    buf_clear(&c->down.octets);
    /* RFC 7641 3.6: by the token that began it. */
    memcpy(c->token, c->observe_token, COAP_OUR_TOKEN);
    coap_call_send(e, now, c, &m);
    coap_schedule(e);
}

/* RFC 7641 3.4 */
static bool is_fresh(const struct coap_call *c, sim_ns now, uint32_t number)
{
    uint32_t v1 = c->notified, v2 = number % OBSERVE_RANGE;

    return !c->has_notified || (v1 < v2 && v2 - v1 < OBSERVE_HALF) ||
           (v1 > v2 && v1 - v2 > OBSERVE_HALF) || now > sim_ns_add(c->notified_at, OBSERVE_OLD);
}

/* false: it is older than what is known. */
static bool observe(struct coap_endpoint *e, sim_ns now, struct coap_call *c,
                    const struct coap_msg *m)
{
    uint32_t number;

    if (!c->observing || !coap_same(token_of(m), span_of(c->observe_token, COAP_OUR_TOKEN)))
        return true;
    if (coap_class(m->code) != 2 || !coap_msg_get_uint(m, COAP_OBSERVE, &number)) {
        /* The server never began, or began no more (RFC 7641 4.2). */
        coap_drop_all(e, c->exchange);
        buf_clear(&c->answer);
        buf_clear(&c->down.octets);
        c->observing = c->fetching = false;
        return true;
    }
    if (!is_fresh(c, now, number)) {
        e->counts.ignored++;
        return false;
    }
    c->has_notified = true;
    c->notified = number;
    c->notified_at = now;
    /* A newer representation: the rest of the one before is of no use (RFC 7959 2.6). */
    coap_drop_all(e, c->exchange);
    buf_clear(&c->answer);
    buf_clear(&c->down.octets);
    c->fetching = false;
    c->restarts = 0;
    return true;
}

static void finish(struct coap_endpoint *e, struct coap_call *c, const struct coap_msg *m)
{
    struct coap_msg whole = *m;

    if (buf_len(&c->answer) > 0 && coap_msg_parse(buf_span(&c->answer), &whole) == REASON_NONE)
        whole.payload = buf_span(&c->down.octets);
    coap_msg_remove(&whole, COAP_BLOCK1);
    coap_msg_remove(&whole, COAP_BLOCK2);
    coap_msg_remove(&whole, COAP_SIZE1);
    coap_msg_remove(&whole, COAP_SIZE2);
    coap_tell(e, c->observing ? COAP_NOTIFIED : COAP_ANSWERED, c->exchange, REASON_NONE, &whole,
              false);
    if (!c->observing) {
        coap_call_end(e, c);
        return;
    }
    buf_clear(&c->answer);
    buf_clear(&c->down.octets);
    c->fetching = false;
    c->deadline = SIM_NEVER;
}

void coap_call_response(struct coap_endpoint *e, sim_ns now, struct coap_call *c,
                        const struct coap_msg *m)
{
    c->waiting = false;
    if (coap_msg_bad_option(m)) /* RFC 7252 5.4.1 */
        coap_call_fail(e, c, REASON_COAP_OPTION);
    else if (observe(e, now, c, m) && !coap_call_continues(e, now, c, m))
        finish(e, c, m);
}

void coap_calls_expire(struct coap_endpoint *e, sim_ns now)
{
    for (struct coap_call *next, *c = e->calls; c; c = next) {
        next = c->next;
        if (now >= c->deadline)
            coap_call_fail(e, c, REASON_COAP_TIMEOUT);
    }
}
