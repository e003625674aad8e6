/* A device with a notification channel, in the live mode: what it makes for it, its polls, and the
 * commands that come in their answers. */
#include "models/node/live.h"
#include "models/node/longpoll.h"
#include "models/node/retarget.h"

#include <stddef.h>

bool live_scl_polls(const struct live_scl *s)
{
    return s->device->channel != NULL;
}

enum procedure_kind live_scl_wants(const struct live_scl *s)
{
    const struct device *dev = s->device;

    if (dev->population->observed && !dev->has_right)
        return PROC_ACCESS_RIGHT;
    return dev->channel ? longpoll_wants(dev) : PROC_KINDS;
}

static bool is_of_channel(enum procedure_kind kind)
{
    return kind == PROC_CHANNEL || kind == PROC_MGMT_CMD || kind == PROC_COMMAND_REPORT ||
           kind == PROC_RESPONSE;
}

void live_scl_made(struct live_scl *s, enum procedure_kind kind)
{
    if (kind == PROC_ACCESS_RIGHT)
        s->device->has_right = true;
    else if (is_of_channel(kind))
        longpoll_made(s->device, kind);
}

bool live_scl_is_settled(struct live_scl *s, enum procedure_kind kind, enum reason reason)
{
    if (kind == PROC_RESPONSE) { /* told once: who asked has a time-out */
        longpoll_made(s->device, kind);
        return true;
    }
    if (is_of_channel(kind))
        return longpoll_is_settled(s->device, kind, reason);
    if (kind != PROC_ACCESS_RIGHT || reason != REASON_CONFLICT)
        return false;
    s->device->has_right = true;
    return true;
}

void live_scl_is_new(struct live_scl *s)
{
    s->device->has_right = false;
    if (s->device->channel)
        longpoll_unmade(s->device);
}

bool live_scl_poll(struct live_scl *s, struct mid_client *c, sim_ns now)
{
    char target[2 * M2M_MAX_URI];

    longpoll_target(s->device, target, sizeof target);
    return mid_client_request(c, now, "EXECUTE longPolling", HTTP_POST, target, NULL);
}

bool live_scl_hears(struct live_scl *s, const struct m2m_rep *notify, struct meter *m, sim_ns now)
{
    struct span list = m2m_rep_span(notify);

    if (notify->type == M2M_NOTIFY_DOC && retarget_is_reference(list))
        retarget_take(s->device, list, m, now);
    else
        longpoll_hear(s->device, notify);
    return longpoll_is_commanded(s->device);
}

sim_ns live_scl_execute(struct live_scl *s, sim_ns now)
{
    struct rng r = device_stream(s->device, "restarts");

    longpoll_executed(s->device);
    r.counter = (uint64_t)now;
    return dist_draw(&s->device->population->config->device->retry.restart, &r);
}
