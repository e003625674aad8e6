#include "models/node/longpoll.h"

#include "models/node/access.h"
#include "models/node/application.h"
#include "models/node/image.h"
#include "models/node/mid_security.h"
#include "models/node/node_id.h"
#include "models/node/record.h"
#include "models/node/resume.h"
#include "models/node/retarget.h"
#include "models/node/route.h"
#include "models/proto/m2mxml_rep.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTLED  SIM_S  /* without anything else to do, before its session is opened */
#define CHANNEL  "poll" /* ids */
#define RESET    "reset"
#define FIRMWARE "firmware"
#define SCLS     "/m2m/scls"

struct device_channel {
    struct sim_event timer;
    struct device *dev;
    struct device_end *end;    /* the session; NULL: none */
    struct procedure *proc;    /* the poll; NULL: none is held */
    struct server_end *holder; /* at the NSCL */
    struct retarget_in *in;    /* what was handed on to it; NULL: nothing was */
    char *exec;                /* the execInstance of the command that is being executed */
    enum cfg_command what;
    bool has_channel;
    uint8_t commands; /* mgmtCmds that are made, from the first */
    bool executed;    /* and to be reported */
    uint8_t failures; /* polls in a row */
    uint32_t sessions;
    uint64_t stream_counter;
    sim_ns hold; /* no poll before */
    sim_ns deadline;
    struct session_traffic booked;
};

enum step { NOTHING, CLOSE, EXECUTE, GIVE_UP, POLL };

static const struct cfg_device *config(const struct device *dev)
{
    return dev->population->config->device;
}

/* ---- what there is to make ---- */

enum procedure_kind longpoll_wants(const struct device *dev)
{
    const struct device_channel *ch = dev->channel;

    if (ch->executed)
        return PROC_COMMAND_REPORT;
    if (!ch->has_channel)
        return PROC_CHANNEL;
    if (ch->commands < 2)
        return PROC_MGMT_CMD;
    return retarget_has_answer(dev) ? PROC_RESPONSE : PROC_KINDS;
}

void longpoll_contact(const char *scl_id, char *out, size_t n)
{
    snprintf(out, n, SCLS "/%s/notificationChannels/" CHANNEL "/contact", scl_id);
}

void longpoll_compose(const struct device *dev, enum procedure_kind kind, const char *scl_id,
                      struct device_request *r)
{
    const struct device_channel *ch = dev->channel;
    bool first = ch->commands == 0;
    struct m2m_rep rep;

    if (kind == PROC_RESPONSE) {
        retarget_compose(dev, scl_id, r);
        return;
    }
    if (kind == PROC_CHANNEL) {
        r->label = "CREATE notificationChannel";
        snprintf(r->target, sizeof r->target, SCLS "/%s/notificationChannels", scl_id);
        m2m_rep_init(&rep, M2M_NOTIFICATION_CHANNEL);
        m2m_put_text(&rep, E_ID, CHANNEL);
        m2m_put_number(&rep, E_CHANNEL_TYPE, 0);
    } else if (kind == PROC_MGMT_CMD) {
        r->label = "CREATE mgmtCmd";
        snprintf(r->target, sizeof r->target, SCLS "/%s/mgmtObjs", scl_id);
        m2m_rep_init(&rep, M2M_MGMT_CMD);
        m2m_put_text(&rep, E_ID, first ? RESET : FIRMWARE);
        observed_put_right(&rep, scl_id);
        m2m_put_number(&rep, E_CMD_TYPE, observed_word(E_CMD_TYPE, first ? "RESET" : "DOWNLOAD"));
    } else {
        r->label = "UPDATE execInstance";
        r->method = HTTP_PUT;
        snprintf(r->target, sizeof r->target, "%s", ch->exec);
        m2m_rep_init(&rep, M2M_EXEC_INSTANCE);
        m2m_put_number(&rep, E_EXEC_STATUS, observed_word(E_EXEC_STATUS, "FINISHED"));
    }
    observed_take(&rep, &r->doc);
}

static void forget_command(struct device_channel *ch)
{
    free(ch->exec);
    ch->exec = NULL;
    ch->executed = false;
}

void longpoll_made(struct device *dev, enum procedure_kind kind)
{
    struct device_channel *ch = dev->channel;

    if (kind == PROC_CHANNEL)
        ch->has_channel = true;
    else if (kind == PROC_MGMT_CMD)
        ch->commands++;
    else if (kind == PROC_RESPONSE)
        retarget_told(dev);
    else
        forget_command(ch);
}

void longpoll_unmade(struct device *dev)
{
    struct device_channel *ch = dev->channel;

    ch->has_channel = false;
    ch->commands = 0;
    if (ch->executed) /* its execInstance is gone too */
        forget_command(ch);
}

bool longpoll_is_settled(struct device *dev, enum procedure_kind kind, enum reason reason)
{
    bool again = reason == REASON_CONFLICT && (kind == PROC_CHANNEL || kind == PROC_MGMT_CMD);
    bool gone = reason == REASON_NOT_FOUND && kind == PROC_COMMAND_REPORT;
    bool stale =
        kind == PROC_RESPONSE && retarget_is_stale(dev, reason, node_now(device_deployment(dev)));

    if (again || gone || stale)
        longpoll_made(dev, kind);
    return again || gone || stale;
}

/* ---- the session: prepare ---- */

static struct proto *make_core(struct session *s, sim_ns now)
{
    const struct device_end *e = session_user(s);
    const struct device *dev = e->dev;
    char scl_id[M2M_MAX_URI];
    struct mid_settings settings;
    struct mid_client *c;

    device_mid_settings(dev, now, scl_id, &settings);
    settings.representations = true;
    settings.sequence = dev->object ? dev->object->poll_sequence : 0;
    c = mid_client_new(session_env(s), &settings);
    return c ? mid_client_proto(c) : NULL;
}

void longpoll_target(const struct device *dev, char *out, size_t n)
{
    char scl_id[M2M_MAX_URI];

    node_scl_id(dev->node_id, scl_id);
    snprintf(out, n, SCLS "/%s/notificationChannels/" CHANNEL "/longPolling", scl_id);
}

static void step(struct session *s, sim_ns now)
{
    struct device_end *e = session_user(s);
    char target[2 * M2M_MAX_URI];

    if (!e->request_wanted)
        return;
    longpoll_target(e->dev, target, sizeof target);
    if (mid_client_request(mid_client_of(session_core(s)), now, "EXECUTE longPolling", HTTP_POST,
                           target, NULL))
        e->request_wanted = false;
}

/* ---- the session: commit ---- */

static void book(struct device_channel *ch)
{
    if (ch->end)
        procedure_book(ch->proc, ch->end->session, &ch->booked);
}

static void end_poll(struct device_channel *ch, sim_ns now, enum reason reason)
{
    struct procedure *p = ch->proc;

    if (!p)
        return;
    book(ch);
    ch->proc = NULL;
    record_end(device_deployment(ch->dev), p, now, reason == REASON_NONE ? "success" : "failed",
               reason);
}

static struct session *release_session(struct device_channel *ch)
{
    struct session *s = ch->end->session;
    struct proto *core = session_core(s);

    if (ch->dev->object && core)
        ch->dev->object->poll_sequence = mid_client_sequence(mid_client_of(core));
    ch->stream_counter = session_stream(s).counter;
    free(ch->end);
    ch->end = NULL;
    return s;
}

/* Waits longer from one failure to the next, as everything else that the device does. */
static void fail(struct device_channel *ch, sim_ns now, enum reason reason)
{
    const struct cfg_device *c = config(ch->dev);
    sim_ns wait = c->retry.base;

    end_poll(ch, now, reason);
    for (unsigned i = 0; i < ch->failures && wait < c->retry.cap; i++)
        wait *= 2;
    ch->failures = ch->failures < 32 ? (uint8_t)(ch->failures + 1) : ch->failures;
    ch->hold = sim_ns_add(now, sim_ns_min(wait, c->retry.cap));
}

void longpoll_close(struct device *dev, sim_ns now)
{
    struct device_channel *ch = dev->channel;

    end_poll(ch, now, REASON_NONE);
    if (ch->end)
        session_retire(release_session(ch));
}

void longpoll_vanish(struct device *dev, sim_ns now)
{
    struct device_channel *ch = dev->channel;

    end_poll(ch, now, REASON_OUTAGE);
    retarget_lose(dev, now);
    if (!ch->executed) /* it was in memory only: the NSCL will say it again */
        forget_command(ch);
    if (ch->end)
        session_vanish(release_session(ch));
    longpoll_arm(dev, now);
}

/* What came in the answer: a notify whose representation is the mgmtCmd and whose reference the
 * execInstance. */
static void take_command(struct device_channel *ch, struct span notify)
{
    struct span text;
    struct m2m_rep cmd;
    char exec[M2M_MAX_URI], why[80];
    const char *const *words = m2m_element_info(E_CMD_TYPE)->words;

    m2m_find_text(notify, E_SUBSCRIPTION_REFERENCE, exec, sizeof exec);
    if (!*exec || ch->exec || !m2m_find(notify, E_REPRESENTATION, &text) ||
        m2mxml_rep_read(text, &cmd, why) != REASON_NONE)
        return;
    if (cmd.type == M2M_MGMT_CMD) {
        ch->exec = xstrdup(exec);
        ch->what = strcmp(words[m2m_find_number(m2m_rep_span(&cmd), E_CMD_TYPE, 0)], "RESET") == 0
                       ? CFG_COMMAND_RESET
                       : CFG_COMMAND_FIRMWARE;
    }
    m2m_rep_clear(&cmd);
}

void longpoll_hear(struct device *dev, const struct m2m_rep *notify)
{
    if (notify->type == M2M_NOTIFY_DOC)
        take_command(dev->channel, m2m_rep_span(notify));
}

bool longpoll_is_commanded(const struct device *dev)
{
    return dev->channel->exec && !dev->channel->executed;
}

void longpoll_executed(struct device *dev)
{
    dev->channel->executed = true;
}

static void take_answer(struct device_channel *ch, const struct mid_response *r, sim_ns now)
{
    struct span notify = m2m_rep_span(&r->rep);

    if (r->reason != REASON_NONE) {
        if (r->reason == REASON_NOT_FOUND)
            ch->has_channel = false;
        fail(ch, now, r->reason);
        return;
    }
    ch->failures = 0;
    end_poll(ch, now, REASON_NONE);
    if (r->rep.type == M2M_NOTIFY_DOC && retarget_is_reference(notify))
        retarget_take(ch->dev, notify, session_env(ch->end->session)->meter, now);
    else if (r->rep.type == M2M_NOTIFY_DOC)
        take_command(ch, notify);
}

static void advanced(struct session *s, sim_ns now)
{
    struct device_end *e = session_user(s);
    struct device *dev = e->dev;
    struct device_channel *ch = dev->channel;
    struct proto *core = session_core(s);
    struct mid_client *c = mid_client_of(core);

    if (core && core->status != PROTO_FAILED && ch->proc && mid_client_response(c)) {
        device_use_objects(dev, now);
        take_answer(ch, mid_client_response(c), now);
        mid_client_take(c);
    }
    if (!core || core->status != PROTO_RUNNING) {
        enum reason reason = core ? core->reason : REASON_CRYPTO;

        if (ch->proc)
            fail(ch, now, reason == REASON_NONE ? REASON_CLOSED_EARLY : reason);
        session_retire(release_session(ch));
    }
    device_arm(dev, now);
}

static void ended(struct session *s, sim_ns now, enum reason reason)
{
    struct device_end *e = session_user(s);
    struct device *dev = e->dev;
    struct device_channel *ch = dev->channel;

    if (ch->proc)
        fail(ch, now, reason == REASON_NONE ? REASON_CLOSED_EARLY : reason);
    session_free(release_session(ch));
    device_arm(dev, now);
}

static void charged(struct session *s, sim_ns now, const struct meter *meter,
                    const struct profile_price *price)
{
    struct device_end *e = session_user(s);
    struct procedure *p = e->dev->channel->proc;

    (void)now;
    usage_add(e->dev->population, PROC_POLL, meter);
    if (!p)
        return;
    p->device_ns += price->crypto_ns + price->other_ns;
    p->energy_nj += price->energy_nj;
}

static void activity(struct session *s, sim_ns now, enum session_activity a, sim_ns other_ns)
{
    struct procedure *p = longpoll_procedure(((struct device_end *)session_user(s))->dev);

    if (p)
        procedure_activity(p, now, false, a, other_ns);
}

static void packet(struct session *s, const struct flow_packet *packet_, const char *label,
                   bool continued)
{
    const struct device_end *e = session_user(s);
    struct procedure *p = e->dev->channel->proc;

    if (p)
        procedure_message(p, p->node_id, p->peer_id, packet_, e->plain ? "HTTP" : "TLS", label,
                          continued);
    if (packet_->fate == NET_LINK_DOWN)
        access_dropped(e->dev);
}

static void retransmitted(struct session *s, sim_ns now)
{
    struct procedure *p = longpoll_procedure(((struct device_end *)session_user(s))->dev);

    if (p)
        procedure_lost(p, now);
}

static const struct session_ops longpoll_ops = {.make = make_core,
                                                .step = step,
                                                .charged = charged,
                                                .activity = activity,
                                                .advanced = advanced,
                                                .ended = ended,
                                                .packet = packet,
                                                .retransmitted = retransmitted};

static void connect_session(struct device_channel *ch)
{
    struct device *dev = ch->dev;
    struct deployment *d = device_deployment(dev);
    struct server *nscl = device_nscl(dev);
    struct session_host host = {d->sim,      &dev->cpu, dev->population->class, d->in.epoch_unix_ns,
                                &d->retired, d->secret, d->secret_arg};
    struct rng stream = device_stream(dev, "polls");
    struct device_end *e = ch->end = xcalloc(1, sizeof *e);
    struct net_route up, down;

    stream.counter = ch->stream_counter;
    e->dev = dev;
    e->kind = PROC_POLL;
    e->polls = true;
    e->plain = !(dev->mid_flags & MID_CHANNELS);
    e->session = session_new(&longpoll_ops, e, &host, stream, &dev->se);
    ch->sessions++;
    ch->booked = (struct session_traffic){0};
    route_between(d, dev->population->index, dev->index, nscl->population->index, &up, &down);
    session_connect(e->session, d->net, d->in.tcp, &up, &down,
                    e->plain ? &nscl->plain : &nscl->listener);
}

/* ---- what is due ---- */

static enum step next_step(const struct device *dev, sim_ns *at)
{
    const struct device_channel *ch = dev->channel;
    bool keyed = config(dev)->mid.security == CFG_SECURITY_NONE || se_has(&dev->se, SE_KMC);
    enum procedure_kind wants = longpoll_wants(dev);
    bool may = dev->state == DEVICE_UP && dev->registered && keyed &&
               (!dev->population->observed || dev->has_right) && !ch->executed &&
               (wants == PROC_KINDS || wants == PROC_RESPONSE);

    *at = 0;
    if (ch->exec && !ch->executed)
        return dev->proc || dev->state != DEVICE_UP ? NOTHING : EXECUTE;
    if (!may)
        return ch->end && !dev->registered ? CLOSE : NOTHING;
    if (ch->proc) {
        *at = ch->deadline;
        return GIVE_UP;
    }
    /* A new Kmc is under way; and a small device does one thing after the other. */
    if (dev->proc && (!ch->end || !procedure_is_mid(dev->proc->kind)))
        return NOTHING;
    *at = ch->hold;
    if (!ch->end && *at < dev->idle_since + SETTLED)
        *at = dev->idle_since + SETTLED;
    return POLL;
}

/* It starts anew, with what is in its secured environment and its flash: the command that it must
 * report is there. */
static void execute(struct device *dev, sim_ns now)
{
    struct device_channel *ch = dev->channel;
    struct rng r = device_stream(dev, "restarts");

    ch->executed = true;
    longpoll_close(dev, now);
    if (dev->end)
        device_drop_session(dev, now, true, "closed");
    if (ch->what == CFG_COMMAND_FIRMWARE)
        device_install_newest(dev);
    r.counter = (uint64_t)now;
    device_power_off(dev, now, now, now + dist_draw(&config(dev)->retry.restart, &r));
}

static void poll(struct device *dev, sim_ns now)
{
    struct device_channel *ch = dev->channel;
    struct server *nscl = device_nscl(dev);

    ch->proc = record_begin(dev->population, device_node(dev), PROC_POLL,
                            mid_security_name(BINDING_HTTP, dev->mid_flags), now, now);
    ch->proc->peer_id = nscl->node_id;
    ch->proc->attempts = 1;
    /* Who is not answered by then has lost its NSCL, or the NAT its binding. */
    ch->deadline =
        now + nscl->population->config->server->poll_timer + config(dev)->timeout.procedure;
    if (!ch->end)
        connect_session(ch);
    book(ch);
    ch->end->request_wanted = true;
    if (session_core(ch->end->session))
        session_poke(ch->end->session, now);
}

static void timer_commit(struct sim *sim, struct sim_event *ev)
{
    struct device_channel *ch =
        (struct device_channel *)((char *)ev - offsetof(struct device_channel, timer));
    struct device *dev = ch->dev;
    sim_ns now = sim_now(sim), at;
    enum step step = next_step(dev, &at);

    if (at <= now) {
        switch (step) {
        case NOTHING:
            break;
        case CLOSE:
            longpoll_close(dev, now);
            break;
        case EXECUTE:
            execute(dev, now);
            break;
        case GIVE_UP:
            fail(ch, now, REASON_TIMEOUT);
            if (ch->end)
                session_free(release_session(ch));
            break;
        case POLL:
            poll(dev, now);
            break;
        }
    }
    device_arm(dev, now);
}

static const struct sim_event_ops timer_ops = {"longpoll-timer", NULL, timer_commit};

void longpoll_arm(struct device *dev, sim_ns now)
{
    struct device_channel *ch = dev->channel;
    struct sim *sim = device_deployment(dev)->sim;
    sim_ns at;
    enum step step = next_step(dev, &at);

    at = at > now ? at : now;
    if (sim_is_pending(&ch->timer) && sim_event_time(&ch->timer) == at && step != NOTHING)
        return;
    sim_cancel(sim, &ch->timer);
    if (step != NOTHING)
        sim_schedule(sim, &ch->timer, at);
}

/* ---- what others ask ---- */

struct procedure *longpoll_procedure(const struct device *dev)
{
    return dev->channel->proc;
}

uint32_t longpoll_sessions(const struct device *dev)
{
    return dev->channel->sessions;
}

struct retarget_in **longpoll_retarget(struct device *dev)
{
    return &dev->channel->in;
}

struct server_end *longpoll_holder(const struct device *dev)
{
    return dev->channel->holder;
}

void longpoll_set_holder(struct device *dev, struct server_end *e)
{
    dev->channel->holder = e;
}

void longpoll_forget_holder(struct device *dev, const struct server_end *e)
{
    if (dev->channel->holder == e)
        dev->channel->holder = NULL;
}

/* ---- life ---- */

void longpoll_init(struct device *dev)
{
    if (config(dev)->mid.channel == CFG_CHANNEL_NONE)
        return;
    dev->channel = xcalloc(1, sizeof *dev->channel);
    dev->channel->dev = dev;
    sim_event_init(&dev->channel->timer, &timer_ops, NULL);
}

void longpoll_finish(struct device *dev, sim_ns now)
{
    struct device_channel *ch = dev->channel;

    if (!ch)
        return;
    retarget_finish(dev, now);
    if (!ch->proc)
        return;
    book(ch);
    record_unfinished(device_deployment(dev), ch->proc, now);
    ch->proc = NULL;
}

void longpoll_free(struct device *dev)
{
    struct device_channel *ch = dev->channel;

    if (!ch)
        return;
    sim_cancel(device_deployment(dev)->sim, &ch->timer);
    if (ch->end)
        session_free(release_session(ch));
    retarget_drop_all(dev);
    free(ch->exec);
    free(ch);
    dev->channel = NULL;
}
