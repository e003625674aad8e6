/* Private to this folder: what a binding does for mId's two ends (client.h, server.h). Each of its
 * cores is a proto whose operations are the first member of one of these tables, so that whoever
 * has the proto has them all. */
#ifndef MODELS_PROC_MID_IMPL_H
#define MODELS_PROC_MID_IMPL_H

#include "models/proc/client.h"
#include "models/proc/server.h"

struct mid_client {
    struct proto proto;
};
struct mid_client_ops {
    struct proto_ops proto;
    bool (*request)(struct mid_client *c, sim_ns now, const char *kind_label,
                    enum http_method method, const char *target, const struct m2m_doc *doc);
    const struct mid_response *(*response)(const struct mid_client *c);
    void (*take)(struct mid_client *c);
    bool (*is_open)(const struct mid_client *c);
    uint64_t (*sequence)(const struct mid_client *c);
    struct tls *(*tls)(const struct mid_client *c);
    void (*close)(struct mid_client *c, sim_ns now);
};

struct server_session {
    struct proto proto;
};
struct server_session_ops {
    struct proto_ops proto;
    const struct server_request *(*request)(const struct server_session *s);
    void (*answer)(struct server_session *s, sim_ns now, const struct server_answer *a);
    /* CoAP's; may be NULL. */
    bool (*notify)(struct server_session *s, sim_ns now, uint32_t exchange,
                   const struct server_answer *a);
    /* A NAF's; may be NULL. */
    const struct zn_request *(*zn)(const struct server_session *s);
    void (*zn_answer)(struct server_session *s, sim_ns now, const struct zn_answer *a);
    void (*set_busy)(struct server_session *s, uint32_t retry_after_s);
    void (*close)(struct server_session *s, sim_ns now);
    bool (*is_open)(const struct server_session *s);
    struct tls *(*tls)(const struct server_session *s);
};

struct mid_client *mid_http_new(struct proto_env *env, const struct mid_settings *settings);
struct mid_client *mid_coap_new(struct proto_env *env, const struct mid_settings *settings);
struct server_session *server_coap_new(struct proto_env *env,
                                       const struct server_settings *settings);
struct server_session *server_http_new(struct proto_env *env,
                                       const struct server_settings *settings);

#endif
