/* RAND_set_rand_method is deprecated but honoured by OpenSSL 3.0 before any of its own generators,
 * and it is the one way in that needs no library context of its own. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/entity_impl.h"
#include "crypto/openssl.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <pthread.h>

_Thread_local struct entity_now entity_now;

void entity_enter(struct rng *stream, int64_t unix_ns)
{
    assert(stream && !entity_now.stream);
    entity_now.stream = stream;
    entity_now.unix_ns = unix_ns;
    entity_now.live = false;
}

void entity_enter_live(struct rng *stream)
{
    assert(stream && !entity_now.stream);
    entity_now.stream = stream;
    entity_now.live = true;
}

void entity_leave(void)
{
    assert(entity_now.stream && !entity_now.aside);
    entity_now.stream = NULL;
}

bool entity_virtual_ns(int64_t *unix_ns)
{
    *unix_ns = entity_now.unix_ns;
    return entity_now.stream && !entity_now.live;
}

void entity_aside_begin(void)
{
    if (!entity_now.stream)
        return;
    assert(!entity_now.aside);
    const struct rng *s = entity_now.stream;
    /* Other keys than the stream's own; their counters start at its place. */
    entity_now.small = (struct rng){{s->key[0], ~s->key[1]}, s->counter << 8};
    entity_now.wide = (struct rng){{~s->key[0], s->key[1]}, s->counter << 8};
    entity_now.aside = true;
}

void entity_aside_end(void)
{
    entity_now.aside = false;
}

/* An RSA-2048 blinding factor is 256 octets; a PSS salt or a replaced premaster secret is less. */
#define WIDE_DRAW 128

static int draw(unsigned char *out, int n)
{
    if (n < 0)
        return 0;
    if (!entity_now.stream)
        return RAND_OpenSSL()->bytes(out, n);
    struct rng *r = entity_now.stream;
    if (entity_now.aside)
        r = n >= WIDE_DRAW ? &entity_now.wide : &entity_now.small;
    if (n > 0)
        rng_bytes(r, out, (size_t)n);
    return 1;
}

/* Outside a visit OpenSSL may mix in what it likes; an entity's stream takes nothing in. */
static int seed(const void *in, int n)
{
    return entity_now.stream ? 1 : RAND_OpenSSL()->seed(in, n);
}

static int add(const void *in, int n, double entropy)
{
    return entity_now.stream ? 1 : RAND_OpenSSL()->add(in, n, entropy);
}

static int status(void)
{
    return 1;
}

static const RAND_METHOD method = {
    .seed = seed, .bytes = draw, .add = add, .pseudorand = draw, .status = status};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static enum err installed;

static void install(void)
{
    installed = ERR_CRYPTO;
    hosttime_link();
    /* Not the host's openssl.cnf: a run must not depend on it. */
    if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL))
        return;
    if (!RAND_set_rand_method(&method))
        return;
    installed = provider_install();
    if (!installed)
        installed = hash_install();
    if (!installed)
        installed = cipher_install();
}

enum err crypto_init(void)
{
    pthread_once(&once, install);
    return installed;
}

const char *crypto_openssl_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
