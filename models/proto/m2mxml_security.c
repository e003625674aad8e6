/* The documents of bootstrap and connection: bootstrapParamSet.xsd, connectionParamSet.xsd,
 * commonSecurity.xsd, the two requests that are ours (GAP C10), and what a BSF answers. */
#include "models/proto/m2mxml_impl.h"

/* clang-format off */
#define AT(type, member) offsetof(struct type, member), sizeof(((struct type *)0)->member)

static const struct field bootstrap_request[] = {
    {"deviceId",      FIELD_URI,  FIELD_REQUIRED, AT(doc_bootstrap_request, device_id), NULL},
    {"ivalCapability", FIELD_BOOL, FIELD_REQUIRED, AT(doc_bootstrap_request, ival_capable), NULL},
};

static const size_t has_key = offsetof(struct doc_bootstrap_param_set, has_key);
static const struct field bootstrap_param_set[] = {
    {"securityM2MNodeId", FIELD_HEX,  FIELD_REQUIRED, AT(doc_bootstrap_param_set, node_id), NULL},
    {"securityKmrIndex",  FIELD_U32,  FIELD_REQUIRED, AT(doc_bootstrap_param_set, kmr_index), NULL},
    {"securityLifetime",  FIELD_TIME, FIELD_REQUIRED, AT(doc_bootstrap_param_set, expires_unix_ns), NULL},
    {"securityMasFqdn",   FIELD_URI,  0,              AT(doc_bootstrap_param_set, mas_fqdn), NULL},
    /* GAP C2: 40 octets, wrapped, where the schema of the standard has 32 bare ones. */
    {"securityM2MKey",    FIELD_HEX,  0,              AT(doc_bootstrap_param_set, wrapped_kmr), &has_key},
    {"sclId",             FIELD_URI,  0,              AT(doc_bootstrap_param_set, scl_id), NULL},
    {"sclIdList",         FIELD_SCL_LIST, 0,          0, 0, NULL},
};

static const size_t has_mid_flags = offsetof(struct doc_connection_request, has_mid_flags);
static const struct field connection_request[] = {
    {"securityM2MNodeId", FIELD_HEX,  FIELD_REQUIRED, AT(doc_connection_request, node_id), NULL},
    {"sclId",             FIELD_URI,  FIELD_REQUIRED, AT(doc_connection_request, scl_id), NULL},
    {"ivalCapability",    FIELD_BOOL, FIELD_REQUIRED, AT(doc_connection_request, ival_capable), NULL},
    {"securitymIdFlags",  FIELD_FLAGS, 0,            AT(doc_connection_request, mid_flags), &has_mid_flags},
};

static const struct field connection_param_set[] = {
    {"securityConnectionId", FIELD_U64,   FIELD_REQUIRED, AT(doc_connection_param_set, connection_id), NULL},
    {"securityKmcIndex",     FIELD_U32,   FIELD_REQUIRED, AT(doc_connection_param_set, kmc_index), NULL},
    {"securityLifetime",     FIELD_TIME,  FIELD_REQUIRED, AT(doc_connection_param_set, expires_unix_ns), NULL},
    {"securityM2MKey",       FIELD_ZEROS, FIELD_REQUIRED, 0, M2M_KEY_LEN, NULL},
    {"sclId",                FIELD_URI,   FIELD_REQUIRED, AT(doc_connection_param_set, scl_id), NULL},
    {"securitymIdFlags",     FIELD_FLAGS, FIELD_REQUIRED, AT(doc_connection_param_set, mid_flags), NULL},
};

/* TS 24.109 annex C */
static const struct field bootstrapping_info[] = {
    {"btid",     FIELD_URI,  FIELD_REQUIRED | FIELD_LOCAL, AT(doc_bootstrapping_info, btid), NULL},
    {"lifetime", FIELD_TIME, FIELD_REQUIRED | FIELD_LOCAL, AT(doc_bootstrapping_info, expires_unix_ns), NULL},
};

#define TABLE(kind, rows) {kind, XML_SPACE_NONE, rows, sizeof(rows) / sizeof(rows[0]), NULL}
static const struct field_table tables[] = {
    TABLE(DOC_BOOTSTRAP_REQUEST, bootstrap_request),
    TABLE(DOC_BOOTSTRAP_PARAM_SET, bootstrap_param_set),
    TABLE(DOC_CONNECTION_REQUEST, connection_request),
    TABLE(DOC_CONNECTION_PARAM_SET, connection_param_set),
    {DOC_BOOTSTRAPPING_INFO, XML_SPACE_GBA, bootstrapping_info, 2, NULL},
};
/* clang-format on */

const struct field_table *xml_security_table(enum m2m_doc_kind kind)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        if (tables[i].kind == kind)
            return &tables[i];
    return NULL;
}
