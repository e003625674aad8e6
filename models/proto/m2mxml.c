#include "models/proto/m2mxml.h"

#include "models/proto/m2mxml_impl.h"
#include "models/proto/m2mxml_rep.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    [DOC_NONE] = "",
    [DOC_BOOTSTRAP_REQUEST] = "bootstrapRequest",
    [DOC_BOOTSTRAP_PARAM_SET] = "bootstrapParamSet",
    [DOC_CONNECTION_REQUEST] = "connectionRequest",
    [DOC_CONNECTION_PARAM_SET] = "connectionParamSet",
    [DOC_SCL] = "scl",
    [DOC_CONTAINER] = "container",
    [DOC_CONTENT_INSTANCE] = "contentInstance",
    [DOC_ERROR_INFO] = "errorInfo",
    [DOC_BOOTSTRAPPING_INFO] = "BootstrappingInfo",
    [DOC_RESOURCE] = "resource",
};
#define KINDS ((int)(sizeof(names) / sizeof(names[0])))

const char *m2m_doc_name(enum m2m_doc_kind kind)
{
    return names[kind];
}

void m2mxml_init(void)
{
    xml_tree_init_library();
}

static const struct field_table *table_of(enum m2m_doc_kind kind)
{
    const struct field_table *table = xml_security_table(kind);

    return table ? table : xml_resource_table(kind);
}

bool m2mxml_write(const struct m2m_doc *doc, struct buf *out)
{
    const struct field_table *table;
    char root[32];

    if (doc->kind == DOC_RESOURCE) {
        struct m2m_rep rep = {
            .p = doc->owned, .n = doc->u.resource.n, .type = (enum m2m_type)doc->u.resource.type};

        return m2mxml_rep_write(&rep, out);
    }
    table = table_of(doc->kind);
    assert(table);
    snprintf(root, sizeof(root), "%s%s", table->space ? "" : "m2m:", names[doc->kind]);
    return buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") &&
           fields_write(root, table, &doc->u, out);
}

static enum m2m_doc_kind find_kind(const struct xml_element *root)
{
    for (int i = DOC_NONE + 1; i < KINDS; i++)
        if (i != DOC_RESOURCE && strcmp(root->name, names[i]) == 0 &&
            root->space == fields_space(table_of((enum m2m_doc_kind)i)))
            return (enum m2m_doc_kind)i;
    return DOC_NONE;
}

enum reason xml_doc_read(const struct xml_tree *tree, int element, struct m2m_doc *doc,
                         char why[80])
{
    const struct xml_element *root = &tree->elements[element];

    doc->kind = find_kind(root);
    if (doc->kind == DOC_NONE)
        return xml_refuse(why, "unknown document %.40s", root->name);
    return fields_read(tree, element, table_of(doc->kind), &doc->u, doc, why);
}

enum reason m2mxml_parse(struct span in, struct m2m_doc *doc, char why[80])
{
    struct xml_tree tree;
    enum reason reason;

    memset(doc, 0, sizeof(*doc));
    why[0] = '\0';
    reason = xml_tree_read(&tree, in, false, why);
    if (!reason)
        reason = xml_doc_read(&tree, 0, doc, why);
    xml_tree_release(&tree);
    if (reason)
        m2m_doc_release(doc);
    return reason;
}

void m2m_doc_release(struct m2m_doc *doc)
{
    free(doc->owned);
    memset(doc, 0, sizeof(*doc));
}

bool m2m_status_find(const char *name, enum m2m_status *out)
{
#define X(constant, http)                                                                          \
    if (strcmp(name, #constant) == 0) {                                                            \
        *out = constant;                                                                           \
        return true;                                                                               \
    }
    M2M_STATUSES(X)
#undef X
    return false;
}

const char *m2m_status_name(enum m2m_status status)
{
    switch (status) {
#define X(constant, http)                                                                          \
    case constant:                                                                                 \
        return #constant;
        M2M_STATUSES(X)
#undef X
    }
    return "";
}

enum reason m2m_status_reason(int http_status)
{
    if (http_status < 300)
        return REASON_NONE;
    switch (http_status) {
    case STATUS_BAD_REQUEST:
        return REASON_BAD_REQUEST;
    case STATUS_PERMISSION_DENIED:
        return REASON_PERMISSION_DENIED;
    case STATUS_FORBIDDEN:
        return REASON_FORBIDDEN;
    case STATUS_NOT_FOUND:
        return REASON_NOT_FOUND;
    case STATUS_CONFLICT:
        return REASON_CONFLICT;
    case STATUS_SERVICE_UNAVAILABLE:
        return REASON_SERVER_BUSY;
    case STATUS_BAD_GATEWAY:
        return REASON_BAD_GATEWAY;
    case STATUS_GATEWAY_TIMEOUT:
        return REASON_GATEWAY_TIMEOUT;
    default:
        return REASON_HTTP_STATUS;
    }
}
