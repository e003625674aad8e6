/* Each attribute of each resource type over mId, each way that mId can go: missing where it is
 * mandatory, there where it is forbidden, of another type; and each right that somebody may lack
 * (etsi-m2m.md 8.4), by its status, against the NSCL of a deployment. */
#include "tests/unit/node/matrix.h"

static struct town town;

/* ---- documents that are wrong in one attribute ---- */

static void put_some(struct m2m_rep *rep, enum m2m_element e);

/* What must be there of a structure, and what it is a list of. */
static void put_parts(struct m2m_rep *rep, enum m2m_element e)
{
    size_t opened = m2m_open(rep, e);

    for (const struct m2m_child *c = m2m_element_info(e)->children; c->element; c++)
        if (c->occurs == '1')
            put_some(rep, c->element);
    m2m_close(rep, opened);
}

/* A value of the attribute's type. */
static void put_some(struct m2m_rep *rep, enum m2m_element e)
{
    switch (m2m_element_info(e)->kind) {
    case KIND_TIME:
        m2m_put_number(rep, e, town_unix(&town) + 3600 * SIM_S);
        break;
    case KIND_LONG:
    case KIND_COUNT:
        m2m_put_number(rep, e, 7);
        break;
    case KIND_WORD:
        m2m_put_number(rep, e, 0);
        break;
    case KIND_NAMED:
        m2m_put_named(rep, e, "i", "/m2m");
        break;
    case KIND_STRUCT:
        put_parts(rep, e);
        break;
    case KIND_EMPTY:
        m2m_put(rep, e, span_of(NULL, 0));
        break;
    case KIND_STAMP:
        m2m_put_text(rep, e, "2013-06-01T00:00:00Z");
        break;
    case KIND_URI:
    case KIND_TEXT:
    case KIND_BASE64:
        m2m_put_text(rep, e, "x");
        break;
    }
}

/* What stands in an element of the kind and is not of it. */
static const char *wrong_text(enum m2m_kind kind)
{
    switch (kind) {
    case KIND_TIME:
    case KIND_STAMP:
        return "yesterday";
    case KIND_LONG:
        return "1.5";
    case KIND_COUNT:
        return "-1";
    case KIND_WORD:
        return "NONSENSE";
    case KIND_BASE64:
        return "*";
    case KIND_STRUCT:
        return "<m2m:matchSize>1</m2m:matchSize>";
    case KIND_TEXT: /* every text is one; but an element is none */
        return "<m2m:link>http://x/</m2m:link>";
    case KIND_EMPTY:
    case KIND_NAMED:
    case KIND_URI:
        break;
    }
    return "a b";
}

static void write_rep(const struct m2m_rep *rep, char *out, size_t n)
{
    struct buf b;

    buf_init(&b, n - 1);
    ck_assert(m2mxml_rep_write(rep, &b));
    snprintf(out, n, "%.*s", (int)buf_len(&b), (const char *)buf_span(&b).p);
    buf_clear(&b);
}

/* The document with something more: an attribute of XML, or an element behind all others. */
static void write_with(const struct m2m_rep *rep, enum m2m_element e, const char *value, char *out,
                       size_t n)
{
    const char *name = m2m_element_name(e), *at;
    char right[4096];
    int before;

    write_rep(rep, right, sizeof right);
    at = strstr(right, "<m2m:");
    at = m2m_is_xml_attribute(e) ? at + strcspn(at, " />") : strrchr(right, '<');
    before = (int)(at - right);
    if (m2m_is_xml_attribute(e))
        snprintf(out, n, "%.*s %s=\"%s\"%s", before, right, name, value, at);
    else
        snprintf(out, n, "%.*s<m2m:%s>%s</m2m:%s>%s", before, right, name, value, name, at);
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

/* ---- each row of each table ---- */

/* Where a document goes: CREATE in a collection, or UPDATE of what is there. */
struct place {
    enum http_method method;
    char target[M2M_MAX_PATH];
};

static void refused(struct rogue *r, const struct place *p, const char *body, enum m2m_element e,
                    const char *what)
{
    rogue_ask(r, p->method, p->target, body);
    ck_assert_msg(r->status == STATUS_BAD_REQUEST && strstr(rogue_why(r), what) != NULL &&
                      strstr(rogue_why(r), m2m_element_name(e)) != NULL,
                  "%s: %d (%s) for %s that %s: %s", p->target, r->status, rogue_why(r),
                  m2m_element_name(e), what, body);
    ck_answer(r, STATUS_BAD_REQUEST);
}

static void one_attribute(struct rogue *r, const struct place *p, const struct m2m_rep *right,
                          enum m2m_element e, enum m2m_presence presence)
{
    struct m2m_rep rest;
    char body[4096];

    without(right, e, &rest);
    if (presence == M2M_M) {
        write_rep(&rest, body, sizeof body);
        refused(r, p, body, e, "is missing");
    }
    /* The type of a content stands in an attribute of that element, and any text is one. */
    if (presence != M2M_NP && e != E_XMIME) {
        write_with(&rest, e, wrong_text(m2m_element_info(e)->kind), body, sizeof body);
        rogue_ask(r, p->method, p->target, body);
        ck_assert_msg(r->status == STATUS_BAD_REQUEST, "%s: %d: %s", p->target, r->status, body);
    }
    if (presence == M2M_NP) {
        put_some(&rest, e);
        write_rep(&rest, body, sizeof body);
        refused(r, p, body, e, "is not permitted");
    }
    m2m_rep_clear(&rest);
}

static void every_attribute(struct rogue *r, const struct place *p, const char *body)
{
    struct m2m_rep right;
    enum m2m_type type;
    char text[4096], why[80];

    ck_assert_int_eq(m2mxml_rep_read(span_str(body), &right, why), REASON_NONE);
    type = right.type;
    for (const struct m2m_attribute *a = m2m_type_info(type)->attributes; a->element; a++)
        one_attribute(r, p, &right, a->element, p->method == HTTP_PUT ? a->update : a->create);
    write_with(&right, E_MATCH_SIZE, "1", text, sizeof text); /* no attribute of any of these */
    refused(r, p, text, E_MATCH_SIZE, "unknown");
    if (m2m_type_attribute(type, E_EXPIRATION_TIME)) {
        write_with(&right, E_EXPIRATION_TIME, "2013-01-01T00:00:00Z", text, sizeof text);
        refused(r, p, text, E_EXPIRATION_TIME, "in the past");
        write_with(&right, E_EXPIRATION_TIME,
                   "2053-01-01T00:00:00Z</m2m:expirationTime>"
                   "<m2m:expirationTime>2053-01-01T00:00:00Z",
                   text, sizeof text);
        refused(r, p, text, E_EXPIRATION_TIME, "twice");
    }
    m2m_rep_clear(&right);
}

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
