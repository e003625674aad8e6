/* m2msim version. M2MSIM_VERSION and M2MSIM_COMMIT come from the build. */
#include "crypto/entity.h"
#include "sim/base/json.h"
#include "sim/cli/cli.h"

static const struct cli_option options[] = {{"json", 0, NULL, "as JSON"}, {NULL, 0, NULL, NULL}};

static int run(struct cli *c)
{
    if (!cli_flag(c, "json")) {
        printf("m2msim %s (%s)\n%s\n%s\nscenario format 1\n", M2MSIM_VERSION, M2MSIM_COMMIT,
               crypto_openssl_version(), CLI_COMPILER);
        return EXIT_DONE;
    }
    fputs("{\"version\": ", stdout);
    json_text(stdout, M2MSIM_VERSION);
    fputs(", \"commit\": ", stdout);
    json_text(stdout, M2MSIM_COMMIT);
    fputs(", \"openssl\": ", stdout);
    json_text(stdout, crypto_openssl_version());
    fputs(", \"compiler\": ", stdout);
    json_text(stdout, CLI_COMPILER);
    fputs(", \"scenario_format\": 1}\n", stdout);
    return EXIT_DONE;
}

extern const struct cli_command cli_version;
const struct cli_command cli_version = {.name = "version",
                                        .arguments = "",
                                        .summary = "print versions",
                                        .details = NULL,
                                        .options = options,
                                        .min_arguments = 0,
                                        .max_arguments = 0,
                                        .run = run};
