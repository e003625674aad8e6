/* Inside tls*.c only. */
#ifndef MODELS_PROTO_TLS_IMPL_H
#define MODELS_PROTO_TLS_IMPL_H

#include "crypto/openssl.h"

#include "models/proto/tls.h"

#include <openssl/ssl.h>

#define TLS_MAX_SUITES     9
#define TLS_MAX_NAME       256
#define DTLS_COOKIE        16
#define DTLS_COOKIE_SECRET 32

enum tls_state { TLS_HANDSHAKE, TLS_OPEN, TLS_CLOSING, TLS_CLOSED, TLS_FAILED };

struct tls_context {
    SSL_CTX *ssl;
    BIO_METHOD *bio;
    bool server;
    enum tls_version version;
    enum tls_group group;
    enum tls_resume resume;
    bool datagrams;                            /* DTLS */
    uint8_t cookie_secret[DTLS_COOKIE_SECRET]; /* of a DTLS server */
};

struct tls {
    struct proto proto;
    const struct tls_context *context;
    struct credential *credential; /* owned */
    char *expect_name, *psk_identity, *psk_hint;
    enum se_slot psk_slot;
    tls_psk_find psk_find;
    void *psk_arg;
    struct tls_resumable *resumable; /* NULL: the context does not resume */
    SSL *ssl; /* from start() to the end; an endpoint that is dead holds none */
    enum tls_state state;
    struct span in; /* what OpenSSL has yet to read of this input() */
    struct buf out, plain;
    /* Takes decrypted octets; false: there is no room. */
    bool (*take_plain)(struct buf *plain, const void *octets, size_t n);
    bool peer_closed;
    bool hello_done;                  /* a suite was chosen */
    bool said_again;                  /* DTLS: what is being written was written before */
    bool in_encrypted, out_encrypted; /* the direction's ChangeCipherSpec went by */
    bool keys_made, encrypt_then_mac;
    enum reason local_reason; /* what our own callbacks found wrong */
    int alert;
    bool alert_received;
    enum tls_suite suite;
    char *peer_name; /* NULL: not known, or none */
    /* DTLS only. */
    uint16_t next_out, next_in; /* message_seq: what is below was said or read before */
    unsigned sealed_in;         /* encrypted records that came during the handshake */
    size_t hello_n;             /* a ClientHello that the transcript may begin with */
};

/* Of an SSL of ours. */
struct tls *tls_of(const SSL *ssl);

/* tls.c, what dtls.c does too. */
void tls_init(struct tls *t, const struct proto_ops *ops, const struct tls_context *context,
              struct proto_env *env, const struct tls_peer_settings *settings);
void tls_release(struct tls *t); /* what it holds, not itself */
bool tls_make_ssl(struct tls *t);
void tls_advance(struct tls *t); /* with what is in t->in */
/* Around calls of OpenSSL that read or write records. */
void tls_wake(struct tls *t);
void tls_rest(struct tls *t);
void tls_fail(struct tls *t, enum reason reason);
bool tls_encrypt(struct tls *t, struct span plain);
void tls_know_peer(struct tls *t, struct span name);
void tls_said_all(struct tls *t); /* output() has given all there was */

/* dtls.c, for contexts. */
BIO_METHOD *dtls_bio_method(void);
int dtls_cookie_generate(SSL *ssl, unsigned char *cookie, unsigned *n);
int dtls_cookie_verify(SSL *ssl, const unsigned char *cookie, unsigned n);

/* tls_context.c */
/* A way between OpenSSL and a struct tls, which is the BIO's data. NULL: no memory. */
BIO_METHOD *tls_bio_method(const char *name, int (*write)(BIO *, const char *, int),
                           int (*read)(BIO *, char *, int));
int tls_bio_read(BIO *bio, char *p, int n); /* from t->in */
enum tls_suite tls_suite_of(const SSL *ssl);

/* tls_resume.c */
void tls_resume_init(struct tls *t, const struct tls_peer_settings *settings);
void tls_resume_release(struct tls *t);
bool tls_resume_context(struct tls_context *c, const struct tls_settings *settings);
void tls_offer_session(struct tls *t); /* client: before it starts */
void tls_keep_session(struct tls *t);  /* it is open */
/* A handshake message that goes by; the second of those that count, once. */
void tls_resume_message(struct tls *t, bool write, struct span message);
void tls_resume_meter(struct tls *t, bool write, struct span message);
/* Server, writing its hello: OpenSSL has drawn one. */
bool tls_draws_session_id(const struct tls *t);

/* tls_verify.c: for SSL_CTX_set_cert_verify_callback. */
int tls_verify(X509_STORE_CTX *store, void *arg);
/* The subject's common name; "" when there is none. */
void tls_common_name(const X509 *certificate, char *out, size_t n);

/* tls_message.c: for SSL_CTX_set_msg_callback. */
void tls_message(int write, int version, int type, const void *octets, size_t n, SSL *ssl,
                 void *arg);

/* tls_alert.c */
enum reason tls_failure(const struct tls *t, int openssl_reason);
enum reason tls_certificate_reason(int verify_error);

/* tls_meter.c */
void tls_meter_message(struct tls *t, bool write, const uint8_t *message, size_t n);
void tls_meter_record(struct tls *t, bool write, size_t length);
void tls_meter_keys(struct tls *t);
void tls_meter_chain(struct tls *t, unsigned signatures);
void tls_meter_export(struct tls *t, size_t n);
/* What is done to a ticket; n: octets of the state that is sealed, or that a digest covers. */
enum ticket_work { TICKET_SEALED, TICKET_CHECKED, TICKET_OPENED, TICKET_READ };
void tls_meter_ticket(struct tls *t, enum ticket_work work, size_t n);

#endif
