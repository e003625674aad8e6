/* completion and man: made from the table that --help is made of. */
#include "sim/cli/cli.h"

#include <string.h>

static const struct cli_option no_options[] = {{NULL, 0, NULL, NULL}};

/* ---- bash ---- */

/* $1: m2msim; words of a command are its options, and files. */
static void put_bash(void)
{
    fputs("# bash completion of m2msim: source it, or put it into bash-completion's folder.\n"
          "_m2msim() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} words=\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words='help",
          stdout);
    for (const struct cli_command *const *k = cli_commands; *k; k++)
        printf(" %s", (*k)->name);
    fputs("'\n        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n        return\n    fi\n"
          "    case ${COMP_WORDS[1]} in\n",
          stdout);
    for (const struct cli_command *const *k = cli_commands; *k; k++) {
        printf("    %s) words='--help", (*k)->name);
        for (const struct cli_option *o = (*k)->options; o->name; o++)
            printf(" --%s", o->name);
        fputs("' ;;\n", stdout);
    }
    fputs("    esac\n"
          "    case $word in\n"
          "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n"
          "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
          "    esac\n"
          "}\ncomplete -o filenames -F _m2msim m2msim\n",
          stdout);
}

/* ---- zsh ---- */

/* In single quotes of zsh, inside [] or behind a colon. */
static void put_zsh_text(const char *s)
{
    for (; *s; s++) {
        if (*s == '\'')
            fputs("'\\''", stdout);
        else if (strchr("[]:\\", *s))
            printf("\\%c", *s);
        else
            putchar(*s);
    }
}

static void put_zsh_command(const struct cli_command *k)
{
    printf("    %s) _arguments", k->name);
    for (const struct cli_option *o = k->options; o->name; o++) {
        printf(" \\\n        '*--%s[", o->name);
        put_zsh_text(o->help);
        fputs("]", stdout);
        if (o->value) {
            fputs(":", stdout);
            put_zsh_text(o->value);
            fputs(":_files", stdout);
        }
        fputs("'", stdout);
    }
    fputs(" \\\n        '--help[this text]' '*:file:_files' ;;\n", stdout);
}

static void put_zsh(void)
{
    fputs("#compdef m2msim\n"
          "# zsh completion of m2msim: a file _m2msim in a folder of $fpath.\n"
          "_m2msim() {\n"
          "    local -a commands\n    commands=(\n",
          stdout);
    for (const struct cli_command *const *k = cli_commands; *k; k++) {
        printf("        '%s:", (*k)->name);
        put_zsh_text((*k)->summary);
        fputs("'\n", stdout);
    }
    fputs("    )\n"
          "    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n"
          "    fi\n"
          "    local name=$words[2]\n    shift words\n    (( CURRENT-- ))\n    case $name in\n",
          stdout);
    for (const struct cli_command *const *k = cli_commands; *k; k++)
        put_zsh_command(*k);
    fputs("    esac\n}\n_m2msim \"$@\"\n", stdout);
}

static int run_completion(struct cli *c)
{
    const char *shell = cli_argument(c, 0);

    if (strcmp(shell, "bash") == 0)
        put_bash();
    else if (strcmp(shell, "zsh") == 0)
        put_zsh();
    else
        return cli_error(c, EXIT_USAGE, "'%s' is none of bash, zsh", shell);
    return EXIT_DONE;
}

extern const struct cli_command cli_completion;
const struct cli_command cli_completion = {
    .name = "completion",
    .arguments = "SHELL",
    .summary = "completion of the command line, for bash or zsh",
    .details = "bash: source <(m2msim completion bash). zsh: m2msim completion zsh >_m2msim in a\n"
               "folder of $fpath.",
    .options = no_options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_completion};

/* ---- the manual page ---- */

/* roff: a line's first . or ' would be an order, a backslash is one anywhere, and a plain - a
 * hyphen. */
static void put_roff(const char *s)
{
    bool first = true;

    for (; *s; s++) {
        if (first && (*s == '.' || *s == '\''))
            fputs("\\&", stdout);
        if (*s == '\\')
            fputs("\\e", stdout);
        else if (*s == '-')
            fputs("\\-", stdout);
        else
            putchar(*s);
        first = *s == '\n';
    }
}

static void put_man_command(const struct cli_command *k)
{
    printf(".SS m2msim %s ", k->name);
    put_roff(k->arguments);
    putchar('\n');
    put_roff(k->summary);
    fputs(".\n", stdout);
    for (const struct cli_option *o = k->options; o->name; o++) {
        fputs(".TP\n", stdout);
        if (o->letter)
            printf("\\fB\\-%c\\fR, ", o->letter);
        fputs("\\fB\\-\\-", stdout);
        put_roff(o->name);
        fputs("\\fR", stdout);
        if (o->value) {
            fputs(" \\fI", stdout);
            put_roff(o->value);
            fputs("\\fR", stdout);
        }
        putchar('\n');
        put_roff(o->help);
        putchar('\n');
    }
    if (k->details) {
        fputs(".PP\n.nf\n", stdout);
        put_roff(k->details);
        fputs("\n.fi\n", stdout);
    }
}

static int run_man(struct cli *c)
{
    (void)c;
    fputs(
        ".TH M2MSIM 1\n.SH NAME\nm2msim \\- simulate ETSI M2M deployments\n"
        ".SH SYNOPSIS\n\\fBm2msim\\fR \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]\n"
        ".SH DESCRIPTION\nReal bootstrap, connection and integrity\\-validation code over modeled\n"
        "networks and processors, in virtual time. Results go to standard output, progress and\n"
        "diagnostics to standard error; colours are left out where \\fBNO_COLOR\\fR is set.\n"
        ".SH COMMANDS\n",
        stdout);
    for (const struct cli_command *const *k = cli_commands; *k; k++)
        put_man_command(*k);
    fputs(".SH EXIT STATUS\n0 done, 1 internal error, 2 usage, 3 scenario invalid, 4 goal missed,\n"
          "5 verify or compare differs, 6 goal undecided, 7 stopped, partial results kept,\n"
          "8 security invariant broken.\n",
          stdout);
    return EXIT_DONE;
}

extern const struct cli_command cli_man;
const struct cli_command cli_man = {.name = "man",
                                    .arguments = "",
                                    .summary = "the manual page, in roff: m2msim man | man -l -",
                                    .details = NULL,
                                    .options = no_options,
                                    .min_arguments = 0,
                                    .max_arguments = 0,
                                    .run = run_man};
