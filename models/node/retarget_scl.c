/* At who polls: what comes in a poll's answer is asked of the own tree; what is for an application
 * of a gateway goes over dIa to its aPoC, each on a TCP connection of its own. Answers wait in a
 * list until the device tells them over mId, one responseNotify each. All of it is in memory: who
 * loses his power answers nothing, and who asked is told by the NSCL's time-out. */
#include "models/node/node_id.h"
#include "models/node/retarget.h"

#include "models/node/application.h"
#include "models/node/record.h"
#include "models/node/route.h"
#include "models/proc/object.h"
#include "models/proto/m2mxml_primitive.h"
#include "models/proto/m2mxml_rep.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST      64 /* requests in hand, and answers that wait */
#define REFERENCE (2 * M2M_MAX_URI)
#define MAX_BODY  (M2M_MAX_DOC / 4)

/* A request on its way to an aPoC. */
struct errand {
    struct sim_event timer; /* first, for its callback */
    struct errand *next, **link;
    struct device *dev; /* the gateway */
    struct local *local;
    struct session *session;
    struct procedure *proc;
    struct session_traffic booked;
    char *reference, *target, *entity;
    struct m2m_rep rep; /* of the request; M2M_NO_TYPE: none */
    enum m2m_method method;
    uint64_t id;
    bool wanted, unwritten;
};

struct answer {
    struct answer *next;
    char *reference;
    struct m2m_primitive primitive;
    struct m2m_rep rep;
    sim_ns since;
};

struct retarget_in {
    struct errand *errands; /* the latest first */
    struct answer *first, **last;
    uint32_t count, sessions;
};

static struct retarget_in *in_of(struct device *dev)
{
    struct retarget_in **in = longpoll_retarget(dev);

    if (!*in) {
        *in = xcalloc(1, sizeof **in);
        (*in)->last = &(*in)->first;
    }
    return *in;
}

/* NULL: nothing was ever handed to it. */
static const struct retarget_in *look(const struct device *dev)
{
    return dev->channel ? *longpoll_retarget((struct device *)dev) : NULL;
}

static void set_queued(struct procedure *p, bool queued, sim_ns now)
{
    if (!p)
        return;
    p->server_queued = queued;
    procedure_clock(p, now);
}

/* ---- answers ---- */

static void drop_first(struct retarget_in *in)
{
    struct answer *a = in->first;

    in->first = a->next;
    if (!a->next)
        in->last = &in->first;
    in->count--;
    m2m_rep_clear(&a->rep);
    free(a->reference);
    free(a);
}

/* rep is given up; NULL: none. */
static void put_answer(struct device *dev, const char *reference, uint64_t id, int status,
                       const char *uri, struct m2m_rep *rep, sim_ns now)
{
    struct retarget_in *in = in_of(dev);
    struct answer *a = xcalloc(1, sizeof *a);

    a->reference = xstrdup(reference);
    a->primitive.response = true;
    a->primitive.correlation_id = id;
    a->primitive.status_code =
        *m2m_status_name((enum m2m_status)status) ? (enum m2m_status)status : STATUS_BAD_GATEWAY;
    if (uri && strlen(uri) < sizeof a->primitive.resource_uri)
        str_append(a->primitive.resource_uri, sizeof a->primitive.resource_uri, 0, uri);
    if (rep && rep->n <= MAX_BODY) {
        a->rep = *rep;
        m2m_rep_init(rep, M2M_NO_TYPE);
    } else if (rep && rep->type) {
        a->primitive.status_code = STATUS_NOT_ACCEPTABLE;
    }
    a->since = now;
    *in->last = a;
    in->last = &a->next;
    in->count++;
    /* It waits for the session on which its device tells things, behind what else goes there. */
    set_queued(retarget_procedure(device_nscl(dev), reference), true, now);
}

bool retarget_has_answer(const struct device *dev)
{
    const struct retarget_in *in = look(dev);

    return in && in->first;
}

sim_ns retarget_since(const struct device *dev)
{
    return look(dev)->first->since;
}

void retarget_tells(struct device *dev, sim_ns now)
{
    struct procedure *p = retarget_procedure(device_nscl(dev), look(dev)->first->reference);

    set_queued(p, false, now);
    if (p)
        procedure_ride(p, dev->proc, now);
}

void retarget_compose(const struct device *dev, const char *scl_id, struct device_request *r)
{
    const struct answer *a = look(dev)->first;
    struct m2m_rep rep;
    struct buf doc, whole;

    longpoll_contact(scl_id, r->target, sizeof r->target);
    memcpy(strrchr(r->target, '/'), "/longPolling", sizeof "/longPolling");
    r->label = "NOTIFY longPolling";
    buf_init(&doc, M2M_MAX_DOC);
    buf_init(&whole, M2M_MAX_PRIMITIVE);
    if (a->rep.type)
        (void)m2mxml_rep_write(&a->rep, &doc);
    (void)m2mxml_primitive_write(&a->primitive, buf_span(&doc), &whole);
    m2m_rep_init(&rep, M2M_NOTIFY_DOC);
    m2m_put_number(&rep, E_STATUS_CODE, observed_word(E_STATUS_CODE, m2m_status_name(STATUS_OK)));
    m2m_put_text(&rep, E_XMIME, "application/xml");
    m2m_put(&rep, E_REPRESENTATION, buf_span(&whole));
    m2m_put_text(&rep, E_SUBSCRIPTION_REFERENCE, a->reference);
    buf_clear(&doc);
    buf_clear(&whole);
    observed_take(&rep, &r->doc);
}

void retarget_told(struct device *dev)
{
    struct retarget_in *in = in_of(dev);

    if (in->first)
        drop_first(in);
}

bool retarget_is_stale(const struct device *dev, enum reason reason, sim_ns now)
{
    const struct cfg_device *c = dev->population->config->device;
    sim_ns patience = device_nscl(dev)->population->config->server->hand_on_timeout;
    bool refused = reason == REASON_NOT_FOUND || reason == REASON_BAD_REQUEST ||
                   reason == REASON_HTTP_STATUS || reason == REASON_FORBIDDEN;

    return refused || now - retarget_since(dev) >= patience ||
           (c->retry.attempts && dev->proc->attempts >= c->retry.attempts);
}

/* ---- to an aPoC: prepare ---- */

static struct proto *make_core(struct session *s, sim_ns now)
{
    const struct errand *e = session_user(s);
    char host[NODE_NAME_MAX + 16];

    (void)now;
    local_apoc_host(e->local, host, sizeof host);
    return mid_client_proto(
        mid_client_new(session_env(s), &(struct mid_settings){.nscl = host,
                                                              .requesting_entity = e->entity,
                                                              .representations = true}));
}

static void step(struct session *s, sim_ns now)
{
    struct errand *e = session_user(s);
    struct m2m_doc doc = {.kind = DOC_RESOURCE,
                          .u.resource = {.type = (int)e->rep.type, .n = e->rep.n},
                          .owned = e->rep.p};
    char label[40];

    if (!e->wanted)
        return;
    e->wanted = false;
    snprintf(label, sizeof label, "%s aPoC", m2m_method_name(e->method));
    e->unwritten =
        !mid_client_request(mid_client_of(session_core(s)), now, label,
                            object_http_method(e->method), e->target, e->rep.type ? &doc : NULL);
}

/* ---- to an aPoC: commit ---- */

static void free_errand(struct errand *e)
{
    sim_cancel(device_deployment(e->dev)->sim, &e->timer);
    *e->link = e->next;
    if (e->next)
        e->next->link = e->link;
    m2m_rep_clear(&e->rep);
    free(e->reference);
    free(e->target);
    free(e->entity);
    free(e);
}

/* The answer, or why there is none; what is left of the session is the caller's. */
static void over(struct errand *e, sim_ns now, int status, enum reason reason, const char *uri,
                 struct m2m_rep *rep)
{
    struct device *dev = e->dev;

    procedure_book(e->proc, e->session, &e->booked);
    record_end(device_deployment(dev), e->proc, now, reason == REASON_NONE ? "success" : "failed",
               reason);
    put_answer(dev, e->reference, e->id, status, uri, rep, now);
    free_errand(e);
    device_arm(dev, now);
}

static void failed(struct errand *e, sim_ns now, enum reason reason)
{
    bool late = reason == REASON_TIMEOUT || reason == REASON_CONNECT_TIMEOUT ||
                reason == REASON_CONNECTION_LOST;

    over(e, now, late ? STATUS_GATEWAY_TIMEOUT : STATUS_BAD_GATEWAY, reason, NULL, NULL);
}

static void advanced(struct session *s, sim_ns now)
{
    struct errand *e = session_user(s);
    struct proto *core = session_core(s);
    const struct mid_response *r = core ? mid_client_response(mid_client_of(core)) : NULL;

    if (r) {
        struct m2m_rep rep = r->rep;

        m2m_rep_init((struct m2m_rep *)&r->rep, M2M_NO_TYPE); /* ours from now on */
        over(e, now, r->status, r->reason, *r->location ? r->location : NULL, &rep);
        m2m_rep_clear(&rep);
    } else if (!core || e->unwritten) {
        failed(e, now, core ? REASON_HTTP_TOO_LARGE : REASON_CRYPTO);
    } else if (core->status != PROTO_RUNNING) {
        failed(e, now, core->reason == REASON_NONE ? REASON_CLOSED_EARLY : core->reason);
    } else {
        return;
    }
    session_retire(s);
}

static void ended(struct session *s, sim_ns now, enum reason reason)
{
    failed(session_user(s), now, reason == REASON_NONE ? REASON_CLOSED_EARLY : reason);
    session_free(s);
}

static void timer_commit(struct sim *sim, struct sim_event *ev)
{
    struct errand *e = (struct errand *)((char *)ev - offsetof(struct errand, timer));
    struct session *s = e->session;

    failed(e, sim_now(sim), REASON_TIMEOUT);
    session_free(s);
}

static const struct sim_event_ops timer_ops = {"apoc-timer", NULL, timer_commit};

static void charged(struct session *s, sim_ns now, const struct meter *meter,
                    const struct profile_price *price)
{
    struct errand *e = session_user(s);

    (void)now;
    usage_add(e->dev->population, PROC_APOC, meter);
    if (!e->proc)
        return;
    e->proc->device_ns += price->crypto_ns + price->other_ns;
    e->proc->energy_nj += price->energy_nj;
}

static void activity(struct session *s, sim_ns now, enum session_activity a, sim_ns other_ns)
{
    struct procedure *p = ((struct errand *)session_user(s))->proc;

    if (p)
        procedure_activity(p, now, false, a, other_ns);
}

static void packet(struct session *s, const struct flow_packet *packet_, const char *label,
                   bool continued)
{
    struct procedure *p = ((struct errand *)session_user(s))->proc;

    if (p)
        procedure_message(p, p->node_id, p->peer_id, packet_, "HTTP", label, continued);
}

static void retransmitted(struct session *s, sim_ns now)
{
    struct procedure *p = ((struct errand *)session_user(s))->proc;

    if (p)
        procedure_lost(p, now);
}

static const struct session_ops errand_ops = {.make = make_core,
                                              .step = step,
                                              .charged = charged,
                                              .activity = activity,
                                              .advanced = advanced,
                                              .ended = ended,
                                              .packet = packet,
                                              .retransmitted = retransmitted};

struct procedure *retarget_caller(const struct session *caller)
{
    const struct errand *e = caller ? session_user(caller) : NULL;

    return e ? e->proc : NULL;
}

static void connect(struct errand *e, sim_ns now)
{
    struct device *dev = e->dev;
    struct local *l = e->local;
    struct deployment *d = device_deployment(dev);
    struct procedure *asker = retarget_procedure(device_nscl(dev), e->reference);
    char purpose[32] = "apoc ";
    struct net_route up, down;

    str_append_number(purpose, sizeof purpose, strlen(purpose), in_of(dev)->sessions++);
    e->proc = record_begin(dev->population, device_node(dev), PROC_APOC, "dia", now, now);
    e->proc->peer_id = local_node(l);
    e->proc->attempts = 1;
    if (asker)
        procedure_ride(asker, e->proc, now);
    e->session =
        session_new(&errand_ops, e, &dev->gateway->node.host, device_stream(dev, purpose), NULL);
    /* Links are counted by the local devices, whose way to the gateway it is. */
    route_between(d, l->population->index, l->index, dev->population->index, &down, &up);
    up.host = (uint32_t)device_node(dev);
    session_connect(e->session, d->net, d->in.tcp, &up, &down, local_apoc(l));
    sim_event_init(&e->timer, &timer_ops, NULL);
    sim_schedule(d->sim, &e->timer,
                 sim_ns_add(now, device_nscl(dev)->population->config->server->hand_on_timeout));
}

/* ---- what has come ---- */

/* "http://HOST/PATH" at an application of this gateway's; NULL: of nobody there who listens. */
static struct local *find_local(struct device *dev, const char *uri, const char **path)
{
    char host[NODE_NAME_MAX + 16];
    struct local *l;

    *path = contact_host(uri, host, sizeof host);
    if (!*path)
        return NULL;
    l = local_find(device_deployment(dev), host);
    return l && local_apoc(l) && local_gateway(l) == dev ? l : NULL;
}

/* It goes to an application, if there is one. rep is given up. */
static void go_on(struct device *dev, const char *reference, const struct m2m_primitive *p,
                  const char *uri, struct m2m_rep *rep, sim_ns now)
{
    struct retarget_in *in = in_of(dev);
    const char *path = NULL;
    struct local *l = find_local(dev, uri, &path);
    struct errand *e;

    if (!l) {
        put_answer(dev, reference, p->correlation_id, STATUS_BAD_GATEWAY, NULL, NULL, now);
        return;
    }
    e = xcalloc(1, sizeof *e);
    e->dev = dev;
    e->local = l;
    e->reference = xstrdup(reference);
    e->target = xstrdup(path);
    e->entity = xstrdup(p->requesting_entity);
    e->method = p->method;
    e->id = p->correlation_id;
    e->rep = *rep;
    m2m_rep_init(rep, M2M_NO_TYPE);
    e->wanted = true;
    e->next = in->errands;
    e->link = &in->errands;
    if (e->next)
        e->next->link = &e->next;
    in->errands = e;
    connect(e, now);
}

static uint32_t in_hand(const struct retarget_in *in)
{
    uint32_t n = in->count;

    for (const struct errand *e = in->errands; e; e = e->next)
        n++;
    return n;
}

/* An SCL that announces to this one has no <scl> here, for it has registered at their NSCL, which
 * knows it and hands its requests on (etsi-m2m.md 8.4: mutual registration): it gets one. */
static void know_announcer(struct gateway *g, const struct m2m_primitive *p, sim_ns now)
{
    uint8_t node_id[M2M_NODE_ID_LEN];
    char link[M2M_MAX_URI + 32];
    struct m2m_path path;
    struct m2m_rep rep;

    if (!node_id_of_scl(p->requesting_entity, node_id) ||
        m2m_path_parse(span_str(p->target_id), GATEWAY_BASE, &path) != M2M_PATH_OK ||
        path.count < 4 || path.step[2].type != M2M_SCL ||
        strcmp(m2m_path_name(&path, 2), p->requesting_entity) != 0)
        return;
    snprintf(link, sizeof link, "https://%s.m2m.example/" GATEWAY_BASE, p->requesting_entity);
    m2m_rep_init(&rep, M2M_SCL);
    m2m_put_text(&rep, E_SCL_ID, p->requesting_entity);
    m2m_put_text(&rep, E_LINK, link);
    m2m_put_number(&rep, E_MGMT_PROTOCOL_TYPE, observed_word(E_MGMT_PROTOCOL_TYPE, "BBF TR 069"));
    (void)gateway_create(g, now, p->requesting_entity, "/" GATEWAY_BASE "/scls", &rep);
}

/* Asks the own tree; a device's DSCL has none that others could ask. */
static void ask(struct device *dev, const char *reference, const struct m2m_primitive *p,
                struct m2m_rep *rep, sim_ns now)
{
    struct m2m_request request = {.target_id = span_str(p->target_id),
                                  .requesting_entity = p->requesting_entity,
                                  .representation = rep->type ? rep : NULL,
                                  .method = p->method,
                                  .point = M2M_MID,
                                  .handed_on = true};
    struct m2m_response response;

    if (dev->gateway && p->method == M2M_CREATE)
        know_announcer(dev->gateway, p, now);
    m2m_response_init(&response);
    if (in_hand(in_of(dev)) >= MOST)
        response.status_code = STATUS_SERVICE_UNAVAILABLE;
    else if (dev->gateway)
        gateway_request(dev->gateway, now, &request, &response);
    else
        response.status_code = STATUS_NOT_FOUND;
    if (response.onward == M2M_TO_APPLICATION)
        go_on(dev, reference, p, response.resource_uri, rep, now);
    else
        put_answer(dev, reference, p->correlation_id, (int)response.status_code,
                   *response.resource_uri ? response.resource_uri : NULL, &response.representation,
                   now);
    m2m_response_clear(&response);
}

void retarget_take(struct device *dev, struct span notify, struct meter *m, sim_ns now)
{
    struct m2m_primitive primitive = {.response = false};
    char reference[REFERENCE], why[80];
    struct m2m_rep rep;
    struct span text;

    m2m_find_text(notify, E_SUBSCRIPTION_REFERENCE, reference, sizeof reference);
    if (!m2m_find(notify, E_REPRESENTATION, &text))
        return;
    meter_add(m, OP_XML_DOCUMENT, 1, text.n);
    meter_add(m, OP_DB_ACCESS, 1, 0);
    if (m2mxml_primitive_read(text, &primitive, NULL, &rep, why) != REASON_NONE)
        return;
    ask(dev, reference, &primitive, &rep, now);
    m2m_rep_clear(&rep);
}

/* ---- the end of it ---- */

void retarget_lose(struct device *dev, sim_ns now)
{
    struct retarget_in *in = *longpoll_retarget(dev);

    if (!in)
        return;
    while (in->errands) {
        struct errand *e = in->errands;
        struct session *s = e->session;

        procedure_book(e->proc, s, &e->booked);
        record_end(device_deployment(dev), e->proc, now, "failed", REASON_OUTAGE);
        free_errand(e);
        session_vanish(s);
    }
    while (in->first)
        drop_first(in);
}

void retarget_finish(struct device *dev, sim_ns now)
{
    struct retarget_in *in = *longpoll_retarget(dev);

    for (struct errand *e = in ? in->errands : NULL; e; e = e->next) {
        procedure_book(e->proc, e->session, &e->booked);
        record_unfinished(device_deployment(dev), e->proc, now);
        e->proc = NULL;
    }
}

void retarget_drop_all(struct device *dev)
{
    struct retarget_in *in = *longpoll_retarget(dev);

    if (!in)
        return;
    while (in->errands) {
        struct session *s = in->errands->session;

        free_errand(in->errands);
        session_free(s);
    }
    while (in->first)
        drop_first(in);
    free(in);
    *longpoll_retarget(dev) = NULL;
}
