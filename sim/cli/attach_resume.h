/* What a device of `attach devices` keeps of a session of TLS or DTLS for its next ones, where the
 * scenario's devices resume (mid.resume). In memory, until the device ends. */
#ifndef SIM_CLI_ATTACH_RESUME_H
#define SIM_CLI_ATTACH_RESUME_H

#include "models/node/live.h"
#include "models/proto/tls.h"

/* A value in its owner; all zeros: nothing is kept. */
struct attach_resume {
    uint8_t *session; /* octets (tls.h); NULL: none */
    size_t n;
    sim_ns expires;
    unsigned long long resumed; /* handshakes that were abbreviated */
};
void attach_resume_release(struct attach_resume *r);

/* What is offered in the next handshake; n 0: nothing. */
struct span attach_resume_offer(const struct attach_resume *r, sim_ns now);
/* A handshake is over; t NULL: there was none. */
void attach_resume_opened(struct attach_resume *r, const struct live_scl *scl, sim_ns now,
                          struct tls *t);
/* A session has failed: by an alert, or for its key, what was kept is good no more (RFC 5246
 * 7.2.2). */
void attach_resume_failed(struct attach_resume *r, const struct tls *t, enum reason reason);

#endif
