/* One EAP method, whichever, with what both sides of it need: for tests that take every method over
 * a carrier. Private to tests/unit/proto. */
#ifndef TESTS_UNIT_PROTO_METHODS_KIT_H
#define TESTS_UNIT_PROTO_METHODS_KIT_H

#include "tests/support/eap_tls_rig.h"
#include "tests/unit/proto/simaka_kit.h"

struct methods_way {
    const char *name;
    const struct eap_method *method;
    unsigned gpsk_suite;
    enum simaka_kind kind;
};

/* GPSK's and PSK's key; at the peer in SE_KMR. */
static const uint8_t methods_psk[32] = "thirty-two octets of shared key";
#define METHODS_IDENTITY "device-1"

struct methods_kit {
    struct kit kit;
    struct eap_tls_rig tls;
    const struct eap_method *wanted[1];
    struct eap_rig_user shared; /* GPSK, PSK */
};

static inline void methods_make_shared(struct methods_kit *k, const struct methods_way *w,
                                       struct eap_rig_settings *s)
{
    k->wanted[0] = w->method;
    k->shared = (struct eap_rig_user){METHODS_IDENTITY,
                                      {.methods = {w->method}, .method_count = 1, .has_psk = true}};
    memcpy(k->shared.answer.psk, methods_psk, sizeof(methods_psk));
    s->users = &k->shared;
    s->user_count = 1;
    s->server.server_id = "mas.m2m.example";
    s->peer.identity = METHODS_IDENTITY;
    s->peer.methods = k->wanted;
    s->peer.method_count = 1;
    s->peer.credentials.has_psk = true;
    s->peer.credentials.psk_slot = SE_KMR;
    s->peer.credentials.gpsk_suite = w->gpsk_suite;
}

/* SIM, AKA and AKA': each time the full authentication. */
static inline void methods_make(struct methods_kit *k, const struct methods_way *w,
                                struct eap_rig_settings *s)
{
    if (w->method == &eap_method_tls) {
        k->tls = (struct eap_tls_rig){.suite = TLS_SUITE_ECDHE_RSA_AES_128_CBC_SHA256};
        eap_tls_rig_make(&k->tls, s);
    } else if (w->method == &eap_method_gpsk || w->method == &eap_method_psk) {
        methods_make_shared(k, w, s);
    } else {
        kit_init(&k->kit, w->kind);
        k->kit.pseudonyms = k->kit.fast_reauth = false;
        kit_make(&k->kit, s);
    }
}

#endif
