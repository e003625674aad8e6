/* Private to this folder: the stream that HTTP runs on. A TLS endpoint, or the bare octets of TCP
 * (Ub, TS 24.109 4.2; Ua without TLS), which is open from its start, and whose end is a FIN. */
#ifndef MODELS_PROC_CHANNEL_H
#define MODELS_PROC_CHANNEL_H

#include "models/proto/proto.h"
#include "models/proto/tls.h"

/* Visible because it is embedded; only channel.c looks into the second half. */
struct channel {
    struct tls *tls; /* NULL: bare */
    struct buf in, out;
    bool open, closing, peer_closed;
    enum proto_status status;
    enum reason reason;
};

/* tls: taken over; NULL: bare. */
void channel_init(struct channel *c, struct tls *tls);
void channel_release(struct channel *c);

/* The operations of a proto, which a bare channel is not. */
void channel_start(struct channel *c, sim_ns now);
void channel_input(struct channel *c, sim_ns now, struct span in);
bool channel_output(struct channel *c, sim_ns now, struct buf *out);
enum proto_status channel_status(const struct channel *c);
enum reason channel_reason(const struct channel *c);

/* As the calls of tls.h that are named alike. */
bool channel_is_open(const struct channel *c);
bool channel_write(struct channel *c, sim_ns now, struct span plain);
struct span channel_received(const struct channel *c);
void channel_consume(struct channel *c, size_t n);
bool channel_peer_closed(const struct channel *c);
void channel_close(struct channel *c, sim_ns now);

#endif
