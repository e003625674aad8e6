/* The device's side of the procedures: each a core made of cores (TLS, HTTP, XML), TS 102 690
 * clause 8 as composed in etsi-m2m.md sections 4.1, 5 and 6. All are protos: drive them with a
 * pump; on PROTO_DONE the result is filled, on PROTO_FAILED proto->reason says why. */
#ifndef MODELS_PROC_CLIENT_H
#define MODELS_PROC_CLIENT_H

#include "models/proc/binding.h"
#include "models/proto/coap.h"
#include "models/proto/dtls.h"
#include "models/proto/http.h"
#include "models/proto/m2m_category.h"
#include "models/proto/m2m_rep.h"
#include "models/proto/m2mxml.h"
#include "models/proto/pana.h"
#include "models/proto/proto.h"
#include "models/proto/tls.h"
#include "models/proto/xmlsec.h"

/* ---- Bootstrap by TLS/TCP with X.509 (etsi-m2m.md 4.1; GAP C2, C10) ----
 * TLS handshake with both certificates; POST /m2m/bootstrap; 200 with bootstrapParamSet; Kmr
 * unwrapped under the exported KEK into env->se's SE_KMR; close_notify; DONE. */
struct bootstrap_settings {
    const struct tls_context *context;
    struct credential *credential; /* taken over, even when NULL is returned */
    const char *msbf;              /* FQDN: expected in the certificate, sent as Host */
    const char *device_id; /* pre-provisioned id; must equal the certificate's common name */
    bool ival_capable;
};
struct proto *bootstrap_client_new(struct proto_env *env, const struct bootstrap_settings *settings,
                                   struct doc_bootstrap_param_set *result);

/* ---- Service connection by TLS-PSK with Kmr (etsi-m2m.md 5; GAP C12) ----
 * ECDHE-PSK handshake, identity "hex(Node-ID):KmrIndex"; POST /m2m/connection; 200 with
 * connectionParamSet; Kmc by exporter into SE_KMC; close_notify; DONE. */
struct connection_settings {
    const struct tls_context *context;
    const char *mas; /* FQDN */
    uint8_t node_id[M2M_NODE_ID_LEN];
    uint32_t kmr_index;
    const char *scl_id;
    bool ival_capable;
    uint16_t mid_flags; /* what it wishes mId to be secured by (GAP C8); 0: it says nothing */
};
struct proto *connection_client_new(struct proto_env *env,
                                    const struct connection_settings *settings,
                                    struct doc_connection_param_set *result);

/* Of a bootstrap or connection client that failed: the seconds of the server's Retry-After; 0:
 * none. */
uint32_t procedure_retry_after_s(const struct proto *p);

/* ---- Bootstrap or service connection by EAP over PANA (etsi-m2m.md 4.3, 5; GAP C1, C3, C11) ----
 * PANA with the PAA, EAP with the MAS behind it; when the last request is accepted the key goes
 * into env->se: Kmr of the EMSK into SE_KMR, or Kmc of the MSK into SE_KMC. The core stays RUNNING
 * while the PAA may have missed the last answer (settings->pac.linger), then DONE. */
struct pana_client;

struct pana_client_settings {
    struct pana_pac_settings pac; /* params: usage (has), and what the PCI tells of the device */
    const char *sp_id;            /* the provider it wants; NULL: whichever answers */
};
struct pana_client *pana_client_new(struct proto_env *env,
                                    const struct pana_client_settings *settings);
struct proto *pana_client_proto(struct pana_client *c);
/* The procedure is over, and well: key and parameters are there. */
bool pana_client_is_open(const struct pana_client *c);
const struct pana_params *pana_client_params(const struct pana_client *c);
/* Datagrams of PANA and their octets, repetitions too. */
struct pana_client_counts {
    unsigned sent, received;
    uint64_t octets_out, octets_in;
};
const struct pana_client_counts *pana_client_counts(const struct pana_client *c);

/* ---- mId: RESTful requests over HTTP on TLS, or CoAP on DTLS, with PSK = Kmc (etsi-m2m.md 6,
 * 8.3) ----
 * One session, requests one at a time. RUNNING while open. Over CoAP a request without an answer
 * ends the session with the reason that CoAP gives: a server that has forgotten a DTLS session says
 * nothing. Over bare HTTP it serves mIa and NOTIFY too. */
struct mid_client;

struct mid_settings {
    enum binding binding;
    const struct tls_context *context; /* of TLS, or of DTLS; NULL: bare TCP or UDP over a trusted
                                          access network */
    struct dtls_settings dtls;         /* CoAP */
    struct coap_settings coap;         /* CoAP */
    const char *nscl;                  /* FQDN */
    uint64_t connection_id;
    uint32_t kmc_index;
    const char *requesting_entity; /* SCL-ID; over mIa App-ID */
    /* Object security: MID_OBJECT_SIGN, MID_OBJECT_ENCRYPT, as granted (GAP C8); 0: none. Kmc is in
     * SE_KMC. */
    unsigned object_flags;
    enum xmlsec_cipher cipher;
    uint64_t sequence; /* the number of the request that was sealed last under this Kmc, 0: none */
    /* To the number of the next; 0: 1. Who has two sessions at a time under one Kmc takes 2, and
     * numbers of another parity for each. */
    uint32_t sequence_step;
    struct m2m_category category; /* of each request: as x-etsi-rcat and x-etsi-trpdt */
    bool representations; /* answers of success are read as representations, of any resource */
    struct span session;  /* of TLS or DTLS, to be taken up again (tls.h); copied */
};
/* NULL: OpenSSL would not make an endpoint, or there is no Kmc to seal with. */
struct mid_client *mid_client_new(struct proto_env *env, const struct mid_settings *settings);
struct proto *mid_client_proto(struct mid_client *c);

/* May be called before the handshake is over (it is sent then). `kind_label` names it in charts
 * ("CREATE scl"). doc may be NULL (GET, DELETE). Copied/serialised at once. false: one is
 * outstanding, or the session is ending. */
bool mid_client_request(struct mid_client *c, sim_ns now, const char *kind_label,
                        enum http_method method, const char *target, const struct m2m_doc *doc);

struct mid_response {
    int status; /* enum m2m_status, or another number of HTTP's */
    /* REASON_NONE below 300; m2m_status_reason, or what errorInfo says, else. Where objects are
     * sealed, of an answer that is not: why it was not taken (xmlsec-..., object-replayed: it is to
     * another request), but for a refusal by one who could not seal it, which is believed. */
    enum reason reason;
    uint32_t retry_after_s;
    struct m2m_doc doc; /* DOC_NONE when there was no body, or in rep */
    struct m2m_rep rep; /* of a success, with settings.representations; M2M_NO_TYPE: no body */
    char location[M2M_MAX_URI];
};
/* The answer, or NULL; owned by the core until mid_client_take. */
const struct mid_response *mid_client_response(const struct mid_client *c);
void mid_client_take(struct mid_client *c);
/* settings->sequence, or the number of the last that was sealed since: whoever makes the next
 * session under this Kmc needs it, for a number is taken once. */
uint64_t mid_client_sequence(const struct mid_client *c);
bool mid_client_is_open(const struct mid_client *c); /* handshake over */
/* For its session, which may be taken up later. NULL: there is none. */
struct tls *mid_client_tls(const struct mid_client *c);
/* close_notify; DONE after output(). */
void mid_client_close(struct mid_client *c, sim_ns now);

#endif
