#include "models/proto/m2m_category.h"

#include "models/proto/m2mxml.h"

#include <stdio.h>
#include <string.h>

#define SECOND    INT64_C(1000000000)
#define CENTURY_S INT64_C(3155760000) /* a hundred years */
#define TEXT_MAX  40

bool m2m_rcat_parse(struct span text, struct m2m_category *c)
{
    if (text.n != 1 || text.p[0] < '0' || text.p[0] > '0' + M2M_RCAT_MAX)
        return false;
    c->has_rcat = true;
    c->rcat = (uint8_t)(text.p[0] - '0');
    return true;
}

/* Decimal digits, at most ten of them; what is behind goes to *rest. false: none. */
static bool take_number(const char **rest, int64_t *value)
{
    const char *start = *rest;

    for (*value = 0; **rest >= '0' && **rest <= '9' && *rest - start < 10; ++*rest)
        *value = *value * 10 + (**rest - '0');
    return *rest > start;
}

/* ".25" of a second. false: no digits, or more than nanoseconds have. */
static bool take_fraction(const char **rest, int64_t *ns)
{
    int64_t unit = SECOND;

    for (++*rest; **rest >= '0' && **rest <= '9' && unit > 1; ++*rest) {
        unit /= 10;
        *ns += (**rest - '0') * unit;
    }
    return unit < SECOND;
}

/* XML Schema part 2, 3.2.6: PnDTnHnMnS, in this order, each once at most, and one at least. */
static bool read_duration(const char *text, int64_t *ns)
{
    static const struct {
        char letter;
        int64_t seconds;
    } parts[] = {{'D', 86400}, {'H', 3600}, {'M', 60}, {'S', 1}};
    int64_t total = 0, fraction = 0, value;
    size_t part = 0;
    bool of_day = false, some = false, point;

    for (++text; *text; some = true) {
        if (*text == 'T' && !of_day) {
            of_day = true;
            part = part ? part : 1;
            text++;
        }
        if (!take_number(&text, &value))
            return false;
        point = *text == '.';
        if (point && !take_fraction(&text, &fraction))
            return false;
        while (part < sizeof parts / sizeof *parts && parts[part].letter != *text)
            part++;
        if (part == sizeof parts / sizeof *parts || of_day != (part > 0) ||
            (point && *text != 'S') || value > CENTURY_S / parts[part].seconds)
            return false;
        total += value * parts[part++].seconds;
        text++;
    }
    *ns = total * SECOND + fraction;
    return some && total <= CENTURY_S;
}

bool m2m_trpdt_parse(struct span text, struct m2m_category *c)
{
    char s[TEXT_MAX];
    const char *rest = s;
    enum m2m_trpdt kind = M2M_TRPDT_DELAY;
    int64_t ns = 0;

    if (text.n == 0 || text.n >= sizeof s || memchr(text.p, '\0', text.n))
        return false;
    memcpy(s, text.p, text.n);
    s[text.n] = '\0';
    if (s[0] == 'P') {
        if (!read_duration(s, &ns))
            return false;
    } else if (take_number(&rest, &ns) && *rest == '\0') {
        if (ns > CENTURY_S)
            return false;
        ns *= SECOND;
    } else {
        if (!m2m_datetime_parse(s, &ns))
            return false;
        kind = M2M_TRPDT_TIME;
    }
    c->trpdt = kind;
    c->trpdt_ns = ns;
    return true;
}

void m2m_trpdt_write(int64_t delay_ns, char out[TEXT_MAX])
{
    int n = snprintf(out, TEXT_MAX, "PT%lld", (long long)(delay_ns / SECOND));

    if (delay_ns % SECOND) {
        n += snprintf(out + n, TEXT_MAX - (size_t)n, ".%09lld", (long long)(delay_ns % SECOND));
        while (out[n - 1] == '0')
            n--;
    }
    snprintf(out + n, TEXT_MAX - (size_t)n, "S");
}

uint8_t m2m_category_rcat(const struct m2m_category *c)
{
    return c->has_rcat ? c->rcat : M2M_RCAT_DEFAULT;
}

int64_t m2m_category_delay(const struct m2m_category *c, int64_t unix_now)
{
    switch (c->trpdt) {
    case M2M_TRPDT_ABSENT:
        return M2M_TRPDT_DEFAULT;
    case M2M_TRPDT_DELAY:
        return c->trpdt_ns;
    case M2M_TRPDT_TIME:
        return c->trpdt_ns > unix_now ? c->trpdt_ns - unix_now : 0;
    }
    return M2M_TRPDT_DEFAULT;
}
