/* The server: RFC 4137 section 6's backend authenticator, its states by their names and its
 * conditions as rows, in the order of the RFC's figure 6. One state is ours: QUERY, while the node
 * finds out about a user or a subscriber. INTEGRITY_CHECK is a part of METHOD_RESPONSE, because a
 * method here checks and acts in one call. */
#include "models/proto/eap_impl.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>

enum server_state {
    SERVER_DISABLED,
    SERVER_PICK_UP_METHOD,
    SERVER_IDLE,
    SERVER_RECEIVED,
    SERVER_METHOD_RESPONSE,
    SERVER_QUERY,
    SERVER_METHOD_REQUEST,
    SERVER_PROPOSE_METHOD,
    SERVER_SELECT_ACTION,
    SERVER_SEND_REQUEST,
    SERVER_DISCARD,
    SERVER_NAK,
    SERVER_SUCCESS,
    SERVER_FAILURE
};

static const char *const state_names[] = {
    [SERVER_DISABLED] = "DISABLED",
    [SERVER_PICK_UP_METHOD] = "PICK_UP_METHOD",
    [SERVER_IDLE] = "IDLE",
    [SERVER_RECEIVED] = "RECEIVED",
    [SERVER_METHOD_RESPONSE] = "METHOD_RESPONSE",
    [SERVER_QUERY] = "QUERY",
    [SERVER_METHOD_REQUEST] = "METHOD_REQUEST",
    [SERVER_PROPOSE_METHOD] = "PROPOSE_METHOD",
    [SERVER_SELECT_ACTION] = "SELECT_ACTION",
    [SERVER_SEND_REQUEST] = "SEND_REQUEST",
    [SERVER_DISCARD] = "DISCARD",
    [SERVER_NAK] = "NAK",
    [SERVER_SUCCESS] = "SUCCESS",
    [SERVER_FAILURE] = "FAILURE",
};

/* What is at present between us and the peer: RFC 4137's currentMethod. */
enum current { CURRENT_NONE, CURRENT_IDENTITY, CURRENT_METHOD };

struct eap_server {
    struct proto proto;
    struct eap_server_settings settings; /* its own server_id */
    struct eap_server_context context;
    char identity[EAP_IDENTITY_MAX + 1], permanent[EAP_IDENTITY_MAX + 1];
    struct eap_answer user;
    struct eap_reauth user_reauth; /* what user.reauth points to */
    struct eap_reauth reauth;      /* for the node */
    enum server_state state;
    enum current current;
    const struct eap_method *method;
    struct eap_half *half;
    struct eap_query query;   /* our own: EAP_QUERY_USER */
    bool known;               /* the user is: `user` */
    uint32_t candidates;      /* bit i: user.methods[i] may yet be proposed */
    bool proposed;            /* methodState == PROPOSED: no response of the method so far */
    bool told;                /* a failed method's last word was heard */
    enum reason reason;       /* why no method can help any more */
    uint8_t id;               /* currentId */
    struct eap_packet packet; /* aaaEapResp: valid within one input() */
    bool arrived, ignored;
    struct buf request; /* while it is made */
    bool requested;
    size_t trace_mark;
    struct eap_outgoing out;
    struct eap_keys keys;
};

static struct eap_server *of_proto(struct proto *p)
{
    return (struct eap_server *)p;
}

/* ---- conditions ---- */

static bool is_always(const struct eap_server *s)
{
    (void)s;
    return true;
}

static bool is_response(const struct eap_server *s)
{
    return s->arrived;
}

static bool is_identity_response(const struct eap_server *s)
{
    return s->packet.code == EAP_RESPONSE && s->packet.type == EAP_IDENTITY;
}

/* RFC 3748 5.3: only the first request of a method may be answered so; the long form only when the
 * request was long. */
static bool is_nak(const struct eap_server *s)
{
    return s->packet.id == s->id && s->packet.type == EAP_NAK && s->proposed &&
           (!eap_is_long_form(&s->packet) || s->method->type == EAP_EXPANDED);
}

static bool is_of_current(const struct eap_server *s)
{
    if (s->packet.id != s->id)
        return false;
    switch (s->current) {
    case CURRENT_NONE:
        break;
    case CURRENT_IDENTITY:
        return s->packet.type == EAP_IDENTITY;
    case CURRENT_METHOD:
        return eap_method_is(s->method, &s->packet);
    }
    return false;
}

static bool is_ignored(const struct eap_server *s)
{
    return s->ignored;
}

static bool is_asking(const struct eap_server *s)
{
    return s->query.kind != EAP_QUERY_NONE ||
           (s->half && s->half->state != EAP_HALF_FAILED && s->half->query.kind != EAP_QUERY_NONE);
}

/* The method is through, well or badly. */
static bool is_end(const struct eap_server *s)
{
    return s->reason || (s->half && (s->half->state == EAP_HALF_DONE || s->told));
}

/* Identity is a method that ends with the user known. */
static bool is_answered_end(const struct eap_server *s)
{
    return is_end(s) || (s->known && !s->half);
}

static bool is_answered(const struct eap_server *s)
{
    return !is_asking(s);
}

static bool is_without_method(const struct eap_server *s)
{
    return s->known && !s->half;
}

static bool is_requested(const struct eap_server *s)
{
    return s->requested;
}

/* Authenticated, but not to be let in; a method that can say so itself has failed by then. */
static bool is_refused(const struct eap_server *s)
{
    return s->half && s->half->state == EAP_HALF_DONE && s->user.verdict;
}

static bool is_failure(const struct eap_server *s)
{
    return s->reason || (s->half && s->half->state == EAP_HALF_FAILED) || is_refused(s) ||
           (s->known && !s->half && s->candidates == 0);
}

static bool is_success(const struct eap_server *s)
{
    return s->half && s->half->state == EAP_HALF_DONE;
}

/* clang-format off */
static const struct rule {
    enum server_state from, to;
    bool (*when)(const struct eap_server *s);
    const char *why;
} rules[] = {
    {SERVER_PICK_UP_METHOD,  SERVER_METHOD_RESPONSE, is_identity_response, "Response/Identity"},
    {SERVER_PICK_UP_METHOD,  SERVER_SELECT_ACTION,   is_always,            "nothing to pick up"},
    {SERVER_IDLE,            SERVER_RECEIVED,        is_response,          "aaaEapResp"},
    {SERVER_RECEIVED,        SERVER_NAK,             is_nak,               "Nak"},
    {SERVER_RECEIVED,        SERVER_METHOD_RESPONSE, is_of_current,        "response of the method"},
    {SERVER_RECEIVED,        SERVER_DISCARD,         is_always,            "nothing to be had here"},
    {SERVER_DISCARD,         SERVER_IDLE,            is_always,            "aaaEapNoReq"},
    {SERVER_METHOD_RESPONSE, SERVER_DISCARD,         is_ignored,           "ignore"},
    {SERVER_METHOD_RESPONSE, SERVER_SELECT_ACTION,   is_end,               "methodState == END"},
    {SERVER_METHOD_RESPONSE, SERVER_QUERY,           is_asking,            "a question"},
    {SERVER_METHOD_RESPONSE, SERVER_METHOD_REQUEST,  is_always,            "methodState == CONTINUE"},
    {SERVER_QUERY,           SERVER_SELECT_ACTION,   is_answered_end,      "methodState == END"},
    {SERVER_QUERY,           SERVER_METHOD_REQUEST,  is_answered,          "answered"},
    {SERVER_METHOD_REQUEST,  SERVER_SEND_REQUEST,    is_requested,         "built"},
    {SERVER_METHOD_REQUEST,  SERVER_SELECT_ACTION,   is_always,            "nothing to say"},
    {SERVER_PROPOSE_METHOD,  SERVER_SELECT_ACTION,   is_without_method,    "none to be had"},
    {SERVER_PROPOSE_METHOD,  SERVER_QUERY,           is_asking,            "a question"},
    {SERVER_PROPOSE_METHOD,  SERVER_METHOD_REQUEST,  is_always,            "methodState == PROPOSED"},
    {SERVER_SELECT_ACTION,   SERVER_FAILURE,         is_failure,           "decision == FAILURE"},
    {SERVER_SELECT_ACTION,   SERVER_SUCCESS,         is_success,           "decision == SUCCESS"},
    {SERVER_SELECT_ACTION,   SERVER_PROPOSE_METHOD,  is_always,            "decision == CONTINUE"},
    {SERVER_NAK,             SERVER_SELECT_ACTION,   is_always,            "reset"},
    {SERVER_SEND_REQUEST,    SERVER_IDLE,            is_always,            "aaaEapReq"},
};
/* clang-format on */

/* ---- what is done on entering a state ---- */

static void drop_half(struct eap_server *s)
{
    if (!s->half)
        return;
    eap_keys_wipe(&s->half->keys);
    s->half->ops->free(s->half);
    s->half = NULL;
    s->method = NULL;
}

static void take_identity(struct eap_server *s)
{
    struct span in = s->packet.data;

    if (in.n > EAP_IDENTITY_MAX || memchr(in.p, '\0', in.n)) {
        s->reason = REASON_EAP_IDENTITY;
        return;
    }
    memcpy(s->identity, in.p, in.n);
    s->identity[in.n] = '\0';
    s->query.kind = EAP_QUERY_USER;
    memcpy(s->query.identity, s->identity, in.n + 1);
}

static void on_method_response(struct eap_server *s, sim_ns now)
{
    struct eap_half *h = s->half;

    s->ignored = false;
    if (s->current == CURRENT_IDENTITY) {
        take_identity(s);
        return;
    }
    if (h->state == EAP_HALF_FAILED) {
        s->told = true;
        return;
    }
    h->discard = false;
    h->ops->process(h, now, &s->packet);
    s->ignored = h->discard;
    s->proposed = s->proposed && s->ignored;
}

static void on_method_request(struct eap_server *s, sim_ns now)
{
    uint8_t id = (uint8_t)(s->id + 1);
    char name[48] = "EAP-Request/Identity";

    buf_clear(&s->request);
    if (s->current == CURRENT_IDENTITY) {
        s->requested = eap_put(&s->request, EAP_REQUEST, id, EAP_IDENTITY, 0, 0, span_of(NULL, 0));
    } else {
        s->requested = s->half->ops->build(s->half, now, id, &s->request);
        eap_message_name(name, sizeof(name), EAP_REQUEST, s->method->name);
        /* Neither done nor failed, and nothing to say: nothing would ever come of it. */
        if (!s->requested)
            eap_half_fail(s->half, REASON_EAP_FAILURE);
    }
    if (!s->requested)
        return;
    s->id = id;
    eap_outgoing_set(&s->out, &s->request, s->proto.env->trace, s->trace_mark, name);
}

static void on_propose_method(struct eap_server *s)
{
    s->current = s->known ? CURRENT_METHOD : CURRENT_IDENTITY;
    if (!s->known)
        return;
    for (size_t i = 0; i < s->user.method_count && !s->half; i++) {
        const struct eap_method *m = s->user.methods[i];

        if (!(s->candidates & UINT32_C(1) << i))
            continue;
        s->candidates &= ~(UINT32_C(1) << i);
        s->half = m->server->server(s->proto.env, &s->context);
        s->method = s->half ? m : NULL;
    }
    s->proposed = s->half != NULL;
}

static void on_nak(struct eap_server *s)
{
    drop_half(s);
    for (size_t i = 0; i < s->user.method_count; i++)
        if (!eap_nak_names(&s->packet, s->user.methods[i]))
            s->candidates &= ~(UINT32_C(1) << i);
}

static void put_verdict(struct eap_server *s, enum eap_code code, const char *name)
{
    size_t begin;

    buf_clear(&s->request);
    begin = eap_begin(&s->request, code, s->id, 0, 0, 0);
    eap_end(&s->request, begin);
    eap_outgoing_set(&s->out, &s->request, s->proto.env->trace, s->trace_mark, name);
}

static enum reason failure_reason(const struct eap_server *s)
{
    if (s->reason)
        return s->reason;
    if (is_refused(s))
        return s->user.verdict;
    return s->half && s->half->reason ? s->half->reason : REASON_EAP_NO_METHOD;
}

static void on_success(struct eap_server *s)
{
    assert(s->half->keys.present); /* no method without keys is one of ours */
    s->keys = s->half->keys;
    put_verdict(s, EAP_SUCCESS, "EAP-Success");
    proto_done(&s->proto);
}

static void on_failure(struct eap_server *s)
{
    put_verdict(s, EAP_FAILURE, "EAP-Failure");
    proto_fail(&s->proto, failure_reason(s));
}

static void enter(struct eap_server *s, sim_ns now)
{
    switch (s->state) {
    case SERVER_PICK_UP_METHOD:
        s->current = is_identity_response(s) ? CURRENT_IDENTITY : CURRENT_NONE;
        break;
    case SERVER_METHOD_RESPONSE:
        on_method_response(s, now);
        break;
    case SERVER_METHOD_REQUEST:
        on_method_request(s, now);
        break;
    case SERVER_PROPOSE_METHOD:
        on_propose_method(s);
        break;
    case SERVER_NAK:
        on_nak(s);
        break;
    case SERVER_SUCCESS:
        on_success(s);
        break;
    case SERVER_FAILURE:
        on_failure(s);
        break;
    case SERVER_IDLE:
        s->arrived = false;
        break;
    case SERVER_DISABLED:
    case SERVER_RECEIVED:
    case SERVER_QUERY:
    case SERVER_SELECT_ACTION:
    case SERVER_SEND_REQUEST:
    case SERVER_DISCARD:
        break;
    }
}

static void set_state(struct eap_server *s, enum server_state state, const char *why)
{
    trace_state(s->proto.env->trace, "eap-server", state_names[s->state], state_names[state], why);
    s->state = state;
}

static const struct rule *find_rule(const struct eap_server *s)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (rules[i].from == s->state && rules[i].when(s))
            return &rules[i];
    return NULL;
}

static void fire(struct eap_server *s, sim_ns now)
{
    const struct rule *r;

    s->trace_mark = eap_trace_mark(s->proto.env->trace);
    while ((r = find_rule(s))) {
        set_state(s, r->to, r->why);
        enter(s, now);
    }
}

/* ---- the core ---- */

static void begin(struct eap_server *s, sim_ns now)
{
    set_state(s, SERVER_PICK_UP_METHOD, "backendEnabled");
    enter(s, now);
    fire(s, now);
    s->packet = (struct eap_packet){0};
}

static void start(struct proto *proto, sim_ns now)
{
    struct eap_server *s = of_proto(proto);

    if (s->state != SERVER_DISABLED || !s->settings.ask_identity)
        return;
    rng_bytes(proto->env->stream, &s->id, sizeof(s->id)); /* RFC 3748 4.1 */
    begin(s, now);
}

void eap_server_begin(struct eap_server *s, sim_ns now, struct span response_identity)
{
    if (s->state != SERVER_DISABLED)
        return;
    if (eap_parse(response_identity, &s->packet))
        rng_bytes(s->proto.env->stream, &s->id, sizeof(s->id));
    else
        s->id = s->packet.id;
    begin(s, now);
}

static void input(struct proto *proto, sim_ns now, struct span in)
{
    struct eap_server *s = of_proto(proto);

    if (s->state != SERVER_IDLE || eap_parse(in, &s->packet) || s->packet.code != EAP_RESPONSE)
        return;
    s->arrived = true;
    fire(s, now);
    s->packet = (struct eap_packet){0};
}

static bool output(struct proto *proto, sim_ns now, struct buf *out)
{
    (void)now;
    return eap_outgoing_give(&of_proto(proto)->out, proto->env->trace, out);
}

static void expire(struct proto *proto, sim_ns now)
{
    (void)proto, (void)now; /* never asked for */
}

static void release(struct proto *proto)
{
    struct eap_server *s = of_proto(proto);

    drop_half(s);
    free((char *)s->settings.server_id);
    eap_outgoing_release(&s->out);
    buf_clear(&s->request);
    explicit_bzero(s, sizeof(*s));
    free(s);
}

static const struct proto_ops ops = {
    .name = "eap-server",
    .start = start,
    .input = input,
    .output = output,
    .expire = expire,
    .free = release,
};

struct eap_server *eap_server_new(struct proto_env *env, const struct eap_server_settings *settings)
{
    struct eap_server *s = xcalloc(1, sizeof(*s));

    proto_init(&s->proto, &ops, env);
    s->settings = *settings;
    s->settings.server_id = settings->server_id ? xstrdup(settings->server_id) : NULL;
    if (s->settings.mtu == 0)
        s->settings.mtu = EAP_MTU;
    assert(s->settings.mtu >= EAP_MTU_MIN);
    s->context = (struct eap_server_context){.settings = &s->settings,
                                             .identity = s->identity,
                                             .permanent = s->permanent,
                                             .user = &s->user,
                                             .reauth = &s->reauth};
    buf_init(&s->request, EAP_PACKET_MAX);
    eap_outgoing_init(&s->out);
    return s;
}

struct proto *eap_server_proto(struct eap_server *s)
{
    return &s->proto;
}

const struct eap_query *eap_server_query(const struct eap_server *s)
{
    if (s->state != SERVER_QUERY)
        return NULL;
    return s->query.kind != EAP_QUERY_NONE ? &s->query : &s->half->query;
}

/* Asked again by a method (an identity under another name), the methods stay what they were. */
static void take_user(struct eap_server *s, const struct eap_answer *a)
{
    struct eap_answer before = s->user;

    s->user = *a;
    if (a->reauth)
        s->user_reauth = *a->reauth;
    s->user.reauth = a->reauth ? &s->user_reauth : NULL;
    s->permanent[0] = '\0';
    str_append(s->permanent, sizeof(s->permanent), 0, a->permanent[0] ? a->permanent : s->identity);
    if (!s->half) {
        assert(a->method_count <= EAP_MAX_METHODS);
        s->known = true;
        s->candidates = (UINT32_C(1) << a->method_count) - 1;
        return;
    }
    memcpy(s->user.methods, before.methods, sizeof(before.methods));
    s->user.method_count = before.method_count;
    explicit_bzero(&before, sizeof(before));
}

static void answer_half(struct eap_server *s, sim_ns now, const struct eap_answer *a)
{
    struct eap_half *h = s->half;
    enum eap_query_kind kind = h->query.kind;

    h->query.kind = EAP_QUERY_NONE;
    if (kind == EAP_QUERY_USER && !a->reason)
        take_user(s, a);
    if (h->ops->answer)
        h->ops->answer(h, now, a);
    if (a->reason)
        eap_half_fail(h, a->reason);
}

void eap_server_answer(struct eap_server *s, sim_ns now, const struct eap_answer *a)
{
    if (s->state != SERVER_QUERY)
        return;
    if (s->query.kind == EAP_QUERY_NONE) {
        answer_half(s, now, a);
    } else {
        s->query.kind = EAP_QUERY_NONE;
        s->reason = a->reason;
        if (!a->reason)
            take_user(s, a);
    }
    fire(s, now);
}

const struct eap_keys *eap_server_keys(const struct eap_server *s)
{
    return &s->keys;
}

enum reason eap_server_failing(const struct eap_server *s)
{
    bool failing = s->half && s->half->state == EAP_HALF_FAILED;

    return failing && s->proto.status == PROTO_RUNNING ? s->half->reason : REASON_NONE;
}

const char *eap_server_identity(const struct eap_server *s)
{
    return s->identity;
}

const char *eap_server_permanent(const struct eap_server *s)
{
    return s->permanent;
}

const struct eap_reauth *eap_server_reauth(const struct eap_server *s)
{
    bool some = s->reauth.pseudonym[0] || s->reauth.identity[0];

    return s->proto.status == PROTO_DONE && some ? &s->reauth : NULL;
}

const struct eap_method *eap_server_method(const struct eap_server *s)
{
    return s->method;
}
