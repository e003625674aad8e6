/* A node behind a CoAP endpoint, for the programs that talk to libcoap: as a server one resource
 * that can be read, replaced, created, deleted and observed; as a client a conversation with the
 * resources of libcoap's example server. */
#ifndef TESTS_INTEROP_COAP_NODE_H
#define TESTS_INTEROP_COAP_NODE_H

#include "models/proto/coap.h"

struct coap_node {
    /* The server's. */
    uint8_t body[8192];
    size_t n;
    bool has, separate;
    unsigned requests, notify, notified;
    uint32_t observer, late; /* exchanges */
    /* The client's. */
    unsigned at; /* of the conversation */
    uint32_t exchange;
    unsigned notifications;
    bool waiting, done;
    const char *failure; /* static text */
};

uint8_t coap_node_octet(size_t i);
/* 0: "0123456789abcdef". */
void coap_node_fill(struct coap_node *n, size_t octets);
bool coap_node_is(const struct coap_node *n, size_t octets);
void coap_node_step(struct coap_node *n, struct coap_endpoint *e, sim_ns now);
/* Closes the endpoint at its end. */
void coap_node_ask(struct coap_node *n, struct coap_endpoint *e, sim_ns now);
/* Of the files "question" and "answer". */
void coap_node_remove(const char *folder);

#endif
