/* Runs a command line and keeps what it writes to stdout and stderr. */
#ifndef TESTS_UNIT_CLI_CAPTURE_H
#define TESTS_UNIT_CLI_CAPTURE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli/cli.h"

#define CAPTURE_MAX 200000
static char captured_out[CAPTURE_MAX], captured_err[CAPTURE_MAX];

static inline int capture_begin(int fd, FILE *to)
{
    int kept = dup(fd);
    dup2(fileno(to), fd);
    return kept;
}

static inline void capture_end(int fd, int kept, FILE *from, char *text)
{
    dup2(kept, fd);
    close(kept);
    rewind(from);
    size_t n = fread(text, 1, CAPTURE_MAX - 1, from);
    text[n] = '\0';
    fclose(from);
}

/* line: words separated by single blanks; `~` in a word stands for a blank. */
static inline int capture(const struct cli_command *const *table, const char *line)
{
    char copy[2000], *argv[40];
    int argc = 0;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word && argc < 39; word = strtok(NULL, " ")) {
        for (char *p = word; *p; p++)
            if (*p == '~')
                *p = ' ';
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    FILE *out = tmpfile(), *err = tmpfile();
    fflush(NULL);
    int kept_out = capture_begin(STDOUT_FILENO, out), kept_err = capture_begin(STDERR_FILENO, err);
    int code = cli_run_table(table, argc, argv);
    fflush(NULL);
    capture_end(STDOUT_FILENO, kept_out, out, captured_out);
    capture_end(STDERR_FILENO, kept_err, err, captured_err);
    return code;
}

#endif
