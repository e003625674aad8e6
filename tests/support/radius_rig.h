/* An EAP peer behind a RADIUS client (side 0) against a RADIUS server with its EAP server (side 1)
 * on a pair: what goes by are RADIUS packets. Between the peer and the client nothing is lost. The
 * server's queries are answered from a table of users and by a function of the test's, as in
 * eap_rig.h, whose remarks on `make` and `prepare` hold here too. */
#ifndef TESTS_SUPPORT_RADIUS_RIG_H
#define TESTS_SUPPORT_RADIUS_RIG_H

#include "models/proto/radius.h"
#include "tests/support/eap_rig.h"

struct radius_rig_settings {
    uint64_t seed;
    struct eap_peer_settings peer;
    struct radius_client_settings client;
    struct radius_server_settings server;
    const struct eap_rig_user *users;
    size_t user_count;
    void (*answer)(void *arg, const struct eap_query *q, struct eap_answer *a);
    void *answer_arg;
    bool eap_start;     /* the client begins with EAP-Start instead of Response/Identity */
    bool hold;          /* queries are not answered; may be changed between runs */
    struct span accept; /* for radius_server_extra, when EAP is done */
};
typedef void (*radius_rig_make)(void *arg, struct radius_rig_settings *s);

struct radius_rig {
    struct pair pair;
    struct radius_rig_settings settings;
    struct eap_peer *peer;
    struct rng peer_stream;    /* its own: what the client draws for a repetition moves nothing */
    struct proto_env peer_env; /* else side 0's */
    struct radius_client *client;
    struct radius_server *server;
    unsigned queries, requests; /* answered; EAP packets that reached the peer */
    bool begun;
};

void radius_rig_init(struct radius_rig *r, radius_rig_make make, void *arg);
void radius_rig_release(struct radius_rig *r);
enum pair_end radius_rig_run(struct radius_rig *r, struct pair_script script);
/* Client, server and peer are DONE; MSK alike in all three. */
bool radius_rig_is_complete(const struct radius_rig *r);
/* What must hold whatever happened: no MSK without DONE, and no two different ones. */
void radius_rig_check(const struct radius_rig *r);

typedef void (*radius_rig_prepare)(void *arg, struct radius_rig *r);
/* Loss, duplication and truncation of each datagram, and each octet changed (every step-th):
 * complete, with the very MSK of the clean run. Twice the same seed: the same octets. */
void radius_rig_every_fault(radius_rig_make make, radius_rig_prepare prepare, void *arg,
                            size_t step);

#endif
