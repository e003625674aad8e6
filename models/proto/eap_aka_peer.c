/* The peer's half of EAP-AKA (RFC 4187) and EAP-AKA' (RFC 9048): what is theirs alone. */
#include "models/proto/eap_simaka_impl.h"

#include "crypto/kdf.h"

#define MAX_RESYNCS                                                                                \
    2 /* the second tells the server that its retry failed too; a third is a loop                  \
       */

static void reject(struct simaka_peer *p, enum reason reason)
{
    p->answer = ANSWER_AUTHENTICATION_REJECT;
    eap_half_fail(&p->half, reason);
}

/* ---- AKA': key derivation functions and the network's name ---- */

static bool has_duplicates(const uint16_t *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (list[i] == list[j])
                return true;
    return false;
}

static bool is_list(const struct simaka_message *m, size_t skip, const uint16_t *list, size_t n)
{
    return m->kdf_count == n + skip && memcmp(m->kdf + skip, list, n * sizeof(list[0])) == 0;
}

static void keep_list(struct simaka_peer *p, const struct simaka_message *m)
{
    memcpy(p->aka.kdf, m->kdf, sizeof(m->kdf));
    p->aka.kdf_count = m->kdf_count;
}

/* RFC 9048 3.2: after a wish of ours the list is to be the old one with the wish before it, and
 * otherwise what it was in an earlier challenge. */
static bool is_list_altered(const struct simaka_peer *p, const struct simaka_message *m)
{
    if (p->aka.kdf_count == 0)
        return false;
    if (p->aka.kdf_asked)
        return m->kdf[0] != KDF_CK_PRIME || !is_list(m, 1, p->aka.kdf, p->aka.kdf_count);
    return !is_list(m, 0, p->aka.kdf, p->aka.kdf_count);
}

/* false: an answer other than to the challenge is due. */
static bool negotiate(struct simaka_peer *p, const struct simaka_message *m)
{
    bool settled = p->aka.kdf_count > 0;

    if (is_list_altered(p, m)) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_BIDDING);
        return false;
    }
    if (!settled && has_duplicates(m->kdf, m->kdf_count)) {
        reject(p, REASON_EAP_BIDDING);
        return false;
    }
    p->aka.kdf_asked = false;
    keep_list(p, m);
    if (m->kdf[0] == KDF_CK_PRIME)
        return true;
    for (size_t i = 1; i < m->kdf_count; i++)
        if (m->kdf[i] == KDF_CK_PRIME) {
            p->aka.kdf_asked = true;
            p->answer = ANSWER_KDF;
            return false;
        }
    reject(p, REASON_EAP_VERSION);
    return false;
}

/* RFC 9048 3.1: field by field between colons, as far as both have fields; an empty name of our own
 * matches anything. */
static bool is_our_network(const char *own, struct span name)
{
    size_t n = own ? strlen(own) : 0;
    bool own_is_shorter = n <= name.n;
    size_t common = own_is_shorter ? n : name.n;

    if (n == 0)
        return true;
    if (memcmp(own, name.p, common) != 0)
        return false;
    return n == name.n || (own_is_shorter ? name.p[n] == ':' : own[name.n] == ':');
}

static bool is_good_network(struct simaka_peer *p, const struct simaka_message *m)
{
    struct span name = m->value[AT_KDF_INPUT];

    return name.n > 0 && is_our_network(p->c->settings->credentials.network_name, name);
}

/* ---- the challenge ---- */

static bool prefers_prime(const struct simaka_peer *p)
{
    const struct eap_peer_settings *s = p->c->settings;

    for (size_t i = 0; i < s->method_count; i++) {
        if (s->methods[i] == &eap_method_aka_prime)
            return true;
        if (s->methods[i] == &eap_method_aka)
            break;
    }
    return false;
}

static void synchronize(struct simaka_peer *p, const struct uicc_response *r)
{
    if (p->aka.resyncs == MAX_RESYNCS) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_AKA_SYNC);
        return;
    }
    p->aka.resyncs++;
    memcpy(p->aka.auts, r->auts, sizeof(p->aka.auts));
    p->answer = ANSWER_SYNCHRONIZATION_FAILURE;
}

/* RFC 4187 9.3: RAND and AUTN before anything else. false: the answer is another one. */
static bool authenticate(struct simaka_peer *p, const struct simaka_message *m,
                         struct uicc_response *r)
{
    uint8_t amf[2];

    switch (uicc_authenticate(p->c->settings->credentials.uicc, p->half.env->meter,
                              m->value[AT_RAND].p, m->value[AT_AUTN].p, r, amf)) {
    case UICC_OK:
        break;
    case UICC_MAC_FAILURE:
        reject(p, REASON_AKA_AUTN);
        return false;
    case UICC_SYNC_FAILURE:
        synchronize(p, r);
        return false;
    }
    /* TS 33.402 6.1: such a vector was not made for this use. */
    if (p->kind == SIMAKA_AKA_PRIME && !(amf[0] & AMF_SEPARATION)) {
        reject(p, REASON_AKA_AUTN);
        return false;
    }
    return true;
}

static void derive(struct simaka_peer *p, const struct simaka_message *m,
                   const struct uicc_response *r)
{
    struct meter *meter = p->half.env->meter;
    struct span identity = span_str(p->c->identity);
    uint8_t ck[16], ik[16];

    if (p->kind == SIMAKA_AKA) {
        simaka_keys_aka(meter, identity, r->ik, r->ck, &p->keys);
        return;
    }
    kdf_aka_prime(meter, r->ck, r->ik, m->value[AT_KDF_INPUT], m->value[AT_AUTN].p, ck, ik);
    simaka_keys_prime(meter, identity, ik, ck, &p->keys);
    explicit_bzero(ck, sizeof(ck));
    explicit_bzero(ik, sizeof(ik));
}

/* What remains to be checked once the keys are there. */
static bool is_genuine(struct simaka_peer *p, const struct simaka_message *m)
{
    if (!simaka_mac_ok(p->kind, m, p->half.env->meter, p->keys.k_aut, span_of(NULL, 0))) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_MAC);
        return false;
    }
    if (!simaka_peer_checkcode_ok(p, m)) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_CHECKCODE);
        return false;
    }
    /* RFC 9048 4: the server would rather have had AKA', and so would we: somebody interfered. */
    if (simaka_number(m, AT_BIDDING) & SIMAKA_BIDDING && prefers_prime(p)) {
        reject(p, REASON_EAP_BIDDING);
        return false;
    }
    return true;
}

static void finish(struct simaka_peer *p, const struct simaka_message *m,
                   const struct uicc_response *r)
{
    uint8_t plain[EAP_MTU];
    struct simaka_message nested;
    bool sealed = simaka_has(m, AT_ENCR_DATA);

    derive(p, m, r);
    if (!is_genuine(p, m))
        return;
    if (sealed &&
        !simaka_open(p->kind, m, EAP_REQUEST, p->half.env->meter, p->keys.k_encr, plain, &nested)) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
        return;
    }
    memcpy(p->aka.res, r->res, sizeof(p->aka.res));
    p->aka.res_n = r->res_n;
    p->answer = ANSWER_CHALLENGE;
    simaka_peer_accept(p, m, sealed ? &nested : NULL,
                       (const struct span[]){m->value[AT_RAND], m->value[AT_AUTN]}, 2);
}

void aka_peer_challenge(struct simaka_peer *p, const struct simaka_message *m)
{
    struct uicc_response r;

    if (p->phase != PEER_IDENTIFYING) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
        return;
    }
    p->offered = false; /* the server wants full authentication */
    if (p->kind == SIMAKA_AKA_PRIME) {
        if (!negotiate(p, m))
            return;
        if (!is_good_network(p, m)) {
            reject(p, REASON_AKA_NETWORK);
            return;
        }
    }
    if (authenticate(p, m, &r))
        finish(p, m, &r);
    explicit_bzero(&r, sizeof(r));
}

/* ---- the answers ---- */

static bool build_challenge(struct simaka_peer *p, uint8_t id, struct buf *out)
{
    struct meter *meter = p->half.env->meter;
    struct simaka_writer w;

    simaka_begin(&w, p->kind, EAP_RESPONSE, id, AKA_CHALLENGE);
    simaka_put(&w, AT_RES, span_of(p->aka.res, p->aka.res_n));
    if (p->checkcode)
        simaka_put_checkcode(&w, p->kind, meter, &p->id_packets);
    if (p->result_ind)
        simaka_put_flag(&w, AT_RESULT_IND);
    trace_text(p->half.env->trace, "AKA-Challenge");
    return simaka_end_mac(&w, p->kind, meter, p->keys.k_aut, span_of(NULL, 0), out, NULL);
}

static bool build_kdf(struct simaka_peer *p, uint8_t id, struct buf *out)
{
    struct simaka_writer w;

    simaka_begin(&w, p->kind, EAP_RESPONSE, id, AKA_CHALLENGE);
    simaka_put_number(&w, AT_KDF, KDF_CK_PRIME);
    trace_text(p->half.env->trace, "AKA-Challenge (AT_KDF)");
    return simaka_end(&w, out);
}

/* RFC 9048 3.2: with the list as it was in the last challenge. */
static bool build_synchronization_failure(struct simaka_peer *p, uint8_t id, struct buf *out)
{
    struct simaka_writer w;

    simaka_begin(&w, p->kind, EAP_RESPONSE, id, AKA_SYNCHRONIZATION_FAILURE);
    simaka_put(&w, AT_AUTS, span_of(p->aka.auts, sizeof(p->aka.auts)));
    for (size_t i = 0; i < p->aka.kdf_count; i++)
        simaka_put_number(&w, AT_KDF, p->aka.kdf[i]);
    trace_text(p->half.env->trace, "AKA-Synchronization-Failure");
    return simaka_end(&w, out);
}

bool aka_peer_build(struct simaka_peer *p, uint8_t id, struct buf *out)
{
    struct simaka_writer w;

    if (p->answer == ANSWER_CHALLENGE)
        return build_challenge(p, id, out);
    if (p->answer == ANSWER_KDF)
        return build_kdf(p, id, out);
    if (p->answer == ANSWER_SYNCHRONIZATION_FAILURE)
        return build_synchronization_failure(p, id, out);
    simaka_begin(&w, p->kind, EAP_RESPONSE, id, AKA_AUTHENTICATION_REJECT);
    trace_text(p->half.env->trace, "AKA-Authentication-Reject");
    return simaka_end(&w, out);
}
