#include "models/proc/channel.h"

#include "models/proto/http.h"

#include <assert.h>

/* Two of the largest messages: what a peer may send ahead of its turn. */
#define MAX_BARE (2 * (HTTP_MAX_HEADER + HTTP_MAX_BODY))

void channel_init(struct channel *c, struct tls *tls)
{
    *c = (struct channel){.tls = tls};
    buf_init(&c->in, MAX_BARE);
    buf_init(&c->out, MAX_BARE);
}

void channel_release(struct channel *c)
{
    buf_clear(&c->in);
    buf_clear(&c->out);
    if (c->tls)
        proto_free(tls_proto(c->tls));
}

void channel_start(struct channel *c, sim_ns now)
{
    if (c->tls)
        tls_proto(c->tls)->ops->start(tls_proto(c->tls), now);
    else
        c->open = true;
}

static void bare_input(struct channel *c, struct span in)
{
    if (c->status != PROTO_RUNNING || c->closing)
        return;
    if (in.n == 0) {
        c->peer_closed = true;
    } else if (!buf_put_span(&c->in, in)) {
        c->status = PROTO_FAILED;
        c->reason = REASON_HTTP_TOO_LARGE;
        c->open = false;
    }
}

void channel_input(struct channel *c, sim_ns now, struct span in)
{
    if (c->tls)
        tls_proto(c->tls)->ops->input(tls_proto(c->tls), now, in);
    else
        bare_input(c, in);
}

static bool bare_output(struct channel *c, struct buf *out)
{
    bool some = buf_len(&c->out) > 0;

    if (some) {
        bool had_room = buf_put_span(out, buf_span(&c->out));

        assert(had_room); /* the host's part of the contract */
        buf_clear(&c->out);
    }
    if (c->closing && c->status == PROTO_RUNNING)
        c->status = PROTO_DONE;
    return some;
}

bool channel_output(struct channel *c, sim_ns now, struct buf *out)
{
    if (c->tls)
        return tls_proto(c->tls)->ops->output(tls_proto(c->tls), now, out);
    return bare_output(c, out);
}

enum proto_status channel_status(const struct channel *c)
{
    return c->tls ? tls_proto(c->tls)->status : c->status;
}

enum reason channel_reason(const struct channel *c)
{
    return c->tls ? tls_proto(c->tls)->reason : c->reason;
}

bool channel_is_open(const struct channel *c)
{
    return c->tls ? tls_is_open(c->tls) : c->open;
}

bool channel_write(struct channel *c, sim_ns now, struct span plain)
{
    if (c->tls)
        return tls_write(c->tls, now, plain);
    return c->open && buf_put_span(&c->out, plain);
}

struct span channel_received(const struct channel *c)
{
    return c->tls ? tls_received(c->tls) : buf_span(&c->in);
}

void channel_consume(struct channel *c, size_t n)
{
    if (c->tls) {
        tls_consume(c->tls, n);
        return;
    }
    buf_consume(&c->in, n);
    if (buf_len(&c->in) == 0)
        buf_clear(&c->in);
}

bool channel_peer_closed(const struct channel *c)
{
    return c->tls ? tls_peer_closed(c->tls) : c->peer_closed;
}

void channel_close(struct channel *c, sim_ns now)
{
    if (c->tls) {
        tls_close(c->tls, now);
        return;
    }
    c->closing = true;
    c->open = false;
}
