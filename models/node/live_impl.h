/* Private to this folder: what the files of the live mode share. */
#ifndef MODELS_NODE_LIVE_IMPL_H
#define MODELS_NODE_LIVE_IMPL_H

#include "models/node/population.h"
#include "models/node/registrar.h"

/* The contact of a subscription that Observe has made; its number follows. */
#define LIVE_OBSERVER "coap://observer/"

/* live.c: the index-th device of this name, a population's or one's own. NULL: there is none. */
struct device *live_find(struct deployment *d, const char *name, uint32_t index);
struct server *live_first_nscl(struct deployment *d); /* NULL: the scenario has none */
/* Before anything is in its tree: long polls are held, whatever the scenario makes of them. */
void live_hold_polls(struct server *nscl);

/* ---- live_retarget.c ---- */
struct live_saying;
/* The request, or in `room` the same without the authority by which it is for the NSCL itself. */
const struct server_request *live_own_request(const struct server *nscl,
                                              const struct server_request *request,
                                              struct server_request *room);
/* Hands on what `out` says is for another SCL. The number of what waits for its answer; 0: out is
 * the answer. */
uint64_t live_retarget_begin(struct server *nscl, const struct server_request *request,
                             struct meter *m, sim_ns now, struct registrar_answer *out);
/* A responseNotify has come; the first of those that wait has waited too long. false: nothing is to
 * be said. Each that is said ends with live_retarget_said. */
bool live_retarget_answered(struct server *nscl, const struct scl_tree_output *o,
                            struct live_saying *out);
bool live_retarget_late(struct server *nscl, sim_ns now, struct live_saying *out);
void live_retarget_said(struct server *nscl);
sim_ns live_retarget_due(const struct server *nscl); /* SIM_NEVER: nobody waits */
void live_retarget_free(struct server *nscl);

#endif
