/* EAP-IBAKE's six packets in their order, each with what its writer and its reader do (eap_ibake.h
 * has their octets, keys and checks; RFC 6539 3.1 the exchange). */
#include "models/proto/eap_ibake_impl.h"

#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "models/proto/m2mxml.h"

#include <string.h>

#define PLAIN_MAX 512 /* of a sealed text: 378 */

static struct meter *meter_of(const struct ibake *s)
{
    return s->half.env->meter;
}

static bool text_is(struct span s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

/* ---- identities, periods, proposals ---- */

static void draw(struct ibake *s, uint8_t nonce[IBAKE_NONCE])
{
    rng_bytes(s->half.env->stream, nonce, IBAKE_NONCE);
    meter_add(meter_of(s), OP_RANDOM, 1, IBAKE_NONCE);
}

/* "YYYY-MM" as a number of months. */
static int months(const char *period)
{
    int n[6] = {0};

    for (int i = 0; i < 6; i++)
        n[i] = period[i < 4 ? i : i + 1] - '0';
    return (n[0] * 1000 + n[1] * 100 + n[2] * 10 + n[3]) * 12 + n[4] * 10 + n[5];
}

static bool is_current(const struct ibake *s, sim_ns now)
{
    char today[40];
    int age;

    m2m_datetime_write(sim_ns_add(s->half.env->epoch_unix_ns, now), today);
    age = months(today) - months(s->period);
    return age >= 0 && age < IBAKE_MONTHS;
}

static bool put_self(struct ibake *s, const uint8_t nonce[IBAKE_NONCE], struct buf *out)
{
    return ibake_put(out, IBAKE_IDENTITY, span_str(ibe_user_name(s->user))) &&
           ibake_put(out, IBAKE_PERIOD, span_str(ibe_user_period(s->user))) &&
           ibake_put(out, IBAKE_NONCE_FIELD, span_of(nonce, IBAKE_NONCE));
}

/* Who the other side is; name: where to keep it. */
static enum reason take_self(struct ibake *s, sim_ns now, const struct ibake_fields *f,
                             char name[IBE_NAME_MAX + 1], uint8_t nonce[IBAKE_NONCE])
{
    struct span identity = f->value[IBAKE_IDENTITY];

    if (memchr(identity.p, '\0', identity.n))
        return REASON_EAP_MALFORMED;
    memcpy(name, identity.p, identity.n);
    name[identity.n] = '\0';
    memcpy(s->period, f->value[IBAKE_PERIOD].p, IBE_PERIOD_LEN);
    s->period[IBE_PERIOD_LEN] = '\0';
    memcpy(nonce, f->value[IBAKE_NONCE_FIELD].p, IBAKE_NONCE);
    if (!ibe_is_name(name, s->period))
        return REASON_EAP_MALFORMED;
    if (s->expected && !text_is(identity, s->expected))
        return REASON_EAP_IDENTITY;
    return is_current(s, now) ? REASON_NONE : REASON_KEY_EXPIRED;
}

static bool can_take(const struct ibake *s, const uint8_t proposal[IBAKE_PROPOSAL])
{
    return proposal[0] == IBAKE_CURVE_P256 && proposal[2] == IBAKE_HASH_SHA256 &&
           (proposal[1] == IBE_SAKKE || proposal[1] == IBE_BF) &&
           ibe_user_public(s->user, (enum ibe_scheme)proposal[1]);
}

static void choose(struct ibake *s, const uint8_t proposal[IBAKE_PROPOSAL])
{
    memcpy(s->choice, proposal, IBAKE_PROPOSAL);
    s->scheme = (enum ibe_scheme)proposal[1];
}

/* ---- keys ---- */

static enum reason make_pair(struct ibake *s, uint8_t point[ECDH_POINT])
{
    if (ecdh_new(meter_of(s), &s->pair))
        return REASON_CRYPTO;
    ecdh_point(s->pair, point);
    return REASON_NONE;
}

/* Ke of Z; the own secret is then of no more use (RFC 6539 3.1: erased). */
static enum reason agree(struct ibake *s, const uint8_t point[ECDH_POINT])
{
    uint8_t z[ECDH_SECRET], salt[2 * IBAKE_NONCE];
    enum err err = ecdh_derive(s->pair, meter_of(s), point, z);

    if (err)
        return err == ERR_FORMAT ? REASON_IBAKE_POINT : REASON_CRYPTO;
    ecdh_free(s->pair);
    s->pair = NULL;
    memcpy(salt, s->nonce_s, IBAKE_NONCE);
    memcpy(salt + IBAKE_NONCE, s->nonce_p, IBAKE_NONCE);
    kdf_hkdf_extract(meter_of(s), span_of(salt, sizeof(salt)), span_of(z, sizeof(z)), s->ke);
    explicit_bzero(z, sizeof(z));
    return REASON_NONE;
}

/* After the fourth packet is in the transcript. */
static void make_ka(struct ibake *s)
{
    const struct span info[] = {span_str("EAP-IBAKE auth"),
                                span_of(s->transcript, sizeof(s->transcript))};

    kdf_hkdf_expand(meter_of(s), span_of(s->ke, sizeof(s->ke)), info, 2, s->ka, sizeof(s->ka));
}

void ibake_auth(const struct ibake *s, bool by_server, struct span covered,
                uint8_t auth[IBAKE_AUTH])
{
    const uint8_t role = by_server ? 1 : 2;
    const struct span pieces[] = {span_of(&role, 1), span_of(s->transcript, sizeof(s->transcript)),
                                  covered};

    hash_hmac_sha256_v(meter_of(s), span_of(s->ka, sizeof(s->ka)), pieces, 3, auth);
}

void ibake_export(struct ibake *s)
{
    static const uint8_t type[] = {EAP_EXPANDED,
                                   EAP_VENDOR_M2MSIM >> 16,
                                   EAP_VENDOR_M2MSIM >> 8 & 0xff,
                                   EAP_VENDOR_M2MSIM & 0xff,
                                   0,
                                   0,
                                   0,
                                   EAP_IBAKE_TYPE};
    const struct span info[] = {span_str("EAP-IBAKE key"),
                                span_of(s->initiator, strlen(s->initiator) + 1),
                                span_of(s->responder, strlen(s->responder) + 1),
                                span_of(s->transcript, sizeof(s->transcript))};
    struct eap_keys *k = &s->half.keys;
    uint8_t both[2 * EAP_KEY_LEN];

    kdf_hkdf_expand(meter_of(s), span_of(s->ke, sizeof(s->ke)), info, 4, both, sizeof(both));
    memcpy(k->msk, both, EAP_KEY_LEN);
    memcpy(k->emsk, both + EAP_KEY_LEN, EAP_KEY_LEN);
    explicit_bzero(both, sizeof(both));
    memcpy(k->session_id, type, sizeof(type));
    memcpy(k->session_id + sizeof(type), s->nonce_s, IBAKE_NONCE);
    memcpy(k->session_id + sizeof(type) + IBAKE_NONCE, s->nonce_p, IBAKE_NONCE);
    k->session_id_n = sizeof(type) + 2 * IBAKE_NONCE;
}

/* ---- sealed texts ---- */

struct sealed_header {
    uint8_t octets[1 + 32];
};

static struct span sealed_header(const struct ibake *s, struct sealed_header *h)
{
    h->octets[0] = ibake_steps[s->at].exchange;
    memcpy(h->octets + 1, s->transcript, sizeof(s->transcript));
    return span_of(h->octets, sizeof(h->octets));
}

/* E(the other side, IDs, IDp, points of `order`). */
static enum reason put_sealed(struct ibake *s, const uint8_t *order, struct buf *out)
{
    const struct ibe_public *p = ibe_user_public(s->user, s->scheme);
    const char *name = s->is_server ? s->responder : s->initiator;
    struct sealed_header h;
    struct buf plain;
    enum reason reason = REASON_EAP_FRAGMENT; /* no room */

    buf_init(&plain, PLAIN_MAX);
    for (; *order != IBAKE_END; order++)
        ibake_put(&plain, (enum ibake_field) * order,
                  *order == IBAKE_INITIATOR   ? span_str(s->initiator)
                  : *order == IBAKE_RESPONDER ? span_str(s->responder)
                  : *order == IBAKE_POINT_X   ? span_of(s->x, ECDH_POINT)
                                              : span_of(s->y, ECDH_POINT));
    if (ibake_put_head(out, IBAKE_SEALED,
                       ibe_capsule_len(s->scheme) + buf_len(&plain) + IBE_TAG_LEN)) {
        enum err err = ibe_seal(p, meter_of(s), s->half.env->stream, name, s->period,
                                sealed_header(s, &h), buf_span(&plain), out);

        if (err != ERR_RANGE)
            reason = err ? REASON_CRYPTO : REASON_NONE;
    }
    buf_wipe(&plain);
    return reason;
}

/* Opens, and looks at what must come back: the identities, and the own point. The other's point, if
 * there is one, goes to `point`. */
static enum reason take_sealed(struct ibake *s, struct span sealed, const uint8_t *order,
                               uint8_t *point)
{
    enum ibake_field own = s->is_server ? IBAKE_POINT_X : IBAKE_POINT_Y;
    enum ibake_field other = s->is_server ? IBAKE_POINT_Y : IBAKE_POINT_X;
    const uint8_t *own_point = s->is_server ? s->x : s->y;
    enum reason reason = REASON_IBE_DECRYPT;
    struct sealed_header h;
    struct ibake_fields f;
    struct buf plain;

    buf_init(&plain, EAP_MTU);
    if (ibe_open(s->user, s->scheme, meter_of(s), sealed_header(s, &h), sealed, &plain) != OK)
        goto out;
    reason = REASON_EAP_MALFORMED;
    if (!ibake_read(buf_span(&plain), order, &f))
        goto out;
    reason = REASON_IBAKE_MISMATCH;
    if (!text_is(f.value[IBAKE_INITIATOR], s->initiator) ||
        !text_is(f.value[IBAKE_RESPONDER], s->responder))
        goto out;
    if (f.value[own].n > 0 && !hash_equal(f.value[own].p, own_point, ECDH_POINT))
        goto out;
    if (f.value[other].n > 0)
        memcpy(point, f.value[other].p, ECDH_POINT);
    reason = REASON_NONE;
out:
    buf_wipe(&plain);
    return reason;
}

static const uint8_t challenge_request[] = {IBAKE_INITIATOR, IBAKE_RESPONDER, IBAKE_POINT_X,
                                            IBAKE_END};
static const uint8_t challenge_response[] = {IBAKE_INITIATOR, IBAKE_RESPONDER, IBAKE_POINT_X,
                                             IBAKE_POINT_Y, IBAKE_END};
static const uint8_t confirm_request[] = {IBAKE_INITIATOR, IBAKE_RESPONDER, IBAKE_POINT_Y,
                                          IBAKE_END};

/* ---- 1 ID/Request ---- */

/* The schemes that there is a key for. */
static enum reason put_id_request(struct ibake *s, sim_ns now, struct buf *out)
{
    (void)now;
    for (int scheme = IBE_SAKKE; scheme <= IBE_BF; scheme++) {
        const uint8_t proposal[] = {IBAKE_CURVE_P256, (uint8_t)scheme, IBAKE_HASH_SHA256};

        if (!can_take(s, proposal))
            continue;
        memcpy(s->proposals + s->proposals_n, proposal, sizeof(proposal));
        s->proposals_n += sizeof(proposal);
    }
    draw(s, s->nonce_s);
    return ibake_put(out, IBAKE_PROPOSALS_FIELD, span_of(s->proposals, s->proposals_n)) &&
                   put_self(s, s->nonce_s, out)
               ? REASON_NONE
               : REASON_EAP_FRAGMENT;
}

static enum reason take_id_request(struct ibake *s, sim_ns now, const struct eap_packet *in,
                                   const struct ibake_fields *f)
{
    struct span proposals = f->value[IBAKE_PROPOSALS_FIELD];
    enum reason reason;

    (void)in;
    if (proposals.n % IBAKE_PROPOSAL != 0)
        return REASON_EAP_MALFORMED;
    reason = take_self(s, now, f, s->initiator, s->nonce_s);
    if (reason)
        return reason;
    for (size_t i = 0; i < proposals.n; i += IBAKE_PROPOSAL)
        if (can_take(s, proposals.p + i)) {
            choose(s, proposals.p + i);
            return REASON_NONE;
        }
    return REASON_NO_COMMON_SUITE;
}

/* ---- 2 ID/Response ---- */

static enum reason put_id_response(struct ibake *s, sim_ns now, struct buf *out)
{
    (void)now;
    draw(s, s->nonce_p);
    return ibake_put(out, IBAKE_CHOICE, span_of(s->choice, IBAKE_PROPOSAL)) &&
                   put_self(s, s->nonce_p, out)
               ? REASON_NONE
               : REASON_EAP_FRAGMENT;
}

static enum reason take_id_response(struct ibake *s, sim_ns now, const struct eap_packet *in,
                                    const struct ibake_fields *f)
{
    const uint8_t *choice = f->value[IBAKE_CHOICE].p;

    (void)in;
    for (size_t i = 0; i < s->proposals_n; i += IBAKE_PROPOSAL)
        if (memcmp(s->proposals + i, choice, IBAKE_PROPOSAL) == 0) {
            choose(s, choice);
            return take_self(s, now, f, s->responder, s->nonce_p);
        }
    return REASON_EAP_MALFORMED;
}

/* ---- 3 Challenge/Request ---- */

static enum reason put_challenge_request(struct ibake *s, sim_ns now, struct buf *out)
{
    enum reason reason = make_pair(s, s->x);

    (void)now;
    return reason ? reason : put_sealed(s, challenge_request, out);
}

static enum reason take_challenge_request(struct ibake *s, sim_ns now, const struct eap_packet *in,
                                          const struct ibake_fields *f)
{
    enum reason reason = take_sealed(s, f->value[IBAKE_SEALED], challenge_request, s->x);

    (void)now, (void)in;
    if (!reason)
        reason = make_pair(s, s->y);
    return reason ? reason : agree(s, s->x);
}

/* ---- 4 Challenge/Response ---- */

static enum reason put_challenge_response(struct ibake *s, sim_ns now, struct buf *out)
{
    (void)now;
    return put_sealed(s, challenge_response, out);
}

static enum reason take_challenge_response(struct ibake *s, sim_ns now, const struct eap_packet *in,
                                           const struct ibake_fields *f)
{
    enum reason reason = take_sealed(s, f->value[IBAKE_SEALED], challenge_response, s->y);

    (void)now, (void)in;
    return reason ? reason : agree(s, s->y);
}

/* ---- 5 Confirm/Request ---- */

static enum reason put_confirm_request(struct ibake *s, sim_ns now, struct buf *out)
{
    (void)now;
    make_ka(s);
    return put_sealed(s, confirm_request, out);
}

static bool auth_is_right(const struct ibake *s, const struct eap_packet *in,
                          const struct ibake_fields *f)
{
    uint8_t auth[IBAKE_AUTH];

    ibake_auth(s, !s->is_server, span_of(in->whole.p, in->whole.n - IBAKE_AUTH), auth);
    return hash_equal(auth, f->value[IBAKE_AUTH_FIELD].p, IBAKE_AUTH);
}

/* The MAC first: it costs a thousandth of what opening costs. */
static enum reason take_confirm_request(struct ibake *s, sim_ns now, const struct eap_packet *in,
                                        const struct ibake_fields *f)
{
    (void)now;
    make_ka(s);
    if (!auth_is_right(s, in, f))
        return REASON_EAP_MAC;
    return take_sealed(s, f->value[IBAKE_SEALED], confirm_request, s->x);
}

/* ---- 6 Confirm/Response ---- */

static enum reason put_confirm_response(struct ibake *s, sim_ns now, struct buf *out)
{
    (void)s, (void)now, (void)out; /* AUTH alone */
    return REASON_NONE;
}

static enum reason take_confirm_response(struct ibake *s, sim_ns now, const struct eap_packet *in,
                                         const struct ibake_fields *f)
{
    (void)now;
    return auth_is_right(s, in, f) ? REASON_NONE : REASON_EAP_MAC;
}

/* clang-format off */
const struct ibake_step ibake_steps[IBAKE_STEPS] = {
    {"IBAKE-ID", IBAKE_ID,
     {IBAKE_PROPOSALS_FIELD, IBAKE_IDENTITY, IBAKE_PERIOD, IBAKE_NONCE_FIELD},
     put_id_request, take_id_request},
    {"IBAKE-ID", IBAKE_ID,
     {IBAKE_CHOICE, IBAKE_IDENTITY, IBAKE_PERIOD, IBAKE_NONCE_FIELD},
     put_id_response, take_id_response},
    {"IBAKE-Challenge", IBAKE_CHALLENGE, {IBAKE_SEALED},
     put_challenge_request, take_challenge_request},
    {"IBAKE-Challenge", IBAKE_CHALLENGE, {IBAKE_SEALED},
     put_challenge_response, take_challenge_response},
    {"IBAKE-Confirm", IBAKE_CONFIRM, {IBAKE_SEALED, IBAKE_AUTH_FIELD},
     put_confirm_request, take_confirm_request},
    {"IBAKE-Confirm", IBAKE_CONFIRM, {IBAKE_AUTH_FIELD},
     put_confirm_response, take_confirm_response},
};
/* clang-format on */
