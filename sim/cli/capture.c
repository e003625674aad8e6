#include "sim/cli/capture.h"

#include "results/frame.h"
#include "results/pcapng.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A frame that waits for its place: arrivals are known before they happen. */
struct frame {
    sim_ns at;
    uint64_t order; /* in which they came: of those at one instant */
    enum net_fate fate;
    size_t n;
    uint8_t octets[];
};

struct capture {
    const struct cli *cli;
    struct capture_request request;
    struct net_tap tap;
    uint32_t host; /* of request.node */
    struct frame **frames;
    size_t count, room;
    uint8_t scratch[FRAME_MAX];
};

static const char *interface(const struct capture *c)
{
    return c->request.node ? c->request.node : "all";
}

static size_t build(struct capture *c, const struct net_tap_packet *p)
{
    const struct tcp_segment *s = p->segment;
    struct frame_ip ip = {p->from, p->to, p->ip_id, p->from_port, p->to_port, p->octets};
    struct frame_tcp tcp;

    if (!s)
        return frame_udp(&ip, p->payload, p->fragment_offset, p->more_fragments, c->scratch);
    tcp = (struct frame_tcp){.seq = s->seq,
                             .ack = s->ack,
                             .window = s->window,
                             .flags = s->flags,
                             .scaled = p->scaled,
                             .time_stamp = p->time_stamp,
                             .time_stamp_echo = p->time_stamp_echo,
                             .mss = p->mss,
                             .sack_count = s->sack_count};
    static_assert(sizeof tcp.sack == sizeof s->sack, "as many SACK blocks here as there");
    memcpy(tcp.sack, s->sack, sizeof tcp.sack);
    return frame_tcp(&ip, &tcp, p->payload, c->scratch);
}

static void keep(struct capture *c, sim_ns at, const struct net_tap_packet *p)
{
    struct frame *f;
    size_t n;

    if (at < c->request.from || at > c->request.until)
        return;
    n = build(c, p);
    assert(n > 0); /* the models' sizes are those of real headers */
    f = xcalloc(1, sizeof *f + n);
    *f = (struct frame){.at = at, .order = c->count, .fate = p->fate, .n = n};
    memcpy(f->octets, c->scratch, n);
    if (c->count == c->room) {
        c->room = c->room ? 2 * c->room : 256;
        c->frames = xrealloc(c->frames, c->room * sizeof(struct frame *));
    }
    c->frames[c->count++] = f;
}

static void on_packet(void *arg, const struct net_tap_packet *p)
{
    struct capture *c = arg;

    if (!c->request.node || p->from == c->host)
        keep(c, p->t_send, p);
    if (c->request.node && p->to == c->host && p->fate == NET_DELIVERED)
        keep(c, p->t_receive, p);
}

struct capture *capture_new(const struct cli *cli, const struct capture_request *request)
{
    struct capture *c = xcalloc(1, sizeof *c);

    c->cli = cli;
    c->request = *request;
    c->tap = (struct net_tap){on_packet, c};
    return c;
}

void capture_free(struct capture *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        free(c->frames[i]);
    free(c->frames);
    free(c);
}

bool capture_ready(void *arg, struct deployment *d)
{
    struct capture *c = arg;
    int64_t id = 0;

    if (c->request.node && !deployment_find_node(d, c->request.node, &id)) {
        (void)cli_error(c->cli, EXIT_USAGE, "there is no node '%s' in this run", c->request.node);
        return false;
    }
    c->host = (uint32_t)id;
    deployment_set_tap(d, &c->tap);
    return true;
}

static int by_time(const void *a, const void *b)
{
    const struct frame *const *x = a, *const *y = b;

    if ((*x)->at != (*y)->at)
        return (*x)->at < (*y)->at ? -1 : 1;
    return ((*x)->order > (*y)->order) - ((*x)->order < (*y)->order);
}

enum err capture_write(struct capture *c, const char *path, bool force, uint64_t *frames)
{
    struct pcapng *file;
    enum err err = pcapng_create(path, force, "m2msim", interface(c), &file);

    *frames = c->count;
    if (err)
        return err;
    if (c->count > 0)
        qsort(c->frames, c->count, sizeof(struct frame *), by_time);
    for (size_t i = 0; i < c->count; i++) {
        const struct frame *f = c->frames[i];

        pcapng_frame(file, c->request.epoch_unix_ns + f->at, span_of(f->octets, f->n),
                     f->fate == NET_DELIVERED ? NULL : net_fate_name(f->fate));
    }
    return pcapng_close(file);
}
