/* goals: what the runs are judged by. Read here so that a mistake is told before anything runs; the
 * texts go on to the results, which judge. */
#include <string.h>

#include "sim/base/goal.h"
#include "topologies/reader.h"

#define MAX_GOALS 100

/* Where in the file an octet of a goal stands; one column more if it is in quotes, which the tree
 * does not keep. */
static int column_of(const struct tree *t, const char *text, size_t at)
{
    int column = t->column;

    for (size_t i = 0; i < at && text[i]; i++)
        column += ((unsigned char)text[i] & 0xC0) != 0x80;
    return column;
}

bool scenario_goal_check(const struct scenario *s, const char *text, struct goal_fault *why)
{
    const char *servers[256];
    struct goal goal;
    size_t n = 0;

    for (uint32_t i = 0; i < s->population_count && n < 256; i++)
        if (!cfg_is_field(s->populations[i].kind))
            servers[n++] = s->populations[i].name;
    return goal_parse(text, servers, n, &goal, why);
}

void goals_read(struct reader *r, const struct tree *root)
{
    const struct tree *t = tree_child(root, "goals");
    struct scenario *s = r->s;
    struct goal_fault why;
    uint32_t n = 0;

    if (!t || t->spoiled || !reader_want(r, t, TREE_LIST, "goals"))
        return;
    for (const struct tree *c = t->children; c; c = c->next)
        n++;
    if (n > MAX_GOALS) {
        reader_error(r, t, "S118", "more than %d goals", MAX_GOALS);
        return;
    }
    s->goals = pool_alloc(r->pool, (n + 1) * sizeof *s->goals);
    for (const struct tree *c = t->children; c; c = c->next) {
        struct owner at = {NULL, c->file, c->line, c->column};
        if (!reader_want(r, c, TREE_TEXT, "a goal"))
            continue;
        s->goals[s->goal_count++] = c->text;
        if (scenario_goal_check(s, c->text, &why))
            continue;
        at.column = column_of(c, c->text, why.at);
        reader_error_at(r, &at, "S130", "in this goal: %s", why.text);
    }
}
