/* ua, NAF: the first octet: bit 0: PSK-TLS, else HTTP Digest on bare TCP; the second is the size of
 * the pieces (0: whole); the rest is what a device sends. Nonces and TLS's randoms depend on
 * nothing else, so a recorded seed is a whole bootstrap. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/gba_parties.h"

#include "models/proc/server.h"

#define NAF "msbf.example"

static const enum tls_suite suite = TLS_SUITE_PSK_AES_128_CCM;

static struct tls_context *context(void)
{
    static struct tls_context *made;
    struct tls_settings s = {
        .server = true, .version = TLS_1_2, .suites = &suite, .suite_count = 1};
    struct rng stream = rng_stream(1, "naf", "fuzz preparation");

    if (made)
        return made;
    entity_enter(&stream, UNIX_NS);
    if (tls_context_new(&s, &made))
        abort();
    entity_leave();
    return made;
}

static void association(struct gba_sa *sa)
{
    memset(sa, 0, sizeof(*sa));
    memset(sa->ks, 0x5a, sizeof(sa->ks));
    memcpy(sa->impi, "232010000000001@ims.mnc001.mcc232.3gppnetwork.org", 50);
    sa->expires_unix_ns = UNIX_NS + 3600 * SIM_S;
    if (!gba_btid(sa->rand, BSF, sa->btid))
        abort();
}

static void act(struct server_session *s, struct meter *m)
{
    struct gba_sa sa;

    association(&sa);
    while (server_session_zn(s)) {
        struct zn_request q = *server_session_zn(s);
        struct zn_answer a;

        zn_answer_make(m, &sa, &q, UNIX_NS, &a);
        server_session_zn_answer(s, 0, &a);
    }
    while (server_session_request(s)) {
        const struct server_request *q = server_session_request(s);

        /* Nobody comes so far without the key. */
        if (strcmp(q->btid, sa.btid) != 0 || strcmp(q->peer_name, sa.impi) != 0)
            abort();
        server_session_answer(s, 0, &(struct server_answer){.status = 204});
    }
}

static void feed(struct parties *p, struct server_session *s, const uint8_t *data, size_t n,
                 size_t piece)
{
    struct proto *proto = server_session_proto(s);
    struct buf out;

    buf_init(&out, 4 << 20);
    proto->ops->start(proto, 0);
    for (size_t i = 0; i < n; i += piece) {
        proto->ops->input(proto, 0, span_of(data + i, n - i < piece ? n - i : piece));
        act(s, &p->meter);
        while (proto->ops->output(proto, 0, &out))
            continue;
        buf_consume(&out, buf_len(&out));
        if ((proto->status == PROTO_FAILED) != (proto->reason != REASON_NONE))
            abort();
    }
    proto->ops->input(proto, 0, span_of(NULL, 0));
    while (proto->ops->output(proto, 0, &out))
        continue;
    if (proto->status == PROTO_RUNNING || server_session_zn(s) || server_session_request(s))
        abort();
    buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct naf_settings naf = {.fqdn = NAF, .suite = suite, .uicc_keys = true};
    struct server_settings settings = {.role = SERVER_MSBF, .naf = &naf};
    struct parties p;
    struct server_session *s;

    if (n < 3)
        return 0;
    parties_init(&p, "naf", false, false);
    if (data[0] & 1)
        settings.context = context();
    entity_enter(&p.stream, UNIX_NS);
    s = server_session_new(&p.env, &settings);
    feed(&p, s, data + 2, n - 2, data[1] ? data[1] : n - 2);
    proto_free(server_session_proto(s));
    entity_leave();
    return 0;
}
