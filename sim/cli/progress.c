#include "sim/cli/progress.h"

#include "crypto/entity.h"
#include "sim/base/units.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TTY_INTERVAL   (200 * SIM_MS)
#define PLAIN_INTERVAL SIM_S /* doubles, up to */
#define PLAIN_LONGEST  (60 * SIM_S)

bool progress_mode_parse(const char *text, enum progress_mode *out)
{
    static const char *const names[] = {"auto", "tty", "plain", "json", "off"};

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(text, names[i]) != 0)
            continue;
        *out = (enum progress_mode)i;
        return true;
    }
    return false;
}

void progress_begin(struct progress *p, enum progress_mode mode, sim_ns until)
{
    *p = (struct progress){.mode = mode, .until = until};
    if (mode == PROGRESS_AUTO)
        p->mode = isatty(STDERR_FILENO) ? PROGRESS_TTY : PROGRESS_PLAIN;
    p->begun_ns = p->last_ns = host_monotonic_ns();
    p->interval_ns = p->mode == PROGRESS_TTY ? TTY_INTERVAL : PLAIN_INTERVAL;
}

static void left_text(const struct progress *p, int64_t host_now, sim_ns now, char *out, size_t n)
{
    double share = p->until > 0 ? (double)now / (double)p->until : 1;
    double spent = (double)(host_now - p->begun_ns);

    if (share < 0.001)
        snprintf(out, n, "?");
    else
        units_human_time((sim_ns)(spent / share * (1 - share)), out, n);
}

static void tell(struct progress *p, struct deployment *d, int64_t host_now)
{
    struct sim_stats stats;
    struct deployment_counts c;
    sim_ns now = sim_now(deployment_sim(d));
    double seconds = (double)(host_now - p->begun_ns) / 1e9;
    char virtual_text[32], left[32], rate[32];
    double events_s;

    sim_get_stats(deployment_sim(d), &stats);
    deployment_counts(d, &c);
    events_s = seconds > 0 ? (double)stats.events / seconds : 0;
    if (p->mode == PROGRESS_JSON) {
        fprintf(stderr,
                "{\"t_ns\":%lld,\"until_ns\":%lld,\"events\":%llu,\"events_per_s\":%.0f,"
                "\"devices\":%llu,\"registered\":%llu,\"refused\":%llu,\"failed\":%llu,"
                "\"wall_s\":%.3f}\n",
                (long long)now, (long long)p->until, (unsigned long long)stats.events, events_s,
                (unsigned long long)c.devices, (unsigned long long)c.registered,
                (unsigned long long)c.refused, (unsigned long long)c.failed, seconds);
        return;
    }
    units_human_time(now, virtual_text, sizeof virtual_text);
    units_human_count(events_s, rate, sizeof rate);
    left_text(p, host_now, now, left, sizeof left);
    fprintf(stderr,
            "%s%5.1f %%  %s  %s events/s  %llu of %llu devices registered, %llu refused  "
            "left %s%s",
            p->mode == PROGRESS_TTY ? "\r" : "",
            p->until > 0 ? 100 * (double)now / (double)p->until : 100.0, virtual_text, rate,
            (unsigned long long)c.registered, (unsigned long long)c.devices,
            (unsigned long long)c.refused, left, p->mode == PROGRESS_TTY ? "\033[K" : "\n");
    fflush(stderr);
    p->shown = true;
}

bool progress_is_due(struct progress *p)
{
    int64_t host_now;

    if (p->mode == PROGRESS_OFF)
        return false;
    host_now = host_monotonic_ns();
    if (host_now - p->last_ns < p->interval_ns)
        return false;
    p->last_ns = host_now;
    if (p->mode != PROGRESS_TTY && p->interval_ns < PLAIN_LONGEST)
        p->interval_ns *= 2;
    return true;
}

void progress_tick(struct progress *p, struct deployment *d)
{
    if (progress_is_due(p))
        tell(p, d, p->last_ns);
}

void progress_end(struct progress *p, struct deployment *d)
{
    if (p->mode == PROGRESS_OFF)
        return;
    tell(p, d, host_monotonic_ns());
    if (p->mode == PROGRESS_TTY)
        fputc('\n', stderr);
}
