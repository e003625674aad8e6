/* Sets of words: one, several joined by +, or a list; and lists of such sets in an order. */
#include <string.h>

#include "topologies/value.h"

/* One word of a set, from `text`, at the place of t. */
static bool add_word(struct reader *r, const struct schema_key *k, const struct tree *t,
                     const char *text, uint32_t *set, unsigned *count)
{
    struct tree word = *t;
    int v;
    word.kind = TREE_TEXT;
    word.text = text;
    if (!value_word(r, k, &word, &v))
        return false;
    if ((v == 0 && *count > 0) || (v != 0 && *count > 0 && *set == 0)) {
        reader_error(r, t, "S126", "'%s: %s' stands alone", k->name, schema_word_name(k->words, 0));
        return false;
    }
    *set |= (uint32_t)v;
    (*count)++;
    return true;
}

/* "a+b" */
static bool add_words(struct reader *r, const struct schema_key *k, const struct tree *t,
                      uint32_t *set, unsigned *count)
{
    for (const char *p = t->text;; p++) {
        size_t n = strcspn(p, "+");
        if (!add_word(r, k, t, pool_text(r->pool, p, n), set, count))
            return false;
        p += n;
        if (*p == '\0')
            return true;
    }
}

bool value_set(struct reader *r, const struct schema_key *k, const struct tree *t, uint32_t *out)
{
    unsigned count = 0;
    uint32_t set = 0;
    if (t->kind != TREE_LIST) {
        if (!reader_want(r, t, TREE_TEXT, k->name) || !add_words(r, k, t, &set, &count))
            return false;
        *out = set;
        return true;
    }
    for (const struct tree *c = t->children; c; c = c->next)
        if (!reader_want(r, c, TREE_TEXT, k->name) || !add_words(r, k, c, &set, &count))
            return false;
    if (count == 0) {
        reader_error(r, t, "S112", "'%s' has no value", k->name);
        return false;
    }
    *out = set;
    return true;
}

bool value_sets(struct reader *r, const struct schema_key *k, const struct tree *t,
                struct cfg_sets *out)
{
    const uint32_t most = sizeof out->set / sizeof *out->set;
    struct cfg_sets sets = {0};
    if (t->kind == TREE_TEXT && strcmp(t->text, k->none) == 0) {
        *out = sets;
        return true;
    }
    if (t->kind == TREE_TEXT) {
        sets.count = 1;
        if (!value_set(r, k, t, &sets.set[0]))
            return false;
        *out = sets;
        return true;
    }
    if (!reader_want(r, t, TREE_LIST, k->name))
        return false;
    for (const struct tree *c = t->children; c; c = c->next) {
        if (sets.count == most) {
            reader_error(r, c, "S118", "more than %u in '%s'", most, k->name);
            return false;
        }
        if (!value_set(r, k, c, &sets.set[sets.count]))
            return false;
        sets.count++;
    }
    *out = sets;
    return true;
}
