#include "models/host/live_line.h"

#include "models/host/live_impl.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

struct live_line {
    uv_udp_t socket;
    struct live *live;
    void (*arrived)(void *arg, struct span in);
    void *arg;
};

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *b)
{
    struct live_line *k = handle->data;

    (void)wanted;
    *b = uv_buf_init(k->live->datagram, sizeof(k->live->datagram));
}

static void on_datagram(uv_udp_t *socket, ssize_t n, const uv_buf_t *b,
                        const struct sockaddr *address, unsigned flags)
{
    struct live_line *k = socket->data;

    if (n > 0 && address && !(flags & UV_UDP_PARTIAL))
        k->arrived(k->arg, span_of(b->base, (size_t)n));
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

enum err live_line_new(struct live *l, const struct sockaddr_storage *peer,
                       void (*arrived)(void *arg, struct span in), void *arg,
                       struct live_line **out)
{
    struct live_line *k = xcalloc(1, sizeof(*k));
    int status;

    live_bug_if(uv_udp_init(&l->loop, &k->socket));
    k->socket.data = k;
    k->live = l;
    k->arrived = arrived;
    k->arg = arg;
    status = uv_udp_connect(&k->socket, (const struct sockaddr *)peer);
    if (status == 0)
        status = uv_udp_recv_start(&k->socket, on_alloc, on_datagram);
    if (status != 0) {
        live_line_close(k);
        return ERR_IO;
    }
    *out = k;
    return OK;
}

void live_line_send(struct live_line *k, struct span datagram)
{
    uv_buf_t b = uv_buf_init((char *)(uintptr_t)datagram.p, (unsigned)datagram.n);

    (void)uv_udp_try_send(&k->socket, &b, 1, NULL);
}

void live_line_close(struct live_line *k)
{
    if (k)
        uv_close((uv_handle_t *)&k->socket, on_closed);
}
