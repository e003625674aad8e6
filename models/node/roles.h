/* Private to models/node: what each kind of server makes of a session, for server.c. A session is
 * accepted, its credentials are looked up, and a request that waits is answered or asked about. */
#ifndef MODELS_NODE_ROLES_H
#define MODELS_NODE_ROLES_H

#include "models/node/server.h"
#include "models/proc/client.h"

/* msbf.c, mas.c, nscl.c */
void msbf_request(struct server_end *e, const struct server_request *r, sim_ns now);
void mas_request(struct server_end *e, const struct server_request *r, sim_ns now);
unsigned mas_psk(void *arg, struct span identity, uint8_t psk[32], enum reason *reason);
void nscl_request(struct server_end *e, const struct server_request *r, sim_ns now);
unsigned nscl_psk(void *arg, struct span identity, uint8_t psk[32], enum reason *reason);
bool nscl_grant(void *arg, struct span identity, struct mid_grant *out, enum reason *reason);

/* mid_coap.c: mId over CoAP, at the device and at the NSCL. */
void mid_coap_client(const struct device *dev, struct mid_settings *settings);
/* address: 6 octets, for as long as the settings are used. */
void mid_coap_server(const struct server_end *e, uint8_t *address,
                     struct server_settings *settings);
bool mid_coap_accept(struct udp_listener *l, struct udp_end *end, const struct udp_ops **ops,
                     void **user);

/* paa.c: MSBF and NSCL as PANA's authentication agents. */
bool paa_accept(struct udp_listener *l, struct udp_end *end, const struct udp_ops **ops,
                void **user);
/* mas_aaa.c: the MAS as authentication server of EAP, by RADIUS. */
bool aaa_accept(struct udp_listener *l, struct udp_end *end, const struct udp_ops **ops,
                void **user);
/* bsf.c: Ub. */
bool bsf_accept(struct flow_listener *l, struct flow_end *end, const struct flow_ops **ops,
                void **user);

#endif
