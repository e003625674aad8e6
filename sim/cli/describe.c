#include "sim/cli/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "crypto/entity.h"
#include "sim/base/xalloc.h"
#include "sim/cli/cli.h"
#include "sim/engine.h"

static void read_cpu_model(char *out, size_t n)
{
    FILE *f = fopen("/proc/cpuinfo", "r");
    char line[256];

    snprintf(out, n, "unknown");
    while (f && fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon)
            continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(out, n, "%s", colon + 2);
        break;
    }
    if (f)
        fclose(f);
}

static struct recorder_cost *list_costs(const struct profile *p, size_t *count)
{
    size_t classes = profile_class_count(p), n = 0;
    struct recorder_cost *costs = xcalloc(classes * METER_OP_COUNT + 1, sizeof *costs);

    for (size_t i = 0; i < classes; i++) {
        const struct profile_class *c = profile_class_at(p, i);
        for (unsigned op = 0; op < METER_OP_COUNT; op++) {
            struct profile_cost cost;
            if (!profile_cost_of(c, (enum meter_op)op, &cost))
                continue;
            costs[n++] = (struct recorder_cost){.class_name = profile_class_name(c),
                                                .operation = meter_operation((enum meter_op)op),
                                                .algorithm = meter_algorithm((enum meter_op)op),
                                                .per_call_ns = cost.per_call_ns,
                                                .per_octet_ns = cost.per_octet_ns,
                                                .per_call_nj = cost.per_call_nj,
                                                .per_octet_nj = cost.per_octet_nj,
                                                .samples = cost.samples};
        }
    }
    *count = n;
    return costs;
}

void describe_host(struct description *d)
{
    struct recorder_input *in = &d->input;
    struct utsname u;

    read_cpu_model(d->cpu, sizeof d->cpu);
    snprintf(d->os, sizeof d->os, "unknown");
    if (!uname(&u))
        snprintf(d->os, sizeof d->os, "%.60s %.60s %.60s", u.sysname, u.release, u.machine);
    in->version = M2MSIM_VERSION;
    in->git_commit = M2MSIM_COMMIT;
    in->compiler = CLI_COMPILER;
    in->openssl = crypto_openssl_version();
    in->libuv = sim_libuv_version();
    in->cpu_model = d->cpu;
    in->os = d->os;
}

void describe(struct description *d, const struct scenario *s, const struct profile *profile)
{
    *d = (struct description){.input = {.title = s->title,
                                        .scenario_path = s->path,
                                        .scenario_text = s->text,
                                        .profile_name = profile_name(profile),
                                        .profile_source = profile_source(profile),
                                        .profile_text = profile_text(profile),
                                        .created_unix_s = host_unix_ns() / SIM_S,
                                        .seed = s->seed,
                                        .until = s->until}};
    d->resolved = scenario_resolved_json(s);
    d->costs = list_costs(profile, &d->input.cost_count);
    d->input.resolved_json = d->resolved;
    d->input.costs = d->costs;
    describe_host(d);
}

void description_release(struct description *d)
{
    free(d->resolved);
    free(d->costs);
}
