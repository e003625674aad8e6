#include "models/node/node_id.h"

#include "crypto/hash.h"
#include "sim/base/str.h"

#include <string.h>

/* An SCL-ID is a URI and may be made of the Node-ID (etsi-m2m.md 2): nothing to store. */
void node_scl_id(const uint8_t node_id[M2M_NODE_ID_LEN], char out[M2M_MAX_URI])
{
    size_t n = str_append(out, M2M_MAX_URI, 0, "scl-");

    hex_encode(node_id, M2M_NODE_ID_LEN, out + n);
}

bool node_id_of_scl(const char *scl_id, uint8_t node_id[M2M_NODE_ID_LEN])
{
    return strncmp(scl_id, "scl-", 4) == 0 &&
           hex_decode(scl_id + 4, strlen(scl_id + 4), node_id, M2M_NODE_ID_LEN);
}

uint64_t node_id_key(const uint8_t node_id[M2M_NODE_ID_LEN])
{
    uint64_t key = 0;

    for (int i = 0; i < 8; i++)
        key = key << 8 | node_id[i];
    return key;
}
