/* What an NSCL's tree has to say to others, in the live mode; and applications. */
#include "models/node/live.h"
#include "models/node/live_impl.h"
#include "models/node/longpoll.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

void live_hold_polls(struct server *nscl)
{
    const struct cfg_server *c = nscl->population->config->server;

    registrar_free(nscl->registrar);
    nscl->registrar = registrar_new(
        &(struct registrar_settings){.fqdn = nscl->fqdn,
                                     .config = c,
                                     .epoch_unix_ns = nscl->population->d->in.epoch_unix_ns,
                                     .poll_timer = c->poll_timer,
                                     .hands_on = true});
}

uint64_t deployment_live_application(struct deployment *d, struct meter *m,
                                     const struct server_request *request, int64_t unix_ns,
                                     struct registrar_answer *out)
{
    struct server *nscl = live_first_nscl(d);
    sim_ns now = unix_ns - d->in.epoch_unix_ns;
    struct server_request room;

    request = live_own_request(nscl, request, &room);
    registrar_application(nscl->registrar, request, m, now, out);
    return out->onward == M2M_STAYS ? 0 : live_retarget_begin(nscl, request, m, now, out);
}

static enum live_saying_kind kind_of(const struct scl_tree_output *o)
{
    size_t n = strlen(LIVE_OBSERVER);

    switch (o->kind) {
    case SCL_TREE_POLL_ANSWER:
        return LIVE_SAYS_POLL;
    case SCL_TREE_REQUEST:
        if (o->method == M2M_NOTIFY)
            return strncmp(o->target, LIVE_OBSERVER, n) == 0 ? LIVE_SAYS_OBSERVER
                                                             : LIVE_SAYS_CONTACT;
        break;
    case SCL_TREE_COMMAND:
    case SCL_TREE_RESPONSE:
        break;
    }
    return LIVE_SAYS_NOTHING;
}

static void take(struct scl_tree_output *o, enum live_saying_kind kind, struct live_saying *out)
{
    out->kind = kind;
    out->output = o;
    out->target = o->target;
    out->representation = &o->representation;
    out->status = o->status_code;
    if (kind == LIVE_SAYS_OBSERVER)
        out->number = strtoull(o->target + strlen(LIVE_OBSERVER), NULL, 10);
}

bool deployment_live_says(struct deployment *d, int64_t unix_ns, struct live_saying *out)
{
    struct server *nscl = live_first_nscl(d);
    struct scl_tree *tree = registrar_tree(nscl->registrar);
    struct scl_tree_output *o;
    enum live_saying_kind kind;

    *out = (struct live_saying){.kind = LIVE_SAYS_NOTHING};
    scl_tree_expire(tree, unix_ns);
    while ((o = scl_tree_output(tree))) {
        kind = kind_of(o);
        if (o->kind == SCL_TREE_COMMAND)
            commands_bring(nscl, o, unix_ns - d->in.epoch_unix_ns);
        if (o->kind == SCL_TREE_RESPONSE && live_retarget_answered(nscl, o, out)) {
            out->output = o;
            return true;
        }
        if (kind != LIVE_SAYS_NOTHING) {
            take(o, kind, out);
            return true;
        }
        scl_tree_output_free(o);
    }
    return live_retarget_late(nscl, unix_ns - d->in.epoch_unix_ns, out);
}

void live_saying_done(struct deployment *d, struct live_saying *s, bool told, int64_t unix_ns)
{
    struct server *nscl = live_first_nscl(d);

    if (s->kind == LIVE_SAYS_POLL && told && s->representation->type == M2M_NOTIFY_DOC)
        commands_live_sent(nscl, m2m_rep_span(s->representation));
    else if (s->kind == LIVE_SAYS_POLL && !told)
        commands_live_unsent(nscl, s->output, unix_ns - d->in.epoch_unix_ns);
    if (s->kind == LIVE_SAYS_ANSWER)
        live_retarget_said(nscl);
    if (s->output)
        scl_tree_output_free(s->output);
    *s = (struct live_saying){.kind = LIVE_SAYS_NOTHING};
}

int64_t deployment_live_due(struct deployment *d)
{
    const struct server *nscl = live_first_nscl(d);
    int64_t due = scl_tree_expiry(registrar_tree(nscl->registrar));
    sim_ns late = live_retarget_due(nscl);

    if (late != SIM_NEVER && d->in.epoch_unix_ns + late < due)
        due = d->in.epoch_unix_ns + late;
    return due;
}
