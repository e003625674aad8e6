/* m2mxml_primitive: a requestIndication or responseConfirm that somebody with the key has signed.
 * Either it is refused with a sentence, or what is written of it again is read as the same. */
#include "tests/fuzz/fuzz.h"

#include "models/proto/m2mxml_primitive.h"
#include "models/proto/m2mxml_rep.h"

#include <stdlib.h>
#include <string.h>

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void same(const struct m2m_primitive *a, const struct m2m_primitive *b)
{
    must(a->correlation_id == b->correlation_id && a->method == b->method);
    must(strcmp(a->target_id, b->target_id) == 0 && strcmp(a->resource_uri, b->resource_uri) == 0);
    must(strcmp(a->requesting_entity, b->requesting_entity) == 0);
    must(a->status_code == b->status_code);
}

static void again(const struct m2m_primitive *p, const struct m2m_rep *rep)
{
    struct m2m_primitive q = {.response = p->response};
    struct buf document, whole;
    struct m2m_rep back;
    char why[80];

    buf_init(&document, 1 << 20);
    buf_init(&whole, 1 << 20);
    if (rep->type)
        must(m2mxml_rep_write(rep, &document));
    must(m2mxml_primitive_write(p, buf_span(&document), &whole));
    if (buf_len(&whole) <= M2M_MAX_PRIMITIVE) {
        must(m2mxml_primitive_read(buf_span(&whole), &q, NULL, &back, why) == REASON_NONE);
        same(p, &q);
        must(back.type == rep->type);
        m2m_rep_clear(&back);
    }
    buf_clear(&document);
    buf_clear(&whole);
}

static void take(struct span in, bool response)
{
    struct m2m_primitive p = {.response = response};
    char why[80], why_doc[80];
    struct m2m_rep rep;
    struct m2m_doc doc;
    enum reason reason = m2mxml_primitive_read(in, &p, NULL, &rep, why);

    if (reason)
        must(*why && rep.type == M2M_NO_TYPE && rep.n == 0);
    else
        again(&p, &rep);
    m2m_rep_clear(&rep);
    reason = m2mxml_primitive_read(in, &p, &doc, NULL, why_doc);
    must(!reason || (*why_doc && doc.kind == DOC_NONE && !doc.owned));
    m2m_doc_release(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static bool ready;

    if (!ready)
        m2mxml_init();
    ready = true;
    take(span_of(data, n), false);
    take(span_of(data, n), true);
    return 0;
}
