/* Requests that go on: below an application by its aPoCPaths, to another SCL by its contacts. */
#include "tests/unit/proc/scl_tree_kit.h"

static struct scl_tree_kit k;

#define APPS             "/m2m/applications"
#define VALVE            APPS "/valve"
#define GW               "https://gw1.example/m2m/applications/valve/state"
#define NC               "/m2m/scls/gw1/notificationChannels"
#define PATH(path, more) "<m2m:aPoCPath><m2m:path>" path "</m2m:path>" more "</m2m:aPoCPath>"
#define RIGHT(uri)       "<m2m:accessRightID>" uri "</m2m:accessRightID>"
#define APPLICATION(id, apoc, more, paths)                                                         \
    "<m2m:application " NS " appId='" id "'>" more "<m2m:aPoC>" apoc                               \
    "</m2m:aPoC><m2m:aPoCPaths>" paths "</m2m:aPoCPaths></m2m:application>"
#define PERMISSION(flags, app)                                                                     \
    "<m2m:permission><m2m:permissionFlags>" flags "</m2m:permissionFlags><m2m:permissionHolders>"  \
    "<m2m:applicationIDs><m2m:applicationID>" app "</m2m:applicationID></m2m:applicationIDs>"      \
    "</m2m:permissionHolders></m2m:permission>"
#define FLAG(word) "<m2m:flag>" word "</m2m:flag>"
#define ACCESS_RIGHT(id, permissions)                                                              \
    "<m2m:accessRight " NS " m2m:id='" id "'><m2m:permissions>" permissions "</m2m:permissions>"   \
    "<m2m:selfPermissions>" PERMISSION(FLAG("READ") FLAG("WRITE"),                                 \
                                       "valve") "</m2m:selfPermissions></m2m:accessRight>"
#define DEEP "<m2m:sclBase " NS "><m2m:aPocHandling>DEEP</m2m:aPocHandling></m2m:sclBase>"

static void open_kit(void)
{
    kit_open_with(&k, &(struct scl_tree_settings){.base = "m2m",
                                                  .scl_id = "nscl",
                                                  .authority = NSCL,
                                                  .network = true,
                                                  .hands_on = true,
                                                  .gathers = true,
                                                  .registration_min = 60 * S,
                                                  .registration_max = 86400 * S,
                                                  .poll_timer = 30 * S,
                                                  .max_discovery = 100});
    k.point = M2M_DIA;
    expect(&k, "na", M2M_CREATE, APPS, "<m2m:application " NS " appId='na'/>", STATUS_CREATED);
    expect(&k, "gw1", M2M_CREATE, "/m2m/scls", SCL_DOC("gw1"), STATUS_CREATED);
}

static void close_kit(void)
{
    kit_close(&k);
}

static void goes_on(const char *entity, enum m2m_method method, const char *target,
                    enum m2m_onward onward, const char *to)
{
    ck_assert_int_eq(ask(&k, entity, method, target, NULL), STATUS_ACCEPTED);
    ck_assert_int_eq(k.response.onward, onward);
    ck_assert_str_eq(k.response.resource_uri, to);
}

static void valve(const char *xml)
{
    expect(&k, "valve", M2M_CREATE, APPS, xml, STATUS_CREATED);
}

/* ---- to an application ---- */

START_TEST(shallow_is_the_path_or_one_segment_more)
{
    valve(APPLICATION("valve", "http://v.example/x", "",
                      PATH("state", "") PATH("/log/", "") PATH("log/old", "")));
    goes_on("valve", M2M_RETRIEVE, VALVE "/state", M2M_TO_APPLICATION, "http://v.example/x/state");
    goes_on("valve", M2M_UPDATE, VALVE "/log/today", M2M_TO_APPLICATION,
            "http://v.example/x/log/today");
    goes_on("valve", M2M_DELETE, VALVE "/log/old", M2M_TO_APPLICATION,
            "http://v.example/x/log/old");
    expect(&k, "valve", M2M_RETRIEVE, VALVE "/state/now", NULL, STATUS_NOT_FOUND);
    expect(&k, "valve", M2M_RETRIEVE, VALVE "/log/today/noon", NULL, STATUS_NOT_FOUND);
    expect(&k, "valve", M2M_RETRIEVE, VALVE "/log", NULL, STATUS_NOT_FOUND);
    expect(&k, "valve", M2M_RETRIEVE, VALVE "/stat", NULL, STATUS_NOT_FOUND);
    expect(&k, "valve", M2M_RETRIEVE, VALVE "/states", NULL, STATUS_NOT_FOUND);
    /* What the tree itself has there is the tree's. */
    expect(&k, "valve", M2M_RETRIEVE, VALVE "/containers", NULL, STATUS_OK);
    ck_assert_int_eq(k.response.onward, M2M_STAYS);
}
END_TEST

START_TEST(deep_is_all_below_a_segment)
{
    valve(APPLICATION("valve", "http://v.example/x/", "", PATH("state", "") PATH("log/", "")));
    expect(&k, "nscl", M2M_UPDATE, "/m2m", DEEP, STATUS_OK);
    goes_on("valve", M2M_RETRIEVE, VALVE "/state", M2M_TO_APPLICATION, "http://v.example/x/state");
    goes_on("valve", M2M_RETRIEVE, VALVE "/state/a/b%20c", M2M_TO_APPLICATION,
            "http://v.example/x/state/a/b%20c");
    goes_on("valve", M2M_CREATE, VALVE "/log/a/b", M2M_TO_APPLICATION,
            "http://v.example/x/log/a/b");
    expect(&k, "valve", M2M_RETRIEVE, VALVE "/states", NULL, STATUS_NOT_FOUND);
    expect(&k, "valve", M2M_RETRIEVE, VALVE "/log", NULL, STATUS_NOT_FOUND);
}
END_TEST

/* The longest that matches decides, wherever it stands in the list; its accessRightID, or where
 * that says nothing the application's own right. */
START_TEST(the_longest_path_decides_about_rights)
{
    valve(APPLICATION("valve", "http://v.example", RIGHT(VALVE "/accessRights/look"),
                      PATH("a", RIGHT(VALVE "/accessRights/turn")) PATH("a/b", "")
                          PATH("a/b/c", RIGHT(VALVE "/accessRights/turn"))
                              PATH("d", RIGHT(VALVE "/accessRights/none"))));
    expect(&k, "nscl", M2M_UPDATE, "/m2m", DEEP, STATUS_OK);
    expect(&k, "valve", M2M_CREATE, VALVE "/accessRights",
           ACCESS_RIGHT("turn", PERMISSION(FLAG("WRITE"), "na")), STATUS_CREATED);
    expect(&k, "valve", M2M_CREATE, VALVE "/accessRights",
           ACCESS_RIGHT("look", PERMISSION(FLAG("READ"), "na") PERMISSION(FLAG("READ"), "valve")),
           STATUS_CREATED);
    goes_on("na", M2M_UPDATE, VALVE "/a", M2M_TO_APPLICATION, "http://v.example/a");
    expect(&k, "na", M2M_RETRIEVE, VALVE "/a/x", NULL, STATUS_PERMISSION_DENIED);
    goes_on("na", M2M_RETRIEVE, VALVE "/a/b", M2M_TO_APPLICATION, "http://v.example/a/b");
    expect(&k, "na", M2M_UPDATE, VALVE "/a/b/x", NULL, STATUS_PERMISSION_DENIED);
    goes_on("na", M2M_UPDATE, VALVE "/a/b/c/x", M2M_TO_APPLICATION, "http://v.example/a/b/c/x");
    goes_on("na", M2M_RETRIEVE, VALVE "/d", M2M_TO_APPLICATION, "http://v.example/d");
    /* Who is no holder does not learn that something is there. */
    expect(&k, "other", M2M_UPDATE, VALVE "/a", NULL, STATUS_NOT_FOUND);
    expect(&k, "valve", M2M_UPDATE, VALVE "/a", NULL, STATUS_NOT_FOUND);
}
END_TEST

START_TEST(nobody_is_there)
{
    expect(&k, "na", M2M_RETRIEVE, APPS "/nobody/state", NULL, STATUS_NOT_FOUND);
    expect(&k, "na", M2M_RETRIEVE, APPS "/na/state", NULL, STATUS_NOT_FOUND); /* no aPoC */
    expect(&k, "na", M2M_RETRIEVE, "/m2m/nothing/at/all", NULL, STATUS_NOT_FOUND);
    expect(&k, "na", M2M_RETRIEVE, "/other/applications", NULL, STATUS_NOT_FOUND);
    expect(&k, "na", M2M_RETRIEVE, APPS "/na/../state", NULL, STATUS_BAD_REQUEST);
    expect(&k, "", M2M_RETRIEVE, APPS "/na/state", NULL, STATUS_FORBIDDEN);
}
END_TEST

START_TEST(an_apoc_that_leads_back_leads_nowhere)
{
    valve(APPLICATION("valve", "https://" NSCL "/m2m/applications/valve", "", PATH("state", "")));
    expect(&k, "valve", M2M_RETRIEVE, VALVE "/state", NULL, STATUS_BAD_GATEWAY);
    expect(&k, "v2", M2M_CREATE, APPS, APPLICATION("v2", "/m2m/scls", "", PATH("s", "")),
           STATUS_CREATED);
    expect(&k, "v2", M2M_RETRIEVE, APPS "/v2/s", NULL, STATUS_BAD_GATEWAY);
    ck_assert_int_eq(k.response.onward, M2M_STAYS);
}
END_TEST

START_TEST(what_is_too_long_is_refused)
{
    char apoc[1000], doc[2048];

    memset(apoc, 'a', sizeof apoc - 1);
    memcpy(apoc, "http://v.example/", 17);
    apoc[sizeof apoc - 1] = '\0';
    snprintf(doc, sizeof doc,
             "<m2m:application " NS " appId='valve'><m2m:aPoC>%s</m2m:aPoC><m2m:aPoCPaths>" PATH(
                 "s/", "") "</m2m:aPoCPaths></m2m:application>",
             apoc);
    valve(doc);
    goes_on("valve", M2M_RETRIEVE, VALVE "/s/12345678901234567890", M2M_TO_APPLICATION,
            strcat(strcpy(doc, apoc), "/s/12345678901234567890"));
    expect(&k, "valve", M2M_RETRIEVE, VALVE "/s/123456789012345678901234567890", NULL,
           STATUS_BAD_REQUEST);
}
END_TEST

/* ---- to another SCL ---- */

static void poc(const char *uri)
{
    char doc[512];

    snprintf(doc, sizeof doc,
             "<m2m:scl " NS "><m2m:pocs>%s</m2m:pocs><m2m:mgmtProtocolType>OMA DM"
             "</m2m:mgmtProtocolType></m2m:scl>",
             uri);
    expect(&k, "gw1", M2M_UPDATE, "/m2m/scls/gw1", doc, STATUS_OK);
}

static void channel(const char *id)
{
    char doc[256];

    snprintf(doc, sizeof doc,
             "<m2m:notificationChannel " NS " m2m:id='%s'><m2m:channelType>LONG_POLLING"
             "</m2m:channelType></m2m:notificationChannel>",
             id);
    expect(&k, "gw1", M2M_CREATE, NC, doc, STATUS_CREATED);
}

static void reached_by(const char *contact)
{
    goes_on("na", M2M_UPDATE, GW, M2M_TO_SCL, GW);
    ck_assert_str_eq(k.response.contact, contact);
}

/* pocs that are there, then m2mPocs that are online, then a channel. */
START_TEST(contacts_in_their_order)
{
    expect(&k, "na", M2M_UPDATE, GW, NULL, STATUS_BAD_GATEWAY);
    channel("poll");
    reached_by(NC "/poll/contact");
    expect(&k, "gw1", M2M_CREATE, "/m2m/scls/gw1/m2mPocs",
           "<m2m:m2mPoc " NS " m2m:id='a'><m2m:contactInfo><m2m:contactURI>http://a.example/m2m"
           "</m2m:contactURI></m2m:contactInfo><m2m:onlineStatus>OFFLINE</m2m:onlineStatus>"
           "</m2m:m2mPoc>",
           STATUS_CREATED);
    reached_by(NC "/poll/contact");
    expect(&k, "gw1", M2M_CREATE, "/m2m/scls/gw1/m2mPocs",
           "<m2m:m2mPoc " NS " m2m:id='b'><m2m:contactInfo><m2m:contactURI>http://b.example/m2m"
           "</m2m:contactURI></m2m:contactInfo><m2m:onlineStatus>ONLINE</m2m:onlineStatus>"
           "</m2m:m2mPoc>",
           STATUS_CREATED);
    reached_by("http://b.example/m2m");
    poc("<m2m:reference>" NC "/gone/contact</m2m:reference><m2m:reference>" NC
        "/poll/contact</m2m:reference>");
    reached_by(NC "/poll/contact");
    poc("<m2m:reference>http://c.example/m2m</m2m:reference>");
    reached_by("http://c.example/m2m");
}
END_TEST

START_TEST(by_the_authority_of_its_link)
{
    static const char other[] = "<m2m:scl " NS " sclId='gw2'><m2m:link>https://far.example:8443/m2m"
                                "</m2m:link><m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType>"
                                "</m2m:scl>";

    channel("poll");
    expect(&k, "gw2", M2M_CREATE, "/m2m/scls", other, STATUS_CREATED);
    expect(&k, "gw2", M2M_CREATE, "/m2m/scls/gw2/notificationChannels",
           "<m2m:notificationChannel " NS " m2m:id='p'><m2m:channelType>LONG_POLLING"
           "</m2m:channelType></m2m:notificationChannel>",
           STATUS_CREATED);
    goes_on("na", M2M_RETRIEVE, "http://far.example:8443/any/thing", M2M_TO_SCL,
            "http://far.example:8443/any/thing");
    ck_assert_str_eq(k.response.contact, "/m2m/scls/gw2/notificationChannels/p/contact");
    expect(&k, "na", M2M_RETRIEVE, "http://far.example/any", NULL, STATUS_NOT_FOUND);
    expect(&k, "na", M2M_RETRIEVE, "http://gw2.example/any", NULL, STATUS_NOT_FOUND);
    expect(&k, "na", M2M_RETRIEVE, "http://gw3.example/m2m", NULL, STATUS_NOT_FOUND);
    goes_on("gw2", M2M_RETRIEVE, GW, M2M_TO_SCL, GW);
    /* Its own authority is nobody else's. */
    expect(&k, "nscl", M2M_RETRIEVE, "https://" NSCL "/m2m", NULL, STATUS_OK);
}
END_TEST

START_TEST(an_announced_application_is_where_its_link_leads)
{
    channel("poll");
    expect(&k, "gw1", M2M_CREATE, "/m2m/scls/gw1/applications",
           "<m2m:applicationAnnc " NS " m2m:id='va'><m2m:link>https://gw1.example/m2m/applications/"
           "valve</m2m:link></m2m:applicationAnnc>",
           STATUS_CREATED);
    goes_on("na", M2M_UPDATE, "/m2m/scls/gw1/applications/va/state", M2M_TO_SCL, GW);
    ck_assert_str_eq(k.response.contact, NC "/poll/contact");
    expect(&k, "na", M2M_UPDATE, "/m2m/scls/gw1/applications/vb/state", NULL, STATUS_NOT_FOUND);
}
END_TEST

#define REF(uri) "<reference>" uri "</reference>"

/* A group's members elsewhere: what its owner is to ask, and where their status stands. */
START_TEST(members_of_a_group_elsewhere)
{
    static const char *const said[] = {"STATUS_OK", "STATUS_ACCEPTED", "STATUS_NOT_FOUND",
                                       "STATUS_BAD_GATEWAY", "STATUS_ACCEPTED"};
    const char *const *words = m2m_element_info(E_STATUS_CODE)->words;
    struct scl_tree_output *o;
    struct m2m_item item;
    struct span list;
    struct m2m_rep rep;
    size_t n = 0;

    channel("poll");
    expect(&k, "gw2", M2M_CREATE, "/m2m/scls", SCL_DOC("gw2"), STATUS_CREATED);
    valve(APPLICATION("valve", "http://v.example/x", "", PATH("state", "")));
    expect(&k, "valve", M2M_CREATE, "/m2m/groups",
           "<m2m:group " NS
           " m2m:id='g'><m2m:memberType>APPLICATION</m2m:memberType><m2m:members>" REF(VALVE)
               REF("https://gw1.example/m2m/applications/valve")
                   REF("https://gw9.example/m2m/applications/a")
                       REF("https://gw2.example/m2m/applications/a") REF(
                           "https://gw1.example/m2m/applications/b") "</m2m:members></m2m:group>",
           STATUS_CREATED);
    expect(&k, "valve", M2M_RETRIEVE, "/m2m/groups/g/membersContent/accessRights", NULL, STATUS_OK);
    list = m2m_rep_span(&k.response.representation);
    while (m2m_next(&list, &item)) {
        ck_assert_uint_lt(n, 5);
        ck_assert_str_eq(words[m2m_find_number(item.value, E_STATUS_CODE, 0)], said[n++]);
    }
    ck_assert_uint_eq(n, 5);
    for (n = 1; n < 5; n += 3) {
        o = scl_tree_member(k.tree);
        ck_assert_ptr_nonnull(o);
        ck_assert_str_eq(o->target, n == 1
                                        ? "https://gw1.example/m2m/applications/valve/accessRights"
                                        : "https://gw1.example/m2m/applications/b/accessRights");
        ck_assert_str_eq(o->requesting_entity, "valve");
        ck_assert_str_eq(o->contact, NC "/poll/contact");
        ck_assert_int_eq(o->onward, M2M_TO_SCL);
        ck_assert_int_eq(o->method, M2M_RETRIEVE);
        ck_assert_uint_eq(o->place, n);
        scl_tree_output_free(o);
    }
    ck_assert_ptr_null(scl_tree_member(k.tree));
    ck_assert_ptr_null(scl_tree_output(k.tree));
    /* What nobody fetched is not asked with the next. */
    expect(&k, "valve", M2M_RETRIEVE, "/m2m/groups/g/membersContent/accessRights", NULL, STATUS_OK);
    expect(&k, "valve", M2M_RETRIEVE, "/m2m/groups/g/membersContent/groups", NULL, STATUS_OK);
    o = scl_tree_member(k.tree);
    ck_assert_str_eq(o->target, "https://gw1.example/m2m/applications/valve/groups");
    scl_tree_output_free(o);
    m2m_rep_init(&rep, M2M_MEMBERS_RESPONSES);
    scl_tree_put_member(&rep, "/m2m/x", STATUS_GATEWAY_TIMEOUT, &(struct m2m_rep){.type = 0});
    ck_assert(m2m_find(m2m_rep_span(&rep), E_STATUS, &list));
    ck_assert_str_eq(words[m2m_find_number(list, E_STATUS_CODE, 0)], "STATUS_GATEWAY_TIMEOUT");
    m2m_rep_clear(&rep);
}
END_TEST

/* A GSCL asks no other SCL for anybody, and says so of each. */
START_TEST(members_of_a_gscls_group_elsewhere)
{
    kit_close(&k);
    kit_open_with(&k, &(struct scl_tree_settings){.base = "m2m",
                                                  .scl_id = "gscl",
                                                  .authority = "gscl.example",
                                                  .hands_on = true,
                                                  .registration_min = 60 * S,
                                                  .registration_max = 86400 * S,
                                                  .max_discovery = 100});
    k.point = M2M_DIA;
    valve(APPLICATION("valve", "http://v.example/x", "", PATH("state", "")));
    expect(&k, "valve", M2M_CREATE, "/m2m/groups",
           "<m2m:group " NS
           " m2m:id='g'><m2m:memberType>APPLICATION</m2m:memberType><m2m:members>" REF(VALVE)
               REF("https://" NSCL "/m2m/applications/a") "</m2m:members></m2m:group>",
           STATUS_CREATED);
    expect(&k, "valve", M2M_RETRIEVE, "/m2m/groups/g/membersContent/state", NULL, STATUS_OK);
    has(&k, "<status id=\"" VALVE "/state\"><m2m:statusCode>STATUS_NOT_IMPLEMENTED<");
    has(&k, "a/state\"><m2m:statusCode>STATUS_NOT_FOUND<");
    ck_assert_ptr_null(scl_tree_member(k.tree));
    ck_assert_ptr_null(scl_tree_output(k.tree));
}
END_TEST

/* Requests do not go round, and not for strangers. */
START_TEST(no_request_goes_round)
{
    struct m2m_request request = {.target_id = span_str(GW),
                                  .requesting_entity = "na",
                                  .method = M2M_RETRIEVE,
                                  .handed_on = true};
    struct m2m_response response;

    channel("poll");
    m2m_response_init(&response);
    scl_tree_request(k.tree, k.now, &request, &response);
    ck_assert_int_eq(response.status_code, STATUS_NOT_FOUND);
    ck_assert_int_eq(response.onward, M2M_STAYS);
    m2m_response_clear(&response);
    expect(&k, "gw1", M2M_RETRIEVE, GW, NULL, STATUS_BAD_GATEWAY);
    expect(&k, "stranger", M2M_RETRIEVE, GW, NULL, STATUS_PERMISSION_DENIED);
    /* Handed on to an application of ours it goes on once more. */
    valve(APPLICATION("valve", "http://v.example", "", PATH("state", "")));
    request = (struct m2m_request){.target_id = span_str(VALVE "/state"),
                                   .requesting_entity = "valve",
                                   .method = M2M_RETRIEVE,
                                   .handed_on = true};
    m2m_response_init(&response);
    scl_tree_request(k.tree, k.now, &request, &response);
    ck_assert_int_eq(response.onward, M2M_TO_APPLICATION);
    m2m_response_clear(&response);
}
END_TEST

/* A contact that is no SCL's: NOTIFY alone goes there, of a registered SCL alone, over mId. */
START_TEST(a_registered_scl_notifies_contacts_elsewhere)
{
    static const char contact[] = "http://na.example/some/where";

    channel("poll");
    k.point = M2M_MID;
    goes_on("gw1", M2M_NOTIFY, contact, M2M_TO_CONTACT, contact);
    expect(&k, "gw1", M2M_CREATE, contact, NULL, STATUS_NOT_FOUND);
    expect(&k, "gw1", M2M_RETRIEVE, contact, NULL, STATUS_NOT_FOUND);
    expect(&k, "stranger", M2M_NOTIFY, contact, NULL, STATUS_PERMISSION_DENIED);
    goes_on("na", M2M_NOTIFY, GW, M2M_TO_SCL, GW); /* an SCL's address */
    k.point = M2M_MIA;
    expect(&k, "na", M2M_NOTIFY, contact, NULL, STATUS_NOT_FOUND);
    /* Or at an application's aPoC: who was let know that may notify there, and no more. */
    valve(APPLICATION("valve", "http://v.example", "", PATH("notify", "")));
    k.point = M2M_MID;
    goes_on("gw1", M2M_NOTIFY, VALVE "/notify", M2M_TO_APPLICATION, "http://v.example/notify");
    expect(&k, "gw1", M2M_RETRIEVE, VALVE "/notify", NULL, STATUS_NOT_FOUND);
    expect(&k, "stranger", M2M_NOTIFY, VALVE "/notify", NULL, STATUS_NOT_FOUND);
}
END_TEST

/* Who cannot bring a request on answers as if nothing was there. */
START_TEST(who_does_not_hand_on)
{
    kit_close(&k);
    kit_open(&k);
    k.point = M2M_DIA;
    valve(APPLICATION("valve", "http://v.example", "", PATH("state", "")));
    expect(&k, "gw1", M2M_CREATE, "/m2m/scls", SCL_DOC("gw1"), STATUS_CREATED);
    expect(&k, "valve", M2M_RETRIEVE, VALVE "/state", NULL, STATUS_NOT_FOUND);
    expect(&k, "valve", M2M_RETRIEVE, GW, NULL, STATUS_NOT_FOUND);
}
END_TEST

/* responseNotify: of the channel's owner alone. */
START_TEST(answers_come_by_the_long_polling_uri)
{
    static const char notify[] =
        "<m2m:notify " NS "><m2m:statusCode>STATUS_OK</m2m:statusCode><m2m:representation>YWJj"
        "</m2m:representation><m2m:subscriptionReference>x</m2m:subscriptionReference>"
        "</m2m:notify>";
    struct scl_tree_output *o;

    channel("poll");
    expect(&k, "na", M2M_NOTIFY, NC "/poll/longPolling", notify, STATUS_NOT_FOUND);
    expect(&k, "gw1", M2M_NOTIFY, NC "/poll/longPolling", SCL_DOC("x"), STATUS_BAD_REQUEST);
    ck_assert_ptr_null(next_output(&k));
    expect(&k, "gw1", M2M_NOTIFY, NC "/poll/longPolling", notify, STATUS_OK);
    o = next_output(&k);
    ck_assert_ptr_nonnull(o);
    ck_assert_int_eq(o->kind, SCL_TREE_RESPONSE);
    ck_assert_str_eq(o->target, NC "/poll/longPolling");
    ck_assert_str_eq(o->requesting_entity, "gw1");
    has(&k, "YWJj");
    scl_tree_output_free(o);
}
END_TEST

/* A request in a channel is one that the hosting SCL has looked at. */
START_TEST(nobody_else_puts_requests_into_a_channel)
{
    static const char forged[] =
        "<m2m:notify " NS "><m2m:statusCode>STATUS_OK</m2m:statusCode><m2m:representation>YWJj"
        "</m2m:representation><m2m:subscriptionReference>/m2m/scls/x/notificationChannels/y/"
        "longPolling?correlationID=1</m2m:subscriptionReference></m2m:notify>";

    channel("poll");
    expect(&k, "na", M2M_NOTIFY, NC "/poll/contact", forged, STATUS_PERMISSION_DENIED);
    expect(&k, "gw1", M2M_NOTIFY, NC "/poll/contact", forged, STATUS_PERMISSION_DENIED);
    ck_assert(!scl_tree_withdraw(k.tree, NC "/poll/contact",
                                 "/m2m/scls/x/notificationChannels/y/longPolling?correlationID=1"));
    expect(&k, "nscl", M2M_NOTIFY, NC "/poll/contact", forged, STATUS_ACCEPTED);
    /* What waits can be taken out again, once. */
    ck_assert(!scl_tree_withdraw(k.tree, NC "/poll/contact", "another"));
    ck_assert(!scl_tree_withdraw(k.tree, NC "/poll", "another"));
    ck_assert(scl_tree_withdraw(k.tree, NC "/poll/contact",
                                "/m2m/scls/x/notificationChannels/y/longPolling?correlationID=1"));
    ck_assert(!scl_tree_withdraw(k.tree, NC "/poll/contact",
                                 "/m2m/scls/x/notificationChannels/y/longPolling?correlationID=1"));
    expect(&k, "gw1", M2M_EXECUTE, NC "/poll/longPolling", NULL, STATUS_ACCEPTED);
    ck_assert(k.response.held);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("scl_tree_retarget");
    TCase *t = tcase_create("retarget");

    tcase_add_checked_fixture(t, open_kit, close_kit);
    tcase_add_test(t, shallow_is_the_path_or_one_segment_more);
    tcase_add_test(t, deep_is_all_below_a_segment);
    tcase_add_test(t, the_longest_path_decides_about_rights);
    tcase_add_test(t, nobody_is_there);
    tcase_add_test(t, an_apoc_that_leads_back_leads_nowhere);
    tcase_add_test(t, what_is_too_long_is_refused);
    tcase_add_test(t, contacts_in_their_order);
    tcase_add_test(t, by_the_authority_of_its_link);
    tcase_add_test(t, an_announced_application_is_where_its_link_leads);
    tcase_add_test(t, no_request_goes_round);
    tcase_add_test(t, a_registered_scl_notifies_contacts_elsewhere);
    tcase_add_test(t, members_of_a_group_elsewhere);
    tcase_add_test(t, members_of_a_gscls_group_elsewhere);
    tcase_add_test(t, who_does_not_hand_on);
    tcase_add_test(t, answers_come_by_the_long_polling_uri);
    tcase_add_test(t, nobody_else_puts_requests_into_a_channel);
    suite_add_tcase(s, t);
    return kit_main(s);
}
