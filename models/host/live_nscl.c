#include "models/host/live_nscl.h"

#include "models/host/live_udp.h"
#include "models/host/pump.h"
#include "models/host/tally.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* How long close_notify may take to be told. */
#define CLOSING SIM_S

struct door {
    struct live_nscl *nscl;
    struct live_udp *socket; /* of associations; NULL: none */
    enum live_nscl_door kind;
};

struct live_nscl {
    struct live *live;
    struct live_nscl_settings settings;
    struct live_nscl_counts counts;
    struct door doors[LIVE_NSCL_DOORS];
    sim_ns last; /* when something came */
    bool asked;  /* since it was delivered */
};

/* One connection. */
struct talk {
    struct tally tally;
    struct live_nscl *nscl;
    struct door *door;
    struct server_session *session;
    struct link *link; /* while a request of TCP is held */
    struct rng stream;
    struct meter meter;
    struct trace trace;
    struct se se;
    struct proto_env env;
    sim_ns began;
    uint64_t requests;
    uint8_t address[LIVE_UDP_KEY_MAX]; /* of an association, for its cookie */
    size_t address_n;
    bool told, held, resumed;
    char peer[M2M_MAX_URI];
};

static bool is_coap(enum live_nscl_door door)
{
    return door == LIVE_COAPS || door == LIVE_COAP;
}

static bool is_bare(enum live_nscl_door door)
{
    return door == LIVE_HTTP || door == LIVE_COAP || door == LIVE_MIA;
}

const char *live_nscl_door_name(enum live_nscl_door door)
{
    static const char *const names[LIVE_NSCL_DOORS] = {[LIVE_HTTPS] = "https",
                                                       [LIVE_COAPS] = "coaps",
                                                       [LIVE_HTTP] = "http",
                                                       [LIVE_COAP] = "coap",
                                                       [LIVE_MIA] = "mia"};

    return names[door];
}

/* ---- the node of the core ---- */

static void on_acted(struct tally *tally, sim_ns now)
{
    struct talk *t = (struct talk *)tally;
    const struct live_nscl_settings *s = &t->nscl->settings;
    const struct server_request *r;
    struct tls *tls;

    t->nscl->last = now;
    tls = server_session_tls(t->session);
    t->resumed |= tls && tls_is_resumed(tls);
    if (s->served && tls)
        s->served(s->arg, tls, now);
    if (!t->held && (r = server_session_request(t->session))) {
        t->requests++;
        str_append(t->peer, sizeof(t->peer), 0,
                   *r->peer_name ? r->peer_name : r->requesting_entity);
        t->held = !s->request(s->arg, &(struct live_nscl_call){.peer = (struct live_nscl_peer *)t,
                                                               .session = t->session,
                                                               .request = r,
                                                               .env = &t->env,
                                                               .now = now,
                                                               .door = t->door->kind});
        if (s->deliver && !t->nscl->asked) {
            t->nscl->asked = true;
            live_stop(t->nscl->live); /* the loop is the place to tell others */
        }
    }
    if (t->held) { /* who is kept waiting is not idle */
        t->link = live_driven(t->nscl->live);
        tally->deadline = is_coap(t->door->kind) ? SIM_NEVER : sim_ns_add(now, s->hold);
    }
}

/* Who is not found is known by what he calls himself. */
static void call_itself(struct talk *t, struct span identity)
{
    size_t n = identity.n < sizeof(t->peer) ? identity.n : sizeof(t->peer) - 1;

    memcpy(t->peer, identity.p, n);
    t->peer[n] = '\0';
}

static unsigned find_psk(void *arg, struct span identity, uint8_t psk[32], enum reason *reason)
{
    struct talk *t = arg;

    call_itself(t, identity);
    return t->nscl->settings.psk_find(t->nscl->settings.arg, identity, psk, reason);
}

static bool find_grant(void *arg, struct span identity, struct mid_grant *out, enum reason *reason)
{
    struct talk *t = arg;

    call_itself(t, identity);
    return t->nscl->settings.grant_find(t->nscl->settings.arg, identity, out, reason);
}

/* ---- connections ---- */

static void talk_free(struct proto *p)
{
    struct talk *t = (struct talk *)p;

    tally_release(&t->tally);
    se_release(&t->se);
    explicit_bzero(&t->stream, sizeof(t->stream));
    free(t);
}

/* Who is merely idle is told good-bye; who is in the middle of something has timed out. */
static void talk_expire(struct proto *p, sim_ns now)
{
    struct talk *t = (struct talk *)p;

    if (now >= t->tally.deadline && server_session_is_open(t->session)) {
        server_session_close(t->session, now);
        t->tally.deadline = sim_ns_add(now, CLOSING);
    }
    tally_expire(p, now);
}

/* One answer at a time: made, and given to whoever sends it, before the next request that came
 * ahead of its turn is looked at; after many the rest waits for the peer to take them. */
static bool talk_output(struct proto *p, sim_ns now, struct buf *out)
{
    struct talk *t = (struct talk *)p;
    bool more = tally_output(p, now, out);

    if (t->held || p->status != PROTO_RUNNING || buf_len(out) >= LIVE_MUCH ||
        !server_session_request(t->session))
        return more;
    on_acted(&t->tally, now);
    return true;
}

static const struct proto_ops talk_ops = {.name = "live-nscl",
                                          .start = tally_start,
                                          .input = tally_input,
                                          .output = talk_output,
                                          .expire = talk_expire,
                                          .free = talk_free};

static struct server_session *new_session(struct talk *t)
{
    const struct live_nscl_settings *s = &t->nscl->settings;
    enum live_nscl_door door = t->door->kind;
    struct server_settings settings = {.role = SERVER_NSCL,
                                       .psk_find = find_psk,
                                       .psk_arg = t,
                                       .grant_find =
                                           s->grant_find && door != LIVE_MIA ? find_grant : NULL,
                                       .trusts_access = is_bare(door),
                                       .resumption = is_bare(door) ? NULL : s->resumption};

    if (is_coap(door)) {
        settings.binding = BINDING_COAP;
        settings.context = is_bare(door) ? NULL : s->dtls;
        settings.dtls.cookie = true;
        settings.dtls.peer = span_of(t->address, t->address_n);
        settings.idle = s->idle;
    } else if (!is_bare(door)) {
        settings.context = s->context;
        if (s->credential && credential_copy(s->credential, &settings.credential))
            return NULL;
    }
    return server_session_new(&t->env, &settings);
}

/* address: an association's; empty: of a connection. NULL: beyond the limit, or OpenSSL would not.
 */
static struct talk *new_talk(struct door *door, struct span address)
{
    struct live_nscl *n = door->nscl;
    struct talk *t;
    char name[40];

    if (n->counts.open == n->settings.connections) {
        n->counts.refused++;
        return NULL;
    }
    t = xcalloc(1, sizeof(*t));
    str_append_number(name, sizeof(name), str_append(name, sizeof(name), 0, "connection "),
                      ++n->counts.connections);
    t->nscl = n;
    t->door = door;
    t->stream = rng_stream(n->settings.seed, name, "live-nscl");
    t->env = (struct proto_env){.stream = &t->stream,
                                .se = &t->se,
                                .meter = &t->meter,
                                .trace = &t->trace,
                                .epoch_unix_ns = live_epoch_unix_ns(n->live)};
    t->began = live_now(n->live);
    t->address_n = address.n < sizeof(t->address) ? address.n : sizeof(t->address);
    memcpy(t->address, address.p ? address.p : (const uint8_t *)"", t->address_n);
    t->session = new_session(t);
    if (!t->session) {
        free(t);
        n->counts.refused++;
        return NULL;
    }
    n->counts.open++;
    if (n->counts.open > n->counts.most)
        n->counts.most = n->counts.open;
    /* An association closes itself when it is idle. */
    tally_init(&t->tally, &talk_ops, server_session_proto(t->session), t->began,
               is_coap(door->kind) ? SIM_NEVER : n->settings.idle);
    t->tally.acted = on_acted;
    return t;
}

static struct proto *make(void *arg)
{
    struct talk *t = new_talk(arg, span_of(NULL, 0));

    return t ? &t->tally.proto : NULL;
}

static enum reason why_ended(const struct proto *p)
{
    switch (p->status) {
    case PROTO_RUNNING:
        return REASON_RUN_END;
    case PROTO_DONE:
        return REASON_NONE;
    case PROTO_FAILED:
        break;
    }
    return (enum reason)p->reason;
}

static void gone(void *arg, struct proto *p)
{
    struct live_nscl *n = ((struct door *)arg)->nscl;
    struct talk *t = (struct talk *)p;

    if (t->told)
        return;
    t->told = true;
    n->counts.open--;
    if (n->settings.ended)
        n->settings.ended(n->settings.arg,
                          &(struct live_nscl_end){.who = (const struct live_nscl_peer *)t,
                                                  .peer = t->peer,
                                                  .reason = why_ended(p),
                                                  .began = t->began,
                                                  .ended = live_now(n->live),
                                                  .requests = t->requests,
                                                  .octets_in = t->tally.octets_in,
                                                  .octets_out = t->tally.octets_out,
                                                  .door = t->door->kind,
                                                  .resumed = t->resumed});
}

/* ---- associations ---- */

/* By where it comes from. */
static bool key_of(void *arg, struct span from, struct span in, struct live_udp_key *key)
{
    (void)arg, (void)in;
    key->n = from.n < sizeof(key->octets) ? from.n : sizeof(key->octets);
    memcpy(key->octets, from.p, key->n);
    return true;
}

/* What begins no handshake is of an association that is over; a bare one begins with any message of
 * CoAP (RFC 7252 3: its version). */
static bool make_association(void *arg, struct span from, struct span in,
                             struct live_udp_core *core)
{
    struct door *door = arg;
    bool begins = is_bare(door->kind) ? in.n > 0 && in.p[0] >> 6 == 1 : dtls_begins(in);
    struct talk *t = begins ? new_talk(door, from) : NULL;

    if (!t)
        return false;
    *core = (struct live_udp_core){&t->tally.proto, t};
    return true;
}

/* Its end is told when it ends, not when it has lingered. */
static void step_association(void *user, struct proto *p, sim_ns now)
{
    (void)now;
    if (p->status != PROTO_RUNNING)
        gone(((struct talk *)user)->door, p);
}

static void association_gone(void *user, struct proto *p)
{
    gone(((struct talk *)user)->door, p);
    proto_free(p);
}

static const struct live_udp_ops association_ops = {
    .key = key_of, .make = make_association, .step = step_association, .gone = association_gone};

/* ---- the server ---- */

struct live_nscl *live_nscl_new(struct live *l, const struct live_nscl_settings *settings)
{
    struct live_nscl *n = xcalloc(1, sizeof(*n));

    n->live = l;
    n->settings = *settings;
    for (int i = 0; i < LIVE_NSCL_DOORS; i++)
        n->doors[i] = (struct door){.nscl = n, .kind = (enum live_nscl_door)i};
    return n;
}

enum err live_nscl_open(struct live_nscl *n, enum live_nscl_door door, const char *host, int *port,
                        const char **why)
{
    struct door *d = &n->doors[door];
    struct live_udp_limits limits;

    if (!is_coap(door))
        return live_listen(n->live, host, port, make, NULL, gone, d, why);
    live_udp_limits_default(&limits);
    limits.conversations = n->settings.connections;
    limits.idle = sim_ns_add(n->settings.idle, CLOSING);
    limits.linger = CLOSING / 10; /* close_notify is said once */
    return live_udp_serve(n->live, host, port, &association_ops, d, &limits, &d->socket, why);
}

/* Of an association, when its core was called from outside. */
static void poke(struct talk *t)
{
    struct live_udp_key key = {.n = t->address_n};

    if (is_coap(t->door->kind)) {
        memcpy(key.octets, t->address, t->address_n);
        live_udp_poke(t->door->socket, &key);
    } else {
        live_poke(t->link);
    }
}

bool live_nscl_answer(struct live_nscl_peer *peer, const struct server_answer *a)
{
    struct talk *t = (struct talk *)peer;
    sim_ns now = live_now(t->nscl->live);
    struct link *link = t->link;

    if (!t->held || t->told)
        return false;
    pump_enter(&t->tally.proto, now, true);
    t->held = false;
    server_session_answer(t->session, now, a);
    t->tally.deadline =
        is_coap(t->door->kind) ? SIM_NEVER : sim_ns_add(now, t->nscl->settings.idle);
    on_acted(&t->tally, now);
    t->link = link;
    pump_leave();
    poke(t);
    return true;
}

bool live_nscl_notify(struct live_nscl_peer *peer, uint32_t exchange, const struct server_answer *a)
{
    struct talk *t = (struct talk *)peer;
    sim_ns now = live_now(t->nscl->live);
    bool told;

    if (!is_coap(t->door->kind) || t->told)
        return false;
    pump_enter(&t->tally.proto, now, true);
    told = server_session_notify(t->session, now, exchange, a);
    pump_leave();
    poke(t);
    return told;
}

void live_nscl_free(struct live_nscl *n)
{
    free(n);
}

void live_nscl_run(struct live_nscl *n)
{
    sim_ns now, next, due;

    n->last = live_now(n->live);
    while (!live_signal(n->live)) {
        n->asked = false;
        due = n->settings.deliver ? n->settings.deliver(n->settings.arg) : SIM_NEVER;
        now = live_now(n->live);
        next = sim_ns_add(n->counts.open ? now : n->last, n->settings.quiet);
        if (next <= now)
            break;
        next = next < due ? next : due;
        next = next > now ? next : now;
        live_run(n->live,
                 next == SIM_NEVER ? -1 : (int)sim_ns_min((next - now) / SIM_MS + 1, INT_MAX));
    }
}

const struct live_nscl_counts *live_nscl_counts(const struct live_nscl *n)
{
    return &n->counts;
}
