/* The client of rogue.h over CoAP: the same questions, with whatever body, in DTLS or bare,
 * sealed or not. */
#ifndef TESTS_UNIT_NODE_ROGUE_COAP_H
#define TESTS_UNIT_NODE_ROGUE_COAP_H

#include "models/proc/coap_binding.h"
#include "models/proto/coaps.h"
#include "tests/unit/node/rogue.h"

struct rogue_coap {
    struct proto proto;
    struct rogue *rogue;
    struct coaps *coaps; /* NULL: bare */
    struct coap_endpoint *coap;
    enum http_method method; /* of what was asked last */
};

ROGUE struct proto *rogue_coap_inner(struct rogue_coap *c)
{
    return c->coaps ? coaps_proto(c->coaps) : coap_proto(c->coap);
}

ROGUE void rogue_coap_take(struct rogue_coap *c, const struct coap_msg *m)
{
    struct rogue *r = c->rogue;
    char location[sizeof r->location];
    struct http_message as = {.status = coap_binding_status(m->code, c->method),
                              .body = m->payload};

    coap_msg_get_uint(m, COAP_MAX_AGE, &as.retry_after_s);
    coap_binding_location(m, location, sizeof location);
    as.location = span_str(location);
    rogue_take(r, &as);
}

ROGUE void rogue_coap_proceed(struct rogue_coap *c, sim_ns now)
{
    const struct coap_event *e;
    struct coap_msg m;

    for (; (e = coap_event(c->coap)); coap_taken(c->coap)) {
        if (e->kind == COAP_ANSWERED)
            rogue_coap_take(c, &e->message);
        else if (e->kind == COAP_FAILED)
            proto_fail(&c->proto, e->reason);
    }
    c->rogue->open |= !c->coaps || tls_is_open(dtls_tls(coaps_dtls(c->coaps)));
    if (buf_len(&c->rogue->say) > 0) {
        ck_assert_int_eq(coap_msg_parse(buf_span(&c->rogue->say), &m), REASON_NONE);
        c->method = coap_binding_method(m.code);
        ck_assert_uint_ne(coap_request(c->coap, now, &m), 0);
        buf_clear(&c->rogue->say);
    }
    c->proto.expiry = rogue_coap_inner(c)->expiry;
    if (rogue_coap_inner(c)->status == PROTO_FAILED)
        proto_fail(&c->proto, rogue_coap_inner(c)->reason);
    else if (rogue_coap_inner(c)->status == PROTO_DONE)
        proto_done(&c->proto);
}

ROGUE void rogue_coap_start(struct proto *p, sim_ns now)
{
    struct proto *inner = rogue_coap_inner((struct rogue_coap *)p);

    inner->ops->start(inner, now);
    rogue_coap_proceed((struct rogue_coap *)p, now);
}

ROGUE void rogue_coap_input(struct proto *p, sim_ns now, struct span in)
{
    struct proto *inner = rogue_coap_inner((struct rogue_coap *)p);

    inner->ops->input(inner, now, in);
    rogue_coap_proceed((struct rogue_coap *)p, now);
}

ROGUE bool rogue_coap_output(struct proto *p, sim_ns now, struct buf *out)
{
    struct proto *inner = rogue_coap_inner((struct rogue_coap *)p);
    bool some = inner->ops->output(inner, now, out);

    rogue_coap_proceed((struct rogue_coap *)p, now);
    return some;
}

ROGUE void rogue_coap_expire(struct proto *p, sim_ns now)
{
    struct proto *inner = rogue_coap_inner((struct rogue_coap *)p);

    inner->ops->expire(inner, now);
    rogue_coap_proceed((struct rogue_coap *)p, now);
}

ROGUE void rogue_coap_free(struct proto *p)
{
    proto_free(rogue_coap_inner((struct rogue_coap *)p));
    free(p);
}

ROGUE struct proto *rogue_coap_make(struct session *s, sim_ns now)
{
    static const struct proto_ops ops = {.name = "rogue",
                                         .start = rogue_coap_start,
                                         .input = rogue_coap_input,
                                         .output = rogue_coap_output,
                                         .expire = rogue_coap_expire,
                                         .free = rogue_coap_free};
    struct rogue *r = (struct rogue *)session_user(s);
    struct rogue_coap *c = xcalloc(1, sizeof *c);
    struct tls_peer_settings peer = {.psk_identity = r->identity, .psk_slot = r->slot};

    (void)now;
    proto_init(&c->proto, &ops, session_env(s));
    c->rogue = r;
    if (r->context) {
        c->coaps = coaps_new(r->context, session_env(s), &peer, &(struct dtls_settings){0},
                             &(struct coap_settings){0});
        c->coap = coaps_coap(c->coaps);
    } else {
        c->coap = coap_new(session_env(s), &(struct coap_settings){0});
    }
    return &c->proto;
}

ROGUE void rogue_coap_step(struct session *s, sim_ns now)
{
    rogue_coap_proceed((struct rogue_coap *)(void *)session_core(s), now);
}

/* A message as it stands. */
ROGUE int rogue_coap_say(struct rogue *r, uint8_t code, const char *target, struct span body)
{
    struct buf octets, store;
    struct coap_msg m;
    int status;

    buf_init(&octets, 64 * 1024);
    buf_init(&store, 4096);
    coap_msg_init(&m, COAP_CON, code);
    ck_assert(coap_binding_put_target(&m, target, r->entity, &store));
    if (body.n) {
        coap_msg_add_uint(&m, COAP_CONTENT_FORMAT, COAP_XML);
        m.payload = body;
    }
    ck_assert(coap_msg_write(&m, &octets));
    status = rogue_say(r, buf_span(&octets));
    buf_clear(&octets);
    buf_clear(&store);
    return status;
}

/* What is sealed goes by POST: in a GET or a DELETE it would be ignored (RFC 7252 5.5). */
ROGUE int rogue_coap_ask(struct rogue *r, enum http_method method, const char *target,
                         const char *body)
{
    struct m2m_primitive p;
    struct buf sealed;
    int status;

    if (!r->object)
        return rogue_coap_say(r, coap_binding_method_code(method), target, span_str(body));
    p = rogue_primitive(r, method, target, *body != '\0');
    rogue_write_sealed(r, &p, body, &sealed);
    status = rogue_coap_say(r, COAP_POST, target, buf_span(&sealed));
    buf_clear(&sealed);
    return status;
}

/* Instead of rogue_connect: in DTLS where r->context is one's, else bare. */
ROGUE void rogue_coap_connect(struct rogue *r, struct server *to)
{
    static const struct session_ops ops = {.make = rogue_coap_make,
                                           .step = rogue_coap_step,
                                           .charged = rogue_charged,
                                           .activity = rogue_activity,
                                           .advanced = rogue_advanced,
                                           .ended = rogue_ended};
    struct deployment *d = r->town->d;
    struct net_route up, down;

    r->ask = rogue_coap_ask;
    rogue_session(r, &ops, to, &up, &down);
    session_open_udp(r->end.session, d->net, &d->in.eap->udp, &up, &down,
                     r->context ? &to->coaps : &to->coap, net_dynamic_port(r->end.dev->sessions));
    town_run(r->town, SIM_MS); /* its core is made */
}

#endif
