#include "sample.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "results/chart_impl.h"
#include "results/doc.h"
#include "results/reader.h"
#include "results/report_impl.h"
#include "sim/base/json.h"
#include "results/text.h"

/* Reports and charts of the sample, against texts that a person has read. */

static struct reader *open_sample(void)
{
    struct reader *r = NULL;
    char why[160];
    sample_write(sample_path, NULL);
    ck_assert_msg(reader_open(sample_path, &r, why) == OK, "%s", why);
    return r;
}

/* A memory stream's text; free it. */
struct capture {
    FILE *to;
    char *text;
    size_t n;
};

static void capture(struct capture *c)
{
    c->text = NULL;
    c->to = open_memstream(&c->text, &c->n);
    ck_assert_ptr_nonnull(c->to);
}

static void compare(struct capture *c, const char *golden)
{
    char path[200], expected[20000];
    fclose(c->to);
    snprintf(path, sizeof path, "%s/tests/unit/results/golden/%s", M2M_SOURCE_DIR, golden);
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "no %s; the text is\n%s", path, c->text);
    size_t n = fread(expected, 1, sizeof expected - 1, f);
    expected[n] = '\0';
    fclose(f);
    ck_assert_msg(strcmp(expected, c->text) == 0, "not as in %s:\n%s", golden, c->text);
    free(c->text);
}

START_TEST(report_text_golden)
{
    struct reader *r = open_sample();
    struct report_options o = {0};
    struct capture c;
    char why[160];
    capture(&c);
    ck_assert_msg(report_write(r, &o, c.to, why) == OK, "%s", why);
    compare(&c, "report.txt");
    reader_close(r);
}
END_TEST

START_TEST(report_json_golden)
{
    struct reader *r = open_sample();
    struct report_options o = {.json = true};
    struct capture c;
    char why[160];
    capture(&c);
    ck_assert_msg(report_write(r, &o, c.to, why) == OK, "%s", why);
    compare(&c, "report.json");
    reader_close(r);
}
END_TEST

START_TEST(report_of_a_killed_run)
{
    struct recorder_input in = sample_input();
    struct recorder_end end = {.status = RECORDER_PARTIAL};
    struct recorder *recorder = NULL;
    struct reader *r = NULL;
    struct report_options o = {0};
    struct capture c;
    char why[160];
    ck_assert_int_eq(recorder_open(sample_path, false, &in, &recorder), OK);
    ck_assert_msg(reader_open(sample_path, &r, why) == OK, "%s", why);
    capture(&c);
    ck_assert_msg(report_write(r, &o, c.to, why) == OK, "%s", why);
    fclose(c.to);
    ck_assert_ptr_nonnull(strstr(c.text, "PARTIAL: the run was killed, or is still going on"));
    free(c.text);
    reader_close(r);
    ck_assert_int_eq(recorder_close(recorder, &end, NULL), OK);
    ck_assert_int_eq(reader_open(sample_path, &r, why), OK);
    capture(&c);
    ck_assert_msg(report_write(r, &o, c.to, why) == OK, "%s", why);
    fclose(c.to);
    ck_assert_ptr_nonnull(strstr(c.text, "PARTIAL: the run was stopped before its end"));
    free(c.text);
    reader_close(r);
}
END_TEST

static const char *const figure_files[] = {
    "report.txt",        "report.md",       "report.html",       "latency-cdf.csv",
    "latency-cdf.gp",    "latency-cdf.svg", "latency-parts.csv", "latency-parts.gp",
    "latency-parts.svg", "load.csv",        "load-queues.csv",   "load.gp",
    "load.svg",          "crypto-cost.csv", "crypto-cost.gp",    "crypto-cost.svg",
    "keys-alive.csv",    "keys-alive.gp",   "keys-alive.svg",
};

static long size_of(const char *folder, const char *name)
{
    char path[200];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

static enum err write_figures(struct reader *r, const char *folder, bool force, char why[160])
{
    struct report_options o = {.out_dir = folder, .force = force};
    struct capture c;
    capture(&c);
    enum err err = report_write(r, &o, c.to, why);
    fclose(c.to);
    free(c.text);
    return err;
}

START_TEST(figures)
{
    struct reader *r = open_sample();
    char folder[120], why[160];
    snprintf(folder, sizeof folder, "%s/a/b", sample_folder);
    ck_assert_msg(write_figures(r, folder, false, why) == OK, "%s", why);
    for (size_t i = 0; i < sizeof figure_files / sizeof figure_files[0]; i++)
        ck_assert_msg(size_of(folder, figure_files[i]) > 100, "%s", figure_files[i]);
    ck_assert_int_eq(write_figures(r, folder, false, why), ERR_EXISTS);
    ck_assert_msg(write_figures(r, folder, true, why) == OK, "%s", why);
    reader_close(r);
}
END_TEST

START_TEST(figures_without_gnuplot)
{
    struct reader *r = open_sample();
    char folder[120], why[160], *path = strdup(getenv("PATH"));
    snprintf(folder, sizeof folder, "%s/a", sample_folder);
    setenv("PATH", sample_folder, 1);
    enum err err = write_figures(r, folder, false, why);
    setenv("PATH", path, 1);
    free(path);
    ck_assert_int_eq(err, ERR_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(why, "gnuplot is not installed"));
    ck_assert_int_gt(size_of(folder, "load.gp"), 100);
    ck_assert_int_gt(size_of(folder, "keys-alive.csv"), 50);
    ck_assert_int_eq(size_of(folder, "load.svg"), -1);
    ck_assert_int_gt(size_of(folder, "report.html"), 1000); /* without figures, and says so */
    reader_close(r);
}
END_TEST

/* What a hostile database says is text in a page, never markup. */
START_TEST(pages_escape)
{
    struct figure_list none = {.n = 0};
    struct doc d = {.html = true};
    struct capture c;
    for (int html = 0; html < 2; html++) {
        capture(&c);
        d = (struct doc){.to = c.to, .html = html != 0};
        doc_begin(&d, "<b>&'\"`*|x");
        doc_section(&d, "run", "a<script>");
        doc_table(&d, "c'<", (struct doc_column[]){{"<i>", NULL, false}}, 1);
        doc_cell(&d, "<img src=x onerror='a'>|");
        doc_row(&d);
        doc_table_end(&d);
        doc_fold(&d, "t", "</code><script>alert(1)</script>\n");
        fclose(c.to);
        if (html) /* Markdown has it between fences */
            ck_assert_ptr_null(strstr(c.text, "<script>a"));
        ck_assert_ptr_null(strstr(c.text, html ? "<img" : " <img"));
        ck_assert_ptr_null(strstr(c.text, html ? "<b>" : "# <b>"));
        if (html)
            ck_assert_ptr_nonnull(strstr(c.text, "&lt;img src=x onerror=&#39;a&#39;&gt;|"));
        else
            ck_assert_ptr_nonnull(strstr(c.text, "\\<img src=x onerror='a'\\>\\|"));
        free(c.text);
    }
    figures_release(&none);
}
END_TEST

START_TEST(gnuplot_is_bounded)
{
    char path[160], why[160];
    snprintf(path, sizeof path, "%s/bad.gp", sample_folder);
    FILE *f = fopen(path, "w");
    ck_assert(f && fputs("plot 'nowhere.csv'\n", f) >= 0 && fclose(f) == 0);
    ck_assert_int_eq(gnuplot_run(sample_folder, "bad.gp", 20, why), ERR_IO);
    ck_assert_ptr_nonnull(strstr(why, "bad.gp"));
    f = fopen(path, "w");
    ck_assert(f && fputs("while (1) { x = 1 }\n", f) >= 0 && fclose(f) == 0);
    ck_assert_int_eq(gnuplot_run(sample_folder, "bad.gp", 1, why), ERR_IO);
    ck_assert_ptr_nonnull(strstr(why, "more than 1 s"));
}
END_TEST

static void chart(const struct chart_options *o, const char *golden)
{
    struct reader *r = open_sample();
    struct capture c;
    char why[160];
    capture(&c);
    ck_assert_msg(chart_write(r, o, c.to, why) == OK, "%s", why);
    compare(&c, golden);
    reader_close(r);
}

START_TEST(chart_golden)
{
    chart(&(struct chart_options){.procedure_id = 1}, "chart-procedure.txt");
    chart(&(struct chart_options){.procedure_id = ROW_NULL_ID, .node = "meter-1"},
          "chart-node.txt");
    chart(&(struct chart_options){.procedure_id = ROW_NULL_ID,
                                  .worst = 3,
                                  .worst_kind = "connection"},
          "chart-worst.txt");
    chart(&(struct chart_options){.procedure_id = 1, .json = true}, "chart.json");
    struct chart_options o = {
        .procedure_id = ROW_NULL_ID, .node = "meter-1", .format = CHART_FORMAT_MERMAID};
    chart(&o, "chart-node.mmd");
    o.format = CHART_FORMAT_MSCGEN;
    chart(&o, "chart-node.msc");
}
END_TEST

/* Never more lifelines than fit; the many of a population stand behind one. */
START_TEST(chart_collapses)
{
    enum { METERS = 30, SERVERS = 13 };
    struct chart_node nodes[METERS + SERVERS];
    char names[METERS + SERVERS][16], population[] = "meters";
    struct chart_lines l;
    for (int i = 0; i < METERS + SERVERS; i++) {
        bool meter = i < METERS;
        snprintf(names[i], sizeof names[i], meter ? "meters-%d" : "s%d", i);
        nodes[i] = (struct chart_node){i, names[i], meter ? population : names[i]};
    }
    struct chart c = {.nodes = nodes, .node_count = METERS + 3};
    chart_lines_make(&c, 1, &l);
    ck_assert_uint_eq(l.n, 4);
    ck_assert_str_eq(l.at[0].name, "meters (30)");
    ck_assert_str_eq(l.at[3].name, "s32");
    ck_assert_int_eq(chart_line_of(&l, 29), 0);
    ck_assert_int_eq(chart_line_of(&l, 99), -1);
    chart_lines_release(&l);
    c.node_count = METERS + SERVERS; /* 14 lifelines even so */
    chart_lines_make(&c, 1, &l);
    ck_assert_uint_eq(l.n, CHART_NODES);
    ck_assert_str_eq(l.at[CHART_NODES - 1].name, "others (3)");
    chart_lines_release(&l);
    c.node_count = CHART_NODES; /* as many as fit: each its own */
    chart_lines_make(&c, 1, &l);
    ck_assert_uint_eq(l.n, CHART_NODES);
    ck_assert_str_eq(l.at[11].name, "meters-11");
    chart_lines_release(&l);
}
END_TEST

static void no_chart(const struct chart_options *o, const char *reason)
{
    struct reader *r = open_sample();
    struct capture c;
    char why[160];
    capture(&c);
    ck_assert_int_eq(chart_write(r, o, c.to, why), ERR_NOT_FOUND);
    fclose(c.to);
    ck_assert_str_eq(c.text, "");
    ck_assert_msg(strstr(why, reason) != NULL, "%s", why);
    free(c.text);
    reader_close(r);
}

START_TEST(chart_not_found)
{
    no_chart(&(struct chart_options){.procedure_id = 99}, "no procedure 99");
    no_chart(&(struct chart_options){.procedure_id = 4}, "of procedure 4 (connection of meter-1)");
    no_chart(&(struct chart_options){.procedure_id = -1, .node = "meter-9"}, "no node 'meter-9'");
    no_chart(&(struct chart_options){.procedure_id = -1, .node = "meter-2"}, "of none");
    no_chart(&(struct chart_options){.procedure_id = -1, .worst = 2, .worst_kind = "erase"},
             "no procedure of kind 'erase'");
}
END_TEST

START_TEST(lines_fit)
{
    static const char *const goldens[] = {"report.txt", "chart-procedure.txt", "chart-node.txt"};
    for (size_t i = 0; i < sizeof goldens / sizeof goldens[0]; i++) {
        char path[200], line[400];
        snprintf(path, sizeof path, "%s/tests/unit/results/golden/%s", M2M_SOURCE_DIR, goldens[i]);
        FILE *f = fopen(path, "r");
        ck_assert_ptr_nonnull(f);
        while (fgets(line, sizeof line, f))
            ck_assert_msg(text_width(line) <= 101, "%s: %s", goldens[i], line);
        fclose(f);
    }
}
END_TEST

START_TEST(hostile_texts)
{
    struct capture c;
    char out[32];
    capture(&c);
    text_put(c.to, "a\033[2Jb\x9b"
                   "c\xc3\xa9\xc2\x9b\xff\xe0\x80\x80");
    fputc('|', c.to);
    text_cell(c.to, "caf\xc3\xa9", 6);
    text_cell(c.to, "caf\xc3\xa9", -6);
    text_cell(c.to, "caf\xc3\xa9s", 4);
    json_text(c.to, "\"\\\n\xff\xc3\xa9");
    fclose(c.to);
    ck_assert_str_eq(c.text, "a?[2Jb?c\xc3\xa9??????|caf\xc3\xa9    caf\xc3\xa9"
                             "caf~\"\\\"\\\\\\u000a\\ufffd\xc3\xa9\"");
    free(c.text);
    ck_assert_str_eq(text_share(99999, 100000, out), "99.99 %");
    ck_assert_str_eq(text_share(7, 7, out), "100 %");
    ck_assert_str_eq(text_share(0, 0, out), "-");
    ck_assert_str_eq(text_count(1234567, out), "1,234,567");
    ck_assert_str_eq(text_count(999, out), "999");
    ck_assert_str_eq(text_figure(0.12345, out), "0.123");
    ck_assert_str_eq(text_figure(99.96, out), "100");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *c = tcase_create("report");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, sample_setup, sample_teardown);
    tcase_add_test(c, report_text_golden);
    tcase_add_test(c, report_json_golden);
    tcase_add_test(c, report_of_a_killed_run);
    tcase_add_test(c, figures);
    tcase_add_test(c, figures_without_gnuplot);
    tcase_add_test(c, pages_escape);
    tcase_add_test(c, gnuplot_is_bounded);
    tcase_add_test(c, chart_golden);
    tcase_add_test(c, chart_collapses);
    tcase_add_test(c, chart_not_found);
    tcase_add_test(c, lines_fit);
    tcase_add_test(c, hostile_texts);
    suite_add_tcase(suite, c);
    return sample_main(suite);
}
