/* A device that wants in where a RADIUS server decides: an EAP peer, the pass-through authenticator
 * before it (RFC 3579 2), and nothing between the two. One core of datagrams, the RADIUS client's:
 * what `m2msim attach eap` runs against a real server. */
#ifndef MODELS_PROC_EAP_ACCESS_H
#define MODELS_PROC_EAP_ACCESS_H

#include "models/proto/eap.h"
#include "models/proto/radius.h"

struct eap_access_settings {
    struct eap_peer_settings peer;
    struct radius_client_settings radius;
};
struct eap_access;
/* Settings as eap_peer_new and radius_client_new take them. */
struct eap_access *eap_access_new(struct proto_env *env,
                                  const struct eap_access_settings *settings);
/* PROTO_DONE: the server accepted, the peer is satisfied, and the keys on both sides are the same.
 * PROTO_FAILED: the peer's reason when it has one (it knows best), else the way's
 * (REASON_RADIUS_...); REASON_EAP_KEYS: the server's MSK is another; REASON_EAP_MALFORMED: the peer
 * does not answer what the server says; REASON_TIMEOUT: 1,000 round trips came to nothing. */
struct proto *eap_access_proto(struct eap_access *a);
/* For what it did: method, identity, keys. */
const struct eap_peer *eap_access_peer(const struct eap_access *a);
/* Requests that went to the server and were answered. */
unsigned eap_access_round_trips(const struct eap_access *a);
/* EAP octets that the peer gave and got, headers of EAP included. */
uint64_t eap_access_octets_out(const struct eap_access *a);
uint64_t eap_access_octets_in(const struct eap_access *a);
/* Whether the Access-Accept brought keys to compare with. */
bool eap_access_has_server_msk(const struct eap_access *a);

#endif
