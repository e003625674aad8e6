/* The resource tree of an SCL (TS 102 690 clause 9, etsi-m2m.md 8.1): an in-memory store that
 * answers primitives, without engine, socket or clock. Time is an argument, in nanoseconds since
 * 1970, since the tree's own attributes are dates. What it has to say to others (notifications,
 * announcements, commands, requests to group members elsewhere, answers to long polls) waits in a
 * queue for its owner to fetch. Deterministic: children are in the order of their creation, what
 * expires at one instant goes in the order in which it was created, and hashing shows nowhere. */
#ifndef MODELS_PROC_SCL_TREE_H
#define MODELS_PROC_SCL_TREE_H

#include "models/proto/m2m_primitive.h"

#define SCL_TREE_NEVER INT64_MAX

struct scl_tree_settings {
    const char *base;      /* the segment that names the sclBase: "m2m" */
    const char *scl_id;    /* of the hosting SCL */
    const char *authority; /* of its absolute URIs: "nscl.example" */
    bool network;          /* an NSCL: it alone has m2mPocs */
    bool hands_on;         /* its owner brings on what is for others (m2m_response.onward); else it
                              is answered as what is not there */
    bool gathers; /* and waits for what a group's members elsewhere answer (scl_tree_member); else
                     these are answered STATUS_NOT_IMPLEMENTED */
    int64_t registration_min;  /* <scl>'s expirationTime is moved into [now + min, now + max], */
    int64_t registration_max;  /* ns; without one it is now + max */
    int64_t poll_timer;        /* how long a long poll is held, ns */
    uint32_t max_discovery;    /* maxNumberOfDiscovRecords */
    uint32_t max_nr_instances; /* of a container that does not say; 0: no bound */
    /* <scl> at CREATE and UPDATE, when all else is well: integrity validation (etsi-m2m.md 7).
     * STATUS_OK, or the refusal with *why. NULL: the receiver does not support it. */
    enum m2m_status (*check_scl)(void *arg, const char *scl_id, enum m2m_method method,
                                 struct span rep, const char **why);
    void *arg;
};

struct scl_tree;
/* The settings are copied, their texts too. now: the sclBase's creationTime. */
struct scl_tree *scl_tree_new(const struct scl_tree_settings *settings, int64_t now);
void scl_tree_free(struct scl_tree *tree);

/* Answers one primitive; response was initialised. */
void scl_tree_request(struct scl_tree *tree, int64_t now, const struct m2m_request *request,
                      struct m2m_response *response);

/* The next instant at which something expires or falls due, SCL_TREE_NEVER: none; and doing all
 * that is due at now. */
int64_t scl_tree_expiry(const struct scl_tree *tree);
void scl_tree_expire(struct scl_tree *tree, int64_t now);

/* What the tree has to say to others, in order. */
enum scl_tree_output_kind {
    SCL_TREE_REQUEST, /* a primitive for target: NOTIFY, *Annc; a group member elsewhere */
    SCL_TREE_COMMAND, /* EXECUTE of a mgmtCmd; target is the execInstance, representation mgmtCmd */
    SCL_TREE_POLL_ANSWER, /* the long poll held at target: status_code, and a notify if there is one
                           */
    SCL_TREE_RESPONSE /* what came in an answer to a poll was done: responseNotify of the channel's
                         owner to its longPollingURI (target), a notify about a responseConfirm */
};
struct scl_tree_output {
    struct scl_tree_output *next;
    struct m2m_rep representation;
    char *target;
    char *requesting_entity; /* on whose behalf */
    enum scl_tree_output_kind kind;
    enum m2m_method method;
    enum m2m_status status_code;
    int64_t since; /* NOTIFY by a subscription: when what it tells of came about; else 0 */
    int64_t until; /* and its delayTolerance; 0: it has none */
    /* A group member elsewhere: where it goes on, as m2m_response has it, and the place of its
     * status in the answer, from 0. */
    char *contact;
    enum m2m_onward onward;
    uint32_t place;
};
/* The caller's from now on; NULL: nothing waits. */
struct scl_tree_output *scl_tree_output(struct scl_tree *tree);
void scl_tree_output_free(struct scl_tree_output *o);

/* Requests of an NSCL's group to members elsewhere, to be fetched as above and at once when the
 * answer to membersContent is here: that says ACCEPTED for each of them, until its owner knows
 * better. */
struct scl_tree_output *scl_tree_member(struct scl_tree *tree);
/* A member's status, at the end of such an answer; body: of M2M_NO_TYPE, none. */
void scl_tree_put_member(struct m2m_rep *out, const char *uri, enum m2m_status status,
                         const struct m2m_rep *body);

/* All that is announced is said again, as if it was created now: for who has lost his <scl> at
 * another SCL, and all *Annc with it. */
void scl_tree_announce_all(struct scl_tree *tree);
/* What waits in the channel of that contactURI with this subscriptionReference shall not be sent
 * any more. false: it is not there. */
bool scl_tree_withdraw(struct scl_tree *tree, const char *contact, const char *reference);

/* Octets of the heap that the tree accounts for, and resources in it: for reports and tests. */
size_t scl_tree_octets(const struct scl_tree *tree);
uint64_t scl_tree_count(const struct scl_tree *tree);

#endif
