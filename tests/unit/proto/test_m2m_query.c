#include "models/proto/m2m_query.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *query;
    enum m2m_status status;
} queries[] = {
    {"", STATUS_OK},
    {"searchString=heat", STATUS_OK},
    {"searchString=heat&searchString=a%20b%26c", STATUS_OK},
    {"sizeFrom=4&sizeUntil=9&metaDataOnly=true", STATUS_OK},
    {"createdSince=2013-06-01T00:00:00Z&creator=scl:1", STATUS_OK},
    {"search%53tring=x", STATUS_OK},
    {"searchPrefix=/m2m/scls&maxSize=10", STATUS_OK},
    {"searchString", STATUS_BAD_REQUEST},
    {"=x", STATUS_BAD_REQUEST},
    {"&", STATUS_BAD_REQUEST},
    {"nonsense=1", STATUS_BAD_REQUEST},
    {"attributeAccessor=content", STATUS_BAD_REQUEST},
    {"sizeFrom=x", STATUS_BAD_REQUEST},
    {"sizeFrom=-1", STATUS_BAD_REQUEST},
    {"sizeFrom=1&sizeFrom=2", STATUS_BAD_REQUEST},
    {"createdSince=soon", STATUS_BAD_REQUEST},
    {"metaDataOnly=maybe", STATUS_BAD_REQUEST},
    {"creator=a%20b", STATUS_BAD_REQUEST},
    {"searchString=%0", STATUS_BAD_REQUEST},
    {"searchString=%zz", STATUS_BAD_REQUEST},
    {"searchString=%00", STATUS_BAD_REQUEST},
    {"searchString=%0a", STATUS_BAD_REQUEST},
    {"maxSize=0", STATUS_BAD_REQUEST},
    {"maxSize=1&maxSize=2", STATUS_BAD_REQUEST},
    {"maxSize=4294967296", STATUS_BAD_REQUEST},
    {"searchPrefix=a%20b", STATUS_BAD_REQUEST},
    {"searchPrefix=/a&searchPrefix=/b", STATUS_BAD_REQUEST},
};

START_TEST(every_query)
{
    struct m2m_query q;
    char why[80];
    enum m2m_status status = m2m_query_parse(span_str(queries[_i].query), &q, why);

    ck_assert_msg(status == queries[_i].status, "%s: %s (%s)", queries[_i].query,
                  m2m_status_name(status), why);
    if (status != STATUS_OK)
        ck_assert_str_ne(why, "");
    m2m_query_clear(&q);
}
END_TEST

START_TEST(values)
{
    struct m2m_query q;
    struct span rest, value;
    struct m2m_item item;
    char why[80], longest[M2M_MAX_LINK + 32];

    ck_assert_int_eq(m2m_query_parse(span_str("searchString=a&createdSince=1970-01-01T00:00:01Z&"
                                              "metaDataOnly=1&searchString=b%3dc&maxSize=7&"
                                              "searchPrefix=%2fm2m"),
                                     &q, why),
                     STATUS_OK);
    ck_assert_uint_eq(q.max_size, 7);
    ck_assert_str_eq(q.search_prefix, "/m2m");
    rest = m2m_rep_span(&q.filter);
    ck_assert_int_eq(m2m_find_number(rest, E_CREATED_SINCE, 0), 1000000000);
    ck_assert_int_eq(m2m_find_number(rest, E_META_DATA_ONLY, 0), 1);
    ck_assert(m2m_find(rest, E_SEARCH_STRING, &value) && m2m_is_text(value, "a"));
    for (int i = 0; i < 4; i++)
        ck_assert(m2m_next(&rest, &item));
    ck_assert(m2m_is_text(item.value, "b=c"));
    m2m_query_clear(&q);
    memset(longest, 'x', sizeof(longest));
    memcpy(longest, "searchString=", 13);
    ck_assert_int_eq(m2m_query_parse(span_of(longest, 13 + M2M_MAX_LINK - 1), &q, why), STATUS_OK);
    m2m_query_clear(&q);
    ck_assert_int_eq(m2m_query_parse(span_of(longest, 13 + M2M_MAX_LINK), &q, why),
                     STATUS_BAD_REQUEST);
    m2m_query_clear(&q);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("m2m_query");
    TCase *tc = tcase_create("m2m_query");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(tc, every_query, 0, (int)(sizeof(queries) / sizeof(queries[0])));
    tcase_add_test(tc, values);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
