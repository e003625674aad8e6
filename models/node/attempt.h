/* Private to models/node: a device's sessions, by which it tries what it wants: to its servers
 * (attempt.c), by EAP over PANA (attempt_pana.c) and by GBA (attempt_gba.c). */
#ifndef MODELS_NODE_ATTEMPT_H
#define MODELS_NODE_ATTEMPT_H

#include "models/node/device.h"
#include "models/proc/client.h"
#include "models/proc/ub.h"
#include "models/proto/m2mxml.h"

/* One session of a device, and all that its prepare may change besides it. */
struct device_end {
    struct device *dev;
    struct session *session;
    struct device_end *next;  /* of those that linger */
    bool lingers;             /* done, but for answers to what is repeated */
    enum procedure_kind kind; /* of the request to write, or of the procedure it is made for */
    bool pana;                /* EAP over PANA: the core is a pana_client */
    bool gba;                 /* by GBA: the core is a client of Ua, or */
    bool ub;                  /* of Ub, before it */
    bool plain;               /* bare TCP or UDP */
    bool polls;               /* a channel's: of long polls alone */
    struct gba_sa *sa;        /* what Ub makes */
    uint32_t behind;          /* sessions at servers that were opened for it */
    struct ibe_user *ibe;     /* EAP-IBAKE's key while the session lasts; NULL: none */
    sim_ns asked;             /* since when this request is tried: its reading's time */
    bool request_wanted;      /* the next step writes a request of this kind */
    bool closing;             /* mId over CoAP: the next step says goodbye */
    bool open;                /* mId: the handshake is over */
    union {
        struct doc_bootstrap_param_set *bootstrap;
        struct doc_connection_param_set *connection;
    } result; /* of a bootstrap or connection; NULL for mId */
};

/* attempt.c: the device's sessions. */
void device_connect(struct device *dev, enum procedure_kind kind);
/* Bootstrap or connection, with what came of it in dev->end->result: keys and parameters are the
 * device's from now on. parent: of the key; KEY_NONE: none. */
void device_adopt_bootstrap(struct device *dev, sim_ns now, key_ref parent);
void device_adopt_connection(struct device *dev, sim_ns now, key_ref parent);
/* Says goodbye on the mId session; it goes when that is sent. false: there is nothing to say. */
bool device_close_session(struct device *dev, sim_ns now);
void resume_free(struct device *dev); /* resume.h */
/* With its Kmc the keys that come of it end, and no session is taken up; fine if there are none. */
void device_end_objects(struct device *dev, sim_ns now, const char *end_reason);
void device_use_objects(struct device *dev, sim_ns now); /* an answer has come */
/* Of a session of mId; scl_id must outlive what is made of it. Prepare. */
void device_mid_settings(const struct device *dev, sim_ns now, char scl_id[M2M_MAX_URI],
                         struct mid_settings *out);
struct credential *device_issue(struct device *dev); /* its certificate; NULL: OpenSSL would not */
struct server *device_mas(const struct device *dev);
struct server *device_nscl(const struct device *dev);
/* The procedure that an end of a device's works for, or NULL. */
struct procedure *longpoll_procedure(const struct device *dev);
static inline struct procedure *device_end_procedure(const struct device_end *e)
{
    if (e->polls)
        return longpoll_procedure(e->dev);
    return e->lingers ? NULL : e->dev->proc;
}

/* attempt_gba.c: bootstrap and connection by GBA, the device's side. */
struct device *device_of_impi(struct deployment *d, const char *impi);
/* How it speaks Ub; impi: its ISIM's, which the settings point to. */
struct ub_settings device_ub_settings(struct device *dev, gba_name impi);
/* Its subscription, or the network where it roams, has no GBA. */
bool device_gba_is_refused(const struct device *dev);
struct proto *device_make_gba(struct device_end *e, struct proto_env *env); /* prepare */
/* Before it connects: with the BSF (e->ub), or with the NAF. */
void device_gba_begin(struct device_end *e, sim_ns now);
struct server *device_gba_server(const struct device_end *e);
/* The core has come to its end, well or not. */
void device_gba_ended(struct device *dev, sim_ns now, const struct proto *core);
sim_ns device_gba_expiry(const struct device *dev); /* of Ks; SIM_NEVER: none */
void device_gba_expire(struct device *dev, sim_ns now);

/* attempt_pana.c: bootstrap and connection by EAP over PANA, the device's side. */
struct proto *device_make_pana(struct device_end *e, struct proto_env *env,
                               sim_ns now); /* prepare */
void device_pana_advanced(struct device_end *e, sim_ns now);
void device_free_lingering(struct device_end *e);
void device_free_end(struct device_end *e);         /* at once; NULL is fine */
void device_vanish(struct device *dev, sim_ns now); /* all sessions, without a word */
static inline struct device *device_of(const struct session *s)
{
    return ((struct device_end *)session_user(s))->dev;
}
/* The session is done with: FIN and forget (retire), or at once. */
void device_drop_session(struct device *dev, sim_ns now, bool retire, const char *key_end);
/* Octets and packets since the last call go to the procedure. */
void device_book(struct device *dev);

#endif
