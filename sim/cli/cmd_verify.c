/* verify: is the database what its run wrote, and does the run, repeated from the database alone,
 * give the same? */
#include "sim/cli/runner.h"

#include "crypto/entity.h"
#include "crypto/profile.h"
#include "results/reader.h"

#include <stdio.h>
#include <string.h>

static const struct cli_option options[] = {
    {"threads", 0, "N", "threads for the repetition (default: all cores)"},
    {"progress", 0, "MODE", "auto, tty, plain, json or off"},
    {"no-run", 0, NULL, "check the file only, do not repeat the run"},
    {"json", 0, NULL, "the verdict as JSON"},
    {NULL, 0, NULL, NULL}};

static int verdict(const struct cli *c, int code, const char *text)
{
    if (cli_flag(c, "json"))
        printf("{\"verdict\":\"%s\",\"text\":\"%s\"}\n", code == EXIT_DONE ? "same" : "differs",
               text);
    else
        printf("%s: %s\n", code == EXIT_DONE ? "same" : "differs", text);
    return code;
}

/* EXIT_DONE: the run that r reads gave the same again. Else what it was is in why. */
static int repeat(const struct cli *c, struct reader *r, unsigned threads, enum progress_mode mode,
                  char why[160])
{
    const struct reader_run *stored = reader_run(r);
    struct run_outcome outcome = {.exit = EXIT_DIFFERS};
    struct scenario *scenario;
    struct profile *profile;

    snprintf(why, 160, "the stored scenario or profile cannot be read");
    if (!run_stored(c, r, &scenario, &profile))
        goto out;
    run_scenario(c,
                 &(struct run_request){.scenario = scenario,
                                       .scenario_text = stored->scenario_text,
                                       .title = stored->title,
                                       .cell = (uint32_t)stored->cell,
                                       .replication = (uint32_t)stored->replication,
                                       .profile = profile,
                                       .database = ":memory:",
                                       .threads = threads,
                                       .progress = mode},
                 &outcome);
    if (outcome.exit == EXIT_DONE && strcmp(outcome.fingerprint, stored->fingerprint) != 0) {
        outcome.exit = EXIT_DIFFERS;
        snprintf(why, 160, "the repeated run has another fingerprint%s",
                 strcmp(stored->openssl, crypto_openssl_version()) == 0 ? ""
                                                                        : " (and another OpenSSL)");
    }
out:
    profile_free(profile);
    scenario_free(scenario);
    return (int)outcome.exit;
}

/* Every run that was finished. */
static int repeat_all(const struct cli *c, struct reader *r, unsigned threads,
                      enum progress_mode mode)
{
    size_t n = reader_run_count(r), repeated = 0;
    char why[160] = "", text[240];

    for (size_t i = 0; i < n; i++) {
        if (reader_choose(r, i, why))
            return verdict(c, EXIT_DIFFERS, why);
        if (strcmp(reader_run(r)->status, "done") != 0)
            continue;
        int code = repeat(c, r, threads, mode, why);
        if (code != EXIT_DONE && code != EXIT_DIFFERS)
            return code;
        snprintf(text, sizeof text, "cell %lld, replication %lld: %s",
                 (long long)reader_run(r)->cell, (long long)reader_run(r)->replication, why);
        if (code == EXIT_DIFFERS)
            return verdict(c, EXIT_DIFFERS, n == 1 ? why : text);
        repeated++;
    }
    if (repeated == 0)
        return cli_error(c, EXIT_UNDECIDED,
                         "the run was not finished: there is nothing to repeat it against");
    if (n == 1)
        return verdict(c, EXIT_DONE, "the repeated run has the fingerprint of the stored one");
    snprintf(text, sizeof text, "%zu repeated runs have the fingerprints of the stored ones",
             repeated);
    return verdict(c, EXIT_DONE, text);
}

static int run(struct cli *c)
{
    struct reader *r = NULL;
    unsigned long long threads = 0;
    enum progress_mode mode = PROGRESS_AUTO;
    char why[160] = "", fingerprint[65];
    const char *text = cli_value(c, "progress");
    enum err err;
    int code;

    if (!cli_number(c, "threads", &threads))
        return EXIT_USAGE;
    if (text && !progress_mode_parse(text, &mode))
        return cli_error(c, EXIT_USAGE, "--progress: '%s' is none of auto, tty, plain, json, off",
                         text);
    err = reader_open(cli_argument(c, 0), &r, why);
    if (err == ERR_NOT_FOUND)
        return cli_error(c, EXIT_USAGE, "%s", why);
    if (err)
        return verdict(c, EXIT_DIFFERS, why);
    err = reader_check(r, fingerprint, why);
    if (err == ERR_STATE)
        code = cli_error(c, EXIT_UNDECIDED,
                         "the run was not finished: there is nothing to repeat it against");
    else if (err)
        code = verdict(c, EXIT_DIFFERS, why);
    else if (cli_flag(c, "no-run"))
        code = verdict(c, EXIT_DONE, "the file is what its run wrote");
    else
        code = repeat_all(c, r, (unsigned)threads, mode);
    reader_close(r);
    return code;
}

extern const struct cli_command cli_verify;
const struct cli_command cli_verify = {
    .name = "verify",
    .arguments = "DB",
    .summary = "check a database, repeat its runs from it alone, and compare",
    .details = "Exit code 5 when the file was changed or the repetition differs.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run};
