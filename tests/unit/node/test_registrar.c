/* What an NSCL answers, asked without engine, session or socket. */
#include "crypto/entity.h"
#include "models/node/node_id.h"
#include "models/node/registrar.h"
#include "models/proto/m2mxml_rep.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPOCH     (INT64_C(1370044800) * SIM_S) /* 2013-06-01T00:00:00Z */
#define NS        "xmlns:m2m='http://uri.etsi.org/m2m'"
#define CONTAINER "<m2m:container " NS " m2m:id='r'/>"
#define CONTENT   "<m2m:contentInstance " NS "><m2m:content>AAEC</m2m:content></m2m:contentInstance>"
#define NAMED                                                                                      \
    "<m2m:contentInstance " NS " m2m:id='n'><m2m:content>AAEC</m2m:content></m2m:contentInstance>"

/* A registrar, one SCL that it knows, and the answer to the last request. */
static struct registrar *registrar;
static struct cfg_server config;
static struct scl_record scl;
static struct meter meter;
static struct registrar_answer answer;
static sim_ns now;
static char scl_id[M2M_MAX_URI];

static void open_registrar(void)
{
    ck_assert_int_eq(crypto_init(), OK);
    m2mxml_init();
    config = (struct cfg_server){
        .ival = true,
        .rules = {{.name = "tampered", .mask = 1, .value = 0, .verdict = CFG_DENY},
                  {.name = "old",
                   .mask = 2,
                   .value = 0,
                   .verdict = CFG_LIMIT,
                   .allowed_services = ~ival_capability_bit(CAP_XRAR)}},
        .rule_count = 2,
        .otherwise = CFG_ALLOW,
        .ival_window = 300 * SIM_S,
        .registration_min = 60 * SIM_S,
        .registration_max = 86400 * SIM_S,
    };
    scl = (struct scl_record){.connection_id = 7,
                              .kmc_index = 1,
                              .kmc_expires = 3600 * SIM_S,
                              .ival_capable = true,
                              .kmc = {0x11},
                              .kival = {0x22},
                              .node_id = {0xAB}};
    node_scl_id(scl.node_id, scl_id);
    memset(&meter, 0, sizeof meter);
    memset(&answer, 0, sizeof answer);
    now = SIM_S;
    registrar = registrar_new(&(struct registrar_settings){
        .fqdn = "nscl.example", .config = &config, .epoch_unix_ns = EPOCH});
    registrar_store(registrar, &scl);
}

static void close_registrar(void)
{
    m2m_doc_release(&answer.doc);
    registrar_free(registrar);
}

/* As of the connection 7:1, in the name of entity. xml NULL: no body. */
static int ask_as(const char *entity, enum http_method method, const char *path, const char *xml)
{
    struct server_request r = {.method = method, .peer_name = "7:1"};
    struct scl_record *s = registrar_of_connection(registrar, r.peer_name);
    char why[80];

    ck_assert_ptr_nonnull(s);
    snprintf(r.target, sizeof r.target, "%s", path);
    snprintf(r.requesting_entity, sizeof r.requesting_entity, "%s", entity);
    if (xml)
        ck_assert_msg(m2mxml_rep_read(span_str(xml), &r.rep, why) == REASON_NONE, "%s", why);
    m2m_doc_release(&answer.doc);
    registrar_request(registrar, s, &r, &meter, now, &answer);
    m2m_rep_clear(&r.rep);
    return answer.answer.status;
}

/* A sealed request without a body, by its number. */
static int ask_sealed(uint64_t number, enum http_method method, const char *path, bool with_body)
{
    struct server_request r = {.method = method, .peer_name = "7:1", .sequence = number};
    char why[80], target[2 * M2M_MAX_URI];

    snprintf(target, sizeof target, "/m2m/scls/%s%s", scl_id, path);
    snprintf(r.target, sizeof r.target, "%.200s", target);
    snprintf(r.requesting_entity, sizeof r.requesting_entity, "%s", scl_id);
    if (with_body)
        ck_assert_int_eq(m2mxml_rep_read(span_str(CONTAINER), &r.rep, why), REASON_NONE);
    m2m_doc_release(&answer.doc);
    registrar_request(registrar, registrar_of_connection(registrar, r.peer_name), &r, &meter, now,
                      &answer);
    m2m_rep_clear(&r.rep);
    return answer.answer.status;
}

static bool is_replayed(void)
{
    return answer.answer.status == STATUS_PERMISSION_DENIED && answer.answer.additional &&
           strcmp(answer.answer.additional, reason_text(REASON_OBJECT_REPLAYED)) == 0;
}

/* path: below its <scl>; NULL: the collection of all. */
static int ask(enum http_method method, const char *path, const char *xml)
{
    char full[2 * M2M_MAX_URI];

    if (path)
        snprintf(full, sizeof full, "/m2m/scls/%s%s", scl_id, path);
    return ask_as(scl_id, method, path ? full : "/m2m/scls", xml);
}

/* <scl>'s attributes with a signed result, as it was at `signed_at`, spoilt on demand. */
static void write_scl(char xml[1024], const char *fixed, uint32_t result, sim_ns signed_at,
                      int64_t spoil)
{
    char stamp[40];

    m2m_datetime_write(EPOCH + signed_at, stamp);
    snprintf(
        xml, 1024,
        "<m2m:scl " NS "%s<m2m:mgmtProtocolType>BBF TR 069</m2m:mgmtProtocolType>"
        "<m2m:integrityValResults>"
        "<ivalResults>%u</ivalResults><signedIvalResult>%lld</signedIvalResult>"
        "<secureTimeStamp>%s</secureTimeStamp></m2m:integrityValResults></m2m:scl>",
        fixed, result,
        (long long)(key_ival_sign(&meter, scl.kival, result, span_str(stamp), scl.node_id) ^ spoil),
        stamp);
}

static int enrol(uint32_t result, sim_ns signed_at, int64_t spoil)
{
    char xml[1024], fixed[400];

    snprintf(fixed, sizeof fixed, " sclId='%s'><m2m:link>https://a.example/m2m</m2m:link>", scl_id);
    write_scl(xml, fixed, result, signed_at, spoil);
    return ask(HTTP_POST, NULL, xml);
}

static int attest(uint32_t result)
{
    char xml[1024];

    write_scl(xml, ">", result, now, 0);
    return ask(HTTP_PUT, "", xml);
}

/* Over mIa, where nobody proves who he is. */
static int ask_over_mia(const char *entity, enum http_method method, const char *path,
                        const char *xml)
{
    struct server_request r = {.method = method, .peer_name = ""};
    char why[80];

    snprintf(r.target, sizeof r.target, "%s", path);
    snprintf(r.requesting_entity, sizeof r.requesting_entity, "%s", entity);
    if (xml)
        ck_assert_msg(m2mxml_rep_read(span_str(xml), &r.rep, why) == REASON_NONE, "%s", why);
    m2m_doc_release(&answer.doc);
    registrar_application(registrar, &r, &meter, now, &answer);
    m2m_rep_clear(&r.rep);
    return answer.answer.status;
}

#define APPLICATION "<m2m:application " NS " appId='app'/>"
#define SUBSCRIPTION                                                                               \
    "<m2m:subscription " NS "><m2m:contact>http://a.example/</m2m:contact></m2m:subscription>"
#define SCL                                                                                        \
    "<m2m:scl " NS " sclId='app'><m2m:link>https://a.example/m2m</m2m:link>"                       \
    "<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType></m2m:scl>"

START_TEST(an_application_over_mia)
{
    char path[M2M_MAX_URI];

    ck_assert_int_eq(enrol(0xFFFFFFFF, now, 0), STATUS_CREATED);
    ck_assert_int_eq(ask(HTTP_POST, "/containers", CONTAINER), STATUS_CREATED);
    /* Nobody, an SCL, the NSCL itself: none of them comes this way. */
    ck_assert_int_eq(ask_over_mia("", HTTP_GET, "/m2m", NULL), STATUS_FORBIDDEN);
    ck_assert_int_eq(ask_over_mia(scl_id, HTTP_GET, "/m2m", NULL), STATUS_PERMISSION_DENIED);
    ck_assert_int_eq(ask_over_mia("nscl.example", HTTP_GET, "/m2m", NULL),
                     STATUS_PERMISSION_DENIED);
    /* Registered, it may look around and subscribe at what is the NSCL's own. */
    ck_assert_int_eq(ask_over_mia("app", HTTP_POST, "/m2m/scls/subscriptions", SUBSCRIPTION),
                     STATUS_NOT_FOUND);
    ck_assert_int_eq(ask_over_mia("other", HTTP_POST, "/m2m/applications", APPLICATION),
                     STATUS_PERMISSION_DENIED);
    ck_assert_int_eq(ask_over_mia("app", HTTP_POST, "/m2m/applications", APPLICATION),
                     STATUS_CREATED);
    ck_assert_int_eq(ask_over_mia("app", HTTP_POST, "/m2m/applications", APPLICATION),
                     STATUS_CONFLICT);
    ck_assert_int_eq(ask_over_mia("app", HTTP_POST, "/m2m/scls/subscriptions", SUBSCRIPTION),
                     STATUS_CREATED);
    ck_assert_int_eq(ask_over_mia("app", HTTP_GET, "/m2m/discovery?searchString=x", NULL),
                     STATUS_OK);
    ck_assert_int_eq(ask_over_mia("app", HTTP_GET, "/m2m/discovery?colour=x", NULL),
                     STATUS_BAD_REQUEST);
    /* It is no SCL, and another's container is not there for it. */
    ck_assert_int_eq(ask_over_mia("app", HTTP_POST, "/m2m/scls", SCL), STATUS_FORBIDDEN);
    snprintf(path, sizeof path, "/m2m/scls/%.100s/containers/r", scl_id);
    ck_assert_int_eq(ask_over_mia("app", HTTP_GET, path, NULL), STATUS_NOT_FOUND);
    snprintf(path, sizeof path, "/m2m/scls/%.100s", scl_id);
    ck_assert_int_eq(ask_over_mia("app", HTTP_DELETE, path, NULL), STATUS_NOT_FOUND);
    ck_assert_int_eq(ask_over_mia("app", HTTP_DELETE, "/m2m/applications/app", NULL),
                     STATUS_DELETED);
}
END_TEST

START_TEST(life_of_a_registration)
{
    ck_assert_int_eq(enrol(0xFFFFFFFF, now, 0), STATUS_CREATED);
    ck_assert_str_eq(answer.ival.verdict, "granted");
    ck_assert_str_eq(answer.ival.rule, "otherwise");
    ck_assert_int_eq(answer.ival.result, 0xFFFFFFFF);
    ck_assert_int_eq(answer.doc.kind, DOC_SCL);
    ck_assert_str_eq(answer.doc.u.scl.scl_id, scl_id);
    ck_assert_int_eq(registrar_of_node(registrar, scl.node_id)->scl_expires, now + 86400 * SIM_S);
    ck_assert_int_eq(enrol(0xFFFFFFFF, now, 0), STATUS_CONFLICT);
    ck_assert_ptr_null(answer.ival.verdict);
    ck_assert_int_eq(ask(HTTP_POST, "/containers", CONTAINER), STATUS_CREATED);
    ck_assert_ptr_nonnull(strstr(answer.answer.location, "/containers/r"));
    ck_assert_int_eq(ask(HTTP_POST, "/containers/r/contentInstances", CONTENT), STATUS_CREATED);
    ck_assert_ptr_nonnull(strstr(answer.answer.location, "/contentInstances/contentInstance-"));
    ck_assert_int_eq(ask(HTTP_POST, "/containers/r/contentInstances", NAMED), STATUS_CREATED);
    ck_assert_ptr_null(answer.answer.location);
    ck_assert_int_eq(ask(HTTP_GET, "/containers/r/contentInstances/latest", NULL), STATUS_OK);
    ck_assert_int_eq(answer.doc.kind, DOC_RESOURCE);
    ck_assert_int_eq(ask(HTTP_DELETE, "/containers/q", NULL), STATUS_NOT_FOUND);
    ck_assert_int_eq(ask(HTTP_DELETE, "/containers/r", NULL), STATUS_DELETED);
    ck_assert_int_eq(ask(HTTP_DELETE, "", NULL), STATUS_DELETED);
    ck_assert_int_eq(registrar_of_node(registrar, scl.node_id)->scl_expires, 0);
    ck_assert_uint_gt(scl_tree_count(registrar_tree(registrar)), 0);
}
END_TEST

START_TEST(who_asks)
{
    uint8_t psk[32];
    enum reason reason;

    ck_assert_uint_eq(registrar_psk(registrar, span_str("7:1"), now, psk, &reason), M2M_KEY_LEN);
    ck_assert_int_eq(psk[0], 0x11);
    ck_assert_uint_eq(registrar_psk(registrar, span_str("7:2"), now, psk, &reason), 0);
    ck_assert_int_eq(reason, REASON_PSK_UNKNOWN);
    ck_assert_uint_eq(registrar_psk(registrar, span_str("7:1"), 3600 * SIM_S, psk, &reason), 0);
    ck_assert_int_eq(reason, REASON_KEY_EXPIRED);
    ck_assert_ptr_null(registrar_of_connection(registrar, "8:1"));
    ck_assert_int_eq(ask_as("", HTTP_GET, "/m2m", NULL), STATUS_FORBIDDEN);
    ck_assert_int_eq(ask_as("scl-other", HTTP_GET, "/m2m", NULL), STATUS_PERMISSION_DENIED);
    ck_assert_int_eq(ask_as(scl_id, HTTP_GET, "/m2m?nonsense=1", NULL), STATUS_BAD_REQUEST);
    ck_assert(!answer.answer.close);
    now = 3600 * SIM_S; /* a session that outlived its Kmc */
    ck_assert_int_eq(ask_as(scl_id, HTTP_GET, "/m2m", NULL), STATUS_PERMISSION_DENIED);
    ck_assert(answer.answer.close);
    registrar_refuse_stranger(&answer, "who?");
    ck_assert_int_eq(answer.answer.status, STATUS_PERMISSION_DENIED);
    ck_assert_str_eq(answer.answer.additional, "who?");
    ck_assert(answer.answer.close);
}
END_TEST

START_TEST(new_connection_of_a_known_scl)
{
    struct scl_record again = scl, *s;

    ck_assert_int_eq(enrol(0xFFFFFFFF, now, 0), STATUS_CREATED);
    again.connection_id = 9;
    registrar_store(registrar, &again);
    ck_assert_ptr_null(registrar_of_connection(registrar, "7:1"));
    s = registrar_of_connection(registrar, "9:1");
    ck_assert_ptr_eq(s, registrar_of_node(registrar, scl.node_id));
    ck_assert_int_gt(s->scl_expires, now); /* still registered */
}
END_TEST

START_TEST(verdicts)
{
    static const struct {
        uint32_t result;
        sim_ns age;
        int64_t spoil;
        int status;
        const char *verdict, *rule;
    } cases[] = {{0xFFFFFFFE, 0, 0, STATUS_FORBIDDEN, "denied", "tampered"},
                 {0xFFFFFFFF, 0, 1, STATUS_BAD_REQUEST, "bad-signature", "signature"},
                 {0xFFFFFFFF, 301 * SIM_S, 0, STATUS_BAD_REQUEST, "replay", "signature"},
                 {0xFFFFFFFD, 300 * SIM_S, 0, STATUS_CREATED, "limited", "old"}};

    now = 1000 * SIM_S;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_int_eq(enrol(cases[i].result, now - cases[i].age, cases[i].spoil),
                         cases[i].status);
        ck_assert_str_eq(answer.ival.verdict, cases[i].verdict);
        ck_assert_str_eq(answer.ival.rule, cases[i].rule);
    }
    /* The last one is registered, without xRAR: it stores nothing. */
    ck_assert_int_eq(ask(HTTP_POST, "/containers", CONTAINER), STATUS_FORBIDDEN);
    ck_assert_str_eq(answer.answer.additional, reason_text(REASON_IVAL_LIMITED));
    /* Re-attested with an image that is refused, it is no longer registered. */
    ck_assert_int_eq(attest(0xFFFFFFFE), STATUS_FORBIDDEN);
    ck_assert_int_eq(registrar_of_node(registrar, scl.node_id)->scl_expires, 0);
    ck_assert_int_eq(ask(HTTP_GET, "", NULL), STATUS_NOT_FOUND);
}
END_TEST

#define READING(strings, id, content)                                                              \
    "<m2m:contentInstance " NS " m2m:id='" id "'><m2m:searchStrings>" strings                      \
    "</m2m:searchStrings><m2m:content>" content "</m2m:content></m2m:contentInstance>"
#define STRING(text) "<m2m:searchString>" text "</m2m:searchString>"
#define APP(id)      STRING("application:" id)
/* HMAC-SHA-256 under Kma of app-1, over path, "i1" and 00 01 02; computed apart. */
#define CODE STRING("kma:7b5db6f41fc1adf056825f02d2687b1f401341642fd301bfdbb7a20a06e52bbb")
#define A16  "aaaaaaaaaaaaaaaa"

/* Who names an application proves it with that application's Kma. */
START_TEST(applications)
{
    static const struct {
        const char *xml;
        int status;
    } cases[] = {
        {READING(APP("app-1"), "i1", "AAEC"), STATUS_PERMISSION_DENIED},
        {READING(APP("app-2") CODE, "i1", "AAEC"), STATUS_PERMISSION_DENIED},
        {READING(APP("app-1") CODE, "i2", "AAEC"), STATUS_PERMISSION_DENIED},
        {READING(APP("app-1") CODE, "i1", "AAED"), STATUS_PERMISSION_DENIED},
        {READING(CODE, "i1", "AAEC"), STATUS_BAD_REQUEST},
        {READING(APP("app-1") APP("app-1") CODE, "i1", "AAEC"), STATUS_BAD_REQUEST},
        {READING(APP("app-1") CODE CODE, "i1", "AAEC"), STATUS_BAD_REQUEST},
        {READING(APP("app-1") STRING("kma:7b"), "i1", "AAEC"), STATUS_BAD_REQUEST},
        {READING(APP("app-1") STRING("kma:" A16 A16 A16 "aaaaaaaaaaaaaaax"), "i1", "AAEC"),
         STATUS_BAD_REQUEST},
        {READING(APP("") CODE, "i1", "AAEC"), STATUS_BAD_REQUEST},
        {READING(APP(A16 A16 A16 A16) CODE, "i1", "AAEC"), STATUS_BAD_REQUEST},
        {READING(APP(A16 A16 A16 "aaaaaaaaaaaaaaa") CODE, "i1", "AAEC"), STATUS_PERMISSION_DENIED},
        {READING(APP("app-1") CODE, "i1", "AAEC"), STATUS_CREATED},
        {READING(CODE STRING("heat") APP("app-1"), "i1", "AAEC"), STATUS_CONFLICT},
        {READING(STRING("heat") STRING("kmx:"), "i3", "AAEC"), STATUS_CREATED}};
    const char path[] = "/containers/r/contentInstances";

    ck_assert_int_eq(enrol(0xFFFFFFFF, now, 0), STATUS_CREATED);
    ck_assert_int_eq(ask(HTTP_POST, "/containers", CONTAINER), STATUS_CREATED);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(ask(HTTP_POST, path, cases[i].xml) == cases[i].status, "%zu: %d", i,
                      answer.answer.status);
    ck_assert_int_eq(
        ask(HTTP_GET, "/containers/r/contentInstances?searchString=application:app-1", NULL),
        STATUS_OK);
    /* Another container is another place; another Kmc, or none, has other Kma. */
    ck_assert_int_eq(ask(HTTP_POST, "/containers", "<m2m:container " NS " m2m:id='s'/>"),
                     STATUS_CREATED);
    ck_assert_int_eq(ask(HTTP_POST, "/containers/s/contentInstances", cases[12].xml),
                     STATUS_PERMISSION_DENIED);
    ck_assert_int_eq(ask(HTTP_DELETE, "/containers/r/contentInstances/i1", NULL), STATUS_DELETED);
    registrar_of_node(registrar, scl.node_id)->kmc_index = 0;
    ck_assert_int_eq(ask(HTTP_POST, path, cases[12].xml), STATUS_PERMISSION_DENIED);
    scl.kmc[0] = 0x12;
    registrar_store(registrar, &scl);
    ck_assert_int_eq(ask(HTTP_POST, path, cases[12].xml), STATUS_PERMISSION_DENIED);
    scl.kmc[0] = 0x11;
    registrar_store(registrar, &scl);
    ck_assert_int_eq(ask(HTTP_POST, path, cases[12].xml), STATUS_CREATED);
}
END_TEST

/* Long polls come on a session of their own, so theirs may overtake others, and be overtaken; each
 * number is good once all the same. */
START_TEST(numbers_of_polls_apart)
{
    static const char poll[] = "/notificationChannels/poll/longPolling";

    ask_sealed(10, HTTP_GET, "", false);
    ck_assert(!is_replayed());
    ask_sealed(7, HTTP_POST, poll, false); /* held back while 8 and 10 went by */
    ck_assert(!is_replayed());
    ask_sealed(7, HTTP_POST, poll, false);
    ck_assert(is_replayed());
    ask_sealed(21, HTTP_POST, poll, false);
    ck_assert(!is_replayed());
    ask_sealed(12, HTTP_GET, "", false);
    ck_assert(!is_replayed());
    ask_sealed(12, HTTP_GET, "", false);
    ck_assert(is_replayed());
    /* What has a body there is no poll but an answer, and one of the others. */
    ask_sealed(12, HTTP_POST, poll, true);
    ck_assert(is_replayed());
    ask_sealed(14, HTTP_POST, poll, true);
    ck_assert(!is_replayed());
    ask_sealed(13, HTTP_POST, poll, false);
    ck_assert(is_replayed());
    /* A new Kmc begins anew. */
    registrar_store(registrar, &scl);
    ask_sealed(1, HTTP_POST, poll, false);
    ck_assert(!is_replayed());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("registrar");
    TCase *t = tcase_create("registrar");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(t, open_registrar, close_registrar);
    tcase_add_test(t, life_of_a_registration);
    tcase_add_test(t, an_application_over_mia);
    tcase_add_test(t, who_asks);
    tcase_add_test(t, numbers_of_polls_apart);
    tcase_add_test(t, new_connection_of_a_known_scl);
    tcase_add_test(t, verdicts);
    tcase_add_test(t, applications);
    suite_add_tcase(suite, t);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
