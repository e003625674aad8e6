#include "models/proto/coap_impl.h"

#include "sim/base/xalloc.h"

#include <stdlib.h>

static struct coap_endpoint *of(struct proto *p)
{
    return (struct coap_endpoint *)p;
}

/* ---- what the node is told ---- */

void coap_tell(struct coap_endpoint *e, enum coap_event_kind kind, uint32_t exchange,
               enum reason reason, const struct coap_msg *message, bool confirmable)
{
    struct coap_told *t = xcalloc(1, sizeof(*t));

    t->event.kind = kind;
    t->event.exchange = exchange;
    t->event.reason = reason;
    t->event.confirmable = confirmable;
    buf_init(&t->octets, COAP_MESSAGE_MAX + e->settings.max_body);
    if (message)
        coap_msg_write(message, &t->octets);
    *e->told_end = t;
    e->told_end = &t->next;
}

const struct coap_event *coap_event(struct coap_endpoint *e)
{
    struct coap_told *t = e->told;

    if (!t)
        return NULL;
    if (!t->read && buf_len(&t->octets) > 0)
        coap_msg_parse(buf_span(&t->octets), &t->event.message);
    t->read = true;
    return &t->event;
}

void coap_taken(struct coap_endpoint *e)
{
    struct coap_told *t = e->told;

    if (!t)
        return;
    e->told = t->next;
    if (!e->told)
        e->told_end = &e->told;
    buf_clear(&t->octets);
    free(t);
}

uint32_t coap_new_exchange(struct coap_endpoint *e)
{
    if (++e->next_exchange == COAP_NOBODY)
        e->next_exchange++;
    return e->next_exchange;
}

/* ---- what arrives: RFC 7252 table 1, and 4.2, 4.3 for what it has no place for ---- */

enum what { WHAT_EMPTY, WHAT_REQUEST, WHAT_RESPONSE, WHAT_RESERVED, WHATS };
enum action { IGNORE, REJECT, SERVE, TAKE, TAKE_PIGGYBACKED, ACKNOWLEDGED, RESET };

/* clang-format off */
static const enum action actions[4][WHATS] = {
    /*            Empty         request  response          reserved class */
    [COAP_CON] = {REJECT,       SERVE,   TAKE,             REJECT}, /* an Empty one is a ping (4.3) */
    [COAP_NON] = {IGNORE,       SERVE,   TAKE,             IGNORE},
    [COAP_ACK] = {ACKNOWLEDGED, IGNORE,  TAKE_PIGGYBACKED, IGNORE},
    [COAP_RST] = {RESET,        IGNORE,  IGNORE,           IGNORE},
};
/* clang-format on */

static enum what what_is(uint8_t code)
{
    if (code == COAP_EMPTY)
        return WHAT_EMPTY;
    if (coap_is_request(code))
        return WHAT_REQUEST;
    return coap_is_response(code) ? WHAT_RESPONSE : WHAT_RESERVED;
}

static void ignore(struct coap_endpoint *e, const char *why)
{
    e->counts.ignored++;
    coap_trace(e, "ANY", "ANY", why);
}

static void acknowledged(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m)
{
    struct coap_sending *s = coap_awaiting(e, m->id);
    uint32_t exchange;

    if (!s) {
        ignore(e, "an ACK for nothing");
        return;
    }
    exchange = s->exchange;
    coap_drop(e, s);
    coap_trace(e, "AWAITING", "ACKNOWLEDGED", "ACK");
    coap_served_acknowledged(e, now, exchange);
}

static void reset(struct coap_endpoint *e, const struct coap_msg *m)
{
    struct coap_sending *s = coap_awaiting(e, m->id);
    struct coap_call *c = s ? coap_call_of(e, s->exchange) : NULL;
    uint32_t exchange = s ? s->exchange : COAP_NOBODY;

    for (struct coap_call *other = e->calls; !s && other; other = other->next)
        if (other->id == m->id && other->type == COAP_NON && other->waiting)
            c = other;
    if (s)
        coap_drop(e, s);
    if (c)
        coap_call_fail(e, c, REASON_COAP_RESET);
    else
        coap_served_reset(e, m->id, exchange);
}

/* RFC 7252 5.3.2. A response also acknowledges, when its ACK was lost (5.2.2). */
static void take(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m)
{
    struct coap_call *c = coap_call_by_token(e, m);
    struct coap_sending *s;
    bool refused = !c || coap_msg_bad_option(m);

    if (m->type == COAP_CON)
        coap_reply(e, refused ? COAP_RST : COAP_ACK, m->id, NULL);
    else if (refused && !c)
        coap_reply(e, COAP_RST, m->id, NULL); /* RFC 7641 3.6: no more of them */
    if (!c) {
        ignore(e, "a response to nothing");
        return;
    }
    s = coap_awaiting(e, c->id);
    if (s && s->exchange == c->exchange)
        coap_drop(e, s);
    coap_call_response(e, now, c, m);
}

static void take_piggybacked(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m)
{
    struct coap_sending *s = coap_awaiting(e, m->id);
    struct coap_call *c = s ? coap_call_of(e, s->exchange) : NULL;

    if (!c || c != coap_call_by_token(e, m)) {
        ignore(e, "a response to nothing");
        return;
    }
    coap_drop(e, s);
    coap_call_response(e, now, c, m);
}

static void act(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m)
{
    switch (actions[m->type][what_is(m->code)]) {
    case IGNORE:
        ignore(e, "a message that has no place");
        break;
    case REJECT:
        coap_reply(e, COAP_RST, m->id, NULL);
        break;
    case SERVE:
        if (!coap_is_duplicate(e, now, m))
            coap_serve(e, now, m);
        break;
    case TAKE:
        if (!coap_is_duplicate(e, now, m))
            take(e, now, m);
        break;
    case TAKE_PIGGYBACKED:
        take_piggybacked(e, now, m);
        break;
    case ACKNOWLEDGED:
        acknowledged(e, now, m);
        break;
    case RESET:
        reset(e, m);
        break;
    }
}

static void input(struct proto *p, sim_ns now, struct span in)
{
    struct coap_endpoint *e = of(p);
    struct coap_msg m;

    if (p->status != PROTO_RUNNING)
        return;
    e->counts.received++;
    meter_add(p->env->meter, OP_COAP_MESSAGE, 1, in.n);
    if (coap_msg_parse(in, &m) == REASON_NONE)
        act(e, now, &m);
    else if (m.has_header && m.type == COAP_CON)
        coap_reply(e, COAP_RST, m.id, NULL); /* RFC 7252 4.2 */
    else
        ignore(e, "not CoAP");
    coap_schedule(e);
}

/* ---- time ---- */

void coap_schedule(struct coap_endpoint *e)
{
    sim_ns at = coap_next_repeat(e);

    for (const struct coap_call *c = e->calls; c; c = c->next)
        at = sim_ns_min(at, c->deadline);
    for (const struct coap_served *s = e->served; s; s = s->next)
        at = sim_ns_min(at, sim_ns_min(s->ack_due, s->deadline));
    for (const struct coap_kept *k = e->kept; k; k = k->next)
        at = sim_ns_min(at, sim_ns_add(k->at, e->settings.exchange_lifetime));
    e->proto.expiry = e->proto.status == PROTO_RUNNING ? at : SIM_NEVER;
}

static void expire(struct proto *p, sim_ns now)
{
    struct coap_endpoint *e = of(p);

    if (p->status != PROTO_RUNNING)
        return;
    coap_repeat(e, now);
    coap_calls_expire(e, now);
    coap_served_expire(e, now);
    coap_kept_expire(e, now);
    coap_schedule(e);
}

static bool output(struct proto *p, sim_ns now, struct buf *out)
{
    struct coap_endpoint *e = of(p);
    bool some = p->status == PROTO_RUNNING && coap_give(e, now, out);

    coap_schedule(e);
    return some;
}

/* ---- the endpoint ---- */

/* RFC 7252 4.4: a first message ID that nobody can guess. */
static void start(struct proto *p, sim_ns now)
{
    struct coap_endpoint *e = of(p);

    (void)now;
    if (e->started)
        return;
    e->started = true;
    e->next_id = (uint16_t)rng_below(p->env->stream, 1u << 16);
    meter_add(p->env->meter, OP_RANDOM, 1, 2);
}

static void drop_everything(struct coap_endpoint *e)
{
    while (e->sendings)
        coap_drop(e, e->sendings);
    for (struct coap_call *next, *c = e->calls; c; c = next) {
        next = c->next;
        coap_call_free(c);
    }
    for (struct coap_served *next, *s = e->served; s; s = next) {
        next = s->next;
        coap_served_free(s);
    }
    while (e->kept)
        coap_kept_drop(e, e->kept);
    for (unsigned i = 0; e->seen && i < e->settings.max_seen; i++)
        buf_clear(&e->seen[i].reply);
    free(e->seen);
    e->calls = NULL;
    e->served = NULL;
    e->seen = NULL;
}

static void release(struct proto *p)
{
    struct coap_endpoint *e = of(p);

    drop_everything(e);
    while (e->told)
        coap_taken(e);
    free(e);
}

static const struct proto_ops ops = {"coap", start, input, output, expire, release};

static void set_defaults(struct coap_settings *s)
{
    s->ack_timeout = s->ack_timeout ? s->ack_timeout : 2 * SIM_S;
    s->ack_random_permille = s->ack_random_permille > 1000 ? s->ack_random_permille : 1500;
    s->max_retransmit = s->no_retransmit ? 0 : s->max_retransmit ? s->max_retransmit : 4;
    s->nstart = s->nstart ? s->nstart : 1;
    s->ack_delay = s->ack_delay ? s->ack_delay : 500 * SIM_MS;
    s->exchange_lifetime = s->exchange_lifetime ? s->exchange_lifetime : 247 * SIM_S;
    s->szx = s->szx_given && s->szx <= COAP_SZX_MAX ? s->szx : COAP_SZX_MAX;
    s->max_body = s->max_body ? s->max_body : 65536;
    s->max_calls = s->max_calls ? s->max_calls : 64;
    s->max_served = s->max_served ? s->max_served : 32;
    s->max_observations = s->max_observations ? s->max_observations : 16;
    s->max_seen = s->max_seen ? s->max_seen : 16;
}

struct coap_endpoint *coap_new(struct proto_env *env, const struct coap_settings *settings)
{
    struct coap_endpoint *e = xcalloc(1, sizeof(*e));

    proto_init(&e->proto, &ops, env);
    e->settings = *settings;
    set_defaults(&e->settings);
    e->told_end = &e->told;
    return e;
}

struct proto *coap_proto(struct coap_endpoint *e)
{
    return &e->proto;
}

void coap_close(struct coap_endpoint *e)
{
    drop_everything(e);
    proto_done(&e->proto);
    e->proto.expiry = SIM_NEVER;
}

const struct coap_counts *coap_counts(const struct coap_endpoint *e)
{
    return &e->counts;
}

bool coap_is_idle(const struct coap_endpoint *e)
{
    for (const struct coap_call *c = e->calls; c; c = c->next)
        if (!c->observing || c->deadline != SIM_NEVER)
            return false;
    for (const struct coap_served *s = e->served; s; s = s->next)
        if (!s->observes)
            return false;
    return !e->sendings && !e->told;
}
