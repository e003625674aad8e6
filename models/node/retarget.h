/* Private to models/node: requests that an SCL hands on (TS 102 690: retargeting). An NSCL puts
 * what is for another SCL into that one's notification channel, and answers who asked when its
 * responseNotify comes back; a gateway asks what is for an application of its own at that one's
 * aPoC (etsi-m2m.md 8.3, 8.4). Where a request goes on is the tree's to say. */
#ifndef MODELS_NODE_RETARGET_H
#define MODELS_NODE_RETARGET_H

#include "models/node/gateway.h"
#include "models/node/longpoll.h"

/* ---- retarget.c: at the NSCL ---- */
#define RETARGET_REFERENCE (2 * M2M_MAX_URI)
/* What is asked, by whom. */
struct retarget_asked {
    const char *target, *entity;
    const struct m2m_rep *rep; /* of M2M_NO_TYPE: none */
    enum m2m_method method;
};
/* Puts it into the channel of that contactURI as number `id` (not 0), with what its answer will be
 * to, the subscriptionReference. m: NULL, nobody counts. Below STATUS_BAD_REQUEST: it is there;
 * STATUS_BAD_GATEWAY: the contact is no channel of ours, and there is no other way to an SCL;
 * STATUS_NOT_ACCEPTABLE: it does not fit; or why the channel takes no more. */
enum m2m_status retarget_offer(struct server *nscl, const struct retarget_asked *q,
                               const char *contact, uint64_t id, char reference[RETARGET_REFERENCE],
                               struct meter *m, sim_ns now);
/* Of such a status: what is told to who asked, and why. */
enum reason retarget_refusal(enum m2m_status *status);
/* The number in a subscriptionReference; 0: it is of no such request. */
uint64_t retarget_id(const char *reference);
/* Answers e's request when the answer comes back, or with why it does not. */
void retarget_begin(struct server_end *e, const struct server_request *r,
                    const struct registrar_answer *a, sim_ns now);
/* A notify goes out in a poll's answer, on `poll`. */
void retarget_leaves(struct server *nscl, struct span notify, struct server_end *poll, sim_ns now);
/* A responseNotify has come. */
void retarget_answered(struct server *nscl, const struct scl_tree_output *o, sim_ns now);
/* Nobody waits for the answer any more. */
void retarget_forget(struct handed *h);
void retarget_free(struct server *nscl);
/* Of who waits for what has this subscriptionReference; NULL: nobody does. For ledgers and records
 * only. */
struct procedure *retarget_procedure(const struct server *nscl, const char *reference);
bool retarget_is_reference(struct span notify);
/* A group's request goes on to a member elsewhere: ACCEPTED, *out waits for the answer, and
 * gather_take gets it, or that there is none; else why it does not go. */
enum m2m_status retarget_member(struct gather *g, struct server_end *e, uint32_t place,
                                const struct scl_tree_output *o, struct handed **out, sim_ns now);

/* ---- gather.c: a group's answer, for which members elsewhere are asked ---- */
/* When the registrar has answered: true: the answer comes when all are heard, or their time is
 * over. */
bool gather_begin(struct server_end *e, struct registrar_answer *a, sim_ns now);
/* rep is given up; NULL: none. */
void gather_take(struct gather *g, uint32_t place, enum m2m_status status, struct m2m_rep *rep,
                 sim_ns now);
/* Nobody waits for it any more. */
void gather_drop(struct gather *g);

/* ---- apoc.c: at the NSCL, to the aPoC of an application of its own ---- */
/* Answers e's request when the answer comes, or with why it does not. */
void apoc_begin(struct server_end *e, const struct retarget_asked *q, sim_ns now);
/* A group's request, as retarget_member. */
enum m2m_status apoc_member(struct gather *g, struct server_end *e, uint32_t place,
                            const struct scl_tree_output *o, struct apoc_errand **out, sim_ns now);
/* Nobody waits for the answer any more; what has been asked is done. */
void apoc_forget(struct apoc_errand *x);
/* The NSCL lost its power; the run is over; free. Of another server: nothing. */
void apoc_lose(struct server *nscl, sim_ns now);
void apoc_finish(struct server *nscl, sim_ns now);
void apoc_free(struct server *nscl);

/* ---- retarget_scl.c: at who polls ---- */
/* What came in a poll's answer is a request: the meter is the session's on which it came. */
void retarget_take(struct device *dev, struct span notify, struct meter *m, sim_ns now);
/* There is an answer to be told; since when. */
bool retarget_has_answer(const struct device *dev);
sim_ns retarget_since(const struct device *dev);
/* The procedure that tells it begins an attempt. */
void retarget_tells(struct device *dev, sim_ns now);
/* Prepare: the request that tells it. */
void retarget_compose(const struct device *dev, const char *scl_id, struct device_request *r);
/* It is told, or shall not be told any more. */
void retarget_told(struct device *dev);
/* Told too late, or refused. */
bool retarget_is_stale(const struct device *dev, enum reason reason, sim_ns now);
/* The node lost its power: all of it is lost. Or the run is over; or all is freed. */
void retarget_lose(struct device *dev, sim_ns now);
void retarget_finish(struct device *dev, sim_ns now);
void retarget_drop_all(struct device *dev);

/* ---- local_apoc.c: a D' application that listens ---- */
struct local *local_find(struct deployment *d, const char *host);
/* Its listener; NULL: it does not listen. */
struct flow_listener *local_apoc(struct local *l);
void local_apoc_init(struct local *l);
void local_apoc_open(struct local *l);
void local_apoc_free(struct local *l);
/* What its <application> says of it, and the <accessRight> for those who may ask it. */
void local_apoc_attributes(const struct local *l, struct m2m_rep *application);
void local_apoc_right(const struct local *l, struct m2m_rep *access_right);
void local_apoc_host(const struct local *l, char *out, size_t n);
/* "/m2m/applications/APP-ID/state" at its gateway's authority: who asks for it from elsewhere. */
void local_apoc_target(const struct local *l, char *out, size_t n);
/* In an accept: on whose behalf the caller calls. */
struct procedure *retarget_caller(const struct session *caller);

#endif
