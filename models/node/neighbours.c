/* What a device stores at its gateway is its own (etsi-m2m.md 8.4): an application on another
 * device there, or one at the NSCL that follows it, may look at it and subscribe to it by an
 * accessRight of its application, which the gateway makes when that registers, for the applications
 * that are about such devices (etsiSclMo: regAccessRightID). */
#include "models/node/application.h"
#include "models/node/follow.h"
#include "models/node/gateway.h"

#include <stdio.h>

#define RIGHTS   GATEWAY_APPLICATIONS "/%s/accessRights"
#define RIGHT_ID "neighbours"

void neighbours_put(struct m2m_rep *rep, const char *app_id, const struct population *p)
{
    char uri[2 * NODE_NAME_MAX];

    if (!p->heeded)
        return;
    snprintf(uri, sizeof uri, RIGHTS "/" RIGHT_ID, app_id);
    m2m_put_text(rep, E_ACCESS_RIGHT_ID, uri);
}

/* What the application says it is, by its population's name, s follows. */
static bool is_followed(const struct server *s, struct span application)
{
    const struct deployment *d = s->population->d;

    for (uint32_t i = 0; i < d->in.population_count; i++)
        if (follow_is_of(s, &d->populations[i]))
            return m2m_list_has(application, E_SEARCH_STRINGS, E_SEARCH_STRING,
                                d->populations[i].config->name);
    return false;
}

struct neighbourhood {
    const struct device *gateway;
    struct span application;
};

/* Behind the same gateway one that looks for what the application says it is; elsewhere one that
 * follows it. */
static bool is_neighbour(const struct server *s, const void *arg)
{
    const struct neighbourhood *n = arg;

    return is_followed(s, n->application) || (application_gateway(s) == n->gateway &&
                                              application_wants(s->application, n->application));
}

void neighbours_make_right(struct gateway *g, sim_ns now, const char *app_id,
                           const struct m2m_rep *application)
{
    static const char *const some[] = {"READ", "DISCOVER", "CREATE", NULL};
    char target[2 * NODE_NAME_MAX], named[2 * NODE_NAME_MAX];
    struct span id, list = m2m_rep_span(application);
    struct m2m_rep rep;
    size_t opened;

    snprintf(target, sizeof target, RIGHTS, app_id);
    snprintf(named, sizeof named, RIGHTS "/" RIGHT_ID, app_id);
    if (!m2m_find(list, E_ACCESS_RIGHT_ID, &id) || !m2m_is_text(id, named))
        return;
    m2m_rep_init(&rep, M2M_ACCESS_RIGHT);
    m2m_put_text(&rep, E_ID, RIGHT_ID);
    opened = m2m_open(&rep, E_PERMISSIONS);
    observed_put_owner(&rep, E_APPLICATION_IDS, E_APPLICATION_ID, app_id);
    observed_put_applications(&rep, device_deployment(g->dev), some, is_neighbour,
                              &(struct neighbourhood){g->dev, list});
    m2m_close(&rep, opened);
    opened = m2m_open(&rep, E_SELF_PERMISSIONS);
    observed_put_owner(&rep, E_APPLICATION_IDS, E_APPLICATION_ID, app_id);
    m2m_close(&rep, opened);
    (void)gateway_create(g, now, app_id, target, &rep);
}
