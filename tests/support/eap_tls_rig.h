/* What an eap_rig needs for EAP-TLS: keys, authorities and contexts made once a process, and an
 * eap_rig_make whose argument says what is wrong, if anything is. */
#ifndef TESTS_SUPPORT_EAP_TLS_RIG_H
#define TESTS_SUPPORT_EAP_TLS_RIG_H

#include "tests/support/eap_rig.h"

#define EAP_TLS_RIG_PEER   "meter-1.example"
#define EAP_TLS_RIG_SERVER "mas.example"

enum eap_tls_rig_credential {
    EAP_TLS_RIG_GOOD,
    EAP_TLS_RIG_EXPIRED,
    EAP_TLS_RIG_NOT_YET,
    EAP_TLS_RIG_STRANGER, /* of an authority that nobody trusts */
    EAP_TLS_RIG_NONE,
    EAP_TLS_RIG_CREDENTIALS
};

/* Zeros: nothing is wrong. */
struct eap_tls_rig {
    enum tls_suite suite; /* of certificates */
    bool other_suite;     /* the server has another one */
    uint32_t mtu[2];
    enum eap_tls_rig_credential peer, server;
    const char *expect_name;      /* NULL: the server's */
    const char *certificate_name; /* that the server wants; NULL: the peer's */
};

void eap_tls_rig_global_init(void);
void eap_tls_rig_global_release(void);
void eap_tls_rig_make(void *arg, struct eap_rig_settings *s);
/* What it is made of, for whoever makes a half by hand. */
const struct tls_context *eap_tls_rig_context(enum tls_suite suite, bool server);
const struct credential *eap_tls_rig_credential(enum eap_tls_rig_credential which, bool server);

#endif
