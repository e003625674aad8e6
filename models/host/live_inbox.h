/* Datagrams that a socket's owner has read and not looked at yet. What a kernel keeps for a socket
 * is a few hundred datagrams, and while a core computes nobody reads: a thousand peers at once
 * would lose every second word. So a server empties its socket into this between any two cores. */
#ifndef MODELS_HOST_LIVE_INBOX_H
#define MODELS_HOST_LIVE_INBOX_H

#include "sim/base/span.h"

#include <stdbool.h>
#include <sys/socket.h>

#define LIVE_INBOX_MAX (16u * 1024 * 1024) /* octets, with what keeping one costs */

struct live_inbox_item;

/* Zeros are an empty one. */
struct live_inbox {
    struct live_inbox_item *first, *last;
    size_t octets;
};

struct live_inbox_item {
    struct live_inbox_item *next;
    struct sockaddr_storage from;
    size_t n;
    uint8_t octets[];
};

/* A copy of it, behind the others. false: there is no room. */
bool live_inbox_put(struct live_inbox *b, const struct sockaddr *from, struct span datagram);
/* The oldest, the caller's to free; NULL: there is none. */
struct live_inbox_item *live_inbox_take(struct live_inbox *b);
void live_inbox_clear(struct live_inbox *b);

#endif
