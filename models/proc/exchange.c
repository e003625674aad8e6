#include "models/proc/exchange.h"

#include "models/proc/client.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* Now, and not when the answer is here: the answer may come in one flight with the server's
 * close_notify, and a closed session exports nothing. */
static void on_opened(struct https *h, sim_ns now)
{
    struct exchange *x = (struct exchange *)h;

    if (!tls_export(h->channel.tls, x->plan->exporter, x->exported, sizeof(x->exported)))
        https_fail(h, now, REASON_CRYPTO);
}

static enum reason judge(struct exchange *x, sim_ns now, const struct http_message *m)
{
    struct m2m_doc doc;
    enum reason reason;
    char why[80];

    reason = https_parse(&x->https, m->body, &doc, why);
    if (m->status != 200) {
        /* A refusal is one even when what comes with it cannot be read. */
        x->retry_after_s = m->retry_after_s;
        reason = https_answer_reason(m->status, &doc);
        if (reason == REASON_NONE)
            reason = REASON_HTTP_STATUS;
    } else if (!reason) {
        reason = doc.kind == x->plan->answer ? x->plan->accept(x, now, &doc) : REASON_XML_INVALID;
    }
    m2m_doc_release(&doc);
    return reason;
}

static void on_message(struct https *h, sim_ns now, const struct http_message *m)
{
    struct exchange *x = (struct exchange *)h;
    enum reason reason;

    reason = judge(x, now, m);
    explicit_bzero(x->exported, sizeof(x->exported));
    if (reason)
        https_fail(h, now, reason);
    else
        https_finish(h, now, "answer accepted");
}

static const struct https_user exchange_user = {.opened = on_opened, .message = on_message};

struct proto *exchange_new(struct proto_env *env, const struct exchange_plan *plan,
                           const struct tls_context *context, const struct tls_peer_settings *peer,
                           const char *host, const struct m2m_doc *request, void *result)
{
    struct exchange *x = xcalloc(1, sizeof(*x));
    struct http_out m = {.method = HTTP_POST, .target = plan->target, .host = host};

    x->plan = plan;
    x->result = result;
    if (!https_init(&x->https, plan->ops, &exchange_user, env, false, context, peer) ||
        !https_send(&x->https, 0, m, request, plan->label)) {
        exchange_free(&x->https.proto);
        return NULL;
    }
    return &x->https.proto;
}

void exchange_free(struct proto *p)
{
    struct exchange *x = (struct exchange *)p;

    explicit_bzero(x->exported, sizeof(x->exported));
    https_release(&x->https);
    free(x);
}

uint32_t procedure_retry_after_s(const struct proto *p)
{
    return ((const struct exchange *)p)->retry_after_s;
}
