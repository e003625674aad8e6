/* mId in the live mode: the first NSCL's registrar, and the devices that speak with it. */
#include "models/node/live.h"

#include "crypto/entity.h"
#include "models/node/live_impl.h"
#include "models/node/longpoll.h"
#include "models/node/mid_security.h"
#include "models/node/node_id.h"
#include "models/node/roles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What etsi-m2m.md 6 names for HTTP, newest first. */
static const enum tls_suite mid_suites[] = {
    TLS_SUITE_PSK_AES_128_CCM, TLS_SUITE_PSK_AES_128_CBC_SHA256, TLS_SUITE_PSK_AES_128_CBC_SHA};

struct server *live_first_nscl(struct deployment *d)
{
    for (uint32_t i = 0; i < d->in.population_count; i++)
        if (d->in.populations[i].kind == CFG_NSCL)
            return &d->populations[i].servers[0];
    return NULL;
}

static bool is_of(const struct population *p, const struct server *nscl)
{
    return p->config->kind == CFG_DEVICE && p->config->device->mid.nscl == nscl->population->index;
}

static bool speaks_tls(const struct population *p)
{
    return p->config->device->mid.security & CFG_SECURITY_CHANNEL;
}

/* ---- the connection that every device has ---- */

#define KMC_INDEX 1

/* What the scenario's devices wish is what they were granted. Those of a trusted access network
 * have no Kmc. */
static void connection_of(const struct device *dev, struct scl_record *r)
{
    const struct cfg_device *c = dev->population->config->device;
    bool trusted = c->mid.security == CFG_SECURITY_NONE;
    struct rng id = device_stream(dev, "live Connection-ID");
    struct rng key = device_stream(dev, "live Kmc");

    *r = (struct scl_record){.connection_id = rng_u64(&id) >> 1,
                             .kmc_index = trusted ? 0 : KMC_INDEX,
                             .kmc_expires = trusted ? SIM_NEVER : c->keys.kmc,
                             .device = dev->index,
                             .ival_capable = c->ival.capable,
                             .mid_flags = mid_security_flags(c->mid.security),
                             .cipher = c->mid.cipher};
    if (!trusted)
        rng_bytes(&key, r->kmc, M2M_KEY_LEN);
    device_node_id(dev, r->node_id);
    device_kival(dev, r->kival);
    explicit_bzero(&key, sizeof key);
}

/* ---- the NSCL ---- */

static void add_suite(struct live_nscl_facts *f, enum tls_suite suite)
{
    for (size_t i = 0; i < f->suite_count; i++)
        if (f->suites[i] == suite)
            return;
    if (tls_suite_allows(suite, f->version))
        f->suites[f->suite_count++] = suite;
}

static void choose_suites(struct deployment *d, const struct server *nscl,
                          struct live_nscl_facts *f)
{
    f->version = TLS_1_2;
    for (uint32_t i = 0; i < d->in.population_count; i++) {
        const struct population *p = &d->populations[i];

        if (!is_of(p, nscl) || !speaks_tls(p) || p->config->device->mid.binding != BINDING_HTTP)
            continue;
        if (f->suite_count == 0)
            f->version = p->config->device->mid.tls.version;
        else if (f->version != p->config->device->mid.tls.version)
            f->version = TLS_1_2;
        f->group = p->config->device->mid.tls.group;
        add_suite(f, p->config->device->mid.tls.suite);
    }
    for (size_t i = 0; i < sizeof mid_suites / sizeof *mid_suites; i++)
        add_suite(f, mid_suites[i]);
}

static void know_devices(const struct population *p, struct server *nscl)
{
    struct scl_record r;

    for (uint32_t i = 0; i < p->config->count; i++) {
        connection_of(&p->devices[i], &r);
        registrar_store(nscl->registrar, &r);
    }
    explicit_bzero(&r, sizeof r);
}

static void choose_resumption(const struct population *p, const struct server *nscl,
                              struct live_nscl_facts *f)
{
    const struct cfg_device *c = p->config->device;

    if (f->resume != TLS_RESUME_NO || c->mid.resume == TLS_RESUME_NO)
        return;
    f->resume = c->mid.resume;
    f->resume_for = c->mid.resume_for;
    f->resumption_sessions = nscl->population->config->server->resumption.sessions;
    f->ticket_key = nscl->population->config->server->resumption.ticket_key;
}

bool deployment_live_nscl(struct deployment *d, struct live_nscl_facts *out)
{
    struct server *nscl = live_first_nscl(d);

    *out = (struct live_nscl_facts){.fqdn = NULL};
    if (!nscl)
        return false;
    out->fqdn = nscl->fqdn;
    out->poll_timer = nscl->population->config->server->poll_timer;
    out->hand_on_timeout = nscl->population->config->server->hand_on_timeout;
    live_hold_polls(nscl);
    choose_suites(d, nscl, out);
    for (uint32_t i = 0; i < d->in.population_count; i++) {
        if (!is_of(&d->populations[i], nscl))
            continue;
        know_devices(&d->populations[i], nscl);
        choose_resumption(&d->populations[i], nscl, out);
        out->devices += d->populations[i].config->count;
    }
    return true;
}

void deployment_live_stranger(struct deployment *d, const struct scl_record *record)
{
    registrar_store(live_first_nscl(d)->registrar, record);
}

unsigned deployment_live_psk(struct deployment *d, struct span identity, int64_t unix_ns,
                             uint8_t psk[32], enum reason *reason)
{
    return registrar_psk(live_first_nscl(d)->registrar, identity, unix_ns - d->in.epoch_unix_ns,
                         psk, reason);
}

/* NULL: nobody, or it is no SCL-ID. */
static struct scl_record *of_scl_id(struct registrar *r, const char *scl_id)
{
    uint8_t node_id[M2M_NODE_ID_LEN];

    return node_id_of_scl(scl_id, node_id) ? registrar_of_node(r, node_id) : NULL;
}

/* A certificate's name is an SCL-ID. */
static struct scl_record *find_scl(struct registrar *r, const char *name)
{
    struct scl_record *s = of_scl_id(r, name);

    return s ? s : registrar_of_connection(r, name);
}

/* Who comes from nowhere is believed to be whom he says, if he is one for whom the access network
 * answers: that whatever reaches a bare door came over it is for who opened the door to see to. */
static struct scl_record *trusted_scl(struct registrar *r, const char *scl_id)
{
    struct scl_record *s = of_scl_id(r, scl_id);

    return s && s->mid_flags == MID_AN_SECURITY ? s : NULL;
}

bool deployment_live_grant(struct deployment *d, struct span identity, int64_t unix_ns,
                           struct mid_grant *out, enum reason *reason)
{
    struct registrar *r = live_first_nscl(d)->registrar;
    char name[M2M_MAX_URI], key_name[M2M_PSK_IDENTITY_MAX];
    const struct scl_record *s = NULL;
    bool granted;

    if (identity.n < sizeof name) {
        memcpy(name, identity.p, identity.n);
        name[identity.n] = '\0';
        s = of_scl_id(r, name);
    }
    if (!s)
        return registrar_grant(r, identity, unix_ns - d->in.epoch_unix_ns, out, reason);
    key_kmc_identity(s->connection_id, s->kmc_index, key_name);
    granted = registrar_grant(r, span_str(key_name), unix_ns - d->in.epoch_unix_ns, out, reason);
    if (granted)
        snprintf(out->key_name, sizeof out->key_name, "%s", key_name);
    return granted;
}

uint64_t deployment_live_request(struct deployment *d, struct meter *m,
                                 const struct server_request *request, int64_t unix_ns,
                                 struct registrar_answer *out)
{
    struct server *nscl = live_first_nscl(d);
    struct registrar *r = nscl->registrar;
    sim_ns now = unix_ns - d->in.epoch_unix_ns;
    bool bare = *request->peer_name == '\0', own;
    struct server_request room;
    struct scl_record *s =
        bare ? trusted_scl(r, request->requesting_entity) : find_scl(r, request->peer_name);

    if (!s && bare && !*request->requesting_entity) {
        *out = (struct registrar_answer){
            .answer = {.status = STATUS_FORBIDDEN, .additional = "a requesting entity is needed"}};
        return 0;
    }
    if (!s) {
        registrar_refuse_stranger(out, bare
                                           ? "only the access network's own are trusted without TLS"
                                           : "no such service connection");
        return 0;
    }
    request = live_own_request(nscl, request, &room);
    own = *request->authority == '\0';
    if (own)
        commands_live_before(nscl, request, now);
    registrar_request(r, s, request, m, now, out);
    if (own)
        commands_live_after(nscl, request, out);
    return out->onward == M2M_STAYS ? 0 : live_retarget_begin(nscl, request, m, now, out);
}

/* ---- who observes ---- */

#define ID_ROOM 48 /* for the name of a subscription that the tree chooses */

/* Where a subscription for the target would stand. */
static bool subscriptions_of(const char *target, char out[M2M_MAX_URI])
{
    static const char *const ends[] = {"/latest", "/oldest"};
    size_t n = strlen(target);
    int length;

    if (strchr(target, '?'))
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (n > strlen(ends[i]) && strcmp(target + n - strlen(ends[i]), ends[i]) == 0)
            n -= strlen(ends[i]);
    length = snprintf(out, M2M_MAX_URI, "%.*s/subscriptions", (int)n, target);
    return length > 0 && length < M2M_MAX_URI - ID_ROOM;
}

bool deployment_live_observe(struct deployment *d, struct meter *m,
                             const struct server_request *request, int64_t unix_ns, uint64_t number,
                             struct live_observation *out)
{
    struct server_request r = {.method = HTTP_POST, .peer_name = request->peer_name};
    char contact[64];
    struct registrar_answer a;
    bool subscribed;

    if (!subscriptions_of(request->target, r.target))
        return false;
    *out = (struct live_observation){.number = number};
    memcpy(out->target, request->target, sizeof out->target);
    memcpy(out->requesting_entity, request->requesting_entity, sizeof out->requesting_entity);
    snprintf(out->peer_name, sizeof out->peer_name, "%s", request->peer_name);
    memcpy(r.requesting_entity, request->requesting_entity, sizeof r.requesting_entity);
    snprintf(contact, sizeof contact, LIVE_OBSERVER "%llu", (unsigned long long)number);
    m2m_rep_init(&r.rep, M2M_SUBSCRIPTION);
    m2m_put_text(&r.rep, E_CONTACT, contact);
    (void)deployment_live_request(d, m, &r, unix_ns, &a);
    subscribed = a.answer.status == STATUS_CREATED && a.answer.location;
    if (subscribed)
        snprintf(out->subscription, sizeof out->subscription, "%s", a.answer.location);
    m2m_doc_release(&a.doc);
    m2m_rep_clear(&r.rep);
    return subscribed;
}

static void ask_as(struct deployment *d, struct meter *m, const struct live_observation *o,
                   enum http_method method, const char *target, int64_t unix_ns,
                   struct registrar_answer *out)
{
    struct server_request r = {.method = method, .peer_name = o->peer_name};

    snprintf(r.target, sizeof r.target, "%s", target);
    memcpy(r.requesting_entity, o->requesting_entity, sizeof r.requesting_entity);
    /* What stands elsewhere nobody observes here. */
    deployment_live_forget_handed(d, deployment_live_request(d, m, &r, unix_ns, out));
}

void deployment_live_observed(struct deployment *d, struct meter *m,
                              const struct live_observation *o, int64_t unix_ns,
                              struct registrar_answer *out)
{
    ask_as(d, m, o, HTTP_GET, o->target, unix_ns, out);
}

void deployment_live_forget(struct deployment *d, struct meter *m, const struct live_observation *o,
                            int64_t unix_ns)
{
    struct registrar_answer a;

    ask_as(d, m, o, HTTP_DELETE, o->subscription, unix_ns, &a);
    m2m_doc_release(&a.doc);
}

/* ---- certificates ---- */

#define CERTIFICATE_LIFE (INT64_C(365) * 86400) /* seconds */

const struct authority *deployment_live_authority(const struct deployment *d)
{
    return d->authority;
}

enum err deployment_live_certificate(struct deployment *d, const char *name, bool server,
                                     struct credential **out)
{
    int64_t epoch_s = d->in.epoch_unix_ns / SIM_S;
    struct rng stream = rng_stream(d->in.seed, name, "live certificate");
    enum err err;

    entity_enter(&stream, d->in.epoch_unix_ns);
    err = credential_issue(d->authority, d->pool, server ? 0 : 1, name, server, epoch_s - 86400,
                           epoch_s + CERTIFICATE_LIFE, out);
    entity_leave();
    return err;
}

/* ---- a device ---- */

/* Nobody arrives where nothing is run: what counts from a device's start counts from 0. */
static void start_at_once(struct device *dev)
{
    if (dev->tampered_at != SIM_NEVER)
        dev->tampered_at -= dev->wanted;
    dev->wanted = 0;
}

enum err deployment_live_scl(struct deployment *d, const char *name, uint32_t index,
                             struct live_scl *out)
{
    struct device *dev = live_find(d, name, index);
    struct server *nscl = live_first_nscl(d);
    struct scl_record r;

    *out = (struct live_scl){.device = dev};
    if (!dev)
        return ERR_NOT_FOUND;
    if (!nscl || !is_of(dev->population, nscl))
        return ERR_UNSUPPORTED;
    start_at_once(dev);
    connection_of(dev, &r);
    node_name(dev->population, dev->index, out->name);
    node_scl_id(r.node_id, out->scl_id);
    key_kmc_identity(r.connection_id, r.kmc_index, out->identity);
    memcpy(out->kmc, r.kmc, M2M_KEY_LEN);
    memcpy(dev->node_id, r.node_id, M2M_NODE_ID_LEN);
    if (r.kmc_index > 0)
        se_put(&dev->se, SE_KMC, r.kmc);
    out->se = &dev->se;
    out->mid = (struct mid_settings){
        .context = speaks_tls(dev->population) ? dev->population->mid.client : NULL,
        .nscl = nscl->fqdn,
        .connection_id = r.connection_id,
        .kmc_index = r.kmc_index,
        .requesting_entity = out->scl_id,
        .object_flags = r.mid_flags & MID_OBJECTS,
        .sequence_step = dev->channel ? 2 : 1,
        .cipher = r.cipher};
    if (dev->population->config->device->mid.binding == BINDING_COAP)
        mid_coap_client(dev, &out->mid);
    out->poll_timer = nscl->population->config->server->poll_timer;
    if (dev->population->config->device->mid.resume != TLS_RESUME_NO)
        out->resume_for = dev->population->config->device->mid.resume_for;
    out->report_every = dev->population->config->device->report.every;
    explicit_bzero(&r, sizeof r);
    return OK;
}

bool live_scl_ask(struct live_scl *s, struct mid_client *c, struct proto_env *env, sim_ns now,
                  enum procedure_kind kind, uint64_t serial)
{
    struct device_request r;
    bool asked;

    device_compose(s->device, env, kind, now, &r);
    /* A run names a reading by its millisecond; here there may be several in one. */
    if (r.doc.kind == DOC_CONTENT_INSTANCE)
        snprintf(r.doc.u.content_instance.id, sizeof r.doc.u.content_instance.id, "r%llu",
                 (unsigned long long)serial);
    asked = mid_client_request(c, now, r.label, r.method, r.target,
                               r.doc.kind == DOC_NONE ? NULL : &r.doc);
    device_request_release(&r);
    return asked;
}
