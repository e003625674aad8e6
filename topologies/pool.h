/* Memory that lives and dies together: what reading a scenario makes belongs to one pool. */
#ifndef TOPOLOGIES_POOL_H
#define TOPOLOGIES_POOL_H

#include <stddef.h>

struct pool_block;
/* Visible because it lives inside its owner. Zeros: empty. */
struct pool {
    struct pool_block *blocks;
};

void *pool_alloc(struct pool *p, size_t n); /* zeroed; n > 0 */
char *pool_text(struct pool *p, const char *s, size_t n);
char *pool_printf(struct pool *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void pool_release(struct pool *p);

#endif
