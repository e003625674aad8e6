/* Sessions that are taken up again, over TLS and DTLS: abbreviated where both remember and the key
 * is in force; whole, and without a failure, wherever not. */
#include "dtls_kit.h"

#include "tests/support/tls_rig.h"

#include <stdio.h>

static const enum tls_resume ways[] = {TLS_RESUME_SESSION_ID, TLS_RESUME_TICKET};
static const enum tls_suite suites[] = {TLS_SUITE_PSK_AES_128_CCM, TLS_SUITE_PSK_AES_128_CBC_SHA256,
                                        TLS_SUITE_PSK_AES_128_CBC_SHA,
                                        TLS_SUITE_ECDHE_PSK_AES_128_CBC_SHA256};

struct outcome {
    bool resumed, whole;
    size_t octets[2];
    unsigned prf[2], derived[2];
    uint8_t key[48];
};

static void take_outcome(struct rig *r, struct outcome *out)
{
    *out = (struct outcome){.resumed = tls_is_resumed(r->tls[0]), .whole = rig_is_complete(r)};
    ck_assert_int_eq(tls_is_resumed(r->tls[1]), out->resumed);
    memcpy(out->key, r->key[0], sizeof(out->key));
    for (int side = 0; side < 2; side++) {
        const struct meter *m = &r->pair.side[side].meter;

        out->octets[side] = buf_len(&r->pair.side[side].sent);
        out->prf[side] = m->use[OP_PRF_SHA256].calls;
        out->derived[side] = m->use[OP_P256_ECDH].calls;
    }
}

/* One conversation; what is remembered of it stays in s->memory. */
static struct outcome talk(const struct rig_settings *s)
{
    struct outcome out;
    struct rig r;

    rig_init(&r, s);
    ck_assert_int_eq(rig_run(&r, pair_clean()), PAIR_ENDED);
    if (rig_is_complete(&r))
        ck_assert_str_eq(tls_peer_name(r.tls[1]), RIG_IDENTITY);
    take_outcome(&r, &out);
    rig_release(&r);
    return out;
}

static struct rig_settings settings_of(struct resume_memory *m, enum tls_suite suite)
{
    return (struct rig_settings){.suite = suite, .version = TLS_1_2, .seed = 3, .memory = m};
}

START_TEST(a_session_is_taken_up)
{
    struct resume_memory m;
    struct rig_settings s = settings_of(&m, suites[_i / 2]);
    struct outcome first, second, third;

    resume_init(&m, ways[_i % 2]);
    first = talk(&s);
    ck_assert(first.whole && !first.resumed);
    ck_assert_uint_gt(m.session_n[0], 0);
    ck_assert_int_eq(m.session_n[1] > 0, m.resume == TLS_RESUME_SESSION_ID);
    printf("%s, %s: the client keeps %zu octets, the server %zu; octets %zu + %zu",
           tls_suite_name(s.suite), m.resume == TLS_RESUME_TICKET ? "ticket" : "session id",
           m.session_n[0], m.session_n[1], first.octets[0], first.octets[1]);
    s.seed++;
    second = talk(&s);
    printf(", resumed %zu + %zu\n", second.octets[0], second.octets[1]);
    ck_assert(second.whole && second.resumed);
    ck_assert_mem_ne(first.key, second.key, sizeof(first.key));
    /* No premaster secret: one PRF less, and nothing is derived. */
    for (int side = 0; side < 2; side++) {
        ck_assert_uint_eq(second.prf[side] + 1, first.prf[side]);
        ck_assert_uint_eq(first.derived[side], s.suite == TLS_SUITE_ECDHE_PSK_AES_128_CBC_SHA256);
        ck_assert_uint_eq(second.derived[side], 0);
    }
    ck_assert_uint_lt(second.octets[1], first.octets[1]);
    s.seed++; /* as often as one likes */
    third = talk(&s);
    ck_assert(third.whole && third.resumed);
}
END_TEST

/* Octet for octet the same again; and nothing of it hangs on OpenSSL's contexts, which are new. */
START_TEST(the_same_seed_is_the_same_conversation)
{
    struct resume_memory m[2];
    struct rig r[2];

    for (int run = 0; run < 2; run++) {
        struct rig_settings s = settings_of(&m[run], TLS_SUITE_PSK_AES_128_CCM);

        resume_init(&m[run], ways[_i]);
        talk(&s);
        s.seed = 9;
        rig_init(&r[run], &s);
        rig_run(&r[run], pair_clean());
        ck_assert(tls_is_resumed(r[run].tls[1]));
    }
    ck_assert(pair_same(&r[0].pair, &r[1].pair));
    for (int run = 0; run < 2; run++)
        rig_release(&r[run]);
}
END_TEST

/* A whole handshake, and then what that one made is good. */
static void whole_again(struct rig_settings *s, struct outcome *out)
{
    s->seed++;
    *out = talk(s);
    ck_assert(out->whole && !out->resumed);
    s->seed++;
    *out = talk(s);
    ck_assert(out->whole && out->resumed);
}

START_TEST(a_server_that_forgot)
{
    struct resume_memory m;
    struct rig_settings s = settings_of(&m, TLS_SUITE_PSK_AES_128_CCM);
    struct outcome out;

    resume_init(&m, ways[_i]);
    talk(&s);
    if (m.resume == TLS_RESUME_TICKET) {
        m.keys[0] = m.keys[1]; /* it drew others */
    } else {
        m.session_n[1] = m.id_n = 0;
    }
    whole_again(&s, &out);
    ck_assert_uint_ge(m.asked, 1);
}
END_TEST

START_TEST(a_session_ends)
{
    struct resume_memory m;
    struct rig_settings s = settings_of(&m, TLS_SUITE_PSK_AES_128_CCM);
    struct outcome out;

    resume_init(&m, ways[_i]);
    m.resume_s = 600;
    talk(&s);
    s.seed++;
    s.start = 599 * SIM_S; /* to the end, counted from the whole handshake */
    out = talk(&s);
    ck_assert(out.whole && out.resumed);
    s.start = 602 * SIM_S;
    whole_again(&s, &out);
}
END_TEST

/* No session key outlives Kmc (etsi-m2m.md): with a Kmc that has ended there is no other way in. */
START_TEST(a_session_ends_with_its_key)
{
    struct resume_memory m;
    struct rig_settings s = settings_of(&m, TLS_SUITE_PSK_AES_128_CCM);
    struct rig r;

    resume_init(&m, ways[_i]);
    talk(&s);
    s.seed++;
    s.find_reason = REASON_KEY_EXPIRED;
    rig_init(&r, &s);
    rig_run(&r, pair_clean());
    ck_assert(!tls_is_open(r.tls[1]) && !tls_is_resumed(r.tls[1]));
    ck_assert_int_eq(rig_proto(&r, 1)->reason, REASON_KEY_EXPIRED);
    ck_assert_uint_ge(m.asked, 1);
    rig_release(&r);
    s.find_reason = REASON_NONE; /* the key was all that was wrong */
    talk(&s);
    ck_assert(talk(&s).resumed);
}
END_TEST

START_TEST(a_changed_ticket)
{
    struct resume_memory m, as_it_was;
    struct rig_settings s = settings_of(&m, TLS_SUITE_PSK_AES_128_CCM);
    struct outcome out;
    unsigned refused = 0;

    resume_init(&m, TLS_RESUME_TICKET);
    talk(&s);
    as_it_was = m;
    /* Whatever octet of the ticket is changed, inside the session that the client keeps. */
    for (size_t at = 0; at + 16 < m.session_n[0]; at++) {
        if (memcmp(m.session[0] + at, m.keys[0].name, TLS_TICKET_NAME) != 0)
            continue;
        for (size_t i = at; i < m.session_n[0] && i < at + 200; i += 9) {
            m = as_it_was;
            m.session[0][i] ^= 0x40;
            s.seed++;
            out = talk(&s);
            ck_assert(out.whole && !out.resumed);
            refused++;
        }
        break;
    }
    ck_assert_uint_ge(refused, 20);
    m = as_it_was;
    ck_assert(talk(&s).resumed);
}
END_TEST

/* Octets that are no session at all, at either side. */
START_TEST(rubbish)
{
    struct resume_memory m;
    struct rig_settings s = settings_of(&m, TLS_SUITE_PSK_AES_128_CCM);
    struct outcome out;

    resume_init(&m, TLS_RESUME_SESSION_ID);
    talk(&s);
    m.session_n[_i] /= 2;
    whole_again(&s, &out);
    memset(m.session[_i], 0x5a, m.session_n[_i]);
    whole_again(&s, &out);
}
END_TEST

/* The server's key is renewed: the old one opens, and the client gets a newer ticket. */
START_TEST(keys_of_tickets_change)
{
    struct resume_memory m;
    struct rig_settings s = settings_of(&m, TLS_SUITE_PSK_AES_128_CCM);
    struct outcome out;
    uint8_t before[TLS_SESSION_MAX];

    resume_init(&m, TLS_RESUME_TICKET);
    talk(&s);
    memcpy(before, m.session[0], m.session_n[0]);
    talk(&s);
    ck_assert_mem_eq(before, m.session[0], m.session_n[0]); /* good still: no other is made */
    m.key_count = 2;
    m.newest = 1;
    out = talk(&s);
    ck_assert(out.whole && out.resumed);
    ck_assert_mem_ne(before, m.session[0], m.session_n[0]);
    m.keys[0] = m.keys[1]; /* the old one is gone */
    s.seed++;
    out = talk(&s);
    ck_assert(out.whole && out.resumed);
}
END_TEST

/* What a client said when it took a session up, said again by another: it has no Finished. */
START_TEST(a_replay)
{
    struct resume_memory m;
    struct rig_settings s = settings_of(&m, TLS_SUITE_PSK_AES_128_CCM);
    struct span said;
    struct rig r, again;
    struct tls *t;

    resume_init(&m, ways[_i]);
    talk(&s);
    s.seed++;
    rig_init(&r, &s);
    rig_run(&r, pair_clean());
    ck_assert(tls_is_resumed(r.tls[1]));
    said = buf_span(&r.pair.side[0].sent);
    s.seed++;
    rig_init(&again, &s);
    t = again.tls[1];
    pair_enter(&again.pair, 1);
    tls_proto(t)->ops->start(tls_proto(t), 0);
    tls_proto(t)->ops->input(tls_proto(t), 0, said);
    pair_leave();
    ck_assert(!tls_is_open(t));
    ck_assert_int_eq(tls_proto(t)->status, PROTO_FAILED);
    /* By RFC 5246 7.2.2 that session is to be forgotten: which, the server can tell. */
    ck_assert_int_eq(tls_session_id(t).n > 0, m.resume == TLS_RESUME_SESSION_ID);
    rig_release(&r);
    rig_release(&again);
}
END_TEST

START_TEST(a_server_that_does_not)
{
    struct resume_memory m;
    struct rig_settings s = settings_of(&m, TLS_SUITE_PSK_AES_128_CCM);
    struct outcome out;

    resume_init(&m, ways[_i]);
    talk(&s);
    s.server_resumes_not = true;
    s.seed++;
    out = talk(&s);
    ck_assert(out.whole && !out.resumed);
}
END_TEST

/* What a client says to offer its session, cut or changed at any octet, is never more than a
 * handshake that fails, or a whole one. */
static void say_it_changed(const struct rig_settings *s, struct span hello, size_t at, bool cut)
{
    uint8_t octets[1024];
    struct tls *t;
    struct rig r;

    ck_assert_uint_le(hello.n, sizeof(octets));
    memcpy(octets, hello.p, hello.n);
    octets[at] ^= cut ? 0 : 0x81;
    rig_init(&r, s);
    t = r.tls[1];
    pair_enter(&r.pair, 1);
    tls_proto(t)->ops->start(tls_proto(t), 0);
    tls_proto(t)->ops->input(tls_proto(t), 0, span_of(octets, cut ? at + 1 : hello.n));
    pair_leave();
    ck_assert(!tls_is_open(t));
    rig_release(&r);
}

START_TEST(hostile_hellos)
{
    struct resume_memory m;
    struct rig_settings s = settings_of(&m, TLS_SUITE_PSK_AES_128_CCM);
    struct span hello;
    struct rig r;

    resume_init(&m, ways[_i]);
    talk(&s);
    rig_init(&r, &s);
    rig_run(&r, pair_clean());
    ck_assert(tls_is_resumed(r.tls[1]));
    hello = buf_span(&r.pair.side[0].sent);
    hello.n = 5 + ((size_t)hello.p[3] << 8 | hello.p[4]); /* its first record */
    for (size_t at = 0; at < hello.n; at++)
        for (int cut = 0; cut < 2; cut++)
            say_it_changed(&s, hello, at, cut);
    rig_release(&r);
}
END_TEST

/* ---- DTLS ---- */

static void dtls_talk(struct dtls_kit_settings *s, struct pair_script *faults, bool resumed)
{
    struct dtls_kit *k = dtls_kit_new(s);
    struct pair_script script = dtls_kit_script(k);

    if (faults)
        memcpy(script.way, faults->way, sizeof(script.way));
    ck_assert_msg(pair_run(&k->pair, &script) == (s->quiet ? PAIR_QUIET : PAIR_ENDED),
                  "%s / %s at %lld ms", reason_text(k->pair.side[0].proto->reason),
                  reason_text(k->pair.side[1].proto->reason), (long long)(k->pair.now / SIM_MS));
    ck_assert(k->exported[0] && k->exported[1] && !k->wrong);
    ck_assert_mem_eq(k->key[0], k->key[1], sizeof(k->key[0]));
    ck_assert_int_eq(tls_is_resumed(dtls_tls(k->dtls[0])), resumed);
    ck_assert_int_eq(tls_is_resumed(dtls_tls(k->dtls[1])), resumed);
    ck_assert_str_eq(tls_peer_name(dtls_tls(k->dtls[1])), KIT_IDENTITY);
    if (!s->quiet)
        ck_assert_uint_eq(k->got[0], KIT_SAYS);
    dtls_kit_free(k);
    s->seed++;
}

START_TEST(over_datagrams)
{
    for (int cookie = 0; cookie < 2; cookie++) {
        struct resume_memory m;
        struct dtls_kit_settings s = {
            .suite = TLS_SUITE_PSK_AES_128_CCM_8, .seed = 4, .cookie = cookie, .memory = &m};

        resume_init(&m, ways[_i]);
        dtls_talk(&s, NULL, false);
        printf("DTLS, %s: the client keeps %zu octets, the server %zu\n",
               _i ? "ticket" : "session id", m.session_n[0], m.session_n[1]);
        dtls_talk(&s, NULL, true);
        dtls_talk(&s, NULL, true);
        if (m.resume == TLS_RESUME_TICKET)
            m.key_count = 0;
        else
            m.id_n = 0;
        dtls_talk(&s, NULL, false);
    }
}
END_TEST

/* RFC 6347 4.2.4 for the abbreviated handshake, whose last flight is the client's. */
START_TEST(every_single_fault)
{
    for (int what = 0; what < 3; what++)
        for (int side = 0; side < 2; side++)
            for (unsigned index = 0; index < 5; index++) {
                struct resume_memory m;
                struct dtls_kit_settings s = {
                    .suite = TLS_SUITE_PSK_AES_128_CCM_8, .seed = 5, .cookie = true, .memory = &m};
                struct pair_script faults = pair_clean();

                resume_init(&m, ways[_i]);
                dtls_talk(&s, NULL, false);
                if (what == 0)
                    faults.way[side].lose = UINT64_C(1) << index;
                if (what == 1)
                    faults.way[side].duplicate = UINT64_C(1) << index;
                if (what == 2) {
                    faults.way[side].late = UINT64_C(1) << index;
                    faults.way[side].late_by = 1500 * SIM_MS;
                }
                s.quiet = true;
                dtls_talk(&s, &faults, true);
            }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tls_resume");
    TCase *tc = tcase_create("tls_resume");
    SRunner *sr;
    int failed;

    rig_global_init();
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, a_session_is_taken_up, 0, 8);
    tcase_add_loop_test(tc, the_same_seed_is_the_same_conversation, 0, 2);
    tcase_add_loop_test(tc, a_server_that_forgot, 0, 2);
    tcase_add_loop_test(tc, a_session_ends, 0, 2);
    tcase_add_loop_test(tc, a_session_ends_with_its_key, 0, 2);
    tcase_add_test(tc, a_changed_ticket);
    tcase_add_loop_test(tc, rubbish, 0, 2);
    tcase_add_test(tc, keys_of_tickets_change);
    tcase_add_loop_test(tc, a_replay, 0, 2);
    tcase_add_loop_test(tc, a_server_that_does_not, 0, 2);
    tcase_add_loop_test(tc, hostile_hellos, 0, 2);
    tcase_add_loop_test(tc, over_datagrams, 0, 2);
    tcase_add_loop_test(tc, every_single_fault, 0, 2);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    rig_global_release();
    return failed != 0;
}
