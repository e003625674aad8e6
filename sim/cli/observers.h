/* Who observes resources of `serve nscl` over CoAP: an observation for each, with its subscription
 * in the tree (models/node/live.h). */
#ifndef SIM_CLI_OBSERVERS_H
#define SIM_CLI_OBSERVERS_H

#include "models/host/live_nscl.h"
#include "models/node/live.h"

/* A value in its owner; all zeros is empty. */
struct observers {
    struct observer *first;
    uint64_t count; /* ever */
};
void observers_release(struct observers *o); /* their subscriptions stay */

/* A request with `observe` that was answered well: true: its sender observes from now on. */
bool observers_add(struct observers *o, struct deployment *d, const struct live_nscl_call *call,
                   int64_t unix_ns);
/* Tells the one of that number; who observes no more loses the subscription. */
void observers_tell(struct observers *o, struct deployment *d, uint64_t number, int64_t unix_ns);
/* An association has ended. */
void observers_gone(struct observers *o, struct deployment *d, const struct live_nscl_peer *peer,
                    int64_t unix_ns);

#endif
