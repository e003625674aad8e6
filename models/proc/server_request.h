/* Private to this folder: a request as it came, into one that a node may act upon, or the reason
 * why not. */
#ifndef MODELS_PROC_SERVER_REQUEST_H
#define MODELS_PROC_SERVER_REQUEST_H

#include "models/proc/https.h"
#include "models/proc/server.h"
#include "models/proc/server_guard.h"

/* Why a request is refused. additional begins with a reason's text where the client is to name that
 * one. */
struct refusal {
    int status;
    char additional[128];
};

/* What came, whatever the binding. */
struct incoming {
    struct span target; /* a path with its query, or an absolute URI */
    struct span body;
    struct server_guard *guard; /* an NSCL's; NULL: bodies go as they are */
    enum http_method method;
    bool is_xml;      /* the body says so, or says nothing */
    bool conditional; /* to be performed only if the resource is as the sender believes */
};

/* Fills q, which is all zeros but for peer_name ("": a bare channel; then the guard may say who it
 * is), btid and requesting_entity: method, path, document; checks what the role serves and that the
 * sender is who TLS, or Ua, says. false: refused, as `no` says. q's document is the caller's either
 * way. */
bool server_request_take(struct proto_env *env, enum server_role role, const struct incoming *m,
                         struct server_request *q, struct refusal *no);
/* The same of an HTTP message, with its requesting entity. */
bool server_request_read(struct https *h, enum server_role role, struct server_guard *guard,
                         const struct http_message *m, struct server_request *q,
                         struct refusal *no);
/* What may be asked of a target, for the field Allow that goes with a 405 (RFC 9110 15.5.6). */
#define SERVER_ALLOW_MAX 32
void server_request_allow(enum server_role role, struct span target, char out[SERVER_ALLOW_MAX]);

#endif
