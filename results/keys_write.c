/* `keys`, for people and for programs. */
#include "results/keys_impl.h"
#include "results/text.h"
#include "sim/base/json.h"

/* "12.3 h"; at 0: "-". */
static const char *span_text(sim_ns t, char out[32])
{
    if (t <= 0)
        return "-";
    return text_time((double)t, out);
}

static void put_table(const struct keys_figures *k, FILE *to)
{
    char a[32], b[32];

    fputs("type        born    alive  most alive        at  never used  renewed  expired  revoked  "
          "erased\n",
          to);
    for (size_t i = 0; i < k->n; i++) {
        const struct keys_type *t = &k->types[i];
        text_cell(to, t->name, 8);
        fprintf(to, " %7llu  %7llu  %10llu  %8s  %10s", (unsigned long long)t->born,
                (unsigned long long)t->alive, (unsigned long long)t->peak, span_text(t->peak_t, a),
                text_count(t->never_used, b));
        fprintf(to, "  %7llu  %7llu  %7llu  %6llu\n", (unsigned long long)t->renewed,
                (unsigned long long)t->expired, (unsigned long long)t->revoked,
                (unsigned long long)t->erased);
    }
}

static void put_alive(const struct keys_figures *k, FILE *to)
{
    char a[32];

    fputs("\nalive at", to);
    for (int i = 0; i < KEYS_POINTS; i++)
        fprintf(to, " %7s", text_time((double)k->end * (i + 1) / KEYS_POINTS, a));
    putc('\n', to);
    for (size_t n = 0; n < k->n; n++) {
        text_cell(to, k->types[n].name, 8);
        for (int i = 0; i < KEYS_POINTS; i++)
            fprintf(to, " %7llu", (unsigned long long)k->types[n].at[i]);
        putc('\n', to);
    }
}

static void put_renewals(const struct keys_figures *k, FILE *to)
{
    char a[32], b[32];
    bool any = false;

    for (size_t i = 0; i < k->n; i++) {
        const struct keys_type *t = &k->types[i];
        if (t->renewed == 0)
            continue;
        fprintf(to, "%s", any ? "" : "\nrenewals\n");
        any = true;
        text_cell(to, t->name, 8);
        fprintf(to, " %s an hour on average, most in the hour from %s: %llu\n",
                text_figure(t->renewals_mean, a),
                t->renewals_peak_t ? text_time((double)t->renewals_peak_t, b) : "0 s",
                (unsigned long long)t->renewals_peak);
    }
    if (!any)
        fputs("\nno key was renewed\n", to);
}

static void put_lost(const struct keys_figures *k, FILE *to)
{
    char a[32], b[32];
    bool any = false;

    for (size_t i = 0; i < k->n; i++) {
        const struct keys_type *t = &k->types[i];
        if (t->gaps == 0)
            continue;
        fprintf(to, "%s", any ? "" : "\nservice lost: nodes that had had a key, and had none\n");
        any = true;
        text_cell(to, t->name, 8);
        fprintf(to,
                " %s of all nodes together in %llu gap%s, %llu of them open at the end; "
                "the longest %s\n",
                text_time((double)t->lost, a), (unsigned long long)t->gaps, t->gaps == 1 ? "" : "s",
                (unsigned long long)t->open_gaps, text_time((double)t->longest, b));
    }
    if (!any)
        fputs("\nservice lost: none; who had a key of Kmr, Kmc or Kma always had one\n", to);
}

static void put_bins(const struct keys_type *t, FILE *to)
{
    uint64_t most = 1;
    char a[32];

    for (int i = 0; i < KEYS_BINS; i++)
        most = t->bins[i] > most ? t->bins[i] : most;
    fprintf(to, "  bins of %s, ", text_time((double)t->bin, a));
    fprintf(to, "the first begins %s after the end\n", text_time((double)t->first, a));
    for (int i = 0; i <= (t->last - t->first) / t->bin; i++) {
        fprintf(to, "  +%8s %9llu ", i ? text_time((double)(t->bin * i), a) : "0 s",
                (unsigned long long)t->bins[i]);
        for (uint64_t bar = (t->bins[i] * 50 + most - 1) / most; bar > 0; bar--)
            putc('#', to);
        putc('\n', to);
    }
}

static void put_cliff(const struct keys_figures *k, bool whole, FILE *to)
{
    char a[32], b[32];
    bool any = false;

    for (size_t i = 0; i < k->n; i++) {
        const struct keys_type *t = &k->types[i];
        if (t->ahead == 0)
            continue;
        fputs(any     ? ""
              : whole ? "expiry cliff: when the keys alive at the end will expire\n"
                      : "\nexpiry cliff: keys alive at the end that will expire\n",
              to);
        any = true;
        text_cell(to, t->name, 8);
        fprintf(to, " %llu expire; most within one hour: %llu (%s), from %s after the end\n",
                (unsigned long long)t->ahead, (unsigned long long)t->steepest,
                text_share(t->steepest, t->ahead, b), text_time((double)t->steepest_t, a));
        if (whole)
            put_bins(t, to);
    }
    if (!any)
        fprintf(to, "%sexpiry cliff: no key that is alive at the end will expire\n",
                whole ? "" : "\n");
}

/* ---- JSON ---- */

static void put_count(const char *name, uint64_t n, FILE *to)
{
    fprintf(to, ",\"%s\":%llu", name, (unsigned long long)n);
}

static void put_json_type(const struct keys_type *t, bool bins, FILE *to)
{
    fputs("{\"type\":", to);
    json_text(to, t->name);
    put_count("born", t->born, to);
    put_count("alive", t->alive, to);
    put_count("holders", t->holders, to);
    put_count("most_alive", t->peak, to);
    put_count("most_alive_t", (uint64_t)t->peak_t, to);
    put_count("never_used", t->never_used, to);
    put_count("renewed", t->renewed, to);
    put_count("expired", t->expired, to);
    put_count("revoked", t->revoked, to);
    put_count("erased", t->erased, to);
    put_count("failed", t->failed, to);
    fputs(",\"alive_at\":[", to);
    for (int i = 0; i < KEYS_POINTS; i++)
        fprintf(to, "%s%llu", i ? "," : "", (unsigned long long)t->at[i]);
    fprintf(to, "],\"renewals_per_hour\":%.6g", t->renewals_mean);
    put_count("renewals_busiest_hour", t->renewals_peak, to);
    put_count("renewals_busiest_hour_t", (uint64_t)t->renewals_peak_t, to);
    put_count("gaps", t->gaps, to);
    put_count("gaps_open", t->open_gaps, to);
    put_count("lost_ns", (uint64_t)t->lost, to);
    put_count("longest_gap_ns", (uint64_t)t->longest, to);
    put_count("expire_ahead", t->ahead, to);
    put_count("steepest_hour", t->steepest, to);
    put_count("steepest_hour_ahead_ns", (uint64_t)t->steepest_t, to);
    if (bins) {
        put_count("cliff_first_ns", (uint64_t)t->first, to);
        put_count("cliff_bin_ns", (uint64_t)t->bin, to);
        fputs(",\"cliff\":[", to);
        for (int i = 0; i < KEYS_BINS; i++)
            fprintf(to, "%s%llu", i ? "," : "", (unsigned long long)t->bins[i]);
        putc(']', to);
    }
    putc('}', to);
}

enum err keys_write(struct reader *r, const struct keys_options *o, FILE *to, char why[160])
{
    struct keys_figures k;
    enum err err = keys_read(r, &k, why);

    if (err)
        return err;
    if (o->json) {
        fprintf(to, "{\"end_ns\":%lld,\"types\":[", (long long)k.end);
        for (size_t i = 0; i < k.n; i++) {
            fputs(i ? ",\n" : "\n", to);
            put_json_type(&k.types[i], o->cliff, to);
        }
        fputs("]}\n", to);
    } else if (o->cliff)
        put_cliff(&k, true, to);
    else {
        put_table(&k, to);
        put_alive(&k, to);
        put_renewals(&k, to);
        put_lost(&k, to);
        put_cliff(&k, false, to);
    }
    keys_release(&k);
    return OK;
}
