/* Object security: what we sign and encrypt comes back; what is altered, wrapped or foreign is
 * refused, each for its reason. */
#include "crypto/entity.h"
#include "crypto/hash.h"
#include "models/proto/xmlsec.h"
#include "tests/support/pair.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOC                                                                                        \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                 \
    "<m2m:container xmlns:m2m=\"http://uri.etsi.org/m2m\" m2m:id=\"c&amp;1\">\n"                   \
    "  <m2m:maxNrOfInstances>7</m2m:maxNrOfInstances><!-- seven -->\n</m2m:container>\n"
#define INNER                                                                                      \
    "<m2m:container xmlns:m2m=\"http://uri.etsi.org/m2m\" m2m:id=\"c&amp;1\">\n"                   \
    "  <m2m:maxNrOfInstances>7</m2m:maxNrOfInstances>\n</m2m:container>"

static struct xmlsec_keys keys, other_keys;
static struct pair pair;

static void setup(void)
{
    uint8_t kmc[32];

    pair_init(&pair, 1);
    memset(kmc, 7, sizeof(kmc));
    se_put(&pair.side[0].se, SE_KMC, kmc);
    memset(kmc, 8, sizeof(kmc));
    se_put(&pair.side[1].se, SE_KMC, kmc);
    ck_assert(xmlsec_keys_derive(&pair.side[0].se, SE_KMC, NULL, "4711:3", &keys));
    ck_assert(xmlsec_keys_derive(&pair.side[1].se, SE_KMC, NULL, "4711:3", &other_keys));
    pair_enter(&pair, 0);
}

static void teardown(void)
{
    pair_leave();
    pair_release(&pair);
}

static struct buf made(void)
{
    struct buf b;

    buf_init(&b, 1 << 20);
    return b;
}

/* ConcatKDF by hand; an empty slot; names. */
START_TEST(keys_from_kmc)
{
    struct xmlsec_keys k;
    struct se empty = {.present = 0};
    uint8_t text[4 + 32 + 7], hash[32];
    char name[XMLSEC_KEY_NAME_MAX + 1];

    memcpy(text, "\0\0\0\1", 4);
    memset(text + 4, 7, 32);
    memcpy(text + 36, "sign", 4);
    hash_sha256(NULL, span_of(text, 40), hash);
    ck_assert_mem_eq(keys.sign, hash, 32);
    memcpy(text + 36, "encrypt", 7);
    hash_sha256(NULL, span_of(text, 43), hash);
    ck_assert_mem_eq(keys.encrypt, hash, 16);
    ck_assert(!xmlsec_keys_derive(&empty, SE_KMC, NULL, "4711:3", &k));
    ck_assert(!xmlsec_keys_derive(&pair.side[0].se, SE_KMC, NULL, "", &k));
    memset(name, 'n', sizeof(name) - 1);
    name[XMLSEC_KEY_NAME_MAX] = '\0';
    ck_assert(!xmlsec_keys_derive(&pair.side[0].se, SE_KMC, NULL, name, &k));
    name[XMLSEC_KEY_NAME_MAX - 1] = '\0';
    ck_assert(xmlsec_keys_derive(&pair.side[0].se, SE_KMC, NULL, name, &k));
    xmlsec_keys_wipe(&k);
    ck_assert_uint_eq(k.sign[0] | k.encrypt[0], 0);
}
END_TEST

START_TEST(signed_and_verified)
{
    struct buf doc = made(), back = made();
    struct meter m[2] = {{0}, {0}};

    ck_assert_int_eq(xmlsec_sign(&m[0], &keys, span_str(DOC), &doc), REASON_NONE);
    ck_assert_int_eq(xmlsec_verify(&m[1], &keys, buf_span(&doc), &back), REASON_NONE);
    /* canonical: no declaration, no comment, no signature */
    ck_assert_uint_eq(buf_len(&back), strlen(INNER));
    ck_assert_mem_eq(buf_span(&back).p, INNER, strlen(INNER));
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(m[i].use[OP_SHA256].calls, 1);
        ck_assert_uint_eq(m[i].use[OP_SHA256].octets, strlen(INNER));
        ck_assert_uint_eq(m[i].use[OP_HMAC_SHA256].calls, 1);
        ck_assert_uint_gt(m[i].use[OP_HMAC_SHA256].octets, 300);
        ck_assert_uint_eq(m[i].use[OP_XML_DOCUMENT].calls, 1);
    }
    ck_assert_uint_eq(m[0].use[OP_HMAC_SHA256].octets, m[1].use[OP_HMAC_SHA256].octets);
    buf_clear(&doc);
    buf_clear(&back);
}
END_TEST

START_TEST(encrypted_and_decrypted)
{
    for (int cipher = XMLSEC_AES128_GCM; cipher <= XMLSEC_AES128_CBC; cipher++) {
        struct buf doc = made(), back = made();
        struct meter m[2] = {{0}, {0}};
        enum meter_op op = cipher == XMLSEC_AES128_GCM ? OP_AES128_GCM : OP_AES128_CBC;

        ck_assert_int_eq(
            xmlsec_encrypt(&m[0], &keys, (enum xmlsec_cipher)cipher, span_str(DOC), &doc),
            REASON_NONE);
        ck_assert_ptr_null(memmem(buf_span(&doc).p, buf_len(&doc), "maxNr", 5));
        ck_assert_int_eq(
            xmlsec_decrypt(&m[1], &keys, (enum xmlsec_cipher)cipher, buf_span(&doc), &back),
            REASON_NONE);
        ck_assert_uint_gt(buf_len(&back), strlen(INNER));
        ck_assert_ptr_nonnull(memmem(buf_span(&back).p, buf_len(&back), "<!-- seven -->", 14));
        ck_assert_uint_eq(m[0].use[op].calls, 1);
        ck_assert_uint_eq(m[0].use[op].octets, m[1].use[op].octets);
        ck_assert_uint_ge(m[0].use[op].octets, buf_len(&back));
        ck_assert_uint_le(m[0].use[op].octets, buf_len(&back) + 16);
        ck_assert_uint_eq(m[0].use[OP_RANDOM].octets, cipher == XMLSEC_AES128_GCM ? 12 : 16);
        ck_assert_uint_eq(m[1].use[OP_RANDOM].calls, 0);
        buf_clear(&doc);
        buf_clear(&back);
    }
}
END_TEST

/* The vector is the entity's: the same stream gives the same octets, another one others. */
START_TEST(a_function_of_the_entity)
{
    struct buf doc[3] = {made(), made(), made()};

    pair_leave();
    for (int i = 0; i < 3; i++) {
        struct rng stream = rng_stream(i == 2 ? 2 : 1, "entity", "xmlsec");

        entity_enter(&stream, 0);
        ck_assert_int_eq(xmlsec_encrypt(NULL, &keys, XMLSEC_AES128_GCM, span_str(DOC), &doc[i]),
                         REASON_NONE);
        entity_leave();
        ck_assert_uint_gt(stream.counter, 0);
    }
    pair_enter(&pair, 0);
    ck_assert_uint_eq(buf_len(&doc[0]), buf_len(&doc[1]));
    ck_assert_mem_eq(buf_span(&doc[0]).p, buf_span(&doc[1]).p, buf_len(&doc[0]));
    ck_assert(memcmp(buf_span(&doc[0]).p, buf_span(&doc[2]).p, buf_len(&doc[0])) != 0);
    for (int i = 0; i < 3; i++)
        buf_clear(&doc[i]);
}
END_TEST

/* Signed, then encrypted, as both mId flags ask. */
START_TEST(both)
{
    struct buf a = made(), b = made(), c = made(), d = made();

    ck_assert_int_eq(xmlsec_sign(NULL, &keys, span_str(DOC), &a), REASON_NONE);
    ck_assert_int_eq(xmlsec_encrypt(NULL, &keys, XMLSEC_AES128_CBC, buf_span(&a), &b), REASON_NONE);
    ck_assert_int_eq(xmlsec_verify(NULL, &keys, buf_span(&b), &d), REASON_XMLSEC_MISSING);
    ck_assert_int_eq(xmlsec_decrypt(NULL, &keys, XMLSEC_AES128_CBC, buf_span(&b), &c), REASON_NONE);
    ck_assert_int_eq(xmlsec_verify(NULL, &keys, buf_span(&c), &d), REASON_NONE);
    ck_assert_mem_eq(buf_span(&d).p, INNER, strlen(INNER));
    buf_clear(&a);
    buf_clear(&b);
    buf_clear(&c);
    buf_clear(&d);
}
END_TEST

static enum xmlsec_cipher taken = XMLSEC_AES128_GCM;

static void check(const char *text, size_t n, bool is_signed, enum reason want)
{
    struct buf out = made();
    enum reason reason = is_signed ? xmlsec_verify(NULL, &keys, span_of(text, n), &out)
                                   : xmlsec_decrypt(NULL, &keys, taken, span_of(text, n), &out);

    ck_assert_msg(reason == want, "%s, not %s: %.*s", reason_text(reason), reason_text(want),
                  (int)n, text);
    ck_assert_uint_eq(buf_len(&out) > 0, reason == REASON_NONE);
    buf_clear(&out);
}

/* text with the first `from` replaced. */
static char *with(struct span text, const char *from, const char *to)
{
    const char *at = memmem(text.p, text.n, from, strlen(from));
    size_t before;
    char *out;

    ck_assert_msg(at != NULL, "no %s in %.*s", from, (int)text.n, (const char *)text.p);
    before = (size_t)(at - (const char *)text.p);
    out = calloc(1, text.n + strlen(to) + 1);
    memcpy(out, text.p, before);
    memcpy(out + before, to, strlen(to));
    memcpy(out + before + strlen(to), at + strlen(from), text.n - before - strlen(from));
    return out;
}

static void check_with(struct span text, const char *from, const char *to, bool is_signed,
                       enum reason want)
{
    char *altered = with(text, from, to);

    check(altered, strlen(altered), is_signed, want);
    free(altered);
}

START_TEST(altered_signatures)
{
    static const struct {
        const char *from, *to;
        enum reason want;
    } cases[] = {
        {">7<", ">8<", REASON_XMLSEC_SIGNATURE},
        {"c&amp;1", "c&amp;2", REASON_XMLSEC_SIGNATURE},
        {"4711:3", "4711:4", REASON_XMLSEC_KEY},
        {"URI=\"\"", "URI=\"#c\"", REASON_XMLSEC_SCOPE},
        {"URI=\"\"", "URI=\"http://127.0.0.1/x\"", REASON_XMLSEC_SCOPE},
        {"URI=\"\"", "URI=\"#xpointer(/)\"", REASON_XMLSEC_SCOPE},
        {" URI=\"\"", "", REASON_XMLSEC_SCOPE},
        {"xmldsig-more#hmac-sha256", "xmldsig-more#hmac-sha384", REASON_XMLSEC_ALGORITHM},
        {"2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1", REASON_XMLSEC_ALGORITHM},
        {"2000/09/xmldsig#enveloped-signature", "1999/XSL/Transform", REASON_XMLSEC_ALGORITHM},
        {"<Transforms>", "<Transforms><Transform Algorithm=\"x\"/>", REASON_XMLSEC_ALGORITHM},
        {"<KeyName>", "<KeyValue/><KeyName>", REASON_XMLSEC_ALGORITHM},
        {"</Reference>", "</Reference><Reference URI=\"\"/>", REASON_XMLSEC_SCOPE},
        {"</KeyInfo>", "</KeyInfo><Object/>", REASON_XMLSEC_ALGORITHM},
        {"<DigestValue>", "<DigestValue>AA", REASON_XMLSEC_SIGNATURE},
        {"<SignatureValue>", "<SignatureValue>AA", REASON_XMLSEC_SIGNATURE},
        {"</m2m:container>", "", REASON_XML_MALFORMED},
        {"<m2m:container", "<!DOCTYPE a [<!ENTITY b 'c'>]><m2m:container", REASON_XML_MALFORMED},
        {"UTF-8", "ISO-8859-1", REASON_XML_MALFORMED},
    };
    struct buf doc = made();

    ck_assert_int_eq(xmlsec_sign(NULL, &keys, span_str(DOC), &doc), REASON_NONE);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_with(buf_span(&doc), cases[i].from, cases[i].to, true, cases[i].want);
    /* a MAC of eight bits (CVE-2009-0217) */
    check_with(buf_span(&doc), "hmac-sha256\"/>",
               "hmac-sha256\"><HMACOutputLength>8</HMACOutputLength></SignatureMethod>", true,
               REASON_XMLSEC_ALGORITHM);
    buf_clear(&doc);
}
END_TEST

/* Whatever is changed in a signed document, the octets that come out are those that were signed. */
START_TEST(every_octet)
{
    struct buf doc = made();
    unsigned refused = 0, harmless = 0;

    ck_assert_int_eq(xmlsec_sign(NULL, &keys, span_str(DOC), &doc), REASON_NONE);
    for (size_t i = 0; i < buf_len(&doc); i++) {
        uint8_t *at = buf_at(&doc, i), was = *at;
        struct buf out = made();

        *at = was == 'x' ? 'y' : 'x';
        if (xmlsec_verify(NULL, &keys, buf_span(&doc), &out) == REASON_NONE) {
            /* within the comment, or the declaration */
            ck_assert_uint_eq(buf_len(&out), strlen(INNER));
            ck_assert_mem_eq(buf_span(&out).p, INNER, strlen(INNER));
            harmless++;
        } else {
            ck_assert_uint_eq(buf_len(&out), 0);
            refused++;
        }
        *at = was;
        buf_clear(&out);
    }
    ck_assert_uint_le(harmless, 20);
    ck_assert_uint_gt(refused, 850);
    buf_clear(&doc);
}
END_TEST

/* Signature wrapping (McIntosh and Austel, 2005): signed content in a place where it is not read,
 * and something else where it is. */
START_TEST(wrapped)
{
    static const char *const shapes[] = {
        /* the signed document within another */
        "<m2m:container xmlns:m2m=\"http://uri.etsi.org/m2m\"><m2m:evil/>%.*s</m2m:container>",
        "<m2m:container "
        "xmlns:m2m=\"http://uri.etsi.org/m2m\"><m2m:evil/><w>%.*s</w></m2m:container>",
    };
    struct buf doc = made();
    struct span text;
    const char *at, *end;
    char *altered, *signature, *moved;

    ck_assert_int_eq(xmlsec_sign(NULL, &keys, span_str(DOC), &doc), REASON_NONE);
    text = buf_span(&doc);
    at = memmem(text.p, text.n, "<m2m:container", 14);
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        int n = (int)(text.n - (size_t)(at - (const char *)text.p));

        altered = calloc(1, text.n + 300);
        snprintf(altered, text.n + 300, shapes[i], n, at);
        check(altered, strlen(altered), true, REASON_XMLSEC_SCOPE);
        free(altered);
    }
    /* our signature over a document, put into another one */
    at = memmem(text.p, text.n, "<Signature", 10);
    end = memmem(text.p, text.n, "</Signature>", 12);
    ck_assert(at && end);
    signature = strndup(at, (size_t)(end - at) + 12);
    altered = calloc(1, text.n + 300);
    snprintf(altered, text.n + 300, "<m2m:evil xmlns:m2m=\"http://uri.etsi.org/m2m\">%s</m2m:evil>",
             signature);
    check(altered, strlen(altered), true, REASON_XMLSEC_SIGNATURE);
    free(altered);
    /* twice, and one that covers an element by its id */
    moved = calloc(1, text.n + strlen(signature) + 300);
    altered = with(text, "</m2m:container>", "");
    snprintf(moved, text.n + strlen(signature) + 300, "%s%s</m2m:container>", altered, signature);
    check(moved, strlen(moved), true, REASON_XMLSEC_SCOPE);
    free(moved);
    free(altered);
    free(signature);
    buf_clear(&doc);
}
END_TEST

START_TEST(wrong_keys)
{
    struct buf doc = made(), out = made();

    ck_assert_int_eq(xmlsec_sign(NULL, &other_keys, span_str(DOC), &doc), REASON_NONE);
    check((const char *)buf_span(&doc).p, buf_len(&doc), true, REASON_XMLSEC_SIGNATURE);
    for (int cipher = XMLSEC_AES128_GCM; cipher <= XMLSEC_AES128_CBC; cipher++) {
        buf_clear(&doc);
        ck_assert_int_eq(
            xmlsec_encrypt(NULL, &other_keys, (enum xmlsec_cipher)cipher, span_str(DOC), &doc),
            REASON_NONE);
        taken = (enum xmlsec_cipher)cipher;
        check((const char *)buf_span(&doc).p, buf_len(&doc), false, REASON_XMLSEC_DECRYPT);
        /* one key for both would let CBC's weakness open what GCM sealed */
        taken = (enum xmlsec_cipher) !cipher;
        check((const char *)buf_span(&doc).p, buf_len(&doc), false, REASON_XMLSEC_ALGORITHM);
        taken = XMLSEC_AES128_GCM;
    }
    buf_clear(&doc);
    buf_clear(&out);
}
END_TEST

START_TEST(altered_encryption)
{
    static const struct {
        const char *from, *to;
        enum reason want;
    } cases[] = {
        {"4711:3", "4711:4", REASON_XMLSEC_KEY},
        {"xmlenc11#aes128-gcm", "xmlenc11#aes256-gcm", REASON_XMLSEC_ALGORITHM},
        {"xmlenc#Element", "xmlenc#Content", REASON_XMLSEC_ALGORITHM},
        {"<CipherValue>", "<CipherReference URI=\"http://127.0.0.1/x\"/><CipherValue>",
         REASON_XMLSEC_ALGORITHM},
        {"<KeyName", "<EncryptedKey xmlns=\"http://www.w3.org/2001/04/xmlenc#\"/><KeyName",
         REASON_XMLSEC_ALGORITHM},
        {"<CipherValue>", "<CipherValue>AAAA", REASON_XMLSEC_DECRYPT},
    };
    struct buf doc = made();
    const char *value;
    size_t at;

    ck_assert_int_eq(xmlsec_encrypt(NULL, &keys, XMLSEC_AES128_GCM, span_str(DOC), &doc),
                     REASON_NONE);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_with(buf_span(&doc), cases[i].from, cases[i].to, false, cases[i].want);
    /* each octet of what GCM protects */
    value = memmem(buf_span(&doc).p, buf_len(&doc), "<CipherValue>", 13);
    at = (size_t)(value - (const char *)buf_span(&doc).p) + 13;
    for (; *buf_at(&doc, at) != '<'; at++) {
        uint8_t *octet = buf_at(&doc, at), was = *octet;

        if (was == '\n' || was == '=')
            continue;
        *octet = was == 'A' ? 'Q' : 'A'; /* differs in the upper bits, which always count */
        check((const char *)buf_span(&doc).p, buf_len(&doc), false, REASON_XMLSEC_DECRYPT);
        *octet = was;
    }
    check(DOC, strlen(DOC), false, REASON_XMLSEC_MISSING);
    check("rubbish", 7, false, REASON_XML_MALFORMED);
    check("", 0, false, REASON_XML_MALFORMED);
    buf_clear(&doc);
}
END_TEST

static void look(struct span text, enum reason want, enum xmlsec_form form, const char *name)
{
    char got[XMLSEC_KEY_NAME_MAX];
    enum xmlsec_form is;

    ck_assert_int_eq(xmlsec_look(NULL, text, &is, got), want);
    ck_assert_int_eq(is, form);
    ck_assert_str_eq(got, name);
}

/* What a document says of itself, believed by nobody. */
START_TEST(looked_at)
{
    struct buf doc = made(), sealed = made();
    char *altered;

    ck_assert_int_eq(xmlsec_sign(NULL, &keys, span_str(DOC), &doc), REASON_NONE);
    look(span_str(DOC), REASON_NONE, XMLSEC_PLAIN, "");
    look(span_str("rubbish"), REASON_XML_MALFORMED, XMLSEC_PLAIN, "");
    look(buf_span(&doc), REASON_NONE, XMLSEC_SIGNED, "4711:3");
    altered = with(buf_span(&doc), "<KeyName>4711:3</KeyName>", "");
    look(span_str(altered), REASON_NONE, XMLSEC_SIGNED, "");
    free(altered);
    ck_assert_int_eq(xmlsec_encrypt(NULL, &keys, XMLSEC_AES128_GCM, buf_span(&doc), &sealed),
                     REASON_NONE);
    look(buf_span(&sealed), REASON_NONE, XMLSEC_ENCRYPTED, "4711:3");
    buf_clear(&doc);
    buf_clear(&sealed);
}
END_TEST

START_TEST(bounds)
{
    size_t n = XMLSEC_DOCUMENT_MAX;
    char *text = malloc(n + 1);
    struct buf out, small;

    memset(text, ' ', n + 1);
    memcpy(text, "<a/>", 4);
    buf_init(&out, 1 << 20);
    buf_init(&small, 100);
    ck_assert_int_eq(xmlsec_sign(NULL, &keys, span_of(text, n + 1), &out), REASON_XML_MALFORMED);
    ck_assert_int_eq(xmlsec_sign(NULL, &keys, span_of(text, n), &out), REASON_NONE);
    ck_assert_int_eq(xmlsec_sign(NULL, &keys, span_of(text, n), &small), REASON_CRYPTO);
    buf_clear(&out);
    buf_clear(&small);
    free(text);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("xmlsec");
    TCase *c = tcase_create("xmlsec");
    SRunner *r = srunner_create(s);
    int failed;

    if (crypto_init() || !xmlsec_init() || !xmlsec_init())
        return 1;
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, keys_from_kmc);
    tcase_add_test(c, signed_and_verified);
    tcase_add_test(c, encrypted_and_decrypted);
    tcase_add_test(c, a_function_of_the_entity);
    tcase_add_test(c, both);
    tcase_add_test(c, altered_signatures);
    tcase_add_test(c, every_octet);
    tcase_add_test(c, wrapped);
    tcase_add_test(c, wrong_keys);
    tcase_add_test(c, altered_encryption);
    tcase_add_test(c, looked_at);
    tcase_add_test(c, bounds);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
