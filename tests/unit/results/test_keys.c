#include "sample.h"

#include "results/keys_impl.h"

/* The ledger's figures, from keys whose lives were chosen. The run ends at one hour. */

#define MIN (60 * SIM_S)

static const struct row_sink *sink;
static int64_t next_id;

static void key(int64_t node, const char *type, sim_ns born, sim_ns end, const char *why,
                sim_ns expires, uint64_t uses)
{
    sink->key(sink->arg, &(struct row_key){++next_id, node, type, ROW_NULL_ID, 1, born,
                                           uses ? born : ROW_NULL_ID, uses ? born : ROW_NULL_ID,
                                           uses, expires, end, why});
}

static void write_keys(void)
{
    struct recorder_input in = sample_input();
    struct recorder_end end = sample_end();
    struct recorder *r = NULL;

    next_id = 0;
    ck_assert_int_eq(recorder_open(sample_path, true, &in, &r), OK);
    sink = recorder_sink(r);
    sample_node(sink, 1, "meter-1", "meters", "device");
    sample_node(sink, 2, "meter-2", "meters", "device");
    sample_node(sink, 3, "meter-3", "meters", "device");
    /* Node 1 always has one: the next is born before the last ends. */
    key(1, "Kmc", 1 * MIN, 21 * MIN, "renewed", 30 * MIN, 3);
    key(1, "Kmc", 20 * MIN, 60 * MIN, "run-end", 70 * MIN, 0);
    /* Node 2 had none for 10 minutes, and has none for the last 15. */
    key(2, "Kmc", 5 * MIN, 20 * MIN, "expired", 20 * MIN, 1);
    key(2, "Kmc", 30 * MIN, 45 * MIN, "revoked", 90 * MIN, 1);
    /* Node 3 gave its up. */
    key(3, "Kmc", 10 * MIN, 40 * MIN, "erased", 90 * MIN, 1);
    key(1, "Kmr", 1 * MIN, ROW_NULL_ID, NULL, 500 * MIN, 2);
    key(2, "Kmr", 2 * MIN, 60 * MIN, "run-end", 510 * MIN, 2);
    key(3, "Kmr", 3 * MIN, 60 * MIN, "run-end", 600 * MIN, 2);
    key(1, "session", 1 * MIN, 2 * MIN, "closed", ROW_NULL_ID, 0);
    ck_assert_int_eq(recorder_close(r, &end, NULL), OK);
}

static struct keys_figures figures(void)
{
    struct keys_figures k;
    struct reader *r = NULL;
    char why[160] = "";

    ck_assert_msg(!reader_open(sample_path, &r, why), "%s", why);
    ck_assert_msg(!keys_read(r, &k, why), "%s", why);
    reader_close(r);
    return k;
}

START_TEST(lives)
{
    struct keys_figures k;
    const struct keys_type *t;

    write_keys();
    k = figures();
    ck_assert_uint_eq(k.n, 3);
    t = &k.types[0];
    ck_assert_str_eq(t->name, "Kmr");
    ck_assert_uint_eq(t->born, 3);
    ck_assert_uint_eq(t->alive, 3);
    ck_assert(t->gaps == 0 && t->lost == 0);
    t = &k.types[1];
    ck_assert_str_eq(t->name, "Kmc");
    ck_assert(t->born == 5 && t->alive == 1 && t->never_used == 1 && t->holders == 3);
    ck_assert(t->renewed == 1 && t->expired == 1 && t->revoked == 1 && t->erased == 1);
    ck_assert_uint_eq(t->peak, 3); /* from 10 min; both of node 1 and two more from 20 on */
    ck_assert_int_eq(t->peak_t, 10 * MIN);
    /* After 5, 10, ... min: at 20 the old one of node 1 counts, that of node 2 ended. */
    static const uint64_t alive[KEYS_POINTS] = {2, 3, 3, 3, 2, 3, 3, 2, 1, 1, 1, 1};
    for (int i = 0; i < KEYS_POINTS; i++)
        ck_assert_uint_eq(t->at[i], alive[i]);
    ck_assert_uint_eq(t->renewals_peak, 1);
    ck_assert_double_eq_tol(t->renewals_mean, 1, 1e-9);
    keys_release(&k);
}
END_TEST

START_TEST(lost_service)
{
    struct keys_figures k;

    write_keys();
    k = figures();
    ck_assert_uint_eq(k.types[1].gaps, 2);
    ck_assert_uint_eq(k.types[1].open_gaps, 1);
    ck_assert_int_eq(k.types[1].lost, 25 * MIN);
    ck_assert_int_eq(k.types[1].longest, 15 * MIN);
    keys_release(&k);
}
END_TEST

START_TEST(cliff)
{
    struct keys_figures k;
    const struct keys_type *t;

    write_keys();
    k = figures();
    t = &k.types[0]; /* 440, 450 and 540 min after the end: bins of ten minutes */
    ck_assert_uint_eq(t->ahead, 3);
    ck_assert_int_eq(t->first, 440 * MIN);
    ck_assert_int_eq(t->bin, 10 * MIN);
    ck_assert(t->bins[0] == 1 && t->bins[1] == 1 && t->bins[10] == 1);
    ck_assert_uint_eq(t->steepest, 2);
    ck_assert_int_eq(t->steepest_t, 440 * MIN);
    ck_assert_uint_eq(k.types[1].ahead, 1);
    ck_assert_uint_eq(k.types[2].ahead, 0);
    keys_release(&k);
}
END_TEST

START_TEST(told)
{
    char *text = NULL, why[160];
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    struct reader *r = NULL;

    write_keys();
    ck_assert_int_eq(reader_open(sample_path, &r, why), OK);
    ck_assert_int_eq(keys_write(r, &(struct keys_options){.json = false}, to, why), OK);
    ck_assert_int_eq(keys_write(r, &(struct keys_options){.cliff = true}, to, why), OK);
    ck_assert_int_eq(keys_write(r, &(struct keys_options){.json = true, .cliff = true}, to, why),
                     OK);
    fclose(to);
    reader_close(r);
    ck_assert_ptr_nonnull(
        strstr(text, "Kmc      25.0 min of all nodes together in 2 gaps, 1 of them"));
    ck_assert_ptr_nonnull(
        strstr(text, "Kmr      3 expire; most within one hour: 2 (66.66 %), from 7.33 h"));
    ck_assert_ptr_nonnull(strstr(text, "bins of 10.0 min, the first begins 7.33 h after the end"));
    ck_assert_ptr_nonnull(strstr(text, "\"lost_ns\":1500000000000,"));
    free(text);
}
END_TEST

START_TEST(without_keys)
{
    struct recorder_input in = sample_input();
    struct recorder_end end = sample_end();
    struct recorder *rec = NULL;
    struct reader *r = NULL;
    char why[160];

    ck_assert_int_eq(recorder_open(sample_path, true, &in, &rec), OK);
    ck_assert_int_eq(recorder_close(rec, &end, NULL), OK);
    ck_assert_int_eq(reader_open(sample_path, &r, why), OK);
    ck_assert_int_eq(keys_write(r, &(struct keys_options){.json = false}, stdout, why),
                     ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(why, "no keys"));
    reader_close(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keys");
    TCase *tc = tcase_create("keys");

    tcase_add_checked_fixture(tc, sample_setup, sample_teardown);
    tcase_add_test(tc, lives);
    tcase_add_test(tc, lost_service);
    tcase_add_test(tc, cliff);
    tcase_add_test(tc, told);
    tcase_add_test(tc, without_keys);
    suite_add_tcase(suite, tc);
    return sample_main(suite);
}
