/* What is made of a Node-ID. */
#ifndef MODELS_NODE_NODE_ID_H
#define MODELS_NODE_NODE_ID_H

#include "crypto/keys.h"
#include "models/proto/m2mxml.h"

/* The SCL-ID. */
void node_scl_id(const uint8_t node_id[M2M_NODE_ID_LEN], char out[M2M_MAX_URI]);
/* Back; false: it is none of these. */
bool node_id_of_scl(const char *scl_id, uint8_t node_id[M2M_NODE_ID_LEN]);
/* For maps: its first 8 octets. */
uint64_t node_id_key(const uint8_t node_id[M2M_NODE_ID_LEN]);

#endif
