/* The MAS as authentication server of EAP, asked by PAAs through RADIUS: who a peer is and what it
 * may, with the HSS for what only that knows; and what it keeps of a bootstrap or gives for a
 * connection (etsi-m2m.md 1, 4.3, 5). */
#include "models/node/mas.h"

#include "models/node/device.h"
#include "models/node/hss.h"
#include "models/node/identity.h"
#include "models/node/method.h"
#include "models/node/mid_security.h"
#include "models/node/node_id.h"
#include "models/node/roles.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* Of the access network, for AKA' (RFC 9048 3.1; TS 24.302 8.1.1.2): nothing of it is modeled. */
#define NETWORK_NAME "ETHERNET"

const char *mas_network_name(void)
{
    return NETWORK_NAME;
}

static struct aaa_session *core_of(struct session *s)
{
    return (struct aaa_session *)(void *)session_core(s);
}

static const struct cfg_device *config_of(const struct device *dev)
{
    return dev->population->config->device;
}

/* ---- prepare: who is it? The tables are those of the round's start ---- */

static const struct mas_record *record_of(const struct server *mas,
                                          const uint8_t node_id[M2M_NODE_ID_LEN])
{
    uint32_t record = map_find(&mas->by_node, node_id_key(node_id));

    if (record == MAP_NONE || memcmp(mas->mas[record].node_id, node_id, M2M_NODE_ID_LEN) != 0)
        return NULL;
    return &mas->mas[record];
}

/* The permanent identity of SIM, AKA and AKA': a digit, the IMSI, a realm (RFC 4187 4.1.1.6). */
struct device *mas_subscriber(struct deployment *d, const char *identity)
{
    char imsi[IMSI_MAX + 1];

    if (strlen(identity) <= IMSI_MAX || !strchr("016", identity[0]) ||
        (identity[1 + IMSI_MAX] != '\0' && identity[1 + IMSI_MAX] != '@'))
        return NULL;
    memcpy(imsi, identity + 1, IMSI_MAX);
    imsi[IMSI_MAX] = '\0';
    return device_of_imsi(d, imsi);
}

/* GAP C12: "hex(Node-ID):KmrIndex". */
static struct device *holder_of(const struct server *mas, const char *identity, sim_ns now,
                                struct eap_answer *a)
{
    uint8_t node_id[M2M_NODE_ID_LEN];
    const struct mas_record *m = NULL;
    uint32_t kmr_index;

    if (key_kmr_identity_parse(span_str(identity), node_id, &kmr_index))
        m = record_of(mas, node_id);
    if (!m || kmr_index == 0 || m->kmr_index != kmr_index)
        return NULL;
    if (m->expires <= now) {
        a->reason = REASON_KEY_EXPIRED;
        return NULL;
    }
    a->has_psk = true;
    memcpy(a->psk, m->kmr, M2M_KEY_LEN);
    return &mas->population->d->populations[m->population].devices[m->device];
}

static const struct method_facts *facts_of(const struct device *dev, enum pana_usage usage)
{
    return usage == PANA_USAGE_BOOTSTRAP ? method_of_bootstrap(config_of(dev)->bootstrap.method)
                                         : method_of_connect(config_of(dev)->connect.method);
}

/* With their cards, under the permanent identity or one that was handed out. */
static struct device *find_subscriber(const struct server *mas, const struct aaa_question *q,
                                      struct eap_answer *a)
{
    struct deployment *d = mas->population->d;
    struct device *dev = mas_subscriber(d, q->identity);
    const struct mas_user *u = dev ? mas_user_of(mas, dev, q->params.usage)
                                   : mas_user_named(mas, q->identity, q->params.usage);

    if (!u)
        return dev;
    a->reauth = &u->reauth;
    if (dev)
        return dev;
    memcpy(a->permanent, u->permanent, sizeof a->permanent);
    return &d->populations[u->population].devices[u->device];
}

/* NULL: nobody, or nobody who may. Or one whose method is to find out who it is: without a reason
 * then. */
static struct device *find_device(const struct server *mas, const struct aaa_question *q,
                                  sim_ns now, struct eap_answer *a)
{
    struct deployment *d = mas->population->d;
    bool bootstrap = q->params.usage == PANA_USAGE_BOOTSTRAP;
    struct device *subscriber = find_subscriber(mas, q, a), *dev = subscriber;
    const struct eap_method *stranger = mas_method_of_stranger(q->identity);
    const struct method_facts *f;

    a->reason = REASON_EAP_IDENTITY;
    if (!dev && bootstrap)
        dev = device_find(d, q->identity);
    else if (!dev)
        dev = holder_of(mas, q->identity, now, a);
    if (!dev && stranger && d->in.eap->reauth) {
        a->reason = REASON_NONE;
        a->methods[0] = stranger;
        a->method_count = 1;
    }
    if (!dev)
        return NULL;
    f = facts_of(dev, q->params.usage);
    /* Each by its own method alone, and under the identity that belongs to it. */
    if (!f->eap || f->uicc != (subscriber == dev))
        return NULL;
    if (f->certificates) /* whose certificate it must be */
        str_append(a->certificate_name, sizeof a->certificate_name, 0, q->identity);
    if (bootstrap && f->psk) {
        a->has_psk = true;
        device_credential_key(dev, a->psk);
    }
    a->reason = REASON_NONE;
    a->methods[0] = bootstrap ? dev->population->bootstrap_eap : dev->population->connect_eap;
    a->method_count = 1;
    return dev;
}

static void grant_bootstrap(const struct server *mas, const struct device *dev, sim_ns now,
                            struct pana_params *p)
{
    struct deployment *d = mas->population->d;
    const struct cfg_device *c = config_of(dev);
    const struct mas_record *m = record_of(mas, p->node_id);

    p->has |= 1u << PANA_ETSI_KMR_INDEX | 1u << PANA_ETSI_MAS_FQDN | 1u << PANA_ETSI_SCL_ID_LIST |
              1u << PANA_ETSI_SP_ID;
    p->kmr_index = m ? m->kmr_index + 1 : 1;
    p->expires_unix_s = (d->in.epoch_unix_ns + sim_ns_add(now, c->keys.kmr)) / SIM_S;
    str_append(p->mas_fqdn, sizeof p->mas_fqdn, 0, mas->fqdn);
    str_append(p->scl_list[0], sizeof p->scl_list[0], 0,
               server_for(d, c->mid.nscl, dev->index)->fqdn);
    p->scl_list_count = 1;
}

/* No Kmc outlives the Kmr it came from. The Connection-ID has 63 random bits: unique at this MAS
 * and at the NSCL. */
static void grant_connection(const struct server *mas, const struct device *dev,
                             struct proto_env *env, sim_ns now, uint16_t wish,
                             struct pana_params *p)
{
    const struct mas_record *m = record_of(mas, p->node_id);
    const struct cfg_device *c = config_of(dev);
    sim_ns expires = sim_ns_add(now, c->keys.kmc);

    if (m && method_needs_kmr(c->connect.method))
        expires = sim_ns_min(expires, m->expires);
    p->has |= 1u << PANA_ETSI_CONNECTION_ID | 1u << PANA_ETSI_KMC_INDEX | 1u << PANA_ETSI_MID_FLAGS;
    p->connection_id = rng_u64(env->stream) >> 1;
    meter_add(env->meter, OP_RANDOM, 1, sizeof p->connection_id);
    p->kmc_index = m ? m->connections + 1 : 1;
    p->expires_unix_s = (mas->population->d->in.epoch_unix_ns + expires) / SIM_S;
    p->mid_flags = mid_security_grant(mas->population->config->server, wish);
}

static void find(void *arg, struct proto_env *env, sim_ns now, const struct aaa_question *q,
                 struct aaa_user *user)
{
    struct server_end *e = arg;
    struct aaa_work *w = e->aaa;
    const struct eap_method *method = eap_server_method(aaa_session_eap(core_of(e->session)));
    struct device *dev = find_device(e->server, q, now, &user->answer);
    struct pana_params *p = &user->params;
    char scl_id[M2M_MAX_URI];

    meter_add(env->meter, OP_DB_ACCESS, 1, 0);
    if (!dev)
        return;
    /* Whoever was asked for more, by a method that a temporary identity chose. */
    if (method && method != user->answer.methods[0]) {
        user->answer.reason = REASON_EAP_IDENTITY;
        return;
    }
    w->found = true;
    w->population = dev->population->index;
    w->device = dev->index;
    device_node_id(dev, w->node_id);
    p->has = 1u << PANA_ETSI_NODE_ID | 1u << PANA_ETSI_LIFETIME | 1u << PANA_ETSI_SCL_ID;
    memcpy(p->node_id, w->node_id, M2M_NODE_ID_LEN);
    memcpy(p->sp_id, q->params.sp_id, sizeof p->sp_id);
    node_scl_id(w->node_id, scl_id);
    str_append(p->scl_id, sizeof p->scl_id, 0, scl_id);
    if (q->params.usage == PANA_USAGE_BOOTSTRAP)
        grant_bootstrap(e->server, dev, now, p);
    else
        grant_connection(e->server, dev, env, now, q->params.mid_flags, p);
    /* From the manufacturer's records, in the security attributes. */
    user->ival_capable = config_of(dev)->ival.capable;
    device_kival(dev, user->kival);
}

static struct proto *make_core(struct session *session, sim_ns now)
{
    struct server_end *e = session_user(session);
    const struct deployment *d = e->server->population->d;
    const struct cfg_eap *c = d->in.eap;
    struct aaa_session_settings settings = {
        .radius = {.secret = span_of(d->radius_secret, sizeof d->radius_secret),
                   .eap = {.server_id = e->server->fqdn,
                           .mtu = c->mtu,
                           .network_name = NETWORK_NAME,
                           .pseudonyms = c->reauth,
                           .fast_reauth = c->reauth,
                           .tls = e->client_population->bootstrap.server,
                           .credential = e->server->credential,
                           .ibe = e->aaa->ibe,
                           .asks_ibe = e->aaa->asks_ibe}},
        .find = find,
        .arg = e,
        .linger = c->radius_linger};

    (void)now;
    return aaa_session_proto(aaa_session_new(session_env(session), &settings));
}

static void step(struct session *session, sim_ns now)
{
    struct server_end *e = session_user(session);

    if (!e->aaa->answer_ready)
        return;
    e->aaa->answer_ready = false;
    aaa_session_answer(core_of(session), now, &e->aaa->answer);
}

/* ---- commit ---- */

static void keep_kmr(struct server_end *e, const struct pana_params *p)
{
    const struct deployment *d = e->server->population->d;
    const struct aaa_work *w = e->aaa;
    struct device *dev = &d->populations[w->population].devices[w->device];
    struct mas_record m = {.expires = p->expires_unix_s * SIM_S - d->in.epoch_unix_ns,
                           .kmr_index = p->kmr_index,
                           .population = w->population,
                           .device = w->device,
                           .ival_capable = config_of(dev)->ival.capable};

    memcpy(m.node_id, w->node_id, M2M_NODE_ID_LEN);
    device_kival(dev, m.kival);
    if (se_backend_copy(&e->se, SE_KMR, m.kmr))
        mas_store(e->server, &m);
    explicit_bzero(&m, sizeof m);
}

static void count_connection(struct server_end *e, const struct pana_params *p)
{
    uint32_t record = map_find(&e->server->by_node, node_id_key(e->aaa->node_id));

    if (record != MAP_NONE)
        e->server->mas[record].connections = p->kmc_index;
}

static void keep_user(struct server_end *e)
{
    const struct deployment *d = e->server->population->d;
    struct aaa_session *core = core_of(e->session);
    const struct eap_server *eap = aaa_session_eap(core);
    const struct eap_reauth *reauth = eap_server_reauth(eap);
    const struct aaa_work *w = e->aaa;

    if (reauth)
        mas_user_keep(e->server, &d->populations[w->population].devices[w->device],
                      aaa_session_usage(core), eap_server_permanent(eap), reauth);
}

static void act(struct server_end *e)
{
    struct aaa_session *core = core_of(e->session);
    struct procedure *proc = server_end_procedure(e);
    enum reason refusal = aaa_session_refusal(core);

    if (proc && refusal != REASON_NONE)
        proc->server_reason = refusal;
    if (e->aaa->stored || !aaa_session_is_accepted(core))
        return;
    e->aaa->stored = true;
    meter_add(session_env(e->session)->meter, OP_DB_ACCESS, 1, 0);
    keep_user(e);
    if (aaa_session_usage(core) == PANA_USAGE_BOOTSTRAP)
        keep_kmr(e, aaa_session_params(core));
    else
        count_connection(e, aaa_session_params(core));
}

static bool wants_separation(const struct server_end *e)
{
    const struct population *p = &e->server->population->d->populations[e->aaa->population];
    const struct cfg_device *c = p->config->device;

    if (aaa_session_usage(core_of(e->session)) == PANA_USAGE_BOOTSTRAP)
        return c->bootstrap.method == CFG_BOOTSTRAP_EAP_AKA_PRIME;
    return c->connect.method == CFG_CONNECT_EAP_AKA_PRIME;
}

static void advanced(struct session *session, sim_ns now)
{
    struct server_end *e = session_user(session);
    struct aaa_session *core = core_of(session);
    const struct eap_query *q;

    (void)now;
    act(e);
    if (aaa_session_proto(core)->status != PROTO_RUNNING) {
        server_end_forget(e);
        session_free(session);
        return;
    }
    q = e->call || e->aaa->awaits_key || e->aaa->answer_ready ? NULL : aaa_session_query(core);
    if (q && q->kind == EAP_QUERY_IBE)
        kms_ask(e);
    else if (q)
        hss_ask(e, q, wants_separation(e));
}

static const struct session_ops aaa_ops = {.make = make_core,
                                           .step = step,
                                           .charged = server_charged,
                                           .activity = server_activity,
                                           .advanced = advanced,
                                           .ended = server_ended,
                                           .datagram = server_datagram,
                                           .retransmitted = server_repeated};

bool aaa_accept(struct udp_listener *l, struct udp_end *end, const struct udp_ops **ops,
                void **user)
{
    struct server *s = l->user;
    struct session *client = udp_user(udp_peer(end));
    struct server_end *from = client ? session_user(client) : NULL, *e;
    struct server_ibe *keys;

    if (!from || !server_admits(s))
        return server_drop(end, ops, user);
    e = server_end_new(s, from->client, END_AAA, &aaa_ops, from->behind++);
    e->aaa = xcalloc(1, sizeof *e->aaa);
    keys = identity_of_server(s, node_now(s->population->d));
    e->aaa->ibe = keys ? keys->user : NULL;
    e->aaa->asks_ibe = keys && s->population->config->server->kms != CFG_NONE;
    session_accept_udp(e->session, end, ops, user);
    return true;
}
