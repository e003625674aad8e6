#include "models/node/mid_security.h"

#include "crypto/keys.h"

uint16_t mid_security_flags(uint32_t set)
{
    unsigned flags = set == CFG_SECURITY_NONE ? MID_AN_SECURITY : 0;

    if (set & CFG_SECURITY_CHANNEL)
        flags |= MID_TLS_PSK;
    if (set & CFG_SECURITY_SIGN)
        flags |= MID_OBJECT_SIGN;
    if (set & CFG_SECURITY_ENCRYPT)
        flags |= MID_OBJECT_ENCRYPT;
    return (uint16_t)flags;
}

static uint32_t set_of(uint16_t flags)
{
    uint32_t set = CFG_SECURITY_NONE;

    if (flags & MID_CHANNELS)
        set |= CFG_SECURITY_CHANNEL;
    if (flags & MID_OBJECT_SIGN)
        set |= CFG_SECURITY_SIGN;
    if (flags & MID_OBJECT_ENCRYPT)
        set |= CFG_SECURITY_ENCRYPT;
    return set;
}

uint16_t mid_security_wish(const struct cfg_device *c)
{
    unsigned flags = mid_security_flags(c->mid.security);

    if (flags & MID_TLS_PSK && c->mid.binding == BINDING_COAP)
        flags ^= MID_CHANNELS;
    return flags == MID_TLS_PSK ? 0 : (uint16_t)flags;
}

uint16_t mid_security_grant(const struct cfg_server *mas, uint16_t wish)
{
    const struct cfg_sets *policy = &mas->mid_security;
    uint32_t wished;

    if (wish == 0)
        wish = MID_TLS_PSK;
    wished = set_of(wish);
    for (uint32_t i = 0; i < policy->count; i++)
        if (policy->set[i] == wished)
            return wish;
    return policy->count > 0 ? mid_security_flags(policy->set[0]) : wish;
}

bool mid_security_can(const struct cfg_device *c, uint16_t granted)
{
    uint32_t set = set_of(granted);
    bool bare_cbc =
        (granted & MID_OBJECTS) == MID_OBJECT_ENCRYPT && c->mid.cipher == XMLSEC_AES128_CBC;

    return set != CFG_SECURITY_NONE && !(set & ~c->mid.capable) && !bare_cbc;
}

const char *mid_security_name(enum binding binding, uint16_t flags)
{
    static const char *const names[2][2][4] = {
        {{"http", "http+sign", "http+encrypt", "http+sign+encrypt"},
         {"https", "https+sign", "https+encrypt", "https+sign+encrypt"}},
        {{"coap", "coap+sign", "coap+encrypt", "coap+sign+encrypt"},
         {"coaps", "coaps+sign", "coaps+encrypt", "coaps+sign+encrypt"}},
    };
    unsigned objects = (flags & MID_OBJECT_SIGN ? 1u : 0u) | (flags & MID_OBJECT_ENCRYPT ? 2u : 0u);

    return names[binding == BINDING_COAP][(flags & MID_CHANNELS) != 0][objects];
}
