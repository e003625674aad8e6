#include "models/host/session.h"

#include "crypto/entity.h"
#include "models/host/pump.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SESSION_MAX_OUT (256 * 1024)
#define SESSION_MAX_RX  (256 * 1024)

/* Which message begins at which octet of what this end sent. */
struct sent_label {
    uint64_t offset;
    char *text;
};

struct session {
    const struct session_ops *ops; /* NULL: retired */
    void *user;
    struct session_host host;
    struct flow_end *flow;
    struct session *peer;
    struct proto *core;
    struct proto_env env;
    struct trace trace;
    struct rng stream;
    struct meter meter;
    struct cpu_job job;
    sim_ns job_other_ns;
    struct buf rx;           /* arrived while the processor was busy */
    struct buf out, sending; /* made by the work to come; by the work under way */
    char out_label[160], sending_label[160];
    struct sent_label *labels;
    size_t label_count, label_room;
    uint64_t sent;   /* octets written to the flow */
    sim_ns start_at; /* a client's: since when it connects */
    bool to_start;   /* a client's core is not made yet */
    bool opened;     /* the flow is open: work may be charged */
    bool busy;       /* a job is queued or running */
    bool worked;     /* prepare changed something that is not yet charged */
    bool poke;       /* run step when the job is done */
    bool eof, eof_given;
    bool retired;
    struct session *next, **link; /* of the retired */
};

static const struct sim_event_ops job_done_ops;
static const struct flow_ops session_flow_ops;

struct session *session_new(const struct session_ops *ops, void *user,
                            const struct session_host *host, struct rng stream, struct se *se)
{
    struct session *s = xcalloc(1, sizeof *s);

    s->ops = ops;
    s->user = user;
    s->host = *host;
    s->stream = stream;
    s->env = (struct proto_env){.stream = &s->stream,
                                .se = se,
                                .meter = &s->meter,
                                .trace = &s->trace,
                                .epoch_unix_ns = host->epoch_unix_ns};
    buf_init(&s->rx, SESSION_MAX_RX);
    buf_init(&s->out, SESSION_MAX_OUT);
    buf_init(&s->sending, SESSION_MAX_OUT);
    return s;
}

static void release(struct session *s)
{
    if (s->peer)
        s->peer->peer = NULL;
    if (s->link) {
        *s->link = s->next;
        if (s->next)
            s->next->link = s->link;
    }
    proto_free(s->core);
    buf_clear(&s->rx);
    buf_clear(&s->out);
    buf_clear(&s->sending);
    for (size_t i = 0; i < s->label_count; i++)
        free(s->labels[i].text);
    free(s->labels);
    free(s);
}

void session_free(struct session *s)
{
    if (!s)
        return;
    cpu_withdraw(s->host.cpu, s->host.sim, &s->job);
    if (s->flow)
        flow_release(s->flow);
    release(s);
}

void session_vanish(struct session *s)
{
    cpu_withdraw(s->host.cpu, s->host.sim, &s->job);
    if (s->flow)
        flow_vanish(s->flow);
    release(s);
}

void session_retire(struct session *s)
{
    s->retired = true;
    s->user = NULL;
    cpu_withdraw(s->host.cpu, s->host.sim, &s->job);
    s->busy = false;
    /* The core has said all it will; its memory (135 KiB of OpenSSL) goes now, not after the FINs.
     */
    proto_free(s->core);
    s->core = NULL;
    if (s->peer) {
        s->peer->peer = NULL;
        s->peer = NULL;
    }
    if (!s->flow) {
        release(s);
        return;
    }
    s->link = s->host.retired;
    s->next = *s->link;
    if (s->next)
        s->next->link = &s->next;
    *s->link = s;
    flow_shutdown(s->flow);
}

void session_free_retired(struct session **list)
{
    while (*list)
        session_free(*list);
}

/* ---- prepare ---- */

/* Keeps the names of all messages in `out`: several steps may add to it before it is sent. */
static void add_label(struct session *s, const char *label)
{
    size_t n = strlen(s->out_label);

    if (!*label)
        return;
    if (n > 0 && n + 3 < sizeof s->out_label) {
        memcpy(s->out_label + n, ", ", 3);
        n += 2;
    }
    str_append(s->out_label, sizeof s->out_label, n, label);
}

static void run_pump(struct session *s, enum pump_call call, sim_ns now, struct span in)
{
    char label[sizeof s->out_label];

    pump(s->core, call, now, in, false, &s->out, label, sizeof label);
    add_label(s, label);
}

/* Prepare, or in line in a commit: one call into the core with the parent's words around it. */
static void run(struct session *s, enum pump_call call, sim_ns now, struct span in)
{
    s->worked = true;
    if (!s->core) {
        entity_enter(&s->stream, s->host.epoch_unix_ns + now);
        s->core = s->ops->make(s, now);
        entity_leave();
        if (!s->core)
            return;
        run_pump(s, PUMP_START, now, (struct span){NULL, 0});
        if (call == PUMP_START)
            call = PUMP_NOTHING;
    }
    if (s->ops->before && call == PUMP_INPUT) {
        pump_enter(s->core, now, false);
        s->ops->before(s, now);
        pump_leave();
    }
    if (call != PUMP_NOTHING)
        run_pump(s, call, now, in);
    if (s->ops->step) {
        pump_enter(s->core, now, false);
        s->ops->step(s, now);
        pump_leave();
        run_pump(s, PUMP_NOTHING, now, (struct span){NULL, 0});
    }
}

static void on_opening(struct flow_end *end)
{
    struct session *s = flow_user(end);

    if (s->retired || !s->to_start)
        return;
    s->to_start = false;
    run(s, PUMP_START, s->start_at, (struct span){NULL, 0});
}

static void on_prepare(struct flow_end *end, sim_ns now, struct span octets)
{
    struct session *s = flow_user(end);

    if (s->retired)
        return;
    /* A peer that sends on past the bound while we are busy loses the octets, and with them its
     * session: the records behind no longer verify. */
    if (s->busy)
        (void)buf_put_span(&s->rx, octets);
    else
        run(s, PUMP_INPUT, now, octets);
}

/* ---- commit ---- */

static void settle(struct session *s, sim_ns now);

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
    /* What the work made leaves when it is done. */
    assert(buf_len(&s->sending) == 0);
    struct buf empty = s->sending;
    s->sending = s->out;
    s->out = empty;
    memcpy(s->sending_label, s->out_label, sizeof s->sending_label);
    s->out_label[0] = '\0';

    sim_event_init(&s->job.done_event, &job_done_ops, flow_endpoint(s->flow));
    s->job.started = job_started;
    s->ops->activity(s, now, SESSION_QUEUED, 0);
    queued = cpu_submit(s->host.cpu, s->host.sim, &s->job, price.crypto_ns + price.other_ns);
    assert(queued); /* processors of nodes take any number of jobs: admission is the node's */
    (void)queued;
}

static void give_eof(struct session *s, sim_ns now)
{
    s->eof_given = true;
    if (s->core)
        run(s, PUMP_INPUT, now, (struct span){NULL, 0});
}

static void settle(struct session *s, sim_ns now)
{
    if (s->busy || !s->opened)
        return;
    if (s->eof && !s->eof_given && !s->worked)
        give_eof(s, now);
    if (s->poke && s->core) {
        s->poke = false;
        run(s, PUMP_NOTHING, now, (struct span){NULL, 0});
    }
    if (s->worked)
        charge(s, now);
    else
        s->ops->advanced(s, now);
}

static void send_done(struct session *s)
{
    size_t n = buf_len(&s->sending);

    if (n == 0)
        return;
    if (s->ops->packet) {
        if (s->label_count == s->label_room) {
            s->label_room = s->label_room ? 2 * s->label_room : 8;
            s->labels = xrealloc(s->labels, s->label_room * sizeof *s->labels);
        }
        s->labels[s->label_count++] = (struct sent_label){s->sent, xstrdup(s->sending_label)};
    }
    s->sent += n;
    (void)flow_write(s->flow, buf_span(&s->sending));
    buf_clear(&s->sending);
}

static void job_done_prepare(struct sim_event *ev)
{
    struct session *s = (struct session *)((char *)ev - offsetof(struct session, job.done_event));

    if (buf_len(&s->rx) == 0)
        return;
    run(s, PUMP_INPUT, sim_event_time(ev), buf_span(&s->rx));
    buf_clear(&s->rx);
}

static void job_done_commit(struct sim *sim, struct sim_event *ev)
{
    struct session *s = (struct session *)((char *)ev - offsetof(struct session, job.done_event));
    sim_ns now = sim_now(sim);

    cpu_finish(s->host.cpu, sim, &s->job);
    s->busy = false;
    s->ops->activity(s, now, SESSION_IDLE, s->job_other_ns);
    send_done(s);
    settle(s, now);
}

static const struct sim_event_ops job_done_ops = {"session-work", job_done_prepare,
                                                  job_done_commit};

static void on_commit(struct flow_end *end, sim_ns now)
{
    struct session *s = flow_user(end);

    if (!s->retired && s->worked)
        settle(s, now);
}

static enum reason flow_reason(const struct flow_end *end)
{
    switch (flow_status(end)) {
    case TCP_TIMED_OUT:
        return REASON_CONNECT_TIMEOUT;
    case TCP_REFUSED:
        return REASON_CONNECTION_REFUSED;
    case TCP_RESET:
        return REASON_CONNECTION_RESET;
    case TCP_LOST:
        return REASON_CONNECTION_LOST;
    case TCP_CLOSED:
    case TCP_CONNECTING:
    case TCP_OPEN:
    case TCP_CLOSING:
    case TCP_FINISHED:
        break;
    }
    return REASON_NONE;
}

static void on_event(struct flow_end *end, sim_ns now, enum flow_event event)
{
    struct session *s = flow_user(end);

    switch (event) {
    case FLOW_OPENED:
        s->opened = true;
        if (!s->retired && s->worked)
            settle(s, now);
        break;
    case FLOW_PEER_FINISHED:
        s->eof = true;
        if (s->retired)
            break;
        if (s->core)
            settle(s, now);
        else /* it never said a word */
            s->ops->ended(s, now, REASON_CLOSED_EARLY);
        break;
    case FLOW_ENDED:
        if (s->retired) {
            flow_release(s->flow);
            release(s);
        } else {
            s->ops->ended(s, now, flow_reason(end));
        }
        break;
    }
}

static const struct sent_label *label_at(const struct session *s, uint64_t offset)
{
    for (size_t i = s->label_count; i > 0; i--) {
        if (s->labels[i - 1].offset <= offset)
            return &s->labels[i - 1];
    }
    return NULL;
}

static void on_packet(struct flow_end *sender, const struct flow_packet *packet)
{
    struct session *s = flow_user(sender);
    const struct sent_label *l = NULL;

    if (s->retired || !s->ops->packet)
        return;
    if (packet->segment->length > 0)
        l = label_at(s, packet->stream_offset);
    s->ops->packet(s, packet, l ? l->text : "", l && l->offset != packet->stream_offset);
}

static void on_retransmitted(struct flow_end *end, sim_ns now, bool timeout)
{
    struct session *s = flow_user(end);

    (void)timeout;
    if (!s->retired && s->ops->retransmitted)
        s->ops->retransmitted(s, now);
}

static const struct flow_ops session_flow_ops = {.opening = on_opening,
                                                 .prepare = on_prepare,
                                                 .commit = on_commit,
                                                 .event = on_event,
                                                 .packet = on_packet,
                                                 .retransmitted = on_retransmitted};

void session_connect(struct session *s, struct net *net, const struct tcp_params *params,
                     const struct net_route *up, const struct net_route *down,
                     struct flow_listener *listener)
{
    s->start_at = sim_now(s->host.sim);
    s->to_start = true;
    s->flow = flow_open(net, params, up, down, listener, &session_flow_ops, s);
}

void session_accept(struct session *s, struct flow_end *end, const struct flow_ops **ops,
                    void **user)
{
    s->flow = end;
    s->peer = flow_user(flow_peer(end));
    if (s->peer)
        s->peer->peer = s;
    *ops = &session_flow_ops;
    *user = s;
}

void session_poke(struct session *s, sim_ns now)
{
    s->poke = true;
    settle(s, now);
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

struct flow_end *session_flow(const struct session *s)
{
    return s->flow;
}

struct session *session_peer(const struct session *s)
{
    return s->peer;
}

bool session_is_busy(const struct session *s)
{
    return s->busy;
}
