/* XML-DSIG: an enveloped signature over the whole document, HMAC-SHA256, exclusive
 * canonicalisation. */
#include "models/proto/xmlsec_impl.h"

#include <string.h>

static void add(struct meter *meter, enum meter_op op, size_t octets)
{
    if (meter)
        meter_add(meter, op, 1, octets);
}

static xmlSecKeyPtr read_key(const struct xmlsec_keys *keys)
{
    xmlSecKeyPtr key = xmlSecKeyReadMemory(xmlSecKeyDataHmacId, keys->sign, sizeof(keys->sign));

    if (key && xmlSecKeySetName(key, BAD_CAST keys->name) < 0) {
        xmlSecKeyDestroy(key);
        return NULL;
    }
    return key;
}

/* Keeps what goes through the digest and the MAC, for the meter and for the reader. */
static xmlSecDSigCtxPtr new_context(const struct xmlsec_keys *keys)
{
    xmlSecDSigCtxPtr c = xmlSecDSigCtxCreate(NULL);

    if (!c)
        return NULL;
    c->flags |= XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES | XMLSEC_DSIG_FLAGS_STORE_SIGNATURE;
    c->enabledReferenceUris = xmlSecTransformUriTypeEmpty;
    c->signKey = read_key(keys);
    if (!c->signKey || xmlSecDSigCtxEnableReferenceTransform(c, xmlSecTransformEnvelopedId) < 0 ||
        xmlSecDSigCtxEnableReferenceTransform(c, xmlSecTransformExclC14NId) < 0 ||
        xmlSecDSigCtxEnableReferenceTransform(c, xmlSecTransformSha256Id) < 0 ||
        xmlSecDSigCtxEnableSignatureTransform(c, xmlSecTransformExclC14NId) < 0 ||
        xmlSecDSigCtxEnableSignatureTransform(c, xmlSecTransformHmacSha256Id) < 0) {
        xmlSecDSigCtxDestroy(c);
        return NULL;
    }
    return c;
}

/* The octets of the one reference, as they were digested. */
static struct span signed_octets(xmlSecDSigCtxPtr c)
{
    xmlSecDSigReferenceCtxPtr reference = NULL;
    xmlSecBufferPtr octets;

    if (xmlSecPtrListGetSize(&c->signedInfoReferences) == 1)
        reference = (xmlSecDSigReferenceCtxPtr)xmlSecPtrListGetItem(&c->signedInfoReferences, 0);
    octets = reference ? xmlSecDSigReferenceCtxGetPreDigestBuffer(reference) : NULL;
    if (!octets)
        return span_of(NULL, 0);
    return span_of(xmlSecBufferGetData(octets), (size_t)xmlSecBufferGetSize(octets));
}

static void count(struct meter *meter, xmlSecDSigCtxPtr c)
{
    xmlSecBufferPtr info = xmlSecDSigCtxGetPreSignBuffer(c);

    add(meter, OP_SHA256, signed_octets(c).n);
    add(meter, OP_HMAC_SHA256, info ? (size_t)xmlSecBufferGetSize(info) : 0);
}

/* ---- signing ---- */

static xmlNodePtr add_template(xmlDocPtr d, const struct xmlsec_keys *keys)
{
    xmlNodePtr signature =
        xmlSecTmplSignatureCreate(d, xmlSecTransformExclC14NId, xmlSecTransformHmacSha256Id, NULL);
    xmlNodePtr reference, info;

    if (!signature)
        return NULL;
    xmlAddChild(xmlDocGetRootElement(d), signature);
    reference = xmlSecTmplSignatureAddReference(signature, xmlSecTransformSha256Id, NULL,
                                                BAD_CAST "", NULL);
    info = xmlSecTmplSignatureEnsureKeyInfo(signature, NULL);
    if (!reference || !info ||
        !xmlSecTmplReferenceAddTransform(reference, xmlSecTransformEnvelopedId) ||
        !xmlSecTmplReferenceAddTransform(reference, xmlSecTransformExclC14NId) ||
        !xmlSecTmplKeyInfoAddKeyName(info, BAD_CAST keys->name))
        return NULL;
    return signature;
}

enum reason xmlsec_sign(struct meter *meter, const struct xmlsec_keys *keys, struct span document,
                        struct buf *out)
{
    xmlDocPtr d = xmlsec_parse(meter, document);
    enum reason reason = REASON_CRYPTO;
    xmlSecDSigCtxPtr c = NULL;
    xmlNodePtr signature;

    if (!d)
        return REASON_XML_MALFORMED;
    signature = add_template(d, keys);
    c = signature ? new_context(keys) : NULL;
    if (!c || xmlSecDSigCtxSign(c, signature) < 0 || c->status != xmlSecDSigStatusSucceeded)
        goto out;
    count(meter, c);
    if (xmlsec_dump(d, out))
        reason = REASON_NONE;
out:
    if (c)
        xmlSecDSigCtxDestroy(c);
    xmlFreeDoc(d);
    ERR_clear_error();
    return reason;
}

/* ---- verifying: first the form, which must be the one above and no other ---- */

static unsigned count_signatures(xmlNodePtr node, unsigned depth)
{
    unsigned n = 0;

    for (xmlNodePtr c = node->children; c && depth > 0; c = c->next)
        if (c->type == XML_ELEMENT_NODE)
            n += xmlsec_is(c, xmlSecNodeSignature, xmlSecDSigNs) + count_signatures(c, depth - 1);
    return n;
}

/* RFC 6931 2.2: no HMACOutputLength (a truncated MAC), no parameters of any kind. */
static bool is_bare(xmlNodePtr node, const xmlChar *href)
{
    return xmlsec_has_algorithm(node, href) && xmlSecGetNextElementNode(node->children) == NULL;
}

static enum reason check_reference(xmlNodePtr reference)
{
    unsigned others;
    xmlNodePtr transforms, first, second, digest;
    xmlChar *uri = xmlGetNoNsProp(reference, xmlSecAttrURI);
    bool whole = uri && uri[0] == '\0';

    xmlFree(uri);
    if (!whole)
        return REASON_XMLSEC_SCOPE;
    digest = xmlsec_child(reference, xmlSecNodeDigestMethod, xmlSecDSigNs, &others);
    transforms = xmlsec_child(reference, xmlSecNodeTransforms, xmlSecDSigNs, &others);
    if (!digest || !transforms || others != 2)
        return REASON_XMLSEC_ALGORITHM;
    first = xmlSecGetNextElementNode(transforms->children);
    second = first ? xmlSecGetNextElementNode(first->next) : NULL;
    if (!second || xmlSecGetNextElementNode(second->next) || !is_bare(first, xmlSecHrefEnveloped) ||
        !is_bare(second, xmlSecHrefExcC14N) || !is_bare(digest, xmlSecHrefSha256))
        return REASON_XMLSEC_ALGORITHM;
    return REASON_NONE;
}

static enum reason check_signature(xmlNodePtr signature, const struct xmlsec_keys *keys)
{
    unsigned others;
    xmlNodePtr info = xmlsec_child(signature, xmlSecNodeSignedInfo, xmlSecDSigNs, &others);
    xmlNodePtr key_info = xmlsec_child(signature, xmlSecNodeKeyInfo, xmlSecDSigNs, &others);
    xmlNodePtr method, canonical, reference;
    enum reason reason;

    if (!info || others != 2) /* SignedInfo, SignatureValue, KeyInfo; no Object */
        return REASON_XMLSEC_ALGORITHM;
    canonical = xmlsec_child(info, xmlSecNodeCanonicalizationMethod, xmlSecDSigNs, &others);
    method = xmlsec_child(info, xmlSecNodeSignatureMethod, xmlSecDSigNs, &others);
    reference = xmlsec_child(info, xmlSecNodeReference, xmlSecDSigNs, &others);
    if (!canonical || !method || !reference)
        return REASON_XMLSEC_ALGORITHM;
    if (others != 2)
        return REASON_XMLSEC_SCOPE; /* another reference */
    if (!is_bare(canonical, xmlSecHrefExcC14N) || !is_bare(method, xmlSecHrefHmacSha256))
        return REASON_XMLSEC_ALGORITHM;
    reason = check_reference(reference);
    return reason ? reason : xmlsec_key_info(key_info, keys->name);
}

static enum reason check_form(xmlDocPtr d, const struct xmlsec_keys *keys, xmlNodePtr *signature)
{
    xmlNodePtr root = xmlDocGetRootElement(d);
    unsigned others, n = count_signatures(root, XMLSEC_DEPTH);

    *signature = xmlsec_child(root, xmlSecNodeSignature, xmlSecDSigNs, &others);
    if (n == 0)
        return REASON_XMLSEC_MISSING;
    if (n > 1 || !*signature)
        return REASON_XMLSEC_SCOPE;
    return check_signature(*signature, keys);
}

enum reason xmlsec_verify(struct meter *meter, const struct xmlsec_keys *keys, struct span document,
                          struct buf *out)
{
    xmlDocPtr d = xmlsec_parse(meter, document);
    enum reason reason;
    xmlSecDSigCtxPtr c = NULL;
    xmlNodePtr signature;

    if (!d)
        return REASON_XML_MALFORMED;
    reason = check_form(d, keys, &signature);
    if (reason)
        goto out;
    reason = REASON_CRYPTO;
    c = new_context(keys);
    if (!c)
        goto out;
    reason = REASON_XMLSEC_SIGNATURE;
    if (xmlSecDSigCtxVerify(c, signature) < 0)
        goto out;
    count(meter, c);
    if (c->status != xmlSecDSigStatusSucceeded || signed_octets(c).n == 0)
        goto out;
    reason = buf_put_span(out, signed_octets(c)) ? REASON_NONE : REASON_CRYPTO;
out:
    if (c)
        xmlSecDSigCtxDestroy(c);
    xmlFreeDoc(d);
    ERR_clear_error();
    return reason;
}
