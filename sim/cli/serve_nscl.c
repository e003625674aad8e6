#include "sim/cli/serve_nscl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/entity.h"
#include "crypto/hash.h"
#include "models/host/live_nscl.h"
#include "models/node/live.h"
#include "models/proto/m2mxml.h"
#include "models/proto/xmlsec.h"
#include "sim/base/json.h"
#include "sim/cli/live_args.h"
#include "sim/cli/live_scenario.h"
#include "sim/cli/mid_tally.h"
#include "sim/cli/nscl_out.h"
#include "sim/cli/serve_resume.h"

struct serve {
    bool json, secrets, certificates;
    struct live_scenario scenario;
    struct users *users; /* of the file; NULL: none */
    struct live_nscl_facts nscl;
    struct live_place places[LIVE_NSCL_DOORS];
    bool opens[LIVE_NSCL_DOORS];
    struct live_nscl_settings settings;
    struct tls_context *context, *dtls;
    struct credential *credential; /* NULL: PSK */
    struct live *live;
    struct mid_tally tally;
    struct serve_resume resume;
    struct nscl_out out;
    sim_ns served;
};

static int64_t unix_now(const struct serve *s, sim_ns now)
{
    return live_epoch_unix_ns(s->live) + now;
}

/* ---- a line a connection ---- */

static void on_end(void *arg, const struct live_nscl_end *e)
{
    struct serve *s = arg;
    double seconds = (double)(e->ended - e->began) / SIM_S;
    const char *reason = e->reason ? reason_text(e->reason) : "";

    if (s->json) {
        printf("{\"by\": \"%s\", \"identity\": ", live_nscl_door_name(e->door));
        json_text(stdout, e->peer);
        printf(", \"reason\": \"%s\", \"seconds\": %.3f, \"requests\": %llu, \"octets_in\": %llu, "
               "\"octets_out\": %llu, \"resumed\": %s}\n",
               reason, seconds, (unsigned long long)e->requests, (unsigned long long)e->octets_in,
               (unsigned long long)e->octets_out, e->resumed ? "true" : "false");
    } else {
        if (e->door != LIVE_HTTPS)
            printf("%s ", live_nscl_door_name(e->door));
        json_text(stdout, e->peer);
        printf(" %s %.3f s %llu requests %llu B in %llu B out%s\n", *reason ? reason : "-", seconds,
               (unsigned long long)e->requests, (unsigned long long)e->octets_in,
               (unsigned long long)e->octets_out, e->resumed ? " resumed" : "");
    }
    fflush(stdout); /* who watches it through a pipe waits for this line */
    nscl_out_gone(&s->out, e->who);
}

/* ---- what the NSCL answers ---- */

static unsigned on_psk(void *arg, struct span identity, uint8_t psk[32], enum reason *reason)
{
    const struct serve *s = arg;

    return deployment_live_psk(s->scenario.deployment, identity, unix_now(s, live_now(s->live)),
                               psk, reason);
}

static void on_served(void *arg, struct tls *t, sim_ns now)
{
    struct serve *s = arg;

    serve_resume_served(&s->resume, t, now);
}

static bool on_grant(void *arg, struct span identity, struct mid_grant *out, enum reason *reason)
{
    const struct serve *s = arg;

    return deployment_live_grant(s->scenario.deployment, identity, unix_now(s, live_now(s->live)),
                                 out, reason);
}

static bool on_request(void *arg, const struct live_nscl_call *call)
{
    struct serve *s = arg;
    struct deployment *d = s->scenario.deployment;
    struct meter *m = call->env->meter;
    struct registrar_answer a;
    uint64_t handed =
        (call->door == LIVE_MIA ? deployment_live_application : deployment_live_request)(
            d, m, call->request, unix_now(s, call->now), &a);

    if (handed || a.held) {
        if (handed)
            nscl_out_wait(&s->out, call, handed);
        else
            nscl_out_hold(&s->out, call);
        m2m_doc_release(&a.doc);
        mid_tally_add(&s->tally, a.method, a.answer.status, live_now(s->live) - call->now);
        return false;
    }
    if (a.doc.kind != DOC_NONE)
        a.answer.doc = &a.doc;
    if (call->request->observe && a.answer.status == STATUS_OK)
        a.answer.observed = observers_add(&s->out.observers, d, call, unix_now(s, call->now));
    server_session_answer(call->session, call->now, &a.answer);
    mid_tally_add(&s->tally, a.method, a.answer.status, live_now(s->live) - call->now);
    m2m_doc_release(&a.doc);
    return true;
}

static sim_ns on_deliver(void *arg)
{
    return nscl_out_deliver(&((struct serve *)arg)->out);
}

/* ---- who may come in ---- */

static void print_key(const struct serve *s, const char *name, const uint8_t *key, size_t n)
{
    char hex[2 * M2M_KEY_LEN + 1];

    hex_encode(key, n, hex);
    printf(s->json ? ", \"%s\": \"%s\"" : " %s=%s", name, hex);
    explicit_bzero(hex, sizeof hex);
}

/* What seals its objects comes from Kmc, but by a way (GAP C13) that no tool at hand goes. */
static void print_object_keys(const struct serve *s, const struct live_scl *scl)
{
    struct xmlsec_keys keys;

    if (!xmlsec_keys_derive(scl->se, SE_KMC, NULL, scl->identity, &keys))
        return;
    print_key(s, "sign", keys.sign, sizeof keys.sign);
    print_key(s, "encrypt", keys.encrypt, sizeof keys.encrypt);
    xmlsec_keys_wipe(&keys);
}

/* Who comes by the access network has none. */
static void print_secret(const struct serve *s, const char *name, const struct live_scl *scl)
{
    fputs(s->json ? "{\"device\": " : "", stdout);
    json_text(stdout, name);
    printf(s->json ? ", \"scl\": \"%s\"" : " scl=%s", scl->scl_id);
    if (se_has(scl->se, SE_KMC)) {
        printf(s->json ? ", \"identity\": \"%s\"" : " identity=%s", scl->identity);
        print_key(s, "kmc", scl->kmc, M2M_KEY_LEN);
    }
    if (scl->mid.object_flags)
        print_object_keys(s, scl);
    puts(s->json ? "}" : "");
}

/* Of --device, or of all devices. */
static int print_secrets(const struct cli *c, const struct serve *s)
{
    const struct scenario *scenario = s->scenario.scenario;
    const char *only = cli_value(c, "device");
    struct live_scl scl;
    uint32_t n;

    for (uint32_t p = 0; p < scenario->population_count; p++) {
        const char *name = only ? only : scenario->populations[p].name;

        n = deployment_live_count(s->scenario.deployment, name);
        for (uint32_t i = 0; i < n; i++)
            if (deployment_live_scl(s->scenario.deployment, name, i, &scl) == OK)
                print_secret(s, scl.name, &scl);
        explicit_bzero(&scl, sizeof scl);
        if (only)
            break;
    }
    fflush(stdout);
    return EXIT_DONE;
}

/* The file's SCLs; a Kmc of theirs lives as long as the server. */
static void know_users(struct serve *s)
{
    for (size_t i = 0; s->users && i < users_count(s->users); i++) {
        const struct user *u = users_at(s->users, i);
        struct scl_record r = {.connection_id = u->scl.connection_id,
                               .kmc_index = u->scl.kmc_index,
                               .kmc_expires = SIM_NEVER,
                               .ival_capable = u->scl.ival_capable};

        if (u->kind != USER_SCL)
            continue;
        memcpy(r.node_id, u->scl.node_id, M2M_NODE_ID_LEN);
        memcpy(r.kmc, u->key, M2M_KEY_LEN);
        memcpy(r.kival, u->scl.kival, M2M_KEY_LEN);
        deployment_live_stranger(s->scenario.deployment, &r);
        explicit_bzero(&r, sizeof r);
    }
}

static int read_scenario(const struct cli *c, struct serve *s)
{
    int exit = live_scenario_read(c, 1, &s->scenario);

    if (exit)
        return exit;
    if (!s->scenario.deployment)
        return cli_error(c, EXIT_USAGE, "a scenario is needed: whose NSCL it is");
    if (!deployment_live_nscl(s->scenario.deployment, &s->nscl))
        return cli_error(c, EXIT_SCENARIO, "%s has no NSCL", s->scenario.scenario->path);
    know_users(s);
    return EXIT_DONE;
}

/* ---- TLS ---- */

static int make_context(const struct cli *c, const struct serve *s,
                        const struct tls_settings *settings, struct tls_context **out)
{
    struct rng stream = rng_stream(s->settings.seed, "context", "live-nscl");
    enum err err;

    entity_enter_live(&stream);
    err = tls_context_new(settings, out);
    entity_leave();
    return err ? cli_error(c, EXIT_INTERNAL, "TLS cannot be set up: %s", err_text(err)) : EXIT_DONE;
}

static int make_https(const struct cli *c, struct serve *s)
{
    static const enum tls_suite suites[] = {TLS_SUITE_ECDHE_RSA_AES_128_CBC_SHA256,
                                            TLS_SUITE_RSA_AES_128_CCM,
                                            TLS_SUITE_RSA_AES_128_CBC_SHA};
    struct tls_settings settings = {.server = true,
                                    .version = s->nscl.version,
                                    .suites = s->nscl.suites,
                                    .suite_count = s->nscl.suite_count,
                                    .group = s->nscl.group,
                                    .resume = s->nscl.resume,
                                    .resume_s = (unsigned)(s->nscl.resume_for / SIM_S)};

    if (s->certificates) {
        settings.resume = TLS_RESUME_NO; /* it is a PSK that a session hangs on */
        settings.version = TLS_1_2;
        settings.suites = suites;
        settings.suite_count = sizeof suites / sizeof *suites;
        settings.authority = deployment_live_authority(s->scenario.deployment);
    }
    return make_context(c, s, &settings, &s->context);
}

static int make_coaps(const struct cli *c, struct serve *s)
{
    static const enum tls_suite suites[] = {TLS_SUITE_PSK_AES_128_CCM_8, TLS_SUITE_PSK_AES_128_CCM};

    return make_context(c, s,
                        &(struct tls_settings){.server = true,
                                               .version = DTLS_1_2,
                                               .suites = suites,
                                               .suite_count = 2,
                                               .resume = s->nscl.resume,
                                               .resume_s = (unsigned)(s->nscl.resume_for / SIM_S)},
                        &s->dtls);
}

/* A file that is not there yet, for its owner's eyes. false: it was told. */
static bool create(const struct cli *c, const char *path)
{
    int fd;

    if (cli_flag(c, "force"))
        unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        return close(fd) == 0;
    cli_error(c, EXIT_USAGE, "%s: %s%s", path, strerror(errno),
              errno == EEXIST ? " (--force replaces it)" : "");
    return false;
}

static int write_client(const struct cli *c, const struct serve *s, const char *path)
{
    const char *name = cli_value(c, "device");
    struct credential *credential = NULL;
    struct live_scl scl;
    enum err err;

    if (!name)
        return cli_error(c, EXIT_USAGE, "--client-out needs --device: whose certificate it is");
    err = deployment_live_scl(s->scenario.deployment, name, 0, &scl);
    if (err)
        return cli_error(c, EXIT_USAGE, "%s has no SCL '%s' of its first NSCL",
                         s->scenario.scenario->path, name);
    if (!create(c, path))
        return EXIT_USAGE;
    err = deployment_live_certificate(s->scenario.deployment, scl.scl_id, false, &credential);
    if (!err)
        err = credential_write_pem(credential, path, path);
    credential_free(credential);
    explicit_bzero(&scl, sizeof scl);
    return err ? cli_error(c, EXIT_INTERNAL, "%s: %s", path, err_text(err)) : EXIT_DONE;
}

static int make_certificates(const struct cli *c, struct serve *s)
{
    struct deployment *d = s->scenario.deployment;
    const char *ca = cli_value(c, "ca-out"), *client = cli_value(c, "client-out");
    int exit = EXIT_DONE;

    if (!deployment_live_authority(d))
        return cli_error(c, EXIT_SCENARIO, "%s has no authority: no device of it has a certificate",
                         s->scenario.scenario->path);
    if (deployment_live_certificate(d, s->nscl.fqdn, true, &s->credential))
        return cli_error(c, EXIT_INTERNAL, "the certificate cannot be made");
    s->settings.credential = s->credential;
    if (ca && !create(c, ca))
        return EXIT_USAGE;
    if (ca && authority_write_pem(deployment_live_authority(d), ca))
        return cli_error(c, EXIT_INTERNAL, "%s cannot be written", ca);
    if (client)
        exit = write_client(c, s, client);
    return exit;
}

/* ---- reading the command line ---- */

static int read_tls(const struct cli *c, struct serve *s)
{
    const char *tls = cli_value(c, "tls");

    if (tls && strcmp(tls, "psk") != 0 && strcmp(tls, "cert") != 0)
        return cli_error(c, EXIT_USAGE, "--tls: psk or cert, not '%s'", tls);
    s->certificates = tls && strcmp(tls, "cert") == 0;
    if (!s->certificates && (cli_value(c, "ca-out") || cli_value(c, "client-out")))
        return cli_error(c, EXIT_USAGE, "--ca-out and --client-out go with --tls cert");
    return EXIT_DONE;
}

static int read_bounds(const struct cli *c, struct serve *s)
{
    struct live_bounds bounds;

    if (!live_bounds_read(c, &bounds))
        return EXIT_USAGE;
    s->settings.idle = bounds.patience;
    s->settings.quiet = bounds.quiet;
    s->settings.connections = bounds.conversations;
    s->settings.seed = bounds.seed;
    return EXIT_DONE;
}

/* false: it was told. */
static bool read_places(const struct cli *c, struct serve *s)
{
    bool some = false;

    for (int door = 0; door < LIVE_NSCL_DOORS; door++) {
        const char *option = live_nscl_door_name((enum live_nscl_door)door);
        const char *text = cli_value(c, option);

        if (text && !live_place_read(c, option, text, &s->places[door]))
            return false;
        s->opens[door] = text != NULL;
        some |= s->opens[door];
    }
    if (!some)
        cli_error(c, EXIT_USAGE, "--https, --coaps, --http or --coap is needed: where to listen");
    return some;
}

static int read_line(const struct cli *c, struct serve *s)
{
    static const char *const others[] = {
        "radius",    "pana",  "usage",     "secret",       "ub", "fqdn",
        "lifetime",  "gba-u", "cert",      "key",          "ca", "mtu",
        "server-id", "realm", "no-reauth", "network-name", NULL};
    int exit = live_refuse(c, others);

    if (exit)
        return exit;
    if (!read_places(c, s))
        return EXIT_USAGE;
    s->json = cli_flag(c, "json");
    s->secrets = cli_flag(c, "secrets");
    exit = read_tls(c, s);
    if (exit == EXIT_DONE)
        exit = read_bounds(c, s);
    if (exit == EXIT_DONE)
        exit = live_users_read(c, &s->users);
    if (exit == EXIT_DONE)
        exit = read_scenario(c, s);
    if (exit == EXIT_DONE && s->certificates)
        exit = make_certificates(c, s);
    if (exit == EXIT_DONE && s->opens[LIVE_HTTPS])
        exit = make_https(c, s);
    if (exit == EXIT_DONE && s->opens[LIVE_COAPS])
        exit = make_coaps(c, s);
    return exit;
}

/* ---- serving ---- */

static void report(const struct serve *s, const struct live_nscl *nscl)
{
    const struct live_nscl_counts *n = live_nscl_counts(nscl);
    const struct live_notify_counts *told = live_notify_counts(s->out.notify);

    mid_tally_report(&s->tally,
                     &(struct mid_report){.connections = n->connections,
                                          .refused = n->refused,
                                          .most = n->most,
                                          .polls = s->out.most_held,
                                          .handed = s->out.handed,
                                          .notified = told->taken,
                                          .unnotified = told->refused + told->lost + told->dropped,
                                          .seconds = (double)s->served / SIM_S},
                     s->json);
}

static int listen_at(const struct cli *c, struct live_nscl *nscl, enum live_nscl_door door,
                     struct live_place *place)
{
    const char *why = "no such host";

    if (live_nscl_open(nscl, door, place->host, &place->port, &why) == OK)
        return EXIT_DONE;
    return cli_error(c, EXIT_USAGE, "cannot listen at %s:%d: %s", place->host, place->port, why);
}

static void say_ready(const struct serve *s)
{
    bool first = true;

    for (int door = 0; door < LIVE_NSCL_DOORS; door++) {
        const struct live_place *place = &s->places[door];

        if (!s->opens[door])
            continue;
        if (door == LIVE_HTTPS)
            live_say_ready(place, s->nscl.fqdn, &s->scenario, s->nscl.devices, s->users);
        else
            fprintf(stderr, "%s%s:%d for %s%s%s\n", first ? "listening at " : "", place->host,
                    place->port, live_nscl_door_name((enum live_nscl_door)door),
                    first ? " as " : "", first ? s->nscl.fqdn : "");
        first = false;
    }
}

static int run(const struct cli *c, struct serve *s, struct live_nscl *nscl)
{
    int exit = EXIT_DONE;
    sim_ns began;

    for (int door = 0; door < LIVE_NSCL_DOORS && exit == EXIT_DONE; door++)
        if (s->opens[door])
            exit = listen_at(c, nscl, (enum live_nscl_door)door, &s->places[door]);
    if (exit == EXIT_DONE && live_watch_signals(s->live))
        exit = cli_error(c, EXIT_INTERNAL, "cannot watch for signals");
    if (exit != EXIT_DONE)
        return exit;
    if (s->secrets)
        print_secrets(c, s);
    say_ready(s);
    began = live_now(s->live);
    live_nscl_run(nscl);
    s->served = live_now(s->live) - began;
    return EXIT_DONE;
}

static int serve(const struct cli *c, struct serve *s)
{
    struct live_nscl *nscl;
    int exit;

    s->live = live_new();
    s->settings.context = s->context;
    s->settings.dtls = s->dtls;
    s->settings.psk_find = on_psk;
    serve_resume_init(&s->resume, &s->nscl, s->settings.seed);
    s->settings.resumption = s->resume.kept ? &s->resume.tls : NULL;
    s->settings.served = on_served;
    s->settings.grant_find = on_grant;
    s->settings.request = on_request;
    s->settings.deliver = on_deliver;
    s->settings.ended = on_end;
    s->settings.arg = s;
    s->settings.hold = sim_ns_add(
        s->nscl.poll_timer > s->nscl.hand_on_timeout ? s->nscl.poll_timer : s->nscl.hand_on_timeout,
        s->settings.idle);
    nscl_out_init(&s->out, c, s->scenario.deployment, s->live, &s->settings, &s->nscl);
    nscl = live_nscl_new(s->live, &s->settings);
    exit = run(c, s, nscl);
    live_free(s->live);
    if (exit == EXIT_DONE)
        report(s, nscl);
    live_nscl_free(nscl);
    nscl_out_release(&s->out);
    return exit;
}

int serve_nscl(const struct cli *c)
{
    struct serve s = {.json = false};
    int exit;

    m2mxml_init();
    mid_tally_init(&s.tally);
    exit = xmlsec_init() ? read_line(c, &s)
                         : cli_error(c, EXIT_INTERNAL, "xmlsec1's library cannot be used");
    if (exit == EXIT_DONE)
        exit = serve(c, &s);
    mid_tally_release(&s.tally);
    serve_resume_release(&s.resume);
    tls_context_free(s.context);
    tls_context_free(s.dtls);
    credential_free(s.credential);
    users_free(s.users);
    live_scenario_release(&s.scenario);
    return exit;
}
