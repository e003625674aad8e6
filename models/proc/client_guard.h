/* Private to this folder: a device's half of object security on mId (object.h), whatever the
 * binding: seals requests, and says what an answer is worth. */
#ifndef MODELS_PROC_CLIENT_GUARD_H
#define MODELS_PROC_CLIENT_GUARD_H

#include "models/proc/client.h"
#include "models/proc/object.h"

struct client_guard {
    struct object *object; /* NULL: bodies go as they are */
    uint64_t sequence;     /* of the request that was sealed last */
    uint32_t step;         /* to that of the next */
    unsigned flags;
    bool representations; /* mid_settings.representations */
};

/* false: there is no Kmc to seal with. identity: Kmc's. */
bool client_guard_init(struct client_guard *g, struct proto_env *env,
                       const struct mid_settings *settings, const char *identity);
void client_guard_release(struct client_guard *g);

/* The body of a request. A number is taken even if the request never leaves: none is taken twice.
 * false: it does not fit. */
bool client_guard_seal(struct client_guard *g, enum http_method method, const char *target,
                       const char *entity, const struct m2m_doc *doc, struct buf *out);
/* An answer's body. r has its status and Retry-After as the message says; they become what the
 * object says, as do reason, doc and location. */
void client_guard_take(struct client_guard *g, struct proto_env *env, struct span body,
                       struct mid_response *r);

#endif
