/* A gateway's own: its resource tree, which has no NSCL's part, and the application that runs on
 * it. */
#include "models/node/gateway.h"

#include "models/node/application.h"
#include "models/node/node_id.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISCOVERY 100 /* maxNumberOfDiscovRecords */

static const struct cfg_device *config(const struct gateway *g)
{
    return g->dev->population->config->device;
}

static int64_t unix_of(const struct gateway *g, sim_ns now)
{
    return device_deployment(g->dev)->in.epoch_unix_ns + now;
}

/* ---- the tree ---- */

void gateway_authority(const struct device *dev, char out[NODE_NAME_MAX])
{
    char name[NODE_NAME_MAX];
    size_t n;

    node_name(dev->population, dev->index, name);
    n = str_append(out, NODE_NAME_MAX, 0, name);
    str_append(out, NODE_NAME_MAX, n, ".m2m.example");
}

static struct scl_tree *tree_of(struct gateway *g, sim_ns now)
{
    uint8_t node_id[M2M_NODE_ID_LEN];
    char scl_id[M2M_MAX_URI], authority[M2M_MAX_URI + 16];

    if (g->tree)
        return g->tree;
    /* Who it is the provider knows before it has bootstrapped. */
    device_node_id(g->dev, node_id);
    node_scl_id(node_id, scl_id);
    snprintf(authority, sizeof authority, "%s.m2m.example", scl_id); /* as its <scl> has in link */
    g->tree = scl_tree_new(
        &(struct scl_tree_settings){.base = GATEWAY_BASE,
                                    .scl_id = scl_id,
                                    .authority = authority,
                                    .hands_on = g->dev->channel != NULL,
                                    .registration_min = 60 * SIM_S,
                                    .registration_max = INT64_C(3650) * 86400 * SIM_S,
                                    .max_discovery = DISCOVERY,
                                    .max_nr_instances = config(g)->store.max_instances},
        unix_of(g, now));
    return g->tree;
}

/* An event that is too early finds nothing due, and looks again. */
static void arm_tree(struct gateway *g, sim_ns now)
{
    struct sim *sim = device_deployment(g->dev)->sim;
    int64_t expiry = g->tree ? scl_tree_expiry(g->tree) : SCL_TREE_NEVER;
    sim_ns at = expiry == SCL_TREE_NEVER ? SIM_NEVER : expiry - unix_of(g, 0);

    if (sim_is_pending(&g->tree_due) && sim_event_time(&g->tree_due) <= at)
        return;
    sim_cancel(sim, &g->tree_due);
    if (at != SIM_NEVER)
        sim_schedule(sim, &g->tree_due, at > now ? at : now);
}

static void tree_due_commit(struct sim *sim, struct sim_event *ev)
{
    struct gateway *g = (struct gateway *)((char *)ev - offsetof(struct gateway, tree_due));
    sim_ns now = sim_now(sim);

    if (g->dia.deaf) /* it looks when it has power again */
        return;
    scl_tree_expire(g->tree, unix_of(g, now));
    outbox_take(g, now);
    arm_tree(g, now);
}

static const struct sim_event_ops tree_due_ops = {"gateway-tree-due", NULL, tree_due_commit};

void gateway_request(struct gateway *g, sim_ns now, const struct m2m_request *request,
                     struct m2m_response *response)
{
    const struct m2m_rep *rep = request->representation;

    scl_tree_request(tree_of(g, now), unix_of(g, now), request, response);
    if (response->status_code == STATUS_CREATED && rep && rep->type == M2M_APPLICATION)
        neighbours_make_right(g, now, request->requesting_entity, rep);
    outbox_take(g, now);
    arm_tree(g, now);
}

enum m2m_status gateway_create(struct gateway *g, sim_ns now, const char *entity,
                               const char *target, struct m2m_rep *rep)
{
    struct m2m_response r;
    enum m2m_status status;

    m2m_response_init(&r);
    gateway_request(g, now,
                    &(struct m2m_request){.target_id = span_str(target),
                                          .requesting_entity = entity,
                                          .representation = rep,
                                          .method = M2M_CREATE,
                                          .point = M2M_DIA},
                    &r);
    status = r.status_code;
    m2m_response_clear(&r);
    m2m_rep_clear(rep);
    return status;
}

/* By the population's name they are found, here and at the NSCL. */
static void put_search_strings(struct m2m_rep *rep, const struct population *p)
{
    size_t opened;

    if (!p->config->device->announce && !p->heeded)
        return;
    opened = m2m_open(rep, E_SEARCH_STRINGS);
    m2m_put_text(rep, E_SEARCH_STRING, p->config->name);
    m2m_close(rep, opened);
}

static void put_announcement(struct m2m_rep *rep, const struct population *p,
                             const struct device *gateway)
{
    char base[NODE_NAME_MAX + 16];
    size_t opened, list;

    if (!p->config->device->announce)
        return;
    snprintf(base, sizeof base, "https://%s/" GATEWAY_BASE, device_nscl(gateway)->fqdn);
    opened = m2m_open(rep, E_ANNOUNCE_TO);
    list = m2m_open(rep, E_SCL_LIST);
    m2m_put_text(rep, E_REFERENCE, base);
    m2m_close(rep, list);
    m2m_close(rep, opened);
}

void gateway_application(struct m2m_rep *rep, const char *app_id, const struct population *p,
                         const struct device *gateway)
{
    m2m_rep_init(rep, M2M_APPLICATION);
    m2m_put_text(rep, E_APP_ID, app_id);
    neighbours_put(rep, app_id, p);
    put_search_strings(rep, p);
    put_announcement(rep, p, gateway);
}

void gateway_container(struct m2m_rep *rep, const char *app_id, const struct population *p,
                       const struct device *gateway)
{
    m2m_rep_init(rep, M2M_CONTAINER);
    m2m_put_text(rep, E_ID, GATEWAY_CONTAINER);
    neighbours_put(rep, app_id, p);
    put_search_strings(rep, p);
    put_announcement(rep, p, gateway);
}

void gateway_instance(struct m2m_rep *rep, const char *id, struct span content)
{
    m2m_rep_init(rep, M2M_CONTENT_INSTANCE);
    m2m_put_text(rep, E_ID, id);
    m2m_put(rep, E_CONTENT, content);
}

void gateway_path(char *out, size_t n, const char *app_id, enum gateway_place place)
{
    snprintf(out, n, GATEWAY_APPLICATIONS "/%s/containers%s", app_id,
             place == PLACE_INSTANCES ? "/" GATEWAY_CONTAINER "/contentInstances" : "");
}

/* ---- its own application ---- */

void reading_octets(struct rng stream, sim_ns now, uint8_t *octets, uint32_t n)
{
    stream.counter = (uint64_t)now;
    rng_bytes(&stream, octets, n);
}

void reading_id(sim_ns now, char id[READING_ID])
{
    snprintf(id, READING_ID, "r%lld", (long long)(now / SIM_MS));
}

sim_ns gateway_reading_at(const struct device *dev)
{
    return dev->state == DEVICE_UP && dev->population->config->device->report.every
               ? dev->report_next
               : SIM_NEVER;
}

static void make_application(struct gateway *g, sim_ns now)
{
    char containers[128];
    struct m2m_rep rep;

    if (g->tree && g->has_application)
        return;
    g->has_application = true;
    gateway_application(&rep, GATEWAY_OWN, g->dev->population, g->dev);
    (void)gateway_create(g, now, GATEWAY_OWN, GATEWAY_APPLICATIONS, &rep);
    gateway_path(containers, sizeof containers, GATEWAY_OWN, PLACE_CONTAINERS);
    gateway_container(&rep, GATEWAY_OWN, g->dev->population, g->dev);
    (void)gateway_create(g, now, GATEWAY_OWN, containers, &rep);
}

void gateway_read(struct device *dev, sim_ns now)
{
    struct gateway *g = dev->gateway;
    const struct cfg_device *c = config(g);
    uint8_t *octets = xcalloc(1, c->report.octets);
    struct reading r = {
        .t_intended = dev->report_next, .trpdt = c->report.trpdt, .rcat = c->report.rcat};
    char target[128], id[READING_ID];
    struct m2m_rep rep;

    make_application(g, now);
    reading_octets(device_stream(dev, "readings"), now, octets, c->report.octets);
    reading_id(now, id);
    r.id = id;
    r.content = span_of(octets, c->report.octets);
    gateway_path(target, sizeof target, GATEWAY_OWN, PLACE_INSTANCES);
    gateway_instance(&rep, id, r.content);
    if (gateway_create(g, now, GATEWAY_OWN, target, &rep) == STATUS_CREATED)
        store_put(g, now, &r);
    free(octets);
    dev->report_next = device_jitter(dev, dev->report_next + c->report.every, c->report.every,
                                     c->report.jitter_ppm);
}

/* ---- life ---- */

void gateway_init(struct device *dev)
{
    struct gateway *g = dev->gateway = xcalloc(1, sizeof *g);

    g->dev = dev;
    g->due = SIM_NEVER;
    g->epoch = 1;
    outbox_init(g);
    sim_event_init(&g->tree_due, &tree_due_ops, NULL);
    ledger_start(&g->clock, 0, PART_OTHER);
    gateway_dia_init(g);
}

void gateway_start(struct device *dev, sim_ns now)
{
    const struct cfg_device *c = config(dev->gateway);

    dev->gateway->dia.deaf = dev->gateway->applications.deaf = false;
    arm_tree(dev->gateway, now);
    if (c->report.every)
        dev->report_next = now + (sim_ns)(device_draw(dev) * (double)c->report.every);
}

void gateway_power_off(struct device *dev)
{
    dev->gateway->dia.deaf = dev->gateway->applications.deaf = true;
    dia_node_free_ends(&dev->gateway->node, true);
    delivery_lose(dev->gateway->delivery, node_now(device_deployment(dev)));
}

void gateway_finish(struct device *dev, sim_ns now)
{
    struct gateway *g = dev->gateway;

    gateway_stop(dev, now);
    store_finish(g, now);
    outbox_finish(g, now);
    delivery_end(g->delivery, now);
}

void gateway_release(struct device *dev)
{
    struct gateway *g = dev->gateway;

    if (!g)
        return;
    sim_cancel(device_deployment(dev)->sim, &g->tree_due);
    dia_node_free_ends(&g->node, false);
    delivery_destroy(g->delivery);
    outbox_release(g);
    store_release(g);
    scl_tree_free(g->tree);
    free(g);
}
