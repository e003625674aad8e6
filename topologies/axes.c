/* `sweep:`: the axes as they are written, not yet cells. */
#include <string.h>

#include "topologies/reader.h"
#include "topologies/select.h"

#define MAX_AXES   32
#define MAX_VALUES 1000

static bool is_inside(const char *key, const char *other)
{
    size_t n = strlen(other);
    return strncmp(key, other, n) == 0 && (key[n] == '\0' || key[n] == '.');
}

/* What all runs of an experiment have in common: seeds, so that cells can be compared, and the cost
 * profile, which the database holds once. A section with one of them in it does not vary either. */
static bool may_vary(const char *key)
{
    static const char *const fixed[] = {"m2msim",     "sweep", "run.replications", "run.seed",
                                        "run.warmup", "goals", "use.cost_profile"};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (is_inside(key, fixed[i]) || is_inside(fixed[i], key))
            return false;
    return true;
}

static bool is_axis(const struct scenario *s, const char *key)
{
    for (uint32_t i = 0; i < s->axis_count; i++)
        if (tree_same_key(s->axes[i].key, key))
            return true;
    return false;
}

/* Was the key, or what it is in, given by --set? The sweep would undo it without a word. */
static bool is_set(const char *key, const char *const *sets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t m = strcspn(sets[i], "=");
        if (strlen(key) == m && strncmp(sets[i], key, m) == 0)
            return true;
    }
    return false;
}

static bool read_axis(struct reader *r, const struct tree *t, bool zipped)
{
    struct scenario *s = r->s;
    struct owner at = {NULL, t->file, t->key_line, t->key_column};
    uint32_t n = 0;
    if (!reader_want(r, t, TREE_LIST, t->key))
        return false;
    for (const struct tree *c = t->children; c; c = c->next)
        n++;
    if (n == 0 || n > MAX_VALUES)
        reader_error(r, t, "S241", "'%s' needs 1 to %d values to go through; it has %u", t->key,
                     MAX_VALUES, n);
    else if (!may_vary(t->key))
        reader_error_at(
            r, &at, "S242",
            "'%s' cannot be swept: every cell has the same seeds, replications, goals and "
            "cost profile",
            t->key);
    else if (is_axis(s, t->key))
        reader_error_at(r, &at, "S243", "'%s' is swept twice", t->key);
    else if (is_set(t->key, r->sets, r->set_count))
        reader_error_at(r, &at, "S243",
                        "'%s' is swept, and set by --set too; --vary %s=VALUE replaces the sweep's "
                        "values",
                        t->key, t->key);
    else if (s->axis_count == MAX_AXES)
        reader_error_at(r, &at, "S241", "more than %d keys are swept", MAX_AXES);
    else {
        struct scn_value *values = pool_alloc(r->pool, n * sizeof *values);
        struct scn_axis *axis = &s->axes[s->axis_count++];
        *axis = (struct scn_axis){.key = t->key,
                                  .file = t->file,
                                  .values = values,
                                  .value_count = n,
                                  .zipped = zipped,
                                  .line = t->key_line,
                                  .column = t->key_column};
        for (const struct tree *c = t->children; c; c = c->next)
            *values++ = (struct scn_value){tree_text(r->pool, c), c->file, c->line, c->column};
        return true;
    }
    return false;
}

static void read_zip(struct reader *r, const struct tree *t)
{
    const struct scn_axis *first = NULL;
    if (!reader_want(r, t, TREE_MAP, "zip"))
        return;
    for (const struct tree *c = t->children; c; c = c->next) {
        if (!read_axis(r, c, first != NULL))
            continue;
        const struct scn_axis *axis = &r->s->axes[r->s->axis_count - 1];
        if (first && axis->value_count != first->value_count)
            reader_error(r, c, "S244",
                         "keys in 'zip' go through their values together: '%s' has %u, and '%s' "
                         "has %u",
                         axis->key, axis->value_count, first->key, first->value_count);
        first = first ? first : axis;
    }
}

static void read_where(struct reader *r, const struct tree *t)
{
    const char *keys[MAX_AXES];
    char why[200];
    int at = 1;
    if (!reader_want(r, t, TREE_TEXT, "where"))
        return;
    for (uint32_t i = 0; i < r->s->axis_count; i++)
        keys[i] = r->s->axes[i].key;
    struct select *s = select_parse(t->text, keys, r->s->axis_count, false, why, &at);
    struct owner place = {NULL, t->file, t->line, t->column + at - 1};
    if (!s)
        reader_error_at(r, &place, "S245", "'where': %s", why);
    select_free(s);
    r->s->where = t->text;
}

void axes_read(struct reader *r, const struct tree *root)
{
    const struct tree *t = tree_child(root, "sweep");
    if (!t || t->spoiled || !reader_want(r, t, TREE_MAP, "sweep"))
        return;
    r->s->axes = pool_alloc(r->pool, MAX_AXES * sizeof *r->s->axes);
    for (const struct tree *c = t->children; c; c = c->next)
        if (strcmp(c->key, "zip") == 0)
            read_zip(r, c);
        else if (strcmp(c->key, "where") != 0)
            (void)read_axis(r, c, false);
    const struct tree *where = tree_child(t, "where");
    if (where)
        read_where(r, where);
}
