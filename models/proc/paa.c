#include "models/proc/paa.h"

#include "models/proc/aaa.h"
#include "sim/base/xalloc.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct paa_session {
    struct proto proto;  /* the door to the PaC */
    struct proto radius; /* the door to the MAS */
    struct radius_client_settings settings;
    struct pana_paa *paa;
    struct radius_client *client; /* NULL before the device's first word */
    struct pana_params own;       /* what the PAA says of itself */
    struct pana_params params;    /* of the Access-Accept */
    /* The client's labels, until they leave by their own door. */
    struct proto_env radius_env;
    struct trace radius_trace;
    enum reason refusal;
    void (*grant)(void *arg, struct proto_env *env, sim_ns now, const char *identity,
                  struct pana_params *params);
    void *arg;
    char identity[EAP_IDENTITY_MAX + 1];
    bool accepted, judged;
};

static struct paa_session *of(struct proto *p)
{
    return (struct paa_session *)p;
}

static struct paa_session *of_radius(struct proto *p)
{
    return (struct paa_session *)(void *)((char *)p - offsetof(struct paa_session, radius));
}

static struct proto *paa(const struct paa_session *s)
{
    return pana_paa_proto(s->paa);
}

/* ---- towards the MAS ---- */

static void ask_identity(struct paa_session *s, sim_ns now)
{
    struct buf b;

    buf_init(&b, EAP_MTU);
    eap_put(&b, EAP_REQUEST, 1, EAP_IDENTITY, 0, 0, span_of(NULL, 0));
    pana_paa_request(s->paa, now, buf_span(&b));
    buf_clear(&b);
}

/* Usage, SP-ID and who asks, and what the device said of itself. */
static void put_extra(struct paa_session *s, struct buf *extra)
{
    const struct pana_params *device = pana_paa_client_params(s->paa);
    struct pana_params all = s->own;

    if (device->has & 1u << PANA_ETSI_TARGET_DEVICE_ID) {
        memcpy(all.target_device_id, device->target_device_id, sizeof all.target_device_id);
        all.has |= 1u << PANA_ETSI_TARGET_DEVICE_ID;
    }
    if (device->has & 1u << PANA_ETSI_SCL_ID) {
        memcpy(all.scl_id, device->scl_id, sizeof all.scl_id);
        all.has |= 1u << PANA_ETSI_SCL_ID;
    }
    if (device->has & 1u << PANA_ETSI_MID_FLAGS) {
        all.mid_flags = device->mid_flags;
        all.has |= 1u << PANA_ETSI_MID_FLAGS;
    }
    /* Longer texts than an attribute holds are the device's own doing, and its loss. */
    (void)aaa_params_put(extra, &all);
}

static void begin_radius(struct paa_session *s, sim_ns now)
{
    struct radius_client_settings settings = s->settings;
    struct proto *client;
    struct buf extra;

    buf_init(&extra, RADIUS_PACKET_MAX / 2);
    put_extra(s, &extra);
    settings.extra = buf_span(&extra);
    s->client = radius_client_new(&s->radius_env, &settings);
    buf_clear(&extra);
    client = radius_client_proto(s->client);
    client->ops->start(client, now);
}

/* ---- the verdict ---- */

static bool has_all(const struct pana_params *p, enum pana_usage usage)
{
    uint32_t needed = 1u << PANA_ETSI_NODE_ID | 1u << PANA_ETSI_LIFETIME;

    if (usage == PANA_USAGE_BOOTSTRAP)
        needed |= 1u << PANA_ETSI_KMR_INDEX;
    else
        needed |= 1u << PANA_ETSI_CONNECTION_ID | 1u << PANA_ETSI_KMC_INDEX;
    return (p->has & needed) == needed;
}

/* What the last PAR may tell the device: not its own words back. */
static struct pana_params for_device(const struct paa_session *s)
{
    struct pana_params p = s->params;

    p.has &= ~(1u << PANA_ETSI_USAGE_TYPE | 1u << PANA_ETSI_SP_ID | 1u << PANA_ETSI_MSBF_ID |
               1u << PANA_ETSI_NSCL_ID | 1u << PANA_ETSI_TARGET_DEVICE_ID);
    return p;
}

/* false: it is there, but not as the MAS wrapped it. */
static bool keep_kival(struct paa_session *s, const struct radius_packet *accept,
                       const uint8_t msk[EAP_KEY_LEN])
{
    struct proto_env *env = s->proto.env;
    uint8_t kek[M2M_KEY_LEN];
    struct span wrapped;
    bool ok;

    if (!radius_find_vendor(accept, AAA_WRAPPED_KIVAL, &wrapped) || !env->se)
        return true;
    if (wrapped.n != M2M_WRAPPED_LEN)
        return false;
    aaa_wrapping_key(env->meter, msk, kek);
    ok = !se_unwrap(env->se, env->meter, SE_KIVAL, kek, wrapped.p);
    explicit_bzero(kek, sizeof kek);
    return ok;
}

static void keep_kmc(struct paa_session *s, const uint8_t msk[EAP_KEY_LEN])
{
    struct proto_env *env = s->proto.env;
    uint8_t kmc[M2M_KEY_LEN];

    if (s->own.usage != PANA_USAGE_CONNECTION || !env->se)
        return;
    key_kmc_from_msk(env->meter, span_of(msk, EAP_KEY_LEN), s->params.node_id,
                     s->params.connection_id, kmc);
    se_put(env->se, SE_KMC, kmc);
    explicit_bzero(kmc, sizeof kmc);
}

static void on_accept(struct paa_session *s, sim_ns now, struct span eap)
{
    struct pana_params params;
    struct radius_packet accept;
    uint8_t msk[EAP_KEY_LEN];

    if (radius_client_accept(s->client, &accept))
        aaa_params_get(&accept, &s->params);
    if (s->grant && !has_all(&s->params, s->own.usage))
        s->grant(s->arg, s->proto.env, now, s->identity, &s->params);
    /* Without a key there is no session to protect. */
    if (!radius_client_msk(s->client, msk) || !keep_kival(s, &accept, msk)) {
        s->refusal = REASON_RADIUS_MALFORMED;
        pana_paa_finish(s->paa, now, span_of(NULL, 0), NULL, NULL, s->refusal);
    } else if (!has_all(&s->params, s->own.usage)) {
        s->refusal = REASON_FORBIDDEN; /* authenticated, but the MAS grants nothing */
        pana_paa_finish(s->paa, now, eap, msk, NULL, s->refusal);
    } else {
        keep_kmc(s, msk);
        params = for_device(s);
        s->accepted = true;
        pana_paa_finish(s->paa, now, eap, msk, &params, REASON_NONE);
    }
    explicit_bzero(msk, sizeof msk);
}

static void judge(struct paa_session *s, sim_ns now, struct span eap)
{
    struct proto *client = radius_client_proto(s->client);

    s->judged = true;
    if (client->status == PROTO_DONE) {
        on_accept(s, now, eap);
    } else {
        s->refusal = client->reason;
        pana_paa_finish(s->paa, now, eap, NULL, NULL, s->refusal);
    }
    proto_done(&s->radius);
}

/* ---- between the two ---- */

/* One that is too long, or has a NUL, is nobody's. */
static void take_identity(struct paa_session *s, struct span eap)
{
    struct eap_packet p;

    if (eap_parse(eap, &p) != REASON_NONE || p.type != EAP_IDENTITY || p.data.n == 0 ||
        p.data.n > EAP_IDENTITY_MAX || memchr(p.data.p, '\0', p.data.n))
        return;
    memcpy(s->identity, p.data.p, p.data.n);
    s->identity[p.data.n] = '\0';
}

static void to_mas(struct paa_session *s, sim_ns now)
{
    struct span eap = pana_paa_eap(s->paa);

    if (eap.n == 0 || s->judged)
        return;
    if (!s->client) {
        take_identity(s, eap);
        begin_radius(s, now);
    }
    radius_client_eap(s->client, now, eap);
    pana_paa_eap_taken(s->paa);
}

static void to_device(struct paa_session *s, sim_ns now)
{
    struct span reply;

    if (!s->client || s->judged)
        return;
    reply = radius_client_reply(s->client);
    if (radius_client_proto(s->client)->status != PROTO_RUNNING)
        judge(s, now, reply);
    else if (reply.n > 0)
        pana_paa_request(s->paa, now, reply);
    else
        return;
    radius_client_taken(s->client);
}

static void proceed(struct paa_session *s, sim_ns now)
{
    const struct proto *client;

    if (!s->judged && pana_paa_wants_request(s->paa))
        ask_identity(s, now);
    to_mas(s, now);
    to_device(s, now);
    client = s->client ? radius_client_proto(s->client) : NULL;
    s->radius.expiry = client && !s->judged ? client->expiry : SIM_NEVER;
    s->proto.expiry = paa(s)->expiry;
    if (paa(s)->status == PROTO_FAILED)
        proto_fail(&s->proto, paa(s)->reason);
    else if (paa(s)->status == PROTO_DONE)
        proto_done(&s->proto);
}

bool paa_session_is_accepted(const struct paa_session *s)
{
    return s->accepted;
}

const struct pana_params *paa_session_params(const struct paa_session *s)
{
    return &s->params;
}

enum reason paa_session_refusal(const struct paa_session *s)
{
    return s->refusal;
}

const char *paa_session_identity(const struct paa_session *s)
{
    return s->identity;
}

/* ---- the operations ---- */

static void paa_start(struct proto *p, sim_ns now)
{
    paa(of(p))->ops->start(paa(of(p)), now);
    proceed(of(p), now);
}

static void paa_input(struct proto *p, sim_ns now, struct span in)
{
    paa(of(p))->ops->input(paa(of(p)), now, in);
    proceed(of(p), now);
}

static bool paa_output(struct proto *p, sim_ns now, struct buf *out)
{
    bool more = paa(of(p))->ops->output(paa(of(p)), now, out);

    proceed(of(p), now);
    return more;
}

static void paa_expire(struct proto *p, sim_ns now)
{
    paa(of(p))->ops->expire(paa(of(p)), now);
    proceed(of(p), now);
}

static void paa_free(struct proto *p)
{
    struct paa_session *s = of(p);

    proto_free(paa(s));
    if (s->client)
        proto_free(radius_client_proto(s->client));
    free(s);
}

static const struct proto_ops paa_ops = {.name = "PAA session",
                                         .start = paa_start,
                                         .input = paa_input,
                                         .output = paa_output,
                                         .expire = paa_expire,
                                         .free = paa_free};

/* The client begins with the device's first word. */
static void radius_start(struct proto *p, sim_ns now)
{
    (void)p;
    (void)now;
}

static void radius_input(struct proto *p, sim_ns now, struct span in)
{
    struct paa_session *s = of_radius(p);

    if (!s->client || s->judged)
        return;
    radius_client_proto(s->client)->ops->input(radius_client_proto(s->client), now, in);
    proceed(s, now);
}

static bool radius_output(struct proto *p, sim_ns now, struct buf *out)
{
    struct paa_session *s = of_radius(p);
    bool more;

    if (!s->client)
        return false;
    more = radius_client_proto(s->client)->ops->output(radius_client_proto(s->client), now, out);
    if (s->radius_trace.label[0])
        trace_text(s->proto.env->trace, s->radius_trace.label);
    s->radius_trace.label[0] = '\0';
    return more;
}

static void radius_expire(struct proto *p, sim_ns now)
{
    struct paa_session *s = of_radius(p);

    if (s->client)
        radius_client_proto(s->client)->ops->expire(radius_client_proto(s->client), now);
    proceed(s, now);
}

static void radius_free(struct proto *p)
{
    (void)p;
}

static const struct proto_ops radius_ops = {.name = "PAA session, RADIUS",
                                            .start = radius_start,
                                            .input = radius_input,
                                            .output = radius_output,
                                            .expire = radius_expire,
                                            .free = radius_free};

struct paa_session *paa_session_new(struct proto_env *env,
                                    const struct paa_session_settings *settings)
{
    struct paa_session *s = xcalloc(1, sizeof *s);

    proto_init(&s->proto, &paa_ops, env);
    proto_init(&s->radius, &radius_ops, env);
    s->settings = settings->radius;
    s->own = settings->pana.params;
    s->grant = settings->grant;
    s->arg = settings->arg;
    s->radius_env = *env;
    s->radius_env.trace = &s->radius_trace;
    if (env->trace) {
        s->radius_trace = *env->trace;
        s->radius_trace.label[0] = '\0';
    }
    s->paa = pana_paa_new(env, &settings->pana);
    return s;
}

struct proto *paa_session_proto(struct paa_session *s)
{
    return &s->proto;
}

struct proto *paa_session_radius(struct paa_session *s)
{
    return &s->radius;
}
