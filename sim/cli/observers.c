#include "sim/cli/observers.h"

#include <stdlib.h>

#include "sim/base/xalloc.h"

struct observer {
    struct observer *next;
    struct live_nscl_peer *peer;
    struct live_observation observation;
    uint32_t exchange;
};

void observers_release(struct observers *o)
{
    struct observer *one;

    while ((one = o->first)) {
        o->first = one->next;
        free(one);
    }
}

bool observers_add(struct observers *o, struct deployment *d, const struct live_nscl_call *call,
                   int64_t unix_ns)
{
    struct observer *one = xcalloc(1, sizeof *one);

    if (!deployment_live_observe(d, call->env->meter, call->request, unix_ns, o->count + 1,
                                 &one->observation)) {
        free(one);
        return false;
    }
    o->count++;
    one->peer = call->peer;
    one->exchange = call->request->exchange;
    one->next = o->first;
    o->first = one;
    return true;
}

static void forget(struct observer **at, struct deployment *d, int64_t unix_ns)
{
    struct observer *one = *at;
    struct meter meter = {0};

    *at = one->next;
    deployment_live_forget(d, &meter, &one->observation, unix_ns);
    free(one);
}

static struct observer **find(struct observers *o, uint64_t number)
{
    struct observer **at = &o->first;

    while (*at && (*at)->observation.number != number)
        at = &(*at)->next;
    return at;
}

void observers_tell(struct observers *o, struct deployment *d, uint64_t number, int64_t unix_ns)
{
    struct meter meter = {0};
    struct registrar_answer a;
    struct observer **at = find(o, number);
    bool told;

    if (!*at)
        return;
    deployment_live_observed(d, &meter, &(*at)->observation, unix_ns, &a);
    if (a.doc.kind != DOC_NONE)
        a.answer.doc = &a.doc;
    a.answer.observed = true;
    told = live_nscl_notify((*at)->peer, (*at)->exchange, &a.answer);
    m2m_doc_release(&a.doc);
    if (!told || a.answer.status != STATUS_OK)
        forget(at, d, unix_ns);
}

void observers_gone(struct observers *o, struct deployment *d, const struct live_nscl_peer *peer,
                    int64_t unix_ns)
{
    struct observer **at = &o->first;

    while (*at)
        if ((*at)->peer == peer)
            forget(at, d, unix_ns);
        else
            at = &(*at)->next;
}
