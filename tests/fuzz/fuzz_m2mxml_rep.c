/* m2mxml_rep: a document is refused with a sentence, or written again and read as the same. */
#include "tests/fuzz/fuzz.h"

#include "models/proto/m2mxml_rep.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct m2m_rep rep, again;
    struct buf text;
    char why[80];

    m2mxml_init();
    if (m2mxml_rep_read(span_of(data, n), &rep, why) != REASON_NONE) {
        if (why[0] == '\0' || rep.type || rep.p)
            abort();
        return 0;
    }
    buf_init(&text, 8 * M2M_MAX_DOC);
    if (!m2mxml_rep_write(&rep, &text))
        abort();
    if (buf_len(&text) <= M2M_MAX_DOC) {
        if (m2mxml_rep_read(buf_span(&text), &again, why) != REASON_NONE ||
            again.type != rep.type || again.n != rep.n ||
            (rep.n && memcmp(again.p, rep.p, rep.n) != 0))
            abort();
        m2m_rep_clear(&again);
    }
    m2m_rep_clear(&rep);
    buf_clear(&text);
    return 0;
}
