#include "sim/cli/overrides.h"

#include <stdlib.h>

#include "sim/base/json.h"
#include "sim/base/xalloc.h"
#include "sim/cli/goals_tell.h"

static void add(struct overrides *o, const char *key, const char *value)
{
    o->sets = xrealloc(o->sets, (o->count + 1) * sizeof *o->sets);
    o->pairs = xrealloc(o->pairs, 2 * (o->count + 1) * sizeof *o->pairs);
    o->sets[o->count] = key ? xasprintf("%s=%s", key, value) : xstrdup(value);
    o->pairs[2 * o->count] = "set";
    o->pairs[2 * o->count + 1] = o->sets[o->count];
    o->count++;
}

void overrides_take(struct overrides *o, const struct cli *c)
{
    static const char *const keys[][2] = {
        {"seed", "run.seed"}, {"until", "run.until"}, {"replications", "run.replications"}};
    const char *text;
    for (size_t i = 0; (text = cli_value_at(c, "set", i)); i++)
        add(o, NULL, text);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if ((text = cli_value(c, keys[i][0])))
            add(o, keys[i][1], text);
}

bool overrides_add_goals(struct overrides *o, const struct cli *c, const struct scenario *s)
{
    struct goal_fault fault;
    const char *goal;
    char *list = NULL;
    size_t n = 0;
    bool good = true;
    FILE *to = open_memstream(&list, &n);

    if (!to)
        abort(); /* only for want of memory */
    for (uint32_t i = 0; i < s->goal_count; i++) {
        fputs(i ? "," : "[", to);
        json_text(to, s->goals[i]);
    }
    for (size_t i = 0; (goal = cli_value_at(c, "goal", i)); i++) {
        if (!scenario_goal_check(s, goal, &fault)) {
            goals_tell_fault(c, goal, &fault);
            good = false;
        }
        fputs(i || s->goal_count ? "," : "[", to);
        json_text(to, goal);
    }
    fputs("]", to);
    fclose(to);
    add(o, "goals", list);
    free(list);
    return good;
}

void overrides_release(struct overrides *o)
{
    for (size_t i = 0; i < o->count; i++)
        free(o->sets[i]);
    free(o->sets);
    free(o->pairs);
}
