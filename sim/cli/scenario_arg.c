#include "sim/cli/scenario_arg.h"

#include <stdlib.h>
#include <unistd.h>

struct scenario *scenario_arg(const struct cli *c, size_t argument, struct diag_list *diags)
{
    size_t n;
    const char **sets = cli_values(c, "set", &n);
    struct scenario *s = scenario_read(cli_argument(c, argument), sets, n, diags);
    free(sets);
    return s;
}

void scenario_arg_tell(const struct cli *c, const struct diag_list *diags)
{
    diag_print(diags, stderr, cli_colour(c, STDERR_FILENO));
}
