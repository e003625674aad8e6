/* Private to this folder: the PSK identity of a TLS handshake, read ahead of the TLS core. OpenSSL
 * must have the key at once when it is told the identity; a NAF has to ask its BSF first. So the
 * octets of a client pass through here, record by record, up to its ClientKeyExchange (RFC 4279 2,
 * RFC 5489 2), which is held until the key is there. */
#ifndef MODELS_PROC_PSK_GATE_H
#define MODELS_PROC_PSK_GATE_H

#include "sim/base/buf.h"

#include <stdbool.h>

/* Visible because it is embedded. */
struct psk_gate {
    struct buf held;
    bool open;    /* nothing more is looked at */
    bool waiting; /* a ClientKeyExchange is at the front */
};
void psk_gate_init(struct psk_gate *g);
void psk_gate_release(struct psk_gate *g);
/* Takes octets. false: more than any handshake has. */
bool psk_gate_put(struct psk_gate *g, struct span in);
/* What may go on to TLS now: a record, or all that there is once the gate is open; to be dropped by
 * psk_gate_drop. n 0: nothing. When a ClientKeyExchange is next, psk_gate_identity has it. */
struct span psk_gate_next(struct psk_gate *g);
void psk_gate_drop(struct psk_gate *g, size_t n);
/* n 0: no ClientKeyExchange is waiting. */
struct span psk_gate_identity(const struct psk_gate *g);
void psk_gate_open(struct psk_gate *g);

#endif
