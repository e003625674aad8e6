/* The NSCL against clients that are not ours: registration, what stands below it, and who asks
 * (etsi-m2m.md 8.2 to 8.4), each refusal by its status. */
#include "tests/unit/node/rogue.h"

#define CONTAINER "<m2m:container " M2M_NS " m2m:id=\"r\"/>"
#define INSTANCE                                                                                   \
    "<m2m:contentInstance " M2M_NS "><m2m:content>AAAA</m2m:content></m2m:contentInstance>"

static struct town town;

/* A session of meters-0 with the NSCL that has nothing registered. */
static void open_unregistered(struct rogue *r, const char *const *sets)
{
    town_open(&town, 3 * 60 * SIM_S, sets);
    ck_assert(town_is_registered(&town, town.dev));
    rogue_init(r, &town, town.nscl);
    rogue_connect(r, town.nscl);
    rogue_ask(r, HTTP_DELETE, scl_path(&town, town.dev, ""), "");
    ck_answer(r, STATUS_DELETED);
    ck_assert(!town_is_registered(&town, town.dev));
}

static void close_all(struct rogue *r)
{
    rogue_close(r);
    town_close(&town);
}

static void create(struct rogue *r)
{
    struct scl_text right = scl_right(r);

    rogue_register(r, &right);
    ck_answer(r, STATUS_CREATED);
    ck_assert(town_is_registered(&town, town.dev));
}

static void expires_in(sim_ns span, char out[40])
{
    m2m_datetime_write(town_unix(&town) + span, out);
}

START_TEST(what_is_no_scl_is_refused)
{
    static const struct {
        const char *body, *why;
    } cases[] = {{"", "a representation is needed"},
                 {"<m2m:scl " M2M_NS, "xml-malformed"},
                 {"<m2m:scl " M2M_NS "><m2m:nonsense/></m2m:scl>", "xml-invalid"},
                 {"<m2m:scl/>", "xml-invalid"},
                 {CONTAINER, "no resource of this type"}};
    struct rogue r;

    open_unregistered(&r, SETS(NULL));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rogue_ask(&r, HTTP_POST, "/m2m/scls", cases[i].body);
        ck_answer(&r, STATUS_BAD_REQUEST);
        ck_assert_msg(strstr(rogue_why(&r), cases[i].why) != NULL, "%s", rogue_why(&r));
        ck_assert(!town_is_registered(&town, town.dev));
    }
    create(&r); /* the session has taken no harm */
    close_all(&r);
}
END_TEST

START_TEST(each_check_of_create)
{
    char other[M2M_MAX_URI], past[40], now[40];
    struct scl_text cases[16], right;
    int wanted[16], n = 0;
    struct rogue r;

    open_unregistered(&r, SETS(NULL));
    right = scl_right(&r);
    node_scl_id(town.other->node_id, other);
    expires_in(-SIM_S, past);
    expires_in(0, now);
#define CASE(status, ...)                                                                          \
    do {                                                                                           \
        wanted[n] = (status);                                                                      \
        cases[n] = right;                                                                          \
        __VA_ARGS__;                                                                               \
        n++;                                                                                       \
    } while (0)
    CASE(STATUS_BAD_REQUEST, cases[n].scl_id = NULL);
    CASE(STATUS_BAD_REQUEST, cases[n].link = NULL);
    CASE(STATUS_BAD_REQUEST, cases[n].link = "meter/m2m");
    CASE(STATUS_BAD_REQUEST, cases[n].link = "//meter.example/m2m");
    CASE(STATUS_BAD_REQUEST, cases[n].link = "coap:");
    CASE(STATUS_BAD_REQUEST, cases[n].mgmt = NULL);
    CASE(STATUS_BAD_REQUEST, cases[n].mgmt = "SNMP");
    CASE(STATUS_BAD_REQUEST, cases[n].more = "<m2m:onlineStatus>ONLINE</m2m:onlineStatus>");
    CASE(STATUS_BAD_REQUEST, cases[n].more = "<m2m:serverCapability>true</m2m:serverCapability>");
    CASE(STATUS_BAD_REQUEST,
         cases[n].more = "<m2m:creationTime>2020-01-01T00:00:00Z</m2m:creationTime>");
    CASE(STATUS_BAD_REQUEST,
         cases[n].more = "<m2m:containersReference>x</m2m:containersReference>");
    CASE(STATUS_BAD_REQUEST, cases[n].expires = past);
    CASE(STATUS_BAD_REQUEST, cases[n].expires = now);
    CASE(STATUS_BAD_REQUEST, cases[n].expires = "1969-12-31T23:59:59Z");
    CASE(STATUS_PERMISSION_DENIED, cases[n].scl_id = other);
    CASE(STATUS_PERMISSION_DENIED, cases[n].scl_id = "scl-0");
    for (int i = 0; i < n; i++) {
        rogue_register(&r, &cases[i]);
        ck_assert_msg(r.status == wanted[i], "case %d: %d (%s)", i, r.status, rogue_why(&r));
        ck_assert(!town_is_registered(&town, town.dev));
    }
    create(&r);
    close_all(&r);
}
END_TEST

START_TEST(a_registered_scl_is_there_once)
{
    struct scl_text again;
    sim_ns expires;
    struct rogue r;

    open_unregistered(&r, SETS(NULL));
    create(&r);
    ck_assert_str_eq(r.location, scl_path(&town, town.dev, ""));
    expires = town_scl(&town, town.dev)->scl_expires;
    again = scl_right(&r);
    rogue_register(&r, &again);
    ck_answer(&r, STATUS_CONFLICT);
    /* The body comes first (8.4), then its sclId. */
    again.link = NULL;
    rogue_register(&r, &again);
    ck_answer(&r, STATUS_BAD_REQUEST);
    ck_assert_int_eq(town_scl(&town, town.dev)->scl_expires, expires);
    close_all(&r);
}
END_TEST

START_TEST(what_was_registered_can_be_read)
{
    struct rogue r;
    sim_ns created;

    open_unregistered(&r, SETS(NULL));
    create(&r);
    created = town_now(&town);
    ck_assert_int_eq(r.doc.kind, DOC_SCL);
    for (int i = 0; i < 2; i++) { /* CREATE's answer, and a RETRIEVE a minute later */
        const struct doc_scl *s = &r.doc.u.scl;
        ck_assert_str_eq(s->scl_id, r.entity);
        ck_assert_str_eq(s->link, "coap://meter.example:5683/m2m");
        ck_assert_str_eq(s->mgmt_protocol_type, "OMA DM");
        ck_assert(s->has_times);
        /* dateTime in a document has milliseconds */
        ck_assert_int_le((s->created_unix_ns - town.d->in.epoch_unix_ns) / SIM_MS,
                         created / SIM_MS);
        ck_assert_int_ge((s->created_unix_ns - town.d->in.epoch_unix_ns) / SIM_MS,
                         created / SIM_MS - 10000);
        ck_assert_int_eq(s->modified_unix_ns, s->created_unix_ns);
        town_run(&town, 60 * SIM_S);
        rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
        ck_answer(&r, STATUS_OK);
    }
    close_all(&r);
}
END_TEST

START_TEST(the_registrar_clamps_the_expiration)
{
    static const struct {
        sim_ns asked, given; /* 0: not asked */
    } cases[] = {{10 * SIM_S, 120 * SIM_S},
                 {600 * SIM_S, 600 * SIM_S},
                 {24 * 3600 * SIM_S, 3600 * SIM_S},
                 {0, 3600 * SIM_S}};
    struct scl_text s;
    struct rogue r;
    char text[40];
    sim_ns asked_at, given;

    open_unregistered(&r, SETS("populations.nscl.registration.min=2 min",
                               "populations.nscl.registration.max=1 h"));
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        bool create_it = i % 2 == 0;
        s = scl_right(&r);
        if (!create_it)
            s.scl_id = s.link = NULL;
        asked_at = town_now(&town);
        expires_in(cases[i / 2].asked, text);
        s.expires = cases[i / 2].asked ? text : NULL;
        rogue_ask(&r, create_it ? HTTP_POST : HTTP_PUT,
                  create_it ? "/m2m/scls" : scl_path(&town, town.dev, ""), scl_write(&town, &s));
        ck_answer(&r, create_it ? STATUS_CREATED : STATUS_OK);
        given = r.doc.u.scl.expires_unix_ns - town.d->in.epoch_unix_ns - asked_at;
        /* Clamped where it was not as asked: counted from when the NSCL looked at it. */
        ck_assert_int_ge(given / SIM_S, cases[i / 2].given / SIM_S - 1);
        ck_assert_int_le(given, cases[i / 2].given + SIM_S);
        ck_assert_int_eq(town_scl(&town, town.dev)->scl_expires / SIM_MS,
                         (r.doc.u.scl.expires_unix_ns - town.d->in.epoch_unix_ns) / SIM_MS);
        if (!create_it) {
            rogue_ask(&r, HTTP_DELETE, scl_path(&town, town.dev, ""), "");
            ck_answer(&r, STATUS_DELETED);
        }
    }
    close_all(&r);
}
END_TEST

START_TEST(a_registration_ends_at_its_time)
{
    struct scl_text s;
    struct rogue r;
    char text[40];

    open_unregistered(&r, SETS(NULL));
    s = scl_right(&r);
    expires_in(5 * 60 * SIM_S, text);
    s.expires = text;
    rogue_register(&r, &s);
    ck_answer(&r, STATUS_CREATED);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers"), CONTAINER);
    ck_answer(&r, STATUS_CREATED);
    town_run(&town, 4 * 60 * SIM_S);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_OK);
    town_run(&town, 60 * SIM_S);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_NOT_FOUND);
    s = scl_right(&r);
    s.scl_id = s.link = NULL;
    rogue_ask(&r, HTTP_PUT, scl_path(&town, town.dev, ""), scl_write(&town, &s));
    ck_answer(&r, STATUS_NOT_FOUND);
    rogue_ask(&r, HTTP_DELETE, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_NOT_FOUND);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers/r/contentInstances"), INSTANCE);
    ck_answer(&r, STATUS_NOT_FOUND);
    /* It may come again, without what had been below it. */
    create(&r);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers/r/contentInstances"), INSTANCE);
    ck_answer(&r, STATUS_NOT_FOUND);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers"), CONTAINER);
    ck_answer(&r, STATUS_CREATED);
    close_all(&r);
}
END_TEST

START_TEST(each_check_of_update)
{
    struct scl_text right, s;
    struct rogue r;
    char past[40];

    open_unregistered(&r, SETS(NULL));
    right = scl_right(&r);
    right.scl_id = right.link = NULL;
    rogue_ask(&r, HTTP_PUT, scl_path(&town, town.dev, ""), scl_write(&town, &right));
    ck_answer(&r, STATUS_NOT_FOUND);
    create(&r);
    s = right;
    s.scl_id = r.entity;
    rogue_ask(&r, HTTP_PUT, scl_path(&town, town.dev, ""), scl_write(&town, &s));
    ck_answer(&r, STATUS_BAD_REQUEST);
    s = right;
    s.link = "https://elsewhere.example/";
    rogue_ask(&r, HTTP_PUT, scl_path(&town, town.dev, ""), scl_write(&town, &s));
    ck_answer(&r, STATUS_BAD_REQUEST);
    s = right;
    s.mgmt = NULL;
    rogue_ask(&r, HTTP_PUT, scl_path(&town, town.dev, ""), scl_write(&town, &s));
    ck_answer(&r, STATUS_BAD_REQUEST);
    s = right;
    s.more = "<m2m:aPocHandling>DEEP</m2m:aPocHandling>";
    rogue_ask(&r, HTTP_PUT, scl_path(&town, town.dev, ""), scl_write(&town, &s));
    ck_answer(&r, STATUS_BAD_REQUEST);
    s = right;
    expires_in(-60 * SIM_S, past);
    s.expires = past;
    rogue_ask(&r, HTTP_PUT, scl_path(&town, town.dev, ""), scl_write(&town, &s));
    ck_answer(&r, STATUS_BAD_REQUEST);
    rogue_ask(&r, HTTP_PUT, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_BAD_REQUEST);
    rogue_ask(&r, HTTP_PUT, scl_path(&town, town.dev, ""), CONTAINER);
    ck_answer(&r, STATUS_BAD_REQUEST);
    ck_assert(town_is_registered(&town, town.dev));
    right.mgmt = "BBF TR 069";
    rogue_ask(&r, HTTP_PUT, scl_path(&town, town.dev, ""), scl_write(&town, &right));
    ck_answer(&r, STATUS_OK);
    ck_assert_str_eq(r.doc.u.scl.mgmt_protocol_type, "BBF TR 069");
    ck_assert_str_eq(r.doc.u.scl.link, "coap://meter.example:5683/m2m");
    ck_assert_int_gt(r.doc.u.scl.modified_unix_ns, r.doc.u.scl.created_unix_ns);
    close_all(&r);
}
END_TEST

START_TEST(below_the_scl)
{
    static const struct {
        enum http_method method;
        const char *rest, *body;
        int status;
    } cases[] = {
        /* clang-format off */
        {HTTP_POST, "/containers/r/contentInstances", INSTANCE, STATUS_NOT_FOUND},
        {HTTP_POST, "/containers", "", STATUS_BAD_REQUEST},
        {HTTP_POST, "/containers", INSTANCE, STATUS_BAD_REQUEST},
        {HTTP_POST, "/containers", CONTAINER, STATUS_CREATED},
        {HTTP_POST, "/containers", CONTAINER, STATUS_CONFLICT},
        {HTTP_POST, "/containers", "<m2m:container " M2M_NS " m2m:id=\"s\"/>", STATUS_CREATED},
        {HTTP_POST, "/containers/r/contentInstances", INSTANCE, STATUS_CREATED},
        {HTTP_POST, "/containers/s/contentInstances", INSTANCE, STATUS_CREATED},
        {HTTP_POST, "/containers/rs/contentInstances", INSTANCE, STATUS_NOT_FOUND},
        {HTTP_POST, "/containers//contentInstances", INSTANCE, STATUS_BAD_REQUEST},
        {HTTP_POST, "/containers/contentInstances", INSTANCE, STATUS_NOT_FOUND},
        {HTTP_POST, "/containersr/contentInstances", INSTANCE, STATUS_NOT_FOUND},
        {HTTP_POST, "/containers/r/contentInstances", "", STATUS_BAD_REQUEST},
        {HTTP_POST, "/containers/r/contentInstances", CONTAINER, STATUS_BAD_REQUEST},
        {HTTP_GET, "/containers/r/contentInstances", "", STATUS_OK},
        {HTTP_GET, "/containers/r/contentInstances/latest", "", STATUS_OK},
        {HTTP_PUT, "/containers/r", "<m2m:container " M2M_NS "/>", STATUS_OK},
        {HTTP_DELETE, "/containers", "", STATUS_METHOD_NOT_ALLOWED},
        {HTTP_POST, "/containers/r", INSTANCE, STATUS_METHOD_NOT_ALLOWED},
        {HTTP_POST, "/groups", CONTAINER, STATUS_BAD_REQUEST},
        {HTTP_POST, "x/containers", CONTAINER, STATUS_NOT_FOUND},
        {HTTP_POST, "/applications", CONTAINER, STATUS_BAD_REQUEST},
        {HTTP_POST, "/applications", "<m2m:application " M2M_NS "/>", STATUS_FORBIDDEN},
        {HTTP_POST, "/applicationsx", CONTAINER, STATUS_NOT_FOUND},
        {HTTP_POST, "", CONTAINER, STATUS_METHOD_NOT_ALLOWED},
        /* clang-format on */
    };
    char named[3 * M2M_MAX_URI];
    struct rogue r;

    open_unregistered(&r, SETS(NULL));
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers"), CONTAINER);
    ck_answer(&r, STATUS_NOT_FOUND); /* the parent is not there */
    create(&r);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rogue_ask(&r, cases[i].method, scl_path(&town, town.dev, cases[i].rest), cases[i].body);
        ck_assert_msg(r.status == cases[i].status, "case %zu: %d (%s)", i, r.status, rogue_why(&r));
    }
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers"),
              "<m2m:container " M2M_NS "/>");
    ck_answer(&r, STATUS_CREATED); /* it got a name, which holds */
    ck_assert_ptr_nonnull(strstr(r.location, "/containers/container-"));
    snprintf(named, sizeof named, "%s/contentInstances", r.location);
    rogue_ask(&r, HTTP_POST, named, INSTANCE);
    ck_answer(&r, STATUS_CREATED);
    close_all(&r);
}
END_TEST

/* Discovery and filter criteria, by the query (etsi-m2m.md 8.3). */
START_TEST(what_is_asked_for_by_a_query)
{
    struct rogue r;
    struct span found;

    open_unregistered(&r, SETS(NULL));
    create(&r);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers"),
              "<m2m:container " M2M_NS " m2m:id=\"h\"><m2m:searchStrings><m2m:searchString>heat"
              "</m2m:searchString></m2m:searchStrings></m2m:container>");
    ck_answer(&r, STATUS_CREATED);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/containers/h/contentInstances"), INSTANCE);
    ck_answer(&r, STATUS_CREATED);
    rogue_ask(&r, HTTP_GET, "/m2m/discovery?searchString=heat&maxSize=5", "");
    ck_answer(&r, STATUS_OK);
    ck_assert_int_eq(r.rep.type, M2M_DISCOVERY);
    ck_assert_int_eq(m2m_find_number(m2m_rep_span(&r.rep), E_MATCH_SIZE, 0), 1);
    ck_assert(m2m_list_has(m2m_rep_span(&r.rep), E_DISCOVERY_URI, E_REFERENCE,
                           scl_path(&town, town.dev, "/containers/h")));
    rogue_ask(&r, HTTP_GET, "/m2m/discovery?searchString=cold", "");
    ck_answer(&r, STATUS_OK);
    ck_assert_int_eq(m2m_find_number(m2m_rep_span(&r.rep), E_MATCH_SIZE, 9), 0);
    rogue_ask(&r, HTTP_GET,
              scl_path(&town, town.dev, "/containers/h/contentInstances?sizeFrom=100000"), "");
    ck_answer(&r, STATUS_OK);
    ck_assert(m2m_find(m2m_rep_span(&r.rep), E_CONTENT_INSTANCE_COLLECTION, &found));
    ck_assert_uint_eq(found.n, 0);
    rogue_ask(&r, HTTP_GET, "/m2m/discovery?nonsense=1", "");
    ck_answer(&r, STATUS_BAD_REQUEST);
    close_all(&r);
}
END_TEST

START_TEST(paths_that_are_not_its_own)
{
    static const char *const paths[] = {"/m2m/x", "/m2m/scls/scl-0", "/", "/scls"};
    static const char *const malformed[] = {"/m2m/", "/m2m/scls/", "/m2m/scls/a?b"};
    char other[2 * M2M_MAX_URI];
    struct scl_text s;
    struct rogue r;

    open_unregistered(&r, SETS(NULL));
    create(&r);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        rogue_ask(&r, HTTP_GET, paths[i], "");
        ck_answer(&r, STATUS_NOT_FOUND);
    }
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        rogue_ask(&r, HTTP_GET, malformed[i], "");
        ck_answer(&r, STATUS_BAD_REQUEST);
    }
    /* The sclBase is everybody's to look at, but not who else is registered. */
    rogue_ask(&r, HTTP_GET, "/m2m", "");
    ck_answer(&r, STATUS_OK);
    rogue_ask(&r, HTTP_GET, "/m2m/scls", "");
    ck_answer(&r, STATUS_PERMISSION_DENIED);
    rogue_ask(&r, HTTP_GET, "/m2m/applications", "");
    ck_answer(&r, STATUS_PERMISSION_DENIED);
    /* Another SCL's resources are hidden, registered though it is. */
    ck_assert(town_is_registered(&town, town.other));
    snprintf(other, sizeof other, "%s", scl_path(&town, town.other, ""));
    rogue_ask(&r, HTTP_GET, other, "");
    ck_answer(&r, STATUS_NOT_FOUND);
    rogue_ask(&r, HTTP_DELETE, other, "");
    ck_answer(&r, STATUS_NOT_FOUND);
    s = scl_right(&r);
    s.scl_id = s.link = NULL;
    rogue_ask(&r, HTTP_PUT, other, scl_write(&town, &s));
    ck_answer(&r, STATUS_NOT_FOUND);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.other, "/containers/readings/contentInstances"),
              INSTANCE);
    ck_answer(&r, STATUS_NOT_FOUND);
    ck_assert(town_is_registered(&town, town.other));
    close_all(&r);
}
END_TEST

START_TEST(the_sender_is_checked)
{
    static const char basic[] = "GET %s HTTP/1.1\r\nHost: n\r\nAuthorization: %s\r\n\r\n";
    char text[1024];
    struct rogue r;
    int n;

    open_unregistered(&r, SETS(NULL));
    create(&r);
    /* Somebody else's name: 401; none: 403 (8.3). */
    node_scl_id(town.other->node_id, r.entity);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_PERMISSION_DENIED);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.other, ""), "");
    ck_answer(&r, STATUS_PERMISSION_DENIED);
    r.entity[0] = '\0';
    rogue_ask(&r, HTTP_DELETE, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_FORBIDDEN);
    n = snprintf(text, sizeof text, basic, scl_path(&town, town.dev, ""), "Bearer abc");
    rogue_say(&r, span_of(text, (size_t)n));
    ck_answer(&r, STATUS_FORBIDDEN);
    n = snprintf(text, sizeof text, basic, scl_path(&town, town.dev, ""), "Basic ????");
    rogue_say(&r, span_of(text, (size_t)n));
    ck_answer(&r, STATUS_FORBIDDEN);
    ck_assert(town_is_registered(&town, town.dev));
    close_all(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("server");
    TCase *t = tcase_create("nscl");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, what_is_no_scl_is_refused);
    tcase_add_test(t, each_check_of_create);
    tcase_add_test(t, a_registered_scl_is_there_once);
    tcase_add_test(t, what_was_registered_can_be_read);
    tcase_add_test(t, the_registrar_clamps_the_expiration);
    tcase_add_test(t, a_registration_ends_at_its_time);
    tcase_add_test(t, each_check_of_update);
    tcase_add_test(t, below_the_scl);
    tcase_add_test(t, what_is_asked_for_by_a_query);
    tcase_add_test(t, paths_that_are_not_its_own);
    tcase_add_test(t, the_sender_is_checked);
    suite_add_tcase(s, t);
    return rogue_main(s);
}
