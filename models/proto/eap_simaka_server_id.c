/* The server's half of EAP-SIM, EAP-AKA and EAP-AKA': which identity to ask for, and what to do
 * with it (RFC 4187 4.1.4, 4.1.7; RFC 4186 4.2.4, 4.2.7). */
#include "models/proto/eap_simaka_impl.h"

void simaka_server_learn(struct simaka_server *s, const struct eap_answer *a)
{
    const char *permanent = a->permanent[0] ? a->permanent : s->c->identity;

    s->verdict = a->verdict;
    s->kept = a->reauth ? *a->reauth : (struct eap_reauth){.method = 0};
    s->c->permanent[0] = '\0';
    if (simaka_id_imsi(permanent, s->imsi))
        simaka_id_join(permanent, "", s->c->permanent);
}

static void ask(struct simaka_server *s, enum simaka_ask what)
{
    s->asking = what;
    simaka_server_set_phase(s, SERVER_IDENTIFYING, "the identity is asked for");
}

static enum simaka_ask ask_first(const struct simaka_server *s)
{
    const struct eap_server_settings *settings = s->c->settings;

    return settings->fast_reauth ? ASK_ANY : settings->pseudonyms ? ASK_FULLAUTH : ASK_PERMANENT;
}

void simaka_server_ask(struct simaka_server *s)
{
    ask(s, ask_first(s));
}

static void ask_more(struct simaka_server *s)
{
    enum simaka_sort sort = simaka_id_sort(s->kind, s->c->identity);

    switch (s->asking) {
    case ASK_NONE_YET:
        ask(s, sort == SIMAKA_PSEUDONYM ? ASK_PERMANENT
               : sort == SIMAKA_REAUTH  ? ASK_FULLAUTH
                                        : ask_first(s));
        break;
    case ASK_ANY:
        ask(s, sort == SIMAKA_PSEUDONYM ? ASK_PERMANENT : ASK_FULLAUTH);
        break;
    case ASK_FULLAUTH:
        ask(s, ASK_PERMANENT);
        break;
    case ASK_PERMANENT:
    case ASK_NOTHING:
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_EAP_IDENTITY);
        break;
    }
}

void simaka_server_authenticate(struct simaka_server *s)
{
    if (s->imsi[0] == '\0')
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_EAP_IDENTITY);
    else if (s->kind != SIMAKA_SIM)
        simaka_server_query(s, EAP_QUERY_UMTS);
    else if (s->sim.has_nonce)
        simaka_server_query(s, EAP_QUERY_GSM);
    else if (ASK_RANK(s->asking) < ASK_RANK(ASK_NOTHING))
        ask(s, ASK_NOTHING);
    else
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_EAP_MALFORMED);
}

/* The identity goes into the new keys, but not into those of the MACs: with another realm than was
 * handed out, which an attacker may have put there, both sides would end with different MSKs. */
static bool may_reauthenticate(const struct simaka_server *s)
{
    /* A peer that told its NONCE_MT wants full authentication (RFC 4186 9.2). */
    return s->c->settings->fast_reauth && s->asking <= ASK_ANY && !s->sim.has_nonce &&
           s->kept.method == simaka_type(s->kind) && s->kept.identity[0] &&
           s->kept.counter <= SIMAKA_MAX_REAUTHS && strcmp(s->kept.identity, s->c->identity) == 0;
}

/* The permanent identity of another of the three methods: the peer answered Request/Identity for
 * the method it would rather have had, and has another one for this. */
static bool is_foreign(const struct simaka_server *s)
{
    char imsi[IMSI_MAX + 1];

    return s->asking == ASK_NONE_YET && simaka_id_imsi(s->c->identity, imsi) &&
           simaka_id_sort(s->kind, s->c->identity) != SIMAKA_PERMANENT;
}

void simaka_server_route(struct simaka_server *s)
{
    if (may_reauthenticate(s))
        simaka_server_set_phase(s, SERVER_REAUTHENTICATING, "known, and may be brief");
    else if (s->imsi[0] && !is_foreign(s))
        simaka_server_authenticate(s);
    else
        ask_more(s);
}

void simaka_server_identity(struct simaka_server *s, const struct simaka_message *m)
{
    char identity[EAP_IDENTITY_MAX + 1];

    if (simaka_has(m, AT_IDENTITY) != (s->asking != ASK_NOTHING)) {
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_EAP_MALFORMED);
        return;
    }
    if (s->kind == SIMAKA_SIM && !sim_server_start(s, m))
        return;
    if (s->kind != SIMAKA_SIM) {
        buf_put_span(&s->id_packets, buf_span(&s->id_request));
        buf_put_span(&s->id_packets, m->whole);
    }
    if (s->asking == ASK_NOTHING) {
        simaka_server_authenticate(s);
        return;
    }
    if (!simaka_id_take(m->value[AT_IDENTITY], identity)) {
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_EAP_IDENTITY);
        return;
    }
    if (strcmp(identity, s->c->identity) == 0) {
        simaka_server_route(s);
        return;
    }
    simaka_id_join(identity, "", s->c->identity);
    simaka_server_query(s, EAP_QUERY_USER);
}

bool simaka_server_build_identity(struct simaka_server *s, uint8_t id, struct buf *out)
{
    static const enum simaka_at attributes[] = {[ASK_ANY] = AT_ANY_ID_REQ,
                                                [ASK_FULLAUTH] = AT_FULLAUTH_ID_REQ,
                                                [ASK_PERMANENT] = AT_PERMANENT_ID_REQ};
    bool sim = s->kind == SIMAKA_SIM;
    struct simaka_writer w;

    simaka_begin(&w, s->kind, EAP_REQUEST, id, sim ? SIM_START : AKA_IDENTITY);
    if (s->asking != ASK_NOTHING)
        simaka_put_flag(&w, attributes[s->asking]);
    if (sim)
        simaka_put(&w, AT_VERSION_LIST, sim_version_list());
    trace_text(s->half.env->trace, sim ? "SIM-Start" : "AKA-Identity");
    buf_clear(&s->id_request);
    simaka_end(&w, &s->id_request);
    return buf_put_span(out, buf_span(&s->id_request));
}
