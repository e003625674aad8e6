/* What each handshake message and record costs whom (openssl-notes.md, Counting operations): a
 * table by (key exchange, role, message). It says what OpenSSL 3.0 does; tests/unit/proto/
 * test_tls_meter.c holds it against the calls libssl really makes. */
#include "models/proto/tls_impl.h"

#define MASTER_SECRET   48
#define PREMASTER       48
#define FINISHED_LENGTH 12
#define RANDOM_LENGTH   32
#define SESSION_ID      32
#define CBC_BLOCK       16
#define CCM_EXPLICIT    8
#define CCM_TAG         16
#define CCM_8_TAG       8 /* RFC 6655 4 */
/* PKCS #1 v1.5 type 2: 256 - 3 - 48 octets of padding, drawn. */
#define RSA_PADDING 205
/* sequence number, type, version, length: what a record's MAC covers beside it */
#define MAC_HEADER 13

enum exchange { EXCHANGE_RSA, EXCHANGE_PSK, EXCHANGE_ECDHE_PSK, EXCHANGE_ECDHE_RSA };

static const struct {
    enum exchange exchange;
    unsigned mac_octets; /* 0: CCM */
    unsigned tag_octets; /* of CCM */
} kinds[TLS_SUITE_COUNT] = {
    [TLS_SUITE_RSA_AES_128_CCM] = {EXCHANGE_RSA, 0, CCM_TAG},
    [TLS_SUITE_RSA_AES_128_CBC_SHA] = {EXCHANGE_RSA, 20, 0},
    [TLS_SUITE_ECDHE_PSK_AES_128_CBC_SHA] = {EXCHANGE_ECDHE_PSK, 20, 0},
    [TLS_SUITE_ECDHE_PSK_AES_128_CBC_SHA256] = {EXCHANGE_ECDHE_PSK, 32, 0},
    [TLS_SUITE_PSK_AES_128_CCM] = {EXCHANGE_PSK, 0, CCM_TAG},
    [TLS_SUITE_PSK_AES_128_CBC_SHA] = {EXCHANGE_PSK, 20, 0},
    [TLS_SUITE_PSK_AES_128_CBC_SHA256] = {EXCHANGE_PSK, 32, 0},
    [TLS_SUITE_ECDHE_RSA_AES_128_CBC_SHA256] = {EXCHANGE_ECDHE_RSA, 32, 0},
    [TLS_SUITE_PSK_AES_128_CCM_8] = {EXCHANGE_PSK, 0, CCM_8_TAG},
};

/* One thing a message costs. */
struct cost {
    enum exchange exchange;
    uint8_t message;
    bool server, write;
    enum { COST_OP, COST_PRF, COST_KEYGEN, COST_DERIVE } what;
    enum meter_op op; /* COST_OP */
    unsigned octets;
};

#define CLIENT false
#define SERVER true
#define READS  false
#define WRITES true

/* clang-format off */
static const struct cost costs[] = {
    /* RFC 5246 7.4.7.1, 7.4.8: the premaster secret under the server's key; a signature */
    {EXCHANGE_RSA, SSL3_MT_CLIENT_KEY_EXCHANGE, CLIENT, WRITES, COST_OP, OP_RANDOM, PREMASTER - 2},
    {EXCHANGE_RSA, SSL3_MT_CLIENT_KEY_EXCHANGE, CLIENT, WRITES, COST_OP, OP_RANDOM, RSA_PADDING},
    {EXCHANGE_RSA, SSL3_MT_CLIENT_KEY_EXCHANGE, CLIENT, WRITES, COST_OP, OP_RSA2048_PUBLIC, 0},
    {EXCHANGE_RSA, SSL3_MT_CLIENT_KEY_EXCHANGE, CLIENT, WRITES, COST_PRF, 0, MASTER_SECRET},
    {EXCHANGE_RSA, SSL3_MT_CERTIFICATE_VERIFY,  CLIENT, WRITES, COST_OP, OP_RSA2048_PRIVATE, 0},
    /* a false premaster is drawn first, for RFC 5246 7.4.7.1's answer to Bleichenbacher */
    {EXCHANGE_RSA, SSL3_MT_CLIENT_KEY_EXCHANGE, SERVER, READS,  COST_OP, OP_RANDOM, PREMASTER},
    {EXCHANGE_RSA, SSL3_MT_CLIENT_KEY_EXCHANGE, SERVER, READS,  COST_OP, OP_RSA2048_PRIVATE, 0},
    {EXCHANGE_RSA, SSL3_MT_CLIENT_KEY_EXCHANGE, SERVER, READS,  COST_PRF, 0, MASTER_SECRET},
    {EXCHANGE_RSA, SSL3_MT_CERTIFICATE_VERIFY,  SERVER, READS,  COST_OP, OP_RSA2048_PUBLIC, 0},
    /* RFC 4279 2 */
    {EXCHANGE_PSK, SSL3_MT_CLIENT_KEY_EXCHANGE, CLIENT, WRITES, COST_PRF, 0, MASTER_SECRET},
    {EXCHANGE_PSK, SSL3_MT_CLIENT_KEY_EXCHANGE, SERVER, READS,  COST_PRF, 0, MASTER_SECRET},
    /* RFC 5489 2 */
    {EXCHANGE_ECDHE_PSK, SSL3_MT_SERVER_KEY_EXCHANGE, SERVER, WRITES, COST_KEYGEN, 0, 0},
    {EXCHANGE_ECDHE_PSK, SSL3_MT_CLIENT_KEY_EXCHANGE, CLIENT, WRITES, COST_KEYGEN, 0, 0},
    {EXCHANGE_ECDHE_PSK, SSL3_MT_CLIENT_KEY_EXCHANGE, CLIENT, WRITES, COST_DERIVE, 0, 0},
    {EXCHANGE_ECDHE_PSK, SSL3_MT_CLIENT_KEY_EXCHANGE, CLIENT, WRITES, COST_PRF, 0, MASTER_SECRET},
    {EXCHANGE_ECDHE_PSK, SSL3_MT_CLIENT_KEY_EXCHANGE, SERVER, READS,  COST_DERIVE, 0, 0},
    {EXCHANGE_ECDHE_PSK, SSL3_MT_CLIENT_KEY_EXCHANGE, SERVER, READS,  COST_PRF, 0, MASTER_SECRET},
    /* RFC 4492 2.4: as above, and the server signs its half */
    {EXCHANGE_ECDHE_RSA, SSL3_MT_SERVER_KEY_EXCHANGE, SERVER, WRITES, COST_KEYGEN, 0, 0},
    {EXCHANGE_ECDHE_RSA, SSL3_MT_SERVER_KEY_EXCHANGE, SERVER, WRITES, COST_OP, OP_RSA2048_PRIVATE, 0},
    {EXCHANGE_ECDHE_RSA, SSL3_MT_SERVER_KEY_EXCHANGE, CLIENT, READS,  COST_OP, OP_RSA2048_PUBLIC, 0},
    {EXCHANGE_ECDHE_RSA, SSL3_MT_CLIENT_KEY_EXCHANGE, CLIENT, WRITES, COST_KEYGEN, 0, 0},
    {EXCHANGE_ECDHE_RSA, SSL3_MT_CLIENT_KEY_EXCHANGE, CLIENT, WRITES, COST_DERIVE, 0, 0},
    {EXCHANGE_ECDHE_RSA, SSL3_MT_CLIENT_KEY_EXCHANGE, CLIENT, WRITES, COST_PRF, 0, MASTER_SECRET},
    {EXCHANGE_ECDHE_RSA, SSL3_MT_CERTIFICATE_VERIFY,  CLIENT, WRITES, COST_OP, OP_RSA2048_PRIVATE, 0},
    {EXCHANGE_ECDHE_RSA, SSL3_MT_CLIENT_KEY_EXCHANGE, SERVER, READS,  COST_DERIVE, 0, 0},
    {EXCHANGE_ECDHE_RSA, SSL3_MT_CLIENT_KEY_EXCHANGE, SERVER, READS,  COST_PRF, 0, MASTER_SECRET},
    {EXCHANGE_ECDHE_RSA, SSL3_MT_CERTIFICATE_VERIFY,  SERVER, READS,  COST_OP, OP_RSA2048_PUBLIC, 0},
};
/* clang-format on */

static void add(struct tls *t, enum meter_op op, uint32_t calls, uint64_t octets)
{
    if (t->proto.env->meter)
        meter_add(t->proto.env->meter, op, calls, octets);
}

static void add_prf(struct tls *t, size_t octets)
{
    /* RFC 4346 5: MD5 and SHA-1 halves; RFC 5246 5: SHA-256, for all our suites. */
    add(t, t->context->version == TLS_1_1 ? OP_PRF_MD5SHA1 : OP_PRF_SHA256, 1, octets);
}

static void add_cost(struct tls *t, const struct cost *c)
{
    bool p256 = t->context->group == TLS_GROUP_P256;

    switch (c->what) {
    case COST_OP:
        add(t, c->op, 1, c->octets);
        break;
    case COST_PRF:
        add_prf(t, c->octets);
        break;
    case COST_KEYGEN:
        add(t, p256 ? OP_P256_KEYGEN : OP_X25519_KEYGEN, 1, 0);
        break;
    case COST_DERIVE:
        add(t, p256 ? OP_P256_ECDH : OP_X25519_DERIVE, 1, 0);
        break;
    }
}

/* Certificates in a Certificate message: a list of lengths of three octets (RFC 5246 7.4.2). */
static uint32_t count_certificates(const uint8_t *p, size_t n)
{
    uint32_t count = 0;
    size_t at = 4 + 3;

    while (n >= at + 3) {
        at += 3 + ((size_t)p[at] << 16 | (size_t)p[at + 1] << 8 | p[at + 2]);
        count += at <= n;
    }
    return count;
}

/* RFC 6347 4.2.1, 4.2.6: the transcript begins with the ClientHello that was answered by a
 * ServerHello; the one before it and the cookie are not in it, and both have one random value. */
static void add_datagram_transcript(struct tls *t, const uint8_t *p, size_t n)
{
    if (p[0] == SSL3_MT_CLIENT_HELLO) {
        t->hello_n = n;
        return;
    }
    if (p[0] == SSL3_MT_SERVER_HELLO)
        add(t, OP_SHA256, 1, t->hello_n);
    if (p[0] != DTLS1_MT_HELLO_VERIFY_REQUEST)
        add(t, OP_SHA256, 1, n);
}

/* What does not depend on the key exchange. */
static void add_common(struct tls *t, bool write, const uint8_t *p, size_t n)
{
    bool second_hello = t->context->datagrams && p[0] == SSL3_MT_CLIENT_HELLO && (p[4] || p[5]);

    /* The transcript: RFC 5246 7.4.9; before 1.2 by MD5 and SHA-1, of which the meter has the
     * second, so MD5 counts as another SHA-1. */
    if (t->context->version == TLS_1_1)
        add(t, OP_SHA1, 2, 2 * n);
    else if (t->context->datagrams)
        add_datagram_transcript(t, p, n);
    else
        add(t, OP_SHA256, 1, n);
    if (write && !second_hello && (p[0] == SSL3_MT_CLIENT_HELLO || p[0] == SSL3_MT_SERVER_HELLO))
        add(t, OP_RANDOM, 1, RANDOM_LENGTH);
    /* A session id, which OpenSSL draws even when, without a cache, it does not send it. */
    if (write && p[0] == SSL3_MT_SERVER_HELLO && tls_draws_session_id(t))
        add(t, OP_RANDOM, 1, SESSION_ID);
    if (!write && p[0] == SSL3_MT_CERTIFICATE)
        add(t, OP_X509_PARSE, count_certificates(p, n), n);
    if (p[0] == SSL3_MT_FINISHED)
        add_prf(t, FINISHED_LENGTH);
}

void tls_meter_message(struct tls *t, bool write, const uint8_t *message, size_t n)
{
    add_common(t, write, message, n);
    tls_resume_meter(t, write, span_of(message, n));
    if (t->suite == TLS_SUITE_COUNT)
        return;
    for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
        const struct cost *c = &costs[i];

        if (c->exchange == kinds[t->suite].exchange && c->message == message[0] &&
            c->server == t->context->server && c->write == write)
            add_cost(t, c);
    }
}

/* One key block for both directions (RFC 5246 6.3), at the first ChangeCipherSpec. OpenSSL asks for
 * initial vectors too, which CBC has not used since 1.1. */
void tls_meter_keys(struct tls *t)
{
    unsigned mac;

    if (t->keys_made || t->suite == TLS_SUITE_COUNT)
        return;
    t->keys_made = true;
    mac = kinds[t->suite].mac_octets;
    add_prf(t, 2 * (mac ? mac + 16 + CBC_BLOCK : 16 + 4));
}

/* An encrypted record, `length` octets on the wire behind its header. */
void tls_meter_record(struct tls *t, bool write, size_t length)
{
    unsigned mac;
    size_t text;

    if (t->suite == TLS_SUITE_COUNT)
        return;
    mac = kinds[t->suite].mac_octets;
    if (mac == 0) {
        size_t added = CCM_EXPLICIT + kinds[t->suite].tag_octets;

        text = length > added ? length - added : 0;
        add(t, OP_AES128_CCM, 1, text);
        return;
    }
    if (length < CBC_BLOCK + mac)
        return;
    if (write)
        add(t, OP_RANDOM, 1, CBC_BLOCK); /* the explicit IV */
    /* RFC 7366: the MAC covers the ciphertext, and is not encrypted. Else it covers the plaintext,
     * whose padding we do not see: counted in. */
    text = length - CBC_BLOCK - (t->encrypt_then_mac ? mac : 0);
    add(t, OP_AES128_CBC, 1, text);
    add(t, mac == 20 ? OP_HMAC_SHA1 : OP_HMAC_SHA256, 1, MAC_HEADER + length - mac);
}

void tls_meter_chain(struct tls *t, unsigned signatures)
{
    if (signatures > 0)
        add(t, OP_RSA2048_PUBLIC, signatures, 0);
}

void tls_meter_export(struct tls *t, size_t n)
{
    add_prf(t, n);
}

/* RFC 5077 4; the client tells a ticket that was taken by an id of its own, its digest. */
void tls_meter_ticket(struct tls *t, enum ticket_work work, size_t n)
{
    switch (work) {
    case TICKET_SEALED:
        add(t, OP_RANDOM, 1, CBC_BLOCK); /* the IV */
        add(t, OP_AES128_CBC, 1, n);
        add(t, OP_HMAC_SHA256, 1, TLS_TICKET_NAME + CBC_BLOCK + n);
        break;
    case TICKET_CHECKED:
        add(t, OP_HMAC_SHA256, 1, n);
        break;
    case TICKET_OPENED:
        add(t, OP_AES128_CBC, 1, n);
        break;
    case TICKET_READ:
        add(t, OP_SHA256, 1, n);
        break;
    }
}
