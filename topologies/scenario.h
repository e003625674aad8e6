/* A scenario, read, checked and resolved: plain values, every default filled in. The reader
 * (reader.c) makes it from YAML against one schema table (schema.c); the builder (builder.c) turns
 * it into nodes. Texts and arrays belong to the scenario. */
#ifndef TOPOLOGIES_SCENARIO_H
#define TOPOLOGIES_SCENARIO_H

#include "models/net/link.h"
#include "models/net/tcp.h"
#include "models/proto/tls.h"
#include "sim/base/diag.h"
#include "sim/base/dist.h"

#include <stdbool.h>

enum scn_kind { SCN_DEVICE, SCN_NSCL, SCN_MSBF, SCN_MAS };
enum scn_bootstrap { SCN_BOOTSTRAP_PRE_PROVISIONED, SCN_BOOTSTRAP_TLS_X509 };
enum scn_shape { SCN_ARRIVAL_UNIFORM, SCN_ARRIVAL_POISSON, SCN_ARRIVAL_BURST, SCN_ARRIVAL_RAMP };
enum scn_backoff { SCN_BACKOFF_CONSTANT, SCN_BACKOFF_LINEAR, SCN_BACKOFF_EXPONENTIAL };
enum scn_jitter { SCN_JITTER_NONE, SCN_JITTER_EQUAL, SCN_JITTER_FULL };
enum scn_verdict { SCN_ALLOW, SCN_LIMIT, SCN_DENY };

struct scn_tls {
    enum tls_suite suite;
    enum tls_version version;
    enum tls_group group;
};

struct scn_device { /* kind: device */
    struct {
        enum scn_bootstrap method;
        struct scn_tls tls;
        uint32_t msbf;         /* index of the population that serves it (tls-x509) */
        uint32_t wrong_ca_ppm; /* share whose certificate is from another CA */
        uint32_t expired_ppm;  /* share whose certificate has expired before the run */
    } bootstrap;
    struct {
        struct scn_tls tls; /* ECDHE-PSK suites */
        uint32_t mas;
        uint32_t
            wrong_key_ppm; /* share whose Kmr is not the one the MAS has (pre-provisioned only) */
    } connect;
    struct {
        struct scn_tls tls; /* PSK suites */
        uint32_t nscl;
        sim_ns idle; /* session closes after so long without a request; default 30 s */
    } mid;
    struct {
        bool capable;              /* default true */
        uint32_t components;       /* of the image, 1..32; default 4 */
        uint32_t component_octets; /* each; default 16 KiB */
        uint32_t tampered_ppm;
        struct dist tampered_at; /* when, from the device's start; constant 0: from manufacture */
        bool gate; /* a tampered device found before bootstrap does not start; default false: it
                      starts, and the policy of the NSCL decides */
    } ival;
    struct {
        sim_ns kmr, kmc;           /* lifetimes */
        uint32_t renew_at_ppm;     /* of the lifetime; default 85 % (GAP C5) */
        uint32_t renew_jitter_ppm; /* +- ; default 5 % */
    } keys;
    struct {
        enum scn_shape shape;
        sim_ns over;  /* uniform, ramp: span; burst: span of the burst; poisson: 0 */
        sim_ns mean;  /* poisson: mean between arrivals of the population */
        sim_ns start; /* the first may come then; default 0 */
    } arrivals;
    struct {
        sim_ns every;        /* 0: no reports */
        uint32_t octets;     /* of content, before base64 */
        uint32_t jitter_ppm; /* of `every` */
    } report;
    struct {
        sim_ns lifetime;         /* expirationTime asked for; default 24 h */
        uint32_t refresh_at_ppm; /* default 50 % */
        bool deregister_at_end;  /* DELETE <scl> shortly before `until`; default false */
    } registration;
    struct {
        enum scn_backoff backoff;
        sim_ns base, cap;
        enum scn_jitter jitter;
        uint32_t attempts; /* per procedure; 0: for ever */
    } retry;
    struct {
        sim_ns procedure; /* whole attempt; default 120 s */
    } timeout;
};

struct scn_rule { /* one line of ival_policy, in order; the first that matches decides */
    char name[32];
    uint32_t mask, value; /* matches when (result & mask) == value */
    enum scn_verdict verdict;
    uint32_t allowed_services; /* limit: capability bits that stay */
};

struct scn_server {        /* kinds nscl, msbf, mas */
    uint32_t workers;      /* default 4 */
    uint32_t queue;        /* most jobs waiting; default 1000 */
    uint32_t max_sessions; /* open TCP connections; beyond: refused; default 100,000 */
    uint32_t backlog_busy; /* queue length from which new requests get 503; default = queue */
    sim_ns retry_after;    /* told with 503; default 30 s */
    char fqdn[128];        /* default NAME.m2m.example */
    bool ival;             /* nscl: supports IVal; default true */
    struct scn_rule rules[16];
    uint32_t rule_count;
    enum scn_verdict otherwise;                /* default allow */
    sim_ns ival_window;                        /* accepted age of secureTimeStamp; default 300 s */
    sim_ns registration_min, registration_max; /* clamp of expirationTime; 1 min, 10 y */
    sim_ns certificate_life;                   /* msbf; default 5 y */
    uint32_t mas, nscl; /* msbf: its MAS; mas: its NSCL; scn_none where not */
};
#define SCN_NONE UINT32_MAX

struct scn_population {
    const char *name;
    enum scn_kind kind;
    uint32_t count;
    const char *class_name;   /* of the cost profile */
    struct scn_device device; /* kind device */
    struct scn_server server; /* else */
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
    enum { SCN_OUTAGE } what; /* node(s) of a population are off for `duration` */
    uint32_t population;
    sim_ns duration;
};

struct scn_record {
    bool procedures, keys;       /* default true */
    uint32_t message_sample_ppm; /* share of procedures whose messages are kept; default 0.1 % */
    uint32_t message_first;      /* and the first n of each kind; default 3 */
    bool failed_messages;        /* and of every failed one; default true */
    bool secrets;                /* default false */
    sim_ns series_every;         /* default 10 s; 0: none */
};

struct scenario {
    const char *path, *title, *text;
    size_t text_octets;
    sim_ns until;
    uint64_t seed;
    int64_t epoch_unix_ns;    /* run.epoch; default 2013-06-01T00:00:00Z */
    const char *profile_path; /* resolved against the search path */
    uint32_t key_pool;        /* RSA keys for the fleet; default 16, 2..4096 */
    struct tcp_params tcp;
    struct scn_population *populations;
    uint32_t population_count;
    struct scn_link *links;
    uint32_t link_count;
    struct scn_event *events;
    uint32_t event_count;
    struct scn_record record;
};

/* path: a file, or the name of a scenario in the packaged topologies/ folder ("hello"). sets: n
 * texts `a.b.c=value`, as
 * --set gives them, applied before checking. All mistakes go to diags (codes S1xx: syntax and
 * schema; S2xx: meaning); NULL if any is an error. */
struct scenario *scenario_read(const char *path, const char *const *sets, size_t n,
                               struct diag_list *diags);
/* The same from a text (verify re-runs what the database holds). */
struct scenario *scenario_parse(const char *path, const char *text, size_t text_n,
                                const char *const *sets, size_t n, struct diag_list *diags);
void scenario_free(struct scenario *s);

/* Every key with its value, defaults included. YAML (reads back to the same) and JSON. Caller
 * frees. */
char *scenario_resolved_yaml(const struct scenario *s);
char *scenario_resolved_json(const struct scenario *s);
/* The packaged folder: M2MSIM_TOPOLOGIES, else beside the program, else the source tree. */
const char *scenario_folder(void);
/* Names and titles of the packaged scenarios, for `list`: calls fn for each, by name. */
void scenario_list(void (*fn)(void *arg, const char *name, const char *path, const char *title),
                   void *arg);
/* The schema as a reference page (Markdown), one row a key. */
void scenario_schema_markdown(FILE *to);

#endif
