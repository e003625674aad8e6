#include "results/chart_impl.h"

#include <stdlib.h>
#include <string.h>

#include "results/text.h"
#include "sim/base/units.h"
#include "sim/base/json.h"
#include "sim/base/xalloc.h"

#define TIME_WIDTH 12 /* microseconds of an hour, in ms */
#define OCTETS     7  /* "999,999" */
#define BAR        96

/* Column of the i-th lifeline, counted from the first. */
static int lifeline(const struct chart_lines *l, size_t i)
{
    int step = l->n > 1 ? 40 / (int)(l->n - 1) : 0;
    return (int)i * (step > 24 ? 24 : step);
}

static int lifelines_width(const struct chart_lines *l)
{
    return l->n ? lifeline(l, l->n - 1) + 1 : 1;
}

static void put_names(const struct chart_lines *l, FILE *to)
{
    fprintf(to, "\n%*s  ", TIME_WIDTH, "ms");
    for (size_t i = 0; i < l->n; i++) {
        int width =
            i + 1 < l->n ? lifeline(l, i + 1) - lifeline(l, i) - 1 : text_width(l->at[i].name);
        int room = CHART_WIDTH - TIME_WIDTH - 2 - lifeline(l, i);
        text_cell(to, l->at[i].name, width < room ? width : room);
        if (i + 1 < l->n)
            fputc(' ', to);
    }
    fputc('\n', to);
}

/* The arrow from a to b among the lifelines; a lost message ends in an x on its way. */
static void put_arrow(const struct chart_lines *l, const struct chart_message *m, FILE *to)
{
    char line[64];
    int width = lifelines_width(l), a = chart_line_of(l, m->src), b = chart_line_of(l, m->dst);
    memset(line, ' ', sizeof line);
    for (size_t i = 0; i < l->n; i++)
        line[lifeline(l, i)] = '|';
    if (a >= 0 && a == b)
        line[lifeline(l, (size_t)a)] = 'o';
    if (a >= 0 && b >= 0 && a != b) {
        int from = lifeline(l, (size_t)a), target = lifeline(l, (size_t)b);
        int step = target > from ? 1 : -1, last = target - step;
        if (m->t_receive == ROW_NULL_ID)
            last = from + (target - from) * 2 / 3;
        for (int x = from + step; x != last; x += step)
            line[x] = line[x] == '|' ? '+' : '-';
        line[last] = m->t_receive == ROW_NULL_ID ? 'x' : step > 0 ? '>' : '<';
    }
    fwrite(line, 1, (size_t)width, to);
}

static void put_gap(const struct chart_lines *l, sim_ns gap, FILE *to)
{
    char line[64], text[32];
    int width = lifelines_width(l);
    units_human_time(gap, text, sizeof text);
    memset(line, ' ', sizeof line);
    for (size_t i = 0; i < l->n; i++)
        line[lifeline(l, i)] = ':';
    fprintf(to, "%*s  %.*s   ... %s ...\n", TIME_WIDTH, "", width, line, text);
}

/* A line under the message, broken at "; " where it must. */
static void put_fields(const struct chart_lines *l, const char *fields, FILE *to)
{
    char line[64];
    int width = lifelines_width(l), room = CHART_WIDTH - TIME_WIDTH - 2 - width - 5;

    memset(line, ' ', sizeof line);
    for (size_t i = 0; i < l->n; i++)
        line[lifeline(l, i)] = '|';
    while (*fields) {
        size_t n = strcspn(fields, ";");
        for (const char *next; fields[n] && (int)n <= room; n = (size_t)(next - fields)) {
            next = fields + n + 1 + strcspn(fields + n + 1, ";");
            if (next - fields > room)
                break;
        }
        char *part = xasprintf("%.*s", (int)n, fields);
        fprintf(to, "%*s  %.*s     ", TIME_WIDTH, "", width, line);
        text_cell(to, part, (int)n < room ? (int)n : room);
        fputc('\n', to);
        free(part);
        fields += n + strspn(fields + n, "; ");
    }
}

static void put_message(const struct chart *c, const struct chart_lines *l,
                        const struct chart_message *m, bool colour, FILE *to)
{
    char text[32];
    bool lost = m->t_receive == ROW_NULL_ID;
    int room = CHART_WIDTH - TIME_WIDTH - 2 - lifelines_width(l) - 3 - OCTETS - 3;
    char *name = chart_message_text(m);
    fprintf(to, "%s%*.3f  ", colour && lost ? "\033[31m" : "", TIME_WIDTH,
            (double)(m->t_send - c->t_intended) / 1e6);
    put_arrow(l, m, to);
    fputs("   ", to);
    text_cell(to, name, room);
    fprintf(to, " %*s B%s\n", OCTETS, text_count((uint64_t)m->octets, text),
            colour && lost ? "\033[0m" : "");
    put_fields(l, m->fields, to);
    free(name);
}

static void put_messages(const struct chart *c, bool colour, FILE *to)
{
    struct chart_lines l;
    chart_lines_make(c, 1, &l);
    put_names(&l, to);
    sim_ns last = c->t_intended;
    for (size_t i = 0; i < c->message_count; i++) {
        const struct chart_message *m = &c->messages[i];
        if (m->t_send - last >= CHART_GAP)
            put_gap(&l, m->t_send - last, to);
        put_message(c, &l, m, colour, to);
        sim_ns seen = m->t_receive == ROW_NULL_ID ? m->t_send : m->t_receive;
        last = seen > last ? seen : last;
    }
    if (c->t_end != ROW_NULL_ID && c->t_end - last >= CHART_GAP)
        put_gap(&l, c->t_end - last, to);
    chart_lines_release(&l);
}

static void put_head(const struct chart *c, bool colour, FILE *to)
{
    char *title = chart_title(c), *summary = chart_summary(c);
    fputs(colour ? "\033[1m" : "", to);
    text_put(to, title);
    fputs(colour ? "\033[0m\n" : "\n", to);
    text_put(to, summary);
    fputc('\n', to);
    free(title);
    free(summary);
}

/* A bar of the whole time, a letter a part, and what each is. */
static void put_parts(const struct chart *c, FILE *to)
{
    static const char letters[STATS_PARTS] = {'D', 'S', '-', 'q', 'R', '.', 'o'};
    char bar[BAR + 1], text[32];
    double total = 0, before = 0;
    int at = 0, shown = 0;
    for (int i = 0; i < STATS_PARTS; i++)
        total += (double)c->parts[i];
    if (c->t_end == ROW_NULL_ID || total <= 0)
        return;
    for (int i = 0; i < STATS_PARTS; i++) {
        before += (double)c->parts[i];
        for (int end = (int)(before / total * BAR + 0.5); at < end && at < BAR; at++)
            bar[at] = letters[i];
    }
    bar[at] = '\0';
    fprintf(to, "\n  [%s]\n", bar);
    for (int i = 0; i < STATS_PARTS; i++) {
        if (c->parts[i] == 0)
            continue;
        units_human_time(c->parts[i], text, sizeof text);
        fprintf(to, "  %c %-14s %8s %3.0f %%", letters[i], stats_part_labels[i], text,
                100 * (double)c->parts[i] / total);
        if (++shown % 3 == 0)
            fputc('\n', to);
    }
    if (shown % 3)
        fputc('\n', to);
}

static void put_keys(const struct chart *c, FILE *to)
{
    char text[32];
    for (size_t i = 0; i < c->key_count; i++) {
        const struct chart_key *k = &c->keys[i];
        units_human_time(k->born - c->t_intended, text, sizeof text);
        fprintf(to, "%s  key %lld: ", i ? "" : "\n", (long long)k->id);
        text_put(to, k->type);
        fprintf(to, " born at %s", text);
        if (k->parent != ROW_NULL_ID)
            fprintf(to, " of key %lld", (long long)k->parent);
        if (k->expires != ROW_NULL_ID) {
            units_human_time(k->expires - k->born, text, sizeof text);
            fprintf(to, ", good for %s", text);
        }
        fprintf(to, ", used %s time%s", text_count((uint64_t)k->uses, text),
                k->uses == 1 ? "" : "s");
        if (k->end != ROW_NULL_ID) {
            units_human_time(k->end - k->born, text, sizeof text);
            fputs(", ", to);
            text_put(to, k->end_reason);
            fprintf(to, " after %s", text);
        }
        fputc('\n', to);
    }
}

void chart_text(const struct chart *c, bool colour, FILE *to)
{
    put_head(c, colour, to);
    if (c->message_count)
        put_messages(c, colour, to);
    put_parts(c, to);
    put_keys(c, to);
}

/* ---- JSON ---- */

static void json_time(FILE *to, const char *key, sim_ns t)
{
    if (t == ROW_NULL_ID)
        fprintf(to, ",\"%s\":null", key);
    else
        fprintf(to, ",\"%s\":%lld", key, (long long)t);
}

static void json_field(FILE *to, const char *key, const char *value)
{
    fprintf(to, ",\"%s\":", key);
    json_text(to, value);
}

void chart_json(const struct chart *c, FILE *to)
{
    fprintf(to, "{\"procedure_id\":%lld", (long long)c->id);
    json_field(to, "kind", c->kind);
    json_field(to, "method", c->method);
    json_field(to, "node", c->node);
    json_field(to, "peer", c->peer);
    json_field(to, "outcome", c->outcome);
    json_field(to, "reason", c->reason);
    json_time(to, "t_intended", c->t_intended);
    json_time(to, "t_end", c->t_end);
    for (int i = 0; i < STATS_PARTS; i++)
        json_time(to, stats_part_names[i], c->parts[i]);
    fputs(",\"messages\":[", to);
    for (size_t i = 0; i < c->message_count; i++) {
        const struct chart_message *m = &c->messages[i];
        fprintf(to, "%s\n {\"src\":%lld,\"dst\":%lld", i ? "," : "", (long long)m->src,
                (long long)m->dst);
        json_time(to, "t_send", m->t_send);
        json_time(to, "t_receive", m->t_receive);
        json_field(to, "protocol", m->protocol);
        json_field(to, "name", m->name);
        json_field(to, "fate", m->fate);
        json_field(to, "fields", m->fields);
        fprintf(to, ",\"octets\":%lld}", (long long)m->octets);
    }
    fputs("],\"keys\":[", to);
    for (size_t i = 0; i < c->key_count; i++) {
        const struct chart_key *k = &c->keys[i];
        fprintf(to, "%s\n {\"key_id\":%lld", i ? "," : "", (long long)k->id);
        json_field(to, "type", k->type);
        json_time(to, "parent_key", k->parent);
        json_time(to, "t_born", k->born);
        json_time(to, "t_expires", k->expires);
        json_time(to, "t_end", k->end);
        json_field(to, "end_reason", k->end_reason);
        fprintf(to, ",\"uses\":%lld}", (long long)k->uses);
    }
    fputs("]}", to);
}
