/* Private to models/node: a device or a gateway, what it does next and when, and its standing. */
#ifndef MODELS_NODE_DEVICE_H
#define MODELS_NODE_DEVICE_H

#include "crypto/se.h"
#include "models/host/session.h"
#include "models/node/keyring.h"
#include "models/node/population.h"
#include "sim/cpu.h"

enum device_state {
    DEVICE_OFF,     /* has not arrived yet */
    DEVICE_UP,      /* does its procedures */
    DEVICE_REFUSED, /* its integrity was refused */
    DEVICE_GAVE_UP, /* attempts used up, or a key that cannot be had again */
    DEVICE_LEFT     /* deregistered at the end of its time */
};

/* What a device's sealing of objects needs beside Kmc, while that lives. */
struct device_object {
    /* Of the last request that was sealed under this Kmc; who polls numbers all others evenly. */
    uint64_t sequence, poll_sequence;
    key_ref sign_key, encrypt_key;
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

static inline int64_t device_node(const struct device *dev)
{
    return dev->population->first_node + dev->index;
}
static inline struct deployment *device_deployment(const struct device *dev)
{
    return dev->population->d;
}

/* ---- names.c ---- */
struct rng device_stream(const struct device *dev, const char *purpose);
struct device *device_find(struct deployment *d, const char *name);
void device_kival(const struct device *dev, uint8_t out[M2M_KEY_LEN]);
/* What a device and those who know it have alike, as functions of the seed and its name: its
 * Node-ID (the one that its provider assigns or that it was provisioned with), its shared key for
 * bootstrap by GPSK and PSK, and its subscription. */
void device_node_id(const struct device *dev, uint8_t out[M2M_NODE_ID_LEN]);
void device_credential_key(const struct device *dev, uint8_t out[M2M_KEY_LEN]);
void device_subscription(const struct device *dev, char imsi[IMSI_MAX + 1], uint8_t k[16],
                         uint8_t opc[16]);
struct device *device_of_imsi(struct deployment *d, const char *imsi);

/* ---- device.c: what comes next ---- */
extern const struct sim_event_ops device_timer_ops;
/* Set the timer for whatever comes next; after every change. */
void device_arm(struct device *dev, sim_ns now);
/* A uniform draw from the device's own life. */
double device_draw(struct device *dev);
/* t moved by up to +-share of `span`. */
sim_ns device_jitter(struct device *dev, sim_ns t, sim_ns span, uint32_t share_ppm);
/* An attempt of the procedure that exists. */
void device_begin_attempt(struct device *dev, sim_ns now);
/* The procedure is over. */
void device_procedure_done(struct device *dev, sim_ns now, const char *outcome, enum reason reason);

static inline bool procedure_is_mid(enum procedure_kind kind)
{
    return kind >= PROC_REGISTRATION && kind <= PROC_FORWARD;
}

/* ---- device_standing.c: what is lost, what failed ---- */
void device_lose_kmc(struct device *dev, sim_ns now, const char *end_reason);
void device_refuse(struct device *dev, sim_ns now);
/* Of keys, registration and attachment, those whose time is over. */
void device_expire(struct device *dev, sim_ns now);
/* The running attempt came to nothing: back off, or give the procedure up. */
void device_attempt_failed(struct device *dev, sim_ns now, enum reason reason,
                           uint32_t retry_after_s);
/* An exchange is complete, and with it the procedure: well, unless mId is to be secured by what the
 * device cannot do. */
void device_exchange_done(struct device *dev, sim_ns now);
/* How long to wait before the next attempt, after so many; u: a draw. */
sim_ns device_backoff(const struct cfg_device *c, uint32_t attempts, double u);

/* ---- device_life.c: birth, power, end ---- */
void device_init(struct device *dev, struct population *p, uint32_t index);
void device_release(struct device *dev);
/* What ends with the run: its procedure. */
void device_finish(struct device *dev, sim_ns now);
/* When the next node of a population of devices starts; u: its draw. */
sim_ns device_arrival(struct population *p, double u);
/* Power fails now, is back for everybody at `back`, and the device starts again at `start`: with
 * what its secured environment keeps beyond Kmc, which is lost with its sessions and its
 * registration. */
void device_power_off(struct device *dev, sim_ns now, sim_ns back, sim_ns start);

/* personal.c: at the birth of a device that nobody bootstraps. */
void personal_provision(struct device *dev);

/* ---- gate.c: the measurement before bootstrap (GAP C6) ---- */
void gate_begin(struct device *dev, sim_ns now);
void gate_abandon(struct device *dev);

#endif
