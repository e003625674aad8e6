/* The meter's table against the calls libssl really makes: this program puts its own functions
 * before libcrypto's, which count and call on. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tests/support/tls_rig.h"

#include "crypto/openssl.h"

#include <check.h>
#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

static struct calls {
    unsigned decrypt, encrypt, derive, keygen, parse;
    unsigned sign, verify; /* verify: of CertificateVerify, and of a certificate by its issuer */
    unsigned prf, prf_octets;
    unsigned random, random_octets; /* drawn by libssl itself */
} calls;

static void *next(const char *name)
{
    void *f = dlsym(RTLD_NEXT, name);

    if (!f)
        abort();
    return f;
}

static void count_random(void *caller, size_t n)
{
    Dl_info info;

    if (dladdr(caller, &info) && strstr(info.dli_fname, "libssl")) {
        calls.random++;
        calls.random_octets += (unsigned)n;
    }
}

#define FORWARD(type, name, parameters, arguments, count)                                          \
    type name parameters                                                                           \
    {                                                                                              \
        type(*f) parameters = (type(*) parameters)next(#name);                                     \
        count;                                                                                     \
        return f arguments;                                                                        \
    }

/* clang-format off */
FORWARD(int, EVP_PKEY_decrypt, (EVP_PKEY_CTX *c, unsigned char *o, size_t *on, const unsigned char *i, size_t n),
        (c, o, on, i, n), calls.decrypt++)
FORWARD(int, EVP_PKEY_encrypt, (EVP_PKEY_CTX *c, unsigned char *o, size_t *on, const unsigned char *i, size_t n),
        (c, o, on, i, n), calls.encrypt += o != NULL)
FORWARD(int, EVP_PKEY_derive, (EVP_PKEY_CTX *c, unsigned char *o, size_t *on), (c, o, on), calls.derive += o != NULL)
FORWARD(int, EVP_PKEY_keygen, (EVP_PKEY_CTX *c, EVP_PKEY **k), (c, k), calls.keygen++)
FORWARD(X509 *, d2i_X509, (X509 **a, const unsigned char **p, long n), (a, p, n), calls.parse++)
FORWARD(int, EVP_DigestSign, (EVP_MD_CTX *c, unsigned char *o, size_t *on, const unsigned char *i, size_t n),
        (c, o, on, i, n), calls.sign += o != NULL)
FORWARD(int, EVP_DigestVerify, (EVP_MD_CTX *c, const unsigned char *s, size_t sn, const unsigned char *i, size_t n),
        (c, s, sn, i, n), calls.verify++)
FORWARD(int, EVP_KDF_derive, (EVP_KDF_CTX *c, unsigned char *o, size_t n, const OSSL_PARAM *p), (c, o, n, p),
        (calls.prf++, calls.prf_octets += (unsigned)n))
FORWARD(int, RAND_bytes_ex, (OSSL_LIB_CTX *l, unsigned char *o, size_t n, unsigned s), (l, o, n, s),
        count_random(__builtin_return_address(0), n))
FORWARD(int, RAND_priv_bytes_ex, (OSSL_LIB_CTX *l, unsigned char *o, size_t n, unsigned s), (l, o, n, s),
        count_random(__builtin_return_address(0), n))
/* clang-format on */

static struct calls side_calls[2];

/* Calls are counted for whoever is entered: steps of the two sides never overlap. */
struct counted {
    struct rig rig;
    const struct proto_ops *real[2];
    struct proto_ops ops[2];
};

static struct counted *now_counted;

static int side_of(const struct proto *p)
{
    return p == rig_proto(&now_counted->rig, 1);
}

static void count(int side, struct calls before)
{
    unsigned *to = (unsigned *)&side_calls[side], *from = (unsigned *)&before;
    unsigned *now = (unsigned *)&calls;

    for (size_t i = 0; i < sizeof(calls) / sizeof(unsigned); i++)
        to[i] += now[i] - from[i];
}

static void start(struct proto *p, sim_ns now)
{
    struct calls before = calls;

    now_counted->real[side_of(p)]->start(p, now);
    count(side_of(p), before);
}

static void input(struct proto *p, sim_ns now, struct span in)
{
    struct calls before = calls;

    now_counted->real[side_of(p)]->input(p, now, in);
    count(side_of(p), before);
}

static const struct meter_use *use(const struct rig *r, int side, enum meter_op op)
{
    return &r->pair.side[side].meter.use[op];
}

/* The handshake only: the client says nothing when it is open. */
static void run_counted(struct counted *c, const struct rig_settings *s)
{
    rig_init(&c->rig, s);
    now_counted = c;
    memset(side_calls, 0, sizeof(side_calls));
    for (int side = 0; side < 2; side++) {
        c->real[side] = rig_proto(&c->rig, side)->ops;
        c->ops[side] = *c->real[side];
        c->ops[side].start = start;
        c->ops[side].input = input;
        rig_proto(&c->rig, side)->ops = &c->ops[side];
        meter_clear(&c->rig.pair.side[side].meter);
    }
    c->rig.written = c->rig.exported[0] = c->rig.exported[1] = true;
    ck_assert_int_eq(rig_run(&c->rig, pair_clean()), PAIR_QUIET);
    ck_assert(tls_is_open(c->rig.tls[0]) && tls_is_open(c->rig.tls[1]));
}

static void compare(const struct counted *c, const struct rig_settings *s, int side)
{
    const struct rig *r = &c->rig;
    const struct calls *k = &side_calls[side];
    bool x = s->group == TLS_GROUP_X25519;
    enum meter_op prf = s->version == TLS_1_1 ? OP_PRF_MD5SHA1 : OP_PRF_SHA256;

    ck_assert_uint_eq(use(r, side, OP_RSA2048_PRIVATE)->calls, k->decrypt + k->sign);
    ck_assert_uint_eq(use(r, side, OP_RSA2048_PUBLIC)->calls, k->encrypt + k->verify);
    ck_assert_uint_eq(use(r, side, OP_X509_PARSE)->calls, k->parse);
    ck_assert_uint_eq(use(r, side, x ? OP_X25519_KEYGEN : OP_P256_KEYGEN)->calls, k->keygen);
    ck_assert_uint_eq(use(r, side, x ? OP_X25519_DERIVE : OP_P256_ECDH)->calls, k->derive);
    ck_assert_uint_eq(use(r, side, prf)->calls, k->prf);
    ck_assert_uint_eq(use(r, side, prf)->octets, k->prf_octets);
    ck_assert_uint_ge(k->prf, s->memory && tls_is_resumed(r->tls[side]) ? 3 : 4);
}

START_TEST(handshake_operations)
{
    struct rig_settings s = {.seed = 21, .group = _i % 2 ? TLS_GROUP_X25519 : TLS_GROUP_P256};
    struct counted c;

    ck_assert(rig_combination(_i / 2, &s.suite, &s.version));
    run_counted(&c, &s);
    for (int side = 0; side < 2; side++)
        compare(&c, &s, side);
    if (!tls_suite_is_psk(s.suite)) {
        bool ecdhe = s.suite == TLS_SUITE_ECDHE_RSA_AES_128_CBC_SHA256;

        ck_assert_uint_eq(side_calls[0].sign, 1);
        ck_assert_uint_eq(side_calls[1].sign, ecdhe);
        ck_assert_uint_eq(side_calls[1].decrypt, !ecdhe);
        ck_assert_uint_eq(side_calls[0].verify, 1 + ecdhe); /* the server's certificate; its half */
        ck_assert_uint_eq(side_calls[1].verify, 2);
    }
    rig_release(&c.rig);
}
END_TEST

/* The same holds of a server that asks for no certificate, and of a hint. */
START_TEST(handshake_operations_of_variants)
{
    struct rig_settings s = {.seed = 21, .anonymous = true, .hint_sent = "hint"};
    struct counted c;

    ck_assert(rig_combination(_i, &s.suite, &s.version));
    run_counted(&c, &s);
    for (int side = 0; side < 2; side++)
        compare(&c, &s, side);
    ck_assert_uint_eq(side_calls[0].sign, 0);
    rig_release(&c.rig);
}
END_TEST

/* Beside what libssl draws, libcrypto does for RSA: padding at the client, a false premaster at the
 * server. (And for keys and blinding, which belong to the price of those operations.) */
START_TEST(handshake_random)
{
    struct rig_settings s = {.seed = 21};
    struct counted c;

    ck_assert(rig_combination(_i, &s.suite, &s.version));
    run_counted(&c, &s);
    for (int side = 0; side < 2; side++) {
        unsigned inside =
            s.suite == TLS_SUITE_RSA_AES_128_CCM || s.suite == TLS_SUITE_RSA_AES_128_CBC_SHA;

        ck_assert_uint_eq(use(&c.rig, side, OP_RANDOM)->calls, side_calls[side].random + inside);
        ck_assert_uint_eq(use(&c.rig, side, OP_RANDOM)->octets,
                          side_calls[side].random_octets + (side == 0 ? 205 : 48) * inside);
    }
    rig_release(&c.rig);
}
END_TEST

/* A handshake that makes a session to be taken up, and the one that takes it up: session ids that
 * are drawn or not, and the IV of a ticket, which is ours to draw. */
START_TEST(operations_with_resumption)
{
    static const enum tls_resume ways[] = {TLS_RESUME_SESSION_ID, TLS_RESUME_TICKET};
    struct resume_memory m;
    struct rig_settings s = {.seed = 21, .group = TLS_GROUP_X25519, .memory = &m};
    bool tickets = _i % 2;

    ck_assert(rig_combination(_i / 2, &s.suite, &s.version));
    resume_init(&m, ways[_i % 2]);
    for (int resumed = 0; resumed < 2 && tls_suite_is_psk(s.suite); resumed++) {
        struct counted c;

        run_counted(&c, &s);
        for (int side = 0; side < 2; side++) {
            unsigned iv = side == 1 && tickets && !resumed;

            ck_assert_int_eq(tls_is_resumed(c.rig.tls[side]), resumed);
            compare(&c, &s, side);
            ck_assert_uint_eq(use(&c.rig, side, OP_RANDOM)->calls, side_calls[side].random + iv);
            ck_assert_uint_eq(use(&c.rig, side, OP_RANDOM)->octets,
                              side_calls[side].random_octets + 16 * iv);
        }
        ck_assert_uint_eq(side_calls[1].keygen + side_calls[1].derive,
                          resumed ? 0 : side_calls[0].derive * 2);
        rig_release(&c.rig);
    }
}
END_TEST

/* Of a ticket: sealed once, checked and opened each time that it comes back; the client makes a
 * digest of it. */
START_TEST(what_a_ticket_costs)
{
    struct resume_memory m;
    struct rig_settings s = {
        .suite = TLS_SUITE_PSK_AES_128_CCM, .version = TLS_1_2, .seed = 21, .memory = &m};
    struct counted c;
    struct meter_use sealed, checked;
    size_t ticket, without;

    resume_init(&m, TLS_RESUME_SESSION_ID);
    run_counted(&c, &s);
    without = buf_len(&c.rig.pair.side[1].sent) - 32; /* no id in the ServerHello, */
    rig_release(&c.rig);
    resume_init(&m, TLS_RESUME_TICKET);
    run_counted(&c, &s);
    /* but its extension, and a NewSessionTicket in a record of its own */
    ticket = buf_len(&c.rig.pair.side[1].sent) - without - 4 - 5 - 4 - 6;
    sealed = *use(&c.rig, 1, OP_HMAC_SHA256);
    ck_assert_uint_eq(sealed.calls, 1);
    ck_assert_uint_eq(sealed.octets, ticket - 32);
    ck_assert_uint_eq(use(&c.rig, 1, OP_AES128_CBC)->octets, ticket - 64);
    ck_assert_uint_eq(use(&c.rig, 0, OP_HMAC_SHA256)->calls, 0);
    rig_release(&c.rig);
    run_counted(&c, &s);
    checked = *use(&c.rig, 1, OP_HMAC_SHA256);
    ck_assert_uint_eq(checked.calls, 1);
    ck_assert_uint_eq(checked.octets, sealed.octets);
    ck_assert_uint_eq(use(&c.rig, 1, OP_AES128_CBC)->octets, ticket - 64);
    rig_release(&c.rig);
}
END_TEST

/* ---- what the wire says: an independent reading of the recorded octets ---- */

struct wire {
    unsigned messages, message_octets, records, text, mac;
};

static void read_wire(struct span s, unsigned mac, unsigned tag, struct wire *w)
{
    bool encrypted = false;

    memset(w, 0, sizeof(*w));
    for (size_t at = 0; at + 5 <= s.n;) {
        unsigned type = s.p[at], n = (unsigned)(s.p[at + 3] << 8 | s.p[at + 4]);

        if (encrypted) {
            w->records++;
            /* CCM: nonce and tag off; CBC with encrypt-then-MAC: IV and MAC off */
            w->text += mac == 0 ? n - 8 - tag : n - 16 - mac;
            w->mac += mac == 0 ? 0 : 13 + n - mac;
        } else if (type == 22) {
            for (unsigned i = 0; i < n; w->messages++) {
                unsigned length =
                    4 + (unsigned)(s.p[at + 6 + i] << 16 | s.p[at + 7 + i] << 8 | s.p[at + 8 + i]);

                w->message_octets += length;
                i += length;
            }
        }
        encrypted |= type == 20;
        at += 5 + n;
    }
}

START_TEST(record_octets)
{
    static const unsigned macs[] = {0, 20, 20, 32, 0, 20, 32, 32, 0};
    struct rig_settings s = {.seed = 22};
    struct wire w[2];
    unsigned mac, version_1_1;
    struct rig r;

    ck_assert(rig_combination(_i, &s.suite, &s.version));
    rig_init(&r, &s);
    for (int side = 0; side < 2; side++)
        meter_clear(&r.pair.side[side].meter);
    ck_assert_int_eq(rig_run(&r, pair_clean()), PAIR_ENDED);
    mac = macs[s.suite];
    version_1_1 = s.version == TLS_1_1;
    for (int side = 0; side < 2; side++)
        read_wire(buf_span(&r.pair.side[side].sent), mac,
                  s.suite == TLS_SUITE_PSK_AES_128_CCM_8 ? 8 : 16, &w[side]);
    /* The client is gone when the server's close_notify arrives. */
    for (int side = 0; side < 2; side++) {
        unsigned unread = side == 0, last = 0, last_mac = 0;
        enum meter_op op = mac == 0 ? OP_AES128_CCM : OP_AES128_CBC;
        enum meter_op hmac = mac == 20 ? OP_HMAC_SHA1 : OP_HMAC_SHA256;
        /* Finished, 16 octets, is in the transcript too, encrypted on the wire */
        unsigned messages = w[0].messages + w[1].messages + 2;
        unsigned octets = w[0].message_octets + w[1].message_octets + 32;

        if (unread) {
            last = mac == 0 ? 2 : 16;
            last_mac = 13 + 32;
        }
        ck_assert_uint_eq(use(&r, side, op)->calls, w[0].records + w[1].records - unread);
        ck_assert_uint_eq(use(&r, side, op)->octets, w[0].text + w[1].text - last);
        if (mac)
            ck_assert_uint_eq(use(&r, side, hmac)->octets, w[0].mac + w[1].mac - last_mac);
        ck_assert_uint_eq(use(&r, side, version_1_1 ? OP_SHA1 : OP_SHA256)->calls,
                          messages * (1 + version_1_1));
        ck_assert_uint_eq(use(&r, side, version_1_1 ? OP_SHA1 : OP_SHA256)->octets,
                          octets * (1 + version_1_1));
    }
    rig_release(&r);
}
END_TEST

START_TEST(export_is_a_prf)
{
    struct rig_settings s = {.suite = TLS_SUITE_PSK_AES_128_CCM, .version = TLS_1_2, .seed = 2};
    struct counted c;
    uint8_t key[40];
    struct meter_use before;

    run_counted(&c, &s);
    before = *use(&c.rig, 0, OP_PRF_SHA256);
    ck_assert(tls_export(c.rig.tls[0], M2M_EXPORTER_BOOTSTRAP, key, sizeof(key)));
    ck_assert_uint_eq(use(&c.rig, 0, OP_PRF_SHA256)->calls, before.calls + 1);
    ck_assert_uint_eq(use(&c.rig, 0, OP_PRF_SHA256)->octets, before.octets + 40);
    rig_release(&c.rig);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tls_meter");
    TCase *tc = tcase_create("tls_meter");
    SRunner *sr;
    int n = rig_combinations(), failed;

    rig_global_init();
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, handshake_operations, 0, 2 * n);
    tcase_add_loop_test(tc, handshake_operations_of_variants, 0, n);
    tcase_add_loop_test(tc, handshake_random, 0, n);
    tcase_add_loop_test(tc, operations_with_resumption, 0, 2 * n);
    tcase_add_test(tc, what_a_ticket_costs);
    tcase_add_loop_test(tc, record_octets, 0, n);
    tcase_add_test(tc, export_is_a_prf);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    rig_global_release();
    return failed != 0;
}
