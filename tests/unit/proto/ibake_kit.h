/* What the two tests of EAP-IBAKE share: authorities and users, and two halves with nothing between
 * them but a test's hands. */
#ifndef TESTS_UNIT_PROTO_IBAKE_KIT_H
#define TESTS_UNIT_PROTO_IBAKE_KIT_H

#include "models/proto/eap_ibake_impl.h"

#include "crypto/entity.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define EPOCH_NS (INT64_C(1577836800) * SIM_S) /* 2020-01-01 */
#define DEVICE   "device-1@m2m.example"
#define SERVER   "mas.m2m.example"
#define LONG60   "123456789.123456789.123456789.123456789.123456789.123456789."
#define LONGEST  LONG60 "12345678901234567890123456789012345678901234567890@m2m.exa"

enum { SAKKE_ONLY = 1, BF_ONLY = 2, BOTH = 3 };

static struct ibe_authority *authorities[2], *other;

static inline struct ibe_user *user(const char *name, const char *period, int schemes)
{
    struct ibe_user *u = ibe_user_new(name, period);

    ck_assert_ptr_nonnull(u);
    for (int i = 0; i < 2; i++)
        if (schemes & 1 << i)
            ck_assert_int_eq(ibe_user_issue(u, authorities[i], NULL), OK);
    return u;
}

/* The usual two, by schemes: made once, and prepared, because most tests want no others. */
static struct ibe_user *usual[2][BOTH + 1];

/* ---- two halves and nothing between them ---- */

struct side {
    struct rng stream;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
    struct eap_half *half;
};

struct duo {
    struct side server, peer;
    struct ibe_user *users[2]; /* server's, peer's */
    struct eap_server_settings server_settings;
    struct eap_peer_settings peer_settings;
    struct eap_server_context server_context;
    struct eap_peer_context peer_context;
    char identity[EAP_IDENTITY_MAX + 1];
    uint8_t packet[IBAKE_STEPS + 4][EAP_MTU]; /* as they were sent */
    size_t packet_n[IBAKE_STEPS + 4];
    unsigned count;
    /* May be NULL: before packet n (from 1) is built, by s; and on its way. */
    void (*before)(struct duo *d, unsigned n, struct ibake *s);
    void (*way)(struct duo *d, unsigned n, uint8_t *octets, size_t *length);
    size_t at; /* for the two */
    struct duo *old;
};

static inline void side_init(struct side *s, uint64_t seed, const char *name)
{
    s->stream = rng_stream(seed, name, "test");
    s->env = (struct proto_env){&s->stream, NULL, &s->meter, &s->trace, EPOCH_NS};
}

/* Users other than the usual two are then d's. */
static inline void duo_init(struct duo *d, uint64_t seed, struct ibe_user *server,
                            struct ibe_user *peer)
{
    memset(d, 0, sizeof(*d));
    side_init(&d->server, seed, "server");
    side_init(&d->peer, seed, "peer");
    d->users[0] = server;
    d->users[1] = peer;
    d->server_settings = (struct eap_server_settings){.ibe = server, .mtu = EAP_MTU};
    d->peer_settings = (struct eap_peer_settings){.mtu = EAP_MTU};
    d->peer_settings.credentials.ibe = peer;
    d->peer_settings.credentials.expect_name = SERVER;
    if (peer)
        snprintf(d->identity, sizeof(d->identity), "%s", ibe_user_name(peer));
    d->server_context = (struct eap_server_context){
        .settings = &d->server_settings, .identity = d->identity, .permanent = d->identity};
    d->peer_context = (struct eap_peer_context){&d->peer_settings, d->identity};
}

static inline void duo_ready(struct duo *d, uint64_t seed, int schemes)
{
    duo_init(d, seed, usual[0][schemes], usual[1][schemes]);
}

static inline void duo_release(struct duo *d)
{
    d->server.half->ops->free(d->server.half);
    d->peer.half->ops->free(d->peer.half);
    for (int i = 0; i < 2; i++)
        if (d->users[i] != usual[i][SAKKE_ONLY] && d->users[i] != usual[i][BF_ONLY] &&
            d->users[i] != usual[i][BOTH])
            ibe_user_free(d->users[i]);
}

/* Packet n from one to the other; false: nothing was said. */
static inline bool pass(struct duo *d, struct side *from, struct side *to, unsigned n)
{
    struct eap_packet p;
    struct buf out;
    bool said;

    buf_init(&out, EAP_PACKET_MAX);
    entity_enter(&from->stream, EPOCH_NS);
    if (d->before)
        d->before(d, n, (struct ibake *)from->half);
    said = from->half->ops->build(from->half, 0, (uint8_t)(n / 2), &out);
    entity_leave();
    if (said) {
        size_t length = buf_len(&out);

        ck_assert_uint_le(length, EAP_MTU);
        memcpy(d->packet[d->count], buf_span(&out).p, length);
        if (d->way)
            d->way(d, n, d->packet[d->count], &length);
        d->packet_n[d->count] = length;
        if (to && eap_parse(span_of(d->packet[d->count], length), &p) == REASON_NONE &&
            eap_method_is(&eap_method_ibake, &p)) {
            entity_enter(&to->stream, EPOCH_NS);
            to->half->ops->process(to->half, 0, &p);
            entity_leave();
        }
        d->count++;
    }
    buf_clear(&out);
    return said;
}

/* As the machines do: a server that failed says its last word, and does not look at the answer. */
static inline void run(struct duo *d)
{
    unsigned n = 1;

    d->server.half = eap_method_ibake.server->server(&d->server.env, &d->server_context);
    d->peer.half = eap_method_ibake.peer->peer(&d->peer.env, &d->peer_context);
    ck_assert(d->server.half && d->peer.half);
    while (n < IBAKE_STEPS + 2 && pass(d, &d->server, &d->peer, n)) {
        bool over = d->server.half->state == EAP_HALF_FAILED;

        n++;
        if (!pass(d, &d->peer, over ? NULL : &d->server, n++) || over ||
            d->server.half->state == EAP_HALF_DONE)
            break;
    }
}

static inline void check_failed(const struct duo *d, enum reason server, enum reason peer)
{
    ck_assert_str_eq(reason_text(d->server.half->reason), reason_text(server));
    ck_assert_str_eq(reason_text(d->peer.half->reason), reason_text(peer));
    ck_assert_int_eq(d->server.half->state, EAP_HALF_FAILED);
    ck_assert(!d->server.half->keys.present);
    if (peer) {
        ck_assert_int_eq(d->peer.half->state, EAP_HALF_FAILED);
        ck_assert(!d->peer.half->keys.present);
    }
}

static inline void check_done(const struct duo *d)
{
    const struct eap_keys *a = &d->server.half->keys, *b = &d->peer.half->keys;

    ck_assert_str_eq(reason_text(d->server.half->reason), "");
    ck_assert_str_eq(reason_text(d->peer.half->reason), "");
    ck_assert_int_eq(d->server.half->state, EAP_HALF_DONE);
    ck_assert_int_eq(d->peer.half->state, EAP_HALF_DONE);
    ck_assert(a->present && b->present);
    ck_assert_mem_eq(a, b, sizeof(*a));
    ck_assert_uint_eq(a->session_id_n, 72);
    ck_assert_uint_eq(d->count, 6);
}

/* Before the tests fork. */
static inline void set_up(void)
{
    struct rng r = rng_stream(1, "authorities", "test");

    authorities[0] = ibe_authority_new(IBE_SAKKE, &r);
    authorities[1] = ibe_authority_new(IBE_BF, &r);
    other = ibe_authority_new(IBE_SAKKE, &r);
    for (int i = 0; i < 2; i++)
        for (int schemes = SAKKE_ONLY; schemes <= BOTH; schemes++) {
            usual[i][schemes] = user(i ? DEVICE : SERVER, "2020-01", schemes);
            ibe_user_prepare(usual[i][schemes]);
        }
}

static inline void tear_down(void)
{
    for (int i = 0; i < 2; i++)
        for (int schemes = SAKKE_ONLY; schemes <= BOTH; schemes++)
            ibe_user_free(usual[i][schemes]);
    ibe_authority_free(authorities[0]);
    ibe_authority_free(authorities[1]);
    ibe_authority_free(other);
}

static inline int run_suite(const char *name, void (*fill)(TCase *))
{
    Suite *s = suite_create(name);
    TCase *c = tcase_create(name);
    SRunner *r;
    int failed;

    if (crypto_init())
        return 2;
    tcase_set_timeout(c, 280);
    tcase_add_unchecked_fixture(c, set_up, tear_down);
    fill(c);
    suite_add_tcase(s, c);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}

#endif
