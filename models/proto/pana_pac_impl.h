/* Within pana_pac*.c. */
#ifndef MODELS_PROTO_PANA_PAC_IMPL_H
#define MODELS_PROTO_PANA_PAC_IMPL_H

#include "models/proto/pana_session.h"

struct pana_pac {
    struct pana_session session;
    struct pana_pac_settings settings; /* texts and credential are its own */
    struct buf initiation;             /* ETSI's AVPs of the PCI */
    struct proto_env eap_env;          /* as the PaC's, but for the trace's label */
    struct trace eap_trace;
    struct eap_peer *peer; /* of the authentication that goes on, or was the last */
    struct buf response;   /* the EAP response that it gave */
    bool second_par;       /* one came without S: the PAA keeps state (RFC 5191 4.1) */
    bool nonce_sent;
    bool open;
    bool leaving;              /* PTR, as soon as no other request is outstanding */
    struct eap_keys keys;      /* of the last authentication that succeeded */
    struct pana_params params; /* of PAR[S] and PAR[C] */
    uint32_t lifetime_s;
    sim_ns reauth_at, done_at;
};

extern const struct pana_machine pana_pac_machine; /* pana_pac_rules.c */

/* EAP_Restart(): another EAP peer in place of the one that was. */
void pana_pac_restart_eap(struct pana_pac *p);

#endif
