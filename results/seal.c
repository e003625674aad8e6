#include "results/seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "results/db.h"
#include "results/schema.h"
#include "sim/base/xalloc.h"

#define SEAL_PAGE   2 /* the root page of the first table that schema_statements makes */
#define CHUNK       65536
#define SEAL_SCHEMA (schema_digest_count + 1) /* seal_id: tables from 1, then these two */
#define SEAL_FILE   (schema_digest_count + 2)

_Static_assert(sizeof SEAL_EMPTY - 1 == SEAL_OCTETS, "an empty seal is as long as a full one");

/* ---- digests of rows ---- */

/* Gathers small pieces, so that the hash is called seldom. */
struct digest {
    struct sha256 *hash;
    size_t n;
    uint8_t pending[CHUNK];
};

static void digest_add(struct digest *d, const void *p, size_t n)
{
    if (d->n + n > sizeof d->pending) {
        sha256_add(d->hash, span_of(d->pending, d->n));
        d->n = 0;
    }
    if (n > sizeof d->pending) {
        sha256_add(d->hash, span_of(p, n));
        return;
    }
    if (n)
        memcpy(d->pending + d->n, p, n);
    d->n += n;
}

static void digest_number(struct digest *d, char tag, uint64_t v)
{
    uint8_t out[9] = {(uint8_t)tag};
    for (int i = 0; i < 8; i++)
        out[1 + i] = (uint8_t)(v >> (56 - 8 * i));
    digest_add(d, out, sizeof out);
}

static void digest_column(struct digest *d, sqlite3_stmt *s, int i)
{
    switch (sqlite3_column_type(s, i)) {
    case SQLITE_INTEGER:
        digest_number(d, 'I', (uint64_t)sqlite3_column_int64(s, i));
        break;
    case SQLITE_FLOAT: {
        double v = sqlite3_column_double(s, i);
        uint64_t bits;
        memcpy(&bits, &v, sizeof bits);
        digest_number(d, 'R', bits);
        break;
    }
    case SQLITE_TEXT: {
        const void *p = sqlite3_column_text(s, i);
        size_t n = (size_t)sqlite3_column_bytes(s, i);
        digest_number(d, 'T', n);
        digest_add(d, p, n);
        break;
    }
    case SQLITE_BLOB: {
        const void *p = sqlite3_column_blob(s, i);
        size_t n = (size_t)sqlite3_column_bytes(s, i);
        digest_number(d, 'B', n);
        digest_add(d, p, n);
        break;
    }
    default:
        digest_add(d, "N", 1);
    }
}

/* Every row of a query: 'r', then its columns, each with type and length; 'e' and the number of
 * rows at the end. */
static enum err digest_query(sqlite3 *db, const char *sql, int64_t run_id, uint8_t out[SEAL_OCTETS],
                             uint64_t *count)
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(db, sql, &s);
    if (err)
        return err;
    if (sqlite3_bind_parameter_count(s) > 0)
        sqlite3_bind_int64(s, 1, run_id);
    struct digest *d = xcalloc(1, sizeof *d);
    d->hash = sha256_new();
    int columns = sqlite3_column_count(s);
    uint64_t rows = 0;
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        digest_add(d, "r", 1);
        for (int i = 0; i < columns; i++)
            digest_column(d, s, i);
        rows++;
    }
    digest_number(d, 'e', rows);
    sha256_add(d->hash, span_of(d->pending, d->n));
    sha256_final(d->hash, out);
    free(d);
    err = db_err(code);
    sqlite3_finalize(s);
    if (count)
        *count = rows;
    return err;
}

static enum err digest_schema(sqlite3 *db, uint8_t out[SEAL_OCTETS])
{
    return digest_query(db,
                        "SELECT type, name, tbl_name, sql, (SELECT user_version FROM "
                        "pragma_user_version) FROM sqlite_schema ORDER BY type, name",
                        0, out, NULL);
}

enum err seal_fingerprint(sqlite3 *db, int64_t run_id, char fingerprint[65],
                          uint8_t (*table_digests)[SEAL_OCTETS])
{
    struct sha256 *all = sha256_new();
    uint8_t digest[SEAL_OCTETS] = {0};
    uint64_t rows = 0;
    enum err err = OK;
    sha256_add(all, span_str("m2msim results 1\n"));
    for (size_t i = 0; i < schema_digest_count && !err; i++) {
        const struct schema_digest *t = &schema_digests[i];
        if (!t->results)
            continue;
        err = digest_query(db, t->results, run_id, digest, &rows);
        if (table_digests)
            memcpy(table_digests[i], digest, SEAL_OCTETS);
        if (rows == 0 && strcmp(t->table, SCHEMA_ONLY_ROWS) == 0)
            continue;
        /* A table's name has no line feed, and a digest one length: no two lists look alike. */
        sha256_add(all, span_str(t->table));
        sha256_add(all, span_str("\n"));
        sha256_add(all, span_of(digest, SEAL_OCTETS));
    }
    sha256_final(all, digest);
    hex_encode(digest, SEAL_OCTETS, fingerprint);
    return err;
}

/* ---- the digest of the file ---- */

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* SQLite's file format 1.3: what the coming commit will put into the header, the change counter
 * and, with it, version-valid-for and the version of the library. */
static void header_after_commit(uint8_t *page_1)
{
    uint32_t counter = get32(page_1 + 24) + 1;
    put32(page_1 + 24, counter);
    put32(page_1 + 92, counter);
    put32(page_1 + 96, (uint32_t)sqlite3_libversion_number());
}

/* The seal's own octets count as zeros. false: they do not stand exactly once in their page. */
static int blank_seal(uint8_t *page, size_t n, const uint8_t own[SEAL_OCTETS])
{
    uint8_t *at = memmem(page, n, own, SEAL_OCTETS);
    if (!at)
        return 0;
    size_t rest = n - (size_t)(at - page) - SEAL_OCTETS;
    if (memmem(at + SEAL_OCTETS, rest, own, SEAL_OCTETS))
        return 0;
    memset(at, 0, SEAL_OCTETS);
    return 1;
}

/* SHA-256 of the file as it stands (before_commit: as it will stand after this transaction), all
 * its pages, with the seal's own octets as zeros. */
static enum err digest_file(sqlite3 *db, const uint8_t own[SEAL_OCTETS], int before_commit,
                            uint8_t out[SEAL_OCTETS])
{
    int64_t size = 0, page = 0;
    enum err err = db_size(db, &size);
    if (!err)
        err = db_int(db, "PRAGMA page_size", &page);
    if (!err && (page < 512 || page > CHUNK || size < 2 * page))
        err = ERR_FORMAT;
    if (err)
        return err;
    uint8_t *chunk = xcalloc(1, CHUNK);
    struct sha256 *hash = sha256_new();
    size_t step = (size_t)page;
    for (int64_t at = 0; at < size && !err;) {
        size_t n = (int64_t)step < size - at ? step : (size_t)(size - at);
        err = db_read(db, at, chunk, n);
        if (err)
            break;
        if (at == 0 && before_commit)
            header_after_commit(chunk);
        if (at == page * (SEAL_PAGE - 1)) {
            if (!blank_seal(chunk, n, own))
                err = ERR_INTEGRITY;
            step = CHUNK; /* single steps are for the first two pages */
        }
        sha256_add(hash, span_of(chunk, n));
        at += (int64_t)n;
    }
    sha256_final(hash, out);
    free(chunk);
    return err;
}

/* ---- the seals' table ---- */

enum err seal_prepare(sqlite3 *db)
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(db, "INSERT INTO seals VALUES (?1, ?2, ?3)", &s);
    for (size_t id = 1; id <= SEAL_FILE && !err; id++) {
        const char *name = id == SEAL_FILE     ? "file"
                           : id == SEAL_SCHEMA ? "schema"
                                               : schema_digests[id - 1].table;
        uint8_t blank[SEAL_OCTETS] = {0};
        sqlite3_bind_int64(s, 1, (int64_t)id);
        sqlite3_bind_text(s, 2, name, -1, SQLITE_STATIC);
        sqlite3_bind_blob(s, 3, id == SEAL_FILE ? (const void *)SEAL_EMPTY : blank, SEAL_OCTETS,
                          SQLITE_STATIC);
        err = db_err(sqlite3_step(s));
        sqlite3_reset(s);
    }
    sqlite3_finalize(s);
    return err;
}

static enum err seal_write(sqlite3 *db, size_t id, const uint8_t value[SEAL_OCTETS])
{
    sqlite3_blob *blob = NULL;
    enum err err = db_err(sqlite3_blob_open(db, "main", "seals", "sha256", (int64_t)id, 1, &blob));
    if (!err)
        err = db_err(sqlite3_blob_write(blob, value, SEAL_OCTETS, 0));
    int code = sqlite3_blob_close(blob);
    return err ? err : db_err(code);
}

static enum err seal_read(sqlite3 *db, size_t id, uint8_t value[SEAL_OCTETS])
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(db, "SELECT sha256 FROM seals WHERE seal_id = ?1", &s);
    if (err)
        return err;
    sqlite3_bind_int64(s, 1, (int64_t)id);
    int code = sqlite3_step(s);
    err = db_err(code);
    if (code == SQLITE_DONE || (code == SQLITE_ROW && (sqlite3_column_type(s, 0) != SQLITE_BLOB ||
                                                       sqlite3_column_bytes(s, 0) != SEAL_OCTETS)))
        err = ERR_INTEGRITY;
    else if (code == SQLITE_ROW)
        memcpy(value, sqlite3_column_blob(s, 0), SEAL_OCTETS);
    sqlite3_finalize(s);
    return err;
}

/* The i-th table's seal, where it is of result rows: of one run the digest of those, of several the
 * digest of their digests, in the order of run_id. */
static enum err digest_runs(sqlite3 *db, size_t i, uint8_t value[SEAL_OCTETS])
{
    sqlite3_stmt *runs = NULL;
    struct sha256 *all = sha256_new();
    size_t n = 0;
    enum err err = db_prepare(db, "SELECT run_id FROM runs ORDER BY run_id", &runs);
    int code = SQLITE_DONE;
    while (!err && (code = sqlite3_step(runs)) == SQLITE_ROW) {
        err =
            digest_query(db, schema_digests[i].results, sqlite3_column_int64(runs, 0), value, NULL);
        sha256_add(all, span_of(value, SEAL_OCTETS));
        n++;
    }
    sqlite3_finalize(runs);
    uint8_t digest[SEAL_OCTETS];
    sha256_final(all, digest);
    if (n != 1)
        memcpy(value, digest, SEAL_OCTETS);
    return err ? err : db_err(code);
}

static enum err digest_table(sqlite3 *db, size_t i, uint8_t value[SEAL_OCTETS])
{
    if (schema_digests[i].all)
        return digest_query(db, schema_digests[i].all, 0, value, NULL);
    return digest_runs(db, i, value);
}

enum err seal_commit(sqlite3 *db, uint8_t (*table_digests)[SEAL_OCTETS])
{
    uint8_t value[SEAL_OCTETS];
    enum err err = OK;
    for (size_t i = 0; i < schema_digest_count && !err; i++) {
        if (table_digests && !schema_digests[i].all)
            memcpy(value, table_digests[i], SEAL_OCTETS);
        else
            err = digest_table(db, i, value);
        if (!err)
            err = seal_write(db, i + 1, value);
    }
    if (!err)
        err = digest_schema(db, value);
    if (!err)
        err = seal_write(db, SEAL_SCHEMA, value);
    const char *name = sqlite3_db_filename(db, "main");
    if (!err && name && *name) {
        /* All changed pages but the first go to the file while the journal can still undo them; of
         * the first, the commit changes what header_after_commit knows. */
        err = seal_write(db, SEAL_FILE, (const uint8_t *)SEAL_EMPTY); /* it may be sealed anew */
        if (!err)
            err = db_err(sqlite3_db_cacheflush(db));
        if (!err)
            err = digest_file(db, (const uint8_t *)SEAL_EMPTY, 1, value);
        if (!err)
            err = seal_write(db, SEAL_FILE, value);
    }
    if (!err)
        err = db_exec(db, "COMMIT");
    return err;
}

/* ---- checking ---- */

static enum err differs(char why[160], const char *what, const char *name)
{
    snprintf(why, 160, "%s %s differs from what was sealed", what, name);
    return ERR_INTEGRITY;
}

static enum err check_structure(sqlite3 *db, char why[160])
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(db, "PRAGMA integrity_check(1)", &s);
    if (!err && sqlite3_step(s) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(s, 0);
        if (!text || strcmp(text, "ok") != 0) {
            snprintf(why, 160, "the file is damaged: %.120s", text ? text : "unreadable");
            err = ERR_INTEGRITY;
        }
    } else {
        snprintf(why, 160, "the file is damaged: %.120s", sqlite3_errmsg(db));
        err = ERR_INTEGRITY;
    }
    sqlite3_finalize(s);
    return err;
}

static enum err check_tables(sqlite3 *db, char why[160])
{
    uint8_t stored[SEAL_OCTETS], value[SEAL_OCTETS];
    enum err err = OK;
    for (size_t i = 0; i < schema_digest_count; i++) {
        err = digest_table(db, i, value);
        if (!err)
            err = seal_read(db, i + 1, stored);
        if (err || memcmp(stored, value, SEAL_OCTETS) != 0)
            return differs(why, "table", schema_digests[i].table);
    }
    err = digest_schema(db, value);
    if (!err)
        err = seal_read(db, SEAL_SCHEMA, stored);
    if (err || memcmp(stored, value, SEAL_OCTETS) != 0)
        return differs(why, "the", "schema");
    return OK;
}

enum err seal_check(sqlite3 *db, char why[160])
{
    uint8_t stored[SEAL_OCTETS], value[SEAL_OCTETS];
    enum err err = seal_read(db, SEAL_FILE, stored);
    if (err)
        return differs(why, "the seal of the", "file");
    if (memcmp(stored, SEAL_EMPTY, SEAL_OCTETS) == 0) {
        snprintf(why, 160, "the run was killed or is still going on: it was never sealed");
        return ERR_STATE;
    }
    err = check_structure(db, why);
    if (err)
        return err;
    err = check_tables(db, why);
    if (err)
        return err;
    err = digest_file(db, stored, 0, value);
    if (err || memcmp(stored, value, SEAL_OCTETS) != 0)
        return differs(why, "an octet of the file outside the rows and the schema",
                       "(header, free space or ids)");
    return OK;
}
