/* An experiment as its database tells it: everything that another run of it needs, so that the
 * scenario's file may be gone or changed. For campaigns of many runs. */
#ifndef RESULTS_EXPERIMENT_H
#define RESULTS_EXPERIMENT_H

#include "results/recorder.h"

struct experiment; /* opaque; heap */

/* As reader_open; ERR_STATE: the database is of a run of its own, which has no plan. */
enum err experiment_open(const char *path, struct experiment **out, char why[160]) MUST_USE;
void experiment_free(struct experiment *e); /* NULL is fine */
/* What it holds of the experiment, profile and plan (campaign is never NULL); of build and run
 * nothing. Borrowed. */
const struct recorder_input *experiment_input(const struct experiment *e);
/* Is the i-th planned run there, and whole? */
bool experiment_is_done(const struct experiment *e, size_t i);
/* Adds runs to the plan in the database, and seals it anew. */
enum err experiment_extend(const char *path, const struct recorder_planned *more,
                           size_t n) MUST_USE;

#endif
