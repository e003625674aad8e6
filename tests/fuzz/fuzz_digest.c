/* digest: the first octet says which field. What is taken for sound can be written, and is then
 * read as the same; what is refused has a reason. */
#include "tests/fuzz/fuzz.h"

#include "models/proto/digest.h"

#include <stdlib.h>
#include <string.h>

enum { CHALLENGE, CREDENTIALS, INFO, KINDS };

union field {
    struct digest_challenge challenge;
    struct digest_credentials credentials;
    struct digest_info info;
};

static enum reason read_field(int kind, struct span in, union field *out)
{
    memset(out, 0, sizeof(*out));
    if (kind == CHALLENGE)
        return digest_read_challenge(in, &out->challenge);
    return kind == CREDENTIALS ? digest_read_credentials(in, &out->credentials)
                               : digest_read_info(in, &out->info);
}

static bool put_field(int kind, const union field *f, struct buf *out)
{
    if (kind == CHALLENGE)
        return digest_put_challenge(&f->challenge, out);
    return kind == CREDENTIALS ? digest_put_credentials(&f->credentials, out)
                               : digest_put_info(&f->info, out);
}

/* Only what has a response says its algorithm when written. */
static bool same(int kind, union field a, const union field *b)
{
    if (kind == CREDENTIALS && !a.credentials.has_response)
        a.credentials.algorithm = b->credentials.algorithm;
    return memcmp(&a, b, sizeof(a)) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    union field got, again;
    enum reason reason;
    uint8_t rand[16], autn[16];
    struct buf b;
    int kind;

    if (n < 1)
        return 0;
    kind = data[0] % KINDS;
    reason = read_field(kind, span_of(data + 1, n - 1), &got);
    if (reason) {
        if (reason != REASON_DIGEST_MALFORMED && reason != REASON_DIGEST_UNSUPPORTED)
            abort();
        return 0;
    }
    if (kind == CHALLENGE)
        digest_aka_parse(got.challenge.nonce, rand, autn);
    buf_init(&b, 8192);
    if (!put_field(kind, &got, &b) || read_field(kind, buf_span(&b), &again) ||
        !same(kind, got, &again))
        abort();
    buf_clear(&b);
    return 0;
}
