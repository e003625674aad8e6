/* Private to models/node: a server node of any kind, and its end of a session. */
#ifndef MODELS_NODE_SERVER_H
#define MODELS_NODE_SERVER_H

#include "crypto/se.h"
#include "models/host/session.h"
#include "models/net/flow.h"
#include "models/net/udp.h"
#include "models/node/map.h"
#include "models/node/population.h"
#include "models/proc/server.h"
#include "sim/cpu.h"

struct server {
    struct population *population;
    uint32_t index;
    int64_t node_id;
    struct cpu cpu;
    struct session_host host;
    struct flow_listener listener;
    struct flow_listener plain;      /* bare HTTP: a BSF's Ub, a NAF's Ua, an NSCL's mId, NOTIFY */
    struct flow_listener mia;        /* NSCL: bare HTTP with applications */
    struct udp_listener datagrams;   /* PANA at MSBF and NSCL, RADIUS at the MAS, NAS at a core */
    struct udp_listener coaps, coap; /* an NSCL's mId over CoAP, in DTLS and bare */
    char fqdn[NODE_NAME_MAX];
    uint32_t sessions, pana_sessions; /* now; ever */
    struct server_end *ends;          /* list of its sessions */
    bool off;
    struct credential *credential; /* MSBF; MAS for EAP-TLS */
    struct server_ibe *ibe;        /* MAS for EAP-IBAKE; the latest first */
    /* tables: records by index; maps from the first 8 octets of the Node-ID, and from the
     * Connection-ID */
    struct mas_record *mas;
    struct registrar *registrar;     /* NSCL: has its own */
    struct resumption *resumption;   /* NSCL: sessions to be taken up again; NULL: none are */
    struct commands *commands;       /* NSCL: those under way, and polls that it holds */
    struct delivery *delivery;       /* NSCL: what its tree has to say to others */
    struct retarget *retarget;       /* NSCL: requests that it has handed on */
    struct apocs *apocs;             /* NSCL: the same, to applications of its own */
    struct live_retarget *handed;    /* NSCL, live: likewise */
    struct application *application; /* application: its side of mIa */
    struct hss_record *hss;
    struct mas_users *users; /* mas_reauth.c; NULL: none */
    struct gba_sa *sa;       /* BSF: by IMPI in by_node, by B-TID in by_connection */
    struct access_context *access;
    uint32_t record_count, record_room;
    struct map by_node, by_connection;
    uint64_t kmr_count; /* MSBF: bootstraps done */
};

struct backend_call;

enum end_kind {
    END_HTTPS,  /* TLS, HTTP: server_session */
    END_COAPS,  /* DTLS, CoAP: server_session */
    END_PAA,    /* PANA with a device, RADIUS with the MAS: paa_session */
    END_AAA,    /* RADIUS with a PAA: aaa_session */
    END_UB,     /* bare HTTP with a UE: ub_server */
    END_ACCESS, /* NAS with a device: attach_server */
    END_NA,     /* bare HTTP with an application, at an NSCL: server_session */
    END_CONTACT /* bare HTTP with an NSCL that notifies, at an application: server_session */
};

/* One session at a server. */
struct server_end {
    struct server *server;
    struct session *session;
    enum end_kind kind;
    struct device *client;                /* at the other end of it all, when the session began;
                                             NULL: no device is (END_NA, END_CONTACT) */
    struct population *client_population; /* whose TLS settings and policies hold */
    uint32_t behind;                      /* PAA: sessions at the MAS that were opened for it */
    uint32_t pana_session;                /* PAA: PANA's session identifier */
    uint16_t client_port;                 /* COAPS */
    bool stored;                          /* PAA, access: the verdict has been acted upon */
    struct aaa_work *aaa;                 /* AAA */
    struct ub_work *ub;                   /* UB */
    struct naf_work *naf;                 /* HTTPS with a NAF's client; NULL else */
    bool plain;                           /* bare TCP or UDP */
    bool opened;                          /* where sessions are resumed: it is */
    struct access_work *access;           /* ACCESS */
    struct se se;
    struct tls_psk_arg {
        struct server *server;
        struct session *session;
        sim_ns now;
    } psk;
    bool in_service; /* a request is with the node */
    bool answer_ready;
    struct server_answer answer;
    struct m2m_doc *answer_doc; /* what `answer` points to, until it is given; NULL: nothing */
    char *location, *additional;
    struct backend_call *call;
    struct handed *handed;      /* its request is with another SCL; NULL: not */
    struct gather *gather;      /* or with several: a group's; NULL: not */
    struct apoc_errand *errand; /* or at an application's aPoC; NULL: not */
    struct server_end *next, **link;
};

/* ---- names.c ---- */
struct server *server_find(struct deployment *d, const char *fqdn);
static inline struct server *server_for(struct deployment *d, uint32_t population, uint32_t index)
{
    struct population *p = &d->populations[population];
    return &p->servers[index % p->config->count];
}

/* ---- server.c ---- */
enum err server_init(struct server *s, struct population *p, uint32_t index);
/* A session of any kind, its random stream given. */
struct server_end *server_end_make(struct server *s, enum end_kind kind,
                                   const struct session_ops *ops, struct rng stream);
/* What the three kinds of session share. `again`: how many the client's end has had before. */
struct server_end *server_end_new(struct server *s, struct device *dev, enum end_kind kind,
                                  const struct session_ops *ops, uint32_t again);
void server_end_forget(struct server_end *e);
bool server_admits(const struct server *s);
void server_charged(struct session *session, sim_ns now, const struct meter *meter,
                    const struct profile_price *price);
void server_activity(struct session *session, sim_ns now, enum session_activity a, sim_ns other_ns);
void server_ended(struct session *session, sim_ns now, enum reason reason);
void server_packet(struct session *session, const struct flow_packet *p, const char *label,
                   bool continued);
void server_retransmitted(struct session *session, sim_ns now);
void server_repeated(struct session *session, sim_ns now); /* over UDP */
void server_datagram(struct session *session, unsigned leg, const struct udp_packet *p,
                     const char *label, bool repeated);
/* An accept that takes the datagram and forgets it: a server that is full says nothing over UDP. */
bool server_drop(struct udp_end *end, const struct udp_ops **ops, void **user);
extern const struct session_ops server_session_ops; /* whose core is a server_session */
void server_release(struct server *s);
void server_set_off(struct server *s, bool off);
/* The device's procedure in whose service this session is now, or NULL. */
struct procedure *server_end_procedure(const struct server_end *e);
/* Answer the waiting request; doc may be NULL (copied otherwise, as is location; additional
 * outlives the call). */
void server_answer(struct server_end *e, const struct server_answer *a, const struct m2m_doc *doc);
/* The same without the poke. Any thread. */
void server_set_answer(struct server_end *e, const struct server_answer *a,
                       const struct m2m_doc *doc);
uint32_t server_new_record(struct server *s); /* an empty one; its index */
/* Of what a session does, be it for nobody's procedure. */
enum procedure_kind server_usage_kind(const struct server_end *e);

#endif
