/* EAP packets: RFC 3748 4 and 5. */
#include "models/proto/eap.h"

#define HEADER          4
#define TYPE_AT         4
#define DATA_AT         5  /* after a type of one octet */
#define EXPANDED_HEADER 12 /* RFC 3748 5.7: type, vendor of 3 octets, vendor's type of 4 */
#define NO_PACKET       SIZE_MAX

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* RFC 3748 5.7: types below 256 mean the same in the long form with vendor 0, which is the
 * IETF. */
static enum reason parse_expanded(struct eap_packet *p)
{
    const uint8_t *o = p->whole.p;

    if (p->whole.n < EXPANDED_HEADER)
        return REASON_EAP_MALFORMED;
    p->data = span_of(o + EXPANDED_HEADER, p->whole.n - EXPANDED_HEADER);
    p->vendor = get32(o + TYPE_AT) & 0xffffff;
    p->vendor_type = get32(o + TYPE_AT + 4);
    if (p->vendor != 0 || p->vendor_type >= EAP_EXPANDED)
        return REASON_NONE;
    if (p->vendor_type == 0)
        return REASON_EAP_MALFORMED;
    p->type = (uint8_t)p->vendor_type;
    p->vendor_type = 0;
    return REASON_NONE;
}

enum reason eap_parse(struct span in, struct eap_packet *out)
{
    struct eap_packet p = {0};
    size_t length;

    if (in.n < HEADER)
        return REASON_EAP_MALFORMED;
    length = (size_t)(in.p[2] << 8 | in.p[3]);
    if (length < HEADER || length > in.n)
        return REASON_EAP_MALFORMED;
    p.code = in.p[0];
    p.id = in.p[1];
    p.whole = span_of(in.p, length);
    if (p.code == EAP_SUCCESS || p.code == EAP_FAILURE) {
        if (length != HEADER)
            return REASON_EAP_MALFORMED;
    } else if (p.code == EAP_REQUEST || p.code == EAP_RESPONSE) {
        if (length < DATA_AT || in.p[TYPE_AT] == 0)
            return REASON_EAP_MALFORMED;
        p.type = in.p[TYPE_AT];
        p.data = span_of(in.p + DATA_AT, length - DATA_AT);
        if (p.type == EAP_EXPANDED && parse_expanded(&p))
            return REASON_EAP_MALFORMED;
    } else {
        return REASON_EAP_MALFORMED;
    }
    *out = p;
    return REASON_NONE;
}

size_t eap_begin(struct buf *b, enum eap_code code, uint8_t id, uint8_t type, uint32_t vendor,
                 uint32_t vendor_type)
{
    const uint8_t header[EXPANDED_HEADER] = {
        (uint8_t)code,
        id,
        0,
        0,
        type,
        (uint8_t)(vendor >> 16),
        (uint8_t)(vendor >> 8),
        (uint8_t)vendor,
        (uint8_t)(vendor_type >> 24),
        (uint8_t)(vendor_type >> 16),
        (uint8_t)(vendor_type >> 8),
        (uint8_t)vendor_type,
    };
    size_t n = type == 0 ? HEADER : type == EAP_EXPANDED ? EXPANDED_HEADER : DATA_AT;
    size_t begin = buf_len(b);

    return buf_put(b, header, n) ? begin : NO_PACKET;
}

bool eap_end(struct buf *b, size_t begin)
{
    size_t n;
    uint8_t *p;

    if (begin == NO_PACKET)
        return false;
    n = buf_len(b) - begin;
    if (n > EAP_PACKET_MAX)
        return false;
    p = buf_at(b, begin);
    p[2] = (uint8_t)(n >> 8);
    p[3] = (uint8_t)n;
    return true;
}

bool eap_put(struct buf *b, enum eap_code code, uint8_t id, uint8_t type, uint32_t vendor,
             uint32_t vendor_type, struct span data)
{
    size_t begin;

    if (data.n > EAP_PACKET_MAX - EXPANDED_HEADER || data.n + EXPANDED_HEADER > b->max - buf_len(b))
        return false;
    begin = eap_begin(b, code, id, type, vendor, vendor_type);
    return buf_put_span(b, data) && eap_end(b, begin);
}

void eap_keys_wipe(struct eap_keys *k)
{
    explicit_bzero(k, sizeof(*k));
}
