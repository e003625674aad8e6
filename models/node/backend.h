/* Private to models/node: a message to another server, its work there, and the answer back (GAP
 * C14). */
#ifndef MODELS_NODE_BACKEND_H
#define MODELS_NODE_BACKEND_H

#include "models/node/mas.h"
#include "models/node/registrar.h"
#include "models/node/server.h"
#include "models/proc/aaa.h"
#include "models/proc/attach.h"
#include "models/proc/ub.h"

struct backend_call {
    struct server_end *e; /* NULL: gone */
    struct server *from, *to;
    struct cpu_job job;
    struct sim_endpoint endpoint;
    struct session_hold hold; /* the answer is on its way to the session's endpoint */
    const char *name, *answer_name;
    sim_ns sent;
    uint32_t octets, answer_octets; /* 0: BACKEND_OCTETS */
    sim_ns latency;                 /* of the far server, beside its work */
    sim_ns patience; /* the asking server gives up after so long; 0: only what is lost, after 5 s */
    struct sim_event deadline; /* patience != 0 */
    uint8_t doing;             /* enum session_activity: what the far processor does with it */
    struct backend_call *next, **link;
    /* On arrival: what it takes, beside one access to the store. May be NULL. */
    void (*work)(struct backend_call *c, struct meter *m);
    /* The work is done: what the far server keeps of it. May be NULL. */
    void (*apply)(struct backend_call *c);
    /* Prepare: what the asking end's next step is to work with. Changes that end only. */
    void (*finished)(struct backend_call *c, bool answered);
    /* Commit: what the asking server makes of it, whether or not the end is still there. May be
     * NULL. */
    void (*settled)(struct backend_call *c, bool answered);
    union {
        struct mas_record mas;
        struct scl_record scl;
        struct {
            struct eap_query query;
            bool separation; /* AKA': AMF's separation bit */
            struct eap_answer answer;
        } auc;
        struct {
            struct zh_request request;
            struct zh_answer answer;
        } zh;
        struct {
            struct zn_request request;
            struct zn_answer answer;
        } zn;
        struct {
            struct attach_query query;
            struct attach_answer answer;
        } access;
        struct {
            struct server_ibe *wanted; /* the asking MAS's */
            uint8_t keys[IBE_SCHEMES][IBE_POINT_MAX];
            bool given[IBE_SCHEMES];
        } kms;
    } u;
};
void backend_send(struct server_end *e, struct server *to, const char *name,
                  struct backend_call *c);
/* Its answer is for nobody any more. */
void backend_leave(struct backend_call *c);
void backend_free_all(struct deployment *d);

#endif
