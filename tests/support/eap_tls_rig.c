#include "tests/support/eap_tls_rig.h"

#include "crypto/entity.h"
#include "sim/base/str.h"

#include <assert.h>
#include <stdlib.h>

#define DAY INT64_C(86400)
#define NOW INT64_C(1577836800) /* the pair's calendar time at 0 */

static struct key_pool *pool;
static struct authority *trusted, *stranger;
static struct tls_context *contexts[TLS_SUITE_COUNT][2];
static struct credential *credentials[EAP_TLS_RIG_CREDENTIALS][2];
static const struct eap_method *const methods[] = {&eap_method_tls};
static struct eap_rig_user user;

static void must(enum err err)
{
    assert(!err);
}

static void make_credential(enum eap_tls_rig_credential which, bool server)
{
    int64_t from = NOW + (which == EAP_TLS_RIG_NOT_YET ? DAY : -100 * DAY);
    int64_t to = NOW + (which == EAP_TLS_RIG_EXPIRED ? -DAY : 100 * DAY);

    if (which == EAP_TLS_RIG_NONE)
        return;
    must(credential_issue(which == EAP_TLS_RIG_STRANGER ? stranger : trusted, pool, server ? 0 : 1,
                          server ? EAP_TLS_RIG_SERVER : EAP_TLS_RIG_PEER, server, from, to,
                          &credentials[which][server]));
}

void eap_tls_rig_global_init(void)
{
    struct rng stream = rng_stream(1, "eap-tls rig", "preparation");

    must(crypto_init());
    must(key_pool_make(1, "eap-tls rig", 4, getenv("M2MSIM_KEY_CACHE"), NULL, NULL, &pool));
    must(authority_make(pool, 1, "Rig Root", NOW - 1000 * DAY, NOW + 1000 * DAY, &trusted));
    must(authority_make(pool, 2, "Other Root", NOW - 1000 * DAY, NOW + 1000 * DAY, &stranger));
    entity_enter(&stream, NOW * SIM_S);
    for (int server = 0; server < 2; server++) {
        for (int i = 0; i < EAP_TLS_RIG_CREDENTIALS; i++)
            make_credential((enum eap_tls_rig_credential)i, server);
        for (int i = 0; i < TLS_SUITE_COUNT; i++) {
            enum tls_suite suite = (enum tls_suite)i;
            struct tls_settings s = {.server = server,
                                     .version = TLS_1_2,
                                     .suites = &suite,
                                     .suite_count = 1,
                                     .authority = trusted};

            if (!tls_suite_is_psk(suite))
                must(tls_context_new(&s, &contexts[i][server]));
        }
    }
    entity_leave();
}

void eap_tls_rig_global_release(void)
{
    for (int server = 0; server < 2; server++) {
        for (int i = 0; i < EAP_TLS_RIG_CREDENTIALS; i++)
            credential_free(credentials[i][server]);
        for (int i = 0; i < TLS_SUITE_COUNT; i++)
            tls_context_free(contexts[i][server]);
    }
    authority_free(trusted);
    authority_free(stranger);
    key_pool_free(pool);
}

const struct tls_context *eap_tls_rig_context(enum tls_suite suite, bool server)
{
    return contexts[suite][server];
}

const struct credential *eap_tls_rig_credential(enum eap_tls_rig_credential which, bool server)
{
    return credentials[which][server];
}

void eap_tls_rig_make(void *arg, struct eap_rig_settings *s)
{
    const struct eap_tls_rig *t = arg;
    enum tls_suite other = t->suite == TLS_SUITE_RSA_AES_128_CCM ? TLS_SUITE_RSA_AES_128_CBC_SHA
                                                                 : TLS_SUITE_RSA_AES_128_CCM;

    s->seed = 17;
    s->peer.identity = EAP_TLS_RIG_PEER;
    s->peer.methods = methods;
    s->peer.method_count = 1;
    s->peer.mtu = t->mtu[0];
    s->peer.credentials.tls = contexts[t->suite][0];
    s->peer.credentials.expect_name = t->expect_name ? t->expect_name : EAP_TLS_RIG_SERVER;
    if (credentials[t->peer][0])
        must(credential_copy(credentials[t->peer][0], &s->peer.credentials.credential));
    s->server.mtu = t->mtu[1];
    s->server.tls = contexts[t->other_suite ? other : t->suite][1];
    s->server.credential = credentials[t->server][1];
    user = (struct eap_rig_user){EAP_TLS_RIG_PEER, {.method_count = 1}};
    user.answer.methods[0] = &eap_method_tls;
    str_append(user.answer.certificate_name, sizeof(user.answer.certificate_name), 0,
               t->certificate_name ? t->certificate_name : EAP_TLS_RIG_PEER);
    s->users = &user;
    s->user_count = 1;
}
