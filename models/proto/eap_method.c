#include "models/proto/eap_method.h"

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

bool eap_method_is(const struct eap_method *m, const struct eap_packet *p)
{
    return m->type == p->type && m->vendor == p->vendor && m->vendor_type == p->vendor_type;
}
