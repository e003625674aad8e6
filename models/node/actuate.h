/* Private to models/node: an application's plan about actuators: it asks each of them once in so
 * long, in turn, over its NSCL, which hands the requests on. */
#ifndef MODELS_NODE_ACTUATE_H
#define MODELS_NODE_ACTUATE_H

#include "models/node/population.h"

struct actuate;

/* s: a server of kind application; app_id: borrowed. NULL: it is about no actuators. */
struct actuate *actuate_new(struct server *s, struct server *nscl, const char *app_id);
/* All of these take NULL. */
void actuate_free(struct actuate *a);
void actuate_begin(struct actuate *a, sim_ns now); /* the application has registered */
void actuate_set_off(struct actuate *a, bool off, sim_ns now);
void actuate_finish(struct actuate *a, sim_ns now);

#endif
