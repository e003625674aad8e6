/* The BSF and the NAFs against what is not theirs: B-TIDs that are unknown, expired or forgotten,
 * names of nobody, and a subscriber that asks for another's connection. */
#include "models/node/subscriber.h"
#include "models/node/bsf.h"
#include "tests/unit/node/rogue.h"

static struct town town;
static struct server *bsf;

static void open_by_gba(const char *bootstrap, const char *more)
{
    town_open_text(&town, fleet_gba, 3 * 60 * SIM_S, SETS(bootstrap, more));
    bsf = server_find(town.d, "bsf.m2m.example");
    ck_assert_ptr_nonnull(bsf);
}

static const struct gba_sa *sa_of(const struct device *dev)
{
    ck_assert(dev->subscriber->gba->ks_key);
    return &dev->subscriber->gba->sa;
}

static struct zn_answer ask(const char *btid, const char *naf)
{
    struct zn_request q = {.gba_u_aware = true};
    struct meter m = {0};
    struct zn_answer a;

    snprintf(q.btid, sizeof q.btid, "%s", btid);
    ck_assert(gba_naf_digest(naf, &q.naf));
    bsf_zn(bsf, &m, &q, &a);
    return a;
}

START_TEST(the_table_of_a_bsf)
{
    struct zn_answer a, other;
    gba_name btid;

    open_by_gba("populations.meters.bootstrap.method=gba-u", NULL);
    ck_assert_uint_eq(bsf->record_count, 2);
    a = ask(sa_of(town.dev)->btid, town.mas->fqdn);
    ck_assert_int_eq(a.reason, REASON_NONE);
    ck_assert_str_eq(a.impi, sa_of(town.dev)->impi);
    ck_assert_int_eq(a.expires_unix_ns, sa_of(town.dev)->expires_unix_ns);
    ck_assert(a.keys.has_uicc);
    /* What the MAS got is what the NSCL has: Kmc is Ks_int_NAF. */
    ck_assert_mem_eq(a.keys.uicc, town_scl(&town, town.dev)->kmc, GBA_KEY_LEN);
    /* Another NAF, and another subscriber, have other keys. */
    other = ask(sa_of(town.dev)->btid, town.msbf->fqdn);
    ck_assert_int_eq(other.reason, REASON_NONE);
    ck_assert_mem_ne(a.keys.uicc, other.keys.uicc, GBA_KEY_LEN);
    other = ask(sa_of(town.other)->btid, town.mas->fqdn);
    ck_assert_mem_ne(a.keys.uicc, other.keys.uicc, GBA_KEY_LEN);
    ck_assert_str_ne(a.impi, other.impi);
    /* Names that differ in a letter, in the domain, or have none. */
    snprintf(btid, sizeof btid, "%s", sa_of(town.dev)->btid);
    btid[3] = btid[3] == 'A' ? 'B' : 'A';
    ck_assert_int_eq(ask(btid, town.mas->fqdn).reason, REASON_GBA_BTID);
    snprintf(btid, sizeof btid, "%.100s.x", sa_of(town.dev)->btid);
    ck_assert_int_eq(ask(btid, town.mas->fqdn).reason, REASON_GBA_BTID);
    ck_assert_int_eq(ask("", town.mas->fqdn).reason, REASON_GBA_BTID);
    /* Off and on again: nothing is known any more. */
    server_set_off(bsf, true);
    server_set_off(bsf, false);
    ck_assert_uint_eq(bsf->record_count, 0);
    ck_assert_int_eq(ask(sa_of(town.dev)->btid, town.mas->fqdn).reason, REASON_GBA_BTID);
    town_close(&town);
}
END_TEST

START_TEST(an_association_expires)
{
    open_by_gba("populations.meters.bootstrap.method=gba-me",
                "populations.bsf.key_lifetime=20 min");
    ck_assert_int_eq(ask(sa_of(town.dev)->btid, town.mas->fqdn).reason, REASON_NONE);
    town_run(&town, 20 * 60 * SIM_S);
    ck_assert_int_eq(ask(sa_of(town.dev)->btid, town.mas->fqdn).reason, REASON_KEY_EXPIRED);
    town_close(&town);
}
END_TEST

/* A new one takes the place of the old one, whose name is unknown then. */
START_TEST(one_association_a_subscriber)
{
    gba_name old;

    open_by_gba("populations.meters.bootstrap.method=gba-me", NULL);
    snprintf(old, sizeof old, "%s", sa_of(town.dev)->btid);
    device_lose_kmc(town.dev, town_now(&town), "expired");
    device_arm(town.dev, town_now(&town));
    town_run(&town, 30 * SIM_S);
    ck_assert(se_has(&town.dev->se, SE_KMC));
    ck_assert_str_ne(old, sa_of(town.dev)->btid);
    ck_assert_int_eq(ask(old, town.mas->fqdn).reason, REASON_GBA_BTID);
    ck_assert_int_eq(ask(sa_of(town.dev)->btid, town.mas->fqdn).reason, REASON_NONE);
    ck_assert_uint_eq(bsf->record_count, 2);
    town_close(&town);
}
END_TEST

START_TEST(names_of_nobody)
{
    static const char *const usim[] = {"",
                                       "@",
                                       "meters-0",
                                       "meters-0@ims.m2m.example", /* it has no ISIM */
                                       "001010000000000",
                                       "001019999999999@ims.mnc001.mcc001.3gppnetwork.org",
                                       "001010000000002@ims.mnc001.mcc001.3gppnetwork.org",
                                       "901010000000000@ims.mnc001.mcc901.3gppnetwork.org"};
    static const char *const isim[] = {"meters-2@ims.m2m.example", "meters-0@ims.m2m.exampl",
                                       "meters-00@ims.m2m.example", "msbf@ims.m2m.example",
                                       "001010000000000@ims.mnc001.mcc001.3gppnetwork.org"};

    open_by_gba("populations.meters.bootstrap.method=gba-me", NULL);
    ck_assert_ptr_eq(device_of_impi(town.d, sa_of(town.dev)->impi), town.dev);
    ck_assert_ptr_eq(device_of_impi(town.d, sa_of(town.other)->impi), town.other);
    for (size_t i = 0; i < sizeof usim / sizeof *usim; i++)
        ck_assert_msg(!device_of_impi(town.d, usim[i]), "%s", usim[i]);
    town_close(&town);
    open_by_gba("populations.meters.bootstrap.method=gba-me",
                "populations.meters.gba.application=isim");
    ck_assert_str_eq(sa_of(town.dev)->impi, "meters-0@ims.m2m.example");
    ck_assert_ptr_eq(device_of_impi(town.d, "meters-0@ims.m2m.example"), town.dev);
    for (size_t i = 0; i < sizeof isim / sizeof *isim; i++)
        ck_assert_msg(!device_of_impi(town.d, isim[i]), "%s", isim[i]);
    town_close(&town);
}
END_TEST

/* Its own association, and the Node-ID of its neighbour: 403, and the neighbour's Kmc stays. */
START_TEST(a_connection_for_another_node)
{
    uint8_t kmc[M2M_KEY_LEN];

    open_by_gba("populations.meters.bootstrap.method=gba-me", NULL);
    memcpy(kmc, town_scl(&town, town.other)->kmc, sizeof kmc);
    memcpy(town.dev->node_id, town.other->node_id, M2M_NODE_ID_LEN);
    device_lose_kmc(town.dev, town_now(&town), "expired");
    device_arm(town.dev, town_now(&town));
    town_run(&town, 30 * SIM_S);
    ck_assert(!se_has(&town.dev->se, SE_KMC));
    ck_assert_ptr_nonnull(town.dev->proc);
    ck_assert_int_eq(town.dev->last_reason, REASON_FORBIDDEN);
    ck_assert_mem_eq(kmc, town_scl(&town, town.other)->kmc, sizeof kmc);
    town_close(&town);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("servers of GBA");
    TCase *t = tcase_create("servers of GBA");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 60);
    tcase_add_test(t, the_table_of_a_bsf);
    tcase_add_test(t, an_association_expires);
    tcase_add_test(t, one_association_a_subscriber);
    tcase_add_test(t, names_of_nobody);
    tcase_add_test(t, a_connection_for_another_node);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
