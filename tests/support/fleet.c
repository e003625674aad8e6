#include "tests/support/fleet.h"

#include "crypto/profile.h"
#include "sim/ledger.h"
#include "topologies/builder.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char fleet_base[] = "m2msim: 1\n"
                          "title: a small fleet\n"
                          "run: {until: 2 h, seed: 5, key_pool: 2}\n"
                          "populations:\n"
                          "  meters:\n"
                          "    count: 12\n"
                          "    kind: device\n"
                          "    class: cortex-a7\n"
                          "    arrivals: {shape: uniform, over: 1 min}\n"
                          "    ival: {component_size: 512 B}\n"
                          "    report: {every: 20 min, size: 100 B}\n"
                          "    retry: {base: 2 s, cap: 1 min, jitter: none}\n"
                          "    timeout: {procedure: 60 s}\n"
                          "  msbf: {kind: msbf}\n"
                          "  mas: {kind: mas}\n"
                          "  nscl: {kind: nscl, ival_policy: {tampered: deny}}\n"
                          "links:\n"
                          "  meters -> msbf: {latency: 40 ms, rate: 1 Mbit/s}\n"
                          "  meters -> mas: {latency: 40 ms, rate: 1 Mbit/s}\n"
                          "  meters -> nscl: {latency: 40 ms, rate: 1 Mbit/s}\n"
                          "  msbf -> mas: {latency: 10 ms, rate: 1 Gbit/s}\n"
                          "  mas -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n"
                          "record: {series_every: 1 min, messages: {sample: 100 %}}\n";

const char fleet_eap[] = "m2msim: 1\n"
                         "title: a small fleet over PANA\n"
                         "run: {until: 2 h, seed: 5, key_pool: 2}\n"
                         "populations:\n"
                         "  meters:\n"
                         "    count: 12\n"
                         "    kind: device\n"
                         "    class: cortex-a7\n"
                         "    arrivals: {shape: uniform, over: 1 min}\n"
                         "    ival: {component_size: 512 B}\n"
                         "    report: {every: 20 min, size: 100 B}\n"
                         "    retry: {base: 2 s, cap: 1 min, jitter: none}\n"
                         "    timeout: {procedure: 60 s}\n"
                         "  msbf: {kind: msbf}\n"
                         "  mas: {kind: mas}\n"
                         "  nscl: {kind: nscl, ival_policy: {tampered: deny}}\n"
                         "  hss: {kind: hss, latency: 15 ms}\n"
                         "links:\n"
                         "  meters -> msbf: {latency: 40 ms, rate: 1 Mbit/s}\n"
                         "  meters -> mas: {latency: 40 ms, rate: 1 Mbit/s}\n"
                         "  meters -> nscl: {latency: 40 ms, rate: 1 Mbit/s}\n"
                         "  msbf -> mas: {latency: 10 ms, rate: 1 Gbit/s}\n"
                         "  mas -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n"
                         "  mas -> hss: {latency: 10 ms, rate: 1 Gbit/s}\n"
                         "record: {series_every: 1 min, messages: {sample: 100 %}}\n";

const char fleet_gba[] = "m2msim: 1\n"
                         "title: a small fleet by GBA\n"
                         "run: {until: 2 h, seed: 5, key_pool: 2}\n"
                         "populations:\n"
                         "  meters:\n"
                         "    count: 12\n"
                         "    kind: device\n"
                         "    class: cortex-a7\n"
                         "    bootstrap: {method: gba-me}\n"
                         "    connect: {method: gba}\n"
                         "    arrivals: {shape: uniform, over: 1 min}\n"
                         "    ival: {component_size: 512 B}\n"
                         "    report: {every: 20 min, size: 100 B}\n"
                         "    retry: {base: 2 s, cap: 1 min, jitter: none}\n"
                         "    timeout: {procedure: 60 s}\n"
                         "  msbf: {kind: msbf}\n"
                         "  mas: {kind: mas}\n"
                         "  nscl: {kind: nscl, ival_policy: {tampered: deny}}\n"
                         "  bsf: {kind: bsf}\n"
                         "  hss: {kind: hss, latency: 15 ms}\n"
                         "links:\n"
                         "  meters -> msbf: {latency: 40 ms, rate: 1 Mbit/s}\n"
                         "  meters -> mas: {latency: 40 ms, rate: 1 Mbit/s}\n"
                         "  meters -> nscl: {latency: 40 ms, rate: 1 Mbit/s}\n"
                         "  meters -> bsf: {latency: 40 ms, rate: 1 Mbit/s}\n"
                         "  msbf -> mas: {latency: 10 ms, rate: 1 Gbit/s}\n"
                         "  mas -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n"
                         "  msbf -> bsf: {latency: 10 ms, rate: 1 Gbit/s}\n"
                         "  mas -> bsf: {latency: 10 ms, rate: 1 Gbit/s}\n"
                         "  bsf -> hss: {latency: 10 ms, rate: 1 Gbit/s}\n"
                         "  mas -> hss: {latency: 10 ms, rate: 1 Gbit/s}\n"
                         "record: {series_every: 1 min, messages: {sample: 100 %}}\n";

const char fleet_district[] = "m2msim: 1\n"
                              "title: two gateways, meters and sensors behind them\n"
                              "run: {until: 4 h, seed: 5, key_pool: 2}\n"
                              "populations:\n"
                              "  gateways:\n"
                              "    kind: gateway\n"
                              "    count: 2\n"
                              "    bootstrap: {method: pre-provisioned}\n"
                              "    arrivals: {shape: burst, over: 1 s}\n"
                              "    ival: {component_size: 512 B}\n"
                              "    report: {every: 10 min, size: 40 B}\n"
                              "    retry: {base: 2 s, cap: 1 min, jitter: none}\n"
                              "    timeout: {procedure: 60 s}\n"
                              "  meters:\n"
                              "    kind: local\n"
                              "    count: 6\n"
                              "    arrivals: {shape: uniform, over: 5 min}\n"
                              "    report: {every: 5 min, size: 40 B, rcat: 2, trpdt: 2 min}\n"
                              "    retry: {base: 2 s, cap: 1 min, jitter: none}\n"
                              "  sensors:\n"
                              "    kind: local\n"
                              "    count: 4\n"
                              "    interface: xIP\n"
                              "    arrivals: {shape: uniform, over: 5 min}\n"
                              "    report: {every: 5 min, size: 20 B, rcat: 4}\n"
                              "    retry: {base: 2 s, cap: 1 min, jitter: none}\n"
                              "    timeout: {procedure: 5 s}\n"
                              "  mas: {kind: mas}\n"
                              "  nscl: {kind: nscl}\n"
                              "links:\n"
                              "  meters -> gateways: {latency: 80 ms, rate: 50 kbit/s}\n"
                              "  sensors -> gateways: {latency: 80 ms, rate: 50 kbit/s}\n"
                              "  gateways -> mas: {latency: 35 ms, rate: 5 Mbit/s}\n"
                              "  gateways -> nscl: {latency: 35 ms, rate: 5 Mbit/s}\n"
                              "  mas -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n"
                              "record: {series_every: 1 min, messages: {sample: 100 %}}\n";

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
