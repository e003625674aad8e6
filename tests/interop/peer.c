#include "tests/interop/peer.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool peer_start(struct peer *p, char *const argv[])
{
    /* The host's openssl.cnf is none of the test's business. */
    static char *const environment[] = {"OPENSSL_CONF=/dev/null", "PATH=/usr/bin:/bin", NULL};
    posix_spawn_file_actions_t actions;
    int in[2], out[2], failed;

    memset(p, 0, sizeof(*p));
    p->in = p->out = -1;
    if (pipe2(in, O_CLOEXEC) != 0)
        return false;
    if (pipe2(out, O_CLOEXEC) != 0) {
        close(in[0]);
        close(in[1]);
        return false;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, out[1], 2);
    failed = posix_spawnp(&p->pid, argv[0], &actions, NULL, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    p->in = in[1];
    p->out = out[0];
    return failed == 0;
}

bool peer_say(struct peer *p, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t w = write(p->in, text, n);

        if (w <= 0)
            return false;
        text += w;
        n -= (size_t)w;
    }
    return true;
}

void peer_end_input(struct peer *p)
{
    if (p->in >= 0)
        close(p->in);
    p->in = -1;
}

void peer_listen(struct peer *p, int wait_ms)
{
    struct pollfd fd = {.fd = p->out, .events = POLLIN};
    size_t room = sizeof(p->text) - 1 - p->n;
    ssize_t got;

    if (p->ended || room == 0 || poll(&fd, 1, wait_ms) <= 0)
        return;
    got = read(p->out, p->text + p->n, room);
    if (got <= 0) {
        p->ended = true;
        return;
    }
    /* A NUL would hide what comes behind it. */
    for (ssize_t i = 0; i < got; i++)
        if (p->text[p->n + (size_t)i] == '\0')
            p->text[p->n + (size_t)i] = '.';
    p->n += (size_t)got;
    p->text[p->n] = '\0';
}

const char *peer_await(struct peer *p, const char *what, int wait_ms)
{
    long deadline = now_ms() + wait_ms, left = wait_ms;

    while (!strstr(p->text, what) && !p->ended && left > 0) {
        peer_listen(p, (int)left);
        left = deadline - now_ms();
    }
    return strstr(p->text, what);
}

void peer_stop(struct peer *p)
{
    peer_end_input(p);
    if (p->pid > 0) {
        kill(p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    if (p->out >= 0)
        close(p->out);
    p->pid = 0;
    p->out = -1;
}
