#include "models/proto/m2m_resource.h"

#include <string.h>

/* clang-format off */
/* ---- attributes: mandatory, optional, not permitted at CREATE and at UPDATE ----
 * Those of <scl> are the table that etsi-m2m.md 8.4 gives. For the others the standard's own tables
 * were not at hand: what the hosting SCL sets itself (times, current numbers, references, status) is
 * NP, what makes no sense without is M, the rest is O. */
#define NP M2M_NP
#define O  M2M_O
#define M  M2M_M
#define ROWS(name) static const struct m2m_attribute name[]
#define END {E_NONE, NP, NP}
#define TIMES {E_CREATION_TIME, NP, NP}, {E_LAST_MODIFIED_TIME, NP, NP}
/*  attribute                           CREATE UPDATE */
ROWS(scl_base) = {
    {E_ACCESS_RIGHT_ID,                 NP, O},
    {E_SEARCH_STRINGS,                  NP, O}, TIMES,
    {E_APOC_HANDLING,                   NP, O},
    {E_SCLS_REFERENCE,                  NP, NP},
    {E_APPLICATIONS_REFERENCE,          NP, NP},
    {E_CONTAINERS_REFERENCE,            NP, NP},
    {E_GROUPS_REFERENCE,                NP, NP},
    {E_ACCESS_RIGHTS_REFERENCE,         NP, NP},
    {E_SUBSCRIPTIONS_REFERENCE,         NP, NP},
    {E_DISCOVERY_REFERENCE,             NP, NP}, END};
ROWS(scl) = {
    {E_SCL_ID,                          M,  NP},
    {E_POCS,                            O,  O},
    {E_REM_TRIGGER_ADDR,                O,  O},
    {E_ONLINE_STATUS,                   NP, NP},
    {E_SERVER_CAPABILITY,               NP, NP},
    {E_LINK,                            M,  NP},
    {E_SCHEDULE,                        O,  O},
    {E_EXPIRATION_TIME,                 O,  O},
    {E_ACCESS_RIGHT_ID,                 O,  O},
    {E_SEARCH_STRINGS,                  O,  O}, TIMES,
    {E_LOC_TARGET_DEVICE,               O,  O},
    {E_MGMT_PROTOCOL_TYPE,              M,  M},
    {E_INTEGRITY_VAL_RESULTS,           O,  O},
    {E_APOC_HANDLING,                   NP, NP},
    {E_CONTAINERS_REFERENCE,            NP, NP},
    {E_GROUPS_REFERENCE,                NP, NP},
    {E_APPLICATIONS_REFERENCE,          NP, NP},
    {E_ACCESS_RIGHTS_REFERENCE,         NP, NP},
    {E_SUBSCRIPTIONS_REFERENCE,         NP, NP},
    {E_MGMT_OBJS_REFERENCE,             NP, NP},
    {E_NOTIFICATION_CHANNELS_REFERENCE, NP, NP},
    {E_M2M_POCS_REFERENCE,              NP, NP},
    {E_ATTACHED_DEVICES_REFERENCE,      NP, NP}, END};
ROWS(application) = {
    {E_APP_ID,                          O,  NP},
    {E_EXPIRATION_TIME,                 O,  O},
    {E_ACCESS_RIGHT_ID,                 O,  O},
    {E_SEARCH_STRINGS,                  O,  O}, TIMES,
    {E_ANNOUNCE_TO,                     O,  O},
    {E_APOC,                            O,  O},
    {E_APOC_PATHS,                      O,  O},
    {E_LOC_REQUESTOR,                   O,  O},
    {E_CONTAINERS_REFERENCE,            NP, NP},
    {E_GROUPS_REFERENCE,                NP, NP},
    {E_ACCESS_RIGHTS_REFERENCE,         NP, NP},
    {E_SUBSCRIPTIONS_REFERENCE,         NP, NP},
    {E_NOTIFICATION_CHANNELS_REFERENCE, NP, NP}, END};
/* An announced resource is the original's link, and what it can be found by. */
ROWS(annc) = {
    {E_ID,                              O,  NP},
    {E_LINK,                            M,  O},
    {E_EXPIRATION_TIME,                 O,  O},
    {E_ACCESS_RIGHT_ID,                 O,  O},
    {E_SEARCH_STRINGS,                  O,  O}, END};
ROWS(container) = {
    {E_ID,                              O,  NP},
    {E_EXPIRATION_TIME,                 O,  O},
    {E_ACCESS_RIGHT_ID,                 O,  O},
    {E_SEARCH_STRINGS,                  O,  O}, TIMES,
    {E_ANNOUNCE_TO,                     O,  O},
    {E_MAX_NR_OF_INSTANCES,             O,  O},
    {E_MAX_BYTE_SIZE,                   O,  O},
    {E_MAX_INSTANCE_AGE,                O,  O},
    {E_CONTENT_INSTANCES_REFERENCE,     NP, NP},
    {E_SUBSCRIPTIONS_REFERENCE,         NP, NP}, END};
ROWS(content_instances) = {
    TIMES,
    {E_CURRENT_NR_OF_INSTANCES,         NP, NP},
    {E_CURRENT_BYTE_SIZE,               NP, NP},
    {E_CONTENT_INSTANCE_COLLECTION,     NP, NP},
    {E_LATEST,                          NP, NP},
    {E_OLDEST,                          NP, NP},
    {E_SUBSCRIPTIONS_REFERENCE,         NP, NP}, END};
ROWS(content_instance) = {
    {E_ID,                              O,  NP}, TIMES,
    {E_DELAY_TOLERANCE,                 O,  NP},
    {E_SEARCH_STRINGS,                  O,  NP},
    {E_CONTENT_TYPES,                   O,  NP},
    {E_CONTENT_SIZE,                    O,  NP},
    {E_XMIME,                           O,  NP}, /* an XML attribute of content */
    {E_CONTENT,                         M,  NP}, END};
ROWS(group) = {
    {E_ID,                              O,  NP},
    {E_EXPIRATION_TIME,                 O,  O},
    {E_ACCESS_RIGHT_ID,                 O,  O},
    {E_SEARCH_STRINGS,                  O,  O}, TIMES,
    {E_ANNOUNCE_TO,                     O,  O},
    {E_MEMBER_TYPE,                     M,  NP},
    {E_CURRENT_NR_OF_MEMBERS,           NP, NP},
    {E_MAX_NR_OF_MEMBERS,               O,  O},
    {E_MEMBERS,                         M,  O},
    {E_MEMBERS_CONTENT_REFERENCE,       NP, NP},
    {E_SUBSCRIPTIONS_REFERENCE,         NP, NP}, END};
ROWS(access_right) = {
    {E_ID,                              O,  NP},
    {E_EXPIRATION_TIME,                 O,  O},
    {E_SEARCH_STRINGS,                  O,  O}, TIMES,
    {E_ANNOUNCE_TO,                     O,  O},
    {E_PERMISSIONS,                     O,  O},
    {E_SELF_PERMISSIONS,                M,  M},
    {E_SUBSCRIPTIONS_REFERENCE,         NP, NP}, END};
ROWS(subscription) = {
    {E_ID,                              O,  NP},
    {E_EXPIRATION_TIME,                 O,  O},
    {E_MINIMAL_TIME,                    O,  O},
    {E_DELAY_TOLERANCE,                 O,  O}, TIMES,
    {E_FILTER_CRITERIA,                 O,  NP},
    {E_SUBSCRIPTION_TYPE,               O,  NP},
    {E_CONTACT,                         M,  O}, END};
ROWS(m2m_poc) = {
    {E_ID,                              O,  NP},
    {E_CONTACT_INFO,                    M,  O},
    {E_EXPIRATION_TIME,                 O,  O},
    {E_ONLINE_STATUS,                   O,  O}, TIMES, END};
ROWS(notification_channel) = {
    {E_ID,                              O,  NP},
    {E_CHANNEL_TYPE,                    M,  NP},
    {E_CONTACT_URI,                     NP, NP},
    {E_CHANNEL_DATA,                    NP, NP}, TIMES, END};
ROWS(attached_device) = {
    {E_ID,                              O,  NP},
    {E_ACCESS_RIGHT_ID,                 O,  O}, TIMES,
    {E_MGMT_OBJS_REFERENCE,             NP, NP},
    {E_SUBSCRIPTIONS_REFERENCE,         NP, NP}, END};
ROWS(mgmt_obj) = {
    {E_ID,                              O,  NP},
    {E_EXPIRATION_TIME,                 O,  O},
    {E_ACCESS_RIGHT_ID,                 O,  O},
    {E_SEARCH_STRINGS,                  O,  O}, TIMES,
    {E_MO_ID,                           M,  NP},
    {E_ORIGINAL_MO,                     O,  NP},
    {E_DESCRIPTION,                     O,  O},
    {E_SUBSCRIPTIONS_REFERENCE,         NP, NP}, END};
ROWS(mgmt_cmd) = {
    {E_ID,                              O,  NP},
    {E_EXPIRATION_TIME,                 O,  O},
    {E_ACCESS_RIGHT_ID,                 O,  O},
    {E_SEARCH_STRINGS,                  O,  O}, TIMES,
    {E_DESCRIPTION,                     O,  O},
    {E_CMD_TYPE,                        M,  NP},
    {E_EXEC_ENABLE,                     NP, NP},
    {E_EXEC_REQ_ARGS,                   O,  O},
    {E_EXEC_INSTANCES_REFERENCE,        NP, NP},
    {E_SUBSCRIPTIONS_REFERENCE,         NP, NP}, END};
ROWS(exec_instance) = {
    {E_ID,                              NP, NP},
    {E_EXPIRATION_TIME,                 NP, O},
    {E_ACCESS_RIGHT_ID,                 NP, O}, TIMES,
    {E_EXEC_STATUS,                     NP, O},
    {E_EXEC_RESULT,                     NP, O},
    {E_EXEC_DISABLE,                    NP, NP},
    {E_SUBSCRIPTIONS_REFERENCE,         NP, NP}, END};
ROWS(discovery) = {
    {E_MATCH_SIZE,                      NP, NP},
    {E_TRUNCATED,                       NP, NP},
    {E_DISCOVERY_URI,                   NP, NP}, END};
ROWS(notify) = {
    {E_STATUS_CODE,                     M,  NP},
    {E_XMIME,                           O,  NP},
    {E_REPRESENTATION,                  O,  NP},
    {E_SUBSCRIPTION_REFERENCE,          M,  NP}, END};
ROWS(members_responses) = {
    {E_STATUS,                          NP, NP}, END};
/* A collection may have a right of its own. */
#define COLLECTION_ROWS(name, list) \
    ROWS(name) = {{E_ACCESS_RIGHT_ID, NP, O}, TIMES, {list, NP, NP}, \
        {E_SUBSCRIPTIONS_REFERENCE, NP, NP}, END}
COLLECTION_ROWS(scls, E_SCL_COLLECTION);
COLLECTION_ROWS(applications, E_APPLICATION_COLLECTION);
COLLECTION_ROWS(containers, E_CONTAINER_COLLECTION);
COLLECTION_ROWS(groups, E_GROUP_COLLECTION);
COLLECTION_ROWS(access_rights, E_ACCESS_RIGHT_COLLECTION);
COLLECTION_ROWS(m2m_pocs, E_M2M_POC_COLLECTION);
COLLECTION_ROWS(notification_channels, E_NOTIFICATION_CHANNEL_COLLECTION);
COLLECTION_ROWS(attached_devices, E_ATTACHED_DEVICE_COLLECTION);
COLLECTION_ROWS(mgmt_objs, E_MGMT_OBJ_COLLECTION);
COLLECTION_ROWS(exec_instances, E_EXEC_INSTANCE_COLLECTION);
ROWS(subscriptions) = {{E_SUBSCRIPTION_COLLECTION, NP, NP}, END};
ROWS(nothing) = {END};

/* ---- the tree (etsi-m2m.md 8.1) ---- */
#define LIST(...) (const enum m2m_type[]){__VA_ARGS__, M2M_NO_TYPE}
#define NONE NULL
#define LEAF(rows, methods, naming) {rows, NONE, NONE, methods, naming, E_NONE, E_NONE}
#define SUBS LIST(M2M_SUBSCRIPTIONS)
static const struct m2m_type_info types[M2M_TYPE_COUNT] = {
    [M2M_NO_TYPE] = LEAF(nothing, "", E_NONE),
    [M2M_SCL_BASE] = {scl_base, LIST(M2M_SCLS, M2M_APPLICATIONS, M2M_CONTAINERS, M2M_GROUPS,
        M2M_ACCESS_RIGHTS, M2M_SUBSCRIPTIONS, M2M_DISCOVERY), NONE, "RU", E_NONE, E_NONE, E_NONE},
    [M2M_SCLS] = {scls, SUBS, LIST(M2M_SCL), "CRU",
        E_NONE, E_SCL_COLLECTION, E_SCLS_REFERENCE},
    [M2M_SCL] = {scl, LIST(M2M_CONTAINERS, M2M_GROUPS, M2M_APPLICATIONS, M2M_ACCESS_RIGHTS,
        M2M_SUBSCRIPTIONS, M2M_MGMT_OBJS, M2M_NOTIFICATION_CHANNELS, M2M_M2M_POCS,
        M2M_ATTACHED_DEVICES), NONE, "RUD", E_SCL_ID, E_NONE, E_NONE},
    [M2M_APPLICATIONS] = {applications, SUBS, LIST(M2M_APPLICATION, M2M_APPLICATION_ANNC), "CRU",
        E_NONE, E_APPLICATION_COLLECTION, E_APPLICATIONS_REFERENCE},
    [M2M_APPLICATION] = {application, LIST(M2M_CONTAINERS, M2M_GROUPS, M2M_ACCESS_RIGHTS,
        M2M_SUBSCRIPTIONS, M2M_NOTIFICATION_CHANNELS), NONE, "RUD", E_APP_ID, E_NONE, E_NONE},
    [M2M_APPLICATION_ANNC] = LEAF(annc, "RUD", E_ID),
    [M2M_CONTAINERS] = {containers, SUBS, LIST(M2M_CONTAINER, M2M_CONTAINER_ANNC), "CRU",
        E_NONE, E_CONTAINER_COLLECTION, E_CONTAINERS_REFERENCE},
    [M2M_CONTAINER] = {container, LIST(M2M_CONTENT_INSTANCES, M2M_SUBSCRIPTIONS), NONE, "RUD",
        E_ID, E_NONE, E_NONE},
    [M2M_CONTAINER_ANNC] = LEAF(annc, "RUD", E_ID),
    [M2M_CONTENT_INSTANCES] = {content_instances, LIST(M2M_LATEST, M2M_OLDEST, M2M_SUBSCRIPTIONS),
        LIST(M2M_CONTENT_INSTANCE), "CR",
        E_NONE, E_CONTENT_INSTANCE_COLLECTION, E_CONTENT_INSTANCES_REFERENCE},
    [M2M_CONTENT_INSTANCE] = LEAF(content_instance, "RD", E_ID),
    [M2M_LATEST] = LEAF(content_instance, "RD", E_ID),
    [M2M_OLDEST] = LEAF(content_instance, "RD", E_ID),
    [M2M_GROUPS] = {groups, SUBS, LIST(M2M_GROUP, M2M_GROUP_ANNC), "CRU",
        E_NONE, E_GROUP_COLLECTION, E_GROUPS_REFERENCE},
    [M2M_GROUP] = {group, LIST(M2M_MEMBERS_CONTENT, M2M_SUBSCRIPTIONS), NONE, "RUD",
        E_ID, E_NONE, E_NONE},
    [M2M_GROUP_ANNC] = LEAF(annc, "RUD", E_ID),
    [M2M_MEMBERS_CONTENT] = {nothing, NONE, NONE, "CRUDX",
        E_NONE, E_NONE, E_MEMBERS_CONTENT_REFERENCE},
    [M2M_ACCESS_RIGHTS] = {access_rights, SUBS, LIST(M2M_ACCESS_RIGHT, M2M_ACCESS_RIGHT_ANNC),
        "CRU", E_NONE, E_ACCESS_RIGHT_COLLECTION, E_ACCESS_RIGHTS_REFERENCE},
    [M2M_ACCESS_RIGHT] = {access_right, SUBS, NONE, "RUD", E_ID, E_NONE, E_NONE},
    [M2M_ACCESS_RIGHT_ANNC] = LEAF(annc, "RUD", E_ID),
    [M2M_SUBSCRIPTIONS] = {subscriptions, NONE, LIST(M2M_SUBSCRIPTION), "CR",
        E_NONE, E_SUBSCRIPTION_COLLECTION, E_SUBSCRIPTIONS_REFERENCE},
    [M2M_SUBSCRIPTION] = LEAF(subscription, "RUD", E_ID),
    [M2M_M2M_POCS] = {m2m_pocs, SUBS, LIST(M2M_M2M_POC), "CRU",
        E_NONE, E_M2M_POC_COLLECTION, E_M2M_POCS_REFERENCE},
    [M2M_M2M_POC] = LEAF(m2m_poc, "RUD", E_ID),
    [M2M_NOTIFICATION_CHANNELS] = {notification_channels, SUBS, LIST(M2M_NOTIFICATION_CHANNEL),
        "CRU", E_NONE, E_NOTIFICATION_CHANNEL_COLLECTION, E_NOTIFICATION_CHANNELS_REFERENCE},
    [M2M_NOTIFICATION_CHANNEL] = {notification_channel, LIST(M2M_LONG_POLLING, M2M_CONTACT), NONE,
        "RD", E_ID, E_NONE, E_NONE},
    [M2M_LONG_POLLING] = LEAF(nothing, "NX", E_NONE),
    [M2M_CONTACT] = LEAF(nothing, "N", E_NONE),
    [M2M_ATTACHED_DEVICES] = {attached_devices, SUBS, LIST(M2M_ATTACHED_DEVICE), "CRU",
        E_NONE, E_ATTACHED_DEVICE_COLLECTION, E_ATTACHED_DEVICES_REFERENCE},
    [M2M_ATTACHED_DEVICE] = {attached_device, LIST(M2M_MGMT_OBJS, M2M_SUBSCRIPTIONS), NONE, "RUD",
        E_ID, E_NONE, E_NONE},
    [M2M_MGMT_OBJS] = {mgmt_objs, SUBS, LIST(M2M_MGMT_OBJ, M2M_MGMT_CMD), "CRU",
        E_NONE, E_MGMT_OBJ_COLLECTION, E_MGMT_OBJS_REFERENCE},
    [M2M_MGMT_OBJ] = {mgmt_obj, SUBS, NONE, "RUD", E_ID, E_NONE, E_NONE},
    [M2M_MGMT_CMD] = {mgmt_cmd, LIST(M2M_EXEC_ENABLE, M2M_EXEC_INSTANCES, M2M_SUBSCRIPTIONS), NONE,
        "RUDX", E_ID, E_NONE, E_NONE},
    [M2M_EXEC_ENABLE] = LEAF(nothing, "X", E_NONE),
    [M2M_EXEC_INSTANCES] = {exec_instances, SUBS, NONE, "R",
        E_NONE, E_EXEC_INSTANCE_COLLECTION, E_EXEC_INSTANCES_REFERENCE},
    [M2M_EXEC_INSTANCE] = {exec_instance, LIST(M2M_EXEC_DISABLE, M2M_SUBSCRIPTIONS), NONE, "RUD",
        E_ID, E_NONE, E_NONE},
    [M2M_EXEC_DISABLE] = LEAF(nothing, "X", E_NONE),
    [M2M_DISCOVERY] = {discovery, NONE, NONE, "R", E_NONE, E_NONE, E_DISCOVERY_REFERENCE},
    [M2M_NOTIFY_DOC] = LEAF(notify, "", E_NONE),
    [M2M_MEMBERS_RESPONSES] = LEAF(members_responses, "", E_NONE),
};

static const char *const names[] = {
    "",
#define X(constant, name) name,
    M2M_TYPES(X)
#undef X
};
/* clang-format on */

const char *m2m_type_name(enum m2m_type type)
{
    return names[type];
}

const struct m2m_type_info *m2m_type_info(enum m2m_type type)
{
    return &types[type];
}

enum m2m_type m2m_type_find(const char *name)
{
    for (int i = M2M_NO_TYPE + 1; i < M2M_TYPE_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return (enum m2m_type)i;
    return M2M_NO_TYPE;
}

const char *m2m_method_name(enum m2m_method method)
{
    static const char *const text[] = {"CREATE", "RETRIEVE", "UPDATE",
                                       "DELETE", "NOTIFY",   "EXECUTE"};

    return text[method];
}

bool m2m_type_takes(enum m2m_type type, enum m2m_method method)
{
    return strchr(types[type].methods, "CRUDNX"[method]) != NULL;
}

const struct m2m_attribute *m2m_type_attribute(enum m2m_type type, enum m2m_element element)
{
    for (const struct m2m_attribute *a = types[type].attributes; a->element; a++)
        if (a->element == element)
            return a;
    return NULL;
}

bool m2m_collection_holds(enum m2m_type collection, enum m2m_type item)
{
    const enum m2m_type *i = types[collection].items;

    for (; i && *i; i++)
        if (*i == item)
            return true;
    return false;
}
