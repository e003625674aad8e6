#include "sim/cli/attach.h"

#include <string.h>

#include "models/node/live.h"

#define MOST_COUNT       1000000
#define MOST_PARALLEL    1000
#define DEFAULT_PATIENCE (30 * SIM_S)
/* The agent repeats its last word after a second (RFC 5191 9) if our answer to it was lost. */
#define DEFAULT_LINGER (1500 * SIM_MS)

static int need(const struct cli *c, const struct attach_given *g, const char *option)
{
    if (cli_value(c, option))
        return EXIT_DONE;
    if (!g->method)
        return cli_error(c, EXIT_USAGE, "'%s' needs --%s", cli_argument(c, 0), option);
    return cli_error(c, EXIT_USAGE, "--method %s needs --%s", g->method->name, option);
}

static int need_all(const struct cli *c, const struct attach_given *g, const char *const *names)
{
    int exit = EXIT_DONE;

    for (; *names && exit == EXIT_DONE; names++)
        exit = need(c, g, *names);
    return exit;
}

static int read_key(const struct cli *c, struct attach_given *g)
{
    static const char *const needed[] = {"identity", "psk", NULL};
    uint8_t key[M2M_KEY_LEN] = {0};
    unsigned long long suite = 0;
    int exit = need_all(c, g, needed);

    if (exit)
        return exit;
    if (!live_hex(c, "psk", key, g->method->type == EAP_PSK ? 16 : 32) ||
        !cli_number(c, "gpsk-suite", &suite))
        return EXIT_USAGE;
    if (suite > 2)
        return cli_error(c, EXIT_USAGE, "--gpsk-suite: 1 or 2");
    se_put(&g->se, SE_CREDENTIAL, key);
    explicit_bzero(key, sizeof key);
    g->settings.peer.credentials.has_psk = true;
    g->settings.peer.credentials.psk_slot = SE_CREDENTIAL;
    g->settings.peer.credentials.gpsk_suite = (unsigned)suite;
    return EXIT_DONE;
}

static bool is_imsi(const char *text)
{
    return strlen(text) >= 6 && strlen(text) <= IMSI_MAX &&
           text[strspn(text, "0123456789")] == '\0';
}

/* imsi: of a card that need not say, "". */
static int read_card(const struct cli *c, struct attach_given *g, const char *const *needed)
{
    const char *imsi = cli_value(c, "imsi");
    uint8_t k[16], opc[16], sqn[6] = {0};
    unsigned long long digits = LIVE_MNC_DIGITS;
    uint64_t number = 0;
    int exit = need_all(c, g, needed);

    if (exit)
        return exit;
    if (!live_hex(c, "k", k, sizeof k) || !live_hex(c, "opc", opc, sizeof opc) ||
        !live_hex(c, "sqn", sqn, sizeof sqn) || !cli_number(c, "mnc-digits", &digits))
        return EXIT_USAGE;
    if (imsi && !is_imsi(imsi))
        return cli_error(c, EXIT_USAGE, "--imsi: 6 to %d digits", IMSI_MAX);
    if (digits != 2 && digits != 3)
        return cli_error(c, EXIT_USAGE, "--mnc-digits: 2 or 3");
    for (size_t i = 0; i < sizeof sqn; i++)
        number = number << 8 | sqn[i];
    uicc_init(&g->uicc, imsi ? imsi : "", (unsigned)digits, k, opc);
    uicc_set_sqn(&g->uicc, number);
    explicit_bzero(k, sizeof k);
    g->imsi = imsi;
    return EXIT_DONE;
}

static int read_card_of_eap(const struct cli *c, struct attach_given *g)
{
    static const char *const needed[] = {"imsi", "k", "opc", NULL};
    struct eap_peer_credentials *own = &g->settings.peer.credentials;

    own->uicc = &g->uicc;
    own->network_name = cli_value(c, "network-name");
    if (cli_flag(c, "reauth"))
        own->reauth = &g->reauth;
    return read_card(c, g, needed);
}

static int read_certificates(const struct cli *c, struct attach_given *g)
{
    static const char *const needed[] = {"identity", "ca", "cert", NULL};
    int exit = need_all(c, g, needed);

    if (exit == EXIT_DONE && !live_tls_read(c, false, &g->tls, &exit))
        return exit;
    g->settings.peer.credentials.tls = g->tls.context;
    g->settings.peer.credentials.expect_name = cli_value(c, "server-name");
    return exit;
}

static int read_credentials(const struct cli *c, struct attach_given *g)
{
    switch (g->method->type) {
    case EAP_GPSK:
    case EAP_PSK:
        return read_key(c, g);
    case EAP_SIM:
    case EAP_AKA:
    case EAP_AKA_PRIME:
        return read_card_of_eap(c, g);
    case EAP_TLS:
        return read_certificates(c, g);
    default:
        return cli_error(c, EXIT_USAGE, "--method %s: no real server speaks it", g->method->name);
    }
}

static int read_method(const struct cli *c, struct attach_given *g)
{
    const char *name = cli_value(c, "method"), *names[32], *near;
    size_t n = 0;

    if (!name)
        return cli_error(c, EXIT_USAGE, "--method is needed");
    g->method = eap_method_by_name(name);
    if (g->method)
        return EXIT_DONE;
    for (; n < eap_method_count() && n < 32; n++)
        names[n] = eap_method_at(n)->name;
    near = diag_nearest(name, names, n);
    return cli_error(c, EXIT_USAGE, "--method: unknown '%s'%s%s%s", name,
                     near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int read_bounds(const struct cli *c, struct attach_given *g)
{
    unsigned long long mtu = EAP_MTU;
    sim_ns patience = DEFAULT_PATIENCE;

    g->count = g->parallel = 1;
    if (!cli_number(c, "count", &g->count) || !cli_number(c, "parallel", &g->parallel) ||
        !cli_number(c, "mtu", &mtu) || !cli_time(c, "patience", &patience) ||
        !live_seed(c, &g->seed))
        return EXIT_USAGE;
    if (g->count < 1 || g->count > MOST_COUNT)
        return cli_error(c, EXIT_USAGE, "--count: from 1 to %d", MOST_COUNT);
    if (g->parallel < 1 || g->parallel > MOST_PARALLEL)
        return cli_error(c, EXIT_USAGE, "--parallel: from 1 to %d", MOST_PARALLEL);
    if (g->parallel > 1 && cli_flag(c, "reauth"))
        return cli_error(c, EXIT_USAGE, "--reauth goes one after the other, without --parallel");
    if (mtu < EAP_MTU_MIN || mtu > RADIUS_PACKET_MAX)
        return cli_error(c, EXIT_USAGE, "--mtu: from %d to %d", EAP_MTU_MIN, RADIUS_PACKET_MAX);
    if (patience == 0)
        return cli_error(c, EXIT_USAGE, "--patience must be above 0");
    if (cli_value(c, "mtu") || !cli_argument(c, 1))
        g->settings.peer.mtu = g->settings.radius.framed_mtu = (uint32_t)mtu;
    g->settings.radius.mrd = g->patience = patience;
    return EXIT_DONE;
}

/* What whole devices alone have. */
static int refuse_of_devices(const struct cli *c)
{
    static const char *const names[] = {"nscl", "for", "speed", "over", "keep", NULL};

    return live_refuse(c, names);
}

static int read_radius(const struct cli *c, struct attach_given *g)
{
    static const char *const others[] = {"pana", "usage", "linger", "bsf", "fqdn", "gba-u", NULL};
    const char *secret = cli_value(c, "secret"), *place = cli_value(c, "radius");
    int exit = live_refuse(c, others);

    if (exit)
        return exit;
    if (!place)
        return cli_error(c, EXIT_USAGE, "--radius is needed: where the server is");
    if (!secret || !*secret)
        return cli_error(c, EXIT_USAGE, "--secret is needed: what server and clients share");
    if (!live_place_read(c, "radius", place, &g->place))
        return EXIT_USAGE;
    g->settings.radius.secret = span_str(secret);
    g->settings.radius.nas_identifier = "m2msim";
    return EXIT_DONE;
}

static int read_pana(const struct cli *c, struct attach_given *g)
{
    static const char *const others[] = {"radius", "secret", "reauth", "bsf",
                                         "fqdn",   "gba-u",  NULL};
    const char *place = cli_value(c, "pana");
    int exit = live_refuse(c, others);

    if (exit)
        return exit;
    if (!place)
        return cli_error(c, EXIT_USAGE, "--pana is needed: where the agent is");
    g->usage = PANA_USAGE_BOOTSTRAP;
    g->linger = DEFAULT_LINGER;
    return live_pana_place(c, place, &g->place) && live_usage(c, &g->usage) &&
                   cli_time(c, "linger", &g->linger)
               ? EXIT_DONE
               : EXIT_USAGE;
}

static int read_bsf(const struct cli *c, struct attach_given *g)
{
    static const char *const others[] = {
        "radius", "secret", "pana", "usage", "linger",       "method", "psk",         "gpsk-suite",
        "reauth", "cert",   "key",  "ca",    "network-name", "mtu",    "server-name", NULL};
    const char *place = cli_value(c, "bsf");
    int exit = live_refuse(c, others);

    if (exit)
        return exit;
    if (!place)
        return cli_error(c, EXIT_USAGE, "--bsf is needed: where the server is");
    g->gba_u = cli_flag(c, "gba-u");
    return live_place_read(c, "bsf", place, &g->place) ? EXIT_DONE : EXIT_USAGE;
}

/* Without a name for the BSF: the one of the home network (TS 23.003 16.2). */
static int read_ue(const struct cli *c, struct attach_given *g)
{
    static const char *const by_imsi[] = {"imsi", "k", "opc", NULL};
    static const char *const by_identity[] = {"k", "opc", NULL};
    const char *fqdn = cli_value(c, "fqdn");
    gba_name impi;
    int exit;

    if (cli_value(c, "device"))
        return cli_error(c, EXIT_USAGE, "--device is of a scenario: attach gba SCENARIO");
    g->isim_impi = cli_value(c, "identity");
    exit = read_card(c, g, g->isim_impi ? by_identity : by_imsi);
    if (exit)
        return exit;
    if (!gba_impi(g->isim_impi ? GBA_ISIM : GBA_USIM, &g->uicc, g->isim_impi, impi))
        return cli_error(c, EXIT_USAGE, "--identity: an IMPI of 1 to %d characters", GBA_NAME_MAX);
    if (fqdn ? *fqdn && strlen(fqdn) <= GBA_NAME_MAX : gba_bsf_of(impi, g->fqdn)) {
        if (fqdn)
            memcpy(g->fqdn, fqdn, strlen(fqdn) + 1);
        return EXIT_DONE;
    }
    return cli_error(c, EXIT_USAGE,
                     fqdn ? "--fqdn: 1 to %d characters"
                          : "--fqdn is needed: the BSF's name (at most %d characters)",
                     GBA_NAME_MAX);
}

/* The first device of that name: the others have its methods. */
static enum err first_device(struct attach_given *g)
{
    struct live_device device;
    struct live_ue ue;
    enum err err;

    if (g->kind == ATTACH_GBA) {
        err = deployment_live_ue(g->scenario.deployment, g->device, 0, &ue);
        g->gba_u = ue.ub.gba_u;
        return err;
    }
    err = deployment_live_device(g->scenario.deployment, g->device, 0, &device);
    g->method = device.method;
    live_device_release(&device, true);
    return err;
}

/* --device of a scenario, which knows the rest. */
static int read_device(const struct cli *c, struct attach_given *g)
{
    static const char *const own[] = {"method", "identity", "psk",  "imsi",  "k", "opc",
                                      "cert",   "reauth",   "fqdn", "gba-u", NULL};
    int exit;
    enum err err;

    for (const char *const *o = own; *o; o++)
        if (cli_value(c, *o) || cli_flag(c, *o))
            return cli_error(c, EXIT_USAGE, "--%s is the scenario's to say", *o);
    g->device = cli_value(c, "device");
    if (!g->device)
        return cli_error(c, EXIT_USAGE, "--device is needed: a device or a population of it");
    exit = live_scenario_read(c, 1, &g->scenario);
    if (exit)
        return exit;
    g->devices = deployment_live_count(g->scenario.deployment, g->device);
    err = first_device(g);
    if (err == ERR_NOT_FOUND)
        return cli_error(c, EXIT_USAGE, "%s has no device '%s'", g->scenario.scenario->path,
                         g->device);
    if (err == ERR_UNSUPPORTED)
        return cli_error(c, EXIT_USAGE, "'%s' does not %s", g->device,
                         g->kind == ATTACH_GBA ? "use GBA" : "bootstrap by EAP");
    if (err)
        return cli_error(c, EXIT_INTERNAL, "'%s': %s", g->device, err_text(err));
    return EXIT_DONE;
}

/* The one peer that the command line describes. */
static int read_peer(const struct cli *c, struct attach_given *g)
{
    int exit = read_method(c, g);

    if (cli_value(c, "device"))
        return cli_error(c, EXIT_USAGE, "--device is of a scenario: attach eap SCENARIO");
    if (exit)
        return exit;
    g->settings.peer.methods = &g->method;
    g->settings.peer.method_count = 1;
    g->settings.peer.identity = cli_value(c, "identity");
    return read_credentials(c, g);
}

static int read_server(const struct cli *c, struct attach_given *g)
{
    int exit = refuse_of_devices(c);

    if (exit)
        return exit;
    switch (g->kind) {
    case ATTACH_EAP:
        return read_radius(c, g);
    case ATTACH_PANA:
        return read_pana(c, g);
    case ATTACH_GBA:
        return read_bsf(c, g);
    }
    return EXIT_INTERNAL;
}

int attach_read(const struct cli *c, struct attach_given *g)
{
    static const char *const kinds[] = {
        [ATTACH_EAP] = "eap", [ATTACH_PANA] = "pana", [ATTACH_GBA] = "gba"};
    const char *kind = cli_argument(c, 0);
    int exit;

    while (g->kind <= ATTACH_GBA && strcmp(kind, kinds[g->kind]) != 0)
        g->kind++;
    if (g->kind > ATTACH_GBA)
        return cli_error(c, EXIT_USAGE, "can attach 'eap', 'pana', 'gba' or 'devices', not '%s'",
                         kind);
    exit = read_server(c, g);
    if (exit == EXIT_DONE)
        exit = read_bounds(c, g);
    if (exit)
        return exit;
    g->json = cli_flag(c, "json");
    g->secrets = cli_flag(c, "secrets");
    if (cli_argument(c, 1))
        return read_device(c, g);
    return g->kind == ATTACH_GBA ? read_ue(c, g) : read_peer(c, g);
}

bool attach_peer(const struct attach_given *g, unsigned long long number,
                 struct live_device *device, struct eap_peer_settings *out)
{
    *out = g->settings.peer;
    if (!g->device)
        return !g->tls.credential ||
               !credential_copy(g->tls.credential, &out->credentials.credential);
    if (deployment_live_device(g->scenario.deployment, g->device,
                               (uint32_t)((number - 1) % g->devices), device))
        return false;
    *out = device->peer;
    if (g->settings.peer.mtu)
        out->mtu = g->settings.peer.mtu;
    return true;
}

void attach_release(struct attach_given *g)
{
    live_scenario_release(&g->scenario);
    live_tls_release(&g->tls);
    se_release(&g->se);
    uicc_release(&g->uicc);
    explicit_bzero(&g->reauth, sizeof g->reauth);
}
