#include "results/pcapng.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/xalloc.h"

/* Block types and options, by the draft's names. */
enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_ENHANCED_PACKET = 6,
    BLOCK_SECRETS = 10
};
enum {
    OPT_ENDOFOPT = 0,
    OPT_COMMENT = 1,
    SHB_USERAPPL = 4,
    IF_NAME = 2,
    IF_TSRESOL = 9,
    BYTE_ORDER_MAGIC = 0x1a2b3c4d,
    LINKTYPE_ETHERNET = 1,
    SECRETS_TLS_KEY_LOG = 0x544c534b
};
#define OPTION_MAX 65535u

struct pcapng {
    FILE *file;
    char *path;
    enum err err; /* the first */
};

static enum err open_err(int number)
{
    switch (number) {
    case EEXIST:
        return ERR_EXISTS;
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case EACCES:
    case EROFS:
        return ERR_READ_ONLY;
    case ENOSPC:
        return ERR_DISK_FULL;
    default:
        return ERR_IO;
    }
}

static void put(struct pcapng *p, const void *octets, size_t n)
{
    if (!p->err && fwrite(octets, 1, n, p->file) != n)
        p->err = errno == ENOSPC ? ERR_DISK_FULL : ERR_IO;
}

/* In the writer's own order of octets, which the section's magic tells. */
static void put16(struct pcapng *p, unsigned value)
{
    uint16_t v = (uint16_t)value;

    put(p, &v, sizeof v);
}

static void put32(struct pcapng *p, uint64_t value)
{
    uint32_t v = (uint32_t)value;

    put(p, &v, sizeof v);
}

static size_t padded(size_t n)
{
    return (n + 3) / 4 * 4;
}

static void put_padded(struct pcapng *p, const void *octets, size_t n)
{
    put(p, octets, n);
    put(p, "\0\0\0", padded(n) - n);
}

static size_t option_octets(size_t n)
{
    return n ? 4 + padded(n) : 0;
}

static void put_option(struct pcapng *p, unsigned code, const void *value, size_t n)
{
    if (n == 0)
        return;
    put16(p, code);
    put16(p, (unsigned)n);
    put_padded(p, value, n);
}

static void put_section(struct pcapng *p, const char *application)
{
    size_t n = strlen(application), octets = 28 + option_octets(n) + 4;

    put32(p, BLOCK_SECTION);
    put32(p, octets);
    put32(p, BYTE_ORDER_MAGIC);
    put16(p, 1);
    put16(p, 0);
    put32(p, UINT32_MAX); /* the section's length is not told */
    put32(p, UINT32_MAX);
    put_option(p, SHB_USERAPPL, application, n);
    put32(p, OPT_ENDOFOPT);
    put32(p, octets);
}

static void put_interface(struct pcapng *p, const char *name)
{
    static const uint8_t nanoseconds = 9;
    size_t n = strlen(name), octets = 20 + option_octets(n) + option_octets(1) + 4;

    put32(p, BLOCK_INTERFACE);
    put32(p, octets);
    put16(p, LINKTYPE_ETHERNET);
    put16(p, 0);
    put32(p, 0); /* no limit of length */
    put_option(p, IF_NAME, name, n);
    put_option(p, IF_TSRESOL, &nanoseconds, 1);
    put32(p, OPT_ENDOFOPT);
    put32(p, octets);
}

enum err pcapng_create(const char *path, bool force, const char *application, const char *interface,
                       struct pcapng **out)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL), 0644);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
    struct pcapng *p;

    *out = NULL;
    if (!file)
        return open_err(errno);
    p = xcalloc(1, sizeof *p);
    p->file = file;
    p->path = xstrdup(path);
    put_section(p, application);
    put_interface(p, interface);
    *out = p;
    return OK;
}

void pcapng_tls_secrets(struct pcapng *p, struct span key_log)
{
    size_t octets = 20 + padded(key_log.n);

    put32(p, BLOCK_SECRETS);
    put32(p, octets);
    put32(p, SECRETS_TLS_KEY_LOG);
    put32(p, key_log.n);
    put_padded(p, key_log.p, key_log.n);
    put32(p, octets);
}

void pcapng_frame(struct pcapng *p, int64_t unix_ns, struct span frame, const char *comment)
{
    size_t n = comment ? strlen(comment) : 0;
    size_t comment_n = n < OPTION_MAX ? n : OPTION_MAX;
    size_t octets = 32 + padded(frame.n) + (comment_n ? option_octets(comment_n) + 4 : 0);

    put32(p, BLOCK_ENHANCED_PACKET);
    put32(p, octets);
    put32(p, 0);
    put32(p, (uint64_t)unix_ns >> 32);
    put32(p, (uint64_t)unix_ns);
    put32(p, frame.n);
    put32(p, frame.n);
    put_padded(p, frame.p, frame.n);
    if (comment_n) {
        put_option(p, OPT_COMMENT, comment, comment_n);
        put32(p, OPT_ENDOFOPT);
    }
    put32(p, octets);
}

enum err pcapng_close(struct pcapng *p)
{
    enum err err = p->err;

    if (fclose(p->file) != 0 && !err)
        err = errno == ENOSPC ? ERR_DISK_FULL : ERR_IO;
    if (err)
        unlink(p->path);
    free(p->path);
    free(p);
    return err;
}
