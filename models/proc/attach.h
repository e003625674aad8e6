/* Attaching to an access network: EPS AKA, security mode and attach of TS 24.301 5.4 and 5.5.1, in
 * its shortest form (IMSI, no key yet, one default bearer). Two cores of datagrams: the device's,
 * and a session of the core network's (MME) for one device, which asks the device's home by its
 * node. Where a message is lost the device repeats its last one and the network answers it again:
 * that stands for the link layer's repetitions as well as for T3450 and T3460. */
#ifndef MODELS_PROC_ATTACH_H
#define MODELS_PROC_ATTACH_H

#include "crypto/uicc.h"
#include "models/proto/nas.h"
#include "models/proto/proto.h"

/* ---- the device ---- */
struct attach_settings {
    struct uicc *uicc; /* borrowed */
    uint8_t plmn[3];   /* of the network it sees, as broadcast */
    sim_ns irt, mrt;   /* first repetition of a message; doubles up to mrt */
    sim_ns guard;      /* T3410: the whole attempt */
};
struct attach_client; /* a proto */
struct attach_client *attach_client_new(struct proto_env *env,
                                        const struct attach_settings *settings);
struct proto *attach_client_proto(struct attach_client *c);

struct attach_result {
    uint8_t address[4];
    uint32_t m_tmsi;
    sim_ns lifetime; /* SIM_NEVER: none was said */
};
/* On PROTO_DONE. Refused: PROTO_FAILED with REASON_ACCESS_..., REASON_AKA_AUTN or REASON_AKA_SYNC;
 * REASON_TIMEOUT. */
const struct attach_result *attach_client_result(const struct attach_client *c);

/* ---- the core network ---- */
enum attach_query_kind {
    ATTACH_QUERY_NONE,
    ATTACH_QUERY_VECTOR,  /* Authentication-Information-Request (TS 29.272 5.2.3) */
    ATTACH_QUERY_RESYNC,  /* the same with RAND and AUTS */
    ATTACH_QUERY_LOCATION /* Update-Location-Request (5.2.1): may it be here */
};
struct attach_query {
    enum attach_query_kind kind;
    char imsi[IMSI_MAX + 1];
    uint8_t rand[16], auts[14];
};
/* TS 33.401 6.1.1: CK and IK do not leave the home network. */
struct eps_vector {
    uint8_t rand[16], autn[16], xres[16], xres_n, kasme[32];
};
struct attach_answer {
    enum reason reason; /* ACCESS_NOT_ALLOWED, ACCESS_ROAMING, else the network's failure */
    struct eps_vector vector;
    /* LOCATION: what the network gives */
    uint8_t address[4];
    uint32_t m_tmsi;
    sim_ns lifetime; /* as nas_lifetime rounds it */
};

struct attach_server; /* a proto */
/* idle: a session that makes no progress for so long has failed (REASON_TIMEOUT); it also answers
 * repetitions so long after its last word. */
struct attach_server *attach_server_new(struct proto_env *env, const uint8_t plmn[3], sim_ns idle);
struct proto *attach_server_proto(struct attach_server *s);
/* What it must know, or NULL. It stands until answered; nothing else is done meanwhile. */
const struct attach_query *attach_server_query(const struct attach_server *s);
void attach_server_answer(struct attach_server *s, sim_ns now, const struct attach_answer *a);
/* The device is authenticated and accepted: its bearer may carry. Valid from then on. */
bool attach_server_is_accepted(const struct attach_server *s);
/* Why the device was refused, or REASON_NONE. */
enum reason attach_server_refusal(const struct attach_server *s);

#endif
