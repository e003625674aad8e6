/* Zh and Zn as values (TS 29.109 clauses 4 and 5, without its Diameter), and what their messages
 * would weigh. */
#include "models/proto/gba.h"

#include <string.h>

/* ---- octets ---- */

/* RFC 6733 4.1: a header of 8 octets, or 12 with a vendor's number, and padding to four. */
static size_t avp(size_t data)
{
    return 8 + (data + 3) / 4 * 4;
}

static size_t avp_3gpp(size_t data)
{
    return 12 + (data + 3) / 4 * 4;
}

/* The messages' common part: header; Session-Id, Origin-Host and Origin-Realm with names as long as
 * bsf.mnc001.mcc001.pub.3gppnetwork.org; Vendor-Specific-Application-Id of two numbers;
 * Auth-Session-State. */
#define HOST_LEN    37
#define REALM_LEN   33
#define SESSION_LEN (HOST_LEN + 22)
/* An answer's GBA user security settings: an XML document with an IMPI, the UICC's type and the
 * settings for one NAF. */
#define GUSS_LEN 360

static size_t envelope(void)
{
    return 20 + avp(SESSION_LEN) + avp(avp(4) + avp(4)) + avp(4) + avp(HOST_LEN) + avp(REALM_LEN);
}

/* Multimedia-Auth-Request: Destination-Realm, User-Name; when SQN was out of range a
 * SIP-Auth-Data-Item with RAND and AUTS. */
size_t zh_request_octets(const struct zh_request *r)
{
    return envelope() + avp(REALM_LEN) + avp(strlen(r->impi)) +
           (r->resync ? avp_3gpp(avp_3gpp(30)) : 0);
}

/* Multimedia-Auth-Answer: Result-Code; User-Name, SIP-Auth-Data-Item with scheme, RAND and AUTN,
 * XRES, CK and IK; GUSS. */
size_t zh_answer_octets(const struct zh_answer *a)
{
    size_t item = avp_3gpp(16) + avp_3gpp(32) + avp_3gpp(a->vector.xres_n) + 2 * avp_3gpp(16);

    if (a->reason)
        return envelope() + avp(4);
    return envelope() + avp(4) + avp(49) + avp_3gpp(item) + avp_3gpp(GUSS_LEN);
}

/* Bootstrapping-Info-Request: Destination-Realm, NAF-Id, Transaction-Identifier,
 * GBA_U-Awareness-Indicator. */
size_t zn_request_octets(const struct zn_request *r)
{
    return envelope() + avp(REALM_LEN) + avp_3gpp(r->naf.n) + avp_3gpp(strlen(r->btid)) +
           (r->gba_u_aware ? avp_3gpp(4) : 0);
}

/* Bootstrapping-Info-Answer: Result-Code; User-Name, ME-Key-Material, UICC-Key-Material,
 * Key-ExpiryTime, BootstrapInfoCreationTime, GUSS. */
size_t zn_answer_octets(const struct zn_answer *a)
{
    if (a->reason)
        return envelope() + avp(4);
    return envelope() + avp(4) + avp(strlen(a->impi)) + avp_3gpp(GBA_KEY_LEN) +
           (a->keys.has_uicc ? avp_3gpp(GBA_KEY_LEN) : 0) + 2 * avp_3gpp(4) + avp_3gpp(GUSS_LEN);
}

/* ---- what is answered ---- */

void zh_answer_make(struct auc_record *auc, struct meter *m, struct rng *stream,
                    const struct zh_request *r, bool gba_u, uint32_t key_lifetime_s,
                    struct zh_answer *out)
{
    memset(out, 0, sizeof(*out));
    if (r->resync && !auc_resync(auc, m, r->rand, r->auts)) {
        out->reason = REASON_AKA_SYNC;
        return;
    }
    auc_vector(auc, m, stream, false, &out->vector);
    out->gba_u = gba_u;
    out->key_lifetime_s = key_lifetime_s;
}

void zn_answer_make(struct meter *m, const struct gba_sa *sa, const struct zn_request *r,
                    int64_t now_unix_ns, struct zn_answer *out)
{
    memset(out, 0, sizeof(*out));
    if (!sa || !sa->btid[0] || strcmp(sa->btid, r->btid) != 0) {
        out->reason = REASON_GBA_BTID;
    } else if (sa->expires_unix_ns <= now_unix_ns) {
        out->reason = REASON_KEY_EXPIRED;
    } else {
        gba_naf_keys(m, sa, &r->naf, &out->keys);
        /* TS 33.220 5.3.3: a NAF that does not know of GBA_U gets Ks_ext_NAF alone. */
        if (!r->gba_u_aware) {
            explicit_bzero(out->keys.uicc, GBA_KEY_LEN);
            out->keys.has_uicc = false;
        }
        memcpy(out->impi, sa->impi, sizeof(out->impi));
        out->expires_unix_ns = sa->expires_unix_ns;
    }
}
