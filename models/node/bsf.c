/* BSF of GBA (3GPP TS 33.220 4.4): Ub over bare HTTP with devices, vectors from the HSS by Zh, and
 * a table of associations by B-TID, from which NAFs are answered by Zn. The table is in memory: a
 * BSF that was off knows none of them any more. */
#include "models/node/bsf.h"

#include "models/node/attempt.h"
#include "models/node/hss.h"
#include "models/node/roles.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

static const struct session_ops bsf_ops;

static struct ub_server *core_of(const struct server_end *e)
{
    return (struct ub_server *)(void *)session_core(e->session);
}

static const struct cfg_server *config(const struct server *s)
{
    return s->population->config->server;
}

/* ---- prepare ---- */

static struct proto *make_core(struct session *session, sim_ns now)
{
    struct server_end *e = session_user(session);
    struct ub_server *core = ub_server_new(session_env(session), e->server->fqdn);

    (void)now;
    return core ? ub_server_proto(core) : NULL;
}

static void before(struct session *session, sim_ns now)
{
    struct server_end *e = session_user(session);
    const struct cfg_server *c = config(e->server);
    bool busy = e->server->cpu.queued >= c->backlog_busy;

    (void)now;
    ub_server_set_busy(core_of(e), busy ? (uint32_t)(c->retry_after / SIM_S) : 0);
}

static void step(struct session *session, sim_ns now)
{
    struct server_end *e = session_user(session);

    if (!e->ub->ready)
        return;
    e->ub->ready = false;
    ub_server_answer(core_of(e), now, &e->ub->answer);
    explicit_bzero(&e->ub->answer, sizeof e->ub->answer);
}

/* ---- the table ---- */

/* FNV-1a: the octets of a name as a map's key; the name itself is compared. */
static uint64_t name_key(const char *name)
{
    uint64_t key = UINT64_C(0xcbf29ce484222325);

    for (; *name; name++)
        key = (key ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
    return key;
}

static struct gba_sa *find_sa(const struct server *bsf, const char *btid)
{
    uint32_t record = map_find(&bsf->by_connection, name_key(btid));

    return record == MAP_NONE || strcmp(bsf->sa[record].btid, btid) != 0 ? NULL : &bsf->sa[record];
}

/* A subscriber's new association takes the place of its old one. */
static void store(struct server *bsf, const struct gba_sa *sa)
{
    uint64_t user = name_key(sa->impi);
    uint32_t record = map_find(&bsf->by_node, user);

    if (record == MAP_NONE) {
        record = server_new_record(bsf);
        map_put(&bsf->by_node, user, record);
    } else {
        map_remove(&bsf->by_connection, name_key(bsf->sa[record].btid));
    }
    bsf->sa[record] = *sa;
    map_put(&bsf->by_connection, name_key(sa->btid), record);
}

void bsf_forget(struct server *bsf)
{
    if (bsf->sa)
        explicit_bzero(bsf->sa, bsf->record_count * sizeof *bsf->sa);
    bsf->record_count = 0;
    map_release(&bsf->by_node);
    map_release(&bsf->by_connection);
}

void bsf_zn(struct server *bsf, struct meter *m, const struct zn_request *q, struct zn_answer *a)
{
    const struct deployment *d = bsf->population->d;

    zn_answer_make(m, find_sa(bsf, q->btid), q, d->in.epoch_unix_ns + node_now(d), a);
}

/* ---- commit ---- */

static void answer(struct server_end *e, const struct ub_answer *a)
{
    e->ub->answer = *a;
    e->ub->ready = true;
    session_poke(e->session, node_now(e->server->population->d));
}

static void keep(struct server_end *e, const struct ub_query *q)
{
    const struct deployment *d = e->server->population->d;
    struct gba_sa sa = q->sa;
    sim_ns life = config(e->server)->key_lifetime;

    if (q->key_lifetime_s)
        life = (sim_ns)q->key_lifetime_s * SIM_S;
    /* Whole seconds, as the answer's dateTime says it. */
    sa.expires_unix_ns = (d->in.epoch_unix_ns + sim_ns_add(node_now(d), life)) / SIM_S * SIM_S;
    meter_add(session_env(e->session)->meter, OP_DB_ACCESS, 1, 0);
    store(e->server, &sa);
    answer(e, &(struct ub_answer){.expires_unix_ns = sa.expires_unix_ns});
    gba_sa_wipe(&sa);
}

static void serve(struct server_end *e, const struct ub_query *q)
{
    switch (q->kind) {
    case UB_QUERY_ZH:
        hss_zh(e, &q->zh);
        break;
    case UB_QUERY_CHALLENGE:
        /* A challenge is kept by the session that gave it out, and by nobody else. */
        answer(e, &(struct ub_answer){.reason = REASON_GBA_CHALLENGE});
        break;
    case UB_QUERY_STORE:
        keep(e, q);
        break;
    }
}

static void advanced(struct session *session, sim_ns now)
{
    struct server_end *e = session_user(session);
    struct proto *core = session_core(session);
    struct procedure *p = server_end_procedure(e);
    const struct ub_query *q;

    (void)now;
    if (p && core && ub_server_refusal(core_of(e)) != REASON_NONE)
        p->server_reason = ub_server_refusal(core_of(e));
    if (!core || core->status != PROTO_RUNNING) {
        server_end_forget(e);
        session_retire(session);
        return;
    }
    q = e->call || e->ub->ready ? NULL : ub_server_query(core_of(e));
    if (q)
        serve(e, q);
}

static const struct session_ops bsf_ops = {.make = make_core,
                                           .before = before,
                                           .step = step,
                                           .charged = server_charged,
                                           .activity = server_activity,
                                           .advanced = advanced,
                                           .ended = server_ended,
                                           .packet = server_packet,
                                           .retransmitted = server_retransmitted};

bool bsf_accept(struct flow_listener *l, struct flow_end *end, const struct flow_ops **ops,
                void **user)
{
    struct server *s = l->user;
    struct session *client = flow_user(flow_peer(end));
    struct server_end *e;

    if (!client || !session_user(client) || !server_admits(s))
        return false;
    e = server_end_new(s, device_of(client), END_UB, &bsf_ops, 0);
    e->plain = true;
    e->ub = xcalloc(1, sizeof *e->ub);
    session_accept(e->session, end, ops, user);
    return true;
}
