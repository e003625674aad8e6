/* A UDP socket of one core's to one peer, beside the conversation that drives the core: what an
 * agent asks an authentication server over. Datagrams alone; the core and its time are its
 * parent's. */
#ifndef MODELS_HOST_LIVE_LINE_H
#define MODELS_HOST_LIVE_LINE_H

#include "models/host/live.h"

#include <sys/socket.h>

struct live_line;

/* `arrived`: for each datagram, on the loop's thread; what the system says against the peer is not
 * told, for UDP promises nothing. ERR_IO. */
enum err live_line_new(struct live *l, const struct sockaddr_storage *peer,
                       void (*arrived)(void *arg, struct span in), void *arg,
                       struct live_line **out) MUST_USE;
/* A full socket loses it, as the network would. */
void live_line_send(struct live_line *k, struct span datagram);
void live_line_close(struct live_line *k); /* frees itself; NULL is fine */

#endif
