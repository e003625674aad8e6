/* A method for the targets of the machines themselves. What a packet's first octet says happens:
 * it goes on, may go on, is through, fails, is ignored; the server's half may ask too. */
#ifndef TESTS_FUZZ_EAP_FEED_METHOD_H
#define TESTS_FUZZ_EAP_FEED_METHOD_H

#include "models/proto/eap_method.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

struct feed_half {
    struct eap_half half;
    const struct eap_method *method;
    bool silent;
};

static struct eap_half *feed_make_peer(struct proto_env *env, struct eap_peer_context *c);
static struct eap_half *feed_make_server(struct proto_env *env, struct eap_server_context *c);

static void feed_process(struct eap_half *h, sim_ns now, const struct eap_packet *in)
{
    struct feed_half *f = (struct feed_half *)h;
    unsigned what = in->data.n > 0 ? in->data.p[0] : 0;

    (void)now;
    f->silent = what & 0x80;
    switch (what & 7) {
    case 1:
        h->state = EAP_HALF_MAY_CONTINUE;
        h->keys.present = true;
        break;
    case 2:
        h->state = EAP_HALF_DONE;
        h->protected_success = what & 8;
        h->keys.present = true;
        break;
    case 3:
        eap_half_fail(h, REASON_EAP_MAC);
        break;
    case 4:
        h->discard = true;
        break;
    case 5:
        h->query.kind = what & 8 ? EAP_QUERY_UMTS : EAP_QUERY_USER;
        break;
    default:
        break;
    }
}

static bool feed_build(struct eap_half *h, sim_ns now, uint8_t id, struct buf *out)
{
    struct feed_half *f = (struct feed_half *)h;
    enum eap_code code = h->ops->peer ? EAP_RESPONSE : EAP_REQUEST;

    (void)now;
    return !f->silent && eap_put(out, code, id, f->method->type, f->method->vendor,
                                 f->method->vendor_type, span_str("!"));
}

static void feed_answer(struct eap_half *h, sim_ns now, const struct eap_answer *a)
{
    (void)now;
    if (h->query.kind != EAP_QUERY_NONE)
        abort();
    if (a->reason)
        eap_half_fail(h, a->reason);
}

static void feed_free(struct eap_half *h)
{
    free(h);
}

static const struct eap_half_ops feed_peer = {
    .peer = feed_make_peer, .process = feed_process, .build = feed_build, .free = feed_free};
static const struct eap_half_ops feed_server = {.server = feed_make_server,
                                                .process = feed_process,
                                                .build = feed_build,
                                                .answer = feed_answer,
                                                .free = feed_free};
static const struct eap_method feed_short = {
    .name = "short", .type = 0xc8, .peer = &feed_peer, .server = &feed_server};
/* The same halves under a long type; which one it is matters to nobody but the header. */
static const struct eap_half_ops feed_long_peer, feed_long_server;
static const struct eap_method feed_long = {.name = "long",
                                            .type = EAP_EXPANDED,
                                            .vendor = 0x010203,
                                            .vendor_type = 4,
                                            .peer = &feed_long_peer,
                                            .server = &feed_long_server};

static struct eap_half *feed_make(struct proto_env *env, const struct eap_half_ops *ops,
                                  const struct eap_method *m)
{
    struct feed_half *f = xcalloc(1, sizeof(*f));

    eap_half_init(&f->half, ops, env);
    f->method = m;
    return &f->half;
}

static struct eap_half *feed_make_peer(struct proto_env *env, struct eap_peer_context *c)
{
    (void)c;
    return feed_make(env, &feed_peer, &feed_short);
}

static struct eap_half *feed_make_server(struct proto_env *env, struct eap_server_context *c)
{
    (void)c;
    return feed_make(env, &feed_server, &feed_short);
}

static struct eap_half *feed_make_long_peer(struct proto_env *env, struct eap_peer_context *c)
{
    (void)c;
    return feed_make(env, &feed_long_peer, &feed_long);
}

static struct eap_half *feed_make_long_server(struct proto_env *env, struct eap_server_context *c)
{
    (void)c;
    return feed_make(env, &feed_long_server, &feed_long);
}

static const struct eap_half_ops feed_long_peer = {
    .peer = feed_make_long_peer, .process = feed_process, .build = feed_build, .free = feed_free};
static const struct eap_half_ops feed_long_server = {.server = feed_make_long_server,
                                                     .process = feed_process,
                                                     .build = feed_build,
                                                     .answer = feed_answer,
                                                     .free = feed_free};

#endif
