/* The resource types of TS 102 690 clause 9 and the elements of TS 102 921's XSDs as tables
 * (etsi-m2m.md 8.1): what each resource is called, what stands below it, which primitives it takes,
 * and which attributes are mandatory, optional or not permitted in each. The resource tree, the
 * path parser and the XML documents all read these tables. */
#ifndef MODELS_PROTO_M2M_RESOURCE_H
#define MODELS_PROTO_M2M_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Types. What has no name in the third column cannot be sent as a document. */
/* clang-format off */
#define M2M_TYPES(X) \
    X(M2M_SCL_BASE,              "sclBase") \
    X(M2M_SCLS,                  "scls") \
    X(M2M_SCL,                   "scl") \
    X(M2M_APPLICATIONS,          "applications") \
    X(M2M_APPLICATION,           "application") \
    X(M2M_APPLICATION_ANNC,      "applicationAnnc") \
    X(M2M_CONTAINERS,            "containers") \
    X(M2M_CONTAINER,             "container") \
    X(M2M_CONTAINER_ANNC,        "containerAnnc") \
    X(M2M_CONTENT_INSTANCES,     "contentInstances") \
    X(M2M_CONTENT_INSTANCE,      "contentInstance") \
    X(M2M_LATEST,                "latest")       /* another name of a contentInstance */ \
    X(M2M_OLDEST,                "oldest") \
    X(M2M_GROUPS,                "groups") \
    X(M2M_GROUP,                 "group") \
    X(M2M_GROUP_ANNC,            "groupAnnc") \
    X(M2M_MEMBERS_CONTENT,       "membersContent") \
    X(M2M_ACCESS_RIGHTS,         "accessRights") \
    X(M2M_ACCESS_RIGHT,          "accessRight") \
    X(M2M_ACCESS_RIGHT_ANNC,     "accessRightAnnc") \
    X(M2M_SUBSCRIPTIONS,         "subscriptions") \
    X(M2M_SUBSCRIPTION,          "subscription") \
    X(M2M_M2M_POCS,              "m2mPocs") \
    X(M2M_M2M_POC,               "m2mPoc") \
    X(M2M_NOTIFICATION_CHANNELS, "notificationChannels") \
    X(M2M_NOTIFICATION_CHANNEL,  "notificationChannel") \
    X(M2M_LONG_POLLING,          "longPolling")  /* ours: where longPollingURI leads */ \
    X(M2M_CONTACT,               "contact")      /* ours: where a channel's contactURI leads */ \
    X(M2M_ATTACHED_DEVICES,      "attachedDevices") \
    X(M2M_ATTACHED_DEVICE,       "attachedDevice") \
    X(M2M_MGMT_OBJS,             "mgmtObjs") \
    X(M2M_MGMT_OBJ,              "mgmtObj") \
    X(M2M_MGMT_CMD,              "mgmtCmd") \
    X(M2M_EXEC_ENABLE,           "execEnable")   /* EXECUTE of a mgmtCmd */ \
    X(M2M_EXEC_INSTANCES,        "execInstances") \
    X(M2M_EXEC_INSTANCE,         "execInstance") \
    X(M2M_EXEC_DISABLE,          "execDisable")  /* EXECUTE that cancels an execInstance */ \
    X(M2M_DISCOVERY,             "discovery") \
    X(M2M_NOTIFY_DOC,            "notify")       /* documents that are no resources */ \
    X(M2M_MEMBERS_RESPONSES,     "membersContentResponses")
/* clang-format on */
enum m2m_type {
    M2M_NO_TYPE,
#define X(constant, name) constant,
    M2M_TYPES(X)
#undef X
        M2M_TYPE_COUNT
};

/* Elements (and XML attributes) of the documents: constant, name. */
/* clang-format off */
#define M2M_ELEMENTS(X) \
    X(E_ID, "id") X(E_SCL_ID, "sclId") X(E_APP_ID, "appId") \
    X(E_ACCESS_RIGHT_ID, "accessRightID") \
    X(E_SEARCH_STRINGS, "searchStrings") X(E_SEARCH_STRING, "searchString") \
    X(E_CREATION_TIME, "creationTime") X(E_LAST_MODIFIED_TIME, "lastModifiedTime") \
    X(E_EXPIRATION_TIME, "expirationTime") \
    X(E_ANNOUNCE_TO, "announceTo") X(E_ACTIVATED, "activated") X(E_SCL_LIST, "sclList") \
    X(E_GLOBAL, "global") X(E_REFERENCE, "reference") X(E_LINK, "link") \
    X(E_APOC_HANDLING, "aPocHandling") \
    X(E_POCS, "pocs") X(E_REM_TRIGGER_ADDR, "remTriggerAddr") X(E_ONLINE_STATUS, "onlineStatus") \
    X(E_SERVER_CAPABILITY, "serverCapability") X(E_SCHEDULE, "schedule") \
    X(E_SCHEDULE_STRING, "scheduleString") X(E_LOC_TARGET_DEVICE, "locTargetDevice") \
    X(E_MGMT_PROTOCOL_TYPE, "mgmtProtocolType") \
    X(E_INTEGRITY_VAL_RESULTS, "integrityValResults") X(E_IVAL_RESULTS, "ivalResults") \
    X(E_SIGNED_IVAL_RESULT, "signedIvalResult") X(E_SECURE_TIME_STAMP, "secureTimeStamp") \
    X(E_APOC, "aPoC") X(E_APOC_PATHS, "aPoCPaths") X(E_APOC_PATH, "aPoCPath") X(E_PATH, "path") \
    X(E_LOC_REQUESTOR, "locRequestor") \
    X(E_MAX_NR_OF_INSTANCES, "maxNrOfInstances") X(E_MAX_BYTE_SIZE, "maxByteSize") \
    X(E_MAX_INSTANCE_AGE, "maxInstanceAge") \
    X(E_CURRENT_NR_OF_INSTANCES, "currentNrOfInstances") \
    X(E_CURRENT_BYTE_SIZE, "currentByteSize") X(E_LATEST, "latest") X(E_OLDEST, "oldest") \
    X(E_CONTENT_INSTANCE_COLLECTION, "contentInstanceCollection") \
    X(E_CONTENT_INSTANCE, "contentInstance") X(E_DELAY_TOLERANCE, "delayTolerance") \
    X(E_CONTENT_TYPES, "contentTypes") X(E_CONTENT_TYPE, "contentType") \
    X(E_CONTENT_SIZE, "contentSize") X(E_XMIME, "xmime:contentType") X(E_CONTENT, "content") \
    X(E_PERMISSIONS, "permissions") X(E_SELF_PERMISSIONS, "selfPermissions") \
    X(E_PERMISSION, "permission") X(E_PERMISSION_FLAGS, "permissionFlags") X(E_FLAG, "flag") \
    X(E_PERMISSION_HOLDERS, "permissionHolders") X(E_HOLDER_REFS, "holderRefs") \
    X(E_HOLDER_REF, "holderRef") X(E_APPLICATION_IDS, "applicationIDs") \
    X(E_APPLICATION_ID, "applicationID") X(E_SCL_IDS, "sclIDs") X(E_SCLID, "sclID") \
    X(E_ALL, "all") X(E_DOMAINS, "domains") X(E_DOMAIN, "domain") \
    X(E_MINIMAL_TIME, "minimalTimeBetweenNotifications") X(E_FILTER_CRITERIA, "filterCriteria") \
    X(E_IF_MODIFIED_SINCE, "ifModifiedSince") X(E_IF_UNMODIFIED_SINCE, "ifUnmodifiedSince") \
    X(E_IF_MATCH, "ifMatch") X(E_IF_NONE_MATCH, "ifNoneMatch") X(E_CREATOR, "creator") \
    X(E_CREATED_SINCE, "createdSince") X(E_CREATED_UNTIL, "createdUntil") \
    X(E_SIZE_FROM, "sizeFrom") X(E_SIZE_UNTIL, "sizeUntil") X(E_META_DATA_ONLY, "metaDataOnly") \
    X(E_SUBSCRIPTION_TYPE, "subscriptionType") X(E_CONTACT, "contact") \
    X(E_MEMBER_TYPE, "memberType") X(E_CURRENT_NR_OF_MEMBERS, "currentNrOfMembers") \
    X(E_MAX_NR_OF_MEMBERS, "maxNrOfMembers") X(E_MEMBERS, "members") \
    X(E_STATUS, "status") X(E_STATUS_CODE, "statusCode") X(E_ETAG, "eTag") \
    X(E_RESULT_BODY, "resultBody") \
    X(E_CONTACT_INFO, "contactInfo") X(E_CONTACT_URI, "contactURI") X(E_OTHER, "other") \
    X(E_CHANNEL_TYPE, "channelType") X(E_CHANNEL_DATA, "channelData") \
    X(E_LONG_POLLING_URI, "longPollingURI") \
    X(E_MO_ID, "moID") X(E_ORIGINAL_MO, "originalMO") X(E_DESCRIPTION, "description") \
    X(E_CMD_TYPE, "cmdType") X(E_EXEC_ENABLE, "execEnable") X(E_EXEC_REQ_ARGS, "execReqArgs") \
    X(E_EXEC_REQ_ARG, "execReqArg") X(E_NAME, "name") X(E_VALUE, "value") \
    X(E_EXEC_STATUS, "execStatus") X(E_EXEC_RESULT, "execResult") \
    X(E_EXEC_RESULT_ITEM, "execResultItem") X(E_EXEC_DISABLE, "execDisable") \
    X(E_REPRESENTATION, "representation") X(E_SUBSCRIPTION_REFERENCE, "subscriptionReference") \
    X(E_MATCH_SIZE, "matchSize") X(E_TRUNCATED, "truncated") X(E_DISCOVERY_URI, "discoveryURI") \
    X(E_NAMED_REFERENCE, "namedReference") \
    X(E_SCL_COLLECTION, "sclCollection") X(E_APPLICATION_COLLECTION, "applicationCollection") \
    X(E_CONTAINER_COLLECTION, "containerCollection") X(E_GROUP_COLLECTION, "groupCollection") \
    X(E_ACCESS_RIGHT_COLLECTION, "accessRightCollection") \
    X(E_SUBSCRIPTION_COLLECTION, "subscriptionCollection") \
    X(E_M2M_POC_COLLECTION, "m2mPocCollection") \
    X(E_NOTIFICATION_CHANNEL_COLLECTION, "notificationChannelCollection") \
    X(E_ATTACHED_DEVICE_COLLECTION, "attachedDeviceCollection") \
    X(E_MGMT_OBJ_COLLECTION, "mgmtObjCollection") \
    X(E_EXEC_INSTANCE_COLLECTION, "execInstanceCollection") \
    X(E_SCLS_REFERENCE, "sclsReference") X(E_APPLICATIONS_REFERENCE, "applicationsReference") \
    X(E_CONTAINERS_REFERENCE, "containersReference") X(E_GROUPS_REFERENCE, "groupsReference") \
    X(E_ACCESS_RIGHTS_REFERENCE, "accessRightsReference") \
    X(E_SUBSCRIPTIONS_REFERENCE, "subscriptionsReference") \
    X(E_DISCOVERY_REFERENCE, "discoveryReference") \
    X(E_M2M_POCS_REFERENCE, "m2mPocsReference") \
    X(E_NOTIFICATION_CHANNELS_REFERENCE, "notificationChannelsReference") \
    X(E_ATTACHED_DEVICES_REFERENCE, "attachedDevicesReference") \
    X(E_MGMT_OBJS_REFERENCE, "mgmtObjsReference") \
    X(E_CONTENT_INSTANCES_REFERENCE, "contentInstancesReference") \
    X(E_MEMBERS_CONTENT_REFERENCE, "membersContentReference") \
    X(E_EXEC_INSTANCES_REFERENCE, "execInstancesReference")
/* clang-format on */
enum m2m_element {
    E_NONE,
#define X(constant, name) constant,
    M2M_ELEMENTS(X)
#undef X
        E_COUNT
};

/* Lexical types of leaves, and structures. */
enum m2m_kind {
    KIND_STRUCT, /* has children; no text */
    KIND_URI,    /* anyURI, not empty */
    KIND_TEXT,   /* string */
    KIND_TIME,   /* dateTime; kept as nanoseconds since 1970 */
    KIND_STAMP,  /* dateTime that is signed as it stands: kept as text */
    KIND_LONG,   /* long */
    KIND_COUNT,  /* a long that is not negative */
    KIND_WORD,   /* one of an enumeration: kept as its number */
    KIND_BASE64, /* octets */
    KIND_NAMED,  /* anyURI with an attribute id: kept as id, NUL, URI */
    KIND_EMPTY   /* says all by being there */
};

struct m2m_child {
    enum m2m_element element;
    char occurs; /* '1': once, '?': once at most, '*': any number */
};
struct m2m_element_info {
    const char *const *words;         /* KIND_WORD: ended by NULL */
    const struct m2m_child *children; /* KIND_STRUCT: ended by E_NONE */
    enum m2m_kind kind;
    bool local; /* in no namespace (elementFormDefault is "unqualified") */
};
const char *m2m_element_name(enum m2m_element e);
const struct m2m_element_info *m2m_element_info(enum m2m_element e);

/* What a primitive says of an attribute: mandatory, optional, not permitted. */
enum m2m_presence { M2M_NP, M2M_O, M2M_M };
/* One row of a resource's table of attributes. */
struct m2m_attribute {
    enum m2m_element element;
    enum m2m_presence create, update; /* in requests; a response may hold every one of the rows */
};

enum m2m_method { M2M_CREATE, M2M_RETRIEVE, M2M_UPDATE, M2M_DELETE, M2M_NOTIFY, M2M_EXECUTE };
const char *m2m_method_name(enum m2m_method method);

struct m2m_type_info {
    const struct m2m_attribute *attributes; /* ended by E_NONE */
    const enum m2m_type *below;             /* what stands below by a name of its own; ended */
    const enum m2m_type *items;             /* of a collection: what can be created in it; ended */
    const char *methods;                    /* of "CRUDNX": what a resource of the type takes */
    enum m2m_element naming;                /* the attribute that is its name: E_ID, E_SCL_ID ... */
    enum m2m_element collection;            /* of a collection: the element that lists its items */
    enum m2m_element reference;             /* how its parent refers to it; E_NONE: not */
};
const char *m2m_type_name(enum m2m_type type);
const struct m2m_type_info *m2m_type_info(enum m2m_type type);
/* M2M_NO_TYPE: no such root element. */
enum m2m_type m2m_type_find(const char *name);
/* The attributes of XML: what names a resource, or a part. */
static inline bool m2m_is_xml_attribute(enum m2m_element e)
{
    return e == E_ID || e == E_SCL_ID || e == E_APP_ID;
}
bool m2m_type_takes(enum m2m_type type, enum m2m_method method);
/* The row of an attribute; NULL: the type has none of that name. */
const struct m2m_attribute *m2m_type_attribute(enum m2m_type type, enum m2m_element element);
/* Whether a resource of type item may be created in the collection. */
bool m2m_collection_holds(enum m2m_type collection, enum m2m_type item);

#endif
