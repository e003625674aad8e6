/* RCAT and TRPDT of a requestIndication (etsi-m2m.md 8.2): how urgent a request is, and how long it
 * may wait where it is stored, as the bindings carry them (8.3): x-etsi-rcat and x-etsi-trpdt,
 * fields of HTTP, parts of CoAP's query. Hostile octets: bounded, parsed whole. */
#ifndef MODELS_PROTO_M2M_CATEGORY_H
#define MODELS_PROTO_M2M_CATEGORY_H

#include "sim/base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define M2M_RCAT_NAME  "x-etsi-rcat"
#define M2M_TRPDT_NAME "x-etsi-trpdt"
#define M2M_RCAT_MAX   7 /* the most urgent, by our choice */
/* What a storing SCL takes for what a request does not say (defaultRcatValue, defaultTrpdtValues of
 * etsiM2mSpPolicy). */
#define M2M_RCAT_DEFAULT  3
#define M2M_TRPDT_DEFAULT 0

enum m2m_trpdt {
    M2M_TRPDT_ABSENT,
    M2M_TRPDT_DELAY, /* tolerableDelay */
    M2M_TRPDT_TIME   /* tolerableTime */
};
struct m2m_category {
    int64_t trpdt_ns; /* a delay, or since 1970 */
    enum m2m_trpdt trpdt;
    bool has_rcat;
    uint8_t rcat;
};

/* 0 to 7. false: not of that form; *c is as before. */
bool m2m_rcat_parse(struct span text, struct m2m_category *c);
/* A duration of XML Schema without years and months, which have no length; whole seconds, as
 * requests have been seen; or a dateTime. At most a hundred years. false: as above. */
bool m2m_trpdt_parse(struct span text, struct m2m_category *c);
/* A delay as a duration: "PT300S", "PT0.25S". */
void m2m_trpdt_write(int64_t delay_ns, char out[40]);

/* What it says, or the default. How long it may still wait, in ns; unix_now: since 1970, in ns. */
uint8_t m2m_category_rcat(const struct m2m_category *c);
int64_t m2m_category_delay(const struct m2m_category *c, int64_t unix_now);

#endif
