#include "sim/cli/serve_resume.h"

#include "crypto/keys.h"

void serve_resume_init(struct serve_resume *r, const struct live_nscl_facts *f, uint64_t seed)
{
    if (f->resume == TLS_RESUME_NO)
        return;
    r->life = f->resume_for;
    r->kept = resumption_new(
        &(struct resumption_settings){.sessions = f->resumption_sessions,
                                      .ticket_key = f->ticket_key,
                                      .stream = rng_stream(seed, "keys of tickets", "live-nscl")});
    r->tls = resumption_tls(r->kept);
    (void)resumption_turn(r->kept, 0);
}

void serve_resume_release(struct serve_resume *r)
{
    resumption_free(r->kept);
    r->kept = NULL;
}

void serve_resume_served(struct serve_resume *r, struct tls *t, sim_ns now)
{
    struct span session = tls_session(t);
    uint64_t connection_id = 0;
    uint32_t kmc_index;

    if (!r->kept)
        return;
    (void)resumption_turn(r->kept, now);
    if (tls_alert(t) > 0) { /* RFC 5246 7.2.2 */
        resumption_drop(r->kept, tls_session_id(t));
    } else if (session.n > 0) {
        (void)key_kmc_identity_parse(span_str(tls_peer_name(t)), &connection_id, &kmc_index);
        resumption_keep(r->kept, now, connection_id, tls_session_id(t), session,
                        sim_ns_add(now, r->life));
    }
    tls_session_taken(t);
}
