/* EAP (RFC 3748): packets, and the peer's and the server's state machines (RFC 4137). Both are
 * protos whose datagrams are whole EAP packets: input() takes one, output() appends at most one.
 * Neither repeats anything by itself: below the peer nothing is lost that PANA does not repeat (RFC
 * 5191 9), and the server's repetitions are PANA's (RFC 4137 7.2: a lower layer that is reliable).
 * A peer answers a repeated request with the very octets of its last response (RFC 3748 4.1). */
#ifndef MODELS_PROTO_EAP_H
#define MODELS_PROTO_EAP_H

#include "crypto/uicc.h"
#include "models/proto/proto.h"
#include "models/proto/tls.h"
#include "sim/base/span.h"

#include <stdbool.h>

#define EAP_KEY_LEN      64 /* MSK and EMSK: RFC 3748 7.10 asks for at least so many, all export so */
#define EAP_IDENTITY_MAX 253   /* RFC 7542 2.3, and a RADIUS User-Name */
#define EAP_PACKET_MAX   65535 /* the length field */
#define EAP_MTU          1020  /* RFC 3748 3.1: what every lower layer carries */
#define EAP_MTU_MIN      64

enum eap_code { EAP_REQUEST = 1, EAP_RESPONSE = 2, EAP_SUCCESS = 3, EAP_FAILURE = 4 };
enum eap_type {
    EAP_IDENTITY = 1,
    EAP_NOTIFICATION = 2,
    EAP_NAK = 3,
    EAP_MD5 = 4,
    EAP_OTP = 5,
    EAP_GTC = 6,
    EAP_TLS = 13,
    EAP_SIM = 18,
    EAP_AKA = 23,
    EAP_PSK = 47,
    EAP_AKA_PRIME = 50,
    EAP_GPSK = 51,
    EAP_EXPANDED = 254
};

/* ---- packets ---- */
struct eap_packet {
    uint8_t code, id;
    uint8_t type;                 /* 0: Success and Failure have none */
    uint32_t vendor, vendor_type; /* of EAP_EXPANDED (RFC 3748 5.7), else 0 */
    struct span data;             /* after the type (and the vendor's fields) */
    struct span whole;            /* header included, exactly `length` octets */
};
/* in: what the lower layer gave; octets beyond the length field are padding and dropped (RFC 3748
 * 4.1). REASON_NONE, or REASON_EAP_MALFORMED: then `out` is as it was. `out` points into `in`. An
 * expanded type of vendor 0 below 254 comes out as the short type that it equals (RFC 3748 5.7);
 * whole.p[4] tells the forms apart. */
enum reason eap_parse(struct span in, struct eap_packet *out);
/* Appends a packet; false: no room. vendor is looked at for EAP_EXPANDED alone. */
bool eap_put(struct buf *b, enum eap_code code, uint8_t id, uint8_t type, uint32_t vendor,
             uint32_t vendor_type, struct span data);
/* What a method of many fields does: header with length 0, its fields, then the length. eap_begin
 * gives where the packet began, for eap_end (and buf_at, to fill in a MAC). eap_end: false, when
 * the header had no room or the packet is longer than a length field can say. type 0: a packet
 * without one (Success, Failure). */
size_t eap_begin(struct buf *b, enum eap_code code, uint8_t id, uint8_t type, uint32_t vendor,
                 uint32_t vendor_type);
bool eap_end(struct buf *b, size_t begin);

/* What a method exports (RFC 5247). Wiped by whoever owns it. */
struct eap_keys {
    bool present;
    uint8_t msk[EAP_KEY_LEN], emsk[EAP_KEY_LEN];
    uint8_t session_id[128];
    size_t session_id_n;
};
void eap_keys_wipe(struct eap_keys *k);

/* ---- fast re-authentication of SIM, AKA and AKA' (RFC 4187 5): what one full authentication
 * leaves behind for the next; kept by whoever owns the peer or the server between sessions ---- */
struct eap_reauth {
    char pseudonym[EAP_IDENTITY_MAX + 1]; /* "": none; as sent, with realm */
    char identity[EAP_IDENTITY_MAX + 1];  /* of fast re-authentication; "": none */
    uint16_t counter;
    uint8_t method; /* enum eap_type that it belongs to */
    uint8_t mk[20]; /* SIM, AKA */
    uint8_t k_encr[16], k_aut[32], k_re[32];
};

/* ---- what a peer proves itself with; each member as its method needs it. All borrowed, outliving
 * the peer, but `credential`. ---- */
struct ibe_user; /* crypto/ibe.h */

struct eap_peer_credentials {
    struct uicc *uicc;         /* SIM, AKA, AKA' */
    struct eap_reauth *reauth; /* may be NULL: neither pseudonyms nor fast re-authentication */
    const char *network_name;  /* AKA': the access network's, RFC 9048 3.1; NULL: any is taken */
    bool has_psk;              /* GPSK, PSK: the key is in psk_slot of env->se */
    enum se_slot psk_slot;
    unsigned gpsk_suite;           /* 1, 2; 0: the best offered (2 before 1) */
    const struct tls_context *tls; /* EAP-TLS */
    struct credential *credential; /* EAP-TLS; taken over by eap_peer_new */
    const char *expect_name;       /* EAP-TLS: of the server's certificate; EAP-IBAKE: IDs; NULL:
                                      any */
    const struct ibe_user *ibe;    /* EAP-IBAKE: this identity's private key and the authority's
                                      public parameters */
};

/* ---- the peer ---- */
struct eap_peer;
struct eap_method; /* eap_method.h */
struct eap_peer_settings {
    const char *identity; /* answered to Request/Identity; copied. SIM, AKA: NULL: from the UICC */
    const struct eap_method *const *methods; /* acceptable, most wanted first; borrowed */
    size_t method_count;
    /* Longest packet to send, of methods that can fragment; EAP_MTU_MIN or more; 0: EAP_MTU. */
    uint32_t mtu;
    struct eap_peer_credentials credentials;
};
struct eap_peer *eap_peer_new(struct proto_env *env, const struct eap_peer_settings *settings);
struct proto *eap_peer_proto(struct eap_peer *p);
/* The lower layer says how it ended (RFC 4137 4.1: altAccept, altReject): PANA's result. */
void eap_peer_alternate(struct eap_peer *p, sim_ns now, bool accepted);
/* After PROTO_DONE; present only then. Borrowed. */
const struct eap_keys *eap_peer_keys(const struct eap_peer *p);
/* The keys that eap_peer_keys will have when EAP-Success comes: the method could end now (RFC 4137
 * 4.2: its decision is not FAIL). NULL: not yet, or never. For a lower layer that protects
 * EAP-Success itself with them (RFC 5191 4.1). Borrowed, until the next call. */
const struct eap_keys *eap_peer_coming_keys(const struct eap_peer *p);
const struct eap_method *eap_peer_method(const struct eap_peer *p); /* NULL: none began */
const char *eap_peer_identity(const struct eap_peer *p);            /* last one sent; "" */

/* ---- the server (RFC 4137's backend authenticator) ---- */

/* What the server must know of a user or a subscriber. Its node answers, at once or after asking an
 * HSS; until then the server waits. */
enum eap_query_kind {
    EAP_QUERY_NONE,
    EAP_QUERY_USER,   /* who is `identity`, which methods, which key, what re-authentication */
    EAP_QUERY_GSM,    /* `count` triplets of `imsi` */
    EAP_QUERY_UMTS,   /* one vector of `imsi` */
    EAP_QUERY_RESYNC, /* one vector of `imsi`, after `auts` for `rand` */
    EAP_QUERY_IBE     /* the server's own identity-based keys, of the period that it is */
};
struct eap_query {
    enum eap_query_kind kind;
    char identity[EAP_IDENTITY_MAX + 1]; /* USER: as the peer sent it */
    char imsi[16];
    unsigned count;
    bool separation;            /* UMTS, RESYNC: AMF's separation bit is to be set, for AKA' */
    uint8_t rand[16], auts[14]; /* RESYNC */
};
#define EAP_MAX_METHODS 8
struct eap_answer {
    enum reason reason; /* REASON_NONE: known. Else why not: the server fails the peer with it */
    /* USER */
    const struct eap_method *methods[EAP_MAX_METHODS]; /* allowed, first proposed first */
    size_t method_count;
    char permanent[EAP_IDENTITY_MAX + 1]; /* who that is: "" : the identity itself. SIM, AKA: the
                                             NAI with the IMSI; a pseudonym or fast
                                             re-authentication identity (looked up without its
                                             realm) that is not known: "" and no reason, the method
                                             then asks the peer for more */
    char certificate_name[EAP_IDENTITY_MAX + 1]; /* EAP-TLS: the peer's certificate must carry it;
                                                    "": any that our authority issued */
    bool has_psk;
    uint8_t psk[32];
    const struct eap_reauth *reauth; /* NULL: none; copied */
    enum reason verdict; /* authenticated, then refused all the same, and told so: SIM, AKA have
                            REASON_EAP_NOT_SUBSCRIBED and REASON_EAP_DENIED (1031, 1026), GPSK
                            "Authorization Failure", PSK DONE_FAILURE; TLS just EAP-Failure */
    /* GSM: n <= 3; UMTS, RESYNC: vector */
    unsigned triplet_count;
    struct gsm_triplet triplets[3];
    struct umts_vector vector;
    const struct ibe_user *ibe; /* IBE: borrowed, outlives the server */
};

struct eap_server;
struct eap_server_settings {
    const char *server_id;   /* GPSK's ID_Server, PSK's ID_S; copied */
    bool ask_identity;       /* begin with Request/Identity; false: eap_server_begin says who */
    uint32_t mtu;            /* longest packet to send, EAP_MTU_MIN or more; 0: EAP_MTU */
    bool result_indications; /* AT_RESULT_IND: protected success (RFC 4187 6.2) */
    bool pseudonyms, fast_reauth; /* hand them out */
    bool method_identity; /* SIM, AKA: ask for the identity again within the method, which RFC 4187
                             4.1.4 recommends, though Response/Identity told it: one round more */
    const char *realm;    /* of pseudonyms and re-authentication identities; NULL: none */
    const char *network_name;            /* AKA' */
    unsigned gpsk_suites;                /* bit 0: suite 1, bit 1: suite 2; 0: both */
    const struct tls_context *tls;       /* EAP-TLS; borrowed */
    const struct credential *credential; /* EAP-TLS; copied for each handshake */
    const struct ibe_user *ibe;          /* EAP-IBAKE; its name is IDs. NULL: it has none, */
    bool asks_ibe;                       /* or asks for it when EAP-IBAKE begins */
};
struct eap_server *eap_server_new(struct proto_env *env, const struct eap_server_settings *s);
struct proto *eap_server_proto(struct eap_server *s);
/* The identity is known from elsewhere (RADIUS: the pass-through asked): as if this Response/
 * Identity had arrived. Instead of start() with ask_identity. */
void eap_server_begin(struct eap_server *s, sim_ns now, struct span response_identity);
/* What it waits for, or NULL. It stands until eap_server_answer; input() meanwhile is dropped. */
const struct eap_query *eap_server_query(const struct eap_server *s);
void eap_server_answer(struct eap_server *s, sim_ns now, const struct eap_answer *a);
/* PROTO_DONE: EAP-Success is at output(), the keys are there. PROTO_FAILED: EAP-Failure is. */
const struct eap_keys *eap_server_keys(const struct eap_server *s);
/* RUNNING, but its method has failed, and its last word (GPSK-Fail, an alert) waits for an answer
 * that not every peer gives: why. REASON_NONE: not so. */
enum reason eap_server_failing(const struct eap_server *s);
const char *eap_server_identity(const struct eap_server *s);  /* as sent by the peer */
const char *eap_server_permanent(const struct eap_server *s); /* who that is; "" unknown */
/* For the node to keep after PROTO_DONE: new pseudonym and re-authentication; NULL: none. */
const struct eap_reauth *eap_server_reauth(const struct eap_server *s);
const struct eap_method *eap_server_method(const struct eap_server *s);

#endif
