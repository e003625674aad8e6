/* http_uri: refused with nothing set, or what it says is made of the text: a host and a path that
 * can stand in a request, and put together again it says the same. */
#include "tests/fuzz/fuzz.h"

#include "models/host/http_uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char text[4096], again[sizeof text + HTTP_URI_HOST_MAX + 32];
    struct http_uri u = {.port = 0}, v;

    if (n >= sizeof text)
        return 0;
    if (n)
        memcpy(text, data, n);
    text[n] = '\0';
    if (!http_uri_parse(text, &u)) {
        if (u.port || u.path || *u.host)
            abort();
        return 0;
    }
    if (!*u.host || u.port == 0 || *u.path != '/' || strpbrk(u.host, "/@ \r\n") ||
        strpbrk(u.path, " \r\n#"))
        abort();
    snprintf(again, sizeof again, "http://%s%s%s:%u%s", u.ipv6 ? "[" : "", u.host,
             u.ipv6 ? "]" : "", u.port, u.path);
    if (!http_uri_parse(again, &v) || strcmp(u.host, v.host) != 0 || strcmp(u.path, v.path) != 0 ||
        u.port != v.port || http_uri_is_loopback(&u) != http_uri_is_loopback(&v))
        abort();
    return 0;
}
