/* EAP-TLS's packets (RFC 5216 3.1, 3.2): TLS messages cut into fragments and put together again,
 * each fragment but the last acknowledged by an empty packet. Octets only: who may say what when is
 * for eap_tls.c. */
#ifndef MODELS_PROTO_EAP_TLS_FRAME_H
#define MODELS_PROTO_EAP_TLS_FRAME_H

#include "models/proto/eap.h"

#define EAP_TLS_FLAG_LENGTH 0x80
#define EAP_TLS_FLAG_MORE   0x40
#define EAP_TLS_FLAG_START  0x20

/* The most that a length may announce: four times the longest certificate list of the core. */
#define EAP_TLS_MESSAGE_MAX   65536
#define EAP_TLS_FRAGMENTS_MAX 2048 /* of one message */

enum eap_tls_event {
    EAP_TLS_STARTED,      /* the S flag, alone */
    EAP_TLS_ACKNOWLEDGED, /* no data */
    EAP_TLS_FRAGMENT,     /* kept; more will come */
    EAP_TLS_MESSAGE,      /* complete: eap_tls_frame_message */
    EAP_TLS_BAD           /* does not add up, or too much: REASON_EAP_FRAGMENT */
};

/* Visible because it lives inside its half. */
struct eap_tls_frame {
    struct buf in, out;
    size_t announced;   /* of the message that comes in fragments */
    unsigned fragments; /* read of it; 0: none is under way */
    bool sending;       /* some fragments of `out` were sent, not all */
};
void eap_tls_frame_init(struct eap_tls_frame *f);
void eap_tls_frame_release(struct eap_tls_frame *f);

/* data: after the type. */
enum eap_tls_event eap_tls_frame_read(struct eap_tls_frame *f, struct span data);
/* The message just completed; dropped by the next read. */
struct span eap_tls_frame_message(const struct eap_tls_frame *f);

/* Where a message to send is put; not while one is being sent. */
struct buf *eap_tls_frame_out(struct eap_tls_frame *f);
bool eap_tls_frame_is_sending(const struct eap_tls_frame *f);
/* The next packet, at most mtu octets (64 or more): a fragment, or, with nothing to send, an
 * acknowledgement. false: no room. */
bool eap_tls_frame_write(struct eap_tls_frame *f, enum eap_code code, uint8_t id, uint32_t mtu,
                         struct buf *out);
bool eap_tls_frame_write_start(uint8_t id, struct buf *out);

#endif
