/* Whose turn it is. OpenSSL asks for randomness and for the time from deep inside; while an entity
 * is entered on a thread, both come from it: RAND_bytes from its stream, time() and gettimeofday()
 * from its virtual time (DESIGN section 3). This folder's hosttime.c defines those two functions
 * for the whole process. Outside an entity, OpenSSL's randomness and the host's clock are the real
 * ones. */
#ifndef CRYPTO_ENTITY_H
#define CRYPTO_ENTITY_H

#include "sim/base/err.h"
#include "sim/base/rng.h"
#include "sim/base/time.h"

/* Once, before the first use of OpenSSL and before threads. Installs our random method. */
enum err crypto_init(void) MUST_USE;

/* For worker threads, around all that they do: OpenSSL 3.0 guards its look-ups of algorithms with
 * locks of the library context, and two threads that parse certificates in one context are slower
 * than one alone (README.md); so each gets one of its own. Objects may be made on one thread and
 * used on another, as before. A thread that does not call these, or cannot have a context, shares
 * the process's. After crypto_init. */
void crypto_thread_begin(void);
void crypto_thread_end(void);

/* "OpenSSL 3.0.22 25 Aug 2026": the library that is loaded, for version, doctor and the results. */
const char *crypto_openssl_version(void);

/* From here on this thread runs the entity that owns `stream` (advanced by draws; must outlive the
 * visit), at `unix_ns` nanoseconds since 1970 UTC of virtual time. Visits do not nest (asserted).
 * Cheap: two stores. */
void entity_enter(struct rng *stream, int64_t unix_ns);
/* A live entity: its own stream, the host's clock. */
void entity_enter_live(struct rng *stream);
void entity_leave(void);

/* The host's own clock, whatever is entered: for created_utc, progress and benches only. */
int64_t host_unix_ns(void);
/* Monotonic. */
int64_t host_monotonic_ns(void);

#endif
