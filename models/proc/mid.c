/* mId's two ends, whatever the binding. */
#include "models/proc/mid_impl.h"

static const struct mid_client_ops *client_ops(const struct mid_client *c)
{
    return (const struct mid_client_ops *)c->proto.ops;
}

struct mid_client *mid_client_new(struct proto_env *env, const struct mid_settings *settings)
{
    return settings->binding == BINDING_COAP ? mid_coap_new(env, settings)
                                             : mid_http_new(env, settings);
}

struct proto *mid_client_proto(struct mid_client *c)
{
    return &c->proto;
}

bool mid_client_request(struct mid_client *c, sim_ns now, const char *kind_label,
                        enum http_method method, const char *target, const struct m2m_doc *doc)
{
    return client_ops(c)->request(c, now, kind_label, method, target, doc);
}

const struct mid_response *mid_client_response(const struct mid_client *c)
{
    return client_ops(c)->response(c);
}

void mid_client_take(struct mid_client *c)
{
    client_ops(c)->take(c);
}

uint64_t mid_client_sequence(const struct mid_client *c)
{
    return client_ops(c)->sequence(c);
}

bool mid_client_is_open(const struct mid_client *c)
{
    return client_ops(c)->is_open(c);
}

struct tls *mid_client_tls(const struct mid_client *c)
{
    return client_ops(c)->tls(c);
}

void mid_client_close(struct mid_client *c, sim_ns now)
{
    client_ops(c)->close(c, now);
}

static const struct server_session_ops *server_ops(const struct server_session *s)
{
    return (const struct server_session_ops *)s->proto.ops;
}

struct server_session *server_session_new(struct proto_env *env,
                                          const struct server_settings *settings)
{
    return settings->binding == BINDING_COAP ? server_coap_new(env, settings)
                                             : server_http_new(env, settings);
}

struct proto *server_session_proto(struct server_session *s)
{
    return &s->proto;
}

const struct server_request *server_session_request(const struct server_session *s)
{
    return server_ops(s)->request(s);
}

const struct zn_request *server_session_zn(const struct server_session *s)
{
    return server_ops(s)->zn ? server_ops(s)->zn(s) : NULL;
}

void server_session_zn_answer(struct server_session *s, sim_ns now, const struct zn_answer *a)
{
    if (server_ops(s)->zn_answer)
        server_ops(s)->zn_answer(s, now, a);
}

void server_session_answer(struct server_session *s, sim_ns now, const struct server_answer *a)
{
    server_ops(s)->answer(s, now, a);
}

bool server_session_notify(struct server_session *s, sim_ns now, uint32_t exchange,
                           const struct server_answer *a)
{
    return server_ops(s)->notify && server_ops(s)->notify(s, now, exchange, a);
}

void server_session_set_busy(struct server_session *s, uint32_t retry_after_s)
{
    server_ops(s)->set_busy(s, retry_after_s);
}

void server_session_close(struct server_session *s, sim_ns now)
{
    server_ops(s)->close(s, now);
}

bool server_session_is_open(const struct server_session *s)
{
    return server_ops(s)->is_open(s);
}

struct tls *server_session_tls(const struct server_session *s)
{
    return server_ops(s)->tls(s);
}
