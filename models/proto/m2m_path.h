/* Paths to resources: "/m2m/scls/scl-1/containers/readings/contentInstances/latest", read step by
 * step along the grammar of the tree (m2m_resource.h). Hostile octets: bounded, parsed whole. */
#ifndef MODELS_PROTO_M2M_PATH_H
#define MODELS_PROTO_M2M_PATH_H

#include "models/proto/m2m_resource.h"
#include "sim/base/span.h"

#define M2M_MAX_STEPS 12
#define M2M_MAX_NAME  200  /* octets of a name, decoded */
#define M2M_MAX_PATH  1024 /* octets of a path as it is written */

struct m2m_step {
    enum m2m_type type;
    uint16_t name; /* where in text; NUL-terminated */
};
/* A value type: holds no pointer into itself. */
struct m2m_path {
    struct m2m_step step[M2M_MAX_STEPS]; /* the first is sclBase */
    unsigned count;
    uint16_t text_n;
    uint16_t authority; /* where in text: "nscl.example:443" of an absolute URI; "" without one */
    uint16_t suffix; /* behind membersContent, or behind the last step that can stand there, "/..."
                        as it was written; "" without */
    char text[M2M_MAX_PATH + M2M_MAX_STEPS + 3];
};

enum m2m_path_result {
    M2M_PATH_OK,
    M2M_PATH_MALFORMED, /* no path at all: STATUS_BAD_REQUEST */
    M2M_PATH_UNKNOWN    /* nothing can stand there: STATUS_NOT_FOUND; the steps before it hold */
};
/* uri: an absolute URI or its path. base: the one segment that names the sclBase. Percent-encoded
 * octets are decoded within their segment, so that an SCL-ID that is a URI is one name. Empty
 * segments, "." and "..", control octets, queries and fragments are malformed. */
enum m2m_path_result m2m_path_parse(struct span uri, const char *base, struct m2m_path *out);

static inline const char *m2m_path_name(const struct m2m_path *p, unsigned i)
{
    return p->text + p->step[i].name;
}
static inline enum m2m_type m2m_path_type(const struct m2m_path *p)
{
    return p->step[p->count - 1].type;
}
/* Appends a name as a segment, percent-encoded where need be, with its slash. false: no room; out
 * is as before. */
bool m2m_path_append(char *out, size_t n, const char *name);

#endif
