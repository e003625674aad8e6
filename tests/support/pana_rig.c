#include "tests/support/pana_rig.h"

#include "models/proto/pana_msg.h"

#include <check.h>
#include <stdlib.h>

static const struct eap_rig_user default_users[] = {
    {"device-1", {.methods = {&eap_test_method}, .method_count = 1}}};
static const struct eap_method *const default_methods[] = {&eap_test_method};

static void set_texts(struct pana_params *p)
{
    memcpy(p->sp_id, "sp.example", 11);
    memcpy(p->msbf_id, "msbf.sp.example", 16);
    memcpy(p->target_device_id, "device-1", 9);
    p->usage = PANA_USAGE_BOOTSTRAP;
}

static void set_defaults(struct pana_rig_settings *s)
{
    pana_timers_default(&s->pac.timers);
    pana_timers_default(&s->paa.timers);
    s->pac.eap.identity = "device-1";
    s->pac.eap.methods = default_methods;
    s->pac.eap.method_count = 1;
    s->pac.device_id = "device-1";
    s->pac.linger = 60 * SIM_S;
    s->paa.session_id = 0x11223344;
    s->paa.session_lifetime_s = 3600;
    s->server.server_id = "mas.example";
    s->server.ask_identity = true;
    s->users = default_users;
    s->user_count = 1;
    set_texts(&s->pac.params);
    set_texts(&s->paa.params);
    s->pac.params.has = 1u << PANA_ETSI_USAGE_TYPE | 1u << PANA_ETSI_TARGET_DEVICE_ID;
    s->paa.params.has = 1u << PANA_ETSI_USAGE_TYPE | 1u << PANA_ETSI_SP_ID |
                        1u << PANA_ETSI_MSBF_ID | 1u << PANA_ETSI_TARGET_DEVICE_ID;
    s->last.has = 1u << PANA_ETSI_NODE_ID | 1u << PANA_ETSI_KMR_INDEX | 1u << PANA_ETSI_LIFETIME |
                  1u << PANA_ETSI_SCL_ID_LIST;
    memset(s->last.node_id, 0xa5, sizeof(s->last.node_id));
    s->last.kmr_index = 7;
    s->last.expires_unix_s = INT64_C(1893456000);
    s->last.scl_list_count = 1;
    memcpy(s->last.scl_list[0], "nscl.sp.example", 16);
}

static void answer_query(struct pana_rig *r)
{
    const struct eap_query *q = eap_server_query(r->server);
    const struct pana_rig_settings *s = &r->settings;
    struct eap_answer a = {.reason = REASON_EAP_IDENTITY};
    bool found = false;

    for (size_t i = 0; i < s->user_count && q->kind == EAP_QUERY_USER; i++) {
        if (strcmp(s->users[i].identity, q->identity) != 0)
            continue;
        a = s->users[i].answer;
        found = true;
    }
    if (!found && s->answer)
        s->answer(s->answer_arg, q, &a);
    eap_server_answer(r->server, r->pair.now, &a);
}

static void begin(struct pana_rig *r)
{
    struct proto *server;
    struct span who;
    struct buf b;

    if (r->server)
        proto_free(eap_server_proto(r->server));
    r->server = eap_server_new(&r->server_env, &r->settings.server);
    r->conversations++;
    r->finished = false;
    server = eap_server_proto(r->server);
    if (!r->settings.begin_with) {
        server->ops->start(server, r->pair.now);
        return;
    }
    who = span_str(r->settings.begin_with);
    buf_init(&b, EAP_MTU);
    eap_put(&b, EAP_RESPONSE, 0, EAP_IDENTITY, 0, 0, who);
    eap_server_begin(r->server, r->pair.now, buf_span(&b));
    buf_clear(&b);
}

static void finish(struct pana_rig *r, struct span eap)
{
    struct proto *server = eap_server_proto(r->server);
    const struct pana_rig_settings *s = &r->settings;
    uint8_t msk[EAP_KEY_LEN];

    r->finished = true;
    if (server->status == PROTO_FAILED) {
        pana_paa_finish(r->paa, r->pair.now, eap, NULL, NULL, server->reason);
        return;
    }
    r->keys = *eap_server_keys(r->server);
    memcpy(msk, r->keys.msk, sizeof(msk));
    msk[5] ^= s->other_msk;
    pana_paa_finish(r->paa, r->pair.now, eap, s->no_msk ? NULL : msk, &s->last, s->refuse);
}

/* What the server has to say goes to the PAA. */
static void pass_on(struct pana_rig *r)
{
    struct proto *server = eap_server_proto(r->server);
    struct buf out;

    buf_init(&out, EAP_PACKET_MAX);
    if (server->ops->output(server, r->pair.now, &out)) {
        r->said++;
        if (r->settings.silent_from && r->said >= r->settings.silent_from) {
            if (r->settings.silence_is_told)
                pana_paa_finish(r->paa, r->pair.now, span_of(NULL, 0), NULL, NULL,
                                REASON_RADIUS_TIMEOUT);
        } else if (server->status == PROTO_RUNNING) {
            pana_paa_request(r->paa, r->pair.now, buf_span(&out));
        } else {
            finish(r, buf_span(&out));
        }
    }
    buf_clear(&out);
}

static void attend(struct pana_rig *r)
{
    struct proto *server;

    if (pana_paa_wants_request(r->paa) && (!r->server || r->finished))
        begin(r);
    if (!r->server)
        return;
    server = eap_server_proto(r->server);
    if (pana_paa_eap(r->paa).n > 0) {
        server->ops->input(server, r->pair.now, pana_paa_eap(r->paa));
        pana_paa_eap_taken(r->paa);
    }
    while (eap_server_query(r->server))
        answer_query(r);
    pass_on(r);
}

static void step(void *arg, struct pair *pair, int side)
{
    struct pana_rig *r = arg;

    (void)pair;
    if (side == 1)
        attend(r);
    if (r->step)
        r->step(r, side);
}

void pana_rig_init(struct pana_rig *r, pana_rig_make make, void *arg)
{
    memset(r, 0, sizeof(*r));
    r->arg = arg;
    set_defaults(&r->settings);
    if (make)
        make(arg, &r->settings);
    pair_init(&r->pair, r->settings.seed);
    r->server_env = r->pair.side[1].env;
    r->server_env.trace = &r->server_trace;
    pair_enter(&r->pair, 0);
    r->pac = pana_pac_new(&r->pair.side[0].env, &r->settings.pac);
    pair_leave();
    pair_enter(&r->pair, 1);
    r->paa = pana_paa_new(&r->pair.side[1].env, &r->settings.paa);
    pair_leave();
    r->pair.side[0].proto = pana_pac_proto(r->pac);
    r->pair.side[1].proto = pana_paa_proto(r->paa);
}

void pana_rig_release(struct pana_rig *r)
{
    pair_enter(&r->pair, 0);
    proto_free(pana_pac_proto(r->pac));
    pair_leave();
    pair_enter(&r->pair, 1);
    if (r->server)
        proto_free(eap_server_proto(r->server));
    proto_free(pana_paa_proto(r->paa));
    pair_leave();
    pair_release(&r->pair);
}

enum pair_end pana_rig_run(struct pana_rig *r, struct pair_script script)
{
    script.datagrams = true;
    script.step = step;
    script.arg = r;
    return pair_run(&r->pair, &script);
}

struct proto *pana_rig_proto(const struct pana_rig *r, int side)
{
    return side == 0 ? pana_pac_proto(r->pac) : pana_paa_proto(r->paa);
}

static bool same_params(const struct pana_rig *r)
{
    struct pana_params want = {.has = 0};
    const struct pana_params *got = pana_pac_params(r->pac);

    pana_params_merge(&want, &r->settings.paa.params);
    pana_params_merge(&want, &r->settings.last);
    return memcmp(&want, got, sizeof(want)) == 0;
}

static bool same_keys(const struct pana_rig *r)
{
    const struct eap_keys *k = pana_pac_keys(r->pac);

    return k->present && r->keys.present && memcmp(k->msk, r->keys.msk, EAP_KEY_LEN) == 0 &&
           memcmp(k->emsk, r->keys.emsk, EAP_KEY_LEN) == 0;
}

bool pana_rig_is_complete(const struct pana_rig *r)
{
    return pana_pac_is_open(r->pac) && pana_paa_is_open(r->paa) && same_keys(r) && same_params(r) &&
           pana_rig_proto(r, 0)->status != PROTO_FAILED &&
           pana_rig_proto(r, 1)->status != PROTO_FAILED;
}

void pana_rig_check(const struct pana_rig *r)
{
    for (int side = 0; side < 2; side++) {
        const struct proto *p = pana_rig_proto(r, side);

        ck_assert_int_eq(p->status == PROTO_FAILED, p->reason != REASON_NONE);
        ck_assert(p->status == PROTO_RUNNING || p->expiry == SIM_NEVER);
    }
    if (pana_pac_is_open(r->pac))
        ck_assert(same_keys(r) && same_params(r));
    if (pana_paa_is_open(r->paa))
        ck_assert(pana_pac_keys(r->pac)->present);
}

unsigned pana_rig_datagrams(const struct pana_rig *r)
{
    return r->pair.side[0].outputs + r->pair.side[1].outputs;
}
