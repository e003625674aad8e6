/* One hexadecimal digit, as texts of many kinds have it. */
#ifndef SIM_BASE_HEX_H
#define SIM_BASE_HEX_H

/* 0..15; -1: no such digit. */
static inline int hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

#endif
