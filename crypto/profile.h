/* Cost profiles: what each operation costs on each class of processor (DESIGN section 5). The
 * format is line-based text, described in crypto/README.md; every figure names its source. */
#ifndef CRYPTO_PROFILE_H
#define CRYPTO_PROFILE_H

#include "crypto/meter.h"
#include "sim/base/diag.h"
#include "sim/base/err.h"
#include "sim/base/time.h"

#include <stdio.h>

struct profile;       /* opaque; heap; immutable once read, so any thread may price with it */
struct profile_class; /* borrowed from its profile */

/* Energy: the figure's own when the profile gives one, else time x the class's power, else 0. */
struct profile_cost {
    double per_call_ns, per_octet_ns, per_call_nj, per_octet_nj;
    uint32_t samples;   /* of a measured profile; 0: from a document */
    const char *source; /* where the figure comes from; "scaled from ..." when it is */
};

/* Reads a file; mistakes go to diags (codes P1xx) and NULL is returned. An unreadable file is a
 * diag as well. */
struct profile *profile_read(const char *path, struct diag_list *diags);
/* The same from a text, for the copy that a database keeps. name: for diagnostics. */
struct profile *profile_parse(const char *name, const char *text, size_t n,
                              struct diag_list *diags);
void profile_free(struct profile *p);
const char *profile_name(const struct profile *p);
const char *profile_text(const struct profile *p); /* as read */
const char *profile_source(const struct profile *p);
const uint8_t *profile_sha256(const struct profile *p); /* 32 octets, of the text */

size_t profile_class_count(const struct profile *p);
const struct profile_class *profile_class_at(const struct profile *p, size_t i);
/* NULL: no such class. */
const struct profile_class *profile_class_find(const struct profile *p, const char *name);
const char *profile_class_name(const struct profile_class *c);
const char *profile_class_text(const struct profile_class *c); /* what it is, for people */
/* false: this class has no figure for it (a diag for whoever needs it). */
bool profile_cost_of(const struct profile_class *c, enum meter_op op, struct profile_cost *out);

struct profile_price {
    sim_ns crypto_ns, other_ns;
    int64_t energy_nj;
};
/* Prices a meter (what the class has no figure for costs nothing): integer arithmetic rounding each
 * operation's figure the same way everywhere. */
struct profile_price profile_price(const struct profile_class *c, const struct meter *m);
/* One operation's share of it. */
sim_ns profile_price_op(const struct profile_class *c, enum meter_op op, struct meter_use use);

/* Measures this machine's OpenSSL, about `seconds` in all, and writes a profile with the one class
 * `name`. For `m2msim bench`; progress lines to `progress` (NULL: none). */
enum err profile_bench(const char *name, double seconds, FILE *out, FILE *progress) MUST_USE;

#endif
