#include "models/proto/eap_method.h"

#define MOST_UNVERIFIED 3

void eap_half_init(struct eap_half *h, const struct eap_half_ops *ops, struct proto_env *env)
{
    *h = (struct eap_half){.ops = ops, .env = env};
}

void eap_half_fail(struct eap_half *h, enum reason reason)
{
    if (h->state == EAP_HALF_FAILED)
        return;
    h->state = EAP_HALF_FAILED;
    h->reason = reason;
    eap_keys_wipe(&h->keys);
}

void eap_half_unverified(struct eap_half *h)
{
    if (++h->unverified >= MOST_UNVERIFIED)
        eap_half_fail(h, REASON_EAP_MAC);
    else
        h->discard = true;
}

bool eap_method_is(const struct eap_method *m, const struct eap_packet *p)
{
    return m->type == p->type && m->vendor == p->vendor && m->vendor_type == p->vendor_type;
}
