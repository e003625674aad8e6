#include "models/host/pump.h"

#include "crypto/entity.h"
#include "sim/base/str.h"

#include <string.h>

void pump_enter(struct proto *p, sim_ns now, bool live)
{
    if (live)
        entity_enter_live(p->env->stream);
    else
        entity_enter(p->env->stream, proto_unix_ns(p, now));
}

void pump_leave(void)
{
    entity_leave();
}

static void call_core(struct proto *p, enum pump_call call, sim_ns now, struct span in)
{
    switch (call) {
    case PUMP_START:
        p->ops->start(p, now);
        break;
    case PUMP_INPUT:
        p->ops->input(p, now, in);
        break;
    case PUMP_EXPIRE:
        p->ops->expire(p, now);
        break;
    case PUMP_NOTHING:
        break;
    }
}

void pump_take_label(struct trace *trace, char *label, size_t n)
{
    static const char begin[] = {PUMP_FIELDS, '\0'}, end[] = {PUMP_FIELDS_END, '\0'};
    size_t used = strlen(label);

    if (!trace)
        return;
    trace->repeated = false; /* a stream's octets are new, whatever they say */
    if (trace->label[0]) {
        if (used > 0)
            used = str_append(label, n, used, ", ");
        used = str_append(label, n, used, trace->label);
        if (trace->fields[0] && used + strlen(trace->fields) + 3 < n) {
            used = str_append(label, n, used, begin);
            used = str_append(label, n, used, trace->fields);
            str_append(label, n, used, end);
        }
    }
    trace->label[0] = trace->fields[0] = '\0';
}

void pump(struct proto *p, enum pump_call call, sim_ns now, struct span in, bool live,
          struct buf *out, char *label, size_t n)
{
    bool more;

    if (n > 0)
        label[0] = '\0';
    pump_enter(p, now, live);
    call_core(p, call, now, in);
    do {
        more = p->ops->output(p, now, out);
        if (n > 0)
            pump_take_label(p->env->trace, label, n);
    } while (more);
    pump_leave();
}

void pump_datagrams(struct proto *p, enum pump_call call, sim_ns now, struct span in, bool live,
                    struct buf *room, void (*send)(void *arg, struct span datagram), void *arg)
{
    bool more;

    pump_enter(p, now, live);
    call_core(p, call, now, in);
    do {
        more = p->ops->output(p, now, room);
        if (buf_len(room) > 0)
            send(arg, buf_span(room));
        if (p->env->trace) {
            p->env->trace->label[0] = p->env->trace->fields[0] = '\0';
            p->env->trace->repeated = false;
        }
        buf_consume(room, buf_len(room));
    } while (more);
    pump_leave();
}
