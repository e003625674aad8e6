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

/* The same for any text. */
void fleet_run_text(struct collect *c, unsigned threads, const char *text, const char *const *sets,
                    struct deployment_counts *counts);

/* Every procedure's parts sum to its whole, it did not begin before it was meant to, and what
 * failed has a reason. */
void fleet_check_sums(const struct collect *c);

#define SETS(...) ((const char *const[FLEET_SETS]){__VA_ARGS__})

#endif
