/* `replications: 10`, or `{min: 5, max: 40, until_ci: 5 %}`. */
#include <string.h>

#include "topologies/value.h"

static const struct schema_key rule_keys[] = {
    {"min", TYPE_COUNT, .min = 2, .max = 10000, .help = "at least"},
    {"max", TYPE_COUNT, .min = 2, .max = 10000, .help = "at most"},
    {"until_ci", TYPE_SHARE, .min = 100, .max = 500000,
     .help = "until the 95 % interval of the means is this narrow, to either side"},
    {.name = NULL}};
static const struct schema_section rule = {rule_keys, NULL};

static bool read_rule(struct reader *r, const struct tree *t, struct scn_replications *out)
{
    uint32_t *const targets[] = {&out->min, &out->max, &out->until_ci_ppm};
    struct owner owner = {"'replications'", t->file, t->line, t->column};
    bool ok = true;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        const struct tree *child = tree_child(t, rule_keys[i].name);
        *targets[i] = 0;
        reader_key(r, &rule_keys[i], child, targets[i], &owner, FILL_ALL);
        ok = ok && *targets[i] != 0;
    }
    reader_unknown(r, &rule, t, 0, &owner);
    if (ok && out->max < out->min) {
        reader_error(r, tree_child(t, "max"), "S240",
                     "'max' must not be below 'min'; %u is below %u", out->max, out->min);
        ok = false;
    }
    return ok;
}

bool value_replications(struct reader *r, const struct schema_key *k, const struct tree *t,
                        struct scn_replications *out)
{
    static const struct schema_key count = {"replications", TYPE_COUNT, .min = 1, .max = 10000,
                                            .standard = "1"};
    struct scn_replications v = {1, 1, 0};
    bool ok = t->kind == TREE_MAP ? read_rule(r, t, &v) : value_read(r, &count, t, &v.min);
    (void)k;
    if (!ok)
        return false;
    if (t->kind != TREE_MAP)
        v.max = v.min;
    *out = v;
    return true;
}
