/* Messages between servers, and the work they make (GAP C14). */
#include "models/node/backend.h"

#include "models/node/record.h"
#include "models/node/route.h"

#include <stdlib.h>

#define BACKEND_OCTETS  256         /* request or answer, with headers and TLS records */
#define BACKEND_TIMEOUT (5 * SIM_S) /* until the asking server gives up */

void backend_leave(struct backend_call *c)
{
    if (c->patience)
        sim_cancel(c->from->population->d->sim, &c->deadline);
    c->e->call = NULL;
    c->e = NULL;
}

static void backend_activity(struct backend_call *c, sim_ns now, enum session_activity a,
                             sim_ns other)
{
    struct procedure *p = c->e ? server_end_procedure(c->e) : NULL;

    c->doing = (uint8_t)a;
    if (p)
        procedure_activity(p, now, true, a, other);
}

static void backend_log(struct backend_call *c, sim_ns now, bool answer)
{
    struct procedure *p = c->e ? server_end_procedure(c->e) : NULL;
    const struct server *from = answer ? c->to : c->from, *to = answer ? c->from : c->to;

    if (p)
        procedure_backend(p, from->node_id, to->node_id, c->sent, now,
                          answer ? c->answer_octets : c->octets, answer ? c->answer_name : c->name);
}

static void free_call(struct backend_call *c)
{
    if (c->e && c->patience)
        sim_cancel(c->from->population->d->sim, &c->deadline);
    session_let_go(&c->hold);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    free(c);
}

/* What the session makes of it is prepared ahead: the answer to the device, with its key wrapped.
 */
static void backend_returns(void *arg, sim_ns now)
{
    struct backend_call *c = arg;

    if (!c->e)
        return;
    c->finished(c, true);
    session_poke_ahead(c->e->session, now);
}

static void backend_end(struct backend_call *c, sim_ns now, bool answered)
{
    if (c->settled)
        c->settled(c, answered);
    if (c->e) {
        c->e->call = NULL;
        session_poked(c->e->session, now);
    }
    free_call(c);
}

static void backend_returned(void *arg)
{
    struct backend_call *c = arg;
    sim_ns now = node_now(c->from->population->d);

    backend_log(c, now, true);
    backend_end(c, now, true);
}

static void backend_timed_out(struct sim *sim, struct sim_event *ev)
{
    struct backend_call *c =
        (struct backend_call *)((char *)ev - offsetof(struct backend_call, job.done_event));

    if (c->e) {
        c->finished(c, false);
        session_poke_ahead(c->e->session, sim_now(sim));
    }
    backend_end(c, sim_now(sim), false);
}

static const struct sim_event_ops timeout_ops = {"backend-timeout", NULL, backend_timed_out};

static void backend_waiting(struct backend_call *c, sim_ns now, bool waiting)
{
    procedure_set_waiting(c->e ? server_end_procedure(c->e) : NULL, waiting, now);
}

/* The asking server waits no longer. Of the session's endpoint, as the answer is: which of the two
 * comes first is prepared first. */
static void deadline_prepare(struct sim_event *ev)
{
    struct backend_call *c =
        (struct backend_call *)((char *)ev - offsetof(struct backend_call, deadline));

    c->finished(c, false);
    session_poke_ahead(c->e->session, sim_event_time(ev));
}

static void deadline_commit(struct sim *sim, struct sim_event *ev)
{
    struct backend_call *c =
        (struct backend_call *)((char *)ev - offsetof(struct backend_call, deadline));
    struct server_end *e = c->e;
    sim_ns now = sim_now(sim);

    if (c->doing == SESSION_QUEUED)
        backend_activity(c, now, SESSION_COMPUTING, 0);
    if (c->doing == SESSION_COMPUTING)
        backend_activity(c, now, SESSION_IDLE, 0);
    backend_waiting(c, now, false);
    backend_leave(c);
    session_poked(e->session, now);
}

static const struct sim_event_ops deadline_ops = {"backend-deadline", deadline_prepare,
                                                  deadline_commit};

/* Nobody will answer: the asking server finds out by waiting. */
static void backend_lost(void *arg)
{
    struct backend_call *c = arg;
    struct deployment *d = c->from->population->d;

    sim_event_init(&c->job.done_event, &timeout_ops, &c->endpoint);
    sim_schedule(d->sim, &c->job.done_event, node_now(d) + BACKEND_TIMEOUT);
}

static void backend_reply(struct backend_call *c)
{
    struct deployment *d = c->from->population->d;
    struct net_route up, down;

    c->sent = node_now(d);
    if (c->e)
        c->hold = session_hold(c->e->session);
    route_between(d, c->from->population->index, c->from->index, c->to->population->index, &up,
                  &down);
    net_send_message(
        d->net, &down,
        &(struct net_message){.octets = c->answer_octets,
                              .deliver = backend_returned,
                              .lost = backend_lost,
                              .arg = c,
                              .prepare = c->e ? backend_returns : NULL,
                              .endpoint = c->e ? session_endpoint(c->e->session) : NULL});
}

static void backend_latency_over(struct sim *sim, struct sim_event *ev)
{
    struct backend_call *c =
        (struct backend_call *)((char *)ev - offsetof(struct backend_call, job.done_event));

    backend_waiting(c, sim_now(sim), false);
    backend_reply(c);
}

static const struct sim_event_ops latency_ops = {"backend-latency", NULL, backend_latency_over};

static void backend_work_done(struct sim *sim, struct sim_event *ev)
{
    struct backend_call *c =
        (struct backend_call *)((char *)ev - offsetof(struct backend_call, job.done_event));

    cpu_finish(&c->to->cpu, sim, &c->job);
    backend_activity(c, sim_now(sim), SESSION_IDLE, c->job.cost);
    if (c->apply)
        c->apply(c);
    if (!c->latency) {
        backend_reply(c);
        return;
    }
    backend_waiting(c, sim_now(sim), true);
    sim_event_init(&c->job.done_event, &latency_ops, &c->endpoint);
    sim_schedule(sim, &c->job.done_event, sim_ns_add(sim_now(sim), c->latency));
}

static const struct sim_event_ops backend_ops = {"backend", NULL, backend_work_done};

static void backend_started(struct cpu_job *job, sim_ns now)
{
    backend_activity((struct backend_call *)((char *)job - offsetof(struct backend_call, job)), now,
                     SESSION_COMPUTING, 0);
}

static void backend_arrived(void *arg)
{
    struct backend_call *c = arg;
    struct deployment *d = c->to->population->d;
    struct meter m = {0};
    struct profile_price price;

    if (c->to->off) {
        backend_lost(c);
        return;
    }
    backend_log(c, node_now(d), false);
    meter_add(&m, OP_DB_ACCESS, 1, 0);
    if (c->work)
        c->work(c, &m);
    price = profile_price(c->to->population->class, &m);
    if (c->e)
        usage_add(c->to->population, server_usage_kind(c->e), &m);
    sim_event_init(&c->job.done_event, &backend_ops, &c->endpoint);
    c->job.started = backend_started;
    backend_activity(c, node_now(d), SESSION_QUEUED, 0);
    (void)cpu_submit(&c->to->cpu, d->sim, &c->job, price.crypto_ns + price.other_ns);
}

void backend_send(struct server_end *e, struct server *to, const char *name, struct backend_call *c)
{
    struct deployment *d = e->server->population->d;
    struct net_route up, down;

    c->e = e;
    c->from = e->server;
    c->to = to;
    c->name = name;
    c->octets = c->octets ? c->octets : BACKEND_OCTETS;
    c->answer_octets = c->answer_octets ? c->answer_octets : BACKEND_OCTETS;
    c->sent = node_now(d);
    c->doing = SESSION_IDLE;
    e->call = c;
    if (c->patience) {
        sim_event_init(&c->deadline, &deadline_ops, session_endpoint(e->session));
        sim_schedule(d->sim, &c->deadline, sim_ns_add(node_now(d), c->patience));
    }
    c->next = d->calls;
    c->link = &d->calls;
    if (c->next)
        c->next->link = &c->next;
    d->calls = c;
    route_between(d, c->from->population->index, c->from->index, to->population->index, &up, &down);
    net_send_message(
        d->net, &up,
        &(struct net_message){
            .octets = c->octets, .deliver = backend_arrived, .lost = backend_lost, .arg = c});
}

void backend_free_all(struct deployment *d)
{
    while (d->calls) {
        sim_cancel(d->sim, &d->calls->job.done_event);
        free_call(d->calls);
    }
}
