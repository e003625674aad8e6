/* What `attach eap` and `attach pana` were given; reading it; and `attach pana`. */
#ifndef SIM_CLI_ATTACH_H
#define SIM_CLI_ATTACH_H

#include "models/proc/eap_access.h"
#include "models/proto/eap_method.h"
#include "sim/cli/live_args.h"

struct attach_given {
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
void attach_release(struct attach_given *g); /* wipes; also what attach_read left half done */
/* N PaCs, P at a time: the load, and its report. Returns an enum cli_exit. */
int attach_pana(const struct cli *c, struct attach_given *g);

#endif
