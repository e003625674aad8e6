#include "sim/cli/live_args.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "crypto/entity.h"
#include "crypto/hash.h"
#include "sim/base/json.h"

#define DEFAULT_CONVERSATIONS 4096
#define MOST_CONVERSATIONS    1000000
#define DEFAULT_PATIENCE      (30 * SIM_S)

static bool read_port(const char *text, int *out)
{
    char *end;
    long port;

    if (*text == '\0' || text[strspn(text, "0123456789")] != '\0' || strlen(text) > 5)
        return false;
    port = strtol(text, &end, 10);
    *out = (int)port;
    return port <= 65535;
}

bool live_place_read(const struct cli *c, const char *option, const char *text,
                     struct live_place *out)
{
    const char *colon = strrchr(text, ':'), *host = text;
    size_t n = colon ? (size_t)(colon - text) : 0;
    bool good = read_port(colon ? colon + 1 : text, &out->port);

    if (good && colon && n >= 2 && text[0] == '[' && text[n - 1] == ']') {
        host++;
        n -= 2;
    } else if (good && colon && memchr(text, ':', n)) {
        good = false; /* an IPv6 address without its brackets */
    }
    if (good && colon)
        good = n > 0 && n < sizeof out->host;
    if (!good) {
        cli_error(c, EXIT_USAGE, "--%s needs PORT, HOST:PORT or [IPv6]:PORT; '%s' is none", option,
                  text);
        return false;
    }
    snprintf(out->host, sizeof out->host, "%.*s", colon ? (int)n : 9, colon ? host : "127.0.0.1");
    return true;
}

bool live_pana_place(const struct cli *c, const char *text, struct live_place *out)
{
    char whole[sizeof out->host + 8];
    const char *colon = strrchr(text, ':'), *bracket = strrchr(text, ']');
    bool has_port = bracket ? colon && colon > bracket : colon != NULL;

    if (has_port || text[strspn(text, "0123456789")] == '\0' || strlen(text) >= sizeof out->host)
        return live_place_read(c, "pana", text, out);
    snprintf(whole, sizeof whole, "%s:%d", text, PANA_PORT);
    return live_place_read(c, "pana", whole, out);
}

static const char *const usage_names[] = {"bootstrap", "connection"};

bool live_usage(const struct cli *c, enum pana_usage *out)
{
    const char *text = cli_value(c, "usage");

    for (enum pana_usage u = PANA_USAGE_BOOTSTRAP; text && u <= PANA_USAGE_CONNECTION; u++)
        if (strcmp(text, live_usage_name(u)) == 0) {
            *out = u;
            return true;
        }
    if (text)
        cli_error(c, EXIT_USAGE, "--usage: bootstrap or connection, not '%s'", text);
    return !text;
}

const char *live_usage_name(enum pana_usage usage)
{
    return usage_names[usage - PANA_USAGE_BOOTSTRAP];
}

bool live_hex(const struct cli *c, const char *option, uint8_t *out, size_t n)
{
    const char *text = cli_value(c, option);

    if (!text || hex_decode(text, strlen(text), out, n))
        return true;
    /* Not shown: it may be a key with a typing error. */
    cli_error(c, EXIT_USAGE, "--%s needs %zu hex digits; there are %zu characters", option, 2 * n,
              strlen(text));
    return false;
}

/* Both must be given, or neither. */
static bool live_together(const struct cli *c, const char *one, const char *other)
{
    if (!cli_value(c, one) == !cli_value(c, other))
        return true;
    cli_error(c, EXIT_USAGE, "--%s and --%s go together", one, other);
    return false;
}

int live_refuse(const struct cli *c, const char *const *names)
{
    for (; *names; names++)
        if (cli_flag(c, *names))
            return cli_error(c, EXIT_USAGE, "--%s is not for '%s'", *names, cli_argument(c, 0));
    return EXIT_DONE;
}

bool live_bounds_read(const struct cli *c, struct live_bounds *out)
{
    unsigned long long conversations = DEFAULT_CONVERSATIONS, seed = 0;

    out->patience = DEFAULT_PATIENCE;
    out->quiet = SIM_NEVER;
    if (!cli_number(c, "conversations", &conversations) ||
        !cli_time(c, "patience", &out->patience) || !cli_time(c, "until-idle", &out->quiet) ||
        !live_seed(c, &seed))
        return false;
    if (conversations < 1 || conversations > MOST_CONVERSATIONS) {
        cli_error(c, EXIT_USAGE, "--conversations: from 1 to %d", MOST_CONVERSATIONS);
        return false;
    }
    if (out->patience == 0) {
        cli_error(c, EXIT_USAGE, "--patience must be above 0");
        return false;
    }
    out->conversations = (size_t)conversations;
    out->seed = seed;
    return true;
}

/* ---- EAP-TLS ---- */

static bool make_context(const struct cli *c, bool server, struct live_tls *t, int *exit)
{
    static const enum tls_suite suites[] = {TLS_SUITE_RSA_AES_128_CCM,
                                            TLS_SUITE_RSA_AES_128_CBC_SHA};
    struct rng stream = rng_stream((uint64_t)host_unix_ns(), "context", "live");
    struct tls_settings settings = {.server = server,
                                    .version = TLS_1_2,
                                    .suites = suites,
                                    .suite_count = 2,
                                    .authority = t->authority};
    enum err err;

    entity_enter_live(&stream);
    err = tls_context_new(&settings, &t->context);
    entity_leave();
    if (!err)
        return true;
    *exit = cli_error(c, EXIT_INTERNAL, "TLS cannot be set up: %s", err_text(err));
    return false;
}

bool live_tls_read(const struct cli *c, bool server, struct live_tls *t, int *exit)
{
    const char *certificate = cli_value(c, "cert"), *ca = cli_value(c, "ca"), *path = "", *why = "";

    *t = (struct live_tls){0};
    *exit = EXIT_USAGE;
    if (!live_together(c, "cert", "key"))
        return false;
    if (!ca && !certificate) {
        *exit = EXIT_DONE;
        return true;
    }
    if (!ca || (server && !certificate)) {
        cli_error(c, EXIT_USAGE, "--cert, --key and --ca go together");
        return false;
    }
    if (authority_read_pem(ca, &t->authority, &why)) {
        cli_error(c, EXIT_USAGE, "%s: %s", ca, why);
        return false;
    }
    if (certificate &&
        credential_read_pem(certificate, cli_value(c, "key"), &t->credential, &path, &why)) {
        cli_error(c, EXIT_USAGE, "%s: %s", path, why);
        live_tls_release(t);
        return false;
    }
    if (!make_context(c, server, t, exit)) {
        live_tls_release(t);
        return false;
    }
    *exit = EXIT_DONE;
    return true;
}

void live_tls_release(struct live_tls *t)
{
    tls_context_free(t->context);
    credential_free(t->credential);
    authority_free(t->authority);
    *t = (struct live_tls){0};
}

/* ---- */

bool live_seed(const struct cli *c, unsigned long long *out)
{
    uint64_t drawn;

    if (cli_value(c, "seed"))
        return cli_number(c, "seed", out);
    if (getrandom(&drawn, sizeof drawn, 0) != (ssize_t)sizeof drawn)
        return cli_error(c, EXIT_INTERNAL, "the system has no random octets") == EXIT_DONE;
    *out = drawn;
    return true;
}

const char *live_outcome(enum proto_status status)
{
    return status == PROTO_DONE ? "accepted" : "refused";
}

void live_print_keys(const struct eap_keys *keys, bool json)
{
    char msk[2 * EAP_KEY_LEN + 1], emsk[2 * EAP_KEY_LEN + 1];

    hex_encode(keys->msk, EAP_KEY_LEN, msk);
    hex_encode(keys->emsk, EAP_KEY_LEN, emsk);
    printf(json ? ", \"msk\": \"%s\", \"emsk\": \"%s\"" : " msk=%s emsk=%s", msk, emsk);
    explicit_bzero(msk, sizeof msk);
    explicit_bzero(emsk, sizeof emsk);
}

static void print_hex(const char *name, const uint8_t *octets, size_t n, bool json)
{
    char hex[2 * M2M_KEY_LEN + 1];

    hex_encode(octets, n, hex);
    printf(json ? ", \"%s\": \"%s\"" : " %s=%s", name, hex);
    explicit_bzero(hex, sizeof hex);
}

static void print_index(const char *name, uint64_t value, bool json)
{
    printf(json ? ", \"%s\": %llu" : " %s=%llu", name, (unsigned long long)value);
}

void live_print_association(const struct gba_sa *sa, bool secrets, bool json)
{
    static const uint8_t none[GBA_KEY_LEN];

    fputs(json ? ", \"btid\": " : " btid=", stdout);
    if (json)
        json_text(stdout, sa->btid);
    else
        fputs(sa->btid, stdout);
    if (secrets && memcmp(sa->ks, none, sizeof none) != 0)
        print_hex("ks", sa->ks, GBA_KEY_LEN, json);
}

void live_print_granted(const struct pana_params *p, const uint8_t *key, bool json)
{
    bool connection = (p->has & 1u << PANA_ETSI_CONNECTION_ID) != 0;

    if (!(p->has & 1u << PANA_ETSI_NODE_ID))
        return;
    print_hex("node", p->node_id, M2M_NODE_ID_LEN, json);
    if (connection) {
        printf(json ? ", \"connection\": \"%llu\"" : " connection=%llu",
               (unsigned long long)p->connection_id); /* more than a JSON number holds */
        print_index(json ? "kmc_index" : "kmc-index", p->kmc_index, json);
    } else {
        print_index(json ? "kmr_index" : "kmr-index", p->kmr_index, json);
    }
    if (key)
        print_hex(connection ? "kmc" : "kmr", key, M2M_KEY_LEN, json);
}
