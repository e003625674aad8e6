/* m2msim check: reads a scenario and its cost profile, and says everything that is wrong. */
#include "crypto/entity.h"
#include "crypto/profile.h"
#include "sim/base/units.h"
#include "sim/base/json.h"
#include "sim/cli/overrides.h"
#include "sim/cli/scenario_arg.h"
#include "topologies/sweep.h"

static const struct cli_option options[] = {
    {"set", 0, "KEY=VALUE", "override a key, as run.seed=7; may be repeated"},
    {"json", 0, NULL, "the mistakes and the summary as JSON, on stdout"},
    {NULL, 0, NULL, NULL}};

#define MAX_CLASSES 64

/* What needs the profile: each population's class must be in it. */
static void check_classes(const struct scenario *s, struct diag_list *diags)
{
    struct profile *profile = profile_read(s->profile_path, diags);
    const char *names[MAX_CLASSES];
    size_t n = 0;
    if (!profile)
        return;
    for (; n < MAX_CLASSES && n < profile_class_count(profile); n++)
        names[n] = profile_class_name(profile_class_at(profile, n));
    for (uint32_t i = 0; i < s->population_count; i++) {
        const struct scn_population *p = &s->populations[i];
        if (profile_class_find(profile, p->class_name))
            continue;
        const char *nearest = diag_nearest(p->class_name, names, n);
        diag_add(diags, DIAG_ERROR, "B101", s->path, p->line, p->column,
                 "population '%s': the cost profile '%s' has no class '%s'%s%s%s", p->name,
                 profile_name(profile), p->class_name, nearest ? "; did you mean '" : "",
                 nearest ? nearest : "", nearest ? "'?" : "");
    }
    profile_free(profile);
}

static void check_cells(const struct cli *c, const struct scenario *s, struct diag_list *diags)
{
    struct overrides o = {0};
    overrides_take(&o, c);
    sweep_free(sweep_new(s, (const char *const *)o.sets, o.count, diags));
    overrides_release(&o);
}

struct summary {
    unsigned long long devices, servers;
    char until[32];
};

static struct summary summarise(const struct scenario *s)
{
    struct summary sum = {0, 0, ""};
    for (uint32_t i = 0; i < s->population_count; i++)
        *(cfg_is_field(s->populations[i].kind) ? &sum.devices : &sum.servers) +=
            s->populations[i].count;
    units_format_time(s->until, sum.until, sizeof sum.until);
    return sum;
}

static void print_json(const struct scenario *s, const char *path, bool ok,
                       const struct diag_list *diags)
{
    printf("{\"ok\": %s, \"path\": ", ok ? "true" : "false");
    json_text(stdout, s ? s->path : path);
    if (s) {
        struct summary sum = summarise(s);
        fputs(", \"title\": ", stdout);
        json_text(stdout, s->title);
        printf(", \"populations\": %u, \"devices\": %llu, \"servers\": %llu, \"links\": %u, "
               "\"events\": %u, \"until_ns\": %lld",
               s->population_count, sum.devices, sum.servers, s->link_count, s->event_count,
               (long long)s->until);
    }
    fputs(", \"diagnostics\": ", stdout);
    diag_print_json(diags, stdout);
    fputs("}\n", stdout);
}

static int run(struct cli *c)
{
    enum err err = crypto_init(); /* the profile's text is hashed */
    if (err)
        return cli_error(c, EXIT_INTERNAL, "cannot use OpenSSL: %s", err_text(err));
    struct diag_list *diags = diag_list_new();
    struct scenario *s = scenario_arg(c, 0, diags);
    if (s && s->axis_count > 0) /* what is wrong in its cells only */
        check_cells(c, s, diags);
    if (s)
        check_classes(s, diags);
    bool ok = diag_count(diags, DIAG_ERROR) == 0;
    if (cli_flag(c, "json"))
        print_json(s, cli_argument(c, 0), ok, diags);
    else
        scenario_arg_tell(c, diags);
    if (ok && !cli_flag(c, "json")) {
        struct summary sum = summarise(s);
        printf("ok: %s: %s; %llu device%s, %llu server%s, %u link%s, until %s\n", s->path,
               s->title[0] ? s->title : "untitled", sum.devices, sum.devices == 1 ? "" : "s",
               sum.servers, sum.servers == 1 ? "" : "s", s->link_count,
               s->link_count == 1 ? "" : "s", sum.until);
    }
    scenario_free(s);
    diag_list_free(diags);
    return ok ? EXIT_DONE : EXIT_SCENARIO;
}

extern const struct cli_command cli_check;
const struct cli_command cli_check = {
    .name = "check",
    .arguments = "FILE",
    .summary = "say everything that is wrong with a scenario, without running it",
    .details = "FILE is a scenario file, or the name of a packaged one (m2msim list).\n"
               "Exit code 3 when it is not valid.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run};
