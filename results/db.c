#include "results/db.h"

enum err db_err(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return OK;
    case SQLITE_FULL:
        return ERR_DISK_FULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return ERR_READ_ONLY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_ERROR:
    case SQLITE_SCHEMA:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
        return ERR_FORMAT;
    case SQLITE_CONSTRAINT:
        return ERR_INTEGRITY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_STATE;
    default:
        return ERR_IO;
    }
}

enum err db_exec(sqlite3 *db, const char *sql)
{
    return db_err(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

enum err db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out)
{
    return db_err(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL));
}

enum err db_int(sqlite3 *db, const char *sql, int64_t *out)
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(db, sql, &s);
    if (err)
        return err;
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(s, 0);
    else
        err = code == SQLITE_DONE ? ERR_NOT_FOUND : db_err(code);
    sqlite3_finalize(s);
    return err;
}

void db_bind_text(sqlite3_stmt *s, int i, const char *text)
{
    sqlite3_bind_text(s, i, text, -1, SQLITE_STATIC);
}

enum err db_finish(sqlite3_stmt *s)
{
    int code = sqlite3_step(s);
    sqlite3_finalize(s);
    return db_err(code);
}

static enum err main_file(sqlite3 *db, sqlite3_file **out)
{
    enum err err = db_err(sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, out));
    if (!err && (!*out || !(*out)->pMethods))
        err = ERR_UNSUPPORTED; /* a database in memory */
    return err;
}

enum err db_read(sqlite3 *db, int64_t at, void *out, size_t n)
{
    sqlite3_file *f = NULL;
    enum err err = main_file(db, &f);
    if (err)
        return err;
    return db_err(f->pMethods->xRead(f, out, (int)n, at));
}

enum err db_size(sqlite3 *db, int64_t *out)
{
    sqlite3_file *f = NULL;
    enum err err = main_file(db, &f);
    if (err)
        return err;
    sqlite3_int64 size = 0;
    err = db_err(f->pMethods->xFileSize(f, &size));
    *out = size;
    return err;
}
