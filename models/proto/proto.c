#include "models/proto/proto.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void proto_init(struct proto *p, const struct proto_ops *ops, struct proto_env *env)
{
    p->ops = ops;
    p->env = env;
    p->expiry = SIM_NEVER;
    p->status = PROTO_RUNNING;
    p->reason = REASON_NONE;
}

/* An ended core has nothing to wait for: its timer goes with its status. */
static void end(struct proto *p, enum proto_status status, enum reason reason)
{
    if (p->status != PROTO_RUNNING)
        return;
    p->status = status;
    p->reason = reason;
    p->expiry = SIM_NEVER;
}

void proto_fail(struct proto *p, enum reason reason)
{
    end(p, PROTO_FAILED, reason);
}

void proto_done(struct proto *p)
{
    end(p, PROTO_DONE, REASON_NONE);
}

void proto_free(struct proto *p)
{
    if (p)
        p->ops->free(p);
}

int64_t proto_unix_ns(const struct proto *p, sim_ns now)
{
    return sim_ns_add(p->env->epoch_unix_ns, now);
}

void trace_label(struct trace *trace, const char *fmt, ...)
{
    size_t used, room;
    va_list ap;

    if (!trace)
        return;
    used = strlen(trace->label);
    room = sizeof(trace->label) - used;
    if (used > 0 && room > 2) {
        memcpy(trace->label + used, ", ", 3);
        used += 2;
        room -= 2;
    }
    va_start(ap, fmt);
    vsnprintf(trace->label + used, room, fmt, ap);
    va_end(ap);
}

void trace_state(struct trace *trace, const char *machine, const char *from, const char *to,
                 const char *why)
{
    if (trace && trace->state)
        trace->state(trace->state_arg, machine, from, to, why);
}
