/* Messages that are no TCP segments: net_send_message. */
#include "models/net/net_impl.h"

struct message {
    struct net_packet packet;
    struct net_route route;
    void (*deliver)(void *arg);
    void (*lost)(void *arg);
    void *arg;
};

/* The packet goes back first: the callback may send the next message. */
static void deliver_commit(struct sim *sim, struct sim_event *ev)
{
    struct message *m = (struct message *)ev;
    void (*deliver)(void *) = m->deliver;
    void *arg = m->arg;

    net_packet_arrived(&m->packet, sim_now(sim));
    net_packet_free(&m->packet);
    deliver(arg);
}

static void lost_commit(struct sim *sim, struct sim_event *ev)
{
    struct message *m = (struct message *)ev;
    void (*lost)(void *) = m->lost;
    void *arg = m->arg;

    (void)sim;
    net_packet_free(&m->packet);
    lost(arg);
}

static const struct sim_event_ops deliver_ops = {"message", NULL, deliver_commit};
static const struct sim_event_ops lost_ops = {"message-lost", NULL, lost_commit};

/* By an event of its own, so that no callback is made within net_send_message. */
static void message_dropped(struct net_packet *p, sim_ns now, enum net_fate fate)
{
    struct message *m = (struct message *)p;

    (void)fate;
    if (!m->lost) {
        net_packet_free(p);
        return;
    }
    sim_event_init(&p->ev, &lost_ops, NULL);
    sim_schedule(net_sim(p->net), &p->ev, now);
}

static const struct net_carrier message_carrier = {NULL, message_dropped, NULL, &deliver_ops};

void net_send_message(struct net *net, const struct net_route *route, uint32_t octets,
                      void (*deliver)(void *arg), void (*lost)(void *arg), void *arg)
{
    struct message *m = (struct message *)net_packet_new(net, sizeof(*m));

    m->packet.route = &m->route;
    m->packet.carrier = &message_carrier;
    m->packet.octets = octets;
    m->route = *route;
    m->deliver = deliver;
    m->lost = lost;
    m->arg = arg;
    net_packet_send(&m->packet);
}
