/* Inside coap*.c only: an endpoint's parts. */
#ifndef MODELS_PROTO_COAP_IMPL_H
#define MODELS_PROTO_COAP_IMPL_H

#include "models/proto/coap.h"

#define COAP_NOBODY 0 /* no exchange */

/* A message under way. Confirmable ones stay until their ACK. */
struct coap_sending {
    struct coap_sending *next;
    uint32_t exchange; /* whom it concerns when the peer resets it or is silent */
    uint16_t id;
    bool confirmable, to_send, notification;
    bool again; /* an answer that was given before, to a request that came again */
    unsigned sent;
    sim_ns timeout, due;
    struct buf octets;
};

/* A message ID that came, and what was said to it. */
struct coap_seen {
    sim_ns at;
    uint16_t id;
    bool taken;
    struct buf reply;
};

/* A body on its way in, block by block. */
struct coap_body {
    struct buf octets;
    uint8_t etag[COAP_TOKEN_MAX], etag_n;
};

/* A request of ours. `head` is its message without payload and blocks. */
struct coap_call {
    struct coap_call *next;
    sim_ns deadline;
    size_t up_at;    /* how much of `up` the message under way carries, or has carried */
    size_t up_n;     /* ... and how much it carries itself */
    struct buf head; /* as octets */
    struct buf up;   /* the body to send */
    struct coap_body down;
    struct buf answer; /* the first block's message, head only */
    sim_ns notified_at;
    uint32_t exchange;
    uint32_t notified; /* the last Observe number */
    uint16_t id;       /* of the last message sent */
    uint8_t token[COAP_TOKEN_MAX], observe_token[COAP_TOKEN_MAX];
    uint8_t type, up_szx, down_szx, restarts;
    bool observing, up_blocks, fetching, has_notified, waiting, held;
};

/* A request of the peer. `key`: what makes two requests the same (RFC 7252 5.6). */
struct coap_served {
    struct coap_served *next;
    sim_ns ack_due, deadline;
    struct buf key;
    struct buf newest; /* a notification that waits for the one before it */
    uint32_t exchange;
    uint32_t block1;
    uint16_t id, last_id;
    uint8_t token[COAP_TOKEN_MAX], token_n, szx;
    bool confirmable, acknowledged, answered, wants_observe, observes, has_block1;
    uint32_t num; /* of the block that was asked for */
};

/* A body of ours that the peer fetches, or one of the peer's that comes: by key. */
struct coap_kept {
    struct coap_kept *next;
    sim_ns at;
    struct buf key, head, body;
    bool incoming;
};

struct coap_told {
    struct coap_told *next;
    struct coap_event event;
    struct buf octets; /* of event.message */
    bool read;
};

struct coap_endpoint {
    struct proto proto;
    struct coap_settings settings;
    struct coap_sending *sendings;
    struct coap_call *calls;
    struct coap_served *served;
    struct coap_kept *kept;
    struct coap_told *told, **told_end;
    struct coap_seen *seen;
    unsigned seen_at;
    uint32_t next_exchange, observe_number;
    uint16_t next_id;
    bool started;
    struct coap_counts counts;
};

/* ---- coap_send.c: messages (RFC 7252 4) ---- */
/* Takes m as it is: type, code, token, options, payload; gives it an ID unless it is an ACK or RST.
 * NULL: longer than a datagram. */
struct coap_sending *coap_send(struct coap_endpoint *e, struct coap_msg *m, uint32_t exchange);
/* An ACK or RST for `id`; m NULL: an Empty one. Remembered, for duplicates. */
void coap_reply(struct coap_endpoint *e, enum coap_type type, uint16_t id, struct coap_msg *m);
/* false: the ID is new, and known from now on. true: what was said to it is said again. */
bool coap_is_duplicate(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m);
/* The message with this ID that waits for its ACK; NULL: none. */
struct coap_sending *coap_awaiting(struct coap_endpoint *e, uint16_t id);
void coap_drop(struct coap_endpoint *e, struct coap_sending *s);
/* All that is under way for an exchange. */
void coap_drop_all(struct coap_endpoint *e, uint32_t exchange);
bool coap_give(struct coap_endpoint *e, sim_ns now, struct buf *out);
void coap_repeat(struct coap_endpoint *e, sim_ns now);
sim_ns coap_next_repeat(const struct coap_endpoint *e);
void coap_trace(struct coap_endpoint *e, const char *from, const char *to, const char *why);

/* ---- coap_client.c ---- */
struct coap_call *coap_call_by_token(struct coap_endpoint *e, const struct coap_msg *m);
struct coap_call *coap_call_of(struct coap_endpoint *e, uint32_t exchange);
void coap_call_response(struct coap_endpoint *e, sim_ns now, struct coap_call *c,
                        const struct coap_msg *m);
void coap_call_fail(struct coap_endpoint *e, struct coap_call *c, enum reason reason);
/* Those that waited for another one's blocks, when it is over. */
void coap_calls_release(struct coap_endpoint *e, sim_ns now);
void coap_calls_expire(struct coap_endpoint *e, sim_ns now);
void coap_call_free(struct coap_call *c);
/* A token that nobody can guess and no other call has (RFC 7252 5.3.1). */
void coap_call_new_token(struct coap_endpoint *e, struct coap_call *c);
/* One message more of an exchange. false: too long; the call has failed, and is gone. */
bool coap_call_send(struct coap_endpoint *e, sim_ns now, struct coap_call *c, struct coap_msg *m);

/* ---- coap_transfer.c: the client's blocks ---- */
/* The next message of a call whose body goes in blocks. */
void coap_call_block(struct coap_endpoint *e, sim_ns now, struct coap_call *c);
/* m belongs to a transfer that goes on; it is dealt with. */
bool coap_call_continues(struct coap_endpoint *e, sim_ns now, struct coap_call *c,
                         const struct coap_msg *m);

/* ---- coap_server.c ---- */
void coap_serve(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m);
/* The peer reset message `id`, sent for this exchange (or COAP_NOBODY). */
void coap_served_reset(struct coap_endpoint *e, uint16_t id, uint32_t exchange);
/* A message of this exchange got its ACK: the newest notification, if one waits, may go. */
void coap_served_acknowledged(struct coap_endpoint *e, sim_ns now, uint32_t exchange);
/* A notification is to be said again: the newest one, if one waits, in its place. */
void coap_served_newest(struct coap_endpoint *e, sim_ns now, struct coap_sending *s);
void coap_served_expire(struct coap_endpoint *e, sim_ns now);
void coap_served_free(struct coap_served *s);
/* Answers at once, without the node. */
void coap_served_answer(struct coap_endpoint *e, sim_ns now, const struct coap_msg *request,
                        struct coap_msg *response);
/* Appends what makes two requests the same (RFC 7252 5.4.2, 5.6; RFC 7959 2.4). */
void coap_cache_key(const struct coap_msg *m, struct buf *key);

/* ---- coap_kept.c: the server's blocks ---- */
/* A block of a request. false: it was answered, and there is nothing more to do. *whole: the body,
 * when that was the last one; it stands until coap_kept_drop of *kept. */
bool coap_block1(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m, struct span *whole,
                 struct coap_kept **kept);
/* What goes in blocks if it is long: a representation, and of refusals those with a document; a
 * diagnostic text is for people and brief (RFC 7252 5.5.2). */
static inline bool coap_is_document(const struct coap_msg *m)
{
    struct span format;

    return coap_class(m->code) == 2 || coap_msg_get(m, COAP_CONTENT_FORMAT, &format);
}
/* A later block of a response that is kept. true: answered. */
bool coap_block2(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m);
/* Cuts a response down to its block `num`, and keeps the rest. false: there is no such block. */
bool coap_cut(struct coap_endpoint *e, sim_ns now, struct span key, struct coap_msg *m, uint8_t szx,
              uint32_t num);
void coap_kept_drop(struct coap_endpoint *e, struct coap_kept *k);
void coap_kept_expire(struct coap_endpoint *e, sim_ns now);

/* ---- coap_endpoint.c ---- */
/* message NULL: none. Copied. */
void coap_tell(struct coap_endpoint *e, enum coap_event_kind kind, uint32_t exchange,
               enum reason reason, const struct coap_msg *message, bool confirmable);
void coap_schedule(struct coap_endpoint *e);
uint32_t coap_new_exchange(struct coap_endpoint *e);

static inline bool coap_put(struct buf *b, struct span s)
{
    return s.n == 0 || buf_put_span(b, s);
}

static inline bool coap_same(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The same endpoint's: token of a fixed length for ours. */
#define COAP_OUR_TOKEN 4

#endif
