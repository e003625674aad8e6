#include "topologies/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"

/* ---- telling ---- */

static void tell(struct reader *r, const char *file, int line, int column, const char *code,
                 const char *fmt, va_list ap)
{
    char text[1000];
    if (r->quiet)
        return;
    vsnprintf(text, sizeof text, fmt, ap);
    diag_add(r->diags, DIAG_ERROR, code, file, line, column, "%s", text);
}

void reader_error(struct reader *r, const struct tree *at, const char *code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    tell(r, at->file, at->line, at->column, code, fmt, ap);
    va_end(ap);
}

void reader_error_at(struct reader *r, const struct owner *at, const char *code, const char *fmt,
                     ...)
{
    va_list ap;
    va_start(ap, fmt);
    tell(r, at->file, at->line, at->column, code, fmt, ap);
    va_end(ap);
}

const char *reader_hint(struct reader *r, const char *word, const char *const *names, size_t n)
{
    const char *nearest = diag_nearest(word, names, n);
    return nearest ? pool_printf(r->pool, "; did you mean '%s'?", nearest) : "";
}

/* ---- marks ---- */

void reader_mark(struct reader *r, const void *target, const struct tree *at, bool given, bool bad)
{
    struct mark *m = (struct mark *)(uintptr_t)reader_mark_of(r, target);
    if (!m) {
        if (r->mark_count == r->mark_cap) {
            r->mark_cap = r->mark_cap ? 2 * r->mark_cap : 256;
            r->marks = xrealloc(r->marks, r->mark_cap * sizeof *r->marks);
        }
        m = &r->marks[r->mark_count++];
    }
    *m = (struct mark){target, at->file, at->line, at->column, given, bad};
}

void reader_mark_key(struct reader *r, const void *target, const struct tree *t)
{
    struct tree key = {.file = t->file, .line = t->key_line, .column = t->key_column};
    reader_mark(r, target, &key, true, false);
}

/* Marks of a population are made together and asked for together: the last first. */
const struct mark *reader_mark_of(const struct reader *r, const void *target)
{
    for (size_t i = r->mark_count; i-- > 0;)
        if (r->marks[i].target == target)
            return &r->marks[i];
    return NULL;
}

/* ---- sections ---- */

bool reader_want(struct reader *r, const struct tree *t, enum tree_kind kind, const char *name)
{
    static const char *const kinds[] = {"a plain value", "a mapping (key: value)",
                                        "a list ([a, b])"};
    if (t->spoiled)
        return false;
    if (t->kind == kind)
        return true;
    if (t->kind == TREE_TEXT && t->text[0] == '\0')
        reader_error(r, t, "S112", "'%s' has no value; it needs %s", name, kinds[kind]);
    else
        reader_error(r, t, "S111", "'%s' needs %s, not %s", name, kinds[kind], kinds[t->kind]);
    return false;
}

static void read_default(struct reader *r, const struct schema_key *k, void *target,
                         const struct owner *owner)
{
    struct tree standard = {.kind = TREE_TEXT,
                            .file = owner->file,
                            .line = owner->line,
                            .column = owner->column,
                            .text = k->standard};
    if (k->standard)
        value_read(r, k, &standard, target);
}

void reader_key(struct reader *r, const struct schema_key *k, const struct tree *child,
                void *target, const struct owner *owner, enum reader_fill fill)
{
    union {
        struct dist dist;
        char fqdn[128];
    } nowhere; /* the largest of what value_read writes */
    bool ok = child && value_read(r, k, child, target ? target : &nowhere);
    if (child && target)
        reader_mark(r, target, child, true, !ok);
    if (ok || fill == FILL_NOTHING)
        return;
    if (target)
        read_default(r, k, target, owner);
    if (!child && fill == FILL_ALL && schema_is_required(k))
        reader_error_at(r, owner, "S113", "required key '%s' is missing%s%s", k->name,
                        owner->name ? " in " : "", owner->name ? owner->name : "");
}

static void read_subsection(struct reader *r, const struct schema_key *k, const struct tree *child,
                            void *base, unsigned kinds, const struct owner *owner,
                            enum reader_fill fill)
{
    struct owner inner = *owner;
    inner.name = pool_printf(r->pool, "'%s'%s%s", k->name, owner->name ? " of " : "",
                             owner->name ? owner->name : "");
    if (child) {
        inner.file = child->file;
        inner.line = child->key_line;
        inner.column = child->key_column;
    }
    bool usable = child && reader_want(r, child, TREE_MAP, k->name);
    reader_section(r, k->section, usable ? child : NULL, base, kinds, &inner,
                   child && !usable && fill == FILL_ALL ? FILL_DEFAULTS : fill);
    if (usable)
        reader_unknown(r, k->section, child, kinds, &inner);
}

void reader_section(struct reader *r, const struct schema_section *section, const struct tree *tree,
                    void *base, unsigned kinds, const struct owner *owner, enum reader_fill fill)
{
    const struct schema_key *k;
    for (size_t i = 0; (k = schema_at(section, i)) != NULL; i++) {
        if (kinds != 0 && k->kinds != 0 && !(k->kinds & kinds))
            continue;
        const struct tree *child = tree_child(tree, k->name);
        void *target = k->offset == SCHEMA_NOWHERE || !base ? NULL : (char *)base + k->offset;
        if (k->section == &schema_rule)
            policy_read(r, child, base);
        else if (k->type == TYPE_SECTION)
            read_subsection(r, k, child, target, kinds, owner, fill);
        else if (k->type == TYPE_TABLE && !child && fill == FILL_ALL && schema_is_required(k))
            reader_error_at(r, owner, "S113", "required key '%s' is missing", k->name);
        else if (k->type != TYPE_TABLE && k->type != TYPE_LATER)
            reader_key(r, k, child, target, owner, fill);
    }
}

static const char *fitting_kinds(struct reader *r, unsigned kinds)
{
    const char *text = "";
    for (const struct schema_word *w = schema_kinds; w->name; w++)
        if (w->value != SCHEMA_LATER && (kinds & (1u << w->value)))
            text = pool_printf(r->pool, "%s%s%s", text, *text ? ", " : "", w->name);
    return text;
}

void reader_unknown(struct reader *r, const struct schema_section *section, const struct tree *tree,
                    unsigned kinds, const struct owner *owner)
{
    const char *names[128];
    size_t n = 0;
    const struct schema_key *k;
    for (size_t i = 0; (k = schema_at(section, i)) != NULL && n < 128; i++)
        if (k->type != TYPE_LATER && (kinds == 0 || k->kinds == 0 || (k->kinds & kinds)))
            names[n++] = k->name;
    for (const struct tree *c = tree->children; c; c = c->next) {
        struct owner at = {NULL, c->file, c->key_line, c->key_column};
        const struct schema_key *found = schema_find(section, c->key, kinds);
        const struct schema_key *other = schema_find(section, c->key, 0);
        if (found && found->type == TYPE_LATER)
            reader_error_at(r, &at, "S114", "'%s' is not in this version", c->key);
        else if (!found && other)
            reader_error_at(r, &at, "S201", "'%s' does not fit %s; it is for kind %s", c->key,
                            owner->name ? owner->name : "here", fitting_kinds(r, other->kinds));
        else if (!found)
            reader_error_at(r, &at, "S104", "unknown key '%s'%s%s%s", c->key,
                            owner->name ? " in " : "", owner->name ? owner->name : "",
                            reader_hint(r, c->key, names, n));
    }
}
