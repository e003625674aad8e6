/* PANA's authentication agent in real time: RFC 5191 over a UDP socket, the very cores of the
 * simulation, a session a device, MSBF or NSCL by its usage. The MAS behind it is in the same
 * process: each session has a RADIUS server core of its own, and the two exchange RADIUS datagrams
 * in memory, octet for octet those of a wire, but none is lost. Or it is somewhere else, any RADIUS
 * server with EAP: then each session has a socket to it. Who may come in and what is granted, its
 * parent says. */
#ifndef MODELS_HOST_LIVE_PANA_H
#define MODELS_HOST_LIVE_PANA_H

#include "models/host/live_mas.h"
#include "models/proc/aaa.h"

/* How one session went; valid during the call. */
struct live_pana_end {
    struct live_mas_end mas; /* requests and octets: of PANA, as they came and went. The reason is
                                the MAS's when it refused, else PANA's */
    const struct pana_params *params; /* what was granted; zeros: nothing */
    const uint8_t
        *key; /* M2M_KEY_LEN octets: Kmr of a bootstrap, Kmc of a connection; NULL: none */
};

struct live_pana_settings {
    struct pana_params params; /* what the agent says of itself: usage, SP-ID, MSBF-ID or NSCL-ID */
    struct radius_server_settings radius; /* of the MAS; what it points to outlives the server */
    const char *nas_identifier;           /* outlives it too */
    sim_ns patience;                      /* a session without progress for so long fails */
    size_t conversations;                 /* at a time */
    sim_ns quiet;                         /* as of struct live_udp_limits */
    uint64_t seed;
    /* Who that is, and what it gets: as of struct aaa_session_settings. */
    void (*find)(void *arg, struct proto_env *env, sim_ns now, const struct aaa_question *q,
                 struct aaa_user *user);
    /* What the EAP server asks of the HSS. */
    void (*answer)(void *arg, struct proto_env *env, const struct eap_query *query,
                   struct eap_answer *out);
    /* Once a session that the device has taken up; what a PCI alone began, as one that came late
     * and twice, is none (RFC 5191 4.1). May be NULL. */
    void (*ended)(void *arg, const struct live_pana_end *end);
    void *arg;
    /* The RADIUS server, for a connection: of a bootstrap's Kmr an agent knows nothing. NULL: the
     * MAS is here, by `radius`, `find` and `answer`; else of `radius` the secret alone is used. */
    const char *server_host;
    int server_port;
    /* With server_host: what a device gets, as of struct paa_session_settings. */
    void (*grant)(void *arg, struct proto_env *env, sim_ns now, const char *identity,
                  struct pana_params *params);
};

struct live_pana; /* as long as its struct live, which must be freed first */

/* Errors as live_udp_serve, of the server's host too; *port likewise. */
enum err live_pana_new(struct live *l, const char *host, int *port,
                       const struct live_pana_settings *settings, struct live_pana **out,
                       const char **why) MUST_USE;
void live_pana_free(struct live_pana *m); /* NULL is fine */
const struct live_udp_counts *live_pana_counts(const struct live_pana *m);

#endif
