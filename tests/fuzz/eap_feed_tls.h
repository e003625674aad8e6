/* What the two targets of EAP-TLS share: keys, authority and contexts, made once; an EAP peer and
 * an EAP server with them. Our octets depend on nothing but the input, so a seed recorded from
 * these two against each other is a whole conversation. */
#ifndef TESTS_FUZZ_EAP_FEED_TLS_H
#define TESTS_FUZZ_EAP_FEED_TLS_H

#include "crypto/entity.h"
#include "tests/fuzz/eap_feed.h"

#define FEED_TLS_UNIX_S INT64_C(1577836800)
#define FEED_TLS_DAY    INT64_C(86400)
#define FEED_TLS_MTU    600

static struct tls_context *feed_tls_context[2]; /* peer, server */
static struct credential *feed_tls_credential[2];

static void feed_tls_must(enum err err)
{
    if (err)
        abort();
}

static void feed_tls_prepare(void)
{
    static struct key_pool *pool;
    static struct authority *authority;
    const enum tls_suite suite = TLS_SUITE_ECDHE_RSA_AES_128_CBC_SHA256;
    struct rng stream = rng_stream(1, "eap-tls", "fuzz preparation");

    if (feed_tls_context[0])
        return;
    feed_tls_must(crypto_init());
    feed_tls_must(key_pool_make(1, "fuzz", 3, getenv("M2MSIM_KEY_CACHE"), NULL, NULL, &pool));
    feed_tls_must(authority_make(pool, 1, "Fuzz Root", FEED_TLS_UNIX_S - FEED_TLS_DAY,
                                 FEED_TLS_UNIX_S + FEED_TLS_DAY, &authority));
    entity_enter(&stream, FEED_TLS_UNIX_S * SIM_S);
    for (int i = 0; i < 2; i++) {
        struct tls_settings s = {.server = i == 1,
                                 .version = TLS_1_2,
                                 .suites = &suite,
                                 .suite_count = 1,
                                 .authority = authority};

        feed_tls_must(tls_context_new(&s, &feed_tls_context[i]));
        feed_tls_must(credential_issue(authority, pool, (uint64_t)i,
                                       i == 0 ? "peer.example" : "server.example", i == 1,
                                       FEED_TLS_UNIX_S - FEED_TLS_DAY,
                                       FEED_TLS_UNIX_S + FEED_TLS_DAY, &feed_tls_credential[i]));
    }
    entity_leave();
}

/* Within the entity. */
static inline struct eap_peer *feed_tls_peer(struct eap_feed_world *w)
{
    static const struct eap_method *const methods[] = {&eap_method_tls};
    struct eap_peer_settings s = {
        .identity = "peer.example", .methods = methods, .method_count = 1, .mtu = FEED_TLS_MTU};

    s.credentials.tls = feed_tls_context[0];
    s.credentials.expect_name = "server.example";
    feed_tls_must(credential_copy(feed_tls_credential[0], &s.credentials.credential));
    return eap_peer_new(&w->env, &s);
}

static inline struct eap_server *feed_tls_server(struct eap_feed_world *w)
{
    const struct eap_server_settings s = {.ask_identity = true,
                                          .mtu = FEED_TLS_MTU,
                                          .tls = feed_tls_context[1],
                                          .credential = feed_tls_credential[1]};

    return eap_server_new(&w->env, &s);
}

static inline void feed_tls_answer(const struct eap_query *q, struct eap_answer *a)
{
    a->reason = q->kind == EAP_QUERY_USER ? REASON_NONE : REASON_EAP_IDENTITY;
    a->methods[0] = &eap_method_tls;
    a->method_count = 1;
}

#endif
