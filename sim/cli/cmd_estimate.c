/* estimate: what a scenario will cost, before it is run. */
#include "sim/cli/campaign.h"
#include "sim/cli/estimate.h"

#include "sim/base/units.h"

#include <stdio.h>

static const struct cli_option options[] = {
    {"set", 0, "KEY=VALUE", "set a key of the scenario; repeatable"},
    {"seed", 0, "N", "the seed, instead of the scenario's"},
    {"until", 0, "T", "end of the run in virtual time"},
    CAMPAIGN_OPTIONS,
    {"threads", 0, "N", "threads of a run (default: all cores)"},
    {"json", 0, NULL, "the estimate as JSON"},
    {NULL, 0, NULL, NULL}};

static void tell(const struct estimate *e, size_t runs, bool json)
{
    char wall[32], memory[32], database[32], all[32], together[32];

    if (json) {
        printf("{\"devices\":%llu,\"slices\":[%llu,%llu],\"wall_s\":%.3g,\"peak_rss\":%.0f,"
               "\"database\":%.0f,\"runs\":%zu}\n",
               (unsigned long long)e->devices, (unsigned long long)e->slices[0],
               (unsigned long long)e->slices[1], e->wall_s, e->peak_rss, e->database, runs);
        return;
    }
    units_human_time((sim_ns)(e->wall_s * 1e9), wall, sizeof wall);
    units_human_count(e->peak_rss, memory, sizeof memory);
    units_human_count(e->database, database, sizeof database);
    printf("a run of %llu devices, from runs of %llu and %llu: about %s, %sB of memory, a database "
           "of %sB\n",
           (unsigned long long)e->devices, (unsigned long long)e->slices[0],
           (unsigned long long)e->slices[1], wall, memory, database);
    if (runs < 2)
        return;
    units_human_time((sim_ns)(e->wall_s * (double)runs * 1e9), all, sizeof all);
    units_human_count(e->database * (double)runs, together, sizeof together);
    printf("all %zu runs: about %s one after another, a database of %sB\n", runs, all, together);
}

static int run(struct cli *c)
{
    unsigned long long threads = 0;
    struct campaign g = {0};
    struct estimate e;
    struct diag_list *diags = diag_list_new();
    struct profile *profile = NULL;
    struct scenario *first = NULL;
    enum cli_exit code = EXIT_USAGE;

    if (cli_number(c, "threads", &threads) && threads <= 1024)
        code = campaign_read(c, &g);
    if (code == EXIT_DONE) {
        first = sweep_scenario(g.sweep, g.runs[0].cell);
        profile = profile_read(g.base->profile_path, diags);
        code = profile ? EXIT_DONE : EXIT_SCENARIO;
    }
    if (diag_size(diags))
        diag_print(diags, stderr, cli_colour(c, 2));
    if (code == EXIT_DONE)
        code = estimate_make(c, first, profile, (unsigned)threads, &e);
    if (code == EXIT_DONE)
        tell(&e, g.run_count, cli_flag(c, "json"));
    scenario_free(first);
    profile_free(profile);
    diag_list_free(diags);
    campaign_release(&g);
    return (int)code;
}

extern const struct cli_command cli_estimate;
const struct cli_command cli_estimate = {
    .name = "estimate",
    .arguments = "FILE",
    .summary = "wall time, memory and database of a run, from two thin slices of it",
    .details =
        "Runs the scenario (of a sweep, its first cell's number of devices) with at most 50\n"
        "and 100 devices for all of its virtual time, and extends the line. What only comes\n"
        "with load, as queues and repeats of an overload, is not in it.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run};
