/* A pcapng file (draft-ietf-opsawg-pcapng) of Ethernet frames with nanosecond times: one section,
 * one interface. libpcap writes only pcap, which keeps neither comments nor the interface's name.
 */
#ifndef RESULTS_PCAPNG_H
#define RESULTS_PCAPNG_H

#include "sim/base/err.h"
#include "sim/base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct pcapng;

/* application: who wrote it; interface: its name for people. ERR_EXISTS unless force;
 * ERR_READ_ONLY, ERR_NOT_FOUND (no such folder), ERR_DISK_FULL, ERR_IO. */
enum err pcapng_create(const char *path, bool force, const char *application, const char *interface,
                       struct pcapng **out) MUST_USE;
/* An NSS key log (a Decryption Secrets Block), ahead of the frames that it decrypts. */
void pcapng_tls_secrets(struct pcapng *p, struct span key_log);
/* Frames in the order of their times. comment: NULL: none. What fails is told by pcapng_close. */
void pcapng_frame(struct pcapng *p, int64_t unix_ns, struct span frame, const char *comment);
/* Frees it. After an error the file is removed: a capture that is cut within a block is no file. */
enum err pcapng_close(struct pcapng *p) MUST_USE;

#endif
