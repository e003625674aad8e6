/* What `serve nscl` counts of the requests over mId, and its report. */
#ifndef SIM_CLI_MID_TALLY_H
#define SIM_CLI_MID_TALLY_H

#include "models/proto/m2m_resource.h"
#include "sim/base/hist.h"
#include "sim/base/time.h"

#define MID_STATUSES 600 /* HTTP's numbers */

struct mid_tally {
    unsigned long long requests, by[M2M_EXECUTE + 1][MID_STATUSES];
    struct hist *times[M2M_EXECUTE + 1];
};
void mid_tally_init(struct mid_tally *t);
void mid_tally_release(struct mid_tally *t);
void mid_tally_add(struct mid_tally *t, enum m2m_method method, int status, sim_ns took);

/* On stdout: a table, or one JSON object. */
struct mid_report {
    unsigned long long connections, refused, most; /* begun; beyond the limit; open at a time */
    unsigned long long polls;                      /* held at a time */
    unsigned long long handed;                     /* on, to other SCLs */
    unsigned long long notified, unnotified; /* contacts elsewhere that took it; that did not */
    double seconds;                          /* that it served */
};
void mid_tally_report(const struct mid_tally *t, const struct mid_report *r, bool json);

#endif
