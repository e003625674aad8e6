/* What a MAS keeps of its subscribers of EAP-SIM, AKA and AKA' from one authentication for the
 * next: pseudonyms, and the keys and identities of fast re-authentication (RFC 4187 4.1.1.7 and 5).
 * In memory: a MAS that was off knows none of them, and asks for the permanent identity. */
#include "models/node/mas.h"

#include "models/node/device.h"
#include "models/proto/eap_method.h"
#include "models/proto/eap_simaka_id.h"
#include "sim/base/siphash.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

struct mas_users {
    struct mas_user *all;
    uint32_t count, room;
    struct map index; /* of devices and of names, hashed; what is found is compared */
};

static uint64_t hash_of(uint64_t kind, const void *octets, size_t n)
{
    struct siphash h;
    uint64_t out[2];

    siphash_init(&h, 0, kind);
    siphash_put(&h, span_of(octets, n));
    siphash_end(&h, out);
    return out[0];
}

static uint64_t key_of_device(const struct device *dev, enum pana_usage usage)
{
    uint64_t place[2] = {(uint64_t)dev->population->index << 32 | dev->index, (uint64_t)usage};

    return hash_of(0, place, sizeof place);
}

/* Without the realm (RFC 4187 4.1.1.7); a bootstrap's are no connection's. */
static uint64_t key_of_name(const char *name, enum pana_usage usage)
{
    return hash_of(1 + (uint64_t)usage, name, strcspn(name, "@"));
}

static bool is_of(const struct mas_user *u, const struct device *dev, enum pana_usage usage)
{
    return u->population == dev->population->index && u->device == dev->index && u->usage == usage;
}

static struct mas_user *user_of(const struct mas_users *s, const struct device *dev,
                                enum pana_usage usage)
{
    uint32_t i = map_find(&s->index, key_of_device(dev, usage));

    return i != MAP_NONE && is_of(&s->all[i], dev, usage) ? &s->all[i] : NULL;
}

const struct mas_user *mas_user_of(const struct server *mas, const struct device *dev,
                                   enum pana_usage usage)
{
    return mas->users ? user_of(mas->users, dev, usage) : NULL;
}

const struct mas_user *mas_user_named(const struct server *mas, const char *identity,
                                      enum pana_usage usage)
{
    uint32_t i = mas->users ? map_find(&mas->users->index, key_of_name(identity, usage)) : MAP_NONE;
    const struct mas_user *u;

    if (i == MAP_NONE)
        return NULL;
    u = &mas->users->all[i];
    return u->usage == usage && (simaka_id_same_user(u->reauth.pseudonym, identity) ||
                                 simaka_id_same_user(u->reauth.identity, identity))
               ? u
               : NULL;
}

static void index_names(struct mas_users *s, const struct mas_user *u, bool put)
{
    const char *const names[] = {u->reauth.pseudonym, u->reauth.identity};

    for (int i = 0; i < 2; i++) {
        if (!*names[i])
            continue;
        if (put)
            map_put(&s->index, key_of_name(names[i], u->usage), (uint32_t)(u - s->all));
        else
            map_remove(&s->index, key_of_name(names[i], u->usage));
    }
}

static struct mas_user *new_user(struct mas_users *s, const struct device *dev,
                                 enum pana_usage usage)
{
    if (s->count == s->room) {
        s->room = s->room ? 2 * s->room : 16;
        s->all = xrealloc(s->all, s->room * sizeof *s->all);
    }
    s->all[s->count] = (struct mas_user){
        .population = dev->population->index, .device = dev->index, .usage = usage};
    map_put(&s->index, key_of_device(dev, usage), s->count);
    return &s->all[s->count++];
}

void mas_user_keep(struct server *mas, const struct device *dev, enum pana_usage usage,
                   const char *permanent, const struct eap_reauth *reauth)
{
    struct mas_user *u;

    if (!mas->users)
        mas->users = xcalloc(1, sizeof *mas->users);
    u = user_of(mas->users, dev, usage);
    if (u)
        index_names(mas->users, u, false);
    else
        u = new_user(mas->users, dev, usage);
    u->reauth = *reauth;
    u->permanent[0] = '\0';
    str_append(u->permanent, sizeof u->permanent, 0, permanent);
    index_names(mas->users, u, true);
}

void mas_users_forget(struct server *mas)
{
    struct mas_users *s = mas->users;

    mas->users = NULL;
    if (!s)
        return;
    explicit_bzero(s->all, s->count * sizeof *s->all);
    free(s->all);
    map_release(&s->index);
    free(s);
}

/* A temporary identity that is nobody's, or no longer: its first character tells the method, and
 * that asks for another one. NULL: it does not look like one. */
const struct eap_method *mas_method_of_stranger(const char *identity)
{
    static const struct {
        const struct eap_method *method;
        enum simaka_kind kind;
    } methods[] = {{&eap_method_sim, SIMAKA_SIM},
                   {&eap_method_aka, SIMAKA_AKA},
                   {&eap_method_aka_prime, SIMAKA_AKA_PRIME}};

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        enum simaka_sort sort = simaka_id_sort(methods[i].kind, identity);

        if (sort == SIMAKA_PSEUDONYM || sort == SIMAKA_REAUTH)
            return methods[i].method;
    }
    return NULL;
}
