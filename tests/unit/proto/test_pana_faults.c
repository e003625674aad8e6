/* PaC and PAA: what can happen on the way, and who can refuse whom. */
#include "crypto/entity.h"
#include "models/proto/pana_msg.h"
#include "tests/support/pana_rig.h"

#include <check.h>
#include <stdlib.h>

/* The four ways EAP can travel; with what is encrypted. */
#define WAYS 5
static void make_way(void *arg, struct pana_rig_settings *s)
{
    int way = *(int *)arg;

    eap_test_script = (struct eap_test_script){.rounds = 2};
    s->pac.no_piggyback = way & 1;
    s->paa.optimized_init = way >> 1 & 1;
    s->paa.encrypt = way == 4;
    s->pac.linger = 400 * SIM_S;
}

struct shape {
    unsigned n[2]; /* datagrams of each side */
    struct eap_keys keys;
};

static struct shape clean_shape(int way)
{
    struct pana_rig r;
    struct shape shape;

    pana_rig_init(&r, make_way, &way);
    ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert(pana_rig_is_complete(&r));
    shape = (struct shape){{r.pair.side[0].outputs, r.pair.side[1].outputs}, r.keys};
    pana_rig_release(&r);
    return shape;
}

static void assert_completes(int way, struct pair_script script)
{
    struct pana_rig r;

    pana_rig_init(&r, make_way, &way);
    ck_assert_int_eq(pana_rig_run(&r, script), PAIR_ENDED);
    ck_assert(pana_rig_is_complete(&r));
    pana_rig_check(&r);
    pana_rig_release(&r);
}

/* ---- loss, duplicates, order ---- */

START_TEST(each_loss)
{
    struct shape shape = clean_shape(_i);

    for (int side = 0; side < 2; side++) {
        for (unsigned i = 0; i < shape.n[side]; i++) {
            struct pair_script script = pair_clean();

            script.way[side].lose = UINT64_C(1) << i;
            assert_completes(_i, script);
        }
    }
}
END_TEST

START_TEST(each_two_losses)
{
    struct shape shape = clean_shape(_i);
    unsigned n = shape.n[0] + shape.n[1];

    for (unsigned i = 0; i < n; i++) {
        for (unsigned k = 0; k < i; k++) {
            struct pair_script script = pair_clean();
            uint64_t both = UINT64_C(1) << i | UINT64_C(1) << k;

            script.way[0].lose = both & ((UINT64_C(1) << shape.n[0]) - 1);
            script.way[1].lose = both >> shape.n[0];
            assert_completes(_i, script);
        }
    }
}
END_TEST

START_TEST(each_duplicate)
{
    struct shape shape = clean_shape(_i);

    for (int side = 0; side < 2; side++) {
        for (unsigned i = 0; i < shape.n[side]; i++) {
            struct pair_script script = pair_clean();

            script.way[side].duplicate = UINT64_C(1) << i;
            assert_completes(_i, script);
        }
    }
    struct pair_script all = pair_clean();

    all.way[0].duplicate = all.way[1].duplicate = UINT64_MAX;
    assert_completes(_i, all);
}
END_TEST

START_TEST(each_late)
{
    static const sim_ns late[] = {5 * SIM_MS, 1500 * SIM_MS, 5 * SIM_S};
    struct shape shape = clean_shape(_i);

    for (int side = 0; side < 2; side++) {
        for (unsigned i = 0; i < shape.n[side]; i++) {
            for (size_t k = 0; k < sizeof(late) / sizeof(late[0]); k++) {
                struct pair_script script = pair_clean();

                script.way[side].late = UINT64_C(1) << i;
                script.way[side].late_by = late[k];
                assert_completes(_i, script);
                script.way[side].duplicate = script.way[side].late;
                assert_completes(_i, script);
            }
        }
    }
}
END_TEST

/* A duplicate of a request gets the very octets of its answer. */
START_TEST(duplicates_get_the_same_octets)
{
    int way = 0;
    struct pana_rig r;
    struct pair_script script = pair_clean();
    struct span sent;
    size_t at = 0, previous_at = 0, previous_n = 0;
    unsigned pans = 0, twins = 0;

    script.way[1].duplicate = UINT64_MAX;
    pana_rig_init(&r, make_way, &way);
    ck_assert_int_eq(pana_rig_run(&r, script), PAIR_ENDED);
    ck_assert(pana_rig_is_complete(&r));
    sent = buf_span(&r.pair.side[0].sent);
    while (at < sent.n) {
        size_t n = (size_t)(sent.p[at + 2] << 8 | sent.p[at + 3]);

        pans += sent.p[at + 7] == PANA_PAR_PAN;
        twins += n == previous_n && memcmp(sent.p + at, sent.p + previous_at, n) == 0;
        previous_at = at;
        previous_n = n;
        at += n;
    }
    ck_assert_uint_eq(pans, 2 * r.pair.side[1].outputs);
    ck_assert_uint_eq(twins, r.pair.side[1].outputs);
    pana_rig_release(&r);
}
END_TEST

/* Any mixture: each ends, with a name, and nobody is open with a key of his own. */
START_TEST(chaos)
{
    struct rng draw = rng_stream((uint64_t)_i, "chaos", "test");
    unsigned complete = 0;

    for (int run = 0; run < 60; run++) {
        struct pana_rig r;
        struct pair_script script = pair_clean();
        int way = (int)rng_below(&draw, WAYS);

        for (int side = 0; side < 2; side++) {
            script.way[side].lose = rng_u64(&draw) & rng_u64(&draw);
            script.way[side].duplicate = rng_u64(&draw) & rng_u64(&draw);
            script.way[side].late = rng_u64(&draw) & rng_u64(&draw);
            script.way[side].late_by = (sim_ns)rng_below(&draw, 4 * SIM_S);
        }
        pana_rig_init(&r, make_way, &way);
        ck_assert_int_eq(pana_rig_run(&r, script), PAIR_ENDED);
        pana_rig_check(&r);
        complete += pana_rig_is_complete(&r);
        pana_rig_release(&r);
    }
    ck_assert_uint_ge(complete, 55); /* a quarter is lost, ten tries */
}
END_TEST

/* ---- octets changed ---- */

struct tampering {
    int side;
    unsigned index;
    size_t octet, cut;
    uint8_t with;
};

static void tamper(void *arg, int from, unsigned index, uint8_t *octets, size_t *n)
{
    const struct tampering *t = arg;

    if (from != t->side || index != t->index)
        return;
    if (t->octet < *n)
        octets[t->octet] ^= t->with;
    if (t->cut)
        *n = t->cut - 1;
}

static size_t datagram_length(const struct pair_side *s, unsigned index)
{
    struct span all = buf_span(&s->sent);
    size_t at = 0;

    while (index-- > 0)
        at += (size_t)(all.p[at + 2] << 8 | all.p[at + 3]);
    return (size_t)(all.p[at + 2] << 8 | all.p[at + 3]);
}

/* Runs with it; whether it went through all the same. */
static bool survives(int way, struct tampering *t)
{
    struct pana_rig r;
    struct pair_script script = pair_clean();
    bool complete;

    script.tamper = tamper;
    script.tamper_arg = t;
    pana_rig_init(&r, make_way, &way);
    ck_assert_int_eq(pana_rig_run(&r, script), PAIR_ENDED);
    pana_rig_check(&r);
    complete = pana_rig_is_complete(&r);
    pana_rig_release(&r);
    return complete;
}

/* Every octet of every datagram, in three ways. What is under an AUTH is dropped and repeated; an
 * altered beginning is found out by the first AUTH. */
START_TEST(every_octet_changed)
{
    static const uint8_t with[] = {0x01, 0x80, 0xff};
    struct pana_rig clean;
    unsigned survived = 0, tried = 0;

    pana_rig_init(&clean, make_way, &_i);
    ck_assert_int_eq(pana_rig_run(&clean, pair_clean()), PAIR_ENDED);
    for (int side = 0; side < 2; side++) {
        unsigned last = clean.pair.side[side].outputs - 1;

        for (unsigned index = 0; index <= last; index++) {
            size_t n = datagram_length(&clean.pair.side[side], index);

            for (size_t i = 0; i < 3 * n; i++) {
                struct tampering t = {side, index, i / 3, 0, with[i % 3]};
                bool through = survives(_i, &t);

                if (index == last)
                    ck_assert(through);
                survived += through;
                tried++;
            }
        }
    }
    /* Reserved fields, padding, and what is repeated in time. */
    ck_assert_uint_gt(survived, tried / 4);
    ck_assert_uint_lt(survived, tried);
    pana_rig_release(&clean);
}
END_TEST

START_TEST(every_truncation)
{
    struct pana_rig clean;

    pana_rig_init(&clean, make_way, &_i);
    ck_assert_int_eq(pana_rig_run(&clean, pair_clean()), PAIR_ENDED);
    for (int side = 0; side < 2; side++) {
        for (unsigned index = 0; index < clean.pair.side[side].outputs; index++) {
            size_t n = datagram_length(&clean.pair.side[side], index);

            for (size_t cut = 1; cut <= n; cut++) {
                struct tampering t = {side, index, PAIR_NEVER, cut, 0};

                ck_assert(survives(_i, &t)); /* as if it had been lost */
            }
        }
    }
    pana_rig_release(&clean);
}
END_TEST

/* ---- silence ---- */

/* One of RFC 5191 9's intervals, from the draw that made it. */
static sim_ns interval(struct rng *draws, sim_ns base, sim_ns prev, sim_ns mrt)
{
    sim_ns rt = base + prev / 1000000 * ((sim_ns)rng_below(draws, 200001) - 100000);

    if (mrt > 0 && rt > mrt)
        rt = mrt + mrt / 1000000 * ((sim_ns)rng_below(draws, 200001) - 100000);
    return rt;
}

/* When a side said something, for the tests of time. */
struct clock {
    sim_ns at[512];
    unsigned n;
    int side;
};

static void tamper_clock(void *arg, int from, unsigned index, uint8_t *octets, size_t *n)
{
    struct pana_rig *r = arg;
    struct clock *c = r->arg;

    (void)octets, (void)index, (void)n;
    if (from != c->side || c->n == 512)
        return;
    c->at[c->n++] = r->pair.now;
}

/* No PAA at all: the PCI at its very times, for ever, up to 120 s apart and a tenth. */
START_TEST(pci_for_ever)
{
    int way = 0;
    struct clock c = {.side = 0};
    struct pana_rig r;
    struct pair_script script = pair_clean();
    struct rng draws;
    sim_ns at = 0, rt;

    script.way[1].silent_from = 0;
    script.limit = 3600 * SIM_S;
    script.tamper = tamper_clock;
    script.tamper_arg = &r;
    pana_rig_init(&r, make_way, &way);
    r.arg = &c;
    draws = r.pair.side[0].stream;
    ck_assert_int_eq(pana_rig_run(&r, script), PAIR_LIMIT);
    ck_assert_int_eq(pana_rig_proto(&r, 0)->status, PROTO_RUNNING);
    ck_assert_uint_ge(c.n, 33);
    ck_assert_uint_le(c.n, 40);
    rt = interval(&draws, SIM_S, SIM_S, 120 * SIM_S);
    for (unsigned i = 0; i < c.n; i++) {
        ck_assert_int_eq(c.at[i], at);
        at += rt;
        rt = interval(&draws, 2 * rt, rt, 120 * SIM_S);
    }
    pana_rig_release(&r);
}
END_TEST

static void make_pci_mrd(void *arg, struct pana_rig_settings *s)
{
    make_way(arg, s);
    s->pac.timers.pci_mrd = 20 * SIM_S;
}

static void note_end(struct pana_rig *r, int side)
{
    sim_ns *end = r->arg;

    if (side == 0 && *end == 0 && pana_rig_proto(r, 0)->status != PROTO_RUNNING)
        *end = r->pair.now;
}

START_TEST(pci_for_so_long)
{
    int way = 0;
    sim_ns end = 0;
    struct pana_rig r;
    struct pair_script script = pair_clean();

    script.way[1].silent_from = 0;
    pana_rig_init(&r, make_pci_mrd, &way);
    r.step = note_end;
    r.arg = &end;
    ck_assert_int_eq(pana_rig_run(&r, script), PAIR_ENDED);
    ck_assert_int_eq(pana_rig_proto(&r, 0)->status, PROTO_FAILED);
    ck_assert_int_eq(pana_rig_proto(&r, 0)->reason, REASON_PANA_TIMEOUT);
    ck_assert_int_eq(end, 20 * SIM_S);
    pana_rig_release(&r);
}
END_TEST

/* The PaC falls silent: the PAA's PAR ten times at its very times, then REASON_PANA_TIMEOUT when
 * the tenth has waited in vain. */
START_TEST(par_ten_times)
{
    int way = 0;
    struct clock c = {.side = 1};
    struct pana_rig r;
    struct pair_script script = pair_clean();
    struct rng draws;
    sim_ns at, rt;

    /* The PCI and the PAN[S] arrive; the PAN of the first EAP request does not. */
    script.way[0].lose = ~UINT64_C(3);
    script.tamper = tamper_clock;
    script.tamper_arg = &r;
    pana_rig_init(&r, make_way, &way);
    r.arg = &c;
    ck_assert_int_eq(pana_rig_run(&r, script), PAIR_ENDED);
    ck_assert_int_eq(pana_rig_proto(&r, 1)->status, PROTO_FAILED);
    ck_assert_int_eq(pana_rig_proto(&r, 1)->reason, REASON_PANA_TIMEOUT);
    ck_assert_uint_eq(c.n, 1 + 10);
    draws = r.pair.side[1].stream;
    /* The ten draws of the ten transmissions, and the second ones of those beyond REQ_MRT: the last
     * draws of the stream. RT reaches 30 s with the sixth. */
    draws.counter -= 10 + 5;
    at = c.at[1];
    rt = interval(&draws, SIM_S, SIM_S, 30 * SIM_S);
    for (unsigned i = 1; i <= 10; i++) {
        ck_assert_int_eq(c.at[i], at);
        at += rt;
        rt = interval(&draws, 2 * rt, rt, 30 * SIM_S);
    }
    pana_rig_release(&r);
}
END_TEST

/* Each side silent from each of its datagrams on: the other one ends, by itself. */
START_TEST(each_silence)
{
    struct shape shape = clean_shape(_i);

    for (int side = 0; side < 2; side++) {
        for (unsigned from = 1; from < shape.n[side]; from++) {
            struct pana_rig r;
            struct pair_script script = pair_clean();
            struct proto *pac, *paa;

            script.way[side].lose = ~((UINT64_C(1) << from) - 1);
            pana_rig_init(&r, make_way, &_i);
            pac = pana_rig_proto(&r, 0);
            paa = pana_rig_proto(&r, 1);
            ck_assert_int_eq(pana_rig_run(&r, script), PAIR_ENDED);
            pana_rig_check(&r);
            ck_assert(!pana_rig_is_complete(&r));
            ck_assert_int_eq(paa->reason, REASON_PANA_TIMEOUT);
            /* Only a lost last PAN leaves the PaC with its session. */
            if (side == 0 && from == shape.n[0] - 1)
                ck_assert_int_eq(pac->status, PROTO_DONE);
            else
                ck_assert_int_eq(pac->reason, REASON_PANA_TIMEOUT);
            pana_rig_release(&r);
        }
    }
}
END_TEST

static void make_no_linger(void *arg, struct pana_rig_settings *s)
{
    make_way(arg, s);
    s->pac.linger = 0;
}

/* Without lingering, the last PAN lost costs the PAA its session. */
START_TEST(last_answer_lost_without_linger)
{
    int way = 0;
    struct shape shape = clean_shape(way);
    struct pana_rig r;
    struct pair_script script = pair_clean();

    script.way[0].lose = UINT64_C(1) << (shape.n[0] - 1);
    pana_rig_init(&r, make_no_linger, &way);
    ck_assert_int_eq(pana_rig_run(&r, script), PAIR_ENDED);
    ck_assert_int_eq(pana_rig_proto(&r, 0)->status, PROTO_DONE);
    /* pair delivers to a core that is DONE, too: it answers what it has answered before. */
    ck_assert_int_eq(pana_rig_proto(&r, 1)->status, PROTO_DONE);
    pana_rig_release(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pana_faults");
    TCase *tc = tcase_create("pana_faults");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 2;
    tcase_set_timeout(tc, 240);
    tcase_add_loop_test(tc, each_loss, 0, WAYS);
    tcase_add_loop_test(tc, each_two_losses, 0, WAYS);
    tcase_add_loop_test(tc, each_duplicate, 0, WAYS);
    tcase_add_loop_test(tc, each_late, 0, WAYS);
    tcase_add_test(tc, duplicates_get_the_same_octets);
    tcase_add_loop_test(tc, chaos, 0, 4);
    tcase_add_loop_test(tc, every_octet_changed, 0, WAYS);
    tcase_add_loop_test(tc, every_truncation, 0, WAYS);
    tcase_add_test(tc, pci_for_ever);
    tcase_add_test(tc, pci_for_so_long);
    tcase_add_test(tc, par_ten_times);
    tcase_add_loop_test(tc, each_silence, 0, WAYS);
    tcase_add_test(tc, last_answer_lost_without_linger);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
