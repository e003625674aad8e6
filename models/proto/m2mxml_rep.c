/* The tables of m2m_resource.h, read from and written as XML. */
#include "models/proto/m2mxml_rep.h"

#include "crypto/hash.h"
#include "models/proto/m2mxml_impl.h"

#include <string.h>

#define MAX_DEPTH 8
#define XMIME_NS  "http://www.w3.org/2005/05/xmlmime"

/* ---- writing ---- */

static bool put_escaped_span(struct buf *out, struct span v)
{
    char text[256];
    bool ok = true;

    while (ok && v.n) {
        size_t n = v.n < sizeof(text) - 1 ? v.n : sizeof(text) - 1;

        memcpy(text, v.p, n);
        text[n] = '\0';
        ok = put_escaped(out, text);
        v = span_of(v.p + n, v.n - n);
    }
    return ok;
}

static bool put_base64(struct buf *out, struct span v)
{
    size_t n = (v.n + 2) / 3 * 4;
    uint8_t *to = buf_room(out, n + 1);

    if (!to)
        return false;
    base64_encode(v, (char *)to);
    buf_added(out, n);
    return true;
}

/* false: it is none; a representation that nobody checked. */
static bool put_word(enum m2m_element e, int64_t number, struct buf *out)
{
    const char *const *words = m2m_element_info(e)->words;

    for (; *words && number > 0; number--)
        words++;
    return *words && number == 0 && buf_puts(out, *words);
}

static bool put_leaf(enum m2m_element e, struct span v, struct buf *out)
{
    char text[40];

    switch (m2m_element_info(e)->kind) {
    case KIND_TIME:
        m2m_datetime_write(m2m_number(v), text);
        return buf_puts(out, text);
    case KIND_LONG:
    case KIND_COUNT:
        return buf_printf(out, "%lld", (long long)m2m_number(v));
    case KIND_WORD:
        return put_word(e, m2m_number(v), out);
    case KIND_BASE64:
        return put_base64(out, v);
    case KIND_NAMED:
        return put_escaped_span(out, m2m_named_uri(v));
    case KIND_URI:
    case KIND_TEXT:
    case KIND_STAMP:
        return put_escaped_span(out, v);
    case KIND_STRUCT:
    case KIND_EMPTY:
        break;
    }
    return true;
}

static const char *prefix_of(enum m2m_element e)
{
    return m2m_element_info(e)->local ? "" : "m2m:";
}

/* Attributes of the schemas that stand without a prefix are those declared where they are used. */
static bool put_attribute(struct buf *out, const char *prefix, const char *name, struct span v)
{
    return buf_puts(out, " ") && buf_puts(out, prefix) && buf_puts(out, name) &&
           buf_puts(out, "=\"") && put_escaped_span(out, v) && buf_puts(out, "\"");
}

/* Those that are items of a list; `local`: of an element without namespace. */
static bool put_attributes(struct span list, bool local, struct buf *out)
{
    struct m2m_item item;

    while (m2m_next(&list, &item))
        if (m2m_is_xml_attribute(item.element) &&
            !put_attribute(out, item.element == E_ID && !local ? "m2m:" : "",
                           m2m_element_name(item.element), item.value))
            return false;
    return true;
}

/* Up to the NUL; all of a value without one. */
static struct span named_id(struct span v)
{
    const uint8_t *nul = v.n ? memchr(v.p, 0, v.n) : NULL;

    return span_of(v.p, nul ? (size_t)(nul - v.p) : v.n);
}

static bool put_head(const struct m2m_item *item, struct span mime, struct buf *out)
{
    bool ok = buf_puts(out, "<") && buf_puts(out, prefix_of(item->element)) &&
              buf_puts(out, m2m_element_name(item->element));

    switch (m2m_element_info(item->element)->kind) {
    case KIND_STRUCT:
        if (item->element == E_CHANNEL_DATA)
            ok = ok && buf_puts(out, " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
                                     " xsi:type=\"m2m:LongPollingChannelData\"");
        return ok && put_attributes(item->value, m2m_element_info(item->element)->local, out);
    case KIND_NAMED:
        return ok && put_attribute(out, "", "id", named_id(item->value));
    case KIND_BASE64:
        return ok && (!mime.n || (buf_puts(out, " xmlns:xmime=\"" XMIME_NS "\"") &&
                                  put_attribute(out, "xmime:", "contentType", mime)));
    case KIND_URI:
    case KIND_TEXT:
    case KIND_TIME:
    case KIND_STAMP:
    case KIND_LONG:
    case KIND_COUNT:
    case KIND_WORD:
    case KIND_EMPTY:
        break;
    }
    return ok;
}

static bool put_tail(enum m2m_element e, struct buf *out)
{
    return buf_puts(out, "</") && buf_puts(out, prefix_of(e)) &&
           buf_puts(out, m2m_element_name(e)) && buf_puts(out, ">");
}

/* The items of a list, and those within them: a stack, as deep as the tables are. */
static bool put_list(struct span list, struct buf *out)
{
    struct {
        struct span rest, mime;
        enum m2m_element element;
    } open[MAX_DEPTH] = {{list, {0}, E_NONE}};
    unsigned depth = 0;
    struct m2m_item item;

    for (;;) {
        if (!m2m_next(&open[depth].rest, &item)) {
            if (depth == 0)
                return true;
            if (!put_tail(open[depth--].element, out))
                return false;
        } else if (item.element == E_XMIME) {
            open[depth].mime = item.value;
        } else if (!m2m_is_xml_attribute(item.element)) {
            if (!put_head(&item, open[depth].mime, out) || !buf_puts(out, ">"))
                return false;
            if (m2m_element_info(item.element)->kind != KIND_STRUCT) {
                if (!put_leaf(item.element, item.value, out) || !put_tail(item.element, out))
                    return false;
            } else if (depth + 1 == MAX_DEPTH) {
                return false;
            } else {
                depth++;
                open[depth].rest = item.value;
                open[depth].mime = span_of(NULL, 0);
                open[depth].element = item.element;
            }
        }
    }
}

bool m2mxml_rep_write(const struct m2m_rep *rep, struct buf *out)
{
    const char *name = m2m_type_name(rep->type);
    struct span list = m2m_rep_span(rep);

    return rep->type && buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<m2m:") &&
           buf_puts(out, name) && buf_puts(out, " xmlns:m2m=\"http://uri.etsi.org/m2m\"") &&
           put_attributes(list, false, out) && buf_puts(out, ">") && put_list(list, out) &&
           buf_puts(out, "</m2m:") && buf_puts(out, name) && buf_puts(out, ">");
}

/* ---- reading ---- */

static enum reason ill_typed(const struct xml_element *e, char why[80])
{
    return xml_refuse(why, "%.40s is not of its type", e->name);
}

static bool find_word(enum m2m_element e, const char *text, int64_t *out)
{
    const char *const *words = m2m_element_info(e)->words;

    for (*out = 0; words[*out]; (*out)++)
        if (strcmp(words[*out], text) == 0)
            return true;
    return false;
}

static bool read_boolean(enum m2m_element e, const char *text, int64_t *out)
{
    bool v;

    if (strcmp(m2m_element_info(e)->words[0], "false") != 0 || !type_bool(text, &v))
        return false;
    *out = v;
    return true;
}

static bool read_base64(struct xml_element *x, enum m2m_element e, struct m2m_rep *out)
{
    uint8_t *octets = (uint8_t *)x->text;
    size_t n = 0;
    long got;

    for (size_t i = 0; i < x->text_n; i++)
        if (octets[i] > ' ' || !strchr(" \t\r\n", octets[i]))
            octets[n++] = octets[i];
    got = base64_decode(span_of(octets, n), octets, n / 4 * 3); /* where its digits stood */
    if (got >= 0)
        m2m_put(out, e, span_of(octets, (size_t)got));
    return got >= 0;
}

static const char *attribute_of(const struct xml_tree *tree, const struct xml_element *x,
                                const char *name)
{
    for (int i = 0; i < x->attribute_count; i++)
        if (strcmp(tree->attributes[x->first_attribute + i].name, name) == 0)
            return tree->attributes[x->first_attribute + i].value;
    return NULL;
}

static bool read_number(const struct xml_element *x, enum m2m_element e, struct m2m_rep *out)
{
    const struct m2m_element_info *info = m2m_element_info(e);
    char text[64];
    int64_t v;
    bool ok;

    if (info->kind == KIND_TIME)
        ok = type_uri(x->text, text, sizeof(text)) && m2m_datetime_parse(text, &v);
    else if (info->kind == KIND_WORD)
        ok = find_word(e, x->text, &v) || read_boolean(e, x->text, &v);
    else
        ok = type_i64(x->text, &v) && (info->kind == KIND_LONG || v >= 0);
    if (ok)
        m2m_put_number(out, e, v);
    return ok;
}

static bool read_text(const struct xml_tree *tree, const struct xml_element *x, enum m2m_element e,
                      struct m2m_rep *out)
{
    const char *id = attribute_of(tree, x, "id");
    char uri[M2M_MAX_LINK];

    switch (m2m_element_info(e)->kind) {
    case KIND_URI:
    case KIND_STAMP:
        if (!type_uri(x->text, uri, sizeof(uri)))
            return false;
        m2m_put_text(out, e, uri);
        return true;
    case KIND_NAMED:
        if (!type_uri(x->text, uri, sizeof(uri)) || (id && strlen(id) >= M2M_MAX_LINK))
            return false;
        m2m_put_named(out, e, id ? id : "", uri);
        return true;
    case KIND_TEXT:
        m2m_put_text(out, e, x->text);
        return true;
    case KIND_STRUCT:
    case KIND_TIME:
    case KIND_LONG:
    case KIND_COUNT:
    case KIND_WORD:
    case KIND_BASE64:
    case KIND_EMPTY:
        break;
    }
    return false;
}

static bool read_leaf(const struct xml_tree *tree, struct xml_element *x, enum m2m_element e,
                      struct m2m_rep *out)
{
    const char *mime;

    if (x->has_children)
        return false;
    switch (m2m_element_info(e)->kind) {
    case KIND_BASE64:
        mime = attribute_of(tree, x, "contentType");
        if (mime)
            m2m_put_text(out, E_XMIME, mime);
        return read_base64(x, e, out);
    case KIND_EMPTY:
        m2m_put(out, e, span_of(NULL, 0));
        return x->text[strspn(x->text, " \t\r\n")] == '\0';
    case KIND_TIME:
    case KIND_LONG:
    case KIND_COUNT:
    case KIND_WORD:
        return read_number(x, e, out);
    case KIND_URI:
    case KIND_TEXT:
    case KIND_STAMP:
    case KIND_NAMED:
        return read_text(tree, x, e, out);
    case KIND_STRUCT:
        break;
    }
    return false;
}

/* The element of that name among a type's rows, or a structure's children. */
static enum m2m_element find_row(enum m2m_type type, const char *name)
{
    for (const struct m2m_attribute *a = m2m_type_info(type)->attributes; a->element; a++)
        if (strcmp(m2m_element_name(a->element), name) == 0)
            return a->element;
    return E_NONE;
}

static enum m2m_element find_in(const struct m2m_child *c, const char *name)
{
    for (; c->element; c++)
        if (strcmp(m2m_element_name(c->element), name) == 0)
            return c->element;
    return E_NONE;
}

static bool is_ours(enum xml_space space)
{
    return space == XML_SPACE_NONE || space == XML_SPACE_M2M;
}

/* The names of a resource or a part: id, sclId, appId. Writers of the time qualified them or not.
 */
static enum reason read_attributes(const struct xml_tree *tree, const struct xml_element *x,
                                   enum m2m_type type, const struct m2m_child *children,
                                   struct m2m_rep *out, char why[80])
{
    for (int i = 0; i < x->attribute_count; i++) {
        const struct xml_attribute *a = &tree->attributes[x->first_attribute + i];
        enum m2m_element e = children ? find_in(children, a->name) : find_row(type, a->name);
        char uri[M2M_MAX_LINK];

        if (!is_ours(a->space))
            continue;
        if (!m2m_is_xml_attribute(e))
            return xml_refuse(why, "unknown attribute %.30s", a->name);
        if (!type_uri(a->value, uri, sizeof(uri)))
            return xml_refuse(why, "attribute %.30s is not of its type", a->name);
        m2m_put_text(out, e, uri);
    }
    return REASON_NONE;
}

/* One that is open while its children are read. */
struct level {
    const struct m2m_child *children; /* NULL: the root's are the rows of the type */
    size_t opened;
    int element; /* index in the tree */
};

static enum reason read_element(const struct xml_tree *tree, int at, struct level *levels,
                                unsigned *depth, struct m2m_rep *out, char why[80])
{
    struct xml_element *x = (struct xml_element *)&tree->elements[at];
    const struct m2m_child *children = levels[*depth].children;
    enum m2m_element e = children ? find_in(children, x->name) : find_row(out->type, x->name);
    struct level *next;

    if (!e || m2m_is_xml_attribute(e) ||
        !(x->space == XML_SPACE_M2M || (x->space == XML_SPACE_NONE && m2m_element_info(e)->local)))
        return xml_refuse(why, "unknown element %.40s", x->name);
    if (m2m_element_info(e)->kind != KIND_STRUCT)
        return read_leaf(tree, x, e, out) ? REASON_NONE : ill_typed(x, why);
    if (!x->has_children && x->text[strspn(x->text, " \t\r\n")] != '\0')
        return ill_typed(x, why);
    next = &levels[++*depth];
    *next = (struct level){m2m_element_info(e)->children, m2m_open(out, e), at};
    return read_attributes(tree, x, M2M_NO_TYPE, next->children, out, why);
}

enum reason xml_rep_read(const struct xml_tree *tree, int element, struct m2m_rep *out,
                         char why[80])
{
    struct level levels[XML_MAX_NESTED + 1] = {{NULL, SIZE_MAX, element}};
    const struct xml_element *root = &tree->elements[element];
    enum reason reason;
    unsigned depth = 0;

    out->type = root->space == XML_SPACE_M2M ? m2m_type_find(root->name) : M2M_NO_TYPE;
    if (!out->type || !m2m_type_info(out->type)->attributes->element)
        return xml_refuse(why, "unknown document %.40s", root->name);
    if (!root->has_children && root->text[strspn(root->text, " \t\r\n")] != '\0')
        return ill_typed(root, why);
    reason = read_attributes(tree, root, out->type, NULL, out, why);
    /* In the order of the document: the first that stands in no descendant of it is past its end.
     */
    for (int i = element + 1; !reason && i < tree->element_count; i++) {
        if (tree->elements[i].parent < element)
            break;
        while (tree->elements[i].parent != levels[depth].element)
            m2m_close(out, levels[depth--].opened);
        reason = read_element(tree, i, levels, &depth, out, why);
    }
    while (depth > 0)
        m2m_close(out, levels[depth--].opened);
    if (reason)
        return reason;
    if (out->full || m2m_rep_check_response(out->type, m2m_rep_span(out), why) != STATUS_OK)
        return REASON_XML_INVALID;
    return REASON_NONE;
}

enum reason m2mxml_rep_read(struct span in, struct m2m_rep *out, char why[80])
{
    struct xml_tree tree;
    enum reason reason;

    m2m_rep_init(out, M2M_NO_TYPE);
    why[0] = '\0';
    reason = xml_tree_read(&tree, in, false, why);
    if (!reason)
        reason = xml_rep_read(&tree, 0, out, why);
    xml_tree_release(&tree);
    if (reason) {
        m2m_rep_clear(out);
        out->type = M2M_NO_TYPE;
    }
    return reason;
}
