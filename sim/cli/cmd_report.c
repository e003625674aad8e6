/* report: what a run did, as text, Markdown, a page, JSON, figures. */
#include "sim/cli/cli.h"

#include "results/reader.h"

#include <string.h>

static const struct cli_option options[] = {
    {"output", 'o', "DIR", "also write report.html, .md, .txt and figures (SVG, data, .gp) there"},
    {"format", 0, "FORM", "text, markdown or html, on stdout (default: text)"},
    {"cell", 0, "N", "of a campaign: a run of this cell (default: the last run)"},
    {"replication", 0, "N", "and of this replication (default: 0, with --cell)"},
    {"force", 0, NULL, "overwrite them if they are there"},
    {"json", 0, NULL, "the report as JSON"},
    {NULL, 0, NULL, NULL}};

/* A missing database, or files in the way: the command was wrong. Else the data or the machine is.
 */
static int exit_code(enum err err)
{
    return err == ERR_NOT_FOUND || err == ERR_EXISTS ? EXIT_USAGE : EXIT_INTERNAL;
}

static bool parse_format(const char *name, enum report_format *out)
{
    static const char *const names[] = {
        [REPORT_TEXT] = "text", [REPORT_MARKDOWN] = "markdown", [REPORT_HTML] = "html"};
    for (size_t i = 0; name && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum report_format)i;
            return true;
        }
    }
    return name == NULL;
}

/* --cell and --replication. EXIT_DONE, or it was told on stderr what is wrong. */
static int choose_run(const struct cli *c, struct reader *r)
{
    unsigned long long cell = 0, replication = 0;
    char why[160] = "";
    if (!cli_number(c, "cell", &cell) || !cli_number(c, "replication", &replication))
        return EXIT_USAGE;
    if (!cli_value(c, "cell") && !cli_value(c, "replication"))
        return EXIT_DONE;
    for (size_t i = 0; reader_choose(r, i, why) == OK; i++)
        if ((unsigned long long)reader_run(r)->cell == cell &&
            (unsigned long long)reader_run(r)->replication == replication)
            return EXIT_DONE;
    return cli_error(c, EXIT_USAGE, "the database has no replication %llu of cell %llu",
                     replication, cell);
}

static int run(struct cli *c)
{
    struct report_options o = {.json = cli_flag(c, "json"),
                               .colour = cli_colour(c, 1),
                               .out_dir = cli_value(c, "output"),
                               .database = cli_argument(c, 0),
                               .force = cli_flag(c, "force")};
    struct reader *r = NULL;
    char why[160] = "";
    if (!parse_format(cli_value(c, "format"), &o.format))
        return cli_error(c, EXIT_USAGE, "--format: '%s' is none of text, markdown, html",
                         cli_value(c, "format"));
    if (o.json && cli_value(c, "format"))
        return cli_error(c, EXIT_USAGE, "give --format or --json, not both");
    enum err err = reader_open(cli_argument(c, 0), &r, why);
    if (err)
        return cli_error(c, exit_code(err), "%s", why);
    int chosen = choose_run(c, r);
    if (chosen != EXIT_DONE) {
        reader_close(r);
        return chosen;
    }
    err = report_write(r, &o, stdout, why);
    reader_close(r);
    if (err)
        return cli_error(c, exit_code(err), "%s", why);
    if (o.out_dir)
        fprintf(stderr, "report and figures are in %s\n", o.out_dir);
    return EXIT_DONE;
}

const struct cli_command cli_report = {
    .name = "report",
    .arguments = "DB",
    .summary = "what a run did: procedures, latency parts, keys, integrity, failures, load",
    .details =
        "Of a database with several runs, the latest. A run that did not reach its end says so "
        "at the top.\n"
        "report.html needs no network and nothing beside it; its figures are there as files too.\n"
        "Exit code 2: no such database, or files in DIR and no --force. 1: the database is "
        "damaged or\n"
        "foreign, DIR cannot be written, or gnuplot is missing or failed (data and .gp are "
        "there then).",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run};
