/* A scenario, read, checked and resolved: plain values, every default filled in. The reader
 * (reader.c) makes it from YAML against one schema table (schema.c); the builder (builder.c) turns
 * it into nodes. Texts and arrays belong to the scenario. */
#ifndef TOPOLOGIES_SCENARIO_H
#define TOPOLOGIES_SCENARIO_H

#include "models/net/link.h"
#include "models/net/tcp.h"
#include "models/node/config.h"
#include "models/node/deployment.h"
#include "sim/base/diag.h"
#include "sim/base/dist.h"

#include <stdbool.h>

#define SCN_NONE CFG_NONE /* no population */

struct scn_population {
    const char *name;
    enum cfg_kind kind;
    uint32_t count;
    const char *class_name;   /* of the cost profile */
    struct cfg_device device; /* cfg_is_field */
    struct cfg_server server; /* else */
    int line, column;         /* where it stands, for the builder's diags */
};

struct scn_link {                   /* both directions alike unless up/down differ */
    uint32_t from, to;              /* populations; `from` is the leaf side */
    struct net_hop_config up, down; /* from -> to, to -> from; names set */
    bool shared; /* one transmitter for the population (a cell) instead of one each */
    int line, column;
};

struct scn_event {
    sim_ns at;
    enum happening_kind what;
    uint32_t population, share_ppm; /* share: of the devices */
    sim_ns duration, over;          /* as struct deployment_event has them */
};

/* How often each cell is run: `min` times; with until_ci_ppm on until the confidence intervals are
 * that narrow, at most `max` times. */
struct scn_replications {
    uint32_t min, max;
    uint32_t until_ci_ppm; /* half width of the interval, of the mean; 0: min times */
};

/* One of the values that a key goes through: as --set takes it, and where it stands. */
struct scn_value {
    const char *text, *file;
    int line, column;
};

/* A key that is swept. */
struct scn_axis {
    const char *key, *file;
    const struct scn_value *values;
    uint32_t value_count;
    bool zipped; /* goes with the axis before it, value by value */
    int line, column;
};

struct scenario {
    const char *path, *title, *text;
    size_t text_octets;
    sim_ns until;
    uint64_t seed;
    int64_t epoch_unix_ns;    /* run.epoch; default 2013-06-01T00:00:00Z */
    const char *profile;      /* use.cost_profile as written */
    const char *profile_path; /* where it is; as `profile` when scenario_parse did not find it */
    uint32_t key_pool;        /* RSA keys for the fleet; default 16, 2..4096 */
    struct tcp_params tcp;
    struct cfg_eap eap;
    struct scn_population *populations;
    uint32_t population_count;
    struct scn_link *links;
    uint32_t link_count;
    struct scn_event *events;
    uint32_t event_count;
    struct cfg_record record;
    struct scn_replications replications;
    struct scn_axis *axes; /* the last one's value changes first; sweep.h makes cells of them */
    uint32_t axis_count;
    const char *where;  /* which cells there are (select.h); NULL: all */
    const char **goals; /* as written (sim/base/goal.h) */
    uint32_t goal_count;
    sim_ns warmup; /* what begins before it is left out of statistics */
};

/* path: a file, or the name of a scenario in the packaged topologies/ folder ("hello"). sets: n
 * texts `a.b.c=value`, as
 * --set gives them, applied before checking. All mistakes go to diags (codes S1xx: syntax and
 * schema; S2xx: meaning); NULL if any is an error. */
struct scenario *scenario_read(const char *path, const char *const *sets, size_t n,
                               struct diag_list *diags);
/* The same with `varies`, texts `a.b.c=value,value` as --vary gives them: axes instead of the
 * file's of the same key, or behind them. */
struct scenario *scenario_read_varied(const char *path, const char *const *sets, size_t n,
                                      const char *const *varies, size_t vary_count,
                                      struct diag_list *diags);
/* The same from a text (verify re-runs what the database holds). */
struct scenario *scenario_parse(const char *path, const char *text, size_t text_n,
                                const char *const *sets, size_t n, struct diag_list *diags);
void scenario_free(struct scenario *s);
struct goal_fault;
/* Is it a goal that this scenario's runs can be judged by? false: why says what is wrong. */
bool scenario_goal_check(const struct scenario *s, const char *text, struct goal_fault *why);

/* Every key with its value, defaults included. YAML (reads back to the same) and JSON. Caller
 * frees. */
char *scenario_resolved_yaml(const struct scenario *s);
char *scenario_resolved_json(const struct scenario *s);
/* The packaged folder: M2MSIM_TOPOLOGIES, else beside the program, else the source tree. */
const char *scenario_folder(void);
/* Names and titles of the packaged scenarios, for `list`: calls fn for each, by name. */
void scenario_list(void (*fn)(void *arg, const char *name, const char *path, const char *title),
                   void *arg);
/* Every key of a scenario: its path with NAME for names of the user's, its last component, and what
 * it means. `name` stands as long as the program. */
void scenario_keys(void (*fn)(void *arg, const char *path, const char *name, const char *text),
                   void *arg);
/* The schema as a reference page (Markdown), one row a key. */
void scenario_schema_markdown(FILE *to);

#endif
