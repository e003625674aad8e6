#include "tests/support/radius_rig.h"

#include "crypto/entity.h"

#include <check.h>

/* Around calls into the peer, within side 0's turn: its draws are its own. */
static void enter_peer(struct radius_rig *r)
{
    pair_leave();
    entity_enter(&r->peer_stream, r->peer_env.epoch_unix_ns + r->pair.now);
}

static void leave_peer(struct radius_rig *r)
{
    entity_leave();
    pair_enter(&r->pair, 0);
}

/* An EAP packet to the peer, and what it says to it on to the client. */
static void to_peer(struct radius_rig *r, struct span eap)
{
    struct proto *peer = eap_peer_proto(r->peer);
    struct buf response;

    r->requests++;
    buf_init(&response, EAP_PACKET_MAX);
    enter_peer(r);
    peer->ops->input(peer, r->pair.now, eap);
    peer->ops->output(peer, r->pair.now, &response); /* one at most */
    leave_peer(r);
    r->pair.side[0].trace.label[0] = '\0';
    if (buf_len(&response) > 0)
        radius_client_eap(r->client, r->pair.now, buf_span(&response));
    buf_clear(&response);
}

/* The lower layer's result (RFC 4137 4.1): in mid-method an EAP-Failure alone is not believed. */
static void tell_end(struct radius_rig *r)
{
    enum proto_status client = radius_client_proto(r->client)->status;

    if (client == PROTO_RUNNING || eap_peer_proto(r->peer)->status != PROTO_RUNNING)
        return;
    enter_peer(r);
    eap_peer_alternate(r->peer, r->pair.now, client == PROTO_DONE);
    leave_peer(r);
}

static void attend_client(struct radius_rig *r)
{
    static const uint8_t ask[5] = {EAP_REQUEST, 0, 0, 5, EAP_IDENTITY};
    struct span reply;
    struct buf copy;

    if (!r->begun) {
        struct proto *peer = eap_peer_proto(r->peer);

        r->begun = true;
        enter_peer(r);
        peer->ops->start(peer, r->pair.now);
        leave_peer(r);
        if (r->settings.eap_start)
            radius_client_eap(r->client, r->pair.now, span_of(NULL, 0));
        else
            to_peer(r, span_of(ask, sizeof(ask)));
        return;
    }
    reply = radius_client_reply(r->client);
    if (reply.n > 0) {
        buf_init(&copy, EAP_PACKET_MAX);
        buf_put_span(&copy, reply);
        radius_client_taken(r->client);
        to_peer(r, buf_span(&copy));
        buf_clear(&copy);
    }
    tell_end(r);
}

static void attend_server(struct radius_rig *r)
{
    const struct radius_rig_settings *s = &r->settings;
    struct eap_server *eap = radius_server_eap(r->server);
    const struct eap_query *q;

    while (eap && !s->hold && (q = eap_server_query(eap))) {
        struct eap_answer a = {.reason = REASON_EAP_IDENTITY};

        r->queries++;
        for (size_t i = 0; q->kind == EAP_QUERY_USER && i < s->user_count && a.reason; i++)
            if (strcmp(s->users[i].identity, "*") == 0 ||
                strcmp(s->users[i].identity, q->identity) == 0)
                a = s->users[i].answer;
        if (a.reason == REASON_EAP_IDENTITY && s->answer)
            s->answer(s->answer_arg, q, &a);
        eap_server_answer(eap, r->pair.now, &a);
        radius_server_poke(r->server, r->pair.now);
    }
    if (eap && eap_server_proto(eap)->status == PROTO_DONE && s->accept.n > 0)
        radius_server_extra(r->server, s->accept);
}

static void step(void *arg, struct pair *p, int side)
{
    struct radius_rig *r = arg;

    (void)p;
    if (side == 0)
        attend_client(r);
    else
        attend_server(r);
}

void radius_rig_init(struct radius_rig *r, radius_rig_make make, void *arg)
{
    struct radius_rig_settings *s = &r->settings;

    memset(r, 0, sizeof(*r));
    s->client.secret = s->server.secret = span_str("testing123");
    s->client.nas_identifier = "nscl-1";
    if (make)
        make(arg, s);
    pair_init(&r->pair, s->seed);
    pair_enter(&r->pair, 0);
    r->peer_stream = rng_stream(s->seed, "peer", "radius rig");
    r->peer_env = r->pair.side[0].env;
    r->peer_env.stream = &r->peer_stream;
    enter_peer(r);
    r->peer = eap_peer_new(&r->peer_env, &s->peer);
    leave_peer(r);
    r->client = radius_client_new(&r->pair.side[0].env, &s->client);
    pair_leave();
    pair_enter(&r->pair, 1);
    r->server = radius_server_new(&r->pair.side[1].env, &s->server);
    pair_leave();
    r->pair.side[0].proto = radius_client_proto(r->client);
    r->pair.side[1].proto = radius_server_proto(r->server);
}

void radius_rig_release(struct radius_rig *r)
{
    pair_enter(&r->pair, 0);
    proto_free(eap_peer_proto(r->peer));
    proto_free(radius_client_proto(r->client));
    pair_leave();
    pair_enter(&r->pair, 1);
    proto_free(radius_server_proto(r->server));
    pair_leave();
    pair_release(&r->pair);
}

enum pair_end radius_rig_run(struct radius_rig *r, struct pair_script script)
{
    script.datagrams = true;
    script.step = step;
    script.arg = r;
    return pair_run(&r->pair, &script);
}

/* Where somebody has one: the MSK of the peer, of the client, of the server. */
static size_t gather(const struct radius_rig *r, uint8_t msk[3][EAP_KEY_LEN])
{
    struct eap_server *eap = radius_server_eap(r->server);
    size_t n = 0;

    if (eap_peer_keys(r->peer)->present)
        memcpy(msk[n++], eap_peer_keys(r->peer)->msk, EAP_KEY_LEN);
    if (radius_client_msk(r->client, msk[n]))
        n++;
    if (eap && eap_server_keys(eap)->present)
        memcpy(msk[n++], eap_server_keys(eap)->msk, EAP_KEY_LEN);
    return n;
}

static bool all_alike(const struct radius_rig *r, size_t want)
{
    uint8_t msk[3][EAP_KEY_LEN];
    size_t n = gather(r, msk);

    for (size_t i = 1; i < n; i++)
        if (memcmp(msk[0], msk[i], EAP_KEY_LEN) != 0)
            return false;
    return n >= want;
}

bool radius_rig_is_complete(const struct radius_rig *r)
{
    return r->pair.side[0].proto->status == PROTO_DONE &&
           r->pair.side[1].proto->status == PROTO_DONE &&
           eap_peer_proto(r->peer)->status == PROTO_DONE && all_alike(r, 3);
}

void radius_rig_check(const struct radius_rig *r)
{
    uint8_t msk[EAP_KEY_LEN];

    for (int side = 0; side < 2; side++) {
        const struct proto *p = r->pair.side[side].proto;

        ck_assert_int_eq(p->status == PROTO_FAILED, p->reason != REASON_NONE);
    }
    if (r->pair.side[0].proto->status != PROTO_DONE)
        ck_assert(!radius_client_msk(r->client, msk));
    ck_assert(all_alike(r, 0));
}

/* ---- what can happen on the way ---- */

enum what { LOSE, DUPLICATE, CUT, CHANGE };

struct fault {
    enum what what;
    int from;
    unsigned index;
    size_t at, length;
};

static void tamper(void *arg, int from, unsigned index, uint8_t *octets, size_t *n)
{
    struct fault *f = arg;

    if (from != f->from || index != f->index)
        return;
    f->length = *n;
    if (f->at >= *n)
        return;
    if (f->what == CHANGE)
        octets[f->at] ^= (uint8_t)(1u << (f->at % 8));
    else if (f->what != DUPLICATE)
        *n = f->what == CUT ? f->at : 0;
}

static void init(struct radius_rig *r, radius_rig_make make, radius_rig_prepare prepare, void *arg)
{
    radius_rig_init(r, make, arg);
    if (prepare)
        prepare(arg, r);
}

static void run_clean(struct radius_rig *r, radius_rig_make make, radius_rig_prepare prepare,
                      void *arg)
{
    init(r, make, prepare, arg);
    ck_assert_int_eq(radius_rig_run(r, pair_clean()), PAIR_ENDED);
    ck_assert_msg(radius_rig_is_complete(r), "clean run: client %s, server %s, peer %s",
                  reason_text(r->pair.side[0].proto->reason),
                  reason_text(r->pair.side[1].proto->reason),
                  reason_text(eap_peer_proto(r->peer)->reason));
}

static bool run_fault(const struct radius_rig *clean, struct fault *f, radius_rig_make make,
                      radius_rig_prepare prepare, void *arg)
{
    struct pair_script script = pair_clean();
    struct radius_rig r;

    init(&r, make, prepare, arg);
    f->length = 0;
    script.tamper = tamper;
    script.tamper_arg = f;
    if (f->what == DUPLICATE)
        script.way[f->from].duplicate = UINT64_C(1) << f->index;
    ck_assert_int_eq(radius_rig_run(&r, script), PAIR_ENDED);
    ck_assert_msg(radius_rig_is_complete(&r), "fault %d, side %d, datagram %u, octet %zu: %s, %s",
                  (int)f->what, f->from, f->index, f->at, reason_text(r.pair.side[0].proto->reason),
                  reason_text(r.pair.side[1].proto->reason));
    ck_assert_mem_eq(eap_peer_keys(r.peer)->msk, eap_peer_keys(clean->peer)->msk, EAP_KEY_LEN);
    radius_rig_check(&r);
    radius_rig_release(&r);
    return f->at < f->length && (f->what == CUT || f->what == CHANGE);
}

void radius_rig_every_fault(radius_rig_make make, radius_rig_prepare prepare, void *arg,
                            size_t step_by)
{
    struct radius_rig clean, again;

    run_clean(&clean, make, prepare, arg);
    for (int side = 0; side < 2; side++)
        for (unsigned i = 0; i < clean.pair.side[side].outputs; i++)
            for (int what = LOSE; what <= CHANGE; what++) {
                struct fault f = {
                    .what = (enum what)what, .from = side, .index = i, .at = what == CUT};

                while (run_fault(&clean, &f, make, prepare, arg))
                    f.at += step_by;
            }
    run_clean(&again, make, prepare, arg);
    ck_assert(pair_same(&clean.pair, &again.pair));
    radius_rig_release(&again);
    radius_rig_release(&clean);
}
