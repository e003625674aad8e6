/* The octets around the content of an HTTP/1.1 message, judged strictly: a second opinion beside
 * libhttp_parser, which Debian builds in its lenient form. */
#ifndef MODELS_PROTO_HTTP_LINES_H
#define MODELS_PROTO_HTTP_LINES_H

#include "sim/base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* A header or trailer section: CR only before LF, LF only after CR (RFC 9112 2.2), no folded lines
 * (5.2). Zeros: before the first octet. */
struct http_lines {
    bool after_cr, line_start;
};
bool http_lines_take(struct http_lines *l, struct span in); /* false: malformed */

/* A chunked body with its trailer section (RFC 9112 7.1). Zeros: before the first octet. */
struct http_chunks {
    int state;
    unsigned digits;
    uint64_t left;     /* octets of this chunk still to come */
    uint32_t overhead; /* octets that are not content, so far */
    struct http_lines trailer;
};
bool http_chunks_take(struct http_chunks *c, struct span in);

#endif
