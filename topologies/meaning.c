/* Which keys of a device mean something beside its others. */
#include <string.h>

#include "models/node/method.h"
#include "topologies/reader.h"

static bool by_certificates(const struct cfg_device *d)
{
    return method_of_bootstrap(d->bootstrap.method)->certificates;
}

static bool by_ibe(const struct cfg_device *d)
{
    return method_of_bootstrap(d->bootstrap.method)->ibe;
}

static bool by_authority(const struct cfg_device *d)
{
    return by_certificates(d) || by_ibe(d);
}

static bool by_exchange(const struct cfg_device *d)
{
    return method_of_bootstrap(d->bootstrap.method)->exchange;
}

static bool by_key(const struct cfg_device *d)
{
    return method_of_bootstrap(d->bootstrap.method)->psk;
}

static bool by_gpsk(const struct cfg_device *d)
{
    return method_of_bootstrap(d->bootstrap.method)->gpsk;
}

static bool has_kmr(const struct cfg_device *d)
{
    return d->bootstrap.method != CFG_BOOTSTRAP_NONE;
}

static bool has_provisioned_kmr(const struct cfg_device *d)
{
    return d->bootstrap.method == CFG_BOOTSTRAP_PRE_PROVISIONED;
}

static bool connects_by_tls(const struct cfg_device *d)
{
    return method_of_connect(d->connect.method)->tls_psk;
}

static bool connects_by_gpsk(const struct cfg_device *d)
{
    return method_of_connect(d->connect.method)->gpsk;
}

static bool uses_provisioned_kmr(const struct cfg_device *d)
{
    return d->bootstrap.method == CFG_BOOTSTRAP_PRE_PROVISIONED &&
           method_needs_kmr(d->connect.method);
}

static bool counts_sequences(const struct cfg_device *d)
{
    return method_of_bootstrap(d->bootstrap.method)->umts ||
           method_of_connect(d->connect.method)->umts || method_attaches(d);
}

static bool has_channel(const struct cfg_device *d)
{
    return ((d->mid.security | d->mid.capable) & CFG_SECURITY_CHANNEL) != 0;
}

static bool listens(const struct cfg_device *d)
{
    return d->apoc.listen;
}

static bool may_encrypt(const struct cfg_device *d)
{
    return ((d->mid.security | d->mid.capable) & CFG_SECURITY_ENCRYPT) != 0;
}

static bool by_coap(const struct cfg_device *d)
{
    return d->mid.binding == BINDING_COAP;
}

static bool has_tls(const struct cfg_device *d)
{
    return has_channel(d) && d->mid.binding == BINDING_HTTP;
}

static bool is_resumed(const struct cfg_device *d)
{
    return has_channel(d) && d->mid.resume != TLS_RESUME_NO;
}

static bool has_kmc(const struct cfg_device *d)
{
    return method_of_connect(d->connect.method)->exchange;
}

static bool has_uicc(const struct cfg_device *d)
{
    return method_needs_uicc(d) || method_attaches(d);
}

static bool by_gba_alone(const struct cfg_device *d)
{
    return method_of_connect(d->connect.method)->gba &&
           !method_of_bootstrap(d->bootstrap.method)->gba;
}

static bool by_psk_tls(const struct cfg_device *d)
{
    return method_needs_bsf(d) && d->gba.ua == CFG_UA_PSK_TLS;
}

static bool by_ecdhe(const struct cfg_device *d)
{
    return by_psk_tls(d) && strncmp(tls_suite_name(d->gba.tls.suite), "ECDHE-", 6) == 0;
}

static bool by_gba_u(const struct cfg_device *d)
{
    return method_needs_bsf(d) && method_is_gba_u(d);
}

static bool is_poisson(const struct cfg_device *d)
{
    return d->arrivals.shape == CFG_ARRIVAL_POISSON;
}

static bool is_not_poisson(const struct cfg_device *d)
{
    return !is_poisson(d);
}

static bool has_windows(const struct cfg_device *d)
{
    return d->store.window_every != 0;
}

static bool is_blocked(const struct cfg_device *d)
{
    return d->store.blocked_after != 0;
}

#define AT(member) offsetof(struct cfg_device, member)
static const struct meaning meanings[] = {
    {AT(bootstrap.tls.suite), by_certificates, "this bootstrap has no TLS with certificates"},
    {AT(bootstrap.tls.version), by_certificates, "this bootstrap has no TLS with certificates"},
    {AT(bootstrap.wrong_ca_ppm), by_authority, "this bootstrap has no certificates"},
    {AT(bootstrap.expired_ppm), by_authority, "this bootstrap has no certificates"},
    {AT(bootstrap.ibe), by_ibe, "this bootstrap is not by eap-ibake"},
    {AT(bootstrap.msbf), by_exchange, "nobody bootstraps these devices"},
    {AT(bootstrap.wrong_key_ppm), by_key, "this bootstrap has no shared key"},
    {AT(bootstrap.gpsk_suite), by_gpsk, "this bootstrap is not by eap-gpsk"},
    {AT(keys.kmr), has_kmr, "these devices have no Kmr"},
    {AT(connect.tls.suite), connects_by_tls, "this connection is not by tls-psk"},
    {AT(connect.tls.version), connects_by_tls, "this connection is not by tls-psk"},
    {AT(connect.tls.group), connects_by_tls, "this connection is not by tls-psk"},
    {AT(connect.gpsk_suite), connects_by_gpsk, "this connection is not by eap-gpsk"},
    {AT(connect.wrong_key_ppm), uses_provisioned_kmr, "no pre-provisioned Kmr is used here"},
    {AT(connect.mas), method_needs_mas, "these devices have neither Kmr nor Kmc"},
    {AT(keys.kmc), has_kmc, "these devices have no Kmc"},
    {AT(keys.applications), has_kmc, "these devices have no Kmc, of which Kma are made"},
    {AT(uicc.wrong_key_ppm), has_uicc, "neither bootstrap nor connection nor attach use a UICC"},
    {AT(uicc.ahead_ppm), counts_sequences,
     "neither bootstrap nor connection nor attach have sequence numbers"},
    {AT(uicc.gba_u), by_gba_alone, "only a connection by gba behind another bootstrap has this"},
    {AT(gba.bsf), method_needs_bsf, "neither bootstrap nor connection are by GBA"},
    {AT(gba.application), method_needs_bsf, "neither bootstrap nor connection are by GBA"},
    {AT(gba.ua), method_needs_bsf, "neither bootstrap nor connection are by GBA"},
    {AT(gba.reuse), method_needs_bsf, "neither bootstrap nor connection are by GBA"},
    {AT(gba.refused_ppm), method_needs_bsf, "neither bootstrap nor connection are by GBA"},
    {AT(gba.tls.suite), by_psk_tls, "Ua is not by psk-tls"},
    {AT(gba.tls.version), by_psk_tls, "Ua is not by psk-tls"},
    {AT(gba.tls.group), by_ecdhe, "Ua is not by psk-tls with an ECDHE-PSK suite"},
    {AT(gba.key), by_gba_u, "only GBA_U has two keys for a NAF"},
    {AT(personal.store), has_provisioned_kmr, "no Kmr is pre-provisioned here"},
    {AT(personal.batches), has_provisioned_kmr, "no Kmr is pre-provisioned here"},
    {AT(personal.age), has_provisioned_kmr, "no Kmr is pre-provisioned here"},
    {AT(personal.interval), has_provisioned_kmr, "no Kmr is pre-provisioned here"},
    {AT(access.at), method_attaches, "these devices attach to no access network"},
    {AT(access.irt), method_attaches, "these devices attach to no access network"},
    {AT(access.mrt), method_attaches, "these devices attach to no access network"},
    {AT(access.guard), method_attaches, "these devices attach to no access network"},
    {AT(access.barred_ppm), method_attaches, "these devices attach to no access network"},
    {AT(access.roaming_barred_ppm), method_attaches, "these devices attach to no access network"},
    {AT(mid.capable), has_kmc, "these devices have no Kmc"},
    {AT(mid.cipher), may_encrypt, "no objects are encrypted here"},
    {AT(mid.tls.suite), has_channel, "mId has no TLS here"},
    {AT(mid.tls.version), has_tls, "mId has no TLS here"},
    {AT(mid.resume), has_channel, "mId has no TLS here"},
    {AT(mid.resume_for), is_resumed, "no session is resumed here"},
    {AT(mid.ack_timeout), by_coap, "mId is not over CoAP here"},
    {AT(apoc.takes), listens, "no application listens here"},
    {AT(store.window_open), has_windows, "the gateway's link is for use always"},
    {AT(store.blocked_for), is_blocked, "no number of failures blocks the gateway's link"},
    {AT(arrivals.over), is_not_poisson, "with poisson the span follows from 'mean' and 'count'"},
    {AT(arrivals.mean), is_poisson, "only poisson has a mean time between starts"},
};

const struct meaning *meaning_at(size_t i)
{
    return i < sizeof meanings / sizeof *meanings ? &meanings[i] : NULL;
}
