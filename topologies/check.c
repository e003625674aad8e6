/* What a scenario must mean (S2xx). A field about which a mistake was told already is not judged
 * again. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "models/node/method.h"
#include "topologies/reader.h"

#define ALL 1000000u /* 100 % in ppm */

/* The place of the first field that was given, else of the owner. NULL: one of them is bad. */
static const struct mark *place_of(const struct reader *r, const void *owner, const void *a,
                                   const void *b)
{
    const struct mark *ma = a ? reader_mark_of(r, a) : NULL;
    const struct mark *mb = b ? reader_mark_of(r, b) : NULL;
    if ((ma && ma->bad) || (mb && mb->bad))
        return NULL;
    return ma ? ma : mb ? mb : reader_mark_of(r, owner);
}

/* Once for a code and a place: both directions of a link have the same fields. */
__attribute__((format(printf, 4, 5))) static void tell(struct reader *r, const struct mark *at,
                                                       const char *code, const char *fmt, ...)
{
    char text[500];
    va_list ap;
    if (!at)
        return;
    for (size_t i = 0; i < diag_size(r->diags); i++) {
        const struct diag *d = diag_at(r->diags, i);
        if (d->line == at->line && d->column == at->column && strcmp(d->code, code) == 0 &&
            strcmp(d->file, at->file) == 0)
            return;
    }
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    diag_add(r->diags, DIAG_ERROR, code, at->file, at->line, at->column, "%s", text);
}

static bool is_given(const struct reader *r, const void *target)
{
    const struct mark *m = reader_mark_of(r, target);
    return m && m->given && !m->bad;
}

/* ---- devices ---- */

enum suite_use { USE_CERTIFICATE, USE_ECDHE_PSK, USE_PSK, USE_ANY_PSK };

static void check_tls(struct reader *r, const struct scn_population *p, const struct cfg_tls *tls,
                      enum suite_use use, const char *what)
{
    static const char *const needed[] = {"one with certificates (RSA-...)", "an ECDHE-PSK one",
                                         "a plain PSK one", "a PSK one"};
    const char *suite = tls_suite_name(tls->suite);
    bool psk = tls_suite_is_psk(tls->suite), ecdhe = strncmp(suite, "ECDHE-", 6) == 0;
    bool fits = use == USE_CERTIFICATE ? !psk
                : use == USE_ANY_PSK   ? psk
                                       : psk && ecdhe == (use == USE_ECDHE_PSK);
    const struct mark *at = place_of(r, &p->name, &tls->suite, NULL);
    if (!fits)
        tell(r, at, "S206", "suite %s does not fit %s, which needs %s", suite, what, needed[use]);
    else if (!tls_suite_allows(tls->suite, tls->version))
        tell(r, place_of(r, &p->name, &tls->version, &tls->suite), "S205",
             "suite %s cannot be used with TLS %s", suite, tls->version == TLS_1_1 ? "1.1" : "1.2");
}

/* RFC 7252 9.1.3.1: CoAP's suites, whatever TLS's would be. */
static void check_dtls(struct reader *r, const struct scn_population *p)
{
    const struct cfg_tls *tls = &p->device.mid.tls;

    if (p->device.mid.binding == BINDING_COAP && tls_suite_is_psk(tls->suite) &&
        !tls_suite_allows(tls->suite, DTLS_1_2))
        tell(r, place_of(r, &p->name, &tls->suite, &p->device.mid.binding), "S206",
             "suite %s does not fit mId over CoAP, whose DTLS needs %s or %s",
             tls_suite_name(tls->suite), tls_suite_name(TLS_SUITE_PSK_AES_128_CCM_8),
             tls_suite_name(TLS_SUITE_PSK_AES_128_CCM));
}

static void check_meanings(struct reader *r, const struct scn_population *p)
{
    const struct meaning *m;
    for (size_t i = 0; (m = meaning_at(i)) != NULL; i++) {
        const void *target = (const char *)&p->device + m->offset;
        if (!m->is_there(&p->device) && is_given(r, target))
            tell(r, place_of(r, &p->name, target, NULL), "S219", "this has no meaning here: %s",
                 m->why_not);
    }
}

static void check_objects(struct reader *r, const struct scn_population *p)
{
    const struct cfg_device *d = &p->device;
    const uint32_t both = CFG_SECURITY_SIGN | CFG_SECURITY_ENCRYPT;

    if (d->mid.security & ~d->mid.capable)
        tell(r, place_of(r, &p->name, &d->mid.capable, &d->mid.security), "S248",
             "'capable' leaves out what 'security' wishes for");
    if ((d->mid.security & both) == CFG_SECURITY_ENCRYPT && d->mid.cipher == XMLSEC_AES128_CBC)
        tell(
            r, place_of(r, &p->name, &d->mid.cipher, &d->mid.security), "S249",
            "aes-128-cbc does not tell altered octets: it needs object-sign beside object-encrypt");
}

static void check_method(struct reader *r, const struct scn_population *p)
{
    const struct cfg_device *d = &p->device;
    const struct mark *marks[] = {reader_mark_of(r, &d->bootstrap.method),
                                  reader_mark_of(r, &d->connect.method),
                                  reader_mark_of(r, &d->arrivals.shape)};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (marks[i] && marks[i]->bad)
            return;
    check_meanings(r, p);
    if (d->bootstrap.method == CFG_BOOTSTRAP_NONE && method_needs_kmr(d->connect.method))
        tell(r, place_of(r, &p->name, &d->bootstrap.method, &d->connect.method), "S227",
             "connection by %s needs a Kmr, and bootstrap 'none' leaves the device without",
             method_of_connect(d->connect.method)->name);
    if (method_of_bootstrap(d->bootstrap.method)->certificates)
        check_tls(r, p, &d->bootstrap.tls, USE_CERTIFICATE, "bootstrap with certificates");
    if ((uint64_t)d->bootstrap.wrong_ca_ppm + d->bootstrap.expired_ppm > ALL)
        tell(r, place_of(r, &p->name, &d->bootstrap.expired_ppm, &d->bootstrap.wrong_ca_ppm),
             "S212", "'wrong_ca' and 'expired' are together more than 100 %%");
    if (method_of_connect(d->connect.method)->tls_psk)
        check_tls(r, p, &d->connect.tls, USE_ECDHE_PSK, "connection by tls-psk");
    if (method_needs_bsf(d) && d->gba.ua == CFG_UA_PSK_TLS)
        check_tls(r, p, &d->gba.tls, USE_ANY_PSK, "Ua by psk-tls");
    if ((d->connect.method == CFG_CONNECT_NONE) != (d->mid.security == CFG_SECURITY_NONE))
        tell(r, place_of(r, &p->name, &d->mid.security, &d->connect.method), "S235",
             d->connect.method == CFG_CONNECT_NONE
                 ? "without a service connection there is no Kmc to secure mId with"
                 : "mId without security is for devices without a service connection "
                   "(connect.method none)");
    check_objects(r, p);
    if (d->ival.gate && !d->ival.capable)
        tell(r, place_of(r, &p->name, &d->ival.gate, &d->ival.capable), "S219",
             "'gate' has no meaning in a device that is not capable of integrity validation");
}

static void check_batches(struct reader *r, const struct scn_population *p)
{
    const struct cfg_device *d = &p->device;

    if (d->personal.batches > p->count)
        tell(r, place_of(r, &p->name, &d->personal.batches, &p->count), "S237",
             "more batches than devices");
    if ((double)d->personal.interval * (d->personal.batches - 1) > (double)d->personal.age)
        tell(r, place_of(r, &p->name, &d->personal.interval, &d->personal.age), "S238",
             "the last batch would be personalised after the run has begun: 'age' is that of the "
             "first batch");
    else if (d->personal.age >= d->keys.kmr)
        tell(r, place_of(r, &p->name, &d->personal.age, &d->keys.kmr), "S239",
             "the Kmr of the first batch have expired before the run: they live for 'keys.kmr' "
             "from their personalisation");
}

static void check_retry(struct reader *r, const struct scn_population *p)
{
    const struct cfg_device *d = &p->device;
    if (d->retry.base > d->retry.cap)
        tell(r, place_of(r, &p->name, &d->retry.base, &d->retry.cap), "S211",
             "'base' is longer than 'cap'");
}

static void check_lifetimes(struct reader *r, const struct scn_population *p)
{
    const struct cfg_device *d = &p->device;
    bool kmc = method_of_connect(d->connect.method)->exchange;
    if (d->keys.kmc > d->keys.kmr && method_needs_kmr(d->connect.method))
        tell(r, place_of(r, &p->name, &d->keys.kmc, &d->keys.kmr), "S207",
             "Kmc lives longer than Kmr, which it is derived from");
    if ((uint64_t)d->keys.renew_at_ppm + d->keys.renew_jitter_ppm >= ALL)
        tell(r, place_of(r, &p->name, &d->keys.renew_at_ppm, &d->keys.renew_jitter_ppm), "S208",
             "'renew_at' with 'renew_jitter' reaches 100 %% of the lifetime: the key would expire "
             "before it is renewed");
    if (d->keys.renew_jitter_ppm >= d->keys.renew_at_ppm)
        tell(r, place_of(r, &p->name, &d->keys.renew_jitter_ppm, &d->keys.renew_at_ppm), "S208",
             "'renew_jitter' is as large as 'renew_at': the key could be renewed at its birth");
    if (d->access.irt > d->access.mrt && method_attaches(d))
        tell(r, place_of(r, &p->name, &d->access.irt, &d->access.mrt), "S211",
             "'irt' is longer than 'mrt'");
    if (kmc && d->mid.idle != SIM_NEVER && d->mid.idle > d->keys.kmc)
        tell(r, place_of(r, &p->name, &d->mid.idle, &d->keys.kmc), "S210",
             "the session may idle longer than Kmc lives, which bounds it");
    check_retry(r, p);
}

static void check_arrivals(struct reader *r, const struct scn_population *p)
{
    const struct cfg_device *d = &p->device;
    const struct mark *shape = reader_mark_of(r, &d->arrivals.shape);
    bool poisson = d->arrivals.shape == CFG_ARRIVAL_POISSON;
    if (!shape || !shape->bad) {
        if (poisson && d->arrivals.mean == 0)
            tell(r, place_of(r, &p->name, &d->arrivals.mean, &d->arrivals.shape), "S218",
                 "poisson needs 'mean', the time from one start to the next");
    }
    const struct mark *until = reader_mark_of(r, &r->s->until);
    if (until && !until->bad && d->arrivals.start >= r->s->until)
        tell(r, place_of(r, &p->name, &d->arrivals.start, NULL), "S218",
             "the devices start when the run is over");
}

/* ---- gateways and what is behind them ---- */

static void check_size(struct reader *r, const struct scn_population *p,
                       const struct cfg_device *gateway)
{
    if (p->device.report.octets > gateway->store.max_octets)
        tell(r, place_of(r, &p->name, &p->device.report.octets, &gateway->store.max_octets), "S211",
             "one reading is larger than all that the gateway may keep");
}

static void check_store(struct reader *r, const struct scn_population *p)
{
    const struct cfg_device *d = &p->device;
    if (d->store.window_every && d->store.window_open > d->store.window_every)
        tell(r, place_of(r, &p->name, &d->store.window_open, &d->store.window_every), "S211",
             "the window is 'open' for longer than from one to the next");
    check_size(r, p, d);
}

static void check_local(struct reader *r, const struct scn_population *p)
{
    const struct mark *shape = reader_mark_of(r, &p->device.arrivals.shape);
    if (!shape || !shape->bad)
        check_meanings(r, p);
    check_retry(r, p);
    check_arrivals(r, p);
    if (p->device.apoc.listen && p->device.local.interface != CFG_DIA)
        tell(r, place_of(r, &p->name, &p->device.apoc.listen, &p->device.local.interface), "S264",
             "an aPoC is reached over dIa, not over xIP");
    if (p->device.local.behind != SCN_NONE)
        check_size(r, p, &r->s->populations[p->device.local.behind].device);
}

/* ---- servers ---- */

static void check_server(struct reader *r, const struct scn_population *p)
{
    const struct cfg_server *s = &p->server;
    if (s->backlog_busy > s->queue)
        tell(r, place_of(r, &p->name, &s->backlog_busy, &s->queue), "S211",
             "'backlog_busy' is beyond 'queue': the server would never be busy");
    if (p->kind != CFG_NSCL)
        return;
    if (s->registration_min > s->registration_max)
        tell(r, place_of(r, &p->name, &s->registration_min, &s->registration_max), "S209",
             "the shortest registration is longer than the longest");
    if (!s->ival && s->rule_count > 0)
        tell(r, place_of(r, &p->name, &s->ival, NULL), "S219",
             "an NSCL without integrity validation cannot have an 'ival_policy'");
}

/* ---- links ---- */

static void check_hop(struct reader *r, const struct scn_link *link,
                      const struct net_hop_config *hop)
{
    const struct dist *l = &hop->latency;
    const struct mark *latency = reader_mark_of(r, l);
    const struct mark *at = place_of(r, &link->line, &l->floor, l);
    double mean = dist_mean_ns(l);
    if (!latency || latency->bad)
        return;
    if (l->floor <= 0)
        tell(r, at, "S216",
             "the least latency is 0, but it is how far the engine may look ahead: give a 'floor' "
             "above 0, or a latency that has one");
    else if ((double)l->floor > mean)
        tell(r, at, "S217", "'floor' is above the mean of the latency");
    if (l->ceiling < l->floor || (double)l->ceiling < mean)
        tell(r, place_of(r, &link->line, &l->ceiling, l), "S217",
             "'ceiling' is below the mean of the latency, or below its floor");
    if (hop->reorder > 0 && hop->reorder_delay == 0)
        tell(r, place_of(r, &link->line, &hop->reorder, &hop->reorder_delay), "S225",
             "'reorder' needs a 'reorder_delay' above 0");
}

static bool same_pair(const struct scn_link *a, const struct scn_link *b)
{
    return (a->from == b->from && a->to == b->to) || (a->from == b->to && a->to == b->from);
}

/* Nobody's way leads to it, but to a gateway those of what is behind it. */
static bool is_leaf(const struct scenario *s, uint32_t to, uint32_t from)
{
    const struct scn_population *p = &s->populations[from];
    bool behind = p->kind == CFG_LOCAL ||
                  (p->kind == CFG_APPLICATION && p->server.application.behind != SCN_NONE);

    return cfg_is_field(s->populations[to].kind) &&
           !(s->populations[to].kind == CFG_GATEWAY && behind);
}

static void check_link(struct reader *r, uint32_t i)
{
    const struct scenario *s = r->s;
    const struct scn_link *link = &s->links[i];
    const struct mark *at = reader_mark_of(r, &link->line);
    check_hop(r, link, &link->up);
    check_hop(r, link, &link->down);
    if (link->from == SCN_NONE || link->to == SCN_NONE)
        return;
    if (link->from == link->to)
        tell(r, at, "S223", "a link from a population to itself");
    else if (is_leaf(s, link->to, link->from) &&
             !reader_mark_of(r, &s->populations[link->to].kind)->bad)
        tell(r, at, "S222", "'%s' are devices: the leaf side stands first",
             s->populations[link->to].name);
    for (uint32_t j = 0; j < i; j++)
        if (link->from != link->to && same_pair(link, &s->links[j]))
            tell(r, at, "S215", "a second link between '%s' and '%s'; the first is in line %d",
                 s->populations[link->from].name, s->populations[link->to].name, s->links[j].line);
}

/* ---- ways ---- */

static bool links_are_sound(const struct reader *r)
{
    for (uint32_t i = 0; i < r->s->link_count; i++)
        if (r->s->links[i].from == SCN_NONE || r->s->links[i].to == SCN_NONE)
            return false;
    return true;
}

/* Is there a way over at most NET_MAX_HOPS links, and not over `around` (SCN_NONE: over whatever)?
 * Devices forward nothing. */
static bool is_reachable(const struct scenario *s, uint32_t from, uint32_t to, uint32_t around)
{
    bool reached[256] = {false};
    reached[from] = true;
    for (unsigned hops = 0; hops < NET_MAX_HOPS && !reached[to]; hops++) {
        bool next[256];
        memcpy(next, reached, sizeof next);
        for (uint32_t i = 0; i < s->link_count; i++) {
            uint32_t a = s->links[i].from, b = s->links[i].to;
            if (a == around || b == around)
                continue;
            if (reached[a] && (a == from || !cfg_is_field(s->populations[a].kind)))
                next[b] = true;
            if (reached[b] && (b == from || !cfg_is_field(s->populations[b].kind)))
                next[a] = true;
        }
        memcpy(reached, next, sizeof reached);
    }
    return reached[to];
}

static void want_way(struct reader *r, uint32_t from, uint32_t to, const void *by, const char *why)
{
    const struct scenario *s = r->s;
    if (to == SCN_NONE || is_reachable(s, from, to, SCN_NONE))
        return;
    tell(r, place_of(r, &s->populations[from].name, by, NULL), "S204",
         "'%s' cannot reach '%s', %s: no link leads there", s->populations[from].name,
         s->populations[to].name, why);
}

/* The key that a server hands on must arrive where the device will use it. */
static void check_hand_over(struct reader *r, const struct scn_population *p)
{
    const struct scn_population *all = r->s->populations;
    const struct cfg_device *d = &p->device;
    uint32_t msbf = d->bootstrap.msbf, mas = d->connect.mas, nscl = d->mid.nscl;
    if (msbf != SCN_NONE && mas != SCN_NONE && all[msbf].server.mas != SCN_NONE &&
        all[msbf].server.mas != mas)
        tell(r, place_of(r, &p->name, &d->connect.mas, &d->bootstrap.msbf), "S226",
             "'%s' hands Kmr to '%s', but the devices connect at '%s'", all[msbf].name,
             all[all[msbf].server.mas].name, all[mas].name);
    if (mas != SCN_NONE && nscl != SCN_NONE && all[mas].server.nscl != SCN_NONE &&
        all[mas].server.nscl != nscl)
        tell(r, place_of(r, &p->name, &d->mid.nscl, &d->connect.mas), "S226",
             "'%s' hands Kmc to '%s', but the devices register at '%s'", all[mas].name,
             all[all[mas].server.nscl].name, all[nscl].name);
}

/* A NAF asks the BSF for keys. */
static void want_zn_ways(struct reader *r, const struct cfg_device *d)
{
    const struct scn_population *all = r->s->populations;
    uint32_t msbf = d->bootstrap.msbf, mas = d->connect.mas;

    if (method_of_bootstrap(d->bootstrap.method)->gba && msbf != SCN_NONE)
        want_way(r, msbf, d->gba.bsf, &all[msbf].name, "which it asks for keys (Zn)");
    if (method_of_connect(d->connect.method)->gba && mas != SCN_NONE)
        want_way(r, mas, d->gba.bsf, &all[mas].name, "which it asks for keys (Zn)");
}

/* Over PANA it is the agent that must reach the MAS. */
static void want_device_ways(struct reader *r, uint32_t i, const struct cfg_device *d)
{
    const struct scn_population *all = r->s->populations;
    uint32_t msbf = d->bootstrap.msbf, mas = d->connect.mas, nscl = d->mid.nscl;

    want_way(r, i, msbf, &d->bootstrap.msbf, "which it bootstraps at");
    want_way(r, i, nscl, &d->mid.nscl, "which it registers with");
    want_way(r, i, d->gba.bsf, &d->gba.bsf, "which it bootstraps with (Ub)");
    if (d->gba.bsf != SCN_NONE)
        want_zn_ways(r, d);
    want_way(r, i, d->access.at, &d->access.at, "which it attaches to");
    if (d->mid.security == CFG_SECURITY_NONE && d->access.at != SCN_NONE && nscl != SCN_NONE &&
        is_reachable(r->s, i, nscl, d->access.at))
        tell(r, place_of(r, &all[i].name, &d->access.at, &d->mid.security), "S236",
             "mId relies on the access network '%s', and a way leads to '%s' around it",
             all[d->access.at].name, all[nscl].name);
    if (!method_of_connect(d->connect.method)->eap)
        want_way(r, i, mas, &d->connect.mas, "which it connects at");
    else if (nscl != SCN_NONE)
        want_way(r, nscl, mas, &all[nscl].name, "which authenticates its devices");
    if (method_of_bootstrap(d->bootstrap.method)->eap && msbf != SCN_NONE)
        want_way(r, msbf, mas, &all[msbf].name, "which authenticates its devices");
}

static void check_ways(struct reader *r)
{
    for (uint32_t i = 0; i < r->s->population_count; i++) {
        const struct scn_population *p = &r->s->populations[i];
        const struct cfg_device *d = &p->device;
        if (reader_mark_of(r, &p->kind)->bad)
            continue;
        if (cfg_is_device(p->kind)) {
            want_device_ways(r, i, d);
            check_hand_over(r, p);
        } else if (p->kind == CFG_LOCAL) {
            want_way(r, i, d->local.behind, &d->local.behind, "its gateway");
        } else {
            want_way(r, i, p->server.mas, &p->server.mas, "which it hands Kmr to");
            want_way(r, i, p->server.hss, &p->server.hss, "which it asks for vectors");
            want_way(r, i, p->server.kms, &p->server.kms, "which it asks for its private keys");
            want_way(r, i, p->server.application.behind, &p->server.application.behind,
                     "its gateway");
            want_way(r, i, p->server.nscl, &p->server.nscl,
                     p->kind == CFG_APPLICATION ? "which it uses over mIa"
                                                : "which it hands Kmc to");
        }
    }
}

/* ---- the whole ---- */

/* A run that --until or --set cuts short leaves out what would happen behind its end. */
static void drop_late_events(struct scenario *s)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->event_count; i++) {
        if (s->events[i].at < s->until)
            s->events[kept++] = s->events[i];
    }
    s->event_count = kept;
}

static void check_event_kind(struct reader *r, const struct scn_event *e)
{
    const struct mark *what = reader_mark_of(r, &e->what);
    const struct scn_population *p;
    bool outage = e->what == HAPPENING_OUTAGE;

    if (e->population == SCN_NONE || !what || what->bad)
        return;
    p = &r->s->populations[e->population];
    if (reader_mark_of(r, &p->kind)->bad)
        return;
    if (p->kind == CFG_LOCAL)
        tell(r, place_of(r, e, &e->population, &e->what), "S231",
             "'%s' are behind gateways: what befalls them is not modeled", p->name);
    else if (outage == cfg_is_device(p->kind))
        tell(r, place_of(r, e, &e->population, &e->what), "S231",
             outage ? "'%s' are devices: what befalls them is a blackout"
                    : "'%s' are servers: what befalls them is an outage",
             p->name);
    else if (outage && (e->share_ppm != ALL || e->over != 0))
        tell(r,
             place_of(r, e, e->over ? (const void *)&e->over : (const void *)&e->share_ppm, NULL),
             "S219",
             "'share' and 'over' have no meaning with an outage: all servers are off at once");
    else if (e->what == HAPPENING_FIRMWARE && !p->device.ival.capable)
        tell(r, place_of(r, e, &e->what, &p->device.ival.capable), "S219",
             "nobody measures the image of devices that are not capable of integrity validation");
}

static void check_events(struct reader *r)
{
    const struct mark *until = reader_mark_of(r, &r->s->until);
    bool known = until && !until->bad;

    for (uint32_t i = 0; i < r->s->event_count; i++)
        check_event_kind(r, &r->s->events[i]);
    if (known && strcmp(until->file, "--set") == 0) {
        drop_late_events(r->s);
        return;
    }
    for (uint32_t i = 0; i < r->s->event_count; i++) {
        const struct scn_event *e = &r->s->events[i];
        if (known && e->at >= r->s->until)
            tell(r, place_of(r, e, &e->at, NULL), "S213", "this happens when the run is over");
    }
}

static void check_warmup(struct reader *r)
{
    const struct mark *until = reader_mark_of(r, &r->s->until);
    if (until && !until->bad && r->s->warmup > 0 && r->s->warmup >= r->s->until)
        tell(r, place_of(r, NULL, &r->s->warmup, &r->s->until), "S230",
             "the warm-up is not over when the run is: nothing would count");
}

static void check_tcp(struct reader *r)
{
    const struct tcp_params *t = &r->s->tcp;
    if (t->min_rto > t->max_rto)
        tell(r, place_of(r, NULL, &t->min_rto, &t->max_rto), "S211",
             "'min_rto' is longer than 'max_rto'");
    if (t->initial_rto > t->max_rto)
        tell(r, place_of(r, NULL, &t->initial_rto, &t->max_rto), "S211",
             "'initial_rto' is longer than 'max_rto'");
}

static void check_channel(struct reader *r, const struct scn_population *p)
{
    const struct cfg_device *d = &p->device;
    if (d->mid.channel == CFG_CHANNEL_NONE)
        return;
    if (d->mid.binding != BINDING_HTTP)
        tell(r, place_of(r, &p->name, &d->mid.channel, &d->mid.binding), "S260",
             "long polls are held over HTTP, not over CoAP");
}

/* Each of the three must be able to do its part. */
static void check_actuate(struct reader *r, const struct scn_population *p)
{
    const struct cfg_application *a = &p->server.application;
    const struct scn_population *all = r->s->populations, *locals, *gateways;
    if (!a->actuate.every || a->actuate.actuators == SCN_NONE)
        return;
    locals = &all[a->actuate.actuators];
    if (locals->kind != CFG_LOCAL)
        return;
    if (a->behind != SCN_NONE) {
        tell(r, place_of(r, &p->name, &a->actuate.every, &a->behind), "S219",
             "behind a gateway there is no NSCL that would hand requests on");
        return;
    }
    if (!locals->device.apoc.listen)
        tell(r, place_of(r, &p->name, &a->actuate.every, &a->actuate.actuators), "S263",
             "nobody can ask '%s': they have no 'apoc.listen'", locals->name);
    if (locals->device.local.behind == SCN_NONE)
        return;
    gateways = &all[locals->device.local.behind];
    if (gateways->device.mid.channel == CFG_CHANNEL_NONE)
        tell(r, place_of(r, &p->name, &a->actuate.every, &a->actuate.actuators), "S263",
             "nobody can hand a request to '%s', the gateways of '%s': they have no 'mid.channel'",
             gateways->name, locals->name);
    if (gateways->device.mid.nscl != p->server.nscl && p->server.nscl != SCN_NONE)
        tell(r, place_of(r, &p->name, &p->server.nscl, &a->actuate.actuators), "S262",
             "'%s' register with another NSCL than the one that the application uses",
             gateways->name);
}

/* Requests come to a gateway by its channel alone. */
static void check_follow(struct reader *r, const struct scn_population *p)
{
    const struct cfg_application *a = &p->server.application;
    const struct scn_population *all = r->s->populations, *locals, *gateways;
    if (a->follow == SCN_NONE || all[a->follow].kind != CFG_LOCAL)
        return;
    locals = &all[a->follow];
    if (a->behind != SCN_NONE) {
        tell(r, place_of(r, &p->name, &a->follow, &a->behind), "S219",
             "behind a gateway there is no NSCL that would hand requests on");
        return;
    }
    if (locals->device.local.behind == SCN_NONE)
        return;
    gateways = &all[locals->device.local.behind];
    if (gateways->device.mid.channel == CFG_CHANNEL_NONE)
        tell(r, place_of(r, &p->name, &a->follow, NULL), "S265",
             "nobody can hand a subscription to '%s', the gateways of '%s': they have no "
             "'mid.channel'",
             gateways->name, locals->name);
    if (gateways->device.mid.nscl != p->server.nscl && p->server.nscl != SCN_NONE)
        tell(r, place_of(r, &p->name, &p->server.nscl, &a->follow), "S262",
             "'%s' register with another NSCL than the one that the application uses",
             gateways->name);
}

static void check_application(struct reader *r, const struct scn_population *p)
{
    const struct cfg_application *a = &p->server.application;
    const struct scn_population *devices =
        a->devices == SCN_NONE ? NULL : &r->s->populations[a->devices];
    if (!devices)
        return;
    if (a->command.every && devices->device.mid.channel == CFG_CHANNEL_NONE)
        tell(r, place_of(r, &p->name, &a->command.every, &a->devices), "S261",
             "nobody can tell '%s' a command: they have no 'mid.channel'", devices->name);
    if (devices->kind == CFG_LOCAL && devices->device.local.behind == SCN_NONE)
        return;
    if (a->behind != SCN_NONE) {
        if (devices->kind != CFG_LOCAL || devices->device.local.behind != a->behind)
            tell(r, place_of(r, &p->name, &a->devices, &a->behind), "S262",
                 "'%s' are not behind the gateways that the application is behind", devices->name);
        if (p->server.nscl != SCN_NONE)
            tell(r, place_of(r, &p->name, &p->server.nscl, &a->behind), "S219",
                 "this has no meaning here: the application is at a gateway");
        return;
    }
    if (devices->kind == CFG_LOCAL) /* they are found where their gateways register */
        devices = &r->s->populations[devices->device.local.behind];
    if (devices->device.mid.nscl != p->server.nscl && p->server.nscl != SCN_NONE)
        tell(r, place_of(r, &p->name, &p->server.nscl, &a->devices), "S262",
             "'%s' register with another NSCL than the one that the application uses",
             devices->name);
}

static void check_population(struct reader *r, const struct scn_population *p)
{
    if (p->kind == CFG_LOCAL) {
        check_local(r, p);
    } else if (cfg_is_device(p->kind)) {
        check_method(r, p);
        check_tls(r, p, &p->device.mid.tls, USE_PSK, "mId");
        check_dtls(r, p);
        check_lifetimes(r, p);
        if (p->device.bootstrap.method == CFG_BOOTSTRAP_PRE_PROVISIONED)
            check_batches(r, p);
        check_arrivals(r, p);
        if (p->kind == CFG_GATEWAY)
            check_store(r, p);
    } else
        check_server(r, p);
    if (p->kind == CFG_APPLICATION) {
        check_application(r, p);
        check_actuate(r, p);
        check_follow(r, p);
    }
    if (p->kind == CFG_DEVICE || p->kind == CFG_GATEWAY)
        check_channel(r, p);
}

void check_meaning(struct reader *r)
{
    const struct scenario *s = r->s;
    bool devices = false;
    for (uint32_t i = 0; i < s->population_count; i++) {
        const struct mark *kind = reader_mark_of(r, &s->populations[i].kind);
        devices = devices || kind->bad || cfg_is_field(s->populations[i].kind);
        if (!kind->bad)
            check_population(r, &s->populations[i]);
    }
    if (!devices && s->populations)
        tell(r, reader_mark_of(r, &s->populations), "S214",
             "there is no population of devices: nothing would happen");
    for (uint32_t i = 0; i < s->link_count; i++)
        check_link(r, i);
    if (links_are_sound(r))
        check_ways(r);
    check_events(r);
    check_warmup(r);
    check_tcp(r);
}
