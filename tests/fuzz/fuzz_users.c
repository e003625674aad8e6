/* The users file: refused with mistakes that have a place in it, or everybody in it is known by
 * what he stands for, with what his method needs. */
#include "tests/fuzz/fuzz.h"

#include "crypto/entity.h"
#include "topologies/users.h"

#include <stdlib.h>
#include <string.h>

static void require(bool it)
{
    if (!it)
        abort();
}

static void check_mistakes(const struct diag_list *diags, const uint8_t *data, size_t n)
{
    int lines = 1;

    for (size_t i = 0; i < n; i++)
        lines += data[i] == '\n';
    require(diag_count(diags, DIAG_ERROR) > 0);
    for (size_t i = 0; i < diag_size(diags); i++) {
        const struct diag *d = diag_at(diags, i);

        require(d->line <= lines && d->text[0] != '\0');
        require(strcmp(d->code, "U110") == 0 || (d->line > 0 && d->column > 0));
    }
}

static struct eap_answer ask(struct users *u, enum eap_query_kind kind, const char *identity,
                             const char *imsi)
{
    static struct rng stream;
    static struct meter meter;
    struct proto_env env = {.stream = &stream, .meter = &meter};
    struct eap_query q = {.kind = kind, .count = 3};
    struct eap_answer a;

    memcpy(q.identity, identity, strlen(identity) + 1);
    memcpy(q.imsi, imsi, strlen(imsi) + 1);
    users_answer(u, &env, &q, &a);
    return a;
}

static void check_user(struct users *u, const struct user *one)
{
    char permanent[2 + IMSI_MAX] = "0";
    struct eap_answer a;

    if (one->kind == USER_SCL) { /* by mId alone */
        require(one->method_count == 0);
        require(strlen(one->identity) == 2 * M2M_NODE_ID_LEN);
        return;
    }
    require(one->method_count > 0 && one->method_count <= EAP_MAX_METHODS);
    if (strcmp(one->identity, "*") != 0) {
        a = ask(u, EAP_QUERY_USER, one->identity, "");
        require(a.reason == REASON_NONE && a.method_count == one->method_count);
        require(a.has_psk == (one->kind == USER_KEY));
        require((a.certificate_name[0] != '\0') ==
                (one->kind == USER_CERTIFICATE && one->certificate_name[0] != '\0'));
    }
    if (one->kind != USER_SUBSCRIBER)
        return;
    memcpy(permanent + 1, one->imsi, strlen(one->imsi) + 1);
    a = ask(u, EAP_QUERY_USER, permanent, "");
    require(a.reason == REASON_NONE && a.method_count > 0);
    a = ask(u, EAP_QUERY_GSM, "", one->imsi);
    require(a.reason == REASON_NONE && a.triplet_count == 3);
    a = ask(u, EAP_QUERY_UMTS, "", one->imsi);
    require(a.reason == REASON_NONE && a.vector.xres_n == 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct diag_list *diags = diag_list_new();
    struct users *u;

    require(crypto_init() == OK);
    u = users_parse("users", (const char *)data, n, diags);
    if (!u) {
        check_mistakes(diags, data, n);
    } else {
        require(diag_size(diags) == 0 && users_count(u) > 0);
        for (size_t i = 0; i < users_count(u); i++)
            check_user(u, users_at(u, i));
    }
    users_free(u);
    diag_list_free(diags);
    return 0;
}
