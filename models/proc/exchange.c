#include "models/proc/exchange.h"

#include "models/proc/client.h"
#include "models/proc/document.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* Now, and not when the answer is here: the answer may come in one flight with the server's
 * close_notify, and a closed session exports nothing. */
static void on_opened(struct https *h, sim_ns now)
{
    struct exchange *x = (struct exchange *)h;

    if (x->plan->exporter &&
        !tls_export(h->channel.tls, x->plan->exporter, x->exported, sizeof(x->exported)))
        https_fail(h, now, REASON_CRYPTO);
}

/* NULL: it is not HTTP that says who asks. */
static struct ua_digest *digest_of(const struct exchange *x)
{
    return x->ua && x->ua->with_digest ? &x->ua->digest : NULL;
}

static enum reason judge(struct exchange *x, sim_ns now, const struct http_message *m)
{
    struct m2m_doc doc;
    enum reason reason;
    char why[80];

    reason = document_read(x->https.proto.env, m->body, &doc, why);
    if (m->status != 200) {
        /* A refusal is one even when what comes with it cannot be read. */
        x->retry_after_s = m->retry_after_s;
        reason = document_answer_reason(m->status, &doc);
        if (reason == REASON_NONE)
            reason = REASON_HTTP_STATUS;
    } else if (digest_of(x) && !ua_digest_is_from_naf(digest_of(x), x->https.proto.env, m)) {
        reason = REASON_DIGEST_RSPAUTH;
    } else if (!reason) {
        reason = doc.kind == x->plan->answer ? x->plan->accept(x, now, &doc) : REASON_XML_INVALID;
    }
    m2m_doc_release(&doc);
    return reason;
}

/* A challenge is met with the very request again. */
static bool send_request(struct exchange *x, sim_ns now, const char *authorization)
{
    struct http_out m = {.method = HTTP_POST,
                         .target = x->plan->target,
                         .host = x->ua->digest.naf,
                         .user_agent = x->ua->digest.user_agent,
                         .authorization = authorization,
                         .content_type = "application/xml",
                         .body = buf_span(&x->ua->body)};

    return https_send(&x->https, now, m, NULL, x->plan->label);
}

static enum reason answer_challenge(struct exchange *x, sim_ns now, const struct http_message *m)
{
    enum reason reason;
    struct buf value;

    buf_init(&value, HTTP_MAX_HEADER);
    reason = ua_digest_answer(&x->ua->digest, x->https.proto.env, m, "POST", x->plan->target,
                              buf_span(&x->ua->body), &value);
    if (!reason && !send_request(x, now, (const char *)buf_span(&value).p))
        reason = REASON_HTTP_TOO_LARGE;
    buf_clear(&value);
    return reason;
}

static void on_message(struct https *h, sim_ns now, const struct http_message *m)
{
    struct exchange *x = (struct exchange *)h;
    enum reason reason;

    if (digest_of(x) && m->status == STATUS_PERMISSION_DENIED && m->keep_alive) {
        reason = answer_challenge(x, now, m);
        if (reason)
            https_fail(h, now, reason);
        return;
    }
    reason = judge(x, now, m);
    explicit_bzero(x->exported, sizeof(x->exported));
    if (reason)
        https_fail(h, now, reason);
    else
        https_finish(h, now, "answer accepted");
}

static const struct https_user exchange_user = {.opened = on_opened, .message = on_message};

static bool first_request(struct exchange *x, const struct exchange_settings *s)
{
    struct http_out m = {.method = HTTP_POST, .target = s->plan->target, .host = s->host};

    if (!digest_of(x))
        return https_send(&x->https, 0, m, s->request, s->plan->label);
    return m2mxml_write(s->request, &x->ua->body) && send_request(x, 0, NULL);
}

struct exchange *exchange_new(struct proto_env *env, const struct exchange_settings *settings)
{
    struct exchange *x = xcalloc(1, sizeof(*x));
    bool made = true;

    x->plan = settings->plan;
    x->result = settings->result;
    x->ua = settings->ua;
    if (settings->context)
        made = https_init(&x->https, settings->plan->ops, &exchange_user, env, false,
                          settings->context, settings->peer);
    else
        https_init_bare(&x->https, settings->plan->ops, &exchange_user, env, false);
    if (!made || !first_request(x, settings)) {
        exchange_free(&x->https.proto);
        return NULL;
    }
    return x;
}

void exchange_free(struct proto *p)
{
    struct exchange *x = (struct exchange *)p;

    explicit_bzero(x->exported, sizeof(x->exported));
    https_release(&x->https);
    if (x->ua) {
        gba_sa_wipe(&x->ua->sa);
        buf_clear(&x->ua->body);
        free(x->ua);
    }
    free(x);
}

uint32_t procedure_retry_after_s(const struct proto *p)
{
    return ((const struct exchange *)p)->retry_after_s;
}
