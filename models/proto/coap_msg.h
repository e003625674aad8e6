/* CoAP messages (RFC 7252 3, 5.10, 12; RFC 7641 2; RFC 7959 2): octets to a struct and back. Knows
 * the form of messages, not when one may come: that is coap.h. */
#ifndef MODELS_PROTO_COAP_MSG_H
#define MODELS_PROTO_COAP_MSG_H

#include "models/proto/reason.h"
#include "sim/base/buf.h"

#include <stdbool.h>

#define COAP_PORT        5683
#define COAPS_PORT       5684
#define COAP_MESSAGE_MAX 65507 /* what a UDP datagram over IPv4 can hold */
#define COAP_HEADER      4
#define COAP_TOKEN_MAX   8
#define COAP_OPTIONS_MAX 64 /* of one message; a longer list is refused */

enum coap_type { COAP_CON, COAP_NON, COAP_ACK, COAP_RST };

/* Class in the upper three bits, detail in the lower five (RFC 7252 3, 12.1; RFC 7959 2.9; RFC
 * 8132 4). */
/* clang-format off */
#define COAP_CODES(X) \
    X(COAP_EMPTY,                  0x00, "Empty") \
    X(COAP_GET,                    0x01, "GET") \
    X(COAP_POST,                   0x02, "POST") \
    X(COAP_PUT,                    0x03, "PUT") \
    X(COAP_DELETE,                 0x04, "DELETE") \
    X(COAP_CREATED,                0x41, "2.01 Created") \
    X(COAP_DELETED,                0x42, "2.02 Deleted") \
    X(COAP_VALID,                  0x43, "2.03 Valid") \
    X(COAP_CHANGED,                0x44, "2.04 Changed") \
    X(COAP_CONTENT,                0x45, "2.05 Content") \
    X(COAP_CONTINUE,               0x5f, "2.31 Continue") \
    X(COAP_BAD_REQUEST,            0x80, "4.00 Bad Request") \
    X(COAP_UNAUTHORIZED,           0x81, "4.01 Unauthorized") \
    X(COAP_BAD_OPTION,             0x82, "4.02 Bad Option") \
    X(COAP_FORBIDDEN,              0x83, "4.03 Forbidden") \
    X(COAP_NOT_FOUND,              0x84, "4.04 Not Found") \
    X(COAP_METHOD_NOT_ALLOWED,     0x85, "4.05 Method Not Allowed") \
    X(COAP_NOT_ACCEPTABLE,         0x86, "4.06 Not Acceptable") \
    X(COAP_ENTITY_INCOMPLETE,      0x88, "4.08 Request Entity Incomplete") \
    X(COAP_CONFLICT,               0x89, "4.09 Conflict") \
    X(COAP_PRECONDITION_FAILED,    0x8c, "4.12 Precondition Failed") \
    X(COAP_ENTITY_TOO_LARGE,       0x8d, "4.13 Request Entity Too Large") \
    X(COAP_UNSUPPORTED_FORMAT,     0x8f, "4.15 Unsupported Content-Format") \
    X(COAP_INTERNAL_SERVER_ERROR,  0xa0, "5.00 Internal Server Error") \
    X(COAP_NOT_IMPLEMENTED,        0xa1, "5.01 Not Implemented") \
    X(COAP_BAD_GATEWAY,            0xa2, "5.02 Bad Gateway") \
    X(COAP_SERVICE_UNAVAILABLE,    0xa3, "5.03 Service Unavailable") \
    X(COAP_GATEWAY_TIMEOUT,        0xa4, "5.04 Gateway Timeout") \
    X(COAP_PROXYING_NOT_SUPPORTED, 0xa5, "5.05 Proxying Not Supported")

/* X(constant, number, name, form, shortest, longest, may be repeated): RFC 7252 table 4, RFC 7641 2,
 * RFC 7959 2.1 and 4. A number that is odd is critical (RFC 7252 5.4.6). */
#define COAP_OPTIONS(X) \
    X(COAP_IF_MATCH,        1, "If-Match",       OPAQUE, 0,    8, true) \
    X(COAP_URI_HOST,        3, "Uri-Host",       STRING, 1,  255, false) \
    X(COAP_ETAG,            4, "ETag",           OPAQUE, 1,    8, true) \
    X(COAP_IF_NONE_MATCH,   5, "If-None-Match",  OPAQUE, 0,    0, false) \
    X(COAP_OBSERVE,         6, "Observe",        UINT,   0,    3, false) \
    X(COAP_URI_PORT,        7, "Uri-Port",       UINT,   0,    2, false) \
    X(COAP_LOCATION_PATH,   8, "Location-Path",  STRING, 0,  255, true) \
    X(COAP_URI_PATH,       11, "Uri-Path",       STRING, 0,  255, true) \
    X(COAP_CONTENT_FORMAT, 12, "Content-Format", UINT,   0,    2, false) \
    X(COAP_MAX_AGE,        14, "Max-Age",        UINT,   0,    4, false) \
    X(COAP_URI_QUERY,      15, "Uri-Query",      STRING, 0,  255, true) \
    X(COAP_ACCEPT,         17, "Accept",         UINT,   0,    2, false) \
    X(COAP_LOCATION_QUERY, 20, "Location-Query", STRING, 0,  255, true) \
    X(COAP_BLOCK2,         23, "Block2",         UINT,   0,    3, false) \
    X(COAP_BLOCK1,         27, "Block1",         UINT,   0,    3, false) \
    X(COAP_SIZE2,          28, "Size2",          UINT,   0,    4, false) \
    X(COAP_PROXY_URI,      35, "Proxy-Uri",      STRING, 1, 1034, false) \
    X(COAP_PROXY_SCHEME,   39, "Proxy-Scheme",   STRING, 1,  255, false) \
    X(COAP_SIZE1,          60, "Size1",          UINT,   0,    4, false)
/* clang-format on */

enum coap_code {
#define X(constant, code, name) constant = code,
    COAP_CODES(X)
#undef X
};
enum coap_option_number {
#define X(constant, number, name, form, shortest, longest, repeated) constant = number,
    COAP_OPTIONS(X)
#undef X
};

/* Content-Formats (RFC 7252 12.3). */
enum coap_format {
    COAP_TEXT_PLAIN = 0,
    COAP_LINK_FORMAT = 40,
    COAP_XML = 41,
    COAP_OCTET_STREAM = 42,
    COAP_EXI = 47,
    COAP_JSON = 50
};

/* A value of at most four octets may be inside, so that copies of a message stand alone as far as
 * its numbers go. */
struct coap_option {
    const uint8_t *p; /* NULL: in `small` */
    uint16_t number, n;
    uint8_t small[4];
};

/* One message. Spans point into the octets that were parsed, or that were added. */
struct coap_msg {
    uint8_t type, code; /* enum coap_type; enum coap_code or one that nobody here knows */
    uint16_t id;
    uint8_t token[COAP_TOKEN_MAX], token_n;
    bool has_header; /* type and id could be read: what is malformed can be rejected by them */
    uint16_t option_count;
    struct coap_option options[COAP_OPTIONS_MAX]; /* in ascending order */
    struct span payload;
};

static inline unsigned coap_class(uint8_t code)
{
    return code >> 5;
}

static inline bool coap_is_request(uint8_t code)
{
    return code != COAP_EMPTY && coap_class(code) == 0;
}

static inline bool coap_is_response(uint8_t code)
{
    return coap_class(code) == 2 || coap_class(code) == 4 || coap_class(code) == 5;
}

/* REASON_NONE, or REASON_COAP_MALFORMED: another version, lengths that do not add up to exactly
 * `in`, an Empty message with more than a header, a payload marker without payload (RFC 7252 3,
 * 4.1); REASON_COAP_TOO_LARGE: more than COAP_OPTIONS_MAX options. */
enum reason coap_msg_parse(struct span in, struct coap_msg *out);
/* Appends it. false: no room; part may have been written. */
bool coap_msg_write(const struct coap_msg *m, struct buf *out);

/* An Empty message, or one to which options are added. */
void coap_msg_init(struct coap_msg *m, enum coap_type type, uint8_t code);
/* In the order of numbers; those alike in the order they came. The value is not copied. false:
 * COAP_OPTIONS_MAX is reached, or the value is longer than an option can be. */
bool coap_msg_add(struct coap_msg *m, uint16_t number, struct span value);
bool coap_msg_add_uint(struct coap_msg *m, uint16_t number, uint32_t value);
/* Takes out every option of this number. */
void coap_msg_remove(struct coap_msg *m, uint16_t number);

struct span coap_option_value(const struct coap_option *o);
/* The first one that is understood (below); false: none. */
bool coap_msg_get(const struct coap_msg *m, uint16_t number, struct span *value);
bool coap_msg_get_uint(const struct coap_msg *m, uint16_t number, uint32_t *value);
/* The i-th option is known, of a length that it may have, and no repetition of one that may not be
 * repeated; else it is treated like one unknown (RFC 7252 5.4.3, 5.4.5). */
bool coap_msg_understands(const struct coap_msg *m, size_t i);
/* The first critical option that is not understood (RFC 7252 5.4.1); 0: none. */
uint16_t coap_msg_bad_option(const struct coap_msg *m);

/* NULL: nobody here knows it. */
const char *coap_code_name(uint8_t code);
const char *coap_option_name(uint16_t number);
const char *coap_type_name(uint8_t type);

/* ---- URIs (RFC 7252 6.4, 6.5): the part behind the authority ---- */
/* "/a/b%20c?d=e&f" to Uri-Path and Uri-Query options. Decoded octets go to `store`, which must
 * stand as long as m and not grow meanwhile by others. false: no absolute path, a bad escape, a
 * segment longer than 255 octets, no room. */
bool coap_msg_add_uri(struct coap_msg *m, const char *uri, struct buf *store);
/* The reverse: a NUL-terminated text, "/" when there is no Uri-Path. false: does not fit into n. */
bool coap_msg_uri(const struct coap_msg *m, char *out, size_t n);

/* ---- blocks (RFC 7959 2.2) ---- */
#define COAP_SZX_MAX 6 /* 1024 octets */
struct coap_block {
    uint32_t num;
    bool more;
    uint8_t szx; /* 7 is reserved */
};
bool coap_msg_get_block(const struct coap_msg *m, enum coap_option_number number,
                        struct coap_block *out);
bool coap_msg_add_block(struct coap_msg *m, enum coap_option_number number,
                        const struct coap_block *block);
static inline size_t coap_block_size(uint8_t szx)
{
    return (size_t)16 << (szx & 7);
}

#endif
