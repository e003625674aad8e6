/* What the files of models/node share; nobody else includes it. */
#ifndef MODELS_NODE_IMPL_H
#define MODELS_NODE_IMPL_H

#include "crypto/credential.h"
#include "crypto/se.h"
#include "crypto/uicc.h"
#include "models/host/session.h"
#include "models/net/flow.h"
#include "models/node/deployment.h"
#include "models/node/keyring.h"
#include "models/node/map.h"
#include "models/node/method.h"
#include "models/node/mid_security.h"
#include "models/node/node_id.h"
#include "models/node/procedure.h"
#include "models/node/registrar.h"
#include "models/proc/aaa.h"
#include "models/proc/attach.h"
#include "models/proc/client.h"
#include "models/proc/paa.h"
#include "models/proc/server.h"
#include "models/proc/ub.h"
#include "sim/cpu.h"

#define NODE_NAME_MAX 160
#define IMAGE_MAX     32

/* ---- usage: what the rows of crypto_use come from ---- */
struct usage {
    uint64_t calls, octets;
    sim_ns ns;
};
/* [kind of procedure][operation] of one population. */
struct usage_table {
    struct usage use[PROC_KINDS][METER_OP_COUNT];
};

/* ---- populations ---- */
struct tls_pair {
    struct tls_context *client, *server;
};

/* One step of a path through the graph of populations. */
struct path_step {
    uint32_t link;
    bool forward; /* along the link's from -> to */
};
struct path {
    struct path_step steps[NET_MAX_HOPS];
    uint8_t count;
    bool found;
};

/* A software image of a population: genuine components and their reference hashes (image.c). */
struct image {
    uint8_t *octets;
    struct se_component components[IMAGE_MAX];
    uint32_t count;
};

struct population {
    const struct deployment_population *config;
    struct deployment *d;
    uint32_t index;
    int64_t first_node;
    const struct profile_class *class;
    struct usage_table *usage;
    struct path *paths; /* to each population */
    bool observed;      /* devices: some application is about what is below their <scl> */
    bool sought;        /* devices, local ones too: about their very containers */
    bool heeded;        /* local: some application uses them there */
    /* devices */
    struct device *devices;
    struct local *locals;                                 /* of kind local */
    sim_ns last_arrival;                                  /* of a Poisson process */
    struct tls_pair bootstrap, connect, mid, ua;          /* ua: none where Ua is on bare TCP */
    const struct eap_method *bootstrap_eap, *connect_eap; /* NULL: not by EAP */
    struct image *images;         /* the one it is made with, then those of its firmware waves */
    uint64_t handshakes, resumed; /* of mId, where sessions are resumed */
    uint64_t logged[PROC_KINDS];  /* procedures whose messages were kept by record.message_first */
    /* servers */
    struct server *servers;
};

struct link_state {
    const struct deployment_link *config;
    struct net_hop *up, *down; /* [from node], or [0] when shared */
    uint32_t count;
};

/* ---- servers ---- */
struct mas_record {
    uint8_t node_id[M2M_NODE_ID_LEN];
    uint8_t kmr[M2M_KEY_LEN], kival[M2M_KEY_LEN];
    sim_ns expires;
    uint32_t kmr_index;          /* 0: no Kmr, only a subscription */
    uint32_t population, device; /* whose policy on lifetimes holds; which NSCL is its own */
    uint32_t connections;
    bool ival_capable;
};

/* A subscriber at its HSS. */
struct hss_record {
    struct auc_record auc;
    uint64_t draws; /* of its RANDs */
};

/* A MAS's identity-based keys for a period. */
struct server_ibe {
    struct server_ibe *next;
    struct ibe_user *user; /* NULL: not here yet */
    char period[IBE_PERIOD_LEN + 1];
    bool asked; /* the KMS; one question at a time */
};

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

/* What a BSF's session is to be answered. */
struct ub_work {
    struct ub_answer answer;
    bool ready;
};

/* What a NAF's session is set up with, and what the BSF said. */
struct naf_work {
    struct naf_settings settings;
    struct zn_answer answer;
    bool ready;
};

/* What an AAA session has found out about its user, in prepare; and what the HSS said. */
struct aaa_work {
    const struct ibe_user *ibe; /* NULL: the KMS is asked for it when it is wanted */
    struct ibe_user *fetched;   /* what the KMS gave, until the MAS has it */
    uint32_t population, device;
    uint8_t node_id[M2M_NODE_ID_LEN];
    bool found;
    bool stored; /* the verdict has been acted upon */
    bool answer_ready;
    bool asks_ibe;
    bool awaits_key; /* that another session has asked the KMS for */
    struct eap_answer answer;
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
    struct handed *handed; /* its request is with another SCL; NULL: not */
    struct gather *gather; /* or with several: a group's; NULL: not */
    struct server_end *next, **link;
};

/* ---- devices ---- */
enum device_state {
    DEVICE_OFF,     /* has not arrived yet */
    DEVICE_UP,      /* does its procedures */
    DEVICE_REFUSED, /* its integrity was refused */
    DEVICE_GAVE_UP, /* attempts used up, or a key that cannot be had again */
    DEVICE_LEFT     /* deregistered at the end of its time */
};

/* A device's UICC, and what it keeps for the next authentication. */
struct subscriber {
    struct uicc uicc;
    struct device_gba *gba;    /* NULL: its methods are not by GBA */
    struct eap_reauth *reauth; /* of bootstrap and of connection; NULL: nothing is kept */
};

/* A device's bootstrapped association. */
struct device_gba {
    struct gba_sa sa; /* sessions of Ua read it */
    sim_ns expires, renew;
    int64_t procedure; /* in which it was made, */
    uint32_t attempt;  /* and in which attempt of that */
    key_ref ks_key;    /* KEY_NONE: there is none */
    uint8_t used;      /* by kind of procedure: a key has been made of it there */
};

/* What a device's sealing of objects needs beside Kmc, while that lives. */
struct device_object {
    uint64_t sequence; /* of the last request that was sealed under this Kmc */
    key_ref sign_key, encrypt_key;
};

/* One session of a device, and all that its prepare may change besides it. */
struct device_end {
    struct device *dev;
    struct session *session;
    struct device_end *next;  /* of those that linger */
    bool lingers;             /* done, but for answers to what is repeated */
    enum procedure_kind kind; /* of the request to write, or of the procedure it is made for */
    bool pana;                /* EAP over PANA: the core is a pana_client */
    bool gba;                 /* by GBA: the core is a client of Ua, or */
    bool ub;                  /* of Ub, before it */
    bool plain;               /* bare TCP or UDP */
    bool polls;               /* a channel's: of long polls alone */
    struct gba_sa *sa;        /* what Ub makes */
    uint32_t behind;          /* sessions at servers that were opened for it */
    struct ibe_user *ibe;     /* EAP-IBAKE's key while the session lasts; NULL: none */
    sim_ns asked;             /* since when this request is tried: its reading's time */
    bool request_wanted;      /* the next step writes a request of this kind */
    bool closing;             /* mId over CoAP: the next step says goodbye */
    bool open;                /* mId: the handshake is over */
    union {
        struct doc_bootstrap_param_set *bootstrap;
        struct doc_connection_param_set *connection;
    } result; /* of a bootstrap or connection; NULL for mId */
};

/* What has befallen a device by the scenario's events (happening.c). Times are SIM_NEVER where
 * there is nothing. */
struct fate {
    sim_ns next, lag;                 /* of the firmware under way: its next step */
    sim_ns powered;                   /* power is back from then on; not registered again yet */
    sim_ns denied;                    /* a verdict against it while it is genuine */
    uint8_t image, reference, coming; /* which of the population's images */
    bool dark;                        /* without power */
};

struct device {
    struct sim_event timer;
    struct sim_endpoint endpoint;
    struct cpu cpu;
    struct se se;
    struct device_end *end; /* at most one at a time */
    struct device_end *lingering;
    struct subscriber *subscriber;  /* NULL: its methods need none */
    struct attachment *attachment;  /* NULL: no access network is modeled */
    struct device_resume *resume;   /* of a session to be taken up again; NULL: none */
    struct device_object *object;   /* NULL: its mId has no object security */
    struct procedure *proc;         /* at most one at a time */
    struct gateway *gateway;        /* what more a gateway has (gateway.h); NULL: it is none */
    struct gate_check *gate;        /* the measurement before bootstrap, while it runs */
    struct device_channel *channel; /* NULL: nobody tells it anything */
    struct fate *fate;              /* NULL: nothing has befallen it */
    struct population *population;
    uint32_t index;
    uint8_t state;    /* enum device_state */
    uint8_t failures; /* procedures in a row that failed */
    bool attempting;  /* proc has a session at work (else it backs off) */
    bool limited;     /* by policy: nothing to store until the next attestation */
    bool registered, has_right, has_container, update_first, ever_registered;
    bool detected;      /* a verdict against it since it is tampered with */
    uint16_t mid_flags; /* as granted with Kmc (GAP C8); 0: none, or no Kmc is there */
    uint32_t kmr_index, kmc_index, sessions, mas_index, nscl_index;
    uint8_t node_id[M2M_NODE_ID_LEN];
    uint64_t connection_id;
    uint64_t stream_counter;
    sim_ns kmr_expires, kmc_expires, kmr_renew, kmc_renew, refresh_at, scl_expires, report_next;
    sim_ns wanted; /* since when the next key or registration is missing */
    sim_ns due;    /* retry, deadline or hold, as the state says */
    sim_ns idle_since;
    sim_ns tampered_at;            /* SIM_NEVER: genuine */
    struct session_traffic booked; /* of the session's flow, already */
    uint32_t draws;                /* of the "life" stream: jitters, back-offs */
    enum reason last_reason;
    key_ref kmr_key, kmc_key, kival_key, session_key;
    key_ref *kma_keys; /* of its applications, in their order; NULL: there are none, or no Kmc */
};

/* ---- the deployment ---- */
struct deployment {
    struct deployment_input in;
    struct row_sink sink;
    struct sim *sim;
    struct net *net;
    struct keyring *keys;
    struct key_pool *pool;
    struct authority *authority, *rogue;
    struct ibe_authority *ibe[IBE_SCHEMES], *rogue_ibe[IBE_SCHEMES]; /* by scheme - 1 */
    uint8_t radius_secret[16]; /* shared by every PAA and MAS */
    struct rng setup;          /* contexts and authorities draw from it */
    struct population *populations;
    struct link_state *links;
    void (*secret)(void *arg, const char *line); /* NULL: nobody keeps them */
    void *secret_arg;
    struct deployment_counts counts;
    struct procedure_slowest slowest[PROC_KINDS];
    int64_t next_procedure;
    struct sim_event sampler;
    struct happening *happenings; /* one for each event */
    struct session *retired;
    struct backend_call *calls; /* under way */
    struct local_word *words;   /* of local devices by xIP, likewise */
};

static inline sim_ns node_now(const struct deployment *d)
{
    return sim_now(d->sim);
}

/* deployment.c: some population bootstraps by EAP-TLS, so that a MAS needs a certificate. */
bool deployment_has_eap_tls(const struct deployment *d);

/* names.c */
void node_name(const struct population *p, uint32_t index, char out[NODE_NAME_MAX]);
struct rng device_stream(const struct device *dev, const char *purpose);
struct device *device_find(struct deployment *d, const char *name);
struct server *server_find(struct deployment *d, const char *fqdn);
static inline struct server *server_for(struct deployment *d, uint32_t population, uint32_t index)
{
    struct population *p = &d->populations[population];
    return &p->servers[index % p->config->count];
}
void device_kival(const struct device *dev, uint8_t out[M2M_KEY_LEN]);
/* What a device and those who know it have alike, as functions of the seed and its name: its
 * Node-ID (the one that its provider assigns or that it was provisioned with), its shared key for
 * bootstrap by GPSK and PSK, and its subscription. */
void device_node_id(const struct device *dev, uint8_t out[M2M_NODE_ID_LEN]);
void device_credential_key(const struct device *dev, uint8_t out[M2M_KEY_LEN]);
void device_subscription(const struct device *dev, char imsi[IMSI_MAX + 1], uint8_t k[16],
                         uint8_t opc[16]);
struct device *device_of_imsi(struct deployment *d, const char *imsi);

/* route.c: false with a diag when a pair that must talk has no path. */
bool route_build(struct deployment *d, struct diag_list *diags);
void route_release(struct deployment *d);
/* up: from node `index` of population `from` to population `to`; down: back. */
void route_between(struct deployment *d, uint32_t from, uint32_t index, uint32_t to,
                   struct net_route *up, struct net_route *down);
sim_ns route_look_ahead(const struct deployment *d);

/* identity.c: identity-based keys (EAP-IBAKE), with the half-year as period. The provider's
 * key-management authority gives devices theirs beforehand, and a MAS its own where there is no KMS
 * that it could ask. */
void identity_make_authorities(struct deployment *d);
void identity_free_authorities(struct deployment *d);
/* Prepare: a device's own, to be freed with ibe_user_free; NULL: its name is none. */
struct ibe_user *identity_of_device(const struct device *dev, sim_ns now);
/* Commit: a MAS's of this period, which lives as long as it; user NULL: the KMS has not given it.
 * NULL: nobody uses EAP-IBAKE. */
struct server_ibe *identity_of_server(struct server *s, sim_ns now);
/* The same without a KMS, where it has none of this period: the live mode. */
const struct ibe_user *identity_at_once(struct server *s, sim_ns now);
void identity_forget(struct server *s);

/* image.c */
void image_make(struct population *p);
void image_release(struct population *p);
bool device_is_tampered(const struct device *dev, sim_ns now);
/* By command: the newest of the population's images, with its hashes; a genuine one. */
void device_install_newest(struct device *dev);
/* Hashes the device's image as it is now and keeps the result in its secured environment. Any
 * thread. */
uint32_t device_measure(struct device *dev, sim_ns now, struct meter *m);

/* happening.c: the scenario's events. */
void happenings_make(struct deployment *d);
struct fate *device_fate(struct device *dev); /* made if there is none yet */
/* Incidents: power has failed for what was registered and will be back at `back`; it is registered
 * again; its integrity was judged; the run is over. */
void incident_power(struct device *dev, sim_ns now, sim_ns back);
void incident_served(struct device *dev, sim_ns now);
void incident_verdict(struct device *dev, sim_ns now, bool granted);
void incidents_finish(struct device *dev, sim_ns now);
/* At `at` the device has another image, and `lag` later its environment the hashes of it. */
void device_send_firmware(struct device *dev, sim_ns at, sim_ns lag, uint8_t image);
void device_take_firmware(struct device *dev, sim_ns now); /* the step that is due */

/* record.c: a procedure of any node of a population, from its beginning to its row. */
struct procedure *record_begin(struct population *p, int64_t node_id, enum procedure_kind kind,
                               const char *method, sim_ns intended, sim_ns now);
void record_end(struct deployment *d, struct procedure *proc, sim_ns now, const char *outcome,
                enum reason reason);
void record_unfinished(struct deployment *d, struct procedure *proc, sim_ns now);

/* When the next node of a population of devices starts; u: its draw. */
sim_ns device_arrival(struct population *p, double u);
/* How long to wait before the next attempt, after so many; u: a draw. */
sim_ns device_backoff(const struct cfg_device *c, uint32_t attempts, double u);

/* usage.c */
void usage_add(struct population *p, enum procedure_kind kind, const struct meter *m);
void usage_write(struct deployment *d);

/* device.c: what a device does next, and when. */
void device_init(struct device *dev, struct population *p, uint32_t index);
void device_release(struct device *dev);
/* What ends with the run: its procedure. */
void device_finish(struct device *dev, sim_ns now);
static inline int64_t device_node(const struct device *dev)
{
    return dev->population->first_node + dev->index;
}
static inline struct deployment *device_deployment(const struct device *dev)
{
    return dev->population->d;
}
/* Set the timer for whatever comes next; after every change. */
void device_arm(struct device *dev, sim_ns now);
/* The running attempt came to nothing: back off, or give the procedure up. */
void device_attempt_failed(struct device *dev, sim_ns now, enum reason reason,
                           uint32_t retry_after_s);
/* The procedure is over. */
void device_procedure_done(struct device *dev, sim_ns now, const char *outcome, enum reason reason);
void device_lose_kmc(struct device *dev, sim_ns now, const char *end_reason);
void device_lose_kmr(struct device *dev, sim_ns now, const char *end_reason);
/* A uniform draw from the device's own life. */
double device_draw(struct device *dev);
/* t moved by up to +-share of `span`. */
sim_ns device_jitter(struct device *dev, sim_ns t, sim_ns span, uint32_t share_ppm);
void device_refuse(struct device *dev, sim_ns now);
/* Power fails now, is back for everybody at `back`, and the device starts again at `start`: with
 * what its secured environment keeps beyond Kmc, which is lost with its sessions and its
 * registration. */
void device_power_off(struct device *dev, sim_ns now, sim_ns back, sim_ns start);
/* An attempt of the procedure that exists. */
void device_begin_attempt(struct device *dev, sim_ns now);

static inline bool procedure_is_mid(enum procedure_kind kind)
{
    return kind >= PROC_REGISTRATION && kind <= PROC_FORWARD;
}

/* A core's proto is its first member (proto.h). */
static inline struct mid_client *mid_client_of(struct proto *p)
{
    return (struct mid_client *)(void *)p;
}

/* personal.c: at the birth of a device that nobody bootstraps. */
void personal_provision(struct device *dev);
/* Its batch, and when that was personalised: not after the run's start. */
uint32_t personal_batch(const struct device *dev);
sim_ns personal_moment(const struct device *dev);

/* gate.c: the measurement before bootstrap (GAP C6). */
void gate_begin(struct device *dev, sim_ns now);
void gate_abandon(struct device *dev);

/* attempt.c: the device's sessions. */
void device_connect(struct device *dev, enum procedure_kind kind);
/* Bootstrap or connection, with what came of it in dev->end->result: keys and parameters are the
 * device's from now on. parent: of the key; KEY_NONE: none. */
void device_adopt_bootstrap(struct device *dev, sim_ns now, key_ref parent);
void device_adopt_connection(struct device *dev, sim_ns now, key_ref parent);
/* Says goodbye on the mId session; it goes when that is sent. false: there is nothing to say. */
bool device_close_session(struct device *dev, sim_ns now);
/* Then the procedure's end: well, unless mId is to be secured by what the device cannot do. */
void device_exchange_done(struct device *dev, sim_ns now);
void resume_free(struct device *dev); /* resume.h */
/* With its Kmc the keys that come of it end, and no session is taken up; fine if there are none. */
void device_end_objects(struct device *dev, sim_ns now, const char *end_reason);
struct credential *device_issue(struct device *dev); /* its certificate; NULL: OpenSSL would not */
struct server *device_mas(const struct device *dev);
struct server *device_nscl(const struct device *dev);
/* The procedure that an end of a device's works for, or NULL. */
struct procedure *longpoll_procedure(const struct device *dev);
static inline struct procedure *device_end_procedure(const struct device_end *e)
{
    if (e->polls)
        return longpoll_procedure(e->dev);
    return e->lingers ? NULL : e->dev->proc;
}

/* attempt_gba.c: bootstrap and connection by GBA, the device's side. */
struct device *device_of_impi(struct deployment *d, const char *impi);
/* How it speaks Ub; impi: its ISIM's, which the settings point to. */
struct ub_settings device_ub_settings(struct device *dev, gba_name impi);
/* Its subscription, or the network where it roams, has no GBA. */
bool device_gba_is_refused(const struct device *dev);
struct proto *device_make_gba(struct device_end *e, struct proto_env *env); /* prepare */
/* Before it connects: with the BSF (e->ub), or with the NAF. */
void device_gba_begin(struct device_end *e, sim_ns now);
struct server *device_gba_server(const struct device_end *e);
/* The core has come to its end, well or not. */
void device_gba_ended(struct device *dev, sim_ns now, const struct proto *core);
sim_ns device_gba_expiry(const struct device *dev); /* of Ks; SIM_NEVER: none */
void device_gba_expire(struct device *dev, sim_ns now);

/* attempt_pana.c: bootstrap and connection by EAP over PANA, the device's side. */
struct proto *device_make_pana(struct device_end *e, struct proto_env *env,
                               sim_ns now); /* prepare */
void device_pana_advanced(struct device_end *e, sim_ns now);
/* Done with, but it answers what the PAA may repeat; frees itself. */
void device_linger(struct device *dev);
void device_free_lingering(struct device_end *e);
void device_free_end(struct device_end *e);         /* at once; NULL is fine */
void device_vanish(struct device *dev, sim_ns now); /* all sessions, without a word */
static inline struct device *device_of(const struct session *s)
{
    return ((struct device_end *)session_user(s))->dev;
}
/* The session is done with: FIN and forget (retire), or at once. */
void device_drop_session(struct device *dev, sim_ns now, bool retire, const char *key_end);
/* Octets and packets since the last call go to the procedure. */
void device_book(struct device *dev);

/* request.c: what goes over mId, and what comes of the answers. */
#define DEVICE_CONTENT_TYPE "application/octet-stream"
struct device_request {
    const char *label; /* in charts */
    enum http_method method;
    char target[2 * M2M_MAX_URI];
    struct m2m_doc doc; /* DOC_NONE: no body */
    uint8_t *content;   /* that the document points to */
};
/* What this device asks in a procedure over mId, of PROC_REGISTRATION and after; any thread. env:
 * its meter and calendar. */
void device_compose(struct device *dev, struct proto_env *env, enum procedure_kind kind, sim_ns now,
                    struct device_request *out);
void device_request_release(struct device_request *r);
void device_write_request(struct device_end *e, sim_ns now);
void device_take_answer(struct device *dev, const struct mid_response *r, sim_ns now);

/* kma.c: a device's local applications, and the Kma of each (GAP C4), born and ended with the Kmc
 * that it is made of. Commit. */
void device_kma_born(struct device *dev, sim_ns now);
void device_kma_end(struct device *dev, sim_ns now, const char *end_reason);
void device_kma_used(struct device *dev, sim_ns now); /* by the running report */
/* As device_compose, with r's target and n octets of content. A contentInstance of the application
 * whose turn it is; false: the device has none, or no Kmc. */
bool device_kma_report(const struct device *dev, struct proto_env *env, sim_ns now, const char *id,
                       size_t n, struct device_request *r);

/* server.c */
enum err server_init(struct server *s, struct population *p, uint32_t index);
/* A session of any kind, its random stream given. */
struct server_end *server_end_make(struct server *s, enum end_kind kind,
                                   const struct session_ops *ops, struct rng stream);
/* The operations of a session over HTTP. */
const struct session_ops *server_http_ops(void);
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

/* backend.c: a message to another server, its work there, and the answer back (GAP C14). */
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

/* msbf.c, mas.c, nscl.c: a request that waits. */
void msbf_request(struct server_end *e, const struct server_request *r, sim_ns now);
void mas_request(struct server_end *e, const struct server_request *r, sim_ns now);
unsigned mas_psk(void *arg, struct span identity, uint8_t psk[32], enum reason *reason);
void mas_store(struct server *mas, const struct mas_record *r);
void nscl_request(struct server_end *e, const struct server_request *r, sim_ns now);
unsigned nscl_psk(void *arg, struct span identity, uint8_t psk[32], enum reason *reason);
bool nscl_grant(void *arg, struct span identity, struct mid_grant *out, enum reason *reason);

/* mid_coap.c: mId over CoAP, at the device and at the NSCL. */
void mid_coap_client(const struct device *dev, struct mid_settings *settings);
/* address: 6 octets, for as long as the settings are used. */
void mid_coap_server(const struct server_end *e, uint8_t *address,
                     struct server_settings *settings);
bool mid_coap_accept(struct udp_listener *l, struct udp_end *end, const struct udp_ops **ops,
                     void **user);

/* paa.c: MSBF and NSCL as PANA's authentication agents. */
bool paa_accept(struct udp_listener *l, struct udp_end *end, const struct udp_ops **ops,
                void **user);
/* mas_aaa.c: the MAS as authentication server of EAP, by RADIUS. */
bool aaa_accept(struct udp_listener *l, struct udp_end *end, const struct udp_ops **ops,
                void **user);
/* hss.c: triplets and vectors of a subscriber, for the MAS. */
void hss_ask(struct server_end *e, const struct eap_query *q, bool separation);
/* What its AuC answers, at once and for nothing: the work behind hss_ask, and the live mode. */
void hss_answer(struct server *hss, struct meter *m, const struct eap_query *q, bool separation,
                struct eap_answer *a);
/* The same for a BSF (Zh). */
void hss_zh(struct server_end *e, const struct zh_request *q);
/* What it answers, at once and for nothing, likewise. *a: zeros. */
void hss_zh_answer(struct server *hss, struct meter *m, const struct zh_request *q,
                   struct zh_answer *a);
/* kms.c: the key-management server, which a MAS asks for its private keys of the period that it is,
 * when a session first wants them. */
void kms_ask(struct server_end *e);
/* bsf.c: Ub, and Zn for NAFs. */
bool bsf_accept(struct flow_listener *l, struct flow_end *end, const struct flow_ops **ops,
                void **user);
void bsf_zn(struct server *bsf, struct meter *m, const struct zn_request *q, struct zn_answer *a);
void bsf_forget(struct server *bsf); /* every association, as at a restart */
/* naf.c: is this server the NAF of these clients? What a session of theirs needs for it; heap. */
bool naf_serves(const struct server *s, const struct population *clients);
struct naf_work *naf_work_new(const struct server *s, const struct population *clients);
void naf_ask(struct server_end *e, const struct zn_request *q); /* Zn */
/* mas_aaa.c: who has this permanent identity; NULL: nobody. And AKA's access network. */
struct device *mas_subscriber(struct deployment *d, const char *identity);

/* mas_reauth.c: a subscriber who was authenticated before, for bootstrap or for connection. */
struct mas_user {
    char permanent[EAP_IDENTITY_MAX + 1];
    struct eap_reauth reauth;
    uint32_t population, device;
    enum pana_usage usage;
};
/* Read the tables as of the round's start, any thread. By who it is; by pseudonym or fast
 * re-authentication identity. NULL: nobody. */
const struct mas_user *mas_user_of(const struct server *mas, const struct device *dev,
                                   enum pana_usage usage);
const struct mas_user *mas_user_named(const struct server *mas, const char *identity,
                                      enum pana_usage usage);
const struct eap_method *mas_method_of_stranger(const char *identity);
/* Commit. */
void mas_user_keep(struct server *mas, const struct device *dev, enum pana_usage usage,
                   const char *permanent, const struct eap_reauth *reauth);
void mas_users_forget(struct server *mas);
const char *mas_network_name(void);

/* live.c: the index-th device of this name, a population's or one's own. NULL: there is none. */
struct device *live_find(struct deployment *d, const char *name, uint32_t index);

#endif
