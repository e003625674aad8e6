/* One database of several that hold runs of one experiment: row for row what one machine would have
 * written, whatever the sources and their order. Runs stand by cell, then replication, and are
 * numbered so from 1. */
#ifndef RESULTS_MERGE_H
#define RESULTS_MERGE_H

#include "sim/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct merge_outcome {
    size_t planned, done, partial; /* runs; partial: also failed ones */
    /* Of the experiment: SHA-256 over the fingerprints of its finished runs, in order. */
    char fingerprint[65];
};

/* Writes path as recorder_open does; it may be one of the sources. A run that is in several of them
 * is taken once, a finished one before others. Each source's seals are checked first, and each
 * run's fingerprint at the end. ERR_FORMAT, ERR_INTEGRITY: a damaged source, or two that disagree;
 * ERR_STATE: not of one experiment, or still being written; why says which file. */
enum err merge_write(const char *path, bool force, const char *const *sources, size_t n,
                     struct merge_outcome *out, char why[300]) MUST_USE;

#endif
