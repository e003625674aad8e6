/* Our object security as a filter, for xmlsec.sh: a document comes on stdin, another one goes to
 * stdout. The keys come from a Kmc of 32 times one octet. On refusal the reason goes to stderr, and
 * 1 is returned.
 *
 *   interop_xmlsec sign|verify|aes128-gcm|aes128-cbc|decrypt-gcm|decrypt-cbc KMC-OCTET
 *   interop_xmlsec keys KMC-OCTET FOLDER      the two keys as files: hmac.bin, aes.bin
 */
#include "crypto/entity.h"
#include "models/proto/xmlsec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_NAME "4711:3"

static struct xmlsec_keys keys;

static bool derive(uint8_t octet)
{
    struct se se = {.present = 0};
    uint8_t kmc[32];

    memset(kmc, octet, sizeof(kmc));
    se_put(&se, SE_KMC, kmc);
    return xmlsec_keys_derive(&se, SE_KMC, NULL, KEY_NAME, &keys);
}

static int write_key(const char *folder, const char *name, const uint8_t *key, size_t n)
{
    char path[256];
    FILE *f;
    int bad;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "wb");
    bad = !f || fwrite(key, 1, n, f) != n;
    return (f && fclose(f)) || bad;
}

static enum reason work(const char *what, struct span in, struct buf *out)
{
    if (strcmp(what, "sign") == 0)
        return xmlsec_sign(NULL, &keys, in, out);
    if (strcmp(what, "verify") == 0)
        return xmlsec_verify(NULL, &keys, in, out);
    if (strcmp(what, "aes128-gcm") == 0)
        return xmlsec_encrypt(NULL, &keys, XMLSEC_AES128_GCM, in, out);
    if (strcmp(what, "aes128-cbc") == 0)
        return xmlsec_encrypt(NULL, &keys, XMLSEC_AES128_CBC, in, out);
    return xmlsec_decrypt(NULL, &keys,
                          strcmp(what, "decrypt-cbc") == 0 ? XMLSEC_AES128_CBC : XMLSEC_AES128_GCM,
                          in, out);
}

int main(int argc, char **argv)
{
    static uint8_t in[XMLSEC_DOCUMENT_MAX];
    struct rng stream = rng_stream(1, "interop", "xmlsec");
    enum reason reason;
    struct buf out;
    size_t n;

    if (argc < 3 || crypto_init() || !xmlsec_init() || !derive((uint8_t)atoi(argv[2])))
        return 2;
    if (strcmp(argv[1], "keys") == 0)
        return argc < 4 || write_key(argv[3], "hmac.bin", keys.sign, sizeof(keys.sign)) ||
               write_key(argv[3], "aes.bin", keys.encrypt, sizeof(keys.encrypt));
    n = fread(in, 1, sizeof(in), stdin);
    buf_init(&out, 2 * XMLSEC_DOCUMENT_MAX);
    entity_enter_live(&stream);
    reason = work(argv[1], span_of(in, n), &out);
    entity_leave();
    if (reason)
        fprintf(stderr, "%s\n", reason_text(reason));
    else
        fwrite(buf_span(&out).p, 1, buf_len(&out), stdout);
    buf_clear(&out);
    return reason != REASON_NONE;
}
