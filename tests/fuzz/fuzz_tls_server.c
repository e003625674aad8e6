/* tls, server: the first octet picks a suite, the second the size of the pieces (0: whole), the
 * rest is what a client sends. Our own octets depend on nothing else, so a seed recorded against
 * this very server is a whole handshake. */
#include "tests/fuzz/fuzz.h"

#include "crypto/entity.h"
#include "models/proto/tls.h"

#include <stdlib.h>
#include <string.h>

#define UNIX_S INT64_C(1577836800)
#define DAY    INT64_C(86400)

static const struct {
    enum tls_suite suite;
    enum tls_version version;
} kinds[] = {
    {TLS_SUITE_PSK_AES_128_CCM, TLS_1_2},
    {TLS_SUITE_ECDHE_PSK_AES_128_CBC_SHA256, TLS_1_2},
    {TLS_SUITE_RSA_AES_128_CBC_SHA, TLS_1_1},
    {TLS_SUITE_RSA_AES_128_CCM, TLS_1_2},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct tls_context *contexts[KINDS];
static struct credential *credential;

static void must(enum err err)
{
    if (err)
        abort();
}

static void prepare(void)
{
    static struct key_pool *pool;
    static struct authority *authority;
    struct rng stream = rng_stream(1, "server", "fuzz preparation");

    if (contexts[0])
        return;
    must(crypto_init());
    must(key_pool_make(1, "fuzz", 2, getenv("M2MSIM_KEY_CACHE"), NULL, NULL, &pool));
    must(authority_make(pool, 1, "Fuzz Root", UNIX_S - DAY, UNIX_S + DAY, &authority));
    entity_enter(&stream, UNIX_S * SIM_S);
    must(credential_issue(authority, pool, 0, "server.example", true, UNIX_S - DAY, UNIX_S + DAY,
                          &credential));
    for (size_t i = 0; i < KINDS; i++) {
        struct tls_settings s = {.server = true,
                                 .version = kinds[i].version,
                                 .suites = &kinds[i].suite,
                                 .suite_count = 1,
                                 .authority = tls_suite_is_psk(kinds[i].suite) ? NULL : authority};

        must(tls_context_new(&s, &contexts[i]));
    }
    entity_leave();
}

static unsigned find_psk(void *arg, struct span identity, uint8_t psk[32], enum reason *reason)
{
    (void)arg, (void)reason;
    memset(psk, 0x5a, 32);
    return identity.n > 0 && identity.p[0] == 'k' ? 32 : 0;
}

static void check(const struct tls *t, const struct proto *p)
{
    /* REASON_CRYPTO is no bug of ours here: OpenSSL 3.0.20 calls a record that is shorter than its
     * tag an internal error, 3.0.22 a bad one. */
    if ((p->status == PROTO_FAILED) != (p->reason != REASON_NONE))
        abort();
    if (tls_is_open(t) && p->status != PROTO_RUNNING)
        abort();
}

static void feed(struct tls *t, const uint8_t *data, size_t n, size_t piece)
{
    struct proto *p = tls_proto(t);
    struct buf out;

    buf_init(&out, 1 << 20);
    p->ops->start(p, 0);
    for (size_t i = 0; i < n; i += piece) {
        p->ops->input(p, 0, span_of(data + i, n - i < piece ? n - i : piece));
        tls_consume(t, tls_received(t).n);
        if (tls_is_open(t))
            tls_write(t, 0, span_str("answer"));
        while (p->ops->output(p, 0, &out))
            continue;
        buf_consume(&out, buf_len(&out));
        check(t, p);
    }
    p->ops->input(p, 0, span_of(NULL, 0));
    if (p->status == PROTO_RUNNING)
        abort();
    buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct rng stream = rng_stream(1, "server", "fuzz");
    struct se se = {0};
    struct meter meter = {0};
    struct trace trace = {.label = ""};
    struct proto_env env = {&stream, &se, &meter, &trace, UNIX_S * SIM_S};
    struct tls_peer_settings settings = {.psk_find = find_psk};
    struct tls *t;
    size_t kind;

    if (n < 3)
        return 0;
    prepare();
    kind = data[0] % KINDS;
    entity_enter(&stream, UNIX_S * SIM_S);
    if (!tls_suite_is_psk(kinds[kind].suite))
        must(credential_copy(credential, &settings.credential));
    t = tls_new(contexts[kind], &env, &settings);
    feed(t, data + 2, n - 2, data[1] ? data[1] : n - 2);
    proto_free(tls_proto(t));
    entity_leave();
    return 0;
}
