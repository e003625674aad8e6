/* The subcommands, in the order in which --help lists them. */
#include "sim/cli/cli.h"

extern const struct cli_command cli_run, cli_verify, cli_report, cli_chart, cli_bench;
extern const struct cli_command cli_shootout, cli_pcap, cli_serve, cli_attach;
extern const struct cli_command cli_plan, cli_resume, cli_merge, cli_goals;
extern const struct cli_command cli_keys, cli_query, cli_export, cli_compare;
extern const struct cli_command cli_explain, cli_capacity, cli_estimate, cli_completion, cli_man;
extern const struct cli_command cli_check, cli_show, cli_list, cli_doctor, cli_version;

/* clang-format off */
const struct cli_command *const cli_commands[] = {
    &cli_run,
    &cli_plan,
    &cli_estimate,
    &cli_resume,
    &cli_merge,
    &cli_list,
    &cli_check,
    &cli_show,
    &cli_report,
    &cli_goals,
    &cli_keys,
    &cli_query,
    &cli_export,
    &cli_compare,
    &cli_capacity,
    &cli_explain,
    &cli_shootout,
    &cli_chart,
    &cli_pcap,
    &cli_serve,
    &cli_attach,
    &cli_verify,
    &cli_bench,
    &cli_doctor,
    &cli_completion,
    &cli_man,
    &cli_version,
    NULL,
};
/* clang-format on */
