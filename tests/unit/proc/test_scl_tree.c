/* The store: CRUD of what devices use, order, expiry, bounds, memory. */
#include "tests/unit/proc/scl_tree_kit.h"

#include <malloc.h>

static struct scl_tree_kit k;

static void open_kit(void)
{
    kit_open(&k);
}

static void close_kit(void)
{
    kit_close(&k);
}

#define CONTAINER(id, more) "<m2m:container " NS " m2m:id='" id "'>" more "</m2m:container>"
#define INSTANCE(id, base64)                                                                       \
    "<m2m:contentInstance " NS " m2m:id='" id "'><m2m:content>" base64                             \
    "</m2m:content></m2m:contentInstance>"

START_TEST(registration)
{
    expect(&k, "s1", M2M_CREATE, "/m2m/scls", SCL_DOC("s1"), STATUS_CREATED);
    ck_assert_str_eq(k.response.resource_uri, "/m2m/scls/s1");
    has(&k, "<m2m:scl xmlns:m2m=\"http://uri.etsi.org/m2m\" sclId=\"s1\">");
    has(&k, "<m2m:link>https://s1.example/m2m</m2m:link>");
    has(&k, "<m2m:expirationTime>2013-06-02T00:00:00.000Z</m2m:expirationTime>");
    has(&k, "<m2m:creationTime>2013-06-01T00:00:00.000Z</m2m:creationTime>");
    has(&k, "<m2m:onlineStatus>ONLINE</m2m:onlineStatus>");
    has(&k, "<m2m:containersReference>/m2m/scls/s1/containers</m2m:containersReference>");
    expect(&k, "s1", M2M_CREATE, "/m2m/scls", SCL_DOC("s1"), STATUS_CONFLICT);
    k.now += 10 * S;
    expect(&k, "s1", M2M_UPDATE, "/m2m/scls/s1",
           "<m2m:scl " NS "><m2m:expirationTime>2013-06-01T00:10:00Z</m2m:expirationTime>"
           "<m2m:mgmtProtocolType>BBF TR 069</m2m:mgmtProtocolType></m2m:scl>",
           STATUS_OK);
    has(&k, "<m2m:link>https://s1.example/m2m</m2m:link>");
    has(&k, "BBF TR 069");
    has(&k, "<m2m:lastModifiedTime>2013-06-01T00:00:10.000Z</m2m:lastModifiedTime>");
    ck_assert_int_eq(scl_tree_expiry(k.tree), T0 + 600 * S);
    /* Below the least: moved there. */
    expect(&k, "s1", M2M_UPDATE, "/m2m/scls/s1",
           "<m2m:scl " NS "><m2m:expirationTime>2013-06-01T00:00:11Z</m2m:expirationTime>"
           "<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType></m2m:scl>",
           STATUS_OK);
    has(&k, "<m2m:expirationTime>2013-06-01T00:01:10.000Z</m2m:expirationTime>");
    expect(&k, "s1", M2M_DELETE, "/m2m/scls/s1", NULL, STATUS_DELETED);
    expect(&k, "s1", M2M_RETRIEVE, "/m2m/scls/s1", NULL, STATUS_NOT_FOUND);
    ck_assert_int_eq(scl_tree_expiry(k.tree), SCL_TREE_NEVER);
}
END_TEST

/* What an <scl> needs, and what it must not have (etsi-m2m.md 8.4). */
START_TEST(registration_refused)
{
    static const struct {
        const char *entity, *xml;
        enum m2m_status status;
        const char *why;
    } cases[] = {
        {"s1", NULL, STATUS_BAD_REQUEST, "a representation"},
        {"", SCL_DOC("s1"), STATUS_FORBIDDEN, "requesting entity"},
        {"s2", SCL_DOC("s1"), STATUS_PERMISSION_DENIED, "the id is not"},
        {"s1", "<m2m:container " NS "/>", STATUS_BAD_REQUEST, "no resource of this type"},
        {"s1", "<m2m:scl " NS " sclId='s1'><m2m:link>http://a/</m2m:link></m2m:scl>",
         STATUS_BAD_REQUEST, "mgmtProtocolType is missing"},
        {"s1",
         "<m2m:scl " NS " sclId='s1'><m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType></m2m:scl>",
         STATUS_BAD_REQUEST, "link is missing"},
        {"s1",
         "<m2m:scl " NS "><m2m:link>http://a/</m2m:link>"
         "<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType></m2m:scl>",
         STATUS_BAD_REQUEST, "sclId is missing"},
        {"s1",
         "<m2m:scl " NS " sclId='s1'><m2m:link>/relative</m2m:link>"
         "<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType></m2m:scl>",
         STATUS_BAD_REQUEST, "absolute"},
        {"s1",
         "<m2m:scl " NS " sclId='s1'><m2m:link>http://a/</m2m:link>"
         "<m2m:mgmtProtocolType>SNMP</m2m:mgmtProtocolType></m2m:scl>",
         STATUS_BAD_REQUEST, "mgmtProtocolType is not of its type"},
        {"s1",
         "<m2m:scl " NS " sclId='s1'><m2m:link>http://a/</m2m:link>"
         "<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType>"
         "<m2m:onlineStatus>ONLINE</m2m:onlineStatus></m2m:scl>",
         STATUS_BAD_REQUEST, "onlineStatus is not permitted"},
        {"s1",
         "<m2m:scl " NS " sclId='s1'><m2m:link>http://a/</m2m:link>"
         "<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType>"
         "<m2m:containersReference>/x</m2m:containersReference></m2m:scl>",
         STATUS_BAD_REQUEST, "containersReference is not permitted"},
        {"s1",
         "<m2m:scl " NS " sclId='s1'><m2m:link>http://a/</m2m:link>"
         "<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType>"
         "<m2m:expirationTime>2013-05-31T23:59:59Z</m2m:expirationTime></m2m:scl>",
         STATUS_BAD_REQUEST, "past"},
        {"s1",
         "<m2m:scl " NS " sclId='s1'><m2m:link>http://a/</m2m:link>"
         "<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType>"
         "<m2m:expirationTime>soon</m2m:expirationTime></m2m:scl>",
         STATUS_BAD_REQUEST, "expirationTime is not of its type"},
        {"subscriptions",
         "<m2m:scl " NS " sclId='subscriptions'><m2m:link>http://a/</m2m:link>"
         "<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType></m2m:scl>",
         STATUS_CONFLICT, "taken"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect(&k, cases[i].entity, M2M_CREATE, "/m2m/scls", cases[i].xml, cases[i].status);
        ck_assert_msg(strstr(k.response.additional_info, cases[i].why) != NULL, "%s, not %s",
                      k.response.additional_info, cases[i].why);
    }
    ck_assert_uint_eq(scl_tree_count(k.tree), 0);
}
END_TEST

static enum m2m_status no_ival(void *arg, const char *scl_id, enum m2m_method method,
                               struct span rep, const char **why)
{
    struct span ival;

    ck_assert_str_eq(scl_id, "s1");
    *(int *)arg += 1;
    if (m2m_find(rep, E_INTEGRITY_VAL_RESULTS, &ival))
        return m2m_find_number(ival, E_SIGNED_IVAL_RESULT, 0) == -9 ? STATUS_OK : STATUS_FORBIDDEN;
    *why = "results are missing";
    return method == M2M_CREATE ? STATUS_BAD_REQUEST : STATUS_OK;
}

#define IVAL_DOC(signed_result)                                                                    \
    "<m2m:scl " NS " sclId='s1'><m2m:link>http://a/</m2m:link>"                                    \
    "<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType><m2m:integrityValResults>"                 \
    "<ivalResults>5</ivalResults><signedIvalResult>" signed_result "</signedIvalResult>"           \
    "<secureTimeStamp>2013-06-01T00:00:00Z</secureTimeStamp></m2m:integrityValResults></m2m:scl>"

/* The owner's policy decides last, and its results are not kept. */
START_TEST(integrity_validation)
{
    int calls = 0;
    struct scl_tree_settings settings = {.base = "m2m",
                                         .scl_id = "nscl",
                                         .authority = NSCL,
                                         .registration_max = 100 * S,
                                         .check_scl = no_ival,
                                         .arg = &calls};

    kit_close(&k);
    kit_open_with(&k, &settings);
    expect(&k, "s1", M2M_CREATE, "/m2m/scls", SCL_DOC("s1"), STATUS_BAD_REQUEST);
    ck_assert_str_eq(k.response.additional_info, "results are missing");
    expect(&k, "s1", M2M_CREATE, "/m2m/scls", IVAL_DOC("9"), STATUS_FORBIDDEN);
    expect(&k, "s1", M2M_CREATE, "/m2m/scls", IVAL_DOC("-9"), STATUS_CREATED);
    has_not(&k, "integrityVal");
    ck_assert_int_eq(calls, 3);
}
END_TEST

static void make_container(const char *more_xml)
{
    char xml[512];

    snprintf(xml, sizeof(xml), "<m2m:container " NS " m2m:id='c'>%s</m2m:container>", more_xml);
    expect(&k, "s1", M2M_CREATE, "/m2m/scls", SCL_DOC("s1"), STATUS_CREATED);
    expect(&k, "s1", M2M_CREATE, "/m2m/scls/s1/containers", xml, STATUS_CREATED);
}

#define CI "/m2m/scls/s1/containers/c/contentInstances"

START_TEST(instances)
{
    make_container("");
    expect(&k, "s1", M2M_RETRIEVE, CI, NULL, STATUS_OK);
    has(&k, "<m2m:currentNrOfInstances>0</m2m:currentNrOfInstances>");
    expect(&k, "s1", M2M_RETRIEVE, CI "/latest", NULL, STATUS_NOT_FOUND);
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("a", "YWJj"), STATUS_CREATED);
    has(&k, "<m2m:content>YWJj</m2m:content>");
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("a", "YWJj"), STATUS_CONFLICT);
    k.now += S;
    expect(&k, "s1", M2M_CREATE, CI,
           "<m2m:contentInstance " NS "><m2m:content "
           "xmlns:x='http://www.w3.org/2005/05/xmlmime' x:contentType='text/plain'>"
           "aGVsbG8=</m2m:content></m2m:contentInstance>",
           STATUS_CREATED);
    ck_assert_str_eq(k.response.resource_uri, CI "/contentInstance-1");
    expect(&k, "s1", M2M_RETRIEVE, CI "/latest", NULL, STATUS_OK);
    has(&k, "m2m:id=\"contentInstance-1\"");
    has(&k, "xmime:contentType=\"text/plain\">aGVsbG8=");
    expect(&k, "s1", M2M_RETRIEVE, CI "/oldest", NULL, STATUS_OK);
    has(&k, "m2m:id=\"a\"");
    expect(&k, "s1", M2M_RETRIEVE, CI, NULL, STATUS_OK);
    has(&k, "<m2m:currentNrOfInstances>2</m2m:currentNrOfInstances>"
            "<m2m:currentByteSize>8</m2m:currentByteSize>");
    has(&k, "<m2m:latest id=\"contentInstance-1\">" CI "/contentInstance-1</m2m:latest>");
    k.filter = "<sizeFrom>4</sizeFrom><metaDataOnly>true</metaDataOnly>";
    expect(&k, "s1", M2M_RETRIEVE, CI, NULL, STATUS_OK);
    has(&k, "<m2m:contentInstance m2m:id=\"contentInstance-1\">");
    has_not(&k, "m2m:contentInstance m2m:id=\"a\"");
    has_not(&k, "<m2m:content ");
    /* A condition is not passed over: what is not done for it is not done at all. */
    expect(&k, "s1", M2M_DELETE, CI "/latest", NULL, STATUS_BAD_REQUEST);
    expect(&k, "s1", M2M_UPDATE, "/m2m/scls/s1/containers/c", "<m2m:container " NS "/>",
           STATUS_BAD_REQUEST);
    k.filter = "<ifMatch>x</ifMatch>";
    expect(&k, "s1", M2M_RETRIEVE, CI, NULL, STATUS_NOT_IMPLEMENTED);
    expect(&k, "s1", M2M_DELETE, CI "/latest", NULL, STATUS_NOT_IMPLEMENTED);
    k.filter = NULL;
    expect(&k, "s1", M2M_DELETE, CI "/latest", NULL, STATUS_DELETED);
    expect(&k, "s1", M2M_RETRIEVE, CI "/latest", NULL, STATUS_OK);
    has(&k, "m2m:id=\"a\"");
    expect(&k, "s1", M2M_UPDATE, CI "/a", INSTANCE("a", "YWJj"), STATUS_METHOD_NOT_ALLOWED);
    expect(&k, "s1", M2M_DELETE, "/m2m/scls/s1/containers/c", NULL, STATUS_DELETED);
    expect(&k, "s1", M2M_RETRIEVE, CI "/a", NULL, STATUS_NOT_FOUND);
}
END_TEST

static void count_is(unsigned number, unsigned octets)
{
    char part[128];

    expect(&k, "s1", M2M_RETRIEVE, CI, NULL, STATUS_OK);
    snprintf(part, sizeof(part),
             "<m2m:currentNrOfInstances>%u</m2m:currentNrOfInstances>"
             "<m2m:currentByteSize>%u</m2m:currentByteSize>",
             number, octets);
    has(&k, part);
}

START_TEST(bounds_of_a_container)
{
    make_container("<m2m:maxNrOfInstances>3</m2m:maxNrOfInstances>"
                   "<m2m:maxByteSize>10</m2m:maxByteSize>");
    for (int i = 0; i < 4; i++)
        expect(&k, "s1", M2M_CREATE, CI,
               "<m2m:contentInstance " NS "><m2m:content>YWJj</m2m:content></m2m:contentInstance>",
               STATUS_CREATED);
    count_is(3, 9);
    expect(&k, "s1", M2M_RETRIEVE, CI "/contentInstance-0", NULL, STATUS_NOT_FOUND);
    /* eight octets drive out the oldest until ten are not passed */
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("big", "MTIzNDU2Nzg="), STATUS_CREATED);
    count_is(1, 8);
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("huge", "MTIzNDU2Nzg5MDE="), STATUS_NOT_ACCEPTABLE);
    count_is(1, 8);
    expect(&k, "s1", M2M_UPDATE, "/m2m/scls/s1/containers/c",
           "<m2m:container " NS "><m2m:maxByteSize>7</m2m:maxByteSize></m2m:container>", STATUS_OK);
    count_is(0, 0);
    expect(&k, "s1", M2M_UPDATE, "/m2m/scls/s1/containers/c",
           "<m2m:container " NS "><m2m:maxNrOfInstances>0</m2m:maxNrOfInstances></m2m:container>",
           STATUS_OK);
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("none", "YQ=="), STATUS_NOT_ACCEPTABLE);
    count_is(0, 0);
    has(&k, "<m2m:contentInstanceCollection></m2m:contentInstanceCollection>");
    has_not(&k, "<m2m:latest");
}
END_TEST

START_TEST(age_of_instances)
{
    make_container("<m2m:maxInstanceAge>60</m2m:maxInstanceAge>");
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("a", "YWJj"), STATUS_CREATED);
    ck_assert_int_eq(scl_tree_expiry(k.tree), T0 + 60 * S);
    k.now = T0 + 30 * S;
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("b", "YWJj"), STATUS_CREATED);
    scl_tree_expire(k.tree, T0 + 60 * S - 1);
    ck_assert_int_eq(scl_tree_expiry(k.tree), T0 + 60 * S);
    scl_tree_expire(k.tree, T0 + 60 * S);
    ck_assert_int_eq(scl_tree_expiry(k.tree), T0 + 90 * S);
    k.now = T0 + 60 * S;
    count_is(1, 3);
    expect(&k, "s1", M2M_RETRIEVE, CI "/a", NULL, STATUS_NOT_FOUND);
    expect(&k, "s1", M2M_UPDATE, "/m2m/scls/s1/containers/c",
           "<m2m:container " NS "><m2m:maxInstanceAge>3600</m2m:maxInstanceAge></m2m:container>",
           STATUS_OK);
    ck_assert_int_eq(scl_tree_expiry(k.tree), T0 + 3630 * S);
}
END_TEST

/* With an <scl> goes all below it, and what was to expire there does not. */
START_TEST(expiry)
{
    make_container("<m2m:expirationTime>2013-06-01T02:00:00Z</m2m:expirationTime>");
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("a", "YWJj"), STATUS_CREATED);
    ck_assert_int_eq(scl_tree_expiry(k.tree), T0 + 7200 * S);
    scl_tree_expire(k.tree, T0 + 7200 * S);
    ck_assert_int_eq(scl_tree_expiry(k.tree), T0 + 86400 * S);
    k.now = T0 + 7200 * S;
    expect(&k, "s1", M2M_RETRIEVE, "/m2m/scls/s1/containers/c", NULL, STATUS_NOT_FOUND);
    expect(&k, "s1", M2M_RETRIEVE, "/m2m/scls/s1", NULL, STATUS_OK);
    k.now = T0 + 86400 * S; /* whoever asks at that instant comes too late */
    expect(&k, "s1", M2M_RETRIEVE, "/m2m/scls/s1", NULL, STATUS_NOT_FOUND);
    ck_assert_int_eq(scl_tree_expiry(k.tree), SCL_TREE_NEVER);
    expect(&k, "s1", M2M_CREATE, "/m2m/scls", SCL_DOC("s1"), STATUS_CREATED);
}
END_TEST

START_TEST(order_of_creation)
{
    static const char *const ids[] = {"z", "a", "m", "b"};
    const char *at;

    for (int i = 0; i < 4; i++) {
        char xml[256];

        snprintf(xml, sizeof(xml),
                 "<m2m:scl " NS " sclId='%s'><m2m:link>http://a/</m2m:link>"
                 "<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType></m2m:scl>",
                 ids[i]);
        expect(&k, ids[i], M2M_CREATE, "/m2m/scls", xml, STATUS_CREATED);
    }
    expect(&k, "a", M2M_DELETE, "/m2m/scls/a", NULL, STATUS_DELETED);
    expect(&k, "nscl", M2M_RETRIEVE, "/m2m/scls", NULL, STATUS_OK);
    at = strstr(k.text, "id=\"z\"");
    ck_assert_ptr_nonnull(at);
    at = strstr(at, "id=\"m\"");
    ck_assert_ptr_nonnull(at);
    ck_assert_ptr_nonnull(strstr(at, "id=\"b\""));
    has_not(&k, "id=\"a\"");
}
END_TEST

/* A registered SCL, and one reading of 200 octets: what a million of each cost. */
#define SCL_BOUND      280
#define INSTANCE_BOUND 100 /* beside its content */

static void create(const char *entity, const char *target, const struct m2m_rep *rep)
{
    struct m2m_response r;

    m2m_response_init(&r);
    scl_tree_request(k.tree, k.now,
                     &(struct m2m_request){.target_id = span_str(target),
                                           .requesting_entity = entity,
                                           .representation = rep,
                                           .method = M2M_CREATE,
                                           .point = M2M_MID},
                     &r);
    ck_assert_int_eq(r.status_code, STATUS_CREATED);
    m2m_response_clear(&r);
}

static size_t heap_now(void)
{
    struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

static void register_one(int i, char name[80])
{
    struct m2m_rep scl;
    char link[200];

    snprintf(name, 80, "scl-%032x", i);
    snprintf(link, sizeof(link), "https://%s.m2m.example/m2m", name);
    m2m_rep_init(&scl, M2M_SCL);
    m2m_put_text(&scl, E_SCL_ID, name);
    m2m_put_text(&scl, E_LINK, link);
    m2m_put_number(&scl, E_MGMT_PROTOCOL_TYPE, 0);
    create(name, "/m2m/scls", &scl);
    m2m_rep_clear(&scl);
}

START_TEST(memory)
{
    enum { COUNT = 20000 };
    size_t before = scl_tree_octets(k.tree), heap = heap_now(), scl, instance;
    struct m2m_rep rep;
    uint8_t content[200] = {0};
    char name[80], target[200];

    for (int i = 0; i < COUNT; i++)
        register_one(i, name);
    scl = (scl_tree_octets(k.tree) - before) / COUNT;
    heap = (heap_now() - heap) / COUNT;
    snprintf(target, sizeof(target), "/m2m/scls/%s/containers", name);
    m2m_rep_init(&rep, M2M_CONTAINER);
    m2m_put_text(&rep, E_ID, "readings");
    create(name, target, &rep);
    m2m_rep_clear(&rep);
    strcat(target, "/readings/contentInstances");
    m2m_rep_init(&rep, M2M_CONTENT_INSTANCE);
    m2m_put(&rep, E_CONTENT, span_of(content, sizeof(content)));
    before = scl_tree_octets(k.tree);
    for (int i = 0; i < COUNT; i++)
        create(name, target, &rep);
    instance = (scl_tree_octets(k.tree) - before) / COUNT - sizeof(content);
    m2m_rep_clear(&rep);
    printf("octets: %zu for an scl (%zu of the heap), %zu for a contentInstance beside its "
           "content\n",
           scl, heap, instance);
    ck_assert_uint_le(scl, SCL_BOUND);
    ck_assert_uint_le(heap, SCL_BOUND); /* 0 under a sanitizer, whose heap is not malloc's */
    ck_assert_uint_le(instance, INSTANCE_BOUND);
    ck_assert_uint_ge(scl, 150); /* else nothing was counted */
}
END_TEST

/* Whatever was made is accounted for until it is gone. */
START_TEST(octets_come_back)
{
    size_t before;

    make_container("");
    expect(&k, "s1", M2M_DELETE, "/m2m/scls/s1", NULL, STATUS_DELETED);
    before = scl_tree_octets(k.tree);
    make_container("<m2m:maxNrOfInstances>2</m2m:maxNrOfInstances>");
    for (int i = 0; i < 5; i++)
        expect(&k, "s1", M2M_CREATE, CI,
               "<m2m:contentInstance " NS "><m2m:content>YWJj</m2m:content></m2m:contentInstance>",
               STATUS_CREATED);
    ck_assert_uint_gt(scl_tree_octets(k.tree), before);
    expect(&k, "s1", M2M_DELETE, "/m2m/scls/s1", NULL, STATUS_DELETED);
    ck_assert_uint_eq(scl_tree_octets(k.tree), before);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tree");
    TCase *tc = tcase_create("tree");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, open_kit, close_kit);
    tcase_add_test(tc, registration);
    tcase_add_test(tc, registration_refused);
    tcase_add_test(tc, integrity_validation);
    tcase_add_test(tc, instances);
    tcase_add_test(tc, bounds_of_a_container);
    tcase_add_test(tc, age_of_instances);
    tcase_add_test(tc, expiry);
    tcase_add_test(tc, order_of_creation);
    tcase_add_test(tc, memory);
    tcase_add_test(tc, octets_come_back);
    suite_add_tcase(s, tc);
    return kit_main(s);
}
