#include "results/query.h"

#include <stdlib.h>
#include <string.h>

#include "results/reader_impl.h"
#include "results/text.h"
#include "sim/base/diag.h"
#include "sim/base/json.h"
#include "sim/base/xalloc.h"

#define ONLY_READ "a query may only read, and only this database"

enum { WIDTHS_FROM = 500, WIDEST = 60, MOST_NAMES = 100 };

/* ---- what may be asked ---- */

/* Reading only, of this file only, by functions without effects. */
static int authorize(void *arg, int action, const char *a, const char *b, const char *c,
                     const char *d)
{
    (void)arg;
    (void)a;
    (void)c;
    (void)d;
    if (action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE)
        return SQLITE_OK;
    return action == SQLITE_FUNCTION && b && strcmp(b, "load_extension") != 0 ? SQLITE_OK
                                                                              : SQLITE_DENY;
}

static size_t names_of(struct reader *r, const char *names[MOST_NAMES])
{
    sqlite3_stmt *s = NULL;
    char why[160];
    size_t n = 0;
    enum err err = reader_query(
        r, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name", &s, why);

    while (!err && n < MOST_NAMES && reader_step(r, s, &err, why))
        names[n++] = xstrdup(reader_text(s, 0));
    sqlite3_finalize(s);
    return n;
}

static void free_names(const char *names[MOST_NAMES], size_t n)
{
    for (size_t i = 0; i < n; i++)
        free((char *)(uintptr_t)names[i]);
}

/* SQLite's sentence; of an unknown table, with the nearest. */
static enum err refuse(struct reader *r, char why[300], int *at)
{
    static const char unknown[] = "no such table: ";
    const char *text = sqlite3_errmsg(r->db), *names[MOST_NAMES], *nearest = NULL;
    char copy[200];
    size_t n = 0;

    *at = sqlite3_error_offset(r->db);
    if (sqlite3_errcode(r->db) == SQLITE_AUTH)
        text = ONLY_READ;
    snprintf(copy, sizeof copy, "%s", text);
    if (strncmp(copy, unknown, sizeof unknown - 1) == 0) {
        n = names_of(r, names);
        nearest = diag_nearest(copy + sizeof unknown - 1, names, n);
    }
    snprintf(why, 300, "%.200s%s%.60s%s", copy, nearest ? "; did you mean '" : "",
             nearest ? nearest : "", nearest ? "'?" : "");
    free_names(names, n);
    return ERR_FORMAT;
}

static enum err prepare(struct reader *r, const char *sql, sqlite3_stmt **out, char why[300],
                        int *at)
{
    const char *rest = sql;
    int code;

    sqlite3_set_authorizer(r->db, authorize, NULL);
    code = sqlite3_prepare_v2(r->db, sql, -1, out, &rest);
    sqlite3_set_authorizer(r->db, NULL, NULL);
    if (code != SQLITE_OK)
        return refuse(r, why, at);
    rest += strspn(rest, " \t\r\n;");
    *at = -1;
    if (*out && !sqlite3_stmt_readonly(*out)) { /* VACUUM asks nobody */
        snprintf(why, 300, ONLY_READ);
        return ERR_FORMAT;
    }
    if (!*out || *rest) {
        *at = *rest ? (int)(rest - sql) : 0;
        snprintf(why, 300, *out ? "one statement, not more" : "there is no statement");
        return ERR_FORMAT;
    }
    return OK;
}

/* ---- CSV and JSON ---- */

static void put_csv(FILE *to, const char *s)
{
    if (!s[strcspn(s, ",\"\r\n")]) {
        fputs(s, to);
        return;
    }
    putc('"', to);
    for (; *s; s++) {
        if (*s == '"')
            putc('"', to);
        putc(*s, to);
    }
    putc('"', to);
}

/* NULL and the empty text are both an empty field; blobs are hexadecimal. */
static char *field(sqlite3_stmt *s, int column)
{
    if (sqlite3_column_type(s, column) == SQLITE_BLOB) {
        const uint8_t *p = sqlite3_column_blob(s, column);
        size_t n = (size_t)sqlite3_column_bytes(s, column);
        char *hex = xcalloc(2 * n + 1, 1);
        for (size_t i = 0; i < n; i++)
            snprintf(hex + 2 * i, 3, "%02x", p[i]);
        return hex;
    }
    return xstrdup(reader_text(s, column));
}

static void put_json_value(FILE *to, sqlite3_stmt *s, int column)
{
    char *text;

    switch (sqlite3_column_type(s, column)) {
    case SQLITE_NULL:
        fputs("null", to);
        return;
    case SQLITE_INTEGER:
        fprintf(to, "%lld", (long long)sqlite3_column_int64(s, column));
        return;
    case SQLITE_FLOAT: /* SQLite has no NaN, but infinity, which JSON has not */
        text = field(s, column);
        fputs(strstr(text, "nf") ? "null" : text, to);
        free(text);
        return;
    default:
        text = field(s, column);
        json_text(to, text);
        free(text);
    }
}

static void put_row(FILE *to, sqlite3_stmt *s, enum query_format format, bool first)
{
    int columns = sqlite3_column_count(s);

    if (format == QUERY_CSV) {
        for (int i = 0; i < columns; i++) {
            char *text = field(s, i);
            fputs(i ? "," : "", to);
            put_csv(to, text);
            free(text);
        }
        fputs("\r\n", to);
        return;
    }
    if (format == QUERY_JSON)
        fputs(first ? "\n" : ",\n", to);
    for (int i = 0; i < columns; i++) {
        putc(i ? ',' : '{', to);
        json_text(to, sqlite3_column_name(s, i));
        putc(':', to);
        put_json_value(to, s, i);
    }
    fputs(format == QUERY_LINES ? "}\n" : "}", to);
}

static enum err put_rows(struct reader *r, sqlite3_stmt *s, enum query_format format, FILE *to,
                         char why[160])
{
    enum err err = OK;
    bool first = true;

    if (format == QUERY_CSV) {
        for (int i = 0; i < sqlite3_column_count(s); i++) {
            fputs(i ? "," : "", to);
            put_csv(to, sqlite3_column_name(s, i));
        }
        fputs("\r\n", to);
    }
    if (format == QUERY_JSON)
        putc('[', to);
    while (reader_step(r, s, &err, why)) {
        put_row(to, s, format, first);
        first = false;
    }
    if (format == QUERY_JSON)
        fputs(first ? "]\n" : "\n]\n", to);
    return err;
}

/* ---- a table for people ---- */

struct page {
    int columns, *widths;
    bool *right; /* numbers */
    char **cells;
    size_t rows;
};

static void put_line(FILE *to, const struct page *p, char *const *cells)
{
    for (int i = 0; i < p->columns; i++) {
        bool last = i + 1 == p->columns;
        if (p->right[i])
            text_cell(to, cells[i], -p->widths[i]);
        else if (last)
            text_put(to, cells[i]);
        else
            text_cell(to, cells[i], p->widths[i]);
        fputs(last ? "\n" : "  ", to);
    }
}

static void widen(struct page *p, char *const *cells)
{
    for (int i = 0; i < p->columns; i++) {
        int width = text_width(cells[i]);
        if (width > p->widths[i])
            p->widths[i] = width < WIDEST ? width : WIDEST;
    }
}

static void put_page(FILE *to, const struct page *p, char *const *head)
{
    put_line(to, p, head);
    for (int i = 0; i < p->columns; i++) {
        for (int k = 0; k < p->widths[i]; k++)
            putc('-', to);
        fputs(i + 1 == p->columns ? "\n" : "  ", to);
    }
    for (size_t k = 0; k < p->rows; k++)
        put_line(to, p, p->cells + k * (size_t)p->columns);
}

/* Columns are as wide as the first rows need; later ones are cut. */
static enum err put_table(struct reader *r, sqlite3_stmt *s, FILE *to, char why[160])
{
    int n = sqlite3_column_count(s);
    size_t columns = (size_t)n;
    struct page p = {.columns = n};
    char **head = xcalloc(columns + 1, sizeof *head), **row = xcalloc(columns + 1, sizeof *row);
    enum err err = OK;
    bool shown = false;

    p.widths = xcalloc(columns + 1, sizeof *p.widths);
    p.right = xcalloc(columns + 1, sizeof *p.right);
    p.cells = xcalloc(columns * WIDTHS_FROM + 1, sizeof *p.cells);
    for (int i = 0; i < n; i++)
        head[i] = xstrdup(sqlite3_column_name(s, i));
    widen(&p, head);
    while (reader_step(r, s, &err, why)) {
        char **cells = shown ? row : p.cells + columns * p.rows;
        for (int i = 0; i < n; i++) {
            int type = sqlite3_column_type(s, i);
            p.right[i] = p.right[i] || (!shown && (type == SQLITE_INTEGER || type == SQLITE_FLOAT));
            cells[i] = field(s, i);
        }
        if (shown) {
            put_line(to, &p, row);
            for (int i = 0; i < n; i++)
                free(row[i]);
            continue;
        }
        widen(&p, cells);
        if (++p.rows == WIDTHS_FROM) {
            put_page(to, &p, head);
            shown = true;
        }
    }
    if (!shown && !err)
        put_page(to, &p, head);
    for (size_t i = 0; i < p.rows * columns; i++)
        free(p.cells[i]);
    for (int i = 0; i < n; i++)
        free(head[i]);
    free(head);
    free(row);
    free(p.cells);
    free(p.widths);
    free(p.right);
    return err;
}

enum err query_write(struct reader *r, const char *sql, enum query_format format, FILE *to,
                     char why[300], int *at)
{
    sqlite3_stmt *s = NULL;
    enum err err = prepare(r, sql, &s, why, at);
    char text[160] = "";

    if (err) {
        sqlite3_finalize(s);
        return err;
    }
    err = format == QUERY_TABLE ? put_table(r, s, to, text) : put_rows(r, s, format, to, text);
    sqlite3_finalize(s);
    if (err)
        snprintf(why, 300, "%s", text);
    return err;
}

enum err query_list(struct reader *r, bool json, FILE *to, char why[160])
{
    static const char sql[] =
        "SELECT m.type AS type, m.name AS name, group_concat(c.name, ', ') AS columns "
        "FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type IN ('table', 'view') "
        "AND m.name NOT LIKE 'sqlite_%' GROUP BY m.name ORDER BY m.type DESC, m.name";
    sqlite3_stmt *s = NULL;
    enum err err = reader_query(r, sql, &s, why);

    if (!err)
        err = json ? put_rows(r, s, QUERY_JSON, to, why) : put_table(r, s, to, why);
    sqlite3_finalize(s);
    return err;
}

enum err query_export(struct reader *r, const char *name, enum query_format format, FILE *to,
                      char why[300])
{
    const char *names[MOST_NAMES], *nearest;
    size_t n = names_of(r, names), i = 0;
    char sql[160];
    enum err err;
    int at;

    while (i < n && strcmp(names[i], name) != 0)
        i++;
    if (i < n) { /* one of our own names: it needs no quoting but this */
        snprintf(sql, sizeof sql, "SELECT * FROM \"%.100s\"", names[i]);
        err = query_write(r, sql, format, to, why, &at);
    } else {
        nearest = diag_nearest(name, names, n);
        snprintf(why, 300, "there is no table or view '%.60s'%s%.60s%s", name,
                 nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
        err = ERR_NOT_FOUND;
    }
    free_names(names, n);
    return err;
}
