/* The Generic Bootstrapping Architecture's names and keys (3GPP TS 33.220, TS 24.109, TS 33.222;
 * TS 23.003 for the names), and its back-end exchanges Zh and Zn as values. Ub and Ua themselves
 * are procedures: models/proc/ub.h and models/proc/ua.h. */
#ifndef MODELS_PROTO_GBA_H
#define MODELS_PROTO_GBA_H

#include "crypto/uicc.h"
#include "models/proto/reason.h"
#include "sim/base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* Octets of an IMPI, an FQDN, a B-TID; the standards let them be longer. */
#define GBA_NAME_MAX 127
#define GBA_KEY_LEN  32

typedef char gba_name[GBA_NAME_MAX + 1];

/* ---- who ---- */

/* Which application of the UICC takes part. They differ in where the IMPI comes from. */
enum gba_application { GBA_USIM, GBA_ISIM, GBA_CSIM };

/* The private identity (TS 23.003 13.3). USIM and CSIM: IMSI@ims.mncMNC.mccMCC.3gppnetwork.org,
 * from the UICC; ISIM: the one that the card holds (EF_IMPI), `isim`. false: none, or too long. */
bool gba_impi(enum gba_application application, const struct uicc *u, const char *isim,
              gba_name out);
/* The IMSI of an IMPI of the first form. false: of another form (then its owner knows). */
bool gba_imsi_of(const char *impi, char imsi[IMSI_MAX + 1]);
/* The BSF of an IMPI (TS 23.003 16.2): bsf.mncMNC.mccMCC.pub.3gppnetwork.org for the first form
 * and its relatives, bsf.DOMAIN for any other. */
bool gba_bsf_of(const char *impi, gba_name out);

/* ---- the bootstrapped security association (TS 24.109 4.2), at both ends of Ub ---- */
struct gba_sa {
    gba_name btid; /* "": there is none */
    gba_name impi;
    int64_t expires_unix_ns;
    uint8_t rand[16];
    bool gba_u;              /* Ks is in the UICC, and the keys of a NAF are two */
    uint8_t ks[GBA_KEY_LEN]; /* CK || IK; zeros at a UE of GBA_U */
};
void gba_sa_wipe(struct gba_sa *sa);
/* base64(RAND)@domain (TS 33.220 4.5.2). false: too long. */
bool gba_btid(const uint8_t rand[16], const char *domain, gba_name out);

/* ---- a NAF's keys ---- */

/* NAF_Id = FQDN || Ua security protocol identifier (TS 33.220 annex H). */
struct gba_naf_id {
    uint8_t octets[GBA_NAME_MAX + 5];
    size_t n;
};
/* HTTP Digest without TLS: 01 00 00 00 02. false: the FQDN is too long. */
bool gba_naf_digest(const char *fqdn, struct gba_naf_id *out);
/* TS 33.222, Digest inside TLS as well as PSK-TLS: 01 00 01 and the cipher suite. */
bool gba_naf_tls(const char *fqdn, unsigned suite_code, struct gba_naf_id *out);

/* Which of a NAF's keys Ua is run with. */
enum gba_key {
    GBA_KEY_ME,  /* Ks_NAF; with GBA_U Ks_ext_NAF */
    GBA_KEY_UICC /* Ks_int_NAF: it stays in the UICC */
};
struct gba_naf_keys {
    uint8_t me[GBA_KEY_LEN], uicc[GBA_KEY_LEN];
    bool has_uicc;
};
/* What a BSF hands to a NAF, and what a UE of GBA_ME makes (TS 33.220 B.3). */
void gba_naf_keys(struct meter *m, const struct gba_sa *sa, const struct gba_naf_id *naf,
                  struct gba_naf_keys *out);
/* The UE's: into SE_KS_NAF of se. u: NULL but for GBA_U. false: no such key (Ks_int_NAF without
 * GBA_U, a UICC that holds no Ks, or another one than the association's). */
bool gba_ue_key(struct meter *m, const struct gba_sa *sa, const struct uicc *u,
                const struct gba_naf_id *naf, enum gba_key which, struct se *se);

/* ---- what Ua says ---- */

/* The product token of a UE's User-Agent (TS 24.109 5.2.2, TS 33.222): 3gpp-gba or
 * 3gpp-gba-uicc. */
const char *gba_product(enum gba_key key);
/* In a User-Agent as it came: any of the two. false: it has neither. */
bool gba_product_find(struct span user_agent, enum gba_key *key);
/* A NAF's realm, 3GPP-bootstrapping@FQDN or 3GPP-bootstrapping-uicc@FQDN (TS 24.109 5.2.4). */
bool gba_realm(enum gba_key key, const char *fqdn, char *out, size_t n);
/* false: no realm of GBA, or of another NAF than `fqdn`. */
bool gba_realm_parse(const char *realm, const char *fqdn, enum gba_key *key);
/* The PSK identity hint of a NAF, and the identity of a UE: hint;B-TID (TS 24.109 5.3.3). */
#define GBA_PSK_IDENTITY_MAX (GBA_NAME_MAX + 32)
const char *gba_psk_hint(enum gba_key key);
void gba_psk_identity(enum gba_key key, const char *btid, char out[GBA_PSK_IDENTITY_MAX]);
bool gba_psk_identity_parse(struct span identity, enum gba_key *key, gba_name btid);
/* HTTP Digest's password: base64(Ks_(ext/int)_NAF), in characters (TS 33.222 5.3). */
#define GBA_PASSWORD_LEN 44
void gba_password(const uint8_t key[GBA_KEY_LEN], char out[GBA_PASSWORD_LEN + 1]);

/* ---- Zh and Zn: TS 29.109's Multimedia-Auth and Bootstrapping-Info, as values that a node hands
 * on (GAP C14) ---- */

struct zh_request {
    gba_name impi;
    bool resync; /* with rand and auts: SQN was out of range */
    uint8_t rand[16], auts[14];
};
struct zh_answer {
    enum reason
        reason; /* REASON_NONE; REASON_GBA_SUBSCRIBER, _NOT_ALLOWED; REASON_AKA_SYNC: MAC-S
                   was wrong; REASON_BACKEND_TIMEOUT: the BSF's own, of an HSS that is away */
    struct umts_vector vector;
    bool gba_u;              /* GUSS: uiccType */
    uint32_t key_lifetime_s; /* GUSS: 0: the BSF's own */
};
struct zn_request {
    gba_name btid;
    struct gba_naf_id naf;
    bool gba_u_aware; /* GBA_U-Awareness-Indicator: both keys are wanted */
};
struct zn_answer {
    enum reason reason; /* REASON_NONE; REASON_GBA_BTID, _NOT_ALLOWED; REASON_KEY_EXPIRED;
                           REASON_BACKEND_TIMEOUT: the NAF's own */
    gba_name impi;      /* TS 33.220 4.4.6: our NAFs are trusted with it */
    struct gba_naf_keys keys;
    int64_t expires_unix_ns;
};
/* What the Diameter messages of TS 29.109 would have in octets, with names of the usual lengths:
 * gba_backend.c says of what. */
size_t zh_request_octets(const struct zh_request *r);
size_t zh_answer_octets(const struct zh_answer *a);
size_t zn_request_octets(const struct zn_request *r);
size_t zn_answer_octets(const struct zn_answer *a);

/* The HSS's part once it has found the subscriber: resynchronise, then a fresh vector. gba_u: of
 * the subscriber's UICC. Sets all of `out`. */
void zh_answer_make(struct auc_record *auc, struct meter *m, struct rng *stream,
                    const struct zh_request *r, bool gba_u, uint32_t key_lifetime_s,
                    struct zh_answer *out);
/* The BSF's part of Zn. sa: what it has under the B-TID, or NULL. now_unix_ns: calendar time. */
void zn_answer_make(struct meter *m, const struct gba_sa *sa, const struct zn_request *r,
                    int64_t now_unix_ns, struct zn_answer *out);

#endif
