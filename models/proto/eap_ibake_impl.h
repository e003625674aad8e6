/* Inside eap_ibake*.c: fields, and what a side knows of an exchange. */
#ifndef MODELS_PROTO_EAP_IBAKE_IMPL_H
#define MODELS_PROTO_EAP_IBAKE_IMPL_H

#include "models/proto/eap_ibake.h"
#include "models/proto/eap_method.h"

/* ---- fields (eap_ibake_wire.c) ---- */

/* The value of each field that a message has; others n == 0. */
struct ibake_fields {
    struct span value[IBAKE_FIELDS];
};
/* order: the fields that must be there, up to IBAKE_END. Values point into `in`. false: it is not
 * made of exactly these, each within its bounds. */
bool ibake_read(struct span in, const uint8_t *order, struct ibake_fields *f);
/* Appends one field; false: no room. */
bool ibake_put(struct buf *b, enum ibake_field field, struct span value);
/* What a field begins with, for a value of n octets that follows. */
bool ibake_put_head(struct buf *b, enum ibake_field field, size_t n);

enum ibake_code ibake_code_of(enum reason reason);
/* Unknown codes: REASON_EAP_FAILURE. */
enum reason ibake_reason_of(uint8_t code);

/* ---- one side ---- */

/* Visible to tests. */
struct ibake {
    struct eap_half half;
    bool is_server;
    unsigned at; /* packets so far, of both sides: the next is row `at` of the table */
    bool tells;  /* failed: a Failure is to be sent */
    uint8_t code;
    const struct ibe_user *user;
    uint32_t mtu;
    const char *expected; /* peer: IDs, may be NULL; server: IDp. Borrowed */
    uint8_t proposals[IBAKE_PROPOSALS * IBAKE_PROPOSAL], choice[IBAKE_PROPOSAL];
    size_t proposals_n;
    enum ibe_scheme scheme;
    char initiator[IBE_NAME_MAX + 1], responder[IBE_NAME_MAX + 1];
    char period[IBE_PERIOD_LEN + 1]; /* the other side's */
    uint8_t nonce_s[IBAKE_NONCE], nonce_p[IBAKE_NONCE];
    struct ecdh *pair; /* own; freed as soon as Z is there */
    uint8_t x[ECDH_POINT], y[ECDH_POINT];
    uint8_t transcript[32]; /* Tn of the packets so far */
    uint8_t ke[32], ka[32];
};

/* ---- the packets (eap_ibake_steps.c) ---- */

/* One of the six: written by one side, read by the other. */
struct ibake_step {
    const char *name;
    uint8_t exchange;
    const uint8_t order[5]; /* enum ibake_field, up to IBAKE_END */
    /* Appends the fields. Not REASON_NONE: why the writer gives up. AUTH is left to the caller,
     * because it covers the whole packet. */
    enum reason (*put)(struct ibake *s, sim_ns now, struct buf *out);
    /* Acts on the fields. in: the packet. Not REASON_NONE: why it is refused. */
    enum reason (*take)(struct ibake *s, sim_ns now, const struct eap_packet *in,
                        const struct ibake_fields *f);
};
#define IBAKE_STEPS 6
extern const struct ibake_step ibake_steps[IBAKE_STEPS];

/* AUTH of the packet whose octets up to AUTH's value are `covered`. */
void ibake_auth(const struct ibake *s, bool by_server, struct span covered,
                uint8_t auth[IBAKE_AUTH]);
/* MSK, EMSK and Session-Id, not yet `present`; after the fifth packet is in the transcript. */
void ibake_export(struct ibake *s);

#endif
