/* An NSCL hands on: a request for another SCL goes as a requestIndication into that one's
 * notification channel, the held poll's answer brings it, and a responseNotify brings the answer.
 * Each is handed on once: what is lost on the way is answered 504, and nobody does it twice. A
 * group's request goes on to several (gather.c). */
#include "models/node/retarget.h"

#include "models/node/application.h"
#include "models/proto/m2mxml_primitive.h"
#include "models/proto/m2mxml_rep.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAST      "/longPolling"
#define MARK      "?correlationID=" /* behind the longPollingURI: what an answer is to */
#define MAX_BODY  (M2M_MAX_DOC / 4) /* of a representation whose document must fit a message */
#define REFERENCE RETARGET_REFERENCE

struct handed {
    struct sim_event deadline;
    struct handed *next, **link;
    struct server_end *e;  /* of who asked */
    struct gather *gather; /* NULL: he asked nobody else */
    char *contact, *reference;
    uint64_t id, node; /* node: who is to answer */
    uint32_t place;    /* in what is gathered */
    bool left;         /* in a poll's answer */
};

struct retarget {
    struct handed *first; /* the latest first */
    uint64_t count;
};

static struct deployment *deployment_of(const struct server *nscl)
{
    return nscl->population->d;
}

/* ---- those that wait ---- */

uint64_t retarget_id(const char *reference)
{
    const char *mark = strstr(reference, LAST MARK);

    return mark ? strtoull(mark + strlen(LAST MARK), NULL, 10) : 0;
}

static struct handed *find(const struct server *nscl, const char *reference)
{
    struct handed *h = nscl->retarget ? nscl->retarget->first : NULL;
    uint64_t id = retarget_id(reference);

    while (h && h->id != id)
        h = h->next;
    return h;
}

void retarget_forget(struct handed *h)
{
    /* Nobody shall do what nobody waits for. */
    if (!h->left)
        scl_tree_withdraw(registrar_tree(h->e->server->registrar), h->contact, h->reference);
    sim_cancel(deployment_of(h->e->server)->sim, &h->deadline);
    if (h->e->handed == h)
        h->e->handed = NULL;
    *h->link = h->next;
    if (h->next)
        h->next->link = h->link;
    free(h->contact);
    free(h->reference);
    free(h);
}

void retarget_free(struct server *nscl)
{
    free(nscl->retarget);
    nscl->retarget = NULL;
}

bool retarget_is_reference(struct span notify)
{
    char reference[REFERENCE];

    m2m_find_text(notify, E_SUBSCRIPTION_REFERENCE, reference, sizeof reference);
    return retarget_id(reference) != 0;
}

struct procedure *retarget_procedure(const struct server *nscl, const char *reference)
{
    const struct handed *h = find(nscl, reference);

    return h && !h->gather ? server_end_procedure(h->e) : NULL;
}

/* What the other SCL would have said, it does not say in time. */
static void refuse(struct server_end *e, enum m2m_status status, enum reason reason)
{
    server_answer(
        e, &(struct server_answer){.status = (int)status, .additional = reason_text(reason)}, NULL);
}

/* One of several: the others are still waited for. */
static void give_member(struct handed *h, enum m2m_status status, struct m2m_rep *rep, sim_ns now)
{
    struct gather *g = h->gather;
    uint32_t place = h->place;

    retarget_forget(h);
    gather_take(g, place, status, rep, now);
}

static void deadline_commit(struct sim *sim, struct sim_event *ev)
{
    struct handed *h = (struct handed *)((char *)ev - offsetof(struct handed, deadline));
    struct server_end *e = h->e;
    struct procedure *p = server_end_procedure(e);

    if (h->gather) {
        give_member(h, STATUS_GATEWAY_TIMEOUT, NULL, sim_now(sim));
        return;
    }
    if (p) {
        p->server_queued = 0;
        procedure_alight(p, sim_now(sim));
        procedure_clock(p, sim_now(sim));
    }
    retarget_forget(h);
    refuse(e, STATUS_GATEWAY_TIMEOUT, REASON_GATEWAY_TIMEOUT);
}

static const struct sim_event_ops deadline_ops = {"hand-on-deadline", NULL, deadline_commit};

static struct handed *keep(struct server_end *e, uint64_t id, uint64_t node, const char *contact,
                           const char *reference, sim_ns now)
{
    struct server *nscl = e->server;
    struct handed *h = xcalloc(1, sizeof *h);

    h->e = e;
    h->id = id;
    h->node = node;
    h->contact = xstrdup(contact);
    h->reference = xstrdup(reference);
    h->next = nscl->retarget->first;
    h->link = &nscl->retarget->first;
    if (h->next)
        h->next->link = &h->next;
    nscl->retarget->first = h;
    sim_event_init(&h->deadline, &deadline_ops, NULL);
    sim_schedule(deployment_of(nscl)->sim, &h->deadline,
                 sim_ns_add(now, nscl->population->config->server->hand_on_timeout));
    return h;
}

/* ---- on its way ---- */

/* The requestIndication of what was asked. false: it does not fit. */
static bool write_request(const struct retarget_asked *q, uint64_t id, struct buf *out)
{
    struct m2m_primitive p = {.method = q->method, .correlation_id = id};
    struct buf doc;
    bool fits;

    str_append(p.target_id, sizeof p.target_id, 0, q->target);
    str_append(p.requesting_entity, sizeof p.requesting_entity, 0, q->entity);
    buf_init(&doc, M2M_MAX_DOC);
    fits = strlen(q->target) < sizeof p.target_id &&
           (!q->rep->type || m2mxml_rep_write(q->rep, &doc)) &&
           m2mxml_primitive_write(&p, buf_span(&doc), out) && buf_len(out) <= MAX_BODY;
    buf_clear(&doc);
    return fits;
}

static uint64_t next_id(struct server *nscl)
{
    if (!nscl->retarget)
        nscl->retarget = xcalloc(1, sizeof *nscl->retarget);
    return ++nscl->retarget->count;
}

static void write_notify(struct span document, const char *reference, struct m2m_rep *out)
{
    m2m_rep_init(out, M2M_NOTIFY_DOC);
    m2m_put_number(out, E_STATUS_CODE, observed_word(E_STATUS_CODE, m2m_status_name(STATUS_OK)));
    m2m_put_text(out, E_XMIME, "application/xml");
    m2m_put(out, E_REPRESENTATION, document);
    m2m_put_text(out, E_SUBSCRIPTION_REFERENCE, reference);
}

static enum m2m_status put(struct server *nscl, const char *contact, const struct m2m_rep *notify,
                           sim_ns now)
{
    struct m2m_request request = {.target_id = span_str(contact),
                                  .requesting_entity = nscl->fqdn,
                                  .representation = notify,
                                  .method = M2M_NOTIFY,
                                  .point = M2M_MID};
    struct m2m_response response;
    enum m2m_status status;

    m2m_response_init(&response);
    scl_tree_request(registrar_tree(nscl->registrar), deployment_of(nscl)->in.epoch_unix_ns + now,
                     &request, &response);
    status = response.status_code;
    m2m_response_clear(&response);
    return status;
}

/* The longPollingURI beside a channel's contactURI, and what the answer is to. false: the contact
 * is no channel of ours, and there is no other way to an SCL. */
static bool make_reference(const char *contact, uint64_t id, char out[REFERENCE])
{
    const char *slash = strrchr(contact, '/');

    if (*contact != '/' || !slash || strcmp(slash, "/contact") != 0)
        return false;
    snprintf(out, REFERENCE, "%.*s" LAST MARK "%llu", (int)(slash - contact), contact,
             (unsigned long long)id);
    return true;
}

enum m2m_status retarget_offer(struct server *nscl, const struct retarget_asked *q,
                               const char *contact, uint64_t id, char reference[REFERENCE],
                               struct meter *m, sim_ns now)
{
    enum m2m_status status = STATUS_NOT_ACCEPTABLE;
    struct m2m_rep notify;
    struct buf document;

    if (!make_reference(contact, id, reference))
        return STATUS_BAD_GATEWAY;
    buf_init(&document, M2M_MAX_PRIMITIVE);
    if (write_request(q, id, &document)) {
        if (m)
            meter_add(m, OP_XML_DOCUMENT, 1, buf_len(&document));
        write_notify(buf_span(&document), reference, &notify);
        status = put(nscl, contact, &notify, now);
        m2m_rep_clear(&notify);
    }
    buf_clear(&document);
    return status;
}

enum reason retarget_refusal(enum m2m_status *status)
{
    if (*status == STATUS_BAD_GATEWAY)
        return REASON_BAD_GATEWAY;
    if (*status == STATUS_NOT_ACCEPTABLE)
        return REASON_HTTP_TOO_LARGE;
    *status = STATUS_SERVICE_UNAVAILABLE;
    return REASON_NOTIFY_QUEUE;
}

static void set_queued(struct procedure *p, bool queued, sim_ns now)
{
    if (!p)
        return;
    p->server_queued = queued;
    procedure_clock(p, now);
}

/* To the SCL that this contact reaches: *h waits for its answer. Or why it does not. */
static enum m2m_status hand_on(struct server_end *e, const struct retarget_asked *q,
                               const char *contact, struct handed **h, sim_ns now)
{
    char reference[REFERENCE];
    enum m2m_status status = STATUS_BAD_GATEWAY;
    uint64_t id = next_id(e->server), node = 0;
    size_t scl;

    if (commands_node_of(contact, &node, &scl))
        status = retarget_offer(e->server, q, contact, id, reference,
                                session_env(e->session)->meter, now);
    if (status < STATUS_BAD_REQUEST)
        *h = keep(e, id, node, contact, reference, now);
    return status;
}

void retarget_begin(struct server_end *e, const struct server_request *r,
                    const struct registrar_answer *a, sim_ns now)
{
    const struct retarget_asked asked = {a->target, r->requesting_entity, &r->rep, a->method};
    enum m2m_status status = STATUS_BAD_GATEWAY;
    enum reason reason;
    struct handed *h;

    if (a->onward == M2M_TO_APPLICATION) {
        apoc_begin(e, &asked, now);
        return;
    }
    if (a->onward == M2M_TO_SCL)
        status = hand_on(e, &asked, a->contact, &h, now);
    if (status >= STATUS_BAD_REQUEST) {
        reason = retarget_refusal(&status);
        refuse(e, status, reason);
        return;
    }
    set_queued(server_end_procedure(e), true, now);
    e->handed = h;
}

enum m2m_status retarget_member(struct gather *g, struct server_end *e, uint32_t place,
                                const struct scl_tree_output *o, struct handed **out, sim_ns now)
{
    const struct retarget_asked asked = {o->target, o->requesting_entity, &o->representation,
                                         o->method};
    enum m2m_status status = STATUS_BAD_GATEWAY;

    if (o->onward == M2M_TO_SCL)
        status = hand_on(e, &asked, o->contact, out, now);
    if (status >= STATUS_BAD_REQUEST) {
        (void)retarget_refusal(&status);
        return status;
    }
    (*out)->gather = g;
    (*out)->place = place;
    return STATUS_ACCEPTED;
}

void retarget_leaves(struct server *nscl, struct span notify, struct server_end *poll, sim_ns now)
{
    struct procedure *p, *on = server_end_procedure(poll);
    char reference[REFERENCE];
    struct handed *h;

    m2m_find_text(notify, E_SUBSCRIPTION_REFERENCE, reference, sizeof reference);
    h = find(nscl, reference);
    if (!h)
        return;
    h->left = true;
    if (h->gather)
        return;
    p = server_end_procedure(h->e);
    set_queued(p, false, now);
    if (p && on)
        procedure_ride(p, on, now);
}

/* ---- the answer ---- */

static void answer(struct handed *h, const struct m2m_primitive *p, struct m2m_rep *rep)
{
    struct server_end *e = h->e;
    struct server_answer a = {.status = (int)p->status_code,
                              .location = *p->resource_uri ? p->resource_uri : NULL};
    struct m2m_doc doc = {.kind = DOC_NONE};

    if (rep->type && p->status_code < STATUS_BAD_REQUEST) {
        doc.kind = DOC_RESOURCE;
        doc.u.resource = (struct doc_resource){(int)rep->type, rep->n};
        doc.owned = rep->p; /* the answer's from now on */
        m2m_rep_init(rep, M2M_NO_TYPE);
    }
    retarget_forget(h);
    server_answer(e, &a, doc.kind == DOC_NONE ? NULL : &doc);
}

/* primitive: NULL: the answer was none. */
static void give(struct handed *h, const struct m2m_primitive *primitive, struct m2m_rep *rep,
                 sim_ns now)
{
    struct procedure *p = server_end_procedure(h->e);
    struct server_end *e = h->e;

    if (p)
        procedure_alight(p, now);
    set_queued(p, false, now);
    if (primitive) {
        answer(h, primitive, rep);
        return;
    }
    retarget_forget(h);
    refuse(e, STATUS_BAD_GATEWAY, REASON_BAD_GATEWAY);
}

void retarget_answered(struct server *nscl, const struct scl_tree_output *o, sim_ns now)
{
    struct span list = m2m_rep_span(&o->representation), text;
    char reference[REFERENCE], why[80];
    struct m2m_primitive primitive = {.response = true};
    struct handed *h;
    struct m2m_rep rep;
    uint64_t node;
    size_t scl;
    bool read;

    m2m_find_text(list, E_SUBSCRIPTION_REFERENCE, reference, sizeof reference);
    h = find(nscl, reference);
    /* Nobody waits for it any more, or it is not from who was asked. */
    if (!h || !commands_node_of(o->target, &node, &scl) || node != h->node ||
        !m2m_find(list, E_REPRESENTATION, &text))
        return;
    meter_add(session_env(h->e->session)->meter, OP_XML_DOCUMENT, 1, text.n);
    read = m2mxml_primitive_read(text, &primitive, NULL, &rep, why) == REASON_NONE &&
           *m2m_status_name(primitive.status_code);
    if (h->gather && read)
        give_member(h, primitive.status_code, &rep, now);
    else if (h->gather)
        give_member(h, STATUS_BAD_GATEWAY, NULL, now);
    else
        give(h, read ? &primitive : NULL, &rep, now);
    m2m_rep_clear(&rep);
}
