/* The message layer (RFC 7252 4): what is under way, repeated until its ACK; what came already. */
#include "models/proto/coap_impl.h"

#include "sim/base/xalloc.h"

#include <stdlib.h>

void coap_trace(struct coap_endpoint *e, const char *from, const char *to, const char *why)
{
    trace_state(e->proto.env->trace, "coap", from, to, why);
}

static struct coap_sending *queue(struct coap_endpoint *e, const struct coap_msg *m)
{
    struct coap_sending *s = xcalloc(1, sizeof(*s)), **at = &e->sendings;

    buf_init(&s->octets, COAP_MESSAGE_MAX);
    if (!coap_msg_write(m, &s->octets)) {
        buf_clear(&s->octets);
        free(s);
        return NULL;
    }
    s->id = m->id;
    s->confirmable = m->type == COAP_CON;
    s->to_send = true;
    s->due = SIM_NEVER;
    while (*at)
        at = &(*at)->next;
    *at = s;
    return s;
}

struct coap_sending *coap_send(struct coap_endpoint *e, struct coap_msg *m, uint32_t exchange)
{
    struct coap_sending *s;

    if (m->type == COAP_CON || m->type == COAP_NON)
        m->id = e->next_id++;
    s = queue(e, m);
    if (s)
        s->exchange = exchange;
    return s;
}

static struct coap_seen *find_seen(struct coap_endpoint *e, uint16_t id)
{
    for (unsigned i = 0; e->seen && i < e->settings.max_seen; i++)
        if (e->seen[i].taken && e->seen[i].id == id)
            return &e->seen[i];
    return NULL;
}

void coap_reply(struct coap_endpoint *e, enum coap_type type, uint16_t id, struct coap_msg *m)
{
    struct coap_seen *seen = find_seen(e, id);
    struct coap_msg empty;

    if (!m) {
        coap_msg_init(&empty, type, COAP_EMPTY);
        m = &empty;
    }
    m->type = (uint8_t)type;
    m->id = id;
    queue(e, m);
    if (seen) {
        buf_clear(&seen->reply);
        coap_msg_write(m, &seen->reply);
    }
}

static void say_again(struct coap_endpoint *e, const struct coap_seen *seen)
{
    struct coap_sending *s = NULL;
    struct coap_msg m;

    /* Not yet answered: the answer is on its way anyhow (RFC 7252 4.2). */
    if (buf_len(&seen->reply) > 0 && coap_msg_parse(buf_span(&seen->reply), &m) == REASON_NONE)
        s = queue(e, &m);
    if (s)
        s->again = true;
}

bool coap_is_duplicate(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m)
{
    struct coap_seen *seen = find_seen(e, m->id);
    unsigned max = e->settings.max_seen;

    if (seen && now < sim_ns_add(seen->at, e->settings.exchange_lifetime)) {
        e->counts.duplicates++;
        if (m->type == COAP_CON)
            say_again(e, seen);
        return true;
    }
    if (!e->seen)
        e->seen = xcalloc(max, sizeof(*e->seen));
    if (!seen) {
        seen = &e->seen[e->seen_at];
        e->seen_at = (e->seen_at + 1) % max;
    }
    buf_clear(&seen->reply);
    *seen = (struct coap_seen){.at = now, .id = m->id, .taken = true};
    buf_init(&seen->reply, COAP_MESSAGE_MAX);
    return false;
}

struct coap_sending *coap_awaiting(struct coap_endpoint *e, uint16_t id)
{
    for (struct coap_sending *s = e->sendings; s; s = s->next)
        if (s->confirmable && s->sent > 0 && s->id == id)
            return s;
    return NULL;
}

void coap_drop(struct coap_endpoint *e, struct coap_sending *s)
{
    struct coap_sending **at = &e->sendings;

    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    buf_clear(&s->octets);
    free(s);
}

void coap_drop_all(struct coap_endpoint *e, uint32_t exchange)
{
    for (struct coap_sending *next, *s = e->sendings; s; s = next) {
        next = s->next;
        if (s->exchange == exchange)
            coap_drop(e, s);
    }
}

/* RFC 7252 4.2: between ACK_TIMEOUT and ACK_TIMEOUT * ACK_RANDOM_FACTOR. */
static sim_ns first_timeout(struct coap_endpoint *e)
{
    const struct coap_settings *s = &e->settings;
    uint64_t span = (uint64_t)s->ack_timeout / 1000 * (s->ack_random_permille - 1000);

    return s->ack_timeout + (sim_ns)rng_below(e->proto.env->stream, span + 1);
}

static void label(struct coap_endpoint *e, struct span octets)
{
    struct coap_msg m;
    const char *name;

    if (!e->proto.env->trace || coap_msg_parse(octets, &m) != REASON_NONE)
        return;
    name = coap_code_name(m.code);
    if (m.code == COAP_EMPTY)
        trace_text(e->proto.env->trace, coap_type_name(m.type));
    else
        trace_label(e->proto.env->trace, "%s %s", coap_type_name(m.type), name ? name : "?");
    trace_fields(e->proto.env->trace, "CoAP code %u.%02u; id %u; token %u B; payload %zu B",
                 coap_class(m.code), m.code & 31u, m.id, m.token_n, m.payload.n);
}

/* NSTART (RFC 7252 4.7) holds confirmable messages back; what is sent is sent in order. */
bool coap_give(struct coap_endpoint *e, sim_ns now, struct buf *out)
{
    struct coap_sending *s;
    unsigned waiting = 0;
    bool ok;

    coap_calls_release(e, now);
    for (s = e->sendings; s; s = s->next)
        waiting += s->confirmable && s->sent > 0;
    for (s = e->sendings; s; s = s->next)
        if (s->to_send && (!s->confirmable || s->sent > 0 || waiting < e->settings.nstart))
            break;
    if (!s)
        return false;
    label(e, buf_span(&s->octets));
    if (e->proto.env->trace)
        e->proto.env->trace->repeated = s->again || s->sent > 0;
    ok = buf_put_span(out, buf_span(&s->octets));
    e->counts.sent++;
    e->counts.retransmitted += s->sent > 0;
    meter_add(e->proto.env->meter, OP_COAP_MESSAGE, 1, buf_len(&s->octets));
    s->to_send = false;
    if (!s->confirmable) {
        coap_drop(e, s);
        return ok;
    }
    s->timeout = s->sent == 0 ? first_timeout(e) : sim_ns_add(s->timeout, s->timeout);
    s->due = sim_ns_add(now, s->timeout);
    s->sent++;
    return ok;
}

static void give_up(struct coap_endpoint *e, struct coap_sending *s)
{
    uint32_t exchange = s->exchange;
    bool notification = s->notification;
    struct coap_call *c = coap_call_of(e, exchange);
    uint16_t id = s->id;

    coap_trace(e, "AWAITING", "GIVEN UP", "MAX_RETRANSMIT");
    coap_drop(e, s);
    if (c)
        coap_call_fail(e, c, REASON_COAP_TIMEOUT);
    else if (notification)
        coap_served_reset(e, id, exchange); /* RFC 7641 4.5: the client is gone */
}

void coap_repeat(struct coap_endpoint *e, sim_ns now)
{
    struct coap_sending *s = e->sendings;

    while (s) {
        struct coap_sending *next = s->next;

        if (s->confirmable && !s->to_send && now >= s->due) {
            s->due = SIM_NEVER;
            if (s->sent > e->settings.max_retransmit) {
                /* What it ends may end others of the list. */
                give_up(e, s);
                next = e->sendings;
            } else {
                if (s->notification)
                    coap_served_newest(e, now, s);
                s->to_send = true;
            }
        }
        s = next;
    }
}

sim_ns coap_next_repeat(const struct coap_endpoint *e)
{
    sim_ns at = SIM_NEVER;

    for (const struct coap_sending *s = e->sendings; s; s = s->next)
        at = sim_ns_min(at, s->due);
    return at;
}
