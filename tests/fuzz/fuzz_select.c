/* An expression of `where:` or --only: refused with a sentence and a place in it, or understood,
 * and then `not (it)` holds exactly where it does not. */
#include "tests/fuzz/fuzz.h"

#include "sim/base/xalloc.h"
#include "topologies/select.h"

#include <stdlib.h>
#include <string.h>

static const char *const keys[] = {"populations.core.workers", "populations.meters.retry.base",
                                   "links.meters -> core.loss", "title"};
static const char *const values[] = {"8", "1500 ms", "0.5 %", "and"};

static void require(bool it)
{
    if (!it)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = xasprintf("%.*s", (int)(n < 4000 ? n : 4000), (const char *)data);
    char *opposite = xasprintf("not (%s)", text), why[200] = "";
    int at = 0;
    struct select *s = select_parse(text, keys, 4, true, why, &at);
    if (!s) {
        require(why[0] != '\0' && at >= 1 && (size_t)at <= strlen(text) + 1);
    } else {
        struct select *not = select_parse(opposite, keys, 4, true, why, &at);
        for (uint32_t cell = 0; not &&cell < 3; cell++)
            require(select_holds(s, values, cell, 1) != select_holds(not, values, cell, 1));
        require(not || strstr(why, "nested too deeply")); /* two levels more */
        select_free(not );
    }
    select_free(s);
    free(opposite);
    free(text);
    return 0;
}
