/* Inside xmlsec*.c only. xmlsec1's headers want theirs in this order. */
#ifndef MODELS_PROTO_XMLSEC_IMPL_H
#define MODELS_PROTO_XMLSEC_IMPL_H

#include "crypto/openssl.h"

#include "models/proto/xmlsec.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/crypto.h>
#include <xmlsec/templates.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlenc.h>
#include <xmlsec/xmltree.h>

#define XMLSEC_DEPTH 256 /* libxml2's own limit */

/* NULL: not well-formed, a DTD, too long, not UTF-8. Meters the document. */
xmlDocPtr xmlsec_parse(struct meter *meter, struct span document);
/* The whole document to out. false: no room. */
bool xmlsec_dump(xmlDocPtr document, struct buf *out);
/* The one child element of this name and namespace; NULL: none. *others: how many child elements
 * there are beside it. */
xmlNodePtr xmlsec_child(xmlNodePtr node, const xmlChar *name, const xmlChar *ns, unsigned *others);
bool xmlsec_is(xmlNodePtr node, const xmlChar *name, const xmlChar *ns);
/* Of the attribute Algorithm. */
bool xmlsec_has_algorithm(xmlNodePtr node, const xmlChar *href);
/* node is a KeyInfo with a KeyName alone, which is `name`; NULL may be given for node. */
enum reason xmlsec_key_info(xmlNodePtr node, const char *name);

#endif
