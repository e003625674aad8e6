#include "results/batch.h"

#include <stdlib.h>

#include "results/rows.h"
#include "sim/base/xalloc.h"

#define FIRST_ROOM (320 * 1024)

struct batch *batch_new(void)
{
    struct batch *b = xcalloc(1, sizeof *b);
    b->p = xrealloc(NULL, FIRST_ROOM);
    b->cap = FIRST_ROOM;
    return b;
}

void batch_free(struct batch *b)
{
    if (!b)
        return;
    free(b->p);
    free(b);
}

static uint8_t *room(struct batch *b, size_t n)
{
    if (b->cap - b->n < n) {
        while (b->cap - b->n < n)
            b->cap *= 2;
        b->p = xrealloc(b->p, b->cap);
    }
    uint8_t *at = b->p + b->n;
    b->n += n;
    return at;
}

void batch_row(struct batch *b, enum schema_table table)
{
    *room(b, 1) = (uint8_t)table;
    b->rows++;
}

static void fixed(struct batch *b, char tag, const void *v)
{
    uint8_t *at = room(b, 9);
    at[0] = (uint8_t)tag;
    memcpy(at + 1, v, 8);
}

void batch_int(struct batch *b, int64_t v)
{
    fixed(b, 'I', &v);
}

void batch_id(struct batch *b, int64_t v)
{
    if (v == ROW_NULL_ID || v == SIM_NEVER)
        *room(b, 1) = 'N';
    else
        batch_int(b, v);
}

void batch_real(struct batch *b, double v)
{
    fixed(b, 'R', &v);
}

static void variable(struct batch *b, char tag, const void *p, size_t n)
{
    uint64_t length = n;
    fixed(b, tag, &length);
    memcpy(room(b, n), p, n);
}

void batch_text(struct batch *b, const char *s)
{
    if (s)
        variable(b, 'T', s, strlen(s));
    else
        *room(b, 1) = 'N';
}

void batch_blob(struct batch *b, struct span v)
{
    if (v.n)
        variable(b, 'B', v.p, v.n);
    else
        *room(b, 1) = 'N';
}

bool batch_next(const struct batch *b, size_t *at, enum schema_table *table)
{
    if (*at == b->n)
        return false;
    *table = (enum schema_table)b->p[(*at)++];
    return true;
}

static int bind_one(const struct batch *b, size_t *at, sqlite3_stmt *s, int i)
{
    uint8_t tag = b->p[(*at)++];
    if (tag == 'N')
        return sqlite3_bind_null(s, i);
    int64_t v;
    memcpy(&v, b->p + *at, sizeof v);
    *at += sizeof v;
    if (tag == 'I')
        return sqlite3_bind_int64(s, i, v);
    if (tag == 'R') {
        double real;
        memcpy(&real, &v, sizeof real);
        return sqlite3_bind_double(s, i, real);
    }
    const char *p = (const char *)b->p + *at;
    *at += (size_t)v;
    if (tag == 'T')
        return sqlite3_bind_text(s, i, p, (int)v, SQLITE_STATIC);
    return sqlite3_bind_blob(s, i, p, (int)v, SQLITE_STATIC);
}

int batch_bind(const struct batch *b, size_t *at, size_t count, sqlite3_stmt *s)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < count; i++) {
        int one = bind_one(b, at, s, (int)i + 2);
        if (code == SQLITE_OK)
            code = one;
    }
    return code;
}
