/* xmlsec: a document, to be verified and decrypted. Either it is refused, with nothing given out,
 * or what comes out is a document, and of a signature one that has no other. */
#include "tests/fuzz/fuzz.h"

#include "crypto/entity.h"
#include "models/proto/xmlsec.h"

#include <stdlib.h>
#include <string.h>

static void must(bool ok)
{
    if (!ok)
        abort();
}

enum how { VERIFY, GCM, CBC };

static enum reason work(const struct xmlsec_keys *keys, struct span in, enum how how,
                        struct buf *out)
{
    if (how == VERIFY)
        return xmlsec_verify(NULL, keys, in, out);
    return xmlsec_decrypt(NULL, keys, how == GCM ? XMLSEC_AES128_GCM : XMLSEC_AES128_CBC, in, out);
}

/* What it says of itself must fit what was taken. */
static void look(struct span in, enum how how)
{
    char name[XMLSEC_KEY_NAME_MAX];
    enum xmlsec_form form;

    must(xmlsec_look(NULL, in, &form, name) == REASON_NONE);
    must(form == (how == VERIFY ? XMLSEC_SIGNED : XMLSEC_ENCRYPTED) && strcmp(name, "4711:3") == 0);
}

static void take(const struct xmlsec_keys *keys, struct span in, enum how how)
{
    bool verify = how == VERIFY;
    struct buf out, again;
    enum reason reason;

    buf_init(&out, 2 * XMLSEC_DOCUMENT_MAX);
    buf_init(&again, 2 * XMLSEC_DOCUMENT_MAX);
    reason = work(keys, in, how, &out);
    must((reason == REASON_NONE) == (buf_len(&out) > 0));
    if (reason == REASON_NONE)
        look(in, how);
    if (reason == REASON_NONE && verify)
        must(xmlsec_verify(NULL, keys, buf_span(&out), &again) == REASON_XMLSEC_MISSING);
    if (reason == REASON_NONE && !verify && buf_len(&out) < XMLSEC_DOCUMENT_MAX / 2)
        must(xmlsec_sign(NULL, keys, buf_span(&out), &again) == REASON_NONE);
    buf_clear(&out);
    buf_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct xmlsec_keys keys;
    static bool ready;
    struct rng stream = rng_stream(1, "reader", "fuzz");

    if (!ready) {
        struct se se = {.present = 0};
        const uint8_t kmc[32] = {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
                                 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7};

        must(!crypto_init() && xmlsec_init());
        se_put(&se, SE_KMC, kmc);
        ready = xmlsec_keys_derive(&se, SE_KMC, NULL, "4711:3", &keys);
    }
    entity_enter(&stream, 0);
    take(&keys, span_of(data, n), VERIFY);
    take(&keys, span_of(data, n), GCM);
    take(&keys, span_of(data, n), CBC);
    entity_leave();
    return 0;
}
