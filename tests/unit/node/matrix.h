/* The two sides of a matrix: every way in which mId can go, and every resource type that can be
 * made over it. What is asked stands in test_server_types.c and test_server_attributes.c. */
#ifndef TESTS_UNIT_NODE_MATRIX_H
#define TESTS_UNIT_NODE_MATRIX_H

#include "tests/unit/node/rogue_coap.h"

/* ---- ways ---- */

/* mId that relies on the access network; MSBF and MAS are there for the town alone. */
ROGUE const char trusted_text[] = "m2msim: 1\n"
                                  "run: {until: 24 h, seed: 5}\n"
                                  "populations:\n"
                                  "  meters:\n"
                                  "    kind: device\n"
                                  "    class: cortex-a7\n"
                                  "    connect: {method: none}\n"
                                  "    ival: {component_size: 512 B}\n"
                                  "    report: {every: 1 h}\n"
                                  "  core: {kind: access}\n"
                                  "  msbf: {kind: msbf}\n"
                                  "  mas: {kind: mas}\n"
                                  "  nscl: {kind: nscl, ival_policy: {tampered: deny}}\n"
                                  "  hss: {kind: hss}\n"
                                  "links:\n"
                                  "  meters -> core: {latency: 40 ms}\n"
                                  "  core -> nscl: {latency: 10 ms}\n"
                                  "  core -> hss: {latency: 10 ms}\n"
                                  "  mas -> nscl: {latency: 10 ms}\n"
                                  "  msbf -> mas: {latency: 10 ms}\n";

#define MID            "populations.meters.mid."
#define BY_HTTP        MID "binding=http"
#define BY_COAP        MID "binding=coap"
#define SIGNED         MID "security=object-sign"
#define ENCRYPTED      MID "security=object-encrypt"
#define BOTH           MID "security=object-sign+object-encrypt"
#define IN_CHANNEL(s)  MID "security=channel+" s
#define CHANNEL_SIGNED IN_CHANNEL("object-sign")
#define CHANNEL_CRYPT  IN_CHANNEL("object-encrypt")
#define CHANNEL_BOTH   IN_CHANNEL("object-sign+object-encrypt")
#define CBC            MID "cipher=aes-128-cbc"

/* CBC alone is never granted: it does not tell what was altered. */
ROGUE const struct way {
    const char *name;
    const char *sets[3];
    bool trusted;
} ways[] = {
    {"TLS", {BY_HTTP}, false},
    {"DTLS with CCM_8", {BY_COAP}, false},
    {"DTLS with CCM", {BY_COAP, MID "suite=PSK-AES128-CCM"}, false},
    {"HTTP over an access network", {BY_HTTP}, true},
    {"CoAP over an access network", {BY_COAP}, true},
    {"signed over HTTP", {BY_HTTP, SIGNED}, false},
    {"encrypted over HTTP", {BY_HTTP, ENCRYPTED}, false},
    {"signed and encrypted over HTTP", {BY_HTTP, BOTH}, false},
    {"signed and encrypted by CBC over HTTP", {BY_HTTP, BOTH, CBC}, false},
    {"signed in TLS", {BY_HTTP, CHANNEL_SIGNED}, false},
    {"encrypted in TLS", {BY_HTTP, CHANNEL_CRYPT}, false},
    {"signed and encrypted in TLS", {BY_HTTP, CHANNEL_BOTH}, false},
    {"signed and encrypted by CBC in TLS", {BY_HTTP, CHANNEL_BOTH, CBC}, false},
    {"signed over CoAP", {BY_COAP, SIGNED}, false},
    {"encrypted over CoAP", {BY_COAP, ENCRYPTED}, false},
    {"signed and encrypted over CoAP", {BY_COAP, BOTH}, false},
    {"signed and encrypted by CBC over CoAP", {BY_COAP, BOTH, CBC}, false},
    {"signed in DTLS", {BY_COAP, CHANNEL_SIGNED}, false},
    {"encrypted in DTLS", {BY_COAP, CHANNEL_CRYPT}, false},
    {"signed and encrypted in DTLS", {BY_COAP, CHANNEL_BOTH}, false},
    {"signed and encrypted by CBC in DTLS", {BY_COAP, CHANNEL_BOTH, CBC}, false},
};
#define WAYS         ((int)(sizeof ways / sizeof *ways))
#define FIRST_SEALED 5 /* from there on objects are sealed */

ROGUE void way_open_town(const struct way *w, struct town *t)
{
    const char *sets[FLEET_SETS] = {w->trusted ? "populations.meters.bootstrap.method=none"
                                               : "run.until=24 h"};

    for (size_t i = 0; i < sizeof w->sets / sizeof *w->sets && w->sets[i]; i++)
        sets[i + 1] = w->sets[i];
    town_open_text(t, w->trusted ? trusted_text : fleet_base, 3 * 60 * SIM_S, sets);
}

ROGUE bool way_is_coap(const struct way *w)
{
    return strcmp(w->sets[0], BY_COAP) == 0;
}

/* Another session of the same client. */
ROGUE void way_connect(const struct way *w, struct rogue *r, struct town *t)
{
    if (way_is_coap(w))
        rogue_coap_connect(r, t->nscl);
    else
        rogue_connect(r, t->nscl);
}

/* A session of meters-0 that goes that way; nothing of his is registered. */
ROGUE void way_open(const struct way *w, struct rogue *r, struct town *t)
{
    way_open_town(w, t);
    rogue_init(r, t, t->nscl);
    if (t->dev->mid_flags & MID_OBJECTS)
        rogue_seal(r, 0);
    way_connect(w, r, t);
    rogue_ask(r, HTTP_DELETE, scl_path(t, t->dev, ""), "");
    ck_answer(r, STATUS_DELETED);
    ck_assert(!town_is_registered(t, t->dev));
}

/* Each answer was protected as the way has it. */
ROGUE void way_close(struct rogue *r, struct town *t)
{
    ck_assert_int_eq(r->sealed, r->object != NULL);
    ck_assert(!r->ended);
    rogue_close(r);
    town_close(t);
}

/* ---- resource types ---- */

#define LINK "<m2m:link>https://g/a</m2m:link>"

/* '@' stands for the SCL-ID of who asks, '$' for his integrityValResults. */
ROGUE const struct row {
    enum m2m_type type;
    const char *collection;    /* below his <scl>; NULL: scls */
    const char *name;          /* in the collection */
    const char *body, *update; /* what CREATE and UPDATE take; update NULL: it has none */
} rows[] = {
    /* clang-format off */
    {M2M_SCL, NULL, NULL,
     "<m2m:scl " M2M_NS " sclId=\"@\"><m2m:link>coap://meter.example/m2m</m2m:link>"
     "<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType>$</m2m:scl>",
     "<m2m:scl " M2M_NS "><m2m:mgmtProtocolType>BBF TR 069</m2m:mgmtProtocolType></m2m:scl>"},
    {M2M_APPLICATION_ANNC, "/applications", "a",
     "<m2m:applicationAnnc " M2M_NS " id=\"a\">" LINK "</m2m:applicationAnnc>",
     "<m2m:applicationAnnc " M2M_NS ">" LINK "</m2m:applicationAnnc>"},
    {M2M_CONTAINER, "/containers", "c", "<m2m:container " M2M_NS " m2m:id=\"c\"/>",
     "<m2m:container " M2M_NS "><m2m:maxByteSize>9</m2m:maxByteSize></m2m:container>"},
    {M2M_CONTAINER_ANNC, "/containers", "a",
     "<m2m:containerAnnc " M2M_NS " m2m:id=\"a\">" LINK "</m2m:containerAnnc>",
     "<m2m:containerAnnc " M2M_NS ">" LINK "</m2m:containerAnnc>"},
    {M2M_CONTENT_INSTANCE, "/containers/base/contentInstances", "i",
     "<m2m:contentInstance " M2M_NS " m2m:id=\"i\"><m2m:content>YWJj</m2m:content>"
     "</m2m:contentInstance>", NULL},
    {M2M_GROUP, "/groups", "g",
     "<m2m:group " M2M_NS " m2m:id=\"g\"><m2m:memberType>CONTAINER</m2m:memberType><m2m:members>"
     "<reference>/m2m/scls/@/containers/base</reference></m2m:members></m2m:group>",
     "<m2m:group " M2M_NS "><m2m:maxNrOfMembers>3</m2m:maxNrOfMembers></m2m:group>"},
    {M2M_GROUP_ANNC, "/groups", "a",
     "<m2m:groupAnnc " M2M_NS " m2m:id=\"a\">" LINK "</m2m:groupAnnc>",
     "<m2m:groupAnnc " M2M_NS ">" LINK "</m2m:groupAnnc>"},
    {M2M_ACCESS_RIGHT, "/accessRights", "r",
     "<m2m:accessRight " M2M_NS " m2m:id=\"r\"><m2m:selfPermissions><m2m:permission>"
     "<m2m:permissionFlags><m2m:flag>READ</m2m:flag><m2m:flag>WRITE</m2m:flag>"
     "<m2m:flag>DELETE</m2m:flag><m2m:flag>CREATE</m2m:flag></m2m:permissionFlags>"
     "<m2m:permissionHolders><m2m:sclIDs><m2m:sclID>@</m2m:sclID></m2m:sclIDs></m2m:permissionHolders></m2m:permission>"
     "</m2m:selfPermissions></m2m:accessRight>",
     "<m2m:accessRight " M2M_NS "><m2m:selfPermissions><m2m:permission><m2m:permissionFlags>"
     "<m2m:flag>READ</m2m:flag><m2m:flag>DELETE</m2m:flag></m2m:permissionFlags>"
     "<m2m:permissionHolders><m2m:all/></m2m:permissionHolders></m2m:permission>"
     "</m2m:selfPermissions></m2m:accessRight>"},
    {M2M_ACCESS_RIGHT_ANNC, "/accessRights", "a",
     "<m2m:accessRightAnnc " M2M_NS " m2m:id=\"a\">" LINK "</m2m:accessRightAnnc>",
     "<m2m:accessRightAnnc " M2M_NS ">" LINK "</m2m:accessRightAnnc>"},
    {M2M_SUBSCRIPTION, "/containers/base/contentInstances/subscriptions", "s",
     "<m2m:subscription " M2M_NS " m2m:id=\"s\"><m2m:contact>http://na/</m2m:contact>"
     "</m2m:subscription>",
     "<m2m:subscription " M2M_NS "><m2m:contact>http://na/2</m2m:contact></m2m:subscription>"},
    {M2M_M2M_POC, "/m2mPocs", "p",
     "<m2m:m2mPoc " M2M_NS " m2m:id=\"p\"><m2m:contactInfo/></m2m:m2mPoc>",
     "<m2m:m2mPoc " M2M_NS "><m2m:onlineStatus>OFFLINE</m2m:onlineStatus></m2m:m2mPoc>"},
    {M2M_NOTIFICATION_CHANNEL, "/notificationChannels", "n",
     "<m2m:notificationChannel " M2M_NS " m2m:id=\"n\"><m2m:channelType>LONG_POLLING"
     "</m2m:channelType></m2m:notificationChannel>", NULL},
    {M2M_ATTACHED_DEVICE, "/attachedDevices", "d",
     "<m2m:attachedDevice " M2M_NS " m2m:id=\"d\"/>",
     "<m2m:attachedDevice " M2M_NS "/>"},
    {M2M_MGMT_OBJ, "/mgmtObjs", "o",
     "<m2m:mgmtObj " M2M_NS " m2m:id=\"o\"><m2m:moID>urn:mo</m2m:moID></m2m:mgmtObj>",
     "<m2m:mgmtObj " M2M_NS "><m2m:description>d</m2m:description></m2m:mgmtObj>"},
    {M2M_MGMT_CMD, "/mgmtObjs", "m",
     "<m2m:mgmtCmd " M2M_NS " m2m:id=\"m\"><m2m:cmdType>DOWNLOAD</m2m:cmdType></m2m:mgmtCmd>",
     "<m2m:mgmtCmd " M2M_NS "><m2m:description>d</m2m:description></m2m:mgmtCmd>"},
    /* clang-format on */
};
#define ROWS (sizeof rows / sizeof *rows)

#define CONTAINER_BASE "<m2m:container " M2M_NS " m2m:id=\"base\"/>"

/* A template with its '@' and '$'; a buffer of four that are taken in turn. */
ROGUE const char *fill(const struct rogue *r, const char *template)
{
    static char out[4][4096];
    static int turn;
    char *text = out[turn = (turn + 1) % 4];
    size_t used = 0;

    while (*template) {
        size_t plain = strcspn(template, "@$");

        ck_assert_uint_lt(used + plain, sizeof out[0]);
        memcpy(text + used, template, plain);
        used += plain;
        text[used] = '\0';
        template += plain;
        if (*template == '@')
            used = str_append(text, sizeof out[0], used, r->entity);
        else if (*template == '$')
            used += (size_t)scl_ival(r->town, &(struct scl_text){.result = GENUINE}, text + used,
                                     sizeof out[0] - used);
        template += *template != '\0';
    }
    ck_assert_uint_lt(used + 1, sizeof out[0]);
    return text;
}

/* Where it is created, below a device's <scl>, and where it then is. */
ROGUE void row_paths(const struct row *row, const struct town *t, const struct device *dev,
                     char collection[M2M_MAX_PATH], char path[M2M_MAX_PATH])
{
    if (!row->collection) {
        snprintf(collection, M2M_MAX_PATH, "/m2m/scls");
        snprintf(path, M2M_MAX_PATH, "%s", scl_path(t, dev, ""));
        return;
    }
    snprintf(collection, M2M_MAX_PATH, "%s", scl_path(t, dev, row->collection));
    ck_assert_int_lt(snprintf(path, M2M_MAX_PATH, "%s/%s", collection, row->name), M2M_MAX_PATH);
}

/* One question, and the status that it must have. */
#define ck_ask(r, method, target, body, wanted)                                                    \
    do {                                                                                           \
        const char *target_ = (target);                                                            \
                                                                                                   \
        rogue_ask(r, method, target_, body);                                                       \
        ck_assert_msg((r)->status == (int)(wanted), "%s %d %s: %d (%s, %s) instead of %d",         \
                      #method, __LINE__, target_, (r)->status, rogue_why(r),                       \
                      reason_text((r)->reason), (int)(wanted));                                    \
        ck_answer(r, wanted);                                                                      \
    } while (0)

/* His <scl>, and a container to hold what others need. */
ROGUE void way_register(struct rogue *r, const struct town *t)
{
    ck_ask(r, HTTP_POST, "/m2m/scls", fill(r, rows[0].body), STATUS_CREATED);
    ck_ask(r, HTTP_POST, scl_path(t, t->dev, "/containers"), CONTAINER_BASE, STATUS_CREATED);
}

#endif
