/* Observe (RFC 7641): registration, notifications and their order, the ways an observation ends. */
#include "coap_kit.h"

static void notify(struct kit *k, enum coap_type type, size_t n)
{
    struct coap_msg m;

    k->body = n;
    kit_content(k, &m, type);
    pair_enter(&k->pair, 1);
    ck_assert(coap_notify(k->e[1], k->pair.now, k->observer, &m));
    pair_leave();
}

static uint32_t observing(struct kit *k)
{
    uint32_t exchange = kit_ask(k, COAP_CON, COAP_GET, 0, 0);

    kit_run(k, kit_script(k));
    ck_assert_uint_eq(k->count[0], 1);
    ck_assert_int_eq(k->events[0][0].kind, COAP_NOTIFIED);
    ck_assert_uint_eq(k->events[0][0].exchange, exchange);
    ck_assert(coap_observes(k->e[1], k->observer));
    return exchange;
}

START_TEST(notifications)
{
    for (int type = COAP_CON; type <= COAP_NON; type++) {
        struct kit *k = kit_new(NULL, NULL, 1);
        uint32_t exchange = observing(k);

        for (size_t i = 0; i < 5; i++) {
            notify(k, (enum coap_type)type, 30 + i);
            kit_run(k, kit_script(k));
            ck_assert_uint_eq(k->count[0], i + 2);
            ck_assert_int_eq(k->events[0][i + 1].kind, COAP_NOTIFIED);
            ck_assert_uint_eq(k->events[0][i + 1].exchange, exchange);
            ck_assert_uint_eq(k->events[0][i + 1].n, 30 + i);
        }
        ck_assert(coap_is_idle(k->e[0]) && coap_is_idle(k->e[1]));
        ck_assert_int_eq(coap_proto(k->e[0])->expiry, SIM_NEVER);
        ck_assert_int_eq(coap_proto(k->e[1])->expiry, SIM_NEVER);
        kit_free(k);
    }
}
END_TEST

/* RFC 7641 3.6: by a GET with Observe 1. */
START_TEST(cancelled)
{
    struct kit *k = kit_new(NULL, NULL, 2);
    uint32_t exchange = observing(k), observer = k->observer;

    pair_enter(&k->pair, 0);
    coap_cancel(k->e[0], k->pair.now, exchange);
    coap_cancel(k->e[0], k->pair.now, exchange);
    pair_leave();
    kit_run(k, kit_script(k));
    ck_assert_uint_eq(k->count[0], 2);
    ck_assert_int_eq(k->events[0][1].kind, COAP_ANSWERED);
    ck_assert(!coap_observes(k->e[1], observer));
    ck_assert_uint_eq(k->count[1], 3);
    ck_assert_int_eq(k->events[1][1].kind, COAP_FORGOTTEN);
    ck_assert_uint_eq(k->events[1][1].exchange, observer);
    kit_free(k);
}
END_TEST

/* A client that forgot resets the next notification; one that is gone loses its place when the last
 * repetition is not answered (RFC 7641 3.6, 4.5). */
START_TEST(forgotten_or_gone)
{
    for (int type = COAP_CON; type <= COAP_NON; type++) {
        struct kit *k = kit_new(NULL, NULL, 3);

        observing(k);
        coap_proto(k->e[0])->ops->free(coap_proto(k->e[0])); /* it starts anew */
        k->e[0] = coap_new(&k->pair.side[0].env, &(struct coap_settings){0});
        k->pair.side[0].proto = coap_proto(k->e[0]);
        notify(k, (enum coap_type)type, 30);
        kit_run(k, kit_script(k));
        ck_assert_uint_eq(k->count[0], 1);
        ck_assert_int_eq(k->events[1][1].kind, COAP_FORGOTTEN);
        ck_assert(!coap_observes(k->e[1], k->observer));
        kit_free(k);
    }
    for (int type = COAP_CON; type <= COAP_NON; type++) {
        struct kit *k = kit_new(NULL, NULL, 4);
        struct pair_script s;

        observing(k);
        s = kit_script(k);
        s.way[1].silent_from = 0;
        notify(k, (enum coap_type)type, 30);
        kit_run(k, s);
        ck_assert_int_eq(coap_observes(k->e[1], k->observer), type == COAP_NON);
        ck_assert_uint_eq(k->count[1], type == COAP_NON ? 1 : 2);
        kit_free(k);
    }
}
END_TEST

/* RFC 7641 4.5.2: while one is under way only the newest waits, and takes over its repetitions. */
START_TEST(the_newest_waits)
{
    struct kit *k = kit_new(NULL, NULL, 5);
    struct pair_script s;
    unsigned said;

    observing(k);
    said = k->pair.side[1].outputs;
    for (size_t i = 0; i < 5; i++)
        notify(k, COAP_CON, 40 + i);
    kit_run(k, kit_script(k));
    ck_assert_uint_eq(k->count[0], 3); /* the first and the last */
    ck_assert_uint_eq(k->events[0][1].n, 40);
    ck_assert_uint_eq(k->events[0][2].n, 44);
    ck_assert_uint_eq(k->pair.side[1].outputs, said + 2);
    /* lost twice: what arrives is the newest of then, at the time of the second repetition */
    s = kit_script(k);
    s.way[1].lose = UINT64_C(3) << (said + 2);
    notify(k, COAP_CON, 50);
    s.limit = k->pair.now + SIM_S;
    ck_assert_int_eq(pair_run(&k->pair, &s), PAIR_LIMIT);
    notify(k, COAP_CON, 51);
    notify(k, COAP_CON, 52);
    s.limit = 3600 * SIM_S;
    kit_run(k, s);
    ck_assert_uint_eq(k->count[0], 4);
    ck_assert_uint_eq(k->events[0][3].n, 52);
    ck_assert_uint_eq(k->pair.side[1].outputs, said + 5);
    kit_free(k);
}
END_TEST

/* RFC 7641 3.4, 4.4: what is overtaken is not told. */
START_TEST(overtaken)
{
    struct kit *k = kit_new(NULL, NULL, 6);
    struct pair_script s;

    observing(k);
    s = kit_script(k);
    s.way[1].late = UINT64_C(1) << k->pair.side[1].outputs;
    s.way[1].late_by = 10 * SIM_S;
    notify(k, COAP_NON, 31);
    notify(k, COAP_NON, 32);
    kit_run(k, s);
    ck_assert_uint_eq(k->count[0], 2);
    ck_assert_uint_eq(k->events[0][1].n, 32);
    ck_assert_uint_eq(coap_counts(k->e[0])->ignored, 1);
    /* after 128 s whatever comes is newer */
    s.way[1].late = UINT64_C(1) << k->pair.side[1].outputs;
    s.way[1].late_by = 200 * SIM_S;
    notify(k, COAP_NON, 33);
    notify(k, COAP_NON, 34);
    kit_run(k, s);
    ck_assert_uint_eq(k->count[0], 4);
    ck_assert_uint_eq(k->events[0][3].n, 33);
    kit_free(k);
}
END_TEST

/* A server that will not, or has no room; an error is the last notification. */
START_TEST(the_server_decides)
{
    const struct coap_settings one = {.max_observations = 1};
    struct kit *k = kit_new(NULL, &one, 7);
    uint32_t second, first = observing(k), observer = k->observer;
    struct coap_msg m;

    second = kit_ask(k, COAP_CON, COAP_GET, 0, 0);
    kit_run(k, kit_script(k));
    ck_assert_int_eq(k->events[0][1].kind, COAP_ANSWERED);
    ck_assert_uint_eq(k->events[0][1].exchange, second);
    ck_assert(!coap_observes(k->e[1], k->observer) && coap_observes(k->e[1], observer));
    coap_msg_init(&m, COAP_CON, COAP_NOT_FOUND);
    pair_enter(&k->pair, 1);
    ck_assert(coap_notify(k->e[1], k->pair.now, observer, &m));
    ck_assert(!coap_notify(k->e[1], k->pair.now, observer, &m));
    pair_leave();
    kit_run(k, kit_script(k));
    ck_assert_uint_eq(k->count[0], 3);
    ck_assert_int_eq(k->events[0][2].kind, COAP_ANSWERED);
    ck_assert_uint_eq(k->events[0][2].exchange, first);
    ck_assert_uint_eq(k->events[0][2].code, COAP_NOT_FOUND);
    ck_assert(coap_is_idle(k->e[0]) && coap_is_idle(k->e[1]));
    kit_free(k);
}
END_TEST

/* Every datagram of a registration and two notifications lost or twice: the last one is known. */
START_TEST(every_single_fault)
{
    for (int what = 0; what < 2; what++)
        for (int side = 0; side < 2; side++)
            for (int index = 0; index < 4; index++) {
                struct kit *k = kit_new(NULL, NULL, 8);
                struct pair_script s = kit_script(k);
                uint64_t bit = UINT64_C(1) << index;

                if (what == 0)
                    s.way[side].lose = bit;
                else
                    s.way[side].duplicate = bit;
                kit_ask(k, COAP_CON, COAP_GET, 0, 0);
                kit_run(k, s);
                notify(k, COAP_CON, 60);
                kit_run(k, s);
                notify(k, COAP_CON, 61);
                kit_run(k, s);
                ck_assert_uint_eq(k->count[0], 3);
                ck_assert_uint_eq(k->events[0][2].n, 61);
                kit_free(k);
            }
}
END_TEST

/* A representation of many blocks: the first with the notification, the rest is fetched. */
START_TEST(in_blocks)
{
    struct kit *k = kit_new(NULL, NULL, 9);

    observing(k);
    k->salt = 5;
    notify(k, COAP_CON, 5000);
    kit_run(k, kit_script(k));
    ck_assert_uint_eq(k->count[0], 2);
    ck_assert_int_eq(k->events[0][1].kind, COAP_NOTIFIED);
    ck_assert_uint_eq(k->events[0][1].n, 5000);
    ck_assert_uint_eq(k->events[0][1].sum, kit_sum_of(5000, 5));
    ck_assert_uint_eq(k->served, 1);
    notify(k, COAP_NON, 10);
    kit_run(k, kit_script(k));
    ck_assert_uint_eq(k->events[0][2].n, 10);
    kit_free(k);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("coap_observe");
    TCase *c = tcase_create("coap_observe");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(c, notifications);
    tcase_add_test(c, cancelled);
    tcase_add_test(c, forgotten_or_gone);
    tcase_add_test(c, the_newest_waits);
    tcase_add_test(c, overtaken);
    tcase_add_test(c, the_server_decides);
    tcase_add_test(c, every_single_fault);
    tcase_add_test(c, in_blocks);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
