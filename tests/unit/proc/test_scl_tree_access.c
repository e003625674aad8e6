/* The authorisation algorithm (etsi-m2m.md 8.4): default rights, accessRights, selfPermissions. */
#include "tests/unit/proc/scl_tree_kit.h"

static struct scl_tree_kit k;

#define PERMISSION(flags, holders)                                                                 \
    "<m2m:permission><m2m:permissionFlags>" flags                                                  \
    "</m2m:permissionFlags><m2m:permissionHolders>" holders                                        \
    "</m2m:permissionHolders></m2m:permission>"
#define FLAG(f)  "<m2m:flag>" f "</m2m:flag>"
#define SCLID(s) "<m2m:sclIDs><m2m:sclID>" s "</m2m:sclID></m2m:sclIDs>"
#define RIGHT(id, permissions, self)                                                               \
    "<m2m:accessRight " NS " m2m:id='" id "'><m2m:permissions>" permissions                        \
    "</m2m:permissions><m2m:selfPermissions>" self "</m2m:selfPermissions></m2m:accessRight>"
#define GUARDED(id, right)                                                                         \
    "<m2m:container " NS " m2m:id='" id "'><m2m:accessRightID>" right                              \
    "</m2m:accessRightID></m2m:container>"
#define AR      "/m2m/scls/s1/accessRights"
#define CO      "/m2m/scls/s1/containers"
#define CI      "<m2m:contentInstance " NS "><m2m:content>YWJj</m2m:content></m2m:contentInstance>"
#define APP(id) "<m2m:application " NS " appId='" id "'/>"
#define SUBSCRIPTION(id)                                                                           \
    "<m2m:subscription " NS " m2m:id='" id "'><m2m:contact>http://a.example/" id "</m2m:contact>"  \
    "</m2m:subscription>"

static void open_kit(void)
{
    kit_open(&k);
    expect(&k, "s1", M2M_CREATE, "/m2m/scls", SCL_DOC("s1"), STATUS_CREATED);
    expect(&k, "s2", M2M_CREATE, "/m2m/scls", SCL_DOC("s2"), STATUS_CREATED);
    k.point = M2M_MIA;
    expect(&k, "app.meters.example", M2M_CREATE, "/m2m/applications", APP("app.meters.example"),
           STATUS_CREATED);
    k.point = M2M_MID;
}

static void close_kit(void)
{
    kit_close(&k);
}

/* Without accessRightID: the owner everything, the hosting SCL everything, others see nothing. */
START_TEST(default_rights)
{
    expect(&k, "s1", M2M_CREATE, CO, "<m2m:container " NS " m2m:id='c'/>", STATUS_CREATED);
    expect(&k, "s2", M2M_RETRIEVE, CO "/c", NULL, STATUS_NOT_FOUND);
    expect(&k, "s2", M2M_RETRIEVE, CO, NULL, STATUS_NOT_FOUND);
    expect(&k, "s2", M2M_RETRIEVE, "/m2m/scls/s1", NULL, STATUS_NOT_FOUND);
    expect(&k, "s2", M2M_DELETE, "/m2m/scls/s1", NULL, STATUS_NOT_FOUND);
    expect(&k, "s2", M2M_CREATE, CO "/c/contentInstances", CI, STATUS_NOT_FOUND);
    expect(&k, "nscl", M2M_RETRIEVE, CO "/c", NULL, STATUS_OK);
    expect(&k, "s1", M2M_DELETE, CO "/c", NULL, STATUS_DELETED);
    /* the base is everybody's to look at, the registered may make things there, his own */
    expect(&k, "nobody", M2M_RETRIEVE, "/m2m", NULL, STATUS_OK);
    expect(&k, "nobody", M2M_UPDATE, "/m2m", "<m2m:sclBase " NS "/>", STATUS_PERMISSION_DENIED);
    expect(&k, "nobody", M2M_CREATE, "/m2m/containers", "<m2m:container " NS " m2m:id='b'/>",
           STATUS_NOT_FOUND);
    expect(&k, "s1", M2M_CREATE, "/m2m/containers", "<m2m:container " NS " m2m:id='b'/>",
           STATUS_CREATED);
    expect(&k, "s2", M2M_RETRIEVE, "/m2m/containers/b", NULL, STATUS_NOT_FOUND);
    expect(&k, "s1", M2M_RETRIEVE, "/m2m/containers/b", NULL, STATUS_OK);
    expect(&k, "s1", M2M_UPDATE, "/m2m/containers/b",
           "<m2m:container " NS "><m2m:maxNrOfInstances>1</m2m:maxNrOfInstances></m2m:container>",
           STATUS_OK);
    expect(&k, "s1", M2M_DELETE, "/m2m/containers/b", NULL, STATUS_DELETED);
    expect(&k, "s1", M2M_DELETE, "/m2m", NULL, STATUS_PERMISSION_DENIED);
    expect(&k, "nscl", M2M_DELETE, "/m2m", NULL, STATUS_METHOD_NOT_ALLOWED);
}
END_TEST

START_TEST(applications)
{
    expect(&k, "a2", M2M_CREATE, "/m2m/applications", APP("a2"), STATUS_FORBIDDEN); /* mId */
    k.point = M2M_MIA;
    expect(&k, "a2", M2M_CREATE, "/m2m/applications", APP("a3"), STATUS_PERMISSION_DENIED);
    expect(&k, "a2", M2M_CREATE, "/m2m/applications", "<m2m:application " NS "/>", STATUS_CREATED);
    ck_assert_str_eq(k.response.resource_uri, "/m2m/applications/a2");
    expect(&k, "a2", M2M_CREATE, "/m2m/applications/a2/containers",
           "<m2m:container " NS " m2m:id='c'/>", STATUS_CREATED);
    expect(&k, "app.meters.example", M2M_RETRIEVE, "/m2m/applications/a2/containers/c", NULL,
           STATUS_NOT_FOUND);
}
END_TEST

/* Whoever is registered may subscribe to what is everybody's, when others have already, too; what
 * others made there is theirs. */
START_TEST(subscriptions_of_many)
{
    static const char *const collections[] = {
        "/m2m/scls/subscriptions", "/m2m/applications/subscriptions", "/m2m/subscriptions"};
    char made[64];

    k.point = M2M_MIA;
    expect(&k, "a2", M2M_CREATE, "/m2m/applications", APP("a2"), STATUS_CREATED);
    for (size_t i = 0; i < sizeof collections / sizeof *collections; i++) {
        expect(&k, "a2", M2M_CREATE, collections[i], SUBSCRIPTION("first"), STATUS_CREATED);
        expect(&k, "app.meters.example", M2M_CREATE, collections[i], SUBSCRIPTION("second"),
               STATUS_CREATED);
        expect(&k, "nobody", M2M_CREATE, collections[i], SUBSCRIPTION("third"), STATUS_NOT_FOUND);
        snprintf(made, sizeof made, "%s/first", collections[i]);
        expect(&k, "app.meters.example", M2M_RETRIEVE, made, NULL, STATUS_NOT_FOUND);
        expect(&k, "app.meters.example", M2M_DELETE, made, NULL, STATUS_NOT_FOUND);
        expect(&k, "a2", M2M_DELETE, made, NULL, STATUS_DELETED);
    }
    expect(&k, "s1", M2M_CREATE, CO, "<m2m:container " NS " m2m:id='c'/>", STATUS_CREATED);
    expect(&k, "s1", M2M_CREATE, CO "/c/subscriptions", SUBSCRIPTION("own"), STATUS_CREATED);
    expect(&k, "a2", M2M_CREATE, CO "/c/subscriptions", SUBSCRIPTION("other"), STATUS_NOT_FOUND);
}
END_TEST

/* One row of who may do what by a right that gives s2 READ and CREATE, the application READ by its
 * appId, a holder nothing, a domain DISCOVER. */
START_TEST(by_access_right)
{
    static const struct {
        const char *entity;
        enum m2m_method method;
        const char *target, *xml;
        enum m2m_status status;
    } rows[] = {
        {"s2", M2M_RETRIEVE, CO "/c", NULL, STATUS_OK},
        {"s2", M2M_CREATE, CO "/c/contentInstances", CI, STATUS_CREATED},
        {"s2", M2M_RETRIEVE, CO "/c/contentInstances/latest", NULL, STATUS_OK},
        {"s2", M2M_DELETE, CO "/c/contentInstances/latest", NULL, STATUS_PERMISSION_DENIED},
        {"s2", M2M_UPDATE, CO "/c", "<m2m:container " NS "/>", STATUS_PERMISSION_DENIED},
        {"s2", M2M_DELETE, CO "/c", NULL, STATUS_PERMISSION_DENIED},
        {"app.meters.example", M2M_RETRIEVE, CO "/c", NULL, STATUS_OK},
        {"app.meters.example", M2M_CREATE, CO "/c/contentInstances", CI, STATUS_PERMISSION_DENIED},
        {"mute", M2M_RETRIEVE, CO "/c", NULL, STATUS_PERMISSION_DENIED},
        {"x.water.example", M2M_RETRIEVE, CO "/c", NULL, STATUS_PERMISSION_DENIED},
        {"water.example", M2M_RETRIEVE, CO "/c", NULL, STATUS_PERMISSION_DENIED},
        {"https://x.water.example/7", M2M_RETRIEVE, CO "/c", NULL, STATUS_PERMISSION_DENIED},
        {"xwater.example", M2M_RETRIEVE, CO "/c", NULL, STATUS_NOT_FOUND},
        {"water.example.net", M2M_RETRIEVE, CO "/c", NULL, STATUS_NOT_FOUND},
        {"s3", M2M_RETRIEVE, CO "/c", NULL, STATUS_NOT_FOUND},
        /* whose rights these are did not list himself */
        {"s1", M2M_RETRIEVE, CO "/c", NULL, STATUS_NOT_FOUND},
        {"nscl", M2M_RETRIEVE, CO "/c", NULL, STATUS_OK},
    };

    expect(&k, "s1", M2M_CREATE, AR,
           RIGHT("r",
                 PERMISSION(FLAG("READ") FLAG("CREATE"), SCLID("s2"))
                     PERMISSION(FLAG("READ"), "<m2m:applicationIDs><m2m:applicationID>"
                                              "app.meters.example</m2m:applicationID>"
                                              "</m2m:applicationIDs>") PERMISSION("", SCLID("mute"))
                         PERMISSION(FLAG("DISCOVER"), "<m2m:domains><m2m:domain>water.example"
                                                      "</m2m:domain></m2m:domains>"),
                 PERMISSION(FLAG("READ") FLAG("WRITE") FLAG("DELETE"), SCLID("s1"))),
           STATUS_CREATED);
    expect(&k, "s1", M2M_CREATE, CO, GUARDED("c", AR "/r"), STATUS_CREATED);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect(&k, rows[i].entity, rows[i].method, rows[i].target, rows[i].xml, rows[i].status);
}
END_TEST

/* holderRefs: an scl, an application, a group of either; all. */
START_TEST(holder_refs)
{
    expect(&k, "s1", M2M_CREATE, AR,
           RIGHT("r",
                 PERMISSION(FLAG("READ"),
                            "<m2m:holderRefs><m2m:holderRef>/m2m/scls/s2</m2m:holderRef>"
                            "<m2m:holderRef>https://" NSCL "/m2m/groups/g</m2m:holderRef>"
                            "</m2m:holderRefs>"),
                 ""),
           STATUS_CREATED);
    expect(&k, "s1", M2M_CREATE, CO, GUARDED("c", AR "/r"), STATUS_CREATED);
    expect(&k, "s2", M2M_RETRIEVE, CO "/c", NULL, STATUS_OK);
    expect(&k, "app.meters.example", M2M_RETRIEVE, CO "/c", NULL, STATUS_NOT_FOUND);
    expect(&k, "s1", M2M_CREATE, "/m2m/groups",
           "<m2m:group " NS " m2m:id='g'><m2m:memberType>APPLICATION</m2m:memberType>"
           "<m2m:members><reference>/m2m/applications/app.meters.example</reference>"
           "</m2m:members></m2m:group>",
           STATUS_CREATED);
    expect(&k, "app.meters.example", M2M_RETRIEVE, CO "/c", NULL, STATUS_OK);
    expect(&k, "s1", M2M_CREATE, AR, RIGHT("open", PERMISSION(FLAG("READ"), "<m2m:all/>"), ""),
           STATUS_CREATED);
    expect(&k, "s1", M2M_CREATE, CO, GUARDED("d", AR "/open"), STATUS_CREATED);
    expect(&k, "anybody", M2M_RETRIEVE, CO "/d", NULL, STATUS_OK);
}
END_TEST

/* The accessRight itself: by its selfPermissions alone, and what it says is in force at once. */
START_TEST(self_permissions)
{
    expect(&k, "s1", M2M_CREATE, AR,
           RIGHT("r", PERMISSION(FLAG("READ"), SCLID("s1")),
                 PERMISSION(FLAG("READ") FLAG("WRITE"), SCLID("s2"))),
           STATUS_CREATED);
    expect(&k, "s1", M2M_RETRIEVE, AR "/r", NULL, STATUS_NOT_FOUND);
    expect(&k, "s2", M2M_RETRIEVE, AR "/r", NULL, STATUS_OK);
    has(&k, "<m2m:flag>WRITE</m2m:flag>");
    expect(&k, "s2", M2M_DELETE, AR "/r", NULL, STATUS_PERMISSION_DENIED);
    expect(&k, "s1", M2M_CREATE, CO, GUARDED("c", AR "/r"), STATUS_CREATED);
    expect(&k, "s1", M2M_RETRIEVE, CO "/c", NULL, STATUS_OK);
    expect(&k, "s2", M2M_UPDATE, AR "/r",
           "<m2m:accessRight " NS "><m2m:permissions/><m2m:selfPermissions/></m2m:accessRight>",
           STATUS_OK);
    expect(&k, "s1", M2M_RETRIEVE, CO "/c", NULL, STATUS_NOT_FOUND);
    expect(&k, "s2", M2M_RETRIEVE, AR "/r", NULL, STATUS_NOT_FOUND);
    /* Gone: default rights again. */
    expect(&k, "nscl", M2M_DELETE, AR "/r", NULL, STATUS_DELETED);
    expect(&k, "s1", M2M_RETRIEVE, CO "/c", NULL, STATUS_OK);
    expect(&k, "s1", M2M_CREATE, AR, "<m2m:accessRight " NS "/>", STATUS_BAD_REQUEST);
    ck_assert_str_eq(k.response.additional_info, "selfPermissions is missing");
    expect(&k, "s1", M2M_CREATE, AR,
           "<m2m:accessRight " NS "><m2m:selfPermissions><m2m:permission>"
           "<m2m:permissionFlags><m2m:flag>FLY</m2m:flag></m2m:permissionFlags>"
           "<m2m:permissionHolders/></m2m:permission></m2m:selfPermissions></m2m:accessRight>",
           STATUS_BAD_REQUEST);
    expect(&k, "s1", M2M_CREATE, AR,
           "<m2m:accessRight " NS "><m2m:selfPermissions><m2m:permission>"
           "<m2m:permissionHolders/></m2m:permission></m2m:selfPermissions></m2m:accessRight>",
           STATUS_BAD_REQUEST);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("scl_tree_access");
    TCase *tc = tcase_create("scl_tree_access");

    tcase_add_checked_fixture(tc, open_kit, close_kit);
    tcase_add_test(tc, default_rights);
    tcase_add_test(tc, applications);
    tcase_add_test(tc, subscriptions_of_many);
    tcase_add_test(tc, by_access_right);
    tcase_add_test(tc, holder_refs);
    tcase_add_test(tc, self_permissions);
    suite_add_tcase(s, tc);
    return kit_main(s);
}
