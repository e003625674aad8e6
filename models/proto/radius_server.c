/* The RADIUS server's side of one conversation: a request goes to the EAP server within, and what
 * that says becomes the answer. Each request is answered once; its repetitions get the same octets.
 */
#include "models/proto/radius_impl.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>

#define DEFAULT_IDLE (300 * SIM_S)
/* For the answer to a failed method's last word: as long as clients repeat (RFC 5080 2.2.1). */
#define LAST_WORD_WAIT (30 * SIM_S)
/* The longest EAP packet: with its attributes' headers it leaves 400 octets to the others. */
#define EAP_ROOM 3600
#define PORT_TYPE_WIRELESS                                                                         \
    19 /* IEEE 802.11 (RFC 3580 3.10: the EAPOL header is within the MTU)                          \
        */
#define EAPOL_HEADER       4
#define EAP_PACKET_IGNORED 202 /* RFC 3579 2.2: Invalid EAP Packet (Ignored) */
/* A peer that answers the same request with the same nonsense for ever is refused. */
#define MOST_IGNORED 5

enum server_state {
    SERVER_IDLE,       /* no request yet that verifies */
    SERVER_ASKING,     /* the EAP server waits for its node's answer */
    SERVER_ANSWERING,  /* the next output() makes the answer */
    SERVER_CHALLENGED, /* the client's turn */
    SERVER_ENDED       /* Access-Accept or Access-Reject was made, or the client is gone */
};
static const char *const state_names[] = {"IDLE", "ASKING", "ANSWERING", "CHALLENGED", "ENDED"};

struct radius_server {
    struct proto proto;
    struct radius_server_settings settings;
    struct buf secret; /* the settings' own copy */
    enum server_state state;
    uint8_t conversation[16]; /* the State attribute */
    struct eap_server *eap;   /* NULL before the first request */
    struct buf request;       /* the last Access-Request that verified */
    struct buf answer;        /* to it, when there is one: again for each repetition */
    bool to_send;
    struct buf eap_out;  /* what the EAP server said last */
    unsigned ignored;    /* so many packets in a row it said nothing to: eap_out again */
    enum reason refusal; /* of what never came to the EAP server */
    struct buf extra;
    bool forged; /* a request did not verify */
};

static struct radius_server *of(struct proto *p)
{
    return (struct radius_server *)p;
}

static void set_state(struct radius_server *s, enum server_state state, const char *why)
{
    trace_state(s->proto.env->trace, "radius-server", state_names[s->state], state_names[state],
                why);
    s->state = state;
}

static void ignore(struct radius_server *s, const char *why)
{
    set_state(s, s->state, why);
}

static void wait_for_client(struct radius_server *s, sim_ns now)
{
    if (s->proto.status == PROTO_RUNNING)
        s->proto.expiry = sim_ns_add(now, s->settings.idle);
}

static void server_start(struct proto *p, sim_ns now)
{
    wait_for_client(of(p), now);
}

static void server_expire(struct proto *p, sim_ns now)
{
    struct radius_server *s = of(p);
    enum reason failing = s->eap ? eap_server_failing(s->eap) : REASON_NONE;

    (void)now;
    set_state(s, SERVER_ENDED, "idle");
    if (failing)
        proto_fail(p, failing);
    else
        proto_fail(p, s->forged && !s->eap ? REASON_RADIUS_AUTHENTICATOR : REASON_TIMEOUT);
}

/* ---- the answer ---- */

/* RFC 2865 5.33: all of them, in order, unchanged. */
static void put_proxy_states(struct radius_writer *w, const struct radius_packet *request)
{
    struct span value;

    for (size_t at = 0; radius_find(request, RADIUS_PROXY_STATE, &at, &value);)
        radius_put(w, RADIUS_PROXY_STATE, value);
}

static void put_accepted(struct radius_server *s, struct radius_writer *w,
                         const struct radius_packet *request)
{
    const struct eap_keys *keys = eap_server_keys(s->eap);
    struct span user;
    size_t at = 0;

    /* RFC 3579 3: told back for those who account. */
    if (radius_find(request, RADIUS_USER_NAME, &at, &user))
        radius_put(w, RADIUS_USER_NAME, user);
    if (keys && keys->present)
        radius_put_msk(w, s->proto.env, buf_span(&s->secret), request->authenticator, keys->msk);
    radius_put_encoded(w, buf_span(&s->extra));
}

/* RFC 3579 2.6.3: the packet's code says what the EAP packet within says. */
static enum radius_code answer_code(const struct radius_server *s)
{
    switch (buf_span(&s->eap_out).p[0]) {
    case EAP_SUCCESS:
        return RADIUS_ACCESS_ACCEPT;
    case EAP_REQUEST:
        return RADIUS_ACCESS_CHALLENGE;
    default: /* EAP-Failure, or the Nak to a client that would change roles */
        return RADIUS_ACCESS_REJECT;
    }
}

static void end(struct radius_server *s, enum radius_code code)
{
    enum reason reason = s->refusal;

    switch (code) {
    case RADIUS_ACCESS_CHALLENGE:
        set_state(s, SERVER_CHALLENGED, radius_code_name(code));
        break;
    case RADIUS_ACCESS_ACCEPT:
        set_state(s, SERVER_ENDED, radius_code_name(code));
        proto_done(&s->proto);
        break;
    case RADIUS_ACCESS_REJECT:
        if (!reason)
            reason = eap_server_proto(s->eap)->reason;
        set_state(s, SERVER_ENDED, reason_text(reason));
        proto_fail(&s->proto, reason);
        break;
    case RADIUS_ACCESS_REQUEST:
        break;
    }
}

static void make_answer(struct radius_server *s)
{
    enum radius_code code = answer_code(s);
    struct radius_packet request;
    struct radius_writer w;
    bool known;

    known = radius_server_last(s, &request);
    assert(known); /* one is being answered */
    radius_begin(&w, code, request.id, request.authenticator);
    if (code == RADIUS_ACCESS_ACCEPT)
        put_accepted(s, &w, &request);
    radius_put_eap(&w, buf_span(&s->eap_out));
    if (code == RADIUS_ACCESS_CHALLENGE)
        radius_put(&w, RADIUS_STATE, radius_server_state(s));
    if (s->ignored && code == RADIUS_ACCESS_CHALLENGE)
        radius_put_u32(&w, RADIUS_ERROR_CAUSE, EAP_PACKET_IGNORED);
    put_proxy_states(&w, &request);
    if (!radius_seal_response(&w, s->proto.env->meter, buf_span(&s->secret))) {
        set_state(s, SERVER_ENDED, "an answer too long");
        proto_fail(&s->proto, REASON_RADIUS_MALFORMED);
        return;
    }
    buf_put(&s->answer, w.octets, w.n);
    s->to_send = true;
    end(s, code);
}

static bool server_output(struct proto *p, sim_ns now, struct buf *out)
{
    struct radius_server *s = of(p);
    struct span answer;

    if (s->state == SERVER_ANSWERING)
        make_answer(s);
    if (s->eap && eap_server_failing(s->eap) && p->status == PROTO_RUNNING)
        p->expiry = sim_ns_min(p->expiry, sim_ns_add(now, LAST_WORD_WAIT));
    if (!s->to_send)
        return false;
    s->to_send = false;
    answer = buf_span(&s->answer);
    trace_text(p->env->trace, radius_code_name((enum radius_code)answer.p[0]));
    trace_fields(p->env->trace, "code %u; identifier %u", answer.p[0], answer.p[1]);
    return buf_put_span(out, answer);
}

/* ---- the request ---- */

/* Without the EAP server: EAP-Failure with the identifier of what came, if it has one. */
static void refuse(struct radius_server *s, enum reason reason, struct span eap)
{
    uint8_t id = eap.n > 1 ? eap.p[1] : 0; /* eap may be what is cleared next */

    buf_clear(&s->eap_out);
    eap_put(&s->eap_out, EAP_FAILURE, id, 0, 0, 0, span_of(NULL, 0));
    s->refusal = reason;
    set_state(s, SERVER_ANSWERING, reason_text(reason));
}

/* RFC 3579 2.6.2: no role reversal, and a Nak so that the peer does not ask again. */
static void refuse_role(struct radius_server *s, uint8_t id)
{
    static const uint8_t no_method = 0;

    buf_clear(&s->eap_out);
    eap_put(&s->eap_out, EAP_RESPONSE, id, EAP_NAK, 0, 0, span_of(&no_method, 1));
    s->refusal = REASON_EAP_MALFORMED;
    set_state(s, SERVER_ANSWERING, "role reversal");
}

/* RFC 3579 2.4. */
static uint32_t eap_mtu(const struct radius_server *s, const struct radius_packet *p)
{
    uint32_t mtu = s->settings.eap.mtu ? s->settings.eap.mtu : EAP_MTU, framed, port;

    if (radius_find_u32(p, RADIUS_FRAMED_MTU, &framed)) {
        if (framed > EAPOL_HEADER && radius_find_u32(p, RADIUS_NAS_PORT_TYPE, &port) &&
            port == PORT_TYPE_WIRELESS)
            framed -= EAPOL_HEADER;
        if (framed < mtu)
            mtu = framed;
    }
    if (mtu < EAP_MTU_MIN)
        mtu = EAP_MTU_MIN;
    return mtu < EAP_ROOM ? mtu : EAP_ROOM;
}

/* The EAP server's turn, with what the first request brought; RFC 3579 2.1. eap NULL: EAP-Start. */
static void begin_eap(struct radius_server *s, sim_ns now, const struct radius_packet *p,
                      const struct eap_packet *eap)
{
    bool knows = eap && eap->type == EAP_IDENTITY;
    struct eap_server_settings settings = s->settings.eap;

    settings.ask_identity = !knows;
    settings.mtu = eap_mtu(s, p);
    s->eap = eap_server_new(s->proto.env, &settings);
    if (knows)
        eap_server_begin(s->eap, now, eap->whole);
    else
        eap_server_proto(s->eap)->ops->start(eap_server_proto(s->eap), now);
}

/* What the EAP server has to say, if it has. */
static void collect(struct radius_server *s, sim_ns now)
{
    struct proto *eap = eap_server_proto(s->eap);
    struct trace *trace = s->proto.env->trace;
    size_t mark = trace ? strlen(trace->label) : 0;
    struct buf out;

    buf_init(&out, EAP_PACKET_MAX);
    eap->ops->output(eap, now, &out);
    if (trace) /* it names what is within RADIUS, not what is sent */
        trace->label[mark] = '\0';
    if (buf_len(&out) > 0) {
        s->ignored = 0;
        buf_clear(&s->eap_out);
        buf_put_span(&s->eap_out, buf_span(&out));
        set_state(s, SERVER_ANSWERING, "EAP");
    } else if (eap_server_query(s->eap)) {
        set_state(s, SERVER_ASKING, "EAP asks its node");
    } else if (++s->ignored <= MOST_IGNORED && buf_len(&s->eap_out) > 0) {
        set_state(s, SERVER_ANSWERING, "an EAP packet ignored");
    } else {
        refuse(s, REASON_EAP_MALFORMED, buf_span(&s->eap_out));
    }
    buf_clear(&out);
}

/* A request to continue, or to begin. */
static void take_eap(struct radius_server *s, sim_ns now, const struct radius_packet *p,
                     struct span joined)
{
    struct eap_packet eap = {0};
    bool first = !s->eap, starts = joined.n == 0;
    bool bad = !starts && eap_parse(joined, &eap) != REASON_NONE;

    if (!bad && !starts && eap.code == EAP_REQUEST) {
        refuse_role(s, eap.id);
        return;
    }
    bad = bad || (!starts && eap.code != EAP_RESPONSE);
    if (first && bad) {
        refuse(s, REASON_EAP_MALFORMED, joined);
        return;
    }
    if (first)
        begin_eap(s, now, p, starts ? NULL : &eap);
    else if (!bad && !starts)
        eap_server_proto(s->eap)->ops->input(eap_server_proto(s->eap), now, eap.whole);
    collect(s, now);
}

static bool is_repeated(const struct radius_server *s, const struct radius_packet *p)
{
    struct radius_packet last;

    return radius_server_last(s, &last) && last.id == p->id &&
           memcmp(last.authenticator, p->authenticator, RADIUS_AUTHENTICATOR) == 0;
}

/* It belongs to this conversation, now. */
static bool is_in_turn(struct radius_server *s, const struct radius_packet *p)
{
    struct span state = radius_state(p);

    if (s->state == SERVER_CHALLENGED)
        return state.n == sizeof(s->conversation) &&
               memcmp(state.p, s->conversation, sizeof(s->conversation)) == 0;
    return s->state == SERVER_IDLE;
}

static void take_request(struct radius_server *s, sim_ns now, const struct radius_packet *p)
{
    struct buf joined;

    buf_init(&joined, RADIUS_PACKET_MAX);
    radius_eap(p, &joined);
    buf_clear(&s->request);
    buf_put_span(&s->request, p->whole);
    buf_clear(&s->answer);
    wait_for_client(s, now);
    /* The State of a conversation that is gone. */
    if (s->state == SERVER_IDLE && radius_has(p, RADIUS_STATE))
        refuse(s, REASON_NOT_FOUND, buf_span(&joined));
    else
        take_eap(s, now, p, buf_span(&joined));
    buf_clear(&joined);
}

static void server_input(struct proto *p, sim_ns now, struct span in)
{
    struct radius_server *s = of(p);
    struct radius_packet packet;

    if (radius_parse(in, &packet) || packet.code != RADIUS_ACCESS_REQUEST)
        ignore(s, "no Access-Request");
    else if (!radius_has(&packet, RADIUS_EAP_MESSAGE))
        ignore(s, "no EAP-Message");
    else if (!radius_check_message(&packet, p->env->meter, buf_span(&s->secret),
                                   packet.authenticator)) {
        s->forged = true;
        ignore(s, "a request that does not verify");
    } else if (is_repeated(s, &packet))
        s->to_send = buf_len(&s->answer) > 0;
    else if (!is_in_turn(s, &packet))
        ignore(s, "a request out of turn");
    else
        take_request(s, now, &packet);
}

static void server_free(struct proto *p)
{
    struct radius_server *s = of(p);

    if (s->eap)
        proto_free(eap_server_proto(s->eap));
    buf_wipe(&s->secret);
    buf_clear(&s->request);
    buf_clear(&s->answer);
    buf_clear(&s->eap_out);
    buf_clear(&s->extra);
    free(s);
}

static const struct proto_ops server_ops = {"radius-server", server_start,  server_input,
                                            server_output,   server_expire, server_free};

struct radius_server *radius_server_new(struct proto_env *env,
                                        const struct radius_server_settings *settings)
{
    struct radius_server *s = xcalloc(1, sizeof(*s));

    proto_init(&s->proto, &server_ops, env);
    s->settings = *settings;
    if (s->settings.idle == 0)
        s->settings.idle = DEFAULT_IDLE;
    buf_init(&s->secret, settings->secret.n > 0 ? settings->secret.n : 1);
    buf_put_span(&s->secret, settings->secret);
    buf_init(&s->request, RADIUS_PACKET_MAX);
    buf_init(&s->answer, RADIUS_PACKET_MAX);
    buf_init(&s->eap_out, EAP_PACKET_MAX);
    buf_init(&s->extra, RADIUS_PACKET_MAX);
    rng_bytes(env->stream, s->conversation, sizeof(s->conversation));
    meter_add(env->meter, OP_RANDOM, 1, sizeof(s->conversation));
    return s;
}

struct proto *radius_server_proto(struct radius_server *s)
{
    return &s->proto;
}

struct eap_server *radius_server_eap(struct radius_server *s)
{
    return s->eap;
}

void radius_server_poke(struct radius_server *s, sim_ns now)
{
    if (s->state == SERVER_ASKING)
        collect(s, now);
}

void radius_server_extra(struct radius_server *s, struct span attributes)
{
    buf_clear(&s->extra);
    buf_put_span(&s->extra, attributes);
}

bool radius_server_last(const struct radius_server *s, struct radius_packet *out)
{
    return buf_len(&s->request) > 0 && radius_parse(buf_span(&s->request), out) == REASON_NONE;
}

struct span radius_server_state(const struct radius_server *s)
{
    return span_of(s->conversation, sizeof(s->conversation));
}
