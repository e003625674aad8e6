/* What fuzz_simaka_peer.c and fuzz_simaka_server.c share. An input is an octet that picks method
 * and circumstances, then packets as eap_feed.h has them. In a mended one AUTN, RES, the encryption
 * of AT_ENCR_DATA and AT_MAC are made right too, so that a fuzzer gets past what it cannot compute.
 */
#ifndef TESTS_FUZZ_SIMAKA_H
#define TESTS_FUZZ_SIMAKA_H

#include "models/proto/eap_simaka_attr_impl.h"
#include "models/proto/eap_simaka_impl.h"

#include "crypto/cipher.h"
#include "crypto/entity.h"
#include "crypto/kdf.h"
#include "tests/fuzz/eap_feed.h"

#include <stdlib.h>

#define FUZZ_UNIX_NS (INT64_C(1577836800) * SIM_S)
#define FUZZ_IMSI    "234150999999999"
static const uint8_t fuzz_k[16] = {1, 2, 3}, fuzz_opc[16] = {4, 5, 6};

static inline void fuzz_must(bool condition)
{
    if (!condition)
        abort();
}

/* The next packet, into p. A longer one is cut: none of ours would be. */
static inline bool fuzz_next(const uint8_t **data, size_t *n, enum eap_code code, uint8_t id,
                             uint8_t p[EAP_MTU], size_t *length, bool *mended)
{
    struct buf b;
    bool more;

    buf_init(&b, 2 * EAP_PACKET_MAX);
    *mended = *n > 0 && (*data)[0] & 0x80;
    more = eap_feed_next(data, n, code, id, &b);
    *length = buf_len(&b) < EAP_MTU ? buf_len(&b) : EAP_MTU;
    if (*length > 0)
        memcpy(p, buf_span(&b).p, *length);
    buf_clear(&b);
    return more;
}

/* Where attributes begin in a packet of n octets; loosely: whatever follows is looked at. */
struct fuzz_layout {
    uint8_t *at[256];
    size_t n[256]; /* of the attribute, within the packet */
};
static inline void fuzz_find(uint8_t *p, size_t n, struct fuzz_layout *l)
{
    memset(l, 0, sizeof(*l));
    for (size_t i = 8; i + 4 <= n && p[i + 1] > 0; i += (size_t)p[i + 1] * 4) {
        size_t length = (size_t)p[i + 1] * 4;

        if (length > n - i)
            break;
        l->at[p[i]] = p + i;
        l->n[p[i]] = length;
    }
}

/* Type, encryption, MAC. */
static inline void fuzz_mend(enum simaka_kind kind, uint8_t *p, size_t n,
                             const struct fuzz_layout *l, const struct simaka_keys *keys,
                             struct span extra)
{
    p[4] = simaka_type(kind);
    if (l->n[129] == 20 && l->n[130] > 4 && (l->n[130] - 4) % 16 == 0)
        cipher_cbc_encrypt(NULL, keys->k_encr, l->at[129] + 4, l->at[130] + 4, l->n[130] - 4,
                           l->at[130] + 4);
    if (l->n[11] == 20)
        simaka_mac(kind, NULL, keys->k_aut, span_of(p, n), (size_t)(l->at[11] - p) + 2, extra,
                   l->at[11] + 4);
}

/* What we say is well-formed, whatever was said to us. */
static inline void fuzz_check_said(enum simaka_kind kind, const struct buf *out)
{
    struct eap_packet packet;
    struct simaka_message m;

    fuzz_must(eap_parse(buf_span(out), &packet) == REASON_NONE);
    fuzz_must(packet.type == simaka_type(kind) && simaka_parse(kind, &packet, &m));
}

static inline void fuzz_check_half(const struct eap_half *h)
{
    bool failed = h->state == EAP_HALF_FAILED;

    fuzz_must(failed == (h->reason != REASON_NONE));
    fuzz_must(!failed || !h->keys.present);
    fuzz_must(h->state == EAP_HALF_CONTINUE || failed || h->keys.present);
}

#endif
