/* RADIUS packets as attributes. What the shared secret is for is in radius_seal.c. */
#include "models/proto/radius.h"

#include "models/proto/eap_method.h"
#include "models/proto/radius_impl.h"

#define VENDOR_ID 4

static uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

enum reason radius_parse(struct span in, struct radius_packet *out)
{
    size_t length;

    if (in.n < RADIUS_HEADER)
        return REASON_RADIUS_MALFORMED;
    length = (size_t)in.p[2] << 8 | in.p[3];
    if (length < RADIUS_HEADER || length > RADIUS_PACKET_MAX || length > in.n)
        return REASON_RADIUS_MALFORMED;
    for (size_t at = RADIUS_HEADER; at < length; at += in.p[at + 1])
        if (length - at < 2 || in.p[at + 1] < 2 || in.p[at + 1] > length - at)
            return REASON_RADIUS_MALFORMED;
    out->code = in.p[0];
    out->id = in.p[1];
    memcpy(out->authenticator, in.p + 4, RADIUS_AUTHENTICATOR);
    out->attributes = span_of(in.p + RADIUS_HEADER, length - RADIUS_HEADER);
    out->whole = span_of(in.p, length);
    return REASON_NONE;
}

const char *radius_code_name(enum radius_code code)
{
    switch (code) {
    case RADIUS_ACCESS_REQUEST:
        return "Access-Request";
    case RADIUS_ACCESS_ACCEPT:
        return "Access-Accept";
    case RADIUS_ACCESS_REJECT:
        return "Access-Reject";
    case RADIUS_ACCESS_CHALLENGE:
        return "Access-Challenge";
    }
    return "RADIUS";
}

bool radius_find(const struct radius_packet *p, uint8_t type, size_t *at, struct span *value)
{
    while (*at < p->attributes.n) {
        const uint8_t *a = p->attributes.p + *at;

        *at += a[1];
        if (a[0] == type) {
            *value = span_of(a + 2, a[1] - 2u);
            return true;
        }
    }
    return false;
}

bool radius_has(const struct radius_packet *p, enum radius_attribute type)
{
    struct span value;
    size_t at = 0;

    return radius_find(p, (uint8_t)type, &at, &value);
}

bool radius_find_u32(const struct radius_packet *p, enum radius_attribute type, uint32_t *value)
{
    struct span v;
    size_t at = 0;

    if (!radius_find(p, (uint8_t)type, &at, &v) || v.n != 4)
        return false;
    *value = read_u32(v.p);
    return true;
}

bool radius_eap(const struct radius_packet *p, struct buf *out)
{
    bool any = false;
    struct span value;

    for (size_t at = 0; radius_find(p, RADIUS_EAP_MESSAGE, &at, &value);) {
        any = true;
        if (!buf_put_span(out, value))
            return false;
    }
    return any;
}

struct span radius_state(const struct radius_packet *p)
{
    struct span value;
    size_t at = 0;

    return radius_find(p, RADIUS_STATE, &at, &value) ? value : span_of(NULL, 0);
}

/* RFC 2865 5.26: a vendor's attributes, one or several, in one of type 26. */
bool radius_find_sub(const struct radius_packet *p, uint32_t vendor, uint8_t type,
                     struct span *value)
{
    struct span v;

    for (size_t at = 0; radius_find(p, RADIUS_VENDOR_SPECIFIC, &at, &v);) {
        if (v.n < VENDOR_ID || read_u32(v.p) != vendor)
            continue;
        for (size_t i = VENDOR_ID; v.n - i >= 2 && v.p[i + 1] >= 2 && v.p[i + 1] <= v.n - i;
             i += v.p[i + 1])
            if (v.p[i] == type) {
                *value = span_of(v.p + i + 2, v.p[i + 1] - 2u);
                return true;
            }
    }
    return false;
}

bool radius_find_vendor(const struct radius_packet *p, uint8_t type, struct span *value)
{
    return radius_find_sub(p, EAP_VENDOR_M2MSIM, type, value);
}

bool radius_put_vendor(struct buf *b, uint8_t type, struct span value)
{
    uint8_t a[2 + RADIUS_VALUE_MAX];

    return value.n <= RADIUS_VALUE_MAX - VENDOR_ID - 2 &&
           buf_put(b, a, radius_vendor(a, EAP_VENDOR_M2MSIM, type, value));
}

size_t radius_vendor(uint8_t a[2 + RADIUS_VALUE_MAX], uint32_t vendor, uint8_t type,
                     struct span value)
{
    size_t n = 2 + VENDOR_ID + 2 + value.n;

    a[0] = RADIUS_VENDOR_SPECIFIC;
    a[1] = (uint8_t)n;
    for (int i = 0; i < VENDOR_ID; i++)
        a[2 + i] = (uint8_t)(vendor >> (24 - 8 * i));
    a[6] = type;
    a[7] = (uint8_t)(2 + value.n);
    if (value.n > 0)
        memcpy(a + 8, value.p, value.n);
    return n;
}
