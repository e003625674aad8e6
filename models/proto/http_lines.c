#include "models/proto/http_lines.h"

#include "sim/base/hex.h"

bool http_lines_take(struct http_lines *l, struct span in)
{
    for (size_t i = 0; i < in.n; i++) {
        uint8_t c = in.p[i];

        if (l->after_cr != (c == '\n'))
            return false;
        if (l->line_start && (c == ' ' || c == '\t'))
            return false;
        l->line_start = c == '\n';
        l->after_cr = c == '\r';
    }
    return true;
}

enum chunk_state { SIZE, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILER };

static bool size_octet(struct http_chunks *c, uint8_t octet)
{
    int digit = hex_digit(octet);

    if (digit >= 0) {
        /* Eight digits are far beyond any body we take. */
        if (c->digits == 8)
            return false;
        c->digits++;
        c->left = c->left * 16 + (uint64_t)digit;
        return true;
    }
    if (c->digits == 0 || (octet != ';' && octet != '\r'))
        return false;
    c->state = octet == ';' ? EXTENSION : SIZE_LF;
    return true;
}

static bool framing_octet(struct http_chunks *c, uint8_t octet)
{
    switch ((enum chunk_state)c->state) {
    case SIZE:
        return size_octet(c, octet);
    case EXTENSION:
        if (octet == '\r')
            c->state = SIZE_LF;
        return octet == '\r' || octet == '\t' || (octet >= ' ' && octet != 0x7f);
    case SIZE_LF:
        c->state = c->left > 0 ? DATA : TRAILER;
        c->trailer = (struct http_lines){.line_start = true};
        return octet == '\n';
    case DATA_CR:
        c->state = DATA_LF;
        return octet == '\r';
    case DATA_LF:
        c->state = SIZE;
        c->digits = 0;
        return octet == '\n';
    case TRAILER:
        return http_lines_take(&c->trailer, span_of(&octet, 1));
    case DATA:
        break;
    }
    return false;
}

bool http_chunks_take(struct http_chunks *c, struct span in)
{
    size_t i = 0;

    while (i < in.n) {
        if (c->state == DATA) {
            uint64_t n = in.n - i < c->left ? in.n - i : c->left;

            c->left -= n;
            i += n;
            if (c->left == 0)
                c->state = DATA_CR;
            continue;
        }
        if (!framing_octet(c, in.p[i++]))
            return false;
        if (c->overhead < UINT32_MAX)
            c->overhead++;
    }
    return true;
}
