/* Private to this folder: what every procedure over HTTP shares, on either side - a TLS endpoint or
 * a bare stream with an HTTP reader behind it, one exchange at a time, names for the charts, and
 * the ways such a session ends. A core of this folder is a struct whose first member is a struct
 * https, and whose operations are https_start, https_input, https_output and https_expire with a
 * free of its own. */
#ifndef MODELS_PROC_HTTPS_H
#define MODELS_PROC_HTTPS_H

#include "models/proc/channel.h"
#include "models/proto/http.h"
#include "models/proto/m2mxml.h"
#include "models/proto/proto.h"
#include "models/proto/tls.h"

enum https_state {
    HTTPS_HANDSHAKE, /* a bare stream leaves it at its start */
    HTTPS_IDLE,      /* open, nothing is outstanding */
    HTTPS_EXCHANGE,  /* client: an answer is awaited; server: the node has a request to answer */
    HTTPS_CLOSING    /* over but for the octets that output() still gives */
};

struct https;

/* What the owner does with the events of its session. */
struct https_user {
    /* The handshake is over; a message that was queued is sent right after. May be NULL. */
    void (*opened)(struct https *h, sim_ns now);
    /* A whole message, no interim answer (1xx); valid during the call. A client is called in
     * HTTPS_EXCHANGE, a server in HTTPS_IDLE; reading goes on as long as it stays in that state. */
    void (*message)(struct https *h, sim_ns now, const struct http_message *m);
    /* The peer's octets are not HTTP: say so if the role has a way to; the session fails next.
     * NULL: nothing to say. */
    void (*broken)(struct https *h, sim_ns now, enum reason reason);
};

/* Visible because it is embedded; only https.c writes it. */
struct https {
    struct proto proto;
    const struct https_user *user;
    struct channel channel;
    struct http_reader *reader; /* NULL while nothing is being read */
    struct buf queued;          /* a message from before the end of the handshake */
    uint32_t queued_xml;        /* octets of its document */
    char fields[160];           /* of the messages in label */
    char label[64];             /* names of the messages in TLS that output() has not given yet */
    enum https_state state;
    bool server;
    bool held; /* the message at the reader's front was delivered, but not dropped yet */
};

/* false: OpenSSL would not make an endpoint. settings->credential is then freed as well. */
bool https_init(struct https *h, const struct proto_ops *ops, const struct https_user *user,
                struct proto_env *env, bool server, const struct tls_context *context,
                const struct tls_peer_settings *settings);
/* The same on bare TCP. */
void https_init_bare(struct https *h, const struct proto_ops *ops, const struct https_user *user,
                     struct proto_env *env, bool server);
void https_release(struct https *h);

void https_start(struct proto *p, sim_ns now);
void https_input(struct proto *p, sim_ns now, struct span in);
bool https_output(struct proto *p, sim_ns now, struct buf *out);
void https_expire(struct proto *p, sim_ns now);

/* Writes a message with doc as its body (NULL: m.body as it stands) and gives it to TLS, or keeps
 * it until the handshake is over. false: a document that is too long, or a session that takes no
 * more. label replaces TLS's own "application data". */
bool https_send(struct https *h, sim_ns now, struct http_out m, const struct m2m_doc *doc,
                const char *label);
/* A client that has asked, a server that has a request for its node. */
void https_begin_exchange(struct https *h);
/* The message that a server's exchange is about, once more; NULL outside of one. */
const struct http_message *https_held_message(const struct https *h);
/* The exchange is over; a server goes on with what was pipelined behind it. */
void https_end_exchange(struct https *h, sim_ns now);
/* close_notify (bare: nothing, the host's FIN says it), then PROTO_DONE after output(). */
void https_finish(struct https *h, sim_ns now, const char *why);
/* PROTO_FAILED; with close_notify where the session is open. */
void https_fail(struct https *h, sim_ns now, enum reason reason);

#endif
