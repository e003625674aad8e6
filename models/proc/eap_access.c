#include "models/proc/eap_access.h"

#include "sim/base/xalloc.h"

#include <stdlib.h>

#define REPETITIONS 4 /* RFC 3748 4.3: three to five */
/* The longest chains of certificates through the shortest packets need fewer. */
#define MOST_ROUND_TRIPS 1000

struct eap_access {
    struct proto proto;
    struct eap_peer *peer;
    struct radius_client *client;
    uint8_t asked_id; /* of our Request/Identity */
    unsigned round_trips;
    uint64_t octets_out, octets_in;
    bool has_server_msk;
};

static struct eap_access *of(struct proto *p)
{
    return (struct eap_access *)p;
}

static struct proto *peer_of(struct eap_access *a)
{
    return eap_peer_proto(a->peer);
}

/* What the peer has to say goes to the server. false: it says nothing. */
static bool pass_on(struct eap_access *a, sim_ns now)
{
    struct trace *trace = a->proto.env->trace;
    size_t mark = trace ? strlen(trace->label) : 0;
    struct buf said;
    bool some;

    buf_init(&said, EAP_PACKET_MAX);
    peer_of(a)->ops->output(peer_of(a), now, &said);
    if (trace) /* it names what is within RADIUS */
        trace->label[mark] = '\0';
    some = buf_len(&said) > 0;
    a->octets_out += buf_len(&said);
    if (some)
        radius_client_eap(a->client, now, buf_span(&said));
    buf_wipe(&said);
    return some;
}

static void give_to_peer(struct eap_access *a, sim_ns now, struct span eap)
{
    a->octets_in += eap.n;
    peer_of(a)->ops->input(peer_of(a), now, eap);
}

/* RFC 3579 2.1: the pass-through may ask for the identity itself. */
static void ask_identity(struct eap_access *a, sim_ns now)
{
    struct buf ask;

    buf_init(&ask, 16);
    eap_put(&ask, EAP_REQUEST, a->asked_id, EAP_IDENTITY, 0, 0, span_of(NULL, 0));
    give_to_peer(a, now, buf_span(&ask));
    buf_clear(&ask);
}

/* A server that does not count on from our identifier may begin with the very same one (FreeRADIUS
 * takes EAP-SIM's from the clock), and the peer would take its request for a repetition of ours. We
 * are who may still change that: ours has another identifier, as if asked once more. */
static void keep_identifiers_apart(struct eap_access *a, sim_ns now)
{
    struct buf unheard;

    if (a->round_trips > 1 || radius_client_reply(a->client).p[1] != a->asked_id)
        return;
    a->asked_id ^= 0x80;
    ask_identity(a, now);
    buf_init(&unheard, EAP_PACKET_MAX);
    peer_of(a)->ops->output(peer_of(a), now, &unheard);
    buf_clear(&unheard);
}

/* The server's packet to the peer, the peer's to the server. What it discards, an access point
 * repeats after a time-out (RFC 3748 4.3); here at once, for nothing was lost on the way. false: it
 * does not answer. */
static bool relay(struct eap_access *a, sim_ns now)
{
    struct proto *peer = peer_of(a), *client = radius_client_proto(a->client);
    bool said = false;

    keep_identifiers_apart(a, now);
    give_to_peer(a, now, radius_client_reply(a->client));
    if (client->status == PROTO_RUNNING)
        said = pass_on(a, now);
    for (int i = 0; i < REPETITIONS && !said && peer->status == PROTO_RUNNING &&
                    client->status == PROTO_RUNNING;
         i++) {
        peer->ops->input(peer, now, radius_client_reply(a->client));
        said = pass_on(a, now);
    }
    radius_client_taken(a->client);
    return said;
}

static void start(struct proto *p, sim_ns now)
{
    struct eap_access *a = of(p);
    struct proto *client = radius_client_proto(a->client);

    client->ops->start(client, now);
    peer_of(a)->ops->start(peer_of(a), now);
    ask_identity(a, now);
    if (!pass_on(a, now))
        proto_fail(p, REASON_EAP_IDENTITY);
    p->expiry = client->expiry;
}

/* The Access-Accept's keys are those that the authenticator would use (RFC 3748 7.10). */
static bool keys_agree(struct eap_access *a)
{
    uint8_t msk[EAP_KEY_LEN];
    bool same;

    a->has_server_msk = radius_client_msk(a->client, msk);
    if (!a->has_server_msk)
        return true;
    same = memcmp(msk, eap_peer_keys(a->peer)->msk, sizeof(msk)) == 0;
    explicit_bzero(msk, sizeof(msk));
    return same;
}

static void accepted(struct eap_access *a, sim_ns now)
{
    struct proto *peer = peer_of(a);

    eap_peer_alternate(a->peer, now, true);
    if (peer->status != PROTO_DONE)
        proto_fail(&a->proto, peer->reason ? peer->reason : REASON_EAP_FAILURE);
    else if (!keys_agree(a))
        proto_fail(&a->proto, REASON_EAP_KEYS);
    else
        proto_done(&a->proto);
}

static void refused(struct eap_access *a, sim_ns now)
{
    struct proto *peer = peer_of(a), *client = radius_client_proto(a->client);
    bool told = client->reason == REASON_RADIUS_REJECT;

    if (told)
        eap_peer_alternate(a->peer, now, false);
    proto_fail(&a->proto, told && peer->reason ? peer->reason : client->reason);
}

/* After the client did something: its answer to the peer, the peer's to it. */
static void follow(struct eap_access *a, sim_ns now)
{
    struct proto *client = radius_client_proto(a->client);
    bool said = false, asked = radius_client_reply(a->client).n > 0;

    if (asked) {
        a->round_trips++;
        said = relay(a, now);
    }
    switch (client->status) {
    case PROTO_DONE:
        accepted(a, now);
        break;
    case PROTO_FAILED:
        refused(a, now);
        break;
    case PROTO_RUNNING:
        /* What a peer discards for ever is not what it may expect. */
        if (asked && !said)
            proto_fail(&a->proto, peer_of(a)->reason ? peer_of(a)->reason : REASON_EAP_MALFORMED);
        else if (a->round_trips >= MOST_ROUND_TRIPS)
            proto_fail(&a->proto, REASON_TIMEOUT);
        break;
    }
    if (a->proto.status == PROTO_RUNNING)
        a->proto.expiry = client->expiry;
}

static void input(struct proto *p, sim_ns now, struct span in)
{
    struct eap_access *a = of(p);
    struct proto *client = radius_client_proto(a->client);

    if (p->status != PROTO_RUNNING || in.n == 0)
        return;
    client->ops->input(client, now, in);
    follow(a, now);
}

static bool output(struct proto *p, sim_ns now, struct buf *out)
{
    struct proto *client = radius_client_proto(of(p)->client);

    return client->ops->output(client, now, out);
}

static void expire(struct proto *p, sim_ns now)
{
    struct eap_access *a = of(p);
    struct proto *client = radius_client_proto(a->client);

    client->ops->expire(client, now);
    follow(a, now);
}

static void release(struct proto *p)
{
    struct eap_access *a = of(p);

    proto_free(peer_of(a));
    proto_free(radius_client_proto(a->client));
    free(a);
}

static const struct proto_ops ops = {.name = "eap-access",
                                     .start = start,
                                     .input = input,
                                     .output = output,
                                     .expire = expire,
                                     .free = release};

struct eap_access *eap_access_new(struct proto_env *env, const struct eap_access_settings *settings)
{
    struct eap_access *a = xcalloc(1, sizeof(*a));

    proto_init(&a->proto, &ops, env);
    a->peer = eap_peer_new(env, &settings->peer);
    a->client = radius_client_new(env, &settings->radius);
    return a;
}

struct proto *eap_access_proto(struct eap_access *a)
{
    return &a->proto;
}

const struct eap_peer *eap_access_peer(const struct eap_access *a)
{
    return a->peer;
}

unsigned eap_access_round_trips(const struct eap_access *a)
{
    return a->round_trips;
}

uint64_t eap_access_octets_out(const struct eap_access *a)
{
    return a->octets_out;
}

uint64_t eap_access_octets_in(const struct eap_access *a)
{
    return a->octets_in;
}

bool eap_access_has_server_msk(const struct eap_access *a)
{
    return a->has_server_msk;
}
