/* shootout: methods of bootstrap and connection side by side, of a scenario or of a database. */
#include "sim/cli/runner.h"
#include "sim/cli/scenario_arg.h"

#include "crypto/profile.h"
#include "results/reader.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_option options[] = {
    {"output", 'o', "DB", "keep the results of the run there"},
    {"force", 0, NULL, "replace existing results"},
    {"threads", 0, "N", "threads of the run (default: all cores)"},
    {"set", 0, "KEY=VALUE", "set a key of the scenario; repeatable"},
    {"progress", 0, "MODE", "auto, tty, plain, json or off"},
    {"json", 0, NULL, "the table as JSON"},
    {NULL, 0, NULL, NULL}};

static int write_table(const struct cli *c, struct reader *r)
{
    char why[160] = "";
    enum err err = shootout_write(r, cli_flag(c, "json"), stdout, why);

    if (err)
        return cli_error(c, err == ERR_NOT_FOUND ? EXIT_USAGE : EXIT_INTERNAL, "%s", why);
    return EXIT_DONE;
}

static int of_database(const struct cli *c, const char *path)
{
    struct reader *r = NULL;
    char why[160] = "";
    int code;

    if (reader_open(path, &r, why))
        return cli_error(c, EXIT_INTERNAL, "%s", why);
    code = write_table(c, r);
    reader_close(r);
    return code;
}

static int run_into(const struct cli *c, const char *database, bool force)
{
    struct diag_list *diags = diag_list_new();
    struct scenario *scenario = scenario_arg(c, 0, diags);
    struct profile *profile = scenario ? profile_read(scenario->profile_path, diags) : NULL;
    struct run_outcome outcome = {.exit = EXIT_SCENARIO};
    unsigned long long threads = 0;
    enum progress_mode mode = PROGRESS_AUTO;
    const char *progress = cli_value(c, "progress"), **pairs;
    size_t n = 0;

    while (cli_value_at(c, "set", n))
        n++;
    pairs = xcalloc(2 * n + 1, sizeof *pairs);
    for (size_t i = 0; i < n; i++) {
        pairs[2 * i] = "set";
        pairs[2 * i + 1] = cli_value_at(c, "set", i);
    }
    if (diag_size(diags))
        scenario_arg_tell(c, diags);
    if (!cli_number(c, "threads", &threads) || threads > 1024)
        outcome.exit = EXIT_USAGE;
    else if (progress && !progress_mode_parse(progress, &mode))
        outcome.exit = (enum cli_exit)cli_error(
            c, EXIT_USAGE, "--progress: '%s' is none of auto, tty, plain, json, off", progress);
    else if (profile)
        run_scenario(c,
                     &(struct run_request){.scenario = scenario,
                                           .profile = profile,
                                           .database = database,
                                           .force = force,
                                           .threads = (unsigned)threads,
                                           .progress = mode,
                                           .parameters = pairs,
                                           .parameter_count = n},
                     &outcome);
    free(pairs);
    profile_free(profile);
    scenario_free(scenario);
    diag_list_free(diags);
    return (int)outcome.exit;
}

/* A file of ours that the run may replace; gone afterwards. */
static int of_scenario_for_once(const struct cli *c)
{
    const char *folder = getenv("TMPDIR");
    char path[512];
    size_t n = str_append(path, sizeof path, 0, folder && *folder ? folder : "/tmp");
    int code, fd;

    str_append(path, sizeof path, n, "/m2msim-shootout-XXXXXX");
    fd = mkstemp(path);
    if (fd < 0)
        return cli_error(c, EXIT_INTERNAL, "cannot make a temporary file: %s", path);
    close(fd);
    code = run_into(c, path, true);
    if (code == EXIT_DONE)
        code = of_database(c, path);
    unlink(path);
    return code;
}

static bool is_database(const char *path)
{
    static const char magic[] = "SQLite format 3";
    char head[sizeof magic] = "";
    FILE *f = fopen(path, "rb");
    bool is =
        f && fread(head, 1, sizeof head, f) == sizeof head && !memcmp(head, magic, sizeof magic);

    if (f)
        fclose(f);
    return is;
}

static int run(struct cli *c)
{
    const char *output = cli_value(c, "output");
    int code;

    if (is_database(cli_argument(c, 0)))
        return of_database(c, cli_argument(c, 0));
    if (!output)
        return of_scenario_for_once(c);
    code = run_into(c, output, cli_flag(c, "force"));
    return code == EXIT_DONE ? of_database(c, output) : code;
}

extern const struct cli_command cli_shootout;
const struct cli_command cli_shootout = {
    .name = "shootout",
    .arguments = "FILE",
    .summary = "methods of bootstrap and connection side by side, with confidence intervals",
    .details =
        "FILE is a scenario, which is run, or the database of a run. One row a method: "
        "latency, round trips\n"
        "(the device spoke and was answered), octets of both ways, processor time of device "
        "and servers, energy of\n"
        "the device. Populations whose names end alike after a hyphen (aka-fibre, tls-fibre) "
        "are compared together.\nOf a campaign that sweeps methods (bootstrap-cross) all runs are "
        "taken, and how long it takes from nothing\nto a connection is shown for each bootstrap "
        "before each connection.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run};
