/* mId over CoAP: what a node sees of it at either end, in DTLS and bare, and what a way that loses
 * datagrams must not change. */
#include "models/proc/coap_binding.h"
#include "tests/unit/proc/kit.h"

#define TARGET "/m2m/scls/meter-1/containers/c/contentInstances"

/* How the association is secured: a test's _i. */
static const struct {
    enum tls_suite suite;
    bool bare;
} choices[] = {{TLS_SUITE_PSK_AES_128_CCM_8, false},
               {TLS_SUITE_PSK_AES_128_CCM, false},
               {TLS_SUITE_PSK_AES_128_CCM_8, true}};
#define CHOICES ((int)(sizeof(choices) / sizeof(choices[0])))
#define BARE    2

static void open_sealed(struct kit_run *r, int choice, sim_ns idle, unsigned flags)
{
    struct mid_settings s = {.binding = BINDING_COAP,
                             .object_flags = flags,
                             .cipher = XMLSEC_AES128_GCM,
                             .nscl = NSCL,
                             .connection_id = CONNECTION_ID,
                             .kmc_index = KMC_INDEX,
                             .requesting_entity = SCL};

    kit_open(r, SERVER_NSCL, choices[choice].suite, DTLS_1_2);
    r->binding = BINDING_COAP;
    r->idle = idle;
    if (choices[choice].bare)
        for (int i = 0; i < 2; i++) {
            tls_context_free(r->context[i]);
            r->context[i] = NULL;
        }
    s.context = r->context[0];
    se_put(&r->pair.side[0].se, SE_KMC, kit_psk);
    pair_enter(&r->pair, 0);
    r->mid = mid_client_new(&r->pair.side[0].env, &s);
    pair_leave();
    r->pair.side[0].proto = mid_client_proto(r->mid);
    pair_enter(&r->pair, 1);
    r->object_flags = flags;
    kit_server(r, NULL);
    pair_leave();
}

static void open_run(struct kit_run *r, int choice, sim_ns idle)
{
    open_sealed(r, choice, idle, 0);
}

static struct pair_script way(struct kit_run *r)
{
    struct pair_script s = kit_script(r);

    s.datagrams = true;
    s.delay = 50 * SIM_MS;
    return s;
}

static enum pair_end go(struct kit_run *r)
{
    struct pair_script s = way(r);

    return pair_run(&r->pair, &s);
}

static bool ask_with(struct kit_run *r, enum http_method method, const char *target,
                     const struct m2m_doc *doc)
{
    bool asked;

    pair_enter(&r->pair, 0);
    asked = mid_client_request(r->mid, r->pair.now, "CREATE contentInstance", method, target, doc);
    pair_leave();
    return asked;
}

static bool ask(struct kit_run *r, enum http_method method)
{
    struct m2m_doc doc;

    kit_fill(DOC_CONTENT_INSTANCE, &doc);
    return ask_with(r, method, TARGET, method == HTTP_POST ? &doc : NULL);
}

START_TEST(several_requests)
{
    const struct mid_response *answer;
    struct kit_run r;

    open_run(&r, _i, 0);
    ck_assert_int_eq(go(&r), PAIR_QUIET);
    ck_assert(mid_client_is_open(r.mid));
    ck_assert(server_session_is_open(r.server));
    for (unsigned i = 1; i <= 5; i++) {
        ck_assert(ask(&r, HTTP_POST));
        ck_assert_ptr_null(mid_client_response(r.mid));
        ck_assert(!ask(&r, HTTP_POST));
        ck_assert_int_eq(go(&r), PAIR_QUIET);
        answer = mid_client_response(r.mid);
        ck_assert_ptr_nonnull(answer);
        ck_assert_int_eq(answer->status, STATUS_CREATED);
        ck_assert_int_eq(answer->reason, REASON_NONE);
        ck_assert_str_eq(answer->location, "/m2m/scls/meter-1");
        ck_assert_int_eq(answer->doc.kind, DOC_NONE);
        mid_client_take(r.mid);
        ck_assert_uint_eq(r.requests, i);
    }
    ck_assert_str_eq(r.last.target, TARGET);
    ck_assert_str_eq(r.last.requesting_entity, SCL);
    ck_assert_int_eq(r.last.rep.type, M2M_CONTENT_INSTANCE);
    ck_assert_uint_gt(r.last.body_octets, 100);
    ck_assert_str_eq(r.peer, _i == BARE ? "" : r.known_identity);
    ck_assert(kit_said(&r, 0, "CON POST CREATE contentInstance\n"));
    ck_assert(kit_said(&r, 1, "ACK 2.01 Created\n"));
    ck_assert(!kit_said(&r, 0, "application data"));
    kit_close_side(&r, 0);
    ck_assert_int_eq(go(&r), _i == BARE ? PAIR_QUIET : PAIR_ENDED);
    ck_status(&r, 0, PROTO_DONE);
    ck_status(&r, 1, _i == BARE ? PROTO_RUNNING : PROTO_DONE); /* nobody tells a bare server */
    ck_assert(!mid_client_is_open(r.mid));
    ck_assert(!ask(&r, HTTP_GET));
    kit_close(&r);
}
END_TEST

START_TEST(request_before_the_handshake)
{
    struct kit_run r;
    struct meter before;

    open_run(&r, _i, 0);
    before = r.pair.side[0].meter;
    ck_assert(ask(&r, HTTP_POST));
    ck_assert_uint_eq(before.use[OP_XML_DOCUMENT].calls, 0);
    ck_assert_uint_eq(r.pair.side[0].meter.use[OP_XML_DOCUMENT].calls, 0); /* it is not sent yet */
    ck_assert_int_eq(go(&r), PAIR_QUIET);
    ck_assert_int_eq(mid_client_response(r.mid)->status, STATUS_CREATED);
    ck_assert_uint_eq(r.pair.side[0].meter.use[OP_COAP_MESSAGE].calls, 2);
    ck_assert_uint_eq(r.pair.side[0].meter.use[OP_XML_DOCUMENT].calls, 1);
    ck_assert_uint_eq(r.pair.side[0].meter.use[OP_HTTP_MESSAGE].calls, 0);
    ck_assert_uint_eq(r.pair.side[1].meter.use[OP_COAP_MESSAGE].calls, 2);
    kit_close(&r);
}
END_TEST

/* Whichever datagram is lost, or comes twice: each request is served once, and answered. */
START_TEST(every_single_fault)
{
    for (int side = 0; side < 2; side++)
        for (int index = 0; index < 12; index++)
            for (int twice = 0; twice < 2; twice++) {
                struct kit_run r;
                struct pair_script s;

                open_run(&r, _i, 0);
                s = way(&r);
                *(twice ? &s.way[side].duplicate : &s.way[side].lose) = UINT64_C(1) << index;
                for (unsigned i = 1; i <= 4; i++) {
                    ck_assert(ask(&r, HTTP_POST));
                    ck_assert_int_eq(pair_run(&r.pair, &s), PAIR_QUIET);
                    ck_assert_ptr_nonnull(mid_client_response(r.mid));
                    ck_assert_int_eq(mid_client_response(r.mid)->status, STATUS_CREATED);
                    mid_client_take(r.mid);
                    ck_assert_uint_eq(r.requests, i);
                }
                kit_close(&r);
            }
}
END_TEST

/* A third of everything is lost, in many patterns: an answer or a reason, and never two requests of
 * one. */
START_TEST(heavy_loss)
{
    unsigned answered = 0, failed = 0;

    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct kit_run r;
        struct pair_script s;
        struct rng draw = rng_stream(seed, "way", "loss");
        unsigned asked = 0, got = 0;

        open_run(&r, _i, 0);
        s = way(&r);
        for (int bit = 0; bit < 64; bit++)
            for (int side = 0; side < 2; side++)
                s.way[side].lose |= (uint64_t)(rng_below(&draw, 3) == 0) << bit;
        while (asked < 5 && r.pair.side[0].proto->status == PROTO_RUNNING) {
            ck_assert(ask(&r, HTTP_POST));
            asked++;
            ck_assert_int_ne(pair_run(&r.pair, &s), PAIR_LIMIT);
            if (!mid_client_response(r.mid))
                break;
            ck_assert_int_eq(mid_client_response(r.mid)->status, STATUS_CREATED);
            mid_client_take(r.mid);
            got++;
        }
        ck_assert_uint_ge(r.requests, got);
        ck_assert_uint_le(r.requests, asked);
        if (got < asked) {
            ck_assert_msg(kit_reason(&r, 0) == REASON_COAP_TIMEOUT ||
                              kit_reason(&r, 0) == REASON_DTLS_TIMEOUT,
                          "%s", reason_text(kit_reason(&r, 0)));
            failed++;
        }
        answered += got;
        kit_close(&r);
    }
    ck_assert_uint_gt(answered, 100);
    ck_assert_uint_gt(failed, 0);
}
END_TEST

START_TEST(methods_and_statuses)
{
    static const struct {
        enum http_method method;
        int status;
    } asked[] = {{HTTP_GET, STATUS_OK},
                 {HTTP_PUT, STATUS_OK},
                 {HTTP_DELETE, STATUS_DELETED},
                 {HTTP_POST, STATUS_OK},
                 {HTTP_POST, STATUS_ACCEPTED}};
    struct kit_run r;

    open_run(&r, BARE, 0);
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        struct server_answer a = {.status = asked[i].status};

        r.answer = &a;
        ck_assert(ask(&r, asked[i].method));
        go(&r);
        ck_assert_int_eq(r.last.method, asked[i].method);
        ck_assert_int_eq(mid_client_response(r.mid)->status, asked[i].status);
        mid_client_take(r.mid);
    }
    ck_assert(!ask(&r, HTTP_OTHER));
    kit_close(&r);
}
END_TEST

/* Every status of TS 102 921 comes back as itself, those without a code of their own by errorInfo;
 * a reason of ours by its word. */
START_TEST(refusals)
{
    static const int statuses[] = {400, 401, 403, 404, 405, 406, 408, 409,
                                   410, 415, 500, 501, 502, 503, 504};
    struct kit_run r;

    open_run(&r, _i, 0);
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct server_answer a = {.status = statuses[i], .retry_after_s = 17};

        a.additional = statuses[i] == 403 ? "ival-denied" : NULL;
        r.answer = &a;
        ask(&r, HTTP_POST);
        ck_assert_int_eq(go(&r), PAIR_QUIET);
        ck_assert_int_eq(mid_client_response(r.mid)->status, statuses[i]);
        ck_assert_int_eq(mid_client_response(r.mid)->reason,
                         statuses[i] == 403 ? REASON_IVAL_DENIED : m2m_status_reason(statuses[i]));
        ck_assert_uint_eq(mid_client_response(r.mid)->retry_after_s, statuses[i] == 503 ? 17 : 0);
        ck_assert_int_eq(mid_client_response(r.mid)->doc.kind, DOC_ERROR_INFO);
        mid_client_take(r.mid);
    }
    ck_assert(kit_said(&r, 1, "ACK 4.09 Conflict errorInfo\n"));
    kit_close(&r);
}
END_TEST

/* Bodies longer than a block, both ways: one request, one answer. */
START_TEST(bodies_in_blocks)
{
    static uint8_t content[9000];
    struct m2m_doc doc;
    struct server_answer a = {.status = STATUS_OK, .doc = &doc};
    struct kit_run r;

    for (size_t i = 0; i < sizeof(content); i++)
        content[i] = (uint8_t)(i * 7);
    kit_fill(DOC_CONTENT_INSTANCE, &doc);
    doc.u.content_instance.content = span_of(content, sizeof(content));
    open_run(&r, _i, 0);
    r.answer = &a;
    ck_assert(ask_with(&r, HTTP_PUT, TARGET, &doc));
    ck_assert_int_eq(go(&r), PAIR_QUIET);
    ck_assert_uint_eq(r.requests, 1);
    ck_assert_uint_gt(r.last.body_octets, 12000);
    ck_assert_ptr_nonnull(mid_client_response(r.mid));
    ck_assert_int_eq(mid_client_response(r.mid)->doc.kind, DOC_CONTENT_INSTANCE);
    ck_assert_uint_eq(mid_client_response(r.mid)->doc.u.content_instance.content.n,
                      sizeof(content));
    ck_assert_mem_eq(mid_client_response(r.mid)->doc.u.content_instance.content.p, content,
                     sizeof(content));
    kit_close(&r);
}
END_TEST

/* Objects sealed: what has no body over CoAP goes as POST, and is what it is at the other end. */
START_TEST(sealed)
{
    static const enum http_method methods[] = {HTTP_POST, HTTP_GET, HTTP_PUT, HTTP_DELETE};
    struct server_answer a = {.status = STATUS_DELETED};
    struct kit_run r;

    open_sealed(&r, _i, 0, MID_OBJECT_SIGN | MID_OBJECT_ENCRYPT);
    for (unsigned i = 0; i < 4; i++) {
        r.answer = methods[i] == HTTP_DELETE ? &a : NULL;
        ck_assert(ask(&r, methods[i]));
        ck_assert_int_eq(go(&r), PAIR_QUIET);
        ck_assert_msg(r.requests == i + 1, "%s",
                      mid_client_response(r.mid) ? reason_text(mid_client_response(r.mid)->reason)
                                                 : "none");
        ck_assert_int_eq(r.last.method, methods[i]);
        ck_assert_str_eq(r.last.target, TARGET);
        ck_assert_uint_eq(r.last.sequence, i + 1);
        ck_assert_ptr_nonnull(mid_client_response(r.mid));
        ck_assert_int_eq(mid_client_response(r.mid)->reason, REASON_NONE);
        ck_assert_int_eq(mid_client_response(r.mid)->status,
                         r.answer ? STATUS_DELETED : STATUS_CREATED);
        mid_client_take(r.mid);
    }
    ck_assert_uint_eq(mid_client_sequence(r.mid), 4);
    ck_assert_str_eq(r.peer, r.known_identity);
    ck_assert(kit_said(&r, 0, "CON POST CREATE contentInstance+sign+encrypt\n"));
    kit_close(&r);
}
END_TEST

START_TEST(too_long)
{
    static uint8_t content[M2M_MAX_DOC];
    struct m2m_doc doc;
    struct kit_run r;

    kit_fill(DOC_CONTENT_INSTANCE, &doc);
    doc.u.content_instance.content = span_of(content, sizeof(content));
    open_run(&r, 0, 0);
    ck_assert(!ask_with(&r, HTTP_POST, TARGET, &doc));
    ck_assert(ask(&r, HTTP_POST));
    go(&r);
    ck_assert_int_eq(mid_client_response(r.mid)->status, STATUS_CREATED);
    mid_client_take(r.mid);
    /* An answer that nobody could send is one of 5.00. */
    r.answer = &(struct server_answer){.status = STATUS_OK, .doc = &doc};
    ask(&r, HTTP_GET);
    go(&r);
    ck_assert_int_eq(mid_client_response(r.mid)->status, STATUS_INTERNAL_SERVER_ERROR);
    kit_close(&r);
}
END_TEST

START_TEST(closed_in_mid_exchange)
{
    struct kit_run r;
    struct pair_script s;

    open_run(&r, 0, 0);
    go(&r);
    r.mute = true;
    ask(&r, HTTP_POST);
    s = way(&r);
    s.limit = r.pair.now + 10 * SIM_S; /* else it waits to the end of its patience */
    ck_assert_int_eq(pair_run(&r.pair, &s), PAIR_LIMIT);
    ck_assert(kit_said(&r, 1, "ACK\n"));
    ck_assert_ptr_nonnull(server_session_request(r.server));
    kit_close_side(&r, _i);
    ck_assert_int_eq(go(&r), PAIR_ENDED);
    ck_status(&r, _i, PROTO_DONE);
    if (_i == 1)
        ck_failed(&r, 0, REASON_CLOSED_EARLY);
    else
        ck_status(&r, 1, PROTO_DONE); /* its answer is for nobody any more */
    ck_assert_ptr_null(server_session_request(r.server));
    kit_close(&r);
}
END_TEST

/* The server has lost its session: the client finds out by silence, and a stray datagram makes no
 * session. */
START_TEST(a_server_that_forgot)
{
    struct server_settings s = {.role = SERVER_NSCL, .binding = BINDING_COAP};
    struct kit_run r;
    struct pair_script silent;

    open_run(&r, _i, 0);
    ask(&r, HTTP_POST);
    go(&r);
    mid_client_take(r.mid);
    pair_enter(&r.pair, 1);
    proto_free(server_session_proto(r.server));
    s.context = r.context[1];
    s.psk_find = kit_psk_find;
    s.psk_arg = &r;
    r.server = server_session_new(&r.pair.side[1].env, &s);
    r.pair.side[1].proto = server_session_proto(r.server);
    r.pair.side[1].started = false;
    pair_leave();
    silent = way(&r);
    ask(&r, HTTP_POST);
    pair_run(&r.pair, &silent);
    if (_i == BARE) { /* knows the sender by each request alone */
        ck_assert_int_eq(mid_client_response(r.mid)->status, STATUS_CREATED);
    } else {
        ck_failed(&r, 0, REASON_COAP_TIMEOUT);
        ck_status(&r, 1, PROTO_DONE);
        ck_assert_uint_eq(r.requests, 1);
        ck_assert_int_gt(r.pair.now, 60 * SIM_S);
        ck_assert_int_lt(r.pair.now, 100 * SIM_S);
    }
    kit_close(&r);
}
END_TEST

/* GAP C5: the last answer can be had again for as long as its request may come again. */
START_TEST(the_last_answer)
{
    struct server_answer a = {.status = STATUS_PERMISSION_DENIED, .close = true};
    struct kit_run r;
    struct pair_script s;

    open_run(&r, 0, 0);
    go(&r);
    r.answer = &a;
    ask(&r, HTTP_POST);
    s = way(&r);
    s.way[1].lose = 7u << 2; /* behind the handshake's two: the answer, three times */
    ck_assert_int_eq(pair_run(&r.pair, &s), PAIR_ENDED);
    ck_assert_ptr_nonnull(mid_client_response(r.mid));
    ck_assert_int_eq(mid_client_response(r.mid)->reason, REASON_PERMISSION_DENIED);
    ck_assert_uint_eq(r.requests, 1);
    ck_status(&r, 0, PROTO_DONE);
    ck_status(&r, 1, PROTO_DONE);
    ck_assert(kit_said(&r, 1, "Alert(close_notify)"));
    kit_close(&r);
}
END_TEST

START_TEST(an_idle_session_ends)
{
    struct kit_run r;

    open_run(&r, _i, 600 * SIM_S);
    ask(&r, HTTP_POST);
    ck_assert_int_eq(go(&r), _i == BARE ? PAIR_QUIET : PAIR_ENDED);
    ck_status(&r, 1, PROTO_DONE);
    ck_assert_int_eq(mid_client_response(r.mid)->status, STATUS_CREATED);
    ck_assert_int_ge(r.pair.now, 600 * SIM_S);
    ck_assert_int_lt(r.pair.now, 610 * SIM_S);
    kit_close(&r);
}
END_TEST

START_TEST(busy_and_no_more)
{
    struct kit_run r;

    open_run(&r, 0, 0);
    server_session_set_busy(r.server, 12);
    ask(&r, HTTP_POST);
    ck_assert_int_eq(go(&r), PAIR_QUIET);
    ck_assert_int_eq(mid_client_response(r.mid)->reason, REASON_SERVER_BUSY);
    ck_assert_uint_eq(mid_client_response(r.mid)->retry_after_s, 12);
    ck_assert_uint_eq(r.requests, 0);
    mid_client_take(r.mid);
    server_session_set_busy(r.server, 0);
    ask(&r, HTTP_POST);
    go(&r);
    ck_assert_int_eq(mid_client_response(r.mid)->status, STATUS_CREATED);
    kit_close(&r);
}
END_TEST

START_TEST(wrong_or_unknown_kmc)
{
    static const enum reason reasons[] = {REASON_PSK_WRONG, REASON_PSK_UNKNOWN, REASON_KEY_EXPIRED};
    struct kit_run r;

    open_run(&r, 0, 0);
    ask(&r, HTTP_POST);
    if (_i == 0)
        r.known_psk = kit_other_psk;
    else
        r.why_unknown = reasons[_i];
    go(&r);
    ck_failed(&r, 1, reasons[_i]);
    /* With these suites a wrong key shows as records that are dropped. */
    ck_failed(&r, 0, _i == 0 ? REASON_DTLS_TIMEOUT : REASON_PSK_UNKNOWN);
    ck_assert_ptr_null(mid_client_response(r.mid));
    ck_assert_uint_eq(r.requests, 0);
    kit_close(&r);
}
END_TEST

/* A server that is less patient than DTLS knows why all the same. */
START_TEST(a_handshake_is_given_up)
{
    static const struct {
        const uint8_t *psk;
        bool silent;
        enum reason reason;
    } cases[] = {{kit_other_psk, false, REASON_PSK_WRONG}, {kit_psk, true, REASON_DTLS_TIMEOUT}};
    struct kit_run r;
    struct pair_script s;

    open_run(&r, 0, 10 * SIM_S);
    r.known_psk = cases[_i].psk;
    ask(&r, HTTP_POST);
    s = way(&r);
    if (cases[_i].silent)
        s.way[1].lose = UINT64_MAX;
    pair_run(&r.pair, &s);
    ck_failed(&r, 1, cases[_i].reason);
    ck_assert_uint_eq(r.requests, 0);
    kit_close(&r);
}
END_TEST

/* ---- against a peer that is not ours ---- */

static void say_to_server(struct kit_run *r, struct coap_msg *m, struct coap_msg *answer)
{
    static uint8_t octets[2048];
    struct proto *p = r->pair.side[1].proto;
    static uint16_t id;
    struct buf out;

    m->id = ++id;
    m->token_n = 1;
    m->token[0] = 7;
    buf_init(&out, sizeof(octets));
    ck_assert(coap_msg_write(m, &out));
    pair_enter(&r->pair, 1);
    if (!r->pair.side[1].started)
        p->ops->start(p, 0);
    r->pair.side[1].started = true;
    p->ops->input(p, 0, buf_span(&out));
    kit_node(r);
    buf_clear(&out);
    ck_assert(p->ops->output(p, 0, &out));
    pair_leave();
    memcpy(octets, buf_span(&out).p, buf_len(&out));
    ck_assert_int_eq(coap_msg_parse(span_of(octets, buf_len(&out)), answer), REASON_NONE);
    buf_clear(&out);
}

START_TEST(requests_in_every_form)
{
    static const char container[] =
        "<m2m:container xmlns:m2m=\"http://uri.etsi.org/m2m\" m2m:id=\"c\"/>";
    struct coap_msg m, answer;
    struct span path;
    struct kit_run r;
    struct buf store, parts;

    open_run(&r, BARE, 0);
    buf_init(&store, 4096);
    buf_init(&parts, 256);
    /* Targets: options, their query, the binding's own left out; an absolute one. */
    coap_msg_init(&m, COAP_CON, COAP_GET);
    ck_assert(
        coap_msg_add_uri(&m, "/m2m/scls?X-etsi-rcat=3&RequestingEntity=urn:a/b&ifMatch=x", &store));
    say_to_server(&r, &m, &answer);
    ck_assert_str_eq(r.last.target, "/m2m/scls?ifMatch=x");
    ck_assert_str_eq(r.last.requesting_entity, "urn:a/b");
    ck_assert_uint_eq(answer.code, COAP_CREATED);
    ck_assert(coap_msg_get(&answer, COAP_LOCATION_PATH, &path));
    ck_assert_uint_eq(m2m_category_rcat(&r.last.category), 3);
    ck_assert_int_eq(r.last.category.trpdt, M2M_TRPDT_ABSENT);
    /* What a client of ours writes of these. */
    buf_clear(&store);
    coap_msg_init(&m, COAP_CON, COAP_GET);
    ck_assert(coap_msg_add_uri(&m, "/m2m/scls", &store));
    ck_assert(coap_binding_put_category(
        &m, &(struct m2m_category){90 * SIM_S, M2M_TRPDT_DELAY, true, 6}, &parts));
    say_to_server(&r, &m, &answer);
    ck_assert_str_eq(r.last.target, "/m2m/scls");
    ck_assert_uint_eq(m2m_category_rcat(&r.last.category), 6);
    ck_assert_int_eq(m2m_category_delay(&r.last.category, 0), 90 * SIM_S);
    buf_clear(&parts);
    coap_msg_init(&m, COAP_CON, COAP_DELETE);
    coap_msg_add(&m, COAP_PROXY_URI, span_str("coap://nscl.example.org/m2m/scls/7"));
    say_to_server(&r, &m, &answer);
    ck_assert_str_eq(r.last.target, "/m2m/scls/7");
    ck_assert_str_eq(r.last.requesting_entity, "");
    buf_clear(&store);
    coap_msg_init(&m, COAP_CON, COAP_GET);
    ck_assert(coap_binding_put_target(&m, "http://na.example/m2m/notify", "scl-1", &store));
    say_to_server(&r, &m, &answer);
    ck_assert_str_eq(r.last.target, "/m2m/notify");
    ck_assert_str_eq(r.last.authority, "na.example");
    ck_assert_str_eq(r.last.requesting_entity, "scl-1");
    /* A NOTIFY's mark is no document. */
    coap_msg_init(&m, COAP_CON, COAP_POST);
    buf_clear(&store);
    ck_assert(coap_msg_add_uri(&m, "/m2m/c", &store));
    m.payload = span_str("m2m:operation=5");
    say_to_server(&r, &m, &answer);
    ck_assert_int_eq(r.last.rep.type, M2M_NO_TYPE);
    m.payload = span_str(container);
    say_to_server(&r, &m, &answer);
    ck_assert_int_eq(r.last.rep.type, M2M_CONTAINER);
    ck_assert_uint_eq(r.requests, 6);
    buf_clear(&store);
    kit_close(&r);
}
END_TEST

/* What a method has no payload for is not looked at (RFC 7252 5.5), and an empty If-Match asks only
 * that the resource is there (5.10.8.1). */
START_TEST(payload_of_a_get)
{
    struct coap_msg m, answer;
    struct kit_run r;
    struct buf store;

    open_run(&r, BARE, 0);
    buf_init(&store, 4096);
    coap_msg_init(&m, COAP_CON, COAP_GET);
    ck_assert(coap_msg_add_uri(&m, "/m2m/c", &store));
    coap_msg_add(&m, COAP_IF_MATCH, span_of(NULL, 0));
    m.payload = span_str("<no document");
    say_to_server(&r, &m, &answer);
    ck_assert_int_eq(r.last.rep.type, M2M_NO_TYPE);
    ck_assert_uint_eq(r.requests, 1);
    buf_clear(&store);
    kit_close(&r);
}
END_TEST

START_TEST(requests_that_are_refused)
{
    static const struct {
        uint8_t code;
        uint16_t option;
        uint32_t number; /* of the option; as text when 0 */
        const char *text, *target, *body;
        uint8_t refused;
    } no[] = {
        {COAP_POST, COAP_CONTENT_FORMAT, COAP_JSON, NULL, "/m2m/c", "{}", COAP_UNSUPPORTED_FORMAT},
        {COAP_POST, 0, 0, NULL, "/m2m/c", "{}", COAP_BAD_REQUEST},
        {COAP_GET, COAP_ACCEPT, COAP_EXI, NULL, "/m2m/c", NULL, COAP_NOT_ACCEPTABLE},
        {COAP_GET, COAP_PROXY_SCHEME, 0, "coap", "/m2m/c", NULL, COAP_NOT_IMPLEMENTED},
        {COAP_GET, 0, 0, NULL, "/elsewhere", NULL, COAP_NOT_FOUND},
        {5, 0, 0, NULL, "/m2m/c", NULL, COAP_METHOD_NOT_ALLOWED}, /* FETCH */
        {COAP_GET, COAP_URI_QUERY, 0, "X-etsi-rcat=8", "/m2m/c", NULL, COAP_BAD_REQUEST},
        {COAP_GET, COAP_URI_QUERY, 0, "x-etsi-trpdt=soon", "/m2m/c", NULL, COAP_BAD_REQUEST},
        {COAP_GET, COAP_PROXY_URI, 0, "coap://nowhere", "/m2m/c", NULL, COAP_BAD_REQUEST},
        {COAP_PUT, COAP_IF_MATCH, 0, "tag", "/m2m/c", NULL, COAP_PRECONDITION_FAILED},
        {COAP_PUT, COAP_IF_NONE_MATCH, 0, "", "/m2m/c", NULL, COAP_PRECONDITION_FAILED},
        {COAP_GET, 9, 0, "?", "/m2m/c", NULL, COAP_BAD_OPTION}, /* critical, and unknown */
    };
    struct coap_msg m, answer;
    struct kit_run r;
    struct buf store;

    open_run(&r, BARE, 0);
    buf_init(&store, 4096);
    coap_msg_init(&m, COAP_CON, no[_i].code);
    ck_assert(coap_msg_add_uri(&m, no[_i].target, &store));
    if (no[_i].text)
        coap_msg_add(&m, no[_i].option, span_str(no[_i].text));
    else if (no[_i].option)
        coap_msg_add_uint(&m, no[_i].option, no[_i].number);
    if (no[_i].body)
        m.payload = span_str(no[_i].body);
    say_to_server(&r, &m, &answer);
    ck_assert_msg(answer.code == no[_i].refused, "%s", coap_code_name(answer.code));
    ck_assert_uint_eq(r.requests, 0);
    buf_clear(&store);
    kit_close(&r);
}
END_TEST

/* Codes and statuses: there and back, for every method. */
START_TEST(codes)
{
    static const int statuses[] = {
#define X(constant, http) constant,
        M2M_STATUSES(X)
#undef X
    };
    int status;

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        for (int m = HTTP_GET; m < HTTP_OTHER; m++) {
            uint8_t code = coap_binding_code(statuses[i], (enum http_method)m);

            ck_assert_ptr_nonnull(coap_code_name(code));
            status = coap_binding_status(code, (enum http_method)m);
            ck_assert_int_eq(status < 300, statuses[i] < 300);
            if (statuses[i] != STATUS_REQUEST_TIMEOUT && statuses[i] != STATUS_EXPIRED &&
                statuses[i] >= 300)
                ck_assert_int_eq(status, statuses[i]);
        }
    for (int code = 0; code < 256; code++) { /* from whoever */
        status = coap_binding_status((uint8_t)code, HTTP_POST);
        ck_assert(status >= 200 && status < 600);
        ck_assert_int_eq(coap_class((uint8_t)code) == 2, status < 300);
    }
    ck_assert_int_eq(coap_binding_code(299, HTTP_GET), COAP_CONTENT);
    ck_assert_int_eq(coap_binding_code(418, HTTP_GET), COAP_BAD_REQUEST);
    ck_assert_int_eq(coap_binding_code(599, HTTP_GET), COAP_INTERNAL_SERVER_ERROR);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("mId over CoAP");
    TCase *t = tcase_create("sessions");

    if (!xmlsec_init())
        return 1;
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, several_requests, 0, CHOICES);
    tcase_add_loop_test(t, request_before_the_handshake, 0, CHOICES);
    tcase_add_loop_test(t, every_single_fault, 0, CHOICES);
    tcase_add_loop_test(t, heavy_loss, 0, CHOICES);
    tcase_add_test(t, methods_and_statuses);
    tcase_add_loop_test(t, refusals, 0, CHOICES);
    tcase_add_loop_test(t, bodies_in_blocks, 0, CHOICES);
    tcase_add_loop_test(t, sealed, 0, CHOICES);
    tcase_add_test(t, too_long);
    tcase_add_loop_test(t, closed_in_mid_exchange, 0, 2);
    tcase_add_loop_test(t, a_server_that_forgot, 0, CHOICES);
    tcase_add_test(t, the_last_answer);
    tcase_add_loop_test(t, an_idle_session_ends, 0, CHOICES);
    tcase_add_test(t, busy_and_no_more);
    tcase_add_loop_test(t, wrong_or_unknown_kmc, 0, 3);
    tcase_add_loop_test(t, a_handshake_is_given_up, 0, 2);
    tcase_add_test(t, requests_in_every_form);
    tcase_add_test(t, payload_of_a_get);
    tcase_add_loop_test(t, requests_that_are_refused, 0, 12);
    tcase_add_test(t, codes);
    suite_add_tcase(s, t);
    return kit_main(s);
}
