/* m2m_category: refused and nothing changed, or within bounds; a delay is written and read as the
 * same. */
#include "tests/fuzz/fuzz.h"

#include "models/proto/m2m_category.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct m2m_category c = {.has_rcat = false}, again = {.has_rcat = false};
    char text[40];

    if (m2m_rcat_parse(span_of(data, n), &c) != c.has_rcat || c.rcat > M2M_RCAT_MAX)
        abort();
    if (m2m_trpdt_parse(span_of(data, n), &c) != (c.trpdt != M2M_TRPDT_ABSENT))
        abort();
    if (c.trpdt != M2M_TRPDT_DELAY)
        return 0;
    if (c.trpdt_ns < 0)
        abort();
    m2m_trpdt_write(c.trpdt_ns, text);
    if (!m2m_trpdt_parse(span_str(text), &again) || again.trpdt_ns != c.trpdt_ns)
        abort();
    return 0;
}
