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

struct tree *tree_child(const struct tree *map, const char *key);
/* Do two keys mean the same? In links blanks do not count: `a->b` is `a -> b`. */
bool tree_same_key(const char *a, const char *b);

#define SET_FILE "--set"

#endif
