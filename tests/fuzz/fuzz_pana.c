/* pana: a PaC, a PAA with EAP-GPSK behind it, and the way between, in the words of steps.h. The
 * first octet: bit 0 no piggyback, bit 1 the first request in PAR[S], bit 2 encrypted, bit 3 the
 * mandatory algorithms alone, bit 4 sessions are kept, bit 5 the server refuses. */
#include "tests/fuzz/fuzz.h"

#include "crypto/entity.h"
#include "models/proto/eap_method.h"
#include "models/proto/pana_paa_impl.h"
#include "models/proto/pana_pac_impl.h"
#include "tests/fuzz/steps.h"

#include <stdlib.h>

enum step {
    STEP_HONEST,  /* the oldest datagram on its way */
    STEP_CHANGED, /* with changed octets */
    STEP_LOST,
    STEP_RAW,    /* the octets */
    STEP_MADE,   /* flags (1 octet, the upper), type, AVPs: in a header with right numbers */
    STEP_SEALED, /* the same under a right AUTH, if there can be one */
    STEP_AGAIN,  /* the last datagram that arrived there, once more */
    STEP_TIME,   /* an expiry comes */
    STEP_CALL,   /* a parent's wish: re-authentication, ping, end */
    STEP_KINDS
};
#define STEP_TO_PAC 0x80 /* else to the PAA */

#define ON_THE_WAY 16

static const uint8_t psk[32] = "a key of two and thirty octets.";

struct datagram {
    bool to_pac;
    struct buf octets;
};

struct world {
    struct rng stream[2];
    struct se se;
    struct meter meter;
    struct trace trace;
    struct proto_env env[2];
    struct pana_pac *pac;
    struct pana_paa *paa;
    struct eap_server *server;
    struct pana_params last;
    uint8_t options;
    sim_ns now;
    bool finished;                    /* the server that there is */
    bool forged;                      /* somebody with the key made something up */
    struct eap_keys keys, older_keys; /* of the last two successes */
    struct datagram way[ON_THE_WAY];
    size_t way_n;
    struct buf arrived[2];
};

static struct proto *side(struct world *w, bool pac)
{
    return pac ? pana_pac_proto(w->pac) : pana_paa_proto(w->paa);
}

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check(struct world *w)
{
    for (int i = 0; i < 2; i++) {
        const struct proto *p = side(w, i == 0);

        must((p->status == PROTO_FAILED) == (p->reason != REASON_NONE));
        must(p->status == PROTO_RUNNING || p->expiry == SIM_NEVER);
    }
    if (pana_pac_is_open(w->pac) && !w->forged) {
        const struct eap_keys *k = pana_pac_keys(w->pac);

        must(memcmp(k, &w->keys, sizeof(*k)) == 0 || memcmp(k, &w->older_keys, sizeof(*k)) == 0);
        must(k->present && pana_pac_params(w->pac)->kmr_index == 7);
    }
    if (pana_paa_is_open(w->paa) && !w->forged)
        must(pana_pac_keys(w->pac)->present);
}

static void drain(struct world *w, bool pac)
{
    struct proto *p = side(w, pac);
    struct buf out;

    buf_init(&out, PANA_MESSAGE_MAX);
    while (p->ops->output(p, w->now, &out)) {
        static struct pana_msg m;

        must(pana_msg_parse(buf_span(&out), &m) == REASON_NONE && w->trace.label[0]);
        w->trace.label[0] = '\0';
        if (w->way_n < ON_THE_WAY) {
            w->way[w->way_n].to_pac = !pac;
            buf_put_span(&w->way[w->way_n++].octets, buf_span(&out));
        }
        buf_clear(&out);
    }
    check(w);
}

/* ---- what stands behind the PAA ---- */

static void begin_eap(struct world *w)
{
    struct eap_server_settings settings = {.server_id = "mas", .ask_identity = true};

    if (w->server)
        proto_free(eap_server_proto(w->server));
    w->server = eap_server_new(&w->env[1], &settings);
    w->finished = false;
    eap_server_proto(w->server)->ops->start(eap_server_proto(w->server), w->now);
}

static void pass_on(struct world *w)
{
    struct proto *server = eap_server_proto(w->server);
    enum reason refuse = w->options & 0x20 ? REASON_PERMISSION_DENIED : REASON_NONE;
    struct buf out;

    buf_init(&out, EAP_PACKET_MAX);
    if (server->ops->output(server, w->now, &out)) {
        w->trace.label[0] = '\0';
        if (server->status == PROTO_RUNNING) {
            pana_paa_request(w->paa, w->now, buf_span(&out));
        } else if (server->status == PROTO_DONE) {
            w->finished = true;
            w->older_keys = w->keys;
            w->keys = *eap_server_keys(w->server);
            pana_paa_finish(w->paa, w->now, buf_span(&out), w->keys.msk, &w->last, refuse);
        } else {
            w->finished = true;
            pana_paa_finish(w->paa, w->now, buf_span(&out), NULL, NULL, server->reason);
        }
    }
    buf_clear(&out);
}

static void attend(struct world *w)
{
    struct proto *server;

    if (pana_paa_wants_request(w->paa) && (!w->server || w->finished))
        begin_eap(w);
    if (!w->server)
        return;
    server = eap_server_proto(w->server);
    if (pana_paa_eap(w->paa).n > 0) {
        server->ops->input(server, w->now, pana_paa_eap(w->paa));
        pana_paa_eap_taken(w->paa);
    }
    while (eap_server_query(w->server)) {
        struct eap_answer a = {.methods = {&eap_method_gpsk}, .method_count = 1, .has_psk = true};

        memcpy(a.psk, psk, sizeof(psk));
        eap_server_answer(w->server, w->now, &a);
    }
    pass_on(w);
}

/* ---- the way ---- */

static void deliver(struct world *w, bool to_pac, struct span octets)
{
    struct proto *p = side(w, to_pac);

    p->ops->input(p, w->now, octets);
    buf_clear(&w->arrived[to_pac]);
    buf_put_span(&w->arrived[to_pac], octets);
    if (!to_pac)
        attend(w);
    drain(w, to_pac);
}

static void next_on_the_way(struct world *w, enum step what, struct span changes)
{
    struct buf octets;
    bool to_pac;

    if (w->way_n == 0)
        return;
    octets = w->way[0].octets;
    to_pac = w->way[0].to_pac;
    for (size_t i = 1; i < w->way_n; i++)
        w->way[i - 1] = w->way[i];
    buf_init(&w->way[--w->way_n].octets, PANA_MESSAGE_MAX);
    if (what == STEP_CHANGED)
        step_change(changes, octets.p + octets.start, buf_len(&octets));
    if (what != STEP_LOST)
        deliver(w, to_pac, buf_span(&octets));
    buf_clear(&octets);
}

/* The key under which a message to this side must be; NULL: there is none. A PAR[C] gets what must
 * be in it for its key to be new. */
static const struct pana_sa *key_for(struct world *w, bool to_pac, uint16_t flags, struct buf *avps)
{
    static struct pana_sa made;
    struct pana_session *s = (struct pana_session *)side(w, to_pac);
    const struct eap_keys *keys =
        to_pac && w->pac->peer ? eap_peer_coming_keys(w->pac->peer) : NULL;
    struct pana_key_input in = {.algorithms = s->algorithms,
                                .i_par = buf_span(&s->i_par),
                                .i_pan = buf_span(&s->i_pan),
                                .pac_nonce = span_of(s->pac_nonce, s->pac_nonce_n),
                                .paa_nonce = span_of(s->paa_nonce, s->paa_nonce_n),
                                .key_id = 9};
    const uint8_t success[4] = {EAP_SUCCESS, 0, 0, 4};

    if (!(flags & PANA_C))
        return pana_current_sa(s);
    if (!to_pac)
        return s->next_sa.present ? &s->next_sa : pana_current_sa(s);
    if (!keys || s->state != PANA_WAIT_PAA)
        return pana_current_sa(s);
    in.msk = span_of(keys->msk, EAP_KEY_LEN);
    pana_keys_derive(NULL, &in, &made);
    pana_put_u32(avps, PANA_AVP_KEY_ID, in.key_id);
    pana_put_avp(avps, PANA_AVP_EAP_PAYLOAD, span_of(success, sizeof(success)));
    return &made;
}

static void make(struct world *w, bool to_pac, bool sealed, struct span octets)
{
    struct pana_session *s = (struct pana_session *)side(w, to_pac);
    const struct pana_sa *sa = NULL;
    uint8_t auth[PANA_AUTH_MAX] = {0};
    struct buf avps, b;
    uint16_t flags;

    if (octets.n < 2)
        return;
    flags = (uint16_t)(octets.p[0] << 8);
    buf_init(&avps, PANA_MESSAGE_MAX);
    buf_init(&b, PANA_MESSAGE_MAX);
    if (sealed)
        sa = key_for(w, to_pac, flags, &avps);
    buf_put(&avps, octets.p + 2, octets.n - 2);
    if (sa)
        pana_put_avp(&avps, PANA_AVP_AUTH, span_of(auth, pana_auth_length(sa)));
    pana_put_header(&b, flags, (enum pana_type)(octets.p[1] & 7), s->id,
                    flags & PANA_R ? s->rx_sequence : s->request.sequence, buf_len(&avps));
    buf_put_span(&b, buf_span(&avps));
    if (sa) {
        size_t n = pana_auth_length(sa), before = buf_len(&b) - n;

        pana_auth(NULL, sa, span_of(buf_span(&b).p, before), auth);
        memcpy(b.p + b.start + before, auth, n);
        w->forged = true;
    }
    deliver(w, to_pac, buf_span(&b));
    buf_clear(&avps);
    buf_clear(&b);
}

static void expire(struct world *w, bool pac)
{
    struct proto *p = side(w, pac);

    if (p->expiry == SIM_NEVER)
        return;
    if (p->expiry > w->now)
        w->now = p->expiry;
    p->ops->expire(p, w->now);
    drain(w, pac);
}

static void call(struct world *w, bool pac, uint8_t what)
{
    if (what % 3 == 0)
        pac ? pana_pac_reauthenticate(w->pac, w->now) : pana_paa_reauthenticate(w->paa, w->now);
    else if (what % 3 == 1)
        pac ? pana_pac_ping(w->pac, w->now) : pana_paa_ping(w->paa, w->now);
    else
        pac ? pana_pac_terminate(w->pac, w->now) : pana_paa_terminate(w->paa, w->now, 4);
    if (!pac)
        attend(w);
    drain(w, pac);
}

static void again(struct world *w, bool to_pac)
{
    struct buf copy;

    buf_init(&copy, PANA_MESSAGE_MAX);
    buf_put_span(&copy, buf_span(&w->arrived[to_pac]));
    if (buf_len(&copy) > 0)
        deliver(w, to_pac, buf_span(&copy));
    buf_clear(&copy);
}

static void take_step(struct world *w, uint8_t octet, struct span octets)
{
    bool to_pac = octet & STEP_TO_PAC;
    enum step what = (enum step)((octet & 0x7f) % STEP_KINDS);

    switch (what) {
    case STEP_HONEST:
    case STEP_CHANGED:
    case STEP_LOST:
        next_on_the_way(w, what, octets);
        break;
    case STEP_RAW:
        deliver(w, to_pac, octets);
        break;
    case STEP_MADE:
    case STEP_SEALED:
        make(w, to_pac, what == STEP_SEALED, octets);
        break;
    case STEP_AGAIN:
        again(w, to_pac);
        break;
    case STEP_TIME:
        expire(w, to_pac);
        break;
    case STEP_CALL:
        call(w, to_pac, octets.n > 0 ? octets.p[0] : 0);
        break;
    case STEP_KINDS:
        break;
    }
}

static void begin(struct world *w, uint8_t options)
{
    static const struct eap_method *const methods[] = {&eap_method_gpsk};
    struct pana_pac_settings pac = {.no_piggyback = options & 1,
                                    .keep_session = options & 0x10,
                                    .linger = 10 * SIM_S,
                                    .device_id = "device-1"};
    struct pana_paa_settings paa = {.session_id = 0x01020304,
                                    .session_lifetime_s = 100,
                                    .optimized_init = options & 2,
                                    .encrypt = options & 4,
                                    .sha1_only = options & 8,
                                    .keep_session = options & 0x10};

    memset(w, 0, sizeof(*w));
    w->options = options;
    for (int i = 0; i < 2; i++) {
        w->stream[i] = rng_stream(1, i ? "PAA" : "PaC", "fuzz");
        w->env[i] = (struct proto_env){&w->stream[i], &w->se, &w->meter, &w->trace, 0};
        buf_init(&w->arrived[i], PANA_MESSAGE_MAX);
    }
    for (int i = 0; i < ON_THE_WAY; i++)
        buf_init(&w->way[i].octets, PANA_MESSAGE_MAX);
    se_put(&w->se, SE_KMR, psk);
    w->last.has = 1u << PANA_ETSI_KMR_INDEX;
    w->last.kmr_index = 7;
    pana_timers_default(&pac.timers);
    pana_timers_default(&paa.timers);
    pac.eap = (struct eap_peer_settings){.identity = "device-1",
                                         .methods = methods,
                                         .method_count = 1,
                                         .credentials = {.has_psk = true, .psk_slot = SE_KMR}};
    w->pac = pana_pac_new(&w->env[0], &pac);
    w->paa = pana_paa_new(&w->env[1], &paa);
    side(w, true)->ops->start(side(w, true), 0);
    side(w, false)->ops->start(side(w, false), 0);
    drain(w, true);
}

static void end(struct world *w)
{
    proto_free(pana_pac_proto(w->pac));
    proto_free(pana_paa_proto(w->paa));
    if (w->server)
        proto_free(eap_server_proto(w->server));
    for (int i = 0; i < ON_THE_WAY; i++)
        buf_clear(&w->way[i].octets);
    buf_clear(&w->arrived[0]);
    buf_clear(&w->arrived[1]);
    se_release(&w->se);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct world w;

    return steps_run(&w, data, n, begin, take_step, end);
}
