/* Integrity validation at the NSCL (etsi-m2m.md section 7): what a client must report, what is
 * taken of it, and what the policy makes of it. */
#include "tests/unit/node/rogue.h"

#define INSTANCE                                                                                   \
    "<m2m:contentInstance " M2M_NS "><m2m:content>AAAA</m2m:content></m2m:contentInstance>"
#define CONTAINER "<m2m:container " M2M_NS " m2m:id=\"r\"/>"
#define POLICY    "populations.nscl.ival_policy="
#define TAMPERED  (GENUINE & ~IVAL_PASS)

static struct town town;

static void open_unregistered(struct rogue *r, const char *const *sets)
{
    town_open(&town, 3 * 60 * SIM_S, sets);
    rogue_init(r, &town, town.nscl);
    rogue_connect(r, town.nscl);
    if (town_is_registered(&town, town.dev)) {
        rogue_ask(r, HTTP_DELETE, scl_path(&town, town.dev, ""), "");
        ck_answer(r, STATUS_DELETED);
    }
    town_begin_procedure(&town); /* the rows of IVal are its */
}

static void close_all(struct rogue *r)
{
    rogue_close(r);
    town_close(&town);
}

/* How many rows since the last call, which said `verdict` by `policy`. */
static void check_row(size_t *seen, const char *verdict, const char *policy)
{
    const struct collected_ival *row;

    ck_assert_uint_eq(town.rows.ival_count, *seen + 1);
    row = &town.rows.ivals[*seen];
    ck_assert_str_eq(row->verdict, verdict);
    ck_assert_str_eq(row->policy, policy);
    ck_assert_str_eq(row->truth, "genuine"); /* what the device is, whatever the client said */
    ck_assert_int_eq(row->row.node_id, device_node(town.dev));
    *seen = town.rows.ival_count;
}

static void check_no_row(size_t seen)
{
    ck_assert_uint_eq(town.rows.ival_count, seen);
}

START_TEST(results_and_capability)
{
    static const struct {
        const char *capable, *supports;
        bool with, granted;
    } cases[] = {{"yes", "yes", false, false}, /* step a */
                 {"no", "yes", true, false},   /* step b */
                 {"no", "yes", false, true},
                 {"yes", "no", false, true}, /* step d */
                 {"yes", "no", true, true}};
    char capable[64], supports[64];
    struct scl_text s;
    struct rogue r;
    size_t seen;

    snprintf(capable, sizeof capable, "populations.meters.ival.capable=%s", cases[_i].capable);
    snprintf(supports, sizeof supports, "populations.nscl.ival=%s", cases[_i].supports);
    /* A policy is for an NSCL that has IVal. */
    open_unregistered(&r, !strcmp(cases[_i].supports, "no")
                              ? SETS(capable, supports, POLICY "{otherwise: allow}")
                              : SETS(capable, supports));
    seen = town.rows.ival_count;
    s = scl_right(&r);
    s.ival = cases[_i].with;
    rogue_register(&r, &s);
    ck_answer(&r, cases[_i].granted ? STATUS_CREATED : STATUS_BAD_REQUEST);
    ck_assert(town_is_registered(&town, town.dev) == cases[_i].granted);
    check_no_row(seen);
    close_all(&r);
}
END_TEST

START_TEST(signature_and_time)
{
    static const sim_ns stale[] = {301 * SIM_S, -302 * SIM_S, 86400 * SIM_S,
                                   290 * INT64_C(365) * 86400 * SIM_S,
                                   -200 * INT64_C(365) * 86400 * SIM_S};
    struct scl_text s;
    struct rogue r;
    size_t seen;

    open_unregistered(&r, SETS(NULL));
    seen = town.rows.ival_count;
    s = scl_right(&r);
    s.wrong_sign = true;
    rogue_register(&r, &s);
    ck_answer(&r, STATUS_BAD_REQUEST);
    ck_assert_str_eq(rogue_why(&r), "ival-bad-signature");
    check_row(&seen, "bad-signature", "signature");
    /* A wrong signature is one whatever the time. */
    s.age = 3600 * SIM_S;
    rogue_register(&r, &s);
    ck_answer(&r, STATUS_BAD_REQUEST);
    check_row(&seen, "bad-signature", "signature");
    for (size_t i = 0; i < sizeof stale / sizeof *stale; i++) {
        s = scl_right(&r);
        s.age = stale[i];
        rogue_register(&r, &s);
        ck_answer(&r, STATUS_BAD_REQUEST);
        ck_assert_str_eq(rogue_why(&r), "ival-time-out-of-window");
        check_row(&seen, "replay", "signature");
        ck_assert(!town_is_registered(&town, town.dev));
    }
    s = scl_right(&r);
    s.age = 298 * SIM_S;
    rogue_register(&r, &s);
    ck_answer(&r, STATUS_CREATED);
    check_row(&seen, "granted", "otherwise");
    close_all(&r);
}
END_TEST

/* The signature is over result, time stamp and Node-ID: what was signed for another of them is
 * worth nothing, and no document may hold what does not fit four octets. */
START_TEST(results_that_were_changed)
{
    static const char form[] = "<m2m:integrityValResults><ivalResults>%lld</ivalResults>"
                               "<signedIvalResult>%lld</signedIvalResult>"
                               "<secureTimeStamp>%s</secureTimeStamp></m2m:integrityValResults>";
    uint8_t kival[M2M_KEY_LEN];
    char stamp[40], text[512];
    struct meter m = {0};
    struct scl_text s;
    struct rogue r;
    int64_t sign, of_other;
    size_t seen;

    open_unregistered(&r, SETS(NULL));
    seen = town.rows.ival_count;
    device_kival(town.dev, kival);
    m2m_datetime_write(town_unix(&town), stamp);
    sign = key_ival_sign(&m, kival, TAMPERED, span_str(stamp), town.dev->node_id);
    of_other = key_ival_sign(&m, kival, GENUINE, span_str(stamp), town.other->node_id);
    s = scl_right(&r);
    s.ival = false;
    s.more = text;
    for (int i = 0; i < 6; i++) {
        const long long result[] = {
            GENUINE, (long long)TAMPERED + (1LL << 32), -1, INT64_MIN, GENUINE, GENUINE};
        snprintf(text, sizeof text, form, result[i], (long long)(i == 4 ? of_other : sign),
                 i == 5 ? "1677-09-22T00:00:00Z" : stamp);
        rogue_register(&r, &s);
        ck_answer(&r, STATUS_BAD_REQUEST);
        check_row(&seen, "bad-signature", "signature");
    }
    ck_assert(!town_is_registered(&town, town.dev));
    close_all(&r);
}
END_TEST

START_TEST(tampered_is_denied)
{
    struct scl_text s;
    struct rogue r;
    size_t seen;

    open_unregistered(&r, SETS(NULL)); /* {tampered: deny} */
    seen = town.rows.ival_count;
    s = scl_right(&r);
    s.result = TAMPERED;
    rogue_register(&r, &s);
    ck_answer(&r, STATUS_FORBIDDEN);
    ck_assert_str_eq(rogue_why(&r), "ival-denied");
    check_row(&seen, "denied", "tampered");
    ck_assert(!town_is_registered(&town, town.dev));
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers"), CONTAINER);
    ck_answer(&r, STATUS_NOT_FOUND);
    close_all(&r);
}
END_TEST

START_TEST(limited_to_some_services)
{
    struct scl_text s;
    struct rogue r;
    size_t seen;

    open_unregistered(
        &r, SETS(POLICY "{tampered: {verdict: limit, services: [xCS, xSEC]}, otherwise: allow}"));
    seen = town.rows.ival_count;
    s = scl_right(&r);
    rogue_register(&r, &s);
    ck_answer(&r, STATUS_CREATED);
    check_row(&seen, "granted", "otherwise");
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers"), CONTAINER);
    ck_answer(&r, STATUS_CREATED);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers/r/contentInstances"), INSTANCE);
    ck_answer(&r, STATUS_CREATED);
    /* Re-attestation finds it changed: it stays registered, its readings are refused. */
    s.scl_id = s.link = NULL;
    s.result = TAMPERED;
    rogue_ask(&r, HTTP_PUT, scl_path(&town, town.dev, ""), scl_write(&town, &s));
    ck_answer(&r, STATUS_OK);
    check_row(&seen, "limited", "tampered");
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers/r/contentInstances"), INSTANCE);
    ck_answer(&r, STATUS_FORBIDDEN);
    ck_assert_str_eq(rogue_why(&r), "ival-limited");
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers"), CONTAINER);
    ck_answer(&r, STATUS_FORBIDDEN);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_OK);
    /* An UPDATE without results does not give back what was taken. */
    s.ival = false;
    rogue_ask(&r, HTTP_PUT, scl_path(&town, town.dev, ""), scl_write(&town, &s));
    ck_answer(&r, STATUS_OK);
    check_no_row(seen);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers/r/contentInstances"), INSTANCE);
    ck_answer(&r, STATUS_FORBIDDEN);
    /* A genuine image does. */
    s.ival = true;
    s.result = GENUINE;
    rogue_ask(&r, HTTP_PUT, scl_path(&town, town.dev, ""), scl_write(&town, &s));
    ck_answer(&r, STATUS_OK);
    check_row(&seen, "granted", "otherwise");
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers/r/contentInstances"), INSTANCE);
    ck_answer(&r, STATUS_CREATED);
    close_all(&r);
}
END_TEST

START_TEST(limited_from_the_start)
{
    struct scl_text s;
    struct rogue r;

    open_unregistered(&r,
                      SETS(POLICY "{a: {mask: 0x20, value: 0x20, verdict: limit, services: [xRAR]},"
                                  " tampered: {verdict: limit, services: [xCS]}}"));
    s = scl_right(&r);
    s.result = TAMPERED;
    rogue_register(&r, &s);
    ck_answer(&r, STATUS_CREATED);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers"), CONTAINER);
    ck_answer(&r, STATUS_FORBIDDEN);
    rogue_ask(&r, HTTP_DELETE, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_DELETED);
    s.result = TAMPERED | 0x20; /* the first rule that matches */
    rogue_register(&r, &s);
    ck_answer(&r, STATUS_CREATED);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers"), CONTAINER);
    ck_answer(&r, STATUS_CREATED);
    close_all(&r);
}
END_TEST

START_TEST(the_first_rule_that_matches_decides)
{
    static const struct {
        uint32_t result;
        int status;
        const char *verdict, *rule;
    } cases[] = {{0x00000040, STATUS_CREATED, "granted", "lab"},
                 {0x00000041, STATUS_CREATED, "granted", "lab"},
                 {0x000000c1, STATUS_FORBIDDEN, "denied", "old"},
                 {0x00000000, STATUS_FORBIDDEN, "denied", "old"},
                 {0x00000003, STATUS_CREATED, "granted", "genuine"},
                 {0x00000002, STATUS_FORBIDDEN, "denied", "otherwise"}};
    struct scl_text s;
    struct rogue r;
    size_t seen;

    open_unregistered(&r, SETS(POLICY "{lab: {mask: 0xc0, value: 0x40, verdict: allow}, "
                                      "old: {mask: 0x1e, value: 0x0, verdict: deny}, "
                                      "genuine: allow, otherwise: deny}"));
    seen = town.rows.ival_count;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s = scl_right(&r);
        s.result = cases[i].result;
        rogue_register(&r, &s);
        ck_answer(&r, cases[i].status);
        check_row(&seen, cases[i].verdict, cases[i].rule);
        if (r.status == STATUS_CREATED) {
            rogue_ask(&r, HTTP_DELETE, scl_path(&town, town.dev, ""), "");
            ck_answer(&r, STATUS_DELETED);
        }
    }
    close_all(&r);
}
END_TEST

START_TEST(denied_later_is_registered_no_more)
{
    struct scl_text s;
    struct rogue r;
    size_t seen;

    open_unregistered(&r, SETS(NULL));
    s = scl_right(&r);
    rogue_register(&r, &s);
    ck_answer(&r, STATUS_CREATED);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers"), CONTAINER);
    ck_answer(&r, STATUS_CREATED);
    seen = town.rows.ival_count;
    s.scl_id = s.link = NULL;
    /* What cannot be judged takes nothing away. */
    s.wrong_sign = true;
    rogue_ask(&r, HTTP_PUT, scl_path(&town, town.dev, ""), scl_write(&town, &s));
    ck_answer(&r, STATUS_BAD_REQUEST);
    check_row(&seen, "bad-signature", "signature");
    ck_assert(town_is_registered(&town, town.dev));
    s.wrong_sign = false;
    s.result = TAMPERED;
    rogue_ask(&r, HTTP_PUT, scl_path(&town, town.dev, ""), scl_write(&town, &s));
    ck_answer(&r, STATUS_FORBIDDEN);
    check_row(&seen, "denied", "tampered");
    ck_assert(!town_is_registered(&town, town.dev));
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_NOT_FOUND);
    /* Even an image that is genuine again must register anew, and below it is nothing. */
    s.result = GENUINE;
    rogue_ask(&r, HTTP_PUT, scl_path(&town, town.dev, ""), scl_write(&town, &s));
    ck_answer(&r, STATUS_NOT_FOUND);
    s = scl_right(&r);
    rogue_register(&r, &s);
    ck_answer(&r, STATUS_CREATED);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers/r/contentInstances"), INSTANCE);
    ck_answer(&r, STATUS_NOT_FOUND);
    close_all(&r);
}
END_TEST

/* The checks of the body come before the steps of IVal: no verdict on what is refused anyway. */
START_TEST(the_body_comes_first)
{
    struct scl_text s;
    struct rogue r;
    size_t seen;

    open_unregistered(&r, SETS(NULL));
    seen = town.rows.ival_count;
    s = scl_right(&r);
    s.result = TAMPERED;
    s.mgmt = NULL;
    rogue_register(&r, &s);
    ck_answer(&r, STATUS_BAD_REQUEST);
    s = scl_right(&r);
    s.result = TAMPERED;
    s.expires = "2001-01-01T00:00:00Z";
    rogue_register(&r, &s);
    ck_answer(&r, STATUS_BAD_REQUEST);
    check_no_row(seen);
    close_all(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ival");
    TCase *t = tcase_create("nscl");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, results_and_capability, 0, 5);
    tcase_add_test(t, signature_and_time);
    tcase_add_test(t, results_that_were_changed);
    tcase_add_test(t, tampered_is_denied);
    tcase_add_test(t, limited_to_some_services);
    tcase_add_test(t, limited_from_the_start);
    tcase_add_test(t, the_first_rule_that_matches_decides);
    tcase_add_test(t, denied_later_is_registered_no_more);
    tcase_add_test(t, the_body_comes_first);
    suite_add_tcase(s, t);
    return rogue_main(s);
}
