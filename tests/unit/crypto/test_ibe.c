/* crypto/ibe.h as others see it, both schemes alike. */
#include "check_main.h"

#include "crypto/ibe.h"

#define NAME   "device-1@m2m.example"
#define PERIOD "2026-11"

static const enum ibe_scheme schemes[] = {IBE_SAKKE, IBE_BF};

static struct ibe_authority *authority(enum ibe_scheme scheme)
{
    struct rng r = rng_stream(1, "authority", ibe_scheme_name(scheme));
    return ibe_authority_new(scheme, &r);
}

static struct ibe_user *user(const struct ibe_authority *a, const char *name)
{
    struct ibe_user *u = ibe_user_new(name, PERIOD);
    ck_assert_ptr_nonnull(u);
    ck_assert_int_eq(ibe_user_issue(u, a, NULL), OK);
    return u;
}

START_TEST(sealed_and_opened)
{
    enum ibe_scheme scheme = schemes[_i];
    struct ibe_authority *a = authority(scheme);
    struct ibe_user *u = user(a, NAME);
    struct meter m = {0};
    for (size_t n = 0; n < 300; n += 99) {
        struct rng r = rng_stream(n, "sender", "test"), same = r;
        struct buf sealed, again, plain;
        uint8_t text[300];
        memset(text, (int)n, sizeof text);
        buf_init(&sealed, 1000);
        buf_init(&again, 1000);
        buf_init(&plain, 300);
        const struct ibe_public *p = ibe_authority_public(a);
        ck_assert_int_eq(
            ibe_seal(p, &m, &r, NAME, PERIOD, span_str("header"), span_of(text, n), &sealed), OK);
        ck_assert_uint_eq(buf_len(&sealed), ibe_capsule_len(scheme) + n + IBE_TAG_LEN);
        ck_assert_int_eq(
            ibe_seal(p, NULL, &same, NAME, PERIOD, span_str("header"), span_of(text, n), &again),
            OK);
        ck_assert_uint_eq(buf_len(&sealed), buf_len(&again));
        ck_assert_mem_eq(buf_span(&sealed).p, buf_span(&again).p, buf_len(&sealed));
        if (n == 198)
            ibe_user_prepare(u);
        ck_assert_int_eq(ibe_open(u, scheme, &m, span_str("header"), buf_span(&sealed), &plain),
                         OK);
        ck_assert_uint_eq(buf_len(&plain), n);
        ck_assert(n == 0 || memcmp(buf_span(&plain).p, text, n) == 0);
        ck_assert_int_eq(ibe_open(u, scheme, NULL, span_str("Header"), buf_span(&sealed), &plain),
                         2 * n > 300 ? ERR_RANGE : ERR_INTEGRITY);
        ck_assert_uint_eq(buf_len(&plain), n);
        buf_clear(&sealed);
        buf_clear(&again);
        buf_clear(&plain);
    }
    bool sakke = scheme == IBE_SAKKE;
    ck_assert_uint_eq(m.use[OP_SAKKE_ENCAPSULATE].calls, sakke ? 4 : 0);
    ck_assert_uint_eq(m.use[OP_SAKKE_DERIVE].calls, sakke ? 4 : 0);
    ck_assert_uint_eq(m.use[OP_BF_ENCRYPT].calls, sakke ? 0 : 4);
    ck_assert_uint_eq(m.use[OP_BF_DECRYPT].calls, sakke ? 0 : 4);
    ck_assert_uint_eq(m.use[OP_AES128_GCM].calls, 8);
    ibe_user_free(u);
    ibe_authority_free(a);
}
END_TEST

/* Every octet of capsule, text and tag; every length. */
START_TEST(altered_and_cut)
{
    enum ibe_scheme scheme = schemes[_i];
    struct ibe_authority *a = authority(scheme);
    struct ibe_user *u = user(a, NAME);
    struct rng r = rng_stream(1, "sender", "test");
    struct buf sealed, plain;
    buf_init(&sealed, 1000);
    buf_init(&plain, 1000);
    ibe_user_prepare(u);
    ck_assert_int_eq(ibe_seal(ibe_authority_public(a), NULL, &r, NAME, PERIOD, span_of(NULL, 0),
                              span_str("text"), &sealed),
                     OK);
    size_t n = buf_len(&sealed);
    uint8_t octets[1000];
    memcpy(octets, buf_span(&sealed).p, n);
    for (size_t k = 0; k < n; k++) {
        octets[k] ^= (uint8_t)(1 << k % 8);
        ck_assert_int_eq(ibe_open(u, scheme, NULL, span_of(NULL, 0), span_of(octets, n), &plain),
                         ERR_INTEGRITY);
        octets[k] ^= (uint8_t)(1 << k % 8);
    }
    for (size_t k = 0; k < n; k += k < n - 32 ? 16 : 1)
        ck_assert_int_eq(ibe_open(u, scheme, NULL, span_of(NULL, 0), span_of(octets, k), &plain),
                         ERR_INTEGRITY);
    ck_assert_uint_eq(buf_len(&plain), 0);
    ck_assert_int_eq(ibe_open(u, scheme, NULL, span_of(NULL, 0), span_of(octets, n), &plain), OK);
    buf_clear(&sealed);
    buf_clear(&plain);
    ibe_user_free(u);
    ibe_authority_free(a);
}
END_TEST

START_TEST(only_for_whom_it_is)
{
    enum ibe_scheme scheme = schemes[_i], other_scheme = schemes[1 - _i];
    struct rng r = rng_stream(1, "sender", "test");
    struct ibe_authority *a = authority(scheme), *other = ibe_authority_new(scheme, &r);
    struct ibe_user *users[] = {user(a, NAME), user(a, "device-2@m2m.example"), user(other, NAME),
                                ibe_user_new(NAME, "2026-12")};
    uint8_t ssv[16], got[16], capsule[IBE_CAPSULE_MAX];
    static const uint8_t zeros[16];
    ck_assert_int_eq(ibe_user_issue(users[3], a, NULL), OK);
    ck_assert_int_eq(ibe_encapsulate(ibe_authority_public(a), NULL, &r, NAME, PERIOD, ssv, capsule),
                     OK);
    for (int i = 0; i < 4; i++) {
        struct span in = span_of(capsule, ibe_capsule_len(scheme));
        ck_assert_int_eq(ibe_derive(users[i], scheme, NULL, in, got), i ? ERR_INTEGRITY : OK);
        ck_assert_mem_eq(got, i ? zeros : ssv, 16);
        ck_assert_int_eq(ibe_derive(users[i], other_scheme, NULL, in, got), ERR_STATE);
        ibe_user_free(users[i]);
    }
    ibe_authority_free(a);
    ibe_authority_free(other);
}
END_TEST

/* A key that travels: extracted, installed by whoever has the public parameters only. */
START_TEST(keys_travel)
{
    enum ibe_scheme scheme = schemes[_i];
    struct rng r = rng_stream(1, "sender", "test");
    struct ibe_authority *a = authority(scheme);
    struct meter m = {0};
    uint8_t point[IBE_POINT_MAX], key[IBE_POINT_MAX], ssv[16], got[16], capsule[IBE_CAPSULE_MAX];
    size_t n = ibe_point_len(scheme);
    struct ibe_public *p;
    ibe_public_write(ibe_authority_public(a), point);
    ck_assert_int_eq(ibe_public_read(scheme, span_of(point, n), &p), OK);
    ck_assert_int_eq(ibe_public_scheme(p), scheme);
    ck_assert_int_eq(ibe_extract(a, &m, NAME, PERIOD, key), OK);
    ck_assert_uint_eq(m.use[OP_SAKKE_EXTRACT].calls + m.use[OP_BF_EXTRACT].calls, 1);
    struct ibe_user *u = ibe_user_new(NAME, PERIOD), *other = ibe_user_new("other", PERIOD);
    ck_assert_ptr_null(ibe_user_public(u, scheme));
    ck_assert_int_eq(ibe_user_install(other, p, NULL, span_of(key, n)), ERR_INTEGRITY);
    ck_assert_int_eq(ibe_user_install(u, p, NULL, span_of(point, n)), ERR_INTEGRITY);
    ck_assert_int_eq(ibe_user_install(u, p, NULL, span_of(key, n - 1)), ERR_FORMAT);
    key[n - 1] ^= 1;
    ck_assert_int_eq(ibe_user_install(u, p, NULL, span_of(key, n)), ERR_FORMAT);
    key[n - 1] ^= 1;
    ck_assert_int_eq(ibe_user_install(u, p, NULL, span_of(key, n)), OK);
    ck_assert_ptr_eq(ibe_user_public(u, scheme), p);
    ck_assert_int_eq(ibe_encapsulate(p, NULL, &r, NAME, PERIOD, ssv, capsule), OK);
    ck_assert_int_eq(ibe_derive(u, scheme, NULL, span_of(capsule, ibe_capsule_len(scheme)), got),
                     OK);
    ck_assert_mem_eq(got, ssv, 16);
    ibe_user_free(u);
    ibe_user_free(other);
    ibe_public_free(p);
    ibe_authority_free(a);
}
END_TEST

/* Points of the curve that are not of the group. */
START_TEST(wrong_groups)
{
    uint8_t point[IBE_POINT_MAX] = {4};
    struct ibe_public *p;
    /* SAKKE: (0, 0), of order 2; BF: (0, 1), of order 3 */
    point[384] = 1;
    ck_assert_int_eq(ibe_public_read(IBE_SAKKE, span_of(point, 257), &p), ERR_FORMAT);
    ck_assert_int_eq(ibe_public_read(IBE_BF, span_of(point, 385), &p), ERR_FORMAT);
    ck_assert_int_eq(ibe_public_read(IBE_BF, span_of(point, 0), &p), ERR_FORMAT);
}
END_TEST

START_TEST(names)
{
    char longest[IBE_NAME_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[IBE_NAME_MAX + 1] = '\0';
    ck_assert(!ibe_is_name(longest, PERIOD));
    ck_assert_ptr_null(ibe_user_new(longest, PERIOD));
    longest[IBE_NAME_MAX] = '\0';
    ck_assert(ibe_is_name(longest, PERIOD));
    ck_assert(!ibe_is_name("", PERIOD));
    static const char *const periods[] = {"",        "2026-1",  "2026-00",  "2026-13",
                                          "202a-01", "2026/01", "2026-011", "2026-99"};
    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++)
        ck_assert_msg(!ibe_is_name(NAME, periods[i]), "took %s", periods[i]);
    ck_assert(ibe_is_name(NAME, "0000-12"));
    /* the longest name works, and differs from its like */
    struct ibe_authority *a = authority(IBE_SAKKE);
    uint8_t key[IBE_POINT_MAX], other[IBE_POINT_MAX];
    ck_assert_int_eq(ibe_extract(a, NULL, longest, PERIOD, key), OK);
    longest[0] = 'y';
    ck_assert_int_eq(ibe_extract(a, NULL, longest, PERIOD, other), OK);
    ck_assert_mem_ne(key, other, 257);
    longest[IBE_NAME_MAX] = 'x';
    ck_assert_int_eq(ibe_extract(a, NULL, longest, PERIOD, other), ERR_RANGE);
    struct buf out;
    struct rng r = rng_stream(1, "a", "b");
    buf_init(&out, 1000);
    ck_assert_int_eq(ibe_seal(ibe_authority_public(a), NULL, &r, longest, PERIOD, span_str("h"),
                              span_str("t"), &out),
                     ERR_RANGE);
    ck_assert_uint_eq(buf_len(&out), 0);
    buf_clear(&out);
    ibe_authority_free(a);
}
END_TEST

START_TEST(secrets)
{
    static const uint8_t zeros[200], one[200] = {[199] = 1}, ones[200] = {1, [199] = 1};
    struct ibe_authority *a;
    ck_assert_int_eq(ibe_authority_restore(schemes[_i], span_of(zeros, 32), &a), ERR_RANGE);
    ck_assert_int_eq(ibe_authority_restore(schemes[_i], span_of(zeros, 0), &a), ERR_RANGE);
    ck_assert_int_eq(ibe_authority_restore(schemes[_i], span_of(ones, 200), &a), ERR_RANGE);
    uint8_t large[128];
    memset(large, 0xff, sizeof large);
    ck_assert_int_eq(ibe_authority_restore(schemes[_i], span_of(large, _i ? 32 : 128), &a),
                     ERR_RANGE);
    ck_assert_int_eq(ibe_authority_restore(schemes[_i], span_of(one, 200), &a), OK);
    ibe_authority_free(a);
    /* the same stream, the same authority; another one, another */
    uint8_t x[IBE_POINT_MAX], y[IBE_POINT_MAX];
    struct ibe_authority *b = authority(schemes[_i]);
    a = authority(schemes[_i]);
    ibe_public_write(ibe_authority_public(a), x);
    ibe_public_write(ibe_authority_public(b), y);
    ck_assert_mem_eq(x, y, ibe_point_len(schemes[_i]));
    ibe_authority_free(a);
    ibe_authority_free(b);
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_loop_test(c, sealed_and_opened, 0, 2);
    tcase_add_loop_test(c, altered_and_cut, 0, 2);
    tcase_add_loop_test(c, only_for_whom_it_is, 0, 2);
    tcase_add_loop_test(c, keys_travel, 0, 2);
    tcase_add_test(c, wrong_groups);
    tcase_add_test(c, names);
    tcase_add_loop_test(c, secrets, 0, 2);
}

int main(void)
{
    return run_suite("ibe", fill);
}
