/* A deployment from a scenario's text to its rows, for tests of whole runs. Link with
 * m2m_topologies. */
#ifndef TESTS_SUPPORT_FLEET_H
#define TESTS_SUPPORT_FLEET_H

#include "models/node/deployment.h"
#include "tests/support/collect.h"

#define FLEET_SETS 16

/* A small fleet of twelve devices, two hours; more keys may stand behind it ("events:\n  - ...").
 */
extern const char fleet_base[];

/* Runs base and `more` with the overrides (`a.b=c`, up to FLEET_SETS, the first NULL ends them);
 * rows go to c, initialised here. counts may be NULL. Any mistake fails the test. */
void fleet_run(struct collect *c, unsigned threads, const char *more, const char *const *sets,
               struct deployment_counts *counts);

/* As fleet_base, with an HSS behind the MAS, for methods of EAP over PANA. */
extern const char fleet_eap[];

/* As fleet_eap, with a BSF, for methods by GBA: bootstrap gba-me, connection gba. */
extern const char fleet_gba[];

/* Two gateways with six D' and four d devices behind them; four hours. */
extern const char fleet_district[];

/* Its text, and that of others like it, all string literals: run.until, the gateways' keys from
 * `report` on, more populations and links (whole lines), more of `record`. */
#define FLEET_PATIENCE                                                                             \
    "\n    retry: {base: 2 s, cap: 1 min, jitter: none}\n    timeout: {procedure: 60 s}"
#define FLEET_DISTRICT(until, of_gateways, populations, links, record)                             \
    "m2msim: 1\n"                                                                                  \
    "title: two gateways, meters and sensors behind them\n"                                        \
    "run: {until: " until ", seed: 5, key_pool: 2}\n"                                              \
    "populations:\n"                                                                               \
    "  gateways:\n"                                                                                \
    "    kind: gateway\n"                                                                          \
    "    count: 2\n"                                                                               \
    "    bootstrap: {method: pre-provisioned}\n"                                                   \
    "    arrivals: {shape: burst, over: 1 s}\n"                                                    \
    "    ival: {component_size: 512 B}\n"                                                          \
    "    " of_gateways "\n"                                                                        \
    "  meters:\n"                                                                                  \
    "    kind: local\n"                                                                            \
    "    count: 6\n"                                                                               \
    "    arrivals: {shape: uniform, over: 5 min}\n"                                                \
    "    report: {every: 5 min, size: 40 B, rcat: 2, trpdt: 2 min}\n"                              \
    "    retry: {base: 2 s, cap: 1 min, jitter: none}\n"                                           \
    "  sensors:\n"                                                                                 \
    "    kind: local\n"                                                                            \
    "    count: 4\n"                                                                               \
    "    interface: xIP\n"                                                                         \
    "    arrivals: {shape: uniform, over: 5 min}\n"                                                \
    "    report: {every: 5 min, size: 20 B, rcat: 4}\n"                                            \
    "    retry: {base: 2 s, cap: 1 min, jitter: none}\n"                                           \
    "    timeout: {procedure: 5 s}\n"                                                              \
    "  mas: {kind: mas}\n"                                                                         \
    "  nscl: {kind: nscl}\n" populations "links:\n"                                                \
    "  meters -> gateways: {latency: 80 ms, rate: 50 kbit/s}\n"                                    \
    "  sensors -> gateways: {latency: 80 ms, rate: 50 kbit/s}\n"                                   \
    "  gateways -> mas: {latency: 35 ms, rate: 5 Mbit/s}\n"                                        \
    "  gateways -> nscl: {latency: 35 ms, rate: 5 Mbit/s}\n"                                       \
    "  mas -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n" links                                      \
    "record: {series_every: 1 min" record "}\n"

/* Two gateways that hold long polls, six valves behind them, and a garden that asks one of these
 * each `every`; two hours. */
#define FLEET_VALVES(every)                                                                        \
    "m2msim: 1\n"                                                                                  \
    "title: a few valves behind two gateways\n"                                                    \
    "run: {until: 2 h, seed: 5, key_pool: 2}\n"                                                    \
    "populations:\n"                                                                               \
    "  valves:\n"                                                                                  \
    "    count: 6\n"                                                                               \
    "    kind: local\n"                                                                            \
    "    behind: gateways\n"                                                                       \
    "    apoc: {listen: yes, takes: 1 s}\n"                                                        \
    "    arrivals: {shape: uniform, over: 1 min, start: 2 min}\n"                                  \
    "    report: {every: never}\n"                                                                 \
    "    retry: {base: 2 s, cap: 1 min, jitter: none}\n"                                           \
    "  gateways:\n"                                                                                \
    "    count: 2\n"                                                                               \
    "    kind: gateway\n"                                                                          \
    "    bootstrap: {method: pre-provisioned}\n"                                                   \
    "    mid: {channel: long-poll}\n"                                                              \
    "    ival: {component_size: 512 B}\n"                                                          \
    "    arrivals: {shape: uniform, over: 1 min}\n"                                                \
    "    report: {every: 20 min, size: 100 B}\n"                                                   \
    "    retry: {base: 2 s, cap: 1 min, jitter: none, restart: 20 s}\n"                            \
    "    timeout: {procedure: 60 s}\n"                                                             \
    "  mas: {kind: mas}\n"                                                                         \
    "  nscl: {kind: nscl}\n"                                                                       \
    "  garden: {kind: application, actuate: {every: " every "}}\n"                                 \
    "links:\n"                                                                                     \
    "  valves -> gateways: {latency: 20 ms, rate: 50 kbit/s}\n"                                    \
    "  gateways -> mas: {latency: 40 ms, rate: 1 Mbit/s}\n"                                        \
    "  gateways -> nscl: {latency: 40 ms, rate: 1 Mbit/s}\n"                                       \
    "  mas -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n"                                            \
    "  garden -> nscl: {latency: 5 ms, rate: 1 Gbit/s}\n"                                          \
    "record: {series_every: 1 min}\n"

/* The same for any text. */
void fleet_run_text(struct collect *c, unsigned threads, const char *text, const char *const *sets,
                    struct deployment_counts *counts);

/* Every procedure's parts sum to its whole, it did not begin before it was meant to, and what
 * failed has a reason. */
void fleet_check_sums(const struct collect *c);

#define SETS(...) ((const char *const[FLEET_SETS]){__VA_ARGS__})

#endif
