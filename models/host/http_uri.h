/* An absolute URI of HTTP (RFC 9110 4.2.1, RFC 3986 3.2): where a contact is that a subscription
 * names. Only what a request can be sent to: "http", a host that is a name, an IPv4 address or an
 * IPv6 address in brackets, perhaps a port, and a path with its query. No user, no fragment. */
#ifndef MODELS_HOST_HTTP_URI_H
#define MODELS_HOST_HTTP_URI_H

#include <stdbool.h>
#include <stdint.h>

#define HTTP_URI_HOST_MAX 256

struct http_uri {
    char host[HTTP_URI_HOST_MAX]; /* in lower case; of IPv6 without the brackets */
    const char *path;             /* in the text that was read; at least "/" */
    uint16_t port;                /* 80 where it says none */
    bool ipv6;
};
/* false: it is none of these, and *out is not set. */
bool http_uri_parse(const char *text, struct http_uri *out);
/* It stays on this machine: "localhost", 127.0.0.0/8 or ::1. */
bool http_uri_is_loopback(const struct http_uri *uri);

#endif
