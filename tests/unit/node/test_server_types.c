/* Each primitive on each resource type over mId, each way that mId can go, and each refusal by its
 * status, against the NSCL of a deployment. The rows and the ways stand in matrix.h; each attribute
 * of each type is test_server_attributes.c's. */
#include "tests/unit/node/matrix.h"

static struct town town;

/* ---- the life of each type ---- */

/* Of a type that does not go where this one does. */
static const struct row *misfit(const struct row *row)
{
    const struct row *other = row + 1;

    while (row->collection && other < rows + ROWS && other->collection &&
           strcmp(other->collection, row->collection) == 0)
        other++;
    return other < rows + ROWS ? other : &rows[2];
}

/* What is not there, and where nothing can be. */
static void unknown(struct rogue *r, const struct row *row, const char *path)
{
    char nobodys[M2M_MAX_PATH];

    ck_ask(r, HTTP_GET, path, "", STATUS_NOT_FOUND);
    ck_ask(r, HTTP_PUT, path, fill(r, row->update ? row->update : row->body), STATUS_NOT_FOUND);
    ck_ask(r, HTTP_DELETE, path, "", STATUS_NOT_FOUND);
    ck_ask(r, HTTP_POST, path, "", STATUS_NOT_FOUND);
    ck_ask(r, HTTP_POST, path, fill(r, row->body), STATUS_NOT_FOUND);
    snprintf(nobodys, sizeof nobodys, "/m2m/scls/scl-none%s",
             row->collection ? row->collection : "/scls");
    ck_ask(r, HTTP_POST, nobodys, fill(r, row->body), STATUS_NOT_FOUND);
}

static void refused_create(struct rogue *r, const struct row *row, const char *collection)
{
    ck_ask(r, HTTP_POST, collection, "", STATUS_BAD_REQUEST);
    ck_ask(r, HTTP_POST, collection, "<m2m:nonsense " M2M_NS "/>", STATUS_BAD_REQUEST);
    ck_ask(r, HTTP_POST, collection, fill(r, misfit(row)->body), STATUS_BAD_REQUEST);
}

/* Of one that is there: what it does not take. */
static void refused_methods(struct rogue *r, const struct row *row, const char *path)
{
    int put = row->update ? STATUS_BAD_REQUEST : STATUS_METHOD_NOT_ALLOWED;

    ck_ask(r, HTTP_PUT, path, "", put);
    ck_ask(r, HTTP_PUT, path, fill(r, misfit(row)->body), put);
    ck_ask(r, HTTP_POST, path, fill(r, row->body), STATUS_METHOD_NOT_ALLOWED);
    if (row->type != M2M_MGMT_CMD)
        ck_ask(r, HTTP_POST, path, "", STATUS_METHOD_NOT_ALLOWED);
}

static void one_life(struct rogue *r, const struct row *row)
{
    char collection[M2M_MAX_PATH], path[M2M_MAX_PATH];

    row_paths(row, &town, town.dev, collection, path);
    unknown(r, row, path);
    refused_create(r, row, collection);
    ck_ask(r, HTTP_POST, collection, fill(r, row->body), STATUS_CREATED);
    /* Who reports each quarter of an hour does not ask for the name of each report. */
    if (row->type != M2M_CONTENT_INSTANCE)
        ck_assert_str_eq(r->location, path);
    ck_ask(r, HTTP_POST, collection, fill(r, row->body), STATUS_CONFLICT);
    ck_ask(r, HTTP_GET, path, "", STATUS_OK);
    if (row->type == M2M_SCL || row->type == M2M_CONTAINER || row->type == M2M_CONTENT_INSTANCE)
        ck_assert_int_ne(r->doc.kind, DOC_NONE);
    else
        ck_assert_int_eq(r->rep.type, row->type);
    refused_methods(r, row, path);
    ck_ask(r, HTTP_PUT, path, fill(r, row->update ? row->update : row->body),
           row->update ? STATUS_OK : STATUS_METHOD_NOT_ALLOWED);
    ck_ask(r, HTTP_DELETE, path, "", STATUS_DELETED);
    ck_ask(r, HTTP_GET, path, "", STATUS_NOT_FOUND);
}

START_TEST(every_type)
{
    struct rogue r;

    way_open(&ways[_i], &r, &town);
    one_life(&r, &rows[0]);
    way_register(&r, &town);
    for (size_t i = 1; i < ROWS; i++)
        one_life(&r, &rows[i]);
    way_close(&r, &town);
}
END_TEST

/* ---- what each place in the tree takes ---- */

/* The standard's tables, place by place: what each answers to GET, to PUT and POST of a container,
 * to a POST with an empty body, which is EXECUTE (etsi-m2m.md 8.3), and to DELETE. '-': asked
 * elsewhere. */
static const struct {
    const char *path; /* '@' as in the rows */
    int get, put, post, execute, delete;
} places[] = {
    /* clang-format off */
    /* What is the NSCL's own: to be looked at, and to be registered in. */
    {"/m2m",                                     200, 401, 401, 401, 401},
    {"/m2m/scls",                                401, 401, 400, 400, 401},
    {"/m2m/scls/subscriptions",                  200, 401, 400, 400, 401},
    {"/m2m/applications",                        401, 401, 400, 400, 401},
    {"/m2m/containers",                          200, 401, 201, 400, 401},
    {"/m2m/containers/made",                     200, 200, 405, 405, 204},
    {"/m2m/groups",                              200, 401, 400, 400, 401},
    {"/m2m/accessRights",                        200, 401, 400, 400, 401},
    {"/m2m/subscriptions",                       200, 401, 400, 400, 401},
    {"/m2m/discovery",                           200, 401, 401, 401, 401},
    {"/m2m/mgmtObjs",                            404, 404, 404, 404, 404},
    /* His own. */
    {"/m2m/scls/@",                              200, 400, 405, 405, 0},
    {"/m2m/scls/@/scls",                         404, 404, 404, 404, 404},
    {"/m2m/scls/@/applications",                 200, 400, 400, 400, 405},
    {"/m2m/scls/@/applications/a",               200, 400, 405, 405, 204},
    {"/m2m/scls/@/containers",                   200, 400, 201, 400, 405},
    {"/m2m/scls/@/containers/made",              200, 200, 405, 405, 204},
    {"/m2m/scls/@/containers/subscriptions",     200, 405, 400, 400, 405},
    {"/m2m/scls/@/containers/a",                 200, 400, 405, 405, 204},
    {"/m2m/scls/@/containers/base",              200, 200, 405, 405, 0},
    {"/m2m/scls/@/containers/base/contentInstances",          200, 405, 400, 400, 405},
    {"/m2m/scls/@/containers/base/contentInstances/i",        200, 405, 405, 405, 0},
    {"/m2m/scls/@/containers/base/contentInstances/latest",   200, 405, 405, 405, 0},
    {"/m2m/scls/@/containers/base/contentInstances/oldest",   200, 405, 405, 405, 204},
    {"/m2m/scls/@/containers/base/contentInstances/latest",   404, 404, 404, 404, 404},
    {"/m2m/scls/@/containers/base/contentInstances/subscriptions",   200, 405, 400, 400, 405},
    {"/m2m/scls/@/containers/base/contentInstances/subscriptions/s", 200, 400, 405, 405, 204},
    {"/m2m/scls/@/containers/base/subscriptions", 200, 405, 400, 400, 405},
    {"/m2m/scls/@/groups",                       200, 400, 400, 400, 405},
    {"/m2m/scls/@/groups/a",                     200, 400, 405, 405, 204},
    {"/m2m/scls/@/groups/g",                     200, 400, 405, 405, 0},
    {"/m2m/scls/@/groups/g/membersContent",      200, 200, 200, 200, 0},
    {"/m2m/scls/@/groups/g/subscriptions",       200, 405, 400, 400, 405},
    {"/m2m/scls/@/accessRights",                 200, 400, 400, 400, 405},
    {"/m2m/scls/@/accessRights/a",               200, 400, 405, 405, 204},
    {"/m2m/scls/@/accessRights/r",               200, 400, 405, 405, 0},
    {"/m2m/scls/@/subscriptions",                200, 405, 400, 400, 405},
    {"/m2m/scls/@/m2mPocs",                      200, 400, 400, 400, 405},
    {"/m2m/scls/@/m2mPocs/p",                    200, 400, 405, 405, 204},
    {"/m2m/scls/@/notificationChannels",         200, 400, 400, 400, 405},
    {"/m2m/scls/@/notificationChannels/n",       200, 405, 405, 405, 0},
    {"/m2m/scls/@/notificationChannels/n/longPolling", 405, 405, 400, 202, 405},
    {"/m2m/scls/@/notificationChannels/n/contact",     405, 405, 400, 400, 405},
    {"/m2m/scls/@/attachedDevices",              200, 400, 400, 400, 405},
    {"/m2m/scls/@/attachedDevices/d",            200, 400, 405, 405, 0},
    {"/m2m/scls/@/attachedDevices/d/mgmtObjs",   200, 400, 400, 400, 405},
    {"/m2m/scls/@/attachedDevices/d/subscriptions",    200, 405, 400, 400, 405},
    {"/m2m/scls/@/mgmtObjs",                     200, 400, 400, 400, 405},
    {"/m2m/scls/@/mgmtObjs/o",                   200, 400, 405, 405, 204},
    {"/m2m/scls/@/mgmtObjs/m",                   200, 400, 405, 202, 0},
    {"/m2m/scls/@/mgmtObjs/m/execEnable",        405, 405, 405, 409, 405},
    {"/m2m/scls/@/mgmtObjs/m/execInstances",     200, 405, 405, 405, 405},
    {"/m2m/scls/@/mgmtObjs/m/execInstances/none", 404, 404, 404, 404, 404},
    {"/m2m/scls/@/nonsense",                     404, 404, 404, 404, 404},
    {"/m2m/scls//containers",                    400, 400, 400, 400, 400},
    {"/m2m/scls/@/../containers",                400, 400, 400, 400, 400},
    {"/elsewhere/scls",                          404, 404, 404, 404, 404},
    /* clang-format on */
};
#define PLACES (sizeof places / sizeof *places)

static void make_all(struct rogue *r)
{
    char collection[M2M_MAX_PATH], path[M2M_MAX_PATH];

    way_register(r, &town);
    for (size_t i = 1; i < ROWS; i++) {
        row_paths(&rows[i], &town, town.dev, collection, path);
        ck_ask(r, HTTP_POST, collection, fill(r, rows[i].body), STATUS_CREATED);
    }
}

static void one_place(struct rogue *r, size_t i)
{
    static const char made[] = "<m2m:container " M2M_NS " m2m:id=\"made\"/>",
                      same[] = "<m2m:container " M2M_NS "/>";
    const char *path = places[i].path;

    ck_ask(r, HTTP_GET, fill(r, path), "", places[i].get);
    ck_ask(r, HTTP_PUT, fill(r, path), same, places[i].put);
    ck_ask(r, HTTP_POST, fill(r, path), made, places[i].post);
    ck_ask(r, HTTP_POST, fill(r, path), "", places[i].execute);
    if (places[i].delete)
        ck_ask(r, HTTP_DELETE, fill(r, path), "", places[i].delete);
}

START_TEST(every_place)
{
    struct rogue r;

    way_open(&ways[_i], &r, &town);
    make_all(&r);
    for (size_t i = 0; i < PLACES; i++)
        one_place(&r, i);
    way_close(&r, &town);
}
END_TEST

/* ---- commands, notifications, groups, discovery ---- */

#define NOTIFY                                                                                     \
    "<m2m:notify " M2M_NS "><m2m:statusCode>STATUS_OK</m2m:statusCode>"                            \
    "<m2m:subscriptionReference>/x</m2m:subscriptionReference></m2m:notify>"
#define FINISHED                                                                                   \
    "<m2m:execInstance " M2M_NS "><m2m:execStatus>FINISHED</m2m:execStatus></m2m:execInstance>"
#define CONTAINER_DOC "<m2m:container " M2M_NS "/>"

/* Of the mgmtCmd itself, and by execEnable: both start it, and it is done once at a time. */
static void command(struct rogue *r, const char *target)
{
    char instance[M2M_MAX_PATH], disable[M2M_MAX_PATH + 16];

    ck_ask(r, HTTP_POST, target, "", STATUS_ACCEPTED);
    ck_assert_ptr_nonnull(strstr(r->location, "/mgmtObjs/m/execInstances/exec-"));
    snprintf(instance, sizeof instance, "%.*s", (int)sizeof instance - 1, r->location);
    snprintf(disable, sizeof disable, "%s/execDisable", instance);
    ck_ask(r, HTTP_POST, target, "", STATUS_CONFLICT);
    ck_ask(r, HTTP_GET, instance, "", STATUS_OK);
    ck_assert_int_eq(r->rep.type, M2M_EXEC_INSTANCE);
    ck_ask(r, HTTP_PUT, instance, CONTAINER_DOC, STATUS_BAD_REQUEST);
    ck_ask(r, HTTP_POST, instance, CONTAINER_DOC, STATUS_METHOD_NOT_ALLOWED);
    ck_ask(r, HTTP_POST, instance, "", STATUS_METHOD_NOT_ALLOWED);
    ck_ask(r, HTTP_GET, disable, "", STATUS_METHOD_NOT_ALLOWED);
    ck_ask(r, HTTP_POST, disable, CONTAINER_DOC, STATUS_METHOD_NOT_ALLOWED);
    ck_ask(r, HTTP_POST, disable, "", STATUS_ACCEPTED);
    ck_ask(r, HTTP_PUT, instance, FINISHED, STATUS_OK);
    ck_ask(r, HTTP_POST, disable, "", STATUS_CONFLICT);
    ck_ask(r, HTTP_DELETE, instance, "", STATUS_DELETED);
    ck_ask(r, HTTP_GET, instance, "", STATUS_NOT_FOUND);
    ck_ask(r, HTTP_POST, disable, "", STATUS_NOT_FOUND);
}

static void notifications(struct rogue *r)
{
    const char *contact = fill(r, "/m2m/scls/@/notificationChannels/n/contact"),
               *poll = fill(r, "/m2m/scls/@/notificationChannels/n/longPolling");

    ck_ask(r, HTTP_POST, contact, "<m2m:notify " M2M_NS "/>", STATUS_BAD_REQUEST);
    ck_ask(r, HTTP_POST, contact, NOTIFY, STATUS_ACCEPTED);
    ck_ask(r, HTTP_POST, poll, "", STATUS_OK);
    ck_assert_int_eq(r->rep.type, M2M_NOTIFY_DOC);
    ck_ask(r, HTTP_POST, poll, "", STATUS_ACCEPTED);
}

static int64_t status_of_member(const struct rogue *r)
{
    struct span status;

    ck_assert_int_eq(r->rep.type, M2M_MEMBERS_RESPONSES);
    ck_assert(m2m_find(m2m_rep_span(&r->rep), E_STATUS, &status));
    return m2m_find_number(status, E_STATUS_CODE, -1);
}

static void group(struct rogue *r)
{
    const char *const *words = m2m_element_info(E_STATUS_CODE)->words;

    ck_ask(r, HTTP_GET, fill(r, "/m2m/scls/@/groups/g/membersContent"), "", STATUS_OK);
    ck_assert_str_eq(words[status_of_member(r)], "STATUS_OK");
    ck_ask(r, HTTP_GET, fill(r, "/m2m/scls/@/groups/g/membersContent/none"), "", STATUS_OK);
    ck_assert_str_eq(words[status_of_member(r)], "STATUS_NOT_FOUND");
    /* CoAP has one code for a DELETE that did well. */
    ck_ask(r, HTTP_DELETE, fill(r, "/m2m/scls/@/groups/g/membersContent/contentInstances/latest"),
           "", r->ask && !r->object ? STATUS_DELETED : STATUS_OK);
    ck_assert_str_eq(words[status_of_member(r)], "STATUS_DELETED");
    ck_ask(r, HTTP_GET, fill(r, "/m2m/scls/@/containers/base/contentInstances/i"), "",
           STATUS_NOT_FOUND);
    ck_ask(r, HTTP_POST, fill(r, "/m2m/scls/@/groups"),
           fill(r, "<m2m:group " M2M_NS " m2m:id=\"all\"><m2m:memberType>SCL</m2m:memberType>"
                   "<m2m:members><reference>/m2m/scls/@</reference></m2m:members></m2m:group>"),
           STATUS_CREATED);
    ck_ask(r, HTTP_POST, fill(r, "/m2m/scls/@/groups/all/membersContent/mgmtObjs/m/execEnable"), "",
           STATUS_OK);
    ck_assert_str_eq(words[status_of_member(r)], "STATUS_ACCEPTED");
    ck_ask(r, HTTP_POST, fill(r, "/m2m/scls/@/groups/all/membersContent/containers"), CONTAINER_DOC,
           STATUS_OK);
    ck_assert_str_eq(words[status_of_member(r)], "STATUS_CREATED");
}

static int64_t found(struct rogue *r, const char *query)
{
    ck_ask(r, HTTP_GET, fill(r, query), "", STATUS_OK);
    ck_assert_int_eq(r->rep.type, M2M_DISCOVERY);
    return m2m_find_number(m2m_rep_span(&r->rep), E_MATCH_SIZE, -1);
}

/* By searchStrings, below a prefix, no more than are wanted; and filterCriteria of a RETRIEVE. */
static void discovery(struct rogue *r)
{
    static const char *const wrong[] = {
        "/m2m/discovery?nonsense=1",
        "/m2m/discovery?maxSize=0",
        "/m2m/discovery?maxSize=x",
        "/m2m/discovery?maxSize=1&maxSize=2",
        "/m2m/discovery?searchPrefix=",
        "/m2m/discovery?searchString",
        "/m2m/discovery?createdSince=yesterday",
        "/m2m/scls/@/containers/base/contentInstances?sizeFrom=-1",
    };

    char prefix[2 * M2M_MAX_PATH];

    for (size_t i = 0; i < 3; i++) {
        char body[512];

        snprintf(body, sizeof body,
                 "<m2m:container " M2M_NS " m2m:id=\"h%zu\"><m2m:searchStrings><m2m:searchString>"
                 "heat</m2m:searchString></m2m:searchStrings></m2m:container>",
                 i);
        ck_ask(r, HTTP_POST, fill(r, "/m2m/scls/@/containers"), body, STATUS_CREATED);
    }
    ck_assert_int_eq(found(r, "/m2m/discovery?searchString=cold"), 0);
    ck_assert_int_eq(found(r, "/m2m/discovery?searchString=heat&maxSize=2"), 3);
    ck_assert_int_eq(m2m_find_number(m2m_rep_span(&r->rep), E_TRUNCATED, 0), 1);
    ck_assert_int_eq(found(r, "/m2m/discovery?searchString=heat"), 3);
    ck_assert_int_eq(m2m_find_number(m2m_rep_span(&r->rep), E_TRUNCATED, 1), 0);
    ck_assert_int_eq(
        found(r, "/m2m/discovery?searchString=heat&searchPrefix=/m2m/scls/@/containers/h1"), 1);
    ck_assert(m2m_list_has(m2m_rep_span(&r->rep), E_DISCOVERY_URI, E_REFERENCE,
                           fill(r, "/m2m/scls/@/containers/h1")));
    ck_ask(r, HTTP_GET, "/m2m/discovery?searchPrefix=/m2m/scls/none", "", STATUS_NOT_FOUND);
    /* another's, whom he must not know to be there; a collection in which nothing is */
    snprintf(prefix, sizeof prefix, "/m2m/discovery?searchPrefix=%s",
             scl_path(&town, town.other, ""));
    ck_ask(r, HTTP_GET, prefix, "", STATUS_NOT_FOUND);
    ck_assert_int_eq(found(r, "/m2m/discovery?searchPrefix=/m2m/groups"), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_ask(r, HTTP_GET, fill(r, wrong[i]), "", STATUS_BAD_REQUEST);
}

static void filters(struct rogue *r)
{
    struct span items;

    ck_ask(r, HTTP_POST, fill(r, "/m2m/scls/@/containers/base/contentInstances"), rows[4].body,
           STATUS_CREATED);
    ck_ask(r, HTTP_GET, fill(r, "/m2m/scls/@/containers/base/contentInstances?sizeFrom=4"), "",
           STATUS_OK);
    ck_assert(m2m_find(m2m_rep_span(&r->rep), E_CONTENT_INSTANCE_COLLECTION, &items));
    ck_assert_uint_eq(items.n, 0);
    ck_ask(r, HTTP_GET, fill(r, "/m2m/scls/@/containers/base/contentInstances?sizeFrom=3"), "",
           STATUS_OK);
    ck_assert(m2m_find(m2m_rep_span(&r->rep), E_CONTENT_INSTANCE_COLLECTION, &items));
    ck_assert_uint_gt(items.n, 0);
}

/* An instance, with its id as searchString too. */
static void report(struct rogue *r, const char *id, const char *content)
{
    char body[512];

    snprintf(body, sizeof body,
             "<m2m:contentInstance " M2M_NS " m2m:id=\"%s\"><m2m:searchStrings><m2m:searchString>%s"
             "</m2m:searchString></m2m:searchStrings><m2m:content>%s</m2m:content>"
             "</m2m:contentInstance>",
             id, id, content);
    ck_ask(r, HTTP_POST, fill(r, "/m2m/scls/@/containers/base/contentInstances"), body,
           STATUS_CREATED);
}

/* The representation in what the channel had to say. */
static void polled(struct rogue *r, const char *has, const char *has_not)
{
    struct span doc;

    ck_ask(r, HTTP_POST, fill(r, "/m2m/scls/@/notificationChannels/n/longPolling"), "", STATUS_OK);
    ck_assert_int_eq(r->rep.type, M2M_NOTIFY_DOC);
    ck_assert(m2m_find(m2m_rep_span(&r->rep), E_REPRESENTATION, &doc));
    ck_assert_ptr_nonnull(memmem(doc.p, doc.n, has, strlen(has)));
    ck_assert_ptr_null(memmem(doc.p, doc.n, has_not, strlen(has_not)));
}

/* A subscription's filterCriteria: what does not meet them is not told of. */
static void subscriptions(struct rogue *r)
{
    static const char subscription[] =
        "<m2m:subscription " M2M_NS " m2m:id=\"f\"><m2m:filterCriteria>%s</m2m:filterCriteria>"
        "<m2m:contact>/m2m/scls/@/notificationChannels/n/contact</m2m:contact></m2m:subscription>";
    static const struct {
        const char *criteria;
        int status;
    } cases[] = {{"<sizeFrom>-1</sizeFrom>", STATUS_BAD_REQUEST},
                 {"<nonsense>1</nonsense>", STATUS_BAD_REQUEST},
                 {"<createdSince>soon</createdSince>", STATUS_BAD_REQUEST},
                 {"<sizeFrom>1</sizeFrom><sizeFrom>1</sizeFrom>", STATUS_BAD_REQUEST},
                 {"<sizeFrom>2</sizeFrom><metaDataOnly>true</metaDataOnly>", STATUS_CREATED}};
    char body[1024];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(body, sizeof body, subscription, cases[i].criteria);
        ck_ask(r, HTTP_POST, fill(r, "/m2m/scls/@/containers/base/contentInstances/subscriptions"),
               fill(r, body), cases[i].status);
    }
    report(r, "small", "YQ==");
    report(r, "large", "YWJj");
    polled(r, ">large<", "content>YWJj");
    ck_ask(r, HTTP_POST, fill(r, "/m2m/scls/@/notificationChannels/n/longPolling"), "",
           STATUS_ACCEPTED); /* and of the small one nothing */
    ck_ask(r, HTTP_DELETE, fill(r, "/m2m/scls/@/containers/base/contentInstances/subscriptions/f"),
           "", STATUS_DELETED);
}

START_TEST(other_primitives)
{
    struct rogue r;

    way_open(&ways[_i], &r, &town);
    make_all(&r);
    command(&r, fill(&r, "/m2m/scls/@/mgmtObjs/m/execEnable"));
    command(&r, fill(&r, "/m2m/scls/@/mgmtObjs/m"));
    notifications(&r);
    group(&r);
    subscriptions(&r);
    discovery(&r);
    filters(&r);
    way_close(&r, &town);
}
END_TEST

/* ---- what one type alone refuses ---- */

#define GROUP_OF(id, type, more, members)                                                          \
    "<m2m:group " M2M_NS id "><m2m:memberType>" type "</m2m:memberType>" more                      \
    "<m2m:members>" members "</m2m:members></m2m:group>"
#define MEMBER(path) "<reference>/m2m/scls/@/" path "</reference>"
#define INSTANCES    "/m2m/scls/@/containers/base/contentInstances"

static const struct {
    const char *target, *body;
    int status;
} refusals[] = {
    /* clang-format off */
    {"/m2m/scls/@/groups", GROUP_OF("", "CONTAINER", "", MEMBER("containers/none")), 400},
    {"/m2m/scls/@/groups", GROUP_OF("", "CONTAINER", "", MEMBER("accessRights/r")), 400},
    {"/m2m/scls/@/groups", GROUP_OF("", "CONTAINER", "<m2m:maxNrOfMembers>1</m2m:maxNrOfMembers>",
                                    MEMBER("containers/c") MEMBER("containers/base")), 403},
    {"/m2m/scls/@/groups", GROUP_OF(" m2m:id=\"..\"", "SCL", "", ""), 400},
    {"/m2m/scls/@/groups", GROUP_OF(" m2m:id=\"subscriptions\"", "SCL", "", ""), 409},
    {INSTANCES "/subscriptions",
     "<m2m:subscription " M2M_NS "><m2m:subscriptionType>SYNCHRONOUS</m2m:subscriptionType>"
     "<m2m:contact>http://na/</m2m:contact></m2m:subscription>", 501},
    {"/m2m/scls/@/containers", "<m2m:container " M2M_NS " m2m:id=\"tight\"><m2m:maxByteSize>2"
     "</m2m:maxByteSize></m2m:container>", 201},
    {"/m2m/scls/@/containers/tight/contentInstances",
     "<m2m:contentInstance " M2M_NS "><m2m:content>YWJj</m2m:content></m2m:contentInstance>", 406},
    {"/m2m/scls/@/containers/tight/contentInstances",
     "<m2m:contentInstance " M2M_NS "><m2m:content>YWI=</m2m:content></m2m:contentInstance>", 201},
    {"/m2m/scls/@/applications", "<m2m:application " M2M_NS " appId=\"app\"/>", 403},
    {"/m2m/applications", "<m2m:application " M2M_NS " appId=\"@\"/>", 403},
    {"/m2m/scls/@/notificationChannels/n/contact", "<m2m:notify " M2M_NS "><m2m:statusCode>STATUS_FINE"
     "</m2m:statusCode><m2m:subscriptionReference>/x</m2m:subscriptionReference></m2m:notify>", 400},
    /* clang-format on */
};

/* What it may do with its own accessRight its selfPermissions say. */
static void self_permissions(struct rogue *r)
{
    const char *path = fill(r, "/m2m/scls/@/accessRights/r");

    ck_ask(r, HTTP_PUT, path, rows[7].update, STATUS_OK); /* to look and to delete */
    ck_ask(r, HTTP_GET, path, "", STATUS_OK);
    ck_ask(r, HTTP_PUT, path, rows[7].update, STATUS_PERMISSION_DENIED);
    ck_ask(r, HTTP_POST, path, rows[7].update, STATUS_PERMISSION_DENIED);
    ck_ask(r, HTTP_DELETE, path, "", STATUS_DELETED);
    ck_ask(r, HTTP_GET, path, "", STATUS_NOT_FOUND);
}

/* A channel keeps 64 notifications. */
static void a_full_channel(struct rogue *r)
{
    char contact[M2M_MAX_PATH];

    snprintf(contact, sizeof contact, "%s", fill(r, "/m2m/scls/@/notificationChannels/n/contact"));
    for (int i = 0; i < 64; i++)
        ck_ask(r, HTTP_POST, contact, NOTIFY, STATUS_ACCEPTED);
    ck_ask(r, HTTP_POST, contact, NOTIFY, STATUS_SERVICE_UNAVAILABLE);
}

/* What has an end of its own is not there then. */
static void an_end(struct rogue *r)
{
    char body[256], time[40], path[M2M_MAX_PATH];

    m2m_datetime_write(town_unix(&town) + 20 * SIM_S, time);
    snprintf(body, sizeof body,
             "<m2m:container " M2M_NS " m2m:id=\"brief\"><m2m:expirationTime>%s"
             "</m2m:expirationTime></m2m:container>",
             time);
    snprintf(path, sizeof path, "%s", fill(r, "/m2m/scls/@/containers/brief"));
    ck_ask(r, HTTP_POST, fill(r, "/m2m/scls/@/containers"), body, STATUS_CREATED);
    ck_ask(r, HTTP_GET, path, "", STATUS_OK);
    town_run(&town, 20 * SIM_S);
    ck_ask(r, HTTP_GET, path, "", STATUS_NOT_FOUND);
    ck_ask(r, HTTP_DELETE, path, "", STATUS_NOT_FOUND);
}

/* A group that a group's request leads to. */
static void a_group_within(struct rogue *r)
{
    const char *const *words = m2m_element_info(E_STATUS_CODE)->words;

    ck_ask(r, HTTP_POST, fill(r, "/m2m/scls/@/groups"),
           fill(r, GROUP_OF(" m2m:id=\"all\"", "SCL", "", "<reference>/m2m/scls/@</reference>")),
           STATUS_CREATED);
    ck_ask(r, HTTP_GET, fill(r, "/m2m/scls/@/groups/all/membersContent/groups/g/membersContent"),
           "", STATUS_OK);
    ck_assert_str_eq(words[status_of_member(r)], "STATUS_FORBIDDEN");
}

/* What takes many segments or blocks is stored and read whole; what no document may be is refused.
 */
static void long_contents(struct rogue *r)
{
    static const struct {
        size_t thirds; /* of octets */
        int status;
    } cases[] = {{3000, STATUS_CREATED}, {10000, STATUS_BAD_REQUEST}};
    static char body[44000];
    size_t used;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        used = str_append(body, sizeof body, 0,
                          "<m2m:contentInstance " M2M_NS " m2m:id=\"long\"><m2m:content>");
        for (size_t third = 0; third < cases[i].thirds; third++)
            used = str_append(body, sizeof body, used, "QUJD");
        str_append(body, sizeof body, used, "</m2m:content></m2m:contentInstance>");
        ck_ask(r, HTTP_POST, fill(r, "/m2m/scls/@/containers/c/contentInstances"), body,
               cases[i].status);
    }
    ck_ask(r, HTTP_GET, fill(r, "/m2m/scls/@/containers/c/contentInstances/long"), "", STATUS_OK);
    ck_assert_int_eq(r->doc.kind, DOC_CONTENT_INSTANCE);
    ck_assert_uint_eq(r->doc.u.content_instance.content.n, 3 * cases[0].thirds);
}

START_TEST(what_one_type_refuses)
{
    struct rogue r;

    way_open(&ways[_i], &r, &town);
    make_all(&r);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        ck_ask(&r, HTTP_POST, fill(&r, refusals[i].target), fill(&r, refusals[i].body),
               refusals[i].status);
    self_permissions(&r);
    a_full_channel(&r);
    an_end(&r);
    a_group_within(&r);
    long_contents(&r);
    way_close(&r, &town);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("types");
    TCase *t = tcase_create("types");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, every_type, 0, WAYS);
    tcase_add_loop_test(t, every_place, 0, WAYS);
    tcase_add_loop_test(t, other_primitives, 0, WAYS);
    tcase_add_loop_test(t, what_one_type_refuses, 0, WAYS);
    suite_add_tcase(s, t);
    return rogue_main(s);
}
