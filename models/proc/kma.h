/* Applications that prove themselves with their Kma (etsi-m2m.md 3; GAP C4). A contentInstance that
 * names an application of its device in its searchStrings has a code over what it is and where it
 * goes, under the Kma that DA and NSCL each derive of the Kmc in force:
 *
 *     <searchString>application:APP-ID</searchString>
 *     <searchString>kma:64 HEX DIGITS</searchString>
 *     HMAC-SHA-256(Kma, target path || 00 || id || 00 || content)
 *
 * So it goes with the resource whatever the binding, and may be looked for by `searchString`. What
 * names no application proves nothing but that its SCL sent it. */
#ifndef MODELS_PROC_KMA_H
#define MODELS_PROC_KMA_H

#include "crypto/keys.h"
#include "models/proto/m2m_rep.h"

#define KMA_APP_ID_MAX 63
#define KMA_MAC_LEN    32

/* What the code is over; the spans are borrowed. */
struct kma_signed {
    struct span target; /* path of the collection, without a query */
    struct span id;     /* of the contentInstance */
    struct span content;
};
#define KMA_PIECES 5
/* As pieces for se_kma_mac or hash_hmac_sha256_v. */
void kma_pieces(const struct kma_signed *s, struct span pieces[KMA_PIECES]);

/* Appends the searchStrings. app_id: 1 to KMA_APP_ID_MAX octets. */
void kma_put(struct m2m_rep *rep, const char *app_id, const uint8_t mac[KMA_MAC_LEN]);

enum kma_result {
    KMA_NONE,     /* no application is named */
    KMA_PROVEN,   /* one is, and it is that one */
    KMA_WRONG,    /* no code, or not this application's over these */
    KMA_MALFORMED /* two of them, an id of no length or too long, a code that is none */
};
/* Of a CREATE's representation, with the Kmc of the connection that it came over. A code without an
 * application is malformed. */
enum kma_result kma_check(struct meter *m, const uint8_t kmc[M2M_KEY_LEN], struct span target,
                          struct span rep);

#endif
