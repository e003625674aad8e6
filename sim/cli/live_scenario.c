#include "sim/cli/live_scenario.h"

#include <stdlib.h>

#include "crypto/entity.h"
#include "crypto/profile.h"
#include "sim/cli/runner.h"
#include "sim/cli/scenario_arg.h"

int live_scenario_read(const struct cli *c, size_t argument, struct live_scenario *out)
{
    struct diag_list *diags;
    struct build_options options = {.threads = 1};
    char *cache;

    *out = (struct live_scenario){0};
    if (!cli_argument(c, argument))
        return EXIT_DONE;
    diags = diag_list_new();
    cache = run_key_cache();
    options.key_cache = cache;
    out->scenario = scenario_arg(c, argument, diags);
    if (out->scenario) {
        out->scenario->epoch_unix_ns = host_unix_ns();
        out->profile = profile_read(out->scenario->profile_path, diags);
    }
    if (out->profile)
        out->built = scenario_build(out->scenario, out->profile, &options, diags);
    if (out->built)
        out->deployment = built_deployment(out->built);
    scenario_arg_tell(c, diags);
    diag_list_free(diags);
    free(cache);
    if (out->built)
        return EXIT_DONE;
    live_scenario_release(out);
    return EXIT_SCENARIO;
}

void live_scenario_release(struct live_scenario *s)
{
    built_free(s->built);
    profile_free(s->profile);
    scenario_free(s->scenario);
    *s = (struct live_scenario){0};
}

int live_users_read(const struct cli *c, struct users **out)
{
    struct diag_list *diags;

    *out = NULL;
    if (!cli_value(c, "users"))
        return EXIT_DONE;
    diags = diag_list_new();
    *out = users_read(cli_value(c, "users"), diags);
    scenario_arg_tell(c, diags);
    diag_list_free(diags);
    return *out ? EXIT_DONE : EXIT_SCENARIO;
}

void live_say_ready(const struct live_place *place, const char *as, const struct live_scenario *s,
                    uint64_t devices, const struct users *users)
{
    size_t n = users ? users_count(users) : 0;

    fprintf(stderr, "listening at %s:%d", place->host, place->port);
    if (as)
        fprintf(stderr, " as %s", as);
    if (s->deployment)
        fprintf(stderr, ", %llu device%s", (unsigned long long)devices, devices == 1 ? "" : "s");
    if (users)
        fprintf(stderr, ", %zu user%s", n, n == 1 ? "" : "s");
    putc('\n', stderr);
}
