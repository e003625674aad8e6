/* NOTIFY to contacts, in real time: HTTP POST to where a subscription says (etsi-m2m.md 8.3), over
 * bare TCP as all of mIa. Each contact has a queue of its own, one notification at a time and in
 * order, and a connection that stays open while there are some. What a contact does not take is
 * tried again, as in a run (models/node/delivery.c), and then dropped. Contacts come from whoever
 * may subscribe, so where they may lead is for the caller to say. */
#ifndef MODELS_HOST_LIVE_NOTIFY_H
#define MODELS_HOST_LIVE_NOTIFY_H

#include "models/host/http_uri.h"
#include "models/host/live.h"
#include "models/proto/m2m_rep.h"

struct live_notify_settings {
    const char *requesting_entity; /* of the NSCL */
    /* false: nothing goes there. */
    bool (*allows)(void *arg, const struct http_uri *uri);
    void *arg;
    uint64_t seed;
    sim_ns patience; /* for an answer; and with a connection on which there is nothing to say */
    sim_ns again;    /* before the second attempt; doubles up to 30 times that */
};

struct live_notify_counts {
    uint64_t taken;   /* answered with success */
    uint64_t refused; /* answered otherwise */
    uint64_t lost;    /* not answered at all, in five attempts */
    uint64_t dropped; /* not HTTP, not allowed, or too much waits already */
};

struct live_notify; /* as long as its struct live, which must be freed first */
struct live_notify *live_notify_new(struct live *l, const struct live_notify_settings *settings);
void live_notify_free(struct live_notify *n); /* NULL is fine */
/* Takes the representation from rep, a notify document. */
void live_notify_send(struct live_notify *n, const char *uri, struct m2m_rep *rep);
/* Begins and ends what is to begin and to end; when it must be called again at the latest. It calls
 * live_stop when that is sooner. */
sim_ns live_notify_run(struct live_notify *n);
const struct live_notify_counts *live_notify_counts(const struct live_notify *n);

#endif
