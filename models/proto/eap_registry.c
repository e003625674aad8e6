/* The methods there are, most wanted first. */
#include "models/proto/eap_method.h"

/* clang-format off */
static const struct eap_method *const methods[] = {
    &eap_method_aka_prime, /* RFC 9048 */
    &eap_method_aka,       /* RFC 4187 */
    &eap_method_sim,       /* RFC 4186 */
    &eap_method_tls,       /* RFC 5216 */
    &eap_method_gpsk,      /* RFC 5433 */
    &eap_method_psk,       /* RFC 4764 */
    &eap_method_ibake,     /* eap_ibake.h */
    NULL,                  /* ends the list */
};
/* clang-format on */

size_t eap_method_count(void)
{
    return sizeof(methods) / sizeof(methods[0]) - 1;
}

const struct eap_method *eap_method_at(size_t i)
{
    return methods[i];
}

const struct eap_method *eap_method_by_name(const char *name)
{
    for (size_t i = 0; methods[i]; i++)
        if (strcmp(methods[i]->name, name) == 0)
            return methods[i];
    return NULL;
}

const struct eap_method *eap_method_by_type(uint8_t type, uint32_t vendor, uint32_t vendor_type)
{
    const struct eap_packet p = {.type = type, .vendor = vendor, .vendor_type = vendor_type};

    for (size_t i = 0; methods[i]; i++)
        if (eap_method_is(methods[i], &p))
            return methods[i];
    return NULL;
}
