/* PaC and PAA: who refuses whom, and what is not for them. */
#include "crypto/entity.h"
#include "models/proto/pana_session.h"
#include "tests/support/pana_rig.h"

#include <check.h>
#include <stdlib.h>

static bool says(const struct buf *b, const char *text)
{
    return memmem(buf_span(b).p, buf_len(b), text, strlen(text)) != NULL;
}

/* ---- verdicts ---- */

struct verdict {
    const char *identity;
    struct eap_test_script script;
    bool other_method, other_msk, no_msk, no_piggyback;
    enum reason refuse;
    unsigned silent_from;
    bool silence_is_told;
    enum reason pac, paa; /* how each ends */
    bool auth;            /* the last PAR has one */
};
/* clang-format off */
static const struct verdict verdicts[] = {
    {.identity = "stranger", .pac = REASON_PANA_REJECTED, .paa = REASON_EAP_IDENTITY},
    {.script = {.wrong_secret = true}, .pac = REASON_PANA_REJECTED, .paa = REASON_EAP_MAC},
    {.script = {.rounds = 2, .server_fails_at = 1, .server_has_last_word = true},
     .pac = REASON_PANA_REJECTED, .paa = REASON_EAP_MAC},
    {.script = {.peer_fails_at = 1}, .pac = REASON_EAP_MAC, .paa = REASON_EAP_MAC},
    {.script = {.peer_fails_at = 1}, .no_piggyback = true, .pac = REASON_EAP_MAC,
     .paa = REASON_EAP_MAC},
    {.script = {.peer_fails_at = 1, .peer_fails_silently = true}, .pac = REASON_EAP_MAC,
     .paa = REASON_PANA_TIMEOUT},
    {.other_method = true, .pac = REASON_EAP_NO_METHOD, .paa = REASON_EAP_NO_METHOD},
    {.refuse = REASON_PERMISSION_DENIED, .pac = REASON_PANA_REJECTED,
     .paa = REASON_PERMISSION_DENIED, .auth = true},
    {.other_msk = true, .pac = REASON_PANA_AUTH, .paa = REASON_PANA_TIMEOUT, .auth = true},
    {.no_msk = true, .pac = REASON_PANA_TIMEOUT, .paa = REASON_PANA_AUTH},
    {.silent_from = 2, .pac = REASON_PANA_TIMEOUT, .paa = REASON_BACKEND_TIMEOUT},
    {.silent_from = 2, .silence_is_told = true, .pac = REASON_PANA_TIMEOUT,
     .paa = REASON_RADIUS_TIMEOUT},
    {.silent_from = 1, .silence_is_told = true, .pac = REASON_PANA_TIMEOUT,
     .paa = REASON_RADIUS_TIMEOUT},
};
/* clang-format on */

static void make_verdict(void *arg, struct pana_rig_settings *s)
{
    static const struct eap_method *const others[] = {&eap_test_other};
    const struct verdict *v = arg;

    eap_test_script = v->script;
    if (v->identity)
        s->pac.eap.identity = v->identity;
    if (v->other_method)
        s->pac.eap.methods = others;
    s->pac.no_piggyback = v->no_piggyback;
    s->refuse = v->refuse;
    s->other_msk = v->other_msk;
    s->no_msk = v->no_msk;
    s->silent_from = v->silent_from;
    s->silence_is_told = v->silence_is_told;
}

START_TEST(verdict)
{
    struct verdict v = verdicts[_i];

    for (unsigned lost = 0; lost < 12; lost++) {
        struct pana_rig r;
        struct pair_script script = pair_clean();

        /* Every loss makes the same end, 0: none. */
        script.way[0].lose = lost % 2 ? UINT64_C(1) << lost / 2 : 0;
        script.way[1].lose = lost % 2 || lost == 0 ? 0 : UINT64_C(1) << (lost / 2 - 1);
        pana_rig_init(&r, make_verdict, &v);
        ck_assert_int_eq(pana_rig_run(&r, script), PAIR_ENDED);
        pana_rig_check(&r);
        ck_assert_str_eq(reason_text(pana_rig_proto(&r, 0)->reason), reason_text(v.pac));
        ck_assert_str_eq(reason_text(pana_rig_proto(&r, 1)->reason), reason_text(v.paa));
        ck_assert(!pana_pac_is_open(r.pac));
        ck_assert(!pana_paa_is_open(r.paa));
        ck_assert_int_eq(pana_pac_keys(r.pac)->present, false);
        if (lost == 0)
            ck_assert_int_eq(says(&r.pair.side[1].labels, "PAR[C] EAP-Success"), v.auth);
        pana_rig_release(&r);
    }
}
END_TEST

/* A wrong MSK: ten PAR[C], each with an AUTH that does not match, none of them answered. */
START_TEST(wrong_msk_is_never_confirmed)
{
    struct verdict v = {.other_msk = true};
    struct pana_rig r;

    pana_rig_init(&r, make_verdict, &v);
    ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert(!says(&r.pair.side[0].labels, "PAN[C]"));
    ck_assert_uint_eq(r.pair.side[1].outputs, 3 + 10);
    pana_rig_release(&r);
}
END_TEST

/* An EAP packet that the peer discards counts as not received: the repetition goes through. */
static void make_discard(void *arg, struct pana_rig_settings *s)
{
    unsigned bits = *(unsigned *)arg;

    eap_test_script = (struct eap_test_script){.rounds = 2, .peer_discards_at = 1 + (bits & 1)};
    s->pac.no_piggyback = bits >> 1 & 1;
    s->paa.optimized_init = bits >> 2 & 1;
    if (bits >> 3 & 1) {
        s->begin_with = "device-1";
        s->server.ask_identity = false;
    }
}

START_TEST(discarded_and_repeated)
{
    for (unsigned bits = 0; bits < 16; bits++) {
        struct pana_rig r;

        /* With its first request in PAR[S], every repetition meets a new peer, which discards. */
        if ((bits & 13) == 12)
            continue;
        pana_rig_init(&r, make_discard, &bits);
        ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_ENDED);
        ck_assert(pana_rig_is_complete(&r));
        pana_rig_release(&r);
    }
}
END_TEST

/* ---- not for this device ---- */

static void make_other_target(void *arg, struct pana_rig_settings *s)
{
    (void)arg;
    eap_test_script = (struct eap_test_script){.rounds = 1};
    memcpy(s->paa.params.target_device_id, "device-2", 9);
}

static void make_other_usage(void *arg, struct pana_rig_settings *s)
{
    (void)arg;
    eap_test_script = (struct eap_test_script){.rounds = 1};
    s->paa.params.usage = PANA_USAGE_CONNECTION;
}

static void run_not_for_us(pana_rig_make make)
{
    struct pana_rig r;
    struct pair_script script = pair_clean();

    script.limit = 30 * SIM_S;
    pana_rig_init(&r, make, NULL);
    ck_assert_int_eq(pana_rig_run(&r, script), PAIR_LIMIT);
    ck_assert(says(&r.pair.side[1].labels, "PAR[S]"));
    ck_assert(!says(&r.pair.side[0].labels, "PAN[S]"));
    ck_assert(says(&r.pair.side[0].states, "PaC: INITIAL -> INITIAL\n")); /* traced */
    ck_assert_int_eq(pana_rig_proto(&r, 0)->status, PROTO_RUNNING);
    pana_rig_release(&r);
}

START_TEST(not_for_us)
{
    run_not_for_us(make_other_target);
    run_not_for_us(make_other_usage);
}
END_TEST

/* ---- algorithms ---- */

struct surgery {
    int side;
    unsigned index;
    void (*cut)(uint8_t *octets, size_t *n);
};

static void operate(void *arg, int from, unsigned index, uint8_t *octets, size_t *n)
{
    const struct surgery *s = arg;

    if (from == s->side && index >= s->index && octets[7] == PANA_PAR_PAN && octets[4] & 0x40)
        s->cut(octets, n);
}

/* Changes every AVP of this code with a 4-octet value to another value. */
static void change(uint8_t *octets, size_t n, uint8_t code, uint8_t value)
{
    for (size_t at = PANA_HEADER; at + 12 <= n;) {
        size_t length = (size_t)(octets[at + 4] << 8 | octets[at + 5]);

        if (octets[at + 1] == code && !(octets[at + 2] & 0x80))
            octets[at + 11] = value;
        at += (octets[at + 2] & 0x80 ? 12u : 8u) + (length + 3) / 4 * 4;
    }
}

static void unknown_prf(uint8_t *octets, size_t *n)
{
    change(octets, *n, PANA_AVP_PRF_ALGORITHM, 4);
}

static void unknown_integrity(uint8_t *octets, size_t *n)
{
    change(octets, *n, PANA_AVP_INTEGRITY_ALGORITHM, 5);
}

static void unknown_encryption(uint8_t *octets, size_t *n)
{
    change(octets, *n, PANA_AVP_ENCRYPTION_ALGORITHM, 2);
}

static void weaker(uint8_t *octets, size_t *n)
{
    change(octets, *n, PANA_AVP_PRF_ALGORITHM, PANA_PRF_HMAC_SHA1);
}

static void make_encrypt(void *arg, struct pana_rig_settings *s)
{
    (void)arg;
    eap_test_script = (struct eap_test_script){.rounds = 1};
    s->paa.encrypt = true;
}

START_TEST(no_common_algorithm)
{
    static const struct {
        struct surgery surgery;
        enum reason pac, paa;
    } rows[] = {
        /* What the PaC is offered, and what the PAA is answered. */
        {{1, 0, unknown_prf}, REASON_PANA_ALGORITHM, REASON_PANA_TIMEOUT},
        {{1, 0, unknown_integrity}, REASON_PANA_ALGORITHM, REASON_PANA_TIMEOUT},
        {{1, 0, unknown_encryption}, REASON_PANA_ALGORITHM, REASON_PANA_TIMEOUT},
        {{0, 0, unknown_prf}, REASON_PANA_TIMEOUT, REASON_PANA_ALGORITHM},
        {{0, 0, unknown_integrity}, REASON_PANA_TIMEOUT, REASON_PANA_ALGORITHM},
        {{0, 0, unknown_encryption}, REASON_PANA_TIMEOUT, REASON_PANA_ALGORITHM},
        /* Bidding down: found out by the keys, which are made of the initial messages. */
        {{1, 0, weaker}, REASON_PANA_AUTH, REASON_PANA_TIMEOUT},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pana_rig r;
        struct pair_script script = pair_clean();
        struct surgery surgery = rows[i].surgery;

        script.tamper = operate;
        script.tamper_arg = &surgery;
        pana_rig_init(&r, make_encrypt, NULL);
        pana_rig_run(&r, script);
        pana_rig_check(&r);
        ck_assert_str_eq(reason_text(pana_rig_proto(&r, 0)->reason), reason_text(rows[i].pac));
        ck_assert_str_eq(reason_text(pana_rig_proto(&r, 1)->reason), reason_text(rows[i].paa));
        pana_rig_release(&r);
    }
}
END_TEST

/* ---- other sessions ---- */

struct intruder {
    const struct pair_side *other[2]; /* of another session, or of this one */
    int victim;
    unsigned injected;
};

/* Whether one datagram is to be thrown in. What begins a session is anybody's (RFC 5191 11.2). */
static bool is_beginning(struct span d)
{
    return d.p[7] == PANA_PCI || d.p[4] & 0x40;
}

static void throw_in(struct pana_rig *r, int side)
{
    struct intruder *in = r->arg;
    struct proto *p = pana_rig_proto(r, side);
    struct span all = buf_span(&in->other[1 - side]->sent);

    if (side != in->victim || p->status != PROTO_RUNNING)
        return;
    while (all.n > 0) {
        size_t n = (size_t)(all.p[2] << 8 | all.p[3]);

        if (!is_beginning(all)) {
            p->ops->input(p, r->pair.now, span_of(all.p, n));
            in->injected++;
        }
        all = span_of(all.p + n, all.n - n);
    }
}

static void make_session(void *arg, struct pana_rig_settings *s)
{
    unsigned id = *(unsigned *)arg;

    eap_test_script = (struct eap_test_script){.rounds = 2};
    s->paa.session_id = id;
    s->seed = 1; /* of all sessions: nothing but the identifier tells them apart */
}

START_TEST(session_mix_up)
{
    unsigned ours = 1, theirs = 2;
    struct pana_rig quiet, other;

    pana_rig_init(&quiet, make_session, &ours);
    pana_rig_run(&quiet, pair_clean());
    pana_rig_init(&other, make_session, &theirs);
    pana_rig_run(&other, pair_clean());
    ck_assert(pana_rig_is_complete(&quiet) && pana_rig_is_complete(&other));
    for (int victim = 0; victim < 2; victim++) {
        struct intruder in = {{&other.pair.side[0], &other.pair.side[1]}, victim, 0};
        struct pana_rig r;

        pana_rig_init(&r, make_session, &ours);
        r.step = throw_in;
        r.arg = &in;
        ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_ENDED);
        ck_assert_uint_gt(in.injected, 10);
        ck_assert(pana_rig_is_complete(&r));
        ck_assert(pair_same(&r.pair, &quiet.pair));
        pana_rig_release(&r);
    }
    pana_rig_release(&quiet);
    pana_rig_release(&other);
}
END_TEST

/* What this very session said before, the last request excepted, which is answered again. */
static void throw_own(struct pana_rig *r, int side)
{
    struct intruder *in = r->arg;
    struct proto *p = pana_rig_proto(r, side);
    struct pana_session *s = (struct pana_session *)p;
    struct span all = buf_span(&r->pair.side[1 - side].sent);

    if (side != in->victim || p->status != PROTO_RUNNING)
        return;
    while (all.n > 0) {
        size_t n = (size_t)(all.p[2] << 8 | all.p[3]), before = buf_len(&s->out);
        struct span last = buf_span(&s->last_request);
        bool is_last = last.n == n && memcmp(last.p, all.p, n) == 0;
        bool is_next = all.p[4] & 0x80 && s->rx_begun && pana_u32(all.p + 12) == s->rx_sequence;

        if (!is_beginning(all) && !is_last && !is_next) {
            p->ops->input(p, r->pair.now, span_of(all.p, n));
            ck_assert_uint_eq(buf_len(&s->out), before);
            in->injected++;
        }
        all = span_of(all.p + n, all.n - n);
    }
}

static void make_rounds(void *arg, struct pana_rig_settings *s)
{
    (void)arg;
    eap_test_script = (struct eap_test_script){.rounds = 5};
    s->seed = 1;
}

START_TEST(replays)
{
    struct pana_rig quiet;

    pana_rig_init(&quiet, make_rounds, NULL);
    pana_rig_run(&quiet, pair_clean());
    for (int victim = 0; victim < 2; victim++) {
        struct intruder in = {{NULL, NULL}, victim, 0};
        struct pana_rig r;

        pana_rig_init(&r, make_rounds, NULL);
        r.step = throw_own;
        r.arg = &in;
        ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_ENDED);
        ck_assert_uint_gt(in.injected, 5);
        ck_assert(pana_rig_is_complete(&r));
        ck_assert(pair_same(&r.pair, &quiet.pair));
        pana_rig_release(&r);
    }
    pana_rig_release(&quiet);
}
END_TEST

/* One forged message for the PaC, next in its sequence. */
static const struct forgery {
    uint16_t flags;
    int result; /* < 0: none */
    const char *eap;
    size_t eap_n;
    bool auth, key_id, nonce;
    bool start;       /* algorithms */
    bool other_nonce; /* none where one should be, and the other way round */
} forgeries_for_pac[] = {
#define EAP(octets) .eap = octets, .eap_n = sizeof(octets) - 1
#define REQUEST     EAP("\1\0\0\5\1")
#define SUCCESS     EAP("\3\0\0\4")
#define FAILURE     EAP("\4\0\0\4")
    {PANA_R, -1, REQUEST, .auth = true}, /* AUTH without a key */
    {PANA_R, -1, REQUEST, .key_id = true},
    {PANA_R, -1, REQUEST, .other_nonce = true},
    {PANA_R, -1, .auth = false}, /* nothing at all */
    {PANA_R, -1, SUCCESS},       /* before the end */
    {PANA_R | PANA_C, 0, SUCCESS},
    {PANA_R | PANA_C, 2, SUCCESS},
    {PANA_R | PANA_C, 0, SUCCESS, .auth = true, .key_id = true}, /* a key, but not ours */
    {PANA_R | PANA_C, 2, SUCCESS, .auth = true, .key_id = true},
    {PANA_R | PANA_C, 1, FAILURE, .auth = true, .key_id = true},
    {PANA_R | PANA_C, 1, FAILURE, .auth = true},
    {PANA_R | PANA_C, 1, FAILURE, .nonce = true},
    {PANA_R | PANA_C, 0, FAILURE},
    {PANA_R | PANA_C, -1, FAILURE}, /* no result */
    {PANA_R | PANA_S, -1, .auth = true, .start = true},
};

/* The packet with the identifier that the peer would listen to. */
static void put_eap(const struct pana_session *s, const struct forgery *f, struct buf *b)
{
    uint8_t octets[8];
    struct pana_msg last;

    memcpy(octets, f->eap, f->eap_n);
    if (pana_msg_parse(buf_span(&s->last_request), &last) == REASON_NONE && last.eap.n > 0)
        octets[1] = last.eap.p[1];
    pana_put_avp(b, PANA_AVP_EAP_PAYLOAD, span_of(octets, f->eap_n));
}

static void throw_at_pac(struct pana_rig *r, int side)
{
    const struct forgery *f = r->arg;
    struct pana_session *s = (struct pana_session *)pana_rig_proto(r, 0);
    enum pana_state state = s->state;
    bool middle = !(f->flags & (PANA_S | PANA_C)), first = s->pac_nonce_n == 0;
    uint8_t octets[20] = {0};
    struct buf avps, b;

    if (side != 0 || !s->has_id || s->proto.status != PROTO_RUNNING)
        return;
    buf_init(&avps, 512);
    buf_init(&b, 512);
    if (f->result >= 0)
        pana_put_u32(&avps, PANA_AVP_RESULT_CODE, (uint32_t)f->result);
    if (f->start) {
        pana_put_u32(&avps, PANA_AVP_PRF_ALGORITHM, PANA_PRF_HMAC_SHA1);
        pana_put_u32(&avps, PANA_AVP_INTEGRITY_ALGORITHM, PANA_AUTH_HMAC_SHA1_160);
    }
    /* A first PAR has a nonce, the others have none. */
    if (f->nonce || (middle && first != f->other_nonce))
        pana_put_avp(&avps, PANA_AVP_NONCE, span_of(octets, 16));
    if (f->eap)
        put_eap(s, f, &avps);
    if (f->key_id)
        pana_put_u32(&avps, PANA_AVP_KEY_ID, 1);
    if (f->auth)
        pana_put_avp(&avps, PANA_AVP_AUTH, span_of(octets, 16));
    pana_put_header(&b, f->flags, PANA_PAR_PAN, s->id, s->rx_sequence, buf_len(&avps));
    buf_put_span(&b, buf_span(&avps));
    s->proto.ops->input(&s->proto, r->pair.now, buf_span(&b));
    ck_assert_int_eq(s->state, state);
    ck_assert_int_eq(s->proto.status, PROTO_RUNNING);
    buf_clear(&avps);
    buf_clear(&b);
}

START_TEST(forged_pars)
{
    struct forgery f = forgeries_for_pac[_i];
    struct pana_rig r;

    pana_rig_init(&r, make_rounds, NULL);
    r.step = throw_at_pac;
    r.arg = &f;
    ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert(pana_rig_is_complete(&r));
    pana_rig_release(&r);
}
END_TEST

/* PANs for the PAA whose nonce is missing, or is one too many. */
static void throw_at_paa(struct pana_rig *r, int side)
{
    static const struct forgery f = {.eap = "\2\7\0\5\1", .eap_n = 5};
    struct pana_session *s = (struct pana_session *)pana_rig_proto(r, 1);
    uint8_t octets[20] = {0};
    unsigned *thrown = r->arg;
    struct buf avps, b;

    if (side != 1 || s->state != PANA_WAIT_PAN_OR_PAR)
        return;
    buf_init(&avps, 512);
    buf_init(&b, 512);
    if (s->pac_nonce_n > 0)
        pana_put_avp(&avps, PANA_AVP_NONCE, span_of(octets, 16));
    put_eap(s, &f, &avps);
    pana_put_header(&b, 0, PANA_PAR_PAN, s->id, s->request.sequence, buf_len(&avps));
    buf_put_span(&b, buf_span(&avps));
    s->proto.ops->input(&s->proto, r->pair.now, buf_span(&b));
    ck_assert_int_eq(s->state, PANA_WAIT_PAN_OR_PAR);
    ++*thrown;
    buf_clear(&avps);
    buf_clear(&b);
}

START_TEST(forged_pans)
{
    unsigned thrown = 0;
    struct pana_rig r;

    pana_rig_init(&r, make_rounds, NULL);
    r.step = throw_at_paa;
    r.arg = &thrown;
    ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert(pana_rig_is_complete(&r));
    ck_assert_uint_eq(thrown, 6);
    pana_rig_release(&r);
}
END_TEST

/* A PaC that has the key, and names another one under a right AUTH. */
static void other_key_id(void *arg, int from, unsigned index, uint8_t *octets, size_t *n)
{
    const struct pana_rig *r = arg;
    const struct pana_session *s = (const struct pana_session *)pana_rig_proto(r, 0);
    uint8_t auth[PANA_AUTH_MAX];
    size_t auth_n;

    (void)index;
    if (from != 0 || octets[7] != PANA_PAR_PAN || !(octets[4] & 0x20))
        return;
    auth_n = pana_auth_length(&s->sa);
    octets[PANA_HEADER + PANA_AVP_HEADER + 3]++;
    pana_auth(NULL, &s->sa, span_of(octets, *n - auth_n), auth);
    memcpy(octets + *n - auth_n, auth, auth_n);
}

START_TEST(another_key_id)
{
    struct pana_rig r;
    struct pair_script script = pair_clean();

    script.tamper = other_key_id;
    script.tamper_arg = &r;
    pana_rig_init(&r, make_rounds, NULL);
    pana_rig_run(&r, script);
    ck_assert(!pana_paa_is_open(r.paa));
    ck_assert_int_eq(pana_rig_proto(&r, 1)->reason, REASON_PANA_TIMEOUT);
    pana_rig_release(&r);
}
END_TEST

/* Everything that a third party can make without the key, in every state: no answer, no change. */
static void throw_forgeries(struct pana_rig *r, int side)
{
    struct intruder *in = r->arg;
    struct proto *p = pana_rig_proto(r, side);
    const struct pana_session *s = (const struct pana_session *)p;
    static const uint16_t flags[] = {0,      PANA_R,          PANA_R | PANA_C, PANA_C,
                                     PANA_A, PANA_R | PANA_A, PANA_P,          PANA_R | PANA_P};

    if (side != in->victim || p->status != PROTO_RUNNING || s->state == PANA_INITIAL)
        return;
    for (unsigned type = PANA_PAR_PAN; type <= PANA_PNR_PNA; type++) {
        for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++) {
            bool request = flags[f] & PANA_R;
            bool ptr = type == PANA_PTR_PTA && request;
            uint32_t sequence = request ? s->rx_sequence : s->request.sequence;
            size_t before = buf_len(&s->out);
            enum pana_state state = s->state;
            struct buf b;

            /* Before there is a key, a PAN without EAP is as good as the right one: it says that
             * the response comes in a PAR. */
            if (side == 1 && type == PANA_PAR_PAN && flags[f] == 0)
                continue;
            buf_init(&b, 256);
            pana_put_header(&b, flags[f], (enum pana_type)type, s->id, sequence, ptr ? 12 : 0);
            if (ptr)
                pana_put_u32(&b, PANA_AVP_TERMINATION_CAUSE, 4);
            p->ops->input(p, r->pair.now, buf_span(&b));
            buf_clear(&b);
            ck_assert_uint_eq(buf_len(&s->out), before);
            ck_assert_int_eq(s->state, state);
            ck_assert_int_eq(p->status, PROTO_RUNNING);
            in->injected++;
        }
    }
}

START_TEST(forgeries)
{
    unsigned ours = 1;

    for (int victim = 0; victim < 2; victim++) {
        struct intruder in = {{NULL, NULL}, victim, 0};
        struct pana_rig r;

        pana_rig_init(&r, make_session, &ours);
        r.step = throw_forgeries;
        r.arg = &in;
        ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_ENDED);
        ck_assert_uint_gt(in.injected, 50);
        ck_assert(pana_rig_is_complete(&r));
        pana_rig_release(&r);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pana_refusal");
    TCase *tc = tcase_create("pana_refusal");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 2;
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, verdict, 0, (int)(sizeof(verdicts) / sizeof(verdicts[0])));
    tcase_add_test(tc, wrong_msk_is_never_confirmed);
    tcase_add_test(tc, discarded_and_repeated);
    tcase_add_test(tc, not_for_us);
    tcase_add_test(tc, no_common_algorithm);
    tcase_add_test(tc, session_mix_up);
    tcase_add_test(tc, replays);
    tcase_add_loop_test(tc, forged_pars, 0,
                        (int)(sizeof(forgeries_for_pac) / sizeof(forgeries_for_pac[0])));
    tcase_add_test(tc, forged_pans);
    tcase_add_test(tc, another_key_id);
    tcase_add_test(tc, forgeries);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
