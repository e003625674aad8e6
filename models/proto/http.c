#include "models/proto/http.h"

#include "models/proto/http_frame.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <strings.h>

/* Octets behind a message that nobody has taken yet. */
#define MAX_LATER (HTTP_MAX_HEADER + HTTP_MAX_BODY)

/* What is kept of a header section. */
enum kept {
    TARGET,
    HOST,
    CONTENT_TYPE,
    AUTHORIZATION,
    LOCATION,
    RETRY_AFTER,
    USER_AGENT,
    WWW_AUTHENTICATE,
    AUTHENTICATION_INFO,
    RCAT,
    TRPDT,
    TRANSFER_ENCODING,
    EXPECT,
    IF_MATCH,
    IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE,
    KEPT,
    OTHER = KEPT
};

static const char *const kept_names[KEPT] = {"",
                                             "host",
                                             "content-type",
                                             "authorization",
                                             "location",
                                             "retry-after",
                                             "user-agent",
                                             "www-authenticate",
                                             "authentication-info",
                                             "x-etsi-rcat",
                                             "x-etsi-trpdt",
                                             "transfer-encoding",
                                             "expect",
                                             "if-match",
                                             "if-none-match",
                                             "if-unmodified-since"};

struct http_reader {
    struct http_frame *frame;
    bool requests;
    enum reason dead;
    bool closed;          /* the last message said Connection: close; what follows is dropped */
    bool begun, complete; /* of the message at the front */
    bool ended;           /* the stream's end came while a message waited */
    bool awaited;         /* its sender waits for HTTP_CONTINUE */
    struct http_message message;
    struct buf text, body, later;
    struct {
        size_t at, n; /* in text */
        bool seen;
    } kept[KEPT];
    char name[24]; /* the field being read, lower case; too long: none of ours */
    size_t name_n;
    enum kept field;
    bool in_value;
    enum reason refusal; /* why a sink said no */
};

static bool refuse(struct http_reader *r, enum reason reason)
{
    r->refusal = reason;
    return false;
}

static bool keep(struct http_reader *r, enum kept field, struct span piece)
{
    if (!buf_put_span(&r->text, piece))
        return refuse(r, REASON_HTTP_TOO_LARGE);
    r->kept[field].n += piece.n;
    return true;
}

static bool on_target(void *arg, struct span piece)
{
    struct http_reader *r = arg;

    r->kept[TARGET].seen = true;
    for (size_t i = 0; i < piece.n; i++)
        if (piece.p[i] <= ' ' || piece.p[i] >= 0x7f)
            return refuse(r, REASON_HTTP_MALFORMED);
    return keep(r, TARGET, piece);
}

static bool on_field(void *arg, struct span piece)
{
    struct http_reader *r = arg;

    if (r->in_value) {
        r->in_value = false;
        r->name_n = 0;
    }
    for (size_t i = 0; i < piece.n; i++) {
        uint8_t c = piece.p[i];

        /* RFC 9112 5.1: no space between the name and its colon. */
        if (c == ' ' || c == '\t')
            return refuse(r, REASON_HTTP_MALFORMED);
        if (r->name_n < sizeof(r->name))
            r->name[r->name_n++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    return true;
}

static enum kept find_field(const struct http_reader *r)
{
    for (int i = HOST; i < KEPT; i++)
        if (strlen(kept_names[i]) == r->name_n && memcmp(kept_names[i], r->name, r->name_n) == 0)
            return (enum kept)i;
    return OTHER;
}

static bool on_value(void *arg, struct span piece)
{
    struct http_reader *r = arg;

    if (!r->in_value) {
        r->in_value = true;
        r->field = find_field(r);
        if (r->field != OTHER) {
            /* Two Hosts are an attack (RFC 9112 3.2), and none of the others is a list (RFC 9110
             * 5.3) but WWW-Authenticate: nobody here offers more than one challenge. */
            if (r->kept[r->field].seen)
                return refuse(r, REASON_HTTP_MALFORMED);
            r->kept[r->field].seen = true;
            r->kept[r->field].at = buf_len(&r->text);
        }
    }
    return r->field == OTHER || keep(r, r->field, piece);
}

static enum http_method find_method(const char *name)
{
    for (int i = HTTP_GET; i < HTTP_OTHER; i++)
        if (strcmp(name, http_method_name((enum http_method)i)) == 0)
            return (enum http_method)i;
    return HTTP_OTHER;
}

static struct span kept_span(const struct http_reader *r, enum kept field)
{
    struct span text = buf_span(&r->text);
    size_t at = r->kept[field].at, n = r->kept[field].n;

    if (n == 0)
        return span_of(NULL, 0);
    while (n > 0 && (text.p[at + n - 1] == ' ' || text.p[at + n - 1] == '\t'))
        n--;
    return span_of(text.p + at, n);
}

static bool says(struct span value, const char *word)
{
    return value.n == strlen(word) && strncasecmp((const char *)value.p, word, value.n) == 0;
}

/* Of the octets of a host and its port (RFC 3986 3.2.2); which order they have is for who asks the
 * name. */
static bool is_host(struct span value)
{
    for (size_t i = 0; i < value.n; i++) {
        uint8_t c = value.p[i];
        bool name = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

        if (!name && (c == '\0' || !strchr("-._~%!$&'()*+,;=[]:", c)))
            return false;
    }
    return true;
}

static bool on_head(void *arg, const struct http_frame_head *head)
{
    struct http_reader *r = arg;

    if (head->major != 1 || head->minor > 1 || head->other_coding)
        return refuse(r, REASON_HTTP_MALFORMED);
    /* Chunks of something else: "gzip, chunked". */
    if (head->chunked && !says(kept_span(r, TRANSFER_ENCODING), "chunked"))
        return refuse(r, REASON_HTTP_MALFORMED);
    if (r->requests && !is_host(kept_span(r, HOST)))
        return refuse(r, REASON_HTTP_MALFORMED);
    /* A tunnel or another protocol was never asked for. */
    if (strcmp(head->method, "CONNECT") == 0 || head->status == 101)
        return refuse(r, REASON_HTTP_MALFORMED);
    if (r->requests && head->minor == 1 && !r->kept[HOST].seen)
        return refuse(r, REASON_HTTP_MALFORMED);
    if (!r->requests && (head->status < 100 || head->status > 599))
        return refuse(r, REASON_HTTP_MALFORMED);
    /* Not before: which of a section's faults is found first must not depend on how the stream was
     * cut, and the library tells of a target's octets only when it has found none among them. */
    if (r->kept[TARGET].n > HTTP_MAX_TARGET)
        return refuse(r, REASON_HTTP_TOO_LARGE);
    if (head->has_length && head->length > HTTP_MAX_BODY)
        return refuse(r, REASON_HTTP_TOO_LARGE);
    r->message.is_request = r->requests;
    r->message.method = r->requests ? find_method(head->method) : HTTP_OTHER;
    r->message.status = head->status;
    /* One of 1.0 would wait for "Connection: keep-alive" (RFC 9112 9.3). */
    r->message.keep_alive = head->keep_alive && (!r->requests || head->minor > 0);
    r->awaited = r->requests && head->minor > 0 && (head->chunked || head->length > 0) &&
                 says(kept_span(r, EXPECT), "100-continue");
    return true;
}

static bool on_body(void *arg, struct span piece)
{
    struct http_reader *r = arg;

    r->awaited = false;
    return buf_put_span(&r->body, piece) || refuse(r, REASON_HTTP_TOO_LARGE);
}

static const struct http_frame_sink sink = {on_target, on_field, on_value, on_head, on_body};

struct http_reader *http_reader_new(bool requests)
{
    struct http_reader *r = xcalloc(1, sizeof(*r));

    r->frame = http_frame_new(requests, HTTP_MAX_HEADER, &sink, r);
    r->requests = requests;
    buf_init(&r->text, HTTP_MAX_HEADER);
    buf_init(&r->body, HTTP_MAX_BODY);
    buf_init(&r->later, MAX_LATER);
    return r;
}

void http_reader_free(struct http_reader *r)
{
    if (!r)
        return;
    http_frame_free(r->frame);
    buf_clear(&r->text);
    buf_clear(&r->body);
    buf_clear(&r->later);
    free(r);
}

static enum reason die(struct http_reader *r, enum reason reason)
{
    r->dead = reason;
    return reason;
}

/* Seconds; a date (RFC 9110 10.2.3) is left unread: nobody here sends one. */
static uint32_t read_seconds(struct span s)
{
    uint64_t v = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return 0;
        v = v * 10 + (uint64_t)(s.p[i] - '0');
        if (v > UINT32_MAX)
            return UINT32_MAX;
    }
    return (uint32_t)v;
}

static void finish(struct http_reader *r)
{
    struct http_message *m = &r->message;

    m->target = kept_span(r, TARGET);
    m->host = kept_span(r, HOST);
    m->content_type = kept_span(r, CONTENT_TYPE);
    m->authorization = kept_span(r, AUTHORIZATION);
    m->location = kept_span(r, LOCATION);
    m->user_agent = kept_span(r, USER_AGENT);
    m->www_authenticate = kept_span(r, WWW_AUTHENTICATE);
    m->authentication_info = kept_span(r, AUTHENTICATION_INFO);
    m->rcat = kept_span(r, RCAT);
    m->trpdt = kept_span(r, TRPDT);
    m->if_match = r->kept[IF_MATCH].seen;
    m->if_none_match = r->kept[IF_NONE_MATCH].seen;
    m->if_unmodified_since = r->kept[IF_UNMODIFIED_SINCE].seen;
    m->retry_after_s = read_seconds(kept_span(r, RETRY_AFTER));
    m->body = buf_span(&r->body);
    r->complete = true;
    r->closed = !m->keep_alive;
}

static void forget_message(struct http_reader *r)
{
    buf_clear(&r->text);
    buf_clear(&r->body);
    memset(r->kept, 0, sizeof(r->kept));
    memset(&r->message, 0, sizeof(r->message));
    r->name_n = 0;
    r->in_value = false;
    r->begun = false;
    r->complete = false;
    r->awaited = false;
}

/* Up to the end of one message. */
static enum reason take(struct http_reader *r, struct span in, size_t *used)
{
    enum http_frame_status status = http_frame_input(r->frame, in, used);

    if (*used > 0)
        r->begun = true;
    switch (status) {
    case HTTP_FRAME_MORE:
        return REASON_NONE;
    case HTTP_FRAME_COMPLETE:
        /* RFC 9110 15.2: interim answers are read over. */
        if (!r->requests && r->message.status < 200)
            forget_message(r);
        else
            finish(r);
        return REASON_NONE;
    case HTTP_FRAME_REFUSED:
        return die(r, r->refusal);
    case HTTP_FRAME_TOO_LARGE:
        return die(r, REASON_HTTP_TOO_LARGE);
    case HTTP_FRAME_MALFORMED:
        return die(r, REASON_HTTP_MALFORMED);
    case HTTP_FRAME_CUT:
        return die(r, REASON_CLOSED_EARLY);
    }
    return die(r, REASON_HTTP_MALFORMED);
}

enum reason http_reader_input(struct http_reader *r, struct span in)
{
    size_t used = 0;

    if (r->dead)
        return r->dead;
    if (in.n == 0) {
        if (r->complete)
            r->ended = true;
        return r->complete ? REASON_NONE : take(r, in, &used);
    }
    while (!r->complete && !r->closed && used < in.n) {
        size_t n;
        enum reason reason = take(r, span_of(in.p + used, in.n - used), &n);

        if (reason)
            return reason;
        used += n;
    }
    /* RFC 9112 9.6: nothing after a message that closes is looked at. */
    if (r->closed || used == in.n)
        return REASON_NONE;
    if (!buf_put(&r->later, in.p + used, in.n - used))
        return die(r, REASON_HTTP_TOO_LARGE);
    return REASON_NONE;
}

const struct http_message *http_reader_message(const struct http_reader *r)
{
    return r->complete && !r->dead ? &r->message : NULL;
}

enum reason http_reader_next(struct http_reader *r)
{
    assert(r->complete);
    forget_message(r);
    if (r->dead)
        return r->dead;
    while (!r->complete && !r->closed && buf_len(&r->later) > 0) {
        size_t n;
        enum reason reason = take(r, buf_span(&r->later), &n);

        if (reason)
            return reason;
        buf_consume(&r->later, n);
    }
    if (buf_len(&r->later) == 0 || r->closed)
        buf_clear(&r->later);
    if (r->ended && !r->complete && !r->closed) {
        size_t n;

        r->ended = false;
        return take(r, span_of(NULL, 0), &n);
    }
    return REASON_NONE;
}

bool http_reader_in_message(const struct http_reader *r)
{
    return r->begun && !r->complete;
}

bool http_reader_awaited(struct http_reader *r)
{
    bool awaited = r->awaited && !r->complete && !r->dead;

    r->awaited = false;
    return awaited;
}

bool http_reader_target_too_long(const struct http_reader *r)
{
    return r->dead == REASON_HTTP_TOO_LARGE && r->kept[TARGET].n > HTTP_MAX_TARGET;
}
