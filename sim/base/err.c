#include "sim/base/err.h"

const char *err_text(enum err err)
{
    switch (err) {
    case OK:
        return "no error";
    case ERR_IO:
        return "reading or writing failed";
    case ERR_NOT_FOUND:
        return "no such file or object";
    case ERR_EXISTS:
        return "it exists already and is not overwritten";
    case ERR_READ_ONLY:
        return "no permission to write there";
    case ERR_DISK_FULL:
        return "no space left on the device";
    case ERR_FORMAT:
        return "the octets are not in the expected format";
    case ERR_RANGE:
        return "a value is out of its range";
    case ERR_CRYPTO:
        return "the cryptographic library refused";
    case ERR_STATE:
        return "not possible in the present state";
    case ERR_INTEGRITY:
        return "a check value does not match";
    case ERR_UNSUPPORTED:
        return "not supported by this build";
    }
    return "unknown error";
}
