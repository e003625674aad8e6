#include "tests/support/district.h"

#include "models/node/registrar.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

void district_build(struct district *t, unsigned threads, const char *text, const char *more,
                    const char *const *sets)
{
    char all[4096];
    size_t n = 0;

    memset(t, 0, sizeof *t);
    snprintf(all, sizeof all, "%s%s", text, more);
    while (n < FLEET_SETS && sets[n])
        n++;
    t->diags = diag_list_new();
    t->scenario = scenario_parse("district.yaml", all, strlen(all), sets, n, t->diags);
    if (t->scenario)
        t->profile = profile_read(t->scenario->profile_path, t->diags);
    if (t->profile)
        t->built = scenario_build(t->scenario, t->profile,
                                  &(struct build_options){.threads = threads}, t->diags);
    diag_print(t->diags, stderr, false);
    ck_assert_ptr_nonnull(t->built);
    t->d = built_deployment(t->built);
    collect_init(&t->rows);
    deployment_start(t->d, &t->rows.sink);
}

void district_run(struct district *t)
{
    ck_assert_int_eq(deployment_run(t->d), SIM_END_UNTIL);
    deployment_finish(t->d);
    deployment_counts(t->d, &t->counts);
    fleet_check_sums(&t->rows);
}

void district_open(struct district *t, unsigned threads, const char *text, const char *more,
                   const char *const *sets)
{
    district_build(t, threads, text, more, sets);
    district_run(t);
}

void district_close(struct district *t)
{
    collect_release(&t->rows);
    built_free(t->built);
    profile_free(t->profile);
    scenario_free(t->scenario);
    diag_list_free(t->diags);
}

void district_same_rows(const char *text, const char *more, const char *const *sets,
                        uint64_t notified)
{
    struct district one, other;

    district_open(&one, 1, text, more, sets);
    ck_assert_uint_gt(one.counts.notified, notified);
    for (unsigned threads = 2; threads <= 4; threads += 2) {
        district_open(&other, threads, text, more, sets);
        ck_assert_uint_eq(other.rows.procedure_count, one.rows.procedure_count);
        ck_assert_uint_eq(other.rows.digest, one.rows.digest);
        ck_assert_uint_eq(other.counts.notified, one.counts.notified);
        district_close(&other);
    }
    district_close(&one);
}

struct population *district_population(const struct district *t, const char *name)
{
    for (uint32_t i = 0; i < t->d->in.population_count; i++)
        if (strcmp(t->d->in.populations[i].name, name) == 0)
            return &t->d->populations[i];
    ck_abort_msg("no population %s", name);
}

void district_retrieve(const struct district *t, const struct server *nscl, const char *target,
                       struct m2m_response *r)
{
    m2m_response_init(r);
    scl_tree_request(registrar_tree(nscl->registrar), t->d->in.epoch_unix_ns + node_now(t->d),
                     &(struct m2m_request){.target_id = span_str(target),
                                           .requesting_entity = nscl->fqdn,
                                           .method = M2M_RETRIEVE,
                                           .point = M2M_MID},
                     r);
}
