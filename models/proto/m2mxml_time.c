/* xs:dateTime (XML Schema part 2, 3.2.7), Gregorian calendar, as nanoseconds since 1970 UTC. */
#include "models/proto/m2mxml.h"

#define NS_PER_S INT64_C(1000000000)
#define DAY_S    INT64_C(86400)
#define LATEST_S (INT64_MAX / NS_PER_S - 1)

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1970-01-01 to the first of January; year >= 1. 719162: from 0001 to 1970. */
static int64_t days_to_year(int64_t year)
{
    int64_t y = year - 1;

    return 365 * y + y / 4 - y / 100 + y / 400 - 719162;
}

/* n digits and the octet after them; where the next goes. */
static char *put(char *out, int64_t value, int n, char after)
{
    for (int i = n - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
    out[n] = after;
    return out + n + 1;
}

void m2m_datetime_write(int64_t unix_ns, char *out)
{
    int64_t ms = unix_ns / 1000000 - (unix_ns % 1000000 < 0);
    int64_t s = ms / 1000 - (ms % 1000 < 0);
    int64_t days = s / DAY_S - (s % DAY_S < 0), rest = s - days * DAY_S;
    int64_t year = 1970 + days / 365;
    int month = 1;

    while (days_to_year(year) > days)
        year--;
    days -= days_to_year(year);
    while (days >= days_in(year, month))
        days -= days_in(year, month++);
    out = put(out, year, 4, '-');
    out = put(out, month, 2, '-');
    out = put(out, days + 1, 2, 'T');
    out = put(out, rest / 3600, 2, ':');
    out = put(out, rest / 60 % 60, 2, ':');
    out = put(out, rest % 60, 2, '.');
    out = put(out, ms - s * 1000, 3, 'Z');
    *out = '\0';
}

/* n digits at *p, then the octet `after` (0: none). */
static bool number(const char **p, int n, char after, int *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        *out = *out * 10 + (**p - '0');
    }
    if (after == '\0')
        return true;
    return *(*p)++ == after;
}

/* What is finer than a nanosecond is dropped. */
static bool fraction(const char **p, int64_t *ns)
{
    int64_t unit = NS_PER_S / 10;

    *ns = 0;
    if (**p != '.')
        return true;
    (*p)++;
    if (**p < '0' || **p > '9')
        return false;
    for (; **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
        *ns += (**p - '0') * unit;
    return true;
}

static bool zone(const char **p, int64_t *offset_s)
{
    int sign = **p == '-' ? -1 : 1, hours, minutes;

    *offset_s = 0;
    if (**p == '\0')
        return true;
    if (**p == 'Z') {
        (*p)++;
        return true;
    }
    if (**p != '+' && **p != '-')
        return false;
    (*p)++;
    if (!number(p, 2, ':', &hours) || !number(p, 2, '\0', &minutes))
        return false;
    if (minutes > 59 || hours * 60 + minutes > 14 * 60)
        return false;
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool m2m_datetime_parse(const char *text, int64_t *unix_ns)
{
    int year, month, day, hour, minute, second;
    int64_t ns, offset, s;

    if (!number(&text, 4, '-', &year) || !number(&text, 2, '-', &month) ||
        !number(&text, 2, 'T', &day) || !number(&text, 2, ':', &hour) ||
        !number(&text, 2, ':', &minute) || !number(&text, 2, '\0', &second) ||
        !fraction(&text, &ns) || !zone(&text, &offset) || *text != '\0')
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in(year, month))
        return false;
    /* 24:00:00 is the day's end */
    if (hour > 24 || minute > 59 || second > 59 || (hour == 24 && (minute || second || ns)))
        return false;
    s = days_to_year(year) + day - 1;
    for (int m = 1; m < month; m++)
        s += days_in(year, m);
    s = s * DAY_S + hour * 3600 + minute * 60 + second - offset;
    /* 1677-09-21 .. 2262-04-11; "never" is often written as the last day of 9999, and so is as late
     * as can be told. */
    if (s < INT64_MIN / NS_PER_S + 1)
        return false;
    *unix_ns = s > LATEST_S ? LATEST_S * NS_PER_S : s * NS_PER_S + ns;
    return true;
}
