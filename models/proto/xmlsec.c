/* What signing and encrypting share: documents, keys, names. */
#include "models/proto/xmlsec_impl.h"

#include "crypto/hash.h"
#include "models/proto/m2mxml.h"

#include <string.h>
#include <xmlsec/errors.h>
#include <xmlsec/openssl/app.h>
#include <xmlsec/openssl/crypto.h>

bool xmlsec_init(void)
{
    static bool done;

    if (done)
        return true;
    m2mxml_init();
    done = xmlSecInit() == 0 && xmlSecCheckVersion() == 1 && xmlSecOpenSSLInit() == 0;
    /* What is refused is told by a reason; the library would write to stderr. */
    xmlSecErrorsSetCallback(NULL);
    return done;
}

/* ---- keys ---- */

/* NIST SP 800-56A 5.8.1: SHA-256(counter || Z || OtherInfo); one round is 32 octets. */
static void concat_kdf(struct meter *meter, const uint8_t kmc[32], const char *purpose,
                       uint8_t *out, size_t n)
{
    static const uint8_t counter[4] = {0, 0, 0, 1};
    const struct span pieces[] = {span_of(counter, 4), span_of(kmc, 32), span_str(purpose)};
    uint8_t hash[32];

    hash_sha256_v(meter, pieces, 3, hash);
    memcpy(out, hash, n);
    explicit_bzero(hash, sizeof(hash));
}

bool xmlsec_keys_derive(const struct se *se, enum se_slot slot, struct meter *meter,
                        const char *name, struct xmlsec_keys *out)
{
    uint8_t kmc[M2M_KEY_LEN];
    size_t n = strlen(name);

    if (n == 0 || n >= sizeof(out->name) || !se_eap_psk(se, slot, kmc))
        return false;
    memcpy(out->name, name, n + 1);
    concat_kdf(meter, kmc, "sign", out->sign, sizeof(out->sign));
    concat_kdf(meter, kmc, "encrypt", out->encrypt, sizeof(out->encrypt));
    explicit_bzero(kmc, sizeof(kmc));
    return true;
}

void xmlsec_keys_wipe(struct xmlsec_keys *keys)
{
    explicit_bzero(keys, sizeof(*keys));
}

/* ---- documents ---- */

xmlDocPtr xmlsec_parse(struct meter *meter, struct span document)
{
    xmlDocPtr d;

    if (meter)
        meter_add(meter, OP_XML_DOCUMENT, 1, document.n);
    if (document.n == 0 || document.n > XMLSEC_DOCUMENT_MAX)
        return NULL;
    d = xmlReadMemory((const char *)document.p, (int)document.n, NULL, NULL,
                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (d && (d->intSubset || d->extSubset || !xmlDocGetRootElement(d) ||
              (d->encoding && xmlStrcasecmp(d->encoding, BAD_CAST "UTF-8") != 0))) {
        xmlFreeDoc(d);
        return NULL;
    }
    return d;
}

bool xmlsec_dump(xmlDocPtr document, struct buf *out)
{
    xmlChar *text = NULL;
    int n = 0;
    bool ok;

    xmlDocDumpMemoryEnc(document, &text, &n, "UTF-8");
    ok = text && n > 0 && buf_put(out, text, (size_t)n);
    xmlFree(text);
    return ok;
}

bool xmlsec_is(xmlNodePtr node, const xmlChar *name, const xmlChar *ns)
{
    return node && node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, name) && node->ns &&
           xmlStrEqual(node->ns->href, ns);
}

xmlNodePtr xmlsec_child(xmlNodePtr node, const xmlChar *name, const xmlChar *ns, unsigned *others)
{
    xmlNodePtr found = NULL;

    *others = 0;
    for (xmlNodePtr c = node ? node->children : NULL; c; c = c->next) {
        if (!found && xmlsec_is(c, name, ns))
            found = c;
        else
            *others += c->type == XML_ELEMENT_NODE;
    }
    return found;
}

bool xmlsec_has_algorithm(xmlNodePtr node, const xmlChar *href)
{
    xmlChar *value = node ? xmlGetNoNsProp(node, xmlSecAttrAlgorithm) : NULL;
    bool same = value && xmlStrEqual(value, href);

    xmlFree(value);
    return same;
}

enum reason xmlsec_key_info(xmlNodePtr node, const char *name)
{
    unsigned others;
    xmlNodePtr key_name = xmlsec_child(node, xmlSecNodeKeyName, xmlSecDSigNs, &others);
    xmlChar *value;
    bool same;

    if (!key_name || others > 0)
        return REASON_XMLSEC_ALGORITHM;
    value = xmlNodeGetContent(key_name);
    same = value && strcmp((const char *)value, name) == 0;
    xmlFree(value);
    return same ? REASON_NONE : REASON_XMLSEC_KEY;
}

/* ---- before anything is believed ---- */

static void copy_key_name(xmlNodePtr info, char name[XMLSEC_KEY_NAME_MAX])
{
    unsigned others;
    xmlNodePtr key_name = xmlsec_child(info, xmlSecNodeKeyName, xmlSecDSigNs, &others);
    xmlChar *value = key_name ? xmlNodeGetContent(key_name) : NULL;

    if (value && strlen((const char *)value) < XMLSEC_KEY_NAME_MAX)
        memcpy(name, value, strlen((const char *)value) + 1);
    xmlFree(value);
}

enum reason xmlsec_look(struct meter *meter, struct span document, enum xmlsec_form *form,
                        char name[XMLSEC_KEY_NAME_MAX])
{
    xmlDocPtr d = xmlsec_parse(meter, document);
    xmlNodePtr root, signature;
    unsigned others;

    name[0] = '\0';
    *form = XMLSEC_PLAIN;
    if (!d)
        return REASON_XML_MALFORMED;
    root = xmlDocGetRootElement(d);
    signature = xmlsec_child(root, xmlSecNodeSignature, xmlSecDSigNs, &others);
    if (xmlsec_is(root, xmlSecNodeEncryptedData, xmlSecEncNs))
        *form = XMLSEC_ENCRYPTED;
    else if (signature)
        *form = XMLSEC_SIGNED;
    if (*form != XMLSEC_PLAIN)
        copy_key_name(xmlsec_child(*form == XMLSEC_SIGNED ? signature : root, xmlSecNodeKeyInfo,
                                   xmlSecDSigNs, &others),
                      name);
    xmlFreeDoc(d);
    return REASON_NONE;
}
