/* Private to application*.c: an application, what it knows and what it is asking. */
#ifndef MODELS_NODE_APPLICATION_IMPL_H
#define MODELS_NODE_APPLICATION_IMPL_H

#include "models/node/application.h"
#include "models/node/caller.h"
#include "models/node/watch.h"

#define APPLICATION_ROOT "m2m" /* of its SCL's tree */
#define APPLICATION_BASE "/" APPLICATION_ROOT

enum errand { NOTHING, REGISTER, WATCH, DISCOVER, SUBSCRIBE, READ, COMMAND, EXECUTE, ASK };

/* A command under way, whose status is to be asked for. */
struct ordered {
    struct ordered *next;
    sim_ns due;
    char uri[M2M_MAX_URI]; /* of the execInstance */
};

struct application {
    struct sim_event timer;
    struct server *node, *nscl; /* nscl: NULL at a gateway */
    struct device *gateway;     /* NULL at an NSCL */
    struct caller *caller;
    struct actuate *actuate; /* NULL: it is about no actuators */
    struct follow *follow;   /* NULL: it subscribes to nothing at gateways */
    struct procedure *proc;  /* NULL: nothing is being asked */
    enum errand errand;
    uint32_t about; /* SUBSCRIBE, READ, EXECUTE: which */
    bool registered, watching, discovered, off;
    char id[NODE_NAME_MAX];
    bool many; /* it is about gateways, or devices behind them: containers have to be found */
    struct watch watch;
    uint32_t readable;                       /* containers that it knows of */
    struct watch_queue fresh, later, orders; /* to subscribe to, at once or after a while */
    struct ordered *first_ordered, **last_ordered;
    uint32_t rounds; /* of commands */
    sim_ns command_due;
    uint64_t heard[2]; /* a digest of the last notification */
    uint64_t taken;    /* notifications */
    sim_ns hold;       /* nothing of the beginning before it: it failed */
    sim_ns read_due;   /* the next */
    uint32_t read_at;  /* which */
};

/* ---- application.c ---- */
static inline const struct cfg_application *application_config(const struct application *a)
{
    return &a->node->population->config->server->application;
}

static inline struct deployment *application_deployment(const struct application *a)
{
    return a->node->population->d;
}

static inline struct watched *application_watched(const struct application *a, uint32_t i)
{
    return &a->watch.items[i];
}

/* What it is about. */
struct population *application_devices(const struct server *s);
/* To be subscribed to, if that is wanted: at once or after a while; again: it was refused. */
void application_want(struct application *a, uint32_t i, bool again, sim_ns now);
/* Set the timer for whatever comes next; after every change. */
void application_arm(struct application *a, sim_ns now);

/* ---- application_ask.c ---- */
extern const struct caller_user application_caller; /* arg: the application */
/* What it is asking comes to nothing. */
void application_failed(void *arg, sim_ns now, enum reason reason);

#endif
