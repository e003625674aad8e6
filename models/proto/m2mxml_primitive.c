#include "models/proto/m2mxml_primitive.h"

#include "models/proto/m2mxml_impl.h"

#include <string.h>

/* What the tables read and write; words and flags are made of it. */
struct form {
    char type[16]; /* primitiveType */
    char target_id[M2M_MAX_TARGET];
    char requesting_entity[M2M_MAX_URI];
    char status[40];
    char resource_uri[M2M_MAX_TARGET];
    uint64_t correlation_id;
    struct span representation; /* written only */
};

/* clang-format off */
#define AT(member) offsetof(struct form, member), sizeof(((struct form *)0)->member)
static const struct field request_fields[] = {
    {"primitiveType",    FIELD_TEXT,     FIELD_REQUIRED, AT(type), NULL},
    {"targetID",         FIELD_URI,      FIELD_REQUIRED, AT(target_id), NULL},
    {"requestingEntity", FIELD_URI,      FIELD_REQUIRED, AT(requesting_entity), NULL},
    {"correlationID",    FIELD_U64,      FIELD_REQUIRED, AT(correlation_id), NULL},
    {"representation",   FIELD_DOCUMENT, 0,              AT(representation), NULL},
};
static const struct field response_fields[] = {
    {"statusCode",       FIELD_STATUS,   FIELD_REQUIRED, AT(status), NULL},
    {"resourceURI",      FIELD_URI,      0,              AT(resource_uri), NULL},
    {"correlationID",    FIELD_U64,      FIELD_REQUIRED, AT(correlation_id), NULL},
    {"representation",   FIELD_DOCUMENT, 0,              AT(representation), NULL},
};
/* Any kind but DOC_NONE: they are documents and declare the namespace. */
#define TABLE(rows) {DOC_RESOURCE, XML_SPACE_NONE, rows, sizeof(rows) / sizeof(rows[0]), NULL}
static const struct field_table request_table = TABLE(request_fields);
static const struct field_table response_table = TABLE(response_fields);
/* clang-format on */

static const char *root_of(bool response)
{
    return response ? "m2m:responseConfirm" : "m2m:requestIndication";
}

static bool copy_text(char *out, size_t room, const char *text)
{
    size_t n = strlen(text);

    if (n >= room)
        return false;
    memcpy(out, text, n + 1);
    return true;
}

/* ---- writing ---- */

bool m2mxml_primitive_write(const struct m2m_primitive *p, struct span representation,
                            struct buf *out)
{
    struct form f = {.correlation_id = p->correlation_id, .representation = representation};
    bool ok;

    if (p->response)
        ok = copy_text(f.status, sizeof(f.status), m2m_status_name(p->status_code)) &&
             copy_text(f.resource_uri, sizeof(f.resource_uri), p->resource_uri) && f.status[0];
    else
        ok = copy_text(f.type, sizeof(f.type), m2m_method_name(p->method)) &&
             copy_text(f.target_id, sizeof(f.target_id), p->target_id) && f.target_id[0] &&
             copy_text(f.requesting_entity, sizeof(f.requesting_entity), p->requesting_entity) &&
             f.requesting_entity[0];
    return ok && buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") &&
           fields_write(root_of(p->response), p->response ? &response_table : &request_table, &f,
                        out);
}

/* ---- reading ---- */

static bool find_method(const char *name, enum m2m_method *out)
{
    for (int m = M2M_CREATE; m <= M2M_EXECUTE; m++) {
        if (strcmp(m2m_method_name((enum m2m_method)m), name) == 0) {
            *out = (enum m2m_method)m;
            return true;
        }
    }
    return false;
}

static enum reason take_form(const struct form *f, struct m2m_primitive *p, char why[80])
{
    p->correlation_id = f->correlation_id;
    if (p->response) {
        memcpy(p->resource_uri, f->resource_uri, sizeof(p->resource_uri));
        return m2m_status_find(f->status, &p->status_code)
                   ? REASON_NONE
                   : xml_refuse(why, "statusCode is not of its type");
    }
    memcpy(p->target_id, f->target_id, sizeof(p->target_id));
    memcpy(p->requesting_entity, f->requesting_entity, sizeof(p->requesting_entity));
    return find_method(f->type, &p->method) ? REASON_NONE
                                            : xml_refuse(why, "primitiveType is not of its type");
}

/* The index of the one document in `representation`; 0: there is none; -1: it is not one. */
static int find_document(const struct xml_tree *tree)
{
    int representation = 0, document = 0;

    for (int i = 1; i < tree->element_count; i++) {
        const struct xml_element *e = &tree->elements[i];

        if (e->parent == 0 && strcmp(e->name, "representation") == 0)
            representation = i;
        if (representation && e->parent == representation) {
            if (document)
                return -1;
            document = i;
        }
    }
    return representation && !document ? -1 : document;
}

#define FIRST_FAILURE 300 /* HTTP's numbers */

static enum reason read_representation(const struct xml_tree *tree, struct m2m_doc *doc,
                                       struct m2m_rep *rep, char why[80])
{
    int at = find_document(tree);

    if (at < 0)
        return xml_refuse(why, "representation is no document");
    if (at == 0)
        return REASON_NONE;
    return doc ? xml_doc_read(tree, at, doc, why) : xml_rep_read(tree, at, rep, why);
}

static enum reason read_form(const struct xml_tree *tree, struct m2m_primitive *p, char why[80])
{
    const char *root = strchr(root_of(p->response), ':') + 1;
    struct m2m_doc none = {.kind = DOC_NONE};
    struct form f = {.correlation_id = 0};
    enum reason reason;

    if (tree->elements[0].space != XML_SPACE_M2M || strcmp(tree->elements[0].name, root) != 0)
        return xml_refuse(why, "not a %s", root);
    reason = fields_read(tree, 0, p->response ? &response_table : &request_table, &f, &none, why);
    return reason ? reason : take_form(&f, p, why);
}

enum reason m2mxml_primitive_read(struct span in, struct m2m_primitive *p, struct m2m_doc *doc,
                                  struct m2m_rep *rep, char why[80])
{
    struct xml_tree tree;
    enum reason reason;

    *p = (struct m2m_primitive){.response = p->response};
    if (doc)
        memset(doc, 0, sizeof(*doc));
    if (rep)
        m2m_rep_init(rep, M2M_NO_TYPE);
    why[0] = '\0';
    reason = xml_tree_read(&tree, in, true, why);
    if (!reason)
        reason = read_form(&tree, p, why);
    if (!reason && rep && (int)p->status_code < FIRST_FAILURE)
        reason = read_representation(&tree, NULL, rep, why);
    else if (!reason)
        reason = read_representation(&tree, doc, doc ? NULL : rep, why);
    xml_tree_release(&tree);
    if (reason && doc)
        m2m_doc_release(doc);
    if (reason && rep) {
        m2m_rep_clear(rep);
        rep->type = M2M_NO_TYPE;
    }
    return reason;
}
