#include "sim/cli/serve_bsf.h"

#include <string.h>

#include "models/host/live_bsf.h"
#include "models/node/live.h"
#include "models/proto/m2mxml.h"
#include "sim/base/json.h"
#include "sim/cli/live_args.h"
#include "sim/cli/live_scenario.h"

#define DEFAULT_PLACE    "8080" /* of an HTTP server that is not the machine's */
#define DEFAULT_LIFETIME (24 * 3600 * SIM_S)

struct serve {
    bool json, secrets, gba_u;
    struct live_scenario scenario;
    uint64_t devices;    /* of the scenario, that it serves */
    struct users *users; /* of the file; NULL: none */
    gba_name fqdn;
    struct live_place place;
    struct live_bsf_settings settings;
    unsigned long long accepted, refused;
};

/* ---- a line a bootstrapping ---- */

static const char *method_of(const struct live_bsf_end *e)
{
    return e->gba_u ? "gba-u" : "gba-me";
}

static const char *outcome_of(const struct live_bsf_end *e)
{
    return live_outcome(e->sa ? PROTO_DONE : PROTO_FAILED);
}

static void print_json(const struct serve *s, const struct live_bsf_end *e)
{
    fputs("{\"by\": \"ub\", \"identity\": ", stdout);
    json_text(stdout, e->impi);
    printf(", \"method\": \"%s\", \"outcome\": \"%s\", \"reason\": \"%s\", \"ms\": %.3f, "
           "\"requests\": %u, \"octets_in\": %llu, \"octets_out\": %llu, \"resynchronised\": %s",
           method_of(e), outcome_of(e), reason_text(e->reason),
           (double)(e->ended - e->began) / SIM_MS, e->requests, (unsigned long long)e->octets_in,
           (unsigned long long)e->octets_out, e->resynchronised ? "true" : "false");
    if (e->sa)
        live_print_association(e->sa, s->secrets, true);
    puts("}");
}

static void print_text(const struct serve *s, const struct live_bsf_end *e)
{
    json_text(stdout, e->impi);
    printf(" %s %s %s %.3f ms %u requests %llu B in %llu B out%s", method_of(e), outcome_of(e),
           e->reason ? reason_text(e->reason) : "-", (double)(e->ended - e->began) / SIM_MS,
           e->requests, (unsigned long long)e->octets_in, (unsigned long long)e->octets_out,
           e->resynchronised ? " resynchronised" : "");
    if (e->sa)
        live_print_association(e->sa, s->secrets, false);
    putchar('\n');
}

static void on_end(void *arg, const struct live_bsf_end *end)
{
    struct serve *s = arg;

    if (end->sa)
        s->accepted++;
    else
        s->refused++;
    if (s->json)
        print_json(s, end);
    else
        print_text(s, end);
    fflush(stdout); /* who watches it through a pipe waits for this line */
}

/* The file first: it may change what the scenario says of somebody. */
static void on_zh(void *arg, struct proto_env *env, const struct zh_request *request,
                  struct zh_answer *out)
{
    struct serve *s = arg;

    *out = (struct zh_answer){.reason = REASON_GBA_SUBSCRIBER};
    if (s->users)
        users_zh(s->users, env, request, s->gba_u, out);
    if (out->reason == REASON_GBA_SUBSCRIBER && s->scenario.deployment)
        deployment_live_zh(s->scenario.deployment, env, request, out);
}

/* ---- reading the command line ---- */

/* The BSF of the first subscriber's network (TS 23.003 16.2). */
static bool name_by_imsi(const struct users *users, gba_name out)
{
    static const uint8_t none[16];
    struct uicc card;
    gba_name impi;

    for (size_t i = 0; i < users_count(users); i++) {
        const struct user *u = users_at(users, i);

        if (u->kind != USER_SUBSCRIBER)
            continue;
        uicc_init(&card, u->imsi, LIVE_MNC_DIGITS, none, none);
        return gba_impi(GBA_USIM, &card, NULL, impi) && gba_bsf_of(impi, out);
    }
    return false;
}

/* Given, or the scenario's, or of the file's. */
static int read_name(const struct cli *c, struct serve *s)
{
    static const uint8_t any[16];
    const char *given = cli_value(c, "fqdn");
    gba_name btid;

    if (given && (!*given || given[strcspn(given, " \t\r\n\"")] || !gba_btid(any, given, btid)))
        return cli_error(c, EXIT_USAGE, "--fqdn: a name of at most %d characters",
                         GBA_NAME_MAX - 25);
    if (given)
        memcpy(s->fqdn, given, strlen(given) + 1);
    else if (!s->fqdn[0] && !name_by_imsi(s->users, s->fqdn))
        return cli_error(c, EXIT_USAGE, "%s has no subscriber", cli_value(c, "users"));
    s->settings.fqdn = s->fqdn;
    return EXIT_DONE;
}

static int read_scenario(const struct cli *c, struct serve *s)
{
    struct live_gba_server bsf;
    int exit = live_scenario_read(c, 1, &s->scenario);

    if (exit || !s->scenario.deployment)
        return exit;
    if (!deployment_live_bsf(s->scenario.deployment, &bsf))
        return cli_error(c, EXIT_SCENARIO, "%s has no BSF", s->scenario.scenario->path);
    if (strlen(bsf.fqdn) > GBA_NAME_MAX)
        return cli_error(c, EXIT_SCENARIO, "its BSF's name is too long");
    memcpy(s->fqdn, bsf.fqdn, strlen(bsf.fqdn) + 1);
    s->devices = bsf.devices;
    s->settings.key_lifetime = bsf.key_lifetime;
    return EXIT_DONE;
}

static int read_bounds(const struct cli *c, struct serve *s)
{
    struct live_bounds bounds;

    if (!live_bounds_read(c, &bounds) || !cli_time(c, "lifetime", &s->settings.key_lifetime))
        return EXIT_USAGE;
    if (s->settings.key_lifetime < SIM_S)
        return cli_error(c, EXIT_USAGE, "--lifetime: a second or more");
    s->settings.patience = bounds.patience;
    s->settings.quiet = bounds.quiet;
    s->settings.conversations = bounds.conversations;
    s->settings.seed = bounds.seed;
    return EXIT_DONE;
}

static int read_line(const struct cli *c, struct serve *s)
{
    static const char *const others[] = {
        "radius", "pana",   "usage",      "secret", "cert",      "key",
        "ca",     "mtu",    "server-id",  "realm",  "no-reauth", "network-name",
        "https",  "coaps",  "http",       "coap",   "mia",       "contact",
        "tls",    "ca-out", "client-out", "force",  "device",    NULL};
    const char *place = cli_value(c, "ub") ? cli_value(c, "ub") : DEFAULT_PLACE;
    int exit = live_refuse(c, others);

    if (exit)
        return exit;
    if (!cli_value(c, "users") && !cli_argument(c, 1))
        return cli_error(c, EXIT_USAGE, "a scenario or --users is needed: who may come in");
    if (!live_place_read(c, "ub", place, &s->place))
        return EXIT_USAGE;
    s->json = cli_flag(c, "json");
    s->secrets = cli_flag(c, "secrets");
    s->gba_u = cli_flag(c, "gba-u");
    s->settings.key_lifetime = DEFAULT_LIFETIME;
    exit = live_users_read(c, &s->users);
    if (exit == EXIT_DONE)
        exit = read_scenario(c, s);
    if (exit == EXIT_DONE)
        exit = read_bounds(c, s);
    return exit == EXIT_DONE ? read_name(c, s) : exit;
}

/* ---- serving ---- */

static void say_sum(const struct serve *s, const struct live_bsf *bsf)
{
    const struct live_bsf_counts *n = live_bsf_counts(bsf);

    fprintf(stderr, "%llu accepted, %llu refused; %llu connections, %llu beyond the limit\n",
            s->accepted, s->refused, (unsigned long long)n->connections,
            (unsigned long long)n->refused);
}

static int serve(const struct cli *c, struct serve *s)
{
    struct live *live = live_new();
    struct live_bsf *bsf = NULL;
    const char *why = "no such host";
    int exit = EXIT_DONE;

    s->settings.zh = on_zh;
    s->settings.ended = on_end;
    s->settings.arg = s;
    if (live_bsf_new(live, s->place.host, &s->place.port, &s->settings, &bsf, &why)) {
        exit = cli_error(c, EXIT_USAGE, "cannot listen at %s:%d: %s", s->place.host, s->place.port,
                         why);
    } else if (live_watch_signals(live)) {
        exit = cli_error(c, EXIT_INTERNAL, "cannot watch for signals");
    } else {
        live_say_ready(&s->place, s->fqdn, &s->scenario, s->devices, s->users);
        live_bsf_run(bsf);
    }
    live_free(live);
    if (exit == EXIT_DONE)
        say_sum(s, bsf);
    live_bsf_free(bsf);
    return exit;
}

int serve_bsf(const struct cli *c)
{
    struct serve s = {.json = false};
    int exit;

    m2mxml_init();
    exit = read_line(c, &s);
    if (exit == EXIT_DONE)
        exit = serve(c, &s);
    users_free(s.users);
    live_scenario_release(&s.scenario);
    return exit;
}
