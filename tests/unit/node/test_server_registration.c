/* Registration over mId, each way that mId can go: each check of CREATE and UPDATE <scl> that is
 * not an attribute's (etsi-m2m.md 7, 8.4; the attributes are test_server_attributes.c's), in what
 * it answers and in what is registered then. */
#include "tests/unit/node/matrix.h"

static struct town town;

#define GENUINE_BUT (GENUINE & ~(uint32_t)IVAL_PASS) /* the image's own verdict on itself: no */

struct check {
    int status;
    const char *why; /* how errorInfo begins; NULL: anything */
    struct scl_text text;
};

static void refused(struct rogue *r, enum http_method method, const char *target,
                    const struct check *c)
{
    bool before = town_is_registered(&town, town.dev);

    ck_ask(r, method, target, scl_write(&town, &c->text), c->status);
    if (c->why)
        ck_assert_msg(strncmp(rogue_why(r), c->why, strlen(c->why)) == 0, "%s, not %s",
                      rogue_why(r), c->why);
    ck_assert_int_eq(town_is_registered(&town, town.dev),
                     before && strcmp(rogue_why(r), "ival-denied") != 0);
}

#define WITH(wanted, reason, ...)                                                                  \
    do {                                                                                           \
        struct check c = {wanted, reason, right};                                                  \
        __VA_ARGS__;                                                                               \
        refused(&r, method, target, &c);                                                           \
    } while (0)

START_TEST(each_check_of_create)
{
    enum http_method method = HTTP_POST;
    const char *target = "/m2m/scls";
    char other[M2M_MAX_URI], past[40];
    struct scl_text right;
    struct rogue r;

    way_open(&ways[_i], &r, &town);
    right = scl_right(&r);
    node_scl_id(town.other->node_id, other);
    m2m_datetime_write(town_unix(&town) - SIM_S, past);
    WITH(STATUS_BAD_REQUEST, "link is no absolute URI", c.text.link = "meter/m2m");
    WITH(STATUS_BAD_REQUEST, "link is no absolute URI", c.text.link = "//meter.example/m2m");
    WITH(STATUS_BAD_REQUEST, "expirationTime is in the past", c.text.expires = past);
    WITH(STATUS_PERMISSION_DENIED, NULL, c.text.scl_id = other);
    WITH(STATUS_PERMISSION_DENIED, NULL, c.text.scl_id = "scl-0");
    /* integrity validation comes last, and says why */
    WITH(STATUS_BAD_REQUEST, "integrityValResults are missing", c.text.ival = false);
    WITH(STATUS_BAD_REQUEST, "ival-bad-signature", c.text.wrong_sign = true);
    WITH(STATUS_BAD_REQUEST, "ival-time-out-of-window", c.text.age = 301 * SIM_S);
    WITH(STATUS_FORBIDDEN, "ival-denied", c.text.result = GENUINE_BUT);
    ck_assert(town_is_registered(&town, town.other));
    right = scl_right(&r);
    ck_ask(&r, HTTP_POST, target, scl_write(&town, &right), STATUS_CREATED);
    way_close(&r, &town);
}
END_TEST

START_TEST(each_check_of_update)
{
    enum http_method method = HTTP_PUT;
    char target[M2M_MAX_PATH], past[40];
    struct scl_text right;
    struct rogue r;

    way_open(&ways[_i], &r, &town);
    way_register(&r, &town);
    snprintf(target, sizeof target, "%s", scl_path(&town, town.dev, ""));
    right = scl_right(&r);
    right.scl_id = right.link = NULL;
    m2m_datetime_write(town_unix(&town) - SIM_S, past);
    WITH(STATUS_BAD_REQUEST, "expirationTime is in the past", c.text.expires = past);
    WITH(STATUS_BAD_REQUEST, "ival-bad-signature", c.text.wrong_sign = true);
    WITH(STATUS_BAD_REQUEST, "ival-time-out-of-window", c.text.age = -302 * SIM_S);
    ck_ask(&r, HTTP_PUT, target, scl_write(&town, &right), STATUS_OK);
    right.ival = false; /* what was granted stays so */
    ck_ask(&r, HTTP_PUT, target, scl_write(&town, &right), STATUS_OK);
    ck_assert(town_is_registered(&town, town.dev));
    /* one whose image is refused later is registered no more */
    right.ival = true;
    WITH(STATUS_FORBIDDEN, "ival-denied", c.text.result = GENUINE_BUT);
    ck_assert(!town_is_registered(&town, town.dev));
    ck_ask(&r, HTTP_GET, target, "", STATUS_NOT_FOUND);
    WITH(STATUS_NOT_FOUND, "no such resource", c.text.result = GENUINE);
    way_close(&r, &town);
}
END_TEST

/* The registrar bounds expirationTime, says so, and goes by what it said. */
START_TEST(a_registration_ends_at_its_time)
{
    static const sim_ns asked[] = {10 * SIM_S, 200 * SIM_S, 48 * 3600 * SIM_S, 0};
    const struct cfg_server *c;
    struct scl_text s;
    struct rogue r;
    char text[40];

    way_open(&ways[_i], &r, &town);
    c = town.nscl->population->config->server;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        sim_ns least = asked[i] && asked[i] < c->registration_max ? asked[i] : c->registration_max;
        sim_ns got, from = town_now(&town);

        if (least < c->registration_min)
            least = c->registration_min;
        s = scl_right(&r);
        m2m_datetime_write(town_unix(&town) + asked[i], text);
        s.expires = asked[i] ? text : NULL;
        ck_ask(&r, HTTP_POST, "/m2m/scls", scl_write(&town, &s), STATUS_CREATED);
        got = r.doc.u.scl.expires_unix_ns - town.d->in.epoch_unix_ns - from;
        ck_assert_int_ge(got, least - SIM_S);
        ck_assert_int_le(got, least + 10 * SIM_S);
        ck_assert_int_eq(town_scl(&town, town.dev)->scl_expires / SIM_MS, (from + got) / SIM_MS);
        if (got > 3600 * SIM_S) { /* longer than a test */
            ck_ask(&r, HTTP_DELETE, scl_path(&town, town.dev, ""), "", STATUS_DELETED);
            continue;
        }
        town_run(&town, from + got - 2 * SIM_S - town_now(&town));
        ck_assert(town_is_registered(&town, town.dev));
        town_run(&town, 2 * SIM_S);
        ck_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "", STATUS_NOT_FOUND);
    }
    way_close(&r, &town);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("registration");
    TCase *t = tcase_create("registration");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, each_check_of_create, 0, WAYS);
    tcase_add_loop_test(t, each_check_of_update, 0, WAYS);
    tcase_add_loop_test(t, a_registration_ends_at_its_time, 0, WAYS);
    suite_add_tcase(s, t);
    return rogue_main(s);
}
