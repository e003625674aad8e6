#include "tests/support/tls_rig.h"

#include "crypto/entity.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DAY INT64_C(86400)
#define NOW INT64_C(1577836800) /* the pair's calendar time at 0 */

static struct key_pool *pool;
static struct authority *trusted, *stranger;

static void must(enum err err)
{
    assert(!err);
}

void rig_global_init(void)
{
    must(crypto_init());
    must(key_pool_make(1, "rig", 5, getenv("M2MSIM_KEY_CACHE"), NULL, NULL, &pool));
    must(authority_make(pool, 1, "Rig Root", NOW - 1000 * DAY, NOW + 1000 * DAY, &trusted));
    must(authority_make(pool, 2, "Other Root", NOW - 1000 * DAY, NOW + 1000 * DAY, &stranger));
}

void rig_global_release(void)
{
    authority_free(trusted);
    authority_free(stranger);
    key_pool_free(pool);
}

int rig_combinations(void)
{
    int n = 0;
    enum tls_suite suite;
    enum tls_version version;

    while (rig_combination(n, &suite, &version))
        n++;
    return n;
}

bool rig_combination(int i, enum tls_suite *suite, enum tls_version *version)
{
    for (int s = 0; s < TLS_SUITE_COUNT; s++)
        for (int v = TLS_1_1; v <= TLS_1_2; v++)
            if (tls_suite_allows((enum tls_suite)s, (enum tls_version)v) && i-- == 0) {
                *suite = (enum tls_suite)s;
                *version = (enum tls_version)v;
                return true;
            }
    return false;
}

static void fill(uint8_t *p, size_t n, uint8_t salt)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(i * 7 + salt);
}

static unsigned find_psk(void *arg, struct span identity, uint8_t psk[32], enum reason *reason)
{
    struct rig *r = arg;

    if (identity.n != strlen(RIG_IDENTITY) || memcmp(identity.p, RIG_IDENTITY, identity.n) != 0 ||
        r->settings.find_reason) {
        *reason = r->settings.find_reason;
        return 0;
    }
    fill(psk, 32, r->settings.wrong_psk ? 99 : 3);
    return 32;
}

static void make_context(struct rig *r, int side)
{
    const struct rig_settings *s = &r->settings;
    bool server = side == 1, psk = tls_suite_is_psk(s->suite);
    enum tls_suite suite = s->suite;
    struct tls_settings settings = {.server = server,
                                    .version = s->version,
                                    .suites = &suite,
                                    .suite_count = 1,
                                    .group = s->group,
                                    .authority = psk ? NULL : trusted,
                                    .anonymous_clients = s->anonymous};

    if (s->memory && !(server && s->server_resumes_not)) {
        settings.resume = s->memory->resume;
        settings.resume_s = s->memory->resume_s;
    }
    if (server && s->other_server_suite)
        suite = suite == TLS_SUITE_PSK_AES_128_CBC_SHA ? TLS_SUITE_PSK_AES_128_CBC_SHA256
                                                       : TLS_SUITE_PSK_AES_128_CBC_SHA;
    if (server && s->other_server_version)
        settings.version = s->version == TLS_1_1 ? TLS_1_2 : TLS_1_1;
    pair_enter(&r->pair, side);
    must(tls_context_new(&settings, &r->context[side]));
    pair_leave();
}

static struct credential *make_credential(struct rig *r, bool server)
{
    const struct rig_settings *s = &r->settings;
    bool expired = server ? s->server_expired : s->client_expired;
    bool not_yet = server ? s->server_not_yet : s->client_not_yet;
    bool other = server ? s->server_stranger : s->client_stranger;
    struct credential *c = NULL;

    if (tls_suite_is_psk(s->suite) || (!server && (s->client_bare || s->anonymous)))
        return NULL;
    must(credential_issue(other ? stranger : trusted, pool, server ? 0 : 1,
                          server ? "server.example" : "meter-1.example", server,
                          NOW + (not_yet ? DAY : -100 * DAY), NOW + (expired ? -DAY : 100 * DAY),
                          &c));
    return c;
}

static void make_endpoint(struct rig *r, int side)
{
    const struct rig_settings *s = &r->settings;
    bool psk = tls_suite_is_psk(s->suite);
    struct tls_peer_settings settings = {.psk_slot = SE_KMR,
                                         .psk_hint = side == 0 ? s->hint_wanted : s->hint_sent};
    struct tls_resumption resumption;
    uint8_t key[32];

    if (s->memory) {
        resumption = resume_server(s->memory);
        settings.resumption = &resumption;
        settings.session = span_of(s->memory->session[0], s->memory->session_n[0]);
    }
    pair_enter(&r->pair, side);
    settings.credential = make_credential(r, side == 1);
    if (side == 0 && !psk)
        settings.expect_name = s->expect_name ? s->expect_name : "server.example";
    if (side == 0 && psk)
        settings.psk_identity = s->unknown_identity ? "somebody else" : RIG_IDENTITY;
    if (side == 1) {
        settings.psk_find = find_psk;
        settings.psk_arg = r;
    }
    fill(key, sizeof(key), 3);
    if (side == 0 && psk && !s->no_psk)
        se_put(&r->pair.side[0].se, SE_KMR, key);
    r->tls[side] = tls_new(r->context[side], &r->pair.side[side].env, &settings);
    pair_leave();
    r->pair.side[side].proto = tls_proto(r->tls[side]);
}

void rig_init(struct rig *r, const struct rig_settings *settings)
{
    memset(r, 0, sizeof(*r));
    r->settings = *settings;
    r->plain_ok = true;
    pair_init(&r->pair, settings->seed);
    r->pair.now = settings->start;
    for (int side = 0; side < 2; side++)
        make_context(r, side);
    for (int side = 0; side < 2; side++)
        make_endpoint(r, side);
}

void rig_release(struct rig *r)
{
    for (int side = 0; side < 2; side++) {
        pair_enter(&r->pair, side);
        proto_free(tls_proto(r->tls[side]));
        pair_leave();
        tls_context_free(r->context[side]);
    }
    pair_release(&r->pair);
}

void rig_remake(struct rig *r)
{
    for (int side = 0; side < 2; side++) {
        proto_free(tls_proto(r->tls[side]));
        make_endpoint(r, side);
    }
}

static void take_plain(struct rig *r, int side, uint8_t salt)
{
    struct span s = tls_received(r->tls[side]);
    uint8_t expected[RIG_REQUEST + RIG_RESPONSE];

    fill(expected, sizeof(expected), salt);
    if (r->got[side] + s.n > sizeof(expected) ||
        (s.n > 0 && memcmp(s.p, expected + r->got[side], s.n) != 0))
        r->plain_ok = false;
    r->got[side] += s.n;
    tls_consume(r->tls[side], s.n);
}

static void step(void *arg, struct pair *p, int side)
{
    struct rig *r = arg;
    struct tls *t = r->tls[side];
    uint8_t text[RIG_RESPONSE];

    if (tls_is_open(t) && r->settings.memory)
        resume_keep(r->settings.memory, side, t);
    if (tls_is_open(t) && !r->exported[side])
        r->exported[side] = tls_export(t, M2M_EXPORTER_CONNECTION, r->key[side], 48);
    take_plain(r, side, side == 0 ? 2 : 1);
    if (side == 0 && tls_is_open(t) && !r->written) {
        fill(text, RIG_REQUEST, 1);
        r->written = tls_write(t, p->now, span_of(text, RIG_REQUEST));
    }
    if (side == 1 && r->got[1] == RIG_REQUEST && !r->answered && tls_is_open(t)) {
        fill(text, RIG_RESPONSE, 2);
        r->answered = tls_write(t, p->now, span_of(text, RIG_RESPONSE));
    }
    if (side == 0 && r->got[0] == RIG_RESPONSE && !r->closed) {
        tls_close(t, p->now);
        r->closed = true;
    }
}

enum pair_end rig_run(struct rig *r, struct pair_script script)
{
    script.step = step;
    script.arg = r;
    return pair_run(&r->pair, &script);
}

struct proto *rig_proto(const struct rig *r, int side)
{
    return tls_proto(r->tls[side]);
}

bool rig_is_complete(const struct rig *r)
{
    return r->plain_ok && r->got[1] == RIG_REQUEST && r->got[0] == RIG_RESPONSE && r->exported[0] &&
           r->exported[1] && memcmp(r->key[0], r->key[1], 48) == 0 &&
           rig_proto(r, 0)->status == PROTO_DONE && rig_proto(r, 1)->status == PROTO_DONE;
}
