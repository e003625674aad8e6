/* mId over HTTP: TLS, or bare TCP, with HTTP inside. */
#include "models/proc/document.h"
#include "models/proc/https.h"
#include "models/proc/mid_impl.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mid_http {
    struct https https;
    struct mid_response *response; /* NULL: none, or taken */
    char nscl[M2M_MAX_URI];
    char requesting_entity[M2M_MAX_URI];
};

static void drop_response(struct mid_http *c)
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
    struct mid_http *c = (struct mid_http *)h;
    struct mid_response *r;
    enum reason parsed;
    char why[80];

    drop_response(c);
    r = c->response = xcalloc(1, sizeof(*r));
    r->status = m->status;
    r->retry_after_s = m->retry_after_s;
    if (m->location.n > 0)
        copy_location(r, m->location);
    parsed = document_read(h->proto.env, m->body, &r->doc, why);
    r->reason = document_answer_reason(m->status, &r->doc);
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
    struct mid_http *c = (struct mid_http *)p;

    drop_response(c);
    https_release(&c->https);
    free(c);
}

static const struct https_user mid_user = {.message = on_message};

static bool request(struct mid_client *client, sim_ns now, const char *kind_label,
                    enum http_method method, const char *target, const struct m2m_doc *doc)
{
    struct mid_http *c = (struct mid_http *)client;
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

static const struct mid_response *response(const struct mid_client *client)
{
    return ((const struct mid_http *)client)->response;
}

static void take(struct mid_client *client)
{
    drop_response((struct mid_http *)client);
}

static bool is_open(const struct mid_client *client)
{
    const struct https *h = &((const struct mid_http *)client)->https;

    return h->proto.status == PROTO_RUNNING &&
           (h->state == HTTPS_IDLE || h->state == HTTPS_EXCHANGE);
}

static void close_session(struct mid_client *client, sim_ns now)
{
    https_finish(&((struct mid_http *)client)->https, now, "closed by the node");
}

static const struct mid_client_ops mid_ops = {.proto = {.name = "mid client",
                                                        .start = https_start,
                                                        .input = https_input,
                                                        .output = https_output,
                                                        .expire = https_expire,
                                                        .free = mid_free},
                                              .request = request,
                                              .response = response,
                                              .take = take,
                                              .is_open = is_open,
                                              .close = close_session};

struct mid_client *mid_http_new(struct proto_env *env, const struct mid_settings *settings)
{
    struct mid_http *c = xcalloc(1, sizeof(*c));
    char identity[M2M_PSK_IDENTITY_MAX];
    struct tls_peer_settings peer = {.psk_identity = identity, .psk_slot = SE_KMC};

    key_kmc_identity(settings->connection_id, settings->kmc_index, identity); /* GAP C12 */
    snprintf(c->nscl, sizeof(c->nscl), "%s", settings->nscl);
    snprintf(c->requesting_entity, sizeof(c->requesting_entity), "%s", settings->requesting_entity);
    if (!settings->context) {
        https_init_bare(&c->https, &mid_ops.proto, &mid_user, env, false);
    } else if (!https_init(&c->https, &mid_ops.proto, &mid_user, env, false, settings->context,
                           &peer)) {
        mid_free(&c->https.proto);
        return NULL;
    }
    return (struct mid_client *)c;
}
