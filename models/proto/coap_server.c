/* Requests of the peer, and who observes (RFC 7252 5.2, 5.4, 5.8; RFC 7641 4). */
#include "models/proto/coap_impl.h"

#include "sim/base/xalloc.h"

#include <stdlib.h>

#define OBSERVE_MASK 0xffffffu

static struct coap_served *coap_served_of(struct coap_endpoint *e, uint32_t exchange)
{
    for (struct coap_served *s = e->served; s && exchange != COAP_NOBODY; s = s->next)
        if (s->exchange == exchange)
            return s;
    return NULL;
}

void coap_served_free(struct coap_served *s)
{
    buf_clear(&s->key);
    buf_clear(&s->newest);
    free(s);
}

static void end(struct coap_endpoint *e, struct coap_served *s)
{
    struct coap_served **at = &e->served;

    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    coap_served_free(s);
}

/* RFC 7252 5.4.2: Size1 and the like say nothing of which resource; RFC 7641 2, RFC 7959 2: nor do
 * Observe and the blocks. */
void coap_cache_key(const struct coap_msg *m, struct buf *key)
{
    buf_put(key, &m->code, 1);
    for (size_t i = 0; i < m->option_count; i++) {
        const struct coap_option *o = &m->options[i];
        const struct span value = coap_option_value(o);
        const uint8_t head[4] = {(uint8_t)(o->number >> 8), (uint8_t)o->number,
                                 (uint8_t)(o->n >> 8), (uint8_t)o->n};

        if ((o->number & 0x1e) == 0x1c || o->number == COAP_OBSERVE || o->number == COAP_BLOCK1 ||
            o->number == COAP_BLOCK2)
            continue;
        buf_put(key, head, sizeof(head));
        if (value.n > 0)
            buf_put_span(key, value);
    }
}

void coap_served_answer(struct coap_endpoint *e, sim_ns now, const struct coap_msg *request,
                        struct coap_msg *response)
{
    (void)now;
    response->token_n = request->token_n;
    memcpy(response->token, request->token, request->token_n);
    if (request->type == COAP_CON) {
        coap_reply(e, COAP_ACK, request->id, response);
    } else {
        response->type = COAP_NON;
        coap_send(e, response, COAP_NOBODY);
    }
}

static void refuse(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m,
                   enum coap_code code)
{
    struct coap_msg response;

    coap_msg_init(&response, COAP_ACK, (uint8_t)code);
    coap_served_answer(e, now, m, &response);
}

static bool has_reserved_szx(const struct coap_msg *m)
{
    struct coap_block b;

    return (coap_msg_get_block(m, COAP_BLOCK1, &b) && b.szx > COAP_SZX_MAX) ||
           (coap_msg_get_block(m, COAP_BLOCK2, &b) && b.szx > COAP_SZX_MAX);
}

/* RFC 7641 4.1: one entry for an endpoint and a token; 3.6: Observe 1 takes it out. */
static void forget_token(struct coap_endpoint *e, const struct coap_msg *m)
{
    for (struct coap_served *next, *s = e->served; s; s = next) {
        next = s->next;
        if (s->observes &&
            coap_same(span_of(s->token, s->token_n), span_of(m->token, m->token_n))) {
            coap_tell(e, COAP_FORGOTTEN, s->exchange, REASON_NONE, NULL, false);
            coap_drop_all(e, s->exchange);
            end(e, s);
        }
    }
}

static unsigned count(const struct coap_endpoint *e, bool observing)
{
    unsigned n = 0;

    for (const struct coap_served *s = e->served; s; s = s->next)
        n += s->observes == observing;
    return n;
}

static struct coap_served *take(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m)
{
    struct coap_served *s = xcalloc(1, sizeof(*s)), **at = &e->served;
    struct coap_block b = {.szx = COAP_SZX_MAX};
    uint32_t observe;

    buf_init(&s->key, COAP_MESSAGE_MAX);
    buf_init(&s->newest, COAP_MESSAGE_MAX + e->settings.max_body);
    coap_cache_key(m, &s->key);
    s->exchange = coap_new_exchange(e);
    s->id = m->id;
    s->token_n = m->token_n;
    memcpy(s->token, m->token, m->token_n);
    s->confirmable = m->type == COAP_CON;
    s->ack_due = s->confirmable ? sim_ns_add(now, e->settings.ack_delay) : SIM_NEVER;
    s->deadline = sim_ns_add(now, e->settings.exchange_lifetime);
    s->wants_observe =
        m->code == COAP_GET && coap_msg_get_uint(m, COAP_OBSERVE, &observe) && observe == 0;
    coap_msg_get_block(m, COAP_BLOCK2, &b);
    s->num = b.num;
    s->szx = b.szx < e->settings.szx ? b.szx : e->settings.szx;
    if (coap_msg_get_block(m, COAP_BLOCK1, &b)) {
        s->has_block1 = true;
        s->block1 = b.num << 4 | b.szx;
    }
    while (*at)
        at = &(*at)->next;
    *at = s;
    return s;
}

static void pass_on(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m, struct span body)
{
    struct coap_msg whole = *m;
    struct coap_served *s;

    if (count(e, false) >= e->settings.max_served) {
        refuse(e, now, m, COAP_SERVICE_UNAVAILABLE);
        return;
    }
    s = take(e, now, m);
    whole.payload = body;
    coap_msg_remove(&whole, COAP_BLOCK1);
    coap_msg_remove(&whole, COAP_BLOCK2);
    coap_msg_remove(&whole, COAP_SIZE1);
    coap_msg_remove(&whole, COAP_SIZE2);
    coap_tell(e, COAP_REQUESTED, s->exchange, REASON_NONE, &whole, s->confirmable);
}

void coap_serve(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m)
{
    struct coap_kept *kept = NULL;
    struct span body = m->payload;
    struct coap_block b;
    uint32_t observe;

    if (coap_msg_bad_option(m)) { /* RFC 7252 5.4.1 */
        if (m->type == COAP_CON)
            refuse(e, now, m, COAP_BAD_OPTION);
        else
            e->counts.ignored++;
        return;
    }
    if (has_reserved_szx(m)) {
        refuse(e, now, m, COAP_BAD_REQUEST);
        return;
    }
    if (coap_msg_get_uint(m, COAP_OBSERVE, &observe))
        forget_token(e, m);
    if (coap_msg_get_block(m, COAP_BLOCK1, &b) && !coap_block1(e, now, m, &body, &kept))
        return;
    if (!kept && coap_msg_get_block(m, COAP_BLOCK2, &b) && b.num > 0 && coap_block2(e, now, m))
        return;
    pass_on(e, now, m, body);
    if (kept)
        coap_kept_drop(e, kept);
}

/* ---- answers ---- */

/* The message that goes, of what the node says: its token, its blocks, its Observe number. */
static void shape(struct coap_endpoint *e, sim_ns now, struct coap_served *s, struct coap_msg *m,
                  bool first)
{
    m->token_n = s->token_n;
    memcpy(m->token, s->token, s->token_n);
    coap_msg_remove(m, COAP_OBSERVE);
    coap_msg_remove(m, COAP_BLOCK1);
    coap_msg_remove(m, COAP_BLOCK2);
    coap_msg_remove(m, COAP_SIZE1);
    coap_msg_remove(m, COAP_SIZE2);
    if (first && s->has_block1)
        coap_msg_add_uint(m, COAP_BLOCK1, s->block1);
    if (!coap_cut(e, now, buf_span(&s->key), m, s->szx, first ? s->num : 0)) {
        /* Beyond the end of what there is (RFC 7959 2.2 leaves the code open). */
        m->code = COAP_BAD_REQUEST;
        m->option_count = 0;
        m->payload = span_of(NULL, 0);
    }
    if (s->observes && coap_class(m->code) == 2)
        coap_msg_add_uint(m, COAP_OBSERVE, ++e->observe_number & OBSERVE_MASK);
}

bool coap_respond(struct coap_endpoint *e, sim_ns now, uint32_t exchange, const struct coap_msg *m)
{
    struct coap_served *s = coap_served_of(e, exchange);
    struct coap_msg response = *m;
    struct coap_sending *sending;
    uint32_t unused;

    if (!s || s->answered || m->payload.n > e->settings.max_body || !coap_is_response(m->code))
        return false;
    s->answered = true;
    s->ack_due = s->deadline = SIM_NEVER;
    s->observes = s->wants_observe && coap_class(m->code) == 2 &&
                  coap_msg_get_uint(m, COAP_OBSERVE, &unused) &&
                  count(e, true) < e->settings.max_observations;
    shape(e, now, s, &response, true);
    if (s->confirmable && !s->acknowledged) {
        coap_reply(e, COAP_ACK, s->id, &response);
    } else {
        response.type = s->confirmable ? COAP_CON : COAP_NON;
        sending = coap_send(e, &response, s->observes ? s->exchange : COAP_NOBODY);
        if (sending)
            sending->notification = s->observes;
        s->last_id = response.id;
    }
    if (!s->observes)
        end(e, s);
    coap_schedule(e);
    return true;
}

bool coap_observes(const struct coap_endpoint *e, uint32_t exchange)
{
    for (const struct coap_served *s = e->served; s; s = s->next)
        if (s->exchange == exchange)
            return s->observes;
    return false;
}

static bool is_under_way(const struct coap_endpoint *e, uint32_t exchange)
{
    for (const struct coap_sending *s = e->sendings; s; s = s->next)
        if (s->exchange == exchange && s->confirmable)
            return true;
    return false;
}

static void notify(struct coap_endpoint *e, sim_ns now, struct coap_served *s,
                   const struct coap_msg *m)
{
    struct coap_msg notification = *m;
    struct coap_sending *sending;
    bool last = coap_class(m->code) != 2;

    shape(e, now, s, &notification, false);
    notification.type = m->type == COAP_NON ? COAP_NON : COAP_CON;
    sending = coap_send(e, &notification, last ? COAP_NOBODY : s->exchange);
    if (sending)
        sending->notification = !last;
    s->last_id = notification.id;
    if (last)
        end(e, s);
}

bool coap_notify(struct coap_endpoint *e, sim_ns now, uint32_t exchange, const struct coap_msg *m)
{
    struct coap_served *s = coap_served_of(e, exchange);

    if (!s || !s->observes || m->payload.n > e->settings.max_body || !coap_is_response(m->code))
        return false;
    if (is_under_way(e, exchange)) {
        struct coap_msg newest = *m;

        newest.token_n = 0;
        buf_clear(&s->newest);
        coap_msg_write(&newest, &s->newest);
    } else {
        notify(e, now, s, m);
    }
    coap_schedule(e);
    return true;
}

void coap_served_acknowledged(struct coap_endpoint *e, sim_ns now, uint32_t exchange)
{
    struct coap_served *s = coap_served_of(e, exchange);
    struct buf newest;
    struct coap_msg m;

    if (!s || buf_len(&s->newest) == 0)
        return;
    newest = s->newest;
    buf_init(&s->newest, newest.max);
    if (coap_msg_parse(buf_span(&newest), &m) == REASON_NONE)
        notify(e, now, s, &m);
    buf_clear(&newest);
}

/* RFC 7641 4.5.2: time-out and count go on with the newest representation. */
void coap_served_newest(struct coap_endpoint *e, sim_ns now, struct coap_sending *sending)
{
    struct coap_served *s = coap_served_of(e, sending->exchange);
    struct coap_msg m;

    if (!s || buf_len(&s->newest) == 0 || coap_msg_parse(buf_span(&s->newest), &m) != REASON_NONE)
        return;
    shape(e, now, s, &m, false);
    m.type = COAP_CON;
    m.id = sending->id = s->last_id = e->next_id++;
    buf_clear(&sending->octets);
    coap_msg_write(&m, &sending->octets);
    if (coap_class(m.code) != 2) {
        sending->exchange = COAP_NOBODY;
        sending->notification = false;
        end(e, s);
    } else {
        buf_clear(&s->newest);
    }
}

void coap_forget(struct coap_endpoint *e, uint32_t exchange)
{
    struct coap_served *s = coap_served_of(e, exchange);

    if (!s)
        return;
    if (s->observes)
        coap_drop_all(e, exchange);
    end(e, s);
    coap_schedule(e);
}

void coap_served_reset(struct coap_endpoint *e, uint16_t id, uint32_t exchange)
{
    for (struct coap_served *s = e->served; s; s = s->next)
        if (s->observes && (s->exchange == exchange || s->last_id == id)) {
            coap_tell(e, COAP_FORGOTTEN, s->exchange, REASON_COAP_RESET, NULL, false);
            coap_drop_all(e, s->exchange);
            end(e, s);
            return;
        }
}

void coap_served_expire(struct coap_endpoint *e, sim_ns now)
{
    for (struct coap_served *next, *s = e->served; s; s = next) {
        next = s->next;
        if (now >= s->ack_due) {
            s->ack_due = SIM_NEVER;
            s->acknowledged = true;
            coap_reply(e, COAP_ACK, s->id, NULL);
        }
        if (now >= s->deadline)
            end(e, s);
    }
}
