/* The tables, read: elements of a tree into the structs of m2mxml.h. */
#include "models/proto/m2mxml_impl.h"

#include "crypto/hash.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FIELDS 32

static void *at(void *base, size_t offset)
{
    return (char *)base + offset;
}

static bool name_matches(const char *pattern, const char *name)
{
    size_t n = strlen(name), tail;

    if (*pattern != '*')
        return strcmp(pattern, name) == 0;
    tail = strlen(pattern + 1);
    return n > tail && strcmp(pattern + 1, name + n - tail) == 0;
}

/* A qualified name, or an unqualified one: local elements are in no namespace by the schemas, and
 * writers of the time qualified them or not; both are taken for those. */
static bool space_matches(const struct field *f, enum xml_space space, enum xml_space of_table)
{
    return space == of_table ||
           (space == XML_SPACE_NONE && f->flags & (FIELD_LOCAL | FIELD_ATTRIBUTE));
}

static const struct field *find_field(const struct field_table *table, unsigned kind,
                                      const char *name, enum xml_space space)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct field *f = &table->fields[i];

        if ((f->flags & FIELD_ATTRIBUTE) == kind && name_matches(f->name, name) &&
            space_matches(f, space, fields_space(table)))
            return f;
    }
    return NULL;
}

static bool is_status(const char *name)
{
    enum m2m_status status;

    return m2m_status_find(name, &status);
}

static bool is_mgmt_protocol(const char *name)
{
    return strcmp(name, "BBF TR 069") == 0 || strcmp(name, "OMA DM") == 0;
}

static bool read_zeros(const char *text, size_t n)
{
    uint8_t octets[64];
    uint8_t any = 0;

    assert(n <= sizeof(octets));
    if (!type_hex(text, octets, n))
        return false;
    for (size_t i = 0; i < n; i++)
        any |= octets[i];
    return any == 0;
}

static bool read_flags(const char *text, uint16_t *out)
{
    uint8_t octets[2];

    if (!type_hex(text, octets, 2))
        return false;
    *out = (uint16_t)(octets[0] << 8 | octets[1]);
    return true;
}

static bool read_u32(const char *text, uint32_t *out)
{
    uint64_t v;

    if (!type_u64(text, UINT32_MAX, &v))
        return false;
    *out = (uint32_t)v;
    return true;
}

static bool read_time(const char *text, int64_t *out)
{
    char trimmed[64];

    /* No anyURI, but its trimming and its refusal of blanks are the same. */
    if (!type_uri(text, trimmed, sizeof(trimmed)) || !m2m_datetime_parse(trimmed, out))
        return false;
    if (*out == 0)
        *out = 1; /* 0 says that there was none; 1970 is as past a nanosecond later */
    return true;
}

static bool read_stamp(const char *text, struct doc_ival *ival)
{
    return type_uri(text, ival->time_stamp, sizeof(ival->time_stamp)) &&
           m2m_datetime_parse(ival->time_stamp, &ival->time_unix_ns);
}

/* The leaf types. */
static bool read_value(const struct field *f, const char *text, void *to)
{
    switch (f->kind) {
    case FIELD_URI:
        return type_uri(text, to, f->size);
    case FIELD_TEXT:
        return type_text(text, to, f->size);
    case FIELD_MGMT:
        return type_text(text, to, f->size) && is_mgmt_protocol(to);
    case FIELD_STATUS:
        return type_text(text, to, f->size) && is_status(to);
    case FIELD_HEX:
        return type_hex(text, to, f->size);
    case FIELD_ZEROS:
        return read_zeros(text, f->size);
    case FIELD_FLAGS:
        return read_flags(text, to);
    case FIELD_BOOL:
        return type_bool(text, to);
    case FIELD_U32:
        return read_u32(text, to);
    case FIELD_COUNT:
        return read_u32(text, to) && *(uint32_t *)to > 0;
    case FIELD_U64:
        return type_u64(text, UINT64_MAX, to);
    case FIELD_I64:
        return type_i64(text, to);
    case FIELD_TIME:
        return read_time(text, to);
    case FIELD_STAMP:
        return read_stamp(text, to);
    case FIELD_IGNORED:
        return true;
    case FIELD_POCS:
    case FIELD_SCL_LIST:
    case FIELD_IVAL:
    case FIELD_CONTENT:
    case FIELD_DOCUMENT:
        break;
    }
    return false;
}

/* AnyURIList: keeps the first `max` references; *count is how many there were. */
static bool read_references(const struct xml_tree *tree, int element, char (*to)[M2M_MAX_URI],
                            unsigned max, unsigned *count)
{
    *count = 0;
    for (int i = element + 1; i < tree->element_count; i++) {
        const struct xml_element *e = &tree->elements[i];
        char spare[M2M_MAX_URI];

        if (e->parent != element)
            continue;
        if (strcmp(e->name, "reference") != 0 || e->has_children ||
            (e->space != XML_SPACE_NONE && e->space != XML_SPACE_M2M) ||
            !type_uri(e->text, *count < max ? to[*count] : spare, M2M_MAX_URI))
            return false;
        (*count)++;
    }
    return true;
}

static enum reason read_scl_list(const struct xml_tree *tree, int element,
                                 struct doc_bootstrap_param_set *set, char why[80])
{
    if (!read_references(tree, element, set->nscl_list, M2M_MAX_NSCLS, &set->nscl_count))
        return xml_refuse(why, "a reference in sclIdList is no anyURI");
    if (set->nscl_count > M2M_MAX_NSCLS)
        return xml_refuse(why, "more than %d references in sclIdList", M2M_MAX_NSCLS);
    return REASON_NONE;
}

static enum reason read_pocs(const struct xml_tree *tree, int element, char *poc, char why[80])
{
    unsigned count;

    if (!read_references(tree, element, (char(*)[M2M_MAX_URI])poc, 1, &count))
        return xml_refuse(why, "a reference in pocs is no anyURI");
    return REASON_NONE;
}

/* xmime:contentType may stand on content; nothing else is kept of its attributes. */
static enum reason read_content(const struct xml_tree *tree, int element,
                                struct doc_content_instance *ci, struct m2m_doc *owner,
                                char why[80])
{
    const struct xml_element *e = &tree->elements[element];
    size_t n = 0;
    long got;

    if (e->has_children)
        return xml_refuse(why, "elements in content");
    for (int i = 0; i < e->attribute_count; i++) {
        const struct xml_attribute *a = &tree->attributes[e->first_attribute + i];

        if (strcmp(a->name, "contentType") == 0 &&
            !type_text(a->value, ci->content_type, sizeof(ci->content_type)))
            return xml_refuse(why, "contentType is too long");
    }
    for (size_t i = 0; i < e->text_n; i++)
        if (!strchr(" \t\r\n", e->text[i]))
            e->text[n++] = e->text[i];
    owner->owned = xcalloc(1, n / 4 * 3 + 1);
    got = base64_decode(span_of(e->text, n), owner->owned, n / 4 * 3);
    if (got < 0)
        return xml_refuse(why, "content is not base64");
    ci->content = span_of(owner->owned, (size_t)got);
    return REASON_NONE;
}

static enum reason read_field(const struct xml_tree *tree, int element, const struct field *f,
                              void *base, struct m2m_doc *owner, char why[80])
{
    const struct xml_element *e = &tree->elements[element];
    void *to = at(base, f->offset);

    if (f->kind == FIELD_SCL_LIST)
        return read_scl_list(tree, element, to, why);
    if (f->kind == FIELD_POCS)
        return read_pocs(tree, element, to, why);
    if (f->kind == FIELD_IVAL)
        return fields_read(tree, element, &xml_ival_table, to, owner, why);
    if (f->kind == FIELD_CONTENT)
        return read_content(tree, element, to, owner, why);
    if (f->kind != FIELD_IGNORED && f->kind != FIELD_DOCUMENT &&
        (e->has_children || !read_value(f, e->text, to)))
        return xml_refuse(why, "%.40s is not of its type", e->name);
    return REASON_NONE;
}

static enum reason read_attributes(const struct xml_tree *tree, int element,
                                   const struct field_table *table, void *base, char why[80])
{
    const struct xml_element *e = &tree->elements[element];

    for (int i = 0; i < e->attribute_count; i++) {
        const struct xml_attribute *a = &tree->attributes[e->first_attribute + i];
        const struct field *f = find_field(table, FIELD_ATTRIBUTE, a->name, a->space);

        /* Of other namespaces: xsi:schemaLocation and the like. */
        if (!f && (a->space == XML_SPACE_NONE || a->space == XML_SPACE_M2M))
            return xml_refuse(why, "unknown attribute %.30s", a->name);
        if (f && !read_value(f, a->value, at(base, f->offset)))
            return xml_refuse(why, "attribute %.30s is not of its type", a->name);
    }
    return REASON_NONE;
}

static enum reason check_seen(const struct field_table *table, const bool *seen, char why[80])
{
    for (size_t i = 0; i < table->count; i++)
        if ((table->fields[i].flags & (FIELD_REQUIRED | FIELD_ATTRIBUTE)) == FIELD_REQUIRED &&
            !seen[i])
            return xml_refuse(why, "%s is missing", table->fields[i].name);
    return REASON_NONE;
}

static enum reason read_child(const struct xml_tree *tree, int child,
                              const struct field_table *table, bool *seen, void *base,
                              struct m2m_doc *owner, char why[80])
{
    const struct xml_element *e = &tree->elements[child];
    const struct field *f = find_field(table, 0, e->name, e->space);
    enum reason reason;

    if (!f && table->space && e->space == XML_SPACE_OTHER)
        return REASON_NONE;
    if (!f)
        return xml_refuse(why, "unknown element %.40s", e->name);
    if (seen[f - table->fields] && *f->name != '*')
        return xml_refuse(why, "%.40s is there twice", e->name);
    seen[f - table->fields] = true;
    reason = read_field(tree, child, f, base, owner, why);
    if (reason)
        return reason;
    if (f->present)
        *(bool *)at(base, *f->present) = true;
    if (f->flags & FIELD_FORBIDDEN)
        *(bool *)at(base, *table->forbidden) = true;
    return REASON_NONE;
}

enum reason fields_read(const struct xml_tree *tree, int element, const struct field_table *table,
                        void *base, struct m2m_doc *owner, char why[80])
{
    const struct xml_element *e = &tree->elements[element];
    bool seen[MAX_FIELDS] = {false};
    enum reason reason;

    assert(table->count <= MAX_FIELDS);
    if (!e->has_children && e->text[strspn(e->text, " \t\r\n")] != '\0')
        return xml_refuse(why, "text in %.40s", e->name);
    reason = read_attributes(tree, element, table, base, why);
    for (int i = element + 1; !reason && i < tree->element_count; i++)
        if (tree->elements[i].parent == element)
            reason = read_child(tree, i, table, seen, base, owner, why);
    return reason ? reason : check_seen(table, seen, why);
}
