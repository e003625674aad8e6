/* MILENAGE, the UICC and AUTS against `osmo-auc-gen` (libosmocore), on random subscribers.
 *
 *   interop_milenage CASES
 *
 * Each case: all that an AuC gives out, made on both sides, is the same; our UICC is ahead, its
 * AUTS is taken by the other AuC, and the vector that this makes next is taken by our UICC; an
 * altered AUTS is refused there. Exit 0: as it should be. */
#include "crypto/entity.h"
#include "crypto/hash.h"
#include "crypto/uicc.h"
#include "tests/interop/peer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MS 120000
#define SLICE_MS 200
#define HEX(n)   (2 * (n) + 1)

/* A subscriber and a challenge. */
struct subject {
    uint8_t k[16], op[16], opc[16], amf[2], rand[16];
    uint64_t sqn;
    bool by_op; /* the other side is given OP and makes OPc itself */
};

static struct subject draw(struct rng *r, unsigned i)
{
    struct subject s = {.by_op = i % 2};
    rng_bytes(r, s.k, sizeof s.k);
    rng_bytes(r, s.op, sizeof s.op);
    rng_bytes(r, s.amf, sizeof s.amf);
    rng_bytes(r, s.rand, sizeof s.rand);
    s.sqn = rng_below(r, UINT64_C(1) << 47);
    milenage_opc(NULL, s.k, s.op, s.opc);
    return s;
}

/* Runs the program to its end; auts NULL: a vector with the subject's own number. */
static bool run_other(struct peer *p, const struct subject *s, const uint8_t *auts)
{
    char k[HEX(16)], op[HEX(16)], amf[HEX(2)], rand[HEX(16)], last[HEX(14)];
    hex_encode(s->k, 16, k);
    hex_encode(s->by_op ? s->op : s->opc, 16, op);
    hex_encode(s->amf, 2, amf);
    hex_encode(s->rand, 16, rand);
    if (auts)
        hex_encode(auts, 14, last);
    else
        snprintf(last, sizeof last, "%" PRIu64, s->sqn);
    char *const argv[] = {"osmo-auc-gen",         "-3", "-a", "milenage", "-k", k,
                          s->by_op ? "-O" : "-o", op,   "-f", amf,        "-r", rand,
                          auts ? "-A" : "-s",     last, NULL};
    bool started = peer_start(p, argv);
    for (int i = 0; started && !p->ended && i < LIMIT_MS / SLICE_MS; i++)
        peer_listen(p, SLICE_MS);
    peer_stop(p);
    return started && p->ended;
}

/* The value of its line "NAME:\tvalue"; empty when there is none. */
static void value_of(const struct peer *p, const char *name, char *out, size_t n)
{
    char label[16];
    snprintf(label, sizeof label, "\n%s:\t", name);
    const char *at = strstr(p->text, label);
    size_t length = 0;
    if (at) {
        at += strlen(label);
        length = strcspn(at, "\r\n");
    }
    snprintf(out, n, "%.*s", (int)length, at ? at : "");
}

static bool same(const struct peer *p, const char *name, const uint8_t *ours, size_t n)
{
    char theirs[HEX(16)], mine[HEX(16)];
    value_of(p, name, theirs, sizeof theirs);
    hex_encode(ours, n, mine);
    if (!strcmp(theirs, mine))
        return true;
    fprintf(stderr, "%s: ours %s, theirs '%s'\n", name, mine, theirs);
    return false;
}

static bool check_vector(const struct subject *s)
{
    struct peer p;
    struct umts_vector v;
    uint8_t sres[4], kc[8];
    milenage_vector(NULL, s->k, s->opc, s->amf, s->sqn, s->rand, &v);
    milenage_gsm(NULL, s->k, s->opc, s->rand, sres, kc);
    if (!run_other(&p, s, NULL))
        return false;
    return same(&p, "AUTN", v.autn, 16) && same(&p, "IK", v.ik, 16) && same(&p, "CK", v.ck, 16) &&
           same(&p, "RES", v.xres, 8) && same(&p, "SRES", sres, 4) && same(&p, "Kc", kc, 8);
}

/* Our UICC has taken the subject's number; offered it again, it answers with AUTS. */
static bool make_auts(const struct subject *s, struct uicc *u, uint8_t auts[14])
{
    struct umts_vector v;
    struct uicc_response r;
    uicc_init(u, "232010000000001", 2, s->k, s->opc);
    u->delta = UINT64_C(1) << 48;
    milenage_vector(NULL, s->k, s->opc, s->amf, s->sqn, s->rand, &v);
    enum uicc_result first = uicc_authenticate(u, NULL, v.rand, v.autn, &r, NULL);
    enum uicc_result again = uicc_authenticate(u, NULL, v.rand, v.autn, &r, NULL);
    if (first != UICC_OK || again != UICC_SYNC_FAILURE)
        return false;
    memcpy(auts, r.auts, sizeof r.auts);
    return true;
}

static bool check_resync(const struct subject *s)
{
    struct peer p;
    struct uicc u;
    struct uicc_response r;
    uint8_t auts[14], autn[16];
    char text[HEX(16)];
    if (!make_auts(s, &u, auts) || !run_other(&p, s, auts))
        return false;
    value_of(&p, "SQN.MS", text, sizeof text);
    if (strtoull(text, NULL, 10) != s->sqn) {
        fprintf(stderr, "SQN.MS: ours %" PRIu64 ", theirs '%s'\n", s->sqn, text);
        return false;
    }
    value_of(&p, "AUTN", text, sizeof text);
    if (!hex_decode(text, strlen(text), autn, sizeof autn) ||
        uicc_authenticate(&u, NULL, s->rand, autn, &r, NULL) != UICC_OK) {
        fprintf(stderr, "our UICC does not take their AUTN '%s' after AUTS\n", text);
        return false;
    }
    auts[13] ^= 1;
    if (!run_other(&p, s, auts))
        return false;
    value_of(&p, "AUTN", text, sizeof text);
    if (*text || !strstr(p.text, "AUTS from MS seems incorrect")) {
        fprintf(stderr, "an altered AUTS was taken: %s\n", p.text);
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    unsigned long cases = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    if (!cases || crypto_init()) {
        fprintf(stderr, "usage: interop_milenage CASES\n");
        return 2;
    }
    struct rng r = rng_stream(1, "interop", "milenage");
    for (unsigned i = 0; i < cases; i++) {
        struct subject s = draw(&r, i);
        if (check_vector(&s) && check_resync(&s))
            continue;
        fprintf(stderr, "case %u fails\n", i);
        return 1;
    }
    printf("%lu subscribers: vectors, triplets and AUTS agree\n", cases);
    return 0;
}
