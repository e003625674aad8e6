/* What an application asks for each of its errands, and what comes of the answers. */
#include "models/node/application_impl.h"

#include "models/node/actuate.h"
#include "models/node/follow.h"
#include "models/node/longpoll.h"
#include "models/node/record.h"
#include "models/proto/m2m_path.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCLS         APPLICATION_BASE "/scls"
#define APPLICATIONS APPLICATION_BASE "/applications"
#define READINGS     "readings" /* a device's only container */

/* ---- requests: prepare ---- */

static bool ask(struct mid_client *c, sim_ns now, const char *label, enum http_method method,
                const char *target, struct m2m_rep *rep)
{
    struct m2m_doc doc = {.kind = DOC_RESOURCE};
    bool asked;

    if (!rep)
        return mid_client_request(c, now, label, method, target, NULL);
    doc.u.resource = (struct doc_resource){(int)rep->type, rep->n};
    doc.owned = rep->p;
    asked = mid_client_request(c, now, label, method, target, &doc);
    m2m_rep_clear(rep);
    return asked;
}

static bool ask_registration(const struct application *a, struct mid_client *c, sim_ns now)
{
    struct m2m_rep rep;

    m2m_rep_init(&rep, M2M_APPLICATION);
    m2m_put_text(&rep, E_APP_ID, a->id);
    return ask(c, now, "CREATE application", HTTP_POST, APPLICATIONS, &rep);
}

static bool ask_subscription(const struct application *a, struct mid_client *c, sim_ns now,
                             const char *target, sim_ns spacing)
{
    char contact[M2M_MAX_URI];
    struct m2m_rep rep;

    contact_uri(a->node, contact, sizeof contact);
    m2m_rep_init(&rep, M2M_SUBSCRIPTION);
    m2m_put_text(&rep, E_ID, a->id);
    if (spacing)
        m2m_put_number(&rep, E_MINIMAL_TIME, spacing / SIM_MS);
    m2m_put_text(&rep, E_CONTACT, contact);
    return ask(c, now, "CREATE subscription", HTTP_POST, target, &rep);
}

static bool ask_discovery(const struct application *a, struct mid_client *c, sim_ns now)
{
    const struct watch_part *part = &a->watch.parts[a->watch.part_count - 1];
    char target[2 * M2M_MAX_URI], path[M2M_MAX_URI], date[40];
    size_t n = str_append(target, sizeof target, 0, APPLICATION_BASE "/discovery?searchString=");

    n = str_append(target, sizeof target, n, application_devices(a->node)->config->name);
    if (part->below != WATCH_NONE) {
        watch_path(&a->watch, part->below, APPLICATION_BASE, path, sizeof path);
        n = str_append(target, sizeof target, n, "&searchPrefix=");
        n = str_append(target, sizeof target, n, path);
    } else if (a->many) { /* where to look, and not yet what is there */
        n = str_append(target, sizeof target, n, "&searchString=" OBSERVED_GATEWAY);
    }
    if (!part->whole) {
        m2m_datetime_write(part->since_ms * SIM_MS, date);
        n = str_append(target, sizeof target, n, "&createdSince=");
        n = str_append(target, sizeof target, n, date);
        m2m_datetime_write(part->until_ms * SIM_MS, date);
        n = str_append(target, sizeof target, n, "&createdUntil=");
        str_append(target, sizeof target, n, date);
    }
    return ask(c, now, "RETRIEVE discovery", HTTP_GET, target, NULL);
}

/* "/m2m/scls/SCL-ID/containers/NAME/contentInstances/LAST", or what is about the containers of a
 * gateway. */
static void target_of(const struct application *a, const char *last, char *out, size_t n)
{
    const struct watched *w = application_watched(a, a->about);

    watch_path(&a->watch, a->about, APPLICATION_BASE, out, n);
    if (!a->many || !w->container)
        m2m_path_append(out, n, "containers");
    if (!a->many)
        m2m_path_append(out, n, READINGS);
    if (w->container || !a->many)
        m2m_path_append(out, n, "contentInstances");
    m2m_path_append(out, n, last);
}

static bool write_request(void *arg, struct mid_client *c, sim_ns now)
{
    const struct application *a = arg;
    char target[2 * M2M_MAX_URI];
    bool below;

    switch (a->errand) {
    case REGISTER:
        return ask_registration(a, c, now);
    case WATCH:
        return ask_subscription(
            a, c, now, a->gateway ? APPLICATIONS "/subscriptions" : SCLS "/subscriptions", 0);
    case DISCOVER:
        return ask_discovery(a, c, now);
    case SUBSCRIBE:
        below = a->many && !application_watched(a, a->about)->container;
        target_of(a, "subscriptions", target, sizeof target);
        return ask_subscription(a, c, now, target, below ? 0 : application_config(a)->spacing);
    case READ:
        target_of(a, application_config(a)->read.what == CFG_READ_LATEST ? "latest" : "oldest",
                  target, sizeof target);
        return ask(c, now, "RETRIEVE contentInstance", HTTP_GET, target, NULL);
    case EXECUTE:
        watch_path(&a->watch, a->about, APPLICATION_BASE, target, sizeof target);
        m2m_path_append(target, sizeof target, "mgmtObjs");
        m2m_path_append(target, sizeof target,
                        application_config(a)->command.what == CFG_COMMAND_RESET ? "reset"
                                                                                 : "firmware");
        m2m_path_append(target, sizeof target, "execEnable");
        return ask(c, now, "EXECUTE mgmtCmd", HTTP_POST, target, NULL);
    case ASK:
        return ask(c, now, "RETRIEVE execInstance", HTTP_GET, a->first_ordered->uri, NULL);
    case COMMAND:
    case NOTHING:
        break;
    }
    return false;
}

/* ---- answers ---- */

/* A containerAnnc, which holds no contentInstances, looks as a container does, but for its name. */
static bool is_announced(const char *name)
{
    size_t n = strlen(name);

    return n > 4 && strcmp(name + n - 4, "Annc") == 0;
}

/* URIs of SCLs, or of applications at a gateway, and of what stands below them. */
static void take_uris(struct application *a, const struct m2m_rep *rep, sim_ns now)
{
    struct span list;
    struct m2m_item item;
    struct m2m_path path;

    if (!m2m_find(m2m_rep_span(rep), E_DISCOVERY_URI, &list))
        return;
    while (m2m_next(&list, &item)) {
        if (m2m_path_parse(item.value, APPLICATION_ROOT, &path) != M2M_PATH_OK || path.count < 3)
            continue;
        if (path.step[2].type == M2M_APPLICATION)
            application_hears_of_application(a, m2m_path_name(&path, 2), true, now);
        if (path.step[2].type != M2M_SCL)
            continue;
        application_hears_of(a, m2m_path_name(&path, 2), true, now);
        if (path.count == 5 && path.step[4].type == M2M_CONTAINER &&
            !is_announced(m2m_path_name(&path, 4)))
            application_hears_of_container(a, m2m_path_name(&path, 2), m2m_path_name(&path, 4),
                                           true, now);
    }
}

/* An answer that was cut short is asked for in halves, by when things were created; what is created
 * from now on is told by the subscriptions. */
static void take_discovery(struct application *a, const struct m2m_rep *rep, sim_ns now)
{
    int64_t epoch_ns = application_deployment(a)->in.epoch_unix_ns;

    take_uris(a, rep, now);
    if (m2m_find_number(m2m_rep_span(rep), E_TRUNCATED, 0) == 0)
        watch_end_part(&a->watch);
    else
        watch_halve_part(&a->watch, epoch_ns / SIM_MS, (epoch_ns + now) / SIM_MS + 1, now);
    if (a->watch.part_count == 0)
        a->discovered = true;
}

/* A gateway's containers from now on are told; those that were there before are asked for. */
static void subscribed(struct application *a, sim_ns now)
{
    struct watched *w = application_watched(a, a->about);

    w->subscribed = true;
    if (a->many && !w->container)
        watch_want_part(&a->watch, a->about, now);
}

/* The first goes behind the others, or is done with. */
static void take_status(struct application *a, bool over, sim_ns now)
{
    struct ordered *o = a->first_ordered;

    a->first_ordered = o->next;
    if (!o->next)
        a->last_ordered = &a->first_ordered;
    if (over) {
        free(o);
        return;
    }
    o->next = NULL;
    o->due = sim_ns_add(now, application_config(a)->retry);
    *a->last_ordered = o;
    a->last_ordered = &o->next;
}

/* From now on the command's procedure is the NSCL's to end; its status is asked for meanwhile. */
static void hand_over(struct application *a, const struct mid_response *r, sim_ns now)
{
    struct ordered *o = xcalloc(1, sizeof *o);

    snprintf(o->uri, sizeof o->uri, "%s", r->location);
    o->due = sim_ns_add(now, application_config(a)->retry);
    *a->last_ordered = o;
    a->last_ordered = &o->next;
    commands_attach(a->nscl, r->location, a->proc, now);
    a->proc = NULL;
}

static void succeeded(struct application *a, const struct mid_response *r, sim_ns now)
{
    switch (a->errand) {
    case REGISTER:
        a->registered = true;
        actuate_begin(a->actuate, now);
        follow_begin(a->follow, now);
        break;
    case WATCH:
        a->watching = true;
        break;
    case DISCOVER:
        take_discovery(a, &r->rep, now);
        break;
    case SUBSCRIBE:
        subscribed(a, now);
        break;
    case EXECUTE:
        hand_over(a, r, now);
        break;
    case ASK:
        take_status(a,
                    m2m_find_number(m2m_rep_span(&r->rep), E_EXEC_STATUS, 0) ==
                        observed_word(E_EXEC_STATUS, "FINISHED"),
                    now);
        break;
    case READ:
    case COMMAND:
    case NOTHING:
        break;
    }
}

/* It was there from an earlier request, whose answer was lost. */
static bool is_as_good(enum errand errand, enum reason reason)
{
    return reason == REASON_CONFLICT &&
           (errand == REGISTER || errand == WATCH || errand == SUBSCRIBE);
}

/* What is below an SCL is asked for again with the subscription that it belongs to. */
static void lose_part(struct application *a, sim_ns now)
{
    uint32_t below = a->watch.parts[a->watch.part_count - 1].below;

    if (below == WATCH_NONE)
        return;
    watch_end_part(&a->watch);
    application_watched(a, below)->subscribed = false;
    if (application_watched(a, below)->there)
        application_want(a, below, true, now);
}

static void refused(struct application *a, enum reason reason, sim_ns now)
{
    a->hold = sim_ns_add(now, application_config(a)->retry);
    if (a->errand == SUBSCRIBE && application_watched(a, a->about)->there)
        application_want(a, a->about, true, now);
    if (a->errand == DISCOVER)
        lose_part(a, now);
    if (a->errand == ASK && reason == REASON_NOT_FOUND)
        commands_lost(a->nscl, a->first_ordered->uri, now);
    if (a->errand == ASK)
        take_status(a, reason == REASON_NOT_FOUND, now);
}

static void over(struct application *a, sim_ns now, enum reason reason)
{
    struct procedure *p = a->proc;

    a->proc = NULL;
    if (p)
        record_end(application_deployment(a), p, now, reason == REASON_NONE ? "success" : "failed",
                   reason);
    application_arm(a, now);
}

static void answered(void *arg, sim_ns now, const struct mid_response *r)
{
    struct application *a = arg;

    if (r->reason == REASON_NONE || is_as_good(a->errand, r->reason))
        succeeded(a, r, now);
    else
        refused(a, r->reason, now);
    over(a, now, r->reason);
}

void application_failed(void *arg, sim_ns now, enum reason reason)
{
    struct application *a = arg;

    refused(a, reason, now);
    over(a, now, reason);
}

const struct caller_user application_caller = {write_request, answered, application_failed};
