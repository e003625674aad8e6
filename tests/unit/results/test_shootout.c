#include "sample.h"

#include "results/reader.h"

/* The table of methods, from devices whose figures were chosen so that means and intervals can be
 * computed by hand. */

static void put(const struct row_sink *s, int64_t id, int64_t node, const char *kind,
                const char *method, sim_ns latency, const char *outcome)
{
    struct row_procedure p = sample_procedure(id, node, kind, 10 * SIM_S, latency);

    p.method = method;
    p.outcome = outcome;
    p.reason = strcmp(outcome, "success") ? "timeout" : "";
    s->procedure(s->arg, &p);
}

/* Three devices on one line (one of them twice), two on another; a connection on the first only. */
static void write_devices(void)
{
    struct recorder_input in = sample_input();
    struct recorder_end end = sample_end();
    struct recorder *rec = NULL;
    const struct row_sink *s;
    char fingerprint[65];

    in.resolved_json = "{\"populations\":{\"aka-fibre\":{\"connect\":{\"version\":\"1.2\"}}}}";
    ck_assert_int_eq(recorder_open(sample_path, false, &in, &rec), OK);
    s = recorder_sink(rec);
    sample_node(s, 1, "aka-fibre-0", "aka-fibre", "device");
    sample_node(s, 2, "aka-fibre-1", "aka-fibre", "device");
    sample_node(s, 3, "tls-fibre-0", "tls-fibre", "device");
    sample_node(s, 4, "aka-slow-0", "aka-slow", "device");
    sample_node(s, 5, "aka-slow-1", "aka-slow", "device");
    sample_node(s, 100, "mas", "mas", "mas");
    put(s, 1, 1, "bootstrap", "eap-aka", 100 * SIM_MS, "success");
    put(s, 2, 2, "bootstrap", "eap-aka", 200 * SIM_MS, "success");
    put(s, 3, 2, "bootstrap", "eap-aka", 400 * SIM_MS, "success"); /* its mean: 300 ms */
    put(s, 4, 3, "bootstrap", "eap-tls", 150 * SIM_MS, "success");
    put(s, 5, 3, "bootstrap", "eap-tls", 999 * SIM_MS, "failed");
    put(s, 6, 4, "bootstrap", "eap-aka", 1000 * SIM_MS, "success");
    put(s, 7, 5, "bootstrap", "eap-aka", 9000 * SIM_MS, "failed");
    put(s, 8, 1, "connection", "tls-psk", 50 * SIM_MS, "success");
    put(s, 9, 1, "registration", "https", 50 * SIM_MS, "success");
    put(s, 10, 5, "bootstrap", "eap-aka", 5 * SIM_MS, "unfinished");
    ck_assert_int_eq(recorder_close(rec, &end, fingerprint), OK);
}

static char *table(bool json)
{
    struct reader *r = NULL;
    char *text = NULL, why[160] = "";
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);

    ck_assert_msg(!reader_open(sample_path, &r, why), "%s", why);
    ck_assert_msg(!shootout_write(r, json, to, why), "%s", why);
    reader_close(r);
    fclose(to);
    return text;
}

static const char *behind(const char *text, const char *what)
{
    const char *at = strstr(text, what);

    ck_assert_msg(at != NULL, "no '%s' in\n%s", what, text);
    return at + strlen(what);
}

/* What exchanges nothing has a row, and no figures. */
START_TEST(methods_without_an_exchange)
{
    struct recorder_input in = sample_input();
    struct recorder_end end = sample_end();
    struct recorder *rec = NULL;
    const struct row_sink *s;
    char fingerprint[65], *text;

    ck_assert_int_eq(recorder_open(sample_path, true, &in, &rec), OK);
    s = recorder_sink(rec);
    sample_node(s, 1, "provisioned-fibre", "provisioned-fibre", "device");
    sample_node(s, 2, "trusted-fibre", "trusted-fibre", "device");
    s->key(s->arg, &(struct row_key){.key_id = 1,
                                     .node_id = 1,
                                     .type = "Kmr",
                                     .parent_key = ROW_NULL_ID,
                                     .procedure_id = ROW_NULL_ID,
                                     .t_born = -5 * SIM_S,
                                     .t_first_use = ROW_NULL_ID,
                                     .t_last_use = ROW_NULL_ID,
                                     .t_expires = 5 * SIM_S,
                                     .t_end = 5 * SIM_S,
                                     .end_reason = "expired"});
    put(s, 1, 1, "connection", "tls-psk", 50 * SIM_MS, "success");
    put(s, 2, 2, "attach", "eps-aka", 70 * SIM_MS, "success");
    put(s, 3, 2, "registration", "http", 50 * SIM_MS, "success");
    ck_assert_int_eq(recorder_close(rec, &end, fingerprint), OK);
    text = table(true);
    behind(text, "\"link\":\"fibre\",\"kind\":\"bootstrap\",\"method\":\"pre-provisioned\",\"n\":1,"
                 "\"success\":1,\"devices\":0}");
    behind(text, "\"link\":\"fibre\",\"kind\":\"connection\",\"method\":\"none\",\"n\":1,"
                 "\"success\":1,\"devices\":0}");
    behind(text, "\"kind\":\"attach\",\"method\":\"eps-aka\",\"n\":1,\"success\":1,\"devices\":1,");
    free(text);
    text = table(false);
    behind(behind(behind(text, "attach over fibre"), "bootstrap over fibre"), "connection over");
    free(text);
}
END_TEST

START_TEST(means_and_intervals)
{
    char *text;
    const char *row;
    double mean, half;

    write_devices();
    text = table(true);
    /* Devices of 100 and 300 ms: mean 200, s = 141.42, t(1) = 12.706, so 12.706 x 100 ms. */
    row = behind(text, "\"link\":\"fibre\",\"kind\":\"bootstrap\",\"method\":\"eap-aka\",\"n\":3,"
                       "\"success\":3,\"devices\":2,\"latency_ns\":");
    ck_assert_int_eq(sscanf(row, "{\"mean\":%lf,\"half_width\":%lf}", &mean, &half), 2);
    ck_assert_double_eq_tol(mean, 200e6, 1);
    ck_assert_double_eq_tol(half, 1270.62e6, 1e4);
    row = behind(row, "\"round_trips\":");
    ck_assert_int_eq(sscanf(row, "{\"mean\":%lf,\"half_width\":%lf}", &mean, &half), 2);
    ck_assert_double_eq(mean, 3);
    ck_assert_double_eq(half, 0);
    row = behind(row, "\"octets\":");
    ck_assert_int_eq(sscanf(row, "{\"mean\":%lf", &mean), 1);
    ck_assert_double_eq(mean, 2000);
    /* A failure counts where it counts, and one device has no interval. */
    row = behind(text, "\"link\":\"fibre\",\"kind\":\"bootstrap\",\"method\":\"eap-tls\",\"n\":2,"
                       "\"success\":1,\"devices\":1,\"latency_ns\":");
    ck_assert_int_eq(sscanf(row, "{\"mean\":%lf,\"half_width\":%lf}", &mean, &half), 2);
    ck_assert_double_eq_tol(mean, 150e6, 1);
    ck_assert_double_eq(half, 0);
    behind(text, "\"link\":\"slow\",\"kind\":\"bootstrap\",\"method\":\"eap-aka\",\"n\":2,"
                 "\"success\":1,\"devices\":1,");
    behind(text, "\"link\":\"fibre\",\"kind\":\"connection\",\"method\":\"tls-psk 1.2\",\"n\":1,");
    ck_assert_ptr_null(strstr(text, "registration"));
    free(text);
}
END_TEST

START_TEST(the_fastest_first_line_by_line)
{
    char *text;
    const char *at;

    write_devices();
    text = table(false);
    at = behind(text, "bootstrap over fibre\n");
    at = behind(at, "\neap-tls ");
    at = behind(at, "\neap-aka ");
    at = behind(at, "connection over fibre\n");
    at = behind(at, "bootstrap over slow\n");
    at = behind(at, "eap-aka             2   50 %");
    free(text);
}
END_TEST

/* Names that do not end alike say nothing of lines. */
START_TEST(without_lines)
{
    char *text;

    sample_write(sample_path, NULL);
    text = table(false);
    behind(text, "\nbootstrap\nmethod");
    ck_assert_ptr_null(strstr(text, "bootstrap over"));
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shootout");
    TCase *tc = tcase_create("shootout");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_add_checked_fixture(tc, sample_setup, sample_teardown);
    tcase_add_test(tc, means_and_intervals);
    tcase_add_test(tc, methods_without_an_exchange);
    tcase_add_test(tc, the_fastest_first_line_by_line);
    tcase_add_test(tc, without_lines);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed > 0;
}
