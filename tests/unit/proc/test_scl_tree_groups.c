/* Groups with fan-out, discovery, announcements. */
#include "tests/unit/proc/scl_tree_kit.h"

static struct scl_tree_kit k;

#define CO       "/m2m/scls/s1/containers"
#define INSTANCE "<m2m:contentInstance " NS "><m2m:content>YWJj</m2m:content></m2m:contentInstance>"
#define TAGGED(id, tag)                                                                            \
    "<m2m:container " NS " m2m:id='" id "'><m2m:searchStrings><m2m:searchString>" tag              \
    "</m2m:searchString></m2m:searchStrings></m2m:container>"
#define GROUP(id, more, members)                                                                   \
    "<m2m:group " NS " m2m:id='" id "'><m2m:memberType>CONTAINER</m2m:memberType>" more            \
    "<m2m:members>" members "</m2m:members></m2m:group>"
#define REF(uri) "<reference>" uri "</reference>"

static void open_kit(void)
{
    kit_open(&k);
    expect(&k, "s1", M2M_CREATE, "/m2m/scls", SCL_DOC("s1"), STATUS_CREATED);
    expect(&k, "s1", M2M_CREATE, CO, TAGGED("a", "heat"), STATUS_CREATED);
    expect(&k, "s1", M2M_CREATE, CO, TAGGED("b", "water"), STATUS_CREATED);
    expect(&k, "s1", M2M_CREATE, CO, TAGGED("c", "heat"), STATUS_CREATED);
}

static void close_kit(void)
{
    kit_close(&k);
}

START_TEST(members)
{
    expect(&k, "s1", M2M_CREATE, "/m2m/scls/s1/groups", GROUP("g", "", REF(CO "/x")),
           STATUS_BAD_REQUEST);
    expect(&k, "s1", M2M_CREATE, "/m2m/scls/s1/groups", GROUP("g", "", REF("/m2m/scls/s1")),
           STATUS_BAD_REQUEST);
    expect(&k, "s1", M2M_CREATE, "/m2m/scls/s1/groups",
           GROUP("g", "<m2m:maxNrOfMembers>1</m2m:maxNrOfMembers>", REF(CO "/a") REF(CO "/b")),
           STATUS_FORBIDDEN);
    expect(&k, "s1", M2M_CREATE, "/m2m/scls/s1/groups",
           GROUP("g", "<m2m:maxNrOfMembers>2</m2m:maxNrOfMembers>", REF(CO "/a") REF(CO "/b")),
           STATUS_CREATED);
    has(&k, "<m2m:currentNrOfMembers>2</m2m:currentNrOfMembers>");
    has(&k, "<m2m:membersContentReference>/m2m/scls/s1/groups/g/membersContent<");
    expect(&k, "s1", M2M_UPDATE, "/m2m/scls/s1/groups/g",
           "<m2m:group " NS "><m2m:members>" REF(CO "/a") REF(CO "/b")
               REF(CO "/c") "</m2m:members></m2m:group>",
           STATUS_FORBIDDEN);
    expect(&k, "s1", M2M_UPDATE, "/m2m/scls/s1/groups/g",
           "<m2m:group " NS "><m2m:members>" REF(CO "/c") "</m2m:members></m2m:group>", STATUS_OK);
    has(&k, "<m2m:currentNrOfMembers>1</m2m:currentNrOfMembers>");
}
END_TEST

#define MC "/m2m/scls/s1/groups/g/membersContent"

START_TEST(fan_out)
{
    struct span list, one;
    struct m2m_item item;
    unsigned n = 0;

    expect(&k, "s1", M2M_CREATE, "/m2m/scls/s1/groups",
           GROUP("g", "", REF(CO "/a") REF("https://other.example/m2m/containers/r") REF(CO "/b")),
           STATUS_CREATED);
    expect(&k, "s1", M2M_CREATE, MC "/contentInstances", INSTANCE, STATUS_OK);
    /* each member's answer under its URI, in the members' order */
    list = m2m_rep_span(&k.response.representation);
    while (m2m_next(&list, &item)) {
        static const char *const uris[] = {CO "/a/contentInstances",
                                           "https://other.example/m2m/containers/r/"
                                           "contentInstances",
                                           CO "/b/contentInstances"};

        ck_assert(m2m_find(item.value, E_ID, &one));
        ck_assert(m2m_is_text(one, uris[n]));
        ck_assert_int_eq(m2m_find(item.value, E_RESULT_BODY, &one), n != 1);
        n++;
    }
    ck_assert_uint_eq(n, 3);
    has(&k, "<m2m:statusCode>STATUS_CREATED</m2m:statusCode>");
    /* of one elsewhere it is said that nobody hands requests on here */
    has(&k, "<m2m:statusCode>STATUS_NOT_FOUND</m2m:statusCode>");
    ck_assert_ptr_null(scl_tree_member(k.tree));
    ck_assert_ptr_null(scl_tree_output(k.tree));
    expect(&k, "s1", M2M_RETRIEVE, CO "/b/contentInstances/latest", NULL, STATUS_OK);
    expect(&k, "s1", M2M_RETRIEVE, CO "/c/contentInstances/latest", NULL, STATUS_NOT_FOUND);
    /* a member that is gone is said so, the others go on */
    expect(&k, "s1", M2M_DELETE, CO "/a", NULL, STATUS_DELETED);
    expect(&k, "s1", M2M_RETRIEVE, MC, NULL, STATUS_OK);
    has(&k, "<status id=\"" CO "/a\"><m2m:statusCode>STATUS_NOT_FOUND</m2m:statusCode></status>");
    has(&k, "<status id=\"" CO "/b\"><m2m:statusCode>STATUS_OK</m2m:statusCode>");
    expect(&k, "s2", M2M_RETRIEVE, MC, NULL, STATUS_NOT_FOUND);
}
END_TEST

/* A group that reaches itself, and members' requests by rights of their own. */
START_TEST(fan_out_bounds)
{
    expect(&k, "s1", M2M_CREATE, "/m2m/scls/s1/groups",
           "<m2m:group " NS " m2m:id='g'><m2m:memberType>SCL</m2m:memberType><m2m:members>"
           "<reference>/m2m/scls/s1</reference></m2m:members></m2m:group>",
           STATUS_CREATED);
    expect(&k, "s1", M2M_RETRIEVE, MC "/groups/g/membersContent", NULL, STATUS_OK);
    has(&k, "<m2m:statusCode>STATUS_FORBIDDEN</m2m:statusCode>");
    /* the fan-out is over: the next works */
    expect(&k, "s1", M2M_RETRIEVE, MC, NULL, STATUS_OK);
    has(&k, "<m2m:statusCode>STATUS_OK</m2m:statusCode>");
    expect(&k, "s1", M2M_DELETE, MC "/groups/g", NULL, STATUS_OK); /* its own end */
    expect(&k, "s1", M2M_RETRIEVE, MC, NULL, STATUS_NOT_FOUND);
}
END_TEST

START_TEST(discovery)
{
    k.filter = "<m2m:searchString>heat</m2m:searchString>";
    expect(&k, "s1", M2M_RETRIEVE, "/m2m/discovery", NULL, STATUS_OK);
    has(&k, "<m2m:matchSize>2</m2m:matchSize><m2m:truncated>false</m2m:truncated>"
            "<m2m:discoveryURI><reference>" CO "/a</reference><reference>" CO
            "/c</reference></m2m:discoveryURI>");
    k.max_size = 1;
    expect(&k, "s1", M2M_RETRIEVE, "/m2m/discovery", NULL, STATUS_OK);
    has(&k, "<m2m:matchSize>2</m2m:matchSize><m2m:truncated>true</m2m:truncated>"
            "<m2m:discoveryURI><reference>" CO "/a</reference></m2m:discoveryURI>");
    k.max_size = 0;
    expect(&k, "s2", M2M_RETRIEVE, "/m2m/discovery", NULL, STATUS_OK);
    has(&k, "<m2m:matchSize>0</m2m:matchSize>");
    k.prefix = CO "/c";
    expect(&k, "s1", M2M_RETRIEVE, "/m2m/discovery", NULL, STATUS_OK);
    has(&k, "<m2m:matchSize>1</m2m:matchSize>");
    k.prefix = "/m2m/scls/nobody";
    expect(&k, "s1", M2M_RETRIEVE, "/m2m/discovery", NULL, STATUS_NOT_FOUND);
    k.prefix = k.filter = NULL;
    expect(&k, "s1", M2M_CREATE, "/m2m/discovery", TAGGED("x", "y"), STATUS_PERMISSION_DENIED);
}
END_TEST

static void said(enum m2m_method method, const char *target, const char *part)
{
    struct scl_tree_output *o = next_output(&k);

    ck_assert_msg(o != NULL, "no %s", m2m_method_name(method));
    ck_assert_int_eq(o->kind, SCL_TREE_REQUEST);
    ck_assert_int_eq(o->method, method);
    ck_assert_str_eq(o->target, target);
    ck_assert_str_eq(o->requesting_entity, "nscl");
    if (part)
        has(&k, part);
    else
        ck_assert_str_eq(k.text, "");
    scl_tree_output_free(o);
}

#define ANNOUNCED(to, tag)                                                                         \
    "<m2m:container " NS "><m2m:searchStrings><m2m:searchString>" tag                              \
    "</m2m:searchString></m2m:searchStrings><m2m:announceTo><m2m:sclList>" to                      \
    "</m2m:sclList></m2m:announceTo></m2m:container>"
#define AT1 "https://n1.example/m2m"
#define AT2 "https://n2.example/m2m"

START_TEST(announcements)
{
    expect(&k, "s1", M2M_UPDATE, CO "/a", ANNOUNCED(REF(AT1), "t1"), STATUS_OK);
    said(M2M_CREATE, AT1 "/scls/nscl/containers",
         "<m2m:link>https://nscl.example" CO "/a</m2m:link>");
    has(&k, "<m2m:containerAnnc xmlns:m2m=\"http://uri.etsi.org/m2m\" m2m:id=\"aAnnc\">");
    has(&k, "<m2m:searchString>t1</m2m:searchString>");
    expect(&k, "s1", M2M_UPDATE, CO "/a", ANNOUNCED(REF(AT1) REF(AT2), "t2"), STATUS_OK);
    said(M2M_UPDATE, AT1 "/scls/nscl/containers/aAnnc", "<m2m:searchString>t2</m2m:searchString>");
    said(M2M_CREATE, AT2 "/scls/nscl/containers", "aAnnc");
    expect(&k, "s1", M2M_UPDATE, CO "/a", ANNOUNCED(REF(AT2), "t2"), STATUS_OK);
    said(M2M_DELETE, AT1 "/scls/nscl/containers/aAnnc", NULL);
    said(M2M_UPDATE, AT2 "/scls/nscl/containers/aAnnc", "t2");
    expect(&k, "s1", M2M_DELETE, "/m2m/scls/s1", NULL, STATUS_DELETED);
    said(M2M_DELETE, AT2 "/scls/nscl/containers/aAnnc", NULL);
    ck_assert_ptr_null(scl_tree_output(k.tree));
}
END_TEST

#define TO_AT1 "<m2m:announceTo><m2m:sclList>" REF(AT1) "</m2m:sclList></m2m:announceTo>"

/* Containers of applications may have one name: their *Annc stand beside each other. Who has lost
 * his <scl> there says all again. */
START_TEST(announcements_of_applications)
{
    static const char *const apps[] = {"lamp", "fan"};
    char document[1024], at[256];

    k.point = M2M_DIA;
    for (int i = 0; i < 2; i++) {
        snprintf(document, sizeof(document),
                 "<m2m:application " NS " appId=\"%s\">" TO_AT1 "</m2m:application>", apps[i]);
        expect(&k, apps[i], M2M_CREATE, "/m2m/applications", document, STATUS_CREATED);
        snprintf(document, sizeof(document),
                 "<m2m:container " NS " m2m:id=\"state\">" TO_AT1 "</m2m:container>");
        snprintf(at, sizeof(at), "/m2m/applications/%s/containers", apps[i]);
        expect(&k, apps[i], M2M_CREATE, at, document, STATUS_CREATED);
    }
    for (int again = 0; again < 2; again++) {
        if (again)
            scl_tree_announce_all(k.tree);
        said(M2M_CREATE, AT1 "/scls/nscl/applications", "lampAnnc");
        said(M2M_CREATE, AT1 "/scls/nscl/containers", "m2m:id=\"lamp-stateAnnc\"");
        said(M2M_CREATE, AT1 "/scls/nscl/applications", "fanAnnc");
        said(M2M_CREATE, AT1 "/scls/nscl/containers", "m2m:id=\"fan-stateAnnc\"");
        ck_assert_ptr_null(scl_tree_output(k.tree));
    }
    expect(&k, "fan", M2M_DELETE, "/m2m/applications/fan", NULL, STATUS_DELETED);
    said(M2M_DELETE, AT1 "/scls/nscl/applications/fanAnnc", NULL);
    said(M2M_DELETE, AT1 "/scls/nscl/containers/fan-stateAnnc", NULL);
}
END_TEST

/* What one tree says another takes: the announcing SCL is registered there. */
START_TEST(announced_elsewhere)
{
    struct scl_tree_output *o;
    struct scl_tree_kit other;
    struct m2m_request request = {.method = M2M_CREATE, .point = M2M_MID};
    struct m2m_response response;

    kit_open_with(&other, &(struct scl_tree_settings){.base = "m2m",
                                                      .scl_id = "n1",
                                                      .authority = "n1.example",
                                                      .network = true,
                                                      .registration_max = 86400 * S,
                                                      .max_discovery = 10});
    expect(&other, "nscl", M2M_CREATE, "/m2m/scls", SCL_DOC("nscl"), STATUS_CREATED);
    expect(&k, "s1", M2M_UPDATE, CO "/a", ANNOUNCED(REF(AT1), "t1"), STATUS_OK);
    o = scl_tree_output(k.tree);
    ck_assert_ptr_nonnull(o);
    request.target_id = span_str(o->target);
    request.requesting_entity = o->requesting_entity;
    request.representation = &o->representation;
    m2m_response_init(&response);
    scl_tree_request(other.tree, other.now, &request, &response);
    ck_assert_msg(response.status_code == STATUS_CREATED, "%s", response.additional_info);
    m2m_response_clear(&response);
    scl_tree_output_free(o);
    other.filter = "<m2m:searchString>t1</m2m:searchString>";
    expect(&other, "nscl", M2M_RETRIEVE, "/m2m/discovery", NULL, STATUS_OK);
    has(&other, "/m2m/scls/nscl/containers/aAnnc");
    other.filter = NULL;
    expect(&other, "nscl", M2M_RETRIEVE, "/m2m/scls/nscl/containers/aAnnc/contentInstances", NULL,
           STATUS_NOT_FOUND);
    kit_close(&other);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("scl_tree_groups");
    TCase *tc = tcase_create("scl_tree_groups");

    tcase_add_checked_fixture(tc, open_kit, close_kit);
    tcase_add_test(tc, members);
    tcase_add_test(tc, fan_out);
    tcase_add_test(tc, fan_out_bounds);
    tcase_add_test(tc, discovery);
    tcase_add_test(tc, announcements);
    tcase_add_test(tc, announced_elsewhere);
    tcase_add_test(tc, announcements_of_applications);
    suite_add_tcase(s, tc);
    return kit_main(s);
}
