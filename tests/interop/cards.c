#include "tests/interop/cards.h"

#include "crypto/hash.h"

#include <stdio.h>
#include <string.h>

bool card_read(const char *line, struct card *out)
{
    char k[33], opc[33], amf[5], sqn[13];
    uint8_t octets[6];

    memset(out, 0, sizeof(*out));
    if (sscanf(line, "%15[0-9] %32[0-9a-fA-F] %32[0-9a-fA-F] %4[0-9a-fA-F] %12[0-9a-fA-F]",
               out->imsi, k, opc, amf, sqn) != 5)
        return false;
    if (!hex_decode(k, strlen(k), out->k, 16) || !hex_decode(opc, strlen(opc), out->opc, 16) ||
        !hex_decode(amf, strlen(amf), out->amf, 2) || !hex_decode(sqn, strlen(sqn), octets, 6))
        return false;
    for (int i = 0; i < 6; i++)
        out->sqn = out->sqn << 8 | octets[i];
    return true;
}
