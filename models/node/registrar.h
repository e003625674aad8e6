/* The registrar: what an NSCL answers, without what carries it. Its records of service connections,
 * its resource tree (models/proc/scl_tree.h), who may ask, and integrity validation
 * (etsi-m2m.md 8.4). Neither engine nor socket nor clock: time and meter are arguments. In virtual
 * time nscl.c drives it, in real time live_nscl.c. */
#ifndef MODELS_NODE_REGISTRAR_H
#define MODELS_NODE_REGISTRAR_H

#include "models/node/config.h"
#include "models/proc/scl_tree.h"
#include "models/proc/server.h"

/* An SCL with a service connection, or, on a trusted access network, with a subscription. */
struct scl_record {
    uint8_t node_id[M2M_NODE_ID_LEN];
    uint8_t kmc[M2M_KEY_LEN], kival[M2M_KEY_LEN];
    uint64_t connection_id;
    sim_ns kmc_expires;
    sim_ns scl_expires; /* as <scl> in the tree says; < now or 0: not registered */
    uint32_t kmc_index;
    uint32_t services; /* capability bits granted */
    uint32_t device;
    bool ival_capable;
    /* Of mId, as granted with Kmc (GAP C8); 0: TLS with PSK. Of its objects: their cipher, and the
     * highest number of a request that was taken under this Kmc; of long polls, which come on a
     * session of their own beside the others, they are counted apart. */
    uint16_t mid_flags;
    enum xmlsec_cipher cipher;
    uint64_t sequence, poll_sequence;
};

struct registrar_settings {
    const char *fqdn;                /* of the NSCL: its SCL-ID, and the authority of its URIs */
    const struct cfg_server *config; /* borrowed */
    int64_t epoch_unix_ns;           /* of sim_ns 0 */
    sim_ns poll_timer;               /* how long a long poll is held; 0: not at all */
    bool hands_on;                   /* what is for others (registrar_answer.onward) */
    bool gathers;                    /* what a group's members elsewhere answer (scl_tree_member) */
};

struct registrar;
struct registrar *registrar_new(const struct registrar_settings *settings);
void registrar_free(struct registrar *r); /* NULL is fine */
/* For what it has to say to others: scl_tree_output. */
struct scl_tree *registrar_tree(struct registrar *r);

/* ---- records; a pointer to one holds until the next is stored ---- */

/* A new connection of a known SCL takes the place of its old one; its registration stays. */
void registrar_store(struct registrar *r, const struct scl_record *record);
/* One without a connection, of a node that has no record. */
struct scl_record *registrar_add(struct registrar *r, const struct scl_record *record);
/* By the identity that TLS authenticated; by Node-ID. NULL: there is none. */
struct scl_record *registrar_of_connection(struct registrar *r, const char *identity);
struct scl_record *registrar_of_node(struct registrar *r, const uint8_t node_id[M2M_NODE_ID_LEN]);
/* TLS's question (tls_psk_find): octets of the key, or 0 and the reason. Changes nothing. */
unsigned registrar_psk(const struct registrar *r, struct span identity, sim_ns now, uint8_t psk[32],
                       enum reason *reason);

/* An NSCL session's question (mid_grant_find). Changes nothing. */
bool registrar_grant(const struct registrar *r, struct span identity, sim_ns now,
                     struct mid_grant *out, enum reason *reason);

/* ---- requests ---- */

/* What integrity validation came to. */
struct ival_finding {
    const char *verdict; /* granted, limited, denied, bad-signature, replay; NULL: none was due */
    const char *rule;    /* of the policy, or "signature" */
    int64_t result;
};

struct registrar_answer {
    struct server_answer answer; /* .doc is not set; its texts are static, or stand in `text` */
    struct m2m_doc doc;          /* the body; DOC_NONE: none; m2m_doc_release is the taker's */
    struct ival_finding ival;
    enum m2m_method method; /* the primitive that was asked for */
    /* Not M2M_STAYS: it is to be asked of `target`, an absolute URI; another SCL is reached over
     * `contact`. The answer is an ACCEPTED that nobody should send. */
    enum m2m_onward onward;
    bool held; /* a long poll: if its answer can wait, it comes as an output of the tree */
    char target[M2M_MAX_PATH + M2M_MAX_URI], contact[M2M_MAX_URI];
    char text[2 * M2M_MAX_URI + 32];
};
/* s: of who asks. Never fails: a refusal is an answer. */
void registrar_request(struct registrar *r, struct scl_record *s,
                       const struct server_request *request, struct meter *m, sim_ns now,
                       struct registrar_answer *out);
/* The same over mIa, of an application: nobody there proves who he is (etsi-m2m.md 1: security is
 * standardised for mId alone), so nobody may come in the name of an SCL. */
void registrar_application(struct registrar *r, const struct server_request *request,
                           struct meter *m, sim_ns now, struct registrar_answer *out);
/* EXECUTE of a longPollingURI; a POST there with a body is a responseNotify. */
bool registrar_is_poll(const struct server_request *r);
/* The answer for somebody who has no record: 401 with this text (static), and the end. */
void registrar_refuse_stranger(struct registrar_answer *out, const char *why);

#endif
