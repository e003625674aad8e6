/* The users of a live MAS, BSF or NSCL from a text file, a line a user (`m2msim serve mas --users
 * FILE`):
 *
 *   # IDENTITY              METHODS            CREDENTIAL
 *   "gpsk user"             gpsk               000102...1f            (the key, 64 hex digits)
 *   psk-user                psk                000102...0f            (the key, 32 hex digits)
 *   *                       aka,aka-prime,sim  232010000000000 K OPC AMF SQN
 *   device-1@m2m.example    tls                device-1.m2m.example   (name in the certificate)
 *   0123456789abcdef0123456789abcdef  kmc      4711:1 KMC [KIVAL]     (an SCL: its Node-ID, 32 hex
 *                                                                      digits; keys, 64)
 *
 * Words stand between blanks or, with blanks in them, between double quotes; # begins a remark. The
 * identity is what Response/Identity says; `*`, for subscribers: whatever carries the IMSI. Methods
 * in the order in which they are proposed, by the names of the EAP registry. K, OPC, AMF and SQN in
 * hex; SQN is the last one given out (TS 33.102 C.1.1.1). An SCL has no method but mId itself; its
 * credential is a service connection, Connection-ID:KmcIndex as TLS sends it (GAP C12) and Kmc;
 * with K_IVal it is capable of integrity validation. Its SCL-ID is that of its Node-ID. */
#ifndef TOPOLOGIES_USERS_H
#define TOPOLOGIES_USERS_H

#include "crypto/keys.h"
#include "crypto/uicc.h"
#include "models/proto/eap_method.h"
#include "models/proto/gba.h"
#include "sim/base/diag.h"

enum user_kind { USER_KEY, USER_SUBSCRIBER, USER_CERTIFICATE, USER_SCL };

struct user {
    const char *identity; /* "*": by its IMSI alone */
    const struct eap_method *methods[EAP_MAX_METHODS];
    size_t method_count;
    enum user_kind kind;
    uint8_t key[32]; /* of an SCL: Kmc */
    struct {
        uint8_t node_id[M2M_NODE_ID_LEN], kival[M2M_KEY_LEN];
        uint64_t connection_id;
        uint32_t kmc_index;
        bool ival_capable;
    } scl;
    char imsi[IMSI_MAX + 1];
    struct auc_record auc;
    const char *certificate_name;
    int line;
    /* What the last authentication left behind, for the next (RFC 4187 5). */
    char permanent[EAP_IDENTITY_MAX + 1];
    struct eap_reauth reauth;
};

struct users; /* opaque; heap */

/* NULL: mistakes are in diags. U101 unreadable, U102 word without its closing quote, U103 too few
 * or too many words, U104 unknown method, U105 methods of different credentials together, U106 not
 * hex of the right length, U107 not an IMSI, U108 the identity or the IMSI was given before, U109 a
 * word too long, U110 no users at all, U111 an empty word, U112 no Connection-ID:KmcIndex. */
struct users *users_read(const char *path, struct diag_list *diags);
struct users *users_parse(const char *file, const char *text, size_t n, struct diag_list *diags);
void users_free(struct users *u); /* wipes the keys; NULL is fine */
size_t users_count(const struct users *u);
const struct user *users_at(const struct users *u, size_t i);

/* What an EAP server asks of its node, answered from the file: who that is (by identity, by
 * pseudonym or fast re-authentication identity, by IMSI), vectors from the AuC's record. `env`: its
 * stream and meter. */
void users_answer(struct users *u, struct proto_env *env, const struct eap_query *query,
                  struct eap_answer *out);
/* What a BSF asks of the home network, likewise. Every subscriber of the file may bootstrap, under
 * the IMPI of his IMSI or, of another form (ISIM), under the identity of his line. gba_u: their
 * UICCs know GBA_U. */
void users_zh(struct users *u, struct proto_env *env, const struct zh_request *request, bool gba_u,
              struct zh_answer *out);
/* After a success: keeps what is for the next time. */
void users_keep(struct users *u, const char *permanent, const struct eap_reauth *reauth);

#endif
