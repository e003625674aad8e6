/* A client that is not ours, against the real servers: a deployment from a scenario's text, run
 * until its devices have their keys and then held still, and sessions of the test's own that say
 * whatever a test wants over TLS or bare TCP, sealed or not. All static: each test file is a
 * program of its own. */
#ifndef TESTS_UNIT_NODE_ROGUE_H
#define TESTS_UNIT_NODE_ROGUE_H

#include "models/node/attempt.h"
#include "models/node/mid_security.h"
#include "models/node/node_id.h"
#include "models/node/registrar.h"
#include "models/node/route.h"
#include "models/node/server.h"
#include "crypto/entity.h"
#include "models/proc/channel.h"
#include "models/proc/object.h"
#include "models/proto/m2mxml_rep.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"
#include "tests/support/fleet.h"
#include "topologies/builder.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROGUE __attribute__((unused)) static

/* ---- a deployment that stands still ---- */

struct town {
    struct diag_list *diags;
    struct scenario *scenario;
    struct profile *profile;
    struct built *built;
    struct deployment *d;
    struct collect rows;
    struct device *dev, *other; /* meters-0 and meters-1 */
    struct server *msbf, *mas, *nscl;
};

ROGUE sim_ns town_now(const struct town *t)
{
    return node_now(t->d);
}

ROGUE int64_t town_unix(const struct town *t)
{
    return t->d->in.epoch_unix_ns + town_now(t);
}

ROGUE void town_run(struct town *t, sim_ns span)
{
    sim_run(t->d->sim, town_now(t) + span);
}

/* Nothing of the device's own happens any more; its keys and its records at the servers stay. */
ROGUE void town_hold(struct town *t, struct device *dev)
{
    ck_assert_ptr_null(dev->proc);
    if (dev->end)
        device_drop_session(dev, town_now(t), true, "closed");
    sim_cancel(t->d->sim, &dev->timer);
}

/* Two meters of a scenario's text, run for `span`. Without certificates unless `sets` say so: their
 * keys take time. */
ROGUE void town_open_text(struct town *t, const char *text, sim_ns span, const char *const *sets)
{
    const struct build_options options = {.threads = 1, .key_cache = getenv("M2MSIM_KEY_CACHE")};
    const char *all[FLEET_SETS + 3] = {"populations.meters.count=2",
                                       "populations.meters.arrivals.over=1 s",
                                       "populations.meters.bootstrap.method=pre-provisioned"};
    size_t n = 3;

    for (size_t i = 0; i < FLEET_SETS && sets[i]; i++)
        all[n++] = sets[i];
    memset(t, 0, sizeof *t);
    t->diags = diag_list_new();
    t->scenario = scenario_parse("rogue.yaml", text, strlen(text), all, n, t->diags);
    if (t->scenario)
        t->profile = profile_read(t->scenario->profile_path, t->diags);
    if (t->profile)
        t->built = scenario_build(t->scenario, t->profile, &options, t->diags);
    diag_print(t->diags, stderr, false);
    ck_assert_ptr_nonnull(t->built);
    t->d = built_deployment(t->built);
    collect_init(&t->rows);
    deployment_start(t->d, &t->rows.sink);
    sim_run(t->d->sim, span);
    t->dev = device_find(t->d, "meters-0");
    t->other = device_find(t->d, "meters-1");
    ck_assert_ptr_nonnull(t->other);
    town_hold(t, t->dev);
    town_hold(t, t->other);
    t->msbf = server_find(t->d, "msbf.m2m.example");
    t->mas = server_find(t->d, "mas.m2m.example");
    t->nscl = server_find(t->d, "nscl.m2m.example");
    ck_assert(t->msbf && t->mas && t->nscl);
    town_run(t, SIM_S);
}

ROGUE void town_open(struct town *t, sim_ns span, const char *const *sets)
{
    town_open_text(t, fleet_base, span, sets);
}

ROGUE void town_close(struct town *t)
{
    deployment_finish(t->d);
    collect_release(&t->rows);
    built_free(t->built);
    profile_free(t->profile);
    scenario_free(t->scenario);
    diag_list_free(t->diags);
}

/* Rows of IVal belong to a procedure of the device. */
ROGUE void town_begin_procedure(struct town *t)
{
    t->dev->proc = procedure_new(t->d->next_procedure++, device_node(t->dev), PROC_REGISTRATION,
                                 "https", town_now(t), town_now(t));
}

ROGUE struct scl_record *town_scl(struct town *t, const struct device *dev)
{
    struct scl_record *s = registrar_of_node(t->nscl->registrar, dev->node_id);

    ck_assert_ptr_nonnull(s);
    return s;
}

ROGUE bool town_is_registered(struct town *t, const struct device *dev)
{
    return town_scl(t, dev)->scl_expires > town_now(t);
}

/* ---- the client ---- */

struct rogue {
    struct device_end end; /* what a server sees of it: whose it is */
    struct town *town;
    /* What it is made with. */
    const struct tls_context *context; /* NULL: bare TCP */
    char identity[M2M_PSK_IDENTITY_MAX];
    enum se_slot slot;
    struct se se; /* a copy of the device's */
    struct credential *credential;
    char entity[M2M_MAX_URI]; /* of its requests' Authorization */
    /* What its requests are sealed by, and their number; NULL: they go as they are. rogue_seal. */
    struct object *object;
    uint64_t sequence;
    struct proto_env object_env;
    struct rng object_stream;
    struct meter meter;
    /* What it has to say in its next step. */
    struct buf say;
    /* What came of it. */
    bool open, answered, ended;
    bool sealed;        /* the answer was */
    enum reason reason; /* of the end */
    int status;
    uint32_t retry_after_s;
    char location[2 * M2M_MAX_URI];
    struct m2m_doc doc;
    struct m2m_rep rep; /* an answer that is none of these */
    /* rogue_ask of another binding; NULL: HTTP. */
    int (*ask)(struct rogue *r, enum http_method method, const char *target, const char *body);
};

struct rogue_core {
    struct proto proto;
    struct rogue *rogue;
    struct channel channel;
    struct http_reader *reader;
};

ROGUE void rogue_read(struct rogue *r, struct span body)
{
    char why[80];

    if (body.n > 0 &&
        m2mxml_parse(body, &r->doc, why) != REASON_NONE) /* a resource of another type */
        ck_assert_msg(m2mxml_rep_read(body, &r->rep, why) == REASON_NONE, "%d %s: %.*s", r->status,
                      why, (int)body.n, (const char *)body.p);
}

/* What was sealed, once more without it; false: it is not sealed. */
ROGUE bool rogue_open(struct rogue *r, struct span body)
{
    struct m2m_primitive p = {.response = true};
    enum reason reason;
    char why[80];

    /* As a document that a device takes, or as a resource. */
    reason = object_open(r->object, body, &p, &r->doc, NULL, why);
    if (reason == REASON_XML_INVALID)
        reason = object_open(r->object, body, &p, NULL, &r->rep, why);
    if (reason)
        return false;
    ck_assert_uint_eq(p.correlation_id, r->sequence);
    r->status = (int)p.status_code;
    r->location[0] = '\0';
    str_append(r->location, sizeof r->location, 0, p.resource_uri);
    return true;
}

ROGUE void rogue_take(struct rogue *r, const struct http_message *m)
{
    r->answered = true;
    r->status = m->status;
    r->retry_after_s = m->retry_after_s;
    snprintf(r->location, sizeof r->location, "%.*s", (int)m->location.n,
             m->location.n ? (const char *)m->location.p : "");
    m2m_doc_release(&r->doc);
    m2m_rep_clear(&r->rep);
    memset(&r->doc, 0, sizeof r->doc);
    r->sealed = r->object && rogue_open(r, m->body);
    if (!r->sealed)
        rogue_read(r, m->body);
}

ROGUE void rogue_proceed(struct rogue_core *c, sim_ns now)
{
    struct span plain = channel_received(&c->channel);
    const struct http_message *m;

    c->rogue->open |= channel_is_open(&c->channel);
    if (plain.n > 0) {
        ck_assert_int_eq(http_reader_input(c->reader, plain), REASON_NONE);
        channel_consume(&c->channel, plain.n);
        while ((m = http_reader_message(c->reader))) {
            rogue_take(c->rogue, m);
            ck_assert_int_eq(http_reader_next(c->reader), REASON_NONE);
        }
    }
    if (buf_len(&c->rogue->say) > 0 && channel_is_open(&c->channel)) {
        ck_assert(channel_write(&c->channel, now, buf_span(&c->rogue->say)));
        buf_clear(&c->rogue->say);
    }
    if (channel_status(&c->channel) == PROTO_RUNNING && channel_peer_closed(&c->channel))
        channel_close(&c->channel, now);
}

ROGUE void rogue_start(struct proto *p, sim_ns now)
{
    struct rogue_core *c = (struct rogue_core *)p;

    channel_start(&c->channel, now);
    rogue_proceed(c, now);
}

ROGUE void rogue_input(struct proto *p, sim_ns now, struct span in)
{
    struct rogue_core *c = (struct rogue_core *)p;

    channel_input(&c->channel, now, in);
    rogue_proceed(c, now);
}

ROGUE bool rogue_output(struct proto *p, sim_ns now, struct buf *out)
{
    struct channel *c = &((struct rogue_core *)p)->channel;

    if (channel_output(c, now, out))
        return true;
    if (channel_status(c) == PROTO_DONE)
        proto_done(p);
    else if (channel_status(c) == PROTO_FAILED)
        proto_fail(p, channel_reason(c));
    return false;
}

ROGUE void rogue_expire(struct proto *p, sim_ns now)
{
    (void)p;
    (void)now;
}

ROGUE void rogue_core_free(struct proto *p)
{
    struct rogue_core *c = (struct rogue_core *)p;

    http_reader_free(c->reader);
    channel_release(&c->channel);
    free(c);
}

ROGUE struct proto *rogue_core_new(struct rogue *r, struct session *s)
{
    static const struct proto_ops ops = {.name = "rogue",
                                         .start = rogue_start,
                                         .input = rogue_input,
                                         .output = rogue_output,
                                         .expire = rogue_expire,
                                         .free = rogue_core_free};
    struct rogue_core *c = xcalloc(1, sizeof *c);
    struct tls_peer_settings peer = {.credential = r->credential,
                                     .psk_identity = r->credential ? NULL : r->identity,
                                     .psk_slot = r->slot};
    struct tls *tls;

    proto_init(&c->proto, &ops, session_env(s));
    c->rogue = r;
    c->reader = http_reader_new(false);
    tls = r->context ? tls_new(r->context, session_env(s), &peer) : NULL;
    ck_assert(tls || !r->context);
    channel_init(&c->channel, tls);
    return &c->proto;
}

ROGUE struct proto *rogue_make(struct session *s, sim_ns now)
{
    (void)now;
    return rogue_core_new((struct rogue *)session_user(s), s);
}

ROGUE void rogue_step(struct session *s, sim_ns now)
{
    rogue_proceed((struct rogue_core *)(void *)session_core(s), now);
}

ROGUE void rogue_charged(struct session *s, sim_ns now, const struct meter *m,
                         const struct profile_price *price)
{
    (void)s;
    (void)now;
    (void)m;
    (void)price;
}

ROGUE void rogue_activity(struct session *s, sim_ns now, enum session_activity a, sim_ns other_ns)
{
    (void)s;
    (void)now;
    (void)a;
    (void)other_ns;
}

ROGUE void rogue_over(struct rogue *r, enum reason reason)
{
    r->ended = true;
    r->reason = reason;
    r->end.session = NULL;
}

ROGUE void rogue_advanced(struct session *s, sim_ns now)
{
    struct proto *core = session_core(s);

    (void)now;
    if (core->status == PROTO_RUNNING)
        return;
    rogue_over((struct rogue *)session_user(s), core->reason);
    session_retire(s);
}

ROGUE void rogue_ended(struct session *s, sim_ns now, enum reason reason)
{
    (void)now;
    rogue_over((struct rogue *)session_user(s), reason);
    session_free(s);
}

/* Meters-0's keys and settings for the server's role; change what you like before rogue_open. */
ROGUE void rogue_init(struct rogue *r, struct town *t, const struct server *to)
{
    const struct population *p = t->dev->population;

    memset(r, 0, sizeof *r);
    r->town = t;
    r->end.dev = t->dev;
    r->se = t->dev->se;
    buf_init(&r->say, 64 * 1024);
    node_scl_id(t->dev->node_id, r->entity);
    if (to == t->nscl) {
        r->context = t->dev->mid_flags & MID_CHANNELS ? p->mid.client : NULL;
        r->slot = SE_KMC;
        key_kmc_identity(t->dev->connection_id, t->dev->kmc_index, r->identity);
    } else if (to == t->mas) {
        r->context = p->connect.client;
        r->slot = SE_KMR;
        key_kmr_identity(t->dev->node_id, t->dev->kmr_index, r->identity);
    } else {
        r->context = p->bootstrap.client;
    }
}

/* A certificate of the fleet's authority in this name. */
ROGUE void rogue_certify(struct rogue *r, const char *name)
{
    int64_t epoch_s = r->town->d->in.epoch_unix_ns / SIM_S;
    struct rng stream = rng_stream(1, "rogue", "credential");
    enum err err;

    entity_enter(&stream, town_unix(r->town));
    err = credential_issue(r->town->d->authority, r->town->d->pool, 0, name, false, epoch_s - 1000,
                           epoch_s + 1000000, &r->credential);
    entity_leave();
    ck_assert_int_eq(err, OK);
}

/* A session that is not connected yet, and the way to a server and back. */
ROGUE void rogue_session(struct rogue *r, const struct session_ops *ops, const struct server *to,
                         struct net_route *up, struct net_route *down)
{
    struct deployment *d = r->town->d;
    struct device *dev = r->end.dev;
    struct session_host host = {
        d->sim, &dev->cpu, dev->population->class, d->in.epoch_unix_ns, &d->retired, NULL, NULL};

    dev->sessions++;
    r->end.session = session_new(ops, &r->end, &host, rng_stream(7, "rogue", "session"), &r->se);
    route_between(d, dev->population->index, dev->index, to->population->index, up, down);
}

ROGUE void rogue_connect(struct rogue *r, struct server *to)
{
    static const struct session_ops ops = {.make = rogue_make,
                                           .step = rogue_step,
                                           .charged = rogue_charged,
                                           .activity = rogue_activity,
                                           .advanced = rogue_advanced,
                                           .ended = rogue_ended};
    struct deployment *d = r->town->d;
    struct net_route up, down;

    rogue_session(r, &ops, to, &up, &down);
    session_connect(r->end.session, d->net, d->in.tcp, &up, &down,
                    r->context ? &to->listener : &to->plain);
}

ROGUE void rogue_close(struct rogue *r)
{
    session_free(r->end.session);
    r->end.session = NULL;
    m2m_rep_clear(&r->rep);
    m2m_doc_release(&r->doc);
    buf_clear(&r->say);
    object_free(r->object);
    r->object = NULL;
    town_run(r->town, SIM_S);
}

/* From now on its requests are sealed, by the Kmc in its slot. flags: 0: as was granted to
 * meters-0. */
ROGUE void rogue_seal(struct rogue *r, unsigned flags)
{
    const struct device *dev = r->town->dev;

    object_free(r->object);
    r->object_stream = rng_stream(9, "rogue", "object");
    r->object_env = (struct proto_env){.se = &r->se, .meter = &r->meter};
    r->object = object_new(&r->object_env, SE_KMC, r->identity,
                           flags ? flags : dev->mid_flags & MID_OBJECTS,
                           dev->population->config->device->mid.cipher);
    ck_assert_ptr_nonnull(r->object);
    if (dev->object)
        r->sequence = dev->object->sequence;
}

/* The body of a request, sealed; `out` is the caller's to clear. */
ROGUE void rogue_write_sealed(struct rogue *r, const struct m2m_primitive *p, const char *body,
                              struct buf *out)
{
    enum reason reason;

    buf_init(out, 64 * 1024);
    entity_enter(&r->object_stream, town_unix(r->town));
    reason = object_seal_text(r->object, p, span_str(body), out);
    entity_leave();
    ck_assert_int_eq(reason, REASON_NONE);
}

/* What a request says, under its next number. */
ROGUE struct m2m_primitive rogue_primitive(struct rogue *r, enum http_method method,
                                           const char *target, bool has_body)
{
    struct m2m_primitive p = {.method = object_primitive_type(method, has_body),
                              .correlation_id = ++r->sequence};

    ck_assert_uint_lt(strlen(target), sizeof p.target_id);
    snprintf(p.target_id, sizeof p.target_id, "%s", target);
    snprintf(p.requesting_entity, sizeof p.requesting_entity, "%s", r->entity);
    return p;
}

/* Says the octets as they are and waits for an answer. Its status; 0: none came. */
ROGUE int rogue_say(struct rogue *r, struct span octets)
{
    r->answered = false;
    r->status = 0;
    if (!r->end.session)
        return 0;
    ck_assert(buf_put_span(&r->say, octets));
    session_poke(r->end.session, town_now(r->town));
    for (int i = 0; i < 100 && !r->answered && !r->ended; i++)
        town_run(r->town, SIM_S);
    return r->status;
}

ROGUE int rogue_ask(struct rogue *r, enum http_method method, const char *target, const char *body)
{
    struct span content = span_str(body);
    struct m2m_primitive p;
    struct buf octets, sealed;
    int status;

    if (r->ask)
        return r->ask(r, method, target, body);
    buf_init(&octets, 64 * 1024);
    buf_init(&sealed, 1);
    if (r->object) {
        p = rogue_primitive(r, method, target, *body != '\0');
        rogue_write_sealed(r, &p, body, &sealed);
        content = buf_span(&sealed);
    }
    ck_assert(http_write(&(struct http_out){.method = method,
                                            .target = target,
                                            .host = "server",
                                            .content_type = content.n ? "application/xml" : NULL,
                                            .requesting_entity = *r->entity ? r->entity : NULL,
                                            .body = content},
                         &octets));
    status = rogue_say(r, buf_span(&octets));
    buf_clear(&octets);
    buf_clear(&sealed);
    return status;
}

ROGUE const char *rogue_why(const struct rogue *r)
{
    return r->doc.kind == DOC_ERROR_INFO ? r->doc.u.error.additional : "";
}

/* The answer's status by both its names, HTTP's and that of TS 102 921. */
#define ck_answer(r, wanted)                                                                       \
    do {                                                                                           \
        ck_assert_msg((r)->status == (int)(wanted), "%d (%s, %s) instead of %d", (r)->status,      \
                      rogue_why(r), reason_text((r)->reason), (int)(wanted));                      \
        if ((r)->status >= 400)                                                                    \
            ck_assert_str_eq((r)->doc.u.error.status_code,                                         \
                             m2m_status_name((enum m2m_status)(r)->status));                       \
    } while (0)

/* ---- documents ---- */

/* Into a buffer of its own that the next call takes again. */
ROGUE const char *doc_write(const struct m2m_doc *doc)
{
    static char out[4096];
    struct buf b;

    buf_init(&b, sizeof out - 1);
    ck_assert(m2mxml_write(doc, &b));
    snprintf(out, sizeof out, "%.*s", (int)buf_len(&b), (const char *)buf_span(&b).p);
    buf_clear(&b);
    return out;
}

#define M2M_NS "xmlns:m2m=\"http://uri.etsi.org/m2m\""

/* What an <scl> says; NULL: left out. */
struct scl_text {
    const char *scl_id, *link, *mgmt, *expires, *more;
    bool ival;
    uint32_t result;
    sim_ns age;      /* of its secureTimeStamp */
    bool wrong_sign; /* one bit of the signature differs */
};

ROGUE int scl_ival(const struct town *t, const struct scl_text *s, char *out, size_t n)
{
    uint8_t kival[M2M_KEY_LEN];
    char stamp[40];
    int64_t sign;
    struct meter m = {0};

    device_kival(t->dev, kival);
    m2m_datetime_write(town_unix(t) - s->age, stamp);
    sign = key_ival_sign(&m, kival, s->result, span_str(stamp), t->dev->node_id) ^ s->wrong_sign;
    return snprintf(out, n,
                    "<m2m:integrityValResults><ivalResults>%u</ivalResults>"
                    "<signedIvalResult>%lld</signedIvalResult>"
                    "<secureTimeStamp>%s</secureTimeStamp></m2m:integrityValResults>",
                    s->result, (long long)sign, stamp);
}

/* Into a buffer of its own that the next call takes again. */
ROGUE const char *scl_write(const struct town *t, const struct scl_text *s)
{
    static char out[4096];
    char ival[512] = "";

    if (s->ival)
        scl_ival(t, s, ival, sizeof ival);
    ck_assert_int_lt(
        snprintf(out, sizeof out, "<m2m:scl " M2M_NS "%s%s%s>%s%s%s%s%s%s%s%s%s%s%s</m2m:scl>",
                 s->scl_id ? " sclId=\"" : "", s->scl_id ? s->scl_id : "", s->scl_id ? "\"" : "",
                 s->link ? "<m2m:link>" : "", s->link ? s->link : "", s->link ? "</m2m:link>" : "",
                 s->expires ? "<m2m:expirationTime>" : "", s->expires ? s->expires : "",
                 s->expires ? "</m2m:expirationTime>" : "", s->mgmt ? "<m2m:mgmtProtocolType>" : "",
                 s->mgmt ? s->mgmt : "", s->mgmt ? "</m2m:mgmtProtocolType>" : "",
                 s->more ? s->more : "", ival),
        (int)sizeof out);
    return out;
}

#define GENUINE (UINT32_MAX << IVAL_CAPABILITY_SHIFT | IVAL_PASS)

/* A CREATE that is as it should be. */
ROGUE struct scl_text scl_right(const struct rogue *r)
{
    return (struct scl_text){.scl_id = r->entity,
                             .link = "coap://meter.example:5683/m2m",
                             .mgmt = "OMA DM",
                             .ival = true,
                             .result = GENUINE};
}

ROGUE int rogue_register(struct rogue *r, const struct scl_text *s)
{
    return rogue_ask(r, HTTP_POST, "/m2m/scls", scl_write(r->town, s));
}

/* The path of meters-0's <scl> with `rest` behind it; a buffer that the next call takes again. */
ROGUE const char *scl_path(const struct town *t, const struct device *dev, const char *rest)
{
    static char out[2 * M2M_MAX_URI];
    char id[M2M_MAX_URI];

    (void)t;
    node_scl_id(dev->node_id, id);
    snprintf(out, sizeof out, "/m2m/scls/%s%s", id, rest);
    return out;
}

ROGUE int rogue_main(Suite *suite)
{
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

#endif
