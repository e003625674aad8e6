/* EAP-IBAKE against rogues who have good keys but bad manners, and against whoever sits on the way:
 * altered, cut, replayed, reflected and forged packets, each with the reason that must come of it.
 */
#include "ibake_kit.h"

/* ---- rogues: good keys, bad manners ---- */

static void before_lie(struct duo *d, unsigned n, struct ibake *s)
{
    uint8_t *others = s->is_server ? s->y : s->x;

    if (n != d->at / 10)
        return;
    switch (d->at % 10) {
    case 0:
        others[64] ^= 1; /* what is to come back */
        break;
    case 1:
        s->initiator[0] ^= 1;
        break;
    case 2:
        s->responder[0] ^= 1;
        break;
    default:
        break;
    }
}

static const struct {
    size_t lie; /* packet, and which of the above */
    enum reason reason;
} lies[] = {
    {31, REASON_IBAKE_MISMATCH}, {32, REASON_IBE_DECRYPT},    {40, REASON_IBAKE_MISMATCH},
    {41, REASON_IBE_DECRYPT},    {42, REASON_IBAKE_MISMATCH}, {50, REASON_IBAKE_MISMATCH},
    {51, REASON_IBAKE_MISMATCH}, {52, REASON_IBE_DECRYPT},
};

START_TEST(lies_within)
{
    struct duo d;

    duo_ready(&d, 1, SAKKE_ONLY);
    d.before = before_lie;
    d.at = lies[_i].lie;
    run(&d);
    check_failed(&d, lies[_i].reason, lies[_i].reason);
    duo_release(&d);
}
END_TEST

/* A sealed text of the test's own making in place of packet 3 or 4; AUTH is not reached. */
static uint8_t bad_point[ECDH_POINT];

static void way_bad_point(struct duo *d, unsigned n, uint8_t *octets, size_t *length)
{
    bool by_server = n == 3;
    struct ibake *s = (struct ibake *)(by_server ? d->server.half : d->peer.half);
    uint8_t header[33] = {IBAKE_CHALLENGE}, points[2][ECDH_POINT];
    struct buf plain, packet;

    if (n != d->at)
        return;
    memcpy(points[0], by_server ? bad_point : s->x, ECDH_POINT);
    memcpy(points[1], bad_point, ECDH_POINT);
    /* The reader's transcript is that before this packet; the writer's is one ahead. */
    memcpy(header + 1, ((struct ibake *)(by_server ? d->peer.half : d->server.half))->transcript,
           32);
    buf_init(&plain, 512);
    buf_init(&packet, EAP_MTU);
    ibake_put(&plain, IBAKE_INITIATOR, span_str(SERVER));
    ibake_put(&plain, IBAKE_RESPONDER, span_str(DEVICE));
    ibake_put(&plain, IBAKE_POINT_X, span_of(points[0], ECDH_POINT));
    if (!by_server)
        ibake_put(&plain, IBAKE_POINT_Y, span_of(points[1], ECDH_POINT));
    buf_put(&packet, octets, 13);
    ibake_put_head(&packet, IBAKE_SEALED, 273 + buf_len(&plain) + 16);
    ck_assert_int_eq(ibe_seal(ibe_authority_public(authorities[0]), NULL, &s->half.env->stream[0],
                              by_server ? DEVICE : SERVER, "2020-01", span_of(header, 33),
                              buf_span(&plain), &packet),
                     OK);
    ck_assert_uint_eq(buf_len(&packet), *length);
    memcpy(octets, buf_span(&packet).p, *length);
    buf_clear(&plain);
    buf_clear(&packet);
}

START_TEST(points_off_the_curve)
{
    struct duo d;
    bool is_zero = _i / 2;

    memset(bad_point, is_zero ? 0 : 0x55, sizeof(bad_point));
    bad_point[0] = 4;
    duo_ready(&d, 1, SAKKE_ONLY);
    d.way = way_bad_point;
    d.at = 3 + (size_t)(_i % 2);
    run(&d);
    check_failed(&d, REASON_IBAKE_POINT, REASON_IBAKE_POINT);
    duo_release(&d);
}
END_TEST

/* ---- on the way ---- */

static void way_flip(struct duo *d, unsigned n, uint8_t *octets, size_t *length)
{
    if (n == d->at / 10000 && d->at % 10000 < *length)
        octets[d->at % 10000] ^= 0x20;
}

/* Where in which packet, and how it ends. */
static const struct {
    const char *what;
    unsigned packet;
    int at; /* negative: from its end */
    enum reason server, peer;
} flips[] = {
    {"exchange", 1, 12, REASON_EAP_MALFORMED, REASON_EAP_MALFORMED},
    {"field", 1, 13, REASON_EAP_MALFORMED, REASON_EAP_MALFORMED},
    {"length", 1, 15, REASON_EAP_MALFORMED, REASON_EAP_MALFORMED},
    {"first proposal", 1, 16, REASON_IBE_DECRYPT,
     REASON_IBE_DECRYPT}, /* then the second is taken */
    {"IDs", 1, 25, REASON_EAP_IDENTITY, REASON_EAP_IDENTITY},
    {"period", 1, 44, REASON_EAP_MALFORMED, REASON_EAP_MALFORMED},
    {"Rs", 1, -1, REASON_IBE_DECRYPT, REASON_IBE_DECRYPT},
    {"choice", 2, 17, REASON_EAP_MALFORMED, REASON_EAP_MALFORMED},
    {"IDp", 2, 23, REASON_EAP_IDENTITY, REASON_EAP_IDENTITY},
    {"Rp", 2, -1, REASON_IBE_DECRYPT, REASON_IBE_DECRYPT},
    {"capsule's point", 3, 60, REASON_IBE_DECRYPT, REASON_IBE_DECRYPT},
    {"capsule's H", 3, 16 + 260, REASON_IBE_DECRYPT, REASON_IBE_DECRYPT},
    {"text", 3, 16 + 280, REASON_IBE_DECRYPT, REASON_IBE_DECRYPT},
    {"tag", 3, -1, REASON_IBE_DECRYPT, REASON_IBE_DECRYPT},
    {"capsule's point", 4, 60, REASON_IBE_DECRYPT, REASON_IBE_DECRYPT},
    {"text", 4, 16 + 280, REASON_IBE_DECRYPT, REASON_IBE_DECRYPT},
    {"capsule's point", 5, 60, REASON_EAP_MAC, REASON_EAP_MAC},
    {"text", 5, 16 + 280, REASON_EAP_MAC, REASON_EAP_MAC},
    {"AUTH", 5, -1, REASON_EAP_MAC, REASON_EAP_MAC},
    {"identifier", 5, 1, REASON_EAP_MAC, REASON_EAP_MAC},
    {"AUTH", 6, -1, REASON_EAP_MAC, REASON_NONE},
};

START_TEST(flipped)
{
    struct duo d;

    duo_ready(&d, 1, BOTH);
    run(&d);
    size_t n = d.packet_n[flips[_i].packet - 1];
    duo_release(&d);
    duo_ready(&d, 1, BOTH);
    d.way = way_flip;
    d.at = flips[_i].packet * 10000 + (flips[_i].at < 0 ? n - 1 : (size_t)flips[_i].at);
    run(&d);
    ck_assert_msg(d.server.half->reason == flips[_i].server, "%s of packet %u: server %s",
                  flips[_i].what, flips[_i].packet, reason_text(d.server.half->reason));
    if (flips[_i].peer)
        ck_assert_msg(d.peer.half->reason == flips[_i].peer, "%s of packet %u: peer %s",
                      flips[_i].what, flips[_i].packet, reason_text(d.peer.half->reason));
    duo_release(&d);
}
END_TEST

/* No octet of any packet may change and both be done. */
START_TEST(every_octet_counts)
{
    struct duo d;
    size_t lengths[6];

    duo_ready(&d, 1, SAKKE_ONLY);
    run(&d);
    memcpy(lengths, d.packet_n, sizeof(lengths));
    duo_release(&d);
    for (unsigned n = 1; n <= 6; n++)
        for (size_t at = 0; at<lengths[n - 1]; at += lengths[n - 1]> 200 ? 23 : 1) {
            duo_ready(&d, 1, SAKKE_ONLY);
            d.way = way_flip;
            d.at = n * 10000 + at;
            run(&d);
            ck_assert_msg(d.server.half->state != EAP_HALF_DONE, "packet %u, octet %zu", n, at);
            ck_assert_int_eq(d.server.half->keys.present, false);
            duo_release(&d);
        }
}
END_TEST

static void way_cut(struct duo *d, unsigned n, uint8_t *octets, size_t *length)
{
    if (n != d->at / 10000)
        return;
    *length = d->at % 10000;
    octets[2] = (uint8_t)(*length >> 8);
    octets[3] = (uint8_t)*length;
}

START_TEST(cut)
{
    struct duo d;
    size_t lengths[6];

    duo_ready(&d, 1, SAKKE_ONLY);
    run(&d);
    memcpy(lengths, d.packet_n, sizeof(lengths));
    duo_release(&d);
    for (unsigned n = 1; n <= 6; n++)
        for (size_t at = 12; at<lengths[n - 1]; at += lengths[n - 1]> 200 ? 7 : 1) {
            duo_ready(&d, 1, SAKKE_ONLY);
            d.way = way_cut;
            d.at = n * 10000 + at;
            run(&d);
            ck_assert_msg(d.server.half->reason == REASON_EAP_MALFORMED, "packet %u, %zu: %s", n,
                          at, reason_text(d.server.half->reason));
            duo_release(&d);
        }
}
END_TEST

static void way_replay(struct duo *d, unsigned n, uint8_t *octets, size_t *length)
{
    unsigned source = (unsigned)d->at % 10;

    if (n != d->at / 10)
        return;
    *length = d->old->packet_n[source - 1];
    memcpy(octets, d->old->packet[source - 1], *length);
}

/* Packet n replaced by packet m of an earlier run between the two. */
static const struct {
    unsigned n, m;
    enum reason server;
} replays[] = {
    {1, 1, REASON_IBE_DECRYPT},   {2, 2, REASON_IBE_DECRYPT},   {3, 3, REASON_IBE_DECRYPT},
    {4, 4, REASON_IBE_DECRYPT},   {5, 5, REASON_EAP_MAC},       {6, 6, REASON_EAP_MAC},
    {3, 1, REASON_EAP_MALFORMED}, {3, 5, REASON_EAP_MALFORMED}, {5, 3, REASON_EAP_MALFORMED},
    {4, 2, REASON_EAP_MALFORMED}, {6, 4, REASON_EAP_MALFORMED}, {2, 6, REASON_EAP_MALFORMED},
    {2, 4, REASON_EAP_MALFORMED}, {1, 3, REASON_EAP_MALFORMED},
};

START_TEST(replayed)
{
    struct duo old, d;

    duo_ready(&old, 7, SAKKE_ONLY);
    run(&old);
    check_done(&old);
    duo_ready(&d, 8, SAKKE_ONLY);
    d.old = &old;
    d.way = way_replay;
    d.at = replays[_i].n * 10 + replays[_i].m;
    run(&d);
    ck_assert_msg(d.server.half->reason == replays[_i].server, "%u as %u: %s", replays[_i].m,
                  replays[_i].n, reason_text(d.server.half->reason));
    ck_assert_int_ne(d.server.half->state, EAP_HALF_DONE);
    duo_release(&old);
    duo_release(&d);
}
END_TEST

/* The server's own challenge as the peer's answer: another exchange's text under another key. */
static void way_reflect(struct duo *d, unsigned n, uint8_t *octets, size_t *length)
{
    if (n != 4)
        return;
    *length = d->packet_n[2];
    memcpy(octets + 12, d->packet[2] + 12, *length - 12);
    octets[2] = (uint8_t)(*length >> 8);
    octets[3] = (uint8_t)*length;
}

START_TEST(reflected)
{
    struct duo d;

    duo_ready(&d, 1, SAKKE_ONLY);
    d.way = way_reflect;
    run(&d);
    check_failed(&d, REASON_IBE_DECRYPT, REASON_IBE_DECRYPT);
    duo_release(&d);
}
END_TEST

/* A Failure of each code at each place ends both with its reason; a first packet it cannot be. */
static void way_failure(struct duo *d, unsigned n, uint8_t *octets, size_t *length)
{
    static const uint8_t failure[] = {IBAKE_FAILURE, IBAKE_CODE, 0, 1};

    if (n != d->at / 100)
        return;
    memcpy(octets + 12, failure, sizeof(failure));
    octets[16] = (uint8_t)(d->at % 100);
    *length = 17;
    octets[2] = 0;
    octets[3] = 17;
}

START_TEST(failures)
{
    static const enum reason reasons[] = {
        REASON_EAP_FAILURE,  REASON_EAP_FAILURE, REASON_EAP_MALFORMED, REASON_NO_COMMON_SUITE,
        REASON_EAP_IDENTITY, REASON_KEY_EXPIRED, REASON_IBE_DECRYPT,   REASON_IBAKE_MISMATCH,
        REASON_IBAKE_POINT,  REASON_EAP_MAC,     REASON_EAP_FAILURE};
    struct duo d;

    for (size_t n = 1; n <= 6; n++)
        for (size_t code = 0; code <= 10; code++) {
            duo_ready(&d, 1, SAKKE_ONLY);
            d.way = way_failure;
            d.at = n * 100 + code;
            run(&d);
            ck_assert_int_eq(d.server.half->reason, n == 1 ? REASON_EAP_MALFORMED : reasons[code]);
            if (n % 2 == 1)
                ck_assert_int_eq(d.peer.half->reason, d.server.half->reason);
            duo_release(&d);
        }
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_loop_test(c, lies_within, 0, sizeof(lies) / sizeof(lies[0]));
    tcase_add_loop_test(c, points_off_the_curve, 0, 4);
    tcase_add_loop_test(c, flipped, 0, sizeof(flips) / sizeof(flips[0]));
    tcase_add_test(c, every_octet_counts);
    tcase_add_test(c, cut);
    tcase_add_loop_test(c, replayed, 0, sizeof(replays) / sizeof(replays[0]));
    tcase_add_test(c, reflected);
    tcase_add_test(c, failures);
}

int main(void)
{
    return run_suite("eap-ibake-hostile", fill);
}
