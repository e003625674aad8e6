/* The schema of scenarios: one table, in schema.c, from which reading, defaults, `check`, resolved
 * output and the reference page come (DESIGN section 9). A key that is not in it does not exist. */
#ifndef TOPOLOGIES_SCHEMA_H
#define TOPOLOGIES_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum schema_type {
    TYPE_TEXT,       /* const char * */
    TYPE_FQDN,       /* char[128], NUL-terminated */
    TYPE_BOOL,       /* bool: yes, no, true, false; or the `words` */
    TYPE_COUNT,      /* uint32_t */
    TYPE_SEED,       /* uint64_t */
    TYPE_BITS,       /* uint32_t, decimal or 0x.. */
    TYPE_TIME,       /* sim_ns */
    TYPE_RATE,       /* uint64_t, bit/s */
    TYPE_SIZE,       /* uint32_t, octets */
    TYPE_SHARE,      /* uint32_t, ppm */
    TYPE_CHANCE,     /* double, a whole number of ppm */
    TYPE_LOSS,       /* struct net_loss */
    TYPE_DIST,       /* struct dist; its floor and ceiling are keys of their own */
    TYPE_WORD,       /* int: one of `words` */
    TYPE_SUITE,      /* enum tls_suite */
    TYPE_POPULATION, /* uint32_t: index of a population of kind `kind` (or SCHEMA_...) */
    TYPE_DATE,       /* int64_t, ns since 1970 UTC */
    TYPE_FORMAT,     /* the version of the scenario format: nowhere */
    TYPE_SERVICES,   /* uint32_t: a list of service capabilities, as bits of the IVal result */
    TYPE_SET,  /* uint32_t: one of `words`, several joined by +, or a list of them; their values,
                  joined; a word of value 0 stands alone */
    TYPE_SETS, /* struct cfg_sets: a list of such sets, or the key's word for none */
    TYPE_REPLICATIONS, /* struct scn_replications: a number, or {min, max, until_ci} */
    TYPE_SECTION,      /* the keys of `section`, at offset + their own */
    TYPE_TABLE,        /* a map with names of the user's, or a list; read by reader.c */
    TYPE_LATER         /* a known name that this version does not have */
};

struct schema_word {
    const char *name; /* NULL: the end */
    int value;        /* SCHEMA_LATER: known, but not in this version */
};
#define SCHEMA_LATER    (-1)
#define SCHEMA_ANY_KIND (-1)
#define SCHEMA_IN_FIELD (-2) /* device, gateway or local */
#define SCHEMA_NOWHERE  ((size_t)-1)

struct schema_section;

struct schema_key {
    const char *name;
    enum schema_type type;
    unsigned kinds;       /* populations: 1 << enum cfg_kind of those that have it; 0: all */
    size_t offset;        /* SCHEMA_NOWHERE: read and checked, but not kept */
    const char *standard; /* the default, as a user would write it */
    const char *derived;  /* how it is made when it is not given and `standard` is NULL */
    int64_t min, max;     /* both 0: what the type holds */
    const char *none;     /* the word for `none_value` ("never", "unlimited"); NULL: none */
    int64_t none_value;
    const struct schema_word *words;
    const struct schema_section *section; /* TYPE_SECTION; TYPE_TABLE: of one entry */
    int kind;                             /* TYPE_POPULATION */
    const char *help;
};
/* Neither standard nor derived: the key is required. */
bool schema_is_required(const struct schema_key *k);

struct schema_section {
    const struct schema_key *keys; /* ends with name NULL */
    const struct schema_section *includes;
};

extern const struct schema_section schema_root;       /* struct scenario */
extern const struct schema_section schema_population; /* struct scn_population */
extern const struct schema_section schema_rule;       /* struct cfg_rule */
extern const struct schema_section schema_hop;        /* struct net_hop_config */
extern const struct schema_section schema_setting;    /* a hop's, and up, down of struct scn_link */
extern const struct schema_section schema_link;       /* a setting's, and what only links have */
extern const struct schema_section schema_event;      /* struct scn_event */
extern const struct schema_section schema_network;    /* a network file's top */
extern const struct schema_word schema_kinds[], schema_verdicts[];

/* The i-th key of a section, those it includes last; NULL past the end. */
const struct schema_key *schema_at(const struct schema_section *s, size_t i);
/* The key of that name that populations of these kinds have (0: any); NULL: none. */
const struct schema_key *schema_find(const struct schema_section *s, const char *name,
                                     unsigned kinds);
const char *schema_word_name(const struct schema_word *words, int value);
/* Of TYPE_POPULATION, the kind or kinds that it takes; "" for any. */
const char *schema_kind_name(const struct schema_key *k);

#endif
