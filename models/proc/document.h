/* Private to this folder: the bodies of messages, whatever the binding that carries them. */
#ifndef MODELS_PROC_DOCUMENT_H
#define MODELS_PROC_DOCUMENT_H

#include "models/proto/m2m_rep.h"
#include "models/proto/m2mxml.h"
#include "models/proto/proto.h"

/* Parses a body, metered; as m2mxml_parse. An empty body is DOC_NONE and REASON_NONE. */
enum reason document_read(struct proto_env *env, struct span body, struct m2m_doc *doc,
                          char why[80]);
/* The same of a resource's representation; an empty body is M2M_NO_TYPE. */
enum reason document_read_rep(struct proto_env *env, struct span body, struct m2m_rep *rep,
                              char why[80]);
/* Why a client did not get what it asked for: the first word of errorInfo's additionalInfo where
 * that is one of our reasons, else the status itself. REASON_NONE below 300. */
enum reason document_answer_reason(int status, const struct m2m_doc *doc);
/* The errorInfo of a refusal. additional: NULL: none. */
void document_error(struct m2m_doc *doc, int status, const char *additional);

#endif
