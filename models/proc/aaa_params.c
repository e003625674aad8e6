#include "models/proc/aaa.h"

#include <stddef.h>
#include <string.h>

/* Each NSCL of the list has an attribute of its own, and RADIUS finds only the first of a type. */
#define LIST_TYPE 64

static uint64_t get_number(struct span v)
{
    uint64_t n = 0;

    for (size_t i = 0; i < v.n; i++)
        n = n << 8 | v.p[i];
    return n;
}

static bool put_number(struct buf *b, uint8_t type, uint64_t value, size_t octets)
{
    uint8_t out[8];

    for (size_t i = 0; i < octets; i++)
        out[i] = (uint8_t)(value >> 8 * (octets - 1 - i));
    return radius_put_vendor(b, type, span_of(out, octets));
}

/* Where a code's text lies; 0: it is none. */
static size_t text_at(enum pana_etsi_avp code)
{
    switch (code) {
    case PANA_ETSI_SP_ID:
        return offsetof(struct pana_params, sp_id);
    case PANA_ETSI_MSBF_ID:
        return offsetof(struct pana_params, msbf_id);
    case PANA_ETSI_NSCL_ID:
        return offsetof(struct pana_params, nscl_id);
    case PANA_ETSI_TARGET_DEVICE_ID:
        return offsetof(struct pana_params, target_device_id);
    case PANA_ETSI_MAS_FQDN:
        return offsetof(struct pana_params, mas_fqdn);
    case PANA_ETSI_SCL_ID:
        return offsetof(struct pana_params, scl_id);
    case PANA_ETSI_USAGE_TYPE:
    case PANA_ETSI_NODE_ID:
    case PANA_ETSI_KMR_INDEX:
    case PANA_ETSI_KMC_INDEX:
    case PANA_ETSI_LIFETIME:
    case PANA_ETSI_SCL_ID_LIST:
    case PANA_ETSI_CONNECTION_ID:
    case PANA_ETSI_MID_FLAGS:
    case PANA_ETSI_ERASE_TOKEN:
        break;
    }
    return 0;
}

static bool put_list(struct buf *b, const struct pana_params *p)
{
    bool ok = true;

    for (size_t i = 0; i < p->scl_list_count; i++)
        ok = ok && radius_put_vendor(b, (uint8_t)(LIST_TYPE + i), span_str(p->scl_list[i]));
    return ok;
}

static bool put_one(struct buf *b, const struct pana_params *p, unsigned code)
{
    size_t text = text_at((enum pana_etsi_avp)code);
    uint8_t type = (uint8_t)code;

    switch ((enum pana_etsi_avp)code) {
    case PANA_ETSI_USAGE_TYPE:
        return put_number(b, type, p->usage, 4);
    case PANA_ETSI_NODE_ID:
        return radius_put_vendor(b, type, span_of(p->node_id, sizeof p->node_id));
    case PANA_ETSI_KMR_INDEX:
        return put_number(b, type, p->kmr_index, 4);
    case PANA_ETSI_KMC_INDEX:
        return put_number(b, type, p->kmc_index, 4);
    case PANA_ETSI_LIFETIME:
        return put_number(b, type, (uint64_t)p->expires_unix_s, 8);
    case PANA_ETSI_SCL_ID_LIST:
        return put_list(b, p);
    case PANA_ETSI_CONNECTION_ID:
        return put_number(b, type, p->connection_id, 8);
    case PANA_ETSI_MID_FLAGS:
        return put_number(b, type, p->mid_flags, 2);
    case PANA_ETSI_SP_ID:
    case PANA_ETSI_MSBF_ID:
    case PANA_ETSI_NSCL_ID:
    case PANA_ETSI_TARGET_DEVICE_ID:
    case PANA_ETSI_MAS_FQDN:
    case PANA_ETSI_SCL_ID:
        return radius_put_vendor(b, type, span_str((const char *)p + text));
    case PANA_ETSI_ERASE_TOKEN:
        break;
    }
    return true;
}

bool aaa_params_put(struct buf *b, const struct pana_params *params)
{
    bool ok = true;

    for (unsigned code = PANA_ETSI_USAGE_TYPE; code < PANA_ETSI_ERASE_TOKEN; code++) {
        if (params->has & 1u << code)
            ok = ok && put_one(b, params, code);
    }
    return ok;
}

static bool get_text(char *out, struct span v)
{
    if (v.n > PANA_MAX_TEXT || memchr(v.p, '\0', v.n))
        return false;
    memcpy(out, v.p, v.n);
    out[v.n] = '\0';
    return true;
}

/* false: not of the form that it should have. */
static bool get_one(struct pana_params *p, unsigned code, struct span v)
{
    switch ((enum pana_etsi_avp)code) {
    case PANA_ETSI_USAGE_TYPE:
        p->usage = (enum pana_usage)get_number(v);
        return v.n == 4;
    case PANA_ETSI_NODE_ID:
        if (v.n != sizeof p->node_id)
            return false;
        memcpy(p->node_id, v.p, v.n);
        return true;
    case PANA_ETSI_KMR_INDEX:
        p->kmr_index = (uint32_t)get_number(v);
        return v.n == 4;
    case PANA_ETSI_KMC_INDEX:
        p->kmc_index = (uint32_t)get_number(v);
        return v.n == 4;
    case PANA_ETSI_LIFETIME:
        p->expires_unix_s = (int64_t)get_number(v);
        return v.n == 8;
    case PANA_ETSI_CONNECTION_ID:
        p->connection_id = get_number(v);
        return v.n == 8;
    case PANA_ETSI_MID_FLAGS:
        p->mid_flags = (uint16_t)get_number(v);
        return v.n == 2;
    case PANA_ETSI_SP_ID:
    case PANA_ETSI_MSBF_ID:
    case PANA_ETSI_NSCL_ID:
    case PANA_ETSI_TARGET_DEVICE_ID:
    case PANA_ETSI_MAS_FQDN:
    case PANA_ETSI_SCL_ID:
        return get_text((char *)p + text_at((enum pana_etsi_avp)code), v);
    case PANA_ETSI_SCL_ID_LIST:
    case PANA_ETSI_ERASE_TOKEN:
        break;
    }
    return false;
}

void aaa_params_get(const struct radius_packet *p, struct pana_params *params)
{
    struct span v;

    memset(params, 0, sizeof *params);
    for (unsigned code = PANA_ETSI_USAGE_TYPE; code < PANA_ETSI_ERASE_TOKEN; code++) {
        if (radius_find_vendor(p, (uint8_t)code, &v) && get_one(params, code, v))
            params->has |= 1u << code;
    }
    while (params->scl_list_count < PANA_MAX_LIST &&
           radius_find_vendor(p, (uint8_t)(LIST_TYPE + params->scl_list_count), &v) &&
           get_text(params->scl_list[params->scl_list_count], v)) {
        params->scl_list_count++;
        params->has |= 1u << PANA_ETSI_SCL_ID_LIST;
    }
}
