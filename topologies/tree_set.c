/* --set: assignments become edits of the tree before it is read, so that they pass the same schema
 * and are told by their own place: file "--set", line = which of them, column in its text. */
#include "topologies/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int column_of(const char *assignment, const char *at)
{
    int column = 1;
    for (const char *p = assignment; p < at; p++)
        column += ((unsigned char)*p & 0xC0) != 0x80;
    return column;
}

/* The value behind '='. */
static struct tree *parse_value(struct pool *pool, const char *assignment, const char *value,
                                int index, struct diag_list *diags)
{
    int column = column_of(assignment, value);
    if (*value && strchr("{[\"'", *value)) {
        /* Blanks and line ends in front, so that libyaml's marks are right as they are. */
        size_t before = (size_t)(index - 1) + (size_t)(column - 1), n = before + strlen(value);
        char *padded = pool_alloc(pool, n + 1);
        memset(padded, '\n', (size_t)(index - 1));
        memset(padded + index - 1, ' ', (size_t)(column - 1));
        memcpy(padded + before, value, strlen(value));
        return tree_parse(pool, SET_FILE, padded, n, diags);
    }
    struct tree *t = pool_alloc(pool, sizeof *t);
    t->kind = TREE_TEXT;
    t->file = SET_FILE;
    t->line = index;
    t->column = column;
    t->text = pool_text(pool, value, strlen(value));
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

static struct tree *put(struct tree *parent, struct tree **slot, struct tree *value,
                        const char *name, int index, int column)
{
    value->next = *slot ? (*slot)->next : NULL;
    if (parent->kind == TREE_MAP) {
        value->key = *slot ? (*slot)->key : name;
        value->key_line = index;
        value->key_column = column;
    }
    *slot = value;
    return value;
}

static void set_error(struct diag_list *diags, int index, int column, const char *fmt,
                      const char *name)
{
    char text[300];
    snprintf(text, sizeof text, fmt, name);
    diag_add(diags, DIAG_ERROR, "S110", SET_FILE, index, column, "%s", text);
}

void tree_set(struct pool *pool, struct tree *root, const char *assignment, int index,
              struct diag_list *diags)
{
    const char *equals = strchr(assignment, '=');
    if (!equals) {
        set_error(diags, index, column_of(assignment, assignment + strlen(assignment)),
                  "no '=' in '%.200s'; it is written key.key=value", assignment);
        return;
    }
    struct tree *value = parse_value(pool, assignment, equals + 1, index, diags);
    if (!value)
        return;
    struct tree *parent = root;
    for (const char *p = assignment;; p++) {
        size_t n = strcspn(p, ".=");
        const char *name = pool_text(pool, p, n);
        int column = column_of(assignment, p);
        struct tree **slot = NULL;
        if (parent->kind != TREE_TEXT && n > 0)
            slot = find_slot(parent, name);
        if (!slot) {
            set_error(diags, index, column,
                      parent->kind == TREE_TEXT ? "cannot set '%.200s' inside a plain value"
                      : n == 0                  ? "an empty name in the key%s"
                                                : "no item '%.200s' in this list",
                      name);
            return;
        }
        p += n;
        if (p == equals) {
            put(parent, slot, value, name, index, column);
            return;
        }
        if (!*slot) {
            struct tree *map = pool_alloc(pool, sizeof *map);
            *map = (struct tree){
                .kind = TREE_MAP, .file = SET_FILE, .line = index, .column = column, .text = ""};
            put(parent, slot, map, name, index, column);
        }
        parent = *slot;
    }
}
