/* The PAA's side of bootstrap and service connection: PANA towards the device, a RADIUS client
 * towards the MAS, EAP passed through between (etsi-m2m.md 1, 4.3, 5). MSBF at bootstrap, NSCL
 * (NSEC) at connection. One core a device's session; it has two doors, each a proto: drive both,
 * and draw the output of both after a call at either. */
#ifndef MODELS_PROC_PAA_H
#define MODELS_PROC_PAA_H

#include "models/proto/pana.h"
#include "models/proto/radius.h"

struct paa_session;

struct paa_session_settings {
    struct pana_paa_settings pana; /* params: usage, SP-ID, MSBF-ID or NSCL-ID */
    /* Its texts and what it points to outlive the session. `extra` is made here: what the PAA says
     * of itself and the device (aaa.h). */
    struct radius_client_settings radius;
    /* May be NULL. What a device gets whom a server accepted that knows nothing of ETSI: the
     * parameters of its usage (struct pana_params), by the EAP identity that it gave. */
    void (*grant)(void *arg, struct proto_env *env, sim_ns now, const char *identity,
                  struct pana_params *params);
    void *arg; /* of grant */
};
struct paa_session *paa_session_new(struct proto_env *env,
                                    const struct paa_session_settings *settings);
/* Owns everything: freeing it frees the other door. */
struct proto *paa_session_proto(struct paa_session *s);
struct proto *
paa_session_radius(struct paa_session *s); /* the door to the MAS; free: no operation */
/* The MAS accepts the device: parameters are there, and for a connection Kmc in env->se's SE_KMC
 * (GAP C3), and K_IVal in SE_KIVAL if the device is capable. The last request of PANA goes out with
 * the same output. */
bool paa_session_is_accepted(const struct paa_session *s);
const struct pana_params *paa_session_params(const struct paa_session *s);
/* What the MAS made of it: REASON_NONE while it is not judged, or accepted. */
enum reason paa_session_refusal(const struct paa_session *s);
const char *paa_session_identity(const struct paa_session *s); /* by EAP; "": not told yet */

#endif
