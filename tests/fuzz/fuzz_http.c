/* http: the second octet is the size of the pieces (0: whole), the lowest bit of the first says
 * requests or responses. Reading in pieces must give what reading at once gives. */
#include "tests/fuzz/fuzz.h"

#include "crypto/hash.h"
#include "models/proto/http.h"

#include <stdlib.h>

struct outcome {
    enum reason reason;
    unsigned messages;
    size_t body_octets;
    int last_status;
};

static void take(struct http_reader *r, struct outcome *o)
{
    const struct http_message *m;
    char entity[256];

    while (!o->reason && (m = http_reader_message(r))) {
        o->messages++;
        o->body_octets += m->body.n;
        o->last_status = m->status;
        if (m->body.n > HTTP_MAX_BODY || m->target.n > HTTP_MAX_TARGET)
            abort();
        http_requesting_entity(m->authorization, entity, sizeof(entity));
        o->reason = http_reader_next(r);
    }
}

static struct outcome run(bool requests, const uint8_t *p, size_t n, size_t piece)
{
    struct http_reader *r = http_reader_new(requests);
    struct outcome o = {REASON_NONE, 0, 0, 0};

    for (size_t i = 0; i < n && !o.reason; i += piece) {
        o.reason = http_reader_input(r, span_of(p + i, n - i < piece ? n - i : piece));
        take(r, &o);
    }
    if (!o.reason) {
        o.reason = http_reader_input(r, span_of(NULL, 0));
        take(r, &o);
    }
    http_reader_free(r);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct outcome whole, pieces;
    bool requests;
    size_t piece;

    if (n < 3)
        return 0;
    requests = data[0] & 1;
    piece = data[1] ? data[1] : n;
    data += 2;
    n -= 2;
    whole = run(requests, data, n, n);
    pieces = run(requests, data, n, piece);
    if (whole.reason != pieces.reason || whole.messages != pieces.messages ||
        whole.body_octets != pieces.body_octets || whole.last_status != pieces.last_status)
        abort();
    return 0;
}
