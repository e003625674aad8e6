#include "crypto/credential_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/xalloc.h"

/* ---- writing ---- */

/* One of the two, appended. */
static enum err append_pem(const char *path, mode_t mode, X509 *x, EVP_PKEY *key)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "a");
    if (!f)
        return ERR_IO;
    int ok =
        x ? PEM_write_X509(f, x) : PEM_write_PKCS8PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
    return fclose(f) == 0 && ok ? OK : ERR_IO;
}

enum err credential_write_pem(const struct credential *c, const char *certificate_path,
                              const char *key_path)
{
    enum err err = append_pem(certificate_path, 0644, c->certificate, NULL);
    if (err || !key_path)
        return err;
    return append_pem(key_path, 0600, NULL, c->key);
}

enum err authority_write_pem(const struct authority *a, const char *certificate_path)
{
    return append_pem(certificate_path, 0644, a->certificate, NULL);
}

/* ---- reading ---- */

/* Instead of a question at the terminal. */
static int no_password(char *out, int n, int writing, void *arg)
{
    (void)out, (void)n, (void)writing, (void)arg;
    return -1;
}

static FILE *open_pem(const char *path, const char **why)
{
    FILE *f = fopen(path, "re");
    if (!f)
        *why = strerror(errno);
    return f;
}

static enum err read_certificate(const char *path, X509 **out, const char **why)
{
    FILE *f = open_pem(path, why);
    if (!f)
        return ERR_IO;
    *out = PEM_read_X509(f, NULL, no_password, NULL);
    fclose(f);
    ERR_clear_error();
    if (*out && X509_check_purpose(*out, -1, 0) == 1)
        return OK;
    *why = "no certificate in PEM";
    return ERR_FORMAT;
}

static enum err read_key(const char *path, EVP_PKEY **out, const char **why)
{
    FILE *f = open_pem(path, why);
    if (!f)
        return ERR_IO;
    *out = PEM_read_PrivateKey(f, NULL, no_password, NULL);
    fclose(f);
    ERR_clear_error();
    if (*out)
        return OK;
    *why = "no private key in PEM, or one under a password";
    return ERR_FORMAT;
}

enum err credential_read_pem(const char *certificate_path, const char *key_path,
                             struct credential **out, const char **path, const char **why)
{
    struct credential c = {NULL, NULL};
    enum err err;

    *path = certificate_path;
    err = read_certificate(certificate_path, &c.certificate, why);
    if (err)
        goto out;
    *path = key_path;
    err = read_key(key_path, &c.key, why);
    if (err)
        goto out;
    if (!EVP_PKEY_is_a(c.key, "RSA")) {
        *why = "not an RSA key, which every suite with certificates here needs";
        err = ERR_UNSUPPORTED;
    } else if (X509_check_private_key(c.certificate, c.key) != 1) {
        ERR_clear_error();
        *why = "not the key of that certificate";
        err = ERR_INTEGRITY;
    }
out:
    if (err) {
        X509_free(c.certificate);
        EVP_PKEY_free(c.key);
        return err;
    }
    *out = xcalloc(1, sizeof **out);
    **out = c;
    return OK;
}

enum err authority_read_pem(const char *certificate_path, struct authority **out, const char **why)
{
    X509 *x = NULL;
    enum err err = read_certificate(certificate_path, &x, why);

    if (!err && !X509_check_ca(x)) {
        *why = "not the certificate of an authority";
        err = ERR_INTEGRITY;
    }
    if (err) {
        X509_free(x);
        return err;
    }
    *out = xcalloc(1, sizeof **out);
    (*out)->certificate = x;
    return OK;
}
