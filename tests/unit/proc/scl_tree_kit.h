/* A tree, asked as a binding would: documents are XML. */
#ifndef TESTS_UNIT_PROC_SCL_TREE_KIT_H
#define TESTS_UNIT_PROC_SCL_TREE_KIT_H

#include "models/proc/scl_tree.h"
#include "models/proto/m2mxml_rep.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S    INT64_C(1000000000)
#define T0   (INT64_C(1370044800) * S) /* 2013-06-01T00:00:00Z */
#define NS   "xmlns:m2m='http://uri.etsi.org/m2m'"
#define NSCL "nscl.example"
#define SCL_DOC(id)                                                                                \
    "<m2m:scl " NS " sclId='" id "'><m2m:link>https://" id ".example/m2m</m2m:link>"               \
    "<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType></m2m:scl>"

struct scl_tree_kit {
    struct scl_tree *tree;
    int64_t now;
    struct m2m_response response; /* to the last request */
    char text[65536];             /* its document */
    enum m2m_point point;
    const char *filter; /* a filterCriteria's items as a subscription's document would have them */
    const char *prefix;
    uint32_t max_size;
};

static inline void kit_open_with(struct scl_tree_kit *k, const struct scl_tree_settings *settings)
{
    m2mxml_init();
    memset(k, 0, sizeof(*k));
    k->now = T0;
    k->point = M2M_MID;
    k->tree = scl_tree_new(settings, T0);
}

static inline void kit_open(struct scl_tree_kit *k)
{
    kit_open_with(k, &(struct scl_tree_settings){.base = "m2m",
                                                 .scl_id = "nscl",
                                                 .authority = NSCL,
                                                 .network = true,
                                                 .registration_min = 60 * S,
                                                 .registration_max = 86400 * S,
                                                 .poll_timer = 30 * S,
                                                 .max_discovery = 100});
}

static inline void kit_close(struct scl_tree_kit *k)
{
    m2m_response_clear(&k->response);
    scl_tree_free(k->tree);
}

static inline void kit_keep_text(struct scl_tree_kit *k, const struct m2m_rep *rep)
{
    struct buf b;

    k->text[0] = '\0';
    if (!rep->type)
        return;
    buf_init(&b, sizeof(k->text) - 1);
    ck_assert(m2mxml_rep_write(rep, &b));
    memcpy(k->text, buf_span(&b).p, buf_len(&b));
    k->text[buf_len(&b)] = '\0';
    buf_clear(&b);
}

/* What is in a filterCriteria, from XML. */
static inline void kit_filter(const char *xml, struct m2m_rep *holder, struct span *filter)
{
    char text[1024], why[80];

    snprintf(text, sizeof(text),
             "<m2m:subscription " NS "><m2m:filterCriteria>%s</m2m:filterCriteria>"
             "</m2m:subscription>",
             xml);
    ck_assert_msg(m2mxml_rep_read(span_str(text), holder, why) == REASON_NONE, "%s", why);
    ck_assert(m2m_find(m2m_rep_span(holder), E_FILTER_CRITERIA, filter));
}

/* xml: NULL for none. A document that cannot be read is a binding's STATUS_BAD_REQUEST. */
static inline enum m2m_status ask(struct scl_tree_kit *k, const char *entity,
                                  enum m2m_method method, const char *target, const char *xml)
{
    struct m2m_request request = {.target_id = span_str(target),
                                  .requesting_entity = entity,
                                  .method = method,
                                  .point = k->point,
                                  .search_prefix = k->prefix,
                                  .max_size = k->max_size};
    struct m2m_rep rep, holder;
    char why[80];

    m2m_rep_init(&rep, M2M_NO_TYPE);
    m2m_rep_init(&holder, M2M_NO_TYPE);
    m2m_response_clear(&k->response);
    m2m_response_init(&k->response);
    k->text[0] = '\0';
    if (xml && m2mxml_rep_read(span_str(xml), &rep, why) != REASON_NONE) {
        snprintf(k->response.additional_info, sizeof(k->response.additional_info), "%s", why);
        return k->response.status_code = STATUS_BAD_REQUEST;
    }
    if (xml)
        request.representation = &rep;
    if (k->filter)
        kit_filter(k->filter, &holder, &request.filter_criteria);
    scl_tree_request(k->tree, k->now, &request, &k->response);
    m2m_rep_clear(&rep);
    m2m_rep_clear(&holder);
    kit_keep_text(k, &k->response.representation);
    return k->response.status_code;
}

#define expect(k, entity, method, target, xml, status)                                             \
    do {                                                                                           \
        enum m2m_status got_ = ask(k, entity, method, target, xml);                                \
        ck_assert_msg(got_ == (status), "%s %s by %s: %s (%s), not %s", m2m_method_name(method),   \
                      target, entity, m2m_status_name(got_), (k)->response.additional_info,        \
                      m2m_status_name(status));                                                    \
    } while (0)

#define has(k, part)     ck_assert_msg(strstr((k)->text, part) != NULL, "no %s in %s", part, (k)->text)
#define has_not(k, part) ck_assert_msg(strstr((k)->text, part) == NULL, "%s in %s", part, (k)->text)

/* The next output, its document in k->text; freed by the caller. */
static inline struct scl_tree_output *next_output(struct scl_tree_kit *k)
{
    struct scl_tree_output *o = scl_tree_output(k->tree);

    if (o)
        kit_keep_text(k, &o->representation);
    return o;
}

/* The representation within the notify in k->text. */
static inline void open_notify(struct scl_tree_kit *k, const struct scl_tree_output *o)
{
    struct span doc;

    ck_assert_int_eq(o->representation.type, M2M_NOTIFY_DOC);
    ck_assert(m2m_find(m2m_rep_span(&o->representation), E_REPRESENTATION, &doc));
    ck_assert_uint_lt(doc.n, sizeof(k->text));
    memcpy(k->text, doc.p, doc.n);
    k->text[doc.n] = '\0';
}

static inline int kit_main(Suite *s)
{
    SRunner *r = srunner_create(s);
    int failed;

    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
