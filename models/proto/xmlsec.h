/* Object security of mId (TS 102 690; GAP C13): XML-DSIG with HMAC-SHA256 and XML-ENC 1.1 with
 * AES-128, in GCM or CBC, by xmlsec1's library, with keys that come from Kmc. A signature is
 * enveloped and covers the whole document; encryption covers it too. What is signed and encrypted
 * is first signed. */
#ifndef MODELS_PROTO_XMLSEC_H
#define MODELS_PROTO_XMLSEC_H

#include "models/proto/proto.h"

#define XMLSEC_DOCUMENT_MAX (256u * 1024) /* octets of a document that is taken */
#define XMLSEC_KEY_NAME_MAX 128

/* Once, after crypto_init and before threads. false: the library cannot be used. */
bool xmlsec_init(void);

/* One key for each purpose (XML-ENC 1.1 5.4.1 with SHA-256: ConcatKDF of NIST SP 800-56A over Kmc
 * with OtherInfo "sign" or "encrypt"). */
struct xmlsec_keys {
    uint8_t sign[32], encrypt[16];
    /* What a document says of its key (KeyName), and must say (GAP C12: "ConnectionID:KmcIndex").
     */
    char name[XMLSEC_KEY_NAME_MAX];
};
/* From a slot of the secured environment. false: it is empty, or the name is too long. */
bool xmlsec_keys_derive(const struct se *se, enum se_slot slot, struct meter *meter,
                        const char *name, struct xmlsec_keys *out);
void xmlsec_keys_wipe(struct xmlsec_keys *keys);

enum xmlsec_cipher { XMLSEC_AES128_GCM, XMLSEC_AES128_CBC };

/* Each takes a whole document and appends one to out; meter may be NULL. Reasons: XML_MALFORMED
 * (not well-formed, a DTD, too long, not UTF-8); CRYPTO (OpenSSL or the library refused; out is
 * full). The initialisation vector is drawn from the entered entity. */
enum reason xmlsec_sign(struct meter *meter, const struct xmlsec_keys *keys, struct span document,
                        struct buf *out) MUST_USE;
enum reason xmlsec_encrypt(struct meter *meter, const struct xmlsec_keys *keys,
                           enum xmlsec_cipher cipher, struct span document,
                           struct buf *out) MUST_USE;

/* Appends exactly the octets that the signature covers: the document in its canonical form, without
 * comments and without the signature. Nothing else of the document reaches the caller, so that no
 * wrapping of signed content in other content helps anybody. Also:
 *   XMLSEC_MISSING    no signature
 *   XMLSEC_SCOPE      more than one, or one that is not the root's child or not over the whole
 * document XMLSEC_ALGORITHM  another algorithm, transform or form than what xmlsec_sign makes
 *   XMLSEC_KEY        another KeyName
 *   XMLSEC_SIGNATURE  it does not verify: another key, or changed octets */
enum reason xmlsec_verify(struct meter *meter, const struct xmlsec_keys *keys, struct span document,
                          struct buf *out) MUST_USE;
/* Appends the document, without an XML declaration. Only `cipher` is taken: whoever takes both with
 * one key lets CBC's weakness open what GCM has sealed. Also: XMLSEC_MISSING: it is not encrypted;
 * XMLSEC_ALGORITHM (another cipher too), XMLSEC_KEY as above; XMLSEC_DECRYPT: another key, or
 * changed octets. CBC has no integrity of its own: only a signature within tells changed octets for
 * sure. */
enum reason xmlsec_decrypt(struct meter *meter, const struct xmlsec_keys *keys,
                           enum xmlsec_cipher cipher, struct span document,
                           struct buf *out) MUST_USE;

/* What a document says of itself before anything of it is believed: how it is protected, and the
 * KeyName of that ("": it has none, or one that is too long). XML_MALFORMED as above. */
enum xmlsec_form { XMLSEC_PLAIN, XMLSEC_SIGNED, XMLSEC_ENCRYPTED };
enum reason xmlsec_look(struct meter *meter, struct span document, enum xmlsec_form *form,
                        char name[XMLSEC_KEY_NAME_MAX]) MUST_USE;

#endif
