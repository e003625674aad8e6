/* m2mxml: what was read can be written, and what was written can be read. */
#include "tests/fuzz/fuzz.h"

#include "models/proto/m2mxml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct m2m_doc doc, again;
    char why[80];
    struct buf text;

    m2mxml_init();
    if (m2mxml_parse(span_of(data, n), &doc, why) != REASON_NONE) {
        if (why[0] == '\0' || doc.kind != DOC_NONE || doc.owned)
            abort();
        return 0;
    }
    buf_init(&text, 4 * M2M_MAX_DOC);
    if (!m2mxml_write(&doc, &text))
        abort();
    if (buf_len(&text) <= M2M_MAX_DOC) {
        if (m2mxml_parse(buf_span(&text), &again, why) != REASON_NONE || again.kind != doc.kind)
            abort();
        m2m_doc_release(&again);
    }
    m2m_doc_release(&doc);
    buf_clear(&text);
    return 0;
}
