/* EAP-GPSK's messages: RFC 5433 9.3, one row a message, read and written by the same table. */
#include "models/proto/eap_gpsk_impl.h"

#define OP_LEN     1
#define LENGTH_LEN 2

/* clang-format off */
static const struct {
    const char *name;
    uint8_t fields[GPSK_FIELDS]; /* enum gpsk_field, up to GPSK_END */
} rows[] = {
    [GPSK_1] = {"GPSK-1", {GPSK_ID_SERVER, GPSK_RAND_SERVER, GPSK_CSUITE_LIST}},
    [GPSK_2] = {"GPSK-2", {GPSK_ID_PEER, GPSK_ID_SERVER, GPSK_RAND_PEER, GPSK_RAND_SERVER,
                           GPSK_CSUITE_LIST, GPSK_CSUITE_SEL, GPSK_PD, GPSK_MAC}},
    [GPSK_3] = {"GPSK-3", {GPSK_RAND_PEER, GPSK_RAND_SERVER, GPSK_ID_SERVER, GPSK_CSUITE_SEL,
                           GPSK_PD, GPSK_MAC}},
    [GPSK_4] = {"GPSK-4", {GPSK_PD, GPSK_MAC}},
    [GPSK_FAIL] = {"GPSK-Fail", {GPSK_FAILURE_CODE}},
    [GPSK_PROTECTED_FAIL] = {"GPSK-Protected-Fail", {GPSK_FAILURE_CODE, GPSK_MAC}},
};

/* 0: two octets of length go before it. A MAC: what is left. */
static const uint8_t fixed_length[GPSK_FIELDS] = {
    [GPSK_RAND_PEER] = GPSK_RAND,
    [GPSK_RAND_SERVER] = GPSK_RAND,
    [GPSK_CSUITE_SEL] = GPSK_SUITE,
    [GPSK_FAILURE_CODE] = 4,
};
/* clang-format on */

const char *gpsk_name(enum gpsk_op op)
{
    return rows[op].name;
}

bool gpsk_has(enum gpsk_op op, enum gpsk_field field)
{
    return memchr(rows[op].fields, (int)field, sizeof(rows[op].fields)) != NULL;
}

static bool take(struct span *in, size_t n, struct span *out)
{
    if (in->n < n)
        return false;
    *out = span_of(in->p, n);
    *in = span_of(in->p + n, in->n - n);
    return true;
}

static bool take_field(struct span *in, enum gpsk_field field, struct span *out)
{
    size_t n = fixed_length[field];
    struct span length;

    if (field == GPSK_MAC)
        n = in->n;
    else if (n == 0) {
        if (!take(in, LENGTH_LEN, &length))
            return false;
        n = (size_t)length.p[0] << 8 | length.p[1];
    }
    return take(in, n, out);
}

bool gpsk_read(struct span data, struct gpsk_message *m)
{
    struct span rest;

    if (data.n < OP_LEN || data.p[0] < GPSK_1 || data.p[0] > GPSK_PROTECTED_FAIL)
        return false;
    memset(m, 0, sizeof(*m));
    m->op = (enum gpsk_op)data.p[0];
    rest = span_of(data.p + OP_LEN, data.n - OP_LEN);
    m->covered = rest;
    for (const uint8_t *f = rows[m->op].fields; *f; f++)
        if (!take_field(&rest, (enum gpsk_field) * f, &m->field[*f]))
            return false;
    m->covered.n -= m->field[GPSK_MAC].n;
    /* RFC 5433 9.2 */
    return rest.n == 0 && m->field[GPSK_CSUITE_LIST].n % GPSK_SUITE == 0;
}

bool gpsk_write(struct buf *b, const struct gpsk_message *m)
{
    uint8_t op = (uint8_t)m->op;
    bool good = buf_put(b, &op, OP_LEN);

    for (const uint8_t *f = rows[m->op].fields; *f && *f != GPSK_MAC; f++) {
        struct span s = m->field[*f];
        uint8_t length[LENGTH_LEN] = {(uint8_t)(s.n >> 8), (uint8_t)s.n};

        if (fixed_length[*f] == 0)
            good = good && buf_put(b, length, sizeof(length));
        good = good && buf_put_span(b, s);
    }
    return good;
}
