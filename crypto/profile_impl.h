/* What profile.c and profile_read.c share; private to this folder. */
#ifndef CRYPTO_PROFILE_IMPL_H
#define CRYPTO_PROFILE_IMPL_H

#include "crypto/profile.h"

/* One line of a class. Integers throughout, so that prices are the same whatever compiled them. */
struct profile_figure {
    bool present;
    bool own_energy; /* else from the class's power */
    int64_t call_ps, octet_ps;
    int64_t call_fj, octet_fj;
    uint32_t samples;
    char *source;
};

struct profile_class {
    char *name, *text;
    bool has_power;
    int64_t power_uw; /* drawn while it computes */
    char *power_source;
    struct profile_figure figures[METER_OP_COUNT];
};

struct profile {
    char *name, *source, *text;
    uint8_t sha256[32];
    struct profile_class *classes;
    size_t class_count;
};

#define PROFILE_MAX_CALL_PS  INT64_C(3600000000000000) /* one hour */
#define PROFILE_MAX_OCTET_PS INT64_C(1000000000000)    /* one second */
#define PROFILE_MAX_CALL_FJ  INT64_C(1000000000000000000)
#define PROFILE_MAX_OCTET_FJ INT64_C(1000000000000000)
#define PROFILE_MAX_POWER_UW INT64_C(1000000000)

#endif
