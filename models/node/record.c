/* How a procedure begins and ends, whichever node runs it. */
#include "models/node/record.h"

static bool is_sampled(struct population *p, int64_t id, enum procedure_kind kind)
{
    const struct deployment *d = p->d;
    struct rng r = rng_stream(d->in.seed, "messages", "sample");

    if (p->logged[kind] < d->in.record->message_first) {
        p->logged[kind]++;
        return true;
    }
    r.counter = (uint64_t)id;
    return rng_below(&r, 1000000) < d->in.record->message_sample_ppm;
}

struct procedure *record_begin(struct population *p, int64_t node_id, enum procedure_kind kind,
                               const char *method, sim_ns intended, sim_ns now)
{
    struct deployment *d = p->d;
    struct procedure *proc =
        procedure_new(d->next_procedure++, node_id, kind, method, intended, now);

    proc->sampled = is_sampled(p, proc->id, kind);
    if (proc->sampled || d->in.record->failed_messages || d->in.record->message_slowest)
        procedure_log(proc);
    d->counts.procedures++;
    return proc;
}

void record_end(struct deployment *d, struct procedure *proc, sim_ns now, const char *outcome,
                enum reason reason)
{
    bool failed = reason != REASON_NONE, keep = failed && d->in.record->failed_messages;

    if (failed)
        d->counts.failed++;
    else
        keep = procedure_is_slow(&d->slowest[proc->kind], d->in.record->message_slowest,
                                 now - proc->t_intended);
    procedure_end(proc, now, outcome, reason, keep, &d->sink);
}

void record_unfinished(struct deployment *d, struct procedure *proc, sim_ns now)
{
    procedure_end(proc, now, "unfinished", REASON_RUN_END, d->in.record->failed_messages, &d->sink);
}
