#include "results/doc.h"

#include <stdlib.h>
#include <string.h>

#include "results/text.h"

/* Figures and charts in a page. */

#define WIDE   960 /* pixels, as on a desk and on paper */
#define NARROW 400 /* as on a phone */

static void put_legend(struct doc *d, const struct figure *g)
{
    if (g->mark_count == 0)
        return;
    fputs("<ul class='legend'>", d->to);
    for (size_t i = 0; i < g->mark_count; i++) {
        const struct figure_mark *m = &g->marks[i];
        fprintf(d->to, "<li><svg class='mark %s' viewBox='0 0 36 12' aria-hidden='true'>%s</svg> ",
                m->style,
                m->style[0] == 'l' ? "<path d='M1,6H35'/>"
                                   : "<rect x='11' y='0' width='14' height='12'/>");
        text_xml(d->to, m->label);
        fputs("</li>", d->to);
    }
    fputs("</ul>\n", d->to);
}

/* Both widths; which is seen is the style sheet's. */
static void put_drawing(struct doc *d, const struct figure *g, int wide, const char *name)
{
    char prefix[64];
    snprintf(prefix, sizeof prefix, "%s-%s-", g->name, name);
    fprintf(d->to, "<div class='%s'>", name);
    if (!d->broken && figures_inline(g, d->folder, wide, prefix, d->to, d->why))
        d->broken = true;
    fputs("</div>\n", d->to);
}

void doc_figure(struct doc *d, const struct figure *g)
{
    if (!d->html) {
        fprintf(d->to, "\n### %s\n", g->title);
        if (g->drawn)
            fprintf(d->to, "\n![%s](%s.svg)\n", g->title, g->name);
        fprintf(d->to, "\n%s Data: [%s.csv](%s.csv), script: [%s.gp](%s.gp).\n", g->caption,
                g->name, g->name, g->name, g->name);
        return;
    }
    fprintf(d->to, "<figure id='figure-%s'>\n<h3>%s</h3>\n", g->name, g->title);
    if (g->drawn) {
        put_legend(d, g);
        put_drawing(d, g, WIDE, "desk");
        put_drawing(d, g, NARROW, "phone");
    } else {
        fputs("<p class='banner unsure'>gnuplot is not there, or failed: the figure is not drawn."
              "</p>\n",
              d->to);
    }
    fprintf(d->to, "<figcaption>%s", g->caption);
    fprintf(d->to,
            " <span class='files'>%s%s%s<a href='%s.csv'>data</a>, <a href='%s.gp'>script</a>"
            "</span></figcaption>\n</figure>\n",
            g->drawn ? "<a href='" : "", g->drawn ? g->name : "", g->drawn ? ".svg'>SVG</a>, " : "",
            g->name, g->name);
}

void doc_chart(struct doc *d, const struct chart *c, bool open)
{
    char *title = chart_title(c), *summary = chart_summary(c);
    if (d->html) {
        fprintf(d->to, "<details class='chart' id='procedure-%lld'%s><summary>", (long long)c->id,
                open ? " open" : "");
        text_xml(d->to, title);
        fputs("</summary>\n<p>", d->to);
        text_xml(d->to, summary);
        fputs("</p>\n<div class='wide' role='region' tabindex='0' aria-label='message sequence'>\n",
              d->to);
        chart_svg_inline(c, d->to);
        fputs("</div>\n</details>\n", d->to);
    } else {
        fputs("\n### ", d->to);
        text_put(d->to, title);
        fputs("\n\n", d->to);
        text_put(d->to, summary);
        fputs("\n\n```mermaid\n", d->to);
        chart_mermaid(c, 1, d->to);
        fputs("```\n", d->to);
    }
    free(title);
    free(summary);
}
