/* What a campaign says as a whole, above the report of one of its runs. */
#include <stdio.h>

#include "results/report_impl.h"
#include "results/text.h"
#include "sim/base/units.h"

static void put_time(sqlite3_stmt *s, int column, char *out, size_t n)
{
    double ns = sqlite3_column_double(s, column);
    snprintf(out, n, "-");
    if (sqlite3_column_type(s, column) == SQLITE_NULL)
        return;
    if (ns >= 0)
        units_human_time((sim_ns)ns, out, n);
    else {
        out[0] = '-';
        units_human_time((sim_ns)-ns, out + 1, n - 1);
    }
}

static void put_intervals(struct reader *r, int64_t cell, FILE *to)
{
    sqlite3_stmt *s = NULL;
    char why[160], mean[32], low[33], high[33];
    enum err err = reader_query(r,
                                "SELECT kind, method, n, mean, low, high FROM v_ci WHERE "
                                "experiment_id = (SELECT experiment_id FROM runs WHERE run_id = "
                                "?1) AND cell = ?2 ORDER BY kind, method",
                                &s, why);
    if (!err)
        sqlite3_bind_int64(s, 2, cell);
    while (!err && reader_step(r, s, &err, why)) {
        put_time(s, 3, mean, sizeof mean);
        put_time(s, 4, low, sizeof low);
        put_time(s, 5, high, sizeof high);
        text_cell(to, reader_text(s, 0), 15);
        text_cell(to, reader_text(s, 1), 15);
        fprintf(to, "%6d %10s %10s %10s\n", sqlite3_column_int(s, 2), mean, low, high);
    }
    sqlite3_finalize(s);
}

void report_cells(struct reader *r, FILE *to)
{
    sqlite3_stmt *s = NULL;
    char why[160];
    enum err err =
        reader_query(r,
                     "SELECT cell, cell_values, planned, done FROM v_cells WHERE experiment_id = "
                     "(SELECT experiment_id FROM runs WHERE run_id = ?1) ORDER BY cell",
                     &s, why);
    bool any = false;
    while (!err && reader_step(r, s, &err, why)) {
        if (!any)
            fputs("Cells (mean latency of the successful, and its 95 % interval over the "
                  "replications)\n"
                  "kind           method         runs       mean        low       high\n",
                  to);
        any = true;
        fprintf(to, "cell %lld: ", (long long)sqlite3_column_int64(s, 0));
        text_put(to, sqlite3_column_type(s, 1) == SQLITE_NULL ? "as it stands" : reader_text(s, 1));
        fprintf(to, " (%lld of %lld runs)\n", (long long)sqlite3_column_int64(s, 3),
                (long long)sqlite3_column_int64(s, 2));
        put_intervals(r, sqlite3_column_int64(s, 0), to);
    }
    sqlite3_finalize(s);
    if (any)
        fprintf(to,
                "\nOne of these runs: replication %lld of cell %lld (--cell, --replication choose "
                "another)\n\n",
                (long long)r->run.replication, (long long)r->run.cell);
}
