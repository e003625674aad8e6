/* The pump: one loop around a core, shared by every host. Enters the entity, calls the core,
 * collects what it has to send with its labels, leaves. */
#ifndef MODELS_HOST_PUMP_H
#define MODELS_HOST_PUMP_H

#include "models/proto/proto.h"

enum pump_call { PUMP_START, PUMP_INPUT, PUMP_EXPIRE, PUMP_NOTHING };

/* Does `call` (PUMP_INPUT: with `in`), then draws output() into out until there is none. out must
 * have room for all; a full out is a bug. label: of all that was appended, cut to n octets with
 * NUL, "" when nothing was. live: the clock inside is the host's. */
void pump(struct proto *p, enum pump_call call, sim_ns now, struct span in, bool live,
          struct buf *out, char *label, size_t n);

/* The same for a core of datagrams: each output() that gave octets is one, told to `send` as it
 * stands; its label is in the core's trace during that call. `room`: scratch, empty, as large as a
 * datagram may be; empty again after. */
void pump_datagrams(struct proto *p, enum pump_call call, sim_ns now, struct span in, bool live,
                    struct buf *room, void (*send)(void *arg, struct span datagram), void *arg);

/* Between these stand named fields in a label, behind the messages that have them. */
#define PUMP_FIELDS     '\x1f'
#define PUMP_FIELDS_END '\x1e'
/* Takes the core's label, with its fields, and appends it with ", " between, as far as there is
 * room.
 */
void pump_take_label(struct trace *trace, char *label, size_t n);

/* For calls a parent makes into a core from outside (a new request): enter and leave around them.
 */
void pump_enter(struct proto *p, sim_ns now, bool live);
void pump_leave(void);

#endif
