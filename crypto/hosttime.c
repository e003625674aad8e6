/* time() and gettimeofday() for the whole process. OpenSSL reads both from deep inside (sessions,
 * certificate checks, DTLS timers); the dynamic linker finds these before the C library's, so that
 * inside a visit they answer the entity's virtual time (openssl-notes.md, Time). */
#include "crypto/entity_impl.h"

#include <stddef.h>
#include <sys/time.h>
#include <time.h>

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t) != 0)
        return 0;
    return (int64_t)t.tv_sec * SIM_S + t.tv_nsec;
}

int64_t host_unix_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

int64_t host_monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static int64_t answer_ns(void)
{
    int64_t ns;
    return entity_virtual_ns(&ns) ? ns : host_unix_ns();
}

/* Seconds rounded down, before 1970 too. */
static int64_t whole_seconds(int64_t ns)
{
    return ns / SIM_S - (ns % SIM_S < 0);
}

time_t time(time_t *out)
{
    time_t seconds = (time_t)whole_seconds(answer_ns());
    if (out)
        *out = seconds;
    return seconds;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    int64_t ns = answer_ns();
    int64_t seconds = whole_seconds(ns);
    tv->tv_sec = (time_t)seconds;
    tv->tv_usec = (suseconds_t)((ns - seconds * SIM_S) / 1000);
    if (zone) {
        /* The obsolete second argument: UTC, no daylight saving. */
        struct timezone *z = zone;
        z->tz_minuteswest = 0;
        z->tz_dsttime = 0;
    }
    return 0;
}

void hosttime_link(void)
{
}
