#include "models/proc/attach.h"

#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* NAS COUNTs after Security Mode Command: each message of an attach has its own. */
#define COUNT_FIRST  0
#define COUNT_SECOND 1

enum client_state { CLIENT_REQUESTED, CLIENT_AUTHENTICATED, CLIENT_SECURED, CLIENT_ENDED };
static const char *const state_names[] = {"REQUESTED", "AUTHENTICATED", "SECURED", "ENDED"};

struct attach_client {
    struct proto proto;
    struct attach_settings settings;
    struct attach_result result;
    sim_ns deadline, rt;
    struct buf last; /* the very octets of each transmission */
    enum client_state state;
    bool to_send, resynchronised;
    uint8_t kasme[32], key[16];
    const char *label;
};

static void set_state(struct attach_client *c, enum client_state state, const char *why)
{
    trace_state(c->proto.env->trace, "attach", state_names[c->state], state_names[state], why);
    c->state = state;
}

static void end(struct attach_client *c, enum reason reason)
{
    set_state(c, CLIENT_ENDED, reason_text(reason));
    c->proto.expiry = SIM_NEVER;
    if (reason)
        proto_fail(&c->proto, reason);
    else
        proto_done(&c->proto);
}

/* security: NAS_PLAIN, or how it is protected with which count. */
static void say(struct attach_client *c, sim_ns now, const struct nas_message *m,
                enum nas_security security, uint32_t count)
{
    struct buf plain;

    buf_init(&plain, NAS_MAX);
    buf_clear(&c->last);
    if (!nas_write(m, &plain) || !(security ? nas_protect(c->proto.env->meter, c->key, security,
                                                          count, false, buf_span(&plain), &c->last)
                                            : buf_put_span(&c->last, buf_span(&plain))))
        end(c, REASON_NAS_MALFORMED);
    buf_clear(&plain);
    c->label = nas_type_name(m->type);
    c->to_send = true;
    c->rt = c->settings.irt;
    c->proto.expiry = sim_ns_min(now + c->rt, c->deadline);
}

static void start(struct proto *p, sim_ns now)
{
    struct attach_client *c = (struct attach_client *)p;
    struct nas_message m = {.type = NAS_ATTACH_REQUEST,
                            .capability = {NAS_CAPABILITY_EEA, NAS_CAPABILITY_EIA}};

    memcpy(m.imsi, c->settings.uicc->imsi, sizeof m.imsi);
    c->deadline = now + c->settings.guard;
    say(c, now, &m, NAS_PLAIN, 0);
}

/* ---- what the network says ---- */

static void authenticate(struct attach_client *c, sim_ns now, const struct nas_message *m)
{
    struct nas_message answer = {.type = NAS_AUTHENTICATION_RESPONSE};
    struct uicc_response r = {0};

    switch (uicc_authenticate(c->settings.uicc, c->proto.env->meter, m->rand, m->autn, &r, NULL)) {
    case UICC_OK:
        nas_kasme(c->proto.env->meter, r.ck, r.ik, c->settings.plmn, m->autn, c->kasme);
        nas_integrity_key(c->proto.env->meter, c->kasme, c->key);
        answer.res_n = r.res_n;
        memcpy(answer.res, r.res, r.res_n);
        set_state(c, CLIENT_AUTHENTICATED, "RES");
        say(c, now, &answer, NAS_PLAIN, 0);
        break;
    case UICC_MAC_FAILURE: /* 5.4.2.6 c: it says so and goes away */
        answer.type = NAS_AUTHENTICATION_FAILURE;
        answer.cause = NAS_CAUSE_MAC_FAILURE;
        say(c, now, &answer, NAS_PLAIN, 0);
        end(c, REASON_AKA_AUTN);
        break;
    case UICC_SYNC_FAILURE:
        answer.type = NAS_AUTHENTICATION_FAILURE;
        answer.cause = NAS_CAUSE_SYNCH_FAILURE;
        answer.has_auts = true;
        memcpy(answer.auts, r.auts, sizeof answer.auts);
        say(c, now, &answer, NAS_PLAIN, 0);
        if (c->resynchronised)
            end(c, REASON_AKA_SYNC);
        c->resynchronised = true;
        break;
    }
    explicit_bzero(&r, sizeof r);
}

/* The network must replay what we said we are capable of, or somebody between us bid it down. */
static void secure(struct attach_client *c, sim_ns now, const struct nas_message *m)
{
    const struct nas_message complete = {.type = NAS_SECURITY_MODE_COMPLETE};

    if (m->algorithms != NAS_ALGORITHMS || m->capability[0] != NAS_CAPABILITY_EEA ||
        m->capability[1] != NAS_CAPABILITY_EIA) {
        end(c, REASON_NAS_INTEGRITY);
        return;
    }
    set_state(c, CLIENT_SECURED, "security mode");
    say(c, now, &complete, NAS_NEW_CIPHERED, COUNT_FIRST);
}

static void accept(struct attach_client *c, sim_ns now, const struct nas_message *m)
{
    const struct nas_message complete = {.type = NAS_ATTACH_COMPLETE};

    memcpy(c->result.address, m->address, sizeof m->address);
    c->result.m_tmsi = m->m_tmsi;
    c->result.lifetime = m->lifetime;
    say(c, now, &complete, NAS_CIPHERED, COUNT_SECOND);
    end(c, REASON_NONE);
}

static enum reason reason_of_cause(uint8_t cause)
{
    switch (cause) {
    case NAS_CAUSE_NOT_ALLOWED:
        return REASON_ACCESS_NOT_ALLOWED;
    case NAS_CAUSE_ROAMING:
        return REASON_ACCESS_ROAMING;
    case NAS_CAUSE_NETWORK_FAILURE:
        return REASON_ACCESS_FAILURE;
    case NAS_CAUSE_IMPLICITLY_DETACHED:
        return REASON_ACCESS_DETACHED;
    }
    return REASON_ACCESS_REJECTED;
}

/* 4.4.4.2: what may come before there is a key; what is out of turn is ignored. */
static void on_plain(struct attach_client *c, sim_ns now, const struct nas_message *m)
{
    if (m->type == NAS_AUTHENTICATION_REQUEST && c->state == CLIENT_REQUESTED)
        authenticate(c, now, m);
    else if (m->type == NAS_AUTHENTICATION_REJECT && c->state <= CLIENT_AUTHENTICATED)
        end(c, REASON_ACCESS_REJECTED);
    else if (m->type == NAS_ATTACH_REJECT && c->state <= CLIENT_AUTHENTICATED)
        end(c, reason_of_cause(m->cause));
}

/* A wrong MAC is no message at all (4.4.4.2). */
static void on_protected(struct attach_client *c, sim_ns now, enum nas_security security,
                         struct span in)
{
    bool mode = security == NAS_NEW_CONTEXT && c->state == CLIENT_AUTHENTICATED;
    struct nas_message m;
    struct span plain;

    if (!mode && !(security == NAS_CIPHERED && c->state == CLIENT_SECURED))
        return;
    if (nas_open(c->proto.env->meter, c->key, mode ? COUNT_FIRST : COUNT_SECOND, true, in,
                 &plain) ||
        nas_parse(plain, &m))
        return;
    if (mode && m.type == NAS_SECURITY_MODE_COMMAND)
        secure(c, now, &m);
    else if (!mode && m.type == NAS_ATTACH_ACCEPT)
        accept(c, now, &m);
    else if (!mode && m.type == NAS_ATTACH_REJECT)
        end(c, reason_of_cause(m.cause));
}

static void input(struct proto *p, sim_ns now, struct span in)
{
    struct attach_client *c = (struct attach_client *)p;
    enum nas_security security = nas_security_of(in);
    struct nas_message m;

    if (p->status != PROTO_RUNNING)
        return;
    if (security != NAS_PLAIN)
        on_protected(c, now, security, in);
    else if (!nas_parse(in, &m))
        on_plain(c, now, &m);
}

/* ---- the rest of a core ---- */

static bool output(struct proto *p, sim_ns now, struct buf *out)
{
    struct attach_client *c = (struct attach_client *)p;

    (void)now;
    if (!c->to_send)
        return false;
    c->to_send = false;
    trace_text(p->env->trace, c->label);
    trace_fields(p->env->trace, "security header type %u", buf_span(&c->last).p[0] >> 4);
    return buf_put_span(out, buf_span(&c->last));
}

static void expire(struct proto *p, sim_ns now)
{
    struct attach_client *c = (struct attach_client *)p;

    if (p->status != PROTO_RUNNING)
        return;
    if (now >= c->deadline) {
        end(c, REASON_TIMEOUT);
        return;
    }
    c->to_send = true;
    c->rt = sim_ns_min(2 * c->rt, c->settings.mrt);
    p->expiry = sim_ns_min(now + c->rt, c->deadline);
}

static void client_free(struct proto *p)
{
    struct attach_client *c = (struct attach_client *)p;

    buf_clear(&c->last);
    explicit_bzero(c, sizeof *c);
    free(c);
}

static const struct proto_ops client_ops = {.name = "attach client",
                                            .start = start,
                                            .input = input,
                                            .output = output,
                                            .expire = expire,
                                            .free = client_free};

struct attach_client *attach_client_new(struct proto_env *env,
                                        const struct attach_settings *settings)
{
    struct attach_client *c = xcalloc(1, sizeof *c);

    proto_init(&c->proto, &client_ops, env);
    c->settings = *settings;
    c->label = "";
    buf_init(&c->last, NAS_MAX);
    return c;
}

struct proto *attach_client_proto(struct attach_client *c)
{
    return &c->proto;
}

const struct attach_result *attach_client_result(const struct attach_client *c)
{
    return &c->result;
}
