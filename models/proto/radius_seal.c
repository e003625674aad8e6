/* RADIUS packets: writing them, and what the shared secret protects: authenticators (RFC 2865 3,
 * RFC 3579 3.2) and keys (RFC 2548 2.4). */
#include "crypto/hash.h"
#include "models/proto/radius_impl.h"

#include <assert.h>

#define VENDOR_MICROSOFT 311
#define MPPE_SEND_KEY    16
#define MPPE_RECV_KEY    17
#define MPPE_KEY         32 /* half an MSK */
#define MPPE_CIPHER      48 /* length octet and key, padded to whole blocks of 16 */
#define MD5_LEN          16

#define MESSAGE_AT (RADIUS_HEADER + 2) /* where radius_begin puts the Message-Authenticator */

static void put_octets(struct radius_writer *w, struct span s)
{
    if (s.n > sizeof(w->octets) - w->n) {
        w->full = true;
        return;
    }
    if (s.n > 0)
        memcpy(w->octets + w->n, s.p, s.n);
    w->n += s.n;
}

void radius_begin(struct radius_writer *w, enum radius_code code, uint8_t id,
                  const uint8_t authenticator[RADIUS_AUTHENTICATOR])
{
    static const uint8_t zeros[MD5_LEN];

    w->octets[0] = (uint8_t)code;
    w->octets[1] = id;
    memcpy(w->octets + 4, authenticator, RADIUS_AUTHENTICATOR);
    w->n = RADIUS_HEADER;
    w->full = false;
    radius_put(w, RADIUS_MESSAGE_AUTHENTICATOR, span_of(zeros, sizeof(zeros)));
}

void radius_put(struct radius_writer *w, enum radius_attribute type, struct span value)
{
    uint8_t head[2] = {(uint8_t)type, (uint8_t)(2 + value.n)};

    assert(value.n <= RADIUS_VALUE_MAX);
    put_octets(w, span_of(head, sizeof(head)));
    put_octets(w, value);
}

void radius_put_u32(struct radius_writer *w, enum radius_attribute type, uint32_t value)
{
    uint8_t octets[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                         (uint8_t)value};

    radius_put(w, type, span_of(octets, sizeof(octets)));
}

void radius_put_eap(struct radius_writer *w, struct span eap)
{
    do {
        size_t n = eap.n < RADIUS_VALUE_MAX ? eap.n : RADIUS_VALUE_MAX;

        radius_put(w, RADIUS_EAP_MESSAGE, span_of(eap.p, n));
        eap = span_of(n ? eap.p + n : eap.p, eap.n - n);
    } while (eap.n > 0);
}

void radius_put_encoded(struct radius_writer *w, struct span attributes)
{
    put_octets(w, attributes);
}

/* One direction of RFC 2548 2.4.2: each block is masked with MD5 of the secret and of what came
 * before it: first the Request Authenticator and the salt, then the block of ciphertext. */
static void mask_blocks(struct meter *meter, struct span secret, const uint8_t *authenticator,
                        const uint8_t salt[2], const uint8_t *in, uint8_t *out, bool encrypt)
{
    uint8_t block[MD5_LEN], mask[MD5_LEN];

    for (size_t at = 0; at < MPPE_CIPHER; at += MD5_LEN) {
        struct span pieces[3] = {secret, span_of(authenticator, RADIUS_AUTHENTICATOR),
                                 span_of(salt, 2)};

        if (at > 0)
            pieces[1] = span_of(block, sizeof(block));
        hash_md5_v(meter, pieces, at > 0 ? 2 : 3, mask);
        memcpy(block, in + at, MD5_LEN);
        for (int i = 0; i < MD5_LEN; i++)
            out[at + (size_t)i] = (uint8_t)(block[i] ^ mask[i]);
        if (encrypt)
            memcpy(block, out + at, MD5_LEN);
    }
}

static void put_key(struct radius_writer *w, struct meter *meter, struct span secret,
                    const uint8_t *authenticator, uint16_t salt, uint8_t type, const uint8_t *key)
{
    uint8_t plain[MPPE_CIPHER] = {MPPE_KEY};
    uint8_t value[2 + MPPE_CIPHER] = {(uint8_t)(salt >> 8), (uint8_t)salt};
    uint8_t attribute[2 + RADIUS_VALUE_MAX];

    memcpy(plain + 1, key, MPPE_KEY);
    mask_blocks(meter, secret, authenticator, value, plain, value + 2, true);
    put_octets(w, span_of(attribute, radius_vendor(attribute, VENDOR_MICROSOFT, type,
                                                   span_of(value, sizeof(value)))));
}

void radius_put_msk(struct radius_writer *w, struct proto_env *env, struct span secret,
                    const uint8_t authenticator[RADIUS_AUTHENTICATOR],
                    const uint8_t msk[EAP_KEY_LEN])
{
    uint8_t drawn[2];
    uint16_t salt;

    rng_bytes(env->stream, drawn, sizeof(drawn));
    meter_add(env->meter, OP_RANDOM, 1, sizeof(drawn));
    /* Distinct in one packet, the first bit set. */
    salt = (uint16_t)(0x8000u | (unsigned)drawn[0] << 8 | drawn[1]);
    put_key(w, env->meter, secret, authenticator, salt, MPPE_RECV_KEY, msk);
    put_key(w, env->meter, secret, authenticator, salt ^ 1u, MPPE_SEND_KEY, msk + MPPE_KEY);
}

static bool find_key(const struct radius_packet *p, struct meter *meter, struct span secret,
                     const uint8_t *authenticator, uint8_t type, uint8_t *key)
{
    uint8_t plain[MPPE_CIPHER];
    struct span v;

    if (!radius_find_sub(p, VENDOR_MICROSOFT, type, &v) || v.n != 2 + MPPE_CIPHER)
        return false;
    mask_blocks(meter, secret, authenticator, v.p, v.p + 2, plain, false);
    if (plain[0] == MPPE_KEY)
        memcpy(key, plain + 1, MPPE_KEY);
    return plain[0] == MPPE_KEY;
}

bool radius_find_msk(const struct radius_packet *p, struct meter *meter, struct span secret,
                     const uint8_t authenticator[RADIUS_AUTHENTICATOR], uint8_t msk[EAP_KEY_LEN])
{
    return find_key(p, meter, secret, authenticator, MPPE_RECV_KEY, msk) &&
           find_key(p, meter, secret, authenticator, MPPE_SEND_KEY, msk + MPPE_KEY);
}

bool radius_seal_request(struct radius_writer *w, struct meter *meter, struct span secret)
{
    if (w->full)
        return false;
    w->octets[2] = (uint8_t)(w->n >> 8);
    w->octets[3] = (uint8_t)w->n;
    memset(w->octets + MESSAGE_AT, 0, MD5_LEN);
    hash_hmac_md5(meter, secret, span_of(w->octets, w->n), w->octets + MESSAGE_AT);
    return true;
}

bool radius_seal_response(struct radius_writer *w, struct meter *meter, struct span secret)
{
    struct span pieces[2] = {span_of(w->octets, w->n), secret};
    uint8_t digest[MD5_LEN];

    if (!radius_seal_request(w, meter, secret))
        return false;
    hash_md5_v(meter, pieces, 2, digest);
    memcpy(w->octets + 4, digest, sizeof(digest));
    return true;
}

bool radius_check_message(const struct radius_packet *p, struct meter *meter, struct span secret,
                          const uint8_t authenticator[RADIUS_AUTHENTICATOR])
{
    uint8_t copy[RADIUS_PACKET_MAX], mac[MD5_LEN];
    struct span given, again;
    size_t at = 0;

    if (!radius_find(p, RADIUS_MESSAGE_AUTHENTICATOR, &at, &given) || given.n != sizeof(mac) ||
        radius_find(p, RADIUS_MESSAGE_AUTHENTICATOR, &at, &again))
        return false;
    memcpy(copy, p->whole.p, p->whole.n);
    memcpy(copy + 4, authenticator, RADIUS_AUTHENTICATOR);
    memset(copy + (given.p - p->whole.p), 0, sizeof(mac));
    hash_hmac_md5(meter, secret, span_of(copy, p->whole.n), mac);
    return hash_equal(mac, given.p, sizeof(mac));
}

bool radius_check_response(const struct radius_packet *p, struct meter *meter, struct span secret,
                           const uint8_t authenticator[RADIUS_AUTHENTICATOR])
{
    struct span pieces[4] = {span_of(p->whole.p, 4), span_of(authenticator, RADIUS_AUTHENTICATOR),
                             p->attributes, secret};
    uint8_t digest[MD5_LEN];

    hash_md5_v(meter, pieces, 4, digest);
    return hash_equal(digest, p->authenticator, sizeof(digest));
}
