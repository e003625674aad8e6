/* Private to models/node: what a device proves its subscription with (UICC), and what it keeps of
 * that. */
#ifndef MODELS_NODE_SUBSCRIBER_H
#define MODELS_NODE_SUBSCRIBER_H

#include "crypto/uicc.h"
#include "models/node/keyring.h"
#include "models/node/population.h"
#include "models/proc/ub.h"

/* A device's UICC, and what it keeps for the next authentication. */
struct subscriber {
    struct uicc uicc;
    struct device_gba *gba;    /* NULL: its methods are not by GBA */
    struct eap_reauth *reauth; /* of bootstrap and of connection; NULL: nothing is kept */
};

/* A device's bootstrapped association. */
struct device_gba {
    struct gba_sa sa; /* sessions of Ua read it */
    sim_ns expires, renew;
    int64_t procedure; /* in which it was made, */
    uint32_t attempt;  /* and in which attempt of that */
    key_ref ks_key;    /* KEY_NONE: there is none */
    uint8_t used;      /* by kind of procedure: a key has been made of it there */
};

#endif
