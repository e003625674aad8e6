#include "sim/cli/serve_pana.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "models/node/map.h"
#include "models/proto/eap_simaka_id.h"
#include "models/proto/m2mxml.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

/* As the scenarios' defaults (keys.kmr, keys.kmc). */
#define DAY          (24 * 3600 * SIM_S)
#define KMR_LIFETIME (2 * 365 * DAY)
#define KMC_LIFETIME DAY

#define SP_ID "sp.m2m.example"
#define MSBF  "msbf." SP_ID
#define MAS   "mas." SP_ID
#define NSCL  "nscl." SP_ID

/* How many keys a device was given; by its Node-ID. */
struct record {
    uint8_t node_id[M2M_NODE_ID_LEN];
    uint32_t kmr_index, kmc_index;
};

struct serve_pana {
    struct live_place place, server; /* server: --via-radius; its host "": it is here */
    enum pana_usage usage;
    struct live_mas_settings mas; /* seed, who is asked and who is told */
    void (*ended)(void *arg, const struct live_pana_end *end);
    struct live_pana *pana;
    int64_t epoch_unix_ns;
    struct map by_node;
    struct record *records;
    uint32_t count, room;
};

/* ---- what is granted ---- */

/* A device is one, whichever of its identities it shows: its IMSI, or the identity itself. Its
 * Node-ID is drawn by that name, as the simulation's MSBF does. */
static void draw_node_id(const struct serve_pana *s, const char *name,
                         uint8_t node_id[M2M_NODE_ID_LEN])
{
    char imsi[IMSI_MAX + 1];
    struct rng stream;

    if (simaka_id_imsi(name, imsi))
        name = imsi;
    stream = rng_stream(s->mas.seed, name, "Node-ID");
    rng_bytes(&stream, node_id, M2M_NODE_ID_LEN);
}

static struct record *record_of(struct serve_pana *s, const uint8_t node_id[M2M_NODE_ID_LEN])
{
    uint64_t key = 0;
    uint32_t at;

    for (int i = 0; i < 8; i++)
        key = key << 8 | node_id[i];
    at = map_find(&s->by_node, key);
    if (at != MAP_NONE)
        return &s->records[at];
    if (s->count == s->room) {
        s->room = s->room ? 2 * s->room : 16;
        s->records = xrealloc(s->records, s->room * sizeof *s->records);
    }
    at = s->count++;
    s->records[at] = (struct record){.kmr_index = 0};
    memcpy(s->records[at].node_id, node_id, M2M_NODE_ID_LEN);
    map_put(&s->by_node, key, at);
    return &s->records[at];
}

static void grant_bootstrap(struct record *r, struct pana_params *p)
{
    p->has |= 1u << PANA_ETSI_KMR_INDEX | 1u << PANA_ETSI_MAS_FQDN | 1u << PANA_ETSI_SCL_ID_LIST |
              1u << PANA_ETSI_SP_ID;
    /* Sessions of one device that run together have different ones. */
    p->kmr_index = ++r->kmr_index;
    str_append(p->mas_fqdn, sizeof p->mas_fqdn, 0, MAS);
    str_append(p->scl_list[0], sizeof p->scl_list[0], 0, NSCL);
    p->scl_list_count = 1;
}

/* The Connection-ID has 63 random bits, as the simulation's. */
static void grant_connection(struct record *r, struct proto_env *env, struct pana_params *p)
{
    p->has |= 1u << PANA_ETSI_CONNECTION_ID | 1u << PANA_ETSI_KMC_INDEX | 1u << PANA_ETSI_MID_FLAGS;
    p->connection_id = rng_u64(env->stream) >> 1;
    p->kmc_index = ++r->kmc_index;
    p->mid_flags = MID_TLS_PSK;
}

/* All of it; usage and SP-ID are in p. */
static void grant(struct serve_pana *s, struct proto_env *env, sim_ns now, const char *name,
                  struct pana_params *p)
{
    bool bootstrap = s->usage == PANA_USAGE_BOOTSTRAP;
    size_t n;

    draw_node_id(s, name, p->node_id);
    p->has = 1u << PANA_ETSI_NODE_ID | 1u << PANA_ETSI_LIFETIME | 1u << PANA_ETSI_SCL_ID;
    n = str_append(p->scl_id, sizeof p->scl_id, 0, "scl-");
    hex_encode(p->node_id, M2M_NODE_ID_LEN, p->scl_id + n);
    p->expires_unix_s =
        (s->epoch_unix_ns + sim_ns_add(now, bootstrap ? KMR_LIFETIME : KMC_LIFETIME)) / SIM_S;
    if (bootstrap)
        grant_bootstrap(record_of(s, p->node_id), p);
    else
        grant_connection(record_of(s, p->node_id), env, p);
}

static void grant_accepted(void *arg, struct proto_env *env, sim_ns now, const char *identity,
                           struct pana_params *params)
{
    grant(arg, env, now, identity, params);
}

static void find(void *arg, struct proto_env *env, sim_ns now, const struct aaa_question *q,
                 struct aaa_user *user)
{
    struct serve_pana *s = arg;
    struct eap_query query = {.kind = EAP_QUERY_USER};

    str_append(query.identity, sizeof query.identity, 0, q->identity);
    s->mas.answer(s->mas.arg, env, &query, &user->answer);
    if (user->answer.reason != REASON_NONE)
        return;
    memcpy(user->params.sp_id, q->params.sp_id, sizeof user->params.sp_id);
    grant(s, env, now, user->answer.permanent[0] ? user->answer.permanent : q->identity,
          &user->params);
}

static void answer(void *arg, struct proto_env *env, const struct eap_query *query,
                   struct eap_answer *out)
{
    const struct serve_pana *s = arg;

    s->mas.answer(s->mas.arg, env, query, out);
}

static void on_end(void *arg, const struct live_pana_end *end)
{
    const struct serve_pana *s = arg;

    s->ended(s->mas.arg, end);
}

/* ---- the command ---- */

bool serve_pana_read(const struct cli *c, struct serve_pana **out)
{
    const char *place = cli_value(c, "pana"), *via = cli_value(c, "via-radius");
    enum pana_usage usage = PANA_USAGE_BOOTSTRAP;
    struct live_place where, server = {.port = 0};

    *out = NULL;
    if (!place && (cli_value(c, "usage") || via)) {
        cli_error(c, EXIT_USAGE, "--%s goes with --pana", via ? "via-radius" : "usage");
        return false;
    }
    if (!place)
        return true;
    if (!live_pana_place(c, place, &where) || !live_usage(c, &usage) ||
        (via && !live_place_read(c, "via-radius", via, &server)))
        return false;
    if (via && usage != PANA_USAGE_CONNECTION) {
        cli_error(c, EXIT_USAGE,
                  "--via-radius needs --usage connection: Kmr is made of the EMSK, "
                  "which a server tells nobody");
        return false;
    }
    *out = xcalloc(1, sizeof **out);
    (*out)->place = where;
    (*out)->server = server;
    (*out)->usage = usage;
    return true;
}

static struct live_pana_settings settings_of(struct serve_pana *s)
{
    bool bootstrap = s->usage == PANA_USAGE_BOOTSTRAP;
    struct live_pana_settings settings = {.params = {.usage = s->usage},
                                          .radius = s->mas.radius,
                                          .nas_identifier = bootstrap ? MSBF : NSCL,
                                          .patience = s->mas.radius.idle,
                                          .conversations = s->mas.conversations,
                                          .quiet = s->mas.quiet,
                                          .seed = s->mas.seed,
                                          .find = find,
                                          .answer = answer,
                                          .arg = s,
                                          .server_host = *s->server.host ? s->server.host : NULL,
                                          .server_port = s->server.port,
                                          .grant = grant_accepted};
    struct pana_params *p = &settings.params;

    p->has = 1u << PANA_ETSI_USAGE_TYPE | 1u << PANA_ETSI_SP_ID |
             1u << (bootstrap ? PANA_ETSI_MSBF_ID : PANA_ETSI_NSCL_ID);
    str_append(p->sp_id, sizeof p->sp_id, 0, SP_ID);
    if (bootstrap)
        str_append(p->msbf_id, sizeof p->msbf_id, 0, MSBF);
    else
        str_append(p->nscl_id, sizeof p->nscl_id, 0, NSCL);
    return settings;
}

int serve_pana_open(const struct cli *c, struct serve_pana *s, struct live *live,
                    const struct live_mas_settings *mas,
                    void (*ended)(void *arg, const struct live_pana_end *end))
{
    struct live_pana_settings settings;
    const char *why = "no such host";

    s->mas = *mas;
    s->epoch_unix_ns = live_epoch_unix_ns(live);
    settings = settings_of(s);
    s->ended = ended;
    settings.ended = on_end;
    if (!live_pana_new(live, s->place.host, &s->place.port, &settings, &s->pana, &why)) {
        fprintf(stderr, "PANA at %s:%d, %s\n", s->place.host, s->place.port,
                live_usage_name(s->usage));
        return EXIT_DONE;
    }
    if (*s->server.host)
        return cli_error(c, EXIT_USAGE, "cannot listen at %s:%d for %s:%d: %s", s->place.host,
                         s->place.port, s->server.host, s->server.port, why);
    return cli_error(c, EXIT_USAGE, "cannot listen at %s:%d: %s", s->place.host, s->place.port,
                     why);
}

void serve_pana_print(const struct live_pana_end *e, bool json, bool secrets)
{
    live_print_granted(e->params, secrets ? e->key : NULL, json);
}

void serve_pana_sum(const struct serve_pana *s)
{
    const struct live_udp_counts *n = live_pana_counts(s->pana);

    fprintf(stderr,
            "PANA: %llu sessions; %llu datagrams in, %llu out, %llu of no session, %llu beyond "
            "the limit\n",
            (unsigned long long)n->conversations, (unsigned long long)n->datagrams_in,
            (unsigned long long)n->datagrams_out, (unsigned long long)n->foreign,
            (unsigned long long)n->refused + n->dropped);
}

void serve_pana_free(struct serve_pana *s)
{
    if (!s)
        return;
    live_pana_free(s->pana);
    map_release(&s->by_node);
    free(s->records);
    free(s);
}
