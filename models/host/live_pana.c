#include "models/host/live_pana.h"

#include "models/host/live_impl.h"
#include "models/host/live_line.h"
#include "models/host/pump.h"
#include "models/proc/paa.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* RFC 5191 6.2: where a header's type and session identifier are. */
#define HEADER_LEN 16
#define TYPE_AT    6
#define SESSION_AT 8
#define TYPE_PCI   1

struct live_pana {
    struct live *live;
    struct live_udp *udp;
    struct live_pana_settings settings;
    struct sockaddr_storage server; /* RADIUS's, where it is not here */
    uint64_t sessions;
    uint32_t session_id; /* of the last one */
};

/* One of the two nodes of a session. */
struct party {
    struct rng stream;
    struct se se;
    struct trace trace;
    struct proto_env env;
};

/* One session: a PAA with its two doors, and behind the second the MAS's conversation, or a line to
 * a server. */
struct talk {
    struct proto proto;
    struct live_pana *pana;
    struct party agent, mas;
    struct meter meter;
    struct paa_session *paa;
    struct aaa_session *aaa; /* NULL: somewhere else */
    struct live_line *line;  /* then; NULL else */
    struct buf room;         /* a RADIUS datagram on its way */
    uint32_t session_id;
    sim_ns began;
    unsigned requests;
    uint64_t octets_in, octets_out;
    bool confirmed; /* the device has used the session's identifier */
    bool told;
};

static struct talk *of(struct proto *p)
{
    return (struct talk *)p;
}

static struct proto *paa_of(struct talk *t)
{
    return paa_session_proto(t->paa);
}

static struct proto *radius_of(struct talk *t)
{
    return paa_session_radius(t->paa);
}

static struct proto *aaa_of(struct talk *t)
{
    return aaa_session_proto(t->aaa);
}

/* ---- a datagram's session ---- */

static bool is_zero(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != 0)
            return false;
    return true;
}

static struct span session_of(struct span in)
{
    return span_of(in.p + SESSION_AT, 4);
}

/* ---- the core: between the two ---- */

static void answer_queries(struct talk *t, sim_ns now)
{
    const struct live_pana_settings *s = &t->pana->settings;
    const struct eap_query *query;
    struct eap_answer answer;

    while ((query = aaa_session_query(t->aaa))) {
        memset(&answer, 0, sizeof answer);
        s->answer(s->arg, &t->mas.env, query, &answer);
        aaa_session_answer(t->aaa, now, &answer);
        explicit_bzero(&answer, sizeof answer);
    }
}

/* One datagram of `from`, if it has any, to `to`. */
static bool carry(struct talk *t, struct proto *from, struct proto *to, sim_ns now)
{
    bool more = from->ops->output(from, now, &t->room), some = buf_len(&t->room) > 0;

    from->env->trace->label[0] = '\0';
    if (some)
        to->ops->input(to, now, buf_span(&t->room));
    buf_consume(&t->room, buf_len(&t->room));
    return more || some;
}

static void mirror(struct talk *t)
{
    struct proto *paa = paa_of(t);

    t->proto.expiry = sim_ns_min(paa->expiry, radius_of(t)->expiry);
    if (t->aaa && aaa_of(t)->status == PROTO_RUNNING)
        t->proto.expiry = sim_ns_min(t->proto.expiry, aaa_of(t)->expiry);
    if (paa->status == PROTO_DONE)
        proto_done(&t->proto);
    else if (paa->status == PROTO_FAILED)
        proto_fail(&t->proto, paa->reason);
}

static void send_to_server(struct talk *t, sim_ns now)
{
    struct proto *door = radius_of(t);
    bool more = true;

    while (more) {
        more = door->ops->output(door, now, &t->room);
        if (buf_len(&t->room) > 0)
            live_line_send(t->line, buf_span(&t->room));
        buf_consume(&t->room, buf_len(&t->room));
    }
}

/* After every call at a door, until nothing is on its way any more. */
static void exchange(struct talk *t, sim_ns now)
{
    bool some = t->aaa != NULL;

    if (t->line)
        send_to_server(t, now);
    while (some) {
        some = carry(t, radius_of(t), aaa_of(t), now);
        answer_queries(t, now);
        some = carry(t, aaa_of(t), radius_of(t), now) || some;
    }
    mirror(t);
}

static void talk_start(struct proto *p, sim_ns now)
{
    struct talk *t = of(p);

    t->began = now;
    if (t->aaa)
        aaa_of(t)->ops->start(aaa_of(t), now);
    radius_of(t)->ops->start(radius_of(t), now);
    paa_of(t)->ops->start(paa_of(t), now);
    exchange(t, now);
}

static void talk_input(struct proto *p, sim_ns now, struct span in)
{
    struct talk *t = of(p);

    t->requests++;
    t->octets_in += in.n;
    t->confirmed = t->confirmed || !is_zero(session_of(in));
    paa_of(t)->ops->input(paa_of(t), now, in);
    exchange(t, now);
}

static bool talk_output(struct proto *p, sim_ns now, struct buf *out)
{
    struct talk *t = of(p);
    size_t before = buf_len(out);
    bool more = paa_of(t)->ops->output(paa_of(t), now, out);

    t->octets_out += buf_len(out) - before;
    exchange(t, now);
    return more;
}

static void talk_expire(struct proto *p, sim_ns now)
{
    struct talk *t = of(p);
    struct proto *all[] = {t->aaa ? aaa_of(t) : NULL, radius_of(t), paa_of(t)};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] && all[i]->status == PROTO_RUNNING && now >= all[i]->expiry)
            all[i]->ops->expire(all[i], now);
    exchange(t, now);
}

static void party_release(struct party *p)
{
    se_release(&p->se);
    explicit_bzero(&p->stream, sizeof p->stream);
}

static void talk_free(struct proto *p)
{
    struct talk *t = of(p);

    proto_free(paa_of(t));
    if (t->aaa)
        proto_free(aaa_of(t));
    live_line_close(t->line);
    buf_wipe(&t->room);
    party_release(&t->agent);
    party_release(&t->mas);
    free(t);
}

static const struct proto_ops talk_ops = {.name = "live-pana",
                                          .start = talk_start,
                                          .input = talk_input,
                                          .output = talk_output,
                                          .expire = talk_expire,
                                          .free = talk_free};

/* ---- its end ---- */

/* What the MAS said of it stands: it knows more; but that nobody asked it any more is no news. */
static enum reason reason_of(struct talk *t)
{
    enum reason reason = t->aaa ? aaa_session_refusal(t->aaa) : REASON_NONE;

    if (t->proto.status == PROTO_DONE)
        return REASON_NONE;
    if (reason == REASON_NONE || reason == REASON_TIMEOUT)
        reason = paa_session_refusal(t->paa);
    return reason != REASON_NONE ? reason : t->proto.reason;
}

static void describe_eap(struct talk *t, struct live_mas_end *end)
{
    const struct eap_server *eap = t->aaa ? aaa_session_eap(t->aaa) : NULL;

    end->identity = paa_session_identity(t->paa);
    if (!eap)
        return;
    end->identity = eap_server_identity(eap);
    end->permanent = eap_server_permanent(eap);
    end->method = eap_server_method(eap);
    /* Its keys were used at once, and once: for Kmr or Kmc. */
    end->reauth = t->proto.status == PROTO_DONE ? eap_server_reauth(eap) : NULL;
}

static void tell(struct talk *t)
{
    const struct live_pana_settings *s = &t->pana->settings;
    bool connection = s->params.usage == PANA_USAGE_CONNECTION;
    uint8_t key[M2M_KEY_LEN];
    struct live_pana_end end = {.mas = {.identity = "",
                                        .permanent = "",
                                        .status = t->proto.status,
                                        .reason = reason_of(t),
                                        .began = t->began,
                                        .ended = live_now(t->pana->live),
                                        .requests = t->requests,
                                        .octets_in = t->octets_in,
                                        .octets_out = t->octets_out},
                                .params = paa_session_params(t->paa)};

    if (t->told || !s->ended || !t->confirmed)
        return;
    t->told = true;
    describe_eap(t, &end.mas);
    if (end.mas.status == PROTO_DONE && (connection ? se_backend_copy(&t->agent.se, SE_KMC, key)
                                                    : se_backend_copy(&t->mas.se, SE_KMR, key)))
        end.key = key;
    s->ended(s->arg, &end);
    explicit_bzero(key, sizeof key);
}

/* ---- what live_udp asks ---- */

static void put(struct live_udp_key *key, char kind, struct span octets)
{
    key->octets[0] = (uint8_t)kind;
    memcpy(key->octets + 1, octets.p, octets.n);
    key->n = 1 + octets.n;
}

/* By the session; a PCI has none yet (RFC 5191 4.1): by its place, which its repetitions share. */
static bool key_of(void *arg, struct span from, struct span in, struct live_udp_key *key)
{
    (void)arg;
    if (in.n < HEADER_LEN || from.n >= LIVE_UDP_KEY_MAX)
        return false;
    if (!is_zero(session_of(in)))
        put(key, 'S', session_of(in));
    else if (in.p[TYPE_AT] == 0 && in.p[TYPE_AT + 1] == TYPE_PCI)
        put(key, 'N', from);
    return key->n > 0;
}

static bool second_key(void *user, struct proto *p, struct live_udp_key *key)
{
    uint32_t id = ((struct talk *)user)->session_id;
    uint8_t octets[4] = {(uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};

    (void)p;
    put(key, 'S', span_of(octets, sizeof octets));
    return true;
}

/* A device that begins anew from the same place, as after a restart, is a new one: its PCI must not
 * end at a session that it has forgotten. */
static bool second_only(void *user)
{
    return ((const struct talk *)user)->confirmed;
}

static void party_init(struct talk *t, struct party *p, const char *purpose)
{
    char name[40];

    str_append_number(name, sizeof name, str_append(name, sizeof name, 0, "session "),
                      t->pana->sessions);
    p->stream = rng_stream(t->pana->settings.seed, name, purpose);
    p->env = (struct proto_env){.stream = &p->stream,
                                .se = &p->se,
                                .meter = &t->meter,
                                .trace = &p->trace,
                                .epoch_unix_ns = live_epoch_unix_ns(t->pana->live)};
}

static struct paa_session *new_paa(struct talk *t)
{
    const struct live_pana_settings *s = &t->pana->settings;
    struct paa_session_settings settings = {
        .pana = {.params = s->params, .session_id = t->session_id, .encrypt = true},
        .radius = {.secret = s->radius.secret,
                   .nas_identifier = s->nas_identifier,
                   .framed_mtu = s->radius.eap.mtu,
                   .mrd = s->server_host ? s->patience : 0},
        .grant = s->server_host ? s->grant : NULL,
        .arg = s->arg};

    pana_timers_default(&settings.pana.timers);
    settings.pana.timers.stalled = s->patience;
    return paa_session_new(&t->agent.env, &settings);
}

/* From the server. */
static void on_reply(void *arg, struct span in)
{
    struct talk *t = arg;
    struct live_udp_key key = {.n = 0};
    sim_ns now = live_now(t->pana->live);

    pump_enter(&t->proto, now, true);
    radius_of(t)->ops->input(radius_of(t), now, in);
    exchange(t, now);
    pump_leave();
    if (second_key(t, &t->proto, &key))
        live_udp_touch(t->pana->udp, &key);
}

static struct aaa_session *new_aaa(struct talk *t)
{
    const struct live_pana_settings *s = &t->pana->settings;
    struct aaa_session_settings settings = {.radius = s->radius, .find = s->find, .arg = s->arg};

    return aaa_session_new(&t->mas.env, &settings);
}

/* A session that is not ours any more begins no new one. */
static bool make(void *arg, struct span from, struct span in, struct live_udp_core *core)
{
    struct live_pana *m = arg;
    struct talk *t;

    (void)from;
    if (!is_zero(session_of(in)))
        return false;
    t = xcalloc(1, sizeof *t);
    t->pana = m;
    if (m->settings.server_host && live_line_new(m->live, &m->server, on_reply, t, &t->line)) {
        free(t);
        return false;
    }
    m->sessions++;
    if (++m->session_id == 0)
        m->session_id = 1;
    t->session_id = m->session_id;
    party_init(t, &t->agent, "live-paa");
    party_init(t, &t->mas, "live-pana-mas");
    buf_init(&t->room, RADIUS_PACKET_MAX);
    t->paa = new_paa(t);
    t->aaa = t->line ? NULL : new_aaa(t);
    proto_init(&t->proto, &talk_ops, &t->agent.env);
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

static const struct live_udp_ops udp_ops = {.key = key_of,
                                            .make = make,
                                            .step = step,
                                            .second_key = second_key,
                                            .second_only = second_only,
                                            .gone = gone};

enum err live_pana_new(struct live *l, const char *host, int *port,
                       const struct live_pana_settings *settings, struct live_pana **out,
                       const char **why)
{
    struct live_pana *m = xcalloc(1, sizeof *m);
    struct rng ids = rng_stream(settings->seed, "PAA", "session identifiers");
    /* The device has confirmed the last word: there is nothing left to repeat, and its place is
     * free for the next. The core knows better why it ends, and is to end before it is idle. */
    struct live_udp_limits limits = {.conversations = settings->conversations,
                                     .idle = sim_ns_add(settings->patience, SIM_S),
                                     .quiet = settings->quiet};
    enum err err = OK;

    m->live = l;
    m->settings = *settings;
    m->settings.radius.idle = settings->patience;
    m->session_id = (uint32_t)rng_u64(&ids);
    if (settings->server_host)
        err = live_resolve(l, settings->server_host, settings->server_port, SOCK_DGRAM, &m->server);
    if (!err)
        err = live_udp_serve(l, host, port, &udp_ops, m, &limits, &m->udp, why);
    if (err) {
        free(m);
        return err;
    }
    *out = m;
    return OK;
}

void live_pana_free(struct live_pana *m)
{
    free(m);
}

const struct live_udp_counts *live_pana_counts(const struct live_pana *m)
{
    return live_udp_counts(m->udp);
}
