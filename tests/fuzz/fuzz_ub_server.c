/* ub, BSF: the first octet: bit 0: GBA_U; the second is the size of the pieces (0: whole); the rest
 * is what a UE sends. RANDs depend on nothing else, so a recorded seed is a whole bootstrap. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/gba_parties.h"

static void answer_all(struct parties *p, struct ub_server *s, unsigned *stored)
{
    while (ub_server_query(s)) {
        struct ub_query q = *ub_server_query(s);
        struct ub_answer a;

        /* Only an IMPI that the HSS knew may come so far. */
        if (q.kind == UB_QUERY_STORE && (!q.sa.btid[0] || q.sa.impi[0] == 'x' || ++*stored > 1000))
            abort();
        parties_answer(p, &q, &a);
        ub_server_answer(s, 0, &a);
    }
}

static void feed(struct parties *p, struct ub_server *s, const uint8_t *data, size_t n,
                 size_t piece)
{
    struct proto *proto = ub_server_proto(s);
    unsigned stored = 0;
    struct buf out;

    buf_init(&out, 4 << 20);
    proto->ops->start(proto, 0);
    for (size_t i = 0; i < n; i += piece) {
        proto->ops->input(proto, 0, span_of(data + i, n - i < piece ? n - i : piece));
        answer_all(p, s, &stored);
        while (proto->ops->output(proto, 0, &out))
            continue;
        buf_consume(&out, buf_len(&out));
        if ((proto->status == PROTO_FAILED) != (proto->reason != REASON_NONE))
            abort();
    }
    proto->ops->input(proto, 0, span_of(NULL, 0));
    while (proto->ops->output(proto, 0, &out))
        continue;
    if (proto->status == PROTO_RUNNING || ub_server_query(s))
        abort();
    buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct parties p;
    struct ub_server *s;

    if (n < 3)
        return 0;
    parties_init(&p, "bsf", data[0] & 1, false);
    entity_enter(&p.stream, UNIX_NS);
    s = ub_server_new(&p.env, BSF);
    feed(&p, s, data + 2, n - 2, data[1] ? data[1] : n - 2);
    proto_free(ub_server_proto(s));
    entity_leave();
    return 0;
}
