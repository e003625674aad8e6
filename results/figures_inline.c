#include "results/figures_impl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "results/text.h"
#include "sim/base/xalloc.h"

/* gnuplot's SVG inside an HTML page: no prolog, ids of its own, and the page's colours instead of
 * fixed ones, so that light, dark and print are one drawing. */

#define SECONDS 30

/* A colour of the scripts, and the variable of page.css that stands for it. */
static const struct {
    unsigned r, g, b;
    const char *variable;
} colours[] = {
    {0x00, 0x00, 0x00, "l1"},   {0x00, 0x72, 0xb2, "l2"},    {0xd5, 0x5e, 0x00, "l3"},
    {0x00, 0x9e, 0x73, "l4"},   {0xcc, 0x79, 0xa7, "l5"},    {0xe6, 0x9f, 0x00, "l6"},
    {0x56, 0xb4, 0xe9, "l7"},   {0x77, 0x77, 0x77, "l8"},    {0x8b, 0x5a, 0x2b, "l9"},
    {0x3b, 0x0f, 0x52, "p0"},   {0x44, 0x39, 0x83, "p1"},    {0x31, 0x68, 0x8e, "p2"},
    {0x21, 0x91, 0x8c, "p3"},   {0x4f, 0xc2, 0x6b, "p4"},    {0xa6, 0xdb, 0x35, "p5"},
    {0xfb, 0xe9, 0x6a, "p6"},   {0x44, 0x44, 0x44, "soft"},  {0xdd, 0xdd, 0xdd, "grid"},
    {0xc9, 0xd9, 0xe8, "area"}, {0xff, 0xff, 0xff, "paper"},
};

/* " 68," at *at, up to 255 and ended by `end`: goes behind it. */
static bool take_part(const char **at, char end, unsigned *part)
{
    char *behind;
    unsigned long value = strtoul(*at, &behind, 10);

    if (behind == *at || value > 255)
        return false;
    while (*behind == ' ')
        behind++;
    if (*behind != end)
        return false;
    *part = (unsigned)value;
    *at = behind + 1;
    return true;
}

/* "rgb( 68,  68,  68)" at s: writes what stands for it; its length, or 0. */
static size_t put_colour(const char *s, FILE *to)
{
    const char *at = s + strlen("rgb(");
    unsigned r, g, b;

    if (!take_part(&at, ',', &r) || !take_part(&at, ',', &g) || !take_part(&at, ')', &b))
        return 0;
    for (size_t i = 0; i < sizeof colours / sizeof colours[0]; i++) {
        if (colours[i].r == r && colours[i].g == g && colours[i].b == b) {
            fprintf(to, "var(--%s)", colours[i].variable);
            return (size_t)(at - s);
        }
    }
    fprintf(to, "rgb(%u,%u,%u)", r, g, b);
    return (size_t)(at - s);
}

/* Puts what stands for the text at s, if something does; how much of s that is, or 0. */
static size_t put_instead(const char *s, const char *prefix, FILE *to)
{
    static const char *const black[] = {"color=\"black\"", "fill=\"black\"", "stroke=\"black\""};
    size_t n = strncmp(s, "rgb(", 4) == 0 ? put_colour(s, to) : 0;
    if (n)
        return n;
    for (size_t i = 0; i < sizeof black / sizeof black[0]; i++) {
        size_t length = strlen(black[i]);
        if (strncmp(s, black[i], length) == 0) {
            fprintf(to, "%.*s\"var(--l1)\"", (int)(length - 7), black[i]);
            return length;
        }
    }
    if (strncmp(s, " id=", 4) == 0 && (s[4] == '\'' || s[4] == '"')) {
        fprintf(to, " id=%c%s", s[4], prefix);
        return 5;
    }
    if (strncmp(s, "href='#", 7) == 0 || strncmp(s, "href=\"#", 7) == 0) {
        fprintf(to, "href=%c#%s", s[5], prefix);
        return 7;
    }
    if (strncmp(s, "url(#", 5) == 0) {
        fprintf(to, "url(#%s", prefix);
        return 5;
    }
    return 0;
}

/* From the end of the <svg ...> tag on. */
static void put_body(const char *s, const char *prefix, FILE *to)
{
    while (*s) {
        size_t n = put_instead(s, prefix, to);
        if (n == 0)
            fputc(*s, to);
        s += n ? n : 1;
    }
}

enum err figures_inline(const struct figure *g, const char *folder, int wide, const char *prefix,
                        FILE *to, char why[160])
{
    char settings[48], script[48], *svg = NULL;
    snprintf(settings, sizeof settings, "page=1; wide=%d", wide);
    snprintf(script, sizeof script, "%s.gp", g->name);
    enum err err = gnuplot_capture(folder, script, settings, SECONDS, &svg, why);
    if (err)
        return err;
    const char *tag = strstr(svg, "<svg"), *box = tag ? strstr(tag, "viewBox=\"") : NULL;
    const char *body = box ? strchr(box, '>') : NULL;
    const char *title = body ? strstr(body, "</desc>") : NULL;
    if (!title) {
        snprintf(why, 160, "gnuplot made no SVG of %s", script);
        free(svg);
        return ERR_FORMAT;
    }
    box += strlen("viewBox=\"");
    fprintf(to,
            "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' "
            "role='img' class='plot' viewBox='%.*s' aria-label='",
            (int)strcspn(box, "\""), box);
    text_xml(to, g->title);
    fputs("'>", to);
    put_body(title + strlen("</desc>"), prefix, to);
    free(svg);
    return OK;
}
