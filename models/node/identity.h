/* Private to models/node: identity-based keys (EAP-IBAKE), with the half-year as period. The
 * provider's key-management authority gives devices theirs beforehand, and a MAS its own where
 * there is no KMS that it could ask. */
#ifndef MODELS_NODE_IDENTITY_H
#define MODELS_NODE_IDENTITY_H

#include "crypto/ibe.h"
#include "models/node/population.h"

/* A MAS's identity-based keys for a period. */
struct server_ibe {
    struct server_ibe *next;
    struct ibe_user *user; /* NULL: not here yet */
    char period[IBE_PERIOD_LEN + 1];
    bool asked; /* the KMS; one question at a time */
};

void identity_make_authorities(struct deployment *d);
void identity_free_authorities(struct deployment *d);
/* Prepare: a device's own, to be freed with ibe_user_free; NULL: its name is none. */
struct ibe_user *identity_of_device(const struct device *dev, sim_ns now);
/* Commit: a MAS's of this period, which lives as long as it; user NULL: the KMS has not given it.
 * NULL: nobody uses EAP-IBAKE. */
struct server_ibe *identity_of_server(struct server *s, sim_ns now);
/* The same without a KMS, where it has none of this period: the live mode. */
const struct ibe_user *identity_at_once(struct server *s, sim_ns now);
void identity_forget(struct server *s);

/* kms.c: the key-management server, which a MAS asks for its private keys of the period that it is,
 * when a session first wants them. */
struct server_end;
void kms_ask(struct server_end *e);

#endif
