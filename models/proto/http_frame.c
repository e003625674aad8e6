#include "models/proto/http_frame.h"

#include "models/proto/http_lines.h"
#include "sim/base/xalloc.h"

#include <http_parser.h>
#include <stdlib.h>

/* The library is paused when a header section is whole, before it takes that section's last LF. */
enum section { HEAD, HEAD_LF, CONTENT };

struct http_frame {
    http_parser parser;
    const struct http_frame_sink *sink;
    void *arg;
    uint32_t max_header;
    uint32_t head_octets;
    enum section section;
    bool chunked, complete; /* of the message under way */
    bool refused;
    struct http_lines lines;
    struct http_chunks chunks;
};

static struct span text(const char *at, size_t n)
{
    return span_of(at, n);
}

static int refuse_unless(struct http_frame *f, bool ok)
{
    if (!ok)
        f->refused = true;
    return ok ? 0 : -1;
}

static int on_url(http_parser *p, const char *at, size_t n)
{
    struct http_frame *f = p->data;

    return refuse_unless(f, f->sink->target(f->arg, text(at, n)));
}

/* Fields of a trailer section are not merged into the header (RFC 9110 6.5.1): dropped. */
static int on_field(http_parser *p, const char *at, size_t n)
{
    struct http_frame *f = p->data;

    return f->section == CONTENT ? 0 : refuse_unless(f, f->sink->field(f->arg, text(at, n)));
}

static int on_value(http_parser *p, const char *at, size_t n)
{
    struct http_frame *f = p->data;

    return f->section == CONTENT ? 0 : refuse_unless(f, f->sink->value(f->arg, text(at, n)));
}

static int on_headers_complete(http_parser *p)
{
    struct http_frame *f = p->data;
    bool chunked = (p->flags & F_CHUNKED) != 0;
    struct http_frame_head head = {
        .method = p->type == HTTP_REQUEST ? http_method_str((enum http_method)p->method) : "",
        .status = p->type == HTTP_RESPONSE ? (int)p->status_code : 0,
        .major = p->http_major,
        .minor = p->http_minor,
        .has_length = (p->flags & F_CONTENTLENGTH) != 0,
        .length = (p->flags & F_CONTENTLENGTH) ? p->content_length : 0,
        .chunked = chunked,
        .other_coding = p->uses_transfer_encoding && !chunked,
        .keep_alive = http_should_keep_alive(p) != 0,
    };

    f->section = HEAD_LF;
    f->chunked = chunked;
    if (refuse_unless(f, f->sink->head(f->arg, &head)) != 0)
        return -1;
    /* An upgrade was offered to us: a server may ignore it (RFC 9110 7.8), and we do. */
    p->upgrade = 0;
    http_parser_pause(p, 1);
    return 0;
}

static int on_body(http_parser *p, const char *at, size_t n)
{
    struct http_frame *f = p->data;

    return refuse_unless(f, f->sink->body(f->arg, text(at, n)));
}

static int on_message_complete(http_parser *p)
{
    struct http_frame *f = p->data;

    f->complete = true;
    http_parser_pause(p, 1);
    return 0;
}

static const http_parser_settings callbacks = {
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

static void start_message(struct http_frame *f)
{
    f->section = HEAD;
    f->complete = false;
    f->head_octets = 0;
    f->lines = (struct http_lines){0};
    f->chunks = (struct http_chunks){0};
}

struct http_frame *http_frame_new(bool requests, uint32_t max_header,
                                  const struct http_frame_sink *sink, void *arg)
{
    struct http_frame *f = xcalloc(1, sizeof(*f));

    http_parser_init(&f->parser, requests ? HTTP_REQUEST : HTTP_RESPONSE);
    f->parser.data = f;
    f->sink = sink;
    f->arg = arg;
    f->max_header = max_header;
    return f;
}

void http_frame_free(struct http_frame *f)
{
    free(f);
}

/* Feeds octets of one section, and judges what was taken. */
static enum http_frame_status feed(struct http_frame *f, struct span in, size_t *taken)
{
    enum section section = f->section;
    enum http_errno error;
    bool good = true;

    http_parser_pause(&f->parser, 0);
    *taken = http_parser_execute(&f->parser, &callbacks, (const char *)in.p, in.n);
    error = HTTP_PARSER_ERRNO(&f->parser);
    if (section != CONTENT)
        good = http_lines_take(&f->lines, span_of(in.p, *taken));
    else if (f->chunked)
        good = http_chunks_take(&f->chunks, span_of(in.p, *taken));
    /* In the order in which octet by octet they had been found. */
    if (f->chunks.overhead > f->max_header)
        return HTTP_FRAME_TOO_LARGE;
    if (!good)
        return HTTP_FRAME_MALFORMED;
    if (f->refused)
        return HTTP_FRAME_REFUSED;
    if (error != HPE_OK && error != HPE_PAUSED)
        return HTTP_FRAME_MALFORMED;
    if (section == HEAD)
        f->head_octets += (uint32_t)*taken;
    if (section == HEAD_LF)
        f->section = CONTENT;
    return HTTP_FRAME_MORE;
}

static enum http_frame_status stream_end(struct http_frame *f)
{
    bool begun = f->section != HEAD || f->head_octets > 0;

    if (!begun)
        return HTTP_FRAME_MORE;
    http_parser_pause(&f->parser, 0);
    http_parser_execute(&f->parser, &callbacks, NULL, 0);
    if (!f->complete)
        return HTTP_FRAME_CUT;
    start_message(f);
    return HTTP_FRAME_COMPLETE;
}

enum http_frame_status http_frame_input(struct http_frame *f, struct span in, size_t *used)
{
    *used = 0;
    if (in.n == 0)
        return stream_end(f);
    while (*used < in.n) {
        size_t n = in.n - *used, taken;
        enum http_frame_status status;

        /* Slices that do not depend on how the stream was cut, so neither does the verdict. */
        if (f->section == HEAD && n > f->max_header - f->head_octets)
            n = f->max_header - f->head_octets;
        if (f->section == HEAD_LF)
            n = 1;
        if (n == 0)
            return HTTP_FRAME_TOO_LARGE;
        status = feed(f, span_of(in.p + *used, n), &taken);
        *used += taken;
        if (status != HTTP_FRAME_MORE)
            return status;
        if (f->complete) {
            start_message(f);
            return HTTP_FRAME_COMPLETE;
        }
    }
    return HTTP_FRAME_MORE;
}
