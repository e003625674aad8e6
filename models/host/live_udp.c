#include "models/host/live_udp.h"

#include "models/host/live_impl.h"
#include "models/host/live_inbox.h"
#include "models/host/pump.h"
#include "sim/base/siphash.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define KEYS 2 /* of a conversation: what began it, and what its core chose */
/* Asked of the system for a server's socket, which gives what its own limit allows: for the time in
 * which our thread is not even running. */
#define RECEIVE_BUFFER (4 * 1024 * 1024)

/* A conversation in the table under one of its keys. */
struct place {
    struct talk *talk;
    struct place *next;
    struct live_udp_key key;
    bool taken;
};

/* One conversation. Its timer is the core's expiry, or the end of its patience. */
struct talk {
    uv_timer_t timer;
    struct live_udp *udp;
    struct proto *proto;
    void *user;
    struct talk *next, **back; /* all of the socket's, the one that spoke last in front */
    struct place place[KEYS];
    struct sockaddr_storage to, from; /* of the last answer, of the last datagram */
    sim_ns heard;                     /* when the last datagram came, or it ended */
    bool ended, closing;
};

struct live_udp {
    uv_udp_t socket;
    uv_timer_t quiet;
    uv_idle_t work; /* active while the inbox holds something */
    struct live *live;
    struct live_udp *next, **back;
    const struct live_udp_ops *ops;
    void *arg;
    struct live_udp_limits limits;
    struct live_udp_counts counts;
    struct live_inbox inbox; /* a server's */
    struct talk *talks;
    size_t talk_count, running;
    struct place **table; /* a client has none */
    size_t table_size;    /* a power of two */
    uint64_t hash_key[2]; /* who sends must not choose the bucket */
    int handles;          /* of its own, not closed yet */
    bool client, closing, is_quiet;
    void (*client_step)(void *user, struct proto *p, sim_ns now);
    struct buf room;
};

void live_udp_limits_default(struct live_udp_limits *limits)
{
    *limits = (struct live_udp_limits){
        .conversations = 4096, .idle = 30 * SIM_S, .linger = 5 * SIM_S, .quiet = SIM_NEVER};
}

const struct live_udp_counts *live_udp_counts(const struct live_udp *u)
{
    return &u->counts;
}

/* ---- the table of conversations ---- */

static struct place **bucket(struct live_udp *u, const struct live_udp_key *key)
{
    struct siphash h;
    uint64_t out[2];

    siphash_init(&h, u->hash_key[0], u->hash_key[1]);
    siphash_put(&h, span_of(key->octets, key->n));
    siphash_end(&h, out);
    return &u->table[out[0] & (u->table_size - 1)];
}

static struct talk *find(struct live_udp *u, const struct live_udp_key *key)
{
    for (struct place *p = *bucket(u, key); p; p = p->next)
        if (p->key.n == key->n && memcmp(p->key.octets, key->octets, key->n) == 0)
            return p->talk;
    return NULL;
}

static void put(struct talk *t, int which, const struct live_udp_key *key)
{
    struct place *p = &t->place[which], **head = bucket(t->udp, key);

    *p = (struct place){.talk = t, .next = *head, .key = *key, .taken = true};
    *head = p;
}

static void take_out(struct talk *t, int which)
{
    struct place *p = &t->place[which], **at;

    if (!p->taken)
        return;
    for (at = bucket(t->udp, &p->key); *at != p; at = &(*at)->next)
        ;
    *at = p->next;
    p->taken = false;
}

static void link_in_front(struct talk *t)
{
    struct live_udp *u = t->udp;

    t->next = u->talks;
    t->back = &u->talks;
    if (t->next)
        t->next->back = &t->next;
    u->talks = t;
}

static void unlink_talk(struct talk *t)
{
    *t->back = t->next;
    if (t->next)
        t->next->back = t->back;
}

/* ---- the end ---- */

static void on_socket_closed(uv_handle_t *handle)
{
    struct live_udp *u = handle->data;

    if (--u->handles > 0)
        return;
    *u->back = u->next;
    if (u->next)
        u->next->back = u->back;
    live_inbox_clear(&u->inbox);
    buf_clear(&u->room);
    free(u->table);
    free(u);
}

static void close_socket(struct live_udp *u)
{
    if (u->closing)
        return;
    u->closing = true;
    uv_close((uv_handle_t *)&u->socket, on_socket_closed);
    uv_close((uv_handle_t *)&u->quiet, on_socket_closed);
    uv_close((uv_handle_t *)&u->work, on_socket_closed);
}

static void on_quiet(uv_timer_t *timer)
{
    struct live_udp *u = timer->data;

    if (u->running > 0 || u->inbox.first)
        return;
    u->is_quiet = true;
    for (const struct live_udp *o = u->live->udp; o; o = o->next)
        if (o->limits.quiet != SIM_NEVER && !o->closing && !o->is_quiet)
            return;
    live_stop(u->live);
}

static void nothing_happens_from_now(struct live_udp *u)
{
    u->is_quiet = false;
    if (u->limits.quiet != SIM_NEVER && !u->closing)
        live_timer_at(u->live, &u->quiet, sim_ns_add(live_now(u->live), u->limits.quiet), on_quiet);
}

static void on_talk_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* Forgets a conversation. What still ran ends for `reason`. */
static void forget(struct talk *t, enum reason reason)
{
    struct live_udp *u = t->udp;

    if (t->closing)
        return;
    t->closing = true;
    for (int i = 0; i < KEYS; i++)
        take_out(t, i);
    unlink_talk(t);
    u->talk_count--;
    if (!t->ended) {
        u->running--;
        nothing_happens_from_now(u);
    }
    proto_fail(t->proto, reason);
    if (u->ops)
        u->ops->gone(t->user, t->proto);
    uv_close((uv_handle_t *)&t->timer, on_talk_closed);
    if (u->client)
        close_socket(u);
}

void live_udp_close_all(struct live *l)
{
    for (struct live_udp *u = l->udp; u; u = u->next) {
        while (u->talks)
            forget(u->talks, REASON_RUN_END);
        close_socket(u);
    }
}

/* ---- driving a core ---- */

static void drive(struct talk *t, enum pump_call call, struct span in);

static void on_timer(uv_timer_t *timer)
{
    struct talk *t = timer->data;
    struct live_udp *u = t->udp;
    sim_ns now = live_now(u->live);
    sim_ns patience = t->ended ? u->limits.linger : u->limits.idle;

    if (now >= t->proto->expiry && !t->ended)
        drive(t, PUMP_EXPIRE, span_of(NULL, 0));
    else if (!u->client && now >= sim_ns_add(t->heard, patience))
        forget(t, REASON_TIMEOUT);
    else
        drive(t, PUMP_NOTHING, span_of(NULL, 0));
}

static void set_timer(struct talk *t)
{
    struct live_udp *u = t->udp;
    sim_ns when = t->ended ? SIM_NEVER : t->proto->expiry;

    if (!u->client)
        when = sim_ns_min(when, sim_ns_add(t->heard, t->ended ? u->limits.linger : u->limits.idle));
    live_timer_at(u->live, &t->timer, when, on_timer);
}

/* The answer goes to where the datagram came from that made the core speak; what a stranger sends
 * under a known key and the core ignores redirects nothing. */
static void send_datagram(void *arg, struct span datagram)
{
    struct talk *t = arg;
    struct live_udp *u = t->udp;
    uv_buf_t b = uv_buf_init((char *)(uintptr_t)datagram.p, (unsigned)datagram.n);
    const struct sockaddr *to = u->client ? NULL : (const struct sockaddr *)&t->to;

    t->to = t->from;
    if (uv_udp_try_send(&u->socket, &b, 1, to) < 0) {
        u->counts.unsent++;
        return;
    }
    u->counts.datagrams_out++;
    u->counts.octets_out += datagram.n;
}

static void ask_parent(struct talk *t)
{
    const struct live_udp_ops *ops = t->udp->ops;
    struct live_udp_key key = {.n = 0};

    if (t->udp->client)
        return;
    if (!t->place[1].taken && ops->second_key && ops->second_key(t->user, t->proto, &key) &&
        !find(t->udp, &key))
        put(t, 1, &key);
    if (t->place[1].taken && ops->second_only && ops->second_only(t->user))
        take_out(t, 0);
}

static void drive(struct talk *t, enum pump_call call, struct span in)
{
    struct live_udp *u = t->udp;
    void (*step)(void *user, struct proto *p, sim_ns now) =
        u->client ? u->client_step : u->ops->step;
    sim_ns now = live_now(u->live);

    pump_datagrams(t->proto, call, now, in, true, &u->room, send_datagram, t);
    if (step) {
        pump_enter(t->proto, now, true);
        step(t->user, t->proto, now);
        pump_leave();
        pump_datagrams(t->proto, PUMP_NOTHING, now, span_of(NULL, 0), true, &u->room, send_datagram,
                       t);
    }
    ask_parent(t);
    if (t->proto->status != PROTO_RUNNING && !t->ended) {
        t->ended = true;
        t->heard = now;
        u->running--;
        nothing_happens_from_now(u);
    }
    if (t->ended && u->client)
        forget(t, REASON_NONE);
    else
        set_timer(t);
}

void live_udp_poke(struct live_udp *u, const struct live_udp_key *key)
{
    struct talk *t = find(u, key);

    if (t && !t->ended)
        drive(t, PUMP_NOTHING, span_of(NULL, 0));
}

/* ---- what arrives ---- */

static struct talk *new_talk(struct live_udp *u, struct live_udp_core core)
{
    struct talk *t = xcalloc(1, sizeof(*t));

    t->udp = u;
    t->proto = core.proto;
    t->user = core.user;
    live_bug_if(uv_timer_init(&u->live->loop, &t->timer));
    t->timer.data = t;
    t->heard = live_now(u->live);
    link_in_front(t);
    u->talk_count++;
    u->running++;
    return t;
}

/* The one that ended longest ago gives way; those that run do not. */
static bool make_room(struct live_udp *u)
{
    struct talk *oldest = NULL;

    if (u->talk_count < u->limits.conversations)
        return true;
    for (struct talk *t = u->talks; t; t = t->next)
        if (t->ended)
            oldest = t;
    if (oldest)
        forget(oldest, REASON_NONE);
    return oldest != NULL;
}

static struct talk *begin(struct live_udp *u, const struct live_udp_key *key, struct span from,
                          struct span in)
{
    struct live_udp_core core = {.proto = NULL};
    struct talk *t;

    if (!make_room(u)) {
        u->counts.refused++;
        return NULL;
    }
    if (!u->ops->make(u->arg, from, in, &core))
        return NULL;
    u->counts.conversations++;
    t = new_talk(u, core);
    put(t, 0, key);
    drive(t, PUMP_START, span_of(NULL, 0));
    return t;
}

void live_udp_touch(struct live_udp *u, const struct live_udp_key *key)
{
    struct talk *t = find(u, key);

    if (t && !t->closing)
        drive(t, PUMP_NOTHING, span_of(NULL, 0));
}

/* The octets of an address that count; the rest of a sockaddr is padding. */
static struct span address_octets(const struct sockaddr *a, uint8_t out[18])
{
    if (a->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)a;

        memcpy(out, &six->sin6_addr, 16);
        memcpy(out + 16, &six->sin6_port, 2);
        return span_of(out, 18);
    }
    const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)a;

    memcpy(out, &four->sin_addr, 4);
    memcpy(out + 4, &four->sin_port, 2);
    return span_of(out, 6);
}

static void served(struct live_udp *u, const struct sockaddr *address, struct span in)
{
    struct live_udp_key key = {.n = 0};
    struct talk *t;
    uint8_t octets[18];
    struct span from = address_octets(address, octets);

    nothing_happens_from_now(u);
    if (!u->ops->key(u->arg, from, in, &key) || key.n == 0) {
        u->counts.foreign++;
        return;
    }
    t = find(u, &key);
    if (!t)
        t = begin(u, &key, from, in);
    if (!t)
        return;
    memcpy(&t->from, address,
           address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in));
    if (!t->ended)
        t->heard = live_now(u->live);
    unlink_talk(t);
    link_in_front(t);
    drive(t, PUMP_INPUT, in);
}

/* One at a time: in between the loop reads what has come meanwhile, and looks at its timers. */
static void on_work(uv_idle_t *work)
{
    struct live_udp *u = work->data;
    struct live_inbox_item *item = live_inbox_take(&u->inbox);

    if (item)
        served(u, (const struct sockaddr *)&item->from, span_of(item->octets, item->n));
    free(item);
    if (!u->inbox.first)
        uv_idle_stop(work);
}

static void keep(struct live_udp *u, const struct sockaddr *from, struct span in)
{
    if (live_inbox_put(&u->inbox, from, in))
        live_bug_if(uv_idle_start(&u->work, on_work));
    else
        u->counts.dropped++;
}

static void on_datagram(uv_udp_t *socket, ssize_t n, const uv_buf_t *b,
                        const struct sockaddr *address, unsigned flags)
{
    struct live_udp *u = socket->data;

    if (n < 0 && u->client) {
        proto_fail(u->talks->proto,
                   n == UV_ECONNREFUSED ? REASON_CONNECTION_REFUSED : REASON_CONNECTION_LOST);
        drive(u->talks, PUMP_NOTHING, span_of(NULL, 0));
        return;
    }
    /* libuv says by n == 0 without an address that there is no more; an empty datagram says
     * nothing to any protocol here, and to a core n == 0 would mean the end of a stream. */
    if (n <= 0 || !address || (flags & UV_UDP_PARTIAL))
        return;
    u->counts.datagrams_in++;
    u->counts.octets_in += (uint64_t)n;
    if (u->client)
        drive(u->talks, PUMP_INPUT, span_of(b->base, (size_t)n));
    else
        keep(u, address, span_of(b->base, (size_t)n));
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *b)
{
    struct live_udp *u = handle->data;

    (void)wanted;
    *b = uv_buf_init(u->live->datagram, sizeof(u->live->datagram));
}

/* ---- opening ---- */

static struct live_udp *new_socket(struct live *l)
{
    struct live_udp *u = xcalloc(1, sizeof(*u));

    live_bug_if(uv_udp_init(&l->loop, &u->socket));
    live_bug_if(uv_timer_init(&l->loop, &u->quiet));
    live_bug_if(uv_idle_init(&l->loop, &u->work));
    u->socket.data = u->quiet.data = u->work.data = u;
    uv_unref((uv_handle_t *)&u->quiet);
    u->handles = 3;
    u->live = l;
    u->limits.quiet = SIM_NEVER;
    buf_init(&u->room, LIVE_DATAGRAM_MAX);
    u->next = l->udp;
    u->back = &l->udp;
    if (l->udp)
        l->udp->back = &u->next;
    l->udp = u;
    return u;
}

static enum err say_why(int status, const char **why)
{
    if (why)
        *why = uv_strerror(status);
    return ERR_IO;
}

static int bind_and_listen(struct live_udp *u, const struct sockaddr_storage *address, int *port)
{
    struct sockaddr_storage bound;
    int n = sizeof(bound), wanted = RECEIVE_BUFFER, status;

    status = uv_udp_bind(&u->socket, (const struct sockaddr *)address, 0);
    if (status == 0)
        status = uv_udp_getsockname(&u->socket, (struct sockaddr *)&bound, &n);
    if (status == 0)
        status = uv_udp_recv_start(&u->socket, on_alloc, on_datagram);
    if (status == 0) {
        *port = live_port_of(&bound);
        (void)uv_recv_buffer_size((uv_handle_t *)&u->socket, &wanted);
    }
    return status;
}

enum err live_udp_serve(struct live *l, const char *host, int *port, const struct live_udp_ops *ops,
                        void *arg, const struct live_udp_limits *limits, struct live_udp **out,
                        const char **why)
{
    struct sockaddr_storage address;
    struct live_udp *u;
    enum err err = live_resolve(l, host, *port, SOCK_DGRAM, &address);
    int status;

    if (err)
        return err;
    u = new_socket(l);
    u->ops = ops;
    u->arg = arg;
    u->limits = *limits;
    for (u->table_size = 16; u->table_size < 2 * limits->conversations; u->table_size *= 2)
        ;
    u->table = xcalloc(u->table_size, sizeof(struct place *));
    uv_random(NULL, NULL, u->hash_key, sizeof(u->hash_key), 0, NULL);
    status = bind_and_listen(u, &address, port);
    if (status != 0) {
        close_socket(u);
        return say_why(status, why);
    }
    nothing_happens_from_now(u);
    if (out)
        *out = u;
    return OK;
}

enum err live_udp_connect(struct live *l, const char *host, int port, struct proto *p,
                          void (*step)(void *user, struct proto *p, sim_ns now), void *user,
                          const char **why)
{
    struct sockaddr_storage address;
    struct live_udp *u;
    enum err err = live_resolve(l, host, port, SOCK_DGRAM, &address);
    int status;

    if (err)
        return err;
    u = new_socket(l);
    u->client = true;
    u->client_step = step;
    status = uv_udp_connect(&u->socket, (const struct sockaddr *)&address);
    if (status == 0)
        status = uv_udp_recv_start(&u->socket, on_alloc, on_datagram);
    if (status != 0) {
        close_socket(u);
        return say_why(status, why);
    }
    drive(new_talk(u, (struct live_udp_core){p, user}), PUMP_START, span_of(NULL, 0));
    return OK;
}
