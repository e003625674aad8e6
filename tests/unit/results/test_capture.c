/* Frames and the pcapng file around them, read back octet by octet. What tshark says of them is in
 * tests/e2e/pcap.sh. */
#include "results/frame.h"
#include "results/pcapng.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t frame[FRAME_MAX];
static const uint8_t *const ip = frame + FRAME_ETHERNET;

static unsigned get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* Computed the slow way: a right checksum makes the whole sum to 0xffff. */
static unsigned ones_sum(unsigned total, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        total += i % 2 ? p[i] : (unsigned)p[i] << 8;
    while (total > 0xffff)
        total = (total & 0xffff) + (total >> 16);
    return total;
}

static void check_ip(size_t n, unsigned octets, unsigned protocol)
{
    ck_assert_uint_eq(n, FRAME_ETHERNET + octets);
    ck_assert_uint_eq(get16(frame + 12), 0x0800);
    ck_assert_uint_eq(ip[0], 0x45);
    ck_assert_uint_eq(get16(ip + 2), octets);
    ck_assert_uint_eq(ip[9], protocol);
    ck_assert_uint_eq(ones_sum(0, ip, 20), 0xffff);
}

/* The transport's checksum, over its pseudo-header. */
static void check_transport(const uint8_t *p, size_t n)
{
    unsigned pseudo = ones_sum(ip[9] + (unsigned)n, ip + 12, 8);

    ck_assert_uint_eq(ones_sum(pseudo, p, n), 0xffff);
}

START_TEST(segments)
{
    struct frame_ip head = {.from = 6, .to = 0, .id = 7, .from_port = 49152, .to_port = 443};
    struct frame_tcp t = {.seq = 5,
                          .ack = 9,
                          .window = 131072,
                          .flags = FRAME_ACK,
                          .scaled = true,
                          .time_stamp = 11,
                          .time_stamp_echo = 12,
                          .mss = 1400};

    for (size_t n = 0; n < 5; n++) { /* odd and even texts */
        head.octets = 52 + (uint32_t)n;
        check_ip(frame_tcp(&head, &t, span_of("text", n), frame), head.octets, 6);
        check_transport(ip + 20, 32 + n);
        ck_assert_mem_eq(ip + 52, "text", n);
    }
    ck_assert_uint_eq(get32(ip + 12), 0x0a000007);
    ck_assert_uint_eq(get32(ip + 16), 0x0a000001);
    ck_assert_uint_eq(get16(ip + 20), 49152);
    ck_assert_uint_eq(get32(ip + 24), 5);
    ck_assert_uint_eq(get32(ip + 28), 9);
    ck_assert_uint_eq(ip[32] >> 4, 8);
    ck_assert_uint_eq(get16(ip + 34), 131072 >> 7);
    ck_assert_mem_eq(ip + 40, "\1\1\10\12\0\0\0\13\0\0\0\14", 12);

    /* A SYN of Linux has room for all options; ns-3's leaves the segment size out. */
    t.flags = FRAME_SYN;
    head.octets = 60;
    check_ip(frame_tcp(&head, &t, span_of(NULL, 0), frame), 60, 6);
    check_transport(ip + 20, 40);
    ck_assert_mem_eq(ip + 40, "\2\4\5\170\4\2\10\12", 8);
    ck_assert_mem_eq(ip + 56, "\1\3\3\7", 4);
    ck_assert_uint_eq(get16(ip + 34), 65535); /* not scaled */
    ck_assert_uint_eq(get32(ip + 28), 0);     /* no ACK, no number */
    head.octets = 56;
    check_ip(frame_tcp(&head, &t, span_of(NULL, 0), frame), 56, 6);
    ck_assert_mem_eq(ip + 40, "\4\2\10\12", 4);
    ck_assert_mem_eq(ip + 52, "\1\3\3\7", 4);

    t.flags = FRAME_ACK;
    t.sack_count = 2;
    t.sack[0][0] = 100, t.sack[0][1] = 200, t.sack[1][0] = 300, t.sack[1][1] = 400;
    head.octets = 52 + 12 + 8;
    check_ip(frame_tcp(&head, &t, span_of(NULL, 0), frame), 72, 6);
    check_transport(ip + 20, 52);
    ck_assert_mem_eq(ip + 52, "\1\1\5\22\0\0\0\144\0\0\0\310\0\0\1\54\0\0\1\220", 20);
}
END_TEST

START_TEST(impossible_segments)
{
    struct frame_ip head = {.from = 0, .to = 1, .octets = 52};
    struct frame_tcp t = {.flags = FRAME_ACK};
    static const uint32_t wrong[] = {39, 41, 42, 84, 65536};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        head.octets = wrong[i];
        ck_assert_uint_eq(frame_tcp(&head, &t, span_of(NULL, 0), frame), 0);
    }
    head.octets = 52;
    head.to = FRAME_HOSTS;
    ck_assert_uint_eq(frame_tcp(&head, &t, span_of(NULL, 0), frame), 0);
    head.to = 1;
    ck_assert_uint_eq(frame_tcp(&head, &t, span_of("0123456789abc", 13), frame), 0);
    ck_assert_uint_eq(frame_tcp(&head, &t, span_of("0123", 4), frame), FRAME_ETHERNET + 52);
}
END_TEST

START_TEST(datagrams)
{
    struct frame_ip head = {.from = 1, .to = 2, .id = 3, .from_port = 716, .to_port = 716};
    uint8_t octets[1000], whole[1008];

    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)(i * 7);
    head.octets = 28 + 5;
    check_ip(frame_udp(&head, span_of(octets, 5), 0, false, frame), 33, 17);
    check_transport(ip + 20, 13);
    ck_assert_uint_eq(get16(ip + 24), 13);
    head.octets = 28;
    check_ip(frame_udp(&head, span_of(octets, 0), 0, false, frame), 28, 17);
    check_transport(ip + 20, 8);

    /* 1,008 octets behind IP headers in fragments of 400: put together they are the datagram. */
    for (uint32_t at = 0; at < 1008; at += 400) {
        uint32_t n = 1008 - at < 400 ? 1008 - at : 400;
        head.octets = 20 + n;
        check_ip(frame_udp(&head, span_of(octets, 1000), at, at + n < 1008, frame), 20 + n, 17);
        ck_assert_uint_eq(get16(ip + 6), (at + n < 1008 ? 0x2000 : 0) | at / 8);
        memcpy(whole + at, ip + 20, n);
    }
    check_transport(whole, 1008);
    ck_assert_mem_eq(whole + 8, octets, 1000);

    head.octets = 420;
    ck_assert_uint_eq(frame_udp(&head, span_of(octets, 1000), 804, false, frame), 0);
    ck_assert_uint_eq(frame_udp(&head, span_of(octets, 1000), 800, false, frame), 0);
    head.octets = 19;
    ck_assert_uint_eq(frame_udp(&head, span_of(octets, 1000), 0, false, frame), 0);
}
END_TEST

START_TEST(file)
{
    char path[] = "/tmp/m2msim-capture-XXXXXX";
    int fd = mkstemp(path);
    struct pcapng *p = NULL;
    uint8_t in[512];
    uint32_t word[128];
    FILE *f;
    size_t n;

    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(pcapng_create(path, false, "test", "meter", &p), ERR_EXISTS);
    ck_assert_int_eq(pcapng_create("/nowhere/x", false, "test", "meter", &p), ERR_NOT_FOUND);
    ck_assert_int_eq(pcapng_create(path, true, "test", "meter", &p), OK);
    pcapng_frame(p, INT64_C(1370044800123456789), span_of("12345", 5), NULL);
    pcapng_frame(p, INT64_C(1370044800123456790), span_of("1234", 4), "lost");
    ck_assert_int_eq(pcapng_close(p), OK);
    f = fopen(path, "rb");
    n = fread(in, 1, sizeof in, f);
    fclose(f);
    ck_assert_uint_eq(n % 4, 0);
    memcpy(word, in, n);
    /* Each block says its length at both ends, and they fill the file. */
    static const uint32_t types[] = {0x0a0d0d0a, 1, 6, 6};
    size_t at = 0;
    for (size_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(word[at / 4], types[i]);
        uint32_t octets = word[at / 4 + 1];
        ck_assert_uint_eq(word[(at + octets) / 4 - 1], octets);
        if (i == 2) {
            uint64_t ns = (uint64_t)word[at / 4 + 3] << 32 | word[at / 4 + 4];
            ck_assert_uint_eq(ns, UINT64_C(1370044800123456789));
            ck_assert_uint_eq(word[at / 4 + 5], 5);
            ck_assert_mem_eq(in + at + 28, "12345\0\0\0", 8);
        }
        if (i == 3)
            ck_assert_mem_eq(in + at + 28, "1234\1\0\4\0lost", 12);
        at += octets;
    }
    ck_assert_uint_eq(at, n);
    unlink(path);
}
END_TEST

START_TEST(full_disk)
{
    struct pcapng *p = NULL;
    static const uint8_t much[60000];

    if (access("/dev/full", W_OK) != 0)
        return;
    ck_assert_int_eq(symlink("/dev/full", "/tmp/m2msim-capture-full"), 0);
    ck_assert_int_eq(pcapng_create("/tmp/m2msim-capture-full", true, "test", "x", &p), OK);
    pcapng_frame(p, 0, span_of(much, sizeof much), NULL);
    ck_assert_int_eq(pcapng_close(p), ERR_DISK_FULL);
    ck_assert_int_ne(access("/tmp/m2msim-capture-full", F_OK), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("capture");
    TCase *t = tcase_create("capture");
    SRunner *r;
    int failed;

    tcase_add_test(t, segments);
    tcase_add_test(t, impossible_segments);
    tcase_add_test(t, datagrams);
    tcase_add_test(t, file);
    tcase_add_test(t, full_disk);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
