/* Why something failed, or ended: one list for the whole of models/, so that results, charts and
 * tests name the same thing by the same word. */
#ifndef MODELS_PROTO_REASON_H
#define MODELS_PROTO_REASON_H

/* clang-format off */
#define REASONS(X) \
    X(REASON_NONE,                 "")                        /* it went well */ \
    X(REASON_TIMEOUT,              "timeout")                 /* no progress within the procedure's limit */ \
    X(REASON_CONNECT_TIMEOUT,      "connect-timeout")         /* TCP: SYN retries used up */ \
    X(REASON_CONNECTION_REFUSED,   "connection-refused")      /* RST to our SYN */ \
    X(REASON_CONNECTION_RESET,     "connection-reset") \
    X(REASON_CONNECTION_LOST,      "connection-lost")         /* TCP: data retries used up */ \
    X(REASON_CLOSED_EARLY,         "closed-early")            /* the peer closed in mid-exchange */ \
    X(REASON_SERVER_BUSY,          "server-busy")             /* HTTP 503 */ \
    X(REASON_TLS_ALERT,            "tls-alert")               /* one without a name below */ \
    X(REASON_TLS_PROTOCOL,         "tls-protocol")            /* octets that are not the TLS expected */ \
    X(REASON_DTLS_TIMEOUT,         "dtls-timeout")            /* no handshake within its limit */ \
    X(REASON_CERTIFICATE_EXPIRED,  "certificate-expired") \
    X(REASON_CERTIFICATE_NOT_YET,  "certificate-not-yet-valid") \
    X(REASON_CERTIFICATE_UNKNOWN,  "certificate-unknown-issuer") \
    X(REASON_CERTIFICATE_NAME,     "certificate-name-mismatch") \
    X(REASON_CERTIFICATE_BAD,      "certificate-bad")         /* any other fault of a certificate */ \
    X(REASON_CERTIFICATE_MISSING,  "certificate-missing") \
    X(REASON_PSK_UNKNOWN,          "psk-unknown-identity")    /* no such Node-ID/Kmr or Connection-ID/Kmc */ \
    X(REASON_PSK_WRONG,            "psk-wrong-key")           /* Finished did not verify */ \
    X(REASON_NO_COMMON_SUITE,      "no-common-suite") \
    X(REASON_HTTP_MALFORMED,       "http-malformed") \
    X(REASON_HTTP_TOO_LARGE,       "http-too-large") \
    X(REASON_HTTP_STATUS,          "http-status")             /* a status without a name below */ \
    X(REASON_COAP_MALFORMED,       "coap-malformed") \
    X(REASON_COAP_TIMEOUT,         "coap-timeout")            /* retransmissions used up, or no response */ \
    X(REASON_COAP_RESET,           "coap-reset")              /* the peer does not want the message */ \
    X(REASON_COAP_OPTION,          "coap-bad-option")         /* a critical option that nobody here knows */ \
    X(REASON_COAP_BLOCKS,          "coap-blocks")             /* blocks that do not make one body */ \
    X(REASON_COAP_TOO_LARGE,       "coap-too-large") \
    X(REASON_XML_MALFORMED,        "xml-malformed") \
    X(REASON_XML_INVALID,          "xml-invalid")             /* well-formed, but not the document expected */ \
    X(REASON_XMLSEC_MISSING,       "xmlsec-missing")          /* not signed, not encrypted */ \
    X(REASON_XMLSEC_SCOPE,         "xmlsec-wrong-scope")      /* a signature over another element */ \
    X(REASON_XMLSEC_ALGORITHM,     "xmlsec-no-common-algorithm") \
    X(REASON_XMLSEC_KEY,           "xmlsec-unknown-key")      /* KeyName */ \
    X(REASON_XMLSEC_SIGNATURE,     "xmlsec-wrong-signature")  /* wrong key, or altered */ \
    X(REASON_XMLSEC_DECRYPT,       "xmlsec-decrypt-failed") \
    X(REASON_OBJECT_MISMATCH,      "object-mismatch")         /* a primitive that is another than its message says */ \
    X(REASON_OBJECT_REPLAYED,      "object-replayed")         /* a request that was taken before, an answer to another one */ \
    X(REASON_MID_SECURITY,         "mid-security")            /* not what was granted for mId, or what the device cannot do */ \
    X(REASON_KEY_UNWRAP,           "key-unwrap-failed") \
    X(REASON_KEY_EXPIRED,          "key-expired") \
    X(REASON_KEY_ERASED,           "key-erased") \
    X(REASON_IVAL_GATE,            "ival-gate")               /* the image failed before bootstrap */ \
    X(REASON_IVAL_DENIED,          "ival-denied")             /* STATUS_FORBIDDEN by policy */ \
    X(REASON_IVAL_LIMITED,         "ival-limited")            /* a service that the policy left out */ \
    X(REASON_IVAL_BAD_SIGNATURE,   "ival-bad-signature") \
    X(REASON_IVAL_REPLAY,          "ival-time-out-of-window") \
    X(REASON_BAD_REQUEST,          "bad-request") \
    X(REASON_PERMISSION_DENIED,    "permission-denied") \
    X(REASON_FORBIDDEN,            "forbidden") \
    X(REASON_NOT_FOUND,            "not-found") \
    X(REASON_CONFLICT,             "conflict") \
    X(REASON_BACKEND_TIMEOUT,      "backend-timeout")         /* MSBF-MAS or MAS-NSCL did not answer */ \
    X(REASON_NOTIFY_CONTACT,       "notify-unknown-contact")  /* nobody has the contact's address */ \
    X(REASON_NOTIFY_QUEUE,         "notify-queue-full")       /* too many wait for that contact */ \
    X(REASON_GATEWAY_TIMEOUT,      "gateway-timeout")         /* it was handed on, and no answer came back in time */ \
    X(REASON_BAD_GATEWAY,          "bad-gateway")             /* it could not be handed on, or not be answered there */ \
    X(REASON_OUTAGE,               "outage")                  /* the node was switched off by the scenario */ \
    X(REASON_ATTEMPTS,             "attempts-used-up") \
    X(REASON_DEREGISTERED,         "deregistered") \
    X(REASON_RUN_END,              "run-end") \
    X(REASON_CRYPTO,               "crypto")                  /* OpenSSL refused: a bug or its policy */ \
    X(REASON_EAP_MALFORMED,        "eap-malformed")           /* octets that are not the EAP expected */ \
    X(REASON_EAP_FAILURE,          "eap-failure")             /* EAP-Failure without a better reason */ \
    X(REASON_EAP_NO_METHOD,        "eap-no-common-method")    /* Nak without an acceptable type */ \
    X(REASON_EAP_IDENTITY,         "eap-unknown-identity") \
    X(REASON_EAP_MAC,              "eap-wrong-mac")           /* AT_MAC, GPSK's MIC, PSK's MAC: wrong key or altered */ \
    X(REASON_EAP_FRAGMENT,         "eap-fragment")            /* fragments that do not add up, or are too many */ \
    X(REASON_EAP_NOT_SUBSCRIBED,   "eap-not-subscribed")      /* AT_NOTIFICATION 1031, or the HSS refuses */ \
    X(REASON_EAP_NOT_FRESH,        "eap-not-fresh")           /* RANDs alike, too few triplets, a counter gone by */ \
    X(REASON_EAP_BIDDING,          "eap-bidding-down")        /* a version list or KDF list that was altered */ \
    X(REASON_EAP_CHECKCODE,        "eap-wrong-checkcode")     /* AT_CHECKCODE: identity messages were altered */ \
    X(REASON_EAP_VERSION,          "eap-no-common-version")   /* AT_VERSION_LIST, AT_KDF: none that we have */ \
    X(REASON_EAP_CLIENT_ERROR,     "eap-client-error")        /* the peer could not process our request */ \
    X(REASON_EAP_DENIED,           "eap-temporarily-denied")  /* AT_NOTIFICATION 1026 */ \
    X(REASON_EAP_KEYS,             "eap-keys-differ")         /* peer and server derived another MSK */ \
    X(REASON_AKA_AUTN,             "aka-wrong-autn")          /* MAC-A does not match: not the home network */ \
    X(REASON_AKA_SYNC,             "aka-sqn-out-of-range")    /* and the resynchronisation did not help */ \
    X(REASON_AKA_RES,              "aka-wrong-res") \
    X(REASON_AKA_NETWORK,          "aka-network-name")        /* AT_KDF_INPUT names another network */ \
    X(REASON_IBAKE_MISMATCH,       "ibake-mismatch")          /* a point or an identity that does not come back */ \
    X(REASON_IBAKE_POINT,          "ibake-bad-point")         /* not a point of the curve */ \
    X(REASON_IBE_DECRYPT,          "ibe-decrypt-failed") \
    X(REASON_DIGEST_MALFORMED,     "digest-malformed") \
    X(REASON_DIGEST_UNSUPPORTED,   "digest-unsupported")      /* another scheme, algorithm or qop */ \
    X(REASON_DIGEST_RESPONSE,      "digest-wrong-response")   /* wrong key, or altered on its way */ \
    X(REASON_DIGEST_RSPAUTH,       "digest-wrong-rspauth")    /* the answer is not from who has the key */ \
    X(REASON_GBA_CHALLENGE,        "gba-bad-challenge")       /* a nonce without RAND and AUTN, another realm, no end of them */ \
    X(REASON_GBA_FORBIDDEN,        "gba-forbidden")           /* the BSF answered 403 */ \
    X(REASON_GBA_SUBSCRIBER,       "gba-unknown-subscriber")  /* Zh: the HSS has no such IMPI */ \
    X(REASON_GBA_NOT_ALLOWED,      "gba-not-allowed")         /* Zh, Zn: no GBA for this subscriber, or for this NAF */ \
    X(REASON_GBA_BTID,             "gba-unknown-btid")        /* Zn: the BSF has no such transaction */ \
    X(REASON_GBA_RENEGOTIATE,      "gba-renegotiation")       /* the NAF asks for another bootstrapping */ \
    X(REASON_PANA_MALFORMED,       "pana-malformed") \
    X(REASON_PANA_AUTH,            "pana-wrong-auth")         /* the AUTH AVP does not match */ \
    X(REASON_PANA_TIMEOUT,         "pana-timeout")            /* retransmissions used up */ \
    X(REASON_PANA_REJECTED,        "pana-rejected")           /* Result-Code 1 or 2 */ \
    X(REASON_PANA_ALGORITHM,       "pana-no-common-algorithm") \
    X(REASON_PANA_TERMINATED,      "pana-terminated") \
    X(REASON_RADIUS_MALFORMED,     "radius-malformed") \
    X(REASON_RADIUS_AUTHENTICATOR, "radius-wrong-authenticator") /* wrong secret, or altered */ \
    X(REASON_RADIUS_TIMEOUT,       "radius-timeout") \
    X(REASON_RADIUS_REJECT,        "radius-reject") \
    X(REASON_NAS_MALFORMED,        "nas-malformed") \
    X(REASON_NAS_INTEGRITY,        "nas-integrity")           /* a wrong MAC or count, or capabilities that were altered on their way */ \
    X(REASON_ACCESS_NOT_ALLOWED,   "access-not-allowed")      /* EMM cause 8: no subscription, or a barred one */ \
    X(REASON_ACCESS_ROAMING,       "access-roaming-not-allowed") /* EMM cause 13 */ \
    X(REASON_ACCESS_FAILURE,       "access-network-failure")  /* EMM cause 17: its core could not */ \
    X(REASON_ACCESS_REJECTED,      "access-rejected")         /* Authentication Reject, or a cause without a name */ \
    X(REASON_ACCESS_DETACHED,      "access-detached")         /* no attach, or none that the network still knows */ \
    X(REASON_STORE_FULL,           "store-full")              /* pushed out of a full gateway's store: of the lowest category there */
/* clang-format on */

enum reason {
#define X(constant, text) constant,
    REASONS(X)
#undef X
        REASON_COUNT
};

const char *reason_text(enum reason reason);
/* REASON_COUNT: no such text. */
enum reason reason_find(const char *text);

#endif
