/* The codec of PANA: recorded octets, both directions, and every way to lie about a length. */
#include "models/proto/pana_msg.h"
#include "tests/support/vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define ROOM 4096

static struct pana_msg parsed(struct span in)
{
    struct pana_msg m;

    ck_assert_int_eq(pana_msg_parse(in, &m), REASON_NONE);
    return m;
}

static bool is_malformed(struct span in)
{
    struct pana_msg m;
    enum reason r = pana_msg_parse(in, &m);

    ck_assert(r == REASON_NONE || r == REASON_PANA_MALFORMED);
    return r != REASON_NONE;
}

static void put_numbers(struct buf *b, enum pana_avp avp, uint32_t set)
{
    for (uint32_t i = 0; i < 32; i++)
        if (set >> i & 1)
            pana_put_u32(b, avp, i);
}

/* The order in which our own machines write AVPs. */
static void write_avps(const struct pana_msg *m, struct buf *b)
{
    if (pana_has(m, PANA_AVP_TERMINATION_CAUSE))
        pana_put_u32(b, PANA_AVP_TERMINATION_CAUSE, m->termination_cause);
    put_numbers(b, PANA_AVP_PRF_ALGORITHM, m->prfs);
    put_numbers(b, PANA_AVP_INTEGRITY_ALGORITHM, m->integrities);
    put_numbers(b, PANA_AVP_ENCRYPTION_ALGORITHM, m->encryptions);
    if (pana_has(m, PANA_AVP_RESULT_CODE))
        pana_put_u32(b, PANA_AVP_RESULT_CODE, m->result_code);
    if (pana_has(m, PANA_AVP_NONCE))
        pana_put_avp(b, PANA_AVP_NONCE, m->nonce);
    if (pana_has(m, PANA_AVP_EAP_PAYLOAD))
        pana_put_avp(b, PANA_AVP_EAP_PAYLOAD, m->eap);
    if (pana_has(m, PANA_AVP_KEY_ID))
        pana_put_u32(b, PANA_AVP_KEY_ID, m->key_id);
    if (pana_has(m, PANA_AVP_SESSION_LIFETIME))
        pana_put_u32(b, PANA_AVP_SESSION_LIFETIME, m->session_lifetime_s);
    pana_put_params(b, &m->params);
    if (pana_has(m, PANA_AVP_ENCR_ENCAP))
        pana_put_avp(b, PANA_AVP_ENCR_ENCAP, m->encap);
    if (pana_has(m, PANA_AVP_AUTH))
        pana_put_avp(b, PANA_AVP_AUTH, m->auth);
}

static void assert_goes_round(struct span in)
{
    struct pana_msg m = parsed(in);
    struct buf avps, b;

    buf_init(&avps, ROOM);
    buf_init(&b, ROOM);
    write_avps(&m, &avps);
    ck_assert(pana_put_header(&b, m.flags, (enum pana_type)m.type, m.session_id, m.sequence,
                              buf_len(&avps)));
    ck_assert(buf_put_span(&b, buf_span(&avps)));
    ck_assert_uint_eq(buf_len(&b), in.n);
    ck_assert_mem_eq(buf_span(&b).p, in.p, in.n);
    buf_clear(&avps);
    buf_clear(&b);
}

/* ---- vectors ---- */

static const char *const vector_messages[] = {"I_PAR",       "I_PAN",    "final_PAR_RC",
                                              "final_PAN_C", "ping_PNR", "PCI"};
#define VECTOR_MESSAGES (sizeof(vector_messages) / sizeof(vector_messages[0]))

/* Calls visit with every message of the vectors. */
static int each_vector(void (*visit)(const char *name, struct span in))
{
    struct vectors *v = vectors_read("pana.txt");
    int seen = 0;

    for (size_t i = 0; i < vectors_count(v); i++) {
        for (size_t k = 0; k < VECTOR_MESSAGES; k++) {
            uint8_t octets[512];
            size_t n;

            if (!vectors_text(v, i, vector_messages[k]))
                continue;
            n = vectors_hex(v, i, vector_messages[k], octets, sizeof(octets));
            visit(vector_messages[k], span_of(octets, n));
            seen++;
        }
    }
    vectors_free(v);
    return seen;
}

static void check_vector(const char *name, struct span in)
{
    struct pana_msg m = parsed(in);

    assert_goes_round(in);
    if (strcmp(name, "PCI") == 0) {
        ck_assert_str_eq(pana_msg_name(m.flags, m.type), "PCI");
        ck_assert_uint_eq(m.session_id, 0);
        return;
    }
    ck_assert_uint_eq(m.session_id, 0x11223344);
    if (strcmp(name, "I_PAR") == 0) {
        ck_assert_str_eq(pana_msg_name(m.flags, m.type), "PAR[S]");
        ck_assert(m.prfs == 1u << 2 || m.prfs == 1u << 5);
        ck_assert(m.integrities == 1u << 7 || m.integrities == 1u << 12);
        ck_assert_uint_eq(m.sequence, 0x01000000);
    } else if (strcmp(name, "final_PAR_RC") == 0) {
        ck_assert_str_eq(pana_msg_name(m.flags, m.type), "PAR[C]");
        ck_assert_uint_eq(m.result_code, PANA_SUCCESS);
        ck_assert(pana_has(&m, PANA_AVP_RESULT_CODE));
        ck_assert_uint_eq(m.eap.n, 4);
        ck_assert_uint_eq(m.key_id, 1);
        ck_assert_uint_eq(m.session_lifetime_s, 3600);
        ck_assert_ptr_eq(m.auth.p + m.auth.n, in.p + in.n);
    } else if (strcmp(name, "final_PAN_C") == 0) {
        ck_assert_str_eq(pana_msg_name(m.flags, m.type), "PAN[C]");
    } else if (strcmp(name, "ping_PNR") == 0) {
        ck_assert_str_eq(pana_msg_name(m.flags, m.type), "PNR[P]");
        ck_assert(m.auth.n == 20 || m.auth.n == 16);
    }
}

START_TEST(vectors)
{
    ck_assert_int_eq(each_vector(check_vector), 11);
}
END_TEST

/* ---- a message with everything ---- */

static struct pana_params all_params(void)
{
    struct pana_params p = {
        .has = 0x7ffe, /* codes 1 .. 14 */
        .usage = PANA_USAGE_CONNECTION,
        .sp_id = "sp.example",
        .msbf_id = "msbf.example",
        .nscl_id = "nscl://n.example/1",
        .target_device_id = "d\xc3\xa9vice-1",
        .mas_fqdn = "mas.example",
        .scl_id = "scl-1",
        .scl_list = {"n.example", "o.example", "p"},
        .scl_list_count = 3,
        .node_id = {0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
        .kmr_index = 0xdeadbeef,
        .kmc_index = 7,
        .expires_unix_s = INT64_C(0x1234567890),
        .connection_id = UINT64_C(0xfedcba9876543210),
        .mid_flags = 0x8001,
    };
    memset(p.nscl_id, 'n', PANA_MAX_TEXT);
    return p;
}

/* PAR[C] with whatever it may have. */
static struct span rich_message(struct buf *b)
{
    uint8_t octets[20];
    struct pana_params p = all_params();
    struct buf avps;

    memset(octets, 0x5a, sizeof(octets));
    buf_init(&avps, ROOM);
    buf_init(b, ROOM);
    pana_put_u32(&avps, PANA_AVP_RESULT_CODE, PANA_SUCCESS);
    pana_put_avp(&avps, PANA_AVP_NONCE, span_of(octets, 17));
    pana_put_avp(&avps, PANA_AVP_EAP_PAYLOAD, span_of("\3\0\0\4", 4));
    pana_put_u32(&avps, PANA_AVP_KEY_ID, 3);
    pana_put_u32(&avps, PANA_AVP_SESSION_LIFETIME, 3600);
    pana_put_params(&avps, &p);
    pana_put_avp(&avps, PANA_AVP_ENCR_ENCAP, span_of(octets, 15));
    pana_put_avp(&avps, PANA_AVP_AUTH, span_of(octets, 16));
    ck_assert(pana_put_header(b, PANA_R | PANA_C, PANA_PAR_PAN, 5, 6, buf_len(&avps)));
    ck_assert(buf_put_span(b, buf_span(&avps)));
    buf_clear(&avps);
    return buf_span(b);
}

START_TEST(everything_goes_round)
{
    struct pana_params want = all_params(), merged = {.has = 0};
    struct buf b;
    struct span in = rich_message(&b);
    struct pana_msg m = parsed(in);

    assert_goes_round(in);
    ck_assert_uint_eq(m.params.has, want.has);
    ck_assert_mem_eq(&m.params, &want, sizeof(want));
    pana_params_merge(&merged, &m.params);
    ck_assert_mem_eq(&merged, &want, sizeof(want));
    buf_clear(&b);
}
END_TEST

START_TEST(merging_takes_what_is_there)
{
    struct pana_params into = all_params(), from = {.has = 1u << PANA_ETSI_KMR_INDEX};

    from.kmr_index = 1;
    from.has |= 1u << PANA_ETSI_SCL_ID_LIST;
    from.scl_list_count = 1;
    snprintf(from.scl_list[0], sizeof(from.scl_list[0]), "only");
    pana_params_merge(&into, &from);
    ck_assert_uint_eq(into.kmr_index, 1);
    ck_assert_uint_eq(into.kmc_index, 7);
    ck_assert_uint_eq(into.scl_list_count, 1);
    ck_assert_str_eq(into.scl_list[0], "only");
    ck_assert_uint_eq(into.has, 0x7ffe);
}
END_TEST

/* ---- lengths ---- */

/* Where AVPs begin, and the end. */
static bool is_boundary(struct span in, size_t n)
{
    size_t at = PANA_HEADER;

    while (at < n) {
        const uint8_t *p = in.p + at;
        size_t value = (size_t)(p[4] << 8 | p[5]);

        at += (p[2] & 0x80 ? 12u : 8u) + (value + 3) / 4 * 4;
    }
    return at == n;
}

static void set_length(uint8_t *octets, size_t n)
{
    octets[2] = (uint8_t)(n >> 8);
    octets[3] = (uint8_t)n;
}

static void check_cuts(const char *name, struct span in)
{
    uint8_t octets[ROOM];

    (void)name;
    for (size_t n = 0; n < in.n; n++) {
        /* A copy of exactly n octets, so that reading behind them is seen. */
        uint8_t *exact = malloc(n ? n : 1);

        memcpy(exact, in.p, n);
        ck_assert(is_malformed(span_of(exact, n)));
        if (n >= PANA_HEADER) {
            set_length(exact, n);
            ck_assert_int_eq(is_malformed(span_of(exact, n)), !is_boundary(in, n));
        }
        free(exact);
    }
    for (size_t more = 1; more < 16; more++) {
        memcpy(octets, in.p, in.n);
        memset(octets + in.n, 0, more);
        ck_assert(is_malformed(span_of(octets, in.n + more)));
        set_length(octets, in.n + more);
        ck_assert(is_malformed(span_of(octets, in.n + more)));
    }
}

START_TEST(every_cut)
{
    struct buf b;

    ck_assert_int_eq(each_vector(check_cuts), 11);
    check_cuts("", rich_message(&b));
    buf_clear(&b);
}
END_TEST

static bool lies_inside(struct span part, struct span whole)
{
    return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

/* Whatever is accepted points into the message. */
static void check_bounds(struct span in)
{
    struct pana_msg m;

    if (pana_msg_parse(in, &m) != REASON_NONE)
        return;
    ck_assert(lies_inside(m.eap, in));
    ck_assert(lies_inside(m.nonce, in));
    ck_assert(lies_inside(m.auth, in));
    ck_assert(lies_inside(m.encap, in));
    ck_assert_uint_le(m.params.scl_list_count, PANA_MAX_LIST);
    ck_assert_ptr_eq(m.whole.p, in.p);
}

static void check_length_lies(const char *name, struct span in)
{
    uint8_t octets[ROOM];
    size_t at = PANA_HEADER;

    (void)name;
    memcpy(octets, in.p, in.n);
    for (size_t lie = 0; lie <= UINT16_MAX; lie++) {
        set_length(octets, lie);
        ck_assert_int_eq(is_malformed(span_of(octets, in.n)), lie != in.n);
    }
    set_length(octets, in.n);
    while (at < in.n) {
        size_t value = (size_t)(octets[at + 4] << 8 | octets[at + 5]);

        for (size_t lie = 0; lie <= UINT16_MAX; lie += lie < 2048 ? 1 : 61) {
            set_length(octets + at + 2, lie);
            check_bounds(span_of(octets, in.n));
            /* A value that ends behind the message can be nothing else. */
            if (at + PANA_AVP_HEADER + lie > in.n)
                ck_assert(is_malformed(span_of(octets, in.n)));
        }
        set_length(octets + at + 2, value);
        at += (octets[at + 2] & 0x80 ? 12u : 8u) + (value + 3) / 4 * 4;
    }
}

START_TEST(every_length_lie)
{
    struct buf b;

    ck_assert_int_eq(each_vector(check_length_lies), 11);
    check_length_lies("", rich_message(&b));
    buf_clear(&b);
}
END_TEST

START_TEST(every_octet_changed)
{
    struct buf b;
    struct span in = rich_message(&b);
    uint8_t *octets = malloc(in.n);

    memcpy(octets, in.p, in.n);
    for (size_t i = 0; i < in.n; i++) {
        for (unsigned v = 0; v < 256; v++) {
            octets[i] = (uint8_t)v;
            check_bounds(span_of(octets, in.n));
        }
        octets[i] = in.p[i];
    }
    free(octets);
    buf_clear(&b);
}
END_TEST

/* ---- what RFC 5191 5.5 calls valid ---- */

/* A message of one kind with these AVPs, and what must come first for it to be valid. */
static bool is_valid(uint16_t flags, enum pana_type type, struct span avps)
{
    struct buf b;
    bool valid;

    buf_init(&b, ROOM);
    ck_assert(pana_put_header(&b, flags, type, 0, 0, avps.n));
    ck_assert(buf_put_span(&b, avps));
    valid = !is_malformed(buf_span(&b));
    buf_clear(&b);
    return valid;
}

START_TEST(flags)
{
    for (unsigned type = 0; type < 8; type++) {
        for (unsigned i = 0; i < 64; i++) {
            uint16_t f = (uint16_t)(i << 10);
            bool par = type == PANA_PAR_PAN && f & PANA_R;
            bool named = strcmp(pana_msg_name(f, (uint16_t)type), "?") != 0;
            struct buf avps;

            buf_init(&avps, ROOM);
            if (type == PANA_PTR_PTA && f & PANA_R)
                pana_put_u32(&avps, PANA_AVP_TERMINATION_CAUSE, 1);
            ck_assert_int_eq(is_valid(f, (enum pana_type)type, buf_span(&avps)),
                             named && (!(f & PANA_I) || par));
            buf_clear(&avps);
        }
    }
    /* Unassigned flags are ignored (RFC 5191 6.2). */
    ck_assert(is_valid(PANA_R | PANA_S | 0x03ff, PANA_PAR_PAN, span_of(NULL, 0)));
}
END_TEST

/* RFC 5191 Figure 4, RFC 6786 for the last two: 0, 1, + by PCI PAR PAN PTR PTA PNR PNA. */
static const struct {
    enum pana_avp avp;
    const char *most;
} figure_4[] = {
    {PANA_AVP_AUTH, "0111111"},
    {PANA_AVP_EAP_PAYLOAD, "0110000"},
    {PANA_AVP_INTEGRITY_ALGORITHM, "0+10000"},
    {PANA_AVP_KEY_ID, "0110000"},
    {PANA_AVP_NONCE, "0110000"},
    {PANA_AVP_PRF_ALGORITHM, "0+10000"},
    {PANA_AVP_RESULT_CODE, "0100000"},
    {PANA_AVP_SESSION_LIFETIME, "0100000"},
    {PANA_AVP_TERMINATION_CAUSE, "0001000"},
    {PANA_AVP_ENCR_ENCAP, "0111111"},
    {PANA_AVP_ENCRYPTION_ALGORITHM, "0+10000"},
};
static const struct {
    uint16_t flags;
    enum pana_type type;
} kinds[] = {
    {0, PANA_PCI},          {PANA_R, PANA_PAR_PAN}, {0, PANA_PAR_PAN},
    {PANA_R, PANA_PTR_PTA}, {0, PANA_PTR_PTA},      {PANA_R | PANA_P, PANA_PNR_PNA},
    {PANA_A, PANA_PNR_PNA},
};

static void put_some(struct buf *b, enum pana_avp avp)
{
    uint8_t octets[16] = {1};

    if (avp == PANA_AVP_AUTH || avp == PANA_AVP_EAP_PAYLOAD || avp == PANA_AVP_NONCE ||
        avp == PANA_AVP_ENCR_ENCAP)
        pana_put_avp(b, avp, span_of(octets, sizeof(octets)));
    else
        pana_put_u32(b, avp, 1);
}

START_TEST(occurrence)
{
    for (size_t i = 0; i < sizeof(figure_4) / sizeof(figure_4[0]); i++) {
        for (size_t k = 0; k < 7; k++) {
            char most = figure_4[i].most[k];
            enum pana_avp avp = figure_4[i].avp;
            struct buf avps;

            buf_init(&avps, ROOM);
            /* A PTR has its cause at its front. */
            if (k == 3 && avp != PANA_AVP_TERMINATION_CAUSE)
                put_some(&avps, PANA_AVP_TERMINATION_CAUSE);
            put_some(&avps, avp);
            ck_assert_int_eq(is_valid(kinds[k].flags, kinds[k].type, buf_span(&avps)), most != '0');
            put_some(&avps, avp);
            ck_assert_int_eq(is_valid(kinds[k].flags, kinds[k].type, buf_span(&avps)), most == '+');
            buf_clear(&avps);
        }
    }
}
END_TEST

START_TEST(fixed_places)
{
    struct buf avps;

    buf_init(&avps, ROOM);
    put_some(&avps, PANA_AVP_AUTH);
    put_some(&avps, PANA_AVP_NONCE);
    ck_assert(!is_valid(PANA_R, PANA_PAR_PAN, buf_span(&avps)));
    buf_clear(&avps);
    ck_assert(!is_valid(PANA_R, PANA_PTR_PTA, buf_span(&avps)));
    put_some(&avps, PANA_AVP_AUTH);
    ck_assert(!is_valid(PANA_R, PANA_PTR_PTA, buf_span(&avps)));
    buf_clear(&avps);
    pana_put_vendor_avp(&avps, 1, 9, span_of("abc", 3));
    put_some(&avps, PANA_AVP_TERMINATION_CAUSE);
    ck_assert(!is_valid(PANA_R, PANA_PTR_PTA, buf_span(&avps)));
    buf_clear(&avps);
}
END_TEST

START_TEST(lengths_of_values)
{
    static const struct {
        enum pana_avp avp;
        size_t min, max;
    } rows[] = {
        {PANA_AVP_AUTH, 1, 300}, {PANA_AVP_EAP_PAYLOAD, 4, 300}, {PANA_AVP_NONCE, 8, 256},
        {PANA_AVP_KEY_ID, 4, 4}, {PANA_AVP_PRF_ALGORITHM, 4, 4}, {PANA_AVP_RESULT_CODE, 4, 4},
    };
    uint8_t octets[300] = {0};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t n = 0; n <= sizeof(octets); n++) {
            struct buf avps;

            buf_init(&avps, ROOM);
            pana_put_avp(&avps, rows[i].avp, span_of(octets, n));
            ck_assert_int_eq(is_valid(PANA_R, PANA_PAR_PAN, buf_span(&avps)),
                             n >= rows[i].min && n <= rows[i].max);
            buf_clear(&avps);
        }
    }
}
END_TEST

START_TEST(unknown_avps)
{
    for (unsigned code = 0; code < 40; code++) {
        struct buf avps;
        bool known = code >= 1 && code <= 13 && code != 10 && code != 11;

        buf_init(&avps, ROOM);
        put_some(&avps, (enum pana_avp)code);
        ck_assert_int_eq(is_valid(PANA_R, PANA_PAR_PAN, buf_span(&avps)),
                         known && code != PANA_AVP_TERMINATION_CAUSE);
        buf_clear(&avps);
        /* Other vendors are their own affair; of ETSI's none but 1 .. 15 is known. */
        pana_put_vendor_avp(&avps, (uint16_t)code, 4711, span_of("abcde", 5));
        ck_assert(is_valid(0, PANA_PCI, buf_span(&avps)));
        buf_clear(&avps);
        if (code == 0 || code > 15) {
            pana_put_vendor_avp(&avps, (uint16_t)code, PANA_ETSI_VENDOR, span_of("abcd", 4));
            ck_assert(!is_valid(0, PANA_PCI, buf_span(&avps)));
            buf_clear(&avps);
        }
    }
}
END_TEST

/* ---- ETSI's values ---- */

static bool etsi_is_valid(enum pana_etsi_avp code, struct span value)
{
    struct buf avps;
    bool valid;

    buf_init(&avps, ROOM);
    pana_put_vendor_avp(&avps, (uint16_t)code, PANA_ETSI_VENDOR, value);
    valid = is_valid(0, PANA_PCI, buf_span(&avps));
    buf_clear(&avps);
    return valid;
}

START_TEST(etsi_lengths)
{
    static const struct {
        enum pana_etsi_avp code;
        size_t min, max;
    } rows[] = {
        {PANA_ETSI_SP_ID, 1, 254},       {PANA_ETSI_MSBF_ID, 1, 254},
        {PANA_ETSI_NSCL_ID, 1, 254},     {PANA_ETSI_TARGET_DEVICE_ID, 1, 254},
        {PANA_ETSI_NODE_ID, 16, 16},     {PANA_ETSI_KMR_INDEX, 4, 4},
        {PANA_ETSI_KMC_INDEX, 4, 4},     {PANA_ETSI_LIFETIME, 8, 8},
        {PANA_ETSI_MAS_FQDN, 1, 254},    {PANA_ETSI_SCL_ID, 1, 254},
        {PANA_ETSI_SCL_ID_LIST, 1, 254}, {PANA_ETSI_CONNECTION_ID, 8, 8},
        {PANA_ETSI_MID_FLAGS, 2, 2},     {PANA_ETSI_ERASE_TOKEN, 0, 300},
    };
    uint8_t octets[300];

    memset(octets, 'a', sizeof(octets));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (size_t n = 0; n <= sizeof(octets); n++)
            ck_assert_int_eq(etsi_is_valid(rows[i].code, span_of(octets, n)),
                             n >= rows[i].min && n <= rows[i].max);
}
END_TEST

START_TEST(etsi_values)
{
    ck_assert(etsi_is_valid(PANA_ETSI_USAGE_TYPE, span_of("\0\0\0\1", 4)));
    ck_assert(etsi_is_valid(PANA_ETSI_USAGE_TYPE, span_of("\0\0\0\2", 4)));
    ck_assert(!etsi_is_valid(PANA_ETSI_USAGE_TYPE, span_of("\0\0\0\3", 4)));
    ck_assert(!etsi_is_valid(PANA_ETSI_USAGE_TYPE, span_of("\0\0\0\0", 4)));
    ck_assert(!etsi_is_valid(PANA_ETSI_USAGE_TYPE, span_of("\1\0\0\1", 4)));
    ck_assert(!etsi_is_valid(PANA_ETSI_USAGE_TYPE, span_of("\1", 1)));
    ck_assert(!etsi_is_valid(PANA_ETSI_LIFETIME, span_of("\x80\0\0\0\0\0\0\0", 8)));
    ck_assert(etsi_is_valid(PANA_ETSI_LIFETIME, span_of("\x7f\0\0\0\0\0\0\0", 8)));
    ck_assert(!etsi_is_valid(PANA_ETSI_SP_ID, span_of("a\0b", 3)));
    ck_assert(!etsi_is_valid(PANA_ETSI_SP_ID, span_of("a\nb", 3)));
    ck_assert(!etsi_is_valid(PANA_ETSI_SP_ID, span_of("a\xff", 2)));
    ck_assert(!etsi_is_valid(PANA_ETSI_SP_ID, span_of("a\xc3", 2)));
    ck_assert(etsi_is_valid(PANA_ETSI_SP_ID, span_of("a\xc3\xa9", 3)));
}
END_TEST

START_TEST(etsi_once_and_lists)
{
    struct buf avps;

    buf_init(&avps, ROOM);
    for (int i = 1; i <= PANA_MAX_LIST + 1; i++) {
        pana_put_vendor_avp(&avps, PANA_ETSI_SCL_ID_LIST, PANA_ETSI_VENDOR, span_of("n", 1));
        ck_assert_int_eq(is_valid(0, PANA_PCI, buf_span(&avps)), i <= PANA_MAX_LIST);
    }
    buf_clear(&avps);
    for (int i = 1; i <= 2; i++) {
        pana_put_vendor_avp(&avps, PANA_ETSI_SP_ID, PANA_ETSI_VENDOR, span_of("n", 1));
        ck_assert_int_eq(is_valid(0, PANA_PCI, buf_span(&avps)), i == 1);
    }
    buf_clear(&avps);
}
END_TEST

/* ---- what was encrypted ---- */

/* Whether `inside` may come out of the Encr-Encap of a PAR that has `outside`. */
static bool joins(enum pana_avp outside, enum pana_avp inside)
{
    struct buf avps, b, plain;
    struct pana_msg m;
    bool ok;

    buf_init(&avps, ROOM);
    buf_init(&b, ROOM);
    buf_init(&plain, ROOM);
    put_some(&avps, outside);
    put_some(&avps, PANA_AVP_ENCR_ENCAP);
    put_some(&avps, PANA_AVP_AUTH);
    put_some(&plain, inside);
    pana_put_header(&b, PANA_R, PANA_PAR_PAN, 0, 0, buf_len(&avps));
    buf_put_span(&b, buf_span(&avps));
    m = parsed(buf_span(&b));
    ok = pana_msg_join(&m, buf_span(&plain)) == REASON_NONE;
    buf_clear(&avps);
    buf_clear(&b);
    buf_clear(&plain);
    return ok;
}

START_TEST(joining)
{
    struct pana_params p = all_params();
    struct buf b, plain;
    struct pana_msg m;

    /* RFC 6786 6.1 */
    for (unsigned code = 1; code <= 13; code++)
        ck_assert_int_eq(joins(PANA_AVP_RESULT_CODE, (enum pana_avp)code),
                         code == PANA_AVP_EAP_PAYLOAD || code == PANA_AVP_SESSION_LIFETIME);
    ck_assert(!joins(PANA_AVP_SESSION_LIFETIME, PANA_AVP_SESSION_LIFETIME));

    buf_init(&plain, ROOM);
    pana_put_params(&plain, &p);
    m = parsed(rich_message(&b));
    ck_assert_int_ne(pana_msg_join(&m, buf_span(&plain)), REASON_NONE); /* has them already */
    m.params = (struct pana_params){.has = 0};
    ck_assert_int_eq(pana_msg_join(&m, buf_span(&plain)), REASON_NONE);
    ck_assert_mem_eq(&m.params, &p, sizeof(p));
    for (size_t n = 1; n < buf_len(&plain); n++) {
        m.params = (struct pana_params){.has = 0};
        if (n % 4 != 0)
            ck_assert_int_ne(pana_msg_join(&m, span_of(buf_span(&plain).p, n)), REASON_NONE);
    }
    buf_clear(&b);
    buf_clear(&plain);
}
END_TEST

START_TEST(cause_inside)
{
    struct buf b, plain;
    struct pana_msg m;

    buf_init(&b, ROOM);
    buf_init(&plain, ROOM);
    pana_put_header(&b, PANA_R, PANA_PTR_PTA, 1, 1, PANA_AVP_HEADER + 12);
    pana_put_avp(&b, PANA_AVP_ENCR_ENCAP, span_of("............", 12));
    m = parsed(buf_span(&b));
    ck_assert_int_ne(pana_msg_join(&m, buf_span(&plain)), REASON_NONE);
    put_some(&plain, PANA_AVP_TERMINATION_CAUSE);
    ck_assert_int_eq(pana_msg_join(&m, buf_span(&plain)), REASON_NONE);
    ck_assert_uint_eq(m.termination_cause, 1);
    buf_clear(&b);
    buf_clear(&plain);
}
END_TEST

START_TEST(no_room)
{
    struct pana_params p = all_params();
    struct buf b;

    buf_init(&b, 20);
    ck_assert(!pana_put_params(&b, &p));
    ck_assert(!pana_put_header(&b, 0, PANA_PCI, 0, 0, PANA_MESSAGE_MAX - PANA_HEADER + 1));
    buf_clear(&b);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pana_msg");
    TCase *tc = tcase_create("pana_msg");
    SRunner *sr;
    int failed;

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, vectors);
    tcase_add_test(tc, everything_goes_round);
    tcase_add_test(tc, merging_takes_what_is_there);
    tcase_add_test(tc, every_cut);
    tcase_add_test(tc, every_length_lie);
    tcase_add_test(tc, every_octet_changed);
    tcase_add_test(tc, flags);
    tcase_add_test(tc, occurrence);
    tcase_add_test(tc, fixed_places);
    tcase_add_test(tc, lengths_of_values);
    tcase_add_test(tc, unknown_avps);
    tcase_add_test(tc, etsi_lengths);
    tcase_add_test(tc, etsi_values);
    tcase_add_test(tc, etsi_once_and_lists);
    tcase_add_test(tc, joining);
    tcase_add_test(tc, cause_inside);
    tcase_add_test(tc, no_room);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
