#include "models/proc/kma.h"

#include "crypto/hash.h"

#include <assert.h>
#include <string.h>

#define APPLICATION "application:"
#define CODE        "kma:"

void kma_pieces(const struct kma_signed *s, struct span pieces[KMA_PIECES])
{
    static const uint8_t nul[1] = {0};

    pieces[0] = s->target;
    pieces[1] = pieces[3] = span_of(nul, 1);
    pieces[2] = s->id;
    pieces[4] = s->content;
}

void kma_put(struct m2m_rep *rep, const char *app_id, const uint8_t mac[KMA_MAC_LEN])
{
    char text[sizeof APPLICATION + KMA_APP_ID_MAX] = APPLICATION;
    char code[sizeof CODE + 2 * KMA_MAC_LEN] = CODE;
    size_t n = strlen(app_id), opened;

    assert(n > 0 && n <= KMA_APP_ID_MAX);
    memcpy(text + sizeof APPLICATION - 1, app_id, n + 1);
    hex_encode(mac, KMA_MAC_LEN, code + sizeof CODE - 1);
    opened = m2m_open(rep, E_SEARCH_STRINGS);
    m2m_put_text(rep, E_SEARCH_STRING, text);
    m2m_put_text(rep, E_SEARCH_STRING, code);
    m2m_close(rep, opened);
}

/* ---- reading ---- */

struct claim {
    char app_id[KMA_APP_ID_MAX + 1];
    uint8_t mac[KMA_MAC_LEN];
    bool has_app, has_mac, bad;
};

/* What stands behind the prefix. */
static bool behind(struct span text, const char *prefix, struct span *rest)
{
    size_t n = strlen(prefix);

    if (text.n < n || memcmp(text.p, prefix, n) != 0)
        return false;
    *rest = span_of(text.p + n, text.n - n);
    return true;
}

static void take_app(struct claim *c, struct span id)
{
    c->bad = c->bad || c->has_app || id.n == 0 || id.n > KMA_APP_ID_MAX;
    c->has_app = true;
    if (c->bad)
        return;
    memcpy(c->app_id, id.p, id.n);
    c->app_id[id.n] = '\0';
}

static void take_code(struct claim *c, struct span code)
{
    c->bad = c->bad || c->has_mac || code.n != 2 * KMA_MAC_LEN ||
             !hex_decode((const char *)code.p, code.n, c->mac, sizeof c->mac);
    c->has_mac = true;
}

static void read_claim(struct span rep, struct claim *c)
{
    struct m2m_item item;
    struct span strings, rest;

    if (!m2m_find(rep, E_SEARCH_STRINGS, &strings))
        return;
    while (m2m_next(&strings, &item)) {
        if (behind(item.value, APPLICATION, &rest))
            take_app(c, rest);
        else if (behind(item.value, CODE, &rest))
            take_code(c, rest);
    }
}

enum kma_result kma_check(struct meter *m, const uint8_t kmc[M2M_KEY_LEN], struct span target,
                          struct span rep)
{
    struct claim c = {.bad = false};
    struct span pieces[KMA_PIECES], id = span_of(NULL, 0), content = id;
    uint8_t kma[M2M_KEY_LEN], mac[KMA_MAC_LEN];

    read_claim(rep, &c);
    if (!c.has_app && !c.has_mac)
        return KMA_NONE;
    if (c.bad || !c.has_app)
        return KMA_MALFORMED;
    if (!c.has_mac)
        return KMA_WRONG;
    m2m_find(rep, E_ID, &id);
    m2m_find(rep, E_CONTENT, &content);
    kma_pieces(&(struct kma_signed){target, id, content}, pieces);
    key_kma(m, kmc, span_str(c.app_id), kma);
    hash_hmac_sha256_v(m, span_of(kma, sizeof kma), pieces, KMA_PIECES, mac);
    explicit_bzero(kma, sizeof kma);
    return hash_equal(mac, c.mac, sizeof mac) ? KMA_PROVEN : KMA_WRONG;
}
