/* An EAP peer (side 0) against an EAP server (side 1) on a pair, datagram by datagram. Between the
 * server and the way stands a lower layer as PANA is one: it repeats the last request until the
 * response to it comes, and the verdict until the peer has ended; a query is answered from a table
 * of users and by a function of the test's.
 *
 * A test of a method:
 *
 *     static void make(void *arg, struct eap_rig_settings *s)   // called for each run anew
 *     {
 *         s->users = my_users; s->user_count = 1;               // identity -> eap_answer
 *         s->peer.identity = "0123"; s->peer.methods = mine; s->peer.method_count = 1;
 *         s->peer.credentials.uicc = &uicc;                     // reset by make
 *         s->answer = my_vectors;                               // GSM, UMTS, RESYNC
 *     }
 *     eap_rig_init(&r, make, arg); eap_rig_run(&r, pair_clean()); eap_rig_is_complete(&r); ...
 *     eap_rig_every_fault(make, arg);                           // all that can happen on the way
 */
#ifndef TESTS_SUPPORT_EAP_RIG_H
#define TESTS_SUPPORT_EAP_RIG_H

#include "models/proto/eap_method.h"
#include "tests/support/pair.h"

struct eap_rig_user {
    const char *identity; /* as the peer sends it; "*": anybody */
    struct eap_answer answer;
};

struct eap_rig_settings {
    uint64_t seed;
    struct eap_peer_settings peer;
    struct eap_server_settings server; /* ask_identity: true unless changed */
    const struct eap_rig_user *users;  /* for EAP_QUERY_USER; unknown: REASON_EAP_IDENTITY */
    size_t user_count;
    /* May be NULL. What the table cannot answer; entered as the server's. The answer comes zeroed
     * but for REASON_EAP_IDENTITY. */
    void (*answer)(void *arg, const struct eap_query *q, struct eap_answer *a);
    void *answer_arg;
    sim_ns answer_after;    /* how long the node takes; 0: at once */
    sim_ns repeat_after;    /* of the lower layer; 1 s */
    unsigned repeats;       /* then it gives up, REASON_TIMEOUT; 10 */
    const char *begin_with; /* not NULL: eap_server_begin with this identity; the peer is told
                               nothing of it and starts with its method */
};
typedef void (*eap_rig_make)(void *arg, struct eap_rig_settings *s);

struct eap_rig {
    struct pair pair;
    struct eap_rig_settings settings;
    struct eap_peer *peer;
    struct eap_server *server;
    unsigned queries; /* answered so far */
    struct eap_rig_lower *lower;
};

/* make may be NULL. Side 0's secured environment is empty: tests that need a PSK put it there
 * (r->pair.side[0].se) after this. */
void eap_rig_init(struct eap_rig *r, eap_rig_make make, void *arg);
void eap_rig_release(struct eap_rig *r);
/* script: pair_clean() or a worse one; made datagrams. Ends with the lower layer's result at the
 * peer (eap_peer_alternate) when the way took the verdict. */
enum pair_end eap_rig_run(struct eap_rig *r, struct pair_script script);
struct proto *eap_rig_proto(const struct eap_rig *r, int side); /* of the peer, the server */
/* Both are DONE, with the same keys. */
bool eap_rig_is_complete(const struct eap_rig *r);
/* Asserts what must hold whatever happened: status and reason agree, no keys without DONE, and
 * never both DONE with different keys. */
void eap_rig_check(const struct eap_rig *r);

/* Each makes runs of its own and asserts (Check). `prepare` of them all: called after
 * eap_rig_init, may be NULL.
 * loss, duplicate, truncation (a datagram is cut, the repetition is whole): complete, with the very
 * keys of the clean run. */
typedef void (*eap_rig_prepare)(void *arg, struct eap_rig *r);
void eap_rig_each_loss(eap_rig_make make, eap_rig_prepare prepare, void *arg);
void eap_rig_each_duplicate(eap_rig_make make, eap_rig_prepare prepare, void *arg);
void eap_rig_each_truncation(eap_rig_make make, eap_rig_prepare prepare, void *arg);
/* A datagram is cut and its length field says so; or an octet is changed (every step-th): both end,
 * eap_rig_check holds. */
void eap_rig_each_shortening(eap_rig_make make, eap_rig_prepare prepare, void *arg);
void eap_rig_each_corruption(eap_rig_make make, eap_rig_prepare prepare, void *arg, size_t step);
/* One side falls silent at each of its datagrams: the other ends by its lower layer. */
void eap_rig_each_silence(eap_rig_make make, eap_rig_prepare prepare, void *arg);
/* Twice the same seed: the same octets. */
void eap_rig_same_twice(eap_rig_make make, eap_rig_prepare prepare, void *arg);
/* All of them; cuts and changes at every step-th octet. */
void eap_rig_every_fault(eap_rig_make make, eap_rig_prepare prepare, void *arg, size_t step);

/* ---- a method for tests of the machines: `rounds` requests with a counter, each answered alike;
 * keys from what went by and a secret both have. Three types, one behaviour. ---- */
extern const struct eap_method eap_test_method, eap_test_other, eap_test_expanded;

/* How its halves behave; zeros: well, one round. Set before a run. */
struct eap_test_script {
    unsigned rounds;            /* 0: 1 */
    unsigned may_continue_from; /* the peer: rounds after which a Success would do; 0: the last */
    bool protected_success;     /* of the peer */
    bool no_peer, no_server;    /* eap_test_method's half cannot be made */
    bool peer_unwilling;        /* eap_test_method's; REASON_NO_COMMON_SUITE */
    unsigned peer_fails_at;     /* round, from 1; 0: never. REASON_EAP_MAC */
    bool peer_fails_silently;   /* without a response */
    unsigned peer_discards_at;  /* once */
    unsigned server_fails_at, server_discards_at;
    bool server_has_last_word; /* a failed server half has one more request */
    bool asks;                 /* the server half asks EAP_QUERY_UMTS before its first request */
    bool wrong_secret;         /* the peer's */
};
extern struct eap_test_script eap_test_script;

#endif
