/* Private to models/node: an application's plan about what devices behind gateways store there: it
 * subscribes to each one's container in its gateway's own tree. Its NSCL hands the requests on to
 * the gateways, and what these notify to it. */
#ifndef MODELS_NODE_FOLLOW_H
#define MODELS_NODE_FOLLOW_H

#include "models/node/population.h"

struct follow;

/* s: a server of kind application; app_id: borrowed. NULL: it follows nobody. */
struct follow *follow_new(struct server *s, struct server *nscl, const char *app_id);
/* All of these take NULL. */
void follow_free(struct follow *f);
void follow_begin(struct follow *f, sim_ns now); /* the application has registered */
void follow_set_off(struct follow *f, bool off, sim_ns now);
void follow_finish(struct follow *f, sim_ns now);

/* Whether s follows devices of p. */
bool follow_is_of(const struct server *s, const struct population *p);

#endif
