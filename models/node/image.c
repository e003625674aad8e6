/* The software image of a device and its measurement (TS 102 690: checked and stored in the secured
 * environment; GAP C6 for what the bits say). A population runs one genuine image; a tampered
 * device has one octet of one component changed. */
#include "models/node/impl.h"

#include "crypto/hash.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

#define IMAGE_VERSION 1

/* Component i carries the capabilities and application groups whose number is i modulo the count,
 * so that each bit of the result depends on exactly one component. */
static uint32_t component_bits(uint32_t i, uint32_t count)
{
    uint32_t bits = 0;

    for (unsigned c = CAP_XAE; c <= CAP_SPARE; c++) {
        if (c % count == i)
            bits |= ival_capability_bit((enum m2m_capability)c);
    }
    for (unsigned g = 0; g < 16; g++) {
        if (g % count == i)
            bits |= UINT32_C(1) << (IVAL_APP_SHIFT + g);
    }
    return bits;
}

void image_make(struct population *p)
{
    const struct cfg_device *c = p->config->device;
    size_t each = c->ival.component_octets;
    struct rng r = rng_stream(p->d->in.seed, p->config->name, "image");

    p->image.count = c->ival.components;
    p->image.octets = xcalloc(p->image.count, each);
    rng_bytes(&r, p->image.octets, each * p->image.count);
    for (uint32_t i = 0; i < p->image.count; i++) {
        struct se_component *component = &p->image.components[i];
        component->name = "component";
        component->image = span_of(p->image.octets + i * each, each);
        component->capability_bits = component_bits(i, p->image.count);
        hash_sha256(NULL, component->image, component->reference);
    }
}

void image_release(struct population *p)
{
    free(p->image.octets);
}

bool device_is_tampered(const struct device *dev, sim_ns now)
{
    return now >= dev->tampered_at;
}

uint32_t device_measure(struct device *dev, sim_ns now, struct meter *m)
{
    const struct image *image = &dev->population->image;
    struct se_component components[IMAGE_MAX];
    uint8_t *copy = NULL;
    uint32_t result;

    for (uint32_t i = 0; i < image->count; i++)
        components[i] = image->components[i];
    if (device_is_tampered(dev, now)) {
        struct rng r = device_stream(dev, "tampering");
        struct se_component *victim = &components[rng_below(&r, image->count)];
        size_t n = victim->image.n;
        copy = xcalloc(1, n);
        memcpy(copy, victim->image.p, n);
        copy[rng_below(&r, n)] ^= 0x40;
        victim->image.p = copy;
    }
    result = se_measure(&dev->se, m, components, image->count, IMAGE_VERSION);
    free(copy);
    return result;
}
