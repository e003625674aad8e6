/* Block-wise transfers (RFC 7959): every size and negotiation, faults on the way, what is refused.
 */
#include "coap_kit.h"

static struct coap_settings with(uint8_t szx)
{
    return (struct coap_settings){.szx = szx, .szx_given = true};
}

static struct kit *new_kit(uint8_t client, uint8_t server, uint64_t seed)
{
    const struct coap_settings c = with(client), s = with(server);

    return kit_new(&c, &s, seed);
}

static const size_t sizes[] = {0, 1, 15, 16, 17, 1023, 1024, 1025, 2048, 5000};

START_TEST(down)
{
    for (uint8_t client = 0; client <= COAP_SZX_MAX; client += 2)
        for (uint8_t server = 0; server <= COAP_SZX_MAX; server += 3)
            for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                struct kit *k = new_kit(client, server, 1);
                size_t block = coap_block_size(client < server ? client : server);
                size_t blocks = sizes[i] > block ? (sizes[i] + block - 1) / block : 1;

                k->body = sizes[i];
                k->salt = 3;
                kit_ask(k, COAP_CON, COAP_GET, 0, -1);
                kit_run(k, kit_script(k));
                ck_assert_uint_eq(k->count[0], 1);
                ck_assert_int_eq(k->events[0][0].kind, COAP_ANSWERED);
                ck_assert_uint_eq(k->events[0][0].n, sizes[i]);
                ck_assert_uint_eq(k->events[0][0].sum, kit_sum_of(sizes[i], 3));
                ck_assert_uint_eq(k->served, 1);
                ck_assert_uint_eq(k->pair.side[0].outputs, blocks);
                ck_assert(coap_is_idle(k->e[0]) && coap_is_idle(k->e[1]));
                ck_assert_int_eq(coap_proto(k->e[1])->expiry, SIM_NEVER);
                kit_free(k);
            }
}
END_TEST

/* A refusal with a document comes whole; one with a diagnostic text is cut to what fits. */
START_TEST(refusals)
{
    for (uint8_t szx = 0; szx <= COAP_SZX_MAX; szx += 2)
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            for (int text = 0; text < 2; text++) {
                struct kit *k = new_kit(COAP_SZX_MAX, szx, 4);
                size_t block = coap_block_size(szx);
                size_t want = text && sizes[i] > block ? block : sizes[i];

                k->code = COAP_CONFLICT;
                k->is_text = text;
                k->body = sizes[i];
                k->salt = 3;
                kit_ask(k, COAP_CON, COAP_GET, 0, -1);
                kit_run(k, kit_script(k));
                ck_assert_uint_eq(k->count[0], 1);
                ck_assert_int_eq(k->events[0][0].kind, COAP_ANSWERED);
                ck_assert_uint_eq(k->events[0][0].code, COAP_CONFLICT);
                ck_assert_uint_eq(k->events[0][0].n, want);
                ck_assert_uint_eq(k->events[0][0].sum, kit_sum_of(want, 3));
                ck_assert_uint_eq(k->served, 1);
                ck_assert(coap_is_idle(k->e[0]) && coap_is_idle(k->e[1]));
                kit_free(k);
            }
}
END_TEST

START_TEST(up)
{
    for (uint8_t client = 0; client <= COAP_SZX_MAX; client += 2)
        for (uint8_t server = 0; server <= COAP_SZX_MAX; server += 3)
            for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                struct kit *k = new_kit(client, server, 2);

                kit_ask(k, COAP_CON, COAP_PUT, sizes[i], -1);
                kit_run(k, kit_script(k));
                ck_assert_uint_eq(k->count[0], 1);
                ck_assert_int_eq(k->events[0][0].kind, COAP_ANSWERED);
                ck_assert_uint_eq(k->events[0][0].code, COAP_CHANGED);
                ck_assert_uint_eq(k->served, 1);
                ck_assert_uint_eq(k->last_n, sizes[i]);
                ck_assert_uint_eq(k->last_sum, kit_sum_of(sizes[i], 9));
                ck_assert(coap_is_idle(k->e[0]) && coap_is_idle(k->e[1]));
                ck_assert_int_eq(coap_proto(k->e[1])->expiry, SIM_NEVER);
                kit_free(k);
            }
}
END_TEST

/* Both at once, NON too, and an answer that takes its time. */
START_TEST(up_and_down)
{
    for (int non = 0; non < 2; non++)
        for (int slow = 0; slow < 2; slow++) {
            struct kit *k = new_kit(2, 6, 3);

            k->body = 3000;
            k->delay = slow && !non ? 500 * SIM_MS : 0;
            kit_ask(k, non ? COAP_NON : COAP_CON, COAP_POST, 777, -1);
            kit_run(k, kit_script(k));
            ck_assert_uint_eq(k->count[0], 1);
            ck_assert_int_eq(k->events[0][0].kind, COAP_ANSWERED);
            ck_assert_uint_eq(k->events[0][0].n, 3000);
            ck_assert_uint_eq(k->events[0][0].sum, kit_sum_of(3000, 0));
            ck_assert_uint_eq(k->served, 1);
            ck_assert_uint_eq(k->last_n, 777);
            kit_free(k);
        }
}
END_TEST

START_TEST(every_single_fault)
{
    for (int what = 0; what < 3; what++)
        for (int side = 0; side < 2; side++)
            for (int index = 0; index < 12; index++) {
                struct kit *k = new_kit(4, 4, 4);
                struct pair_script s = kit_script(k);
                uint64_t bit = UINT64_C(1) << index;

                if (what == 0)
                    s.way[side].lose = bit;
                if (what == 1)
                    s.way[side].duplicate = bit;
                if (what == 2) {
                    s.way[side].late = bit;
                    s.way[side].late_by = 5 * SIM_S;
                }
                k->body = 1100;
                kit_ask(k, COAP_CON, COAP_POST, 1200, -1);
                kit_run(k, s);
                ck_assert_uint_eq(k->count[0], 1);
                ck_assert_msg(k->events[0][0].kind == COAP_ANSWERED, "fault %d of %d/%d: %s", what,
                              side, index, reason_text(k->events[0][0].reason));
                ck_assert_uint_eq(k->events[0][0].sum, kit_sum_of(1100, 0));
                ck_assert_uint_eq(k->last_sum, kit_sum_of(1200, 9));
                ck_assert_uint_eq(k->served, 1);
                kit_free(k);
            }
}
END_TEST

/* RFC 7959 2.3: two bodies for one resource go one after the other, and neither is lost. */
START_TEST(two_at_once)
{
    const struct coap_settings many = {.nstart = 8, .szx = 2, .szx_given = true};
    struct kit *k = kit_new(&many, NULL, 5);
    uint32_t exchange[3];

    for (size_t i = 0; i < 3; i++)
        exchange[i] = kit_ask(k, COAP_CON, COAP_PUT, 1000 + 100 * i, -1);
    kit_run(k, kit_script(k));
    ck_assert_uint_eq(k->count[0], 3);
    ck_assert_uint_eq(k->served, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(k->events[0][i].kind, COAP_ANSWERED);
        ck_assert_uint_eq(k->events[0][i].code, COAP_CHANGED);
        ck_assert_uint_eq(k->events[0][i].exchange, exchange[i]);
        ck_assert_uint_eq(k->events[1][i].n, 1000 + 100 * i);
        ck_assert_uint_eq(k->events[1][i].sum, kit_sum_of(1000 + 100 * i, 9));
    }
    kit_free(k);
}
END_TEST

/* The representation changes in the middle, and another request makes the server keep the new one:
 * one or the other, never a mix. */
START_TEST(changed_meanwhile)
{
    struct kit *k = new_kit(4, 4, 5);

    struct pair_script s = kit_script(k);

    k->body = 3000;
    kit_ask(k, COAP_CON, COAP_GET, 0, -1);
    s.limit = 250 * SIM_MS;
    ck_assert_int_eq(pair_run(&k->pair, &s), PAIR_LIMIT);
    k->salt = 77;
    kit_ask(k, COAP_NON, COAP_GET, 0, -1);
    kit_run(k, kit_script(k));
    ck_assert_uint_eq(k->count[0], 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(k->events[0][i].kind, COAP_ANSWERED);
        ck_assert_uint_eq(k->events[0][i].sum, kit_sum_of(3000, 77));
    }
    kit_free(k);
}
END_TEST

/* RFC 7959 2.9.3: 4.13 with the most that is taken; and on the client's side. */
START_TEST(too_large)
{
    const struct coap_settings small = {.max_body = 2000};
    struct kit *k = kit_new(NULL, &small, 6);

    kit_ask(k, COAP_CON, COAP_PUT, 2001, -1);
    kit_run(k, kit_script(k));
    ck_assert_uint_eq(k->events[0][0].code, COAP_ENTITY_TOO_LARGE);
    ck_assert_uint_eq(k->served, 0);
    ck_assert_uint_eq(k->pair.side[0].outputs, 1); /* Size1 told it at once */
    kit_free(k);
    k = kit_new(&small, NULL, 6);
    k->body = 2001;
    kit_ask(k, COAP_CON, COAP_GET, 0, -1);
    kit_run(k, kit_script(k));
    ck_assert_int_eq(k->events[0][0].kind, COAP_FAILED);
    ck_assert_int_eq(k->events[0][0].reason, REASON_COAP_TOO_LARGE);
    kit_free(k);
}
END_TEST

/* ---- by hand, into a server ---- */

static uint8_t code_of(struct kit *k, uint32_t num, bool more, uint8_t szx, size_t n,
                       uint32_t size1)
{
    static uint16_t id;
    struct proto *p = coap_proto(k->e[1]);
    const struct coap_block b = {.num = num, .more = more, .szx = szx};
    uint8_t payload[2048] = {0}, code;
    struct coap_msg m;
    struct buf in, out;

    buf_init(&in, 4096);
    buf_init(&out, 4096);
    coap_msg_init(&m, COAP_CON, COAP_PUT);
    m.id = ++id;
    coap_msg_add_block(&m, COAP_BLOCK1, &b);
    if (size1)
        coap_msg_add_uint(&m, COAP_SIZE1, size1);
    m.payload = span_of(payload, n);
    coap_msg_write(&m, &in);
    p->ops->input(p, 0, buf_span(&in));
    if (!p->ops->output(p, 0, &out))
        code = 0;
    else {
        ck_assert(!coap_msg_parse(buf_span(&out), &m));
        code = m.code;
    }
    buf_clear(&in);
    buf_clear(&out);
    return code;
}

START_TEST(blocks_that_do_not_fit)
{
    const struct coap_settings small = {.max_body = 100};
    struct kit *k = kit_new(NULL, &small, 7);

    ck_assert_uint_eq(code_of(k, 1, true, 0, 16, 0), COAP_ENTITY_INCOMPLETE); /* no first one */
    ck_assert_uint_eq(code_of(k, 0, true, 0, 16, 0), COAP_CONTINUE);
    ck_assert_uint_eq(code_of(k, 2, true, 0, 16, 0), COAP_ENTITY_INCOMPLETE); /* a gap */
    ck_assert_uint_eq(code_of(k, 1, true, 0, 16, 0), COAP_ENTITY_INCOMPLETE); /* all is void */
    ck_assert_uint_eq(code_of(k, 0, true, 0, 15, 0),
                      COAP_BAD_REQUEST); /* short, and more to come */
    ck_assert_uint_eq(code_of(k, 0, true, 0, 17, 0), COAP_BAD_REQUEST);
    ck_assert_uint_eq(code_of(k, 0, false, 0, 17, 0), COAP_BAD_REQUEST);
    ck_assert_uint_eq(code_of(k, 0, true, 7, 16, 0), COAP_BAD_REQUEST); /* reserved */
    ck_assert_uint_eq(code_of(k, 0, true, 0, 16, 101), COAP_ENTITY_TOO_LARGE);
    for (uint32_t i = 0; i < 6; i++)
        ck_assert_uint_eq(code_of(k, i, true, 0, 16, 0), COAP_CONTINUE);
    ck_assert_uint_eq(code_of(k, 6, true, 0, 16, 0), COAP_ENTITY_TOO_LARGE);
    for (uint32_t i = 0; i < 6; i++)
        ck_assert_uint_eq(code_of(k, i, true, 0, 16, 0), COAP_CONTINUE);
    ck_assert_uint_eq(code_of(k, 6, false, 0, 4, 0), 0); /* the node is asked */
    ck_assert_int_eq(coap_event(k->e[1])->kind, COAP_REQUESTED);
    ck_assert_uint_eq(coap_event(k->e[1])->message.payload.n, 100);
    kit_free(k);
}
END_TEST

/* What is neither finished nor gone on with is forgotten after EXCHANGE_LIFETIME. */
START_TEST(left_half_done)
{
    struct kit *k = kit_new(NULL, NULL, 8);
    struct proto *p = coap_proto(k->e[1]);

    ck_assert_uint_eq(code_of(k, 0, true, 0, 16, 0), COAP_CONTINUE);
    ck_assert_int_eq(p->expiry, 247 * SIM_S);
    p->ops->expire(p, 247 * SIM_S);
    ck_assert_int_eq(p->expiry, SIM_NEVER);
    ck_assert_uint_eq(code_of(k, 1, false, 0, 16, 0), COAP_ENTITY_INCOMPLETE);
    kit_free(k);
}
END_TEST

/* A server that answers blocks wrongly: the client fails, and never puts a wrong body together. */
struct liar {
    struct coap_block b;
    size_t n;
    enum coap_code code;
    uint16_t option;
    enum reason want;
};

static void lie(const struct liar *how, size_t body)
{
    struct kit *k = new_kit(0, 0, 9);
    struct proto *p = coap_proto(k->e[0]);
    uint8_t payload[64] = {0};
    struct coap_msg request, m;
    struct buf out, in;

    buf_init(&out, 4096);
    buf_init(&in, 4096);
    kit_ask(k, COAP_CON, COAP_PUT, body, -1);
    ck_assert(p->ops->output(p, 0, &out));
    ck_assert(!coap_msg_parse(buf_span(&out), &request));
    coap_msg_init(&m, COAP_ACK, (uint8_t)how->code);
    m.id = request.id;
    m.token_n = request.token_n;
    memcpy(m.token, request.token, m.token_n);
    if (how->option)
        coap_msg_add_block(&m, (enum coap_option_number)how->option, &how->b);
    m.payload = span_of(payload, how->n);
    coap_msg_write(&m, &in);
    p->ops->input(p, 0, buf_span(&in));
    ck_assert_ptr_nonnull(coap_event(k->e[0]));
    ck_assert_int_eq(coap_event(k->e[0])->kind, COAP_FAILED);
    ck_assert_int_eq(coap_event(k->e[0])->reason, how->want);
    buf_clear(&out);
    buf_clear(&in);
    kit_free(k);
}

START_TEST(wrong_answers)
{
    static const struct liar liars[] = {
        {{.num = 1, .more = true}, 0, COAP_CONTINUE, COAP_BLOCK1, REASON_COAP_BLOCKS},
        {{0}, 0, COAP_CONTINUE, 0, REASON_COAP_BLOCKS},
        {{.szx = 7}, 0, COAP_CONTINUE, COAP_BLOCK1, REASON_COAP_BLOCKS},
        {{.num = 1}, 5, COAP_CHANGED, COAP_BLOCK2, REASON_COAP_BLOCKS},
    };
    static const struct liar of_one[] = {
        {{.num = 1}, 5, COAP_CHANGED, COAP_BLOCK2, REASON_COAP_BLOCKS},
        {{.num = 0, .more = true}, 15, COAP_CHANGED, COAP_BLOCK2, REASON_COAP_BLOCKS},
        {{.num = 0}, 17, COAP_CHANGED, COAP_BLOCK2, REASON_COAP_BLOCKS},
        {{.szx = 7}, 17, COAP_CHANGED, COAP_BLOCK2, REASON_COAP_BLOCKS},
        {{0}, 0, COAP_CONTINUE, COAP_BLOCK1, REASON_COAP_BLOCKS},
    };

    for (size_t i = 0; i < sizeof(liars) / sizeof(liars[0]); i++)
        lie(&liars[i], 40);
    for (size_t i = 0; i < sizeof(of_one) / sizeof(of_one[0]); i++)
        lie(&of_one[i], 10);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("coap_block");
    TCase *c = tcase_create("coap_block");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(c, down);
    tcase_add_test(c, refusals);
    tcase_add_test(c, up);
    tcase_add_test(c, up_and_down);
    tcase_add_test(c, every_single_fault);
    tcase_add_test(c, two_at_once);
    tcase_add_test(c, changed_meanwhile);
    tcase_add_test(c, too_large);
    tcase_add_test(c, blocks_that_do_not_fit);
    tcase_add_test(c, left_half_done);
    tcase_add_test(c, wrong_answers);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
