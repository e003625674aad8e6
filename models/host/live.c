#include "models/host/live_impl.h"

#include "crypto/entity.h"
#include "models/host/pump.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* What a core may give at once; beyond it the core is broken. */
#define MAX_OUT (1024u * 1024)
/* How long the peer's end of stream is waited for after ours. */
#define LINGER_MS 2000
#define BACKLOG   1024 /* a fleet comes all at once */

typedef void (*live_step)(void *arg, struct proto *p, sim_ns now);

struct listener {
    uv_tcp_t tcp; /* first: a handle is its owner */
    struct live *live;
    struct listener *next;
    struct proto *(*make)(void *arg);
    live_step step;
    void (*gone)(void *arg, struct proto *p);
    void *arg;
};

/* One connection. The timer is the core's expiry, and after its end the linger. */
struct link {
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_connect_t connect;
    uv_shutdown_t shutdown;
    struct live *live;
    struct link *next, **back;
    struct proto *proto;
    live_step step;
    void (*gone)(void *arg, struct proto *p); /* of a listener's: then the core is ours */
    void *arg;
    bool owned, ended, peer_ended, paused;
    int handles; /* not closed yet */
};

void live_bug_if(int failed)
{
    assert(failed == 0);
}

/* A fleet has a socket each: as many as the system lets this process have. */
static void allow_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* else as many as before */
}

struct live *live_new(void)
{
    struct live *l = xcalloc(1, sizeof(*l));

    allow_files();
    /* A peer that is gone shows as an error of a write, not as a signal. */
    signal(SIGPIPE, SIG_IGN);
    live_bug_if(uv_loop_init(&l->loop));
    live_bug_if(uv_timer_init(&l->loop, &l->limit));
    l->start_ns = host_monotonic_ns();
    l->epoch_ns = host_unix_ns();
    return l;
}

sim_ns live_now(struct live *l)
{
    return host_monotonic_ns() - l->start_ns;
}

void live_timer_at(struct live *l, uv_timer_t *timer, sim_ns when, uv_timer_cb fire)
{
    sim_ns wait;

    if (when == SIM_NEVER) {
        uv_timer_stop(timer);
        return;
    }
    /* Rounded up, and one more since the loop's own time is rounded down: a timer that fires early
     * would find nothing expired. */
    uv_update_time(&l->loop);
    wait = when - live_now(l);
    live_bug_if(uv_timer_start(timer, fire, wait > 0 ? (uint64_t)(wait / SIM_MS + 2) : 0, 0));
}

int64_t live_epoch_unix_ns(const struct live *l)
{
    return l->epoch_ns;
}

/* ---- the end of a link ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct link *k = handle->data;

    if (--k->handles > 0)
        return;
    *k->back = k->next;
    if (k->next)
        k->next->back = k->back;
    if (k->owned && k->gone)
        k->gone(k->arg, k->proto);
    if (k->owned)
        proto_free(k->proto);
    free(k);
}

static void close_link(struct link *k)
{
    if (uv_is_closing((uv_handle_t *)&k->tcp))
        return;
    uv_close((uv_handle_t *)&k->tcp, on_handle_closed);
    uv_close((uv_handle_t *)&k->timer, on_handle_closed);
}

static void on_linger(uv_timer_t *timer)
{
    close_link(timer->data);
}

/* The other end may still be reading: our FIN, then its, so that no RST takes our last octets. */
static void on_shut(uv_shutdown_t *request, int status)
{
    struct link *k = request->data;

    if (status != 0 || k->peer_ended)
        close_link(k);
    else
        live_bug_if(uv_timer_start(&k->timer, on_linger, LINGER_MS, 0));
}

static void end_link(struct link *k)
{
    if (k->ended)
        return;
    k->ended = true;
    uv_timer_stop(&k->timer);
    if (uv_shutdown(&k->shutdown, (uv_stream_t *)&k->tcp, on_shut) != 0)
        close_link(k);
}

/* ---- driving the core ---- */

struct write {
    uv_write_t request;
    struct buf out;
};

static void drive(struct link *k, enum pump_call call, struct span in);

/* Without an end from either side. */
static void lose_link(struct link *k, enum reason reason)
{
    k->ended = true;
    proto_fail(k->proto, reason);
    if (k->step) {
        pump_enter(k->proto, live_now(k->live), true);
        k->step(k->arg, k->proto, live_now(k->live));
        pump_leave();
    }
    close_link(k);
}

static void begin_reading(struct link *k);

/* A peer that does not take what it is told is not listened to, or its answers fill our memory. */
static void pause_reading(struct link *k, size_t given)
{
    size_t waiting = uv_stream_get_write_queue_size((const uv_stream_t *)&k->tcp);

    if (k->paused || (given < LIVE_MUCH && waiting < LIVE_MUCH))
        return;
    k->paused = true;
    uv_read_stop((uv_stream_t *)&k->tcp);
}

/* It has taken it. The core goes on first: it may have been stopped in the middle of answers. */
static void go_on(struct link *k)
{
    if (!k->paused || uv_stream_get_write_queue_size((const uv_stream_t *)&k->tcp) > 0)
        return;
    k->paused = false;
    drive(k, PUMP_NOTHING, span_of(NULL, 0));
    if (!k->ended && !k->paused)
        begin_reading(k);
}

static void on_written(uv_write_t *request, int status)
{
    struct write *w = request->data;
    struct link *k = request->handle->data;

    if (status < 0 && status != UV_ECANCELED && !k->ended)
        lose_link(k, REASON_CONNECTION_LOST);
    else if (status == 0 && !k->ended)
        go_on(k);
    buf_clear(&w->out);
    free(w);
}

static void on_expiry(uv_timer_t *timer)
{
    drive(timer->data, PUMP_EXPIRE, span_of(NULL, 0));
}

static void send_out(struct link *k, struct write *w)
{
    struct span s = buf_span(&w->out);
    uv_buf_t b = uv_buf_init((char *)(uintptr_t)s.p, (unsigned)s.n);

    w->request.data = w;
    if (s.n > 0 && uv_write(&w->request, (uv_stream_t *)&k->tcp, &b, 1, on_written) == 0)
        return;
    buf_clear(&w->out);
    free(w);
}

static void drive(struct link *k, enum pump_call call, struct span in)
{
    sim_ns now = live_now(k->live);
    struct write *w;
    size_t given;

    if (k->ended)
        return;
    w = xcalloc(1, sizeof(*w));
    buf_init(&w->out, MAX_OUT);
    uv_update_time(&k->live->loop);
    k->live->driven = k;
    pump(k->proto, call, now, in, true, &w->out, NULL, 0);
    if (k->step) {
        pump_enter(k->proto, now, true);
        k->step(k->arg, k->proto, now);
        pump_leave();
        pump(k->proto, PUMP_NOTHING, now, span_of(NULL, 0), true, &w->out, NULL, 0);
    }
    k->live->driven = NULL;
    given = buf_len(&w->out);
    send_out(k, w);
    if (k->proto->status != PROTO_RUNNING) {
        end_link(k);
        return;
    }
    pause_reading(k, given);
    live_timer_at(k->live, &k->timer, k->proto->expiry, on_expiry);
}

struct link *live_driven(const struct live *l)
{
    return l->driven;
}

void live_poke(struct link *link)
{
    drive(link, PUMP_NOTHING, span_of(NULL, 0));
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *b)
{
    struct link *k = handle->data;

    (void)wanted;
    *b = uv_buf_init(k->live->in, sizeof(k->live->in));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
    struct link *k = stream->data;

    if (n > 0) {
        drive(k, PUMP_INPUT, span_of(b->base, (size_t)n));
    } else if (n < 0) {
        uv_read_stop(stream);
        k->peer_ended = true;
        if (k->ended) {
            close_link(k);
        } else if (n == UV_EOF) {
            drive(k, PUMP_INPUT, span_of(NULL, 0));
            /* A core that goes on without a peer to hear from has nobody to talk to either. */
            end_link(k);
        } else {
            lose_link(k, n == UV_ECONNRESET ? REASON_CONNECTION_RESET : REASON_CONNECTION_LOST);
        }
    }
}

static void begin_reading(struct link *k)
{
    if (uv_read_start((uv_stream_t *)&k->tcp, on_alloc, on_read) != 0)
        lose_link(k, REASON_CONNECTION_LOST);
}

static void begin(struct link *k)
{
    begin_reading(k);
    if (!k->ended)
        drive(k, PUMP_START, span_of(NULL, 0));
}

static struct link *new_link(struct live *l)
{
    struct link *k = xcalloc(1, sizeof(*k));

    live_bug_if(uv_tcp_init(&l->loop, &k->tcp));
    live_bug_if(uv_timer_init(&l->loop, &k->timer));
    k->tcp.data = k->timer.data = k->connect.data = k->shutdown.data = k;
    k->live = l;
    k->handles = 2;
    k->next = l->links;
    k->back = &l->links;
    if (l->links)
        l->links->back = &k->next;
    l->links = k;
    return k;
}

/* ---- connecting and listening ---- */

static void on_connected(uv_connect_t *request, int status)
{
    struct link *k = request->data;

    if (k->ended || status == UV_ECANCELED)
        return;
    if (status == 0)
        begin(k);
    else
        lose_link(k, status == UV_ECONNREFUSED ? REASON_CONNECTION_REFUSED
                     : status == UV_ETIMEDOUT  ? REASON_CONNECT_TIMEOUT
                                               : REASON_CONNECTION_LOST);
}

static void on_connect_timeout(uv_timer_t *timer)
{
    lose_link(timer->data, REASON_CONNECT_TIMEOUT);
}

enum err live_resolve(struct live *l, const char *host, int port, int type,
                      struct sockaddr_storage *out)
{
    struct addrinfo hints = {.ai_socktype = type};
    uv_getaddrinfo_t request;
    char service[16];

    snprintf(service, sizeof(service), "%d", port);
    if (uv_getaddrinfo(&l->loop, &request, NULL, host, service, &hints) != 0)
        return ERR_NOT_FOUND;
    memcpy(out, request.addrinfo->ai_addr, request.addrinfo->ai_addrlen);
    uv_freeaddrinfo(request.addrinfo);
    return OK;
}

enum err live_connect(struct live *l, const char *host, int port, struct proto *p,
                      void (*step)(void *arg, struct proto *p, sim_ns now), void *arg)
{
    struct sockaddr_storage address;
    struct link *k;
    enum err err = live_resolve(l, host, port, SOCK_STREAM, &address);

    if (err)
        return err;
    k = new_link(l);
    k->proto = p;
    k->step = step;
    k->arg = arg;
    if (uv_tcp_connect(&k->connect, &k->tcp, (const struct sockaddr *)&address, on_connected) !=
        0) {
        close_link(k);
        return ERR_IO;
    }
    live_timer_at(l, &k->timer, p->expiry, on_connect_timeout);
    return OK;
}

static void on_connection(uv_stream_t *server, int status)
{
    struct listener *s = (struct listener *)server;
    struct link *k;

    if (status != 0)
        return;
    k = new_link(s->live);
    if (uv_accept(server, (uv_stream_t *)&k->tcp) == 0)
        k->proto = s->make(s->arg);
    if (!k->proto) {
        close_link(k);
        return;
    }
    k->owned = true;
    k->step = s->step;
    k->gone = s->gone;
    k->arg = s->arg;
    begin(k);
}

static void on_listener_closed(uv_handle_t *handle)
{
    free(handle->data);
}

int live_port_of(const struct sockaddr_storage *a)
{
    return ntohs(a->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)a)->sin6_port
                                          : ((const struct sockaddr_in *)a)->sin_port);
}

static int bound_port(uv_tcp_t *tcp, int *port)
{
    struct sockaddr_storage a;
    int n = sizeof(a);
    int status = uv_tcp_getsockname(tcp, (struct sockaddr *)&a, &n);

    if (!status)
        *port = live_port_of(&a);
    return status;
}

enum err live_listen(struct live *l, const char *host, int *port, struct proto *(*make)(void *arg),
                     void (*step)(void *arg, struct proto *p, sim_ns now),
                     void (*gone)(void *arg, struct proto *p), void *arg, const char **why)
{
    struct sockaddr_storage address;
    struct listener *s;
    int status;
    enum err err = live_resolve(l, host, *port, SOCK_STREAM, &address);

    if (err)
        return err;
    s = xcalloc(1, sizeof(*s));
    live_bug_if(uv_tcp_init(&l->loop, &s->tcp));
    s->tcp.data = s;
    s->live = l;
    s->make = make;
    s->step = step;
    s->gone = gone;
    s->arg = arg;
    status = uv_tcp_bind(&s->tcp, (const struct sockaddr *)&address, 0);
    if (!status)
        status = uv_listen((uv_stream_t *)&s->tcp, BACKLOG, on_connection);
    if (!status)
        status = bound_port(&s->tcp, port);
    if (status) {
        if (why)
            *why = uv_strerror(status);
        uv_close((uv_handle_t *)&s->tcp, on_listener_closed);
        return ERR_IO;
    }
    s->next = l->listeners;
    l->listeners = s;
    return OK;
}

/* ---- the loop ---- */

static void on_limit(uv_timer_t *timer)
{
    struct live *l = timer->data;

    l->timed_out = true;
    uv_stop(&l->loop);
}

static void run_loop(struct live *l, int limit_ms)
{
    l->timed_out = false;
    l->limit.data = l;
    uv_update_time(&l->loop);
    if (limit_ms >= 0)
        live_bug_if(uv_timer_start(&l->limit, on_limit, (uint64_t)limit_ms, 0));
    uv_run(&l->loop, UV_RUN_DEFAULT);
    uv_timer_stop(&l->limit);
}

bool live_run(struct live *l, int limit_ms)
{
    uv_unref((uv_handle_t *)&l->limit); /* alone it keeps nothing running */
    run_loop(l, limit_ms);
    return !l->timed_out;
}

void live_wait(struct live *l, int limit_ms)
{
    uv_ref((uv_handle_t *)&l->limit);
    run_loop(l, limit_ms);
}

void live_stop(struct live *l)
{
    uv_stop(&l->loop);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct live *l = handle->data;

    l->signal = number;
    uv_stop(&l->loop);
}

static enum err watch(struct live *l, uv_signal_t *handle, int number)
{
    live_bug_if(uv_signal_init(&l->loop, handle));
    handle->data = l;
    if (uv_signal_start(handle, on_signal, number) != 0)
        return ERR_IO;
    uv_unref((uv_handle_t *)handle);
    return OK;
}

enum err live_watch_signals(struct live *l)
{
    enum err first = watch(l, &l->interrupt, SIGINT), second = watch(l, &l->terminate, SIGTERM);

    l->watching = true;
    return first ? first : second;
}

int live_signal(const struct live *l)
{
    return l->signal;
}

void live_free(struct live *l)
{
    if (!l)
        return;
    for (struct link *k = l->links; k; k = k->next)
        close_link(k);
    for (struct listener *s = l->listeners; s; s = s->next)
        uv_close((uv_handle_t *)&s->tcp, on_listener_closed);
    live_udp_close_all(l);
    if (l->watching) {
        uv_close((uv_handle_t *)&l->interrupt, NULL);
        uv_close((uv_handle_t *)&l->terminate, NULL);
    }
    uv_close((uv_handle_t *)&l->limit, NULL);
    uv_run(&l->loop, UV_RUN_DEFAULT);
    live_bug_if(uv_loop_close(&l->loop));
    free(l);
}
