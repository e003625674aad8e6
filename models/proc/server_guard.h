/* Private to this folder: an NSCL session's half of object security (object.h), whatever its
 * binding. It finds out who is there - by the channel, or on a bare one by the KeyName of the first
 * document - and what was granted to him, opens requests and seals answers. */
#ifndef MODELS_PROC_SERVER_GUARD_H
#define MODELS_PROC_SERVER_GUARD_H

#include "models/proc/object.h"
#include "models/proc/server.h"

struct server_guard {
    mid_grant_find find; /* NULL: this session has nothing to do with it */
    void *arg;
    struct object *object; /* NULL: bodies go as they are */
    bool met;
    bool trusts_access;             /* as in server_settings */
    char name[XMLSEC_KEY_NAME_MAX]; /* whose KeyName it is; "" on a bare channel before the first */
    uint64_t sequence; /* of the request that is being answered; 0: it was not sealed */
};

void server_guard_init(struct server_guard *g, mid_grant_find find, void *arg);
void server_guard_release(struct server_guard *g);

/* Before the first request is read. peer: the channel's identity; NULL: it is bare, and body, of
 * the first request, must say. Puts Kmc into SE_KMC where there is something to guard. Reasons:
 * XMLSEC_MISSING, XMLSEC_KEY (nobody's KeyName), KEY_EXPIRED, MID_SECURITY (another protection was
 * granted). */
enum reason server_guard_meet(struct server_guard *g, struct proto_env *env, const char *peer,
                              struct span body);

static inline bool server_guard_is_closed(const struct server_guard *g)
{
    return g->object != NULL;
}

/* Takes the place of parsing the body: q has method, target and requestingEntity as the message
 * says, and gets the primitive's; object_open's reasons, and OBJECT_MISMATCH. */
enum reason server_guard_open(struct server_guard *g, struct span body, struct server_request *q,
                              char why[80]);
/* The answer to the request that was opened last. */
enum reason server_guard_seal(const struct server_guard *g, int status, const char *location,
                              const struct m2m_doc *doc, struct buf *out);

#endif
