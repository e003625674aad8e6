/* The tables, written: the structs of m2mxml.h as text. */
#include "models/proto/m2mxml_impl.h"

#include "crypto/hash.h"

#include <string.h>

static const void *at_const(const void *base, size_t offset)
{
    return (const char *)base + offset;
}

static bool is_present(const struct field *f, const void *base)
{
    const void *from = at_const(base, f->offset);

    if (f->kind == FIELD_IGNORED)
        return false;
    if (f->flags & FIELD_REQUIRED)
        return true;
    if (f->present)
        return *(const bool *)at_const(base, *f->present);
    switch (f->kind) {
    case FIELD_COUNT:
    case FIELD_U32:
        return *(const uint32_t *)from != 0;
    case FIELD_U64:
    case FIELD_I64:
    case FIELD_TIME:
        return *(const int64_t *)from != 0;
    case FIELD_SCL_LIST:
        return ((const struct doc_bootstrap_param_set *)from)->nscl_count > 0;
    case FIELD_URI:
    case FIELD_TEXT:
    case FIELD_MGMT:
    case FIELD_STATUS:
    case FIELD_POCS:
        return *(const char *)from != '\0';
    case FIELD_DOCUMENT:
        return ((const struct span *)from)->n > 0;
    case FIELD_HEX:
    case FIELD_ZEROS:
    case FIELD_FLAGS:
    case FIELD_BOOL:
    case FIELD_STAMP:
    case FIELD_IVAL:
    case FIELD_CONTENT:
    case FIELD_IGNORED:
        break;
    }
    return true;
}

static bool put_time(struct buf *out, int64_t unix_ns)
{
    char text[40];

    m2m_datetime_write(unix_ns, text);
    return buf_puts(out, text);
}

/* Within another one a document has no declaration. */
static bool put_document(struct span d, struct buf *out)
{
    static const char start[] = "<?xml", end[] = "?>";
    const uint8_t *behind = NULL;

    if (d.n > sizeof(start) && memcmp(d.p, start, sizeof(start) - 1) == 0)
        behind = memmem(d.p, d.n, end, sizeof(end) - 1);
    if (behind)
        d = span_of(behind + 2, d.n - (size_t)(behind + 2 - d.p));
    return buf_put_span(out, d);
}

static bool put_value(const struct field *f, const void *from, struct buf *out)
{
    static const uint8_t zeros[64];
    uint8_t flags[2];

    switch (f->kind) {
    case FIELD_URI:
    case FIELD_TEXT:
    case FIELD_MGMT:
    case FIELD_STATUS:
        return put_escaped(out, from);
    case FIELD_HEX:
        return put_hex(out, from, f->size);
    case FIELD_ZEROS:
        return put_hex(out, zeros, f->size);
    case FIELD_FLAGS:
        flags[0] = (uint8_t)(*(const uint16_t *)from >> 8);
        flags[1] = (uint8_t)(*(const uint16_t *)from & 0xff);
        return put_hex(out, flags, 2);
    case FIELD_BOOL:
        return buf_puts(out, *(const bool *)from ? "true" : "false");
    case FIELD_U32:
    case FIELD_COUNT:
        return buf_printf(out, "%u", *(const uint32_t *)from);
    case FIELD_U64:
        return buf_printf(out, "%llu", (unsigned long long)*(const uint64_t *)from);
    case FIELD_I64:
        return buf_printf(out, "%lld", (long long)*(const int64_t *)from);
    case FIELD_TIME:
        return put_time(out, *(const int64_t *)from);
    case FIELD_STAMP:
        return buf_puts(out, ((const struct doc_ival *)from)->time_stamp);
    case FIELD_DOCUMENT:
        return put_document(*(const struct span *)from, out);
    case FIELD_POCS:
    case FIELD_SCL_LIST:
    case FIELD_IVAL:
    case FIELD_CONTENT:
    case FIELD_IGNORED:
        break;
    }
    return false;
}

static bool put_reference(struct buf *out, const char *uri)
{
    return buf_puts(out, "<reference>") && put_escaped(out, uri) && buf_puts(out, "</reference>");
}

static bool put_list(const struct doc_bootstrap_param_set *set, struct buf *out)
{
    for (unsigned i = 0; i < set->nscl_count; i++)
        if (!put_reference(out, set->nscl_list[i]))
            return false;
    return true;
}

static bool put_base64(struct buf *out, struct span content)
{
    size_t n = (content.n + 2) / 3 * 4;
    uint8_t *to = buf_room(out, n + 1);

    if (!to)
        return false;
    base64_encode(content, (char *)to);
    buf_added(out, n);
    return true;
}

static bool put_content(const struct doc_content_instance *ci, struct buf *out)
{
    if (!buf_puts(out, "<m2m:content"))
        return false;
    if (ci->content_type[0] &&
        !(buf_puts(out,
                   " xmlns:xmime=\"http://www.w3.org/2005/05/xmlmime\" xmime:contentType=\"") &&
          put_escaped(out, ci->content_type) && buf_puts(out, "\"")))
        return false;
    return buf_puts(out, ">") && put_base64(out, ci->content) && buf_puts(out, "</m2m:content>");
}

static bool put_field(const struct field *f, const void *base, struct buf *out)
{
    const void *from = at_const(base, f->offset);
    const char *prefix = f->flags & FIELD_LOCAL ? "" : "m2m:";

    if (f->kind == FIELD_IVAL)
        return fields_write("m2m:integrityValResults", &xml_ival_table, from, out);
    if (f->kind == FIELD_CONTENT)
        return put_content(from, out);
    if (!(buf_puts(out, "<") && buf_puts(out, prefix) && buf_puts(out, f->name) &&
          buf_puts(out, ">")))
        return false;
    if (f->kind == FIELD_POCS       ? !put_reference(out, from)
        : f->kind == FIELD_SCL_LIST ? !put_list(from, out)
                                    : !put_value(f, from, out))
        return false;
    return buf_puts(out, "</") && buf_puts(out, prefix) && buf_puts(out, f->name) &&
           buf_puts(out, ">");
}

static bool put_attribute(const struct field *f, const void *base, struct buf *out)
{
    return buf_puts(out, f->flags & FIELD_LOCAL ? " " : " m2m:") && buf_puts(out, f->name) &&
           buf_puts(out, "=\"") && put_value(f, at_const(base, f->offset), out) &&
           buf_puts(out, "\"");
}

bool fields_write(const char *name, const struct field_table *table, const void *base,
                  struct buf *out)
{
    if (!buf_puts(out, "<") || !buf_puts(out, name))
        return false;
    if (table->kind != DOC_NONE &&
        !buf_puts(out, table->space ? " xmlns=\"uri:3gpp-gba\""
                                    : " xmlns:m2m=\"http://uri.etsi.org/m2m\""))
        return false;
    for (size_t i = 0; i < table->count; i++) {
        const struct field *f = &table->fields[i];

        if (f->flags & FIELD_ATTRIBUTE && is_present(f, base) && !put_attribute(f, base, out))
            return false;
    }
    if (!buf_puts(out, ">"))
        return false;
    for (size_t i = 0; i < table->count; i++) {
        const struct field *f = &table->fields[i];

        if (!(f->flags & FIELD_ATTRIBUTE) && is_present(f, base) && !put_field(f, base, out))
            return false;
    }
    return buf_puts(out, "</") && buf_puts(out, name) && buf_puts(out, ">");
}
