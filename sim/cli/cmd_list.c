/* m2msim list: the packaged scenarios. */
#include "sim/cli/cli.h"
#include "sim/base/json.h"
#include "topologies/scenario.h"

static const struct cli_option options[] = {{"json", 0, NULL, "as JSON"}, {NULL, 0, NULL, NULL}};

struct listing {
    bool json;
    unsigned count;
};

static void print_one(void *arg, const char *name, const char *path, const char *title)
{
    struct listing *l = arg;
    l->count++;
    if (!l->json) {
        printf("%-16s %s\n", name, title);
        return;
    }
    printf("%s\n  {\"name\": ", l->count > 1 ? "," : "");
    json_text(stdout, name);
    fputs(", \"path\": ", stdout);
    json_text(stdout, path);
    fputs(", \"title\": ", stdout);
    json_text(stdout, title);
    putchar('}');
}

static int run(struct cli *c)
{
    struct listing l = {cli_flag(c, "json"), 0};
    if (l.json)
        putchar('[');
    scenario_list(print_one, &l);
    if (l.json)
        fputs("\n]\n", stdout);
    if (l.count == 0)
        return cli_error(c, EXIT_INTERNAL, "no scenarios in %s", scenario_folder());
    return EXIT_DONE;
}

extern const struct cli_command cli_list;
const struct cli_command cli_list = {
    .name = "list",
    .arguments = "",
    .summary = "list the packaged scenarios",
    .details = "They are in the folder that M2MSIM_TOPOLOGIES names, else in `topologies` beside\n"
               "the program or above it, else in the source tree.",
    .options = options,
    .min_arguments = 0,
    .max_arguments = 0,
    .run = run};
