/* Every primitive on every resource type, from one table: what is created comes back the same as a
 * document; each mandatory attribute left out, each forbidden one put in, each one ill-typed, the
 * wrong parent, no right, no such resource get the status code of the standard. */
#include "tests/unit/proc/scl_tree_kit.h"

static struct scl_tree_kit k;

static const struct {
    enum m2m_type type;
    const char *collection; /* a path to where it is created */
    const char *name;
    const char *xml, *update; /* NULL: UPDATE is not allowed */
    const char *entity;
    enum m2m_point point;
} types[] = {
    {M2M_SCL, "/m2m/scls", "s9", SCL_DOC("s9"),
     "<m2m:scl " NS "><m2m:pocs><reference>coap://10.0.0.9</reference></m2m:pocs>"
     "<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType></m2m:scl>",
     "s9", M2M_MID},
    {M2M_APPLICATION, "/m2m/applications", "app9",
     "<m2m:application " NS " appId='app9'><m2m:aPoC>http://app9/</m2m:aPoC><m2m:aPoCPaths>"
     "<m2m:aPoCPath><m2m:path>x</m2m:path></m2m:aPoCPath></m2m:aPoCPaths></m2m:application>",
     "<m2m:application " NS "><m2m:locRequestor>me</m2m:locRequestor></m2m:application>", "app9",
     M2M_MIA},
    {M2M_APPLICATION_ANNC, "/m2m/scls/s1/applications", "annc9",
     "<m2m:applicationAnnc " NS " id='annc9'><m2m:link>https://g/m2m/a</m2m:link>"
     "</m2m:applicationAnnc>",
     "<m2m:applicationAnnc " NS "><m2m:link>https://g/m2m/b</m2m:link></m2m:applicationAnnc>", "s1",
     M2M_MID},
    {M2M_CONTAINER, "/m2m/scls/s1/containers", "c9",
     "<m2m:container " NS " m2m:id='c9'><m2m:searchStrings><m2m:searchString>&lt;&amp;\n"
     "</m2m:searchString></m2m:searchStrings><m2m:maxNrOfInstances>7</m2m:maxNrOfInstances>"
     "<m2m:maxByteSize>700</m2m:maxByteSize><m2m:maxInstanceAge>70</m2m:maxInstanceAge>"
     "</m2m:container>",
     "<m2m:container " NS "><m2m:maxByteSize>70</m2m:maxByteSize></m2m:container>", "s1", M2M_MID},
    {M2M_CONTAINER_ANNC, "/m2m/scls/s1/containers", "annc9",
     "<m2m:containerAnnc " NS " m2m:id='annc9'><m2m:link>https://g/m2m/a</m2m:link>"
     "</m2m:containerAnnc>",
     "<m2m:containerAnnc " NS "/>", "s1", M2M_MID},
    {M2M_CONTENT_INSTANCE, "/m2m/scls/s1/containers/c/contentInstances", "i9",
     "<m2m:contentInstance " NS " m2m:id='i9'><m2m:delayTolerance>2013-06-01T00:00:05Z"
     "</m2m:delayTolerance><m2m:contentTypes><m2m:contentType>text/plain</m2m:contentType>"
     "</m2m:contentTypes><m2m:content xmlns:x='http://www.w3.org/2005/05/xmlmime' "
     "x:contentType='text/plain'>aGk=</m2m:content></m2m:contentInstance>",
     NULL, "s1", M2M_MID},
    {M2M_GROUP, "/m2m/scls/s1/groups", "g9",
     "<m2m:group " NS " m2m:id='g9'><m2m:memberType>SCL</m2m:memberType><m2m:members><reference>"
     "/m2m/scls/s1</reference></m2m:members></m2m:group>",
     "<m2m:group " NS "><m2m:members/></m2m:group>", "s1", M2M_MID},
    {M2M_GROUP_ANNC, "/m2m/scls/s1/groups", "annc9",
     "<m2m:groupAnnc " NS " m2m:id='annc9'><m2m:link>https://g/m2m/a</m2m:link></m2m:groupAnnc>",
     "<m2m:groupAnnc " NS "/>", "s1", M2M_MID},
    {M2M_ACCESS_RIGHT, "/m2m/scls/s1/accessRights", "r9",
     "<m2m:accessRight " NS " m2m:id='r9'><m2m:selfPermissions><m2m:permission m2m:id='p'>"
     "<m2m:permissionFlags><m2m:flag>READ</m2m:flag><m2m:flag>WRITE</m2m:flag>"
     "<m2m:flag>DELETE</m2m:flag></m2m:permissionFlags><m2m:permissionHolders><m2m:sclIDs>"
     "<m2m:sclID>s1</m2m:sclID></m2m:sclIDs></m2m:permissionHolders></m2m:permission>"
     "</m2m:selfPermissions></m2m:accessRight>",
     "<m2m:accessRight " NS "><m2m:selfPermissions><m2m:permission><m2m:permissionFlags>"
     "<m2m:flag>READ</m2m:flag><m2m:flag>DELETE</m2m:flag></m2m:permissionFlags>"
     "<m2m:permissionHolders><m2m:all/></m2m:permissionHolders></m2m:permission>"
     "</m2m:selfPermissions></m2m:accessRight>",
     "s1", M2M_MID},
    {M2M_ACCESS_RIGHT_ANNC, "/m2m/scls/s1/accessRights", "annc9",
     "<m2m:accessRightAnnc " NS " m2m:id='annc9'><m2m:link>https://g/m2m/a</m2m:link>"
     "</m2m:accessRightAnnc>",
     "<m2m:accessRightAnnc " NS "/>", "s1", M2M_MID},
    {M2M_SUBSCRIPTION, "/m2m/scls/s1/subscriptions", "u9",
     "<m2m:subscription " NS " m2m:id='u9'><m2m:filterCriteria><ifModifiedSince>"
     "2013-06-01T00:00:00Z</ifModifiedSince></m2m:filterCriteria><m2m:subscriptionType>"
     "ASYNCHRONOUS</m2m:subscriptionType><m2m:contact>http://na/</m2m:contact></m2m:subscription>",
     "<m2m:subscription " NS "><m2m:contact>http://na/2</m2m:contact></m2m:subscription>", "s1",
     M2M_MID},
    {M2M_M2M_POC, "/m2m/scls/s1/m2mPocs", "p9",
     "<m2m:m2mPoc " NS " m2m:id='p9'><m2m:contactInfo><m2m:contactURI>coap://10.0.0.1/"
     "</m2m:contactURI></m2m:contactInfo><m2m:onlineStatus>ONLINE</m2m:onlineStatus></m2m:m2mPoc>",
     "<m2m:m2mPoc " NS "><m2m:onlineStatus>NOT_REACHABLE</m2m:onlineStatus></m2m:m2mPoc>", "s1",
     M2M_MID},
    {M2M_NOTIFICATION_CHANNEL, "/m2m/scls/s1/notificationChannels", "n9",
     "<m2m:notificationChannel " NS " m2m:id='n9'><m2m:channelType>LONG_POLLING"
     "</m2m:channelType></m2m:notificationChannel>",
     NULL, "s1", M2M_MID},
    {M2M_ATTACHED_DEVICE, "/m2m/scls/s1/attachedDevices", "d9",
     "<m2m:attachedDevice " NS " m2m:id='d9'/>", "<m2m:attachedDevice " NS "/>", "s1", M2M_MID},
    {M2M_MGMT_OBJ, "/m2m/scls/s1/mgmtObjs", "o9",
     "<m2m:mgmtObj " NS " m2m:id='o9'><m2m:moID>urn:oma:mo:1</m2m:moID></m2m:mgmtObj>",
     "<m2m:mgmtObj " NS "><m2m:description>d</m2m:description></m2m:mgmtObj>", "s1", M2M_MID},
    {M2M_MGMT_CMD, "/m2m/scls/s1/mgmtObjs", "m9",
     "<m2m:mgmtCmd " NS " m2m:id='m9'><m2m:cmdType>RESET</m2m:cmdType></m2m:mgmtCmd>",
     "<m2m:mgmtCmd " NS "><m2m:description>d</m2m:description></m2m:mgmtCmd>", "s1", M2M_MID},
};
#define TYPES ((int)(sizeof(types) / sizeof(types[0])))

static void open_kit(void)
{
    kit_open(&k);
    expect(&k, "s1", M2M_CREATE, "/m2m/scls", SCL_DOC("s1"), STATUS_CREATED);
    expect(&k, "s1", M2M_CREATE, "/m2m/scls/s1/containers", "<m2m:container " NS " m2m:id='c'/>",
           STATUS_CREATED);
    k.now += S;
}

static void close_kit(void)
{
    kit_close(&k);
}

static enum m2m_status request(int i, enum m2m_method method, const char *entity,
                               const char *target, const struct m2m_rep *rep)
{
    struct m2m_request r = {.target_id = span_str(target),
                            .requesting_entity = entity,
                            .representation = rep,
                            .method = method,
                            .point = types[i].point};

    m2m_response_clear(&k.response);
    m2m_response_init(&k.response);
    scl_tree_request(k.tree, k.now, &r, &k.response);
    return k.response.status_code;
}

/* The document that was answered, read again: the same representation, and a right one. */
static void comes_back(const struct m2m_rep *rep)
{
    struct m2m_rep again;
    struct buf text, second;
    char why[80];

    buf_init(&text, 65536);
    buf_init(&second, 65536);
    ck_assert(m2mxml_rep_write(rep, &text));
    ck_assert_msg(m2mxml_rep_read(buf_span(&text), &again, why) == REASON_NONE, "%s: %.*s", why,
                  (int)buf_len(&text), (const char *)buf_span(&text).p);
    ck_assert_int_eq(again.type, rep->type);
    ck_assert_uint_eq(again.n, rep->n);
    ck_assert_mem_eq(again.p, rep->p, rep->n);
    ck_assert(m2mxml_rep_write(&again, &second));
    ck_assert_uint_eq(buf_len(&second), buf_len(&text));
    ck_assert_mem_eq(buf_span(&second).p, buf_span(&text).p, buf_len(&text));
    m2m_rep_clear(&again);
    buf_clear(&text);
    buf_clear(&second);
}

static void path_of(int i, char *out, size_t n)
{
    snprintf(out, n, "%s/%s", types[i].collection, types[i].name);
}

START_TEST(life)
{
    const char *entity = types[_i].entity;
    char path[256];
    struct m2m_rep asked, had;
    struct span rest, value;
    struct m2m_item item;
    char why[80];

    path_of(_i, path, sizeof(path));
    k.point = types[_i].point;
    expect(&k, entity, M2M_RETRIEVE, path, NULL, STATUS_NOT_FOUND);
    expect(&k, entity, M2M_CREATE, types[_i].collection, types[_i].xml, STATUS_CREATED);
    ck_assert_str_eq(k.response.resource_uri, path);
    comes_back(&k.response.representation);
    expect(&k, entity, M2M_RETRIEVE, path, NULL, STATUS_OK);
    ck_assert_int_eq(k.response.representation.type, types[_i].type);
    comes_back(&k.response.representation);
    /* what was asked for is what is there */
    ck_assert_int_eq(m2mxml_rep_read(span_str(types[_i].xml), &asked, why), REASON_NONE);
    rest = m2m_rep_span(&asked);
    had = k.response.representation;
    while (m2m_next(&rest, &item)) {
        ck_assert_msg(m2m_find(m2m_rep_span(&had), item.element, &value), "%s",
                      m2m_element_name(item.element));
        ck_assert_uint_eq(value.n, item.value.n);
        ck_assert(value.n == 0 || memcmp(value.p, item.value.p, value.n) == 0);
    }
    m2m_rep_clear(&asked);
    expect(&k, entity, M2M_CREATE, types[_i].collection, types[_i].xml, STATUS_CONFLICT);
    if (types[_i].update)
        expect(&k, entity, M2M_UPDATE, path, types[_i].update, STATUS_OK);
    else
        expect(&k, entity, M2M_UPDATE, path, types[_i].xml, STATUS_METHOD_NOT_ALLOWED);
    expect(&k, "nscl", M2M_RETRIEVE, types[_i].collection, NULL, STATUS_OK);
    comes_back(&k.response.representation);
    ck_assert(strstr(k.text, types[_i].name) != NULL);
    expect(&k, "stranger", M2M_RETRIEVE, path, NULL,
           types[_i].type == M2M_ACCESS_RIGHT ? STATUS_OK : STATUS_NOT_FOUND);
    expect(&k, "stranger", M2M_DELETE, path, NULL,
           types[_i].type == M2M_ACCESS_RIGHT ? STATUS_DELETED : STATUS_NOT_FOUND);
    if (types[_i].type != M2M_ACCESS_RIGHT)
        expect(&k, entity, M2M_DELETE, path, NULL, STATUS_DELETED);
    expect(&k, entity, M2M_RETRIEVE, path, NULL, STATUS_NOT_FOUND);
    expect(&k, entity, M2M_DELETE, path, NULL, STATUS_NOT_FOUND);
    expect(&k, entity, M2M_NOTIFY, types[_i].collection, NULL, STATUS_METHOD_NOT_ALLOWED);
}
END_TEST

/* A value of the kind. */
static void put_some(struct m2m_rep *r, enum m2m_element e)
{
    switch (m2m_element_info(e)->kind) {
    case KIND_TIME:
    case KIND_LONG:
    case KIND_COUNT:
        m2m_put_number(r, e, k.now + 1000 * S);
        break;
    case KIND_WORD:
        m2m_put_number(r, e, 0);
        break;
    case KIND_NAMED:
        m2m_put_named(r, e, "i", "/m2m");
        break;
    case KIND_STRUCT:
    case KIND_EMPTY:
        m2m_put(r, e, span_of(NULL, 0));
        break;
    case KIND_URI:
    case KIND_TEXT:
    case KIND_BASE64:
    case KIND_STAMP:
        m2m_put_text(r, e, "x");
        break;
    }
}

/* A value that is not. false: every value is one. */
static bool put_wrong(struct m2m_rep *r, enum m2m_element e)
{
    switch (m2m_element_info(e)->kind) {
    case KIND_BASE64:
        return false;
    case KIND_COUNT:
        m2m_put_number(r, e, -1);
        break;
    case KIND_WORD:
        m2m_put_number(r, e, 99);
        break;
    case KIND_TEXT:
        m2m_put_text(r, e, "\x01");
        break;
    case KIND_STRUCT:
        put_some(r, E_ID); /* what no structure of these has at its top */
        r->p[0] = (uint8_t)e;
        break;
    case KIND_TIME:
    case KIND_LONG:
        m2m_put_text(r, e, "123456789");
        break;
    case KIND_URI:
    case KIND_STAMP:
    case KIND_NAMED:
    case KIND_EMPTY:
        m2m_put_text(r, e, "a b");
        break;
    }
    return true;
}

static void without(const struct m2m_rep *from, enum m2m_element e, struct m2m_rep *out)
{
    struct span rest = m2m_rep_span(from);
    struct m2m_item item;

    m2m_rep_init(out, from->type);
    while (m2m_next(&rest, &item))
        if (item.element != e)
            m2m_put(out, item.element, item.value);
}

static void refused(int i, enum m2m_method method, const char *target, const struct m2m_rep *rep,
                    enum m2m_element e, const char *what)
{
    enum m2m_status got = request(i, method, types[i].entity, target, rep);

    ck_assert_msg(got == STATUS_BAD_REQUEST && strstr(k.response.additional_info, what) &&
                      strstr(k.response.additional_info, m2m_element_name(e)),
                  "%s %s, %s %s: %s (%s)", m2m_method_name(method), m2m_type_name(types[i].type),
                  m2m_element_name(e), what, m2m_status_name(got), k.response.additional_info);
}

/* Each row of the type's table, at CREATE and at UPDATE. */
static void every_row(int i, enum m2m_method method, const char *target, const char *xml)
{
    struct m2m_rep good, bad;
    char why[80];

    ck_assert_int_eq(m2mxml_rep_read(span_str(xml), &good, why), REASON_NONE);
    for (const struct m2m_attribute *a = m2m_type_info(types[i].type)->attributes; a->element;
         a++) {
        enum m2m_presence p = method == M2M_UPDATE ? a->update : a->create;
        struct m2m_rep wrong;

        without(&good, a->element, &bad);
        if (p == M2M_M)
            refused(i, method, target, &bad, a->element, "is missing");
        if (p == M2M_NP) {
            put_some(&bad, a->element);
            refused(i, method, target, &bad, a->element, "is not permitted");
        }
        m2m_rep_clear(&bad);
        m2m_rep_init(&wrong, good.type);
        if (p != M2M_NP && put_wrong(&wrong, a->element)) {
            without(&good, a->element, &bad);
            m2m_put_items(&bad, m2m_rep_span(&wrong));
            ck_assert_int_eq(request(i, method, types[i].entity, target, &bad), STATUS_BAD_REQUEST);
            m2m_rep_clear(&bad);
        }
        m2m_rep_clear(&wrong);
    }
    /* what no row names, and what one names, twice */
    without(&good, E_NONE, &bad);
    put_some(&bad, E_TRUNCATED);
    refused(i, method, target, &bad, E_TRUNCATED, "no attribute");
    m2m_rep_clear(&bad);
    m2m_rep_clear(&good);
}

START_TEST(attributes)
{
    char path[256];

    path_of(_i, path, sizeof(path));
    every_row(_i, M2M_CREATE, types[_i].collection, types[_i].xml);
    k.point = types[_i].point;
    expect(&k, types[_i].entity, M2M_CREATE, types[_i].collection, types[_i].xml, STATUS_CREATED);
    if (types[_i].update) {
        every_row(_i, M2M_UPDATE, path, types[_i].update);
        expect(&k, types[_i].entity, M2M_UPDATE, path, NULL, STATUS_BAD_REQUEST);
    }
}
END_TEST

/* A collection takes the types of its row of the table, and no other. */
START_TEST(wrong_parent)
{
    struct m2m_rep rep;
    char why[80];

    ck_assert_int_eq(m2mxml_rep_read(span_str(types[_i].xml), &rep, why), REASON_NONE);
    for (int j = 0; j < TYPES; j++) {
        enum m2m_status status;
        struct m2m_path path;

        ck_assert_int_eq(m2m_path_parse(span_str(types[j].collection), "m2m", &path), M2M_PATH_OK);
        status = request(_i, M2M_CREATE, "nscl", types[j].collection, &rep);
        if (!m2m_collection_holds(m2m_path_type(&path), types[_i].type))
            ck_assert_msg(status == STATUS_BAD_REQUEST, "%s in %s: %s",
                          m2m_type_name(types[_i].type), types[j].collection,
                          m2m_status_name(status));
    }
    ck_assert_int_eq(request(_i, M2M_CREATE, "nscl", "/m2m", &rep), STATUS_METHOD_NOT_ALLOWED);
    ck_assert_int_eq(request(_i, M2M_CREATE, "nscl", "/m2m/scls/no/containers", &rep),
                     STATUS_NOT_FOUND);
    ck_assert_int_eq(request(_i, M2M_CREATE, "nscl", "/other", &rep), STATUS_NOT_FOUND);
    ck_assert_int_eq(request(_i, M2M_CREATE, "nscl", "//", &rep), STATUS_BAD_REQUEST);
    ck_assert_int_eq(request(_i, M2M_CREATE, "nscl", "https://other/m2m/scls", &rep),
                     STATUS_NOT_FOUND);
    m2m_rep_clear(&rep);
}
END_TEST

/* Collections and singles that nobody made: what they answer while they are not there. */
START_TEST(collections)
{
    static const char *const paths[] = {"/m2m",
                                        "/m2m/scls",
                                        "/m2m/scls/s1",
                                        "/m2m/scls/s1/groups",
                                        "/m2m/scls/s1/groups/subscriptions",
                                        "/m2m/scls/s1/attachedDevices",
                                        "/m2m/scls/s1/containers/c/contentInstances",
                                        "/m2m/scls/s1/containers/c/contentInstances/subscriptions",
                                        "/m2m/discovery"};
    uint64_t before = scl_tree_count(k.tree);

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        expect(&k, i == 1 ? "nscl" : "s1", M2M_RETRIEVE, paths[i], NULL, STATUS_OK);
        comes_back(&k.response.representation);
    }
    ck_assert_uint_eq(scl_tree_count(k.tree), before);
    expect(&k, "s1", M2M_UPDATE, "/m2m/scls/s1/groups",
           "<m2m:groups " NS "><m2m:accessRightID>/m2m/x</m2m:accessRightID></m2m:groups>",
           STATUS_OK);
    has(&k, "<m2m:accessRightID>/m2m/x</m2m:accessRightID>");
    expect(&k, "s1", M2M_DELETE, "/m2m/scls/s1/groups", NULL, STATUS_METHOD_NOT_ALLOWED);
    expect(&k, "nscl", M2M_UPDATE, "/m2m",
           "<m2m:sclBase " NS "><m2m:aPocHandling>DEEP</m2m:aPocHandling></m2m:sclBase>",
           STATUS_OK);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("scl_tree_types");
    TCase *tc = tcase_create("scl_tree_types");

    tcase_add_checked_fixture(tc, open_kit, close_kit);
    tcase_add_loop_test(tc, life, 0, TYPES);
    tcase_add_loop_test(tc, attributes, 0, TYPES);
    tcase_add_loop_test(tc, wrong_parent, 0, TYPES);
    tcase_add_test(tc, collections);
    suite_add_tcase(s, tc);
    return kit_main(s);
}
