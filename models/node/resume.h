/* Sessions of mId that are taken up again: what a device keeps for its next one, and what its NSCL
 * keeps for its devices. */
#ifndef MODELS_NODE_RESUME_H
#define MODELS_NODE_RESUME_H

#include "models/node/device.h"
#include "models/node/registrar.h"
#include "models/node/server.h"
#include "models/node/resumption.h"

/* What a device keeps, in its memory. */
struct device_resume {
    sim_ns expires;
    key_ref key; /* the whole handshake's, of which those of later sessions are made */
    uint32_t n;
    uint8_t session[]; /* octets (tls.h) */
};

/* ---- the device's side ---- */

/* What it offers; n 0: nothing. Prepare. */
struct span resume_offer(const struct device *dev, sim_ns now);
/* Its session of mId is open: whose key that is, and what it keeps. */
void resume_opened(struct device *dev, sim_ns now, struct tls *t);
/* The key of its running session has done its work: it ends so, unless it is kept. */
void resume_close(struct device *dev, sim_ns now, const char *key_end);
/* Its session of mId has failed: by a fatal alert, what it kept is good no more (RFC 5246 7.2.2); a
 * stream that ended without a good-bye changes nothing (7.2.1). */
void resume_failed(struct device *dev, sim_ns now, const struct proto *core);
/* It keeps nothing any more. */
void resume_drop(struct device *dev, sim_ns now, const char *key_end);

/* ---- an NSCL's ---- */

/* A server of kind NSCL, when it is made. */
void resume_init(struct server *s);
/* A session begins. */
void resume_accepted(struct server *s);
/* A session's core has advanced: what it made is kept, what it broke is forgotten. */
void resume_served(struct server_end *e, sim_ns now);
/* A service connection, new or in an old one's place: with its Kmc that one's sessions end. */
void resume_store(struct server *nscl, const struct scl_record *record);

/* Of a population, at the end of the run: how many handshakes, and how many of them abbreviated. */
void resume_note(const struct population *p, sim_ns now);

#endif
