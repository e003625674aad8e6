/* A sanitized build is several times slower, and looks at how the program goes about it, not at the
 * figures: the same test with less of it. (End-to-end tests: `scaled` of e2e/lib.sh.) */
#ifndef TESTS_SUPPORT_SCALED_H
#define TESTS_SUPPORT_SCALED_H

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ /* gcc's */
#define SCALED(plain, sanitized) sanitized
#else
#define SCALED(plain, sanitized) plain
#endif

#endif
