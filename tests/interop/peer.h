/* A program of somebody else's, run over pipes: started, talked to, waited for by what it prints,
 * ended. Bounded in time; nothing here sleeps. */
#ifndef TESTS_INTEROP_PEER_H
#define TESTS_INTEROP_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct peer {
    pid_t pid;
    int in, out; /* its stdin, its stdout and stderr */
    char text[64 * 1024];
    size_t n; /* what it printed so far, with NUL */
    bool ended;
};

/* argv[0] is looked up in PATH. false: could not be started. */
bool peer_start(struct peer *p, char *const argv[]);
bool peer_say(struct peer *p, const char *text, size_t n);
void peer_end_input(struct peer *p); /* its stdin ends */
/* Takes what it printed, waiting at most wait_ms for more. */
void peer_listen(struct peer *p, int wait_ms);
/* Listens until it printed `what` (then its place is returned), ended, or wait_ms passed (NULL). */
const char *peer_await(struct peer *p, const char *what, int wait_ms);
/* Kills it if it still runs, and reaps it. */
void peer_stop(struct peer *p);

#endif
