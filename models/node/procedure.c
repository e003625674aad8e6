#include "models/node/procedure.h"

#include "models/host/pump.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define MESSAGE_NAME   128
#define MESSAGE_FIELDS 240

struct message {
    sim_ns t_send, t_receive;
    int64_t src, dst;
    uint32_t octets;
    enum net_fate fate;
    const char *protocol;
    char name[MESSAGE_NAME], fields[MESSAGE_FIELDS];
};

struct message_log {
    struct message *messages;
    size_t count, room;
};

const char *procedure_kind_name(enum procedure_kind kind)
{
    switch (kind) {
    case PROC_ATTACH:
        return "attach";
    case PROC_BOOTSTRAP:
        return "bootstrap";
    case PROC_CONNECTION:
        return "connection";
    case PROC_REGISTRATION:
        return "registration";
    case PROC_REFRESH:
        return "refresh";
    case PROC_DEREGISTRATION:
        return "deregistration";
    case PROC_CONTAINER:
        return "container";
    case PROC_REQUEST:
        return "request";
    case PROC_ACCESS_RIGHT:
        return "access-right";
    case PROC_CHANNEL:
        return "channel";
    case PROC_MGMT_CMD:
        return "mgmt-cmd";
    case PROC_POLL:
        return "poll";
    case PROC_COMMAND_REPORT:
        return "command-report";
    case PROC_RESPONSE:
        return "response";
    case PROC_NA_REGISTRATION:
        return "na-registration";
    case PROC_DISCOVERY:
        return "discovery";
    case PROC_SUBSCRIPTION:
        return "subscription";
    case PROC_READ:
        return "read";
    case PROC_COMMAND:
        return "command";
    case PROC_NOTIFICATION:
        return "notification";
    case PROC_FORWARD:
        return "forward";
    case PROC_APPLICATION:
        return "application";
    case PROC_READING:
        return "reading";
    case PROC_DELIVERY:
        return "delivery";
    case PROC_ACTUATE:
        return "actuate";
    case PROC_APOC:
        return "apoc";
    case PROC_KINDS:
        break;
    }
    return "?";
}

struct procedure *procedure_new(int64_t id, int64_t node_id, enum procedure_kind kind,
                                const char *method, sim_ns t_intended, sim_ns now)
{
    struct procedure *p = xcalloc(1, sizeof *p);

    p->id = id;
    p->node_id = node_id;
    p->peer_id = ROW_NULL_ID;
    p->kind = kind;
    p->method = method;
    p->t_intended = t_intended;
    p->t_start = now;
    ledger_start(&p->ledger, t_intended, PART_OTHER);
    return p;
}

void procedure_book(struct procedure *p, const struct session *s, struct session_traffic *booked)
{
    struct session_traffic t;

    session_traffic(s, &t);
    if (p) {
        p->octets_up += t.sent - booked->sent;
        p->octets_down += t.received - booked->received;
        p->messages += t.packets - booked->packets;
    }
    *booked = t;
}

void procedure_clock(struct procedure *p, sim_ns now)
{
    enum ledger_part part = PART_NETWORK;

    if (p->backing_off)
        part = PART_BACKOFF;
    else if (p->device_computing)
        part = PART_DEVICE_CRYPTO;
    else if (p->device_queued)
        part = PART_QUEUE;
    else if (p->server_computing)
        part = PART_SERVER_CRYPTO;
    else if (p->server_queued)
        part = PART_QUEUE;
    else if (p->waiting)
        part = PART_OTHER;
    if (p->carrier)
        part = p->carrier->ledger.part;
    ledger_switch(&p->ledger, now, part);
    if (p->rider)
        ledger_switch(&p->rider->ledger, now, part);
}

void procedure_set_waiting(struct procedure *p, bool waiting, sim_ns now)
{
    if (!p)
        return;
    p->waiting = waiting;
    procedure_clock(p, now);
}

void procedure_ride(struct procedure *p, struct procedure *on, sim_ns now)
{
    procedure_alight(p, now);
    if (on->rider)
        procedure_alight(on->rider, now);
    p->carrier = on;
    on->rider = p;
    procedure_clock(p, now);
}

void procedure_alight(struct procedure *p, sim_ns now)
{
    if (!p->carrier)
        return;
    p->carrier->rider = NULL;
    p->carrier = NULL;
    procedure_clock(p, now);
}

/* A job queues, then a worker takes it, then it is done; what began for an earlier attempt is not
 * counted any more. */
static void server_activity(struct procedure *p, enum session_activity activity)
{
    switch (activity) {
    case SESSION_QUEUED:
        p->server_queued++;
        break;
    case SESSION_COMPUTING:
        if (p->server_queued > 0)
            p->server_queued--;
        p->server_computing++;
        break;
    case SESSION_IDLE:
        if (p->server_computing > 0)
            p->server_computing--;
        break;
    }
}

static void carve_other(struct procedure *p, sim_ns now, sim_ns other_ns)
{
    ledger_carve(&p->ledger, now, PART_OTHER, other_ns);
    if (p->rider)
        ledger_carve(&p->rider->ledger, now, PART_OTHER, other_ns);
}

void procedure_activity(struct procedure *p, sim_ns now, bool server,
                        enum session_activity activity, sim_ns other_ns)
{
    bool computing = server ? p->server_computing > 0 : p->device_computing;

    if (computing && activity == SESSION_IDLE &&
        p->ledger.part == (server ? PART_SERVER_CRYPTO : PART_DEVICE_CRYPTO))
        carve_other(p, now, other_ns);
    if (server) {
        server_activity(p, activity);
    } else {
        p->device_computing = activity == SESSION_COMPUTING;
        p->device_queued = activity == SESSION_QUEUED;
    }
    procedure_clock(p, now);
}

void procedure_repeated(struct procedure *p, sim_ns now)
{
    if (p->missing)
        procedure_lost(p, now);
    p->missing = false;
}

void procedure_lost(struct procedure *p, sim_ns now)
{
    if (p->ledger.part != PART_NETWORK)
        return;
    ledger_blame(&p->ledger, now, PART_RETRANSMISSION);
    if (p->rider)
        ledger_blame(&p->rider->ledger, now, PART_RETRANSMISSION);
}

void procedure_log(struct procedure *p)
{
    if (!p->log)
        p->log = xcalloc(1, sizeof *p->log);
}

bool procedure_is_slow(struct procedure_slowest *s, uint32_t most, sim_ns latency)
{
    uint32_t at;

    if (most == 0 || (s->n == most && latency <= s->latency[0]))
        return false;
    if (!s->latency)
        s->latency = xcalloc(most, sizeof *s->latency);
    if (s->n < most) { /* from the end: the slower ones move up */
        for (at = s->n++; at > 0 && s->latency[at - 1] > latency; at--)
            s->latency[at] = s->latency[at - 1];
    } else { /* the fastest goes, and the faster ones move down */
        for (at = 0; at + 1 < s->n && s->latency[at + 1] < latency; at++)
            s->latency[at] = s->latency[at + 1];
    }
    s->latency[at] = latency;
    return true;
}

/* A host's label into the messages' names and their fields; the length of the names. */
static size_t take_label(struct message *m, const char *label)
{
    size_t used = 0, fields = 0;

    while (*label) {
        size_t n = strcspn(label, (const char[]){PUMP_FIELDS, '\0'}),
               left = sizeof m->name - 1 - used;

        memcpy(m->name + used, label, n < left ? n : left);
        used += n < left ? n : left;
        label += n;
        if (*label != PUMP_FIELDS)
            break;
        n = strcspn(++label, (const char[]){PUMP_FIELDS_END, '\0'});
        if (fields > 0)
            fields = str_append(m->fields, sizeof m->fields, fields, "; ");
        left = sizeof m->fields - 1 - fields;
        memcpy(m->fields + fields, label, n < left ? n : left);
        fields += n < left ? n : left;
        label += n + (label[n] == PUMP_FIELDS_END);
    }
    m->name[used] = m->fields[fields] = '\0';
    return used;
}

/* To be filled in whole. */
static struct message *add_message(struct message_log *log)
{
    if (log->count == log->room) {
        log->room = log->room ? 2 * log->room : 16;
        log->messages = xrealloc(log->messages, log->room * sizeof *log->messages);
    }
    return &log->messages[log->count++];
}

static const char *control_name(const struct tcp_segment *s)
{
    if (s->flags & TCP_RST)
        return "RST";
    if (s->flags & TCP_SYN)
        return s->flags & TCP_ACK ? "SYN ACK" : "SYN";
    if (s->flags & TCP_FIN)
        return "FIN";
    return "ACK";
}

/* Somebody said something: a device's words and a server's behind them make a round trip. */
static void count_trip(struct procedure *p, int64_t src, int64_t dst)
{
    if (src == p->node_id) {
        p->spoke = true;
    } else if (dst == p->node_id && p->spoke) {
        p->spoke = false;
        p->round_trips++;
    }
}

void procedure_message(struct procedure *p, int64_t src, int64_t dst,
                       const struct flow_packet *packet, const char *protocol, const char *label,
                       bool continued)
{
    const struct tcp_segment *s = packet->segment;
    bool speaks = s->length > 0 || s->flags & (TCP_SYN | TCP_FIN | TCP_RST);
    struct message *m;
    size_t used;

    if (s->length > 0 || s->flags & TCP_SYN)
        count_trip(p, src, dst);
    if (!p->log || (!speaks && packet->fate == NET_DELIVERED))
        return;
    m = add_message(p->log);
    m->t_send = packet->t_send;
    m->t_receive = packet->t_receive;
    m->src = src;
    m->dst = dst;
    m->octets = s->wire_octets;
    m->fate = packet->fate;
    m->protocol = s->length == 0 ? "TCP" : protocol;
    used = take_label(m, s->length ? label : control_name(s));
    if (continued) {
        m->fields[0] = '\0';
        used = str_append(m->name, sizeof m->name, used, " (continued)");
    }
    if (s->retransmission)
        str_append(m->name, sizeof m->name, used, " (retransmission)");
}

void procedure_datagram(struct procedure *p, int64_t src, int64_t dst,
                        const struct udp_packet *packet, const char *protocol, const char *label,
                        bool repeated)
{
    struct message *m;
    size_t used;

    p->missing |= packet->fate != NET_DELIVERED;
    count_trip(p, src, dst);
    if (!p->log)
        return;
    m = add_message(p->log);
    *m = (struct message){.t_send = packet->t_send,
                          .t_receive = packet->t_receive,
                          .src = src,
                          .dst = dst,
                          .octets = packet->octets,
                          .fate = packet->fate,
                          .protocol = protocol};
    used = take_label(m, label);
    if (packet->fragment > 0) {
        m->fields[0] = '\0';
        used = str_append(m->name, sizeof m->name, used, " (continued)");
    }
    if (repeated)
        str_append(m->name, sizeof m->name, used, " (retransmission)");
}

void procedure_signal(struct procedure *p, int64_t src, int64_t dst, sim_ns t_send,
                      sim_ns t_receive, uint32_t octets, const char *protocol, const char *name)
{
    struct message *m;

    if (!p->log)
        return;
    m = add_message(p->log);
    m->t_send = t_send;
    m->t_receive = t_receive;
    m->src = src;
    m->dst = dst;
    m->octets = octets;
    m->fate = NET_DELIVERED;
    m->protocol = protocol;
    take_label(m, name);
}

void procedure_backend(struct procedure *p, int64_t src, int64_t dst, sim_ns t_send,
                       sim_ns t_receive, uint32_t octets, const char *name)
{
    procedure_signal(p, src, dst, t_send, t_receive, octets, "back-end", name);
}

static void write_messages(const struct procedure *p, const struct row_sink *sink)
{
    for (size_t i = 0; i < p->log->count; i++) {
        const struct message *m = &p->log->messages[i];
        sink->message(sink->arg, &(struct row_message){.procedure_id = p->id,
                                                       .seq = (uint32_t)i,
                                                       .t_send = m->t_send,
                                                       .t_receive = m->t_receive == SIM_NEVER ||
                                                                            m->fate != NET_DELIVERED
                                                                        ? ROW_NULL_ID
                                                                        : m->t_receive,
                                                       .src = m->src,
                                                       .dst = m->dst,
                                                       .protocol = m->protocol,
                                                       .name = m->name,
                                                       .fields = m->fields,
                                                       .octets = m->octets,
                                                       .fate = net_fate_name(m->fate)});
    }
}

void procedure_end(struct procedure *p, sim_ns now, const char *outcome, enum reason reason,
                   bool keep_messages, const struct row_sink *sink)
{
    struct row_procedure row = {.procedure_id = p->id,
                                .node_id = p->node_id,
                                .peer_id = p->peer_id,
                                .kind = procedure_kind_name(p->kind),
                                .method = p->method,
                                .t_intended = p->t_intended,
                                .t_start = p->t_start,
                                .t_end = now,
                                .outcome = outcome,
                                .reason = reason_text(reason),
                                .attempts = p->attempts,
                                .messages = p->messages,
                                .octets_up = p->octets_up,
                                .octets_down = p->octets_down,
                                .round_trips = p->round_trips,
                                .device_energy_nj = p->energy_nj,
                                .device_ns = p->device_ns,
                                .server_ns = p->server_ns};

    if (p->rider)
        procedure_alight(p->rider, now);
    if (p->carrier)
        p->carrier->rider = NULL;
    ledger_stop(&p->ledger, now);
    memcpy(row.parts, p->ledger.parts, sizeof row.parts);
    sink->procedure(sink->arg, &row);
    if (p->log) {
        if (keep_messages || p->sampled)
            write_messages(p, sink);
        free(p->log->messages);
        free(p->log);
    }
    free(p);
}
