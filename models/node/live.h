/* What a deployment lends to the live mode, without being run: what its devices prove themselves
 * with in EAP at bootstrap and in GBA, and what its MAS, BSF and HSS know of them. The same octets
 * as in a run. All on one thread; virtual time stands at 0, so let epoch_unix_ns be the present. */
#ifndef MODELS_NODE_LIVE_H
#define MODELS_NODE_LIVE_H

#include "models/node/deployment.h"
#include "models/proc/ub.h"
#include "models/proto/eap.h"

#define LIVE_NAME_MAX 160

/* The first MAS's EAP server. Borrowed from the deployment. */
struct live_server {
    const char *fqdn;
    uint64_t devices;               /* that bootstrap by EAP */
    struct eap_server_settings eap; /* server_id, network_name, mtu, tls, credential, ibe */
};
/* false: the scenario has no MAS. */
bool deployment_live_server(struct deployment *d, struct live_server *out);
/* What an EAP server asks of its node: who that is, and vectors of the HSS's AuC. Whom the scenario
 * does not know: REASON_EAP_IDENTITY. */
void deployment_live_answer(struct deployment *d, struct proto_env *env,
                            const struct eap_query *query, struct eap_answer *out);

/* One device's EAP peer. */
struct live_device {
    char name[LIVE_NAME_MAX];
    const struct eap_method *method;
    struct se *se;                 /* the device's own; borrowed */
    struct eap_peer_settings peer; /* points into this and the deployment; its credential belongs
                                      to the peer that is made of it, as eap_peer_new has it */
    struct ibe_user *ibe;
};
/* Devices of this name: 1, or as many as the population of this name has; 0: there is none. */
uint32_t deployment_live_count(const struct deployment *d, const char *name);
/* The index-th of them. ERR_NOT_FOUND: no such device; ERR_UNSUPPORTED: it does not bootstrap by
 * EAP; ERR_CRYPTO. */
enum err deployment_live_device(struct deployment *d, const char *name, uint32_t index,
                                struct live_device *out) MUST_USE;
/* After its peer, if there was one; with `credential` what the peer would have taken over. Zeros
 * are fine. */
void live_device_release(struct live_device *device, bool credential);

/* ---- GBA ---- */

/* The first BSF. Borrowed from the deployment. */
struct live_gba_server {
    const char *fqdn;
    sim_ns key_lifetime; /* where the HSS names none */
    uint64_t devices;    /* that it serves */
};
/* false: the scenario has no BSF. */
bool deployment_live_bsf(struct deployment *d, struct live_gba_server *out);
/* What the HSS of that BSF answers. */
void deployment_live_zh(struct deployment *d, struct proto_env *env,
                        const struct zh_request *request, struct zh_answer *out);

/* One device's UE. */
struct live_ue {
    char name[LIVE_NAME_MAX];
    gba_name impi;         /* whichever application it uses */
    gba_name isim;         /* settings point to it */
    struct ub_settings ub; /* points into this and the deployment, which has the card */
};
/* The index-th device of this name, as of deployment_live_count. ERR_NOT_FOUND: no such device;
 * ERR_UNSUPPORTED: none of its methods is by GBA. */
enum err deployment_live_ue(struct deployment *d, const char *name, uint32_t index,
                            struct live_ue *out) MUST_USE;

#endif
