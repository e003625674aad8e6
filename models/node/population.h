/* Private to models/node: the populations of a deployment, the links between them, and the whole.
 * Every node has a name; what it draws, it draws by that. */
#ifndef MODELS_NODE_POPULATION_H
#define MODELS_NODE_POPULATION_H

#include "crypto/ibe.h"
#include "models/node/deployment.h"
#include "models/node/procedure.h"
#include "sim/base/rng.h"

#define NODE_NAME_MAX 160

struct device;
struct server;

struct tls_pair {
    struct tls_context *client, *server;
};

struct population {
    const struct deployment_population *config;
    struct deployment *d;
    uint32_t index;
    int64_t first_node;
    const struct profile_class *class;
    struct usage_table *usage; /* record.h */
    struct path *paths;        /* route.c: to each population */
    bool observed;             /* devices: some application is about what is below their <scl> */
    bool sought;               /* devices, local ones too: about their very containers */
    bool heeded;               /* local: some application uses them there */
    /* devices */
    struct device *devices;
    struct local *locals;                                 /* of kind local */
    sim_ns last_arrival;                                  /* of a Poisson process */
    struct tls_pair bootstrap, connect, mid, ua;          /* ua: none where Ua is on bare TCP */
    const struct eap_method *bootstrap_eap, *connect_eap; /* NULL: not by EAP */
    struct image *images; /* image.c: the one it is made with, then those of its firmware waves */
    uint64_t handshakes, resumed; /* of mId, where sessions are resumed */
    uint64_t logged[PROC_KINDS];  /* procedures whose messages were kept by record.message_first */
    /* servers */
    struct server *servers;
};

struct deployment {
    struct deployment_input in;
    struct row_sink sink;
    struct sim *sim;
    struct net *net;
    struct keyring *keys;
    struct key_pool *pool;
    struct authority *authority, *rogue;
    struct ibe_authority *ibe[IBE_SCHEMES], *rogue_ibe[IBE_SCHEMES]; /* by scheme - 1 */
    uint8_t radius_secret[16]; /* shared by every PAA and MAS */
    struct rng setup;          /* contexts and authorities draw from it */
    struct population *populations;
    struct link_state *links;                    /* route.c */
    void (*secret)(void *arg, const char *line); /* NULL: nobody keeps them */
    void *secret_arg;
    struct deployment_counts counts;
    struct procedure_slowest slowest[PROC_KINDS];
    int64_t next_procedure;
    struct sim_event sampler;
    struct happening *happenings; /* one for each event */
    struct session *retired;
    struct backend_call *calls; /* under way */
    struct local_word *words;   /* of local devices by xIP, likewise */
};

static inline sim_ns node_now(const struct deployment *d)
{
    return sim_now(d->sim);
}

/* deployment.c: some population bootstraps by EAP-TLS, so that a MAS needs a certificate. */
bool deployment_has_eap_tls(const struct deployment *d);

/* names.c */
void node_name(const struct population *p, uint32_t index, char out[NODE_NAME_MAX]);

#endif
