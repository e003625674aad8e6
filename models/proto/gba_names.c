/* GBA's names: identities, addresses, realms. */
#include "models/proto/gba.h"

#include "crypto/hash.h"

#include <stdio.h>
#include <string.h>

#define IMS_DOMAIN "3gppnetwork.org"

static const struct {
    const char *product, *prefix;
} kinds[] = {
    [GBA_KEY_ME] = {"3gpp-gba", "3GPP-bootstrapping"},
    [GBA_KEY_UICC] = {"3gpp-gba-uicc", "3GPP-bootstrapping-uicc"},
};

static bool fits(int n, size_t room)
{
    return n > 0 && (size_t)n < room;
}

/* ---- who ---- */

/* MCC is three digits, MNC two or three; in a name it is always three (TS 23.003 13.2). */
static bool impi_of_imsi(const struct uicc *u, gba_name out)
{
    unsigned digits = u->mnc_digits;

    if (strlen(u->imsi) < 3 + (size_t)digits)
        return false;
    return fits(snprintf(out, GBA_NAME_MAX + 1, "%s@ims.mnc%s%.*s.mcc%.3s." IMS_DOMAIN, u->imsi,
                         digits == 2 ? "0" : "", (int)digits, u->imsi + 3, u->imsi),
                GBA_NAME_MAX + 1);
}

bool gba_impi(enum gba_application application, const struct uicc *u, const char *isim,
              gba_name out)
{
    switch (application) {
    case GBA_USIM:
    case GBA_CSIM:
        return impi_of_imsi(u, out);
    case GBA_ISIM:
        return isim && strchr(isim, '@') &&
               fits(snprintf(out, GBA_NAME_MAX + 1, "%s", isim), GBA_NAME_MAX + 1);
    }
    return false;
}

bool gba_imsi_of(const char *impi, char imsi[IMSI_MAX + 1])
{
    size_t n = strspn(impi, "0123456789");

    if (n < 6 || n > IMSI_MAX || strncmp(impi + n, "@ims.mnc", 8) != 0)
        return false;
    memcpy(imsi, impi, n);
    imsi[n] = '\0';
    return true;
}

static bool ends_with(const char *text, const char *tail)
{
    size_t n = strlen(text), m = strlen(tail);

    return n >= m && strcmp(text + n - m, tail) == 0;
}

/* "ims." before the operator's name belongs to the IMPI alone. */
bool gba_bsf_of(const char *impi, gba_name out)
{
    const char *at = strchr(impi, '@');
    const char *domain = at ? at + 1 : "";
    size_t n = strlen(domain), tail = strlen(IMS_DOMAIN);

    if (n == 0)
        return false;
    if (!ends_with(domain, "." IMS_DOMAIN))
        return fits(snprintf(out, GBA_NAME_MAX + 1, "bsf.%s", domain), GBA_NAME_MAX + 1);
    if (strncmp(domain, "ims.", 4) == 0)
        domain += 4;
    return fits(snprintf(out, GBA_NAME_MAX + 1, "bsf.%.*spub." IMS_DOMAIN,
                         (int)(strlen(domain) - tail), domain),
                GBA_NAME_MAX + 1);
}

bool gba_btid(const uint8_t rand[16], const char *domain, gba_name out)
{
    char text[25];

    base64_encode(span_of(rand, 16), text);
    return fits(snprintf(out, GBA_NAME_MAX + 1, "%s@%s", text, domain), GBA_NAME_MAX + 1);
}

/* ---- what Ua says ---- */

const char *gba_product(enum gba_key key)
{
    return kinds[key].product;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == ';' || c == ',';
}

/* Products are apart by blanks (RFC 9110 10.1.5), and by semicolons in the examples of TS 24.109.
 */
bool gba_product_find(struct span user_agent, enum gba_key *key)
{
    size_t i = 0;

    while (i < user_agent.n) {
        size_t n = 0;

        while (i + n < user_agent.n && !is_blank(user_agent.p[i + n]))
            n++;
        for (int k = GBA_KEY_ME; k <= GBA_KEY_UICC; k++)
            if (n == strlen(kinds[k].product) &&
                memcmp(user_agent.p + i, kinds[k].product, n) == 0) {
                *key = (enum gba_key)k;
                return true;
            }
        i += n + 1;
    }
    return false;
}

bool gba_realm(enum gba_key key, const char *fqdn, char *out, size_t n)
{
    return fits(snprintf(out, n, "%s@%s", kinds[key].prefix, fqdn), n);
}

bool gba_realm_parse(const char *realm, const char *fqdn, enum gba_key *key)
{
    const char *at = strchr(realm, '@');

    if (!at || strcmp(at + 1, fqdn) != 0)
        return false;
    for (int k = GBA_KEY_ME; k <= GBA_KEY_UICC; k++)
        if ((size_t)(at - realm) == strlen(kinds[k].prefix) &&
            memcmp(realm, kinds[k].prefix, (size_t)(at - realm)) == 0) {
            *key = (enum gba_key)k;
            return true;
        }
    return false;
}

const char *gba_psk_hint(enum gba_key key)
{
    return kinds[key].prefix;
}

void gba_psk_identity(enum gba_key key, const char *btid, char out[GBA_PSK_IDENTITY_MAX])
{
    snprintf(out, GBA_PSK_IDENTITY_MAX, "%s;%s", kinds[key].prefix, btid);
}

bool gba_psk_identity_parse(struct span identity, enum gba_key *key, gba_name btid)
{
    for (int k = GBA_KEY_ME; k <= GBA_KEY_UICC; k++) {
        size_t n = strlen(kinds[k].prefix);

        if (identity.n <= n + 1 || identity.n - n - 1 > GBA_NAME_MAX ||
            memcmp(identity.p, kinds[k].prefix, n) != 0 || identity.p[n] != ';' ||
            memchr(identity.p, '\0', identity.n))
            continue;
        *key = (enum gba_key)k;
        memcpy(btid, identity.p + n + 1, identity.n - n - 1);
        btid[identity.n - n - 1] = '\0';
        return true;
    }
    return false;
}

void gba_password(const uint8_t key[GBA_KEY_LEN], char out[GBA_PASSWORD_LEN + 1])
{
    base64_encode(span_of(key, GBA_KEY_LEN), out);
}
