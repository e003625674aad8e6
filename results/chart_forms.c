#include "results/chart_impl.h"

#include <stdlib.h>
#include <string.h>

#include "results/text.h"
#include "sim/base/units.h"
#include "sim/base/xalloc.h"

/* Charts in the languages of other tools: Mermaid (in Markdown) and mscgen (Debian's mscgen draws
 * it). Several procedures follow each other between the same lifelines. */

struct form {
    FILE *to;
    const struct chart *c;
    struct chart_lines l;
    void (*text)(FILE *to, const char *s);
    bool mermaid;
};

/* Mermaid ends a statement at ';' and begins an entity with '#'. */
static void put_entity(FILE *to, char c)
{
    fprintf(to, "#%d;", c);
}

static void mermaid_text(FILE *to, const char *s)
{
    text_escaped(to, s, "#;<>\"", put_entity);
}

/* Inside mscgen's quotes. */
static void put_apostrophe(FILE *to, char c)
{
    (void)c;
    fputc('\'', to);
}

static void mscgen_text(FILE *to, const char *s)
{
    text_escaped(to, s, "\"\\", put_apostrophe);
}

static void put_lines(const struct form *f)
{
    for (size_t i = 0; i < f->l.n; i++) {
        if (f->mermaid)
            fprintf(f->to, "    participant n%zu as ", i);
        else
            fprintf(f->to, "%s  n%zu [label=\"", i ? ",\n" : "", i);
        f->text(f->to, f->l.at[i].name);
        fputs(f->mermaid ? "\n" : "\"]", f->to);
    }
    if (!f->mermaid)
        fputs(";\n", f->to);
}

/* A remark over all lifelines, or over one. */
static void put_note(const struct form *f, int line, const char *text)
{
    if (f->mermaid && line < 0)
        fprintf(f->to, f->l.n > 1 ? "    Note over n0,n%zu: " : "    Note over n%zu: ", f->l.n - 1);
    else if (f->mermaid)
        fprintf(f->to, "    Note over n%d: ", line);
    else if (line < 0)
        fputs("  --- [label=\"", f->to);
    else
        fprintf(f->to, "  n%d rbox n%d [label=\"", line, line);
    f->text(f->to, text);
    fputs(f->mermaid ? "\n" : "\"];\n", f->to);
}

static void put_gap(const struct form *f, sim_ns gap)
{
    char text[32];
    units_human_time(gap, text, sizeof text);
    if (f->mermaid) {
        char *note = xasprintf("... %s ...", text);
        put_note(f, -1, note);
        free(note);
    } else {
        fprintf(f->to, "  ... [label=\"%s\"];\n", text);
    }
}

static void put_message(const struct form *f, const struct chart_message *m)
{
    char octets[32], *name = chart_message_text(m);
    bool lost = m->t_receive == ROW_NULL_ID;
    int from = chart_line_of(&f->l, m->src), target = chart_line_of(&f->l, m->dst);
    char *text = xasprintf("%.3f ms %s, %s B%s%s%s", (double)(m->t_send - f->c->t_intended) / 1e6,
                           name, text_count((uint64_t)m->octets, octets), *m->fields ? " (" : "",
                           m->fields, *m->fields ? ")" : "");
    if (f->mermaid)
        fprintf(f->to, "    n%d%sn%d: ", from, lost ? "-x" : "->>", target);
    else
        fprintf(f->to, "  n%d %s n%d [label=\"", from, lost ? "-x" : "=>", target);
    f->text(f->to, text);
    fputs(f->mermaid ? "\n" : "\"];\n", f->to);
    free(text);
    free(name);
}

static void put_key(const struct form *f, const struct chart_key *k)
{
    char until[32] = "";
    int line = chart_line_of(&f->l, k->node);
    if (k->expires != ROW_NULL_ID)
        units_human_time(k->expires - k->born, until, sizeof until);
    char *text = xasprintf("%s, key %lld%s%s", k->type, (long long)k->id,
                           *until ? ", good for " : "", until);
    put_note(f, line < 0 ? 0 : line, text);
    free(text);
}

static void put_chart(const struct form *f)
{
    const struct chart *c = f->c;
    sim_ns last = c->t_intended;
    size_t key = 0;
    char *title = chart_title(c);
    put_note(f, -1, title);
    free(title);
    for (size_t i = 0; i < c->message_count; i++) {
        const struct chart_message *m = &c->messages[i];
        for (; key < c->key_count && c->keys[key].born < m->t_send; key++)
            put_key(f, &c->keys[key]);
        if (m->t_send - last >= CHART_GAP)
            put_gap(f, m->t_send - last);
        put_message(f, m);
        sim_ns seen = m->t_receive == ROW_NULL_ID ? m->t_send : m->t_receive;
        last = seen > last ? seen : last;
    }
    for (; key < c->key_count; key++)
        put_key(f, &c->keys[key]);
    if (c->t_end != ROW_NULL_ID && c->t_end - last >= CHART_GAP)
        put_gap(f, c->t_end - last);
}

static void put_all(struct form *f, const struct chart *charts, size_t n)
{
    chart_lines_make(charts, n, &f->l);
    put_lines(f);
    for (size_t i = 0; i < n; i++) {
        f->c = &charts[i];
        put_chart(f);
    }
    chart_lines_release(&f->l);
}

void chart_mermaid(const struct chart *charts, size_t n, FILE *to)
{
    struct form f = {.to = to, .text = mermaid_text, .mermaid = true};
    fputs("sequenceDiagram\n", to);
    put_all(&f, charts, n);
}

void chart_mscgen(const struct chart *charts, size_t n, FILE *to)
{
    struct form f = {.to = to, .text = mscgen_text};
    fputs("msc {\n  hscale = \"1.6\", wordwraparcs = \"1\";\n", to);
    put_all(&f, charts, n);
    fputs("}\n", to);
}
