/* What a campaign says as a whole, above the report of one of its runs. */
#include <math.h>
#include <stdio.h>

#include "results/cells.h"
#include "results/report_impl.h"
#include "results/text.h"

static void put_time(double ns, FILE *to)
{
    char out[32];
    if (isfinite(ns))
        fprintf(to, " %10s", ns < 0 ? "0 s" : text_time(ns, out));
    else
        fprintf(to, " %10s", "-");
}

static void put_row(const struct cells_row *row, FILE *to)
{
    char share[32];
    text_cell(to, row->kind, 15);
    text_cell(to, row->method, 15);
    fprintf(to, "%6zu", row->runs);
    put_time(row->mean.n ? row->mean.mean : INFINITY, to);
    put_time(row->mean.low, to);
    put_time(row->mean.high, to);
    put_time(row->p99.n == row->runs ? row->p99.mean : INFINITY, to);
    fprintf(to, " %8s\n", text_percent(row->success.mean, share));
}

static void put_rows(const struct cells *c, int64_t cell, FILE *to)
{
    for (size_t i = 0; i < c->row_count; i++)
        if (c->rows[i].cell == cell)
            put_row(&c->rows[i], to);
}

void report_cells(struct reader *r, FILE *to)
{
    sqlite3_stmt *s = NULL;
    struct cells cells;
    char why[160];
    enum err err = cells_read(r, &cells, why);
    if (err)
        return;
    err = reader_query(r,
                       "SELECT cell, cell_values, planned, done FROM v_cells WHERE experiment_id = "
                       "(SELECT experiment_id FROM runs WHERE run_id = ?1) ORDER BY cell",
                       &s, why);
    bool any = false;
    while (!err && reader_step(r, s, &err, why)) {
        if (!any)
            fputs("Cells (mean latency of the successful and its 95 % interval; p99 and success; "
                  "over "
                  "the replications)\n"
                  "kind           method         runs       mean        low       high        p99  "
                  "success\n",
                  to);
        any = true;
        fprintf(to, "cell %lld: ", (long long)sqlite3_column_int64(s, 0));
        text_put(to, sqlite3_column_type(s, 1) == SQLITE_NULL ? "as it stands" : reader_text(s, 1));
        fprintf(to, " (%lld of %lld runs)\n", (long long)sqlite3_column_int64(s, 3),
                (long long)sqlite3_column_int64(s, 2));
        put_rows(&cells, sqlite3_column_int64(s, 0), to);
    }
    sqlite3_finalize(s);
    if (any)
        fprintf(to,
                "\nOne of these runs: replication %lld of cell %lld (--cell, --replication choose "
                "another)\n\n",
                (long long)r->run.replication, (long long)r->run.cell);
    cells_release(&cells);
}
