/* A growing octet buffer whose maximum is fixed at birth, with a read cursor at its front.
 * Appending past the maximum changes nothing and says so: hostile input cannot grow it. */
#ifndef SIM_BASE_BUF_H
#define SIM_BASE_BUF_H

#include "sim/base/span.h"

#include <stdbool.h>

/* Visible because it lives inside its owners; touch it through the functions only. */
struct buf {
    uint8_t *p;   /* storage, NULL until the first octet */
    size_t start; /* first unread octet */
    size_t end;   /* one past the last octet */
    size_t cap;
    size_t max; /* most unread octets it may hold */
};

/* max: the most unread octets, at least 1. Takes no memory yet. */
void buf_init(struct buf *b, size_t max);
/* Frees the storage; the buffer is as after buf_init. */
void buf_clear(struct buf *b);
/* As buf_clear, and overwrites the storage with zeros first: for secrets. */
void buf_wipe(struct buf *b);

/* Append n octets. false: it would pass the maximum; nothing was appended. */
bool buf_put(struct buf *b, const void *p, size_t n);
bool buf_put_span(struct buf *b, struct span s);
bool buf_puts(struct buf *b, const char *s);
/* Append as printf does (no terminating NUL is counted or kept). */
bool buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Room for n more octets, to be written by the caller and then counted with buf_added(b, m), m <=
 * n. NULL: it would pass the maximum. */
uint8_t *buf_room(struct buf *b, size_t n);
void buf_added(struct buf *b, size_t n);

/* The unread octets; valid until the next call that appends. */
struct span buf_span(const struct buf *b);
size_t buf_len(const struct buf *b);
/* The i-th unread octet, to be changed in place; i < buf_len(b). Valid as buf_span's. */
uint8_t *buf_at(struct buf *b, size_t i);
/* Drop n octets at the front, n <= buf_len(b). */
void buf_consume(struct buf *b, size_t n);

#endif
