/* The live host: the same cores over real sockets, by libuv, in real time. TCP here, UDP in
 * live_udp.h; what both share is the loop. */
#ifndef MODELS_HOST_LIVE_H
#define MODELS_HOST_LIVE_H

#include "models/proto/proto.h"
#include "sim/base/err.h"

/* Octets of a connection's that its peer has not taken; with more nothing is read of it until it
 * has. A core that could go on answering stops there too, and is called again. */
#define LIVE_MUCH (256u * 1024)

struct live; /* one libuv loop; one thread */

struct live *live_new(void);
void live_free(struct live *l);
/* Nanoseconds since live_new: what the cores see as now. Their env's epoch_unix_ns: live_epoch. */
sim_ns live_now(struct live *l);
int64_t live_epoch_unix_ns(const struct live *l);

/* Connect to host:port and drive `p` (not owned) from start to its end or the stream's; `step` is
 * called after every pump, on the loop's thread: a parent may write into its core there; and once
 * when the connection is lost, or was never made (by p's expiry, where it has one already). */
enum err live_connect(struct live *l, const char *host, int port, struct proto *p,
                      void (*step)(void *arg, struct proto *p, sim_ns now), void *arg) MUST_USE;
/* Listen on host:port (port 0: any; *port is set). make: a core for each connection, or NULL to
 * refuse; freed with proto_free after `gone`. ERR_NOT_FOUND: no such host; ERR_IO: *why (static
 * text; why may be NULL) says what the system said. */
enum err live_listen(struct live *l, const char *host, int *port, struct proto *(*make)(void *arg),
                     void (*step)(void *arg, struct proto *p, sim_ns now),
                     void (*gone)(void *arg, struct proto *p), void *arg,
                     const char **why) MUST_USE;
/* The connection whose core is being called; NULL: none. It is there until its `gone`. */
struct link;
struct link *live_driven(const struct live *l);
/* Its core was called from outside: takes what it has to say, and its expiry. Not from within a
 * call into a core. */
void live_poke(struct link *link);
/* Runs until every connection has ended and nobody listens, or limit_ms passed (false; negative:
 * there is no limit), or live_stop, or a signal that is watched for. */
bool live_run(struct live *l, int limit_ms);
/* The same, but limit_ms is waited for even where there is no connection. */
void live_wait(struct live *l, int limit_ms);
void live_stop(struct live *l);
/* From now on SIGINT and SIGTERM end live_run, and nothing else. ERR_IO. */
enum err live_watch_signals(struct live *l) MUST_USE;
int live_signal(const struct live *l); /* the last one that came; 0: none */

#endif
