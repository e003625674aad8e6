#include "models/proto/eap_simaka_attr_impl.h"

#include "crypto/cipher.h"

#include <assert.h>

static void append(struct simaka_writer *w, const void *p, size_t n)
{
    if (w->full || n > sizeof(w->p) - w->n) {
        w->full = true;
        return;
    }
    if (n > 0)
        memcpy(w->p + w->n, p, n);
    w->n += n;
}

static void append16(struct simaka_writer *w, size_t v)
{
    const uint8_t p[2] = {(uint8_t)(v >> 8), (uint8_t)v};

    append(w, p, sizeof(p));
}

void simaka_begin(struct simaka_writer *w, enum simaka_kind kind, enum eap_code code, uint8_t id,
                  enum simaka_subtype subtype)
{
    const uint8_t header[SIMAKA_HEADER] = {(uint8_t)code,    id, 0, 0, simaka_type(kind),
                                           (uint8_t)subtype, 0,  0};

    simaka_begin_nested(w);
    append(w, header, sizeof(header));
}

void simaka_begin_nested(struct simaka_writer *w)
{
    w->n = 0;
    w->full = false;
}

/* The two octets before the value. */
static size_t prefix(enum simaka_form form, size_t n)
{
    return form == FORM_SIZED ? n : form == FORM_RES ? n * 8 : 0;
}

void simaka_put(struct simaka_writer *w, enum simaka_at at, struct span value)
{
    static const uint8_t zeros[3];
    enum simaka_form form = (enum simaka_form)simaka_attributes[at].form;
    bool bare = form == FORM_NUMBER || form == FORM_AUTS || form == FORM_PADDING;
    size_t n = value.n + (bare ? 2 : 4), padding = (4 - n % 4) % 4;
    const uint8_t header[2] = {simaka_attributes[at].type, (uint8_t)((n + padding) / 4)};

    assert((n + padding) / 4 <= 255);
    assert(padding == 0 || form == FORM_SIZED || form == FORM_RES);
    append(w, header, sizeof(header));
    if (!bare)
        append16(w, prefix(form, value.n));
    append(w, value.p, value.n);
    append(w, zeros, padding);
}

void simaka_put_flag(struct simaka_writer *w, enum simaka_at at)
{
    simaka_put(w, at, span_of(NULL, 0));
}

void simaka_put_number(struct simaka_writer *w, enum simaka_at at, uint16_t number)
{
    const uint8_t p[2] = {(uint8_t)(number >> 8), (uint8_t)number};

    simaka_put(w, at, span_of(p, sizeof(p)));
}

void simaka_put_sealed(struct simaka_writer *w, struct meter *meter, const uint8_t k_encr[16],
                       const uint8_t iv[16], struct simaka_writer *nested)
{
    static const uint8_t zeros[10];
    size_t padding = (16 - nested->n % 16) % 16;

    if (padding > 0)
        simaka_put(nested, AT_PADDING, span_of(zeros, padding - 2));
    if (nested->full) {
        w->full = true;
        return;
    }
    cipher_cbc_encrypt(meter, k_encr, iv, nested->p, nested->n, nested->p);
    simaka_put(w, AT_IV, span_of(iv, 16));
    simaka_put(w, AT_ENCR_DATA, span_of(nested->p, nested->n));
}

static void set_length(struct simaka_writer *w)
{
    w->p[2] = (uint8_t)(w->n >> 8);
    w->p[3] = (uint8_t)w->n;
}

bool simaka_end(struct simaka_writer *w, struct buf *out)
{
    set_length(w);
    return !w->full && buf_put(out, w->p, w->n);
}

bool simaka_end_mac(struct simaka_writer *w, enum simaka_kind kind, struct meter *meter,
                    const uint8_t *k_aut, struct span extra, struct buf *out,
                    uint8_t mac[SIMAKA_MAC])
{
    static const uint8_t zeros[SIMAKA_MAC];
    uint8_t sum[SIMAKA_MAC];

    simaka_put(w, AT_MAC, span_of(zeros, sizeof(zeros)));
    if (w->full)
        return false;
    set_length(w);
    simaka_mac(kind, meter, k_aut, span_of(w->p, w->n), w->n - SIMAKA_MAC - 2, extra, sum);
    memcpy(w->p + w->n - SIMAKA_MAC, sum, sizeof(sum));
    if (mac)
        memcpy(mac, sum, sizeof(sum));
    return simaka_end(w, out);
}
