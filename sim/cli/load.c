#include "sim/cli/load.h"

#include <stdio.h>

#include "sim/base/json.h"

void load_init(struct load *l, sim_ns now)
{
    *l = (struct load){.times = hist_new(), .began = now, .ended = now};
}

void load_release(struct load *l)
{
    hist_free(l->times);
    l->times = NULL;
}

void load_success(struct load *l, sim_ns began, sim_ns now, unsigned round_trips,
                  unsigned long long octets_up, unsigned long long octets_down)
{
    l->success++;
    l->ended = now;
    hist_add(l->times, now - began);
    l->round_trips += round_trips;
    l->octets_up += octets_up;
    l->octets_down += octets_down;
}

void load_failure(struct load *l, sim_ns now, enum reason reason)
{
    l->failed++;
    l->failed_by[reason]++;
    l->ended = now;
}

/* ---- lines ---- */

void load_line_begin(const struct load_line *l)
{
    const char *outcome = l->reason ? "refused" : "accepted";
    double ms = (double)(l->ended - l->began) / SIM_MS;

    if (!l->json) {
        printf("%llu ", l->number);
        json_text(stdout, l->name); /* in quotes, and without what a terminal would obey */
        printf(" %s %s %s%s%.3f ms", l->method, outcome, reason_text(l->reason),
               l->reason ? " " : "", ms);
        return;
    }
    printf("{\"attempt\": %llu, \"identity\": ", l->number);
    json_text(stdout, l->name);
    printf(", \"method\": \"%s\", \"outcome\": \"%s\"", l->method, outcome);
    if (l->reason)
        printf(", \"reason\": \"%s\"", reason_text(l->reason));
    printf(", \"ms\": %.3f", ms);
}

void load_line_end(const struct load_line *l)
{
    puts(l->json ? "}" : "");
    fflush(stdout); /* who watches it through a pipe waits for this line */
}

/* ---- the report ---- */

static double mean(const struct load *l, unsigned long long sum)
{
    return l->success ? (double)sum / (double)l->success : 0;
}

static double quantile_ms(const struct load *l, double q)
{
    return (double)hist_quantile(l->times, q) / SIM_MS;
}

static double per_second(const struct load *l)
{
    double s = (double)(l->ended - l->began) / SIM_S;

    return s > 0 ? (double)l->success / s : 0;
}

static void report_json(const struct load *l, const struct load_title *t)
{
    const char *between = "";

    printf("{\"method\": \"%s\"", t->method);
    if (t->usage)
        printf(", \"usage\": \"%s\"", t->usage);
    printf(", \"n\": %llu, \"success\": %llu, \"failed\": %llu, \"reasons\": {",
           l->success + l->failed, l->success, l->failed);
    for (unsigned i = 0; i < REASON_COUNT; i++)
        if (l->failed_by[i] > 0) {
            printf("%s\"%s\": %llu", between, reason_text((enum reason)i), l->failed_by[i]);
            between = ", ";
        }
    printf("}, \"ms\": {\"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f}, \"round_trips\": %.2f, "
           "\"octets_up\": %.1f, \"octets_down\": %.1f, \"per_second\": %.1f}\n",
           quantile_ms(l, 0.5), quantile_ms(l, 0.9), quantile_ms(l, 0.99), mean(l, l->round_trips),
           mean(l, l->octets_up), mean(l, l->octets_down), per_second(l));
}

static void report_text(const struct load *l, const struct load_title *t)
{
    printf("%s, %s%s%llu at a time\n", t->method, t->usage ? t->usage : "", t->usage ? ", " : "",
           t->parallel);
    printf("%-24s %12llu\n", "n", l->success + l->failed);
    printf("%-24s %12llu\n", "success", l->success);
    printf("%-24s %12llu\n", "failed", l->failed);
    for (unsigned i = 0; i < REASON_COUNT; i++)
        if (l->failed_by[i] > 0)
            printf("  %-22s %12llu\n", reason_text((enum reason)i), l->failed_by[i]);
    if (l->success == 0)
        return;
    printf("%-24s %12.3f\n", "latency p50, ms", quantile_ms(l, 0.5));
    printf("%-24s %12.3f\n", "latency p90, ms", quantile_ms(l, 0.9));
    printf("%-24s %12.3f\n", "latency p99, ms", quantile_ms(l, 0.99));
    printf("%-24s %12.2f\n", "round trips, mean", mean(l, l->round_trips));
    printf("%-24s %12.1f\n", "octets up, mean", mean(l, l->octets_up));
    printf("%-24s %12.1f\n", "octets down, mean", mean(l, l->octets_down));
    printf("%-24s %12.1f\n", "success a second", per_second(l));
}

void load_report(const struct load *l, const struct load_title *title, bool json)
{
    if (json)
        report_json(l, title);
    else
        report_text(l, title);
}
