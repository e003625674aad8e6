/* EPS mobility management messages of TS 24.301, as far as an attach needs them: clause 8 (which
 * fields), clause 9 (their octets), and the integrity protection of clause 4.4 with 128-EIA2 under
 * the keys of TS 33.401. Between a UE (the device) and the MME of an access network's core. */
#ifndef MODELS_PROTO_NAS_H
#define MODELS_PROTO_NAS_H

#include "crypto/meter.h"
#include "crypto/uicc.h"
#include "models/proto/reason.h"
#include "sim/base/buf.h"
#include "sim/base/span.h"
#include "sim/base/time.h"

#include <stdbool.h>
#include <stdint.h>

#define NAS_MAX 128 /* octets of the longest message here */

enum nas_type { /* TS 24.301 table 9.8.1 */
                NAS_ATTACH_REQUEST = 0x41,
                NAS_ATTACH_ACCEPT = 0x42,
                NAS_ATTACH_COMPLETE = 0x43,
                NAS_ATTACH_REJECT = 0x44,
                NAS_SERVICE_REJECT = 0x4e,
                NAS_AUTHENTICATION_REQUEST = 0x52,
                NAS_AUTHENTICATION_RESPONSE = 0x53,
                NAS_AUTHENTICATION_REJECT = 0x54,
                NAS_AUTHENTICATION_FAILURE = 0x5c,
                NAS_SECURITY_MODE_COMMAND = 0x5d,
                NAS_SECURITY_MODE_COMPLETE = 0x5e
};
/* "Attach Request", ...; "" for none of ours. */
const char *nas_type_name(enum nas_type type);

enum nas_cause {                            /* TS 24.301 9.9.3.9 */
                 NAS_CAUSE_NOT_ALLOWED = 8, /* EPS services and non-EPS services not allowed */
                 NAS_CAUSE_IMPLICITLY_DETACHED = 10,
                 NAS_CAUSE_ROAMING = 13, /* roaming not allowed in this tracking area */
                 NAS_CAUSE_NETWORK_FAILURE = 17,
                 NAS_CAUSE_MAC_FAILURE = 20,
                 NAS_CAUSE_SYNCH_FAILURE = 21
};

/* A message, whatever its type: the fields that the type has. */
struct nas_message {
    enum nas_type type;
    char imsi[IMSI_MAX + 1];    /* Attach Request */
    uint8_t rand[16], autn[16]; /* Authentication Request */
    uint8_t res[16], res_n;     /* Authentication Response: 4..16 */
    uint8_t cause;              /* Attach Reject, Service Reject, Authentication Failure */
    bool has_auts;              /* Authentication Failure */
    uint8_t auts[14];
    uint8_t algorithms;    /* Security Mode Command: EEA in the upper half, EIA */
    uint8_t capability[2]; /* Attach Request; replayed in Security Mode Command */
    uint8_t plmn[3];       /* Attach Accept */
    uint8_t address[4];    /* Attach Accept: of the PDN connection */
    uint32_t m_tmsi;       /* Attach Accept: of the GUTI */
    sim_ns lifetime;       /* Attach Accept: T3412 extended; see nas_lifetime */
};

/* What we are capable of: EEA0 alone, 128-EIA2 alone (9.9.3.34). */
#define NAS_CAPABILITY_EEA 0x80
#define NAS_CAPABILITY_EIA 0x20
#define NAS_ALGORITHMS     0x02 /* EEA0, 128-EIA2 (9.9.3.23) */

/* The longest time that GPRS timer 3 (TS 24.008 10.5.7.4a) can say, up to t; at least 2 s. */
sim_ns nas_lifetime(sim_ns t);

/* Appends a plain message; false: no room. */
bool nas_write(const struct nas_message *m, struct buf *out);
/* A plain message. REASON_NONE, or REASON_NAS_MALFORMED: `out` is then as it was. Optional fields
 * that we do not know are skipped (7.6.1). */
enum reason nas_parse(struct span in, struct nas_message *out);

/* KASME (TS 33.401 A.2), of AUTN's first six octets. */
void nas_kasme(struct meter *m, const uint8_t ck[16], const uint8_t ik[16], const uint8_t plmn[3],
               const uint8_t autn[16], uint8_t kasme[32]);
/* KNASint for 128-EIA2 (TS 33.401 A.7): the last 16 octets of the KDF. */
void nas_integrity_key(struct meter *m, const uint8_t kasme[32], uint8_t key[16]);

/* 128-EIA2 (TS 33.401 B.2.3) over whole octets; NAS has bearer 0. */
void nas_eia2(struct meter *m, const uint8_t key[16], uint32_t count, uint8_t bearer, bool downlink,
              struct span message, uint8_t mac[4]);

enum nas_security { /* security header type, 9.3.1 */
                    NAS_PLAIN = 0,
                    NAS_CIPHERED = 2, /* integrity protected and ciphered (with EEA0: not) */
                    NAS_NEW_CONTEXT =
                        3, /* integrity protected with a new context: Security Mode Command */
                    NAS_NEW_CIPHERED = 4 /* and ciphered: Security Mode Complete */
};
/* Appends `plain` behind header, MAC and sequence number (9.1). count: NAS COUNT, below 256.
 * downlink: sent by the network. */
bool nas_protect(struct meter *m, const uint8_t key[16], enum nas_security security, uint32_t count,
                 bool downlink, struct span plain, struct buf *out);
/* The header of anything that came; NAS_PLAIN too when it is none of ours. */
enum nas_security nas_security_of(struct span in);
/* The plain message within, for nas_parse. REASON_NAS_MALFORMED, or REASON_NAS_INTEGRITY: MAC or
 * count are wrong. */
enum reason nas_open(struct meter *m, const uint8_t key[16], uint32_t count, bool downlink,
                     struct span in, struct span *plain);

#endif
