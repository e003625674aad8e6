#include "models/node/deployment.h"

#include "crypto/entity.h"
#include "models/node/application.h"
#include "models/node/backend.h"
#include "models/node/gateway.h"
#include "models/node/happening.h"
#include "models/node/identity.h"
#include "models/node/image.h"
#include "models/node/longpoll.h"
#include "models/node/method.h"
#include "models/node/record.h"
#include "models/node/retarget.h"
#include "models/node/resume.h"
#include "models/node/route.h"
#include "models/proto/eap_method.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- series ---- */

static void sample(const struct deployment *d, const char *metric, const char *group, double value)
{
    d->sink.series(d->sink.arg, &(struct row_series){metric, group, sim_now(d->sim), value});
}

static void sample_server(struct deployment *d, const struct server *s)
{
    sim_ns now = sim_now(d->sim);
    char name[NODE_NAME_MAX];

    node_name(s->population, s->index, name);
    sample(d, "queue", name, s->cpu.queued);
    sample(d, "sessions", name, s->sessions);
    sample(d, "busy_s", name, (double)cpu_busy_ns(&s->cpu, now) / 1e9);
    if (now == 0)
        sample(d, "workers", name, s->cpu.workers);
}

/* What waits at all gateways of a population together. */
static void sample_gateways(struct deployment *d, const struct population *p)
{
    uint64_t waiting = 0, octets = 0;

    for (uint32_t i = 0; i < p->config->count; i++) {
        waiting += p->devices[i].gateway->waiting;
        octets += p->devices[i].gateway->octets;
    }
    sample(d, "waiting", p->config->name, (double)waiting);
    sample(d, "waiting_octets", p->config->name, (double)octets);
}

static void sampler_commit(struct sim *sim, struct sim_event *ev)
{
    struct deployment *d = (struct deployment *)((char *)ev - offsetof(struct deployment, sampler));

    for (uint32_t i = 0; i < d->in.population_count; i++) {
        struct population *p = &d->populations[i];
        for (uint32_t k = 0; p->servers && k < p->config->count; k++)
            sample_server(d, &p->servers[k]);
    }
    for (uint32_t i = 0; i < d->in.population_count; i++) {
        if (d->populations[i].config->kind == CFG_GATEWAY)
            sample_gateways(d, &d->populations[i]);
    }
    sample(d, "registered", "all", (double)d->counts.registered);
    sim_schedule(sim, ev, sim_ns_add(sim_now(sim), d->in.record->series_every));
}

static const struct sim_event_ops sampler_ops = {"sampler", NULL, sampler_commit};

/* ---- building ---- */

/* resume: with the life of sessions, where they are resumed. */
static enum err make_pair(struct deployment *d, const struct cfg_tls *tls, bool psk,
                          enum tls_resume resume, sim_ns resume_for, struct tls_pair *out)
{
    struct tls_settings settings = {.resume = resume,
                                    .resume_s = (unsigned)(resume_for / SIM_S),
                                    .version = tls->version,
                                    .suites = &tls->suite,
                                    .suite_count = 1,
                                    .group = tls->group,
                                    .authority = psk ? NULL : d->authority};
    enum err err;

    entity_enter(&d->setup, d->in.epoch_unix_ns);
    err = tls_context_new(&settings, &out->client);
    if (!err) {
        settings.server = true;
        err = tls_context_new(&settings, &out->server);
    }
    entity_leave();
    return err;
}

static enum err make_contexts(struct population *p)
{
    const struct cfg_device *c = p->config->device;
    struct cfg_tls mid = c->mid.tls;
    enum err err = OK;

    if (c->mid.binding == BINDING_COAP)
        mid.version = DTLS_1_2;
    if (method_of_bootstrap(c->bootstrap.method)->certificates)
        err = make_pair(p->d, &c->bootstrap.tls, false, TLS_RESUME_NO, 0, &p->bootstrap);
    if (!err && method_of_connect(c->connect.method)->tls_psk)
        err = make_pair(p->d, &c->connect.tls, true, TLS_RESUME_NO, 0, &p->connect);
    if (!err && method_needs_bsf(c) && c->gba.ua == CFG_UA_PSK_TLS)
        err = make_pair(p->d, &c->gba.tls, true, TLS_RESUME_NO, 0, &p->ua);
    if (!err && (c->mid.security | c->mid.capable) & CFG_SECURITY_CHANNEL)
        err = make_pair(p->d, &mid, true, c->mid.resume, c->mid.resume_for, &p->mid);
    return err;
}

/* The fleet's authorities and keys, when some population bootstraps by certificates. */
static enum err make_authorities(struct deployment *d, struct diag_list *diags)
{
    const int64_t year = INT64_C(365) * 86400;
    int64_t epoch_s = d->in.epoch_unix_ns / SIM_S;
    bool needed = false;
    enum err err;

    for (uint32_t i = 0; i < d->in.population_count; i++) {
        const struct deployment_population *p = &d->in.populations[i];
        needed |= cfg_is_device(p->kind) &&
                  method_of_bootstrap(p->device->bootstrap.method)->certificates;
    }
    if (!needed)
        return OK;
    err = key_pool_make(d->in.seed, "fleet", d->in.key_pool, d->in.key_cache, diags,
                        d->in.key_progress, &d->pool);
    if (!err)
        err = authority_make(d->pool, d->in.seed, "m2msim fleet CA", epoch_s - 2 * year,
                             epoch_s + 30 * year, &d->authority);
    if (!err)
        err = authority_make(d->pool, d->in.seed, "some other CA", epoch_s - 2 * year,
                             epoch_s + 30 * year, &d->rogue);
    return err;
}

bool deployment_has_eap_tls(const struct deployment *d)
{
    for (uint32_t i = 0; i < d->in.population_count; i++) {
        const struct deployment_population *p = &d->in.populations[i];
        if (cfg_is_device(p->kind) && p->device->bootstrap.method == CFG_BOOTSTRAP_EAP_TLS)
            return true;
    }
    return false;
}

/* The methods' implementations, by their rows. */
static bool find_methods(struct deployment *d, struct population *p, struct diag_list *diags)
{
    const struct cfg_device *c = p->config->device;
    const char *wanted[2], *missing = NULL;
    const struct eap_method **found[2] = {&p->bootstrap_eap, &p->connect_eap};

    if (!cfg_is_device(p->config->kind))
        return true;
    wanted[0] = method_of_bootstrap(c->bootstrap.method)->eap;
    wanted[1] = method_of_connect(c->connect.method)->eap;
    for (int i = 0; i < 2; i++) {
        if (!wanted[i])
            continue;
        *found[i] = eap_method_by_name(wanted[i]);
        missing = *found[i] ? missing : wanted[i];
    }
    if (missing)
        diag_add(diags, DIAG_ERROR, "B104", d->in.file, p->config->line, p->config->column,
                 "this build has no EAP method '%s'", missing);
    return !missing;
}

static bool check_class(struct deployment *d, struct population *p, struct diag_list *diags)
{
    const char *names[64];
    size_t n = profile_class_count(d->in.profile);
    const char *nearest;

    p->class = profile_class_find(d->in.profile, p->config->class_name);
    if (p->class)
        return true;
    n = n < 64 ? n : 64;
    for (size_t i = 0; i < n; i++)
        names[i] = profile_class_name(profile_class_at(d->in.profile, i));
    nearest = diag_nearest(p->config->class_name, names, n);
    diag_add(diags, DIAG_ERROR, "B101", d->in.file, p->config->line, p->config->column,
             "the cost profile '%s' has no class '%s'%s%s%s", profile_name(d->in.profile),
             p->config->class_name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
             nearest ? "'?" : "");
    return false;
}

static bool init_populations(struct deployment *d, struct diag_list *diags)
{
    int64_t node = 0;
    bool ok = true;

    d->populations = xcalloc(d->in.population_count, sizeof *d->populations);
    for (uint32_t i = 0; i < d->in.population_count; i++) {
        struct population *p = &d->populations[i];
        p->config = &d->in.populations[i];
        p->d = d;
        p->index = i;
        p->first_node = node;
        p->usage = usage_new();
        node += p->config->count;
        ok &= check_class(d, p, diags);
        ok &= find_methods(d, p, diags);
    }
    return ok;
}

/* Of a local device, and of an application on one: its gateway. */
static int64_t parent_of(const struct population *p, uint32_t index)
{
    const struct device *gateway = p->servers ? application_gateway(&p->servers[index]) : NULL;

    if (gateway)
        return device_node(gateway);
    return p->locals ? device_node(local_gateway(&p->locals[index])) : ROW_NULL_ID;
}

static void write_nodes(struct deployment *d, const struct population *p)
{
    static const char *const kinds[] = {"device", "nscl", "msbf",        "mas",     "hss",  "bsf",
                                        "access", "kms",  "application", "gateway", "local"};
    char name[NODE_NAME_MAX];

    for (uint32_t i = 0; i < p->config->count; i++) {
        node_name(p, i, name);
        d->sink.node(d->sink.arg, &(struct row_node){.node_id = p->first_node + i,
                                                     .name = name,
                                                     .population = p->config->name,
                                                     .kind = kinds[p->config->kind],
                                                     .class_name = p->config->class_name,
                                                     .parent = parent_of(p, i)});
    }
}

static enum err make_servers(struct population *p)
{
    enum err err = OK;

    p->servers = xcalloc(p->config->count, sizeof *p->servers);
    for (uint32_t i = 0; i < p->config->count && !err; i++) {
        entity_enter(&p->d->setup, p->d->in.epoch_unix_ns);
        err = server_init(&p->servers[i], p, i);
        entity_leave();
    }
    return err;
}

static void make_applications(struct population *p)
{
    struct population *devices;

    if (p->config->kind != CFG_APPLICATION)
        return;
    if (p->config->server->application.follow != CFG_NONE)
        p->d->populations[p->config->server->application.follow].heeded = true;
    devices = &p->d->populations[p->config->server->application.devices];
    if (p->config->server->application.behind != CFG_NONE) { /* its own comes with its gateway */
        devices->heeded = true;
        return;
    }
    devices->sought = true;
    if (devices->config->kind == CFG_LOCAL)
        devices = &p->d->populations[devices->config->device->local.behind];
    devices->observed = true;
    for (uint32_t i = 0; i < p->config->count; i++)
        application_init(&p->servers[i]);
}

static enum err make_devices(struct population *p)
{
    enum err err = make_contexts(p);

    if (err)
        return err;
    image_make(p);
    p->devices = xcalloc(p->config->count, sizeof *p->devices);
    for (uint32_t k = 0; k < p->config->count; k++)
        device_init(&p->devices[k], p, k);
    p->d->counts.devices += p->config->count;
    return OK;
}

/* Applications on devices of their own, when the gateways that they are behind are there. */
static void make_neighbours(struct population *p)
{
    if (p->config->kind != CFG_APPLICATION || p->config->server->application.behind == CFG_NONE)
        return;
    for (uint32_t i = 0; i < p->config->count; i++)
        application_init(&p->servers[i]);
}

static void make_locals(struct population *p)
{
    p->locals = xcalloc(p->config->count, sizeof *p->locals);
    for (uint32_t k = 0; k < p->config->count; k++)
        local_init(&p->locals[k], p, k);
    p->d->counts.devices += p->config->count;
}

static enum err make_nodes(struct deployment *d)
{
    enum err err = OK;

    for (uint32_t i = 0; i < d->in.population_count && !err; i++) {
        if (!cfg_is_field(d->populations[i].config->kind))
            err = make_servers(&d->populations[i]);
    }
    for (uint32_t i = 0; i < d->in.population_count && !err; i++)
        make_applications(&d->populations[i]);
    for (uint32_t i = 0; i < d->in.population_count && !err; i++) {
        struct population *p = &d->populations[i];

        if (cfg_is_device(p->config->kind))
            err = make_devices(p);
        else if (p->config->kind == CFG_LOCAL)
            make_locals(p);
    }
    for (uint32_t i = 0; i < d->in.population_count && !err; i++)
        make_neighbours(&d->populations[i]);
    return err;
}

static enum err build(struct deployment *d, struct diag_list *diags)
{
    struct rng secret;
    enum err err;

    d->sim = sim_new(&(struct sim_config){.threads = d->in.threads,
                                          .look_ahead = route_look_ahead(d),
                                          .thread_begin = crypto_thread_begin,
                                          .thread_end = crypto_thread_end});
    d->net = net_new(d->sim, d->in.seed);
    d->keys = keyring_new(&d->sink);
    d->setup = rng_stream(d->in.seed, "deployment", "setup");
    secret = rng_stream(d->in.seed, "deployment", "RADIUS secret");
    rng_bytes(&secret, d->radius_secret, sizeof d->radius_secret);
    identity_make_authorities(d);
    err = make_authorities(d, diags);
    if (!err)
        err = make_nodes(d);
    if (err)
        return err;
    happenings_make(d);
    sim_event_init(&d->sampler, &sampler_ops, NULL);
    if (d->in.record->series_every)
        sim_schedule(d->sim, &d->sampler, 0);
    return OK;
}

/* false: objects must be sealed, and the library cannot be used. */
static bool init_objects(const struct deployment *d, struct diag_list *diags)
{
    for (uint32_t i = 0; i < d->in.population_count; i++) {
        const struct deployment_population *p = &d->in.populations[i];
        if (!cfg_is_device(p->kind) || !((p->device->mid.security | p->device->mid.capable) &
                                         (CFG_SECURITY_SIGN | CFG_SECURITY_ENCRYPT)))
            continue;
        if (xmlsec_init())
            return true;
        diag_add(diags, DIAG_ERROR, "B105", d->in.file, p->line, p->column,
                 "xmlsec1's library, which seals objects, cannot be used");
        return false;
    }
    return true;
}

struct deployment *deployment_new(const struct deployment_input *input, struct diag_list *diags)
{
    struct deployment *d = xcalloc(1, sizeof *d);
    bool ok;
    enum err err;

    m2mxml_init();
    d->in = *input;
    d->next_procedure = 1;
    if (!init_objects(d, diags))
        goto fail;
    ok = init_populations(d, diags);
    ok &= route_build(d, diags);
    if (!ok)
        goto fail;
    err = build(d, diags);
    if (err) {
        diag_add(diags, DIAG_ERROR, "B103", d->in.file, 0, 0, "cannot build the deployment: %s",
                 err_text(err));
        goto fail;
    }
    return d;
fail:
    deployment_free(d);
    return NULL;
}

/* ---- running ---- */

static void no_procedure(void *arg, const struct row_procedure *row)
{
    (void)arg;
    (void)row;
}

static void no_key(void *arg, const struct row_key *row)
{
    (void)arg;
    (void)row;
}

void deployment_start(struct deployment *d, const struct row_sink *sink)
{
    d->sink = *sink;
    if (!d->in.record->procedures)
        d->sink.procedure = no_procedure;
    if (!d->in.record->keys)
        d->sink.key = no_key;
    for (uint32_t i = 0; i < d->in.population_count; i++)
        write_nodes(d, &d->populations[i]);
}

enum sim_end deployment_run(struct deployment *d)
{
    return sim_run(d->sim, d->in.until);
}

static void note_dropped(const struct population *p, sim_ns now)
{
    char text[NODE_NAME_MAX + 80];
    uint64_t dropped = 0;

    for (uint32_t i = 0; i < p->config->count; i++)
        dropped += p->devices[i].gateway->dropped;
    if (!dropped)
        return;
    snprintf(text, sizeof text, "the stores of '%s' were full: readings dropped", p->config->name);
    p->d->sink.note(
        p->d->sink.arg,
        &(struct row_note){
            .t = now, .level = "warning", .code = "store-full", .text = text, .count = dropped});
}

void deployment_finish(struct deployment *d)
{
    sim_ns now = sim_now(d->sim);

    for (uint32_t i = 0; i < d->in.population_count; i++) {
        struct population *p = &d->populations[i];
        for (uint32_t k = 0; p->devices && k < p->config->count; k++)
            device_finish(&p->devices[k], now);
        for (uint32_t k = 0; p->servers && k < p->config->count; k++) {
            delivery_end(p->servers[k].delivery, now);
            commands_finish(&p->servers[k], now);
            apoc_finish(&p->servers[k], now);
            application_finish(&p->servers[k], now);
        }
        for (uint32_t k = 0; p->locals && k < p->config->count; k++)
            local_finish(&p->locals[k], now);
        if (p->config->kind == CFG_GATEWAY)
            note_dropped(p, now);
        if (cfg_is_device(p->config->kind))
            resume_note(p, now);
    }
    keyring_end_all(d->keys, now);
    usage_write(d);
}

static void free_pair(struct tls_pair *pair)
{
    tls_context_free(pair->client);
    tls_context_free(pair->server);
}

static void free_population(struct population *p)
{
    for (uint32_t k = 0; p->locals && k < p->config->count; k++)
        local_release(&p->locals[k]);
    free(p->locals);
    for (uint32_t k = 0; p->devices && k < p->config->count; k++)
        device_release(&p->devices[k]);
    free(p->devices);
    for (uint32_t k = 0; p->servers && k < p->config->count; k++)
        server_release(&p->servers[k]);
    free(p->servers);
    image_release(p);
    free_pair(&p->bootstrap);
    free_pair(&p->connect);
    free_pair(&p->mid);
    free_pair(&p->ua);
    free(p->usage);
    free(p->paths);
}

void deployment_free(struct deployment *d)
{
    if (!d)
        return;
    local_xip_free_all(d);
    for (uint32_t i = 0; d->populations && i < d->in.population_count; i++)
        free_population(&d->populations[i]);
    free(d->populations);
    session_free_retired(&d->retired);
    backend_free_all(d);
    if (d->net)
        net_free(d->net);
    route_release(d);
    free(d->happenings);
    for (size_t i = 0; i < PROC_KINDS; i++)
        free(d->slowest[i].latency);
    keyring_free(d->keys);
    authority_free(d->authority);
    authority_free(d->rogue);
    identity_free_authorities(d);
    key_pool_free(d->pool);
    if (d->sim)
        sim_free(d->sim);
    free(d);
}

struct sim *deployment_sim(struct deployment *d)
{
    return d->sim;
}

void deployment_set_tap(struct deployment *d, const struct net_tap *tap)
{
    net_set_tap(d->net, tap);
}

void deployment_set_secrets(struct deployment *d, void (*secret)(void *arg, const char *line),
                            void *arg)
{
    d->secret = secret;
    d->secret_arg = arg;
}

void deployment_counts(const struct deployment *d, struct deployment_counts *out)
{
    *out = d->counts;
}

size_t deployment_octets_per_device(const struct deployment *d)
{
    /* Device, its hop each way, its records at MAS and NSCL, four map entries at most half full,
     * keys, its <scl> in the tree (test_scl_tree.c). */
    (void)d;
    return sizeof(struct device) + 2 * sizeof(struct net_hop) + sizeof(struct mas_record) +
           sizeof(struct scl_record) + 4 * 2 * 16 + 3 * 64 + 270;
}
