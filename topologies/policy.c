/* ival_policy: rules over the 4-octet IVal result (GAP C6), in the order in which they stand. */
#include <stdio.h>
#include <string.h>

#include "crypto/se.h"
#include "topologies/reader.h"

const char *const policy_services[11] = {"xAE",  "xGC", "xRAR", "xCS", "xREM", "xSEC",
                                         "xHDR", "xTM", "xIP",  "xCB", "spare"};

static void want_mask(struct reader *r, struct cfg_rule *rule, const struct owner *owner)
{
    static const char *const known[] = {"tampered", "genuine", "otherwise"};
    const struct mark *mask = reader_mark_of(r, &rule->mask);
    const struct mark *value = reader_mark_of(r, &rule->value);
    if ((mask && mask->bad) || (value && value->bad))
        return;
    bool genuine = strcmp(rule->name, "genuine") == 0;
    if (!mask && !value && (genuine || strcmp(rule->name, "tampered") == 0)) {
        rule->mask = IVAL_PASS;
        rule->value = genuine ? IVAL_PASS : 0;
        return;
    }
    if (!mask || !value)
        reader_error_at(r, owner, "S113", "rule '%s' needs 'mask' and 'value'%s", rule->name,
                        reader_hint(r, rule->name, known, 3));
    else if ((rule->value & ~rule->mask) != 0)
        reader_error_at(r, owner, "S224",
                        "rule '%s' never matches: its value has bits that its mask has not",
                        rule->name);
}

static void check_services(struct reader *r, const struct cfg_rule *rule, const struct owner *owner)
{
    const struct mark *verdict = reader_mark_of(r, &rule->verdict);
    const struct mark *services = reader_mark_of(r, &rule->allowed_services);
    if (!verdict || verdict->bad)
        return;
    if (rule->verdict == CFG_LIMIT && !services)
        reader_error_at(r, owner, "S113",
                        "verdict limit needs 'services', as {verdict: limit, services: [xRAR]}");
    if (rule->verdict != CFG_LIMIT && services)
        reader_error_at(r, owner, "S219", "'services' has a meaning with verdict limit only");
}

static void read_rule(struct reader *r, const struct tree *t, struct cfg_rule *rule)
{
    struct owner owner = {pool_printf(r->pool, "rule '%s'", t->key), t->file, t->key_line,
                          t->key_column};
    snprintf(rule->name, sizeof rule->name, "%s", t->key);
    if (t->kind == TREE_TEXT) {
        const struct schema_key *verdict = schema_find(&schema_rule, "verdict", 0);
        bool ok = value_read(r, verdict, t, &rule->verdict);
        reader_mark(r, &rule->verdict, t, true, !ok);
    } else if (reader_want(r, t, TREE_MAP, t->key)) {
        reader_section(r, &schema_rule, t, rule, 0, &owner, FILL_ALL);
        reader_unknown(r, &schema_rule, t, 0, &owner);
    } else
        return;
    want_mask(r, rule, &owner);
    check_services(r, rule, &owner);
}

static void read_otherwise(struct reader *r, const struct tree *t, struct cfg_server *server)
{
    const struct schema_key *verdict = schema_find(&schema_rule, "verdict", 0);
    if (!value_read(r, verdict, t, &server->otherwise))
        return;
    if (server->otherwise == CFG_LIMIT)
        reader_error(r, t, "S219", "'otherwise' is allow or deny: it has no services to limit to");
}

void policy_read(struct reader *r, const struct tree *t, struct scn_population *p)
{
    struct cfg_server *server = &p->server;
    const uint32_t most = sizeof server->rules / sizeof *server->rules;
    server->otherwise = CFG_ALLOW;
    if (!t || !reader_want(r, t, TREE_MAP, "ival_policy"))
        return;
    for (const struct tree *c = t->children; c; c = c->next) {
        struct owner at = {NULL, c->file, c->key_line, c->key_column};
        if (strcmp(c->key, "otherwise") == 0)
            read_otherwise(r, c, server);
        else if (strlen(c->key) >= sizeof server->rules[0].name || !reader_is_name(c->key))
            reader_error_at(
                r, &at, "S121",
                "'%s' cannot name a rule: letters, digits, - and _, a letter first, at most %zu",
                c->key, sizeof server->rules[0].name - 1);
        else if (server->rule_count == most) {
            reader_error_at(r, &at, "S118", "more than %u rules", most);
            return;
        } else
            read_rule(r, c, &server->rules[server->rule_count++]);
    }
}
