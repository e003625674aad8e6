/* What the tests of the procedures share: a small PKI, TLS contexts, a pair of cores with a node
 * behind the server, and a bare TLS peer that says whatever a test wants. All static: each test
 * file is a program of its own. */
#ifndef TESTS_UNIT_PROC_KIT_H
#define TESTS_UNIT_PROC_KIT_H

#include "crypto/credential.h"
#include "crypto/entity.h"
#include "models/proc/client.h"
#include "models/proc/server.h"
#include "sim/base/xalloc.h"
#include "tests/support/pair.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIT           __attribute__((unused)) static
#define EPOCH_S       INT64_C(1577836800) /* as pair.c */
#define DAY_S         INT64_C(86400)
#define EXPIRES       ((EPOCH_S + 30 * DAY_S) * SIM_S)
#define MSBF          "msbf.example.org"
#define MAS           "mas.example.org"
#define NSCL          "nscl.example.org"
#define DEVICE        "meter-1.example.org"
#define SCL           "urn:scl:meter-1"
#define KMR_INDEX     5
#define KMC_INDEX     9
#define CONNECTION_ID UINT64_C(0x1122334455667788)

static const uint8_t kit_node_id[M2M_NODE_ID_LEN] = {0xAB, 1, 2,  3,  4,  5,  6,  7,
                                                     8,    9, 10, 11, 12, 13, 14, 0xCD};
static const uint8_t kit_psk[M2M_KEY_LEN] = {7, 7, 7, 1};
static const uint8_t kit_other_psk[M2M_KEY_LEN] = {7, 7, 7, 2};

static struct key_pool *kit_pool;
static struct authority *kit_authority, *kit_stranger;

KIT void kit_init(void)
{
    enum err err = crypto_init();

    if (!err)
        err = key_pool_make(11, "tests", 4, getenv("M2MSIM_KEY_CACHE"), NULL, NULL, &kit_pool);
    if (!err)
        err = authority_make(kit_pool, 11, "fleet CA", EPOCH_S - DAY_S, EPOCH_S + 4000 * DAY_S,
                             &kit_authority);
    if (!err)
        err = authority_make(kit_pool, 12, "another CA", EPOCH_S - DAY_S, EPOCH_S + 4000 * DAY_S,
                             &kit_stranger);
    if (err) {
        fprintf(stderr, "kit: %s\n", err_text(err));
        exit(1);
    }
    m2mxml_init();
}

KIT void kit_release(void)
{
    authority_free(kit_authority);
    authority_free(kit_stranger);
    key_pool_free(kit_pool);
}

/* Inside an entity. */
KIT struct credential *kit_credential(const struct authority *by, const char *name, bool server)
{
    struct credential *c = NULL;
    enum err err = credential_issue(by, kit_pool, server ? 1 : 2, name, server, EPOCH_S - DAY_S,
                                    EPOCH_S + 100 * DAY_S, &c);

    ck_assert_int_eq(err, OK);
    return c;
}

KIT struct tls_context *kit_context(bool server, enum tls_suite suite, enum tls_version version)
{
    struct tls_settings settings = {.server = server,
                                    .version = version,
                                    .suites = &suite,
                                    .suite_count = 1,
                                    .group = TLS_GROUP_P256,
                                    .authority = tls_suite_is_psk(suite) ? NULL : kit_authority};
    struct rng stream = rng_stream(1, server ? "server context" : "client context", "test");
    struct tls_context *c = NULL;
    enum err err;

    entity_enter(&stream, EPOCH_S * SIM_S);
    err = tls_context_new(&settings, &c);
    entity_leave();
    ck_assert_int_eq(err, OK);
    return c;
}

/* ---- A procedure with a node behind its server ---- */

struct kit_run {
    struct pair pair;
    struct tls_context *context[2];
    enum server_role role;
    enum binding binding;
    sim_ns idle;                   /* CoAP: of the server's session */
    unsigned object_flags;         /* CoAP: what is granted; 0: nobody asks */
    struct server_session *server; /* NULL: side 1 is something else */
    struct mid_client *mid;        /* NULL: side 0 is something else */
    struct doc_bootstrap_param_set bootstrap;
    struct doc_connection_param_set connection;
    /* The node. */
    const struct server_answer *answer; /* NULL: what the role gives when all is well */
    bool mute;                          /* does not answer */
    unsigned requests;
    struct server_request last; /* without its document's octets */
    char peer[256];
    /* What psk_find knows. */
    const char *known_identity;
    const uint8_t *known_psk;
    enum reason why_unknown;
    /* More to do in the step, may be NULL. */
    void (*more)(struct kit_run *r, int side);
    unsigned counter; /* more's own */
};

KIT void kit_fill(enum m2m_doc_kind kind, struct m2m_doc *doc)
{
    memset(doc, 0, sizeof(*doc));
    doc->kind = kind;
    if (kind == DOC_BOOTSTRAP_PARAM_SET) {
        struct doc_bootstrap_param_set *b = &doc->u.bootstrap;

        memcpy(b->node_id, kit_node_id, sizeof(b->node_id));
        b->kmr_index = KMR_INDEX;
        b->expires_unix_ns = EXPIRES;
        snprintf(b->mas_fqdn, sizeof(b->mas_fqdn), MAS);
        snprintf(b->scl_id, sizeof(b->scl_id), SCL);
        snprintf(b->nscl_list[0], sizeof(b->nscl_list[0]), NSCL);
        b->nscl_count = 1;
    } else if (kind == DOC_CONNECTION_PARAM_SET) {
        struct doc_connection_param_set *c = &doc->u.connection;

        c->connection_id = CONNECTION_ID;
        c->kmc_index = KMC_INDEX;
        c->expires_unix_ns = EXPIRES;
        snprintf(c->scl_id, sizeof(c->scl_id), SCL);
        c->mid_flags = MID_TLS_PSK;
    } else if (kind == DOC_CONTENT_INSTANCE) {
        snprintf(doc->u.content_instance.content_type, sizeof(doc->u.content_instance.content_type),
                 "text/plain");
        doc->u.content_instance.content = span_str("42.17 kWh");
    }
}

/* Whether it had something to answer. */
KIT bool kit_node(struct kit_run *r)
{
    const struct server_request *q = server_session_request(r->server);
    struct server_answer a = {.status = 200};
    struct m2m_doc doc;

    if (!q || r->mute)
        return false;
    r->requests++;
    r->last = *q;
    snprintf(r->peer, sizeof(r->peer), "%s", q->peer_name);
    if (r->answer) {
        a = *r->answer;
    } else if (r->role == SERVER_NSCL) {
        a.status = 201;
        a.location = "/m2m/scls/meter-1";
    } else {
        kit_fill(r->role == SERVER_MSBF ? DOC_BOOTSTRAP_PARAM_SET : DOC_CONNECTION_PARAM_SET, &doc);
        a.doc = &doc;
    }
    server_session_answer(r->server, r->pair.now, &a);
    return true;
}

KIT void kit_step(void *arg, struct pair *p, int side)
{
    struct kit_run *r = arg;

    (void)p;
    while (side == 1 && r->server && kit_node(r))
        ;
    if (r->more)
        r->more(r, side);
}

KIT unsigned kit_psk_find(void *arg, struct span identity, uint8_t psk[32], enum reason *reason)
{
    struct kit_run *r = arg;

    if (r->why_unknown) {
        *reason = r->why_unknown;
        return 0;
    }
    if (identity.n != strlen(r->known_identity) ||
        memcmp(identity.p, r->known_identity, identity.n) != 0)
        return 0;
    memcpy(psk, r->known_psk, M2M_KEY_LEN);
    return M2M_KEY_LEN;
}

KIT void kit_open(struct kit_run *r, enum server_role role, enum tls_suite suite,
                  enum tls_version version)
{
    static char identity[M2M_PSK_IDENTITY_MAX];

    memset(r, 0, sizeof(*r));
    r->role = role;
    pair_init(&r->pair, 42);
    r->context[0] = kit_context(false, suite, version);
    r->context[1] = kit_context(true, suite, version);
    if (role == SERVER_MAS)
        key_kmr_identity(kit_node_id, KMR_INDEX, identity);
    else
        key_kmc_identity(CONNECTION_ID, KMC_INDEX, identity);
    r->known_identity = identity;
    r->known_psk = kit_psk;
}

KIT bool kit_grant(void *arg, struct span identity, struct mid_grant *out, enum reason *reason)
{
    struct kit_run *r = arg;

    *out = (struct mid_grant){
        .cipher = XMLSEC_AES128_GCM,
        .flags = (uint16_t)(r->object_flags | (r->context[1] ? MID_DTLS_PSK : 0u))};
    return kit_psk_find(arg, identity, out->kmc, reason) > 0;
}

/* Inside an entity: psk roles have no credential. */
KIT void kit_server(struct kit_run *r, struct credential *credential)
{
    struct server_settings s = {.role = r->role,
                                .binding = r->binding,
                                .idle = r->idle,
                                .dtls = {.cookie = true, .peer = span_str("10.0.0.1:50000")},
                                .context = r->context[1],
                                .credential = credential,
                                .psk_find = kit_psk_find,
                                .psk_arg = r,
                                .grant_find = r->object_flags ? kit_grant : NULL};

    r->server = server_session_new(&r->pair.side[1].env, &s);
    ck_assert_ptr_nonnull(r->server);
    r->pair.side[1].proto = server_session_proto(r->server);
}

KIT struct pair_script kit_script(struct kit_run *r)
{
    struct pair_script s = pair_clean();

    s.step = kit_step;
    s.arg = r;
    return s;
}

KIT enum pair_end kit_go(struct kit_run *r)
{
    struct pair_script s = kit_script(r);

    return pair_run(&r->pair, &s);
}

KIT void kit_close(struct kit_run *r)
{
    for (int i = 0; i < 2; i++) {
        pair_enter(&r->pair, i);
        proto_free(r->pair.side[i].proto);
        pair_leave();
    }
    pair_release(&r->pair);
    tls_context_free(r->context[0]);
    tls_context_free(r->context[1]);
}

/* One side's own end says good-bye: the client of mId, the server. */
KIT void kit_close_side(struct kit_run *r, int side)
{
    pair_enter(&r->pair, side);
    if (side == 0)
        mid_client_close(r->mid, r->pair.now);
    else
        server_session_close(r->server, r->pair.now);
    pair_leave();
}

KIT enum proto_status kit_status(const struct kit_run *r, int side)
{
    return r->pair.side[side].proto->status;
}

KIT enum reason kit_reason(const struct kit_run *r, int side)
{
    return r->pair.side[side].proto->reason;
}

/* Both have the slot, and it is the same. */
KIT bool kit_same_key(const struct kit_run *r, enum se_slot slot)
{
    uint8_t a[M2M_KEY_LEN], b[M2M_KEY_LEN];

    return se_backend_copy(&r->pair.side[0].se, slot, a) &&
           se_backend_copy(&r->pair.side[1].se, slot, b) && memcmp(a, b, sizeof(a)) == 0;
}

/* After any accident: both ended, and what is DONE on both sides has one key. A device that has
 * none keeps none. */
KIT void kit_check_accident(const struct kit_run *r, enum se_slot slot)
{
    ck_assert_int_ne(kit_status(r, 0), PROTO_RUNNING);
    ck_assert_int_ne(kit_status(r, 1), PROTO_RUNNING);
    if (kit_status(r, 0) == PROTO_DONE)
        ck_assert(kit_same_key(r, slot));
    else
        ck_assert(!se_has(&r->pair.side[0].se, slot));
}

/* The labels of one side contain this line's part. */
KIT bool kit_said(const struct kit_run *r, int side, const char *text)
{
    struct span all = buf_span(&r->pair.side[side].labels);

    return all.n > 0 && memmem(all.p, all.n, text, strlen(text)) != NULL;
}

#define ck_status(r, side, wanted)                                                                 \
    ck_assert_msg(kit_status(r, side) == (wanted), "side %d: status %d, reason %s", side,          \
                  (int)kit_status(r, side), reason_text(kit_reason(r, side)))
#define ck_failed(r, side, wanted)                                                                 \
    ck_assert_msg(kit_status(r, side) == PROTO_FAILED && kit_reason(r, side) == (wanted),          \
                  "side %d: status %d, reason %s, wanted %s", side, (int)kit_status(r, side),      \
                  reason_text(kit_reason(r, side)), reason_text(wanted))

/* ---- A bare TLS peer ---- */

struct bare {
    struct proto proto;
    struct tls *tls;
    struct span say; /* said when the handshake is over (client), or after the first octets
                        (server); borrowed */
    bool server;
    bool said;
    bool then_close; /* close_notify right behind it */
    struct buf heard;
};

KIT void bare_proceed(struct bare *b, sim_ns now)
{
    struct proto *tls = tls_proto(b->tls);
    struct span plain = tls_received(b->tls);

    if (plain.n > 0) {
        ck_assert(buf_put_span(&b->heard, plain));
        tls_consume(b->tls, plain.n);
    }
    if (!b->said && tls_is_open(b->tls) && (!b->server || buf_len(&b->heard) > 0)) {
        b->said = true;
        /* One record takes no more than 2^14 octets; TLS cuts. */
        if (b->say.n > 0)
            ck_assert(tls_write(b->tls, now, b->say));
        if (b->then_close)
            tls_close(b->tls, now);
    }
    if (tls->status == PROTO_RUNNING && tls_peer_closed(b->tls))
        tls_close(b->tls, now);
}

KIT void bare_start(struct proto *p, sim_ns now)
{
    struct bare *b = (struct bare *)p;

    tls_proto(b->tls)->ops->start(tls_proto(b->tls), now);
    bare_proceed(b, now);
}

KIT void bare_input(struct proto *p, sim_ns now, struct span in)
{
    struct bare *b = (struct bare *)p;

    if (p->status != PROTO_RUNNING)
        return;
    tls_proto(b->tls)->ops->input(tls_proto(b->tls), now, in);
    bare_proceed(b, now);
}

KIT bool bare_output(struct proto *p, sim_ns now, struct buf *out)
{
    struct bare *b = (struct bare *)p;
    struct proto *tls = tls_proto(b->tls);

    if (tls->ops->output(tls, now, out))
        return true;
    if (tls->status == PROTO_DONE)
        proto_done(p);
    else if (tls->status == PROTO_FAILED)
        proto_fail(p, tls->reason);
    return false;
}

KIT void bare_expire(struct proto *p, sim_ns now)
{
    (void)p;
    (void)now;
}

KIT void bare_free(struct proto *p)
{
    struct bare *b = (struct bare *)p;

    buf_clear(&b->heard);
    proto_free(tls_proto(b->tls));
    free(b);
}

/* Puts a bare peer on one side of the run; inside its entity. */
KIT struct bare *bare_put(struct kit_run *r, int side, struct credential *credential,
                          struct span say, bool then_close)
{
    static const struct proto_ops ops = {.name = "bare",
                                         .start = bare_start,
                                         .input = bare_input,
                                         .output = bare_output,
                                         .expire = bare_expire,
                                         .free = bare_free};
    struct bare *b = xcalloc(1, sizeof(*b));
    struct tls_peer_settings peer = {.credential = credential,
                                     .psk_identity = r->known_identity,
                                     .psk_slot = r->role == SERVER_MAS ? SE_KMR : SE_KMC,
                                     .psk_find = kit_psk_find,
                                     .psk_arg = r};

    proto_init(&b->proto, &ops, &r->pair.side[side].env);
    b->server = side == 1;
    b->say = say;
    b->then_close = then_close;
    buf_init(&b->heard, 1 << 20);
    b->tls = tls_new(r->context[side], &r->pair.side[side].env, &peer);
    ck_assert_ptr_nonnull(b->tls);
    r->pair.side[side].proto = &b->proto;
    return b;
}

/* An answer with a body, complete. */
KIT struct span kit_http(char *out, size_t n, const char *start, const char *body)
{
    int used = snprintf(out, n, "%sContent-Type: application/xml\r\nContent-Length: %zu\r\n\r\n%s",
                        start, strlen(body), body);

    ck_assert_int_lt(used, (int)n);
    return span_of(out, (size_t)used);
}

KIT int kit_main(Suite *suite)
{
    SRunner *runner;
    int failed;

    kit_init();
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    kit_release();
    return failed != 0;
}

#endif
