#include "models/proto/proto.h"

#include "sim/base/str.h"

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

void trace_text(struct trace *trace, const char *text)
{
    size_t used;

    if (!trace)
        return;
    used = strlen(trace->label);
    if (used > 0 && used + 2 < sizeof(trace->label))
        used = str_append(trace->label, sizeof(trace->label), used, ", ");
    str_append(trace->label, sizeof(trace->label), used, text);
}

void trace_label(struct trace *trace, const char *fmt, ...)
{
    char text[sizeof(trace->label)];
    va_list ap;

    if (!trace)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    trace_text(trace, text);
}

void trace_fields(struct trace *trace, const char *fmt, ...)
{
    size_t used;
    va_list ap;

    if (!trace)
        return;
    used = strlen(trace->fields);
    if (used > 0)
        used = str_append(trace->fields, sizeof(trace->fields), used, "; ");
    va_start(ap, fmt);
    vsnprintf(trace->fields + used, sizeof(trace->fields) - used, fmt, ap);
    va_end(ap);
}

void trace_state(struct trace *trace, const char *machine, const char *from, const char *to,
                 const char *why)
{
    if (trace && trace->state)
        trace->state(trace->state_arg, machine, from, to, why);
}
