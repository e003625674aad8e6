/* Bodies of ours that go in blocks, and of the peer that we fetch (RFC 7959 2.4 to 2.8, 3). */
#include "models/proto/coap_impl.h"

#define RESTARTS_MAX 3 /* of a representation that changes while it is fetched */

void coap_call_block(struct coap_endpoint *e, sim_ns now, struct coap_call *c)
{
    size_t size = coap_block_size(c->up_szx), whole = buf_len(&c->up), left = whole - c->up_at;
    struct coap_block block = {.num = (uint32_t)(c->up_at / size), .szx = c->up_szx};
    struct coap_msg m;
    bool ok = coap_msg_parse(buf_span(&c->head), &m) == REASON_NONE;

    c->up_n = left < size ? left : size;
    block.more = c->up_n < left;
    c->up_blocks = whole > size || c->up_at > 0;
    if (c->up_blocks)
        ok = ok && coap_msg_add_block(&m, COAP_BLOCK1, &block);
    if (c->up_blocks && c->up_at == 0)
        ok = ok && coap_msg_add_uint(&m, COAP_SIZE1, (uint32_t)whole);
    if (whole > 0)
        m.payload = span_of(buf_span(&c->up).p + c->up_at, c->up_n);
    if (ok)
        coap_call_send(e, now, c, &m);
    else
        coap_call_fail(e, c, REASON_COAP_TOO_LARGE);
}

/* Asks for the block that follows what there is; from the first on when there is none. */
static void fetch(struct coap_endpoint *e, sim_ns now, struct coap_call *c)
{
    const struct coap_block block = {
        .num = (uint32_t)(buf_len(&c->down.octets) >> (4 + c->down_szx)), .szx = c->down_szx};
    struct coap_msg m;
    bool ok = coap_msg_parse(buf_span(&c->head), &m) == REASON_NONE;

    coap_msg_remove(&m, COAP_OBSERVE); /* RFC 7959 2.6 */
    coap_msg_remove(&m, COAP_BLOCK2);
    c->fetching = true;
    /* Another token: what is late of the registration must not be taken for it (RFC 7959 3.4). */
    coap_call_new_token(e, c);
    if (ok && coap_msg_add_block(&m, COAP_BLOCK2, &block))
        coap_call_send(e, now, c, &m);
    else
        coap_call_fail(e, c, REASON_COAP_TOO_LARGE);
}

/* RFC 7959 2.4: one representation from the first block to the last. */
static bool same_etag(struct coap_call *c, const struct coap_msg *m)
{
    struct span etag = span_of(NULL, 0);

    coap_msg_get(m, COAP_ETAG, &etag);
    if (buf_len(&c->answer) == 0) {
        c->down.etag_n = (uint8_t)etag.n;
        if (etag.n > 0)
            memcpy(c->down.etag, etag.p, etag.n);
        return true;
    }
    return coap_same(etag, span_of(c->down.etag, c->down.etag_n));
}

static void again(struct coap_endpoint *e, sim_ns now, struct coap_call *c)
{
    buf_clear(&c->answer);
    buf_clear(&c->down.octets);
    if (++c->restarts > RESTARTS_MAX)
        coap_call_fail(e, c, REASON_COAP_BLOCKS);
    else
        fetch(e, now, c);
}

static bool take_block(struct coap_endpoint *e, sim_ns now, struct coap_call *c,
                       const struct coap_msg *m, const struct coap_block *b)
{
    size_t size = coap_block_size(b->szx), have = buf_len(&c->down.octets);
    struct coap_msg head = *m;

    if (!same_etag(c, m)) {
        again(e, now, c);
        return true;
    }
    if (b->szx > COAP_SZX_MAX || b->num * size != have || m->payload.n > size ||
        (b->more && m->payload.n != size)) {
        coap_call_fail(e, c, REASON_COAP_BLOCKS);
        return true;
    }
    head.payload = span_of(NULL, 0);
    if (!coap_put(&c->down.octets, m->payload) ||
        (buf_len(&c->answer) == 0 && !coap_msg_write(&head, &c->answer))) {
        coap_call_fail(e, c, REASON_COAP_TOO_LARGE);
        return true;
    }
    c->down_szx = b->szx < c->down_szx ? b->szx : c->down_szx;
    if (!b->more)
        return false;
    fetch(e, now, c);
    return true;
}

static bool continue_down(struct coap_endpoint *e, sim_ns now, struct coap_call *c,
                          const struct coap_msg *m)
{
    struct coap_msg first;
    struct coap_block b;
    bool block =
        m->code != COAP_CONTINUE && coap_is_document(m) && coap_msg_get_block(m, COAP_BLOCK2, &b);

    /* The whole at once, or an answer of another kind: what there was of it is void. */
    if (!block ||
        (buf_len(&c->answer) > 0 && coap_msg_parse(buf_span(&c->answer), &first) == REASON_NONE &&
         coap_class(first.code) != coap_class(m->code))) {
        buf_clear(&c->answer);
        buf_clear(&c->down.octets);
    }
    return block && take_block(e, now, c, m, &b);
}

/* RFC 7959 2.3, 2.9: the block under way was taken (or its size is refused). */
static bool continue_up(struct coap_endpoint *e, sim_ns now, struct coap_call *c,
                        const struct coap_msg *m)
{
    size_t size = coap_block_size(c->up_szx), whole = buf_len(&c->up);
    struct coap_block b = {.szx = COAP_SZX_MAX + 1};
    bool has = coap_msg_get_block(m, COAP_BLOCK1, &b) && b.szx <= COAP_SZX_MAX;

    if (m->code == COAP_ENTITY_TOO_LARGE && has && b.szx < c->up_szx && c->up_at == 0 &&
        whole > coap_block_size(b.szx)) {
        c->up_szx = b.szx;
        coap_call_block(e, now, c);
        return true;
    }
    if (!c->up_blocks || c->up_at + c->up_n == whole || coap_class(m->code) != 2)
        return false;
    if (!has || b.num != c->up_at / size) {
        coap_call_fail(e, c, REASON_COAP_BLOCKS);
        return true;
    }
    c->up_at += c->up_n;
    if (b.szx < c->up_szx)
        c->up_szx = b.szx;
    coap_call_block(e, now, c);
    return true;
}

bool coap_call_continues(struct coap_endpoint *e, sim_ns now, struct coap_call *c,
                         const struct coap_msg *m)
{
    if (!c->fetching && continue_up(e, now, c, m))
        return true;
    /* A 2.31 to what has no more to send says nothing. */
    if (m->code == COAP_CONTINUE) {
        coap_call_fail(e, c, REASON_COAP_BLOCKS);
        return true;
    }
    return continue_down(e, now, c, m);
}
