/* Texts in JSON (RFC 8259), and what of a text can be shown at all. */
#ifndef SIM_BASE_JSON_H
#define SIM_BASE_JSON_H

#include <stddef.h>
#include <stdio.h>

/* s as a JSON string, quotes included: controls are escaped, octets that are not UTF-8 become
 * U+FFFD. */
void json_text(FILE *to, const char *s);
/* v with twelve significant digits; null when it is not finite, for which JSON has no word. */
void json_number(FILE *to, double v);
/* Octets of the UTF-8 character at s; 0: none begins here, or it is one that a terminal would obey.
 */
size_t utf8_character(const char *s);

#endif
