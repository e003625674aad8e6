/* Subscriptions and notification channels (etsi-m2m.md 8.1, 8.3). A subscription below a resource
 * hears of its changes and its end; one below a collection hears of each item that comes or goes,
 * with that item's representation. */
#include "models/proc/scl_tree_impl.h"

#include "models/proto/m2mxml_rep.h"

#include <string.h>

#define MAX_QUEUE 64 /* notifications that a channel keeps for a device that does not poll */
#define MS        INT64_C(1000000)

/* ---- notification channels: long polling (etsi-m2m.md 8.3) ---- */

static void answer_poll(struct scl_tree *t, struct resource *channel, struct scl_tree_output *with)
{
    char uri[SCL_TREE_MAX_URI];
    struct scl_tree_output *o;

    scl_tree_path_of(channel, uri, sizeof(uri));
    m2m_path_append(uri, sizeof(uri), m2m_type_name(M2M_LONG_POLLING));
    o = output_new(SCL_TREE_POLL_ANSWER, M2M_NOTIFY, uri, "");
    o->status_code = with ? STATUS_OK : STATUS_ACCEPTED;
    if (with) {
        o->representation = with->representation;
        m2m_rep_init(&with->representation, M2M_NO_TYPE);
        scl_tree_output_free(with);
    }
    output_put(t, o);
    more_of(channel)->extra->pending.poll_until = SCL_TREE_NEVER;
    store_schedule(t, channel);
}

/* Takes o over. false: the queue is full, and it is gone. */
static bool channel_take(struct scl_tree *t, struct resource *channel, struct scl_tree_output *o)
{
    struct scl_tree_pending *p = &more_of(channel)->extra->pending;
    struct scl_tree_output **last = &p->first;

    if (p->poll_until != SCL_TREE_NEVER) {
        answer_poll(t, channel, o);
        return true;
    }
    if (p->count == MAX_QUEUE) {
        scl_tree_output_free(o);
        return false;
    }
    while (*last)
        last = &(*last)->next;
    *last = o;
    p->count++;
    return true;
}

/* false: refused. */
static bool is_notify(const struct scl_tree_call *c)
{
    const struct m2m_rep *rep = c->request->representation;
    char why[80];

    if (rep && rep->type == M2M_NOTIFY_DOC &&
        m2m_rep_check(M2M_NOTIFY_DOC, M2M_CREATE, m2m_rep_span(rep), why) == STATUS_OK)
        return true;
    scl_tree_refuse(c, STATUS_BAD_REQUEST, "a notify document is needed");
    return false;
}

/* A notify that is answered by responseNotify is a request: the hosting SCL alone hands requests
 * on, when it has looked who asks. Who knows a contactURI may notify, no more. */
static bool is_request(const struct m2m_rep *notify)
{
    char reference[M2M_MAX_LINK];

    m2m_find_text(m2m_rep_span(notify), E_SUBSCRIPTION_REFERENCE, reference, sizeof(reference));
    return strstr(reference, "/longPolling") != NULL;
}

void channel_notify(struct scl_tree *t, struct resource *channel, const struct scl_tree_call *c)
{
    const struct m2m_rep *rep = c->request->representation;
    struct scl_tree_output *o;

    if (!is_notify(c))
        return;
    if (strcmp(c->request->requesting_entity, t->settings.scl_id) != 0 && is_request(rep)) {
        scl_tree_refuse(c, STATUS_PERMISSION_DENIED, "requests come of the hosting SCL alone");
        return;
    }
    o = output_new(SCL_TREE_REQUEST, M2M_NOTIFY, "", c->request->requesting_entity);
    m2m_rep_init(&o->representation, M2M_NOTIFY_DOC);
    m2m_put_items(&o->representation, m2m_rep_span(rep));
    if (channel_take(t, channel, o))
        c->response->status_code = STATUS_ACCEPTED;
    else
        scl_tree_refuse(c, STATUS_SERVICE_UNAVAILABLE, "the channel's queue is full");
}

void channel_response(struct scl_tree *t, struct resource *channel, const struct scl_tree_call *c)
{
    struct scl_tree_output *o;
    char uri[SCL_TREE_MAX_URI];

    if (!is_notify(c))
        return;
    scl_tree_path_of(channel, uri, sizeof(uri));
    m2m_path_append(uri, sizeof(uri), m2m_type_name(M2M_LONG_POLLING));
    o = output_new(SCL_TREE_RESPONSE, M2M_NOTIFY, uri, c->request->requesting_entity);
    m2m_rep_init(&o->representation, M2M_NOTIFY_DOC);
    m2m_put_items(&o->representation, m2m_rep_span(c->request->representation));
    output_put(t, o);
    c->response->status_code = STATUS_OK;
}

void channel_poll(struct scl_tree *t, struct resource *channel, const struct scl_tree_call *c)
{
    struct scl_tree_pending *p = &more_of(channel)->extra->pending;
    struct scl_tree_output *o = p->first;

    if (p->poll_until != SCL_TREE_NEVER)
        answer_poll(t, channel, NULL); /* the newer poll takes the place of the older */
    if (!o) {
        c->response->held = true;
        c->response->status_code = STATUS_ACCEPTED;
        p->poll_until = c->now + t->settings.poll_timer;
        store_schedule(t, channel);
        return;
    }
    p->first = o->next;
    p->count--;
    c->response->status_code = STATUS_OK;
    m2m_rep_clear(&c->response->representation);
    c->response->representation = o->representation;
    m2m_rep_init(&o->representation, M2M_NO_TYPE);
    scl_tree_output_free(o);
}

bool scl_tree_withdraw(struct scl_tree *t, const char *contact, const char *reference)
{
    struct m2m_path path;
    struct scl_tree_target target;
    struct scl_tree_pending *p;
    struct scl_tree_output **at;

    if (m2m_path_parse(span_str(contact), t->settings.base, &path) != M2M_PATH_OK ||
        !scl_tree_find(t, &path, &target) || target.type != M2M_CONTACT)
        return false;
    p = &more_of(target.at)->extra->pending;
    for (at = &p->first; *at; at = &(*at)->next) {
        struct scl_tree_output *o = *at;
        struct span text;

        if (!m2m_find(m2m_rep_span(&o->representation), E_SUBSCRIPTION_REFERENCE, &text) ||
            !m2m_is_text(text, reference))
            continue;
        *at = o->next;
        p->count--;
        scl_tree_output_free(o);
        return true;
    }
    return false;
}

void channel_due(struct scl_tree *t, struct resource *channel, int64_t now)
{
    (void)now;
    answer_poll(t, channel, NULL);
}

/* ---- subscriptions ---- */

int64_t notify_due_time(const struct resource *r)
{
    const struct scl_tree_pending *p = &more_of(r)->extra->pending;
    int64_t gap;

    if (r->type == M2M_NOTIFICATION_CHANNEL)
        return p->poll_until;
    if (!p->first)
        return SCL_TREE_NEVER;
    gap = m2m_find_number(store_attributes(r), E_MINIMAL_TIME, 0);
    return gap > (SCL_TREE_NEVER - p->last) / MS ? SCL_TREE_NEVER : p->last + gap * MS;
}

void notify_release(struct scl_tree *t, struct resource *r)
{
    struct scl_tree_pending *p = &more_of(r)->extra->pending;

    (void)t;
    while (p->first) {
        struct scl_tree_output *o = p->first;

        p->first = o->next;
        scl_tree_output_free(o);
    }
}

static void send(struct scl_tree *t, struct resource *subscription, struct scl_tree_output *o,
                 int64_t now)
{
    struct m2m_path path;
    struct scl_tree_target target;

    more_of(subscription)->extra->pending.last = now;
    if (m2m_path_parse(span_str(o->target), t->settings.base, &path) == M2M_PATH_OK &&
        scl_tree_is_own(t, &path) && scl_tree_find(t, &path, &target) && target.type == M2M_CONTACT)
        channel_take(t, target.at, o);
    else
        output_put(t, o);
}

void notify_due(struct scl_tree *t, struct resource *subscription, int64_t now)
{
    struct scl_tree_pending *p = &more_of(subscription)->extra->pending;
    struct scl_tree_output *o = p->first;

    p->first = NULL;
    if (o)
        send(t, subscription, o, now);
    store_schedule(t, subscription);
}

/* What a notify carries is the document that RETRIEVE would answer with. */
static void put_representation(const struct scl_tree *t, struct resource *r, bool meta,
                               struct m2m_rep *out)
{
    struct m2m_rep rep, kept;
    struct span rest;
    struct m2m_item item;
    struct buf text;

    rep_of_resource(t, r, &rep);
    m2m_rep_init(&kept, rep.type);
    rest = m2m_rep_span(&rep);
    while (m2m_next(&rest, &item))
        if (!meta || (item.element != E_CONTENT && item.element != E_XMIME))
            m2m_put(&kept, item.element, item.value);
    buf_init(&text, 2 * M2M_MAX_REP);
    if (m2mxml_rep_write(&kept, &text)) {
        m2m_put_text(out, E_XMIME, "application/xml");
        m2m_put(out, E_REPRESENTATION, buf_span(&text));
    }
    buf_clear(&text);
    m2m_rep_clear(&kept);
    m2m_rep_clear(&rep);
}

static int64_t word_of(enum m2m_status status)
{
    const char *const *words = m2m_element_info(E_STATUS_CODE)->words;
    int64_t i = 0;

    while (strcmp(words[i], m2m_status_name(status)) != 0)
        i++;
    return i;
}

static void notify_one(struct scl_tree *t, struct resource *subscription, struct resource *r,
                       enum m2m_status status, int64_t now)
{
    struct scl_tree_pending *p = &more_of(subscription)->extra->pending;
    struct span list = store_attributes(subscription), filter = {0};
    char text[SCL_TREE_MAX_URI];
    struct scl_tree_output *o;

    m2m_find(list, E_FILTER_CRITERIA, &filter);
    if (!content_matches(r, filter))
        return;
    m2m_find_text(list, E_CONTACT, text, sizeof(text));
    o = output_new(SCL_TREE_REQUEST, M2M_NOTIFY, text, t->settings.scl_id);
    o->since = now;
    o->until = m2m_find_number(list, E_DELAY_TOLERANCE, 0);
    m2m_rep_init(&o->representation, M2M_NOTIFY_DOC);
    m2m_put_number(&o->representation, E_STATUS_CODE, word_of(status));
    put_representation(t, r, m2m_find_number(filter, E_META_DATA_ONLY, 0) != 0, &o->representation);
    scl_tree_path_of(subscription, text, sizeof(text));
    m2m_put_text(&o->representation, E_SUBSCRIPTION_REFERENCE, text);
    /* Too soon after the last: the latest change waits, what waited before it is forgotten. */
    scl_tree_output_free(p->first);
    p->first = o;
    if (p->last == SCL_TREE_NEVER || notify_due_time(subscription) <= now)
        notify_due(t, subscription, now);
    else
        store_schedule(t, subscription);
}

static void notify_all(struct scl_tree *t, struct resource *of, struct resource *r,
                       enum m2m_status status, int64_t now)
{
    struct resource *subscriptions = store_find(t, of, m2m_type_name(M2M_SUBSCRIPTIONS));

    for (struct resource *s = subscriptions ? store_first(subscriptions) : NULL; s; s = s->next)
        notify_one(t, s, r, status, now);
}

void notify_change(struct scl_tree *t, struct resource *r, enum m2m_status status, int64_t now)
{
    if (!t->subscriptions || r->type == M2M_SUBSCRIPTION || r->type == M2M_SUBSCRIPTIONS)
        return;
    if (status != STATUS_CREATED)
        notify_all(t, r, r, status, now);
    if (status != STATUS_OK && r->parent)
        notify_all(t, r->parent, r, status, now);
}
