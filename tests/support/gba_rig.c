#include "tests/support/gba_rig.h"

#include "sim/base/xalloc.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t k[16] = "subscriber's K.", opc[16] = "operator's OPc.", amf[2] = {0, 0};

void gba_rig_init(struct gba_rig *r, uint64_t seed)
{
    memset(r, 0, sizeof(*r));
    r->seed = seed;
    r->hss_stream = rng_stream(seed, "hss", "rand");
    uicc_init(&r->uicc, "232010000000001", 2, k, opc);
    auc_init(&r->auc, k, opc, amf, 100);
}

static void put_ue(struct gba_rig *r)
{
    struct ub_settings s = {.bsf = GBA_RIG_BSF,
                            .application = r->application,
                            .isim_impi = "user1_private@home1.net",
                            .uicc = &r->uicc,
                            .gba_u = r->gba_u};

    pair_enter(&r->pair, 0);
    r->pair.side[0].proto = ub_client_new(&r->pair.side[0].env, &s, &r->ue);
    pair_leave();
    ck_assert_ptr_nonnull(r->pair.side[0].proto);
}

static void put_bsf(struct gba_rig *r)
{
    pair_enter(&r->pair, 1);
    r->server = ub_server_new(&r->pair.side[1].env, GBA_RIG_BSF);
    pair_leave();
    ck_assert_ptr_nonnull(r->server);
    r->pair.side[1].proto = ub_server_proto(r->server);
}

void gba_rig_open(struct gba_rig *r)
{
    if (r->ahead)
        uicc_set_sqn(&r->uicc, (r->auc.seq + r->ahead) << UICC_IND_BITS);
    pair_init(&r->pair, r->seed);
    put_ue(r);
    put_bsf(r);
}

static void close_pair(struct gba_rig *r)
{
    for (int i = 0; i < 2; i++)
        proto_free(r->pair.side[i].proto);
    pair_release(&r->pair);
    r->server = NULL;
}

void gba_rig_again(struct gba_rig *r)
{
    close_pair(r);
    r->seed++;
    pair_init(&r->pair, r->seed);
    put_ue(r);
    put_bsf(r);
}

void gba_rig_release(struct gba_rig *r)
{
    close_pair(r);
    uicc_release(&r->uicc);
}

/* ---- the operator ---- */

static void answer_zh(struct gba_rig *r, const struct ub_query *q, struct zh_answer *z)
{
    struct zh_request request = q->zh;
    struct meter *m = &r->pair.side[1].meter;

    if (r->hss_refuses) {
        z->reason = r->hss_refuses;
        return;
    }
    if (r->alter_auts)
        request.auts[0] ^= 1;
    zh_answer_make(&r->auc, m, &r->hss_stream, &request, r->gba_u != r->bsf_gba_u_differs, 0, z);
    z->vector.xres[0] ^= r->wrong_xres;
    z->vector.autn[15] ^= r->wrong_autn;
    r->last_zh = z->reason;
}

static void answer_query(struct gba_rig *r, const struct ub_query *q)
{
    struct ub_answer a;

    memset(&a, 0, sizeof(a));
    r->queries[q->kind]++;
    switch (q->kind) {
    case UB_QUERY_ZH:
        answer_zh(r, q, &a.zh);
        break;
    case UB_QUERY_CHALLENGE:
        if (r->kept.impi[0] && memcmp(r->kept.vector.rand, q->rand, 16) == 0) {
            a.challenge = r->kept;
            r->kept.impi[0] = '\0';
        } else {
            a.reason = REASON_GBA_CHALLENGE;
        }
        break;
    case UB_QUERY_STORE:
        a.reason = r->store_refuses;
        a.expires_unix_ns = r->pair.side[1].env.epoch_unix_ns + r->pair.now +
                            (r->lifetime ? r->lifetime : GBA_RIG_LIFETIME);
        if (!a.reason) {
            r->stored = q->sa;
            r->stored.expires_unix_ns = a.expires_unix_ns;
        }
        break;
    }
    ub_server_answer(r->server, r->pair.now, &a);
}

static void step(void *arg, struct pair *p, int side)
{
    struct gba_rig *r = arg;

    (void)p;
    while (side == 1 && r->server && !r->mute && ub_server_query(r->server)) {
        struct ub_query q = *ub_server_query(r->server);

        answer_query(r, &q);
    }
}

enum pair_end gba_rig_run(struct gba_rig *r, struct pair_script script)
{
    script.step = step;
    script.arg = r;
    return pair_run(&r->pair, &script);
}

bool gba_rig_agree(const struct gba_rig *r)
{
    struct gba_naf_id naf;
    struct gba_naf_keys keys;
    struct se se = {0};
    uint8_t key[GBA_KEY_LEN];

    if (!r->ue.btid[0] || strcmp(r->ue.btid, r->stored.btid) != 0 ||
        strcmp(r->ue.impi, r->stored.impi) != 0 ||
        r->ue.expires_unix_ns / SIM_MS != r->stored.expires_unix_ns / SIM_MS ||
        r->ue.gba_u != r->stored.gba_u)
        return false;
    ck_assert(gba_naf_digest("naf.example", &naf));
    gba_naf_keys(NULL, &r->stored, &naf, &keys);
    for (int which = GBA_KEY_ME; which <= (r->ue.gba_u ? GBA_KEY_UICC : GBA_KEY_ME); which++)
        if (!gba_ue_key(NULL, &r->ue, &r->uicc, &naf, (enum gba_key)which, &se) ||
            !se_eap_psk(&se, SE_KS_NAF, key) ||
            memcmp(key, which == GBA_KEY_ME ? keys.me : keys.uicc, sizeof(key)) != 0)
            return false;
    return true;
}

enum proto_status gba_rig_status(const struct gba_rig *r, int side)
{
    return r->pair.side[side].proto->status;
}

enum reason gba_rig_reason(const struct gba_rig *r, int side)
{
    return r->pair.side[side].proto->reason;
}

void gba_rig_clean(struct gba_rig *r, bool gba_u, unsigned ahead)
{
    gba_rig_init(r, 1);
    r->gba_u = gba_u;
    r->ahead = ahead;
    gba_rig_open(r);
    ck_assert_int_eq(gba_rig_run(r, pair_clean()), PAIR_ENDED);
    ck_assert_msg(gba_rig_status(r, 0) == PROTO_DONE, "%s", reason_text(gba_rig_reason(r, 0)));
    ck_assert_int_eq(gba_rig_status(r, 1), PROTO_DONE);
    ck_assert(gba_rig_agree(r));
}

char *gba_rig_sent(const struct gba_rig *r, int side)
{
    struct span s = buf_span(&r->pair.side[side].sent);
    char *text = xcalloc(1, s.n + 1);

    memcpy(text, s.p, s.n);
    return text;
}

/* ---- the talker ---- */

static void talker_start(struct proto *p, sim_ns now)
{
    (void)now;
    ((struct talker *)p)->speak = ((struct talker *)p)->client;
}

static void talker_input(struct proto *p, sim_ns now, struct span in)
{
    struct talker *t = (struct talker *)p;

    (void)now;
    if (in.n == 0) {
        proto_done(p);
        return;
    }
    ck_assert(buf_put_span(&t->heard, in));
    t->inputs++;
    t->speak = true;
}

static bool talker_output(struct proto *p, sim_ns now, struct buf *out)
{
    struct talker *t = (struct talker *)p;

    (void)now;
    if (t->speak && t->said < t->count) {
        t->speak = false;
        return buf_puts(out, t->texts[t->said++]);
    }
    if (t->closes && t->said == t->count && (!t->client || t->inputs >= t->count))
        proto_done(p);
    return false;
}

static void talker_expire(struct proto *p, sim_ns now)
{
    (void)p, (void)now;
}

static void talker_free(struct proto *p)
{
    buf_clear(&((struct talker *)p)->heard);
    free(p);
}

struct talker *gba_talker_put(struct gba_rig *r, int side, const char *const *texts, size_t count)
{
    if (side == 1)
        r->server = NULL;
    return talker_put(&r->pair, side, texts, count);
}

struct talker *talker_put(struct pair *p, int side, const char *const *texts, size_t count)
{
    static const struct proto_ops ops = {.name = "talker",
                                         .start = talker_start,
                                         .input = talker_input,
                                         .output = talker_output,
                                         .expire = talker_expire,
                                         .free = talker_free};
    struct talker *t = xcalloc(1, sizeof(*t));

    proto_free(p->side[side].proto);
    proto_init(&t->proto, &ops, &p->side[side].env);
    t->texts = texts;
    t->count = count;
    t->client = side == 0;
    t->closes = true;
    buf_init(&t->heard, 1 << 20);
    p->side[side].proto = &t->proto;
    return t;
}

const char *gba_talker_heard(struct talker *t)
{
    ck_assert(buf_put(&t->heard, "", 1));
    return (const char *)buf_span(&t->heard).p;
}
