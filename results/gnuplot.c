#include "results/report_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/xalloc.h"

extern char **environ;

/* output: of the script; -1: nobody's. */
static enum err spawn(const char *folder, const char *script, const char *settings, int output,
                      int errors, pid_t *child)
{
    /* -d: as gnuplot comes, whatever the user's own settings file says. */
    char *const arguments[] = {(char[]){"gnuplot"},
                               (char[]){"-d"},
                               (char[]){"-e"},
                               (char *)(uintptr_t)settings,
                               (char *)(uintptr_t)script,
                               NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (output < 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    else
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    posix_spawn_file_actions_addchdir_np(&actions, folder);
    int code = posix_spawnp(child, "gnuplot", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (code == 0)
        return OK;
    return code == ENOENT || code == EACCES ? ERR_UNSUPPORTED : ERR_IO;
}

/* false: it was still going and has been ended. */
static bool wait_for(pid_t child, int seconds, int *status)
{
    int fd = (int)syscall(SYS_pidfd_open, child, 0);
    bool ended = true;
    if (fd >= 0) { /* Linux before 5.3 has none: then the wait has no bound */
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int n;
        do {
            n = poll(&p, 1, seconds * 1000);
        } while (n < 0 && errno == EINTR);
        ended = n > 0;
        close(fd);
    }
    if (!ended)
        kill(child, SIGKILL);
    while (waitpid(child, status, 0) < 0 && errno == EINTR) {
    }
    return ended;
}

/* The line of gnuplot's complaint that says most: the last that is not empty. */
static void complaint(int fd, char *out, size_t n)
{
    char text[2048];
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    out[0] = '\0';
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        while (*line == ' ' || *line == '^')
            line++;
        if (*line)
            snprintf(out, n, "%s", line);
    }
}

static enum err run(const char *folder, const char *script, const char *settings, int seconds,
                    int output, char why[160])
{
    pid_t child = 0;
    int status = 0;
    int errors = memfd_create("gnuplot", MFD_CLOEXEC);
    if (errors < 0) {
        snprintf(why, 160, "cannot start gnuplot: %s", strerror(errno));
        return ERR_IO;
    }
    enum err err = spawn(folder, script, settings, output, errors, &child);
    if (err) {
        snprintf(why, 160,
                 err == ERR_UNSUPPORTED
                     ? "gnuplot is not installed: the data and the .gp scripts are there, "
                       "the pictures are not"
                     : "cannot start gnuplot");
    } else if (!wait_for(child, seconds, &status)) {
        snprintf(why, 160, "gnuplot took more than %d s over %s and was ended", seconds, script);
        err = ERR_IO;
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        char text[100];
        complaint(errors, text, sizeof text);
        snprintf(why, 160, "gnuplot failed on %s: %s", script, text);
        err = WIFEXITED(status) && WEXITSTATUS(status) == 127 ? ERR_UNSUPPORTED : ERR_IO;
    }
    close(errors);
    return err;
}

enum err gnuplot_run(const char *folder, const char *script, int seconds, char why[160])
{
    return run(folder, script, "page=0", seconds, -1, why);
}

/* All of a file, and a 0 behind it. */
static char *read_all(int fd)
{
    off_t n = lseek(fd, 0, SEEK_END);
    char *text = xcalloc((size_t)(n > 0 ? n : 0) + 1, 1);
    off_t at = 0;
    while (at < n) {
        ssize_t got = pread(fd, text + at, (size_t)(n - at), at);
        if (got <= 0)
            break;
        at += got;
    }
    return text;
}

enum err gnuplot_capture(const char *folder, const char *script, const char *settings, int seconds,
                         char **out, char why[160])
{
    int output = memfd_create("figure", MFD_CLOEXEC);
    *out = NULL;
    if (output < 0) {
        snprintf(why, 160, "cannot start gnuplot: %s", strerror(errno));
        return ERR_IO;
    }
    enum err err = run(folder, script, settings, seconds, output, why);
    if (!err)
        *out = read_all(output);
    close(output);
    return err;
}
