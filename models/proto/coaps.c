#include "models/proto/coaps.h"

#include "sim/base/xalloc.h"

#include <stdlib.h>

struct coaps {
    struct proto proto;
    struct dtls *dtls;
    struct coap_endpoint *coap;
    struct buf message; /* one of CoAP's, on its way into a record */
};

static struct coaps *of(struct proto *p)
{
    return (struct coaps *)p;
}

static bool is_open(const struct coaps *c)
{
    return tls_is_open(dtls_tls(c->dtls));
}

/* CoAP's time runs when there is somebody to talk to: until then nothing of it is sent. */
static void mirror(struct coaps *c)
{
    const struct proto *dtls = dtls_proto(c->dtls), *coap = coap_proto(c->coap);

    c->proto.expiry = is_open(c) ? sim_ns_min(dtls->expiry, coap->expiry) : dtls->expiry;
    if (dtls->status == PROTO_FAILED)
        proto_fail(&c->proto, dtls->reason);
    else if (dtls->status == PROTO_DONE)
        proto_done(&c->proto);
    if (c->proto.status != PROTO_RUNNING)
        c->proto.expiry = SIM_NEVER;
}

static void start(struct proto *p, sim_ns now)
{
    struct coaps *c = of(p);

    coap_proto(c->coap)->ops->start(coap_proto(c->coap), now);
    dtls_proto(c->dtls)->ops->start(dtls_proto(c->dtls), now);
    mirror(c);
}

static void input(struct proto *p, sim_ns now, struct span in)
{
    struct coaps *c = of(p);
    struct proto *coap = coap_proto(c->coap);

    dtls_proto(c->dtls)->ops->input(dtls_proto(c->dtls), now, in);
    for (; dtls_received(c->dtls).n > 0; dtls_taken(c->dtls))
        coap->ops->input(coap, now, dtls_received(c->dtls));
    mirror(c);
}

/* A message is encrypted when it leaves, not before: what waits may change meanwhile. */
static bool output(struct proto *p, sim_ns now, struct buf *out)
{
    struct coaps *c = of(p);
    struct proto *dtls = dtls_proto(c->dtls), *coap = coap_proto(c->coap);
    bool some = dtls->ops->output(dtls, now, out);

    while (!some && is_open(c) && coap->ops->output(coap, now, &c->message)) {
        /* One too long for a record is lost, as it would be on the way. */
        dtls_write(c->dtls, now, buf_span(&c->message));
        buf_clear(&c->message);
        some = dtls->ops->output(dtls, now, out);
    }
    if (coap->status != PROTO_RUNNING && is_open(c)) {
        dtls_close(c->dtls, now);
        some = dtls->ops->output(dtls, now, out) || some;
    }
    mirror(c);
    return some;
}

static void expire(struct proto *p, sim_ns now)
{
    struct coaps *c = of(p);
    struct proto *dtls = dtls_proto(c->dtls), *coap = coap_proto(c->coap);

    if (now >= dtls->expiry)
        dtls->ops->expire(dtls, now);
    if (is_open(c) && now >= coap->expiry)
        coap->ops->expire(coap, now);
    mirror(c);
}

static void release(struct proto *p)
{
    struct coaps *c = of(p);

    proto_free(coap_proto(c->coap));
    proto_free(dtls_proto(c->dtls));
    buf_clear(&c->message);
    free(c);
}

static const struct proto_ops ops = {"coaps", start, input, output, expire, release};

struct coaps *coaps_new(const struct tls_context *context, struct proto_env *env,
                        const struct tls_peer_settings *peer, const struct dtls_settings *dtls,
                        const struct coap_settings *coap)
{
    struct coaps *c = xcalloc(1, sizeof(*c));

    proto_init(&c->proto, &ops, env);
    c->dtls = dtls_new(context, env, peer, dtls);
    c->coap = coap_new(env, coap);
    buf_init(&c->message, COAP_MESSAGE_MAX);
    return c;
}

struct proto *coaps_proto(struct coaps *c)
{
    return &c->proto;
}

struct dtls *coaps_dtls(struct coaps *c)
{
    return c->dtls;
}

struct coap_endpoint *coaps_coap(struct coaps *c)
{
    return c->coap;
}

void coaps_give_up(struct coaps *c)
{
    coap_close(c->coap);
    dtls_give_up(c->dtls);
    mirror(c);
}

void coaps_close(struct coaps *c, sim_ns now)
{
    coap_close(c->coap);
    dtls_close(c->dtls, now);
    mirror(c);
}
