/* mIa and dIa against clients that are not ours: <application> and what stands below it, each
 * primitive on each type, each attribute of <application>, each refusal by its status; at an NSCL,
 * and at a gateway. Both have HTTP on bare TCP and no security of their own (etsi-m2m.md 1): who
 * asks is whom he says he is. */
#include "models/node/application.h"
#include "models/node/caller.h"
#include "models/node/gateway.h"
#include "tests/unit/node/attributes.h"

static struct town town;
static struct rogue rogue;
/* An NSCL knows its applications' sessions by these, a gateway its devices'. */
static struct caller *caller;
static struct local_end local_end;

enum point { MIA, DIA, POINTS }; /* a test's _i */

/* ---- the client of rogue.h at another node ---- */

static struct proto *make(struct session *s, sim_ns now)
{
    (void)now;
    return rogue_core_new(&rogue, s);
}

static void advanced(struct session *s, sim_ns now)
{
    struct proto *core = session_core(s);

    (void)now;
    if (core->status == PROTO_RUNNING)
        return;
    rogue_over(&rogue, core->reason);
    session_retire(s);
}

static void ended(struct session *s, sim_ns now, enum reason reason)
{
    (void)now;
    rogue_over(&rogue, reason);
    session_free(s);
}

static const struct session_ops ops = {.make = make,
                                       .step = rogue_step,
                                       .charged = rogue_charged,
                                       .activity = rogue_activity,
                                       .advanced = advanced,
                                       .ended = ended};

static struct population *population(const char *name)
{
    uint32_t i = 0;

    while (strcmp(town.d->in.populations[i].name, name) != 0)
        i++;
    return &town.d->populations[i];
}

static void connect_mia(void)
{
    struct server *na = server_find(town.d, "na.m2m.example");
    struct deployment *d = town.d;
    struct net_route up, down;

    caller = caller_new(
        &(struct caller_settings){.from = na, .to = town.nscl, .listener = &town.nscl->mia}, NULL,
        NULL);
    rogue.end.session =
        session_new(&ops, caller, &na->host, rng_stream(7, "rogue", "session"), NULL);
    route_between(d, na->population->index, na->index, town.nscl->population->index, &up, &down);
    session_connect(rogue.end.session, d->net, d->in.tcp, &up, &down, &town.nscl->mia);
}

static void connect_dia(void)
{
    struct local *l = &population("plugs")->locals[0];
    struct device *gateway = local_gateway(l);
    struct deployment *d = town.d;
    struct session_host host = {.sim = d->sim,
                                .cpu = &l->cpu,
                                .class = l->population->class,
                                .epoch_unix_ns = d->in.epoch_unix_ns,
                                .retired = &d->retired};
    struct net_route up, down;

    local_end = (struct local_end){.local = l};
    rogue.end.session =
        session_new(&ops, &local_end, &host, rng_stream(7, "rogue", "session"), NULL);
    route_between(d, l->population->index, l->index, gateway->population->index, &up, &down);
    session_connect(rogue.end.session, d->net, d->in.tcp, &up, &down, &gateway->gateway->dia);
}

/* The fleet of fleet.h, an application's node, and a gateway with a device behind it. */
static void open_town(enum point point)
{
    static const char more[] = "  na: {kind: application, devices: meters}\n"
                               "  gates: {kind: gateway, ival: {component_size: 512 B},\n"
                               "    bootstrap: {method: pre-provisioned}, report: {every: never},\n"
                               "    arrivals: {over: 1 s}}\n"
                               "  plugs: {kind: local, report: {every: never}}\n"
                               "links:\n"
                               "  na -> nscl: {latency: 5 ms}\n"
                               "  plugs -> gates: {latency: 5 ms}\n"
                               "  gates -> mas: {latency: 5 ms}\n"
                               "  gates -> nscl: {latency: 5 ms}\n";
    const char *links = strstr(fleet_base, "links:\n");
    char text[4096];

    snprintf(text, sizeof text, "%.*s%s%s", (int)(links - fleet_base), fleet_base, more,
             links + strlen("links:\n"));
    town_open_text(&town, text, 3 * 60 * SIM_S, SETS(NULL));
    memset(&rogue, 0, sizeof rogue);
    rogue.town = &town;
    rogue.end.dev = town.dev;
    buf_init(&rogue.say, 64 * 1024);
    snprintf(rogue.entity, sizeof rogue.entity, "app");
    caller = NULL;
    if (point == MIA)
        connect_mia();
    else
        connect_dia();
}

static void close_town(void)
{
    ck_assert(!rogue.ended);
    rogue_close(&rogue);
    caller_free(caller);
    town_close(&town);
}

/* ---- types ---- */

#define APPLICATION "<m2m:application " M2M_NS " appId=\"app\"/>"
#define UPDATE                                                                                     \
    "<m2m:application " M2M_NS "><m2m:locRequestor>me</m2m:locRequestor></m2m:application>"
#define CONTAINER "<m2m:container " M2M_NS "/>"

/* The member stands with the application here. */
static const char *body_of(const struct row *row)
{
    if (row->type == M2M_GROUP)
        return "<m2m:group " M2M_NS
               " m2m:id=\"g\"><m2m:memberType>CONTAINER</m2m:memberType><m2m:members>"
               "<reference>/m2m/applications/app/containers/base</reference></m2m:members>"
               "</m2m:group>";
    return fill(&rogue, row->body);
}

static bool stands_below(enum m2m_type type)
{
    return type == M2M_CONTAINER || type == M2M_CONTAINER_ANNC || type == M2M_CONTENT_INSTANCE ||
           type == M2M_GROUP || type == M2M_GROUP_ANNC || type == M2M_ACCESS_RIGHT ||
           type == M2M_ACCESS_RIGHT_ANNC || type == M2M_SUBSCRIPTION ||
           type == M2M_NOTIFICATION_CHANNEL;
}

static void one_life(const struct row *row, const char *collection, const char *path)
{
    const char *update = row->update ? fill(&rogue, row->update) : body_of(row);
    int wrong = row->update ? STATUS_BAD_REQUEST : STATUS_METHOD_NOT_ALLOWED;

    ck_ask(&rogue, HTTP_GET, path, "", STATUS_NOT_FOUND);
    ck_ask(&rogue, HTTP_PUT, path, update, STATUS_NOT_FOUND);
    ck_ask(&rogue, HTTP_DELETE, path, "", STATUS_NOT_FOUND);
    ck_ask(&rogue, HTTP_POST, collection, "", STATUS_BAD_REQUEST);
    ck_ask(&rogue, HTTP_POST, collection, "<m2m:nonsense " M2M_NS "/>", STATUS_BAD_REQUEST);
    ck_ask(&rogue, HTTP_POST, collection, APPLICATION, STATUS_BAD_REQUEST);
    ck_ask(&rogue, HTTP_POST, collection, body_of(row), STATUS_CREATED);
    ck_ask(&rogue, HTTP_POST, collection, body_of(row), STATUS_CONFLICT);
    ck_ask(&rogue, HTTP_GET, path, "", STATUS_OK);
    ck_ask(&rogue, HTTP_PUT, path, "", wrong);
    ck_ask(&rogue, HTTP_PUT, path, APPLICATION, wrong);
    ck_ask(&rogue, HTTP_PUT, path, update, row->update ? STATUS_OK : STATUS_METHOD_NOT_ALLOWED);
    ck_ask(&rogue, HTTP_GET, collection, "", STATUS_OK);
    ck_ask(&rogue, HTTP_DELETE, collection, "", STATUS_METHOD_NOT_ALLOWED);
    /* he is no other, who must not learn of it */
    if (row->type != M2M_ACCESS_RIGHT) {
        snprintf(rogue.entity, sizeof rogue.entity, "other");
        ck_ask(&rogue, HTTP_GET, path, "", STATUS_NOT_FOUND);
        ck_ask(&rogue, HTTP_PUT, path, update, STATUS_NOT_FOUND);
        ck_ask(&rogue, HTTP_DELETE, path, "", STATUS_NOT_FOUND);
        ck_ask(&rogue, HTTP_POST, collection, body_of(row), STATUS_NOT_FOUND);
        snprintf(rogue.entity, sizeof rogue.entity, "app");
    }
    ck_ask(&rogue, HTTP_DELETE, path, "", STATUS_DELETED);
    ck_ask(&rogue, HTTP_GET, path, "", STATUS_NOT_FOUND);
}

START_TEST(what_stands_below_an_application)
{
    char collection[M2M_MAX_PATH], path[M2M_MAX_PATH];

    open_town((enum point)_i);
    ck_ask(&rogue, HTTP_POST, "/m2m/applications", APPLICATION, STATUS_CREATED);
    ck_ask(&rogue, HTTP_POST, "/m2m/applications/app/containers", CONTAINER_BASE, STATUS_CREATED);
    for (size_t i = 1; i < ROWS; i++) {
        snprintf(collection, sizeof collection, "/m2m/applications/app%s", rows[i].collection);
        snprintf(path, sizeof path, "%.900s/%s", collection, rows[i].name);
        if (stands_below(rows[i].type))
            one_life(&rows[i], collection, path);
        else
            ck_ask(&rogue, HTTP_POST, collection, body_of(&rows[i]), STATUS_NOT_FOUND);
    }
    close_town();
}
END_TEST

START_TEST(an_application)
{
    struct place create = {.method = HTTP_POST, .target = "/m2m/applications"};
    struct place update = {.method = HTTP_PUT, .target = "/m2m/applications/app"};

    open_town((enum point)_i);
    ck_ask(&rogue, HTTP_GET, update.target, "", STATUS_NOT_FOUND);
    ck_ask(&rogue, HTTP_PUT, update.target, UPDATE, STATUS_NOT_FOUND);
    every_attribute(&rogue, &create, APPLICATION);
    ck_ask(&rogue, HTTP_POST, create.target, "", STATUS_BAD_REQUEST);
    ck_ask(&rogue, HTTP_POST, create.target, CONTAINER, STATUS_BAD_REQUEST);
    ck_ask(&rogue, HTTP_POST, create.target, "<m2m:application " M2M_NS " appId=\"other\"/>",
           STATUS_PERMISSION_DENIED);
    ck_ask(&rogue, HTTP_POST, create.target, APPLICATION, STATUS_CREATED);
    /* Who named what he made knows where it is; a gateway does not tell him. */
    ck_assert_str_eq(rogue.location, _i == MIA ? update.target : "");
    ck_ask(&rogue, HTTP_POST, create.target, APPLICATION, STATUS_CONFLICT);
    every_attribute(&rogue, &update, UPDATE);
    ck_ask(&rogue, HTTP_PUT, update.target, UPDATE, STATUS_OK);
    ck_ask(&rogue, HTTP_POST, update.target, APPLICATION, STATUS_METHOD_NOT_ALLOWED);
    ck_ask(&rogue, HTTP_POST, update.target, "", STATUS_METHOD_NOT_ALLOWED);
    ck_ask(&rogue, HTTP_GET, create.target, "", STATUS_PERMISSION_DENIED); /* who else is there */
    ck_ask(&rogue, HTTP_DELETE, create.target, "", STATUS_PERMISSION_DENIED);
    ck_ask(&rogue, HTTP_DELETE, update.target, "", STATUS_DELETED);
    ck_ask(&rogue, HTTP_GET, update.target, "", STATUS_NOT_FOUND);
    close_town();
}
END_TEST

/* ---- who asks, and for what ---- */

START_TEST(who_asks)
{
    char scl[M2M_MAX_PATH];

    open_town(MIA);
    snprintf(scl, sizeof scl, "%s", scl_path(&town, town.dev, ""));
    ck_ask(&rogue, HTTP_GET, "/m2m", "", STATUS_OK);
    ck_ask(&rogue, HTTP_POST, "/m2m/scls", fill(&rogue, rows[0].body), STATUS_FORBIDDEN);
    ck_ask(&rogue, HTTP_GET, scl, "", STATUS_NOT_FOUND);
    ck_ask(&rogue, HTTP_DELETE, scl, "", STATUS_NOT_FOUND);
    rogue.entity[0] = '\0';
    ck_ask(&rogue, HTTP_GET, "/m2m", "", STATUS_FORBIDDEN);
    node_scl_id(town.dev->node_id, rogue.entity);
    ck_ask(&rogue, HTTP_DELETE, scl, "", STATUS_PERMISSION_DENIED);
    snprintf(rogue.entity, sizeof rogue.entity, "%s", town.nscl->fqdn);
    ck_ask(&rogue, HTTP_DELETE, scl, "", STATUS_PERMISSION_DENIED);
    ck_assert(town_is_registered(&town, town.dev));
    close_town();
}
END_TEST

static int64_t found(const char *query)
{
    ck_ask(&rogue, HTTP_GET, query, "", STATUS_OK);
    ck_assert_int_eq(rogue.rep.type, M2M_DISCOVERY);
    return m2m_find_number(m2m_rep_span(&rogue.rep), E_MATCH_SIZE, -1);
}

/* filterCriteria of a subscription, told through the application's own channel; and of discovery,
 * by a prefix, no more than are wanted. */
START_TEST(what_is_asked_for)
{
    static const char instances[] = "/m2m/applications/app/containers/base/contentInstances";
    static const char subscription[] =
        "<m2m:subscription " M2M_NS "><m2m:filterCriteria><sizeFrom>%s</sizeFrom>"
        "</m2m:filterCriteria><m2m:contact>/m2m/applications/app/notificationChannels/n/contact"
        "</m2m:contact></m2m:subscription>";
    static const char instance[] =
        "<m2m:contentInstance " M2M_NS "><m2m:content>%s</m2m:content></m2m:contentInstance>";
    char text[1024], subscriptions[128];
    struct span doc;

    open_town((enum point)_i);
    snprintf(subscriptions, sizeof subscriptions, "%s/subscriptions", instances);
    ck_ask(&rogue, HTTP_POST, "/m2m/applications", APPLICATION, STATUS_CREATED);
    ck_ask(&rogue, HTTP_POST, "/m2m/applications/app/containers",
           "<m2m:container " M2M_NS " m2m:id=\"base\"><m2m:searchStrings><m2m:searchString>heat"
           "</m2m:searchString></m2m:searchStrings></m2m:container>",
           STATUS_CREATED);
    ck_ask(&rogue, HTTP_POST, "/m2m/applications/app/notificationChannels",
           "<m2m:notificationChannel " M2M_NS " m2m:id=\"n\"><m2m:channelType>LONG_POLLING"
           "</m2m:channelType></m2m:notificationChannel>",
           STATUS_CREATED);
    snprintf(text, sizeof text, subscription, "x");
    ck_ask(&rogue, HTTP_POST, subscriptions, text, STATUS_BAD_REQUEST);
    snprintf(text, sizeof text, subscription, "3");
    ck_ask(&rogue, HTTP_POST, subscriptions, text, STATUS_CREATED);
    /* in the name of a device's application, which nobody proves here */
    ck_ask(&rogue, HTTP_POST, instances,
           "<m2m:contentInstance " M2M_NS "><m2m:searchStrings><m2m:searchString>application:app-1"
           "</m2m:searchString></m2m:searchStrings><m2m:content>YQ==</m2m:content>"
           "</m2m:contentInstance>",
           _i == MIA ? STATUS_PERMISSION_DENIED : STATUS_CREATED);
    snprintf(text, sizeof text, instance, "YQ==");
    ck_ask(&rogue, HTTP_POST, instances, text, STATUS_CREATED);
    snprintf(text, sizeof text, instance, "YWJj");
    ck_ask(&rogue, HTTP_POST, instances, text, STATUS_CREATED);
    ck_ask(&rogue, HTTP_POST, "/m2m/applications/app/notificationChannels/n/longPolling", "",
           STATUS_OK);
    ck_assert(m2m_find(m2m_rep_span(&rogue.rep), E_REPRESENTATION, &doc));
    ck_assert_ptr_nonnull(memmem(doc.p, doc.n, ">YWJj<", 6));
    ck_ask(&rogue, HTTP_POST, "/m2m/applications/app/notificationChannels/n/longPolling", "",
           STATUS_ACCEPTED);
    ck_assert_int_eq(found("/m2m/discovery?searchString=heat&maxSize=1"), 1);
    ck_assert_int_eq(found("/m2m/discovery?searchString=heat&searchPrefix=/m2m/applications/app"),
                     1);
    ck_assert_int_eq(found("/m2m/discovery?searchString=heat&searchPrefix=/m2m/groups"), 0);
    ck_ask(&rogue, HTTP_GET, "/m2m/discovery?searchPrefix=/m2m/none", "", STATUS_NOT_FOUND);
    ck_ask(&rogue, HTTP_GET, "/m2m/discovery?colour=x", "", STATUS_BAD_REQUEST);
    close_town();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("mIa, dIa");
    TCase *t = tcase_create("applications");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, what_stands_below_an_application, 0, POINTS);
    tcase_add_loop_test(t, an_application, 0, POINTS);
    tcase_add_test(t, who_asks);
    tcase_add_loop_test(t, what_is_asked_for, 0, POINTS);
    suite_add_tcase(s, t);
    return rogue_main(s);
}
