#include "models/host/live_notify.h"

#include "models/host/tally.h"
#include "models/proc/client.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CONTACTS 1024
#define MOST_NOTICES  1000 /* that wait for one contact */
#define ATTEMPTS      5    /* of each */
#define MOST_AGAIN    30   /* times the first wait */

struct notice {
    struct notice *next;
    struct m2m_rep rep;
    char *path;
};

/* A host and a port. */
struct contact {
    struct tally tally; /* while `open` */
    struct contact *next;
    struct live_notify *notify;
    struct mid_client *mid;
    struct link *link; /* NULL: not connected yet */
    struct notice *first, **last;
    struct rng stream;
    struct meter meter;
    struct trace trace;
    struct se se;
    struct proto_env env;
    sim_ns due, again; /* no attempt before; how long after the next failure */
    unsigned count, attempts;
    uint16_t port;
    bool open, ended; /* has a core; which is at its end */
    bool asked;       /* the first one's answer is waited for */
    char host[HTTP_URI_HOST_MAX], authority[HTTP_URI_HOST_MAX + 16];
};

struct live_notify {
    struct live *live;
    struct live_notify_settings settings;
    struct live_notify_counts counts;
    struct contact *contacts;
    unsigned count;
    uint64_t ever;
};

/* ---- notifications ---- */

static void settle(struct contact *c)
{
    struct notice *n = c->first;

    c->first = n->next;
    if (!c->first)
        c->last = &c->first;
    c->count--;
    c->attempts = 0;
    c->again = c->notify->settings.again;
    m2m_rep_clear(&n->rep);
    free(n->path);
    free(n);
}

static void failed(struct contact *c, sim_ns now)
{
    c->due = sim_ns_add(now, c->again);
    c->again = sim_ns_min(2 * c->again, MOST_AGAIN * c->notify->settings.again);
    if (++c->attempts < ATTEMPTS)
        return;
    c->notify->counts.lost++;
    settle(c);
}

static void answered(struct contact *c, const struct mid_response *r, sim_ns now)
{
    c->asked = false;
    if (r->retry_after_s > 0 && r->status == STATUS_SERVICE_UNAVAILABLE) {
        failed(c, now);
        c->due = sim_ns_add(now, (sim_ns)r->retry_after_s * SIM_S);
        return;
    }
    if (r->status < 300)
        c->notify->counts.taken++;
    else
        c->notify->counts.refused++;
    settle(c);
}

static void ask(struct contact *c, sim_ns now)
{
    const struct notice *n = c->first;
    struct m2m_doc doc = {
        .kind = DOC_RESOURCE, .u.resource = {M2M_NOTIFY_DOC, n->rep.n}, .owned = n->rep.p};

    c->asked = mid_client_request(c->mid, now, "NOTIFY contact", HTTP_POST, n->path, &doc);
    if (!c->asked) /* it ends, and the next one is asked */
        mid_client_close(c->mid, now);
}

/* ---- the connection; inside of its core ---- */

static void on_acted(struct tally *tally, sim_ns now)
{
    struct contact *c = (struct contact *)tally;
    const struct mid_response *r = mid_client_response(c->mid);

    if (r && c->asked) {
        answered(c, r, now);
        mid_client_take(c->mid);
    }
}

static void contact_expire(struct proto *p, sim_ns now)
{
    struct contact *c = (struct contact *)p;

    if (!c->asked && now >= c->tally.deadline) { /* nothing to say: good-bye */
        mid_client_close(c->mid, now);
        c->tally.deadline = SIM_NEVER;
    }
    tally_expire(p, now);
}

static void contact_release(struct proto *p)
{
    tally_release(&((struct contact *)p)->tally);
}

static const struct proto_ops contact_ops = {.name = "live-notify",
                                             .start = tally_start,
                                             .input = tally_input,
                                             .output = tally_output,
                                             .expire = contact_expire,
                                             .free = contact_release};

static void on_step(void *arg, struct proto *p, sim_ns now)
{
    struct contact *c = arg;

    if (c->ended)
        return;
    c->link = live_driven(c->notify->live);
    c->ended = p->status != PROTO_RUNNING;
    if (!c->ended && !c->asked && c->first && now >= c->due && mid_client_is_open(c->mid))
        ask(c, now);
    /* What waits is for live_notify_run to look at. */
    if (c->ended || (c->first && !c->asked))
        live_stop(c->notify->live);
}

/* ---- from outside ---- */

static void begin(struct contact *c, sim_ns now)
{
    struct live_notify *n = c->notify;

    c->mid = mid_client_new(
        &c->env, &(struct mid_settings){.nscl = c->authority,
                                        .requesting_entity = n->settings.requesting_entity});
    if (!c->mid)
        return;
    tally_init(&c->tally, &contact_ops, mid_client_proto(c->mid), now, n->settings.patience);
    c->tally.acted = on_acted;
    c->open = true;
    c->ended = c->asked = false;
    c->link = NULL;
    if (live_connect(n->live, c->host, c->port, &c->tally.proto, on_step, c) != OK)
        c->ended = true;
}

static void end(struct contact *c, sim_ns now)
{
    proto_free(&c->tally.proto);
    c->open = false;
    /* A contact that closed behind its last answer has failed in nothing. */
    if (c->asked || (c->first && c->tally.octets_in == 0))
        failed(c, now);
    c->asked = false;
}

static void contact_free(struct contact *c)
{
    while (c->first)
        settle(c);
    if (c->open)
        proto_free(&c->tally.proto);
    se_release(&c->se);
    free(c);
}

static struct contact *contact_of(struct live_notify *n, const struct http_uri *uri)
{
    struct contact *c;
    char name[48];

    for (c = n->contacts; c; c = c->next)
        if (c->port == uri->port && strcmp(c->host, uri->host) == 0)
            return c;
    if (n->count == MOST_CONTACTS)
        return NULL;
    c = xcalloc(1, sizeof(*c));
    str_append_number(name, sizeof(name), str_append(name, sizeof(name), 0, "contact "), ++n->ever);
    c->notify = n;
    c->last = &c->first;
    c->again = n->settings.again;
    c->port = uri->port;
    memcpy(c->host, uri->host, sizeof(c->host));
    snprintf(c->authority, sizeof(c->authority), "%s%s%s:%u", uri->ipv6 ? "[" : "", uri->host,
             uri->ipv6 ? "]" : "", uri->port);
    c->stream = rng_stream(n->settings.seed, name, "live-notify");
    c->env = (struct proto_env){.stream = &c->stream,
                                .se = &c->se,
                                .meter = &c->meter,
                                .trace = &c->trace,
                                .epoch_unix_ns = live_epoch_unix_ns(n->live)};
    c->next = n->contacts;
    n->contacts = c;
    n->count++;
    return c;
}

void live_notify_send(struct live_notify *n, const char *uri, struct m2m_rep *rep)
{
    struct http_uri where;
    struct contact *c = NULL;
    struct notice *one;

    if (http_uri_parse(uri, &where) && n->settings.allows(n->settings.arg, &where))
        c = contact_of(n, &where);
    if (!c || c->count == MOST_NOTICES) {
        n->counts.dropped++;
        return;
    }
    one = xcalloc(1, sizeof(*one));
    one->path = xstrdup(where.path);
    one->rep = *rep;
    m2m_rep_init(rep, M2M_NO_TYPE);
    *c->last = one;
    c->last = &one->next;
    c->count++;
}

/* What is to be done with it; when again. */
static sim_ns look(struct contact *c, sim_ns now)
{
    if (c->open && c->ended)
        end(c, now);
    if (!c->first || c->asked)
        return SIM_NEVER;
    if (now < c->due)
        return c->due;
    if (!c->open)
        begin(c, now);
    else if (c->link)
        live_poke(c->link);
    return c->ended ? now : SIM_NEVER;
}

sim_ns live_notify_run(struct live_notify *n)
{
    sim_ns now = live_now(n->live), next = SIM_NEVER;
    struct contact **at = &n->contacts;

    while (*at) {
        struct contact *c = *at;

        next = sim_ns_min(next, look(c, now));
        if (c->open || c->first) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        n->count--;
        contact_free(c);
    }
    return next;
}

/* ---- life ---- */

struct live_notify *live_notify_new(struct live *l, const struct live_notify_settings *settings)
{
    struct live_notify *n = xcalloc(1, sizeof(*n));

    n->live = l;
    n->settings = *settings;
    return n;
}

void live_notify_free(struct live_notify *n)
{
    struct contact *c;

    if (!n)
        return;
    while ((c = n->contacts)) {
        n->contacts = c->next;
        contact_free(c);
    }
    free(n);
}

const struct live_notify_counts *live_notify_counts(const struct live_notify *n)
{
    return &n->counts;
}
