/* ub, UE: the first octet: bit 0: GBA_U, bit 1: a card that is ahead of its AuC; the second is the
 * size of the pieces (0: whole); the rest is what a BSF sends. The UE's cnonce depends on nothing
 * else, so a recorded seed is a whole bootstrap. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/gba_parties.h"

static void check(const struct proto *p, const struct gba_sa *sa)
{
    if ((p->status == PROTO_FAILED) != (p->reason != REASON_NONE))
        abort();
    /* An association is there when, and only when, all is well. */
    if (p->status == PROTO_FAILED && sa->btid[0])
        abort();
    if (p->status == PROTO_DONE && (!sa->btid[0] || sa->expires_unix_ns <= UNIX_NS))
        abort();
}

static void feed(struct proto *p, const struct gba_sa *sa, const uint8_t *data, size_t n,
                 size_t piece)
{
    struct buf out;

    buf_init(&out, 1 << 20);
    p->ops->start(p, 0);
    for (size_t i = 0; i < n; i += piece) {
        while (p->ops->output(p, 0, &out))
            continue;
        buf_consume(&out, buf_len(&out));
        p->ops->input(p, 0, span_of(data + i, n - i < piece ? n - i : piece));
    }
    while (p->ops->output(p, 0, &out))
        continue;
    check(p, sa);
    p->ops->input(p, 0, span_of(NULL, 0));
    while (p->ops->output(p, 0, &out))
        continue;
    if (p->status == PROTO_RUNNING)
        abort();
    check(p, sa);
    buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct parties p;
    struct gba_sa sa = {.btid = ""};
    struct ub_settings settings = {.bsf = BSF, .uicc = &p.uicc};
    struct proto *client;

    if (n < 3)
        return 0;
    parties_init(&p, "ue", data[0] & 1, data[0] & 2);
    settings.gba_u = p.gba_u;
    entity_enter(&p.stream, UNIX_NS);
    client = ub_client_new(&p.env, &settings, &sa);
    feed(client, &sa, data + 2, n - 2, data[1] ? data[1] : n - 2);
    proto_free(client);
    entity_leave();
    return 0;
}
