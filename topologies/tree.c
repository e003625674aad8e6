#include "topologies/tree.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "sim/base/xalloc.h"

struct builder {
    struct pool *pool;
    struct diag_list *diags;
    const char *file;
    yaml_parser_t parser;
    bool stopped; /* a syntax error was told: nothing more can be read */
};

bool tree_same_key(const char *a, const char *b)
{
    if (!strstr(a, "->") || !strstr(b, "->"))
        return strcmp(a, b) == 0;
    for (;;) {
        while (*a == ' ')
            a++;
        while (*b == ' ')
            b++;
        if (*a != *b)
            return false;
        if (*a == '\0')
            return true;
        a++;
        b++;
    }
}

struct tree *tree_child(const struct tree *map, const char *key)
{
    if (!map || map->kind != TREE_MAP)
        return NULL;
    for (struct tree *c = map->children; c; c = c->next)
        if (tree_same_key(c->key, key))
            return c;
    return NULL;
}

/* ---- libyaml's events ---- */

static void locate_offset(const char *text, size_t n, size_t offset, int *line, int *column)
{
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < offset && i < n; i++) {
        if (text[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80)
            ++*column;
    }
}

static void syntax_error(struct builder *b)
{
    const yaml_parser_t *p = &b->parser;
    int line = (int)p->problem_mark.line + 1, column = (int)p->problem_mark.column + 1;
    const char *text = (const char *)p->input.string.start;
    size_t n = (size_t)(p->input.string.end - p->input.string.start);
    b->stopped = true;
    if (p->error == YAML_READER_ERROR)
        locate_offset(text, n, p->problem_offset, &line, &column);
    else {
        int last_line, last_column;
        locate_offset(text, n, n, &last_line, &last_column);
        while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
            n--;
        if (line > last_line || (line == last_line && column >= last_column))
            locate_offset(text, n, n, &line, &column); /* too short: behind its last word */
    }
    diag_add(b->diags, DIAG_ERROR, "S101", b->file, line, column, "not YAML: %s%s%s",
             p->problem ? p->problem : "cannot be parsed", p->context ? ", " : "",
             p->context ? p->context : "");
}

/* false: no more events. */
static bool next_event(struct builder *b, yaml_event_t *e)
{
    if (b->stopped)
        return false;
    if (!yaml_parser_parse(&b->parser, e)) {
        syntax_error(b);
        return false;
    }
    return true;
}

static void error_at(struct builder *b, const char *code, yaml_mark_t at, const char *text)
{
    diag_add(b->diags, DIAG_ERROR, code, b->file, (int)at.line + 1, (int)at.column + 1, "%s", text);
}

static void refuse_properties(struct builder *b, const yaml_event_t *e, const yaml_char_t *anchor,
                              const yaml_char_t *tag)
{
    if (anchor)
        error_at(b, "S105", e->start_mark,
                 "anchors are not used in scenarios; write the value out where it is needed");
    if (tag)
        error_at(b, "S106", e->start_mark,
                 "tags are not used in scenarios; the schema knows the types");
}

static struct tree *new_node(struct builder *b, enum tree_kind kind, yaml_mark_t at)
{
    struct tree *t = pool_alloc(b->pool, sizeof *t);
    t->kind = kind;
    t->file = b->file;
    t->line = (int)at.line + 1;
    t->column = (int)at.column + 1;
    t->text = "";
    return t;
}

static struct tree *build(struct builder *b, yaml_event_t *e, int depth);

static struct tree *build_text(struct builder *b, const yaml_event_t *e)
{
    struct tree *t = new_node(b, TREE_TEXT, e->start_mark);
    refuse_properties(b, e, e->data.scalar.anchor, e->data.scalar.tag);
    const char *value = (const char *)e->data.scalar.value;
    if (memchr(value, '\0', e->data.scalar.length)) {
        error_at(b, "S101", e->start_mark, "not YAML for us: the text contains a NUL");
        t->spoiled = true;
    } else
        t->text = pool_text(b->pool, value, e->data.scalar.length);
    return t;
}

static void build_list(struct builder *b, struct tree *list, int depth)
{
    struct tree **end = &list->children;
    yaml_event_t e;
    while (next_event(b, &e)) {
        if (e.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&e);
            return;
        }
        struct tree *item = build(b, &e, depth);
        if (!item)
            return;
        *end = item;
        end = &item->next;
    }
}

/* Takes a pair into a map, or says why not. */
static void add_pair(struct builder *b, struct tree *map, struct tree ***end,
                     const struct tree *key, struct tree *value)
{
    if (key->kind != TREE_TEXT) {
        diag_add(b->diags, DIAG_ERROR, "S108", b->file, key->line, key->column,
                 "a key must be a word");
        return;
    }
    const struct tree *first = tree_child(map, key->text);
    if (key->spoiled)
        return;
    if (first) {
        diag_add(b->diags, DIAG_ERROR, "S103", b->file, key->line, key->column,
                 "duplicate key '%s'; it stands in line %d already", key->text, first->key_line);
        return;
    }
    value->key = key->text;
    value->key_line = key->line;
    value->key_column = key->column;
    **end = value;
    *end = &value->next;
}

static void build_map(struct builder *b, struct tree *map, int depth)
{
    struct tree **end = &map->children;
    yaml_event_t e;
    while (next_event(b, &e)) {
        if (e.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&e);
            return;
        }
        struct tree *key = build(b, &e, depth);
        if (!key || !next_event(b, &e))
            return;
        struct tree *value = build(b, &e, depth);
        if (!value)
            return;
        add_pair(b, map, &end, key, value);
    }
}

/* The node that begins with event e, which is deleted. NULL: stopped. */
static struct tree *build(struct builder *b, yaml_event_t *e, int depth)
{
    struct tree *t = NULL;
    if (depth > TREE_MAX_DEPTH) {
        error_at(b, "S109", e->start_mark, "nested too deeply");
        b->stopped = true;
    } else if (e->type == YAML_SCALAR_EVENT)
        t = build_text(b, e);
    else if (e->type == YAML_ALIAS_EVENT) {
        error_at(b, "S105", e->start_mark,
                 "aliases are not used in scenarios; write the value out");
        t = new_node(b, TREE_TEXT, e->start_mark);
        t->spoiled = true;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        t = new_node(b, TREE_LIST, e->start_mark);
        refuse_properties(b, e, e->data.sequence_start.anchor, e->data.sequence_start.tag);
        build_list(b, t, depth + 1);
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        t = new_node(b, TREE_MAP, e->start_mark);
        refuse_properties(b, e, e->data.mapping_start.anchor, e->data.mapping_start.tag);
        build_map(b, t, depth + 1);
    }
    yaml_event_delete(e);
    return b->stopped ? NULL : t;
}

/* ---- a whole text ---- */

static struct tree *build_document(struct builder *b)
{
    struct tree *root = NULL;
    yaml_event_t e;
    bool first = true;
    while (next_event(b, &e)) {
        yaml_event_type_t type = e.type;
        yaml_mark_t at = e.start_mark;
        if (type == YAML_DOCUMENT_START_EVENT && !first) {
            error_at(b, "S107", at, "a second document; a scenario is one");
            b->stopped = true;
        } else if (type == YAML_SCALAR_EVENT || type == YAML_ALIAS_EVENT ||
                   type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT) {
            root = build(b, &e, 0);
            first = false;
            continue;
        }
        yaml_event_delete(&e);
        if (type == YAML_STREAM_END_EVENT)
            break;
    }
    return root;
}

/* Told once a line; the copy that is parsed has blanks instead, so that all else is found too. */
static void replace_tabs(char *text, size_t n, const char *file, struct diag_list *diags)
{
    int line = 1, column = 1, told = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\t') {
            if (told != line)
                diag_add(diags, DIAG_ERROR, "S102", file, line, column,
                         "a tab; scenarios are written with blanks");
            told = line;
            text[i] = ' ';
        }
        if (text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80)
            column++;
    }
}

struct tree *tree_parse(struct pool *pool, const char *file, const char *text, size_t n,
                        struct diag_list *diags)
{
    struct builder b = {.pool = pool, .diags = diags, .file = file};
    char *copy = pool_text(pool, text, n);
    replace_tabs(copy, n, file, diags);
    if (!yaml_parser_initialize(&b.parser))
        abort(); /* only for want of memory */
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    if (n >= 3 && memcmp(copy, "\xEF\xBB\xBF", 3) == 0) { /* a byte order mark, which YAML allows */
        copy += 3;
        n -= 3;
    }
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)copy, n);
    struct tree *root = build_document(&b);
    yaml_parser_delete(&b.parser);
    return b.stopped ? NULL : root;
}
