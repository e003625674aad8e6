#include "topologies/pool.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"

struct pool_block {
    struct pool_block *next;
    max_align_t data[];
};

void *pool_alloc(struct pool *p, size_t n)
{
    struct pool_block *b = xcalloc(1, sizeof *b + n);
    b->next = p->blocks;
    p->blocks = b;
    return b->data;
}

char *pool_text(struct pool *p, const char *s, size_t n)
{
    char *copy = pool_alloc(p, n + 1);
    memcpy(copy, s, n);
    return copy;
}

char *pool_printf(struct pool *p, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return pool_text(p, "", 0);
    char *text = pool_alloc(p, (size_t)n + 1);
    va_start(ap, fmt);
    vsnprintf(text, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return text;
}

void pool_release(struct pool *p)
{
    while (p->blocks) {
        struct pool_block *next = p->blocks->next;
        free(p->blocks);
        p->blocks = next;
    }
}
