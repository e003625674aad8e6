#include "sim/cli/attach_resume.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"

static void drop(struct attach_resume *r)
{
    if (r->session)
        explicit_bzero(r->session, r->n);
    free(r->session);
    r->session = NULL;
    r->n = 0;
}

void attach_resume_release(struct attach_resume *r)
{
    drop(r);
}

struct span attach_resume_offer(const struct attach_resume *r, sim_ns now)
{
    return r->session && now < r->expires ? span_of(r->session, r->n) : span_of(NULL, 0);
}

void attach_resume_opened(struct attach_resume *r, const struct live_scl *scl, sim_ns now,
                          struct tls *t)
{
    struct span session = t ? tls_session(t) : span_of(NULL, 0);
    bool resumed = t && tls_is_resumed(t);

    r->resumed += resumed;
    if (t && !resumed) /* the server has forgotten it, or there was none */
        drop(r);
    if (session.n > 0) {
        if (!resumed)
            r->expires = sim_ns_add(now, scl->resume_for);
        drop(r);
        r->session = xcalloc(1, session.n);
        r->n = session.n;
        memcpy(r->session, session.p, session.n);
    }
    if (t)
        tls_session_taken(t);
}

void attach_resume_failed(struct attach_resume *r, const struct tls *t, enum reason reason)
{
    if (t && (tls_alert(t) > 0 || reason == REASON_PSK_WRONG))
        drop(r);
}
