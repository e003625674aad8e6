/* Subscriptions, notification channels with long polls, and commands. */
#include "tests/unit/proc/scl_tree_kit.h"

static struct scl_tree_kit k;

#define CO  "/m2m/scls/s1/containers/c"
#define CI  CO "/contentInstances"
#define NC  "/m2m/scls/s1/notificationChannels"
#define CMD "/m2m/scls/s1/mgmtObjs/boot"
#define INSTANCE(base64)                                                                           \
    "<m2m:contentInstance " NS "><m2m:content>" base64 "</m2m:content></m2m:contentInstance>"
#define SUBSCRIPTION(id, contact, more)                                                            \
    "<m2m:subscription " NS " m2m:id='" id "'>" more "<m2m:contact>" contact                       \
    "</m2m:contact></m2m:subscription>"

static void open_kit(void)
{
    kit_open(&k);
    expect(&k, "s1", M2M_CREATE, "/m2m/scls", SCL_DOC("s1"), STATUS_CREATED);
    expect(&k, "s1", M2M_CREATE, "/m2m/scls/s1/containers", "<m2m:container " NS " m2m:id='c'/>",
           STATUS_CREATED);
}

static void close_kit(void)
{
    kit_close(&k);
}

/* The next output is a notify to `contact` with that status about a document with `part`. */
static void notified(const char *contact, const char *status, const char *part)
{
    struct scl_tree_output *o = next_output(&k);
    char text[80];

    ck_assert_msg(o != NULL, "no notify: %s", status);
    ck_assert_int_eq(o->kind, SCL_TREE_REQUEST);
    ck_assert_int_eq(o->method, M2M_NOTIFY);
    ck_assert_str_eq(o->target, contact);
    snprintf(text, sizeof(text), "<m2m:statusCode>%s</m2m:statusCode>", status);
    has(&k, text);
    open_notify(&k, o);
    has(&k, part);
    scl_tree_output_free(o);
}

static void nothing_said(void)
{
    ck_assert_ptr_null(scl_tree_output(k.tree));
}

START_TEST(of_a_collection)
{
    expect(&k, "s1", M2M_CREATE, CI "/subscriptions", SUBSCRIPTION("n", "http://na/7", ""),
           STATUS_CREATED);
    nothing_said();
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("YWJj"), STATUS_CREATED);
    notified("http://na/7", "STATUS_CREATED", "<m2m:content>YWJj</m2m:content>");
    expect(&k, "s1", M2M_DELETE, CI "/latest", NULL, STATUS_DELETED);
    notified("http://na/7", "STATUS_DELETED", "<m2m:contentInstance ");
    nothing_said();
    expect(&k, "s1", M2M_RETRIEVE, CI "/subscriptions", NULL, STATUS_OK);
    has(&k, "<m2m:namedReference id=\"n\">" CI "/subscriptions/n</m2m:namedReference>");
    expect(&k, "s1", M2M_DELETE, CI "/subscriptions/n", NULL, STATUS_DELETED);
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("YWJj"), STATUS_CREATED);
    nothing_said();
}
END_TEST

START_TEST(of_a_resource)
{
    expect(&k, "s1", M2M_CREATE, CO "/subscriptions", SUBSCRIPTION("n", "http://na/7", ""),
           STATUS_CREATED);
    expect(&k, "s1", M2M_UPDATE, CO,
           "<m2m:container " NS "><m2m:maxNrOfInstances>5</m2m:maxNrOfInstances>"
           "<m2m:expirationTime>2013-06-01T01:00:00Z</m2m:expirationTime></m2m:container>",
           STATUS_OK);
    notified("http://na/7", "STATUS_OK", "<m2m:maxNrOfInstances>5<");
    expect(&k, "s1", M2M_UPDATE, CO,
           "<m2m:container " NS "><m2m:maxNrOfInstances>x</m2m:maxNrOfInstances></m2m:container>",
           STATUS_BAD_REQUEST);
    nothing_said();
    scl_tree_expire(k.tree, T0 + 3600 * S); /* with its subscription */
    notified("http://na/7", "STATUS_EXPIRED", "m2m:id=\"c\"");
    nothing_said();
}
END_TEST

START_TEST(filters)
{
    expect(&k, "s1", M2M_CREATE, CI "/subscriptions",
           SUBSCRIPTION("n", "http://na/7",
                        "<m2m:filterCriteria><sizeFrom>4</sizeFrom><metaDataOnly>true"
                        "</metaDataOnly></m2m:filterCriteria>"),
           STATUS_CREATED);
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("YWJj"), STATUS_CREATED);
    nothing_said();
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("YWJjZA=="), STATUS_CREATED);
    notified("http://na/7", "STATUS_CREATED", "contentInstance-1");
    has_not(&k, "<m2m:content>");
    expect(&k, "s1", M2M_CREATE, CI "/subscriptions",
           SUBSCRIPTION("m", "http://na/7",
                        "<m2m:subscriptionType>SYNCHRONOUS</m2m:subscriptionType>"),
           STATUS_NOT_IMPLEMENTED);
    expect(&k, "s1", M2M_CREATE, CI "/subscriptions",
           SUBSCRIPTION("t", "http://na/7",
                        "<m2m:filterCriteria><ifNoneMatch>x</ifNoneMatch></m2m:filterCriteria>"),
           STATUS_NOT_IMPLEMENTED);
    expect(&k, "s1", M2M_CREATE, CI "/subscriptions", "<m2m:subscription " NS "/>",
           STATUS_BAD_REQUEST);
    expect(&k, "s1", M2M_UPDATE, CI "/subscriptions/n",
           "<m2m:subscription " NS "><m2m:filterCriteria/></m2m:subscription>", STATUS_BAD_REQUEST);
}
END_TEST

/* The first at once, the latest of those that came too soon when the time is over. */
START_TEST(minimal_time)
{
    expect(&k, "s1", M2M_CREATE, CI "/subscriptions",
           SUBSCRIPTION("n", "http://na/7",
                        "<m2m:minimalTimeBetweenNotifications>5000"
                        "</m2m:minimalTimeBetweenNotifications>"),
           STATUS_CREATED);
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("MQ=="), STATUS_CREATED);
    notified("http://na/7", "STATUS_CREATED", ">MQ==<");
    k.now += S;
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("Mg=="), STATUS_CREATED);
    k.now += S;
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("Mw=="), STATUS_CREATED);
    nothing_said();
    ck_assert_int_eq(scl_tree_expiry(k.tree), T0 + 5 * S);
    scl_tree_expire(k.tree, T0 + 5 * S);
    notified("http://na/7", "STATUS_CREATED", ">Mw==<");
    nothing_said();
    k.now = T0 + 7 * S;
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("NA=="), STATUS_CREATED);
    nothing_said();
    k.now = T0 + 11 * S; /* the request itself finds it due */
    expect(&k, "s1", M2M_RETRIEVE, CO, NULL, STATUS_OK);
    notified("http://na/7", "STATUS_CREATED", ">NA==<");
}
END_TEST

static void open_channel(void)
{
    expect(&k, "s1", M2M_CREATE, NC,
           "<m2m:notificationChannel " NS " m2m:id='n'><m2m:channelType>LONG_POLLING"
           "</m2m:channelType></m2m:notificationChannel>",
           STATUS_CREATED);
    has(&k, "<m2m:contactURI>" NC "/n/contact</m2m:contactURI>");
    has(&k, "<m2m:longPollingURI>" NC "/n/longPolling</m2m:longPollingURI>");
    expect(&k, "s1", M2M_CREATE, CI "/subscriptions", SUBSCRIPTION("n", NC "/n/contact", ""),
           STATUS_CREATED);
}

static void poll_answered(enum m2m_status status, const char *part)
{
    struct scl_tree_output *o = next_output(&k);

    ck_assert_ptr_nonnull(o);
    ck_assert_int_eq(o->kind, SCL_TREE_POLL_ANSWER);
    ck_assert_str_eq(o->target, NC "/n/longPolling");
    ck_assert_int_eq(o->status_code, status);
    if (part) {
        open_notify(&k, o);
        has(&k, part);
    }
    scl_tree_output_free(o);
}

START_TEST(long_polling)
{
    open_channel();
    /* what came before the poll is its answer at once */
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("MQ=="), STATUS_CREATED);
    nothing_said();
    expect(&k, "s1", M2M_EXECUTE, NC "/n/longPolling", NULL, STATUS_OK);
    ck_assert(!k.response.held);
    has(&k, "<m2m:subscriptionReference>" CI "/subscriptions/n</m2m:subscriptionReference>");
    /* nothing there: held, until something comes */
    expect(&k, "s1", M2M_EXECUTE, NC "/n/longPolling", NULL, STATUS_ACCEPTED);
    ck_assert(k.response.held);
    ck_assert_int_eq(scl_tree_expiry(k.tree), T0 + 30 * S);
    expect(&k, "s1", M2M_CREATE, CI, INSTANCE("Mg=="), STATUS_CREATED);
    poll_answered(STATUS_OK, ">Mg==<");
    /* or the timer does; a newer poll ends the older */
    expect(&k, "s1", M2M_EXECUTE, NC "/n/longPolling", NULL, STATUS_ACCEPTED);
    k.now += 10 * S;
    expect(&k, "s1", M2M_EXECUTE, NC "/n/longPolling", NULL, STATUS_ACCEPTED);
    poll_answered(STATUS_ACCEPTED, NULL);
    nothing_said();
    scl_tree_expire(k.tree, T0 + 40 * S);
    poll_answered(STATUS_ACCEPTED, NULL);
    /* others may neither poll nor see */
    expect(&k, "s2", M2M_EXECUTE, NC "/n/longPolling", NULL, STATUS_NOT_FOUND);
    expect(&k, "s1", M2M_RETRIEVE, NC "/n/longPolling", NULL, STATUS_METHOD_NOT_ALLOWED);
}
END_TEST

START_TEST(channel_contact)
{
    char xml[512];

    open_channel();
    snprintf(xml, sizeof(xml),
             "<m2m:notify " NS "><m2m:statusCode>STATUS_OK</m2m:statusCode>"
             "<m2m:subscriptionReference>/x</m2m:subscriptionReference></m2m:notify>");
    expect(&k, "other", M2M_NOTIFY, NC "/n/contact", xml, STATUS_ACCEPTED);
    for (int i = 1; i < 64; i++)
        expect(&k, "other", M2M_NOTIFY, NC "/n/contact", xml, STATUS_ACCEPTED);
    expect(&k, "other", M2M_NOTIFY, NC "/n/contact", xml, STATUS_SERVICE_UNAVAILABLE);
    expect(&k, "other", M2M_NOTIFY, NC "/n/contact", "<m2m:container " NS "/>", STATUS_BAD_REQUEST);
    expect(&k, "other", M2M_NOTIFY, "/m2m", xml, STATUS_METHOD_NOT_ALLOWED);
    expect(&k, "s1", M2M_EXECUTE, NC "/n/longPolling", NULL, STATUS_OK);
    has(&k, "<m2m:subscriptionReference>/x<");
    expect(&k, "s1", M2M_DELETE, NC "/n", NULL, STATUS_DELETED); /* with what it kept */
}
END_TEST

static void make_command(const char *type)
{
    char xml[512];

    snprintf(xml, sizeof(xml),
             "<m2m:mgmtCmd " NS " m2m:id='boot'><m2m:cmdType>%s</m2m:cmdType><m2m:execReqArgs>"
             "<execReqArg><name>URL</name><value>https://fw/7</value></execReqArg>"
             "</m2m:execReqArgs></m2m:mgmtCmd>",
             type);
    expect(&k, "s1", M2M_CREATE, "/m2m/scls/s1/mgmtObjs", xml, STATUS_CREATED);
    has(&k, "<m2m:execEnable>" CMD "/execEnable</m2m:execEnable>");
}

/* A reset, and a firmware update with its arguments: EXECUTE, report, finished; cancelled. */
START_TEST(commands)
{
    static const char *const types[] = {"RESET", "DOWNLOAD"};
    struct scl_tree_output *o;
    char uri[M2M_MAX_PATH], disable[M2M_MAX_PATH + 16];

    make_command(types[_i]);
    expect(&k, "s1", M2M_EXECUTE, CMD "/execEnable", NULL, STATUS_ACCEPTED);
    memcpy(uri, k.response.resource_uri, sizeof(uri));
    has(&k, "<m2m:execStatus>INITIATED</m2m:execStatus>");
    o = next_output(&k);
    ck_assert_ptr_nonnull(o);
    ck_assert_int_eq(o->kind, SCL_TREE_COMMAND);
    ck_assert_str_eq(o->target, uri);
    has(&k, types[_i]);
    has(&k, "<execReqArg><name>URL</name><value>https://fw/7</value></execReqArg>");
    scl_tree_output_free(o);
    expect(&k, "s1", M2M_EXECUTE, CMD, NULL, STATUS_CONFLICT);
    expect(&k, "s1", M2M_UPDATE, uri,
           "<m2m:execInstance " NS "><m2m:execStatus>FINISHED</m2m:execStatus><m2m:execResult>"
           "<execResultItem><name>code</name><value>0</value></execResultItem></m2m:execResult>"
           "</m2m:execInstance>",
           STATUS_OK);
    has(&k, "<m2m:execStatus>FINISHED</m2m:execStatus>");
    expect(&k, "s1", M2M_EXECUTE, CMD, NULL, STATUS_ACCEPTED);
    scl_tree_output_free(scl_tree_output(k.tree));
    snprintf(disable, sizeof(disable), "%s/execDisable", k.response.resource_uri);
    expect(&k, "s1", M2M_EXECUTE, disable, NULL, STATUS_ACCEPTED);
    expect(&k, "s1", M2M_RETRIEVE, CMD "/execInstances", NULL, STATUS_OK);
    has(&k, uri);
    snprintf(disable, sizeof(disable), "%s/execDisable", uri);
    expect(&k, "s1", M2M_EXECUTE, disable, NULL, STATUS_CONFLICT); /* is finished */
    expect(&k, "s2", M2M_EXECUTE, CMD, NULL, STATUS_NOT_FOUND);
    expect(&k, "s1", M2M_EXECUTE, CO, NULL, STATUS_METHOD_NOT_ALLOWED);
    expect(&k, "s1", M2M_CREATE, CMD "/execInstances", "<m2m:execInstance " NS "/>",
           STATUS_METHOD_NOT_ALLOWED);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("scl_tree_notify");
    TCase *tc = tcase_create("scl_tree_notify");

    tcase_add_checked_fixture(tc, open_kit, close_kit);
    tcase_add_test(tc, of_a_collection);
    tcase_add_test(tc, of_a_resource);
    tcase_add_test(tc, filters);
    tcase_add_test(tc, minimal_time);
    tcase_add_test(tc, long_polling);
    tcase_add_test(tc, channel_contact);
    tcase_add_loop_test(tc, commands, 0, 2);
    suite_add_tcase(s, tc);
    return kit_main(s);
}
