/* What the NSCL of `serve nscl` has to say to others than who has just asked: observers over CoAP,
 * long polls that it holds, contacts elsewhere, and who waits for another SCL's answer. */
#ifndef SIM_CLI_NSCL_OUT_H
#define SIM_CLI_NSCL_OUT_H

#include "models/host/live_notify.h"
#include "sim/cli/cli.h"
#include "sim/cli/observers.h"

/* A value in its owner. */
struct nscl_out {
    struct deployment *deployment;
    struct live *live;
    struct live_notify *notify;
    struct observers observers;
    struct held *first, **last; /* long polls */
    struct waiting *waiting;    /* for another SCL's answer */
    unsigned long long handed;  /* requests ever */
    const char **contacts;      /* hosts that may be told, beside this one */
    size_t contact_count, held, most_held;
    sim_ns hold; /* how long a poll is held */
};
/* Reads --contact. live: of the server. */
void nscl_out_init(struct nscl_out *o, const struct cli *c, struct deployment *d, struct live *live,
                   const struct live_nscl_settings *settings, const struct live_nscl_facts *nscl);
void nscl_out_release(struct nscl_out *o); /* after live_free */

/* This request is a poll that the tree holds. */
void nscl_out_hold(struct nscl_out *o, const struct live_nscl_call *call);
/* This one has been handed on, by that number. */
void nscl_out_wait(struct nscl_out *o, const struct live_nscl_call *call, uint64_t number);
/* A connection has ended. */
void nscl_out_gone(struct nscl_out *o, const struct live_nscl_peer *peer);
/* live_nscl_settings.deliver. */
sim_ns nscl_out_deliver(struct nscl_out *o);

#endif
