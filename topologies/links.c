/* Links, and the settings they share: each direction is read in layers - the defaults, the setting
 * it is `like`, that setting's direction, the link's own keys, its direction's. */
#include <stdio.h>
#include <string.h>

#include "topologies/reader.h"

void links_read_network(struct reader *r, const struct tree *root)
{
    const struct tree *name = tree_child(tree_child(root, "use"), "network");
    r->network_bad = name != NULL; /* until it is read */
    if (!name || name->spoiled || name->kind != TREE_TEXT || name->text[0] == '\0')
        return;
    const char *why = "there is no such file";
    size_t n = 0;
    char *path = files_find(r->pool, r->s->path, name->text, NULL, ".yaml");
    char *text = path ? files_read(r->pool, path, TREE_MAX_TEXT, &n, &why) : NULL;
    if (!text) {
        reader_error(r, name, "S122", "cannot read the network '%s': %s", name->text, why);
        return;
    }
    diag_source(r->diags, path, text, n);
    const struct tree *network = tree_parse(r->pool, path, text, n, r->diags);
    if (!network || !reader_want(r, network, TREE_MAP, "the network"))
        return;
    struct owner owner = {"the network", path, 1, 1};
    reader_section(r, &schema_network, network, NULL, 0, &owner, FILL_ALL);
    reader_unknown(r, &schema_network, network, 0, &owner);
    const struct tree *settings = tree_child(network, "settings");
    if (!settings || !reader_want(r, settings, TREE_MAP, "settings"))
        return;
    for (const struct tree *c = settings->children; c; c = c->next) {
        struct owner setting = {pool_printf(r->pool, "setting '%s'", c->key), path, c->key_line,
                                c->key_column};
        if (!reader_want(r, c, TREE_MAP, c->key))
            return;
        reader_section(r, &schema_setting, c, NULL, 0, &setting, FILL_NOTHING);
        reader_unknown(r, &schema_setting, c, 0, &setting);
    }
    r->settings = settings;
    r->network_bad = false;
}

static const struct tree *find_setting(struct reader *r, const struct tree *link)
{
    const struct tree *like = tree_child(link, "like");
    if (!like || like->spoiled || r->network_bad || !reader_want(r, like, TREE_TEXT, "like"))
        return NULL;
    const char *names[64];
    size_t n = 0;
    for (const struct tree *c = r->settings ? r->settings->children : NULL; c; c = c->next) {
        if (strcmp(c->key, like->text) == 0)
            return c;
        if (n < sizeof names / sizeof *names)
            names[n++] = c->key;
    }
    reader_error(r, like, "S123", "there is no link setting '%s'%s%s", like->text,
                 r->settings ? " in the network" : ": the scenario has no 'use.network'",
                 reader_hint(r, like->text, names, n));
    return NULL;
}

static void read_direction(struct reader *r, const struct tree *link, const struct tree *setting,
                           const char *name, struct net_hop_config *hop, const struct owner *owner,
                           bool first)
{
    const struct tree *own = tree_child(link, name);
    struct owner inner = {pool_printf(r->pool, "'%s' of %s", name, owner->name),
                          own ? own->file : owner->file, own ? own->key_line : owner->line,
                          own ? own->key_column : owner->column};
    hop->latency.floor = LATENCY_UNSET;
    reader_section(r, &schema_hop, NULL, hop, 0, owner, FILL_DEFAULTS);
    r->quiet = true; /* told by links_read_network */
    reader_section(r, &schema_hop, setting, hop, 0, owner, FILL_NOTHING);
    reader_section(r, &schema_hop, tree_child(setting, name), hop, 0, owner, FILL_NOTHING);
    r->quiet = !first; /* the link's own keys are told once */
    reader_section(r, &schema_hop, link, hop, 0, owner, FILL_NOTHING);
    r->quiet = false;
    if (own && reader_want(r, own, TREE_MAP, name)) {
        reader_section(r, &schema_hop, own, hop, 0, &inner, FILL_NOTHING);
        reader_unknown(r, &schema_hop, own, 0, &inner);
    }
}

static bool has_latency(const struct reader *r, const struct net_hop_config *hop)
{
    return reader_mark_of(r, &hop->latency) != NULL;
}

static void read_link(struct reader *r, const struct tree *t, struct scn_link *link,
                      const struct owner *owner)
{
    if (!reader_want(r, t, TREE_MAP, t->key))
        return;
    const struct tree *setting = find_setting(r, t);
    const struct tree *shared = tree_child(t, "shared");
    const struct schema_key *shared_key = schema_find(&schema_link, "shared", 0);
    if (shared)
        value_read(r, shared_key, shared, &link->shared);
    reader_unknown(r, &schema_link, t, 0, owner);
    read_direction(r, t, setting, "up", &link->up, owner, true);
    read_direction(r, t, setting, "down", &link->down, owner, false);
    bool like_failed = tree_child(t, "like") && !setting;
    if (!like_failed && (!has_latency(r, &link->up) || !has_latency(r, &link->down)))
        reader_error_at(r, owner, "S113", "required key 'latency' is missing in %s", owner->name);
}

/* One name of `FROM -> TO`; NULL and told: it is no population. */
static uint32_t find_end(struct reader *r, const struct tree *t, const char *p, size_t n)
{
    while (n > 0 && *p == ' ')
        p++, n--;
    while (n > 0 && p[n - 1] == ' ')
        n--;
    const char *name = pool_text(r->pool, p, n);
    struct owner at = {NULL, t->file, t->key_line, t->key_column + (int)(p - t->key)};
    const char **names = pool_alloc(r->pool, (r->s->population_count + 1) * sizeof *names);
    if (r->s->population_count == 0) /* which was told */
        return SCN_NONE;
    for (uint32_t i = 0; i < r->s->population_count; i++) {
        if (strcmp(r->s->populations[i].name, name) == 0)
            return i;
        names[i] = r->s->populations[i].name;
    }
    reader_error_at(r, &at, "S202", "the link names the population '%s', which does not exist%s",
                    name, reader_hint(r, name, names, r->s->population_count));
    return SCN_NONE;
}

static void read_ends(struct reader *r, const struct tree *t, struct scn_link *link,
                      const struct owner *owner)
{
    const char *arrow = strstr(t->key, "->");
    if (!arrow || strstr(arrow + 2, "->") || arrow == t->key || arrow[2] == '\0') {
        reader_error_at(r, owner, "S120",
                        "a link is written `FROM -> TO`, the leaf side first; "
                        "'%s' is not",
                        t->key);
        return;
    }
    link->from = find_end(r, t, t->key, (size_t)(arrow - t->key));
    link->to = find_end(r, t, arrow + 2, strlen(arrow + 2));
}

void links_read(struct reader *r, const struct tree *root)
{
    const struct tree *t = tree_child(root, "links");
    if (!t || t->spoiled || !reader_want(r, t, TREE_MAP, "links"))
        return;
    uint32_t n = 0;
    for (const struct tree *c = t->children; c; c = c->next)
        n++;
    r->s->links = pool_alloc(r->pool, (n + 1) * sizeof *r->s->links);
    for (const struct tree *c = t->children; c; c = c->next) {
        struct scn_link *link = &r->s->links[r->s->link_count++];
        struct owner owner = {pool_printf(r->pool, "link '%s'", c->key), c->file, c->key_line,
                              c->key_column};
        link->from = link->to = SCN_NONE;
        link->line = c->key_line;
        link->column = c->key_column;
        reader_mark_key(r, &link->line, c);
        read_ends(r, c, link, &owner);
        read_link(r, c, link, &owner);
    }
}
