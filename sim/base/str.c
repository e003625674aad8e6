#include "sim/base/str.h"

#include <assert.h>
#include <string.h>

size_t str_append(char *out, size_t n, size_t used, const char *text)
{
    size_t take = strlen(text);

    assert(used < n);
    if (take > n - used - 1)
        take = n - used - 1;
    memcpy(out + used, text, take);
    out[used + take] = '\0';
    return used + take;
}

size_t str_append_number(char *out, size_t n, size_t used, uint64_t v)
{
    char digits[21]; /* 2^64 has 20 */
    size_t at = sizeof(digits) - 1;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    return str_append(out, n, used, digits + at);
}
