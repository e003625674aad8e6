/* How a run tells what it is doing, on stderr: one line that is rewritten on a terminal, lines at
 * growing intervals elsewhere, JSON lines, or nothing. */
#ifndef SIM_CLI_PROGRESS_H
#define SIM_CLI_PROGRESS_H

#include "models/node/deployment.h"

#include <stdbool.h>

enum progress_mode { PROGRESS_AUTO, PROGRESS_TTY, PROGRESS_PLAIN, PROGRESS_JSON, PROGRESS_OFF };

/* false: no such mode. */
bool progress_mode_parse(const char *text, enum progress_mode *out);

struct progress {
    enum progress_mode mode;
    int64_t begun_ns, last_ns, interval_ns; /* host's clock */
    sim_ns until;
    bool shown;
};

/* auto becomes tty or plain by what stderr is. */
void progress_begin(struct progress *p, enum progress_mode mode, sim_ns until);
/* Is it time to tell again? For who tells something else; then the interval begins anew. */
bool progress_is_due(struct progress *p);
/* Tells when it is time to. */
void progress_tick(struct progress *p, struct deployment *d);
/* The last word, whatever the interval. */
void progress_end(struct progress *p, struct deployment *d);

#endif
