/* PaC and PAA: how it should go, in every variant. */
#include "crypto/entity.h"
#include "models/proto/pana_msg.h"
#include "tests/support/pana_rig.h"

#include <check.h>
#include <stdlib.h>

/* The index-th datagram of what a side said. */
static struct span datagram(const struct pair_side *s, unsigned index)
{
    struct span all = buf_span(&s->sent);

    for (;; index--) {
        size_t n;

        ck_assert_uint_ge(all.n, PANA_HEADER);
        n = (size_t)(all.p[2] << 8 | all.p[3]);
        if (index == 0)
            return span_of(all.p, n);
        all = span_of(all.p + n, all.n - n);
    }
}

static struct pana_msg message(const struct pair_side *s, unsigned index)
{
    struct pana_msg m;

    ck_assert_int_eq(pana_msg_parse(datagram(s, index), &m), REASON_NONE);
    return m;
}

static void assert_labels(const struct pair_side *s, const char *want)
{
    char got[1024];

    ck_assert_uint_lt(buf_len(&s->labels), sizeof(got));
    memcpy(got, buf_span(&s->labels).p, buf_len(&s->labels));
    got[buf_len(&s->labels)] = '\0';
    ck_assert_str_eq(got, want);
}

static void run_clean(struct pana_rig *r, pana_rig_make make, void *arg)
{
    pana_rig_init(r, make, arg);
    ck_assert_int_eq(pana_rig_run(r, pair_clean()), PAIR_ENDED);
    ck_assert(pana_rig_is_complete(r));
    pana_rig_check(r);
}

/* ---- messages ---- */

/* etsi-m2m.md 4.4: as EAP-GPSK, which has two round trips. */
static void make_two_rounds(void *arg, struct pana_rig_settings *s)
{
    (void)arg;
    eap_test_script = (struct eap_test_script){.rounds = 2};
    s->begin_with = "device-1";
    s->server.ask_identity = false;
}

START_TEST(nine_datagrams)
{
    struct pana_rig r;

    run_clean(&r, make_two_rounds, NULL);
    assert_labels(&r.pair.side[0], "PCI\nPAN[S]\nPAN EAP-Response/255\nPAN EAP-Response/255\n"
                                   "PAN[C]\n");
    assert_labels(&r.pair.side[1], "PAR[S]\nPAR EAP-Request/255\nPAR EAP-Request/255\n"
                                   "PAR[C] EAP-Success\n");
    ck_assert_uint_eq(pana_rig_datagrams(&r), 9);
    pana_rig_release(&r);
}
END_TEST

static void make_two_rounds_and_identity(void *arg, struct pana_rig_settings *s)
{
    (void)arg, (void)s;
    eap_test_script = (struct eap_test_script){.rounds = 2};
}

/* A way of 200 ms: nothing is said twice; the PCI is not, once the second PAR is there. */
START_TEST(slow_but_sure)
{
    struct pana_rig r;
    struct pair_script script = pair_clean();

    script.delay = 200 * SIM_MS;
    pana_rig_init(&r, make_two_rounds, NULL);
    ck_assert_int_eq(pana_rig_run(&r, script), PAIR_ENDED);
    ck_assert(pana_rig_is_complete(&r));
    ck_assert_uint_eq(pana_rig_datagrams(&r), 9);
    pana_rig_release(&r);
}
END_TEST

/* A way of 3 s: everything is said several times, and it goes through. */
START_TEST(very_slow)
{
    struct pana_rig r;
    struct pair_script script = pair_clean();

    script.delay = 3 * SIM_S;
    pana_rig_init(&r, make_two_rounds, NULL);
    ck_assert_int_eq(pana_rig_run(&r, script), PAIR_ENDED);
    ck_assert(pana_rig_is_complete(&r));
    ck_assert_uint_gt(pana_rig_datagrams(&r), 18);
    pana_rig_release(&r);
}
END_TEST

START_TEST(eleven_with_identity)
{
    struct pana_rig r;

    run_clean(&r, make_two_rounds_and_identity, NULL);
    ck_assert_uint_eq(pana_rig_datagrams(&r), 11);
    pana_rig_release(&r);
}
END_TEST

/* Session, sequence numbers and AVPs of each message (RFC 5191 4.1, Figure 1). */
START_TEST(what_the_messages_carry)
{
    struct pana_rig r;
    const struct pair_side *pac = &r.pair.side[0], *paa = &r.pair.side[1];
    struct pana_msg par_s, m;

    run_clean(&r, make_two_rounds, NULL);
    par_s = message(paa, 0);
    ck_assert_uint_eq(par_s.prfs, 1u << 2 | 1u << 5);
    ck_assert_uint_eq(par_s.integrities, 1u << 7 | 1u << 12);
    ck_assert_uint_eq(par_s.has, 1u << PANA_AVP_PRF_ALGORITHM | 1u << PANA_AVP_INTEGRITY_ALGORITHM);
    ck_assert_str_eq(par_s.params.sp_id, "sp.example");
    for (unsigned i = 0; i < 4; i++) {
        struct pana_msg par = message(paa, i), pan = message(pac, i + 1);

        ck_assert_uint_eq(par.session_id, 0x11223344);
        ck_assert_uint_eq(pan.session_id, 0x11223344);
        ck_assert_uint_eq(par.sequence, par_s.sequence + i);
        ck_assert_uint_eq(pan.sequence, par_s.sequence + i);
        ck_assert_int_eq(pana_has(&par, PANA_AVP_NONCE), i == 1);
        ck_assert_int_eq(pana_has(&pan, PANA_AVP_NONCE), i == 1);
        ck_assert_int_eq(pana_has(&par, PANA_AVP_AUTH), i == 3);
        ck_assert_int_eq(pana_has(&pan, PANA_AVP_AUTH), i == 3);
        ck_assert_int_eq(pana_has(&par, PANA_AVP_EAP_PAYLOAD), i > 0);
        ck_assert_int_eq(pana_has(&pan, PANA_AVP_EAP_PAYLOAD), i == 1 || i == 2);
        ck_assert(i != 1 || (par.nonce.n >= 16 && pan.nonce.n >= 16));
    }
    m = message(pac, 1);
    ck_assert_uint_eq(m.prfs, 1u << 5);
    ck_assert_uint_eq(m.integrities, 1u << 12);
    m = message(paa, 3);
    ck_assert_uint_eq(m.result_code, PANA_SUCCESS);
    ck_assert_uint_eq(m.key_id, 1);
    ck_assert_uint_eq(m.session_lifetime_s, 3600);
    ck_assert_uint_eq(m.params.kmr_index, 7);
    m = message(pac, 4);
    ck_assert_uint_eq(m.key_id, 1);
    m = message(pac, 0);
    ck_assert_str_eq(m.params.target_device_id, "device-1");
    ck_assert_str_eq(pana_paa_client_params(r.paa)->target_device_id, "device-1");
    ck_assert_uint_eq(pana_pac_session_lifetime_s(r.pac), 3600);
    pana_rig_release(&r);
}
END_TEST

/* ---- variants ---- */

#define VARIANTS 64

/* Each bit changes one thing. */
static void make_variant(void *arg, struct pana_rig_settings *s)
{
    unsigned bits = *(unsigned *)arg;

    eap_test_script = (struct eap_test_script){.rounds = 3};
    s->pac.sha1_only = bits & 1;
    s->paa.sha1_only = bits >> 1 & 1;
    s->paa.encrypt = bits >> 2 & 1;
    s->pac.no_piggyback = bits >> 3 & 1;
    s->paa.optimized_init = bits >> 4 & 1;
    if (bits >> 5 & 1) {
        s->begin_with = "device-1";
        s->server.ask_identity = false;
    }
}

START_TEST(every_variant)
{
    for (unsigned bits = 0; bits < VARIANTS; bits++) {
        bool sha1 = bits & 3, apart = bits >> 3 & 1;
        unsigned packets = bits >> 5 & 1 ? 3 : 4; /* EAP requests */
        unsigned rounds = packets + 1 + (bits >> 4 & 1 ? 0 : 1);
        struct pana_rig r;
        struct pana_msg start, last;

        run_clean(&r, make_variant, &bits);
        start = message(&r.pair.side[0], 1);
        ck_assert_uint_eq(start.prfs, sha1 ? 1u << 2 : 1u << 5);
        ck_assert_uint_eq(start.integrities, sha1 ? 1u << 7 : 1u << 12);
        ck_assert_uint_eq(start.encryptions, bits & 4 ? 1u << 1 : 0);
        /* With EAP in PARs of the PaC's, each response takes two datagrams more. */
        ck_assert_uint_eq(pana_rig_datagrams(&r), 1 + 2 * rounds + (apart ? 2 * packets : 0));
        last = message(&r.pair.side[1], r.pair.side[1].outputs - 1);
        ck_assert_int_eq(pana_has(&last, PANA_AVP_ENCR_ENCAP), bits >> 2 & 1);
        ck_assert_uint_eq(last.params.has, bits & 4 ? 0 : r.settings.last.has);
        ck_assert_uint_eq(last.auth.n, sha1 ? 20 : 16);
        pana_rig_release(&r);
    }
}
END_TEST

/* What is encrypted does not show on the wire. */
START_TEST(encrypted_parameters_do_not_show)
{
    unsigned bits = 4;
    struct pana_rig r;
    struct span last;

    run_clean(&r, make_variant, &bits);
    last = datagram(&r.pair.side[1], r.pair.side[1].outputs - 1);
    ck_assert_ptr_null(memmem(last.p, last.n, "nscl.sp", 7));
    ck_assert_str_eq(pana_pac_params(r.pac)->scl_list[0], "nscl.sp.example");
    pana_rig_release(&r);
}
END_TEST

static void make_expanded(void *arg, struct pana_rig_settings *s)
{
    static const struct eap_method *const methods[] = {&eap_test_expanded};
    static const struct eap_rig_user users[] = {
        {"device-1", {.methods = {&eap_test_expanded}, .method_count = 1}}};

    (void)arg;
    eap_test_script = (struct eap_test_script){.rounds = 1};
    s->pac.eap.methods = methods;
    s->users = users;
    s->paa.session_lifetime_s = 0;
    s->pac.linger = 0;
    s->last = (struct pana_params){.has = 0};
    s->paa.params.has = 0;
    s->pac.params.has = 0;
    s->pac.device_id = NULL;
}

/* Without any of ETSI's AVPs, without end, and gone at once. */
START_TEST(bare)
{
    struct pana_rig r;
    struct pana_msg m;

    pana_rig_init(&r, make_expanded, NULL);
    ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert(pana_rig_is_complete(&r));
    m = message(&r.pair.side[1], r.pair.side[1].outputs - 1);
    ck_assert_uint_eq(m.session_lifetime_s, UINT32_MAX);
    ck_assert_uint_eq(pana_pac_session_lifetime_s(r.pac), 0);
    ck_assert_int_lt(r.pair.now, SIM_S);
    pana_rig_release(&r);
}
END_TEST

START_TEST(same_seed_same_octets)
{
    unsigned bits = 4;
    struct pana_rig a, b, c;

    run_clean(&a, make_variant, &bits);
    run_clean(&b, make_variant, &bits);
    ck_assert(pair_same(&a.pair, &b.pair));
    pana_rig_init(&c, make_variant, &bits);
    pair_release(&c.pair);
    pair_init(&c.pair, 99);
    c.pair.side[0].proto = pana_pac_proto(c.pac);
    c.pair.side[1].proto = pana_paa_proto(c.paa);
    ck_assert_int_eq(pana_rig_run(&c, pair_clean()), PAIR_ENDED);
    ck_assert(!pair_same(&a.pair, &c.pair));
    pana_rig_release(&a);
    pana_rig_release(&b);
    pana_rig_release(&c);
}
END_TEST

START_TEST(operations_are_metered)
{
    struct pana_rig r;

    run_clean(&r, make_two_rounds, NULL);
    for (int side = 0; side < 2; side++) {
        const struct meter *m = &r.pair.side[side].meter;

        ck_assert_uint_ge(m->use[OP_HMAC_SHA256].calls, 3); /* prf+, own AUTH, the other's */
        ck_assert_uint_ge(m->use[OP_RANDOM].octets, 16);
        ck_assert_uint_eq(m->use[OP_HMAC_SHA1].calls, 0);
    }
    pana_rig_release(&r);
}
END_TEST

/* A PaC that has what it wants is still there for an answer that got lost, and no longer. */
START_TEST(linger)
{
    struct pana_rig r;
    struct pair_script script = pair_clean();

    pana_rig_init(&r, make_two_rounds, NULL);
    script.limit = 10 * SIM_S;
    ck_assert_int_eq(pana_rig_run(&r, script), PAIR_LIMIT);
    ck_assert(pana_rig_is_complete(&r));
    ck_assert_int_eq(pana_rig_proto(&r, 0)->status, PROTO_RUNNING);
    ck_assert_int_eq(pana_rig_proto(&r, 1)->status, PROTO_DONE);
    ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert_int_eq(pana_rig_proto(&r, 0)->status, PROTO_DONE);
    ck_assert_int_eq(r.pair.now, 60 * SIM_S + 8 * SIM_MS);
    pana_rig_release(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pana");
    TCase *tc = tcase_create("pana");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 2;
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, nine_datagrams);
    tcase_add_test(tc, slow_but_sure);
    tcase_add_test(tc, very_slow);
    tcase_add_test(tc, eleven_with_identity);
    tcase_add_test(tc, what_the_messages_carry);
    tcase_add_test(tc, every_variant);
    tcase_add_test(tc, encrypted_parameters_do_not_show);
    tcase_add_test(tc, bare);
    tcase_add_test(tc, same_seed_same_octets);
    tcase_add_test(tc, operations_are_metered);
    tcase_add_test(tc, linger);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
