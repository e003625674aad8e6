/* Private to models/node: software images of a population, genuine components and their reference
 * hashes, and what is installed on a device. */
#ifndef MODELS_NODE_IMAGE_H
#define MODELS_NODE_IMAGE_H

#include "crypto/meter.h"
#include "models/node/population.h"

void image_make(struct population *p);
void image_release(struct population *p);
bool device_is_tampered(const struct device *dev, sim_ns now);
/* By command: the newest of the population's images, with its hashes; a genuine one. */
void device_install_newest(struct device *dev);
/* Hashes the device's image as it is now and keeps the result in its secured environment. Any
 * thread. */
uint32_t device_measure(struct device *dev, sim_ns now, struct meter *m);

#endif
