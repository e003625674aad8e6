/* mId over CoAP: how the two ends are set up, and an NSCL's sockets (etsi-m2m.md 6, 8.3). */
#include "models/node/roles.h"

#include "models/node/attempt.h"
#include "models/node/device.h"

#define COAP_OPTIONS_ROOM 192 /* header, token, path, sender and blocks of what a device asks */

/* What the path carries in one piece decides the blocks and the flights: a fragment that is lost is
 * the whole lost (RFC 7252 4.6). */
static void fit_path(const struct deployment *d, struct dtls_settings *dtls,
                     struct coap_settings *coap)
{
    size_t room = d->in.eap->udp.mtu > UDP_HEADERS ? d->in.eap->udp.mtu - UDP_HEADERS : 0;

    dtls->mtu = room;
    coap->szx = COAP_SZX_MAX;
    coap->szx_given = true;
    while (coap->szx > 0 &&
           coap_block_size(coap->szx) + COAP_OPTIONS_ROOM + DTLS_OVERHEAD(16) > room)
        coap->szx--;
}

void mid_coap_client(const struct device *dev, struct mid_settings *settings)
{
    settings->binding = BINDING_COAP;
    settings->coap.ack_timeout = dev->population->config->device->mid.ack_timeout;
    fit_path(dev->population->d, &settings->dtls, &settings->coap);
}

/* Longer than the device's patience: who closes first says so, and that may be lost. Within it what
 * came twice is known (RFC 7252 4.8.2). No session outlives its Kmc, however patient its device. */
static sim_ns idle_time(const struct population *clients)
{
    const struct cfg_device *c = clients->config->device;

    return sim_ns_add(sim_ns_min(c->mid.idle, c->keys.kmc), 247 * SIM_S);
}

void mid_coap_server(const struct server_end *e, uint8_t *address, struct server_settings *settings)
{
    const struct deployment *d = e->server->population->d;
    uint32_t host = (uint32_t)device_node(e->client);

    for (int i = 0; i < 4; i++)
        address[i] = (uint8_t)(host >> (24 - 8 * i));
    address[4] = (uint8_t)(e->client_port >> 8);
    address[5] = (uint8_t)e->client_port;
    settings->binding = BINDING_COAP;
    settings->idle = idle_time(e->client_population);
    settings->dtls.cookie = true;
    settings->dtls.peer = span_of(address, 6);
    fit_path(d, &settings->dtls, &settings->coap);
}

/* At the bare port who that is, is asked with each request; in DTLS it must be a client of CoAP. */
static bool takes(const struct population *clients, bool plain)
{
    return plain || (clients->config->device->mid.binding == BINDING_COAP && clients->mid.server);
}

bool mid_coap_accept(struct udp_listener *l, struct udp_end *end, const struct udp_ops **ops,
                     void **user)
{
    struct server *s = l->user;
    struct session *client = udp_user(udp_peer(end));
    struct device_end *from = client ? session_user(client) : NULL;
    bool plain = l == &s->coap;
    struct server_end *e;

    if (!from || !server_admits(s) || !takes(from->dev->population, plain))
        return server_drop(end, ops, user);
    e = server_end_new(s, from->dev, END_COAPS, &server_session_ops, from->behind++);
    e->plain = plain;
    e->client_port = udp_port(udp_peer(end));
    session_accept_udp(e->session, end, ops, user);
    return true;
}
