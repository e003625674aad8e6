/* What entity.c, hosttime.c and provider.c share; private to this folder. */
#ifndef CRYPTO_ENTITY_IMPL_H
#define CRYPTO_ENTITY_IMPL_H

#include "crypto/entity.h"

#include <stdbool.h>
#include <stdint.h>

/* What runs on this thread. */
struct entity_now {
    struct rng *stream; /* NULL: nobody is entered */
    int64_t unix_ns;    /* when not live */
    bool live;
    bool aside;             /* within entity_aside: draws come from the next two */
    struct rng small, wide; /* salts and the like; numbers of the modulus's size */
};

extern _Thread_local struct entity_now entity_now;

/* Between these two, draws do not advance the entity's stream: they come from two streams that are
 * functions of its state. For RSA private operations, whose number of draws depends on who used
 * the key before (openssl-notes.md, RSA blinding). Nothing outside a visit. */
void entity_aside_begin(void);
void entity_aside_end(void);

/* Whether time() and gettimeofday() answer virtual time now, and which. */
bool entity_virtual_ns(int64_t *unix_ns);

/* Referenced by crypto_init, so that the linker takes hosttime.o out of the static library. */
void hosttime_link(void);

/* provider.c: loads the default provider and ours before it. */
enum err provider_install(void) MUST_USE;
/* hash.c: fetches what the hot paths use. */
enum err hash_install(void) MUST_USE;
/* cipher.c: likewise. */
enum err cipher_install(void) MUST_USE;

#endif
