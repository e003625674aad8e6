/* What the files of EAP-SIM, EAP-AKA and EAP-AKA' share: the two halves. What the three methods
 * have in common is in eap_simaka_*.c; SIM's own messages are in eap_sim.c, those of AKA and AKA'
 * in eap_aka_peer.c and eap_aka_server.c. */
#ifndef MODELS_PROTO_EAP_SIMAKA_IMPL_H
#define MODELS_PROTO_EAP_SIMAKA_IMPL_H

#include "models/proto/eap_method.h"
#include "models/proto/eap_simaka_attr.h"
#include "models/proto/eap_simaka_id.h"
#include "models/proto/eap_simaka_keys.h"

#define SIM_VERSION        1 /* RFC 4186 10.2 */
#define SIM_MIN_CHALLENGES 2 /* RFC 4186 10.9 */
#define KDF_CK_PRIME       1 /* RFC 9048 3.3 */
#define MAX_VERSION_LIST   64
#define AMF_SEPARATION     0x80 /* of AMF's first octet, TS 33.402 6.2 */

/* Which identity a request asks for. A later request in an exchange asks for more (RFC 4187 9.1,
 * RFC 4186 9.1), so the order matters; ASK_NOTHING is a SIM/Start for the nonce alone, after which,
 * as after ASK_PERMANENT, none may follow. */
enum simaka_ask { ASK_NONE_YET, ASK_ANY, ASK_FULLAUTH, ASK_PERMANENT, ASK_NOTHING };
#define ASK_RANK(ask) ((ask) == ASK_NOTHING ? ASK_PERMANENT : (ask))

/* The AKA-Identity packets of an exchange, for AT_CHECKCODE (RFC 4187 10.13): three rounds at most.
 */
#define MAX_ID_PACKETS (6 * EAP_MTU)

enum simaka_peer_phase {
    PEER_IDENTIFYING,   /* nothing is proved yet */
    PEER_AUTHENTICATED, /* the server is; we said so */
    PEER_NOTIFIED       /* the one notification round was had */
};
enum simaka_peer_answer {
    ANSWER_NOTHING,
    ANSWER_IDENTITY,
    ANSWER_CHALLENGE,
    ANSWER_KDF,
    ANSWER_SYNCHRONIZATION_FAILURE,
    ANSWER_AUTHENTICATION_REJECT,
    ANSWER_REAUTHENTICATION,
    ANSWER_NOTIFICATION,
    ANSWER_CLIENT_ERROR
};

struct simaka_peer {
    struct eap_half half;
    enum simaka_kind kind;
    struct eap_peer_context *c;
    enum simaka_peer_phase phase;
    enum simaka_peer_answer answer; /* what build says next */
    enum simaka_client_error error;
    enum simaka_ask asked; /* by the last request for an identity */
    struct buf id_packets;
    struct simaka_keys keys;

    struct eap_reauth old;    /* of the fast re-authentication identity that was sent */
    struct eap_reauth before; /* this exchange: what comes back when it fails after all */
    bool offered;             /* it was the last identity sent: a re-authentication may follow */
    bool reauth;              /* this exchange is one */
    bool too_small;
    uint16_t counter;
    uint8_t nonce_s[SIMAKA_NONCE];

    bool result_ind; /* AT_RESULT_IND on both sides */
    bool checkcode;  /* the server sent AT_CHECKCODE: so do we */
    bool protect;    /* the notification had a MAC: so has its answer */

    struct { /* SIM */
        uint8_t nonce_mt[SIMAKA_NONCE], versions[MAX_VERSION_LIST];
        size_t versions_n;
        bool has_nonce;
        uint8_t sres[SIMAKA_MAX_RAND * 4], sres_n;
    } sim;
    struct { /* AKA */
        uint8_t res[16], res_n, auts[14];
        unsigned resyncs;
        uint16_t kdf[SIMAKA_MAX_KDF]; /* AKA': the list of the last challenge */
        size_t kdf_count;
        bool kdf_asked; /* another one than the first was asked for */
    } aka;
};

/* A Client-Error is the answer, and the half has failed. */
void simaka_peer_refuse(struct simaka_peer *p, enum simaka_client_error error, enum reason reason);
/* The server is authenticated; nested: what AT_ENCR_DATA held, or NULL. session: what identifies
 * the session beside the method's type. */
void simaka_peer_accept(struct simaka_peer *p, const struct simaka_message *m,
                        const struct simaka_message *nested, const struct span *session,
                        size_t session_n);
/* Identities: the one last sent may bring a fast re-authentication; a request, a response; what is
 * kept for the next time, and undone. */
void simaka_peer_offer(struct simaka_peer *p);
void simaka_peer_identity(struct simaka_peer *p, const struct simaka_message *m);
bool simaka_peer_build_identity(struct simaka_peer *p, uint8_t id, struct buf *out);
void simaka_peer_keep(struct simaka_peer *p, const struct simaka_message *nested);
void simaka_peer_give_back(struct simaka_peer *p);
/* Whether AT_CHECKCODE, when it is there, is right. */
bool simaka_peer_checkcode_ok(struct simaka_peer *p, const struct simaka_message *m);

void simaka_put_checkcode(struct simaka_writer *w, enum simaka_kind kind, struct meter *meter,
                          const struct buf *id_packets);
bool simaka_checkcode_ok(enum simaka_kind kind, struct meter *meter, const struct buf *id_packets,
                         const struct simaka_message *m);
void simaka_session_id(struct eap_keys *keys, enum simaka_kind kind, const struct span *pieces,
                       size_t n);
struct eap_half *simaka_peer_new(enum simaka_kind kind, const struct eap_half_ops *ops,
                                 struct proto_env *env, struct eap_peer_context *c);
void simaka_peer_process(struct eap_half *h, sim_ns now, const struct eap_packet *in);
bool simaka_peer_build(struct eap_half *h, sim_ns now, uint8_t id, struct buf *out);
void simaka_peer_free(struct eap_half *h);

/* SIM's own. start: false: refused. */
bool sim_peer_start(struct simaka_peer *p, const struct simaka_message *m);
void sim_peer_draw_nonce(struct simaka_peer *p);
void sim_peer_challenge(struct simaka_peer *p, const struct simaka_message *m);
bool sim_peer_build_challenge(struct simaka_peer *p, uint8_t id, struct buf *out);
/* AKA's own. */
void aka_peer_challenge(struct simaka_peer *p, const struct simaka_message *m);
bool aka_peer_build(struct simaka_peer *p, uint8_t id, struct buf *out);

enum simaka_server_phase {
    SERVER_STARTING,
    SERVER_IDENTIFYING,
    SERVER_CHALLENGING,
    SERVER_REAUTHENTICATING,
    SERVER_NOTIFYING,
    SERVER_ENDED
};

struct simaka_server {
    struct eap_half half;
    enum simaka_kind kind;
    struct eap_server_context *c;
    enum simaka_server_phase phase;
    enum simaka_ask asking;      /* by the last request for an identity */
    enum eap_query_kind waiting; /* for what answer of the node */
    struct buf id_packets;
    struct buf id_request; /* the last one, until its response is there */
    struct simaka_keys keys;

    char imsi[IMSI_MAX + 1]; /* "": not known */
    struct eap_reauth kept;  /* the node's, of this user; method 0: none */
    enum reason verdict;
    char pseudonym[EAP_IDENTITY_MAX + 1]; /* handed out; "": none */
    char reauth_id[EAP_IDENTITY_MAX + 1];
    bool reauth; /* the exchange is a fast re-authentication */
    uint16_t counter;
    uint8_t nonce_s[SIMAKA_NONCE];
    uint8_t session[SIMAKA_MAX_RAND * 16 + SIMAKA_NONCE];
    size_t session_n;

    bool result_ind; /* the peer agreed */
    enum simaka_notification notification;

    struct { /* SIM */
        uint8_t nonce_mt[SIMAKA_NONCE];
        bool has_nonce;
        struct gsm_triplet triplets[SIMAKA_MAX_RAND];
        size_t count;
    } sim;
    struct { /* AKA */
        struct umts_vector vector;
        bool resynced;
    } aka;
};

/* A failure that the peer is told of first (RFC 4187 6.3.2), or success. */
void simaka_server_notify(struct simaka_server *s, enum simaka_notification code,
                          enum reason reason);
/* The peer is authenticated by its response `m`. */
void simaka_server_accept(struct simaka_server *s, const struct simaka_message *m);
/* Asks the node; build waits. */
void simaka_server_query(struct simaka_server *s, enum eap_query_kind kind);
void simaka_server_set_phase(struct simaka_server *s, enum simaka_server_phase phase,
                             const char *why);
/* Identities: what the node knows of the one that the peer told; ask for one; go on with it; ask
 * for a vector or triplets of a known subscriber; a response, a request. */
void simaka_server_learn(struct simaka_server *s, const struct eap_answer *a);
void simaka_server_ask(struct simaka_server *s);
void simaka_server_route(struct simaka_server *s);
void simaka_server_authenticate(struct simaka_server *s);
void simaka_server_identity(struct simaka_server *s, const struct simaka_message *m);
bool simaka_server_build_identity(struct simaka_server *s, uint8_t id, struct buf *out);
/* AT_IV and AT_ENCR_DATA with new identities, when any are to be handed out. */
void simaka_server_put_next(struct simaka_server *s, struct simaka_writer *w);
void simaka_server_session(struct simaka_server *s, struct span a, struct span b);
struct eap_half *simaka_server_new(enum simaka_kind kind, const struct eap_half_ops *ops,
                                   struct proto_env *env, struct eap_server_context *c);
void simaka_server_process(struct eap_half *h, sim_ns now, const struct eap_packet *in);
bool simaka_server_build(struct eap_half *h, sim_ns now, uint8_t id, struct buf *out);
void simaka_server_answer(struct eap_half *h, sim_ns now, const struct eap_answer *a);
void simaka_server_free(struct eap_half *h);

/* SIM's own. */
bool sim_server_start(struct simaka_server *s, const struct simaka_message *m);
void sim_server_triplets(struct simaka_server *s, const struct eap_answer *a);
struct span sim_version_list(void); /* what AT_VERSION_LIST holds */
void sim_server_challenge(struct simaka_server *s, const struct simaka_message *m);
bool sim_server_build_challenge(struct simaka_server *s, uint8_t id, struct buf *out);
/* AKA's own. */
void aka_server_vector(struct simaka_server *s, const struct eap_answer *a);
void aka_server_challenge(struct simaka_server *s, const struct simaka_message *m);
void aka_server_resync(struct simaka_server *s, const struct simaka_message *m);
bool aka_server_build_challenge(struct simaka_server *s, uint8_t id, struct buf *out);

#endif
