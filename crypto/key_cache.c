/* The key pool's file: five lines that say whose keys these are, a SHA-256 over those lines and the
 * keys, then the keys in PEM. Whatever octet changes, either the lines or the sum no longer fit. */
#include "crypto/key_pool_impl.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/entity.h"
#include "crypto/hash.h"
#include "sim/base/buf.h"
#include "sim/base/xalloc.h"

#define MAGIC    "m2msim key pool 1\n"
#define SUM_LINE "sha256: "
#define SUM_LEN  (sizeof SUM_LINE - 1 + 64 + 2) /* the digest and an empty line */
/* A 2048-bit key is 1,704 octets of PEM. */
#define FILE_MAX(size) ((size_t)4096 + (size_t)(size)*2048)

/* The pool's name may be any text: what a file name should not hold becomes '_', and a hash of the
 * name keeps different ones apart. */
static char *file_path(const struct key_pool *p, const char *dir)
{
    uint8_t digest[32];
    char safe[33], hex[9];
    size_t n = 0;
    for (; p->name[n] && n + 1 < sizeof safe; n++)
        safe[n] = isalnum((unsigned char)p->name[n]) ? p->name[n] : '_';
    safe[n] = '\0';
    hash_sha256(NULL, span_str(p->name), digest);
    hex_encode(digest, 4, hex);
    return xasprintf("%s/m2msim-keys-%s-%s-%llu-%u.pem", dir, safe, hex,
                     (unsigned long long)p->seed, p->size);
}

static void put_header(const struct key_pool *p, struct buf *out)
{
    char name[65];
    uint8_t digest[32];
    hash_sha256(NULL, span_str(p->name), digest); /* any text, on one line */
    hex_encode(digest, sizeof digest, name);
    buf_printf(out, MAGIC "pool: %s\nseed: %llu\nsize: %u\nopenssl: %s\n", name,
               (unsigned long long)p->seed, p->size, crypto_openssl_version());
}

static void checksum(struct span header, struct span keys, char hex[65])
{
    uint8_t digest[32];
    struct sha256 *h = sha256_new();
    sha256_add(h, header);
    sha256_add(h, keys);
    sha256_final(h, digest);
    hex_encode(digest, sizeof digest, hex);
}

/* All of the file, or NULL with errno. */
static char *read_all(const char *path, size_t max, size_t *n)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    char *text = xcalloc(1, max + 1);
    *n = fread(text, 1, max + 1, f);
    if (ferror(f)) {
        free(text);
        text = NULL;
    }
    fclose(f);
    return text;
}

/* Where the checksum line stands when the file is whole: its five lines, whoever's, then a sum that
 * fits. NULL: damaged. */
static const char *find_whole(const char *text, size_t n)
{
    const char *at = text;
    char expect[65];
    if (n < sizeof MAGIC - 1 || memcmp(text, MAGIC, sizeof MAGIC - 1) != 0)
        return NULL;
    for (int line = 0; line < 5; line++) {
        at = memchr(at, '\n', n - (size_t)(at - text));
        if (!at)
            return NULL;
        at++;
    }
    size_t header_n = (size_t)(at - text);
    if (n - header_n < SUM_LEN || memcmp(at, SUM_LINE, sizeof SUM_LINE - 1) != 0 ||
        memcmp(at + SUM_LEN - 2, "\n\n", 2) != 0)
        return NULL;
    checksum(span_of(text, header_n), span_of(at + SUM_LEN, n - header_n - SUM_LEN), expect);
    return memcmp(at + sizeof SUM_LINE - 1, expect, 64) == 0 ? at : NULL;
}

static bool read_keys(struct key_pool *p, const char *pem, size_t n)
{
    BIO *in = BIO_new_mem_buf(pem, (int)n);
    bool good = in != NULL;
    for (unsigned i = 0; i < p->size && good; i++) {
        p->keys[i] = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
        good =
            p->keys[i] && EVP_PKEY_is_a(p->keys[i], "RSA") && EVP_PKEY_get_bits(p->keys[i]) == 2048;
    }
    BIO_free(in);
    if (good)
        return true;
    ERR_clear_error();
    for (unsigned i = 0; i < p->size; i++) {
        EVP_PKEY_free(p->keys[i]);
        p->keys[i] = NULL;
    }
    return false;
}

static bool load_text(struct key_pool *p, const char *path, const char *text, size_t n,
                      struct diag_list *diags)
{
    const char *sum = find_whole(text, n);
    if (!sum) {
        diag_add(diags, DIAG_WARNING, "K301", path, 0, 0,
                 "the key cache is damaged; its keys are made again");
        return false;
    }
    struct buf header;
    buf_init(&header, 1024);
    put_header(p, &header);
    struct span ours = buf_span(&header);
    bool same = ours.n == (size_t)(sum - text) && memcmp(ours.p, text, ours.n) == 0;
    buf_clear(&header);
    if (!same) {
        diag_add(
            diags, DIAG_WARNING, "K302", path, 0, 0,
            "the key cache is of another pool, seed, size or OpenSSL; its keys are made again");
        return false;
    }
    if (!read_keys(p, sum + SUM_LEN, n - (size_t)(sum + SUM_LEN - text))) {
        diag_add(diags, DIAG_WARNING, "K301", path, 0, 0,
                 "the key cache holds no readable keys; they are made again");
        return false;
    }
    return true;
}

bool key_cache_load(struct key_pool *p, const char *cache_dir, struct diag_list *diags)
{
    char *path = file_path(p, cache_dir);
    size_t n = 0;
    errno = 0;
    char *text = read_all(path, FILE_MAX(p->size), &n);
    bool loaded = false;
    if (text)
        loaded = load_text(p, path, text, n, diags);
    else if (errno != ENOENT && errno != ENOTDIR)
        diag_add(diags, DIAG_WARNING, "K303", path, 0, 0,
                 "cannot read the key cache (%s); its keys are made again", strerror(errno));
    if (text)
        OPENSSL_cleanse(text, n);
    free(text);
    free(path);
    return loaded;
}

static bool put_keys(const struct key_pool *p, BIO *out)
{
    for (unsigned i = 0; i < p->size; i++)
        if (!PEM_write_bio_PKCS8PrivateKey(out, p->keys[i], NULL, NULL, 0, NULL, NULL))
            return false;
    return true;
}

/* mkdir -p; whether it worked shows when the file is made. */
static void make_folders(const char *dir)
{
    char *path = xstrdup(dir);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    mkdir(path, 0700);
    free(path);
}

/* Into a file beside it, then renamed: readers see the old one or the new one, whole. errno when
 * false. */
static bool write_atomically(const char *path, struct span a, struct span b)
{
    char *temporary = xasprintf("%s.XXXXXX", path);
    int fd = mkstemp(temporary); /* mode 0600: private keys */
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    bool good = f && fwrite(a.p, 1, a.n, f) == a.n && fwrite(b.p, 1, b.n, f) == b.n &&
                fflush(f) == 0 && fsync(fd) == 0;
    int why = errno;
    if (f && fclose(f) != 0 && good) {
        good = false;
        why = errno;
    }
    if (good && rename(temporary, path) != 0) {
        good = false;
        why = errno;
    }
    if (!good && fd >= 0)
        unlink(temporary);
    free(temporary);
    errno = why;
    return good;
}

void key_cache_store(const struct key_pool *p, const char *cache_dir, struct diag_list *diags)
{
    char *path = file_path(p, cache_dir), sum[65], *pem = NULL;
    BIO *keys = BIO_new(BIO_s_secmem());
    struct buf header;
    buf_init(&header, 2048);
    put_header(p, &header);
    if (keys && put_keys(p, keys)) {
        long n = BIO_get_mem_data(keys, &pem);
        checksum(buf_span(&header), span_of(pem, (size_t)n), sum);
        buf_printf(&header, SUM_LINE "%s\n\n", sum);
        make_folders(cache_dir);
        if (!write_atomically(path, buf_span(&header), span_of(pem, (size_t)n)))
            diag_add(diags, DIAG_WARNING, "K304", path, 0, 0,
                     "cannot write the key cache (%s); the next run makes its keys again",
                     strerror(errno));
    }
    ERR_clear_error();
    BIO_free(keys);
    buf_clear(&header);
    free(path);
}
