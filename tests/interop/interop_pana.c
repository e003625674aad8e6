/* Whole PANA sessions as a capture, for pana_tshark.sh: the datagrams of PaC and PAA with EAP-GPSK
 * and EAP-AKA between them, in IPv4 and UDP, as a pcap of raw IP. Prints one line for each: type,
 * flags, session, sequence, its AVPs ("code:length,..." or "-"), and the EAP code or "-". */
#include "crypto/entity.h"
#include "models/proto/pana_msg.h"
#include "tests/support/pana_rig.h"
#include "tests/unit/proto/simaka_kit.h"

#include <stdio.h>
#include <stdlib.h>

#define LINKTYPE_RAW 101
#define CLIENT_PORT  49152
#define IP_UDP       28

static const uint8_t psk[32] = "thirty-two octets of shared key";

struct capture {
    FILE *file;
    struct pana_rig *rig;
    unsigned frames;
};

static void le32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static void be16(uint8_t *p, size_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

/* RFC 1071 */
static uint32_t sum(uint32_t s, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        s += (uint32_t)p[i] << (i % 2 ? 0 : 8);
    return s;
}

static uint16_t folded(uint32_t s)
{
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return (uint16_t)~s;
}

static void write_frame(struct capture *c, int from, const uint8_t *octets, size_t n)
{
    uint8_t record[16], h[IP_UDP] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17};
    uint8_t pseudo[12] = {0};
    int64_t us = c->rig->pair.now / SIM_US;
    uint16_t check;

    be16(h + 2, IP_UDP + n);
    memcpy(h + 12, from == 0 ? "\x0a\0\0\1" : "\x0a\0\0\2", 4);
    memcpy(h + 16, from == 0 ? "\x0a\0\0\2" : "\x0a\0\0\1", 4);
    be16(h + 10, folded(sum(0, h, 20)));
    be16(h + 20, from == 0 ? CLIENT_PORT : PANA_PORT); /* RFC 5191 6.1 */
    be16(h + 22, from == 0 ? PANA_PORT : CLIENT_PORT);
    be16(h + 24, 8 + n);
    memcpy(pseudo, h + 12, 8);
    pseudo[9] = 17;
    be16(pseudo + 10, 8 + n);
    check = folded(sum(sum(sum(0, pseudo, 12), h + 20, 8), octets, n));
    be16(h + 26, check ? check : 0xffff);
    le32(record, (uint32_t)(us / 1000000));
    le32(record + 4, (uint32_t)(us % 1000000));
    le32(record + 8, (uint32_t)(IP_UDP + n));
    le32(record + 12, (uint32_t)(IP_UDP + n));
    if (fwrite(record, sizeof(record), 1, c->file) != 1 || fwrite(h, sizeof(h), 1, c->file) != 1 ||
        fwrite(octets, n, 1, c->file) != 1)
        abort();
}

static void write_line(const uint8_t *octets, size_t n)
{
    static struct pana_msg m;

    if (pana_msg_parse(span_of(octets, n), &m) != REASON_NONE)
        abort();
    printf("%u 0x%04x 0x%08x 0x%08x ", m.type, m.flags, m.session_id, m.sequence);
    for (size_t at = PANA_HEADER; at < n;) {
        size_t value = (size_t)(octets[at + 4] << 8 | octets[at + 5]);

        printf("%s%d:%zu", at > PANA_HEADER ? "," : "", octets[at] << 8 | octets[at + 1], value);
        at += (octets[at + 2] & 0x80 ? 12u : 8u) + (value + 3) / 4 * 4;
    }
    if (m.eap.n > 0)
        printf("%s%u\n", n > PANA_HEADER ? " " : "- ", m.eap.p[0]);
    else
        printf("%s-\n", n > PANA_HEADER ? " " : "- ");
}

/* Each datagram, as it leaves. */
static void on_datagram(void *arg, int from, unsigned index, uint8_t *octets, size_t *n)
{
    struct capture *c = arg;

    (void)index;
    write_frame(c, from, octets, *n);
    write_line(octets, *n);
    c->frames++;
}

/* ---- what is captured ---- */

enum what { STRONG, MANDATORY, ENCRYPTED, APART, OPTIMIZED, SUBSCRIBER, REJECTED, SESSIONS };

static struct kit kit;

static void make(void *arg, struct pana_rig_settings *s)
{
    static const struct eap_method *const gpsk[] = {&eap_method_gpsk};
    static struct eap_rig_user user;
    struct eap_rig_settings eap = {.seed = 0};
    int what = *(int *)arg;

    user = (struct eap_rig_user){
        "device-1", {.methods = {&eap_method_gpsk}, .method_count = 1, .has_psk = true}};
    memcpy(user.answer.psk, psk, sizeof(psk));
    s->seed = (uint64_t)what + 1;
    s->pac.eap.methods = gpsk;
    s->pac.eap.credentials = (struct eap_peer_credentials){.has_psk = true, .psk_slot = SE_KMR};
    s->pac.keep_session = s->paa.keep_session = what != REJECTED;
    s->paa.session_lifetime_s = 0;
    s->paa.session_id = 0x01020300u + (unsigned)what;
    s->pac.sha1_only = what == MANDATORY;
    s->paa.encrypt = what == ENCRYPTED;
    s->pac.no_piggyback = what == APART;
    s->paa.optimized_init = what == OPTIMIZED;
    s->users = &user;
    if (what == REJECTED)
        s->refuse = REASON_PERMISSION_DENIED;
    if (what != SUBSCRIBER)
        return;
    kit_init(&kit, SIMAKA_AKA);
    kit_make(&kit, &eap);
    s->pac.eap = eap.peer;
    s->server = eap.server;
    s->server.ask_identity = true;
    s->user_count = 0;
    s->answer = eap.answer;
    s->answer_arg = eap.answer_arg;
}

static void must(struct capture *c, bool ok)
{
    if (ok)
        return;
    fprintf(stderr, "session %u: PaC %s, PAA %s\n", c->rig->settings.paa.session_id,
            reason_text(pana_rig_proto(c->rig, 0)->reason),
            reason_text(pana_rig_proto(c->rig, 1)->reason));
    exit(1);
}

static void run(struct capture *c)
{
    struct pair_script script = pair_clean();

    script.tamper = on_datagram;
    script.tamper_arg = c;
    pana_rig_run(c->rig, script);
}

/* Re-authentication and ping from both sides, and the end. */
static void go_on(struct capture *c)
{
    struct pana_rig *r = c->rig;

    must(c, pana_rig_is_complete(r));
    for (int side = 0; side < 2; side++) {
        pair_enter(&r->pair, side);
        side ? pana_paa_ping(r->paa, r->pair.now) : pana_pac_ping(r->pac, r->pair.now);
        pair_leave();
        run(c);
        pair_enter(&r->pair, side);
        side ? pana_paa_reauthenticate(r->paa, r->pair.now)
             : pana_pac_reauthenticate(r->pac, r->pair.now);
        pair_leave();
        run(c);
        must(c, pana_rig_is_complete(r) && r->conversations == 2u + (unsigned)side);
    }
    pair_enter(&r->pair, 0);
    pana_pac_terminate(r->pac, r->pair.now);
    pair_leave();
    run(c);
    must(c, pana_rig_proto(r, 0)->status == PROTO_DONE);
}

int main(int argc, char **argv)
{
    uint8_t header[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4};
    struct capture c = {.frames = 0};

    if (argc != 2 || crypto_init())
        return 2;
    c.file = fopen(argv[1], "wb");
    if (!c.file)
        return 2;
    le32(header + 16, 65535);
    le32(header + 20, LINKTYPE_RAW);
    if (fwrite(header, sizeof(header), 1, c.file) != 1)
        return 2;
    for (int what = 0; what < SESSIONS; what++) {
        struct pana_rig r;

        c.rig = &r;
        pana_rig_init(&r, make, &what);
        se_put(&r.pair.side[0].se, SE_KMR, psk);
        run(&c);
        if (what != REJECTED)
            go_on(&c);
        else
            must(&c, pana_rig_proto(&r, 0)->reason == REASON_PANA_REJECTED);
        pana_rig_release(&r);
    }
    return fclose(c.file) != 0;
}
