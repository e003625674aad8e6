/* The attribute codec: what it accepts and what it refuses. Recorded packets are read in
 * test_trace_eap_simaka.c. */
#include "models/proto/eap_simaka_attr.h"

#include "crypto/cipher.h"
#include "crypto/entity.h"

#include <check.h>
#include <stdlib.h>

static const uint8_t key[32] = {1, 2, 3};
static const uint8_t iv[16] = {4, 5, 6};
static const uint8_t block[48] = {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 8, 8, 8,
                                  8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 9, 9, 9, 9, 9, 9, 9, 9};

/* A packet as octets that a test may change. */
struct octets {
    uint8_t p[2 * EAP_MTU];
    size_t n;
};

static void set_length(struct octets *o)
{
    o->p[2] = (uint8_t)(o->n >> 8);
    o->p[3] = (uint8_t)o->n;
}

static bool parse(enum simaka_kind kind, struct octets *o, struct simaka_message *m)
{
    struct eap_packet p;

    set_length(o);
    return !eap_parse(span_of(o->p, o->n), &p) && simaka_parse(kind, &p, m);
}

static bool is_good(enum simaka_kind kind, struct octets *o)
{
    struct simaka_message m;

    return parse(kind, o, &m);
}

static void append(struct octets *o, const void *p, size_t n)
{
    ck_assert_uint_le(o->n + n, sizeof(o->p));
    memcpy(o->p + o->n, p, n);
    o->n += n;
}

/* The value of an attribute as a message would hold it. */
static struct span sample(enum simaka_kind kind, enum simaka_at at)
{
    switch (at) {
    case AT_RAND:
        return span_of(block, kind == SIMAKA_SIM ? 48 : 16);
    case AT_RES:
        return span_of(block, 8);
    case AT_AUTS:
        return span_of(block, 14);
    case AT_IDENTITY:
    case AT_NEXT_PSEUDONYM:
    case AT_NEXT_REAUTH_ID:
    case AT_KDF_INPUT:
        return span_str("somebody@example");
    case AT_VERSION_LIST:
        return span_of("\0\1", 2);
    case AT_CHECKCODE:
        return span_of(block, simaka_hash_len(kind));
    case AT_NOTIFICATION:
        return span_of("\x80", 2); /* success */
    case AT_SELECTED_VERSION:
    case AT_COUNTER:
    case AT_CLIENT_ERROR_CODE:
    case AT_KDF:
    case AT_BIDDING:
        return span_of("\0\1", 2);
    case AT_PERMANENT_ID_REQ:
    case AT_ANY_ID_REQ:
    case AT_FULLAUTH_ID_REQ:
    case AT_COUNTER_TOO_SMALL:
    case AT_RESULT_IND:
        return span_of(NULL, 0);
    case AT_AUTN:
    case AT_NONCE_MT:
    case AT_MAC:
    case AT_NONCE_S:
    case AT_IV:
    case AT_ENCR_DATA:
        return span_of(block, 16);
    case AT_PADDING:
        return span_of("\0\0\0\0\0\0", 6);
    case AT_COUNT:
        break;
    }
    ck_abort();
}

#define B(at) AT_BIT(AT_##at)

/* Every message, with all that it may hold; `must`: what it must (RFC 4186 10.1, RFC 4187 10.1). */
static const struct message {
    enum simaka_kind kind;
    enum eap_code code;
    enum simaka_subtype subtype;
    uint32_t all, must;
} messages[] = {
    {SIMAKA_SIM, EAP_REQUEST, SIM_START, B(ANY_ID_REQ) | B(VERSION_LIST), B(VERSION_LIST)},
    {SIMAKA_SIM, EAP_RESPONSE, SIM_START, B(IDENTITY) | B(NONCE_MT) | B(SELECTED_VERSION),
     B(NONCE_MT) | B(SELECTED_VERSION)},
    {SIMAKA_SIM, EAP_REQUEST, SIM_CHALLENGE,
     B(RAND) | B(IV) | B(ENCR_DATA) | B(RESULT_IND) | B(MAC), B(RAND) | B(MAC)},
    {SIMAKA_SIM, EAP_RESPONSE, SIM_CHALLENGE, B(RESULT_IND) | B(MAC), B(MAC)},
    {SIMAKA_AKA, EAP_REQUEST, AKA_IDENTITY, B(FULLAUTH_ID_REQ), B(FULLAUTH_ID_REQ)},
    {SIMAKA_AKA, EAP_RESPONSE, AKA_IDENTITY, B(IDENTITY), B(IDENTITY)},
    {SIMAKA_AKA, EAP_REQUEST, AKA_CHALLENGE,
     B(RAND) | B(AUTN) | B(IV) | B(ENCR_DATA) | B(CHECKCODE) | B(RESULT_IND) | B(BIDDING) | B(MAC),
     B(RAND) | B(AUTN) | B(MAC)},
    {SIMAKA_AKA, EAP_RESPONSE, AKA_CHALLENGE, B(RES) | B(CHECKCODE) | B(RESULT_IND) | B(MAC),
     B(RES) | B(MAC)},
    {SIMAKA_AKA, EAP_RESPONSE, AKA_AUTHENTICATION_REJECT, 0, 0},
    {SIMAKA_AKA, EAP_RESPONSE, AKA_SYNCHRONIZATION_FAILURE, B(AUTS), B(AUTS)},
    {SIMAKA_AKA_PRIME, EAP_REQUEST, AKA_IDENTITY, B(PERMANENT_ID_REQ), B(PERMANENT_ID_REQ)},
    {SIMAKA_AKA_PRIME, EAP_RESPONSE, AKA_IDENTITY, B(IDENTITY), B(IDENTITY)},
    {SIMAKA_AKA_PRIME, EAP_REQUEST, AKA_CHALLENGE,
     B(RAND) | B(AUTN) | B(KDF) | B(KDF_INPUT) | B(IV) | B(ENCR_DATA) | B(CHECKCODE) |
         B(RESULT_IND) | B(MAC),
     B(RAND) | B(AUTN) | B(KDF) | B(MAC)},
    {SIMAKA_AKA_PRIME, EAP_RESPONSE, AKA_CHALLENGE, B(RES) | B(CHECKCODE) | B(RESULT_IND) | B(MAC),
     B(RES) | B(MAC)},
    {SIMAKA_AKA_PRIME, EAP_RESPONSE, AKA_CHALLENGE, B(KDF), B(KDF)},
    {SIMAKA_AKA_PRIME, EAP_RESPONSE, AKA_SYNCHRONIZATION_FAILURE, B(AUTS) | B(KDF), B(AUTS)},
    {SIMAKA_SIM, EAP_REQUEST, SIMAKA_REAUTHENTICATION,
     B(IV) | B(ENCR_DATA) | B(RESULT_IND) | B(MAC), B(IV) | B(ENCR_DATA) | B(MAC)},
    {SIMAKA_AKA, EAP_REQUEST, SIMAKA_REAUTHENTICATION,
     B(IV) | B(ENCR_DATA) | B(CHECKCODE) | B(RESULT_IND) | B(MAC), B(IV) | B(ENCR_DATA) | B(MAC)},
    {SIMAKA_AKA_PRIME, EAP_RESPONSE, SIMAKA_REAUTHENTICATION,
     B(IV) | B(ENCR_DATA) | B(CHECKCODE) | B(RESULT_IND) | B(MAC), B(IV) | B(ENCR_DATA) | B(MAC)},
    {SIMAKA_SIM, EAP_REQUEST, SIMAKA_NOTIFICATION, B(NOTIFICATION) | B(IV) | B(ENCR_DATA) | B(MAC),
     B(NOTIFICATION) | B(MAC)},
    {SIMAKA_AKA, EAP_RESPONSE, SIMAKA_NOTIFICATION, B(IV) | B(ENCR_DATA) | B(MAC), B(MAC)},
    {SIMAKA_AKA, EAP_RESPONSE, SIMAKA_CLIENT_ERROR, B(CLIENT_ERROR_CODE), B(CLIENT_ERROR_CODE)},
};
#define MESSAGES ((int)(sizeof(messages) / sizeof(messages[0])))

static void compose(const struct message *what, uint32_t has, struct octets *out)
{
    struct simaka_writer w;
    struct buf b;

    simaka_begin(&w, what->kind, what->code, 9, what->subtype);
    for (int at = 0; at < AT_COUNT; at++)
        if (has & AT_BIT(at))
            simaka_put(&w, (enum simaka_at)at, sample(what->kind, (enum simaka_at)at));
    buf_init(&b, EAP_MTU);
    ck_assert(simaka_end(&w, &b));
    out->n = 0;
    append(out, buf_span(&b).p, buf_len(&b));
    buf_clear(&b);
}

START_TEST(round_trip)
{
    const struct message *what = &messages[_i];
    struct simaka_message m;
    struct octets o;

    compose(what, what->all, &o);
    ck_assert_uint_eq(o.n % 4, 0);
    ck_assert(parse(what->kind, &o, &m));
    ck_assert_uint_eq(m.has, what->all);
    ck_assert_int_eq(m.subtype, what->subtype);
    for (int at = 0; at < AT_COUNT; at++)
        if (what->all & AT_BIT(at)) {
            struct span want = sample(what->kind, (enum simaka_at)at);

            ck_assert_uint_eq(m.value[at].n, want.n);
            if (want.n)
                ck_assert_mem_eq(m.value[at].p, want.p, want.n);
        }
}
END_TEST

/* Without one that must be there; with the must alone; with one more that must not. */
START_TEST(what_belongs)
{
    const struct message *what = &messages[_i];
    struct octets o;

    compose(what, what->must, &o);
    ck_assert(is_good(what->kind, &o));
    for (int at = 0; at < AT_COUNT; at++) {
        if (what->must & AT_BIT(at)) {
            compose(what, what->all & ~AT_BIT(at), &o);
            ck_assert_msg(!is_good(what->kind, &o), "message %d without attribute %d", _i, at);
        }
        if (!(what->all & AT_BIT(at))) {
            struct simaka_message m;
            bool fine;

            compose(what, what->all | AT_BIT(at), &o);
            fine = parse(what->kind, &o, &m);
            /* Only what this kind has no idea of and may skip is passed over. */
            ck_assert_msg(!fine || (at == AT_CHECKCODE && what->kind == SIMAKA_SIM) ||
                              (at == AT_BIDDING && what->kind != SIMAKA_AKA) ||
                              /* which the message may have, though the sample has not */
                              (m.has & AT_BIT(at)),
                          "message %d with attribute %d", _i, at);
            if (fine && m.has & AT_BIT(at))
                ck_assert((what->subtype == AKA_SYNCHRONIZATION_FAILURE ||
                           what->subtype == SIM_START || what->subtype == AKA_CHALLENGE));
        }
    }
}
END_TEST

/* Each attribute twice, with a wrong length octet, cut off anywhere. */
START_TEST(malformed)
{
    const struct message *what = &messages[_i];
    struct octets whole, o;

    compose(what, what->all, &whole);
    for (size_t at = 8; at < whole.n; at += (size_t)whole.p[at + 1] * 4) {
        size_t n = (size_t)whole.p[at + 1] * 4;

        o = whole;
        append(&o, whole.p + at, n);
        if (whole.p[at] != 24) /* AT_KDF: a list */
            ck_assert_msg(!is_good(what->kind, &o), "message %d, attribute %d twice", _i,
                          whole.p[at]);
        for (unsigned length = 0; length < 256; length++) {
            o = whole;
            o.p[at + 1] = (uint8_t)length;
            /* Sealed octets may swallow what follows: that is for the MAC to find. */
            ck_assert_msg(length == n / 4 || whole.p[at] == 130 || !is_good(what->kind, &o),
                          "message %d, attribute %d of length %u", _i, whole.p[at], length);
        }
    }
    for (size_t n = 5; n < whole.n; n++) {
        bool at_boundary = false;

        for (size_t at = 8; at <= n; at += (size_t)whole.p[at + 1] * 4)
            at_boundary = at_boundary || at == n;
        o = whole;
        o.n = n;
        ck_assert(at_boundary || !is_good(what->kind, &o));
    }
}
END_TEST

START_TEST(unknown_attributes)
{
    const struct message *what = &messages[_i];
    struct octets o;

    for (unsigned type = 0; type < 256; type++) {
        const uint8_t unknown[8] = {(uint8_t)type, 2};
        bool known = false;

        for (int at = 0; at < AT_COUNT; at++) {
            struct simaka_writer w;

            simaka_begin_nested(&w);
            simaka_put(&w, (enum simaka_at)at, sample(what->kind, (enum simaka_at)at));
            known = known || w.p[0] == type;
        }
        if (known)
            continue;
        compose(what, what->all, &o);
        append(&o, unknown, sizeof(unknown));
        ck_assert_msg(is_good(what->kind, &o) == (type >= 128), "attribute %u", type);
    }
}
END_TEST

static bool accepts(const struct message *what, uint32_t without, const void *attribute, size_t n)
{
    struct octets o;

    compose(what, what->all & ~without, &o);
    append(&o, attribute, n);
    return is_good(what->kind, &o);
}

START_TEST(forms)
{
    const struct message start = messages[0], response = messages[1], challenge = messages[6],
                         res = messages[7];
    uint8_t a[260] = {0};

    /* AT_VERSION_LIST: whole versions, at least one, no surplus word. */
    ck_assert(accepts(&start, B(VERSION_LIST), "\x0f\2\0\4\0\1\0\2", 8));
    ck_assert(!accepts(&start, B(VERSION_LIST), "\x0f\2\0\3\0\1\0\2", 8));
    ck_assert(!accepts(&start, B(VERSION_LIST), "\x0f\1\0\0", 4));
    ck_assert(!accepts(&start, B(VERSION_LIST), "\x0f\3\0\2\0\1\0\0\0\0\0\0", 12));
    ck_assert(!accepts(&start, B(VERSION_LIST), "\x0f\2\0\6\0\1\0\2", 8));
    /* AT_IDENTITY: may be empty by its form. */
    ck_assert(accepts(&response, B(IDENTITY), "\x0e\1\0\0", 4));
    ck_assert(accepts(&response, B(IDENTITY), "\x0e\2\0\1x\0\0\0", 8));
    ck_assert(!accepts(&response, B(IDENTITY), "\x0e\1\0\1", 4));
    /* AT_RES: 32 to 128 bits, whole octets. */
    for (unsigned bits = 0; bits <= 160; bits++) {
        unsigned octets = (bits + 7) / 8;

        a[0] = 3;
        a[1] = (uint8_t)(1 + (octets + 3) / 4);
        a[3] = (uint8_t)bits;
        ck_assert_int_eq(accepts(&res, B(RES), a, (size_t)a[1] * 4),
                         bits >= 32 && bits <= 128 && bits % 8 == 0);
    }
    /* AT_CHECKCODE: nothing, or a hash. */
    for (unsigned words = 1; words < 12; words++) {
        a[0] = 134;
        a[1] = (uint8_t)words;
        ck_assert_int_eq(accepts(&challenge, B(CHECKCODE), a, words * 4), words == 1 || words == 6);
    }
    /* AT_RAND: one of AKA; one to three of SIM, of which the peer refuses one. */
    for (unsigned words = 1; words < 20; words++) {
        memset(a, 0, sizeof(a));
        a[0] = 1;
        a[1] = (uint8_t)words;
        ck_assert_int_eq(accepts(&challenge, B(RAND), a, words * 4), words == 5);
        ck_assert_int_eq(accepts(&messages[2], B(RAND), a, words * 4),
                         words == 5 || words == 9 || words == 13);
    }
}
END_TEST

START_TEST(consistency)
{
    const struct message sync = messages[15], notification = messages[19];
    struct octets o;
    uint8_t kdf[4] = {24, 1, 0, 1};

    ck_assert_int_eq(notification.subtype, SIMAKA_NOTIFICATION);
    for (unsigned code = 0; code < 4; code++) {
        const uint8_t a[4] = {12, 1, (uint8_t)(code << 6), 0};
        bool before = code & 1;
        uint32_t sealed = B(IV) | B(ENCR_DATA);

        /* A MAC if and only if P is not set; S and P exclude each other; no secrets without MAC. */
        ck_assert_int_eq(accepts(&notification, B(NOTIFICATION), a, 4), !before);
        ck_assert_int_eq(accepts(&notification, B(NOTIFICATION) | sealed, a, 4), !before);
        ck_assert_int_eq(accepts(&notification, B(NOTIFICATION) | sealed | B(MAC), a, 4),
                         code == 1);
        ck_assert(!accepts(&notification, B(NOTIFICATION) | B(MAC), a, 4));
    }
    /* AT_IV and AT_ENCR_DATA, AT_NONCE_MT and AT_SELECTED_VERSION come together. */
    for (int i = 0; i < MESSAGES; i++)
        if (messages[i].all & B(IV)) {
            compose(&messages[i], messages[i].all & ~B(IV), &o);
            ck_assert(!is_good(messages[i].kind, &o));
            compose(&messages[i], messages[i].all & ~B(ENCR_DATA), &o);
            ck_assert(!is_good(messages[i].kind, &o));
        }
    compose(&messages[1], B(IDENTITY), &o); /* fast re-authentication */
    ck_assert(is_good(SIMAKA_SIM, &o));
    compose(&messages[1], 0, &o);
    ck_assert(!is_good(SIMAKA_SIM, &o));
    /* One identity is asked for. */
    compose(&messages[4], B(ANY_ID_REQ) | B(FULLAUTH_ID_REQ), &o);
    ck_assert(!is_good(SIMAKA_AKA, &o));
    compose(&messages[0], B(VERSION_LIST) | B(ANY_ID_REQ) | B(PERMANENT_ID_REQ), &o);
    ck_assert(!is_good(SIMAKA_SIM, &o));
    /* AT_KDF: a list, but not without end. */
    compose(&sync, sync.all, &o);
    for (unsigned n = 2; n < 12; n++) {
        append(&o, kdf, sizeof(kdf));
        ck_assert_int_eq(is_good(SIMAKA_AKA_PRIME, &o), n <= SIMAKA_MAX_KDF);
    }
    /* A code or subtype that is none. */
    compose(&messages[0], messages[0].all, &o);
    for (unsigned subtype = 0; subtype < 256; subtype++) {
        o.p[5] = (uint8_t)subtype;
        ck_assert_int_eq(is_good(SIMAKA_SIM, &o), subtype == SIM_START);
    }
}
END_TEST

/* ---- AT_MAC and AT_ENCR_DATA ---- */

static void compose_mac(enum simaka_kind kind, struct span extra, struct octets *out)
{
    struct simaka_writer w, nested;
    struct buf b;

    simaka_begin_nested(&nested);
    simaka_put_number(&nested, AT_COUNTER, 5);
    simaka_put(&nested, AT_NONCE_S, span_of(block, 16));
    simaka_begin(&w, kind, EAP_REQUEST, 9, SIMAKA_REAUTHENTICATION);
    simaka_put_sealed(&w, NULL, key, iv, &nested);
    buf_init(&b, EAP_MTU);
    ck_assert(simaka_end_mac(&w, kind, NULL, key, extra, &b, NULL));
    out->n = 0;
    append(out, buf_span(&b).p, buf_len(&b));
    buf_clear(&b);
}

static bool is_genuine(enum simaka_kind kind, struct octets *o, struct span extra)
{
    struct simaka_message m;
    struct eap_packet p;

    return !eap_parse(span_of(o->p, o->n), &p) && simaka_parse(kind, &p, &m) &&
           simaka_mac_ok(kind, &m, NULL, key, extra);
}

START_TEST(mac)
{
    enum simaka_kind kind = (enum simaka_kind)_i;
    struct octets whole, o;

    compose_mac(kind, span_str("extra"), &whole);
    ck_assert(is_genuine(kind, &whole, span_str("extra")));
    ck_assert(!is_genuine(kind, &whole, span_str("extrA")));
    ck_assert(!is_genuine(kind, &whole, span_of(NULL, 0)));
    for (size_t i = 0; i < whole.n; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            /* RFC 4187 10.15: the reserved octets of AT_MAC are zeroed first. */
            bool reserved = i == whole.n - 18 || i == whole.n - 17;

            o = whole;
            o.p[i] ^= (uint8_t)(1u << bit);
            ck_assert_msg(is_genuine(kind, &o, span_str("extra")) == reserved, "octet %zu", i);
        }
}
END_TEST

static bool opens(enum simaka_kind kind, const struct simaka_writer *plain)
{
    struct octets o;
    uint8_t sealed[EAP_MTU], opened[EAP_MTU];
    struct simaka_message m, nested;
    struct simaka_writer w;

    cipher_cbc_encrypt(NULL, key, iv, plain->p, plain->n, sealed);
    simaka_begin(&w, kind, EAP_REQUEST, 9, SIMAKA_REAUTHENTICATION);
    simaka_put(&w, AT_IV, span_of(iv, 16));
    simaka_put(&w, AT_ENCR_DATA, span_of(sealed, plain->n));
    simaka_put(&w, AT_MAC, span_of(block, 16));
    o.n = 0;
    append(&o, w.p, w.n);
    ck_assert(parse(kind, &o, &m));
    return simaka_open(kind, &m, EAP_REQUEST, NULL, key, opened, &nested);
}

static void compose_nested(struct simaka_writer *w, const void *last, size_t n)
{
    simaka_begin_nested(w);
    simaka_put_number(w, AT_COUNTER, 5);
    simaka_put(w, AT_NONCE_S, span_of(block, 16));
    memcpy(w->p + w->n, last, n);
    w->n += n;
}

START_TEST(sealed)
{
    struct simaka_writer w;

    compose_nested(&w, "\6\2\0\0\0\0\0\0", 8);
    ck_assert(opens(SIMAKA_SIM, &w));
    ck_assert(opens(SIMAKA_AKA_PRIME, &w));
    for (unsigned i = 2; i < 8; i++) { /* padding that is not zero */
        compose_nested(&w, "\6\2\0\0\0\0\0\0", 8);
        w.p[w.n - 8 + i] = 1;
        ck_assert(!opens(SIMAKA_SIM, &w));
    }
    /* Padding before the end, twice, or longer than it need be. */
    compose_nested(&w, "\6\1\0\0\x85\1\0\0", 8);
    ck_assert(!opens(SIMAKA_SIM, &w));
    compose_nested(&w, "\x85\1\0\0\6\1\0\0", 8);
    ck_assert(opens(SIMAKA_SIM, &w));
    compose_nested(&w, "\6\1\0\0\6\1\0\0", 8);
    ck_assert(!opens(SIMAKA_SIM, &w));
    compose_nested(&w, "\6\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24);
    ck_assert(!opens(SIMAKA_SIM, &w));
    /* What is to be in the clear, unknown, cut off or missing. */
    compose_nested(&w, "\x0c\1\0\0\x0c\1\0\0", 8);
    ck_assert(!opens(SIMAKA_SIM, &w));
    compose_nested(&w, "\x7f\2\0\0\0\0\0\0", 8);
    ck_assert(!opens(SIMAKA_SIM, &w));
    compose_nested(&w, "\xff\2\0\0\0\0\0\0", 8);
    ck_assert(opens(SIMAKA_SIM, &w));
    compose_nested(&w, "\x85\3\0\1x\0\0\0", 8);
    ck_assert(!opens(SIMAKA_SIM, &w));
    simaka_begin_nested(&w);
    simaka_put_number(&w, AT_COUNTER, 5);
    simaka_put(&w, AT_PADDING, span_of("\0\0\0\0\0\0\0\0\0\0", 10));
    ck_assert(!opens(SIMAKA_SIM, &w));
}
END_TEST

START_TEST(bounds)
{
    struct simaka_writer w, nested;
    struct buf b;
    uint8_t long_name[253];

    memset(long_name, 'n', sizeof(long_name));
    buf_init(&b, 4096);
    simaka_begin(&w, SIMAKA_AKA, EAP_RESPONSE, 1, AKA_IDENTITY);
    for (int i = 0; i < 3; i++)
        simaka_put(&w, AT_IDENTITY, span_of(long_name, sizeof(long_name)));
    ck_assert(!w.full);
    simaka_put(&w, AT_IDENTITY, span_of(long_name, sizeof(long_name)));
    ck_assert(w.full);
    ck_assert(!simaka_end(&w, &b));
    ck_assert(!simaka_end_mac(&w, SIMAKA_AKA, NULL, key, span_of(NULL, 0), &b, NULL));
    ck_assert_uint_eq(buf_len(&b), 0);
    simaka_begin(&w, SIMAKA_AKA, EAP_RESPONSE, 1, AKA_IDENTITY);
    simaka_begin_nested(&nested);
    for (int i = 0; i < 4; i++)
        simaka_put(&nested, AT_NEXT_REAUTH_ID, span_of(long_name, 250));
    simaka_put_sealed(&w, NULL, key, iv, &nested);
    ck_assert(!simaka_end(&w, &b));
    buf_clear(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eap_simaka_attr");
    TCase *t = tcase_create("codec");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    suite_add_tcase(suite, t);
    tcase_add_loop_test(t, round_trip, 0, MESSAGES);
    tcase_add_loop_test(t, what_belongs, 0, MESSAGES);
    tcase_add_loop_test(t, malformed, 0, MESSAGES);
    tcase_add_loop_test(t, unknown_attributes, 0, MESSAGES);
    tcase_add_test(t, forms);
    tcase_add_test(t, consistency);
    tcase_add_loop_test(t, mac, 0, SIMAKA_KINDS);
    tcase_add_test(t, sealed);
    tcase_add_test(t, bounds);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
