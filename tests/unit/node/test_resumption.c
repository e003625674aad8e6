/* What an NSCL resumes sessions from: bounds, ends, and keys of tickets that change. */
#include "models/node/resumption.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct resumption *make(uint32_t sessions)
{
    return resumption_new(&(struct resumption_settings){
        .sessions = sessions, .ticket_key = 100 * SIM_S, .stream = rng_stream(1, "nscl", "keys")});
}

/* The i-th id and session. */
static struct span id_of(unsigned i)
{
    static uint8_t id[TLS_SESSION_ID_MAX];

    memset(id, 7, sizeof id);
    memcpy(id, &i, sizeof i);
    return span_of(id, sizeof id);
}

static void keep(struct resumption *r, sim_ns now, uint64_t owner, unsigned i, sim_ns expires)
{
    uint8_t session[200];

    memset(session, (int)i, sizeof session);
    resumption_keep(r, now, owner, id_of(i), span_of(session, 100 + i % 100), expires);
}

static bool has(struct resumption *r, unsigned i)
{
    struct tls_resumption t = resumption_tls(r);
    struct span s = t.session(t.arg, id_of(i));

    if (s.n == 0)
        return false;
    ck_assert_uint_eq(s.n, 100 + i % 100);
    ck_assert_uint_eq(s.p[s.n - 1], (uint8_t)i);
    return true;
}

static uint32_t count(struct resumption *r)
{
    size_t octets;

    return resumption_count(r, &octets);
}

START_TEST(kept_until_it_is_dropped)
{
    struct resumption *r = make(10);

    ck_assert(!has(r, 1));
    keep(r, 0, 5, 1, SIM_S);
    keep(r, 0, 6, 2, SIM_S);
    ck_assert(has(r, 1) && has(r, 2) && !has(r, 3));
    resumption_drop(r, id_of(1));
    resumption_drop(r, id_of(1));
    resumption_drop(r, span_of(NULL, 0));
    ck_assert(!has(r, 1) && has(r, 2));
    keep(r, 0, 6, 2, SIM_S); /* an id has one */
    ck_assert_uint_eq(count(r), 1);
    resumption_forget(r);
    ck_assert_uint_eq(count(r), 0);
    ck_assert(!has(r, 2));
    keep(r, 0, 6, 2, SIM_S);
    ck_assert(has(r, 2));
    resumption_free(r);
    resumption_free(NULL);
}
END_TEST

START_TEST(the_oldest_goes)
{
    struct resumption *r = make(100);
    size_t octets;

    for (unsigned i = 0; i < 1000; i++) {
        keep(r, 0, i % 7, i, SIM_S);
        ck_assert_uint_le(count(r), 100);
    }
    for (unsigned i = 0; i < 1000; i++)
        ck_assert_int_eq(has(r, i), i >= 900);
    ck_assert_uint_eq(resumption_count(r, &octets), 100);
    printf("a session at the server: %zu octets, its own %u among them\n", octets / 100, 150);
    ck_assert_uint_le(octets / 100, 300);
    resumption_free(r);
    r = make(0);
    keep(r, 0, 1, 1, SIM_S);
    ck_assert_uint_eq(count(r), 0);
    resumption_free(r);
}
END_TEST

START_TEST(what_has_expired_goes)
{
    struct resumption *r = make(100);

    for (unsigned i = 0; i < 50; i++)
        keep(r, i, 1, i, 1000 + i);
    keep(r, 1019, 2, 50, 5000);
    ck_assert_uint_eq(count(r), 31);
    for (unsigned i = 0; i <= 50; i++)
        ck_assert_int_eq(has(r, i), i >= 20);
    resumption_free(r);
}
END_TEST

/* An array beside it, for many steps: ids, owners, bounds. */
START_TEST(against_an_array)
{
    enum { IDS = 200, MOST = 40 };
    static unsigned born[IDS], owner[IDS];
    struct resumption *r = make(MOST);
    struct rng stream = rng_stream(2, "resumption", "test");
    unsigned alive = 0;

    for (unsigned now = 1; now < 20000; now++) {
        unsigned i = (unsigned)rng_below(&stream, IDS), oldest = IDS;

        switch (rng_below(&stream, 8)) {
        case 0:
            resumption_drop(r, id_of(i));
            alive -= born[i] != 0;
            born[i] = 0;
            break;
        case 1:
            resumption_drop_owner(r, i % 9);
            for (unsigned k = 0; k < IDS; k++)
                if (born[k] && owner[k] == i % 9) {
                    born[k] = 0;
                    alive--;
                }
            break;
        default:
            alive -= born[i] != 0;
            born[i] = 0;
            for (unsigned k = 0; k < IDS && alive == MOST; k++)
                if (born[k] && (oldest == IDS || born[k] < born[oldest]))
                    oldest = k;
            if (oldest < IDS) {
                born[oldest] = 0;
                alive--;
            }
            owner[i] = (unsigned)rng_below(&stream, 9);
            keep(r, now, owner[i], i, SIM_NEVER);
            born[i] = now;
            alive++;
        }
        ck_assert_uint_eq(count(r), alive);
        ck_assert_int_eq(has(r, i), born[i] != 0);
    }
    for (unsigned k = 0; k < IDS; k++)
        ck_assert_int_eq(has(r, k), born[k] != 0);
    resumption_free(r);
}
END_TEST

START_TEST(keys_turn)
{
    struct resumption *r = make(1), *other = make(1);
    struct tls_resumption t = resumption_tls(r), u = resumption_tls(other);
    struct tls_ticket_key first, second;

    ck_assert_ptr_null(t.ticket_key(t.arg, NULL));
    ck_assert_uint_eq(resumption_turn(r, 0), sizeof first);
    first = *t.ticket_key(t.arg, NULL);
    ck_assert_uint_eq(resumption_turn(r, 99 * SIM_S), 0);
    ck_assert_mem_eq(t.ticket_key(t.arg, NULL), &first, sizeof first);
    ck_assert_uint_eq(resumption_turn(r, 100 * SIM_S), sizeof first);
    second = *t.ticket_key(t.arg, NULL);
    ck_assert_mem_ne(&first, &second, sizeof first);
    ck_assert_mem_eq(t.ticket_key(t.arg, first.name), &first, sizeof first);
    ck_assert_mem_eq(t.ticket_key(t.arg, second.name), &second, sizeof first);
    resumption_turn(r, 205 * SIM_S);
    ck_assert_ptr_null(t.ticket_key(t.arg, first.name));
    ck_assert_mem_eq(t.ticket_key(t.arg, second.name), &second, sizeof first);
    /* Long after, what sealed last does not open either. */
    resumption_turn(r, 1000 * SIM_S);
    ck_assert_ptr_null(t.ticket_key(t.arg, second.name));
    /* Drawn from its stream: the same in each run; lost with the memory. */
    resumption_turn(other, 17 * SIM_S);
    ck_assert_mem_eq(u.ticket_key(u.arg, NULL), &first, sizeof first);
    resumption_forget(other);
    ck_assert_ptr_null(u.ticket_key(u.arg, NULL));
    ck_assert_ptr_null(u.ticket_key(u.arg, first.name));
    resumption_turn(other, 18 * SIM_S);
    ck_assert_mem_eq(u.ticket_key(u.arg, NULL), &second, sizeof first);
    resumption_free(r);
    resumption_free(other);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("resumption");
    TCase *t = tcase_create("resumption");
    SRunner *runner;
    int failed;

    tcase_add_test(t, kept_until_it_is_dropped);
    tcase_add_test(t, the_oldest_goes);
    tcase_add_test(t, what_has_expired_goes);
    tcase_add_test(t, against_an_array);
    tcase_add_test(t, keys_turn);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
