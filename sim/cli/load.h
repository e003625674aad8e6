/* What a load of `attach` counts and tells: a line an attempt, then the report. */
#ifndef SIM_CLI_LOAD_H
#define SIM_CLI_LOAD_H

#include "models/proto/reason.h"
#include "sim/base/hist.h"
#include "sim/base/time.h"

#include <stdbool.h>

struct load {
    unsigned long long success, failed, failed_by[REASON_COUNT];
    struct hist *times; /* of successes, as the next three */
    unsigned long long round_trips, octets_up, octets_down;
    sim_ns began, ended; /* of the whole; ended: of the last attempt */
};
void load_init(struct load *l, sim_ns now);
void load_release(struct load *l);

/* An attempt that began at `began` ended now, well or for a reason. */
void load_success(struct load *l, sim_ns began, sim_ns now, unsigned round_trips,
                  unsigned long long octets_up, unsigned long long octets_down);
void load_failure(struct load *l, sim_ns now, enum reason reason);

/* The beginning of an attempt's line, and its end; between them a success has what it was given. */
struct load_line {
    unsigned long long number;
    const char *name, *method;
    enum reason reason; /* REASON_NONE: accepted */
    sim_ns began, ended;
    bool json;
};
void load_line_begin(const struct load_line *l);
void load_line_end(const struct load_line *l);

/* usage: NULL where there is but one. */
struct load_title {
    const char *method, *usage;
    unsigned long long parallel;
};
void load_report(const struct load *l, const struct load_title *title, bool json);

#endif
