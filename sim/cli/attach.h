/* What `attach` was given; reading it; and `attach pana` and `attach gba`. */
#ifndef SIM_CLI_ATTACH_H
#define SIM_CLI_ATTACH_H

#include "models/node/live.h"
#include "models/proc/eap_access.h"
#include "models/proto/eap_method.h"
#include "sim/cli/live_args.h"
#include "sim/cli/live_scenario.h"

enum attach_kind { ATTACH_EAP, ATTACH_PANA, ATTACH_GBA };

struct attach_given {
    /* With a scenario: the devices of this name; else what follows. */
    struct live_scenario scenario;
    const char *device;
    const struct eap_method *method; /* gba: NULL */
    struct live_place place;
    struct live_tls tls;
    struct uicc uicc;
    const char *imsi; /* its; NULL: there is no card, or it has none */
    struct eap_reauth reauth;
    struct se se;
    struct eap_access_settings settings; /* points into this; not of gba */
    unsigned long long count, parallel, seed;
    sim_ns patience;
    sim_ns linger;         /* pana */
    const char *isim_impi; /* gba; NULL: the IMPI is the IMSI's */
    gba_name fqdn;         /* gba: the BSF's */
    enum attach_kind kind;
    enum pana_usage usage; /* pana */
    uint32_t devices;
    bool json, secrets, gba_u;
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
/* N UEs, likewise. */
int attach_gba(const struct cli *c, struct attach_given *g);
/* N DSCLs of a scenario, all at a time; reads what it is given itself. */
int attach_devices(const struct cli *c);

#endif
