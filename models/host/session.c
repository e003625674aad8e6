#include "models/host/session_impl.h"

#include "crypto/entity.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>

static const struct sim_event_ops job_done_ops;

struct session *session_new(const struct session_ops *ops, void *user,
                            const struct session_host *host, struct rng stream, struct se *se)
{
    struct session *s = xcalloc(1, sizeof *s);

    s->ops = ops;
    s->user = user;
    s->host = *host;
    s->stream = stream;
    s->trace.secret = host->secret;
    s->trace.secret_arg = host->secret_arg;
    s->env = (struct proto_env){.stream = &s->stream,
                                .se = se,
                                .meter = &s->meter,
                                .trace = &s->trace,
                                .epoch_unix_ns = host->epoch_unix_ns};
    return s;
}

void session_pair(struct session *a, unsigned leg_a, struct session *b, unsigned leg_b)
{
    a->peer[leg_a] = b;
    a->peer_leg[leg_a] = (uint8_t)leg_b;
    b->peer[leg_b] = a;
    b->peer_leg[leg_b] = (uint8_t)leg_a;
}

void session_unpair(struct session *s)
{
    for (unsigned i = 0; i < SESSION_LEGS; i++) {
        if (s->peer[i])
            s->peer[i]->peer[s->peer_leg[i]] = NULL;
        s->peer[i] = NULL;
    }
}

static void farewell_prepare(struct sim_event *ev)
{
    struct session *s = (struct session *)((char *)ev - offsetof(struct session, farewell));

    proto_free(s->done_with);
    s->done_with = NULL;
}

static void farewell_commit(struct sim *sim, struct sim_event *ev)
{
    (void)sim;
    (void)ev;
}

static const struct sim_event_ops farewell_ops = {"session-farewell", farewell_prepare,
                                                  farewell_commit};

void session_dismiss_core(struct session *s)
{
    struct sim *sim = s->host.sim;

    if (!s->core)
        return;
    s->done_with = s->core;
    s->core = NULL;
    sim_event_init(&s->farewell, &farewell_ops, s->way->endpoint(s));
    sim_schedule(sim, &s->farewell, sim_ns_add(sim_now(sim), sim_look_ahead(sim)));
}

void session_forget(struct session *s)
{
    sim_cancel(s->host.sim, &s->farewell);
    proto_free(s->done_with);
    session_unpair(s);
    if (s->link) {
        *s->link = s->next;
        if (s->next)
            s->next->link = s->link;
    }
    proto_free(s->core);
    if (s->way)
        s->way->clear(s);
    free(s);
}

void session_free(struct session *s)
{
    if (!s)
        return;
    cpu_withdraw(s->host.cpu, s->host.sim, &s->job);
    if (s->way)
        s->way->release(s);
    session_forget(s);
}

void session_vanish(struct session *s)
{
    cpu_withdraw(s->host.cpu, s->host.sim, &s->job);
    if (s->way)
        s->way->vanish(s);
    session_forget(s);
}

void session_retire(struct session *s)
{
    if (!s->way) {
        session_forget(s);
        return;
    }
    cpu_withdraw(s->host.cpu, s->host.sim, &s->job);
    s->busy = false;
    s->way->retire(s);
}

void session_free_retired(struct session **list)
{
    while (*list)
        session_free(*list);
}

/* ---- prepare ---- */

void session_run(struct session *s, enum pump_call call, unsigned door, sim_ns now, struct span in)
{
    struct span none = {NULL, 0};

    s->worked = true;
    if (!s->core) {
        entity_enter(&s->stream, s->host.epoch_unix_ns + now);
        s->core = s->ops->make(s, now);
        entity_leave();
        if (!s->core)
            return;
        s->way->pump(s, PUMP_START, 0, now, none);
        if (call == PUMP_START)
            call = PUMP_NOTHING;
    }
    if (s->ops->before && call == PUMP_INPUT) {
        pump_enter(s->core, now, false);
        s->ops->before(s, now);
        pump_leave();
    }
    if (call != PUMP_NOTHING)
        s->way->pump(s, call, door, now, in);
    if (s->ops->step) {
        pump_enter(s->core, now, false);
        s->ops->step(s, now);
        pump_leave();
        s->way->pump(s, PUMP_NOTHING, 0, now, none);
    }
}

/* ---- commit ---- */

static void job_started(struct cpu_job *job, sim_ns now)
{
    struct session *s = (struct session *)((char *)job - offsetof(struct session, job));

    s->ops->activity(s, now, SESSION_COMPUTING, 0);
}

static void charge(struct session *s, sim_ns now)
{
    struct profile_price price = profile_price(s->host.class, &s->meter);
    bool queued;

    s->worked = false;
    s->ops->charged(s, now, &s->meter, &price);
    meter_clear(&s->meter);
    s->job_other_ns = price.other_ns;
    s->busy = true;
    s->way->stage(s, now);
    sim_event_init(&s->job.done_event, &job_done_ops, s->way->endpoint(s));
    s->job.started = job_started;
    s->ops->activity(s, now, SESSION_QUEUED, 0);
    queued = cpu_submit(s->host.cpu, s->host.sim, &s->job, price.crypto_ns + price.other_ns);
    assert(queued); /* processors of nodes take any number of jobs: admission is the node's */
    (void)queued;
}

static void run_poke(struct session *s, sim_ns now)
{
    s->poke = false;
    session_run(s, PUMP_NOTHING, 0, now, (struct span){NULL, 0});
}

static void give_eof(struct session *s, sim_ns now)
{
    s->eof_given = true;
    if (s->core)
        session_run(s, PUMP_INPUT, 0, now, (struct span){NULL, 0});
}

void session_settle(struct session *s, sim_ns now)
{
    if (s->busy || !s->opened)
        return;
    if (s->eof && !s->eof_given && !s->worked)
        give_eof(s, now);
    if (s->poke && s->core)
        run_poke(s, now);
    if (s->worked)
        charge(s, now);
    else
        s->ops->advanced(s, now);
}

static void job_done_prepare(struct sim_event *ev)
{
    struct session *s = (struct session *)((char *)ev - offsetof(struct session, job.done_event));

    s->way->backlog(s, sim_event_time(ev));
}

static void job_done_commit(struct sim *sim, struct sim_event *ev)
{
    struct session *s = (struct session *)((char *)ev - offsetof(struct session, job.done_event));
    sim_ns now = sim_now(sim);

    cpu_finish(s->host.cpu, sim, &s->job);
    s->busy = false;
    s->ops->activity(s, now, SESSION_IDLE, s->job_other_ns);
    s->way->send(s, now);
    session_settle(s, now);
}

static const struct sim_event_ops job_done_ops = {"session-work", job_done_prepare,
                                                  job_done_commit};

void session_poke(struct session *s, sim_ns now)
{
    s->poke = true;
    session_settle(s, now);
}

void session_poke_ahead(struct session *s, sim_ns now)
{
    s->poke = true;
    if (!s->busy && s->core && s->opened)
        run_poke(s, now);
}

void session_poked(struct session *s, sim_ns now)
{
    session_settle(s, now);
}

/* ---- what is known of a session ---- */

struct sim_endpoint *session_endpoint(struct session *s)
{
    return s->way ? s->way->endpoint(s) : NULL;
}

struct session_hold session_hold(struct session *s)
{
    return s->way->hold(s);
}

void session_let_go(struct session_hold *hold)
{
    struct session_hold h = *hold;

    *hold = (struct session_hold){NULL, NULL};
    if (h.flow)
        flow_let_go(h.flow);
    if (h.udp)
        udp_let_go(h.udp);
}

void *session_user(const struct session *s)
{
    return s->user;
}

struct proto *session_core(const struct session *s)
{
    return s->core;
}

struct rng session_stream(const struct session *s)
{
    return s->stream;
}

struct proto_env *session_env(struct session *s)
{
    return &s->env;
}

struct session *session_peer(const struct session *s)
{
    return s->peer[0];
}

void session_traffic(const struct session *s, struct session_traffic *out)
{
    *out = (struct session_traffic){0};
    if (s->way)
        s->way->traffic(s, out);
}

bool session_is_busy(const struct session *s)
{
    return s->busy;
}
