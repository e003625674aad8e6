/* HTTP/1.1 messages (RFC 9112) over any octet stream: parsed by libhttp_parser, bounded, written by
 * hand. Not a proto: a parent feeds it plaintext. One direction each. */
#ifndef MODELS_PROTO_HTTP_H
#define MODELS_PROTO_HTTP_H

#include "models/proto/reason.h"
#include "sim/base/buf.h"

#include <stdbool.h>

#define HTTP_MAX_HEADER 4096
#define HTTP_MAX_TARGET 1024
#define HTTP_MAX_BODY   (64 * 1024)

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_OTHER };
const char *http_method_name(enum http_method m);

/* A parsed message; spans are into the reader and valid until http_reader_next. */
struct http_message {
    bool is_request;
    enum http_method method; /* request */
    struct span target;      /* request, as sent */
    int status;              /* response */
    /* Values of fields; empty when absent. */
    struct span host, content_type, authorization, location;
    struct span user_agent, www_authenticate, authentication_info;
    struct span rcat, trpdt;                           /* x-etsi-... (etsi-m2m.md 8.3) */
    uint32_t retry_after_s;                            /* 0: absent */
    bool if_match, if_none_match, if_unmodified_since; /* a request's conditions: there are such */
    bool keep_alive;
    struct span body;
};

struct http_reader; /* heap */

struct http_reader *http_reader_new(bool requests);
void http_reader_free(struct http_reader *r);
/* Takes octets; keeps what it needs. REASON_NONE, or why the stream is no good: then the reader is
 * dead. in.n == 0: end of stream (completes a message that ends there). */
enum reason http_reader_input(struct http_reader *r, struct span in);
/* The complete message at the front, or NULL. */
const struct http_message *http_reader_message(const struct http_reader *r);
/* Drop it and go on with octets that came behind it (pipelining). */
enum reason http_reader_next(struct http_reader *r);
/* Something was read of a message that is not complete. */
bool http_reader_in_message(const struct http_reader *r);
/* A request whose sender waits for HTTP_CONTINUE before he sends its content (RFC 9110 10.1.1), of
 * which nothing has come; true once. */
bool http_reader_awaited(struct http_reader *r);
/* What a reader died of was a target beyond HTTP_MAX_TARGET. */
bool http_reader_target_too_long(const struct http_reader *r);

#define HTTP_CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

struct http_out {
    enum http_method method; /* request */
    const char *target, *host;
    int status;               /* response; 0: this is a request */
    const char *content_type; /* NULL: none */
    const char *location;     /* NULL: none */
    const char
        *requesting_entity; /* NULL: none; else `Authorization: Basic base64(percent-encoded:)` */
    const char *authorization;       /* NULL: none; a whole value, instead of the above */
    const char *user_agent;          /* NULL: none */
    const char *www_authenticate;    /* NULL: none */
    const char *allow;               /* NULL: none */
    const char *authentication_info; /* NULL: none */
    const char *rcat, *trpdt;        /* x-etsi-...; NULL: none */
    uint32_t retry_after_s;          /* 0: none */
    bool close;                      /* Connection: close */
    struct span body;                /* Content-Length is always sent */
};
/* false: out is full. */
bool http_write(const struct http_out *m, struct buf *out);
/* The requesting entity of an Authorization value: decoded into out (n octets with NUL). false: not
 * of that form. */
bool http_requesting_entity(struct span authorization, char *out, size_t n);
const char *http_status_phrase(int status);

#endif
