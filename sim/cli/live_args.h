/* What `serve` and `attach` read alike: a place on the network, octets in hex, certificates. */
#ifndef SIM_CLI_LIVE_ARGS_H
#define SIM_CLI_LIVE_ARGS_H

#include "models/proto/gba.h"
#include "models/proto/pana.h"
#include "sim/cli/cli.h"

/* Of an IMSI's MNC, where nothing says how many. */
#define LIVE_MNC_DIGITS 2

struct live_place {
    char host[256];
    int port;
};
/* `PORT` (of 127.0.0.1), `HOST:PORT` or `[IPv6]:PORT`. false: a usage error was printed. */
bool live_place_read(const struct cli *c, const char *option, const char *text,
                     struct live_place *out);
/* --pana's `text`, where a HOST alone is fine too: PANA's port 716 (RFC 5191 10.1). */
bool live_pana_place(const struct cli *c, const char *text, struct live_place *out);
/* --usage; untouched when not given. false: a usage error was printed. */
bool live_usage(const struct cli *c, enum pana_usage *out);
const char *live_usage_name(enum pana_usage usage); /* "bootstrap", "connection" */

/* The option's value, exactly n octets in hex; untouched when not given. false: a usage error was
 * printed. */
bool live_hex(const struct cli *c, const char *option, uint8_t *out, size_t n);

/* NULL-terminated options that belong to another kind of server or client. EXIT_DONE: none was
 * given; else a usage error was printed. */
int live_refuse(const struct cli *c, const char *const *names);

/* What every server is bounded by: --conversations, --patience, --until-idle, --seed. false: a
 * usage error was printed. */
struct live_bounds {
    size_t conversations;
    sim_ns patience, quiet;
    uint64_t seed;
};
bool live_bounds_read(const struct cli *c, struct live_bounds *out);

/* EAP-TLS's, from --cert, --key and --ca. Zeros: none. */
struct live_tls {
    struct authority *authority;
    struct credential *credential;
    struct tls_context *context;
};
/* Nothing given: zeros, and true. A peer may have --ca alone. *exit: EXIT_DONE, or what it is to be
 * when it is false; it was printed then. */
bool live_tls_read(const struct cli *c, bool server, struct live_tls *out, int *exit);
void live_tls_release(struct live_tls *t);

/* From --seed, else drawn from the system. false: a usage error was printed. */
bool live_seed(const struct cli *c, unsigned long long *out);

/* "accepted", "refused" */
const char *live_outcome(enum proto_status status);
/* " msk=HEX emsk=HEX", or as members of a JSON object. */
void live_print_keys(const struct eap_keys *keys, bool json);
/* " btid=TEXT" and, with `secrets`, " ks=HEX" unless the UICC keeps it; or as members of a JSON
 * object. */
void live_print_association(const struct gba_sa *sa, bool secrets, bool json);
/* " node=HEX kmr-index=N" (a connection's: connection and kmc-index) as far as it is there, and
 * " kmr=HEX" or " kmc=HEX" unless key (M2M_KEY_LEN octets) is NULL; or as members of a JSON object.
 */
void live_print_granted(const struct pana_params *p, const uint8_t *key, bool json);

#endif
