/* Edits of the tree before it is read, so that what is set passes the same schema and is told by
 * its own place: of --set and --vary, the option as file, which of them as line, the column in its
 * text. */
#include "topologies/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/json.h"

static int column_of(const char *assignment, const char *at)
{
    int column = 1;
    for (const char *p = assignment; p < at; p++)
        column += ((unsigned char)*p & 0xC0) != 0x80;
    return column;
}

struct tree *tree_value(struct pool *pool, const char *text, const struct tree_place *at,
                        struct diag_list *diags)
{
    if (*text && strchr("{[\"'", *text)) {
        /* Blanks and line ends in front, so that libyaml's marks are right as they are. */
        size_t lines = (size_t)(at->line - 1), before = lines + (size_t)(at->column - 1);
        size_t n = before + strlen(text);
        char *padded = pool_alloc(pool, n + 1);
        memset(padded, '\n', lines);
        memset(padded + lines, ' ', before - lines);
        memcpy(padded + before, text, strlen(text));
        return tree_parse(pool, at->file, padded, n, diags);
    }
    struct tree *t = pool_alloc(pool, sizeof *t);
    t->kind = TREE_TEXT;
    t->file = at->file;
    t->line = at->line;
    t->column = at->column;
    t->text = pool_text(pool, text, strlen(text));
    return t;
}

/* The child of that name, or the i-th of a list. NULL: there is none. */
static struct tree **find_slot(struct tree *parent, const char *name)
{
    struct tree **slot = &parent->children;
    if (parent->kind == TREE_LIST) {
        char *end;
        unsigned long i = strtoul(name, &end, 10);
        if (*end != '\0' || name[0] < '0' || name[0] > '9')
            return NULL;
        for (; *slot && i > 0; i--)
            slot = &(*slot)->next;
        return *slot ? slot : NULL;
    }
    while (*slot && !tree_same_key((*slot)->key, name))
        slot = &(*slot)->next;
    return slot;
}

static void put(struct tree *parent, struct tree **slot, struct tree *value, const char *name,
                const struct tree_place *at)
{
    value->next = *slot ? (*slot)->next : NULL;
    if (parent->kind == TREE_MAP) {
        value->key = *slot ? (*slot)->key : name;
        value->key_line = at->line;
        value->key_column = at->column;
    }
    *slot = value;
}

static void set_error(struct diag_list *diags, const struct tree_place *at, const char *fmt,
                      const char *name)
{
    char text[300];
    snprintf(text, sizeof text, fmt, name);
    diag_add(diags, DIAG_ERROR, "S110", at->file, at->line, at->column, "%s", text);
}

static struct tree *new_map(struct pool *pool, const struct tree_place *at)
{
    struct tree *map = pool_alloc(pool, sizeof *map);
    *map = (struct tree){
        .kind = TREE_MAP, .file = at->file, .line = at->line, .column = at->column, .text = ""};
    return map;
}

void tree_put(struct pool *pool, struct tree *root, const char *key, struct tree *value,
              const struct tree_place *at, struct diag_list *diags)
{
    struct tree *parent = root;
    for (const char *p = key;; p++) {
        size_t n = strcspn(p, ".");
        const char *name = pool_text(pool, p, n);
        struct tree_place here = {at->file, at->line, at->column + column_of(key, p) - 1};
        struct tree **slot = NULL;
        if (parent->kind != TREE_TEXT && n > 0)
            slot = find_slot(parent, name);
        if (!slot) {
            set_error(diags, &here,
                      parent->kind == TREE_TEXT ? "cannot set '%.200s' inside a plain value"
                      : n == 0                  ? "an empty name in the key%s"
                                                : "no item '%.200s' in this list",
                      name);
            return;
        }
        p += n;
        if (*p == '\0') {
            put(parent, slot, value, name, &here);
            return;
        }
        if (!*slot)
            put(parent, slot, new_map(pool, &here), name, &here);
        parent = *slot;
    }
}

/* The key in front of '='; NULL: there is none, which was told. */
static const char *key_of(struct pool *pool, const char *file, const char *assignment, int index,
                          const char *form, struct diag_list *diags)
{
    size_t n = strcspn(assignment, "=");
    if (assignment[n])
        return pool_text(pool, assignment, n);
    struct tree_place end = {file, index, column_of(assignment, assignment + n)};
    char fmt[100];
    snprintf(fmt, sizeof fmt, "no '=' in '%%.200s'; it is written %s", form);
    set_error(diags, &end, fmt, assignment);
    return NULL;
}

void tree_set(struct pool *pool, struct tree *root, const char *assignment, int index,
              struct diag_list *diags)
{
    const char *key = key_of(pool, SET_FILE, assignment, index, "key.key=value", diags);
    if (!key)
        return;
    const char *text = assignment + strlen(key) + 1;
    struct tree_place at = {SET_FILE, index, 1};
    struct tree_place behind = {SET_FILE, index, column_of(assignment, text)};
    struct tree *value = tree_value(pool, text, &behind, diags);
    if (value)
        tree_put(pool, root, key, value, &at, diags);
}

/* ---- --vary ---- */

/* The comma that ends the value at p, or the end of the text. */
static const char *end_of_value(const char *p)
{
    int depth = 0;
    char quote = '\0';
    for (; *p; p++) {
        if (quote) {
            if (*p == '\\' && quote == '"' && p[1])
                p++;
            else if (*p == quote)
                quote = '\0';
        } else if (*p == '"' || *p == '\'')
            quote = *p;
        else if (*p == '{' || *p == '[')
            depth++;
        else if (*p == '}' || *p == ']')
            depth--;
        else if (*p == ',' && depth <= 0)
            break;
    }
    return p;
}

static struct tree *list_of(struct pool *pool, const char *assignment, const char *values,
                            int index, struct diag_list *diags)
{
    struct tree_place at = {VARY_FILE, index, column_of(assignment, values)};
    struct tree *list = new_map(pool, &at), **last = &list->children;
    list->kind = TREE_LIST;
    for (const char *p = values; *values; p++) {
        const char *end = end_of_value(p);
        while (*p == ' ')
            p++;
        size_t n = end > p ? (size_t)(end - p) : 0;
        while (n > 0 && p[n - 1] == ' ')
            n--;
        at.column = column_of(assignment, p);
        *last = tree_value(pool, pool_text(pool, p, n), &at, diags);
        if (!*last)
            return NULL;
        last = &(*last)->next;
        if (!*end)
            break;
        p = end;
    }
    return list;
}

void tree_vary(struct pool *pool, struct tree *root, const char *assignment, int index,
               struct diag_list *diags)
{
    const char *key = key_of(pool, VARY_FILE, assignment, index, "key.key=value,value", diags);
    struct tree_place at = {VARY_FILE, index, 1};
    struct tree *sweep = tree_child(root, "sweep");
    if (!key)
        return;
    struct tree *list = list_of(pool, assignment, assignment + strlen(key) + 1, index, diags);
    if (!list)
        return;
    if (!sweep || sweep->kind == TREE_TEXT) {
        sweep = new_map(pool, &at);
        tree_put(pool, root, "sweep", sweep, &at, diags);
    }
    struct tree **slot = find_slot(sweep, key);
    if (slot)
        put(sweep, slot, list, key, &at);
}

/* ---- back to text ---- */

static void write_flow(const struct tree *t, FILE *to)
{
    const char *separator = "";
    if (t->kind == TREE_TEXT) {
        json_text(to, t->text);
        return;
    }
    putc(t->kind == TREE_MAP ? '{' : '[', to);
    for (const struct tree *c = t->children; c; c = c->next) {
        fputs(separator, to);
        separator = ", ";
        if (t->kind == TREE_MAP) {
            json_text(to, c->key);
            fputs(": ", to);
        }
        write_flow(c, to);
    }
    putc(t->kind == TREE_MAP ? '}' : ']', to);
}

const char *tree_text(struct pool *pool, const struct tree *t)
{
    char *text = NULL;
    size_t n = 0;
    if (t->kind == TREE_TEXT && !(t->text[0] && strchr("{[\"'", t->text[0])))
        return pool_text(pool, t->text, strlen(t->text));
    FILE *to = open_memstream(&text, &n);
    if (!to)
        abort(); /* only for want of memory */
    write_flow(t, to);
    fclose(to);
    char *kept = pool_text(pool, text, n);
    free(text);
    return kept;
}
