/* Reading a results database: for report, chart, verify. Read-only; a file still marked `running`
 * is a partial one. */
#ifndef RESULTS_READER_H
#define RESULTS_READER_H

#include "results/rows.h"
#include "sim/base/err.h"

#include <stdio.h>

struct reader;
/* ERR_NOT_FOUND, ERR_FORMAT (not a database of ours, or of a newer version), ERR_IO. why: a
 * sentence. */
enum err reader_open(const char *path, struct reader **out, char why[160]) MUST_USE;
void reader_close(struct reader *r);

struct reader_run {
    int64_t run_id, cell, replication;
    const char *title, *scenario_path, *scenario_text, *resolved_json, *profile_text, *profile_name;
    const char *status; /* done | partial | failed; `running` reads as partial */
    const char *fingerprint, *openssl, *version, *git_commit, *error;
    uint64_t seed, events;
    sim_ns end_ns;
    double wall_s;
    int64_t peak_rss;
};
/* The run that is read: the latest, until another is chosen. Borrowed from r, until then. */
const struct reader_run *reader_run(struct reader *r);
size_t reader_run_count(struct reader *r);
/* From now on all that is asked is of the i-th run, from 0, in the order of cells and replications.
 */
enum err reader_choose(struct reader *r, size_t i, char why[160]) MUST_USE;
/* Its --set etc., in order: NULL past the end. Both texts stand until the next call. */
const char *reader_parameter(struct reader *r, size_t i, const char **value);

struct reader_procedure {
    char node[160];                    /* whose it is */
    sim_ns t_intended, t_start, t_end; /* t_end: ROW_NULL_ID when it was not finished */
};
/* ERR_NOT_FOUND: no such id in the latest run. */
enum err reader_procedure(struct reader *r, int64_t id, struct reader_procedure *out,
                          char why[160]) MUST_USE;

/* Recomputes from the rows: the run's fingerprint (its results), and the seals over all rows incl.
 * host facts, over the schema and over every other octet of the file. ERR_INTEGRITY when what is
 * stored differs, with the first differing table in why. ERR_STATE: a run that was killed is not
 * sealed. crypto_init (crypto/entity.h) comes first. */
enum err reader_check(struct reader *r, char fingerprint[65], char why[160]) MUST_USE;

/* ---- report (text), figures, chart ---- */
enum report_format { REPORT_TEXT, REPORT_MARKDOWN, REPORT_HTML };
struct report_options {
    bool json;
    bool colour; /* of text */
    enum report_format format;
    const char *database; /* as the user named it, for the commands in a page */
    const char *out_dir;  /* NULL: none; else report.txt, .md, .html and the figures go there */
    bool force;           /* may overwrite files in out_dir */
};
/* The table by procedure (n, success, p50, p90, p99, octets, device ms, server ms), keys, IVal
 * matrix, failures by reason, load. ERR_*: with a sentence in why. */
enum err report_write(struct reader *r, const struct report_options *o, FILE *to,
                      char why[160]) MUST_USE;

/* The methods of bootstrap and connection side by side: latency, round trips, octets, device and
 * server time, energy, each with its confidence interval over the devices. ERR_NOT_FOUND: the run
 * has none. */
enum err shootout_write(struct reader *r, bool json, FILE *to, char why[160]) MUST_USE;

enum chart_format {
    CHART_FORMAT_TEXT,
    CHART_FORMAT_SVG,
    CHART_FORMAT_MERMAID,
    CHART_FORMAT_MSCGEN
};
struct chart_options {
    int64_t procedure_id; /* ROW_NULL_ID: not by id */
    const char *node;     /* NULL: not by node */
    unsigned worst;       /* 0: not by worst */
    const char *worst_kind;
    enum chart_format format;
    bool json, colour; /* of text */
};
/* Message sequences: lifelines, each message with time, name, octets and fate, the keys that were
 * made, the latency parts below. ERR_NOT_FOUND: no such procedure, or its messages were not
 * recorded (why says which). */
enum err chart_write(struct reader *r, const struct chart_options *o, FILE *to,
                     char why[160]) MUST_USE;

#endif
