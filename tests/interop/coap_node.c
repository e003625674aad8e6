#include "tests/interop/coap_node.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BIG 3000

uint8_t coap_node_octet(size_t i)
{
    return (uint8_t)('a' + (i * 7 + i / 251) % 26);
}

void coap_node_fill(struct coap_node *n, size_t octets)
{
    static const char text[] = "0123456789abcdef";

    n->n = octets > 0 ? octets : strlen(text);
    for (size_t i = 0; i < n->n; i++)
        n->body[i] = octets > 0 ? coap_node_octet(i) : (uint8_t)text[i];
}

bool coap_node_is(const struct coap_node *n, size_t octets)
{
    bool ok = n->n == octets;

    for (size_t i = 0; ok && i < octets; i++)
        ok = n->body[i] == coap_node_octet(i);
    return ok;
}

void coap_node_remove(const char *folder)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/answer", folder);
    unlink(path);
    snprintf(path, sizeof(path), "%s/question", folder);
    unlink(path);
    rmdir(folder);
}

/* ---- the server ---- */

static void read_it(const struct coap_node *n, struct coap_msg *m)
{
    coap_msg_init(m, COAP_CON, n->has ? COAP_CONTENT : COAP_NOT_FOUND);
    if (!n->has)
        return;
    coap_msg_add_uint(m, COAP_CONTENT_FORMAT, COAP_TEXT_PLAIN);
    m->payload = span_of(n->body, n->n);
}

static void write_it(struct coap_node *n, struct span body)
{
    n->n = body.n < sizeof(n->body) ? body.n : sizeof(n->body);
    if (n->n > 0)
        memcpy(n->body, body.p, n->n);
    n->has = true;
}

static void serve(struct coap_node *n, struct coap_endpoint *e, sim_ns now,
                  const struct coap_event *event)
{
    struct coap_msg m;
    uint32_t observe;

    n->requests++;
    coap_msg_init(&m, COAP_CON, COAP_METHOD_NOT_ALLOWED);
    if (event->message.code == COAP_GET) {
        read_it(n, &m);
        if (n->separate && event->confirmable) {
            n->late = event->exchange;
            return;
        }
        if (coap_msg_get_uint(&event->message, COAP_OBSERVE, &observe) && observe == 0) {
            coap_msg_add_uint(&m, COAP_OBSERVE, 0);
            n->observer = event->exchange;
        }
    } else if (event->message.code == COAP_PUT) {
        write_it(n, event->message.payload);
        m.code = COAP_CHANGED;
    } else if (event->message.code == COAP_POST) {
        write_it(n, event->message.payload);
        m.code = COAP_CREATED;
        coap_msg_add(&m, COAP_LOCATION_PATH, span_str("m2m"));
        m.payload = span_str("created");
    } else if (event->message.code == COAP_DELETE) {
        n->has = false;
        m.code = COAP_DELETED;
    }
    coap_respond(e, now, event->exchange, &m);
}

/* A notification behind the answer, and one more for each ACK that came, as many as wanted. */
static void notify(struct coap_node *n, struct coap_endpoint *e, sim_ns now)
{
    struct coap_msg m;
    char text[32];

    if (n->observer == 0 || n->notified == n->notify || (n->notified > 0 && !coap_is_idle(e)))
        return;
    coap_msg_init(&m, COAP_CON, COAP_CONTENT);
    snprintf(text, sizeof(text), "notification %u\n", n->notified + 1);
    m.payload = span_str(text);
    n->notified += coap_notify(e, now, n->observer, &m);
}

void coap_node_step(struct coap_node *n, struct coap_endpoint *e, sim_ns now)
{
    const struct coap_event *event;

    while ((event = coap_event(e))) {
        if (event->kind == COAP_REQUESTED)
            serve(n, e, now, event);
        if (event->kind == COAP_FORGOTTEN)
            n->observer = 0;
        coap_taken(e);
    }
    /* The empty ACK is out. */
    if (n->late && coap_counts(e)->sent > 0) {
        struct coap_msg m;

        read_it(n, &m);
        coap_respond(e, now, n->late, &m);
        n->late = 0;
    }
    notify(n, e, now);
}

/* ---- the client ---- */

static const struct line {
    enum coap_code method;
    const char *uri;
    size_t send;         /* octets */
    enum coap_code code; /* of the answer */
    const char *has;     /* in its payload; NULL: anything */
    size_t n;            /* ... which is so long, of coap_node_octet; 0: anything */
} lines[] = {
    {COAP_GET, "/", 0, COAP_CONTENT, "test server", 0},
    {COAP_GET, "/.well-known/core", 0, COAP_CONTENT, "</time>", 0},
    {COAP_GET, "/nothing/here", 0, COAP_NOT_FOUND, NULL, 0},
    {COAP_PUT, "/example_data", BIG, COAP_CREATED, NULL, 0},
    {COAP_PUT, "/example_data", BIG, COAP_CHANGED, NULL, 0},
    {COAP_GET, "/example_data", 0, COAP_CONTENT, NULL, BIG},
    {COAP_PUT, "/made", 100, COAP_CREATED, NULL, 0},
    {COAP_GET, "/made", 0, COAP_CONTENT, NULL, 100},
    {COAP_DELETE, "/made", 0, COAP_DELETED, NULL, 0},
    {COAP_GET, "/made", 0, COAP_NOT_FOUND, NULL, 0},
    {COAP_POST, "/time", 10, COAP_METHOD_NOT_ALLOWED, NULL, 0},
    {COAP_GET, "/async?1", 0, COAP_CONTENT, "done", 0}, /* after an empty ACK */
    {COAP_GET, "/time", 0, COAP_CONTENT, NULL, 0},      /* observed: two more, then no more */
};

#define LINES   (sizeof(lines) / sizeof(lines[0]))
#define OBSERVE (LINES - 1)

static void say(struct coap_node *n, struct coap_endpoint *e, sim_ns now)
{
    const struct line *l = &lines[n->at];
    struct coap_msg m;
    struct buf store;

    coap_msg_init(&m, COAP_CON, (uint8_t)l->method);
    buf_init(&store, 256);
    if (!coap_msg_add_uri(&m, l->uri, &store))
        n->failure = "a URI of our own is bad";
    if (n->at == OBSERVE)
        coap_msg_add_uint(&m, COAP_OBSERVE, 0);
    for (size_t i = 0; i < l->send; i++)
        n->body[i] = coap_node_octet(i);
    m.payload = span_of(n->body, l->send);
    n->exchange = coap_request(e, now, &m);
    n->waiting = true;
    buf_clear(&store);
}

static bool contains(struct span s, const char *text)
{
    return memmem(s.p, s.n, text, strlen(text)) != NULL;
}

static void hear(struct coap_node *n, struct coap_endpoint *e, sim_ns now,
                 const struct coap_event *event)
{
    static char text[128];
    const struct line *l = &lines[n->at];
    const struct coap_msg *m = &event->message;

    if (event->kind == COAP_FAILED)
        n->failure = reason_text(event->reason);
    else if (m->code != l->code || (l->has && !contains(m->payload, l->has))) {
        snprintf(text, sizeof(text), "line %u: %s", n->at, coap_code_name(m->code));
        n->failure = text;
    } else if (l->n > 0) {
        write_it(n, m->payload);
        if (!coap_node_is(n, l->n))
            n->failure = "another body than was put";
    }
    if (event->kind == COAP_NOTIFIED && ++n->notifications == 3)
        coap_cancel(e, now, n->exchange);
    if (event->kind != COAP_NOTIFIED) {
        n->waiting = false;
        n->at++;
    }
}

void coap_node_ask(struct coap_node *n, struct coap_endpoint *e, sim_ns now)
{
    const struct coap_event *event;

    while (!n->failure && (event = coap_event(e))) {
        hear(n, e, now, event);
        coap_taken(e);
    }
    if (!n->failure && !n->waiting && n->at < LINES)
        say(n, e, now);
    if (n->at == LINES && n->notifications < 3)
        n->failure = "too few notifications";
    n->done = n->at == LINES;
    if (n->failure || n->done)
        coap_close(e);
}
