/* Inside m2mxml*.c only: a document as a flat list of elements, and the tables that say what a
 * document holds. One table serves the reading and the writing of a document. */
#ifndef MODELS_PROTO_M2MXML_IMPL_H
#define MODELS_PROTO_M2MXML_IMPL_H

#include "models/proto/m2m_rep.h"
#include "models/proto/m2mxml.h"

#include <stddef.h>

#define XML_MAX_ELEMENTS   512
#define XML_MAX_ATTRIBUTES 256
#define XML_MAX_DEPTH      8
#define XML_MAX_NESTED     (XML_MAX_DEPTH + 2) /* of a document within a primitive */

/* Global elements of the schemas are in the namespace, local ones (reference, ivalResults, ...) in
 * none, since the schemas leave elementFormDefault at "unqualified". */
enum xml_space { XML_SPACE_NONE, XML_SPACE_M2M, XML_SPACE_GBA, XML_SPACE_MIME, XML_SPACE_OTHER };

struct xml_attribute {
    const char *name;
    enum xml_space space;
    const char *value;
};

struct xml_element {
    const char *name; /* local part */
    enum xml_space space;
    int parent; /* index; -1: the root */
    bool has_children;
    int first_attribute, attribute_count;
    char *text; /* of a leaf; "" when empty */
    size_t text_n;
};

struct xml_tree {
    struct xml_element elements[XML_MAX_ELEMENTS];
    struct xml_attribute attributes[XML_MAX_ATTRIBUTES];
    int element_count, attribute_count;
    char *arena; /* names, values and texts, each with NUL */
    size_t arena_n, arena_max;
    char *why;    /* 80 octets */
    bool refused; /* why says what for */
};

/* Sets why (cut at its room) and returns REASON_XML_INVALID. */
enum reason xml_refuse(char why[80], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* m2mxml_tree.c: libxml2. primitive: one with a document inside, which may be longer and deeper.
 * The tree is released whatever is returned. */
void xml_tree_init_library(void);
enum reason xml_tree_read(struct xml_tree *tree, struct span in, bool primitive, char why[80]);
void xml_tree_release(struct xml_tree *tree);

/* m2mxml_read.c, m2mxml_write.c */
enum field_kind {
    FIELD_URI,      /* char[size]: anyURI, not empty */
    FIELD_TEXT,     /* char[size]: string */
    FIELD_MGMT,     /* char[size]: the enumeration MgmtProtocolType */
    FIELD_STATUS,   /* char[size]: the enumeration StatusCode */
    FIELD_HEX,      /* uint8_t[size]: hexBinary of that many octets */
    FIELD_ZEROS,    /* nothing kept: hexBinary of size octets, all zero (GAP C12) */
    FIELD_FLAGS,    /* uint16_t: hexBinary of 2 octets */
    FIELD_BOOL,     /* bool */
    FIELD_U32,      /* uint32_t: unsignedInt */
    FIELD_COUNT,    /* uint32_t: a long of the schema that is a count here; 0 stands for absent */
    FIELD_U64,      /* uint64_t: unsignedLong */
    FIELD_I64,      /* int64_t: long */
    FIELD_TIME,     /* int64_t: dateTime */
    FIELD_STAMP,    /* struct doc_ival: time_stamp and time_unix_ns */
    FIELD_POCS,     /* char[size]: AnyURIList, of which the first is kept */
    FIELD_SCL_LIST, /* struct doc_bootstrap_param_set: nscl_list, nscl_count */
    FIELD_IVAL,     /* struct doc_ival, and has_ival of its scl */
    FIELD_CONTENT,  /* struct doc_content_instance: content, content_type */
    FIELD_DOCUMENT, /* struct span: a document, written without its declaration; read over, for
                       its reader is the caller */
    FIELD_IGNORED   /* known to the schema, of no use here: read over, never written */
};

#define FIELD_ATTRIBUTE 1 /* else an element */
#define FIELD_LOCAL     2 /* in no namespace; written without a prefix */
#define FIELD_REQUIRED  4
#define FIELD_FORBIDDEN 8 /* NP in a request: sets has_forbidden of the scl */

struct field {
    const char *name; /* "*Reference": every name that ends so */
    enum field_kind kind;
    unsigned flags;
    size_t offset, size;
    const size_t *present; /* offset of the bool that says it is there; NULL: when it is not zero */
};

struct field_table {
    enum m2m_doc_kind kind;
    /* XML_SPACE_NONE: that of M2M, with a prefix, and nothing unknown may be in it. XML_SPACE_GBA:
     * written as the default namespace; elements of others are read over (TS 24.109 annex C). */
    enum xml_space space;
    const struct field *fields;
    size_t count;
    const size_t *forbidden; /* offset of the bool for FIELD_FORBIDDEN; NULL: none has it */
};

static inline enum xml_space fields_space(const struct field_table *table)
{
    return table->space ? table->space : XML_SPACE_M2M;
}

/* base: the document's struct; owner: for what must be freed with it. */
enum reason fields_read(const struct xml_tree *tree, int element, const struct field_table *table,
                        void *base, struct m2m_doc *owner, char why[80]);
/* The element `name` with its attributes and content. */
bool fields_write(const char *name, const struct field_table *table, const void *base,
                  struct buf *out);

/* m2mxml_type.c: lexical forms of XML Schema. false: not of the type. */
bool type_hex(const char *text, uint8_t *out, size_t n);
bool type_u64(const char *text, uint64_t max, uint64_t *out);
bool type_i64(const char *text, int64_t *out);
bool type_bool(const char *text, bool *out);
bool type_uri(const char *text, char *out, size_t n);
bool type_text(const char *text, char *out, size_t n);
bool put_hex(struct buf *out, const uint8_t *p, size_t n);
bool put_escaped(struct buf *out, const char *text);

/* What stands in an element of a tree, read as a document: m2mxml.c, m2mxml_rep.c. Both leave doc
 * or out to be released by the caller whatever is returned. */
enum reason xml_doc_read(const struct xml_tree *tree, int element, struct m2m_doc *doc,
                         char why[80]);
enum reason xml_rep_read(const struct xml_tree *tree, int element, struct m2m_rep *out,
                         char why[80]);

/* The tables: m2mxml_security.c and m2mxml_resource.c. */
const struct field_table *xml_security_table(enum m2m_doc_kind kind); /* NULL: not one of them */
const struct field_table *xml_resource_table(enum m2m_doc_kind kind);
extern const struct field_table xml_ival_table;

#endif
