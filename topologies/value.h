/* Reading of single values: shared by value*.c alone. All: false: a mistake was told. */
#ifndef TOPOLOGIES_VALUE_H
#define TOPOLOGIES_VALUE_H

#include "topologies/reader.h"

enum dimension { DIMENSION_TIME, DIMENSION_RATE, DIMENSION_SIZE, DIMENSION_SHARE };

bool value_is_number(const char *s); /* digits [. digits] */
/* One number with its unit, within the key's range; the key's word for none. */
bool value_quantity(struct reader *r, const struct schema_key *k, const struct tree *t,
                    enum dimension d, const char *text, int64_t *out);
/* One of the key's words; without any: yes, no. */
bool value_word(struct reader *r, const struct schema_key *k, const struct tree *t, int *out);
bool value_set(struct reader *r, const struct schema_key *k, const struct tree *t, uint32_t *out);
bool value_sets(struct reader *r, const struct schema_key *k, const struct tree *t,
                struct cfg_sets *out);
bool value_date(struct reader *r, const struct schema_key *k, const struct tree *t, int64_t *out);
bool value_dist(struct reader *r, const struct schema_key *k, const struct tree *t,
                struct dist *out);
bool value_loss(struct reader *r, const struct schema_key *k, const struct tree *t,
                struct net_loss *out);
bool value_replications(struct reader *r, const struct schema_key *k, const struct tree *t,
                        struct scn_replications *out);

#endif
