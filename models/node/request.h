/* Private to models/node: what a device says over mId, and what comes of the answers. */
#ifndef MODELS_NODE_REQUEST_H
#define MODELS_NODE_REQUEST_H

#include "models/node/attempt.h"
#include "models/proc/client.h"

/* A core's proto is its first member (proto.h). */
static inline struct mid_client *mid_client_of(struct proto *p)
{
    return (struct mid_client *)(void *)p;
}

/* ---- request.c ---- */
#define DEVICE_CONTENT_TYPE "application/octet-stream"
struct device_request {
    const char *label; /* in charts */
    enum http_method method;
    char target[2 * M2M_MAX_URI];
    struct m2m_doc doc; /* DOC_NONE: no body */
    uint8_t *content;   /* that the document points to */
};
/* What this device asks in a procedure over mId, of PROC_REGISTRATION and after; any thread. env:
 * its meter and calendar. */
void device_compose(struct device *dev, struct proto_env *env, enum procedure_kind kind, sim_ns now,
                    struct device_request *out);
void device_request_release(struct device_request *r);
void device_write_request(struct device_end *e, sim_ns now);
void device_take_answer(struct device *dev, const struct mid_response *r, sim_ns now);

/* ---- kma.c: a device's local applications, and the Kma of each (GAP C4), born and ended with the
 * Kmc that it is made of. Commit. ---- */
void device_kma_born(struct device *dev, sim_ns now);
void device_kma_end(struct device *dev, sim_ns now, const char *end_reason);
void device_kma_used(struct device *dev, sim_ns now); /* by the running report */
/* As device_compose, with r's target and n octets of content. A contentInstance of the application
 * whose turn it is; false: the device has none, or no Kmc. */
bool device_kma_report(const struct device *dev, struct proto_env *env, sim_ns now, const char *id,
                       size_t n, struct device_request *r);

#endif
