/* Each attribute of each resource type over mId, each way that mId can go: missing where it is
 * mandatory, there where it is forbidden, of another type; and each right that somebody may lack
 * (etsi-m2m.md 8.4), by its status, against the NSCL of a deployment. */
#include "tests/unit/node/attributes.h"

static struct town town;

static void one_type(struct rogue *r, const struct row *row)
{
    struct place create = {.method = HTTP_POST}, update = {.method = HTTP_PUT};

    row_paths(row, &town, town.dev, create.target, update.target);
    every_attribute(r, &create, fill(r, row->body));
    ck_ask(r, HTTP_GET, update.target, "", STATUS_NOT_FOUND);
    ck_ask(r, HTTP_POST, create.target, fill(r, row->body), STATUS_CREATED);
    if (row->update) {
        every_attribute(r, &update, fill(r, row->update));
        ck_ask(r, HTTP_PUT, update.target, fill(r, row->update), STATUS_OK);
    }
    ck_ask(r, HTTP_DELETE, update.target, "", STATUS_DELETED);
}

/* What no CREATE makes: collections have a right of their own, an execInstance reports. */
static void made_by_the_scl(struct rogue *r)
{
    static const struct {
        const char *path, *body;
    } others[] = {
        {"/m2m/scls/@/groups", "<m2m:groups " M2M_NS "/>"},
        {"/m2m/scls/@/containers", "<m2m:containers " M2M_NS "/>"},
        {"/m2m/scls/@/applications", "<m2m:applications " M2M_NS "/>"},
        {"/m2m/scls/@/accessRights", "<m2m:accessRights " M2M_NS "/>"},
        {"/m2m/scls/@/m2mPocs", "<m2m:m2mPocs " M2M_NS "/>"},
        {"/m2m/scls/@/notificationChannels", "<m2m:notificationChannels " M2M_NS "/>"},
        {"/m2m/scls/@/attachedDevices", "<m2m:attachedDevices " M2M_NS "/>"},
        {"/m2m/scls/@/mgmtObjs", "<m2m:mgmtObjs " M2M_NS "/>"},
    };
    struct place update = {.method = HTTP_PUT};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(update.target, sizeof update.target, "%s", fill(r, others[i].path));
        every_attribute(r, &update, others[i].body);
        ck_ask(r, HTTP_PUT, update.target, others[i].body, STATUS_OK);
    }
    ck_ask(r, HTTP_POST, fill(r, "/m2m/scls/@/mgmtObjs"), rows[ROWS - 1].body, STATUS_CREATED);
    ck_ask(r, HTTP_POST, fill(r, "/m2m/scls/@/mgmtObjs/m/execEnable"), "", STATUS_ACCEPTED);
    snprintf(update.target, sizeof update.target, "%.*s", M2M_MAX_PATH - 1, r->location);
    every_attribute(r, &update, "<m2m:execInstance " M2M_NS "/>");
}

START_TEST(every_row_of_every_table)
{
    struct rogue r;

    way_open(&ways[_i], &r, &town);
    one_type(&r, &rows[0]);
    way_register(&r, &town);
    for (size_t i = 1; i < ROWS; i++)
        one_type(&r, &rows[i]);
    made_by_the_scl(&r);
    way_close(&r, &town);
}
END_TEST

/* ---- whose right it is not ---- */

/* As the NSCL itself, which no right binds. */
static enum m2m_status by_nscl(enum m2m_method method, const char *target, const char *body)
{
    struct m2m_request q = {.target_id = span_str(target),
                            .requesting_entity = "nscl.m2m.example",
                            .method = method,
                            .point = M2M_MID};
    struct m2m_response a;
    struct m2m_rep rep;
    enum m2m_status status;
    char why[80];

    m2m_rep_init(&rep, M2M_NO_TYPE);
    if (*body)
        ck_assert_int_eq(m2mxml_rep_read(span_str(body), &rep, why), REASON_NONE);
    q.representation = *body ? &rep : NULL;
    m2m_response_init(&a);
    scl_tree_request(registrar_tree(town.nscl->registrar), town_unix(&town), &q, &a);
    status = a.status_code;
    m2m_response_clear(&a);
    m2m_rep_clear(&rep);
    return status;
}

/* Another SCL has the same; who is no holder must not learn of it. */
static void anothers(struct rogue *r, const struct row *row)
{
    char collection[M2M_MAX_PATH], path[M2M_MAX_PATH];

    row_paths(row, &town, town.other, collection, path);
    if (row->collection)
        ck_assert_int_eq(by_nscl(M2M_CREATE, collection, fill(r, row->body)), STATUS_CREATED);
    ck_assert_int_eq(by_nscl(M2M_RETRIEVE, path, ""), STATUS_OK);
    /* Its accessRight may name who asks; his own is all that he could be told of. */
    if (row->type == M2M_ACCESS_RIGHT)
        return;
    ck_ask(r, HTTP_GET, path, "", STATUS_NOT_FOUND);
    ck_ask(r, HTTP_PUT, path, fill(r, row->update ? row->update : row->body), STATUS_NOT_FOUND);
    ck_ask(r, HTTP_DELETE, path, "", STATUS_NOT_FOUND);
    ck_ask(r, HTTP_POST, path, "", STATUS_NOT_FOUND);
    if (row->collection) {
        ck_ask(r, HTTP_GET, collection, "", STATUS_NOT_FOUND);
        ck_ask(r, HTTP_POST, collection, fill(r, row->body), STATUS_NOT_FOUND);
    }
    ck_assert_int_eq(by_nscl(M2M_RETRIEVE, path, ""), STATUS_OK);
}

/* permissions: all that is left of the accessRight but its selfPermissions. */
#define RIGHT(id, permissions)                                                                     \
    "<m2m:accessRight " M2M_NS id "><m2m:permissions>" permissions "</m2m:permissions>"            \
    "<m2m:selfPermissions><m2m:permission><m2m:permissionFlags><m2m:flag>WRITE</m2m:flag>"         \
    "<m2m:flag>DELETE</m2m:flag></m2m:permissionFlags><m2m:permissionHolders><m2m:all/>"           \
    "</m2m:permissionHolders></m2m:permission></m2m:selfPermissions></m2m:accessRight>"
#define HOLDS(flags)                                                                               \
    "<m2m:permission><m2m:permissionFlags>" flags "</m2m:permissionFlags><m2m:permissionHolders>"  \
    "<m2m:sclIDs><m2m:sclID>@</m2m:sclID></m2m:sclIDs></m2m:permissionHolders></m2m:permission>"
#define FLAG(f) "<m2m:flag>" f "</m2m:flag>"

static const struct {
    const char *right;
    int get, put, delete, create; /* create: or EXECUTE */
} states[] = {
    {RIGHT("", ""), 404, 404, 404, 404},
    {RIGHT("", HOLDS("")), 401, 401, 401, 401},
    {RIGHT("", HOLDS(FLAG("READ"))), 200, 401, 401, 401},
    {RIGHT("", HOLDS(FLAG("DISCOVER"))), 401, 401, 401, 401},
    {RIGHT("", HOLDS(FLAG("CREATE"))), 401, 401, 401, 0},
    {RIGHT("", HOLDS(FLAG("WRITE") FLAG("DELETE"))), 401, 200, 204, 401},
};
#define STATES (sizeof states / sizeof *states)

static bool has_right(const struct row *row)
{
    return m2m_type_attribute(row->type, E_ACCESS_RIGHT_ID) != NULL;
}

static void make_bound(struct rogue *r, const struct row *row)
{
    char collection[M2M_MAX_PATH], path[M2M_MAX_PATH], right[M2M_MAX_PATH], body[4096], why[80];
    struct m2m_rep rep;

    row_paths(row, &town, town.dev, collection, path);
    snprintf(right, sizeof right, "%s", fill(r, "/m2m/scls/@/accessRights/bound"));
    ck_assert_int_eq(m2mxml_rep_read(span_str(fill(r, row->body)), &rep, why), REASON_NONE);
    if (has_right(row))
        m2m_put_text(&rep, E_ACCESS_RIGHT_ID, right);
    write_rep(&rep, body, sizeof body);
    m2m_rep_clear(&rep);
    ck_ask(r, HTTP_POST, collection, body, STATUS_CREATED);
}

/* What has no right of its own goes by the collection's. */
static void bind_collection(struct rogue *r, const char *path, const char *type)
{
    char body[1024];

    snprintf(body, sizeof body,
             "<m2m:%s " M2M_NS "><m2m:accessRightID>%s</m2m:accessRightID></m2m:%s>", type,
             fill(r, "/m2m/scls/@/accessRights/bound"), type);
    ck_ask(r, HTTP_PUT, fill(r, path), body, STATUS_OK);
}

/* As the state has it; what has no UPDATE says so only to who could. */
static void one_right(struct rogue *r, const struct row *row, size_t state)
{
    int put = states[state].put;
    char collection[M2M_MAX_PATH], path[M2M_MAX_PATH];

    row_paths(row, &town, town.dev, collection, path);
    ck_ask(r, HTTP_GET, path, "", states[state].get);
    ck_ask(r, HTTP_PUT, path, fill(r, row->update ? row->update : row->body),
           put == STATUS_OK && !row->update ? STATUS_METHOD_NOT_ALLOWED : put);
    if (states[state].create)
        ck_ask(r, HTTP_POST, path, "", states[state].create);
    else
        ck_ask(r, HTTP_POST, path, "",
               row->type == M2M_MGMT_CMD ? STATUS_ACCEPTED : STATUS_METHOD_NOT_ALLOWED);
    ck_ask(r, HTTP_DELETE, path, "", states[state].delete);
}

/* Of the types that an accessRightID can bind, by their own or their collection's; what stands in
 * a container goes by the container's. */
static bool is_bound(const struct row *row)
{
    return row->collection && row->type != M2M_ACCESS_RIGHT && row->type != M2M_CONTENT_INSTANCE &&
           row->type != M2M_SUBSCRIPTION;
}

START_TEST(every_right)
{
    struct rogue r;

    way_open(&ways[_i], &r, &town);
    way_register(&r, &town);
    ck_assert_int_eq(
        by_nscl(M2M_CREATE, scl_path(&town, town.other, "/containers"), CONTAINER_BASE),
        STATUS_CREATED);
    for (size_t i = 0; i < ROWS; i++)
        anothers(&r, &rows[i]);
    ck_ask(&r, HTTP_POST, fill(&r, "/m2m/scls/@/accessRights"),
           fill(&r, RIGHT(" m2m:id=\"bound\"", "")), STATUS_CREATED);
    for (size_t i = 0; i < ROWS; i++)
        if (is_bound(&rows[i]))
            make_bound(&r, &rows[i]);
    bind_collection(&r, "/m2m/scls/@/m2mPocs", "m2mPocs");
    bind_collection(&r, "/m2m/scls/@/notificationChannels", "notificationChannels");
    for (size_t state = 0; state < STATES; state++) {
        ck_ask(&r, HTTP_PUT, fill(&r, "/m2m/scls/@/accessRights/bound"),
               fill(&r, states[state].right), STATUS_OK);
        for (size_t i = 0; i < ROWS; i++)
            if (is_bound(&rows[i]))
                one_right(&r, &rows[i], state);
    }
    way_close(&r, &town);
}
END_TEST

/* What stands in a container goes by the container's right. */
START_TEST(rights_that_are_inherited)
{
    static const struct {
        const char *right;
        int get, create;
    } cases[] = {{RIGHT("", ""), 404, 404},
                 {RIGHT("", HOLDS(FLAG("READ"))), 200, 401},
                 {RIGHT("", HOLDS(FLAG("CREATE"))), 401, 201}};
    static const char *const below[] = {"", "/i", "/latest", "/subscriptions", "/subscriptions/s"};
    struct rogue r;
    char path[M2M_MAX_PATH];

    way_open(&ways[_i], &r, &town);
    way_register(&r, &town);
    ck_ask(&r, HTTP_POST, fill(&r, "/m2m/scls/@/accessRights"),
           fill(&r, RIGHT(" m2m:id=\"bound\"", "")), STATUS_CREATED);
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].type == M2M_CONTENT_INSTANCE || rows[i].type == M2M_SUBSCRIPTION)
            make_bound(&r, &rows[i]);
    bind_collection(&r, "/m2m/scls/@/containers/base", "container");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_ask(&r, HTTP_PUT, fill(&r, "/m2m/scls/@/accessRights/bound"), fill(&r, cases[i].right),
               STATUS_OK);
        for (size_t j = 0; j < sizeof below / sizeof *below; j++) {
            snprintf(path, sizeof path, "/m2m/scls/@/containers/base/contentInstances%s", below[j]);
            ck_ask(&r, HTTP_GET, fill(&r, path), "", cases[i].get);
        }
        ck_ask(&r, HTTP_POST, fill(&r, "/m2m/scls/@/containers/base/contentInstances"),
               "<m2m:contentInstance " M2M_NS "><m2m:content>YQ==</m2m:content>"
               "</m2m:contentInstance>",
               cases[i].create);
    }
    way_close(&r, &town);
}
END_TEST

/* Nobody's name, and another's (etsi-m2m.md 8.3): the channel, the bearer or the object says who
 * it is. */
START_TEST(who_asks)
{
    struct rogue r;

    way_open(&ways[_i], &r, &town);
    way_register(&r, &town);
    /* A sealed primitive has a sender; what is around it and has none is no match for it
     * (test_server_object.c). */
    if (!r.object) {
        r.entity[0] = '\0';
        ck_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "", STATUS_FORBIDDEN);
        ck_ask(&r, HTTP_DELETE, scl_path(&town, town.dev, ""), "", STATUS_FORBIDDEN);
    }
    node_scl_id(town.other->node_id, r.entity);
    ck_ask(&r, HTTP_GET, scl_path(&town, town.other, ""), "", STATUS_PERMISSION_DENIED);
    ck_ask(&r, HTTP_DELETE, scl_path(&town, town.dev, ""), "", STATUS_PERMISSION_DENIED);
    node_scl_id(town.dev->node_id, r.entity);
    ck_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "", STATUS_OK);
    ck_assert(town_is_registered(&town, town.other));
    way_close(&r, &town);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("attributes");
    TCase *t = tcase_create("attributes");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, every_row_of_every_table, 0, WAYS);
    tcase_add_loop_test(t, every_right, 0, WAYS);
    tcase_add_loop_test(t, rights_that_are_inherited, 0, WAYS);
    tcase_add_loop_test(t, who_asks, 0, WAYS);
    suite_add_tcase(s, t);
    return rogue_main(s);
}
