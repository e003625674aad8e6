/* EAP-IBAKE: identity-based authenticated key exchange (RFC 6539) as an EAP method. The one draft
 * that described such a method (draft-cakulev-emu-eap-ibake) expired without an RFC and its octets
 * could not be read: the packets below are this project's own (GAP C9), and speak to nobody else.
 * What is kept of RFC 6539 is the exchange and its checks: each side encrypts its point to the
 * other's identity, and believes the other when the point comes back.
 *
 *     server, initiator                                 peer, responder
 *     1 ID/Request         proposals, IDs, Rs        ->
 *                       <- choice, IDp, Rp              2 ID/Response
 *     3 Challenge/Request  E(IDp, IDs, IDp, xP)      ->
 *                       <- E(IDs, IDs, IDp, xP, yP)     4 Challenge/Response
 *     5 Confirm/Request    E(IDp, IDs, IDp, yP), AUTH ->
 *                       <- AUTH                         6 Confirm/Response
 *
 * One departure from RFC 6539 3.1, which says RFC 5091: SAKKE may be chosen, and in either scheme E
 * encapsulates a key and encrypts with AES-128-GCM under it (crypto/ibe.h, ibe_seal), because the
 * texts are longer than a key and because altered octets are to be seen at once.
 *
 * ---- A packet ----
 *
 *     octet 0        code: 1 request, 2 response
 *           1        identifier
 *           2, 3     length of the packet
 *           4        type: 254, Expanded (RFC 3748 5.7)
 *           5 - 7    vendor: ff ff fe
 *           8 - 11   vendor's type: 00 00 00 01
 *           12       exchange: 1 ID, 2 Challenge, 3 Confirm, 4 Failure
 *           13 -     fields, each exactly once and in this order, nothing after them
 *
 *     A field: octet 0 what it is, 1 and 2 the length n of its value, 3 - value. Numbers are
 *     big-endian.
 *
 *      1 PROPOSALS  3 to 24: triples {curve, scheme, hash}, the one wanted most first
 *      2 CHOICE     3: one of the triples, as it stood there
 *      3 IDENTITY   1 to 118: the sender's, as in its private key; no octet is 0
 *      4 PERIOD     7: "YYYY-MM" of that key
 *      5 NONCE      32: Rs, Rp
 *      6 SEALED     273 or 433 octets of capsule, text, 16 of tag
 *      7 AUTH       32
 *      8 CODE       1: why (enum ibake_code)
 *     Inside a SEALED text:
 *      9 INITIATOR  IDs          11 POINT_X   65: xP, 04 || x || y
 *     10 RESPONDER  IDp          12 POINT_Y   65: yP
 *
 *     ID/Request          PROPOSALS IDENTITY PERIOD NONCE
 *     ID/Response         CHOICE IDENTITY PERIOD NONCE
 *     Challenge/Request   SEALED{INITIATOR RESPONDER POINT_X}
 *     Challenge/Response  SEALED{INITIATOR RESPONDER POINT_X POINT_Y}
 *     Confirm/Request     SEALED{INITIATOR RESPONDER POINT_Y} AUTH
 *     Confirm/Response    AUTH
 *     Failure             CODE     either way, instead of any packet but the first and the last; a
 *                                  peer answers the server's with the same code, the server's
 * answer to a peer's is EAP-Failure. Unprotected, as EAP-Failure itself is.
 *
 *     curve: 19, P-256 (RFC 5903). scheme: 1 SAKKE, 2 Boneh-Franklin (enum ibe_scheme). hash: 1,
 *     SHA-256 for transcript, HKDF and HMAC. The longest packet has 843 octets; there are no
 *     fragments.
 *
 * ---- Keys ----
 *
 *     T0 = 32 octets of 0, Tn = SHA-256(Tn-1 || packet n), packets whole
 *     SEALED of packet n is authenticated with octet 12 of the packet || Tn-1
 *     Z   = x coordinate of xyP, Ke = HKDF-Extract(Rs || Rp, Z)
 *     Ka  = HKDF-Expand(Ke, "EAP-IBAKE auth" || T4, 32)
 *     AUTH of packet 5 = HMAC(Ka, 01 || T4 || packet 5 without its last 32 octets)
 *     AUTH of packet 6 = HMAC(Ka, 02 || T5 || packet 6 without its last 32 octets)
 *     MSK(64) || EMSK(64) = HKDF-Expand(Ke, "EAP-IBAKE key" || IDs 00 IDp 00 || T5, 128)
 *     Session-Id = octets 4 - 11 of a packet || Rs || Rp
 *
 * ---- What is checked, and the reason when it fails ----
 *
 *     fields, lengths, order; a CHOICE that was not proposed      eap-malformed
 *     no proposal that the peer can take                          no-common-suite
 *     IDp is who the server's node said (eap_answer.permanent),
 *     IDs is the peer's `expect_name`                             eap-unknown-identity
 *     PERIOD is of this month or the 11 before                    key-expired
 *     SEALED opens with the own key, this transcript              ibe-decrypt-failed
 *     INITIATOR, RESPONDER, and the own point, come back          ibake-mismatch
 *     the other's point is on the curve                           ibake-bad-point
 *     AUTH                                                        eap-wrong-mac
 *
 * Both sides end with the same reason, because the one that finds out says so in a Failure; but the
 * AUTH of packet 6, after which the peer has EAP-Failure alone. A peer with
 * expect_name NULL believes anybody who has a key of the authority, other devices too. */
#ifndef MODELS_PROTO_EAP_IBAKE_H
#define MODELS_PROTO_EAP_IBAKE_H

#include "crypto/ecdh.h"
#include "crypto/ibe.h"
#include "models/proto/reason.h"

#define IBAKE_EXCHANGE_AT 12 /* in a packet */
#define IBAKE_NONCE       32
#define IBAKE_AUTH        32
#define IBAKE_PROPOSAL    3
#define IBAKE_PROPOSALS   8
#define IBAKE_CURVE_P256  19
#define IBAKE_HASH_SHA256 1
#define IBAKE_MONTHS      12 /* for which a key is taken */

enum ibake_exchange { IBAKE_ID = 1, IBAKE_CHALLENGE, IBAKE_CONFIRM, IBAKE_FAILURE };

enum ibake_field {
    IBAKE_END,
    IBAKE_PROPOSALS_FIELD,
    IBAKE_CHOICE,
    IBAKE_IDENTITY,
    IBAKE_PERIOD,
    IBAKE_NONCE_FIELD,
    IBAKE_SEALED,
    IBAKE_AUTH_FIELD,
    IBAKE_CODE,
    IBAKE_INITIATOR,
    IBAKE_RESPONDER,
    IBAKE_POINT_X,
    IBAKE_POINT_Y,
    IBAKE_FIELDS
};

/* A Failure's CODE, and the reason it stands for. */
enum ibake_code {
    IBAKE_CODE_OTHER = 1, /* any other: eap-failure */
    IBAKE_CODE_MALFORMED, /* eap-malformed */
    IBAKE_CODE_PROPOSALS, /* no-common-suite */
    IBAKE_CODE_IDENTITY,  /* eap-unknown-identity */
    IBAKE_CODE_PERIOD,    /* key-expired */
    IBAKE_CODE_DECRYPT,   /* ibe-decrypt-failed */
    IBAKE_CODE_MISMATCH,  /* ibake-mismatch */
    IBAKE_CODE_POINT,     /* ibake-bad-point */
    IBAKE_CODE_AUTH       /* eap-wrong-mac */
};

#endif
