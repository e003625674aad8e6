#include "tests/support/fleet.h"

#include "crypto/profile.h"
#include "sim/ledger.h"
#include "topologies/builder.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Twelve meters with MSBF, MAS and NSCL: how they bootstrap and connect, the servers and the links
 * that this takes (whole lines). */
#define FLEET(title, methods, servers, links)                                                      \
    "m2msim: 1\n"                                                                                  \
    "title: " title "\n"                                                                           \
    "run: {until: 2 h, seed: 5, key_pool: 2}\n"                                                    \
    "populations:\n"                                                                               \
    "  meters:\n"                                                                                  \
    "    count: 12\n"                                                                              \
    "    kind: device\n"                                                                           \
    "    class: cortex-a7\n" methods "    arrivals: {shape: uniform, over: 1 min}\n"               \
    "    ival: {component_size: 512 B}\n"                                                          \
    "    report: {every: 20 min, size: 100 B}\n"                                                   \
    "    retry: {base: 2 s, cap: 1 min, jitter: none}\n"                                           \
    "    timeout: {procedure: 60 s}\n"                                                             \
    "  msbf: {kind: msbf}\n"                                                                       \
    "  mas: {kind: mas}\n"                                                                         \
    "  nscl: {kind: nscl, ival_policy: {tampered: deny}}\n" servers "links:\n"                     \
    "  meters -> msbf: {latency: 40 ms, rate: 1 Mbit/s}\n"                                         \
    "  meters -> mas: {latency: 40 ms, rate: 1 Mbit/s}\n"                                          \
    "  meters -> nscl: {latency: 40 ms, rate: 1 Mbit/s}\n"                                         \
    "  msbf -> mas: {latency: 10 ms, rate: 1 Gbit/s}\n"                                            \
    "  mas -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n" links                                      \
    "record: {series_every: 1 min, messages: {sample: 100 %}}\n"
#define HSS      "  hss: {kind: hss, latency: 15 ms}\n"
#define HSS_LINK "  mas -> hss: {latency: 10 ms, rate: 1 Gbit/s}\n"

const char fleet_base[] = FLEET("a small fleet", "", "", "");
const char fleet_eap[] = FLEET("a small fleet over PANA", "", HSS, HSS_LINK);
const char fleet_gba[] =
    FLEET("a small fleet by GBA", "    bootstrap: {method: gba-me}\n    connect: {method: gba}\n",
          "  bsf: {kind: bsf}\n" HSS,
          "  meters -> bsf: {latency: 40 ms, rate: 1 Mbit/s}\n"
          "  msbf -> bsf: {latency: 10 ms, rate: 1 Gbit/s}\n"
          "  mas -> bsf: {latency: 10 ms, rate: 1 Gbit/s}\n"
          "  bsf -> hss: {latency: 10 ms, rate: 1 Gbit/s}\n" HSS_LINK);

const char fleet_district[] =
    FLEET_DISTRICT("4 h", "report: {every: 10 min, size: 40 B}" FLEET_PATIENCE, "", "",
                   ", messages: {sample: 100 %}");

void fleet_run(struct collect *c, unsigned threads, const char *more, const char *const *sets,
               struct deployment_counts *counts)
{
    char text[4096];

    snprintf(text, sizeof text, "%s%s", fleet_base, more);
    fleet_run_text(c, threads, text, sets, counts);
}

void fleet_run_text(struct collect *c, unsigned threads, const char *text, const char *const *sets,
                    struct deployment_counts *counts)
{
    const struct build_options options = {.threads = threads,
                                          .key_cache = getenv("M2MSIM_KEY_CACHE")};
    struct diag_list *diags = diag_list_new();
    struct scenario *s;
    struct profile *profile = NULL;
    struct built *b = NULL;
    size_t n = 0;

    while (n < FLEET_SETS && sets[n])
        n++;
    s = scenario_parse("test.yaml", text, strlen(text), sets, n, diags);
    if (s)
        profile = profile_read(s->profile_path, diags);
    if (profile)
        b = scenario_build(s, profile, &options, diags);
    diag_print(diags, stderr, false);
    ck_assert_ptr_nonnull(b);
    collect_init(c);
    deployment_start(built_deployment(b), &c->sink);
    ck_assert_int_ne(deployment_run(built_deployment(b)), SIM_END_STOPPED);
    deployment_finish(built_deployment(b));
    if (counts)
        deployment_counts(built_deployment(b), counts);
    built_free(b);
    profile_free(profile);
    scenario_free(s);
    diag_list_free(diags);
}

void fleet_check_sums(const struct collect *c)
{
    for (size_t i = 0; i < c->procedure_count; i++) {
        const struct row_procedure *p = &c->procedures[i].row;
        int64_t sum = 0;

        for (int k = 0; k < LEDGER_PARTS; k++) {
            ck_assert_int_ge(p->parts[k], 0);
            sum += p->parts[k];
        }
        ck_assert_int_eq(sum, p->t_end - p->t_intended);
        ck_assert_int_le(p->t_intended, p->t_start);
        ck_assert(strcmp(c->procedures[i].outcome, "failed") != 0 || c->procedures[i].reason[0]);
    }
}
