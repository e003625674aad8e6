/* The reference page: the schema as Markdown, one row a key. */
#include <stdio.h>
#include <string.h>

#include "sim/base/units.h"
#include "topologies/reader.h"

static const char *type_text(const struct schema_key *k)
{
    switch (k->type) {
    case TYPE_TEXT:
        return "text";
    case TYPE_FQDN:
        return "domain name";
    case TYPE_BOOL:
        return k->words ? "word" : "yes or no";
    case TYPE_COUNT:
    case TYPE_SEED:
        return "whole number";
    case TYPE_BITS:
        return "bits (0x..)";
    case TYPE_TIME:
        return "time";
    case TYPE_RATE:
        return "rate";
    case TYPE_SIZE:
        return "size";
    case TYPE_SHARE:
    case TYPE_CHANCE:
        return "share";
    case TYPE_LOSS:
        return "loss";
    case TYPE_DIST:
        return "distribution of times";
    case TYPE_WORD:
        return "word";
    case TYPE_SUITE:
        return "cipher suite";
    case TYPE_POPULATION:
        return "population";
    case TYPE_DATE:
        return "date";
    case TYPE_FORMAT:
        return "1";
    case TYPE_SERVICES:
        return "list of services";
    case TYPE_SET:
        return "word, or list of words";
    case TYPE_SETS:
        return "list of words, or of several joined by +";
    case TYPE_REPLICATIONS:
        return "whole number or mapping";
    case TYPE_SECTION:
        return "section";
    case TYPE_TABLE:
        return "table";
    case TYPE_LATER:
        return "";
    }
    return "";
}

static void put_bound(const struct schema_key *k, int64_t v, FILE *to)
{
    char text[32];
    if (k->type == TYPE_TIME)
        units_format_time(v, text, sizeof text);
    else if (k->type == TYPE_RATE)
        units_format_rate((uint64_t)v, text, sizeof text);
    else if (k->type == TYPE_SIZE)
        units_format_size((uint64_t)v, text, sizeof text);
    else if (k->type == TYPE_SHARE || k->type == TYPE_CHANCE)
        units_format_share((uint32_t)v, text, sizeof text);
    else
        snprintf(text, sizeof text, "%lld", (long long)v);
    fputs(text, to);
}

static void put_range(const struct schema_key *k, FILE *to)
{
    if (k->type == TYPE_SUITE)
        for (unsigned i = 0; i < TLS_SUITE_COUNT; i++)
            fprintf(to, "%s%s", i > 0 ? ", " : "", tls_suite_name((enum tls_suite)i));
    else if (k->type == TYPE_POPULATION && k->kind != SCHEMA_ANY_KIND)
        fprintf(to, "of kind %s", schema_kind_name(k));
    else if (k->words) {
        const char *separator = "";
        for (const struct schema_word *w = k->words; w->name; w++)
            if (w->value != SCHEMA_LATER) {
                fprintf(to, "%s%s", separator, w->name);
                separator = ", ";
            }
    } else if ((k->min != 0 || k->max != 0) && k->type != TYPE_BITS) {
        put_bound(k, k->min, to);
        fputs(" to ", to);
        put_bound(k, k->max, to);
    }
    if (k->none)
        fprintf(to, "; or %s", k->none);
}

static void put_row(const struct schema_key *k, const char *path, FILE *to)
{
    fprintf(to, "| `%s` | %s | ", path, type_text(k));
    put_range(k, to);
    if (k->standard)
        fprintf(to, " | `%s` | ", *k->standard ? k->standard : "\"\"");
    else if (k->derived)
        fprintf(to, " | %s | ", k->derived);
    else
        fputs(schema_is_required(k) ? " | required | " : " | | ", to);
    const char *separator = "";
    for (const struct schema_word *w = schema_kinds; w->name && k->kinds; w++)
        if (w->value != SCHEMA_LATER && (k->kinds & (1u << w->value))) {
            fprintf(to, "%s%s", separator, w->name);
            separator = ", ";
        }
    fprintf(to, " | %s |\n", k->help);
}

static void put_rows(const struct schema_section *section, const char *prefix, FILE *to)
{
    const struct schema_key *k;
    char path[200];
    for (size_t i = 0; (k = schema_at(section, i)) != NULL; i++) {
        if (k->type == TYPE_LATER)
            continue;
        snprintf(path, sizeof path, "%s%s", prefix, k->name);
        put_row(k, path, to);
        const char *entry = k->type == TYPE_SECTION          ? ""
                            : strcmp(k->name, "events") == 0 ? "[]"
                            : strcmp(k->name, "links") == 0  ? ".FROM -> TO"
                                                             : ".NAME";
        snprintf(path, sizeof path, "%s%s%s.", prefix, k->name, entry);
        if (k->section && k->section != &schema_hop) /* up, down: as their link's own keys */
            put_rows(k->section, path, to);
    }
}

static const char head[] = "| key | type | range | default | kinds | meaning |\n"
                           "|---|---|---|---|---|---|\n";

void scenario_schema_markdown(FILE *to)
{
    fputs(
        "# Scenario files: every key\n\n"
        "Made by `m2msim show --schema` from the schema. A number with a dimension needs its unit: "
        "ns us ms s min h d w y; bit/s kbit/s Mbit/s Gbit/s; B kB MB GB KiB MiB GiB; % ppm. "
        "`links.*.up` and `links.*.down` have the keys of a link from `latency` to `overhead`.\n\n",
        to);
    fputs(head, to);
    put_rows(&schema_root, "", to);
    fputs("\n## Network files (`use.network`)\n\n", to);
    fputs(head, to);
    put_rows(&schema_network, "", to);
}
