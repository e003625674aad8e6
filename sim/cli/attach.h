/* What `attach eap` and `attach pana` were given; reading it; and `attach pana`. */
#ifndef SIM_CLI_ATTACH_H
#define SIM_CLI_ATTACH_H

#include "models/node/live.h"
#include "models/proc/eap_access.h"
#include "models/proto/eap_method.h"
#include "sim/cli/live_args.h"
#include "sim/cli/live_scenario.h"

struct attach_given {
    /* With a scenario: the devices of this name; else what follows. */
    struct live_scenario scenario;
    const char *device;
    uint32_t devices;
    const struct eap_method *method;
    struct live_place place;
    struct live_tls tls;
    struct uicc uicc;
    const char *imsi; /* its; NULL: there is no card */
    struct eap_reauth reauth;
    struct se se;
    struct eap_access_settings settings; /* points into this */
    unsigned long long count, parallel, seed;
    bool json, secrets;
    /* pana: place is the agent's, settings.radius is not used */
    bool pana;
    enum pana_usage usage;
    sim_ns patience, linger;
};
/* EXIT_DONE, or what the command is to return: it was told then. */
int attach_read(const struct cli *c, struct attach_given *out);
/* The peer of the number-th attempt, from 1: the one that was given, or the next device of the
 * scenario, in `device`, which is the caller's to release. false: OpenSSL would not. */
bool attach_peer(const struct attach_given *g, unsigned long long number,
                 struct live_device *device, struct eap_peer_settings *out);
void attach_release(struct attach_given *g); /* wipes; also what attach_read left half done */
/* N PaCs, P at a time: the load, and its report. Returns an enum cli_exit. */
int attach_pana(const struct cli *c, struct attach_given *g);

#endif
