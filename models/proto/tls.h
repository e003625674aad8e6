/* TLS endpoints on OpenSSL's memory BIOs: client and server, certificates and PSK, exporter, key
 * log; flights and alerts as events. RFC 4346 (1.1), RFC 5246 (1.2), RFC 4279/5487/5489 (PSK), RFC
 * 6655 (CCM), RFC 5705. */
#ifndef MODELS_PROTO_TLS_H
#define MODELS_PROTO_TLS_H

#include "crypto/credential.h"
#include "models/proto/proto.h"

/* DTLS_1_2: contexts for dtls.h alone. */
enum tls_version { TLS_1_1 = 0x0302, TLS_1_2 = 0x0303, DTLS_1_2 = 0xFEFD };
enum tls_group { TLS_GROUP_P256, TLS_GROUP_X25519 };

/* The suites of the standard, and one more for EAP-TLS with peers of today; by their IANA names
 * without TLS_ and WITH_. */
/* clang-format off */
#define TLS_SUITES(X) \
    X(TLS_SUITE_RSA_AES_128_CCM,              0xC09C, "RSA-AES128-CCM",                "AES128-CCM") \
    X(TLS_SUITE_RSA_AES_128_CBC_SHA,          0x002F, "RSA-AES128-CBC-SHA",            "AES128-SHA") \
    X(TLS_SUITE_ECDHE_PSK_AES_128_CBC_SHA,    0xC035, "ECDHE-PSK-AES128-CBC-SHA",      "ECDHE-PSK-AES128-CBC-SHA") \
    X(TLS_SUITE_ECDHE_PSK_AES_128_CBC_SHA256, 0xC037, "ECDHE-PSK-AES128-CBC-SHA256",   "ECDHE-PSK-AES128-CBC-SHA256") \
    X(TLS_SUITE_PSK_AES_128_CCM,              0xC0A4, "PSK-AES128-CCM",                "PSK-AES128-CCM") \
    X(TLS_SUITE_PSK_AES_128_CBC_SHA,          0x008C, "PSK-AES128-CBC-SHA",            "PSK-AES128-CBC-SHA") \
    X(TLS_SUITE_PSK_AES_128_CBC_SHA256,       0x00AE, "PSK-AES128-CBC-SHA256",         "PSK-AES128-CBC-SHA256") \
    X(TLS_SUITE_ECDHE_RSA_AES_128_CBC_SHA256, 0xC027, "ECDHE-RSA-AES128-CBC-SHA256",   "ECDHE-RSA-AES128-SHA256") \
    X(TLS_SUITE_PSK_AES_128_CCM_8,            0xC0A8, "PSK-AES128-CCM8",               "PSK-AES128-CCM8")
/* clang-format on */

enum tls_suite {
#define X(constant, code, name, openssl) constant,
    TLS_SUITES(X)
#undef X
        TLS_SUITE_COUNT
};
const char *tls_suite_name(enum tls_suite suite);
unsigned tls_suite_code(enum tls_suite suite);
enum tls_suite tls_suite_find(const char *name); /* TLS_SUITE_COUNT: unknown */
bool tls_suite_is_psk(enum tls_suite suite);
/* CCM suites need 1.2; the others may be negotiated at 1.1 too, as protocols.md says. DTLS 1.2:
 * those of PSK with CCM, which are CoAP's (RFC 7252 9.1.3.1). */
bool tls_suite_allows(enum tls_suite suite, enum tls_version version);

/* What many endpoints share: one SSL_CTX. Immutable; any thread may make endpoints from it. */
struct tls_context;

/* How a server lets a client take up a session again, in an abbreviated handshake: by an id, with
 * the session in the server's memory (RFC 5246 7.3), or by a ticket, with the session in the
 * client's, sealed (RFC 5077). A client offers what it has of either. */
enum tls_resume { TLS_RESUME_NO, TLS_RESUME_SESSION_ID, TLS_RESUME_TICKET };
#define TLS_RESUME_STANDARD 86400u /* s: RFC 5246 F.1.4's upper limit */

struct tls_settings {
    bool server;
    enum tls_version version;     /* exactly this one */
    const enum tls_suite *suites; /* in order of preference; copied */
    size_t suite_count;
    enum tls_group group; /* for ECDHE suites */
    const struct authority
        *authority;         /* trust anchor of certificate suites, both roles; NULL for PSK */
    bool anonymous_clients; /* server: asks for no certificate (TS 33.222 5.3: HTTP says who) */
    enum tls_resume resume;
    unsigned resume_s; /* how long after its whole handshake; 0: TLS_RESUME_STANDARD */
};
/* Draws ticket keys etc. from the entered entity: call between entity_enter and entity_leave.
 * OpenSSL caches no session. ERR_CRYPTO when OpenSSL does not have the suite. */
enum err tls_context_new(const struct tls_settings *settings, struct tls_context **out) MUST_USE;
void tls_context_free(struct tls_context *c);

/* An endpoint is a proto: input and output are the record stream. PROTO_RUNNING until close_notify
 * was exchanged (PROTO_DONE) or something failed. Its inside (the plaintext) is for its parent, by
 * the calls below. */
struct tls;

/* Server side of a PSK: finds the key for an identity, in the state the node had at the start of
 * the round. Returns 32 and fills psk, or 0: unknown. *reason may be set (REASON_KEY_EXPIRED ...)
 * for the unknown. */
typedef unsigned (*tls_psk_find)(void *arg, struct span identity, uint8_t psk[32],
                                 enum reason *reason);

/* What a server resumes from: its node's, in the state that it had at the start of the round. */
#define TLS_SESSION_ID_MAX 32
#define TLS_SESSION_MAX    1024 /* octets of one */
#define TLS_TICKET_NAME    16
struct tls_ticket_key {
    uint8_t name[TLS_TICKET_NAME];
    uint8_t cipher[16]; /* AES-128-CBC */
    uint8_t mac[32];    /* HMAC-SHA-256 */
};
struct tls_resumption {
    /* Octets from tls_session, of the session of this id; n 0: there is none (any more). */
    struct span (*session)(void *arg, struct span id);
    /* The key of this name; name NULL: the one that seals. NULL: there is none (any more). A ticket
     * under another than the one that seals is taken, and replaced. */
    const struct tls_ticket_key *(*ticket_key)(void *arg, const uint8_t *name);
    void *arg;
};

struct tls_peer_settings {
    struct credential
        *credential; /* of this endpoint; taken over (freed with the endpoint); NULL: PSK only */
    const char
        *expect_name; /* the peer's certificate must carry it (DNS/URI SAN or CN); NULL: any */
    const char *psk_identity; /* client: sent as is; copied */
    const char *psk_hint;     /* server: sent; client: what it, or one of its elements between
                                 semicolons, must be; NULL: none, any; copied */
    enum se_slot psk_slot;    /* client: in env->se */
    tls_psk_find psk_find;    /* server */
    void *psk_arg;
    /* Where the context resumes. Client: what tls_session of an endpoint before gave, with this
     * server, of this suite; n 0: none; copied. Server: NULL: nothing; copied. A session of a PSK
     * is resumed only as long as psk_find finds that PSK. */
    struct span session;
    const struct tls_resumption *resumption;
};
struct tls *tls_new(const struct tls_context *context, struct proto_env *env,
                    const struct tls_peer_settings *settings);
struct proto *tls_proto(struct tls *t);

bool tls_is_open(const struct tls *t); /* the handshake is complete, and not closed */
/* Encrypt: false when not open or the output is beyond its bound. The octets appear at output(). */
bool tls_write(struct tls *t, sim_ns now, struct span plain);
/* Decrypted octets that input() gave, taken by tls_consume. */
struct span tls_received(const struct tls *t);
void tls_consume(struct tls *t, size_t n);
bool tls_peer_closed(const struct tls *t); /* close_notify arrived */
/* Send close_notify. The endpoint is PROTO_DONE once it is out: we do not wait for the peer's (RFC
 * 5246 7.2.1). */
void tls_close(struct tls *t, sim_ns now);

/* ---- resumption ---- */

bool tls_is_resumed(const struct tls *t); /* open, by an abbreviated handshake */
/* When it is open: what the handshake made for others to come. At the client to be offered next
 * time; at a server with session ids to be kept under tls_session_id. It holds a master secret. n
 * 0: nothing new. Stands until tls_session_taken, which wipes it. */
struct span tls_session(const struct tls *t);
void tls_session_taken(struct tls *t);
/* Server: of the session that was made, or is to be resumed; n 0: it has none. When the endpoint
 * has failed, nobody may resume it any more (RFC 5246 7.2.2). */
struct span tls_session_id(const struct tls *t);

/* RFC 5705 without context. false: not open. */
bool tls_export(struct tls *t, const char *label, uint8_t *out, size_t n);
/* The peer's certificate's common name, or the PSK identity it sent; "" before. Borrowed. */
const char *tls_peer_name(const struct tls *t);
/* Of the hellos (RFC 5246 7.4.1.2, 7.4.1.3). false: not open. */
bool tls_randoms(const struct tls *t, uint8_t client[32], uint8_t server[32]);
enum tls_suite tls_chosen_suite(const struct tls *t);
/* The alert that was sent or received, 0..255; -1: none. Its RFC name. */
int tls_alert(const struct tls *t);
const char *tls_alert_name(int alert);

/* What a handshake message costs whom, for tests: see tls_meter.c. */
#endif
