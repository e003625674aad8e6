/* NSCL: the registrar behind mId over HTTP, in virtual time. */
#include "models/node/roles.h"

#include "models/node/access.h"
#include "models/node/application.h"
#include "models/node/caller.h"
#include "models/node/happening.h"
#include "models/node/image.h"
#include "models/node/longpoll.h"
#include "models/node/retarget.h"

#include <stdio.h>
#include <string.h>

/* Reads the tables as they stood when the round began (DESIGN section 4). Any thread. */
unsigned nscl_psk(void *arg, struct span identity, uint8_t psk[32], enum reason *reason)
{
    const struct tls_psk_arg *a = arg;

    return registrar_psk(a->server->registrar, identity, a->now, psk, reason);
}

bool nscl_grant(void *arg, struct span identity, struct mid_grant *out, enum reason *reason)
{
    const struct tls_psk_arg *a = arg;

    return registrar_grant(a->server->registrar, identity, a->now, out, reason);
}

/* Without TLS: the access network answers for whose packets these are, for they came over a bearer
 * of its own. The provider's register knows the subscription's node. NULL: not from there. */
static struct scl_record *record_of_subscriber(struct server *nscl, const struct device *dev)
{
    const struct cfg_device *c = dev->population->config->device;
    struct scl_record *s, fresh = {
                              .kmc_expires = SIM_NEVER,
                              .device = dev->index,
                              .ival_capable = c->ival.capable,
                          };

    if (c->mid.security != CFG_SECURITY_NONE || !access_is_attached(dev))
        return NULL;
    device_node_id(dev, fresh.node_id);
    s = registrar_of_node(nscl->registrar, fresh.node_id);
    if (s)
        return s;
    device_kival(dev, fresh.kival);
    return registrar_add(nscl->registrar, &fresh);
}

static void write_ival(const struct server_end *e, const struct ival_finding *f, sim_ns now)
{
    const struct row_sink *sink = &e->server->population->d->sink;
    const struct procedure *p = server_end_procedure(e);
    struct session *peer = session_peer(e->session);
    struct device *dev = peer && session_user(peer) ? device_of(peer) : NULL;

    if (!p || !dev)
        return;
    incident_verdict(dev, now, strcmp(f->verdict, "granted") == 0);
    sink->ival(sink->arg,
               &(struct row_ival){.procedure_id = p->id,
                                  .node_id = p->node_id,
                                  .t = now,
                                  .result = f->result,
                                  .truth = device_is_tampered(dev, now) ? "tampered" : "genuine",
                                  .verdict = f->verdict,
                                  .policy = f->rule});
}

static void send_answer(struct server_end *e, struct registrar_answer *a)
{
    server_answer(e, &a->answer, a->doc.kind == DOC_NONE ? NULL : &a->doc);
}

/* The NSCL takes it over: it has the contact's queue, as for notifications of its own tree. */
static void hand_notify_on(struct server_end *e, const struct server_request *r,
                           const struct registrar_answer *a, sim_ns now)
{
    enum reason reason = delivery_hand_on(e->server, a->target, &r->rep, now);
    struct server_answer answer = {.status = STATUS_ACCEPTED};

    if (reason != REASON_NONE) {
        answer.status =
            reason == REASON_NOTIFY_QUEUE ? STATUS_SERVICE_UNAVAILABLE : STATUS_BAD_GATEWAY;
        answer.additional = reason_text(reason);
    }
    server_answer(e, &answer, NULL);
}

void nscl_request(struct server_end *e, const struct server_request *r, sim_ns now)
{
    struct server *nscl = e->server;
    struct registrar *registrar = nscl->registrar;
    struct meter *m = session_env(e->session)->meter;
    struct registrar_answer a;
    struct scl_record *s;

    meter_add(m, OP_DB_ACCESS, 1, 0);
    commands_before(e, r, now);
    s = *r->peer_name ? registrar_of_connection(registrar, r->peer_name)
                      : record_of_subscriber(e->server, e->client);
    if (s)
        registrar_request(registrar, s, r, m, now, &a);
    else
        registrar_refuse_stranger(
            &a, *r->peer_name ? "no such service connection"
                              : "only the access network's own are trusted without TLS");
    if (a.ival.verdict)
        write_ival(e, &a.ival, now);
    commands_after(e, r, &a, now);
    if (a.onward == M2M_TO_CONTACT || (a.onward == M2M_TO_APPLICATION && a.method == M2M_NOTIFY))
        hand_notify_on(e, r, &a, now);
    else if (a.onward != M2M_STAYS)
        retarget_begin(e, r, &a, now);
    else if (!a.held && !gather_begin(e, &a, now))
        send_answer(e, &a); /* and the request is gone */
    delivery_run(nscl, now);
    if (a.held)
        commands_hold(e, now);
}

void mia_request(struct server_end *e, const struct server_request *r, sim_ns now)
{
    struct server *nscl = e->server;
    struct meter *m = session_env(e->session)->meter;
    struct registrar_answer a;

    meter_add(m, OP_DB_ACCESS, 1, 0);
    registrar_application(nscl->registrar, r, m, now, &a);
    if (a.onward != M2M_STAYS)
        retarget_begin(e, r, &a, now);
    else if (!gather_begin(e, &a, now))
        send_answer(e, &a);
    delivery_run(nscl, now);
}

bool mia_accept(struct flow_listener *l, struct flow_end *end, const struct flow_ops **ops,
                void **user)
{
    struct server_end *e = caller_accept(l->user, end, END_NA);

    if (e)
        session_accept(e->session, end, ops, user);
    return e != NULL;
}
