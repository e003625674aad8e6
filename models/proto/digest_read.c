/* Digest's fields, read: a list of parameters (RFC 9110 11.2 to 11.6), and a table for each field
 * that says what its parameters are. */
#include "models/proto/digest.h"

#include "crypto/hash.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

enum kind {
    KIND_TEXT,      /* char[256], a quoted-string */
    KIND_ALGORITHM, /* enum digest_algorithm */
    KIND_OFFER,     /* unsigned: a list of qop values */
    KIND_QOP,       /* unsigned: one of them */
    KIND_NC,        /* uint32_t: 8LHEX */
    KIND_HASH,      /* uint8_t[16]: 32LHEX */
    KIND_RESPONSE,  /* struct digest_credentials: 32LHEX, or empty */
    KIND_AUTS,      /* struct digest_credentials: base64 */
    KIND_STALE      /* bool */
};

struct field {
    const char *name;
    enum kind kind;
    bool required;
    size_t offset;
};

/* clang-format off */
#define AT(type, member) offsetof(struct type, member)
static const struct field challenge_fields[] = {
    {"realm",     KIND_TEXT,      true,  AT(digest_challenge, realm)},
    {"nonce",     KIND_TEXT,      true,  AT(digest_challenge, nonce)},
    {"opaque",    KIND_TEXT,      false, AT(digest_challenge, opaque)},
    {"stale",     KIND_STALE,     false, AT(digest_challenge, stale)},
    {"algorithm", KIND_ALGORITHM, false, AT(digest_challenge, algorithm)},
    {"qop",       KIND_OFFER,     false, AT(digest_challenge, qop)},
};
static const struct field credential_fields[] = {
    {"username",  KIND_TEXT,      true,  AT(digest_credentials, username)},
    {"realm",     KIND_TEXT,      true,  AT(digest_credentials, realm)},
    {"nonce",     KIND_TEXT,      true,  AT(digest_credentials, nonce)},
    {"uri",       KIND_TEXT,      true,  AT(digest_credentials, uri)},
    {"response",  KIND_RESPONSE,  true,  0},
    {"algorithm", KIND_ALGORITHM, false, AT(digest_credentials, algorithm)},
    {"opaque",    KIND_TEXT,      false, AT(digest_credentials, opaque)},
    {"qop",       KIND_QOP,       false, AT(digest_credentials, qop)},
    {"nc",        KIND_NC,        false, AT(digest_credentials, nc)},
    {"cnonce",    KIND_TEXT,      false, AT(digest_credentials, cnonce)},
    {"auts",      KIND_AUTS,      false, 0},
};
static const struct field info_fields[] = {
    {"rspauth",   KIND_HASH,      true,  AT(digest_info, rspauth)},
    {"qop",       KIND_QOP,       true,  AT(digest_info, qop)},
    {"cnonce",    KIND_TEXT,      true,  AT(digest_info, cnonce)},
    {"nc",        KIND_NC,        true,  AT(digest_info, nc)},
    {"nextnonce", KIND_TEXT,      false, AT(digest_info, next_nonce)},
};
/* clang-format on */

_Static_assert(DIGEST_NONCE_MAX == DIGEST_TEXT_MAX, "KIND_TEXT reads a nonce, too");

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- lexis ---- */

struct param {
    struct span name, value;
    bool quoted;
};

static bool is_token(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

/* RFC 9110 5.6.4 without quoted-pairs (see put_quoted) and without tabs. */
static bool is_quotable(uint8_t c)
{
    return c >= ' ' && c != 0x7f && c != '"' && c != '\\';
}

static struct span take_while(struct span *s, bool (*is)(uint8_t c))
{
    struct span taken = span_of(s->p, 0);

    while (taken.n < s->n && is(s->p[taken.n]))
        taken.n++;
    if (taken.n > 0)
        *s = span_of(s->p + taken.n, s->n - taken.n);
    return taken;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static bool is_separator(uint8_t c)
{
    return c == ',' || is_blank(c);
}

static bool take_octet(struct span *s, uint8_t c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    s->p++;
    s->n--;
    return true;
}

/* name = token, name = "quoted": blanks around the sign as RFC 9110 11.2 has them. */
static bool take_param(struct span *s, struct param *p)
{
    p->name = take_while(s, is_token);
    take_while(s, is_blank);
    if (p->name.n == 0 || !take_octet(s, '='))
        return false;
    take_while(s, is_blank);
    p->quoted = take_octet(s, '"');
    p->value = take_while(s, p->quoted ? is_quotable : is_token);
    return p->quoted ? take_octet(s, '"') : p->value.n > 0;
}

static bool is(struct span s, const char *word)
{
    return s.n == strlen(word) && strncasecmp((const char *)s.p, word, s.n) == 0;
}

/* ---- values ---- */

static bool read_text(const struct param *p, char *out)
{
    if (!p->quoted || p->value.n > DIGEST_TEXT_MAX)
        return false;
    memcpy(out, p->value.p, p->value.n);
    out[p->value.n] = '\0';
    return true;
}

/* Lower case alone: the digits are hashed as they stand. */
static bool read_lhex(struct span s, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= 'A' && s.p[i] <= 'F')
            return false;
    return hex_decode((const char *)s.p, s.n, out, n);
}

static bool read_nc(struct span s, uint32_t *out)
{
    uint8_t octets[4];

    if (!read_lhex(s, octets, sizeof(octets)))
        return false;
    *out = (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
           octets[3];
    return *out > 0; /* RFC 2617 3.2.2: the first is 1 */
}

static enum reason read_algorithm(struct span s, enum digest_algorithm *out)
{
    if (is(s, "MD5"))
        *out = DIGEST_MD5;
    else if (is(s, "AKAv1-MD5"))
        *out = DIGEST_AKAV1_MD5;
    else
        return REASON_DIGEST_UNSUPPORTED;
    return REASON_NONE;
}

static unsigned find_qop(struct span s)
{
    if (is(s, "auth"))
        return DIGEST_AUTH;
    return is(s, "auth-int") ? DIGEST_AUTH_INT : 0;
}

/* 1#qop-value; those that we do not know are read over. */
static enum reason read_offer(struct span s, unsigned *out)
{
    while (s.n > 0) {
        struct span word;

        take_while(&s, is_separator);
        word = take_while(&s, is_token);
        *out |= find_qop(word);
        if (s.n > 0 && !is_separator(s.p[0]))
            return REASON_DIGEST_MALFORMED;
    }
    return *out ? REASON_NONE : REASON_DIGEST_UNSUPPORTED;
}

static bool read_response(const struct param *p, struct digest_credentials *c)
{
    if (!p->quoted)
        return false;
    c->has_response = p->value.n > 0;
    return !c->has_response || read_lhex(p->value, c->response, sizeof(c->response));
}

static bool read_auts(const struct param *p, struct digest_credentials *c)
{
    c->has_auts =
        p->quoted && base64_decode(p->value, c->auts, sizeof(c->auts)) == (long)sizeof(c->auts);
    return c->has_auts;
}

static bool read_stale(struct span s, bool *out)
{
    *out = is(s, "true");
    return *out || is(s, "false");
}

static enum reason sound(bool ok)
{
    return ok ? REASON_NONE : REASON_DIGEST_MALFORMED;
}

static enum reason read_value(const struct field *f, const struct param *p, void *base)
{
    void *to = (char *)base + f->offset;

    switch (f->kind) {
    case KIND_TEXT:
        return sound(read_text(p, to));
    case KIND_ALGORITHM:
        return read_algorithm(p->value, to);
    case KIND_OFFER:
        return read_offer(p->value, to);
    case KIND_QOP:
        *(unsigned *)to = find_qop(p->value);
        return *(unsigned *)to ? REASON_NONE : REASON_DIGEST_UNSUPPORTED;
    case KIND_NC:
        return sound(!p->quoted && read_nc(p->value, to));
    case KIND_HASH:
        return sound(p->quoted && read_lhex(p->value, to, 16));
    case KIND_RESPONSE:
        return sound(read_response(p, base));
    case KIND_AUTS:
        return sound(read_auts(p, base));
    case KIND_STALE:
        return sound(read_stale(p->value, to));
    }
    return REASON_DIGEST_MALFORMED;
}

/* ---- lists ---- */

static size_t find_field(const struct field *fields, size_t count, struct span name)
{
    size_t i = 0;

    while (i < count && !is(name, fields[i].name))
        i++;
    return i;
}

/* *seen: bit i, field i was there. What is malformed outweighs what is unsupported, so the whole
 * list is read. */
static enum reason read_list(struct span s, const struct field *fields, size_t count, void *base,
                             unsigned *seen)
{
    enum reason reason = REASON_NONE;

    *seen = 0;
    take_while(&s, is_separator);
    while (s.n > 0) {
        enum reason why;
        struct param p;
        size_t i;

        if (!take_param(&s, &p))
            return REASON_DIGEST_MALFORMED;
        take_while(&s, is_blank);
        if (s.n > 0 && s.p[0] != ',')
            return REASON_DIGEST_MALFORMED;
        take_while(&s, is_separator);
        i = find_field(fields, count, p.name);
        if (i == count)
            continue;
        if (*seen & 1u << i)
            return REASON_DIGEST_MALFORMED;
        *seen |= 1u << i;
        why = read_value(&fields[i], &p, base);
        if (why == REASON_DIGEST_MALFORMED)
            return why;
        if (why)
            reason = why;
    }
    for (size_t i = 0; i < count; i++)
        if (fields[i].required && !(*seen & 1u << i))
            return REASON_DIGEST_MALFORMED;
    return reason;
}

/* "Digest" and a blank; another scheme is a scheme all the same. */
static enum reason take_scheme(struct span *s)
{
    struct span scheme = take_while(s, is_token);

    if (scheme.n == 0 || take_while(s, is_blank).n == 0)
        return REASON_DIGEST_MALFORMED;
    return is(scheme, "Digest") ? REASON_NONE : REASON_DIGEST_UNSUPPORTED;
}

enum reason digest_read_challenge(struct span value, struct digest_challenge *out)
{
    enum reason reason = take_scheme(&value);
    unsigned seen;

    memset(out, 0, sizeof(*out));
    return reason ? reason
                  : read_list(value, challenge_fields, COUNT(challenge_fields), out, &seen);
}

static bool was_seen(unsigned seen, const char *name)
{
    return seen & 1u << find_field(credential_fields, COUNT(credential_fields), span_str(name));
}

/* What must or must not stand together (RFC 2617 3.2.2, RFC 3310 3.4). */
static enum reason check_credentials(const struct digest_credentials *c, unsigned seen)
{
    bool with_cnonce = was_seen(seen, "cnonce"), with_nc = was_seen(seen, "nc");

    if (with_cnonce != with_nc || with_nc != (c->qop != 0))
        return REASON_DIGEST_MALFORMED;
    if (c->has_auts && (!c->has_response || c->algorithm != DIGEST_AKAV1_MD5))
        return REASON_DIGEST_MALFORMED;
    /* RFC 2069's response protects nothing but a password. */
    return c->has_response && !c->qop ? REASON_DIGEST_UNSUPPORTED : REASON_NONE;
}

enum reason digest_read_credentials(struct span value, struct digest_credentials *out)
{
    enum reason reason = take_scheme(&value);
    unsigned seen = 0;

    memset(out, 0, sizeof(*out));
    if (!reason)
        reason = read_list(value, credential_fields, COUNT(credential_fields), out, &seen);
    return reason ? reason : check_credentials(out, seen);
}

enum reason digest_read_info(struct span value, struct digest_info *out)
{
    unsigned seen;

    memset(out, 0, sizeof(*out));
    return read_list(value, info_fields, COUNT(info_fields), out, &seen);
}
