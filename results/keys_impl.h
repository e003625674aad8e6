/* The figures behind `keys`. Private to results/. */
#ifndef RESULTS_KEYS_IMPL_H
#define RESULTS_KEYS_IMPL_H

#include "results/keys.h"
#include "results/reader_impl.h"

enum { KEYS_POINTS = 12, KEYS_BINS = 48 };

struct keys_type {
    char *name;
    uint64_t born, alive, never_used, holders; /* holders: nodes that ever had one */
    uint64_t renewed, expired, revoked, erased, failed;
    uint64_t peak; /* most alive at once, and when */
    sim_ns peak_t;
    uint64_t at[KEYS_POINTS]; /* alive at (i + 1) / KEYS_POINTS of the run */
    double renewals_mean;     /* per hour of the run */
    uint64_t renewals_peak;   /* in the busiest whole hour, from */
    sim_ns renewals_peak_t;
    /* Times in which a node that had had a key of the type had none: closed ones end at the next
     * birth, those at the end of the run end there. A key that was erased on purpose leaves none.
     */
    uint64_t gaps, open_gaps;
    sim_ns lost, longest;
    uint64_t ahead, bins[KEYS_BINS]; /* alive keys that expire after the end */
    sim_ns first, last, bin; /* bins begin at the first expiry; each is an hour, a day, ... */
    sim_ns steepest_t;       /* the hour in which most of them do */
    uint64_t steepest;
};

struct keys_figures {
    struct keys_type *types; /* Kmr first, sessions last */
    size_t n;
    sim_ns end;
};

enum err keys_read(struct reader *r, struct keys_figures *out, char why[160]) MUST_USE;
void keys_release(struct keys_figures *k);

#endif
