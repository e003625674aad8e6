/* The peer: RFC 4137 section 4, its states by their names and its conditions as rows, in the order
 * of the RFC's figure 3. portEnabled is start(), the timer idleWhile is the lower layer's. */
#include "models/proto/eap_impl.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>

#define ID_NONE     256 /* lastId before the first response */
#define MAX_METHODS 32  /* bits of `refused` */

enum peer_state {
    PEER_DISABLED,
    PEER_IDLE,
    PEER_RECEIVED,
    PEER_METHOD,
    PEER_GET_METHOD,
    PEER_IDENTITY,
    PEER_NOTIFICATION,
    PEER_RETRANSMIT,
    PEER_DISCARD,
    PEER_SEND_RESPONSE,
    PEER_SUCCESS,
    PEER_FAILURE
};

static const char *const state_names[] = {
    [PEER_DISABLED] = "DISABLED",         [PEER_IDLE] = "IDLE",
    [PEER_RECEIVED] = "RECEIVED",         [PEER_METHOD] = "METHOD",
    [PEER_GET_METHOD] = "GET_METHOD",     [PEER_IDENTITY] = "IDENTITY",
    [PEER_NOTIFICATION] = "NOTIFICATION", [PEER_RETRANSMIT] = "RETRANSMIT",
    [PEER_DISCARD] = "DISCARD",           [PEER_SEND_RESPONSE] = "SEND_RESPONSE",
    [PEER_SUCCESS] = "SUCCESS",           [PEER_FAILURE] = "FAILURE",
};

/* RFC 4137 4.2 */
enum decision { DECISION_FAIL, DECISION_COND_SUCC, DECISION_UNCOND_SUCC };

struct eap_peer {
    struct proto proto;
    struct eap_peer_settings settings; /* its own credential and identity */
    struct eap_peer_context context;
    char identity[EAP_IDENTITY_MAX + 1]; /* last one sent */
    enum peer_state state;
    const struct eap_method *method; /* selectedMethod */
    struct eap_half *half;
    uint32_t refused; /* bit i: settings.methods[i] lacks what it needs */
    unsigned last_id;
    bool naked;               /* the last response was a Nak */
    enum reason unwilling;    /* why a method did not want to; tells more than the Nak */
    struct eap_packet packet; /* eapReq: valid within one input() */
    bool arrived, ignored;
    bool alt_accept, alt_reject;
    struct buf response; /* eapRespData, while it is made */
    bool responded;      /* it was made */
    const char *response_name;
    char method_response_name[48];
    size_t trace_mark;
    struct eap_outgoing last; /* lastRespData */
    struct eap_keys keys;
};

static struct eap_peer *of_proto(struct proto *p)
{
    return (struct eap_peer *)p;
}

/* ---- conditions ---- */

static bool is_method_continuing(const struct eap_peer *p) /* methodState == CONT */
{
    return p->half && p->half->state == EAP_HALF_CONTINUE;
}

static bool is_method_done(const struct eap_peer *p)
{
    return p->half && (p->half->state == EAP_HALF_DONE || p->half->state == EAP_HALF_FAILED);
}

static enum decision decision(const struct eap_peer *p)
{
    if (!p->half)
        return DECISION_FAIL;
    switch (p->half->state) {
    case EAP_HALF_MAY_CONTINUE:
        return DECISION_COND_SUCC;
    case EAP_HALF_DONE:
        return p->half->protected_success ? DECISION_UNCOND_SUCC : DECISION_COND_SUCC;
    case EAP_HALF_CONTINUE:
    case EAP_HALF_FAILED:
        break;
    }
    return DECISION_FAIL;
}

static bool is_new(const struct eap_peer *p) /* rxReq && reqId != lastId */
{
    return p->packet.code == EAP_REQUEST && p->packet.id != p->last_id;
}

static bool is_always(const struct eap_peer *p)
{
    (void)p;
    return true;
}

static bool is_request(const struct eap_peer *p)
{
    return p->arrived;
}

static bool is_alt_success(const struct eap_peer *p)
{
    return p->alt_accept && decision(p) != DECISION_FAIL;
}

static bool is_alt_failure(const struct eap_peer *p)
{
    return p->alt_reject ||
           (p->alt_accept && !is_method_continuing(p) && decision(p) == DECISION_FAIL);
}

static bool is_for_method(const struct eap_peer *p)
{
    return is_new(p) && p->method && eap_method_is(p->method, &p->packet) && !is_method_done(p);
}

static bool is_of_new_method(const struct eap_peer *p)
{
    return is_new(p) && !p->method && p->packet.type != EAP_IDENTITY &&
           p->packet.type != EAP_NOTIFICATION;
}

static bool is_identity(const struct eap_peer *p)
{
    return is_new(p) && !p->method && p->packet.type == EAP_IDENTITY;
}

static bool is_notification(const struct eap_peer *p)
{
    return is_new(p) && p->packet.type == EAP_NOTIFICATION;
}

static bool is_repeated(const struct eap_peer *p)
{
    return p->packet.code == EAP_REQUEST && p->packet.id == p->last_id;
}

static bool is_success(const struct eap_peer *p)
{
    return p->packet.code == EAP_SUCCESS && p->packet.id == p->last_id &&
           decision(p) != DECISION_FAIL;
}

static bool is_failure(const struct eap_peer *p)
{
    bool failure = p->packet.code == EAP_FAILURE && decision(p) != DECISION_UNCOND_SUCC;
    bool success = p->packet.code == EAP_SUCCESS && decision(p) == DECISION_FAIL;

    return !is_method_continuing(p) && (failure || success) && p->packet.id == p->last_id;
}

static bool is_ignored(const struct eap_peer *p)
{
    return p->ignored;
}

/* The RFC has `methodState == DONE && decision == FAIL` alone. A method that still has something
 * to say (an alert, a client error) says it, and the server's EAP-Failure ends it. */
static bool is_hopeless(const struct eap_peer *p)
{
    return p->half && p->half->state == EAP_HALF_FAILED && !p->responded;
}

static bool is_selected(const struct eap_peer *p)
{
    return p->method != NULL;
}

/* clang-format off */
static const struct rule {
    enum peer_state from, to;
    bool (*when)(const struct eap_peer *p);
    const char *why;
} rules[] = {
    {PEER_IDLE,          PEER_RECEIVED,      is_request,       "eapReq"},
    {PEER_IDLE,          PEER_SUCCESS,       is_alt_success,   "altAccept"},
    {PEER_IDLE,          PEER_FAILURE,       is_alt_failure,   "altAccept or altReject"},
    {PEER_RECEIVED,      PEER_METHOD,        is_for_method,    "request of the method"},
    {PEER_RECEIVED,      PEER_GET_METHOD,    is_of_new_method, "request of a method"},
    {PEER_RECEIVED,      PEER_IDENTITY,      is_identity,      "Request/Identity"},
    {PEER_RECEIVED,      PEER_NOTIFICATION,  is_notification,  "Request/Notification"},
    {PEER_RECEIVED,      PEER_RETRANSMIT,    is_repeated,      "reqId == lastId"},
    {PEER_RECEIVED,      PEER_SUCCESS,       is_success,       "rxSuccess"},
    {PEER_RECEIVED,      PEER_FAILURE,       is_failure,       "rxFailure"},
    {PEER_RECEIVED,      PEER_DISCARD,       is_always,        "nothing to be had here"},
    {PEER_METHOD,        PEER_DISCARD,       is_ignored,       "ignore"},
    {PEER_METHOD,        PEER_FAILURE,       is_hopeless,      "decision == FAIL"},
    {PEER_METHOD,        PEER_SEND_RESPONSE, is_always,        "processed"},
    {PEER_GET_METHOD,    PEER_METHOD,        is_selected,      "allowed"},
    {PEER_GET_METHOD,    PEER_SEND_RESPONSE, is_always,        "Nak"},
    {PEER_IDENTITY,      PEER_SEND_RESPONSE, is_always,        "identity told"},
    {PEER_NOTIFICATION,  PEER_SEND_RESPONSE, is_always,        "notified"},
    {PEER_RETRANSMIT,    PEER_SEND_RESPONSE, is_always,        "the same octets"},
    {PEER_DISCARD,       PEER_IDLE,          is_always,        "eapNoResp"},
    {PEER_SEND_RESPONSE, PEER_IDLE,          is_always,        "eapResp"},
};
/* clang-format on */

/* ---- what is done on entering a state ---- */

static void put_response(struct eap_peer *p, uint8_t type, struct span data, const char *name)
{
    p->responded = eap_put(&p->response, EAP_RESPONSE, p->packet.id, type, 0, 0, data);
    assert(p->responded); /* into an empty buffer of the longest packet */
    p->response_name = name;
    p->naked = false;
}

static void put_nak(struct eap_peer *p)
{
    p->responded = eap_nak_put(&p->response, &p->packet, p->settings.methods,
                               p->settings.method_count, p->refused);
    p->response_name = "EAP-Response/Nak";
    p->naked = true;
}

static void drop_half(struct eap_peer *p)
{
    if (!p->half)
        return;
    eap_keys_wipe(&p->half->keys);
    p->half->ops->free(p->half);
    p->half = NULL;
    p->method = NULL;
}

static void refuse_method(struct eap_peer *p)
{
    for (size_t i = 0; i < p->settings.method_count; i++)
        if (p->settings.methods[i] == p->method)
            p->refused |= UINT32_C(1) << i;
    p->unwilling = p->half->reason;
    drop_half(p);
    put_nak(p);
}

/* m.check, m.process, m.buildResp and m.getKey in one. */
static void on_method(struct eap_peer *p, sim_ns now)
{
    struct eap_half *h = p->half;

    h->discard = false;
    h->ops->process(h, now, &p->packet);
    p->ignored = h->discard;
    if (p->ignored)
        return;
    if (h->unwilling) {
        refuse_method(p);
        return;
    }
    p->responded = h->ops->build(h, now, p->packet.id, &p->response);
    /* What is not answered was not a request for us. */
    p->ignored = !p->responded && h->state != EAP_HALF_FAILED;
    p->response_name = p->method_response_name;
}

static const struct eap_method *find_method(struct eap_peer *p, size_t *at)
{
    for (size_t i = 0; i < p->settings.method_count; i++)
        if (!(p->refused & UINT32_C(1) << i) && eap_method_is(p->settings.methods[i], &p->packet)) {
            *at = i;
            return p->settings.methods[i];
        }
    return NULL;
}

static void on_get_method(struct eap_peer *p)
{
    const struct eap_method *m;
    size_t at = 0;

    while (!p->half && (m = find_method(p, &at))) {
        p->half = m->peer->peer(p->proto.env, &p->context);
        if (p->half)
            p->method = m;
        else
            p->refused |= UINT32_C(1) << at;
    }
    if (!p->half) {
        put_nak(p);
        return;
    }
    p->naked = false;
    eap_message_name(p->method_response_name, sizeof(p->method_response_name), EAP_RESPONSE,
                     p->method->name);
}

static void on_identity(struct eap_peer *p)
{
    const struct eap_peer_settings *s = &p->settings;

    p->identity[0] = '\0';
    if (s->method_count > 0 && s->methods[0]->identity)
        s->methods[0]->identity(s, p->identity);
    else if (s->identity)
        str_append(p->identity, sizeof(p->identity), 0, s->identity);
    put_response(p, EAP_IDENTITY, span_str(p->identity), "EAP-Response/Identity");
}

static void on_send_response(struct eap_peer *p)
{
    p->last_id = p->packet.id;
    if (p->responded)
        eap_outgoing_set(&p->last, &p->response, p->proto.env->trace, p->trace_mark,
                         p->response_name);
    p->last.waits = true;
}

static enum reason failure_reason(const struct eap_peer *p)
{
    if (p->half && p->half->reason)
        return p->half->reason;
    if (p->naked)
        return p->unwilling ? p->unwilling : REASON_EAP_NO_METHOD;
    return REASON_EAP_FAILURE;
}

static void on_success(struct eap_peer *p)
{
    assert(p->half->keys.present); /* no method without keys is one of ours */
    p->keys = p->half->keys;
    proto_done(&p->proto);
}

static void enter(struct eap_peer *p, sim_ns now)
{
    switch (p->state) {
    case PEER_METHOD:
        on_method(p, now);
        break;
    case PEER_GET_METHOD:
        on_get_method(p);
        break;
    case PEER_IDENTITY:
        on_identity(p);
        break;
    case PEER_NOTIFICATION:
        put_response(p, EAP_NOTIFICATION, span_of(NULL, 0), "EAP-Response/Notification");
        break;
    case PEER_SEND_RESPONSE:
        on_send_response(p);
        break;
    case PEER_SUCCESS:
        on_success(p);
        break;
    case PEER_FAILURE:
        proto_fail(&p->proto, failure_reason(p));
        break;
    case PEER_IDLE:
        p->arrived = false;
        break;
    case PEER_DISABLED:
    case PEER_RECEIVED:
    case PEER_RETRANSMIT:
    case PEER_DISCARD:
        break;
    }
}

static void set_state(struct eap_peer *p, enum peer_state state, const char *why)
{
    trace_state(p->proto.env->trace, "eap-peer", state_names[p->state], state_names[state], why);
    p->state = state;
}

static const struct rule *find_rule(const struct eap_peer *p)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (rules[i].from == p->state && rules[i].when(p))
            return &rules[i];
    return NULL;
}

static void fire(struct eap_peer *p, sim_ns now)
{
    const struct rule *r;

    while ((r = find_rule(p))) {
        set_state(p, r->to, r->why);
        enter(p, now);
    }
}

/* ---- the core ---- */

static void start(struct proto *proto, sim_ns now)
{
    struct eap_peer *p = of_proto(proto);

    (void)now;
    if (p->state == PEER_DISABLED)
        set_state(p, PEER_IDLE, "portEnabled");
}

static void input(struct proto *proto, sim_ns now, struct span in)
{
    struct eap_peer *p = of_proto(proto);

    if (p->state != PEER_IDLE || eap_parse(in, &p->packet) || p->packet.code == EAP_RESPONSE)
        return;
    p->arrived = true;
    p->ignored = p->responded = false;
    buf_clear(&p->response);
    p->trace_mark = eap_trace_mark(proto->env->trace);
    fire(p, now);
    p->packet = (struct eap_packet){0};
}

static bool output(struct proto *proto, sim_ns now, struct buf *out)
{
    (void)now;
    return eap_outgoing_give(&of_proto(proto)->last, proto->env->trace, out);
}

static void expire(struct proto *proto, sim_ns now)
{
    (void)proto, (void)now; /* never asked for */
}

static void release(struct proto *proto)
{
    struct eap_peer *p = of_proto(proto);

    drop_half(p);
    credential_free(p->settings.credentials.credential);
    free((char *)p->settings.identity);
    eap_outgoing_release(&p->last);
    buf_clear(&p->response);
    eap_keys_wipe(&p->keys);
    free(p);
}

static const struct proto_ops ops = {
    .name = "eap-peer",
    .start = start,
    .input = input,
    .output = output,
    .expire = expire,
    .free = release,
};

struct eap_peer *eap_peer_new(struct proto_env *env, const struct eap_peer_settings *settings)
{
    struct eap_peer *p = xcalloc(1, sizeof(*p));

    assert(settings->method_count <= MAX_METHODS);
    proto_init(&p->proto, &ops, env);
    p->settings = *settings;
    p->settings.identity = settings->identity ? xstrdup(settings->identity) : NULL;
    if (p->settings.mtu == 0)
        p->settings.mtu = EAP_MTU;
    assert(p->settings.mtu >= EAP_MTU_MIN);
    p->context = (struct eap_peer_context){.settings = &p->settings, .identity = p->identity};
    p->last_id = ID_NONE;
    buf_init(&p->response, EAP_PACKET_MAX);
    eap_outgoing_init(&p->last);
    return p;
}

struct proto *eap_peer_proto(struct eap_peer *p)
{
    return &p->proto;
}

void eap_peer_alternate(struct eap_peer *p, sim_ns now, bool accepted)
{
    if (p->state != PEER_IDLE)
        return;
    p->alt_accept = accepted;
    p->alt_reject = !accepted;
    fire(p, now);
}

const struct eap_keys *eap_peer_keys(const struct eap_peer *p)
{
    return &p->keys;
}

const struct eap_keys *eap_peer_coming_keys(const struct eap_peer *p)
{
    if (p->keys.present)
        return &p->keys;
    return decision(p) != DECISION_FAIL && p->half->keys.present ? &p->half->keys : NULL;
}

const struct eap_method *eap_peer_method(const struct eap_peer *p)
{
    return p->method;
}

const char *eap_peer_identity(const struct eap_peer *p)
{
    return p->identity;
}
