/* What a deployment lends to the live mode, without being run: what its devices prove themselves
 * with in EAP at bootstrap and in GBA, and what its MAS, BSF and HSS know of them, with the same
 * octets as in a run; and what its NSCL answers. All on one thread; virtual time stands at 0, so
 * let epoch_unix_ns be the present. */
#ifndef MODELS_NODE_LIVE_H
#define MODELS_NODE_LIVE_H

#include "models/node/deployment.h"
#include "models/node/procedure.h"
#include "models/node/registrar.h"
#include "models/proc/client.h"
#include "models/proc/ub.h"
#include "models/proto/eap.h"

#define LIVE_NAME_MAX 160

/* The first MAS's EAP server. Borrowed from the deployment. */
struct live_server {
    const char *fqdn;
    uint64_t devices;               /* that bootstrap by EAP */
    struct eap_server_settings eap; /* server_id, network_name, mtu, tls, credential, ibe */
};
/* false: the scenario has no MAS. */
bool deployment_live_server(struct deployment *d, struct live_server *out);
/* What an EAP server asks of its node: who that is, and vectors of the HSS's AuC. Whom the scenario
 * does not know: REASON_EAP_IDENTITY. */
void deployment_live_answer(struct deployment *d, struct proto_env *env,
                            const struct eap_query *query, struct eap_answer *out);

/* One device's EAP peer. */
struct live_device {
    char name[LIVE_NAME_MAX];
    const struct eap_method *method;
    struct se *se;                 /* the device's own; borrowed */
    struct eap_peer_settings peer; /* points into this and the deployment; its credential belongs
                                      to the peer that is made of it, as eap_peer_new has it */
    struct ibe_user *ibe;
};
/* Devices of this name: 1, or as many as the population of this name has; 0: there is none. */
uint32_t deployment_live_count(const struct deployment *d, const char *name);
/* The index-th of them. ERR_NOT_FOUND: no such device; ERR_UNSUPPORTED: it does not bootstrap by
 * EAP; ERR_CRYPTO. */
enum err deployment_live_device(struct deployment *d, const char *name, uint32_t index,
                                struct live_device *out) MUST_USE;
/* After its peer, if there was one; with `credential` what the peer would have taken over. Zeros
 * are fine. */
void live_device_release(struct live_device *device, bool credential);

/* ---- GBA ---- */

/* The first BSF. Borrowed from the deployment. */
struct live_gba_server {
    const char *fqdn;
    sim_ns key_lifetime; /* where the HSS names none */
    uint64_t devices;    /* that it serves */
};
/* false: the scenario has no BSF. */
bool deployment_live_bsf(struct deployment *d, struct live_gba_server *out);
/* What the HSS of that BSF answers. */
void deployment_live_zh(struct deployment *d, struct proto_env *env,
                        const struct zh_request *request, struct zh_answer *out);

/* One device's UE. */
struct live_ue {
    char name[LIVE_NAME_MAX];
    gba_name impi;         /* whichever application it uses */
    gba_name isim;         /* settings point to it */
    struct ub_settings ub; /* points into this and the deployment, which has the card */
};
/* The index-th device of this name, as of deployment_live_count. ERR_NOT_FOUND: no such device;
 * ERR_UNSUPPORTED: none of its methods is by GBA. */
enum err deployment_live_ue(struct deployment *d, const char *name, uint32_t index,
                            struct live_ue *out) MUST_USE;

/* ---- mId ----
 * Nobody has bootstrapped where nothing is run, so every device has a service connection from the
 * start, as a function of seed and name: Connection-ID (63 bits) from its stream "live
 * Connection-ID", Kmc from "live Kmc", Kmc index 1. Node-ID and K_IVal are those of a run; Kmc's
 * lifetime counts from epoch_unix_ns. */

/* The first NSCL, which serves all devices of its population's. Borrowed from the deployment. */
struct live_nscl_facts {
    const char *fqdn;
    uint64_t devices;
    /* What its devices of HTTP speak TLS with, each suite once, and then what else etsi-m2m.md 6
     * names. Over CoAP it is DTLS 1.2 with the two suites of CCM. */
    enum tls_suite suites[TLS_SUITE_COUNT];
    size_t suite_count;
    sim_ns poll_timer;        /* how long a long poll is held */
    sim_ns hand_on_timeout;   /* how long another SCL has for its answer */
    enum tls_version version; /* of its devices; 1.2 where they differ */
    enum tls_group group;
    /* Of the first of its populations that resumes sessions, and its own. */
    enum tls_resume resume;
    uint32_t resumption_sessions;
    sim_ns resume_for, ticket_key;
};
/* Gives it the records of its devices. false: the scenario has no NSCL. */
bool deployment_live_nscl(struct deployment *d, struct live_nscl_facts *out);
/* An SCL that is not of the scenario. record: its times count from epoch_unix_ns. */
void deployment_live_stranger(struct deployment *d, const struct scl_record *record);
/* TLS's question for a Kmc, as registrar_psk; and what was granted to who came under that identity,
 * or with a certificate that names his SCL-ID (mid_grant_find). */
unsigned deployment_live_psk(struct deployment *d, struct span identity, int64_t unix_ns,
                             uint8_t psk[32], enum reason *reason);
bool deployment_live_grant(struct deployment *d, struct span identity, int64_t unix_ns,
                           struct mid_grant *out, enum reason *reason);
/* The answer to a request of the SCL that TLS or the request's seal authenticated, by PSK identity
 * or as the SCL-ID of a certificate. From nobody (peer_name "") those of the scenario's devices are
 * taken whose mid.security is none. m2m_doc_release of out's document is the caller's.
 *
 * What is for another SCL that holds long polls on its channel goes there: a number that is not 0,
 * and out is no answer; a LIVE_SAYS_ANSWER of that number is, after hand_on_timeout at the latest.
 * 0: out is the answer. */
uint64_t deployment_live_request(struct deployment *d, struct meter *m,
                                 const struct server_request *request, int64_t unix_ns,
                                 struct registrar_answer *out);
/* The same over mIa, of an application: as registrar_application. */
uint64_t deployment_live_application(struct deployment *d, struct meter *m,
                                     const struct server_request *request, int64_t unix_ns,
                                     struct registrar_answer *out);
/* Nobody waits for that answer any more; 0 is fine. */
void deployment_live_forget_handed(struct deployment *d, uint64_t number);

/* What the tree has to say to others. Commands it puts into the channels of the devices itself;
 * announcements, and members of groups elsewhere, are dropped: nobody is asked for them. */
enum live_saying_kind {
    LIVE_SAYS_NOTHING,
    LIVE_SAYS_OBSERVER, /* the resource changed of an observation, by its number */
    LIVE_SAYS_CONTACT,  /* NOTIFY, to a contact's URI */
    LIVE_SAYS_POLL,     /* the answer to the long poll that was held first of those for a target */
    LIVE_SAYS_ANSWER    /* the answer to what was handed on, by its number */
};
struct live_saying {
    enum live_saying_kind kind;
    uint64_t number;
    const char *target;             /* of an answer the resourceURI; "": there is none */
    struct m2m_rep *representation; /* may be taken from here, but for LIVE_SAYS_POLL */
    enum m2m_status status;         /* of an answer */
    enum reason why;                /* of an answer that nobody gave; REASON_NONE: it was given */
    struct scl_tree_output *output; /* who owns all that; NULL: the deployment */
};
/* The next, with what is due by now; false: nothing. Each ends with live_saying_done, told: it went
 * out. */
bool deployment_live_says(struct deployment *d, int64_t unix_ns, struct live_saying *out);
void live_saying_done(struct deployment *d, struct live_saying *s, bool told, int64_t unix_ns);
/* When something is due next, without a request; SCL_TREE_NEVER. */
int64_t deployment_live_due(struct deployment *d);

/* Who observes a resource over CoAP has a subscription below it, or below the collection of its
 * latest and oldest (etsi-m2m.md 8.3): in the name of whoever asked for `request`, which was
 * answered well. number: for the contact. false: refused, there is none. */
struct live_observation {
    char target[M2M_MAX_URI], requesting_entity[M2M_MAX_URI], peer_name[M2M_MAX_URI];
    char subscription[M2M_MAX_URI];
    uint64_t number;
};
bool deployment_live_observe(struct deployment *d, struct meter *m,
                             const struct server_request *request, int64_t unix_ns, uint64_t number,
                             struct live_observation *out);
/* What its resource is now; as deployment_live_request. */
void deployment_live_observed(struct deployment *d, struct meter *m,
                              const struct live_observation *o, int64_t unix_ns,
                              struct registrar_answer *out);
void deployment_live_forget(struct deployment *d, struct meter *m, const struct live_observation *o,
                            int64_t unix_ns);

/* For NSCLs whose clients come with certificates: the scenario's authority (NULL: no device of it
 * needs one) and what it issues, with the deployment's keys. */
const struct authority *deployment_live_authority(const struct deployment *d);
enum err deployment_live_certificate(struct deployment *d, const char *name, bool server,
                                     struct credential **out) MUST_USE;

/* One device's DSCL. */
struct live_scl {
    char name[LIVE_NAME_MAX], scl_id[M2M_MAX_URI], identity[M2M_PSK_IDENTITY_MAX];
    struct mid_settings
        mid; /* the binding is the scenario's; points into this and the deployment */
    uint8_t kmc[M2M_KEY_LEN];
    struct se *se;       /* the device's own, with its Kmc; borrowed */
    sim_ns report_every; /* 0: it reports nothing */
    sim_ns poll_timer;   /* how long its NSCL holds a long poll */
    sim_ns resume_for;   /* how long a session may be taken up again; 0: none is */
    struct device *device;
};
/* The index-th device of this name, as of deployment_live_count. ERR_NOT_FOUND: no such device;
 * ERR_UNSUPPORTED: it is no DSCL of the first NSCL's. Wipe it with explicit_bzero. */
enum err deployment_live_scl(struct deployment *d, const char *name, uint32_t index,
                             struct live_scl *out) MUST_USE;
/* Asks c what this device asks in a procedure over mId (PROC_REGISTRATION and after), with content
 * that is called "r<serial>". false: as mid_client_request. */
bool live_scl_ask(struct live_scl *s, struct mid_client *c, struct proto_env *env, sim_ns now,
                  enum procedure_kind kind, uint64_t serial);

/* What a device that is registered must make or report before anything else: its accessRight for
 * applications, and of one with a notification channel that, its mgmtCmds, the end of a command and
 * its answer to what others asked it (PROC_RESPONSE, which keeps it from no poll); PROC_KINDS:
 * nothing. That was done, or is there already. Nothing of it is below a new <scl>. */
enum procedure_kind live_scl_wants(const struct live_scl *s);
void live_scl_made(struct live_scl *s, enum procedure_kind kind);
bool live_scl_is_settled(struct live_scl *s, enum procedure_kind kind, enum reason reason);
void live_scl_is_new(struct live_scl *s);

/* Long polls, with `mid.channel: long-poll`: on a session of their own whose settings have
 * `representations`. What comes in the answer may be a command: true, and the device stops for
 * live_scl_execute, after which it reports. It may be a request of somebody else's, which its DSCL
 * answers (as in a run: it has nothing that others could ask for); live_scl_wants says so. m: of
 * the session on which it came. */
bool live_scl_polls(const struct live_scl *s);
bool live_scl_poll(struct live_scl *s, struct mid_client *c, sim_ns now);
bool live_scl_hears(struct live_scl *s, const struct m2m_rep *notify, struct meter *m, sim_ns now);
sim_ns live_scl_execute(struct live_scl *s, sim_ns now);

#endif
