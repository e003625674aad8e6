/* What servers over UDP share: records of their datagrams, and a socket that takes no more. */
#include "models/node/server.h"

#include "models/node/device.h"

void server_repeated(struct session *session, sim_ns now)
{
    struct procedure *p = server_end_procedure(session_user(session));

    if (p)
        procedure_repeated(p, now);
}

/* Who is at the other end of a leg: a PAA's second one leads to the MAS. */
static int64_t other_end(const struct server_end *e, unsigned leg)
{
    const struct deployment *d = e->server->population->d;
    const struct cfg_device *c = e->client_population->config->device;
    const struct session *peer = session_peer(e->session);

    if (e->kind == END_AAA)
        return peer ? ((const struct server_end *)session_user(peer))->server->node_id
                    : ROW_NULL_ID;
    if (leg == 0)
        return device_node(e->client);
    return server_for((struct deployment *)(uintptr_t)d, c->connect.mas, e->client->mas_index)
        ->node_id;
}

static const char *protocol_of(const struct server_end *e, unsigned leg)
{
    switch (e->kind) {
    case END_ACCESS:
        return "NAS";
    case END_AAA:
        return "RADIUS";
    case END_COAPS:
        return e->plain ? "CoAP" : "DTLS";
    case END_PAA:
        return leg > 0 ? "RADIUS" : "PANA";
    case END_HTTPS:
    case END_UB:
    case END_NA:
    case END_CONTACT:
        break;
    }
    return "";
}

void server_datagram(struct session *session, unsigned leg, const struct udp_packet *p,
                     const char *label, bool repeated)
{
    struct server_end *e = session_user(session);
    struct procedure *proc = server_end_procedure(e);

    if (proc)
        procedure_datagram(proc, e->server->node_id, other_end(e, leg), p, protocol_of(e, leg),
                           label, repeated);
}

static void drop_commit(struct udp_end *end, sim_ns now)
{
    (void)now;
    udp_release(end);
}

bool server_drop(struct udp_end *end, const struct udp_ops **ops, void **user)
{
    static const struct udp_ops drop = {.commit = drop_commit};

    (void)end;
    *ops = &drop;
    *user = NULL;
    return true;
}
