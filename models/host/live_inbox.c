#include "models/host/live_inbox.h"

#include "sim/base/xalloc.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static size_t size_of(size_t n)
{
    return sizeof(struct live_inbox_item) + n;
}

bool live_inbox_put(struct live_inbox *b, const struct sockaddr *from, struct span datagram)
{
    size_t size = size_of(datagram.n);
    struct live_inbox_item *item;

    if (size > LIVE_INBOX_MAX - b->octets)
        return false;
    item = xcalloc(1, size);
    item->n = datagram.n;
    memcpy(&item->from, from,
           from->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
    memcpy(item->octets, datagram.p, datagram.n);
    if (b->last)
        b->last->next = item;
    else
        b->first = item;
    b->last = item;
    b->octets += size;
    return true;
}

struct live_inbox_item *live_inbox_take(struct live_inbox *b)
{
    struct live_inbox_item *item = b->first;

    if (!item)
        return NULL;
    b->first = item->next;
    if (!b->first)
        b->last = NULL;
    b->octets -= size_of(item->n);
    return item;
}

void live_inbox_clear(struct live_inbox *b)
{
    struct live_inbox_item *item;

    while ((item = live_inbox_take(b)))
        free(item);
}
