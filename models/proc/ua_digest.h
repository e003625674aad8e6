/* Private to this folder: HTTP Digest on Ua, from the device's side. A part of an exchange. */
#ifndef MODELS_PROC_UA_DIGEST_H
#define MODELS_PROC_UA_DIGEST_H

#include "models/proto/digest.h"
#include "models/proto/gba.h"
#include "models/proto/http.h"
#include "models/proto/proto.h"

/* Visible because it is embedded. */
struct ua_digest {
    gba_name naf, btid;
    enum gba_key key;
    bool bare; /* no TLS beneath: auth-int where it is offered (TS 24.109 5.2.6) */
    unsigned challenges;
    char user_agent[32];
    struct digest_credentials credentials; /* as they were sent last; qop 0: not yet */
};
void ua_digest_init(struct ua_digest *d, const char *naf, const char *btid, enum gba_key key,
                    bool bare);
/* A 401: appends the value, with NUL, of the Authorization that answers it. Else why not:
 * REASON_GBA_RENEGOTIATE: the NAF does not know the B-TID, or its key is another. */
enum reason ua_digest_answer(struct ua_digest *d, struct proto_env *env,
                             const struct http_message *m, const char *method, const char *target,
                             struct span body, struct buf *value);
/* An answer that only who has the NAF's key can give. */
bool ua_digest_is_from_naf(const struct ua_digest *d, struct proto_env *env,
                           const struct http_message *m);

#endif
