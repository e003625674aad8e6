/* The recorder: one SQLite file, rows written in batches by a thread of its own, off the engine's
 * path; always a valid database, marked `running` until it ends (a kill leaves that mark; opening
 * for reading shows it as partial). Fingerprint: SHA-256 over every row that is not a fact of the
 * host, tables in the schema's order, rows by primary key; stated in results/README.md. crypto_init
 * (crypto/entity.h) comes first. */
#ifndef RESULTS_RECORDER_H
#define RESULTS_RECORDER_H

#include "results/rows.h"
#include "sim/base/err.h"

#include <stddef.h>

struct recorder;

/* A profile's figures as rows, for operation_costs. */
struct recorder_cost {
    const char *class_name, *operation, *algorithm;
    double per_call_ns, per_octet_ns, per_call_nj, per_octet_nj;
    uint32_t samples;
};

/* An experiment of many runs, or those of its cells and planned runs that a database is about. */
struct recorder_cell {
    const char *resolved_json;
    const char *const *values; /* pairs name, value: what it has of each swept key */
    size_t value_count;
    uint32_t cell;
};
struct recorder_planned {
    uint64_t seed;
    uint32_t cell, replication;
};
struct recorder_campaign {
    const struct recorder_cell *cells;
    const struct recorder_planned *planned;
    size_t cell_count, planned_count;
    uint32_t replications_min, replications_max, until_ci_ppm;
};

struct recorder_input {
    /* experiment */
    const char *title, *scenario_path, *scenario_text, *resolved_json;
    /* profile */
    const char *profile_name, *profile_source, *profile_text;
    const struct recorder_cost *costs;
    size_t cost_count;
    /* build and host facts; any may be NULL */
    const char *version, *git_commit, *compiler, *openssl, *libuv, *cpu_model, *os;
    int64_t created_unix_s;
    /* run */
    uint64_t seed;
    sim_ns until;
    const struct recorder_campaign *campaign; /* NULL: a run of its own */
    uint32_t cell, replication;
    /* the --set, --seed, --until given: pairs name, value; become run_parameters, and let verify
     * repeat the run */
    const char *const *parameters;
    size_t parameter_count; /* pairs */
};

/* Creates path (through a journal that survives a kill). ERR_EXISTS without `force`, or when path
 * is no ordinary file; ERR_NOT_FOUND: no such folder; ERR_READ_ONLY, ERR_IO, ERR_DISK_FULL. Nothing
 * is left behind on error. With force the old file is replaced, at once, when the new one is
 * complete but for its rows. */
enum err recorder_open(const char *path, bool force, const struct recorder_input *input,
                       struct recorder **out) MUST_USE;
/* A database of the campaign's plan alone, whose runs come later (merge.h); as recorder_open. */
enum err recorder_write_plan(const char *path, bool force,
                             const struct recorder_input *input) MUST_USE;
/* The sink for the nodes. Rows wait in bounded memory; the engine waits when the disk is slower. */
const struct row_sink *recorder_sink(struct recorder *r);
/* The first error of the writing thread (ERR_DISK_FULL, ...), or OK: polled at progress; the run
 * stops then. */
enum err recorder_error(const struct recorder *r);
/* What was being written when it came, for a message; "" without an error. Borrowed from r. */
const char *recorder_error_text(const struct recorder *r);
uint64_t recorder_rows(const struct recorder *r);

enum recorder_status { RECORDER_DONE, RECORDER_PARTIAL, RECORDER_FAILED };
struct recorder_end {
    enum recorder_status status;
    sim_ns end_ns;
    uint64_t events;
    double wall_s;
    int64_t peak_rss;  /* octets */
    const char *error; /* NULL: none */
};
/* Writes everything, seals with the fingerprint (hex, 65 chars, may be NULL), closes and frees. The
 * object is gone even on error. After an error of the writing thread the run is marked partial
 * (failed, if a row was refused as impossible) whatever `end` says, and that error is returned. */
enum err recorder_close(struct recorder *r, const struct recorder_end *end,
                        char *fingerprint) MUST_USE;

/* For verify: a sink that only makes the fingerprint is a recorder on ":memory:". */

#endif
