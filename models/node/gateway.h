/* Private to models/node: gateways, and the devices behind them that have no SCL of their own. A
 * gateway is a device (bootstrap, connection, registration) with a GSCL: a resource tree that local
 * applications store into, and what of it goes on to the NSCL, in its own time (etsi-m2m.md 1, 8.1:
 * store-and-forward). */
#ifndef MODELS_NODE_GATEWAY_H
#define MODELS_NODE_GATEWAY_H

#include "models/node/dia_end.h"
#include "models/node/request.h"
#include "models/proc/scl_tree.h"

#define GATEWAY_BASE         "m2m"
#define GATEWAY_APPLICATIONS "/" GATEWAY_BASE "/applications"
#define GATEWAY_CONTAINER    "readings" /* of each local application */
#define GATEWAY_OWN          "ga"       /* App-ID of the gateway's own application */
#define READING_ID           24

/* What a delivery has cost so far, each part of it in its turn: over dIa, waiting, over mId. */
struct delivery_cost {
    sim_ns parts[LEDGER_PARTS];
    sim_ns device_ns, server_ns;
    int64_t energy_nj;
    uint64_t octets_up, octets_down;
    uint32_t messages, round_trips;
};

/* A reading that waits for the NSCL. */
struct stored {
    struct stored *next; /* of its category, in order */
    struct local *local; /* whose; NULL: the gateway's own */
    int64_t procedure_id;
    sim_ns t_intended, t_start;
    struct delivery_cost cost; /* up to `since` */
    struct delivery_cost mark; /* what the clock that it goes by showed then: the gateway's while it
                                  waits, the forwarding's while it is sent */
    uint32_t attempts;
    uint8_t rcat;
    char id[READING_ID];
    uint32_t n; /* octets of content */
    uint8_t octets[];
};

struct gateway {
    struct device *dev;
    struct scl_tree *tree; /* made with its first application */
    struct dia_node node;
    struct flow_listener dia;          /* of devices behind it */
    struct flow_listener applications; /* the same port, of applications on devices of their own */
    struct delivery *delivery;         /* NOTIFY to these; NULL: nobody has subscribed */
    /* What waits, by category, and what is with the NSCL now. */
    struct stored *first[CFG_RCATS], *last[CFG_RCATS];
    struct stored *sending;
    uint32_t waiting, octets; /* what is being sent included */
    sim_ns due;               /* when the first of it shall go; SIM_NEVER: nothing waits */
    sim_ns blocked_until;
    uint32_t failed;        /* attempts to forward in a row */
    struct ledger clock;    /* what keeps waiting what waits */
    uint32_t epoch;         /* registrations: containers at the NSCL go with their <scl> */
    uint32_t container;     /* of its own application, by epoch; 0: not made yet */
    bool sending_container; /* before the instance */
    bool has_application;   /* its own, in the tree */
    uint64_t dropped, dropped_octets;
    /* What the tree has to say to the NSCL, or over it, in order. */
    struct said *said, **last_said;
    uint32_t notices, notice_octets; /* notifications among it */
    sim_ns said_due;                 /* when the first of it shall go */
    bool saying;                     /* the first of it is with the NSCL now */
    struct sim_event tree_due;       /* something in the tree expires */
};

/* What an application has stored and the NSCL shall have. */
struct reading {
    struct local *local;              /* NULL: the gateway's own */
    const struct procedure *exchange; /* over which it came; NULL: the gateway's own */
    const char *id;
    struct span content;
    sim_ns t_intended;
    sim_ns trpdt;  /* how long it may wait */
    unsigned rcat; /* 0 to 7; 7 is the most urgent */
};

/* ---- gateway.c: life, the tree, its own application ---- */
void gateway_init(struct device *dev);
void gateway_release(struct device *dev); /* no gateway: nothing */
void gateway_start(struct device *dev, sim_ns now);
/* Nobody can speak with it any more; what it has stored stays. */
void gateway_power_off(struct device *dev);
void gateway_finish(struct device *dev, sim_ns now);
/* When its own application reads next; SIM_NEVER: it does not. */
sim_ns gateway_reading_at(const struct device *dev);
void gateway_read(struct device *dev, sim_ns now);
/* Its host, by which it is asked on dIa. */
void gateway_authority(const struct device *dev, char out[NODE_NAME_MAX]);
/* A primitive on dIa, on behalf of an application; response was initialised. */
void gateway_request(struct gateway *g, sim_ns now, const struct m2m_request *request,
                     struct m2m_response *response);
/* CREATE of a resource below `target` (a path), whose representation is given up. CONFLICT: there
 * already. */
enum m2m_status gateway_create(struct gateway *g, sim_ns now, const char *entity,
                               const char *target, struct m2m_rep *rep);
/* The representations that applications of p make behind this gateway, or a proxy for them: where
 * somebody is to find them, with what that takes. Any thread. */
void gateway_application(struct m2m_rep *rep, const char *app_id, const struct population *p,
                         const struct device *gateway);
void gateway_container(struct m2m_rep *rep, const char *app_id, const struct population *p,
                       const struct device *gateway);
void gateway_instance(struct m2m_rep *rep, const char *id, struct span content);
/* The path of an application's contentInstances, or of what is above them. */
enum gateway_place { PLACE_CONTAINERS, PLACE_INSTANCES };
void gateway_path(char *out, size_t n, const char *app_id, enum gateway_place place);
/* What a meter reads at that moment: octets of the node's own; n octets. */
void reading_octets(struct rng stream, sim_ns now, uint8_t *octets, uint32_t n);
void reading_id(sim_ns now, char id[READING_ID]);

/* ---- store.c: what waits ---- */
/* In commit. A reading from now on waits for the NSCL; copied. */
void store_put(struct gateway *g, sim_ns now, const struct reading *r);
/* The next to go: of the highest category the first; NULL: nothing waits. It is g->sending then. */
struct stored *store_take(struct gateway *g, sim_ns now);
/* What was being sent waits on, before all others of its category. */
void store_put_back(struct gateway *g, sim_ns now);
/* The delivery is over; s is freed. */
void store_end(struct gateway *g, struct stored *s, sim_ns now, const char *outcome,
               enum reason reason);
/* When what comes now, of the gateway's own, shall go; or what tolerates trpdt, by its category. */
sim_ns store_due(const struct gateway *g, sim_ns now);
sim_ns store_due_of(const struct gateway *g, sim_ns trpdt, unsigned rcat, sim_ns now);
void store_finish(struct gateway *g, sim_ns now);
void store_release(struct gateway *g);
/* Books what the clock that it goes by has shown since the mark, and marks again. */
void store_book(struct stored *s, const struct delivery_cost *clock);

/* ---- forward.c: to the NSCL ---- */
/* What keeps waiting what waits: after every change. */
void gateway_clock(struct device *dev, sim_ns now);
/* When something shall go to the NSCL; SIM_NEVER: nothing waits. */
sim_ns gateway_forward_at(const struct device *dev);
/* An attempt begins: what it sends first. */
bool gateway_choose(struct device *dev, sim_ns now); /* false: nothing waits any more */
/* The attempt is over: what has not been answered waits again. */
void gateway_stop(struct device *dev, sim_ns now);
/* One more attempt has failed; true: no more of them for a while. */
bool gateway_is_blocked(struct device *dev, sim_ns now);
/* Its <scl> is new at the NSCL. */
void gateway_registered(struct device *dev, sim_ns now);
/* Prepare. The request to write; content is borrowed. */
void gateway_write(const struct device *dev, const char *scl_id, struct device_request *r);
void gateway_answered(struct device *dev, const struct mid_response *r, sim_ns now);

/* ---- neighbours.c: whom local devices let use what they store ---- */
/* What application and container of p's say for them, where there are such. Any thread. */
void neighbours_put(struct m2m_rep *rep, const char *app_id, const struct population *p);
/* An application was made at the gateway: if it names such a right, it gets it. */
void neighbours_make_right(struct gateway *g, sim_ns now, const char *app_id,
                           const struct m2m_rep *application);

/* ---- outbox.c: what the tree says to the NSCL, and over it to others ---- */
void outbox_init(struct gateway *g);
void outbox_release(struct gateway *g);
void outbox_finish(struct gateway *g, sim_ns now);
/* Takes over what the tree has to say; there is a tree. */
void outbox_take(struct gateway *g, sim_ns now);
/* Nothing of it is at the NSCL: all that is announced is said again. */
void outbox_anew(struct gateway *g, sim_ns now);
/* The next is to be written, and stays until it is answered; false: nothing waits. cost: of the
 * forwarding so far. */
bool outbox_choose(struct gateway *g, const struct delivery_cost *cost, sim_ns now);
void outbox_write(const struct gateway *g, struct device_request *r); /* prepare */
/* `refused`: it will not be taken, today or tomorrow. false: it has to be said again. */
bool outbox_answered(struct gateway *g, const struct mid_response *r, bool refused,
                     const struct delivery_cost *cost, sim_ns now);
/* It was not answered, and waits on. */
void outbox_stop(struct gateway *g, const struct delivery_cost *cost, sim_ns now);
/* What keeps waiting what waits, from now on. */
void outbox_clock(struct gateway *g, enum ledger_part part, sim_ns now);

/* ---- local.c, local_dia.c, local_xip.c: devices behind it ---- */
enum local_state {
    LOCAL_OFF,
    LOCAL_UP,
    LOCAL_GAVE_UP /* it could not register */
};

struct local {
    struct sim_event timer;
    struct sim_endpoint endpoint;
    struct cpu cpu;
    struct population *population;
    struct procedure *proc;          /* at most one at a time */
    struct local_end *end;           /* its session over dIa; at most one */
    struct local_word *word;         /* what it has said by xIP and is not answered */
    struct local_actuator *actuator; /* NULL: it does not listen */
    sim_ns wanted;                   /* since when registration or container are missing */
    sim_ns report_next;
    sim_ns due;     /* retry or deadline, as `attempting` says; or hold */
    sim_ns read_at; /* of the reading that is being brought */
    uint64_t stream_counter;
    struct session_traffic booked; /* of the session's flow, already */
    uint32_t index, sessions, draws;
    uint32_t container; /* at the NSCL, by the gateway's epoch; 0: not made yet */
    enum reason last_reason;
    uint8_t state; /* enum local_state */
    bool attempting, has_application, has_right, has_container;
};

void local_init(struct local *l, struct population *p, uint32_t index);
void local_finish(struct local *l, sim_ns now);
void local_release(struct local *l);
struct device *local_gateway(const struct local *l);
static inline int64_t local_node(const struct local *l)
{
    return l->population->first_node + l->index;
}
/* What it asks next, by the kind of its procedure, and its name for charts. Copied from the
 * device's own streams: any thread. */
void local_app_id(const struct local *l, char out[NODE_NAME_MAX]);
struct rng local_stream(const struct local *l, const char *purpose);
/* The attempt has its answer, or has come to nothing. */
void local_answered(struct local *l, sim_ns now, int status, enum reason reason,
                    uint32_t retry_after_s);

/* Its end of a session over dIa. */
struct local_end {
    struct local *local;
    struct session *session;
    enum procedure_kind kind; /* of the request to write */
    bool request_wanted;      /* by the next step */
};

/* local_dia.c, gateway_dia.c */
void local_dia_begin(struct local *l, sim_ns now);
void local_dia_book(struct local *l);
void local_dia_drop(struct local *l, bool retire);
void gateway_dia_init(struct gateway *g);

/* local_xip.c */
void local_xip_begin(struct local *l, sim_ns now);
void local_xip_drop(struct local *l); /* what it has said is answered to nobody */
void local_xip_free_all(struct deployment *d);

#endif
