/* The BSF in real time over loopback, against our own UE and against scripts of octets. By curl,
 * with another MILENAGE: tests/e2e/live_bsf.sh. */
#include "models/host/live_bsf.h"

#include "crypto/entity.h"
#include "models/host/tally.h"
#include "models/proto/m2mxml.h"
#include "sim/base/xalloc.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MS 60000
#define BSF      "bsf.m2m.example"
#define IMSI     "232010000000001"
#define IMPI     IMSI "@ims.mnc001.mcc232.3gppnetwork.org"
#define MOST     16

static const uint8_t k[16] = "subscriber's K.", opc[16] = "operator's OPc.";

/* A home network of one subscriber, its BSF, and what that told. */
struct home {
    struct live *live;
    struct live_bsf *bsf;
    struct auc_record auc;
    int port, asked;
    unsigned count;
    struct live_bsf_end ends[MOST];
    struct gba_sa stored[MOST];
    gba_name impis[MOST];
};

static void zh(void *arg, struct proto_env *env, const struct zh_request *r, struct zh_answer *out)
{
    struct home *h = arg;

    h->asked++;
    if (strcmp(r->impi, IMPI) == 0)
        zh_answer_make(&h->auc, env->meter, env->stream, r, false, 0, out);
    else
        *out = (struct zh_answer){.reason = REASON_GBA_SUBSCRIBER};
}

static void ended(void *arg, const struct live_bsf_end *end)
{
    struct home *h = arg;
    unsigned i = h->count++;

    ck_assert_uint_lt(i, MOST);
    h->ends[i] = *end;
    snprintf(h->impis[i], sizeof(gba_name), "%s", end->impi);
    if (end->sa)
        h->stored[i] = *end->sa;
}

static void open_home(struct home *h, size_t conversations, sim_ns patience)
{
    static const uint8_t amf[2];
    struct live_bsf_settings s = {.fqdn = BSF,
                                  .key_lifetime = 3600 * SIM_S,
                                  .patience = patience,
                                  .quiet = 500 * SIM_MS,
                                  .conversations = conversations,
                                  .seed = 7,
                                  .zh = zh,
                                  .ended = ended,
                                  .arg = h};

    *h = (struct home){.live = live_new()};
    auc_init(&h->auc, k, opc, amf, 0);
    ck_assert_int_eq(live_bsf_new(h->live, "127.0.0.1", &h->port, &s, &h->bsf, NULL), OK);
}

static void close_home(struct home *h)
{
    live_free(h->live);
    live_bsf_free(h->bsf);
}

/* ---- our UE ---- */

struct ue {
    struct tally tally;
    struct rng stream;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
    struct gba_sa sa;
    int steps_after_end;
};

static void ue_free(struct proto *p)
{
    tally_release((struct tally *)p);
    free(p);
}

static const struct proto_ops ue_ops = {.name = "ue",
                                        .start = tally_start,
                                        .input = tally_input,
                                        .output = tally_output,
                                        .expire = tally_expire,
                                        .free = ue_free};

static struct ue *ue_new(struct home *h, struct uicc *card, const char *name, sim_ns patience)
{
    struct ub_settings settings = {.bsf = BSF, .application = GBA_USIM, .uicc = card};
    struct ue *u = xcalloc(1, sizeof(*u));

    u->stream = rng_stream(1, name, "ue");
    u->env = (struct proto_env){.stream = &u->stream,
                                .meter = &u->meter,
                                .trace = &u->trace,
                                .epoch_unix_ns = live_epoch_unix_ns(h->live)};
    tally_init(&u->tally, &ue_ops, ub_client_new(&u->env, &settings, &u->sa), live_now(h->live),
               patience);
    return u;
}

static void ue_step(void *arg, struct proto *p, sim_ns now)
{
    struct ue *u = arg;

    (void)now;
    u->steps_after_end += p->status != PROTO_RUNNING;
}

static void ue_connect(struct home *h, struct ue *u)
{
    ck_assert_int_eq(live_connect(h->live, "127.0.0.1", h->port, &u->tally.proto, ue_step, u), OK);
}

/* Until the server, too, knows of no connection. */
static void run_until_closed(struct home *h)
{
    for (int spent = 0; spent < LIMIT_MS && live_bsf_counts(h->bsf)->open > 0; spent += 10)
        live_run(h->live, 10);
    ck_assert_uint_eq(live_bsf_counts(h->bsf)->open, 0);
}

/* ---- a script of octets ---- */

struct script {
    struct proto proto;
    struct rng stream;
    struct proto_env env;
    const char *text;
    char got[4096];
    size_t n;
};

static void script_start(struct proto *p, sim_ns now)
{
    (void)p, (void)now;
}

static void script_input(struct proto *p, sim_ns now, struct span in)
{
    struct script *s = (struct script *)p;

    (void)now;
    ck_assert_uint_lt(s->n + in.n, sizeof(s->got));
    if (in.n)
        memcpy(s->got + s->n, in.p, in.n);
    s->n += in.n;
    if (!in.n)
        proto_done(p);
}

static bool script_output(struct proto *p, sim_ns now, struct buf *out)
{
    struct script *s = (struct script *)p;
    const char *text = s->text;

    (void)now;
    s->text = NULL;
    return text && buf_put(out, text, strlen(text));
}

static void script_free(struct proto *p)
{
    free(p);
}

static const struct proto_ops script_ops = {.name = "script",
                                            .start = script_start,
                                            .input = script_input,
                                            .output = script_output,
                                            .expire = script_start,
                                            .free = script_free};

static struct script *say(struct home *h, const char *text)
{
    struct script *s = xcalloc(1, sizeof(*s));

    s->stream = rng_stream(1, "script", "bsf");
    s->env = (struct proto_env){.stream = &s->stream};
    s->text = text;
    proto_init(&s->proto, &script_ops, &s->env);
    ck_assert_int_eq(live_connect(h->live, "127.0.0.1", h->port, &s->proto, NULL, NULL), OK);
    return s;
}

/* It has its answer, and the server has forgotten the connection. */
static void run_until_done(struct home *h, const struct script *s)
{
    while (s->proto.status == PROTO_RUNNING)
        live_run(h->live, 10);
    run_until_closed(h);
}

static unsigned count_of(const struct script *s, const char *what)
{
    unsigned n = 0;

    for (const char *at = s->got; (at = strstr(at, what)); at++)
        n++;
    return n;
}

/* ---- tests ---- */

/* Who has been answered is not waited for: it ends when nothing comes, not with the patience. */
START_TEST(ues_at_once)
{
    struct home h;
    struct uicc card;
    struct ue *ues[5];

    open_home(&h, 8, 3600 * SIM_S);
    uicc_init(&card, IMSI, 2, k, opc);
    for (int i = 0; i < 5; i++) {
        char name[8] = {'u', (char)('0' + i)};

        ues[i] = ue_new(&h, &card, name, 30 * SIM_S);
        ue_connect(&h, ues[i]);
    }
    live_bsf_run(h.bsf);
    ck_assert_uint_eq(h.count, 5);
    for (int i = 0; i < 5; i++) {
        int mine = 0;

        ck_assert_int_eq(ues[i]->tally.proto.status, PROTO_DONE);
        ck_assert_int_ge(ues[i]->steps_after_end, 1);
        ck_assert_uint_eq(ues[i]->tally.turns, 2);
        while (strcmp(h.stored[mine].btid, ues[i]->sa.btid) != 0)
            ck_assert_int_lt(++mine, 5);
        ck_assert_mem_eq(h.stored[mine].ks, ues[i]->sa.ks, GBA_KEY_LEN);
        ck_assert_int_eq(h.stored[mine].expires_unix_ns / SIM_S,
                         ues[i]->sa.expires_unix_ns / SIM_S);
        ck_assert_uint_eq(h.ends[mine].requests, 2);
        ck_assert_uint_eq(h.ends[mine].octets_in, ues[i]->tally.octets_out);
        ck_assert_uint_eq(h.ends[mine].octets_out, ues[i]->tally.octets_in);
        ck_assert_str_eq(h.impis[mine], IMPI);
    }
    ck_assert_uint_eq(live_bsf_counts(h.bsf)->connections, 5);
    close_home(&h);
    for (int i = 0; i < 5; i++)
        proto_free(&ues[i]->tally.proto);
    uicc_release(&card);
}
END_TEST

/* A connection that both have closed takes no place any more. */
START_TEST(ues_one_after_the_other)
{
    struct home h;
    struct uicc card;

    open_home(&h, 1, 30 * SIM_S);
    uicc_init(&card, IMSI, 2, k, opc);
    for (int i = 0; i < 5; i++) {
        struct ue *u = ue_new(&h, &card, "u", 30 * SIM_S);

        ue_connect(&h, u);
        while (u->tally.proto.status == PROTO_RUNNING)
            live_run(h.live, 10);
        run_until_closed(&h);
        ck_assert_int_eq(u->tally.proto.status, PROTO_DONE);
        proto_free(&u->tally.proto);
    }
    ck_assert_uint_eq(live_bsf_counts(h.bsf)->refused, 0);
    close_home(&h);
    uicc_release(&card);
}
END_TEST

START_TEST(resynchronisation)
{
    struct home h;
    struct uicc card;
    struct ue *u;

    open_home(&h, 8, 3600 * SIM_S);
    uicc_init(&card, IMSI, 2, k, opc);
    uicc_set_sqn(&card, 9000 << UICC_IND_BITS);
    u = ue_new(&h, &card, "u", 30 * SIM_S);
    ue_connect(&h, u);
    live_bsf_run(h.bsf);
    ck_assert_int_eq(u->tally.proto.status, PROTO_DONE);
    ck_assert_uint_eq(h.count, 1);
    ck_assert(h.ends[0].resynchronised);
    ck_assert_uint_eq(h.ends[0].requests, 3);
    ck_assert_int_eq(h.asked, 2);
    close_home(&h);
    proto_free(&u->tally.proto);
    uicc_release(&card);
}
END_TEST

/* The card finds a home network that it does not know and says nothing more. */
START_TEST(an_answer_that_never_comes)
{
    static const uint8_t other[16] = "somebody else's";
    struct home h;
    struct uicc card;
    struct ue *u;

    open_home(&h, 8, SIM_S);
    uicc_init(&card, IMSI, 2, other, opc);
    u = ue_new(&h, &card, "u", 30 * SIM_S);
    ue_connect(&h, u);
    live_bsf_run(h.bsf);
    ck_assert_int_eq(u->tally.proto.reason, REASON_AKA_AUTN);
    ck_assert_uint_eq(h.count, 1);
    ck_assert_int_eq(h.ends[0].reason, REASON_TIMEOUT);
    ck_assert_ptr_null(h.ends[0].sa);
    ck_assert_int_ge(h.ends[0].ended - h.ends[0].began, SIM_S);
    close_home(&h);
    proto_free(&u->tally.proto);
    uicc_release(&card);
}
END_TEST

#define WHO                                                                                        \
    "GET / HTTP/1.1\r\nHost: " BSF "\r\nAuthorization: Digest username=\"" IMPI "\", "             \
    "realm=\"" BSF "\", nonce=\"\", uri=\"/\", response=\"\"\r\n"
#define NOBODY                                                                                     \
    "GET / HTTP/1.1\r\nHost: " BSF "\r\nAuthorization: Digest username=\"nobody\", "               \
    "realm=\"" BSF "\", nonce=\"\", uri=\"/\", response=\"\"\r\n"

/* Each request has its outcome, however they come. */
START_TEST(all_in_one_segment)
{
    struct home h;
    struct script *s;

    open_home(&h, 8, SIM_S);
    s = say(&h, NOBODY "\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n" WHO
                       "\r\n" NOBODY "Connection: close\r\n\r\n");
    live_bsf_run(h.bsf);
    ck_assert_int_eq(s->proto.status, PROTO_DONE);
    ck_assert_uint_eq(count_of(s, "HTTP/1.1 403 "), 2);
    ck_assert_uint_eq(count_of(s, "HTTP/1.1 404 "), 1);
    ck_assert_uint_eq(count_of(s, "HTTP/1.1 400 "), 1);
    ck_assert_uint_eq(count_of(s, "HTTP/1.1 401 "), 1);
    ck_assert_uint_eq(h.count, 5);
    /* Who asks anew before he has answered has given that challenge up. */
    ck_assert_int_eq(h.ends[3].reason, REASON_CLOSED_EARLY);
    ck_assert_str_eq(h.impis[3], IMPI);
    ck_assert_str_eq(h.impis[4], "nobody");
    ck_assert_int_eq(h.ends[0].reason, REASON_GBA_SUBSCRIBER);
    ck_assert_str_eq(h.impis[0], "nobody");
    ck_assert_int_eq(h.asked, 3);
    close_home(&h);
    proto_free(&s->proto);
}
END_TEST

START_TEST(octets_that_are_no_http)
{
    struct home h;
    struct script *s;

    open_home(&h, 8, SIM_S);
    s = say(&h, "\x16\x03\x01 hello\r\n\r\n");
    live_bsf_run(h.bsf);
    ck_assert_uint_eq(count_of(s, "HTTP/1.1 400 "), 1);
    ck_assert_uint_eq(h.count, 1);
    ck_assert_int_eq(h.ends[0].reason, REASON_HTTP_MALFORMED);
    close_home(&h);
    proto_free(&s->proto);
}
END_TEST

/* Beyond the limit: connections are closed, of challenges the oldest is given up. */
START_TEST(limits)
{
    struct home h;
    struct script *s[4];

    open_home(&h, 2, SIM_S);
    for (int i = 0; i < 4; i++)
        s[i] = say(&h, WHO "\r\n");
    live_bsf_run(h.bsf);
    ck_assert_uint_eq(live_bsf_counts(h.bsf)->connections, 2);
    ck_assert_uint_eq(live_bsf_counts(h.bsf)->refused, 2);
    ck_assert_uint_eq(h.count, 2);
    close_home(&h);
    for (int i = 0; i < 4; i++)
        proto_free(&s[i]->proto);
    open_home(&h, 2, 60 * SIM_S);
    s[0] = say(&h, WHO "Connection: close\r\n\r\n");
    for (int i = 1; i < 4; i++) {
        run_until_done(&h, s[i - 1]);
        s[i] = say(&h, WHO "Connection: close\r\n\r\n");
    }
    run_until_done(&h, s[3]);
    ck_assert_uint_eq(h.count, 2);
    ck_assert_int_eq(h.ends[1].reason, REASON_TIMEOUT);
    close_home(&h);
    for (int i = 0; i < 4; i++)
        proto_free(&s[i]->proto);
}
END_TEST

/* Nothing is heard of a connection that is not made in time, or not at all. */
START_TEST(connecting)
{
    struct home h;
    struct uicc card;
    struct ue *late, *early;

    open_home(&h, 8, 30 * SIM_S);
    uicc_init(&card, IMSI, 2, k, opc);
    late = ue_new(&h, &card, "late", 0);
    ue_connect(&h, late);
    live_bsf_run(h.bsf);
    ck_assert_int_eq(late->tally.proto.reason, REASON_CONNECT_TIMEOUT);
    ck_assert_int_eq(late->steps_after_end, 1);
    early = ue_new(&h, &card, "early", SIM_S);
    live_free(h.live);
    live_bsf_free(h.bsf);
    h.live = live_new(); /* nobody listens any more */
    ue_connect(&h, early);
    ck_assert(live_run(h.live, LIMIT_MS));
    ck_assert_int_eq(early->tally.proto.reason, REASON_CONNECTION_REFUSED);
    ck_assert_int_eq(early->steps_after_end, 1);
    live_free(h.live);
    proto_free(&late->tally.proto);
    proto_free(&early->tally.proto);
    uicc_release(&card);
}
END_TEST

START_TEST(a_name_that_is_too_long)
{
    struct live *l = live_new();
    struct live_bsf_settings s = {.conversations = 1};
    struct live_bsf *bsf = NULL;
    char name[GBA_NAME_MAX + 1];
    int port = 0;

    memset(name, 'a', GBA_NAME_MAX);
    name[GBA_NAME_MAX] = '\0';
    s.fqdn = name;
    ck_assert_int_eq(live_bsf_new(l, "127.0.0.1", &port, &s, &bsf, NULL), ERR_RANGE);
    live_free(l);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("live_bsf");
    TCase *t = tcase_create("all");
    SRunner *r;
    int failed;

    if (crypto_init())
        return EXIT_FAILURE;
    m2mxml_init();
    tcase_set_timeout(t, 60);
    tcase_add_test(t, ues_at_once);
    tcase_add_test(t, ues_one_after_the_other);
    tcase_add_test(t, resynchronisation);
    tcase_add_test(t, an_answer_that_never_comes);
    tcase_add_test(t, all_in_one_segment);
    tcase_add_test(t, octets_that_are_no_http);
    tcase_add_test(t, limits);
    tcase_add_test(t, connecting);
    tcase_add_test(t, a_name_that_is_too_long);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
