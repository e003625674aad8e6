/* pcap: the packets of a run, as a capture. A run is a function of its scenario, so a database need
 * not hold them: its run is repeated. */
#include "sim/cli/capture.h"
#include "sim/cli/runner.h"
#include "sim/cli/scenario_arg.h"

#include "crypto/profile.h"
#include "results/reader.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_option options[] = {
    {"output", 'o', "FILE", "the capture, for example x.pcapng"},
    {"node", 0, "NAME", "as seen at this node's interface"},
    {"procedure", 0, "ID", "as seen by the node of this procedure, from its start to its end"},
    {"set", 0, "KEY=VALUE", "of a scenario: set one of its keys; repeatable"},
    {"secrets", 0, NULL,
     "put the keys of TLS into the file, so that it can be decrypted; print those of sealed "
     "objects"},
    {"threads", 0, "N", "threads for cryptography (default: all cores)"},
    {"progress", 0, "MODE", "auto, tty, plain, json or off"},
    {"force", 0, NULL, "replace an existing file"},
    {"json", 0, NULL, "what was written, as JSON"},
    {NULL, 0, NULL, NULL}};

struct job {
    const struct cli *c;
    unsigned threads;
    enum progress_mode progress;
    const char *output;
    struct capture_request capture;
    char node[160];
};

static bool is_database(const char *path)
{
    static const char magic[] = "SQLite format 3";
    char head[sizeof magic] = "";
    FILE *f = fopen(path, "rb");
    bool is = f && fread(head, 1, sizeof head, f) == sizeof head &&
              memcmp(head, magic, sizeof magic) == 0;

    if (f)
        fclose(f);
    return is;
}

static void print_done(const struct job *j, const struct capture *capture, uint64_t frames)
{
    printf("%llu packets of %s: %s\n", (unsigned long long)frames,
           j->capture.node ? j->capture.node : "all nodes", j->output);
    capture_print_object_keys(capture, stdout);
}

/* stored: the run that this one must repeat; NULL: any. */
static int run_captured(struct job *j, const struct scenario *scenario,
                        const struct profile *profile, const struct reader_run *stored)
{
    struct run_outcome outcome;
    struct capture *capture;
    uint64_t frames = 0;
    enum err err;
    int code;

    j->capture.epoch_unix_ns = scenario->epoch_unix_ns;
    capture = capture_new(j->c, &j->capture);
    run_scenario(j->c,
                 &(struct run_request){.scenario = scenario,
                                       .scenario_text = stored ? stored->scenario_text : NULL,
                                       .title = stored ? stored->title : NULL,
                                       .cell = stored ? (uint32_t)stored->cell : 0,
                                       .replication = stored ? (uint32_t)stored->replication : 0,
                                       .profile = profile,
                                       .database = ":memory:",
                                       .threads = j->threads,
                                       .progress = j->progress,
                                       .ready = capture_ready,
                                       .ready_arg = capture,
                                       .procedure = capture_procedure,
                                       .procedure_arg = capture},
                 &outcome);
    code = (int)outcome.exit;
    if (code)
        goto out;
    if (stored && strcmp(stored->fingerprint, outcome.fingerprint) != 0) {
        code = cli_error(j->c, EXIT_DIFFERS,
                         "the repeated run is not the one of the database "
                         "(m2msim verify says more); nothing was written");
        goto out;
    }
    err = capture_write(capture, j->output, cli_flag(j->c, "force"), &frames);
    if (err)
        code = cli_error(j->c, EXIT_USAGE, "cannot write '%s': %s", j->output, err_text(err));
    else if (cli_flag(j->c, "json"))
        printf("{\"packets\":%llu}\n", (unsigned long long)frames);
    else
        print_done(j, capture, frames);
out:
    capture_free(capture);
    return code;
}

/* Where and when the procedure was; 0, or an exit code. */
static int look_up(struct job *j, struct reader *r, unsigned long long id)
{
    struct reader_procedure p;
    char why[160];

    if (reader_procedure(r, id > INT64_MAX ? INT64_MAX : (int64_t)id, &p, why))
        return cli_error(j->c, EXIT_USAGE, "%s", why);
    snprintf(j->node, sizeof j->node, "%s", p.node);
    j->capture.node = j->node;
    j->capture.from = p.t_start;
    j->capture.until = p.t_end == ROW_NULL_ID ? SIM_NEVER : p.t_end;
    return EXIT_DONE;
}

static int from_database(struct job *j, const char *path)
{
    unsigned long long id = 0;
    struct scenario *scenario = NULL;
    struct profile *profile = NULL;
    struct reader *r = NULL;
    char why[160] = "";
    int code = EXIT_DONE;
    enum err err = reader_open(path, &r, why);

    if (err)
        return cli_error(j->c, err == ERR_NOT_FOUND ? EXIT_USAGE : EXIT_INTERNAL, "%s", why);
    if (cli_value(j->c, "procedure")) {
        code = cli_number(j->c, "procedure", &id) ? look_up(j, r, id) : EXIT_USAGE;
        if (code)
            goto out;
    }
    if (strcmp(reader_run(r)->status, "done") != 0)
        code = cli_error(j->c, EXIT_UNDECIDED, "the run was not finished: it cannot be repeated");
    else if (!run_stored(j->c, r, &scenario, &profile))
        code = EXIT_DIFFERS;
    else
        code = run_captured(j, scenario, profile, reader_run(r));
out:
    profile_free(profile);
    scenario_free(scenario);
    reader_close(r);
    return code;
}

/* Which procedure has the id is known after a first run only. */
static int by_first_run(struct job *j, const struct scenario *scenario,
                        const struct profile *profile)
{
    const char *folder = getenv("TMPDIR");
    char *path = xasprintf("%s/m2msim-pcap-XXXXXX", folder && *folder ? folder : "/tmp");
    struct run_outcome outcome;
    int fd = mkstemp(path), code;

    if (fd < 0) {
        code = cli_error(j->c, EXIT_USAGE, "cannot make a file beside '%s'", path);
        free(path);
        return code;
    }
    close(fd);
    run_scenario(j->c,
                 &(struct run_request){.scenario = scenario,
                                       .profile = profile,
                                       .database = path,
                                       .force = true,
                                       .threads = j->threads,
                                       .progress = j->progress},
                 &outcome);
    code = (int)outcome.exit;
    if (code == EXIT_DONE)
        code = from_database(j, path);
    unlink(path);
    free(path);
    return code;
}

static int from_scenario(struct job *j)
{
    struct diag_list *diags = diag_list_new();
    struct scenario *scenario = scenario_arg(j->c, 0, diags);
    struct profile *profile = scenario ? profile_read(scenario->profile_path, diags) : NULL;
    int code = EXIT_SCENARIO;

    scenario_arg_tell(j->c, diags);
    if (profile)
        code = cli_value(j->c, "procedure") ? by_first_run(j, scenario, profile)
                                            : run_captured(j, scenario, profile, NULL);
    profile_free(profile);
    scenario_free(scenario);
    diag_list_free(diags);
    return code;
}

static int run(struct cli *c)
{
    struct job j = {.c = c, .output = cli_value(c, "output"), .capture.until = SIM_NEVER};
    const char *progress = cli_value(c, "progress"), *path = cli_argument(c, 0);
    unsigned long long threads = 0;

    if (!j.output)
        return cli_error(c, EXIT_USAGE, "-o FILE says where the capture goes");
    if (cli_value(c, "node") && cli_value(c, "procedure"))
        return cli_error(c, EXIT_USAGE, "give --node or --procedure, not both");
    if (!cli_flag(c, "force") && !access(j.output, F_OK))
        return cli_error(c, EXIT_USAGE, "'%s' is there already; give another name, or --force",
                         j.output);
    if (!cli_number(c, "threads", &threads))
        return EXIT_USAGE;
    if (progress && !progress_mode_parse(progress, &j.progress))
        return cli_error(c, EXIT_USAGE, "--progress: '%s' is none of auto, tty, plain, json, off",
                         progress);
    j.capture.secrets = cli_flag(c, "secrets");
    /* Secrets are told where they are made: on one thread nothing races. */
    j.threads = j.capture.secrets ? 1 : (unsigned)threads;
    j.capture.node = cli_value(c, "node");
    if (!is_database(path))
        return from_scenario(&j);
    if (cli_value(c, "set"))
        return cli_error(c, EXIT_USAGE, "--set changes a scenario, not a run that was");
    return from_database(&j, path);
}

extern const struct cli_command cli_pcap;
const struct cli_command cli_pcap = {
    .name = "pcap",
    .arguments = "FILE|DB",
    .summary = "the packets of a run as a pcapng capture",
    .details =
        "Runs the scenario, or repeats the run of the database (of a campaign: its last one), and "
        "keeps every IP\npacket with its octets; the first packet of each procedure has a comment "
        "that names it. Hosts are 10.0.0.1\nand on, in the order of the nodes. Back-end messages "
        "of the simulator have no octets and are not in it.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run};
