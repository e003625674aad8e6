/* An NSCL in real time: mId (etsi-m2m.md 6, 8.3) over TCP with and without TLS, over UDP with and
 * without DTLS, the very server session of the simulation, one for each connection, which may ask
 * as often as it likes. Who may come in and what is answered its parent says (models/node/live.h).
 */
#ifndef MODELS_HOST_LIVE_NSCL_H
#define MODELS_HOST_LIVE_NSCL_H

#include "models/host/live.h"
#include "models/proc/server.h"

/* Where it listens. */
enum live_nscl_door {
    LIVE_HTTPS,
    LIVE_COAPS,
    LIVE_HTTP,
    LIVE_COAP,
    LIVE_MIA, /* applications, over bare HTTP */
    LIVE_NSCL_DOORS
};
const char *live_nscl_door_name(enum live_nscl_door door); /* "https", ..., "mia" */

/* One connection that has ended. Valid during the call. */
struct live_nscl_end {
    const struct live_nscl_peer *who;
    const char *peer;   /* as TLS authenticated it, or as it called itself; "": it did not come so
                           far */
    enum reason reason; /* REASON_NONE: closed by either side in order; TIMEOUT: it did not finish
                           what it began; RUN_END: the server ends */
    sim_ns began, ended;
    uint64_t requests, octets_in, octets_out;
    enum live_nscl_door door;
    bool resumed; /* its session was one before */
};

struct live_nscl_peer; /* a connection or association; until it has ended */

/* A request that waits, inside its entity. */
struct live_nscl_call {
    struct live_nscl_peer *peer;
    struct server_session *session; /* for server_session_answer, during the call */
    const struct server_request *request;
    struct proto_env *env;
    sim_ns now; /* when its octets came */
    enum live_nscl_door door;
};

struct live_nscl_settings {
    const struct tls_context *context;   /* of TLS; NULL: LIVE_HTTPS is not opened */
    const struct tls_context *dtls;      /* NULL: LIVE_COAPS is not opened */
    const struct credential *credential; /* of suites with certificates; NULL: PSK. Borrowed */
    sim_ns idle;                         /* a connection is closed after so long without octets */
    sim_ns quiet;          /* live_nscl_run ends when nothing came and nothing ran for so long */
    size_t connections;    /* at a time */
    uint64_t seed;         /* of what the server draws */
    tls_psk_find psk_find; /* with arg */
    const struct tls_resumption *resumption; /* NULL: nothing is resumed; borrowed */
    /* A session has said or heard something: what it made that may be resumed is to be kept. May be
     * NULL. */
    void (*served)(void *arg, struct tls *t, sim_ns now);
    /* What was granted to whom; at a bare door who asks unsealed is nobody (peer_name "").
     * NULL: bodies go as they are, whoever it is. */
    mid_grant_find grant_find;
    /* false: it is held, for live_nscl_answer, `hold` at most. */
    bool (*request)(void *arg, const struct live_nscl_call *call);
    sim_ns hold;
    /* Soon after requests, whenever live_stop was called, and at the time that it said last,
     * outside of any core: what came of them for others is to be told (live_nscl_notify,
     * live_nscl_answer). SIM_NEVER: not before there is a request. May be NULL. */
    sim_ns (*deliver)(void *arg);
    void (*ended)(void *arg, const struct live_nscl_end *end); /* may be NULL */
    void *arg;
};

struct live_nscl_counts {
    uint64_t connections; /* begun */
    uint64_t refused;     /* beyond the limit */
    size_t open, most;    /* now; at a time */
};

struct live_nscl; /* as long as its struct live, which must be freed first */

struct live_nscl *live_nscl_new(struct live *l, const struct live_nscl_settings *settings);
/* Listen, once a door; errors as live_listen, *port and *why too. DTLS asks for a cookie first. */
enum err live_nscl_open(struct live_nscl *n, enum live_nscl_door door, const char *host, int *port,
                        const char **why) MUST_USE;
/* server_session_notify, and out with it. */
bool live_nscl_notify(struct live_nscl_peer *peer, uint32_t exchange,
                      const struct server_answer *a) MUST_USE;
/* server_session_answer to the request that is held, and out with it; then what came behind it.
 * false: none is. */
bool live_nscl_answer(struct live_nscl_peer *peer, const struct server_answer *a) MUST_USE;
void live_nscl_free(struct live_nscl *n); /* NULL is fine */
/* Serves until a signal that is watched for, or the quiet of the settings. */
void live_nscl_run(struct live_nscl *n);
const struct live_nscl_counts *live_nscl_counts(const struct live_nscl *n);

#endif
