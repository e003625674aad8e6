/* The device's sessions: one attempt of a procedure each, or an mId session that several requests
 * share. */
#include "models/node/attempt.h"

#include "models/node/access.h"
#include "models/node/longpoll.h"
#include "models/node/method.h"
#include "models/node/mid_security.h"
#include "models/node/node_id.h"
#include "models/node/record.h"
#include "models/node/resume.h"
#include "models/node/roles.h"
#include "models/node/route.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>

static const struct session_ops device_session_ops;

/* ---- prepare ---- */

struct credential *device_issue(struct device *dev)
{
    const struct cfg_device *c = dev->population->config->device;
    struct deployment *d = device_deployment(dev);
    struct rng r = device_stream(dev, "credential");
    bool wrong_ca = rng_below(&r, 1000000) < c->bootstrap.wrong_ca_ppm;
    bool expired = rng_below(&r, 1000000) < c->bootstrap.expired_ppm;
    int64_t epoch_s = d->in.epoch_unix_ns / SIM_S;
    int64_t year = INT64_C(365) * 86400;
    struct credential *credential = NULL;
    char name[NODE_NAME_MAX];

    node_name(dev->population, dev->index, name);
    /* A manufacturer's certificate: from a year before the run, for twenty years. */
    if (credential_issue(wrong_ca ? d->rogue : d->authority, d->pool, dev->index, name, false,
                         epoch_s - year, expired ? epoch_s - 86400 : epoch_s + 20 * year,
                         &credential))
        return NULL;
    return credential;
}

static struct proto *make_bootstrap(struct device_end *e, struct proto_env *env)
{
    struct device *dev = e->dev;
    const struct cfg_device *c = dev->population->config->device;
    struct server *msbf = server_for(device_deployment(dev), c->bootstrap.msbf, dev->index);
    struct credential *credential = device_issue(dev);
    char name[NODE_NAME_MAX];

    if (!credential)
        return NULL;
    node_name(dev->population, dev->index, name);
    e->result.bootstrap = xcalloc(1, sizeof *e->result.bootstrap);
    return bootstrap_client_new(
        env,
        &(struct bootstrap_settings){.context = dev->population->bootstrap.client,
                                     .credential = credential,
                                     .msbf = msbf->fqdn,
                                     .device_id = name,
                                     .ival_capable = c->ival.capable},
        e->result.bootstrap);
}

struct server *device_mas(const struct device *dev)
{
    return server_for(device_deployment(dev), dev->population->config->device->connect.mas,
                      dev->mas_index);
}

struct server *device_nscl(const struct device *dev)
{
    return server_for(device_deployment(dev), dev->population->config->device->mid.nscl,
                      dev->nscl_index);
}

static struct proto *make_connection(struct device_end *e, struct proto_env *env)
{
    struct device *dev = e->dev;
    const struct cfg_device *c = dev->population->config->device;
    char scl_id[M2M_MAX_URI];
    struct connection_settings settings = {.context = dev->population->connect.client,
                                           .mas = device_mas(dev)->fqdn,
                                           .kmr_index = dev->kmr_index,
                                           .scl_id = scl_id,
                                           .ival_capable = c->ival.capable,
                                           .mid_flags = mid_security_wish(c)};

    node_scl_id(dev->node_id, scl_id);
    memcpy(settings.node_id, dev->node_id, M2M_NODE_ID_LEN);
    e->result.connection = xcalloc(1, sizeof *e->result.connection);
    return connection_client_new(env, &settings, e->result.connection);
}

/* mId without TLS: the access network, or the KeyName of its objects, says who that is. */
static bool is_plain(const struct device *dev)
{
    return !(dev->mid_flags & MID_CHANNELS);
}

void device_mid_settings(const struct device *dev, sim_ns now, char scl_id[M2M_MAX_URI],
                         struct mid_settings *out)
{
    node_scl_id(dev->node_id, scl_id);
    *out = (struct mid_settings){.context = is_plain(dev) ? NULL : dev->population->mid.client,
                                 .nscl = device_nscl(dev)->fqdn,
                                 .connection_id = dev->connection_id,
                                 .kmc_index = dev->kmc_index,
                                 .requesting_entity = scl_id,
                                 .object_flags = dev->mid_flags & MID_OBJECTS,
                                 .cipher = dev->population->config->device->mid.cipher,
                                 .sequence = dev->object ? dev->object->sequence : 0,
                                 .sequence_step = dev->channel ? 2 : 1,
                                 .session = resume_offer(dev, now)};
}

static struct proto *make_mid(struct device *dev, struct proto_env *env, sim_ns now)
{
    char scl_id[M2M_MAX_URI];
    struct mid_settings settings;
    struct mid_client *c;

    device_mid_settings(dev, now, scl_id, &settings);
    if (dev->population->config->device->mid.binding == BINDING_COAP)
        mid_coap_client(dev, &settings);
    c = mid_client_new(env, &settings);
    return c ? mid_client_proto(c) : NULL;
}

static struct proto *make_core(struct session *s, sim_ns now)
{
    struct device_end *e = session_user(s);
    struct proto_env *env = session_env(s);

    if (e->pana)
        return device_make_pana(e, env, now);
    if (e->gba)
        return device_make_gba(e, env);
    switch (e->kind) {
    case PROC_ATTACH:
        return access_make_client(e->dev, env);
    case PROC_BOOTSTRAP:
        return make_bootstrap(e, env);
    case PROC_CONNECTION:
        return make_connection(e, env);
    case PROC_REGISTRATION:
    case PROC_REFRESH:
    case PROC_DEREGISTRATION:
    case PROC_CONTAINER:
    case PROC_REQUEST:
    case PROC_ACCESS_RIGHT:
    case PROC_FORWARD:
    case PROC_CHANNEL:
    case PROC_MGMT_CMD:
    case PROC_COMMAND_REPORT:
    case PROC_RESPONSE:
        return make_mid(e->dev, env, now);
    case PROC_POLL:
    case PROC_NA_REGISTRATION:
    case PROC_DISCOVERY:
    case PROC_SUBSCRIPTION:
    case PROC_READ:
    case PROC_COMMAND:
    case PROC_NOTIFICATION:
    case PROC_APPLICATION:
    case PROC_READING:
    case PROC_DELIVERY:
    case PROC_ACTUATE:
    case PROC_APOC:
    case PROC_KINDS:
        break;
    }
    return NULL;
}

static bool goes_over_pana(const struct device *dev, enum procedure_kind kind)
{
    const struct cfg_device *c = dev->population->config->device;

    return (kind == PROC_BOOTSTRAP && method_of_bootstrap(c->bootstrap.method)->eap) ||
           (kind == PROC_CONNECTION && method_of_connect(c->connect.method)->eap);
}

static bool goes_by_gba(const struct device *dev, enum procedure_kind kind)
{
    const struct cfg_device *c = dev->population->config->device;

    return (kind == PROC_BOOTSTRAP && method_of_bootstrap(c->bootstrap.method)->gba) ||
           (kind == PROC_CONNECTION && method_of_connect(c->connect.method)->gba);
}

static struct device_end *make_end(struct device *dev, enum procedure_kind kind)
{
    struct deployment *d = device_deployment(dev);
    struct session_host host = {d->sim,      &dev->cpu, dev->population->class, d->in.epoch_unix_ns,
                                &d->retired, d->secret, d->secret_arg};
    struct rng stream = device_stream(dev, "session");
    struct device_end *e = xcalloc(1, sizeof *e);

    stream.counter = dev->stream_counter;
    e->dev = dev;
    e->kind = kind;
    e->pana = goes_over_pana(dev, kind);
    e->gba = goes_by_gba(dev, kind);
    e->request_wanted = procedure_is_mid(kind);
    e->asked = dev->proc->t_start;
    e->plain = procedure_is_mid(kind) && is_plain(dev);
    e->session = session_new(&device_session_ops, e, &host, stream, &dev->se);
    return e;
}

static void free_result(struct device_end *e)
{
    if (e->kind == PROC_BOOTSTRAP)
        free(e->result.bootstrap);
    else if (e->kind == PROC_CONNECTION)
        free(e->result.connection);
    if (e->sa)
        gba_sa_wipe(e->sa);
    free(e->sa);
}

/* What stays of it when its session, which borrowed from it, is gone. */
static void free_end(struct device_end *e)
{
    free_result(e);
    ibe_user_free(e->ibe);
    free(e);
}

void device_free_end(struct device_end *e)
{
    if (!e)
        return;
    session_free(e->session);
    free_end(e);
}

static void step(struct session *s, sim_ns now)
{
    struct device_end *e = session_user(s);

    if (e->request_wanted)
        device_write_request(e, now);
    if (e->closing)
        mid_client_close(mid_client_of(session_core(s)), now);
}

/* ---- commit ---- */

static bool is_over_coap(const struct device_end *e)
{
    return procedure_is_mid(e->kind) &&
           e->dev->population->config->device->mid.binding == BINDING_COAP;
}

static bool is_over_udp(const struct device_end *e)
{
    return e->pana || e->kind == PROC_ATTACH || is_over_coap(e);
}

/* Over PANA a connection is asked for at the NSCL, behind which stands the MAS. */
static struct server *server_of(const struct device_end *e)
{
    const struct cfg_device *c = e->dev->population->config->device;

    if (e->gba)
        return device_gba_server(e);
    if (e->kind == PROC_ATTACH)
        return server_for(device_deployment(e->dev), c->access.at, e->dev->index);
    if (e->kind == PROC_BOOTSTRAP)
        return server_for(device_deployment(e->dev), c->bootstrap.msbf, e->dev->index);
    return e->kind == PROC_CONNECTION && !e->pana ? device_mas(e->dev) : device_nscl(e->dev);
}

/* Signalling is no traffic of IP. */
static void connect_datagrams(struct device_end *e, struct server *server,
                              const struct net_route *up, const struct net_route *down)
{
    struct deployment *d = device_deployment(e->dev);
    struct udp_params params = d->in.eap->udp;
    struct udp_listener *listener = &server->datagrams;

    params.below_ip = e->kind == PROC_ATTACH;
    if (is_over_coap(e))
        listener = e->plain ? &server->coap : &server->coaps;
    session_open_udp(e->session, d->net, &params, up, down, listener,
                     net_dynamic_port(e->dev->sessions));
}

void device_connect(struct device *dev, enum procedure_kind kind)
{
    struct deployment *d = device_deployment(dev);
    struct device_end *e = make_end(dev, kind);
    struct server *server;
    struct net_route up, down;

    if (dev->channel && !procedure_is_mid(kind))
        longpoll_close(dev, node_now(d)); /* its session reads the key that is to be renewed */
    dev->end = e;
    if (e->gba)
        device_gba_begin(e, node_now(d));
    server = server_of(e);
    dev->booked = (struct session_traffic){0};
    dev->sessions++;
    dev->proc->peer_id = server->node_id;
    route_between(d, dev->population->index, dev->index, server->population->index, &up, &down);
    if (is_over_udp(e))
        connect_datagrams(e, server, &up, &down);
    else
        session_connect(e->session, d->net, d->in.tcp, &up, &down,
                        e->plain ? &server->plain : &server->listener);
}

bool device_close_session(struct device *dev, sim_ns now)
{
    if (!is_over_coap(dev->end) || dev->end->plain || !dev->end->open)
        return false;
    dev->end->closing = true;
    session_poke(dev->end->session, now);
    return true;
}

void device_book(struct device *dev)
{
    if (dev->end && dev->proc)
        procedure_book(dev->proc, dev->end->session, &dev->booked);
}

/* Numbers that were taken stay taken, whatever became of their requests. */
static void keep_sequence(struct device *dev, const struct device_end *e)
{
    if (dev->object && procedure_is_mid(e->kind) && session_core(e->session))
        dev->object->sequence = mid_client_sequence(mid_client_of(session_core(e->session)));
}

void device_drop_session(struct device *dev, sim_ns now, bool retire, const char *key_end)
{
    struct device_end *e = dev->end;

    keep_sequence(dev, e);
    dev->stream_counter = session_stream(e->session).counter;
    resume_close(dev, now, key_end);
    dev->end = NULL;
    if (dev->proc) {
        dev->proc->device_computing = dev->proc->device_queued = false;
        procedure_clock(dev->proc, now);
    }
    if (!retire) {
        device_free_end(e);
        return;
    }
    session_retire(e->session);
    free_end(e);
}

void device_vanish(struct device *dev, sim_ns now)
{
    struct device_end *e = dev->end;

    while (dev->lingering)
        device_free_lingering(dev->lingering);
    if (!e)
        return;
    dev->stream_counter = session_stream(e->session).counter;
    resume_close(dev, now, "closed");
    dev->end = NULL;
    session_vanish(e->session);
    free_end(e);
}

static sim_ns lifetime(const struct device *dev, int64_t expires_unix_ns)
{
    return expires_unix_ns - device_deployment(dev)->in.epoch_unix_ns;
}

static sim_ns renewal(struct device *dev, sim_ns now, sim_ns expires)
{
    const struct cfg_device *c = dev->population->config->device;
    sim_ns life = expires - now;
    sim_ns at = now + (sim_ns)((double)life * c->keys.renew_at_ppm / 1e6);

    return device_jitter(dev, at, life, c->keys.renew_jitter_ppm);
}

void device_adopt_bootstrap(struct device *dev, sim_ns now, key_ref parent)
{
    const struct doc_bootstrap_param_set *r = dev->end->result.bootstrap;
    struct deployment *d = device_deployment(dev);
    const struct cfg_device *c = dev->population->config->device;
    struct server *mas = server_find(d, r->mas_fqdn);
    struct server *nscl = r->nscl_count ? server_find(d, r->nscl_list[0]) : NULL;

    if (dev->kmr_key)
        keyring_end(d->keys, dev->kmr_key, now, "renewed");
    else
        d->counts.bootstrapped++;
    memcpy(dev->node_id, r->node_id, M2M_NODE_ID_LEN);
    dev->kmr_index = r->kmr_index;
    dev->kmr_expires = lifetime(dev, r->expires_unix_ns);
    dev->kmr_renew = renewal(dev, now, dev->kmr_expires);
    dev->kmr_key = keyring_born(d->keys, KEY_KMR, device_node(dev), parent, dev->proc->id, now,
                                dev->kmr_expires);
    if (mas && mas->population->index == c->connect.mas)
        dev->mas_index = mas->index;
    if (nscl && nscl->population->index == c->mid.nscl)
        dev->nscl_index = nscl->index;
    if (!se_has(&dev->se, SE_KMC))
        dev->wanted = now;
}

void device_end_objects(struct device *dev, sim_ns now, const char *end_reason)
{
    struct keyring *keys = device_deployment(dev)->keys;

    resume_drop(dev, now, end_reason);
    if (!dev->object)
        return;
    keyring_end(keys, dev->object->sign_key, now, end_reason);
    keyring_end(keys, dev->object->encrypt_key, now, end_reason);
    free(dev->object);
    dev->object = NULL;
}

void device_use_objects(struct device *dev, sim_ns now)
{
    struct keyring *keys = device_deployment(dev)->keys;

    if (!dev->object)
        return;
    keyring_used(keys, dev->object->sign_key, now);
    keyring_used(keys, dev->object->encrypt_key, now);
}

/* The keys of objects are there as soon as Kmc is (GAP C13). */
static void begin_objects(struct device *dev, sim_ns now)
{
    struct keyring *keys = device_deployment(dev)->keys;

    if (!(dev->mid_flags & MID_OBJECTS))
        return;
    dev->object = xcalloc(1, sizeof *dev->object);
    dev->object->poll_sequence = 1;
    if (dev->mid_flags & MID_OBJECT_SIGN)
        dev->object->sign_key = keyring_born(keys, KEY_SIGN, device_node(dev), dev->kmc_key,
                                             dev->proc->id, now, dev->kmc_expires);
    if (dev->mid_flags & MID_OBJECT_ENCRYPT)
        dev->object->encrypt_key = keyring_born(keys, KEY_ENCRYPT, device_node(dev), dev->kmc_key,
                                                dev->proc->id, now, dev->kmc_expires);
}

void device_adopt_connection(struct device *dev, sim_ns now, key_ref parent)
{
    const struct doc_connection_param_set *r = dev->end->result.connection;
    struct deployment *d = device_deployment(dev);

    device_kma_end(dev, now, "renewed");
    device_end_objects(dev, now, "renewed");
    if (dev->kmc_key)
        keyring_end(d->keys, dev->kmc_key, now, "renewed");
    else
        d->counts.connected++;
    dev->connection_id = r->connection_id;
    dev->kmc_index = r->kmc_index;
    dev->kmc_expires = lifetime(dev, r->expires_unix_ns);
    dev->kmc_renew = renewal(dev, now, dev->kmc_expires);
    dev->kmc_key = keyring_born(d->keys, KEY_KMC, device_node(dev), parent, dev->proc->id, now,
                                dev->kmc_expires);
    device_kma_born(dev, now);
    dev->mid_flags = r->mid_flags;
    begin_objects(dev, now);
    if (!dev->registered)
        dev->wanted = now;
}

static void advanced_mid(struct device *dev, struct device_end *e, sim_ns now)
{
    struct mid_client *c = mid_client_of(session_core(e->session));
    struct deployment *d = device_deployment(dev);
    const struct mid_response *r;
    struct mid_response answer;

    if (!e->open && mid_client_is_open(c)) {
        e->open = true;
        keyring_used(d->keys, dev->kmc_key, now);
        if (dev->attachment) /* whose context it is that carries this */
            keyring_used(d->keys, dev->attachment->kasme_key, now);
        if (!is_plain(dev))
            resume_opened(dev, now, mid_client_tls(c));
    }
    r = dev->proc && dev->attempting ? mid_client_response(c) : NULL;
    if (!r)
        return;
    keyring_used(d->keys, dev->session_key, now);
    device_use_objects(dev, now);
    answer = *r; /* the core may go in what follows */
    device_take_answer(dev, &answer, now);
    if (dev->end == e)
        mid_client_take(c);
}

/* The core has come to its end, well or not. */
static void core_ended(struct device *dev, sim_ns now, const struct proto *core)
{
    bool mid = procedure_is_mid(dev->end->kind), over_udp = is_over_udp(dev->end);
    enum reason reason = core->reason;

    if (dev->end->gba) {
        device_gba_ended(dev, now, core);
        return;
    }
    if (mid && reason != REASON_NONE)
        resume_failed(dev, now, core);
    if (mid && reason == REASON_NONE && dev->proc && dev->attempting)
        reason = REASON_CLOSED_EARLY;
    if (dev->proc && dev->attempting && reason != REASON_NONE) {
        device_attempt_failed(dev, now, reason,
                              mid || over_udp ? 0 : procedure_retry_after_s(core));
    } else if (mid) {
        device_drop_session(dev, now, true, reason == REASON_NONE ? "closed" : "failed");
    } else {
        if (dev->proc->kind == PROC_ATTACH) {
            access_attached(dev, now,
                            attach_client_result((const struct attach_client *)(const void *)core));
        } else if (dev->proc->kind == PROC_BOOTSTRAP) {
            device_adopt_bootstrap(dev, now, KEY_NONE);
        } else {
            keyring_used(device_deployment(dev)->keys, dev->kmr_key, now);
            device_adopt_connection(dev, now, dev->kmr_key);
        }
        device_exchange_done(dev, now);
    }
}

static void advanced(struct session *s, sim_ns now)
{
    struct device_end *e = session_user(s);
    struct device *dev = e->dev;
    struct proto *core = session_core(s);

    if (e->lingers) {
        if (core->status != PROTO_RUNNING)
            device_free_lingering(e);
        return;
    }
    if (!core) { /* not even that came about */
        device_attempt_failed(dev, now, REASON_CRYPTO, 0);
        return;
    }
    if (procedure_is_mid(e->kind))
        advanced_mid(dev, e, now);
    else if (e->pana)
        device_pana_advanced(e, now);
    if (dev->end == e && core->status != PROTO_RUNNING)
        core_ended(dev, now, core);
    device_arm(dev, now);
}

static void ended(struct session *s, sim_ns now, enum reason reason)
{
    struct device_end *e = session_user(s);
    struct device *dev = e->dev;

    if (e->lingers)
        device_free_lingering(e);
    else if (dev->proc && dev->attempting) {
        device_book(dev);
        device_drop_session(dev, now, false, "failed");
        device_attempt_failed(dev, now, reason == REASON_NONE ? REASON_CLOSED_EARLY : reason, 0);
    } else {
        device_drop_session(dev, now, false, "closed");
        device_arm(dev, now);
    }
}

static void charged(struct session *s, sim_ns now, const struct meter *meter,
                    const struct profile_price *price)
{
    struct device_end *e = session_user(s);
    struct procedure *p = device_end_procedure(e);

    (void)now;
    if (!p) {
        if (is_over_udp(e)) /* an answer given again, behind its procedure; a goodbye */
            usage_add(e->dev->population, e->kind, meter);
        return;
    }
    usage_add(e->dev->population, p->kind, meter);
    p->device_ns += price->crypto_ns + price->other_ns;
    p->energy_nj += price->energy_nj;
}

static void activity(struct session *s, sim_ns now, enum session_activity a, sim_ns other_ns)
{
    struct procedure *p = device_end_procedure(session_user(s));

    if (p)
        procedure_activity(p, now, false, a, other_ns);
}

static void packet(struct session *s, const struct flow_packet *packet_, const char *label,
                   bool continued)
{
    const struct device_end *e = session_user(s);
    struct procedure *p = device_end_procedure(e);

    if (p)
        procedure_message(p, p->node_id, p->peer_id, packet_, e->plain ? "HTTP" : "TLS", label,
                          continued);
    if (packet_->fate == NET_LINK_DOWN)
        access_dropped(e->dev);
}

static const char *protocol_of(const struct device_end *e)
{
    if (is_over_coap(e))
        return e->plain ? "CoAP" : "DTLS";
    return e->kind == PROC_ATTACH ? "NAS" : "PANA";
}

static void datagram(struct session *s, unsigned leg, const struct udp_packet *packet_,
                     const char *label, bool repeated)
{
    struct device_end *e = session_user(s);
    struct procedure *p = device_end_procedure(e);

    (void)leg;
    if (p)
        procedure_datagram(p, p->node_id, p->peer_id, packet_, protocol_of(e), label, repeated);
    if (packet_->fate == NET_LINK_DOWN)
        access_dropped(e->dev);
}

static void retransmitted(struct session *s, sim_ns now)
{
    const struct device_end *e = session_user(s);
    struct procedure *p = device_end_procedure(e);

    if (p && is_over_udp(e))
        procedure_repeated(p, now);
    else if (p)
        procedure_lost(p, now);
}

static const struct session_ops device_session_ops = {.make = make_core,
                                                      .step = step,
                                                      .charged = charged,
                                                      .activity = activity,
                                                      .advanced = advanced,
                                                      .ended = ended,
                                                      .packet = packet,
                                                      .datagram = datagram,
                                                      .retransmitted = retransmitted};
