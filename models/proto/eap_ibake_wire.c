/* EAP-IBAKE's fields: one row a field, read and written by the same table. */
#include "models/proto/eap_ibake_impl.h"

#define HEAD 3

static const struct {
    uint16_t least, most;
} bounds[IBAKE_FIELDS] = {
    [IBAKE_PROPOSALS_FIELD] = {IBAKE_PROPOSAL, IBAKE_PROPOSALS *IBAKE_PROPOSAL},
    [IBAKE_CHOICE] = {IBAKE_PROPOSAL, IBAKE_PROPOSAL},
    [IBAKE_IDENTITY] = {1, IBE_NAME_MAX},
    [IBAKE_PERIOD] = {IBE_PERIOD_LEN, IBE_PERIOD_LEN},
    [IBAKE_NONCE_FIELD] = {IBAKE_NONCE, IBAKE_NONCE},
    [IBAKE_SEALED] = {1, EAP_MTU},
    [IBAKE_AUTH_FIELD] = {IBAKE_AUTH, IBAKE_AUTH},
    [IBAKE_CODE] = {1, 1},
    [IBAKE_INITIATOR] = {1, IBE_NAME_MAX},
    [IBAKE_RESPONDER] = {1, IBE_NAME_MAX},
    [IBAKE_POINT_X] = {ECDH_POINT, ECDH_POINT},
    [IBAKE_POINT_Y] = {ECDH_POINT, ECDH_POINT},
};

bool ibake_read(struct span in, const uint8_t *order, struct ibake_fields *f)
{
    memset(f, 0, sizeof(*f));
    for (; *order != IBAKE_END; order++) {
        size_t n;

        if (in.n < HEAD || in.p[0] != *order)
            return false;
        n = (size_t)in.p[1] << 8 | in.p[2];
        if (n < bounds[*order].least || n > bounds[*order].most || n > in.n - HEAD)
            return false;
        f->value[*order] = span_of(in.p + HEAD, n);
        in = span_of(in.p + HEAD + n, in.n - HEAD - n);
    }
    return in.n == 0;
}

bool ibake_put_head(struct buf *b, enum ibake_field field, size_t n)
{
    const uint8_t head[HEAD] = {(uint8_t)field, (uint8_t)(n >> 8), (uint8_t)n};

    return n >= bounds[field].least && n <= bounds[field].most && buf_put(b, head, sizeof(head));
}

bool ibake_put(struct buf *b, enum ibake_field field, struct span value)
{
    return ibake_put_head(b, field, value.n) && buf_put_span(b, value);
}

static const struct {
    enum ibake_code code;
    enum reason reason;
} codes[] = {
    {IBAKE_CODE_MALFORMED, REASON_EAP_MALFORMED}, {IBAKE_CODE_PROPOSALS, REASON_NO_COMMON_SUITE},
    {IBAKE_CODE_IDENTITY, REASON_EAP_IDENTITY},   {IBAKE_CODE_PERIOD, REASON_KEY_EXPIRED},
    {IBAKE_CODE_DECRYPT, REASON_IBE_DECRYPT},     {IBAKE_CODE_MISMATCH, REASON_IBAKE_MISMATCH},
    {IBAKE_CODE_POINT, REASON_IBAKE_POINT},       {IBAKE_CODE_AUTH, REASON_EAP_MAC},
};
#define CODES (sizeof(codes) / sizeof(codes[0]))

enum ibake_code ibake_code_of(enum reason reason)
{
    for (size_t i = 0; i < CODES; i++)
        if (codes[i].reason == reason)
            return codes[i].code;
    return IBAKE_CODE_OTHER;
}

enum reason ibake_reason_of(uint8_t code)
{
    for (size_t i = 0; i < CODES; i++)
        if (codes[i].code == code)
            return codes[i].reason;
    return REASON_EAP_FAILURE;
}
