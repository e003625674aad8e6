#include "sim/base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/base/xalloc.h"

#define FIRST_CAP 64

void buf_init(struct buf *b, size_t max)
{
    assert(max > 0);
    *b = (struct buf){.max = max};
}

void buf_clear(struct buf *b)
{
    size_t max = b->max;

    free(b->p);
    *b = (struct buf){.max = max};
}

void buf_wipe(struct buf *b)
{
    if (b->p)
        explicit_bzero(b->p, b->cap);
    buf_clear(b);
}

/* A new home instead of realloc, so that no copy of a secret stays behind in freed memory. */
static void grow(struct buf *b, size_t need)
{
    size_t len = b->end - b->start;
    size_t cap = b->cap ? b->cap : FIRST_CAP;
    uint8_t *p;

    while (cap < need && cap <= b->max / 2)
        cap *= 2;
    if (cap < need || cap > b->max)
        cap = b->max;
    p = xrealloc(NULL, cap);
    if (b->p) {
        memcpy(p, b->p + b->start, len);
        explicit_bzero(b->p, b->cap);
        free(b->p);
    }
    b->p = p;
    b->start = 0;
    b->end = len;
    b->cap = cap;
}

uint8_t *buf_room(struct buf *b, size_t n)
{
    size_t len = b->end - b->start;

    if (n > b->max - len)
        return NULL;
    if (n > b->cap - b->end || !b->p) {
        /* Moving down costs len octets: only when as many were read since, or when growing is
         * not possible. */
        if (b->p && len + n <= b->cap && (b->start >= len || b->cap == b->max)) {
            memmove(b->p, b->p + b->start, len);
            b->start = 0;
            b->end = len;
        } else {
            grow(b, len + n);
        }
    }
    return b->p + b->end;
}

void buf_added(struct buf *b, size_t n)
{
    assert(n <= b->cap - b->end);
    b->end += n;
}

bool buf_put(struct buf *b, const void *p, size_t n)
{
    uint8_t *room;

    if (n == 0)
        return true;
    room = buf_room(b, n);
    if (!room)
        return false;
    memcpy(room, p, n);
    b->end += n;
    return true;
}

bool buf_put_span(struct buf *b, struct span s)
{
    return buf_put(b, s.p, s.n);
}

bool buf_puts(struct buf *b, const char *s)
{
    return buf_put(b, s, strlen(s));
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    char small[256];
    char *text = small;
    int n;
    bool fits;

    va_start(args, fmt);
    n = vsnprintf(small, sizeof(small), fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n > b->max - buf_len(b))
        return false;
    if ((size_t)n >= sizeof(small)) {
        text = xrealloc(NULL, (size_t)n + 1);
        va_start(args, fmt);
        vsnprintf(text, (size_t)n + 1, fmt, args);
        va_end(args);
    }
    fits = buf_put(b, text, (size_t)n);
    if (text != small)
        free(text);
    return fits;
}

struct span buf_span(const struct buf *b)
{
    return span_of(b->p ? b->p + b->start : NULL, b->end - b->start);
}

uint8_t *buf_at(struct buf *b, size_t i)
{
    assert(i < b->end - b->start);
    return b->p + b->start + i;
}

size_t buf_len(const struct buf *b)
{
    return b->end - b->start;
}

void buf_consume(struct buf *b, size_t n)
{
    assert(n <= b->end - b->start);
    b->start += n;
    if (b->start == b->end)
        b->start = b->end = 0;
}
