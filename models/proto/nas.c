#include "models/proto/nas.h"

#include "crypto/cipher.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

#include <assert.h>
#include <string.h>

#define PD_EMM 0x07 /* protocol discriminator: EPS mobility management */

const char *nas_type_name(enum nas_type type)
{
    switch (type) {
    case NAS_ATTACH_REQUEST:
        return "Attach Request";
    case NAS_ATTACH_ACCEPT:
        return "Attach Accept";
    case NAS_ATTACH_COMPLETE:
        return "Attach Complete";
    case NAS_ATTACH_REJECT:
        return "Attach Reject";
    case NAS_SERVICE_REJECT:
        return "Service Reject";
    case NAS_AUTHENTICATION_REQUEST:
        return "Authentication Request";
    case NAS_AUTHENTICATION_RESPONSE:
        return "Authentication Response";
    case NAS_AUTHENTICATION_REJECT:
        return "Authentication Reject";
    case NAS_AUTHENTICATION_FAILURE:
        return "Authentication Failure";
    case NAS_SECURITY_MODE_COMMAND:
        return "Security Mode Command";
    case NAS_SECURITY_MODE_COMPLETE:
        return "Security Mode Complete";
    }
    return "";
}

/* ---- writing ---- */

/* TS 24.008 10.5.7.4a, the shortest unit first. */
static const struct timer_unit {
    uint8_t bits;
    sim_ns unit;
} timer_units[] = {{3, 2 * SIM_S},    {4, 30 * SIM_S},    {5, 60 * SIM_S},     {0, 600 * SIM_S},
                   {1, 3600 * SIM_S}, {2, 36000 * SIM_S}, {6, 1152000 * SIM_S}};
#define TIMER_UNITS (sizeof timer_units / sizeof *timer_units)
#define TIMER_MOST  31

/* The finest unit in which it fits, rounded down. */
static uint8_t timer_octet(sim_ns t)
{
    size_t i = 0;
    sim_ns n;

    while (i + 1 < TIMER_UNITS && t >= (TIMER_MOST + 1) * timer_units[i].unit)
        i++;
    n = t / timer_units[i].unit;
    n = n < 1 ? 1 : n > TIMER_MOST ? TIMER_MOST : n;
    return (uint8_t)(timer_units[i].bits << 5 | n);
}

static sim_ns timer_time(uint8_t octet)
{
    for (size_t i = 0; i < TIMER_UNITS; i++) {
        if (timer_units[i].bits == octet >> 5)
            return (octet & TIMER_MOST) * timer_units[i].unit;
    }
    return SIM_NEVER; /* 111: deactivated */
}

sim_ns nas_lifetime(sim_ns t)
{
    return timer_time(timer_octet(t));
}

/* 9.9.3.12: type of identity 1, an odd number of digits. */
static bool put_imsi(const char *imsi, struct buf *out)
{
    size_t digits = strlen(imsi), n = digits / 2 + 1;
    uint8_t octets[IMSI_MAX / 2 + 2] = {(uint8_t)n};

    assert(digits % 2 == 1 && digits <= IMSI_MAX);
    octets[1] = (uint8_t)((imsi[0] - '0') << 4 | 0x09);
    for (size_t i = 1; i < digits; i++)
        octets[1 + (i + 1) / 2] |= (uint8_t)((imsi[i] - '0') << (i % 2 ? 0 : 4));
    return buf_put(out, octets, n + 1);
}

/* No key yet, EPS attach; the ESM message within asks for a PDN connection over IPv4. */
static bool put_attach_request(const struct nas_message *m, struct buf *out)
{
    const uint8_t kind = 0x71, capability[] = {2, m->capability[0], m->capability[1]};
    static const uint8_t esm[] = {0, 4, 0x02, 0x01, 0xd0, 0x11};

    return buf_put(out, &kind, 1) && put_imsi(m->imsi, out) &&
           buf_put(out, capability, sizeof capability) && buf_put(out, esm, sizeof esm);
}

static bool put_attach_accept(const struct nas_message *m, struct buf *out)
{
    /* Attach result; T3412 deactivated, since the extended one is there; one tracking area. */
    const uint8_t head[] = {0x01, 0xe0, 6, 0x00, m->plmn[0], m->plmn[1], m->plmn[2], 0, 1};
    /* Activate Default EPS Bearer Context Request: QCI 9, an APN, the address. */
    const uint8_t esm[] = {0,
                           16,
                           0x52,
                           0x01,
                           0xc1,
                           1,
                           9,
                           4,
                           3,
                           'm',
                           '2',
                           'm',
                           5,
                           0x01,
                           m->address[0],
                           m->address[1],
                           m->address[2],
                           m->address[3]};
    const uint8_t guti[] = {0x50,
                            11,
                            0xf6,
                            m->plmn[0],
                            m->plmn[1],
                            m->plmn[2],
                            0x80,
                            0x01,
                            1,
                            (uint8_t)(m->m_tmsi >> 24),
                            (uint8_t)(m->m_tmsi >> 16),
                            (uint8_t)(m->m_tmsi >> 8),
                            (uint8_t)m->m_tmsi};
    const uint8_t timer[] = {0x5e, 1, timer_octet(m->lifetime)};

    return buf_put(out, head, sizeof head) && buf_put(out, esm, sizeof esm) &&
           buf_put(out, guti, sizeof guti) && buf_put(out, timer, sizeof timer);
}

static bool put_lv(struct buf *out, const uint8_t *p, uint8_t n)
{
    return buf_put(out, &n, 1) && buf_put(out, p, n);
}

static bool put_failure(const struct nas_message *m, struct buf *out)
{
    const uint8_t iei = 0x30;

    return buf_put(out, &m->cause, 1) &&
           (!m->has_auts || (buf_put(out, &iei, 1) && put_lv(out, m->auts, sizeof m->auts)));
}

static bool put_body(const struct nas_message *m, struct buf *out)
{
    static const uint8_t ksi = 0, complete[] = {0, 3, 0x52, 0x00, 0xc2};
    const uint8_t mode[] = {m->algorithms, 0, 2, m->capability[0], m->capability[1]};

    switch (m->type) {
    case NAS_ATTACH_REQUEST:
        return put_attach_request(m, out);
    case NAS_ATTACH_ACCEPT:
        return put_attach_accept(m, out);
    case NAS_ATTACH_COMPLETE:
        return buf_put(out, complete, sizeof complete);
    case NAS_ATTACH_REJECT:
    case NAS_SERVICE_REJECT:
        return buf_put(out, &m->cause, 1);
    case NAS_AUTHENTICATION_REQUEST:
        return buf_put(out, &ksi, 1) && buf_put(out, m->rand, 16) && put_lv(out, m->autn, 16);
    case NAS_AUTHENTICATION_RESPONSE:
        return put_lv(out, m->res, m->res_n);
    case NAS_AUTHENTICATION_FAILURE:
        return put_failure(m, out);
    case NAS_SECURITY_MODE_COMMAND:
        return buf_put(out, mode, sizeof mode);
    case NAS_AUTHENTICATION_REJECT:
    case NAS_SECURITY_MODE_COMPLETE:
        return true;
    }
    return false;
}

bool nas_write(const struct nas_message *m, struct buf *out)
{
    const uint8_t head[] = {PD_EMM, (uint8_t)m->type};

    return buf_put(out, head, sizeof head) && put_body(m, out);
}

/* ---- reading ---- */

/* What is left of a message; bad once it was too short. */
struct cursor {
    struct span rest;
    bool bad;
};

static const uint8_t *take(struct cursor *c, size_t n)
{
    const uint8_t *p = c->rest.p;

    if (c->bad || c->rest.n < n) {
        c->bad = true;
        return NULL;
    }
    c->rest = span_of(p + n, c->rest.n - n);
    return p;
}

static void copy(struct cursor *c, void *to, size_t n)
{
    const uint8_t *p = take(c, n);

    if (p)
        memcpy(to, p, n);
}

static uint8_t octet(struct cursor *c)
{
    const uint8_t *p = take(c, 1);

    return p ? *p : 0;
}

/* A value behind its length of one octet, or of two. */
static struct span value(struct cursor *c, size_t length_octets, size_t least, size_t most)
{
    size_t n = octet(c);
    const uint8_t *p;

    if (length_octets == 2)
        n = n << 8 | octet(c);
    if (n < least || n > most)
        c->bad = true;
    p = take(c, n);
    return p ? span_of(p, n) : span_of("", 0);
}

static void read_imsi(struct cursor *c, struct nas_message *m)
{
    struct span v = value(c, 1, 4, IMSI_MAX / 2 + 1);
    size_t digits = 2 * v.n - 1;

    if (c->bad || (v.p[0] & 0x0f) != 0x09) { /* an IMSI of an odd number of digits */
        c->bad = true;
        return;
    }
    for (size_t i = 0; i < digits; i++) {
        uint8_t d = i % 2 ? v.p[(i + 1) / 2] & 0x0f : v.p[i / 2 + i % 2] >> 4;
        c->bad |= d > 9;
        m->imsi[i] = (char)('0' + d);
    }
    m->imsi[digits] = '\0';
}

static void read_capability(struct cursor *c, struct nas_message *m)
{
    struct span v = value(c, 1, 2, 13);

    if (!c->bad)
        memcpy(m->capability, v.p, 2);
}

/* Within Activate Default EPS Bearer Context Request: EPS QoS, APN, PDN address of IPv4. */
static void read_address(struct span esm, struct cursor *whole, struct nas_message *m)
{
    struct cursor c = {.rest = esm};
    const uint8_t *head = take(&c, 3);
    struct span v;

    if (head && head[2] != 0xc1)
        c.bad = true;
    (void)value(&c, 1, 1, 13);
    (void)value(&c, 1, 1, 100);
    v = value(&c, 1, 5, 13);
    if (!c.bad && (v.p[0] & 7) == 1)
        memcpy(m->address, v.p + 1, 4);
    else
        whole->bad = true;
}

static void keep_of_failure(uint8_t iei, struct span v, struct nas_message *m)
{
    if (iei == 0x30 && v.n == sizeof m->auts) {
        m->has_auts = true;
        memcpy(m->auts, v.p, sizeof m->auts);
    }
}

static void keep_of_accept(uint8_t iei, struct span v, struct nas_message *m)
{
    if (iei == 0x50 && v.n == 11)
        m->m_tmsi =
            (uint32_t)v.p[7] << 24 | (uint32_t)v.p[8] << 16 | (uint32_t)v.p[9] << 8 | v.p[10];
    else if (iei == 0x5e && v.n == 1)
        m->lifetime = timer_time(v.p[0]);
}

/* Optional fields, of those that the message's type has: those of one octet have bit 8 of their IEI
 * set (TS 24.007 11.2.4). */
static void read_optional(struct cursor *c, struct nas_message *m)
{
    while (!c->bad && c->rest.n > 0) {
        uint8_t iei = octet(c);
        struct span v;
        if (iei & 0x80)
            continue;
        v = value(c, 1, 0, 255);
        if (c->bad)
            return;
        if (m->type == NAS_AUTHENTICATION_FAILURE)
            keep_of_failure(iei, v, m);
        else
            keep_of_accept(iei, v, m);
    }
}

static void read_attach_accept(struct cursor *c, struct nas_message *m)
{
    struct span areas;

    m->lifetime = SIM_NEVER;
    (void)take(c, 2);
    areas = value(c, 1, 6, 96);
    if (!c->bad)
        memcpy(m->plmn, areas.p + 1, 3);
    read_address(value(c, 2, 3, 1024), c, m);
    read_optional(c, m);
}

static void read_response(struct cursor *c, struct nas_message *m)
{
    struct span v = value(c, 1, 4, sizeof m->res);

    if (c->bad)
        return;
    m->res_n = (uint8_t)v.n;
    memcpy(m->res, v.p, v.n);
}

static void read_challenge(struct cursor *c, struct nas_message *m)
{
    struct span v;

    (void)octet(c);
    copy(c, m->rand, sizeof m->rand);
    v = value(c, 1, sizeof m->autn, sizeof m->autn);
    if (!c->bad)
        memcpy(m->autn, v.p, sizeof m->autn);
}

static void read_body(struct cursor *c, struct nas_message *m)
{
    switch (m->type) {
    case NAS_ATTACH_REQUEST:
        (void)octet(c);
        read_imsi(c, m);
        read_capability(c, m);
        (void)value(c, 2, 3, 1024);
        break;
    case NAS_ATTACH_ACCEPT:
        read_attach_accept(c, m);
        break;
    case NAS_ATTACH_COMPLETE:
        (void)value(c, 2, 3, 1024);
        break;
    case NAS_ATTACH_REJECT:
    case NAS_SERVICE_REJECT:
        m->cause = octet(c);
        break;
    case NAS_AUTHENTICATION_REQUEST:
        read_challenge(c, m);
        break;
    case NAS_AUTHENTICATION_RESPONSE:
        read_response(c, m);
        break;
    case NAS_AUTHENTICATION_FAILURE:
        m->cause = octet(c);
        read_optional(c, m);
        break;
    case NAS_SECURITY_MODE_COMMAND:
        m->algorithms = octet(c);
        (void)octet(c);
        read_capability(c, m);
        break;
    case NAS_AUTHENTICATION_REJECT:
    case NAS_SECURITY_MODE_COMPLETE:
        break;
    }
}

enum reason nas_parse(struct span in, struct nas_message *out)
{
    struct cursor c = {.rest = in};
    const uint8_t *head = take(&c, 2);
    struct nas_message m = {.type = NAS_ATTACH_REQUEST};

    if (!head || head[0] != PD_EMM)
        return REASON_NAS_MALFORMED;
    m.type = (enum nas_type)head[1];
    if (!*nas_type_name(m.type))
        return REASON_NAS_MALFORMED;
    read_body(&c, &m);
    if (c.bad)
        return REASON_NAS_MALFORMED;
    *out = m;
    return REASON_NONE;
}

/* ---- keys and integrity ---- */

void nas_kasme(struct meter *m, const uint8_t ck[16], const uint8_t ik[16], const uint8_t plmn[3],
               const uint8_t autn[16], uint8_t kasme[32])
{
    const struct span p[] = {span_of(plmn, 3), span_of(autn, 6)};
    uint8_t key[32];

    memcpy(key, ck, 16);
    memcpy(key + 16, ik, 16);
    kdf_3gpp(m, span_of(key, sizeof key), 0x10, p, 2, kasme);
    explicit_bzero(key, sizeof key);
}

void nas_integrity_key(struct meter *m, const uint8_t kasme[32], uint8_t key[16])
{
    static const uint8_t distinguisher = 0x02, identity = 0x02; /* NAS-int-alg, 128-EIA2 */
    const struct span p[] = {span_of(&distinguisher, 1), span_of(&identity, 1)};
    uint8_t out[32];

    kdf_3gpp(m, span_of(kasme, 32), 0x15, p, 2, out);
    memcpy(key, out + 16, 16);
    explicit_bzero(out, sizeof out);
}

void nas_eia2(struct meter *m, const uint8_t key[16], uint32_t count, uint8_t bearer, bool downlink,
              struct span message, uint8_t mac[4])
{
    const uint8_t head[8] = {(uint8_t)(count >> 24), (uint8_t)(count >> 16), (uint8_t)(count >> 8),
                             (uint8_t)count, (uint8_t)(bearer << 3 | (downlink ? 0x04 : 0))};
    const struct span pieces[] = {span_of(head, sizeof head), message};
    uint8_t tag[CIPHER_TAG];

    cipher_cmac_v(m, key, pieces, 2, tag);
    memcpy(mac, tag, 4);
}

bool nas_protect(struct meter *m, const uint8_t key[16], enum nas_security security, uint32_t count,
                 bool downlink, struct span plain, struct buf *out)
{
    uint8_t octets[NAS_MAX];

    assert(plain.n + 6 <= sizeof octets && count < 256);
    octets[0] = (uint8_t)(security << 4 | PD_EMM);
    octets[5] = (uint8_t)count;
    memcpy(octets + 6, plain.p, plain.n);
    nas_eia2(m, key, count, 0, downlink, span_of(octets + 5, plain.n + 1), octets + 1);
    return buf_put(out, octets, plain.n + 6);
}

enum nas_security nas_security_of(struct span in)
{
    if (in.n == 0 || (in.p[0] & 0x0f) != PD_EMM)
        return NAS_PLAIN;
    switch (in.p[0] >> 4) {
    case NAS_CIPHERED:
        return NAS_CIPHERED;
    case NAS_NEW_CONTEXT:
        return NAS_NEW_CONTEXT;
    case NAS_NEW_CIPHERED:
        return NAS_NEW_CIPHERED;
    }
    return NAS_PLAIN;
}

enum reason nas_open(struct meter *m, const uint8_t key[16], uint32_t count, bool downlink,
                     struct span in, struct span *plain)
{
    uint8_t mac[4];

    if (in.n < 8 || in.n > NAS_MAX)
        return REASON_NAS_MALFORMED;
    nas_eia2(m, key, count, 0, downlink, span_of(in.p + 5, in.n - 5), mac);
    if (in.p[5] != count || !hash_equal(mac, in.p + 1, 4))
        return REASON_NAS_INTEGRITY;
    *plain = span_of(in.p + 6, in.n - 6);
    return REASON_NONE;
}
