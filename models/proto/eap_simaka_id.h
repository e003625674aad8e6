/* Identities of SIM and AKA subscribers: RFC 4186 4.2.1, RFC 4187 4.1.1, RFC 9048 2, and the realm
 * of TS 23.003 14.2. A leading character tells method and sort. Those of permanent identities are
 * the standards' (1, 0, 6); those of pseudonyms (3, 2, 7) and fast re-authentication identities (5,
 * 4, 8) are a server's own affair, and ours are what other implementations use too. */
#ifndef MODELS_PROTO_EAP_SIMAKA_ID_H
#define MODELS_PROTO_EAP_SIMAKA_ID_H

#include "models/proto/eap_simaka_attr.h"

enum simaka_sort {
    SIMAKA_PERMANENT, /* the digit and an IMSI */
    SIMAKA_PSEUDONYM,
    SIMAKA_REAUTH,
    SIMAKA_UNRECOGNISED
};
/* By its look alone, for this method. */
enum simaka_sort simaka_id_sort(enum simaka_kind kind, const char *identity);
/* "0" || IMSI || "@wlan.mnc015.mcc234.3gppnetwork.org" */
void simaka_id_permanent(enum simaka_kind kind, const struct uicc *uicc,
                         char out[EAP_IDENTITY_MAX + 1]);
/* The IMSI within a permanent identity of any of the three methods. false: it is none. */
bool simaka_id_imsi(const char *permanent, char imsi[IMSI_MAX + 1]);
/* From the "@" on; "" without one. */
const char *simaka_id_realm(const char *identity);
/* The same but for their realms (RFC 4187 4.1.1.7). */
bool simaka_id_same_user(const char *a, const char *b);
/* A new pseudonym or fast re-authentication username: the character and 80 random bits in hex. */
void simaka_id_draw(enum simaka_kind kind, enum simaka_sort sort, struct rng *stream,
                    char out[EAP_IDENTITY_MAX + 1]);
/* user || realm, which begins with "@" or is "". false: too long, out is then "". */
bool simaka_id_join(const char *user, const char *realm, char out[EAP_IDENTITY_MAX + 1]);
/* Octets from the wire as text. false: too long, empty, or a NUL among them. */
bool simaka_id_take(struct span in, char out[EAP_IDENTITY_MAX + 1]);

/* What a peer calls itself when it may choose: fast re-authentication identity, pseudonym,
 * settings->identity, or what the UICC says (RFC 4187 4.1.3); `most`: the best sort allowed. */
enum simaka_sort simaka_id_choose(enum simaka_kind kind, const struct eap_peer_settings *settings,
                                  enum simaka_sort most, char out[EAP_IDENTITY_MAX + 1]);

/* RFC 4187 5.1 asks for an upper limit: after so many fast re-authentications a full one. */
#define SIMAKA_MAX_REAUTHS 1000

#endif
