/* dtls, server: the first octet picks cookies or none; then datagrams of a client, each behind two
 * octets of length (its highest bit: time goes to the expiry first). Our own octets depend on
 * nothing else, so a seed recorded against this very server is a whole handshake. */
#include "tests/fuzz/fuzz.h"

#include "crypto/entity.h"
#include "models/proto/dtls.h"

#include <stdlib.h>
#include <string.h>

#define UNIX_S INT64_C(1577836800)

static struct tls_context *context;
static sim_ns now;

static void prepare(void)
{
    const enum tls_suite suite = TLS_SUITE_PSK_AES_128_CCM_8;
    const struct tls_settings s = {
        .server = true, .version = DTLS_1_2, .suites = &suite, .suite_count = 1};
    struct rng stream = rng_stream(1, "server", "fuzz preparation");

    if (context)
        return;
    if (crypto_init())
        abort();
    entity_enter(&stream, UNIX_S * SIM_S);
    if (tls_context_new(&s, &context))
        abort();
    entity_leave();
}

static unsigned find_psk(void *arg, struct span identity, uint8_t psk[32], enum reason *reason)
{
    (void)arg, (void)reason;
    memset(psk, 0x5a, 32);
    return identity.n > 0 && identity.p[0] == 'k' ? 32 : 0;
}

static void check(struct dtls *d)
{
    const struct proto *p = dtls_proto(d);

    if ((p->status == PROTO_FAILED) != (p->reason != REASON_NONE))
        abort();
    if (tls_is_open(dtls_tls(d)) && p->status != PROTO_RUNNING)
        abort();
    if (p->status != PROTO_RUNNING && p->expiry != SIM_NEVER)
        abort();
}

static void pump(struct dtls *d)
{
    struct proto *p = dtls_proto(d);
    struct buf out;

    for (; dtls_received(d).n > 0; dtls_taken(d))
        dtls_write(d, now, dtls_received(d));
    buf_init(&out, 65536);
    while (p->ops->output(p, now, &out)) {
        if (buf_len(&out) == 0 || buf_len(&out) > 20000)
            abort();
        buf_clear(&out);
    }
    buf_clear(&out);
    check(d);
}

static void feed(struct dtls *d, const uint8_t *data, size_t n)
{
    struct proto *p = dtls_proto(d);

    while (n >= 2) {
        size_t length = (size_t)(data[0] & 0x7f) << 8 | data[1];

        if ((data[0] & 0x80) && p->expiry != SIM_NEVER) {
            now = p->expiry;
            p->ops->expire(p, now);
            pump(d);
        }
        length = length < n - 2 ? length : n - 2;
        p->ops->input(p, now, span_of(data + 2, length));
        pump(d);
        data += 2 + length;
        n -= 2 + length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct rng stream = rng_stream(1, "server", "fuzz");
    struct meter meter;
    struct trace trace = {.label = ""};
    struct proto_env env = {
        .stream = &stream, .meter = &meter, .trace = &trace, .epoch_unix_ns = UNIX_S * SIM_S};
    const struct tls_peer_settings peer = {.psk_find = find_psk};
    struct dtls_settings settings = {.peer = span_str("client")};
    struct dtls *d;

    prepare();
    if (n < 1)
        return 0;
    now = 0;
    meter_clear(&meter);
    settings.cookie = data[0] & 1;
    entity_enter(&stream, UNIX_S * SIM_S);
    d = dtls_new(context, &env, &peer, &settings);
    dtls_proto(d)->ops->start(dtls_proto(d), 0);
    feed(d, data + 1, n - 1);
    proto_free(dtls_proto(d));
    entity_leave();
    return 0;
}
