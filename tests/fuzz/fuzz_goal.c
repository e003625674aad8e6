/* A goal: refused with a place in it and a sentence, or what was read is whole and can be told. */
#include "tests/fuzz/fuzz.h"

#include "sim/base/goal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void require(bool it)
{
    if (!it)
        abort();
}

static void check_read(const struct goal *g)
{
    char out[32];

    require(g->bound >= 0 && isfinite(g->bound));
    require(g->function != GOAL_QUANTILE || (g->q > 0 && g->q < 1));
    require((g->measure != NULL) == (g->function != GOAL_SUCCESS && g->function != GOAL_COUNT));
    require(g->subject[0] != '\0' && strlen(g->subject) < sizeof g->subject);
    goal_format(goal_dimension_of(g), g->bound, out, sizeof out);
    require(out[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const servers[] = {"core", "mas"};
    char text[300];
    struct goal_fault why;
    struct goal g;

    if (n >= sizeof text)
        return 0;
    memcpy(text, data, n);
    text[n] = '\0';
    for (int known = 0; known < 2; known++) {
        if (goal_parse(text, known ? servers : NULL, 2, &g, &why))
            check_read(&g);
        else
            require(why.at <= strlen(text) && why.text[0] != '\0');
    }
    return 0;
}
