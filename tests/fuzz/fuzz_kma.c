/* kma: the document of a contentInstance, whose searchStrings may name an application and prove it.
 * Never proven with a key that nobody has, and always with the code that belongs to it. */
#include "tests/fuzz/fuzz.h"

#include "crypto/entity.h"
#include "crypto/hash.h"
#include "models/proc/kma.h"
#include "models/proto/m2mxml_rep.h"

#include <stdlib.h>

/* What a device of ours would say of the same resource. */
static void check_own(const uint8_t kmc[M2M_KEY_LEN], struct span target, struct span id,
                      struct span content)
{
    struct span pieces[KMA_PIECES];
    uint8_t kma[M2M_KEY_LEN], mac[KMA_MAC_LEN];
    struct m2m_rep own;

    key_kma(NULL, kmc, span_str("app-1"), kma);
    kma_pieces(&(struct kma_signed){target, id, content}, pieces);
    hash_hmac_sha256_v(NULL, span_of(kma, sizeof kma), pieces, KMA_PIECES, mac);
    m2m_rep_init(&own, M2M_CONTENT_INSTANCE);
    m2m_put(&own, E_ID, id);
    kma_put(&own, "app-1", mac);
    m2m_put(&own, E_CONTENT, content);
    if (!own.full && kma_check(NULL, kmc, target, m2m_rep_span(&own)) != KMA_PROVEN)
        abort();
    m2m_rep_clear(&own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const uint8_t kmc[M2M_KEY_LEN] = {0x11};
    struct span target = span_str("/m2m/scls/a/containers/r/contentInstances");
    struct span id = span_of(NULL, 0), content = id;
    struct m2m_rep rep;
    char why[80];

    if (crypto_init())
        abort();
    m2mxml_init();
    if (m2mxml_rep_read(span_of(data, n), &rep, why) != REASON_NONE)
        return 0;
    if (kma_check(NULL, kmc, target, m2m_rep_span(&rep)) == KMA_PROVEN)
        abort();
    m2m_find(m2m_rep_span(&rep), E_ID, &id);
    m2m_find(m2m_rep_span(&rep), E_CONTENT, &content);
    check_own(kmc, target, id, content);
    m2m_rep_clear(&rep);
    return 0;
}
