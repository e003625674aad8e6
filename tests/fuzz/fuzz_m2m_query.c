/* m2m_query: refused with a sentence, or a filter that the tables accept. */
#include "tests/fuzz/fuzz.h"

#include "models/proto/m2m_query.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct m2m_query q;
    struct span rest;
    struct m2m_item item;
    char why[80];
    enum m2m_status status = m2m_query_parse(span_of(data, n), &q, why);

    if (status != STATUS_OK && (status != STATUS_BAD_REQUEST || why[0] == '\0'))
        abort();
    rest = m2m_rep_span(&q.filter);
    while (m2m_next(&rest, &item))
        if (strlen(m2m_element_name(item.element)) == 0)
            abort();
    if (rest.n || strlen(q.search_prefix) >= sizeof(q.search_prefix))
        abort();
    m2m_query_clear(&q);
    return 0;
}
