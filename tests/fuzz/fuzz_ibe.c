/* A sealed text from somebody else: octet 0 picks the scheme, the rest goes to ibe_open. The keys
 * depend on nothing else, so a seed sealed for them opens. What is on the curve costs a pairing,
 * most inputs are refused before it. */
#include "tests/fuzz/fuzz.h"

#include "crypto/entity.h"
#include "crypto/ibe.h"

#include <stdlib.h>
#include <string.h>

static struct ibe_authority *authorities[IBE_SCHEMES];
static struct ibe_user *user;

static void prepare(void)
{
    struct rng stream = rng_stream(1, "authority", "fuzz");

    if (user)
        return;
    if (crypto_init())
        abort();
    user = ibe_user_new("device-1", "2020-01");
    for (int i = 0; i < IBE_SCHEMES; i++) {
        authorities[i] = ibe_authority_new((enum ibe_scheme)(i + 1), &stream);
        if (ibe_user_issue(user, authorities[i], NULL))
            abort();
    }
    ibe_user_prepare(user);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    enum ibe_scheme scheme;
    struct buf plain;
    enum err err;

    if (n < 1)
        return 0;
    prepare();
    scheme = data[0] % 2 == 0 ? IBE_SAKKE : IBE_BF;
    buf_init(&plain, 1 << 16);
    err = ibe_open(user, scheme, NULL, span_str("header"), span_of(data + 1, n - 1), &plain);
    if (err != OK && err != ERR_INTEGRITY)
        abort();
    if (buf_len(&plain) != (err == OK ? n - 1 - ibe_capsule_len(scheme) - IBE_TAG_LEN : 0))
        abort();
    buf_clear(&plain);
    return 0;
}
