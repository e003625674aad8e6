/* XML-ENC 1.1: the root element by AES-128 in GCM or CBC. */
#include "models/proto/xmlsec_impl.h"

#include <string.h>

#define GCM_IV  12
#define GCM_TAG 16
#define BLOCK   16

static xmlSecTransformId transform_of(enum xmlsec_cipher cipher)
{
    return cipher == XMLSEC_AES128_GCM ? xmlSecTransformAes128GcmId : xmlSecTransformAes128CbcId;
}

/* How many octets a text in base64 stands for, line breaks and all. */
static size_t decoded_size(xmlSecBufferPtr text)
{
    size_t digits = 0;

    for (size_t i = 0; text && i < (size_t)xmlSecBufferGetSize(text); i++)
        digits += xmlSecBufferGetData(text)[i] > ' ' && xmlSecBufferGetData(text)[i] != '=';
    return digits * 3 / 4;
}

/* sealed: octets of vector, ciphertext and tag. */
static void count(struct meter *meter, enum xmlsec_cipher cipher, size_t sealed, bool encrypts)
{
    bool gcm = cipher == XMLSEC_AES128_GCM;
    size_t iv = gcm ? GCM_IV : BLOCK, added = iv + (gcm ? GCM_TAG : 0);

    if (!meter)
        return;
    meter_add(meter, gcm ? OP_AES128_GCM : OP_AES128_CBC, 1, sealed > added ? sealed - added : 0);
    if (encrypts)
        meter_add(meter, OP_RANDOM, 1, iv);
}

/* Of a plaintext of n octets: XML-ENC 5.2 pads CBC by 1 to 16. */
static size_t sealed_size(enum xmlsec_cipher cipher, size_t n)
{
    return cipher == XMLSEC_AES128_GCM ? GCM_IV + n + GCM_TAG : BLOCK + (n / BLOCK + 1) * BLOCK;
}

static xmlSecEncCtxPtr new_context(const struct xmlsec_keys *keys)
{
    xmlSecEncCtxPtr c = xmlSecEncCtxCreate(NULL);

    if (!c)
        return NULL;
    c->encKey = xmlSecKeyReadMemory(xmlSecKeyDataAesId, keys->encrypt, sizeof(keys->encrypt));
    if (!c->encKey || xmlSecKeySetName(c->encKey, BAD_CAST keys->name) < 0) {
        xmlSecEncCtxDestroy(c);
        return NULL;
    }
    return c;
}

static xmlNodePtr make_template(xmlDocPtr d, const struct xmlsec_keys *keys,
                                enum xmlsec_cipher cipher)
{
    xmlNodePtr data =
        xmlSecTmplEncDataCreate(d, transform_of(cipher), NULL, xmlSecTypeEncElement, NULL, NULL);
    xmlNodePtr info;

    if (!data)
        return NULL;
    info = xmlSecTmplEncDataEnsureKeyInfo(data, NULL);
    if (info && xmlSecTmplKeyInfoAddKeyName(info, BAD_CAST keys->name) &&
        xmlSecTmplEncDataEnsureCipherValue(data))
        return data;
    xmlFreeNode(data);
    return NULL;
}

enum reason xmlsec_encrypt(struct meter *meter, const struct xmlsec_keys *keys,
                           enum xmlsec_cipher cipher, struct span document, struct buf *out)
{
    xmlDocPtr d = xmlsec_parse(meter, document);
    enum reason reason = REASON_CRYPTO;
    xmlSecEncCtxPtr c = NULL;
    xmlNodePtr data;

    if (!d)
        return REASON_XML_MALFORMED;
    data = make_template(d, keys, cipher);
    c = data ? new_context(keys) : NULL;
    /* The template takes the root's place in the document, which owns it from then on. */
    if (!c || xmlSecEncCtxXmlEncrypt(c, data, xmlDocGetRootElement(d)) < 0) {
        if (data && xmlDocGetRootElement(d) != data)
            xmlFreeNode(data);
        goto out;
    }
    count(meter, cipher, decoded_size(c->result), true);
    if (xmlsec_dump(d, out))
        reason = REASON_NONE;
out:
    if (c)
        xmlSecEncCtxDestroy(c);
    xmlFreeDoc(d);
    ERR_clear_error();
    return reason;
}

/* ---- decrypting: first the form ---- */

static bool has_value(xmlNodePtr node, const xmlChar *attribute, const xmlChar *wanted)
{
    xmlChar *value = xmlGetNoNsProp(node, attribute);
    bool same = value && xmlStrEqual(value, wanted);

    xmlFree(value);
    return same;
}

/* No EncryptedKey, no CipherReference (which would fetch), no parameters. */
static enum reason check_form(xmlNodePtr data, const struct xmlsec_keys *keys,
                              enum xmlsec_cipher cipher)
{
    unsigned others;
    xmlNodePtr method, info, cipher_data;

    if (!xmlsec_is(data, xmlSecNodeEncryptedData, xmlSecEncNs))
        return REASON_XMLSEC_MISSING;
    method = xmlsec_child(data, xmlSecNodeEncryptionMethod, xmlSecEncNs, &others);
    info = xmlsec_child(data, xmlSecNodeKeyInfo, xmlSecDSigNs, &others);
    cipher_data = xmlsec_child(data, xmlSecNodeCipherData, xmlSecEncNs, &others);
    if (!method || !info || !cipher_data || others != 2 ||
        !has_value(data, xmlSecAttrType, xmlSecTypeEncElement) ||
        xmlSecGetNextElementNode(method->children) ||
        !xmlsec_child(cipher_data, xmlSecNodeCipherValue, xmlSecEncNs, &others) || others > 0)
        return REASON_XMLSEC_ALGORITHM;
    if (!xmlsec_has_algorithm(method, cipher == XMLSEC_AES128_GCM ? xmlSecHrefAes128Gcm
                                                                  : xmlSecHrefAes128Cbc))
        return REASON_XMLSEC_ALGORITHM;
    return xmlsec_key_info(info, keys->name);
}

static enum reason take_plain(xmlSecBufferPtr plain, struct buf *out)
{
    struct span s = plain ? span_of(xmlSecBufferGetData(plain), (size_t)xmlSecBufferGetSize(plain))
                          : span_of(NULL, 0);
    xmlDocPtr d = s.n > 0 ? xmlsec_parse(NULL, s) : NULL;

    /* With CBC a wrong key may leave a padding that seems right; it leaves no document. */
    if (!d)
        return REASON_XMLSEC_DECRYPT;
    xmlFreeDoc(d);
    return buf_put_span(out, s) ? REASON_NONE : REASON_CRYPTO;
}

enum reason xmlsec_decrypt(struct meter *meter, const struct xmlsec_keys *keys,
                           enum xmlsec_cipher cipher, struct span document, struct buf *out)
{
    xmlDocPtr d = xmlsec_parse(meter, document);
    enum reason reason;
    xmlSecEncCtxPtr c = NULL;
    xmlSecBufferPtr plain;

    if (!d)
        return REASON_XML_MALFORMED;
    reason = check_form(xmlDocGetRootElement(d), keys, cipher);
    if (reason)
        goto out;
    reason = REASON_CRYPTO;
    c = new_context(keys);
    if (!c)
        goto out;
    plain = xmlSecEncCtxDecryptToBuffer(c, xmlDocGetRootElement(d));
    reason = take_plain(plain, out);
    if (plain)
        count(meter, cipher, sealed_size(cipher, (size_t)xmlSecBufferGetSize(plain)), false);
out:
    if (c)
        xmlSecEncCtxDestroy(c);
    xmlFreeDoc(d);
    ERR_clear_error();
    return reason;
}
