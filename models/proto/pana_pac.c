/* The PaC as a core, and the EAP peer in it. */
#include "models/proto/pana_pac_impl.h"

#include "crypto/credential.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>

/* ---- the EAP peer ---- */

static void on_eap_state(void *arg, const char *machine, const char *from, const char *to,
                         const char *why)
{
    struct pana_pac *p = arg;

    trace_state(p->session.proto.env->trace, machine, from, to, why);
}

static void on_eap_secret(void *arg, const char *line)
{
    struct pana_pac *p = arg;
    struct trace *trace = p->session.proto.env->trace;

    if (trace && trace->secret)
        trace->secret(trace->secret_arg, line);
}

void pana_pac_restart_eap(struct pana_pac *p)
{
    struct eap_peer_settings eap = p->settings.eap;

    p->session.cause = REASON_NONE;
    if (p->peer)
        proto_free(eap_peer_proto(p->peer));
    p->peer = NULL;
    /* The peer takes its credential over, and there may be another peer after it. */
    if (eap.credentials.credential &&
        credential_copy(p->settings.eap.credentials.credential, &eap.credentials.credential)) {
        p->session.cause = REASON_CRYPTO;
        return;
    }
    p->peer = eap_peer_new(&p->eap_env, &eap);
    eap_peer_proto(p->peer)->ops->start(eap_peer_proto(p->peer), p->session.now);
}

/* ---- the core ---- */

static struct pana_pac *of_proto(struct proto *proto)
{
    return (struct pana_pac *)proto;
}

static void set_expiry(struct pana_pac *p)
{
    sim_ns at = pana_session_expiry(&p->session);

    if (p->session.proto.status == PROTO_RUNNING)
        at = sim_ns_min(at, sim_ns_min(p->reauth_at, p->done_at));
    p->session.proto.expiry = at;
}

static void fire(struct pana_pac *p, sim_ns now, enum pana_event event)
{
    p->session.now = now;
    if (p->session.proto.status == PROTO_RUNNING)
        pana_fire(&p->session, event);
    set_expiry(p);
}

static void start(struct proto *proto, sim_ns now)
{
    fire(of_proto(proto), now, PANA_EV_AUTH_USER);
}

static void input(struct proto *proto, sim_ns now, struct span in)
{
    struct pana_pac *p = of_proto(proto);

    pana_session_input(&p->session, now, in);
    if (p->leaving)
        fire(p, now, PANA_EV_TERMINATE);
    set_expiry(p);
}

static bool output(struct proto *proto, sim_ns now, struct buf *out)
{
    (void)now;
    return pana_session_output(&of_proto(proto)->session, out);
}

static void expire(struct proto *proto, sim_ns now)
{
    struct pana_pac *p = of_proto(proto);

    pana_session_expire(&p->session, now);
    if (now >= p->done_at)
        proto_done(proto);
    if (now >= p->reauth_at) {
        p->reauth_at = SIM_NEVER;
        fire(p, now, PANA_EV_REAUTH);
        if (p->session.state == PANA_WAIT_PNA_PING)
            p->reauth_at = sim_ns_add(now, SIM_S);
    }
    set_expiry(p);
}

static void free_pac(struct proto *proto)
{
    struct pana_pac *p = of_proto(proto);

    if (p->peer)
        proto_free(eap_peer_proto(p->peer));
    credential_free(p->settings.eap.credentials.credential);
    free((char *)(uintptr_t)p->settings.eap.identity);
    free((char *)(uintptr_t)p->settings.device_id);
    buf_clear(&p->initiation);
    buf_clear(&p->response);
    eap_keys_wipe(&p->keys);
    pana_session_release(&p->session);
    free(p);
}

static const struct proto_ops ops = {"pana-pac", start, input, output, expire, free_pac};

static char *copy(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

struct pana_pac *pana_pac_new(struct proto_env *env, const struct pana_pac_settings *settings)
{
    struct pana_pac *p = xcalloc(1, sizeof(*p));
    bool ok;

    assert(settings->eap.mtu <= PANA_EAP_MAX);
    pana_session_init(&p->session, &ops, env, &pana_pac_machine, &settings->timers);
    p->settings = *settings;
    p->settings.eap.identity = copy(settings->eap.identity);
    p->settings.device_id = copy(settings->device_id);
    p->reauth_at = p->done_at = SIM_NEVER;
    buf_init(&p->initiation, PANA_MESSAGE_MAX - PANA_HEADER);
    buf_init(&p->response, PANA_EAP_MAX);
    ok = pana_put_params(&p->initiation, &settings->params);
    assert(ok);
    p->eap_trace = (struct trace){
        .state = on_eap_state, .state_arg = p, .secret = on_eap_secret, .secret_arg = p};
    p->eap_env = *env;
    p->eap_env.trace = &p->eap_trace;
    return p;
}

struct proto *pana_pac_proto(struct pana_pac *p)
{
    return &p->session.proto;
}

bool pana_pac_is_open(const struct pana_pac *p)
{
    return p->open && p->session.proto.status != PROTO_FAILED;
}

const struct eap_keys *pana_pac_keys(const struct pana_pac *p)
{
    return &p->keys;
}

const struct pana_params *pana_pac_params(const struct pana_pac *p)
{
    return &p->params;
}

uint32_t pana_pac_session_lifetime_s(const struct pana_pac *p)
{
    return p->lifetime_s;
}

void pana_pac_reauthenticate(struct pana_pac *p, sim_ns now)
{
    fire(p, now, PANA_EV_REAUTH);
}

void pana_pac_ping(struct pana_pac *p, sim_ns now)
{
    fire(p, now, PANA_EV_PANA_PING);
}

void pana_pac_terminate(struct pana_pac *p, sim_ns now)
{
    p->leaving = true;
    if (!p->session.sa.present)
        pana_fail(&p->session, REASON_PANA_TERMINATED);
    fire(p, now, PANA_EV_TERMINATE);
}
