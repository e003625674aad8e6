#include "models/proto/eap_simaka_id.h"

#include "sim/base/str.h"

static const char leads[SIMAKA_KINDS][SIMAKA_UNRECOGNISED] = {
    [SIMAKA_SIM] = {'1', '3', '5'},
    [SIMAKA_AKA] = {'0', '2', '4'},
    [SIMAKA_AKA_PRIME] = {'6', '7', '8'},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t user_len(const char *identity)
{
    return strcspn(identity, "@");
}

/* "IMSI: not more than 15 decimal digits"; less than a country, a network and a subscriber is none.
 */
static bool is_imsi(const char *p, size_t n)
{
    if (n < 6 || n > IMSI_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!is_digit(p[i]))
            return false;
    return true;
}

enum simaka_sort simaka_id_sort(enum simaka_kind kind, const char *identity)
{
    const char *lead = leads[kind];

    if (identity[0] == lead[SIMAKA_PERMANENT] && is_imsi(identity + 1, user_len(identity) - 1))
        return SIMAKA_PERMANENT;
    if (identity[0] == lead[SIMAKA_PSEUDONYM])
        return SIMAKA_PSEUDONYM;
    if (identity[0] == lead[SIMAKA_REAUTH])
        return SIMAKA_REAUTH;
    return SIMAKA_UNRECOGNISED;
}

void simaka_id_permanent(enum simaka_kind kind, const struct uicc *uicc,
                         char out[EAP_IDENTITY_MAX + 1])
{
    const char *imsi = uicc->imsi;
    const char lead[2] = {leads[kind][SIMAKA_PERMANENT], '\0'};
    char mcc[4] = "", mnc[4] = "";
    size_t digits = uicc->mnc_digits, n;

    if (digits > 3)
        digits = 3;
    if (strlen(imsi) >= 3 + digits) {
        memcpy(mcc, imsi, 3);
        /* TS 23.003 14.2: two digits get a zero before them. */
        memset(mnc, '0', 3);
        memcpy(mnc + (3 - digits), imsi + 3, digits);
    }
    n = str_append(out, EAP_IDENTITY_MAX + 1, 0, lead);
    n = str_append(out, EAP_IDENTITY_MAX + 1, n, imsi);
    n = str_append(out, EAP_IDENTITY_MAX + 1, n, "@wlan.mnc");
    n = str_append(out, EAP_IDENTITY_MAX + 1, n, mnc);
    n = str_append(out, EAP_IDENTITY_MAX + 1, n, ".mcc");
    n = str_append(out, EAP_IDENTITY_MAX + 1, n, mcc);
    str_append(out, EAP_IDENTITY_MAX + 1, n, ".3gppnetwork.org");
}

bool simaka_id_imsi(const char *permanent, char imsi[IMSI_MAX + 1])
{
    imsi[0] = '\0';
    for (int kind = 0; kind < SIMAKA_KINDS; kind++)
        if (simaka_id_sort((enum simaka_kind)kind, permanent) == SIMAKA_PERMANENT) {
            size_t n = user_len(permanent) - 1;

            memcpy(imsi, permanent + 1, n);
            imsi[n] = '\0';
            return true;
        }
    return false;
}

const char *simaka_id_realm(const char *identity)
{
    return identity + user_len(identity);
}

bool simaka_id_same_user(const char *a, const char *b)
{
    return user_len(a) == user_len(b) && memcmp(a, b, user_len(a)) == 0;
}

void simaka_id_draw(enum simaka_kind kind, enum simaka_sort sort, struct rng *stream,
                    char out[EAP_IDENTITY_MAX + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t random[10];

    rng_bytes(stream, random, sizeof(random));
    out[0] = leads[kind][sort];
    for (size_t i = 0; i < sizeof(random); i++) {
        out[1 + 2 * i] = digits[random[i] >> 4];
        out[2 + 2 * i] = digits[random[i] & 15];
    }
    out[1 + 2 * sizeof(random)] = '\0';
}

bool simaka_id_join(const char *user, const char *realm, char out[EAP_IDENTITY_MAX + 1])
{
    size_t n;

    out[0] = '\0';
    if (strlen(user) + strlen(realm) > EAP_IDENTITY_MAX)
        return false;
    n = str_append(out, EAP_IDENTITY_MAX + 1, 0, user);
    str_append(out, EAP_IDENTITY_MAX + 1, n, realm);
    return true;
}

bool simaka_id_take(struct span in, char out[EAP_IDENTITY_MAX + 1])
{
    out[0] = '\0';
    if (in.n == 0 || in.n > EAP_IDENTITY_MAX || memchr(in.p, 0, in.n))
        return false;
    memcpy(out, in.p, in.n);
    out[in.n] = '\0';
    return true;
}

enum simaka_sort simaka_id_choose(enum simaka_kind kind, const struct eap_peer_settings *settings,
                                  enum simaka_sort most, char out[EAP_IDENTITY_MAX + 1])
{
    const struct eap_peer_credentials *c = &settings->credentials;
    const struct eap_reauth *kept =
        c->reauth && c->reauth->method == simaka_type(kind) ? c->reauth : NULL;

    if (kept && most == SIMAKA_REAUTH && kept->identity[0] && kept->counter <= SIMAKA_MAX_REAUTHS) {
        simaka_id_join(kept->identity, "", out);
        return SIMAKA_REAUTH;
    }
    if (kept && most != SIMAKA_PERMANENT && kept->pseudonym[0]) {
        simaka_id_join(kept->pseudonym, "", out);
        return SIMAKA_PSEUDONYM;
    }
    if (settings->identity)
        simaka_id_join(settings->identity, "", out);
    else if (c->uicc)
        simaka_id_permanent(kind, c->uicc, out);
    else
        out[0] = '\0';
    return SIMAKA_PERMANENT;
}
