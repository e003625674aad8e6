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
    uint32_t from, to; /* hosts */
    size_t n;
    uint8_t octets[];
};

#define AT_ONCE 16 /* procedures of a node that are looked at for one packet */

/* A procedure, and when: its first packet is to be named. */
struct named {
    int64_t node, peer, id;
    sim_ns from, until;
    bool done;
    char *text;
};

struct capture {
    const struct cli *cli;
    struct capture_request request;
    struct net_tap tap;
    uint32_t host; /* of request.node */
    struct frame **frames;
    size_t count, room;
    struct named *named;
    size_t named_count, named_room;
    char **secrets; /* lines of an NSS key log */
    size_t secret_count, secret_room;
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
    *f = (struct frame){
        .at = at, .order = c->count, .fate = p->fate, .from = p->from, .to = p->to, .n = n};
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
    for (size_t i = 0; i < c->named_count; i++)
        free(c->named[i].text);
    for (size_t i = 0; i < c->secret_count; i++) {
        explicit_bzero(c->secrets[i], strlen(c->secrets[i]));
        free(c->secrets[i]);
    }
    free(c->frames);
    free(c->named);
    free(c->secrets);
    free(c);
}

static void on_secret(void *arg, const char *line)
{
    struct capture *c = arg;

    if (c->secret_count == c->secret_room) {
        c->secret_room = c->secret_room ? 2 * c->secret_room : 64;
        c->secrets = xrealloc(c->secrets, c->secret_room * sizeof *c->secrets);
    }
    c->secrets[c->secret_count++] = xstrdup(line);
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
    if (c->request.secrets)
        deployment_set_secrets(d, on_secret, c);
    return true;
}

void capture_procedure(void *arg, const struct row_procedure *row)
{
    struct capture *c = arg;

    if (strcmp(row->kind, "delivery") == 0) /* its packets are those of its legs */
        return;
    if (c->named_count == c->named_room) {
        c->named_room = c->named_room ? 2 * c->named_room : 64;
        c->named = xrealloc(c->named, c->named_room * sizeof *c->named);
    }
    c->named[c->named_count++] = (struct named){
        .node = row->node_id,
        .peer = row->peer_id,
        .id = row->procedure_id,
        .from = row->t_start,
        .until = row->t_end,
        .text = xasprintf("procedure %lld: %s (%s), %s", (long long)row->procedure_id, row->kind,
                          row->method, row->outcome)};
}

static int by_node_and_time(const void *a, const void *b)
{
    const struct named *x = a, *y = b;

    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* The node's procedure that goes on at this time, if none of its packets was named: the last to
 * begin, or, if that one is with another peer, the last before it that is with this one. */
static struct named *find_named(struct capture *c, int64_t node, int64_t peer, sim_ns at)
{
    size_t low = 0, high = c->named_count;

    while (low < high) { /* the first that begins later, or at a later node */
        size_t middle = low + (high - low) / 2;
        const struct named *m = &c->named[middle];
        if (m->node < node || (m->node == node && m->from <= at))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    struct named *found = &c->named[low - 1];
    for (size_t i = 0; i < AT_ONCE && i < low && c->named[low - 1 - i].node == node; i++) {
        struct named *m = &c->named[low - 1 - i];
        if (m->peer == peer && at <= m->until) {
            found = m;
            break;
        }
    }
    return found->node == node && at <= found->until && !found->done ? found : NULL;
}

/* NULL: none; free it. */
static char *comment_of(struct capture *c, const struct frame *f)
{
    struct named *p = find_named(c, f->from, f->to, f->at);
    const char *fate = f->fate == NET_DELIVERED ? NULL : net_fate_name(f->fate);

    if (!p)
        p = find_named(c, f->to, f->from, f->at);
    if (p)
        p->done = true;
    if (p && fate)
        return xasprintf("%s; %s", p->text, fate);
    return p || fate ? xstrdup(p ? p->text : fate) : NULL;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static const char object_label[] = "M2M_OBJECT ";

static bool is_of_object(const char *line)
{
    return strncmp(line, object_label, sizeof object_label - 1) == 0;
}

static bool is_repeated(const struct capture *c, size_t i)
{
    return i > 0 && strcmp(c->secrets[i], c->secrets[i - 1]) == 0;
}

/* In an order of their own, each once: the order of work is not the run's. */
static void write_secrets(struct capture *c, struct pcapng *file)
{
    char *log = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&log, &n);

    if (c->secret_count > 0)
        qsort(c->secrets, c->secret_count, sizeof *c->secrets, by_text);
    for (size_t i = 0; f && i < c->secret_count; i++) {
        if (!is_repeated(c, i) && !is_of_object(c->secrets[i]))
            fprintf(f, "%s\n", c->secrets[i]);
    }
    if (!f)
        return;
    fclose(f);
    if (n > 0)
        pcapng_tls_secrets(file, span_of(log, n));
    explicit_bzero(log, n);
    free(log);
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
    if (c->named_count > 0)
        qsort(c->named, c->named_count, sizeof *c->named, by_node_and_time);
    write_secrets(c, file);
    for (size_t i = 0; i < c->count; i++) {
        const struct frame *f = c->frames[i];

        char *comment = comment_of(c, f);

        pcapng_frame(file, c->request.epoch_unix_ns + f->at, span_of(f->octets, f->n), comment);
        free(comment);
    }
    return pcapng_close(file);
}

void capture_print_object_keys(const struct capture *c, FILE *to)
{
    for (size_t i = 0; i < c->secret_count; i++)
        if (!is_repeated(c, i) && is_of_object(c->secrets[i]))
            fprintf(to, "object keys %s\n", c->secrets[i] + sizeof object_label - 1);
}
