/* What a client and a server remember between two endpoints of TLS or DTLS, and what may be wrong
 * with it. */
#ifndef TESTS_SUPPORT_RESUME_H
#define TESTS_SUPPORT_RESUME_H

#include "models/proto/tls.h"

#include <string.h>

struct resume_memory {
    enum tls_resume resume;
    unsigned resume_s;
    /* The client's, and a server's of session ids. */
    uint8_t session[2][TLS_SESSION_MAX];
    size_t session_n[2];
    uint8_t id[TLS_SESSION_ID_MAX];
    size_t id_n;
    /* A server's of tickets: [newest] seals. */
    struct tls_ticket_key keys[2];
    unsigned key_count, newest;
    unsigned asked; /* how often the server looked something up */
};

static inline struct span resume_find(void *arg, struct span id)
{
    struct resume_memory *m = arg;

    m->asked++;
    if (id.n != m->id_n || memcmp(id.p, m->id, id.n) != 0)
        return span_of(NULL, 0);
    return span_of(m->session[1], m->session_n[1]);
}

static inline const struct tls_ticket_key *resume_key(void *arg, const uint8_t *name)
{
    struct resume_memory *m = arg;

    if (!name)
        return m->key_count ? &m->keys[m->newest] : NULL;
    m->asked++;
    for (unsigned i = 0; i < m->key_count; i++)
        if (memcmp(m->keys[i].name, name, TLS_TICKET_NAME) == 0)
            return &m->keys[i];
    return NULL;
}

static inline void resume_init(struct resume_memory *m, enum tls_resume resume)
{
    memset(m, 0, sizeof(*m));
    m->resume = resume;
    m->key_count = 1;
    for (unsigned i = 0; i < 2; i++) {
        memset(&m->keys[i], (int)(10 * i + 1), sizeof(m->keys[i]));
        memset(m->keys[i].mac, (int)(10 * i + 2), sizeof(m->keys[i].mac));
    }
}

static inline struct tls_resumption resume_server(struct resume_memory *m)
{
    return (struct tls_resumption){resume_find, resume_key, m};
}

/* Takes what an endpoint that has opened made. */
static inline void resume_keep(struct resume_memory *m, int side, struct tls *t)
{
    struct span s = tls_session(t), id = tls_session_id(t);

    if (s.n == 0)
        return;
    memcpy(m->session[side], s.p, s.n);
    m->session_n[side] = s.n;
    if (side == 1) {
        memcpy(m->id, id.p, id.n);
        m->id_n = id.n;
    }
    tls_session_taken(t);
}

#endif
