/* Private to this folder: the NAF's half of Ua, part of a server session - who asks by HTTP Digest
 * with the B-TID, or by the PSK identity of TLS, and the one question to the BSF (Zn). */
#ifndef MODELS_PROC_NAF_H
#define MODELS_PROC_NAF_H

#include "models/proc/https.h"
#include "models/proc/ua.h"
#include "models/proto/digest.h"

/* Visible because it is embedded; only naf.c writes it. */
struct naf {
    struct naf_settings settings;
    struct proto_env *env;
    bool bare, psk;
    bool asking; /* `query` stands */
    struct zn_request query;
    bool known;             /* the BSF answered for query.btid: */
    bool answered;          /* just now */
    struct zn_answer about; /* this */
    enum gba_key key;       /* which of its keys the device has proved, or is asked to prove */
    char nonce[2 * 16 + 1]; /* "": none given out */
    uint32_t nc;            /* the last one seen with it */
    struct digest_credentials credentials; /* of the request that is being answered; qop 0: none */
};

/* context NULL: on bare TCP. */
void naf_init(struct naf *n, struct proto_env *env, const struct naf_settings *settings,
              bool has_context);
void naf_release(struct naf *n);

enum naf_verdict {
    NAF_ACCEPTED,
    NAF_ASKS,      /* Zn: the same request again when it was answered */
    NAF_CHALLENGE, /* 401: naf_put_challenge */
    NAF_REFUSED    /* *reason */
};
/* A request, in a session that is not of PSK-TLS. *reason: REASON_NONE, or why it is challenged
 * again or refused. */
enum naf_verdict naf_judge(struct naf *n, const struct http_message *m, enum reason *reason);
/* Appends the value of WWW-Authenticate, with NUL; draws the nonce. why: what naf_judge said. */
bool naf_put_challenge(struct naf *n, enum reason why, struct buf *value);
/* Appends the value of Authentication-Info for an answer with this body, with NUL. false: no room.
 * Nothing is appended for a request that was not authenticated so. */
bool naf_put_info(const struct naf *n, struct span body, struct buf *value);

/* PSK-TLS: an identity was read; true: Zn must be asked. */
bool naf_psk_identity(struct naf *n, struct span identity);
/* For tls_psk_find. */
unsigned naf_psk_find(struct naf *n, struct span identity, uint8_t psk[32], enum reason *reason);

void naf_answer(struct naf *n, const struct zn_answer *a);
/* The key of whoever was accepted. */
const uint8_t *naf_key(const struct naf *n);

#endif
