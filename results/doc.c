#include "results/doc.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "results/text.h"
#include "sim/base/units.h"
#include "sim/base/xalloc.h"

#define MARKUP    "\\`*_<>[]|#~"
#define LONG_WORD 20 /* octets */
#define LONG_TEXT 32 /* columns; a longer cell may be broken into lines */

/* ---- texts ---- */

/* What would be markup in Markdown gets a backslash. */
static void put_backslashed(FILE *to, char c)
{
    fputc('\\', to);
    fputc(c, to);
}

static void put(struct doc *d, const char *s)
{
    if (d->html)
        text_xml(d->to, s);
    else
        text_escaped(d->to, s, MARKUP, put_backslashed);
}

static char *format(const char *fmt, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, fmt, args) < 0)
        return xstrdup("");
    return text;
}

/* ---- the frame ---- */

void doc_begin(struct doc *d, const char *title)
{
    if (!d->html) {
        fputs("# ", d->to);
        put(d, title);
        fputs("\n", d->to);
        return;
    }
    fputs("<!DOCTYPE html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
          "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
          "<meta name='color-scheme' content='light dark'>\n"
          "<link rel='icon' href='data:,'>\n<title>",
          d->to);
    put(d, title);
    fprintf(
        d->to,
        " \xe2\x80\x93 m2msim report</title>\n<style>\n%s</style>\n</head>\n<body>\n<header><h1>",
        page_css);
    put(d, title);
    fputs("</h1></header>\n<nav id='contents' aria-label='contents'></nav>\n<main>\n", d->to);
}

void doc_end(struct doc *d)
{
    if (d->html)
        fprintf(d->to, "</section>\n</main>\n<script>\n%s</script>\n</body>\n</html>\n", page_js);
}

void doc_section(struct doc *d, const char *id, const char *title)
{
    if (d->html) {
        /* The first has the run's facts, and none before it to close. */
        fprintf(d->to, "%s<section id='%s'>\n<h2>", strcmp(id, "run") == 0 ? "" : "</section>\n",
                id);
        put(d, title);
        fprintf(d->to, " <a class='here' href='#%s' aria-label='link to this section'>#</a></h2>\n",
                id);
    } else {
        fputs("\n## ", d->to);
        put(d, title);
        fputs("\n", d->to);
    }
}

void doc_paragraph(struct doc *d, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = format(fmt, args);
    va_end(args);
    fputs(d->html ? "<p>" : "\n", d->to);
    put(d, text);
    fputs(d->html ? "</p>\n" : "\n", d->to);
    free(text);
}

void doc_banner(struct doc *d, const char *kind, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = format(fmt, args);
    va_end(args);
    if (d->html)
        fprintf(d->to, "<p class='banner %s' role='status'>", kind);
    else
        fputs("\n> **", d->to);
    put(d, text);
    fputs(d->html ? "</p>\n" : "**\n", d->to);
    free(text);
}

/* On a phone a fact has some 20 columns; a word as long as that would be broken anywhere. */
static bool breaks_well(const char *text)
{
    for (; *text; text += *text == ' ') {
        size_t n = strcspn(text, " ");
        if (n > LONG_WORD)
            return false;
        text += n;
    }
    return true;
}

void doc_facts(struct doc *d, const char *const (*pairs)[2], size_t n)
{
    fputs(d->html ? "<dl class='facts'>\n" : "\n", d->to);
    for (size_t i = 0; i < n; i++) {
        if (!*pairs[i][1])
            continue;
        if (d->html)
            fputs(text_width(pairs[i][1]) > LONG_TEXT || !breaks_well(pairs[i][1])
                      ? "<div class='long'><dt>"
                      : "<div><dt>",
                  d->to);
        else
            fputs("- ", d->to);
        put(d, pairs[i][0]);
        fputs(d->html ? "</dt><dd>" : ": ", d->to);
        put(d, pairs[i][1]);
        fputs(d->html ? "</dd></div>\n" : "\n", d->to);
    }
    if (d->html)
        fputs("</dl>\n", d->to);
}

/* Line by line: control characters of a text are no part of it, but its lines are. */
static void put_lines(struct doc *d, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        char *line = xasprintf("%.*s", (int)n, text);
        if (d->html)
            text_xml(d->to, line);
        else
            text_put(d->to, line);
        free(line);
        fputc('\n', d->to);
        text += n + (text[n] == '\n');
    }
}

void doc_code(struct doc *d, const char *text)
{
    if (d->html) {
        fputs("<pre><code>", d->to);
        put_lines(d, text);
        fputs("</code></pre>\n", d->to);
    } else {
        fputs("\n```sh\n", d->to);
        put_lines(d, text);
        fputs("```\n", d->to);
    }
}

void doc_fold(struct doc *d, const char *title, const char *text)
{
    if (d->html) {
        fputs("<details><summary>", d->to);
        put(d, title);
        fputs("</summary>\n<pre><code>", d->to);
        put_lines(d, text);
        fputs("</code></pre>\n</details>\n", d->to);
    } else {
        fputs("\n### ", d->to);
        put(d, title);
        fputs("\n\n~~~~yaml\n", d->to);
        put_lines(d, text);
        fputs("~~~~\n", d->to);
    }
}

/* ---- tables ---- */

void doc_table(struct doc *d, const char *caption, const struct doc_column *columns, size_t n)
{
    d->column = 0;
    if (!d->html) {
        fputs("\n", d->to);
        for (size_t i = 0; i < n; i++) {
            fputs("| ", d->to);
            put(d, columns[i].title);
            if (columns[i].unit)
                fprintf(d->to, " (%s)", columns[i].unit);
            fputs(" ", d->to);
        }
        fputs("|\n", d->to);
        for (size_t i = 0; i < n; i++)
            fputs(columns[i].number ? "|---:" : "|---", d->to);
        fputs("|\n", d->to);
        return;
    }
    fputs("<div class='wide' role='region' tabindex='0' aria-label='", d->to);
    put(d, caption);
    fputs("'>\n<table class='sortable'>\n<caption>", d->to);
    put(d, caption);
    fputs("</caption>\n<thead><tr>", d->to);
    for (size_t i = 0; i < n; i++) {
        fprintf(d->to, "<th scope='col'%s><button type='button'>",
                columns[i].number ? " class='n'" : "");
        fputs("<span class='name'>", d->to);
        put(d, columns[i].title);
        fputs("</span>", d->to);
        if (columns[i].unit)
            fprintf(d->to, "<span class='unit'>%s</span>", columns[i].unit);
        fputs("</button></th>", d->to);
    }
    fputs("</tr></thead>\n<tbody>\n", d->to);
}

static void cell_begins(struct doc *d, const char *attributes)
{
    if (!d->html)
        fputs("| ", d->to);
    else
        fprintf(d->to, "%s<td%s>", d->column ? "" : "<tr>", attributes);
    d->column++;
}

static void cell_ends(struct doc *d)
{
    fputs(d->html ? "</td>" : " ", d->to);
}

void doc_cell(struct doc *d, const char *text)
{
    cell_begins(d, text_width(text) > LONG_TEXT ? " class='text'" : "");
    put(d, text);
    cell_ends(d);
}

void doc_number(struct doc *d, double value, const char *text)
{
    char attributes[48];
    snprintf(attributes, sizeof attributes, " class='n' data-v='%.9g'", value);
    cell_begins(d, attributes);
    put(d, text);
    cell_ends(d);
}

void doc_percentile(struct doc *d, sim_ns t, int64_t procedure_id)
{
    char attributes[48], text[32];
    snprintf(attributes, sizeof attributes, " class='n' data-v='%lld'", (long long)t);
    units_human_time(t, text, sizeof text);
    cell_begins(d, attributes);
    put(d, text);
    if (d->html)
        fprintf(d->to, "<br><span class='id' title='procedure %lld took this long'>#%lld</span>",
                (long long)procedure_id, (long long)procedure_id);
    else
        fprintf(d->to, " (\\#%lld)", (long long)procedure_id);
    cell_ends(d);
}

void doc_share(struct doc *d, double share, const char *text)
{
    char attributes[96];
    snprintf(attributes, sizeof attributes, " class='n bar' data-v='%.9g' style='--share:%.2f%%'",
             share,
             100 * (share < 0   ? 0
                    : share > 1 ? 1
                                : share));
    cell_begins(d, attributes);
    put(d, text);
    cell_ends(d);
}

void doc_verdict(struct doc *d, const char *verdict)
{
    const char *kind = strcmp(verdict, "yes") == 0  ? "good"
                       : strcmp(verdict, "no") == 0 ? "bad"
                                                    : "unsure";
    char attributes[48];
    snprintf(attributes, sizeof attributes, " class='verdict %s'", kind);
    cell_begins(d, attributes);
    put(d, verdict);
    cell_ends(d);
}

void doc_row(struct doc *d)
{
    d->column = 0;
    fputs(d->html ? "</tr>\n" : "|\n", d->to);
}

void doc_table_end(struct doc *d)
{
    if (d->html)
        fputs("</tbody>\n</table>\n</div>\n", d->to);
}
