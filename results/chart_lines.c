#include "results/chart_impl.h"

#include <stdlib.h>
#include <string.h>

#include "results/text.h"
#include "sim/base/units.h"
#include "sim/base/xalloc.h"

/* Lifelines, and the words that all forms of a chart share. */

/* Nothing yet. */
#define NO_LINE SIZE_MAX

static struct chart_place *place_of(const struct chart_lines *l, int64_t node)
{
    for (size_t i = 0; i < l->place_count; i++) {
        if (l->places[i].node == node)
            return &l->places[i];
    }
    return NULL;
}

int chart_line_of(const struct chart_lines *l, int64_t node)
{
    const struct chart_place *p = place_of(l, node);
    return p ? (int)p->line : -1;
}

static bool is_lone(const struct chart_place *p)
{
    return p->line == NO_LINE;
}

/* Of those that stand alone, how many are of the population of `p`. */
static size_t companions(const struct chart_lines *l, const struct chart_place *p)
{
    size_t n = 0;
    for (size_t i = 0; i < l->place_count; i++)
        n += is_lone(&l->places[i]) && strcmp(l->places[i].population, p->population) == 0;
    return n;
}

/* Marks the members of the largest population with `mark`; false: none has two. */
static bool collapse(struct chart_lines *l, size_t mark)
{
    const struct chart_place *largest = NULL;
    size_t most = 1;
    for (size_t i = 0; i < l->place_count; i++) {
        const struct chart_place *p = &l->places[i];
        size_t n = is_lone(p) && *p->population ? companions(l, p) : 0;
        if (n > most) {
            most = n;
            largest = p;
        }
    }
    for (size_t i = 0; largest && i < l->place_count; i++) {
        if (is_lone(&l->places[i]) && strcmp(l->places[i].population, largest->population) == 0)
            l->places[i].line = mark;
    }
    return largest != NULL;
}

/* How many lifelines there would be. Collapsed populations have the marks from CHART_NODES on. */
static size_t needed(const struct chart_lines *l, size_t marks)
{
    size_t n = marks;
    for (size_t i = 0; i < l->place_count; i++)
        n += is_lone(&l->places[i]);
    return n;
}

/* One more node on a lifeline; of several names none is its name. */
static void join(struct chart_lines *l, size_t line, const char *name)
{
    struct chart_line *at = &l->at[line];
    if (line == l->n) {
        l->n++;
        *at = (struct chart_line){xstrdup(name), 0};
    } else if (strcmp(at->name, name) != 0) {
        free(at->name);
        at->name = xstrdup("others");
    }
    at->nodes++;
}

/* From marks and lone nodes to lifelines, by first appearance; the last takes what is too many. */
static void number(struct chart_lines *l)
{
    size_t of_mark[CHART_NODES];
    for (size_t i = 0; i < CHART_NODES; i++)
        of_mark[i] = NO_LINE;
    for (size_t i = 0; i < l->place_count; i++) {
        struct chart_place *p = &l->places[i];
        size_t mark = is_lone(p) ? NO_LINE : p->line - CHART_NODES;
        size_t line = l->n < CHART_NODES ? l->n : CHART_NODES - 1;
        if (mark != NO_LINE && of_mark[mark] != NO_LINE)
            line = of_mark[mark];
        else if (mark != NO_LINE)
            of_mark[mark] = line;
        join(l, line, mark == NO_LINE ? p->name : p->population);
        p->line = line;
    }
}

void chart_lines_make(const struct chart *charts, size_t n, struct chart_lines *out)
{
    *out = (struct chart_lines){0};
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < charts[i].node_count; k++) {
            const struct chart_node *node = &charts[i].nodes[k];
            if (place_of(out, node->id))
                continue;
            out->places = xrealloc(out->places, (out->place_count + 1) * sizeof *out->places);
            out->places[out->place_count++] =
                (struct chart_place){node->id, NO_LINE, node->name, node->population};
        }
    }
    for (size_t marks = 0; marks < CHART_NODES && needed(out, marks) > CHART_NODES; marks++) {
        if (!collapse(out, CHART_NODES + marks))
            break;
    }
    number(out);
    for (size_t i = 0; i < out->n; i++) {
        struct chart_line *at = &out->at[i];
        if (at->nodes < 2)
            continue;
        char *name = xasprintf("%s (%zu)", at->name, at->nodes);
        free(at->name);
        at->name = name;
    }
}

void chart_lines_release(struct chart_lines *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->at[i].name);
    free(l->places);
    *l = (struct chart_lines){0};
}

/* ---- words ---- */

char *chart_message_text(const struct chart_message *m)
{
    bool lost = m->t_receive == ROW_NULL_ID;
    return xasprintf("%s %s%s%s", m->protocol, m->name, lost ? ": " : "",
                     lost ? (*m->fate ? m->fate : "lost") : "");
}

char *chart_title(const struct chart *c)
{
    return xasprintf("procedure %lld: %s (%s) of %s with %s: %s%s%s", (long long)c->id, c->kind,
                     c->method, *c->node ? c->node : "?", *c->peer ? c->peer : "?", c->outcome,
                     *c->reason ? ", " : "", c->reason);
}

char *chart_summary(const struct chart *c)
{
    char due[32], took[32], up[32], down[32];
    bool ended = c->t_end != ROW_NULL_ID;
    units_human_time(c->t_intended, due, sizeof due);
    if (ended)
        units_human_time(c->t_end - c->t_intended, took, sizeof took);
    return xasprintf("due %s into the run, %s%s; %lld attempt%s, %lld messages, %s octets up, "
                     "%s down",
                     due, ended ? "took " : "not ended", ended ? took : "", (long long)c->attempts,
                     c->attempts == 1 ? "" : "s", (long long)c->messages_total,
                     text_count((uint64_t)c->octets_up, up),
                     text_count((uint64_t)c->octets_down, down));
}
