/* What both halves of EAP-SIM, EAP-AKA and EAP-AKA' do alike. */
#include "models/proto/eap_simaka_impl.h"

#include "crypto/hash.h"

/* ---- AT_CHECKCODE (RFC 4187 10.13) ---- */

static void checkcode(enum simaka_kind kind, struct meter *meter, const struct buf *id_packets,
                      uint8_t out[32])
{
    if (kind == SIMAKA_AKA_PRIME)
        hash_sha256(meter, buf_span(id_packets), out);
    else
        hash_sha1(meter, buf_span(id_packets), out);
}

void simaka_put_checkcode(struct simaka_writer *w, enum simaka_kind kind, struct meter *meter,
                          const struct buf *id_packets)
{
    uint8_t code[32];

    if (buf_len(id_packets) == 0) {
        simaka_put(w, AT_CHECKCODE, span_of(NULL, 0));
        return;
    }
    checkcode(kind, meter, id_packets, code);
    simaka_put(w, AT_CHECKCODE, span_of(code, simaka_hash_len(kind)));
}

bool simaka_checkcode_ok(enum simaka_kind kind, struct meter *meter, const struct buf *id_packets,
                         const struct simaka_message *m)
{
    struct span got = m->value[AT_CHECKCODE];
    uint8_t code[32];

    if (!simaka_has(m, AT_CHECKCODE))
        return true;
    if (buf_len(id_packets) == 0 || got.n == 0)
        return buf_len(id_packets) == 0 && got.n == 0;
    checkcode(kind, meter, id_packets, code);
    return hash_equal(code, got.p, got.n);
}

void simaka_session_id(struct eap_keys *keys, enum simaka_kind kind, const struct span *pieces,
                       size_t n)
{
    /* RFC 5247 appendix A; fast re-authentication: RFC 8940 2. */
    keys->session_id[0] = simaka_type(kind);
    keys->session_id_n = 1;
    for (size_t i = 0; i < n; i++) {
        memcpy(keys->session_id + keys->session_id_n, pieces[i].p, pieces[i].n);
        keys->session_id_n += pieces[i].n;
    }
}
