/* Framing of HTTP/1.1 (RFC 9112): libhttp_parser behind a door, for http.c alone. Its header claims
 * names that http.h has too, so no other file may include it. What the library lets pass and the
 * RFC does not (bare LF, folded fields, sloppy chunk lines) is refused here. */
#ifndef MODELS_PROTO_HTTP_FRAME_H
#define MODELS_PROTO_HTTP_FRAME_H

#include "sim/base/span.h"

#include <stdbool.h>

struct http_frame; /* heap */

/* What the header section said, when it is whole. */
struct http_frame_head {
    const char *method; /* request; a static text */
    int status;         /* response */
    int major, minor;
    bool has_length; /* Content-Length */
    uint64_t length;
    bool chunked, other_coding; /* Transfer-Encoding: chunked last; anything else */
    bool keep_alive;
};

/* Each may come in pieces; false ends the stream. */
struct http_frame_sink {
    bool (*target)(void *arg, struct span piece);
    bool (*field)(void *arg, struct span piece);
    bool (*value)(void *arg, struct span piece);
    bool (*head)(void *arg, const struct http_frame_head *head);
    bool (*body)(void *arg, struct span piece);
};

enum http_frame_status {
    HTTP_FRAME_MORE,      /* all was taken; the message is not whole */
    HTTP_FRAME_COMPLETE,  /* taken up to the end of a message */
    HTTP_FRAME_REFUSED,   /* the sink said no */
    HTTP_FRAME_TOO_LARGE, /* header section, or the lines around chunks, beyond max_header */
    HTTP_FRAME_MALFORMED,
    HTTP_FRAME_CUT /* the stream's end inside a message */
};

struct http_frame *http_frame_new(bool requests, uint32_t max_header,
                                  const struct http_frame_sink *sink, void *arg);
void http_frame_free(struct http_frame *f);
/* *used: octets taken. in.n == 0: the stream's end; COMPLETE when it ends a message, else MORE
 * between messages. */
enum http_frame_status http_frame_input(struct http_frame *f, struct span in, size_t *used);

#endif
