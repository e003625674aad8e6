#include "sample.h"

#include "results/query.h"

static struct reader *opened(void)
{
    struct reader *r = NULL;
    char why[160] = "";

    sample_write(sample_path, NULL);
    ck_assert_msg(!reader_open(sample_path, &r, why), "%s", why);
    return r;
}

/* What a query prints; *err, *at and why as it gives them. Free it. */
static char *ask(const char *sql, enum query_format format, enum err *err, char why[300], int *at)
{
    struct reader *r = opened();
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);

    why[0] = '\0';
    *err = query_write(r, sql, format, to, why, at);
    fclose(to);
    reader_close(r);
    return text;
}

static void prints(const char *sql, enum query_format format, const char *expected)
{
    char why[300];
    enum err err;
    int at;
    char *text = ask(sql, format, &err, why, &at);

    ck_assert_msg(err == OK, "%s", why);
    ck_assert_str_eq(text, expected);
    free(text);
}

#define VALUES                                                                                     \
    "SELECT 1 AS a, NULL AS b, 'x,\"y\"' AS c, 2.5 AS d, x'00ff' AS e UNION ALL "                  \
    "SELECT 20, 'n', '', 1e300, x''"

START_TEST(formats)
{
    prints(VALUES, QUERY_CSV, "a,b,c,d,e\r\n1,,\"x,\"\"y\"\"\",2.5,00ff\r\n20,n,,1.0e+300,\r\n");
    prints(VALUES, QUERY_JSON,
           "[\n{\"a\":1,\"b\":null,\"c\":\"x,\\\"y\\\"\",\"d\":2.5,\"e\":\"00ff\"},\n"
           "{\"a\":20,\"b\":\"n\",\"c\":\"\",\"d\":1.0e+300,\"e\":\"\"}\n]\n");
    prints(VALUES, QUERY_LINES,
           "{\"a\":1,\"b\":null,\"c\":\"x,\\\"y\\\"\",\"d\":2.5,\"e\":\"00ff\"}\n"
           "{\"a\":20,\"b\":\"n\",\"c\":\"\",\"d\":1.0e+300,\"e\":\"\"}\n");
    prints("SELECT 1 AS a, 'text' AS b, 'z' AS c UNION ALL SELECT 200, 'longer text', 'y'",
           QUERY_TABLE,
           "  a  b            c\n---  -----------  -\n  1  text         z\n200  longer text  y\n");
    prints("SELECT 1 AS a WHERE 0", QUERY_JSON, "[]\n");
    prints("SELECT 1 AS a WHERE 0", QUERY_CSV, "a\r\n");
    prints("SELECT 9e999 AS a", QUERY_LINES, "{\"a\":null}\n");
}
END_TEST

/* More rows than what the widths are taken from. */
START_TEST(long_tables)
{
    char why[300], *text;
    enum err err;
    int at, lines = 0;

    text = ask("WITH RECURSIVE i(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM i WHERE n < 1777) "
               "SELECT n, 'row' FROM i",
               QUERY_TABLE, &err, why, &at);
    for (const char *p = text; *p; p++)
        lines += *p == '\n';
    ck_assert_int_eq(lines, 1779);
    ck_assert_ptr_nonnull(strstr(text, "\n500  row\n501  row\n"));
    free(text);
}
END_TEST

static const struct {
    const char *sql;
    int at;
    const char *told;
} refused[] = {
    {"DELETE FROM runs", -1, "only read"},
    {"SELECT 1; SELECT 2", 10, "one statement"},
    {"", 0, "no statement"},
    {"  -- nothing", 0, "no statement"},
    {"PRAGMA query_only = 0", -1, "only read"},
    {"PRAGMA table_info(runs)", -1, "only read"},
    {"ATTACH 'other.db' AS o", -1, "only read"},
    {"CREATE TEMP TABLE t (a)", -1, "only read"},
    {"SELECT load_extension('x')", 7, "not authorized"},
    {"SELECT kind FROM v_latncy", -1, "did you mean 'v_latency'?"},
    {"SELECT kin FROM v_latency", 7, "no such column: kin"},
    {"SELEC 1", 0, "syntax error"},
    {"VACUUM", -1, "only read"},
    {"BEGIN", -1, "only read"},
};

START_TEST(refuses)
{
    char why[300], *text;
    enum err err;
    int at;

    text = ask(refused[_i].sql, QUERY_TABLE, &err, why, &at);
    ck_assert_msg(err == ERR_FORMAT && strstr(why, refused[_i].told), "%s: %s", refused[_i].sql,
                  why);
    ck_assert_msg(at == refused[_i].at, "%s: at %d", refused[_i].sql, at);
    ck_assert_str_eq(text, "");
    free(text);
}
END_TEST

START_TEST(exports)
{
    struct reader *r = opened();
    char *text = NULL, why[300];
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);

    ck_assert_int_eq(query_export(r, "v_failures", QUERY_CSV, to, why), OK);
    fflush(to);
    ck_assert_str_eq(text, "run_id,kind,method,outcome,reason,n\r\n"
                           "1,bootstrap,tls-x509,failed,certificate-expired,1\r\n"
                           "1,connection,tls-psk,unfinished,run-end,1\r\n");
    ck_assert_int_eq(query_export(r, "procedure", QUERY_CSV, to, why), ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(why, "did you mean 'procedures'?"));
    ck_assert_int_eq(query_list(r, false, to, why), OK);
    fflush(to);
    ck_assert_ptr_nonnull(strstr(text, "v_failures"));
    fclose(to);
    free(text);
    reader_close(r);
}
END_TEST

/* Nine connections of 300 to 1100 ms. */
START_TEST(percentiles)
{
    struct reader *r = opened();
    char *text = NULL, why[300], *line;
    size_t n = 0;
    double value, q, count, last = 0;
    FILE *to = open_memstream(&text, &n);

    ck_assert_int_eq(query_hdr(r, "connection", to, why), OK);
    fclose(to);
    ck_assert_int_eq(sscanf(strstr(text, "\n\n"), " %lf %lf", &value, &q), 2);
    ck_assert_double_eq_tol(value, 300, 300 * 0.008);
    ck_assert_ptr_nonnull(strstr(text, "1100.000 1.000000000000          9\n"));
    ck_assert_ptr_nonnull(strstr(text, "#[Mean    =      700.000]"));
    for (line = strstr(text, "\n\n") + 2; *line != '#'; line = strchr(line, '\n') + 1) {
        ck_assert_int_eq(sscanf(line, "%lf %lf %lf", &value, &q, &count), 3);
        ck_assert(value >= last && count >= 1 && count <= 9);
        /* So many are no greater: k latencies are up to 200 + 100 k. */
        ck_assert_double_ge(value * 1.0001, 200 + 100 * count);
        last = value;
    }
    free(text);
    ck_assert_int_eq(query_hdr(r, "refresh", stdout, why), ERR_NOT_FOUND);
    reader_close(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("query");
    TCase *tc = tcase_create("query");

    tcase_add_checked_fixture(tc, sample_setup, sample_teardown);
    tcase_add_test(tc, formats);
    tcase_add_test(tc, long_tables);
    tcase_add_loop_test(tc, refuses, 0, (int)(sizeof refused / sizeof *refused));
    tcase_add_test(tc, exports);
    tcase_add_test(tc, percentiles);
    suite_add_tcase(suite, tc);
    return sample_main(suite);
}
