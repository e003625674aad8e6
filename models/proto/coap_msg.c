#include "models/proto/coap_msg.h"

#include <assert.h>

#define VERSION   1
#define MARKER    0xff
#define ONE_MORE  13 /* RFC 7252 3.1: an octet follows, and counts from 13 */
#define TWO_MORE  14 /* two, from 269 */
#define RESERVED  15
#define FROM_ONE  13
#define FROM_TWO  269
#define VALUE_MAX 65535

static const struct {
    uint16_t number, shortest, longest;
    bool repeated;
    const char *name;
} known[] = {
#define X(constant, number, name, form, shortest, longest, repeated)                               \
    {number, shortest, longest, repeated, name},
    COAP_OPTIONS(X)
#undef X
};

static const struct {
    uint8_t code;
    const char *name;
} codes[] = {
#define X(constant, code, name) {code, name},
    COAP_CODES(X)
#undef X
};

const char *coap_code_name(uint8_t code)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].code == code)
            return codes[i].name;
    return NULL;
}

const char *coap_option_name(uint16_t number)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].number == number)
            return known[i].name;
    return NULL;
}

const char *coap_type_name(uint8_t type)
{
    static const char *const names[] = {"CON", "NON", "ACK", "RST"};

    assert(type <= COAP_RST);
    return names[type];
}

/* ---- reading ---- */

/* The delta or length behind a nibble; at most 65,804. false: it is cut, or reserved. */
static bool read_extended(struct span *in, unsigned nibble, uint32_t *value)
{
    unsigned more = nibble == ONE_MORE ? 1 : nibble == TWO_MORE ? 2 : 0;

    if (nibble == RESERVED || in->n < more)
        return false;
    *value = nibble;
    if (more == 1)
        *value = FROM_ONE + (uint32_t)in->p[0];
    if (more == 2)
        *value = FROM_TWO + ((uint32_t)in->p[0] << 8 | in->p[1]);
    *in = span_of(in->p + more, in->n - more);
    return true;
}

static enum reason read_option(struct span *in, uint32_t *number, struct coap_msg *out)
{
    unsigned first = in->p[0];
    uint32_t delta, length;

    *in = span_of(in->p + 1, in->n - 1);
    if (!read_extended(in, first >> 4, &delta) || !read_extended(in, first & 15, &length) ||
        length > in->n || *number + delta > UINT16_MAX)
        return REASON_COAP_MALFORMED;
    if (out->option_count == COAP_OPTIONS_MAX)
        return REASON_COAP_TOO_LARGE;
    *number += delta;
    out->options[out->option_count++] =
        (struct coap_option){.p = in->p, .number = (uint16_t)*number, .n = (uint16_t)length};
    *in = span_of(in->p + length, in->n - length);
    return REASON_NONE;
}

static enum reason read_header(struct span *in, struct coap_msg *out)
{
    const uint8_t *p = in->p;

    if (in->n < COAP_HEADER || p[0] >> 6 != VERSION)
        return REASON_COAP_MALFORMED;
    out->type = p[0] >> 4 & 3;
    out->token_n = p[0] & 15;
    out->code = p[1];
    out->id = (uint16_t)(p[2] << 8 | p[3]);
    out->has_header = true;
    *in = span_of(p + COAP_HEADER, in->n - COAP_HEADER);
    if (out->token_n > COAP_TOKEN_MAX || out->token_n > in->n ||
        (out->code == COAP_EMPTY && (out->token_n > 0 || in->n > 0)))
        return REASON_COAP_MALFORMED;
    memcpy(out->token, in->p, out->token_n);
    *in = span_of(in->p + out->token_n, in->n - out->token_n);
    return REASON_NONE;
}

enum reason coap_msg_parse(struct span in, struct coap_msg *out)
{
    enum reason reason;
    uint32_t number = 0;

    out->has_header = false;
    out->token_n = 0;
    out->option_count = 0;
    out->payload = span_of(NULL, 0);
    reason = read_header(&in, out);
    while (!reason && in.n > 0 && in.p[0] != MARKER)
        reason = read_option(&in, &number, out);
    if (reason || in.n == 0)
        return reason;
    if (in.n == 1)
        return REASON_COAP_MALFORMED;
    out->payload = span_of(in.p + 1, in.n - 1);
    return REASON_NONE;
}

struct span coap_option_value(const struct coap_option *o)
{
    return span_of(o->p ? o->p : o->small, o->n);
}

bool coap_msg_understands(const struct coap_msg *m, size_t i)
{
    const struct coap_option *o = &m->options[i];

    for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
        if (known[k].number == o->number)
            return o->n >= known[k].shortest && o->n <= known[k].longest &&
                   (known[k].repeated || i == 0 || m->options[i - 1].number != o->number);
    return false;
}

uint16_t coap_msg_bad_option(const struct coap_msg *m)
{
    for (size_t i = 0; i < m->option_count; i++)
        if ((m->options[i].number & 1) && !coap_msg_understands(m, i))
            return m->options[i].number;
    return 0;
}

bool coap_msg_get(const struct coap_msg *m, uint16_t number, struct span *value)
{
    for (size_t i = 0; i < m->option_count; i++)
        if (m->options[i].number == number && coap_msg_understands(m, i)) {
            *value = coap_option_value(&m->options[i]);
            return true;
        }
    return false;
}

bool coap_msg_get_uint(const struct coap_msg *m, uint16_t number, uint32_t *value)
{
    struct span s;

    if (!coap_msg_get(m, number, &s) || s.n > 4)
        return false;
    *value = 0;
    for (size_t i = 0; i < s.n; i++)
        *value = *value << 8 | s.p[i];
    return true;
}

/* ---- writing ---- */

void coap_msg_init(struct coap_msg *m, enum coap_type type, uint8_t code)
{
    m->type = (uint8_t)type;
    m->code = code;
    m->id = 0;
    m->token_n = 0;
    m->has_header = true;
    m->option_count = 0;
    m->payload = span_of(NULL, 0);
}

static struct coap_option *insert(struct coap_msg *m, uint16_t number)
{
    size_t at = m->option_count;

    if (at == COAP_OPTIONS_MAX)
        return NULL;
    while (at > 0 && m->options[at - 1].number > number)
        at--;
    memmove(&m->options[at + 1], &m->options[at],
            (m->option_count - at) * sizeof(struct coap_option));
    m->option_count++;
    m->options[at] = (struct coap_option){.number = number};
    return &m->options[at];
}

bool coap_msg_add(struct coap_msg *m, uint16_t number, struct span value)
{
    struct coap_option *o = value.n <= VALUE_MAX ? insert(m, number) : NULL;

    if (!o)
        return false;
    o->p = value.n > 0 ? value.p : NULL;
    o->n = (uint16_t)value.n;
    return true;
}

/* RFC 7252 3.2: no leading zeros; 0 is empty. */
bool coap_msg_add_uint(struct coap_msg *m, uint16_t number, uint32_t value)
{
    struct coap_option *o = insert(m, number);

    if (!o)
        return false;
    for (int shift = 24; shift >= 0; shift -= 8)
        if (o->n > 0 || value >> shift)
            o->small[o->n++] = (uint8_t)(value >> shift);
    return true;
}

void coap_msg_remove(struct coap_msg *m, uint16_t number)
{
    uint16_t kept = 0;

    for (size_t i = 0; i < m->option_count; i++)
        if (m->options[i].number != number)
            m->options[kept++] = m->options[i];
    m->option_count = kept;
}

/* A nibble, and the octets that follow the option's first one. */
static unsigned extend(uint32_t value, uint8_t octets[2], size_t *n)
{
    *n = value < FROM_ONE ? 0 : value < FROM_TWO ? 1 : 2;
    if (*n == 0)
        return value;
    value -= *n == 1 ? FROM_ONE : FROM_TWO;
    octets[0] = (uint8_t)(*n == 1 ? value : value >> 8);
    octets[1] = (uint8_t)value;
    return *n == 1 ? ONE_MORE : TWO_MORE;
}

static bool write_option(uint32_t delta, struct span value, struct buf *out)
{
    uint8_t head[5], more[2];
    size_t n, at = 1;

    head[0] = (uint8_t)(extend(delta, more, &n) << 4);
    memcpy(head + at, more, n);
    at += n;
    head[0] = (uint8_t)(head[0] | extend((uint32_t)value.n, more, &n));
    memcpy(head + at, more, n);
    at += n;
    return buf_put(out, head, at) && (value.n == 0 || buf_put_span(out, value));
}

bool coap_msg_write(const struct coap_msg *m, struct buf *out)
{
    const uint8_t head[COAP_HEADER] = {(uint8_t)(VERSION << 6 | m->type << 4 | m->token_n), m->code,
                                       (uint8_t)(m->id >> 8), (uint8_t)m->id};
    const uint8_t marker = MARKER;
    uint16_t number = 0;
    bool ok = buf_put(out, head, sizeof(head)) && buf_put(out, m->token, m->token_n);

    for (size_t i = 0; ok && i < m->option_count; i++) {
        const struct coap_option *o = &m->options[i];

        ok = write_option((uint32_t)(o->number - number), coap_option_value(o), out);
        number = o->number;
    }
    if (ok && m->payload.n > 0)
        ok = buf_put(out, &marker, 1) && buf_put_span(out, m->payload);
    return ok;
}

/* ---- blocks ---- */

bool coap_msg_get_block(const struct coap_msg *m, enum coap_option_number number,
                        struct coap_block *out)
{
    uint32_t value;

    if (!coap_msg_get_uint(m, (uint16_t)number, &value))
        return false;
    *out =
        (struct coap_block){.num = value >> 4, .more = value >> 3 & 1, .szx = (uint8_t)(value & 7)};
    return true;
}

bool coap_msg_add_block(struct coap_msg *m, enum coap_option_number number,
                        const struct coap_block *block)
{
    return block->num < 1u << 20 &&
           coap_msg_add_uint(m, (uint16_t)number,
                             block->num << 4 | (uint32_t)block->more << 3 | block->szx);
}
