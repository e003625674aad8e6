#include "models/proto/eap_tls_frame.h"

#define HEADER 6 /* of the EAP packet, its type and the flags */
#define LENGTH 4

void eap_tls_frame_init(struct eap_tls_frame *f)
{
    *f = (struct eap_tls_frame){0};
    buf_init(&f->in, EAP_TLS_MESSAGE_MAX);
    buf_init(&f->out, 4 * EAP_TLS_MESSAGE_MAX);
}

void eap_tls_frame_release(struct eap_tls_frame *f)
{
    buf_clear(&f->in);
    buf_clear(&f->out);
}

/* What the flags say, and what is left of the data. */
struct fragment {
    bool more, has_length;
    size_t length;
    struct span text;
};

static bool parse(struct span data, struct fragment *out)
{
    uint8_t flags = data.p[0];
    struct fragment f = {.more = (flags & EAP_TLS_FLAG_MORE) != 0,
                         .has_length = (flags & EAP_TLS_FLAG_LENGTH) != 0,
                         .text = span_of(data.p + 1, data.n - 1)};

    if (f.has_length) {
        const uint8_t *p = f.text.p;

        if (f.text.n < LENGTH)
            return false;
        f.length = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        f.text = span_of(p + LENGTH, f.text.n - LENGTH);
    }
    *out = f;
    return true;
}

/* The first fragment says how long all of it is; a later one may say so again. */
static bool begin(struct eap_tls_frame *f, const struct fragment *g)
{
    if (f->fragments > 0)
        return !g->has_length || g->length == f->announced;
    if (g->more && !g->has_length)
        return false;
    buf_clear(&f->in);
    f->announced = g->has_length ? g->length : g->text.n;
    return f->announced <= EAP_TLS_MESSAGE_MAX;
}

static enum eap_tls_event add(struct eap_tls_frame *f, const struct fragment *g)
{
    if (!begin(f, g) || g->text.n == 0 || g->text.n > f->announced - buf_len(&f->in) ||
        f->fragments == EAP_TLS_FRAGMENTS_MAX)
        return EAP_TLS_BAD;
    buf_put_span(&f->in, g->text);
    f->fragments++;
    if (g->more)
        return EAP_TLS_FRAGMENT;
    f->fragments = 0;
    return buf_len(&f->in) == f->announced ? EAP_TLS_MESSAGE : EAP_TLS_BAD;
}

enum eap_tls_event eap_tls_frame_read(struct eap_tls_frame *f, struct span data)
{
    struct fragment g;

    if (data.n == 0 || !parse(data, &g))
        return EAP_TLS_BAD;
    if (data.p[0] & EAP_TLS_FLAG_START)
        return f->fragments == 0 && data.n == 1 ? EAP_TLS_STARTED : EAP_TLS_BAD;
    if (f->fragments == 0 && g.text.n == 0 && !g.more && g.length == 0)
        return EAP_TLS_ACKNOWLEDGED;
    return add(f, &g);
}

struct span eap_tls_frame_message(const struct eap_tls_frame *f)
{
    return buf_span(&f->in);
}

struct buf *eap_tls_frame_out(struct eap_tls_frame *f)
{
    return &f->out;
}

bool eap_tls_frame_is_sending(const struct eap_tls_frame *f)
{
    return f->sending;
}

bool eap_tls_frame_write(struct eap_tls_frame *f, enum eap_code code, uint8_t id, uint32_t mtu,
                         struct buf *out)
{
    size_t left = buf_len(&f->out), room = mtu - HEADER,
           begun = eap_begin(out, code, id, EAP_TLS, 0, 0);
    bool more = left > room, has_length = more && !f->sending;
    uint8_t head[1 + LENGTH] = {
        (uint8_t)((has_length ? EAP_TLS_FLAG_LENGTH : 0) | (more ? EAP_TLS_FLAG_MORE : 0)),
        (uint8_t)(left >> 24), (uint8_t)(left >> 16), (uint8_t)(left >> 8), (uint8_t)left};
    size_t n = more ? room - (has_length ? LENGTH : 0) : left;

    if (!buf_put(out, head, has_length ? sizeof(head) : 1) ||
        !buf_put_span(out, span_of(buf_span(&f->out).p, n)))
        return false;
    buf_consume(&f->out, n);
    f->sending = more;
    if (!more)
        buf_clear(&f->out);
    return eap_end(out, begun);
}

bool eap_tls_frame_write_start(uint8_t id, struct buf *out)
{
    const uint8_t flags = EAP_TLS_FLAG_START;

    return eap_put(out, EAP_REQUEST, id, EAP_TLS, 0, 0, span_of(&flags, 1));
}
