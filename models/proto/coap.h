/* A CoAP endpoint's side of one association: messages with one peer, both ways. It is client and
 * server at once, as a DSCL and its NSCL are (TS 102 921: NOTIFY is a request to the contact).
 * RFC 7252 4 (messages), 5 (requests), RFC 7641 (Observe), RFC 7959 (blocks). Datagrams in,
 * datagrams out: over UDP, or inside DTLS.
 *
 * The node sees whole requests and responses; message types, tokens, message IDs, repetitions,
 * duplicates and blocks stay in here. Nothing that a peer sends ends the endpoint. */
#ifndef MODELS_PROTO_COAP_H
#define MODELS_PROTO_COAP_H

#include "models/proto/coap_msg.h"
#include "models/proto/proto.h"

/* RFC 7252 4.8; 0 takes the value in brackets. */
struct coap_settings {
    sim_ns ack_timeout;           /* [2 s] */
    unsigned ack_random_permille; /* ACK_RANDOM_FACTOR in thousandths [1500] */
    unsigned max_retransmit;      /* [4] */
    bool no_retransmit;           /* MAX_RETRANSMIT is 0 */
    unsigned nstart;              /* [1] confirmable messages that wait for their ACK */
    sim_ns ack_delay;             /* a request unanswered for so long gets an empty ACK [500 ms] */
    sim_ns exchange_lifetime;     /* duplicates known, responses waited for [247 s] */
    uint8_t szx;                  /* blocks of 16 << szx octets, at most 6 */
    bool szx_given;               /* else 6: 1024 octets */
    size_t max_body;              /* a whole request or response [65,536] */
    unsigned max_calls;           /* requests of ours that are not over [64] */
    unsigned max_served;          /* requests of the peer that are not answered [32] */
    unsigned max_observations;    /* by the peer [16] */
    unsigned max_seen;            /* message IDs remembered, the last ones [16] */
};

struct coap_endpoint;
struct coap_endpoint *coap_new(struct proto_env *env, const struct coap_settings *settings);
struct proto *coap_proto(struct coap_endpoint *e);
/* Nothing more is sent or awaited: PROTO_DONE. */
void coap_close(struct coap_endpoint *e);

/* What the node is told, one after the other. `exchange` is a request, by its number. */
enum coap_event_kind {
    COAP_REQUESTED, /* the peer's request, whole: answer with coap_respond */
    COAP_ANSWERED,  /* the response to a request of ours; the exchange is over */
    COAP_NOTIFIED,  /* of an observation of ours that goes on */
    COAP_FAILED,    /* there will be no response, by `reason`; the exchange is over */
    COAP_FORGOTTEN  /* the peer observes no more what `exchange` asked for */
};
struct coap_event {
    enum coap_event_kind kind;
    enum reason reason;
    uint32_t exchange;
    struct coap_msg message; /* of the first three; without Block and Size options */
    bool confirmable;        /* COAP_REQUESTED: how it came */
};
/* NULL: none. Stands until coap_taken. */
const struct coap_event *coap_event(struct coap_endpoint *e);
void coap_taken(struct coap_endpoint *e);

/* ---- as a client ---- */
/* Sends a request: m's code, options and payload, as CON or NON by its type; copied. A payload
 * longer than a block goes in blocks. Observe: 0 begins an observation (RFC 7641 2). Requests that
 * are confirmable wait for their turn (NSTART). The exchange's number; 0: too many are open, or it
 * is longer than a body may be. */
uint32_t coap_request(struct coap_endpoint *e, sim_ns now, const struct coap_msg *m);
/* No more notifications (RFC 7641 3.6: a GET with Observe 1): its response ends the exchange as
 * COAP_ANSWERED or COAP_FAILED. Ignored for what is no observation. */
void coap_cancel(struct coap_endpoint *e, sim_ns now, uint32_t exchange);

/* ---- as a server ---- */
/* Answers COAP_REQUESTED: m's code, options and payload, copied. At once it rides in the ACK, later
 * it is a message of its own (RFC 7252 5.2.1, 5.2.2). A payload longer than a block is fetched in
 * blocks from here. With an Observe option of any value and a code of class 2 the peer, if it asked
 * for it, observes from now on; coap_observes tells. false: no such exchange, or beyond max_body.
 */
bool coap_respond(struct coap_endpoint *e, sim_ns now, uint32_t exchange, const struct coap_msg *m);
bool coap_observes(const struct coap_endpoint *e, uint32_t exchange);
/* A new representation for who observes; CON or NON by m's type. While an earlier confirmable one
 * is under way the newest waits for it (RFC 7641 4.5.2). A code of another class than 2 is the
 * last. false: nobody observes by this exchange. */
bool coap_notify(struct coap_endpoint *e, sim_ns now, uint32_t exchange, const struct coap_msg *m);
/* Without a word; the peer's next request begins anew. */
void coap_forget(struct coap_endpoint *e, uint32_t exchange);

/* For tests and counters of a node. */
struct coap_counts {
    uint64_t sent, retransmitted, received;
    uint64_t duplicates; /* known message IDs */
    uint64_t ignored;    /* malformed, unexpected, stale */
};
const struct coap_counts *coap_counts(const struct coap_endpoint *e);
/* Nothing is to be sent or awaited: no request open either way, no ACK outstanding. */
bool coap_is_idle(const struct coap_endpoint *e);

#endif
