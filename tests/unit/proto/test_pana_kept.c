/* PaC and PAA that keep their session: re-authentication, ping, termination, lifetime. */
#include "crypto/entity.h"
#include "models/proto/pana_session.h"
#include "tests/support/pana_rig.h"

#include <check.h>
#include <stdlib.h>

static void make_kept(void *arg, struct pana_rig_settings *s)
{
    unsigned bits = arg ? *(unsigned *)arg : 0;

    eap_test_script = (struct eap_test_script){.rounds = 2};
    s->pac.keep_session = s->paa.keep_session = true;
    s->paa.session_lifetime_s = 0;
    s->pac.no_piggyback = bits & 1;
    s->paa.encrypt = bits >> 1 & 1;
}

static struct pana_session *session(const struct pana_rig *r, int side)
{
    return (struct pana_session *)pana_rig_proto(r, side);
}

/* Authenticated, and nothing is going on. */
static void open_rig(struct pana_rig *r, pana_rig_make make, void *arg)
{
    pana_rig_init(r, make, arg);
    ck_assert_int_eq(pana_rig_run(r, pair_clean()), PAIR_QUIET);
    ck_assert(pana_rig_is_complete(r));
}

static void forget_labels(struct pana_rig *r)
{
    for (int side = 0; side < 2; side++)
        buf_clear(&r->pair.side[side].labels);
}

static void assert_labels(const struct pana_rig *r, int side, const char *want)
{
    struct span got = buf_span(&r->pair.side[side].labels);

    ck_assert_uint_eq(got.n, strlen(want));
    ck_assert(got.n == 0 || memcmp(got.p, want, got.n) == 0);
}

/* ---- what either side can begin ---- */

static void pac_reauth(struct pana_rig *r)
{
    pana_pac_reauthenticate(r->pac, r->pair.now);
}

static void paa_reauth(struct pana_rig *r)
{
    pana_paa_reauthenticate(r->paa, r->pair.now);
}

static void pac_ping(struct pana_rig *r)
{
    pana_pac_ping(r->pac, r->pair.now);
}

static void paa_ping(struct pana_rig *r)
{
    pana_paa_ping(r->paa, r->pair.now);
}

static void pac_leave(struct pana_rig *r)
{
    pana_pac_terminate(r->pac, r->pair.now);
}

static void paa_leave(struct pana_rig *r)
{
    pana_paa_terminate(r->paa, r->pair.now, 4);
}

enum end { STAYS, PAC_LEAVES, PAA_LEAVES };
static const struct procedure {
    void (*begin[2])(struct pana_rig *r); /* of each side; NULL: nothing */
    unsigned conversations;               /* EAP's */
    enum end end;
} procedures[] = {
    {{pac_reauth, NULL}, 1, STAYS},         {{NULL, paa_reauth}, 1, STAYS},
    {{pac_reauth, paa_reauth}, 1, STAYS},   {{pac_ping, NULL}, 0, STAYS},
    {{NULL, paa_ping}, 0, STAYS},           {{pac_ping, paa_ping}, 0, STAYS},
    {{pac_ping, paa_reauth}, 1, STAYS},     {{pac_reauth, paa_ping}, 1, STAYS},
    {{pac_leave, NULL}, 0, PAC_LEAVES},     {{NULL, paa_leave}, 0, PAA_LEAVES},
    {{pac_leave, paa_leave}, 0, 3},         {{pac_leave, paa_ping}, 0, PAC_LEAVES},
    {{pac_ping, paa_leave}, 0, PAA_LEAVES},
};
#define PROCEDURES (sizeof(procedures) / sizeof(procedures[0]))

static void begin(struct pana_rig *r, const struct procedure *p)
{
    for (int side = 0; side < 2; side++) {
        pair_enter(&r->pair, side);
        if (p->begin[side])
            p->begin[side](r);
        pair_leave();
    }
}

static void check_end(const struct pana_rig *r, const struct procedure *p)
{
    struct proto *pac = pana_rig_proto(r, 0), *paa = pana_rig_proto(r, 1);

    pana_rig_check(r);
    if (p->end == STAYS) {
        ck_assert(pana_rig_is_complete(r));
        ck_assert_int_eq(pac->status, PROTO_RUNNING);
        ck_assert_int_eq(paa->status, PROTO_RUNNING);
        ck_assert_int_eq(session(r, 0)->state, PANA_OPEN);
        ck_assert_int_eq(session(r, 1)->state, PANA_OPEN);
        return;
    }
    ck_assert(!pana_pac_is_open(r->pac));
    ck_assert(!pana_paa_is_open(r->paa));
    if (p->end == PAC_LEAVES) {
        ck_assert_int_eq(pac->status, PROTO_DONE);
        ck_assert_int_eq(paa->status, PROTO_DONE);
    } else if (p->end == PAA_LEAVES) {
        ck_assert_int_eq(pac->reason, REASON_PANA_TERMINATED);
        ck_assert_int_eq(paa->status, PROTO_DONE);
    }
}

/* In both ways of EAP, plain and encrypted: clean, and then each single loss, duplicate and delay
 * of what it said. */
START_TEST(procedure)
{
    const struct procedure *p = &procedures[_i];

    for (unsigned bits = 0; bits < 4; bits++) {
        unsigned n[2] = {0, 0}, first[2] = {0, 0};

        for (unsigned fault = 0; fault <= 4 * (n[0] + n[1]); fault++) {
            struct pana_rig r;
            struct pair_script script = pair_clean();
            unsigned i = fault ? (fault - 1) / 4 : 0;
            int side = i >= n[0];
            uint64_t bit = UINT64_C(1) << (first[side] + (side ? i - n[0] : i));

            open_rig(&r, make_kept, &bits);
            if (fault % 4 == 1)
                script.way[side].lose = bit;
            if (fault % 4 == 2)
                script.way[side].duplicate = bit;
            if (fault && fault % 4 != 1 && fault % 4 != 2) {
                script.way[side].late = bit;
                script.way[side].late_by = fault % 4 ? 5 * SIM_MS : 1500 * SIM_MS;
            }
            for (int k = 0; k < 2; k++)
                first[k] = r.pair.side[k].outputs;
            begin(&r, p);
            ck_assert_int_eq(pana_rig_run(&r, script), p->end == STAYS ? PAIR_QUIET : PAIR_ENDED);
            check_end(&r, p);
            ck_assert_uint_eq(r.conversations, 1 + p->conversations);
            for (int k = 0; k < 2 && fault == 0; k++)
                n[k] = r.pair.side[k].outputs - first[k];
            pana_rig_release(&r);
        }
        ck_assert_uint_ge(n[0] + n[1], 2);
    }
}
END_TEST

/* RFC 5191 Figure 2. */
START_TEST(reauthentication_message_by_message)
{
    struct pana_rig r;
    struct pana_sa before;

    open_rig(&r, make_kept, NULL);
    before = session(&r, 0)->sa;
    forget_labels(&r);
    begin(&r, &procedures[0]);
    ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_QUIET);
    ck_assert(pana_rig_is_complete(&r));
    assert_labels(&r, 0,
                  "PNR[A]\nPAN EAP-Response/Identity\nPAN EAP-Response/255\n"
                  "PAN EAP-Response/255\nPAN[C]\n");
    assert_labels(&r, 1,
                  "PNA[A]\nPAR EAP-Request/Identity\nPAR EAP-Request/255\n"
                  "PAR EAP-Request/255\nPAR[C] EAP-Success\n");
    /* RFC 5191 5.3: a new key, and both have it. */
    ck_assert_uint_eq(session(&r, 0)->sa.key_id, before.key_id + 1);
    ck_assert_mem_ne(session(&r, 0)->sa.auth_key, before.auth_key, 20);
    ck_assert_mem_eq(session(&r, 0)->sa.auth_key, session(&r, 1)->sa.auth_key, 32);
    pana_rig_release(&r);
}
END_TEST

/* Many times over, and the numbers go round 2^32 - 1. */
START_TEST(sequence_numbers_wrap)
{
    unsigned bits = (unsigned)_i;
    struct pana_rig r;

    pana_rig_init(&r, make_kept, &bits);
    session(&r, 1)->tx_begun = session(&r, 0)->tx_begun = true;
    session(&r, 1)->tx_sequence = UINT32_MAX - 5;
    session(&r, 0)->tx_sequence = UINT32_MAX - 2;
    ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_QUIET);
    for (int i = 0; i < 6; i++) {
        ck_assert(pana_rig_is_complete(&r));
        begin(&r, &procedures[i % 2]);
        ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_QUIET);
    }
    ck_assert(pana_rig_is_complete(&r));
    ck_assert_uint_lt(session(&r, 1)->tx_sequence, 100);
    ck_assert_uint_lt(session(&r, 0)->tx_sequence, 100);
    ck_assert_uint_eq(r.conversations, 7);
    pana_rig_release(&r);
}
END_TEST

/* Nothing of an old key counts any more: what went by before is thrown in again. */
START_TEST(old_messages_do_nothing)
{
    struct pana_rig r;
    struct buf old[2];

    open_rig(&r, make_kept, NULL);
    for (int i = 3; i < 5; i++) { /* a ping from each side */
        begin(&r, &procedures[i]);
        pana_rig_run(&r, pair_clean());
    }
    for (int side = 0; side < 2; side++) {
        buf_init(&old[side], 1 << 20);
        buf_put_span(&old[side], buf_span(&r.pair.side[side].sent));
    }
    begin(&r, &procedures[0]);
    ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_QUIET);
    for (int side = 0; side < 2; side++) {
        struct span all = buf_span(&old[1 - side]);
        struct proto *p = pana_rig_proto(&r, side);

        pair_enter(&r.pair, side);
        while (all.n > 0) {
            size_t n = (size_t)(all.p[2] << 8 | all.p[3]);

            p->ops->input(p, r.pair.now, span_of(all.p, n));
            ck_assert_uint_eq(buf_len(&session(&r, side)->out), 0);
            ck_assert_int_eq(session(&r, side)->state, PANA_OPEN);
            all = span_of(all.p + n, all.n - n);
        }
        pair_leave();
        buf_clear(&old[1 - side]);
    }
    pana_rig_release(&r);
}
END_TEST

/* Every octet of what goes by in the open session is under its AUTH. */
struct tampering {
    int side;
    unsigned index;
    size_t octet;
};

static void tamper(void *arg, int from, unsigned index, uint8_t *octets, size_t *n)
{
    const struct tampering *t = arg;

    if (from == t->side && index == t->index && t->octet < *n)
        octets[t->octet] ^= 0x10;
}

START_TEST(every_octet_is_protected)
{
    static const unsigned which[] = {1, 3, 4, 8};

    for (size_t k = 0; k < sizeof(which) / sizeof(which[0]); k++) {
        const struct procedure *p = &procedures[which[k]];

        for (unsigned i = 0; i < 10; i++) {
            for (size_t octet = 0; octet < 120; octet++) {
                struct pana_rig r;
                struct pair_script script = pair_clean();
                struct tampering t = {(int)(i % 2), 0, octet};

                open_rig(&r, make_kept, NULL);
                t.index = r.pair.side[t.side].outputs + i / 2;
                script.tamper = tamper;
                script.tamper_arg = &t;
                begin(&r, p);
                ck_assert_int_eq(pana_rig_run(&r, script),
                                 p->end == STAYS ? PAIR_QUIET : PAIR_ENDED);
                check_end(&r, p);
                pana_rig_release(&r);
            }
        }
    }
}
END_TEST

/* ---- lifetime ---- */

static void make_mortal(void *arg, struct pana_rig_settings *s)
{
    make_kept(arg, s);
    s->paa.session_lifetime_s = 1000;
}

/* The PaC sees to it in time, again and again (RFC 5191 5.7). */
START_TEST(reauthentication_before_expiry)
{
    struct pana_rig r;
    struct pair_script script = pair_clean();

    script.limit = 5000 * SIM_S;
    pana_rig_init(&r, make_mortal, NULL);
    ck_assert_int_eq(pana_rig_run(&r, script), PAIR_LIMIT);
    ck_assert(pana_rig_is_complete(&r));
    ck_assert_uint_ge(r.conversations, 6); /* 5000 / 1000 / 0.9, and the first */
    ck_assert_uint_le(r.conversations, 7); /* 5000 / 1000 / 0.8, and the first */
    pana_rig_release(&r);
}
END_TEST

/* A ping that is outstanding when it is time only puts it off. */
START_TEST(reauthentication_after_a_ping)
{
    struct pana_rig r;
    struct pair_script script = pair_clean();
    sim_ns due;

    script.limit = SIM_S;
    pana_rig_init(&r, make_mortal, NULL);
    ck_assert_int_eq(pana_rig_run(&r, script), PAIR_LIMIT);
    due = pana_rig_proto(&r, 0)->expiry;
    ck_assert_int_ge(due, 800 * SIM_S);
    ck_assert_int_le(due, 901 * SIM_S);
    r.pair.now = due - SIM_S / 2;
    script.limit = due + 10 * SIM_S;
    script.way[0].lose = UINT64_C(1) << r.pair.side[0].outputs;
    begin(&r, &procedures[3]);
    ck_assert_int_eq(pana_rig_run(&r, script), PAIR_LIMIT);
    ck_assert_uint_eq(r.conversations, 2);
    ck_assert(pana_rig_is_complete(&r));
    ck_assert_int_eq(session(&r, 0)->state, PANA_OPEN);
    pana_rig_release(&r);
}
END_TEST

/* When the PAA is gone, the PaC tries to re-authenticate, and then gives up; the PAA, which hears
 * nothing, lets the session expire. */
START_TEST(expiry)
{
    struct pana_rig r;
    struct pair_script script = pair_clean();

    script.limit = 10 * SIM_S;
    pana_rig_init(&r, make_mortal, NULL);
    ck_assert_int_eq(pana_rig_run(&r, script), PAIR_LIMIT);
    script.limit = 5000 * SIM_S;
    script.way[0].lose = script.way[1].lose = UINT64_MAX;
    ck_assert_int_eq(pana_rig_run(&r, script), PAIR_ENDED);
    ck_assert_int_eq(pana_rig_proto(&r, 0)->status, PROTO_FAILED);
    ck_assert(pana_rig_proto(&r, 0)->reason == REASON_PANA_TIMEOUT ||
              pana_rig_proto(&r, 0)->reason == REASON_KEY_EXPIRED);
    ck_assert_int_eq(pana_rig_proto(&r, 1)->reason, REASON_KEY_EXPIRED);
    ck_assert_int_eq(r.pair.now / SIM_S, 1000);
    ck_assert(!pana_pac_is_open(r.pac));
    ck_assert(!pana_paa_is_open(r.paa));
    pana_rig_release(&r);
}
END_TEST

/* A ping that stays unanswered ends the session after REQ_MRC transmissions. */
START_TEST(dead_peer)
{
    for (int i = 3; i < 5; i++) {
        struct pana_rig r;
        struct pair_script script = pair_clean();
        int side = i - 3;

        open_rig(&r, make_kept, NULL);
        forget_labels(&r);
        script.way[0].lose = script.way[1].lose = UINT64_MAX;
        begin(&r, &procedures[i]);
        pana_rig_run(&r, script);
        ck_assert_int_eq(pana_rig_proto(&r, side)->reason, REASON_PANA_TIMEOUT);
        ck_assert_int_eq(pana_rig_proto(&r, 1 - side)->status, PROTO_RUNNING);
        ck_assert_uint_eq(buf_len(&r.pair.side[side].labels), 10 * strlen("PNR[P]\n"));
        pana_rig_release(&r);
    }
}
END_TEST

/* What was wrong once, and then right, is not why a session ends. */
START_TEST(a_forged_auth_is_forgotten)
{
    for (int accepted = 0; accepted < 2; accepted++) {
        struct pana_rig r;
        struct pair_script script = pair_clean();
        struct tampering t = {1, 0, 50};

        open_rig(&r, make_kept, NULL);
        t.index = r.pair.side[1].outputs;
        t.octet = 30; /* in the AUTH of the PNA */
        script.tamper = tamper;
        script.tamper_arg = &t;
        script.limit = r.pair.now + (accepted ? 10 * SIM_S : SIM_S / 2);
        begin(&r, &procedures[3]);
        pana_rig_run(&r, script);
        script.way[0].lose = script.way[1].lose = UINT64_MAX;
        script.limit = 3600 * SIM_S;
        if (accepted)
            begin(&r, &procedures[3]);
        pana_rig_run(&r, script);
        ck_assert_int_eq(pana_rig_proto(&r, 0)->reason,
                         accepted ? REASON_PANA_TIMEOUT : REASON_PANA_AUTH);
        pana_rig_release(&r);
    }
}
END_TEST

/* A re-authentication that is rejected ends the session, at both ends. */
static void refuse(struct pana_rig *r, int side)
{
    (void)side;
    if (r->conversations == 2)
        r->settings.refuse = REASON_PERMISSION_DENIED;
}

START_TEST(rejected_reauthentication)
{
    struct pana_rig r;

    open_rig(&r, make_kept, NULL);
    r.step = refuse;
    begin(&r, &procedures[_i]);
    ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert_int_eq(pana_rig_proto(&r, 0)->reason, REASON_PANA_REJECTED);
    ck_assert_int_eq(pana_rig_proto(&r, 1)->reason, REASON_PERMISSION_DENIED);
    ck_assert(!pana_pac_is_open(r.pac));
    ck_assert(!pana_paa_is_open(r.paa));
    pana_rig_release(&r);
}
END_TEST

START_TEST(failed_reauthentication)
{
    struct pana_rig r;

    open_rig(&r, make_kept, NULL);
    eap_test_script.wrong_secret = true;
    begin(&r, &procedures[_i]);
    ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert_int_eq(pana_rig_proto(&r, 0)->reason, REASON_PANA_REJECTED);
    ck_assert_int_eq(pana_rig_proto(&r, 1)->reason, REASON_EAP_MAC);
    pana_rig_release(&r);
}
END_TEST

/* ---- when it is too early ---- */

START_TEST(terminated_before_open)
{
    struct pana_rig r;

    pana_rig_init(&r, make_kept, NULL);
    begin(&r, &procedures[10]);
    ck_assert_int_eq(pana_rig_proto(&r, 0)->reason, REASON_PANA_TERMINATED);
    ck_assert_int_eq(pana_rig_proto(&r, 1)->reason, REASON_PANA_TERMINATED);
    ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert_uint_eq(pana_rig_datagrams(&r), 0);
    pana_rig_release(&r);
}
END_TEST

START_TEST(nothing_before_open)
{
    struct pana_rig r;

    pana_rig_init(&r, make_kept, NULL);
    begin(&r, &procedures[2]);
    begin(&r, &procedures[5]);
    ck_assert_uint_eq(buf_len(&session(&r, 0)->out), 0);
    ck_assert_uint_eq(buf_len(&session(&r, 1)->out), 0);
    ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_QUIET);
    ck_assert(pana_rig_is_complete(&r));
    pana_rig_release(&r);
}
END_TEST

/* To leave while a ping is outstanding waits for its answer; while re-authenticating, for the
 * PAR's.
 */
START_TEST(leaving_waits)
{
    static const int first[] = {3, 4, 0, 1};

    for (int k = 0; k < 12; k++) {
        for (int who = 8; who < 10; who++) {
            struct pana_rig r;
            struct pair_script script = pair_clean();

            open_rig(&r, make_kept, NULL);
            for (int i = 3; i < 5; i++) { /* so that each knows the other's next number */
                begin(&r, &procedures[i]);
                ck_assert_int_eq(pana_rig_run(&r, script), PAIR_QUIET);
            }
            /* What is outstanding gets lost, or its answer. */
            for (int side = 0; side < 2; side++)
                if (k / 4 == 1 + side)
                    script.way[side].lose = UINT64_C(1) << r.pair.side[side].outputs;
            begin(&r, &procedures[first[k % 4]]);
            begin(&r, &procedures[who]);
            ck_assert_int_eq(pana_rig_run(&r, script), PAIR_ENDED);
            pana_rig_check(&r);
            ck_assert(!pana_pac_is_open(r.pac));
            ck_assert(!pana_paa_is_open(r.paa));
            ck_assert_int_eq(pana_rig_proto(&r, who - 8)->status, PROTO_DONE);
            pana_rig_release(&r);
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pana_kept");
    TCase *tc = tcase_create("pana_kept");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 2;
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, procedure, 0, (int)PROCEDURES);
    tcase_add_test(tc, reauthentication_message_by_message);
    tcase_add_loop_test(tc, sequence_numbers_wrap, 0, 4);
    tcase_add_test(tc, old_messages_do_nothing);
    tcase_add_test(tc, every_octet_is_protected);
    tcase_add_test(tc, reauthentication_before_expiry);
    tcase_add_test(tc, reauthentication_after_a_ping);
    tcase_add_test(tc, expiry);
    tcase_add_test(tc, dead_peer);
    tcase_add_test(tc, a_forged_auth_is_forgotten);
    tcase_add_loop_test(tc, rejected_reauthentication, 0, 2);
    tcase_add_loop_test(tc, failed_reauthentication, 0, 2);
    tcase_add_test(tc, terminated_before_open);
    tcase_add_test(tc, nothing_before_open);
    tcase_add_test(tc, leaving_waits);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
