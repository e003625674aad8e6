#include "check_main.h"

#include "crypto/credential.h"
#include "crypto/key_pool_impl.h"

#include <dirent.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY   INT64_C(86400)
#define EPOCH INT64_C(1370044800) /* 2013-06-01 */

static struct key_pool *pool(uint64_t seed, const char *name, unsigned size)
{
    struct key_pool *p = NULL;
    ck_assert_int_eq(key_pool_make(seed, name, size, NULL, NULL, NULL, &p), OK);
    ck_assert_uint_eq(key_pool_size(p), size);
    return p;
}

static bool same_key(const struct key_pool *a, unsigned i, const struct key_pool *b, unsigned k)
{
    return EVP_PKEY_eq(key_pool_key(a, i), key_pool_key(b, k)) == 1;
}

START_TEST(pool_is_a_function)
{
    struct key_pool *a = pool(1, "fleet", 3), *shorter = pool(1, "fleet", 2);
    struct key_pool *seed = pool(2, "fleet", 1), *name = pool(1, "fleet2", 1);
    ck_assert(same_key(a, 0, shorter, 0));
    ck_assert(same_key(a, 1, shorter, 1));
    ck_assert(!same_key(a, 0, a, 1));
    ck_assert(!same_key(a, 1, a, 2));
    ck_assert(!same_key(a, 0, seed, 0));
    ck_assert(!same_key(a, 0, name, 0));
    key_pool_free(a);
    key_pool_free(shorter);
    key_pool_free(seed);
    key_pool_free(name);
    struct key_pool *none = NULL;
    ck_assert_int_eq(key_pool_make(1, "fleet", 0, NULL, NULL, NULL, &none), ERR_RANGE);
    key_pool_free(NULL);
}
END_TEST

/* A folder of the test's own, and the one file in it. */
static char folder[64], file[512];

static void make_folder(void)
{
    strcpy(folder, "/tmp/m2m-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static unsigned find_file(const char *dir)
{
    unsigned n = 0;
    DIR *d = opendir(dir);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d))
        if (e->d_name[0] != '.') {
            snprintf(file, sizeof file, "%s/%s", dir, e->d_name);
            n++;
        }
    closedir(d);
    return n;
}

static size_t read_file(char *out, size_t max)
{
    FILE *f = fopen(file, "rb");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(out, 1, max, f);
    fclose(f);
    return n;
}

static void write_file(const char *text, size_t n)
{
    FILE *f = fopen(file, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(text, 1, n, f), n);
    fclose(f);
}

static unsigned told;
static void tell(unsigned done, unsigned size)
{
    ck_assert_uint_le(done, size);
    told = done;
}

static void one_warning(struct diag_list *l, const char *code)
{
    ck_assert_uint_eq(diag_size(l), 1);
    ck_assert_uint_eq(diag_count(l, DIAG_WARNING), 1);
    ck_assert_str_eq(diag_at(l, 0)->code, code);
    ck_assert_str_eq(diag_at(l, 0)->file, file);
}

START_TEST(cache_round)
{
    make_folder();
    char deep[128];
    snprintf(deep, sizeof deep, "%s/a/b", folder);
    struct diag_list *l = diag_list_new();
    struct key_pool *made = NULL, *read = NULL;
    told = 0;
    ck_assert_int_eq(key_pool_make(3, "x / y", 2, deep, l, tell, &made), OK);
    ck_assert_uint_eq(told, 2);
    ck_assert_uint_eq(find_file(deep), 1);
    ck_assert_ptr_nonnull(strstr(file, "/m2msim-keys-x___y-"));
    struct stat st;
    ck_assert_int_eq(stat(file, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    told = 77;
    ck_assert_int_eq(key_pool_make(3, "x / y", 2, deep, l, tell, &read), OK);
    ck_assert_uint_eq(told, 77); /* read, not made */
    ck_assert(same_key(made, 0, read, 0));
    ck_assert(same_key(made, 1, read, 1));
    ck_assert_uint_eq(diag_size(l), 0);
    key_pool_free(made);
    key_pool_free(read);
    diag_list_free(l);
    unlink(file);
    rmdir(deep);
    *strrchr(deep, '/') = '\0';
    rmdir(deep);
    rmdir(folder);
}
END_TEST

static void expect_refused(struct key_pool *p, const char *text, size_t n, const char *code)
{
    struct diag_list *l = diag_list_new();
    write_file(text, n);
    ck_assert(!key_cache_load(p, folder, l));
    one_warning(l, code);
    for (unsigned i = 0; i < p->size; i++)
        ck_assert_ptr_null(p->keys[i]);
    diag_list_free(l);
}

START_TEST(cache_damage)
{
    static char text[16384], hurt[16384];
    make_folder();
    struct diag_list *l = diag_list_new();
    struct key_pool *made = NULL, *again = NULL;
    ck_assert_int_eq(key_pool_make(4, "fleet", 2, folder, l, NULL, &made), OK);
    ck_assert_uint_eq(diag_size(l), 0);
    find_file(folder);
    size_t n = read_file(text, sizeof text);
    EVP_PKEY *keys[2] = {NULL, NULL};
    struct key_pool empty = {.seed = 4, .name = (char *)"fleet", .size = 2, .keys = keys};
    for (size_t i = 0; i < n; i++) { /* every octet: header, sum, keys */
        memcpy(hurt, text, n);
        hurt[i] = (char)(hurt[i] ^ (1 << i % 7));
        expect_refused(&empty, hurt, n, "K301");
    }
    expect_refused(&empty, text, n - 1, "K301");
    expect_refused(&empty, text, n / 2, "K301");
    expect_refused(&empty, text, 100, "K301");
    expect_refused(&empty, text, 0, "K301");
    memcpy(hurt, text, n);
    hurt[n] = '\n';
    expect_refused(&empty, hurt, n + 1, "K301");
    /* Damaged: made again, the same keys, and the file is whole again. */
    write_file(text, n - 10);
    ck_assert_int_eq(key_pool_make(4, "fleet", 2, folder, l, NULL, &again), OK);
    one_warning(l, "K301");
    ck_assert(same_key(made, 0, again, 0));
    ck_assert(same_key(made, 1, again, 1));
    ck_assert_uint_eq(read_file(hurt, sizeof hurt), n);
    ck_assert_mem_eq(hurt, text, n);
    ck_assert_uint_eq(find_file(folder), 1); /* no temporary file is left */
    key_pool_free(made);
    key_pool_free(again);
    diag_list_free(l);
    unlink(file);
    rmdir(folder);
}
END_TEST

/* Whole, but of somebody else: renamed by hand. */
START_TEST(cache_foreign)
{
    static char text[16384];
    make_folder();
    struct diag_list *l = diag_list_new();
    struct key_pool *other = NULL, *mine = NULL;
    ck_assert_int_eq(key_pool_make(5, "fleet", 1, folder, l, NULL, &other), OK);
    find_file(folder);
    size_t n = read_file(text, sizeof text);
    unlink(file);
    ck_assert_int_eq(key_pool_make(6, "fleet", 1, folder, l, NULL, &mine), OK);
    find_file(folder);
    EVP_PKEY *keys[1] = {NULL};
    struct key_pool empty = {.seed = 6, .name = (char *)"fleet", .size = 1, .keys = keys};
    expect_refused(&empty, text, n, "K302");
    key_pool_free(other);
    key_pool_free(mine);
    diag_list_free(l);
    unlink(file);
    rmdir(folder);
}
END_TEST

START_TEST(cache_unwritable)
{
    struct diag_list *l = diag_list_new();
    struct key_pool *p = NULL;
    ck_assert_int_eq(key_pool_make(7, "fleet", 1, "/proc/nowhere", l, NULL, &p), OK);
    ck_assert_uint_eq(diag_count(l, DIAG_WARNING), 1);
    ck_assert_uint_eq(diag_count(l, DIAG_ERROR), 0);
    ck_assert_str_eq(diag_at(l, 0)->code, "K304");
    key_pool_free(p);
    diag_list_free(l);
    /* A folder stands where the file should be. */
    make_folder();
    l = diag_list_new();
    ck_assert_int_eq(key_pool_make(7, "fleet", 1, folder, l, NULL, &p), OK);
    find_file(folder);
    key_pool_free(p);
    unlink(file);
    ck_assert_int_eq(mkdir(file, 0700), 0);
    ck_assert_int_eq(key_pool_make(7, "fleet", 1, folder, l, NULL, &p), OK);
    ck_assert_uint_eq(diag_count(l, DIAG_WARNING), 2); /* not read, not written */
    key_pool_free(p);
    diag_list_free(l);
    rmdir(file);
    rmdir(folder);
}
END_TEST

static struct key_pool *fleet;
static struct authority *ca;

static void setup(void)
{
    fleet = pool(8, "fleet", 3);
    ck_assert_int_eq(authority_make(fleet, 8, "Fleet CA", EPOCH - DAY, EPOCH + 3650 * DAY, &ca),
                     OK);
}

static void teardown(void)
{
    authority_free(ca);
    key_pool_free(fleet);
}

static struct credential *issue(const char *stream, const char *name, bool server, int64_t from,
                                int64_t to)
{
    struct credential *c = NULL;
    struct rng r = rng_stream(8, stream, "issue");
    entity_enter(&r, EPOCH * SIM_S);
    ck_assert_int_eq(credential_issue(ca, fleet, 1, name, server, from, to, &c), OK);
    entity_leave();
    return c;
}

/* OpenSSL's own verification inside a visit at `now`. */
static int verify(struct x509_st *x, struct x509_st *anchor, int purpose, int64_t now)
{
    struct rng r = rng_stream(8, "verifier", "verify");
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    ck_assert_int_eq(X509_STORE_add_cert(store, anchor), 1);
    ck_assert_int_eq(X509_STORE_CTX_init(ctx, store, x, NULL), 1);
    X509_STORE_CTX_set_purpose(ctx, purpose);
    entity_enter(&r, now * SIM_S);
    int ok = X509_verify_cert(ctx);
    int error = X509_STORE_CTX_get_error(ctx);
    entity_leave();
    ck_assert_int_eq(ok == 1, error == X509_V_OK);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return error;
}

START_TEST(virtual_time_decides)
{
    struct credential *c = issue("a", "meter-1", false, EPOCH, EPOCH + 10 * DAY);
    struct x509_st *x = credential_certificate(c), *anchor = authority_certificate(ca);
    const int client = X509_PURPOSE_SSL_CLIENT, server = X509_PURPOSE_SSL_SERVER;
    ck_assert_int_eq(verify(x, anchor, client, EPOCH - 1), X509_V_ERR_CERT_NOT_YET_VALID);
    ck_assert_int_eq(verify(x, anchor, client, EPOCH), X509_V_OK);
    ck_assert_int_eq(verify(x, anchor, client, EPOCH + 10 * DAY - 1), X509_V_OK);
    ck_assert_int_eq(verify(x, anchor, client, EPOCH + 10 * DAY + 1), X509_V_ERR_CERT_HAS_EXPIRED);
    /* The CA's own validity counts too. */
    ck_assert_int_eq(verify(anchor, anchor, X509_PURPOSE_ANY, EPOCH + 4000 * DAY),
                     X509_V_ERR_CERT_HAS_EXPIRED);
    ck_assert_int_eq(verify(x, anchor, server, EPOCH), X509_V_ERR_INVALID_PURPOSE);
    credential_free(c);
    c = issue("a", "msbf.m2m.example", true, EPOCH, EPOCH + 10 * DAY);
    ck_assert_int_eq(verify(credential_certificate(c), anchor, server, EPOCH), X509_V_OK);
    ck_assert_int_eq(verify(credential_certificate(c), anchor, client, EPOCH),
                     X509_V_ERR_INVALID_PURPOSE);
    credential_free(c);
}
END_TEST

START_TEST(other_authority)
{
    struct authority *other = NULL, *twin = NULL;
    struct key_pool *keys = pool(9, "other", 1);
    ck_assert_int_eq(authority_make(keys, 9, "Other CA", EPOCH, EPOCH + DAY, &other), OK);
    ck_assert_int_eq(authority_make(keys, 9, "Fleet CA", EPOCH, EPOCH + DAY, &twin), OK);
    struct credential *c = issue("a", "meter-1", false, EPOCH, EPOCH + DAY);
    int client = X509_PURPOSE_SSL_CLIENT;
    ck_assert_int_eq(verify(credential_certificate(c), authority_certificate(other), client, EPOCH),
                     X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
    /* The same name with another key does not do either. */
    ck_assert_int_ne(verify(credential_certificate(c), authority_certificate(twin), client, EPOCH),
                     X509_V_OK);
    credential_free(c);
    authority_free(other);
    authority_free(twin);
    key_pool_free(keys);
    ck_assert_int_eq(authority_make(fleet, 9, "CA", EPOCH, EPOCH - 1, &other), ERR_RANGE);
    ck_assert_int_eq(authority_make(fleet, 9, "", EPOCH, EPOCH + 1, &other), ERR_RANGE);
}
END_TEST

static void check_name(const char *name, int type, const char *common_name)
{
    struct credential *c = issue("n", name, false, EPOCH, EPOCH + DAY);
    X509 *x = credential_certificate(c);
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    if (type < 0) {
        ck_assert_ptr_null(names);
    } else {
        ck_assert_int_eq(sk_GENERAL_NAME_num(names), 1);
        int got = -1;
        const ASN1_STRING *s = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, 0), &got);
        ck_assert_int_eq(got, type);
        ck_assert_int_eq(ASN1_STRING_length(s), (int)strlen(name));
        ck_assert_mem_eq(ASN1_STRING_get0_data(s), name, strlen(name));
    }
    char cn[256] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, cn, sizeof cn);
    ck_assert_str_eq(cn, common_name);
    GENERAL_NAMES_free(names);
    credential_free(c);
}

START_TEST(names)
{
    check_name("msbf.m2m.example", GEN_DNS, "msbf.m2m.example");
    check_name("meters-00017", GEN_DNS, "meters-00017");
    check_name("m2m://sp.example/device/1", GEN_URI, "m2m://sp.example/device/1");
    check_name("a..b", GEN_URI, "a..b");
    check_name("Z\xc3\xa4hler", -1, "Z\xc3\xa4hler");
    char name[100];
    memset(name, 'x', sizeof name);
    name[99] = '\0';
    char cut[65];
    memcpy(cut, name, 64);
    cut[64] = '\0';
    check_name(name, GEN_DNS, cut);
}
END_TEST

static size_t der(const struct credential *c, uint8_t *out, size_t max)
{
    unsigned char *p = out;
    int n = i2d_X509(credential_certificate(c), NULL);
    ck_assert_int_gt(n, 0);
    ck_assert_uint_le((size_t)n, max);
    return (size_t)i2d_X509(credential_certificate(c), &p);
}

/* The authority's key is one for the whole fleet: how many certificates it signed before shows
 * neither in a certificate nor in what its owner drew. */
START_TEST(issuing_leaves_no_trace)
{
    uint8_t first[1500], now[1500];
    size_t first_n = 0;
    uint64_t drawn = 0;
    for (unsigned before = 0; before <= 70; before++) {
        struct rng r = rng_stream(8, "the device", "issue");
        struct credential *c = NULL;
        entity_enter(&r, EPOCH * SIM_S);
        ck_assert_int_eq(credential_issue(ca, fleet, 5, "d", false, EPOCH, EPOCH + DAY, &c), OK);
        entity_leave();
        size_t n = der(c, now, sizeof now);
        if (!before) {
            memcpy(first, now, n);
            first_n = n;
            drawn = r.counter;
        }
        ck_assert_uint_eq(r.counter, drawn);
        ck_assert_uint_eq(n, first_n);
        ck_assert_mem_eq(now, first, n);
        credential_free(c);
    }
    struct credential *a = issue("a", "d", false, EPOCH, EPOCH + DAY);
    struct credential *b = issue("b", "d", false, EPOCH, EPOCH + DAY);
    const ASN1_INTEGER *sa = X509_get0_serialNumber(credential_certificate(a));
    const ASN1_INTEGER *sb = X509_get0_serialNumber(credential_certificate(b));
    ck_assert_int_ne(ASN1_INTEGER_cmp(sa, sb), 0);
    ck_assert_int_eq(ASN1_STRING_length(sa), 16);
    credential_free(a);
    credential_free(b);
}
END_TEST

START_TEST(copies_and_files)
{
    struct credential *c = issue("a", "d", true, EPOCH, EPOCH + DAY), *copy = NULL;
    ck_assert_int_eq(credential_copy(c, &copy), OK);
    ck_assert_ptr_eq(credential_certificate(c), credential_certificate(copy));
    credential_free(c);
    ck_assert_int_eq(X509_check_private_key(credential_certificate(copy), credential_key(copy)), 1);
    make_folder();
    char cert[128], key[128];
    snprintf(cert, sizeof cert, "%s/cert.pem", folder);
    snprintf(key, sizeof key, "%s/key.pem", folder);
    ck_assert_int_eq(credential_write_pem(copy, cert, NULL), OK);
    ck_assert_int_ne(access(key, F_OK), 0);
    ck_assert_int_eq(credential_write_pem(copy, cert, key), OK);
    ck_assert_int_eq(authority_write_pem(ca, cert), OK);
    snprintf(file, sizeof file, "%s", cert);
    static char text[16384];
    text[read_file(text, sizeof text - 1)] = '\0';
    unsigned found = 0;
    for (char *p = strstr(text, "-----BEGIN CERTIFICATE"); p;
         p = strstr(p + 1, "-----BEGIN CERTIFICATE"))
        found++;
    ck_assert_uint_eq(found, 3);
    struct stat st;
    ck_assert_int_eq(stat(key, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(credential_write_pem(copy, "/proc/nowhere/x", NULL), ERR_IO);
    credential_free(copy);
    unlink(cert);
    unlink(key);
    rmdir(folder);
}
END_TEST

static void write_p256_key(const char *path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    FILE *f = fopen(path, "w");
    ck_assert(key && f && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL));
    fclose(f);
    EVP_PKEY_free(key);
}

static void check_read(enum err expected, const char *cert, const char *key, const char *at,
                       const char *about)
{
    struct credential *c = NULL;
    const char *path = "", *why = "";
    ck_assert_int_eq(credential_read_pem(cert, key, &c, &path, &why), expected);
    ck_assert_ptr_null(c);
    ck_assert_str_eq(path, at);
    ck_assert_msg(strstr(why, about) != NULL, "%s", why);
}

START_TEST(reads_what_it_wrote)
{
    struct credential *c = issue("a", "d", true, EPOCH, EPOCH + DAY), *read = NULL;
    struct authority *anchor = NULL;
    const char *path, *why = "";
    char cert[128], key[128], other[128], root[128];
    make_folder();
    snprintf(cert, sizeof cert, "%s/cert.pem", folder);
    snprintf(key, sizeof key, "%s/key.pem", folder);
    snprintf(other, sizeof other, "%s/other.pem", folder);
    snprintf(root, sizeof root, "%s/root.pem", folder);
    ck_assert_int_eq(credential_write_pem(c, cert, key), OK);
    ck_assert_int_eq(authority_write_pem(ca, root), OK);
    ck_assert_int_eq(credential_read_pem(cert, key, &read, &path, &why), OK);
    ck_assert_int_eq(X509_cmp(credential_certificate(read), credential_certificate(c)), 0);
    ck_assert_int_eq(EVP_PKEY_eq(credential_key(read), credential_key(c)), 1);
    ck_assert_int_eq(authority_read_pem(root, &anchor, &why), OK);
    ck_assert_int_eq(X509_cmp(authority_certificate(anchor), authority_certificate(ca)), 0);
    authority_free(anchor);
    anchor = NULL;
    credential_free(read);

    check_read(ERR_IO, "/proc/nowhere", key, "/proc/nowhere", "No such file");
    check_read(ERR_IO, cert, "/proc/nowhere", "/proc/nowhere", "No such file");
    check_read(ERR_FORMAT, key, key, key, "no certificate");
    check_read(ERR_FORMAT, cert, cert, cert, "no private key");
    check_read(ERR_INTEGRITY, root, key, key, "not the key"); /* the authority's is another */
    write_p256_key(other);
    check_read(ERR_UNSUPPORTED, cert, other, other, "RSA");
    ck_assert_int_eq(authority_read_pem(cert, &anchor, &why), ERR_INTEGRITY);
    ck_assert_int_eq(authority_read_pem(key, &anchor, &why), ERR_FORMAT);
    ck_assert_int_eq(authority_read_pem("/proc/nowhere", &anchor, &why), ERR_IO);
    ck_assert_ptr_null(anchor);
    credential_free(c);
    unlink(cert);
    unlink(key);
    unlink(other);
    unlink(root);
    rmdir(folder);
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_test(c, pool_is_a_function);
    tcase_add_test(c, cache_round);
    tcase_add_test(c, cache_damage);
    tcase_add_test(c, cache_foreign);
    tcase_add_test(c, cache_unwritable);
    tcase_add_unchecked_fixture(c, setup, teardown); /* once: keys take time */
    tcase_add_test(c, virtual_time_decides);
    tcase_add_test(c, other_authority);
    tcase_add_test(c, names);
    tcase_add_test(c, issuing_leaves_no_trace);
    tcase_add_test(c, copies_and_files);
    tcase_add_test(c, reads_what_it_wrote);
}

int main(void)
{
    return run_suite("credential", fill);
}
