/* Reading the file: lines into words that know their columns, words into users. */
#include "topologies/users_impl.h"

#include "crypto/hash.h"
#include "sim/base/siphash.h"
#include "sim/base/xalloc.h"
#include "topologies/reader.h"

#include <stdarg.h>
#include <stdlib.h>

#define MOST_OCTETS (16u << 20)
#define MOST_WORDS  8
#define SCL         "kmc" /* in the place of methods */

struct word {
    char text[EAP_IDENTITY_MAX + 1];
    int column;
};

struct line {
    struct users *users;
    struct diag_list *diags;
    const char *file;
    int number;
    struct word words[MOST_WORDS];
    size_t count;
    bool bad;
};

__attribute__((format(printf, 4, 5))) static void mistake(struct line *l, int column,
                                                          const char *code, const char *fmt, ...)
{
    char text[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    diag_add(l->diags, DIAG_ERROR, code, l->file, l->number, column, "%s", text);
    l->bad = true;
}

/* ---- words ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* One word from text[at] on, which is not blank. Where it ends. */
static size_t read_word(struct line *l, const char *text, size_t n, size_t at)
{
    bool quoted = text[at] == '"';
    struct word w = {.column = (int)at + 1};
    size_t used = 0;

    at += quoted;
    for (; at < n && (quoted ? text[at] != '"' : !is_blank(text[at])); at++) {
        if (used == EAP_IDENTITY_MAX || text[at] == '\0') {
            mistake(l, w.column, "U109", "a word of more than %d characters, or with a NUL in it",
                    EAP_IDENTITY_MAX);
            return n;
        }
        w.text[used++] = text[at];
    }
    if (quoted && at == n)
        mistake(l, w.column, "U102", "no closing '\"' on this line");
    else if (used == 0)
        mistake(l, w.column, "U111", "nothing between the quotes");
    else if (l->count == MOST_WORDS)
        mistake(l, w.column, "U103", "more words than any user has");
    else
        l->words[l->count++] = w;
    return at + quoted;
}

static void read_words(struct line *l, const char *text, size_t n)
{
    size_t at = 0;

    l->count = 0;
    l->bad = false;
    while (!l->bad) {
        while (at < n && is_blank(text[at]))
            at++;
        if (at >= n || text[at] == '#')
            return;
        at = read_word(l, text, n, at);
    }
}

/* ---- methods ---- */

static enum user_kind kind_of(const struct eap_method *m)
{
    switch (m->type) {
    case EAP_SIM:
    case EAP_AKA:
    case EAP_AKA_PRIME:
        return USER_SUBSCRIBER;
    case EAP_TLS:
        return USER_CERTIFICATE;
    default: /* uint8_t, not an enum */
        return USER_KEY;
    }
}

/* IBAKE's users hold private keys of an authority: a scenario makes those. */
static bool is_for_files(const struct eap_method *m)
{
    return m->type != EAP_EXPANDED;
}

static void unknown_method(struct line *l, int column, const char *name)
{
    const char *names[32];
    const char *near;
    size_t n = 0;

    for (size_t i = 0; i < eap_method_count() && n < 31; i++)
        if (is_for_files(eap_method_at(i)))
            names[n++] = eap_method_at(i)->name;
    names[n++] = SCL;
    near = diag_nearest(name, names, n);
    mistake(l, column, "U104", "unknown method '%s'%s%s%s", name, near ? "; did you mean '" : "",
            near ? near : "", near ? "'?" : "");
}

static void add_method(struct line *l, struct user *u, int column, const char *name)
{
    const struct eap_method *m = eap_method_by_name(name);

    if (!m || !is_for_files(m)) {
        unknown_method(l, column, name);
    } else if (u->method_count == EAP_MAX_METHODS) {
        mistake(l, column, "U104", "more than %d methods", EAP_MAX_METHODS);
    } else if (u->method_count > 0 &&
               (kind_of(m) != u->kind || (u->kind == USER_KEY && m != u->methods[0]))) {
        mistake(l, column, "U105", "'%s' and '%s' have different credentials: a line for each",
                u->methods[0]->name, m->name);
    } else {
        u->kind = kind_of(m);
        u->methods[u->method_count++] = m;
    }
}

static void read_methods(struct line *l, struct user *u, const struct word *w)
{
    char name[32];
    size_t at = 0, n;

    do {
        n = strcspn(w->text + at, ",");
        snprintf(name, sizeof(name), "%.*s", (int)(n < 31 ? n : 31), w->text + at);
        add_method(l, u, w->column + (int)at, name);
        at += n + 1;
    } while (!l->bad && w->text[at - 1] == ',');
}

/* ---- credentials ---- */

static bool read_hex(struct line *l, const struct word *w, const char *what, uint8_t *out, size_t n)
{
    if (hex_decode(w->text, strlen(w->text), out, n))
        return true;
    mistake(l, w->column, "U106", "%s is %zu hex digits", what, 2 * n);
    return false;
}

static void read_key(struct line *l, struct user *u)
{
    /* RFC 4764 2: 16 octets; RFC 5433: 32 do for either suite. */
    size_t n = u->methods[0]->type == EAP_PSK ? 16 : 32;

    if (l->count != 3)
        mistake(l, l->words[0].column, "U103", "expected IDENTITY %s KEY", u->methods[0]->name);
    else
        read_hex(l, &l->words[2], "the key", u->key, n);
}

static void read_certificate(struct line *l, struct user *u)
{
    if (l->count != 3)
        mistake(l, l->words[0].column, "U103", "expected IDENTITY %s NAME-IN-CERTIFICATE",
                u->methods[0]->name);
    else
        u->certificate_name =
            pool_text(&l->users->pool, l->words[2].text, strlen(l->words[2].text));
}

static bool read_imsi(struct line *l, struct user *u, const struct word *w)
{
    size_t n = strlen(w->text);

    if (n < 6 || n > IMSI_MAX || w->text[strspn(w->text, "0123456789")] != '\0') {
        mistake(l, w->column, "U107", "an IMSI is 6 to %d decimal digits", IMSI_MAX);
        return false;
    }
    memcpy(u->imsi, w->text, n + 1);
    return true;
}

static void read_subscriber(struct line *l, struct user *u)
{
    uint8_t k[16], opc[16], amf[2], sqn[6];
    uint64_t number = 0;
    const struct word *w = l->words;

    if (l->count != 7) {
        mistake(l, w[0].column, "U103", "expected IDENTITY %s IMSI K OPC AMF SQN",
                u->methods[0]->name);
        return;
    }
    if (!read_imsi(l, u, &w[2]) || !read_hex(l, &w[3], "K", k, sizeof(k)) ||
        !read_hex(l, &w[4], "OPC", opc, sizeof(opc)) ||
        !read_hex(l, &w[5], "AMF", amf, sizeof(amf)) ||
        !read_hex(l, &w[6], "SQN", sqn, sizeof(sqn)))
        return;
    for (size_t i = 0; i < sizeof(sqn); i++)
        number = number << 8 | sqn[i];
    auc_init(&u->auc, k, opc, amf, number >> UICC_IND_BITS);
    explicit_bzero(k, sizeof(k));
}

static void read_scl(struct line *l, struct user *u)
{
    const struct word *w = l->words;

    if (l->count != 4 && l->count != 5) {
        mistake(l, w[0].column, "U103",
                "expected NODE-ID " SCL " CONNECTION-ID:KMC-INDEX KMC [KIVAL]");
        return;
    }
    if (!read_hex(l, &w[0], "the Node-ID", u->scl.node_id, sizeof(u->scl.node_id)))
        return;
    if (!key_kmc_identity_parse(span_str(w[2].text), &u->scl.connection_id, &u->scl.kmc_index)) {
        mistake(l, w[2].column, "U112", "expected Connection-ID:KmcIndex, two decimal numbers");
        return;
    }
    if (!read_hex(l, &w[3], "Kmc", u->key, sizeof(u->key)))
        return;
    u->scl.ival_capable =
        l->count == 5 && read_hex(l, &w[4], "K_IVal", u->scl.kival, sizeof(u->scl.kival));
}

/* ---- users ---- */

static enum users_index index_of(const struct user *u)
{
    return u->kind == USER_SCL ? USERS_BY_NODE : USERS_BY_IDENTITY;
}

uint64_t users_hash(enum users_index kind, struct span text)
{
    struct siphash h;
    uint64_t out[2];

    siphash_init(&h, 0, (uint64_t)kind);
    siphash_put(&h, text);
    siphash_end(&h, out);
    return out[0];
}

static void check_is_new(struct line *l, const struct user *u)
{
    const struct user *other = NULL;
    int word = 0;

    if (strcmp(u->identity, "*") != 0)
        other = users_find(l->users, index_of(u), span_str(u->identity));
    if (!other && u->imsi[0]) {
        other = users_find(l->users, USERS_BY_IMSI, span_str(u->imsi));
        word = 2;
    }
    if (other)
        mistake(l, l->words[word].column, "U108", "the %s stands in line %d too",
                word ? "IMSI" : "identity", other->line);
}

static void add_user(struct users *s, const struct user *u)
{
    uint32_t i = (uint32_t)s->count;

    if (s->count == s->room) {
        s->room = s->room ? 2 * s->room : 16;
        s->all = xrealloc(s->all, s->room * sizeof(*s->all));
    }
    s->all[s->count++] = *u;
    if (strcmp(u->identity, "*") != 0)
        map_put(&s->index, users_hash(index_of(u), span_str(u->identity)), i);
    if (u->imsi[0])
        map_put(&s->index, users_hash(USERS_BY_IMSI, span_str(u->imsi)), i);
}

static void read_user(struct line *l)
{
    struct user u = {.line = l->number};

    if (l->count < 3) {
        mistake(l, l->words[0].column, "U103", "expected IDENTITY METHODS CREDENTIAL");
        return;
    }
    u.identity = pool_text(&l->users->pool, l->words[0].text, strlen(l->words[0].text));
    if (strcmp(l->words[1].text, SCL) == 0)
        u.kind = USER_SCL;
    else
        read_methods(l, &u, &l->words[1]);
    if (l->bad)
        return;
    switch (u.kind) {
    case USER_KEY:
        read_key(l, &u);
        break;
    case USER_SUBSCRIBER:
        read_subscriber(l, &u);
        break;
    case USER_CERTIFICATE:
        read_certificate(l, &u);
        break;
    case USER_SCL:
        read_scl(l, &u);
        break;
    }
    if (!l->bad && u.kind != USER_SUBSCRIBER && strcmp(u.identity, "*") == 0)
        mistake(l, l->words[0].column, "U107", "'*' is for subscribers: it means their IMSI");
    if (!l->bad)
        check_is_new(l, &u);
    if (!l->bad)
        add_user(l->users, &u);
    explicit_bzero(&u, sizeof(u));
}

struct users *users_parse(const char *file, const char *text, size_t n, struct diag_list *diags)
{
    struct users *s = xcalloc(1, sizeof(*s));
    struct line l = {.users = s, .diags = diags, .file = file};
    size_t before = diag_count(diags, DIAG_ERROR);

    diag_source(diags, file, text, n);
    for (size_t at = 0; at < n; at++) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t length = end ? (size_t)(end - text) - at : n - at;

        l.number++;
        read_words(&l, text + at, length);
        if (!l.bad && l.count > 0)
            read_user(&l);
        at += length;
    }
    explicit_bzero(l.words, sizeof(l.words));
    if (diag_count(diags, DIAG_ERROR) == before && s->count == 0)
        diag_add(diags, DIAG_ERROR, "U110", file, 0, 0, "no users in it");
    if (diag_count(diags, DIAG_ERROR) == before)
        return s;
    users_free(s);
    return NULL;
}

struct users *users_read(const char *path, struct diag_list *diags)
{
    struct pool pool = {NULL};
    const char *why = "no such file";
    size_t n = 0;
    char *text = files_read(&pool, path, MOST_OCTETS, &n, &why);
    struct users *s = NULL;

    if (text) {
        s = users_parse(path, text, n, diags);
        explicit_bzero(text, n);
    } else {
        diag_add(diags, DIAG_ERROR, "U101", path, 0, 0, "cannot be read: %s", why);
    }
    pool_release(&pool);
    return s;
}

void users_free(struct users *u)
{
    if (!u)
        return;
    if (u->all)
        explicit_bzero(u->all, u->room * sizeof(*u->all));
    free(u->all);
    map_release(&u->index);
    pool_release(&u->pool);
    free(u);
}

size_t users_count(const struct users *u)
{
    return u->count;
}

const struct user *users_at(const struct users *u, size_t i)
{
    return &u->all[i];
}
