#include "models/proto/eap_simaka_attr.h"

#include "crypto/cipher.h"
#include "crypto/hash.h"
#include "models/proto/eap_simaka_attr_impl.h"

/* RFC 4186 11, RFC 4187 11, RFC 9048 8; forms of RFC 4186 10, RFC 4187 10, RFC 9048 3.1, 3.2, 4. */
/* clang-format off */
const struct simaka_attribute simaka_attributes[AT_COUNT] = {
    [AT_RAND]              = {1,   FORM_RANDS},
    [AT_AUTN]              = {2,   FORM_BLOCK},
    [AT_RES]               = {3,   FORM_RES},
    [AT_AUTS]              = {4,   FORM_AUTS},
    [AT_PADDING]           = {6,   FORM_PADDING},
    [AT_NONCE_MT]          = {7,   FORM_BLOCK},
    [AT_PERMANENT_ID_REQ]  = {10,  FORM_FLAG},
    [AT_MAC]               = {11,  FORM_BLOCK},
    [AT_NOTIFICATION]      = {12,  FORM_NUMBER},
    [AT_ANY_ID_REQ]        = {13,  FORM_FLAG},
    [AT_IDENTITY]          = {14,  FORM_SIZED},
    [AT_VERSION_LIST]      = {15,  FORM_SIZED},
    [AT_SELECTED_VERSION]  = {16,  FORM_NUMBER},
    [AT_FULLAUTH_ID_REQ]   = {17,  FORM_FLAG},
    [AT_COUNTER]           = {19,  FORM_NUMBER},
    [AT_COUNTER_TOO_SMALL] = {20,  FORM_FLAG},
    [AT_NONCE_S]           = {21,  FORM_BLOCK},
    [AT_CLIENT_ERROR_CODE] = {22,  FORM_NUMBER},
    [AT_KDF_INPUT]         = {23,  FORM_SIZED},
    [AT_KDF]               = {24,  FORM_NUMBER},
    [AT_IV]                = {129, FORM_BLOCK},
    [AT_ENCR_DATA]         = {130, FORM_ENCRYPTED},
    [AT_NEXT_PSEUDONYM]    = {132, FORM_SIZED},
    [AT_NEXT_REAUTH_ID]    = {133, FORM_SIZED},
    [AT_CHECKCODE]         = {134, FORM_CHECKCODE},
    [AT_RESULT_IND]        = {135, FORM_FLAG},
    [AT_BIDDING]           = {136, FORM_NUMBER},
};

/* What a kind has no idea of: skippable, it is skipped; else the message is refused. */
#define SIM_ONLY   (AT_BIT(AT_NONCE_MT) | AT_BIT(AT_VERSION_LIST) | AT_BIT(AT_SELECTED_VERSION))
#define AKA_ONLY   (AT_BIT(AT_AUTN) | AT_BIT(AT_RES) | AT_BIT(AT_AUTS) | AT_BIT(AT_CHECKCODE))
#define PRIME_ONLY (AT_BIT(AT_KDF) | AT_BIT(AT_KDF_INPUT))
static const uint32_t foreign[SIMAKA_KINDS] = {
    [SIMAKA_SIM]       = AKA_ONLY | PRIME_ONLY | AT_BIT(AT_BIDDING),
    [SIMAKA_AKA]       = SIM_ONLY | PRIME_ONLY,
    [SIMAKA_AKA_PRIME] = SIM_ONLY | AT_BIT(AT_BIDDING),
};

#define ID_REQUESTS (AT_BIT(AT_PERMANENT_ID_REQ) | AT_BIT(AT_FULLAUTH_ID_REQ) | AT_BIT(AT_ANY_ID_REQ))
#define SEALED      (AT_BIT(AT_IV) | AT_BIT(AT_ENCR_DATA))
#define MAC         AT_BIT(AT_MAC)
#define RESULT      AT_BIT(AT_RESULT_IND)
#define CHECK       AT_BIT(AT_CHECKCODE)
#define COUNTER     AT_BIT(AT_COUNTER)
#define NEXT        (AT_BIT(AT_NEXT_PSEUDONYM) | AT_BIT(AT_NEXT_REAUTH_ID))
#define PAD         AT_BIT(AT_PADDING)

#define SIM   (1u << SIMAKA_SIM)
#define AKA   (1u << SIMAKA_AKA)
#define PRIME (1u << SIMAKA_AKA_PRIME)

struct rule {
    uint8_t kinds, code, subtype;
    uint32_t must, may;               /* in the clear */
    uint32_t nested_must, nested_may; /* in AT_ENCR_DATA */
};
static const struct rule rules[] = {
    /* RFC 4186 9.1 to 9.4 */
    {SIM, EAP_REQUEST, SIM_START, AT_BIT(AT_VERSION_LIST), ID_REQUESTS, 0, 0},
    {SIM, EAP_RESPONSE, SIM_START,
     0, AT_BIT(AT_IDENTITY) | AT_BIT(AT_NONCE_MT) | AT_BIT(AT_SELECTED_VERSION), 0, 0},
    {SIM, EAP_REQUEST, SIM_CHALLENGE, AT_BIT(AT_RAND) | MAC, SEALED | RESULT, 0, NEXT | PAD},
    {SIM, EAP_RESPONSE, SIM_CHALLENGE, MAC, SEALED | RESULT, 0, PAD},
    /* RFC 4187 9.1 to 9.6; RFC 9048 3.2, 6.3 */
    {AKA | PRIME, EAP_REQUEST, AKA_IDENTITY, 0, ID_REQUESTS, 0, 0},
    {AKA | PRIME, EAP_RESPONSE, AKA_IDENTITY, AT_BIT(AT_IDENTITY), 0, 0, 0},
    {AKA, EAP_REQUEST, AKA_CHALLENGE, AT_BIT(AT_RAND) | AT_BIT(AT_AUTN) | MAC,
     SEALED | CHECK | RESULT | AT_BIT(AT_BIDDING), 0, NEXT | PAD},
    {PRIME, EAP_REQUEST, AKA_CHALLENGE, AT_BIT(AT_RAND) | AT_BIT(AT_AUTN) | AT_BIT(AT_KDF) | MAC,
     SEALED | CHECK | RESULT | AT_BIT(AT_KDF_INPUT), 0, NEXT | PAD},
    {AKA, EAP_RESPONSE, AKA_CHALLENGE, AT_BIT(AT_RES) | MAC, SEALED | CHECK | RESULT, 0, PAD},
    {PRIME, EAP_RESPONSE, AKA_CHALLENGE, /* or AT_KDF alone */
     0, AT_BIT(AT_RES) | MAC | SEALED | CHECK | RESULT | AT_BIT(AT_KDF), 0, PAD},
    {AKA | PRIME, EAP_RESPONSE, AKA_AUTHENTICATION_REJECT, 0, 0, 0, 0},
    {AKA | PRIME, EAP_RESPONSE, AKA_SYNCHRONIZATION_FAILURE, AT_BIT(AT_AUTS), AT_BIT(AT_KDF), 0, 0},
    /* RFC 4186 9.5 to 9.9, RFC 4187 9.7 to 9.11 */
    {SIM | AKA | PRIME, EAP_REQUEST, SIMAKA_REAUTHENTICATION, SEALED | MAC, CHECK | RESULT,
     COUNTER | AT_BIT(AT_NONCE_S), AT_BIT(AT_NEXT_REAUTH_ID) | PAD},
    {SIM | AKA | PRIME, EAP_RESPONSE, SIMAKA_REAUTHENTICATION, SEALED | MAC, CHECK | RESULT,
     COUNTER, AT_BIT(AT_COUNTER_TOO_SMALL) | PAD},
    {SIM | AKA | PRIME, EAP_REQUEST, SIMAKA_NOTIFICATION, AT_BIT(AT_NOTIFICATION), SEALED | MAC,
     COUNTER, PAD},
    {SIM | AKA | PRIME, EAP_RESPONSE, SIMAKA_NOTIFICATION, 0, SEALED | MAC, COUNTER, PAD},
    {SIM | AKA | PRIME, EAP_RESPONSE, SIMAKA_CLIENT_ERROR, AT_BIT(AT_CLIENT_ERROR_CODE), 0, 0, 0},
};
/* clang-format on */

uint8_t simaka_type(enum simaka_kind kind)
{
    static const uint8_t types[SIMAKA_KINDS] = {EAP_SIM, EAP_AKA, EAP_AKA_PRIME};

    return types[kind];
}

size_t simaka_k_aut_len(enum simaka_kind kind)
{
    return kind == SIMAKA_AKA_PRIME ? 32 : 16;
}

size_t simaka_hash_len(enum simaka_kind kind)
{
    return kind == SIMAKA_AKA_PRIME ? 32 : 20;
}

static const struct rule *find_rule(enum simaka_kind kind, uint8_t code, uint8_t subtype)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if ((rules[i].kinds & 1u << kind) && rules[i].code == code && rules[i].subtype == subtype)
            return &rules[i];
    return NULL;
}

static enum simaka_at find_attribute(uint8_t type)
{
    for (int i = 0; i < AT_COUNT; i++)
        if (simaka_attributes[i].type == type)
            return (enum simaka_at)i;
    return AT_COUNT;
}

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* A value of n octets behind a length field, padded to whole words and no further. */
static bool take_sized(struct span content, size_t n, struct span *value)
{
    if (content.n != 2 + n + (4 - n % 4) % 4)
        return false;
    *value = span_of(content.p + 2, n);
    return true;
}

static bool take_res(struct span content, struct span *value)
{
    size_t bits = get16(content.p);

    /* RFC 4187 10.8. Lengths that are no whole octets do not occur (TS 33.105 5.1.7.9). */
    return bits >= 32 && bits <= 128 && bits % 8 == 0 && take_sized(content, bits / 8, value);
}

static bool take_zeros(struct span content)
{
    for (size_t i = 0; i < content.n; i++)
        if (content.p[i] != 0)
            return false;
    return content.n <= 10;
}

static bool is_blocks(struct span content, size_t least, size_t most)
{
    return (content.n - 2) % 16 == 0 && (content.n - 2) / 16 >= least &&
           (content.n - 2) / 16 <= most;
}

/* content: what follows type and length, at least 2 octets. */
static bool take_value(enum simaka_kind kind, enum simaka_form form, struct span content,
                       struct span *value)
{
    *value = span_of(content.p + 2, content.n - 2);
    switch (form) {
    case FORM_FLAG:
        return content.n == 2;
    case FORM_NUMBER:
        *value = content;
        return content.n == 2;
    case FORM_BLOCK:
        return content.n == 18;
    case FORM_RANDS:
        return is_blocks(content, 1, kind == SIMAKA_SIM ? SIMAKA_MAX_RAND : 1);
    case FORM_SIZED:
        return take_sized(content, get16(content.p), value);
    case FORM_RES:
        return take_res(content, value);
    case FORM_AUTS:
        *value = content;
        return content.n == 14;
    case FORM_CHECKCODE:
        return content.n == 2 || content.n == 2 + simaka_hash_len(kind);
    case FORM_ENCRYPTED:
        return is_blocks(content, 1, EAP_MTU / 16);
    case FORM_PADDING:
        return take_zeros(content);
    }
    return false;
}

static bool take(enum simaka_kind kind, struct simaka_message *m, enum simaka_at at,
                 struct span content)
{
    if (simaka_has(m, at) && at != AT_KDF)
        return false;
    if (simaka_has(m, AT_PADDING)) /* it is the last one */
        return false;
    if (!take_value(kind, (enum simaka_form)simaka_attributes[at].form, content, &m->value[at]))
        return false;
    if (at == AT_KDF) {
        if (m->kdf_count == SIMAKA_MAX_KDF)
            return false;
        m->kdf[m->kdf_count++] = get16(content.p);
    }
    m->has |= AT_BIT(at);
    return true;
}

static bool read_attributes(enum simaka_kind kind, struct simaka_message *m, struct span in,
                            uint32_t allowed)
{
    for (size_t i = 0; i < in.n;) {
        size_t n = in.n - i < 4 ? 0 : (size_t)in.p[i + 1] * 4;
        enum simaka_at at = find_attribute(in.p[i]);
        bool known = at != AT_COUNT && !(foreign[kind] & AT_BIT(at));

        if (n == 0 || n > in.n - i)
            return false;
        if (!known && in.p[i] < 128)
            return false;
        if (known && (!(allowed & AT_BIT(at)) || !take(kind, m, at, span_of(in.p + i + 2, n - 2))))
            return false;
        if (known && at == AT_MAC)
            m->mac_at = i + 2;
        i += n;
    }
    return true;
}

static bool is_one_bit(uint32_t v)
{
    return v != 0 && (v & (v - 1)) == 0;
}

/* What the table of rules does not say. */
static bool is_consistent(const struct simaka_message *m, uint8_t code)
{
    bool start = m->subtype == SIM_START, challenge = m->subtype == AKA_CHALLENGE;

    if (simaka_has(m, AT_IV) != simaka_has(m, AT_ENCR_DATA))
        return false;
    if (m->has & ID_REQUESTS ? !is_one_bit(m->has & ID_REQUESTS)
                             : code == EAP_REQUEST && m->subtype == AKA_IDENTITY)
        return false;
    if (start && code == EAP_RESPONSE &&
        (simaka_has(m, AT_NONCE_MT) != simaka_has(m, AT_SELECTED_VERSION) || m->has == 0))
        return false;
    if (simaka_has(m, AT_VERSION_LIST) &&
        (m->value[AT_VERSION_LIST].n < 2 || m->value[AT_VERSION_LIST].n % 2))
        return false;
    /* RFC 9048 3.2: AT_KDF alone, or a whole answer without it. */
    if (challenge && code == EAP_RESPONSE && m->has != AT_BIT(AT_KDF) &&
        (simaka_has(m, AT_KDF) || !simaka_has(m, AT_RES) || !simaka_has(m, AT_MAC)))
        return false;
    /* RFC 4187 6.1, 9.10: S and P exclude each other; a MAC if and only if P is not set. */
    if (simaka_has(m, AT_NOTIFICATION)) {
        uint16_t number = simaka_number(m, AT_NOTIFICATION);
        bool before = (number & NOTIFY_P) != 0;

        if ((before && number & NOTIFY_S) || simaka_has(m, AT_MAC) == before)
            return false;
    }
    return !(m->subtype == SIMAKA_NOTIFICATION && simaka_has(m, AT_IV) && !simaka_has(m, AT_MAC));
}

bool simaka_parse(enum simaka_kind kind, const struct eap_packet *in, struct simaka_message *out)
{
    const struct rule *rule;

    memset(out, 0, sizeof(*out));
    if (in->data.n < 3)
        return false;
    out->subtype = in->data.p[0];
    out->whole = in->whole;
    rule = find_rule(kind, in->code, out->subtype);
    if (!rule)
        return false;
    if (!read_attributes(kind, out, span_of(in->data.p + 3, in->data.n - 3),
                         rule->must | rule->may))
        return false;
    out->mac_at += SIMAKA_HEADER;
    return (out->has & rule->must) == rule->must && is_consistent(out, in->code);
}

uint16_t simaka_number(const struct simaka_message *m, enum simaka_at at)
{
    return simaka_has(m, at) ? get16(m->value[at].p) : 0;
}

bool simaka_open(enum simaka_kind kind, const struct simaka_message *m, uint8_t code,
                 struct meter *meter, const uint8_t k_encr[16], uint8_t plain[EAP_MTU],
                 struct simaka_message *nested)
{
    const struct rule *rule = find_rule(kind, code, m->subtype);
    struct span in = m->value[AT_ENCR_DATA];

    memset(nested, 0, sizeof(*nested));
    if (!rule || !simaka_has(m, AT_ENCR_DATA) || in.n > EAP_MTU)
        return false;
    cipher_cbc_decrypt(meter, k_encr, m->value[AT_IV].p, in.p, in.n, plain);
    return read_attributes(kind, nested, span_of(plain, in.n),
                           rule->nested_must | rule->nested_may) &&
           (nested->has & rule->nested_must) == rule->nested_must;
}

void simaka_mac(enum simaka_kind kind, struct meter *meter, const uint8_t *k_aut,
                struct span packet, size_t mac_at, struct span extra, uint8_t mac[SIMAKA_MAC])
{
    static const uint8_t zeros[2 + SIMAKA_MAC];
    size_t after = mac_at + sizeof(zeros);
    struct span key = span_of(k_aut, simaka_k_aut_len(kind));
    const struct span pieces[] = {span_of(packet.p, mac_at), span_of(zeros, sizeof(zeros)),
                                  span_of(packet.p + after, packet.n - after), extra};
    uint8_t sum[32];

    if (kind == SIMAKA_AKA_PRIME)
        hash_hmac_sha256_v(meter, key, pieces, 4, sum);
    else
        hash_hmac_sha1_v(meter, key, pieces, 4, sum);
    memcpy(mac, sum, SIMAKA_MAC);
}

bool simaka_mac_ok(enum simaka_kind kind, const struct simaka_message *m, struct meter *meter,
                   const uint8_t *k_aut, struct span extra)
{
    uint8_t mac[SIMAKA_MAC];

    if (!simaka_has(m, AT_MAC))
        return false;
    simaka_mac(kind, meter, k_aut, m->whole, m->mac_at, extra, mac);
    return hash_equal(mac, m->value[AT_MAC].p, SIMAKA_MAC);
}
