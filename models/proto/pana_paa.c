/* The PAA as a core: a pass-through, whose EAP authenticator is the parent, which asks a server. */
#include "models/proto/pana_paa_impl.h"

#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>

static struct pana_paa *of_proto(struct proto *proto)
{
    return (struct pana_paa *)proto;
}

static void fire(struct pana_paa *p, sim_ns now, enum pana_event event)
{
    p->session.now = now;
    if (p->session.proto.status == PROTO_RUNNING)
        pana_fire(&p->session, event);
    if (p->session.proto.status == PROTO_RUNNING && p->leaving)
        pana_fire(&p->session, PANA_EV_TERMINATE);
    p->session.proto.expiry = pana_session_expiry(&p->session);
}

/* The PaC begins. */
static void start(struct proto *proto, sim_ns now)
{
    (void)proto, (void)now;
}

static void input(struct proto *proto, sim_ns now, struct span in)
{
    struct pana_paa *p = of_proto(proto);

    pana_session_input(&p->session, now, in);
    fire(p, now, PANA_EV_NONE);
}

static bool output(struct proto *proto, sim_ns now, struct buf *out)
{
    (void)now;
    return pana_session_output(&of_proto(proto)->session, out);
}

static void expire(struct proto *proto, sim_ns now)
{
    struct pana_paa *p = of_proto(proto);

    pana_session_expire(&p->session, now);
    proto->expiry = pana_session_expiry(&p->session);
}

static void free_paa(struct proto *proto)
{
    struct pana_paa *p = of_proto(proto);

    buf_clear(&p->response);
    pana_session_release(&p->session);
    free(p);
}

static const struct proto_ops ops = {"pana-paa", start, input, output, expire, free_paa};

struct pana_paa *pana_paa_new(struct proto_env *env, const struct pana_paa_settings *settings)
{
    struct pana_paa *p = xcalloc(1, sizeof(*p));

    assert(settings->session_id != 0);
    pana_session_init(&p->session, &ops, env, &pana_paa_machine, &settings->timers);
    p->settings = *settings;
    p->session.id = settings->session_id;
    p->session.has_id = true;
    buf_init(&p->response, PANA_MESSAGE_MAX);
    return p;
}

struct proto *pana_paa_proto(struct pana_paa *p)
{
    return &p->session.proto;
}

bool pana_paa_wants_request(const struct pana_paa *p)
{
    return p->wants_request && p->session.proto.status == PROTO_RUNNING;
}

struct span pana_paa_eap(const struct pana_paa *p)
{
    return buf_span(&p->response);
}

void pana_paa_eap_taken(struct pana_paa *p)
{
    buf_clear(&p->response);
}

void pana_paa_request(struct pana_paa *p, sim_ns now, struct span eap)
{
    assert(eap.n <= PANA_EAP_MAX);
    p->verdict.eap = eap;
    fire(p, now, PANA_EV_EAP_REQUEST);
    p->verdict.eap = span_of(NULL, 0);
}

void pana_paa_finish(struct pana_paa *p, sim_ns now, struct span eap, const uint8_t *msk,
                     const struct pana_params *params, enum reason reason)
{
    bool success = eap.n > 0 && eap.p[0] == EAP_SUCCESS;
    enum pana_event event = success ? PANA_EV_EAP_SUCCESS : PANA_EV_EAP_FAILURE;

    assert(eap.n <= PANA_EAP_MAX);
    /* Nothing could protect a success without an MSK, or before the nonces went by. */
    if (success && (!msk || p->session.pac_nonce_n == 0) && reason == REASON_NONE)
        reason = REASON_PANA_AUTH;
    if (eap.n == 0 || (success && (!msk || p->session.pac_nonce_n == 0)))
        event = PANA_EV_EAP_TIMEOUT;
    p->verdict.eap = eap;
    p->verdict.msk = msk;
    p->verdict.params = params;
    p->verdict.reason = reason;
    fire(p, now, event);
    p->verdict.eap = span_of(NULL, 0);
    p->verdict.msk = NULL;
    p->verdict.params = NULL;
}

bool pana_paa_is_open(const struct pana_paa *p)
{
    return p->open && p->session.proto.status != PROTO_FAILED;
}

const struct pana_params *pana_paa_client_params(const struct pana_paa *p)
{
    return &p->client;
}

void pana_paa_reauthenticate(struct pana_paa *p, sim_ns now)
{
    fire(p, now, PANA_EV_REAUTH);
}

void pana_paa_ping(struct pana_paa *p, sim_ns now)
{
    fire(p, now, PANA_EV_PANA_PING);
}

void pana_paa_terminate(struct pana_paa *p, sim_ns now, unsigned cause)
{
    p->leaving = true;
    p->cause_code = cause;
    if (!p->session.sa.present)
        pana_fail(&p->session, REASON_PANA_TERMINATED);
    fire(p, now, PANA_EV_NONE);
}
