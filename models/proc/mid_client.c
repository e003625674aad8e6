#include "models/proc/client.h"

#include "models/proc/https.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mid_client {
    struct https https;
    struct mid_response *response; /* NULL: none, or taken */
    char nscl[M2M_MAX_URI];
    char requesting_entity[M2M_MAX_URI];
};

static void drop_response(struct mid_client *c)
{
    if (!c->response)
        return;
    m2m_doc_release(&c->response->doc);
    free(c->response);
    c->response = NULL;
}

/* A location that does not fit names nothing of ours: it stays empty. */
static void copy_location(struct mid_response *r, struct span location)
{
    if (location.n < sizeof(r->location))
        memcpy(r->location, location.p, location.n);
}

static void on_message(struct https *h, sim_ns now, const struct http_message *m)
{
    struct mid_client *c = (struct mid_client *)h;
    struct mid_response *r;
    enum reason parsed;
    char why[80];

    drop_response(c);
    r = c->response = xcalloc(1, sizeof(*r));
    r->status = m->status;
    r->retry_after_s = m->retry_after_s;
    if (m->location.n > 0)
        copy_location(r, m->location);
    parsed = https_parse(h, m->body, &r->doc, why);
    r->reason = https_answer_reason(m->status, &r->doc);
    /* The framing is sound, so the session lives; but a success that cannot be read is none. */
    if (r->reason == REASON_NONE)
        r->reason = parsed;
    if (m->keep_alive)
        https_end_exchange(h, now);
    else
        https_finish(h, now, "Connection: close");
}

static void mid_free(struct proto *p)
{
    struct mid_client *c = (struct mid_client *)p;

    drop_response(c);
    https_release(&c->https);
    free(c);
}

static const struct https_user mid_user = {.message = on_message};

static const struct proto_ops mid_ops = {.name = "mid client",
                                         .start = https_start,
                                         .input = https_input,
                                         .output = https_output,
                                         .expire = https_expire,
                                         .free = mid_free};

struct mid_client *mid_client_new(struct proto_env *env, const struct mid_settings *settings)
{
    struct mid_client *c = xcalloc(1, sizeof(*c));
    char identity[M2M_PSK_IDENTITY_MAX];
    struct tls_peer_settings peer = {.psk_identity = identity, .psk_slot = SE_KMC};

    key_kmc_identity(settings->connection_id, settings->kmc_index, identity); /* GAP C12 */
    snprintf(c->nscl, sizeof(c->nscl), "%s", settings->nscl);
    snprintf(c->requesting_entity, sizeof(c->requesting_entity), "%s", settings->requesting_entity);
    if (!settings->context) {
        https_init_bare(&c->https, &mid_ops, &mid_user, env, false);
    } else if (!https_init(&c->https, &mid_ops, &mid_user, env, false, settings->context, &peer)) {
        mid_free(&c->https.proto);
        return NULL;
    }
    return c;
}

struct proto *mid_client_proto(struct mid_client *c)
{
    return &c->https.proto;
}

bool mid_client_request(struct mid_client *c, sim_ns now, const char *kind_label,
                        enum http_method method, const char *target, const struct m2m_doc *doc)
{
    struct https *h = &c->https;
    struct http_out m = {.method = method,
                         .target = target,
                         .host = c->nscl,
                         .requesting_entity = c->requesting_entity};

    if (h->state == HTTPS_EXCHANGE || buf_len(&h->queued) > 0)
        return false;
    if (!https_send(h, now, m, doc, kind_label))
        return false;
    if (h->state == HTTPS_IDLE)
        https_begin_exchange(h);
    return true;
}

const struct mid_response *mid_client_response(const struct mid_client *c)
{
    return c->response;
}

void mid_client_take(struct mid_client *c)
{
    drop_response(c);
}

bool mid_client_is_open(const struct mid_client *c)
{
    return c->https.proto.status == PROTO_RUNNING &&
           (c->https.state == HTTPS_IDLE || c->https.state == HTTPS_EXCHANGE);
}

void mid_client_close(struct mid_client *c, sim_ns now)
{
    https_finish(&c->https, now, "closed by the node");
}
