/* What a run's packets look like on an interface: collects them from the network's tap and leaves a
 * pcapng file. */
#ifndef SIM_CLI_CAPTURE_H
#define SIM_CLI_CAPTURE_H

#include "models/node/deployment.h"
#include "sim/cli/cli.h"

#include <stdio.h>

struct capture; /* opaque; heap */

struct capture_request {
    bool secrets; /* the keys of TLS go into the file, those of objects are kept; the run is then
                     on one thread */
    const char *node; /* at its interface: what it sends, when it sends it; what reaches it, when it
                         does. NULL: all nodes' packets, as they are sent */
    sim_ns from, until;    /* of virtual time, both included */
    int64_t epoch_unix_ns; /* of virtual time 0 */
};
struct capture *capture_new(const struct cli *c, const struct capture_request *request);
void capture_free(struct capture *c); /* NULL is fine */
/* For run_request.ready; arg: the capture. false: no such node; told on stderr. */
bool capture_ready(void *arg, struct deployment *d);
/* For run_request.procedure; arg: the capture. */
void capture_procedure(void *arg, const struct row_procedure *row);
/* After the run. The first packet of each procedure carries a comment that names it; packets that
 * are not delivered one that says why. *frames: how many.
 */
enum err capture_write(struct capture *c, const char *path, bool force, uint64_t *frames) MUST_USE;
/* The keys of object security, which no reader of captures knows, after capture_write: a line each,
 * "object keys KeyName sign HEX encrypt HEX". Of every session, whatever `node` is. */
void capture_print_object_keys(const struct capture *c, FILE *to);

#endif
