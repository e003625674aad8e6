/* An NSCL's commands to devices behind a NAT: EXECUTE of a mgmtCmd makes a notify for the device's
 * notification channel, the held poll's answer brings it, and the device's UPDATE of the
 * execInstance ends it (etsi-m2m.md 8.1, 8.3). What went out in an answer and was not reported when
 * the device polls again, the device never got: it is put into the channel once more. */
#include "models/node/longpoll.h"

#include "models/node/application.h"
#include "models/node/node_id.h"
#include "models/node/record.h"
#include "models/node/retarget.h"
#include "models/proto/m2mxml_rep.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

struct command {
    struct command *next;
    char *uri; /* of the execInstance */
    struct m2m_rep notify;
    struct procedure *proc; /* the application's; NULL: it has no answer yet */
    uint64_t node;          /* of its device */
    enum reason reason;     /* why it cannot be brought; REASON_NONE: it can */
    bool sent, finished;
};

struct commands {
    struct command *first;
    struct map by_node; /* devices that have polled here */
    struct device **devices;
    uint32_t count, room;
};

static struct commands *commands_of(struct server *nscl)
{
    if (!nscl->commands)
        nscl->commands = xcalloc(1, sizeof *nscl->commands);
    return nscl->commands;
}

static int64_t unix_time(const struct server *nscl, sim_ns now)
{
    return nscl->population->d->in.epoch_unix_ns + now;
}

bool commands_node_of(const char *path, uint64_t *node, size_t *scl)
{
    static const char scls[] = "/m2m/scls/";
    uint8_t node_id[M2M_NODE_ID_LEN];
    char scl_id[M2M_MAX_URI];
    size_t n;

    if (strncmp(path, scls, sizeof scls - 1) != 0)
        return false;
    n = strcspn(path + sizeof scls - 1, "/");
    if (n >= sizeof scl_id)
        return false;
    memcpy(scl_id, path + sizeof scls - 1, n);
    scl_id[n] = '\0';
    if (!node_id_of_scl(scl_id, node_id))
        return false;
    *node = node_id_key(node_id);
    *scl = sizeof scls - 1 + n;
    return true;
}

static struct device *device_of_node(struct server *nscl, uint64_t node)
{
    struct commands *c = commands_of(nscl);
    uint32_t i = map_find(&c->by_node, node);

    return i == MAP_NONE ? NULL : c->devices[i];
}

/* ---- the tree, asked by its own NSCL ---- */

static enum m2m_status ask_tree(struct server *nscl, sim_ns now, enum m2m_method method,
                                struct span target, const struct m2m_rep *rep,
                                struct m2m_rep *found)
{
    struct m2m_request request = {.target_id = target,
                                  .requesting_entity = nscl->fqdn,
                                  .representation = rep,
                                  .method = method,
                                  .point = M2M_MID};
    struct m2m_response response;
    enum m2m_status status;

    m2m_response_init(&response);
    scl_tree_request(registrar_tree(nscl->registrar), unix_time(nscl, now), &request, &response);
    status = response.status_code;
    if (found && status == STATUS_OK) {
        *found = response.representation;
        m2m_rep_init(&response.representation, M2M_NO_TYPE);
    }
    m2m_response_clear(&response);
    return status;
}

/* Where notifications for the SCL go: the first of its pocs. */
static bool find_poc(struct server *nscl, sim_ns now, struct span scl, char *out, size_t n)
{
    struct m2m_rep rep;
    struct span pocs, first = {0};

    m2m_rep_init(&rep, M2M_NO_TYPE);
    *out = '\0';
    if (ask_tree(nscl, now, M2M_RETRIEVE, scl, NULL, &rep) == STATUS_OK &&
        m2m_find(m2m_rep_span(&rep), E_POCS, &pocs) && m2m_find(pocs, E_REFERENCE, &first) &&
        first.n < n) {
        memcpy(out, first.p, first.n);
        out[first.n] = '\0';
    }
    m2m_rep_clear(&rep);
    return *out != '\0';
}

/* Into the device's channel. */
static void offer(struct server *nscl, struct command *c, sim_ns now)
{
    char contact[M2M_MAX_LINK];
    uint64_t node;
    size_t scl = 0;

    c->sent = false;
    if (!commands_node_of(c->uri, &node, &scl) ||
        !find_poc(nscl, now, span_of(c->uri, scl), contact, sizeof contact))
        c->reason = REASON_NOTIFY_CONTACT;
    else if (ask_tree(nscl, now, M2M_NOTIFY, span_str(contact), &c->notify, NULL) >=
             STATUS_BAD_REQUEST)
        c->reason = REASON_NOTIFY_QUEUE;
}

/* ---- commands ---- */

static struct command **find(struct server *nscl, const char *uri)
{
    struct command **at = &commands_of(nscl)->first;

    while (*at && strcmp((*at)->uri, uri) != 0)
        at = &(*at)->next;
    return at;
}

static void drop(struct command **at)
{
    struct command *c = *at;

    *at = c->next;
    m2m_rep_clear(&c->notify);
    free(c->uri);
    free(c);
}

/* The command is over, for the application too if it waits. */
static void settle(struct server *nscl, struct command **at, sim_ns now, enum reason reason)
{
    struct procedure *p = (*at)->proc;

    if (!p) { /* the answer to EXECUTE is still on its way, or was lost */
        (*at)->finished = reason == REASON_NONE;
        (*at)->reason = reason;
        return;
    }
    p->waiting = false;
    procedure_clock(p, now);
    record_end(nscl->population->d, p, now, reason == REASON_NONE ? "success" : "failed", reason);
    drop(at);
}

void commands_bring(struct server *nscl, struct scl_tree_output *o, sim_ns now)
{
    struct command *c = xcalloc(1, sizeof *c);
    struct buf text;
    size_t scl;

    c->uri = xstrdup(o->target);
    commands_node_of(c->uri, &c->node, &scl);
    m2m_rep_init(&c->notify, M2M_NOTIFY_DOC);
    m2m_put_number(&c->notify, E_STATUS_CODE,
                   observed_word(E_STATUS_CODE, m2m_status_name(STATUS_OK)));
    buf_init(&text, M2M_MAX_DOC);
    if (m2mxml_rep_write(&o->representation, &text)) {
        m2m_put_text(&c->notify, E_XMIME, "application/xml");
        m2m_put(&c->notify, E_REPRESENTATION, buf_span(&text));
    }
    buf_clear(&text);
    m2m_put_text(&c->notify, E_SUBSCRIPTION_REFERENCE, c->uri);
    c->next = commands_of(nscl)->first;
    commands_of(nscl)->first = c;
    offer(nscl, c, now);
}

void commands_attach(struct server *nscl, const char *uri, struct procedure *p, sim_ns now)
{
    struct command **at = find(nscl, uri);
    enum reason reason = *at ? (*at)->reason : REASON_NOT_FOUND;
    struct device *dev = *at ? device_of_node(nscl, (*at)->node) : NULL;

    if (dev)
        p->peer_id = device_node(dev);
    if (*at && !(*at)->finished && reason == REASON_NONE) {
        (*at)->proc = p;
        p->waiting = true;
        procedure_clock(p, now);
        return;
    }
    record_end(nscl->population->d, p, now, reason == REASON_NONE ? "success" : "failed", reason);
    if (*at)
        drop(at);
}

void commands_lost(struct server *nscl, const char *uri, sim_ns now)
{
    struct command **at = find(nscl, uri);

    if (*at)
        settle(nscl, at, now, REASON_NOT_FOUND);
}

/* ---- polls ---- */

void commands_live_sent(struct server *nscl, struct span notify)
{
    char uri[M2M_MAX_LINK];
    struct command *c;

    m2m_find_text(notify, E_SUBSCRIPTION_REFERENCE, uri, sizeof uri);
    c = *find(nscl, uri);
    if (c)
        c->sent = true;
}

static void mark_sent(struct server_end *e, struct span notify, sim_ns now)
{
    if (retarget_is_reference(notify))
        retarget_leaves(e->server, notify, e, now);
    else
        commands_live_sent(e->server, notify);
}

static void remember(struct server *nscl, uint64_t node, struct device *dev)
{
    struct commands *c = commands_of(nscl);

    if (map_find(&c->by_node, node) != MAP_NONE)
        return;
    if (c->count == c->room) {
        c->room = c->room ? c->room + c->room / 2 : 16;
        c->devices = xrealloc(c->devices, c->room * sizeof(struct device *));
    }
    c->devices[c->count] = dev;
    map_put(&c->by_node, node, c->count++);
}

/* To a device that polls again. Not what went with its registration: nobody could report it. */
static void say_again(struct server *nscl, uint64_t node, sim_ns now)
{
    struct command **at = &commands_of(nscl)->first;

    while (*at) {
        struct command *c = *at;

        if (c->node == node && c->sent && !c->finished && c->reason == REASON_NONE) {
            if (ask_tree(nscl, now, M2M_RETRIEVE, span_str(c->uri), NULL, NULL) == STATUS_OK)
                offer(nscl, c, now);
            else
                settle(nscl, at, now, REASON_NOT_FOUND);
        }
        if (*at == c)
            at = &c->next;
    }
}

void commands_before(struct server_end *e, const struct server_request *r, sim_ns now)
{
    uint64_t node;
    size_t scl;

    if (!e->client || !e->client->channel || !registrar_is_poll(r) ||
        !commands_node_of(r->target, &node, &scl) || node != node_id_key(e->client->node_id))
        return;
    remember(e->server, node, e->client);
    say_again(e->server, node, now);
}

static bool is_finished(const struct server_request *r)
{
    struct span list = m2m_rep_span(&r->rep);

    return r->method == HTTP_PUT && r->rep.type == M2M_EXEC_INSTANCE &&
           m2m_find_number(list, E_EXEC_STATUS, 0) == observed_word(E_EXEC_STATUS, "FINISHED");
}

void commands_after(struct server_end *e, const struct server_request *r,
                    const struct registrar_answer *a, sim_ns now)
{
    struct command **at;

    if (!e->client || !e->client->channel || a->held)
        return;
    if (registrar_is_poll(r) && a->doc.kind == DOC_RESOURCE) {
        mark_sent(e, span_of(a->doc.owned, a->doc.u.resource.n), now);
    } else if (is_finished(r) && a->answer.status < STATUS_BAD_REQUEST) {
        at = find(e->server, r->target);
        if (*at)
            settle(e->server, at, now, REASON_NONE);
    }
}

void commands_hold(struct server_end *e, sim_ns now)
{
    if (!e->client || !e->client->channel)
        return;
    longpoll_set_holder(e->client, e);
    procedure_set_waiting(server_end_procedure(e), true, now);
}

/* Nobody holds that poll any more: what it was to be answered with goes back into the channel. */
static void put_back(struct server *nscl, const struct scl_tree_output *o, sim_ns now)
{
    char contact[M2M_MAX_LINK];
    const char *slash = strrchr(o->target, '/');
    size_t n = (size_t)(slash - o->target);

    if (o->representation.type != M2M_NOTIFY_DOC || n + sizeof "/contact" > sizeof contact)
        return;
    memcpy(contact, o->target, n);
    memcpy(contact + n, "/contact", sizeof "/contact");
    ask_tree(nscl, now, M2M_NOTIFY, span_str(contact), &o->representation, NULL);
}

void commands_answer_poll(struct server *nscl, struct scl_tree_output *o, sim_ns now)
{
    struct m2m_rep *rep = &o->representation;
    struct m2m_doc doc = {.kind = DOC_NONE};
    uint64_t node = 0;
    size_t scl;
    struct device *dev =
        commands_node_of(o->target, &node, &scl) ? device_of_node(nscl, node) : NULL;
    struct server_end *e = dev ? longpoll_holder(dev) : NULL;

    if (!e) {
        put_back(nscl, o, now);
        return;
    }
    longpoll_set_holder(dev, NULL);
    procedure_set_waiting(server_end_procedure(e), false, now);
    if (rep->type == M2M_NOTIFY_DOC) {
        mark_sent(e, m2m_rep_span(rep), now);
        doc.kind = DOC_RESOURCE;
        doc.u.resource = (struct doc_resource){(int)rep->type, rep->n};
        doc.owned = rep->p; /* the answer's from now on */
        m2m_rep_init(rep, M2M_NO_TYPE);
    }
    server_answer(e, &(struct server_answer){.status = (int)o->status_code},
                  doc.kind == DOC_NONE ? NULL : &doc);
}

/* ---- live ---- */

/* Nobody waits for the end of a command here: what is over is forgotten. */
static void forget_over(struct server *nscl)
{
    struct command **at = &commands_of(nscl)->first;

    while (*at)
        if ((*at)->finished || (*at)->reason != REASON_NONE)
            drop(at);
        else
            at = &(*at)->next;
}

void commands_live_before(struct server *nscl, const struct server_request *r, sim_ns now)
{
    uint64_t node;
    size_t scl;

    if (!registrar_is_poll(r) || !commands_node_of(r->target, &node, &scl))
        return;
    say_again(nscl, node, now);
    forget_over(nscl);
}

void commands_live_after(struct server *nscl, const struct server_request *r,
                         const struct registrar_answer *a)
{
    struct command **at;

    if (a->held || a->answer.status >= STATUS_BAD_REQUEST)
        return;
    if (registrar_is_poll(r) && a->doc.kind == DOC_RESOURCE) {
        commands_live_sent(nscl, span_of(a->doc.owned, a->doc.u.resource.n));
    } else if (is_finished(r)) {
        at = find(nscl, r->target);
        if (*at)
            drop(at);
    }
}

void commands_live_unsent(struct server *nscl, const struct scl_tree_output *o, sim_ns now)
{
    put_back(nscl, o, now);
}

/* ---- life ---- */

void commands_finish(struct server *nscl, sim_ns now)
{
    for (struct command *c = nscl->commands ? nscl->commands->first : NULL; c; c = c->next) {
        if (c->proc)
            record_unfinished(nscl->population->d, c->proc, now);
        c->proc = NULL;
    }
}

void commands_free(struct server *nscl)
{
    if (!nscl->commands)
        return;
    while (nscl->commands->first)
        drop(&nscl->commands->first);
    map_release(&nscl->commands->by_node);
    free(nscl->commands->devices);
    free(nscl->commands);
    nscl->commands = NULL;
}
