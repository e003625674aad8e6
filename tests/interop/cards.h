/* Subscribers as texts, for the little programs here: "IMSI K OPC AMF SQN" in hex, the IMSI in
 * digits. */
#ifndef TESTS_INTEROP_CARDS_H
#define TESTS_INTEROP_CARDS_H

#include <stdbool.h>
#include <stdint.h>

struct card {
    char imsi[16];
    uint8_t k[16], opc[16], amf[2];
    uint64_t sqn;
};

/* false: not such a line. */
bool card_read(const char *line, struct card *out);

#endif
