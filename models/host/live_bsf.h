/* The BSF in real time: Ub (TS 24.109 clause 4) over TCP sockets, the very core of the simulation,
 * a session for each connection. A UE may answer its challenge on another connection than the one
 * that brought it. Who may come in, and the vectors of the home network, its parent gives (Zh). */
#ifndef MODELS_HOST_LIVE_BSF_H
#define MODELS_HOST_LIVE_BSF_H

#include "models/host/live.h"
#include "models/proc/ub.h"

/* One bootstrapping, from the request with the identity to the 200 or the refusal, over whichever
 * connections. Valid during the call. */
struct live_bsf_end {
    const char *impi;   /* as the UE gave it; "": it did not come so far */
    enum reason reason; /* REASON_NONE: it is bootstrapped; TIMEOUT: the challenge was never
                           answered; RUN_END: the server ends */
    bool gba_u, resynchronised;
    sim_ns began, ended;
    unsigned requests;
    uint64_t octets_in, octets_out; /* of HTTP */
    const struct gba_sa *sa;        /* NULL: refused */
};

struct live_bsf_settings {
    const char *fqdn;     /* realm, and domain of B-TIDs; outlives the server */
    sim_ns key_lifetime;  /* where the HSS names none */
    sim_ns patience;      /* for a connection without octets, and for a challenge's answer */
    sim_ns quiet;         /* live_bsf_run ends when nothing came and nothing ran for so long */
    size_t conversations; /* connections at a time, and bootstrappings */
    uint64_t seed;        /* of what the server draws */
    /* The HSS's part. env: its stream and meter. */
    void (*zh)(void *arg, struct proto_env *env, const struct zh_request *request,
               struct zh_answer *out);
    /* Once for each bootstrapping, after its last answer. May be NULL. */
    void (*ended)(void *arg, const struct live_bsf_end *end);
    void *arg;
};

struct live_bsf_counts {
    uint64_t connections; /* begun */
    uint64_t refused;     /* beyond the limit */
    size_t open;          /* now */
};

struct live_bsf; /* as long as its struct live, which must be freed first */

/* Errors as live_listen; *port and *why too. ERR_RANGE: the FQDN is too long for a B-TID. */
enum err live_bsf_new(struct live *l, const char *host, int *port,
                      const struct live_bsf_settings *settings, struct live_bsf **out,
                      const char **why) MUST_USE;
void live_bsf_free(struct live_bsf *b); /* NULL is fine */
/* Serves until a signal that is watched for, or the quiet of the settings; then ends what still
 * runs. */
void live_bsf_run(struct live_bsf *b);
const struct live_bsf_counts *live_bsf_counts(const struct live_bsf *b);

#endif
