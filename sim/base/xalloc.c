#include "sim/base/xalloc.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Atomic(const char *) phase;
static atomic_uint_fast64_t calls;

static void count_call(void)
{
    atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
}

static _Noreturn void out_of_memory(size_t n, size_t size)
{
    const char *what = atomic_load(&phase);

    fprintf(stderr, "m2msim: out of memory: %zu x %zu octets while %s\n", n, size,
            what ? what : "starting");
    exit(1);
}

void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n, size);

    count_call();
    if (!p)
        out_of_memory(n, size);
    return p;
}

void *xrealloc(void *p, size_t n)
{
    void *q = realloc(p, n);

    count_call();
    if (!q)
        out_of_memory(1, n);
    return q;
}

char *xstrdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy = xrealloc(NULL, n);

    memcpy(copy, s, n);
    return copy;
}

char *xasprintf(const char *fmt, ...)
{
    va_list args, again;
    char *text;
    int n;

    va_start(args, fmt);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0) /* the format is ours: only a lack of memory makes it fail */
        out_of_memory(1, 0);
    text = xrealloc(NULL, (size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}

void xalloc_phase(const char *what)
{
    atomic_store(&phase, what);
}

uint64_t xalloc_calls(void)
{
    return atomic_load_explicit(&calls, memory_order_relaxed);
}
