/* What the live host's files share: the loop, and its lists of what is open. */
#ifndef MODELS_HOST_LIVE_IMPL_H
#define MODELS_HOST_LIVE_IMPL_H

#include "models/host/live.h"

#include <sys/socket.h>
#include <uv.h>

#define LIVE_DATAGRAM_MAX 65507u /* RFC 768 over IPv4 */

struct link;
struct listener;
struct live_udp;

struct live {
    uv_loop_t loop;
    uv_timer_t limit;
    uv_signal_t interrupt, terminate;
    int64_t start_ns, epoch_ns;
    struct link *links, *driven;
    struct listener *listeners;
    struct live_udp *udp;
    bool timed_out, watching;
    int signal;
    /* What arrives, while a core reads it: libuv asks for room, reads and delivers in one go. */
    char datagram[LIVE_DATAGRAM_MAX + 1], in[64 * 1024];
};

/* What libuv refuses only to a caller that is wrong. */
void live_bug_if(int failed);
/* A timer of the loop that calls `fire` once, as soon as `when` is reached; SIM_NEVER stops it. */
void live_timer_at(struct live *l, uv_timer_t *timer, sim_ns when, uv_timer_cb fire);
/* type: SOCK_STREAM or SOCK_DGRAM. ERR_NOT_FOUND. */
enum err live_resolve(struct live *l, const char *host, int port, int type,
                      struct sockaddr_storage *out) MUST_USE;
int live_port_of(const struct sockaddr_storage *a); /* host's byte order */
/* live_udp.c: begins to close every socket and every conversation; for live_free. */
void live_udp_close_all(struct live *l);

#endif
