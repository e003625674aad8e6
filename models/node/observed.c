/* What a device says and makes at its NSCL so that applications can find it and use what it stores
 * (etsi-m2m.md 8.1, 8.4): searchStrings, and an accessRight of its own that <scl> and container
 * point to. An accessRightID that leads nowhere yet says nothing, so <scl> names it before it is
 * there. */
#include "models/node/application.h"
#include "models/node/longpoll.h"

#include <stdio.h>

#define RIGHT_ID "applications"

void observed_put_right(struct m2m_rep *rep, const char *scl_id)
{
    char uri[2 * M2M_MAX_URI];

    snprintf(uri, sizeof uri, "/m2m/scls/%s/accessRights/" RIGHT_ID, scl_id);
    m2m_put_text(rep, E_ACCESS_RIGHT_ID, uri);
}

static const struct population *gateway_of(const struct population *p)
{
    return p->config->kind == CFG_LOCAL ? &p->d->populations[p->config->device->local.behind] : p;
}

bool observed_is_sought(const struct population *p)
{
    return p->sought || gateway_of(p)->sought;
}

static void put_name(struct m2m_rep *rep, const struct population *p)
{
    if (p->sought)
        m2m_put_text(rep, E_SEARCH_STRING, p->config->name);
}

/* Applications look for the devices that they are about by the population's name: at a gateway that
 * of the devices behind it too. */
static void put_search_strings(struct m2m_rep *rep, const struct population *p)
{
    size_t opened = m2m_open(rep, E_SEARCH_STRINGS);

    if (p->config->kind == CFG_GATEWAY)
        m2m_put_text(rep, E_SEARCH_STRING, OBSERVED_GATEWAY);
    put_name(rep, p);
    for (uint32_t i = 0; i < p->d->in.population_count; i++) {
        const struct population *other = &p->d->populations[i];
        if (other != p && gateway_of(other) == p)
            put_name(rep, other);
    }
    m2m_close(rep, opened);
}

/* Of a container: whose readings they are, and at whose gateway. */
static void put_owners(struct m2m_rep *rep, const struct population *p)
{
    size_t opened = m2m_open(rep, E_SEARCH_STRINGS);

    put_name(rep, p);
    if (gateway_of(p) != p)
        put_name(rep, gateway_of(p));
    m2m_close(rep, opened);
}

void observed_take(struct m2m_rep *rep, struct m2m_doc *doc)
{
    m2m_doc_release(doc);
    doc->kind = DOC_RESOURCE;
    doc->u.resource = (struct doc_resource){(int)rep->type, rep->n};
    doc->owned = rep->p;
}

int64_t observed_word(enum m2m_element e, const char *word)
{
    const char *const *words = m2m_element_info(e)->words;
    int64_t i = 0;

    while (strcmp(words[i], word) != 0)
        i++;
    return i;
}

/* Where the NSCL reaches it. */
static void put_poc(struct m2m_rep *rep, const char *scl_id)
{
    size_t opened = m2m_open(rep, E_POCS);
    char contact[2 * M2M_MAX_URI];

    longpoll_contact(scl_id, contact, sizeof contact);
    m2m_put_text(rep, E_REFERENCE, contact);
    m2m_close(rep, opened);
}

void observed_scl(const struct device *dev, const char *scl_id, struct m2m_doc *doc)
{
    const struct doc_scl *scl = &doc->u.scl;
    struct m2m_rep rep;
    size_t opened;

    m2m_rep_init(&rep, M2M_SCL);
    m2m_put_text(&rep, E_SCL_ID, scl->scl_id);
    m2m_put_text(&rep, E_LINK, scl->link);
    m2m_put_number(&rep, E_EXPIRATION_TIME, scl->expires_unix_ns);
    if (dev->population->observed) {
        observed_put_right(&rep, scl_id);
        put_search_strings(&rep, dev->population);
    }
    if (dev->channel)
        put_poc(&rep, scl_id);
    m2m_put_number(&rep, E_MGMT_PROTOCOL_TYPE,
                   observed_word(E_MGMT_PROTOCOL_TYPE, scl->mgmt_protocol_type));
    if (scl->has_ival) {
        opened = m2m_open(&rep, E_INTEGRITY_VAL_RESULTS);
        m2m_put_number(&rep, E_IVAL_RESULTS, scl->ival.result);
        m2m_put_number(&rep, E_SIGNED_IVAL_RESULT, scl->ival.signature);
        m2m_put_text(&rep, E_SECURE_TIME_STAMP, scl->ival.time_stamp);
        m2m_close(&rep, opened);
    }
    observed_take(&rep, doc);
}

void observed_container(const struct population *p, const char *scl_id, struct m2m_doc *doc)
{
    const struct doc_container *container = &doc->u.container;
    struct m2m_rep rep;

    m2m_rep_init(&rep, M2M_CONTAINER);
    m2m_put_text(&rep, E_ID, container->id);
    observed_put_right(&rep, scl_id);
    put_owners(&rep, p);
    m2m_put_number(&rep, E_MAX_NR_OF_INSTANCES, container->max_instances);
    observed_take(&rep, doc);
}

static void put_flags(struct m2m_rep *rep, const char *const *flags)
{
    size_t opened = m2m_open(rep, E_PERMISSION_FLAGS);

    for (; *flags; flags++)
        m2m_put_number(rep, E_FLAG, observed_word(E_FLAG, *flags));
    m2m_close(rep, opened);
}

void observed_put_owner(struct m2m_rep *rep, enum m2m_element ids, enum m2m_element id,
                        const char *name)
{
    static const char *const all[] = {"READ", "WRITE", "DISCOVER", "DELETE", "CREATE", NULL};
    size_t permission = m2m_open(rep, E_PERMISSION), holders, list;

    put_flags(rep, all);
    holders = m2m_open(rep, E_PERMISSION_HOLDERS);
    list = m2m_open(rep, ids);
    m2m_put_text(rep, id, name);
    m2m_close(rep, list);
    m2m_close(rep, holders);
    m2m_close(rep, permission);
}

void observed_put_applications(struct m2m_rep *rep, const struct deployment *d,
                               const char *const *flags, observed_holds *holds, const void *arg)
{
    size_t permission = m2m_open(rep, E_PERMISSION), holders, ids;
    char id[NODE_NAME_MAX];

    put_flags(rep, flags);
    holders = m2m_open(rep, E_PERMISSION_HOLDERS);
    ids = m2m_open(rep, E_APPLICATION_IDS);
    for (uint32_t i = 0; i < d->in.population_count; i++) {
        const struct population *p = &d->populations[i];
        for (uint32_t k = 0; p->servers && k < p->config->count; k++) {
            if (!holds(&p->servers[k], arg))
                continue;
            application_id(&p->servers[k], id);
            m2m_put_text(rep, E_APPLICATION_ID, id);
        }
    }
    m2m_close(rep, ids);
    m2m_close(rep, holders);
    m2m_close(rep, permission);
}

static bool observes(const struct server *s, const void *arg)
{
    return application_observes(s, arg);
}

void observed_access_right(const struct device *dev, const char *scl_id, struct m2m_doc *doc)
{
    /* To read, to be found by, and to make: subscriptions and, by EXECUTE, commands. */
    static const char *const some[] = {"READ", "DISCOVER", "CREATE", NULL};
    struct m2m_rep rep;
    size_t opened;

    m2m_rep_init(&rep, M2M_ACCESS_RIGHT);
    m2m_put_text(&rep, E_ID, RIGHT_ID);
    opened = m2m_open(&rep, E_PERMISSIONS);
    observed_put_owner(&rep, E_SCL_IDS, E_SCLID, scl_id);
    observed_put_applications(&rep, device_deployment(dev), some, observes, dev->population);
    m2m_close(&rep, opened);
    opened = m2m_open(&rep, E_SELF_PERMISSIONS);
    observed_put_owner(&rep, E_SCL_IDS, E_SCLID, scl_id);
    m2m_close(&rep, opened);
    observed_take(&rep, doc);
}
