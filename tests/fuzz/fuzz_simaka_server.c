/* The server of EAP-SIM, EAP-AKA and EAP-AKA': what a peer sends. The first octet: the method, what
 * the node knows, and settings. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/simaka.h"

static struct eap_reauth kept;
static enum reason verdict;
static struct auc_record auc;

static void answer(struct simaka_server *s)
{
    struct eap_half *h = &s->half;
    struct eap_query q = h->query;
    struct eap_answer a = {.reason = REASON_NONE};

    h->query.kind = EAP_QUERY_NONE;
    switch (q.kind) {
    case EAP_QUERY_NONE:
    case EAP_QUERY_IBE:
        return;
    case EAP_QUERY_USER:
        a.verdict = verdict;
        if (kept.method) {
            a.reauth = &kept;
            memcpy(a.permanent, "0" FUZZ_IMSI, sizeof("0" FUZZ_IMSI));
        }
        break;
    case EAP_QUERY_GSM:
        a.triplet_count = 3;
        for (size_t i = 0; i < 3; i++)
            auc_triplet(&auc, NULL, h->env->stream, &a.triplets[i]);
        break;
    case EAP_QUERY_RESYNC:
        if (!auc_resync(&auc, NULL, q.rand, q.auts))
            a.reason = REASON_AKA_SYNC;
        auc_vector(&auc, NULL, h->env->stream, q.separation, &a.vector);
        break;
    case EAP_QUERY_UMTS:
        auc_vector(&auc, NULL, h->env->stream, q.separation, &a.vector);
        break;
    }
    h->ops->answer(h, 0, &a);
    if (a.reason)
        eap_half_fail(h, a.reason);
}

/* As the machine does: questions first, then the next request. false: it is over. */
static bool ask(struct simaka_server *s, uint8_t id)
{
    struct eap_half *h = &s->half;
    struct buf out;
    bool said;

    while (h->state != EAP_HALF_FAILED && h->query.kind != EAP_QUERY_NONE)
        answer(s);
    fuzz_check_half(h);
    if (h->state == EAP_HALF_DONE)
        return false;
    buf_init(&out, EAP_PACKET_MAX);
    said = h->ops->build(h, 0, id, &out);
    fuzz_must(said || h->state == EAP_HALF_FAILED); /* else it would hang */
    if (said)
        fuzz_check_said(s->kind, &out);
    buf_clear(&out);
    return said && h->state != EAP_HALF_FAILED;
}

static void mend(struct simaka_server *s, uint8_t *octets, size_t n)
{
    struct fuzz_layout l;
    struct span extra = span_of(NULL, 0);
    uint8_t sres[12];

    fuzz_find(octets, n, &l);
    if (octets[5] == SIM_CHALLENGE) {
        for (size_t i = 0; i < 3; i++)
            memcpy(sres + 4 * i, s->sim.triplets[i].sres, 4);
        extra = span_of(sres, 12);
    }
    if (octets[5] == SIMAKA_REAUTHENTICATION)
        extra = span_of(s->nonce_s, 16);
    if (octets[5] == AKA_CHALLENGE && l.n[3] == 12)
        memcpy(l.at[3] + 4, s->aka.vector.xres, 8);
    if (octets[5] == AKA_SYNCHRONIZATION_FAILURE && l.n[4] == 16)
        milenage_auts(NULL, fuzz_k, fuzz_opc, l.at[4][2], s->aka.vector.rand, l.at[4] + 2);
    fuzz_mend(s->kind, octets, n, &l, &s->keys, extra);
}

static void talk(struct simaka_server *s, const uint8_t *data, size_t n)
{
    struct eap_half *h = &s->half;
    uint8_t octets[EAP_MTU], id = 1;
    struct eap_packet packet;
    size_t length;
    bool mended;

    while (ask(s, id) && fuzz_next(&data, &n, EAP_RESPONSE, id, octets, &length, &mended)) {
        if (mended && length >= 8)
            mend(s, octets, length);
        if (!eap_parse(span_of(octets, length), &packet) && packet.code == EAP_RESPONSE &&
            packet.type == simaka_type(s->kind)) {
            h->ops->process(h, 0, &packet);
            id++;
        } else {
            return;
        }
    }
}

static void prepare(enum simaka_kind kind)
{
    static const char *const names[][2] = {{"3p@r", "5f@r"}, {"2p@r", "4f@r"}, {"7p@r", "8f@r"}};

    kept.method = simaka_type(kind);
    kept.counter = 3;
    memcpy(kept.pseudonym, names[kind][0], 5);
    memcpy(kept.identity, names[kind][1], 5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static bool ready;
    static const struct eap_method *methods[SIMAKA_KINDS];
    static const uint8_t amf[2];
    struct eap_feed_world w;
    struct eap_server_settings settings = {
        .mtu = EAP_MTU, .realm = "r", .network_name = "WLAN", .pseudonyms = true};
    char identity[EAP_IDENTITY_MAX + 1] = "nobody", permanent[EAP_IDENTITY_MAX + 1] = "";
    struct eap_answer user = {.method_count = 1};
    struct eap_reauth left = {.method = 0};
    struct eap_server_context context = {.settings = &settings,
                                         .identity = identity,
                                         .permanent = permanent,
                                         .user = &user,
                                         .reauth = &left};
    enum simaka_kind kind;
    struct eap_half *h;

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
    auc_init(&auc, fuzz_k, fuzz_opc, amf, 100);
    memset(&kept, 0, sizeof(kept));
    verdict = data[0] & 0x10 ? REASON_EAP_NOT_SUBSCRIBED : REASON_NONE;
    settings.method_identity = (data[0] & 0x20) != 0;
    settings.fast_reauth = (data[0] & 0x40) != 0;
    settings.result_indications = (data[0] & 0x08) != 0;
    user.methods[0] = methods[kind];
    user.verdict = verdict;
    if (data[0] & 0x80) {
        prepare(kind);
        user.reauth = &kept;
        memcpy(user.permanent, "0" FUZZ_IMSI, sizeof("0" FUZZ_IMSI));
        memcpy(identity, kept.identity, 5);
    }
    eap_feed_init(&w, "server", FUZZ_UNIX_NS);
    entity_enter(&w.stream, FUZZ_UNIX_NS);
    h = methods[kind]->server->server(&w.env, &context);
    talk((struct simaka_server *)h, data + 1, n - 1);
    h->ops->free(h);
    entity_leave();
    return 0;
}
