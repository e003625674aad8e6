/* How a node is set up: every value that a scenario gives a population, resolved.
 * topologies/scenario.h holds these same structs; the nodes read them in place. Indices name
 * populations; CFG_NONE where there is none. */
#ifndef MODELS_NODE_CONFIG_H
#define MODELS_NODE_CONFIG_H

#include "crypto/ibe.h"
#include "models/net/udp.h"
#include "models/proc/binding.h"
#include "models/proto/gba.h"
#include "models/proto/pana.h"
#include "models/proto/tls.h"
#include "models/proto/xmlsec.h"
#include "sim/base/dist.h"

#include <stdbool.h>

#define CFG_NONE UINT32_MAX

/* What a population is. */
enum cfg_kind {
    CFG_DEVICE,
    CFG_NSCL,
    CFG_MSBF,
    CFG_MAS,
    CFG_HSS,
    CFG_BSF,
    CFG_ACCESS,
    CFG_KMS,
    CFG_APPLICATION,
    CFG_GATEWAY,
    CFG_LOCAL /* behind a gateway, without an SCL: D' and d */
};
/* Who has keys and an SCL that it registers with an NSCL: a gateway is a device with more. */
static inline bool cfg_is_device(enum cfg_kind kind)
{
    return kind == CFG_DEVICE || kind == CFG_GATEWAY;
}
/* What applications run on, and not a server. */
static inline bool cfg_is_field(enum cfg_kind kind)
{
    return cfg_is_device(kind) || kind == CFG_LOCAL;
}
/* What each needs: method.h. */
enum cfg_bootstrap {
    CFG_BOOTSTRAP_PRE_PROVISIONED,
    CFG_BOOTSTRAP_TLS_X509,
    CFG_BOOTSTRAP_NONE, /* there is no Kmr */
    CFG_BOOTSTRAP_EAP_SIM,
    CFG_BOOTSTRAP_EAP_AKA,
    CFG_BOOTSTRAP_EAP_AKA_PRIME,
    CFG_BOOTSTRAP_EAP_TLS,
    CFG_BOOTSTRAP_EAP_GPSK,
    CFG_BOOTSTRAP_EAP_PSK,
    CFG_BOOTSTRAP_EAP_IBAKE,
    CFG_BOOTSTRAP_GBA_ME,
    CFG_BOOTSTRAP_GBA_U
};
enum cfg_connect {
    CFG_CONNECT_TLS_PSK,
    CFG_CONNECT_EAP_GPSK,
    CFG_CONNECT_EAP_PSK,
    CFG_CONNECT_EAP_SIM,
    CFG_CONNECT_EAP_AKA,
    CFG_CONNECT_EAP_AKA_PRIME,
    CFG_CONNECT_GBA,
    CFG_CONNECT_NONE /* mId relies on the access network; there is no Kmc */
};
/* How a NAF of GBA is spoken with. */
enum cfg_ua {
    CFG_UA_DIGEST, /* HTTP Digest on bare TCP */
    CFG_UA_PSK_TLS
};
enum cfg_store { CFG_STORE_DEVICE, CFG_STORE_UICC }; /* of a Kmr from manufacture */
/* What secures mId: a set of these bits; none of them: the access network alone. */
enum cfg_security {
    CFG_SECURITY_NONE = 0,
    CFG_SECURITY_CHANNEL = 1,
    CFG_SECURITY_SIGN = 2,   /* of objects: XML-DSIG, */
    CFG_SECURITY_ENCRYPT = 4 /* XML-ENC */
};
/* Sets in an order. */
struct cfg_sets {
    uint32_t count;
    uint32_t set[8];
};
enum cfg_shape { CFG_ARRIVAL_UNIFORM, CFG_ARRIVAL_POISSON, CFG_ARRIVAL_BURST, CFG_ARRIVAL_RAMP };
enum cfg_backoff { CFG_BACKOFF_CONSTANT, CFG_BACKOFF_LINEAR, CFG_BACKOFF_EXPONENTIAL };
enum cfg_jitter { CFG_JITTER_NONE, CFG_JITTER_EQUAL, CFG_JITTER_FULL };
enum cfg_verdict { CFG_ALLOW, CFG_LIMIT, CFG_DENY };
enum cfg_channel { CFG_CHANNEL_NONE, CFG_CHANNEL_LONG_POLL }; /* to a device behind NAT */
enum cfg_command { CFG_COMMAND_RESET, CFG_COMMAND_FIRMWARE };
enum cfg_actuate { CFG_ACTUATE_SET, CFG_ACTUATE_GET }; /* UPDATE of an actuator's state; RETRIEVE */
enum cfg_read { CFG_READ_LATEST, CFG_READ_OLDEST };    /* which contentInstance */
enum cfg_interface { CFG_DIA, CFG_XIP }; /* of a local device with its gateway: D', d */

#define CFG_RCATS 8 /* request categories (TS 102 921; etsi-m2m.md 8.2): 0 .. 7 */

struct cfg_tls {
    enum tls_suite suite;
    enum tls_version version;
    enum tls_group group;
};

struct cfg_device { /* kinds: device, gateway, local */
    struct {
        enum cfg_bootstrap method;
        struct cfg_tls tls;
        uint32_t msbf;          /* index of the population that serves it */
        uint32_t wrong_ca_ppm;  /* share whose certificate, or identity-based key, is from another
                                   authority */
        uint32_t expired_ppm;   /* share for whom it has expired before the run */
        uint32_t wrong_key_ppm; /* share whose shared key is not the one the provider has */
        unsigned gpsk_suite;    /* 1, 2; 0: whichever both like best */
        enum ibe_scheme ibe;    /* of eap-ibake */
    } bootstrap;
    struct {
        enum cfg_connect method;
        struct cfg_tls tls; /* tls-psk: ECDHE-PSK suites */
        uint32_t mas;
        uint32_t
            wrong_key_ppm; /* share whose Kmr is not the one the MAS has (pre-provisioned only) */
        unsigned gpsk_suite;
    } connect;
    struct {                    /* of those whose methods need one */
        uint32_t wrong_key_ppm; /* share whose K is not the one the HSS has */
        uint32_t ahead_ppm;     /* share whose sequence numbers are ahead of the HSS's */
        bool gba_u;             /* connect gba, when no bootstrap by GBA says so: it knows GBA_U */
    } uicc;
    struct {                /* of those whose methods are by GBA */
        struct cfg_tls tls; /* PSK-TLS: PSK suites */
        uint32_t bsf;
        enum gba_application application;
        enum cfg_ua ua;
        enum gba_key key;     /* GBA_U: Ks_int_NAF or Ks_ext_NAF */
        uint32_t refused_ppm; /* share whose subscription has no GBA, at home or where they roam */
        bool reuse;           /* a Ks serves until it is due for renewal, not once for each NAF */
    } gba;
    struct {                  /* of those with a Kmr from manufacture */
        enum cfg_store store; /* the device's own secured environment, or its UICC */
        uint32_t batches;
        sim_ns age;      /* of the first batch, when the run begins */
        sim_ns interval; /* from one batch's personalisation to the next one's */
    } personal;
    struct {                         /* of those that attach to an access network */
        uint32_t at;                 /* its core; CFG_NONE: they do not */
        sim_ns irt, mrt;             /* of a message's repetition */
        sim_ns guard;                /* T3410: of an attempt */
        uint32_t barred_ppm;         /* share that the home network does not let in */
        uint32_t roaming_barred_ppm; /* share that it does not let into this network */
    } access;
    struct {
        uint32_t security;         /* set of enum cfg_security: what it wishes */
        uint32_t capable;          /* and all that it can do */
        enum xmlsec_cipher cipher; /* of object encryption */
        struct cfg_tls tls;        /* PSK suites */
        uint32_t nscl;
        sim_ns ack_timeout; /* CoAP: of the device; default 2 s */
        enum binding binding;
        enum cfg_channel channel;
        sim_ns idle; /* session closes after so long without a request; default 30 s; SIM_NEVER */
        enum tls_resume resume; /* a later session takes an earlier one up */
        sim_ns resume_for;      /* so long behind that one's whole handshake; default 24 h */
    } mid;
    struct {
        bool capable;              /* default true */
        uint32_t components;       /* of the image, 1..32; default 4 */
        uint32_t component_octets; /* each; default 16 KiB */
        uint32_t tampered_ppm;
        struct dist tampered_at; /* when, from the device's start; constant 0: from manufacture */
        bool gate; /* a tampered device found before bootstrap does not start; default false: it
                      starts, and the policy of the NSCL decides */
    } ival;
    struct {
        sim_ns kmr, kmc;           /* lifetimes */
        uint32_t renew_at_ppm;     /* of the lifetime; default 85 % (GAP C5) */
        uint32_t renew_jitter_ppm; /* +- ; default 5 % */
        uint32_t applications;     /* each with a Kma of its own; default 0 */
    } keys;
    struct {
        enum cfg_shape shape;
        sim_ns over;  /* uniform, ramp: span; burst: span of the burst; poisson: 0 */
        sim_ns mean;  /* poisson: mean between arrivals of the population */
        sim_ns start; /* the first may come then; default 0 */
    } arrivals;
    struct {
        sim_ns every;        /* 0: no reports */
        uint32_t octets;     /* of content, before base64 */
        uint32_t keep;       /* maxNrOfInstances of the container they go to; default 1000 */
        uint32_t jitter_ppm; /* of `every` */
        uint32_t rcat;       /* gateway, local: of each reading; 7 is the most urgent */
        sim_ns trpdt;        /* and how long it may wait at the gateway; 0: it may not */
    } report;
    struct {                    /* gateway: what waits for the NSCL (etsiM2mSpPolicy) */
        uint32_t max_requests;  /* maxPendReqs */
        uint32_t max_octets;    /* maxPendData: of content */
        uint32_t urgent;        /* from this category on nothing waits */
        sim_ns window_every;    /* the link is for use at multiples of it; 0: always */
        sim_ns window_open;     /* and so long */
        uint32_t blocked_after; /* failed attempts to forward, then none (blockPeriods); 0: never */
        sim_ns blocked_for;     /* for so long */
        uint32_t max_instances; /* of its own containers whose creator says nothing; 0: no bound */
    } store;
    bool announce; /* gateway, local: of its application and container an *Annc at the NSCL */
    struct {       /* local */
        uint32_t behind;
        enum cfg_interface interface;
    } local;
    struct { /* local: an application with an aPoC */
        bool listen;
        sim_ns takes; /* until what is asked is done */
    } apoc;
    struct {
        sim_ns lifetime;         /* expirationTime asked for; default 24 h */
        uint32_t refresh_at_ppm; /* default 50 % */
        bool deregister_at_end;  /* DELETE <scl> shortly before `until`; default false */
    } registration;
    struct {
        enum cfg_backoff backoff;
        sim_ns base, cap;
        enum cfg_jitter jitter;
        uint32_t attempts;   /* per procedure; 0: for ever */
        struct dist restart; /* from power's return to the device's first step; constant 0 */
    } retry;
    struct {
        sim_ns procedure; /* whole attempt; default 120 s */
    } timeout;
};

struct cfg_rule { /* one line of ival_policy, in order; the first that matches decides */
    char name[32];
    uint32_t mask, value; /* matches when (result & mask) == value */
    enum cfg_verdict verdict;
    uint32_t allowed_services; /* limit: capability bits that stay */
};

/* A network application, at an NSCL over mIa; or one on a device of its own, over dIa. */
struct cfg_application {
    uint32_t behind;  /* the gateways that it is behind; CFG_NONE: it is at an NSCL */
    uint32_t devices; /* the population whose containers it is about; CFG_NONE: nobody's */
    uint32_t follow;  /* the population of kind local to whose containers it subscribes at their
                         gateways; CFG_NONE: nobody's */
    bool subscribe;   /* to each of their containers */
    sim_ns start;     /* it registers then */
    sim_ns spacing;   /* minimalTimeBetweenNotifications; 0: each is told */
    sim_ns retry;     /* until it asks again for what was refused or not there yet */
    sim_ns timeout;   /* of a request */
    struct {
        sim_ns every; /* each container once in so long; 0: never */
        enum cfg_read what;
    } read;
    struct {
        sim_ns every;       /* a round of commands once in so long; 0: never */
        uint32_t share_ppm; /* of the devices, in each round */
        enum cfg_command what;
    } command;
    struct {
        uint32_t actuators; /* the population of kind local that it is about; CFG_NONE: nobody */
        sim_ns every;       /* each of them once in so long; 0: never */
        uint32_t octets;    /* of what is set */
        enum cfg_actuate what;
    } actuate;
};

struct cfg_server {        /* kinds of servers */
    uint32_t workers;      /* default 4 */
    uint32_t queue;        /* most jobs waiting; default 1000 */
    uint32_t max_sessions; /* open TCP connections; beyond: refused; default 100,000 */
    uint32_t backlog_busy; /* queue length from which new requests get 503; default = queue */
    sim_ns retry_after;    /* told with 503; default 30 s */
    char fqdn[128];        /* default NAME.m2m.example */
    bool ival;             /* nscl: supports IVal; default true */
    struct cfg_rule rules[16];
    uint32_t rule_count;
    enum cfg_verdict otherwise;                /* default allow */
    sim_ns ival_window;                        /* accepted age of secureTimeStamp; default 300 s */
    sim_ns registration_min, registration_max; /* clamp of expirationTime; 1 min, 10 y */
    sim_ns poll_timer;     /* nscl: how long it holds a long poll; default 5 min */
    struct {               /* nscl */
        sim_ns ticket_key; /* how long a key seals tickets; opens them twice as long */
        uint32_t sessions; /* most that it keeps, of those with ids */
    } resumption;
    sim_ns hand_on_timeout;  /* nscl: until a request that it has handed on is answered 504; 30 s */
    uint32_t max_instances;  /* nscl: of a container that does not say; default 10; 0: no bound */
    sim_ns certificate_life; /* msbf, mas; default 5 y */
    uint32_t mas, nscl;      /* msbf: its MAS; mas: its NSCL; cfg_none where not */
    uint32_t hss;            /* mas, bsf, access: its HSS; cfg_none where nobody needs one */
    uint32_t kms;            /* mas: who gives it its keys of EAP-IBAKE; cfg_none: it has them */
    char sp_id[128];         /* msbf, nscl: the provider that they say they are (PANA's SP-ID) */
    sim_ns latency;          /* hss, kms: beside its processor's work, until it answers */
    sim_ns key_lifetime;     /* of Ks. bsf: where the HSS says none; hss: by GUSS, 0: none */
    struct cfg_application application; /* application: with nscl, its NSCL */
    sim_ns attach_life; /* access: how long an attach is good for, as the device is told */
    /* mas: sets of enum cfg_security that it grants for mId, in the provider's order; none:
     * whatever is wished */
    struct cfg_sets mid_security;
};

/* EAP over PANA and RADIUS, at every end. */
struct cfg_eap {
    struct pana_timers pana;
    sim_ns pana_linger; /* of a PaC behind its success: its last answer may be lost; 30 s */
    bool pana_encrypt;  /* ETSI's AVPs of the last PAR encrypted (RFC 6786); default true */
    sim_ns radius_irt, radius_mrt, radius_mrd; /* 2 s, 16 s, 30 s (RFC 5080 2.2.1) */
    uint32_t radius_mrc;                       /* transmissions; 5 */
    sim_ns radius_linger; /* how long a MAS answers repeated requests after its verdict; 10 s */
    uint32_t mtu;         /* longest EAP packet; 1,020 */
    bool reauth;          /* SIM, AKA, AKA': pseudonyms and fast re-authentication; default false */
    struct udp_params udp;
};

struct cfg_record {
    bool procedures, keys;       /* default true */
    uint32_t message_sample_ppm; /* share of procedures whose messages are kept; default 0.1 % */
    uint32_t message_first;      /* and the first n of each kind; default 3 */
    uint32_t message_slowest;    /* and of each that was among the n slowest of its kind when it
                                    ended; default 5 */
    bool failed_messages;        /* and of every failed one; default true */
    sim_ns series_every;         /* default 10 s; 0: none */
};

#endif
