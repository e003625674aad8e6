/* What PaC and PAA share (RFC 5191 5; RFC 5609 6): the states, one interpreter for both rule
 * tables, sequence numbers, retransmission, duplicates, AUTH. Within pana_*.c. */
#ifndef MODELS_PROTO_PANA_SESSION_H
#define MODELS_PROTO_PANA_SESSION_H

#include "models/proto/pana_keys.h"

/* RFC 5609's names; X(name). */
#define PANA_STATES(X)                                                                             \
    X(INITIAL)                                                                                     \
    X(WAIT_PAA)        /* PaC */                                                                   \
    X(WAIT_PAN_OR_PAR) /* PAA */                                                                   \
    X(WAIT_EAP_MSG)                                                                                \
    X(WAIT_EAP_RESULT)       /* PaC */                                                             \
    X(WAIT_EAP_RESULT_CLOSE) /* PaC */                                                             \
    X(WAIT_SUCC_PAN)         /* PAA */                                                             \
    X(WAIT_FAIL_PAN)         /* PAA */                                                             \
    X(OPEN)                                                                                        \
    X(WAIT_PNA_REAUTH) /* PaC */                                                                   \
    X(WAIT_PNA_PING)                                                                               \
    X(SESS_TERM)                                                                                   \
    X(CLOSED)
enum pana_state {
#define X(name) PANA_##name,
    PANA_STATES(X)
#undef X
        PANA_SAME /* in a rule: no change */
};
#define PANA_IN(name) (1u << PANA_##name) /* for the sets of states in rules */
#define PANA_ANY      ((1u << PANA_CLOSED) - 1)

/* Rx:PAR[S] is RX_PAR_S, and so on. */
#define PANA_EVENTS(X)                                                                             \
    X(AUTH_USER)                                                                                   \
    X(RX_PCI)                                                                                      \
    X(RX_PAR)                                                                                      \
    X(RX_PAR_S)                                                                                    \
    X(RX_PAR_C)                                                                                    \
    X(RX_PAN)                                                                                      \
    X(RX_PAN_S)                                                                                    \
    X(RX_PAN_C)                                                                                    \
    X(RX_PTR)                                                                                      \
    X(RX_PTA)                                                                                      \
    X(RX_PNR_A)                                                                                    \
    X(RX_PNR_P)                                                                                    \
    X(RX_PNA_A)                                                                                    \
    X(RX_PNA_P)                                                                                    \
    X(EAP_REQUEST)                                                                                 \
    X(EAP_RESPONSE)                                                                                \
    X(EAP_SUCCESS)                                                                                 \
    X(EAP_FAILURE)                                                                                 \
    X(EAP_TIMEOUT)                                                                                 \
    X(EAP_DISCARD)                                                                                 \
    X(REAUTH)                                                                                      \
    X(PANA_PING)                                                                                   \
    X(TERMINATE)                                                                                   \
    X(RTX_TIMEOUT)                                                                                 \
    X(SESS_TIMEOUT)
enum pana_event {
#define X(name) PANA_EV_##name,
    PANA_EVENTS(X)
#undef X
        PANA_EV_NONE
};

struct pana_session;

/* The first row that fits the state, the event and the guard is taken. */
struct pana_rule {
    uint32_t in; /* set of states: PANA_IN(...) | ... */
    enum pana_event event;
    bool (*guard)(const struct pana_session *s); /* NULL: always */
    void (*action)(struct pana_session *s);      /* NULL: nothing */
    enum pana_state to;
};

struct pana_machine {
    const char *name; /* "PaC", "PAA" */
    bool is_pac;
    const struct pana_rule *rules;
    size_t rule_count;
    /* Whether s->msg may be acted on: its AUTH (RFC 5191 5.5), and what else the role asks of it. A
     * valid message whose keys are new has them in s->next_sa then. NULL: yes; else why not, with
     * the reason in *reason. */
    const char *(*check)(struct pana_session *s, enum reason *reason);
};

/* The request that waits for its answer; or the PCI. */
struct pana_request {
    struct buf octets; /* empty: none */
    uint16_t flags, type;
    uint32_t sequence;
    unsigned sent;              /* transmissions */
    sim_ns rt, rt_at, first_at; /* rt_at SIM_NEVER: not repeated by itself */
};

/* The first member of struct pana_pac and struct pana_paa. */
struct pana_session {
    struct proto proto;
    const struct pana_machine *machine;
    struct pana_timers timers;
    enum pana_state state;
    sim_ns now;                 /* of the call that goes on */
    const struct pana_msg *msg; /* the message that is acted on, or NULL */
    bool answered;              /* ... and has been answered */
    enum pana_event next;       /* what an action brought about, to be fired after it */

    bool has_id;
    uint32_t id;
    bool tx_begun, rx_begun; /* the sequence numbers are known */
    uint32_t tx_sequence;    /* of our next request */
    uint32_t rx_sequence;    /* of the peer's next request */
    struct pana_request request;
    struct buf last_request, last_answer; /* the peer's last one and what it got */

    struct pana_algorithms algorithms;
    struct buf i_par, i_pan; /* RFC 5191 5.3 */
    uint8_t pac_nonce[PANA_NONCE_MAX], paa_nonce[PANA_NONCE_MAX];
    size_t pac_nonce_n, paa_nonce_n; /* 0: not in this authentication yet */
    struct pana_sa sa;               /* in force */
    struct pana_sa next_sa;          /* of the authentication that is being completed */

    sim_ns session_at;   /* SESS_TIMEOUT */
    enum reason dropped; /* why the last message was dropped, if none was accepted since */
    enum reason cause;   /* why the session will fail, if that is known before it does */
    struct buf avps;     /* of the message that is being made */
    struct buf out;      /* datagrams for output(); each has its length in its header */
};

void pana_session_init(struct pana_session *s, const struct proto_ops *ops, struct proto_env *env,
                       const struct pana_machine *machine, const struct pana_timers *timers);
void pana_session_release(struct pana_session *s);

/* proto_ops.input and .output, and the timers that are due in .expire. */
void pana_session_input(struct pana_session *s, sim_ns now, struct span in);
bool pana_session_output(struct pana_session *s, struct buf *out);
void pana_session_expire(struct pana_session *s, sim_ns now);
/* The nearest of the session's timers; what the role's own timers do not undercut goes into
 * proto.expiry. */
sim_ns pana_session_expiry(const struct pana_session *s);

/* false: no row; nothing happened. */
bool pana_fire(struct pana_session *s, enum pana_event event);

/* ---- for actions (pana_send.c) ---- */
/* Sends s->avps, which is emptied, as a request; whatever was outstanding no longer is. sa: whose
 * AUTH ends the message, NULL: none. */
void pana_send_request(struct pana_session *s, enum pana_type type, uint16_t flags,
                       const struct pana_sa *sa);
/* Sends s->avps as the answer to s->msg, with the S, C, A or P of the request. */
void pana_send_answer(struct pana_session *s, const struct pana_sa *sa);
/* s->sa, or NULL while there is none. */
const struct pana_sa *pana_current_sa(const struct pana_session *s);
void pana_rtx_start(struct pana_session *s); /* for the request just sent */
void pana_rtx_stop(struct pana_session *s);  /* it is answered, or given up */
void pana_send_again(struct pana_session *s);
void pana_queue(struct pana_session *s, const struct buf *message); /* for output() */
/* SESS_TIMEOUT at now + wait; 0: never. */
void pana_session_timer(struct pana_session *s, sim_ns wait);
void pana_put_nonce(struct pana_session *s, uint8_t *nonce, size_t *n); /* drawn, kept, put */
void pana_keep_nonce(uint8_t *nonce, size_t *n, struct span value);
/* s->next_sa from an MSK. */
void pana_derive(struct pana_session *s, const uint8_t msk[EAP_KEY_LEN], uint32_t key_id);
/* Disconnect(): nothing is outstanding any more, and the core FAILs. */
void pana_fail(struct pana_session *s, enum reason reason);

#endif
