/* What two experiments were given that is not the same. */
#include <stdlib.h>
#include <string.h>

#include "results/compare_impl.h"
#include "results/reader_impl.h"
#include "sim/base/xalloc.h"

struct setting {
    char *name, *value;
};
struct settings {
    struct setting *at;
    size_t n;
};

/* The leaves of the resolved scenario, and the facts that results hang on, by name. The seed is of
 * the pair. */
static enum err read_settings(struct reader *r, struct settings *out, char why[160])
{
    sqlite3_stmt *s = NULL;
    enum err err = reader_query(
        r,
        "SELECT substr(t.fullkey, 3) AS name, t.atom FROM runs r JOIN experiments e "
        "USING (experiment_id), json_tree(e.resolved_json) t "
        "WHERE r.run_id = ?1 AND t.atom IS NOT NULL AND t.fullkey <> '$.run.seed' "
        "UNION ALL SELECT 'cost profile', c.name || ' ' || substr(c.sha256, 1, 12) FROM runs r "
        "JOIN cost_profiles c USING (profile_id) WHERE r.run_id = ?1 "
        "UNION ALL SELECT 'OpenSSL', b.openssl FROM runs r JOIN builds b USING (build_id) "
        "WHERE r.run_id = ?1 "
        "UNION ALL SELECT 'm2msim', b.m2msim_version || ' ' || ifnull(b.git_commit, '') FROM runs "
        "r "
        "JOIN builds b USING (build_id) WHERE r.run_id = ?1 ORDER BY name",
        &s, why);

    while (!err && reader_step(r, s, &err, why)) {
        out->at = xrealloc(out->at, (out->n + 1) * sizeof *out->at);
        out->at[out->n++] =
            (struct setting){xstrdup(reader_text(s, 0)), xstrdup(reader_text(s, 1))};
    }
    sqlite3_finalize(s);
    return err;
}

static void release(struct settings *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->at[i].name);
        free(s->at[i].value);
    }
    free(s->at);
}

static void add(struct compare_input **out, size_t *n, const struct setting *a,
                const struct setting *b)
{
    *out = xrealloc(*out, (*n + 1) * sizeof **out);
    (*out)[(*n)++] = (struct compare_input){xstrdup(a ? a->name : b->name),
                                            xstrdup(a ? a->value : ""), xstrdup(b ? b->value : "")};
}

enum err compare_inputs(struct reader *a, struct reader *b, struct compare_input **out, size_t *n,
                        char why[160])
{
    struct settings sa = {0}, sb = {0};
    enum err err = read_settings(a, &sa, why);

    *out = NULL;
    *n = 0;
    if (!err)
        err = read_settings(b, &sb, why);
    for (size_t i = 0, k = 0; !err && (i < sa.n || k < sb.n);) {
        int order = i == sa.n ? 1 : k == sb.n ? -1 : strcmp(sa.at[i].name, sb.at[k].name);
        if (order != 0 || strcmp(sa.at[i].value, sb.at[k].value) != 0)
            add(out, n, order <= 0 ? &sa.at[i] : NULL, order >= 0 ? &sb.at[k] : NULL);
        i += order <= 0;
        k += order >= 0;
    }
    release(&sa);
    release(&sb);
    return err;
}
