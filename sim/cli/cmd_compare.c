/* compare: two experiments, pair by pair. */
#include "sim/cli/cli.h"

#include "results/compare.h"
#include "results/interval.h"

static const struct cli_option options[] = {{"json", 0, NULL, "the comparison as JSON"},
                                            {NULL, 0, NULL, NULL}};

static int exit_code(enum err err)
{
    return err == ERR_NOT_FOUND ? EXIT_USAGE : EXIT_INTERNAL;
}

static int compare(const struct cli *c, struct reader *a, struct reader *b)
{
    struct compare_tally tally;
    char why[160] = "";
    enum err err = compare_write(a, b, cli_flag(c, "json"), stdout, &tally, why);

    if (err)
        return cli_error(c, exit_code(err), "%s", why);
    if (tally.least_pairs < INTERVAL_FEW && !tally.identical)
        fprintf(stderr, "warning: %zu pair%s in a cell; below %d an interval says little\n",
                tally.least_pairs, tally.least_pairs == 1 ? "" : "s", INTERVAL_FEW);
    if (tally.unexplained)
        return cli_error(c, EXIT_DIFFERS, "the input is the same, and the results are not");
    return tally.better + tally.worse > 0 ? EXIT_DIFFERS : EXIT_DONE;
}

static int run(struct cli *c)
{
    struct reader *a = NULL, *b = NULL;
    char why[160] = "";
    enum err err = reader_open(cli_argument(c, 0), &a, why);
    int code;

    if (!err)
        err = reader_open(cli_argument(c, 1), &b, why);
    code = err ? cli_error(c, exit_code(err), "%s", why) : compare(c, a, b);
    reader_close(a);
    reader_close(b);
    return code;
}

extern const struct cli_command cli_compare;
const struct cli_command cli_compare = {
    .name = "compare",
    .arguments = "A B",
    .summary = "two databases by pairs of one cell and seed: better, worse, or no evidence",
    .details =
        "What differs in the input, then for each figure the means, their difference and its\n"
        "95 % interval over the pairs. Better or worse when the whole interval lies on one\n"
        "side of 0; of twenty figures without a difference one will be, by chance.\n"
        "Exit code 5: a figure is better or worse, or one input gave two results.",
    .options = options,
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run};
