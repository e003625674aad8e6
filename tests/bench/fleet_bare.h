/* The yardstick of bench_fleet.c: OpenSSL alone, over memory BIOs, in a child process that has
 * nothing of ours at work in it. */
#ifndef TESTS_BENCH_FLEET_BARE_H
#define TESTS_BENCH_FLEET_BARE_H

#include <sys/types.h>

enum bare_kind {
    BARE_CONNECT_P256, /* ECDHE-PSK-AES128-CBC-SHA256 */
    BARE_CONNECT_X25519,
    BARE_MID,             /* PSK-AES128-CCM */
    BARE_BOOTSTRAP,       /* RSA-AES128-CCM, both certificates */
    BARE_BOOTSTRAP_ISSUE, /* and the device's certificate is issued before */
    BARE_KINDS
};

struct bare {
    int to, from;
    pid_t pid;
};

/* Before anything of ours touches OpenSSL. Exits the process when it cannot be had. */
void bare_start(struct bare *b);
/* Seconds of CPU for so many handshakes of each kind, each with one exchange of application data
 * of the size that the procedure has. */
double bare_run(const struct bare *b, const unsigned n[BARE_KINDS]);
void bare_stop(struct bare *b);

#endif
