/* The schema, key by key: for `explain`. */
#include <stdio.h>

#include "sim/base/str.h"
#include "topologies/schema.h"
#include "topologies/scenario.h"

struct walk {
    void (*fn)(void *arg, const char *path, const char *name, const char *text);
    void *arg;
};

static void put_text(const struct schema_key *k, char *out, size_t n)
{
    const char *standard = k->standard ? k->standard : k->derived;

    if (standard)
        snprintf(out, n, "%s; default: %s", k->help ? k->help : "", *standard ? standard : "\"\"");
    else
        snprintf(out, n, "%s%s", k->help ? k->help : "", schema_is_required(k) ? "; required" : "");
}

/* What a key may be: "populations.NAME.connect.method = gba". */
static void tell_words(const struct walk *w, const struct schema_key *k, const char *path)
{
    char text[240];

    for (const struct schema_word *word = k->words; word && word->name; word++) {
        if (word->value == SCHEMA_LATER)
            continue;
        snprintf(text, sizeof text, "%s = %s", path, word->name);
        w->fn(w->arg, text, word->name, k->help);
    }
}

static void walk_section(const struct walk *w, const struct schema_section *section,
                         const char *prefix)
{
    const struct schema_key *k;
    char path[200], text[400];

    for (size_t i = 0; (k = schema_at(section, i)) != NULL; i++) {
        size_t n;
        if (k->type == TYPE_LATER)
            continue;
        n = str_append(path, sizeof path, 0, prefix);
        n = str_append(path, sizeof path, n, k->name);
        put_text(k, text, sizeof text);
        w->fn(w->arg, path, k->name, text);
        tell_words(w, k, path);
        if (k->section && k->section != &schema_hop) {
            str_append(path, sizeof path, n, k->type == TYPE_SECTION ? "." : ".NAME.");
            walk_section(w, k->section, path);
        }
    }
}

void scenario_keys(void (*fn)(void *arg, const char *path, const char *name, const char *text),
                   void *arg)
{
    const struct walk w = {fn, arg};

    walk_section(&w, &schema_root, "");
}
