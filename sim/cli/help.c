#include "sim/cli/help.h"

#include <string.h>

void help_program(const struct cli_command *const *table, FILE *to)
{
    fputs("Usage: m2msim COMMAND [ARGUMENTS]\n\n"
          "Simulates ETSI M2M deployments: real bootstrap, connection and integrity-validation\n"
          "code over modeled networks and processors, in virtual time.\n\nCommands:\n",
          to);
    for (; *table; table++)
        fprintf(to, "  %-10s %s\n", (*table)->name, (*table)->summary);
    fputs("\n'm2msim COMMAND --help' tells more about one.\n"
          "Exit codes: 0 done, 1 internal error, 2 usage, 3 scenario invalid, 4 goal missed,\n"
          "5 verify or compare differs, 6 goal undecided, 7 stopped, partial results kept,\n"
          "8 security invariant broken.\n",
          to);
}

/* `  -o, --output DB   ` */
static int option_head(const struct cli_option *o, char *out, size_t n)
{
    char letter[8] = "    ";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    return snprintf(out, n, "  %s--%s%s%s", letter, o->name, o->value ? " " : "",
                    o->value ? o->value : "");
}

void help_command(const struct cli_command *command, FILE *to)
{
    static const struct cli_option help = {"help", 'h', NULL, "this text"};
    char head[128];
    int width = 0;
    for (const struct cli_option *o = command->options; o->name; o++) {
        int n = option_head(o, head, sizeof head);
        width = n > width ? n : width;
    }
    fprintf(to, "Usage: m2msim %s [OPTIONS]%s%s\n\n%s\n\nOptions:\n", command->name,
            command->arguments[0] ? " " : "", command->arguments, command->summary);
    for (const struct cli_option *o = command->options;; o++) {
        const struct cli_option *shown = o->name ? o : &help;
        option_head(shown, head, sizeof head);
        fprintf(to, "%-*s  %s\n", width, head, shown->help);
        if (!o->name)
            break;
    }
    if (command->details)
        fprintf(to, "\n%s\n", command->details);
}
