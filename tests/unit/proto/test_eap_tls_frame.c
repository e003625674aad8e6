/* EAP-TLS's fragments: against a recorded conversation of hostapd and eapol_test, at every size,
 * and what does not add up. */
#include "models/proto/eap_tls_frame.h"

#include "tests/support/vectors.h"

#include <check.h>
#include <stdlib.h>

static struct eap_tls_frame frame;
static struct buf packet;

static void setup(void)
{
    eap_tls_frame_init(&frame);
    buf_init(&packet, EAP_PACKET_MAX);
}

static void teardown(void)
{
    eap_tls_frame_release(&frame);
    buf_clear(&packet);
}

/* From storage of just that size: what is read beyond it, the address sanitizer sees. */
static enum eap_tls_event read_octets(const char *data, size_t n)
{
    uint8_t *octets = malloc(n > 0 ? n : 1);
    enum eap_tls_event event;

    ck_assert_ptr_nonnull(octets);
    memcpy(octets, data, n);
    event = eap_tls_frame_read(&frame, span_of(octets, n));
    free(octets);
    return event;
}

/* ---- recorded packets ---- */

struct recorded {
    uint8_t octets[2048];
    size_t n;
    struct eap_packet packet;
};

static void get(const struct vectors *v, const char *key, struct recorded *out)
{
    out->n = vectors_hex(v, 0, key, out->octets, sizeof(out->octets));
    ck_assert_int_eq(eap_parse(span_of(out->octets, out->n), &out->packet), REASON_NONE);
    ck_assert_uint_eq(out->packet.whole.n, out->n);
    ck_assert_int_eq(out->packet.type, EAP_TLS);
}

/* Two fragments come together, and cut again at the size of the first are the same octets. */
static void check_fragments(const struct vectors *v, const char *first, const char *second,
                            size_t length)
{
    struct recorded a, b;

    get(v, first, &a);
    get(v, second, &b);
    ck_assert_int_eq(eap_tls_frame_read(&frame, a.packet.data), EAP_TLS_FRAGMENT);
    ck_assert_int_eq(eap_tls_frame_read(&frame, b.packet.data), EAP_TLS_MESSAGE);
    ck_assert_uint_eq(eap_tls_frame_message(&frame).n, length);
    buf_put_span(eap_tls_frame_out(&frame), eap_tls_frame_message(&frame));
    ck_assert(eap_tls_frame_write(&frame, a.packet.code, a.packet.id, (uint32_t)a.n, &packet));
    ck_assert_uint_eq(buf_len(&packet), a.n);
    ck_assert_mem_eq(buf_span(&packet).p, a.octets, a.n);
    ck_assert(eap_tls_frame_is_sending(&frame));
    buf_clear(&packet);
    ck_assert(eap_tls_frame_write(&frame, b.packet.code, b.packet.id, (uint32_t)a.n, &packet));
    ck_assert_uint_eq(buf_len(&packet), b.n);
    ck_assert_mem_eq(buf_span(&packet).p, b.octets, b.n);
    ck_assert(!eap_tls_frame_is_sending(&frame));
    buf_clear(&packet);
}

static void check_plain(const struct vectors *v, const char *key, enum eap_tls_event event)
{
    struct recorded a;

    get(v, key, &a);
    ck_assert_int_eq(eap_tls_frame_read(&frame, a.packet.data), event);
    if (event == EAP_TLS_MESSAGE)
        buf_put_span(eap_tls_frame_out(&frame), eap_tls_frame_message(&frame));
    if (event == EAP_TLS_STARTED)
        ck_assert(eap_tls_frame_write_start(a.packet.id, &packet));
    else
        ck_assert(eap_tls_frame_write(&frame, a.packet.code, a.packet.id, 1400, &packet));
    ck_assert_uint_eq(buf_len(&packet), a.n);
    ck_assert_mem_eq(buf_span(&packet).p, a.octets, a.n);
    buf_clear(&packet);
}

START_TEST(recorded_octet_for_octet)
{
    struct vectors *v = vectors_read("eap_tls.txt");

    check_plain(v, "pkt2_server", EAP_TLS_STARTED);
    check_plain(v, "pkt3_peer", EAP_TLS_MESSAGE);
    check_fragments(v, "pkt4_server", "pkt6_server", 0x79c);
    check_plain(v, "pkt5_peer", EAP_TLS_ACKNOWLEDGED);
    check_fragments(v, "pkt7_peer", "pkt9_peer", 0x73c);
    check_plain(v, "pkt8_server", EAP_TLS_ACKNOWLEDGED);
    check_plain(v, "pkt10_server", EAP_TLS_MESSAGE);
    check_plain(v, "pkt11_peer", EAP_TLS_ACKNOWLEDGED);
    vectors_free(v);
}
END_TEST

/* ---- sizes ---- */

static void fill(struct buf *b, size_t n)
{
    uint8_t octet;

    for (size_t i = 0; i < n; i++) {
        octet = (uint8_t)(i * 11);
        buf_put(b, &octet, 1);
    }
}

START_TEST(every_size_comes_together)
{
    static const size_t sizes[] = {1, 57, 58, 59, 112, 113, 500, 1014, 1015, 4000};

    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++)
        for (uint32_t mtu = EAP_MTU_MIN; mtu <= 1400; mtu += 3) {
            struct eap_packet p;
            enum eap_tls_event event = EAP_TLS_FRAGMENT;
            bool first = true;

            fill(eap_tls_frame_out(&frame), sizes[k]);
            do {
                ck_assert(eap_tls_frame_write(&frame, EAP_REQUEST, 1, mtu, &packet));
                ck_assert_uint_le(buf_len(&packet), mtu);
                ck_assert_int_eq(eap_parse(buf_span(&packet), &p), REASON_NONE);
                /* the length is announced once, and only of what is fragmented */
                ck_assert_int_eq((p.data.p[0] & EAP_TLS_FLAG_LENGTH) != 0,
                                 first && (p.data.p[0] & EAP_TLS_FLAG_MORE));
                if (eap_tls_frame_is_sending(&frame))
                    ck_assert_uint_eq(buf_len(&packet), mtu);
                event = eap_tls_frame_read(&frame, p.data);
                buf_clear(&packet);
                first = false;
            } while (event == EAP_TLS_FRAGMENT);
            ck_assert_int_eq(event, EAP_TLS_MESSAGE);
            ck_assert_uint_eq(eap_tls_frame_message(&frame).n, sizes[k]);
            for (size_t i = 0; i < sizes[k]; i++)
                ck_assert_uint_eq(eap_tls_frame_message(&frame).p[i], (uint8_t)(i * 11));
        }
}
END_TEST

/* ---- what does not add up ---- */

START_TEST(flags_and_lengths)
{
    /* no flags at all; a length that is not there */
    ck_assert_int_eq(read_octets("", 0), EAP_TLS_BAD);
    ck_assert_int_eq(read_octets("\x80\x00\x00\x00", 4), EAP_TLS_BAD);
    /* more without a length (RFC 5216 3.1), more of nothing */
    ck_assert_int_eq(read_octets("\x40xx", 3), EAP_TLS_BAD);
    ck_assert_int_eq(read_octets("\xc0\x00\x00\x00\x08", 5), EAP_TLS_BAD);
    /* a length that is not so, in one packet */
    ck_assert_int_eq(read_octets("\x80\x00\x00\x00\x03xx", 7), EAP_TLS_BAD);
    ck_assert_int_eq(read_octets("\x80\x00\x00\x00\x01xx", 7), EAP_TLS_BAD);
    /* too long to be true */
    ck_assert_int_eq(read_octets("\xc0\x00\x01\x00\x01x", 6), EAP_TLS_BAD);
    ck_assert_int_eq(read_octets("\xc0\xff\xff\xff\xffx", 6), EAP_TLS_BAD);
    /* Start says nothing */
    ck_assert_int_eq(read_octets("\x20x", 2), EAP_TLS_BAD);
    ck_assert_int_eq(read_octets("\x20", 1), EAP_TLS_STARTED);
    /* with a length, and reserved bits, which are ignored: well */
    ck_assert_int_eq(read_octets("\x9f\x00\x00\x00\x02xx", 7), EAP_TLS_MESSAGE);
    ck_assert_int_eq(read_octets("\x80\x00\x00\x00\x00", 5), EAP_TLS_ACKNOWLEDGED);
}
END_TEST

START_TEST(a_message_in_fragments)
{
    /* more than was announced, less, another announcement, an empty packet or Start in between */
    static const struct {
        const char *octets;
        size_t n;
        enum eap_tls_event event;
    } seconds[] = {
        {"\x00xxx", 4, EAP_TLS_MESSAGE},
        {"\x80\x00\x00\x00\x05xxx", 8, EAP_TLS_MESSAGE},
        {"\x40xx", 3, EAP_TLS_FRAGMENT},
        {"\x00xxxx", 5, EAP_TLS_BAD},
        {"\x00xx", 3, EAP_TLS_BAD},
        {"\x40xxxx", 5, EAP_TLS_BAD},
        {"\x80\x00\x00\x00\x06xxx", 8, EAP_TLS_BAD},
        {"\x00", 1, EAP_TLS_BAD},
        {"\x40", 1, EAP_TLS_BAD},
        {"\x20", 1, EAP_TLS_BAD},
    };

    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        teardown();
        setup();
        ck_assert_int_eq(read_octets("\xc0\x00\x00\x00\x05xx", 7), EAP_TLS_FRAGMENT);
        ck_assert_msg(read_octets(seconds[i].octets, seconds[i].n) == seconds[i].event, "%zu", i);
    }
}
END_TEST

START_TEST(fragments_without_end)
{
    unsigned n = 1;

    ck_assert_int_eq(read_octets("\xc0\x00\x01\x00\x00x", 6), EAP_TLS_FRAGMENT);
    while (read_octets("\x40x", 2) == EAP_TLS_FRAGMENT)
        n++;
    ck_assert_uint_eq(n, EAP_TLS_FRAGMENTS_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eap_tls_frame");
    TCase *tc = tcase_create("eap_tls_frame");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, recorded_octet_for_octet);
    tcase_add_test(tc, every_size_comes_together);
    tcase_add_test(tc, flags_and_lengths);
    tcase_add_test(tc, a_message_in_fragments);
    tcase_add_test(tc, fragments_without_end);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
