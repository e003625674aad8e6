/* The software image of a device and its measurement (TS 102 690: checked and stored in the secured
 * environment; GAP C6 for what the bits say). A population runs one genuine image; a tampered
 * device has one octet of one component changed. A firmware wave brings another image; until its
 * hashes are there too, it is no better than a tampered one. */
#include "models/node/image.h"

#include "crypto/hash.h"
#include "models/node/device.h"
#include "models/node/happening.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

#define IMAGE_VERSION 1
#define IMAGE_MAX     32

struct image {
    uint8_t *octets;
    struct se_component components[IMAGE_MAX];
    uint32_t count;
};

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

static void make_one(struct population *p, uint32_t number)
{
    const struct cfg_device *c = p->config->device;
    size_t each = c->ival.component_octets;
    struct image *image = &p->images[number];
    struct rng r = rng_stream(p->d->in.seed, p->config->name, "image");

    r.counter = (uint64_t)number << 40;
    image->count = c->ival.components;
    image->octets = xcalloc(image->count, each);
    rng_bytes(&r, image->octets, each * image->count);
    for (uint32_t i = 0; i < image->count; i++) {
        struct se_component *component = &image->components[i];
        component->name = "component";
        component->image = span_of(image->octets + i * each, each);
        component->capability_bits = component_bits(i, image->count);
        hash_sha256(NULL, component->image, component->reference);
    }
}

/* Commands bring one image more, the newest. */
static bool brings_firmware(const struct deployment_population *p, uint32_t devices)
{
    const struct cfg_application *a = p->kind == CFG_APPLICATION ? &p->server->application : NULL;

    return a && a->devices == devices && a->command.every &&
           a->command.what == CFG_COMMAND_FIRMWARE;
}

static uint32_t image_count(const struct population *p)
{
    uint32_t n = 1;
    bool commanded = false;

    for (uint32_t i = 0; i < p->d->in.event_count; i++)
        n += p->d->in.events[i].what == HAPPENING_FIRMWARE &&
             p->d->in.events[i].population == p->index;
    for (uint32_t i = 0; i < p->d->in.population_count; i++)
        commanded |= brings_firmware(&p->d->in.populations[i], p->index);
    return n + commanded;
}

void image_make(struct population *p)
{
    uint32_t n = image_count(p);

    p->images = xcalloc(n, sizeof *p->images);
    for (uint32_t i = 0; i < n; i++)
        make_one(p, i);
}

void image_release(struct population *p)
{
    uint32_t n = image_count(p);

    for (uint32_t i = 0; p->images && i < n; i++)
        free(p->images[i].octets);
    free(p->images);
}

bool device_is_tampered(const struct device *dev, sim_ns now)
{
    return now >= dev->tampered_at;
}

void device_install_newest(struct device *dev)
{
    struct fate *f = device_fate(dev);

    f->image = f->reference = f->coming = (uint8_t)(image_count(dev->population) - 1);
    f->next = SIM_NEVER;
    dev->tampered_at = SIM_NEVER;
    dev->detected = false;
}

uint32_t device_measure(struct device *dev, sim_ns now, struct meter *m)
{
    uint8_t present = dev->fate ? dev->fate->image : 0;
    const struct image *image = &dev->population->images[present];
    const struct image *known = &dev->population->images[dev->fate ? dev->fate->reference : 0];
    struct se_component components[IMAGE_MAX];
    uint8_t *copy = NULL;
    uint32_t result;

    for (uint32_t i = 0; i < image->count; i++) {
        components[i] = image->components[i];
        memcpy(components[i].reference, known->components[i].reference,
               sizeof components[i].reference);
    }
    if (device_is_tampered(dev, now)) {
        struct rng r = device_stream(dev, "tampering");
        struct se_component *victim = &components[rng_below(&r, image->count)];
        size_t n = victim->image.n;
        copy = xcalloc(1, n);
        memcpy(copy, victim->image.p, n);
        copy[rng_below(&r, n)] ^= 0x40;
        victim->image.p = copy;
    }
    result = se_measure(&dev->se, m, components, image->count, (IMAGE_VERSION + present) & 15u);
    free(copy);
    return result;
}
