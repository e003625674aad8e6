/* Private to this folder: what the files of the live mode share. */
#ifndef MODELS_NODE_LIVE_IMPL_H
#define MODELS_NODE_LIVE_IMPL_H

#include "models/node/impl.h"

/* The contact of a subscription that Observe has made; its number follows. */
#define LIVE_OBSERVER "coap://observer/"

struct server *live_first_nscl(struct deployment *d); /* NULL: the scenario has none */
/* Before anything is in its tree: long polls are held, whatever the scenario makes of them. */
void live_hold_polls(struct server *nscl);
/* What would have to be asked of somebody else (onward) is refused: nobody hands requests on here.
 */
void live_stay(struct registrar_answer *out);

#endif
