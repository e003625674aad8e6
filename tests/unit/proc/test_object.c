/* Object security of mId: what is sealed comes back whole, at either end, over TLS and over bare
 * TCP; what is altered, foreign, replayed, moved to another message or not sealed at all is
 * refused, each for its reason. */
#include "models/proc/object.h"
#include "tests/support/scaled.h"
#include "tests/unit/proc/kit.h"

#define TARGET "/m2m/scls/meter-1/containers/c/contentInstances"
#define BOTH   (MID_OBJECT_SIGN | MID_OBJECT_ENCRYPT)

static const struct way {
    unsigned flags;
    enum xmlsec_cipher cipher;
} ways[] = {
    {MID_OBJECT_SIGN, XMLSEC_AES128_GCM},
    {MID_OBJECT_ENCRYPT, XMLSEC_AES128_GCM},
    {BOTH, XMLSEC_AES128_GCM},
    {BOTH, XMLSEC_AES128_CBC},
};
#define WAYS ((int)(sizeof(ways) / sizeof(ways[0])))

/* ---- one end against the other ---- */

static struct pair pair;
static struct object *ours, *theirs, *stranger;
static char identity[M2M_PSK_IDENTITY_MAX];

static struct object *make(int side, const uint8_t kmc[32], const char *name, const struct way *way)
{
    struct object *o;

    se_put(&pair.side[side].se, SE_KMC, kmc);
    o = object_new(&pair.side[side].env, SE_KMC, name, way->flags, way->cipher);
    ck_assert_ptr_nonnull(o);
    return o;
}

static void setup(int i)
{
    pair_init(&pair, 5);
    key_kmc_identity(CONNECTION_ID, KMC_INDEX, identity);
    ours = make(0, kit_psk, identity, &ways[i]);
    theirs = make(1, kit_psk, identity, &ways[i]);
    stranger = make(1, kit_other_psk, identity, &ways[i]);
    pair_enter(&pair, 0);
}

static void teardown(void)
{
    pair_leave();
    object_free(ours);
    object_free(theirs);
    object_free(stranger);
    pair_release(&pair);
}

static const struct m2m_primitive request = {.method = M2M_CREATE,
                                             .target_id = TARGET "?a=1&b=2",
                                             .requesting_entity = SCL,
                                             .correlation_id = 77};

static struct buf seal(const struct object *o, const struct m2m_primitive *p,
                       const struct m2m_doc *doc)
{
    struct buf b;

    buf_init(&b, OBJECT_MAX_BODY);
    ck_assert_int_eq(object_seal(o, p, doc, &b), REASON_NONE);
    return b;
}

START_TEST(there_and_back)
{
    struct m2m_primitive p = {.response = false};
    struct m2m_doc doc;
    struct m2m_rep rep;
    struct buf b;
    char why[80];

    setup(_i);
    kit_fill(DOC_CONTENT_INSTANCE, &doc);
    b = seal(ours, &request, &doc);
    /* nothing to read where it is encrypted, all to read where it is not */
    ck_assert_int_eq(memmem(buf_span(&b).p, buf_len(&b), "requestIndication", 17) == NULL,
                     (ways[_i].flags & MID_OBJECT_ENCRYPT) != 0);
    ck_assert_int_eq(object_open(theirs, buf_span(&b), &p, NULL, &rep, why), REASON_NONE);
    ck_assert_str_eq(p.target_id, request.target_id);
    ck_assert_str_eq(p.requesting_entity, SCL);
    ck_assert_int_eq(p.method, M2M_CREATE);
    ck_assert_uint_eq(p.correlation_id, 77);
    ck_assert_int_eq(rep.type, M2M_CONTENT_INSTANCE);
    m2m_rep_clear(&rep);
    ck_assert_int_eq(object_open(stranger, buf_span(&b), &p, NULL, &rep, why),
                     ways[_i].flags & MID_OBJECT_ENCRYPT ? REASON_XMLSEC_DECRYPT
                                                         : REASON_XMLSEC_SIGNATURE);
    /* a request is no response */
    p.response = true;
    ck_assert_int_eq(object_open(theirs, buf_span(&b), &p, &doc, NULL, why),
                     ways[_i].cipher == XMLSEC_AES128_CBC && ways[_i].flags == MID_OBJECT_ENCRYPT
                         ? REASON_XMLSEC_DECRYPT
                         : REASON_XML_INVALID);
    buf_clear(&b);
    teardown();
}
END_TEST

START_TEST(answers_and_nothing_inside)
{
    struct m2m_primitive answer = {.response = true,
                                   .status_code = STATUS_FORBIDDEN,
                                   .resource_uri = "/m2m/x",
                                   .correlation_id = UINT64_MAX};
    struct m2m_primitive p = {.response = true};
    struct m2m_doc doc = {.kind = DOC_ERROR_INFO};
    struct buf b;
    char why[80];

    setup(_i);
    snprintf(doc.u.error.status_code, sizeof(doc.u.error.status_code), "STATUS_FORBIDDEN");
    snprintf(doc.u.error.additional, sizeof(doc.u.error.additional), "ival-denied: <no>");
    b = seal(theirs, &answer, &doc);
    ck_assert_int_eq(object_open(ours, buf_span(&b), &p, &doc, NULL, why), REASON_NONE);
    ck_assert_int_eq(p.status_code, STATUS_FORBIDDEN);
    ck_assert_str_eq(p.resource_uri, "/m2m/x");
    ck_assert_uint_eq(p.correlation_id, UINT64_MAX);
    ck_assert_str_eq(doc.u.error.additional, "ival-denied: <no>");
    m2m_doc_release(&doc);
    buf_clear(&b);
    b = seal(theirs, &answer, NULL);
    ck_assert_int_eq(object_open(ours, buf_span(&b), &p, &doc, NULL, why), REASON_NONE);
    ck_assert_int_eq(doc.kind, DOC_NONE);
    buf_clear(&b);
    ck_assert_int_eq(object_open(ours, span_of(NULL, 0), &p, &doc, NULL, why),
                     REASON_XMLSEC_MISSING);
    teardown();
}
END_TEST

/* Whatever octet is another: refused, or exactly what was meant (the XML declaration, base64's
 * slack). */
START_TEST(every_octet)
{
    struct m2m_primitive p = {.response = false};
    unsigned refused = 0, harmless = 0;
    struct m2m_rep rep;
    struct buf b;
    char why[80];

    setup(_i);
    b = seal(ours, &request, NULL);
    for (size_t i = 0; i < buf_len(&b); i++) {
        uint8_t *at = buf_at(&b, i), was = *at;

        *at = was == 'x' ? 'y' : 'x';
        if (object_open(theirs, buf_span(&b), &p, NULL, &rep, why) == REASON_NONE) {
            ck_assert_str_eq(p.target_id, request.target_id);
            ck_assert_uint_eq(p.correlation_id, 77);
            harmless++;
        } else {
            refused++;
        }
        m2m_rep_clear(&rep);
        *at = was;
    }
    ck_assert_uint_gt(refused, 800);
    ck_assert_uint_le(harmless, 40);
    buf_clear(&b);
    teardown();
}
END_TEST

/* One of the ways is not another: what was negotiated is what is taken. */
START_TEST(only_what_was_granted)
{
    struct m2m_primitive p = {.response = false};
    struct m2m_rep rep;
    char why[80];

    setup(_i);
    for (int other = 0; other < WAYS; other++) {
        struct object *o;
        struct buf b;
        enum reason reason;

        if (other == _i)
            continue;
        o = make(0, kit_psk, identity, &ways[other]);
        b = seal(o, &request, NULL);
        reason = object_open(theirs, buf_span(&b), &p, NULL, &rep, why);
        ck_assert_msg(reason == REASON_XMLSEC_MISSING || reason == REASON_XMLSEC_ALGORITHM ||
                          reason == REASON_XML_INVALID || reason == REASON_XMLSEC_DECRYPT,
                      "%d as %d: %s", other, _i, reason_text(reason));
        if (!(ways[other].flags & MID_OBJECT_ENCRYPT))
            ck_assert_int_eq(reason, REASON_XMLSEC_MISSING);
        buf_clear(&b);
        object_free(o);
    }
    teardown();
}
END_TEST

/* With CBC nobody learns more than that it was not good. */
START_TEST(no_oracle)
{
    struct m2m_primitive p = {.response = false};
    struct m2m_rep rep;
    struct buf b;
    const uint8_t *value;
    char why[80];

    setup(3);
    b = seal(ours, &request, NULL);
    value = memmem(buf_span(&b).p, buf_len(&b), "<CipherValue>", 13);
    ck_assert_ptr_nonnull(value);
    for (size_t i = (size_t)(value - buf_span(&b).p) + 13; *buf_at(&b, i) != '<'; i++) {
        uint8_t *at = buf_at(&b, i), was = *at;

        if (was == '\n' || was == '=')
            continue;
        *at = was == 'A' ? 'Q' : 'A';
        ck_assert_int_eq(object_open(theirs, buf_span(&b), &p, NULL, &rep, why),
                         REASON_XMLSEC_DECRYPT);
        *at = was;
    }
    buf_clear(&b);
    teardown();
}
END_TEST

START_TEST(what_the_message_says)
{
    struct m2m_primitive p = request;

    ck_assert(object_matches(&p, HTTP_POST, p.target_id, SCL));
    ck_assert(!object_matches(&p, HTTP_PUT, p.target_id, SCL));
    ck_assert(!object_matches(&p, HTTP_POST, TARGET, SCL));
    ck_assert(!object_matches(&p, HTTP_POST, p.target_id, "other"));
    ck_assert(!object_matches(&p, HTTP_POST, p.target_id, ""));
    for (int m = M2M_CREATE; m <= M2M_EXECUTE; m++) {
        p.method = (enum m2m_method)m;
        ck_assert(object_matches(&p, object_http_method(p.method), p.target_id, SCL));
        ck_assert(object_matches(&p, HTTP_POST, p.target_id, SCL)); /* where a GET has no body */
    }
    for (int m = HTTP_GET; m <= HTTP_DELETE; m++)
        ck_assert_int_eq(object_http_method(object_primitive_type((enum http_method)m, true)), m);
    ck_assert_int_eq(object_primitive_type(HTTP_POST, false), M2M_EXECUTE);
    ck_assert_str_eq(object_suffix(0), "");
    ck_assert_str_eq(object_suffix(BOTH | MID_TLS_PSK), "+sign+encrypt");
}
END_TEST

START_TEST(no_key_no_object)
{
    struct proto_env env;

    pair_init(&pair, 5);
    env = pair.side[0].env;
    ck_assert_ptr_null(object_new(&env, SE_KMC, "1:1", BOTH, XMLSEC_AES128_GCM));
    env.se = NULL;
    ck_assert_ptr_null(object_new(&env, SE_KMC, "1:1", BOTH, XMLSEC_AES128_GCM));
    pair_release(&pair);
}
END_TEST

/* ---- whole sessions ---- */

struct scene {
    struct kit_run run; /* first: the kit's argument */
    struct way way;
    bool bare;
    uint16_t granted;
    enum reason unknown; /* nobody has that KeyName */
    uint32_t step;       /* of the client's numbers */
    size_t chunk;        /* octets that arrive at a time; 0: as they were sent */
};

static bool find_grant(void *arg, struct span name, struct mid_grant *out, enum reason *reason)
{
    const struct scene *s = arg;

    *reason = s->unknown ? s->unknown : REASON_XMLSEC_KEY;
    if (s->unknown || name.n != strlen(s->run.known_identity) ||
        memcmp(name.p, s->run.known_identity, name.n) != 0)
        return false;
    memcpy(out->kmc, s->run.known_psk, M2M_KEY_LEN);
    out->flags = s->granted;
    out->cipher = s->way.cipher;
    return true;
}

static void put_client(struct scene *s, unsigned flags, uint64_t sequence)
{
    struct kit_run *r = &s->run;
    struct mid_settings m = {.context = s->bare ? NULL : r->context[0],
                             .nscl = NSCL,
                             .connection_id = CONNECTION_ID,
                             .kmc_index = KMC_INDEX,
                             .requesting_entity = SCL,
                             .object_flags = flags,
                             .cipher = s->way.cipher,
                             .sequence = sequence,
                             .sequence_step = s->step};

    se_put(&r->pair.side[0].se, SE_KMC, kit_psk);
    pair_enter(&r->pair, 0);
    r->mid = mid_client_new(&r->pair.side[0].env, &m);
    pair_leave();
    ck_assert_ptr_nonnull(r->mid);
    r->pair.side[0].proto = mid_client_proto(r->mid);
}

static void open_at(struct scene *s, int way, bool bare, bool trusts, unsigned flags)
{
    struct kit_run *r = &s->run;
    struct server_settings server = {.role = SERVER_NSCL,
                                     .psk_find = kit_psk_find,
                                     .psk_arg = s,
                                     .grant_find = find_grant,
                                     .trusts_access = trusts};

    memset(s, 0, sizeof(*s));
    s->bare = bare;
    s->way = ways[way];
    s->granted = (uint16_t)(s->way.flags | (bare ? 0 : MID_TLS_PSK));
    kit_open(r, SERVER_NSCL, TLS_SUITE_PSK_AES_128_CCM, TLS_1_2);
    put_client(s, flags, 40);
    server.context = bare ? NULL : r->context[1];
    pair_enter(&r->pair, 1);
    r->server = server_session_new(&r->pair.side[1].env, &server);
    pair_leave();
    r->pair.side[1].proto = server_session_proto(r->server);
}

static void open_scene(struct scene *s, int way, bool bare, unsigned flags)
{
    open_at(s, way, bare, false, flags);
}

static void put_request(struct scene *s, enum http_method method)
{
    struct kit_run *r = &s->run;
    struct m2m_doc doc;

    kit_fill(DOC_CONTENT_INSTANCE, &doc);
    pair_enter(&r->pair, 0);
    ck_assert(mid_client_request(r->mid, r->pair.now, "asked", method, TARGET,
                                 method == HTTP_POST ? &doc : NULL));
    pair_leave();
}

static const struct mid_response *ask(struct scene *s, enum http_method method)
{
    struct pair_script script = kit_script(&s->run);

    script.way[0].chunk = s->chunk;
    script.way[1].chunk = s->chunk;
    put_request(s, method);
    ck_assert_int_eq(pair_run(&s->run.pair, &script), PAIR_QUIET);
    return mid_client_response(s->run.mid);
}

static void one_session(int way, bool bare)
{
    struct server_answer deleted = {.status = STATUS_DELETED};
    struct server_answer no = {.status = STATUS_NOT_FOUND, .additional = "not-found: it is not"};
    const struct mid_response *answer;
    struct scene s;

    open_scene(&s, way, bare, ways[way].flags);
    answer = ask(&s, HTTP_POST);
    ck_assert_ptr_nonnull(answer);
    ck_assert_int_eq(answer->reason, REASON_NONE);
    ck_assert_int_eq(answer->status, 201);
    ck_assert_str_eq(answer->location, "/m2m/scls/meter-1");
    ck_assert_int_eq(s.run.last.rep.type, M2M_CONTENT_INSTANCE);
    ck_assert_int_eq(s.run.last.method, HTTP_POST);
    ck_assert_str_eq(s.run.last.target, TARGET);
    ck_assert_str_eq(s.run.last.requesting_entity, SCL);
    ck_assert_uint_eq(s.run.last.sequence, 41);
    ck_assert_str_eq(s.run.peer, s.run.known_identity);
    s.run.answer = &deleted;
    answer = ask(&s, HTTP_DELETE);
    ck_assert_int_eq(answer->reason, REASON_NONE);
    ck_assert_int_eq(answer->status, STATUS_DELETED);
    ck_assert_int_eq(s.run.last.method, HTTP_DELETE);
    ck_assert_uint_eq(s.run.last.sequence, 42);
    s.run.answer = &no;
    answer = ask(&s, HTTP_GET);
    ck_assert_int_eq(answer->reason, REASON_NOT_FOUND);
    ck_assert_int_eq(answer->doc.kind, DOC_ERROR_INFO);
    ck_assert_int_eq(s.run.last.method, HTTP_GET);
    ck_assert_uint_eq(mid_client_sequence(s.run.mid), 43);
    ck_assert(kit_said(&s.run, 0, object_suffix(ways[way].flags)));
    kit_close(&s.run);
}

START_TEST(sessions)
{
    one_session(_i, true);
    one_session(_i, false);
}
END_TEST

/* ---- however the stream was cut ---- */

/* Of a request with a document, and the longest of all messages here. */
static size_t length_of_request(int way)
{
    struct scene s;
    size_t n;

    open_scene(&s, way, true, ways[way].flags);
    ask(&s, HTTP_POST);
    n = buf_len(&s.run.pair.side[0].sent);
    kit_close(&s.run);
    return n;
}

/* Each way takes some of the cuts, the one that does all of it every one. */
static size_t stride_of(int way)
{
    return (way == 2 ? 1u : 13u) * (size_t)SCALED(1, 7);
}

static void ck_asked(struct scene *s, enum http_method method, uint64_t sequence, size_t cut)
{
    const struct mid_response *answer = ask(s, method);

    ck_assert_msg(answer && answer->reason == REASON_NONE && answer->status == 201,
                  "in pieces of %zu: %s", cut, answer ? reason_text(answer->reason) : "no answer");
    ck_assert_uint_eq(s->run.last.sequence, sequence);
}

/* In pieces of 1, 2, .. octets, to both ends: a request with a document, and one behind it. */
START_TEST(in_every_cut)
{
    size_t whole = length_of_request(_i);
    struct scene s;

    ck_assert_uint_gt(whole, 1000);
    for (size_t n = 1; n <= whole; n += stride_of(_i)) {
        open_scene(&s, _i, true, ways[_i].flags);
        s.chunk = n;
        ck_asked(&s, HTTP_POST, 41, n);
        if (n % 16 == 1)
            ck_asked(&s, HTTP_GET, 42, n);
        kit_close(&s.run);
    }
}
END_TEST

/* A stream that ends after n octets, from either end; the next attempt knows nothing of it. */
START_TEST(cut_off_and_again)
{
    struct pair_script script;
    size_t whole = length_of_request(_i);
    struct scene s;

    for (size_t n = 0; n < whole; n += 5 * stride_of(_i)) {
        int side = (n / stride_of(_i)) & 1;

        open_scene(&s, _i, true, ways[_i].flags);
        script = kit_script(&s.run);
        script.way[side].cut_at = n;
        put_request(&s, HTTP_POST);
        pair_run(&s.run.pair, &script);
        ck_assert_msg(side == 1 || s.run.requests == 0, "cut after %zu", n);
        kit_close(&s.run);
        open_scene(&s, _i, true, ways[_i].flags);
        ck_asked(&s, HTTP_POST, 41, n);
        kit_close(&s.run);
    }
}
END_TEST

/* Takes what the server has been asked. */
static void see_requests(struct scene *s, unsigned *seen)
{
    const struct server_request *q;
    struct server_answer created = {.status = STATUS_CREATED, .location = "/m2m/scls/meter-1"};

    while ((q = server_session_request(s->run.server))) {
        ck_assert_uint_eq(q->sequence, 41 + *seen);
        ck_assert_int_eq(q->rep.type, *seen == 1 ? M2M_NO_TYPE : M2M_CONTENT_INSTANCE);
        ++*seen;
        server_session_answer(s->run.server, 0, &created);
    }
}

/* Three requests one behind the other, cut once at each octet. */
START_TEST(pipelined_and_cut)
{
    static const enum http_method methods[] = {HTTP_POST, HTTP_GET, HTTP_POST};
    struct scene s;
    struct buf all;
    struct proto *p;

    open_scene(&s, _i, true, ways[_i].flags);
    for (size_t i = 0; i < 3; i++)
        ask(&s, methods[i]);
    buf_init(&all, 1 << 20);
    ck_assert(buf_put_span(&all, buf_span(&s.run.pair.side[0].sent)));
    kit_close(&s.run);
    for (size_t n = 1; n < buf_len(&all); n += 11 * stride_of(_i)) {
        struct span in = buf_span(&all);
        unsigned seen = 0;

        open_scene(&s, _i, true, ways[_i].flags);
        p = s.run.pair.side[1].proto;
        pair_enter(&s.run.pair, 1);
        p->ops->start(p, 0);
        p->ops->input(p, 0, span_of(in.p, n));
        see_requests(&s, &seen);
        p->ops->input(p, 0, span_of(in.p + n, in.n - n));
        see_requests(&s, &seen);
        pair_leave();
        ck_assert_msg(seen == 3, "cut at %zu: %u requests", n, seen);
        kit_close(&s.run);
    }
    buf_clear(&all);
}
END_TEST

static void refused(struct scene *s, int status, enum reason want)
{
    const struct mid_response *answer = ask(s, HTTP_POST);

    ck_assert_ptr_nonnull(answer);
    ck_assert_msg(answer->status == status && answer->reason == want, "%d %s, not %d %s",
                  answer->status, reason_text(answer->reason), status, reason_text(want));
    ck_assert_uint_eq(s->run.requests, 0);
    kit_close(&s->run);
}

START_TEST(sessions_refused)
{
    struct scene s;

    for (int bare = 0; bare < 2; bare++) {
        /* what was granted is not what is done */
        open_scene(&s, 2, bare, MID_OBJECT_SIGN);
        refused(&s, 401, REASON_XMLSEC_MISSING);
        open_scene(&s, 2, bare, 0);
        refused(&s, 401, REASON_XMLSEC_MISSING);
        open_scene(&s, 0, bare, BOTH);
        refused(&s, 401, REASON_XMLSEC_MISSING);
        open_scene(&s, 0, bare, MID_OBJECT_SIGN);
        s.unknown = REASON_KEY_EXPIRED;
        refused(&s, 401, REASON_KEY_EXPIRED);
        open_scene(&s, 2, bare, BOTH);
        s.unknown = REASON_XMLSEC_KEY;
        refused(&s, 401, REASON_XMLSEC_KEY);
    }
    /* another key under the right name */
    open_scene(&s, 0, true, MID_OBJECT_SIGN);
    s.run.known_psk = kit_other_psk;
    refused(&s, 401, REASON_XMLSEC_SIGNATURE);
    open_scene(&s, 1, true, MID_OBJECT_ENCRYPT);
    s.run.known_psk = kit_other_psk;
    refused(&s, 401, REASON_XMLSEC_DECRYPT);
    /* objects of one who was granted a channel, and a channel alone, on bare TCP; and the other way
     */
    open_scene(&s, 0, true, MID_OBJECT_SIGN);
    s.granted |= MID_TLS_PSK;
    refused(&s, 401, REASON_MID_SECURITY);
    open_scene(&s, 0, true, MID_OBJECT_SIGN);
    s.granted = 0;
    refused(&s, 401, REASON_MID_SECURITY);
    open_scene(&s, 0, false, MID_OBJECT_SIGN);
    s.granted = MID_OBJECT_SIGN;
    refused(&s, 401, REASON_MID_SECURITY);
}
END_TEST

/* Where the access network is trusted who does not seal is nobody, and the node's to judge; who
 * does is who he proves to be, and from then on nobody else. */
START_TEST(trusting)
{
    struct scene s;

    open_at(&s, 0, true, true, 0);
    ck_assert_int_eq(ask(&s, HTTP_POST)->reason, REASON_NONE);
    ck_assert_str_eq(s.run.peer, "");
    ck_assert_uint_eq(s.run.last.sequence, 0);
    kit_close(&s.run);
    open_at(&s, 2, true, true, BOTH);
    ck_assert_int_eq(ask(&s, HTTP_POST)->reason, REASON_NONE);
    ck_assert_str_eq(s.run.peer, s.run.known_identity);
    ck_assert_uint_eq(s.run.last.sequence, 41);
    kit_close(&s.run);
    /* What he says of himself without proof is not kept for what comes after. */
    open_at(&s, 0, true, true, MID_OBJECT_SIGN);
    s.unknown = REASON_XMLSEC_KEY;
    refused(&s, 401, REASON_XMLSEC_KEY);
}
END_TEST

/* ---- answers of somebody else's ---- */

/* What a server says on bare TCP, octet for octet, to the client's first request (number 41). */
static void answered_by(int way, const char *status, struct span body, enum reason want)
{
    struct scene s;
    struct buf octets;
    struct m2m_doc doc;
    const struct mid_response *answer;
    struct proto *client;

    open_scene(&s, way, true, ways[way].flags);
    kit_fill(DOC_CONTENT_INSTANCE, &doc);
    buf_init(&octets, 1 << 20);
    pair_enter(&s.run.pair, 0);
    client = mid_client_proto(s.run.mid);
    client->ops->start(client, 0);
    ck_assert(mid_client_request(s.run.mid, 0, "asked", HTTP_POST, TARGET, &doc));
    while (client->ops->output(client, 0, &octets))
        ;
    buf_clear(&octets);
    ck_assert(buf_printf(&octets,
                         "HTTP/1.1 %s\r\nContent-Type: application/xml\r\n"
                         "Location: /forged\r\nRetry-After: 9\r\nContent-Length: %zu\r\n\r\n",
                         status, body.n));
    ck_assert(buf_put_span(&octets, body));
    client->ops->input(client, 0, buf_span(&octets));
    answer = mid_client_response(s.run.mid);
    ck_assert_ptr_nonnull(answer);
    ck_assert_msg(answer->reason == want, "%s, not %s", reason_text(answer->reason),
                  reason_text(want));
    ck_assert_str_eq(answer->location, want == REASON_NONE ? "/right" : "");
    pair_leave();
    buf_clear(&octets);
    kit_close(&s.run);
}

START_TEST(answers)
{
    struct m2m_primitive right = {.response = true,
                                  .status_code = STATUS_CREATED,
                                  .resource_uri = "/right",
                                  .correlation_id = 41};
    struct m2m_primitive other = right;
    struct buf sealed, foreign, old;

    setup(_i);
    other.correlation_id = 40;
    sealed = seal(theirs, &right, NULL);
    foreign = seal(stranger, &right, NULL);
    old = seal(theirs, &other, NULL);
    pair_leave();
    answered_by(_i, "201 Created", buf_span(&sealed), REASON_NONE);
    /* the status in the clear counts for nothing */
    answered_by(_i, "403 Forbidden", buf_span(&sealed), REASON_NONE);
    answered_by(_i, "201 Created", buf_span(&old), REASON_OBJECT_REPLAYED);
    answered_by(_i, "201 Created", buf_span(&foreign),
                ways[_i].flags & MID_OBJECT_ENCRYPT ? REASON_XMLSEC_DECRYPT
                                                    : REASON_XMLSEC_SIGNATURE);
    answered_by(_i, "201 Created", span_of(NULL, 0), REASON_XMLSEC_MISSING);
    /* nor is that of another server, whose port it happens to be, an answer */
    answered_by(_i, "400 Bad Request", span_str("what?"), REASON_XML_MALFORMED);
    /* A refusal that could not be sealed says why, if one may say that unsealed. */
    answered_by(_i, "401 Unauthorized",
                span_str("<m2m:errorInfo xmlns:m2m=\"http://uri.etsi.org/m2m\"><m2m:statusCode>"
                         "STATUS_PERMISSION_DENIED</m2m:statusCode><m2m:additionalInfo>"
                         "xmlsec-wrong-signature</m2m:additionalInfo></m2m:errorInfo>"),
                REASON_XMLSEC_SIGNATURE);
    answered_by(_i, "404 Not Found",
                span_str("<m2m:errorInfo xmlns:m2m=\"http://uri.etsi.org/m2m\"><m2m:statusCode>"
                         "STATUS_NOT_FOUND</m2m:statusCode></m2m:errorInfo>"),
                REASON_XMLSEC_MISSING);
    pair_enter(&pair, 0);
    buf_clear(&sealed);
    buf_clear(&foreign);
    buf_clear(&old);
    teardown();
}
END_TEST

/* An end that takes any resource: a success's is a representation, a refusal's is read as what it
 * is. And numbers that leave room for another session's. */
START_TEST(representations_and_steps)
{
    struct m2m_primitive p = {.response = true, .status_code = STATUS_OK, .correlation_id = 44};
    struct m2m_doc content, error, doc;
    struct m2m_rep rep;
    struct buf b;
    char why[80];
    struct scene s;

    setup(_i);
    kit_fill(DOC_CONTENT_INSTANCE, &content);
    b = seal(theirs, &p, &content);
    ck_assert_int_eq(object_open(ours, buf_span(&b), &p, &doc, &rep, why), REASON_NONE);
    ck_assert_int_eq(doc.kind, DOC_NONE);
    ck_assert_int_eq(rep.type, M2M_CONTENT_INSTANCE);
    m2m_rep_clear(&rep);
    buf_clear(&b);
    error = (struct m2m_doc){.kind = DOC_ERROR_INFO};
    snprintf(error.u.error.status_code, sizeof(error.u.error.status_code), "STATUS_NOT_FOUND");
    p.status_code = STATUS_NOT_FOUND;
    b = seal(theirs, &p, &error);
    ck_assert_int_eq(object_open(ours, buf_span(&b), &p, &doc, &rep, why), REASON_NONE);
    ck_assert_int_eq(doc.kind, DOC_ERROR_INFO);
    ck_assert_int_eq(rep.type, M2M_NO_TYPE);
    m2m_doc_release(&doc);
    buf_clear(&b);
    teardown();
    open_scene(&s, _i, true, ways[_i].flags);
    s.step = 2;
    proto_free(s.run.pair.side[0].proto);
    put_client(&s, ways[_i].flags, 41);
    for (uint64_t number = 43; number <= 47; number += 2) {
        ck_assert_int_eq(ask(&s, HTTP_GET)->reason, REASON_NONE);
        ck_assert_uint_eq(s.run.last.sequence, number);
        ck_assert_uint_eq(mid_client_sequence(s.run.mid), number);
    }
    kit_close(&s.run);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("object");
    TCase *t = tcase_create("object");

    if (!xmlsec_init())
        return 1;
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, there_and_back, 0, WAYS);
    tcase_add_loop_test(t, answers_and_nothing_inside, 0, WAYS);
    tcase_add_loop_test(t, every_octet, 0, WAYS);
    tcase_add_loop_test(t, only_what_was_granted, 0, WAYS);
    tcase_add_test(t, no_oracle);
    tcase_add_test(t, what_the_message_says);
    tcase_add_test(t, no_key_no_object);
    tcase_add_loop_test(t, sessions, 0, WAYS);
    tcase_add_loop_test(t, in_every_cut, 0, WAYS);
    tcase_add_loop_test(t, cut_off_and_again, 0, WAYS);
    tcase_add_loop_test(t, pipelined_and_cut, 0, WAYS);
    tcase_add_test(t, sessions_refused);
    tcase_add_test(t, trusting);
    tcase_add_loop_test(t, answers, 0, WAYS);
    tcase_add_loop_test(t, representations_and_steps, 0, WAYS);
    suite_add_tcase(s, t);
    return kit_main(s);
}
