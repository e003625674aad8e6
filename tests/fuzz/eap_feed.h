/* What the targets of EAP share. An input is a list of packets, each behind two octets: the highest
 * bit says that the header is to be made right (code, the identifier expected, the length), so that
 * what follows are the type and its data; the other bits are how many octets follow. The rest of a
 * packet that is cut short is taken as it is. */
#ifndef TESTS_FUZZ_EAP_FEED_H
#define TESTS_FUZZ_EAP_FEED_H

#include "models/proto/eap_method.h"

#include <stdlib.h>

#define EAP_FEED_MEND 0x8000u

/* The world of a core; `stream` by (name, "fuzz"), so that what the core says is a function of its
 * input alone. */
struct eap_feed_world {
    struct rng stream;
    struct se se;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
};

static inline void eap_feed_init(struct eap_feed_world *w, const char *name, int64_t epoch_unix_ns)
{
    memset(w, 0, sizeof(*w));
    w->stream = rng_stream(1, name, "fuzz");
    w->env = (struct proto_env){&w->stream, &w->se, &w->meter, &w->trace, epoch_unix_ns};
}

/* The next packet into b; false: no more. id: for a mended one. */
static inline bool eap_feed_next(const uint8_t **data, size_t *n, enum eap_code code, uint8_t id,
                                 struct buf *b)
{
    unsigned head;
    size_t length;

    buf_clear(b);
    if (*n < 2)
        return false;
    head = (unsigned)((*data)[0] << 8 | (*data)[1]);
    length = head & ~EAP_FEED_MEND;
    *data += 2;
    *n -= 2;
    if (length > *n)
        length = *n;
    if (head & EAP_FEED_MEND) {
        const uint8_t header[4] = {(uint8_t)code, id, (uint8_t)((4 + length) >> 8),
                                   (uint8_t)(4 + length)};

        buf_put(b, header, sizeof(header));
    }
    buf_put(b, *data, length);
    *data += length;
    *n -= length;
    return true;
}

static inline void eap_feed_check(const struct proto *p, const struct eap_keys *keys)
{
    if ((p->status == PROTO_FAILED) != (p->reason != REASON_NONE))
        abort();
    if (keys->present != (p->status == PROTO_DONE))
        abort();
}

/* Takes what the core says: one packet at most, no longer than mtu, that can be read. false: it
 * says nothing. */
static inline bool eap_feed_take(struct proto *p, uint32_t mtu, struct eap_packet *packet,
                                 struct buf *b)
{
    buf_clear(b);
    p->env->trace->label[0] = '\0';
    if (!p->ops->output(p, 0, b))
        return false;
    if (p->ops->output(p, 0, b) || buf_len(b) > mtu || eap_parse(buf_span(b), packet) ||
        packet->whole.n != buf_len(b) || !p->env->trace->label[0])
        abort();
    return true;
}

/* Everything that is in the input into a peer; then the lower layer says how it ended. */
static inline void eap_feed_peer(struct eap_peer *peer, uint32_t mtu, const uint8_t *data, size_t n)
{
    struct proto *p = eap_peer_proto(peer);
    struct eap_packet said;
    struct buf in, out;
    uint8_t id = 0;

    buf_init(&in, 2 * EAP_PACKET_MAX);
    buf_init(&out, EAP_PACKET_MAX);
    p->ops->start(p, 0);
    while (eap_feed_next(&data, &n, EAP_REQUEST, (uint8_t)(id + 1), &in)) {
        p->ops->input(p, 0, buf_span(&in));
        if (eap_feed_take(p, mtu, &said, &out)) {
            if (said.code != EAP_RESPONSE)
                abort();
            id = said.id;
        }
        eap_feed_check(p, eap_peer_keys(peer));
    }
    eap_peer_alternate(peer, 0, false);
    if (p->status == PROTO_RUNNING)
        abort();
    eap_feed_check(p, eap_peer_keys(peer));
    buf_clear(&in);
    buf_clear(&out);
}

typedef void (*eap_feed_answer)(const struct eap_query *q, struct eap_answer *a);

/* Everything into a server, which begins by asking who is there; a query is answered at once. */
static inline void eap_feed_server(struct eap_server *server, eap_feed_answer answer, uint32_t mtu,
                                   const uint8_t *data, size_t n)
{
    struct proto *p = eap_server_proto(server);
    struct eap_packet said = {0};
    struct buf in, out;

    buf_init(&in, 2 * EAP_PACKET_MAX);
    buf_init(&out, EAP_PACKET_MAX);
    p->ops->start(p, 0);
    eap_feed_take(p, mtu, &said, &out);
    while (eap_feed_next(&data, &n, EAP_RESPONSE, said.id, &in)) {
        const struct eap_query *q;

        p->ops->input(p, 0, buf_span(&in));
        while ((q = eap_server_query(server))) {
            struct eap_answer a = {.reason = REASON_EAP_IDENTITY};

            answer(q, &a);
            eap_server_answer(server, 0, &a);
        }
        if (eap_feed_take(p, mtu, &said, &out) && said.code == EAP_RESPONSE)
            abort();
        eap_feed_check(p, eap_server_keys(server));
    }
    buf_clear(&in);
    buf_clear(&out);
}

#endif
