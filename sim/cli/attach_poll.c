#include "sim/cli/attach_poll.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"

/* Until a connection that failed is tried again: doubled each time, up to the second. */
#define RETRY_FIRST SIM_S
#define RETRY_MOST  (30 * SIM_S)

struct poller {
    struct tally tally; /* while `open` */
    struct poller_settings settings;
    struct mid_client *mid;
    struct link *link; /* NULL: not connected yet */
    struct rng stream;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
    uint64_t sequence; /* of the poll that was sealed last */
    sim_ns due, retry; /* no connection before; how long after the next failure */
    sim_ns began;      /* the poll */
    sim_ns answered;   /* and had its answer then */
    enum reason reason;
    bool open, ended, secured, asked;
    bool told, heard; /* a poll is over, and to be told of; there was something in its answer */
    bool wanted, commanded;
};

/* ---- inside of the core ---- */

static void ask(struct poller *p, sim_ns now)
{
    p->asked = live_scl_poll(p->settings.scl, p->mid, now);
    p->began = now;
    p->tally.deadline = sim_ns_add(now, sim_ns_add(p->settings.held, p->settings.patience));
}

static void on_acted(struct tally *tally, sim_ns now)
{
    struct poller *p = (struct poller *)tally;
    const struct mid_response *r = mid_client_response(p->mid);

    if (!p->secured && mid_client_is_open(p->mid)) {
        p->secured = true;
        attach_resume_opened(p->settings.resume, p->settings.scl, now, mid_client_tls(p->mid));
    }
    if (!r || !p->asked)
        return;
    p->asked = false;
    p->told = true;
    p->answered = now;
    p->reason = r->reason;
    p->heard = r->reason == REASON_NONE && r->rep.type;
    if (p->heard)
        p->commanded |= live_scl_hears(p->settings.scl, &r->rep, &p->meter, now);
    mid_client_take(p->mid);
}

static void poller_release(struct proto *p)
{
    tally_release(&((struct poller *)p)->tally);
}

static const struct proto_ops poller_ops = {.name = "attach devices, polls",
                                            .start = tally_start,
                                            .input = tally_input,
                                            .output = tally_output,
                                            .expire = tally_expire,
                                            .free = poller_release};

/* The first poll goes with the handshake's end; the next when the last one has been told of. */
static void on_step(void *arg, struct proto *proto, sim_ns now)
{
    struct poller *p = arg;

    if (p->ended)
        return;
    p->link = live_driven(p->settings.live);
    p->ended = proto->status != PROTO_RUNNING;
    if (!p->ended && !p->told && !p->asked && mid_client_is_open(p->mid)) {
        if (p->wanted)
            ask(p, now);
        else
            mid_client_close(p->mid, now);
    }
    if (p->ended || p->told)
        live_stop(p->settings.live);
}

/* ---- from outside ---- */

static void begin(struct poller *p, sim_ns now)
{
    struct mid_settings settings = p->settings.scl->mid;

    settings.representations = true;
    settings.sequence = p->sequence;
    settings.session = attach_resume_offer(p->settings.resume, now);
    p->mid = mid_client_new(&p->env, &settings);
    if (!p->mid)
        return;
    tally_init(&p->tally, &poller_ops, mid_client_proto(p->mid), now, p->settings.patience);
    p->tally.acted = on_acted;
    p->open = true;
    p->ended = p->secured = p->asked = false;
    p->link = NULL;
    p->began = now;
    if (live_connect(p->settings.live, p->settings.place->host, p->settings.place->port,
                     &p->tally.proto, on_step, p) != OK)
        p->ended = true;
}

static void tell(struct poller *p, sim_ns now)
{
    p->told = false;
    p->settings.polled(p->settings.arg, p->began, now, p->reason, p->heard);
    p->heard = false;
    p->retry = RETRY_FIRST;
    /* Who is refused does not ask again at once. */
    if (p->reason)
        p->due = sim_ns_add(now, RETRY_FIRST);
}

static void end(struct poller *p, sim_ns now)
{
    enum reason reason = (enum reason)p->tally.proto.reason;

    attach_resume_failed(p->settings.resume, mid_client_tls(p->mid), reason);
    p->sequence = mid_client_sequence(p->mid);
    proto_free(&p->tally.proto);
    p->open = false;
    if (!p->wanted || (reason == REASON_NONE && !p->asked))
        return;
    p->settings.polled(p->settings.arg, p->began, now, reason ? reason : REASON_CLOSED_EARLY,
                       false);
    p->due = sim_ns_add(now, p->retry);
    p->retry = sim_ns_min(2 * p->retry, RETRY_MOST);
}

/* Closed from here, with its poll: what the NSCL had for it, it keeps. */
static void hang_up(struct poller *p, sim_ns now)
{
    if (!p->link || !mid_client_is_open(p->mid))
        return;
    pump_enter(&p->tally.proto, now, true);
    mid_client_close(p->mid, now);
    pump_leave();
    live_poke(p->link);
}

sim_ns poller_run(struct poller *p, bool wanted)
{
    sim_ns now = live_now(p->settings.live);

    p->wanted = wanted && !p->commanded;
    if (p->told)
        tell(p, p->answered);
    if (p->open && p->ended)
        end(p, now);
    if (p->open && !p->wanted)
        hang_up(p, now);
    else if (p->open && !p->asked && p->link && now >= p->due)
        live_poke(p->link);
    else if (!p->open && p->wanted && now >= p->due)
        begin(p, now);
    return p->wanted && !p->asked && now < p->due ? p->due : SIM_NEVER;
}

bool poller_is_open(const struct poller *p)
{
    return p->open;
}

bool poller_takes_command(struct poller *p)
{
    bool commanded = p->commanded;

    p->commanded = false;
    return commanded;
}

struct poller *poller_new(const struct poller_settings *settings)
{
    struct poller *p = xcalloc(1, sizeof *p);

    p->settings = *settings;
    p->retry = RETRY_FIRST;
    p->sequence = settings->scl->mid.sequence | 1;
    p->stream = rng_stream(settings->seed, settings->scl->name, "attach, polls");
    p->env = (struct proto_env){.stream = &p->stream,
                                .se = settings->scl->se,
                                .meter = &p->meter,
                                .trace = &p->trace,
                                .epoch_unix_ns = live_epoch_unix_ns(settings->live)};
    return p;
}

void poller_free(struct poller *p)
{
    if (!p)
        return;
    if (p->open)
        proto_free(&p->tally.proto);
    explicit_bzero(&p->stream, sizeof p->stream);
    free(p);
}
