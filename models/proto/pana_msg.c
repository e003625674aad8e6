#include "models/proto/pana_msg.h"

/* The messages of RFC 5191 7, in the order of its Figure 4. */
enum kind { PCI, PAR, PAN, PTR, PTA, PNR, PNA, KINDS, NO_KIND = KINDS };

enum { MANY = 255 };

/* Which AVP where how often (RFC 5191 Figure 4; RFC 6786 2 and 5), how long, and whether it may be
 * encrypted (RFC 6786 6.1). */
struct avp_rule {
    enum pana_avp code;
    uint16_t min, max; /* octets; u32: both 4 */
    bool may_encrypt;
    uint8_t most[KINDS];
};
/* clang-format off */
static const struct avp_rule avp_rules[] = {
    /*                                                           PCI   PAR   PAN PTR PTA PNR PNA */
    {PANA_AVP_AUTH,                 1, 65535, false,             {0,     1,    1,  1,  1,  1,  1}},
    {PANA_AVP_EAP_PAYLOAD,          4, 65535, true,              {0,     1,    1,  0,  0,  0,  0}},
    {PANA_AVP_INTEGRITY_ALGORITHM,  4, 4,     false,             {0,  MANY,    1,  0,  0,  0,  0}},
    {PANA_AVP_KEY_ID,               4, 4,     false,             {0,     1,    1,  0,  0,  0,  0}},
    {PANA_AVP_NONCE, PANA_NONCE_MIN, PANA_NONCE_MAX, false,      {0,     1,    1,  0,  0,  0,  0}},
    {PANA_AVP_PRF_ALGORITHM,        4, 4,     false,             {0,  MANY,    1,  0,  0,  0,  0}},
    {PANA_AVP_RESULT_CODE,          4, 4,     false,             {0,     1,    0,  0,  0,  0,  0}},
    {PANA_AVP_SESSION_LIFETIME,     4, 4,     true,              {0,     1,    0,  0,  0,  0,  0}},
    {PANA_AVP_TERMINATION_CAUSE,    4, 4,     true,              {0,     0,    0,  1,  0,  0,  0}},
    {PANA_AVP_ENCR_ENCAP,           0, 65535, false,             {0,     1,    1,  1,  1,  1,  1}},
    {PANA_AVP_ENCRYPTION_ALGORITHM, 4, 4,     false,             {0,  MANY,    1,  0,  0,  0,  0}},
};
/* clang-format on */

#define AVP_VENDOR 0x8000

struct avp {
    uint16_t code;
    bool has_vendor;
    uint32_t vendor;
    struct span value;
    size_t taken; /* with header and padding */
};

static uint16_t u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* The AVP at the front of in, which is not empty. */
static bool take_avp(struct span in, struct avp *out)
{
    size_t header = PANA_AVP_HEADER, n;

    if (in.n < header)
        return false;
    out->code = u16(in.p);
    out->has_vendor = u16(in.p + 2) & AVP_VENDOR;
    out->vendor = 0;
    n = u16(in.p + 4);
    if (out->has_vendor) {
        header += 4;
        if (in.n < header)
            return false;
        out->vendor = pana_u32(in.p + PANA_AVP_HEADER);
    }
    out->taken = header + (n + 3) / 4 * 4;
    out->value = span_of(in.p + header, n);
    return out->taken <= in.n;
}

static enum kind kind_of(const struct pana_msg *m)
{
    bool request = m->flags & PANA_R;

    switch (m->type) {
    case PANA_PCI:
        return request ? NO_KIND : PCI;
    case PANA_PAR_PAN:
        return request ? PAR : PAN;
    case PANA_PTR_PTA:
        return request ? PTR : PTA;
    case PANA_PNR_PNA:
        return request ? PNR : PNA;
    default: /* no enum: what the wire says */
        return NO_KIND;
    }
}

/* RFC 5191 6.2, 7.2, 7.6: which flags go together. */
static bool flags_are_valid(const struct pana_msg *m, enum kind kind)
{
    uint16_t sc = m->flags & (PANA_S | PANA_C), ap = m->flags & (PANA_A | PANA_P);
    bool par_pan = kind == PAR || kind == PAN, pnr_pna = kind == PNR || kind == PNA;

    if (m->flags & PANA_I && kind != PAR)
        return false;
    if (par_pan ? sc == (PANA_S | PANA_C) : sc != 0)
        return false;
    return pnr_pna ? ap == PANA_A || ap == PANA_P : ap == 0;
}

static const struct avp_rule *find_rule(uint16_t code)
{
    for (size_t i = 0; i < sizeof(avp_rules) / sizeof(avp_rules[0]); i++)
        if (avp_rules[i].code == code)
            return &avp_rules[i];
    return NULL;
}

static void add_number(uint32_t *set, uint32_t n)
{
    if (n < 32)
        *set |= UINT32_C(1) << n;
}

static void keep(struct pana_msg *m, enum pana_avp code, struct span value)
{
    uint32_t number = value.n == 4 ? pana_u32(value.p) : 0;

    m->has |= UINT32_C(1) << code;
    switch (code) {
    case PANA_AVP_AUTH:
        m->auth = value;
        break;
    case PANA_AVP_EAP_PAYLOAD:
        m->eap = value;
        break;
    case PANA_AVP_INTEGRITY_ALGORITHM:
        add_number(&m->integrities, number);
        break;
    case PANA_AVP_KEY_ID:
        m->key_id = number;
        break;
    case PANA_AVP_NONCE:
        m->nonce = value;
        break;
    case PANA_AVP_PRF_ALGORITHM:
        add_number(&m->prfs, number);
        break;
    case PANA_AVP_RESULT_CODE:
        m->result_code = number;
        break;
    case PANA_AVP_SESSION_LIFETIME:
        m->session_lifetime_s = number;
        break;
    case PANA_AVP_TERMINATION_CAUSE:
        m->termination_cause = number;
        break;
    case PANA_AVP_ENCR_ENCAP:
        m->encap = value;
        break;
    case PANA_AVP_ENCRYPTION_ALGORITHM:
        add_number(&m->encryptions, number);
        break;
    }
}

static bool take_ietf(struct pana_msg *m, enum kind kind, const struct avp *avp, bool encrypted)
{
    const struct avp_rule *rule = find_rule(avp->code);

    /* RFC 5191 5.5: each AVP is recognized and decoded correctly. */
    if (!rule || avp->value.n < rule->min || avp->value.n > rule->max)
        return false;
    if (encrypted && !rule->may_encrypt)
        return false;
    if (rule->most[kind] == 0 || (rule->most[kind] == 1 && pana_has(m, rule->code)))
        return false;
    keep(m, rule->code, avp->value);
    return true;
}

/* In the clear, or perhaps in what is still encrypted. */
static bool has_cause(const struct pana_msg *m)
{
    return pana_has(m, PANA_AVP_TERMINATION_CAUSE) || pana_has(m, PANA_AVP_ENCR_ENCAP);
}

static bool take_avps(struct pana_msg *m, enum kind kind, struct span in, bool encrypted)
{
    for (bool first = true; in.n > 0; first = false) {
        struct avp avp;

        /* AUTH, where there, stands at the end; Termination-Cause at the front (RFC 5191 7). */
        if (pana_has(m, PANA_AVP_AUTH) && !encrypted)
            return false;
        if (!take_avp(in, &avp))
            return false;
        in = span_of(in.p + avp.taken, in.n - avp.taken);
        if (avp.has_vendor) {
            if (avp.vendor == PANA_ETSI_VENDOR &&
                pana_params_read(&m->params, avp.code, avp.value) != REASON_NONE)
                return false;
        } else if (!take_ietf(m, kind, &avp, encrypted)) {
            return false;
        }
        if (kind == PTR && first && !encrypted && !has_cause(m))
            return false;
    }
    return true;
}

enum reason pana_msg_parse(struct span in, struct pana_msg *out)
{
    enum kind kind;

    memset(out, 0, sizeof(*out));
    if (in.n < PANA_HEADER || in.n > PANA_MESSAGE_MAX || u16(in.p + 2) != in.n)
        return REASON_PANA_MALFORMED;
    out->flags = u16(in.p + 4) & (PANA_R | PANA_S | PANA_C | PANA_A | PANA_P | PANA_I);
    out->type = u16(in.p + 6);
    out->session_id = pana_u32(in.p + 8);
    out->sequence = pana_u32(in.p + 12);
    out->whole = in;
    kind = kind_of(out);
    if (kind == NO_KIND || !flags_are_valid(out, kind))
        return REASON_PANA_MALFORMED;
    if (kind == PCI && (out->session_id != 0 || out->sequence != 0)) /* RFC 5191 7.1 */
        return REASON_PANA_MALFORMED;
    if (!take_avps(out, kind, span_of(in.p + PANA_HEADER, in.n - PANA_HEADER), false))
        return REASON_PANA_MALFORMED;
    if (kind == PTR && !has_cause(out))
        return REASON_PANA_MALFORMED;
    return REASON_NONE;
}

enum reason pana_msg_join(struct pana_msg *m, struct span plain)
{
    enum kind kind = kind_of(m);

    if (!take_avps(m, kind, plain, true))
        return REASON_PANA_MALFORMED;
    if (kind == PTR && !pana_has(m, PANA_AVP_TERMINATION_CAUSE))
        return REASON_PANA_MALFORMED;
    return REASON_NONE;
}

static bool put16(struct buf *b, size_t v)
{
    uint8_t octets[2] = {(uint8_t)(v >> 8), (uint8_t)v};

    return buf_put(b, octets, sizeof(octets));
}

static bool put32(struct buf *b, uint32_t v)
{
    return put16(b, v >> 16) && put16(b, v & 0xffff);
}

bool pana_put_header(struct buf *b, uint16_t flags, enum pana_type type, uint32_t session_id,
                     uint32_t sequence, size_t avps_n)
{
    size_t n = PANA_HEADER + avps_n;

    return n <= PANA_MESSAGE_MAX && put16(b, 0) && put16(b, n) && put16(b, flags) &&
           put16(b, type) && put32(b, session_id) && put32(b, sequence);
}

/* vendor 0: IETF's, without the field. */
static bool put_avp(struct buf *b, uint16_t code, uint32_t vendor, struct span value)
{
    static const uint8_t padding[4];

    return value.n <= UINT16_MAX && put16(b, code) && put16(b, vendor ? AVP_VENDOR : 0) &&
           put16(b, value.n) && put16(b, 0) && (!vendor || put32(b, vendor)) &&
           buf_put_span(b, value) && buf_put(b, padding, (4 - value.n % 4) % 4);
}

bool pana_put_avp(struct buf *b, enum pana_avp avp, struct span value)
{
    return put_avp(b, (uint16_t)avp, 0, value);
}

bool pana_put_u32(struct buf *b, enum pana_avp avp, uint32_t value)
{
    uint8_t octets[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                         (uint8_t)value};

    return pana_put_avp(b, avp, span_of(octets, sizeof(octets)));
}

bool pana_put_vendor_avp(struct buf *b, uint16_t code, uint32_t vendor, struct span value)
{
    return put_avp(b, code, vendor, value);
}

const char *pana_msg_name(uint16_t flags, uint16_t type)
{
    static const struct {
        uint16_t type, flags;
        const char *name;
    } names[] = {
        {PANA_PCI, 0, "PCI"},
        {PANA_PAR_PAN, PANA_R | PANA_S, "PAR[S]"},
        {PANA_PAR_PAN, PANA_R | PANA_C, "PAR[C]"},
        {PANA_PAR_PAN, PANA_R, "PAR"},
        {PANA_PAR_PAN, PANA_S, "PAN[S]"},
        {PANA_PAR_PAN, PANA_C, "PAN[C]"},
        {PANA_PAR_PAN, 0, "PAN"},
        {PANA_PTR_PTA, PANA_R, "PTR"},
        {PANA_PTR_PTA, 0, "PTA"},
        {PANA_PNR_PNA, PANA_R | PANA_A, "PNR[A]"},
        {PANA_PNR_PNA, PANA_R | PANA_P, "PNR[P]"},
        {PANA_PNR_PNA, PANA_A, "PNA[A]"},
        {PANA_PNR_PNA, PANA_P, "PNA[P]"},
    };
    const uint16_t mask = PANA_R | PANA_S | PANA_C | PANA_A | PANA_P;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].type == type && names[i].flags == (flags & mask))
            return names[i].name;
    return "?";
}
