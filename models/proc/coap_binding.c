#include "models/proc/coap_binding.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define REQUESTING_ENTITY "RequestingEntity="
#define ETSI_PREFIX       "X-etsi-"

/* ---- methods ---- */

static const uint8_t method_codes[] = {[HTTP_GET] = COAP_GET,
                                       [HTTP_POST] = COAP_POST,
                                       [HTTP_PUT] = COAP_PUT,
                                       [HTTP_DELETE] = COAP_DELETE,
                                       [HTTP_OTHER] = COAP_EMPTY};

uint8_t coap_binding_method_code(enum http_method method)
{
    return method_codes[method];
}

enum http_method coap_binding_method(uint8_t code)
{
    for (int i = HTTP_GET; i < HTTP_OTHER; i++)
        if (method_codes[i] == code)
            return (enum http_method)i;
    return HTTP_OTHER;
}

/* ---- statuses (etsi-m2m.md 8.2) ---- */

static const struct {
    uint16_t status;
    uint8_t code;
} refusals[] = {
    {STATUS_BAD_REQUEST, COAP_BAD_REQUEST},
    {STATUS_PERMISSION_DENIED, COAP_UNAUTHORIZED},
    {STATUS_FORBIDDEN, COAP_FORBIDDEN},
    {STATUS_NOT_FOUND, COAP_NOT_FOUND},
    {STATUS_METHOD_NOT_ALLOWED, COAP_METHOD_NOT_ALLOWED},
    {STATUS_NOT_ACCEPTABLE, COAP_NOT_ACCEPTABLE},
    {STATUS_CONFLICT, COAP_CONFLICT},
    {STATUS_UNSUPPORTED_MEDIA_TYPE, COAP_UNSUPPORTED_FORMAT},
    {STATUS_INTERNAL_SERVER_ERROR, COAP_INTERNAL_SERVER_ERROR},
    {STATUS_NOT_IMPLEMENTED, COAP_NOT_IMPLEMENTED},
    {STATUS_BAD_GATEWAY, COAP_BAD_GATEWAY},
    {STATUS_SERVICE_UNAVAILABLE, COAP_SERVICE_UNAVAILABLE},
    {STATUS_GATEWAY_TIMEOUT, COAP_GATEWAY_TIMEOUT},
    /* Without a code of their own; and what only a server of CoAP says. */
    {STATUS_REQUEST_TIMEOUT, COAP_BAD_REQUEST},
    {STATUS_EXPIRED, COAP_BAD_REQUEST},
    {412, COAP_PRECONDITION_FAILED},
    {413, COAP_ENTITY_TOO_LARGE},
    {STATUS_NOT_IMPLEMENTED, COAP_PROXYING_NOT_SUPPORTED},
};
#define REFUSALS (sizeof(refusals) / sizeof(refusals[0]))

static uint8_t success_code(int status, enum http_method method)
{
    if (status == STATUS_CREATED)
        return COAP_CREATED;
    if (status == STATUS_DELETED || status == STATUS_ACCEPTED || method == HTTP_DELETE)
        return COAP_DELETED;
    return method == HTTP_GET ? COAP_CONTENT : COAP_CHANGED;
}

uint8_t coap_binding_code(int status, enum http_method method)
{
    if (status < 300)
        return success_code(status, method);
    for (size_t i = 0; i < REFUSALS; i++)
        if (refusals[i].status == status)
            return refusals[i].code;
    return status < 500 ? COAP_BAD_REQUEST : COAP_INTERNAL_SERVER_ERROR;
}

int coap_binding_status(uint8_t code, enum http_method method)
{
    if (code == COAP_CREATED)
        return STATUS_CREATED;
    if (code == COAP_DELETED) /* 2.02 to anything else: accepted, and not done yet */
        return method == HTTP_DELETE ? STATUS_DELETED : STATUS_ACCEPTED;
    if (coap_class(code) == 2)
        return STATUS_OK;
    for (size_t i = 0; i < REFUSALS; i++)
        if (refusals[i].code == code)
            return refusals[i].status;
    return coap_class(code) == 5 ? STATUS_INTERNAL_SERVER_ERROR : STATUS_BAD_REQUEST;
}

/* ---- targets ---- */

/* At another authority: it is for whoever gets it to bring it there (RFC 7252 5.7.2). */
static bool put_absolute(struct coap_msg *m, const char *target, struct buf *store)
{
    size_t n = strlen(target), at = buf_len(store);

    return buf_puts(store, target) &&
           coap_msg_add(m, COAP_PROXY_URI, span_of(buf_at(store, at), n));
}

bool coap_binding_put_target(struct coap_msg *m, const char *target, const char *requesting_entity,
                             struct buf *store)
{
    static const char name[] = REQUESTING_ENTITY;
    size_t n = strlen(requesting_entity), length = sizeof(name) - 1 + n;
    char *room;

    /* One that options point into must not move: room for all of it first. */
    if (!buf_room(store, strlen(target) + length) ||
        !(*target == '/' ? coap_msg_add_uri(m, target, store) : put_absolute(m, target, store)))
        return false;
    if (n == 0)
        return true;
    room = (char *)buf_room(store, length);
    memcpy(room, name, sizeof(name) - 1);
    memcpy(room + sizeof(name) - 1, requesting_entity, n);
    buf_added(store, length);
    return length <= 255 && coap_msg_add(m, COAP_URI_QUERY, span_of(room, length));
}

static bool begins(struct span s, const char *text)
{
    size_t n = strlen(text);

    return s.n >= n && strncasecmp((const char *)s.p, text, n) == 0;
}

/* false: too long, or with octets that a name does not have. */
static bool take_entity(struct span s, char out[M2M_MAX_URI])
{
    size_t skip = sizeof(REQUESTING_ENTITY) - 1;

    if (s.n - skip >= M2M_MAX_URI || (s.n > skip && memchr(s.p + skip, '\0', s.n - skip)))
        return false;
    memcpy(out, s.p + skip, s.n - skip);
    out[s.n - skip] = '\0';
    return true;
}

bool coap_binding_target(const struct coap_msg *m, char target[M2M_MAX_URI],
                         char requesting_entity[M2M_MAX_URI])
{
    struct span proxy, value;
    struct coap_msg own;

    coap_msg_init(&own, COAP_CON, COAP_GET);
    requesting_entity[0] = '\0';
    for (size_t i = 0; i < m->option_count; i++) {
        const struct coap_option *o = &m->options[i];

        value = coap_option_value(o);
        if (!coap_msg_understands(m, i) ||
            (o->number != COAP_URI_PATH && o->number != COAP_URI_QUERY))
            continue;
        if (o->number == COAP_URI_QUERY && begins(value, REQUESTING_ENTITY)) {
            if (!take_entity(value, requesting_entity))
                return false;
        } else if (o->number == COAP_URI_PATH || !begins(value, ETSI_PREFIX)) {
            coap_msg_add(&own, o->number, value);
        }
    }
    if (!coap_msg_get(m, COAP_PROXY_URI, &proxy))
        return coap_msg_uri(&own, target, M2M_MAX_URI);
    if (proxy.n >= M2M_MAX_URI || memchr(proxy.p, '\0', proxy.n))
        return false;
    memcpy(target, proxy.p, proxy.n);
    target[proxy.n] = '\0';
    return true;
}

/* ---- categories ---- */

static bool put_part(struct coap_msg *m, const char *name, const char *value, struct buf *store)
{
    size_t n = strlen(name) + 1 + strlen(value), at = buf_len(store);

    if (!buf_puts(store, name) || !buf_puts(store, "=") || !buf_puts(store, value))
        return false;
    return coap_msg_add(m, COAP_URI_QUERY, span_of(buf_at(store, at), n));
}

bool coap_binding_put_category(struct coap_msg *m, const struct m2m_category *c, struct buf *store)
{
    char rcat[2] = {(char)('0' + c->rcat), '\0'}, trpdt[40];

    /* As above. */
    if (!buf_room(store, sizeof(rcat) + sizeof(trpdt) + 2 * sizeof(M2M_TRPDT_NAME)))
        return false;
    m2m_trpdt_write(c->trpdt_ns, trpdt);
    return (!c->has_rcat || put_part(m, M2M_RCAT_NAME, rcat, store)) &&
           (c->trpdt != M2M_TRPDT_DELAY || put_part(m, M2M_TRPDT_NAME, trpdt, store));
}

bool coap_binding_category(const struct coap_msg *m, struct m2m_category *c)
{
    static const char rcat[] = M2M_RCAT_NAME "=", trpdt[] = M2M_TRPDT_NAME "=";

    for (size_t i = 0; i < m->option_count; i++) {
        struct span v = coap_option_value(&m->options[i]);

        if (m->options[i].number != COAP_URI_QUERY)
            continue;
        if (begins(v, rcat) &&
            !m2m_rcat_parse(span_of(v.p + sizeof(rcat) - 1, v.n - (sizeof(rcat) - 1)), c))
            return false;
        if (begins(v, trpdt) &&
            !m2m_trpdt_parse(span_of(v.p + sizeof(trpdt) - 1, v.n - (sizeof(trpdt) - 1)), c))
            return false;
    }
    return true;
}

/* ---- locations ---- */

static void renumber(struct coap_msg *m, const struct coap_msg *from, uint16_t number, uint16_t to)
{
    for (size_t i = 0; i < from->option_count; i++)
        if (from->options[i].number == number)
            coap_msg_add(m, to, coap_option_value(&from->options[i]));
}

bool coap_binding_put_location(struct coap_msg *m, const char *location, struct buf *store)
{
    const char *authority = strstr(location, "://");
    struct coap_msg as_path;

    if (authority)
        location = strchr(authority + 3, '/');
    coap_msg_init(&as_path, COAP_CON, COAP_GET);
    if (!location || !coap_msg_add_uri(&as_path, location, store))
        return false;
    renumber(m, &as_path, COAP_URI_PATH, COAP_LOCATION_PATH);
    return true;
}

void coap_binding_location(const struct coap_msg *m, char *out, size_t n)
{
    struct span first;
    struct coap_msg as_path;

    out[0] = '\0';
    if (!coap_msg_get(m, COAP_LOCATION_PATH, &first))
        return;
    coap_msg_init(&as_path, COAP_CON, COAP_GET);
    renumber(&as_path, m, COAP_LOCATION_PATH, COAP_URI_PATH);
    if (!coap_msg_uri(&as_path, out, n))
        out[0] = '\0';
}
