/* Errors of the environment (disk, memory of others, OpenSSL itself). Four classes, never mixed:
 * a bug is an assert; no memory ends the program in xalloc; a user's mistake is a struct diag; the
 * rest is an enum err that goes up to the command. A peer that misbehaves is none of these: it is a
 * reason (models/proto/reason.h). */
#ifndef SIM_BASE_ERR_H
#define SIM_BASE_ERR_H

enum err {
    OK = 0,
    ERR_IO = -1,          /* reading or writing failed */
    ERR_NOT_FOUND = -2,   /* no such file or object */
    ERR_EXISTS = -3,      /* it is there already, and we do not overwrite */
    ERR_READ_ONLY = -4,   /* no right to write there */
    ERR_DISK_FULL = -5,   /* no space left */
    ERR_FORMAT = -6,      /* octets that are not what they should be */
    ERR_RANGE = -7,       /* a value out of its range */
    ERR_CRYPTO = -8,      /* OpenSSL refused where it must not */
    ERR_STATE = -9,       /* not now: the object is in another state */
    ERR_INTEGRITY = -10,  /* a check value does not match */
    ERR_UNSUPPORTED = -11 /* known, but not by this build */
};

#define MUST_USE __attribute__((warn_unused_result))

/* One lower-case sentence without a full stop; never NULL. */
const char *err_text(enum err err);

#endif
