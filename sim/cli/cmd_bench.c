/* bench: what each operation costs this machine's OpenSSL, as a table and as a cost profile. */
#include "sim/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/entity.h"
#include "crypto/profile.h"
#include "sim/base/xalloc.h"

#define DEFAULT_SECONDS 10
#define MOST_SECONDS    3600

static const struct cli_option options[] = {
    {"seconds", 0, "S", "time to spend, in whole seconds (default 10)"},
    {"output", 'o', "FILE", "also write a cost profile"},
    {"name", 0, "NAME", "name of the profile and of its class (default host)"},
    {"force", 0, NULL, "replace an existing FILE"},
    {NULL, 0, NULL, NULL}};

/* Three or four digits and a unit, right-aligned in 10 columns. */
static void print_ns(double ns)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    size_t u = 0;
    for (; ns >= 1000 && u < 3; u++)
        ns /= 1000;
    printf("%7.*f %-2s", ns < 10 ? 2 : 1, ns, units[u]);
}

static void print_table(const struct profile *p)
{
    const struct profile_class *c = profile_class_at(p, 0);
    printf("%-8s %-13s %10s %13s %8s\n", "what", "algorithm", "a call", "an octet", "samples");
    for (int i = 0; i < METER_OP_COUNT; i++) {
        enum meter_op op = (enum meter_op)i;
        struct profile_cost cost;
        if (!profile_cost_of(c, op, &cost) || !cost.samples)
            continue;
        printf("%-8s %-13s ", meter_operation(op), meter_algorithm(op));
        print_ns(cost.per_call_ns);
        if (cost.per_octet_ns > 0)
            printf(" %10.3f ns", cost.per_octet_ns);
        else
            printf(" %13s", "");
        printf(" %8lu\n", (unsigned long)cost.samples);
    }
}

/* Whole or not at all; an existing file is replaced only when replace is set. errno when false. */
static bool write_file(const char *path, const char *text, bool replace)
{
    char *temporary = xasprintf("%s.XXXXXX", path);
    int fd = mkstemp(temporary);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    bool good = f && fputs(text, f) >= 0 && fflush(f) == 0 && fchmod(fd, 0644) == 0;
    int why = errno;
    if (f && fclose(f) != 0 && good) {
        good = false;
        why = errno;
    }
    /* link() does not replace, rename() does. */
    if (good && (replace ? rename(temporary, path) : link(temporary, path)) != 0) {
        good = false;
        why = errno;
    }
    if (fd >= 0 && !(good && replace))
        unlink(temporary);
    free(temporary);
    errno = why;
    return good;
}

/* The profile's text, heap, or NULL. */
static char *measure(const struct cli *c, const char *name, double seconds, int *exit)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    enum err err = out ? profile_bench(name, seconds, out, stderr) : ERR_IO;
    if (out && fclose(out) != 0)
        err = err ? err : ERR_IO;
    if (!err)
        return text;
    free(text);
    if (err == ERR_FORMAT)
        *exit =
            cli_error(c, EXIT_USAGE, "--name: '%s' has other than letters, digits, '-_.'", name);
    else
        *exit = cli_error(c, EXIT_INTERNAL, "measuring: %s", err_text(err));
    return NULL;
}

static int bench(struct cli *c)
{
    const char *path = cli_value(c, "output");
    const char *name = cli_value(c, "name") ? cli_value(c, "name") : "host";
    unsigned long long seconds = DEFAULT_SECONDS;
    int exit = EXIT_DONE;
    if (!cli_number(c, "seconds", &seconds))
        return EXIT_USAGE;
    if (!seconds || seconds > MOST_SECONDS)
        return cli_error(c, EXIT_USAGE, "--seconds: from 1 to %d", MOST_SECONDS);
    if (path && !cli_flag(c, "force") && access(path, F_OK) == 0)
        return cli_error(c, EXIT_USAGE, "'%s' is there already; give another name, or --force",
                         path);
    if (crypto_init())
        return cli_error(c, EXIT_INTERNAL, "OpenSSL does not start");
    char *text = measure(c, name, (double)seconds, &exit);
    if (!text)
        return exit;
    struct diag_list *diags = diag_list_new();
    struct profile *p = profile_parse(name, text, strlen(text), diags);
    diag_print(diags, stderr, cli_colour(c, STDERR_FILENO));
    if (p)
        print_table(p);
    else
        exit = EXIT_INTERNAL;
    if (p && path && !write_file(path, text, cli_flag(c, "force")))
        exit = cli_error(c, EXIT_USAGE, "cannot write '%s': %s", path, strerror(errno));
    profile_free(p);
    diag_list_free(diags);
    free(text);
    return exit;
}

const struct cli_command cli_bench = {
    .name = "bench",
    .arguments = "",
    .summary = "measure this machine's OpenSSL, and write a cost profile of it",
    .details =
        "Medians over many batches, so other programs disturb little. The profile has one "
        "class; a scenario\nuses it by `cost_profile: FILE`. HTTP, XML and store figures are "
        "estimates in it, marked so.\nProgress goes to stderr, the table to stdout.",
    .options = options,
    .min_arguments = 0,
    .max_arguments = 0,
    .run = bench};
