#include "models/proto/m2mxml.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define NS       "xmlns:m2m=\"http://uri.etsi.org/m2m\""
#define NODE_ID  "00112233445566778899AABBCCDDEEFF"
#define ZEROS_32 "0000000000000000000000000000000000000000000000000000000000000000"
#define UNIX_NS  (INT64_C(1370044800) * SIM_S + 250 * SIM_MS) /* 2013-06-01T00:00:00.250Z */

#include "sim/base/time.h"

static void write_doc(const struct m2m_doc *doc, char *text, size_t n)
{
    struct buf b;

    buf_init(&b, n - 1);
    ck_assert(m2mxml_write(doc, &b));
    memcpy(text, buf_span(&b).p, buf_len(&b));
    text[buf_len(&b)] = '\0';
    buf_clear(&b);
}

static enum reason parse(const char *text, struct m2m_doc *doc, char why[80])
{
    return m2mxml_parse(span_str(text), doc, why);
}

static void refused(const char *text, enum reason reason, const char *why_part)
{
    struct m2m_doc doc;
    char why[80];
    enum reason got = parse(text, &doc, why);

    ck_assert_msg(got == reason, "%s: %s (%s)", text, reason_text(got), why);
    ck_assert_msg(strstr(why, why_part) != NULL, "%s: '%s' has no '%s'", text, why, why_part);
    ck_assert_int_eq(doc.kind, DOC_NONE);
    ck_assert_ptr_null(doc.owned);
}

/* Writes, reads, writes again: the same text; and the values the same. */
static void go_round(const struct m2m_doc *doc, struct m2m_doc *back, char *text, size_t n)
{
    char again[8192], why[80];

    write_doc(doc, text, n);
    ck_assert_msg(parse(text, back, why) == REASON_NONE, "%s: %s", text, why);
    ck_assert_int_eq(back->kind, doc->kind);
    write_doc(back, again, sizeof(again));
    ck_assert_str_eq(text, again);
}

static void node_id(uint8_t out[16])
{
    for (int i = 0; i < 16; i++)
        out[i] = (uint8_t)(i * 0x11);
}

START_TEST(bootstrap_request)
{
    struct m2m_doc d = {.kind = DOC_BOOTSTRAP_REQUEST}, back;
    char text[8192];

    strcpy(d.u.bootstrap_request.device_id, "urn:meter:1&2");
    d.u.bootstrap_request.ival_capable = true;
    go_round(&d, &back, text, sizeof(text));
    ck_assert_str_eq(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                           "<m2m:bootstrapRequest " NS "><m2m:deviceId>urn:meter:1&amp;2"
                           "</m2m:deviceId><m2m:ivalCapability>true</m2m:ivalCapability>"
                           "</m2m:bootstrapRequest>");
    ck_assert_str_eq(back.u.bootstrap_request.device_id, "urn:meter:1&2");
    ck_assert(back.u.bootstrap_request.ival_capable);
    m2m_doc_release(&back);
}
END_TEST

static struct m2m_doc full_bootstrap(void)
{
    struct m2m_doc d = {.kind = DOC_BOOTSTRAP_PARAM_SET};
    struct doc_bootstrap_param_set *b = &d.u.bootstrap;

    node_id(b->node_id);
    b->kmr_index = 4294967295u;
    b->expires_unix_ns = UNIX_NS;
    strcpy(b->mas_fqdn, "mas.example");
    for (int i = 0; i < M2M_WRAPPED_LEN; i++)
        b->wrapped_kmr[i] = (uint8_t)(200 + i);
    b->has_key = true;
    strcpy(b->scl_id, "http://scl.example/1");
    strcpy(b->nscl_list[0], "http://nscl1.example");
    strcpy(b->nscl_list[1], "http://nscl2.example");
    b->nscl_count = 2;
    return d;
}

START_TEST(bootstrap_param_set)
{
    struct m2m_doc d = full_bootstrap(), back;
    char text[8192];

    go_round(&d, &back, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "<m2m:securityM2MNodeId>" NODE_ID "</m2m:"));
    ck_assert_ptr_nonnull(
        strstr(text, "<m2m:securityLifetime>2013-06-01T00:00:00.250Z</m2m:securityLifetime>"));
    ck_assert_ptr_nonnull(strstr(text, "<m2m:sclIdList><reference>http://nscl1.example</reference>"
                                       "<reference>http://nscl2.example</reference>"
                                       "</m2m:sclIdList>"));
    ck_assert_mem_eq(back.u.bootstrap.wrapped_kmr, d.u.bootstrap.wrapped_kmr, M2M_WRAPPED_LEN);
    ck_assert_uint_eq(back.u.bootstrap.kmr_index, 4294967295u);
    ck_assert_int_eq(back.u.bootstrap.expires_unix_ns, UNIX_NS);
    ck_assert_uint_eq(back.u.bootstrap.nscl_count, 2);
    m2m_doc_release(&back);
    /* the optional ones away */
    d.u.bootstrap.has_key = false;
    d.u.bootstrap.mas_fqdn[0] = d.u.bootstrap.scl_id[0] = '\0';
    d.u.bootstrap.nscl_count = 0;
    go_round(&d, &back, text, sizeof(text));
    ck_assert_ptr_null(strstr(text, "securityM2MKey"));
    ck_assert_ptr_null(strstr(text, "sclId"));
    ck_assert(!back.u.bootstrap.has_key);
    m2m_doc_release(&back);
}
END_TEST

START_TEST(connection_documents)
{
    struct m2m_doc d = {.kind = DOC_CONNECTION_PARAM_SET}, back;
    char text[8192];

    d.u.connection.connection_id = UINT64_MAX;
    d.u.connection.kmc_index = 0;
    d.u.connection.expires_unix_ns = UNIX_NS;
    strcpy(d.u.connection.scl_id, "scl:1");
    d.u.connection.mid_flags = 0x8002;
    go_round(&d, &back, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, ">18446744073709551615<"));
    ck_assert_ptr_nonnull(strstr(text, "<m2m:securityM2MKey>" ZEROS_32 "</m2m:"));
    ck_assert_ptr_nonnull(strstr(text, "<m2m:securitymIdFlags>8002</m2m:"));
    ck_assert_uint_eq(back.u.connection.mid_flags, 0x8002);
    ck_assert_uint_eq(back.u.connection.connection_id, UINT64_MAX);
    m2m_doc_release(&back);
    d = (struct m2m_doc){.kind = DOC_CONNECTION_REQUEST};
    node_id(d.u.connection_request.node_id);
    strcpy(d.u.connection_request.scl_id, "scl:1");
    go_round(&d, &back, text, sizeof(text));
    ck_assert(!back.u.connection_request.ival_capable);
    m2m_doc_release(&back);
}
END_TEST

/* TS 24.109 annex C: another namespace, as the default one. */
START_TEST(bootstrapping_info)
{
    struct m2m_doc d = {.kind = DOC_BOOTSTRAPPING_INFO}, back;
    char text[8192], why[80];

    strcpy(d.u.bootstrapping.btid, "n93HIJLGrQNrbkZHiTFbeA==@bsf.m2m.example");
    d.u.bootstrapping.expires_unix_ns = UNIX_NS;
    go_round(&d, &back, text, sizeof(text));
    ck_assert_str_eq(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                           "<BootstrappingInfo xmlns=\"uri:3gpp-gba\">"
                           "<btid>n93HIJLGrQNrbkZHiTFbeA==@bsf.m2m.example</btid>"
                           "<lifetime>2013-06-01T00:00:00.250Z</lifetime></BootstrappingInfo>");
    ck_assert_str_eq(back.u.bootstrapping.btid, d.u.bootstrapping.btid);
    ck_assert_int_eq(back.u.bootstrapping.expires_unix_ns, UNIX_NS);
    m2m_doc_release(&back);
    /* Another writer's, with an extension that the schema allows. */
    ck_assert_int_eq(parse("<g:BootstrappingInfo xmlns:g='uri:3gpp-gba' xmlns:x='urn:x'>\n"
                           " <g:lifetime>2013-06-01T02:00:00+02:00</g:lifetime>"
                           "<x:more><x:btid>no</x:btid></x:more>"
                           " <g:btid>a@b</g:btid>\n</g:BootstrappingInfo>",
                           &back, why),
                     REASON_NONE);
    ck_assert_str_eq(back.u.bootstrapping.btid, "a@b");
    ck_assert_int_eq(back.u.bootstrapping.expires_unix_ns, UNIX_NS - 250 * SIM_MS);
    m2m_doc_release(&back);
    refused("<BootstrappingInfo><btid>a@b</btid></BootstrappingInfo>", REASON_XML_INVALID,
            "unknown document");
    refused("<m2m:BootstrappingInfo " NS "/>", REASON_XML_INVALID, "unknown document");
    refused("<scl xmlns='uri:3gpp-gba'/>", REASON_XML_INVALID, "unknown document");
    refused("<BootstrappingInfo xmlns='uri:3gpp-gba'><btid>a@b</btid></BootstrappingInfo>",
            REASON_XML_INVALID, "lifetime is missing");
    refused("<BootstrappingInfo xmlns='uri:3gpp-gba'><btid>a@b</btid><lifetime>soon</lifetime>"
            "</BootstrappingInfo>",
            REASON_XML_INVALID, "lifetime is not of its type");
    refused("<BootstrappingInfo xmlns='uri:3gpp-gba'><btid>a b</btid></BootstrappingInfo>",
            REASON_XML_INVALID, "btid is not of its type");
    refused("<BootstrappingInfo xmlns='uri:3gpp-gba'><ttl/></BootstrappingInfo>",
            REASON_XML_INVALID, "unknown element ttl");
}
END_TEST

START_TEST(scl_documents)
{
    struct m2m_doc d = {.kind = DOC_SCL}, back;
    struct doc_scl *s = &d.u.scl;
    char text[8192];

    strcpy(s->scl_id, "http://scl.example/7");
    strcpy(s->link, "http://scl.example/7");
    strcpy(s->mgmt_protocol_type, "BBF TR 069");
    strcpy(s->poc, "coap://10.0.0.7");
    s->expires_unix_ns = UNIX_NS;
    s->has_ival = true;
    s->ival.result = 4294967295;
    s->ival.signature = INT64_MIN;
    strcpy(s->ival.time_stamp, "2013-06-01T02:00:00.25+02:00");
    go_round(&d, &back, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "<m2m:scl " NS " sclId=\"http://scl.example/7\">"
                                       "<m2m:pocs><reference>coap://10.0.0.7</reference>"));
    ck_assert_ptr_nonnull(
        strstr(text, "<m2m:integrityValResults><ivalResults>4294967295</ivalResults>"
                     "<signedIvalResult>-9223372036854775808</signedIvalResult>"
                     "<secureTimeStamp>2013-06-01T02:00:00.25+02:00</secureTimeStamp>"));
    ck_assert_int_eq(back.u.scl.ival.time_unix_ns, UNIX_NS);
    ck_assert_int_eq(back.u.scl.ival.signature, INT64_MIN);
    ck_assert_str_eq(back.u.scl.ival.time_stamp, s->ival.time_stamp);
    ck_assert(!back.u.scl.has_forbidden && !back.u.scl.has_times);
    m2m_doc_release(&back);
    s->has_times = true;
    s->created_unix_ns = s->modified_unix_ns = UNIX_NS + 5 * SIM_S;
    go_round(&d, &back, text, sizeof(text));
    ck_assert(back.u.scl.has_times && back.u.scl.has_forbidden);
    ck_assert_int_eq(back.u.scl.modified_unix_ns, UNIX_NS + 5 * SIM_S);
    m2m_doc_release(&back);
}
END_TEST

START_TEST(scl_from_elsewhere)
{
    struct m2m_doc d;
    char why[80];
    static const char *const forbidden[] = {
        "<o:onlineStatus>ONLINE</o:onlineStatus>",
        "<o:serverCapability>false</o:serverCapability>",
        "<o:aPocHandling>DEEP</o:aPocHandling>",
        "<o:containersReference>/a</o:containersReference>",
        "<o:groupsReference>/b</o:groupsReference>",
        "<o:creationTime>2013-06-01T00:00:00Z</o:creationTime>",
    };

    /* another prefix, blanks, comments, another namespace's attribute, what is optional */
    ck_assert_int_eq(
        parse("<?xml version='1.0'?>\n<!-- c -->\n"
              "<o:scl xmlns:o='http://uri.etsi.org/m2m' xmlns:xsi='urn:x' xsi:schemaLocation='a b'"
              " sclId='s'>\n <o:pocs/>\n <o:searchStrings><o:searchString>x</o:searchString>"
              "</o:searchStrings><o:link> http://a </o:link>\n"
              "<o:schedule><scheduleString>* *</scheduleString></o:schedule></o:scl>",
              &d, why),
        REASON_NONE);
    ck_assert_str_eq(d.u.scl.link, "http://a");
    ck_assert_str_eq(d.u.scl.poc, "");
    ck_assert(!d.u.scl.has_forbidden);
    m2m_doc_release(&d);
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        char text[512];

        snprintf(text, sizeof(text), "<o:scl xmlns:o='http://uri.etsi.org/m2m'>%s</o:scl>",
                 forbidden[i]);
        ck_assert_int_eq(parse(text, &d, why), REASON_NONE);
        ck_assert(d.u.scl.has_forbidden);
        m2m_doc_release(&d);
    }
}
END_TEST

START_TEST(resources)
{
    struct m2m_doc d = {.kind = DOC_CONTAINER}, back;
    uint8_t octets[256];
    char text[8192], why[80];

    strcpy(d.u.container.id, "readings");
    d.u.container.max_instances = 10;
    go_round(&d, &back, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, " m2m:id=\"readings\"><m2m:maxNrOfInstances>10<"));
    ck_assert_ptr_null(strstr(text, "maxByteSize"));
    m2m_doc_release(&back);
    d = (struct m2m_doc){.kind = DOC_CONTENT_INSTANCE};
    for (size_t n = 0; n <= sizeof(octets); n += n < 8 ? 1 : 31) {
        for (size_t i = 0; i < n; i++)
            octets[i] = (uint8_t)(i * 37);
        d.u.content_instance.content = span_of(octets, n);
        strcpy(d.u.content_instance.content_type, n % 2 ? "" : "application/octet-stream;x=\"<\"");
        go_round(&d, &back, text, sizeof(text));
        ck_assert_uint_eq(back.u.content_instance.content.n, n);
        if (n > 0)
            ck_assert_mem_eq(back.u.content_instance.content.p, octets, n);
        ck_assert_str_eq(back.u.content_instance.content_type, d.u.content_instance.content_type);
        m2m_doc_release(&back);
    }
    ck_assert_int_eq(parse("<m:contentInstance xmlns:m='http://uri.etsi.org/m2m' id='c' href='/x'>"
                           "<m:creationTime>2013-06-01T00:00:00Z</m:creationTime>"
                           "<m:content>\n aGV\tsb G8= \n</m:content></m:contentInstance>",
                           &back, why),
                     REASON_NONE);
    ck_assert_uint_eq(back.u.content_instance.content.n, 5);
    ck_assert_mem_eq(back.u.content_instance.content.p, "hello", 5);
    m2m_doc_release(&back);
    d = (struct m2m_doc){.kind = DOC_ERROR_INFO};
    strcpy(d.u.error.status_code, "STATUS_FORBIDDEN");
    strcpy(d.u.error.additional, "a < b & \"c\"\r\n");
    go_round(&d, &back, text, sizeof(text));
    ck_assert_str_eq(back.u.error.additional, d.u.error.additional);
    m2m_doc_release(&back);
}
END_TEST

static const char *const malformed[] = {
    "",
    " ",
    "no markup",
    "<",
    "<a",
    "<m2m:scl " NS ">",
    "<m2m:scl " NS "></m2m:container>",
    "<m2m:scl></m2m:scl><!-- prefix not bound -->x",
    "<m2m:scl " NS "/><m2m:scl " NS "/>",
    "<m2m:scl " NS ">&nope;</m2m:scl>",
    "<m2m:scl " NS " a='1' a='2'/>",
    "<m2m:scl " NS ">\x01</m2m:scl>",
    "<m2m:scl " NS ">\xff\xfe</m2m:scl>",
    "\xef\xbb\xbf",
};

START_TEST(malformed_documents)
{
    refused(malformed[_i], REASON_XML_MALFORMED, "");
}
END_TEST

#define SCL(inside)  "<m2m:scl " NS ">" inside "</m2m:scl>"
#define BOOT(inside) "<m2m:bootstrapParamSet " NS ">" inside "</m2m:bootstrapParamSet>"
#define CONN(id, index, life, key, scl, flags)                                                     \
    "<m2m:connectionParamSet " NS "><m2m:securityConnectionId>" id                                 \
    "</m2m:securityConnectionId><m2m:securityKmcIndex>" index                                      \
    "</m2m:securityKmcIndex><m2m:securityLifetime>" life                                           \
    "</m2m:securityLifetime><m2m:securityM2MKey>" key "</m2m:securityM2MKey><m2m:sclId>" scl       \
    "</m2m:sclId><m2m:securitymIdFlags>" flags "</m2m:securitymIdFlags></m2m:connectionParamSet>"
#define LIFE "2013-06-01T00:00:00Z"

static const struct {
    const char *text, *why;
} invalid[] = {
    {"<scl/>", "unknown document"},
    {"<m2m:other " NS "/>", "unknown document"},
    {"<m:scl xmlns:m='urn:other'/>", "unknown document"},
    {"<!DOCTYPE x><m2m:scl " NS "/>", "document type"},
    {"<!DOCTYPE x [<!ENTITY a 'b'>]><m2m:scl " NS ">&a;</m2m:scl>", "document type"},
    {"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><m2m:scl " NS "/>", "document type"},
    {"<?xml version='1.0' encoding='ISO-8859-1'?><m2m:scl " NS "/>", "UTF-8"},
    {SCL("<m2m:nonsense/>"), "unknown element nonsense"},
    {SCL("<link>x</link>"), "unknown element link"},
    {SCL("text"), "text"},
    {SCL("<m2m:link>a:b</m2m:link>text"), "text"},
    {SCL("<m2m:link>a:b</m2m:link><m2m:link>a:b</m2m:link>"), "twice"},
    {SCL("<m2m:link></m2m:link>"), "link is not"},
    {SCL("<m2m:link>a b</m2m:link>"), "link is not"},
    {SCL("<m2m:link><m2m:x/></m2m:link>"), "link is not"},
    {SCL("<m2m:expirationTime>tomorrow</m2m:expirationTime>"), "expirationTime is not"},
    {SCL("<m2m:mgmtProtocolType>SNMP</m2m:mgmtProtocolType>"), "mgmtProtocolType is not"},
    {SCL("<m2m:integrityValResults/>"), "ivalResults is missing"},
    {SCL("<m2m:integrityValResults><ivalResults>9223372036854775808</ivalResults>"
         "</m2m:integrityValResults>"),
     "ivalResults is not"},
    {SCL("<m2m:pocs><contactURI>x</contactURI></m2m:pocs>"), "pocs"},
    {"<m2m:scl " NS " unknown='1'/>", "unknown attribute"},
    {"<m2m:scl " NS " sclId='a b'/>", "attribute sclId"},
    {BOOT(""), "securityM2MNodeId is missing"},
    {BOOT("<m2m:securityM2MNodeId>0011</m2m:securityM2MNodeId>"), "securityM2MNodeId is not"},
    {BOOT("<m2m:securityKmrIndex>4294967296</m2m:securityKmrIndex>"), "securityKmrIndex is not"},
    {BOOT("<m2m:securityKmrIndex>-1</m2m:securityKmrIndex>"), "securityKmrIndex is not"},
    {BOOT("<m2m:securityKmrIndex>1.0</m2m:securityKmrIndex>"), "securityKmrIndex is not"},
    {BOOT("<m2m:securityM2MKey>" ZEROS_32 "</m2m:securityM2MKey>"), "securityM2MKey is not"},
    {BOOT("<m2m:sclIdList><reference>a</reference><reference>b</reference><reference>c</reference>"
          "<reference>d</reference><reference>e</reference></m2m:sclIdList>"),
     "more than 4"},
    {CONN("18446744073709551616", "1", LIFE, ZEROS_32, "s", "0002"), "securityConnectionId is not"},
    {CONN("1", "1", LIFE, "00", "s", "0002"), "securityM2MKey is not"},
    {CONN("1", "1", LIFE, "1" ZEROS_32 "1", "s", "0002"), "securityM2MKey is not"},
    {CONN("1", "1", LIFE, "0000000000000000000000000000000000000000000000000000000000000001", "s",
          "0002"),
     "securityM2MKey is not"},
    {CONN("1", "1", LIFE, ZEROS_32, "", "0002"), "sclId is not"},
    {CONN("1", "1", LIFE, ZEROS_32, "s", "2"), "securitymIdFlags is not"},
    {CONN("1", "1", LIFE, ZEROS_32, "s", "00g2"), "securitymIdFlags is not"},
    {CONN("", "1", LIFE, ZEROS_32, "s", "0002"), "securityConnectionId is not"},
    {"<m2m:contentInstance " NS "/>", "content is missing"},
    {"<m2m:contentInstance " NS "><m2m:content>a=b=</m2m:content></m2m:contentInstance>", "base64"},
    {"<m2m:contentInstance " NS "><m2m:content>abc</m2m:content></m2m:contentInstance>", "base64"},
    {"<m2m:contentInstance " NS "><m2m:content><m2m:x/></m2m:content></m2m:contentInstance>",
     "content"},
    {"<m2m:container " NS "><m2m:maxByteSize>-5</m2m:maxByteSize></m2m:container>", "maxByteSize"},
    {"<m2m:errorInfo " NS "><m2m:statusCode>STATUS_FINE</m2m:statusCode></m2m:errorInfo>",
     "statusCode is not"},
    {"<m2m:errorInfo " NS "/>", "statusCode is missing"},
    {"<m2m:bootstrapRequest " NS "><m2m:deviceId>a</m2m:deviceId>"
     "<m2m:ivalCapability>yes</m2m:ivalCapability></m2m:bootstrapRequest>",
     "ivalCapability is not"},
    {SCL("<m2m:schedule><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></m2m:schedule>"),
     "too deep"},
};

START_TEST(invalid_documents)
{
    refused(invalid[_i].text, REASON_XML_INVALID, invalid[_i].why);
}
END_TEST

START_TEST(bounds)
{
    struct m2m_doc d;
    struct buf text;
    char why[80];

    buf_init(&text, 2 * M2M_MAX_DOC);
    buf_puts(&text, "<m2m:scl " NS "><m2m:searchStrings>");
    for (int i = 0; i < 600; i++)
        buf_puts(&text, "<m2m:searchString/>");
    buf_puts(&text, "</m2m:searchStrings></m2m:scl>");
    ck_assert_int_eq(m2mxml_parse(buf_span(&text), &d, why), REASON_XML_INVALID);
    ck_assert_ptr_nonnull(strstr(why, "too many elements"));
    while (buf_len(&text) <= M2M_MAX_DOC)
        buf_puts(&text, " ");
    ck_assert_int_eq(m2mxml_parse(buf_span(&text), &d, why), REASON_XML_INVALID);
    ck_assert_ptr_nonnull(strstr(why, "octets"));
    /* a URI of 255 fits, one of 256 does not */
    for (int length = 255; length <= 256; length++) {
        buf_consume(&text, buf_len(&text));
        buf_printf(&text, "<m2m:scl " NS "><m2m:link>%0*d</m2m:link></m2m:scl>", length, 0);
        ck_assert_int_eq(m2mxml_parse(buf_span(&text), &d, why),
                         length == 255 ? REASON_NONE : REASON_XML_INVALID);
        m2m_doc_release(&d);
    }
    /* names made up without end do not stay */
    for (int i = 0; i < 5000; i++) {
        buf_consume(&text, buf_len(&text));
        buf_printf(&text, "<m2m:scl " NS "><m2m:name%d/></m2m:scl>", i);
        ck_assert_int_eq(m2mxml_parse(buf_span(&text), &d, why), REASON_XML_INVALID);
    }
    buf_clear(&text);
}
END_TEST

START_TEST(every_cut_and_every_octet)
{
    struct m2m_doc d = full_bootstrap(), back;
    char text[8192], copy[8192], why[80];
    size_t n;

    write_doc(&d, text, sizeof(text));
    n = strlen(text);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_ne(m2mxml_parse(span_of(text, i), &back, why), REASON_NONE);
    for (size_t i = 0; i < n; i++)
        for (int bit = 0; bit < 8; bit += 3) {
            memcpy(copy, text, n);
            copy[i] = (char)(copy[i] ^ 1 << bit);
            if (m2mxml_parse(span_of(copy, n), &back, why) != REASON_NONE)
                ck_assert_int_ne(why[0], '\0');
            m2m_doc_release(&back);
        }
}
END_TEST

START_TEST(full_output)
{
    struct m2m_doc d = full_bootstrap();
    char text[8192];
    size_t n;

    write_doc(&d, text, sizeof(text));
    n = strlen(text);
    for (size_t max = 1; max <= n; max++) {
        struct buf b;

        buf_init(&b, max);
        ck_assert_int_eq(m2mxml_write(&d, &b), max == n);
        buf_clear(&b);
    }
}
END_TEST

START_TEST(statuses)
{
    ck_assert_str_eq(m2m_status_name(STATUS_FORBIDDEN), "STATUS_FORBIDDEN");
    ck_assert_int_eq(STATUS_CONFLICT, 409);
    ck_assert_int_eq(m2m_status_reason(204), REASON_NONE);
    ck_assert_int_eq(m2m_status_reason(503), REASON_SERVER_BUSY);
    ck_assert_int_eq(m2m_status_reason(401), REASON_PERMISSION_DENIED);
    ck_assert_int_eq(m2m_status_reason(418), REASON_HTTP_STATUS);
    ck_assert_str_eq(m2m_doc_name(DOC_SCL), "scl");
}
END_TEST

static void *parse_many(void *arg)
{
    struct m2m_doc d = full_bootstrap(), back;
    char text[8192], why[80];
    bool *good = arg;

    write_doc(&d, text, sizeof(text));
    *good = true;
    for (int i = 0; i < 500; i++) {
        *good &= parse(text, &back, why) == REASON_NONE && back.u.bootstrap.nscl_count == 2;
        m2m_doc_release(&back);
    }
    return NULL;
}

START_TEST(threads)
{
    pthread_t t[4];
    bool good[4];

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&t[i], NULL, parse_many, &good[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
        ck_assert(good[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("m2mxml");
    TCase *tc = tcase_create("m2mxml");
    SRunner *sr;
    int failed;

    m2mxml_init();
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, bootstrap_request);
    tcase_add_test(tc, bootstrap_param_set);
    tcase_add_test(tc, connection_documents);
    tcase_add_test(tc, bootstrapping_info);
    tcase_add_test(tc, scl_documents);
    tcase_add_test(tc, scl_from_elsewhere);
    tcase_add_test(tc, resources);
    tcase_add_loop_test(tc, malformed_documents, 0,
                        (int)(sizeof(malformed) / sizeof(malformed[0])));
    tcase_add_loop_test(tc, invalid_documents, 0, (int)(sizeof(invalid) / sizeof(invalid[0])));
    tcase_add_test(tc, bounds);
    tcase_add_test(tc, every_cut_and_every_octet);
    tcase_add_test(tc, full_output);
    tcase_add_test(tc, statuses);
    tcase_add_test(tc, threads);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
