/* The resources: scl.xsd, container.xsd, contentInstance.xsd, and errorInfo of the primitives.
 * Optional elements of the schemas that nothing here needs are read over (FIELD_IGNORED). What is
 * mandatory in one primitive only (etsi-m2m.md 8.4) is for whoever knows the primitive. */
#include "models/proto/m2mxml_impl.h"

/* clang-format off */
#define AT(type, member) offsetof(struct type, member), sizeof(((struct type *)0)->member)
#define IGNORED(name)    {name, FIELD_IGNORED, 0, 0, 0, NULL}
#define NP(name)         {name, FIELD_IGNORED, FIELD_FORBIDDEN, 0, 0, NULL}

static const size_t has_times = offsetof(struct doc_scl, has_times);
static const size_t has_ival = offsetof(struct doc_scl, has_ival);
static const size_t has_forbidden = offsetof(struct doc_scl, has_forbidden);

static const struct field scl[] = {
    {"sclId", FIELD_URI, FIELD_ATTRIBUTE | FIELD_LOCAL, AT(doc_scl, scl_id), NULL},
    {"pocs", FIELD_POCS, 0, AT(doc_scl, poc), NULL},
    IGNORED("remTriggerAddr"),
    NP("onlineStatus"),
    NP("serverCapability"),
    {"link", FIELD_URI, 0, AT(doc_scl, link), NULL},
    IGNORED("schedule"),
    {"expirationTime", FIELD_TIME, 0, AT(doc_scl, expires_unix_ns), NULL},
    IGNORED("accessRightID"),
    IGNORED("searchStrings"),
    {"creationTime", FIELD_TIME, FIELD_FORBIDDEN, AT(doc_scl, created_unix_ns), &has_times},
    {"lastModifiedTime", FIELD_TIME, FIELD_FORBIDDEN, AT(doc_scl, modified_unix_ns), &has_times},
    IGNORED("locTargetDevice"),
    {"mgmtProtocolType", FIELD_MGMT, 0, AT(doc_scl, mgmt_protocol_type), NULL},
    {"integrityValResults", FIELD_IVAL, 0, 0, 0, &has_ival},
    NP("aPocHandling"),
    NP("*Reference"),
    /* Release 2 */
    IGNORED("sclType"),
    IGNORED("publicDomain"),
    IGNORED("announceTo"),
};

/* Offsets are those within the scl that holds it. */
static const struct field ival[] = {
    {"ivalResults", FIELD_I64, FIELD_REQUIRED | FIELD_LOCAL, AT(doc_scl, ival.result), NULL},
    {"signedIvalResult", FIELD_I64, FIELD_REQUIRED | FIELD_LOCAL, AT(doc_scl, ival.signature), NULL},
    {"secureTimeStamp", FIELD_STAMP, FIELD_REQUIRED | FIELD_LOCAL, AT(doc_scl, ival), NULL},
};

static const struct field container[] = {
    {"id", FIELD_URI, FIELD_ATTRIBUTE, AT(doc_container, id), NULL},
    {"expirationTime", FIELD_TIME, 0, AT(doc_container, expires_unix_ns), NULL},
    IGNORED("accessRightID"),
    IGNORED("searchStrings"),
    IGNORED("creationTime"),
    IGNORED("lastModifiedTime"),
    IGNORED("announceTo"),
    {"maxNrOfInstances", FIELD_COUNT, 0, AT(doc_container, max_instances), NULL},
    {"maxByteSize", FIELD_COUNT, 0, AT(doc_container, max_bytes), NULL},
    IGNORED("maxInstanceAge"),
    IGNORED("*Reference"),
};

static const struct field content_instance[] = {
    {"id", FIELD_URI, FIELD_ATTRIBUTE, AT(doc_content_instance, id), NULL},
    {"href", FIELD_IGNORED, FIELD_ATTRIBUTE | FIELD_LOCAL, 0, 0, NULL},
    IGNORED("creationTime"),
    IGNORED("lastModifiedTime"),
    IGNORED("delayTolerance"),
    IGNORED("contentTypes"),
    IGNORED("contentSize"),
    {"content", FIELD_CONTENT, FIELD_REQUIRED, 0, 0, NULL},
};

static const struct field error_info[] = {
    {"statusCode", FIELD_STATUS, FIELD_REQUIRED, AT(doc_error_info, status_code), NULL},
    {"additionalInfo", FIELD_TEXT, 0, AT(doc_error_info, additional), NULL},
};

#define TABLE(kind, rows, forbidden) \
    {kind, XML_SPACE_NONE, rows, sizeof(rows) / sizeof(rows[0]), forbidden}
const struct field_table xml_ival_table = TABLE(DOC_NONE, ival, NULL);
static const struct field_table tables[] = {
    TABLE(DOC_SCL, scl, &has_forbidden),
    TABLE(DOC_CONTAINER, container, NULL),
    TABLE(DOC_CONTENT_INSTANCE, content_instance, NULL),
    TABLE(DOC_ERROR_INFO, error_info, NULL),
};
/* clang-format on */

const struct field_table *xml_resource_table(enum m2m_doc_kind kind)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        if (tables[i].kind == kind)
            return &tables[i];
    return NULL;
}
