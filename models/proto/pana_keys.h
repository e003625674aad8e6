/* Keys of a PANA security association (RFC 5191 5.3, 5.4; RFC 6786 3, 4.1), within pana_*.c. */
#ifndef MODELS_PROTO_PANA_KEYS_H
#define MODELS_PROTO_PANA_KEYS_H

#include "models/proto/pana_msg.h"

#define PANA_AUTH_MAX 20 /* octets of the longest AUTH value */

/* What was agreed in the initial PAR and PAN. */
struct pana_algorithms {
    enum pana_prf prf;
    enum pana_integrity integrity;
    bool encryption; /* AES128_CTR */
};

struct pana_sa {
    bool present;
    struct pana_algorithms algorithms;
    uint32_t key_id;
    uint8_t auth_key[32]; /* PANA_AUTH_KEY: 20 or 32 octets, by the integrity algorithm */
    uint8_t pac_encr_key[16], paa_encr_key[16]; /* with encryption */
};

struct pana_key_input {
    struct pana_algorithms algorithms;
    struct span msk;
    struct span i_par, i_pan; /* whole initial messages, header included */
    struct span pac_nonce, paa_nonce;
    uint32_t key_id;
};
/* Makes `out` present. */
void pana_keys_derive(struct meter *meter, const struct pana_key_input *in, struct pana_sa *out);

/* Octets of an AUTH value: 20 or 16. */
size_t pana_auth_length(const struct pana_sa *sa);
/* The AUTH value of a message whose octets up to it are `before`. */
void pana_auth(struct meter *meter, const struct pana_sa *sa, struct span before,
               uint8_t out[PANA_AUTH_MAX]);
/* m has an AUTH, and it matches. */
bool pana_auth_matches(struct meter *meter, const struct pana_sa *sa, const struct pana_msg *m);

/* AES128-CTR of RFC 6786 4.1, both ways; in and out may be the same. from_paa: whose key. A pair of
 * session and sequence must not come twice for one key: only the last PAR has an Encr-Encap here,
 * and each has a new key. */
void pana_crypt(struct meter *meter, const struct pana_sa *sa, bool from_paa, uint32_t session_id,
                uint32_t sequence, struct span in, uint8_t *out);

#endif
