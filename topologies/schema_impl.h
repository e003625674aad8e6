/* Private to schema*.c: what their tables share. */
#ifndef TOPOLOGIES_SCHEMA_IMPL_H
#define TOPOLOGIES_SCHEMA_IMPL_H

#include "topologies/scenario.h"
#include "topologies/schema.h"

#define SCHEMA_DAY  (86400 * SIM_S)
#define SCHEMA_YEAR (365 * SCHEMA_DAY)
#define SCHEMA_ALL  1000000 /* 100 % in ppm */

#define SCHEMA_END                                                                                 \
    {                                                                                              \
        .name = NULL                                                                               \
    }
#define SCHEMA_KEY_LATER(word)                                                                     \
    {                                                                                              \
        .name = (word), .type = TYPE_LATER                                                         \
    }

#endif
