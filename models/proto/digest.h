/* HTTP Digest (RFC 2617, as RFC 7616 has tightened its grammar) with the two algorithms that GBA
 * needs: MD5 (Ua, TS 24.109 5.2) and AKAv1-MD5 (Ub, RFC 3310). Values of header fields, read
 * strictly and written in one way; the fields' names are http.h's business. */
#ifndef MODELS_PROTO_DIGEST_H
#define MODELS_PROTO_DIGEST_H

#include "crypto/meter.h"
#include "models/proto/reason.h"
#include "sim/base/buf.h"

#include <stdbool.h>

#define DIGEST_TEXT_MAX     255 /* octets of a user name, a realm, a uri, an opaque or a cnonce */
#define DIGEST_NONCE_MAX    255
#define DIGEST_AUTS_LEN     14
#define DIGEST_AKA_DATA_MAX 64 /* the server's own octets in an AKA nonce */

enum digest_algorithm { DIGEST_MD5, DIGEST_AKAV1_MD5 };

/* Bits, as a challenge may offer both. */
enum digest_qop { DIGEST_AUTH = 1, DIGEST_AUTH_INT = 2 };

typedef char digest_text[DIGEST_TEXT_MAX + 1];

/* WWW-Authenticate */
struct digest_challenge {
    digest_text realm, opaque; /* opaque "": none */
    char nonce[DIGEST_NONCE_MAX + 1];
    enum digest_algorithm algorithm; /* absent: MD5 */
    unsigned qop;                    /* bits of enum digest_qop; 0: RFC 2069's, of no use here */
    bool stale;
};

/* Authorization. The first request of Ub has neither qop nor response (TS 24.109 4.2). */
struct digest_credentials {
    digest_text username, realm, uri, opaque, cnonce; /* opaque "": none */
    char nonce[DIGEST_NONCE_MAX + 1];                 /* "": empty */
    enum digest_algorithm algorithm;
    unsigned qop; /* one of enum digest_qop; 0: absent, and then neither cnonce nor nc */
    uint32_t nc;
    bool has_response, has_auts; /* a response of "" is none */
    uint8_t response[16];
    uint8_t auts[DIGEST_AUTS_LEN];
};

/* Authentication-Info (RFC 2617 3.2.3; TS 24.109 has opaque and nonce in it too: read over). */
struct digest_info {
    digest_text cnonce;
    char next_nonce[DIGEST_NONCE_MAX + 1]; /* "": none */
    unsigned qop;
    uint32_t nc;
    uint8_t rspauth[16];
};

/* Values of the fields, into structs. REASON_NONE; REASON_DIGEST_MALFORMED; or
 * REASON_DIGEST_UNSUPPORTED: sound, but of another scheme, algorithm or quality of protection.
 * `out` is then to be forgotten. Parameters that nobody here knows are read over. */
enum reason digest_read_challenge(struct span value, struct digest_challenge *out);
enum reason digest_read_credentials(struct span value, struct digest_credentials *out);
enum reason digest_read_info(struct span value, struct digest_info *out);

/* Append a field's value. false: no room, or a text that no quoted-string holds as it is (control
 * octets, a quotation mark, a backslash). */
bool digest_put_challenge(const struct digest_challenge *c, struct buf *out);
bool digest_put_credentials(const struct digest_credentials *c, struct buf *out);
bool digest_put_info(const struct digest_info *i, struct buf *out);

/* RFC 2617 3.2.2.1: KD(H(A1), nonce:nc:cnonce:qop:H(A2)) of what c says, with c->qop set. The
 * password is taken as octets: of AKA it is RES, and none at all beside auts (RFC 3310 3.3, 3.4).
 * body: looked at for auth-int alone. */
void digest_response(struct meter *m, const struct digest_credentials *c, struct span password,
                     const char *method, struct span body, uint8_t response[16]);
/* RFC 2617 3.2.3: the same without a method, over the body of the answer. */
void digest_rspauth(struct meter *m, const struct digest_credentials *c, struct span password,
                    struct span body, uint8_t rspauth[16]);

/* RFC 3310 3.2: nonce = base64(RAND || AUTN || data). data: at most DIGEST_AKA_DATA_MAX octets. */
void digest_aka_nonce(const uint8_t rand[16], const uint8_t autn[16], struct span data,
                      char out[DIGEST_NONCE_MAX + 1]);
/* false: no base64, or less than RAND and AUTN. What comes behind them is the server's own. */
bool digest_aka_parse(const char *nonce, uint8_t rand[16], uint8_t autn[16]);

#endif
