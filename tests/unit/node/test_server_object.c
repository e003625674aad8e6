/* Object security at the NSCL, against clients that are not ours: what is altered, replayed, moved
 * to another target, method or sender, not sealed as was granted, or sealed by another's key; each
 * way that sealed objects go (matrix.h). */
#include "tests/unit/node/matrix.h"

static struct town town;

static void begin(struct rogue *r, const struct way *w)
{
    way_open_town(w, &town);
    ck_assert(town.dev->mid_flags & MID_OBJECTS);
    rogue_init(r, &town, town.nscl);
    rogue_seal(r, 0);
    way_connect(w, r, &town);
}

static void end(struct rogue *r)
{
    rogue_close(r);
    town_close(&town);
}

/* The session goes without a word, and another comes. */
static void again(struct rogue *r, const struct way *w)
{
    session_free(r->end.session);
    r->ended = false;
    way_connect(w, r, &town);
}

/* meters-0's own <scl>, which it has: a GET as it should be. */
static struct m2m_primitive right(struct rogue *r)
{
    struct m2m_primitive p = {.method = M2M_RETRIEVE, .correlation_id = ++r->sequence};

    str_append(p.target_id, sizeof p.target_id, 0, scl_path(&town, town.dev, ""));
    str_append(p.requesting_entity, sizeof p.requesting_entity, 0, r->entity);
    return p;
}

/* A message as it stands; body: what becomes of it is this test's. Over CoAP a GET goes as POST. */
static int say(struct rogue *r, enum http_method method, const char *target, struct span body)
{
    struct buf octets;
    int status;

    if (r->ask)
        return rogue_coap_say(r, coap_binding_method_code(method == HTTP_GET ? HTTP_POST : method),
                              target, body);
    buf_init(&octets, 64 * 1024);
    ck_assert(http_write(&(struct http_out){.method = method,
                                            .target = target,
                                            .host = "server",
                                            .content_type = "application/xml",
                                            .requesting_entity = *r->entity ? r->entity : NULL,
                                            .body = body},
                         &octets));
    status = rogue_say(r, buf_span(&octets));
    buf_clear(&octets);
    return status;
}

static int say_own(struct rogue *r, struct span body)
{
    return say(r, HTTP_GET, scl_path(&town, town.dev, ""), body);
}

#define ck_refused(r, wanted, why, is_sealed)                                                      \
    do {                                                                                           \
        ck_answer(r, wanted);                                                                      \
        ck_assert_msg(strncmp(rogue_why(r), reason_text(why), strlen(reason_text(why))) == 0,      \
                      "%s, not %s", rogue_why(r), reason_text(why));                               \
        ck_assert_int_eq((r)->sealed, (is_sealed));                                                \
    } while (0)

/* As it should be, and once more: within the session, and in another one. */
START_TEST(replayed)
{
    struct rogue r;
    struct m2m_primitive p;
    struct buf first, later;

    begin(&r, &ways[_i]);
    p = right(&r);
    rogue_write_sealed(&r, &p, "", &first);
    say_own(&r, buf_span(&first));
    ck_answer(&r, STATUS_OK);
    ck_assert(r.sealed);
    ck_assert_int_eq(r.doc.kind, DOC_SCL);
    say_own(&r, buf_span(&first));
    ck_refused(&r, STATUS_PERMISSION_DENIED, REASON_OBJECT_REPLAYED, true);
    /* the one before it, held back on its way until then */
    p.correlation_id--;
    r.sequence--;
    rogue_write_sealed(&r, &p, "", &later);
    say_own(&r, buf_span(&later));
    ck_refused(&r, STATUS_PERMISSION_DENIED, REASON_OBJECT_REPLAYED, true);
    r.sequence++;
    again(&r, &ways[_i]);
    say_own(&r, buf_span(&first));
    ck_refused(&r, STATUS_PERMISSION_DENIED, REASON_OBJECT_REPLAYED, true);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_OK);
    buf_clear(&first);
    buf_clear(&later);
    /* there is no number 0 */
    p = right(&r);
    p.correlation_id = 0;
    rogue_write_sealed(&r, &p, "", &first);
    say_own(&r, buf_span(&first));
    ck_refused(&r, STATUS_PERMISSION_DENIED, REASON_OBJECT_REPLAYED, false);
    buf_clear(&first);
    end(&r);
}
END_TEST

/* What is said of what does not fit: of CBC, whose padding would tell, one reason for all. */
static enum reason misfit(bool unsigned_)
{
    if (!(town.dev->mid_flags & MID_OBJECT_ENCRYPT))
        return REASON_XMLSEC_SIGNATURE;
    return unsigned_ && town.dev->population->config->device->mid.cipher == XMLSEC_AES128_GCM
               ? REASON_XMLSEC_MISSING
               : REASON_XMLSEC_DECRYPT;
}

/* One octet of what is covered: of the target where it can be read, else of the ciphertext. */
static void alter(struct buf *b)
{
    const uint8_t *start = buf_span(b).p;
    const uint8_t *at = memmem(start, buf_len(b), "scls/", 5);

    if (at) {
        *buf_at(b, (size_t)(at - start)) = 'S';
        return;
    }
    at = memmem(start, buf_len(b), "<CipherValue>", 13);
    ck_assert_ptr_nonnull(at);
    at += 13 + 40;
    *buf_at(b, (size_t)(at - start)) = *at == 'A' ? 'Q' : 'A';
}

START_TEST(altered_and_foreign)
{
    struct rogue r;
    struct m2m_primitive p;
    struct buf b;
    uint8_t other[M2M_KEY_LEN];

    begin(&r, &ways[_i]);
    p = right(&r);
    rogue_write_sealed(&r, &p, "", &b);
    alter(&b);
    say_own(&r, buf_span(&b));
    ck_refused(&r, STATUS_PERMISSION_DENIED, misfit(false), false);
    buf_clear(&b);
    /* another key under meters-0's name */
    memset(other, 5, sizeof other);
    se_put(&r.se, SE_KMC, other);
    rogue_seal(&r, 0);
    p = right(&r);
    rogue_write_sealed(&r, &p, "", &b);
    say_own(&r, buf_span(&b));
    ck_refused(&r, STATUS_PERMISSION_DENIED, misfit(false), false);
    buf_clear(&b);
    end(&r);
}
END_TEST

/* What was granted is not there: the signature, the encryption, any of it. */
START_TEST(not_as_granted)
{
    static const char bare[] =
        "<m2m:requestIndication " M2M_NS "><m2m:primitiveType>RETRIEVE</m2m:primitiveType>"
        "<m2m:targetID>/m2m</m2m:targetID><m2m:requestingEntity>x</m2m:requestingEntity>"
        "<m2m:correlationID>900</m2m:correlationID></m2m:requestIndication>";
    struct rogue r;
    struct m2m_primitive p;
    struct buf b;

    begin(&r, &ways[_i]);
    say_own(&r, span_of(NULL, 0));
    ck_refused(&r, STATUS_PERMISSION_DENIED, REASON_XMLSEC_MISSING, false);
    say_own(&r, span_str(bare));
    ck_refused(&r, STATUS_PERMISSION_DENIED, REASON_XMLSEC_MISSING, false);
    if ((town.dev->mid_flags & MID_OBJECTS) == MID_OBJECTS) {
        rogue_seal(&r, MID_OBJECT_SIGN);
        p = right(&r);
        rogue_write_sealed(&r, &p, "", &b);
        say_own(&r, buf_span(&b)); /* signed, but for all to read */
        ck_refused(&r, STATUS_PERMISSION_DENIED, REASON_XMLSEC_MISSING, false);
        buf_clear(&b);
        rogue_seal(&r, MID_OBJECT_ENCRYPT);
        p = right(&r);
        rogue_write_sealed(&r, &p, "", &b);
        say_own(&r, buf_span(&b)); /* the signature was left out before it was encrypted */
        ck_refused(&r, STATUS_PERMISSION_DENIED, misfit(true), false);
        buf_clear(&b);
    }
    end(&r);
}
END_TEST

/* A sealed request put into another message. */
START_TEST(moved)
{
    struct rogue r;
    struct m2m_primitive p;
    struct buf b;

    begin(&r, &ways[_i]);
    p = right(&r);
    rogue_write_sealed(&r, &p, "", &b);
    say(&r, HTTP_GET, scl_path(&town, town.dev, "/containers"), buf_span(&b));
    ck_refused(&r, STATUS_BAD_REQUEST, REASON_OBJECT_MISMATCH, true);
    say(&r, HTTP_DELETE, scl_path(&town, town.dev, ""), buf_span(&b));
    if (way_is_coap(&ways[_i])) /* a DELETE's payload is not looked at (RFC 7252 5.5) */
        ck_refused(&r, STATUS_PERMISSION_DENIED, REASON_XMLSEC_MISSING, false);
    else
        ck_refused(&r, STATUS_BAD_REQUEST, REASON_OBJECT_MISMATCH, true);
    ck_assert(town_is_registered(&town, town.dev));
    r.entity[0] = '\0';
    say_own(&r, buf_span(&b));
    ck_refused(&r, STATUS_BAD_REQUEST, REASON_OBJECT_MISMATCH, true);
    node_scl_id(town.other->node_id, r.entity);
    say_own(&r, buf_span(&b));
    ck_refused(&r, STATUS_BAD_REQUEST, REASON_OBJECT_MISMATCH, true);
    buf_clear(&b);
    /* in another's name, sealed by one's own key: the connection says who it is */
    p = right(&r);
    rogue_write_sealed(&r, &p, "", &b);
    say_own(&r, buf_span(&b));
    ck_answer(&r, STATUS_PERMISSION_DENIED);
    ck_assert(r.sealed);
    ck_assert_ptr_nonnull(strstr(rogue_why(&r), "requesting entity"));
    buf_clear(&b);
    /* POST carries any primitive; what is sealed is done */
    node_scl_id(town.dev->node_id, r.entity);
    p = right(&r);
    rogue_write_sealed(&r, &p, "", &b);
    say(&r, HTTP_POST, p.target_id, buf_span(&b));
    ck_answer(&r, STATUS_OK);
    ck_assert_int_eq(r.doc.kind, DOC_SCL);
    buf_clear(&b);
    end(&r);
}
END_TEST

/* Where objects go bare their KeyName says who it is; in a channel it must be the channel's. */
START_TEST(whose_key)
{
    const struct way *w = &ways[_i];
    bool bare;
    struct rogue r;
    struct m2m_primitive p;
    struct buf b;

    begin(&r, w);
    bare = !(town.dev->mid_flags & MID_CHANNELS);
    town_run(&town, 5 * SIM_S); /* a channel is made in his own name */
    key_kmc_identity(4711, 1, r.identity);
    rogue_seal(&r, 0);
    p = right(&r);
    rogue_write_sealed(&r, &p, "", &b);
    say_own(&r, buf_span(&b));
    ck_refused(&r, STATUS_PERMISSION_DENIED, REASON_XMLSEC_KEY, false);
    buf_clear(&b);
    /* the other meter's name, without his key */
    key_kmc_identity(town.other->connection_id, town.other->kmc_index, r.identity);
    rogue_seal(&r, 0);
    p = right(&r);
    rogue_write_sealed(&r, &p, "", &b);
    say_own(&r, buf_span(&b));
    ck_refused(&r, STATUS_PERMISSION_DENIED, bare ? misfit(false) : REASON_XMLSEC_KEY, false);
    buf_clear(&b);
    /* a bare session is the other's from then on */
    key_kmc_identity(town.dev->connection_id, town.dev->kmc_index, r.identity);
    rogue_seal(&r, 0);
    p = right(&r);
    rogue_write_sealed(&r, &p, "", &b);
    say_own(&r, buf_span(&b));
    if (bare) {
        ck_refused(&r, STATUS_PERMISSION_DENIED, REASON_XMLSEC_KEY, false);
        again(&r, w);
        say_own(&r, buf_span(&b));
    }
    ck_answer(&r, STATUS_OK);
    buf_clear(&b);
    end(&r);
}
END_TEST

/* The session knows the key and seals; a new one does not take it up, and has no handshake with it.
 */
START_TEST(an_expired_key)
{
    const struct way *w = &ways[_i];
    struct rogue r;

    begin(&r, w);
    ck_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "", STATUS_OK);
    town_scl(&town, town.dev)->kmc_expires = town_now(&town);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_refused(&r, STATUS_PERMISSION_DENIED, REASON_KEY_EXPIRED, true);
    town_run(&town, 100 * SIM_S); /* CoAP's last answer may be asked for once more */
    /* bare UDP ends without a word */
    ck_assert_int_eq(r.ended, !way_is_coap(w) || r.context);
    again(&r, w);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    if (r.context)
        ck_assert(r.ended && !r.answered);
    else
        ck_refused(&r, STATUS_PERMISSION_DENIED, REASON_KEY_EXPIRED, false);
    end(&r);
}
END_TEST

/* To whom a channel was granted, and objects in it, gets nothing without the channel. */
START_TEST(the_channel_is_missing)
{
    struct rogue r;

    way_open_town(&ways[_i], &town);
    rogue_init(&r, &town, town.nscl);
    if (r.context) {
        r.context = NULL;
        rogue_seal(&r, 0);
        way_connect(&ways[_i], &r, &town);
        rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
        ck_refused(&r, STATUS_PERMISSION_DENIED, REASON_MID_SECURITY, false);
    }
    end(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("object");
    TCase *t = tcase_create("object");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, replayed, FIRST_SEALED, WAYS);
    tcase_add_loop_test(t, altered_and_foreign, FIRST_SEALED, WAYS);
    tcase_add_loop_test(t, not_as_granted, FIRST_SEALED, WAYS);
    tcase_add_loop_test(t, moved, FIRST_SEALED, WAYS);
    tcase_add_loop_test(t, whose_key, FIRST_SEALED, WAYS);
    tcase_add_loop_test(t, an_expired_key, FIRST_SEALED, WAYS);
    tcase_add_loop_test(t, the_channel_is_missing, FIRST_SEALED, WAYS);
    suite_add_tcase(s, t);
    return rogue_main(s);
}
