/* SAKKE against wolfSSL's, an implementation that shares no code with ours:
 *
 *   interop_sakke COUNT         keys, capsules and SSVs of COUNT names, both ways; exit code 0:
 * equal interop_sakke bench COUNT   milliseconds an operation, ours and theirs
 */
#include "crypto/ibe_impl.h"

#include "crypto/entity.h"
#include "crypto/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/sakke.h>

#define POINT   257
#define CAPSULE (POINT + IBE_SSV_LEN)
#define PERIOD  "2026-11"

static void must(int result, const char *what)
{
    if (result == 0)
        return;
    fprintf(stderr, "interop_sakke: %s: %d\n", what, result);
    exit(1);
}

static void same(const void *ours, const void *theirs, size_t n, const char *what, const char *name)
{
    if (memcmp(ours, theirs, n) == 0)
        return;
    fprintf(stderr, "interop_sakke: %s of %s differs\n", what, name);
    exit(1);
}

/* ---- wolfSSL's side ---- */

struct theirs {
    SakkeKey key;
    ecc_point *rsk;
};

static void theirs_init(struct theirs *t)
{
    must(wc_InitSakkeKey_ex(&t->key, 128, ECC_SAKKE_1, NULL, INVALID_DEVID), "wc_InitSakkeKey_ex");
    t->rsk = wc_ecc_new_point();
    must(t->rsk == NULL, "wc_ecc_new_point");
}

static void theirs_release(struct theirs *t)
{
    wc_ecc_del_point(t->rsk);
    wc_FreeSakkeKey(&t->key);
}

/* A key-management service: the master secret, and what follows from it. Each key object does one
 * thing here: wc_ValidateSakkeRsk writes over the secret of the object it is called on. */
static void theirs_authority(struct theirs *t, const uint8_t secret[128], uint8_t point[POINT])
{
    ecc_point *public = wc_ecc_new_point();
    word32 n = POINT - 1;
    theirs_init(t);
    must(wc_ImportSakkePrivateKey(&t->key, secret, 128), "wc_ImportSakkePrivateKey");
    must(wc_MakeSakkePublicKey(&t->key, public), "wc_MakeSakkePublicKey");
    point[0] = 4;
    must(wc_EncodeSakkeRsk(&t->key, public, point + 1, &n, 1), "wc_EncodeSakkeRsk");
    wc_ecc_del_point(public);
}

static void theirs_extract(struct theirs *t, struct span id, uint8_t key[POINT])
{
    word32 n = POINT - 1;
    must(wc_MakeSakkeRsk(&t->key, id.p, (word16)id.n, t->rsk), "wc_MakeSakkeRsk");
    key[0] = 4;
    must(wc_EncodeSakkeRsk(&t->key, t->rsk, key + 1, &n, 1), "wc_EncodeSakkeRsk");
}

/* Somebody with the public point only. */
static void theirs_client(struct theirs *t, const uint8_t point[POINT])
{
    theirs_init(t);
    must(wc_ImportSakkePublicKey(&t->key, point + 1, POINT - 1, 1), "wc_ImportSakkePublicKey");
}

static int theirs_validates(struct theirs *t, struct span id, const uint8_t key[POINT])
{
    int valid = 0;
    must(wc_DecodeSakkeRsk(&t->key, key + 1, POINT - 1, t->rsk), "wc_DecodeSakkeRsk");
    must(wc_ValidateSakkeRsk(&t->key, id.p, (word16)id.n, t->rsk, &valid), "wc_ValidateSakkeRsk");
    return valid;
}

static void theirs_receive_as(struct theirs *t, struct span id, const uint8_t key[POINT])
{
    must(wc_DecodeSakkeRsk(&t->key, key + 1, POINT - 1, t->rsk), "wc_DecodeSakkeRsk");
    must(wc_SetSakkeRsk(&t->key, t->rsk, NULL, 0), "wc_SetSakkeRsk");
    must(wc_SetSakkeIdentity(&t->key, id.p, (word16)id.n), "wc_SetSakkeIdentity");
}

static void theirs_encapsulate(struct theirs *t, struct span id, const uint8_t ssv[IBE_SSV_LEN],
                               uint8_t capsule[CAPSULE])
{
    word16 n = POINT;
    memcpy(capsule + POINT, ssv, IBE_SSV_LEN);
    must(wc_MakeSakkePointI(&t->key, id.p, (word16)id.n), "wc_MakeSakkePointI");
    must(wc_SetSakkeIdentity(&t->key, id.p, (word16)id.n), "wc_SetSakkeIdentity");
    must(wc_MakeSakkeEncapsulatedSSV(&t->key, WC_HASH_TYPE_SHA256, capsule + POINT, IBE_SSV_LEN,
                                     capsule, &n),
         "wc_MakeSakkeEncapsulatedSSV");
}

static int theirs_derive(struct theirs *t, const uint8_t capsule[CAPSULE], uint8_t ssv[IBE_SSV_LEN])
{
    memcpy(ssv, capsule + POINT, IBE_SSV_LEN);
    return wc_DeriveSakkeSSV(&t->key, WC_HASH_TYPE_SHA256, ssv, IBE_SSV_LEN, capsule, POINT);
}

/* ---- both ---- */

struct parties {
    struct ibe_authority *authority;
    const struct ibe_public *public;
    struct theirs service;
    struct rng stream;
};

static void parties_init(struct parties *p)
{
    uint8_t secret[128], ours[IBE_POINT_MAX], other[POINT];
    p->stream = rng_stream(1, "interop", "sakke");
    rng_bytes(&p->stream, secret, sizeof secret);
    secret[0] = 0; /* below q */
    must(ibe_authority_restore(IBE_SAKKE, span_of(secret, sizeof secret), &p->authority),
         "ibe_authority_restore");
    p->public = ibe_authority_public(p->authority);
    theirs_authority(&p->service, secret, other);
    ibe_public_write(p->public, ours);
    same(ours, other, POINT, "the public point", "the authority");
}

static struct span key_string(const char *name, uint8_t out[128])
{
    size_t n = strlen(name) + 1;
    memcpy(out, PERIOD, sizeof PERIOD);
    memcpy(out + sizeof PERIOD, name, n);
    return span_of(out, sizeof PERIOD + n);
}

static void compare(struct parties *p, const char *name)
{
    uint8_t id_octets[128], point[IBE_POINT_MAX], key[IBE_POINT_MAX], other[POINT];
    uint8_t ssv[16], got[16], capsule[IBE_CAPSULE_MAX], their_capsule[CAPSULE];
    struct span id = key_string(name, id_octets), all = span_of(capsule, CAPSULE);
    struct theirs sender, receiver, judge;
    struct ibe_user *user = ibe_user_new(name, PERIOD);
    must(ibe_extract(p->authority, NULL, name, PERIOD, key), "ibe_extract");
    theirs_extract(&p->service, id, other);
    same(key, other, POINT, "the private key", name);
    ibe_public_write(p->public, point);
    theirs_client(&sender, point);
    theirs_client(&receiver, point);
    theirs_client(&judge, point);
    must(!theirs_validates(&judge, id, key), "their validation of our key");
    must(ibe_user_install(user, p->public, NULL, span_of(other, POINT)),
         "our validation of their key");
    theirs_receive_as(&receiver, id, key);
    must(ibe_encapsulate(p->public, NULL, &p->stream, name, PERIOD, ssv, capsule),
         "ibe_encapsulate");
    must(theirs_derive(&receiver, capsule, got), "their derivation of our capsule");
    same(ssv, got, sizeof ssv, "the SSV of our capsule", name);
    theirs_encapsulate(&sender, id, ssv, their_capsule); /* a function of the SSV */
    same(capsule, their_capsule, CAPSULE, "the capsule", name);
    must(ibe_derive(user, IBE_SAKKE, NULL, span_of(their_capsule, CAPSULE), got),
         "our derivation of their capsule");
    same(ssv, got, sizeof ssv, "the SSV of their capsule", name);
    capsule[CAPSULE - 1] ^= 1;
    must(theirs_derive(&receiver, capsule, got) == 0, "they took an altered capsule");
    must(ibe_derive(user, IBE_SAKKE, NULL, all, got) == OK, "we took an altered capsule");
    theirs_release(&sender);
    theirs_release(&receiver);
    theirs_release(&judge);
    ibe_user_free(user);
}

/* ---- speed ---- */

static double ms_since(int64_t from, int count)
{
    return (double)(host_monotonic_ns() - from) / 1e6 / count;
}

#define TIMED(ms, count, statement)                                                                \
    do {                                                                                           \
        int64_t from = host_monotonic_ns();                                                        \
        for (int k_ = 0; k_ < (count); k_++)                                                       \
            statement;                                                                             \
        (ms) = ms_since(from, count);                                                              \
    } while (0)

static void bench(struct parties *p, int count)
{
    const char *name = "device-1@m2m.example";
    uint8_t id_octets[128], point[IBE_POINT_MAX], key[IBE_POINT_MAX], other[POINT], ssv[16];
    uint8_t capsule[IBE_CAPSULE_MAX];
    struct span id = key_string(name, id_octets), all = span_of(capsule, CAPSULE);
    struct ibe_user *user = ibe_user_new(name, PERIOD);
    struct theirs sender, receiver;
    double ours, theirs;
    ibe_public_write(p->public, point);
    theirs_client(&sender, point);
    theirs_client(&receiver, point);
    TIMED(ours, count, must(ibe_extract(p->authority, NULL, name, PERIOD, key), "extract"));
    TIMED(theirs, count, theirs_extract(&p->service, id, other));
    printf("extract      ours %6.2f ms  wolfSSL %6.2f ms\n", ours, theirs);
    must(ibe_user_issue(user, p->authority, NULL), "issue");
    theirs_receive_as(&receiver, id, key);
    TIMED(ours, count,
          must(ibe_encapsulate(p->public, NULL, &p->stream, name, PERIOD, ssv, capsule), "e"));
    TIMED(theirs, count, theirs_encapsulate(&sender, id, ssv, capsule));
    printf("encapsulate  ours %6.2f ms  wolfSSL %6.2f ms\n", ours, theirs);
    TIMED(ours, count, must(ibe_derive(user, IBE_SAKKE, NULL, all, ssv), "derive"));
    TIMED(theirs, count, must(theirs_derive(&receiver, capsule, ssv), "derive"));
    printf("derive       ours %6.2f ms  wolfSSL %6.2f ms\n", ours, theirs);
    ibe_user_prepare(user);
    TIMED(ours, count, must(ibe_derive(user, IBE_SAKKE, NULL, all, ssv), "derive"));
    printf("  prepared   ours %6.2f ms\n", ours);
    TIMED(ours, count, must(ibe_user_install(user, p->public, NULL, span_of(key, POINT)), "i"));
    TIMED(theirs, count, must(!theirs_validates(&sender, id, key), "validate"));
    printf("validate     ours %6.2f ms  wolfSSL %6.2f ms\n", ours, theirs);
    theirs_release(&sender);
    theirs_release(&receiver);
    ibe_user_free(user);
}

int main(int argc, char **argv)
{
    struct parties p;
    bool is_bench = argc == 3 && strcmp(argv[1], "bench") == 0;
    int count = argc > 1 ? atoi(argv[argc - 1]) : 0;
    if (count < 1 || crypto_init())
        return 2;
    parties_init(&p);
    if (is_bench)
        bench(&p, count);
    for (int i = 0; i < count && !is_bench; i++) {
        char name[80];
        snprintf(name, sizeof name, "device-%d%.*s@m2m.example", i, i % 40,
                 "........................................");
        compare(&p, name);
    }
    if (!is_bench)
        printf("%d names: keys, capsules and SSVs equal both ways\n", count);
    theirs_release(&p.service);
    ibe_authority_free(p.authority);
    return 0;
}
