/* Texts put together in storage of the caller, cut where it ends: for names and labels, of which a
 * session makes dozens. */
#ifndef SIM_BASE_STR_H
#define SIM_BASE_STR_H

#include <stddef.h>
#include <stdint.h>

/* Both write behind the first `used` characters of out, which holds n octets, n > used: as much as
 * fits, and a NUL. How long the text is then. */
size_t str_append(char *out, size_t n, size_t used, const char *text);
size_t str_append_number(char *out, size_t n, size_t used, uint64_t v); /* decimal */

#endif
