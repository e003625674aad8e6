/* coap_msg: a datagram. What is accepted is written again and read as the same, and so is its URI.
 */
#include "tests/fuzz/fuzz.h"

#include "models/proto/coap_msg.h"

#include <stdlib.h>

static void must(bool ok)
{
    if (!ok)
        abort();
}

static bool same(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static void check_same(const struct coap_msg *a, const struct coap_msg *b)
{
    must(a->type == b->type && a->code == b->code && a->id == b->id);
    must(same(span_of(a->token, a->token_n), span_of(b->token, b->token_n)));
    must(a->option_count == b->option_count && same(a->payload, b->payload));
    for (size_t i = 0; i < a->option_count; i++)
        must(a->options[i].number == b->options[i].number &&
             same(coap_option_value(&a->options[i]), coap_option_value(&b->options[i])));
}

/* A path and query that can be written as text mean the same when they are read. */
static void check_uri(const struct coap_msg *m)
{
    static char text[4096];
    struct coap_msg parts, again;
    struct buf store;
    char back[sizeof(text)];

    coap_msg_init(&parts, COAP_CON, COAP_GET);
    for (size_t i = 0; i < m->option_count; i++) {
        uint16_t number = m->options[i].number;

        if ((number == COAP_URI_PATH || number == COAP_URI_QUERY) && coap_msg_understands(m, i))
            must(coap_msg_add(&parts, number, coap_option_value(&m->options[i])));
    }
    if (!coap_msg_uri(m, text, sizeof(text)))
        return;
    buf_init(&store, 2 * sizeof(text));
    coap_msg_init(&again, COAP_CON, COAP_GET);
    /* An only segment that is empty cannot be told from none (RFC 7252 6.5). */
    must(coap_msg_add_uri(&again, text, &store));
    must(coap_msg_uri(&again, back, sizeof(back)) && strcmp(text, back) == 0);
    if (strcmp(text, "/") != 0 && strncmp(text, "/?", 2) != 0)
        check_same(&parts, &again);
    buf_clear(&store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct coap_msg m, again;
    struct coap_block b;
    struct buf out;
    uint32_t number;

    if (coap_msg_parse(span_of(data, n), &m) != REASON_NONE)
        return 0;
    buf_init(&out, 2 * COAP_MESSAGE_MAX);
    must(coap_msg_write(&m, &out));
    must(buf_len(&out) <= n); /* ours is the shortest form */
    must(coap_msg_parse(buf_span(&out), &again) == REASON_NONE);
    check_same(&m, &again);
    check_uri(&m);
    coap_msg_bad_option(&m);
    if (coap_msg_get_block(&m, COAP_BLOCK2, &b))
        must(b.num < 1u << 20 && b.szx <= 7);
    if (coap_msg_get_uint(&m, COAP_OBSERVE, &number))
        must(number < 1u << 24);
    buf_clear(&out);
    return 0;
}
