#include "sample.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "results/reader.h"
#include "results/recorder_impl.h"

/* What is pushed is what stands in the file, and a file that could not be finished says so. */

/* The one text or number that a query gives. */
static const char *ask(const char *path, const char *sql)
{
    static char answer[400];
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    ck_assert_msg(sqlite3_step(s) == SQLITE_ROW, "%s: %s", sql, sqlite3_errmsg(db));
    const char *text = (const char *)sqlite3_column_text(s, 0);
    snprintf(answer, sizeof answer, "%s", text ? text : "(null)");
    sqlite3_finalize(s);
    sqlite3_close(db);
    return answer;
}

START_TEST(rows_come_back)
{
    static const char *const cases[][2] = {
        {"SELECT m2msim_version||git_commit||dirty||compiler||openssl||libuv||cpu_model||os "
         "FROM builds",
         "0.1.0abc-dirty1cc 13.01.44a processoran os"},
        {"SELECT name||source||text FROM cost_profiles", "referencea testprofile\n"},
        {"SELECT group_concat(class||operation||algorithm||per_call_ns||' '||per_octet_ns||' '||"
         "per_call_nj||' '||per_octet_nj||' '||samples) FROM operation_costs",
         "cortex-m4signecdsa-p-2561500000.0 0.0 90000.0 0.0 0,"
         "serverprivatersa-20482000000.0 0.25 0.0 0.0 7"},
        {"SELECT seed||' '||status||' '||end_ns||' '||events||' '||wall_s||' '||peak_rss||' '||"
         "until_ns||fidelity FROM runs",
         "-7 done 3600000000000 4321 1.25 7340032 3600000000000full"},
        {"SELECT group_concat(name||'='||value) FROM run_parameters", "seed=7,set=a.b=1,set=a.c=2"},
        {"SELECT node_id||name||population||kind||class||ifnull(parent,'-') FROM nodes",
         "1meter-1metersdevicecortex-m4-"},
        {"SELECT concat FROM (SELECT procedure_id||' '||node_id||' '||peer_id||kind||method||"
         "t_intended||' '||t_start||' '||t_end||outcome||reason||attempts||' '||messages||' '||"
         "octets_up||' '||octets_down||' '||round_trips||' '||device_crypto||' '||server_crypto||' "
         "'||network||' '||"
         "queue||' '||retransmission||' '||backoff||' '||other||' '||device_energy_nj||' '||"
         "device_ns||' '||server_ns AS concat FROM procedures WHERE procedure_id = 2)",
         "2 2 101bootstraptls-x50910000000000 10000000000 15000000000failedcertificate-expired1 14 "
         "2400 3900 6 2000000000 500000000 1000000000 250000000 1000000000 0 250000000 81000000 "
         "2200000000 600000000"},
        {"SELECT key_id||' '||node_id||type||parent_key||procedure_id||' '||t_born||' '||"
         "t_first_use||' '||t_last_use||' '||uses||' '||t_expires||' '||t_end||end_reason "
         "FROM keys WHERE key_id = 2",
         "2 1Kmc13 61000000000 62000000000 70000000000 4 900000000000 90000000000renewed"},
        {"SELECT count(*) FROM keys WHERE (key_id = 1 AND parent_key IS NULL AND t_expires IS "
         "NULL) "
         "OR (key_id = 4 AND t_end IS NULL AND end_reason IS NULL AND t_first_use IS NULL)",
         "2"},
        {"SELECT procedure_id||' '||node_id||' '||t||' '||result||truth||verdict||policy "
         "FROM ival_reports WHERE result = 5",
         "7 2 140000000000 5tampereddeniedimage"},
        {"SELECT procedure_id||' '||seq||' '||t_send||' '||t_receive||' '||src||' "
         "'||dst||protocol||"
         "name||octets||fate||hex(payload) FROM messages WHERE seq = 3",
         "1 3 11161000000 11244000000 1 101TLSClientHello (retransmission)190delivered1603030001"},
        {"SELECT count(*) FROM messages WHERE t_receive IS NULL AND fate = 'lost' "
         "AND payload IS NULL",
         "1"},
        {"SELECT population||role||procedure||operation||algorithm||calls||' '||octets||' '||"
         "virtual_ns FROM crypto_use WHERE role = 'server'",
         "coreserverbootstrapprivatersa-20482 512 4000000"},
        {"SELECT metric||grp||t||' '||value FROM series WHERE rowid = 4",
         "busy_snscl60000000000 90.0"},
        {"SELECT t||' '||node_id||rule||detail FROM violations",
         "77000000000 1one-kmctwo live Kmc"},
        {"SELECT t||' '||level||code||text||count FROM notes", "5000000000 warningN1a note3"},
        {"SELECT node_id||kind||' '||t||' '||t_end FROM incidents WHERE t_end IS NOT NULL",
         "1recovery 600000000000 660000000000"},
        {"PRAGMA user_version", "5"},
        {"PRAGMA journal_mode", "delete"},
        {"PRAGMA freelist_count", "0"},
    };
    sample_write(sample_path, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_str_eq(ask(sample_path, cases[i][0]), cases[i][1]);
}
END_TEST

START_TEST(experiment_keeps_the_scenario)
{
    sample_write(sample_path, NULL);
    ck_assert_str_eq(ask(sample_path, "SELECT scenario_text FROM experiments"),
                     "m2msim: 1\ntitle: A sample\n");
    /* printf 'm2msim: 1\ntitle: A sample\n' | sha256sum */
    ck_assert_str_eq(ask(sample_path, "SELECT scenario_sha256 FROM experiments"),
                     "7d0a5b6771653ea15d37c19d198f09f77f13401de45c29c418d93af9409ae1e8");
    ck_assert_str_eq(ask(sample_path, "SELECT created_utc||resolved_json FROM experiments"),
                     "2013-06-01T00:00:00Z{\"m2msim\":1}");
}
END_TEST

START_TEST(reader_gives_the_run)
{
    struct reader *r = NULL;
    char why[160];
    const char *value = NULL;
    sample_write(sample_path, NULL);
    ck_assert_int_eq(reader_open(sample_path, &r, why), OK);
    const struct reader_run *run = reader_run(r);
    ck_assert_str_eq(run->title, "A sample");
    ck_assert_str_eq(run->scenario_text, "m2msim: 1\ntitle: A sample\n");
    ck_assert_str_eq(run->profile_text, "profile\n");
    ck_assert_str_eq(run->status, "done");
    ck_assert_str_eq(run->error, "");
    ck_assert_uint_eq(run->seed, UINT64_MAX - 6);
    ck_assert_uint_eq(run->events, 4321);
    ck_assert_int_eq(run->end_ns, 3600 * SIM_S);
    ck_assert_str_eq(reader_parameter(r, 0, &value), "seed");
    ck_assert_str_eq(reader_parameter(r, 2, &value), "set");
    ck_assert_str_eq(value, "a.c=2");
    ck_assert_ptr_null(reader_parameter(r, 3, &value));
    reader_close(r);
}
END_TEST

/* Pushes one row and closes: what the recorder says of it, and what the file then says. */
static enum err one_procedure(const struct row_procedure *p, int times)
{
    struct recorder_input in = sample_input();
    struct recorder_end end = sample_end();
    struct recorder *r = NULL;
    ck_assert_int_eq(recorder_open(sample_path, true, &in, &r), OK);
    for (int i = 0; i < times; i++)
        recorder_sink(r)->procedure(recorder_sink(r)->arg, p);
    return recorder_close(r, &end, NULL);
}

START_TEST(impossible_rows_are_refused)
{
    struct row_procedure p = sample_procedure(1, 1, "request", 0, 1000);
    ck_assert_int_eq(one_procedure(&p, 1), OK);
    ck_assert_int_eq(one_procedure(&p, 2), ERR_INTEGRITY); /* the same id twice */
    ck_assert_str_eq(ask(sample_path, "SELECT status FROM runs"), "failed");
    p.parts[2]++;
    ck_assert_int_eq(one_procedure(&p, 1), ERR_INTEGRITY); /* parts that do not sum */
    ck_assert_str_eq(ask(sample_path, "SELECT status||(SELECT count(*) FROM procedures) FROM runs"),
                     "failed0");
    ck_assert_ptr_nonnull(strstr(ask(sample_path, "SELECT error FROM runs"), "CHECK"));
    p.parts[2] -= 2;
    ck_assert_int_eq(one_procedure(&p, 1), ERR_INTEGRITY);
    p.parts[2]++;
    p.outcome = "maybe";
    ck_assert_int_eq(one_procedure(&p, 1), ERR_INTEGRITY);
    p.outcome = "unfinished";
    p.t_end = ROW_NULL_ID;
    ck_assert_int_eq(one_procedure(&p, 1), OK);
}
END_TEST

START_TEST(existing_file_is_left_alone)
{
    struct recorder_input in = sample_input();
    struct recorder *r = NULL;
    FILE *f = fopen(sample_path, "w");
    ck_assert(f && fputs("precious", f) >= 0 && fclose(f) == 0);
    ck_assert_int_eq(recorder_open(sample_path, false, &in, &r), ERR_EXISTS);
    char text[20] = "";
    f = fopen(sample_path, "r");
    ck_assert(f && fgets(text, sizeof text, f) && fclose(f) == 0);
    ck_assert_str_eq(text, "precious");
    ck_assert_int_eq(recorder_open(sample_folder, true, &in, &r), ERR_EXISTS);
    ck_assert_int_eq(recorder_open("/nowhere/at/all.db", true, &in, &r), ERR_NOT_FOUND);
    char command[120];
    snprintf(command, sizeof command, "test $(ls -A %s | wc -l) = 1", sample_folder);
    ck_assert_int_eq(system(command), 0);
    /* With force it is replaced, and an old journal is not played into the new file. */
    snprintf(command, sizeof command, "%s-journal", sample_path);
    f = fopen(command, "w");
    ck_assert(f && fputs("an old journal", f) >= 0 && fclose(f) == 0);
    sample_write(sample_path, NULL);
    ck_assert_str_eq(ask(sample_path, "SELECT count(*) FROM procedures"), "12");
    ck_assert_int_ne(access(command, F_OK), 0);
}
END_TEST

START_TEST(read_only_folder)
{
    ck_assert_int_eq(chmod(sample_folder, 0555), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct recorder_input in = sample_input();
        struct recorder *r = NULL;
        if (geteuid() == 0 && seteuid(65534) != 0) /* root may write anywhere */
            _exit(99);
        enum err err = recorder_open(sample_path, false, &in, &r);
        _exit(err == ERR_READ_ONLY ? 0 : 1);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(chmod(sample_folder, 0755), 0);
    ck_assert_int_ne(access(sample_path, F_OK), 0);
}
END_TEST

/* Writes until the recorder complains; the rows before stand, and the file says partial. */
static void fill_up(const char *path, unsigned pages)
{
    struct recorder_input in = sample_input();
    struct recorder_end end = sample_end();
    struct recorder *r = NULL;
    struct reader *reader = NULL;
    char why[160], fingerprint[65], sealed[65];
    ck_assert_int_eq(recorder_open(path, false, &in, &r), OK);
    if (pages)
        recorder_limit_pages(r, pages);
    const struct row_sink *s = recorder_sink(r);
    for (int i = 0; i < 1000000 && !recorder_error(r); i++) {
        struct row_procedure p = sample_procedure(i, 1, "request", i * SIM_S, 1000 + i);
        s->procedure(s->arg, &p);
    }
    ck_assert_int_eq(recorder_error(r), ERR_DISK_FULL);
    ck_assert_ptr_nonnull(strstr(recorder_error_text(r), "full"));
    ck_assert_int_eq(recorder_close(r, &end, sealed), ERR_DISK_FULL);
    ck_assert_msg(reader_open(path, &reader, why) == OK, "%s", why);
    ck_assert_str_eq(reader_run(reader)->status, "partial");
    ck_assert_ptr_nonnull(strstr(reader_run(reader)->error, "full"));
    ck_assert_msg(reader_check(reader, fingerprint, why) == OK, "%s", why);
    ck_assert_str_eq(fingerprint, sealed);
    reader_close(reader);
    /* A prefix of what was pushed. */
    ck_assert_str_eq(ask(path, "SELECT count(*) = ifnull(max(procedure_id), -1) + 1 "
                               "FROM procedures"),
                     "1");
}

START_TEST(file_that_may_not_grow)
{
    fill_up(sample_path, 60);
    ck_assert_int_eq(unlink(sample_path), 0);
    fill_up(sample_path, 900);
}
END_TEST

START_TEST(full_disk)
{
    /* A file system of 1 MB, where this user may make one: as root, or in a namespace. */
    int status = 0;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        uid_t uid = geteuid();
        int flags = CLONE_NEWNS | (uid == 0 ? 0 : CLONE_NEWUSER);
        if (unshare(flags) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("tmpfs", sample_folder, "tmpfs", 0, "size=1m") != 0)
            _exit(77);
        fill_up(sample_path, 0);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77),
                  "status %d", status);
    if (WEXITSTATUS(status) == 77)
        fprintf(stderr, "full_disk: no right to mount; only file_that_may_not_grow was tried\n");
}
END_TEST

static void write_for_ever(const char *path)
{
    struct recorder_input in = sample_input();
    struct recorder *r = NULL;
    if (recorder_open(path, true, &in, &r) != OK)
        _exit(1);
    const struct row_sink *s = recorder_sink(r);
    for (int64_t i = 0;; i++) {
        struct row_procedure p = sample_procedure(i, 1, "request", i * SIM_S, 1000 + i);
        s->procedure(s->arg, &p);
        struct row_series x = {"queue", "nscl", i, (double)i};
        s->series(s->arg, &x);
    }
}

START_TEST(killed_at_any_time)
{
    for (int i = 0; i < 6; i++) {
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0)
            write_for_ever(sample_path);
        struct stat st = {0}; /* wherever it then is, behind so many octets */
        while (st.st_size < i * 3000000 && waitpid(child, NULL, WNOHANG) == 0) {
            usleep(300);
            if (stat(sample_path, &st) != 0)
                st.st_size = 0;
        }
        ck_assert_int_eq(kill(child, SIGKILL), 0);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        struct reader *r = NULL;
        char why[160], fingerprint[65];
        enum err err = reader_open(sample_path, &r, why);
        if (err == ERR_NOT_FOUND && i == 0) /* killed before there was anything */
            continue;
        ck_assert_msg(err == OK, "%s", why);
        ck_assert_str_eq(reader_run(r)->status, "partial");
        ck_assert_int_eq(reader_check(r, fingerprint, why), ERR_STATE);
        reader_close(r);
        ck_assert_str_eq(ask(sample_path, "PRAGMA integrity_check"), "ok");
        ck_assert_str_eq(ask(sample_path, "SELECT status FROM runs"), "running");
        /* Whole batches in order: a prefix of both tables, cut at one place. */
        ck_assert_str_eq(ask(sample_path,
                             "SELECT p.n = p.m + 1 AND s.n = s.m + 1 AND p.n - s.n IN (0, 1) FROM "
                             "(SELECT count(*) n, ifnull(max(procedure_id), -1) m FROM procedures) "
                             "p, (SELECT count(*) n, ifnull(max(t), -1) m FROM series) s"),
                         "1");
        if (i >= 2) /* beyond the first transaction: the test must see rows kept */
            ck_assert_str_eq(ask(sample_path, "SELECT count(*) > 0 FROM procedures"), "1");
        ck_assert_int_eq(unlink(sample_path), 0);
    }
}
END_TEST

START_TEST(a_reader_while_it_runs)
{
    struct recorder_input in = sample_input();
    struct recorder_end end = sample_end();
    struct recorder *r = NULL;
    struct reader *reader = NULL;
    char why[160];
    ck_assert_int_eq(recorder_open(sample_path, false, &in, &r), OK);
    sample_rows(recorder_sink(r));
    ck_assert_msg(reader_open(sample_path, &reader, why) == OK, "%s", why);
    ck_assert_str_eq(reader_run(reader)->status, "partial");
    reader_close(reader);
    ck_assert_int_eq(recorder_close(r, &end, NULL), OK);
}
END_TEST

START_TEST(foreign_files)
{
    struct reader *r = NULL;
    char why[160], command[200];
    ck_assert_int_eq(reader_open("/nowhere/run.db", &r, why), ERR_NOT_FOUND);
    ck_assert_int_eq(reader_open("/etc/passwd", &r, why), ERR_FORMAT);
    ck_assert_int_eq(reader_open(sample_folder, &r, why), ERR_IO);
    snprintf(command, sizeof command, "sqlite3 %s 'CREATE TABLE t (a)'", sample_path);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(reader_open(sample_path, &r, why), ERR_FORMAT);
    sample_write(sample_path, NULL);
    snprintf(command, sizeof command, "sqlite3 %s 'PRAGMA user_version = 6'", sample_path);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(reader_open(sample_path, &r, why), ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(why, "version 6"));
    /* A view in a table's place. */
    sample_write(sample_path, NULL);
    snprintf(command, sizeof command,
             "sqlite3 %s 'DROP TABLE notes; CREATE VIEW notes AS SELECT * FROM series'",
             sample_path);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(reader_open(sample_path, &r, why), ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(why, "notes"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recorder");
    TCase *c = tcase_create("recorder");
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, sample_setup, sample_teardown);
    tcase_add_test(c, rows_come_back);
    tcase_add_test(c, experiment_keeps_the_scenario);
    tcase_add_test(c, reader_gives_the_run);
    tcase_add_test(c, impossible_rows_are_refused);
    tcase_add_test(c, existing_file_is_left_alone);
    tcase_add_test(c, read_only_folder);
    tcase_add_test(c, file_that_may_not_grow);
    tcase_add_test(c, full_disk);
    tcase_add_test(c, killed_at_any_time);
    tcase_add_test(c, a_reader_while_it_runs);
    tcase_add_test(c, foreign_files);
    suite_add_tcase(suite, c);
    return sample_main(suite);
}
