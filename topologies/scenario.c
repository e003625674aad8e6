#include "topologies/scenario.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"
#include "topologies/reader.h"

#define MAX_POPULATIONS 256
#define MAX_EVENTS      1000

/* A scenario with the memory it owns. */
struct owned_scenario {
    struct scenario s;
    struct pool pool;
};

/* ---- tables ---- */

bool reader_is_name(const char *s)
{
    size_t n = strlen(s);
    bool good = n > 0 && n <= 40 && isalpha((unsigned char)s[0]);
    for (size_t i = 0; i < n; i++)
        good = good && (isalnum((unsigned char)s[i]) || s[i] == '-' || s[i] == '_') &&
               (unsigned char)s[i] < 0x80;
    return good;
}

/* Names and kinds of all first: other values refer to them. */
static void announce_populations(struct reader *r, const struct tree *t)
{
    const struct schema_key *kind_key = schema_find(&schema_population, "kind", 0);
    r->quiet = true;
    for (const struct tree *c = t->children; c; c = c->next) {
        struct scn_population *p = &r->s->populations[r->s->population_count++];
        const struct tree *kind = tree_child(c, "kind");
        *p = (struct scn_population){.name = c->key, .line = c->key_line, .column = c->key_column};
        p->device.bootstrap.msbf = p->device.connect.mas = p->device.mid.nscl = SCN_NONE;
        p->device.gba.bsf = p->device.access.at = p->device.local.behind = SCN_NONE;
        p->server.mas = p->server.nscl = p->server.hss = p->server.kms = SCN_NONE;
        p->server.application.devices = p->server.application.behind = SCN_NONE;
        p->server.application.actuate.actuators = p->server.application.follow = SCN_NONE;
        reader_mark_key(r, &p->name, c);
        bool known = kind && value_read(r, kind_key, kind, &p->kind);
        reader_mark(r, &p->kind, kind ? kind : c, kind != NULL, !known);
    }
    r->quiet = false;
}

/* Nobody says what it is. Made on the way to a key of --set, --vary or a sweep, it is most likely
 * another's name with a slip in it. */
static void tell_no_kind(struct reader *r, const struct tree *t, const struct owner *owner)
{
    bool made = t->line == t->key_line && t->column == t->key_column;
    const char **names = pool_alloc(r->pool, (r->s->population_count + 1) * sizeof *names);
    size_t n = 0;
    for (uint32_t i = 0; made && i < r->s->population_count; i++)
        if (strcmp(r->s->populations[i].name, t->key) != 0)
            names[n++] = r->s->populations[i].name;
    reader_error_at(r, owner, "S113", "required key 'kind' is missing in %s%s", owner->name,
                    reader_hint(r, t->key, names, n));
}

static void read_population(struct reader *r, const struct tree *t, struct scn_population *p)
{
    struct owner owner = {pool_printf(r->pool, "population '%s'", t->key), t->file, t->key_line,
                          t->key_column};
    bool known = !reader_mark_of(r, &p->kind)->bad;
    if (!reader_is_name(t->key))
        reader_error_at(r, &owner, "S121",
                        "'%s' cannot name a population: letters, digits, - and _, a letter first, "
                        "at most 40",
                        t->key);
    if (!reader_want(r, t, TREE_MAP, t->key)) {
        reader_mark(r, &p->kind, t, true, true);
        return;
    }
    if (known)
        reader_section(r, &schema_population, t, p, 1u << p->kind, &owner, FILL_ALL);
    else { /* of what kind it is was not understood, so neither can its keys be */
        const struct schema_key *kind = schema_find(&schema_population, "kind", 0);
        if (tree_child(t, "kind"))
            reader_key(r, kind, tree_child(t, "kind"), &p->kind, &owner, FILL_ALL);
        else
            tell_no_kind(r, t, &owner);
        reader_mark(r, &p->kind, t, true, true);
    }
    reader_unknown(r, &schema_population, t, known ? 1u << p->kind : 0, &owner);
}

static void read_populations(struct reader *r, const struct tree *root)
{
    const struct tree *t = tree_child(root, "populations");
    uint32_t n = 0;
    if (!t || t->spoiled || !reader_want(r, t, TREE_MAP, "populations"))
        return;
    reader_mark_key(r, &r->s->populations, t);
    for (const struct tree *c = t->children; c; c = c->next)
        n++;
    if (n > MAX_POPULATIONS) {
        reader_error(r, t, "S118", "more than %d populations", MAX_POPULATIONS);
        return;
    }
    r->s->populations = pool_alloc(r->pool, (n + 1) * sizeof *r->s->populations);
    announce_populations(r, t);
    struct scn_population *p = r->s->populations;
    for (const struct tree *c = t->children; c; c = c->next)
        read_population(r, c, p++);
}

static void read_events(struct reader *r, const struct tree *root)
{
    const struct tree *t = tree_child(root, "events");
    uint32_t n = 0;
    if (!t || t->spoiled || !reader_want(r, t, TREE_LIST, "events"))
        return;
    for (const struct tree *c = t->children; c; c = c->next)
        n++;
    if (n > MAX_EVENTS) {
        reader_error(r, t, "S118", "more than %d events", MAX_EVENTS);
        return;
    }
    r->s->events = pool_alloc(r->pool, (n + 1) * sizeof *r->s->events);
    for (const struct tree *c = t->children; c; c = c->next) {
        struct owner owner = {"the event", c->file, c->line, c->column};
        struct scn_event *e = &r->s->events[r->s->event_count++];
        reader_mark(r, e, c, true, false);
        e->population = SCN_NONE;
        if (!reader_want(r, c, TREE_MAP, "an event"))
            continue;
        reader_section(r, &schema_event, c, e, 0, &owner, FILL_ALL);
        reader_unknown(r, &schema_event, c, 0, &owner);
    }
}

/* ---- a whole scenario ---- */

static void read_tcp_preset(struct reader *r, const struct tree *root)
{
    const struct tree *tcp = tree_child(root, "tcp");
    const struct tree *preset = tree_child(tcp, "preset");
    if (preset && preset->kind == TREE_TEXT && strcmp(preset->text, "ns3") == 0)
        tcp_params_ns3(&r->s->tcp);
    else
        tcp_params_default(&r->s->tcp);
}

static void read_root(struct reader *r, const struct tree *root)
{
    struct owner top = {NULL, r->s->path, root->line, root->column};
    if (!reader_want(r, root, TREE_MAP, "a scenario"))
        return;
    read_tcp_preset(r, root);
    reader_section(r, &schema_root, root, r->s, 0, &top, FILL_ALL);
    reader_unknown(r, &schema_root, root, 0, &top);
    links_read_network(r, root);
    read_populations(r, root);
    links_read(r, root);
    read_events(r, root);
    axes_read(r, root);
    goals_read(r, root);
    derive(r);
    check_meaning(r);
}

/* What there is beside the text. */
struct changes {
    const char *const *sets, *const *varies;
    size_t set_count, vary_count;
    const struct edit *edits; /* a cell's */
    size_t edit_count;
    bool is_cell;
};

/* So that messages can show the options' texts. */
static void add_source(struct reader *r, const char *file, const char *const *texts, size_t n)
{
    const char *all = "";
    for (size_t i = 0; i < n; i++)
        all = pool_printf(r->pool, "%s%s\n", all, texts[i]);
    if (n > 0)
        diag_source(r->diags, file, all, strlen(all));
}

/* In a cell every axis has its value, and nothing goes on being swept. */
static void make_cell(struct reader *r, struct tree *root, const struct changes *c)
{
    for (size_t i = 0; i < c->edit_count; i++) {
        const struct scn_axis *axis = c->edits[i].axis;
        const struct scn_value *v = c->edits[i].value;
        struct tree_place key = {axis->file, axis->line, axis->column};
        struct tree_place value = {v->file, v->line, v->column};
        struct tree *t = tree_value(r->pool, v->text, &value, r->diags);
        if (t)
            tree_put(r->pool, root, axis->key, t, &key, r->diags);
    }
    for (struct tree **t = &root->children; *t; t = &(*t)->next)
        if (strcmp((*t)->key, "sweep") == 0) {
            *t = (*t)->next;
            break;
        }
}

static void change(struct reader *r, struct tree *root, const struct changes *c)
{
    for (size_t i = 0; i < c->set_count; i++)
        tree_set(r->pool, root, c->sets[i], (int)i + 1, r->diags);
    for (size_t i = 0; i < c->vary_count; i++)
        tree_vary(r->pool, root, c->varies[i], (int)i + 1, r->diags);
    if (c->is_cell && root->kind == TREE_MAP)
        make_cell(r, root, c);
}

static struct scenario *parse(const char *path, const char *text, size_t text_n,
                              const struct changes *c, struct diag_list *diags, bool from_disk)
{
    struct owned_scenario *o = xcalloc(1, sizeof *o);
    struct reader r = {.s = &o->s,
                       .pool = &o->pool,
                       .diags = diags,
                       .from_disk = from_disk,
                       .sets = c->sets,
                       .set_count = c->set_count};
    size_t before = diag_count(diags, DIAG_ERROR);
    o->s.path = pool_text(&o->pool, path, strlen(path));
    o->s.text = pool_text(&o->pool, text, text_n);
    o->s.text_octets = text_n;
    diag_source(diags, path, text, text_n);
    add_source(&r, SET_FILE, c->sets, c->set_count);
    add_source(&r, VARY_FILE, c->varies, c->vary_count);
    struct tree *root = tree_parse(&o->pool, o->s.path, text, text_n, diags);
    if (!root && diag_count(diags, DIAG_ERROR) == before) { /* an empty text */
        root = pool_alloc(&o->pool, sizeof *root);
        *root = (struct tree){.kind = TREE_MAP, .file = o->s.path, .line = 1, .column = 1};
    }
    if (root) {
        change(&r, root, c);
        read_root(&r, root);
    }
    if (c->is_cell)
        o->s.replications = (struct scn_replications){1, 1, 0};
    free(r.marks);
    if (diag_count(diags, DIAG_ERROR) == before)
        return &o->s;
    scenario_free(&o->s);
    return NULL;
}

struct scenario *scenario_parse(const char *path, const char *text, size_t text_n,
                                const char *const *sets, size_t n, struct diag_list *diags)
{
    return parse(path, text, text_n, &(struct changes){.sets = sets, .set_count = n}, diags, false);
}

struct scenario *scenario_parse_cell(const struct scenario *base, const char *const *sets, size_t n,
                                     const struct edit *edits, size_t edit_count,
                                     struct diag_list *diags)
{
    struct changes c = {
        .sets = sets, .set_count = n, .edits = edits, .edit_count = edit_count, .is_cell = true};
    return parse(base->path, base->text, base->text_octets, &c, diags, true);
}

/* "; did you mean 'hello'?" among the packaged scenarios. */
struct nearest {
    struct pool *pool;
    const char *names[256];
    size_t n;
};

static void add_name(void *arg, const char *name, const char *path, const char *title)
{
    struct nearest *nearest = arg;
    (void)path;
    (void)title;
    if (nearest->n < 256)
        nearest->names[nearest->n++] = pool_text(nearest->pool, name, strlen(name));
}

static void tell_missing(struct pool *pool, const char *path, const char *why,
                         struct diag_list *diags)
{
    struct nearest nearest = {.pool = pool};
    scenario_list(add_name, &nearest);
    const char *name = diag_nearest(path, nearest.names, nearest.n);
    diag_add(diags, DIAG_ERROR, "S100", path, 0, 0, "cannot read the scenario: %s%s%s%s", why,
             name ? "; did you mean '" : "", name ? name : "", name ? "'?" : "");
}

struct scenario *scenario_read(const char *path, const char *const *sets, size_t n,
                               struct diag_list *diags)
{
    return scenario_read_varied(path, sets, n, NULL, 0, diags);
}

struct scenario *scenario_read_varied(const char *path, const char *const *sets, size_t n,
                                      const char *const *varies, size_t vary_count,
                                      struct diag_list *diags)
{
    struct pool pool = {NULL};
    struct scenario *s = NULL;
    const char *why = "there is no such file, and no packaged scenario of that name";
    size_t text_n = 0;
    const char *found = path;
    char *text = files_read(&pool, path, TREE_MAX_TEXT, &text_n, &why);
    if (!text && !strchr(path, '/')) {
        found = pool_printf(&pool, "%s/%s%s", scenario_folder(), path,
                            strstr(path, ".yaml") ? "" : ".yaml");
        text = files_read(&pool, found, TREE_MAX_TEXT, &text_n, &why);
    }
    if (text)
        s = parse(found, text, text_n,
                  &(struct changes){
                      .sets = sets, .set_count = n, .varies = varies, .vary_count = vary_count},
                  diags, true);
    else
        tell_missing(&pool, path, why, diags);
    pool_release(&pool);
    return s;
}

void scenario_free(struct scenario *s)
{
    if (!s)
        return;
    struct owned_scenario *o = (struct owned_scenario *)s; /* s is its first member */
    struct pool pool = o->pool;
    pool_release(&pool);
    free(o);
}
