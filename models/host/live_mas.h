/* The MAS as an AAA server in real time: RADIUS with EAP over a UDP socket (RFC 2865, RFC 3579),
 * the very cores of the simulation, a conversation each. Who may come in, and what the home network
 * knows of him, its parent says. */
#ifndef MODELS_HOST_LIVE_MAS_H
#define MODELS_HOST_LIVE_MAS_H

#include "models/host/live_udp.h"
#include "models/proto/radius.h"

/* How one conversation went; valid during the call. */
struct live_mas_end {
    const char *identity;            /* as the peer sent it last; "": it never did */
    const char *permanent;           /* who that is; "": unknown */
    const struct eap_method *method; /* NULL: none began */
    enum proto_status status;
    enum reason reason;
    sim_ns began, ended;
    unsigned requests;               /* RADIUS datagrams that came, repetitions too */
    uint64_t octets_in, octets_out;  /* of RADIUS */
    const struct eap_keys *keys;     /* NULL: none */
    const struct eap_reauth *reauth; /* for the next time; NULL: none */
};

struct live_mas_settings {
    struct radius_server_settings radius; /* what it points to outlives the server; idle: also how
                                             long it is before a silent one is forgotten */
    size_t conversations;                 /* at a time */
    sim_ns quiet;                         /* as of struct live_udp_limits */
    uint64_t seed;                        /* of what the server draws */
    /* What an EAP server asks of its node. */
    void (*answer)(void *arg, struct proto_env *env, const struct eap_query *query,
                   struct eap_answer *out);
    /* Once a conversation, when its last answer has gone. May be NULL. */
    void (*ended)(void *arg, const struct live_mas_end *end);
    void *arg;
};

struct live_mas; /* as long as its struct live, which must be freed first */

/* Errors as live_udp_serve; *port too. */
enum err live_mas_new(struct live *l, const char *host, int *port,
                      const struct live_mas_settings *settings, struct live_mas **out,
                      const char **why) MUST_USE;
void live_mas_free(struct live_mas *m); /* NULL is fine */
const struct live_udp_counts *live_mas_counts(const struct live_mas *m);

#endif
