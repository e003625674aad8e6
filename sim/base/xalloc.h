/* Memory. There is no recovery from its lack in a simulation: these print what was being done and
 * end the program with exit code 1. */
#ifndef SIM_BASE_XALLOC_H
#define SIM_BASE_XALLOC_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed memory, n > 0; free() it. */
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What the program is doing, for the message above: a string that outlives the call. */
void xalloc_phase(const char *what);
/* How often the functions above took or moved memory, over all threads: for tests. */
uint64_t xalloc_calls(void);

#endif
