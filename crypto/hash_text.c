/* Hex and base64, strict: one text for each octet string, so what was read can be written again. */
#include "crypto/hash.h"

#include "sim/base/hex.h"

void hex_encode(const uint8_t *in, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        *out++ = digits[in[i] >> 4];
        *out++ = digits[in[i] & 15];
    }
    *out = '\0';
}

bool hex_decode(const char *in, size_t in_n, uint8_t *out, size_t n)
{
    if (in_n / 2 != n || in_n % 2)
        return false;
    for (size_t i = 0; i < in_n; i++)
        if (hex_digit(in[i]) < 0)
            return false;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(hex_digit(in[2 * i]) << 4 | hex_digit(in[2 * i + 1]));
    return true;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* RFC 4648 4 */
void base64_encode(struct span in, char *out)
{
    for (size_t i = 0; i < in.n; i += 3) {
        size_t left = in.n - i;
        uint32_t v = (uint32_t)in.p[i] << 16;
        if (left > 1)
            v |= (uint32_t)in.p[i + 1] << 8;
        if (left > 2)
            v |= in.p[i + 2];
        *out++ = base64_digits[v >> 18];
        *out++ = base64_digits[v >> 12 & 63];
        *out++ = left > 1 ? base64_digits[v >> 6 & 63] : '=';
        *out++ = left > 2 ? base64_digits[v & 63] : '=';
    }
    *out = '\0';
}

/* Of an octet from ' ' on, plus 1; 0: it is no digit. What is decoded is as good as random, so a
 * chain of comparisons would be guessed wrong at every other octet. */
// clang-format off
static const uint8_t base64_values[96] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 63, 0, 0, 0, 64,
    53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 0, 0, 0, 0, 0, 0,
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 0, 0, 0, 0, 0,
    0, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
    42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 0, 0, 0, 0, 0,
};
// clang-format on

static int base64_value(uint8_t c)
{
    return c >= ' ' && c < 128 ? base64_values[c - ' '] - 1 : -1;
}

/* Strict: whole groups of four, padding only at the end, the bits under it zero (RFC 4648 3.5), no
 * white space: a caller whose format allows that (XML) takes it out first. */
long base64_decode(struct span in, uint8_t *out, size_t max)
{
    if (in.n % 4)
        return -1;
    size_t padding = 0;
    while (padding < 2 && padding < in.n && in.p[in.n - 1 - padding] == '=')
        padding++;
    size_t n = in.n / 4 * 3 - padding, made = 0;
    if (n > max)
        return -1;
    uint32_t v = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < in.n - padding; i++) {
        int digit = base64_value(in.p[i]);
        if (digit < 0)
            return -1;
        v = v << 6 | (uint32_t)digit;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[made++] = (uint8_t)(v >> bits);
            v &= (1u << bits) - 1;
        }
    }
    return v ? -1 : (long)made;
}
