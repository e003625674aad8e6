#include "models/node/method.h"

static const struct method_facts bootstraps[] = {
    [CFG_BOOTSTRAP_PRE_PROVISIONED] = {.name = "pre-provisioned"},
    [CFG_BOOTSTRAP_NONE] = {.name = "none"},
    [CFG_BOOTSTRAP_TLS_X509] = {.name = "tls-x509", .certificates = true, .exchange = true},
    [CFG_BOOTSTRAP_EAP_SIM] = {.name = "eap-sim", .eap = "sim", .uicc = true, .exchange = true},
    [CFG_BOOTSTRAP_EAP_AKA] =
        {.name = "eap-aka", .eap = "aka", .uicc = true, .umts = true, .exchange = true},
    [CFG_BOOTSTRAP_EAP_AKA_PRIME] =
        {.name = "eap-aka-prime", .eap = "aka-prime", .uicc = true, .umts = true, .exchange = true},
    [CFG_BOOTSTRAP_EAP_TLS] = {.name = "eap-tls",
                               .eap = "tls",
                               .certificates = true,
                               .exchange = true},
    [CFG_BOOTSTRAP_EAP_GPSK] =
        {.name = "eap-gpsk", .eap = "gpsk", .psk = true, .gpsk = true, .exchange = true},
    [CFG_BOOTSTRAP_EAP_PSK] = {.name = "eap-psk", .eap = "psk", .psk = true, .exchange = true},
    [CFG_BOOTSTRAP_EAP_IBAKE] = {.name = "eap-ibake",
                                 .eap = "ibake",
                                 .ibe = true,
                                 .exchange = true},
    [CFG_BOOTSTRAP_GBA_ME] =
        {.name = "gba-me", .uicc = true, .umts = true, .gba = true, .exchange = true},
    [CFG_BOOTSTRAP_GBA_U] =
        {.name = "gba-u", .uicc = true, .umts = true, .gba = true, .exchange = true},
};

static const struct method_facts connects[] = {
    [CFG_CONNECT_TLS_PSK] = {.name = "tls-psk", .tls_psk = true, .exchange = true},
    [CFG_CONNECT_EAP_GPSK] =
        {.name = "eap-gpsk", .eap = "gpsk", .psk = true, .gpsk = true, .exchange = true},
    [CFG_CONNECT_EAP_PSK] = {.name = "eap-psk", .eap = "psk", .psk = true, .exchange = true},
    [CFG_CONNECT_EAP_SIM] = {.name = "eap-sim", .eap = "sim", .uicc = true, .exchange = true},
    [CFG_CONNECT_EAP_AKA] =
        {.name = "eap-aka", .eap = "aka", .uicc = true, .umts = true, .exchange = true},
    [CFG_CONNECT_EAP_AKA_PRIME] =
        {.name = "eap-aka-prime", .eap = "aka-prime", .uicc = true, .umts = true, .exchange = true},
    [CFG_CONNECT_GBA] = {.name = "gba", .uicc = true, .umts = true, .gba = true, .exchange = true},
    [CFG_CONNECT_NONE] = {.name = "none"},
};

const struct method_facts *method_of_bootstrap(enum cfg_bootstrap method)
{
    return &bootstraps[method];
}

const struct method_facts *method_of_connect(enum cfg_connect method)
{
    return &connects[method];
}
