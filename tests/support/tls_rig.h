/* Two TLS endpoints on a pair, with a conversation: the client writes a request, the server
 * answers, the client closes; both export keys as soon as they are open. */
#ifndef TESTS_SUPPORT_TLS_RIG_H
#define TESTS_SUPPORT_TLS_RIG_H

#include "models/proto/tls.h"
#include "tests/support/pair.h"
#include "tests/support/resume.h"

#define RIG_REQUEST  700
#define RIG_RESPONSE 1500
#define RIG_IDENTITY "00112233445566778899aabbccddeeff:7"

struct rig_settings {
    enum tls_suite suite;
    enum tls_version version;
    enum tls_group group;
    uint64_t seed;
    /* Faults; all zeros: none. */
    bool unknown_identity, wrong_psk, no_psk; /* no_psk: the client's slot is empty */
    enum reason find_reason;                  /* what the server's psk_find says */
    bool other_server_suite, other_server_version;
    bool client_expired, server_expired, client_not_yet, server_not_yet;
    bool client_stranger, server_stranger; /* issued by an authority nobody trusts */
    bool client_bare;                      /* no client certificate */
    const char *expect_name;               /* NULL: the server's; */
    /* Variants. */
    bool anonymous;                      /* clients have no certificate and are asked for none */
    const char *hint_sent, *hint_wanted; /* PSK identity hints */
    struct resume_memory *memory;        /* between two rigs; NULL: nothing is resumed */
    bool server_resumes_not;
    sim_ns start; /* when it begins */
};

struct rig {
    struct pair pair;
    struct rig_settings settings;
    struct tls_context *context[2];
    struct tls *tls[2];
    uint8_t key[2][48]; /* exported */
    bool exported[2], written, answered, closed;
    size_t got[2]; /* plaintext octets */
    bool plain_ok;
};

/* Once a process, before any rig: keys and authorities (RSA). */
void rig_global_init(void);
void rig_global_release(void);

void rig_init(struct rig *r, const struct rig_settings *settings);
void rig_release(struct rig *r);
/* Endpoints anew, on the contexts that r->context holds now. */
void rig_remake(struct rig *r);
/* script: pair_clean() or a worse one; its step is set here. */
enum pair_end rig_run(struct rig *r, struct pair_script script);
/* The conversation went through to both ends. */
bool rig_is_complete(const struct rig *r);
struct proto *rig_proto(const struct rig *r, int side);

/* Every suite with every version it allows: i from 0; false: no more. */
bool rig_combination(int i, enum tls_suite *suite, enum tls_version *version);
int rig_combinations(void);

#endif
