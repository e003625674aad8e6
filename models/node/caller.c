#include "models/node/caller.h"

#include "models/node/gateway.h"
#include "models/node/record.h"
#include "models/node/route.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

/* One of the two between whom it is. */
struct party {
    struct population *population;
    struct session_host *host;
    int64_t node_id;
    uint32_t index;
    char name[NODE_NAME_MAX]; /* of its host */
};

struct caller {
    struct sim_event timer; /* the deadline of a call, or the end of idling */
    struct caller_settings s;
    struct party from, to;
    const struct caller_user *user;
    void *arg;
    struct session *session; /* NULL: none */
    struct procedure *proc;  /* NULL: no call is under way */
    bool wanted;             /* the next step writes the request */
    bool unwritten;          /* it could not be */
    uint32_t sessions;       /* ever */
    uint64_t stream_counter;
    struct session_traffic booked;
};

static struct deployment *deployment_of(const struct caller *c)
{
    return c->from.population->d;
}

struct procedure *caller_procedure(const struct caller *c)
{
    return c->proc;
}

bool caller_is_calling(const struct caller *c)
{
    return c->proc != NULL;
}

/* ---- prepare ---- */

static struct proto *make_core(struct session *session, sim_ns now)
{
    struct caller *c = session_user(session);

    (void)now;
    return mid_client_proto(mid_client_new(
        session_env(session), &(struct mid_settings){.nscl = c->to.name,
                                                     .requesting_entity = c->s.requesting_entity,
                                                     .representations = true}));
}

static void step(struct session *session, sim_ns now)
{
    struct caller *c = session_user(session);

    if (!c->wanted)
        return;
    c->wanted = false;
    c->unwritten = !c->user->write(c->arg, mid_client_of(session_core(session)), now);
}

/* ---- commit ---- */

static void set_timer(struct caller *c, sim_ns at)
{
    struct sim *sim = deployment_of(c)->sim;

    sim_cancel(sim, &c->timer);
    sim_schedule(sim, &c->timer, at);
}

static void book(struct caller *c)
{
    if (c->session && c->proc)
        procedure_book(c->proc, c->session, &c->booked);
}

/* What its end of the procedure was at, it is not at any more. */
static void leave(struct caller *c, sim_ns now)
{
    struct procedure *p = c->proc;

    if (!p)
        return;
    book(c);
    p->device_computing = p->device_queued = false;
    p->server_computing = p->server_queued = 0;
    procedure_clock(p, now);
    c->proc = NULL;
}

static struct session *release_session(struct caller *c)
{
    struct session *s = c->session;

    c->stream_counter = session_stream(s).counter;
    c->session = NULL;
    sim_cancel(deployment_of(c)->sim, &c->timer);
    return s;
}

static void fail(struct caller *c, sim_ns now, enum reason reason)
{
    bool calling = c->proc != NULL;

    leave(c, now);
    if (calling)
        c->user->failed(c->arg, now, reason);
}

static void timer_commit(struct sim *sim, struct sim_event *ev)
{
    struct caller *c = (struct caller *)((char *)ev - offsetof(struct caller, timer));
    sim_ns now = sim_now(sim);

    book(c);
    if (c->proc)
        session_free(release_session(c));
    else
        session_retire(release_session(c));
    fail(c, now, REASON_TIMEOUT);
}

static const struct sim_event_ops timer_ops = {"caller-timer", NULL, timer_commit};

static void take_answer(struct caller *c, struct mid_client *core, sim_ns now)
{
    const struct mid_response *r = mid_client_response(core);
    struct session *session = c->session;

    if (!r)
        return;
    leave(c, now);
    set_timer(c, sim_ns_add(now, c->s.idle));
    c->user->answered(c->arg, now, r);
    if (c->session == session && session_core(session) && mid_client_response(core) == r)
        mid_client_take(core);
}

static void advanced(struct session *session, sim_ns now)
{
    struct caller *c = session_user(session);
    struct proto *core = session_core(session);
    enum reason reason;

    if (c->proc && c->unwritten) {
        book(c);
        session_retire(release_session(c));
        fail(c, now, REASON_HTTP_TOO_LARGE);
        return;
    }
    if (c->proc && core->status != PROTO_FAILED)
        take_answer(c, mid_client_of(core), now);
    if (c->session != session || core->status == PROTO_RUNNING)
        return;
    reason = core->reason == REASON_NONE ? REASON_CLOSED_EARLY : core->reason;
    book(c);
    session_retire(release_session(c));
    fail(c, now, reason);
}

static void ended(struct session *session, sim_ns now, enum reason reason)
{
    struct caller *c = session_user(session);

    book(c);
    session_free(release_session(c));
    fail(c, now, reason == REASON_NONE ? REASON_CLOSED_EARLY : reason);
}

static void charged(struct session *session, sim_ns now, const struct meter *meter,
                    const struct profile_price *price)
{
    struct caller *c = session_user(session);

    (void)now;
    if (!c->proc)
        return;
    usage_add(c->from.population, c->proc->kind, meter);
    if (c->s.as_server) {
        c->proc->server_ns += price->crypto_ns + price->other_ns;
    } else {
        c->proc->device_ns += price->crypto_ns + price->other_ns;
        c->proc->energy_nj += price->energy_nj;
    }
}

static void activity(struct session *session, sim_ns now, enum session_activity a, sim_ns other_ns)
{
    struct caller *c = session_user(session);

    if (c->proc)
        procedure_activity(c->proc, now, c->s.as_server, a, other_ns);
}

static void packet(struct session *session, const struct flow_packet *p, const char *label,
                   bool continued)
{
    struct caller *c = session_user(session);

    if (c->proc)
        procedure_message(c->proc, c->from.node_id, c->to.node_id, p, "HTTP", label, continued);
}

static void retransmitted(struct session *session, sim_ns now)
{
    struct caller *c = session_user(session);

    if (c->proc)
        procedure_lost(c->proc, now);
}

static const struct session_ops caller_ops = {.make = make_core,
                                              .step = step,
                                              .charged = charged,
                                              .activity = activity,
                                              .advanced = advanced,
                                              .ended = ended,
                                              .packet = packet,
                                              .retransmitted = retransmitted};

/* ---- calls ---- */

/* Named after both ends, so that nobody's calls shift another's draws. */
static struct rng stream_of(const struct party *at, const struct party *with, const char *word,
                            uint32_t number)
{
    char purpose[NODE_NAME_MAX + 48], name[NODE_NAME_MAX], other[NODE_NAME_MAX];
    size_t n;

    node_name(at->population, at->index, name);
    node_name(with->population, with->index, other);
    n = str_append(purpose, sizeof purpose, 0, word);
    n = str_append(purpose, sizeof purpose, n, other);
    n = str_append(purpose, sizeof purpose, n, " ");
    str_append_number(purpose, sizeof purpose, n, number);
    return rng_stream(at->population->d->in.seed, name, purpose);
}

static void connect_session(struct caller *c)
{
    struct deployment *d = deployment_of(c);
    const struct party *from = &c->from, *to = &c->to;
    const struct party *leaf = c->s.leaf_to ? to : from, *root = c->s.leaf_to ? from : to;
    struct net_route up, down;

    c->session =
        session_new(&caller_ops, c, from->host, stream_of(from, to, "calls ", c->sessions++), NULL);
    c->booked = (struct session_traffic){0};
    route_between(d, leaf->population->index, leaf->index, root->population->index, &up, &down);
    if (leaf == to) { /* seen from the other end */
        struct net_route swap = up;
        up = down;
        down = swap;
        up.host = (uint32_t)from->node_id;
    }
    session_connect(c->session, d->net, d->in.tcp, &up, &down, c->s.listener);
}

void caller_call(struct caller *c, struct procedure *p, sim_ns now)
{
    c->proc = p;
    c->wanted = true;
    c->unwritten = false;
    if (!c->session)
        connect_session(c);
    set_timer(c, sim_ns_add(now, c->s.timeout));
    if (!session_core(c->session)) /* written when it is connected */
        return;
    session_traffic(c->session, &c->booked); /* what idling took is nobody's */
    session_poke(c->session, now);
}

void caller_vanish(struct caller *c, sim_ns now)
{
    leave(c, now);
    if (c->session)
        session_vanish(release_session(c));
}

static struct party party_of(struct server *server, struct device *gateway)
{
    struct party p;

    if (server) {
        p = (struct party){
            .population = server->population,
            .host = &server->host,
            .node_id = server->node_id,
            .index = server->index,
        };
        str_append(p.name, sizeof p.name, 0, server->fqdn);
        return p;
    }
    p = (struct party){.population = gateway->population,
                       .host = &gateway->gateway->node.host,
                       .node_id = device_node(gateway),
                       .index = gateway->index};
    gateway_authority(gateway, p.name);
    return p;
}

struct caller *caller_new(const struct caller_settings *settings, const struct caller_user *user,
                          void *arg)
{
    struct caller *c = xcalloc(1, sizeof *c);

    c->s = *settings;
    c->from = party_of(settings->from, settings->gateway);
    c->to = party_of(settings->to, settings->gateway);
    c->user = user;
    c->arg = arg;
    c->sessions = settings->first_session;
    sim_event_init(&c->timer, &timer_ops, NULL);
    return c;
}

void caller_free(struct caller *c)
{
    if (!c)
        return;
    if (c->session)
        session_free(release_session(c));
    free(c);
}

struct caller *caller_of(struct flow_end *end)
{
    struct session *client = flow_user(flow_peer(end));

    return client ? session_user(client) : NULL;
}

struct rng caller_stream(const struct caller *c)
{
    return stream_of(&c->to, &c->from, "call of ", c->sessions);
}

struct procedure *caller_session_procedure(struct session *s)
{
    const struct caller *c = session_user(s);

    return c ? c->proc : NULL;
}

struct server_end *caller_accept(struct server *to, struct flow_end *end, enum end_kind kind)
{
    const struct caller *c = caller_of(end);
    struct server_end *e;

    if (!c || !server_admits(to))
        return NULL;
    e = server_end_make(to, kind, &server_session_ops, caller_stream(c));
    e->plain = true;
    return e;
}
