#include "models/proc/attach.h"

#include "crypto/hash.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_FIRST  0
#define COUNT_SECOND 1

enum server_state {
    SERVER_IDLE,
    SERVER_ASKING,   /* the home: for a vector, or for the subscription */
    SERVER_RESPONSE, /* is awaited, to Authentication Request */
    SERVER_MODE,     /* Security Mode Complete is awaited */
    SERVER_ACCEPTED, /* Attach Complete is awaited */
    SERVER_ENDED     /* but for answers to what is repeated */
};
static const char *const state_names[] = {"IDLE", "ASKING",   "RESPONSE",
                                          "MODE", "ACCEPTED", "ENDED"};

struct attach_server {
    struct proto proto;
    struct attach_query query;
    struct eps_vector vector;
    struct buf heard, last; /* the last message each way: for what is repeated */
    sim_ns idle;
    const char *label;
    enum reason refusal;
    enum server_state state;
    uint8_t plmn[3], key[16], capability[2];
    bool to_send, resynchronised, secured, accepted;
};

static void set_state(struct attach_server *s, enum server_state state, const char *why)
{
    trace_state(s->proto.env->trace, "attach-core", state_names[s->state], state_names[state], why);
    s->state = state;
}

static void ask(struct attach_server *s, enum attach_query_kind kind)
{
    s->query.kind = kind;
    set_state(s, SERVER_ASKING, "home");
}

static void say(struct attach_server *s, sim_ns now, const struct nas_message *m,
                enum nas_security security, uint32_t count)
{
    struct buf plain;

    buf_init(&plain, NAS_MAX);
    buf_clear(&s->last);
    if (!nas_write(m, &plain) || !(security ? nas_protect(s->proto.env->meter, s->key, security,
                                                          count, true, buf_span(&plain), &s->last)
                                            : buf_put_span(&s->last, buf_span(&plain))))
        proto_fail(&s->proto, REASON_NAS_MALFORMED);
    buf_clear(&plain);
    s->label = nas_type_name(m->type);
    s->to_send = true;
    s->proto.expiry = now + s->idle;
}

/* The last word, and why; it stays for who has not heard it. Protected where there is a key. */
static void refuse(struct attach_server *s, sim_ns now, enum nas_type type, uint8_t cause,
                   enum reason why)
{
    const struct nas_message m = {.type = type, .cause = cause};

    s->refusal = why;
    set_state(s, SERVER_ENDED, reason_text(why));
    say(s, now, &m, s->secured ? NAS_CIPHERED : NAS_PLAIN, COUNT_SECOND);
}

static uint8_t cause_of(enum reason reason)
{
    if (reason == REASON_ACCESS_NOT_ALLOWED)
        return NAS_CAUSE_NOT_ALLOWED;
    return reason == REASON_ACCESS_ROAMING ? NAS_CAUSE_ROAMING : NAS_CAUSE_NETWORK_FAILURE;
}

/* ---- what the home says ---- */

static void challenge(struct attach_server *s, sim_ns now)
{
    struct nas_message m = {.type = NAS_AUTHENTICATION_REQUEST};

    memcpy(m.rand, s->vector.rand, sizeof m.rand);
    memcpy(m.autn, s->vector.autn, sizeof m.autn);
    set_state(s, SERVER_RESPONSE, "vector");
    say(s, now, &m, NAS_PLAIN, 0);
}

static void accept(struct attach_server *s, sim_ns now, const struct attach_answer *a)
{
    struct nas_message m = {
        .type = NAS_ATTACH_ACCEPT, .m_tmsi = a->m_tmsi, .lifetime = a->lifetime};

    memcpy(m.plmn, s->plmn, sizeof m.plmn);
    memcpy(m.address, a->address, sizeof m.address);
    s->accepted = true;
    set_state(s, SERVER_ACCEPTED, "subscription");
    say(s, now, &m, NAS_CIPHERED, COUNT_SECOND);
}

void attach_server_answer(struct attach_server *s, sim_ns now, const struct attach_answer *a)
{
    bool location = s->query.kind == ATTACH_QUERY_LOCATION;

    if (s->proto.status != PROTO_RUNNING || s->state != SERVER_ASKING)
        return;
    s->query.kind = ATTACH_QUERY_NONE;
    if (a->reason) {
        refuse(s, now, NAS_ATTACH_REJECT, cause_of(a->reason), a->reason);
    } else if (location) {
        accept(s, now, a);
    } else {
        s->vector = a->vector;
        challenge(s, now);
    }
}

/* ---- what the device says ---- */

static void on_request(struct attach_server *s, sim_ns now, const struct nas_message *m)
{
    memcpy(s->query.imsi, m->imsi, sizeof s->query.imsi);
    memcpy(s->capability, m->capability, sizeof s->capability);
    if (!(m->capability[0] & NAS_CAPABILITY_EEA) || !(m->capability[1] & NAS_CAPABILITY_EIA))
        refuse(s, now, NAS_ATTACH_REJECT, NAS_CAUSE_NETWORK_FAILURE, REASON_ACCESS_FAILURE);
    else
        ask(s, ATTACH_QUERY_VECTOR);
}

static void on_response(struct attach_server *s, sim_ns now, const struct nas_message *m)
{
    const struct nas_message mode = {.type = NAS_SECURITY_MODE_COMMAND,
                                     .algorithms = NAS_ALGORITHMS,
                                     .capability = {s->capability[0], s->capability[1]}};

    if (m->res_n != s->vector.xres_n || !hash_equal(m->res, s->vector.xres, m->res_n)) {
        refuse(s, now, NAS_AUTHENTICATION_REJECT, 0, REASON_AKA_RES);
        return;
    }
    nas_integrity_key(s->proto.env->meter, s->vector.kasme, s->key);
    set_state(s, SERVER_MODE, "RES");
    say(s, now, &mode, NAS_NEW_CONTEXT, COUNT_FIRST);
}

static void on_failure(struct attach_server *s, sim_ns now, const struct nas_message *m)
{
    if (m->cause == NAS_CAUSE_SYNCH_FAILURE && m->has_auts && !s->resynchronised) {
        s->resynchronised = true;
        memcpy(s->query.rand, s->vector.rand, sizeof s->query.rand);
        memcpy(s->query.auts, m->auts, sizeof s->query.auts);
        ask(s, ATTACH_QUERY_RESYNC);
        return;
    }
    refuse(s, now, NAS_AUTHENTICATION_REJECT, 0,
           m->cause == NAS_CAUSE_SYNCH_FAILURE ? REASON_AKA_SYNC : REASON_AKA_AUTN);
}

static void on_plain(struct attach_server *s, sim_ns now, const struct nas_message *m)
{
    if (m->type == NAS_ATTACH_REQUEST && s->state == SERVER_IDLE)
        on_request(s, now, m);
    else if (m->type == NAS_AUTHENTICATION_RESPONSE && s->state == SERVER_RESPONSE)
        on_response(s, now, m);
    else if (m->type == NAS_AUTHENTICATION_FAILURE && s->state == SERVER_RESPONSE)
        on_failure(s, now, m);
}

static void on_protected(struct attach_server *s, sim_ns now, enum nas_security security,
                         struct span in)
{
    bool mode = security == NAS_NEW_CIPHERED && s->state == SERVER_MODE;
    struct nas_message m;
    struct span plain;

    if (!mode && !(security == NAS_CIPHERED && s->state == SERVER_ACCEPTED))
        return;
    if (nas_open(s->proto.env->meter, s->key, mode ? COUNT_FIRST : COUNT_SECOND, false, in,
                 &plain) ||
        nas_parse(plain, &m))
        return;
    if (mode && m.type == NAS_SECURITY_MODE_COMPLETE) {
        s->secured = true;
        s->proto.expiry = now + s->idle;
        ask(s, ATTACH_QUERY_LOCATION);
    } else if (!mode && m.type == NAS_ATTACH_COMPLETE) {
        set_state(s, SERVER_ENDED, "attached");
        s->proto.expiry = SIM_NEVER;
        proto_done(&s->proto);
    }
}

/* The very octets of the message before: our answer was lost, or is still to come. */
static bool is_repeated(const struct attach_server *s, struct span in)
{
    struct span before = buf_span(&s->heard);

    return before.n == in.n && in.n > 0 && memcmp(before.p, in.p, in.n) == 0;
}

static void input(struct proto *p, sim_ns now, struct span in)
{
    struct attach_server *s = (struct attach_server *)p;
    enum nas_security security = nas_security_of(in);
    struct nas_message m;

    if (p->status != PROTO_RUNNING || in.n > NAS_MAX)
        return;
    if (is_repeated(s, in)) {
        s->to_send = s->state != SERVER_ASKING && buf_len(&s->last) > 0;
        return;
    }
    if (s->state == SERVER_ASKING || s->state == SERVER_ENDED)
        return;
    buf_clear(&s->heard);
    (void)buf_put_span(&s->heard, in);
    if (security != NAS_PLAIN)
        on_protected(s, now, security, in);
    else if (!nas_parse(in, &m))
        on_plain(s, now, &m);
}

/* ---- the rest of a core ---- */

static void start(struct proto *p, sim_ns now)
{
    p->expiry = now + ((struct attach_server *)p)->idle;
}

static bool output(struct proto *p, sim_ns now, struct buf *out)
{
    struct attach_server *s = (struct attach_server *)p;

    (void)now;
    if (!s->to_send)
        return false;
    s->to_send = false;
    trace_text(p->env->trace, s->label);
    trace_fields(p->env->trace, "security header type %u", buf_span(&s->last).p[0] >> 4);
    return buf_put_span(out, buf_span(&s->last));
}

/* Accepted: the device has its answer, or comes again with another attach. */
static void expire(struct proto *p, sim_ns now)
{
    struct attach_server *s = (struct attach_server *)p;

    (void)now;
    p->expiry = SIM_NEVER;
    if (s->accepted)
        proto_done(p);
    else
        proto_fail(p, s->refusal ? s->refusal : REASON_TIMEOUT);
}

static void server_free(struct proto *p)
{
    struct attach_server *s = (struct attach_server *)p;

    buf_clear(&s->heard);
    buf_clear(&s->last);
    explicit_bzero(s, sizeof *s);
    free(s);
}

static const struct proto_ops server_ops = {.name = "attach server",
                                            .start = start,
                                            .input = input,
                                            .output = output,
                                            .expire = expire,
                                            .free = server_free};

struct attach_server *attach_server_new(struct proto_env *env, const uint8_t plmn[3], sim_ns idle)
{
    struct attach_server *s = xcalloc(1, sizeof *s);

    proto_init(&s->proto, &server_ops, env);
    memcpy(s->plmn, plmn, sizeof s->plmn);
    s->idle = idle;
    s->label = "";
    buf_init(&s->heard, NAS_MAX);
    buf_init(&s->last, NAS_MAX);
    return s;
}

struct proto *attach_server_proto(struct attach_server *s)
{
    return &s->proto;
}

const struct attach_query *attach_server_query(const struct attach_server *s)
{
    return s->proto.status == PROTO_RUNNING && s->query.kind != ATTACH_QUERY_NONE ? &s->query
                                                                                  : NULL;
}

bool attach_server_is_accepted(const struct attach_server *s)
{
    return s->accepted;
}

enum reason attach_server_refusal(const struct attach_server *s)
{
    return s->refusal;
}
