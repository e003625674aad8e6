/* The bodies of messages. */
#include "models/proc/https.h"

#include <string.h>

enum reason https_parse(struct https *h, struct span body, struct m2m_doc *doc, char why[80])
{
    memset(doc, 0, sizeof(*doc));
    why[0] = '\0';
    if (body.n == 0)
        return REASON_NONE;
    if (h->proto.env->meter)
        meter_add(h->proto.env->meter, OP_XML_DOCUMENT, 1, body.n);
    return m2mxml_parse(body, doc, why);
}

enum reason https_answer_reason(int status, const struct m2m_doc *doc)
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
