/* EAP-TLS (RFC 5216), peer and server, on the TLS core. The server begins with Start; then each
 * side's flight is one TLS message in fragments, and each flight is an answer. The client's empty
 * response to the server's Finished ends it. Nobody says close_notify: EAP-Success does. */
#include "models/proto/eap_method.h"
#include "models/proto/eap_tls_frame.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

/* RFC 5216 2.3 */
#define LABEL      "client EAP encryption"
#define KEY_OCTETS (2 * EAP_KEY_LEN)

struct tls_half {
    struct eap_half half;
    bool server;
    uint32_t mtu;
    struct tls *tls;
    struct eap_tls_frame frame;
    bool begun;      /* Start went by */
    bool tls_failed; /* the core did: there was, or is, an alert */
};

static struct tls_half *of(struct eap_half *h)
{
    return (struct tls_half *)h;
}

static void fail(struct tls_half *t, enum reason reason)
{
    eap_half_fail(&t->half, reason);
}

static void finish(struct tls_half *t)
{
    struct eap_keys *k = &t->half.keys;
    uint8_t key[KEY_OCTETS];

    if (!tls_export(t->tls, LABEL, key, sizeof(key)) ||
        !tls_randoms(t->tls, k->session_id + 1, k->session_id + 33)) {
        fail(t, REASON_CRYPTO);
        return;
    }
    memcpy(k->msk, key, EAP_KEY_LEN);
    memcpy(k->emsk, key + EAP_KEY_LEN, EAP_KEY_LEN);
    explicit_bzero(key, sizeof(key));
    k->session_id[0] = EAP_TLS;
    k->session_id_n = 65;
    k->present = true;
    t->half.state = EAP_HALF_DONE;
}

/* After the TLS core did something: takes what it says, and looks how it is. */
static void follow(struct tls_half *t, sim_ns now)
{
    struct proto *p = tls_proto(t->tls);
    struct buf *out = eap_tls_frame_out(&t->frame);

    while (p->ops->output(p, now, out))
        continue;
    if (p->status != PROTO_RUNNING) {
        t->tls_failed = true;
        fail(t, p->reason ? p->reason : REASON_CLOSED_EARLY); /* none: close_notify */
    } else if (tls_received(t->tls).n > 0) {
        fail(t, REASON_TLS_PROTOCOL); /* nobody has anything to say inside */
    } else if (!t->server && tls_is_open(t->tls)) {
        finish(t);
    } else if (buf_len(out) == 0) {
        /* Each flight is whole, and is answered (RFC 5216 2.1). */
        fail(t, REASON_TLS_PROTOCOL);
    }
}

static void begin(struct tls_half *t, sim_ns now)
{
    struct proto *p = tls_proto(t->tls);

    t->begun = true;
    p->ops->start(p, now);
    if (!t->server)
        follow(t, now);
}

static void read_message(struct tls_half *t, sim_ns now)
{
    struct proto *p = tls_proto(t->tls);
    bool was_open = tls_is_open(t->tls);

    p->ops->input(p, now, eap_tls_frame_message(&t->frame));
    follow(t, now);
    if (was_open && t->half.state == EAP_HALF_CONTINUE)
        fail(t, REASON_TLS_PROTOCOL); /* only an alert may come after both Finished */
}

static void process(struct eap_half *h, sim_ns now, const struct eap_packet *in)
{
    struct tls_half *t = of(h);
    bool sending = eap_tls_frame_is_sending(&t->frame);

    switch (eap_tls_frame_read(&t->frame, in->data)) {
    case EAP_TLS_STARTED:
        if (t->begun) /* a server has, by then: Start is its own word */
            fail(t, REASON_EAP_MALFORMED);
        else
            begin(t, now);
        return;
    case EAP_TLS_ACKNOWLEDGED:
        if (sending)
            return;
        if (t->server && tls_is_open(t->tls))
            finish(t);
        else
            fail(t, REASON_EAP_FRAGMENT); /* of nothing */
        return;
    case EAP_TLS_FRAGMENT:
        if (t->begun && !sending)
            return;
        break;
    case EAP_TLS_MESSAGE:
        if (!t->begun || sending)
            break;
        read_message(t, now);
        return;
    case EAP_TLS_BAD:
        break;
    }
    fail(t, REASON_EAP_FRAGMENT);
}

static bool build(struct eap_half *h, sim_ns now, uint8_t id, struct buf *out)
{
    struct tls_half *t = of(h);
    struct trace *trace = h->env->trace;
    bool nothing = buf_len(eap_tls_frame_out(&t->frame)) == 0;

    if (t->server && !t->begun) {
        begin(t, now);
        trace_text(trace, "EAP-TLS Start");
        return eap_tls_frame_write_start(id, out);
    }
    /* RFC 5216 2.1.3: the peer answers the server's alert with an empty packet. Of fragments that
     * do not add up nothing is said. */
    if (h->state == EAP_HALF_FAILED && (nothing ? t->server || !t->tls_failed : !t->tls_failed))
        return false;
    if (nothing)
        trace_text(trace, "EAP-TLS acknowledgement");
    else if (eap_tls_frame_is_sending(&t->frame))
        trace_text(trace, "EAP-TLS fragment");
    return eap_tls_frame_write(&t->frame, t->server ? EAP_REQUEST : EAP_RESPONSE, id, t->mtu, out);
}

static void release(struct eap_half *h)
{
    struct tls_half *t = of(h);

    proto_free(tls_proto(t->tls));
    eap_tls_frame_release(&t->frame);
    free(t);
}

static struct eap_half *make(const struct eap_half_ops *ops, struct proto_env *env, uint32_t mtu,
                             const struct tls_context *context, const struct credential *credential,
                             const char *expect_name)
{
    struct tls_peer_settings settings = {.expect_name = expect_name};
    struct tls_half *t;

    if (!context || (credential && credential_copy(credential, &settings.credential)))
        return NULL;
    t = xcalloc(1, sizeof(*t));
    eap_half_init(&t->half, ops, env);
    t->server = ops->server != NULL;
    t->mtu = mtu;
    t->tls = tls_new(context, env, &settings);
    eap_tls_frame_init(&t->frame);
    return &t->half;
}

static struct eap_half *make_peer(struct proto_env *env, struct eap_peer_context *c);
static struct eap_half *make_server(struct proto_env *env, struct eap_server_context *c);

static const struct eap_half_ops peer_ops = {
    .peer = make_peer, .process = process, .build = build, .free = release};
static const struct eap_half_ops server_ops = {
    .server = make_server, .process = process, .build = build, .free = release};

static struct eap_half *make_peer(struct proto_env *env, struct eap_peer_context *c)
{
    const struct eap_peer_credentials *own = &c->settings->credentials;

    return make(&peer_ops, env, c->settings->mtu, own->tls, own->credential, own->expect_name);
}

static struct eap_half *make_server(struct proto_env *env, struct eap_server_context *c)
{
    const struct eap_server_settings *s = c->settings;
    const char *name = c->user->certificate_name;

    if (!s->credential)
        return NULL;
    return make(&server_ops, env, s->mtu, s->tls, s->credential, name[0] ? name : NULL);
}

const struct eap_method eap_method_tls = {
    .name = "tls", .type = EAP_TLS, .peer = &peer_ops, .server = &server_ops};
