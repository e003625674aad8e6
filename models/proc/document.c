#include "models/proc/document.h"

#include "models/proto/m2mxml_rep.h"

#include <stdio.h>
#include <string.h>

/* false: there is no document. */
static bool begin(struct proto_env *env, struct span body, char why[80])
{
    why[0] = '\0';
    if (body.n == 0)
        return false;
    if (env->meter)
        meter_add(env->meter, OP_XML_DOCUMENT, 1, body.n);
    return true;
}

enum reason document_read(struct proto_env *env, struct span body, struct m2m_doc *doc,
                          char why[80])
{
    memset(doc, 0, sizeof(*doc));
    return begin(env, body, why) ? m2mxml_parse(body, doc, why) : REASON_NONE;
}

enum reason document_read_rep(struct proto_env *env, struct span body, struct m2m_rep *rep,
                              char why[80])
{
    m2m_rep_init(rep, M2M_NO_TYPE);
    return begin(env, body, why) ? m2mxml_rep_read(body, rep, why) : REASON_NONE;
}

enum reason document_answer_reason(int status, const struct m2m_doc *doc)
{
    enum reason reason = REASON_NONE;
    char word[sizeof(doc->u.error.additional)];
    size_t n;

    if (status < 300)
        return REASON_NONE;
    if (doc->kind == DOC_ERROR_INFO) {
        n = strcspn(doc->u.error.additional, ": ");
        memcpy(word, doc->u.error.additional, n);
        word[n] = '\0';
        reason = n > 0 ? reason_find(word) : REASON_NONE;
    }
    if (reason == REASON_NONE || reason == REASON_COUNT)
        reason = m2m_status_reason(status);
    return reason == REASON_NONE ? REASON_HTTP_STATUS : reason;
}

/* The status codes of TS 102 921 have no "content too large": its errorInfo says bad request. */
static const char *status_code(int status)
{
    const char *name = m2m_status_name((enum m2m_status)status);

    return name && *name ? name : m2m_status_name(STATUS_BAD_REQUEST);
}

void document_error(struct m2m_doc *doc, int status, const char *additional)
{
    struct doc_error_info *e = &doc->u.error;

    memset(doc, 0, sizeof(*doc));
    doc->kind = DOC_ERROR_INFO;
    snprintf(e->status_code, sizeof(e->status_code), "%s", status_code(status));
    snprintf(e->additional, sizeof(e->additional), "%s", additional ? additional : "");
}
