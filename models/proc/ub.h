/* Ub, the bootstrapping of GBA (3GPP TS 33.220 4.5.2 and 5.3.2, TS 24.109 clause 4 and annex A):
 * HTTP Digest AKA over bare HTTP/1.1. GET / with the private identity; 401 with RAND and AUTN; GET
 * with what the UICC made of them, or with AUTS; 200 with B-TID and key lifetime. */
#ifndef MODELS_PROC_UB_H
#define MODELS_PROC_UB_H

#include "models/proto/gba.h"
#include "models/proto/proto.h"

/* ---- the UE ---- */

struct ub_settings {
    const char *bsf;                  /* FQDN: Host and realm; copied */
    enum gba_application application; /* whose IMPI; */
    const char *isim_impi;            /* ISIM: this one */
    struct uicc *uicc;                /* outlives the client */
    bool gba_u; /* the UICC knows GBA_U: then it is run with it (TS 33.220 5.1) */
};
/* A proto: on PROTO_DONE *result is the association. With GBA_U the UICC forgets the Ks of before
 * as soon as it has answered a challenge, so *result is wiped then and, should the rest fail, stays
 * so; without, it is untouched until DONE. NULL: the UICC or the settings have no IMPI. */
struct proto *ub_client_new(struct proto_env *env, const struct ub_settings *settings,
                            struct gba_sa *result);
/* Of one that failed: the seconds of the BSF's Retry-After; 0: none. */
uint32_t ub_client_retry_after_s(const struct proto *p);

/* ---- the BSF ---- */

/* What a session must know or have done; its node answers, at once or after asking the HSS. */
enum ub_query_kind {
    UB_QUERY_ZH,        /* ask the HSS */
    UB_QUERY_CHALLENGE, /* was `rand` given out by another session, and not answered since? */
    UB_QUERY_STORE      /* keep the association, and say for how long */
};
struct ub_query {
    enum ub_query_kind kind;
    struct zh_request zh; /* ZH */
    uint8_t rand[16];     /* CHALLENGE */
    struct gba_sa sa;     /* STORE; expires_unix_ns is to be chosen, by ZH's key_lifetime_s */
    uint32_t key_lifetime_s;
};
/* A challenge that was given out and awaits its answer. A session keeps its own; a node that wants
 * UEs to answer on another connection keeps a copy (ub_server_challenge), and forgets it when it
 * is asked for. */
struct ub_challenge {
    gba_name impi;
    struct umts_vector vector;
    bool gba_u;
    uint32_t key_lifetime_s;
};
struct ub_answer {
    enum reason reason;            /* STORE: REASON_NONE, or why not. CHALLENGE: not NONE: unknown,
                                      and the session asks for a fresh vector */
    struct zh_answer zh;           /* ZH */
    struct ub_challenge challenge; /* CHALLENGE */
    int64_t expires_unix_ns;       /* STORE */
};

struct ub_server; /* a proto: one connection */
/* bsf: realm and the domain of B-TIDs; copied. NULL: too long for a B-TID. */
struct ub_server *ub_server_new(struct proto_env *env, const char *bsf);
struct proto *ub_server_proto(struct ub_server *s);
/* What it waits for, or NULL. It stands until ub_server_answer, and nothing is read meanwhile. */
const struct ub_query *ub_server_query(const struct ub_server *s);
void ub_server_answer(struct ub_server *s, sim_ns now, const struct ub_answer *a);
/* The challenge that awaits its answer, or NULL. */
const struct ub_challenge *ub_server_challenge(const struct ub_server *s);
/* Why the last request was refused with a status of 4xx or 5xx; REASON_NONE: it was not. A
 * session's own status is about its octets alone. */
enum reason ub_server_refusal(const struct ub_server *s);
/* How many requests were refused so far: whether there is a new one to ask about. */
unsigned ub_server_refusals(const struct ub_server *s);
/* Answer what comes with 503 and Retry-After. 0: no more. */
void ub_server_set_busy(struct ub_server *s, uint32_t retry_after_s);
void ub_server_close(struct ub_server *s, sim_ns now);

#endif
