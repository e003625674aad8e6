/* The program's frame: one short file a subcommand (cmd_NAME.c, each with one `const struct
 * cli_command cli_NAME`), and the table in table.c from which --help, completion and the man page
 * come. */
#ifndef SIM_CLI_CLI_H
#define SIM_CLI_CLI_H

#include "sim/base/diag.h"
#include "sim/base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Who compiled it, for `version` and the results. */
#ifdef __clang__
#define CLI_COMPILER "clang " __clang_version__
#else
#define CLI_COMPILER "gcc " __VERSION__
#endif

/* DESIGN section 8. */
enum cli_exit {
    EXIT_DONE = 0,
    EXIT_INTERNAL = 1,
    EXIT_USAGE = 2,
    EXIT_SCENARIO = 3,
    EXIT_GOAL_MISSED = 4,
    EXIT_DIFFERS = 5,
    EXIT_UNDECIDED = 6,
    EXIT_STOPPED = 7,
    EXIT_VIOLATION = 8
};

struct cli_option {
    const char *name;  /* "threads", given as --threads N or --threads=N */
    char letter;       /* 'o' for -o; 0: none */
    const char *value; /* "N"; NULL: a flag */
    const char *help;
};

struct cli;

struct cli_command {
    const char *name;
    const char *arguments;            /* "FILE", "DB", "[NAME]", "" */
    const char *summary;              /* one line */
    const char *details;              /* more for `m2msim NAME --help`; may be NULL */
    const struct cli_option *options; /* ends with name NULL */
    size_t min_arguments, max_arguments;
    int (*run)(struct cli *c); /* returns an enum cli_exit */
};

/* What was given; texts outlive the command. */
const char *cli_argument(const struct cli *c, size_t i); /* NULL past the end */
const char *cli_value(const struct cli *c,
                      const char *option); /* the last given; NULL: not given */
const char *cli_value_at(const struct cli *c, const char *option,
                         size_t i); /* repeated ones, in order */
/* All of them, *n of them, and a NULL; the array is the caller's to free. */
const char **cli_values(const struct cli *c, const char *option, size_t *n);
bool cli_flag(const struct cli *c, const char *option);
/* Whole numbers and times; false: not one (a usage error was printed already). Untouched when not
 * given. */
bool cli_number(const struct cli *c, const char *option, unsigned long long *out);
bool cli_time(const struct cli *c, const char *option, sim_ns *out);
bool cli_colour(const struct cli *c, int fd); /* a terminal, and NO_COLOR is not set */
/* "m2msim NAME: text" on stderr; returns code. */
int cli_error(const struct cli *c, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The table, ending with NULL. Lists only what works. */
extern const struct cli_command *const cli_commands[];
/* Runs the command that argv names; returns its exit code. Text that cannot be written to stdout
 * makes it EXIT_INTERNAL, unless its reader has gone away (a closed pipe). */
int cli_main(int argc, char **argv);
/* The same over another table: for tests. */
int cli_run_table(const struct cli_command *const *table, int argc, char **argv);

#endif
