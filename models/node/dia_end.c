#include "models/node/dia_end.h"

#include "models/node/record.h"

#include <stdlib.h>

/* ---- prepare ---- */

static struct server_session *core_of(const struct dia_end *e)
{
    return (struct server_session *)(void *)session_core(e->session);
}

static struct proto *make_core(struct session *s, sim_ns now)
{
    (void)now;
    return server_session_proto(
        server_session_new(session_env(s), &(struct server_settings){.role = SERVER_NSCL}));
}

static void step(struct session *s, sim_ns now)
{
    struct dia_end *e = session_user(s);

    if (!e->answer_ready)
        return;
    e->answer_ready = false;
    server_session_answer(core_of(e), now, &e->answer);
    m2m_doc_release(&e->doc);
}

/* ---- commit ---- */

struct procedure *dia_end_procedure(const struct dia_end *e)
{
    return e->node->ops->procedure(e, session_peer(e->session));
}

static void forget(struct dia_end *e)
{
    if (e->node->ops->forget)
        e->node->ops->forget(e);
    *e->link = e->next;
    if (e->next)
        e->next->link = e->link;
    m2m_doc_release(&e->doc);
    free(e);
}

void dia_end_answer(struct dia_end *e, sim_ns now)
{
    e->answer_ready = true;
    e->in_service = false;
    session_poke(e->session, now);
}

static void advanced(struct session *s, sim_ns now)
{
    struct dia_end *e = session_user(s);
    struct proto *core = session_core(s);
    const struct server_request *q;

    if (!core || core->status != PROTO_RUNNING) {
        forget(e);
        session_retire(s);
        return;
    }
    q = e->in_service ? NULL : server_session_request(core_of(e));
    if (!q)
        return;
    e->in_service = true;
    meter_add(session_env(s)->meter, OP_DB_ACCESS, 1, 0);
    e->node->ops->request(e, q, now);
}

static void ended(struct session *s, sim_ns now, enum reason reason)
{
    (void)now;
    (void)reason;
    forget(session_user(s));
    session_free(s);
}

static void charged(struct session *s, sim_ns now, const struct meter *meter,
                    const struct profile_price *price)
{
    const struct dia_end *e = session_user(s);
    struct procedure *p = dia_end_procedure(e);

    (void)now;
    usage_add(e->node->population, p ? p->kind : e->node->ops->kind, meter);
    if (p)
        p->server_ns += price->crypto_ns + price->other_ns;
}

static void activity(struct session *s, sim_ns now, enum session_activity a, sim_ns other_ns)
{
    struct procedure *p = dia_end_procedure(session_user(s));

    if (p)
        procedure_activity(p, now, true, a, other_ns);
}

static void packet(struct session *s, const struct flow_packet *packet_, const char *label,
                   bool continued)
{
    const struct dia_end *e = session_user(s);
    struct procedure *p = dia_end_procedure(e);

    if (p)
        procedure_message(p, e->node->node_id, p->node_id, packet_, "HTTP", label, continued);
}

static void retransmitted(struct session *s, sim_ns now)
{
    struct procedure *p = dia_end_procedure(session_user(s));

    if (p)
        procedure_lost(p, now);
}

static const struct session_ops session_ops = {.make = make_core,
                                               .step = step,
                                               .charged = charged,
                                               .activity = activity,
                                               .advanced = advanced,
                                               .ended = ended,
                                               .packet = packet,
                                               .retransmitted = retransmitted};

void dia_end_accept(struct dia_end *e, struct dia_node *n, struct rng stream, struct flow_end *end,
                    const struct flow_ops **ops, void **user)
{
    e->node = n;
    e->session = session_new(&session_ops, e, &n->host, stream, NULL);
    e->next = n->ends;
    e->link = &n->ends;
    if (e->next)
        e->next->link = &e->next;
    n->ends = e;
    session_accept(e->session, end, ops, user);
}

/* ---- the node ---- */

void dia_node_init(struct dia_node *n, const struct dia_ops *ops, struct population *p,
                   int64_t node_id, struct cpu *cpu)
{
    struct deployment *d = p->d;

    *n = (struct dia_node){.ops = ops,
                           .population = p,
                           .node_id = node_id,
                           .host = {.sim = d->sim,
                                    .cpu = cpu,
                                    .class = p->class,
                                    .epoch_unix_ns = d->in.epoch_unix_ns,
                                    .retired = &d->retired}};
}

void dia_node_free_ends(struct dia_node *n, bool vanish)
{
    while (n->ends) {
        struct session *s = n->ends->session;

        forget(n->ends);
        if (vanish)
            session_vanish(s);
        else
            session_free(s);
    }
}
