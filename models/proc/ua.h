/* Ua, the use of a bootstrapped association (3GPP TS 33.220 4.5.3, TS 24.109 clause 5, TS 33.222):
 * M2M bootstrap and connection with a NAF that knows the device by its B-TID. The same exchanges as
 * over TLS (client.h, server.h), with another proof of who asks, and Ks_(ext/int)_NAF as it stands
 * for Kmr or Kmc (etsi-m2m.md 3.1). The proof is HTTP Digest, on bare TCP or inside a TLS whose
 * server alone has a certificate, or the PSK of the TLS session. */
#ifndef MODELS_PROC_UA_H
#define MODELS_PROC_UA_H

#include "models/proto/gba.h"
#include "models/proto/m2mxml.h"
#include "models/proto/tls.h"

/* ---- the device's side ---- */

struct ua_settings {
    const struct tls_context *context; /* NULL: HTTP Digest on bare TCP */
    enum tls_suite suite;    /* the context's only one; of PSK: PSK-TLS, else Digest in it */
    const char *naf;         /* FQDN; Host, and what a certificate must carry; copied */
    const struct gba_sa *sa; /* the association; outlives the client */
    const struct uicc *uicc; /* GBA_U; NULL else */
    enum gba_key key;        /* Ks_(ext)_NAF or Ks_int_NAF */
};

/* As client.h's: protos; on PROTO_DONE the result is filled, and SE_KMR or SE_KMC of env->se has
 * the key of the NAF, which is in SE_KS_NAF from the start on. REASON_GBA_RENEGOTIATE,
 * REASON_PSK_UNKNOWN, REASON_KEY_EXPIRED: another bootstrapping (ub.h) is needed first. NULL: names
 * too long, or OpenSSL would not make an endpoint. The device's id is the association's IMPI. */
struct proto *gba_bootstrap_client_new(struct proto_env *env, const struct ua_settings *ua,
                                       bool ival_capable, struct doc_bootstrap_param_set *result);
struct gba_connection_settings {
    struct ua_settings ua;
    uint8_t node_id[M2M_NODE_ID_LEN];
    const char *scl_id;
    bool ival_capable;
    uint16_t mid_flags; /* what it wishes mId to be secured by (GAP C8); 0: it says nothing */
};
struct proto *gba_connection_client_new(struct proto_env *env,
                                        const struct gba_connection_settings *settings,
                                        struct doc_connection_param_set *result);

/* ---- the NAF's side: settings of a server_session (server.h) ---- */

struct naf_settings {
    const char *fqdn;     /* of the NAF: realm and NAF_Id; outlives the session */
    enum tls_suite suite; /* of its context, if it has one */
    bool uicc_keys;       /* Ks_int_NAF is asked for where a device offers it */
};

#endif
