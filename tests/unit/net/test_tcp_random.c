/* Whatever the wire does to it, the stream arrives as it was written, and both ends finish. */
#include "tests/unit/net/tcp_pair.h"

static struct tcp_params params;

static void setup(void)
{
    tcp_params_default(&params);
    params.mss = 700;
}

static void run(uint64_t seed, double loss, double twice, double late, bool sack, uint32_t window)
{
    struct rng r = rng_stream(seed, "random wire", "test");
    struct rng sizes = rng_stream(seed, "random writes", "test");
    struct pair p;

    params.sack = sack;
    params.receive_window = window;
    params.data_retries = 60; /* so that chance does not end it */
    params.syn_retries = 30;
    params.syn_timeout = SIM_S / 8;
    params.max_rto = 2 * SIM_S;
    pair_init(&p, &params);
    p.delay = (sim_ns)rng_below(&sizes, 200) * SIM_MS + 1;
    p.chance = &r;
    p.p_loss = loss;
    p.p_twice = twice;
    p.p_late = late;
    pair_connect(&p);
    for (int i = 0; i < 20; i++) {
        pair_run(&p, p.now + (sim_ns)rng_below(&sizes, 300) * SIM_MS);
        pair_write(&p, CLIENT, 1 + (uint32_t)rng_below(&sizes, 9000));
        if (tcp_status(p.t[SERVER]) != TCP_CLOSED)
            pair_write(&p, SERVER, 1 + (uint32_t)rng_below(&sizes, 3000));
    }
    pair_shutdown(&p, CLIENT);
    /* The server ends when it has seen the client's end, as a server does. */
    while (!tcp_peer_finished(p.t[SERVER]) && pair_step(&p, SIM_NEVER))
        ;
    pair_shutdown(&p, SERVER);
    pair_run(&p, SIM_NEVER);
    pair_assert_intact(&p);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_FINISHED);
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_FINISHED);
    pair_release(&p);
}

START_TEST(the_stream_arrives)
{
    static const double loss[] = {0, 0.01, 0.05, 0.1, 0.2};

    for (uint64_t seed = 0; seed < 40; seed++)
        run(seed * 10 + (uint64_t)_i, loss[_i / 2], seed % 4 == 1 ? 0.1 : 0,
            seed % 3 == 1 ? 0.1 : 0, _i % 2, seed % 5 == 0 ? 3000 : 60000);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tcp_random");
    TCase *t = tcase_create("all");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_loop_test(t, the_stream_arrives, 0, 10);
    suite_add_tcase(s, t);
    return pair_main(s);
}
