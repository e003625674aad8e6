/* The resolved scenario: every key with its value, so that nothing depends on defaults or on other
 * files any more. YAML and JSON come from the same walk over the schema; both read back to the
 * same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"
#include "sim/base/json.h"
#include "topologies/reader.h"

struct emitter {
    const struct scenario *s;
    FILE *to;
    bool json;
    unsigned depth;
    bool flow;  /* YAML: inside { } on one line */
    bool first; /* nothing stands in the present { } yet */
    bool owed;  /* the blank behind `key:`; none before a block */
};

static void put_indent(const struct emitter *e)
{
    fprintf(e->to, "%*s", (int)(2 * e->depth), "");
}

static void put_key(struct emitter *e, const char *name)
{
    if (e->json) {
        fputs(e->first ? "\n" : ",\n", e->to);
        put_indent(e);
        json_text(e->to, name);
        putc(':', e->to);
    } else if (e->flow)
        fprintf(e->to, "%s%s:", e->first ? "" : ", ", name);
    else {
        put_indent(e);
        fprintf(e->to, "%s:", name);
    }
    e->first = false;
    e->owed = true;
}

static void put_blank(struct emitter *e)
{
    if (e->owed)
        putc(' ', e->to);
    e->owed = false;
}

static void put_word(struct emitter *e, const char *word)
{
    put_blank(e);
    fprintf(e->to, e->json ? "\"%s\"" : "%s", word);
}

static void put_value(struct emitter *e, const struct schema_key *k, const void *base)
{
    put_blank(e);
    value_write(e->s, k, (const char *)base + k->offset, e->json, e->to);
}

static void end_value(struct emitter *e)
{
    if (!e->json && !e->flow)
        putc('\n', e->to);
}

static void open_map(struct emitter *e)
{
    if (e->json || e->flow) {
        put_blank(e);
        putc('{', e->to);
    } else
        putc('\n', e->to);
    e->owed = false;
    e->depth++;
    e->first = true;
}

static void close_map(struct emitter *e)
{
    e->depth--;
    if (e->json && !e->first) {
        putc('\n', e->to);
        put_indent(e);
    }
    if (e->json || e->flow)
        putc('}', e->to);
    e->first = false;
}

/* Populations that it has nothing to do with, and what is said about these. */
static bool is_nobodys(const struct cfg_server *s, const void *target)
{
    const struct cfg_application *a = &s->application;
    const void *actuate[] = {&a->actuate.actuators, &a->actuate.every, &a->actuate.octets,
                             &a->actuate.what};

    for (size_t i = 0; a->actuate.actuators == SCN_NONE && i < 4; i++)
        if (target == actuate[i])
            return true;
    return (target == &s->hss && s->hss == SCN_NONE) || (target == &s->kms && s->kms == SCN_NONE) ||
           (target == &s->nscl && s->nscl == SCN_NONE) ||
           (target == &a->behind && a->behind == SCN_NONE) ||
           (target == &a->follow && a->follow == SCN_NONE);
}

/* Fields that have no meaning beside others of this population, and would be refused if given. */
static bool is_void(const struct scn_population *p, const void *target)
{
    const struct meaning *m;

    if (!cfg_is_field(p->kind))
        return is_nobodys(&p->server, target);
    for (size_t i = 0; (m = meaning_at(i)) != NULL; i++)
        if (target == (const char *)&p->device + m->offset)
            return !m->is_there(&p->device);
    return false;
}

static bool is_left_out(const struct schema_key *k, const void *target,
                        const struct scn_population *population);

/* Nothing of it has a meaning here. */
static bool is_empty(const struct schema_section *section, const char *base,
                     const struct scn_population *population)
{
    const struct schema_key *k;
    for (size_t i = 0; (k = schema_at(section, i)) != NULL; i++)
        if (!is_left_out(k, base + (k->offset == SCHEMA_NOWHERE ? 0 : k->offset), population))
            return false;
    return true;
}

static bool is_left_out(const struct schema_key *k, const void *target,
                        const struct scn_population *population)
{
    unsigned kinds = population ? 1u << population->kind : 0;
    if ((kinds != 0 && k->kinds != 0 && !(k->kinds & kinds)) || k->type == TYPE_LATER)
        return true;
    if (k->type == TYPE_SECTION)
        return is_empty(k->section, target, population);
    return k->offset != SCHEMA_NOWHERE && population && is_void(population, target);
}

static void put_policy(struct emitter *e, const struct cfg_server *server);

/* population: the one that base is, else NULL. */
static void put_section(struct emitter *e, const struct schema_section *section, const void *base,
                        const struct scn_population *population)
{
    const struct schema_key *k;
    for (size_t i = 0; (k = schema_at(section, i)) != NULL; i++) {
        const char *target = (const char *)base + (k->offset == SCHEMA_NOWHERE ? 0 : k->offset);
        if (is_left_out(k, target, population))
            continue;
        if (k->section == &schema_rule) {
            put_key(e, k->name);
            put_policy(e, &population->server);
        } else if (k->type == TYPE_SECTION) {
            put_key(e, k->name);
            open_map(e);
            put_section(e, k->section, target, population);
            close_map(e);
        } else if (k->type != TYPE_TABLE && k->offset == SCHEMA_NOWHERE && k->standard) {
            put_key(e, k->name); /* what has one value only */
            put_word(e, k->standard);
            end_value(e);
        } else if (k->type != TYPE_TABLE && k->offset != SCHEMA_NOWHERE) {
            put_key(e, k->name);
            put_value(e, k, base);
            end_value(e);
        }
    }
}

static void put_rule(struct emitter *e, const struct cfg_rule *rule)
{
    static const char *const names[] = {"mask", "value", "verdict", "services"};
    bool flow = e->flow;
    put_key(e, rule->name);
    e->flow = true;
    open_map(e);
    for (size_t i = 0; i < (rule->verdict == CFG_LIMIT ? 4 : 3); i++) {
        const struct schema_key *k = schema_find(&schema_rule, names[i], 0);
        put_key(e, k->name);
        put_value(e, k, rule);
    }
    close_map(e);
    e->flow = flow;
    end_value(e);
}

static void put_policy(struct emitter *e, const struct cfg_server *server)
{
    open_map(e);
    for (uint32_t i = 0; i < server->rule_count; i++)
        put_rule(e, &server->rules[i]);
    put_key(e, "otherwise");
    put_word(e, schema_word_name(schema_verdicts, (int)server->otherwise));
    end_value(e);
    close_map(e);
}

static char *section_text(const struct emitter *e, const struct schema_section *section,
                          const void *base)
{
    char *text = NULL;
    size_t n = 0;
    struct emitter inner = *e;
    inner.first = true;
    inner.to = open_memstream(&text, &n);
    if (!inner.to)
        abort(); /* only for want of memory */
    put_section(&inner, section, base, NULL);
    fclose(inner.to);
    return text;
}

static void put_link(struct emitter *e, const struct scn_link *link)
{
    const struct scn_population *all = e->s->populations;
    char *name = xasprintf("%s -> %s", all[link->from].name, all[link->to].name);
    put_key(e, name);
    open_map(e);
    put_key(e, "shared");
    put_value(e, schema_find(&schema_link, "shared", 0), link);
    end_value(e);
    char *up = section_text(e, &schema_hop, &link->up);
    char *down = section_text(e, &schema_hop, &link->down);
    if (strcmp(up, down) == 0)
        put_section(e, &schema_hop, &link->up, NULL);
    else {
        put_key(e, "up");
        open_map(e);
        put_section(e, &schema_hop, &link->up, NULL);
        close_map(e);
        put_key(e, "down");
        open_map(e);
        put_section(e, &schema_hop, &link->down, NULL);
        close_map(e);
    }
    close_map(e);
    free(name);
    free(up);
    free(down);
}

static void put_events(struct emitter *e)
{
    const struct scenario *s = e->s;
    put_key(e, "events");
    fputs(e->json ? " [" : "\n", e->to);
    e->owed = false;
    e->depth++;
    for (uint32_t i = 0; i < s->event_count; i++) {
        if (e->json)
            fputs(i > 0 ? ",\n" : "\n", e->to);
        put_indent(e);
        if (!e->json)
            fputs("- ", e->to);
        e->flow = true;
        open_map(e);
        put_section(e, &schema_event, &s->events[i], NULL);
        close_map(e);
        e->flow = false;
        end_value(e);
    }
    e->depth--;
    if (e->json)
        putc(']', e->to);
}

/* As --set takes it, so what begins with a bracket is YAML already; JSON too (tree_text). */
static void put_swept(struct emitter *e, const char *text)
{
    if (text[0] && strchr("{[\"'", text[0]))
        fputs(text, e->to);
    else
        json_text(e->to, text);
}

static void put_axis(struct emitter *e, const struct scn_axis *axis)
{
    put_key(e, axis->key);
    put_blank(e);
    putc('[', e->to);
    for (uint32_t i = 0; i < axis->value_count; i++) {
        fputs(i > 0 ? ", " : "", e->to);
        put_swept(e, axis->values[i].text);
    }
    putc(']', e->to);
    end_value(e);
}

static void put_sweep(struct emitter *e)
{
    const struct scenario *s = e->s;
    put_key(e, "sweep");
    open_map(e);
    for (uint32_t i = 0; i < s->axis_count;) {
        uint32_t end = i + 1;
        while (end < s->axis_count && s->axes[end].zipped)
            end++;
        bool zip = end > i + 1;
        if (zip) {
            put_key(e, "zip");
            open_map(e);
        }
        for (; i < end; i++)
            put_axis(e, &s->axes[i]);
        if (zip)
            close_map(e);
    }
    if (s->where) {
        put_key(e, "where");
        put_blank(e);
        json_text(e->to, s->where);
        end_value(e);
    }
    close_map(e);
}

static void put_goals(struct emitter *e)
{
    put_key(e, "goals");
    fputs(e->json ? " [" : "\n", e->to);
    e->owed = false;
    e->depth++;
    for (uint32_t i = 0; i < e->s->goal_count; i++) {
        if (e->json)
            fputs(i > 0 ? ",\n" : "\n", e->to);
        put_indent(e);
        if (!e->json)
            fputs("- ", e->to);
        json_text(e->to, e->s->goals[i]); /* in quotes in YAML, too */
        end_value(e);
    }
    e->depth--;
    if (e->json)
        putc(']', e->to);
}

static void put_scenario(struct emitter *e)
{
    const struct scenario *s = e->s;
    if (e->json)
        open_map(e);
    put_key(e, "m2msim");
    put_blank(e);
    putc('1', e->to);
    end_value(e);
    put_section(e, &schema_root, s, NULL);
    put_key(e, "populations");
    open_map(e);
    for (uint32_t i = 0; i < s->population_count; i++) {
        put_key(e, s->populations[i].name);
        open_map(e);
        put_section(e, &schema_population, &s->populations[i], &s->populations[i]);
        close_map(e);
    }
    close_map(e);
    if (s->link_count > 0) {
        put_key(e, "links");
        open_map(e);
        for (uint32_t i = 0; i < s->link_count; i++)
            put_link(e, &s->links[i]);
        close_map(e);
    }
    if (s->event_count > 0)
        put_events(e);
    if (s->axis_count > 0)
        put_sweep(e);
    if (s->goal_count > 0)
        put_goals(e);
    if (e->json) {
        close_map(e);
        putc('\n', e->to);
    }
}

static char *resolved(const struct scenario *s, bool json)
{
    char *text = NULL;
    size_t n = 0;
    struct emitter e = {.s = s, .json = json, .first = true};
    e.to = open_memstream(&text, &n);
    if (!e.to)
        abort(); /* only for want of memory */
    put_scenario(&e);
    fclose(e.to);
    return text;
}

char *scenario_resolved_yaml(const struct scenario *s)
{
    return resolved(s, false);
}

char *scenario_resolved_json(const struct scenario *s)
{
    return resolved(s, true);
}
