#include "models/proc/coap_channel.h"

#include "sim/base/str.h"

#include <string.h>

void coap_channel_init(struct coap_channel *c, struct proto_env *env,
                       const struct tls_context *context, const struct tls_peer_settings *peer,
                       const struct dtls_settings *dtls, const struct coap_settings *coap)
{
    *c = (struct coap_channel){.coaps = NULL};
    if (context) {
        c->coaps = coaps_new(context, env, peer, dtls, coap);
        c->coap = coaps_coap(c->coaps);
    } else {
        c->coap = coap_new(env, coap);
    }
}

struct proto *coap_channel_proto(const struct coap_channel *c)
{
    return c->coaps ? coaps_proto(c->coaps) : coap_proto(c->coap);
}

void coap_channel_release(struct coap_channel *c)
{
    proto_free(coap_channel_proto(c));
}

/* DTLS calls all of it "application data"; CoAP has named its message before. */
static void name_message(struct coap_channel *c, struct trace *trace)
{
    static const char data[] = ", application data";
    size_t n = strlen(trace->label), m = sizeof(data) - 1;

    if (n >= m && strcmp(trace->label + n - m, data) == 0)
        trace->label[n -= m] = '\0';
    if (c->label[0]) {
        n = str_append(trace->label, sizeof(trace->label), n, " ");
        str_append(trace->label, sizeof(trace->label), n, c->label);
    }
    c->label[0] = '\0';
}

bool coap_channel_output(struct coap_channel *c, sim_ns now, struct buf *out)
{
    struct proto *p = coap_channel_proto(c);
    uint64_t sent = coap_counts(c->coap)->sent;
    bool some = p->ops->output(p, now, out);

    if (p->env->trace && coap_counts(c->coap)->sent != sent)
        name_message(c, p->env->trace);
    return some;
}

bool coap_channel_is_open(const struct coap_channel *c)
{
    return c->coaps ? tls_is_open(dtls_tls(coaps_dtls(c->coaps)))
                    : coap_proto(c->coap)->status == PROTO_RUNNING;
}

struct tls *coap_channel_tls(const struct coap_channel *c)
{
    return c->coaps ? dtls_tls(coaps_dtls(c->coaps)) : NULL;
}

const char *coap_channel_peer_name(const struct coap_channel *c)
{
    return c->coaps ? tls_peer_name(dtls_tls(coaps_dtls(c->coaps))) : "";
}

void coap_channel_close(struct coap_channel *c, sim_ns now)
{
    if (c->coaps)
        coaps_close(c->coaps, now);
    else
        coap_close(c->coap);
}

void coap_channel_give_up(struct coap_channel *c, sim_ns now)
{
    if (c->coaps && !coap_channel_is_open(c))
        coaps_give_up(c->coaps);
    else
        coap_channel_close(c, now);
}
