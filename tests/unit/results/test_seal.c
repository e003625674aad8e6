#include "sample.h"

#include <sys/stat.h>

#include "results/reader.h"
#include "sim/base/rng.h"

/* The fingerprint says what happened, and only that; a changed octet anywhere is noticed. */

static void assert_check(const char *path, const char *expected)
{
    struct reader *r = NULL;
    char why[160], fingerprint[65];
    ck_assert_msg(reader_open(path, &r, why) == OK, "%s", why);
    ck_assert_msg(reader_check(r, fingerprint, why) == OK, "%s", why);
    ck_assert_str_eq(fingerprint, expected);
    ck_assert_str_eq(reader_run(r)->fingerprint, expected);
    reader_close(r);
}

START_TEST(sealed_file_passes_its_check)
{
    char fingerprint[65], again[65], why[160];
    sample_write(sample_path, fingerprint);
    assert_check(sample_path, fingerprint);
    sample_write(":memory:", again);
    ck_assert_str_eq(again, fingerprint);
    (void)why;
    /* One file, and nothing beside it. */
    char command[160];
    snprintf(command, sizeof command, "test $(ls -A %s | wc -l) = 1", sample_folder);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(host_facts_do_not_change_it)
{
    char expected[65], got[65];
    sample_write(":memory:", expected);
    struct recorder_input in = sample_input();
    in.version = "9";
    in.git_commit = NULL;
    in.compiler = in.openssl = in.libuv = in.cpu_model = in.os = "other";
    in.created_unix_s = 5;
    in.scenario_path = "/elsewhere/sample.yaml";
    in.resolved_json = "{\"profile\":\"/elsewhere\"}";
    struct recorder_end end = sample_end();
    end.wall_s = 99;
    end.peak_rss = 1;
    struct recorder *r = NULL;
    ck_assert_int_eq(recorder_open(":memory:", false, &in, &r), OK);
    const struct row_sink *s = recorder_sink(r);
    sample_rows(s);
    s->note(s->arg, &(struct row_note){1, "host", "N9", "another fact of the host", 1});
    ck_assert_int_eq(recorder_close(r, &end, got), OK);
    ck_assert_str_eq(got, expected);
}
END_TEST

/* Each of these is one row more, or one other value. */
static void change_rows(const struct row_sink *s, int i)
{
    struct row_procedure p = sample_procedure(900, 1, "request", 0, 1000);
    switch (i) {
    case 0:
        sample_node(s, 900, "x", "x", "device");
        break;
    case 1:
        s->procedure(s->arg, &p);
        break;
    case 2:
        p.server_ns++;
        s->procedure(s->arg, &p);
        break;
    case 3:
        p.reason = NULL;
        s->procedure(s->arg, &p);
        break;
    case 4:
        s->key(s->arg, &(struct row_key){900, 1, "Kmr", 1, 1, 1, 1, 1, 1, 1, 1, "renewed"});
        break;
    case 5:
        s->ival(s->arg, &(struct row_ival){1, 1, 1, 1, "genuine", "granted", ""});
        break;
    case 6:
        s->message(s->arg,
                   &(struct row_message){1, 9, 1, 1, 1, 1, "TCP", "SYN", 1, "lost", {0}, NULL});
        break;
    case 7:
        s->message(s->arg, &(struct row_message){1, 9, 1, 1, 1, 1, "TCP", "SYN", 1, "lost",
                                                 span_of("\0", 1), NULL});
        break;
    case 8:
        s->crypto(s->arg, &(struct row_crypto){"a", "device", "b", "c", "d", 1, 2, 3});
        break;
    case 9:
        s->series(s->arg, &(struct row_series){"queue", "nscl", 1, 0.5});
        break;
    case 10:
        s->series(s->arg, &(struct row_series){"queuens", "cl", 1, 0.5}); /* no running together */
        break;
    case 11:
        s->violation(s->arg, &(struct row_violation){1, ROW_NULL_ID, "r", "d"});
        break;
    case 12:
        s->note(s->arg, &(struct row_note){1, "info", "N", "t", 1});
        break;
    default:
        break;
    }
}
#define CHANGES 13

START_TEST(any_row_changes_it)
{
    char seen[CHANGES + 4][65];
    int n = 0;
    for (int i = 0; i < CHANGES + 4; i++) {
        struct recorder_input in = sample_input();
        struct recorder_end end = sample_end();
        struct recorder *r = NULL;
        if (i == CHANGES + 1)
            in.seed++;
        if (i == CHANGES + 2)
            in.profile_text = "another\n";
        if (i == CHANGES + 3)
            end.events++;
        ck_assert_int_eq(recorder_open(":memory:", false, &in, &r), OK);
        sample_rows(recorder_sink(r));
        change_rows(recorder_sink(r), i);
        ck_assert_int_eq(recorder_close(r, &end, seen[n]), OK);
        for (int k = 0; k < n; k++)
            ck_assert_msg(strcmp(seen[k], seen[n]) != 0, "changes %d and %d look alike", k, i);
        n++;
    }
}
END_TEST

START_TEST(batches_do_not_change_it)
{
    /* 30,000 rows make many batches; how they are cut depends on the threads' luck. */
    char seen[2][65];
    for (int i = 0; i < 2; i++) {
        struct recorder_input in = sample_input();
        struct recorder_end end = sample_end();
        struct recorder *r = NULL;
        ck_assert_int_eq(recorder_open(i ? ":memory:" : sample_path, false, &in, &r), OK);
        const struct row_sink *s = recorder_sink(r);
        for (int k = 0; k < 30000; k++) {
            struct row_procedure p = sample_procedure(k, 1, "request", k * SIM_S, 100 + k);
            s->procedure(s->arg, &p);
            if (i && k % 1000 == 0)
                usleep(300);
        }
        ck_assert_uint_eq(recorder_rows(r), 30000);
        ck_assert_int_eq(recorder_close(r, &end, seen[i]), OK);
    }
    ck_assert_str_eq(seen[0], seen[1]);
}
END_TEST

static size_t read_file(const char *path, uint8_t **out)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    ck_assert(f && fstat(fileno(f), &st) == 0);
    *out = malloc((size_t)st.st_size + 1);
    ck_assert_uint_eq(fread(*out, 1, (size_t)st.st_size, f), (size_t)st.st_size);
    fclose(f);
    return (size_t)st.st_size;
}

static void write_file(const char *path, const uint8_t *p, size_t n)
{
    FILE *f = fopen(path, "wb");
    ck_assert(f && fwrite(p, 1, n, f) == n && fclose(f) == 0);
}

/* OK only if the file opens and passes. */
static enum err judge(const char *path, char why[160])
{
    struct reader *r = NULL;
    char fingerprint[65];
    enum err err = reader_open(path, &r, why);
    if (err)
        return err;
    err = reader_check(r, fingerprint, why);
    reader_close(r);
    return err;
}

START_TEST(every_flipped_octet_is_noticed)
{
    uint8_t *octets = NULL;
    char why[160];
    sample_write(sample_path, NULL);
    size_t n = read_file(sample_path, &octets);
    uint64_t x = 88172645463325252u;
    for (int i = 0; i < 900; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        size_t at = i < 300 ? (size_t)i * 28 : (size_t)(x % n); /* header and seals well covered */
        uint8_t mask = (uint8_t)(1u << (x >> 60 & 7));
        octets[at] ^= mask;
        write_file(sample_path, octets, n);
        enum err err = judge(sample_path, why);
        ck_assert_msg(err != OK, "octet %zu with mask %02x was not noticed", at, mask);
        ck_assert_msg(why[0], "octet %zu: no reason given", at);
        octets[at] ^= mask;
    }
    write_file(sample_path, octets, n);
    ck_assert_int_eq(judge(sample_path, why), OK);
    free(octets);
}
END_TEST

START_TEST(every_cut_is_noticed)
{
    uint8_t *octets = NULL;
    char why[160];
    sample_write(sample_path, NULL);
    size_t n = read_file(sample_path, &octets);
    for (size_t at = 0; at < n; at += at < 200 ? 7 : 1021) {
        write_file(sample_path, octets, at);
        ck_assert_int_ne(judge(sample_path, why), OK);
    }
    octets[n] = 0; /* and one octet more */
    write_file(sample_path, octets, n + 1);
    ck_assert_int_ne(judge(sample_path, why), OK);
    free(octets);
}
END_TEST

static void alter(const char *sql)
{
    char command[400];
    snprintf(command, sizeof command, "sqlite3 %s \"%s\"", sample_path, sql);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(altered_table_is_named)
{
    static const char *const cases[][2] = {
        {"UPDATE procedures SET octets_up = octets_up + 1 WHERE procedure_id = 4", "procedures"},
        {"DELETE FROM keys WHERE key_id = 2", "keys"},
        {"UPDATE messages SET name = 'SYNX' WHERE seq = 0", "messages"},
        {"UPDATE builds SET compiler = 'cc 2'", "builds"},
        {"UPDATE runs SET wall_s = 2", "runs"},
        {"UPDATE experiments SET created_utc = 'x'", "experiments"},
        {"UPDATE notes SET text = 'x' WHERE level = 'host'", "notes"},
        {"INSERT INTO histograms (run_id, metric) VALUES (1, 'x')", "histograms"},
        {"INSERT INTO goals (experiment_id, verdict) VALUES (1, 'met')", "goals"},
        {"UPDATE run_parameters SET value = '8' WHERE seq = 0", "run_parameters"},
        {"CREATE INDEX mine ON messages (name)", "schema"},
        {"CREATE VIEW mine AS SELECT 1", "schema"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char why[160];
        sample_write(sample_path, NULL);
        ck_assert_int_eq(judge(sample_path, why), OK);
        alter(cases[i][0]);
        ck_assert_int_eq(judge(sample_path, why), ERR_INTEGRITY);
        ck_assert_msg(strstr(why, cases[i][1]) != NULL, "%s: %s", cases[i][0], why);
    }
    /* Nothing but the header's counters differs: it was written to. */
    char why[160];
    sample_write(sample_path, NULL);
    alter("VACUUM");
    ck_assert_int_eq(judge(sample_path, why), ERR_INTEGRITY);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("seal");
    TCase *c = tcase_create("seal");
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, sample_setup, sample_teardown);
    tcase_add_test(c, sealed_file_passes_its_check);
    tcase_add_test(c, host_facts_do_not_change_it);
    tcase_add_test(c, any_row_changes_it);
    tcase_add_test(c, batches_do_not_change_it);
    tcase_add_test(c, every_flipped_octet_is_noticed);
    tcase_add_test(c, every_cut_is_noticed);
    tcase_add_test(c, altered_table_is_named);
    suite_add_tcase(suite, c);
    return sample_main(suite);
}
