/* A subscriber and its operator for GBA: a UICC, an AuC behind an HSS, a BSF's tables; Ub between
 * them on a pair. Side 0 is the UE, side 1 the BSF; either may be a talker that says what a test
 * wants instead. */
#ifndef TESTS_SUPPORT_GBA_RIG_H
#define TESTS_SUPPORT_GBA_RIG_H

#include "models/proc/ub.h"
#include "tests/support/pair.h"

#define GBA_RIG_BSF      "bsf.mnc001.mcc232.pub.3gppnetwork.org"
#define GBA_RIG_IMPI     "232010000000001@ims.mnc001.mcc232.3gppnetwork.org"
#define GBA_RIG_LIFETIME (86400 * SIM_S)

struct gba_rig {
    struct pair pair;
    uint64_t seed;
    /* The UE's. */
    struct uicc uicc;
    bool gba_u;
    enum gba_application application;
    struct gba_sa ue; /* what its client made */
    /* The operator's. */
    struct auc_record auc;
    struct rng hss_stream;
    struct ub_server *server; /* NULL: side 1 is a talker */
    struct gba_sa stored;     /* the last one */
    struct ub_challenge kept; /* given out by some session; impi "": none */
    unsigned queries[3];      /* by kind */
    enum reason last_zh;
    /* Faults; all zeros: none. */
    bool mute;               /* the node answers no query */
    enum reason hss_refuses; /* each request */
    enum reason store_refuses;
    bool bsf_gba_u_differs; /* GUSS says the other thing than the card does */
    bool wrong_xres, wrong_autn;
    bool alter_auts;  /* on its way to the HSS */
    int64_t lifetime; /* 0: GBA_RIG_LIFETIME */
    unsigned ahead;   /* the AuC's SEQ, before the first vector, is this far behind the card's */
};

/* Defaults: a USIM, GBA_ME, nothing wrong. Then settings may be changed, then gba_rig_open. */
void gba_rig_init(struct gba_rig *r, uint64_t seed);
/* Makes UE and BSF. */
void gba_rig_open(struct gba_rig *r);
/* A session of the same subscriber and operator after another: new pair, new cores. */
void gba_rig_again(struct gba_rig *r);
void gba_rig_release(struct gba_rig *r);
/* script: pair_clean() or a worse one; its step is set here. */
enum pair_end gba_rig_run(struct gba_rig *r, struct pair_script script);

enum proto_status gba_rig_status(const struct gba_rig *r, int side);
enum reason gba_rig_reason(const struct gba_rig *r, int side);
#define gba_rig_failed(r, side, wanted)                                                            \
    ck_assert_msg(gba_rig_status(r, side) == PROTO_FAILED && gba_rig_reason(r, side) == (wanted),  \
                  "side %d: status %d, reason %s", side, (int)gba_rig_status(r, side),             \
                  reason_text(gba_rig_reason(r, side)))
/* A whole bootstrap, seed 1, which must go well; the card's SEQ is `ahead` of the AuC's. */
void gba_rig_clean(struct gba_rig *r, bool gba_u, unsigned ahead);
/* All that a side said, with a NUL; the caller frees it. */
char *gba_rig_sent(const struct gba_rig *r, int side);
/* UE and BSF have the same association: names, and the keys of a NAF. */
bool gba_rig_agree(const struct gba_rig *r);

/* ---- somebody who says texts ---- */

struct talker {
    struct proto proto;
    const char *const *texts; /* one at the start (client), then one for each input */
    size_t count, said;
    bool client, closes; /* closes: its stream ends when it has said all and heard as often */
    size_t inputs;
    struct buf heard; /* with NUL after gba_talker_heard */
    bool speak;
};
/* Puts it on one side instead of what is there, which is freed. */
struct talker *talker_put(struct pair *p, int side, const char *const *texts, size_t count);
struct talker *gba_talker_put(struct gba_rig *r, int side, const char *const *texts, size_t count);
const char *gba_talker_heard(struct talker *t);

#endif
