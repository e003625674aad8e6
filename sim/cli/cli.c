#include "sim/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/units.h"
#include "sim/base/xalloc.h"
#include "sim/cli/help.h"

struct given {
    const struct cli_option *option;
    const char *value; /* NULL: a flag */
};

struct cli {
    const struct cli_command *command;
    struct given *given;
    size_t given_count;
    const char **arguments;
    size_t argument_count;
};

/* ---- what commands ask ---- */

const char *cli_argument(const struct cli *c, size_t i)
{
    return i < c->argument_count ? c->arguments[i] : NULL;
}

const char *cli_value_at(const struct cli *c, const char *option, size_t i)
{
    for (size_t k = 0; k < c->given_count; k++)
        if (strcmp(c->given[k].option->name, option) == 0 && i-- == 0)
            return c->given[k].value;
    return NULL;
}

const char **cli_values(const struct cli *c, const char *option, size_t *n)
{
    const char **values;

    for (*n = 0; cli_value_at(c, option, *n); ++*n)
        continue;
    values = xcalloc(*n + 1, sizeof *values);
    for (size_t i = 0; i < *n; i++)
        values[i] = cli_value_at(c, option, i);
    return values;
}

const char *cli_value(const struct cli *c, const char *option)
{
    for (size_t k = c->given_count; k-- > 0;)
        if (strcmp(c->given[k].option->name, option) == 0)
            return c->given[k].value;
    return NULL;
}

bool cli_flag(const struct cli *c, const char *option)
{
    for (size_t k = 0; k < c->given_count; k++)
        if (strcmp(c->given[k].option->name, option) == 0)
            return true;
    return false;
}

bool cli_number(const struct cli *c, const char *option, unsigned long long *out)
{
    const char *text = cli_value(c, option);
    if (!text)
        return true;
    errno = 0;
    unsigned long long v = 0;
    if (*text && text[strspn(text, "0123456789")] == '\0')
        v = strtoull(text, NULL, 10);
    else
        errno = EINVAL;
    if (errno != 0) {
        cli_error(c, EXIT_USAGE, "--%s needs a whole number; '%s' is none", option, text);
        return false;
    }
    *out = v;
    return true;
}

bool cli_time(const struct cli *c, const char *option, sim_ns *out)
{
    const char *text = cli_value(c, option);
    if (!text)
        return true;
    if (units_time(text, out) == OK)
        return true;
    cli_error(c, EXIT_USAGE, "--%s needs a time with its unit, as '90 min'; '%s' is none", option,
              text);
    return false;
}

bool cli_colour(const struct cli *c, int fd)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    (void)c;
    return isatty(fd) && !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
}

int cli_error(const struct cli *c, int code, const char *fmt, ...)
{
    va_list ap;
    fflush(stdout);
    fprintf(stderr, "m2msim%s%s: ", c && c->command ? " " : "",
            c && c->command ? c->command->name : "");
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    putc('\n', stderr);
    return code;
}

/* ---- reading the command line ---- */

static const char *nearest_option(const struct cli_command *command, const char *name)
{
    const char *names[64];
    size_t n = 0;
    for (const struct cli_option *o = command->options; o->name && n < 63; o++)
        names[n++] = o->name;
    names[n++] = "help";
    return diag_nearest(name, names, n);
}

static const struct cli_option *find_option(const struct cli_command *command, const char *name,
                                            size_t n)
{
    for (const struct cli_option *o = command->options; o->name; o++)
        if (strlen(o->name) == n && strncmp(o->name, name, n) == 0)
            return o;
    return NULL;
}

static const struct cli_option *find_letter(const struct cli_command *command, char letter)
{
    for (const struct cli_option *o = command->options; o->name; o++)
        if (o->letter != 0 && o->letter == letter)
            return o;
    return NULL;
}

static void add_given(struct cli *c, const struct cli_option *option, const char *value)
{
    c->given[c->given_count++] = (struct given){option, value};
}

static int usage_error(const struct cli *c, const char *what, const char *name, const char *nearest)
{
    cli_error(c, EXIT_USAGE, "%s '%s'%s%s%s", what, name, nearest ? "; did you mean '" : "",
              nearest ? nearest : "", nearest ? "'?" : "");
    if (c->command)
        fprintf(stderr, "Try 'm2msim %s --help'.\n", c->command->name);
    else
        fputs("Try 'm2msim --help'.\n", stderr);
    return EXIT_USAGE;
}

/* --name, --name=value, --name value. *i is at it, and is moved over what was taken. */
static int read_long(struct cli *c, int argc, char **argv, int *i)
{
    const char *name = argv[*i] + 2, *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    const struct cli_option *o = find_option(c->command, name, n);
    if (!o) {
        char word[64], nearest[80];
        snprintf(word, sizeof word, "%.*s", (int)(n < 60 ? n : 60), name);
        const char *near = nearest_option(c->command, word);
        snprintf(nearest, sizeof nearest, "--%s", near ? near : "");
        return usage_error(c, "unknown option", argv[*i], near ? nearest : NULL);
    }
    if (!o->value && equals)
        return cli_error(c, EXIT_USAGE, "--%s takes no value", o->name);
    if (o->value && !equals && *i + 1 >= argc)
        return cli_error(c, EXIT_USAGE, "--%s needs %s", o->name, o->value);
    add_given(c, o, !o->value ? NULL : equals ? equals + 1 : argv[++*i]);
    return EXIT_DONE;
}

/* -x, -xVALUE, -x VALUE, and flags together: -xy. */
static int read_letters(struct cli *c, int argc, char **argv, int *i)
{
    const char *argument = argv[*i];
    for (const char *p = argument + 1; *p; p++) {
        const struct cli_option *o = find_letter(c->command, *p);
        if (!o)
            return usage_error(c, "unknown option", argument, NULL);
        if (!o->value) {
            add_given(c, o, NULL);
            continue;
        }
        if (!p[1] && *i + 1 >= argc)
            return cli_error(c, EXIT_USAGE, "-%c needs %s", *p, o->value);
        add_given(c, o, p[1] ? p + 1 : argv[++*i]);
        break;
    }
    return EXIT_DONE;
}

static bool wants_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

/* Everything behind the command's name. *help: it was asked for. */
static int read_line(struct cli *c, int argc, char **argv, bool *help)
{
    int code = EXIT_DONE;
    bool options = true;
    for (int i = 2; i < argc && code == EXIT_DONE; i++) {
        const char *a = argv[i];
        if (!options || a[0] != '-' || a[1] == '\0')
            c->arguments[c->argument_count++] = a;
        else if (strcmp(a, "--") == 0)
            options = false;
        else if (wants_help(a)) {
            *help = true;
            return EXIT_DONE;
        } else if (a[1] == '-')
            code = read_long(c, argc, argv, &i);
        else
            code = read_letters(c, argc, argv, &i);
    }
    if (code == EXIT_DONE && c->argument_count > c->command->max_arguments)
        code = usage_error(c, "unexpected argument", c->arguments[c->command->max_arguments], NULL);
    else if (code == EXIT_DONE && c->argument_count < c->command->min_arguments)
        code = usage_error(c, "missing argument", c->command->arguments, NULL);
    return code;
}

static int run_command(const struct cli_command *command, int argc, char **argv)
{
    struct cli c = {.command = command};
    bool help = false;
    size_t most = (size_t)argc; /* options: letters may stand together */
    for (int i = 2; i < argc; i++)
        most += strlen(argv[i]);
    c.given = xcalloc(most, sizeof *c.given);
    c.arguments = xcalloc((size_t)argc, sizeof *c.arguments);
    int code = read_line(&c, argc, argv, &help);
    if (code == EXIT_DONE && help)
        help_command(command, stdout);
    else if (code == EXIT_DONE)
        code = command->run(&c);
    free(c.given);
    free(c.arguments);
    return code;
}

static const struct cli_command *find_command(const struct cli_command *const *table,
                                              const char *name)
{
    for (; *table; table++)
        if (strcmp((*table)->name, name) == 0)
            return *table;
    return NULL;
}

static int unknown_command(const struct cli_command *const *table, const char *name)
{
    const struct cli none = {.command = NULL};
    const char *names[64];
    size_t n = 0;
    for (; *table && n < 64; table++)
        names[n++] = (*table)->name;
    return usage_error(&none, name[0] == '-' ? "unknown option" : "unknown command", name,
                       diag_nearest(name, names, n));
}

static int dispatch(const struct cli_command *const *table, int argc, char **argv)
{
    if (argc < 2) {
        help_program(table, stderr);
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0)
        name = "version";
    const struct cli_command *command = find_command(table, name);
    if (command)
        return run_command(command, argc, argv);
    if (!wants_help(name) && strcmp(name, "help") != 0)
        return unknown_command(table, name);
    if (argc < 3 || wants_help(name)) {
        help_program(table, stdout);
        return EXIT_DONE;
    }
    command = find_command(table, argv[2]);
    if (!command)
        return unknown_command(table, argv[2]);
    help_command(command, stdout);
    return EXIT_DONE;
}

/* ---- the streams ---- */

/* A file must not be opened under the number of a closed stdout: a database would get the texts. */
static void keep_low_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
            return;
}

/* The other end of a pipe was closed; which write saw it first does not matter. */
static bool reader_has_gone(void)
{
    struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return errno == EPIPE || (poll(&p, 1, 0) == 1 && (p.revents & POLLERR));
}

static int close_output(int code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    int error = errno;
    if (reader_has_gone()) /* `m2msim list | head -1`: nobody wants the rest */
        return code;
    fprintf(stderr, "m2msim: cannot write to standard output: %s\n",
            error ? strerror(error) : "an earlier write failed");
    return code == EXIT_DONE ? EXIT_INTERNAL : code;
}

int cli_run_table(const struct cli_command *const *table, int argc, char **argv)
{
    keep_low_descriptors();
    signal(SIGPIPE, SIG_IGN);
    return close_output(dispatch(table, argc, argv));
}

int cli_main(int argc, char **argv)
{
    return cli_run_table(cli_commands, argc, argv);
}
