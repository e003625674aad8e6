#include "sim/cli/mid_tally.h"

#include <stdio.h>
#include <string.h>

#include "models/proto/m2mxml.h"

void mid_tally_init(struct mid_tally *t)
{
    memset(t, 0, sizeof *t);
    for (int m = 0; m <= M2M_EXECUTE; m++)
        t->times[m] = hist_new();
}

void mid_tally_release(struct mid_tally *t)
{
    for (int m = 0; m <= M2M_EXECUTE; m++) {
        hist_free(t->times[m]);
        t->times[m] = NULL;
    }
}

void mid_tally_add(struct mid_tally *t, enum m2m_method method, int status, sim_ns took)
{
    t->requests++;
    t->by[method][status >= 0 && status < MID_STATUSES ? status : 0]++;
    hist_add(t->times[method], took);
}

static double ms(const struct hist *h, double q)
{
    return (double)hist_quantile(h, q) / SIM_MS;
}

static void report_json(const struct mid_tally *t, const struct mid_report *r)
{
    const char *between = "";

    printf("{\"requests\": %llu, \"connections\": %llu, \"most_connections\": %llu, "
           "\"refused_connections\": %llu, \"most_polls\": %llu, \"handed_on\": %llu, "
           "\"notified\": %llu, \"not_notified\": %llu, \"seconds\": %.3f, \"by_status\": [",
           t->requests, r->connections, r->most, r->refused, r->polls, r->handed, r->notified,
           r->unnotified, r->seconds);
    for (int m = 0; m <= M2M_EXECUTE; m++)
        for (int s = 0; s < MID_STATUSES; s++)
            if (t->by[m][s] > 0) {
                printf("%s{\"primitive\": \"%s\", \"status\": %d, \"n\": %llu}", between,
                       m2m_method_name((enum m2m_method)m), s, t->by[m][s]);
                between = ", ";
            }
    between = "";
    fputs("], \"ms\": {", stdout);
    for (int m = 0; m <= M2M_EXECUTE; m++)
        if (hist_count(t->times[m]) > 0) {
            printf("%s\"%s\": {\"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f}", between,
                   m2m_method_name((enum m2m_method)m), ms(t->times[m], 0.5), ms(t->times[m], 0.9),
                   ms(t->times[m], 0.99));
            between = ", ";
        }
    puts("}}");
}

static void report_text(const struct mid_tally *t, const struct mid_report *r)
{
    printf("%-24s %12llu\n", "requests", t->requests);
    for (int m = 0; m <= M2M_EXECUTE; m++)
        for (int s = 0; s < MID_STATUSES; s++)
            if (t->by[m][s] > 0)
                printf("  %-8s %d %-9s %12llu\n", m2m_method_name((enum m2m_method)m), s, "",
                       t->by[m][s]);
    for (int m = 0; m <= M2M_EXECUTE; m++)
        if (hist_count(t->times[m]) > 0)
            printf("%-8s ms p50 p90 p99 %9.3f %9.3f %9.3f\n", m2m_method_name((enum m2m_method)m),
                   ms(t->times[m], 0.5), ms(t->times[m], 0.9), ms(t->times[m], 0.99));
    printf("%-24s %12llu\n", "connections", r->connections);
    printf("%-24s %12llu\n", "most at a time", r->most);
    printf("%-24s %12llu\n", "beyond the limit", r->refused);
    if (r->polls > 0)
        printf("%-24s %12llu\n", "long polls at a time", r->polls);
    if (r->handed > 0)
        printf("%-24s %12llu\n", "handed on", r->handed);
    if (r->notified + r->unnotified > 0)
        printf("%-24s %12llu\n%-24s %12llu\n", "contacts notified", r->notified, "not notified",
               r->unnotified);
}

void mid_tally_report(const struct mid_tally *t, const struct mid_report *r, bool json)
{
    if (json)
        report_json(t, r);
    else
        report_text(t, r);
}
