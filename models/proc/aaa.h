/* The MAS as an authentication server: RADIUS, an EAP server inside, and what the keys are for (TS
 * 102 690: MAS; etsi-m2m.md 1, 3, 4.3, 5). One core a conversation. What is heavy and pure happens
 * in here (prepare); tables and other servers are the node's (commit). */
#ifndef MODELS_PROC_AAA_H
#define MODELS_PROC_AAA_H

#include "models/proto/pana.h"
#include "models/proto/radius.h"

/* ---- what PAA and MAS tell each other beside EAP: the same things that PAA and PaC tell each
 * other in ETSI's AVPs, as vendor attributes with the AVPs' codes (GAP C11, C14) ---- */
/* Appends those of params->has. false: no room, or a text longer than an attribute. */
bool aaa_params_put(struct buf *b, const struct pana_params *params);
/* All that are there and well-formed; others are passed over. */
void aaa_params_get(const struct radius_packet *p, struct pana_params *params);

/* And K_IVal, which the NSCL needs of a device that is capable of integrity validation: under
 * AES-256 key wrap with a key that only those two have (GAP C6, C14). */
#define AAA_WRAPPED_KIVAL 80 /* vendor attribute, M2M_WRAPPED_LEN octets */
void aaa_wrapping_key(struct meter *m, const uint8_t msk[EAP_KEY_LEN], uint8_t kek[M2M_KEY_LEN]);

/* ---- the conversation ---- */
struct aaa_session;

/* Who wants what: the PAA's words, and the identity of the peer behind it. */
struct aaa_question {
    const char *identity;
    struct pana_params params; /* usage, SP-ID, MSBF-ID or NSCL-ID, the device's own */
};
/* What the node knows of them. */
struct aaa_user {
    struct eap_answer answer; /* to EAP_QUERY_USER */
    /* For the Access-Accept. Bootstrap: SP-ID, Node-ID, Kmr index, lifetime, MAS FQDN, SCL-ID, NSCL
     * list. Connection: Node-ID, Connection-ID, Kmc index, lifetime, SCL-ID, mId flags. */
    struct pana_params params;
    bool ival_capable; /* then a connection's Access-Accept carries K_IVal, wrapped */
    uint8_t kival[M2M_KEY_LEN];
};

struct aaa_session_settings {
    struct radius_server_settings radius;
    /* Prepare, within the entity: reads the node's tables as they stood when the round began.
     * `user` is all zeros; a user that is unknown has a reason in its answer. */
    void (*find)(void *arg, struct proto_env *env, sim_ns now, const struct aaa_question *q,
                 struct aaa_user *user);
    void *arg;
    sim_ns linger; /* after the verdict: how long a repeated request gets it again (RFC 5080 2.2.2);
                      then DONE or FAILED */
};
struct aaa_session *aaa_session_new(struct proto_env *env,
                                    const struct aaa_session_settings *settings);
struct proto *aaa_session_proto(struct aaa_session *s);
/* A subscriber's vectors are wanted from an HSS, or NULL. Stands until the answer. */
const struct eap_query *aaa_session_query(const struct aaa_session *s);
void aaa_session_answer(struct aaa_session *s, sim_ns now, const struct eap_answer *a);
/* The peer has proved itself: a bootstrap has left Kmr in env->se's SE_KMR (GAP C1). Its Access-
 * Accept goes out with the same output. */
bool aaa_session_is_accepted(const struct aaa_session *s);
/* REASON_NONE: accepted, or not judged yet. */
enum reason aaa_session_refusal(const struct aaa_session *s);
/* As find gave them; before it all zeros. */
const struct pana_params *aaa_session_params(const struct aaa_session *s);
enum pana_usage aaa_session_usage(const struct aaa_session *s); /* as the PAA said */
/* NULL: none yet. For the node to keep: pseudonym and fast re-authentication. */
struct eap_server *aaa_session_eap(struct aaa_session *s);

#endif
