/* What the tests of Ua share: a device with a bootstrapped association, a NAF and its BSF, in each
 * of the ways of Ua. */
#ifndef TESTS_UNIT_PROC_UA_KIT_H
#define TESTS_UNIT_PROC_UA_KIT_H

#include "models/proc/ua.h"
#include "tests/support/gba_rig.h"
#include "tests/unit/proc/kit.h"

enum ua_way { UA_BARE, UA_IN_TLS, UA_PSK, UA_ECDHE_PSK, UA_WAYS };

static const enum tls_suite ua_suites[UA_WAYS] = {TLS_SUITE_COUNT, TLS_SUITE_RSA_AES_128_CCM,
                                                  TLS_SUITE_PSK_AES_128_CBC_SHA256,
                                                  TLS_SUITE_ECDHE_PSK_AES_128_CBC_SHA256};

struct ua_run {
    struct kit_run kit; /* first: its step gets this */
    enum ua_way way;
    enum server_role role;
    bool gba_u;
    enum gba_key key;
    struct gba_rig operator; /* Ub went through it: ue, stored, uicc */
    struct naf_settings naf;
    struct zn_request asked; /* the last one */
    unsigned zn;
    /* Faults; all zeros: none. */
    enum reason zn_refuses;
    bool zn_mute, zn_other_keys, zn_other_impi;
};

KIT bool ua_is_psk(const struct ua_run *u)
{
    return u->way == UA_PSK || u->way == UA_ECDHE_PSK;
}

KIT void ua_answer_zn(struct ua_run *u, const struct zn_request *q)
{
    struct zn_answer a;

    u->asked = *q;
    u->zn++;
    if (u->zn_refuses)
        a = (struct zn_answer){.reason = u->zn_refuses};
    else
        zn_answer_make(&u->kit.pair.side[1].meter, &u->operator.stored, &u->asked,
                       EPOCH_S * SIM_S + u->kit.pair.now, &a);
    a.keys.me[0] ^= u->zn_other_keys;
    a.keys.uicc[0] ^= u->zn_other_keys;
    if (u->zn_other_impi)
        a.impi[0] ^= 1;
    server_session_zn_answer(u->kit.server, u->kit.pair.now, &a);
}

KIT void ua_more(struct kit_run *r, int side)
{
    struct ua_run *u = (struct ua_run *)r;

    if (side != 1 || !r->server)
        return;
    while (server_session_zn(r->server) && !u->zn_mute)
        ua_answer_zn(u, server_session_zn(r->server));
    while (kit_node(r))
        ;
}

KIT struct tls_context *ua_context(const struct ua_run *u, bool server)
{
    enum tls_suite suite = ua_suites[u->way];
    struct tls_settings settings = {.server = server,
                                    .version = TLS_1_2,
                                    .suites = &suite,
                                    .suite_count = 1,
                                    .authority = ua_is_psk(u) ? NULL : kit_authority,
                                    .anonymous_clients = true};
    struct rng stream = rng_stream(1, server ? "server context" : "client context", "test");
    struct tls_context *c = NULL;
    enum err err;

    if (u->way == UA_BARE)
        return NULL;
    entity_enter(&stream, EPOCH_S * SIM_S);
    err = tls_context_new(&settings, &c);
    entity_leave();
    ck_assert_int_eq(err, OK);
    return c;
}

KIT void ua_put_client(struct ua_run *u)
{
    struct kit_run *r = &u->kit;
    struct gba_connection_settings c = {.ua = {.context = r->context[0],
                                               .suite = ua_suites[u->way],
                                               .naf = MSBF,
                                               .sa = &u->operator.ue,
                                               .uicc = &u->operator.uicc,
                                               .key = u->key},
                                        .scl_id = SCL,
                                        .ival_capable = true};

    memcpy(c.node_id, kit_node_id, sizeof(c.node_id));
    pair_enter(&r->pair, 0);
    r->pair.side[0].proto =
        u->role == SERVER_MSBF
            ? gba_bootstrap_client_new(&r->pair.side[0].env, &c.ua, true, &r->bootstrap)
            : gba_connection_client_new(&r->pair.side[0].env, &c, &r->connection);
    pair_leave();
    ck_assert_ptr_nonnull(r->pair.side[0].proto);
}

KIT void ua_put_server(struct ua_run *u)
{
    struct kit_run *r = &u->kit;
    struct server_settings s = {.role = u->role, .context = r->context[1], .naf = &u->naf};

    pair_enter(&r->pair, 1);
    if (u->way == UA_IN_TLS)
        s.credential = kit_credential(kit_authority, MSBF, true);
    r->server = server_session_new(&r->pair.side[1].env, &s);
    pair_leave();
    ck_assert_ptr_nonnull(r->server);
    r->pair.side[1].proto = server_session_proto(r->server);
}

/* The association first, by Ub; then a session that has not begun. */
KIT void ua_open(struct ua_run *u, enum ua_way way, enum server_role role, bool gba_u,
                 enum gba_key key)
{
    memset(u, 0, sizeof(*u));
    u->way = way;
    u->role = u->kit.role = role;
    u->gba_u = gba_u;
    u->key = key;
    gba_rig_clean(&u->operator, gba_u, 0);
    u->naf = (struct naf_settings){.fqdn = MSBF, .suite = ua_suites[way], .uicc_keys = true};
    pair_init(&u->kit.pair, 42);
    u->kit.context[0] = ua_context(u, false);
    u->kit.context[1] = ua_context(u, true);
    u->kit.more = ua_more;
    ua_put_client(u);
    ua_put_server(u);
}

KIT void ua_close(struct ua_run *u)
{
    kit_close(&u->kit);
    gba_rig_release(&u->operator);
}

/* Another session of the same device and operator. */
KIT void ua_again(struct ua_run *u)
{
    for (int i = 0; i < 2; i++)
        proto_free(u->kit.pair.side[i].proto);
    pair_release(&u->kit.pair);
    pair_init(&u->kit.pair, 43);
    ua_put_client(u);
    ua_put_server(u);
    u->kit.requests = 0;
    u->zn = 0;
}

KIT enum se_slot ua_slot(const struct ua_run *u)
{
    return u->role == SERVER_MSBF ? SE_KMR : SE_KMC;
}

/* What TS 33.220 says that the key is. */
KIT void ua_wanted_key(const struct ua_run *u, uint8_t key[GBA_KEY_LEN])
{
    struct gba_naf_id naf;
    struct gba_naf_keys keys;

    if (u->way == UA_BARE)
        ck_assert(gba_naf_digest(MSBF, &naf));
    else
        ck_assert(gba_naf_tls(MSBF, tls_suite_code(ua_suites[u->way]), &naf));
    gba_naf_keys(NULL, &u->operator.stored, &naf, &keys);
    memcpy(key, u->key == GBA_KEY_UICC ? keys.uicc : keys.me, GBA_KEY_LEN);
}

/* Both ends have it. */
KIT bool ua_agree(const struct ua_run *u)
{
    uint8_t wanted[GBA_KEY_LEN], got[GBA_KEY_LEN];

    ua_wanted_key(u, wanted);
    return kit_same_key(&u->kit, ua_slot(u)) &&
           se_backend_copy(&u->kit.pair.side[0].se, ua_slot(u), got) &&
           memcmp(got, wanted, sizeof(got)) == 0;
}

#endif
