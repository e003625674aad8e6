/* Files of tests/vectors: '#' comments, [name] starts a vector, 'key = value'. What a test asks for
 * must be there: a missing file, key or a malformed value fails the test. */
#ifndef TESTS_SUPPORT_VECTORS_H
#define TESTS_SUPPORT_VECTORS_H

#include <stddef.h>
#include <stdint.h>

struct vectors; /* one file; heap */

/* file: its name in tests/vectors. */
struct vectors *vectors_read(const char *file);
void vectors_free(struct vectors *v);
size_t vectors_count(const struct vectors *v);
const char *vectors_name(const struct vectors *v, size_t i);
/* Which vector has the name. */
size_t vectors_find(const struct vectors *v, const char *name);
/* NULL: vector i has no such key. */
const char *vectors_text(const struct vectors *v, size_t i, const char *key);
/* Octets of a hex value of at most max; their number. */
size_t vectors_hex(const struct vectors *v, size_t i, const char *key, uint8_t *out, size_t max);

#endif
