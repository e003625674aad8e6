/* Processes of this same program, so many at a time: a campaign runs one for each replication, so
 * that none can disturb another. Through libuv, on a loop of its own; one thread. */
#ifndef MODELS_HOST_CHILDREN_H
#define MODELS_HOST_CHILDREN_H

#include "sim/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct children_config {
    unsigned most; /* at a time, at least 1 */
    /* The next one's arguments behind the program's name, the last one NULL; they may go when the
     * call is over. false: there is none. tag comes back in `ended`. */
    bool (*next)(void *arg, const char *const **arguments, size_t *tag);
    /* code: its exit code, 128 + the signal that ended it, or -1 when it could not be started. */
    void (*ended)(void *arg, size_t tag, int code);
    void (*tick)(void *arg, unsigned running); /* five times a second */
    void *arg;
};

/* Until there is no next one and all have ended. They read nothing, their stdout is dropped, their
 * stderr is ours. A SIGINT or SIGTERM of ours is passed on as SIGTERM, no more are started then,
 * and *signal says which it was (0: none came). ERR_IO: no loop, or the program was not found. */
enum err children_run(const struct children_config *config, int *signal) MUST_USE;

#endif
