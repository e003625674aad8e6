/* mid_coap: a script (steps.h) for one end of mId over bare CoAP. The first octet: bit 0: the
 * client with a request, else an NSCL's session; bit 1: the server is busy. Steps: a datagram as it
 * is; one whose header is right (a request of ours, or an answer to the last request); time; the
 * node's answer, by its status. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/steps.h"

#include "models/proc/client.h"
#include "models/proc/server.h"

#include <string.h>

static const int statuses[] = {200, 201, 202, 204, 400, 401, 404, 408, 409, 413, 500, 503};
#define STATUSES (sizeof(statuses) / sizeof(statuses[0]))

struct world {
    struct rng stream;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
    struct mid_client *client; /* one of the two */
    struct server_session *server;
    struct proto *proto;
    struct coap_msg last; /* that the client sent; its header alone */
    sim_ns now;
    uint16_t id;
    unsigned asked, answered;
};
static struct world w;

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check(void)
{
    must((w.proto->status == PROTO_FAILED) == (w.proto->reason != REASON_NONE));
    must(w.proto->status == PROTO_RUNNING || w.proto->expiry == SIM_NEVER);
    if (w.server && server_session_request(w.server)) {
        const struct server_request *q = server_session_request(w.server);

        must(w.proto->status == PROTO_RUNNING && q->target[0] == '/');
        must(*q->authority || strncmp(q->target, "/m2m", 4) == 0);
        must(strlen(q->target) < M2M_MAX_URI && strlen(q->requesting_entity) < M2M_MAX_URI);
        must(q->method != HTTP_OTHER && q->doc.kind == DOC_NONE);
    }
}

static void take_answer(void)
{
    const struct mid_response *r = w.client ? mid_client_response(w.client) : NULL;

    if (!r)
        return;
    must(r->status >= 200 && r->status < 600);
    must(r->status < 300 || r->reason != REASON_NONE);
    must(r->location[0] == '\0' || r->location[0] == '/');
    must(++w.answered <= w.asked);
    mid_client_take(w.client);
}

/* Every datagram can be read. */
static void collect(void)
{
    struct coap_msg m;
    struct buf out;

    buf_init(&out, COAP_MESSAGE_MAX);
    while (w.proto->ops->output(w.proto, w.now, &out)) {
        must(coap_msg_parse(buf_span(&out), &m) == REASON_NONE && buf_len(&out) <= 2048);
        if (coap_is_request(m.code))
            w.last = m;
        buf_clear(&out);
    }
    must(buf_len(&out) == 0);
}

static void after(void)
{
    take_answer();
    collect();
    check();
}

static void ask(void)
{
    struct m2m_doc doc = {.kind = DOC_CONTAINER, .u.container = {.id = "c"}};

    if (w.client &&
        mid_client_request(w.client, w.now, "CREATE", (enum http_method)(w.asked % HTTP_OTHER),
                           "/m2m/scls/7/containers?a=b", w.asked % 2 ? &doc : NULL))
        w.asked++;
}

/* A whole header, and then what the script says: options and payload. */
static void honest(struct span s)
{
    uint8_t octets[300] = {0x41, 0, 0, 0, 9};
    size_t n = 5;

    if (s.n < 1)
        return;
    octets[1] = s.p[0];
    octets[2] = (uint8_t)(++w.id >> 8);
    octets[3] = (uint8_t)w.id;
    if (w.client) {
        octets[0] = (uint8_t)(0x60 | w.last.token_n);
        octets[2] = (uint8_t)(w.last.id >> 8);
        octets[3] = (uint8_t)w.last.id;
        memcpy(octets + 4, w.last.token, w.last.token_n);
        n = 4u + w.last.token_n;
    }
    if (s.n > 1)
        memcpy(octets + n, s.p + 1, s.n - 1);
    w.proto->ops->input(w.proto, w.now, span_of(octets, n + s.n - 1));
}

static void pass_time(struct span s)
{
    w.now += s.n > 0 ? s.p[0] * 100 * SIM_MS : 0;
    if (s.n == 0 && w.proto->expiry != SIM_NEVER && w.proto->expiry > w.now)
        w.now = w.proto->expiry;
    if (w.now >= w.proto->expiry)
        w.proto->ops->expire(w.proto, w.now);
    must(w.proto->expiry > w.now);
}

static void answer(struct span s)
{
    struct server_answer a = {.status = statuses[s.n > 0 ? s.p[0] % STATUSES : 0],
                              .location = s.n > 1 ? "https://a/m2m/scls/7" : NULL,
                              .retry_after_s = 3,
                              .close = s.n > 2};

    if (w.server)
        server_session_answer(w.server, w.now, &a);
    ask();
}

static void take(struct world *unused, uint8_t what, struct span octets)
{
    (void)unused;
    switch (what & 3) {
    case 0:
        if (octets.n > 0)
            w.proto->ops->input(w.proto, w.now, octets);
        break;
    case 1:
        honest(octets);
        break;
    case 2:
        pass_time(octets);
        break;
    default:
        answer(octets);
        break;
    }
    after();
}

static void begin(struct world *unused, uint8_t options)
{
    (void)unused;
    memset(&w, 0, sizeof(w));
    w.stream = rng_stream(1, "mid", "fuzz");
    w.env = (struct proto_env){.stream = &w.stream, .meter = &w.meter, .trace = &w.trace};
    if (options & 1) {
        w.client = mid_client_new(&w.env, &(struct mid_settings){.binding = BINDING_COAP,
                                                                 .nscl = "nscl",
                                                                 .requesting_entity = "urn:7"});
        w.proto = mid_client_proto(w.client);
    } else {
        w.server = server_session_new(&w.env, &(struct server_settings){.role = SERVER_NSCL,
                                                                        .binding = BINDING_COAP,
                                                                        .idle = 600 * SIM_S});
        server_session_set_busy(w.server, options & 2 ? 5 : 0);
        w.proto = server_session_proto(w.server);
    }
    w.proto->ops->start(w.proto, 0);
    ask();
    after();
}

/* Silence: whoever waits gives up by himself. */
static void finish(struct world *unused)
{
    (void)unused;
    for (int i = 0; i < 2000 && w.proto->expiry != SIM_NEVER; i++) {
        w.now = w.proto->expiry > w.now ? w.proto->expiry : w.now;
        w.proto->ops->expire(w.proto, w.now);
        after();
    }
    must(w.proto->expiry == SIM_NEVER);
    must(!w.server || w.proto->status != PROTO_RUNNING);
    proto_free(w.proto);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static bool ready;

    if (!ready)
        m2mxml_init();
    ready = true;
    return steps_run(&w, data, n, begin, take, finish);
}
