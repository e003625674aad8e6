#include "sim/base/siphash.h"

static uint64_t rotl(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

static void rounds(uint64_t v[4], int n)
{
    for (int i = 0; i < n; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotl(v[1], 13) ^ v[0];
        v[3] = rotl(v[3], 16) ^ v[2];
        v[0] = rotl(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotl(v[1], 17) ^ v[2];
        v[3] = rotl(v[3], 21) ^ v[0];
        v[2] = rotl(v[2], 32);
    }
}

void siphash_init(struct siphash *h, uint64_t k0, uint64_t k1)
{
    h->v[0] = k0 ^ 0x736f6d6570736575; /* "somepseudorandomlygeneratedbytes" */
    h->v[1] = k1 ^ 0x646f72616e646f6d ^ 0xee;
    h->v[2] = k0 ^ 0x6c7967656e657261;
    h->v[3] = k1 ^ 0x7465646279746573;
    h->tail = 0;
    h->n = 0;
}

static void block(struct siphash *h, uint64_t m)
{
    h->v[3] ^= m;
    rounds(h->v, 2);
    h->v[0] ^= m;
}

static void put_octet(struct siphash *h, uint8_t c)
{
    h->tail |= (uint64_t)c << (8 * (h->n % 8));
    h->n++;
    if (h->n % 8 == 0) {
        block(h, h->tail);
        h->tail = 0;
    }
}

/* Little-endian on every machine; compilers make one load of it. */
static uint64_t word(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

void siphash_put(struct siphash *h, struct span in)
{
    size_t i = 0;

    while (i < in.n && h->n % 8)
        put_octet(h, in.p[i++]);
    for (; in.n - i >= 8; i += 8) {
        block(h, word(in.p + i));
        h->n += 8;
    }
    while (i < in.n)
        put_octet(h, in.p[i++]);
}

void siphash_end(struct siphash *h, uint64_t out[2])
{
    uint64_t *v = h->v;

    block(h, h->tail | h->n << 56);
    v[2] ^= 0xee;
    rounds(v, 4);
    out[0] = v[0] ^ v[1] ^ v[2] ^ v[3];
    v[1] ^= 0xdd;
    rounds(v, 4);
    out[1] = v[0] ^ v[1] ^ v[2] ^ v[3];
}
