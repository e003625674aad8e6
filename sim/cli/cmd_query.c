/* query: the user's own question in SQL. */
#include "sim/cli/cli.h"

#include "results/query.h"

#include <string.h>

static const struct cli_option options[] = {{"csv", 0, NULL, "rows as CSV (RFC 4180)"},
                                            {"json", 0, NULL, "rows as an array of objects"},
                                            {NULL, 0, NULL, NULL}};

static int tell(const struct cli *c, enum err err, const char *why, const char *sql, int at)
{
    int code = cli_error(c, err == ERR_FORMAT ? EXIT_USAGE : EXIT_INTERNAL, "%s", why);

    if (at >= 0 && *sql && !strchr(sql, '\n'))
        fprintf(stderr, "    %s\n    %*s^\n", sql, at, "");
    return code;
}

static int run(struct cli *c)
{
    const char *sql = cli_argument(c, 1);
    enum query_format format = cli_flag(c, "json")  ? QUERY_JSON
                               : cli_flag(c, "csv") ? QUERY_CSV
                                                    : QUERY_TABLE;
    struct reader *r = NULL;
    char why[300] = "";
    int at = -1;
    enum err err;

    if (cli_flag(c, "csv") && (cli_flag(c, "json") || !sql))
        return cli_error(c, EXIT_USAGE, "--csv goes with SQL, and without --json");
    err = reader_open(cli_argument(c, 0), &r, why);
    if (err)
        return cli_error(c, err == ERR_NOT_FOUND ? EXIT_USAGE : EXIT_INTERNAL, "%s", why);
    err = sql ? query_write(r, sql, format, stdout, why, &at)
              : query_list(r, cli_flag(c, "json"), stdout, why);
    reader_close(r);
    return err ? tell(c, err, why, sql ? sql : "", at) : EXIT_DONE;
}

extern const struct cli_command cli_query;
const struct cli_command cli_query = {
    .name = "query",
    .arguments = "DB [SQL]",
    .summary = "ask a database in SQL, read-only; without SQL: its views and tables",
    .details = "For example: m2msim query x.db 'SELECT kind, p50 / 1e6 AS ms FROM v_latency'\n"
               "Times are nanoseconds of virtual time. The views (v_...) stay as they are from\n"
               "version to version; results/README.md says what each holds.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 2,
    .run = run};
