/* attach: device, core and home of an access network, in the words of steps.h, some steps with a
 * MAC that is right. The first octet: bit 0 the device's numbers are ahead, bit 1 the home has
 * another key, bit 2 it refuses the subscription, bit 3 it refuses the location. */
#include "tests/fuzz/fuzz.h"

#include "crypto/entity.h"
#include "models/proc/attach.h"
#include "tests/fuzz/steps.h"

#include <stdlib.h>

enum step {
    STEP_HONEST,  /* the last datagram of whoever did not get it yet */
    STEP_CHANGED, /* with changed octets */
    STEP_RAW,     /* the octets */
    STEP_SEALED,  /* type, count, octets of a plain message, protected with the session's key */
    STEP_TIME,    /* an expiry comes */
    STEP_KINDS
};
#define STEP_TO_DEVICE 0x80

static const uint8_t plmn[3] = {0x00, 0xf1, 0x10}, k[16] = {1}, opc[16] = {2};

struct world {
    struct rng stream[2], home;
    struct meter meter;
    struct trace trace;
    struct proto_env env[2];
    struct uicc uicc;
    struct auc_record auc;
    struct proto *core[2]; /* 0: the device's */
    struct attach_client *client;
    struct attach_server *server;
    struct buf said[2];
    bool from_server, forged;
    uint8_t options, key[16];
    sim_ns now;
};

static void check(const struct proto *p)
{
    if ((p->status == PROTO_FAILED) != (p->reason != REASON_NONE))
        abort();
    if (p->status != PROTO_RUNNING && p->expiry != SIM_NEVER)
        abort();
    if (p->status == PROTO_RUNNING && p->expiry == SIM_NEVER)
        abort();
}

static void answer(struct world *w)
{
    const struct attach_query *q = attach_server_query(w->server);
    struct attach_answer a = {.m_tmsi = 1, .lifetime = SIM_S};
    struct umts_vector v;
    uint8_t kasme[32];

    if (!q)
        return;
    if (q->kind == ATTACH_QUERY_LOCATION) {
        a.reason = w->options & 8 ? REASON_ACCESS_ROAMING : REASON_NONE;
    } else if (w->options & 4 ||
               (q->kind == ATTACH_QUERY_RESYNC && !auc_resync(&w->auc, NULL, q->rand, q->auts))) {
        a.reason = REASON_ACCESS_NOT_ALLOWED;
    } else {
        auc_vector(&w->auc, NULL, &w->home, true, &v);
        memcpy(a.vector.rand, v.rand, 16);
        memcpy(a.vector.autn, v.autn, 16);
        memcpy(a.vector.xres, v.xres, 16);
        a.vector.xres_n = v.xres_n;
        nas_kasme(NULL, v.ck, v.ik, plmn, v.autn, kasme);
        memcpy(a.vector.kasme, kasme, 32);
        nas_integrity_key(NULL, kasme, w->key);
    }
    attach_server_answer(w->server, w->now, &a);
}

/* What either says is a message of ours, plain or within. */
static void check_said(const struct world *w, int side)
{
    struct span s = buf_span(&w->said[side]);
    struct nas_message m;

    if (s.n == 0 || s.n > NAS_MAX)
        abort();
    if (nas_security_of(s) != NAS_PLAIN)
        s = span_of(s.p + 6, s.n - 6);
    if (nas_parse(s, &m) != REASON_NONE)
        abort();
}

static void drain(struct world *w, int side)
{
    struct proto *p = w->core[side];
    struct buf out;

    buf_init(&out, 4 * NAS_MAX);
    while (p->ops->output(p, w->now, &out)) {
        buf_clear(&w->said[side]);
        buf_put_span(&w->said[side], buf_span(&out));
        buf_clear(&out);
        w->from_server = side == 1;
        check_said(w, side);
    }
    buf_clear(&out);
    w->trace.label[0] = '\0';
    check(p);
}

static void deliver(struct world *w, int side, struct span octets)
{
    if (octets.n > 0)
        w->core[side]->ops->input(w->core[side], w->now, octets);
    if (side == 1)
        answer(w);
    drain(w, side);
}

static void forge(struct world *w, int side, struct span octets)
{
    struct buf out;

    if (octets.n < 2 || octets.n > NAS_MAX - 8)
        return;
    w->forged = true;
    buf_init(&out, NAS_MAX);
    if (nas_protect(NULL, w->key, (enum nas_security)(octets.p[0] % 5), octets.p[1], side == 0,
                    span_of(octets.p + 2, octets.n - 2), &out))
        deliver(w, side, buf_span(&out));
    buf_clear(&out);
}

static void take_step(struct world *w, uint8_t what, struct span octets)
{
    int side = what & STEP_TO_DEVICE ? 0 : 1;
    const struct buf *said = &w->said[w->from_server];
    uint8_t datagram[NAS_MAX];
    size_t n = buf_len(said);
    struct proto *p = w->core[side];

    memcpy(datagram, n > 0 ? buf_span(said).p : datagram, n);
    switch ((enum step)((what & 0x7f) % STEP_KINDS)) {
    case STEP_CHANGED:
        step_change(octets, datagram, n);
        deliver(w, !w->from_server, span_of(datagram, n));
        break;
    case STEP_HONEST:
        deliver(w, !w->from_server, span_of(datagram, n));
        break;
    case STEP_RAW:
        deliver(w, side, octets);
        break;
    case STEP_SEALED:
        forge(w, side, octets);
        break;
    case STEP_TIME:
        if (p->expiry == SIM_NEVER)
            break;
        w->now = p->expiry > w->now ? p->expiry : w->now;
        p->ops->expire(p, w->now);
        drain(w, side);
        break;
    case STEP_KINDS:
        break;
    }
}

static void begin(struct world *w, uint8_t options)
{
    struct attach_settings settings = {.uicc = &w->uicc,
                                       .plmn = {plmn[0], plmn[1], plmn[2]},
                                       .irt = SIM_S,
                                       .mrt = 4 * SIM_S,
                                       .guard = 15 * SIM_S};
    uint8_t home_k[16];

    memset(w, 0, sizeof *w);
    w->options = options;
    memcpy(home_k, k, 16);
    home_k[15] ^= (options & 2) != 0;
    uicc_init(&w->uicc, "001010000000001", 2, k, opc);
    if (options & 1)
        uicc_set_sqn(&w->uicc, UINT64_C(1000) << UICC_IND_BITS);
    auc_init(&w->auc, home_k, opc, (const uint8_t[2]){0, 0}, 0);
    w->home = rng_stream(1, "home", "fuzz");
    for (int i = 0; i < 2; i++) {
        w->stream[i] = rng_stream(1, i ? "core" : "device", "fuzz");
        w->env[i] = (struct proto_env){&w->stream[i], NULL, &w->meter, &w->trace, 0};
        buf_init(&w->said[i], NAS_MAX);
    }
    w->client = attach_client_new(&w->env[0], &settings);
    w->server = attach_server_new(&w->env[1], plmn, 30 * SIM_S);
    w->core[0] = attach_client_proto(w->client);
    w->core[1] = attach_server_proto(w->server);
    for (int i = 0; i < 2; i++) {
        w->core[i]->ops->start(w->core[i], 0);
        drain(w, i);
    }
}

/* Nobody is let in whom his home refuses; without the key nobody believes that he was. */
static void finish(struct world *w)
{
    bool accepted = attach_server_is_accepted(w->server);

    if (accepted && (w->options & 0x0c))
        abort();
    if (!w->forged && w->core[0]->status == PROTO_DONE && !accepted)
        abort();
    if (!w->forged && accepted && (w->options & 2))
        abort();
    if (accepted && attach_server_refusal(w->server) != REASON_NONE)
        abort();
    proto_free(w->core[0]);
    proto_free(w->core[1]);
    uicc_release(&w->uicc);
    buf_clear(&w->said[0]);
    buf_clear(&w->said[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct world w;

    return steps_run(&w, data, n, begin, take_step, finish);
}
