/* The peer of EAP-SIM, EAP-AKA and EAP-AKA': what a server sends. The first octet: the method, and
 * whether something is kept of an earlier session. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/simaka.h"

static void derive(struct simaka_peer *p, uint8_t *packet, const struct fuzz_layout *l,
                   struct simaka_keys *keys)
{
    static const uint8_t amf[2] = {0x80, 0};
    struct span identity = span_str(p->c->identity);
    uint8_t ck[16], ik[16], sres[4], kc[24];
    struct umts_vector v;
    size_t name = l->n[23] > 4 ? (size_t)(l->at[23][2] << 8 | l->at[23][3]) : 0;

    *keys = p->keys;
    if (packet[5] == SIMAKA_REAUTHENTICATION) {
        simaka_keys_recall(&p->old, keys);
    } else if (packet[5] == SIM_CHALLENGE && l->n[1] > 4 && l->n[1] <= 52) {
        for (size_t i = 0; i < (l->n[1] - 4) / 16; i++)
            milenage_gsm(NULL, fuzz_k, fuzz_opc, l->at[1] + 4 + 16 * i, sres, kc + 8 * i);
        simaka_keys_sim(NULL, identity, kc, (l->n[1] - 4) / 16, p->sim.nonce_mt,
                        span_of(p->sim.versions, p->sim.versions_n), SIM_VERSION, keys);
    } else if (packet[5] == AKA_CHALLENGE && l->n[1] == 20 && l->n[2] == 20) {
        /* The sequence number is the fuzzer's: the last octets of what stands for AUTN. */
        milenage_vector(NULL, fuzz_k, fuzz_opc, amf, (uint64_t)(l->at[2][18] << 8 | l->at[2][19]),
                        l->at[1] + 4, &v);
        memcpy(l->at[2] + 4, v.autn, 16);
        if (name > l->n[23] - 4)
            name = 0;
        kdf_aka_prime(NULL, v.ck, v.ik, span_of(name ? l->at[23] + 4 : NULL, name), v.autn, ck, ik);
        if (p->kind == SIMAKA_AKA)
            simaka_keys_aka(NULL, identity, v.ik, v.ck, keys);
        else
            simaka_keys_prime(NULL, identity, ik, ck, keys);
    }
}

static void give(struct simaka_peer *p, uint8_t *octets, size_t n, bool mended)
{
    struct eap_half *h = &p->half;
    struct fuzz_layout l;
    struct simaka_keys keys;
    struct eap_packet packet;
    struct buf out;
    bool said;

    if (mended && n >= 8) {
        fuzz_find(octets, n, &l);
        derive(p, octets, &l, &keys);
        fuzz_mend(p->kind, octets, n, &l, &keys,
                  octets[5] == SIM_CHALLENGE ? span_of(p->sim.nonce_mt, 16) : span_of(NULL, 0));
    }
    if (eap_parse(span_of(octets, n), &packet) || packet.code != EAP_REQUEST ||
        packet.type != simaka_type(p->kind))
        return;
    h->ops->process(h, 0, &packet);
    buf_init(&out, EAP_PACKET_MAX);
    said = h->ops->build(h, 0, packet.id, &out);
    fuzz_must(said); /* each request is answered, if by an error */
    fuzz_check_said(p->kind, &out);
    fuzz_check_half(h);
    buf_clear(&out);
}

static void prepare(struct eap_reauth *kept, enum simaka_kind kind)
{
    static const char *const names[][2] = {{"3p@r", "5f@r"}, {"2p@r", "4f@r"}, {"7p@r", "8f@r"}};

    kept->method = simaka_type(kind);
    kept->counter = 3;
    memcpy(kept->pseudonym, names[kind][0], 5);
    memcpy(kept->identity, names[kind][1], 5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static bool ready;
    static const struct eap_method *methods[SIMAKA_KINDS];
    struct eap_feed_world w;
    struct uicc uicc;
    struct eap_reauth kept = {.method = 0};
    struct eap_peer_settings settings = {.credentials = {.uicc = &uicc, .reauth = &kept}};
    char identity[EAP_IDENTITY_MAX + 1] = "";
    struct eap_peer_context context = {.settings = &settings, .identity = identity};
    uint8_t octets[EAP_MTU], id = 0;
    struct eap_half *h;
    enum simaka_kind kind;
    size_t length;
    bool mended;

    if (n < 1)
        return 0;
    if (!ready) {
        fuzz_must(crypto_init() == OK);
        methods[SIMAKA_SIM] = &eap_method_sim;
        methods[SIMAKA_AKA] = &eap_method_aka;
        methods[SIMAKA_AKA_PRIME] = &eap_method_aka_prime;
        ready = true;
    }
    kind = (enum simaka_kind)((data[0] & 3) % SIMAKA_KINDS);
    uicc_init(&uicc, FUZZ_IMSI, 2, fuzz_k, fuzz_opc);
    if (data[0] & 0x40)
        prepare(&kept, kind);
    settings.methods = &methods[kind];
    settings.method_count = 1;
    settings.mtu = EAP_MTU;
    settings.credentials.network_name = data[0] & 0x20 ? "WLAN" : NULL;
    if (data[0] & 0x80)
        methods[kind]->identity(&settings, identity);
    eap_feed_init(&w, "peer", FUZZ_UNIX_NS);
    entity_enter(&w.stream, FUZZ_UNIX_NS);
    h = methods[kind]->peer->peer(&w.env, &context);
    data++, n--;
    while (fuzz_next(&data, &n, EAP_REQUEST, ++id, octets, &length, &mended))
        if (h->state != EAP_HALF_FAILED && h->state != EAP_HALF_DONE)
            give((struct simaka_peer *)h, octets, length, mended);
    h->ops->free(h);
    entity_leave();
    return 0;
}
