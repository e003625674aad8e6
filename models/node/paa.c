/* MSBF and NSCL as PANA's authentication agents: a session for each device, with EAP passed on to
 * the MAS (etsi-m2m.md 1, 4.3, 5). */
#include "models/node/roles.h"

#include "models/node/attempt.h"
#include "models/node/resume.h"
#include "models/node/route.h"
#include "models/proc/paa.h"
#include "sim/base/str.h"

#include <stdlib.h>
#include <string.h>

static const struct cfg_server *config(const struct server_end *e)
{
    return e->server->population->config->server;
}

static struct paa_session *core_of(struct session *s)
{
    return (struct paa_session *)(void *)session_core(s);
}

/* ---- prepare ---- */

static void fill_params(const struct server_end *e, struct pana_params *p)
{
    p->has = 1u << PANA_ETSI_USAGE_TYPE | 1u << PANA_ETSI_SP_ID;
    str_append(p->sp_id, sizeof p->sp_id, 0, config(e)->sp_id);
    if (e->server->population->config->kind == CFG_MSBF) {
        p->usage = PANA_USAGE_BOOTSTRAP;
        p->has |= 1u << PANA_ETSI_MSBF_ID;
        str_append(p->msbf_id, sizeof p->msbf_id, 0, e->server->fqdn);
    } else {
        p->usage = PANA_USAGE_CONNECTION;
        p->has |= 1u << PANA_ETSI_NSCL_ID;
        str_append(p->nscl_id, sizeof p->nscl_id, 0, e->server->fqdn);
    }
}

static struct proto *make_core(struct session *session, sim_ns now)
{
    struct server_end *e = session_user(session);
    const struct deployment *d = e->server->population->d;
    const struct cfg_eap *c = d->in.eap;
    struct paa_session_settings settings = {
        .pana = {.timers = c->pana, .session_id = e->pana_session, .encrypt = c->pana_encrypt},
        .radius = {.secret = span_of(d->radius_secret, sizeof d->radius_secret),
                   .nas_identifier = e->server->fqdn,
                   .irt = c->radius_irt,
                   .mrt = c->radius_mrt,
                   .mrd = c->radius_mrd,
                   .mrc = c->radius_mrc,
                   .framed_mtu = c->mtu}};

    (void)now;
    fill_params(e, &settings.pana.params);
    return paa_session_proto(paa_session_new(session_env(session), &settings));
}

static struct proto *door(struct session *session)
{
    return paa_session_radius(core_of(session));
}

/* ---- commit ---- */

/* What a service connection is to the NSCL: the MAS has said whose and for how long, the core has
 * Kmc and K_IVal in the session's environment. */
static void store(struct server_end *e, const struct pana_params *p)
{
    const struct deployment *d = e->server->population->d;
    struct scl_record s = {.connection_id = p->connection_id,
                           .kmc_index = p->kmc_index,
                           .kmc_expires = p->expires_unix_s * SIM_S - d->in.epoch_unix_ns,
                           .device = e->client->index,
                           .mid_flags = p->mid_flags,
                           .cipher = e->client_population->config->device->mid.cipher};

    memcpy(s.node_id, p->node_id, M2M_NODE_ID_LEN);
    s.ival_capable = se_backend_copy(&e->se, SE_KIVAL, s.kival);
    if (!se_backend_copy(&e->se, SE_KMC, s.kmc))
        return;
    meter_add(session_env(e->session)->meter, OP_DB_ACCESS, 1, 0);
    resume_store(e->server, &s);
    explicit_bzero(&s, sizeof s);
}

static void note_refusal(const struct server_end *e, enum reason reason)
{
    struct procedure *p = server_end_procedure(e);

    /* What the MAS has said of it stands: it knows more. */
    if (p && reason != REASON_NONE && p->server_reason == REASON_NONE)
        p->server_reason = reason;
}

/* Nothing is awaited: what came was no beginning of a session (an answer that came twice, for one).
 */
static bool is_idle(struct paa_session *core)
{
    return paa_session_proto(core)->expiry == SIM_NEVER &&
           paa_session_radius(core)->expiry == SIM_NEVER;
}

static void advanced(struct session *session, sim_ns now)
{
    struct server_end *e = session_user(session);
    struct paa_session *core = core_of(session);

    (void)now;
    note_refusal(e, paa_session_refusal(core));
    if (!e->stored && paa_session_is_accepted(core)) {
        e->stored = true;
        if (e->server->population->config->kind == CFG_NSCL)
            store(e, paa_session_params(core));
    }
    if (paa_session_proto(core)->status == PROTO_RUNNING && !is_idle(core))
        return;
    note_refusal(e, paa_session_proto(core)->reason);
    server_end_forget(e);
    session_free(session);
}

static const struct session_ops paa_ops = {.make = make_core,
                                           .charged = server_charged,
                                           .activity = server_activity,
                                           .advanced = advanced,
                                           .ended = server_ended,
                                           .datagram = server_datagram,
                                           .retransmitted = server_repeated,
                                           .door = door};

bool paa_accept(struct udp_listener *l, struct udp_end *end, const struct udp_ops **ops,
                void **user)
{
    struct server *s = l->user;
    struct deployment *d = s->population->d;
    struct session *client = udp_user(udp_peer(end));
    struct device_end *from = client ? session_user(client) : NULL;
    struct net_route up, down;
    struct server *mas;
    struct server_end *e;

    if (!from || !server_admits(s))
        return server_drop(end, ops, user);
    e = server_end_new(s, from->dev, END_PAA, &paa_ops, from->behind++);
    e->pana_session = ++s->pana_sessions;
    session_accept_udp(e->session, end, ops, user);
    mas = server_for(d, e->client_population->config->device->connect.mas, from->dev->mas_index);
    route_between(d, s->population->index, s->index, mas->population->index, &up, &down);
    /* A port for each session: answers need no other key. */
    session_open_udp(e->session, d->net, &d->in.eap->udp, &up, &down, &mas->datagrams,
                     net_dynamic_port(e->pana_session));
    return true;
}
