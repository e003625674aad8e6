/* chart: message sequences, as text or as a drawing. */
#include "sim/cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "results/reader.h"

static const struct cli_option options[] = {
    {"procedure", 0, "ID", "the procedure with this id"},
    {"node", 0, "NAME", "the procedures of this node, in order"},
    {"worst", 0, "N", "the N slowest recorded ones of KIND, slowest first"},
    {"format", 0, "FORM", "text, svg, mermaid or mscgen (default: text)"},
    {"output", 'o', "FILE", "write it there"},
    {"force", 0, NULL, "replace an existing file"},
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

static int choose_format(struct cli *c, struct chart_options *o)
{
    static const char *const names[] = {[CHART_FORMAT_TEXT] = "text",
                                        [CHART_FORMAT_SVG] = "svg",
                                        [CHART_FORMAT_MERMAID] = "mermaid",
                                        [CHART_FORMAT_MSCGEN] = "mscgen"};
    const char *name = cli_value(c, "format");
    if (!name)
        return EXIT_DONE;
    if (o->json)
        return cli_error(c, EXIT_USAGE, "give --format or --json, not both");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            o->format = (enum chart_format)i;
            return EXIT_DONE;
        }
    }
    return cli_error(c, EXIT_USAGE, "--format: '%s' is none of text, svg, mermaid, mscgen", name);
}

/* Into memory first: nothing is written of a chart that cannot be drawn. */
static int write_file(struct cli *c, const char *path, const char *text, size_t n)
{
    FILE *to = fopen(path, cli_flag(c, "force") ? "we" : "wxe");
    if (!to && errno == EEXIST)
        return cli_error(c, EXIT_USAGE, "'%s' is there already; give another name, or --force",
                         path);
    if (!to)
        return cli_error(c, EXIT_USAGE, "cannot write '%s': %s", path, strerror(errno));
    bool failed = fwrite(text, 1, n, to) != n;
    failed = fclose(to) != 0 || failed;
    if (failed) {
        unlink(path);
        return cli_error(c, EXIT_INTERNAL, "cannot write '%s': %s", path, strerror(errno));
    }
    return EXIT_DONE;
}

static int put(struct cli *c, const char *text, size_t n)
{
    const char *path = cli_value(c, "output");
    if (path)
        return write_file(c, path, text, n);
    fwrite(text, 1, n, stdout);
    return EXIT_DONE;
}

static int run(struct cli *c)
{
    struct chart_options o = {.json = cli_flag(c, "json"),
                              .colour = !cli_value(c, "output") && cli_colour(c, 1)};
    struct reader *r = NULL;
    char why[160] = "", *text = NULL;
    size_t n = 0;
    int code = choose(c, &o);
    if (!code)
        code = choose_format(c, &o);
    if (code)
        return code;
    FILE *to = open_memstream(&text, &n);
    if (!to)
        return cli_error(c, EXIT_INTERNAL, "no memory for the chart");
    enum err err = reader_open(cli_argument(c, 0), &r, why);
    if (!err)
        err = chart_write(r, &o, to, why);
    reader_close(r);
    fclose(to);
    code = err ? cli_error(c, err == ERR_NOT_FOUND ? EXIT_USAGE : EXIT_INTERNAL, "%s", why)
               : put(c, text, n);
    free(text);
    return code;
}

const struct cli_command cli_chart = {
    .name = "chart",
    .arguments = "DB [KIND]",
    .summary = "message sequences as text or a drawing: lifelines, times, octets, losses, latency "
               "parts, keys",
    .details =
        "Times are since the procedure was due. Silences of a second and more are folded. Of more\n"
        "than 12 lifelines the largest populations are collapsed. mermaid goes into Markdown;\n"
        "mscgen is drawn by the program of that name.\n"
        "Exit code 2: no such database, procedure, node or kind, or its messages were not "
        "recorded\n"
        "(the scenario's `record` says which are). 1: the database is damaged or foreign.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 2,
    .run = run};
