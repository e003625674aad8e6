/* The reader's inside: for the files of this folder that read, and nobody else. */
#ifndef TOPOLOGIES_READER_H
#define TOPOLOGIES_READER_H

#include "topologies/scenario.h"
#include "topologies/schema.h"
#include "topologies/tree.h"

/* Where a value of the scenario comes from, for the checks of meaning. */
struct mark {
    const void *target; /* the field of the scenario */
    const char *file;
    int line, column;
    bool given; /* else a default, and the place is its owner's */
    bool bad;   /* a mistake was told: the field is not to be judged */
};

struct reader {
    struct scenario *s;
    struct pool *pool; /* the scenario's */
    struct diag_list *diags;
    bool from_disk;          /* a profile that is not there is a mistake */
    bool quiet;              /* a second reading of the same text: its mistakes were told */
    const char *const *sets; /* as --set gave them */
    size_t set_count;
    const struct tree *settings; /* of the network file; NULL: none */
    bool network_bad;            /* it was told that the network file cannot be used */
    struct mark *marks;
    size_t mark_count, mark_cap;
};

/* What is being read: for messages, and as the place of defaults. */
struct owner {
    const char *name; /* "population 'meters'"; NULL: the scenario itself */
    const char *file;
    int line, column;
};

void reader_error(struct reader *r, const struct tree *at, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void reader_error_at(struct reader *r, const struct owner *at, const char *code, const char *fmt,
                     ...) __attribute__((format(printf, 4, 5)));
/* "; did you mean 'x'?" or "". The pool's. */
const char *reader_hint(struct reader *r, const char *word, const char *const *names, size_t n);
void reader_mark(struct reader *r, const void *target, const struct tree *at, bool given, bool bad);
void reader_mark_key(struct reader *r, const void *target, const struct tree *t); /* at its key */
/* NULL: not given. Of a population or link itself: of its `name`, `line`; of an event: of it. */
const struct mark *reader_mark_of(const struct reader *r, const void *target);

enum reader_fill {
    FILL_NOTHING,  /* only what is given is written */
    FILL_DEFAULTS, /* and defaults for the rest */
    FILL_ALL       /* and required keys are asked for */
};
/* Reads the keys of a section into base (of which `kinds` says what keys there are). tree may be
 * NULL: nothing is given. */
void reader_section(struct reader *r, const struct schema_section *section, const struct tree *tree,
                    void *base, unsigned kinds, const struct owner *owner, enum reader_fill fill);
/* One key: child is what is given, NULL: nothing; target NULL: it is read, but not kept. */
void reader_key(struct reader *r, const struct schema_key *k, const struct tree *child,
                void *target, const struct owner *owner, enum reader_fill fill);
/* Tells keys of tree that are not in section. */
void reader_unknown(struct reader *r, const struct schema_section *section, const struct tree *tree,
                    unsigned kinds, const struct owner *owner);
bool reader_want(struct reader *r, const struct tree *t, enum tree_kind kind, const char *name);

/* Letters, digits, - and _, a letter first, at most 40. */
bool reader_is_name(const char *s);

/* value.c: one value. false: a mistake was told, and target is as before. */
bool value_read(struct reader *r, const struct schema_key *k, const struct tree *t, void *target);
/* Writes it as value_read reads it; lists and texts that need it are in quotes. json: always valid
 * JSON. The values of the last two must not be asked for: TYPE_SECTION, TYPE_TABLE. */
void value_write(const struct scenario *s, const struct schema_key *k, const void *target,
                 bool json, FILE *to);
/* links.c */
void links_read(struct reader *r, const struct tree *root);
void links_read_network(struct reader *r, const struct tree *root);
/* goals.c */
void goals_read(struct reader *r, const struct tree *root);
/* policy.c */
void policy_read(struct reader *r, const struct tree *t, struct scn_population *p);
extern const char *const policy_services[11];
/* axes.c */
void axes_read(struct reader *r, const struct tree *root);
/* scenario.c: a cell of a sweep, in which an axis has one value. The base's text with its sets,
 * then these edits, and no sweep. */
struct edit {
    const struct scn_axis *axis;
    const struct scn_value *value;
};
struct scenario *scenario_parse_cell(const struct scenario *base, const char *const *sets, size_t n,
                                     const struct edit *edits, size_t edit_count,
                                     struct diag_list *diags);
/* derive.c: the defaults that depend on other values */
void derive(struct reader *r);
/* check.c: S2xx */
void check_meaning(struct reader *r);

/* meaning.c: keys of a device that have a meaning only beside certain others; elsewhere they are
 * refused when given, and left out of what is resolved. */
struct meaning {
    size_t offset; /* in struct cfg_device */
    bool (*is_there)(const struct cfg_device *d);
    const char *why_not;
};
const struct meaning *meaning_at(size_t i); /* NULL past the end */

/* files.c. Both: NULL when there is none; the pool's. */
char *files_find(struct pool *pool, const char *scenario_path, const char *name, const char *folder,
                 const char *extension);
char *files_read(struct pool *pool, const char *path, size_t max, size_t *n, const char **why);

#define LATENCY_UNSET ((sim_ns)-1) /* of floor, until derive */

#endif
