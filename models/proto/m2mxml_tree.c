/* libxml2's SAX2 parser, without a document tree: what it reports becomes a flat list. No DTD, so
 * no entities but the five; no network; UTF-8 only. */
#include "models/proto/m2mxml_impl.h"

#include "sim/base/xalloc.h"

#include <assert.h>
#include <libxml/globals.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Names of hostile documents stay in a context's dictionary: beyond this it is made anew. */
#define MAX_DICTIONARY 1024

struct reading {
    struct xml_tree *tree;
    xmlParserCtxtPtr context;
    int open[XML_MAX_NESTED]; /* the elements that are open */
    int depth, max_depth;
};

enum reason xml_refuse(char why[80], const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, 80, fmt, ap);
    va_end(ap);
    return REASON_XML_INVALID;
}

static void refuse(struct reading *r, const char *text)
{
    if (!r->tree->refused)
        xml_refuse(r->tree->why, "%s", text);
    r->tree->refused = true;
    xmlStopParser(r->context);
}

/* n octets and a NUL; NULL: no room, the reading was refused. */
static char *copy(struct reading *r, const void *p, size_t n)
{
    struct xml_tree *t = r->tree;
    char *at = t->arena + t->arena_n;

    if (t->arena_max - t->arena_n < n + 1) {
        refuse(r, "too much text");
        return NULL;
    }
    memcpy(at, p, n);
    at[n] = '\0';
    t->arena_n += n + 1;
    return at;
}

static enum xml_space space_of(const xmlChar *uri)
{
    if (!uri)
        return XML_SPACE_NONE;
    if (strcmp((const char *)uri, "http://uri.etsi.org/m2m") == 0)
        return XML_SPACE_M2M;
    if (strcmp((const char *)uri, "uri:3gpp-gba") == 0)
        return XML_SPACE_GBA;
    if (strcmp((const char *)uri, "http://www.w3.org/2005/05/xmlmime") == 0)
        return XML_SPACE_MIME;
    return XML_SPACE_OTHER;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

/* The text so far of the innermost element, which turns out to have children: blanks go. */
static bool drop_blanks(struct reading *r)
{
    struct xml_element *e = &r->tree->elements[r->open[r->depth - 1]];

    if (e->text && !is_blank(e->text)) {
        refuse(r, "text between elements");
        return false;
    }
    if (e->text)
        r->tree->arena_n = (size_t)(e->text - r->tree->arena);
    e->text = NULL;
    e->text_n = 0;
    return true;
}

static bool add_attributes(struct reading *r, struct xml_element *e, int n, const xmlChar **list)
{
    struct xml_tree *t = r->tree;

    e->first_attribute = t->attribute_count;
    for (int i = 0; i < n; i++, list += 5) {
        struct xml_attribute *a = &t->attributes[t->attribute_count];

        if (t->attribute_count == XML_MAX_ATTRIBUTES) {
            refuse(r, "too many attributes");
            return false;
        }
        a->space = space_of(list[2]);
        a->name = copy(r, list[0], strlen((const char *)list[0]));
        a->value = a->name ? copy(r, list[3], (size_t)(list[4] - list[3])) : NULL;
        if (!a->value)
            return false;
        t->attribute_count++;
        e->attribute_count++;
    }
    return true;
}

static bool is_utf8(const xmlChar *encoding)
{
    return !encoding || strcasecmp((const char *)encoding, "UTF-8") == 0 ||
           strcasecmp((const char *)encoding, "US-ASCII") == 0;
}

static void on_start(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespace_count, const xmlChar **namespaces, int attribute_count,
                     int defaulted, const xmlChar **attributes)
{
    struct reading *r = arg;
    struct xml_tree *t = r->tree;
    struct xml_element *e = &t->elements[t->element_count];

    (void)prefix, (void)namespace_count, (void)namespaces, (void)defaulted;
    if (t->refused)
        return;
    if (t->element_count == XML_MAX_ELEMENTS || r->depth == r->max_depth) {
        refuse(r, "too many elements, or too deep");
        return;
    }
    if (t->element_count == 0 &&
        !(is_utf8(r->context->encoding) && is_utf8(r->context->input->encoding))) {
        refuse(r, "the encoding is not UTF-8");
        return;
    }
    if (r->depth > 0 && !drop_blanks(r))
        return;
    memset(e, 0, sizeof(*e));
    e->parent = r->depth > 0 ? r->open[r->depth - 1] : -1;
    if (e->parent >= 0)
        t->elements[e->parent].has_children = true;
    e->space = space_of(uri);
    e->name = copy(r, name, strlen((const char *)name));
    if (!e->name || !add_attributes(r, e, attribute_count, attributes))
        return;
    r->open[r->depth++] = t->element_count++;
}

static void on_text(void *arg, const xmlChar *p, int n)
{
    struct reading *r = arg;
    struct xml_element *e;

    if (r->tree->refused || r->depth == 0)
        return;
    e = &r->tree->elements[r->open[r->depth - 1]];
    /* Pieces follow one another: the next overwrites the NUL of the last. */
    if (e->text) {
        r->tree->arena_n--;
        if (copy(r, p, (size_t)n))
            e->text_n += (size_t)n;
        return;
    }
    e->text = copy(r, p, (size_t)n);
    e->text_n = (size_t)n;
}

static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct reading *r = arg;
    struct xml_element *e;

    (void)name, (void)prefix, (void)uri;
    if (r->tree->refused)
        return;
    e = &r->tree->elements[r->open[r->depth - 1]];
    if (e->has_children && !drop_blanks(r))
        return;
    if (!e->text)
        e->text = copy(r, "", 0);
    r->depth--;
}

static void on_doctype(void *arg, const xmlChar *name, const xmlChar *external, const xmlChar *id)
{
    (void)name, (void)external, (void)id;
    refuse(arg, "a document type declaration");
}

static void on_error(void *arg, xmlErrorPtr error)
{
    (void)arg, (void)error;
}

static pthread_key_t context_key;
static pthread_once_t context_once = PTHREAD_ONCE_INIT;

static void free_context(void *context)
{
    xmlFreeParserCtxt(context);
}

static void say_nothing(void *arg, const char *format, ...)
{
    (void)arg, (void)format;
}

static void init_once(void)
{
    int failed = pthread_key_create(&context_key, free_context);

    assert(!failed);
    xmlInitParser();
    /* What is refused is told by a reason; what no context hears of, such as a bad encoding, the
     * library would write to stderr. */
    xmlSetGenericErrorFunc(NULL, say_nothing);
    xmlThrDefSetGenericErrorFunc(NULL, say_nothing);
}

void xml_tree_init_library(void)
{
    pthread_once(&context_once, init_once);
}

static xmlParserCtxtPtr new_context(void)
{
    xmlParserCtxtPtr context = xmlNewParserCtxt();

    assert(context);
    memset(context->sax, 0, sizeof(*context->sax));
    context->sax->initialized = XML_SAX2_MAGIC;
    context->sax->startElementNs = on_start;
    context->sax->endElementNs = on_end;
    context->sax->characters = on_text;
    context->sax->cdataBlock = on_text;
    context->sax->internalSubset = on_doctype;
    context->sax->serror = on_error;
    return context;
}

/* One a thread, kept: making one costs more than a small document. */
static xmlParserCtxtPtr take_context(void)
{
    xmlParserCtxtPtr context = pthread_getspecific(context_key);

    if (context && xmlDictSize(context->dict) > MAX_DICTIONARY) {
        xmlFreeParserCtxt(context);
        context = NULL;
    }
    if (!context)
        context = new_context();
    pthread_setspecific(context_key, context);
    return context;
}

enum reason xml_tree_read(struct xml_tree *tree, struct span in, bool primitive, char why[80])
{
    struct reading r = {.tree = tree, .max_depth = primitive ? XML_MAX_NESTED : XML_MAX_DEPTH};
    size_t max = primitive ? M2M_MAX_PRIMITIVE : M2M_MAX_DOC;
    bool well_formed;

    tree->element_count = 0;
    tree->attribute_count = 0;
    tree->refused = false;
    tree->why = why;
    tree->arena = NULL;
    if (in.n > max)
        return xml_refuse(why, "more than %zu octets", max);
    if (in.n == 0 || memchr(in.p, 0, in.n)) {
        xml_refuse(why, "not text");
        return REASON_XML_MALFORMED;
    }
    /* A name or a text and its NUL never take more than they did in the document, attributes of
     * one line break aside; the rest is for those. */
    tree->arena_n = 0;
    tree->arena_max = in.n + 64;
    tree->arena = xcalloc(1, tree->arena_max);
    r.context = take_context();
    r.context->userData = &r;
    /* NOENT: without it the library tells of "&amp;" in an attribute as "&#38;". There are no
     * entities but the five, and references to characters. */
    xmlCtxtReadMemory(r.context, (const char *)in.p, (int)in.n, NULL, NULL,
                      XML_PARSE_NONET | XML_PARSE_NOENT);
    well_formed = r.context->wellFormed != 0;
    r.context->userData = NULL;
    if (tree->refused)
        return REASON_XML_INVALID;
    if (!well_formed || tree->element_count == 0) {
        xml_refuse(why, "not well-formed");
        return REASON_XML_MALFORMED;
    }
    return REASON_NONE;
}

void xml_tree_release(struct xml_tree *tree)
{
    free(tree->arena);
    tree->arena = NULL;
}
