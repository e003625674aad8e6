/* The bodies of messages. */
#include "models/proc/https.h"

#include "models/proto/m2mxml_rep.h"

#include <string.h>

/* false: there is no document. */
static bool begin(struct https *h, struct span body, char why[80])
{
    why[0] = '\0';
    if (body.n == 0)
        return false;
    if (h->proto.env->meter)
        meter_add(h->proto.env->meter, OP_XML_DOCUMENT, 1, body.n);
    return true;
}

enum reason https_parse(struct https *h, struct span body, struct m2m_doc *doc, char why[80])
{
    memset(doc, 0, sizeof(*doc));
    return begin(h, body, why) ? m2mxml_parse(body, doc, why) : REASON_NONE;
}

enum reason https_parse_rep(struct https *h, struct span body, struct m2m_rep *rep, char why[80])
{
    m2m_rep_init(rep, M2M_NO_TYPE);
    return begin(h, body, why) ? m2mxml_rep_read(body, rep, why) : REASON_NONE;
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
