/* Messages that are no TCP segments: net_send_message. */
#include "models/net/net_impl.h"

struct message {
    struct net_packet packet;
    struct net_route route;
    struct net_message what;
};

static void deliver_prepare(struct sim_event *ev)
{
    struct message *m = (struct message *)ev;

    m->what.prepare(m->what.arg, sim_event_time(ev));
}

/* The packet goes back first: the callback may send the next message. */
static void deliver_commit(struct sim *sim, struct sim_event *ev)
{
    struct message *m = (struct message *)ev;
    struct net_message what = m->what;

    net_packet_arrived(&m->packet, sim_now(sim));
    net_packet_free(&m->packet);
    what.deliver(what.arg);
}

static void lost_commit(struct sim *sim, struct sim_event *ev)
{
    struct message *m = (struct message *)ev;
    struct net_message what = m->what;

    (void)sim;
    net_packet_free(&m->packet);
    what.lost(what.arg);
}

static const struct sim_event_ops deliver_ops = {"message", NULL, deliver_commit};
static const struct sim_event_ops prepared_ops = {"message", deliver_prepare, deliver_commit};
static const struct sim_event_ops lost_ops = {"message-lost", NULL, lost_commit};

/* By an event of its own, so that no callback is made within net_send_message. */
static void message_dropped(struct net_packet *p, sim_ns now, enum net_fate fate)
{
    struct message *m = (struct message *)p;

    (void)fate;
    if (!m->what.lost) {
        net_packet_free(p);
        return;
    }
    sim_event_init(&p->ev, &lost_ops, NULL);
    sim_schedule(net_sim(p->net), &p->ev, now);
}

static const struct net_carrier message_carrier = {NULL, message_dropped, NULL, &deliver_ops};
static const struct net_carrier prepared_carrier = {NULL, message_dropped, NULL, &prepared_ops};

void net_send_message(struct net *net, const struct net_route *route,
                      const struct net_message *message)
{
    struct message *m = (struct message *)net_packet_new(net, sizeof(*m));

    m->packet.route = &m->route;
    m->packet.carrier = message->prepare ? &prepared_carrier : &message_carrier;
    m->packet.endpoint = message->endpoint;
    m->packet.octets = message->octets;
    m->route = *route;
    m->what = *message;
    net_packet_send(&m->packet);
}
