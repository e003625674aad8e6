/* What is demanded of a run, as a person writes it: `p99(bootstrap.latency) < 30 s`,
 * `success(connection) > 99.9 %`, `max(core.queue) < 500`. Read here, so that the scenario's reader
 * and the results' judge understand the same; what a run's figures are is theirs.
 *
 *   FUNCTION ( KIND . MEASURE ) COMPARISON BOUND     of procedures of a kind
 *   success ( KIND ) ...   count ( KIND ) ...
 *   FUNCTION ( SERVER . MEASURE ) COMPARISON BOUND   of the servers of a population
 *   FUNCTION ( INCIDENT . time ) COMPARISON BOUND    of what befell devices: recovery, ...
 *
 * FUNCTION: p50, p99, p99.9 (any percentile), mean, max, min. COMPARISON: < <= > >=. */
#ifndef SIM_BASE_GOAL_H
#define SIM_BASE_GOAL_H

#include <stdbool.h>
#include <stddef.h>

enum goal_function {
    GOAL_QUANTILE,
    GOAL_MEAN,
    GOAL_MAX,
    GOAL_MIN,
    GOAL_SUCCESS, /* of the procedures that ended: which share succeeded; of incidents: ended */
    GOAL_COUNT    /* how many succeeded; of incidents: how many there were */
};

enum goal_dimension { GOAL_TIME, GOAL_SIZE, GOAL_SHARE, GOAL_NUMBER };

enum goal_comparison { GOAL_BELOW, GOAL_AT_MOST, GOAL_ABOVE, GOAL_AT_LEAST };

/* Words of the language, with what they mean, for `explain`. Each table ends with name NULL. */
struct goal_word {
    const char *name, *help;
    enum goal_dimension dimension; /* of a measure, and of success and count */
};
extern const struct goal_word goal_functions[]; /* pNN is not in it */
extern const struct goal_word goal_kinds[];     /* of procedures */
extern const struct goal_word goal_measures[];  /* of a procedure */
extern const struct goal_word goal_loads[];     /* of a server */
extern const struct goal_word goal_incidents[]; /* kinds of what befalls a device */
extern const struct goal_word goal_durations[]; /* of an incident */

struct goal {
    enum goal_function function;
    enum goal_comparison comparison;
    double q; /* GOAL_QUANTILE: 0 < q < 1 */
    bool of_server, of_incident;
    char subject[41]; /* a kind of procedure, or of incident; of_server: a population */
    const struct goal_word *measure; /* NULL: success, count */
    double bound;                    /* ns, octets, a share of 1, or a number */
};

struct goal_fault {
    size_t at; /* octets into the text */
    char text[240];
};

/* servers: the populations that have a queue (names of n); NULL: any name that is no kind is taken
 * for one. false: why says what is wrong and where. */
bool goal_parse(const char *text, const char *const *servers, size_t n, struct goal *out,
                struct goal_fault *why);
enum goal_dimension goal_dimension_of(const struct goal *g);
/* A value of that dimension for people: "3.93 s", "99.9 %", "512". out: 32 octets do. */
void goal_format(enum goal_dimension dimension, double v, char *out, size_t n);

#endif
