/* Private to models/node: access networks that devices attach to. */
#ifndef MODELS_NODE_ACCESS_H
#define MODELS_NODE_ACCESS_H

#include "models/net/link.h"
#include "models/net/udp.h"
#include "models/node/device.h"
#include "models/proc/attach.h"

/* A device's place in its access network. The hops are its bearer and belong to the core, the rest
 * is what the device believes. */
struct attachment {
    struct net_hop up, down;
    sim_ns expires, renew;
    sim_ns rejected; /* when the Service Reject under way was sent */
    key_ref kasme_key;
    bool attached, rejecting;
};
/* What the core knows of a device that has attached once. */
struct access_context {
    struct device *device;
    bool attached;
};
/* What the home has said, for the step to come. */
struct access_work {
    struct attach_answer answer;
    bool answer_ready;
};

/* At the device's birth; nothing where it attaches to nothing. */
void access_init(struct device *dev);
/* Puts the bearer into a way that leads over the device's core, `steps_to_core` hops from it; 0: it
 * does not. */
void access_route(const struct device *dev, struct net_route *up, struct net_route *down,
                  uint8_t steps_to_core);
struct proto *access_make_client(struct device *dev, struct proto_env *env); /* prepare */
/* In commit. The attach has succeeded: the device's part. */
void access_attached(struct device *dev, sim_ns now, const struct attach_result *r);
/* The device knows that it is attached no longer; what it was doing fails. */
void access_detach(struct device *dev, sim_ns now, const char *end_reason);
void access_expire(struct device *dev, sim_ns now);
/* As the core has it: whose packets are who it says. */
bool access_is_attached(const struct device *dev);
/* A packet of the device found no bearer. */
void access_dropped(struct device *dev);
/* The core's listener, and its end. */
bool access_accept(struct udp_listener *l, struct udp_end *end, const struct udp_ops **ops,
                   void **user);
void access_forget_all(struct server *core);

#endif
