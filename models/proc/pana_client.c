#include "models/proc/client.h"

#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

struct pana_client {
    struct proto proto;
    struct pana_pac *pac;
    enum pana_usage usage;
    char sp_id[PANA_MAX_TEXT + 1];
    struct pana_client_counts counts;
    bool open; /* judged, and well */
};

static struct pana_client *of(struct proto *p)
{
    return (struct pana_client *)p;
}

static struct proto *pac(const struct pana_client *c)
{
    return pana_pac_proto(c->pac);
}

static bool has(const struct pana_params *p, unsigned code)
{
    return p->has & 1u << code;
}

/* As in bootstrapParamSet and connectionParamSet (etsi-m2m.md 2): what is mandatory there is here.
 */
static enum reason judge(const struct pana_client *c, sim_ns now, const struct pana_params *p)
{
    bool bootstrap = c->usage == PANA_USAGE_BOOTSTRAP;
    bool complete = has(p, PANA_ETSI_NODE_ID) && has(p, PANA_ETSI_LIFETIME) &&
                    (bootstrap ? has(p, PANA_ETSI_KMR_INDEX)
                               : has(p, PANA_ETSI_CONNECTION_ID) && has(p, PANA_ETSI_KMC_INDEX));

    if (!complete)
        return REASON_PANA_MALFORMED;
    if (c->sp_id[0] && strcmp(c->sp_id, p->sp_id) != 0)
        return REASON_FORBIDDEN;
    if (p->expires_unix_s <= proto_unix_ns(&c->proto, now) / SIM_S)
        return REASON_KEY_EXPIRED;
    return REASON_NONE;
}

static void take_key(struct pana_client *c, const struct pana_params *p)
{
    const struct eap_keys *keys = pana_pac_keys(c->pac);
    struct proto_env *env = c->proto.env;
    uint8_t key[M2M_KEY_LEN];

    if (c->usage == PANA_USAGE_BOOTSTRAP) {
        key_kmr_from_emsk(env->meter, span_of(keys->emsk, sizeof keys->emsk), span_str(p->sp_id),
                          p->node_id, key);
        se_put(env->se, SE_KMR, key);
    } else {
        key_kmc_from_msk(env->meter, span_of(keys->msk, sizeof keys->msk), p->node_id,
                         p->connection_id, key);
        se_put(env->se, SE_KMC, key);
    }
    explicit_bzero(key, sizeof key);
}

static void proceed(struct pana_client *c, sim_ns now)
{
    const struct pana_params *p;
    enum reason reason;

    if (!c->open && c->proto.status == PROTO_RUNNING && pana_pac_is_open(c->pac)) {
        p = pana_pac_params(c->pac);
        reason = judge(c, now, p);
        if (reason) {
            proto_fail(&c->proto, reason);
        } else {
            take_key(c, p);
            c->open = true;
        }
    }
    c->proto.expiry = pac(c)->expiry;
    if (pac(c)->status == PROTO_FAILED)
        proto_fail(&c->proto, pac(c)->reason);
    else if (pac(c)->status == PROTO_DONE)
        proto_done(&c->proto);
}

static void client_start(struct proto *p, sim_ns now)
{
    pac(of(p))->ops->start(pac(of(p)), now);
    proceed(of(p), now);
}

static void client_input(struct proto *p, sim_ns now, struct span in)
{
    of(p)->counts.received++;
    of(p)->counts.octets_in += in.n;
    pac(of(p))->ops->input(pac(of(p)), now, in);
    proceed(of(p), now);
}

static bool client_output(struct proto *p, sim_ns now, struct buf *out)
{
    size_t before = buf_len(out);
    bool more = pac(of(p))->ops->output(pac(of(p)), now, out);

    of(p)->counts.sent += buf_len(out) > before;
    of(p)->counts.octets_out += buf_len(out) - before;
    proceed(of(p), now);
    return more;
}

static void client_expire(struct proto *p, sim_ns now)
{
    pac(of(p))->ops->expire(pac(of(p)), now);
    proceed(of(p), now);
}

static void client_free(struct proto *p)
{
    proto_free(pac(of(p)));
    free(p);
}

static const struct proto_ops client_ops = {.name = "PANA client",
                                            .start = client_start,
                                            .input = client_input,
                                            .output = client_output,
                                            .expire = client_expire,
                                            .free = client_free};

struct pana_client *pana_client_new(struct proto_env *env,
                                    const struct pana_client_settings *settings)
{
    struct pana_client *c = xcalloc(1, sizeof *c);

    proto_init(&c->proto, &client_ops, env);
    c->usage = settings->pac.params.usage;
    if (settings->sp_id)
        strncpy(c->sp_id, settings->sp_id, sizeof c->sp_id - 1);
    c->pac = pana_pac_new(env, &settings->pac);
    return c;
}

struct proto *pana_client_proto(struct pana_client *c)
{
    return &c->proto;
}

bool pana_client_is_open(const struct pana_client *c)
{
    return c->open;
}

const struct pana_params *pana_client_params(const struct pana_client *c)
{
    return pana_pac_params(c->pac);
}

const struct pana_client_counts *pana_client_counts(const struct pana_client *c)
{
    return &c->counts;
}
