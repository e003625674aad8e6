/* `serve mas --pana`: the PAA beside the MAS, and what the MAS grants to whom it lets in. */
#ifndef SIM_CLI_SERVE_PANA_H
#define SIM_CLI_SERVE_PANA_H

#include "models/host/live_pana.h"
#include "sim/cli/live_args.h"

struct serve_pana; /* opaque; heap */

/* --pana and --usage. *out NULL: not wanted. false: a usage error was printed. */
bool serve_pana_read(const struct cli *c, struct serve_pana **out);
/* With what the RADIUS side was given, `answer` and `arg` too. `ended` as of struct
 * live_pana_settings. EXIT_DONE, or what the command is to return: it was told then. */
int serve_pana_open(const struct cli *c, struct serve_pana *s, struct live *live,
                    const struct live_mas_settings *mas,
                    void (*ended)(void *arg, const struct live_pana_end *end));
/* After a line's own: what was granted, and with `secrets` the key. No newline. */
void serve_pana_print(const struct live_pana_end *end, bool json, bool secrets);
void serve_pana_sum(const struct serve_pana *s); /* to stderr */
void serve_pana_free(struct serve_pana *s);      /* after its struct live; NULL is fine */

#endif
