/* ETSI's AVPs (GAP C11): one row for each, read and written by the same table. */
#include "models/proto/pana_msg.h"

#include "sim/base/json.h"

#include <assert.h>

enum form { USAGE, U32, U64, TIME, FLAGS, NODE_ID, TEXT, LIST, TOKEN };

struct field {
    enum pana_etsi_avp code;
    enum form form;
    size_t at, n; /* in struct pana_params */
};
#define FIELD(code, form, member)                                                                  \
    {                                                                                              \
        code, form, offsetof(struct pana_params, member),                                          \
            sizeof(((struct pana_params *)0)->member)                                              \
    }
/* clang-format off */
static const struct field fields[] = {
    FIELD(PANA_ETSI_USAGE_TYPE,       USAGE,   usage),
    FIELD(PANA_ETSI_SP_ID,            TEXT,    sp_id),
    FIELD(PANA_ETSI_MSBF_ID,          TEXT,    msbf_id),
    FIELD(PANA_ETSI_NSCL_ID,          TEXT,    nscl_id),
    FIELD(PANA_ETSI_TARGET_DEVICE_ID, TEXT,    target_device_id),
    FIELD(PANA_ETSI_NODE_ID,          NODE_ID, node_id),
    FIELD(PANA_ETSI_KMR_INDEX,        U32,     kmr_index),
    FIELD(PANA_ETSI_KMC_INDEX,        U32,     kmc_index),
    FIELD(PANA_ETSI_LIFETIME,         TIME,    expires_unix_s),
    FIELD(PANA_ETSI_MAS_FQDN,         TEXT,    mas_fqdn),
    FIELD(PANA_ETSI_SCL_ID,           TEXT,    scl_id),
    FIELD(PANA_ETSI_SCL_ID_LIST,      LIST,    scl_list),
    FIELD(PANA_ETSI_CONNECTION_ID,    U64,     connection_id),
    FIELD(PANA_ETSI_MID_FLAGS,        FLAGS,   mid_flags),
    /* GAP C7: known, so that a message with one is valid; nobody here erases over PANA. */
    {PANA_ETSI_ERASE_TOKEN,           TOKEN,   0, 0},
};
/* clang-format on */
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* A text: UTF-8 without controls, which would go into reports and key derivations. */
static bool read_text(char *out, struct span value)
{
    if (value.n == 0 || value.n > PANA_MAX_TEXT || memchr(value.p, '\0', value.n))
        return false;
    memcpy(out, value.p, value.n);
    out[value.n] = '\0';
    for (size_t i = 0, n; i < value.n; i += n) {
        n = utf8_character(out + i);
        if (n == 0)
            return false;
    }
    return true;
}

static uint64_t number_of(struct span value)
{
    uint64_t v = 0;

    for (size_t i = 0; i < value.n; i++)
        v = v << 8 | value.p[i];
    return v;
}

static bool read_usage(struct pana_params *p, struct span value)
{
    uint64_t v = number_of(value);

    if (value.n != 4 || (v != PANA_USAGE_BOOTSTRAP && v != PANA_USAGE_CONNECTION))
        return false;
    p->usage = (enum pana_usage)v;
    return true;
}

static bool read_list(struct pana_params *p, struct span value)
{
    if (p->scl_list_count == PANA_MAX_LIST || !read_text(p->scl_list[p->scl_list_count], value))
        return false;
    p->scl_list_count++;
    return true;
}

static bool read_number(const struct field *f, void *member, struct span value, uint64_t most)
{
    uint64_t v = number_of(value);

    if (value.n != f->n || v > most)
        return false;
    if (f->n == 8)
        memcpy(member, &v, 8);
    else if (f->n == 4)
        memcpy(member, &(uint32_t){(uint32_t)v}, 4);
    else
        memcpy(member, &(uint16_t){(uint16_t)v}, 2);
    return true;
}

static bool read_field(const struct field *f, struct pana_params *p, struct span value)
{
    void *member = (uint8_t *)p + f->at;

    switch (f->form) {
    case USAGE:
        return read_usage(p, value);
    case U32:
    case U64:
    case FLAGS:
        return read_number(f, member, value, UINT64_MAX);
    case TIME:
        return read_number(f, member, value, INT64_MAX);
    case NODE_ID:
        if (value.n != M2M_NODE_ID_LEN)
            return false;
        memcpy(member, value.p, value.n);
        return true;
    case TEXT:
        return read_text(member, value);
    case LIST:
        return read_list(p, value);
    case TOKEN:
        return true;
    }
    return false;
}

enum reason pana_params_read(struct pana_params *p, uint16_t code, struct span value)
{
    for (size_t i = 0; i < FIELDS; i++) {
        const struct field *f = &fields[i];

        if (f->code != code)
            continue;
        if (f->form != LIST && p->has >> code & 1)
            return REASON_PANA_MALFORMED;
        if (!read_field(f, p, value))
            return REASON_PANA_MALFORMED;
        if (f->form != TOKEN)
            p->has |= UINT32_C(1) << code;
        return REASON_NONE;
    }
    return REASON_PANA_MALFORMED;
}

static bool put_number(struct buf *b, const struct field *f, uint64_t v)
{
    uint8_t octets[8];

    for (size_t i = 0; i < f->n; i++)
        octets[i] = (uint8_t)(v >> 8 * (f->n - 1 - i));
    return pana_put_vendor_avp(b, (uint16_t)f->code, PANA_ETSI_VENDOR, span_of(octets, f->n));
}

static uint64_t number_at(const struct field *f, const void *member)
{
    uint64_t v64;
    uint32_t v32;
    uint16_t v16;

    if (f->n == 8) {
        memcpy(&v64, member, 8);
        return v64;
    }
    if (f->n == 4) {
        memcpy(&v32, member, 4);
        return v32;
    }
    memcpy(&v16, member, 2);
    return v16;
}

static bool put_text(struct buf *b, const struct field *f, const char *text)
{
    return pana_put_vendor_avp(b, (uint16_t)f->code, PANA_ETSI_VENDOR, span_str(text));
}

static bool put_list(struct buf *b, const struct field *f, const struct pana_params *p)
{
    bool ok = true;

    assert(p->scl_list_count <= PANA_MAX_LIST);
    for (size_t i = 0; i < p->scl_list_count; i++)
        ok = ok && put_text(b, f, p->scl_list[i]);
    return ok;
}

static bool put_field(struct buf *b, const struct field *f, const struct pana_params *p)
{
    const void *member = (const uint8_t *)p + f->at;

    switch (f->form) {
    case USAGE:
    case U32:
    case U64:
    case TIME:
    case FLAGS:
        return put_number(b, f, number_at(f, member));
    case NODE_ID:
        return pana_put_vendor_avp(b, (uint16_t)f->code, PANA_ETSI_VENDOR, span_of(member, f->n));
    case TEXT:
        return put_text(b, f, member);
    case LIST:
        return put_list(b, f, p);
    case TOKEN:
        return true;
    }
    return false;
}

bool pana_put_params(struct buf *b, const struct pana_params *p)
{
    _Static_assert(sizeof(p->usage) == 4, "Usage-Type is an Unsigned32");
    bool ok = true;

    for (size_t i = 0; i < FIELDS; i++)
        if (p->has >> fields[i].code & 1)
            ok = ok && put_field(b, &fields[i], p);
    return ok;
}

void pana_params_merge(struct pana_params *into, const struct pana_params *from)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (from->has >> fields[i].code & 1)
            memcpy((uint8_t *)into + fields[i].at, (const uint8_t *)from + fields[i].at,
                   fields[i].n);
    if (from->has >> PANA_ETSI_SCL_ID_LIST & 1)
        into->scl_list_count = from->scl_list_count;
    into->has |= from->has;
}
