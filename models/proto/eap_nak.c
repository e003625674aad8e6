/* What a Nak names, in its two forms: RFC 3748 5.3.1 (types of one octet, 254 for "some expanded
 * type", 0 for none) and 5.3.2 (expanded types, short ones as the IETF's). */
#include "models/proto/eap_impl.h"

#define LONG_ENTRY 8 /* type, vendor, vendor's type */

bool eap_is_long_form(const struct eap_packet *p)
{
    return p->whole.p[4] == EAP_EXPANDED;
}

static void long_entry(uint32_t vendor, uint32_t type, uint8_t out[LONG_ENTRY])
{
    const uint8_t entry[LONG_ENTRY] = {
        EAP_EXPANDED,          (uint8_t)(vendor >> 16), (uint8_t)(vendor >> 8), (uint8_t)vendor,
        (uint8_t)(type >> 24), (uint8_t)(type >> 16),   (uint8_t)(type >> 8),   (uint8_t)type};

    memcpy(out, entry, sizeof(entry));
}

static void method_entry(const struct eap_method *m, uint8_t out[LONG_ENTRY])
{
    long_entry(m->vendor, m->type == EAP_EXPANDED ? m->vendor_type : m->type, out);
}

static void put_method(struct buf *list, const struct eap_method *m, bool long_form)
{
    struct span so_far = buf_span(list);
    uint8_t entry[LONG_ENTRY];

    method_entry(m, entry);
    if (long_form)
        buf_put(list, entry, sizeof(entry));
    else if (so_far.n == 0 || !memchr(so_far.p, m->type, so_far.n))
        buf_put(list, &m->type, 1);
}

bool eap_nak_put(struct buf *b, const struct eap_packet *request,
                 const struct eap_method *const *methods, size_t n, uint32_t refused)
{
    bool long_form = eap_is_long_form(request), done;
    uint8_t none[LONG_ENTRY];
    struct buf list;

    buf_init(&list, EAP_PACKET_MAX);
    for (size_t i = 0; i < n; i++)
        if (!(refused & UINT32_C(1) << i))
            put_method(&list, methods[i], long_form);
    long_entry(0, 0, none);
    if (buf_len(&list) == 0)
        buf_put(&list, long_form ? none : none + 1, long_form ? sizeof(none) : 1);
    done = eap_put(b, EAP_RESPONSE, request->id, long_form ? EAP_EXPANDED : EAP_NAK, 0, EAP_NAK,
                   buf_span(&list));
    buf_clear(&list);
    return done;
}

bool eap_nak_names(const struct eap_packet *nak, const struct eap_method *m)
{
    uint8_t entry[LONG_ENTRY];
    struct span in = nak->data;

    if (!eap_is_long_form(nak))
        return in.n > 0 && memchr(in.p, m->type, in.n);
    method_entry(m, entry);
    for (size_t i = 0; i + LONG_ENTRY <= in.n; i += LONG_ENTRY)
        if (memcmp(in.p + i, entry, LONG_ENTRY) == 0)
            return true;
    return false;
}
