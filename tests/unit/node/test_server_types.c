/* Each primitive on each resource type over mId, against the NSCL of a deployment: HTTP in TLS,
 * CoAP in DTLS, both with PSK = Kmc, bare CoAP over an access network, and sealed objects over
 * HTTP, on bare TCP and in TLS. What the tree answers in each case is
 * tests/unit/proc/test_scl_tree*.c's.
 */
#include "tests/unit/node/rogue_coap.h"

static struct town town;

static const struct {
    enum m2m_type type;
    const char *collection; /* below the scl */
    const char *name;
    const char *body, *update; /* NULL: 405 */
} types[] = {
    /* clang-format off */
    {M2M_APPLICATION_ANNC, "/applications", "x",
     "<m2m:applicationAnnc " M2M_NS " id=\"x\"><m2m:link>https://g/a</m2m:link></m2m:applicationAnnc>",
     "<m2m:applicationAnnc " M2M_NS "/>"},
    {M2M_CONTAINER, "/containers", "x", "<m2m:container " M2M_NS " m2m:id=\"x\"/>",
     "<m2m:container " M2M_NS "><m2m:maxByteSize>9</m2m:maxByteSize></m2m:container>"},
    {M2M_CONTAINER_ANNC, "/containers", "y",
     "<m2m:containerAnnc " M2M_NS " m2m:id=\"y\"><m2m:link>https://g/a</m2m:link></m2m:containerAnnc>",
     "<m2m:containerAnnc " M2M_NS "/>"},
    {M2M_CONTENT_INSTANCE, "/containers/base/contentInstances", "x",
     "<m2m:contentInstance " M2M_NS " m2m:id=\"x\"><m2m:content>YWJj</m2m:content></m2m:contentInstance>", NULL},
    {M2M_GROUP, "/groups", "x",
     "<m2m:group " M2M_NS " m2m:id=\"x\"><m2m:memberType>SCL</m2m:memberType><m2m:members/></m2m:group>",
     "<m2m:group " M2M_NS "><m2m:maxNrOfMembers>3</m2m:maxNrOfMembers></m2m:group>"},
    {M2M_GROUP_ANNC, "/groups", "y",
     "<m2m:groupAnnc " M2M_NS " m2m:id=\"y\"><m2m:link>https://g/a</m2m:link></m2m:groupAnnc>",
     "<m2m:groupAnnc " M2M_NS "/>"},
    {M2M_ACCESS_RIGHT_ANNC, "/accessRights", "y",
     "<m2m:accessRightAnnc " M2M_NS " m2m:id=\"y\"><m2m:link>https://g/a</m2m:link></m2m:accessRightAnnc>",
     "<m2m:accessRightAnnc " M2M_NS "/>"},
    {M2M_ACCESS_RIGHT, "/accessRights", "x",
     "<m2m:accessRight " M2M_NS " m2m:id=\"x\"><m2m:selfPermissions><m2m:permission><m2m:permissionFlags>"
     "<m2m:flag>READ</m2m:flag><m2m:flag>WRITE</m2m:flag><m2m:flag>DELETE</m2m:flag></m2m:permissionFlags>"
     "<m2m:permissionHolders><m2m:all/></m2m:permissionHolders></m2m:permission></m2m:selfPermissions>"
     "</m2m:accessRight>",
     "<m2m:accessRight " M2M_NS "><m2m:selfPermissions><m2m:permission><m2m:permissionFlags>"
     "<m2m:flag>READ</m2m:flag><m2m:flag>DELETE</m2m:flag></m2m:permissionFlags>"
     "<m2m:permissionHolders><m2m:all/></m2m:permissionHolders></m2m:permission></m2m:selfPermissions>"
     "</m2m:accessRight>"},
    {M2M_SUBSCRIPTION, "/containers/base/contentInstances/subscriptions", "x",
     "<m2m:subscription " M2M_NS " m2m:id=\"x\"><m2m:contact>http://na/</m2m:contact></m2m:subscription>",
     "<m2m:subscription " M2M_NS "><m2m:contact>http://na/2</m2m:contact></m2m:subscription>"},
    {M2M_M2M_POC, "/m2mPocs", "x",
     "<m2m:m2mPoc " M2M_NS " m2m:id=\"x\"><m2m:contactInfo/></m2m:m2mPoc>",
     "<m2m:m2mPoc " M2M_NS "><m2m:onlineStatus>OFFLINE</m2m:onlineStatus></m2m:m2mPoc>"},
    {M2M_NOTIFICATION_CHANNEL, "/notificationChannels", "x",
     "<m2m:notificationChannel " M2M_NS " m2m:id=\"x\"><m2m:channelType>LONG_POLLING</m2m:channelType>"
     "</m2m:notificationChannel>", NULL},
    {M2M_ATTACHED_DEVICE, "/attachedDevices", "x", "<m2m:attachedDevice " M2M_NS " m2m:id=\"x\"/>",
     "<m2m:attachedDevice " M2M_NS "/>"},
    {M2M_MGMT_OBJ, "/mgmtObjs", "y",
     "<m2m:mgmtObj " M2M_NS " m2m:id=\"y\"><m2m:moID>urn:mo</m2m:moID></m2m:mgmtObj>",
     "<m2m:mgmtObj " M2M_NS "/>"},
    {M2M_MGMT_CMD, "/mgmtObjs", "x",
     "<m2m:mgmtCmd " M2M_NS " m2m:id=\"x\"><m2m:cmdType>DOWNLOAD</m2m:cmdType></m2m:mgmtCmd>",
     "<m2m:mgmtCmd " M2M_NS "><m2m:description>d</m2m:description></m2m:mgmtCmd>"},
    /* clang-format on */
};
#define TYPES (sizeof types / sizeof *types)

/* A test's _i. */
enum way {
    HTTP_IN_TLS,
    COAP_IN_DTLS,
    COAP_IN_DTLS_CCM,
    BARE_COAP,
    SIGNED,
    ENCRYPTED,
    SIGNED_AND_ENCRYPTED,
    ALL_IN_TLS,
    WAYS
};

/* mId that relies on the access network; MSBF and MAS are there for the town alone. */
static const char trusted[] = "m2msim: 1\n"
                              "run: {until: 12 h, seed: 5}\n"
                              "populations:\n"
                              "  meters:\n"
                              "    kind: device\n"
                              "    class: cortex-a7\n"
                              "    connect: {method: none}\n"
                              "    mid: {binding: coap}\n"
                              "    ival: {component_size: 512 B}\n"
                              "    report: {every: 1 h}\n"
                              "  core: {kind: access}\n"
                              "  msbf: {kind: msbf}\n"
                              "  mas: {kind: mas}\n"
                              "  nscl: {kind: nscl}\n"
                              "  hss: {kind: hss}\n"
                              "links:\n"
                              "  meters -> core: {latency: 40 ms}\n"
                              "  core -> nscl: {latency: 10 ms}\n"
                              "  core -> hss: {latency: 10 ms}\n"
                              "  mas -> nscl: {latency: 10 ms}\n"
                              "  msbf -> mas: {latency: 10 ms}\n";

#define SECURITY "populations.meters.mid.security="

static void open_town(enum way way)
{
    static const char *const coap = "populations.meters.mid.binding=coap";

    switch (way) {
    case HTTP_IN_TLS:
        town_open(&town, 3 * 60 * SIM_S, SETS(NULL));
        break;
    case COAP_IN_DTLS:
        town_open(&town, 3 * 60 * SIM_S, SETS(coap));
        break;
    case COAP_IN_DTLS_CCM:
        town_open(&town, 3 * 60 * SIM_S, SETS(coap, "populations.meters.mid.suite=PSK-AES128-CCM"));
        break;
    case SIGNED:
        town_open(&town, 3 * 60 * SIM_S, SETS(SECURITY "object-sign"));
        break;
    case ENCRYPTED:
        town_open(&town, 3 * 60 * SIM_S, SETS(SECURITY "object-encrypt"));
        break;
    case SIGNED_AND_ENCRYPTED:
        town_open(&town, 3 * 60 * SIM_S, SETS(SECURITY "object-sign+object-encrypt"));
        break;
    case ALL_IN_TLS:
        town_open(&town, 3 * 60 * SIM_S, SETS(SECURITY "channel+object-sign+object-encrypt"));
        break;
    case BARE_COAP:
    case WAYS:
        town_open_text(&town, trusted, 3 * 60 * SIM_S,
                       SETS("populations.meters.bootstrap.method=none"));
        break;
    }
}

/* A session of meters-0, registered, with a container to hold what others need. */
static void open_registered(struct rogue *r, enum way way)
{
    struct scl_text s;

    open_town(way);
    rogue_init(r, &town, town.nscl);
    if (town.dev->mid_flags & MID_OBJECTS)
        rogue_seal(r, 0);
    if (way == HTTP_IN_TLS || way >= SIGNED)
        rogue_connect(r, town.nscl);
    else
        rogue_coap_connect(r, town.nscl);
    rogue_ask(r, HTTP_DELETE, scl_path(&town, town.dev, ""), "");
    ck_assert(!town_is_registered(&town, town.dev));
    s = scl_right(r);
    rogue_register(r, &s);
    ck_answer(r, STATUS_CREATED);
    rogue_ask(r, HTTP_POST, scl_path(&town, town.dev, "/containers"),
              "<m2m:container " M2M_NS " m2m:id=\"base\"/>");
    ck_answer(r, STATUS_CREATED);
}

static void one_life(struct rogue *r, size_t i)
{
    char collection[2 * M2M_MAX_URI], path[3 * M2M_MAX_URI];

    snprintf(collection, sizeof collection, "%s", scl_path(&town, town.dev, types[i].collection));
    snprintf(path, sizeof path, "%s/%s", collection, types[i].name);
    rogue_ask(r, HTTP_GET, path, "");
    ck_answer(r, STATUS_NOT_FOUND);
    rogue_ask(r, HTTP_POST, collection, types[i].body);
    ck_answer(r, STATUS_CREATED);
    if (types[i].type != M2M_CONTENT_INSTANCE)
        ck_assert_str_eq(r->location, path);
    rogue_ask(r, HTTP_POST, collection, types[i].body);
    ck_answer(r, STATUS_CONFLICT);
    rogue_ask(r, HTTP_GET, path, "");
    ck_answer(r, STATUS_OK);
    if (types[i].type != M2M_CONTAINER && types[i].type != M2M_CONTENT_INSTANCE)
        ck_assert_int_eq(r->rep.type, types[i].type);
    rogue_ask(r, HTTP_PUT, path, types[i].update ? types[i].update : types[i].body);
    ck_answer(r, types[i].update ? STATUS_OK : STATUS_METHOD_NOT_ALLOWED);
    rogue_ask(r, HTTP_PUT, path, "<m2m:nonsense " M2M_NS "/>");
    ck_answer(r, STATUS_BAD_REQUEST);
    rogue_ask(r, HTTP_GET, collection, "");
    ck_answer(r, STATUS_OK);
    rogue_ask(r, HTTP_DELETE, path, "");
    ck_answer(r, STATUS_DELETED);
    rogue_ask(r, HTTP_GET, path, "");
    ck_answer(r, STATUS_NOT_FOUND);
}

START_TEST(every_type)
{
    struct rogue r;

    open_registered(&r, (enum way)_i);
    for (size_t i = 0; i < TYPES; i++)
        one_life(&r, i);
    ck_assert_int_eq(r.sealed, r.object != NULL);
    rogue_close(&r);
    town_close(&town);
}
END_TEST

/* EXECUTE and NOTIFY are POSTs too; a group's request; whose right it is not. */
START_TEST(other_primitives)
{
    struct rogue r;

    open_registered(&r, (enum way)_i);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/mgmtObjs"), types[TYPES - 1].body);
    ck_answer(&r, STATUS_CREATED);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/mgmtObjs/x/execEnable"), "");
    ck_answer(&r, STATUS_ACCEPTED);
    ck_assert_ptr_nonnull(strstr(r.location, "/execInstances/exec-"));
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/mgmtObjs/x/execEnable"), "");
    ck_answer(&r, STATUS_CONFLICT);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/notificationChannels"),
              "<m2m:notificationChannel " M2M_NS " m2m:id=\"n\"><m2m:channelType>LONG_POLLING"
              "</m2m:channelType></m2m:notificationChannel>");
    ck_answer(&r, STATUS_CREATED);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/notificationChannels/n/contact"),
              "<m2m:notify " M2M_NS "><m2m:statusCode>STATUS_OK</m2m:statusCode>"
              "<m2m:subscriptionReference>/x</m2m:subscriptionReference></m2m:notify>");
    ck_answer(&r, STATUS_ACCEPTED);
    rogue_ask(&r, HTTP_POST, scl_path(&town, town.dev, "/notificationChannels/n/contact"),
              types[1].body);
    ck_answer(&r, STATUS_BAD_REQUEST);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.other, "/containers"), "");
    ck_answer(&r, STATUS_NOT_FOUND);
    rogue_close(&r);
    town_close(&town);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("types");
    TCase *t = tcase_create("types");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, every_type, 0, WAYS);
    tcase_add_loop_test(t, other_primitives, 0, WAYS);
    suite_add_tcase(s, t);
    return rogue_main(s);
}
