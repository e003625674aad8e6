/* The RADIUS client of a pass-through authenticator: lock-step requests of one EAP conversation,
 * each repeated as RFC 5080 2.2.1 has it. */
#include "models/proto/radius_impl.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

#define DEFAULT_IRT (2 * SIM_S)
#define DEFAULT_MRT (16 * SIM_S)
#define DEFAULT_MRD (30 * SIM_S)
#define DEFAULT_MRC 5

enum client_state {
    CLIENT_IDLE,    /* nothing asked yet, or the last answer was a challenge */
    CLIENT_WAITING, /* for the answer to `request` */
    CLIENT_ENDED    /* Access-Accept, Access-Reject, or given up */
};
static const char *const state_names[] = {"IDLE", "WAITING", "ENDED"};

struct radius_client {
    struct proto proto;
    struct radius_client_settings settings;
    struct buf secret, nas_identifier, extra; /* the settings' own copies */
    enum client_state state;
    struct buf user_name; /* of the first Response/Identity */
    struct buf server_state;
    bool has_eap_id;
    uint8_t eap_id; /* of the server's last EAP request */

    struct buf request; /* the very octets of each transmission */
    uint8_t id, authenticator[RADIUS_AUTHENTICATOR];
    bool to_send;
    unsigned sent;
    sim_ns first, rt; /* RFC 5080: when it was first sent, the present time-out */
    bool forged;      /* an answer did not verify */

    struct buf reply;  /* EAP; empty once it was taken */
    struct buf accept; /* the Access-Accept */
    bool has_msk;
    uint8_t msk[EAP_KEY_LEN];
};

static struct radius_client *of(struct proto *p)
{
    return (struct radius_client *)p;
}

static void set_state(struct radius_client *c, enum client_state state, const char *why)
{
    trace_state(c->proto.env->trace, "radius-client", state_names[c->state], state_names[state],
                why);
    c->state = state;
}

static void ignore(struct radius_client *c, const char *why)
{
    set_state(c, c->state, why);
}

static void fail(struct radius_client *c, enum reason reason)
{
    set_state(c, CLIENT_ENDED, reason_text(reason));
    proto_fail(&c->proto, reason);
}

static void client_start(struct proto *p, sim_ns now)
{
    (void)p;
    (void)now;
}

/* base * (1 + RAND), RAND uniform in -0.1 .. 0.1. */
static sim_ns jitter(struct radius_client *c, sim_ns base)
{
    uint64_t tenth = (uint64_t)base / 10;

    return base - (sim_ns)tenth + (sim_ns)rng_below(c->proto.env->stream, 2 * tenth + 1);
}

/* Another transmission, and how long its answer is waited for. */
static void transmit(struct radius_client *c, sim_ns now)
{
    const struct radius_client_settings *s = &c->settings;

    if (c->sent == 0) {
        c->first = now;
        c->rt = jitter(c, s->irt);
    } else {
        c->rt += jitter(c, c->rt);
        if (c->rt > s->mrt)
            c->rt = jitter(c, s->mrt);
    }
    c->sent++;
    c->to_send = true;
    c->proto.expiry = sim_ns_min(sim_ns_add(now, c->rt), sim_ns_add(c->first, s->mrd));
}

/* RFC 3579 2.1: User-Name in this and every later request. */
static void learn_identity(struct radius_client *c, const struct eap_packet *eap)
{
    if (eap->type != EAP_IDENTITY)
        return;
    buf_consume(&c->user_name, buf_len(&c->user_name));
    if (!buf_put_span(&c->user_name, eap->data))
        fail(c, REASON_EAP_IDENTITY);
}

static void make_request(struct radius_client *c, struct span eap)
{
    struct proto_env *env = c->proto.env;
    struct radius_writer w;

    c->id++;
    rng_bytes(env->stream, c->authenticator, sizeof(c->authenticator));
    meter_add(env->meter, OP_RANDOM, 1, sizeof(c->authenticator));
    radius_begin(&w, RADIUS_ACCESS_REQUEST, c->id, c->authenticator);
    if (buf_len(&c->user_name) > 0)
        radius_put(&w, RADIUS_USER_NAME, buf_span(&c->user_name));
    if (buf_len(&c->nas_identifier) > 0)
        radius_put(&w, RADIUS_NAS_IDENTIFIER, buf_span(&c->nas_identifier));
    if (c->settings.framed_mtu > 0)
        radius_put_u32(&w, RADIUS_FRAMED_MTU, c->settings.framed_mtu);
    radius_put_encoded(&w, buf_span(&c->extra));
    radius_put_eap(&w, eap);
    if (buf_len(&c->server_state) > 0)
        radius_put(&w, RADIUS_STATE, buf_span(&c->server_state));
    buf_consume(&c->request, buf_len(&c->request));
    if (radius_seal_request(&w, env->meter, buf_span(&c->secret)))
        buf_put(&c->request, w.octets, w.n);
    else
        fail(c, REASON_RADIUS_MALFORMED);
}

void radius_client_eap(struct radius_client *c, sim_ns now, struct span eap)
{
    struct eap_packet packet;

    if (c->state != CLIENT_IDLE) {
        ignore(c, "an EAP packet out of step");
        return;
    }
    if (eap.n > 0) {
        if (eap_parse(eap, &packet) || packet.code != EAP_RESPONSE ||
            (c->has_eap_id && packet.id != c->eap_id)) {
            ignore(c, "an EAP packet that is no response to the last request");
            return;
        }
        learn_identity(c, &packet);
        eap = packet.whole;
    }
    if (c->state == CLIENT_IDLE)
        make_request(c, eap);
    if (c->state == CLIENT_ENDED)
        return;
    radius_client_taken(c);
    c->sent = 0;
    transmit(c, now);
    set_state(c, CLIENT_WAITING, "EAP response");
}

static void client_expire(struct proto *p, sim_ns now)
{
    struct radius_client *c = of(p);

    if (c->state != CLIENT_WAITING)
        return;
    if (c->sent < c->settings.mrc && now < sim_ns_add(c->first, c->settings.mrd))
        transmit(c, now);
    else
        fail(c, c->forged ? REASON_RADIUS_AUTHENTICATOR : REASON_RADIUS_TIMEOUT);
}

static bool client_output(struct proto *p, sim_ns now, struct buf *out)
{
    struct radius_client *c = of(p);

    (void)now;
    if (!c->to_send)
        return false;
    c->to_send = false;
    trace_text(p->env->trace, radius_code_name(RADIUS_ACCESS_REQUEST));
    trace_fields(p->env->trace, "code %u; identifier %u", RADIUS_ACCESS_REQUEST,
                 buf_span(&c->request).p[1]);
    return buf_put_span(out, buf_span(&c->request));
}

/* RFC 3579 3.1, 3.2, RFC 2865 3. A rejection without EAP needs no Message-Authenticator: a server
 * without EAP says so in no other way. */
static bool is_authentic(struct radius_client *c, const struct radius_packet *p)
{
    struct meter *meter = c->proto.env->meter;
    struct span secret = buf_span(&c->secret);
    bool bare = p->code == RADIUS_ACCESS_REJECT && !radius_has(p, RADIUS_EAP_MESSAGE) &&
                !radius_has(p, RADIUS_MESSAGE_AUTHENTICATOR);

    return radius_check_response(p, meter, secret, c->authenticator) &&
           (bare || radius_check_message(p, meter, secret, c->authenticator));
}

/* The EAP packet within. RFC 3579 2.2: its header is checked before it goes on; beside what
 * decides, the code of the RADIUS packet (2.6.3), it may be missing. */
static bool read_eap(struct radius_client *c, const struct radius_packet *p)
{
    struct eap_packet eap;
    struct buf joined;
    bool good = true;

    buf_init(&joined, RADIUS_PACKET_MAX);
    if (!radius_eap(p, &joined))
        good = p->code != RADIUS_ACCESS_CHALLENGE;
    else if (eap_parse(buf_span(&joined), &eap))
        good = false;
    else if (p->code == RADIUS_ACCESS_CHALLENGE && eap.code != EAP_REQUEST)
        good = false;
    else {
        buf_put_span(&c->reply, eap.whole);
        if (eap.code == EAP_REQUEST) {
            c->has_eap_id = true;
            c->eap_id = eap.id;
        }
    }
    buf_clear(&joined);
    return good;
}

static void take_answer(struct radius_client *c, const struct radius_packet *p)
{
    c->proto.expiry = SIM_NEVER;
    c->to_send = false;
    if (!read_eap(c, p)) {
        fail(c, REASON_EAP_MALFORMED);
        return;
    }
    switch ((enum radius_code)p->code) {
    case RADIUS_ACCESS_CHALLENGE:
        buf_clear(&c->server_state);
        buf_put_span(&c->server_state, radius_state(p));
        set_state(c, CLIENT_IDLE, "Access-Challenge");
        break;
    case RADIUS_ACCESS_ACCEPT:
        c->has_msk =
            radius_find_msk(p, c->proto.env->meter, buf_span(&c->secret), c->authenticator, c->msk);
        buf_put_span(&c->accept, p->whole);
        set_state(c, CLIENT_ENDED, "Access-Accept");
        proto_done(&c->proto);
        break;
    case RADIUS_ACCESS_REJECT:
        fail(c, REASON_RADIUS_REJECT);
        break;
    case RADIUS_ACCESS_REQUEST:
        break;
    }
}

static bool is_answer(uint8_t code)
{
    return code == RADIUS_ACCESS_ACCEPT || code == RADIUS_ACCESS_REJECT ||
           code == RADIUS_ACCESS_CHALLENGE;
}

static void client_input(struct proto *p, sim_ns now, struct span in)
{
    struct radius_client *c = of(p);
    struct radius_packet packet;

    (void)now;
    if (c->state != CLIENT_WAITING)
        ignore(c, "an answer to nothing");
    else if (radius_parse(in, &packet))
        ignore(c, "not RADIUS");
    else if (packet.id != c->id || !is_answer(packet.code))
        ignore(c, "not an answer to this request");
    else if (!is_authentic(c, &packet)) {
        c->forged = true;
        ignore(c, "an answer that does not verify");
    } else
        take_answer(c, &packet);
}

static void client_free(struct proto *p)
{
    struct radius_client *c = of(p);

    buf_wipe(&c->secret);
    buf_clear(&c->nas_identifier);
    buf_clear(&c->extra);
    buf_clear(&c->user_name);
    buf_clear(&c->server_state);
    buf_clear(&c->request);
    buf_clear(&c->reply);
    buf_clear(&c->accept);
    memset(c->msk, 0, sizeof(c->msk));
    free(c);
}

static const struct proto_ops client_ops = {"radius-client", client_start,  client_input,
                                            client_output,   client_expire, client_free};

static void keep(struct buf *b, struct span s)
{
    buf_init(b, s.n > 0 ? s.n : 1);
    buf_put_span(b, s);
}

struct radius_client *radius_client_new(struct proto_env *env,
                                        const struct radius_client_settings *settings)
{
    struct radius_client *c = xcalloc(1, sizeof(*c));

    proto_init(&c->proto, &client_ops, env);
    c->settings = *settings;
    if (c->settings.irt == 0)
        c->settings.irt = DEFAULT_IRT;
    if (c->settings.mrt == 0)
        c->settings.mrt = DEFAULT_MRT;
    if (c->settings.mrd == 0)
        c->settings.mrd = DEFAULT_MRD;
    if (c->settings.mrc == 0)
        c->settings.mrc = DEFAULT_MRC;
    keep(&c->secret, settings->secret);
    keep(&c->nas_identifier, span_str(settings->nas_identifier ? settings->nas_identifier : ""));
    keep(&c->extra, settings->extra);
    buf_init(&c->user_name, RADIUS_VALUE_MAX);
    buf_init(&c->server_state, RADIUS_VALUE_MAX);
    buf_init(&c->request, RADIUS_PACKET_MAX);
    buf_init(&c->reply, RADIUS_PACKET_MAX);
    buf_init(&c->accept, RADIUS_PACKET_MAX);
    return c;
}

struct proto *radius_client_proto(struct radius_client *c)
{
    return &c->proto;
}

struct span radius_client_reply(const struct radius_client *c)
{
    return buf_span(&c->reply);
}

void radius_client_taken(struct radius_client *c)
{
    buf_consume(&c->reply, buf_len(&c->reply));
}

bool radius_client_msk(const struct radius_client *c, uint8_t msk[EAP_KEY_LEN])
{
    if (c->has_msk)
        memcpy(msk, c->msk, EAP_KEY_LEN);
    return c->has_msk;
}

bool radius_client_accept(const struct radius_client *c, struct radius_packet *out)
{
    return buf_len(&c->accept) > 0 && radius_parse(buf_span(&c->accept), out) == REASON_NONE;
}
