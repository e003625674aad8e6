/* m2msim merge: one database of the parts of a campaign. */
#include "crypto/entity.h"
#include "results/merge.h"
#include "sim/base/json.h"
#include "sim/base/xalloc.h"
#include "sim/cli/cli.h"

#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {"output", 'o', "DB", "where the results go (required)"},
    {"force", 0, NULL, "replace existing results"},
    {"json", 0, NULL, "the closing summary as JSON"},
    {NULL, 0, NULL, NULL}};

static int print(const struct cli *c, const struct merge_outcome *m, const char *output)
{
    bool all = m->done == m->planned;
    if (cli_flag(c, "json")) {
        printf("{\"status\": \"%s\", \"database\": ", all ? "done" : "partial");
        json_text(stdout, output);
        printf(", \"planned\": %zu, \"done\": %zu, \"partial\": %zu, \"fingerprint\": \"%s\"}\n",
               m->planned, m->done, m->partial, m->fingerprint);
    } else {
        printf("%s: %zu of %zu runs\nfingerprint: %s\nresults: %s (m2msim report %s)\n",
               all ? "done" : "partial", m->done, m->planned, m->fingerprint, output, output);
    }
    return EXIT_DONE;
}

static int run(struct cli *c)
{
    const char *output = cli_value(c, "output");
    struct merge_outcome merged;
    char why[300];
    size_t n = 0;
    enum err err = crypto_init(); /* fingerprints are hashed */
    if (err)
        return cli_error(c, EXIT_INTERNAL, "cannot use OpenSSL: %s", err_text(err));
    if (!output)
        return cli_error(c, EXIT_USAGE, "say where the results go: -o DB");
    while (cli_argument(c, n))
        n++;
    const char **sources = xcalloc(n, sizeof *sources);
    for (size_t i = 0; i < n; i++)
        sources[i] = cli_argument(c, i);
    err = merge_write(output, cli_flag(c, "force"), sources, n, &merged, why);
    free(sources);
    switch (err) {
    case OK:
        return print(c, &merged, output);
    case ERR_EXISTS:
        return cli_error(c, EXIT_USAGE,
                         "'%s' is there already; give another name with -o, or --force", output);
    case ERR_INTEGRITY:
    case ERR_FORMAT:
        return cli_error(c, EXIT_DIFFERS, "%s", why);
    case ERR_NOT_FOUND:
    case ERR_STATE:
    case ERR_READ_ONLY:
        return cli_error(c, EXIT_USAGE, "%s", why);
    case ERR_IO:
    case ERR_DISK_FULL:
    case ERR_RANGE:
    case ERR_CRYPTO:
    case ERR_UNSUPPORTED:
        break;
    }
    return cli_error(c, EXIT_INTERNAL, "%s", why);
}

extern const struct cli_command cli_merge;
const struct cli_command cli_merge = {
    .name = "merge",
    .arguments = "DB...",
    .summary = "bring shards of one campaign together in one database",
    .details =
        "The result is row for row what one machine would have written, whatever the order.\n"
        "Exit code 5 when a database was changed, or two hold different results of one run.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 100000,
    .run = run};
