/* Representations and their XML: what is refused, and why; numbers; bounds. */
#include "models/proto/m2mxml_rep.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS "xmlns:m2m='http://uri.etsi.org/m2m'"

static const struct {
    const char *xml;
    enum reason reason;
    const char *why;
} refused[] = {
    {"", REASON_XML_MALFORMED, "not text"},
    {"<m2m:scl>", REASON_XML_MALFORMED, "not well-formed"},
    {"<scl/>", REASON_XML_INVALID, "unknown document scl"},
    {"<m2m:nothing " NS "/>", REASON_XML_INVALID, "unknown document nothing"},
    {"<m2m:latest " NS "></m2m:latest>", REASON_NONE, NULL}, /* the rows of a contentInstance */
    {"<m2m:membersContent " NS "/>", REASON_XML_INVALID, "unknown document"},
    {"<x:scl xmlns:x='urn:other'/>", REASON_XML_INVALID, "unknown document"},
    {"<m2m:scl " NS ">text</m2m:scl>", REASON_XML_INVALID, "not of its type"},
    {"<m2m:scl " NS "><m2m:content/></m2m:scl>", REASON_XML_INVALID, "unknown element content"},
    {"<m2m:scl " NS "><link>http://a</link></m2m:scl>", REASON_XML_INVALID, "unknown element link"},
    {"<m2m:scl " NS " name='a'/>", REASON_XML_INVALID, "unknown attribute name"},
    {"<m2m:scl " NS " sclId='a b'/>", REASON_XML_INVALID, "sclId is not of its type"},
    {"<m2m:scl " NS " sclId='a' m2m:sclId='b'/>", REASON_XML_INVALID, "sclId is there twice"},
    {"<m2m:scl " NS " xmlns:o='urn:o' o:sclId='a b'/>", REASON_NONE, NULL},
    {"<m2m:scl " NS "><m2m:link>a</m2m:link><m2m:link>a</m2m:link></m2m:scl>", REASON_XML_INVALID,
     "link is there twice"},
    {"<m2m:scl " NS "><m2m:link><m2m:link/></m2m:link></m2m:scl>", REASON_XML_INVALID,
     "link is not of its type"},
    {"<m2m:scl " NS "><m2m:pocs>x</m2m:pocs></m2m:scl>", REASON_XML_INVALID,
     "pocs is not of its type"},
    {"<m2m:scl " NS "><m2m:pocs><m2m:reference>x</m2m:reference></m2m:pocs></m2m:scl>", REASON_NONE,
     NULL},
    {"<m2m:scl " NS "><m2m:integrityValResults><ivalResults>1</ivalResults>"
     "<secureTimeStamp>2013-06-01T00:00:00Z</secureTimeStamp></m2m:integrityValResults></m2m:scl>",
     REASON_XML_INVALID, "signedIvalResult is missing"},
    {"<m2m:scl " NS "><m2m:integrityValResults><ivalResults>1</ivalResults><signedIvalResult>x"
     "</signedIvalResult></m2m:integrityValResults></m2m:scl>",
     REASON_XML_INVALID, "signedIvalResult is not of its type"},
    {"<m2m:container " NS "><m2m:maxByteSize>-1</m2m:maxByteSize></m2m:container>",
     REASON_XML_INVALID, "maxByteSize is not of its type"},
    {"<m2m:contentInstance " NS "><m2m:content>a*b=</m2m:content></m2m:contentInstance>",
     REASON_XML_INVALID, "content is not of its type"},
    {"<m2m:contentInstance " NS "><m2m:content> aG\nk= </m2m:content></m2m:contentInstance>",
     REASON_NONE, NULL},
    {"<m2m:accessRight " NS "><m2m:permissions><m2m:permission><m2m:permissionFlags/>"
     "<m2m:permissionHolders><m2m:all>x</m2m:all></m2m:permissionHolders></m2m:permission>"
     "</m2m:permissions></m2m:accessRight>",
     REASON_XML_INVALID, "all is not of its type"},
    {"<m2m:subscription " NS "><m2m:filterCriteria><metaDataOnly>1</metaDataOnly>"
     "</m2m:filterCriteria></m2m:subscription>",
     REASON_NONE, NULL},
    {"<!DOCTYPE x><m2m:scl " NS "/>", REASON_XML_INVALID, "document type"},
};

START_TEST(documents)
{
    struct m2m_rep rep;
    char why[80];
    enum reason reason = m2mxml_rep_read(span_str(refused[_i].xml), &rep, why);

    ck_assert_msg(reason == refused[_i].reason, "%s: %s (%s)", refused[_i].xml, reason_text(reason),
                  why);
    if (reason) {
        ck_assert_msg(strstr(why, refused[_i].why) != NULL, "%s: %s", refused[_i].xml, why);
        ck_assert_int_eq(rep.type, M2M_NO_TYPE);
        ck_assert_ptr_null(rep.p);
    }
    m2m_rep_clear(&rep);
}
END_TEST

/* The five entities and references to characters, in an attribute as in an element. */
START_TEST(references)
{
    static const char xml[] =
        "<m2m:container " NS " m2m:id='a&amp;b&#38;&#x64;&apos;'><m2m:searchStrings>"
        "<m2m:searchString>a&amp;b&#38;&#x64;&apos;</m2m:searchString>"
        "</m2m:searchStrings></m2m:container>";
    char why[80], id[40], text[40];
    struct span strings;
    struct m2m_rep rep;

    ck_assert_int_eq(m2mxml_rep_read(span_str(xml), &rep, why), REASON_NONE);
    m2m_find_text(m2m_rep_span(&rep), E_ID, id, sizeof(id));
    ck_assert_str_eq(id, "a&b&d'");
    ck_assert(m2m_find(m2m_rep_span(&rep), E_SEARCH_STRINGS, &strings));
    m2m_find_text(strings, E_SEARCH_STRING, text, sizeof(text));
    ck_assert_str_eq(text, id);
    m2m_rep_clear(&rep);
}
END_TEST

static const char whole[] =
    "<m2m:accessRight " NS " m2m:id='r'><m2m:permissions><m2m:permission><m2m:permissionFlags>"
    "<m2m:flag>READ</m2m:flag></m2m:permissionFlags><m2m:permissionHolders><m2m:sclIDs>"
    "<m2m:sclID>s</m2m:sclID></m2m:sclIDs></m2m:permissionHolders></m2m:permission>"
    "</m2m:permissions><m2m:selfPermissions/></m2m:accessRight>";

START_TEST(every_cut)
{
    struct m2m_rep rep;
    char why[80], text[sizeof(whole)];

    for (size_t n = 0; n < sizeof(whole) - 1; n++) {
        ck_assert_int_ne(m2mxml_rep_read(span_of(whole, n), &rep, why), REASON_NONE);
        memcpy(text, whole, sizeof(text));
        text[n] = (char)(text[n] ^ 0x11);
        if (m2mxml_rep_read(span_of(text, sizeof(whole) - 1), &rep, why) == REASON_NONE)
            m2m_rep_clear(&rep);
        else
            ck_assert_str_ne(why, "");
    }
}
END_TEST

/* A representation that was not made by our writer: every cut, every octet. */
START_TEST(hostile_representation)
{
    struct m2m_rep rep;
    char why[80];

    ck_assert_int_eq(m2mxml_rep_read(span_str(whole), &rep, why), REASON_NONE);
    ck_assert_int_eq(m2m_rep_check(rep.type, M2M_CREATE, m2m_rep_span(&rep), why), STATUS_OK);
    for (size_t n = 0; n < rep.n; n++) {
        uint8_t *copy = malloc(rep.n);

        memcpy(copy, rep.p, rep.n);
        ck_assert_int_eq(m2m_rep_check(rep.type, M2M_CREATE, span_of(copy, n), why),
                         STATUS_BAD_REQUEST);
        for (int bit = 0; bit < 8; bit++) {
            copy[n] = (uint8_t)(rep.p[n] ^ 1 << bit);
            if (m2m_rep_check(rep.type, M2M_CREATE, span_of(copy, rep.n), why) != STATUS_OK)
                ck_assert_str_ne(why, "");
        }
        free(copy);
    }
    m2m_rep_clear(&rep);
}
END_TEST

/* What nobody checked is not written, or written without harm. */
START_TEST(unchecked)
{
    struct m2m_rep rep;
    struct buf text;

    buf_init(&text, 4096);
    m2m_rep_init(&rep, M2M_SCL);
    m2m_put_number(&rep, E_MGMT_PROTOCOL_TYPE, 2);
    ck_assert(!m2mxml_rep_write(&rep, &text));
    m2m_rep_clear(&rep);
    m2m_put_number(&rep, E_MGMT_PROTOCOL_TYPE, -1);
    ck_assert(!m2mxml_rep_write(&rep, &text));
    m2m_rep_clear(&rep);
    rep.type = M2M_CONTENT_INSTANCES;
    m2m_put(&rep, E_LATEST, span_of("abc", 3));
    m2m_put(&rep, E_OLDEST, span_of(NULL, 0));
    ck_assert(m2mxml_rep_write(&rep, &text));
    m2m_rep_clear(&rep);
    buf_clear(&text);
}
END_TEST

START_TEST(numbers)
{
    static const int64_t values[] = {0,         1,         -1,    127,    128,
                                     -128,      -129,      255,   256,    INT32_MAX,
                                     INT64_MAX, INT64_MIN, 65535, -32768, 1370044800};
    struct m2m_rep rep;
    struct span value;

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        m2m_rep_init(&rep, M2M_CONTAINER);
        m2m_put_number(&rep, E_MAX_BYTE_SIZE, values[i]);
        ck_assert(m2m_find(m2m_rep_span(&rep), E_MAX_BYTE_SIZE, &value));
        ck_assert_int_eq(m2m_number(value), values[i]);
        ck_assert_int_eq(m2m_find_number(m2m_rep_span(&rep), E_MAX_BYTE_SIZE, 7), values[i]);
        ck_assert_int_eq(m2m_find_number(m2m_rep_span(&rep), E_ID, 7), 7);
        m2m_rep_clear(&rep);
    }
}
END_TEST

START_TEST(bounds)
{
    struct m2m_rep rep;
    struct buf small;
    char text[300];
    size_t before, opened;

    m2m_rep_init(&rep, M2M_GROUP);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    opened = m2m_open(&rep, E_MEMBERS);
    m2m_put_text(&rep, E_REFERENCE, text); /* a long one in a long one */
    m2m_close(&rep, opened);
    ck_assert(m2m_list_has(m2m_rep_span(&rep), E_MEMBERS, E_REFERENCE, text));
    for (size_t n = 0; n < 200; n++) {
        buf_init(&small, n + 1);
        ck_assert(!m2mxml_rep_write(&rep, &small));
        buf_clear(&small);
    }
    while (!rep.full) {
        before = rep.n;
        m2m_put_text(&rep, E_REFERENCE, text);
    }
    ck_assert_uint_eq(rep.n, before);
    ck_assert_uint_le(rep.n, M2M_MAX_REP);
    ck_assert_uint_eq(m2m_open(&rep, E_MEMBERS) == SIZE_MAX, M2M_MAX_REP - rep.n < 6);
    m2m_rep_clear(&rep);
    ck_assert(!rep.full);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("m2mxml_rep");
    TCase *tc = tcase_create("m2mxml_rep");
    SRunner *sr;
    int failed;

    m2mxml_init();
    tcase_add_loop_test(tc, documents, 0, (int)(sizeof(refused) / sizeof(refused[0])));
    tcase_add_test(tc, references);
    tcase_add_test(tc, every_cut);
    tcase_add_test(tc, hostile_representation);
    tcase_add_test(tc, unchecked);
    tcase_add_test(tc, numbers);
    tcase_add_test(tc, bounds);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
