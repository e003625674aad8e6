#include "results/report_impl.h"

#include <inttypes.h>

#include "sim/base/json.h"
#include "results/text.h"

/* The report as one JSON object: the same numbers, times in nanoseconds. */

static void name(FILE *to, const char *first, const char *key)
{
    fprintf(to, "%s\"%s\":", first, key);
}

static void put_text(FILE *to, const char *first, const char *key, const char *value)
{
    name(to, first, key);
    json_text(to, value);
}

static void put_int(FILE *to, const char *key, int64_t value)
{
    name(to, ",", key);
    fprintf(to, "%" PRId64, value);
}

static void put_real(FILE *to, const char *key, double value)
{
    name(to, ",", key);
    json_number(to, value);
}

static void put_run(FILE *to, const struct reader *r, const struct stats *s)
{
    const struct reader_run *run = &r->run;
    put_text(to, "{", "title", run->title);
    put_text(to, ",", "status", run->status);
    put_text(to, ",", "error", run->error);
    put_text(to, ",", "scenario", run->scenario_path);
    name(to, ",", "seed");
    fprintf(to, "%" PRIu64, run->seed);
    put_text(to, ",", "profile", run->profile_name);
    put_int(to, "end_ns", run->end_ns);
    put_int(to, "warmup_ns", s->warmup);
    put_int(to, "events", (int64_t)run->events);
    put_real(to, "wall_s", run->wall_s);
    put_int(to, "peak_rss", run->peak_rss);
    put_int(to, "nodes", (int64_t)s->nodes);
    put_int(to, "rows", (int64_t)s->rows);
    put_text(to, ",", "version", run->version);
    put_text(to, ",", "openssl", run->openssl);
    put_text(to, ",", "fingerprint", run->fingerprint);
}

static void put_group(FILE *to, const struct stats_group *g, const char *first)
{
    fputs(first, to);
    put_text(to, "{", "kind", g->kind);
    put_text(to, ",", "method", g->method);
    put_int(to, "n", (int64_t)g->n);
    put_int(to, "success", (int64_t)g->success);
    put_int(to, "failed", (int64_t)g->failed);
    put_int(to, "unfinished", (int64_t)g->unfinished);
    if (g->success) {
        put_int(to, "p50_ns", stats_quantile(g, 50));
        put_int(to, "p90_ns", stats_quantile(g, 90));
        put_int(to, "p99_ns", stats_quantile(g, 99));
        put_int(to, "max_ns", stats_quantile(g, 100));
        put_int(to, "p50_procedure", stats_quantile_procedure(g, 50));
        put_int(to, "p90_procedure", stats_quantile_procedure(g, 90));
        put_int(to, "p99_procedure", stats_quantile_procedure(g, 99));
        put_int(to, "max_procedure", stats_quantile_procedure(g, 100));
        put_real(to, "mean_ns", g->mean_ns);
        put_real(to, "octets_up", g->octets_up);
        put_real(to, "octets_down", g->octets_down);
        put_real(to, "device_ns", g->device_ns);
        put_real(to, "server_ns", g->server_ns);
        put_real(to, "device_energy_nj", g->energy_nj);
        name(to, ",", "parts_ns");
        for (int i = 0; i < STATS_PARTS; i++)
            fprintf(to, "%c\"%s\":%.12g", i ? ',' : '{', stats_part_names[i], g->parts_ns[i]);
        fputc('}', to);
    }
    fputc('}', to);
}

static void put_keys(FILE *to, const struct stats *s)
{
    name(to, ",\n", "keys");
    fputc('[', to);
    for (size_t i = 0; i < s->key_count; i++) {
        fputs(i ? ",\n" : "\n", to);
        put_text(to, "{", "type", s->keys[i].type);
        put_int(to, "born", (int64_t)s->keys[i].born);
        put_int(to, "alive_at_end", (int64_t)s->keys[i].alive);
        fputc('}', to);
    }
    fputc(']', to);
}

static void put_counts(FILE *to, const char *key, const struct stats_counts *c, const char *a,
                       const char *b, const char *third)
{
    name(to, ",\n", key);
    fputc('[', to);
    for (size_t i = 0; i < c->n; i++) {
        fputs(i ? ",\n" : "\n", to);
        put_text(to, "{", a, c->at[i].a);
        put_text(to, ",", b, c->at[i].b);
        if (third)
            put_text(to, ",", third, c->at[i].c);
        put_int(to, "n", (int64_t)c->at[i].n);
        fputc('}', to);
    }
    fputc(']', to);
}

static void put_servers(FILE *to, const struct stats *s)
{
    name(to, ",\n", "servers");
    fputc('[', to);
    for (size_t i = 0; i < s->server_count; i++) {
        const struct stats_server *v = &s->servers[i];
        fputs(i ? ",\n" : "\n", to);
        put_text(to, "{", "server", v->name);
        put_real(to, "queue_peak", v->queue_peak);
        put_int(to, "queue_peak_t", v->queue_peak_t);
        put_real(to, "queue_mean", v->queue_mean);
        put_real(to, "sessions_peak", v->sessions_peak);
        put_real(to, "workers_busy_mean", v->busy_mean);
        put_real(to, "workers_busy_peak", v->busy_peak);
        if (v->workers > 0)
            put_real(to, "workers", v->workers);
        fputc('}', to);
    }
    fputc(']', to);
}

static void put_operations(FILE *to, const struct stats *s)
{
    name(to, ",\n", "operations");
    fputc('[', to);
    for (size_t i = 0; i < s->operation_count; i++) {
        const struct stats_operation *o = &s->operations[i];
        fputs(i ? ",\n" : "\n", to);
        put_text(to, "{", "role", o->role);
        put_text(to, ",", "operation", o->operation);
        put_text(to, ",", "algorithm", o->algorithm);
        put_int(to, "calls", (int64_t)o->calls);
        put_int(to, "octets", (int64_t)o->octets);
        put_real(to, "virtual_ns", o->ns);
        put_real(to, "share", o->share);
        fputc('}', to);
    }
    fputc(']', to);
}

static void put_notes(FILE *to, const struct stats *s)
{
    name(to, ",\n", "notes");
    fputc('[', to);
    for (size_t i = 0; i < s->note_count; i++) {
        const struct stats_note *n = &s->notes[i];
        fputs(i ? ",\n" : "\n", to);
        put_text(to, "{", "level", n->level);
        put_int(to, "t", n->t);
        put_text(to, ",", "code", n->code);
        put_text(to, ",", "text", n->text);
        put_int(to, "count", (int64_t)n->count);
        fputc('}', to);
    }
    fputc(']', to);
}

void report_json(struct reader *r, const struct stats *s, FILE *to)
{
    put_run(to, r, s);
    name(to, ",\n", "procedures");
    fputc('[', to);
    for (size_t i = 0; i < s->group_count; i++)
        put_group(to, &s->groups[i], i ? ",\n" : "\n");
    fputc(']', to);
    put_keys(to, s);
    put_counts(to, "keys_ended", &s->key_ends, "type", "reason", NULL);
    put_counts(to, "ival", &s->ival, "truth", "verdict", NULL);
    incidents_json(s, to);
    put_counts(to, "failures", &s->failures, "kind", "outcome", "reason");
    put_servers(to, s);
    put_operations(to, s);
    put_notes(to, s);
    fputs("}\n", to);
}
