/* chart: message sequences as text. */
#include "sim/cli/cli.h"

#include "results/reader.h"

static const struct cli_option options[] = {
    {"procedure", 0, "ID", "the procedure with this id"},
    {"node", 0, "NAME", "the procedures of this node, in order"},
    {"worst", 0, "N", "the N slowest recorded ones of KIND, slowest first"},
    {"json", 0, NULL, "as JSON"},
    {NULL, 0, NULL, NULL}};

/* Exactly one of the three ways. */
static int choose(struct cli *c, struct chart_options *o)
{
    unsigned long long id = 0, worst = 0;
    const char *kind = cli_argument(c, 1);
    int ways = (cli_value(c, "procedure") != NULL) + (cli_value(c, "node") != NULL) +
               (cli_value(c, "worst") != NULL);
    if (ways != 1)
        return cli_error(c, EXIT_USAGE, "give one of --procedure ID, --node NAME, --worst N KIND");
    if (!cli_number(c, "procedure", &id) || !cli_number(c, "worst", &worst))
        return EXIT_USAGE;
    if ((cli_value(c, "worst") != NULL) != (kind != NULL))
        return cli_error(c, EXIT_USAGE,
                         kind ? "a KIND goes with --worst N only"
                              : "--worst N needs a KIND, for example: --worst 3 bootstrap");
    if (cli_value(c, "worst") && (worst < 1 || worst > 100))
        return cli_error(c, EXIT_USAGE, "--worst: from 1 to 100");
    if (cli_value(c, "procedure") && id > INT64_MAX)
        return cli_error(c, EXIT_USAGE, "--procedure: no id is so large");
    o->procedure_id = cli_value(c, "procedure") ? (int64_t)id : ROW_NULL_ID;
    o->node = cli_value(c, "node");
    o->worst = (unsigned)worst;
    o->worst_kind = kind;
    return EXIT_DONE;
}

static int run(struct cli *c)
{
    struct chart_options o = {.json = cli_flag(c, "json"), .colour = cli_colour(c, 1)};
    struct reader *r = NULL;
    char why[160] = "";
    int code = choose(c, &o);
    if (code)
        return code;
    enum err err = reader_open(cli_argument(c, 0), &r, why);
    if (!err)
        err = chart_write(r, &o, stdout, why);
    reader_close(r);
    if (err)
        return cli_error(c, err == ERR_NOT_FOUND ? EXIT_USAGE : EXIT_INTERNAL, "%s", why);
    if (fflush(stdout) != 0 || ferror(stdout))
        return cli_error(c, EXIT_INTERNAL, "cannot write the chart");
    return EXIT_DONE;
}

const struct cli_command cli_chart = {
    .name = "chart",
    .arguments = "DB [KIND]",
    .summary = "message sequences as text: lifelines, times, octets, losses, latency parts, keys",
    .details = "Times are since the procedure was due. Silences of a second and more are folded.\n"
               "Exit code 2: no such database, procedure, node or kind, or its messages were not "
               "recorded\n"
               "(the scenario's `record` says which are). 1: the database is damaged or foreign.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 2,
    .run = run};
