/* Percentile distributions in the text form that HdrHistogram's own tools read and plot. */
#include "results/query.h"

#include "results/goals_impl.h"
#include "results/reader_impl.h"
#include "sim/base/hist.h"

#define MS 1e6

/* One histogram a run, merged: the same whatever the order of the runs. */
static enum err read_latencies(struct reader *r, const char *kind, struct hist *all, char why[160])
{
    static const char sql[] =
        "SELECT p.t_end - p.t_intended, r.experiment_id, p.t_intended FROM procedures p "
        "JOIN runs r USING (run_id) WHERE r.status = 'done' AND p.outcome = 'success' "
        "AND p.kind = ?2 ORDER BY r.experiment_id";
    sqlite3_stmt *s = NULL;
    enum err err = reader_query(r, sql, &s, why);
    int64_t experiment = -1;
    sim_ns warmup = 0;

    if (err)
        return err;
    sqlite3_bind_text(s, 2, kind, -1, SQLITE_STATIC);
    while (!err && reader_step(r, s, &err, why)) {
        if (sqlite3_column_int64(s, 1) != experiment) {
            experiment = sqlite3_column_int64(s, 1);
            err = goal_warmup(r->db, experiment, &warmup);
        }
        if (sqlite3_column_int64(s, 2) >= warmup)
            hist_add(all, sqlite3_column_int64(s, 0));
    }
    sqlite3_finalize(s);
    return err;
}

/* Steps half the way to 100 % after every five lines, as HdrHistogram does. */
static void put_distribution(const struct hist *h, FILE *to)
{
    double count = (double)hist_count(h), q = 0, step = 0.1;

    fputs("       Value     Percentile TotalCount 1/(1-Percentile)\n\n", to);
    for (int line = 0; q < 1 - 0.5 / count && line < 400; line++) {
        double n = q * count, rank = (double)(uint64_t)n < n ? (double)(uint64_t)n + 1 : n;
        fprintf(to, "%12.3f %2.12f %10.0f %14.2f\n", (double)hist_quantile(h, q) / MS, q,
                rank < 1 ? 1 : rank, 1 / (1 - q));
        if (line % 5 == 4)
            step /= 2;
        q = q + step < 1 ? q + step : 1;
    }
    fprintf(to, "%12.3f %2.12f %10.0f\n", (double)hist_max(h) / MS, 1.0, count);
    fprintf(to, "#[Mean    = %12.3f]\n#[Max     = %12.3f, Total count    = %12.0f]\n",
            hist_mean(h) / MS, (double)hist_max(h) / MS, count);
}

enum err query_hdr(struct reader *r, const char *kind, FILE *to, char why[300])
{
    struct hist *h = hist_new();
    char text[160] = "";
    enum err err = read_latencies(r, kind, h, text);

    if (err)
        snprintf(why, 300, "%s", text);
    else if (hist_count(h) == 0) {
        snprintf(why, 300, "no procedure '%.60s' succeeded in a finished run", kind);
        err = ERR_NOT_FOUND;
    } else
        put_distribution(h, to);
    hist_free(h);
    return err;
}
