/* attach devices: DSCLs of a scenario against a real NSCL, each over a connection of its own, bound
 * and secured as the scenario says: registration, container, reports, deregistration; and long
 * polls, in which commands come. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "models/host/live_udp.h"
#include "models/host/tally.h"
#include "models/node/live.h"
#include "models/proto/m2mxml.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"
#include "sim/cli/attach.h"
#include "sim/cli/attach_poll.h"
#include "sim/cli/attach_resume.h"
#include "sim/cli/load.h"

#define MOST_DEVICES     1000000
#define DEFAULT_PATIENCE (30 * SIM_S)
#define DEFAULT_FOR      (10 * SIM_S)
/* Until a device whose connection failed tries again: doubled each time, up to the second. */
#define RETRY_FIRST SIM_S
#define RETRY_MOST  (30 * SIM_S)
/* How long the last connections may take to end in order. */
#define GOODBYE_MS 1000

struct fleet {
    struct live_scenario scenario;
    struct live_place place;
    struct live *live;
    struct agent *agents;
    struct load loads[PROC_KINDS]; /* PROC_CONNECTION: TCP, TLS, DTLS */
    size_t count, over, connected, most;
    double speed; /* of the report period; 0: back to back */
    sim_ns patience, last, ramp, stop;
    unsigned long long seed, failures;
    bool json, keep, started[PROC_KINDS];
};

/* One device. Between connections it waits until it is due; it is over when it has deregistered or
 * been refused. */
struct agent {
    struct tally tally; /* while `open` */
    struct fleet *fleet;
    struct live_scl scl;
    struct mid_client *mid;
    struct link *link;           /* NULL: not connected yet */
    struct poller *poller;       /* NULL: it has no notification channel */
    struct attach_resume resume; /* of its connection and of the poller's */
    struct rng stream;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
    sim_ns due;                /* to connect, or to report */
    sim_ns began;              /* of what is asked, or of the connection */
    sim_ns retry;              /* after the next failure of the connection */
    uint64_t serial, up, down; /* octets at `began` */
    unsigned turns;            /* likewise */
    enum procedure_kind asked; /* PROC_KINDS: nothing */
    bool open, ended;          /* has a core; which is at its end */
    bool secured;              /* handshake over */
    bool registered, update_first, has_container, over;
    bool may_poll;  /* as it was seen last */
    bool commanded; /* what it was told to do it does as soon as nothing is asked */
};

static const char *label_of(enum procedure_kind kind)
{
    static const char *const labels[PROC_KINDS] = {[PROC_CONNECTION] = "connect",
                                                   [PROC_REGISTRATION] = "CREATE scl",
                                                   [PROC_REFRESH] = "UPDATE scl",
                                                   [PROC_DEREGISTRATION] = "DELETE scl",
                                                   [PROC_CONTAINER] = "CREATE container",
                                                   [PROC_REQUEST] = "CREATE contentInstance",
                                                   [PROC_ACCESS_RIGHT] = "CREATE accessRight",
                                                   [PROC_CHANNEL] = "CREATE notificationChannel",
                                                   [PROC_MGMT_CMD] = "CREATE mgmtCmd",
                                                   [PROC_COMMAND_REPORT] = "UPDATE execInstance",
                                                   [PROC_RESPONSE] = "NOTIFY longPolling",
                                                   [PROC_POLL] = "EXECUTE longPolling"};

    return labels[kind];
}

/* ---- what came of it ---- */

/* What there is a second of is counted from here. */
static struct load *load_of(struct fleet *f, enum procedure_kind kind, sim_ns now)
{
    if (!f->started[kind])
        load_init(&f->loads[kind], now);
    f->started[kind] = true;
    return &f->loads[kind];
}

static void began(struct agent *a, enum procedure_kind kind, sim_ns now)
{
    load_of(a->fleet, kind, now);
    a->asked = kind;
    a->began = now;
    a->up = a->tally.octets_out;
    a->down = a->tally.octets_in;
    a->turns = a->tally.turns;
}

static void succeeded(struct agent *a, sim_ns now)
{
    load_success(&a->fleet->loads[a->asked], a->began, now, a->tally.turns - a->turns,
                 a->tally.octets_out - a->up, a->tally.octets_in - a->down);
    a->asked = PROC_KINDS;
}

static void tell_failure(const struct agent *a, enum procedure_kind kind, sim_ns begun, sim_ns now,
                         enum reason reason)
{
    struct fleet *f = a->fleet;
    struct load_line line = {.number = (unsigned long long)(a - f->agents) + 1,
                             .name = a->scl.name,
                             .method = label_of(kind),
                             .reason = reason,
                             .began = begun,
                             .ended = now,
                             .json = f->json};

    load_failure(load_of(f, kind, now), now, reason);
    f->failures++;
    load_line_begin(&line);
    load_line_end(&line);
}

static void failed(struct agent *a, sim_ns now, enum reason reason)
{
    tell_failure(a, a->asked, a->began, now, reason);
    a->asked = PROC_KINDS;
}

static void on_polled(void *arg, sim_ns begun, sim_ns now, enum reason reason, bool heard)
{
    struct agent *a = arg;

    (void)heard;
    if (reason)
        tell_failure(a, PROC_POLL, begun, now, reason);
    else
        load_success(load_of(a->fleet, PROC_POLL, begun), begun, now, 1, 0, 0);
}

/* ---- one request after the other ---- */

static sim_ns next_report(const struct agent *a, sim_ns now)
{
    return a->fleet->speed > 0
               ? sim_ns_add(now, (sim_ns)((double)a->scl.report_every / a->fleet->speed))
               : now;
}

/* The server's conflicts say what is there already. */
static void refused(struct agent *a, const struct mid_response *r, enum procedure_kind kind,
                    sim_ns now)
{
    if (r->retry_after_s > 0)
        a->due = sim_ns_add(now, (sim_ns)r->retry_after_s * SIM_S);
    else if (kind == PROC_REGISTRATION && r->reason == REASON_CONFLICT)
        a->update_first = true;
    else if (kind == PROC_CONTAINER && r->reason == REASON_CONFLICT)
        a->has_container = true;
    else if (!live_scl_is_settled(&a->scl, kind, r->reason) && kind != PROC_REQUEST)
        a->over = true;
}

static void answered(struct agent *a, const struct mid_response *r, sim_ns now)
{
    enum procedure_kind kind = a->asked;

    if (kind == PROC_REQUEST)
        a->due = next_report(a, a->due > now ? now : a->due);
    if (r->reason) {
        failed(a, now, r->reason);
        refused(a, r, kind, now);
        return;
    }
    succeeded(a, now);
    if (kind == PROC_REGISTRATION)
        live_scl_is_new(&a->scl);
    live_scl_made(&a->scl, kind);
    a->registered |= kind == PROC_REGISTRATION || kind == PROC_REFRESH;
    a->has_container |= kind == PROC_CONTAINER;
    a->over |= kind == PROC_DEREGISTRATION;
}

/* Somebody waits for its answer, whenever its next report is due. */
static bool must_answer(const struct agent *a)
{
    return a->registered && live_scl_wants(&a->scl) == PROC_RESPONSE;
}

/* What a device that may ask asks now; PROC_KINDS: nothing before it is due. */
static enum procedure_kind next_of(const struct agent *a, sim_ns now)
{
    const struct fleet *f = a->fleet;
    enum procedure_kind wants;

    if (now >= f->stop)
        return a->registered && !f->keep ? PROC_DEREGISTRATION : PROC_KINDS;
    if (must_answer(a))
        return PROC_RESPONSE;
    if (now < a->due)
        return PROC_KINDS;
    if (!a->registered)
        return a->update_first ? PROC_REFRESH : PROC_REGISTRATION;
    wants = live_scl_wants(&a->scl);
    if (wants != PROC_KINDS)
        return wants;
    if (!a->has_container)
        return PROC_CONTAINER;
    return a->scl.report_every > 0 ? PROC_REQUEST : PROC_KINDS;
}

static void ask(struct agent *a, sim_ns now)
{
    enum procedure_kind kind = next_of(a, now);

    a->over |= kind == PROC_KINDS && now >= a->fleet->stop;
    if (a->over) {
        mid_client_close(a->mid, now);
    } else if (kind == PROC_KINDS) {
        /* Awake again at the report or at the end, whichever comes first. */
        a->tally.deadline =
            a->scl.report_every > 0 ? sim_ns_min(a->due, a->fleet->stop) : a->fleet->stop;
    } else {
        began(a, kind, now);
        a->tally.deadline = sim_ns_add(now, a->fleet->patience);
        if (!live_scl_ask(&a->scl, a->mid, &a->env, now, kind, ++a->serial))
            failed(a, now, REASON_CLOSED_EARLY); /* the session ends; the loop sees to it */
    }
}

static void on_acted(struct tally *tally, sim_ns now)
{
    struct agent *a = (struct agent *)tally;
    const struct mid_response *r = mid_client_response(a->mid);

    if (!a->secured && mid_client_is_open(a->mid)) {
        a->secured = true;
        a->retry = RETRY_FIRST;
        attach_resume_opened(&a->resume, &a->scl, now, mid_client_tls(a->mid));
        succeeded(a, now);
    }
    if (r && a->asked != PROC_KINDS) {
        answered(a, r, now);
        mid_client_take(a->mid);
    }
    if (a->secured && a->asked == PROC_KINDS && !a->commanded && mid_client_is_open(a->mid))
        ask(a, now);
}

/* Who waits for nobody has not been kept waiting. */
static void agent_expire(struct proto *p, sim_ns now)
{
    struct agent *a = (struct agent *)p;

    if (a->asked == PROC_KINDS && now >= a->tally.deadline)
        a->tally.deadline = SIM_NEVER;
    tally_expire(p, now);
}

static void agent_free(struct proto *p)
{
    tally_release(&((struct agent *)p)->tally);
}

static const struct proto_ops agent_ops = {.name = "attach devices",
                                           .start = tally_start,
                                           .input = tally_input,
                                           .output = tally_output,
                                           .expire = agent_expire,
                                           .free = agent_free};

/* ---- connections ---- */

static bool may_poll(const struct agent *a, sim_ns now)
{
    return a->registered && !a->over && now < a->fleet->stop &&
           (live_scl_wants(&a->scl) == PROC_KINDS || must_answer(a));
}

static void on_step(void *arg, struct proto *p, sim_ns now)
{
    struct agent *a = arg;

    if (a->ended)
        return;
    a->link = live_driven(a->fleet->live);
    a->ended = p->status != PROTO_RUNNING;
    if (a->poller && a->may_poll != may_poll(a, now)) {
        a->may_poll = !a->may_poll;
        live_stop(a->fleet->live);
    }
    if (a->ended || (a->commanded && a->asked == PROC_KINDS))
        live_stop(a->fleet->live);
}

static int begin(const struct cli *c, struct agent *a)
{
    struct fleet *f = a->fleet;
    struct mid_settings settings = a->scl.mid;
    sim_ns now = live_now(f->live);
    const char *why = "";

    settings.session = attach_resume_offer(&a->resume, now);
    a->mid = mid_client_new(&a->env, &settings);
    if (!a->mid)
        return cli_error(c, EXIT_INTERNAL, "OpenSSL would not make a TLS session");
    tally_init(&a->tally, &agent_ops, mid_client_proto(a->mid), now, f->patience);
    a->tally.acted = on_acted;
    a->open = true;
    a->secured = a->ended = false;
    a->link = NULL;
    began(a, PROC_CONNECTION, now);
    f->connected++;
    if (f->connected > f->most)
        f->most = f->connected;
    if (a->scl.mid.binding == BINDING_COAP
            ? !live_udp_connect(f->live, f->place.host, f->place.port, &a->tally.proto, on_step, a,
                                &why)
            : !live_connect(f->live, f->place.host, f->place.port, &a->tally.proto, on_step, a))
        return EXIT_DONE;
    return cli_error(c, EXIT_USAGE, "cannot reach %s:%d", f->place.host, f->place.port);
}

/* The core is at its end: in order, or with something unanswered. */
static void end(struct agent *a)
{
    struct fleet *f = a->fleet;
    sim_ns now = live_now(f->live);
    enum reason reason = (enum reason)a->tally.proto.reason;

    if (a->asked != PROC_KINDS) {
        failed(a, now, reason ? reason : REASON_CLOSED_EARLY);
        a->due = sim_ns_add(now, a->retry);
        a->retry = sim_ns_min(2 * a->retry, RETRY_MOST);
    }
    attach_resume_failed(&a->resume, mid_client_tls(a->mid), reason);
    a->scl.mid.sequence = mid_client_sequence(a->mid);
    proto_free(&a->tally.proto);
    a->open = false;
    f->connected--;
    /* At the end of the time nobody comes back but to take leave. */
    a->over |= now >= f->stop && (f->keep || !a->registered || a->retry > RETRY_FIRST);
    f->over += a->over;
}

/* It does what it was told: that takes it away from the network for the time of a restart. */
static void execute(struct agent *a, sim_ns now)
{
    a->commanded = false;
    attach_resume_release(&a->resume); /* what is in memory a restart does not outlive */
    a->due = sim_ns_add(now, live_scl_execute(&a->scl, now));
    if (!a->open || !a->link)
        return;
    pump_enter(&a->tally.proto, now, true);
    mid_client_close(a->mid, now);
    pump_leave();
    live_poke(a->link);
}

/* A request came in a poll: its answer goes at once, over the connection of its reports. */
static void respond(struct agent *a, sim_ns now)
{
    if (!a->link || !a->secured || !mid_client_is_open(a->mid))
        return;
    pump_enter(&a->tally.proto, now, true);
    ask(a, now);
    pump_leave();
    live_poke(a->link);
}

/* Its second connection; when it must be looked at again. */
static sim_ns look_at_polls(struct agent *a, sim_ns now)
{
    sim_ns next = poller_run(a->poller, may_poll(a, now) && !a->commanded);

    a->commanded |= poller_takes_command(a->poller);
    if (a->commanded && a->asked == PROC_KINDS && !poller_is_open(a->poller))
        execute(a, now);
    else if (a->commanded)
        next = sim_ns_min(next, poller_run(a->poller, false));
    else if (a->open && !a->ended && a->asked == PROC_KINDS && must_answer(a))
        respond(a, now);
    return next;
}

/* Who has ended, who is due; when the next is. */
static int look(const struct cli *c, struct fleet *f, sim_ns *next)
{
    int exit = EXIT_DONE;
    sim_ns now, when;

    *next = SIM_NEVER;
    for (size_t i = 0; i < f->count && exit == EXIT_DONE; i++) {
        struct agent *a = &f->agents[i];

        if (a->open && a->ended)
            end(a);
        if (a->poller)
            *next = sim_ns_min(*next, look_at_polls(a, live_now(f->live)));
        if (a->open || a->over)
            continue;
        now = live_now(f->live);
        when = a->registered ? sim_ns_min(a->due, f->stop) : a->due;
        if (must_answer(a))
            when = now;
        if (!a->registered && now >= f->stop) {
            a->over = true;
            f->over++;
        } else if (when <= now) {
            exit = begin(c, a);
        } else {
            *next = sim_ns_min(*next, when);
        }
    }
    return exit;
}

/* Of all handshakes; where nobody resumes nothing is said of it. */
static void report_resumed(const struct fleet *f)
{
    unsigned long long resumed = 0;
    bool resumes = false;

    for (size_t i = 0; i < f->count; i++) {
        resumed += f->agents[i].resume.resumed;
        resumes |= f->agents[i].scl.resume_for > 0;
    }
    if (resumes)
        printf(f->json ? "{\"resumed\": %llu}\n" : "sessions resumed         %12llu\n", resumed);
}

static void report(const struct fleet *f)
{
    static const enum procedure_kind order[] = {
        PROC_CONNECTION, PROC_REGISTRATION,   PROC_REFRESH,   PROC_ACCESS_RIGHT,
        PROC_CHANNEL,    PROC_MGMT_CMD,       PROC_CONTAINER, PROC_REQUEST,
        PROC_POLL,       PROC_COMMAND_REPORT, PROC_RESPONSE,  PROC_DEREGISTRATION};

    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (f->started[order[i]])
            load_report(&f->loads[order[i]],
                        &(struct load_title){label_of(order[i]), NULL, f->most}, f->json);
    }
    report_resumed(f);
}

static void wait_until(struct fleet *f, sim_ns next)
{
    sim_ns wait = next - live_now(f->live);

    if (next == SIM_NEVER)
        live_run(f->live, -1);
    else
        live_wait(f->live, wait > 0 ? (int)sim_ns_min(wait / SIM_MS + 1, INT_MAX) : 0);
}

static int attach(const struct cli *c, struct fleet *f)
{
    int exit = EXIT_DONE;
    sim_ns next;

    while (exit == EXIT_DONE && !live_signal(f->live)) {
        exit = look(c, f, &next);
        if (exit != EXIT_DONE || f->over == f->count)
            break;
        wait_until(f, next);
    }
    if (exit != EXIT_DONE)
        return exit;
    report(f);
    if (live_signal(f->live))
        return EXIT_STOPPED;
    live_run(f->live, GOODBYE_MS);
    return f->failures > 0 ? EXIT_GOAL_MISSED : EXIT_DONE;
}

/* ---- reading the command line ---- */

/* The number-th device of the scenario's first NSCL, or of --device. */
static enum err find(struct fleet *f, const char *only, size_t *population, uint32_t *index,
                     struct live_scl *out)
{
    const struct scenario *s = f->scenario.scenario;
    struct deployment *d = f->scenario.deployment;

    for (; *population < s->population_count; ++*population, *index = 0) {
        const char *name = only ? only : s->populations[*population].name;
        enum err err = *index < deployment_live_count(d, name)
                           ? deployment_live_scl(d, name, *index, out)
                           : ERR_NOT_FOUND;

        if (err == OK) {
            ++*index;
            return OK;
        }
        if (only)
            return err;
    }
    return ERR_NOT_FOUND;
}

static void agent_init(struct agent *a, struct fleet *f, size_t i)
{
    a->fleet = f;
    a->stream = rng_stream(f->seed, a->scl.name, "attach");
    a->env = (struct proto_env){.stream = &a->stream,
                                .se = a->scl.se,
                                .meter = &a->meter,
                                .trace = &a->trace,
                                .epoch_unix_ns = live_epoch_unix_ns(f->live)};
    a->asked = PROC_KINDS;
    a->retry = RETRY_FIRST;
    /* Its readings are called after the microsecond, so that no name comes twice, nor after a run
     * that stayed registered. */
    a->serial = (uint64_t)live_epoch_unix_ns(f->live) / 1000;
    /* Nor is a number of a sealed request taken twice under one Kmc, which is the same each time:
     * even ones here, odd ones in its polls. */
    a->scl.mid.sequence = a->serial & ~UINT64_C(1);
    a->due = (sim_ns)((double)f->ramp * (double)i / (double)f->count);
    if (live_scl_polls(&a->scl))
        a->poller = poller_new(&(struct poller_settings){.live = f->live,
                                                         .place = &f->place,
                                                         .scl = &a->scl,
                                                         .resume = &a->resume,
                                                         .seed = f->seed,
                                                         .patience = f->patience,
                                                         .held = a->scl.poll_timer,
                                                         .polled = on_polled,
                                                         .arg = a});
}

static int make_agents(const struct cli *c, struct fleet *f)
{
    const char *only = cli_value(c, "device");
    size_t population = 0;
    uint32_t index = 0;

    f->agents = xcalloc(f->count, sizeof *f->agents);
    for (size_t i = 0; i < f->count; i++) {
        struct agent *a = &f->agents[i];
        enum err err = find(f, only, &population, &index, &a->scl);

        if (err == ERR_UNSUPPORTED)
            return cli_error(c, EXIT_USAGE, "'%s' is no device of the first NSCL's", only);
        if (err && i == 0)
            return cli_error(c, EXIT_USAGE, "%s has no device%s%s of its first NSCL's",
                             f->scenario.scenario->path, only ? " " : "", only ? only : "");
        if (err)
            return cli_error(c, EXIT_USAGE,
                             "--count: there are %zu devices (--set populations.NAME.count=N)", i);
        agent_init(a, f, i);
    }
    return EXIT_DONE;
}

static int read_speed(const struct cli *c, struct fleet *f)
{
    const char *text = cli_value(c, "speed");
    char *last;

    if (!text)
        return EXIT_DONE;
    f->speed = strtod(text, &last);
    if (*last || last == text || !(f->speed > 0) || f->speed > 1e9)
        return cli_error(c, EXIT_USAGE, "--speed: a number above 0, not '%s'", text);
    return EXIT_DONE;
}

static int read_line(const struct cli *c, struct fleet *f)
{
    static const char *const others[] = {
        "method", "radius",      "secret",   "pana",         "bsf",        "fqdn", "gba-u",
        "usage",  "linger",      "identity", "psk",          "gpsk-suite", "imsi", "mnc-digits",
        "k",      "opc",         "sqn",      "network-name", "reauth",     "cert", "key",
        "ca",     "server-name", "mtu",      "parallel",     "secrets",    NULL};
    unsigned long long count = 1;
    sim_ns duration = DEFAULT_FOR;
    int exit;

    exit = live_refuse(c, others);
    if (exit)
        return exit;
    f->patience = DEFAULT_PATIENCE;
    if (!cli_argument(c, 1))
        return cli_error(c, EXIT_USAGE, "a scenario is needed: whose devices they are");
    if (!cli_value(c, "nscl"))
        return cli_error(c, EXIT_USAGE, "--nscl is needed: where the NSCL is");
    if (!live_place_read(c, "nscl", cli_value(c, "nscl"), &f->place) ||
        !cli_number(c, "count", &count) || !cli_time(c, "patience", &f->patience) ||
        !cli_time(c, "for", &duration) || !cli_time(c, "over", &f->ramp) || !live_seed(c, &f->seed))
        return EXIT_USAGE;
    if (count < 1 || count > MOST_DEVICES)
        return cli_error(c, EXIT_USAGE, "--count: from 1 to %d", MOST_DEVICES);
    if (f->patience == 0)
        return cli_error(c, EXIT_USAGE, "--patience must be above 0");
    exit = read_speed(c, f);
    if (exit == EXIT_DONE)
        exit = live_scenario_read(c, 1, &f->scenario);
    f->count = (size_t)count;
    f->stop = duration;
    f->json = cli_flag(c, "json");
    f->keep = cli_flag(c, "keep");
    return exit;
}

/* ---- */

static int run(const struct cli *c, struct fleet *f)
{
    int exit;

    f->live = live_new();
    exit = live_watch_signals(f->live) ? cli_error(c, EXIT_INTERNAL, "cannot watch for signals")
                                       : make_agents(c, f);
    f->stop = sim_ns_add(live_now(f->live), f->stop);
    if (exit == EXIT_DONE)
        exit = attach(c, f);
    live_free(f->live);
    return exit;
}

int attach_devices(const struct cli *c)
{
    struct fleet f = {.json = false};
    int exit;

    m2mxml_init();
    exit = read_line(c, &f);
    if (exit == EXIT_DONE)
        exit = run(c, &f);
    for (size_t i = 0; f.agents && i < f.count; i++) {
        if (f.agents[i].open)
            proto_free(&f.agents[i].tally.proto);
        poller_free(f.agents[i].poller);
        attach_resume_release(&f.agents[i].resume);
        explicit_bzero(&f.agents[i].scl, sizeof f.agents[i].scl);
        explicit_bzero(&f.agents[i].stream, sizeof f.agents[i].stream);
    }
    free(f.agents);
    for (enum procedure_kind k = PROC_ATTACH; k < PROC_KINDS; k++)
        load_release(&f.loads[k]);
    live_scenario_release(&f.scenario);
    return exit;
}
