/* Defaults that depend on other values: what the schema calls `derived`. */
#include <stdio.h>
#include <string.h>

#include "models/node/method.h"
#include "topologies/reader.h"

static bool is_given(const struct reader *r, const void *target)
{
    return reader_mark_of(r, target) != NULL;
}

static bool all_kinds_known(const struct reader *r)
{
    for (uint32_t i = 0; i < r->s->population_count; i++)
        if (reader_mark_of(r, &r->s->populations[i].kind)->bad)
            return false;
    return true;
}

/* `key` of p names a population of `kind`: the only one there is, when it is not given. */
static void derive_server(struct reader *r, const struct scn_population *p, const char *key,
                          enum cfg_kind kind, uint32_t *out)
{
    const struct mark *m = reader_mark_of(r, &p->name);
    struct owner owner = {NULL, m->file, m->line, m->column};
    const char *word = schema_word_name(schema_kinds, (int)kind);
    uint32_t found = SCN_NONE, n = 0;
    if (is_given(r, out) || !all_kinds_known(r))
        return;
    for (uint32_t i = 0; i < r->s->population_count; i++)
        if (r->s->populations[i].kind == kind) {
            found = i;
            n++;
        }
    if (n == 0)
        reader_error_at(r, &owner, "S221",
                        "population '%s' needs a population of kind %s, and there is none", p->name,
                        word);
    else if (n > 1)
        reader_error_at(r, &owner, "S220",
                        "population '%s': there are %u populations of kind %s; say which by '%s'",
                        p->name, n, word, key);
    else
        *out = found;
}

static void derive_device(struct reader *r, struct scn_population *p)
{
    struct cfg_device *d = &p->device;
    if (method_of_bootstrap(d->bootstrap.method)->exchange)
        derive_server(r, p, "bootstrap.at", CFG_MSBF, &d->bootstrap.msbf);
    if (method_needs_mas(d))
        derive_server(r, p, "connect.at", CFG_MAS, &d->connect.mas);
    if (d->connect.method == CFG_CONNECT_NONE) {
        derive_server(r, p, "access.at", CFG_ACCESS, &d->access.at);
    }
    if (!is_given(r, &d->mid.security))
        d->mid.security =
            d->connect.method == CFG_CONNECT_NONE ? CFG_SECURITY_NONE : CFG_SECURITY_CHANNEL;
    if (!is_given(r, &d->mid.capable))
        d->mid.capable = d->mid.security;
    if (!is_given(r, &d->mid.tls.suite)) /* RFC 7252 9.1.3.1: what every CoAP has */
        d->mid.tls.suite = d->mid.binding == BINDING_COAP ? TLS_SUITE_PSK_AES_128_CCM_8
                                                          : TLS_SUITE_PSK_AES_128_CCM;
    derive_server(r, p, "mid.at", CFG_NSCL, &d->mid.nscl);
    if (method_needs_bsf(d))
        derive_server(r, p, "gba.at", CFG_BSF, &d->gba.bsf);
    d->ival.tampered_at.floor = d->retry.restart.floor = 0;
}

static bool is_subscriber(const struct method_facts *f)
{
    return f->uicc && f->eap;
}

/* Whom a MAS needs an HSS for. */
static bool has_subscribers(const struct scenario *s)
{
    for (uint32_t i = 0; i < s->population_count; i++) {
        const struct cfg_device *d = &s->populations[i].device;
        if (cfg_is_device(s->populations[i].kind) &&
            (is_subscriber(method_of_bootstrap(d->bootstrap.method)) ||
             is_subscriber(method_of_connect(d->connect.method))))
            return true;
    }
    return false;
}

static bool has_kind(const struct scenario *s, enum cfg_kind kind)
{
    for (uint32_t i = 0; i < s->population_count; i++)
        if (s->populations[i].kind == kind)
            return true;
    return false;
}

static bool uses_ibake(const struct scenario *s)
{
    for (uint32_t i = 0; i < s->population_count; i++)
        if (cfg_is_device(s->populations[i].kind) &&
            s->populations[i].device.bootstrap.method == CFG_BOOTSTRAP_EAP_IBAKE)
            return true;
    return false;
}

static void derive_arrivals(struct reader *r, struct scn_population *p)
{
    struct cfg_device *d = &p->device;
    if (!is_given(r, &d->arrivals.over) && d->arrivals.shape != CFG_ARRIVAL_POISSON)
        d->arrivals.over = 3600 * SIM_S;
}

static const char *class_of(enum cfg_kind kind)
{
    if (kind == CFG_GATEWAY)
        return "cortex-a7";
    return cfg_is_field(kind) ? "cortex-m4" : "server";
}

/* An application on a device of its own. */
static bool is_behind(const struct reader *r, const struct scn_population *p)
{
    return p->kind == CFG_APPLICATION && is_given(r, &p->server.application.behind);
}

static void derive_application(struct reader *r, struct scn_population *p)
{
    struct cfg_application *a = &p->server.application;
    if (a->actuate.every)
        derive_server(r, p, "actuate.actuators", CFG_LOCAL, &a->actuate.actuators);
    derive_server(r, p, "devices",
                  is_behind(r, p)                                              ? CFG_LOCAL
                  : has_kind(r->s, CFG_DEVICE) || !has_kind(r->s, CFG_GATEWAY) ? CFG_DEVICE
                                                                               : CFG_GATEWAY,
                  &a->devices);
}

static void derive_population(struct reader *r, struct scn_population *p)
{
    struct cfg_server *server = &p->server;
    if (reader_mark_of(r, &p->kind)->bad)
        return;
    if (!p->class_name)
        p->class_name = is_behind(r, p) ? class_of(CFG_LOCAL) : class_of(p->kind);
    if (cfg_is_field(p->kind)) {
        if (cfg_is_device(p->kind))
            derive_device(r, p);
        else
            derive_server(r, p, "behind", CFG_GATEWAY, &p->device.local.behind);
        derive_arrivals(r, p);
        return;
    }
    if (!is_given(r, server->fqdn))
        snprintf(server->fqdn, sizeof server->fqdn, "%.40s.m2m.example", p->name);
    if (is_behind(r, p) && !is_given(r, &server->workers))
        server->workers = 1;
    if (!is_given(r, &server->backlog_busy))
        server->backlog_busy = server->queue;
    if (p->kind == CFG_MSBF)
        derive_server(r, p, "mas", CFG_MAS, &server->mas);
    if (p->kind == CFG_MAS || (p->kind == CFG_APPLICATION && !is_behind(r, p)))
        derive_server(r, p, "nscl", CFG_NSCL, &server->nscl);
    if (p->kind == CFG_APPLICATION)
        derive_application(r, p);
    if (p->kind == CFG_BSF || p->kind == CFG_ACCESS ||
        (p->kind == CFG_MAS && has_subscribers(r->s)))
        derive_server(r, p, "hss", CFG_HSS, &server->hss);
    if (p->kind == CFG_MAS && uses_ibake(r->s) && has_kind(r->s, CFG_KMS))
        derive_server(r, p, "kms", CFG_KMS, &server->kms);
}

static void derive_link(struct reader *r, struct scn_link *link)
{
    const struct scn_population *all = r->s->populations;
    struct net_hop_config *hops[] = {&link->up, &link->down};
    for (unsigned i = 0; i < 2; i++) {
        struct dist *latency = &hops[i]->latency;
        if (latency->floor == LATENCY_UNSET)
            latency->floor = is_given(r, latency) ? dist_default_floor(latency) : 0;
        if (link->from != SCN_NONE && link->to != SCN_NONE)
            hops[i]->name = pool_printf(r->pool, "%s->%s/%s", all[link->from].name,
                                        all[link->to].name, i == 0 ? "up" : "down");
    }
}

static void derive_profile(struct reader *r)
{
    struct scenario *s = r->s;
    const struct mark *m = reader_mark_of(r, &s->profile);
    if (m && m->bad)
        return;
    s->profile_path = files_find(r->pool, s->path, s->profile, "profiles", ".profile");
    if (s->profile_path)
        return;
    struct owner owner = {NULL, m ? m->file : s->path, m ? m->line : 1, m ? m->column : 1};
    if (r->from_disk)
        reader_error_at(r, &owner, "S122",
                        "cannot read the cost profile '%s': there is no such file", s->profile);
    s->profile_path = s->profile;
}

void derive(struct reader *r)
{
    for (uint32_t i = 0; i < r->s->population_count; i++)
        derive_population(r, &r->s->populations[i]);
    for (uint32_t i = 0; i < r->s->link_count; i++)
        derive_link(r, &r->s->links[i]);
    derive_profile(r);
}
