/* m2msim doctor: is everything here that a run needs? */
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "crypto/credential.h"
#include "crypto/entity.h"
#include "crypto/profile.h"
#include "models/proto/tls.h"
#include "sim/cli/cli.h"
#include "sim/base/json.h"
#include "topologies/scenario.h"

static const struct cli_option options[] = {{"json", 0, NULL, "as JSON"}, {NULL, 0, NULL, NULL}};

struct findings {
    bool json;
    unsigned count, bad;
};

__attribute__((format(printf, 4, 5))) static void finding(struct findings *f, bool ok,
                                                          const char *what, const char *fmt, ...)
{
    char detail[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(detail, sizeof detail, fmt, ap);
    va_end(ap);
    f->bad += !ok;
    if (!f->json)
        printf("%-5s %-28s %s\n", ok ? "ok" : "BAD", what, detail);
    else {
        printf("%s\n  {\"ok\": %s, \"what\": ", f->count > 0 ? "," : "", ok ? "true" : "false");
        json_text(stdout, what);
        fputs(", \"detail\": ", stdout);
        json_text(stdout, detail);
        putchar('}');
    }
    f->count++;
}

/* Both sides of a suite at a version. */
static enum err try_suite(enum tls_suite suite, enum tls_version version,
                          const struct authority *authority)
{
    struct rng stream = rng_stream(1, "doctor", "tls");
    enum err err = OK;
    for (int server = 0; server < 2 && !err; server++) {
        struct tls_context *context = NULL;
        struct tls_settings settings = {.server = server != 0,
                                        .version = version,
                                        .suites = &suite,
                                        .suite_count = 1,
                                        .group = TLS_GROUP_P256,
                                        .authority = tls_suite_is_psk(suite) ? NULL : authority};
        entity_enter(&stream, host_unix_ns());
        err = tls_context_new(&settings, &context);
        tls_context_free(context);
        entity_leave();
    }
    return err;
}

static void examine_suites(struct findings *f)
{
    static const enum tls_version versions[] = {TLS_1_1, TLS_1_2};
    struct key_pool *pool = NULL;
    struct authority *authority = NULL;
    int64_t now = host_unix_ns() / SIM_S;
    enum err err = key_pool_make(1, "doctor", 2, NULL, NULL, NULL, &pool);
    if (!err)
        err = authority_make(pool, 1, "doctor", now - 3600, now + 3600, &authority);
    finding(f, !err, "RSA keys and certificates", "%s", err ? err_text(err) : "can be made");
    for (unsigned s = 0; s < TLS_SUITE_COUNT && !err; s++)
        for (unsigned v = 0; v < 2; v++) {
            enum tls_suite suite = (enum tls_suite)s;
            if (!tls_suite_allows(suite, versions[v]))
                continue;
            enum err tried = try_suite(suite, versions[v], authority);
            finding(f, !tried, tls_suite_name(suite), "TLS 1.%u%s%s", v + 1, tried ? ": " : "",
                    tried ? err_text(tried) : "");
        }
    authority_free(authority);
    key_pool_free(pool);
}

static void examine_profile(struct findings *f)
{
    struct diag_list *diags = diag_list_new();
    struct scenario *s = scenario_read("hello", NULL, 0, diags);
    struct profile *profile = s ? profile_read(s->profile_path, diags) : NULL;
    const char *why = diag_size(diags) > 0 ? diag_at(diags, 0)->text : "";
    finding(f, s != NULL, "packaged scenario", "%s", s ? s->path : why);
    if (s && profile)
        finding(f, true, "cost profile", "%s, %zu classes", s->profile_path,
                profile_class_count(profile));
    else
        finding(f, false, "cost profile", "%s", why);
    profile_free(profile);
    scenario_free(s);
    diag_list_free(diags);
}

static void count_one(void *arg, const char *name, const char *path, const char *title)
{
    (void)name;
    (void)path;
    (void)title;
    ++*(unsigned *)arg;
}

static int run(struct cli *c)
{
    struct findings f = {.json = cli_flag(c, "json")};
    unsigned scenarios = 0;
    char folder[4096];
    if (f.json)
        putchar('[');
    enum err err = crypto_init();
    finding(&f, !err, "OpenSSL", "%s%s%s", crypto_openssl_version(), err ? ": " : "",
            err ? err_text(err) : "");
    if (!err)
        examine_suites(&f);
    scenario_list(count_one, &scenarios);
    finding(&f, scenarios > 0, "scenarios", "%u in %s", scenarios, scenario_folder());
    examine_profile(&f);
    bool here = getcwd(folder, sizeof folder) != NULL;
    finding(&f, here && access(".", W_OK | X_OK) == 0, "results can be written here", "%s",
            here ? folder : "the present folder is gone");
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    finding(&f, cores > 0, "cores", "%ld", cores);
    if (f.json)
        fputs("\n]\n", stdout);
    return f.bad == 0 ? EXIT_DONE : EXIT_INTERNAL;
}

extern const struct cli_command cli_doctor;
const struct cli_command cli_doctor = {
    .name = "doctor",
    .arguments = "",
    .summary = "examine this installation: OpenSSL, cipher suites, files, rights",
    .details = "Exit code 1 when something that a run needs is missing.",
    .options = options,
    .min_arguments = 0,
    .max_arguments = 0,
    .run = run};
