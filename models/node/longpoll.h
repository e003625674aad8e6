/* A device behind a NAT (etsi-m2m.md 8.3): a notification channel at its NSCL, a session of its own
 * on which a long poll is held, and the commands that come in its answers. All but
 * longpoll_compose in commit. */
#ifndef MODELS_NODE_LONGPOLL_H
#define MODELS_NODE_LONGPOLL_H

#include "models/node/registrar.h"
#include "models/node/request.h"
#include "models/node/server.h"
#include "models/proc/scl_tree.h"

void longpoll_init(struct device *dev); /* if its population has one */
void longpoll_free(struct device *dev);
void longpoll_finish(struct device *dev, sim_ns now);

/* What it must make or report before it may poll; PROC_KINDS: nothing. */
enum procedure_kind longpoll_wants(const struct device *dev);
/* Prepare: the request of such a kind. */
void longpoll_compose(const struct device *dev, enum procedure_kind kind, const char *scl_id,
                      struct device_request *r);
void longpoll_made(struct device *dev, enum procedure_kind kind);
/* Nothing stands below a new <scl>. */
void longpoll_unmade(struct device *dev);
/* It was made before, or there is nobody any more to report to: no more attempts. */
bool longpoll_is_settled(struct device *dev, enum procedure_kind kind, enum reason reason);

/* Where it polls. */
void longpoll_target(const struct device *dev, char *out, size_t n);
/* What came in a poll's answer. */
void longpoll_hear(struct device *dev, const struct m2m_rep *notify);
/* There is a command to execute; it is executed, and to be reported. */
bool longpoll_is_commanded(const struct device *dev);
void longpoll_executed(struct device *dev);

/* Looks what is due; after every change of the device. */
void longpoll_arm(struct device *dev, sim_ns now);
/* Its session ends: with a FIN, or without power. */
void longpoll_close(struct device *dev, sim_ns now);
void longpoll_vanish(struct device *dev, sim_ns now);

/* The poll under way, for ledgers; NULL: none. */
struct procedure *longpoll_procedure(const struct device *dev);
/* How many sessions there have been. */
uint32_t longpoll_sessions(const struct device *dev);
/* At its NSCL: the end that holds its poll; NULL: none. */
struct server_end *longpoll_holder(const struct device *dev);
void longpoll_set_holder(struct device *dev, struct server_end *e);
/* The session is gone: is e the holder, there is none any more. */
void longpoll_forget_holder(struct device *dev, const struct server_end *e);
/* What was handed on to it (retarget_scl.c); *NULL: nothing was. */
struct retarget_in;
struct retarget_in **longpoll_retarget(struct device *dev);
/* What a device tells its NSCL in pocs: where notifications for it go. */
void longpoll_contact(const char *scl_id, char *out, size_t n);

/* ---- commands.c: an NSCL's commands to devices, and their polls ---- */
/* "/m2m/scls/SCL-ID/...": the node; *scl: how long the path to its <scl> is. */
bool commands_node_of(const char *path, uint64_t *node, size_t *scl);
/* The outputs of its tree of these two kinds. */
void commands_bring(struct server *nscl, struct scl_tree_output *o, sim_ns now);
void commands_answer_poll(struct server *nscl, struct scl_tree_output *o, sim_ns now);
/* Around the tree's answer to a request over mId. */
void commands_before(struct server_end *e, const struct server_request *r, sim_ns now);
void commands_after(struct server_end *e, const struct server_request *r,
                    const struct registrar_answer *a, sim_ns now);
/* When what the tree had to say is brought out: the request is a poll that stays unanswered. */
void commands_hold(struct server_end *e, sim_ns now);
/* The application has the answer to its EXECUTE: from now on the command's procedure, until the
 * device reports, is here. */
void commands_attach(struct server *nscl, const char *uri, struct procedure *p, sim_ns now);
/* There is no such execInstance any more. */
void commands_lost(struct server *nscl, const char *uri, sim_ns now);
void commands_finish(struct server *nscl, sim_ns now);
/* Live, where there is neither end nor procedure: around the tree's answer to a request over mId,
 * and when a poll is answered with this, or with nobody there who polls. */
void commands_live_before(struct server *nscl, const struct server_request *r, sim_ns now);
void commands_live_after(struct server *nscl, const struct server_request *r,
                         const struct registrar_answer *a);
void commands_live_sent(struct server *nscl, struct span notify);
void commands_live_unsent(struct server *nscl, const struct scl_tree_output *o, sim_ns now);
void commands_free(struct server *nscl);

#endif
