/* One EAP method: a file and a row. Between the state machines of eap_peer.c and eap_server.c and
 * the methods; RFC 4137 4.4 and 5.4 in names. Methods see whole packets, because their MACs cover
 * the header. */
#ifndef MODELS_PROTO_EAP_METHOD_H
#define MODELS_PROTO_EAP_METHOD_H

#include "models/proto/eap.h"

enum eap_half_state {
    EAP_HALF_CONTINUE,
    EAP_HALF_MAY_CONTINUE, /* peer: a Success would now be taken (decision COND_SUCC), keys are
                              present, more may come */
    EAP_HALF_DONE,         /* proved: keys are present */
    EAP_HALF_FAILED        /* `reason`. Peer: what build gives is sent, and EAP-Failure awaited.
                              Server: what build gives is sent (an alert, a notification), the answer
                              to it is not processed, EAP-Failure follows; without it, at once */
};

/* One side of one method in one conversation. The first member of every method's own struct. */
struct eap_half {
    const struct eap_half_ops *ops;
    struct proto_env *env;
    enum eap_half_state state;
    enum reason reason;     /* set once, by eap_half_fail */
    unsigned unverified;    /* how often eap_half_unverified was said */
    bool discard;           /* peer and server: the packet just processed is to be ignored silently;
                               cleared by the machine before each process */
    bool protected_success; /* peer, with DONE: both sides said success under a MAC: an EAP-Failure
                               is ignored (decision UNCOND_SUCC, RFC 3748 4.2) */
    bool unwilling; /* peer, FAILED at its first request: this method cannot be had with this
                       server; the machine says Nak and names the others (RFC 5433 10) */
    struct eap_keys keys;
    struct eap_query query; /* server: what it waits for; build is not called meanwhile */
};
void eap_half_init(struct eap_half *h, const struct eap_half_ops *ops, struct proto_env *env);
void eap_half_fail(struct eap_half *h, enum reason reason);
/* The packet just processed has a MAC that does not verify: discarded, where a method's RFC says
 * so. The third one fails the half, REASON_EAP_MAC: how many is left to us (RFC 4764 8.8), and
 * without an end a wrong key would keep both sides going round. */
void eap_half_unverified(struct eap_half *h);

/* What the halves are made with: the machine's settings, and what it has learnt so far. Borrowed;
 * outlives the half. */
struct eap_peer_context {
    const struct eap_peer_settings *settings;
    char *identity; /* last one sent, EAP_IDENTITY_MAX + 1 octets: SIM and AKA change it */
};
struct eap_server_context {
    const struct eap_server_settings *settings;
    char *identity; /* as the peer sent it last: SIM and AKA change it */
    char *permanent;
    const struct eap_answer *user; /* the answer to EAP_QUERY_USER */
    struct eap_reauth *reauth;     /* to fill for the node; zeros at first */
};

struct eap_half_ops {
    /* Exactly one of the two is set. NULL from it: this side lacks what the method needs. */
    struct eap_half *(*peer)(struct proto_env *env, struct eap_peer_context *c);
    struct eap_half *(*server)(struct proto_env *env, struct eap_server_context *c);
    /* Peer: a request of this method; server: a response. Parse fully, then act. */
    void (*process)(struct eap_half *h, sim_ns now, const struct eap_packet *in);
    /* Peer: the response to what was processed; server: the next request; one whole packet with
     * identifier id, at most settings->mtu octets (the machine has put EAP_MTU in for 0). false:
     * nothing to say. Name the message by trace_text ("GPSK-1"), here or in process; the machine
     * keeps the name with the packet, and gives one where the method has none. */
    bool (*build)(struct eap_half *h, sim_ns now, uint8_t id, struct buf *out);
    /* Server, may be NULL: the answer to h->query, which the machine has cleared. With a reason in
     * it the half fails with that reason (by itself, or by the machine after this call). */
    void (*answer)(struct eap_half *h, sim_ns now, const struct eap_answer *a);
    void (*free)(struct eap_half *h);
};

struct eap_method {
    const char *name; /* "aka", as scenarios and the command line say it */
    uint8_t type;
    uint32_t vendor, vendor_type; /* of EAP_EXPANDED */
    const struct eap_half_ops *peer, *server;
    /* May be NULL. What a peer that wants this method most answers to Request/Identity: SIM and AKA
     * have a fast re-authentication identity, a pseudonym, settings->identity, or what the UICC
     * says, in this order (RFC 4187 4.1.3). NULL: settings->identity. */
    void (*identity)(const struct eap_peer_settings *settings, char out[EAP_IDENTITY_MAX + 1]);
};

/* Of the packet's method. */
bool eap_method_is(const struct eap_method *m, const struct eap_packet *p);

/* The registry: one row a method, in eap_registry.c. */
extern const struct eap_method eap_method_aka, eap_method_sim, eap_method_aka_prime, eap_method_tls,
    eap_method_gpsk, eap_method_psk, eap_method_ibake;
size_t eap_method_count(void);
const struct eap_method *eap_method_at(size_t i);
const struct eap_method *eap_method_by_name(const char *name); /* NULL: no such */
const struct eap_method *eap_method_by_type(uint8_t type, uint32_t vendor, uint32_t vendor_type);

/* GAP C9: EAP-IBAKE has no type of its own: Expanded, under a vendor id that nobody holds for EAP.
 */
#define EAP_VENDOR_M2MSIM 0xfffffeu
#define EAP_IBAKE_TYPE    1u

#endif
