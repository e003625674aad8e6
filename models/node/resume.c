#include "models/node/resume.h"

#include "models/node/attempt.h"
#include "models/proc/client.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool resumes(const struct population *p)
{
    return p->config->device->mid.resume != TLS_RESUME_NO;
}

/* ---- the device's side ---- */

struct span resume_offer(const struct device *dev, sim_ns now)
{
    const struct device_resume *r = dev->resume;

    return r && r->expires > now ? span_of(r->session, r->n) : span_of(NULL, 0);
}

static void wipe(struct device *dev)
{
    explicit_bzero(dev->resume->session, dev->resume->n);
    free(dev->resume);
    dev->resume = NULL;
}

void resume_free(struct device *dev)
{
    if (dev->resume)
        wipe(dev);
}

void resume_drop(struct device *dev, sim_ns now, const char *key_end)
{
    struct keyring *keys = device_deployment(dev)->keys;
    struct device_resume *r = dev->resume;
    bool expired;

    if (!r)
        return;
    /* One that runs on it ends with that. */
    if (r->key != dev->session_key) {
        expired = r->expires < now;
        keyring_end(keys, r->key, expired ? r->expires : now, expired ? "expired" : key_end);
    }
    wipe(dev);
}

/* key: of the whole handshake that it goes back to. */
static void keep(struct device *dev, key_ref key, sim_ns expires, struct span session)
{
    struct device_resume *r = xcalloc(1, sizeof *r + session.n);

    *r = (struct device_resume){.expires = expires, .key = key, .n = (uint32_t)session.n};
    memcpy(r->session, session.p, session.n);
    if (dev->resume)
        wipe(dev);
    dev->resume = r;
}

static key_ref born(struct device *dev, key_ref parent, sim_ns now, sim_ns expires)
{
    return keyring_born(device_deployment(dev)->keys, KEY_SESSION, device_node(dev), parent,
                        dev->proc ? dev->proc->id : ROW_NULL_ID, now, expires);
}

void resume_opened(struct device *dev, sim_ns now, struct tls *t)
{
    struct keyring *keys = device_deployment(dev)->keys;
    struct span session = tls_session(t);
    sim_ns expires;

    if (tls_is_resumed(t) && dev->resume) {
        keyring_used(keys, dev->resume->key, now);
        dev->session_key = born(dev, dev->resume->key, now, SIM_NEVER);
        if (session.n > 0) /* a newer ticket for the same */
            keep(dev, dev->resume->key, dev->resume->expires, session);
    } else {
        resume_drop(dev, now, "renewed");
        expires = session.n > 0
                      ? sim_ns_min(sim_ns_add(now, dev->population->config->device->mid.resume_for),
                                   dev->kmc_expires)
                      : SIM_NEVER;
        dev->session_key = born(dev, dev->kmc_key, now, expires);
        if (session.n > 0)
            keep(dev, dev->session_key, expires, session);
    }
    tls_session_taken(t);
}

void resume_close(struct device *dev, sim_ns now, const char *key_end)
{
    if (!dev->resume || dev->resume->key != dev->session_key)
        keyring_end(device_deployment(dev)->keys, dev->session_key, now, key_end);
    dev->session_key = KEY_NONE;
}

void resume_failed(struct device *dev, sim_ns now, const struct proto *core)
{
    const struct tls *t = mid_client_tls((const struct mid_client *)(const void *)core);

    if (t && (tls_alert(t) > 0 || core->reason == REASON_PSK_WRONG))
        resume_drop(dev, now, "failed");
}

/* ---- an NSCL's ---- */

static bool has_clients(const struct server *s)
{
    const struct deployment *d = s->population->d;

    for (uint32_t i = 0; i < d->in.population_count; i++) {
        const struct deployment_population *p = &d->in.populations[i];

        if (cfg_is_device(p->kind) && p->device->mid.nscl == s->population->index &&
            p->device->mid.resume != TLS_RESUME_NO)
            return true;
    }
    return false;
}

void resume_init(struct server *s)
{
    const struct cfg_server *c = s->population->config->server;
    char name[NODE_NAME_MAX];

    if (!has_clients(s))
        return;
    node_name(s->population, s->index, name);
    s->resumption = resumption_new(&(struct resumption_settings){
        .sessions = c->resumption.sessions,
        .ticket_key = c->resumption.ticket_key,
        .stream = rng_stream(s->population->d->in.seed, name, "keys of tickets")});
}

void resume_accepted(struct server *s)
{
    if (s->resumption)
        (void)resumption_turn(s->resumption, node_now(s->population->d));
}

static void opened(struct server_end *e, struct tls *t, sim_ns now)
{
    struct span session = tls_session(t);
    const struct scl_record *record;
    sim_ns expires;

    e->opened = true;
    e->client_population->handshakes++;
    e->client_population->resumed += tls_is_resumed(t);
    record = registrar_of_connection(e->server->registrar, tls_peer_name(t));
    if (session.n > 0 && record) {
        expires = sim_ns_add(now, e->client_population->config->device->mid.resume_for);
        resumption_keep(e->server->resumption, now, record->connection_id, tls_session_id(t),
                        session, sim_ns_min(expires, record->kmc_expires));
    }
    tls_session_taken(t);
}

void resume_served(struct server_end *e, sim_ns now)
{
    struct proto *core = session_core(e->session);
    struct tls *t;

    if (!e->server->resumption || e->plain || !e->client_population || !core ||
        !resumes(e->client_population) || (e->kind != END_HTTPS && e->kind != END_COAPS))
        return;
    t = server_session_tls((struct server_session *)(void *)core);
    if (core->status == PROTO_FAILED && tls_alert(t) > 0) /* a fatal one: RFC 5246 7.2.2 */
        resumption_drop(e->server->resumption, tls_session_id(t));
    else if (!e->opened && tls_is_open(t))
        opened(e, t, now);
}

void resume_store(struct server *nscl, const struct scl_record *record)
{
    const struct scl_record *old = registrar_of_node(nscl->registrar, record->node_id);

    if (nscl->resumption && old)
        resumption_drop_owner(nscl->resumption, old->connection_id);
    registrar_store(nscl->registrar, record);
}

static void write_note(const struct population *p, sim_ns now, const char *code, const char *what,
                       uint64_t count)
{
    char text[NODE_NAME_MAX + 80];

    snprintf(text, sizeof text, "mId of '%s': %s", p->config->name, what);
    p->d->sink.note(
        p->d->sink.arg,
        &(struct row_note){.t = now, .level = "info", .code = code, .text = text, .count = count});
}

void resume_note(const struct population *p, sim_ns now)
{
    if (!resumes(p))
        return;
    write_note(p, now, "handshakes", "handshakes", p->handshakes);
    write_note(p, now, "handshakes-resumed", "abbreviated ones among them", p->resumed);
}
