/* Bodies of which the peer sends or fetches a block at a time (RFC 7959 2.3, 2.4, 2.5, 2.9). */
#include "models/proto/coap_impl.h"

#include "sim/base/siphash.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

#define KEPT_MAX 4 /* at a time; the oldest gives way */

static void coap_kept_free(struct coap_kept *k)
{
    buf_clear(&k->key);
    buf_clear(&k->head);
    buf_clear(&k->body);
    free(k);
}

void coap_kept_drop(struct coap_endpoint *e, struct coap_kept *k)
{
    struct coap_kept **at = &e->kept;

    while (*at != k)
        at = &(*at)->next;
    *at = k->next;
    coap_kept_free(k);
}

void coap_kept_expire(struct coap_endpoint *e, sim_ns now)
{
    for (struct coap_kept *next, *k = e->kept; k; k = next) {
        next = k->next;
        if (now >= sim_ns_add(k->at, e->settings.exchange_lifetime))
            coap_kept_drop(e, k);
    }
}

static struct coap_kept *find(struct coap_endpoint *e, struct span key, bool incoming)
{
    for (struct coap_kept *k = e->kept; k; k = k->next)
        if (k->incoming == incoming && coap_same(buf_span(&k->key), key))
            return k;
    return NULL;
}

/* Anew: what there was under this key is void. */
static struct coap_kept *keep(struct coap_endpoint *e, sim_ns now, struct span key, bool incoming)
{
    struct coap_kept *k = find(e, key, incoming), **at = &e->kept;
    unsigned n = 0;

    if (k)
        coap_kept_drop(e, k);
    for (k = e->kept; k; k = k->next)
        n++;
    if (n >= KEPT_MAX)
        coap_kept_drop(e, e->kept);
    k = xcalloc(1, sizeof(*k));
    buf_init(&k->key, COAP_MESSAGE_MAX);
    buf_init(&k->head, COAP_MESSAGE_MAX);
    buf_init(&k->body, e->settings.max_body);
    buf_put_span(&k->key, key);
    k->at = now;
    k->incoming = incoming;
    while (*at)
        at = &(*at)->next;
    *at = k;
    return k;
}

/* ---- a request that comes in blocks ---- */

static void say(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m, enum coap_code code,
                const struct coap_block *b)
{
    struct coap_msg response;

    coap_msg_init(&response, COAP_ACK, (uint8_t)code);
    if (b)
        coap_msg_add_block(&response, COAP_BLOCK1, b);
    if (code == COAP_ENTITY_TOO_LARGE)
        coap_msg_add_uint(&response, COAP_SIZE1, (uint32_t)e->settings.max_body);
    coap_served_answer(e, now, m, &response);
}

/* What is wrong with a block; COAP_CONTINUE: nothing. */
static enum coap_code judge(struct coap_endpoint *e, struct coap_kept *k, const struct coap_msg *m,
                            const struct coap_block *b)
{
    size_t size = coap_block_size(b->szx);
    uint32_t announced;

    if (!k || b->num * size != buf_len(&k->body))
        return COAP_ENTITY_INCOMPLETE;
    if (m->payload.n > size || (b->more && m->payload.n != size))
        return COAP_BAD_REQUEST;
    if ((coap_msg_get_uint(m, COAP_SIZE1, &announced) && announced > e->settings.max_body) ||
        (m->payload.n > 0 && !buf_put_span(&k->body, m->payload)))
        return COAP_ENTITY_TOO_LARGE;
    return COAP_CONTINUE;
}

bool coap_block1(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m, struct span *whole,
                 struct coap_kept **kept)
{
    struct coap_kept *k;
    enum coap_code code;
    struct coap_block b;
    struct buf key;

    buf_init(&key, COAP_MESSAGE_MAX);
    coap_cache_key(m, &key);
    coap_msg_get_block(m, COAP_BLOCK1, &b);
    k = b.num == 0 ? keep(e, now, buf_span(&key), true) : find(e, buf_span(&key), true);
    buf_clear(&key);
    code = judge(e, k, m, &b);
    if (code == COAP_CONTINUE && !b.more) {
        *whole = buf_span(&k->body);
        *kept = k;
        return true;
    }
    if (code != COAP_CONTINUE && k)
        coap_kept_drop(e, k);
    else if (k)
        k->at = now;
    /* Smaller ones from the next block on (RFC 7959 2.3). */
    if (e->settings.szx < b.szx)
        b.szx = e->settings.szx;
    b.more = true;
    say(e, now, m, code, code == COAP_CONTINUE ? &b : NULL);
    return false;
}

/* ---- a response that is fetched in blocks ---- */

/* RFC 7252 5.10.6: of the octets, so that the same ones have the same, whoever asks. */
static uint32_t etag_of(struct span body)
{
    struct siphash h;
    uint64_t out[2];

    siphash_init(&h, 0, 0);
    siphash_put(&h, body);
    siphash_end(&h, out);
    return (uint32_t)out[0] | 1;
}

bool coap_cut(struct coap_endpoint *e, sim_ns now, struct span key, struct coap_msg *m, uint8_t szx,
              uint32_t num)
{
    bool refusal = coap_class(m->code) != 2;
    size_t size = coap_block_size(szx), at = refusal ? 0 : num * size;
    struct coap_block b = {.num = refusal ? 0 : num, .szx = szx};
    struct span body = m->payload, etag;
    struct coap_kept *k;

    if (body.n <= size && at == 0)
        return true;
    if (!coap_is_document(m)) {
        m->payload.n = size;
        return true;
    }
    if (at >= body.n)
        return false;
    if (!coap_msg_get(m, COAP_ETAG, &etag))
        coap_msg_add_uint(m, COAP_ETAG, etag_of(body));
    m->payload = span_of(NULL, 0);
    b.more = body.n - at > size;
    if (b.more) {
        k = keep(e, now, key, false);
        coap_msg_write(m, &k->head);
        buf_put_span(&k->body, body);
    }
    coap_msg_add_block(m, COAP_BLOCK2, &b);
    if (at == 0)
        coap_msg_add_uint(m, COAP_SIZE2, (uint32_t)body.n);
    m->payload = span_of(body.p + at, b.more ? size : body.n - at);
    return true;
}

bool coap_block2(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m)
{
    struct coap_kept *k;
    struct coap_block b;
    struct coap_msg response;
    struct span body;
    struct buf key;
    size_t size, at;

    buf_init(&key, COAP_MESSAGE_MAX);
    coap_cache_key(m, &key);
    k = find(e, buf_span(&key), false);
    buf_clear(&key);
    coap_msg_get_block(m, COAP_BLOCK2, &b);
    if (!k || coap_msg_parse(buf_span(&k->head), &response) != REASON_NONE)
        return false;
    if (e->settings.szx < b.szx) {
        b.num <<= b.szx - e->settings.szx;
        b.szx = e->settings.szx;
    }
    body = buf_span(&k->body);
    size = coap_block_size(b.szx);
    at = b.num * size;
    if (at >= body.n) {
        coap_msg_init(&response, COAP_ACK, COAP_BAD_REQUEST);
        coap_served_answer(e, now, m, &response);
        return true;
    }
    b.more = body.n - at > size;
    coap_msg_remove(&response, COAP_BLOCK1);
    coap_msg_add_block(&response, COAP_BLOCK2, &b);
    response.payload = span_of(body.p + at, b.more ? size : body.n - at);
    coap_served_answer(e, now, m, &response);
    k->at = now;
    if (!b.more)
        coap_kept_drop(e, k);
    return true;
}
