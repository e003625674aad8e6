/* Cells: which there are, in which order, and what is in them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/sweep.h"

static const char head[] = "m2msim: 1\n"
                           "run: {until: 1 h, seed: 7, replications: 3}\n"
                           "populations:\n"
                           "  dev: {kind: device}\n"
                           "  b: {kind: msbf}\n"
                           "  a: {kind: mas}\n"
                           "  n: {kind: nscl}\n"
                           "links:\n"
                           "  dev -> b: {latency: 10 ms}\n"
                           "  dev -> a: {latency: 10 ms}\n"
                           "  dev -> n: {latency: 10 ms}\n"
                           "  b -> a: {latency: 1 ms}\n"
                           "  a -> n: {latency: 1 ms}\n";

struct fixture {
    struct diag_list *diags;
    struct scenario *base;
    struct sweep *sweep;
    char text[2000];
};

static void begin(struct fixture *f, const char *sweep, const char *const *sets, size_t n)
{
    f->diags = diag_list_new();
    snprintf(f->text, sizeof f->text, "%s%s", head, sweep);
    f->base = scenario_parse("test.yaml", f->text, strlen(f->text), sets, n, f->diags);
    f->sweep = f->base ? sweep_new(f->base, sets, n, f->diags) : NULL;
    if (!f->sweep)
        diag_print(f->diags, stderr, false);
    ck_assert_ptr_nonnull(f->sweep);
    ck_assert_uint_eq(diag_size(f->diags), 0);
}

static void end(struct fixture *f)
{
    sweep_free(f->sweep);
    scenario_free(f->base);
    diag_list_free(f->diags);
}

/* All cells on one line: "1,10 s 1,20 s ..." */
static void expect(struct fixture *f, const char *expected)
{
    char text[1000] = "";
    for (uint32_t cell = 0; cell < sweep_cell_count(f->sweep); cell++)
        for (uint32_t i = 0; i < f->base->axis_count; i++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? "," : " ",
                     sweep_value(f->sweep, cell, i));
    ck_assert_str_eq(text, expected);
}

START_TEST(without_a_sweep_one_cell)
{
    struct fixture f;
    begin(&f, "", NULL, 0);
    ck_assert_uint_eq(sweep_cell_count(f.sweep), 1);
    ck_assert_uint_eq(f.base->replications.min, 3);
    struct scenario *cell = sweep_scenario(f.sweep, 0);
    ck_assert_uint_eq(cell->replications.max, 1);
    scenario_free(cell);
    end(&f);
}
END_TEST

START_TEST(grid_last_axis_first)
{
    struct fixture f;
    begin(&f,
          "sweep:\n  populations.n.workers: [1, 2]\n  populations.dev.report.every: [5 min, 1 h]\n",
          NULL, 0);
    expect(&f, " 1,5 min 1,1 h 2,5 min 2,1 h");
    ck_assert_str_eq(sweep_short_name(f.base, 0), "workers");
    struct scenario *cell = sweep_scenario(f.sweep, 2);
    ck_assert_uint_eq(cell->populations[3].server.workers, 2);
    ck_assert_int_eq(cell->populations[0].device.report.every, 300 * SIM_S);
    ck_assert_uint_eq(cell->axis_count, 0);
    ck_assert_uint_eq(cell->seed, 7);
    scenario_free(cell);
    ck_assert_uint_eq(f.base->populations[3].server.workers, 4); /* untouched: its default */
    end(&f);
}
END_TEST

START_TEST(zip_goes_together_and_where_chooses)
{
    struct fixture f;
    begin(&f,
          "sweep:\n  populations.n.workers: [1, 2, 3]\n"
          "  zip: {populations.a.workers: [4, 5], populations.b.workers: [6, 7]}\n"
          "  where: n.workers < 3 and not (a.workers = 5 and n.workers = 1)\n",
          NULL, 0);
    expect(&f, " 1,4,6 2,4,6 2,5,7");
    ck_assert_str_eq(sweep_short_name(f.base, 1), "a.workers");
    end(&f);
    begin(&f,
          "sweep:\n  zip: {populations.a.workers: [4, 5], populations.b.workers: [6, 7]}\n"
          "  populations.n.workers: [1, 2]\n",
          NULL, 0);
    expect(&f, " 4,6,1 4,6,2 5,7,1 5,7,2");
    end(&f);
}
END_TEST

START_TEST(values_of_every_shape)
{
    struct fixture f;
    static const char *const sets[] = {"populations.dev.count=9"};
    begin(&f,
          "sweep:\n  links.dev -> n.latency: [20 ms, \"uniform 10 ms 30 ms\"]\n"
          "  populations.dev.retry: [{base: 2 s, jitter: none}, {base: 3 s}]\n"
          "  title: ['{x', '']\n",
          sets, 1);
    ck_assert_uint_eq(sweep_cell_count(f.sweep), 8);
    struct scenario *cell = sweep_scenario(f.sweep, 4);
    ck_assert_int_eq(cell->links[2].up.latency.kind, DIST_UNIFORM);
    ck_assert_int_eq(cell->populations[0].device.retry.base, 2 * SIM_S);
    ck_assert_str_eq(cell->title, "{x");
    ck_assert_uint_eq(cell->populations[0].count, 9);
    scenario_free(cell);
    cell = sweep_scenario(f.sweep, 7);
    ck_assert_int_eq(cell->populations[0].device.retry.base, 3 * SIM_S);
    ck_assert_str_eq(cell->title, "");
    scenario_free(cell);
    end(&f);
}
END_TEST

/* The resolved form of a swept scenario is swept, in the same way; that of a cell is not. */
START_TEST(resolved_keeps_the_sweep)
{
    struct fixture f, again;
    begin(&f,
          "sweep:\n  populations.dev.retry: [{base: 2 s}, {base: 3 s}]\n"
          "  zip: {populations.a.workers: [4, 5], populations.b.workers: [6, 7]}\n"
          "  where: a.workers = 5\n",
          NULL, 0);
    char *texts[] = {scenario_resolved_yaml(f.base), scenario_resolved_json(f.base)};
    for (size_t i = 0; i < 2; i++) {
        again.diags = diag_list_new();
        again.base = scenario_parse("again", texts[i], strlen(texts[i]), NULL, 0, again.diags);
        ck_assert_ptr_nonnull(again.base);
        again.sweep = sweep_new(again.base, NULL, 0, again.diags);
        ck_assert_ptr_nonnull(again.sweep);
        ck_assert_uint_eq(again.base->replications.min, 3);
        ck_assert_uint_eq(sweep_cell_count(again.sweep), 2);
        for (uint32_t cell = 0; cell < 2; cell++) {
            struct scenario *one = sweep_scenario(f.sweep, cell);
            struct scenario *other = sweep_scenario(again.sweep, cell);
            char *a = scenario_resolved_json(one), *b = scenario_resolved_json(other);
            ck_assert_str_eq(a, b);
            ck_assert_ptr_null(strstr(a, "\"sweep\""));
            free(a);
            free(b);
            scenario_free(one);
            scenario_free(other);
        }
        end(&again);
        free(texts[i]);
    }
    end(&f);
}
END_TEST

/* --vary: in the place of the file's axis of that key, else behind them. */
START_TEST(vary_on_the_command_line)
{
    static const char *const varies[] = {"populations.meter.count=1, 3",
                                         "links.meter->core={like: core}, {like: access}"};
    struct diag_list *diags = diag_list_new();
    struct fixture f = {.diags = diags};
    f.base = scenario_read_varied("hello", NULL, 0, varies, 2, diags);
    ck_assert_ptr_nonnull(f.base);
    f.sweep = sweep_new(f.base, NULL, 0, diags);
    ck_assert_ptr_nonnull(f.sweep);
    expect(&f, " 1,{\"like\": \"core\"} 1,{\"like\": \"access\"} 3,{\"like\": \"core\"} "
               "3,{\"like\": \"access\"}");
    end(&f);
}
END_TEST

START_TEST(vary_is_told_by_its_place)
{
    static const char *const varies[] = {"populations.meter.count=1, x"};
    struct diag_list *diags = diag_list_new();
    struct scenario *base = scenario_read_varied("hello", NULL, 0, varies, 1, diags);
    ck_assert_ptr_nonnull(base);
    ck_assert_ptr_null(sweep_new(base, NULL, 0, diags));
    ck_assert_uint_eq(diag_size(diags), 1);
    ck_assert_str_eq(diag_at(diags, 0)->file, "--vary");
    ck_assert_int_eq(diag_at(diags, 0)->line, 1);
    ck_assert_int_eq(diag_at(diags, 0)->column, 28);
    scenario_free(base);
    static const char *const wrong[] = {"populations.meter.count", "a={x"};
    for (size_t i = 0; i < 2; i++)
        ck_assert_ptr_null(scenario_read_varied("hello", NULL, 0, wrong + i, 1, diags));
    diag_list_free(diags);
}
END_TEST

START_TEST(replications_by_rule)
{
    static const char *const sets[] = {"run.replications={min: 5, max: 40, until_ci: 5 %}"};
    struct fixture f;
    begin(&f, "", sets, 1);
    ck_assert_uint_eq(f.base->replications.min, 5);
    ck_assert_uint_eq(f.base->replications.max, 40);
    ck_assert_uint_eq(f.base->replications.until_ci_ppm, 50000);
    end(&f);
}
END_TEST

START_TEST(seeds_are_drawn)
{
    ck_assert_uint_eq(sweep_seed(42, 0), 42);
    for (uint32_t i = 0; i < 50; i++) {
        ck_assert_uint_le(sweep_seed(42, i), INT64_MAX);
        for (uint32_t k = 0; k < 50; k++) {
            ck_assert(i == k || sweep_seed(42, i) != sweep_seed(42, k));
            ck_assert_uint_ne(sweep_seed(42, i), sweep_seed(43, k)); /* no run in common */
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sweep");
    TCase *t = tcase_create("sweep");
    tcase_add_test(t, without_a_sweep_one_cell);
    tcase_add_test(t, grid_last_axis_first);
    tcase_add_test(t, zip_goes_together_and_where_chooses);
    tcase_add_test(t, values_of_every_shape);
    tcase_add_test(t, resolved_keeps_the_sweep);
    tcase_add_test(t, vary_on_the_command_line);
    tcase_add_test(t, vary_is_told_by_its_place);
    tcase_add_test(t, replications_by_rule);
    tcase_add_test(t, seeds_are_drawn);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
