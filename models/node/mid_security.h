/* What secures mId: sets as a scenario says them, flags as they travel (securitymIdFlags, GAP C8),
 * and who grants what to whom (etsi-m2m.md 2: the provider says it in connectionParamSet, or in an
 * AVP of the last PAR). */
#ifndef MODELS_NODE_MID_SECURITY_H
#define MODELS_NODE_MID_SECURITY_H

#include "models/node/config.h"

#define MID_CHANNELS (MID_TLS_PSK | MID_DTLS_PSK)
#define MID_OBJECTS  (MID_OBJECT_SIGN | MID_OBJECT_ENCRYPT)

/* Of a set of enum cfg_security. */
uint16_t mid_security_flags(uint32_t set);
/* What a device tells with its request for a connection: its wish; 0: it says nothing, and means
 * TLS with PSK. A channel is that of its binding. */
uint16_t mid_security_wish(const struct cfg_device *c);
/* What the MAS grants: the wish, if its policy has it, else what stands first there. */
uint16_t mid_security_grant(const struct cfg_server *mas, uint16_t wish);
/* Is this what the device can do? Never without any security, and never by encryption that does not
 * tell altered octets. */
bool mid_security_can(const struct cfg_device *c, uint16_t granted);
/* "http", "coaps+sign", ...: in rows. flags 0: the access network's. */
const char *mid_security_name(enum binding binding, uint16_t flags);

#endif
