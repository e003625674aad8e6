#include "sim/cli/scenario_arg.h"

#include <stdlib.h>
#include <unistd.h>

#include "sim/base/xalloc.h"

struct scenario *scenario_arg(const struct cli *c, size_t argument, struct diag_list *diags)
{
    size_t n = 0;
    while (cli_value_at(c, "set", n))
        n++;
    const char **sets = xcalloc(n + 1, sizeof *sets);
    for (size_t i = 0; i < n; i++)
        sets[i] = cli_value_at(c, "set", i);
    struct scenario *s = scenario_read(cli_argument(c, argument), sets, n, diags);
    free(sets);
    return s;
}

void scenario_arg_tell(const struct cli *c, const struct diag_list *diags)
{
    diag_print(diags, stderr, cli_colour(c, STDERR_FILENO));
}
