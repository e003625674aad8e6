/* Private to models/node: the scenario's events, and what has befallen a device by them. */
#ifndef MODELS_NODE_HAPPENING_H
#define MODELS_NODE_HAPPENING_H

#include "models/node/population.h"

/* What has befallen a device by the scenario's events. Times are SIM_NEVER where
 * there is nothing. */
struct fate {
    sim_ns next, lag;                 /* of the firmware under way: its next step */
    sim_ns powered;                   /* power is back from then on; not registered again yet */
    sim_ns denied;                    /* a verdict against it while it is genuine */
    uint8_t image, reference, coming; /* which of the population's images */
    bool dark;                        /* without power */
};

void happenings_make(struct deployment *d);
struct fate *device_fate(struct device *dev); /* made if there is none yet */
/* Incidents: power has failed for what was registered and will be back at `back`; it is registered
 * again; its integrity was judged; the run is over. */
void incident_power(struct device *dev, sim_ns now, sim_ns back);
void incident_served(struct device *dev, sim_ns now);
void incident_verdict(struct device *dev, sim_ns now, bool granted);
void incidents_finish(struct device *dev, sim_ns now);
void device_take_firmware(struct device *dev, sim_ns now); /* the step that is due */

#endif
