/* The users as an EAP server's node: who that is, and the home network's AuC. */
#include "topologies/users_impl.h"

#include "models/proto/eap_simaka_id.h"

/* What of a user a text of that kind would have to equal. */
static struct span text_of(const struct user *u, enum users_index kind)
{
    switch (kind) {
    case USERS_BY_IDENTITY:
    case USERS_BY_NODE:
        return span_str(u->identity);
    case USERS_BY_IMSI:
        return span_str(u->imsi);
    case USERS_BY_PSEUDONYM:
        return span_of(u->reauth.pseudonym, strcspn(u->reauth.pseudonym, "@"));
    case USERS_BY_REAUTH:
        return span_of(u->reauth.identity, strcspn(u->reauth.identity, "@"));
    }
    return span_of(NULL, 0);
}

struct user *users_find(struct users *u, enum users_index kind, struct span text)
{
    uint32_t i = text.n ? map_find(&u->index, users_hash(kind, text)) : MAP_NONE;
    struct span own;

    if (i == MAP_NONE)
        return NULL;
    own = text_of(&u->all[i], kind);
    return own.n == text.n && memcmp(own.p, text.p, text.n) == 0 ? &u->all[i] : NULL;
}

/* ---- who that is ---- */

static const struct {
    const struct eap_method *method;
    enum simaka_kind kind;
} subscriber_methods[] = {
    {&eap_method_sim, SIMAKA_SIM},
    {&eap_method_aka, SIMAKA_AKA},
    {&eap_method_aka_prime, SIMAKA_AKA_PRIME},
};
#define SUBSCRIBER_METHODS (sizeof(subscriber_methods) / sizeof(subscriber_methods[0]))

/* The method that an identity's first character asks for (RFC 4187 4.1.1.4); NULL: none. */
static const struct eap_method *wished(const char *identity, enum simaka_sort *sort)
{
    for (size_t i = 0; i < SUBSCRIBER_METHODS; i++) {
        *sort = simaka_id_sort(subscriber_methods[i].kind, identity);
        if (*sort != SIMAKA_UNRECOGNISED)
            return subscriber_methods[i].method;
    }
    return NULL;
}

/* The user's methods in the file's order, the one wished for in front. */
static void give_methods(const struct user *u, const struct eap_method *first,
                         struct eap_answer *out)
{
    for (int turn = 0; turn < 2; turn++)
        for (size_t i = 0; i < u->method_count; i++)
            if ((u->methods[i] == first) == (turn == 0))
                out->methods[out->method_count++] = u->methods[i];
}

static void put_text(char out[EAP_IDENTITY_MAX + 1], const char *text)
{
    memcpy(out, text, strnlen(text, EAP_IDENTITY_MAX));
}

/* Somebody's temporary identity that we do not know, or no longer: the method asks for more. */
static void answer_stranger(struct users *u, const struct eap_method *method,
                            struct eap_answer *out)
{
    for (size_t i = 0; i < u->count; i++)
        for (size_t k = 0; k < u->all[i].method_count; k++)
            if (u->all[i].methods[k] == method) {
                out->methods[0] = method;
                out->method_count = 1;
                return;
            }
    out->reason = REASON_EAP_IDENTITY;
}

static void answer_known(const struct user *u, const struct eap_method *first,
                         enum simaka_sort sort, const char *identity, struct eap_answer *out)
{
    give_methods(u, first, out);
    switch (u->kind) {
    case USER_KEY:
        out->has_psk = true;
        memcpy(out->psk, u->key, sizeof(out->psk));
        break;
    case USER_CERTIFICATE:
        put_text(out->certificate_name, u->certificate_name);
        break;
    case USER_SUBSCRIBER:
        put_text(out->permanent, sort == SIMAKA_PERMANENT ? identity : u->permanent);
        out->reauth = &u->reauth;
        break;
    case USER_SCL: /* is not found by identity */
        break;
    }
}

static void answer_user(struct users *u, const char *identity, struct eap_answer *out)
{
    enum simaka_sort sort = SIMAKA_UNRECOGNISED;
    const struct eap_method *first = wished(identity, &sort);
    struct span name = span_of(identity, strcspn(identity, "@"));
    struct user *found = users_find(u, USERS_BY_IDENTITY, span_str(identity));
    char imsi[IMSI_MAX + 1];

    if (!found && simaka_id_imsi(identity, imsi))
        found = users_find(u, USERS_BY_IMSI, span_str(imsi));
    if (!found)
        found = users_find(u, USERS_BY_PSEUDONYM, name);
    if (!found)
        found = users_find(u, USERS_BY_REAUTH, name);
    if (found)
        answer_known(found, first, sort, identity, out);
    else if (sort == SIMAKA_PSEUDONYM || sort == SIMAKA_REAUTH)
        answer_stranger(u, first, out);
    else
        out->reason = REASON_EAP_IDENTITY;
}

/* ---- the AuC ---- */

static void answer_auc(struct users *u, struct proto_env *env, const struct eap_query *query,
                       struct eap_answer *out)
{
    struct user *s = users_find(u, USERS_BY_IMSI, span_str(query->imsi));

    if (!s) {
        out->reason = REASON_EAP_NOT_SUBSCRIBED;
        return;
    }
    if (query->kind == EAP_QUERY_GSM) {
        for (; out->triplet_count < query->count && out->triplet_count < 3; out->triplet_count++)
            auc_triplet(&s->auc, env->meter, env->stream, &out->triplets[out->triplet_count]);
        return;
    }
    if (query->kind == EAP_QUERY_RESYNC &&
        !auc_resync(&s->auc, env->meter, query->rand, query->auts)) {
        out->reason = REASON_AKA_SYNC;
        return;
    }
    auc_vector(&s->auc, env->meter, env->stream, query->separation, &out->vector);
}

void users_answer(struct users *u, struct proto_env *env, const struct eap_query *query,
                  struct eap_answer *out)
{
    memset(out, 0, sizeof(*out));
    switch (query->kind) {
    case EAP_QUERY_NONE:
    case EAP_QUERY_IBE: /* nobody asks it here: the server has its keys, or none */
        break;
    case EAP_QUERY_USER:
        answer_user(u, query->identity, out);
        break;
    case EAP_QUERY_GSM:
    case EAP_QUERY_UMTS:
    case EAP_QUERY_RESYNC:
        answer_auc(u, env, query, out);
        break;
    }
}

void users_zh(struct users *u, struct proto_env *env, const struct zh_request *request, bool gba_u,
              struct zh_answer *out)
{
    struct user *s = users_find(u, USERS_BY_IDENTITY, span_str(request->impi));
    char imsi[IMSI_MAX + 1];

    if (!s && gba_imsi_of(request->impi, imsi))
        s = users_find(u, USERS_BY_IMSI, span_str(imsi));
    if (s && s->kind == USER_SUBSCRIBER)
        zh_answer_make(&s->auc, env->meter, env->stream, request, gba_u, 0, out);
    else
        *out = (struct zh_answer){.reason = REASON_GBA_SUBSCRIBER};
}

static void index_reauth(struct users *u, struct user *s, bool put)
{
    struct span pseudonym = text_of(s, USERS_BY_PSEUDONYM), identity = text_of(s, USERS_BY_REAUTH);
    uint64_t keys[2] = {users_hash(USERS_BY_PSEUDONYM, pseudonym),
                        users_hash(USERS_BY_REAUTH, identity)};

    for (int i = 0; i < 2; i++) {
        if ((i == 0 ? pseudonym.n : identity.n) == 0)
            continue;
        if (put)
            map_put(&u->index, keys[i], (uint32_t)(s - u->all));
        else
            map_remove(&u->index, keys[i]);
    }
}

void users_keep(struct users *u, const char *permanent, const struct eap_reauth *reauth)
{
    char imsi[IMSI_MAX + 1];
    struct user *s;

    if (!simaka_id_imsi(permanent, imsi))
        return;
    s = users_find(u, USERS_BY_IMSI, span_str(imsi));
    if (!s)
        return;
    index_reauth(u, s, false);
    s->reauth = *reauth;
    memset(s->permanent, 0, sizeof(s->permanent));
    put_text(s->permanent, permanent);
    index_reauth(u, s, true);
}
