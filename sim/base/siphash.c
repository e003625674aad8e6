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

void siphash_put(struct siphash *h, struct span in)
{
    for (size_t i = 0; i < in.n; i++) {
        h->tail |= (uint64_t)in.p[i] << (8 * (h->n % 8));
        h->n++;
        if (h->n % 8 == 0) {
            block(h, h->tail);
            h->tail = 0;
        }
    }
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
