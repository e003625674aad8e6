#include "models/host/tally.h"

/* Our status is the core's, unless its peer let us wait; our expiry the earlier of the two. */
static void mirror(struct tally *t)
{
    const struct proto *core = t->core;

    if (core->status == PROTO_DONE)
        proto_done(&t->proto);
    else if (core->status == PROTO_FAILED)
        proto_fail(&t->proto, core->reason);
    else if (t->proto.status == PROTO_RUNNING)
        t->proto.expiry = core->expiry < t->deadline ? core->expiry : t->deadline;
}

static void acted(struct tally *t, sim_ns now)
{
    if (t->acted)
        t->acted(t, now);
    mirror(t);
}

static void be_patient(struct tally *t, sim_ns now)
{
    t->deadline = sim_ns_add(now, t->patience);
}

void tally_start(struct proto *p, sim_ns now)
{
    struct tally *t = (struct tally *)p;

    be_patient(t, now);
    t->core->ops->start(t->core, now);
    acted(t, now);
}

void tally_input(struct proto *p, sim_ns now, struct span in)
{
    struct tally *t = (struct tally *)p;

    be_patient(t, now);
    t->octets_in += in.n;
    t->listened = true;
    t->core->ops->input(t->core, now, in);
    acted(t, now);
}

bool tally_output(struct proto *p, sim_ns now, struct buf *out)
{
    struct tally *t = (struct tally *)p;
    size_t before = buf_len(out);
    bool more = t->core->ops->output(t->core, now, out);

    if (buf_len(out) > before) {
        t->octets_out += buf_len(out) - before;
        t->turns += t->listened;
        t->listened = false;
    }
    mirror(t);
    return more;
}

void tally_expire(struct proto *p, sim_ns now)
{
    struct tally *t = (struct tally *)p;

    if (now >= t->core->expiry)
        t->core->ops->expire(t->core, now);
    if (now >= t->deadline)
        proto_fail(p, REASON_TIMEOUT);
    acted(t, now);
}

void tally_init(struct tally *t, const struct proto_ops *ops, struct proto *core, sim_ns now,
                sim_ns patience)
{
    *t = (struct tally){.core = core, .patience = patience, .listened = true};
    proto_init(&t->proto, ops, core->env);
    be_patient(t, now);
    t->proto.expiry = t->deadline;
}

void tally_release(struct tally *t)
{
    proto_free(t->core);
}
