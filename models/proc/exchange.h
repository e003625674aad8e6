/* Private to this folder: the client of a procedure that is one exchange - handshake, one POST, one
 * answer that is accepted or not, close_notify (etsi-m2m.md 4.1 and 5). Bootstrap and connection
 * are such; they differ in a plan and in what they do with the answer. */
#ifndef MODELS_PROC_EXCHANGE_H
#define MODELS_PROC_EXCHANGE_H

#include "models/proc/https.h"

struct exchange;

struct exchange_plan {
    const struct proto_ops *ops;
    const char *target;
    const char *label;    /* of the request, in charts */
    const char *exporter; /* RFC 5705 label of the key that the answer needs */
    enum m2m_doc_kind answer;
    /* The document of the kind expected: check it, put the key, fill the result. */
    enum reason (*accept)(struct exchange *x, sim_ns now, const struct m2m_doc *doc);
};

/* Visible to the plans' accept functions. */
struct exchange {
    struct https https;
    const struct exchange_plan *plan;
    void *result;                  /* the caller's */
    uint8_t exported[M2M_KEY_LEN]; /* by plan->exporter; wiped when the answer was judged */
    uint32_t retry_after_s;        /* of a refusal; 0: none */
};

/* NULL: OpenSSL would not make an endpoint, or a field of the request is too long. */
struct proto *exchange_new(struct proto_env *env, const struct exchange_plan *plan,
                           const struct tls_context *context, const struct tls_peer_settings *peer,
                           const char *host, const struct m2m_doc *request, void *result);
void exchange_free(struct proto *p);

#endif
