/* m2m_path: what was read is written again from its names, and read as the same. */
#include "tests/fuzz/fuzz.h"

#include "models/proto/m2m_path.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct m2m_path path, again;
    char uri[3 * M2M_MAX_PATH + M2M_MAX_STEPS] = "";

    if (m2m_path_parse(span_of(data, n), "m2m", &path) != M2M_PATH_OK)
        return 0;
    if (path.count == 0 || path.count > M2M_MAX_STEPS || path.text_n > sizeof(path.text))
        abort();
    for (unsigned i = 0; i < path.count; i++)
        if (!m2m_path_append(uri, sizeof(uri), m2m_path_name(&path, i)))
            abort();
    strncat(uri, path.text + path.suffix, sizeof(uri) - strlen(uri) - 1);
    /* Written anew it may be longer: what need not be encoded was, or the other way round. */
    if (strlen(uri) > M2M_MAX_PATH)
        return 0;
    if (m2m_path_parse(span_str(uri), "m2m", &again) != M2M_PATH_OK || again.count != path.count ||
        strcmp(again.text + again.suffix, path.text + path.suffix) != 0)
        abort();
    for (unsigned i = 0; i < path.count; i++)
        if (again.step[i].type != path.step[i].type ||
            strcmp(m2m_path_name(&again, i), m2m_path_name(&path, i)) != 0)
            abort();
    return 0;
}
