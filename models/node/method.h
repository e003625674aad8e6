/* The methods of bootstrap and of service connection, and what each needs (etsi-m2m.md 4 and 5):
 * one row each, for whoever reads, checks or runs a scenario. */
#ifndef MODELS_NODE_METHOD_H
#define MODELS_NODE_METHOD_H

#include "models/node/config.h"

struct method_facts {
    const char *name; /* in rows */
    const char *eap; /* over PANA with this method of models/proto/eap_method.h; NULL: not by EAP */
    bool certificates; /* both sides'; TLS settings */
    bool tls_psk;
    bool uicc;     /* a UICC, and an HSS behind the MAS or the BSF */
    bool umts;     /* sequence numbers, which may be out of step */
    bool psk;      /* a shared key: at bootstrap the device's own credential, at connection Kmr */
    bool gpsk;     /* a choice of two ciphersuites */
    bool ibe;      /* a private key from a key-management authority */
    bool gba;      /* Ub with a BSF, then Ua with a NAF */
    bool exchange; /* there is something to be done: not pre-provisioned, not absent */
};
const struct method_facts *method_of_bootstrap(enum cfg_bootstrap method);
const struct method_facts *method_of_connect(enum cfg_connect method);
/* Kmc comes from Kmr; else straight from the access network's credentials, and Kmr is not needed
 * (etsi-m2m.md 3). */
static inline bool method_needs_kmr(enum cfg_connect method)
{
    return method_of_connect(method)->exchange && !method_of_connect(method)->uicc;
}
static inline bool method_attaches(const struct cfg_device *d)
{
    return d->access.at != CFG_NONE;
}
/* A MAS has something to do with these devices. */
static inline bool method_needs_mas(const struct cfg_device *d)
{
    return d->bootstrap.method != CFG_BOOTSTRAP_NONE ||
           method_of_connect(d->connect.method)->exchange;
}
static inline bool method_needs_uicc(const struct cfg_device *d)
{
    return method_of_bootstrap(d->bootstrap.method)->uicc ||
           method_of_connect(d->connect.method)->uicc;
}
static inline bool method_needs_bsf(const struct cfg_device *d)
{
    return method_of_bootstrap(d->bootstrap.method)->gba ||
           method_of_connect(d->connect.method)->gba;
}
/* Its UICC knows GBA_U, and so it is run with it (TS 33.220 5.1). */
static inline bool method_is_gba_u(const struct cfg_device *d)
{
    return d->bootstrap.method == CFG_BOOTSTRAP_GBA_U ||
           (d->bootstrap.method != CFG_BOOTSTRAP_GBA_ME && d->uicc.gba_u);
}

#endif
