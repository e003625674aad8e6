/* A YAML text as a tree in which every node knows where it stands. Read through libyaml's event
 * parser, with what scenarios do without refused: tabs, duplicate keys, anchors, aliases, tags,
 * more than one document (DESIGN section 9). Nothing is interpreted here: every scalar is a text.
 */
#ifndef TOPOLOGIES_TREE_H
#define TOPOLOGIES_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/diag.h"
#include "topologies/pool.h"

enum tree_kind { TREE_TEXT, TREE_MAP, TREE_LIST };

/* Visible: it is walked by the reader. Belongs to the pool. */
struct tree {
    enum tree_kind kind;
    bool spoiled;     /* a mistake in it was told already: not to be judged again */
    const char *file; /* as in diags: the path, or "--set" */
    int line, column; /* from 1, in characters */
    const char *text; /* TREE_TEXT */
    const char *key;  /* in a map: its key, and where that stands */
    int key_line, key_column;
    struct tree *children, *next; /* in the order of the text */
};

struct tree_place {
    const char *file;
    int line, column;
};

#define TREE_MAX_TEXT  (4u << 20) /* octets of a scenario */
#define TREE_MAX_DEPTH 16

/* NULL: it is no YAML, or empty; mistakes are in diags (S101..S103, S105..S109). The caller gives
 * diags the source. */
struct tree *tree_parse(struct pool *pool, const char *file, const char *text, size_t n,
                        struct diag_list *diags);
/* Sets `a.b.c=value` (the index-th --set, from 1), making what is missing on the way. A value that
 * begins with { [ " or ' is YAML; any other is taken as it stands. Components of links are found
 * whatever the blanks around their arrow. */
void tree_set(struct pool *pool, struct tree *root, const char *assignment, int index,
              struct diag_list *diags);

/* Puts a value at `a.b.c`, likewise; the key stands at file:line:column, for messages. */
void tree_put(struct pool *pool, struct tree *root, const char *key, struct tree *value,
              const struct tree_place *at, struct diag_list *diags);
/* A value as --set takes it, which stands there. NULL: no YAML, which was told. */
struct tree *tree_value(struct pool *pool, const char *text, const struct tree_place *at,
                        struct diag_list *diags);
/* `a.b.c=value,value` (the index-th --vary, from 1): sets the key of root's `sweep` to that list.
 * Commas inside { }, [ ] and quotes do not part values. */
void tree_vary(struct pool *pool, struct tree *root, const char *assignment, int index,
               struct diag_list *diags);
/* As tree_value takes it: on one line, in JSON where it is no plain text. The pool's. */
const char *tree_text(struct pool *pool, const struct tree *t);

struct tree *tree_child(const struct tree *map, const char *key);
/* Do two keys mean the same? In links blanks do not count: `a->b` is `a -> b`. */
bool tree_same_key(const char *a, const char *b);

#define SET_FILE  "--set"
#define VARY_FILE "--vary"

#endif
