/* What `attach eap` was given; and reading it. */
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
    struct eap_reauth reauth;
    struct se se;
    struct eap_access_settings settings; /* points into this */
    unsigned long long count, parallel, seed;
    bool json, secrets;
};
/* EXIT_DONE, or what the command is to return: it was told then. */
int attach_read(const struct cli *c, struct attach_given *out);
void attach_release(struct attach_given *g); /* wipes; also what attach_read left half done */

#endif
