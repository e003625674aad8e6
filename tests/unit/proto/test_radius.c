/* RADIUS packets: RFC 2865's examples, packets computed elsewhere, and what is no packet. */
#include "crypto/entity.h"
#include "models/proto/radius_impl.h"
#include "tests/support/vectors.h"

#include <check.h>
#include <stdlib.h>

struct octets {
    uint8_t p[RADIUS_PACKET_MAX];
    size_t n;
};

static struct octets of_vector(const char *name, const char *key)
{
    struct vectors *v = vectors_read("radius.txt");
    struct octets o;

    o.n = vectors_hex(v, vectors_find(v, name), key, o.p, sizeof(o.p));
    vectors_free(v);
    return o;
}

static struct span span_octets(const struct octets *o)
{
    return span_of(o->p, o->n);
}

static struct radius_packet parsed(const struct octets *o)
{
    struct radius_packet p;

    ck_assert_int_eq(radius_parse(span_octets(o), &p), REASON_NONE);
    ck_assert_uint_eq(p.whole.n, o->n);
    return p;
}

static const char *const examples[] = {"RFC2865-7.1", "RFC2865-7.2", "RFC2865-7.3-challenge",
                                       "RFC2865-7.3-reject"};

START_TEST(examples_of_rfc_2865)
{
    struct octets request = of_vector(examples[_i], "request");
    struct octets response = of_vector(examples[_i], "response");
    struct radius_packet q = parsed(&request), a = parsed(&response);
    struct span secret = span_str("xyzzy5461"), name;
    size_t at = 0;

    ck_assert_uint_eq(q.code, RADIUS_ACCESS_REQUEST);
    ck_assert_uint_eq(q.id, a.id);
    ck_assert(radius_find(&q, RADIUS_USER_NAME, &at, &name));
    ck_assert(name.n >= 4 && name.n <= 6);
    ck_assert(radius_check_response(&a, NULL, secret, q.authenticator));
    ck_assert(!radius_check_response(&a, NULL, span_str("xyzzy5462"), q.authenticator));
    ck_assert(!radius_check_message(&a, NULL, secret, q.authenticator)); /* it has none */
    for (size_t i = 0; i < response.n; i++) {
        struct radius_packet bad;

        response.p[i] ^= 1;
        if (radius_parse(span_octets(&response), &bad) == REASON_NONE)
            ck_assert(!radius_check_response(&bad, NULL, secret, q.authenticator));
        response.p[i] ^= 1;
    }
}
END_TEST

START_TEST(the_challenge_of_rfc_2865)
{
    struct octets o = of_vector("RFC2865-7.3-challenge", "response");
    struct radius_packet p = parsed(&o);
    struct span state = radius_state(&p);

    ck_assert_uint_eq(p.code, RADIUS_ACCESS_CHALLENGE);
    ck_assert_uint_eq(state.n, 8);
    ck_assert_mem_eq(state.p, "32769430", 8);
}
END_TEST

/* ---- packets with EAP ---- */

#define EAP "computed-eap"

static void begin_request(struct radius_writer *w)
{
    struct octets authenticator = of_vector(EAP, "request_authenticator");

    radius_begin(w, RADIUS_ACCESS_REQUEST, 9, authenticator.p);
    radius_put(w, RADIUS_USER_NAME, span_str("device-1@m2m.example"));
    radius_put(w, RADIUS_NAS_IDENTIFIER, span_str("nscl-1"));
}

static void check_written(const struct radius_writer *w, const char *key)
{
    struct octets known = of_vector(EAP, key);

    ck_assert_uint_eq(w->n, known.n);
    ck_assert_mem_eq(w->octets, known.p, known.n);
}

START_TEST(packets_are_written)
{
    struct octets authenticator = of_vector(EAP, "request_authenticator");
    struct octets identity = of_vector(EAP, "eap_identity"), longer = of_vector(EAP, "eap_long");
    struct octets state = of_vector(EAP, "state");
    struct span secret = span_str("testing123");
    struct meter m = {0};
    struct radius_writer w;

    begin_request(&w);
    radius_put_eap(&w, span_octets(&identity));
    ck_assert(radius_seal_request(&w, &m, secret));
    check_written(&w, "request");
    ck_assert_uint_eq(m.use[OP_HMAC_MD5].calls, 1);
    ck_assert_uint_eq(m.use[OP_HMAC_MD5].octets, w.n);
    ck_assert_uint_eq(m.use[OP_MD5].calls, 0);

    begin_request(&w);
    radius_put_eap(&w, span_octets(&longer));
    radius_put(&w, RADIUS_STATE, span_octets(&state));
    ck_assert(radius_seal_request(&w, NULL, secret));
    check_written(&w, "request_long");

    radius_begin(&w, RADIUS_ACCESS_CHALLENGE, 9, authenticator.p);
    radius_put_eap(&w, span_of("\x01\x08\x00\x06\x33\x00", 6));
    radius_put(&w, RADIUS_STATE, span_octets(&state));
    ck_assert(radius_seal_response(&w, &m, secret));
    check_written(&w, "challenge");
    ck_assert_uint_eq(m.use[OP_HMAC_MD5].calls, 2);
    ck_assert_uint_eq(m.use[OP_MD5].calls, 1);

    radius_begin(&w, RADIUS_ACCESS_REJECT, 9, authenticator.p);
    radius_put_eap(&w, span_of("\x04\x08\x00\x04", 4));
    ck_assert(radius_seal_response(&w, NULL, secret));
    check_written(&w, "reject");
}
END_TEST

START_TEST(eap_is_joined)
{
    struct octets known = of_vector(EAP, "eap_long"), o = of_vector(EAP, "request_long");
    struct radius_packet p = parsed(&o);
    struct span part;
    struct buf b;
    size_t at = 0, parts = 0;

    while (radius_find(&p, RADIUS_EAP_MESSAGE, &at, &part))
        ck_assert_uint_eq(part.n, ++parts < 3 ? 253 : 600 - 2 * 253);
    ck_assert_uint_eq(parts, 3);
    buf_init(&b, 600);
    ck_assert(radius_eap(&p, &b));
    ck_assert_uint_eq(buf_len(&b), 600);
    ck_assert_mem_eq(buf_span(&b).p, known.p, 600);
    buf_clear(&b);
    buf_init(&b, 599);
    ck_assert(!radius_eap(&p, &b));
    buf_clear(&b);
    o = of_vector("RFC2865-7.1", "request");
    p = parsed(&o);
    buf_init(&b, 10);
    ck_assert(!radius_eap(&p, &b));
    buf_clear(&b);
}
END_TEST

START_TEST(eap_start_is_an_empty_attribute)
{
    struct radius_writer w;
    struct radius_packet p;
    struct buf b;

    begin_request(&w);
    radius_put_eap(&w, span_of(NULL, 0));
    ck_assert(radius_seal_request(&w, NULL, span_str("s")));
    ck_assert_mem_eq(w.octets + w.n - 2, "\x4f\x02", 2);
    ck_assert_int_eq(radius_parse(span_of(w.octets, w.n), &p), REASON_NONE);
    buf_init(&b, 10);
    ck_assert(radius_eap(&p, &b));
    ck_assert_uint_eq(buf_len(&b), 0);
    buf_clear(&b);
}
END_TEST

/* Each octet of each packet is under the Message-Authenticator, and of a response under its
 * Response Authenticator too. */
START_TEST(altered_packets_do_not_verify)
{
    static const char *const keys[] = {"request", "request_long", "challenge", "accept", "reject"};
    struct octets authenticator = of_vector(EAP, "request_authenticator");
    struct octets o = of_vector(EAP, keys[_i]);
    struct span secret = span_str("testing123");
    struct radius_packet p = parsed(&o);
    bool response = p.code != RADIUS_ACCESS_REQUEST;

    ck_assert(radius_check_message(&p, NULL, secret, authenticator.p));
    ck_assert(!response || radius_check_response(&p, NULL, secret, authenticator.p));
    ck_assert(!radius_check_message(&p, NULL, span_str("testing124"), authenticator.p));
    ck_assert(!radius_check_message(&p, NULL, span_of(NULL, 0), authenticator.p));
    for (size_t i = 0; i < o.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            o.p[i] = (uint8_t)(o.p[i] ^ 1 << bit);
            if (radius_parse(span_octets(&o), &p) == REASON_NONE) {
                const uint8_t *a = response ? authenticator.p : p.authenticator;

                ck_assert(!response || !radius_check_response(&p, NULL, secret, a));
                /* in a response the authenticator itself is not under the HMAC */
                ck_assert((response && i >= 4 && i < 20) ||
                          !radius_check_message(&p, NULL, secret, a));
            }
            o.p[i] = (uint8_t)(o.p[i] ^ 1 << bit);
        }
    authenticator.p[15] ^= 1;
    p = parsed(&o);
    ck_assert(!radius_check_message(&p, NULL, secret, authenticator.p));
    ck_assert(!response || !radius_check_response(&p, NULL, secret, authenticator.p));
}
END_TEST

START_TEST(a_message_authenticator_comes_once_and_whole)
{
    static const uint8_t authenticator[16] = {1};
    struct span secret = span_str("s");
    struct radius_writer w;
    struct radius_packet p;

    radius_begin(&w, RADIUS_ACCESS_REQUEST, 1, authenticator);
    radius_put(&w, RADIUS_MESSAGE_AUTHENTICATOR, span_of(authenticator, 16));
    ck_assert(radius_seal_request(&w, NULL, secret));
    ck_assert_int_eq(radius_parse(span_of(w.octets, w.n), &p), REASON_NONE);
    ck_assert(!radius_check_message(&p, NULL, secret, authenticator));
    radius_begin(&w, RADIUS_ACCESS_REQUEST, 1, authenticator);
    ck_assert(radius_seal_request(&w, NULL, secret));
    ck_assert_int_eq(radius_parse(span_of(w.octets, w.n), &p), REASON_NONE);
    ck_assert(radius_check_message(&p, NULL, secret, authenticator));
    /* one octet shorter: the last attribute, so that the packet is well-formed */
    w.octets[3]--;
    w.octets[21]--;
    ck_assert_int_eq(radius_parse(span_of(w.octets, w.n), &p), REASON_NONE);
    ck_assert(!radius_check_message(&p, NULL, secret, authenticator));
}
END_TEST

/* ---- keys ---- */

START_TEST(keys_are_read)
{
    struct octets authenticator = of_vector(EAP, "request_authenticator");
    struct octets o = of_vector(EAP, "accept"), known = of_vector(EAP, "MSK");
    struct radius_packet p = parsed(&o);
    struct meter m = {0};
    uint8_t msk[EAP_KEY_LEN];

    ck_assert(radius_find_msk(&p, &m, span_str("testing123"), authenticator.p, msk));
    ck_assert_mem_eq(msk, known.p, EAP_KEY_LEN);
    ck_assert_uint_eq(m.use[OP_MD5].calls, 6);
    ck_assert(!radius_find_msk(&p, NULL, span_str("testing124"), authenticator.p, msk));
    o = of_vector(EAP, "reject");
    p = parsed(&o);
    ck_assert(!radius_find_msk(&p, NULL, span_str("testing123"), authenticator.p, msk));
}
END_TEST

START_TEST(keys_are_written)
{
    static const uint8_t authenticator[16] = {7, 7, 7};
    struct span secret = span_str("a secret of more than sixteen octets"), recv, send;
    uint8_t msk[EAP_KEY_LEN], got[EAP_KEY_LEN];

    for (size_t i = 0; i < sizeof(msk); i++)
        msk[i] = (uint8_t)(i * 3);
    for (unsigned seed = 0; seed < 100; seed++) {
        struct rng stream = rng_stream(seed, "radius", "test");
        struct proto_env env = {.stream = &stream};
        struct radius_writer w;
        struct radius_packet p;

        radius_begin(&w, RADIUS_ACCESS_ACCEPT, 1, authenticator);
        radius_put_msk(&w, &env, secret, authenticator, msk);
        ck_assert(radius_seal_response(&w, NULL, secret));
        ck_assert_int_eq(radius_parse(span_of(w.octets, w.n), &p), REASON_NONE);
        ck_assert(radius_find_msk(&p, NULL, secret, authenticator, got));
        ck_assert_mem_eq(got, msk, sizeof(msk));
        /* RFC 2548 2.4.2: leftmost bit set, unique within the packet */
        ck_assert(radius_find_sub(&p, 311, 17, &recv) && radius_find_sub(&p, 311, 16, &send));
        ck_assert(recv.p[0] & 0x80 && send.p[0] & 0x80);
        ck_assert(memcmp(recv.p, send.p, 2) != 0);
    }
}
END_TEST

/* ---- attributes ---- */

START_TEST(vendor_attributes)
{
    uint8_t most[247], packet[RADIUS_PACKET_MAX] = {RADIUS_ACCESS_ACCEPT};
    struct radius_packet p;
    struct span v;
    struct buf b;

    memset(most, 0x5a, sizeof(most));
    buf_init(&b, 1000);
    ck_assert(radius_put_vendor(&b, 3, span_str("three")));
    ck_assert_mem_eq(buf_span(&b).p, "\x1a\x0d\x00\xff\xff\xfe\x03\x07three", 13);
    ck_assert(radius_put_vendor(&b, 4, span_of(most, sizeof(most))));
    ck_assert(!radius_put_vendor(&b, 5, span_of(packet, sizeof(most) + 1)));
    ck_assert(radius_put_vendor(&b, 6, span_of(NULL, 0)));
    ck_assert_uint_eq(buf_len(&b), 13 + 255 + 8);
    packet[2] = (uint8_t)((20 + buf_len(&b)) >> 8);
    packet[3] = (uint8_t)(20 + buf_len(&b));
    memcpy(packet + 20, buf_span(&b).p, buf_len(&b));
    ck_assert_int_eq(radius_parse(span_of(packet, 20 + buf_len(&b)), &p), REASON_NONE);
    ck_assert(radius_find_vendor(&p, 3, &v) && v.n == 5 && memcmp(v.p, "three", 5) == 0);
    ck_assert(radius_find_vendor(&p, 4, &v) && v.n == 247 && memcmp(v.p, most, 247) == 0);
    ck_assert(radius_find_vendor(&p, 6, &v) && v.n == 0);
    ck_assert(!radius_find_vendor(&p, 5, &v));
    buf_clear(&b);
    buf_init(&b, 12);
    ck_assert(!radius_put_vendor(&b, 3, span_str("three")));
    ck_assert_uint_eq(buf_len(&b), 0);
    buf_clear(&b);
}
END_TEST

/* Several in one attribute, and what is not made of whole ones. */
START_TEST(vendor_attributes_of_others)
{
    static const uint8_t octets[] = {
        2, 0, 0, 20 + 48, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        /* Microsoft: two in one, then a length that overruns */
        26, 16, 0, 0, 1, 0x37, 16, 3, 'a', 17, 3, 'b', 1, 9, 'x', 'y',
        /* too short for a vendor; only a vendor; a length below 2 */
        26, 5, 0, 0, 1, 26, 6, 0, 0, 1, 0x37, 26, 10, 0, 0xff, 0xff, 0xfe, 1, 1, 'z', 0, 26, 11, 0,
        0xff, 0xff, 0xfe, 2, 3, 'c', 3, 2};
    struct radius_packet p;
    struct span v;

    ck_assert_uint_eq(sizeof(octets), 20 + 48);
    ck_assert_int_eq(radius_parse(span_of(octets, sizeof(octets)), &p), REASON_NONE);
    ck_assert(radius_find_sub(&p, 311, 16, &v) && v.n == 1 && v.p[0] == 'a');
    ck_assert(radius_find_sub(&p, 311, 17, &v) && v.n == 1 && v.p[0] == 'b');
    ck_assert(!radius_find_sub(&p, 311, 1, &v));
    ck_assert(!radius_find_vendor(&p, 1, &v));
    ck_assert(radius_find_vendor(&p, 2, &v) && v.n == 1 && v.p[0] == 'c');
    ck_assert(radius_find_vendor(&p, 3, &v) && v.n == 0);
}
END_TEST

START_TEST(what_is_no_packet)
{
    static const struct {
        const char *octets;
        size_t n;
    } bad[] = {
        {"\x01\x00\x00\x14"
         "0123456789abcde",
         19}, /* shorter than a header */
        {"\x01\x00\x00\x13"
         "0123456789abcdef",
         20}, /* its length says so */
        {"\x01\x00\x00\x15"
         "0123456789abcdef",
         20}, /* longer than it came */
        {"\x01\x00\x10\x01"
         "0123456789abcdef",
         20}, /* over 4096 */
        {"\x01\x00\x00\x15"
         "0123456789abcdef\x01",
         21}, /* half an attribute header */
        {"\x01\x00\x00\x16"
         "0123456789abcdef\x01\x00",
         22}, /* lengths below 2 */
        {"\x01\x00\x00\x16"
         "0123456789abcdef\x01\x01",
         22},
        {"\x01\x00\x00\x16"
         "0123456789abcdef\x01\x03",
         22}, /* beyond the end */
        {"\x01\x00\x00\x19"
         "0123456789abcdef\x01\x04xx\x01",
         25},
    };
    uint8_t longest[RADIUS_PACKET_MAX + 4] = {1, 0, 0x10, 0};
    struct radius_packet p;

    ck_assert_int_eq(radius_parse(span_of(NULL, 0), &p), REASON_RADIUS_MALFORMED);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(radius_parse(span_of(bad[i].octets, bad[i].n), &p) == REASON_RADIUS_MALFORMED,
                      "%zu", i);
    for (size_t i = RADIUS_HEADER; i < sizeof(longest); i += 4)
        longest[i + 1] = 4;
    ck_assert_int_eq(radius_parse(span_of(longest, RADIUS_PACKET_MAX), &p), REASON_NONE);
    /* RFC 2865 3: what lies beyond the length is padding */
    ck_assert_int_eq(radius_parse(span_of(longest, sizeof(longest)), &p), REASON_NONE);
    ck_assert_uint_eq(p.whole.n, RADIUS_PACKET_MAX);
    longest[3] = 4;
    ck_assert_int_eq(radius_parse(span_of(longest, sizeof(longest)), &p), REASON_RADIUS_MALFORMED);
    longest[3] = 20;
    longest[2] = 0;
    ck_assert_int_eq(radius_parse(span_of(longest, sizeof(longest)), &p), REASON_NONE);
    ck_assert_uint_eq(p.attributes.n, 0);
    ck_assert_uint_eq(radius_state(&p).n, 0);
}
END_TEST

START_TEST(cut_at_every_octet)
{
    struct octets o = of_vector(EAP, "accept");
    struct radius_packet p;

    for (size_t n = 0; n < o.n; n++)
        ck_assert_int_eq(radius_parse(span_of(o.p, n), &p), REASON_RADIUS_MALFORMED);
}
END_TEST

START_TEST(too_much_for_a_packet)
{
    static const uint8_t authenticator[16], value[RADIUS_VALUE_MAX];
    uint8_t eap[RADIUS_PACKET_MAX] = {0};
    struct radius_writer w;

    radius_begin(&w, RADIUS_ACCESS_REQUEST, 0, authenticator);
    for (int i = 0; i < 15; i++)
        radius_put(&w, RADIUS_PROXY_STATE, span_of(value, sizeof(value)));
    radius_put(&w, RADIUS_PROXY_STATE, span_of(value, RADIUS_PACKET_MAX - 38 - 15 * 255 - 2));
    ck_assert_uint_eq(w.n, RADIUS_PACKET_MAX);
    ck_assert(radius_seal_request(&w, NULL, span_str("s")));
    radius_put(&w, RADIUS_PROXY_STATE, span_of(NULL, 0));
    ck_assert(!radius_seal_request(&w, NULL, span_str("s")));
    ck_assert(!radius_seal_response(&w, NULL, span_str("s")));
    radius_begin(&w, RADIUS_ACCESS_REQUEST, 0, authenticator);
    radius_put_eap(&w, span_of(eap, sizeof(eap)));
    ck_assert(!radius_seal_request(&w, NULL, span_str("s")));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("radius");
    TCase *tc = tcase_create("radius");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, examples_of_rfc_2865, 0, 4);
    tcase_add_test(tc, the_challenge_of_rfc_2865);
    tcase_add_test(tc, packets_are_written);
    tcase_add_test(tc, eap_is_joined);
    tcase_add_test(tc, eap_start_is_an_empty_attribute);
    tcase_add_loop_test(tc, altered_packets_do_not_verify, 0, 5);
    tcase_add_test(tc, a_message_authenticator_comes_once_and_whole);
    tcase_add_test(tc, keys_are_read);
    tcase_add_test(tc, keys_are_written);
    tcase_add_test(tc, vendor_attributes);
    tcase_add_test(tc, vendor_attributes_of_others);
    tcase_add_test(tc, what_is_no_packet);
    tcase_add_test(tc, cut_at_every_octet);
    tcase_add_test(tc, too_much_for_a_packet);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
