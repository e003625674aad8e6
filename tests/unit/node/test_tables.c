/* The tables of nodes: the map, the key ledger, the row a procedure leaves. */
#include "models/node/keyring.h"
#include "models/node/map.h"
#include "models/node/procedure.h"
#include "tests/support/collect.h"

#include <check.h>
#include <stdlib.h>

START_TEST(map_against_an_array)
{
    enum { KEYS = 500, STEPS = 50000 };
    static uint32_t reference[KEYS];
    struct map m = {0};
    struct rng r = rng_stream(1, "map", "test");

    for (int i = 0; i < KEYS; i++)
        reference[i] = MAP_NONE;
    ck_assert_uint_eq(map_find(&m, 7), MAP_NONE);
    map_remove(&m, 7);
    for (uint32_t step = 0; step < STEPS; step++) {
        uint64_t k = rng_below(&r, KEYS);
        uint64_t key = k * UINT64_C(0x100000000); /* keys that differ in high bits only */
        if (rng_below(&r, 3) == 0) {
            map_remove(&m, key);
            reference[k] = MAP_NONE;
        } else {
            map_put(&m, key, step);
            reference[k] = step;
        }
        k = rng_below(&r, KEYS);
        ck_assert_uint_eq(map_find(&m, k * UINT64_C(0x100000000)), reference[k]);
    }
    for (uint64_t k = 0; k < KEYS; k++)
        ck_assert_uint_eq(map_find(&m, k * UINT64_C(0x100000000)), reference[k]);
    /* Removed entries are swept out when the map is rebuilt: it does not grow without end. */
    ck_assert_uint_le(m.room, 2048);
    map_release(&m);
}
END_TEST

START_TEST(keys_from_birth_to_end)
{
    struct collect c;
    struct keyring *k;
    key_ref kmr, kmc;

    collect_init(&c);
    k = keyring_new(&c.sink);
    kmr = keyring_born(k, KEY_KMR, 5, KEY_NONE, 1, 100, 1000);
    kmc = keyring_born(k, KEY_KMC, 5, kmr, 2, 200, SIM_NEVER);
    keyring_used(k, kmc, 300);
    keyring_used(k, kmc, 400);
    keyring_used(k, KEY_NONE, 500);
    ck_assert_uint_eq(keyring_alive(k, KEY_KMC), 1);
    keyring_end(k, kmc, 600, "renewed");
    ck_assert_uint_eq(keyring_alive(k, KEY_KMC), 0);
    /* The slot is used again; the old key's row is not changed by that. */
    ck_assert_uint_eq(keyring_born(k, KEY_SESSION, 6, kmr, 3, 700, SIM_NEVER), kmc);
    keyring_end_all(k, 900);
    ck_assert_uint_eq(c.key_count, 3);
    ck_assert_int_eq(c.keys[0].row.key_id, 2);
    ck_assert_int_eq(c.keys[0].row.parent_key, 1);
    ck_assert_int_eq(c.keys[0].row.t_first_use, 300);
    ck_assert_int_eq(c.keys[0].row.t_last_use, 400);
    ck_assert_uint_eq(c.keys[0].row.uses, 2);
    ck_assert_int_eq(c.keys[0].row.t_expires, ROW_NULL_ID);
    ck_assert_str_eq(c.keys[0].end_reason, "renewed");
    /* What still lives ends with the run, in order of birth. */
    ck_assert_int_eq(c.keys[1].row.key_id, 1);
    ck_assert_int_eq(c.keys[1].row.t_first_use, ROW_NULL_ID);
    ck_assert_str_eq(c.keys[1].end_reason, "run-end");
    ck_assert_int_eq(c.keys[2].row.key_id, 3);
    keyring_free(k);
    collect_release(&c);
}
END_TEST

static int64_t sum(const struct row_procedure *row)
{
    int64_t s = 0;

    for (int i = 0; i < LEDGER_PARTS; i++)
        s += row->parts[i];
    return s;
}

START_TEST(a_procedure_is_always_in_one_part)
{
    struct collect c;
    struct procedure *p;
    const struct row_procedure *row;

    collect_init(&c);
    p = procedure_new(9, 3, PROC_CONNECTION, "tls-psk", 1000, 1500); /* 500 late: other */
    procedure_clock(p, 1500);
    procedure_activity(p, 1600, false, SESSION_QUEUED, 0);    /* 100 network */
    procedure_activity(p, 1650, false, SESSION_COMPUTING, 0); /* 50 queue */
    procedure_activity(p, 1850, false, SESSION_IDLE, 30);     /* 170 device, 30 other */
    procedure_lost(p, 2050);                                  /* 200 retransmission */
    procedure_activity(p, 2100, true, SESSION_COMPUTING, 0);  /* 50 network */
    procedure_lost(p, 2150);                                  /* the server works: no loss */
    procedure_activity(p, 2200, true, SESSION_IDLE, 0);       /* 100 server */
    p->backing_off = true;
    procedure_clock(p, 2210);                                        /* 10 network */
    procedure_end(p, 2300, "failed", REASON_TIMEOUT, true, &c.sink); /* 90 back-off */
    row = &c.procedures[0].row;
    ck_assert_int_eq(row->parts[PART_OTHER], 530);
    ck_assert_int_eq(row->parts[PART_NETWORK], 160);
    ck_assert_int_eq(row->parts[PART_QUEUE], 50);
    ck_assert_int_eq(row->parts[PART_DEVICE_CRYPTO], 170);
    ck_assert_int_eq(row->parts[PART_RETRANSMISSION], 200);
    ck_assert_int_eq(row->parts[PART_SERVER_CRYPTO], 100);
    ck_assert_int_eq(row->parts[PART_BACKOFF], 90);
    ck_assert_int_eq(sum(row), row->t_end - row->t_intended);
    ck_assert_str_eq(c.procedures[0].reason, "timeout");
    collect_release(&c);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("node tables");
    TCase *t = tcase_create("tables");
    SRunner *runner;
    int failed;

    tcase_add_test(t, map_against_an_array);
    tcase_add_test(t, keys_from_birth_to_end);
    tcase_add_test(t, a_procedure_is_always_in_one_part);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
