#include "models/proc/psk_gate.h"

/* RFC 5246 6.2.1, 7.4 */
#define RECORD_HEADER       5
#define HANDSHAKE           22
#define MESSAGE_HEADER      4
#define CLIENT_KEY_EXCHANGE 16
#define MAX_RECORD          (16384 + 2048)
/* What a client may send ahead while its key is being asked for. */
#define MAX_HELD (4 * (RECORD_HEADER + MAX_RECORD))

void psk_gate_init(struct psk_gate *g)
{
    *g = (struct psk_gate){.open = false};
    buf_init(&g->held, MAX_HELD);
}

void psk_gate_release(struct psk_gate *g)
{
    buf_clear(&g->held);
}

bool psk_gate_put(struct psk_gate *g, struct span in)
{
    return buf_put_span(&g->held, in);
}

/* 0: not whole yet. */
static size_t record_length(struct span s)
{
    size_t n;

    if (s.n < RECORD_HEADER)
        return 0;
    n = RECORD_HEADER + ((size_t)s.p[3] << 8 | s.p[4]);
    return s.n < n ? 0 : n;
}

/* A ClientKeyExchange that begins its record and is whole in it, as every client sends it. Any
 * other goes on without a key, and OpenSSL refuses it. */
static struct span identity_of(struct span record)
{
    size_t n;

    if (record.n < RECORD_HEADER + MESSAGE_HEADER + 2 || record.p[0] != HANDSHAKE ||
        record.p[RECORD_HEADER] != CLIENT_KEY_EXCHANGE)
        return span_of(NULL, 0);
    record = span_of(record.p + RECORD_HEADER + MESSAGE_HEADER,
                     record.n - RECORD_HEADER - MESSAGE_HEADER);
    n = (size_t)record.p[0] << 8 | record.p[1];
    return n <= record.n - 2 ? span_of(record.p + 2, n) : span_of(NULL, 0);
}

struct span psk_gate_next(struct psk_gate *g)
{
    struct span s = buf_span(&g->held);
    size_t n = record_length(s);

    if (g->open)
        return s;
    if (s.n >= RECORD_HEADER && ((size_t)s.p[3] << 8 | s.p[4]) > MAX_RECORD) {
        g->open = true; /* TLS says what is wrong with it */
        return s;
    }
    if (n == 0)
        return span_of(NULL, 0);
    s.n = n;
    g->waiting = identity_of(s).n > 0;
    return g->waiting ? span_of(NULL, 0) : s;
}

void psk_gate_drop(struct psk_gate *g, size_t n)
{
    buf_consume(&g->held, n);
    if (buf_len(&g->held) == 0)
        buf_clear(&g->held);
}

struct span psk_gate_identity(const struct psk_gate *g)
{
    struct span s = buf_span(&g->held);

    if (!g->waiting)
        return span_of(NULL, 0);
    s.n = record_length(s);
    return identity_of(s);
}

void psk_gate_open(struct psk_gate *g)
{
    g->open = true;
    g->waiting = false;
}
