#include "tests/support/eap_rig.h"

#include "sim/base/xalloc.h"

#include <check.h>
#include <stdlib.h>

/* The lower layer at the server: a proto around the server's. */
struct eap_rig_lower {
    struct proto proto;
    struct eap_rig *rig;
    struct buf last; /* what is repeated */
    bool waits;      /* it is to be sent */
    unsigned repeats;
    sim_ns answer_at; /* SIM_NEVER: no query is being answered */
    sim_ns repeat_at;
};

static struct eap_rig_lower *of(struct proto *p)
{
    return (struct eap_rig_lower *)p;
}

static void answer_query(struct eap_rig *r, sim_ns now)
{
    const struct eap_rig_settings *s = &r->settings;
    const struct eap_query *q = eap_server_query(r->server);
    struct eap_answer a = {.reason = REASON_EAP_IDENTITY};

    r->queries++;
    for (size_t i = 0; q->kind == EAP_QUERY_USER && i < s->user_count; i++)
        if (strcmp(s->users[i].identity, "*") == 0 ||
            strcmp(s->users[i].identity, q->identity) == 0) {
            a = s->users[i].answer;
            break;
        }
    if (a.reason == REASON_EAP_IDENTITY && s->answer)
        s->answer(s->answer_arg, q, &a);
    eap_server_answer(r->server, now, &a);
}

static void set_expiry(struct eap_rig_lower *l)
{
    l->proto.expiry = sim_ns_min(l->answer_at, l->repeat_at);
}

static void finish(struct eap_rig_lower *l)
{
    const struct proto *server = eap_server_proto(l->rig->server);

    if (server->status == PROTO_DONE)
        proto_done(&l->proto);
    else
        proto_fail(&l->proto, server->status == PROTO_FAILED ? server->reason : REASON_TIMEOUT);
}

/* After each call into the server. */
static void attend(struct eap_rig_lower *l, sim_ns now)
{
    struct eap_rig *r = l->rig;
    struct proto *server = eap_server_proto(r->server);
    struct buf out;

    while (eap_server_query(r->server) && r->settings.answer_after == 0)
        answer_query(r, now);
    if (eap_server_query(r->server) && l->answer_at == SIM_NEVER)
        l->answer_at = sim_ns_add(now, r->settings.answer_after);
    buf_init(&out, EAP_PACKET_MAX);
    while (server->ops->output(server, now, &out)) {
        buf_clear(&l->last);
        l->last = out;
        buf_init(&out, EAP_PACKET_MAX);
        l->waits = true;
        l->repeats = 0;
        l->repeat_at = sim_ns_add(now, r->settings.repeat_after);
    }
    buf_clear(&out);
    set_expiry(l);
}

static void lower_start(struct proto *p, sim_ns now)
{
    struct eap_rig_lower *l = of(p);
    struct eap_rig *r = l->rig;
    struct proto *server = eap_server_proto(r->server);

    if (r->settings.begin_with) {
        struct buf identity;

        buf_init(&identity, 1024);
        eap_put(&identity, EAP_RESPONSE, 0, EAP_IDENTITY, 0, 0, span_str(r->settings.begin_with));
        eap_server_begin(r->server, now, buf_span(&identity));
        buf_clear(&identity);
    } else {
        server->ops->start(server, now);
    }
    attend(l, now);
}

static void lower_input(struct proto *p, sim_ns now, struct span in)
{
    struct eap_rig_lower *l = of(p);
    struct proto *server = eap_server_proto(l->rig->server);

    server->ops->input(server, now, in);
    attend(l, now);
}

static bool lower_output(struct proto *p, sim_ns now, struct buf *out)
{
    struct eap_rig_lower *l = of(p);

    (void)now;
    if (!l->waits)
        return false;
    l->waits = false;
    return buf_put_span(out, buf_span(&l->last));
}

static void lower_expire(struct proto *p, sim_ns now)
{
    struct eap_rig_lower *l = of(p);
    struct eap_rig *r = l->rig;
    bool over = eap_server_proto(r->server)->status != PROTO_RUNNING;

    if (now >= l->answer_at) {
        l->answer_at = SIM_NEVER;
        answer_query(r, now);
        attend(l, now);
        return;
    }
    if ((over && eap_peer_proto(r->peer)->status != PROTO_RUNNING) ||
        l->repeats == r->settings.repeats) {
        finish(l);
        return;
    }
    /* While the node is asked, the request was answered: nothing to repeat. */
    if (!eap_server_query(r->server)) {
        l->repeats++;
        l->waits = true;
    }
    l->repeat_at = sim_ns_add(now, r->settings.repeat_after);
    set_expiry(l);
}

static void lower_free(struct proto *p)
{
    struct eap_rig_lower *l = of(p);

    buf_clear(&l->last);
    free(l);
}

static const struct proto_ops lower_ops = {
    .name = "lower layer",
    .start = lower_start,
    .input = lower_input,
    .output = lower_output,
    .expire = lower_expire,
    .free = lower_free,
};

void eap_rig_init(struct eap_rig *r, eap_rig_make make, void *arg)
{
    struct eap_rig_settings *s = &r->settings;

    memset(r, 0, sizeof(*r));
    s->server.ask_identity = true;
    s->repeat_after = SIM_S;
    s->repeats = 10;
    if (make)
        make(arg, s);
    pair_init(&r->pair, s->seed);
    pair_enter(&r->pair, 0);
    r->peer = eap_peer_new(&r->pair.side[0].env, &s->peer);
    pair_leave();
    pair_enter(&r->pair, 1);
    r->server = eap_server_new(&r->pair.side[1].env, &s->server);
    pair_leave();
    r->lower = xcalloc(1, sizeof(*r->lower));
    proto_init(&r->lower->proto, &lower_ops, &r->pair.side[1].env);
    r->lower->rig = r;
    r->lower->answer_at = r->lower->repeat_at = SIM_NEVER;
    buf_init(&r->lower->last, EAP_PACKET_MAX);
    r->pair.side[0].proto = eap_peer_proto(r->peer);
    r->pair.side[1].proto = &r->lower->proto;
}

void eap_rig_release(struct eap_rig *r)
{
    pair_enter(&r->pair, 0);
    proto_free(eap_peer_proto(r->peer));
    pair_leave();
    pair_enter(&r->pair, 1);
    proto_free(eap_server_proto(r->server));
    proto_free(&r->lower->proto);
    pair_leave();
    pair_release(&r->pair);
}

enum pair_end eap_rig_run(struct eap_rig *r, struct pair_script script)
{
    enum pair_end end;

    script.datagrams = true;
    end = pair_run(&r->pair, &script);
    if (end == PAIR_QUIET && eap_rig_proto(r, 0)->status == PROTO_RUNNING) {
        pair_enter(&r->pair, 0);
        eap_peer_alternate(r->peer, r->pair.now, eap_rig_proto(r, 1)->status == PROTO_DONE);
        pair_leave();
        if (eap_rig_proto(r, 0)->status != PROTO_RUNNING)
            end = PAIR_ENDED;
    }
    return end;
}

struct proto *eap_rig_proto(const struct eap_rig *r, int side)
{
    return side == 0 ? eap_peer_proto(r->peer) : eap_server_proto(r->server);
}

static bool same_keys(const struct eap_keys *a, const struct eap_keys *b)
{
    return a->present && b->present && memcmp(a->msk, b->msk, EAP_KEY_LEN) == 0 &&
           memcmp(a->emsk, b->emsk, EAP_KEY_LEN) == 0 && a->session_id_n == b->session_id_n &&
           memcmp(a->session_id, b->session_id, a->session_id_n) == 0;
}

bool eap_rig_is_complete(const struct eap_rig *r)
{
    return eap_rig_proto(r, 0)->status == PROTO_DONE && eap_rig_proto(r, 1)->status == PROTO_DONE &&
           same_keys(eap_peer_keys(r->peer), eap_server_keys(r->server));
}

void eap_rig_check(const struct eap_rig *r)
{
    for (int side = 0; side < 2; side++) {
        const struct proto *p = eap_rig_proto(r, side);
        const struct eap_keys *k = side == 0 ? eap_peer_keys(r->peer) : eap_server_keys(r->server);

        ck_assert_int_eq(p->status == PROTO_FAILED, p->reason != REASON_NONE);
        ck_assert_int_eq(p->status == PROTO_DONE, k->present);
    }
    if (eap_rig_proto(r, 0)->status == PROTO_DONE && eap_rig_proto(r, 1)->status == PROTO_DONE)
        ck_assert(same_keys(eap_peer_keys(r->peer), eap_server_keys(r->server)));
}

/* ---- what can happen on the way ---- */

static void init_run(struct eap_rig *r, eap_rig_make make, eap_rig_prepare prepare, void *arg)
{
    eap_rig_init(r, make, arg);
    if (prepare)
        prepare(arg, r);
}

/* The clean run that the others are held against. */
static void init_clean(struct eap_rig *r, eap_rig_make make, eap_rig_prepare prepare, void *arg)
{
    init_run(r, make, prepare, arg);
    ck_assert_int_eq(eap_rig_run(r, pair_clean()), PAIR_ENDED);
    ck_assert_msg(eap_rig_is_complete(r), "clean run: peer %s, server %s",
                  reason_text(eap_rig_proto(r, 0)->reason),
                  reason_text(eap_rig_proto(r, 1)->reason));
}

static void check_as_clean(const struct eap_rig *r, const struct eap_rig *clean, const char *what,
                           int side, size_t at)
{
    ck_assert_msg(eap_rig_is_complete(r), "%s, side %d, %zu: peer %s, server %s", what, side, at,
                  reason_text(eap_rig_proto(r, 0)->reason),
                  reason_text(eap_rig_proto(r, 1)->reason));
    ck_assert(same_keys(eap_peer_keys(r->peer), eap_peer_keys(clean->peer)));
}

void eap_rig_each_duplicate(eap_rig_make make, eap_rig_prepare prepare, void *arg)
{
    struct eap_rig clean, r;

    init_clean(&clean, make, prepare, arg);
    for (int side = 0; side < 2; side++)
        for (unsigned i = 0; i < clean.pair.side[side].outputs && i < 64; i++) {
            struct pair_script script = pair_clean();

            script.way[side].duplicate = UINT64_C(1) << i;
            init_run(&r, make, prepare, arg);
            eap_rig_run(&r, script);
            check_as_clean(&r, &clean, "duplicate", side, i);
            eap_rig_release(&r);
        }
    eap_rig_release(&clean);
}

enum what { LOSE, CUT, SHORTEN, CHANGE };

/* What tamper does to one datagram. */
struct fault {
    int from;
    unsigned index;
    size_t at; /* cut to, or changed octet */
    enum what what;
    size_t length; /* out: of the datagram */
};

static void tamper(void *arg, int from, unsigned index, uint8_t *octets, size_t *n)
{
    struct fault *f = arg;

    if (from != f->from || index != f->index)
        return;
    f->length = *n;
    if (f->at >= *n)
        return;
    switch (f->what) {
    case LOSE:
        *n = 0;
        break;
    case CUT:
        *n = f->at;
        break;
    case SHORTEN:
        *n = f->at;
        if (*n >= 4) {
            octets[2] = (uint8_t)(*n >> 8);
            octets[3] = (uint8_t)*n;
        }
        break;
    case CHANGE:
        octets[f->at] ^= (uint8_t)(1u << (f->at % 8));
        break;
    }
}

/* true: there was such an octet. */
static bool run_fault(struct eap_rig *r, struct fault *f)
{
    struct pair_script script = pair_clean();
    enum pair_end end;

    f->length = 0;
    script.tamper = tamper;
    script.tamper_arg = f;
    end = eap_rig_run(r, script);
    ck_assert_msg(end == PAIR_ENDED, "side %d, datagram %u, octet %zu: end %d", f->from, f->index,
                  f->at, (int)end);
    eap_rig_check(r);
    return f->at < f->length;
}

static void with_fault(eap_rig_make make, eap_rig_prepare prepare, void *arg, enum what what,
                       size_t step)
{
    struct eap_rig clean, r;

    init_clean(&clean, make, prepare, arg);
    for (int side = 0; side < 2; side++)
        for (unsigned i = 0; i < clean.pair.side[side].outputs; i++) {
            struct fault f = {.from = side, .index = i, .at = what == CUT || what == SHORTEN};
            bool more = true;

            for (f.what = what; more; f.at += step) {
                init_run(&r, make, prepare, arg);
                more = run_fault(&r, &f) && what != LOSE;
                if (what == CUT || what == LOSE)
                    check_as_clean(&r, &clean, what == CUT ? "cut" : "loss", side, f.at);
                eap_rig_release(&r);
            }
        }
    eap_rig_release(&clean);
}

void eap_rig_each_loss(eap_rig_make make, eap_rig_prepare prepare, void *arg)
{
    with_fault(make, prepare, arg, LOSE, 1);
}

void eap_rig_each_truncation(eap_rig_make make, eap_rig_prepare prepare, void *arg)
{
    with_fault(make, prepare, arg, CUT, 1);
}

void eap_rig_each_shortening(eap_rig_make make, eap_rig_prepare prepare, void *arg)
{
    with_fault(make, prepare, arg, SHORTEN, 1);
}

void eap_rig_each_corruption(eap_rig_make make, eap_rig_prepare prepare, void *arg, size_t step)
{
    with_fault(make, prepare, arg, CHANGE, step);
}

void eap_rig_each_silence(eap_rig_make make, eap_rig_prepare prepare, void *arg)
{
    struct eap_rig clean, r;

    init_clean(&clean, make, prepare, arg);
    for (int side = 0; side < 2; side++) {
        size_t n = buf_len(&clean.pair.side[side].sent);

        for (size_t at = 0; at < n; at += 1 + n / 16) {
            struct pair_script script = pair_clean();

            script.way[side].silent_from = at;
            init_run(&r, make, prepare, arg);
            ck_assert_int_eq(eap_rig_run(&r, script), PAIR_ENDED);
            eap_rig_check(&r);
            eap_rig_release(&r);
        }
    }
    eap_rig_release(&clean);
}

void eap_rig_same_twice(eap_rig_make make, eap_rig_prepare prepare, void *arg)
{
    struct eap_rig a, b;

    init_clean(&a, make, prepare, arg);
    init_clean(&b, make, prepare, arg);
    ck_assert(pair_same(&a.pair, &b.pair));
    eap_rig_release(&a);
    eap_rig_release(&b);
}

void eap_rig_every_fault(eap_rig_make make, eap_rig_prepare prepare, void *arg, size_t step)
{
    eap_rig_each_loss(make, prepare, arg);
    eap_rig_each_duplicate(make, prepare, arg);
    with_fault(make, prepare, arg, CUT, step);
    with_fault(make, prepare, arg, SHORTEN, step);
    with_fault(make, prepare, arg, CHANGE, step);
    eap_rig_each_silence(make, prepare, arg);
    eap_rig_same_twice(make, prepare, arg);
}
