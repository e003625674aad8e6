#include "models/proto/m2m_path.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *uri;
    enum m2m_path_result result;
    enum m2m_type type; /* where OK: of the end */
    unsigned steps;
    const char *name; /* of the end */
} paths[] = {
    {"/m2m", M2M_PATH_OK, M2M_SCL_BASE, 1, "m2m"},
    {"/m2m/scls", M2M_PATH_OK, M2M_SCLS, 2, "scls"},
    {"/m2m/scls/scl-1", M2M_PATH_OK, M2M_SCL, 3, "scl-1"},
    {"/m2m/scls/http%3A%2F%2Fscl.example%2F7", M2M_PATH_OK, M2M_SCL, 3, "http://scl.example/7"},
    {"/m2m/scls/urn:scl:7", M2M_PATH_OK, M2M_SCL, 3, "urn:scl:7"},
    {"/m2m/scls/containers", M2M_PATH_OK, M2M_SCL, 3, "containers"},
    {"/m2m/scls/s/containers/c/contentInstances/latest", M2M_PATH_OK, M2M_LATEST, 7, "latest"},
    {"/m2m/scls/s/containers/c/contentInstances/oldest", M2M_PATH_OK, M2M_OLDEST, 7, "oldest"},
    {"/m2m/scls/s/containers/c/contentInstances/i1", M2M_PATH_OK, M2M_CONTENT_INSTANCE, 7, "i1"},
    {"/m2m/scls/s/applications/a/containers/c/contentInstances/subscriptions/x", M2M_PATH_OK,
     M2M_SUBSCRIPTION, 10, "x"},
    {"/m2m/scls/s/attachedDevices/d/mgmtObjs/m/subscriptions/x", M2M_PATH_OK, M2M_SUBSCRIPTION, 9,
     "x"},
    {"/m2m/scls/s/mgmtObjs/m/execInstances/e/execDisable", M2M_PATH_OK, M2M_EXEC_DISABLE, 8,
     "execDisable"},
    {"/m2m/groups/g/membersContent", M2M_PATH_OK, M2M_MEMBERS_CONTENT, 4, "membersContent"},
    {"/m2m/scls/s/notificationChannels/n/longPolling", M2M_PATH_OK, M2M_LONG_POLLING, 6,
     "longPolling"},
    {"/m2m/discovery", M2M_PATH_OK, M2M_DISCOVERY, 2, "discovery"},
    {"https://nscl.example:443/m2m/scls", M2M_PATH_OK, M2M_SCLS, 2, "scls"},
    {"coap://[2001:db8::1]:5683/m2m", M2M_PATH_OK, M2M_SCL_BASE, 1, "m2m"},
    /* a form that no path has */
    {"", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"m2m", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"/", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"/m2m/", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"/m2m//scls", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"/m2m/./scls", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"/m2m/scls/..", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"/m2m/scls/%2E%2e", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"/m2m/scls/a%00b", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"/m2m/scls/a%0ab", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"/m2m/scls/a%7fb", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"/m2m/scls/a%2", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"/m2m/scls/a%zz", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"/m2m/scls/a%", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"/m2m/scls/a b", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"/m2m/scls/a?b", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"/m2m/scls/a#b", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"/m2m/scls/\xc3\xa9", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"http:///m2m", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"http://host", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"://host/m2m", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"1http://host/m2m", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"http:/host/m2m", M2M_PATH_MALFORMED, 0, 0, NULL},
    {"http://ho st/m2m", M2M_PATH_MALFORMED, 0, 0, NULL},
    /* what cannot stand there */
    {"/other", M2M_PATH_UNKNOWN, 0, 0, NULL},
    {"/m2m/scl", M2M_PATH_UNKNOWN, 0, 0, NULL},
    {"/m2m/m2mPocs", M2M_PATH_UNKNOWN, 0, 0, NULL},
    {"/m2m/scls/s/scls", M2M_PATH_UNKNOWN, 0, 0, NULL},
    {"/m2m/scls/s/containers/c/contentInstances/i/subscriptions", M2M_PATH_UNKNOWN, 0, 0, NULL},
    {"/m2m/discovery/x", M2M_PATH_UNKNOWN, 0, 0, NULL},
    {"/m2m/applications/a/m2mPocs", M2M_PATH_UNKNOWN, 0, 0, NULL},
};

START_TEST(every_path)
{
    struct m2m_path p;
    enum m2m_path_result result = m2m_path_parse(span_str(paths[_i].uri), "m2m", &p);

    ck_assert_msg(result == paths[_i].result, "%s: %d", paths[_i].uri, (int)result);
    if (result != M2M_PATH_OK)
        return;
    ck_assert_uint_eq(p.count, paths[_i].steps);
    ck_assert_int_eq(m2m_path_type(&p), paths[_i].type);
    ck_assert_str_eq(m2m_path_name(&p, p.count - 1), paths[_i].name);
}
END_TEST

START_TEST(authority_and_suffix)
{
    struct m2m_path p;

    ck_assert_int_eq(m2m_path_parse(span_str("https://u@nscl.example:443/m2m"), "m2m", &p),
                     M2M_PATH_OK);
    ck_assert_str_eq(p.text + p.authority, "u@nscl.example:443");
    ck_assert_int_eq(
        m2m_path_parse(span_str("/m2m/groups/g/membersContent/contentInstances/a%20b"), "m2m", &p),
        M2M_PATH_OK);
    ck_assert_int_eq(m2m_path_type(&p), M2M_MEMBERS_CONTENT);
    ck_assert_str_eq(p.text + p.suffix, "/contentInstances/a%20b");
    ck_assert_str_eq(p.text + p.authority, "");
    ck_assert_int_eq(m2m_path_parse(span_str("/m2m/groups/g/membersContent//"), "m2m", &p),
                     M2M_PATH_MALFORMED);
}
END_TEST

START_TEST(bounds)
{
    struct m2m_path p;
    char uri[M2M_MAX_PATH + 8];

    memset(uri, 'a', sizeof(uri));
    memcpy(uri, "/m2m/scls/", 10);
    ck_assert_int_eq(m2m_path_parse(span_of(uri, 10 + M2M_MAX_NAME), "m2m", &p), M2M_PATH_OK);
    ck_assert_int_eq(m2m_path_parse(span_of(uri, 11 + M2M_MAX_NAME), "m2m", &p),
                     M2M_PATH_MALFORMED);
    /* as long as may be: names of 200 octets, the rest behind membersContent */
    for (size_t i = 1; i < M2M_MAX_PATH; i++)
        uri[i] = i % 150 ? 'b' : '/';
    memcpy(uri, "/m2m/groups/g/membersContent/", 29);
    ck_assert_int_eq(m2m_path_parse(span_of(uri, M2M_MAX_PATH), "m2m", &p), M2M_PATH_OK);
    ck_assert_uint_eq(strlen(p.text + p.suffix), M2M_MAX_PATH - 28);
    ck_assert_int_eq(m2m_path_parse(span_of(uri, M2M_MAX_PATH + 1), "m2m", &p), M2M_PATH_MALFORMED);
}
END_TEST

START_TEST(written_and_read)
{
    static const char name[] = "http://a.b/c d%\xc3\xa9";
    struct m2m_path p;
    char uri[128] = "/m2m/scls", small[16] = "/m2m";

    ck_assert(m2m_path_append(uri, sizeof(uri), name));
    ck_assert_str_eq(uri, "/m2m/scls/http:%2F%2Fa.b%2Fc%20d%25%C3%A9");
    ck_assert_int_eq(m2m_path_parse(span_str(uri), "m2m", &p), M2M_PATH_OK);
    ck_assert_str_eq(m2m_path_name(&p, 2), name);
    ck_assert(!m2m_path_append(small, sizeof(small), "longer than it"));
    ck_assert_str_eq(small, "/m2m");
}
END_TEST

/* The tables are whole: every type that can be created has a name to be called by, whatever is
 * created in a collection fits its parent's grammar, and nothing has two names. */
START_TEST(tables)
{
    for (int i = M2M_NO_TYPE + 1; i < M2M_TYPE_COUNT; i++) {
        const struct m2m_type_info *info = m2m_type_info((enum m2m_type)i);

        ck_assert_int_eq(m2m_type_find(m2m_type_name((enum m2m_type)i)), i);
        ck_assert_ptr_nonnull(info->attributes);
        ck_assert_msg(!info->items || info->collection, "%s", m2m_type_name((enum m2m_type)i));
        for (const enum m2m_type *t = info->items; t && *t; t++) {
            ck_assert(m2m_collection_holds((enum m2m_type)i, *t));
            ck_assert_int_ne(m2m_type_info(*t)->naming, E_NONE);
            ck_assert_ptr_nonnull(m2m_type_attribute(*t, m2m_type_info(*t)->naming));
        }
        for (const struct m2m_attribute *a = info->attributes; a->element; a++)
            ck_assert_ptr_eq(m2m_type_attribute((enum m2m_type)i, a->element), a);
    }
    ck_assert_int_eq(m2m_type_find("nonsense"), M2M_NO_TYPE);
    ck_assert(m2m_type_takes(M2M_CONTENT_INSTANCE, M2M_DELETE));
    ck_assert(!m2m_type_takes(M2M_CONTENT_INSTANCE, M2M_UPDATE));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("m2m_path");
    TCase *tc = tcase_create("m2m_path");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(tc, every_path, 0, (int)(sizeof(paths) / sizeof(paths[0])));
    tcase_add_test(tc, authority_and_suffix);
    tcase_add_test(tc, bounds);
    tcase_add_test(tc, written_and_read);
    tcase_add_test(tc, tables);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
