/* PANA (RFC 5191; RFC 6786 for encrypted AVPs): PaC and PAA as cores that take and give datagrams
 * of UDP port 716, and ETSI's AVPs for bootstrap and service connection (etsi-m2m.md 4.3, 4.4, 5;
 * GAP C11). The PaC owns an EAP peer. The PAA is a pass-through: EAP packets leave it for the
 * authentication server and come back through its parent. */
#ifndef MODELS_PROTO_PANA_H
#define MODELS_PROTO_PANA_H

#include "crypto/keys.h"
#include "models/proto/eap.h"

#define PANA_PORT    716
#define PANA_EAP_MAX 57344 /* longest EAP packet: what else a PAR may carry fits beside it */

enum pana_usage { PANA_USAGE_BOOTSTRAP = 1, PANA_USAGE_CONNECTION = 2 };
enum pana_prf { PANA_PRF_HMAC_SHA1 = 2, PANA_PRF_HMAC_SHA2_256 = 5 }; /* IKEv2's numbers */
enum pana_integrity { PANA_AUTH_HMAC_SHA1_160 = 7, PANA_AUTH_HMAC_SHA2_256_128 = 12 };

/* GAP C11: AVP codes under ETSI's enterprise number 13019. */
enum pana_etsi_avp {
    PANA_ETSI_USAGE_TYPE = 1,   /* Unsigned32 */
    PANA_ETSI_SP_ID,            /* UTF-8 */
    PANA_ETSI_MSBF_ID,          /* UTF-8 */
    PANA_ETSI_NSCL_ID,          /* UTF-8 */
    PANA_ETSI_TARGET_DEVICE_ID, /* UTF-8 */
    PANA_ETSI_NODE_ID,          /* 16 octets */
    PANA_ETSI_KMR_INDEX,        /* Unsigned32 */
    PANA_ETSI_KMC_INDEX,        /* Unsigned32 */
    PANA_ETSI_LIFETIME,         /* absolute expiry, Unsigned64, seconds since 1970 UTC */
    PANA_ETSI_MAS_FQDN,         /* UTF-8 */
    PANA_ETSI_SCL_ID,           /* UTF-8 */
    PANA_ETSI_SCL_ID_LIST,      /* UTF-8, one NSCL-ID an AVP, repeated */
    PANA_ETSI_CONNECTION_ID,    /* Unsigned64 */
    PANA_ETSI_MID_FLAGS,        /* 2 octets, GAP C8 */
    PANA_ETSI_ERASE_TOKEN
};
#define PANA_ETSI_VENDOR 13019u
#define PANA_MAX_TEXT    254
#define PANA_MAX_LIST    8

/* The content of ETSI's AVPs; has: bit (1 << code) for each one that is there. */
struct pana_params {
    uint32_t has;
    enum pana_usage usage;
    char sp_id[PANA_MAX_TEXT + 1], msbf_id[PANA_MAX_TEXT + 1], nscl_id[PANA_MAX_TEXT + 1];
    char target_device_id[PANA_MAX_TEXT + 1], mas_fqdn[PANA_MAX_TEXT + 1],
        scl_id[PANA_MAX_TEXT + 1];
    char scl_list[PANA_MAX_LIST][PANA_MAX_TEXT + 1];
    size_t scl_list_count;
    uint8_t node_id[M2M_NODE_ID_LEN];
    uint32_t kmr_index, kmc_index;
    int64_t expires_unix_s;
    uint64_t connection_id;
    uint16_t mid_flags;
};

/* RFC 5191 9. All settable; zeros are not defaults: begin with pana_timers_default. */
struct pana_timers {
    sim_ns pci_irt, pci_mrt; /* 1 s, 120 s; for ever */
    sim_ns req_irt, req_mrt; /* 1 s, 30 s */
    unsigned req_mrc;        /* transmissions, the first included; 10; 0: no limit */
    sim_ns req_mrd, pci_mrd; /* 0: none */
    sim_ns stalled; /* FAILED_SESS_TIMEOUT of RFC 5609: how long an authentication may make no
                       progress; 300 s, more than a peer needs to use up its REQ_MRC; 0: for ever */
};
void pana_timers_default(struct pana_timers *t);

/* ---- the client ---- */
struct pana_pac;
struct pana_pac_settings {
    struct pana_timers timers;
    struct eap_peer_settings
        eap;                   /* identity and credentials of the EAP peer; credential taken over */
    struct pana_params params; /* sent in the PCI: usage, own device id or DSCL-ID (has tells) */
    const char *device_id;     /* a first PAR for another target device is dropped; NULL: any */
    bool sha1_only;            /* choose the mandatory algorithms even if better ones are offered */
    bool no_piggyback; /* EAP responses in PARs of our own, not in the PANs (RFC 5191 4.1) */
    bool keep_session; /* stay RUNNING after success, until termination: ping, re-authentication */
    sim_ns linger; /* without keep_session: how long after success the last PAR is still answered
                      (its PAN may have been lost); then DONE */
};
struct pana_pac *pana_pac_new(struct proto_env *env, const struct pana_pac_settings *settings);
struct proto *pana_pac_proto(struct pana_pac *p);
/* Authenticated and authorised: keys and parameters are there. */
bool pana_pac_is_open(const struct pana_pac *p);
const struct eap_keys *pana_pac_keys(const struct pana_pac *p);
const struct pana_params *pana_pac_params(const struct pana_pac *p); /* of the PAA's PARs, merged */
uint32_t pana_pac_session_lifetime_s(const struct pana_pac *p); /* 0: without end, or not told */
/* PNR with A, PNR with P: while nothing else goes on in the open session; else they do nothing. The
 * first comes by itself before the lifetime ends. */
void pana_pac_reauthenticate(struct pana_pac *p, sim_ns now);
void pana_pac_ping(struct pana_pac *p, sim_ns now);
/* PTR, LOGOUT; then DONE. Before the session is open: FAILED at once, REASON_PANA_TERMINATED. */
void pana_pac_terminate(struct pana_pac *p, sim_ns now);

/* ---- the agent ---- */
struct pana_paa;
struct pana_paa_settings {
    struct pana_timers timers;
    struct pana_params
        params;          /* of the first PAR: usage, SP-ID, MSBF-ID or NSCL-ID, target (has) */
    uint32_t session_id; /* not 0; unique at its node */
    uint32_t session_lifetime_s; /* 0: without end, which the wire calls 2^32 - 1 seconds */
    bool optimized_init;         /* the first EAP request rides in the first PAR (RFC 5609 8.2) */
    bool sha1_only;              /* offer the mandatory algorithms alone */
    bool encrypt;                /* ETSI AVPs of the last PAR in Encr-Encap (RFC 6786) */
    bool keep_session;
};
struct pana_paa *pana_paa_new(struct proto_env *env, const struct pana_paa_settings *settings);
struct proto *pana_paa_proto(struct pana_paa *p);
/* The EAP response that waits for the authentication server, or n == 0. Stands until
 * pana_paa_eap_taken. Before the first response there is none: the parent gives the first request
 * (Request/Identity) by pana_paa_request when pana_paa_wants_request says so. */
bool pana_paa_wants_request(const struct pana_paa *p);
struct span pana_paa_eap(const struct pana_paa *p);
void pana_paa_eap_taken(struct pana_paa *p);
/* The next EAP request, from the server: at most PANA_EAP_MAX octets. */
void pana_paa_request(struct pana_paa *p, sim_ns now, struct span eap);
/* The server's verdict. EAP-Success with its MSK and the parameters for the last PAR (may be NULL);
 * with a reason: authenticated, but not authorised (Result-Code 2). EAP-Failure (msk NULL) with why
 * (Result-Code 1). No EAP packet at all: the server did not answer; the session ends without a word
 * (RFC 5191 4.1), and likewise when EAP-Success comes without an MSK, which nothing could protect
 * (REASON_PANA_AUTH). The core FAILs with the reason once the PaC has confirmed. */
void pana_paa_finish(struct pana_paa *p, sim_ns now, struct span eap, const uint8_t *msk,
                     const struct pana_params *params, enum reason reason);
bool pana_paa_is_open(const struct pana_paa *p);
const struct pana_params *pana_paa_client_params(const struct pana_paa *p); /* of the PCI */
/* As those of the PaC. After pana_paa_reauthenticate, or the PaC's PNR, pana_paa_wants_request says
 * that a new EAP conversation is to begin. */
void pana_paa_reauthenticate(struct pana_paa *p, sim_ns now);
void pana_paa_ping(struct pana_paa *p, sim_ns now);
void pana_paa_terminate(struct pana_paa *p, sim_ns now, unsigned cause); /* Termination-Cause */

#endif
