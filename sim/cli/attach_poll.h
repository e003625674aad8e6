/* The long polls of a device of `attach devices`: a connection of their own beside that of its
 * reports, with one request after the other, each held by the NSCL. */
#ifndef SIM_CLI_ATTACH_POLL_H
#define SIM_CLI_ATTACH_POLL_H

#include "models/host/live.h"
#include "models/host/pump.h"
#include "models/host/tally.h"
#include "models/node/live.h"
#include "sim/cli/attach_resume.h"
#include "sim/cli/live_args.h"

struct poller_settings {
    struct live *live;
    const struct live_place *place;
    struct live_scl *scl;
    struct attach_resume *resume; /* shared with the device's other connection */
    uint64_t seed;
    sim_ns patience; /* of the connection, and to close one; a poll itself may last */
    sim_ns held;     /* as long as this */
    /* Of each poll, outside of any core: answered, with something (heard) or nothing; or failed. */
    void (*polled)(void *arg, sim_ns began, sim_ns now, enum reason reason, bool heard);
    void *arg;
};

struct poller; /* opaque; heap */
struct poller *poller_new(const struct poller_settings *settings);
void poller_free(struct poller *p); /* after live_free; NULL is fine */

/* Opens, polls, closes, notices the end: wanted: the device may poll now. When it must be called
 * again at the latest; sooner, live_stop is called. */
sim_ns poller_run(struct poller *p, bool wanted);
bool poller_is_open(const struct poller *p);
/* In a poll's answer there was a command, which is to be executed now. Once true. */
bool poller_takes_command(struct poller *p);

#endif
