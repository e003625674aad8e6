/* The two halves of a method that is keyed with a PSK, without the machines around them: packets go
 * from hand to hand, and a test may be either side. */
#ifndef TESTS_UNIT_PROTO_EAP_HALVES_H
#define TESTS_UNIT_PROTO_EAP_HALVES_H

#include "models/proto/eap_method.h"
#include "tests/support/pair.h"

#include <check.h>
#include <stdlib.h>

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

struct halves {
    struct pair pair; /* its environments alone */
    struct eap_peer_settings peer_settings;
    struct eap_server_settings server_settings;
    struct eap_answer user;
    char peer_identity[EAP_IDENTITY_MAX + 1];
    char identity[EAP_IDENTITY_MAX + 1], permanent[EAP_IDENTITY_MAX + 1];
    struct eap_peer_context peer_context;
    struct eap_server_context server_context;
    struct eap_half *peer, *server;
    struct buf packet; /* what was built last */
};

/* PSK of both: psk[32]. `h` is ready for changes of settings until halves_make. */
static inline void halves_init(struct halves *h, const char *identity, const char *server_id,
                               const uint8_t *psk)
{
    memset(h, 0, sizeof(*h));
    pair_init(&h->pair, 1);
    se_put(&h->pair.side[0].se, SE_KMR, psk);
    h->peer_settings.identity = identity;
    h->peer_settings.mtu = EAP_MTU;
    h->peer_settings.credentials.has_psk = true;
    h->peer_settings.credentials.psk_slot = SE_KMR;
    h->server_settings.server_id = server_id;
    h->server_settings.mtu = EAP_MTU;
    h->user.has_psk = true;
    memcpy(h->user.psk, psk, 32);
    snprintf(h->identity, sizeof(h->identity), "%s", identity);
    buf_init(&h->packet, EAP_PACKET_MAX);
}

static inline void halves_make(struct halves *h, const struct eap_method *m)
{
    h->peer_context = (struct eap_peer_context){&h->peer_settings, h->peer_identity};
    h->server_context = (struct eap_server_context){.settings = &h->server_settings,
                                                    .identity = h->identity,
                                                    .permanent = h->permanent,
                                                    .user = &h->user};
    h->peer = m->peer->peer(&h->pair.side[0].env, &h->peer_context);
    h->server = m->server->server(&h->pair.side[1].env, &h->server_context);
    ck_assert_ptr_nonnull(h->peer);
    ck_assert_ptr_nonnull(h->server);
}

static inline void halves_release(struct halves *h)
{
    h->peer->ops->free(h->peer);
    h->server->ops->free(h->server);
    buf_clear(&h->packet);
    pair_release(&h->pair);
}

/* What the half says under this identifier; n == 0: nothing. */
static inline struct span builds(struct halves *h, struct eap_half *half, uint8_t id)
{
    buf_clear(&h->packet);
    if (!half->ops->build(half, 0, id, &h->packet))
        return span_of(NULL, 0);
    return buf_span(&h->packet);
}

/* false: the half discards it. */
static inline bool takes(struct eap_half *half, struct span octets)
{
    struct eap_packet p;

    ck_assert_int_eq(eap_parse(octets, &p), REASON_NONE);
    half->discard = false;
    half->ops->process(half, 0, &p);
    return !half->discard;
}

/* From one to the other. */
static inline bool passes(struct halves *h, struct eap_half *from, uint8_t id)
{
    struct span s = builds(h, from, id);

    ck_assert_uint_gt(s.n, 0);
    return takes(from == h->peer ? h->server : h->peer, s);
}

/* The server's answer to its query. */
static inline void answers(struct halves *h, const struct eap_answer *a)
{
    ck_assert_int_eq(h->server->query.kind, EAP_QUERY_USER);
    h->server->query.kind = EAP_QUERY_NONE;
    if (!a->reason)
        h->user = *a;
    h->server->ops->answer(h->server, 0, a);
}

static inline bool same_keys(const struct halves *h)
{
    const struct eap_keys *a = &h->peer->keys, *b = &h->server->keys;

    return a->present && b->present && memcmp(a->msk, b->msk, EAP_KEY_LEN) == 0 &&
           memcmp(a->emsk, b->emsk, EAP_KEY_LEN) == 0 && a->session_id_n == b->session_id_n &&
           memcmp(a->session_id, b->session_id, a->session_id_n) == 0;
}

/* No peer can be without its name, its key, or a place for one; and one whose key is erased on the
 * way says nothing more. The halves are made, and have said nothing. */
static inline void no_peer_without_its_key(struct halves *h, const struct eap_method *m)
{
    for (int i = 0; i < 4; i++) {
        struct eap_peer_settings s = h->peer_settings;
        struct eap_peer_context c = {&s, h->peer_identity};
        struct proto_env env = h->pair.side[0].env;

        if (i == 0)
            s.identity = NULL;
        else if (i == 1)
            s.credentials.has_psk = false;
        else if (i == 2)
            s.credentials.psk_slot = SE_KMC; /* empty */
        else
            env.se = NULL;
        ck_assert_ptr_null(m->peer->peer(&env, &c));
    }
    se_erase(&h->pair.side[0].se, SE_KMR);
    passes(h, h->server, 1);
    ck_assert_int_eq(h->peer->reason, REASON_KEY_ERASED);
    ck_assert_uint_eq(builds(h, h->peer, 1).n, 0);
}

#endif
