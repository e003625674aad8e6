/* Private to models/node: the MAS, over TLS-PSK (mas.c) and as authentication server of EAP, by
 * RADIUS (mas_aaa.c). */
#ifndef MODELS_NODE_MAS_H
#define MODELS_NODE_MAS_H

#include "models/node/server.h"
#include "models/proc/aaa.h"

struct mas_record {
    uint8_t node_id[M2M_NODE_ID_LEN];
    uint8_t kmr[M2M_KEY_LEN], kival[M2M_KEY_LEN];
    sim_ns expires;
    uint32_t kmr_index;          /* 0: no Kmr, only a subscription */
    uint32_t population, device; /* whose policy on lifetimes holds; which NSCL is its own */
    uint32_t connections;
    bool ival_capable;
};

/* What an AAA session has found out about its user, in prepare; and what the HSS said. */
struct aaa_work {
    const struct ibe_user *ibe; /* NULL: the KMS is asked for it when it is wanted */
    struct ibe_user *fetched;   /* what the KMS gave, until the MAS has it */
    uint32_t population, device;
    uint8_t node_id[M2M_NODE_ID_LEN];
    bool found;
    bool stored; /* the verdict has been acted upon */
    bool answer_ready;
    bool asks_ibe;
    bool awaits_key; /* that another session has asked the KMS for */
    struct eap_answer answer;
};

void mas_store(struct server *mas, const struct mas_record *r);

/* ---- mas_aaa.c ---- */
/* Who has this permanent identity; NULL: nobody. And AKA's access network. */
struct device *mas_subscriber(struct deployment *d, const char *identity);
const char *mas_network_name(void);

/* ---- mas_reauth.c ---- */
/* A subscriber who was authenticated before, for bootstrap or for connection. */
struct mas_user {
    char permanent[EAP_IDENTITY_MAX + 1];
    struct eap_reauth reauth;
    uint32_t population, device;
    enum pana_usage usage;
};
/* Read the tables as of the round's start, any thread. By who it is; by pseudonym or fast
 * re-authentication identity. NULL: nobody. */
const struct mas_user *mas_user_of(const struct server *mas, const struct device *dev,
                                   enum pana_usage usage);
const struct mas_user *mas_user_named(const struct server *mas, const char *identity,
                                      enum pana_usage usage);
const struct eap_method *mas_method_of_stranger(const char *identity);
/* Commit. */
void mas_user_keep(struct server *mas, const struct device *dev, enum pana_usage usage,
                   const char *permanent, const struct eap_reauth *reauth);
void mas_users_forget(struct server *mas);

#endif
