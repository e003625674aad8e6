#include "models/proc/object.h"

#include "crypto/hash.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct object {
    struct proto_env *env;
    struct xmlsec_keys keys;
    unsigned flags;
    enum xmlsec_cipher cipher;
};

/* For whoever reads a capture of the run. */
static void tell_secret(const struct object *o)
{
    struct trace *trace = o->env->trace;
    char sign[2 * sizeof(o->keys.sign) + 1], encrypt[2 * sizeof(o->keys.encrypt) + 1];
    char line[sizeof(sign) + sizeof(encrypt) + XMLSEC_KEY_NAME_MAX + 40];

    if (!trace || !trace->secret)
        return;
    hex_encode(o->keys.sign, sizeof(o->keys.sign), sign);
    hex_encode(o->keys.encrypt, sizeof(o->keys.encrypt), encrypt);
    snprintf(line, sizeof(line), "M2M_OBJECT %s sign %s encrypt %s", o->keys.name, sign, encrypt);
    trace->secret(trace->secret_arg, line);
    explicit_bzero(sign, sizeof(sign));
    explicit_bzero(encrypt, sizeof(encrypt));
    explicit_bzero(line, sizeof(line));
}

struct object *object_new(struct proto_env *env, enum se_slot slot, const char *key_name,
                          unsigned flags, enum xmlsec_cipher cipher)
{
    struct object *o = xcalloc(1, sizeof(*o));

    o->env = env;
    o->flags = flags;
    o->cipher = cipher;
    if (!env->se || !xmlsec_keys_derive(env->se, slot, env->meter, key_name, &o->keys)) {
        object_free(o);
        return NULL;
    }
    tell_secret(o);
    return o;
}

void object_free(struct object *o)
{
    if (o)
        xmlsec_keys_wipe(&o->keys);
    free(o);
}

/* ---- out ---- */

/* One step of sealing or opening: from one buffer into the other, which then are swapped. */
struct pass {
    struct buf from, to;
};

static void pass_init(struct pass *w)
{
    buf_init(&w->from, OBJECT_MAX_BODY);
    buf_init(&w->to, OBJECT_MAX_BODY);
}

static void pass_next(struct pass *w)
{
    struct buf done = w->to;

    w->to = w->from;
    w->from = done;
    buf_clear(&w->to);
}

static void pass_release(struct pass *w)
{
    buf_clear(&w->from);
    buf_clear(&w->to);
}

enum reason object_seal_text(const struct object *o, const struct m2m_primitive *p,
                             struct span representation, struct buf *out)
{
    struct meter *meter = o->env->meter;
    enum reason reason = REASON_NONE;
    struct pass w;

    pass_init(&w);
    if (!m2mxml_primitive_write(p, representation, &w.from))
        reason = REASON_XML_INVALID;
    /* What is encrypted is signed first, so that nobody learns whose signature it is, and the
     * signature is of what was meant, not of a ciphertext (XML-ENC 1.1 6.1). */
    if (!reason && o->flags & MID_OBJECT_SIGN) {
        reason = xmlsec_sign(meter, &o->keys, buf_span(&w.from), &w.to);
        pass_next(&w);
    }
    if (!reason && o->flags & MID_OBJECT_ENCRYPT) {
        reason = xmlsec_encrypt(meter, &o->keys, o->cipher, buf_span(&w.from), &w.to);
        pass_next(&w);
    }
    if (!reason && !buf_put_span(out, buf_span(&w.from)))
        reason = REASON_HTTP_TOO_LARGE;
    pass_release(&w);
    return reason;
}

enum reason object_seal(const struct object *o, const struct m2m_primitive *p,
                        const struct m2m_doc *doc, struct buf *out)
{
    enum reason reason = REASON_HTTP_TOO_LARGE;
    struct buf representation;

    buf_init(&representation, M2M_MAX_DOC);
    if (!doc || m2mxml_write(doc, &representation))
        reason = object_seal_text(o, p, buf_span(&representation), out);
    buf_clear(&representation);
    return reason;
}

/* ---- in ---- */

/* Who could tell a wrong padding of CBC from a wrong signature behind it would have an oracle that
 * decrypts (Vaudenay, 2002): whatever goes wrong behind the key's name is one reason. */
static enum reason one_reason(const struct object *o, enum reason reason)
{
    return reason && o->flags & MID_OBJECT_ENCRYPT && o->cipher == XMLSEC_AES128_CBC
               ? REASON_XMLSEC_DECRYPT
               : reason;
}

static enum reason open_body(const struct object *o, struct span body, struct pass *w)
{
    struct meter *meter = o->env->meter;
    enum reason reason = REASON_NONE;

    if (body.n == 0)
        return REASON_XMLSEC_MISSING;
    if (!buf_put_span(&w->from, body))
        return REASON_HTTP_TOO_LARGE;
    if (o->flags & MID_OBJECT_ENCRYPT) {
        reason = xmlsec_decrypt(meter, &o->keys, o->cipher, buf_span(&w->from), &w->to);
        pass_next(w);
    }
    if (!reason && o->flags & MID_OBJECT_SIGN) {
        reason = one_reason(o, xmlsec_verify(meter, &o->keys, buf_span(&w->from), &w->to));
        pass_next(w);
    }
    return reason;
}

enum reason object_open(const struct object *o, struct span body, struct m2m_primitive *p,
                        struct m2m_doc *doc, struct m2m_rep *rep, char why[80])
{
    enum reason reason;
    struct pass w;

    why[0] = '\0';
    if (doc)
        memset(doc, 0, sizeof(*doc));
    if (rep)
        m2m_rep_init(rep, M2M_NO_TYPE);
    pass_init(&w);
    reason = open_body(o, body, &w);
    if (!reason) {
        if (o->env->meter)
            meter_add(o->env->meter, OP_XML_DOCUMENT, 1, buf_len(&w.from));
        reason = m2mxml_primitive_read(buf_span(&w.from), p, doc, rep, why);
        if (reason && o->flags == MID_OBJECT_ENCRYPT)
            reason = one_reason(o, reason);
    }
    pass_release(&w);
    return reason;
}

/* ---- the message around it ---- */

enum m2m_method object_primitive_type(enum http_method method, bool has_body)
{
    switch (method) {
    case HTTP_GET:
        return M2M_RETRIEVE;
    case HTTP_PUT:
        return M2M_UPDATE;
    case HTTP_DELETE:
        return M2M_DELETE;
    case HTTP_POST:
    case HTTP_OTHER:
        break;
    }
    return has_body ? M2M_CREATE : M2M_EXECUTE;
}

enum http_method object_http_method(enum m2m_method method)
{
    switch (method) {
    case M2M_RETRIEVE:
        return HTTP_GET;
    case M2M_UPDATE:
        return HTTP_PUT;
    case M2M_DELETE:
        return HTTP_DELETE;
    case M2M_CREATE:
    case M2M_NOTIFY:
    case M2M_EXECUTE:
        break;
    }
    return HTTP_POST;
}

bool object_matches(const struct m2m_primitive *p, enum http_method method, const char *target,
                    const char *entity)
{
    return (method == HTTP_POST || method == object_http_method(p->method)) &&
           strcmp(p->target_id, target) == 0 && strcmp(p->requesting_entity, entity) == 0;
}

const char *object_suffix(unsigned flags)
{
    switch (flags & OBJECT_FLAGS) {
    case MID_OBJECT_SIGN:
        return "+sign";
    case MID_OBJECT_ENCRYPT:
        return "+encrypt";
    case OBJECT_FLAGS:
        return "+sign+encrypt";
    }
    return "";
}
