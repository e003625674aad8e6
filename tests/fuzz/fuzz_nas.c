/* nas: a message, plain or protected: refused, or written again and read as the same. */
#include "tests/fuzz/fuzz.h"

#include "crypto/entity.h"
#include "models/proto/nas.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const uint8_t key[16] = {7};
    static bool ready;
    struct nas_message m, again;
    struct span plain;
    struct buf b;

    if (!ready && crypto_init())
        abort();
    ready = true;
    if (nas_open(NULL, key, 0, true, span_of(data, n), &plain) == REASON_NONE && plain.n + 6 != n)
        abort();
    memset(&m, 0, sizeof m);
    if (nas_parse(span_of(data, n), &m) != REASON_NONE)
        return 0;
    if (m.type == NAS_ATTACH_ACCEPT && m.lifetime == SIM_NEVER)
        m.lifetime = 2 * SIM_S; /* it was not said, and we always say it */
    buf_init(&b, 2 * NAS_MAX);
    memset(&again, 0, sizeof again);
    if (!nas_write(&m, &b) || nas_parse(buf_span(&b), &again) != REASON_NONE)
        abort();
    if (m.type == NAS_ATTACH_ACCEPT) /* other units may say the same time */
        again.lifetime = m.lifetime;
    if (memcmp(&m, &again, sizeof m) != 0)
        abort();
    buf_clear(&b);
    return 0;
}
