#include "results/chart_impl.h"

#include <stdlib.h>
#include <string.h>

#include "results/text.h"
#include "sim/base/units.h"
#include "sim/base/xalloc.h"

/* Charts as SVG. No ids and no references, so that several stand in one page; what is seen follows
 * from classes: a style sheet of its own, light and dark, or the page's. */

#define WIDTH   920 /* of all lifelines together, unless there are many */
#define LEFT    86  /* the times */
#define RIGHT   66  /* the octets */
#define MARGIN  64  /* from the outer lifelines */
#define LINE    14  /* of text */
#define COLUMN  6.3 /* a character of a label, on average */
#define LABELS  3   /* lines of one label, at most */
#define BAR     18
#define LABEL_N 200

struct drawing {
    FILE *to;
    const struct chart *c;
    struct chart_lines l;
    double y, top; /* top: where the lifelines begin */
    double step;   /* between lifelines */
    double width;
};

static const char style[] =
    "<style>\n"
    ".m2m-paper{fill:#fff}\n"
    ".m2m-chart text{font:12px system-ui,Helvetica,Arial,sans-serif;fill:#1b1f24}\n"
    ".m2m-chart .t{fill:#57606a;font-variant-numeric:tabular-nums}\n"
    ".m2m-chart .h{font-weight:600}\n"
    ".m2m-chart .f{fill:#57606a;font-size:10px}\n"
    ".m2m-chart .title{font-size:14px;font-weight:600}\n"
    ".m2m-chart .box{fill:#eef2f6;stroke:#8c959f}\n"
    ".m2m-chart .life{stroke:#8c959f}\n"
    ".m2m-chart .fold{stroke-dasharray:2 4}\n"
    ".m2m-chart .a{stroke:#1b1f24;stroke-width:1.4;fill:none}\n"
    ".m2m-chart .tip{fill:#1b1f24}\n"
    ".m2m-chart .lost{stroke:#b3261e;stroke-dasharray:6 3}\n"
    ".m2m-chart .lt{fill:#b3261e}\n"
    ".m2m-chart .key{fill:#fff4d6;stroke:#9a6700}\n"
    ".m2m-chart .p0{fill:#3b0f52}.m2m-chart .p1{fill:#443983}.m2m-chart .p2{fill:#31688e}\n"
    ".m2m-chart .p3{fill:#21918c}.m2m-chart .p4{fill:#4fc26b}.m2m-chart .p5{fill:#a6db35}\n"
    ".m2m-chart .p6{fill:#fbe96a}.m2m-chart .part{stroke:#57606a;stroke-width:.6}\n"
    "@media (prefers-color-scheme:dark){\n"
    ".m2m-paper{fill:#14181d}.m2m-chart text{fill:#e6eaef}.m2m-chart .t,.m2m-chart "
    ".f{fill:#a3adb8}\n"
    ".m2m-chart .box{fill:#232a32;stroke:#7d8793}.m2m-chart .life{stroke:#7d8793}\n"
    ".m2m-chart .a{stroke:#e6eaef}.m2m-chart .tip{fill:#e6eaef}\n"
    ".m2m-chart .lost{stroke:#ff8a80}.m2m-chart .lt{fill:#ff8a80}\n"
    ".m2m-chart .key{fill:#3a2f10;stroke:#d4a72c}.m2m-chart .part{stroke:#a3adb8}\n"
    ".m2m-chart .p0{fill:#8d5aa8}.m2m-chart .p1{fill:#7a6fc4}}\n"
    "</style>\n";

static double line_x(const struct drawing *d, size_t line)
{
    return LEFT + MARGIN + (double)line * d->step;
}

/* ---- lifelines ---- */

/* A stretch of all lifelines, from d->y on; moves on. */
static void stretch(struct drawing *d, double height, bool folded)
{
    for (size_t i = 0; i < d->l.n; i++)
        fprintf(d->to, "<path class='life%s' d='M%.1f,%.1fv%.1f'/>\n", folded ? " fold" : "",
                line_x(d, i), d->y, height);
    d->y += height;
}

/* The first `columns` characters, with an ellipsis when there are more. */
static void put_cut(FILE *to, const char *s, int columns)
{
    int width = text_width(s);
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    if (!f)
        return;
    text_cell(f, s, width < columns ? width : columns);
    fclose(f);
    size_t used = strlen(text);
    bool cut = width > columns && used > 0;
    if (cut)
        text[used - 1] = '\0';
    text_xml(to, text);
    if (cut)
        fputs("\xe2\x80\xa6", to);
    free(text);
}

static void put_heads(struct drawing *d)
{
    double room = d->step < 2 * MARGIN ? d->step - 8 : 2 * MARGIN - 8;
    for (size_t i = 0; i < d->l.n; i++) {
        double width = 18 + COLUMN * 1.15 * text_width(d->l.at[i].name);
        width = d->l.n > 1 && width > d->step - 8 ? d->step - 8 : width;
        width = i == 0 && width > 2 * MARGIN - 8 + LEFT ? room : width;
        fprintf(d->to,
                "<g><title>%zu node%s</title><rect class='box' x='%.1f' y='%.1f' width='%.1f' "
                "height='22' rx='3'/>"
                "<text class='h' text-anchor='middle' x='%.1f' y='%.1f'>",
                d->l.at[i].nodes, d->l.at[i].nodes == 1 ? "" : "s", line_x(d, i) - width / 2, d->y,
                width, line_x(d, i), d->y + 15);
        put_cut(d->to, d->l.at[i].name, (int)(width / COLUMN / 1.05));
        fputs("</text></g>\n", d->to);
    }
    fprintf(d->to,
            "<text class='t' text-anchor='end' x='%d' y='%.1f'>ms</text>"
            "<text class='t' text-anchor='end' x='%.1f' y='%.1f'>octets</text>\n",
            LEFT - 20, d->y + 15, d->width - 6, d->y + 15);
    d->y += 22;
    stretch(d, 8, false);
}

/* ---- messages ---- */

/* Breaks `text` at blanks into lines of at most `columns`; the last may be longer. How many. */
static int break_lines(const char *text, int columns, char out[LABELS][LABEL_N])
{
    int n = 0;
    while (*text && n < LABELS) {
        size_t length = strlen(text), at = length;
        if (text_width(text) > columns && n + 1 < LABELS) {
            at = 0;
            for (size_t i = 1; i < length && i < LABEL_N - 1; i++) {
                if (text[i] == ' ' && (at == 0 || i <= (size_t)columns))
                    at = i;
            }
            at = at ? at : length;
        }
        snprintf(out[n++], LABEL_N, "%.*s", (int)(at < LABEL_N ? at : LABEL_N - 1), text);
        text += at;
        text += *text == ' ';
    }
    return n;
}

static void put_tooltip(FILE *to, const struct chart_message *m, const char *text)
{
    char took[32];
    fputs("<title>", to);
    text_xml(to, text);
    if (*m->fields) {
        fputs(": ", to);
        text_xml(to, m->fields);
    }
    if (m->t_receive != ROW_NULL_ID) {
        units_human_time(m->t_receive - m->t_send, took, sizeof took);
        fprintf(to, "; %s on the way", took);
    }
    fputs("</title>", to);
}

static void put_arrow(struct drawing *d, double from, double target, bool lost)
{
    double way = target - from, side = way > 0 ? 1 : -1;
    double last = lost ? from + way * 0.66 : target;
    fprintf(d->to, "<path class='a%s' d='M%.1f,%.1fH%.1f'/>", lost ? " lost" : "", from, d->y,
            last - (lost ? 0 : 5 * side));
    if (lost)
        fprintf(d->to, "<path class='a lost' d='M%.1f,%.1fl10,10m0,-10l-10,10'/>", last - 5,
                d->y - 5);
    else
        fprintf(d->to, "<path class='tip' d='M%.1f,%.1fl%.1f,-4v8z'/>", last, d->y, -9 * side);
}

static void put_message(struct drawing *d, const struct chart_message *m)
{
    char lines[LABELS][LABEL_N], octets[32];
    char *text = chart_message_text(m);
    bool lost = m->t_receive == ROW_NULL_ID;
    int from = chart_line_of(&d->l, m->src), target = chart_line_of(&d->l, m->dst);
    from = from < 0 ? 0 : from;
    target = target < 0 ? from : target;
    double a = line_x(d, (size_t)from), b = line_x(d, (size_t)target);
    double room = (a < b ? b - a : a - b) - 12;
    room = from == target ? WIDTH / 3.0 : room < 90 ? 90 : room;
    int columns = (int)(room / COLUMN), n = break_lines(text, columns, lines), k = 0;
    char fields[LABELS][LABEL_N];
    if (*m->fields)
        k = break_lines(m->fields, (int)(columns * 1.2), fields);
    fputs("<g>", d->to);
    put_tooltip(d->to, m, text);
    double first = d->y;
    stretch(d, 6 + LINE * (n + k) + 3, false);
    for (int i = 0; i < n; i++) {
        fprintf(d->to, "<text%s text-anchor='%s' x='%.1f' y='%.1f'>", lost ? " class='lt'" : "",
                from == target ? "start" : "middle", from == target ? a + 12 : (a + b) / 2,
                first + 4 + LINE * (i + 1));
        put_cut(d->to, lines[i], (int)(room / COLUMN));
        fputs("</text>", d->to);
    }
    for (int i = 0; i < k; i++) {
        fprintf(d->to, "<text class='f' text-anchor='%s' x='%.1f' y='%.1f'>",
                from == target ? "start" : "middle", from == target ? a + 12 : (a + b) / 2,
                first + 4 + LINE * (n + i + 1));
        put_cut(d->to, fields[i], (int)(columns * 1.2));
        fputs("</text>", d->to);
    }
    if (from == target)
        fprintf(d->to, "<circle class='tip' r='4' cx='%.1f' cy='%.1f'/>", a, d->y);
    else
        put_arrow(d, a, b, lost);
    fprintf(d->to,
            "<text class='t' text-anchor='end' x='%d' y='%.1f'>%.3f</text>"
            "<text class='t' text-anchor='end' x='%.1f' y='%.1f'>%s</text></g>\n",
            LEFT - 20, d->y + 4, (double)(m->t_send - d->c->t_intended) / 1e6, d->width - 6,
            d->y + 4, text_count((uint64_t)m->octets, octets));
    stretch(d, 5, false);
    free(text);
}

static void put_gap(struct drawing *d, sim_ns gap)
{
    char text[32];
    units_human_time(gap, text, sizeof text);
    fprintf(
        d->to,
        "<text class='t' text-anchor='end' x='%d' y='%.1f'>\xe2\x80\xa6 %s \xe2\x80\xa6</text>\n",
        LEFT - 4, d->y + 19, text);
    stretch(d, 30, true);
}

/* ---- keys ---- */

static void put_key(struct drawing *d, const struct chart_key *k)
{
    char until[32] = "", *text;
    int line = chart_line_of(&d->l, k->node);
    if (k->expires != ROW_NULL_ID)
        units_human_time(k->expires - k->born, until, sizeof until);
    text = xasprintf("%s, key %lld%s%s", k->type, (long long)k->id, *until ? ", good for " : "",
                     until);
    double width = 14 + COLUMN * text_width(text), x = line_x(d, line < 0 ? 0 : (size_t)line);
    double left = x - width / 2 < LEFT - 8 ? LEFT - 8 : x - width / 2;
    if (left + width > d->width - RIGHT)
        left = d->width - RIGHT - width;
    stretch(d, 5, false);
    double y = d->y;
    stretch(d, 20, false);
    fprintf(d->to,
            "<g><title>a key is made here</title><rect class='key' x='%.1f' y='%.1f' "
            "width='%.1f' height='20' rx='10'/><text text-anchor='middle' x='%.1f' y='%.1f'>",
            left, y, width, left + width / 2, y + 14);
    text_xml(d->to, text);
    fprintf(d->to, "</text><text class='t' text-anchor='end' x='%d' y='%.1f'>%.3f</text></g>\n",
            LEFT - 20, y + 14, (double)(k->born - d->c->t_intended) / 1e6);
    stretch(d, 5, false);
    free(text);
}

/* Keys that were made until `now`; returns the first that was not. */
static size_t put_keys(struct drawing *d, size_t next, sim_ns now)
{
    for (; next < d->c->key_count && d->c->keys[next].born <= now; next++)
        put_key(d, &d->c->keys[next]);
    return next;
}

static void put_messages(struct drawing *d)
{
    const struct chart *c = d->c;
    sim_ns last = c->t_intended;
    size_t key = 0;
    put_heads(d);
    for (size_t i = 0; i < c->message_count; i++) {
        const struct chart_message *m = &c->messages[i];
        key = put_keys(d, key, m->t_send - 1);
        if (m->t_send - last >= CHART_GAP)
            put_gap(d, m->t_send - last);
        put_message(d, m);
        sim_ns seen = m->t_receive == ROW_NULL_ID ? m->t_send : m->t_receive;
        last = seen > last ? seen : last;
    }
    put_keys(d, key, SIM_NEVER);
    if (c->t_end != ROW_NULL_ID && c->t_end - last >= CHART_GAP)
        put_gap(d, c->t_end - last);
    stretch(d, 8, false);
}

/* ---- where the time went ---- */

static void put_legend(struct drawing *d, int part, double x, double total)
{
    char text[32], share[32];
    double percent = 100 * (double)d->c->parts[part] / total;
    units_human_time(d->c->parts[part], text, sizeof text);
    snprintf(share, sizeof share, percent < 0.1 ? "&lt;0.1" : "%.1f", percent);
    fprintf(d->to,
            "<rect class='part p%d' x='%.1f' y='%.1f' width='11' height='11'/>"
            "<text x='%.1f' y='%.1f'>%s %s, %s %%</text>\n",
            part, x, d->y, x + 16, d->y + 10, stats_part_labels[part], text, share);
}

static void put_parts(struct drawing *d)
{
    double total = 0, before = 0, room = d->width - 28;
    int shown = 0;
    for (int i = 0; i < STATS_PARTS; i++)
        total += (double)d->c->parts[i];
    if (d->c->t_end == ROW_NULL_ID || total <= 0)
        return;
    d->y += 12;
    fprintf(d->to, "<text class='t' x='14' y='%.1f'>where the time went</text>\n", d->y + 4);
    d->y += 12;
    for (int i = 0; i < STATS_PARTS; i++) {
        double width = (double)d->c->parts[i] / total * room;
        if (width > 0)
            fprintf(d->to,
                    "<rect class='part p%d' x='%.2f' y='%.1f' width='%.2f' height='%d'>"
                    "<title>%s</title></rect>\n",
                    i, 14 + before, d->y, width, BAR, stats_part_labels[i]);
        before += width;
    }
    d->y += BAR + 10;
    for (int i = 0; i < STATS_PARTS; i++) {
        if (d->c->parts[i] == 0)
            continue;
        if (shown && shown % 3 == 0)
            d->y += 20;
        put_legend(d, i, 14 + shown % 3 * (room / 3), total);
        shown++;
    }
    d->y += 20;
}

/* ---- documents ---- */

static void begin(struct drawing *d, const struct chart *c)
{
    d->c = c;
    chart_lines_make(c, 1, &d->l);
    double most = d->l.n > 1 ? (WIDTH - LEFT - RIGHT - 2.0 * MARGIN) / (double)(d->l.n - 1) : 0;
    d->step = most > 330 ? 330 : most < 110 ? 110 : most;
    d->width = LEFT + RIGHT + 2 * MARGIN + d->step * (double)(d->l.n > 1 ? d->l.n - 1 : 0);
    if (d->width < 480)
        d->width = 480;
}

static void draw(struct drawing *d, bool titled)
{
    if (titled) {
        char *title = chart_title(d->c), *summary = chart_summary(d->c);
        fprintf(d->to, "<text class='title' x='14' y='%.1f'>", d->y + 18);
        put_cut(d->to, title, (int)(d->width / 7.6));
        fprintf(d->to, "</text>\n<text class='t' x='14' y='%.1f'>", d->y + 38);
        put_cut(d->to, summary, (int)(d->width / COLUMN));
        fputs("</text>\n", d->to);
        d->y += 52;
        free(title);
        free(summary);
    }
    if (d->c->message_count)
        put_messages(d);
    put_parts(d);
    chart_lines_release(&d->l);
}

/* The body first: only then is its height known. */
static void document(const struct chart *charts, size_t n, bool inlined, FILE *to)
{
    char *body = NULL;
    size_t size = 0;
    double width = 480;
    struct drawing d = {.to = open_memstream(&body, &size)};
    if (!d.to)
        return;
    for (size_t i = 0; i < n; i++) {
        begin(&d, &charts[i]);
        width = d.width > width ? d.width : width;
        d.y += i ? 24 : 0;
        draw(&d, !inlined);
    }
    fclose(d.to);
    fprintf(to,
            "<svg xmlns='http://www.w3.org/2000/svg' class='m2m-chart' role='img' "
            "viewBox='0 0 %.0f %.0f' width='%.0f' height='%.0f' aria-label='",
            width, d.y + 12, width, d.y + 12);
    char *title = n == 1 ? chart_title(charts) : xasprintf("%zu procedures", n);
    text_xml(to, title);
    free(title);
    fputs("'>\n", to);
    if (!inlined)
        fprintf(to, "%s<rect class='m2m-paper' width='100%%' height='100%%'/>\n", style);
    fputs(body, to);
    fputs("</svg>\n", to);
    free(body);
}

void chart_svg(const struct chart *charts, size_t n, FILE *to)
{
    document(charts, n, false, to);
}

void chart_svg_inline(const struct chart *c, FILE *to)
{
    document(c, 1, true, to);
}
