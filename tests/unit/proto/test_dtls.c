/* DTLS endpoints on a pair of datagrams: handshakes and conversations with all that can happen on
 * the way, in virtual time. */
#include "dtls_kit.h"

#include "tests/support/tls_rig.h"

static const enum tls_suite suites[] = {TLS_SUITE_PSK_AES_128_CCM_8, TLS_SUITE_PSK_AES_128_CCM};

static void check_open(const struct dtls_kit *k)
{
    ck_assert(k->exported[0] && k->exported[1]);
    ck_assert_mem_eq(k->key[0], k->key[1], sizeof(k->key[0]));
    ck_assert(!k->wrong);
}

static void check_whole(const struct dtls_kit *k)
{
    check_open(k);
    ck_assert_uint_eq(k->got[0], KIT_SAYS);
    ck_assert_uint_eq(k->got[1], KIT_SAYS);
    ck_assert_int_eq(k->pair.side[0].proto->status, PROTO_DONE);
}

START_TEST(clean)
{
    for (int i = 0; i < 2; i++)
        for (int cookie = 0; cookie < 2; cookie++) {
            const struct dtls_kit_settings s = {.suite = suites[i], .seed = 1, .cookie = cookie};
            struct dtls_kit *k = dtls_kit_new(&s);
            struct pair_script script = dtls_kit_script(k);
            uint8_t randoms[2][2][32];

            ck_assert(!tls_randoms(dtls_tls(k->dtls[0]), randoms[0][0], randoms[0][1]));
            ck_assert_int_eq(pair_run(&k->pair, &script), PAIR_ENDED);
            check_whole(k);
            ck_assert_int_eq(k->pair.side[1].proto->status, PROTO_DONE);
            ck_assert(tls_peer_closed(dtls_tls(k->dtls[1])));
            ck_assert_str_eq(tls_peer_name(dtls_tls(k->dtls[1])), KIT_IDENTITY);
            ck_assert_int_eq(tls_chosen_suite(dtls_tls(k->dtls[0])), suites[i]);
            ck_assert_int_eq(tls_chosen_suite(dtls_tls(k->dtls[1])), suites[i]);
            /* two round trips, one more for the cookie, one for the conversation, one to close */
            ck_assert_int_eq(k->pair.now, (cookie ? 10 : 8) * 50 * SIM_MS);
            ck_assert_uint_eq(dtls_repetitions(k->dtls[0]), 0);
            ck_assert(memmem(buf_span(&k->pair.side[1].labels).p, buf_len(&k->pair.side[1].labels),
                             "HelloVerifyRequest", 18)
                          ? cookie
                          : !cookie);
            ck_assert_ptr_nonnull(memmem(buf_span(&k->pair.side[0].secrets).p,
                                         buf_len(&k->pair.side[0].secrets), "CLIENT_RANDOM ", 14));
            dtls_kit_free(k);
        }
}
END_TEST

/* RFC 6347 4.2.4: whichever datagram is lost, twice or late, both come to the same keys. */
START_TEST(every_single_fault)
{
    for (int what = 0; what < 3; what++)
        for (int side = 0; side < 2; side++)
            for (unsigned index = 0; index < 6; index++) {
                const struct dtls_kit_settings s = {
                    .suite = suites[index % 2], .seed = 2, .cookie = true, .quiet = true};
                struct dtls_kit *k = dtls_kit_new(&s);
                struct pair_script script = dtls_kit_script(k);
                uint64_t bit = UINT64_C(1) << index;

                if (what == 0)
                    script.way[side].lose = bit;
                if (what == 1)
                    script.way[side].duplicate = bit;
                if (what == 2) {
                    script.way[side].late = bit;
                    script.way[side].late_by = 1500 * SIM_MS;
                }
                ck_assert_int_eq(pair_run(&k->pair, &script), PAIR_QUIET);
                check_open(k);
                ck_assert_int_eq(dtls_proto(k->dtls[0])->expiry, SIM_NEVER);
                ck_assert_int_eq(dtls_proto(k->dtls[1])->expiry, SIM_NEVER);
                ck_assert_msg(k->pair.now < 5 * SIM_S, "%d of %d/%u took %lld", what, side, index,
                              (long long)k->pair.now);
                dtls_kit_free(k);
            }
}
END_TEST

/* A third of all datagrams lost, for many seeds: keys are alike, or somebody says why not. */
START_TEST(a_bad_link)
{
    unsigned open = 0;

    for (uint64_t seed = 1; seed <= 40; seed++) {
        const struct dtls_kit_settings s = {
            .suite = suites[seed % 2], .seed = seed, .cookie = seed & 2, .quiet = true};
        struct dtls_kit *k[2];

        for (int run = 0; run < 2; run++) {
            struct pair_script script;

            k[run] = dtls_kit_new(&s);
            script = dtls_kit_script(k[run]);
            script.way[0].lose =
                seed * UINT64_C(0x9e3779b97f4a7c15) & seed * UINT64_C(0xbf58476d1ce4e5b9);
            script.way[1].lose =
                seed * UINT64_C(0x94d049bb133111eb) & seed * UINT64_C(0xd6e8feb86659fd93);
            ck_assert_int_ne(pair_run(&k[run]->pair, &script), PAIR_LIMIT);
        }
        ck_assert(pair_same(&k[0]->pair, &k[1]->pair)); /* a function of the seed */
        if (k[0]->exported[0] && k[0]->exported[1]) {
            check_open(k[0]);
            open++;
        } else {
            for (int side = 0; side < 2; side++)
                ck_assert(k[0]->exported[side] || dtls_proto(k[0]->dtls[side])->reason);
        }
        dtls_kit_free(k[0]);
        dtls_kit_free(k[1]);
    }
    ck_assert_uint_ge(open, 36);
}
END_TEST

/* 1 s, doubled to 60 s at most; the limit ends it. */
START_TEST(silence)
{
    static const sim_ns at[] = {1, 3, 7, 15, 31, 63, 123, 183};
    const struct dtls_kit_settings s = {.suite = suites[0], .seed = 3, .limit = 200 * SIM_S};
    struct dtls_kit *k = dtls_kit_new(&s);
    struct proto *p = dtls_proto(k->dtls[0]);
    sim_ns now = 0;
    struct buf out;

    buf_init(&out, 65536);
    pair_enter(&k->pair, 0);
    p->ops->start(p, 0);
    ck_assert(p->ops->output(p, 0, &out));
    pair_leave();
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        now = k->pair.now = p->expiry;
        /* OpenSSL takes 15 ms too early for in time, and never asks for less than that. */
        ck_assert_msg(now >= at[i] * SIM_S - 20 * SIM_MS * (sim_ns)(i + 1) && now <= at[i] * SIM_S,
                      "repetition %zu at %lld ns", i, (long long)now);
        pair_enter(&k->pair, 0);
        p->ops->expire(p, now);
        ck_assert(p->ops->output(p, now, &out));
        ck_assert(!p->ops->output(p, now, &out));
        pair_leave();
    }
    ck_assert_uint_eq(dtls_repetitions(k->dtls[0]), 8);
    now = k->pair.now = p->expiry;
    ck_assert_int_eq(now, 200 * SIM_S);
    pair_enter(&k->pair, 0);
    p->ops->expire(p, now);
    pair_leave();
    ck_assert_int_eq(p->status, PROTO_FAILED);
    ck_assert_int_eq(p->reason, REASON_DTLS_TIMEOUT);
    ck_assert_int_eq(p->expiry, SIM_NEVER);
    buf_clear(&out);
    dtls_kit_free(k);
}
END_TEST

static void check_reasons(const struct dtls_kit_settings *s, enum reason client, enum reason server)
{
    struct dtls_kit *k = dtls_kit_new(s);
    struct pair_script script = dtls_kit_script(k);

    ck_assert_int_ne(pair_run(&k->pair, &script), PAIR_LIMIT);
    ck_assert_str_eq(reason_text(dtls_proto(k->dtls[0])->reason), reason_text(client));
    ck_assert_str_eq(reason_text(dtls_proto(k->dtls[1])->reason), reason_text(server));
    ck_assert(!k->exported[0] && !k->exported[1]);
    dtls_kit_free(k);
}

START_TEST(refused)
{
    for (int i = 0; i < 2; i++) {
        struct dtls_kit_settings s = {.suite = suites[i], .seed = 4};

        s.wrong_psk = true;
        check_reasons(&s, REASON_DTLS_TIMEOUT, REASON_PSK_WRONG);
        s.wrong_psk = false;
        s.identity = "nobody";
        check_reasons(&s, REASON_PSK_UNKNOWN, REASON_PSK_UNKNOWN);
        s.identity = NULL;
        s.other_suite = true;
        check_reasons(&s, REASON_NO_COMMON_SUITE, REASON_NO_COMMON_SUITE);
        s.other_suite = false;
        s.no_psk = true;
        check_reasons(&s, REASON_KEY_ERASED, REASON_TLS_ALERT);
    }
}
END_TEST

static void keep_small(void *arg, int from, unsigned index, uint8_t *octets, size_t *n)
{
    size_t *longest = arg;

    (void)from, (void)index, (void)octets;
    if (*n > *longest)
        *longest = *n;
}

/* RFC 6347 4.1.1.1, 4.2.3: an identity that does not fit into a datagram of 256 octets. */
START_TEST(fragments)
{
    char identity[241];
    size_t longest[2] = {0, 0};
    unsigned datagrams[2];

    memset(identity, 'i', sizeof(identity) - 1);
    identity[240] = '\0';
    for (int i = 0; i < 2; i++) {
        const struct dtls_kit_settings s = {.suite = suites[0],
                                            .seed = 5,
                                            .identity = identity,
                                            .quiet = true,
                                            .mtu = i == 0 ? DTLS_MTU_MIN : 0};
        struct dtls_kit *k = dtls_kit_new(&s);
        struct pair_script script = dtls_kit_script(k);

        script.tamper = keep_small;
        script.tamper_arg = &longest[i];
        ck_assert_int_eq(pair_run(&k->pair, &script), PAIR_QUIET);
        check_open(k);
        ck_assert_str_eq(tls_peer_name(dtls_tls(k->dtls[1])), identity);
        datagrams[i] = k->pair.side[0].outputs;
        dtls_kit_free(k);
    }
    ck_assert_uint_le(longest[0], DTLS_MTU_MIN);
    ck_assert_uint_gt(longest[1], DTLS_MTU_MIN);
    ck_assert_uint_gt(datagrams[0], datagrams[1]);
}
END_TEST

struct change {
    int side;
    unsigned index;
    size_t at;
};

static void change(void *arg, int from, unsigned index, uint8_t *octets, size_t *n)
{
    const struct change *c = arg;

    if (from == c->side && index == c->index && c->at < *n)
        octets[c->at] ^= 0x41;
}

/* One octet changed: never different keys on two sides that both think they are open. */
START_TEST(changed_octets)
{
    unsigned open = 0, failed = 0;

    for (int side = 0; side < 2; side++)
        for (unsigned index = 0; index < 3; index++)
            for (size_t at = 0; at < 180; at += 7) {
                const struct dtls_kit_settings s = {
                    .suite = suites[0], .seed = 6, .cookie = true, .quiet = true};
                struct dtls_kit *k = dtls_kit_new(&s);
                struct pair_script script = dtls_kit_script(k);
                struct change c = {side, index, at};

                script.tamper = change;
                script.tamper_arg = &c;
                ck_assert_int_ne(pair_run(&k->pair, &script), PAIR_LIMIT);
                for (int i = 0; i < 2; i++) {
                    const struct proto *p = dtls_proto(k->dtls[i]);

                    ck_assert(k->exported[i] || p->status == PROTO_FAILED);
                    ck_assert((p->status == PROTO_FAILED) == (p->reason != REASON_NONE));
                }
                if (k->exported[0] && k->exported[1]) {
                    ck_assert_mem_eq(k->key[0], k->key[1], 32);
                    open++;
                } else {
                    failed++;
                }
                dtls_kit_free(k);
            }
    ck_assert_uint_gt(open, 50);
    ck_assert_uint_gt(failed, 10);
}
END_TEST

/* What is no DTLS is dropped, before, in and after the handshake (RFC 6347 4.1.2.7). */
START_TEST(rubbish)
{
    const struct dtls_kit_settings s = {.suite = suites[0], .seed = 7, .quiet = true};
    struct dtls_kit *k = dtls_kit_new(&s);
    struct pair_script script = dtls_kit_script(k);
    uint8_t octets[300];

    for (int round = 0; round < 2; round++) {
        for (int side = 0; side < 2; side++) {
            struct proto *p = dtls_proto(k->dtls[side]);

            pair_enter(&k->pair, side);
            p->ops->start(p, k->pair.now);
            for (size_t n = 1; n < sizeof(octets); n++) {
                memset(octets, (int)n, n);
                p->ops->input(p, k->pair.now, span_of(octets, n));
            }
            pair_leave();
        }
        ck_assert_int_eq(pair_run(&k->pair, &script), PAIR_QUIET);
        check_open(k);
    }
    dtls_kit_free(k);
}
END_TEST

static void classify(void *arg, int from, unsigned index, uint8_t *octets, size_t *n)
{
    unsigned *begins = arg;

    (void)from, (void)index;
    *begins += dtls_begins(span_of(octets, *n));
}

/* Two hellos of a handshake with a cookie; of an open endpoint one more is ignored, and the session
 * goes on. */
START_TEST(beginnings)
{
    const struct dtls_kit_settings s = {.suite = suites[0], .seed = 8, .cookie = true};
    struct dtls_kit *k = dtls_kit_new(&s), *anew = dtls_kit_new(&s);
    struct pair_script script = dtls_kit_script(k);
    struct proto *p = dtls_proto(anew->dtls[0]);
    unsigned begins = 0;
    struct buf hello;

    buf_init(&hello, 65536);
    pair_enter(&anew->pair, 0);
    p->ops->start(p, 0);
    ck_assert(p->ops->output(p, 0, &hello));
    pair_leave();
    ck_assert(dtls_begins(buf_span(&hello)));
    ck_assert(!dtls_begins(span_of(buf_span(&hello).p, 24)));
    k->settings.quiet = true;
    script.tamper = classify;
    script.tamper_arg = &begins;
    ck_assert_int_eq(pair_run(&k->pair, &script), PAIR_QUIET);
    ck_assert_uint_eq(begins, 2);
    pair_enter(&k->pair, 1);
    p = dtls_proto(k->dtls[1]);
    p->ops->input(p, k->pair.now, buf_span(&hello));
    pair_leave();
    ck_assert(tls_is_open(dtls_tls(k->dtls[1])));
    k->settings.quiet = false;
    ck_assert_int_eq(pair_run(&k->pair, &script), PAIR_ENDED);
    check_whole(k);
    buf_clear(&hello);
    dtls_kit_free(k);
    dtls_kit_free(anew);
}
END_TEST

START_TEST(bounds)
{
    const struct dtls_kit_settings s = {.suite = suites[0], .seed = 8, .quiet = true};
    struct dtls_kit *k = dtls_kit_new(&s);
    struct pair_script script = dtls_kit_script(k);
    static uint8_t text[16385];
    unsigned written = 0;

    ck_assert(!dtls_write(k->dtls[0], 0, span_of(text, 1)));
    ck_assert_int_eq(pair_run(&k->pair, &script), PAIR_QUIET);
    pair_enter(&k->pair, 0);
    ck_assert(!dtls_write(k->dtls[0], k->pair.now, span_of(text, 0)));
    ck_assert(!dtls_write(k->dtls[0], k->pair.now, span_of(text, 16385)));
    while (written < 100 && dtls_write(k->dtls[0], k->pair.now, span_of(text, 16384)))
        written++;
    ck_assert_uint_eq(written, 15); /* 256 KiB */
    dtls_close(k->dtls[0], k->pair.now);
    ck_assert(!dtls_write(k->dtls[0], k->pair.now, span_of(text, 1)));
    pair_leave();
    dtls_kit_free(k);
}
END_TEST

/* The same operations as TLS 1.2 with the same suite, which test_tls_meter holds against the calls
 * that libssl makes; the cookie adds its own. */
START_TEST(what_it_costs)
{
    for (int i = 0; i < 2; i++) {
        const struct dtls_kit_settings s = {.suite = suites[i], .seed = 9, .quiet = true};
        const struct rig_settings tls = {.suite = suites[i], .version = TLS_1_2, .seed = 9};
        struct dtls_kit_settings cookie = s;
        struct dtls_kit *k = dtls_kit_new(&s), *with_cookie;
        struct pair_script script = dtls_kit_script(k);
        struct rig r;

        cookie.cookie = true;
        with_cookie = dtls_kit_new(&cookie);
        rig_init(&r, &tls);
        ck_assert_int_eq(rig_run(&r, pair_clean()), PAIR_ENDED);
        ck_assert_int_eq(pair_run(&k->pair, &script), PAIR_QUIET);
        script.arg = with_cookie;
        ck_assert_int_eq(pair_run(&with_cookie->pair, &script), PAIR_QUIET);
        for (int side = 0; side < 2; side++) {
            const struct meter_use *a = k->pair.side[side].meter.use;
            const struct meter_use *b = r.pair.side[side].meter.use;
            const struct meter_use *c = with_cookie->pair.side[side].meter.use;

            ck_assert_uint_eq(a[OP_RANDOM].calls, b[OP_RANDOM].calls);
            ck_assert_uint_eq(a[OP_RANDOM].octets, b[OP_RANDOM].octets);
            /* rig exports 48 octets where this one exports 32 */
            ck_assert_uint_eq(a[OP_PRF_SHA256].calls, b[OP_PRF_SHA256].calls);
            ck_assert_uint_eq(a[OP_PRF_SHA256].octets + 16, b[OP_PRF_SHA256].octets);
            /* two Finished, 12 octets behind a header of 12 */
            ck_assert_uint_eq(a[OP_AES128_CCM].calls, 2);
            ck_assert_uint_eq(a[OP_AES128_CCM].octets, 2 * 24);
            ck_assert_uint_eq(c[OP_RANDOM].calls, a[OP_RANDOM].calls);
            ck_assert_uint_eq(c[OP_HMAC_SHA256].calls, side == 1 ? 2 : 0);
            /* the second hello is longer by its cookie, and the first is not in the transcript */
            ck_assert_uint_eq(c[OP_SHA256].calls, a[OP_SHA256].calls);
            ck_assert_uint_eq(c[OP_SHA256].octets, a[OP_SHA256].octets + 16);
        }
        rig_release(&r);
        dtls_kit_free(k);
        dtls_kit_free(with_cookie);
    }
}
END_TEST

/* A repeated flight costs its records again, and nothing else. */
START_TEST(what_repetitions_cost)
{
    const struct dtls_kit_settings s = {.suite = suites[0], .seed = 10, .quiet = true};
    struct dtls_kit *k[2];

    for (int run = 0; run < 2; run++) {
        struct pair_script script;

        k[run] = dtls_kit_new(&s);
        script = dtls_kit_script(k[run]);
        script.way[0].lose = run == 1 ? UINT64_C(2) : 0; /* the flight with Finished */
        ck_assert_int_eq(pair_run(&k[run]->pair, &script), PAIR_QUIET);
        check_open(k[run]);
    }
    for (int side = 0; side < 2; side++) {
        const struct meter_use *a = k[0]->pair.side[side].meter.use;
        const struct meter_use *b = k[1]->pair.side[side].meter.use;

        ck_assert_uint_eq(a[OP_PRF_SHA256].calls, b[OP_PRF_SHA256].calls);
        ck_assert_uint_eq(a[OP_SHA256].octets, b[OP_SHA256].octets);
        ck_assert_uint_eq(a[OP_AES128_CCM].calls + (side == 0), b[OP_AES128_CCM].calls);
    }
    dtls_kit_free(k[0]);
    dtls_kit_free(k[1]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("dtls");
    TCase *c = tcase_create("dtls");
    SRunner *r = srunner_create(s);
    int failed;

    rig_global_init();
    tcase_set_timeout(c, 60);
    tcase_add_test(c, clean);
    tcase_add_test(c, every_single_fault);
    tcase_add_test(c, a_bad_link);
    tcase_add_test(c, silence);
    tcase_add_test(c, refused);
    tcase_add_test(c, fragments);
    tcase_add_test(c, changed_octets);
    tcase_add_test(c, rubbish);
    tcase_add_test(c, beginnings);
    tcase_add_test(c, bounds);
    tcase_add_test(c, what_it_costs);
    tcase_add_test(c, what_repetitions_cost);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    rig_global_release();
    return failed != 0;
}
