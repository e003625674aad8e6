/* DTLS 1.2 endpoints (RFC 6347) on OpenSSL, as tls.h: client and server with pre-shared keys in the
 * CCM suites (RFC 6655; RFC 7252 9.1.3.1), whose flights are repeated by a timer of virtual time.
 * Datagrams in, datagrams out; the plaintext is datagrams too. */
#ifndef MODELS_PROTO_DTLS_H
#define MODELS_PROTO_DTLS_H

#include "models/proto/tls.h"

#define DTLS_MTU_MIN 256 /* OpenSSL's least */
/* What a record adds to a datagram of plaintext: header, explicit nonce, tag (RFC 6347 4.1, RFC
 * 6655 3). */
#define DTLS_OVERHEAD(tag) (13 + 8 + (tag))

/* RFC 6347 4.2.4; 0 takes the value in brackets. */
struct dtls_settings {
    sim_ns timeout;     /* [1 s] of the first flight; doubled each time ... */
    sim_ns timeout_max; /* ... up to [60 s] */
    sim_ns limit;       /* [120 s] for the whole handshake; then REASON_DTLS_TIMEOUT, or PSK_WRONG
                           where records came that the key does not open */
    size_t mtu;       /* [1,232] octets of a handshake's datagram: larger messages are fragmented */
    bool cookie;      /* server: HelloVerifyRequest first (RFC 6347 4.2.1) */
    struct span peer; /* server: address and port of the other, which the cookie is bound to */
};

/* context: of version DTLS_1_2. Its parts that are not datagrams are those of tls.h, by dtls_tls:
 * tls_is_open, tls_export, tls_randoms, tls_peer_name, tls_chosen_suite, tls_alert,
 * tls_peer_closed. */
struct dtls;
struct dtls *dtls_new(const struct tls_context *context, struct proto_env *env,
                      const struct tls_peer_settings *peer, const struct dtls_settings *settings);
struct proto *dtls_proto(struct dtls *d);
struct tls *dtls_tls(struct dtls *d);

/* One datagram of plaintext, in one record, at most 16,384 octets; it is for the caller to keep it
 * within what the path carries. false: not open, or the output is beyond its bound. */
bool dtls_write(struct dtls *d, sim_ns now, struct span plain);
/* The first datagram of plaintext that is not taken; n == 0: none. Stands until dtls_taken. */
struct span dtls_received(const struct dtls *d);
void dtls_taken(struct dtls *d);
/* Sends close_notify, once: nothing repeats it (RFC 6347 4.2.8 has no answer to it). */
void dtls_close(struct dtls *d, sim_ns now);
/* Nobody waits any longer for a handshake that is not over: PROTO_FAILED, as at the limit. What is
 * open stays so. */
void dtls_give_up(struct dtls *d);

/* For whoever spreads datagrams over endpoints: it begins with a ClientHello in the clear. To an
 * endpoint that is open it says that the other has begun anew, from the same place (RFC
 * 6347 4.2.8); the endpoint itself ignores it. */
bool dtls_begins(struct span datagram);

/* How often a flight was said again, by our timer. */
unsigned dtls_repetitions(const struct dtls *d);

#endif
