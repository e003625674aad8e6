/* Sessions over UDP, with cores made for the purpose: an asker that repeats its question until it
 * is answered, a server that answers, and one that asks another first. Each step costs 10 ms of a
 * processor, each way takes 50 ms. */
#include "models/host/session.h"

#include "crypto/entity.h"
#include "sim/base/xalloc.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define WAY  (50 * SIM_MS)
#define WORK (10 * SIM_MS)

static const char profile_text_[] = "profile test\nsource \"for this test\"\n"
                                    "class c \"a clock of round figures\"\n"
                                    "digest sha-256 10 ms estimate \"chosen\"\n";

/* ---- cores ---- */

struct toy {
    struct proto proto;  /* the first door */
    struct proto second; /* of a relay */
    struct buf out, out2;
    unsigned questions, asked; /* an asker's */
    unsigned inputs;
    size_t longest;
    sim_ns wait;
    char last[64];
};

static void work(struct toy *t)
{
    meter_add(t->proto.env->meter, OP_SHA256, 1, 0);
}

static void ask(struct toy *t, sim_ns now)
{
    trace_label(t->proto.env->trace, "question %u", t->asked);
    work(t);
    buf_printf(&t->out, "q%u", t->asked);
    t->proto.expiry = now + t->wait;
}

static void start(struct proto *p, sim_ns now)
{
    struct toy *t = (struct toy *)p;

    if (t->questions)
        ask(t, now);
}

static void take(struct toy *t, struct span in)
{
    t->inputs++;
    t->longest = in.n > t->longest ? in.n : t->longest;
    snprintf(t->last, sizeof t->last, "%.*s", (int)in.n, (const char *)in.p);
    work(t);
}

static void asker_input(struct proto *p, sim_ns now, struct span in)
{
    struct toy *t = (struct toy *)p;

    take(t, in);
    p->expiry = SIM_NEVER;
    t->wait = SIM_S;
    if (t->asked < t->questions && ++t->asked < t->questions)
        ask(t, now);
    else
        proto_done(p);
}

static void answerer_input(struct proto *p, sim_ns now, struct span in)
{
    struct toy *t = (struct toy *)p;

    (void)now;
    take(t, in);
    trace_label(p->env->trace, "answer");
    buf_printf(&t->out, "a%s", t->last);
}

static void relay_input(struct proto *p, sim_ns now, struct span in)
{
    struct toy *t = (struct toy *)p;

    take(t, in);
    buf_put_span(&t->out2, in);
    t->second.expiry = now + SIM_S;
}

static struct toy *of_second(struct proto *p)
{
    return (struct toy *)((char *)p - offsetof(struct toy, second));
}

static void relay_input2(struct proto *p, sim_ns now, struct span in)
{
    struct toy *t = of_second(p);

    (void)now;
    take(t, in);
    p->expiry = SIM_NEVER;
    buf_put_span(&t->out, in);
}

static bool give(struct buf *from, struct buf *out)
{
    if (buf_len(from) == 0)
        return false;
    buf_put_span(out, buf_span(from));
    buf_clear(from);
    return true;
}

static bool output(struct proto *p, sim_ns now, struct buf *out)
{
    (void)now;
    return give(&((struct toy *)p)->out, out);
}

static bool output2(struct proto *p, sim_ns now, struct buf *out)
{
    (void)now;
    return give(&of_second(p)->out2, out);
}

static void expire(struct proto *p, sim_ns now)
{
    struct toy *t = (struct toy *)p;

    t->wait *= 2;
    ask(t, now);
}

static void expire2(struct proto *p, sim_ns now)
{
    struct toy *t = of_second(p);

    buf_puts(&t->out2, t->last);
    work(t);
    p->expiry = now + SIM_S;
}

static void toy_free(struct proto *p)
{
    struct toy *t = (struct toy *)p;

    buf_clear(&t->out);
    buf_clear(&t->out2);
    free(t);
}

static const struct proto_ops asker_ops = {"asker", start, asker_input, output, expire, toy_free};
static const struct proto_ops answerer_ops = {"answerer", start,  answerer_input,
                                              output,     expire, toy_free};
static const struct proto_ops relay_ops = {"relay", start, relay_input, output, expire, toy_free};
static const struct proto_ops relay_ops2 = {"relay 2", start, relay_input2, output2, expire2, NULL};

static struct toy *toy_new(struct proto_env *env, const struct proto_ops *ops)
{
    struct toy *t = xcalloc(1, sizeof *t);

    proto_init(&t->proto, ops, env);
    proto_init(&t->second, &relay_ops2, env);
    buf_init(&t->out, 1000);
    buf_init(&t->out2, 1000);
    t->wait = SIM_S;
    return t;
}

/* ---- the stage ---- */

enum role { ASKER, RELAY, ANSWERER };
#define LINES 40

struct actor {
    struct stage *stage;
    enum role role;
    struct cpu cpu;
    struct session *session;
    struct udp_listener listener;
    unsigned questions; /* an asker's */
    unsigned advanced, retransmitted, sessions;
    bool in_between; /* a relay that is asked */
    bool refuses;
    bool free_when_asked;
    sim_ns done_at;
    enum reason ended;
    bool has_ended;
};

struct stage {
    struct sim *sim;
    struct net *net;
    struct profile *profile;
    const struct profile_class *class;
    struct net_hop hop[4]; /* asker -> server, back; server -> far server, back */
    struct net_hop_config config[4];
    struct actor actor[3];
    struct session *retired;
    char line[LINES][64]; /* what was sent, and when */
    unsigned lines;
    struct sim_event begin;
};

static struct proto *make(struct session *s, sim_ns now)
{
    static const struct proto_ops *const ops[] = {&asker_ops, &relay_ops, &answerer_ops};
    struct actor *a = session_user(s);
    struct toy *t = toy_new(session_env(s), ops[a->role]);

    (void)now;
    t->questions = a->questions;
    return &t->proto;
}

static struct proto *door(struct session *s)
{
    const struct actor *a = session_user(s);

    return a->role == RELAY ? &((struct toy *)session_core(s))->second : NULL;
}

static void charged(struct session *s, sim_ns now, const struct meter *m,
                    const struct profile_price *price)
{
    (void)s;
    (void)now;
    (void)m;
    (void)price;
}

static void activity(struct session *s, sim_ns now, enum session_activity a, sim_ns other)
{
    (void)s;
    (void)now;
    (void)a;
    (void)other;
}

static void advanced(struct session *s, sim_ns now)
{
    struct actor *a = session_user(s);

    a->advanced++;
    if (session_core(s)->status == PROTO_DONE && !a->done_at)
        a->done_at = now;
    if (a->free_when_asked) {
        session_free(s);
        a->session = NULL;
    }
}

static void ended(struct session *s, sim_ns now, enum reason reason)
{
    struct actor *a = session_user(s);

    (void)now;
    a->has_ended = true;
    a->ended = reason;
    a->session = NULL;
    session_free(s);
}

static void datagram(struct session *s, unsigned leg, const struct udp_packet *p, const char *label,
                     bool repeated)
{
    struct actor *a = session_user(s);
    struct stage *g = a->stage;

    if (g->lines < LINES)
        snprintf(g->line[g->lines++], sizeof g->line[0], "%lld %d.%u %s%s",
                 (long long)(p->t_send / SIM_MS), (int)a->role, leg, label,
                 repeated ? " again" : "");
}

static void retransmitted(struct session *s, sim_ns now)
{
    (void)now;
    ((struct actor *)session_user(s))->retransmitted++;
}

static const struct session_ops actor_ops = {.make = make,
                                             .charged = charged,
                                             .activity = activity,
                                             .advanced = advanced,
                                             .ended = ended,
                                             .datagram = datagram,
                                             .retransmitted = retransmitted,
                                             .door = door};

static struct session *new_session(struct actor *a)
{
    struct stage *g = a->stage;
    struct session_host host = {g->sim, &a->cpu, g->class, 0, &g->retired, NULL, NULL};

    return session_new(&actor_ops, a, &host, rng_stream(1, "actor", "session"), NULL);
}

static void open_leg(struct actor *from, struct actor *to, unsigned hop)
{
    struct stage *g = from->stage;
    struct udp_params params;

    udp_params_default(&params);
    session_open_udp(
        from->session, g->net, &params, &(struct net_route){.hops = {&g->hop[hop]}, .count = 1},
        &(struct net_route){.hops = {&g->hop[hop + 1]}, .count = 1}, &to->listener, 50000);
}

static bool accept(struct udp_listener *l, struct udp_end *end, const struct udp_ops **ops,
                   void **user)
{
    struct actor *a = l->user;

    if (a->refuses)
        return false;
    a->session = new_session(a);
    a->sessions++;
    session_accept_udp(a->session, end, ops, user);
    if (a->role == RELAY)
        open_leg(a, &a->stage->actor[ANSWERER], 2);
    return true;
}

static void begin(struct sim *sim, struct sim_event *ev)
{
    struct stage *g = (struct stage *)((char *)ev - offsetof(struct stage, begin));
    struct actor *a = &g->actor[ASKER];

    (void)sim;
    a->session = new_session(a);
    open_leg(a, &g->actor[g->actor[RELAY].in_between ? RELAY : ANSWERER], 0);
}

static const struct sim_event_ops begin_ops = {"begin", NULL, begin};

static void set_up(struct stage *g, unsigned questions, bool relay)
{
    struct diag_list *diags = diag_list_new();

    memset(g, 0, sizeof *g);
    g->profile = profile_parse("test", profile_text_, strlen(profile_text_), diags);
    ck_assert_ptr_nonnull(g->profile);
    diag_list_free(diags);
    g->class = profile_class_find(g->profile, "c");
    g->sim = sim_new(&(struct sim_config){.threads = 1, .look_ahead = WAY});
    g->net = net_new(g->sim, 1);
    for (int i = 0; i < 4; i++) {
        g->config[i] = (struct net_hop_config){.name = "hop", .latency = dist_constant(WAY)};
        net_hop_init(&g->hop[i], &g->config[i], 1, "hop");
    }
    for (int i = 0; i < 3; i++) {
        struct actor *a = &g->actor[i];
        a->stage = g;
        a->role = (enum role)i;
        cpu_init(&a->cpu, 1, UINT32_MAX);
        a->listener = (struct udp_listener){.port = 716, .accept = accept, .user = a};
    }
    g->actor[ASKER].questions = questions;
    g->actor[RELAY].in_between = relay;
    sim_event_init(&g->begin, &begin_ops, NULL);
    sim_schedule(g->sim, &g->begin, 0);
}

static void tear_down(struct stage *g)
{
    for (int i = 0; i < 3; i++)
        session_free(g->actor[i].session);
    net_free(g->net);
    sim_free(g->sim);
    profile_free(g->profile);
}

static const struct toy *core(const struct actor *a)
{
    return (const struct toy *)session_core(a->session);
}

/* ---- what must hold ---- */

START_TEST(work_then_way_then_work)
{
    struct stage g;
    struct session_traffic t;

    set_up(&g, 2, false);
    sim_run(g.sim, 100 * SIM_S);
    ck_assert_str_eq(g.line[0], "10 0.0 question 0");
    ck_assert_str_eq(g.line[1], "70 2.0 answer");
    /* An answer read and a question made: 20 ms. */
    ck_assert_str_eq(g.line[2], "140 0.0 question 1");
    ck_assert_str_eq(g.line[3], "200 2.0 answer");
    ck_assert_uint_eq(g.lines, 4);
    ck_assert_int_eq(g.actor[ASKER].done_at, 260 * SIM_MS);
    ck_assert_uint_eq(g.actor[ASKER].retransmitted, 0);
    ck_assert_uint_eq(g.actor[ANSWERER].sessions, 1);
    ck_assert_ptr_eq(session_peer(g.actor[ASKER].session), g.actor[ANSWERER].session);
    session_traffic(g.actor[ASKER].session, &t);
    ck_assert_uint_eq(t.sent, 2 * (28 + 2));
    ck_assert_uint_eq(t.received, 2 * (28 + 3));
    ck_assert_uint_eq(t.packets, 4);
    tear_down(&g);
}
END_TEST

/* The first is made at 0 and leaves at 10 ms, so it is repeated at 1010 ms, not at 1000; that takes
 * 10 ms, and the next is due 2 s after those. */
START_TEST(an_expiry_counts_from_when_the_answer_leaves)
{
    struct stage g;

    set_up(&g, 1, false);
    g.actor[ANSWERER].listener.deaf = true;
    sim_run(g.sim, 4 * SIM_S);
    ck_assert_str_eq(g.line[0], "10 0.0 question 0");
    ck_assert_str_eq(g.line[1], "1020 0.0 question 0 again");
    ck_assert_str_eq(g.line[2], "3030 0.0 question 0 again");
    ck_assert_uint_eq(g.lines, 3);
    ck_assert_uint_eq(g.actor[ASKER].retransmitted, 2);
    g.actor[ANSWERER].listener.deaf = false;
    sim_run(g.sim, 20 * SIM_S);
    ck_assert_str_eq(g.line[3], "7040 0.0 question 0 again");
    ck_assert_str_eq(g.line[4], "7100 2.0 answer");
    ck_assert_uint_eq(g.lines, 5);
    ck_assert_uint_eq(g.actor[ASKER].retransmitted, 3);
    tear_down(&g);
}
END_TEST

/* What comes while the processor is at work waits, each datagram by itself. */
START_TEST(datagrams_keep_their_bounds_while_they_wait)
{
    struct stage g;

    set_up(&g, 1, false);
    for (int i = 0; i < 2; i++) /* every datagram comes two or four times */
        g.config[i].duplicate = 1;
    sim_run(g.sim, 100 * SIM_S);
    ck_assert_uint_eq(core(&g.actor[ANSWERER])->inputs, 2);
    ck_assert_uint_eq(core(&g.actor[ANSWERER])->longest, 2);
    ck_assert_str_eq(g.line[1], "70 2.0 answer");
    ck_assert_str_eq(g.line[2], "80 2.0 answer again");
    ck_assert_uint_eq(core(&g.actor[ASKER])->inputs, 4);
    ck_assert_uint_eq(core(&g.actor[ASKER])->longest, 3);
    tear_down(&g);
}
END_TEST

/* A core with two doors: the question goes on, the answer comes back by the other. */
START_TEST(two_legs)
{
    struct stage g;

    set_up(&g, 2, true);
    sim_run(g.sim, 100 * SIM_S);
    ck_assert_str_eq(g.line[0], "10 0.0 question 0");
    ck_assert_str_eq(g.line[1], "70 1.1 ");
    ck_assert_str_eq(g.line[2], "130 2.0 answer");
    ck_assert_str_eq(g.line[3], "190 1.0 ");
    ck_assert_str_eq(g.line[4], "260 0.0 question 1");
    ck_assert_uint_eq(g.lines, 8);
    ck_assert_int_eq(g.actor[ASKER].done_at, 500 * SIM_MS);
    ck_assert_str_eq(core(&g.actor[ASKER])->last, "aq1");
    ck_assert_ptr_eq(session_peer(g.actor[ASKER].session), g.actor[RELAY].session);
    ck_assert_ptr_eq(session_peer(g.actor[ANSWERER].session), g.actor[RELAY].session);
    tear_down(&g);
}
END_TEST

START_TEST(the_second_door_has_an_expiry_of_its_own)
{
    struct stage g;

    set_up(&g, 1, true);
    g.actor[ANSWERER].listener.deaf = true;
    sim_run(g.sim, 1500 * SIM_MS);
    ck_assert_str_eq(g.line[1], "70 1.1 ");
    /* The asker's repetition comes at 1070 and is passed on at 1080, as the relay's own would be:
     * it was made to wait by it. */
    ck_assert_str_eq(g.line[2], "1020 0.0 question 0 again");
    ck_assert_str_eq(g.line[3], "1080 1.1  again");
    ck_assert_uint_ge(g.actor[ASKER].retransmitted, 1);
    g.actor[ANSWERER].listener.deaf = false;
    sim_run(g.sim, 100 * SIM_S);
    ck_assert_str_eq(core(&g.actor[ASKER])->last, "aq0");
    tear_down(&g);
}
END_TEST

START_TEST(nobody_listens)
{
    struct stage g;

    set_up(&g, 1, false);
    g.actor[ANSWERER].refuses = true;
    sim_run(g.sim, 100 * SIM_S);
    ck_assert(g.actor[ASKER].has_ended);
    ck_assert_int_eq(g.actor[ASKER].ended, REASON_CONNECTION_REFUSED);
    tear_down(&g);
}
END_TEST

/* Sessions that go in the middle, with packets of both legs on their way. */
START_TEST(freed_at_any_time)
{
    for (sim_ns at = 0; at < 300 * SIM_MS; at += 5 * SIM_MS) {
        for (int who = 0; who < 6; who++) {
            struct stage g;

            set_up(&g, 2, true);
            sim_run(g.sim, at);
            if (g.actor[who % 3].session) {
                if (who < 3)
                    session_free(g.actor[who].session);
                else
                    session_vanish(g.actor[who % 3].session);
                g.actor[who % 3].session = NULL;
            }
            /* The relay's and the answerer's places are taken anew by what is repeated; what was
             * left of their sessions before belongs to nobody, so we look only a moment on. */
            for (int i = 1; i < 3; i++)
                g.actor[i].listener.deaf = true;
            sim_run(g.sim, at + 900 * SIM_MS);
            tear_down(&g);
        }
    }
}
END_TEST

START_TEST(freed_in_its_own_callback)
{
    struct stage g;

    set_up(&g, 2, true);
    g.actor[RELAY].free_when_asked = true;
    sim_run(g.sim, 300 * SIM_MS);
    ck_assert_ptr_null(g.actor[RELAY].session);
    tear_down(&g);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("session over UDP");
    TCase *tc = tcase_create("session over UDP");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_add_test(tc, work_then_way_then_work);
    tcase_add_test(tc, an_expiry_counts_from_when_the_answer_leaves);
    tcase_add_test(tc, datagrams_keep_their_bounds_while_they_wait);
    tcase_add_test(tc, two_legs);
    tcase_add_test(tc, the_second_door_has_an_expiry_of_its_own);
    tcase_add_test(tc, nobody_listens);
    tcase_add_test(tc, freed_at_any_time);
    tcase_add_test(tc, freed_in_its_own_callback);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed > 0;
}
