/* Private to this folder: the client of a procedure that is one exchange - handshake, one POST, one
 * answer that is accepted or not, close_notify (etsi-m2m.md 4.1 and 5). Bootstrap and connection
 * are such; they differ in a plan and in what they do with the answer. With GBA the POST may be
 * challenged first (ua.h). */
#ifndef MODELS_PROC_EXCHANGE_H
#define MODELS_PROC_EXCHANGE_H

#include "models/proc/https.h"
#include "models/proc/ua_digest.h"

struct exchange;

struct exchange_plan {
    const struct proto_ops *ops;
    const char *target;
    const char *label;    /* of the request, in charts */
    const char *exporter; /* RFC 5705 label of the key that the answer needs; NULL: none */
    enum m2m_doc_kind answer;
    /* The document of the kind expected: check it, put the key, fill the result. */
    enum reason (*accept)(struct exchange *x, sim_ns now, const struct m2m_doc *doc);
};

/* The device's side of Ua, part of an exchange. */
struct ua {
    struct gba_sa sa;
    const struct uicc *uicc;
    struct gba_naf_id naf;
    enum gba_key key;
    bool with_digest; /* else PSK-TLS */
    struct ua_digest digest;
    struct buf body; /* of the request, which may be sent again; with_digest */
};

struct exchange_settings {
    const struct exchange_plan *plan;
    const struct tls_context *context;    /* NULL: bare TCP */
    const struct tls_peer_settings *peer; /* as tls_new takes it; NULL: bare TCP */
    const char *host;
    const struct m2m_doc *request;
    struct ua *ua; /* GBA; taken over; NULL: none */
    void *result;  /* the caller's */
};

/* Visible to the plans' accept functions. */
struct exchange {
    struct https https;
    const struct exchange_plan *plan;
    void *result;                  /* the caller's */
    uint8_t exported[M2M_KEY_LEN]; /* by plan->exporter; wiped when the answer was judged */
    uint32_t retry_after_s;        /* of a refusal; 0: none */
    struct ua *ua;                 /* NULL: none */
};

/* NULL: OpenSSL would not make an endpoint, or a field of the request is too long. */
struct exchange *exchange_new(struct proto_env *env, const struct exchange_settings *settings);
void exchange_free(struct proto *p);

#endif
