#include "models/proc/aaa.h"

#include "crypto/hash.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

struct aaa_session {
    struct proto proto;
    struct aaa_session_settings settings;
    struct radius_server *server;
    struct pana_params params;
    enum pana_usage usage;
    bool ival_capable;
    uint8_t kival[M2M_KEY_LEN]; /* of a user that is ival_capable, until the verdict */
    bool accepted;
    bool ended; /* the verdict is out; what is left is to repeat it */
};

static struct aaa_session *of(struct proto *p)
{
    return (struct aaa_session *)p;
}

static struct proto *child(const struct aaa_session *s)
{
    return radius_server_proto(s->server);
}

struct eap_server *aaa_session_eap(struct aaa_session *s)
{
    return radius_server_eap(s->server);
}

const struct eap_query *aaa_session_query(const struct aaa_session *s)
{
    struct eap_server *eap = radius_server_eap(s->server);

    return eap && !s->ended ? eap_server_query(eap) : NULL;
}

/* ---- what the node knows ---- */

static void find_user(struct aaa_session *s, sim_ns now, const struct eap_query *q)
{
    struct aaa_question question = {.identity = q->identity};
    struct aaa_user *user = xcalloc(1, sizeof *user);
    struct radius_packet request;

    if (radius_server_last(s->server, &request))
        aaa_params_get(&request, &question.params);
    s->usage = question.params.usage;
    s->settings.find(s->settings.arg, s->proto.env, now, &question, user);
    s->params = user->params;
    s->ival_capable = user->ival_capable;
    memcpy(s->kival, user->kival, sizeof s->kival);
    eap_server_answer(aaa_session_eap(s), now, &user->answer);
    radius_server_poke(s->server, now);
    explicit_bzero(user, sizeof *user);
    free(user);
}

void aaa_wrapping_key(struct meter *m, const uint8_t msk[EAP_KEY_LEN], uint8_t kek[M2M_KEY_LEN])
{
    hash_hmac_sha256(m, span_of(msk, EAP_KEY_LEN), span_str("m2msim RADIUS key wrap"), kek);
}

static bool put_kival(struct aaa_session *s, struct buf *extra, const struct eap_keys *keys)
{
    struct meter *meter = s->proto.env->meter;
    uint8_t kek[M2M_KEY_LEN], wrapped[M2M_WRAPPED_LEN];
    bool ok;

    aaa_wrapping_key(meter, keys->msk, kek);
    ok = !key_wrap(meter, kek, s->kival, sizeof s->kival, wrapped) &&
         radius_put_vendor(extra, AAA_WRAPPED_KIVAL, span_of(wrapped, sizeof wrapped));
    explicit_bzero(kek, sizeof kek);
    return ok;
}

/* GAP C1: the MAS keeps Kmr; what it tells the PAA is of no use without the device's EMSK. */
static void accept(struct aaa_session *s)
{
    struct proto_env *env = s->proto.env;
    const struct eap_keys *keys = eap_server_keys(aaa_session_eap(s));
    uint8_t kmr[M2M_KEY_LEN];
    struct buf extra;

    s->accepted = true;
    if (!keys || !keys->present)
        return;
    if (s->usage == PANA_USAGE_BOOTSTRAP && env->se) {
        key_kmr_from_emsk(env->meter, span_of(keys->emsk, sizeof keys->emsk),
                          span_str(s->params.sp_id), s->params.node_id, kmr);
        se_put(env->se, SE_KMR, kmr);
        explicit_bzero(kmr, sizeof kmr);
    }
    buf_init(&extra, RADIUS_PACKET_MAX);
    if (aaa_params_put(&extra, &s->params) &&
        (s->usage == PANA_USAGE_BOOTSTRAP || !s->ival_capable || put_kival(s, &extra, keys)))
        radius_server_extra(s->server, buf_span(&extra));
    buf_clear(&extra);
    explicit_bzero(s->kival, sizeof s->kival);
}

/* After every call into the child: what its EAP server asks that can be answered here, and its
 * success, whose Access-Accept is made by the next output(). */
static void proceed(struct aaa_session *s, sim_ns now)
{
    const struct eap_query *q;

    while ((q = aaa_session_query(s)) && q->kind == EAP_QUERY_USER)
        find_user(s, now, q);
    if (!s->accepted && aaa_session_eap(s) &&
        eap_server_proto(aaa_session_eap(s))->status == PROTO_DONE)
        accept(s);
    if (!s->ended)
        s->proto.expiry = child(s)->expiry;
}

void aaa_session_answer(struct aaa_session *s, sim_ns now, const struct eap_answer *a)
{
    if (!aaa_session_query(s))
        return;
    eap_server_answer(aaa_session_eap(s), now, a);
    radius_server_poke(s->server, now);
    proceed(s, now);
}

bool aaa_session_is_accepted(const struct aaa_session *s)
{
    return s->accepted;
}

enum reason aaa_session_refusal(const struct aaa_session *s)
{
    return s->accepted ? REASON_NONE : child(s)->reason;
}

const struct pana_params *aaa_session_params(const struct aaa_session *s)
{
    return &s->params;
}

enum pana_usage aaa_session_usage(const struct aaa_session *s)
{
    return s->usage;
}

/* ---- the operations ---- */

static void aaa_start(struct proto *p, sim_ns now)
{
    child(of(p))->ops->start(child(of(p)), now);
    proceed(of(p), now);
}

static void aaa_input(struct proto *p, sim_ns now, struct span in)
{
    if (p->status != PROTO_RUNNING)
        return;
    child(of(p))->ops->input(child(of(p)), now, in);
    proceed(of(p), now);
}

/* Its answers may have been lost: repeated requests are answered for a while. */
static void end(struct aaa_session *s, sim_ns now)
{
    s->ended = true;
    s->proto.expiry = sim_ns_add(now, s->settings.linger);
    trace_state(s->proto.env->trace, s->proto.ops->name, "conversation", "verdict given",
                s->accepted ? "accepted" : reason_text(child(s)->reason));
}

static bool aaa_output(struct proto *p, sim_ns now, struct buf *out)
{
    struct aaa_session *s = of(p);
    bool more = child(s)->ops->output(child(s), now, out);

    if (!s->ended && child(s)->status != PROTO_RUNNING)
        end(s, now);
    return more;
}

static void aaa_expire(struct proto *p, sim_ns now)
{
    struct aaa_session *s = of(p);

    if (!s->ended) {
        child(s)->ops->expire(child(s), now);
        proceed(s, now);
        /* Nobody asked for so long: there is no answer to repeat. */
        s->ended = child(s)->status != PROTO_RUNNING;
    }
    if (!s->ended)
        return;
    p->expiry = SIM_NEVER;
    if (s->accepted)
        proto_done(p);
    else
        proto_fail(p, child(s)->reason);
}

static void aaa_free(struct proto *p)
{
    if (of(p)->server)
        proto_free(child(of(p)));
    explicit_bzero(of(p)->kival, M2M_KEY_LEN);
    free(p);
}

static const struct proto_ops aaa_ops = {.name = "AAA session",
                                         .start = aaa_start,
                                         .input = aaa_input,
                                         .output = aaa_output,
                                         .expire = aaa_expire,
                                         .free = aaa_free};

struct aaa_session *aaa_session_new(struct proto_env *env,
                                    const struct aaa_session_settings *settings)
{
    struct aaa_session *s = xcalloc(1, sizeof *s);

    proto_init(&s->proto, &aaa_ops, env);
    s->settings = *settings;
    s->server = radius_server_new(env, &settings->radius);
    return s;
}

struct proto *aaa_session_proto(struct aaa_session *s)
{
    return &s->proto;
}
