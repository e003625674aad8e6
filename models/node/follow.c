/* Subscriptions at gateways: CREATE of a subscription below each container of the devices that an
 * application follows, at its URI in their gateway's tree, over mIa. What is not there yet, or is
 * not answered, is asked again after a while. */
#include "models/node/follow.h"

#include "models/node/application.h"
#include "models/node/gateway.h"
#include "models/node/lanes.h"
#include "models/node/watch.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

#define LANES    8u         /* requests at one time */
#define NUMBERED 100000000u /* sessions of a lane, apart from those to actuators */

struct follow {
    struct server *node;
    const char *app_id;
    struct lanes *lanes;
    struct watch_queue turns; /* devices that it has not subscribed to, by when they are due */
    bool begun;
};

static const struct cfg_application *config(const struct follow *f)
{
    return &f->node->population->config->server->application;
}

static struct deployment *deployment_of(const struct follow *f)
{
    return f->node->population->d;
}

static struct population *followed(const struct follow *f)
{
    return &deployment_of(f)->populations[config(f)->follow];
}

bool follow_is_of(const struct server *s, const struct population *p)
{
    return s->population->config->kind == CFG_APPLICATION &&
           s->population->config->server->application.follow == p->index;
}

/* ---- requests: prepare ---- */

static bool write_request(void *arg, uint32_t whom, sim_ns due, struct mid_client *c, sim_ns now)
{
    const struct follow *f = arg;
    const struct local *l = &followed(f)->locals[whom];
    char scl_id[M2M_MAX_URI], path[2 * NODE_NAME_MAX], app_id[NODE_NAME_MAX];
    char target[2 * M2M_MAX_URI], contact[M2M_MAX_URI];
    uint8_t node_id[M2M_NODE_ID_LEN];
    struct m2m_doc doc = {.kind = DOC_NONE};
    struct m2m_rep rep;
    bool asked;
    size_t n;

    (void)due;
    device_node_id(local_gateway(l), node_id);
    node_scl_id(node_id, scl_id);
    local_app_id(l, app_id);
    gateway_path(path, sizeof path, app_id, PLACE_INSTANCES);
    n = str_append(target, sizeof target, 0, "http://");
    n = str_append(target, sizeof target, n, scl_id);
    n = str_append(target, sizeof target, n, ".m2m.example");
    n = str_append(target, sizeof target, n, path);
    str_append(target, sizeof target, n, "/subscriptions");
    contact_uri(f->node, contact, sizeof contact);
    m2m_rep_init(&rep, M2M_SUBSCRIPTION);
    m2m_put_text(&rep, E_ID, f->app_id);
    if (config(f)->spacing)
        m2m_put_number(&rep, E_MINIMAL_TIME, config(f)->spacing / SIM_MS);
    m2m_put_text(&rep, E_CONTACT, contact);
    observed_take(&rep, &doc);
    asked = mid_client_request(c, now, "CREATE subscription", HTTP_POST, target, &doc);
    m2m_doc_release(&doc);
    return asked;
}

/* ---- commit ---- */

static sim_ns due_at(void *arg)
{
    const struct watch_turn *turn = watch_front(&((struct follow *)arg)->turns);

    return turn ? turn->due : SIM_NEVER;
}

static void next(void *arg, sim_ns now)
{
    struct follow *f = arg;
    sim_ns due = watch_front(&f->turns)->due;
    uint32_t whom = watch_take(&f->turns);

    lanes_ask(f->lanes, PROC_SUBSCRIPTION, whom,
              device_node(local_gateway(&followed(f)->locals[whom])), due, now);
}

/* What is there from an earlier request, whose answer was lost, is as good. */
static void over(void *arg, uint32_t whom, enum reason reason, sim_ns now)
{
    struct follow *f = arg;

    if (reason != REASON_NONE && reason != REASON_CONFLICT)
        watch_put(&f->turns, whom, sim_ns_add(now, config(f)->retry));
}

static const struct lanes_user lanes_user = {due_at, next, write_request, over};

/* ---- life ---- */

struct follow *follow_new(struct server *s, struct server *nscl, const char *app_id)
{
    const struct cfg_application *c = &s->population->config->server->application;
    struct follow *f;

    if (!nscl || c->follow == CFG_NONE)
        return NULL;
    f = xcalloc(1, sizeof *f);
    f->node = s;
    f->app_id = app_id;
    f->lanes = lanes_new(s, nscl, app_id, LANES, NUMBERED, &lanes_user, f);
    return f;
}

void follow_begin(struct follow *f, sim_ns now)
{
    if (!f || f->begun)
        return;
    f->begun = true;
    for (uint32_t i = 0; i < followed(f)->config->count; i++)
        watch_put(&f->turns, i, now);
    lanes_arm(f->lanes, now);
}

void follow_set_off(struct follow *f, bool off, sim_ns now)
{
    if (f)
        lanes_set_off(f->lanes, off, now);
}

void follow_finish(struct follow *f, sim_ns now)
{
    if (f)
        lanes_finish(f->lanes, now);
}

void follow_free(struct follow *f)
{
    if (!f)
        return;
    lanes_free(f->lanes);
    watch_queue_release(&f->turns);
    free(f);
}
