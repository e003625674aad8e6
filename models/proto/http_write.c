#include "models/proto/http.h"

#include "crypto/hash.h"
#include "sim/base/hex.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

/* Percent-encoded at most three for one. */
#define MAX_ENTITY 256

const char *http_method_name(enum http_method m)
{
    switch (m) {
    case HTTP_GET:
        return "GET";
    case HTTP_POST:
        return "POST";
    case HTTP_PUT:
        return "PUT";
    case HTTP_DELETE:
        return "DELETE";
    case HTTP_OTHER:
        break;
    }
    return "OTHER";
}

static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    /* clang-format off */
    {200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"},
    {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"},
    {405, "Method Not Allowed"}, {406, "Not Acceptable"}, {408, "Request Timeout"},
    {409, "Conflict"}, {410, "Gone"}, {412, "Precondition Failed"},
    {413, "Content Too Large"}, {414, "URI Too Long"}, {415, "Unsupported Media Type"},
    {500, "Internal Server Error"}, {501, "Not Implemented"}, {502, "Bad Gateway"}, {503, "Service Unavailable"}, {504, "Gateway Timeout"},
    /* clang-format on */
};

const char *http_status_phrase(int status)
{
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "";
}

static bool unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

/* As gateways of the time did it: the percent-encoded URI as user name, an empty password
 * (etsi-m2m.md 8.3). */
static bool put_entity(const char *entity, struct buf *out)
{
    static const char hex[] = "0123456789ABCDEF";
    char user[3 * MAX_ENTITY + 1], text[4 * MAX_ENTITY + 8];
    size_t n = 0;

    if (strlen(entity) > MAX_ENTITY)
        return false;
    for (const char *p = entity; *p; p++) {
        uint8_t c = (uint8_t)*p;

        if (unreserved(*p)) {
            user[n++] = *p;
            continue;
        }
        user[n++] = '%';
        user[n++] = hex[c >> 4];
        user[n++] = hex[c & 15];
    }
    user[n++] = ':';
    base64_encode(span_of(user, n), text);
    return buf_puts(out, "Authorization: Basic ") && buf_puts(out, text) && buf_puts(out, "\r\n");
}

static bool put_field(struct buf *out, const char *name, const char *value)
{
    if (!value)
        return true;
    assert(!strpbrk(value, "\r\n"));
    return buf_puts(out, name) && buf_puts(out, value) && buf_puts(out, "\r\n");
}

static bool put_start(const struct http_out *m, struct buf *out)
{
    if (m->status)
        return buf_printf(out, "HTTP/1.1 %d ", m->status) &&
               buf_puts(out, http_status_phrase(m->status)) && buf_puts(out, "\r\n");
    assert(m->method != HTTP_OTHER && m->target && m->host && !strpbrk(m->target, "\r\n "));
    return buf_puts(out, http_method_name(m->method)) && buf_puts(out, " ") &&
           buf_puts(out, m->target) && buf_puts(out, " HTTP/1.1\r\n") &&
           put_field(out, "Host: ", m->host);
}

bool http_write(const struct http_out *m, struct buf *out)
{
    /* RFC 9110 8.6: no Content-Length with 204, which cannot have content. */
    bool length = m->status != 204;

    assert(length || m->body.n == 0);
    assert(!m->requesting_entity || !m->authorization);
    return put_start(m, out) && put_field(out, "User-Agent: ", m->user_agent) &&
           (!m->requesting_entity || put_entity(m->requesting_entity, out)) &&
           put_field(out, "Authorization: ", m->authorization) &&
           put_field(out, "WWW-Authenticate: ", m->www_authenticate) &&
           put_field(out, "Allow: ", m->allow) &&
           put_field(out, "Authentication-Info: ", m->authentication_info) &&
           put_field(out, "X-etsi-rcat: ", m->rcat) && put_field(out, "X-etsi-trpdt: ", m->trpdt) &&
           put_field(out, "Content-Type: ", m->content_type) &&
           put_field(out, "Location: ", m->location) &&
           (!m->retry_after_s || buf_printf(out, "Retry-After: %u\r\n", m->retry_after_s)) &&
           (!m->close || buf_puts(out, "Connection: close\r\n")) &&
           (!length || buf_printf(out, "Content-Length: %zu\r\n", m->body.n)) &&
           buf_puts(out, "\r\n") && buf_put_span(out, m->body);
}

/* One octet of the user name at *i; -1: not of the form. */
static int decode_octet(struct span s, size_t *i)
{
    int high, low;

    if (s.p[*i] != '%')
        return s.p[(*i)++];
    if (s.n - *i < 3)
        return -1;
    high = hex_digit(s.p[*i + 1]);
    low = hex_digit(s.p[*i + 2]);
    *i += 3;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool http_requesting_entity(struct span authorization, char *out, size_t n)
{
    static const char scheme[] = "Basic ";
    const size_t skip = sizeof(scheme) - 1;
    uint8_t plain[3 * MAX_ENTITY + 1];
    size_t used = 0, i = 0;
    long got;

    if (authorization.n < skip || strncasecmp((const char *)authorization.p, scheme, skip) != 0)
        return false;
    got = base64_decode(span_of(authorization.p + skip, authorization.n - skip), plain,
                        sizeof(plain));
    /* The password is empty: the only colon is the last octet. */
    if (got < 2 || plain[got - 1] != ':')
        return false;
    while (i < (size_t)got - 1) {
        int c = plain[i] == ':' ? -1 : decode_octet(span_of(plain, (size_t)got - 1), &i);

        if (c <= 0x20 || c == 0x7f || used + 1 >= n)
            return false;
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return true;
}
