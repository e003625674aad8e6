#include "sim/base/goal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/diag.h"
#include "sim/base/units.h"

/* clang-format off */
const struct goal_word goal_functions[] = {
    {"mean", "the mean over the run", GOAL_NUMBER},
    {"max", "the greatest value of the run", GOAL_NUMBER},
    {"min", "the least value of the run", GOAL_NUMBER},
    {"success", "of the procedures of a kind that ended, the share that succeeded; of incidents, the share that ended", GOAL_SHARE},
    {"count", "how many procedures of a kind succeeded; how many incidents there were", GOAL_NUMBER},
    {NULL, NULL, GOAL_NUMBER}};
const struct goal_word goal_kinds[] = {
    {"attach", "to the access network, where one is modeled (TS 24.301)", GOAL_NUMBER},
    {"bootstrap", "from no key to Kmr: over TLS, by EAP, by GBA, or provisioned (TS 102 690, 8.3)", GOAL_NUMBER},
    {"connection", "the M2M service connection: Kmc from Kmr, and a secured channel (TS 102 690, 8.4)", GOAL_NUMBER},
    {"registration", "of the device's SCL with the NSCL", GOAL_NUMBER},
    {"refresh", "of a registration, before it expires", GOAL_NUMBER},
    {"deregistration", "of the device's SCL", GOAL_NUMBER},
    {"container", "making the container that reports go to", GOAL_NUMBER},
    {"request", "a report: one content instance written", GOAL_NUMBER},
    {"subscription", "an application's, to a container or to new SCLs", GOAL_NUMBER},
    {"read", "an application's, of one content instance", GOAL_NUMBER},
    {"command", "an application's, to a device, until the device has reported", GOAL_NUMBER},
    {"notification", "from what an NSCL tells of to its acceptance by the application", GOAL_NUMBER},
    {"application", "of a device without an SCL, registering with its gateway", GOAL_NUMBER},
    {"reading", "one content instance written at a gateway, over dIa or by a proxy", GOAL_NUMBER},
    {"forward", "what waited at a gateway, written at the NSCL in one session", GOAL_NUMBER},
    {"delivery", "of a reading, from its application over the gateway to the NSCL", GOAL_NUMBER},
    {NULL, NULL, GOAL_NUMBER}};
const struct goal_word goal_measures[] = {
    {"latency", "from the intended start to the end, waiting and retries included", GOAL_TIME},
    {"device_crypto", "the part of the latency in which the device computed cryptography", GOAL_TIME},
    {"server_crypto", "the part in which a server computed cryptography", GOAL_TIME},
    {"network", "the part on the way, without repeats", GOAL_TIME},
    {"queue", "the part spent waiting for a free worker of a server", GOAL_TIME},
    {"retransmission", "the part spent waiting for a loss to be noticed and mended", GOAL_TIME},
    {"backoff", "the part spent between two attempts", GOAL_TIME},
    {"other", "the part that is none of the others", GOAL_TIME},
    {"device_time", "processor time charged at the device", GOAL_TIME},
    {"server_time", "processor time charged at servers", GOAL_TIME},
    {"octets", "sent and received, both ways together", GOAL_SIZE},
    {"messages", "packets both ways", GOAL_NUMBER},
    {"round_trips", "how often the device spoke and was answered", GOAL_NUMBER},
    {"attempts", "how often it was begun", GOAL_NUMBER},
    {NULL, NULL, GOAL_NUMBER}};
const struct goal_word goal_loads[] = {
    {"queue", "jobs that wait for a worker, as sampled every record.series_every", GOAL_NUMBER},
    {"sessions", "open connections, as sampled", GOAL_NUMBER},
    {"busy", "the share of the workers that is busy, on average between two samples", GOAL_SHARE},
    {NULL, NULL, GOAL_NUMBER}};
const struct goal_word goal_incidents[] = {
    {"recovery", "of a device: from power's return after a blackout until it is registered again", GOAL_NUMBER},
    {"detection", "of a tampered device: from its tampering to the first verdict against it", GOAL_NUMBER},
    {"false-denial", "of a genuine device: from a verdict against it until it is granted everything again", GOAL_NUMBER},
    {NULL, NULL, GOAL_NUMBER}};
const struct goal_word goal_durations[] = {
    {"time", "how long; in a percentile what has not ended comes last", GOAL_TIME},
    {NULL, NULL, GOAL_NUMBER}};
/* clang-format on */

enum { MOST_NAMES = 400, NAME = 41 };

struct parser {
    const char *text, *at;
    struct goal_fault *why;
};

static bool fail_at(struct parser *p, const char *at, const char *what, const char *found,
                    const char *nearest)
{
    p->why->at = (size_t)(at - p->text);
    snprintf(p->why->text, sizeof p->why->text, "%s%s%.60s%s%s%.60s%s", what, found ? " '" : "",
             found ? found : "", found ? "'" : "", nearest ? "; did you mean '" : "",
             nearest ? nearest : "", nearest ? "'?" : "");
    return false;
}

static void skip_blanks(struct parser *p)
{
    while (*p->at == ' ')
        p->at++;
}

/* Letters, digits, - and _ (and . when dots): as much as NAME holds. */
static bool read_name(struct parser *p, char out[NAME], bool dots)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t n = 0, whole;

    skip_blanks(p);
    whole = strspn(p->at, letters);
    while (!dots && n < whole && p->at[n] != '.')
        n++;
    if (dots)
        n = whole;
    if (n == 0 || n >= NAME)
        return false;
    memcpy(out, p->at, n);
    out[n] = '\0';
    p->at += n;
    return true;
}

static bool read_sign(struct parser *p, char sign, const char *what)
{
    skip_blanks(p);
    if (*p->at != sign)
        return fail_at(p, p->at, what, *p->at ? p->at : NULL, NULL);
    p->at++;
    return true;
}

static const struct goal_word *find(const struct goal_word *words, const char *name)
{
    for (; words->name; words++)
        if (strcmp(words->name, name) == 0)
            return words;
    return NULL;
}

static size_t add_names(const char *names[MOST_NAMES], size_t n, const struct goal_word *words)
{
    for (; words->name && n < MOST_NAMES; words++)
        names[n++] = words->name;
    return n;
}

/* p50, p99.9: more than 0 and less than 100, with at most 4 decimals. */
static bool read_percentile(const char *name, double *q)
{
    unsigned whole = 0, part = 0, scale = 1;
    const char *s = name + 1;

    if (name[0] != 'p' || *s < '0' || *s > '9')
        return false;
    for (; *s >= '0' && *s <= '9' && whole < 100; s++)
        whole = whole * 10 + (unsigned)(*s - '0');
    if (*s == '.')
        for (s++; *s >= '0' && *s <= '9' && scale < 10000; s++, scale *= 10)
            part = part * 10 + (unsigned)(*s - '0');
    *q = (whole + (double)part / scale) / 100;
    return *s == '\0' && *q > 0 && *q < 1;
}

static bool read_function(struct parser *p, struct goal *g)
{
    static const enum goal_function functions[] = {GOAL_MEAN, GOAL_MAX, GOAL_MIN, GOAL_SUCCESS,
                                                   GOAL_COUNT};
    const char *begin, *names[MOST_NAMES];
    char name[NAME];
    const struct goal_word *word;

    skip_blanks(p);
    begin = p->at;
    if (!read_name(p, name, true))
        return fail_at(p, begin,
                       "a goal begins with a function: p99, mean, max, min, success, count", NULL,
                       NULL);
    word = find(goal_functions, name);
    if (word)
        g->function = functions[word - goal_functions];
    else if (read_percentile(name, &g->q))
        g->function = GOAL_QUANTILE;
    else if (name[0] == 'p' && strspn(name + 1, "0123456789.") == strlen(name + 1))
        return fail_at(p, begin, "a percentile lies between 0 and 100 (p99, p99.9), unlike", name,
                       NULL);
    else
        return fail_at(p, begin, "unknown function", name,
                       diag_nearest(name, names, add_names(names, 0, goal_functions)));
    return true;
}

static bool is_server(const char *name, const char *const *servers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(servers[i], name) == 0)
            return true;
    return false;
}

static bool read_subject(struct parser *p, const char *const *servers, size_t n, struct goal *g)
{
    bool plain = g->function == GOAL_SUCCESS || g->function == GOAL_COUNT;
    const char *begin, *names[MOST_NAMES];
    size_t count;

    skip_blanks(p);
    begin = p->at;
    if (!read_name(p, g->subject, false))
        return fail_at(p, begin, "here belongs a kind of procedure or a population of servers",
                       NULL, NULL);
    if (find(goal_kinds, g->subject))
        return true;
    g->of_incident = find(goal_incidents, g->subject) != NULL;
    if (g->of_incident)
        return true;
    g->of_server = !plain && (!servers || is_server(g->subject, servers, n));
    if (g->of_server)
        return true;
    count = add_names(names, add_names(names, 0, goal_kinds), goal_incidents);
    for (size_t i = 0; !plain && i < n && count < MOST_NAMES; i++)
        names[count++] = servers[i];
    return fail_at(p, begin,
                   plain ? "unknown kind of procedure"
                         : "neither a kind of procedure nor a population of servers:",
                   g->subject, diag_nearest(g->subject, names, count));
}

static bool read_measure(struct parser *p, struct goal *g)
{
    const struct goal_word *words = g->of_server     ? goal_loads
                                    : g->of_incident ? goal_durations
                                                     : goal_measures;
    const char *begin, *names[MOST_NAMES];
    char name[NAME];

    if (g->function == GOAL_SUCCESS || g->function == GOAL_COUNT)
        return true;
    if (!read_sign(p, '.',
                   g->of_server ? "a server needs a measure, as '.queue', before"
                                : "a procedure needs a measure, as '.latency', before"))
        return false;
    begin = p->at;
    if (!read_name(p, name, false))
        return fail_at(p, begin, "here belongs a measure", NULL, NULL);
    g->measure = find(words, name);
    if (g->measure)
        return true;
    return fail_at(p, begin, g->of_server ? "unknown measure of a server" : "unknown measure", name,
                   diag_nearest(name, names, add_names(names, 0, words)));
}

static bool read_comparison(struct parser *p, struct goal *g)
{
    bool equal;

    skip_blanks(p);
    if (*p->at != '<' && *p->at != '>')
        return fail_at(p, p->at, "here belongs <, <=, > or >=, not", *p->at ? p->at : NULL, NULL);
    equal = p->at[1] == '=';
    if (*p->at == '<')
        g->comparison = equal ? GOAL_AT_MOST : GOAL_BELOW;
    else
        g->comparison = equal ? GOAL_AT_LEAST : GOAL_ABOVE;
    p->at += equal ? 2 : 1;
    return true;
}

enum goal_dimension goal_dimension_of(const struct goal *g)
{
    if (g->measure)
        return g->measure->dimension;
    return g->function == GOAL_SUCCESS ? GOAL_SHARE : GOAL_NUMBER;
}

/* A plain decimal number; a size would need a unit. */
static bool read_number(const char *text, double *out)
{
    double v = 0, scale = 1;
    bool digits = false, fraction = false;

    for (; *text; text++) {
        if (*text == '.' && digits && !fraction && text[1]) {
            fraction = true;
            continue;
        }
        if (*text < '0' || *text > '9')
            return false;
        digits = true;
        v = v * 10 + (*text - '0');
        scale *= fraction ? 10 : 1;
    }
    *out = v / scale;
    return digits;
}

static bool read_bound(struct parser *p, struct goal *g)
{
    enum goal_dimension dimension = goal_dimension_of(g);
    sim_ns time = 0;
    uint64_t size = 0;
    uint32_t ppm = 0;

    skip_blanks(p);
    switch (dimension) {
    case GOAL_TIME:
        if (units_time(p->at, &time))
            return fail_at(p, p->at, "the bound needs to be a time with its unit, as 30 s, not",
                           p->at, NULL);
        g->bound = (double)time;
        return true;
    case GOAL_SIZE:
        if (units_size(p->at, &size))
            return fail_at(p, p->at, "the bound needs to be a size with its unit, as 4 kB, not",
                           p->at, NULL);
        g->bound = (double)size;
        return true;
    case GOAL_SHARE:
        if (units_share(p->at, &ppm))
            return fail_at(p, p->at, "the bound needs to be a share of 0 to 100 %, not", p->at,
                           NULL);
        g->bound = ppm / 1e6;
        return true;
    case GOAL_NUMBER:
        break;
    }
    return read_number(p->at, &g->bound) ||
           fail_at(p, p->at, "the bound needs to be a plain number, not", p->at, NULL);
}

bool goal_parse(const char *text, const char *const *servers, size_t n, struct goal *out,
                struct goal_fault *why)
{
    struct parser p = {.text = text, .at = text, .why = why};

    memset(out, 0, sizeof *out);
    memset(why, 0, sizeof *why);
    return read_function(&p, out) && read_sign(&p, '(', "here belongs '(', not") &&
           read_subject(&p, servers, n, out) && read_measure(&p, out) &&
           read_sign(&p, ')', "here belongs ')', not") && read_comparison(&p, out) &&
           read_bound(&p, out);
}

void goal_format(enum goal_dimension dimension, double v, char *out, size_t n)
{
    if (isinf(v)) {
        snprintf(out, n, v < 0 ? "-inf" : "inf");
        return;
    }
    switch (dimension) {
    case GOAL_TIME:
        units_human_time((sim_ns)(v < 0 ? v - 0.5 : v + 0.5), out, n); /* no libm here */
        return;
    case GOAL_SIZE:
        snprintf(out, n, "%.0f B", v);
        return;
    case GOAL_SHARE:
        snprintf(out, n, "%.4g %%", 100 * v);
        return;
    case GOAL_NUMBER:
        snprintf(out, n, "%.4g", v);
        return;
    }
}
