#include "models/host/http_uri.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define SCHEME "http://"

/* RFC 3986 3.2.2's reg-name without its escapes, which no resolver would take. */
static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '.' || c == '_';
}

/* What may stand in a request's target: no blank, nothing that ends a line, no fragment. */
static bool is_target(const char *p)
{
    for (; *p; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || *p == '#')
            return false;
    return true;
}

static bool take_host(const char *from, size_t n, struct http_uri *u)
{
    if (n == 0 || n >= sizeof(u->host))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (u->ipv6 ? !isxdigit((unsigned char)from[i]) && from[i] != ':' && from[i] != '.'
                    : !is_name(from[i]))
            return false;
        u->host[i] = (char)tolower((unsigned char)from[i]);
    }
    u->host[n] = '\0';
    return true;
}

/* Up to five digits, behind a colon; *p: behind it. */
static bool take_port(const char **p, struct http_uri *u)
{
    unsigned port = 0;
    int digits = 0;

    u->port = 80;
    if (**p != ':')
        return true;
    for (++*p; isdigit((unsigned char)**p) && digits < 6; ++*p, digits++)
        port = 10 * port + (unsigned)(**p - '0');
    if (digits == 0 || port == 0 || port > UINT16_MAX)
        return false;
    u->port = (uint16_t)port;
    return true;
}

bool http_uri_parse(const char *text, struct http_uri *out)
{
    struct http_uri u = {.path = "/"};
    const char *p = text;
    struct in6_addr address;
    size_t n;

    if (strncasecmp(p, SCHEME, strlen(SCHEME)) != 0)
        return false;
    p += strlen(SCHEME);
    u.ipv6 = *p == '[';
    p += u.ipv6;
    n = strcspn(p, u.ipv6 ? "]" : ":/?");
    if (!take_host(p, n, &u))
        return false;
    p += n;
    if (u.ipv6 && (*p++ != ']' || inet_pton(AF_INET6, u.host, &address) != 1))
        return false;
    if (!take_port(&p, &u) || (*p && *p != '/') || !is_target(p))
        return false;
    if (*p)
        u.path = p;
    *out = u;
    return true;
}

bool http_uri_is_loopback(const struct http_uri *uri)
{
    struct in_addr four;
    struct in6_addr six;

    if (uri->ipv6)
        return inet_pton(AF_INET6, uri->host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
    if (strcmp(uri->host, "localhost") == 0)
        return true;
    return inet_pton(AF_INET, uri->host, &four) == 1 && ntohl(four.s_addr) >> 24 == 127;
}
