/* Dates: whole days or whole seconds of UTC. */
#include <stdlib.h>
#include <string.h>

#include "topologies/value.h"

/* Days from 1970-01-01 to a date of the Gregorian calendar, y >= 1970. */
static int64_t days_of(int y, int m, int d)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int leaps = (y - 1969) / 4 - (y - 1901) / 100 + (y - 1601) / 400;
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return (int64_t)(y - 1970) * 365 + leaps + before[m - 1] + (m > 2 && leap) + d - 1;
}

static int days_in(int y, int m)
{
    return (int)(m == 12 ? 31 : days_of(y, m + 1, 1) - days_of(y, m, 1));
}

bool value_date(struct reader *r, const struct schema_key *k, const struct tree *t, int64_t *out)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    const char *p = t->text;
    size_t n = strlen(p);
    bool good = n == 10 || n == sizeof form - 1;
    for (size_t i = 0; good && i < n; i++)
        good = form[i] == 'd' ? p[i] >= '0' && p[i] <= '9' : p[i] == form[i];
    int f[6] = {0};
    if (good) {
        static const int at[] = {0, 5, 8, 11, 14, 17};
        for (int i = 0; i < (n == 10 ? 3 : 6); i++)
            f[i] = (int)strtol(p + at[i], NULL, 10);
        good = f[1] >= 1 && f[1] <= 12 && f[2] >= 1 && f[3] < 24 && f[4] < 60 && f[5] < 60;
    }
    if (!good) {
        reader_error(r, t, "S117",
                     "'%s' needs a date, as 2013-06-01 or 2013-06-01T12:30:00Z; "
                     "'%s' is none",
                     k->name, p);
        return false;
    }
    if (f[0] < 1970 || f[0] > 2150 || f[2] > days_in(f[0], f[1])) {
        reader_error(r, t, "S118", "'%s' must be a date from 1970 to 2150; '%s' is none", k->name,
                     p);
        return false;
    }
    *out = (days_of(f[0], f[1], f[2]) * 86400 + f[3] * 3600 + f[4] * 60 + f[5]) * SIM_S;
    return true;
}
