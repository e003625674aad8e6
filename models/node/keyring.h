/* The key ledger: every key of the run from birth to end, one row each when it ends
 * (results/rows.h). It holds facts about keys, never their octets. */
#ifndef MODELS_NODE_KEYRING_H
#define MODELS_NODE_KEYRING_H

#include "crypto/keys.h"
#include "results/rows.h"

/* A key of the ledger; 0: none. Small, for a million devices hold three each. */
typedef uint32_t key_ref;
#define KEY_NONE ((key_ref)0)

struct keyring;
struct keyring *keyring_new(const struct row_sink *sink); /* sink outlives it */
void keyring_free(struct keyring *k);

/* procedure: in which it was born, ROW_NULL_ID for a provisioned one. expires: SIM_NEVER for none.
 */
key_ref keyring_born(struct keyring *k, enum key_type type, int64_t node_id, key_ref parent,
                     int64_t procedure_id, sim_ns now, sim_ns expires);
void keyring_used(struct keyring *k, key_ref key, sim_ns now);
/* Writes its row and forgets it. end_reason: expired renewed erased revoked failed closed run-end.
 * KEY_NONE is fine. */
void keyring_end(struct keyring *k, key_ref key, sim_ns now, const char *end_reason);
/* Every key that still lives, in order of birth: "run-end". */
void keyring_end_all(struct keyring *k, sim_ns now);
uint32_t keyring_alive(const struct keyring *k, enum key_type type);

#endif
