/* radius: an EAP peer behind a client, and a server with its EAP server, in the words of steps.h.
 * The first octet: bit 0 EAP-Start, bit 1 EAP-PSK instead of GPSK, bit 2 a narrow Framed-MTU, bit 3
 * the node answers by steps alone. */
#include "tests/fuzz/fuzz.h"

#include "crypto/entity.h"
#include "models/proto/eap_method.h"
#include "models/proto/radius_impl.h"
#include "tests/fuzz/steps.h"

#include <stdlib.h>

enum step {
    STEP_HONEST,  /* the last datagram of whoever did not get it yet; else of the client again */
    STEP_CHANGED, /* with changed octets */
    STEP_CUT,     /* cut, the length field as it was */
    STEP_RAW,     /* the octets */
    STEP_SEALED,  /* to the server: id, what State, attributes; to the client: code, attributes */
    STEP_TIME,    /* an expiry comes */
    STEP_ANSWER,  /* the node's answer: bit 0 known, bit 1 a key, bit 2 verdict, bit 3 no method */
    STEP_KINDS
};
#define STEP_TO_CLIENT 0x80

static const uint8_t key[32] = "a key of two and thirty octets.";
static const struct span secret = {(const uint8_t *)"secret", 6};

struct world {
    struct rng stream[2];
    struct se se;
    struct meter meter;
    struct trace trace;
    struct proto_env env[2];
    const struct eap_method *method;
    struct eap_peer *peer;
    struct radius_client *client;
    struct radius_server *server;
    struct buf said[2]; /* last, by client and server */
    bool to_client;     /* which of them is on its way */
    bool forged, holds;
    sim_ns now;
};

static void check(const struct proto *p)
{
    if ((p->status == PROTO_FAILED) != (p->reason != REASON_NONE))
        abort();
    if (p->status != PROTO_RUNNING && p->expiry != SIM_NEVER)
        abort();
}

/* What the server says is always a packet that the client could verify. */
static void check_answer(const struct world *w)
{
    struct radius_packet request, answer;

    if (!radius_server_last(w->server, &request) || radius_parse(buf_span(&w->said[1]), &answer) ||
        answer.whole.n != buf_len(&w->said[1]) || answer.id != request.id ||
        !radius_check_response(&answer, NULL, secret, request.authenticator) ||
        !radius_check_message(&answer, NULL, secret, request.authenticator))
        abort();
}

static void drain(struct world *w, int side)
{
    struct proto *p = side == 0 ? radius_client_proto(w->client) : radius_server_proto(w->server);
    struct buf out;

    buf_init(&out, 2 * RADIUS_PACKET_MAX);
    while (p->ops->output(p, w->now, &out)) {
        buf_clear(&w->said[side]);
        buf_put_span(&w->said[side], buf_span(&out));
        buf_clear(&out);
        w->to_client = side == 1;
        if (side == 1)
            check_answer(w);
    }
    buf_clear(&out);
    w->trace.label[0] = '\0';
    check(p);
}

static void answer(struct world *w, uint8_t how)
{
    struct eap_server *eap = radius_server_eap(w->server);
    struct eap_answer a = {.methods = {w->method}};

    if (!eap || !eap_server_query(eap))
        return;
    a.reason = how & 1 ? REASON_NONE : REASON_EAP_IDENTITY;
    a.has_psk = how & 2;
    a.verdict = how & 4 ? REASON_EAP_DENIED : REASON_NONE;
    a.method_count = how & 8 ? 0 : 1;
    memcpy(a.psk, key, sizeof(key));
    eap_server_answer(eap, w->now, &a);
    radius_server_poke(w->server, w->now);
    drain(w, 1);
}

static void talk_to_peer(struct world *w, struct span eap)
{
    struct proto *peer = eap_peer_proto(w->peer);
    struct buf out;

    buf_init(&out, EAP_PACKET_MAX);
    if (eap.n > 0)
        peer->ops->input(peer, w->now, eap);
    if (peer->ops->output(peer, w->now, &out))
        radius_client_eap(w->client, w->now, buf_span(&out));
    buf_clear(&out);
    check(peer);
}

static void to_client(struct world *w, struct span octets)
{
    struct proto *p = radius_client_proto(w->client);
    struct buf reply;

    p->ops->input(p, w->now, octets);
    buf_init(&reply, EAP_PACKET_MAX);
    buf_put_span(&reply, radius_client_reply(w->client));
    radius_client_taken(w->client);
    if (buf_len(&reply) > 0)
        talk_to_peer(w, buf_span(&reply));
    buf_clear(&reply);
    drain(w, 0);
}

static void to_server(struct world *w, struct span octets)
{
    struct proto *p = radius_server_proto(w->server);

    p->ops->input(p, w->now, octets);
    drain(w, 1);
    while (!w->holds && radius_server_eap(w->server) &&
           eap_server_query(radius_server_eap(w->server)))
        answer(w, 3);
}

static void deliver(struct world *w, bool client, struct span octets)
{
    if (client)
        to_client(w, octets);
    else
        to_server(w, octets);
}

static void put_attributes(struct radius_writer *w, struct span octets)
{
    struct radius_packet p;
    uint8_t copy[20 + 256] = {0};

    if (octets.n > 256)
        return;
    copy[3] = (uint8_t)(20 + octets.n);
    copy[2] = (uint8_t)((20 + octets.n) >> 8);
    if (octets.n > 0)
        memcpy(copy + 20, octets.p, octets.n);
    if (radius_parse(span_of(copy, 20 + octets.n), &p) == REASON_NONE)
        radius_put_encoded(w, p.attributes);
}

static void forge(struct world *w, bool client, struct span octets)
{
    uint8_t authenticator[16] = {1, 2, 3};
    struct radius_packet request;
    struct radius_writer out;

    if (octets.n < 2)
        return;
    w->forged = true;
    if (client) {
        if (radius_parse(buf_span(&w->said[0]), &request))
            return;
        radius_begin(&out, (enum radius_code)octets.p[0], request.id, request.authenticator);
        put_attributes(&out, span_of(octets.p + 1, octets.n - 1));
        if (radius_seal_response(&out, NULL, secret))
            to_client(w, span_of(out.octets, out.n));
        return;
    }
    authenticator[15] = octets.p[0];
    radius_begin(&out, RADIUS_ACCESS_REQUEST, octets.p[0], authenticator);
    if (octets.p[1] & 1)
        radius_put(&out, RADIUS_STATE, radius_server_state(w->server));
    put_attributes(&out, span_of(octets.p + 2, octets.n - 2));
    if (radius_seal_request(&out, NULL, secret))
        to_server(w, span_of(out.octets, out.n));
}

static void expire(struct world *w, int side)
{
    struct proto *p = side == 0 ? radius_client_proto(w->client) : radius_server_proto(w->server);

    if (p->expiry == SIM_NEVER)
        return;
    if (p->expiry > w->now)
        w->now = p->expiry;
    p->ops->expire(p, w->now);
    drain(w, side);
}

static void take_step(struct world *w, uint8_t what, struct span octets)
{
    const struct buf *said = &w->said[w->to_client];
    bool client = what & STEP_TO_CLIENT;
    uint8_t datagram[RADIUS_PACKET_MAX];
    size_t n = buf_len(said);

    if (n > 0)
        memcpy(datagram, buf_span(said).p, n);
    switch ((enum step)((what & 0x7f) % STEP_KINDS)) {
    case STEP_HONEST:
        deliver(w, w->to_client, span_of(datagram, n));
        break;
    case STEP_CHANGED:
        step_change(octets, datagram, n);
        deliver(w, w->to_client, span_of(datagram, n));
        break;
    case STEP_CUT:
        deliver(w, w->to_client,
                span_of(datagram, octets.n > 0 && octets.p[0] < n ? octets.p[0] : n));
        break;
    case STEP_RAW:
        deliver(w, client, octets);
        break;
    case STEP_SEALED:
        forge(w, client, octets);
        break;
    case STEP_TIME:
        expire(w, client ? 0 : 1);
        break;
    case STEP_ANSWER:
        answer(w, octets.n > 0 ? octets.p[0] : 0);
        break;
    case STEP_KINDS:
        break;
    }
}

static void begin(struct world *w, uint8_t options)
{
    static const uint8_t ask[5] = {EAP_REQUEST, 0, 0, 5, EAP_IDENTITY};
    struct radius_client_settings client = {
        .secret = secret, .nas_identifier = "nas", .framed_mtu = options & 4 ? 64 : 0};
    struct radius_server_settings server = {.secret = secret, .eap = {.server_id = "mas"}};
    struct eap_peer_settings peer = {.identity = "device-1",
                                     .methods = &w->method,
                                     .method_count = 1,
                                     .credentials = {.has_psk = true, .psk_slot = SE_KMR}};

    memset(w, 0, sizeof(*w));
    for (int i = 0; i < 2; i++) {
        w->stream[i] = rng_stream(1, i ? "server" : "client", "fuzz");
        w->env[i] = (struct proto_env){&w->stream[i], &w->se, &w->meter, &w->trace, 0};
        buf_init(&w->said[i], 2 * RADIUS_PACKET_MAX);
    }
    se_put(&w->se, SE_KMR, key);
    w->method = options & 2 ? &eap_method_psk : &eap_method_gpsk;
    w->holds = options & 8;
    w->peer = eap_peer_new(&w->env[0], &peer);
    w->client = radius_client_new(&w->env[0], &client);
    w->server = radius_server_new(&w->env[1], &server);
    eap_peer_proto(w->peer)->ops->start(eap_peer_proto(w->peer), 0);
    radius_client_proto(w->client)->ops->start(radius_client_proto(w->client), 0);
    radius_server_proto(w->server)->ops->start(radius_server_proto(w->server), 0);
    if (options & 1)
        radius_client_eap(w->client, 0, span_of(NULL, 0));
    else
        talk_to_peer(w, span_of(ask, sizeof(ask)));
    drain(w, 0);
}

static void finish(struct world *w)
{
    const struct eap_server *eap = radius_server_eap(w->server);
    uint8_t msk[EAP_KEY_LEN];
    bool has = radius_client_msk(w->client, msk);

    if (has && radius_client_proto(w->client)->status != PROTO_DONE)
        abort();
    if (has && !w->forged &&
        (!eap || !eap_server_keys(eap)->present ||
         memcmp(msk, eap_server_keys(eap)->msk, EAP_KEY_LEN) != 0))
        abort();
    proto_free(eap_peer_proto(w->peer));
    proto_free(radius_client_proto(w->client));
    proto_free(radius_server_proto(w->server));
    buf_clear(&w->said[0]);
    buf_clear(&w->said[1]);
    se_release(&w->se);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct world w;

    return steps_run(&w, data, n, begin, take_step, finish);
}
