/* mId over HTTP: TLS, or bare TCP, with HTTP inside. */
#include "models/proc/client_guard.h"
#include "models/proc/document.h"
#include "models/proc/https.h"
#include "models/proc/mid_impl.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mid_http {
    struct https https;
    struct client_guard guard;
    struct mid_response *response; /* NULL: none, or taken */
    char *nscl, *requesting_entity;
    char rcat[2], trpdt[40]; /* "": absent */
    bool representations;
};

static void drop_response(struct mid_http *c)
{
    if (!c->response)
        return;
    m2m_doc_release(&c->response->doc);
    m2m_rep_clear(&c->response->rep);
    free(c->response);
    c->response = NULL;
}

/* A location that does not fit names nothing of ours: it stays empty. */
static void copy_location(struct mid_response *r, struct span location)
{
    if (location.n < sizeof(r->location))
        memcpy(r->location, location.p, location.n);
}

static void take_plain(struct mid_http *c, const struct http_message *m, struct mid_response *r)
{
    enum reason parsed;
    char why[80];

    if (m->location.n > 0)
        copy_location(r, m->location);
    if (c->representations && m->status < 300)
        parsed = document_read_rep(c->https.proto.env, m->body, &r->rep, why);
    else
        parsed = document_read(c->https.proto.env, m->body, &r->doc, why);
    r->reason = document_answer_reason(m->status, &r->doc);
    /* The framing is sound, so the session lives; but a success that cannot be read is none. */
    if (r->reason == REASON_NONE)
        r->reason = parsed;
}

static void on_message(struct https *h, sim_ns now, const struct http_message *m)
{
    struct mid_http *c = (struct mid_http *)h;
    struct mid_response *r;

    drop_response(c);
    r = c->response = xcalloc(1, sizeof(*r));
    r->status = m->status;
    r->retry_after_s = m->retry_after_s;
    if (c->guard.object)
        client_guard_take(&c->guard, h->proto.env, m->body, r);
    else
        take_plain(c, m, r);
    if (m->keep_alive)
        https_end_exchange(h, now);
    else
        https_finish(h, now, "Connection: close");
}

static void mid_free(struct proto *p)
{
    struct mid_http *c = (struct mid_http *)p;

    drop_response(c);
    client_guard_release(&c->guard);
    https_release(&c->https);
    free(c->nscl);
    free(c->requesting_entity);
    free(c);
}

static const struct https_user mid_user = {.message = on_message};

static bool send_sealed(struct mid_http *c, sim_ns now, struct http_out m,
                        const struct m2m_doc *doc, const char *label)
{
    char all[64];
    struct buf body;
    bool sent;

    buf_init(&body, OBJECT_MAX_BODY);
    str_append(all, sizeof(all), str_append(all, sizeof(all), 0, label),
               object_suffix(c->guard.flags));
    sent = client_guard_seal(&c->guard, m.method, m.target, c->requesting_entity, doc, &body);
    if (sent) {
        m.content_type = "application/xml";
        m.body = buf_span(&body);
        sent = https_send(&c->https, now, m, NULL, all);
    }
    buf_clear(&body);
    return sent;
}

static bool request(struct mid_client *client, sim_ns now, const char *kind_label,
                    enum http_method method, const char *target, const struct m2m_doc *doc)
{
    struct mid_http *c = (struct mid_http *)client;
    struct https *h = &c->https;
    struct http_out m = {.method = method,
                         .target = target,
                         .host = c->nscl,
                         .requesting_entity = c->requesting_entity,
                         .rcat = *c->rcat ? c->rcat : NULL,
                         .trpdt = *c->trpdt ? c->trpdt : NULL};

    if (h->state == HTTPS_EXCHANGE || buf_len(&h->queued) > 0)
        return false;
    if (c->guard.object ? !send_sealed(c, now, m, doc, kind_label)
                        : !https_send(h, now, m, doc, kind_label))
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

static uint64_t sequence(const struct mid_client *client)
{
    return ((const struct mid_http *)client)->guard.sequence;
}

static struct tls *tls_of(const struct mid_client *client)
{
    return ((const struct mid_http *)client)->https.channel.tls;
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
                                              .sequence = sequence,
                                              .tls = tls_of,
                                              .close = close_session};

struct mid_client *mid_http_new(struct proto_env *env, const struct mid_settings *settings)
{
    struct mid_http *c = xcalloc(1, sizeof(*c));
    char identity[M2M_PSK_IDENTITY_MAX];
    struct tls_peer_settings peer = {
        .psk_identity = identity, .psk_slot = SE_KMC, .session = settings->session};
    bool made;

    key_kmc_identity(settings->connection_id, settings->kmc_index, identity); /* GAP C12 */
    c->nscl = xstrdup(settings->nscl);
    c->requesting_entity = xstrdup(settings->requesting_entity);
    if (settings->category.has_rcat)
        snprintf(c->rcat, sizeof(c->rcat), "%u", settings->category.rcat % 10u);
    if (settings->category.trpdt == M2M_TRPDT_DELAY)
        m2m_trpdt_write(settings->category.trpdt_ns, c->trpdt);
    c->representations = settings->representations;
    made = client_guard_init(&c->guard, env, settings, identity);
    if (!settings->context)
        https_init_bare(&c->https, &mid_ops.proto, &mid_user, env, false);
    else if (!https_init(&c->https, &mid_ops.proto, &mid_user, env, false, settings->context,
                         &peer))
        made = false;
    if (!made) {
        mid_free(&c->https.proto);
        return NULL;
    }
    return (struct mid_client *)c;
}
