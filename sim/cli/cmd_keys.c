/* keys: the key ledger of a run, told. */
#include "sim/cli/cli.h"

#include "results/keys.h"

static const struct cli_option options[] = {
    {"cliff", 0, NULL, "only the expiry cliff: when the keys alive at the end expire, in bins"},
    {"json", 0, NULL, "as JSON; with --cliff the bins are in it"},
    {NULL, 0, NULL, NULL}};

static int run(struct cli *c)
{
    struct keys_options o = {.json = cli_flag(c, "json"), .cliff = cli_flag(c, "cliff")};
    struct reader *r = NULL;
    char why[160] = "";
    enum err err = reader_open(cli_argument(c, 0), &r, why);

    if (!err)
        err = keys_write(r, &o, stdout, why);
    reader_close(r);
    return err ? cli_error(c, err == ERR_NOT_FOUND ? EXIT_USAGE : EXIT_INTERNAL, "%s", why)
               : EXIT_DONE;
}

extern const struct cli_command cli_keys;
const struct cli_command cli_keys = {
    .name = "keys",
    .arguments = "DB",
    .summary = "keys alive over time, renewals, the expiry cliff ahead, keys never used",
    .details =
        "Of the latest run. Service is lost while a node that had had a Kmr, Kmc or Kma has\n"
        "none; sessions come and go with their connections and are only counted.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run};
