#include "sim/cli/estimate.h"

#include "sim/base/xalloc.h"
#include "sim/cli/runner.h"
#include "sim/cli/scenario_arg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLICE 100 /* devices of the larger slice, at most; the smaller has half of them */

struct cost {
    double wall_s, peak_rss, database;
};

static uint64_t count_devices(const struct scenario *s)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < s->population_count; i++)
        n += cfg_is_field(s->populations[i].kind) ? s->populations[i].count : 0;
    return n;
}

/* Every population of devices at that share of its number, none without any. */
static struct scenario *slice_of(const struct cli *c, const struct scenario *s, double share)
{
    struct diag_list *diags = diag_list_new();
    char **sets = xcalloc(s->population_count + 1, sizeof *sets);
    char *text = scenario_resolved_json(s); /* stands alone, and has no sweep */
    struct scenario *out;
    size_t n = 0;

    for (uint32_t i = 0; i < s->population_count; i++) {
        const struct scn_population *p = &s->populations[i];
        if (cfg_is_field(p->kind))
            sets[n++] =
                xasprintf("populations.%s.count=%.0f", p->name, fmax(1, round(p->count * share)));
    }
    out = scenario_parse(s->path, text, strlen(text), (const char *const *)sets, n, diags);
    if (!out)
        scenario_arg_tell(c, diags);
    diag_list_free(diags);
    for (size_t i = 0; i < n; i++)
        free(sets[i]);
    free(sets);
    free(text);
    return out;
}

static enum cli_exit run_slice(const struct cli *c, const struct scenario *s,
                               const struct profile *profile, unsigned threads, struct cost *out)
{
    const char *folder = getenv("TMPDIR");
    char *path = xasprintf("%s/m2msim-estimate-XXXXXX", folder && *folder ? folder : "/tmp");
    struct run_outcome outcome = {.exit = EXIT_INTERNAL};
    struct stat st = {0};
    int fd = mkstemp(path);

    if (fd < 0) {
        cli_error(c, EXIT_INTERNAL, "cannot make a temporary file: %s", path);
        free(path);
        return EXIT_INTERNAL;
    }
    close(fd);
    run_scenario(c,
                 &(struct run_request){.scenario = s,
                                       .profile = profile,
                                       .database = path,
                                       .force = true,
                                       .threads = threads,
                                       .progress = PROGRESS_OFF},
                 &outcome);
    if (stat(path, &st) == 0)
        *out = (struct cost){outcome.wall_s, (double)outcome.peak_rss, (double)st.st_size};
    unlink(path);
    free(path);
    return outcome.exit;
}

/* The line through two slices, at n; never falling, never below the larger slice. */
static double extend(double at_a, double at_b, double a, double b, double n)
{
    double slope = b > a ? fmax(0, (at_b - at_a) / (b - a)) : 0;

    return fmax(at_b, at_b + slope * (n - b));
}

enum cli_exit estimate_make(const struct cli *c, const struct scenario *s,
                            const struct profile *profile, unsigned threads, struct estimate *out)
{
    struct cost costs[2] = {{0}};
    enum cli_exit code = EXIT_DONE;
    double devices, larger;

    *out = (struct estimate){.devices = count_devices(s)};
    devices = (double)out->devices;
    larger = fmin(SLICE, devices / 2);
    /* The smaller one first: the peak of a process never falls. */
    for (int i = 0; i < 2 && code == EXIT_DONE; i++) {
        double share = larger / devices / (i == 0 ? 2 : 1);
        struct scenario *slice = slice_of(c, s, share);
        code = slice ? run_slice(c, slice, profile, threads, &costs[i]) : EXIT_SCENARIO;
        out->slices[i] = slice ? count_devices(slice) : 0;
        scenario_free(slice);
    }
    if (code != EXIT_DONE)
        return code;
    double a = (double)out->slices[0], b = (double)out->slices[1];
    out->wall_s = extend(costs[0].wall_s, costs[1].wall_s, a, b, devices);
    out->peak_rss = extend(costs[0].peak_rss, costs[1].peak_rss, a, b, devices);
    out->database = extend(costs[0].database, costs[1].database, a, b, devices);
    return EXIT_DONE;
}
