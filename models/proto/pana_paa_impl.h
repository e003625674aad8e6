/* Within pana_paa*.c. */
#ifndef MODELS_PROTO_PANA_PAA_IMPL_H
#define MODELS_PROTO_PANA_PAA_IMPL_H

#include "models/proto/pana_session.h"

struct pana_paa {
    struct pana_session session;
    struct pana_paa_settings settings;
    struct pana_params client; /* of the first PCI */
    bool has_client;
    bool open;
    bool leaving; /* PTR with `cause_code`, as soon as no other request is outstanding */
    unsigned cause_code;
    bool wants_request;  /* an EAP conversation is to begin */
    struct buf response; /* EAP, for the server */
    bool nonce_sent;
    uint32_t key_id; /* the last one given */
    /* What the server said, for the action that it brings about. */
    struct {
        struct span eap;
        const uint8_t *msk;
        const struct pana_params *params;
        enum reason reason;
    } verdict;
};

extern const struct pana_machine pana_paa_machine; /* pana_paa_rules.c */

#endif
