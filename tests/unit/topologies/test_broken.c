/* Every file of tests/broken: its first line says exactly what must be told, and where:
 *     # expect: S104 12:9, S116 --set:1:15, S101 other-file.yaml:4:1
 * and lines `# set: key=value` behind it are given as --set. Nothing else may be told. */
#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"
#include "topologies/sweep.h"

#define FOLDER M2M_SOURCE_DIR "/tests/broken"
#define MOST   32

struct expectation {
    char code[8], file[100]; /* file: "" the scenario, else how its name ends */
    int line, column;
};

struct broken {
    char path[512];
    struct expectation expected[MOST];
    size_t count;
    char sets[MOST][200];
    const char *set_list[MOST];
    size_t set_count;
};

static int is_yaml(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n > 5 && strcmp(d->d_name + n - 5, ".yaml") == 0;
}

static void parse_expectations(struct broken *b, char *p)
{
    for (char *word = strtok(p, ",\n"); word; word = strtok(NULL, ",\n")) {
        struct expectation *e = &b->expected[b->count++];
        char place[120];
        ck_assert_msg(sscanf(word, " %7s %119s", e->code, place) == 2, "%s: %s", b->path, word);
        char *column = strrchr(place, ':');
        ck_assert_ptr_nonnull(column);
        *column++ = '\0';
        char *line = strrchr(place, ':');
        if (line) {
            *line++ = '\0';
            strcpy(e->file, place);
        } else
            line = place;
        e->line = atoi(line);
        e->column = atoi(column);
    }
}

static void read_broken(const char *name, struct broken *b)
{
    char line[1000];
    memset(b, 0, sizeof *b);
    snprintf(b->path, sizeof b->path, "%s/%s", FOLDER, name);
    FILE *f = fopen(b->path, "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
    ck_assert_msg(strncmp(line, "# expect: ", 10) == 0, "%s has no expectation", b->path);
    parse_expectations(b, line + 10);
    while (fgets(line, sizeof line, f) && strncmp(line, "# set: ", 7) == 0) {
        line[strcspn(line, "\n")] = '\0';
        ck_assert_uint_lt(strlen(line + 7), sizeof b->sets[0]);
        strcpy(b->sets[b->set_count], line + 7);
        b->set_list[b->set_count] = b->sets[b->set_count];
        b->set_count++;
    }
    fclose(f);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is_met(const struct broken *b, const struct expectation *e, const struct diag *d)
{
    return d->severity == DIAG_ERROR && strcmp(d->code, e->code) == 0 && d->line == e->line &&
           d->column == e->column &&
           (e->file[0] ? ends_with(d->file, e->file) : strcmp(d->file, b->path) == 0);
}

/* How many of what was told is not as expected; printed, so that a failure is readable. */
static unsigned judge(const struct broken *b, const struct diag_list *diags)
{
    unsigned wrong = 0;
    bool used[MOST] = {false};
    for (size_t i = 0; i < diag_size(diags); i++) {
        const struct diag *d = diag_at(diags, i);
        size_t k = 0;
        while (k < b->count && (used[k] || !is_met(b, &b->expected[k], d)))
            k++;
        if (k < b->count)
            used[k] = true;
        else
            wrong++;
    }
    for (size_t k = 0; k < b->count; k++)
        wrong += !used[k];
    if (wrong > 0) {
        fprintf(stderr, "%s: expected", b->path);
        for (size_t k = 0; k < b->count; k++)
            fprintf(stderr, " %s %s:%d:%d", b->expected[k].code, b->expected[k].file,
                    b->expected[k].line, b->expected[k].column);
        fprintf(stderr, "; told:\n");
        diag_print(diags, stderr, false);
    }
    return wrong;
}

START_TEST(each_is_told_exactly)
{
    struct dirent **entries;
    int n = scandir(FOLDER, &entries, is_yaml, alphasort);
    unsigned wrong = 0;
    ck_assert_int_ge(n, 45);
    for (int i = 0; i < n; i++) {
        struct broken b;
        read_broken(entries[i]->d_name, &b);
        struct diag_list *diags = diag_list_new();
        struct scenario *s = scenario_read(b.path, b.set_list, b.set_count, diags);
        struct sweep *sweep = s ? sweep_new(s, b.set_list, b.set_count, diags) : NULL;
        wrong += judge(&b, diags);
        if (sweep)
            fprintf(stderr, "%s: was read\n", b.path);
        wrong += sweep != NULL;
        sweep_free(sweep);
        scenario_free(s);
        diag_list_free(diags);
        free(entries[i]);
    }
    free(entries);
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

/* ---- every code of the source has a file ---- */

static void collect_codes(const char *path, bool seen[1000])
{
    char line[2000];
    FILE *f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    while (fgets(line, sizeof line, f))
        for (const char *p = line; (p = strstr(p, "\"S")) != NULL; p++)
            if (strspn(p + 2, "0123456789") == 3 && p[5] == '"')
                seen[atoi(p + 2)] = true;
    fclose(f);
}

static int is_source(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n > 2 && strcmp(d->d_name + n - 2, ".c") == 0;
}

START_TEST(every_code_has_a_file)
{
    bool in_source[1000] = {false}, in_files[1000] = {false};
    struct dirent **entries;
    int n = scandir(M2M_SOURCE_DIR "/topologies", &entries, is_source, alphasort);
    ck_assert_int_gt(n, 0);
    for (int i = 0; i < n; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/topologies/%s", M2M_SOURCE_DIR, entries[i]->d_name);
        collect_codes(path, in_source);
        free(entries[i]);
    }
    free(entries);
    n = scandir(FOLDER, &entries, is_yaml, alphasort);
    for (int i = 0; i < n; i++) {
        struct broken b;
        read_broken(entries[i]->d_name, &b);
        for (size_t k = 0; k < b.count; k++)
            in_files[atoi(b.expected[k].code + 1)] = true;
        free(entries[i]);
    }
    free(entries);
    ck_assert_msg(in_source[104], "codes are written otherwise now: teach this test");
    in_files[100] = true; /* no file at all: test_reader.c */
    for (int code = 0; code < 1000; code++)
        ck_assert_msg(in_source[code] == in_files[code], "S%03d is in the %s only", code,
                      in_source[code] ? "source" : "broken files");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("broken");
    TCase *t = tcase_create("broken");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, each_is_told_exactly);
    tcase_add_test(t, every_code_has_a_file);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
