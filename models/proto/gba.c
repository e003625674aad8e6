/* GBA's keys: TS 33.220 4.5.2, 5.3.2 and annex B. */
#include "models/proto/gba.h"

#include "crypto/kdf.h"

#include <string.h>

void gba_sa_wipe(struct gba_sa *sa)
{
    explicit_bzero(sa, sizeof(*sa));
}

static bool naf_id(const char *fqdn, const uint8_t protocol[5], struct gba_naf_id *out)
{
    size_t n = strlen(fqdn);

    if (n == 0 || n > GBA_NAME_MAX)
        return false;
    memcpy(out->octets, fqdn, n);
    memcpy(out->octets + n, protocol, 5);
    out->n = n + 5;
    return true;
}

bool gba_naf_digest(const char *fqdn, struct gba_naf_id *out)
{
    static const uint8_t protocol[5] = {1, 0, 0, 0, 2};

    return naf_id(fqdn, protocol, out);
}

bool gba_naf_tls(const char *fqdn, unsigned suite_code, struct gba_naf_id *out)
{
    const uint8_t protocol[5] = {1, 0, 1, (uint8_t)(suite_code >> 8), (uint8_t)suite_code};

    return naf_id(fqdn, protocol, out);
}

void gba_naf_keys(struct meter *m, const struct gba_sa *sa, const struct gba_naf_id *naf,
                  struct gba_naf_keys *out)
{
    struct span impi = span_str(sa->impi), id = span_of(naf->octets, naf->n);

    memset(out, 0, sizeof(*out));
    kdf_ks_naf(m, sa->ks, "gba-me", sa->rand, impi, id, out->me);
    if (sa->gba_u)
        kdf_ks_naf(m, sa->ks, "gba-u", sa->rand, impi, id, out->uicc);
    out->has_uicc = sa->gba_u;
}

bool gba_ue_key(struct meter *m, const struct gba_sa *sa, const struct uicc *u,
                const struct gba_naf_id *naf, enum gba_key which, struct se *se)
{
    struct span impi = span_str(sa->impi), id = span_of(naf->octets, naf->n);
    uint8_t key[GBA_KEY_LEN];
    bool made = true;

    if (!sa->btid[0] || (which == GBA_KEY_UICC && !sa->gba_u))
        return false;
    if (sa->gba_u && (!u || memcmp(u->gba_rand, sa->rand, 16) != 0))
        return false;
    if (which == GBA_KEY_UICC)
        return uicc_gba_naf(u, m, impi, id, NULL, se, SE_KS_NAF);
    if (sa->gba_u)
        made = uicc_gba_naf(u, m, impi, id, key, NULL, SE_KS_NAF);
    else
        kdf_ks_naf(m, sa->ks, "gba-me", sa->rand, impi, id, key);
    if (made)
        se_put(se, SE_KS_NAF, key);
    explicit_bzero(key, sizeof(key));
    return made;
}
