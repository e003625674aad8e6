#include "models/host/live_mas.h"

#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* RFC 5080 2.2.2: a repeated request gets the same answer for so long. */
#define LINGER (5 * SIM_S)
#define IDLE   (30 * SIM_S)

struct live_mas {
    struct live *live;
    struct live_udp *udp;
    struct live_mas_settings settings;
    uint64_t conversations;
};

/* One conversation: a RADIUS server core, its node's answers, and what is counted. */
struct talk {
    struct proto proto;
    struct live_mas *mas;
    struct radius_server *server;
    struct rng stream;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
    sim_ns began;
    unsigned requests;
    uint64_t octets_in, octets_out;
    bool told;
};

static struct talk *of(struct proto *p)
{
    return (struct talk *)p;
}

static struct proto *core_of(struct talk *t)
{
    return radius_server_proto(t->server);
}

/* ---- the core: the RADIUS server's, with its node inside ---- */

static void mirror(struct talk *t)
{
    struct proto *core = core_of(t);

    t->proto.expiry = core->expiry;
    if (core->status == PROTO_DONE)
        proto_done(&t->proto);
    else if (core->status == PROTO_FAILED)
        proto_fail(&t->proto, core->reason);
}

static void answer_queries(struct talk *t, sim_ns now)
{
    const struct live_mas_settings *s = &t->mas->settings;
    struct eap_server *eap = radius_server_eap(t->server);
    const struct eap_query *query;
    struct eap_answer answer;

    while (eap && (query = eap_server_query(eap))) {
        memset(&answer, 0, sizeof(answer));
        s->answer(s->arg, &t->env, query, &answer);
        eap_server_answer(eap, now, &answer);
        explicit_bzero(&answer, sizeof(answer));
        radius_server_poke(t->server, now);
    }
}

static void talk_start(struct proto *p, sim_ns now)
{
    struct talk *t = of(p);

    t->began = now;
    core_of(t)->ops->start(core_of(t), now);
    mirror(t);
}

static void talk_input(struct proto *p, sim_ns now, struct span in)
{
    struct talk *t = of(p);

    t->requests++;
    t->octets_in += in.n;
    core_of(t)->ops->input(core_of(t), now, in);
    answer_queries(t, now);
    mirror(t);
}

static bool talk_output(struct proto *p, sim_ns now, struct buf *out)
{
    struct talk *t = of(p);
    size_t before = buf_len(out);
    bool more = core_of(t)->ops->output(core_of(t), now, out);

    t->octets_out += buf_len(out) - before;
    mirror(t);
    return more;
}

static void talk_expire(struct proto *p, sim_ns now)
{
    struct talk *t = of(p);

    core_of(t)->ops->expire(core_of(t), now);
    mirror(t);
}

static void talk_free(struct proto *p)
{
    struct talk *t = of(p);

    proto_free(core_of(t));
    explicit_bzero(&t->stream, sizeof(t->stream));
    free(t);
}

static const struct proto_ops talk_ops = {.name = "live-mas",
                                          .start = talk_start,
                                          .input = talk_input,
                                          .output = talk_output,
                                          .expire = talk_expire,
                                          .free = talk_free};

/* ---- its end ---- */

static void tell(struct talk *t)
{
    const struct live_mas_settings *s = &t->mas->settings;
    const struct eap_server *eap = radius_server_eap(t->server);
    struct live_mas_end end = {.identity = "",
                               .permanent = "",
                               .status = t->proto.status,
                               .reason = t->proto.reason,
                               .began = t->began,
                               .ended = live_now(t->mas->live),
                               .requests = t->requests,
                               .octets_in = t->octets_in,
                               .octets_out = t->octets_out};

    if (t->told || !s->ended)
        return;
    t->told = true;
    if (eap) {
        end.identity = eap_server_identity(eap);
        end.permanent = eap_server_permanent(eap);
        end.method = eap_server_method(eap);
        end.reauth = eap_server_reauth(eap);
        if (t->proto.status == PROTO_DONE && eap_server_keys(eap)->present)
            end.keys = eap_server_keys(eap);
    }
    s->ended(s->arg, &end);
}

/* ---- what live_udp asks ---- */

static void put(struct live_udp_key *key, const void *octets, size_t n)
{
    if (n > LIVE_UDP_KEY_MAX - key->n)
        n = LIVE_UDP_KEY_MAX - key->n;
    memcpy(key->octets + key->n, octets, n);
    key->n += n;
}

/* By State; a conversation's first request has none: by its place, identifier and authenticator
 * (RFC 2865 3), which its repetitions share. */
static bool key_of(void *arg, struct span from, struct span in, struct live_udp_key *key)
{
    struct radius_packet p;
    struct span state;

    (void)arg;
    if (radius_parse(in, &p) || p.code != RADIUS_ACCESS_REQUEST)
        return false;
    state = radius_state(&p);
    put(key, state.n ? "S" : "N", 1);
    if (state.n) {
        put(key, state.p, state.n);
    } else {
        put(key, from.p, from.n);
        put(key, &p.id, 1);
        put(key, p.authenticator, sizeof(p.authenticator));
    }
    return true;
}

static bool second_key(void *user, struct proto *p, struct live_udp_key *key)
{
    struct span state = radius_server_state(((struct talk *)user)->server);

    (void)p;
    put(key, "S", 1);
    put(key, state.p, state.n);
    return true;
}

static bool make(void *arg, struct span from, struct span in, struct live_udp_core *core)
{
    struct live_mas *m = arg;
    struct talk *t = xcalloc(1, sizeof(*t));
    char name[40];

    (void)from, (void)in;
    str_append_number(name, sizeof(name), str_append(name, sizeof(name), 0, "conversation "),
                      ++m->conversations);
    t->mas = m;
    t->stream = rng_stream(m->settings.seed, name, "live-mas");
    t->env = (struct proto_env){.stream = &t->stream,
                                .meter = &t->meter,
                                .trace = &t->trace,
                                .epoch_unix_ns = live_epoch_unix_ns(m->live)};
    t->server = radius_server_new(&t->env, &m->settings.radius);
    proto_init(&t->proto, &talk_ops, &t->env);
    *core = (struct live_udp_core){&t->proto, t};
    return true;
}

static void step(void *user, struct proto *p, sim_ns now)
{
    (void)now;
    if (p->status != PROTO_RUNNING)
        tell(user);
}

static void gone(void *user, struct proto *p)
{
    tell(user);
    proto_free(p);
}

static const struct live_udp_ops udp_ops = {
    .key = key_of, .make = make, .step = step, .second_key = second_key, .gone = gone};

enum err live_mas_new(struct live *l, const char *host, int *port,
                      const struct live_mas_settings *settings, struct live_mas **out,
                      const char **why)
{
    struct live_mas *m = xcalloc(1, sizeof(*m));
    struct live_udp_limits limits = {
        .conversations = settings->conversations, .linger = LINGER, .quiet = settings->quiet};
    enum err err;

    m->live = l;
    m->settings = *settings;
    if (m->settings.radius.idle == 0)
        m->settings.radius.idle = IDLE;
    /* The core knows better why it ends, and is to end first. */
    limits.idle = m->settings.radius.idle + SIM_S;
    err = live_udp_serve(l, host, port, &udp_ops, m, &limits, &m->udp, why);
    if (err) {
        free(m);
        return err;
    }
    *out = m;
    return OK;
}

void live_mas_free(struct live_mas *m)
{
    free(m);
}

const struct live_udp_counts *live_mas_counts(const struct live_mas *m)
{
    return live_udp_counts(m->udp);
}
