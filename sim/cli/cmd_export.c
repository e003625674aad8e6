/* export: results for other programs. */
#include "sim/cli/cli.h"

#include "results/query.h"

#include <errno.h>
#include <string.h>

static const struct cli_option options[] = {
    {"format", 'f', "FORMAT", "csv, jsonl or hdr (default: csv)"},
    {"output", 'o', "FILE", "write there instead of to standard output"},
    {"force", 0, NULL, "overwrite it if it is there"},
    {"json", 0, NULL, "as --format jsonl"},
    {NULL, 0, NULL, NULL}};

static enum err write_to(const struct cli *c, struct reader *r, FILE *to, char why[300])
{
    const char *format = cli_flag(c, "json") ? "jsonl" : cli_value(c, "format");
    const char *what = cli_argument(c, 1);

    if (format && strcmp(format, "hdr") == 0)
        return query_hdr(r, what, to, why);
    return query_export(r, what, format && strcmp(format, "jsonl") == 0 ? QUERY_LINES : QUERY_CSV,
                        to, why);
}

static int write_file(const struct cli *c, struct reader *r, const char *path)
{
    FILE *to = fopen(path, cli_flag(c, "force") ? "we" : "wxe");
    char why[300] = "";
    enum err err;
    bool bad;

    if (!to)
        return cli_error(c, EXIT_USAGE, "cannot write '%s': %s%s", path, strerror(errno),
                         errno == EEXIST ? "; --force overwrites it" : "");
    err = write_to(c, r, to, why);
    bad = ferror(to) != 0;
    bad = fclose(to) != 0 || bad;
    if (err || bad)
        remove(path);
    if (err)
        return cli_error(c, err == ERR_NOT_FOUND ? EXIT_USAGE : EXIT_INTERNAL, "%s", why);
    return bad ? cli_error(c, EXIT_INTERNAL, "cannot write '%s'", path) : EXIT_DONE;
}

static int run(struct cli *c)
{
    const char *format = cli_value(c, "format"), *path = cli_value(c, "output");
    struct reader *r = NULL;
    char why[300] = "";
    enum err err;
    int code = EXIT_DONE;

    if (format && strcmp(format, "csv") != 0 && strcmp(format, "jsonl") != 0 &&
        strcmp(format, "hdr") != 0)
        return cli_error(c, EXIT_USAGE, "--format: '%s' is none of csv, jsonl, hdr", format);
    err = reader_open(cli_argument(c, 0), &r, why);
    if (err)
        return cli_error(c, err == ERR_NOT_FOUND ? EXIT_USAGE : EXIT_INTERNAL, "%s", why);
    if (path)
        code = write_file(c, r, path);
    else {
        err = write_to(c, r, stdout, why);
        if (err)
            code = cli_error(c, err == ERR_NOT_FOUND ? EXIT_USAGE : EXIT_INTERNAL, "%s", why);
    }
    reader_close(r);
    return code;
}

extern const struct cli_command cli_export;
const struct cli_command cli_export = {
    .name = "export",
    .arguments = "DB WHAT",
    .summary = "a table or view as CSV or JSON lines, or latencies as HDR percentiles",
    .details =
        "WHAT is a table or view (m2msim query DB lists them); with --format hdr a kind of\n"
        "procedure, whose latencies in all finished runs become the percentile distribution\n"
        "(in milliseconds) that HdrHistogram's tools plot.",
    .options = options,
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run};
