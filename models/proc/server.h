/* The servers' side of the procedures: one core a session, TLS + HTTP + XML (at an NSCL also DTLS +
 * CoAP + XML), that turns octets into checked requests for its node and the node's answers into
 * octets. What is heavy and pure happens in here (prepare); what touches the node's tables is the
 * node's (commit). */
#ifndef MODELS_PROC_SERVER_H
#define MODELS_PROC_SERVER_H

#include "models/proc/binding.h"
#include "models/proc/ua.h"
#include "models/proto/coap.h"
#include "models/proto/dtls.h"
#include "models/proto/http.h"
#include "models/proto/m2m_category.h"
#include "models/proto/m2m_rep.h"
#include "models/proto/m2mxml.h"
#include "models/proto/proto.h"
#include "models/proto/tls.h"
#include "models/proto/xmlsec.h"

enum server_role { SERVER_MSBF, SERVER_MAS, SERVER_NSCL };

/* What an NSCL granted to whoever has a Kmc. */
struct mid_grant {
    uint8_t kmc[M2M_KEY_LEN];
    enum xmlsec_cipher cipher; /* of object encryption */
    uint16_t flags;            /* securitymIdFlags, GAP C8 */
    /* KeyName of objects, where the channel's identity is another (a certificate's name); "": the
     * identity. */
    char key_name[XMLSEC_KEY_NAME_MAX];
};
/* By Kmc's identity (GAP C12). false: *reason says why. In prepare, as tls_psk_find. */
typedef bool (*mid_grant_find)(void *arg, struct span identity, struct mid_grant *out,
                               enum reason *reason);

struct server_settings {
    enum server_role role;
    enum binding binding;              /* CoAP: an NSCL's */
    const struct tls_context *context; /* NULL: bare TCP, for a NAF or an NSCL; bare UDP, for the
                                          latter */
    struct dtls_settings dtls;         /* CoAP */
    struct coap_settings coap;         /* CoAP */
    sim_ns idle; /* CoAP: nothing has come for so long, and the session is closed; 0: never */
    struct credential *credential; /* taken over; NULL for PSK roles */
    tls_psk_find psk_find;         /* MAS: by Kmr identity; NSCL: by Kmc identity */
    void *psk_arg;
    const struct tls_resumption *resumption; /* NULL: nothing is resumed; copied */
    /* NSCL: asked once a session with psk_arg. Behind a channel it is asked for the channel's
     * identity; on bare TCP for the KeyName of the first request, which must then be sealed. NULL:
     * bodies go as they are. */
    mid_grant_find grant_find;
    /* NSCL, on bare TCP or UDP, with grant_find: a request that is not sealed goes to the node all
     * the same, from nobody (peer_name ""), until one is that is: there are clients whom the access
     * network answers for. */
    bool trusts_access;
    const struct naf_settings *naf; /* MSBF, MAS: it is a NAF of GBA (ua.h); NULL: it is not */
};

struct server_session; /* a proto */
struct server_session *server_session_new(struct proto_env *env,
                                          const struct server_settings *settings);
struct proto *server_session_proto(struct server_session *s);

struct server_request {
    enum http_method method;
    char target[M2M_MAX_URI];            /* path */
    char authority[128];                 /* of an absolute target: HOST[:PORT]; "": a path came */
    char requesting_entity[M2M_MAX_URI]; /* "": absent */
    /* Certificate's common name or PSK identity; at a NAF the IMPI; at an NSCL on bare TCP the
     * KeyName, or "" where objects are not sealed; borrowed. */
    const char *peer_name;
    const char *btid;             /* at a NAF; "": it is none; borrowed */
    int64_t ks_expires_unix_ns;   /* at a NAF: of Ks, the longest that its key may be used */
    struct m2m_doc doc;           /* DOC_NONE: no body; MSBF, MAS */
    struct m2m_rep rep;           /* M2M_NO_TYPE: no body; NSCL */
    struct m2m_category category; /* NSCL: as the message has it; no object protects it */
    size_t body_octets;
    /* Of a sealed request: its sender's number of it. Whoever answers must have taken no number as
     * high before under this Kmc (object-replayed). 0: it was not sealed. */
    uint64_t sequence;
    /* CoAP: a RETRIEVE whose sender wants to be told of changes (RFC 7641), by this number. */
    bool observe;
    uint32_t exchange;
};
/* The primitive that it is of a target of that type (etsi-m2m.md 8.3): POST is CREATE, NOTIFY to a
 * contactURI, and EXECUTE with an empty body; but a collection takes no EXECUTE, and an empty body
 * there is a CREATE that lacks its resource. */
enum m2m_method server_request_method(const struct server_request *q, enum m2m_type type);
/* Is a representation of that type, that the primitive came to, the answer's body: what was asked
 * for, what a poll waited for, and what the members of a group said, whatever they were asked. */
bool server_request_has_body(const struct server_request *q, enum m2m_type type);
/* The request that waits for an answer, or NULL. Octets that are no request were answered by the
 * core itself (400, 405, 413 with errorInfo) and never show up here. When it appears, the core has
 * also done, in env->se:
 *  - MSBF, DOC_BOOTSTRAP_REQUEST: drawn a fresh Kmr into SE_KMR (for the MAS: se_backend_copy);
 *  - MAS, DOC_CONNECTION_REQUEST: exported Kmc into SE_KMC (for the NSCL);
 *  - at a NAF: put Ks_(ext/int)_NAF there instead. A NAF's MSBF has compared the deviceId with the
 *    IMPI; whose Node-ID a connectionRequest names is the node's to check. */
const struct server_request *server_session_request(const struct server_session *s);
/* What a NAF must ask its BSF, or NULL. It stands until server_session_zn_answer, and nothing is
 * read meanwhile. A device is refused by the answer's reason: REASON_GBA_BTID and
 * REASON_KEY_EXPIRED ask it for another bootstrapping. */
const struct zn_request *server_session_zn(const struct server_session *s);
void server_session_zn_answer(struct server_session *s, sim_ns now, const struct zn_answer *a);

struct server_answer {
    int status;                /* enum m2m_status, or another number of HTTP's */
    const struct m2m_doc *doc; /* NULL: no body (an errorInfo is made for status >= 400) */
    const char *additional;    /* errorInfo's additionalInfo; NULL: none */
    const char *location;
    uint32_t retry_after_s;
    bool observed; /* to a request with `observe`: its sender will be told */
    bool close;    /* Connection: close, then close_notify; over CoAP, where the answer may be lost,
                   close_notify when nobody can ask for it again */
};
/* Answers the waiting request. A bootstrapParamSet is given its wrapped Kmr here: KEK by exporter,
 * AES-256-KW of SE_KMR (GAP C2); at a NAF it has none. */
void server_session_answer(struct server_session *s, sim_ns now, const struct server_answer *a);
/* A new representation for who observes by that exchange; confirmable. An answer that is no success
 * is the last. false: nobody does, or no more. */
bool server_session_notify(struct server_session *s, sim_ns now, uint32_t exchange,
                           const struct server_answer *a);
/* Answer anything that comes with 503 and Retry-After (the node's queue is full). 0: no more. */
void server_session_set_busy(struct server_session *s, uint32_t retry_after_s);
/* close_notify at the node's wish (idle time, key expired). */
void server_session_close(struct server_session *s, sim_ns now);
bool server_session_is_open(const struct server_session *s);
/* For its session, which may be taken up later. NULL: there is none. */
struct tls *server_session_tls(const struct server_session *s);

#endif
