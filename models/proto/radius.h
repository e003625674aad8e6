/* RADIUS (RFC 2865, RFC 3579 for EAP, RFC 2548 for the MPPE keys): packets, the client of a
 * pass-through authenticator, and the authentication server's side of a conversation, with an EAP
 * server (eap.h) inside. Datagrams in, datagrams out; one conversation a core. */
#ifndef MODELS_PROTO_RADIUS_H
#define MODELS_PROTO_RADIUS_H

#include "models/proto/eap.h"

#define RADIUS_PORT       1812
#define RADIUS_PACKET_MAX 4096 /* RFC 2865 3 */

enum radius_code {
    RADIUS_ACCESS_REQUEST = 1,
    RADIUS_ACCESS_ACCEPT = 2,
    RADIUS_ACCESS_REJECT = 3,
    RADIUS_ACCESS_CHALLENGE = 11
};

/* ---- packets ---- */
struct radius_packet {
    uint8_t code, id;
    uint8_t authenticator[16];
    struct span attributes; /* checked: they fill the packet exactly, each at least 2 octets */
    struct span whole;      /* of the length field; what lies beyond is padding (RFC 2865 3) */
};
enum reason radius_parse(struct span in, struct radius_packet *out); /* REASON_RADIUS_MALFORMED */
/* The next attribute of this type from *at on (0 at first), advancing it. */
bool radius_find(const struct radius_packet *p, uint8_t type, size_t *at, struct span *value);
/* EAP-Message attributes joined (RFC 3579 3.1); false: none, or beyond the buffer's bound. */
bool radius_eap(const struct radius_packet *p, struct buf *out);

/* ---- the client: one EAP conversation of a pass-through authenticator ---- */
struct radius_client;
struct radius_client_settings {
    struct span secret;         /* shared; copied */
    const char *nas_identifier; /* copied */
    /* RFC 5080 2.2.1, each with a tenth of jitter; 0: 2 s doubled up to 16 s, five transmissions,
     * 30 s from the first one on. Then PROTO_FAILED: REASON_RADIUS_TIMEOUT, or, when answers came
     * that did not verify, REASON_RADIUS_AUTHENTICATOR. */
    sim_ns irt, mrt, mrd;
    unsigned mrc;
    uint32_t framed_mtu; /* longest EAP packet that the way to the peer carries; 0: not told */
    struct span extra;   /* attributes to send with each request, ready encoded; copied */
};
struct radius_client *radius_client_new(struct proto_env *env,
                                        const struct radius_client_settings *settings);
struct proto *radius_client_proto(struct radius_client *c);
/* Send the peer's EAP response on. The first one is Response/Identity: User-Name comes from it; or
 * n == 0: EAP-Start (RFC 3579 2.1), and the server asks. Ignored: while a request waits for its
 * answer, after the end, and what is no response to the server's last request (RFC 3579 2.2). */
void radius_client_eap(struct radius_client *c, sim_ns now, struct span eap);
/* What the server answered: EAP request, Success or Failure; n == 0: nothing yet. Stands until
 * radius_client_taken. PROTO_DONE: Access-Accept came, PROTO_FAILED: Access-Reject or no answer. */
struct span radius_client_reply(const struct radius_client *c);
void radius_client_taken(struct radius_client *c);
/* Of the Access-Accept: MSK from MS-MPPE-Recv-Key || MS-MPPE-Send-Key (RFC 2548, RFC 3748 7.10). */
bool radius_client_msk(const struct radius_client *c, uint8_t msk[EAP_KEY_LEN]);
/* The Access-Accept, for vendor attributes of the project's own; false: not yet. */
bool radius_client_accept(const struct radius_client *c, struct radius_packet *out);

/* ---- the server: one conversation ---- */
struct radius_server;
struct radius_server_settings {
    struct span secret; /* copied */
    /* Its texts and what it points to outlive the conversation. ask_identity is the conversation's
     * own choice; mtu: the longest, Framed-MTU may ask for less (RFC 3579 2.4). */
    struct eap_server_settings eap;
    sim_ns idle; /* no request for so long: PROTO_FAILED, REASON_TIMEOUT; 0: 300 s. 30 s at most
                    once EAP has failed and its last word is not answered: then with its reason */
};
struct radius_server *radius_server_new(struct proto_env *env,
                                        const struct radius_server_settings *settings);
struct proto *radius_server_proto(struct radius_server *s);
/* Its EAP server: queries (eap_server_query / eap_server_answer) and results are there. NULL before
 * the first request that verifies, and where that one is refused without EAP. After an answer call
 * radius_server_poke: what the EAP server then says becomes a packet, made by the next output():
 * with an Access-Accept goes PROTO_DONE, with an Access-Reject PROTO_FAILED. Whoever has the
 * conversation keeps it for 5 s or more after that: a repeated request gets the same octets again
 * (RFC 5080 2.2.2). */
struct eap_server *radius_server_eap(struct radius_server *s);
void radius_server_poke(struct radius_server *s, sim_ns now);
/* Attributes that go into the Access-Accept, ready encoded; before the output() that makes it: when
 * the EAP server is done. Copied; replaces what was given before. */
void radius_server_extra(struct radius_server *s, struct span attributes);
/* The last Access-Request that verified, for attributes of the project's own; false: none did. With
 * its id and authenticator a repetition of a conversation's first request, which has no State yet,
 * finds its conversation. */
bool radius_server_last(const struct radius_server *s, struct radius_packet *out);

/* Which conversation a datagram belongs to, for whoever spreads them: its State attribute (RFC 2865
 * 5.24), n == 0: a new one. Ours is 16 random octets, told by radius_server_state. Also a check of
 * form alone: authenticity is the core's to judge. */
struct span radius_state(const struct radius_packet *p);
struct span radius_server_state(const struct radius_server *s);

/* A vendor-specific attribute (RFC 2865 5.26) of the project's own vendor id (EAP_VENDOR_M2MSIM, in
 * three octets): appended to b. false: no room, or n over 247. */
bool radius_put_vendor(struct buf *b, uint8_t type, struct span value);
bool radius_find_vendor(const struct radius_packet *p, uint8_t type, struct span *value);

#endif
