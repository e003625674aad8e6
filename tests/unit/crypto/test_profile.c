#include "check_main.h"

#include "crypto/profile.h"

#include <stdio.h>
#include <unistd.h>

#define HEAD "profile p\nsource \"s\"\nclass m4 \"a part\"\n"

static struct profile *parse(const char *text)
{
    struct diag_list *l = diag_list_new();
    struct profile *p = profile_parse("t.profile", text, strlen(text), l);
    if (!p)
        diag_print(l, stderr, false);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(diag_size(l), 0);
    diag_list_free(l);
    return p;
}

START_TEST(good)
{
    static const char text[] =
        "# first\n\n"
        "profile my-1.2_x # a name\n"
        "source \"so # so\"\r\n"
        "class m4 \"a part\"\n"
        "\tpower 24.5 mW estimate \"e\"\n"
        "private rsa-2048 3746 ms samples 12 source \"row\"\n"
        "digest sha-256 1.5 us + 851.5 ns/B scaled \"row 2\"  # end\n"
        "mac hmac-sha-1 0 ns + 2 ns/B energy 3 nJ + 0.25 nJ/B estimate \"x\"\n"
        "class server \"big\"\n"
        "private rsa-2048 252 us source \"row\"";
    struct profile *p = parse(text);
    ck_assert_str_eq(profile_name(p), "my-1.2_x");
    ck_assert_str_eq(profile_source(p), "so # so");
    ck_assert_str_eq(profile_text(p), text);
    uint8_t sum[32];
    hash_sha256(NULL, span_str(text), sum);
    ck_assert_mem_eq(profile_sha256(p), sum, 32);
    ck_assert_uint_eq(profile_class_count(p), 2);
    ck_assert_str_eq(profile_class_name(profile_class_at(p, 1)), "server");
    ck_assert_ptr_null(profile_class_at(p, 2));
    ck_assert_ptr_null(profile_class_find(p, "m5"));
    const struct profile_class *m4 = profile_class_find(p, "m4");
    ck_assert_str_eq(profile_class_text(m4), "a part");
    struct profile_cost cost;
    ck_assert(profile_cost_of(m4, OP_RSA2048_PRIVATE, &cost));
    ck_assert_double_eq(cost.per_call_ns, 3746e6);
    ck_assert_double_eq(cost.per_octet_ns, 0);
    ck_assert_double_eq(cost.per_call_nj, 3746e6 * 24.5e-3);
    ck_assert_uint_eq(cost.samples, 12);
    ck_assert_str_eq(cost.source, "row");
    ck_assert(profile_cost_of(m4, OP_SHA256, &cost));
    ck_assert_double_eq(cost.per_call_ns, 1500);
    ck_assert_double_eq(cost.per_octet_ns, 851.5);
    ck_assert_str_eq(cost.source, "scaled from row 2");
    ck_assert(profile_cost_of(m4, OP_HMAC_SHA1, &cost));
    ck_assert_double_eq(cost.per_call_nj, 3);
    ck_assert_double_eq(cost.per_octet_nj, 0.25);
    ck_assert_str_eq(cost.source, "estimate: x");
    ck_assert(!profile_cost_of(m4, OP_SHA1, &cost));
    const struct profile_class *server = profile_class_find(p, "server");
    ck_assert(profile_cost_of(server, OP_RSA2048_PRIVATE, &cost));
    ck_assert_double_eq(cost.per_call_nj, 0); /* no power given */
    profile_free(p);
    profile_free(NULL);
}
END_TEST

/* A mistake, where it is and its code. */
static const struct {
    const char *text;
    int line, column;
    const char *code, *says;
} broken[] = {
    {"", 0, 0, "P102", "empty"},
    {"# nothing\n\n", 0, 0, "P102", "empty"},
    {"source \"s\"\n", 1, 1, "P102", "profile NAME"},
    {"profile\n", 1, 8, "P113", "name of the profile"},
    {"profile a/b\n", 1, 9, "P113", "letters"},
    {"profile a b\n", 1, 11, "P111", "nothing more"},
    {"profile a\nprofile b\n", 2, 1, "P108", "already"},
    {"profile a\nsource s\n", 2, 8, "P112", "double quotes"},
    {"profile a\nsource \"s\n", 2, 8, "P112", "closing"},
    {"profile a\nsource \"\"\n", 2, 8, "P112", "empty"},
    {"profile a\nsource \"s\"\nsource \"s\"\n", 3, 1, "P108", "already"},
    {"profile a\nsource \"s\"\n", 0, 0, "P114", "no class"},
    {"profile a\nclass x \"x\"\n", 0, 0, "P114", "no 'source'"},
    {"profile a\nsource \"s\"\npower 3 mW estimate \"e\"\n", 3, 1, "P109", "no class"},
    {"profile a\nsource \"s\"\nprivate rsa-2048 3 ms estimate \"e\"\n", 3, 1, "P109", "no class"},
    {"profile a\nsource \"s\"\nclass x\n", 3, 8, "P112", "what the class is"},
    {HEAD "class m4 \"again\"\n", 4, 7, "P108", "'m4'"},
    {HEAD "power 3 mW source\n", 4, 18, "P112", "double quotes"},
    {HEAD "power 3 mV source \"e\"\n", 4, 9, "P105", "not 'mV'"},
    {HEAD "power 3 mW source \"e\"\npower 3 mW source \"e\"\n", 5, 1, "P108", "already"},
    {HEAD "powr 3 mW source \"e\"\n", 4, 1, "P103", "did you mean 'power'"},
    {HEAD "  privte rsa-2048 3 ms source \"e\"\n", 4, 3, "P103", "did you mean 'private'"},
    {HEAD "zzzzzzzz\n", 4, 1, "P103", "unknown word"},
    {HEAD "private rsa-2084 3 ms source \"e\"\n", 4, 9, "P107", "did you mean 'rsa-2048'"},
    {HEAD "private\n", 4, 8, "P107", "no algorithm ''"},
    {HEAD "digest sha-1\n", 4, 13, "P104", "expected a number"},
    {HEAD "digest sha-1 fast source \"e\"\n", 4, 14, "P104", "expected a number"},
    {HEAD "digest sha-1 3ms source \"e\"\n", 4, 14, "P104", "a space"},
    {HEAD "digest sha-1 -3 ms source \"e\"\n", 4, 14, "P104", "expected a number"},
    {HEAD "digest sha-1 1e3 ns source \"e\"\n", 4, 14, "P104", "expected a number"},
    {HEAD "digest sha-1 .5 ns source \"e\"\n", 4, 14, "P104", "expected a number"},
    {HEAD "digest sha-1 5. ns source \"e\"\n", 4, 14, "P104", "expected a number"},
    {HEAD "digest sha-1 1.2.3 ns source \"e\"\n", 4, 14, "P104", "expected a number"},
    {HEAD "digest sha-1 3\n", 4, 15, "P105", "expected a unit"},
    {HEAD "digest sha-1 3 source \"e\"\n", 4, 16, "P105", "not 'source'"},
    {HEAD "digest sha-1 3 min source \"e\"\n", 4, 16, "P105", "not 'min'"},
    {HEAD "digest sha-1 3 ns/B source \"e\"\n", 4, 16, "P105", "not 'ns/B'"},
    {HEAD "digest sha-1 3 ns + 4 ns source \"e\"\n", 4, 23, "P105", "ns/B"},
    {HEAD "digest sha-1 3 ns + source \"e\"\n", 4, 21, "P104", "expected a number"},
    {HEAD "digest sha-1 3601 s source \"e\"\n", 4, 14, "P106", "more than"},
    {HEAD "digest sha-1 3 ns + 1.1 s/B source \"e\"\n", 4, 21, "P106", "more than"},
    {HEAD "digest sha-1 99999999999999999999 ns source \"e\"\n", 4, 14, "P106", "17 digits"},
    {HEAD "digest sha-1 0.000000000000000000000000000000000000000000001 s source \"e\"\n", 4, 14,
     "P106", "17 digits"},
    {HEAD "digest sha-1 3 ns\n", 4, 18, "P110", "where the figure comes from"},
    {HEAD "digest sha-1 3 ns sorce \"e\"\n", 4, 19, "P110", "did you mean 'source'"},
    {HEAD "digest sha-1 3 ns \"e\"\n", 4, 19, "P110", "source"},
    {HEAD "digest sha-1 3 ns source \"e\" 5\n", 4, 30, "P111", "nothing more"},
    {HEAD "digest sha-1 3 ns source \"e\"\ndigest sha-1 4 ns source \"e\"\n", 5, 8, "P108",
     "digest sha-1"},
    {HEAD "digest sha-1 3 ns samples x source \"e\"\n", 4, 27, "P104", "whole number"},
    {HEAD "digest sha-1 3 ns samples 1.5 source \"e\"\n", 4, 27, "P104", "whole number"},
    {HEAD "digest sha-1 3 ns samples 4294967296 source \"e\"\n", 4, 27, "P106", "samples"},
    {HEAD "digest sha-1 3 ns energy source \"e\"\n", 4, 26, "P104", "expected a number"},
    {HEAD "digest sha-1 3 ns energy 3 ns source \"e\"\n", 4, 28, "P105", "nJ"},
    {HEAD "digest sha-1 3 ns energy 1001 J source \"e\"\n", 4, 26, "P106", "more than"},
    {HEAD "digest sha-1\x01 3 ns source \"e\"\n", 4, 13, "P101", "control"},
};

START_TEST(mistakes)
{
    struct diag_list *l = diag_list_new();
    ck_assert_ptr_null(profile_parse("t.profile", broken[_i].text, strlen(broken[_i].text), l));
    ck_assert_uint_eq(diag_size(l), 1);
    const struct diag *d = diag_at(l, 0);
    ck_assert_str_eq(d->file, "t.profile");
    ck_assert_msg(!strcmp(d->code, broken[_i].code) && d->line == broken[_i].line &&
                      d->column == broken[_i].column && strstr(d->text, broken[_i].says),
                  "case %d, '%s': %d:%d %s %s", _i, broken[_i].text, d->line, d->column, d->code,
                  d->text);
    ck_assert_int_eq(d->severity, DIAG_ERROR);
    diag_list_free(l);
}
END_TEST

START_TEST(all_mistakes_at_once)
{
    static const char text[] = HEAD "digest sha-1 3\nfoo\ndigest sha-2 3 ns source \"e\"\n"
                                    "class bad/name \"t\"\ndigest sha-256 3 ns source \"e\"\n";
    struct diag_list *l = diag_list_new();
    ck_assert_ptr_null(profile_parse("t.profile", text, sizeof text - 1, l));
    ck_assert_uint_eq(diag_size(l), 4);
    ck_assert_int_eq(diag_at(l, 3)->line, 7);
    diag_list_free(l);
    l = diag_list_new();
    ck_assert_ptr_null(profile_parse("t.profile", "profile \0a", 10, l)); /* NUL */
    ck_assert_uint_eq(diag_size(l), 1);
    ck_assert_str_eq(diag_at(l, 0)->code, "P101");
    diag_list_free(l);
}
END_TEST

START_TEST(files)
{
    struct diag_list *l = diag_list_new();
    ck_assert_ptr_null(profile_read("/nowhere/x.profile", l));
    ck_assert_uint_eq(diag_size(l), 1);
    ck_assert_str_eq(diag_at(l, 0)->code, "P100");
    diag_list_free(l);
    l = diag_list_new();
    ck_assert_ptr_null(profile_read("/", l)); /* opens, cannot be read */
    ck_assert_str_eq(diag_at(l, 0)->code, "P100");
    diag_list_free(l);
    /* Too large: refused, not cut. */
    char path[] = "/tmp/m2m-profile-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_eq(ftruncate(fd, 2 * 1024 * 1024), 0);
    close(fd);
    l = diag_list_new();
    ck_assert_ptr_null(profile_read(path, l));
    ck_assert_uint_eq(diag_size(l), 1);
    ck_assert_str_eq(diag_at(l, 0)->code, "P101");
    diag_list_free(l);
    unlink(path);
}
END_TEST

static struct profile_price price(const char *figure, enum meter_op op, uint32_t calls,
                                  uint32_t octets)
{
    char text[512];
    snprintf(text, sizeof text, HEAD "%s\n", figure);
    struct profile *p = parse(text);
    struct meter m = {0};
    meter_add(&m, op, calls, octets);
    struct profile_price got = profile_price(profile_class_at(p, 0), &m);
    ck_assert_int_eq(got.crypto_ns + got.other_ns,
                     profile_price_op(profile_class_at(p, 0), op, m.use[op]));
    profile_free(p);
    return got;
}

START_TEST(rounding)
{
    /* Half up, at the nanosecond, once for each operation. */
    ck_assert_int_eq(price("digest sha-1 0.5 ns estimate \"e\"", OP_SHA1, 1, 0).crypto_ns, 1);
    ck_assert_int_eq(price("digest sha-1 0.499 ns estimate \"e\"", OP_SHA1, 1, 0).crypto_ns, 0);
    ck_assert_int_eq(price("digest sha-1 0.5 ns estimate \"e\"", OP_SHA1, 3, 0).crypto_ns, 2);
    /* Half up at the picosecond when reading: 0.0005 ns is 1 ps. */
    ck_assert_int_eq(price("digest sha-1 0.0005 ns estimate \"e\"", OP_SHA1, 1000, 0).crypto_ns, 1);
    ck_assert_int_eq(price("digest sha-1 0.00049 ns estimate \"e\"", OP_SHA1, 1000, 0).crypto_ns,
                     0);
    ck_assert_int_eq(
        price("digest sha-1 0 ns + 851.5 ns/B estimate \"e\"", OP_SHA1, 7, 3).crypto_ns, 2555);
    ck_assert_int_eq(price("digest sha-1 1 us + 0.1 ns/B estimate \"e\"", OP_SHA1, 2, 15).crypto_ns,
                     2002); /* 2001.5 */
    struct profile_price p =
        price("document xml 2 us + 1 ns/B estimate \"e\"", OP_XML_DOCUMENT, 1, 9);
    ck_assert_int_eq(p.crypto_ns, 0);
    ck_assert_int_eq(p.other_ns, 2009);
    /* The most there is does not overflow. */
    p = price("digest sha-1 3600 s + 1 s/B energy 1000 J + 1 J/B estimate \"e\"", OP_SHA1,
              UINT32_MAX, UINT32_MAX);
    ck_assert_int_gt(p.crypto_ns, INT64_MAX / 100);
    ck_assert_int_gt(p.energy_nj, INT64_MAX / 100);
}
END_TEST

START_TEST(energy)
{
    struct profile_price p =
        price("power 24 mW estimate \"e\"\nprivate rsa-2048 3746 ms source \"r\"",
              OP_RSA2048_PRIVATE, 1, 0);
    ck_assert_int_eq(p.crypto_ns, INT64_C(3746000000));
    ck_assert_int_eq(p.energy_nj, INT64_C(89904000)); /* 89.9 mJ */
    p = price("power 24 mW estimate \"e\"\nprivate rsa-2048 3746 ms energy 7 mJ + 1 nJ/B source "
              "\"r\"",
              OP_RSA2048_PRIVATE, 2, 5);
    ck_assert_int_eq(p.energy_nj, 14000005);
    p = price("power 0.5 uW estimate \"e\"\ndigest sha-1 1 ms source \"r\"", OP_SHA1, 1, 0);
    ck_assert_int_eq(p.energy_nj, 1); /* 0.5 uW reads as 1 uW, half up: 1 nJ */
    p = price("digest sha-1 1 ms source \"r\"", OP_SHA1, 1, 0);
    ck_assert_int_eq(p.energy_nj, 0);
}
END_TEST

START_TEST(sums)
{
    struct profile *p = parse(HEAD "digest sha-1 0.5 ns source \"r\"\ndigest sha-256 0.5 ns source "
                                   "\"r\"\naccess store 10 ns source \"r\"\n");
    struct meter m = {0};
    meter_add(&m, OP_SHA1, 1, 0);
    meter_add(&m, OP_SHA256, 1, 0);
    meter_add(&m, OP_DB_ACCESS, 2, 0);
    meter_add(&m, OP_RANDOM, 5, 5); /* no figure: free */
    struct profile_price got = profile_price(profile_class_at(p, 0), &m);
    ck_assert_int_eq(got.crypto_ns, 2); /* each rounded, then added */
    ck_assert_int_eq(got.other_ns, 20);
    profile_free(p);
}
END_TEST

/* The shipped profile has every operation of every class, each with its source, devices with
 * energy; and the figures that device-crypto-costs.md names. */
START_TEST(reference)
{
    static const char *const classes[] = {"server", "cortex-a7", "cortex-m4", "cortex-m0"};
    struct diag_list *l = diag_list_new();
    struct profile *p = profile_read(M2M_SOURCE_DIR "/topologies/profiles/reference.profile", l);
    diag_print(l, stderr, false);
    ck_assert_ptr_nonnull(p);
    diag_list_free(l);
    ck_assert_str_eq(profile_name(p), "reference");
    ck_assert_uint_eq(profile_class_count(p), 4);
    struct profile_cost cost;
    for (size_t i = 0; i < 4; i++) {
        const struct profile_class *c = profile_class_find(p, classes[i]);
        ck_assert_ptr_nonnull(c);
        for (int op = 0; op < METER_OP_COUNT; op++) {
            ck_assert_msg(profile_cost_of(c, (enum meter_op)op, &cost), "%s lacks %s %s",
                          classes[i], meter_operation((enum meter_op)op),
                          meter_algorithm((enum meter_op)op));
            ck_assert(cost.per_call_ns + cost.per_octet_ns > 0);
            ck_assert(*cost.source);
            ck_assert((cost.per_call_nj + cost.per_octet_nj > 0) == (i > 0));
        }
    }
    const struct profile_class *m4 = profile_class_find(p, "cortex-m4");
    profile_cost_of(m4, OP_RSA2048_PRIVATE, &cost);
    ck_assert_double_eq(cost.per_call_ns, 3746e6);
    ck_assert_ptr_nonnull(strstr(cost.source, "STM32L4A6Z"));
    profile_cost_of(profile_class_find(p, "cortex-m0"), OP_P256_VERIFY, &cost);
    ck_assert_double_eq(cost.per_call_ns, 349e6);
    profile_cost_of(profile_class_find(p, "cortex-a7"), OP_RSA2048_PRIVATE, &cost);
    ck_assert_int_eq(strncmp(cost.source, "scaled from wolfSSL STM32F437", 29), 0);
    profile_free(p);
}
END_TEST

/* What bench writes is a profile with every operation, and its figures are in order. */
START_TEST(bench)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n), *progress = tmpfile();
    ck_assert_int_eq(profile_bench("this-1", 0.2, out, progress), OK);
    fclose(out);
    ck_assert_int_gt(ftell(progress), 100);
    fclose(progress);
    struct profile *p = parse(text);
    const struct profile_class *c = profile_class_find(p, "this-1");
    ck_assert_ptr_nonnull(c);
    struct profile_cost private, public, cost;
    for (int op = 0; op < METER_OP_COUNT; op++) {
        ck_assert(profile_cost_of(c, (enum meter_op)op, &cost));
        ck_assert(cost.per_call_ns + cost.per_octet_ns > 0);
        ck_assert((cost.samples >= 5) == meter_is_crypto((enum meter_op)op));
    }
    ck_assert(profile_cost_of(c, OP_RSA2048_PRIVATE, &private));
    ck_assert(profile_cost_of(c, OP_RSA2048_PUBLIC, &public));
    ck_assert(private.per_call_ns > 3 * public.per_call_ns);
    ck_assert(profile_cost_of(c, OP_SHA256, &cost));
    ck_assert(cost.per_octet_ns > 0.05 && cost.per_octet_ns < 1000);
    profile_free(p);
    free(text);
    ck_assert_int_eq(profile_bench("a b", 0.1, stderr, NULL), ERR_FORMAT);
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_test(c, good);
    tcase_add_loop_test(c, mistakes, 0, sizeof broken / sizeof broken[0]);
    tcase_add_test(c, all_mistakes_at_once);
    tcase_add_test(c, files);
    tcase_add_test(c, rounding);
    tcase_add_test(c, energy);
    tcase_add_test(c, sums);
    tcase_add_test(c, reference);
    tcase_add_test(c, bench);
}

int main(void)
{
    return run_suite("profile", fill);
}
