/* The XML documents of TS 102 921 on libxml2, by the element names of its XSDs, namespace
 * http://uri.etsi.org/m2m (etsi-m2m.md sections 2, 7, 8), and the one of TS 24.109 annex C. Values,
 * not DOMs: a document is parsed whole, checked (mandatory, forbidden, types, lengths), then given
 * as a struct. No DTD, no entities, no network. */
#ifndef MODELS_PROTO_M2MXML_H
#define MODELS_PROTO_M2MXML_H

#include "crypto/keys.h"
#include "models/proto/reason.h"
#include "sim/base/buf.h"

#include <stdbool.h>

#define M2M_MAX_URI       256
#define M2M_MAX_NSCLS     4
#define M2M_MAX_DOC       (32 * 1024)
#define M2M_MAX_PRIMITIVE (M2M_MAX_DOC + 4096) /* of a document in a primitive */

enum m2m_doc_kind {
    DOC_NONE,
    DOC_BOOTSTRAP_REQUEST, /* ours (GAP C10): bootstrapRequest { deviceId, ivalCapability } */
    DOC_BOOTSTRAP_PARAM_SET,
    DOC_CONNECTION_REQUEST, /* ours: connectionRequest { securityM2MNodeId, sclId, ivalCapability,
                               securitymIdFlags? } */
    DOC_CONNECTION_PARAM_SET,
    DOC_SCL,
    DOC_CONTAINER,
    DOC_CONTENT_INSTANCE,
    DOC_ERROR_INFO,
    DOC_BOOTSTRAPPING_INFO, /* BootstrappingInfo { btid, lifetime }, namespace uri:3gpp-gba */
    DOC_RESOURCE /* any resource by its representation (m2m_rep.h): written, never read */
};
const char *m2m_doc_name(enum m2m_doc_kind kind); /* the root element */

struct doc_bootstrap_request {
    char device_id[M2M_MAX_URI];
    bool ival_capable;
};
struct doc_bootstrap_param_set {
    uint8_t node_id[M2M_NODE_ID_LEN];
    uint32_t kmr_index;
    int64_t expires_unix_ns;              /* securityLifetime, dateTime, absolute */
    char mas_fqdn[M2M_MAX_URI];           /* "": absent */
    uint8_t wrapped_kmr[M2M_WRAPPED_LEN]; /* GAP C2: 40 octets in securityM2MKey (project schema) */
    bool has_key;
    char scl_id[M2M_MAX_URI];
    char nscl_list[M2M_MAX_NSCLS][M2M_MAX_URI];
    unsigned nscl_count;
};
struct doc_connection_request {
    uint8_t node_id[M2M_NODE_ID_LEN];
    char scl_id[M2M_MAX_URI];
    bool ival_capable;
    bool has_mid_flags; /* else it wishes for TLS with PSK, or says nothing */
    uint16_t mid_flags; /* what it wishes mId to be secured by */
};
struct doc_connection_param_set {
    uint64_t connection_id;
    uint32_t kmc_index;
    int64_t expires_unix_ns;
    /* securityM2MKey: 32 zero octets, since Kmc is derived (GAP C12) */
    char scl_id[M2M_MAX_URI];
    uint16_t mid_flags;
};
struct doc_ival {
    int64_t result, signature;
    char time_stamp[40]; /* secureTimeStamp as text: it is signed as it stands */
    int64_t time_unix_ns;
};
struct doc_scl {
    char scl_id[M2M_MAX_URI];
    char link[M2M_MAX_URI];
    char mgmt_protocol_type[32]; /* mandatory at CREATE: "BBF TR 069" or "OMA DM" */
    char poc[M2M_MAX_URI];       /* "": absent; the first contactURI */
    int64_t expires_unix_ns;     /* expirationTime; 0: absent */
    bool has_ival;
    struct doc_ival ival;
    /* response only (NP in requests): */
    bool has_times;
    int64_t created_unix_ns, modified_unix_ns;
    bool has_forbidden; /* parser: an attribute that is NP in a request was there */
};
struct doc_container {
    char id[M2M_MAX_URI];
    int64_t expires_unix_ns; /* 0: absent */
    uint32_t max_instances;  /* 0: absent */
    uint32_t max_bytes;
};
struct doc_content_instance {
    char id[M2M_MAX_URI];
    char content_type[64];
    struct span
        content; /* the decoded octets. Writing: the caller's. Parsing: owned by the document */
};
struct doc_error_info {
    char status_code[40]; /* STATUS_FORBIDDEN ... */
    char additional[128];
};
struct doc_bootstrapping_info {
    char btid[M2M_MAX_URI];
    int64_t expires_unix_ns; /* lifetime, a dateTime */
};

/* A representation's type and length; its octets are the document's `owned`. */
struct doc_resource {
    int type; /* enum m2m_type */
    size_t n;
};

struct m2m_doc {
    enum m2m_doc_kind kind;
    union {
        struct doc_bootstrap_request bootstrap_request;
        struct doc_bootstrap_param_set bootstrap;
        struct doc_connection_request connection_request;
        struct doc_connection_param_set connection;
        struct doc_scl scl;
        struct doc_container container;
        struct doc_content_instance content_instance;
        struct doc_error_info error;
        struct doc_bootstrapping_info bootstrapping;
        struct doc_resource resource;
    } u;
    uint8_t *owned; /* content octets of a parsed contentInstance; those of a representation */
};

/* Once, before threads. */
void m2mxml_init(void);
/* false: out is full, or a field does not fit its type (a bug is an assert). */
bool m2mxml_write(const struct m2m_doc *doc, struct buf *out);
/* REASON_NONE; REASON_XML_MALFORMED; REASON_XML_INVALID with a sentence in why[80]. doc is then
 * DOC_NONE. Thread-safe. */
enum reason m2mxml_parse(struct span in, struct m2m_doc *doc, char why[80]);
void m2m_doc_release(struct m2m_doc *doc);

/* dateTime with milliseconds and Z: "2013-06-01T00:00:00.000Z"; out: 40 octets. */
void m2m_datetime_write(int64_t unix_ns, char *out);
/* XSD dateTime: fraction optional, zone Z or +-hh:mm or none (UTC). */
bool m2m_datetime_parse(const char *text, int64_t *unix_ns);

/* Status codes of TS 102 921 and their HTTP numbers (etsi-m2m.md 8.2). */
/* clang-format off */
#define M2M_STATUSES(X) \
    X(STATUS_OK, 200) X(STATUS_CREATED, 201) X(STATUS_ACCEPTED, 202) X(STATUS_DELETED, 204) \
    X(STATUS_BAD_REQUEST, 400) X(STATUS_PERMISSION_DENIED, 401) X(STATUS_FORBIDDEN, 403) \
    X(STATUS_NOT_FOUND, 404) X(STATUS_METHOD_NOT_ALLOWED, 405) X(STATUS_NOT_ACCEPTABLE, 406) \
    X(STATUS_REQUEST_TIMEOUT, 408) X(STATUS_CONFLICT, 409) X(STATUS_EXPIRED, 410) \
    X(STATUS_UNSUPPORTED_MEDIA_TYPE, 415) X(STATUS_INTERNAL_SERVER_ERROR, 500) \
    X(STATUS_NOT_IMPLEMENTED, 501) X(STATUS_BAD_GATEWAY, 502) X(STATUS_SERVICE_UNAVAILABLE, 503) \
    X(STATUS_GATEWAY_TIMEOUT, 504)
/* clang-format on */
enum m2m_status {
#define X(constant, http) constant = http,
    M2M_STATUSES(X)
#undef X
};
const char *m2m_status_name(enum m2m_status status);          /* "STATUS_FORBIDDEN" */
bool m2m_status_find(const char *name, enum m2m_status *out); /* false: none of that name */
/* The reason a client gives for an answer with this status (REASON_NONE below 300). */
enum reason m2m_status_reason(int http_status);

#endif
