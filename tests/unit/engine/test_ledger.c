#include <check.h>

#include "sim/base/rng.h"
#include "sim/ledger.h"

static sim_ns sum(const struct ledger *l)
{
    sim_ns total = 0;

    for (int i = 0; i < LEDGER_PARTS; i++)
        total += l->parts[i];
    return total;
}

START_TEST(test_each_operation)
{
    struct ledger l;

    ledger_start(&l, 100, PART_QUEUE);
    ledger_switch(&l, 110, PART_NETWORK);
    ck_assert_int_eq(l.parts[PART_QUEUE], 10);
    ledger_blame(&l, 150, PART_RETRANSMISSION); /* goes on in network */
    ck_assert_int_eq(l.parts[PART_RETRANSMISSION], 40);
    ck_assert_int_eq(l.parts[PART_NETWORK], 0);
    ledger_switch(&l, 155, PART_OTHER);
    ck_assert_int_eq(l.parts[PART_NETWORK], 5);
    ledger_carve(&l, 175, PART_DEVICE_CRYPTO, 15);
    ck_assert_int_eq(l.parts[PART_DEVICE_CRYPTO], 15);
    ck_assert_int_eq(l.parts[PART_OTHER], 5);
    ledger_carve(&l, 180, PART_SERVER_CRYPTO, 99); /* at most what there is */
    ck_assert_int_eq(l.parts[PART_SERVER_CRYPTO], 5);
    ck_assert_int_eq(l.parts[PART_OTHER], 5);
    ledger_stop(&l, 200);
    ck_assert_int_eq(l.parts[PART_OTHER], 25);
    ck_assert_int_eq(l.parts[PART_BACKOFF], 0);
    ck_assert_int_eq(sum(&l), 100);
}
END_TEST

START_TEST(test_sums_are_exact)
{
    struct rng r = rng_stream(1, "ledger", "test");

    for (int run = 0; run < 200; run++) {
        sim_ns begin = (sim_ns)rng_below(&r, 1000000), now = begin;
        struct ledger l;

        ledger_start(&l, now, (enum ledger_part)rng_below(&r, LEDGER_PARTS));
        for (int i = 0; i < 100; i++) {
            enum ledger_part part = (enum ledger_part)rng_below(&r, LEDGER_PARTS);

            now += (sim_ns)rng_below(&r, i % 7 ? 1000 : 1000000000000);
            switch (rng_below(&r, 3)) {
            case 0:
                ledger_switch(&l, now, part);
                break;
            case 1:
                ledger_blame(&l, now, part);
                break;
            default:
                ledger_carve(&l, now, part, (sim_ns)rng_below(&r, 1500));
                break;
            }
            if (sum(&l) != now - begin)
                ck_abort_msg("parts do not sum to the time passed");
        }
        now += 12345;
        ledger_stop(&l, now);
        ck_assert_int_eq(sum(&l), now - begin);
    }
}
END_TEST

START_TEST(test_names)
{
    ck_assert_str_eq(ledger_part_name(PART_DEVICE_CRYPTO), "device_crypto");
    ck_assert_str_eq(ledger_part_name(PART_OTHER), "other");
    for (int i = 0; i < LEDGER_PARTS; i++) {
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(ledger_part_name((enum ledger_part)i),
                             ledger_part_name((enum ledger_part)j));
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ledger");
    TCase *t = tcase_create("ledger");
    SRunner *runner;
    int failed;

    tcase_add_test(t, test_each_operation);
    tcase_add_test(t, test_sums_are_exact);
    tcase_add_test(t, test_names);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
