/* mId over a trusted access network: who gets at the NSCL without TLS, and as whom. */
#include "models/proc/client.h"
#include "models/node/access.h"
#include "tests/unit/node/rogue.h"

static const char text[] = "m2msim: 1\n"
                           "run: {until: 12 h, seed: 5}\n"
                           "populations:\n"
                           "  meters:\n"
                           "    kind: device\n"
                           "    class: cortex-a7\n"
                           "    connect: {method: none}\n"
                           "    ival: {component_size: 512 B}\n"
                           "    report: {every: 1 h}\n"
                           "  strangers: {kind: device, class: cortex-a7,\n"
                           "    bootstrap: {method: pre-provisioned}}\n"
                           "  core: {kind: access}\n"
                           "  msbf: {kind: msbf}\n"
                           "  mas: {kind: mas}\n"
                           "  nscl: {kind: nscl}\n"
                           "  hss: {kind: hss}\n"
                           "links:\n"
                           "  meters -> core: {latency: 40 ms}\n"
                           "  core -> nscl: {latency: 10 ms}\n"
                           "  core -> hss: {latency: 10 ms}\n"
                           "  strangers -> mas: {latency: 10 ms}\n"
                           "  strangers -> nscl: {latency: 10 ms}\n"
                           "  mas -> nscl: {latency: 10 ms}\n"
                           "  msbf -> mas: {latency: 10 ms}\n";

static struct town town;

/* A client without TLS that says whose it is as it likes. */
struct plain {
    struct device_end end;
    struct mid_client *client;
    char entity[M2M_MAX_URI], target[2 * M2M_MAX_URI];
    enum http_method method;
    struct m2m_doc doc;
    bool asked, ended;
    enum reason reason;
};

static struct proto *make(struct session *s, sim_ns now)
{
    struct plain *p = session_user(s);

    (void)now;
    p->client =
        mid_client_new(session_env(s), &(struct mid_settings){.nscl = "nscl.m2m.example",
                                                              .requesting_entity = p->entity});
    return mid_client_proto(p->client);
}

static void step(struct session *s, sim_ns now)
{
    struct plain *p = session_user(s);

    if (p->asked)
        return;
    p->asked = true;
    ck_assert(mid_client_request(p->client, now, "request", p->method, p->target,
                                 p->doc.kind == DOC_NONE ? NULL : &p->doc));
}

static void ended(struct session *s, sim_ns now, enum reason reason)
{
    struct plain *p = session_user(s);

    (void)s;
    (void)now;
    p->ended = true;
    p->reason = reason;
}

static void advanced(struct session *s, sim_ns now)
{
    (void)s;
    (void)now;
}

static const struct session_ops ops = {.make = make,
                                       .step = step,
                                       .charged = rogue_charged,
                                       .activity = rogue_activity,
                                       .advanced = advanced,
                                       .ended = ended};

/* Asks as `dev`, in the name of the scl of `as`. Its answer's status; 0: none. */
static int ask(struct plain *p, struct device *dev, const struct device *as,
               enum http_method method, const char *target)
{
    struct deployment *d = town.d;
    struct session_host host = {
        d->sim, &dev->cpu, dev->population->class, d->in.epoch_unix_ns, &d->retired, NULL, NULL};
    const struct mid_response *r = NULL;
    struct net_route up, down;
    int status;

    p->end.dev = dev;
    p->method = method;
    if (as)
        node_scl_id(as->node_id, p->entity);
    snprintf(p->target, sizeof p->target, "%s", target);
    dev->sessions++;
    p->end.session = session_new(&ops, &p->end, &host, rng_stream(7, "plain", "session"), NULL);
    route_between(d, dev->population->index, dev->index, town.nscl->population->index, &up, &down);
    session_connect(p->end.session, d->net, d->in.tcp, &up, &down, &town.nscl->plain);
    for (int i = 0; i < 20 && !p->ended && !r; i++) {
        town_run(&town, SIM_S);
        r = p->client ? mid_client_response(p->client) : NULL;
    }
    status = r ? r->status : 0;
    p->doc.kind = DOC_NONE;
    session_free(p->end.session);
    town_run(&town, SIM_S);
    return status;
}

static int ask_once(struct device *dev, const struct device *as, enum http_method method,
                    const char *target)
{
    struct plain p = {.asked = false};

    return ask(&p, dev, as, method, target);
}

static void open_town(void)
{
    struct device *stranger;

    town_open_text(&town, text, 10 * 60 * SIM_S, SETS(NULL));
    stranger = device_find(town.d, "strangers");
    ck_assert_ptr_nonnull(stranger);
    town_hold(&town, stranger);
    ck_assert(town_is_registered(&town, town.dev));
    ck_assert(town_is_registered(&town, town.other));
    ck_assert(access_is_attached(town.dev));
}

static void close_town(void)
{
    town_run(&town, 60 * SIM_S);
    ck_assert_uint_eq(town.nscl->sessions, 0);
    town_close(&town);
}

START_TEST(everybody_is_himself)
{
    open_town();
    ck_assert_int_eq(ask_once(town.dev, town.dev, HTTP_GET, scl_path(&town, town.dev, "")), 200);
    /* Another's name, nobody's name, another's resources. */
    ck_assert_int_eq(ask_once(town.dev, town.other, HTTP_GET, scl_path(&town, town.other, "")),
                     401);
    ck_assert_int_eq(ask_once(town.dev, town.other, HTTP_DELETE, scl_path(&town, town.dev, "")),
                     401);
    ck_assert_int_eq(ask_once(town.dev, NULL, HTTP_GET, scl_path(&town, town.dev, "")), 403);
    ck_assert_int_eq(ask_once(town.dev, town.dev, HTTP_GET, scl_path(&town, town.other, "")), 404);
    ck_assert_int_eq(ask_once(town.dev, town.dev, HTTP_DELETE, scl_path(&town, town.other, "")),
                     404);
    ck_assert(town_is_registered(&town, town.other));
    close_town();
}
END_TEST

START_TEST(another_scl_is_not_created)
{
    struct plain p = {.doc = {.kind = DOC_SCL}};

    open_town();
    ck_assert_int_eq(ask_once(town.dev, town.dev, HTTP_DELETE, scl_path(&town, town.dev, "")), 204);
    node_scl_id(town.other->node_id, p.doc.u.scl.scl_id);
    snprintf(p.doc.u.scl.link, sizeof p.doc.u.scl.link, "http://x.example/m2m");
    snprintf(p.doc.u.scl.mgmt_protocol_type, sizeof p.doc.u.scl.mgmt_protocol_type, "OMA DM");
    ck_assert_int_eq(ask(&p, town.dev, town.dev, HTTP_POST, "/m2m/scls"), 401);
    ck_assert(!town_is_registered(&town, town.dev));
    close_town();
}
END_TEST

/* Not from the access network: its own name does not help, nor that of one who is attached. */
START_TEST(a_stranger_is_not_trusted)
{
    struct device *stranger;

    open_town();
    stranger = device_find(town.d, "strangers");
    ck_assert_int_eq(ask_once(stranger, stranger, HTTP_GET, scl_path(&town, stranger, "")), 401);
    ck_assert_int_eq(ask_once(stranger, town.dev, HTTP_GET, scl_path(&town, town.dev, "")), 401);
    ck_assert_int_eq(ask_once(stranger, town.dev, HTTP_DELETE, scl_path(&town, town.dev, "")), 401);
    ck_assert(town_is_registered(&town, town.dev));
    close_town();
}
END_TEST

/* No bearer, no packet: a TCP that goes on as if it were attached is not even refused. */
START_TEST(who_is_not_attached_cannot_send)
{
    struct plain p = {.asked = false};

    open_town();
    access_expire(town.dev, town_now(&town));
    sim_cancel(town.d->sim, &town.dev->timer);
    ck_assert(!access_is_attached(town.dev));
    ck_assert_int_eq(ask(&p, town.dev, town.dev, HTTP_GET, scl_path(&town, town.dev, "")), 0);
    ck_assert(!p.ended);
    ck_assert_int_eq(ask_once(town.other, town.other, HTTP_GET, scl_path(&town, town.other, "")),
                     200);
    close_town();
}
END_TEST

/* Its channel has no key: TLS of mId is not for these. */
START_TEST(no_tls_for_those_without_a_key)
{
    struct rogue r;

    open_town();
    rogue_init(&r, &town, town.nscl);
    r.context = device_find(town.d, "strangers")->population->mid.client;
    rogue_connect(&r, town.nscl);
    town_run(&town, 10 * SIM_S);
    ck_assert(!r.open && r.ended);
    ck_assert_int_eq(r.reason, REASON_CONNECTION_REFUSED);
    rogue_close(&r);
    close_town();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("mId without TLS");
    TCase *t = tcase_create("plain");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, everybody_is_himself);
    tcase_add_test(t, another_scl_is_not_created);
    tcase_add_test(t, a_stranger_is_not_trusted);
    tcase_add_test(t, who_is_not_attached_cannot_send);
    tcase_add_test(t, no_tls_for_those_without_a_key);
    suite_add_tcase(s, t);
    return rogue_main(s);
}
