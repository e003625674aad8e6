/* Contacts' URIs: what can be asked, and what is on this machine. */
#include "models/host/http_uri.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text, *host, *path;
    uint16_t port;
    bool loopback;
} good[] = {
    {"http://127.0.0.1:8080/m2m/notify", "127.0.0.1", "/m2m/notify", 8080, true},
    {"HTTP://LocalHost/n?a=b", "localhost", "/n?a=b", 80, true},
    {"http://127.255.0.9", "127.255.0.9", "/", 80, true},
    {"http://[::1]:1/", "::1", "/", 1, true},
    {"http://[2001:DB8::1]/x", "2001:db8::1", "/x", 80, false},
    {"http://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1", "/", 80, false},
    {"http://na.example:65535/", "na.example", "/", 65535, false},
    /* What only looks like it. */
    {"http://127.0.0.1.example/", "127.0.0.1.example", "/", 80, false},
    {"http://localhost.example/", "localhost.example", "/", 80, false},
    {"http://128.0.0.1/", "128.0.0.1", "/", 80, false},
    {"http://127.1/", "127.1", "/", 80, false},
};

static const char *const bad[] = {
    "",
    "http://",
    "http:///x",
    "https://127.0.0.1/",
    "coap://127.0.0.1/",
    "127.0.0.1/x",
    "http://127.0.0.1:/",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:65536/",
    "http://127.0.0.1:999999999999/",
    "http://127.0.0.1:80x/",
    "http://127.0.0.1?x",
    "http://user@127.0.0.1/",
    "http://127.0.0.1/a b",
    "http://127.0.0.1/a\r\nHost: x",
    "http://127.0.0.1/a#b",
    "http://127.0.0.1/\x80",
    "http://[::1/",
    "http://[::1]x/",
    "http://[127.0.0.1]/",
    "http://[]/",
    "http://[:::]/",
    "http://a%2eb/",
};

START_TEST(reads)
{
    struct http_uri u;

    ck_assert_msg(http_uri_parse(good[_i].text, &u), "%s", good[_i].text);
    ck_assert_str_eq(u.host, good[_i].host);
    ck_assert_str_eq(u.path, good[_i].path);
    ck_assert_uint_eq(u.port, good[_i].port);
    ck_assert_int_eq(http_uri_is_loopback(&u), good[_i].loopback);
}
END_TEST

START_TEST(refuses)
{
    struct http_uri u = {.port = 7};

    ck_assert_msg(!http_uri_parse(bad[_i], &u), "%s", bad[_i]);
    ck_assert_uint_eq(u.port, 7);
}
END_TEST

START_TEST(longest)
{
    char text[HTTP_URI_HOST_MAX + 16] = "http://";
    struct http_uri u;

    memset(text + 7, 'a', HTTP_URI_HOST_MAX);
    ck_assert(!http_uri_parse(text, &u));
    text[7 + HTTP_URI_HOST_MAX - 1] = '\0';
    ck_assert(http_uri_parse(text, &u));
    ck_assert_uint_eq(strlen(u.host), HTTP_URI_HOST_MAX - 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http_uri");
    TCase *t = tcase_create("http_uri");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(t, reads, 0, sizeof good / sizeof *good);
    tcase_add_loop_test(t, refuses, 0, sizeof bad / sizeof *bad);
    tcase_add_test(t, longest);
    suite_add_tcase(suite, t);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
