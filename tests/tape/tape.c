#include "tests/tape/tape.h"

#include "crypto/uicc.h"
#include "models/proto/eap_simaka_id.h"
#include "sim/base/rng.h"

#include <assert.h>

#define MAX_ENTRIES 32

static struct {
    uint8_t octets[64];
    size_t n;
} draws[MAX_ENTRIES];
static struct gsm_triplet triplets[MAX_ENTRIES];
static const char *usernames[MAX_ENTRIES];
static size_t draw_at, draw_n, triplet_at, triplet_n, username_at, username_n;

/* The linker gives these their names (ld's --wrap). */
void __real_rng_bytes(struct rng *r, void *out, size_t n);
void __wrap_rng_bytes(struct rng *r, void *out, size_t n);
void __real_uicc_gsm(const struct uicc *u, struct meter *m, const uint8_t rand[16], uint8_t sres[4],
                     uint8_t kc[8]);
void __wrap_uicc_gsm(const struct uicc *u, struct meter *m, const uint8_t rand[16], uint8_t sres[4],
                     uint8_t kc[8]);
void __real_simaka_id_draw(enum simaka_kind kind, enum simaka_sort sort, struct rng *stream,
                           char out[EAP_IDENTITY_MAX + 1]);
void __wrap_simaka_id_draw(enum simaka_kind kind, enum simaka_sort sort, struct rng *stream,
                           char out[EAP_IDENTITY_MAX + 1]);

void __wrap_rng_bytes(struct rng *r, void *out, size_t n)
{
    if (draw_at == draw_n) {
        __real_rng_bytes(r, out, n);
        return;
    }
    assert(draws[draw_at].n == n);
    memcpy(out, draws[draw_at++].octets, n);
}

void __wrap_uicc_gsm(const struct uicc *u, struct meter *m, const uint8_t rand[16], uint8_t sres[4],
                     uint8_t kc[8])
{
    const struct gsm_triplet *t = &triplets[triplet_at];

    if (triplet_at == triplet_n) {
        __real_uicc_gsm(u, m, rand, sres, kc);
        return;
    }
    assert(memcmp(t->rand, rand, sizeof(t->rand)) == 0);
    memcpy(sres, t->sres, sizeof(t->sres));
    memcpy(kc, t->kc, sizeof(t->kc));
    triplet_at++;
}

void __wrap_simaka_id_draw(enum simaka_kind kind, enum simaka_sort sort, struct rng *stream,
                           char out[EAP_IDENTITY_MAX + 1])
{
    if (username_at == username_n)
        __real_simaka_id_draw(kind, sort, stream, out);
    else
        simaka_id_join(usernames[username_at++], "", out);
}

void tape_draw(struct span octets)
{
    assert(draw_n < MAX_ENTRIES && octets.n <= sizeof(draws[0].octets));
    memcpy(draws[draw_n].octets, octets.p, octets.n);
    draws[draw_n++].n = octets.n;
}

void tape_triplet(const struct gsm_triplet *t)
{
    assert(triplet_n < MAX_ENTRIES);
    triplets[triplet_n++] = *t;
}

void tape_username(const char *user)
{
    assert(username_n < MAX_ENTRIES);
    usernames[username_n++] = user;
}

size_t tape_left(void)
{
    return draw_n - draw_at + triplet_n - triplet_at + username_n - username_at;
}

void tape_clear(void)
{
    draw_at = draw_n = triplet_at = triplet_n = username_at = username_n = 0;
}
