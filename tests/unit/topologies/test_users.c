/* The users file: what is read, what is refused and where, and what an EAP server is told of it. */
#include "topologies/users.h"

#include "crypto/entity.h"
#include "crypto/hash.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define KEY64 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY32 "000102030405060708090a0b0c0d0e0f"
#define K     "90dca4eda45b53cf0f12d7c9c3bc6a89"
#define OPC   "cb9cccc4b9258e6dca4760379fb82581"

static const char whole[] =
    "# users of the interoperability tests\n"
    "\n"
    "\"gpsk user\" gpsk " KEY64 "   # a remark\n"
    "psk-user\tpsk\t" KEY32 "\r\n"
    "  *  aka,aka-prime,sim 232010000000000 " K " " OPC " 8000 000000000041\n"
    "0232010000000001@m2m.example aka 232010000000001 " K " " OPC " 0000 00000000ffff\n"
    "device-1 tls \"CN of device 1\"\n"
    "00112233445566778899aabbccddeeff kmc 4711:3 " KEY64 "\n"
    "10112233445566778899AABBCCDDEEFF kmc 4712:1 " KEY64 " " KEY64;

static struct users *parse(const char *text)
{
    struct diag_list *diags = diag_list_new();
    struct users *u = users_parse("users", text, strlen(text), diags);

    if (!u)
        diag_print(diags, stderr, false);
    ck_assert_ptr_nonnull(u);
    ck_assert_uint_eq(diag_size(diags), 0);
    diag_list_free(diags);
    return u;
}

START_TEST(reads_each_kind)
{
    struct users *u = parse(whole);
    const struct user *one = users_at(u, 0);

    ck_assert_uint_eq(users_count(u), 7);
    ck_assert_str_eq(one->identity, "gpsk user");
    ck_assert_uint_eq(one->method_count, 1);
    ck_assert_ptr_eq(one->methods[0], &eap_method_gpsk);
    ck_assert_int_eq(one->kind, USER_KEY);
    for (int i = 0; i < 32; i++)
        ck_assert_uint_eq(one->key[i], i);
    ck_assert_int_eq(one->line, 3);
    one = users_at(u, 1);
    ck_assert_ptr_eq(one->methods[0], &eap_method_psk);
    ck_assert_uint_eq(one->key[15], 15);
    ck_assert_uint_eq(one->key[16], 0);
    one = users_at(u, 2);
    ck_assert_str_eq(one->identity, "*");
    ck_assert_uint_eq(one->method_count, 3);
    ck_assert_ptr_eq(one->methods[1], &eap_method_aka_prime);
    ck_assert_str_eq(one->imsi, "232010000000000");
    ck_assert_uint_eq(one->auc.seq, 2);
    ck_assert_uint_eq(one->auc.amf[0], 0x80);
    ck_assert_uint_eq(one->auc.k[0], 0x90);
    one = users_at(u, 4);
    ck_assert_int_eq(one->kind, USER_CERTIFICATE);
    ck_assert_str_eq(one->certificate_name, "CN of device 1");
    one = users_at(u, 5);
    ck_assert_int_eq(one->kind, USER_SCL);
    ck_assert_uint_eq(one->scl.node_id[1], 0x11);
    ck_assert_uint_eq(one->scl.connection_id, 4711);
    ck_assert_uint_eq(one->scl.kmc_index, 3);
    ck_assert_uint_eq(one->key[31], 31);
    ck_assert(!one->scl.ival_capable);
    ck_assert(users_at(u, 6)->scl.ival_capable);
    users_free(u);
    users_free(NULL);
}
END_TEST

static const struct {
    const char *text, *code;
    int line, column;
    const char *says;
} wrong[] = {
    {"", "U110", 0, 0, "no users"},
    {"# nobody\n\n", "U110", 0, 0, "no users"},
    {"a\n", "U103", 1, 1, "IDENTITY METHODS CREDENTIAL"},
    {"a gpsk\n", "U103", 1, 1, "IDENTITY METHODS"},
    {"a gpsk " KEY64 " more\n", "U103", 1, 1, "IDENTITY gpsk KEY"},
    {"a aka 232010000000000 " K "\n", "U103", 1, 1, "IMSI K OPC AMF SQN"},
    {"a b c d e f g h i j\n", "U103", 1, 17, "more words"},
    {"a tls b c\n", "U103", 1, 1, "NAME-IN-CERTIFICATE"},
    {"\n  \"a gpsk " KEY64 "\n", "U102", 2, 3, "closing"},
    {"\"\" psk " KEY32 "\n", "U111", 1, 1, "nothing between"},
    {"a gpks " KEY64 "\n", "U104", 1, 3, "did you mean 'gpsk'"},
    {"a aka,akaprime 1\n", "U104", 1, 7, "'aka-prime'"},
    {"a aka, 1\n", "U104", 1, 7, "unknown method ''"},
    {"a ibake 1\n", "U104", 1, 3, "unknown method 'ibake'"},
    {"a aka,gpsk 1\n", "U105", 1, 7, "'aka' and 'gpsk'"},
    {"a gpsk,psk " KEY64 "\n", "U105", 1, 8, "'gpsk' and 'psk'"},
    {"a gpsk " KEY32 "\n", "U106", 1, 8, "64 hex digits"},
    {"a psk " KEY64 "\n", "U106", 1, 7, "32 hex digits"},
    {"a psk 0001020304050607x8090a0b0c0d0e0f\n", "U106", 1, 7, "32 hex digits"},
    {"* aka 232010000000000 " K " " OPC "00 8000 000000000000\n", "U106", 1, 56, "OPC is 32"},
    {"* aka 232010000000000 " K " " OPC " 80 000000000000\n", "U106", 1, 89, "AMF is 4"},
    {"* aka 232010000000000 " K " " OPC " 8000 32\n", "U106", 1, 94, "SQN is 12"},
    {"* aka 23201x " K " " OPC " 8000 000000000000\n", "U107", 1, 7, "IMSI"},
    {"* aka 2320100000000000 " K " " OPC " 8000 000000000000\n", "U107", 1, 7, "IMSI"},
    {K " kmc 1:2\n", "U103", 1, 1, "NODE-ID kmc"},
    {K " kmc 1:2 " KEY64 " " KEY64 " more\n", "U103", 1, 1, "KMC [KIVAL]"},
    {"a kmc 1:2 " KEY64 "\n", "U106", 1, 1, "Node-ID is 32"},
    {K " kmc 1 " KEY64 "\n", "U112", 1, 38, "KmcIndex"},
    {K " kmc 1:2 " KEY32 "\n", "U106", 1, 42, "Kmc is 64"},
    {K " kmc 1:2 " KEY64 " 00\n", "U106", 1, 107, "K_IVal is 64"},
    {K " kmx 1:2 " KEY64 "\n", "U104", 1, 34, "did you mean 'kmc'"},
    {K " kmc 1:2 " KEY64 "\n" K " kmc 3:4 " KEY64 "\n", "U108", 2, 1, "line 1"},
    {"* psk " KEY32 "\n", "U107", 1, 1, "for subscribers"},
    {"a psk " KEY32 "\nb psk " KEY32 "\na psk " KEY32 "\n", "U108", 3, 1, "line 1"},
    {"* aka 232010000000000 " K " " OPC " 8000 000000000000\n"
     "b sim 232010000000000 " K " " OPC " 8000 000000000000\n",
     "U108", 2, 7, "IMSI stands in line 1"},
};

START_TEST(an_scl_is_nobody_to_eap)
{
    struct users *u = parse(K " kmc 1:2 " KEY64);
    struct eap_query q = {.kind = EAP_QUERY_USER, .identity = K};
    struct proto_env env = {0};
    struct eap_answer a;

    users_answer(u, &env, &q, &a);
    ck_assert_int_eq(a.reason, REASON_EAP_IDENTITY);
    ck_assert_uint_eq(a.method_count, 0);
    users_free(u);
}
END_TEST

START_TEST(says_what_is_wrong_and_where)
{
    struct diag_list *diags = diag_list_new();
    const struct diag *d;

    ck_assert_ptr_null(users_parse("users", wrong[_i].text, strlen(wrong[_i].text), diags));
    ck_assert_uint_eq(diag_size(diags), 1);
    d = diag_at(diags, 0);
    ck_assert_str_eq(d->code, wrong[_i].code);
    ck_assert_msg(d->line == wrong[_i].line && d->column == wrong[_i].column, "%d:%d: %s", d->line,
                  d->column, d->text);
    ck_assert_msg(strstr(d->text, wrong[_i].says) != NULL, "%s", d->text);
    diag_list_free(diags);
}
END_TEST

START_TEST(all_mistakes_at_once)
{
    static const char text[] = "a gpks 1\nb psk " KEY32 "\nc psk 12\n";
    struct diag_list *diags = diag_list_new();
    char *long_word = calloc(1, 400);

    ck_assert_ptr_null(users_parse("users", text, strlen(text), diags));
    ck_assert_uint_eq(diag_size(diags), 2);
    memset(long_word, 'a', 300);
    ck_assert_ptr_null(users_parse("users", long_word, strlen(long_word), diags));
    ck_assert_ptr_null(users_parse("users", "a\0b psk 1", 9, diags));
    ck_assert_uint_eq(diag_size(diags), 4);
    ck_assert_ptr_null(users_read("/proc/nowhere", diags));
    ck_assert_uint_eq(diag_size(diags), 5);
    free(long_word);
    diag_list_free(diags);
}
END_TEST

/* ---- answers ---- */

static struct rng stream;
static struct meter meter;
static struct proto_env env = {.stream = &stream, .meter = &meter};

static struct eap_answer ask_user(struct users *u, const char *identity)
{
    struct eap_query q = {.kind = EAP_QUERY_USER};
    struct eap_answer a;

    stream = rng_stream(1, "users", "test");
    strcpy(q.identity, identity);
    users_answer(u, &env, &q, &a);
    return a;
}

START_TEST(knows_its_users)
{
    struct users *u = parse(whole);
    struct eap_answer a = ask_user(u, "gpsk user");

    ck_assert_int_eq(a.reason, REASON_NONE);
    ck_assert(a.has_psk && a.psk[31] == 31);
    ck_assert_uint_eq(a.method_count, 1);
    a = ask_user(u, "device-1");
    ck_assert_str_eq(a.certificate_name, "CN of device 1");
    ck_assert(!a.has_psk);
    a = ask_user(u, "nobody");
    ck_assert_int_eq(a.reason, REASON_EAP_IDENTITY);
    a = ask_user(u, "");
    ck_assert_int_eq(a.reason, REASON_EAP_IDENTITY);
    a = ask_user(u, "*");
    ck_assert_int_eq(a.reason, REASON_EAP_IDENTITY);
    users_free(u);
}
END_TEST

START_TEST(knows_its_subscribers)
{
    struct users *u = parse(whole);
    struct eap_answer a = ask_user(u, "6232010000000000@m2m.example");

    /* the digit's method in front, the others as they stand */
    ck_assert_uint_eq(a.method_count, 3);
    ck_assert_ptr_eq(a.methods[0], &eap_method_aka_prime);
    ck_assert_ptr_eq(a.methods[1], &eap_method_aka);
    ck_assert_ptr_eq(a.methods[2], &eap_method_sim);
    ck_assert_str_eq(a.permanent, "6232010000000000@m2m.example");
    a = ask_user(u, "1232010000000000");
    ck_assert_ptr_eq(a.methods[0], &eap_method_sim);
    /* another subscriber; and one that there is not */
    a = ask_user(u, "0232010000000001@elsewhere");
    ck_assert_uint_eq(a.method_count, 1);
    a = ask_user(u, "0232010000000002@m2m.example");
    ck_assert_int_eq(a.reason, REASON_EAP_IDENTITY);
    /* temporary identities that we never gave out */
    a = ask_user(u, "2some-pseudonym@m2m.example");
    ck_assert_int_eq(a.reason, REASON_NONE);
    ck_assert_uint_eq(a.method_count, 1);
    ck_assert_ptr_eq(a.methods[0], &eap_method_aka);
    ck_assert_str_eq(a.permanent, "");
    users_free(u);
    u = parse("a psk " KEY32 "\n");
    a = ask_user(u, "2some-pseudonym@m2m.example");
    ck_assert_int_eq(a.reason, REASON_EAP_IDENTITY);
    users_free(u);
}
END_TEST

START_TEST(keeps_what_is_for_the_next_time)
{
    struct users *u = parse(whole);
    struct eap_reauth first = {.pseudonym = "2abc@m2m.example", .identity = "4def@m2m.example"};
    struct eap_reauth second = {.pseudonym = "2ghi"};
    struct eap_answer a;

    first.counter = 5;
    users_keep(u, "0232010000000000@m2m.example", &first);
    for (int i = 0; i < 2; i++) {
        a = ask_user(u, i ? "4def@another.realm" : "2abc");
        ck_assert_str_eq(a.permanent, "0232010000000000@m2m.example");
        ck_assert_uint_eq(a.method_count, 3);
        ck_assert_ptr_eq(a.methods[0], &eap_method_aka);
        ck_assert_ptr_nonnull(a.reauth);
        ck_assert_uint_eq(a.reauth->counter, 5);
    }
    users_keep(u, "0232010000000000@m2m.example", &second);
    a = ask_user(u, "2abc");
    ck_assert_str_eq(a.permanent, "");
    a = ask_user(u, "4def@m2m.example");
    ck_assert_str_eq(a.permanent, "");
    a = ask_user(u, "2ghi@m2m.example");
    ck_assert_str_eq(a.permanent, "0232010000000000@m2m.example");
    /* nobody's: nothing happens */
    users_keep(u, "0232010000000077@m2m.example", &first);
    users_keep(u, "gpsk user", &first);
    a = ask_user(u, "2abc");
    ck_assert_str_eq(a.permanent, "");
    users_free(u);
}
END_TEST

START_TEST(gives_vectors)
{
    struct users *u = parse(whole);
    struct eap_query q = {.kind = EAP_QUERY_UMTS, .imsi = "232010000000000", .separation = true};
    struct eap_answer a;
    struct uicc card;
    struct uicc_response r;
    uint8_t amf[2];

    uicc_init(&card, q.imsi, 2, users_at(u, 2)->auc.k, users_at(u, 2)->auc.opc);
    stream = rng_stream(1, "users", "test");
    users_answer(u, &env, &q, &a);
    ck_assert_int_eq(uicc_authenticate(&card, NULL, a.vector.rand, a.vector.autn, &r, amf),
                     UICC_OK);
    ck_assert_mem_eq(r.res, a.vector.xres, a.vector.xres_n);
    ck_assert_uint_eq(amf[0], 0x80);
    /* a card used elsewhere: its AUTS brings them together */
    uicc_set_sqn(&card, UINT64_C(1) << 20);
    users_answer(u, &env, &q, &a);
    ck_assert_int_eq(uicc_authenticate(&card, NULL, a.vector.rand, a.vector.autn, &r, amf),
                     UICC_SYNC_FAILURE);
    q.kind = EAP_QUERY_RESYNC;
    memcpy(q.rand, a.vector.rand, 16);
    memcpy(q.auts, r.auts, 14);
    q.auts[13] ^= 1;
    users_answer(u, &env, &q, &a);
    ck_assert_int_eq(a.reason, REASON_AKA_SYNC);
    q.auts[13] ^= 1;
    users_answer(u, &env, &q, &a);
    ck_assert_int_eq(a.reason, REASON_NONE);
    ck_assert_int_eq(uicc_authenticate(&card, NULL, a.vector.rand, a.vector.autn, &r, amf),
                     UICC_OK);

    q = (struct eap_query){.kind = EAP_QUERY_GSM, .imsi = "232010000000001", .count = 9};
    users_answer(u, &env, &q, &a);
    ck_assert_uint_eq(a.triplet_count, 3);
    ck_assert_mem_ne(a.triplets[0].rand, a.triplets[2].rand, 16);
    strcpy(q.imsi, "232010000000009");
    users_answer(u, &env, &q, &a);
    ck_assert_int_eq(a.reason, REASON_EAP_NOT_SUBSCRIBED);
    users_free(u);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("users");
    TCase *tc = tcase_create("users");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_add_test(tc, reads_each_kind);
    tcase_add_test(tc, an_scl_is_nobody_to_eap);
    tcase_add_loop_test(tc, says_what_is_wrong_and_where, 0,
                        (int)(sizeof(wrong) / sizeof(wrong[0])));
    tcase_add_test(tc, all_mistakes_at_once);
    tcase_add_test(tc, knows_its_users);
    tcase_add_test(tc, knows_its_subscribers);
    tcase_add_test(tc, keeps_what_is_for_the_next_time);
    tcase_add_test(tc, gives_vectors);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
