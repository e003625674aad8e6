/* Check values of a results database: a digest a table, the run's fingerprint, and a digest of the
 * whole file. The encoding is stated in results/README.md. Private to results/. */
#ifndef RESULTS_SEAL_H
#define RESULTS_SEAL_H

#include "sim/base/err.h"

#include <sqlite3.h>
#include <stdint.h>

#define SEAL_OCTETS 32
/* What stands in a seal until the run is sealed; exactly SEAL_OCTETS long. */
#define SEAL_EMPTY "m2msim: this run is not sealed.."

/* One row a table, one for the schema, one for the file, all empty: made when the file is, so that
 * sealing changes octets in place and needs no room on a full disk. */
enum err seal_prepare(sqlite3 *db) MUST_USE;

/* The fingerprint of a run: hex. In a transaction or not; reads only. table_digests: NULL or room
 * for schema_digest_count digests of the result rows. */
enum err seal_fingerprint(sqlite3 *db, int64_t run_id, char fingerprint[65],
                          uint8_t (*table_digests)[SEAL_OCTETS]) MUST_USE;

/* Writes all seals in the present EXCLUSIVE transaction, after everything else in it, and commits
 * it. table_digests: those of the one run in the file, or NULL: whatever is in it. A database in
 * memory gets no seal of its file. No other statement may be active. */
enum err seal_commit(sqlite3 *db, uint8_t (*table_digests)[SEAL_OCTETS]) MUST_USE;

/* Recomputes. ERR_INTEGRITY: why names the first that differs. ERR_STATE: never sealed. */
enum err seal_check(sqlite3 *db, char why[160]) MUST_USE;

#endif
