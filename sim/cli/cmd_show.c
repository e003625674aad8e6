/* m2msim show: the resolved scenario, or the schema. */
#include <stdlib.h>

#include "sim/cli/scenario_arg.h"

static const struct cli_option options[] = {
    {"resolved", 0, NULL, "FILE with every key and its value, defaults included"},
    {"schema", 0, NULL, "every key that a scenario may have, as Markdown"},
    {"set", 0, "KEY=VALUE", "override a key, as run.seed=7; may be repeated"},
    {"json", 0, NULL, "with --resolved: as JSON"},
    {NULL, 0, NULL, NULL}};

static int show_resolved(struct cli *c)
{
    struct diag_list *diags = diag_list_new();
    struct scenario *s = scenario_arg(c, 0, diags);
    scenario_arg_tell(c, diags);
    if (s) {
        char *text = cli_flag(c, "json") ? scenario_resolved_json(s) : scenario_resolved_yaml(s);
        fputs(text, stdout);
        free(text);
    }
    int code = s ? EXIT_DONE : EXIT_SCENARIO;
    scenario_free(s);
    diag_list_free(diags);
    return code;
}

static int run(struct cli *c)
{
    bool schema = cli_flag(c, "schema"), resolved = cli_flag(c, "resolved");
    if (schema == resolved)
        return cli_error(c, EXIT_USAGE, "say what: --resolved FILE or --schema");
    if (resolved && !cli_argument(c, 0))
        return cli_error(c, EXIT_USAGE, "--resolved needs FILE");
    if (schema && (cli_argument(c, 0) || cli_flag(c, "json") || cli_flag(c, "set")))
        return cli_error(c, EXIT_USAGE, "--schema stands alone");
    if (resolved)
        return show_resolved(c);
    scenario_schema_markdown(stdout);
    return EXIT_DONE;
}

extern const struct cli_command cli_show;
const struct cli_command cli_show = {
    .name = "show",
    .arguments = "[FILE]",
    .summary = "show a scenario with every default filled in, or the schema",
    .details = "FILE is a scenario file, or the name of a packaged one (m2msim list). What\n"
               "--resolved prints is a scenario itself: it needs no other file and reads back to\n"
               "the same.",
    .options = options,
    .min_arguments = 0,
    .max_arguments = 1,
    .run = run};
