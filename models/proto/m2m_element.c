/* The elements of the XSDs: kinds, enumerations, structures. */
#include "models/proto/m2m_resource.h"

#include "models/proto/m2mxml.h"

static const char *const names[] = {"",
#define X(constant, name) name,
                                    M2M_ELEMENTS(X)
#undef X
};

/* clang-format off */
#define WORDS(...)    (const char *const[]){__VA_ARGS__, NULL}
#define CHILDREN(...) (const struct m2m_child[]){__VA_ARGS__, {E_NONE, 0}}
#define WORD(...)     {WORDS(__VA_ARGS__), NULL, KIND_WORD, false}
#define STRUCT(...)   {NULL, CHILDREN(__VA_ARGS__), KIND_STRUCT, false}
#define LEAF(kind)    {NULL, NULL, kind, false}
#define LOCAL(kind)   {NULL, NULL, kind, true}
#define BOOL          WORD("false", "true")
#define REFERENCES    STRUCT({E_REFERENCE, '*'})
#define PERMISSIONS   STRUCT({E_PERMISSION, '*'})
#define COLLECTION    STRUCT({E_NAMED_REFERENCE, '*'})
#define NAME_VALUE    {NULL, CHILDREN({E_NAME, '1'}, {E_VALUE, '1'}), KIND_STRUCT, true}

static const char *const status_words[] = {
#define X(constant, http) #constant,
    M2M_STATUSES(X)
#undef X
    NULL};

/* KIND_URI where no row says otherwise, for most are. */
static const struct m2m_element_info elements[E_COUNT] = {
    [E_SEARCH_STRINGS] = STRUCT({E_SEARCH_STRING, '*'}),
    [E_SEARCH_STRING] = LEAF(KIND_TEXT),
    [E_CREATION_TIME] = LEAF(KIND_TIME),
    [E_LAST_MODIFIED_TIME] = LEAF(KIND_TIME),
    [E_EXPIRATION_TIME] = LEAF(KIND_TIME),
    [E_ANNOUNCE_TO] = STRUCT({E_ACTIVATED, '?'}, {E_SCL_LIST, '1'}, {E_GLOBAL, '?'}),
    [E_ACTIVATED] = BOOL,
    [E_SCL_LIST] = REFERENCES,
    [E_GLOBAL] = BOOL,
    [E_REFERENCE] = LOCAL(KIND_URI),
    [E_APOC_HANDLING] = WORD("SHALLOW", "DEEP"),
    [E_POCS] = REFERENCES,
    [E_REM_TRIGGER_ADDR] = LEAF(KIND_TEXT),
    [E_ONLINE_STATUS] = WORD("ONLINE", "OFFLINE", "NOT_REACHABLE"),
    [E_SERVER_CAPABILITY] = BOOL,
    [E_SCHEDULE] = STRUCT({E_SCHEDULE_STRING, '*'}),
    [E_SCHEDULE_STRING] = LOCAL(KIND_TEXT),
    [E_LOC_TARGET_DEVICE] = LEAF(KIND_TEXT),
    [E_MGMT_PROTOCOL_TYPE] = WORD("OMA DM", "BBF TR 069"),
    [E_INTEGRITY_VAL_RESULTS] = STRUCT({E_IVAL_RESULTS, '1'}, {E_SIGNED_IVAL_RESULT, '1'},
                                       {E_SECURE_TIME_STAMP, '1'}),
    [E_IVAL_RESULTS] = LOCAL(KIND_LONG),
    [E_SIGNED_IVAL_RESULT] = LOCAL(KIND_LONG),
    [E_SECURE_TIME_STAMP] = LOCAL(KIND_STAMP),
    [E_APOC_PATHS] = STRUCT({E_APOC_PATH, '*'}),
    [E_APOC_PATH] = STRUCT({E_PATH, '1'}, {E_ACCESS_RIGHT_ID, '?'}, {E_SEARCH_STRINGS, '?'}),
    [E_LOC_REQUESTOR] = LEAF(KIND_TEXT),
    [E_MAX_NR_OF_INSTANCES] = LEAF(KIND_COUNT),
    [E_MAX_BYTE_SIZE] = LEAF(KIND_COUNT),
    [E_MAX_INSTANCE_AGE] = LEAF(KIND_COUNT),
    [E_CURRENT_NR_OF_INSTANCES] = LEAF(KIND_COUNT),
    [E_CURRENT_BYTE_SIZE] = LEAF(KIND_COUNT),
    [E_LATEST] = LEAF(KIND_NAMED),
    [E_OLDEST] = LEAF(KIND_NAMED),
    [E_CONTENT_INSTANCE_COLLECTION] = STRUCT({E_CONTENT_INSTANCE, '*'}),
    [E_CONTENT_INSTANCE] = STRUCT({E_ID, '?'}, {E_CREATION_TIME, '?'}, {E_LAST_MODIFIED_TIME, '?'},
                                  {E_DELAY_TOLERANCE, '?'}, {E_SEARCH_STRINGS, '?'},
                                  {E_CONTENT_TYPES, '?'}, {E_CONTENT_SIZE, '?'}, {E_XMIME, '?'},
                                  {E_CONTENT, '?'}),
    [E_DELAY_TOLERANCE] = LEAF(KIND_TIME),
    [E_CONTENT_TYPES] = STRUCT({E_CONTENT_TYPE, '*'}),
    [E_CONTENT_TYPE] = LEAF(KIND_TEXT),
    [E_CONTENT_SIZE] = LEAF(KIND_COUNT),
    [E_XMIME] = LEAF(KIND_TEXT),
    [E_CONTENT] = LEAF(KIND_BASE64),
    [E_PERMISSIONS] = PERMISSIONS,
    [E_SELF_PERMISSIONS] = PERMISSIONS,
    [E_PERMISSION] = STRUCT({E_ID, '?'}, {E_PERMISSION_FLAGS, '1'}, {E_PERMISSION_HOLDERS, '1'}),
    [E_PERMISSION_FLAGS] = STRUCT({E_FLAG, '*'}),
    [E_FLAG] = WORD("READ", "WRITE", "DISCOVER", "DELETE", "CREATE"),
    [E_PERMISSION_HOLDERS] = STRUCT({E_HOLDER_REFS, '?'}, {E_APPLICATION_IDS, '?'},
                                    {E_SCL_IDS, '?'}, {E_ALL, '?'}, {E_DOMAINS, '?'}),
    [E_HOLDER_REFS] = STRUCT({E_HOLDER_REF, '*'}),
    [E_APPLICATION_IDS] = STRUCT({E_APPLICATION_ID, '*'}),
    [E_APPLICATION_ID] = LEAF(KIND_TEXT),
    [E_SCL_IDS] = STRUCT({E_SCLID, '*'}),
    [E_SCLID] = LEAF(KIND_TEXT),
    [E_ALL] = LEAF(KIND_EMPTY),
    [E_DOMAINS] = STRUCT({E_DOMAIN, '*'}),
    [E_MINIMAL_TIME] = LEAF(KIND_COUNT),
    [E_FILTER_CRITERIA] = STRUCT({E_IF_MODIFIED_SINCE, '?'}, {E_IF_UNMODIFIED_SINCE, '?'},
                                 {E_IF_MATCH, '?'}, {E_IF_NONE_MATCH, '?'}, {E_CREATOR, '?'},
                                 {E_SEARCH_STRING, '*'}, {E_CREATED_SINCE, '?'},
                                 {E_CREATED_UNTIL, '?'}, {E_SIZE_FROM, '?'}, {E_SIZE_UNTIL, '?'},
                                 {E_CONTENT_TYPE, '*'}, {E_META_DATA_ONLY, '?'}),
    [E_IF_MODIFIED_SINCE] = LOCAL(KIND_TIME),
    [E_IF_UNMODIFIED_SINCE] = LOCAL(KIND_TIME),
    [E_IF_MATCH] = LOCAL(KIND_TEXT),
    [E_IF_NONE_MATCH] = LOCAL(KIND_TEXT),
    [E_CREATOR] = LOCAL(KIND_URI),
    [E_CREATED_SINCE] = LOCAL(KIND_TIME),
    [E_CREATED_UNTIL] = LOCAL(KIND_TIME),
    [E_SIZE_FROM] = LOCAL(KIND_COUNT),
    [E_SIZE_UNTIL] = LOCAL(KIND_COUNT),
    [E_META_DATA_ONLY] = {WORDS("false", "true"), NULL, KIND_WORD, true},
    [E_SUBSCRIPTION_TYPE] = WORD("ASYNCHRONOUS", "SYNCHRONOUS"),
    [E_MEMBER_TYPE] = WORD("APPLICATION", "CONTAINER", "ACCESS_RIGHT", "SERVER_CAPABILITY_LAYER",
                           "SCL"),
    [E_CURRENT_NR_OF_MEMBERS] = LEAF(KIND_COUNT),
    [E_MAX_NR_OF_MEMBERS] = LEAF(KIND_COUNT),
    [E_MEMBERS] = REFERENCES,
    [E_STATUS] = {NULL, CHILDREN({E_ID, '?'}, {E_STATUS_CODE, '1'}, {E_ETAG, '?'},
                                 {E_LAST_MODIFIED_TIME, '?'}, {E_XMIME, '?'}, {E_RESULT_BODY, '?'}),
                  KIND_STRUCT, true},
    [E_STATUS_CODE] = {status_words, NULL, KIND_WORD, false},
    [E_ETAG] = LOCAL(KIND_TEXT),
    [E_RESULT_BODY] = LOCAL(KIND_BASE64),
    [E_CONTACT_INFO] = STRUCT({E_CONTACT_URI, '?'}, {E_OTHER, '?'}),
    [E_OTHER] = LEAF(KIND_TEXT),
    [E_CHANNEL_TYPE] = WORD("LONG_POLLING"),
    [E_CHANNEL_DATA] = STRUCT({E_LONG_POLLING_URI, '?'}),
    [E_ORIGINAL_MO] = LEAF(KIND_TEXT),
    [E_DESCRIPTION] = LEAF(KIND_TEXT),
    [E_CMD_TYPE] = WORD("RESET", "REBOOT", "UPLOAD", "DOWNLOAD", "SCHEDULEDOWNLOAD",
                        "SCHEDULEINFORM", "CHANGEDUSTATE"),
    [E_EXEC_REQ_ARGS] = STRUCT({E_EXEC_REQ_ARG, '*'}),
    [E_EXEC_REQ_ARG] = NAME_VALUE,
    [E_NAME] = LOCAL(KIND_TEXT),
    [E_VALUE] = LOCAL(KIND_TEXT),
    [E_EXEC_STATUS] = WORD("INITIATED", "STARTED", "FINISHED", "CANCELLING"),
    [E_EXEC_RESULT] = STRUCT({E_EXEC_RESULT_ITEM, '*'}),
    [E_EXEC_RESULT_ITEM] = NAME_VALUE,
    [E_REPRESENTATION] = LOCAL(KIND_BASE64),
    [E_MATCH_SIZE] = LEAF(KIND_COUNT),
    [E_TRUNCATED] = BOOL,
    [E_DISCOVERY_URI] = REFERENCES,
    [E_NAMED_REFERENCE] = LEAF(KIND_NAMED),
    [E_SCL_COLLECTION] = COLLECTION,
    [E_APPLICATION_COLLECTION] = COLLECTION,
    [E_CONTAINER_COLLECTION] = COLLECTION,
    [E_GROUP_COLLECTION] = COLLECTION,
    [E_ACCESS_RIGHT_COLLECTION] = COLLECTION,
    [E_SUBSCRIPTION_COLLECTION] = COLLECTION,
    [E_M2M_POC_COLLECTION] = COLLECTION,
    [E_NOTIFICATION_CHANNEL_COLLECTION] = COLLECTION,
    [E_ATTACHED_DEVICE_COLLECTION] = COLLECTION,
    [E_MGMT_OBJ_COLLECTION] = COLLECTION,
    [E_EXEC_INSTANCE_COLLECTION] = COLLECTION,
};
static const struct m2m_element_info uri = LEAF(KIND_URI);
/* clang-format on */

const char *m2m_element_name(enum m2m_element e)
{
    return names[e];
}

const struct m2m_element_info *m2m_element_info(enum m2m_element e)
{
    const struct m2m_element_info *i = &elements[e];

    return i->kind == KIND_STRUCT && !i->children ? &uri : i;
}
