/* Two DTLS endpoints on a pair, with a conversation in datagrams: the client says three, the server
 * answers each, the client closes; both export keys as soon as they are open. */
#ifndef TESTS_DTLS_KIT_H
#define TESTS_DTLS_KIT_H

#include "crypto/entity.h"
#include "models/proto/dtls.h"
#include "tests/support/pair.h"
#include "tests/support/resume.h"

#include <check.h>
#include <stdlib.h>

#define KIT_IDENTITY "7:3"
#define KIT_SAYS     3

struct dtls_kit_settings {
    enum tls_suite suite;
    uint64_t seed;
    bool cookie, wrong_psk, no_psk, quiet; /* quiet: nobody says anything, nobody closes */
    bool other_suite;                      /* the server has the other one */
    const char *identity;                  /* NULL: the one the server knows */
    size_t mtu;
    sim_ns limit;
    struct resume_memory *memory; /* between two kits; NULL: nothing is resumed */
};

struct dtls_kit {
    struct pair pair;
    struct dtls_kit_settings settings;
    struct tls_context *context[2];
    struct dtls *dtls[2];
    uint8_t key[2][32];
    bool exported[2];
    unsigned said, got[2];
    bool wrong;
};

static inline unsigned dtls_kit_find(void *arg, struct span identity, uint8_t psk[32],
                                     enum reason *reason)
{
    struct dtls_kit *k = arg;
    const char *known = k->settings.identity ? k->settings.identity : KIT_IDENTITY;

    (void)reason;
    if (identity.n != strlen(known) || memcmp(identity.p, known, identity.n) != 0 ||
        strcmp(known, "nobody") == 0)
        return 0;
    memset(psk, k->settings.wrong_psk ? 9 : 3, 32);
    return 32;
}

static inline void dtls_kit_step(void *arg, struct pair *p, int side)
{
    struct dtls_kit *k = arg;
    struct dtls *d = k->dtls[side];

    if (tls_is_open(dtls_tls(d)) && k->settings.memory)
        resume_keep(k->settings.memory, side, dtls_tls(d));
    if (tls_is_open(dtls_tls(d)) && !k->exported[side])
        k->exported[side] =
            tls_export(dtls_tls(d), M2M_EXPORTER_CONNECTION, k->key[side], sizeof(k->key[side]));
    for (struct span s; (s = dtls_received(d)).n > 0; dtls_taken(d)) {
        if (s.n != 100 + k->got[side] || s.p[s.n - 1] != (uint8_t)s.n)
            k->wrong = true;
        k->got[side]++;
        if (side == 1)
            dtls_write(d, p->now, s);
    }
    if (k->settings.quiet || side == 1 || !tls_is_open(dtls_tls(d)))
        return;
    while (k->said < KIT_SAYS) {
        uint8_t text[200];

        memset(text, (int)(100 + k->said), sizeof(text));
        k->wrong = !dtls_write(d, p->now, span_of(text, 100 + k->said)) || k->wrong;
        k->said++;
    }
    if (k->got[0] == KIT_SAYS)
        dtls_close(d, p->now);
}

static inline struct dtls_kit *dtls_kit_new(const struct dtls_kit_settings *settings)
{
    struct dtls_kit *k = calloc(1, sizeof(*k));
    struct resume_memory *m = settings->memory;
    struct tls_resumption resumption;
    uint8_t key[32];

    k->settings = *settings;
    pair_init(&k->pair, settings->seed);
    memset(key, 3, sizeof(key));
    if (!settings->no_psk)
        se_put(&k->pair.side[0].se, SE_KMC, key);
    if (settings->memory)
        resumption = resume_server(settings->memory);
    for (int side = 0; side < 2; side++) {
        enum tls_suite suite = side == 1 && settings->other_suite
                                   ? settings->suite == TLS_SUITE_PSK_AES_128_CCM
                                         ? TLS_SUITE_PSK_AES_128_CCM_8
                                         : TLS_SUITE_PSK_AES_128_CCM
                                   : settings->suite;
        const struct tls_settings shared = {.server = side == 1,
                                            .version = DTLS_1_2,
                                            .suites = &suite,
                                            .suite_count = 1,
                                            .resume = m ? m->resume : TLS_RESUME_NO,
                                            .resume_s = m ? m->resume_s : 0};
        const struct tls_peer_settings own = {
            .psk_identity = settings->identity ? settings->identity : KIT_IDENTITY,
            .psk_slot = SE_KMC,
            .psk_find = dtls_kit_find,
            .psk_arg = k,
            .session = m ? span_of(m->session[0], m->session_n[0]) : span_of(NULL, 0),
            .resumption = m ? &resumption : NULL};
        const struct dtls_settings dtls = {.cookie = settings->cookie,
                                           .mtu = settings->mtu,
                                           .limit = settings->limit,
                                           .peer = span_str("127.0.0.1:5684")};

        pair_enter(&k->pair, side);
        if (tls_context_new(&shared, &k->context[side]) != OK)
            abort(); /* on any thread, where an assertion of Check has no place */
        k->dtls[side] = dtls_new(k->context[side], &k->pair.side[side].env, &own, &dtls);
        pair_leave();
        k->pair.side[side].proto = dtls_proto(k->dtls[side]);
    }
    return k;
}

static inline struct pair_script dtls_kit_script(struct dtls_kit *k)
{
    struct pair_script s = pair_clean();

    s.datagrams = true;
    s.step = dtls_kit_step;
    s.arg = k;
    s.delay = 50 * SIM_MS;
    return s;
}

static inline void dtls_kit_free(struct dtls_kit *k)
{
    for (int side = 0; side < 2; side++) {
        pair_enter(&k->pair, side);
        proto_free(dtls_proto(k->dtls[side]));
        pair_leave();
        tls_context_free(k->context[side]);
    }
    pair_release(&k->pair);
    free(k);
}

#endif
