/* What OpenSSL says of each message and record that goes by: for labels, alerts and the meter. */
#include "models/proto/tls_impl.h"

#include <string.h>

static const char *handshake_name(int type)
{
    switch (type) {
    case SSL3_MT_HELLO_REQUEST:
        return "HelloRequest";
    case SSL3_MT_CLIENT_HELLO:
        return "ClientHello";
    case SSL3_MT_SERVER_HELLO:
        return "ServerHello";
    case DTLS1_MT_HELLO_VERIFY_REQUEST:
        return "HelloVerifyRequest";
    case SSL3_MT_NEWSESSION_TICKET:
        return "NewSessionTicket";
    case SSL3_MT_CERTIFICATE:
        return "Certificate";
    case SSL3_MT_SERVER_KEY_EXCHANGE:
        return "ServerKeyExchange";
    case SSL3_MT_CERTIFICATE_REQUEST:
        return "CertificateRequest";
    case SSL3_MT_SERVER_DONE:
        return "ServerHelloDone";
    case SSL3_MT_CERTIFICATE_VERIFY:
        return "CertificateVerify";
    case SSL3_MT_CLIENT_KEY_EXCHANGE:
        return "ClientKeyExchange";
    case SSL3_MT_FINISHED:
        return "Finished";
    default:
        return "handshake";
    }
}

/* RFC 7366: whether the ServerHello carries extension 22. Octets of our own or of a peer: checked
 * as they are read. */
static bool has_encrypt_then_mac(const struct tls *t, const uint8_t *p, size_t n)
{
    size_t at = (t->context->datagrams ? DTLS1_HM_HEADER_LENGTH : SSL3_HM_HEADER_LENGTH) + 2 + 32;

    if (n < at + 1 || n < at + 1 + p[at] + 2 + 1 + 2u)
        return false;
    at += 1u + p[at] + 2 + 1 + 2; /* session id, suite, compression, length of extensions */
    while (n - at >= 4) {
        size_t length = (size_t)(p[at + 2] << 8 | p[at + 3]);

        if (p[at] == 0 && p[at + 1] == 22)
            return true;
        if (n - at - 4 < length)
            return false;
        at += 4 + length;
    }
    return false;
}

/* RFC 6347 4.2.2, 4.2.4: messages have numbers, and go by again when a flight is repeated. */
static bool is_repeated(struct tls *t, bool write, const uint8_t *p, size_t n)
{
    uint16_t *next = write ? &t->next_out : &t->next_in;
    uint16_t number;

    if (!t->context->datagrams || n < DTLS1_HM_HEADER_LENGTH)
        return false;
    number = (uint16_t)(p[4] << 8 | p[5]);
    if (number < *next)
        return true;
    *next = (uint16_t)(number + 1);
    return false;
}

/* What a chart shows of a message that we send. */
static void tell_fields(const struct tls *t, const uint8_t *p, size_t n)
{
    size_t head = t->context->datagrams ? DTLS1_HM_HEADER_LENGTH : SSL3_HM_HEADER_LENGTH;
    struct trace *trace = t->proto.env->trace;

    if (p[0] == SSL3_MT_CLIENT_HELLO && n >= head + 2)
        trace_fields(trace, "ClientHello type 1 version %u.%u", p[head], p[head + 1]);
    else if (p[0] == SSL3_MT_SERVER_HELLO && n >= head + 2)
        trace_fields(trace, "ServerHello type 2 version %u.%u; suite %s%s", p[head], p[head + 1],
                     t->suite < TLS_SUITE_COUNT ? tls_suite_name(t->suite) : "?",
                     SSL_session_reused(t->ssl) ? "; resumed" : "");
    else
        trace_fields(trace, "%s type %u %zu B", handshake_name(p[0]), p[0], n - 4);
}

/* OpenSSL knows it when the server wrote its hello, and after the client took it. */
static void learn_suite(struct tls *t)
{
    if (t->suite == TLS_SUITE_COUNT && t->hello_done)
        t->suite = tls_suite_of(t->ssl);
}

static void on_handshake(struct tls *t, bool write, const uint8_t *p, size_t n)
{
    bool repeated;

    if (n < 4)
        return;
    if (p[0] == SSL3_MT_SERVER_HELLO) {
        t->hello_done = true;
        t->encrypt_then_mac = has_encrypt_then_mac(t, p, n);
    }
    /* A client that reads the hello has yet to take it: until then OpenSSL would name the suite of
     * the session that was offered. */
    if (write || p[0] != SSL3_MT_SERVER_HELLO)
        learn_suite(t);
    tls_resume_message(t, write, span_of(p, n));
    if (write) {
        trace_text(t->proto.env->trace, handshake_name(p[0]));
        tell_fields(t, p, n);
    }
    repeated = is_repeated(t, write, p, n);
    if (!repeated)
        tls_meter_message(t, write, p, n);
    if (write)
        t->said_again = repeated;
}

static void on_alert(struct tls *t, bool write, const uint8_t *p, size_t n)
{
    if (n < 2)
        return;
    if (write)
        trace_label(t->proto.env->trace, "Alert(%s)", tls_alert_name(p[1]));
    /* A warning that is no close_notify changes nothing (RFC 5246 7.2.2). */
    if (p[0] != SSL3_AL_FATAL && p[1] != 0)
        return;
    if (t->alert <= 0) {
        t->alert = p[1];
        t->alert_received = !write;
    }
}

static bool label_ends_with(const struct trace *trace, const char *text)
{
    size_t n = strlen(trace->label), m = strlen(text);

    return n >= m && strcmp(trace->label + n - m, text) == 0;
}

/* RFC 6347 4.1: the epoch says whether a record is encrypted; repeated flights have both kinds. */
static void on_datagram_record(struct tls *t, bool write, const uint8_t *p)
{
    bool encrypted = p[3] || p[4];

    if (encrypted)
        tls_meter_record(t, write, (size_t)(p[11] << 8 | p[12]));
    t->sealed_in += encrypted && !write && t->state == TLS_HANDSHAKE;
}

static void on_record(struct tls *t, bool write, const uint8_t *p, size_t n)
{
    struct trace *trace = t->proto.env->trace;
    bool *encrypted = write ? &t->out_encrypted : &t->in_encrypted;

    if (write && n > 0 && p[0] != SSL3_RT_HANDSHAKE && p[0] != SSL3_RT_CHANGE_CIPHER_SPEC)
        t->said_again = false;
    if (n < (t->context->datagrams ? DTLS1_RT_HEADER_LENGTH : SSL3_RT_HEADER_LENGTH))
        return;
    if (t->context->datagrams)
        on_datagram_record(t, write, p);
    else if (*encrypted)
        tls_meter_record(t, write, (size_t)(p[3] << 8 | p[4]));
    if (p[0] == SSL3_RT_CHANGE_CIPHER_SPEC) {
        *encrypted = true;
        learn_suite(t); /* in an abbreviated handshake nothing else comes between */
        tls_meter_keys(t);
    }
    if (write && p[0] == SSL3_RT_APPLICATION_DATA && trace &&
        !label_ends_with(trace, "application data"))
        trace_text(trace, "application data");
}

void tls_message(int write, int version, int type, const void *octets, size_t n, SSL *ssl,
                 void *arg)
{
    struct tls *t = tls_of(ssl);

    (void)version, (void)arg;
    if (type == SSL3_RT_HEADER)
        on_record(t, write != 0, octets, n);
    else if (type == SSL3_RT_HANDSHAKE)
        on_handshake(t, write != 0, octets, n);
    else if (type == SSL3_RT_ALERT)
        on_alert(t, write != 0, octets, n);
    else if (type == SSL3_RT_CHANGE_CIPHER_SPEC && write)
        trace_text(t->proto.env->trace, "ChangeCipherSpec");
}
