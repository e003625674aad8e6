/* Our CoAP codec against libcoap's parser (package libcoap3-dev): random messages of ours must say
 * the same there, and of changed octets both must think the same. interop_coap_codec COUNT */
#include "models/proto/coap_msg.h"
#include "sim/base/rng.h"

#include <coap3/coap.h>
#include <stdio.h>
#include <stdlib.h>

#define SEED    20130426
#define CHANGES 8 /* of each message */

static struct span value_of(const coap_opt_t *option)
{
    return span_of(coap_opt_value(option), coap_opt_length(option));
}

static bool same(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The same fields, the same options in the same order, the same payload. */
static bool agrees(const struct coap_msg *m, coap_pdu_t *pdu)
{
    coap_bin_const_t token = coap_pdu_get_token(pdu);
    coap_opt_iterator_t at;
    coap_opt_t *option;
    const uint8_t *data = NULL;
    size_t n = 0, i = 0;

    coap_option_iterator_init(pdu, &at, COAP_OPT_ALL);
    while ((option = coap_option_next(&at))) {
        if (i >= m->option_count || m->options[i].number != at.number ||
            !same(coap_option_value(&m->options[i]), value_of(option)))
            return false;
        i++;
    }
    coap_get_data(pdu, &n, &data);
    return i == m->option_count && (unsigned)coap_pdu_get_type(pdu) == m->type &&
           (unsigned)coap_pdu_get_code(pdu) == m->code && coap_pdu_get_mid(pdu) == m->id &&
           same(span_of(token.s, token.length), span_of(m->token, m->token_n)) &&
           same(span_of(data, n), m->payload);
}

/* Options of numbers and lengths that RFC 7252 has, and unknown ones: libcoap's parser judges the
 * lengths of those it knows, ours leaves that to coap_msg_understands. */
static void add_option(struct rng *r, struct coap_msg *m, const uint8_t *pool)
{
    static const struct {
        uint16_t number;
        uint16_t shortest, longest;
    } known[] = {
#define X(constant, number, name, form, shortest, longest, repeated) {number, shortest, longest},
        COAP_OPTIONS(X)
#undef X
    };
    size_t i = rng_below(r, sizeof(known) / sizeof(known[0]) + 4);

    if (i < sizeof(known) / sizeof(known[0]))
        coap_msg_add(m, known[i].number,
                     span_of(pool, known[i].shortest +
                                       rng_below(r, known[i].longest - known[i].shortest + 1u)));
    else
        coap_msg_add(m, (uint16_t)(3000 + rng_below(r, 60000)), span_of(pool, rng_below(r, 400)));
}

static void random_message(struct rng *r, struct coap_msg *m, const uint8_t *pool, size_t pool_n)
{
    static const uint8_t codes[] = {
#define X(constant, code, name) code,
        COAP_CODES(X)
#undef X
    };
    size_t options = rng_below(r, 10);

    coap_msg_init(m, (enum coap_type)rng_below(r, 4), codes[1 + rng_below(r, sizeof(codes) - 1)]);
    m->id = (uint16_t)rng_below(r, 65536);
    m->token_n = (uint8_t)rng_below(r, 9);
    rng_bytes(r, m->token, m->token_n);
    for (size_t i = 0; i < options; i++)
        add_option(r, m, pool);
    m->payload = span_of(pool, rng_below(r, 3) ? rng_below(r, pool_n) : 0);
}

static bool taken_there(const uint8_t *octets, size_t n, coap_pdu_t **pdu)
{
    *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, n + 64);
    return *pdu && coap_pdu_parse(COAP_PROTO_UDP, octets, n, *pdu) > 0;
}

/* Why libcoap may refuse what we read: it judges lengths while it parses, where ours leaves that to
 * coap_msg_understands (RFC 7252 5.4.3: an elective one is skipped); it knows options that we do
 * not, and takes no empty Uri-Query, which RFC 7252 table 4 has. */
static bool is_theirs_to_refuse(const struct coap_msg *m)
{
    static const uint16_t more[] = {9, 16, 19, 21, 31, 252, 258, 292};

    for (size_t i = 0; i < m->option_count; i++) {
        uint16_t number = m->options[i].number;

        if ((coap_option_name(number) && !coap_msg_understands(m, i)) ||
            (number == COAP_URI_QUERY && m->options[i].n == 0))
            return true;
        for (size_t k = 0; k < sizeof(more) / sizeof(more[0]); k++)
            if (number == more[k])
                return true;
    }
    return false;
}

static unsigned long both_yes, both_no, only_ours;

static bool judge(const uint8_t *octets, size_t n)
{
    struct coap_msg m;
    coap_pdu_t *pdu;
    bool ours = coap_msg_parse(span_of(octets, n), &m) == REASON_NONE;
    bool theirs = taken_there(octets, n, &pdu);
    bool good = ours == theirs ? !ours || agrees(&m, pdu) : ours && is_theirs_to_refuse(&m);

    coap_delete_pdu(pdu);
    both_yes += ours && theirs;
    both_no += !ours && !theirs;
    only_ours += ours && !theirs;
    return good;
}

/* How often the two disagree about a message of ours, and about what changed octets make of it. */
static int one(struct rng *r, const uint8_t *pool, size_t pool_n)
{
    struct coap_msg m;
    struct buf out;
    uint8_t *octets;
    int bad;

    random_message(r, &m, pool, pool_n);
    buf_init(&out, COAP_MESSAGE_MAX);
    coap_msg_write(&m, &out);
    octets = buf_at(&out, 0);
    bad = !judge(octets, buf_len(&out));
    for (int i = 0; i < CHANGES; i++) {
        size_t n = 1 + rng_below(r, buf_len(&out));

        octets[rng_below(r, n)] ^= (uint8_t)(1u << rng_below(r, 8));
        bad += !judge(octets, n);
    }
    buf_clear(&out);
    return bad;
}

int main(int argc, char **argv)
{
    struct rng r = rng_stream(SEED, "codec", "interop");
    long count = argc == 2 ? atol(argv[1]) : 0;
    uint8_t pool[1500];
    int bad = 0;

    if (count <= 0) {
        fprintf(stderr, "usage: %s COUNT\n", argv[0]);
        return 2;
    }
    coap_startup();
    coap_set_log_level(LOG_EMERG);
    rng_bytes(&r, pool, sizeof(pool));
    for (long i = 0; i < count; i++)
        bad += one(&r, pool, sizeof(pool));
    printf(
        "%ld messages of ours and %ld changed ones: %lu taken by both, %lu by none, %lu refused by "
        "libcoap for an option; %d disagreements\n",
        count, CHANGES * count, both_yes, both_no, only_ours, bad);
    coap_cleanup();
    return bad > 0;
}
